# SPDX-License-Identifier: GPL-2.0-only
# Bochs keeps to the baud rate: at the default of 9600 a line takes 0.1 s.
console=ttyS0,115200
# Print from the first line on: a guest that hangs early must show where.
earlycon=uart8250,io,0x3f8,115200
# The length of a delay loop, for a TSC of 2.5 GHz and HZ=100. TCG's CPUs have no constant
# TSC, so each would measure it, which on a busy host fails after 0.3 s with an error in the
# log. Not tsc=reliable: the measured frequency of the TSC can be wrong by a factor of
# three, and the guest's clock with it. Without it the kernel uses the HPET.
lpj=25000000
