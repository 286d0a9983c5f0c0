# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced by static.bats and input.bats: a copy of the project to do wrong things
# to, and a kernel small enough that every stage of the lab takes a second.
#
# The mini kernel has a Makefile with a version, an olddefconfig that drops what
# its Kconfig does not know, a bzImage that is a few compiled objects, and the real
# kernel's kunit.py and gen_init_cpio.c. The lab's scripts are the real ones.

bats_require_minimum_version 1.5.0

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROJECT=$(cd "$TESTS/../.." && pwd)
CHECK_BUILD=${CHECK_BUILD:-$PROJECT/build}

# What the gate was asked for must not reach the runs made here.
unset BASE ARCH MACHINE LENGTH FLAVOUR SERIES BUSTED SUITE SEED STEPS CPUS LINUX MUTANTS MUTANT SIGNOFF BUILD DEADLINE \
	QUIET LAB_TREE LAB_ARCHIVE LAB_NAME MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKEFILES \
	GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# Far above what anything here takes; reached, it is a failure.
LIMIT=${LIMIT:-120}

fail() {
	printf '%s\n' "$@" "status: ${status:-}" "-- output:" "${output:-}" "-- errors:" "${stderr:-}" >&2
	return 1
}

# project_files: what the project consists of, deleted files left out.
project_files() {
	(cd "$PROJECT" && git ls-files -z | while IFS= read -r -d '' file; do
		[ ! -e "$file" ] || printf '%s\n' "$file"
	done)
}

# copy_project DIR
copy_project() {
	mkdir -p "$1"
	project_files | tar -C "$PROJECT" -cf - -T - | tar -C "$1" -xf -
}

# hunk FILE LINE NEW: a hunk that makes line LINE of a numbered file NEW.
hunk() {
	cat <<-END
	diff --git a/$1 b/$1
	--- a/$1
	+++ b/$1
	@@ -$(($2 - 1)),3 +$(($2 - 1)),3 @@
	 int line_$(($2 - 1));
	-int line_$2;
	+int $3;
	 int line_$(($2 + 1));
	END
}

# patch SUBJECT [ADDS]: the header of a patch; its diff comes after it.
patch() {
	printf 'From: Mini <mini@localhost>\nSubject: [PATCH] %s\n\nWhy.\n\n' "$1"
	[ -z "${2:-}" ] || printf 'Adds: %s\n' "$2"
	printf -- '---\n\n'
}

# numbered FILE: a source file whose lines a hunk can name.
numbered() {
	mkdir -p "$(dirname "$1")"
	seq -f 'int line_%g;' 60 > "$1"
}

# mini_kernel DIR VERSION PATCHLEVEL
mini_kernel() {
	local dir=$1
	mkdir -p "$dir/usr" "$dir/include/linux" "$dir/Documentation" "$dir/tools/testing/selftests/kvm"
	{
		printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 192\nEXTRAVERSION =\n' "$2" "$3"
		cat <<-'END'
		.RECIPEPREFIX := >
		O ?= .
		SOURCES := $(wildcard mm/*.c mm/tests/*.c)
		OBJECTS := $(SOURCES:%.c=$(O)/%.o)
		kernelversion:
		> @echo $(VERSION).$(PATCHLEVEL).$(SUBLEVEL)
		olddefconfig:
		> @awk 'NR == FNR { known["CONFIG_" $$2]; next } { split($$0, w, "=") } w[1] in known' \
		> Kconfig $(O)/.config > $(O)/.config.new
		> @mv $(O)/.config.new $(O)/.config
		bzImage: $(O)/arch/x86/boot/bzImage $(O)/usr/gen_init_cpio
		$(O)/arch/x86/boot/bzImage: $(OBJECTS)
		> @mkdir -p $(@D)
		> cat $(OBJECTS) > $@
		$(O)/%.o: %.c
		> @mkdir -p $(@D)
		> $(CC) -c -o $@ $<
		$(O)/usr/gen_init_cpio: usr/gen_init_cpio.c
		> @mkdir -p $(@D)
		> $(HOSTCC) -o $@ $<
		headers_install:
		> @mkdir -p $(INSTALL_HDR_PATH)
		END
	} > "$dir/Makefile"
	cat > "$dir/tools/testing/selftests/kvm/Makefile" <<-'END'
	.RECIPEPREFIX := >
	$(OUTPUT)/%: %.c
	> $(CC) -o $@ $<
	END
	echo 'int main(void) { return 0; }' > "$dir/tools/testing/selftests/kvm/mini_test.c"
	echo '# the mini kernel' > "$dir/Kbuild"
	printf 'config %s\n' KUNIT MINI_KUNIT_TEST SERIAL_8250 SERIAL_8250_CONSOLE > "$dir/Kconfig"
	printf '.*\n!.gitignore\n*.o\n' > "$dir/.gitignore"
	numbered "$dir/mm/memory.c"
	git --git-dir "$CHECK_BUILD/src-6.1.git" archive base tools/testing/kunit usr/gen_init_cpio.c |
		tar -C "$dir" -xf -
	# Incompressible, so that half of the archive is more than a pipe holds.
	head -c 400000 /dev/urandom > "$dir/Documentation/noise"
}

# archive DIR FILE: as Debian packs its kernel source.
archive() {
	tar -C "$(dirname "$1")" -c "$(basename "$1")" | xz -0 > "$2"
}

# mini_data HOUSE: rooms, patches and configs that fit the mini kernel.
mini_data() {
	local house=$1 base=$1/patches/linux-6.1
	rm -rf "${house:?}"/{patches,configs,mutants,include-linux,mm,virt-kvm,drivers-iommu,drivers-misc,kunit,selftests}
	mkdir -p "$base" "$house"/{patches/linux-6.12,configs,mutants,mm,include-linux,kunit/mm/tests}
	echo 'int secondary;' > "$house/mm/secondary.c"
	echo 'extern int secondary;' > "$house/include-linux/secondary.h"
	echo 'int suite;' > "$house/kunit/mm/tests/mini_kunit.c"
	(patch 'mm: one' 'mm/secondary.c include-linux' && hunk mm/memory.c 10 one) > "$base/0001-one.patch"
	(patch 'mm: two' && hunk mm/memory.c 20 two) > "$base/0002-two.patch"
	patch 'mm: the suite' kunit/mm/tests > "$base/0003-suite.patch"
	printf '%s\n' 0001-one.patch 0002-two.patch 0003-suite.patch > "$base/series"
	echo 0003-suite.patch > "$base/series.none"
	printf 'A mini series\n\nWhat it is for.\n' > "$base/cover"
	(patch 'wrong' | sed 's/^Why\./Kills: mini.works/' && hunk mm/memory.c 30 wrong) \
		> "$house/mutants/wrong.patch"
	echo 'CONFIG_KUNIT=y' > "$house/configs/common.config"
	printf '# suite: mini\nCONFIG_MINI_KUNIT_TEST=y\n' > "$house/configs/suites.config"
	echo 'console=ttyS0' > "$house/configs/common.boot"
	echo 'qemu-system-x86_64' > "$house/configs/x86_64.qemu"
	echo '# suite: kvm_selftests' > "$house/configs/selftests.config"
	# What the real suites skip is none of the mini suites' business.
	echo '# nothing' > "$house/lab/data/skips"
	echo '# nothing' | tee "$house"/lab/vtx/series{,.none} > /dev/null
	echo '* * 10 works mini_test' > "$house/lab/vtx/tests"
}

# guest_says SUITE: what a guest with one passing suite prints.
guest_says() {
	cat <<-END
	[    0.100000] Linux version 6.1.192
	[    1.000000] KTAP version 1
	[    1.000001] 1..1
	[    1.000002]     KTAP version 1
	[    1.000003]     # Subtest: $1
	[    1.000004]     1..1
	[    1.000005]     ok 1 works
	[    1.000006] ok 1 $1
	[    1.090000] lab: errors 0
	[    1.100000] lab: end debug_locks=1 tainted=262144
	END
}

# Machines that boot. Bochs writes to the serial port it is given, and its guest's end
# is status 1.
stub_machines() {
	mkdir -p "$1"
	printf '#!/bin/sh\ncat <<END\n%s\nEND\n' "$(guest_says mini)" > "$1/qemu-system-x86_64"
	# shellcheck disable=SC2016 # it expands there
	printf '#!/bin/bash\nfor word; do [[ $word != com1:* ]] || port=${word##*dev=}; done\n%s%s\n' \
		'cat > "$port" <<END' $'\n'"$(guest_says kvm_selftests)"$'\nEND\nexit 1' > "$1/bochs"
	chmod +x "$1"/*
}

# make_template: once a file, what each test gets a copy of.
make_template() {
	local template=$BATS_FILE_TMPDIR/template
	[ -d "$CHECK_BUILD/src-6.1.git" ] ||
		fail "$CHECK_BUILD has no kernel source: run 'make tree' first"
	copy_project "$template/house"
	mini_data "$template/house"
	mini_kernel "$template/kernel" 6 1
	archive "$template/kernel" "$template/kernel.tar.xz"
	stub_machines "$template/bin"
	# The guest's busybox would be fetched from Debian.
	mkdir -p "$template/build/busybox-x86_64/bin"
	echo busybox > "$template/build/busybox-x86_64/bin/busybox"
	chmod +x "$template/build/busybox-x86_64/bin/busybox"
	printf '%s\n' busybox-x86_64 > "$template/build/.lab"
}

# new_house: this test's own copy, in $T. Tests change these, each for itself.
new_house() {
	T=$BATS_TEST_TMPDIR
	cp -a "$BATS_FILE_TMPDIR/template/." "$T"
	HOUSE=$T/house BUILD=$T/build BIN=$T/bin ARCHIVE=$T/kernel.tar.xz
	MARK=lab-test-$$-$BATS_TEST_NUMBER-$RANDOM
	watch_over "$HOUSE"
}

# listing DIR...: everything about every file there.
listing() {
	find "$@" -type d -printf '%p %m %U:%G\n' | sort
	find "$@" ! -type d -printf '%p %y %m %U:%G %s %T@ %l\n' | sort
	find "$@" -type f -print0 | sort -z | xargs -0r sha256sum
}

# watch_over DIR...: from now on `untouched` is about these.
watch_over() {
	WATCHED=("$@")
	BEFORE=$(listing "$@")
}

untouched() {
	[ "$(listing "${WATCHED[@]}")" = "$BEFORE" ] ||
		fail "changed:" "$(diff <(echo "$BEFORE") <(listing "${WATCHED[@]}"))"
}

# with VARIABLE=VALUE... COMMAND...: in this test's surroundings.
with() {
	env BUILD="$BUILD" LAB_ARCHIVE="$ARCHIVE" PATH="$BIN:$PATH" LAB_TEST_MARK="$MARK" \
		timeout "$LIMIT" env "$@"
}

# path_of SCRIPT: a target of the Makefile, or ROOM/NAME.
path_of() { case $1 in */*) printf %s "$1" ;; *) printf 'make/%s' "$1" ;; esac; }

# lab SCRIPT [VARIABLE=VALUE]...: run it and keep status, output and errors.
lab() {
	local script=$1
	shift
	run --separate-stderr with "$@" "$HOUSE/lab/$(path_of "$script")"
}

# refused CLASS PATTERN: this class, one line to the user, nothing of his changed.
refused() {
	[ "$status" = "$1" ] || fail "class $1 expected"
	# make's own last word about a recipe that failed is not ours.
	mapfile -t said < <(grep -v '^make: \*\*\* \[' <<< "$stderr")
	[ ${#said[@]} = 1 ] || fail "one line expected"
	[[ ${said[0]} =~ $2 ]] || fail "not said: $2"
	untouched
}

# good: what was asked for came, and nothing was said of trouble.
good() {
	[ "$status" = 0 ] || fail "it was to succeed"
	[ -z "$stderr" ] || fail "no complaint expected"
	untouched
}

# assembled [VARIABLE=VALUE]...: the tree can be made, and is the whole series.
assembled() {
	lab tree "$@"
	good
	grep -qx 'int one;' "$BUILD/tree-6.1/mm/memory.c" || fail "the first patch is not in the tree"
	[ -f "$BUILD/tree-6.1/mm/tests/mini_kunit.c" ] || fail "the suite is not in the tree"
	[ -z "$(git -C "$BUILD/tree-6.1" status --porcelain)" ] || fail "the tree is not what its commit says"
}

# passes [VARIABLE=VALUE]...: the main job, to its end.
passes() {
	lab run "$@"
	good
	grep -q '"verdict": "passed"' "$BUILD/6.1-x86_64-lockdep/latest/summary.json" || fail "no pass"
}

# --- what ends a run from outside --------------------------------------------------

# start SCRIPT [VARIABLE=VALUE]...: in a session of its own, as a terminal has it.
# The shell that starts it ignores SIGINT for what it starts in the background.
start() {
	local script=$1
	shift
	setsid env --default-signal=INT BUILD="$BUILD" LAB_ARCHIVE="$ARCHIVE" PATH="$BIN:$PATH" \
		LAB_TEST_MARK="$MARK" "$@" "$HOUSE/lab/$(path_of "$script")" > "$T/out" 2> "$T/err" < /dev/null 3>&- &
	started=$!
}

# ended: how what was started ended.
ended() {
	timeout "$LIMIT" tail --pid="$started" -f /dev/null || fail "it did not end"
	status=0
	wait "$started" || status=$?
	output=$(cat "$T/out")
	stderr=$(cat "$T/err")
}

# ctrl_c: to everything in the foreground, as the terminal does it.
ctrl_c() {
	kill -INT -- "-$started"
	ended
}

# at_work FIFO: a stub has opened it, so the stage is where the test wants it.
at_work() {
	timeout "$LIMIT" cat "$1" > /dev/null || fail "$1: never reached" "$(cat "$T/out" "$T/err")"
}

# blocking COMMAND: in the way of the real one; it says that it runs, and then stays,
# whatever signal it gets. An emulator that is asked for its version answers.
blocking() {
	mkfifo "$T/reached" "$T/never"
	cat > "$BIN/$1" <<-END
	#!/bin/sh
	[ "\$1" != --version ] || exit 0
	trap '' INT TERM HUP
	echo here > "$T/reached"
	read -r word < "$T/never"
	END
	chmod +x "$BIN/$1"
}

# marked: the processes of this test, wherever they went.
marked() { grep -lsz "^LAB_TEST_MARK=$MARK\$" /proc/[0-9]*/environ | sed 's,[^0-9],,g'; }

# nobody_left: nothing that was started works on.
nobody_left() {
	local pid
	for pid in $(marked); do
		# One that was killed may take a moment to go.
		timeout 10 tail --pid="$pid" -f /dev/null ||
			fail "left behind: $(tr '\0' ' ' < "/proc/$pid/cmdline")"
	done
}

# interrupted STAGE
interrupted() {
	[ "$status" = 130 ] || fail "status 130 expected"
	[ "$(grep -c . <<< "$stderr")" = 1 ] || fail "one line expected"
	[[ $stderr =~ ^"Interrupted during: $1" ]] || fail "not said: $1"
	untouched
	nobody_left
}

# end_started: for teardown; a failed test leaves nothing either.
end_started() {
	local pid
	[ -n "${MARK:-}" ] || return 0
	for pid in $(marked); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

# may_mount: can this user put a file system somewhere?
may_mount() {
	mkdir -p "$T/probe"
	mount -t tmpfs -o size=4k probe "$T/probe" 2>/dev/null && umount "$T/probe"
}
