#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The judge on recorded consoles: each way to fail, with its class (the exit status) and its
# reason. consoles/README says where the consoles come from.

setup() {
	load result.bash
}

# own_tree: this test has a kernel tree of its own, whose parser goes to $PARSER.
own_tree() {
	PARSER=$BATS_TEST_TMPDIR/tree/tools/testing/kunit
	mkdir -p "$PARSER"
	record run.json tree "\"$BATS_TEST_TMPDIR/tree\""
}

# --- a pass ------------------------------------------------------------------------

@test "a clean boot passes" {
	result pass
	judged 0
	only "passed: 7 cases"
	[ ! -e "$RES/.diags" ]
	summary 's["verdict"] == "passed" and s["class"] == "pass" and not s["reasons"]'
	summary 's["totals"] == {"cases": 8, "passed": 7, "failed": 0, "xfail": 0, "skipped": 1}'
}

@test "what a pass counted, seeded, skipped and timed is in the summary" {
	result pass
	judged 0
	summary 's["counted"][0] == {"operation": "munmap", "calls": 2, "pages": 1024,
		"changed": 512, "suite": "lab_first", "case": "counts_notifications"}'
	summary 's["seeds"][0]["seed"] == "0x5eed1234"'
	summary 's["suites"][0]["cases"][2]["reason"] == "no edu device on this machine"'
	summary 's["suites"][0]["cases"][2]["status"] == "skipped"'
	summary 'all(x["time"] is not None and x["time"] >= 0 for x in s["suites"])'
}

@test "a skipped parameter, a plain ok on 6.1, is counted as skipped" {
	result pass
	judged 0
	summary 's["suites"][0]["cases"][3]["parameters"] ==
		{"passed": 2, "failed": 0, "skipped": 1, "total": 3}'
}

@test "the words of 6.12 are understood" {
	result pass
	edit 's/^(.*\] )(    # Subtest: lab_.*)$/\1\2\n\1    # module: lab_plant_test/'
	edit 's/^(.*\] )(    1\.\.3.*)$/\1    # module: lab_plant_test\n\1\2/'
	edit 's/^(.*\] )(    ok 1 adds_up.*)$/\1    # adds_up.speed: slow\n\1\2/'
	edit 's/        ok 3 512 pages/& # SKIP no huge pages/'
	judged 0
	only "passed: 7 cases"
	summary 's["suites"][0]["cases"][3]["parameters"]["skipped"] == 1'
}

@test "the KTAP is extracted clean" {
	result pass
	judged 0
	run head -n 2 "$RES/ktap"
	[ "$output" = "$(printf 'KTAP version 1\n1..3')" ]
	run grep -c '\[ ' "$RES/ktap"
	[ "$output" = 0 ]
}

@test "the tree is not written to" {
	result pass
	own_tree
	cp "$(kernel_tree)"/tools/testing/kunit/kunit_p*.py "$PARSER"
	judged 0
	run find "$BATS_TEST_TMPDIR/tree" -name __pycache__
	[ -z "$output" ]
}

# --- class 7, test -----------------------------------------------------------------

@test "a failed case fails the run and says what it said" {
	result fail
	judged 7
	only "test: lab_plant.does_as_told failed: EXPECTATION FAILED at lib/kunit/lab_plant_test.c:184 Expected 1 + 1 == 3, but 1 + 1 == 2"
	summary '"Expected 1 + 1 == 3" in str(s["suites"][1]["cases"][1]["messages"])'
	[ -s "$RES/.diags" ]
}

# expectation CASE ADDRESS: a failed expectation of the case, before the line at the address.
expectation() {
	edit "$2"'s/^(\[[ 0-9.]+\] ).*/\1    # '"$1"': EXPECTATION FAILED at lib\/x.c:10\n\1    Expected a == b\n&/'
}

@test "a failed expectation of a case that is skipped afterwards fails the run" {
	result pass
	expectation needs_a_device '/ok 3 needs_a_device/'
	judged 7
	only 'test: failed, but the case is not "not ok": needs_a_device: EXPECTATION FAILED at lib/x.c:10'
}

@test "a failed expectation of a case that says ok, or has ended, fails the run" {
	local where

	for where in '/ok 2 does_as_told/' '/ok 3 is_after/' '/ok 3 lab_last/'; do
		result pass
		expectation does_as_told "$where"
		judged 7
		only 'test: failed, but the case is not "not ok": does_as_told: EXPECTATION FAILED at lib/x.c:10'
	done
}

@test "a failure that KUnit counts, and no result says, fails the run" {
	local line

	for line in 'lab_first: pass:3 fail:1 skip:1 total:4' 'covers_each_size: pass:2 fail:1 skip:1 total:3'; do
		result pass
		edit "s/# ${line/fail:1/fail:0}/# $line/"
		judged 7
		only "test: KUnit counts more failures than its results say: $line"
	done
}

@test "a failed expectation of a test inside a case is that case's own affair" {
	result pass
	expectation inner '/ok 2 does_as_told/'
	judged 0
}

@test "the message of KUNIT_FAIL() is quoted, another CPU's next line is not" {
	result fail
	edit 's/^(.*\] ) *Expected 1 .*$/\1planted failure/; /\] *1 \+ 1 == 2/d'
	edit 's/^(.*\] planted failure)$/\1\n[    9.000000] random: crng init done/'
	judged 7
	only "test: lab_plant.does_as_told failed: EXPECTATION FAILED at lib/kunit/lab_plant_test.c:184 planted failure"
}

@test "of a case that failed without an expectation the last message is quoted" {
	result pass
	edit 's/^(.*\] )    ok 2 does_as_told/\1    # does_as_told: counting\n\1    # does_as_told: test case timed out\n\1    not ok 2 does_as_told/'
	edit 's/\] ok 2 lab_plant/] not ok 2 lab_plant/'
	judged 7
	only "test: lab_plant.does_as_told failed: # does_as_told: test case timed out"
}

@test "an expected failure is not a failure" {
	result fail
	xfail '# a comment' 'x86_64 lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 0
	only "passed: 6 cases"
	summary 's["totals"] == {"cases": 8, "passed": 6, "failed": 0, "xfail": 1, "skipped": 1}'
	grep -q 'skipped type="xfail" message="expected failure: adds wrongly"' "$RES/junit.xml"
}

@test "an expected failure of every architecture counts here too" {
	result fail
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 0
}

@test "an expected failure of another architecture does not excuse this one" {
	result fail
	xfail 'arm64 lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 7
	summary 's["reasons"][0]["name"] == "failed-case"'
}

@test "an expected failure that passes is an unexpected success" {
	result pass
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 7
	only "test: lab_plant.does_as_told unexpected success: adds wrongly"
	summary 's["totals"]["failed"] == 1 and s["totals"]["passed"] == 6'
}

@test "an expected failure that is skipped has not failed" {
	result pass
	xfail '* lab_first.needs_a_device "no edu device"  cannot work'
	judged 7
	only "test: lab_first.needs_a_device is expected to fail, but was skipped: cannot work"
}

@test "an expected failure that no longer exists is stale" {
	result pass
	xfail 'x86_64 lab_plant.was_renamed "1 + 1 == 3"  adds wrongly'
	judged 7
	only "test: lab_plant.was_renamed is expected to fail (adds wrongly), but there is no such case"
}

@test "an expected failure of a suite that was not to run is not stale" {
	result pass
	xfail 'x86_64 _devices.upgrade "tells nobody"  tells nobody'
	record run.json filter '"[!_]*"'
	judged 0
}

@test "an expected failure of another architecture is not stale" {
	result pass
	xfail 'arm64 lab_plant.was_renamed "1 + 1 == 3"  adds wrongly'
	judged 0
}

@test "with a filter of cases an expected failure may be absent" {
	result pass
	record run.json filter '"lab_plant.does_*"'
	xfail 'x86_64 lab_plant.was_renamed "1 + 1 == 3"  adds wrongly'
	judged 0
}

@test "a suite that did not run fails the run" {
	result pass
	record run.json suites '["lab_first", "lab_plant", "lab_last", "lab_fourth"]'
	judged 7
	only "test: suite lab_fourth did not run"
}

@test "a suite missing from the KTAP's plan fails the run" {
	result pass
	edit '/# Subtest: lab_last/,/ok 3 lab_last/d'
	judged 7
	line 0 "test: 2 of 3 planned suites have a result"
	has "test: suite lab_last did not run"
}

@test "a suite that ended before its plan fails the run" {
	result pass
	edit '/    ok 2 does_as_told/d'
	judged 7
	line 0 "test: suite lab_plant: no result for case 2 of 3"
}

@test "a suite without a plan fails the run" {
	result pass
	edit '/# Subtest: lab_plant/,/ok 1 adds_up/{/1\.\.3/d}'
	judged 7
	line 0 "test: suite lab_plant has no plan"
}

@test "a KTAP without a plan fails the run" {
	result pass
	edit '/\] 1\.\.3/d'
	judged 7
	line 0 "test: the KTAP has no plan"
}

@test "a suite without its own result fails the run" {
	result pass
	edit '/\] ok 2 lab_plant/d'
	judged 7
	has "test: suite lab_plant started and has no result"
}

@test "a result beyond the plan fails the run" {
	result pass
	edit 's/^(.*\] )(ok 3 lab_last.*)$/\1\2\n\1ok 4 lab_more/'
	judged 7
	has "test: 4 of 3 planned suites have a result"
	has "test: 15 result lines, but the plans hold 14"
}

@test "a result out of order fails the run" {
	result pass
	edit 's/    ok 2 does_as_told/    ok 7 does_as_told/'
	judged 7
	has "test: the KTAP is malformed: Test: does_as_told: Expected test number 2 but found 7"
}

@test "KTAP that starts twice fails the run" {
	result pass
	edit 's/^(.*\] )(ok 3 lab_last.*)$/\1\2\n\1KTAP version 1\n\11..0/'
	judged 7
	line 0 "test: the KTAP started 2 times"
}

@test "no case at all fails the run" {
	result pass
	record run.json suites '[]'
	edit '/\] 1\.\.3/s/1\.\.3/1..0/; /    KTAP version/,/ok 3 lab_last/d'
	judged 7
	has "test: no test case ran"
}

@test "nothing but skipped cases fails the run" {
	result pass
	edit 's/^(.*    )ok ([0-9]) ([a-z_]+)(\r?)$/\1ok \2 \3 # SKIP no reason\4/'
	judged 7
	has "test: no test case ran: all 8 skipped"
}

@test "a kernel that runs no test at all fails the run" {
	result disabled
	judged 7
	line 0 "test: no KTAP on the console"
	has "test: suite lab_first did not run"
	has "test: no test case ran"
}

@test "a suite that failed without a failed case fails the run" {
	result pass
	edit 's/\] ok 2 lab_plant/] not ok 2 lab_plant/'
	judged 7
	only "test: suite lab_plant failed although none of its cases did"
}

@test "a suite whose init failed fails the run" {
	result pass
	edit '/\] ok 1 lab_first/,/\] ok 2 lab_plant/{/\] ok [12] lab/!d}; s/\] ok 2 lab/] not ok 2 lab/'
	judged 7
	has "test: suite lab_plant failed although none of its cases did"
	has "test: suite lab_plant did not run"
}

@test "KTAP on which the kernel's parser gives up fails the run as a test" {
	result pass
	edit '/# Subtest: lab_plant/,/\] ok 2 lab_plant/{/\] ok 2/!d}; s/\] ok 2 lab/] not ok 2 lab/'
	judged 7
	[[ $output == *"test: the KTAP is malformed: kunit_parser gave up: "* ]]
}

@test "a suite that says ok over a failed case fails the run" {
	result fail
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	edit 's/\] not ok 2 lab_plant/] ok 2 lab_plant/'
	judged 7
	only "test: suite lab_plant says ok although a case failed"
}

@test "a failed parameter fails its case" {
	result pass
	edit 's/        ok 2 2 pages/        not ok 2 2 pages/'
	judged 7
	line 0 "test: lab_first.covers_each_size failed"
}

@test "a result cut by another CPU's line is missing" {
	result pass
	edit 's/^(.*)    ok 2 does_as_told/\1    ok 2 does_a[    9.123456] pci 0000:00:01.0: hello/'
	judged 7
	has "test: suite lab_plant: no result for case 2 of 3"
	run cat "$RES/summary.json"
	[[ $output == *'"cut-line"'* ]]
	[[ $output != *'"does_a'* ]]
}

@test "a result torn over two lines is missing" {
	result pass
	edit 's/^(.*)    ok 2 does_as_told/\1    ok 2 does_as[    9.123456] other cpu\n_told/'
	judged 7
	has "test: cannot be read: _told"
	has "test: suite lab_plant: no result for case 2 of 3"
}

@test "a result whose tail went to a line of its own is not guessed" {
	result pass
	edit 's/^(.*)    ok 2 does_as_told/\1    ok 2 does_as\n_told/'
	judged 7
	only "test: cannot be read: _told"
}

@test "a line that looks like a result and is none is not overlooked" {
	result pass
	edit 's/        ok 3 512 pages/        not ok 3 512#pages/'
	judged 7
	only "test: cannot be read: [    1.966092]         not ok 3 512#pages"
}

@test "a skip that says not ok is no skip" {
	result pass
	edit 's/    ok 3 needs_a_device/    not ok 3 needs_a_device/'
	judged 7
	has "test: cannot be read: [    1.958365]     not ok 3 needs_a_device # SKIP no edu device on this machine"
}

@test "whole lines of other CPUs between results do no harm" {
	result pass
	edit 's/^(.*\] )(    ok 2 does_as_told.*)$/\1pci 0000:00:01.0: ok 9 not a result\n\1\2\n\1random: crng init done/'
	judged 0
}

@test "a counted line that cannot be read fails the run" {
	result pass
	edit 's/pages=1024 changed=512/pages=1024 chan/'
	judged 7
	only "test: cannot be read: # counts_notifications: counted: munmap calls=2 pages=1024 chan"
}

# --- class 8, splat ----------------------------------------------------------------

@test "a lockdep splat fails the run, and the case it failed is listed too" {
	result inversion
	judged 8
	line 0 "splat: WARNING: possible circular locking dependency detected"
	has "splat: lockdep switched itself off (debug_locks=0 at the end)"
	[[ ${lines[*]} == *"test: lab_plant.is_after_the_plant failed"* ]]
	summary 's["reasons"][0]["name"] == "lockdep" and s["reasons"][0]["line"] > 0'
}

@test "a lockdep splat after a passing suite fails the run" {
	result inversion
	edit 's/not ok/ok/; s/fail:1/fail:0/; /lab: end/s/debug_locks=0/debug_locks=1/; /EXPECTATION FAILED/d'
	judged 8
	only "splat: WARNING: possible circular locking dependency detected"
}

@test "lockdep that ran out of room fails the run" {
	result depth
	judged 8
	line 0 "splat: BUG: MAX_LOCK_DEPTH too low!"
	has "splat: turning off the locking correctness validator."
	has "splat: lockdep switched itself off (debug_locks=0 at the end)"
}

@test "lockdep off at the end fails the run although no line says why" {
	result pass
	edit 's/debug_locks=1/debug_locks=0/'
	judged 8
	only "splat: lockdep switched itself off (debug_locks=0 at the end)"
}

@test "lockdep asked for but absent at the end fails the run" {
	result pass
	edit 's/debug_locks=1/debug_locks=-/'
	judged 8
	only "splat: lockdep switched itself off (debug_locks=- at the end)"
}

@test "a kernel without lockdep has nothing to switch off" {
	result pass
	edit 's/debug_locks=1/debug_locks=-/'
	echo 'CONFIG_KUNIT=y' >"$RES/.config"
	judged 0
}

@test "sleeping in atomic context fails the run" {
	result sleep
	judged 8
	line 0 "splat: BUG: sleeping function called from invalid context at lib/kunit/lab_plant_test.c:86"
}

@test "a WARN in a worker thread fails the run, with its message" {
	result warn
	judged 8
	[[ ${lines[0]} == "splat: WARNING: CPU: "*"warn_in_worker"*": planted in a worker" ]]
	has "splat: tainted: TAINT_WARN (bit 9)"
	[ "${#lines[@]}" -eq 2 ]
}

@test "a KCSAN report in a passing run fails it" {
	result race
	echo 'CONFIG_KUNIT=y' >"$RES/.config"
	judged 8
	[[ ${lines[0]} == "splat: BUG: KCSAN: data-race in racer"* ]]
	summary 's["reasons"][0]["name"] == "KCSAN" and s["totals"]["failed"] == 0'
}

@test "a KASAN report fails the run" {
	result uaf
	echo 'CONFIG_KUNIT=y' >"$RES/.config"
	judged 8
	[[ ${lines[0]} == "splat: BUG: KASAN: use-after-free in plant_uaf"* ]]
	summary 's["reasons"][0]["name"] == "KASAN"'
}

@test "alike splats are one reason with a count" {
	result pass
	edit 's/^(.*\] )(ok 1 lab_first.*)$/\1\2\n\1BUG: Bad page state in process a  pfn:00001\n\1BUG: Bad page state in process a  pfn:00002/'
	judged 8
	[ "${#lines[@]}" -eq 1 ]
	summary 's["reasons"][0]["count"] == 2'
}

@test "a splat on a line that another writer began is seen" {
	result pass
	edit 's/^(.*\] random: .*)$/&/; s/^(.*\] )(ok 1 lab_first)(.*)$/\1\2\3\n\1half a li[    9.000000] refcount_t: underflow; use-after-free./'
	judged 8
	has "splat: refcount_t: underflow; use-after-free."
}

@test "a stack dump without a known head fails the run" {
	result pass
	edit 's/^(.*\] )(ok 1 lab_first.*)$/\1\2\n\1Call Trace:\n\1 dump_stack+0x10\/0x20/'
	judged 8
	only "splat: Call Trace:"
}

@test "a taint without an explanation fails the run" {
	result pass
	edit 's/tainted=262144/tainted=262656/'
	judged 8
	only "splat: tainted: TAINT_WARN (bit 9)"
}

@test "words of a splat inside KUnit's lines are no splat" {
	result pass
	edit 's/^(.*\] )(    ok 2 does_as_told.*)$/\1    # does_as_told: BUG: in name only, WARNING: too\n\1\2\n\1DEBUG: nothing; debug_locks: 1/'
	edit 's/lab_last/BUG_lab_last/'
	record run.json suites '["lab_first", "lab_plant", "BUG_lab_last"]'
	judged 0
}

@test "every known complaint is found under its name, every pattern knows one" {
	run python3 - "$LAB" "$BATS_TEST_DIRNAME/splat-lines" <<-'END'
	import pathlib, sys
	sys.path.insert(0, sys.argv[1])
	sys.dont_write_bytecode = True
	from judge import datafiles
	splats = datafiles.splats(pathlib.Path(sys.argv[1], 'data', 'splats'))
	used = set()
	for line in open(sys.argv[2]):
	    name, tab, text = line.rstrip('\n').partition('\t')
	    if not tab:
	        continue
	    rule = next((s for s in splats if s.pattern.search(text)), None)
	    used.add(rule)
	    if rule is None or rule.name != name:
	        print('not', name + ':', text)
	for rule in splats:
	    if rule not in used:
	        print('unused:', rule.pattern.pattern)
	END
	only ""
}

@test "what a healthy guest prints is no splat" {
	result pass
	grep -v '^# ' "$BATS_TEST_DIRNAME/benign-lines" | tail -n +2 |
		sed 's/^/[    0.500000] /' >"$RES/benign"
	sed -i "1r $RES/benign" "$RES/console"
	judged 0
	grep -q 'Marking clocksource' "$RES/console"
}

# --- what is allowed ---------------------------------------------------------------

@test "an allowed splat passes and is listed with its reason" {
	result warn
	echo 'x86_64 lockdep warn_in_worker|TAINT_WARN  # planted for this test' >"$RES/allow"
	judged 0 --allow "$RES/allow"
	summary 's["allowed"][0]["reason"] == "planted for this test"'
}

@test "what is allowed for another flavour or architecture is not allowed here" {
	result warn
	printf '%s\n' 'x86_64 kasan warn_in_worker|TAINT_WARN  # why' \
		'arm64 * warn_in_worker|TAINT_WARN  # why' >"$RES/allow"
	judged 8 --allow "$RES/allow"
	[ "${#lines[@]}" -eq 2 ]
}

@test "an allow line without a reason fails a run that would pass" {
	result pass
	echo 'x86_64 lockdep warn_in_worker' >"$RES/allow"
	judged 2 --allow "$RES/allow"
	only 'input: allow:1: not "ARCH FLAVOUR regex  # reason"'
	summary 's["verdict"] == "failed"'
}

@test "an allow line that allows everything fails the run" {
	result pass
	echo '* * .*  # all is well' >"$RES/allow"
	judged 2 --allow "$RES/allow"
	only "input: allow:1: the pattern matches every line"
}

@test "an allow line for an architecture that does not exist fails the run" {
	result pass
	echo 'amd64 * foo  # why' >"$RES/allow"
	judged 2 --allow "$RES/allow"
	only "input: allow:1: unknown architecture 'amd64'"
}

# --- what a case announces ---------------------------------------------------------

# announcing NAME TEXT: the case that warns says so before it does.
announcing() {
	result warn
	edit "s/^(.*\] )-+\[ cut here .*/\1    # does_as_told: announced: $1 $2\n&/"
}

@test "a splat that its case announced is no failure, nor is its taint" {
	announcing warning 'warn_in_worker+'
	judged 0
	only "passed: 7 cases"
	summary '[x["reason"] for x in s["allowed"]] == ["announced by lab_plant.does_as_told"]'
}

@test "an announced splat that does not come fails the run" {
	result pass
	edit 's/^(.*\] )    ok 2 does_as_told/\1    # does_as_told: announced: warning some_function+\n&/'
	judged 7
	only 'test: lab_plant.does_as_told announced "some_function+", which came 0 times'
}

@test "a case that failed need not have seen what it announced" {
	result fail
	edit 's/^(.*\] )    # does_as_told: EXPECTATION/\1    # does_as_told: announced: warning some_function+\n&/'
	xfail 'x86_64 lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 0
}

@test "an announced splat that comes twice fails the run" {
	announcing warning 'warn_in_worker+'
	edit '/cut here/,/end trace/{H;/end trace/{G}}'
	judged 7
	has 'test: lab_plant.does_as_told announced "warn_in_worker+", which came 2 times'
}

@test "an announcement excuses no other splat" {
	announcing warning 'other_function+'
	judged 8
	[[ ${lines[0]} == "splat: WARNING: CPU: "*"warn_in_worker"* ]] || fail_with "not said"
	has "splat: tainted: TAINT_WARN (bit 9)"
	announcing lockdep 'warn_in_worker+'
	judged 8
	[[ ${lines[0]} == "splat: WARNING: CPU: "*"warn_in_worker"* ]] || fail_with "not said"
}

@test "an announcement ends with its case" {
	result warn
	edit 's/^(.*\] )    ok 1 adds_up(\r?)$/\1    # adds_up: announced: warning warn_in_worker+\n&/'
	judged 8
	[[ ${lines[0]} == "splat: WARNING: CPU: "*"warn_in_worker"* ]] || fail_with "not said"
	has 'test: lab_plant.adds_up announced "warn_in_worker+", which came 0 times'
}

@test "an announcement that says nothing excuses nothing" {
	announcing warning ''
	judged 8
}

@test "a stack dump behind the end of an announced warning is seen" {
	announcing warning 'warn_in_worker+'
	edit 's/^(.*\] )---\[ end trace .*/&\n\1Call Trace:/'
	judged 8
	has "splat: Call Trace:"
}

# --- KVM's programs on Bochs -------------------------------------------------------

@test "a boot of KVM's programs on Bochs passes, the machine's two warnings explained" {
	on_vtx
	judged 0
	only "passed: 5 cases"
	summary 's["run"]["machine"] == "vtx" and len(s["allowed"]) == 2'
}

@test "what is allowed on Bochs is allowed nowhere else, and nothing else is on Bochs" {
	on_vtx
	record run.json machine '"svm"'
	judged 8
	[ "${#lines[@]}" -eq 3 ]
	on_vtx
	edit 's/size 2432 != kernel_size/size 2432 > kernel_size/'
	judged 8
	[[ $output == "splat: WARNING: "*"XSAVE consistency problem"* ]]
}

@test "a program that fails fails the run, one that skips says why" {
	on_vtx
	edit 's/^(.*\] )    ok 5 sync_regs/\1    # sync_regs: exit status 254\n\1    not ok 5 sync_regs/'
	edit 's/\] ok 1 kvm_selftests/] not ok 1 kvm_selftests/'
	judged 7
	only "test: kvm_selftests.sync_regs failed: # sync_regs: exit status 254"
	on_vtx
	edit 's/    ok 5 sync_regs/& # SKIP no such capability/'
	judged 7
	only "test: kvm_selftests.sync_regs skipped without permission: no such capability"
	echo 'vtx * kvm_selftests.sync_regs "no such capability"  # why' >"$RES/skips"
	judged 0
	summary 's["suites"][0]["cases"][4]["reason"] == "no such capability"'
}

@test "a Bochs that ended with QEMU's status, or could not be started, fails" {
	on_vtx
	record boot.json status 0
	judged 6
	only "boot: Bochs ended with status 0"
	record boot.json ended '"no-emulator"'
	judged 6
	only "boot: Bochs could not be started"
}

@test "the program in which the guest hangs on Bochs is named" {
	on_vtx
	sed -i '/    ok 5 sync_regs/Q' "$RES/console"
	record boot.json ended '"quiet"'
	judged 6
	[[ ${lines[0]} == "boot: no output for 60 s: the guest hung in suite kvm_selftests, 4 of 5 cases done, the last xapic_state, sync_regs running"* ]]
}

# --- class 6, boot -----------------------------------------------------------------

@test "a panic fails the run although QEMU exits 0" {
	result panic
	judged 6
	line 0 "boot: panic: planted panic"
	has 'boot: the end marker "lab: end" is missing: in suite lab_plant, 1 of 3 cases done, the last adds_up'
	has "test: 1 of 3 planned suites have a result"
	summary 's["boot"]["status"] == 0'
}

@test "a panic alone is enough" {
	result pass
	edit 's/^(lab: end.*)$/[    9.000000] Kernel panic - not syncing: late\n\1/'
	judged 6
	only "boot: panic: late"
}

@test "an oops is a splat, and the panic after it leads" {
	result null
	judged 6
	line 0 "boot: panic: Fatal exception"
	[[ ${lines[*]} == *"splat: BUG: kernel NULL pointer dereference, address: 0000000000000008"* ]]
}

@test "a guest that fell silent says how far it came" {
	result hang
	record boot.json ended '"quiet"'
	record boot.json status null
	judged 6
	[[ ${lines[0]} == "boot: no output for 60 s: the guest hung in suite lab_plant, 0 of 3 cases done (or one more: printk holds the last back); last line: [ "*"    1..3" ]]
	summary 's["reasons"][0]["name"] == "hang"'
}

@test "a guest that missed its deadline says how far it came" {
	result hang
	record boot.json ended '"deadline"'
	judged 6
	[[ ${lines[0]} == "boot: not done after 300 s: in suite lab_plant, 0 of 3 cases done (or one more: printk holds the last back); last line: "* ]]
}

@test "the case of the last message is named as running" {
	result hang
	record boot.json ended '"quiet"'
	printf '[    9.000000]     %s\n' 'ok 1 adds_up' '# does_as_told: waiting' >>"$RES/console"
	judged 6
	[[ ${lines[0]} == *"1 of 3 cases done, the last adds_up, does_as_told running (or one more: printk holds the last back); last line: [    9.000000]     # does_as_told: waiting" ]]
}

@test "a seed is not taken for the case that runs" {
	result hang
	record boot.json ended '"quiet"'
	printf '[    9.000000]     %s\n' 'ok 1 adds_up' '# seed: 0x1' >>"$RES/console"
	judged 6
	[[ ${lines[0]} == *"1 of 3 cases done, the last adds_up (or one more: printk holds the last back)"* ]]
}

@test "a boot that took longer than its deadline fails" {
	result pass
	record boot.json seconds 301
	judged 6
	[[ $output == "boot: not done after 300 s: after suite lab_last had finished; last line: "* ]]
}

@test "an interrupted boot fails" {
	result pass
	record boot.json ended '"interrupted"'
	judged 6
	[[ $output == "boot: interrupted after suite lab_last had finished; "* ]]
}

@test "a QEMU that could not be started fails" {
	result pass
	record boot.json ended '"no-emulator"'
	judged 6
	only "boot: QEMU could not be started"
}

@test "an unknown end fails" {
	result pass
	record boot.json ended '"fine"'
	judged 6
	only "boot: unknown end 'fine'"
}

@test "a QEMU that ended with another status fails" {
	result pass
	record boot.json status 1
	judged 6
	only "boot: QEMU ended with status 1"
}

@test "a boot without the end marker fails" {
	result pass
	edit '/lab: end/d'
	judged 6
	only 'boot: the end marker "lab: end" is missing: after suite lab_last had finished'
}

@test "an end marker that was cut fails" {
	result pass
	edit 's/tainted=262144/taint/'
	judged 6
	only 'boot: the end marker "lab: end" cannot be read: after suite lab_last had finished'
	edit 's/taint/tainted=262144usb 1-1: new device/'
	judged 6
	only 'boot: the end marker "lab: end" cannot be read: after suite lab_last had finished'
}

@test "an end marker without the taint that KUnit sets cannot be trusted" {
	result pass
	edit 's/tainted=262144/tainted=2/'
	judged 6
	line 0 "boot: tainted=2 lacks the bit that KUnit sets: the end marker cannot be trusted"
}

@test "two end markers fail" {
	result pass
	edit 's/^lab: end.*$/&\n&/'
	judged 6
	only "boot: 2 end markers"
}

@test "a truncated console fails" {
	result pass
	head -c -300 "$RES/console" >"$RES/short"
	mv "$RES/short" "$RES/console"
	judged 6
	[[ ${lines[0]} == 'boot: the end marker "lab: end" is missing: '* ]]
}

@test "an empty console fails" {
	result pass
	: >"$RES/console"
	judged 6
	line 0 "boot: the console is empty"
	has "test: no KTAP on the console"
}

@test "NUL bytes on the console fail" {
	result pass
	printf '\0\0\0\0' >>"$RES/console"
	judged 6
	[[ $output == "boot: 4 NUL bytes from offset "*": two writers, or a truncated file" ]]
}

@test "a guest that booted twice fails" {
	result pass
	edit 's/^(lab: end.*)$/[    0.000000] Linux version 6.1.192 again\n\1/'
	judged 6
	only "boot: the kernel started 2 times"
}

# --- class 3, configuration --------------------------------------------------------

@test "an option that did not land fails the run" {
	result pass
	printf '%s\n' 'CONFIG_KASAN=y' '# CONFIG_DEBUG_VM is not set' >>"$RES/requested.config"
	judged 3
	only "configuration: CONFIG_KASAN=y was requested, .config has CONFIG_KASAN not set"
}

@test "an option that landed although it was switched off fails the run" {
	result pass
	echo '# CONFIG_PROVE_LOCKING is not set' >>"$RES/requested.config"
	judged 3
	only "configuration: CONFIG_PROVE_LOCKING not set was requested, .config has CONFIG_PROVE_LOCKING=y"
}

@test "an option with another value fails the run" {
	result pass
	echo 'CONFIG_NR_CPUS=4' >>"$RES/requested.config"
	echo 'CONFIG_NR_CPUS=64' >>"$RES/.config"
	judged 3
	only "configuration: CONFIG_NR_CPUS=4 was requested, .config has CONFIG_NR_CPUS=64"
}

@test "the last request wins" {
	result pass
	printf '%s\n' 'CONFIG_NR_CPUS=4' 'CONFIG_NR_CPUS=8' 'CONFIG_BUG=n' >>"$RES/requested.config"
	echo 'CONFIG_NR_CPUS=8' >>"$RES/.config"
	judged 0
}

@test "a request for nothing fails the run" {
	result pass
	echo '# nothing' >"$RES/requested.config"
	judged 3
	only "configuration: requested.config asks for nothing"
}

# --- several at once ---------------------------------------------------------------

@test "boot leads splat, splat leads test, test leads configuration" {
	result fail
	echo 'CONFIG_KASAN=y' >>"$RES/requested.config"
	judged 7
	edit 's/debug_locks=1/debug_locks=0/'
	judged 8
	record boot.json status 1
	judged 6
	line 0 "boot: QEMU ended with status 1"
	line 1 "splat: lockdep switched itself off (debug_locks=0 at the end)"
	[[ ${lines[2]} == "test: lab_plant.does_as_told failed"* ]]
	[[ ${lines[3]} == "configuration: CONFIG_KASAN=y"* ]]
}

# --- input that cannot be judged: failed, exit status 2 ----------------------------

@test "each file that is missing fails the run and is named" {
	for file in console boot.json run.json .config requested.config cmdline; do
		result pass
		rm "$RES/$file"
		judged 2
		[[ $output == "input: $file: "* ]]
		summary 's["verdict"] == "failed"'
	done
}

@test "a record without a key, or that is no JSON, fails the run" {
	result pass
	echo '{}' >"$RES/boot.json"
	judged 2
	[[ $output == "input: boot.json: no ended, status, "* ]]
	echo 'nonsense' >"$RES/boot.json"
	judged 2
}

@test "a malformed pattern fails the run" {
	result pass
	printf 'bad\t(\n' >"$RES/splats"
	judged 2 --splats "$RES/splats"
	[[ $output == "input: splats:1: bad pattern: "* ]]
	echo 'no tab' >"$RES/splats"
	judged 2 --splats "$RES/splats"
	only "input: splats:1: not NAME<TAB>regex"
	: >"$RES/splats"
	judged 2 --splats "$RES/splats"
	only "input: splats: no pattern"
	judged 2 --splats "$RES/absent"
}

@test "a malformed expected failure fails the run" {
	result pass
	xfail 'x86_64 lab_plant.does_as_told'
	judged 2
	only "input: xfail:1: not 'ARCH SUITE.CASE \"text\"  reason'"
	rm "$RES/xfail"
	judged 2
}

@test "a tree without a parser fails the run" {
	result pass
	record run.json tree '"/nowhere"'
	judged 2
	only "input: no kunit_parser.py under /nowhere/tools/testing/kunit"
}

@test "a malformed request fails the run" {
	result pass
	echo 'CONFIG KASAN' >>"$RES/requested.config"
	judged 2
	only "input: requested.config:2: not an option: CONFIG KASAN"
}

@test "a judge that fails passes no run" {
	result pass
	record run.json suites 17
	judged 2
	[[ $output == "input: the judge failed: "* ]]
	summary 's["verdict"] == "failed"'
}

@test "a failure replaces the files of an earlier pass" {
	result pass
	judged 0
	edit '/lab: end/d'
	judged 6
	[ -s "$RES/.diags" ]
	summary 's["verdict"] == "failed"'
	result pass
	judged 0
	[ ! -e "$RES/.diags" ]
}

@test "a judge that is killed leaves no pass, whatever was there before" {
	result pass
	judged 0
	own_tree
	echo 'import os; os.kill(os.getpid(), 9)' >"$PARSER/kunit_parser.py"
	judged 137
	summary 's["verdict"] == "failed" and s["reasons"][0]["text"] == "the judge did not finish"'
}

@test "a parser that exits with 0 passes no run" {
	result pass
	own_tree
	echo 'raise SystemExit(0)' >"$PARSER/kunit_parser.py"
	judged 2
	[[ $output == "input: the judge failed: SystemExit"* ]]
}

@test "wrong usage is told" {
	run run_python judge
	[ "$status" -eq 2 ]
	run run_python judge /nowhere
	[ "$status" -eq 2 ]
	result pass
	judged 2 --expect nonsense
	judged 2 --expect 'boot:'
}

# --- planted bugs ------------------------------------------------------------------

@test "a planted bug that is caught for its own reason is a success" {
	result inversion
	judged 0 --expect 'splat:possible circular locking'
	only "caught as expected: splat: WARNING: possible circular locking dependency detected"
	summary 's["verdict"] == "failed" and s["expect"]["met"]'
}

@test "a planted bug is known by the name of its reason, too" {
	result hang
	record boot.json ended '"quiet"'
	judged 0 --expect 'boot:hang'
}

@test "a planted bug without a failure is an unexpected success" {
	result pass
	judged 7 --expect 'splat:possible circular locking'
	only "unexpected success: splat:possible circular locking was expected"
}

@test "a planted bug that is caught for another reason is not caught" {
	result panic
	judged 7 --expect 'boot:hung'
	only "caught for another reason: boot: panic: planted panic; expected boot:hung"
	judged 7 --expect 'splat:panic'
}

@test "a planted bug whose run cannot be judged is not caught" {
	result inversion
	rm "$RES/boot.json"
	judged 7 --expect 'splat:possible circular locking'
	[[ $output == "caught for another reason: input: boot.json: "* ]]
}

# --- the diagnosis -----------------------------------------------------------------

@test "the diagnosis shows each reason with the console around it" {
	result warn
	judged 8
	run cat "$RES/.diags"
	[[ ${lines[0]} == "== splat: WARNING: CPU: "* ]]
	[[ $output == *$'\n> '*"WARNING: CPU: "* ]]
	[[ $output == *"warn_in_worker"* ]]
	[[ $output == *"== the end of the console"* ]]
}
