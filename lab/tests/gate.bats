#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The two gates, make check and make nightly, on the mini kernel with short lists of parts;
# and what the real lists must contain.
#
# Each test is a subshell and changes its own copies of helper.bash's variables:
# shellcheck disable=SC2030,SC2031,SC2154,SC2016

load mini.bash

setup() {
	new_house
	PARTS=$HOUSE/lab/data
	mkdir -p "$HOUSE/lab/tests"
	printf '@test "a" { true; }\n@test "b" { skip "no b"; }\n' > "$HOUSE/lab/tests/tiny.bats"
	printf '%s\n' 'tiny 1 bats:tiny' 'run 1 run' 'plain 1 run FLAVOUR=plain' | tee "$PARTS/gate" > "$PARTS/nightly"
	watch_over "$HOUSE"
}

# row NAME VERDICT [REPEATED]: the table of make nightly has this part with this verdict, its
# time, and so many repeated boots.
row() {
	grep -qE "^$1 +$2 +([0-9]+:[0-9]{2}|-) +(${3:-[0-9]+|-})  make " "$BUILD/nightly/table" ||
		fail "no row: $1 $2" "$(cat "$BUILD/nightly/table")"
}

# last_line TEXT: the last line of the output.
last_line() { [ "$(tail -n 1 <<< "$output")" = "$1" ] || fail "the last line is not: $1"; }

# --- make check --------------------------------------------------------------------

@test "make check counts the cases of all its parts" {
	lab check
	good
	last_line "3 passed, 0 failed, 1 skipped, 0 repeated"
	grep -qE '^plain +[0-9]+:[0-9]{2}$' "$BUILD/check/times" || fail "no time of a part"
}

@test "make check goes on after a failure, and fails" {
	failing_case
	lab check
	[ "$status" = 7 ] || fail "class 7 expected"
	last_line "1 passed, 2 failed, 1 skipped, 0 repeated"
}

@test "a part that fails without a failed case counts as a failed case" {
	echo 'int broken(void) { return }' >> "$HOUSE/kunit/mm/tests/mini_kunit.c"
	lab check
	[ "$status" = 7 ] || fail "class 7 expected"
	last_line "1 passed, 2 failed, 1 skipped, 0 repeated"
}

@test "a part's settings are not the next one's, and the gate takes none" {
	local given target
	# The gate itself has ARCH=x86_64. This machine has another one.
	printf '%s\n' 'machine_arch=arm64' 'machine_qemu=x86_64' > "$PARTS/machine/other"
	printf '%s\n' 'env 1 settings MACHINE=other' | tee "$PARTS/gate" > "$PARTS/nightly"
	printf '%s\n' '#!/usr/bin/env bash' '. "$(dirname "$0")/../settings.sh"' \
		'[ "$ARCH" = arm64 ] || die 2 "ARCH=$ARCH"' > "$HOUSE/lab/make/settings"
	chmod +x "$HOUSE/lab/make/settings"
	watch_over "$HOUSE"
	for target in check nightly; do
		lab $target
		good
		for given in ARCH=arm64 SUITE=mini BASE=6.12 LINUX="$T/kernel"; do
			lab $target "$given"
			refused 2 "^$target: ${given%=*}= is for one run: "
		done
	done
}

@test "one lost boot is repeated and counted, a second one is not repeated and fails" {
	losing_qemu 1
	lab check
	good
	[[ $output == *"  lost: "*", booted once more"* ]] || fail "the output does not say so"
	last_line "3 passed, 0 failed, 1 skipped, 1 repeated"
	# The third boot is the first one of the next part.
	losing_qemu 1 3
	lab check
	[ "$status" = 7 ] || fail "class 7 expected"
	[[ $output == *"not booted once more: it is the second one of this gate"* ]] || fail "the output does not say so"
	last_line "2 passed, 1 failed, 1 skipped, 1 repeated"
	[ "$(wc -l < "$T/boots")" = 3 ] || fail "three boots expected"
}

@test "no variable of the gate reaches the lab's own tests" {
	read -ra variables < <(sed -n 's/^VARIABLES := //p' "$HOUSE/Makefile")
	[ ${#variables[@]} -ge 20 ] || fail "the Makefile lists no variables"
	printf '%s\n' 'load helper.bash' '@test "none is set" {' "for name in ${variables[*]} LAB_RETRIES; do" \
		'[ -z "${!name+set}" ] || fail "$name is set"' 'done' '}' > "$HOUSE/lab/tests/tiny.bats"
	echo 'tiny 1 bats:tiny' | tee "$PARTS/gate" > "$PARTS/nightly"
	watch_over "$HOUSE"
	lab check QEMU=10.0 DEADLINE=100 QUIET=10
	good
	lab nightly QEMU=10.0 DEADLINE=100 QUIET=10
	good
	run --separate-stderr env "${variables[@]/%/=x}" bats "$HOUSE/lab/tests/tiny.bats"
	[ "$status" = 0 ] || fail "a variable reached it"
}

@test "a malformed list of parts is refused" {
	local list target line
	for list in gate nightly; do
		target=${list/gate/check}
		while read -r line; do
			echo "$line" >> "$PARTS/$list"
			watch_over "$HOUSE"
			lab "$target"
			refused 2 "^$target: lab/data/$list: "
			sed -i '$d' "$PARTS/$list"
		done <<-'LINES'
		run 1 run
		more one run
		more 1
		more 1 no-such-target
		more 1 bats:no-such-file
		more 1 run FLAVOUR
		LINES
		rm "$PARTS/$list"
		watch_over "$HOUSE"
		lab "$target"
		refused 2 "^$target: lab/data/$list is missing$"
	done
}

# --- make nightly ------------------------------------------------------------------

@test "make nightly ends with a row for each part" {
	lab nightly
	good
	row tiny passed && row run passed && row plain passed
	[[ $output == *"make run FLAVOUR=plain"*"The table: $BUILD/nightly/table" ]] || fail "no table"
}

@test "make nightly counts the repeated boots of a part, and a second lost boot fails it" {
	losing_qemu 1 3
	lab nightly
	good
	row run passed 1 && row plain passed 1
	losing_qemu 1 2
	lab nightly FRESH=1
	[ "$status" = 7 ] || fail "class 7 expected"
	row run 'FAILED\([67]\)' 1 && row plain passed 0
}

@test "a failed part does not stop the others and is run again; a passed one is not" {
	failing_case
	lab nightly
	[ "$status" = 7 ] || fail "class 7 expected"
	row tiny passed && row run 'FAILED\(7\)' && row plain 'FAILED\(7\)'
	[[ $output == *"see $BUILD/nightly/run.log"* ]] || fail "the log is not named"
	stub_machines "$BIN"
	lab nightly
	good
	[[ $output == *"tiny passed before; FRESH=1 runs it again"* ]] || fail "the output does not say so"
	[[ $output != *"run passed before"* ]] || fail "a failed part was not run again"
	row run passed && row plain passed
	failing_case
	lab nightly
	good
	lab nightly FRESH=1
	[ "$status" = 7 ] || fail "FRESH=1 did not run it again"
}

@test "a part that passed for another project or kernel is run again" {
	lab nightly
	good
	echo 'int more;' >> "$HOUSE/mm/secondary.c"
	watch_over "$HOUSE"
	failing_case
	lab nightly PART=run
	[ "$status" = 7 ] || fail "another project: class 7 expected"
	row plain 'passed, old' && row run 'FAILED\(7\)'
	stub_machines "$BIN"
	lab nightly
	good
	touch "$ARCHIVE"
	lab nightly PART=tiny
	good
	[[ $output != *"passed before"* ]] || fail "another kernel: not run again"
}

@test "a part that passed with another emulator or another limit is run again" {
	local given
	for given in QEMU=7.2 QEMU=10.0 DEADLINE=800 QUIET=100; do
		lab nightly PART=tiny $given
		good
		[[ $output != *"passed before"* ]] || fail "$given: not run again"
		lab nightly PART=tiny $given
		good
		[[ $output == *"tiny passed before"* ]] || fail "$given: run again"
	done
}

@test "PART chooses, and one that matches nothing is refused" {
	lab nightly PART='p*'
	good
	row tiny 'not run' && row run 'not run' && row plain passed
	lab nightly PART=nothing
	refused 2 '^nightly: PART=nothing matches no part; there are: tiny run plain$'
	lab nightly FRESH=yes
	refused 2 'FRESH=yes is unknown; choose one of: 0 1$'
}

@test "Ctrl-C during a night: the next one goes on from there" {
	blocking qemu-system-x86_64
	start nightly
	at_work "$T/reached"
	ctrl_c
	interrupted run
	stub_machines "$BIN"
	lab nightly
	good
	[[ $output == *"tiny passed before"* ]] || fail "it was run again"
	row tiny passed && row run passed && row plain passed
}

# --- the real lists ----------------------------------------------------------------

# listed FILE: the commands of its parts, as COMMAND VARIABLE=VALUE...
listed() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$PROJECT/lab/data/$1" | awk '{ $1 = $2 = ""; print }'; }

@test "every file of lab/tests and every target that tests something is a part" {
	local name
	for name in "$PROJECT"/lab/tests/*.bats; do
		listed gate | grep -qw "bats:$(basename "$name" .bats)" || fail "make check does not run $name"
	done
	for name in "$PROJECT"/lab/make/*; do
		case ${name##*/} in
		# These test nothing, or are the gates themselves.
		help.txt | tree | series | shell | clean | distclean | check | nightly) continue ;;
		esac
		(listed gate; listed nightly) | grep -qw "${name##*/}" || fail "no gate runs make ${name##*/}"
	done
}

@test "every suite, flavour, architecture and machine is in make nightly" {
	local value
	for value in "$PROJECT"/lab/data/arch/* "$PROJECT"/lab/data/machine/*; do
		case ${value##*/} in qemu) ;; icount) listed nightly | grep -qw cost ;; *)
			listed nightly | grep -qE "=${value##*/}( |\$)" ;;
		esac || fail "make nightly has no ${value##*/}"
	done
	for value in FLAVOUR=kcsan FLAVOUR=kasan FLAVOUR=plain BASE=6.12 SERIES=none STEPS=100000 BUSTED=1; do
		listed nightly | grep -qw -- "$value" || fail "make nightly has no $value"
	done
}

@test "the parts of make check fit into an hour, cold" {
	local sum
	sum=$(sed 's/#.*//' "$PROJECT/lab/data/gate" | awk '{ sum += $2 } END { printf "%.0f", sum }')
	[ "$sum" -gt 0 ] && [ "$sum" -le 60 ] || fail "they take $sum minutes"
}

@test "each mutant that make check names is there, and edits one file" {
	local mutant file
	listed gate | grep -o 'MUTANT=[^ ]*' | cut -d = -f 2 | while read -r mutant; do
		file=$PROJECT/mutants/$mutant.patch
		[ -e "$file" ] || fail "there is no mutant $mutant"
		[ "$(grep -c '^diff --git' "$file")" = 1 ] || fail "$mutant edits several files"
	done
	[ "$(listed gate | grep -c MUTANT=)" -ge 3 ] || fail "three mutants expected"
}
