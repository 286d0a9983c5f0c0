#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# build/check/junit.xml: the results of all parts of make check in one file, which adds up
# to the gate's last line. On the mini kernel, with a short list of parts.
#
# Each test is a subshell, and changes its own copies of what helper.bash sets:
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load mini.bash

setup() {
	new_house
	printf '@test "a" { true; }\n@test "b & c" { skip "no <b>"; }\n' > "$HOUSE/lab/tests/tiny.bats"
	printf '#!/bin/sh\nexit ${GOES:-0}\n' > "$HOUSE/lab/make/goes"
	chmod +x "$HOUSE/lab/make/goes"
	echo '# suite: _busted' > "$HOUSE/configs/busted.config"
	echo 'lockdep one test suite _busted did not run' > "$HOUSE/lab/data/planted.list"
	gate_of 'tiny 1 bats:tiny' 'run 1 run BUSTED=1' 'plain 1 run FLAVOUR=plain' 'goes 1 goes'
}

# gate_of LINE...: the parts of the gate
gate_of() {
	printf '%s\n' "$@" > "$HOUSE/lab/data/gate"
	watch_over "$HOUSE"
}

# merged EXPRESSION: a Python expression on the merged junit.xml holds.
merged() {
	python3 -c '
import sys, xml.etree.ElementTree as xml
root = xml.parse(sys.argv[1]).getroot()
names = [s.get("name") for s in root]
cases = {(c.get("classname"), c.get("name")): c for c in root.iter("testcase")}
text = {name: c.find("failure").text for name, c in cases.items() if c.find("failure") is not None}
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$BUILD/check/junit.xml" "$1" ||
		fail "not so: $1" "$(cat "$BUILD/check/junit.xml")"
}

# checked STATUS TOTALS: make check ends so, and the merged file has the same totals.
checked() {
	lab check
	[ "$status" = "$1" ] || fail "class $1 expected"
	[ "$(tail -n 1 <<< "$output")" = "$2" ] || fail "the last line is not: $2"
	[[ $output != *"the gate counted"* && $stderr != *"the gate counted"* ]] || fail "it does not add up"
	read -r passed _ failed _ skipped _ <<< "$2"
	merged "int(root.get('tests')) == $passed + $failed + $skipped == len(cases)"
	merged "int(root.get('failures')) == $failed == len(root.findall('.//failure'))"
	merged "sum(int(s.get('skipped')) for s in root) == $skipped == len(root.findall('.//skipped'))"
}

@test "the results of bats, boots, planted bugs and targets are in one file that adds up" {
	checked 0 "5 passed, 0 failed, 1 skipped, 0 repeated"
	merged 'names == ["tiny", "run: mini", "run: planted", "plain: mini", "goes"]'
	merged 'set(cases) == {("lab.tiny", "a"), ("lab.tiny", "b & c"), ("lab.goes", "goes"),
		("linux-6_1.x86_64-lockdep.mini", "works"), ("linux-6_1.x86_64-lockdep.planted", "one"),
		("linux-6_1.x86_64-plain.mini", "works")}'
	merged 'root.find(".//skipped").get("message") == "no <b>"'
	merged 'all(s.get("timestamp") and s.get("hostname") for s in root)'
	[ -e "$BUILD/check/run.xml" ] && [ -e "$BUILD/check/run-planted.xml" ] || fail "no file of a part"
}

@test "failed cases, planted bugs that are not caught, and targets carry their text" {
	failing_case
	printf '@test "a" { echo why; false; }\n' > "$HOUSE/lab/tests/tiny.bats"
	printf '#!/bin/sh\nexit 5\n' > "$HOUSE/lab/make/goes"
	echo 'lockdep one boot no such reason' > "$HOUSE/lab/data/planted.list"
	watch_over "$HOUSE"
	checked 7 "0 passed, 5 failed, 0 skipped, 0 repeated"
	merged '"why" in text["lab.tiny", "a"]'
	merged '"caught for another reason" in text["linux-6_1.x86_64-lockdep.planted", "one"]'
	merged 'text["lab.goes", "goes"] == "goes ended with status 5"'
	# The end of the output has each of them once more, with the first lines of its text.
	local ends=${output##*The gate took}
	[ "$(grep -c '^failed: ' <<< "$ends")" = 5 ] || fail "five failures expected at the end"
	grep -qx 'failed: tiny: a: failed' <<< "$ends" && grep -qx '    why' <<< "$ends" || fail "without its text"
}

@test "a part without a result, and one that fails beside its cases, is a failure of its own" {
	# No build: no planted bug is booted either.
	echo 'int broken(void) { return }' >> "$HOUSE/kunit/mm/tests/mini_kunit.c"
	printf '@test "a" { true; }\nexit 3\n' > "$HOUSE/lab/tests/tiny.bats"
	gate_of 'tiny 1 bats:tiny' 'plain 1 run FLAVOUR=plain'
	checked 7 "0 passed, 2 failed, 0 skipped, 0 repeated"
	merged 'text["lab.plain", "plain"] == "run ended with status 5"'
	sed -i '$d' "$HOUSE/kunit/mm/tests/mini_kunit.c"
	sed -i 's/lab: errors 0/BUG: Bad page state in process a\n&/' "$BIN/qemu-system-x86_64"
	gate_of 'plain 1 run FLAVOUR=plain'
	checked 7 "1 passed, 1 failed, 0 skipped, 0 repeated"
	merged '"Bad page state" in text["linux-6_1.x86_64-plain.lab", "boot"]'
}

@test "a splat beside a failed case is counted too" {
	failing_case
	sed -i 's/lab: errors 0/BUG: Bad page state in process a\n&/' "$BIN/qemu-system-x86_64"
	gate_of 'plain 1 run FLAVOUR=plain'
	checked 7 "0 passed, 2 failed, 0 skipped, 0 repeated"
}

@test "a lost boot that is repeated is no failure, the second one of a gate is one" {
	gate_of 'one 1 run' 'two 1 run FLAVOUR=plain'
	losing_qemu 1
	checked 0 "2 passed, 0 failed, 0 skipped, 1 repeated"
	losing_qemu 1 3
	checked 7 "1 passed, 1 failed, 0 skipped, 1 repeated"
	merged '"int3: 0000" in text["linux-6_1.x86_64-plain.lab", "boot"]'
}

@test "a planted bug whose boot was not judged, or failed all the same, is a failure with its log's end" {
	mkdir -p "$T/planted/two"
	printf 'one\nboot: no such suite\n' > "$T/planted/one.log"
	printf '%s\n' '  lost: the guest fell silent; not booted once more' > "$T/planted/two.log"
	printf '%s\n' 'one 2' 'two 6' > "$T/planted/list"
	echo '<testsuites><testsuite name="planted" failures="0"/></testsuites>' > "$T/planted/two/junit.xml"
	PYTHONPATH=$HOUSE/lab python3 -B -m report.planted_junit "$T/planted"
	grep -q '<failure type="MISS" message="the boot ended with status 2">boot: no such suite<' "$T/planted/junit.xml" &&
		grep -q 'status 6">  lost: the guest fell silent; not booted once more<' "$T/planted/junit.xml" ||
		fail "not said" "$(cat "$T/planted/junit.xml")"
}

@test "a merged file that does not add up to the gate's totals is told" {
	mkdir "$T/check"
	printf 'goes\tgoes\t0\t1\t2026-01-02T03:04:05\n' > "$T/check/parts"
	run --separate-stderr env PYTHONPATH="$HOUSE/lab" python3 -B -m report.gate_junit "$T/check" 2 0 0
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $stderr == "check: "*"has 1 passed, 0 failed, 0 skipped; the gate counted 2 passed, 0 failed, 0 skipped" ]] ||
		fail "not said"
}
