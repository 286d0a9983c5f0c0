# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which files are the lab's and which are the user's. Sourced by settings.sh.
#
# A build folder is the lab's if the lab made it or found it empty. Its file .lab lists all
# that the lab has made directly below it, one name a line. distclean removes what is listed
# and nothing else. A script records a name with `own` before it makes the file or folder.

# The variables are set in settings.sh.
# shellcheck disable=SC2153

refuse() { die "$BAD_INPUT" "$@"; }

# inside PATH FOLDER: does the path lie in the folder, or is it the folder?
inside() { [[ $1/ == "${2%/}"/* ]]; }

# refuse_foreign_places: stop if the lab must not work in BUILD, whatever is in it.
refuse_foreign_places() {
	local build top below
	build=$(realpath -m -- "$BUILD")
	top=$(realpath -- "$TOP")
	[ "$build" != / ] || refuse "BUILD=$BUILD is the root folder: give BUILD= a folder of its own"
	! inside "$top" "$build" ||
		refuse "BUILD=$BUILD holds the project itself: give BUILD= a folder of its own"
	[ -z "${HOME:-}" ] || [ "$build" != "$(realpath -m -- "$HOME")" ] ||
		refuse "BUILD=$BUILD is your home folder: give BUILD= a folder of its own"
	[ -z "$LINUX" ] || ! inside "$build" "$(realpath -- "$LINUX")" ||
		refuse "BUILD=$BUILD lies in LINUX=$LINUX, which is never written to: give BUILD= another folder"
	below=${build#"${top%/}"/}
	[ "$below" = "$build" ] || [ ! -e "$TOP/${below%%/*}" ] || [[ $below == build* ]] ||
		refuse "BUILD=$BUILD lies among the project's own files: give BUILD= another folder"
}

# others_files: the names in the build folder that the lab has not recorded. lost+found is
# part of a new file system.
others_files() {
	local name
	(cd "$BUILD" && ls -A) | grep -vxF lost+found | grep -vxE '\.lab|\.lock' | while read -r name; do
		owned "$name" || printf '%s\n' "$name"
	done
}

# made_before: what an older lab, which kept no list, has made: the names it used are known.
# Only the project's own build/ is adopted like this.
made_before() {
	local id cpus flavours
	id="($(IFS='|'; echo "${BASES[*]//./\\.}"))(-[0-9a-f]{8})?"
	cpus="($(IFS='|'; echo "${ARCHES[*]}"))"
	flavours='(lockdep|kcsan|kasan|plain)'
	(cd "$BUILD" && ls -A) | grep -xE "src-$id\.git|tree-$id(-none)?(-vtx|-mutant)?(\.unfinished)?|series-$id(-none)?|$(
		)$id(-none)?(-vtx|-mutant)?-$cpus-$flavours(-busted)?(-[a-z]+)?|busybox-$cpus|apt-[a-z0-9]+|$(
		)mutants|check|cost|matrix|dma|(fetch|packages|busybox)\.log" || :
}

# mark: make the folder the lab's, with an empty list.
mark() {
	printf '%s\n' "# This folder belongs to the lab. make distclean removes the files and folders" \
		"# listed below, and leaves every other file." 2>/dev/null > "$BUILD/.lab" ||
		refuse "cannot write in BUILD=$BUILD"
}

# adopt_build: stop unless the build folder exists or can be made, is the lab's, and can be
# written to.
adopt_build() {
	local old build
	refuse_foreign_places
	mkdir -p "$BUILD" 2>/dev/null || refuse "cannot make the folder BUILD=$BUILD"
	build=$(cd "$BUILD" 2>/dev/null && [ -w . ] && pwd) || refuse "cannot write in BUILD=$BUILD"
	BUILD=$build
	if [ ! -f "$BUILD/.lab" ]; then
		old=
		if [ -e "$TOP/build" ] && [ "$BUILD" -ef "$TOP/build" ] && compgen -G "$BUILD/src-*.git/lab-source" > /dev/null; then
			old=$(made_before)
		fi
		[ -n "$old" ] || [ -z "$(others_files)" ] ||
			refuse "BUILD=$BUILD holds files and was not made by the lab: give BUILD= a new or an empty folder"
		mark
		[ -z "$old" ] || printf '%s\n' "$old" >> "$BUILD/.lab"
	fi
	# Not the user's TMPDIR, which may be small, full or missing.
	own tmp
	[ ! -L "$BUILD/tmp" ] || refuse "$BUILD/tmp is a link, and the lab removes its own files there: remove the link"
	mkdir -p "$BUILD/tmp" 2>/dev/null || refuse "cannot write in BUILD=$BUILD: is the disk full?"
	export TMPDIR=$BUILD/tmp
}

# owned NAME: has the lab recorded this name in the build folder?
owned() { [ -f "$BUILD/.lab" ] && grep -qxF -- "$1" "$BUILD/.lab"; }

# own PATH...: record that the lab makes these, directly below the build folder.
own() {
	local name
	for name; do
		name=${name#"$BUILD"/}
		! owned "$name" || continue
		[ ! -e "$BUILD/$name" ] && [ ! -L "$BUILD/$name" ] ||
			refuse "$BUILD/$name was not made by the lab: move it away"
		printf '%s\n' "$name" 2>/dev/null >> "$BUILD/.lab" ||
			refuse "cannot write in BUILD=$BUILD: is the disk full?"
	done
}

# everything_owned: the recorded names that exist.
everything_owned() {
	local name
	grep -vE '^#|/|^\.\.?$|^$' "$BUILD/.lab" | while read -r name; do
		if [ -e "$BUILD/$name" ] || [ -L "$BUILD/$name" ]; then printf '%s\n' "$name"; fi
	done
}

# disown_names NAME...: the lab has removed these. A later file of that name is the user's.
disown_names() {
	local kept
	kept=$(grep -vxF -f <(printf '%s\n' "$@") "$BUILD/.lab")
	printf '%s\n' "$kept" > "$BUILD/.lab"
}

# --- trees -------------------------------------------------------------------------

# is_lab_tree FOLDER: is it a work tree of one of the lab's repositories?
is_lab_tree() { [ -f "$1/.git" ] && grep -qF "$BUILD/src-" "$1/.git"; }

# tree_of ADMIN: where the work tree is whose folder ADMIN is, below worktrees/ in a
# repository. Nothing if git has not written that yet.
tree_of() { sed 's,/\.git$,,' "$1/gitdir" 2>/dev/null || :; }

# users_tree ADMIN: is that work tree outside of the build folder? Then the user made it. It
# may be on a disk that is not mounted.
users_tree() {
	local tree
	tree=$(tree_of "$1")
	[ -n "$tree" ] && ! inside "$(realpath -m -- "$tree")" "$(realpath -- "$BUILD")"
}

# forget_lost_trees REPOSITORY: let git forget the work trees of the lab's that were removed.
# git's own prune also forgets the user's.
forget_lost_trees() {
	local admin tree
	for admin in "$1"/worktrees/*; do
		[ -d "$admin" ] && [ ! -e "$admin/locked" ] && ! users_tree "$admin" || continue
		tree=$(tree_of "$admin")
		[ -n "$tree" ] && [ -e "$tree/.git" ] || rm -rf "$admin"
	done
}

# made_by_hand REPOSITORY NAME REVISION: the newest commit of the tree with this name that is
# neither the lab's nor on a branch or tag of the user's, if there is one. The file of tips
# lists each commit that the lab has checked out there.
made_by_hand() {
	local repo=$1 name=$2 tips=$1/lab-tips-$2
	{
		printf '%s\n' "$3" ^base
		# An older lab kept no list. Its branch is the commit that it made last.
		if [ -e "$tips" ]; then sed 's/^/^/' "$tips"; else git --git-dir "$repo" rev-parse -q --verify "^$name" || :; fi
	} | git --git-dir "$repo" rev-list --ignore-missing -n 1 --stdin \
		--not --exclude="$name" --branches --tags
}

# labs_ref REPOSITORY REF: has the lab made this branch, and all that is on it? The base is
# imported as one commit.
labs_ref() {
	local repo=$1 name=${2#refs/heads/}
	case $2 in
	refs/heads/base) ! git --git-dir "$repo" rev-parse -q --verify base^ > /dev/null ;;
	refs/heads/tree-*)
		[ -e "$repo/lab-tips-$name" ] || owned "$name" || return
		[ -z "$(made_by_hand "$repo" "$name" "$2")" ]
		;;
	*) return 1 ;;
	esac
}

# keep_work CLASS TREE: stop if a tree of the lab's holds edits or commits of the user's.
keep_work() {
	local class=$1 tree=$2 edits revision commit repo
	git -C "$tree" rev-parse -q --verify HEAD > /dev/null 2>&1 ||
		die "$class" "git cannot read $tree: move it away, or remove it if nothing in it is yours"
	if [ ! -e "$tree.unfinished" ]; then
		edits=$(git -C "$tree" status --porcelain | sed -n 1,3p | cut -c4- | paste -sd ' ')
		[ -z "$edits" ] ||
			die "$class" "$tree holds edits that are in no patch ($edits): make a patch of them, or undo them"
	fi
	repo=$(git -C "$tree" rev-parse --git-common-dir)
	for revision in HEAD "refs/heads/${tree##*/}"; do
		revision=$(git -C "$tree" rev-parse -q --verify "$revision") || continue
		commit=$(made_by_hand "$repo" "${tree##*/}" "$revision")
		[ -z "$commit" ] ||
			die "$class" "$tree holds commits that are in no patch ($(git -C "$tree" log -1 --format='%h %s' "$commit")):" \
				"keep them with 'git -C $tree branch NAME $commit' or take them out with git format-patch," \
				"then 'git -C $tree checkout --detach ${tree##*/}'"
	done
}

# keep_ignored CLASS TREE: before a tree is removed, stop if it holds files of the user's
# that the kernel's .gitignore hides, such as *.patch. The lab's objects are in .ARCH-*
# and .prefix-*.
keep_ignored() {
	local class=$1 tree=$2 arch files
	local -a objects=(':(exclude,top).prefix-*')
	[ ! -e "$tree.unfinished" ] || return 0
	for arch in "${ARCHES[@]}"; do
		objects+=(":(exclude,top).$arch-*")
	done
	files=$(git -C "$tree" status --porcelain --ignored -- : "${objects[@]}" ':(exclude,glob)**/__pycache__/**' |
		sed -n 's/^!! //p' | sed -n 1,3p | paste -sd ' ')
	[ -z "$files" ] || die "$class" "$tree holds files that the lab did not make ($files): move them away"
}

# keep_branches REPOSITORY: before it is removed, stop if it has branches, tags, stashes or
# work trees that the lab did not make.
keep_branches() {
	local repo=$1 found tree
	found=$(git --git-dir "$repo" for-each-ref --format='%(refname)' |
		while read -r ref; do
			labs_ref "$repo" "$ref" || printf '%s\n' "$ref"
		done | sed -n 1,3p | paste -sd ' ')
	[ -z "$found" ] || refuse "$repo has branches, tags or stashes of yours ($found): save them, for example with 'git -C $repo bundle create FILE --all', or delete them"
	for found in "$repo"/worktrees/*; do
		tree=$(tree_of "$found")
		if users_tree "$found" && [ ! -e "$tree" ]; then
			refuse "$repo has a work tree of yours ($tree), which is not there now: mount it, or forget it with 'git -C $repo worktree prune'"
		fi
		[ ! -e "$tree" ] || owned "${tree#"$BUILD"/}" ||
			refuse "$repo has a work tree of yours ($tree): save its commits, or remove it"
	done
}

# --- the mailed series -------------------------------------------------------------

sums_of() { (cd "$1" && find . ! -name .lab-sums ! -type d -print0 | sort -z | xargs -0r sha256sum); }

# edited_series FOLDER: has the user changed it since the lab wrote it?
edited_series() { [ "$(sums_of "$1")" != "$(cat "$1/.lab-sums" 2>/dev/null)" ]; }

# replace_series NEW FOLDER: put NEW in the folder's place. An edited folder is kept under
# another name.
replace_series() {
	local new=$1 out=$2 kept
	if [ -d "$out" ] && edited_series "$out"; then
		kept=$out.kept-$(date +%Y%m%d-%H%M%S)
		mv -T "$out" "$kept"
		say "What you changed in $out is kept in $kept"
	fi
	sums_of "$new" > "$new/.lab-sums"
	rm -rf "$out"
	mv -T "$new" "$out"
}

# --- locks -------------------------------------------------------------------------

# git_places: the folders in which git works on the lab's repositories: the build folder and
# the user's work trees.
git_places() {
	local admin
	realpath -- "$BUILD"
	for admin in "$BUILD"/src-*.git/worktrees/*; do
		! users_tree "$admin" || realpath -m -- "$(tree_of "$admin")"
	done
}

# folders_of PROCESS: its folder, and the paths that its command and GIT_DIR may name.
folders_of() {
	local folder word
	folder=$(readlink "$1/cwd" 2>/dev/null) || return 0
	printf '%s\n' "$folder"
	{ cat "$1/cmdline" && grep -z '^GIT_' "$1/environ"; } 2>/dev/null | tr '\0' '\n' | sed 's/^[^/]*=//' |
		while IFS= read -r word; do
			[[ $word == /* ]] || word=$folder/$word
			realpath -m -- "$word"
		done
}

# git_at_work: does the user run git in one of the lab's repositories or their work trees?
git_at_work() {
	local process folder place places
	mapfile -t places < <(git_places)
	for process in /proc/[0-9]*; do
		[[ $(cat "$process/comm" 2>/dev/null) == git* ]] || continue
		while IFS= read -r folder; do
			for place in "${places[@]}"; do
				! inside "$folder" "$place" || return 0
			done
		done < <(folders_of "$process")
	done
	return 1
}

# lock_files REPOSITORY: git's lock files there, but for those of the user's work trees.
lock_files() {
	local repo=$1 lock admin
	{
		find "$repo" -path "$repo/objects/[0-9a-f][0-9a-f]" -prune -o -name '*.lock' -print
		# A work tree that git has not finished.
		grep -lx initializing "$repo"/worktrees/*/locked 2>/dev/null || :
	} | while IFS= read -r lock; do
		admin=${lock#"$repo"/worktrees/}
		admin=$repo/worktrees/${admin%%/*}
		[[ $lock == "$admin"/* ]] && users_tree "$admin" || printf '%s\n' "$lock"
	done
}

# drop_stale_git_locks: the caller holds the lock of the build folder. So a lock file of git
# in the lab's repositories was left by a git that was killed.
drop_stale_git_locks() {
	local repo lock
	for repo in "$BUILD"/src-*.git; do
		[ -d "$repo/objects" ] && owned "${repo##*/}" || continue
		lock_files "$repo"
	done | while read -r lock; do
		! git_at_work || refuse "git is at work in $BUILD (${lock#"$BUILD"/}): wait for it"
		rm -f "$lock"
		say "  removed a lock that a killed git left: ${lock#"$BUILD"/}"
	done
}

# lock_inherited: does another run of the lab, such as a gate, hold the lock for this one?
lock_inherited() { [ /proc/self/fd/9 -ef "$BUILD/.lock" ]; }

# take_lock: one run at a time works in a build folder. The open file 9 holds the lock. All
# processes of a run inherit it, so the lock is free when the last of them has ended.
take_lock() {
	local lock=$BUILD/.lock owner
	if lock_inherited && flock -n 9; then
		return
	fi
	# Opened for appending: a run that is refused must not empty the file.
	{ exec 9>> "$lock"; } 2>/dev/null || refuse "cannot write in BUILD=$BUILD"
	flock -n 9 || {
		owner=$(cat "$lock")
		refuse "another run is at work in $BUILD ($owner): wait for it, or give BUILD= another folder"
	}
	# This may fail on a full disk. The lock does not depend on it.
	{ printf 'pid %s, %s %s' $$ "$ARCH" "$FLAVOUR" > "$lock"; } 2>/dev/null || :
	rm -rf "$BUILD"/tmp/lab.*
	drop_stale_git_locks
}
