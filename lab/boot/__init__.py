# SPDX-License-Identifier: GPL-2.0-only
"""Plan a boot, and run it in its emulator."""
