# SPDX-License-Identifier: GPL-2.0-only
"""Judge one boot: evidence from its result folder, conditions of a pass, a verdict."""
