# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's command line in every boot.

# KUnit may be built so that it runs nothing by default.
kunit.enable=1
# A panic reboots at once. With -no-reboot that ends QEMU.
panic=-1
# An oops in a worker thread must not leave the suite waiting for it.
oops=panic
# Print everything: the judge reads the console.
ignore_loglevel
# The guest reads its log at the end and prints the errors, so all of the log must still be
# there. Programs write to it too, and no line of theirs may be dropped.
log_buf_len=4M
printk.devkmsg=on
# The kernel expedites RCU and SRCU until it starts init. Built-in suites run before that:
# without this no suite would wait for a normal grace period.
rcupdate.rcu_normal=1
