# SPDX-License-Identifier: GPL-2.0-only
console=ttyAMA0
