#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Which emulator boots the guest, when a boot is repeated, and what a run says when the
# emulator itself failed. On the mini kernel, with stubs for emulators.
#
# Each test is a subshell, and changes its own copies of what helper.bash sets:
# shellcheck disable=SC2030,SC2031,SC2154

load mini.bash

# --- QEMU= -------------------------------------------------------------------------

# archive_has [VERSION]: an apt-get whose mirror has QEMU packages of this version, or none.
# Its arguments are kept in $T/asked.
archive_has() {
	local root=$T/package
	mkdir -p "$root/DEBIAN" "$root/usr/bin"
	printf 'Package: qemu-system-x86\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: none\n' \
		> "$root/DEBIAN/control"
	{
		# shellcheck disable=SC2016 # it expands there
		printf '#!/bin/sh\n[ "$1" != --version ] || { echo "QEMU emulator version %s"; exit; }\n' "${1:-}"
		printf 'printf "%%s\\n" "$@" > "%s/words"\n' "$T"
		sed 1d "$BIN/qemu-system-x86_64"
	} > "$root/usr/bin/qemu-system-x86_64"
	chmod +x "$root/usr/bin/qemu-system-x86_64"
	dpkg-deb -b "$root" "$T/qemu.deb" > /dev/null
	cat > "$BIN/apt-get" <<-END
	#!/bin/bash
	case " \$* " in
	*" indextargets "*) printf '%s\n' 'sid sid main $T/elsewhere' 'bookworm bookworm main $T/mirror' ;;
	*" update "*)
		printf '%s\n' "\$@" > $T/asked
		for word; do [[ \$word != Dir::Etc::SourceParts=* ]] || cat "\${word#*=}"/* >> $T/asked; done ;;
	*" download "*)
		[ -n "${1:-}" ] || { echo 'E: Unable to locate package qemu-system-x86' >&2; exit 100; }
		cp $T/qemu.deb . ;;
	*) exit 99 ;;
	esac
	END
	chmod +x "$BIN/apt-get"
}

@test "QEMU=10.0 runs in place, from the machine's own mirror, and is fetched once" {
	archive_has 10.0.2
	passes QEMU=10.0
	[[ $output == *"  qemu      10.0 "* ]] || fail "the fetch is not shown"
	[ -x "$BUILD/qemu-10.0/usr/bin/qemu-system-x86_64" ] || fail "not unpacked in the build folder"
	grep -qx "URIs: $T/mirror" "$T/asked" || fail "another mirror" "$(cat "$T/asked")"
	grep -qx 'Suites: bookworm-backports' "$T/asked" || fail "another suite"
	grep -qx "Dir::State=$BUILD/qemu-10.0.apt" "$T/asked" || fail "apt's own folders were used"
	[ "$(head -n 2 "$T/words" | paste -sd ' ')" = "-L $BUILD/qemu-10.0/usr/share/qemu" ] || fail "its own data do not come first"
	rm "$BIN/apt-get"
	passes QEMU=10.0
	[[ $output != *"  qemu "* ]] || fail "fetched again"
}

@test "a QEMU that cannot be fetched, has another version or does not run: one line, nothing is built" {
	archive_has
	lab run QEMU=10.0
	refused 2 "^qemu: cannot download QEMU 10.0 from Debian's bookworm-backports: E: Unable to locate package qemu-system-x86; see .*/qemu-10.0.log$"
	archive_has 10.1.0
	lab run QEMU=10.0
	refused 2 "^qemu: QEMU 10.0 of Debian's bookworm-backports does not run here: QEMU emulator version 10.1.0$"
	[ ! -e "$BUILD/tree-6.1" ] || fail "it went on"
	sed -i 's/bookworm/sid/g' "$BIN/apt-get"
	rm -rf "$BUILD/qemu-10.0"
	lab run QEMU=10.0
	refused 2 "^qemu: cannot download QEMU 10.0 .*: apt: apt's sources name no mirror of Debian 12 \(bookworm main\); see "
	lab run QEMU=9
	refused 2 'QEMU=9 is unknown; choose one of: 7.2 10.0$'
	passes
}

# --- when a boot is repeated -------------------------------------------------------

# dying_qemu TEXT [always [COMMAND]]: the first boot ends with this text after the kernel's
# first line, and the second one is good. With "always" every boot ends so, after COMMAND.
dying_qemu() {
	mv "$BIN/qemu-system-x86_64" "$T/qemu"
	{
		# shellcheck disable=SC2016 # it expands there
		printf '#!/bin/sh\n[ "$1" != --version ] || exit 0\n'
		[ "${2:-}" = always ] || printf 'mv "%s" "%s"\n' "$T/qemu" "$BIN/qemu-system-x86_64"
		printf "cat <<'END'\n[    0.1] Linux version 6.1.192\n%s\nEND\n%s\n" "$1" "${3:-}"
	} > "$BIN/qemu-system-x86_64"
	chmod +x "$BIN/qemu-system-x86_64"
}

# not_repeated: the boot failed, and was not booted once more.
not_repeated() {
	[ "$status" = 6 ] || fail "class 6 expected"
	[[ $output != *"booted once more"* ]] || fail "booted again"
}

INT3='[    1.0] int3: 0000 [#1] PREEMPT SMP'

@test "a boot that died of an int3 before the first suite is repeated, and every result says so" {
	dying_qemu "$INT3"$'\n''[    1.0] RIP: 0010:enqueue_timer+0x20/0x100'
	passes
	[[ $output == *"lost: the guest ended before its first suite"*"booted once more"* ]] || fail "not said"
	[[ $output == *"repeated:"*"the first result: $BUILD/6.1-x86_64-lockdep/results/lost/"* ]] || fail "not reported"
	cd "$BUILD/6.1-x86_64-lockdep/latest"
	grep -A 9 '"retries": \[' summary.json | grep -q '"kind": "emulator"' || fail "not in summary.json"
	grep -q '<property name="retry.1" value="emulator: the guest ended .*; kept as lost/' junit.xml || fail "not in junit.xml"
	grep -A 9 '"retries": \[' kcidb.json | grep -q '"kind": "emulator"' || fail "not in kcidb.json"
}

@test "a boot that died in a function of the series is not repeated" {
	printf 'int secondary;\nint secondary_tlbs_call(int a)\n{\n\treturn a;\n}\n' > "$HOUSE/mm/secondary.c"
	watch_over "$HOUSE"
	dying_qemu "$INT3"$'\n''[    1.0] RIP: 0010:secondary_tlbs_call.part.0+0x20/0x100'
	lab run
	not_repeated
}

@test "a boot is not repeated if git cannot tell the functions of the series" {
	dying_qemu "$INT3" always "git -C $BUILD/tree-6.1 update-ref -d refs/heads/base"
	lab run
	not_repeated
	[[ $stderr == "retry: cannot tell whether the emulator lost the boot: git diff: fatal: "* ]] || fail "not said"
}

@test "a boot is not repeated if the series has no function to look for" {
	echo 'int secondary;' > "$HOUSE/mm/secondary.c"
	watch_over "$HOUSE"
	dying_qemu "$INT3" always
	lab run
	not_repeated
	[[ $stderr == "retry: cannot tell whether the emulator lost the boot: "*"no function of the series"* ]] || fail "not said"
}

@test "a boot that fell silent after the first suite began is not repeated" {
	mkfifo "$T/never"
	dying_qemu '[    1.0]     # Subtest: mini' always "read -r word < $T/never"
	lab run QUIET=2
	not_repeated
}

@test "a second lost boot of one gate fails" {
	dying_qemu '[    0.4] Running RCU-tasks wait API self tests'
	echo 'an earlier boot' > "$T/retries"
	lab run LAB_RETRIES="$T/retries"
	[ "$status" = 6 ] || fail "class 6 expected"
	[[ $output == *"not booted once more: it is the second one of this gate"* ]] || fail "not said"
}

@test "a silent Bochs that uses CPU time runs a guest that hangs: not repeated" {
	sed -i -e '/    ok 1 works/,/lab: end/d' -e 's,^exit.*,while :; do :; done,' "$BIN/bochs"
	lab run MACHINE=vtx QUIET=4
	not_repeated
}
