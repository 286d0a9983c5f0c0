# SPDX-License-Identifier: GPL-2.0-only
console=ttyAMA0
# Print from the first line on, not only when the driver starts after 2 s: a guest that
# hangs early must show where.
earlycon
