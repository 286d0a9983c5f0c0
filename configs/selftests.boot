# SPDX-License-Identifier: GPL-2.0-only
#
# Every boot that runs KVM's programs, whatever the machine.

# There is no built-in suite: KUnit's empty plan would stand before the programs'.
kunit.enable=0
# Two nodes, so that move_pages() has where to move a page.
numa=fake=2
# common.boot slows RCU for the suites. The programs change memslots by the thousand,
# each an expedited SRCU grace period; they start long after the boot.
rcupdate.rcu_normal=0
