#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Which emulator boots the guest, when a boot is repeated, and what is said when the
# emulator itself is to blame. The kernel is helper.bash's mini kernel, the emulators
# are stubs.
#
# Each test is a subshell, and changes its own copies of what helper.bash sets:
# shellcheck disable=SC2030,SC2031,SC2154

setup_file() {
	load helper.bash
	make_template
}

setup() {
	load helper.bash
	new_house
	unset QEMU LAB_RETRIES
}

teardown() {
	end_started
}

# --- QEMU= -------------------------------------------------------------------------

# archive_has [VERSION]: an apt-get whose mirror has QEMU packages of this version;
# without one it has none. What it was asked for is in $T/asked.
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
	*" indextargets "*) printf '%s\n' 'sid sid main http://elsewhere' 'bookworm bookworm main $T/mirror' ;;
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

@test "a QEMU that is not to be had, of another version or broken: one line, before anything is built" {
	archive_has
	lab run QEMU=10.0
	refused 2 "^qemu: QEMU 10.0 could not be had from Debian's bookworm-backports: E: Unable to locate package qemu-system-x86; see .*/qemu-10.0.log$"
	archive_has 10.1.0
	lab run QEMU=10.0
	refused 2 "^qemu: QEMU 10.0 of Debian's bookworm-backports does not run here: QEMU emulator version 10.1.0$"
	[ ! -e "$BUILD/tree-6.1" ] || fail "it went on"
	sed -i 's/bookworm/sid/g' "$BIN/apt-get"
	rm -rf "$BUILD/qemu-10.0"
	lab run QEMU=10.0
	refused 2 "^qemu: QEMU 10.0 could not be had .*: apt: apt's sources name no mirror of Debian 12 \(bookworm main\); see "
	lab run QEMU=9
	refused 2 'QEMU=9 is unknown; choose one of: 7.2 10.0$'
	passes
}
