# SPDX-License-Identifier: GPL-2.0-only
#
# Ask the kernel's own Makefile of one folder what the configuration builds there:
# its objects and the folders it descends into, a line each. Run in the objects' folder.
#
# usage: make -f configured-objects.mk srctree=.. obj=FOLDER SRCARCH=NAME ...

# The same beginning as scripts/Makefile.build has.
src := $(obj)
obj-y :=
obj-m :=
lib-y :=
lib-m :=
subdir-y :=
subdir-m :=
include include/config/auto.conf
include $(srctree)/scripts/Kbuild.include
include $(srctree)/scripts/Makefile.compiler
include $(or $(wildcard $(srctree)/$(src)/Kbuild),$(srctree)/$(src)/Makefile)
include $(srctree)/scripts/Makefile.lib

$(foreach object,$(real-obj-y) $(real-obj-m) $(lib-y) $(addprefix $(obj)/,$(head-y)),$(info object $(object)))
$(foreach folder,$(subdir-ym),$(info folder $(folder)))

.DEFAULT_GOAL := nothing
nothing: ; @:
