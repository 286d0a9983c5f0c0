#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The report on judged runs, and the tables that compare kernels.

setup() {
	load result.bash
}

# reported STATUS [ARGUMENT...]: judge, then run the report on the folder
reported() {
	local want=$1

	shift
	judge
	run run_python report "$RES" "$@"
	ended "$want"
}

# ended STATUS: what was run last
ended() {
	[ "$status" -eq "$1" ] || fail_with "exit status $status, expected $1"
}

# row WORD...: some line holds these words in this order, and nothing else
row() {
	local each
	local -a words

	for each in "${lines[@]}"; do
		read -ra words <<<"$each"
		[ "${words[*]}" != "$*" ] || return 0
	done
	fail_with "no row: $*"
}

@test "a pass shows its suites, skips, counts, seeds and where it lies" {
	result pass
	reported 0
	line 0 "Linux 6.1.192 x86_64 lockdep (4 CPUs, series full)"
	row suite cases passed failed expected skipped time
	[[ $output =~ lab_first\ +4\ +3\ +0\ +0\ +1\ +[0-9]+\.[0-9][0-9]s ]]
	[[ $output =~ all\ +8\ +7\ +0\ +0\ +1\ + ]]
	has "  lab_first.needs_a_device: no edu device on this machine"
	has "  lab_first.covers_each_size: 1 of 3 parameters"
	row operation calls pages changed pages/changed
	row munmap 2 1024 512 2.00
	row mprotect 1 3 3 1.00
	has "  0x5eed1234  lab_first.counts_notifications"
	has "verdict: passed"
	has "results: $(cd "$RES" && pwd)"
	[[ $output != *"why it failed"* ]]
}

@test "a failure shows the failed case, what it said, why, and where to look" {
	result fail
	reported 1
	has "  lab_plant.does_as_told: failed"
	[[ $output == *"Expected 1 + 1 == 3, but"* ]]
	has "why it failed:"
	has "verdict: FAILED (test)"
	has "look at .diags first, then at console"
}

@test "an expected failure is shown with its reason and counts as nothing" {
	result fail
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	reported 0 --totals
	has "expected failures:"
	has "  lab_plant.does_as_told: adds wrongly"
	[ "${lines[-1]}" = "6 passed, 0 failed, 1 skipped" ]
}

@test "--totals ends with the totals, and only --totals prints them" {
	result pass
	reported 0 --totals
	[ "${lines[-1]}" = "7 passed, 0 failed, 1 skipped" ]
	reported 0
	[[ $output != *" passed, "*" failed, "* ]]
}

@test "a run that failed without a failed case still counts one failure" {
	result warn
	reported 1 --totals
	[ "${lines[-1]}" = "7 passed, 1 failed, 1 skipped" ]
	[[ $output == *"splat: WARNING: CPU: "* ]]
}

@test "a suite that never ran is a row of its own" {
	result pass
	record run.json suites '["lab_first", "lab_fourth"]'
	reported 1
	row lab_fourth 0 0 0 0 0 -
}

@test "several runs get a table each and a sum" {
	result pass
	cp -r "$RES" "$BATS_TEST_TMPDIR/good"
	run_python judge "$BATS_TEST_TMPDIR/good" --skips "$RES/skips"
	result fail
	reported 1 "$BATS_TEST_TMPDIR/good" --totals
	row run cases passed failed expected skipped verdict
	row good 8 7 0 0 1 passed
	row res 8 6 1 0 1 test
	row all 16 13 1 0 2 1 of 2 good
	[ "${lines[-1]}" = "13 passed, 1 failed, 2 skipped" ]
}

@test "a planted bug that was caught is good" {
	result inversion
	judge --expect 'splat:circular'
	run run_python report "$RES" --totals
	[ "$status" -eq 0 ]
	has "caught as expected: splat: WARNING: possible circular locking dependency detected"
	[ "${lines[-1]}" = "1 passed, 0 failed, 0 skipped" ]
}

@test "a planted bug that was not caught is not good" {
	result pass
	judge --expect 'splat:circular'
	run run_python report "$RES" --totals
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
}

@test "a folder that nobody judged is an error" {
	result pass
	run run_python report "$RES"
	[ "$status" -ne 0 ]
	[[ $output == "report: $RES: not judged: "* ]]
}

@test "no line is wider than 100 columns" {
	result inversion
	edit "s/lab_first/a_suite_with_a_very_long_name_that_would_never_fit_into_a_column_of_any_sensible_width_at_all/"
	edit "s/no edu device on this machine/$(printf 'a word %.0s' {1..40})/"
	COLUMNS=200 reported 1
	for each in "${lines[@]}"; do
		# A line for lab/data/skips must stay whole.
		[ "${#each}" -le 100 ] || [[ $each == results:* || $each == *'  #' ]] || fail_with "too wide: $each"
	done
}

@test "no colour without a terminal, nor with NO_COLOR on one" {
	result pass
	reported 0
	[[ $output != *$'\033'* ]]
	run script -qec "NO_COLOR=1 PYTHONPATH=$LAB python3 -B -m report $RES" /dev/null
	[[ $output != *$'\033'* ]]
	run script -qec "env -u NO_COLOR PYTHONPATH=$LAB python3 -B -m report $RES" /dev/null
	[[ $output == *$'\033[32mverdict: passed'* ]]
}

@test "each form of the APIC test has a line with its moves and its reads" {
	on_vtx
	sed -i '/ok 3 vmx_apic_access/i [   14.655500]     # vmx_apic_access: way=apicv form=two mutant=none moves=7 reloads=9 reads=5000 mismatches=0 episodes=0 seconds=4' "$RES/console"
	reported 0
	has "APIC-access page moved:"
	row way form mutant moves reloads reads mismatches episodes
	row apicv two none 7 9 5000 0 0
}

# --- the table of costs ------------------------------------------------------------

# cost_of KERNEL LINE...: a judged boot that counted this.
cost_of() {
	mkdir -p "$BATS_TEST_TMPDIR/cost/$1"
	python3 - "$BATS_TEST_TMPDIR/cost/$1/summary.json" "${@:2}" <<-'END'
	import json, sys
	said = [f"# cost: {line}" for line in sys.argv[2:]]
	json.dump({"run": {"version": "6.1.192"}, "suites": [{"cases": [{"messages": said}]}]}, open(sys.argv[1], "w"))
	END
}

# costs STATUS: the table of the three
costs() {
	run run_python report.cost_table "$BATS_TEST_TMPDIR/cost"
	ended "$1"
}

@test "costs are compared by operation and subscriber" {
	cost_of base 'munmap-1 subscriber=none instructions=1000' 'munmap-1 subscriber=secondary instructions=1000'
	cost_of series 'munmap-1 subscriber=none instructions=990' 'munmap-1 subscriber=secondary instructions=1200'
	cost_of upstream 'munmap-1 subscriber=none instructions=1980' 'munmap-1 subscriber=secondary instructions=1000'
	costs 0
	row munmap-1 none 1000 990 1980 0.9900 0.5000
	row munmap-1 secondary 1000 1200 1000 1.2000 1.2000
	has "verdict: passed"
}

@test "make cost fails if an mm without a secondary TLB pays more than on the base" {
	cost_of base 'munmap-1 subscriber=none instructions=1000' 'fork-1 subscriber=range instructions=1000'
	cost_of series 'munmap-1 subscriber=none instructions=1000' 'fork-1 subscriber=range instructions=1100'
	cost_of upstream 'munmap-1 subscriber=none instructions=1000' 'fork-1 subscriber=range instructions=1000'
	costs 7
	row munmap-1 none 1000 1000 1000 1.0000 1.0000
	row fork-1 range 1000 1100 1000 1.1000 1.1000 more
	has "verdict: FAILED: 1 cost more than the base"
}

@test "kernels that did not count the same cannot be compared" {
	cost_of base 'munmap-1 subscriber=none instructions=1000'
	cost_of series 'munmap-1 subscriber=none instructions=1000'
	cost_of upstream
	costs 2
	has "cost: not the same operations were counted on: upstream"
	cost_of base
	cost_of series
	costs 2
}

# --- the table of paths ------------------------------------------------------------

# row_of RUN STATUS [REASON [MESSAGE]]: a judged boot with one path, that told 2 / 32 of
# 16 pages.
row_of() {
	mkdir -p "$BATS_TEST_TMPDIR/matrix/$1"
	python3 - "$BATS_TEST_TMPDIR/matrix/$1/summary.json" "$2" "${3:-}" "${4:-}" <<-'END'
	import json, sys
	suite, path = "secondary_tlbs_matrix", {"operation": "munmap", "suite": "secondary_tlbs_matrix"}
	case = {"name": "munmap_is_exact", "status": sys.argv[2], "reason": sys.argv[3],
	        "messages": [sys.argv[4]]}
	json.dump({"run": {"version": "6.1.192"}, "suites": [{"name": suite, "cases": [case]}],
	           "counted": [] if sys.argv[3] else [{**path, "calls": 2, "pages": 32, "changed": 16}]},
	          open(sys.argv[1], "w"))
	END
}

@test "paths stand beside each other, with what fails, was skipped and did not run" {
	row_of base-x86_64 xfail
	row_of series-x86_64 passed '' '# munmap_is_exact: more: it has a hole'
	row_of series-powerpc skipped 'no such path'
	run run_python report.matrix_table "$BATS_TEST_TMPDIR/matrix"
	ended 0
	has "## x86_64"
	has "| path | 6.1.192 | upstream | 6.1.192 series |"
	has "| munmap | 2 / 32 / 16 fails | not run | 2 / 32 / 16 [1] |"
	has "1. it has a hole"
	has "| munmap | not run | not run | [1] |"
	has "1. no such path"
	[[ $output != *arm64* ]] || fail_with "arm64 did not run"
}

@test "without a run there is no table of paths" {
	mkdir "$BATS_TEST_TMPDIR/matrix"
	run run_python report.matrix_table "$BATS_TEST_TMPDIR/matrix"
	ended 2
	only "matrix: no judged run in $BATS_TEST_TMPDIR/matrix"
}

# --- the table of devices ----------------------------------------------------------

# dma_of KERNEL SUITE STATUS [CONSOLE]: a judged run of one case.
dma_of() {
	mkdir -p "$BATS_TEST_TMPDIR/dma/$1"
	printf '{"run": {"version": "6.1.192"}, "suites": [{"name": "%s", "cases": [{"name": "case", "status": "%s"}]}]}' \
		"$2" "$3" > "$BATS_TEST_TMPDIR/dma/$1/summary.json"
	printf '%s\n' "${4:-}" > "$BATS_TEST_TMPDIR/dma/$1/console"
}

@test "what devices see stands beside the mutants that it kills" {
	mkdir "$BATS_TEST_TMPDIR/mutants"
	echo "Kills: _smmu_paths.case" > "$BATS_TEST_TMPDIR/mutants/blunt.patch"
	dma_of base _smmu_paths xfail "[1] # x: commands: munmap by_va=2 by_asid=0 atc=0 sync=2"
	dma_of base-dirty _dirty_smmu xfail
	dma_of series _smmu_paths passed "[1] # _smmu_paths: 7 DMA transfers, 3 of them faulted"
	dma_of series-dirty _dirty_smmu passed "[1] # _dirty_smmu: 5 DMA transfers, 1 of them faulted"
	run run_python report.dma_table "$BATS_TEST_TMPDIR/dma" "$BATS_TEST_TMPDIR/mutants"
	ended 0
	has "| operation | 6.1.192 | upstream | 6.1.192 series |"
	has "| munmap | 2 / 0 / 0 / 2 | not run | - |"
	has "| _smmu_paths.case | fails | not run | ok | blunt |"
	has "| _dirty_smmu.case | fails | not run | ok |  |"
	has "| _smmu_paths | - | not run | 7 / 3 |"
	has "| _dirty_smmu | - | not run | 5 / 1 |"
}

@test "without a run there is no table of devices" {
	mkdir "$BATS_TEST_TMPDIR/dma"
	run run_python report.dma_table "$BATS_TEST_TMPDIR/dma" "$BATS_TEST_TMPDIR/dma"
	ended 2
	only "dma: no judged run in $BATS_TEST_TMPDIR/dma"
}
