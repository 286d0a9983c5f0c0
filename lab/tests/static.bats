#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What can be said of the project without building a kernel. The assembled tree is
# CHECK_BUILD's, as `make tree` left it.

setup() {
	load helper.bash
	cd "$PROJECT" || return
	TREE=$CHECK_BUILD/tree-6.1
}

# nothing WORD...: the input must be empty; it is shown under these words.
nothing() {
	local found
	found=$(cat)
	[ -z "$found" ] || fail "$*:" "$found"
}

# files [PATTERN]...: what the project consists of, of the names chosen.
files() {
	git ls-files -- "$@" | while IFS= read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

# of_language PATTERN SUFFIX: files whose first lines or name say so.
of_language() {
	files | while IFS= read -r file; do
		if [[ $file == *$2 ]] || head -n 3 "$file" | grep -aqE "$1"; then
			printf '%s\n' "$file"
		fi
	done
}

shell_scripts() { of_language '^#!.*[/ ](bash|sh|bats|dash|busybox sh)$|^# shellcheck shell=' .bats; }
python_scripts() { of_language '^#!.*python' .py; }

@test "shellcheck finds nothing in any shell script" {
	mapfile -t scripts < <(shell_scripts)
	[[ " ${scripts[*]} " == *" lab/settings.sh "* && " ${scripts[*]} " == *" lab/guest/init "* ]]
	[[ " ${scripts[*]} " == *" .ci/run "* && " ${scripts[*]} " == *" lab/tests/static.bats "* ]]
	run shellcheck -x "${scripts[@]}"
	[ "$status" = 0 ] || fail "shellcheck"
}

@test "every Python file compiles" {
	mapfile -t scripts < <(python_scripts)
	[[ " ${scripts[*]} " == *" lab/stage/run-step "* && " ${scripts[*]} " == *" lab/judge/__main__.py "* ]]
	run python3 - "${scripts[@]}" <<-'END'
	import ast, sys
	for name in sys.argv[1:]:
	    with open(name, encoding="utf-8") as file:
	        ast.parse(file.read(), name)
	END
	[ "$status" = 0 ] || fail "python"
}

# The licence itself; consoles as they were recorded; texts that are printed or
# mailed as they are; edits, whose files carry their own tags.
@test "every file says its licence" {
	files | grep -vE '^COPYING$|^lab/make/help.txt$|^lab/tests/consoles/[^.]*$|^patches/.*/cover(\.[a-z]+)?$|\.patch$' |
		while IFS= read -r file; do
			head -n 5 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' || printf '%s\n' "$file"
		done | nothing "no SPDX tag"
}

# A new file that comes by a patch, not from a room, would escape the test above.
@test "a file that a patch adds says its licence" {
	files '*.patch' | while IFS= read -r file; do
		awk '/^diff --git/ { new = 0 } /^new file/ { new = 1 }
			new && /^@@/ { getline; if (!/SPDX-License-Identifier/) print FILENAME ": " $0; new = 0 }' "$file"
	done | nothing "no SPDX tag in a new file"
}

# ours: the project's own lines as FILE:LINE; of patches only what they add.
ours() {
	files | grep -vE '^COPYING$|^lab/tests/consoles/' | while IFS= read -r file; do
		case $file in
		*.patch) awk -v f="$file" '/^---$/ { diff = 1 } /^\+\+\+ / { next }
			!diff || sub(/^\+/, "") { print f ":" FNR ":" $0 }' "$file" ;;
		*) awk -v f="$file" '{ print f ":" FNR ":" $0 }' "$file" ;;
		esac
	done
}

@test "nothing is left to be done" {
	ours | grep -aE '\b(TO[D]O|FIX[M]E|X[X]X)\b' | nothing "left to be done"
}

# lab/data/splats and allow end patterns with a blank that belongs to them.
@test "no trailing whitespace" {
	ours | grep -avE '^lab/(data/(splats|allow)|tests/(splat|benign)-lines):' | grep -aE '[[:blank:]]$' |
		nothing "trailing whitespace"
}

@test "programs are executable, data are not" {
	git ls-files -s | while read -r mode _ _ file; do
		[ -f "$file" ] || continue
		first=$(head -c 2 "$file" | tr -d '\0')
		case $mode:$first:$file in
		100644:*.bats) ;;
		100755:'#!':* | 120000:*) ;;
		100644:'#!':*) echo "$file is a program and not executable" ;;
		100755:*) echo "$file is executable and no program" ;;
		esac
	done | nothing "file modes"
}

# Paths and hosts of the machine something was written on are of no use elsewhere.
@test "no path or host of somebody's machine" {
	(ours; grep -aHn '' lab/tests/consoles/* 2>/dev/null || :) |
		grep -aE '(^|[^[:alnum:]_.$}{*-])/(wor[k]|roo[t]|hom[e]|Users)/' | nothing "machine paths"
	ours | grep -aoE '^[^:]*:[0-9]+:|https?://[^/ )">]+' | awk '/^http/ { print where $0; next } { where = $0 }' |
		grep -vE '://([a-z0-9-]+\.)*(kernel\.org|gnu\.org|debian\.org|spdx\.org)$' | nothing "hosts"
}

@test "each Adds: line names files of the rooms" {
	files 'patches/*.patch' | while IFS= read -r patch; do
		sed -n '/^---$/q; /^diff --git/q; s/^Adds: *//p' "$patch" | tr -s ' ' '\n' |
			while IFS= read -r path; do
				[ -n "$(files "$path")" ] || echo "$patch adds $path, which no tracked file is"
			done
	done | nothing "Adds:"
}

@test "each series names patches that are there, and every patch is in one" {
	for folder in patches/linux-* lab/vtx; do
		sed 's/#.*//' "$folder"/series* | awk 'NF { print $1 }' | sort -u > "$BATS_TEST_TMPDIR/named"
		(cd "$folder" && ls ./*.patch) | sed 's/^..//' | sort > "$BATS_TEST_TMPDIR/there"
		# A list may name a patch of another folder.
		grep / "$BATS_TEST_TMPDIR/named" | while read -r far; do
			[ -e "$folder/$far" ] || echo "$folder: $far"
		done
		comm -3 <(grep -v / "$BATS_TEST_TMPDIR/named") "$BATS_TEST_TMPDIR/there" | sed "s,^,$folder: ,"
	done | nothing "named and not there, or there and not named"
}

# --- checkpatch --------------------------------------------------------------------

# judged_by_checkpatch [OPTION]... FILE...: what it says and checkpatch.allow does not
# explain, as PATH:LINE: LEVEL:TYPE: MESSAGE. What it says of a mail's own message has
# no path: it stands under the path "message". No sign-off is made up for anybody. On
# its stderr the kernel's spdxcheck.py asks for modules that Debian's python lacks.
judged_by_checkpatch() {
	local where line type rest allow_type path text
	(cd "$TREE" && perl scripts/checkpatch.pl --strict --no-signoff --no-summary --terse \
		--show-types "$@" < /dev/null 2> /dev/null || [ $? = 1 ] ||
		echo 'checkpatch:0: ERROR:FAILED: it did not run to its end') > "$BATS_TEST_TMPDIR/said"
	while IFS=: read -r where line level type rest; do
		[[ $level$type ]] || continue
		where=${where:-message}
		while read -r allow_type path text; do
			# shellcheck disable=SC2053 # a glob is what it is
			[ "$allow_type" = "$type" ] && [[ ${where#"$TREE/"} == $path ]] || continue
			[ "$text" = . ] || what_line "$where" "$line" "$rest" | grep -qE "$text" || continue
			printf '%s %s %s\n' "$allow_type" "$path" "$text" >> "$BATS_FILE_TMPDIR/needed"
			continue 2
		done < <(allowed)
		printf '%s:%s:%s:%s:%s\n' "$where" "$line" "$level" "$type" "$rest"
	done < "$BATS_TEST_TMPDIR/said"
}

# what_line PATH LINE FINDING: what an allowance's TEXT is about: the line of the file;
# of a message, whose line numbers are no file's, what checkpatch says.
what_line() {
	if [ "$1" = message ]; then
		echo "$3"
	else
		sed -n "${2}p" "$TREE/${1#"$TREE/"}"
	fi
}

allowed() { sed -E 's/(^| )# .*//; s/^#.*//; /^$/d' "$TESTS/checkpatch.allow"; }

@test "checkpatch is at work: it finds what is wrong, and no allowance hides it" {
	printf '// SPDX-License-Identifier: GPL-2.0-only\nint f(int a)\n{\n\tif (a<1)\n\t\treturn a; \n\treturn 0;\n}\n' > "$BATS_TEST_TMPDIR/wrong.c"
	run judged_by_checkpatch -f "$BATS_TEST_TMPDIR/wrong.c"
	[[ $output == *"wrong.c:5: ERROR:TRAILING_WHITESPACE"* ]] || fail "not found"
	[[ $output == *"wrong.c:4: ERROR:SPACING"* ]] || fail "not found"
}

# mails: the series as mails, in $BATS_TEST_TMPDIR/series.
mails() {
	local base
	base=$(git --git-dir "$CHECK_BUILD/src-6.1.git" rev-parse base)
	git -C "$TREE" format-patch -q -o "$BATS_TEST_TMPDIR/series" "$base..HEAD"
	[ -n "$(ls "$BATS_TEST_TMPDIR/series")" ] || fail "the tree has no commit of the series"
}

@test "checkpatch finds what is wrong in a message" {
	mails
	set -- "$BATS_TEST_TMPDIR"/series/0001-*
	awk '!done && /^$/ { print "\nFix teh loop.\n\nFixes: deadbeef"
		print "\nA line of a message that goes on and on, well past the columns that a reader has."
		done = 1 } { print }' "$1" > "$BATS_TEST_TMPDIR/wrong.patch"
	run judged_by_checkpatch --showfile "$BATS_TEST_TMPDIR/wrong.patch"
	for type in COMMIT_LOG_LONG_LINE TYPO_SPELLING BAD_FIXES_TAG; do
		[[ $output == *"message:"*":$type:"* ]] || fail "not found: $type"
	done
}

@test "checkpatch finds nothing in the series, as it is mailed" {
	mails
	judged_by_checkpatch --showfile "$BATS_TEST_TMPDIR"/series/*.patch | nothing "checkpatch"
}

# named_commits FILE...: "SHA SUBJECT" of each commit of Linux that a message names. One
# without a subject, or with a short SHA, is printed as it is: checkpatch cannot look it up.
named_commits() {
	local file
	for file; do
		sed '/^---$/,$d' "$file" | tr '\n' ' ' | grep -oE '[Cc]ommit [0-9a-f]{4,40}\>( \("[^"]*"\))?' |
			sed -E 's/^commit ([0-9a-f]{12}) \("(.*)"\)$/\1 \2/'
	done
}

@test "each commit of Linux that a message names is a known one, and none is known in vain" {
	printf 'As commit 1234 did, and commit\n0a3869e14d4a ("one").\n---\n' > "$BATS_TEST_TMPDIR/message"
	[ "$(named_commits "$BATS_TEST_TMPDIR/message")" = "$(printf 'commit 1234\n0a3869e14d4a one')" ] ||
		fail "not found: $(named_commits "$BATS_TEST_TMPDIR/message")"
	comm -3 <(named_commits patches/linux-6.1/*.patch | sort -u) \
		<(sed '/^#/d' "$TESTS/upstream-commits" | sort) | nothing "named and not known, or known and not named"
}

# A line "Cost: none." in the last paragraph would be a trailer, and a sign-off join it.
@test "no line of prose is what git takes for a trailer" {
	mails
	printf 'x: y\n\nWhy.\n\nCost: none.\n' | git interpret-trailers --parse | grep -q . || fail "git takes it for prose"
	for mail in "$BATS_TEST_TMPDIR"/series/*; do
		git mailinfo "$BATS_TEST_TMPDIR/body" /dev/null < "$mail" > /dev/null
		(echo subject; echo; sed '/^---$/,$d' "$BATS_TEST_TMPDIR/body") | git interpret-trailers --parse |
			grep -vE '^(Cc|Fixes|Link|Signed-off-by): ' | sed "s,^,${mail##*/}: ,"
	done | nothing "trailers"
}

@test "each message says what upstream did, or that it did nothing" {
	sed '/^#/d' patches/linux-6.1/series | grep '^00[0-4]' |
		while read -r patch; do
			[ -n "$(named_commits "patches/linux-6.1/$patch")" ] ||
				sed '/^---$/,$d' "patches/linux-6.1/$patch" | tr '\n' ' ' | grep -qE '[Nn]o upstream counterpart' || echo "$patch"
		done | nothing "nothing is said of upstream"
}

# FILE_PATH_CHANGES asks for MAINTAINERS with each new file, whatever covers it.
@test "every file of the series has a maintainer" {
	local base
	base=$(git --git-dir "$CHECK_BUILD/src-6.1.git" rev-parse base)
	git -C "$TREE" diff --name-only --diff-filter=A "$base..HEAD" > "$BATS_TEST_TMPDIR/new"
	[ -s "$BATS_TEST_TMPDIR/new" ] || fail "the series adds no file"
	sed 's,/[^/]*$,,' "$BATS_TEST_TMPDIR/new" | sort -u | while IFS= read -r folder; do
		file=$(grep -m 1 -E "^$folder/[^/]*\$" "$BATS_TEST_TMPDIR/new")
		(cd "$TREE" && perl scripts/get_maintainer.pl --no-git --no-git-fallback --no-keywords --roles --no-rolestats -f "$file") |
			grep -qE '\((maintainer|supporter):' || echo "$file"
	done | nothing "no maintainer"
}

# Where each room lands is lab/stage/assemble's knowledge: the commits tell.
@test "checkpatch finds nothing in the new files" {
	local base
	base=$(git --git-dir "$CHECK_BUILD/src-6.1.git" rev-parse base)
	mapfile -t new < <(git -C "$TREE" diff --name-only --diff-filter=A "$base..HEAD" -- '*.[chS]' '*.rst')
	[ ${#new[@]} -gt 0 ] || fail "the series adds no file"
	judged_by_checkpatch -f "${new[@]}" | nothing "checkpatch"
}

@test "what checkpatch.allow allows is needed" {
	comm -23 <(allowed | sort -u) <(sort -u "$BATS_FILE_TMPDIR/needed") | nothing "nobody needs"
}

@test "the mutants are no worse than the series in form" {
	[ -n "$(files 'mutants/*.patch')" ] || skip "there is no mutant yet"
	files 'mutants/*.patch' | while IFS= read -r mutant; do
		grep -qE '^Kills: [A-Za-z0-9_]+\.[A-Za-z0-9_]+$' "$mutant" || echo "$mutant names no SUITE.CASE that kills it"
		git -C "$TREE" apply --check "$PROJECT/$mutant" 2>&1 | sed "s,^,$mutant: ,"
	done | nothing "mutants"
}

# --- packages ----------------------------------------------------------------------

# world GROUP... : a PATH of what Debian's essential packages and those that
# lab/data/packages lists for these groups bring, with all they depend on.
world() {
	python3 - "$BATS_TEST_TMPDIR/world" lab/data/packages "$@" <<-'END'
	import glob, os, re, subprocess, sys
	target, table, groups = sys.argv[1], sys.argv[2], sys.argv[3:]
	fields = "${Package}\t${Essential}\t${Priority}\t${Pre-Depends}, ${Depends}\n"
	said = subprocess.run(["dpkg-query", "-W", "-f", fields], capture_output=True, text=True, check=True)
	needs, wanted = {}, []
	for line in said.stdout.splitlines():
	    name, essential, priority, depends = line.split("\t")
	    needs[name] = re.findall(r"[a-z0-9][a-z0-9.+-]+(?=[ ,|(:]|$)", re.sub(r"\([^)]*\)", "", depends))
	    if essential == "yes" or priority == "required":
	        wanted.append(name)
	for line in open(table, encoding="utf-8"):
	    words = line.split("#")[0].split()
	    if words and words[0] in groups:
	        wanted += words[1:]
	for name in groups:
	    for path in glob.glob(os.path.join(os.path.dirname(table), "*", name)):
	        with open(path, encoding="utf-8") as file:
	            wanted += " ".join(re.findall("^packages='(.*)'", file.read(), re.M)).split()
	seen = set()
	while wanted:
	    name = wanted.pop()
	    if name in needs and name not in seen:
	        seen.add(name)
	        wanted += needs[name]
	files = set()
	for entry in os.listdir("/var/lib/dpkg/info"):
	    if entry.endswith(".list") and entry[:-5].split(":")[0] in seen:
	        with open("/var/lib/dpkg/info/" + entry, encoding="utf-8") as listed:
	            files.update(os.path.realpath(x.rstrip("\n")) for x in listed if "bin/" in x)
	os.makedirs(target)
	for folder in ("/usr/bin", "/usr/sbin", "/bin", "/sbin"):
	    for name in os.listdir(folder):
	        path = os.path.join(folder, name)
	        if os.path.realpath(path) in files and not os.path.lexists(os.path.join(target, name)):
	            os.symlink(path, os.path.join(target, name))
	END
	# shellcheck disable=SC2123 # it is the search path that is meant
	PATH=$BATS_TEST_TMPDIR/world
}

@test "lab/data/packages brings every command the lab runs" {
	make_template
	new_house
	local old=$PATH
	world base 6.1 x86_64 vtx
	! type -P shellcheck > /dev/null || fail "this world holds too much"
	passes
	lab series
	good
	type -P bochs > /dev/null || fail "no package of lab/data/packages brings bochs"
	lab run MACHINE=vtx
	good
	PATH=$old
}

@test "lab/data/packages brings each architecture's machine and compiler" {
	local arch prefix target image debian packages
	for arch in lab/data/arch/*; do
		# shellcheck source=lab/data/arch/x86_64
		. "$arch"
		arch=${arch##*/}
		for command in "$(sed 's/#.*//' "configs/$arch.qemu" | xargs | cut -d ' ' -f 1)" "${prefix}gcc"; do
			type -P "$command" > /dev/null || skip "$command is not installed"
			(world base "$arch"; type -P "$command" > /dev/null) || fail "$arch: no package of lab/data/packages brings $command"
			rm -rf "$BATS_TEST_TMPDIR/world"
		done
	done
}
