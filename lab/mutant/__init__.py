# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: what each claims, which cases there are, and whether it was killed."""
