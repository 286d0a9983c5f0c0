#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The examples of CONTRIBUTING.md, block by block. Those that need the real kernel are
# assembled and compiled, but not booted: the shim below takes the place of make run and make
# mutants. The others run on the mini kernel, to the end.
#
# Each test is a subshell and changes its own copies of helper.bash's variables:
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load mini.bash

setup_file() {
	make_template
	# kunit.py asks for the console of each architecture, and a flavour for its option.
	grep -hoE '^CONFIG_\w+=y' "$BATS_FILE_TMPDIR"/template/kernel/tools/testing/kunit/qemu_configs/*.py |
		sed 's/^CONFIG_\(.*\)=y/config \1/' >> "$BATS_FILE_TMPDIR/template/kernel/Kconfig"
	echo 'config UBSAN' >> "$BATS_FILE_TMPDIR/template/kernel/Kconfig"
}

setup() {
	new_house
	mv "$T/build" "$HOUSE/build"
	export GIT_AUTHOR_NAME=Newcomer GIT_AUTHOR_EMAIL=newcomer@localhost \
		GIT_COMMITTER_NAME=Newcomer GIT_COMMITTER_EMAIL=newcomer@localhost
}

# new_kernel VERSION: the mini kernel as Debian's package of this version.
new_kernel() {
	mkdir -p "$T/src"
	sed -i "s/^PATCHLEVEL = .*/PATCHLEVEL = ${1#*.}/" "$T/kernel/Makefile"
	archive "$T/kernel" "$T/src/linux-source-$1.tar.xz"
	sed -i "s,/usr/src,$T/src,g" "$HOUSE/lab/stage/fetch"
	ARCHIVE=
}

# stubs PROGRAM...: pretend that the packages of a new architecture are installed.
stubs() {
	local program
	printf '#!/bin/sh\nprintf installed\n' > "$BIN/dpkg-query"
	for program; do
		case $program in
		*gcc) printf '#!/bin/sh\nexec gcc "$@"\n' > "$BIN/$program" ;;
		*) cp "$BIN/qemu-system-x86_64" "$BIN/$program" ;;
		esac
	done
	chmod +x "$BIN"/*
}

# steps SECTION: run the blocks of the section, in order, until one fails.
steps() {
	local script
	script=$(python3 "$TESTS/documents.py" steps "$PROJECT/CONTRIBUTING.md" "$1") || fail "$script"
	[ -n "$script" ] || fail "the section $1 has no steps"
	run --separate-stderr env LAB_ARCHIVE="$ARCHIVE" PATH="$BIN:$PATH" LAB_TEST_MARK="$MARK" HOUSE="$HOUSE" \
		timeout "${2:-$LIMIT}" bash -ec "cd '$HOUSE'
	${shim:-}
	$script"
	[ "$status" = 0 ] || fail "a step of \"$1\" failed"
}

# passed DIR: this folder in build/ holds a run that passed.
passed() {
	grep -q '"verdict": "passed"' "$HOUSE/build/$1/latest/summary.json" || fail "no pass in $1"
}

@test "a newcomer adds an architecture" {
	stubs qemu-system-riscv64 riscv64-linux-gnu-gcc
	sed -i 's/^bzImage:.*/Image: bzImage\n> @mkdir -p $(O)\/arch\/riscv\/boot\n> cp $(O)\/arch\/x86\/boot\/bzImage $(O)\/arch\/riscv\/boot\/Image\n&/' \
		"$T/kernel/Makefile"
	new_kernel 6.1
	cp -a "$HOUSE/build/busybox-x86_64" "$HOUSE/build/busybox-riscv"
	head -n 2 "$PROJECT/configs/riscv.config" > "$HOUSE/configs/riscv.config"
	steps "An architecture"
	passed 6.1-riscv-lockdep
	# make prefixes reads a line that make run does not.
	diff <(sed -n 's/=.*//p' "$HOUSE/lab/data/arch/x86_64") <(sed -n 's/=.*//p' "$HOUSE/lab/data/arch/riscv") ||
		fail "the architecture lacks a line that x86_64 has"
	grep -qx '# riscv: 64 bits\. KVM .*' "$HOUSE/configs/riscv.config" || fail "the options of make prefixes are lost"
	lab prefixes ARCH=sparc BUILD="$HOUSE/build"
	[[ $stderr == *'choose one of: arm64 powerpc riscv x86_64 mips s390' ]] || fail "make prefixes has it twice"
}

@test "a newcomer adds a machine" {
	ARCHIVE=$T/kernel.tar.xz
	steps "A machine"
	passed 6.1-x86_64-lockdep-small
	grep -q -- '-m 1G' "$HOUSE/build/6.1-x86_64-lockdep-small/latest/cmdline" || fail "it ran on another machine"
}

@test "a newcomer adds a flavour" {
	new_kernel 6.1
	steps "A flavour"
	passed 6.1-x86_64-ubsan
}

@test "a newcomer adds a base" {
	new_kernel 6.6
	stubs
	cp "$HOUSE/patches/linux-6.1/0003-suite.patch" "$HOUSE/patches/linux-6.12/"
	echo 0003-suite.patch | tee "$HOUSE"/patches/linux-6.12/series{,.none} > /dev/null
	steps "A base"
	passed 6.6-x86_64-lockdep
}

# audited: every case of $HOUSE fails somewhere, and every mutant says how.
audited() {
	run --separate-stderr env BUILD="$HOUSE/build" PYTHONPATH="$HOUSE/lab" \
		python3 -B -m mutant.audit "$HOUSE/mutants"
	[ "$status" = 0 ] && [ -z "$stderr" ] || fail "the audit finds something"
}

# In place of a boot: assemble the tree and compile the file in question.
shim='
object() {
	local obj=build/tree-6.1/.x86_64-lockdep
	lab/make/tree && lab/stage/build configure > /dev/null &&
		command make -s -C build/tree-6.1 O="$PWD/$obj" CC="ccache gcc" HOSTCC="ccache gcc" "$1"
}
make() {
	case $* in
	"run SUITE=hello") mkdir -p build/tree-6.1/.x86_64-lockdep && object mm/tests/secondary_tlbs/dispatch/hello_kunit.o ;;
	"run SUITE=secondary_tlbs_matrix") object mm/tests/secondary_tlbs/paths/matrix_kunit.i ;;
	"mutants MUTANT="*) lab/stage/assemble "mutants/${2#MUTANT=}.patch" && grep -q "start, start" build/tree-6.1/mm/secondary_tlbs.c ;;
	*) command make --no-print-directory "$@" ;;
	esac
}'

@test "a newcomer adds and changes a patch, and adds a suite, a matrix row and a mutant" {
	local LIMIT=900
	real_house "$T/real" "$T/real/build"
	BIN=$T/none
	steps "A patch"
	grep -q '^This is a better example.$' "$HOUSE/build/tree-6.1/Documentation/mm/mmu_notifier.rst" ||
		fail "the patch is not in the tree"
	steps "A suite"
	[ -e "$HOUSE/build/tree-6.1/.x86_64-lockdep/mm/tests/secondary_tlbs/dispatch/hello_kunit.o" ] || fail "it was not compiled"
	(cd "$HOUSE" && lab/boot/suites hello > /dev/null) || fail "the judge does not expect it"
	steps "A matrix row"
	grep -q munmap_of_32_is_exact "$HOUSE/build/tree-6.1/.x86_64-lockdep/mm/tests/secondary_tlbs/paths/matrix_kunit.i" ||
		fail "the row has not become a case"
	steps "A mutant"
	audited
}

# The skips of the mini kernel are not those of the project.
@test "the skips of a newcomer's flavour are those of a kernel without KCSAN and FAILSLAB" {
	cp "$PROJECT/lab/data/skips" "$HOUSE/lab/data/skips"
	shim='make() { :; }' steps "A flavour"
	[ "$(grep -c '^x86_64 ubsan .*weak memory' "$HOUSE/lab/data/skips")" -ge 2 ] &&
		[ "$(grep -c '^\* ubsan .*FAILSLAB' "$HOUSE/lab/data/skips")" = 1 ] || fail "lines are missing"
	[ "$(diff "$PROJECT/lab/data/skips" "$HOUSE/lab/data/skips" | grep -c '^<')" = 0 ] || fail "lines have changed"
}
