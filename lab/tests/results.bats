#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The files that a judged run leaves for other programs: summary.json as docs/summary.md
# describes it, junit.xml and kcidb.json. And what a run tells of its retries, of its
# unlisted skips and of an emulator that did not start.

setup() {
	load result.bash
}

# --- summary.json ------------------------------------------------------------------

# compared FILE...: print each key of the summaries that docs/summary.md does not have, or
# has with another type, and each of its keys that none of them has.
compared() {
	python3 - "$LAB/../docs/summary.md" "$@" <<-'END'
	import json, re, sys
	types = {'text': str, 'number': (int, float), 'bool': bool, 'null': type(None),
	         'object': dict, 'list of text': list}
	said = dict(re.findall(r'^\| `([^`]+)` \| ([a-z ]+) \|', open(sys.argv[1]).read(), re.M))
	seen, wrong = set(), set()
	def fits(value, words):
	    good = tuple(types[x] for x in words.split(' or '))
	    return isinstance(value, good) and (bool in good or not isinstance(value, bool))
	def look(path, value):
	    if path in said:
	        seen.add(path)
	        if not fits(value, said[path]):
	            wrong.add(f'{path} is {value!r}, not {said[path]}')
	    if isinstance(value, dict):
	        for key, inner in value.items():
	            look(f'{path}.{key}' if path else key, inner)
	    elif isinstance(value, list) and path not in said:
	        for inner in value:
	            look(path + '[]', inner)
	    elif path not in said:
	        wrong.add(f'{path} is not documented')
	for name in sys.argv[2:]:
	    look('', json.load(open(name)))
	wrong |= {f'{path} is documented and was not written' for path in said if path not in seen}
	print('\n'.join(sorted(wrong)))
	END
}

# summaries: judge recorded boots that together have every key.
summaries() {
	result pass
	record boot.json silent 0
	record boot.json silent_cpu null
	a_retry
	judged 0
	cp "$RES/summary.json" "$BATS_TEST_TMPDIR/1.json"
	result inversion
	judged 0 --expect 'splat:circular'
	cp "$RES/summary.json" "$BATS_TEST_TMPDIR/2.json"
	result warn
	echo 'x86_64 lockdep warn_in_worker|TAINT_WARN  # why' > "$RES/allow"
	judged 0 --allow "$RES/allow"
	cp "$RES/summary.json" "$BATS_TEST_TMPDIR/3.json"
	rm "$RES/console"
	judged 2
	cp "$RES/summary.json" "$BATS_TEST_TMPDIR/4.json"
}

@test "docs/summary.md has each key that the judge writes, and no other" {
	summaries
	run compared "$BATS_TEST_TMPDIR"/[1-4].json
	only ""
}

@test "a key that is not documented, of another type or not written any more is found" {
	local statement number
	summaries
	for statement in 's["more"] = 1' 'del s["schema"]' 's["run"]["cpus"] = "4"' 's["boot"]["status"] = True'; do
		for number in 1 2 3; do
			change "$BATS_TEST_TMPDIR/$number.json" "$statement" "$BATS_TEST_TMPDIR/wrong$number.json"
		done
		run compared "$BATS_TEST_TMPDIR"/wrong[1-3].json
		[ -n "$output" ] || fail_with "not found: $statement"
	done
}

@test "a result says what was run, also when it cannot be judged" {
	local file
	for file in - boot.json; do
		result pass
		rm -f "$RES/$file"
		judge
		summary 's["schema"] == 1 and s["run"]["started"] == "2026-01-02T03:04:05+00:00"'
		summary 's["run"]["project"] == "v1-5-gabcdef0" and s["run"]["tree_commit"] == 40 * "1"'
		summary 's["run"]["kernel_sha256"] == 64 * "3" and s["run"]["compiler"].startswith("gcc")'
		summary 's["run"]["emulator"] == {"name": "QEMU", "version": "QEMU emulator version 7.2.22"}'
	done
}

@test "a plan that does not say what was run fails the run" {
	local key
	for key in project tree_commit kernel_sha256 started retries; do
		result pass
		change "$RES/run.json" "del s['$key']"
		judged 2
		only "input: run.json: no $key"
	done
	result pass
	record run.json emulator '{"name": "QEMU", "status": 0}'
	judged 2
	only "input: run.json: emulator: no version"
}

# --- junit.xml ---------------------------------------------------------------------

# junit EXPRESSION: a Python expression on the root of junit.xml holds.
junit() {
	python3 -c '
import sys, xml.etree.ElementTree as xml
root = xml.parse(sys.argv[1]).getroot()
suites = root.findall("testsuite")
cases = root.findall("testsuite/testcase")
def properties(suite):
    return {x.get("name"): x.get("value") for x in suite.find("properties")}
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$RES/junit.xml" "$1" ||
		fail_with "not so: $1" "$(cat "$RES/junit.xml")"
}

# adds_up: the totals are those of the cases, and of the summary's tally.
adds_up() {
	junit 'root.tag == "testsuites" and int(root.get("tests")) == len(cases)'
	junit 'int(root.get("failures")) == len(root.findall(".//failure")) and root.get("errors") == "0"'
	junit 'all(int(s.get("tests")) == len(s.findall("testcase")) for s in suites)'
	junit 'all(int(s.get("failures")) == len(s.findall("testcase/failure")) for s in suites)'
	junit 'all(int(s.get("skipped")) == len(s.findall("testcase/skipped")) for s in suites)'
	junit 'abs(float(root.get("time")) - sum(float(s.get("time")) for s in suites)) < 0.001'
	junit "[len(root.findall('.//failure')), len(root.findall('.//skipped[@type=\"skip\"]'))] ==
		$(value "$RES/summary.json" '[s["tally"]["failed"], s["tally"]["skipped"]]')"
}

@test "junit.xml adds up, whatever became of the run" {
	local console
	for console in pass fail warn panic hang disabled inversion; do
		result $console
		judge
		adds_up
	done
	rm "$RES/boot.json"
	judged 2
	adds_up
}

@test "junit.xml says when, on which machine and what was run, and nothing of this host" {
	result pass
	a_retry
	judged 0
	junit '{s.get("timestamp") for s in suites} == {"2026-01-02T03:04:05"}'
	junit '{s.get("hostname") for s in suites} == {"qemu-x86_64"}'
	junit 'all(properties(s)["version"] == "6.1.192" and properties(s)["arch"] == "x86_64" and
		properties(s)["flavour"] == "lockdep" and properties(s)["machine"] == "qemu" and
		properties(s)["project"] == "v1-5-gabcdef0" and properties(s)["retries"] == "1" and
		properties(s)["emulator"].startswith("QEMU") for s in suites)'
	junit 'properties(suites[0])["retry.1"] == "emulator: the guest fell silent; kept as lost/20260102-030405-7"'
	! grep -qE "$(hostname)|$BATS_TEST_TMPDIR|/srv/me" "$RES/junit.xml" || fail_with "this host is named"
}

@test "the same case of two kernels or machines has two names in junit.xml" {
	local change
	for change in arch=arm64 flavour=kasan series=none base=6.12 machine=icount cpu=max; do
		result pass
		judged 0
		junit 'cases[0].get("classname") == "linux-6_1.x86_64-lockdep.lab_first"'
		record run.json "${change%=*}" "\"${change#*=}\""
		judge
		junit 'cases[0].get("classname") != "linux-6_1.x86_64-lockdep.lab_first"'
	done
}

@test "a case without a result, a splat and a hang are failures in junit.xml, in their own words" {
	result pass
	edit '/    ok 2 does_as_told/d'
	judged 7
	junit '[c.get("name") for c in cases if c.find("failure") is not None] ==
		["missing_case_1", "boot"]'
	result warn
	judged 8
	junit '["boot"] == [c.get("name") for c in cases if c.find("failure") is not None]'
	junit '"warn_in_worker" in root.find(".//failure").text'
	result fail
	judged 7
	junit '"Expected 1 + 1 == 3" in root.find(".//failure").text'
	result hang
	record boot.json ended '"quiet"'
	judged 6
	junit 'any("the guest hung" in x.text for x in root.findall(".//failure"))'
}

@test "a planted bug is one case, which passed if it was caught" {
	result inversion
	record run.json filter '"_busted.inversion"'
	judged 0 --expect 'splat:circular'
	junit '[(c.get("name"), len(c)) for c in cases] == [("inversion", 0)]'
	judged 7 --expect 'boot:panic'
	junit 'len(cases) == 1 and "caught for another reason" in cases[0].find("failure").text'
	adds_up
}

@test "characters that XML cannot hold do not break junit.xml" {
	result fail
	edit 's/Expected 1 \+ 1 == 3/Expected \x01<\&"]]>/'
	judged 7
	adds_up
	junit '"<&" in root.find(".//failure").text'
}

# --- kcidb.json --------------------------------------------------------------------

# kcidb_fits: kcidb.json has the form of version 5.0 of KCIDB's schema, as far as the lab
# uses it: the keys that must be there, no other ones, their patterns, and no null.
kcidb_fits() {
	python3 - "$RES/kcidb.json" <<-'END' || fail_with "not KCIDB's form" "$(cat "$RES/kcidb.json")"
	import datetime, json, re, sys
	found = json.load(open(sys.argv[1]))
	must = {'checkouts': {'id', 'origin'}, 'builds': {'checkout_id', 'id', 'origin'},
	        'tests': {'build_id', 'id', 'origin'}}
	may = {'checkouts': {'comment', 'valid', 'misc'},
	       'builds': {'architecture', 'compiler', 'config_name', 'status', 'misc'},
	       'tests': {'path', 'comment', 'status', 'waived', 'start_time', 'duration',
	                 'log_excerpt', 'environment'}}
	assert found['version'] == {'major': 5, 'minor': 0}
	assert set(found) <= {'version', *must}
	def nothing_null(value):
	    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
	    return value is not None and all(map(nothing_null, inner))
	assert nothing_null(found)
	for kind in must:
	    ids = [x['id'] for x in found[kind]]
	    assert len(set(ids)) == len(ids)
	    for x in found[kind]:
	        assert must[kind] <= set(x) <= must[kind] | may[kind], set(x)
	        assert re.fullmatch('[a-z0-9_]+', x['origin']) and x['id'].startswith(x['origin'] + ':')
	        assert x.get('status', 'PASS') in ('FAIL', 'ERROR', 'MISS', 'PASS', 'DONE', 'SKIP')
	for x in found['tests']:
	    assert x['build_id'] == found['builds'][0]['id']
	    assert re.fullmatch(r'[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*', x['path'])
	    assert datetime.datetime.fromisoformat(x['start_time']).tzinfo and x['duration'] >= 0
	    assert set(x['environment']) <= {'compatible', 'comment', 'misc'}
	    assert len(x.get('log_excerpt', '')) <= 16384
	assert all(x['checkout_id'] == found['checkouts'][0]['id'] for x in found['builds'])
	assert re.fullmatch('[a-z0-9_]*', found['builds'][0]['architecture'])
	END
}

# kcidb EXPRESSION: a Python expression on kcidb.json, which is s, holds.
kcidb() {
	[ "$(value "$RES/kcidb.json" "$1")" = true ] || fail_with "not so: $1" "$(cat "$RES/kcidb.json")"
}

@test "kcidb.json has KCIDB's form and a row for each case" {
	local console
	for console in pass fail warn hang; do
		result $console
		judge
		kcidb_fits
		kcidb "len(s['tests']) == $(grep -c '<testcase ' "$RES/junit.xml")"
	done
}

@test "kcidb.json tells passed, failed, waived, skipped and missing apart, and names a retry" {
	result fail
	a_retry
	judged 7
	kcidb 'sorted(x["status"] for x in s["tests"]) == ["FAIL"] + 6 * ["PASS"] + ["SKIP"]'
	kcidb 's["tests"][0]["environment"]["misc"]["retries"] ==
		[{"kind": "emulator", "why": "the guest fell silent"}]'
	kcidb 's["builds"][0]["misc"]["kernel_sha256"] == 64 * "3"'
	xfail '* lab_plant.does_as_told "1 + 1 == 3"  adds wrongly'
	judged 0
	kcidb '[(x["path"], x["status"]) for x in s["tests"] if "waived" in x] ==
		[("lab_plant.does_as_told", "FAIL")]'
	result pass
	edit '/    ok 2 does_as_told/d'
	judged 7
	kcidb '[x["path"] for x in s["tests"] if x["status"] == "MISS"] == ["lab_plant.missing_case_1"]'
}

@test "of a run without a kernel kcidb.json has no row" {
	result pass
	record run.json kernel_sha256 null
	judged 0
	kcidb 's == {"version": {"major": 5, "minor": 0}}'
	rm "$RES/run.json"
	judged 2
	kcidb 's == {"version": {"major": 5, "minor": 0}}'
}

# --- an emulator that did not start ------------------------------------------------

@test "the first reason is the emulator's own message when it did not start" {
	result pass
	: > "$RES/console"
	record boot.json status 1
	printf '%s\n' 'qemu-system-x86_64: warning: TCG does not support x' '' \
		'qemu: module ui-ui-gtk not found, do you want to install qemu-system-gui package?' \
		"qemu-system-x86_64: -device edu2: 'edu2' is not a valid device model name" > "$RES/emulator.err"
	judged 6
	line 0 "boot: QEMU ended with status 1: qemu-system-x86_64: -device edu2: 'edu2' is not a valid device model name"
	grep -qF "'edu2' is not a valid" "$RES/.diags" || fail_with "not in .diags"
	record boot.json ended '"no-emulator"'
	echo 'qemu-system-x86_64: Permission denied' > "$RES/emulator.err"
	judged 6
	line 0 'boot: QEMU could not be started: qemu-system-x86_64: Permission denied'
}

@test "an emulator that was killed is said to be, with its warning if it said nothing else" {
	result pass
	record boot.json status -11
	judged 6
	only "boot: QEMU was killed by signal 11"
	echo 'qemu-system-x86_64: warning: old machine' > "$RES/emulator.err"
	judged 6
	only "boot: QEMU was killed by signal 11: qemu-system-x86_64: warning: old machine"
}

@test "what an emulator says beside a good boot is no reason" {
	result pass
	echo 'qemu-system-x86_64: warning: old machine' > "$RES/emulator.err"
	judged 0
}

# --- retries and skips in the report -----------------------------------------------

@test "the report says what was repeated, why, and where the first result is" {
	result pass
	a_retry
	judged 0
	run run_python report "$RES"
	has "repeated:"
	has "  the boot, once (emulator): the guest fell silent"
	has "    the first result: /srv/me/results/lost/20260102-030405-7"
}

@test "the report prints unlisted skips as lines for lab/data/skips, which lack the reason" {
	result pass
	echo '# nothing' > "$RES/skips"
	judged 7
	run run_python report "$RES"
	has '  6.1 x86_64 lockdep lab_first.needs_a_device "no edu device on this machine"  #'
	has '  6.1 x86_64 lockdep lab_first.covers_each_size "1 of 3 parameters"  #'
	grep '  #$' <<< "$output" > "$RES/skips"
	judged 2
	sed -i 's/$/ the reason/' "$RES/skips"
	judged 0
	run run_python report "$RES"
	[[ $output != *lab/data/skips* ]] || fail_with "nothing is unlisted"
	record run.json series '"none"'
	record run.json machine '"smmu"'
	record run.json cpu '"max"'
	: > "$RES/skips"
	judge
	run run_python report "$RES"
	has '  6.1-none smmu/max lockdep lab_first.covers_each_size "1 of 3 parameters"  #'
}
