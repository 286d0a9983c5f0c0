# SPDX-License-Identifier: GPL-2.0-only
#
# Bochs (vtx.bochsrc) alone.

# Its CPUID claims a TSC of 3.5 GHz; it counts instructions, ips of them a second. The
# guest's clock would run 70 times too slow.
tsc_early_khz=50000
# The length of a delay loop for that TSC and HZ=100, instead of x86_64.boot's.
lpj=500000
# An idle CPU sleeps in HLT and is woken by an interrupt. In MWAIT it would wait for
# another CPU's write, and boots stopped for good there.
idle=nomwait
# The machine ends on a triple fault; its keyboard controller would boot it again.
reboot=triple
