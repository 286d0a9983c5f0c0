#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The progress of a long step: its time, and the number of objects that kbuild has built.
# The step waits at a fifo until the test has seen both.
#
# shellcheck disable=SC2016,SC2154

setup() {
	load helper.bash
	# The lab's scripts set this (settings.sh); here no script of theirs starts the step.
	export PYTHONDONTWRITEBYTECODE=1
	T=$BATS_TEST_TMPDIR
	mkfifo "$T/gate" "$T/screen"
	printf '%s\n' '#!/bin/sh' 'echo "  CC      mm/rmap.o"' 'echo "  LD      vmlinux.o"' \
		'echo "  AR      mm/built-in.a"' 'echo "warning:   CC"' "read -r word < '$T/gate'" > "$T/step"
	chmod +x "$T/step"
}

# shown DELIMITER: until the step's time and its three objects are on the screen.
shown() {
	exec 8< "$T/screen"
	until [[ ${line:-} =~ a\ long\ step\ +0:[0-9]{2}\ \ 3\ objects ]]; do
		IFS= read -t "$LIMIT" -r -d "$1" -u 8 line || fail "no progress was shown"
	done
	# It may end now.
	echo on > "$T/gate"
	wait $!
	cat <&8 > "$T/rest"
	grep -qaE 'a long step +0:[0-9]{2}' "$T/rest" || fail "no last line"
}

@test "without a terminal a long step prints lines" {
	LAB_PROGRESS_SECONDS=0.1 "$PROJECT/lab/stage/run-step" 'a long step' "$T/log" "$T/step" > "$T/screen" 3>&- &
	shown $'\n'
	! grep -q $'[\r\e]' "$T/rest" || fail "control characters"
	[ ! -e "$PROJECT/lab/stage/__pycache__" ] || fail "Python wrote into the project"
}

@test "on a terminal a long step shows its progress in one line" {
	script -qec "'$PROJECT/lab/stage/run-step' 'a long step' '$T/log' '$T/step'" /dev/null \
		> "$T/screen" < /dev/null 3>&- &
	shown $'\r'
	[ "$(grep -ca 'a long step' "$T/rest")" -le 1 ] || fail "more than one line"
}
