# SPDX-License-Identifier: GPL-2.0-only
# Bochs keeps to the baud rate: at the default 9600 a line takes it 0.1 s.
console=ttyS0,115200
# Speak from the first line: a guest that hangs early must show where.
earlycon=uart8250,io,0x3f8,115200
# The length of a delay loop, for a 2.5 GHz TSC and HZ=100.  TCG's CPUs do not
# promise a constant TSC, so each would measure for itself, and on a busy host
# fail for 0.3 s with an error line.  Not tsc=reliable: the measured frequency
# of the TSC can be wrong by a factor of three, and the guest's clock with it;
# left alone, the kernel takes the HPET.
lpj=25000000
