#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The judge on what does not pass and is no failure: cases that must fail, each with the
# text it must show, and skips, each with a permission.

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

@test "what a case says beside its failure is not its failure" {
	result fail
	edit 's/^(.*\] )    # does_as_told: EXPECTATION/\1    # does_as_told: harmless words\n&/'
	xfail '* lab_plant.does_as_told "harmless words"  adds wrongly'
	judged 7
	[[ $output == *'another reason than the expected "harmless words"'* ]] || fail_with "not said"
}

@test "an expected failure without a text, or twice, fails the run" {
	result pass
	xfail '* lab_plant.does_as_told  adds wrongly'
	judged 2
	xfail '* lab_plant.does_as_told ""  adds wrongly'
	judged 2
	xfail '* lab_plant.does_as_told "a"  adds wrongly' 'arm64 lab_plant.does_as_told "b"  adds wrongly'
	judged 2
	only "input: xfail:2: lab_plant.does_as_told is listed twice for one architecture"
}

# --- skips -------------------------------------------------------------------------

# permits LINE...: the skips that are permitted
permits() {
	printf '%s\n' "$@" > "$RES/skips"
}

@test "a skip that is not permitted fails the run" {
	result pass
	permits '* * lab_first.covers_each_size "1 of 3 parameters"  # why'
	judged 7
	only "test: lab_first.needs_a_device skipped without permission: no edu device on this machine"
}

@test "a skipped parameter that is not permitted fails the run" {
	result pass
	permits '* * lab_first.needs_* "no edu device"  # why'
	judged 7
	only "test: lab_first.covers_each_size skipped without permission: 1 of 3 parameters"
}

@test "a permission is for one reason, place, CPU and flavour" {
	local other
	for other in '* * lab_first.needs_a_device "out of memory"' \
		'arm64 * lab_first.needs_a_device "no edu"' 'smmu * lab_first.needs_a_device "no edu"' \
		'x86_64 kcsan lab_first.needs_a_device "no edu"' \
		'x86_64/max * lab_first.needs_a_device "no edu"'; do
		result pass
		permits '* * lab_first.covers_each_size "1 of 3 parameters"  # why' "$other  # why"
		judged 7
		has "test: lab_first.needs_a_device skipped without permission: no edu device on this machine"
	done
	result pass
	permits '* * lab_first.covers_each_size "1 of 3 parameters"  # why' \
		'x86_64/max lockdep lab_first.needs_a_device "no edu"  # why'
	record run.json cpu '"max"'
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
