#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Every case of the suites fails on the unpatched base or under a mutant, as the sources,
# the mutants and the lists of expected failures say. The runs in CHECK_BUILD show that the
# cases were read correctly from the sources.

setup() {
	load helper.bash
	LAB=$PROJECT/lab
}

# audit [MUTANTS_DIR [SUMMARY]...]: run the audit. $output has one finding a line.
audit() {
	[ $# -gt 0 ] || set -- "$PROJECT/mutants"
	run --separate-stderr env PYTHONPATH="$LAB" BUILD="$BATS_TEST_TMPDIR/build" python3 -B -m mutant.audit "$@"
	[ -z "$stderr" ] || fail "the audit printed an error"
}

# copied: a copy of the project that a test may damage.
copied() {
	copy_project "$BATS_TEST_TMPDIR/house"
	LAB=$BATS_TEST_TMPDIR/house/lab
	MUTANTS=$BATS_TEST_TMPDIR/house/mutants
}

@test "every case fails on the base or under a mutant, and every mutant says how" {
	audit
	[ "$status" = 0 ] || fail "findings"
}

@test "the cases that ran are those of the sources" {
	local newest
	# A run counts only if no suite was edited after it.
	newest=$(find "$PROJECT/kunit" "$PROJECT/configs" -type f -printf '%T@ %p\n' | sort -n | tail -n 1)
	mapfile -t summaries < <(find -L "$CHECK_BUILD" -maxdepth 3 -path '*/6.1-*/latest/summary.json' -newer "${newest#* }")
	[ ${#summaries[@]} -gt 0 ] || skip "nothing was run in $CHECK_BUILD since the suites were edited"
	audit "$PROJECT/mutants" "${summaries[@]}"
	[ "$status" = 0 ] || fail "findings"
}

@test "a case that never fails is found, in a list of cases and in the table of paths" {
	copied
	sed -i '/KUNIT_CASE(registering_twice_is_refused)/i KUNIT_CASE(nobody_kills_me),' \
		"$BATS_TEST_TMPDIR/house/kunit/mm/tests/secondary_tlbs/dispatch/subscribers_kunit.c"
	grep -rl 'write_upgrade_of_clean_is_exact' "$MUTANTS" | xargs sed -i '/write_upgrade_of_clean_is_exact/d'
	sed -i '/write_upgrade_of_clean_is_exact/d' "$BATS_TEST_TMPDIR/house/patches/linux-6.1/xfail.none"
	audit "$MUTANTS"
	[ "$output" = "secondary_tlbs_matrix.write_upgrade_of_clean_is_exact: fails neither on the base nor under a mutant
secondary_tlbs_subscribers.nobody_kills_me: fails neither on the base nor under a mutant" ] || fail "not found"
}

@test "a text that is in every failure is found, in an expected failure and in a mutant" {
	copied
	sed -i '/munmap_of_64_is_exact/s/"[^"]*"/"FAILED at mm\/tests\/secondary_tlbs_matrix_kunit.c"/' \
		"$BATS_TEST_TMPDIR/house/patches/linux-6.1/xfail.none"
	sed -i 's/^Words:.*/Words: calls expected, these/' "$MUTANTS/mm/fork-does-not-notify.patch"
	audit "$MUTANTS"
	[[ $output == *"mm/fork-does-not-notify: secondary_tlbs_matrix.fork_is_exact: \"calls expected, these\" has no word or number of its own"* ]] || fail "not found"
	[[ $output == *"linux-6.1/xfail.none:"*": secondary_tlbs_matrix.munmap_of_64_is_exact: the text \"FAILED at "*"\" has no word or number of its own"* ]] || fail "not found"
}

@test "a mutant without words, or with a case that its kernel does not have, is found" {
	copied
	sed -i '/^Words:/d' "$MUTANTS/kvm/kvm-count-is-a-flag.patch"
	sed -i 's/^Words:.*/Words: failed at mm.c:12/' "$MUTANTS/kvm/kvm-last-range-wins.patch"
	sed -i 's/^Arch: arm64/Arch: powerpc/; /^Machine:/d' "$MUTANTS/arm64/arm64-contiguous-dirty-is-dirty.patch"
	sed -i 's/^Kills: .*/Kills: arm_smmu_commands.the_whole_mm_is_the_asid/' "$MUTANTS/arm64/arm64-contiguous-dirty-is-dirty.patch"
	audit "$MUTANTS"
	[[ $output == *"kvm/kvm-count-is-a-flag: kvm_mmu_seq.begin_and_end_nest: no Words: say how it fails"* ]] || fail "not found"
	[[ $output == *"kvm/kvm-last-range-wins: "*": \"failed at mm.c:12\" names a line of a source file"* ]] || fail "not found"
	[[ $output == *"arm64-contiguous-dirty-is-dirty: arm_smmu_commands.the_whole_mm_is_the_asid is not there on powerpc"* ]] || fail "not found"
}

@test "an exception that is not needed is found" {
	copied
	echo 'kvm_mmu_seq.count_balances  I am killed' >> "$LAB/data/not-killed"
	audit "$MUTANTS"
	[ "$output" = "not-killed: kvm_mmu_seq.count_balances matches no such case" ] || fail "not found"
}

@test "a case that ran and is not in the sources is found, and one that did not run" {
	copied
	cat > "$BATS_TEST_TMPDIR/summary.json" <<-'END'
	{"run": {"arch": "x86_64", "flavour": "lockdep", "machine": "qemu", "suite_glob": "*"},
	 "suites": [{"name": "secondary_tlbs_random", "cases": [
	   {"name": "random_operations_leave_nothing_stale"}, {"name": "unheard_of"}]}]}
	END
	audit "$MUTANTS" "$BATS_TEST_TMPDIR/summary.json"
	[[ $output == *"secondary_tlbs_random.unheard_of ran, and the sources do not show it"* ]] || fail "not found"
	[[ $output == *"the sources show secondary_tlbs_random.each_operation_was_done_and_counted, which did not run"* ]] || fail "not found"
}
