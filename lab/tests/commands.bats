#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The command lines of the documents, on the mini kernel with emulators that only print. Each
# is run as it is written, but make prefixes: of that only the check of its variables runs here,
# and prefixes.bats runs the rest. A command that this file cannot run fails the test of its
# document. The blocks of CONTRIBUTING.md are for contributing.bats.
#
# Each test is a subshell and changes its own copies of helper.bash's variables:
# shellcheck disable=SC2016,SC2030,SC2031,SC2153,SC2154

# make matrix builds nine kernels.
LIMIT=${LIMIT:-900}
load mini.bash

# The suites of the mini kernel are those that the documents name.
SUITES=(mini kvm_slot_page secondary_tlbs_matrix secondary_tlbs_random)
UNDERSCORED=(_secondary_tlbs_cost _smmu_paths _dirty_smmu)

# machine: an emulator that prints the console of a guest with the suites that its command
# line chooses.
machine() {
	cat <<-END
	#!/bin/bash
	words="\$*"
	glob=\${words##*kunit.filter_glob=} glob=\${glob%%[ .]*}
	suites=()
	for suite in ${SUITES[*]} ${UNDERSCORED[*]} _busted; do
	    [[ \$suite == \$glob ]] && suites+=("\$suite")
	done
	[[ \$words != *lab.machine=* ]] || suites=(kvm_selftests)
	# Bochs gets the kernel's command line in a file.
	[[ \$0 != */bochs ]] || suites=(kvm_selftests)
	say() { printf '[    1.%06d] %s\n' \$((++time)) "\$1"; }
	# The judge takes lines with the same time for one message.
	also() { printf '[    1.%06d] %s\n' "\$time" "\$1"; }
	boot() {
	    say "Linux version 6.1.192"
	    say "KTAP version 1"
	    say "1..\${#suites[@]}"
	    for i in "\${!suites[@]}"; do
	        case=works ok=ok
	        [ "\${suites[i]}" != _busted ] || case=failing_case ok='not ok'
	        say "    KTAP version 1"
	        say "    # Subtest: \${suites[i]}"
	        say "    1..1"
	        [ "\$ok" = ok ] || say "    # \$case: EXPECTATION FAILED at mm/tests/mini.c:7"
	        [ "\$ok" = ok ] || also "    Expected planted failure"
	        say "    # cost: munmap-1 subscriber=none instructions=1000"
	        say "    # counted: munmap calls=1 pages=16 changed=16"
	        say "    \$ok 1 \$case"
	        say "\$ok \$((i + 1)) \${suites[i]}"
	    done
	    say "lab: errors 0"
	    say "lab: end debug_locks=1 tainted=262144"
	}
	for word; do [[ \$word != com1:* ]] || port=\${word##*dev=}; done
	if [[ \$0 == */bochs ]]; then boot > "\$port"; exit 1; fi
	boot
	END
}

# mutants_of HOUSE: a mutant in each folder that the documents name, and the case that kills it.
mutants_of() {
	local folder
	mini_suite "$1" works
	rm -rf "${1:?}"/mutants
	for folder in dispatch kvm; do
		mini_mutant "$1/mutants/$folder/wrong.patch" 'Kills: mini.works' 'Words: planted failure'
	done
}

# other_kernels: what the mini kernel lacks for these commands: 6.12, the other architectures,
# and the machines smmu and icount.
other_kernels() {
	local template=$BATS_FILE_TMPDIR/template house=$BATS_FILE_TMPDIR/template/house arch image
	sed -i 's/^bzImage:.*/Image vmlinux: bzImage\n> @mkdir -p $(O)\/arch\/arm64\/boot\n> cp $(O)\/arch\/x86\/boot\/bzImage $(O)\/arch\/arm64\/boot\/Image\n> cp $(O)\/arch\/x86\/boot\/bzImage $(O)\/vmlinux\n&/' \
		"$template/kernel/Makefile"
	# kunit.py asks for the console of each architecture.
	grep -hoE '^CONFIG_\w+=y' "$template"/kernel/tools/testing/kunit/qemu_configs/*.py |
		sed 's/^CONFIG_\(.*\)=y/config \1/' >> "$template/kernel/Kconfig"
	mkdir "$template/src"
	archive "$template/kernel" "$template/src/linux-source-6.1.tar.xz"
	cp -a "$template/kernel" "$template/linux-6.1.y"
	sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 12/' "$template/kernel/Makefile"
	archive "$template/kernel" "$template/src/linux-source-6.12.tar.xz"
	cp "$house/patches/linux-6.1/0003-suite.patch" "$house/patches/linux-6.12/"
	echo 0003-suite.patch | tee "$house"/patches/linux-6.12/series{,.none} > /dev/null
	printf '# suite: %s\n' "${SUITES[@]}" "${UNDERSCORED[@]}" >> "$house/configs/suites.config"
	mutants_of "$house"
	echo '# suite: _busted' > "$house/configs/busted.config"
	echo '* failing_case test planted failure' > "$house/lab/data/planted.list"
	for arch in x86_64:x86_64 arm64:aarch64 powerpc:ppc64; do
		image=${arch#*:} arch=${arch%:*}
		printf 'qemu-system-%s -cpu max\n' "$image" > "$house/configs/$arch.qemu"
		machine > "$template/bin/qemu-system-$image"
		cp -a "$template/build/busybox-x86_64" "$template/build/busybox-$arch" 2>/dev/null || :
	done
	machine > "$template/bin/bochs"
	cp "$house/configs/x86_64.qemu" "$house/configs/icount.qemu"
	echo '# devices' > "$house/configs/smmu.qemu"
	chmod +x "$template"/bin/*
	printf 'run 1 run\n' | tee "$house/lab/data/gate" > "$house/lab/data/nightly"
	mv "$template/build" "$house/build"
}

setup_file() {
	make_template
	other_kernels
}

setup() {
	new_house
	sed -i "s,/usr/src,$T/src,g" "$HOUSE/lab/stage/fetch"
}

# typed COMMAND: run it in the project's folder, as a reader's shell does.
typed() {
	run --separate-stderr env HOME="$T" PATH="$BIN:$PATH" LAB_TEST_MARK="$MARK" \
		GIT_COMMITTER_NAME=Reader GIT_COMMITTER_EMAIL=reader@localhost \
		timeout "$LIMIT" bash -c "cd '$HOUSE' && $1"
}

# failing_cases: from now on each case fails, as under a mutant.
failing_cases() {
	sed -i 's/case=works ok=ok$/case=works ok="not ok"/' "$BIN"/qemu-system-*
}

# only_checked COMMAND TEXT: it refuses a value with this message.
only_checked() {
	typed "$1"
	[ "$status" = 2 ] && [[ $stderr == *"$2"* ]] || fail "not refused: $1"
}

# follow COMMAND DOCUMENT: run a command of a document. Fails if it is not listed here.
follow() {
	local command=$1
	case $command in
	"make mutants"*) failing_cases ;;
	"make shell") command="script -qec '$command' /dev/null < /dev/null" ;;
	# It needs a kernel of another kind. Here only the check of its variables runs.
	"make prefixes"*) only_checked "$command SERIES=none" 'make prefixes is about the series' || return; return ;;
	"make matrix" | "make dma" | "make cost" | "make help" | "make boots"* | "make run"* | "time make run"* | "make check" | "make nightly"* | "make tree"* | "make series"* | \
		"make clean" | "make distclean" | .ci/run) ;;
	"git -C "*" am "* | "git -C "*" fetch "*) typed 'make series' && readers_checkout ;;
	*) fail "this test cannot run: $command" || return ;;
	esac
	typed "$command"
	[ "$status" = 0 ] || fail "$2: $command" || return
	stub_again
}

# readers_checkout: the reader's own kernel is in git.
readers_checkout() {
	[ ! -e "$T/linux-6.1.y/.git" ] || return 0
	git -C "$T/linux-6.1.y" init -q
	git -C "$T/linux-6.1.y" add -Af
	git -C "$T/linux-6.1.y" -c user.name=A -c user.email=a@localhost commit -qm base
}

stub_again() { cp -a "$BATS_FILE_TMPDIR/template/bin/." "$BIN"; }

# document FILE...: run each of their commands, each once for all documents.
document() {
	local file command seen done=0
	while IFS=$'\t' read -r file command <&3; do
		seen=$BATS_FILE_TMPDIR/seen-$(printf '%s' "$command" | sha256sum | cut -c1-16)
		[ ! -e "$seen" ] || continue
		follow "$command" "$file" || return
		touch "$seen"
		done=$((done + 1))
	done 3< <(cd "$PROJECT" && python3 lab/tests/documents.py commands "$@")
}

@test "a command that this file cannot run is found" {
	printf 'Read on:\n\n    make something-new\n' > "$T/new.md"
	run -1 document "$T/new.md"
	[[ $output == *"this test cannot run: make something-new"* ]] || fail "not found"
	printf '```\nmake run NOSUCH=1\n```\n' > "$T/new.md"
	run -1 document "$T/new.md"
	[[ $output == *"unknown variable: NOSUCH"* ]] || fail "not run"
}

@test "the commands of the README work as written" {
	[ "$(cd "$PROJECT" && python3 lab/tests/documents.py commands README.md | wc -l)" -ge 10 ] || fail "none found"
	document README.md
}

@test "the commands of make help work as written" {
	document lab/make/help.txt
}

@test "the commands of lab/README.md, CONTRIBUTING.md and CHANGELOG.md work as written" {
	document lab/README.md CONTRIBUTING.md CHANGELOG.md
}

@test "the commands of docs/ work as written" {
	local files
	mapfile -t files < <(cd "$PROJECT" && ls docs/*.md)
	document "${files[@]}"
}

# values NAME: the values of a variable in make help, which has NAME=A|B|C.
values() { sed -nE "s/^ +.*\b$1=([A-Za-z0-9_.|]+).*/\1/p" "$PROJECT/lab/make/help.txt" | head -n 1 | tr '|' '\n'; }

@test "make help lists exactly the values that are accepted" {
	local name
	for name in BASE ARCH MACHINE QEMU LENGTH FLAVOUR SERIES; do
		typed "$name=no-such-value lab/boot/suites '*'"
		[ "$status" = 2 ] || fail "$name accepts any value"
		diff <(values $name | sort) <(tr ' ' '\n' <<< "${stderr#*choose one of: }" | sort) ||
			fail "make help has other values for $name"
	done
}

@test "the good run in the README is the report of the recorded run" {
	cp "$PROJECT/README.md" "$T/README.md"
	sed -i '/^<!-- transcript -->$/a not this' "$T/README.md"
	cp -r "$TESTS/good-run" "$T/result"
	PYTHONPATH=$PROJECT/lab python3 -B -m report.transcript "$T/result" "$T/record" "$T/README.md"
	diff "$PROJECT/README.md" "$T/README.md" || fail "README differs"
	diff -r "$TESTS/good-run" "$T/record" || fail "the record differs"
	grep -q '^verdict: passed$' "$T/README.md" || fail "the recorded run has not passed"
}
