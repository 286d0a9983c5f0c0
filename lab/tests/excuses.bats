#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The judge on what neither passes nor fails a run: expected failures, each with the text
# that it must show, and permitted skips.

setup() {
	load result.bash
}

# --- expected failures -------------------------------------------------------------

@test "a case that fails for another reason than the expected has failed" {
	result fail
	xfail '* lab_plant.does_as_told "out of memory"  adds wrongly'
	judged 7
	only 'test: lab_plant.does_as_told failed for another reason than the expected "out of memory": EXPECTATION FAILED at lib/kunit/lab_plant_test.c:184 Expected 1 + 1 == 3, but 1 + 1 == 2'
	summary 's["totals"]["failed"] == 1 and s["totals"]["xfail"] == 0'
}

# second_failure WORDS: the case fails by a second expectation.
second_failure() {
	edit "s/^(.*\] )    not ok 2 does_as_told/\1    # does_as_told: EXPECTATION FAILED at lib\/kunit\/lab_plant_test.c:190\n\1    $1\n&/"
}

@test "a case that fails as expected and for another reason too has failed" {
	result fail
	second_failure 'Expected 2 + 2 == 5, but'
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 7
	only 'test: lab_plant.does_as_told failed for another reason than the expected "1 + 1 == 3": EXPECTATION FAILED at lib/kunit/lab_plant_test.c:190 Expected 2 + 2 == 5, but'
}

@test "a case may have a line for each of its failures" {
	result fail
	second_failure 'Expected 2 + 2 == 5, but'
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly' 'x86_64 lab_plant.does_as_told "2 + 2 == 5"  adds worse'
	judged 0
	summary 's["suites"][1]["cases"][1]["status"] == "xfail"'
	summary 's["suites"][1]["cases"][1]["reason"] == "adds wrongly; adds worse"'
	xfail '* lab_plant.does_as_told "1 + 1 == 4"  adds wrongly' '* lab_plant.does_as_told "2 + 2 == 5"  adds worse'
	judged 7
	[[ $output == *'than the expected "1 + 1 == 4" or "2 + 2 == 5": '*"Expected 1 + 1 == 3, but"* ]] || fail_with "not said"
}

@test "a case that failed without an expectation has not failed as expected" {
	result pass
	edit 's/^(.*\] )    ok 2 does_as_told/\1    # does_as_told: test case timed out\n\1    not ok 2 does_as_told/'
	edit 's/\] ok 2 lab_plant/] not ok 2 lab_plant/'
	xfail '* lab_plant.does_as_told "timed out"  adds wrongly'
	judged 7
	only 'test: lab_plant.does_as_told failed for another reason than the expected "timed out": # does_as_told: test case timed out'
}

@test "what a case says beside its failure is not its failure" {
	result fail
	edit 's/^(.*\] )    # does_as_told: EXPECTATION/\1    # does_as_told: harmless words\n&/'
	xfail '* lab_plant.does_as_told "harmless words"  adds wrongly'
	judged 7
	[[ $output == *'another reason than the expected "harmless words"'* ]] || fail_with "not said"
}

@test "an expected failure whose text is in every failure fails the run" {
	local text
	result fail
	for text in 'EXPECTATION FAILED at ' 'FAILED at lib/kunit/lab_plant_test.c' 'calls expected, these' \
		'to be false, but is true' 'Expected' ', not ' 'lab_plant_test.c:184' 'but'; do
		xfail "* lab_plant.does_as_told \"$text\"  adds wrongly"
		judged 2
		[[ $output == "input: xfail:1: lab_plant.does_as_told: the text \"$text\" "* ]] || fail_with "not said"
	done
	xfail '* lab_plant.does_as_told "Expected 1 + 1 == 3"  adds wrongly'
	judged 0
}

@test "an expected failure without a text, or twice, fails the run" {
	result pass
	xfail '* lab_plant.does_as_told  adds wrongly'
	judged 2
	xfail '* lab_plant.does_as_told ""  adds wrongly'
	judged 2
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly' 'arm64 lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 2
	only "input: xfail:2: lab_plant.does_as_told is listed twice with this text for one architecture"
}

@test "a line for a case that is gone is stale in each suite that ran whole, whatever chose it" {
	local filter
	for filter in '"_devices"' '"lab_*"' '"_*"' null; do
		result pass
		edit 's/lab_plant/_devices/'
		record run.json suites '["lab_first", "_devices", "lab_last"]'
		record run.json filter "$filter"
		xfail 'x86_64 _devices.was_renamed "1 + 1 == 3"  adds wrongly'
		judged 7
		only "test: _devices.was_renamed is expected to fail (adds wrongly), but there is no such case"
		record run.json filter '"_devices.does_*"'
		judged 0
	done
}

@test "a line is not stale because its suite ended before the case" {
	result pass
	edit "/ok 2 does_as_told/,\$d"
	xfail 'x86_64 lab_plant.is_after_the_plant "1 + 1 == 3"  adds wrongly'
	judge
	[[ $output != *"there is no such case"* ]] || fail_with "it is called stale"
}

# --- skips -------------------------------------------------------------------------

# permits LINE...: the skips that are permitted
permits() {
	printf '%s\n' "$@" > "$RES/skips"
}

# PARAMETER: permits the recording's other skip.
PARAMETER='* * lab_first.covers_each_size "1 of 3 parameters"  # why'

@test "a skip that is not permitted fails the run" {
	result pass
	permits "$PARAMETER"
	judged 7
	only "test: lab_first.needs_a_device skipped without permission: no edu device on this machine"
}

@test "a skipped parameter that is not permitted fails the run" {
	result pass
	permits '* * lab_first.needs_* "no edu device"  # why'
	judged 7
	only "test: lab_first.covers_each_size skipped without permission: 1 of 3 parameters"
}

@test "a permission is for one reason, place, CPU, number of CPUs and flavour" {
	local other
	for other in '* * lab_first.needs_a_device "out of memory"' \
		'arm64 * lab_first.needs_a_device "no edu"' 'smmu * lab_first.needs_a_device "no edu"' \
		'x86_64 kcsan lab_first.needs_a_device "no edu"' \
		'x86_64/max * lab_first.needs_a_device "no edu"' \
		'x86_64/1-cpu * lab_first.needs_a_device "no edu"'; do
		result pass
		permits "$PARAMETER" "$other  # why"
		judged 7
		has "test: lab_first.needs_a_device skipped without permission: no edu device on this machine"
	done
	result pass
	permits "$PARAMETER" \
		'x86_64/max lockdep lab_first.needs_a_device "no edu"  # why'
	record run.json cpu '"max"'
	judged 0
	result pass
	permits "$PARAMETER" \
		'x86_64/1-cpu lockdep lab_first.needs_a_device "no edu"  # why'
	record run.json cpus 1
	judged 0
}

@test "a permission that nothing needed is stale" {
	result pass
	echo 'x86_64/usual * lab_last.* "no such path"  # why' >> "$RES/skips"
	judged 7
	only 'test: skips:3: lab_last.* may be skipped ("no such path"), but nothing was: remove the line'
}

@test "a permission for a suite or a case that was not to run is not stale" {
	result pass
	echo 'x86_64 * other_suite.* "no such path"  # why' >> "$RES/skips"
	judged 0
	echo 'x86_64 * lab_last.* "no such path"  # why' >> "$RES/skips"
	record run.json filter '"lab_*.*"'
	judged 0
}

@test "a malformed permission fails the run" {
	result pass
	permits '* * lab_first.needs_a_device "no edu device"'
	judged 2
	permits '* * lab_first "no edu device"  # why'
	judged 2
	permits '* * lab_first.needs_a_device ""  # why'
	judged 2
	permits 'amd64 * lab_first.needs_a_device "no edu device"  # why'
	judged 2
	only "input: skips:1: unknown architecture 'amd64'"
}

@test "a permission may be for one base, and for the unpatched kernel or the series alone" {
	local kernel
	result pass
	for kernel in 6.1 6.1-full '*-full'; do
		permits "$PARAMETER" "$kernel x86_64 * lab_first.needs_a_device \"no edu\"  # why"
		judged 0
	done
	for kernel in 6.12 6.1-none '*-none' 6.12-full; do
		permits "$PARAMETER" "$kernel x86_64 * lab_first.needs_a_device \"no edu\"  # why"
		judged 7
		only "test: lab_first.needs_a_device skipped without permission: no edu device on this machine"
	done
	record run.json series '"none"'
	permits "$PARAMETER" '6.1-none x86_64 * lab_first.needs_a_device "no edu"  # why'
	judged 0
	record run.json base '"6.12"'
	permits "$PARAMETER" '6.12-none x86_64 * lab_first.needs_a_device "no edu"  # why' \
		'6.1 x86_64 * lab_first.needs_a_device "no edu"  # why'
	judged 0
}

@test "a permission for another kernel is not stale, one for a kernel that is not there is refused" {
	local kernel
	result pass
	permits "$PARAMETER" '* * lab_first.needs_a_device "no edu"  # why' \
		'6.12 * * lab_last.* "no such path"  # why' '6.1-none * * lab_last.* "no such path"  # why'
	judged 0
	permits "$PARAMETER" '* * lab_first.needs_a_device "no edu"  # why' '6.1 * * lab_last.* "no such path"  # why'
	judged 7
	only 'test: skips:3: lab_last.* may be skipped ("no such path"), but nothing was: remove the line'
	for kernel in 5.4 6.1-half '*-none-none'; do
		permits "$PARAMETER" "$kernel * * lab_last.* \"no such path\"  # why"
		judged 2
		only "input: skips:2: unknown kernel '$kernel'"
	done
}
