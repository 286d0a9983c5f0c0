# SPDX-License-Identifier: GPL-2.0-only
#
# The watchdogs of this flavour.

# A hang ends the run with a reason instead of the boot script's deadline.
softlockup_panic=1
# The guest's CPUs are threads of a busy host: three times the usual 10 s, 21 s
# and 30 s before somebody is said to hang.
watchdog_thresh=30
rcupdate.rcu_cpu_stall_timeout=60
workqueue.watchdog_thresh=90
