# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The steps of a series, and the work tree in which one of them is checked out. Sourced
# after settings.sh, with TREE set, by assemble and the scripts of make prefixes.

# The variables are set in settings.sh.
# shellcheck disable=SC2153

in_repo() { git --git-dir "$REPO" "$@"; }

in_tree() { git -C "$TREE" "$@"; }

# listed FILE: the patches that a series file names. A name without a folder is that of a
# patch beside the file.
listed() {
	local step
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1" | while read -r step; do
		[[ $step == /* ]] || step=${1%/*}/$step
		printf '%s\n' "$step"
	done
}

# need_step: stop if PART names no patch of the series.
need_step() {
	local patch
	while read -r patch; do
		# shellcheck disable=SC2053 # a glob is what it is
		[[ ${patch##*/} != ${PART:-*} ]] || return 0
	done < <(listed "$SERIES_FILE")
	die "$BAD_INPUT" "PART=$PART matches no step of ${SERIES_FILE#"$TOP/"}"
}

# chosen_steps: print "PATCH COMMIT" for each patch in $SERIES_FILE whose file name matches
# the glob PART. The assembled tree has one commit for each patch.
chosen_steps() {
	local patch commit
	paste -d ' ' <(listed "$SERIES_FILE") <(in_repo rev-list --reverse "base..refs/heads/tree-$TREE_ID") |
		while read -r patch commit; do
			# shellcheck disable=SC2053 # a glob is what it is
			[[ ${patch##*/} != ${PART:-*} ]] || printf '%s %s\n' "$patch" "$commit"
		done
}

# keep_refs: stop if the base or the branch of the tree holds commits of the user's. The
# branch outlives its tree.
keep_refs() {
	local name
	for name in base "${TREE##*/}"; do
		! in_repo rev-parse -q --verify "refs/heads/$name" > /dev/null ||
			{ [ "$name" != base ] && [ ! -e "$REPO/lab-tips-$name" ]; } || labs_ref "$REPO" "refs/heads/$name" ||
			die "$BAD_ASSEMBLY" "the branch $name of $REPO holds commits that are in no patch:" \
				"keep them with 'git -C $REPO branch NAME $name', then 'git -C $REPO update-ref refs/heads/$name" \
				"$(labs_tip "$name")'"
	done
}

# labs_tip NAME: the commit of the lab's that this branch was at last.
labs_tip() {
	if [ "$1" = base ]; then in_repo rev-list --max-parents=0 base; else tail -n 1 "$REPO/lab-tips-$1"; fi
}

# check_tree: stop if the tree's place is taken by something else, or if the tree holds work
# of the user's.
check_tree() {
	if [ -e "$TREE" ] || [ -L "$TREE" ]; then
		is_lab_tree "$TREE" && grep -qF "$REPO/worktrees/" "$TREE/.git" ||
			die "$BAD_ASSEMBLY" "$TREE was not made by the lab: move it away"
		keep_work "$BAD_ASSEMBLY" "$TREE"
	fi
	keep_refs
	own "$TREE" "$TREE.unfinished"
}

# place COMMIT: check it out in the tree. The file of tips lists each commit that the lab has
# checked out there. A commit that is neither listed nor an ancestor of one is the user's
# work: see keep_work.
place() {
	local tips=$REPO/lab-tips-${TREE##*/}
	grep -qxF "$1" "$tips" 2>/dev/null || printf '%s\n' "$1" >> "$tips"
	in_repo update-ref "refs/heads/${TREE##*/}" "$1"
	if [ ! -e "$TREE" ]; then
		need_space 3
		: > "$TREE.unfinished"
		forget_lost_trees "$REPO"
		in_repo worktree add -q --detach --no-checkout "$TREE" "$1"
	fi
	: > "$TREE.unfinished"
	in_tree checkout -q --force --detach "$1"
	rm -f "$TREE.unfinished"
}
