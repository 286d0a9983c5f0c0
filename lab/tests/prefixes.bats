#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make prefixes and older sublevels, on the mini kernel. It gets here what compiles one
# object: a folder's Makefile, the real kernel's definitions for it, and its rule.
#
# Each test is a subshell, and changes its own copies of what helper.bash sets:
# shellcheck disable=SC2030,SC2031,SC2154

setup_file() {
	load helper.bash
	make_template
	compiles_one_by_one "$BATS_FILE_TMPDIR/template/kernel"
	archive "$BATS_FILE_TMPDIR/template/kernel" "$BATS_FILE_TMPDIR/template/kernel.tar.xz"
	printf '%s\n' '# CONFIG_MMU_NOTIFIER is not set' \
		> "$BATS_FILE_TMPDIR/template/house/configs/prefixes-none.config"
}

setup() {
	load helper.bash
	new_house
	SERIES=$HOUSE/patches/linux-6.1
}

teardown() { end_started; }

# compiles_one_by_one KERNEL
compiles_one_by_one() {
	git --git-dir "$CHECK_BUILD/src-6.1.git" archive base scripts/Kbuild.include \
		scripts/Makefile.lib scripts/Makefile.compiler | tar -C "$1" -xf -
	# All of them in one go, for a boot.
	# shellcheck disable=SC2016 # it expands there
	sed -i -e 's/^SOURCES := .*/SOURCES := $(filter-out mm\/unbuilt.c,$(wildcard mm\/*.c mm\/tests\/*.c))/' \
		-e 's/^> $(CC) -c /> $(CC) -Iinclude -c /' "$1/Makefile"
	# shellcheck disable=SC2016 # it expands there
	echo 'obj-y := $(patsubst %.c,%.o,$(filter-out unbuilt.c,$(notdir $(wildcard $(srctree)/mm/*.c))))' > "$1/mm/Makefile"
	cat >> "$1/Makefile" <<-'END'
	syncconfig:
	> @mkdir -p $(O)/include/config && cp $(O)/.config $(O)/include/config/auto.conf
	mm/%.o: mm/%.c
	> @mkdir -p $(O)/mm
	> $(CC) $(if $(W),-Wall -Wextra) -Iinclude -c -o $(O)/$@ $<
	> $(if $(C),$(CHECK) -Wno-decl -Iinclude $<)
	END
	printf '.DELETE_ON_ERROR:\n' >> "$1/Makefile"
	printf '#define WIDTH 1\n' > "$1/include/linux/width.h"
	printf '#include <linux/width.h>\nextern int width[];\nint width[WIDTH];\n' > "$1/mm/width.c"
	# What the base is warned of already, and what no configuration builds.
	printf 'static int at_base;\n' > "$1/mm/warned.c"
	printf 'this is no C\n' > "$1/mm/unbuilt.c"
}

# prefixes: of the usual architecture.
prefixes() { lab prefixes ARCH=x86_64; }

# second TEXT: the second patch makes line 20 of mm/memory.c this declaration.
second() { (patch 'mm: two' && hunk mm/memory.c 20 "$1") > "$SERIES/0002-two.patch"; watch_over "$HOUSE"; }

# edit FILE OLD NEW: a hunk for a file of one line.
edit() { printf 'diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n@@ -1 +1 @@\n-%s\n+%s\n' "$1" "$1" "$1" "$1" "$2" "$3"; }

@test "a series of which each prefix compiles passes, and the second time as before" {
	prefixes
	good
	[[ $output == *"step 2 of 3: mm: two"*"each of 3 steps compiles"* ]] || fail "not said"
	prefixes
	good
	[ "$(grep -c 'as before' <<< "$output")" = 6 ] || fail "six results were there"
	! grep -q ' objects ' <<< "$output" || fail "something was compiled again"
}

@test "a warning that the base lacks fails, and its patch is named" {
	second 'two; static int never'
	prefixes
	refused 5 "^prefixes: 0002-two.patch: mm: two \(x86_64, notifiers\): mm/memory.c: warning: .*never.* defined but not used.*; see .*/log"
	# One that sparse alone has.
	second 'two; int *pointer = 0'
	prefixes
	refused 5 '0002-two.patch.*mm/memory.c: warning: Using plain integer as NULL pointer'
}

@test "a warning that the base has is no failure" {
	(patch 'mm: two' && edit mm/warned.c 'static int at_base;' 'static  int at_base;') > "$SERIES/0002-two.patch"
	watch_over "$HOUSE"
	prefixes
	good
	grep -q "warned.c: warning: .*at_base" "$BUILD"/prefixes/6.1/base-x86_64-notifiers/warnings
}

@test "a base that does not compile is refused, because no step could fail" {
	mkdir -p "$T/bin"
	# shellcheck disable=SC2016 # it expands there
	printf '#!/bin/sh\n[ "$1" != --version ] || exit 0\nrm -f .prefix-*/mm/*.o\nexit 1\n' > "$T/bin/sparse"
	chmod +x "$T/bin/sparse"
	PATH=$T/bin:$PATH prefixes
	refused 5 'prefixes: the base does not compile for x86_64 \(notifiers\): 1 objects, first mm/memory.o: .*\*\*\*.*; see .*/base-x86_64-notifiers/last/log'
}

@test "a remark on the configuration is no warning of a step" {
	printf '.config:165:warning: override: reassigning to symbol SMP\nmm/memory.c:3:5: warning: unused\n' > "$T/log"
	run bash -c 'log=$1 source=/nowhere; eval "$(sed -n "/^said() {/,/^}/p" "$2")"; said' - "$T/log" "$HOUSE/lab/stage/prefix"
	[ "$output" = "mm/memory.c: warning: unused" ] || fail "said: $output"
}

@test "a step that only a later one mends fails" {
	second 'two = NOT_YET'
	(patch 'mm: three' && hunk mm/memory.c 20 three | sed 's/^-int line_20;/-int two = NOT_YET;/') > "$SERIES/0004-three.patch"
	echo 0004-three.patch >> "$SERIES/series"
	watch_over "$HOUSE"
	prefixes
	refused 5 '^prefixes: 0002-two.patch: .*: mm/memory.o does not compile: .*NOT_YET.*; and 1 more in '
	[[ $output == *"step 4 of 4: mm: three"* ]] || fail "it did not go on"
}

@test "users of a header are compiled; what no configuration builds is not" {
	(patch 'mm: two' && edit include/linux/width.h '#define WIDTH 1' '#define WIDTH -1') > "$SERIES/0002-two.patch"
	watch_over "$HOUSE"
	prefixes
	refused 5 '0002-two.patch.*mm/width.o does not compile: .*negative'
	(patch 'mm: two' && edit mm/unbuilt.c 'this is no C' 'this is not either') > "$SERIES/0002-two.patch"
	watch_over "$HOUSE"
	prefixes
	good
}

@test "a mended patch: what came before it is not compiled again" {
	second 'two = NOT_YET'
	prefixes
	refused 5 '0002-two.patch'
	second two
	prefixes
	good
	awk '/^step/ { step = $2 } /as before/ && step != 1 || / objects / && step == 1 { exit 1 }' <<< "$output" ||
		fail "the first step anew, or a later one not"
}

@test "a variant that has the notifiers all the same is none" {
	echo 'config MMU_NOTIFIER' >> "$T/kernel/Kconfig"
	archive "$T/kernel" "$ARCHIVE"
	echo 'CONFIG_MMU_NOTIFIER=y' >> "$HOUSE/configs/common.config"
	watch_over "$HOUSE"
	# The last wish of two counts; the mini kernel keeps both.
	prefixes
	refused 3 'x86_64, none: CONFIG_MMU_NOTIFIER is on'
}

@test "an architecture whose file does not name its folder is refused" {
	sed -i '/^srcarch=/d' "$HOUSE/lab/data/arch/arm64"
	watch_over "$HOUSE"
	lab prefixes
	refused 2 'lab/data/arch/arm64 needs srcarch='
}

@test "an architecture that nothing boots on is for make prefixes only" {
	lab run ARCH=mips
	refused 2 'ARCH=mips is unknown'
	lab prefixes ARCH=sparc
	refused 2 'ARCH=sparc is unknown; choose one of: arm64 powerpc x86_64 mips riscv s390'
	lab prefixes SERIES=none
	refused 2 'SERIES=none has none'
}

@test "make clean removes what make prefixes made, also of a series that has changed" {
	prefixes
	good
	second 'two, three'
	lab tree
	good
	lab clean
	good
	[ ! -e "$BUILD/tree-6.1-prefixes" ] || fail "the tree is there"
}

@test "PART chooses steps by their files, and one that matches nothing is refused" {
	second 'two = NOT_YET'
	lab prefixes ARCH=x86_64 PART='*-one*'
	good
	[[ $output == *"step 1 of 1: mm: one"*"each of 1 steps compiles"* ]] || fail "not said"
	lab prefixes ARCH=x86_64 PART='0002*'
	refused 5 '^prefixes: 0002-two.patch: .*NOT_YET'
	lab prefixes ARCH=x86_64 PART='*three*'
	refused 2 'PART=\*three\* matches no step of patches/linux-6.1/series'
	[ -z "$output" ] || fail "packages or sources were looked for first"
	lab prefixes BOOT=1 ARCH=x86_64 PART='*three*'
	refused 2 'PART=\*three\* matches no step of patches/linux-6.1/series'
	[ -z "$output" ] || fail "packages or sources were looked for first"
	lab prefixes ARCH=x86_64 BOOT=1 PART='0003*'
	refused 2 'PART=0003\* matches no step of .* that changes the kernel'
}

@test "edits in the tree of make prefixes are refused, and kept" {
	prefixes
	good
	echo 'int mine;' >> "$BUILD/tree-6.1-prefixes/mm/memory.c"
	prefixes
	refused 4 'tree-6\.1-prefixes holds edits that are in no patch \(mm/memory\.c\)'
	grep -qx 'int mine;' "$BUILD/tree-6.1-prefixes/mm/memory.c"
}

# --- boots -------------------------------------------------------------------------

# boots: of the prefixes, with the mini kernel's suite.
boots() { lab prefixes BOOT=1 ARCH=x86_64 SUITE=mini; }

# fails_with CONDITION: the case fails in a kernel for which this command succeeds; $k is
# the kernel. Each boot leaves the kernel's sum in $T/booted.
fails_with() {
	cat > "$BIN/qemu-system-x86_64" <<-END
	#!/bin/bash
	while [ \$# != 0 ]; do [ "\$1" != -kernel ] || k=\$2; shift; done
	[ -n "\$k" ] || exit 0
	sha256sum < "\$k" >> "$T/booted"
	sed() { cat; }
	$1 && sed() { command sed 's/^\(.*\] *\)ok 1/\1not ok 1/; s/^.*not ok 1 works/[    1.000005]     # works: EXPECTATION FAILED at mini.c:1\n[    1.000005]     planted failure\n&/'; }
	sed <<GUEST
	$(guest_says mini)
	GUEST
	END
	: > "$T/booted"
}

booted() { [ "$(wc -l < "$T/booted")" = "$1" ] || fail "$1 boots expected, not $(wc -l < "$T/booted")"; }

# has SYMBOL: a condition on the kernel.
# shellcheck disable=SC2016 # it expands there
has() { printf 'grep -aqw %s "$k"' "$1"; }

@test "BOOT=1: each prefix that changes the kernel is booted, and the second time none" {
	fails_with false
	boots
	good
	booted 2
	[[ $output == *"x86_64   0001-one "*"x86_64   0002-two "*"Prefixes: 2 booted, 0 with the result"* ]] || fail "not said"
	[[ $output != *0003-suite* ]] || fail "the step that only adds a suite was booted"
	boots
	good
	booted 2
	[ "$(grep -c 'as before' <<< "$output")" = 2 ] || fail "two results were there"
	[[ $output == *"Prefixes: 0 booted, 2 with the result of an earlier boot; "* ]] || fail "the last line says otherwise"
}

@test "BOOT=1: a step of series.none is not booted by itself, and comes once" {
	(patch 'lab: four' && hunk mm/memory.c 40 four) > "$SERIES/0004-four.patch"
	(patch 'mm: five' && hunk mm/memory.c 50 five) > "$SERIES/0005-five.patch"
	printf '%s\n' 0004-four.patch 0005-five.patch >> "$SERIES/series"
	echo 0004-four.patch >> "$SERIES/series.none"
	watch_over "$HOUSE"
	fails_with false
	boots
	good
	booted 3
	[[ $output == *"0002-two "*"0005-five "* && $output != *0004-four* ]] || fail "another step was booted"
}

@test "BOOT=1: a case that fails at a prefix fails, is named, and does not end the run" {
	fails_with "$(has one)"
	second 'two'
	boots
	refused 7 '^prefixes: 0001-one \(x86_64\): test: mini\.works failed.*EXPECTATION FAILED.*; and 1 more in '
	booted 2
	fails_with false
	boots
	good
	booted 2
}

@test "BOOT=1: a suite that does not compile at a prefix fails" {
	echo 'int suite = sizeof(two);' > "$HOUSE/kunit/mm/tests/mini_kunit.c"
	watch_over "$HOUSE"
	fails_with false
	boots
	refused 7 '^prefixes: 0001-one \(x86_64\): build: .*two.*undeclared.*; and 1 more'
	booted 0
}

@test "BOOT=1: what fails on the base may fail, until a step mends it" {
	echo '* mini.works "planted failure"  why' > "$SERIES/xfail.none"
	watch_over "$HOUSE"
	fails_with "! { $(has two); }"
	boots
	good
	[[ $output == *0001-one*"mends mini.works"*0002-two* ]] || fail "not said"
	(patch 'mm: three' && hunk mm/memory.c 20 three | sed 's/^-int line_20;/-int two;/') > "$SERIES/0004-three.patch"
	sed -i '/0002/a 0004-three.patch' "$SERIES/series"
	watch_over "$HOUSE"
	boots
	refused 7 '^prefixes: 0004-three \(x86_64\): test: mini\.works failed'
}

@test "BOOT=1: what the base skips may be skipped, until a step needs it no more" {
	local two
	two=$(has two)
	echo '6.1-none * * mini.works "not on this kernel"  # why' > "$HOUSE/lab/data/skips"
	(patch 'mm: four' && hunk mm/memory.c 20 four | sed 's/^-int line_20;/-int two;/') > "$SERIES/0004-four.patch"
	sed -i '/0002/a 0004-four.patch' "$SERIES/series"
	mini_suite "$HOUSE" works more
	watch_over "$HOUSE"
	fails_with "! { $two; }"
	sed -i -e 's/command sed .*; }/command sed "s,ok 1 works.*,ok 1 works # SKIP not on this kernel,"; }/' \
		-e 's/\(.*\)    1\.\.1$/\1    1..2/; s/\(.*\)    ok 1 works$/&\n\1    ok 2 more/' "$BIN/qemu-system-x86_64"
	boots
	refused 7 '^prefixes: 0004-four \(x86_64\): test: mini\.works skipped without permission'
	[[ $output == *0001-one*"mends mini.works"*0002-two* ]] || fail "not said"
}

@test "BOOT=1: the same kernel again is not booted" {
	(patch 'mm: two' && edit include/linux/width.h '#define WIDTH 1' '#define WIDTH  1') > "$SERIES/0002-two.patch"
	watch_over "$HOUSE"
	fails_with false
	boots
	good
	booted 1
	[[ $output == *"0002-two "*"the kernel of 0001-one"*"Prefixes: 1 booted, 1 with the result"* ]] || fail "not said"
}

@test "BOOT=1: what the suites need at one prefix is there at that one alone" {
	(patch 'mm/tests: other' && printf '%s\n' 'diff --git a/mm/memory.c b/mm/memory.c' '--- a/mm/memory.c' \
		'+++ b/mm/memory.c' '@@ -39,3 +39,3 @@' ' int line_39;' '-int line_40;' '+int only_here;' ' int line_41;') \
		> "$HOUSE/lab/data/prefix-aid/0001-one.patch"
	watch_over "$HOUSE"
	fails_with "$(has only_here)"
	boots
	refused 7 '^prefixes: 0001-one \(x86_64\): test: mini\.works failed: [^;]*; see [^;]*$'
	booted 2
}

@test "BOOT=1: what it does not boot is refused" {
	lab prefixes BOOT=1 ARCH=powerpc
	refused 2 'ARCH=powerpc is unknown; choose one of: x86_64 arm64'
	lab prefixes BOOT=2
	refused 2 'BOOT=2 is unknown'
}

# --- sublevels ---------------------------------------------------------------------

# older SUBLEVEL: the user's own tree, whose line 20 the second patch does not know.
older() {
	sed -i "s/^SUBLEVEL = .*/SUBLEVEL = $1/" "$T/kernel/Makefile"
	sed -i 's/^int line_20;/int older_20;/' "$T/kernel/mm/memory.c"
	echo '187 192 192' > "$SERIES/sublevels"
	watch_over "$HOUSE" "$T/kernel"
}

@test "a conflict on a sublevel that is not supported names those that are" {
	older 176
	lab tree LINUX="$T/kernel"
	refused 4 '^assemble: your tree is 6\.1\.176; the series is made on 6\.1\.192 and applies to 6\.1\.187 to 6\.1\.192 \(docs/sublevels\.md\): patches/linux-6\.1/0002-two\.patch does not apply: mm/memory\.c, hunk 1'
}

@test "a conflict on a supported sublevel, or where none is named, is the patch's own" {
	older 190
	lab tree LINUX="$T/kernel"
	refused 4 '^assemble: patches/linux-6\.1/0002-two\.patch does not apply'
	older 176
	rm "$SERIES/sublevels"
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	refused 4 '^assemble: patches/linux-6\.1/0002-two\.patch does not apply'
}

@test "an older sublevel to which the series applies is accepted" {
	older 176
	sed -i 's/^int older_20;/int line_20;/' "$T/kernel/mm/memory.c"
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	good
}

@test "docs/sublevels.md and the cover's data agree on what is supported" {
	local first last made
	read -r first last made < <(grep -v '^#' "$PROJECT/patches/linux-6.1/sublevels")
	grep -q "made on 6\.1\.$made and applies to 6\.1\.$first to 6\.1\.$last\." "$PROJECT/docs/sublevels.md"
	# The table's lines that say "yes" are within these, and both ends are among them.
	[ "$(awk -F'|' '$3 ~ /yes/ { split($2, v, /[.-]/); print v[3] }' "$PROJECT/docs/sublevels.md" | sort -n | sed -n '1p;$p' | tr '\n' ' ')" = "$first $last " ]
}

# mailed: how many patches the series mails.
mailed() { awk '/^# part: lab/ { exit } { sub(/#.*/, "") } NF { n++ } END { print n }' "$PROJECT/patches/linux-6.1/series"; }

@test "docs/sublevels.md was made with as many patches as the series has" {
	grep -oE 'patch(es)? of [0-9]+' "$PROJECT/docs/sublevels.md" | sed 's/.* //' | sort -u > "$T/counts"
	[ "$(cat "$T/counts")" = "$(mailed)" ] || fail "the series mails $(mailed) patches, the table has: $(xargs < "$T/counts")"
}
