# SPDX-License-Identifier: GPL-2.0-only
#
# Every boot that runs KVM's programs, on whatever machine.

# No built-in suite: KUnit would print an empty plan before that of the programs.
kunit.enable=0
# Two nodes, so that move_pages() can move a page.
numa=fake=2
# common.boot slows down RCU for the suites. The programs start long after the boot, and
# change thousands of memslots. Each takes an expedited SRCU grace period.
rcupdate.rcu_normal=0
