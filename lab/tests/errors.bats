#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The judge on lines that the kernel logged at level error or worse. The console shows no
# levels, so the guest lists these lines at its end.

setup() {
	load result.bash
}

# The invalidation is lost in the first four; the last two end one guest of KVM.
ERRORS=(
	'arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x02000041): Illegal command'
	'arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout at 0x00000042 [hwprod 0x00000043, hwcons 0x00000042]'
	'DMAR: VT-d detected Invalidation Queue Error: Reason f'
	'AMD-Vi: Completion-Wait loop timed out'
	'kvm [77]: vcpu0, guest rIP: 0x401000 internal error'
	'KVM internal error. Suberror: 1'
)

@test "an error that the kernel logged fails the run, whatever its words" {
	local text
	for text in "${ERRORS[@]}"; do
		result pass
		an_error 3 "$text"
		judged 8
		only "splat: $text"
		summary "s['reasons'][0]['name'] == 'error'"
	done
}

@test "a VT-d fault, and a line of a level worse than error, fails the run" {
	result pass
	an_error 3 'DMAR: [DMA Read NO_PASID] Request device [00:02.0] fault addr 0x1000'
	an_error 2 'AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x1000]'
	an_error 1 'SMMU: alert'
	an_error 0 'SMMU: emergency'
	judged 8
	[ "${#lines[@]}" = 4 ]
}

@test "an error before the first suite counts too" {
	result pass
	an_error 3 'some driver failed' '/KTAP version/'
	judged 8
	line 0 "splat: some driver failed"
}

@test "alike errors are one reason with a count" {
	result pass
	an_error 3 'arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x02000041)'
	an_error 3 'arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x02000099)'
	judged 8
	only 'splat: arm-smmu-v3 9050000.smmuv3: CMDQ error (cons 0x02000041)'
	summary 's["reasons"][0]["count"] == 2'
}

@test "the diagnosis shows the console around an error" {
	result pass
	an_error 3 'AMD-Vi: Completion-Wait loop timed out'
	judged 8
	grep -q '^> .*\] AMD-Vi: Completion-Wait' "$RES/.diags"
}

@test "an error that is not on the console counts all the same" {
	result pass
	an_error 3 'AMD-Vi: Completion-Wait loop timed out'
	edit '/\] AMD-Vi/d'
	judged 8
	only "splat: AMD-Vi: Completion-Wait loop timed out"
}

@test "an error that its case announced is no failure, in its case" {
	result pass
	an_error 3 'arm-smmu-v3 9050000.smmuv3: CMDQ error' '/    ok 2 does_as_told/'
	cp "$RES/console" "$RES/unannounced"
	edit 's/^(.*\] )arm-smmu-v3 .*/\1    # does_as_told: announced: error CMDQ error\n&/'
	judged 0
	summary '[x["reason"] for x in s["allowed"]] == ["announced by lab_plant.does_as_told"]'
	cp "$RES/unannounced" "$RES/console"
	edit 's/^(.*\] )    ok 1 adds_up(\r?)$/\1    # adds_up: announced: error CMDQ error\n&/'
	judged 8
	line 0 "splat: arm-smmu-v3 9050000.smmuv3: CMDQ error"
	has 'test: lab_plant.adds_up announced "CMDQ error", which came 0 times'
}

@test "an announced error must come, and may come again" {
	result pass
	an_error 3 'arm-smmu-v3 9050000.smmuv3: CMDQ error' '/    ok 2 does_as_told/'
	an_error 3 'arm-smmu-v3 9050000.smmuv3: CMDQ error' '/    ok 2 does_as_told/'
	edit '0,/\] arm-smmu/s/^(.*\] )arm-smmu-v3 .*/\1    # does_as_told: announced: error CMDQ error\n&/'
	judged 0
	edit '/arm-smmu/d; s/lab: errors 2/lab: errors 0/'
	judged 7
	only 'test: lab_plant.does_as_told announced "CMDQ error", which came 0 times'
}

@test "an announced error excuses no other" {
	result pass
	an_error 3 'arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout' '/    ok 2 does_as_told/'
	an_error 3 'arm-smmu-v3 9050000.smmuv3: CMDQ error' '/    ok 2 does_as_told/'
	edit '0,/\] arm-smmu/s/^(.*\] )arm-smmu-v3 .*/\1    # does_as_told: announced: error CMDQ error\n&/'
	judged 8
	only "splat: arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout"
}

@test "an error that lab/data/allow explains passes and is listed" {
	result pass
	an_error 3 "kvm: no hardware support for 'kvm_intel'"
	echo "x86_64 * no hardware support for 'kvm_intel'  # the machine is AMD's" > "$RES/allow"
	judged 0 --allow "$RES/allow"
	summary '[x["reason"] for x in s["allowed"]] == ["the machine is AMD'"'"'s"]'
}

@test "KUnit's errors about a failed case are no failure beside it" {
	result fail
	list=$(sed -nE 's/\r$//; s/^\[ *([0-9.]+)\] (    # does_as_told: EXPECT.*|    Expected 1.*|        1 \+ 1 == .*)$/[    7.000000] lab: error 3 \1 \2/p' "$RES/console")
	[ "$(wc -l <<< "$list")" -ge 2 ]
	sed -i "/lab: errors/{
		r /dev/stdin
		N
	}" "$RES/console" <<< "$list"
	edit "s/lab: errors 0/lab: errors $(wc -l <<< "$list")/"
	judged 7
	[[ $output == "test: lab_plant.does_as_told failed: EXPECTATION FAILED at "* ]] || fail_with "not said"
	[ "${#lines[@]}" = 1 ]
}

@test "an error with words of KTAP at another time is no KTAP" {
	result pass
	an_error 3 '    # does_as_told: EXPECTATION FAILED at nowhere' 1
	judged 8
	line 0 "splat:     # does_as_told: EXPECTATION FAILED at nowhere"
}

@test "the lines of a known splat's report are one reason" {
	result pass
	for text in '==================================================================' \
		'BUG: KCSAN: data-race in race_a \/ race_b' 'write to 0xffff888 of 8 bytes by task 7 on cpu 1:' \
		' race_a+0x10\/0x20' 'value changed: 0x1 -> 0x2' \
		'=================================================================='; do
		an_error 3 "$text"
	done
	judged 8
	only "splat: BUG: KCSAN: data-race in race_a / race_b"
	an_error 3 'AMD-Vi: Completion-Wait loop timed out'
	judged 8
	[ "${#lines[@]}" = 2 ]
	has "splat: AMD-Vi: Completion-Wait loop timed out"
}

@test "a missing list of errors fails the run" {
	result pass
	edit '/lab: errors/d'
	judged 6
	only 'boot: the list of errors "lab: errors" is missing: the log could not be read, or its beginning was gone'
}

@test "a list that is not as long as it says fails the run" {
	result pass
	an_error 3 'AMD-Vi: Completion-Wait loop timed out'
	edit 's/lab: errors 1/lab: errors 2/'
	judged 6
	line 0 'boot: the list of errors "lab: errors" says 2, but 1 can be read'
	edit '/lab: error 3/d; s/lab: errors 2/lab: errors 1/'
	judged 6
	line 0 'boot: the list of errors "lab: errors" says 1, but 0 can be read'
}

@test "a list that comes twice or cannot be read fails the run" {
	result pass
	edit 's/^lab: errors 0.*/&\n&/'
	judged 6
	only 'boot: the list of errors "lab: errors" came 2 times'
	result pass
	edit 's/lab: errors 0/lab: errors O/'
	judged 6
	only 'boot: the list of errors "lab: errors" cannot be read'
}

@test "a list of a machine that runs KVM's programs is read too" {
	on_vtx
	judged 0
	an_error 3 'kvm [77]: vcpu0, guest rIP: 0x401000 unhandled exit' '/lab: errors/'
	judged 8
	only 'splat: kvm [77]: vcpu0, guest rIP: 0x401000 unhandled exit'
}

@test "the taint of a warning is explained only if every warning is" {
	result warn
	echo '* * ^TAINT_WARN  # a blanket' > "$RES/allow"
	judged 8 --allow "$RES/allow"
	[[ ${lines[0]} == "splat: WARNING: CPU: "*"warn_in_worker"* ]] || fail_with "not said"
	has "splat: tainted: TAINT_WARN (bit 9)"
	result pass
	edit 's/tainted=[0-9]*/tainted=262656/'
	judged 8 --allow /dev/null
	only "splat: tainted: TAINT_WARN (bit 9)"
}

@test "lab/data/allow names no line of a source file" {
	run grep -nE '^[^#]*\.[chS]:([0-9]|\[)' "$BATS_TEST_DIRNAME/../data/allow"
	[ "$status" = 1 ]
}

# guest_lists LOG: what lab/guest/init says of a kernel's log, as dmesg -r prints it.
guest_lists() {
	cd "$BATS_TEST_TMPDIR" || return
	printf '%s\n' "$1" > given
	# shellcheck disable=SC2329 # the guest's function calls both
	{
		say() { printf 'lab: %s\n' "$*"; }
		dmesg() { cat given; }
	}
	eval "$(sed -n '/^errors() {/,/^}/p' "$BATS_TEST_DIRNAME/../guest/init")"
	run errors
}

@test "the guest lists what the kernel logged at level error or worse, and nothing else" {
	guest_lists '<6>[    0.000000] Linux version 6.1.192
<3>[    1.000001] a driver failed: back\slash "quotes"  two spaces
<4>[    1.000002] a warning
<0>[   12.000003] an emergency
<11>[   13.000004] what a program wrote at level error
<3>[12345.000005]     indented'
	[ "$output" = 'lab: error 3 1.000001 a driver failed: back\slash "quotes"  two spaces
lab: error 0 12.000003 an emergency
lab: error 3 12345.000005     indented
lab: errors 3' ]
}

@test "the guest says so when there was no error" {
	guest_lists '<5>[    0.000000] Linux version 6.1.192'
	[ "$output" = 'lab: errors 0' ]
}

@test "a guest whose log has lost its beginning, or is not there, lists nothing" {
	guest_lists '<3>[    1.000001] a driver failed'
	[ "$output" = '' ]
	guest_lists ''
	[ "$output" = '' ]
}

@test "a long error is cut by the guest and is known all the same" {
	local long
	long="EXPECTATION FAILED at $(printf 'x%.0s' {1..1200})"
	guest_lists "<6>[    0.000000] Linux version 6.1.192
<3>[    1.000001] $long"
	[ "${#lines[0]}" -lt 900 ]
	result pass
	edit "s/^(.*\] )    ok 2 does_as_told/[    1.000001]     # inner: $long\n&/"
	edit "s/^lab: errors 0/lab: error 3 1.000001     # inner: ${long:0:750}\nlab: errors 1/"
	judged 0
}
