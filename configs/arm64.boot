# SPDX-License-Identifier: GPL-2.0-only
console=ttyAMA0
# Speak from the first line, not from the driver's second 2 on: a guest that
# hangs early must show where.
earlycon
