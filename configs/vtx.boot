# SPDX-License-Identifier: GPL-2.0-only
#
# Only for Bochs (vtx.bochsrc).

# Its CPUID reports a TSC of 3.5 GHz, but it counts 50 million instructions a second. With
# the reported value the guest's clock would be 70 times too slow.
tsc_early_khz=50000
# The length of a delay loop for this TSC and HZ=100, in place of that in x86_64.boot.
lpj=500000
# An idle CPU sleeps in HLT, and an interrupt wakes it. In MWAIT it would wait for a write of
# another CPU, and some boots stopped there for ever.
idle=nomwait
# A reboot by triple fault ends the machine. By the keyboard controller it would boot again.
reboot=triple
