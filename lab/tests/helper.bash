# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the test files share: a copy of the project that a test may damage, and the mini
# kernel, on which every stage of the lab takes a second. mini.bash gives each test a copy
# of both.
#
# The mini kernel has a Makefile with a version, an olddefconfig that drops the options
# its Kconfig does not have, a bzImage of a few compiled objects, and the real kernel's
# kunit.py and gen_init_cpio.c. The lab's scripts are the real ones.

bats_require_minimum_version 1.5.0

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROJECT=$(cd "$TESTS/../.." && pwd)
CHECK_BUILD=${CHECK_BUILD:-$PROJECT/build}

# The variables of the gate must not reach the runs of the tests.
# shellcheck disable=SC2046 # the Makefile lists them in one line
unset $(sed -n 's/^VARIABLES := //p' "$PROJECT/Makefile") LAB_TREE LAB_PREFIX LAB_ARCHIVE LAB_NAME LAB_RETRIES \
	MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES MAKEFILES
# Nor what the gate's own scripts set for git (settings.sh): a test is the user's shell.
unset "${!GIT_@}" LC_ALL PYTHONDONTWRITEBYTECODE

# Seconds. No command of a test takes nearly as long: one that does has failed.
LIMIT=${LIMIT:-120}

fail() {
	printf '%s\n' "$@" "status: ${status:-}" "-- output:" "${output:-}" "-- errors:" "${stderr:-}" >&2
	return 1
}

# project_files: the files that git tracks, without those that are deleted.
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

# hunk FILE LINE NEW: a diff that changes line LINE of a numbered file to NEW.
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

# patch SUBJECT [ADDS]: the header of a patch. Its diff follows.
patch() {
	printf 'From: Mini <mini@localhost>\nSubject: [PATCH] %s\n\nWhy.\n\n' "$1"
	[ -z "${2:-}" ] || printf 'Adds: %s\n' "$2"
	printf -- '---\n\n'
}

# numbered FILE: a source file of 60 different lines, for hunk().
numbered() {
	mkdir -p "$(dirname "$1")"
	seq -f 'int line_%g;' 60 > "$1"
}

# mini_kernel DIR VERSION PATCHLEVEL
mini_kernel() {
	local dir=$1
	mkdir -p "$dir/usr" "$dir"/include/{linux,kunit} "$dir/Documentation" "$dir/tools/testing/selftests/kvm"
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
		> $(CC) -Iinclude -c -o $@ $<
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
	# As much of KUnit as a file of mini_suite() needs to compile.
	printf '%s\n' 'struct kunit_case { const char *name; };' \
		'struct kunit_suite { const char *name; struct kunit_case *test_cases; };' \
		'#define KUNIT_CASE(case) { #case }' \
		'#define kunit_test_suite(suite) struct kunit_suite *mini = &suite' > "$dir/include/kunit/test.h"
	echo '# the mini kernel' > "$dir/Kbuild"
	printf 'config %s\n' KUNIT MINI_KUNIT_TEST SERIAL_8250 SERIAL_8250_CONSOLE > "$dir/Kconfig"
	printf '.*\n!.gitignore\n*.o\n' > "$dir/.gitignore"
	numbered "$dir/mm/memory.c"
	git --git-dir "$CHECK_BUILD/src-6.1.git" archive base tools/testing/kunit usr/gen_init_cpio.c |
		tar -C "$dir" -xf -
	# Random bytes do not compress: half of the archive is more than a pipe holds.
	head -c 400000 /dev/urandom > "$dir/Documentation/noise"
}

# archive DIR FILE: the folder as a .tar.xz, as Debian packs its kernel source.
archive() {
	tar -C "$(dirname "$1")" -c "$(basename "$1")" | xz -0 > "$2"
}

# mini_suite HOUSE CASE...: the suite "mini" with these cases, as the lab reads a suite.
mini_suite() {
	local file=$1/kunit/mm/tests/mini_kunit.c
	shift
	{
		printf '%s\n' '#include <kunit/test.h>' 'static struct kunit_case cases[] = {'
		printf '\tKUNIT_CASE(%s),\n' "$@"
		printf '%s\n' '	{}' '};' 'static struct kunit_suite suite = {' '	.name = "mini",' \
			'	.test_cases = cases,' '};' 'kunit_test_suite(suite);'
	} > "$file"
}

# mini_mutant FILE HEADER...: a mutant that applies to the mini series and builds.
mini_mutant() {
	local file=$1
	shift
	mkdir -p "${file%/*}"
	{
		printf '%s\n' 'Subject: mutant: wrong' "$@" '' 'Why.' ---
		hunk mm/memory.c 30 wrong
	} > "$file"
}

# mini_data HOUSE: kernel files, patches and configs that fit the mini kernel.
mini_data() {
	local house=$1 base=$1/patches/linux-6.1
	rm -rf "${house:?}"/{patches,configs,mutants,include-linux,mm,virt-kvm,drivers-iommu,drivers-misc,kunit,selftests}
	mkdir -p "$base" "$house"/{patches/linux-6.12,configs,mutants,mm,include-linux,kunit/mm/tests}
	printf '%s\n' 'int secondary;' 'int secondary_call(void) { return 0; }' > "$house/mm/secondary.c"
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
	# The mini suites skip nothing.
	echo '# nothing' > "$house/lab/data/skips"
	echo '# nothing' | tee "$house"/lab/vtx/series{,.none} > /dev/null
	echo '* * 10 works mini_test' > "$house/lab/vtx/tests"
}

# guest_says SUITE: the console of a guest with one passing suite.
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

# stub_machines DIR: emulators whose guest passes. Bochs writes to the serial port it is
# given, and ends with status 1 when its guest powers off.
stub_machines() {
	mkdir -p "$1"
	printf '#!/bin/sh\ncat <<END\n%s\nEND\n' "$(guest_says mini)" > "$1/qemu-system-x86_64"
	# shellcheck disable=SC2016 # it expands there
	printf '#!/bin/bash\nfor word; do [[ $word != com1:* ]] || port=${word##*dev=}; done\n%s%s\n' \
		'cat > "$port" <<END' $'\n'"$(guest_says kvm_selftests)"$'\nEND\nexit 1' > "$1/bochs"
	chmod +x "$1"/*
}

# failing_case: from now on the case of the mini guest fails.
failing_case() {
	sed -i 's/    ok 1 works/    not ok 1 works/; s/\] ok 1 mini/] not ok 1 mini/' "$BIN/qemu-system-x86_64"
}

# losing_qemu NUMBER...: of the boots from now on, those with these numbers die of an int3
# before the first suite.
losing_qemu() {
	rm -f "$T/boots"
	cat > "$T/lines" <<-END
	[ "\$1" != --version ] || exit 0
	echo >> "$T/boots"
	case " $* " in *" \$(grep -c '' "$T/boots") "*)
		printf '%s\n' '[    0.1] Linux version 6.1.192' '[    1.0] int3: 0000 [#1] PREEMPT SMP'
		exit ;;
	esac
	END
	stub_machines "$BIN"
	sed -i "1r $T/lines" "$BIN/qemu-system-x86_64"
}

# make_template: made once for a file of tests; each test gets a copy of it.
make_template() {
	local template=$BATS_FILE_TMPDIR/template
	[ -d "$CHECK_BUILD/src-6.1.git" ] ||
		fail "$CHECK_BUILD has no kernel source: run 'make tree' first"
	copy_project "$template/house"
	mini_data "$template/house"
	mini_kernel "$template/kernel" 6 1
	archive "$template/kernel" "$template/kernel.tar.xz"
	stub_machines "$template/bin"
	# Without this the lab would fetch the guest's busybox from Debian.
	mkdir -p "$template/build/busybox-x86_64/bin"
	echo busybox > "$template/build/busybox-x86_64/bin/busybox"
	chmod +x "$template/build/busybox-x86_64/bin/busybox"
	printf '%s\n' busybox-x86_64 > "$template/build/.lab"
}

# new_house: this test's own copy of the template, in $T.
new_house() {
	T=$BATS_TEST_TMPDIR
	cp -a "$BATS_FILE_TMPDIR/template/." "$T"
	HOUSE=$T/house BUILD=$T/build BIN=$T/bin ARCHIVE=$T/kernel.tar.xz
	MARK=lab-test-$$-$BATS_TEST_NUMBER-$RANDOM
	watch_over "$HOUSE"
}

# real_house HOUSE BUILD: the project as it is, with the real kernel that CHECK_BUILD has
# fetched: its objects are shared, and nothing there is written to.
real_house() {
	local repo=$2/src-6.1.git
	HOUSE=$1 BUILD=$2
	copy_project "$HOUSE"
	watch_over "$HOUSE"
	mkdir -p "$repo/objects/info"
	(cd "$CHECK_BUILD/src-6.1.git" && tar -c --exclude=./objects --exclude=./worktrees .) | tar -C "$repo" -xf -
	echo "$CHECK_BUILD/src-6.1.git/objects" > "$repo/objects/info/alternates"
	rm -f "$repo"/lab-{recipe,tips}-*
	echo src-6.1.git > "$BUILD/.lab"
	# The source counts as fetched: this file stands for the archive it came from.
	ARCHIVE=$T/source
	touch "$ARCHIVE"
	stat -c '%n %s %Y' "$ARCHIVE" > "$repo/lab-source"
}

# listing DIR...: name, type, mode, owner, size, time and content of every file there.
listing() {
	find "$@" -type d -printf '%p %m %U:%G\n' | sort
	find "$@" ! -type d -printf '%p %y %m %U:%G %s %T@ %l\n' | sort
	find "$@" -type f -print0 | sort -z | xargs -0r sha256sum
}

# watch_over DIR...: remember these as they are now, for untouched().
watch_over() {
	WATCHED=("$@")
	BEFORE=$(listing "$@")
}

# untouched: nothing that is watched has changed.
untouched() {
	[ "$(listing "${WATCHED[@]}")" = "$BEFORE" ] ||
		fail "changed:" "$(diff <(echo "$BEFORE") <(listing "${WATCHED[@]}"))"
}

# with VARIABLE=VALUE... COMMAND...: run it on this test's copies.
with() {
	env BUILD="$BUILD" LAB_ARCHIVE="$ARCHIVE" PATH="$BIN:$PATH" LAB_TEST_MARK="$MARK" \
		timeout "$LIMIT" env "$@"
}

# path_of SCRIPT: its path below lab/. SCRIPT is a target of the Makefile, or FOLDER/NAME.
path_of() { case $1 in */*) printf %s "$1" ;; *) printf 'make/%s' "$1" ;; esac; }

# lab SCRIPT [VARIABLE=VALUE]...: run it and keep status, output and errors.
lab() {
	local script=$1
	shift
	run --separate-stderr with "$@" "$HOUSE/lab/$(path_of "$script")"
}

# refused CLASS PATTERN: the run ended with this class and one line of error that matches
# the pattern, and no file of the user's has changed.
refused() {
	[ "$status" = "$1" ] || fail "class $1 expected"
	# make adds a line about the recipe that failed.
	mapfile -t said < <(grep -v '^make: \*\*\* \[' <<< "$stderr")
	[ ${#said[@]} = 1 ] || fail "one line of error expected"
	[[ ${said[0]} =~ $2 ]] || fail "not in the error: $2"
	untouched
}

# good: the run succeeded and printed no error.
good() {
	[ "$status" = 0 ] || fail "it should have succeeded"
	[ -z "$stderr" ] || fail "no error expected"
	untouched
}

# assembled [VARIABLE=VALUE]...: make tree works, and the tree holds the whole series.
assembled() {
	lab tree "$@"
	good
	grep -qx 'int one;' "$BUILD/tree-6.1/mm/memory.c" || fail "the first patch is not in the tree"
	[ -f "$BUILD/tree-6.1/mm/tests/mini_kunit.c" ] || fail "the suite is not in the tree"
	[ -z "$(git -C "$BUILD/tree-6.1" status --porcelain)" ] || fail "the tree differs from its commit"
}

# passes [VARIABLE=VALUE]...: make run passes.
passes() {
	lab run "$@"
	good
	grep -q '"verdict": "passed"' "$BUILD/6.1-x86_64-lockdep/latest/summary.json" || fail "no pass"
}

# --- signals -----------------------------------------------------------------------

# start SCRIPT [VARIABLE=VALUE]...: in the background, in a session of its own, as on a
# terminal. A shell ignores SIGINT for what it starts in the background, and nohup SIGHUP;
# SIGNALS undoes that, or says otherwise.
start() {
	local script=$1
	shift
	setsid env "${SIGNALS:---default-signal=HUP,INT}" BUILD="$BUILD" LAB_ARCHIVE="$ARCHIVE" PATH="$BIN:$PATH" \
		LAB_TEST_MARK="$MARK" "$@" "$HOUSE/lab/$(path_of "$script")" > "$T/out" 2> "$T/err" < /dev/null 3>&- &
	started=$!
}

# ended: wait for what start() started, and keep its status, output and errors.
ended() {
	timeout "$LIMIT" tail --pid="$started" -f /dev/null || fail "it did not end"
	status=0
	wait "$started" || status=$?
	output=$(cat "$T/out")
	stderr=$(cat "$T/err")
}

# ctrl_c: SIGINT to the whole process group, as a terminal sends it.
ctrl_c() {
	kill -INT -- "-$started"
	ended
}

# at_work FIFO: wait until a stub has written to it. The run is in that stage then.
at_work() {
	timeout "$LIMIT" cat "$1" > /dev/null || fail "nothing wrote to $1" "$(cat "$T/out" "$T/err")"
}

# blocking COMMAND: a stub in the place of the real one. It writes to $T/reached, then
# blocks and ignores signals. With --version it just succeeds.
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

# marked: the PIDs of all processes of this test, in whatever session they are.
marked() { grep -lsz "^LAB_TEST_MARK=$MARK\$" /proc/[0-9]*/environ | sed 's,[^0-9],,g'; }

# nobody_left: no process of this test is left.
nobody_left() {
	local pid
	for pid in $(marked); do
		# A process that was killed may take a moment to end.
		timeout 10 tail --pid="$pid" -f /dev/null ||
			fail "left behind: $(tr '\0' ' ' < "/proc/$pid/cmdline")"
	done
}

# interrupted STAGE [STATUS]: the run ended there with this status (130: Ctrl-C) and one
# line, and left nothing behind.
interrupted() {
	[ "$status" = "${2:-130}" ] || fail "status ${2:-130} expected"
	[ "$(grep -c . <<< "$stderr")" = 1 ] || fail "one line of error expected"
	[[ $stderr =~ ^"Interrupted during: $1" ]] || fail "not in the error: $1"
	untouched
	nobody_left
}

# end_started: for teardown(): a failed test leaves no process either.
end_started() {
	local pid
	[ -n "${MARK:-}" ] || return 0
	for pid in $(marked); do
		kill -KILL "$pid" 2>/dev/null || :
	done
}

# unmount: for teardown(): what a test has mounted.
unmount() {
	local name
	for name in small readonly; do
		! mountpoint -q "$BATS_TEST_TMPDIR/$name" || umount "$BATS_TEST_TMPDIR/$name"
	done
}

# may_mount: can this user mount a file system?
may_mount() {
	mkdir -p "$T/probe"
	mount -t tmpfs -o size=4k probe "$T/probe" 2>/dev/null && umount "$T/probe"
}
