# SPDX-License-Identifier: GPL-2.0-only
console=ttyS0
# TCG derives every CPU's TSC from one host clock.  Without this the kernel
# mistrusts it: each CPU fails to calibrate its delay loop for 0.3 s, and every
# look at the time goes through the HPET and the emulator's one big lock.
tsc=reliable
