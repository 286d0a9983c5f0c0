#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input, and faults of the machine. Each case checks the class of the failure, the one
# line that says it, that no file of the user's has changed (helper.bash compares them all),
# and that the next run recovers.
#
# Each test is a subshell and changes its own copies of helper.bash's variables:
# shellcheck disable=SC2030,SC2031,SC2154

load mini.bash

# --- variables ---------------------------------------------------------------------

@test "good input passes, end to end" {
	passes
	assembled
}

@test "an unknown value is refused with the known ones" {
	lab run ARCH=sparc
	refused 2 'ARCH=sparc is unknown; choose one of: arm64 powerpc x86_64$'
	lab tree BASE=5.10
	refused 2 'BASE=5.10 is unknown; choose one of: 6.1 6.12$'
	lab run FLAVOUR=ubsan
	refused 2 'FLAVOUR=ubsan is unknown; choose one of: lockdep kcsan kasan plain$'
	lab tree SERIES=half
	refused 2 'SERIES=half is unknown; choose one of: full none$'
	lab run BUSTED=yes
	refused 2 'BUSTED=yes is unknown; choose one of: 0 1$'
	[ ! -e "$BUILD/tree-6.1" ]
	assembled
}

@test "a value that is not a number in range is refused" {
	local cpus seed steps
	for cpus in 0 9 -1 four '4 4'; do
		lab run CPUS="$cpus"
		refused 2 "CPUS=$cpus: a number from 1 to 8"
	done
	for seed in 0x 0xg 1e3 -1 0x11112222333344445; do
		lab run SEED="$seed"
		refused 2 "SEED=$seed: a number is needed"
	done
	for steps in 0 -1 2499 1e5 many 1000000000; do
		lab run STEPS="$steps"
		refused 2 "STEPS=$steps: a number from 2500 to 999999999 is needed"
	done
	lab run DEADLINE=0
	refused 2 'DEADLINE=0: whole seconds are needed'
	lab run QUIET=1m
	refused 2 'QUIET=1m: whole seconds are needed'
	lab run CPU='max -monitor stdio'
	refused 2 'CPU=max -monitor stdio: a model is needed'
	lab run MACHINE=vtx CPU=max
	refused 2 'MACHINE=vtx has a fixed CPU: CPU=max'
	lab boot/suites CPUS=8 SEED=0xffffffffffffffff STEPS=100000
	assembled
}

@test "CPU= replaces the machine's CPU model" {
	echo '-cpu max' >> "$HOUSE/configs/x86_64.qemu"
	watch_over "$HOUSE"
	lab run CPU=qemu64,+svm
	good
	grep -q -- '-cpu qemu64,+svm ' "$BUILD"/6.1-x86_64-lockdep/latest/cmdline
	[[ $output == *"CPU qemu64,+svm"* ]] || fail "the output does not say so"
}

@test "make passes an error on, and refuses an unknown variable" {
	run --separate-stderr with make -C "$HOUSE" --no-print-directory run ARHC=arm64
	refused 2 'unknown variable: ARHC; there are: .*ARCH'
	run --separate-stderr with make -C "$HOUSE" --no-print-directory tree ARCH=sparc
	refused 2 'ARCH=sparc is unknown'
	run --separate-stderr with make -C "$HOUSE" --no-print-directory tree
	good
}

@test "a SUITE that matches nothing is refused before anything is made" {
	lab run SUITE='no_such*'
	refused 2 'SUITE=no_such\* matches no suite; there are: mini$'
	lab run SUITE='mini suite'
	refused 2 'SUITE=mini suite: a glob of suite'
	[ ! -e "$BUILD/tree-6.1" ]
	passes SUITE='mi*'
}

@test "a SIGNOFF that is not a name with an address is refused" {
	local wrong
	for wrong in Name 'Name name@host' '<name@host>' 'Name <name>' 'Name <na me@host>' \
		'Name <a@b> <c@d>'; do
		lab series SIGNOFF="$wrong"
		refused 2 'SIGNOFF=.*"Name <mail>" is needed$'
	done
	lab series SIGNOFF='A Sender <a.sender@example.org>'
	good
	grep -qx 'Signed-off-by: A Sender <a.sender@example.org>' "$BUILD"/series-6.1/0001-*.patch
}

@test "a shell without a terminal is refused" {
	run --separate-stderr with "$HOUSE/lab/make/shell" < /dev/null
	refused 2 'a shell needs a terminal$'
	assembled
}

# --- LINUX= ------------------------------------------------------------------------

@test "LINUX= that is not a kernel is refused" {
	mkdir "$T/other"
	watch_over "$HOUSE" "$T/other" "$T/kernel"
	lab tree LINUX="$T/nowhere"
	refused 2 "LINUX=$T/nowhere is not a folder$"
	lab tree LINUX="$T/kernel/Makefile"
	refused 2 'Makefile is not a folder$'
	lab tree LINUX="$T/other"
	refused 2 'is not a kernel: it has no Makefile and Kbuild$'
	touch "$T/other/Kbuild" "$T/other/Makefile"
	watch_over "$HOUSE" "$T/other"
	lab tree LINUX="$T/other"
	refused 2 'is not a kernel: its Makefile names no version$'
	lab tree LINUX="$T/kernel"
	good
}

@test "LINUX= of another version, or against BASE, is refused" {
	mini_kernel "$T/old" 5 15
	watch_over "$HOUSE" "$T/old" "$T/kernel"
	lab tree LINUX="$T/old"
	refused 2 'is Linux 5.15; there is a series for: 6.1 6.12$'
	lab tree LINUX="$T/old" BASE=6.1
	refused 2 'is Linux 5.15, not BASE=6.1$'
	lab tree LINUX="$T/kernel" BASE=6.12
	refused 2 'is Linux 6.1, not BASE=6.12$'
	lab tree LINUX="$T/kernel" BASE=6.1
	good
}

# checkout DIR: a kernel in git.
checkout() {
	cp -a "$T/kernel" "$1"
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" -c user.name=u -c user.email=u@h commit -qm kernel
}

@test "LINUX= with uncommitted changes is refused" {
	checkout "$T/dirty"
	echo 'int edit;' >> "$T/dirty/mm/memory.c"
	watch_over "$HOUSE" "$T/dirty"
	lab tree LINUX="$T/dirty"
	refused 2 'has uncommitted changes: commit or stash them first$'
	git -C "$T/dirty" checkout -q mm/memory.c
	watch_over "$HOUSE" "$T/dirty"
	lab tree LINUX="$T/dirty"
	good
}

@test "LINUX= that was built in is refused" {
	touch "$T/kernel/.config"
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	refused 2 "has been built in: run 'make mrproper' there first$"
	rm "$T/kernel/.config"
	mkdir -p "$T/kernel/include/generated"
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	refused 2 'has been built in'
	rmdir "$T/kernel/include/generated"
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	good
}

# read_only DIR: make it read-only at $T/readonly, for root too.
read_only() {
	mkdir -p "$T/readonly"
	if mount --bind "$1" "$T/readonly" 2>/dev/null; then
		mount -o remount,ro,bind "$T/readonly"
	elif [ "$(id -u)" != 0 ]; then
		cp -a "$1/." "$T/readonly"
		chmod -R a-w "$T/readonly"
	else
		skip "root can write everywhere, and cannot mount here"
	fi
	! touch "$T/readonly/Makefile" 2>/dev/null || fail "it can be written to"
}

@test "LINUX= that cannot be written to works: a checkout" {
	checkout "$T/mine"
	# git would refresh the index.
	touch "$T/mine/mm/memory.c"
	read_only "$T/mine"
	watch_over "$HOUSE" "$T/readonly"
	lab tree LINUX="$T/readonly"
	good
	grep -qx 'int one;' "$BUILD"/tree-6.1-*/mm/memory.c
	lab run LINUX="$T/readonly"
	good
}

@test "LINUX= that cannot be written to works: an unpacked tree" {
	read_only "$T/kernel"
	watch_over "$HOUSE" "$T/readonly"
	lab tree LINUX="$T/readonly"
	good
	grep -qx 'int one;' "$BUILD"/tree-6.1-*/mm/memory.c
}

@test "LINUX= is not written to: the index of a checkout is not refreshed" {
	checkout "$T/mine"
	touch -d @1 "$T/mine/mm/memory.c"
	watch_over "$HOUSE" "$T/mine"
	lab tree LINUX="$T/mine"
	good
}

@test "LINUX= with spaces in its path works" {
	cp -a "$T/kernel" "$T/my own kernel"
	watch_over "$HOUSE" "$T/my own kernel"
	lab tree LINUX="$T/my own kernel"
	good
	checkout "$T/my own checkout"
	watch_over "$HOUSE" "$T/my own checkout"
	lab tree LINUX="$T/my own checkout"
	good
}

# --- the source archive ------------------------------------------------------------

@test "a truncated source archive is refused, wherever it ends" {
	local size cut
	size=$(stat -c %s "$ARCHIVE")
	watch_over "$HOUSE" "$T/kernel"
	for cut in 0 10 $((size / 3)) $((size * 9 / 10)) $((size - 12)); do
		head -c "$cut" "$ARCHIVE" > "$T/cut.tar.xz"
		lab tree LAB_ARCHIVE="$T/cut.tar.xz"
		refused 2 "cannot read .*cut.tar.xz: .*fetch.log$"
		[ ! -e "$BUILD/src-6.1.git" ] || fail "a repository was left: cut at $cut"
		[ ! -e "$BUILD/src-6.1.git.new" ] || fail "half a repository was left: cut at $cut"
	done
	assembled
}

@test "a damaged archive, a missing one and another kernel's are refused" {
	cp "$ARCHIVE" "$T/damaged.tar.xz"
	printf 'XXXX' | dd of="$T/damaged.tar.xz" bs=1 seek=200000 conv=notrunc status=none
	lab tree LAB_ARCHIVE="$T/damaged.tar.xz"
	refused 2 'cannot read .*damaged.tar.xz: '
	lab tree LAB_ARCHIVE="$T/missing.tar.xz"
	refused 2 'missing.tar.xz is missing: reinstall the package linux-source-6.1$'
	mini_kernel "$T/newer" 6 12
	archive "$T/newer" "$T/newer.tar.xz"
	lab tree LAB_ARCHIVE="$T/newer.tar.xz"
	refused 2 'newer.tar.xz holds Linux 6.12, not 6.1$'
	[ ! -e "$BUILD/src-6.1.git" ]
	assembled
}

# --- packages ----------------------------------------------------------------------

# want PACKAGE: the lab needs this package, which Debian does not have.
want() {
	echo "base $1" >> "$HOUSE/lab/data/packages"
	watch_over "$HOUSE"
}

# as_nobody COMMAND...: run it without root and without a working sudo.
as_nobody() {
	local become=()
	if [ "$(id -u)" = 0 ]; then
		become=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T"
		chmod -R a+rwX "$BUILD"
	fi
	printf '#!/bin/sh\nexit 1\n' > "$BIN/sudo"
	chmod +x "$BIN/sudo"
	run --separate-stderr with "${become[@]}" "$@"
}

@test "a missing package and no root: the error names the command to run" {
	want lab-test-no-such-package
	as_nobody "$HOUSE/lab/stage/install-packages" base
	refused 2 'As root: apt-get install --no-install-recommends lab-test-no-such-package$'
	sed -i '$d' "$HOUSE/lab/data/packages"
	watch_over "$HOUSE"
	as_nobody "$HOUSE/lab/stage/install-packages" base
	good
}

@test "a missing package that apt does not know" {
	[ "$(id -u)" = 0 ] || skip "only root runs apt"
	# The real apt, with package lists of its own, which are empty.
	mkdir -p "$T/apt/lists/partial" "$T/apt/archives/partial"
	cat > "$T/apt.conf" <<-END
	Dir::Etc::sourcelist "/dev/null";
	Dir::Etc::sourceparts "/dev/null";
	Dir::State::lists "$T/apt/lists";
	Dir::Cache "$T/apt";
	Debug::NoLocking "true";
	END
	want lab-test-no-such-package
	lab tree APT_CONFIG="$T/apt.conf"
	refused 2 'apt-get could not install: lab-test-no-such-package; see .*packages.log$'
	grep -q 'Unable to locate package lab-test-no-such-package' "$BUILD/packages.log"
	sed -i '$d' "$HOUSE/lab/data/packages"
	watch_over "$HOUSE"
	assembled
}

# --- disks -------------------------------------------------------------------------

# small_disk SIZE: move BUILD to a file system of this size.
small_disk() {
	may_mount || skip "this user cannot mount a file system"
	mkdir "$T/small"
	mount -t tmpfs -o "size=$1" small "$T/small"
	cp -a "$BUILD/." "$T/small"
	BUILD=$T/small
}

@test "a disk that is too small at the start is refused" {
	small_disk 300m
	lab tree
	refused 2 "^fetch: $BUILD has [0-9]+ MiB free and this step needs 4 GiB: make room, or give BUILD= another disk$"
	[ ! -e "$BUILD/src-6.1.git" ]
	mount -o remount,size=5g "$BUILD"
	assembled
}

@test "a disk that fills up during fetch" {
	local half
	small_disk 5g
	half=$(($(stat -c %s "$ARCHIVE") / 2))
	mkfifo "$T/slow.tar.xz"
	start run LAB_ARCHIVE="$T/slow.tar.xz"
	exec 8> "$T/slow.tar.xz"
	timeout "$LIMIT" head -c "$half" "$ARCHIVE" >&8
	# There is no room for the second half.
	mount -o "remount,size=$(($(df --output=used -k "$BUILD" | tail -n 1) + 8))k" "$BUILD"
	timeout "$LIMIT" tail -c "+$((half + 1))" "$ARCHIVE" >&8 || :
	exec 8>&-
	ended
	refused 2 "^fetch: the disk under $BUILD is full: make room and run the command again, or give BUILD= another disk$"
	mount -o remount,size=5g "$BUILD"
	passes
}

# larger_suite: build on a disk of 5 GiB, then enlarge the suite's object by 8 MiB.
larger_suite() {
	small_disk 5g
	assembled
	# After this run the kernel is configured: only the build can fail.
	lab stage/build
	good
	echo 'char big[8 << 20] = { 1 };' >> "$HOUSE/kunit/mm/tests/mini_kunit.c"
	watch_over "$HOUSE"
	assembled
}

@test "a disk that fills up during the build" {
	larger_suite
	mount -o "remount,size=$(($(df --output=used -k "$BUILD" | tail -n 1) + 2048))k" "$BUILD"
	lab stage/build
	refused 2 "^build: the disk under $BUILD is full: make room and run the command again, or give BUILD= another disk$"
	mount -o remount,size=5g "$BUILD"
	passes
}

@test "a disk without room for a single line of the log" {
	larger_suite
	# tmpfs cannot be made smaller than what it holds: fill it, so that nothing is free.
	cat /dev/zero > "$BUILD/ballast" 2>/dev/null & wait $! || :
	lab stage/build
	refused 2 "the disk under $BUILD is full"
	rm "$BUILD/ballast"
	passes
}

# --- Ctrl-C ------------------------------------------------------------------------

@test "Ctrl-C during fetch" {
	local half
	half=$(($(stat -c %s "$ARCHIVE") / 2))
	mkfifo "$T/slow.tar.xz"
	start run LAB_ARCHIVE="$T/slow.tar.xz"
	# The pipe cannot hold it all: when it is written, the import has begun.
	timeout "$LIMIT" head -c "$half" "$ARCHIVE" > "$T/slow.tar.xz" &
	exec 8> "$T/slow.tar.xz"
	wait $!
	ctrl_c
	exec 8>&-
	interrupted fetch
	[ ! -e "$BUILD/src-6.1.git.new" ] || fail "half a repository was left"
	passes
}

@test "Ctrl-C during assemble" {
	mv "$HOUSE/patches/linux-6.1/0002-two.patch" "$T/two"
	mkfifo "$HOUSE/patches/linux-6.1/0002-two.patch"
	start run
	# This open blocks until a reader opens the FIFO: then the series is being read.
	exec 8> "$HOUSE/patches/linux-6.1/0002-two.patch"
	ctrl_c
	exec 8>&-
	mv -f "$T/two" "$HOUSE/patches/linux-6.1/0002-two.patch"
	interrupted assemble
	assembled
	passes
}

@test "Ctrl-C during configure" {
	assembled
	# The configure step compares the fragments with those of the last run.
	blocking cmp
	start stage/build
	at_work "$T/reached"
	ctrl_c
	rm "$BIN/cmp"
	[ "$status" = 130 ] || fail "status 130 expected"
	[[ $output =~ "configure x86_64 lockdep: interrupted" ]] || fail "the output does not say so"
	nobody_left
	passes
}

@test "Ctrl-C during the build, with a compiler that ignores signals" {
	assembled
	blocking ccache
	start run
	at_work "$T/reached"
	ctrl_c
	rm "$BIN/ccache"
	interrupted build
	[[ $output =~ "build     x86_64 lockdep: interrupted" ]] || fail "the step does not say so"
	passes
}

@test "Ctrl-C during boot, with an emulator that ignores signals" {
	mv "$BIN/qemu-system-x86_64" "$T/qemu"
	blocking qemu-system-x86_64
	start run
	at_work "$T/reached"
	ctrl_c
	mv "$T/qemu" "$BIN/qemu-system-x86_64"
	interrupted boot
	grep -q '"ended": "interrupted"' "$BUILD"/6.1-x86_64-lockdep/results/*/boot.json
	passes
}

@test "SIGTERM ends a run as Ctrl-C does" {
	assembled
	blocking ccache
	start run
	at_work "$T/reached"
	kill -TERM -- "-$started"
	ended
	rm "$BIN/ccache"
	[ "$status" = 143 ] || fail "status 143 expected"
	nobody_left
	passes
}

# --- the other machines ------------------------------------------------------------

@test "MACHINE=vtx passes, in a tree of its own" {
	lab run MACHINE=vtx
	good
	[[ $output == *"machine vtx"*"verdict: passed"* ]] || fail "the output does not say so"
	[ ! -e "$BUILD/tree-6.1" ] || fail "it made the series' tree"
	passes
}

@test "an unknown MACHINE or LENGTH, and a variable that a machine does not support, is refused" {
	local target
	lab run MACHINE=xen
	refused 2 'MACHINE=xen is unknown; choose one of: icount qemu smmu svm vtx$'
	lab run MACHINE=vtx LENGTH=long
	refused 2 'LENGTH=long is unknown; choose one of: full short peers$'
	lab run MACHINE=vtx ARCH=arm64
	refused 2 'MACHINE=vtx is an x86_64 machine: it has no ARCH=arm64$'
	lab run MACHINE=svm BUSTED=1
	refused 2 'MACHINE=svm runs no suites: BUSTED=1 has nothing to plant there$'
	lab run MACHINE=vtx BASE=6.12
	refused 2 'MACHINE=vtx has patches for Linux 6.1 only, not 6.12$'
	lab run MACHINE=vtx SUITE=mini
	refused 2 'SUITE=mini matches no suite; there are: kvm_selftests$'
	for target in series mutants shell; do
		lab $target MACHINE=vtx
		refused 2 "make $target does not support MACHINE=vtx; make run and make tree do$"
	done
	[ ! -e "$BUILD/tree-6.1-vtx" ]
}

@test "MACHINE=vtx without Bochs's packages: the error names the command to run" {
	echo "vtx lab-test-no-such-package" >> "$HOUSE/lab/data/packages"
	watch_over "$HOUSE"
	as_nobody env MACHINE=vtx "$HOUSE/lab/make/run"
	refused 2 'As root: apt-get install --no-install-recommends lab-test-no-such-package$'
}

@test "a program for vtx that does not compile is named, with the line" {
	echo 'int broken(void) { return }' >> "$T/kernel/tools/testing/selftests/kvm/mini_test.c"
	lab run MACHINE=vtx LINUX="$T/kernel"
	refused 5 '^selftests: mini_test.c:2:[0-9]+: error: .*; see .*/selftests.log$'
}

# stopping_bochs: prints half of its console, then blocks and ignores signals.
stopping_bochs() {
	mkfifo "$T/never"
	mv "$BIN/bochs" "$T/bochs"
	sed -e '/    ok 1 works/,/lab: end/d' -e "s,^exit.*,trap '' INT TERM; read -r word < $T/never," \
		"$T/bochs" > "$BIN/bochs"
	chmod +x "$BIN/bochs"
}

@test "a Bochs that stops is killed and booted once more, the output says so, a second stop counts" {
	stopping_bochs
	lab run MACHINE=vtx QUIET=5
	[ "$status" = 6 ] || fail "class 6 expected"
	[[ $output == *"lost: Bochs stood still: "*"; kept as "*"/lost/"*", booted once more"* ]] || fail "the output does not say so"
	[ "$(find "$BUILD"/6.1-vtx-x86_64-plain/results -name boot.json | wc -l)" = 2 ] || fail "two boots expected"
	grep -q '"ended": "quiet"' "$BUILD"/6.1-vtx-x86_64-plain/latest/boot.json
	nobody_left
	untouched
}

@test "a Bochs that stops once passes at its second boot; the first is kept" {
	stopping_bochs
	# The first boot replaces it by the good one.
	sed -i "1a mv '$T/bochs' '$BIN/bochs'" "$BIN/bochs"
	lab run MACHINE=vtx QUIET=8
	good
	[[ $output == *"lost: Bochs stood still"*"booted once more"*"verdict: passed"* ]] ||
		fail "the output does not say so"
	grep -q '^boot: no output' "$BUILD"/6.1-vtx-x86_64-plain/results/lost/*/verdict
	nobody_left
}

# vetoing_bochs NAME: ends while the program of this name runs, as Bochs does when the guest
# runs code from the APIC-access page.
vetoing_bochs() {
	mv "$BIN/bochs" "$T/bochs"
	# shellcheck disable=SC2016 # it expands there
	sed -e "s/    ok 1 works/    # $1: running: y/" -e "/# $1: running/,/lab: end/{/# $1: running/!d}" \
		-e 's,^exit.*,for word; do case $word in log:*) echo vetoed direct read > "${word#log: }";; esac; done; exit 1,' \
		"$T/bochs" > "$BIN/bochs"
	chmod +x "$BIN/bochs"
}

@test "a mutant whose guest runs code from the page ends Bochs, which is booted once more" {
	vetoing_bochs mutant_x
	lab run MACHINE=vtx
	[ "$status" = 6 ] || fail "class 6 expected"
	[[ $output == *"a mutant's guest ran code"*"; kept as "*"/lost/"*", booted once more"* ]] || fail "the output does not say so"
	[ "$(find "$BUILD"/6.1-vtx-x86_64-plain/results -name boot.json | wc -l)" = 2 ] || fail "two boots expected"
}

@test "Bochs ended the same way by the series is not booted again" {
	vetoing_bochs works
	lab run MACHINE=vtx
	[ "$status" = 6 ] || fail "class 6 expected"
	[[ $output != *"booted once more"* ]] || fail "booted again"
}

@test "Ctrl-C during a boot of a Bochs that ignores signals" {
	blocking bochs
	start run MACHINE=vtx
	at_work "$T/reached"
	ctrl_c
	interrupted boot
}

# --- counting instructions ---------------------------------------------------------

@test "MACHINE=icount runs suites, with one CPU and results of its own" {
	sed 's/^/# counts instructions\n/' "$HOUSE/configs/x86_64.qemu" > "$HOUSE/configs/icount.qemu"
	watch_over "$HOUSE"
	lab run MACHINE=icount CPUS=2
	refused 2 'CPUS=2: MACHINE=icount has one CPU; x86 does not boot there with more$'
	lab run MACHINE=icount ARCH=powerpc
	refused 2 'MACHINE=icount is an x86_64 machine: it has no ARCH=powerpc$'
	lab run MACHINE=icount
	good
	[[ $output == *"x86_64 plain (1 CPUs, series full, machine icount)"* ]] || fail "the output does not say so"
	[ -e "$BUILD/6.1-x86_64-plain-icount/latest/summary.json" ] || fail "no result of its own"
}

# --- devices -----------------------------------------------------------------------

@test "MACHINE=smmu is an arm64 machine, with suites of its own" {
	lab run MACHINE=smmu ARCH=x86_64
	refused 2 'MACHINE=smmu is an arm64 machine: it has no ARCH=x86_64$'
	lab mutants MACHINE=smmu
	refused 2 'make mutants does not support MACHINE=smmu; make run and make tree do$'
	lab run MACHINE=smmu
	refused 2 'SUITE=_smmu_\* matches no suite; there are: mini'
}

@test "make cost refuses what it cannot compare" {
	lab cost MACHINE=qemu
	refused 2 'MACHINE=qemu counts no instructions: make cost needs MACHINE=icount$'
	lab cost FLAVOUR=kasan
	refused 2 'FLAVOUR=kasan costs more than the series: make cost needs FLAVOUR=plain$'
	lab cost SERIES=none
	refused 2 'make cost compares the series with its base: leave out SERIES=none$'
	lab cost BUSTED=1
	refused 2 'make cost boots no planted bugs: leave out BUSTED=1$'
	lab cost BASE=6.12
	refused 2 'there is no series for Linux 6.12, only the suites$'
	lab cost ARCH=arm64
	refused 2 'MACHINE=icount is an x86_64 machine: it has no ARCH=arm64$'
	[ ! -e "$BUILD/cost" ]
}

@test "make matrix and make dma refuse what they cannot compare, and leave docs/ alone" {
	local target
	for target in matrix dma; do
		lab $target MACHINE=icount
		refused 2 "MACHINE=icount"
		lab $target SERIES=none
		refused 2 "make $target compares the series with its base: leave out SERIES=none\$"
		lab $target BUSTED=1
		refused 2 "make $target boots no planted bugs: leave out BUSTED=1\$"
		lab $target BASE=6.12
		refused 2 'there is no series for Linux 6.12, only the suites$'
		[ ! -e "$BUILD/$target" ]
	done
}

@test "make cost runs one kernel after another and ends with the class of the failure" {
	cp "$HOUSE/configs/x86_64.qemu" "$HOUSE/configs/icount.qemu"
	echo '# suite: _secondary_tlbs_cost' >> "$HOUSE/configs/suites.config"
	# There is no mini kernel of version 6.12.
	sed -i '/^6.12 /d' "$HOUSE/lab/data/packages"
	watch_over "$HOUSE"
	lab cost
	refused 7 '^cost: test: suite _secondary_tlbs_cost did not run; see .*/cost/.*/base$'
	sed -i 's/mini$/_secondary_tlbs_cost/' "$BIN/qemu-system-x86_64"
	lab cost
	refused 2 'kernel.tar.xz holds Linux 6.1, not 6.12$'
	[ "$(find "$BUILD"/cost/*/base "$BUILD"/cost/*/series -name summary.json | wc -l)" = 3 ] || fail "three results expected"
}

# --- two at once -------------------------------------------------------------------

@test "two runs at once in one build folder: the second is refused, the first passes" {
	mkfifo "$T/slow.tar.xz"
	start run LAB_ARCHIVE="$T/slow.tar.xz"
	exec 8> "$T/slow.tar.xz"
	lab run FLAVOUR=plain
	refused 2 "^run: another run is at work in $BUILD \(pid [0-9]+, x86_64 lockdep\): wait for it, or give BUILD= another folder$"
	lab clean
	refused 2 'another run is at work'
	cat "$ARCHIVE" >&8
	exec 8>&-
	ended
	good
	passes
}

# --- paths and terminals -----------------------------------------------------------

@test "BUILD with spaces, or with what make or the shell reads, is refused and not made" {
	local one
	for one in ' ' : % '&' ']' \\ '"' "'" '`'; do
		lab run BUILD="$T/my${one}build"
		refused 2 "the kernel's own Makefile takes no path with spaces or one of .*; give BUILD= a folder without them$"
		[ ! -e "$T/my${one}build" ] || fail "it was made"
	done
	lab run BUILD=/proc/nowhere
	refused 2 'cannot make the folder BUILD=/proc/nowhere$'
	touch "$T/a file"
	lab run BUILD="$T/kernel.tar.xz"
	refused 2 'cannot make the folder BUILD=.*kernel.tar.xz$'
	passes
}

@test "a project whose own path has spaces works, with BUILD elsewhere" {
	mv "$HOUSE" "$T/my house"
	HOUSE="$T/my house"
	watch_over "$HOUSE"
	lab run BUILD=
	refused 2 "BUILD=$HOUSE/build: the kernel's own Makefile takes no path with spaces"
	assembled
	passes
	lab series
	good
	run --separate-stderr with make -C "$HOUSE" --no-print-directory tree
	good
}

@test "without a terminal the output is plain lines" {
	passes
	[ -n "$output" ]
	[[ $output =~ "build     x86_64 lockdep" ]] || fail "no step named"
	[[ ! $output =~ [$'\r\e'] ]] || fail "control characters"
}

@test "on a terminal a long step shows its time while it runs" {
	mkfifo "$T/gate" "$T/screen"
	with script -qec "'$HOUSE/lab/stage/run-step' 'a long step' '$T/log' sh -c 'read -r word < $T/gate'" \
		/dev/null > "$T/screen" < /dev/null 3>&- &
	exec 8< "$T/screen"
	# The step ends only after its time was on the screen.
	until [[ ${shown:-} =~ a\ long\ step\ +0:0[1-9] ]]; do
		IFS= read -t "$LIMIT" -r -d $'\r' -u 8 shown || fail "no time was shown"
	done
	echo on > "$T/gate"
	wait $!
	cat <&8 > "$T/rest"
	grep -qaE 'a long step +0:[0-9]+' "$T/rest" || fail "no last line"
}

# --- patches -----------------------------------------------------------------------

# not_assembled PATTERN: make tree fails with class 4, and the tree has not changed.
not_assembled() {
	watch_over "$HOUSE"
	lab tree
	refused 4 "$1"
	[ "$(git -C "$BUILD/tree-6.1" rev-parse HEAD)" = "$good_head" ] || fail "the tree moved"
	[ -z "$(git -C "$BUILD/tree-6.1" status --porcelain)" ] || fail "the tree was touched"
}

# from_good: assemble a good tree and remember it.
from_good() {
	assembled
	good_head=$(git -C "$BUILD/tree-6.1" rev-parse HEAD)
	PATCHES=$HOUSE/patches/linux-6.1
	cp -a "$HOUSE" "$T/good"
}

# mended: with the good data again, the next run recovers.
mended() {
	rm -rf "$HOUSE"
	cp -a "$T/good" "$HOUSE"
	watch_over "$HOUSE"
	assembled
	[ "$(git -C "$BUILD/tree-6.1" rev-parse HEAD)" = "$good_head" ]
}

@test "a patch that does not apply names itself, the file and the hunk" {
	from_good
	(patch 'mm: two' && hunk mm/memory.c 20 two && hunk mm/memory.c 40 two | sed '1,3d; s/line_40/line_4O/') \
		> "$PATCHES/0002-two.patch"
	not_assembled '^assemble: patches/linux-6.1/0002-two.patch does not apply: mm/memory.c, hunk 2 \(@@ -39,3 '
	(patch 'mm: two' && hunk mm/no_such.c 20 two) > "$PATCHES/0002-two.patch"
	not_assembled '0002-two.patch does not apply: mm/no_such.c: does not exist'
	# A patch that ends in the middle of a hunk.
	(patch 'mm: two' && hunk mm/memory.c 20 two | head -n 6) > "$PATCHES/0002-two.patch"
	not_assembled '0002-two.patch does not apply: corrupt patch'
	mended
}

@test "zero fuzz: a hunk whose context has changed is not applied" {
	from_good
	# Three lines of context on each side. Only the outermost differs.
	{
		patch 'mm: two'
		hunk mm/memory.c 20 two | sed '1,3!d'
		printf '%s\n' '@@ -17,7 +17,7 @@' ' int other;' ' int line_18;' ' int line_19;' '-int line_20;' \
			'+int two;' ' int line_21;' ' int line_22;' ' int line_23;'
	} > "$PATCHES/0002-two.patch"
	not_assembled '0002-two.patch does not apply: mm/memory.c, hunk 1'
	mended
}

@test "a patch that is missing or has no Subject is named" {
	from_good
	rm "$PATCHES/0002-two.patch"
	not_assembled '^assemble: patches/linux-6.1/0002-two.patch, named in patches/linux-6.1/series, is not there$'
	(patch 'mm: two' | sed /^Subject/d && hunk mm/memory.c 20 two) > "$PATCHES/0002-two.patch"
	not_assembled '^assemble: patches/linux-6.1/0002-two.patch has no Subject: line$'
	: > "$PATCHES/0002-two.patch"
	not_assembled '^assemble: patches/linux-6.1/0002-two.patch has no Subject: line$'
	mended
}

@test "a new file that joins at no step or at two, or is missing, is named" {
	from_good
	echo 'int stray;' > "$HOUSE/mm/stray.c"
	not_assembled '^assemble: mm/stray.c joins at no step: name it in an Adds: line of a patch$'
	rm "$HOUSE/mm/stray.c"
	sed -i 's/^Adds: .*/& mm/' "$PATCHES/0003-suite.patch"
	not_assembled '^assemble: mm/secondary.c joins at two steps of patches/linux-6.1/series$'
	sed -i 's/^Adds: .*/Adds: kunit mm\/gone.c/' "$PATCHES/0003-suite.patch"
	not_assembled '^assemble: patches/linux-6.1/0003-suite.patch adds mm/gone.c, which is not there$'
	mended
}

@test "a series that is missing is named" {
	from_good
	rm "$PATCHES/series"
	not_assembled '^assemble: patches/linux-6.1/series is missing$'
	mended
}

# --- configurations and suites -----------------------------------------------------

@test "an option that does not exist is named" {
	echo 'CONFIG_NO_SUCH_THING=y' >> "$HOUSE/configs/common.config"
	watch_over "$HOUSE"
	lab run
	refused 3 'these options are missing from .config: .*CONFIG_NO_SUCH_THING=y.*; see .*/build.log$'
	sed -i '$d' "$HOUSE/configs/common.config"
	watch_over "$HOUSE"
	passes
}

@test "fragments that contradict each other are refused" {
	echo '# CONFIG_KUNIT is not set' >> "$HOUSE/configs/suites.config"
	watch_over "$HOUSE"
	lab run
	refused 3 'CONFIG_KUNIT'
	sed -i '$d' "$HOUSE/configs/suites.config"
	watch_over "$HOUSE"
	passes
}

# Here the compiler is the real one.
@test "a suite with a syntax error is named, with the line" {
	echo 'int broken(void) { return }' >> "$HOUSE/kunit/mm/tests/mini_kunit.c"
	watch_over "$HOUSE"
	lab run
	refused 5 'mm/tests/mini_kunit.c:2:[0-9]+: error: .*; see .*/build.log$'
	sed -i '$d' "$HOUSE/kunit/mm/tests/mini_kunit.c"
	watch_over "$HOUSE"
	passes
}

# One option does not exist; the other belongs to another architecture.
@test "an option that the real kernel does not have is named" {
	real_house "$T/real-house" "$T/real-build"
	printf 'CONFIG_NO_SUCH_THING=y\nCONFIG_ARM64_PAN=y\n' >> "$HOUSE/configs/lockdep.config"
	watch_over "$HOUSE"
	lab tree
	good
	lab stage/build
	refused 3 '^build: these options are missing from .config: .*CONFIG_NO_SUCH_THING=y.*; see .*/build.log$'
	[[ $stderr == *CONFIG_ARM64_PAN=y* ]] || fail "only one was named"
	sed -i '/NO_SUCH_THING\|ARM64_PAN/d' "$HOUSE/configs/lockdep.config"
	watch_over "$HOUSE"
	run --separate-stderr with "$HOUSE/lab/stage/build" configure
	good
}

# --- verdicts ----------------------------------------------------------------------

@test "a failed case ends the run with class 7" {
	failing_case
	lab run
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"mini.works"* ]] || fail "the case is not named"
	untouched
	stub_machines "$BIN"
	passes
}

@test "a guest that stops half-way ends the run with class 6" {
	sed -i '/lab: end/d' "$BIN/qemu-system-x86_64"
	lab run
	[ "$status" = 6 ] || fail "class 6 expected"
	untouched
	stub_machines "$BIN"
	passes
}

# --- trees -------------------------------------------------------------------------

@test "a tree whose checkout was interrupted is completed" {
	assembled
	rm -r "$BUILD/tree-6.1/mm" "$BUILD/tree-6.1/.git"/* 2>/dev/null || :
	: > "$BUILD/tree-6.1.unfinished"
	echo half > "$BUILD/tree-6.1/Makefile"
	assembled
	[ ! -e "$BUILD/tree-6.1.unfinished" ]
	passes
}

@test "a tree that holds edits is refused, and the edits are kept" {
	assembled
	echo 'int mine;' >> "$BUILD/tree-6.1/mm/memory.c"
	echo 'int new;' > "$BUILD/tree-6.1/mm/new.c"
	watch_over "$HOUSE" "$BUILD/tree-6.1/mm"
	lab tree
	refused 4 'tree-6.1 holds edits that are in no patch \(mm/memory.c mm/new.c\): make a patch of them, or undo them$'
	lab clean
	refused 2 'tree-6.1 holds edits that are in no patch \(mm/memory.c mm/new.c\): make a patch of them, or undo them$'
	lab distclean
	refused 2 'tree-6.1 holds edits that are in no patch \(mm/memory.c mm/new.c\): make a patch of them, or undo them$'
	git -C "$BUILD/tree-6.1" checkout -q .
	rm "$BUILD/tree-6.1/mm/new.c"
	watch_over "$HOUSE"
	assembled
}

@test "a folder of the user's in the tree's place is refused and kept" {
	mkdir "$BUILD/tree-6.1"
	echo precious > "$BUILD/tree-6.1/file"
	watch_over "$HOUSE" "$BUILD/tree-6.1"
	lab tree
	refused 4 'tree-6.1 was not made by the lab: move it away$'
	lab clean
	good
	lab distclean
	good
	# So is a repository of the user's.
	git init -q "$BUILD/tree-6.1"
	watch_over "$HOUSE" "$BUILD/tree-6.1"
	lab tree
	refused 4 'was not made by the lab'
	mv "$BUILD/tree-6.1" "$T/saved"
	watch_over "$HOUSE"
	assembled
}

@test "clean and distclean remove what the lab made and nothing else" {
	passes
	lab series
	good
	mkdir "$BUILD/tree-mine" "$BUILD/6.1-notes"
	echo precious | tee "$BUILD/tree-mine/file" "$BUILD/6.1-notes/file" > "$BUILD/notes"
	watch_over "$HOUSE" "$BUILD/tree-mine" "$BUILD/6.1-notes" "$BUILD/notes"
	lab clean
	good
	[ ! -e "$BUILD/tree-6.1" ] && [ -e "$BUILD/src-6.1.git" ]
	[ -e "$BUILD/6.1-x86_64-lockdep/latest/summary.json" ] || fail "clean took the results"
	lab distclean
	good
	[ "$(cd "$BUILD" && find . -mindepth 1 -maxdepth 1 | sort | xargs)" = "./.lab ./6.1-notes ./notes ./tree-mine" ] ||
		fail "left: $(ls -A "$BUILD")"
	assembled
}
