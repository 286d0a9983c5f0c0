# SPDX-License-Identifier: GPL-2.0-only
"""What the user reads: the report of a run, and the tables that compare kernels."""
