# SPDX-License-Identifier: GPL-2.0-only
#
# The entrance. Each target is a script of lab/make/. The scripts check the variables; make
# only passes them on.

.DEFAULT_GOAL := help
.NOTPARALLEL:

VARIABLES := BASE ARCH MACHINE LENGTH FLAVOUR SERIES BUSTED SUITE SEED STEPS CPU CPUS LINUX MUTANTS MUTANT PART FRESH SIGNOFF BUILD DEADLINE QUIET QEMU N UNTIL BOOT

# Without this a mistyped variable would be ignored.
GIVEN := $(foreach v,$(.VARIABLES),$(if $(filter command,$(origin $v)),$v))
UNKNOWN := $(filter-out $(VARIABLES),$(GIVEN))
ifneq ($(UNKNOWN),)
$(error unknown variable: $(UNKNOWN); there are: $(VARIABLES))
endif

define NEWLINE :=


endef
BROKEN := $(strip $(foreach v,$(VARIABLES),$(if $(findstring $(NEWLINE),$(value $v)),$v)))
ifneq ($(BROKEN),)
$(error a line break in the value of: $(BROKEN))
endif

# make does not expand a dollar sign in a value.
$(foreach v,$(GIVEN),$(eval override export $v := $$(value $v)))

# Variables that the user's shell exports count as well. They are printed, so that nobody
# is surprised.
INHERITED := $(foreach v,$(VARIABLES),$(if $(filter environment,$(origin $v)),$(if $(value $v),$v)))

# quoted TEXT: one word for the shell.
quoted = '$(subst ','\'',$1)'
# The folder of this file. It need not be the current one, and its name may have spaces.
# make may put a blank before the file's name.
HERE := $(subst $(NEWLINE),,$(subst $(NEWLINE) ,,$(NEWLINE)$(MAKEFILE_LIST)))
ROOT := $(shell cd -- "$$(dirname -- $(call quoted,$(HERE)))" && pwd)

TARGETS := run check nightly tree series shell mutants boots cost matrix dma prefixes clean distclean
.PHONY: help $(TARGETS)

help:
	@cat $(call quoted,$(ROOT)/lab/make/help.txt)

$(TARGETS):
	@$(foreach v,$(INHERITED),printf '%s\n' $(call quoted,$v=$(value $v) from the environment);) $(call quoted,$(ROOT)/lab/make/$@)
