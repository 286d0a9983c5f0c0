#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The mails of make series, on the mini kernel: their parts, headers and cover letter, and
# that they apply.

load mini.bash

setup() {
	new_house
	base=$HOUSE/patches/linux-6.1
}

# in_parts: the mini series in three parts. The last is the lab's own.
in_parts() {
	printf '%s\n' '# part: first' 0001-one.patch 0002-two.patch '# part: second' 0003-suite.patch \
		'# part: lab' 0004-lab.patch > "$base/series"
	(patch 'mm: only the lab' && hunk mm/memory.c 30 planted) > "$base/0004-lab.patch"
	printf 'The first part\n\nIts text.\n' > "$base/cover.first"
	printf 'The second part\n\nIts text.\n' > "$base/cover.second"
	printf '# For the cover.\nv3:\n - Better.\n' > "$base/changes"
	watch_over "$HOUSE"
}

# mailed [PART]: the files in the series' folder.
mailed() { (cd "$BUILD/series-6.1${1:+-$1}" && printf '%s\n' *) }

# pristine: a checkout of the base, to apply mails to.
pristine() {
	git -c advice.detachedHead=false clone -q "$BUILD/src-6.1.git" -b base "$T/pristine"
	git -C "$T/pristine" config user.name Reader
	git -C "$T/pristine" config user.email reader@example.org
}

# applied: the command that make series prints applies the mails.
applied() {
	local said
	said=$(grep '^To apply.*: git am ' <<< "$output") || fail "no line says how to apply the mails"
	(cd "$T/pristine" && eval "${said#To apply*: }" > "$T/am" 2>&1) || fail "git am:" "$(cat "$T/am")"
}

# on_one_line: the cover letter's text.
on_one_line() { tr '\n' ' ' < "$BUILD"/series-6.1/*0000-cover-letter.patch; }

@test "the command that is printed applies the mails to the base and gives the lab's tree" {
	lab series
	good
	pristine
	applied
	[ "$(git -C "$T/pristine" rev-parse 'HEAD^{tree}')" = "$(git -C "$BUILD/tree-6.1" rev-parse 'HEAD^{tree}')" ] ||
		fail "the trees differ"
}

@test "each part is mailed by itself, and applies on the parts before it" {
	in_parts
	lab series PART=first
	good
	[ "$(mailed first | wc -l)" = 3 ] || fail "a cover letter and two patches expected: $(mailed first)"
	grep -q '^Subject: \[PATCH 6.1 v3 2/2\] mm: two' "$BUILD"/series-6.1-first/*-0002-* || fail "numbering"
	pristine
	applied
	lab series PART=second
	good
	[ "$(mailed second | wc -l)" = 2 ] || fail "a cover letter and a patch expected: $(mailed second)"
	grep -q '^Subject: \[PATCH 6.1 v3 1/1\] mm: the suite' "$BUILD"/series-6.1-second/*-0001-* || fail "numbering"
	grep -q '^Subject: \[PATCH 6.1 v3 0/1\] The second part' "$BUILD"/series-6.1-second/*-0000-* || fail "its cover"
	applied
	[[ $output == *"To apply, on top of first: git am "* ]] || fail "not said"
}

@test "the cover letter of a part says which parts it applies on, and names no commit or patch of git's" {
	local part
	in_parts
	sed -i 's/^# part: lab/# part: third/' "$base/series"
	printf 'The third part\n\nIts text.\n' > "$base/cover.third"
	watch_over "$HOUSE"
	for part in first second third; do
		lab series PART=$part
		good
		tr '\n' ' ' < "$BUILD/series-6.1-$part/v3-0000-cover-letter.patch" > "$T/$part"
	done
	lab series
	good
	on_one_line > "$T/whole"
	! grep -l ' Applies on the part' "$T"/{whole,first} || fail "these apply on nothing"
	grep -q ' Applies on the part "first" of the same series. ' "$T/second" || fail "the second part:" "$(cat "$T/second")"
	grep -q ' Applies on the parts "first" and "second" of the same series, in this order. ' "$T/third" || fail "the third part:" "$(cat "$T/third")"
	! grep -rlE '^(base-commit|prerequisite-patch-id): ' "$BUILD"/series-6.1*/ || fail "ids that nobody can look up"
}

@test "the lab's own part is in its tree and is never mailed" {
	in_parts
	lab series
	good
	grep -qx 'int planted;' "$BUILD/tree-6.1/mm/memory.c" || fail "not in the lab's tree"
	! grep -r 'planted\|only the lab' "$BUILD/series-6.1" || fail "mailed"
	lab series PART=lab
	refused 2 'PART=lab is unknown; choose one of: first second$'
}

@test "a part that is unknown, or has no cover letter, is named" {
	in_parts
	lab series PART=third
	refused 2 'PART=third is unknown; choose one of: first second$'
	rm "$base/cover.second"
	watch_over "$HOUSE"
	lab series PART=second
	refused 2 'PART=second has no cover letter: patches/linux-6.1/cover.second is missing$'
}

# as_mailed: the mails without their dates.
as_mailed() { cat "$BUILD"/series-6.1/*.patch | sed '/^Date: /d'; }

@test "the user's git configuration does not reach the mails" {
	local plain
	lab series
	good
	plain=$(as_mailed)
	mkdir -p "$T/home/.config/git"
	cat > "$T/home/.gitconfig" <<-END
	[user]
	name = Reader
	email = reader@example.org
	[diff]
	noprefix = true
	mnemonicPrefix = true
	context = 1
	[format]
	attach = cut-here
	signature = Sent from afar
	subjectPrefix = XX
	thread = deep
	cc = somebody@example.org
	numbered = false
	signOff = true
	END
	echo '* -diff' > "$T/home/.config/git/attributes"
	# Without the lab this configuration does change what git writes.
	HOME=$T/home git -C "$BUILD/tree-6.1" format-patch --stdout -1 2> /dev/null | grep -q 'cut-here' ||
		fail "the configuration has no effect"
	lab series HOME="$T/home" XDG_CONFIG_HOME="$T/home/.config" GIT_DIFF_OPTS=-u1
	good
	[ "$(as_mailed)" = "$plain" ] || fail "the mails differ:" "$(diff <(echo "$plain") <(as_mailed))"
}

@test "the cover letter has version, changes, base, sublevels and a table of upstream's commits" {
	in_parts
	printf '# Tried.\n100 192 192\n' > "$base/sublevels"
	sed -i 's/^Why\.$/Why.\n\nCc: stable@vger.kernel.org # 6.1/' "$base/0001-one.patch"
	watch_over "$HOUSE"
	lab series
	good
	local cover=$BUILD/series-6.1/v3-0000-cover-letter.patch
	for line in '^Subject: \[PATCH 6.1 v3 0/3\] A mini series$' '^v3:$' '^ - Better\.$' \
		'^      1  none  \[stable\]$' '^      2  none$'; do
		grep -qE -- "$line" "$cover" || fail "not in the cover letter: $line" "$(cat "$cover")"
	done
	for text in "Made on Linux 6.1.192, from the archive kernel.tar.xz, which no installed package has, git tree" \
		"Applies to Debian's packages of 6.1.100 to 6.1.192, the first and the last that were tried."; do
		[[ $(on_one_line) == *"$text "* ]] || fail "not in the cover letter: $text" "$(cat "$cover")"
	done
	! grep -q '^base-commit' "$cover" || fail "it names a commit that nobody else has"
	! grep -q '^# For' "$cover" || fail "a comment is mailed"
}

# debian_package: the archive is that of this package.
debian_package() {
	cat > "$BIN/dpkg-query" <<-END
	#!/bin/sh
	case "\$1 \$*" in
	-S*$ARCHIVE) echo "linux-source-6.1: $ARCHIVE" ;;
	*'\${Package}'*) echo '$1' ;;
	*) exec /usr/bin/dpkg-query "\$@" ;;
	esac
	END
	chmod +x "$BIN/dpkg-query"
}

@test "the cover letter names Debian's package, and says what its patches change" {
	local tree
	printf '# Looked up.\nThey change mm/memory.c.\n' > "$base/debian"
	watch_over "$HOUSE"
	lab series
	good
	[[ $(on_one_line) != *'They change'* ]] || fail "it tells of patches in an archive of no package"
	debian_package 'linux-source-6.1 6.1.192-7'
	touch "$ARCHIVE"
	lab series
	good
	tree=$(git --git-dir "$BUILD/src-6.1.git" rev-parse 'base^{tree}')
	[[ $(on_one_line) == *"Made on Debian's linux-source-6.1 6.1.192-7: Linux 6.1.192 with Debian's patches, git tree $tree. They change mm/memory.c. "* ]] ||
		fail "its package is not named"
	[[ $(on_one_line) != *'# Looked up'* ]] || fail "a comment is mailed"
	rm "$BUILD/src-6.1.git/lab-package"
	lab series
	good
	[[ $(on_one_line) == *'linux-source-6.1 6.1.192-7:'* ]] || fail "the package of a source that an older lab fetched"
	tar -C "$T" -xf "$ARCHIVE"
	lab series LINUX="$T/kernel"
	[ "$status" = 0 ] || fail "series"
	[[ $(tr '\n' ' ' < "$BUILD"/series-6.1-*/0000-*) == *'Made on Linux 6.1.192, an unpacked tree, git tree '* ]] ||
		fail "LINUX= counts as Debian's"
}

# upstream_column: the mini patches' lines in the cover letter's table.
upstream_column() { sed -n 's/^ *\([0-9]\)  \(none\|same .*\|part .*\)$/\1 \2/p' "$BUILD"/series-6.1/*0000-*; }

@test "a commit that a message only mentions is not the patch's upstream commit" {
	sed -i 's/^Why\.$/Upstream did the same by commit\n0123456789ab ("one: it") and commit\n1123456789ab ("(two)"). That\nwas broken until commit 2123456789ab ("three")./' "$base/0001-one.patch"
	sed -i 's/^Why\.$/Upstream did a part of this by commit 3123456789ab ("four"). This is a part\nof what upstream did by commit 4123456789ab ("five")./' "$base/0002-two.patch"
	sed -i 's/^Why\.$/Upstream did the same for another thing by commit 5123456789ab ("six").\nThere is no upstream counterpart./' "$base/0003-suite.patch"
	watch_over "$HOUSE"
	lab series
	good
	[ "$(upstream_column)" = "$(printf '%s\n' '1 same 0123456789ab 1123456789ab' \
		'2 part 3123456789ab, part 4123456789ab' '3 none')" ] || fail "the table:" "$(upstream_column)"
}

@test "the sender is the author, in the mails and in the cover letter's list" {
	lab series SIGNOFF='A Sender <a.sender@example.org>'
	good
	grep -qx 'A Sender (3):' "$BUILD"/series-6.1/0000-* || fail "the list names another author"
	! grep -r 'Secondary TLB lab' "$BUILD/series-6.1" || fail "the lab is named"
	for mail in "$BUILD"/series-6.1/000[1-9]-*; do
		grep -qx 'From: A Sender <a.sender@example.org>' "$mail" || fail "$mail: author"
		grep -qx 'Signed-off-by: A Sender <a.sender@example.org>' "$mail" || fail "$mail: sign-off"
	done
	lab series
	[[ $output == *'The patches are not signed off'* ]] || fail "the output does not say so"
}

@test "each mail is addressed as the kernel's get_maintainer.pl says" {
	mkdir "$T/kernel/scripts"
	cat > "$T/kernel/scripts/get_maintainer.pl" <<-'END'
	print "\"A. Keeper\" <keeper\@example.org> (maintainer:MINI (A/B))\n";
	print "J\xc3\xa9r\xc3\xb4me <reader\@example.org> (reviewer:MINI)\n";
	print "\"Keeper, A.\" <Keeper\@example.org> (reviewer:MINI)\n";
	# The lists of one mail have the whole thread.
	print "list\@example.org (open list:MINI)\n" if $ARGV[-1] =~ /0002-/;
	END
	lab series LINUX="$T/kernel"
	[ "$status" = 0 ] || fail "series"
	for mail in "$BUILD"/series-6.1-*/000[0-3]-*; do
		sed '/^$/q' "$mail" > "$T/headers"
		grep -qx 'To: "A. Keeper" <keeper@example.org>,' "$T/headers" || fail "To:" "$(cat "$T/headers")"
		[ "$(grep -ci 'keeper@example.org' "$T/headers")" = 1 ] || fail "twice" "$(cat "$T/headers")"
		grep -qx 'Cc: list@example.org,' "$T/headers" || fail "list" "$(cat "$T/headers")"
		grep -qx '    reader@example.org' "$T/headers" || fail "a name that is not ASCII" "$(cat "$T/headers")"
	done
}

@test "each mail of a series for a stable kernel goes to stable, also by a tree without get_maintainer.pl" {
	mkdir "$T/kernel/scripts"
	# The real one asks git for each commit of a Fixes: line, unless told not to.
	cat > "$T/kernel/scripts/get_maintainer.pl" <<-'END'
	print "list\@example.org (open list:MINI)\n";
	print STDERR "fatal: ambiguous argument\n" if !grep { $_ eq "--no-fixes" } @ARGV;
	END
	lab series
	good
	lab series LINUX="$T/kernel"
	[ "$status" = 0 ] && [ -z "$stderr" ] || fail "series"
	for mail in "$BUILD"/series-6.1/000[0-3]-* "$BUILD"/series-6.1-*/000[0-3]-*; do
		sed '/^$/q' "$mail" > "$T/headers"
		[ "$(grep -c 'stable@vger.kernel.org' "$T/headers")" = 1 ] || fail "$mail:" "$(cat "$T/headers")"
		grep -qx 'To: stable@vger.kernel.org' "$T/headers" || fail "To:" "$(cat "$T/headers")"
	done
	grep -qx 'Cc: list@example.org' "$T/headers" || fail "Cc:" "$(cat "$T/headers")"
}

@test "a cover letter that names changes which are not committed is announced" {
	git -C "$HOUSE" init -q
	git -C "$HOUSE" add -A
	git -C "$HOUSE" -c user.name=n -c user.email=e@example.org commit -q -m all
	watch_over "$HOUSE"
	lab series
	good
	[[ $output != *"not committed"* ]] || fail "nothing was changed"
	echo >> "$HOUSE/Makefile"
	watch_over "$HOUSE"
	lab series
	good
	grep -q 'the lab at version [0-9a-f]*-dirty' "$BUILD"/series-6.1/*0000-* || fail "the cover letter"
	[[ $output == *"The project has changes that are not committed: the cover letter gives its version as -dirty."* ]] ||
		fail "not said"
}

# results: the cover letter's results, each with its command on one line.
results() {
	sed -n "/^Results for this tree/,/^  patch  upstream/p" "$BUILD"/series-6.1/*0000-* | grep -E '^  (make|  )' | paste -d ' ' - - - | sed 's/  */ /g'
}

@test "the cover letter has the newest result of each command, if it is of this tree" {
	local today none="The lab's build folder has no results for this tree."
	today=$(date -u +%F)
	lab series
	good
	grep -qxF "$none" "$BUILD"/series-6.1/*0000-* || fail "no word on results"
	[[ $output == *"The cover letter has no results: 'make run' first, with this tree."* ]] || fail "not said"
	passes
	lab run FLAVOUR=plain
	failing_case
	lab run
	[ "$status" = 7 ] || fail "it should have failed"
	lab series
	good
	[[ $(results) =~ ^" make run ARCH=x86_64 6.1.192, QEMU"[^,]*", 4 CPUs, $today 0 passed, 1 failed, 0 skipped"$'\n'" make run ARCH=x86_64 FLAVOUR=plain 6.1.192, QEMU"[^,]*", 4 CPUs, $today "[0-9]*" passed, "[0-9]*" failed, 0 skipped"$ ]] ||
		fail "the results:" "$(results)"
	# A message is no part of the tree; a line of code is.
	sed -i 's/^Why\./Why, again./' "$base/0002-two.patch"
	watch_over "$HOUSE"
	lab series
	[ "$(results | wc -l)" = 2 ] || fail "a changed message drops the results"
	sed -i 's/^+int two;/+int too;/' "$base/0002-two.patch"
	watch_over "$HOUSE"
	lab series
	good
	grep -qxF "$none" "$BUILD"/series-6.1/*0000-* || fail "results of another tree:" "$(results)"
}

@test "the results of mutants and of the base are none of the series'" {
	local name
	passes
	for name in 6.1-mutant-x86_64-lockdep 6.1-vtx-mutant-x86_64-plain; do
		mkdir -p "$BUILD/$name/results"
		cp -r "$BUILD/6.1-x86_64-lockdep/results/." "$BUILD/$name/results"
		sed -i 's/"arch": "x86_64"/"arch": "arm64"/' "$BUILD/$name"/results/*/summary.json
	done
	lab run SERIES=none
	lab series
	good
	[[ $(results) == " make run ARCH=x86_64 6.1.192"* ]] && [ "$(results | wc -l)" = 1 ] || fail "the results:" "$(results)"
}
