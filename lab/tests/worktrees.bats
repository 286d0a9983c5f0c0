#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The user's own work trees of the lab's repositories, outside of the build folder: the lab
# takes no lock of theirs away and forgets none of them.

load mini.bash

setup() {
	new_house
	assembled
	repo=$BUILD/src-6.1.git
	git -C "$BUILD/tree-6.1" worktree add -q --detach "$T/mine"
	mine=$(git -C "$T/mine" rev-parse --absolute-git-dir)
}

# git_waits FOLDER ARGUMENT...: a git that runs in the folder until "echo > $T/never".
git_waits() {
	local folder=$1
	shift
	mkfifo "$T/reached" "$T/never"
	(cd "$folder" && LAB_TEST_MARK=$MARK exec git "$@" -c alias.wait="!echo > $T/reached; read -r word < $T/never" wait) 3>&- &
	at_work "$T/reached"
}

@test "a lock in a work tree of the user's is not removed, whether git is at work there or not" {
	: > "$mine/index.lock"
	git_waits "$T/mine"
	lab tree
	good
	[ -e "$mine/index.lock" ] || fail "removed while git was at work"
	echo > "$T/never"
	wait
	lab tree
	good
	[ -e "$mine/index.lock" ] || fail "removed"
}

@test "a git in a work tree of the user's keeps the locks of the repository" {
	: > "$repo/packed-refs.lock"
	git_waits "$T/mine"
	lab tree
	refused 2 "git is at work in $BUILD \(src-6.1.git/packed-refs.lock\): wait for it$"
	echo > "$T/never"
	wait
	lab tree
	good
	[ ! -e "$repo/packed-refs.lock" ] || fail "nobody is at work, and the lock is left"
}

@test "a git that is told the repository by --git-dir or GIT_DIR keeps its locks" {
	: > "$repo/packed-refs.lock"
	git_waits / --git-dir="$repo"
	lab tree
	refused 2 "git is at work in $BUILD \(src-6.1.git/packed-refs.lock\): wait for it$"
	echo > "$T/never"
	wait
	rm "$T/reached" "$T/never"
	GIT_DIR=$repo git_waits /
	lab tree
	refused 2 "git is at work in $BUILD \(src-6.1.git/packed-refs.lock\): wait for it$"
	echo > "$T/never"
	wait
}

@test "a git at work is seen through a build folder that is a symbolic link" {
	ln -s "$BUILD" "$T/link"
	: > "$repo/packed-refs.lock"
	git_waits "$BUILD/tree-6.1"
	lab tree BUILD="$T/link"
	refused 2 "git is at work in $T/link \(src-6.1.git/packed-refs.lock\): wait for it$"
	echo > "$T/never"
	wait
}

@test "a work tree of the user's that is not mounted is not forgotten" {
	mv "$T/mine" "$T/unmounted"
	rm -rf "$BUILD/tree-6.1"
	assembled
	git --git-dir "$repo" worktree list | grep -qF "$T/mine " || fail "forgotten"
	lab distclean
	refused 2 "$repo has a work tree of yours \($T/mine\), which is not there now: mount it, or forget it with 'git -C $repo worktree prune'$"
	mv "$T/unmounted" "$T/mine"
	git -C "$T/mine" status --porcelain || fail "it is broken"
	lab distclean
	refused 2 "$repo has a work tree of yours \($T/mine\): save its commits, or remove it$"
}

@test "what is left of a tree of the lab's that was removed is not in the way" {
	rm -rf "$BUILD/tree-6.1"
	assembled
	rm -rf "$BUILD/tree-6.1"
	rm "$repo/worktrees/tree-6.1/gitdir"
	assembled
	[ "$(git -C "$BUILD/tree-6.1" rev-parse --absolute-git-dir)" = "$repo/worktrees/tree-6.1" ] || fail "left behind"
}
