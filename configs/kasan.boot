# SPDX-License-Identifier: GPL-2.0-only
#
# The watchdogs of this flavour.

# A hang ends the run with a reason, before the boot script's time limit does.
softlockup_panic=1
# The guest's CPUs are threads on a busy host, so the limits are about three times the usual
# 10 s, 21 s and 30 s.
watchdog_thresh=30
rcupdate.rcu_cpu_stall_timeout=60
workqueue.watchdog_thresh=90

# Report every bug, not only the first: a planted one must not hide another.
kasan_multi_shot
