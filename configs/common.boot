# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel command line words of every boot.

# KUnit may have been built to run nothing by default.
kunit.enable=1
# A panic reboots at once, and with -no-reboot that ends QEMU.
panic=-1
# An oops in a worker thread must not leave the suite waiting for it.
oops=panic
# Print everything: the console is the evidence.
ignore_loglevel
# The guest reads its log at the end and says what was an error: all of it must still
# be there, and what programs say goes through the log too, each of their lines.
log_buf_len=4M
printk.devkmsg=on
# The kernel expedites RCU and SRCU until it starts init, and built-in suites
# run before: without this no suite would meet a normal grace period.
rcupdate.rcu_normal=1
