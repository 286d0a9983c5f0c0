# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # status, output and lines are bats'
#
# Sourced by the tests of the judge and of the report. It makes a result folder around a
# recorded console, as lab/boot/launch.py leaves one. The folder passes; a test then
# breaks one thing in it.

LAB=$(cd "$BATS_TEST_DIRNAME/.." && pwd)

# run_python MODULE ARGUMENT...: as lab/settings.sh has it.
run_python() { PYTHONPATH=$LAB python3 -B -m "$@"; }

# kernel_tree: a kernel tree with a kunit_parser for the judge: LAB_KERNEL, or an assembled one
kernel_tree() {
	local tree

	for tree in ${LAB_KERNEL:+"$LAB_KERNEL"} "$LAB"/../build/*/ "$LAB"/../build/*/*/; do
		if [ -f "$tree/tools/testing/kunit/kunit_parser.py" ]; then
			(cd "$tree" && pwd)
			return
		fi
	done
	echo "no kernel tree: set LAB_KERNEL" >&2
	return 1
}

# result [CONSOLE]: $RES around consoles/CONSOLE (default: pass)
result() {
	local tree
	tree=$(kernel_tree) || return
	RES=$BATS_TEST_TMPDIR/res
	mkdir -p "$RES"
	cp "$BATS_TEST_DIRNAME/consoles/${1:-pass}" "$RES/console"
	# The consoles were recorded before the guest listed the errors of its kernel's log.
	edit 's/^(.*\] )?lab: end .*/\1lab: errors 0\n&/'
	cat >"$RES/boot.json" <<-END
	{"ended": "exit", "status": 0, "seconds": 6.5,
	 "quiet_limit": 60, "deadline": 300}
	END
	cat >"$RES/run.json" <<-END
	{"base": "6.1", "version": "6.1.192", "series": "full", "arch": "x86_64", "machine": "qemu",
	 "emulator": {"name": "QEMU", "version": "QEMU emulator version 7.2.22", "status": 0},
	 "started": "2026-01-02T03:04:05+00:00", "project": "v1-5-gabcdef0", "retries": [],
	 "tree_commit": "$(printf '1%.0s' {1..40})", "base_commit": "$(printf '2%.0s' {1..40})",
	 "compiler": "gcc (Debian 12.2.0-14) 12.2.0", "kernel_sha256": "$(printf '3%.0s' {1..64})",
	 "flavour": "lockdep", "cpu": null, "cpus": 4, "suite_glob": null, "seed": null,
	 "suites": ["lab_first", "lab_plant", "lab_last"],
	 "tree": "$tree", "xfail": null, "filter": null}
	END
	# The skips of the recorded suites.
	cat >"$RES/skips" <<-END
	* * lab_first.needs_a_device "no edu device"  # the recording's machine has none
	* * lab_first.covers_each_size "1 of 3 parameters"  # one size is not there
	END
	echo 'CONFIG_KUNIT=y' >"$RES/requested.config"
	printf 'CONFIG_KUNIT=y\nCONFIG_PROVE_LOCKING=y\n' >"$RES/.config"
	echo 'qemu-system-x86_64' >"$RES/cmdline"
}

# an_error LEVEL TEXT [SED_ADDRESS]: the kernel logged TEXT at a time of its own. The console
# shows it before the line at the address (default: the second suite's end), the guest lists it.
an_error() {
	local count where=${3:-/\] ok 2 lab_plant/}
	count=$(grep -ac 'lab: error ' "$RES/console" || :)
	sed -i "${where}s/^/[    7.00000$count] $2\n/" "$RES/console"
	edit "s/^(.*\] )?lab: errors .*/\1lab: error $1 7.00000$count $2\n\1lab: errors $((count + 1))/"
}

# record FILE KEY JSON: set one key of a record of the folder
record() {
	python3 - "$RES/$1" "$2" "$3" <<-'END'
	import json, sys
	path, key, value = sys.argv[1:]
	found = json.load(open(path))
	found[key] = json.loads(value)
	json.dump(found, open(path, 'w'))
	END
}

# value FILE EXPRESSION: print a Python expression on the JSON s of a file, as JSON
value() {
	python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))
print(json.dumps(eval("(" + sys.argv[2] + ")")))' "$1" "$2"
}

# change FILE STATEMENT [NEW_FILE]: run a Python statement on the JSON s of a file
change() {
	python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(s, open(sys.argv[3], "w"))' "$1" "$2" "${3:-$1}"
}

# edit SED-SCRIPT: change the console
edit() {
	sed -E -i "$1" "$RES/console"
}

# xfail LINE...: expected failures of this run
xfail() {
	printf '%s\n' "$@" >"$RES/xfail"
	record run.json xfail "\"$RES/xfail\""
}

# judge [ARGUMENT...]: run the judge, whatever its exit status
judge() {
	run run_python judge "$RES" --skips "$RES/skips" "$@"
}

# judged STATUS [ARGUMENT...]: run the judge, demand its exit status
judged() {
	local want=$1

	shift
	judge "$@"
	[ "$status" -eq "$want" ] || fail_with "exit status $status, expected $want"
}

# line N TEXT: the judge's Nth line is TEXT
line() {
	[ "${lines[$1]}" = "$2" ] || fail_with "line $1 is not: $2"
}

# has TEXT: one of the lines is TEXT
has() {
	local each

	for each in "${lines[@]}"; do
		[ "$each" != "$1" ] || return 0
	done
	fail_with "no line: $1"
}

# only TEXT: the judge said TEXT and nothing else
only() {
	[ "$output" = "$1" ] || fail_with "expected only: $1"
}

# summary EXPRESSION: a Python expression on the summary s holds
summary() {
	python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))
sys.exit(not eval("(" + sys.argv[2] + ")"))' "$RES/summary.json" "$1" || fail_with "not so: $1"
}

fail_with() {
	printf '%s\n' "$@" "the output was:" "$output" >&2
	return 1
}

# a_retry: the boot was repeated.
a_retry() {
	record run.json retries '[{"kind": "emulator", "why": "the guest fell silent",
		"kept": "/srv/me/results/lost/20260102-030405-7"}]'
}

# on_vtx: the folder around a console of MACHINE=vtx.
on_vtx() {
	result vtx
	record run.json machine '"vtx"'
	record run.json flavour '"plain"'
	record run.json emulator '{"name": "Bochs", "version": "bochs 2.7", "status": 1}'
	record run.json suites '["kvm_selftests"]'
	record boot.json status 1
	echo 'CONFIG_KUNIT=y' >"$RES/.config"
}
