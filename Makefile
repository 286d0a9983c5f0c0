# SPDX-License-Identifier: GPL-2.0-only
#
# The one entrance. Each target is a script of lab/, which checks what it is
# given; make itself only passes the variables on.

.DEFAULT_GOAL := help
.NOTPARALLEL:

VARIABLES := BASE ARCH MACHINE LENGTH FLAVOUR SERIES BUSTED SUITE SEED STEPS CPU CPUS LINUX MUTANTS MUTANT PART FRESH SIGNOFF BUILD DEADLINE QUIET QEMU N UNTIL

# A mistyped variable would otherwise be passed over in silence.
GIVEN := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),$v))
UNKNOWN := $(filter-out $(VARIABLES),$(GIVEN))
ifneq ($(UNKNOWN),)
$(error unknown variable: $(UNKNOWN); there are: $(VARIABLES))
endif

TARGETS := run check nightly tree series shell mutants boots cost matrix dma clean distclean
.PHONY: help $(TARGETS)

help:
	@cat lab/make/help.txt

$(TARGETS):
	@"lab/make/$@"
