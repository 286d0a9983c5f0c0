#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# An output that is closed, full or not read to its end: one line at most, no traceback, a
# status that is no pass, no emulator left behind, and the lock is free. Of the lab's
# programs in Python, and of a whole run on helper.bash's mini kernel.
#
# Each test is a subshell, and changes its own copies of what helper.bash sets:
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load mini.bash

# python REDIRECTION MODULE ARGUMENT...: one of the lab's programs with such an output.
python() {
	local to=$1
	shift
	run --separate-stderr bash -c "PYTHONPATH=\$0/lab exec python3 -B -m \"\$@\" $to" "$HOUSE" "$@"
}

# one_line STATUS PATTERN: this status, and one line that says why.
one_line() {
	[ "$status" = "$1" ] || fail "status $1 expected"
	[ "$(grep -c . <<< "$stderr")" = 1 ] && [[ $stderr =~ $2 ]] || fail "one line expected: $2"
}

@test "a program whose output is closed or full says so in a line" {
	local module
	printf 'killed\t1\tmm/one\tmini.works\n' > "$T/list"
	for module in report.mutant_table boot.machine mutant.choose; do
		python '>&-' $module "$T/list"
		one_line 2 '^[a-z]+: standard output is closed$'
	done
	python '> /dev/full' report.mutant_table "$T/list"
	one_line 2 '^mutants: cannot write: No space left on device$'
	python '' report.mutant_table "$T/nowhere"
	one_line 2 "^mutants: $T/nowhere: No such file or directory$"
}

@test "a program whose reader has gone says nothing" {
	local pipe=$T/pipe
	mkfifo "$pipe"
	printf 'killed\t1\tmm/one\tmini.works\n' > "$T/list"
	# The reader has opened the pipe and closed it before the program prints.
	exec 7<> "$pipe"
	exec 8> "$pipe" 7>&-
	python '>&8' report.mutant_table "$T/list"
	[ "$status" = 141 ] && [ -z "$stderr" ] || fail "status 141 and no word expected"
}

@test "every program in Python of the lab's packages ends so" {
	local file
	for file in $(cd "$PROJECT" && grep -lE '^if __name__ == ' -r lab/{boot,judge,mutant,report} --include=*.py); do
		grep -qE '^    sys\.exit\(output\.run\(' "$PROJECT/$file" || fail "$file does not"
	done
	[ -n "$file" ] || fail "there is none"
}

@test "a boot whose output is full or closed ends, and so does its emulator" {
	passes
	mkdir "$T/again"
	cp "$BUILD/6.1-x86_64-lockdep/latest/run.json" "$T/again"
	LAB_TEST_MARK=$MARK PATH=$BIN:$PATH python '> /dev/full' boot.launch "$T/again"
	one_line 2 '^boot: standard output takes nothing any more: No space left on device$'
	LAB_TEST_MARK=$MARK PATH=$BIN:$PATH python '>&-' boot.launch "$T/again"
	one_line 2 '^boot: standard output is closed$'
	nobody_left
}

@test "an emulator that cannot be started is the first reason, in the system's words" {
	passes
	mkdir "$T/world"
	find /usr/bin /usr/sbin ! -name 'qemu-system-*' -exec ln -sf -t "$T/world" {} +
	rm "$BIN/qemu-system-x86_64"
	run --separate-stderr with PATH="$BIN:$T/world" "$HOUSE/lab/boot/boot-and-judge" "$T/result" '*' boot
	[ "$status" = 6 ] || fail "class 6 expected"
	[ "$(head -n 1 "$T/result/verdict")" = \
		"boot: QEMU could not be started: qemu-system-x86_64: No such file or directory" ] ||
		fail "another reason" "$(cat "$T/result/verdict")"
}

@test "make run with a closed output is refused in a line" {
	run --separate-stderr bash -c 'exec "$@" >&-' - env BUILD="$BUILD" LAB_ARCHIVE="$ARCHIVE" \
		PATH="$BIN:$PATH" "$HOUSE/lab/make/run"
	refused 2 '^run: standard output is closed$'
	[ ! -e "$BUILD/tree-6.1" ] || fail "it ran"
}

@test "make run | head -1 ends, without a traceback; the next run goes on" {
	run --separate-stderr bash -c '"$@" | head -1; exit "${PIPESTATUS[0]}"' - env BUILD="$BUILD" \
		LAB_ARCHIVE="$ARCHIVE" PATH="$BIN:$PATH" LAB_TEST_MARK="$MARK" "$HOUSE/lab/make/run"
	[ "$status" != 0 ] || fail "nobody saw it, and it passed"
	[ "$(grep -c . <<< "$stderr")" -le 1 ] && [[ $stderr != *Traceback* ]] || fail "more than one line"
	nobody_left
	passes
}

@test "the report's output is full: a line, and the class is not that of a pass" {
	passes
	python '> /dev/full' report "$BUILD/6.1-x86_64-lockdep/latest"
	one_line 2 '^report: cannot write: No space left on device$'
}

@test "a result folder on a full disk: a line, no traceback, and the emulator ends" {
	passes
	may_mount || skip "this user cannot mount a file system"
	mkdir "$T/small"
	mount -t tmpfs -o size=16k none "$T/small"
	cp "$BUILD/6.1-x86_64-lockdep/latest/run.json" "$T/small"
	head -c 16384 /dev/zero > "$T/small/full" 2> /dev/null || :
	LAB_TEST_MARK=$MARK PATH=$BIN:$PATH python '' boot.launch "$T/small"
	umount "$T/small"
	one_line 2 '^boot: .*No space left on device$'
	nobody_left
}
