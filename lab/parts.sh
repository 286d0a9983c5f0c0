# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A gate is a file of parts, one a line: NAME MINUTES COMMAND [VARIABLE=VALUE...].
# make check and make nightly source this file after settings.sh.

# takes_only VARIABLE...: stop if another variable is given. The parts have their own; one
# more would change some parts and break others. LINUX=DIR is one kernel, and a gate has two
# bases; the lab's own tests read the tree of Debian's.
takes_only() {
	local name
	for name in "${GIVEN[@]}"; do
		[[ " $* " == *" $name "* ]] ||
			die "$BAD_INPUT" "$name= is for one run: make $LAB_NAME takes only $*"
	done
}

# parts FILE: its lines, without comments.
parts() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# check_parts FILE: stop unless every line is well-formed and every name is unique.
check_parts() {
	local name minutes command rest twice
	[ -r "$1" ] || die "$BAD_INPUT" "${1#"$TOP/"} is missing"
	while read -r name minutes command rest; do
		[[ $name =~ ^[A-Za-z0-9._-]+$ && $minutes =~ ^([0-9]+(\.[0-9])?|\?)$ && -n $command ]] ||
			die "$BAD_INPUT" "${1#"$TOP/"}: \"$name $minutes $command\": NAME MINUTES COMMAND is needed"
		runs "$command" > /dev/null ||
			die "$BAD_INPUT" "${1#"$TOP/"}: $name: there is no target or test file $command"
		[[ $rest =~ ^([A-Z]+=[^[:space:]]+[[:space:]]*)*$ ]] ||
			die "$BAD_INPUT" "${1#"$TOP/"}: $name: \"$rest\": VARIABLE=VALUE is needed"
	done < <(parts "$1")
	twice=$(parts "$1" | awk '{ print $1 }' | sort | uniq -d | head -n 1)
	[ -z "$twice" ] || die "$BAD_INPUT" "${1#"$TOP/"}: two parts are named $twice"
}

# runs COMMAND: the file that it runs. Fails if there is none.
runs() {
	local file
	case $1 in
	bats:*) file=$LAB/tests/${1#bats:}.bats ;;
	*) file=$LAB/make/$1 ;;
	esac
	[ -f "$file" ] && printf '%s' "$file"
}

# wants_of FILE: the architectures and machines that its parts name, for their packages.
wants_of() { parts "$1" | grep -oE '(ARCH|MACHINE)=[^[:space:]]+' | sed 's/.*=//' | sort -u; }
