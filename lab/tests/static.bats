#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What can be checked without building a kernel. The assembled tree is that of `make tree`
# in CHECK_BUILD.

setup() {
	load helper.bash
	cd "$PROJECT" || return
	TREE=$CHECK_BUILD/tree-6.1
}

# nothing WORD...: fail unless the input is empty, and show it under these words.
nothing() {
	local found
	found=$(cat)
	[ -z "$found" ] || fail "$*:" "$found"
}

# files [PATTERN]...: the project's files that match.
files() {
	git ls-files -- "$@" | while IFS= read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

# of_language PATTERN SUFFIX: the files whose first lines match or whose name ends so.
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

# Except the licence itself, recorded consoles, texts that are printed or mailed as they
# are, and patches, whose files have their own tags.
@test "every file has an SPDX tag" {
	files | grep -vE '^COPYING$|^lab/make/help.txt$|^lab/tests/consoles/[^.]*$|^patches/.*/cover(\.[a-z]+)?$|\.patch$' |
		while IFS= read -r file; do
			head -n 5 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' || printf '%s\n' "$file"
		done | nothing "no SPDX tag"
}

# The test above does not see a new file in a patch.
@test "every file that a patch adds has an SPDX tag" {
	files '*.patch' | while IFS= read -r file; do
		awk '/^diff --git/ { new = 0 } /^new file/ { new = 1 }
			new && /^@@/ { getline; if (!/SPDX-License-Identifier/) print FILENAME ": " $0; new = 0 }' "$file"
	done | nothing "no SPDX tag in a new file"
}

# ours: the project's own lines, with FILE:LINE before each; of patches, the added lines.
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

# In lab/data/splats and allow a pattern may end with a blank.
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

# Paths and hosts of the author's machine are of no use elsewhere.
@test "no path or host of the author's machine" {
	(ours; grep -aHn '' lab/tests/consoles/* 2>/dev/null || :) |
		grep -aE '(^|[^[:alnum:]_.$}{*-])/(wor[k]|roo[t]|hom[e]|Users)/' | nothing "machine paths"
	ours | grep -aoE '^[^:]*:[0-9]+:|https?://[^/ )">]+' | awk '/^http/ { print where $0; next } { where = $0 }' |
		grep -vE '://([a-z0-9-]+\.)*(kernel\.org|gnu\.org|debian\.org|spdx\.org)$' | nothing "hosts"
}

# unnamed_tests FILE...: where a macro of KUnit gets an expression as its test. 6.12's macros
# write test->last_seen without parentheses, so it must be a name.
unnamed_tests() { grep -nE '\bKUNIT_(EXPECT|ASSERT|FAIL)[A-Z_]*\([^[:alpha:]_]' "$@" || :; }

@test "the macros of KUnit get a name, as 6.12 needs it" {
	printf '%s\n' 'KUNIT_EXPECT_EQ(test, 1, 1);' 'KUNIT_ASSERT_EQ(&inner->test, 1, 1);' > "$BATS_TEST_TMPDIR/some.c"
	[ "$(unnamed_tests "$BATS_TEST_TMPDIR/some.c" | cut -d : -f 1)" = 2 ] || fail "not found"
	files 'kunit/*.[ch]' | xargs grep -nHE '\bKUNIT_' > /dev/null || fail "no macro in kunit/"
	mapfile -t sources < <(files 'kunit/*.[ch]')
	unnamed_tests "${sources[@]}" | nothing "not a name"
}

@test "each Adds: line names files that exist" {
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
		# A list may name a patch in another folder.
		grep / "$BATS_TEST_TMPDIR/named" | while read -r far; do
			[ -e "$folder/$far" ] || echo "$folder: $far"
		done
		comm -3 <(grep -v / "$BATS_TEST_TMPDIR/named") "$BATS_TEST_TMPDIR/there" | sed "s,^,$folder: ,"
	done | nothing "named and not there, or there and not named"
}

# --- checkpatch --------------------------------------------------------------------

# judged_by_checkpatch [OPTION]... FILE...: the findings of checkpatch that checkpatch.allow
# does not allow, as PATH:LINE: LEVEL:TYPE: MESSAGE. A finding about a mail's own message
# has no path; here it gets the path "message". --no-signoff, because the lab signs nothing
# off. On stderr the kernel's spdxcheck.py asks for modules that Debian's python lacks.
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

# what_line PATH LINE FINDING: what the TEXT of an allowance is compared with: the line of
# the file, or, for a message, which has no line numbers of a file, the finding itself.
what_line() {
	if [ "$1" = message ]; then
		echo "$3"
	else
		sed -n "${2}p" "$TREE/${1#"$TREE/"}"
	fi
}

allowed() { sed -E 's/(^| )# .*//; s/^#.*//; /^$/d' "$TESTS/checkpatch.allow"; }

@test "checkpatch works: it finds faults, and no allowance hides them" {
	printf '// SPDX-License-Identifier: GPL-2.0-only\nint f(int a)\n{\n\tif (a<1)\n\t\treturn a; \n\treturn 0;\n}\n' > "$BATS_TEST_TMPDIR/wrong.c"
	run judged_by_checkpatch -f "$BATS_TEST_TMPDIR/wrong.c"
	[[ $output == *"wrong.c:5: ERROR:TRAILING_WHITESPACE"* ]] || fail "not found"
	[[ $output == *"wrong.c:4: ERROR:SPACING"* ]] || fail "not found"
}

# mails: write the series as mails to $BATS_TEST_TMPDIR/series.
mails() {
	local base
	base=$(git --git-dir "$CHECK_BUILD/src-6.1.git" rev-parse base)
	git -C "$TREE" format-patch -q -o "$BATS_TEST_TMPDIR/series" "$base..HEAD"
	[ -n "$(ls "$BATS_TEST_TMPDIR/series")" ] || fail "the tree has no commit of the series"
}

@test "checkpatch finds faults in a message" {
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

@test "checkpatch finds nothing in the mails of the series" {
	mails
	judged_by_checkpatch --showfile "$BATS_TEST_TMPDIR"/series/*.patch | nothing "checkpatch"
}

# named_commits FILE...: "SHA SUBJECT" of each commit of Linux that a message names. A name
# without a subject or with a short SHA is printed unchanged: checkpatch cannot look it up.
named_commits() {
	local file
	for file; do
		sed '/^---$/,$d' "$file" | tr '\n' ' ' | grep -oE '([Cc]ommit|Fixes:) [0-9a-f]{4,40}\>( \("[^"]*"\))?' |
			sed -E 's/^(commit|Fixes:) ([0-9a-f]{12}) \("(.*)"\)$/\2 \3/'
	done
}

@test "the commits of Linux that the messages name are those of upstream-commits" {
	printf 'As commit 1234 did, and commit\n0a3869e14d4a ("one").\n\nFixes: 878940b33d76 ("two")\n---\n' > "$BATS_TEST_TMPDIR/message"
	[ "$(named_commits "$BATS_TEST_TMPDIR/message")" = "$(printf 'commit 1234\n0a3869e14d4a one\n878940b33d76 two')" ] ||
		fail "not found: $(named_commits "$BATS_TEST_TMPDIR/message")"
	comm -3 <(named_commits patches/linux-6.1/*.patch | sort -u) \
		<(sed '/^#/d' "$TESTS/upstream-commits" | sort) | nothing "named and not listed, or listed and not named"
}

# git takes a line "Cost: none." in the last paragraph for a trailer, and puts the sign-off
# directly below it.
@test "git takes no line of prose for a trailer" {
	mails
	printf 'x: y\n\nWhy.\n\nCost: none.\n' | git interpret-trailers --parse | grep -q . || fail "git does not take it for a trailer"
	for mail in "$BATS_TEST_TMPDIR"/series/*; do
		git mailinfo "$BATS_TEST_TMPDIR/body" /dev/null < "$mail" > /dev/null
		(echo subject; echo; sed '/^---$/,$d' "$BATS_TEST_TMPDIR/body") | git interpret-trailers --parse |
			grep -vE '^(Cc|Fixes|Link|Signed-off-by): ' | sed "s,^,${mail##*/}: ,"
	done | nothing "trailers"
}

@test "each fix for stable names the commit that it fixes" {
	local patch
	grep -l '^Cc: stable@' patches/linux-6.1/*.patch > "$BATS_TEST_TMPDIR/fixes"
	[ -s "$BATS_TEST_TMPDIR/fixes" ] || fail "there is none"
	while read -r patch; do
		sed '/^---$/,$d' "$patch" | grep -qE '^Fixes: [0-9a-f]{12} \(".+"\)$' || echo "$patch"
	done < "$BATS_TEST_TMPDIR/fixes" | nothing "no Fixes: line"
}

# without_upstream PATCH...: those of which the cover letter says "none" and the message does
# not. To mention a commit is not enough: only the sentences of upstream-of count.
without_upstream() {
	local patch
	for patch; do
		[ "$(lab/stage/upstream-of "$patch")" != none ] ||
			sed '/^---$/,$d' "$patch" | tr '\n' ' ' | grep -qE '[Nn]o upstream counterpart' || echo "${patch##*/}"
	done
}

@test "each message says which upstream commit it stands for, or that there is none" {
	printf 'It was fixed upstream by commit 0a3869e14d4a ("one").\n---\n' > "$BATS_TEST_TMPDIR/mentions"
	[ "$(without_upstream "$BATS_TEST_TMPDIR/mentions")" = mentions ] || fail "a mention counts"
	mapfile -t patches < <(sed '/^# part: lab/,$d; /^#/d; /^$/d; s,^,patches/linux-6.1/,' patches/linux-6.1/series)
	[ ${#patches[@]} -gt 30 ] || fail "only ${#patches[@]} patches"
	without_upstream "${patches[@]}" | nothing "upstream is not mentioned"
}

# parts_of_series: "NAME FIRST-LAST" of each part that is mailed. The last is "the rest".
parts_of_series() {
	awk '/^# part: / { part = $3 } { sub(/#.*/, "") }
		NF && part != "lab" { n++; if (!(part in first)) { first[part] = n; order[++k] = part } last[part] = n }
		END { for (i = 1; i <= k; i++) { p = order[i]
			print p, i == k ? "the rest" : first[p] == last[p] ? first[p] : first[p] "-" last[p] } }' patches/linux-6.1/series
}

@test "the cover letter counts the patches of each part as the series does" {
	diff <(sed -n 's/^ - \([a-z]*\) (\([^)]*\)):.*/\1 \2/p' patches/linux-6.1/cover) <(parts_of_series) | nothing "cover and series"
}

@test "the cover letter names what make prefixes compiles for" {
	local text arch
	text=$(tr '\n' ' ' < patches/linux-6.1/cover | grep -oE "\`make prefixes\`[^.]*\.[^.]*\.")
	for arch in lab/data/arch/* lab/data/compile/*; do
		grep -qwF "$(basename "$arch" | sed 's/^powerpc$/ppc64le/')" <<< "$text" || echo "${arch##*/}"
	done | nothing "not named"
	# As combinations() of make prefixes has it.
	[[ $text == *"with CONFIG_MMU_NOTIFIER=n for x86_64 and arm64."* ]] || fail "the variants:" "$text"
	# shellcheck disable=SC2016 # it is literal
	grep -qF 'case $arch in x86_64 | arm64) printf' lab/make/prefixes || fail "make prefixes has other variants"
}

# checkpatch's FILE_PATH_CHANGES asks about MAINTAINERS for each new file, also if an entry
# covers it, so it is allowed. This test checks the entries.
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

# The commits say which files are new.
@test "checkpatch finds nothing in the new files" {
	local base
	base=$(git --git-dir "$CHECK_BUILD/src-6.1.git" rev-parse base)
	mapfile -t new < <(git -C "$TREE" diff --name-only --diff-filter=A "$base..HEAD" -- '*.[chS]' '*.rst')
	[ ${#new[@]} -gt 0 ] || fail "the series adds no file"
	judged_by_checkpatch -f "${new[@]}" | nothing "checkpatch"
}

# documented FILE...: what kernel-doc says of these files of the tree.
documented() { (cd "$TREE" && perl scripts/kernel-doc -none "$@" 2>&1) || echo "kernel-doc failed: $?"; }

@test "kernel-doc finds nothing in the new files, also in headers" {
	local base
	printf '/**\n * struct one - it\n * @a: described\n */\nstruct one {\n\tint a;\n\tint b;\n};\n' > "$BATS_TEST_TMPDIR/one.h"
	[[ $(documented "$BATS_TEST_TMPDIR/one.h") == *"member 'b' not described"* ]] || fail "an undescribed member passes"
	base=$(git --git-dir "$CHECK_BUILD/src-6.1.git" rev-parse base)
	mapfile -t new < <(git -C "$TREE" diff --name-only --diff-filter=A "$base..HEAD" -- '*.[ch]')
	[[ " ${new[*]} " == *" include/kunit/secondary_tlbs_paths.h "* ]] || fail "the new files are not found"
	documented "${new[@]}" | nothing "kernel-doc"
}

@test "each line of checkpatch.allow is needed" {
	comm -23 <(allowed | sort -u) <(sort -u "$BATS_FILE_TMPDIR/needed") | nothing "not needed"
}

@test "each mutant names a case and applies to the series" {
	[ -n "$(files 'mutants/*.patch')" ] || skip "there is no mutant yet"
	files 'mutants/*.patch' | while IFS= read -r mutant; do
		grep -qE '^Kills: [A-Za-z0-9_]+\.[A-Za-z0-9_]+$' "$mutant" || echo "$mutant names no SUITE.CASE that kills it"
		git -C "$TREE" apply --check "$PROJECT/$mutant" 2>&1 | sed "s,^,$mutant: ,"
	done | nothing "mutants"
}

# applies_in_order COMMIT SERIES: say which patch of that list does not apply to the commit and
# to the patches before it. Nothing is checked out.
applies_in_order() {
	local -x GIT_INDEX_FILE=$BATS_TEST_TMPDIR/index
	git -C "$TREE" read-tree "$1"
	grep -v '^#' "$2" | while IFS= read -r patch; do
		git -C "$TREE" apply --cached "$PROJECT/${2%/*}/$patch" 2>&1 | sed "s,^,${2##*/}: ${patch##*/}: ,"
	done
}

@test "the lab's own patches for KVM apply, to the series and to the base" {
	{
		applies_in_order HEAD lab/vtx/series
		applies_in_order base lab/vtx/series.none
	} | nothing "patches"
}

@test "the lab's changes of a prefix apply to the suites" {
	files 'lab/data/prefix-aid/*.patch' | while IFS= read -r aid; do
		git -C "$TREE" apply --check "$PROJECT/$aid" 2>&1 | sed "s,^,${aid##*/}: ,"
	done | nothing "patches"
}

@test "docs/vtx.md counts what lab/data/allow has for vtx" {
	local -a words=(No One Two Three Four Five Six Seven Eight Nine)
	tr '\n' ' ' < docs/vtx.md |
		grep -qE "\- ${words[$(grep -c '^vtx ' lab/data/allow)]} complaints +of the guest's kernel are about the machine" ||
		fail "lab/data/allow has $(grep -c '^vtx ' lab/data/allow) lines for vtx"
}

# --- packages ----------------------------------------------------------------------

# world GROUP...: set PATH to the commands of Debian's essential packages and of those that
# lab/data/packages lists for these groups, with all that they depend on.
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
	# shellcheck disable=SC2123 # the search path is meant
	PATH=$BATS_TEST_TMPDIR/world
}

@test "the packages of lab/data have every command that the lab runs" {
	make_template
	new_house
	local old=$PATH
	world base 6.1 x86_64 vtx
	! type -P shellcheck > /dev/null || fail "PATH has commands of other packages"
	passes
	lab series
	good
	type -P bochs > /dev/null || fail "no package of lab/data has bochs"
	lab run MACHINE=vtx
	good
	PATH=$old
}

@test "the packages of lab/data have the emulator and compiler of each architecture" {
	local arch prefix target image debian packages
	for arch in lab/data/arch/*; do
		# shellcheck source=lab/data/arch/x86_64
		. "$arch"
		arch=${arch##*/}
		for command in "$(sed 's/#.*//' "configs/$arch.qemu" | xargs | cut -d ' ' -f 1)" "${prefix}gcc"; do
			type -P "$command" > /dev/null || skip "$command is not installed"
			(world base "$arch"; type -P "$command" > /dev/null) || fail "$arch: no package of lab/data has $command"
			rm -rf "$BATS_TEST_TMPDIR/world"
		done
	done
}
