#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# make mutants, on the mini kernel: which mutants it accepts, what counts as a kill, and
# which results of an earlier run it takes.

load mini.bash

setup() {
	new_house
	mini_suite "$HOUSE" works holds
	rm -rf "${HOUSE:?}"/mutants
	mutant one/wrong 'Kills: mini.works' 'Words: Expected count == 2'
}

# mutant SUBJECT/NAME HEADER...: an edit that applies and builds.
mutant() {
	local name=$1
	shift
	mini_mutant "$HOUSE/mutants/$name.patch" "$@"
	watch_over "$HOUSE"
}

# fails [WORDS]: from now on the case "works" fails in the guest, with these words.
fails() {
	stub_machines "$BIN"
	sed -i -e "s/.*    ok 1 works/[    1.000004]     # works: EXPECTATION FAILED at mm\/tests\/mini.c:7\n[    1.000004]     ${1:-Expected count == 2, but}\n[    1.000004]         count == 1\n[    1.000005]     not ok 1 works/" \
		-e 's/\] ok 1 mini/] not ok 1 mini/' "$BIN/qemu-system-x86_64"
}

# verdict WORD NAME: the table gives this verdict.
verdict() {
	grep -qE "^$2 +$1 +[0-9]+ " "$BUILD/mutants/table" || fail "not in the table: $1 $2" "$(cat "$BUILD/mutants/table")"
}

@test "MUTANTS without a mutant, and a mutant without a Kills: line, is refused" {
	mkdir "$T/empty"
	lab mutants MUTANTS="$T/empty"
	refused 2 "MUTANTS=$T/empty holds no mutant"
	lab mutants MUTANTS="$T/nowhere"
	refused 2 "MUTANTS=$T/nowhere holds no mutant"
	(patch wrong; hunk mm/memory.c 30 wrong) > "$T/empty/anonymous.patch"
	lab mutants MUTANTS="$T/empty"
	refused 2 'mutant anonymous: has no Kills: line'
	lab mutants SERIES=none
	refused 2 'SERIES=none has none'
}

@test "MUTANT chooses by subject and name, and a glob that matches nothing is refused" {
	mutant two/other 'Kills: mini.works' 'Words: Expected count == 2'
	fails
	lab mutants MUTANT='two/*'
	good
	[[ $output == *"1 of 1 "*"two/other"*"Mutants: 1 of 1 killed"* ]] || fail "the output does not say so"
	[[ $output != *one/wrong* ]] || fail "one/wrong was not chosen"
	lab mutants MUTANT='*/wrong two/*'
	good
	[[ $output == *"Mutants: 2 of 2 killed"* ]] || fail "the output does not say so"
	lab mutants MUTANT='three/*'
	refused 2 '^mutants: MUTANT=three/\* matches no mutant; the folders are: one two$'
}

@test "a mutant of an unknown case, suite, architecture, flavour or machine is refused" {
	local line
	while IFS='|' read -r line said; do
		mutant one/wrong "$line" 'Words: Expected count == 2'
		lab mutants
		refused 2 "^mutants: mutant one/wrong: $said"
	done <<-'END'
	Kills: mini.worked|Kills: mini.worked: there is no such case on x86_64$
	Kills: maxi.works|Kills: maxi.works: there is no such suite on x86_64$
	Kills: mini|Kills: mini is not SUITE.CASE$
	END
	for line in Arch Flavour Machine; do
		mutant one/wrong 'Kills: mini.works' "$line: moon"
		lab mutants
		refused 2 "^mutants: mutant one/wrong: ${line^^}=moon is unknown"
	done
	mutant one/wrong 'Words: Expected count == 2' 'Kills: mini.works'
	lab mutants
	refused 2 '^mutants: mutant one/wrong: Words: Expected count == 2 follows no Kills: line$'
	[ ! -e "$BUILD/tree-6.1-mutant" ] || fail "something was assembled"
}

@test "a mutant survives if its case passes, and is killed if it fails with the words" {
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"SURVIVED"*"mini.works: passed"* ]] || fail "the output does not say so"
	verdict SURVIVED one/wrong
	fails
	lab mutants
	good
	verdict killed one/wrong
}

@test "a case that fails with other words is no kill, and its words are shown" {
	fails 'out of memory in the harness'
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"mini.works: failed with other words: EXPECTATION FAILED at "*" out of memory in the harness count == 1"* ]] || fail "the output does not say so"
	verdict 'OTHER WORDS' one/wrong
}

@test "a mutant without words is no kill, and the words of the case are shown" {
	mutant one/wrong 'Kills: mini.works'
	fails
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"mini.works: it said: EXPECTATION FAILED at "*" Expected count == 2, but count == 1"* ]] || fail "the output does not say so"
	verdict 'NO WORDS' one/wrong
}

@test "a mutant whose words are in every failure is refused" {
	local words
	for words in 'Words: EXPECTATION FAILED at' 'Words: calls expected, these' 'Splat: at mm/memory.c' 'Words: mini.c:30'; do
		mutant one/wrong 'Kills: mini.works' "$words"
		lab mutants
		refused 2 '^mutants: mutant one/wrong: ".*" (has no word or number of its own|names a line of a source file)$'
	done
}

@test "what a case prints besides its failure does not count as its words" {
	fails
	sed -i 's/.*# works: EXP/[    1.000004]     # works: Expected nothing at all\n&/' "$BIN/qemu-system-x86_64"
	mutant one/wrong 'Kills: mini.works' 'Words: Expected nothing at all'
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	verdict 'OTHER WORDS' one/wrong
}

@test "a case that has no result or is skipped kills nothing" {
	fails
	sed -i '/ok 1 works/d' "$BIN/qemu-system-x86_64"
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	verdict SURVIVED one/wrong
	stub_machines "$BIN"
	sed -i 's/    ok 1 works/    ok 1 works # SKIP not here/' "$BIN/qemu-system-x86_64"
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"mini.works: skipped"* ]] || fail "the output does not say so"
	verdict SURVIVED one/wrong
}

@test "a mutant that names a splat is killed by that one only" {
	mutant one/wrong 'Kills: mini.works' 'Splat: possible circular locking dependency'
	sed -i 's/.*    ok 1 works/[    1.000004] WARNING: possible circular locking dependency detected\n&/' "$BIN/qemu-system-x86_64"
	lab mutants
	good
	verdict killed one/wrong
	stub_machines "$BIN"
	sed -i 's/.*    ok 1 works/[    1.000004] BUG: sleeping function called from invalid context at mm\/slab.h:7\n&/' "$BIN/qemu-system-x86_64"
	mutant one/wrong 'Kills: mini.works' 'Splat: possible circular locking' 'Arch: x86_64'
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"no such splat; there was: BUG: sleeping function"* ]] || fail "the output does not say so"
}

@test "a mutant that does not apply or does not build ends a run of one mutant" {
	mutant one/wrong 'Kills: mini.works' 'Words: Expected count == 2'
	sed -i 's/line_29/line_28/' "$HOUSE/mutants/one/wrong.patch"
	watch_over "$HOUSE"
	lab mutants
	refused 4 '^mutants: mutant one/wrong does not apply: mm/memory.c, hunk 1'
	mutant one/wrong 'Kills: mini.works' 'Words: Expected count == 2'
	sed -i 's/+int wrong/+int wrong wrong/' "$HOUSE/mutants/one/wrong.patch"
	watch_over "$HOUSE"
	lab mutants
	refused 5 '^mutants: mutant one/wrong does not build: .*mm/memory.c:30:'
	assembled
}

@test "a mutant that does not apply or does not build does not stop the others" {
	mutant one/a 'Kills: mini.works' 'Words: Expected count == 2'
	mutant one/b 'Kills: mini.works' 'Words: Expected count == 2'
	sed -i 's/line_29/line_28/' "$HOUSE/mutants/one/a.patch"
	sed -i 's/+int wrong/+int wrong wrong/' "$HOUSE/mutants/one/b.patch"
	watch_over "$HOUSE"
	fails
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"1 of 3 "*"2 of 3 "*"3 of 3 "*"Mutants: 1 of 3 killed"* ]] || fail "the output does not say so"
	[[ $output == *"      does not apply: mm/memory.c, hunk 1"* ]] || fail "the output does not say so"
	[[ $output == *"does not build: "*"mm/memory.c:30:"* ]] || fail "the output does not say so"
	verdict BROKEN one/a
	verdict BROKEN one/b
	verdict killed one/wrong
	untouched
}

@test "a kill counts until something changes that it depends on; a survivor is run again" {
	mutant one/other 'Kills: mini.works' 'Words: Expected count == 2'
	fails
	lab mutants MUTANT=one/wrong
	good
	# In a boot from now on the case passes.
	stub_machines "$BIN"
	lab mutants
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output =~ killed\ +one/wrong\ +earlier ]] || fail "one/wrong was run again"
	verdict SURVIVED one/other
	fails
	lab mutants MUTANT=one/other
	good
	# The words, the judge and the series change in turn.
	stub_machines "$BIN"
	lab mutants
	good
	mutant one/wrong 'Kills: mini.works' 'Words: Expected count'
	lab mutants MUTANT=one/wrong
	[ "$status" = 7 ] || fail "the mutant has changed"
	echo '# more' >> "$HOUSE/lab/judge/conditions.py"
	watch_over "$HOUSE"
	lab mutants MUTANT=one/other
	[ "$status" = 7 ] || fail "the judge has changed"
	fails
	lab mutants MUTANT=one/other
	good
	stub_machines "$BIN"
	sed -i 's/int secondary;/int secondary_tlb;/' "$HOUSE/mm/secondary.c"
	watch_over "$HOUSE"
	lab mutants MUTANT=one/other
	[ "$status" = 7 ] || fail "the series has changed"
}

@test "an interrupted run continues where it was" {
	mutant one/a 'Kills: mini.works' 'Words: Expected count == 2'
	fails
	lab mutants MUTANT=one/a
	good
	mkfifo "$T/fifo"
	# Interrupt it while the guest of the second mutant runs.
	printf '#!/bin/sh\necho > %s\nexec sleep 1000\n' "$T/fifo" > "$BIN/qemu-system-x86_64"
	start mutants
	at_work "$T/fifo"
	ctrl_c
	interrupted mutants
	fails
	lab mutants
	good
	[[ $output =~ 1\ of\ 2\ +killed\ +one/a\ +earlier ]] || fail "one/a was run again"
	[[ $output =~ 2\ of\ 2\ +killed\ +one/wrong\ +[0-9]+s ]] || fail "one/wrong was not run"
}
