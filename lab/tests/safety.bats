#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The lab loses no file, commit or mail of the user's, takes nothing from the environment
# that it should not, and leaves no process behind.
#
# Each test is a subshell and changes its own copies of helper.bash's variables:
# shellcheck disable=SC2030,SC2031,SC2154

load mini.bash

# names: the files and folders in the build folder.
names() { (cd "$BUILD" && find . -mindepth 1 -maxdepth 1 -printf '%P\n' | sort | xargs); }

# made ARGUMENT...: run make, as the user does.
made() { run --separate-stderr with make --no-print-directory "$@"; }

# --- make's variables --------------------------------------------------------------

@test "make series takes the README's SIGNOFF, and quotes and dollars in a value" {
	made -C "$HOUSE" series SIGNOFF="Your Name <you@example.org>"
	good
	grep -qx 'Signed-off-by: Your Name <you@example.org>' "$BUILD"/series-6.1/0001-*.patch
	# shellcheck disable=SC2016 # make must not expand it either
	made -C "$HOUSE" series SIGNOFF='A "B" O'\''C $(D) <o.c@example.org>'
	good
	# shellcheck disable=SC2016 # it is literal
	grep -qxF 'Signed-off-by: A "B" O'\''C $(D) <o.c@example.org>' "$BUILD"/series-6.1/0001-*.patch
}

@test "make takes a LINUX= with spaces" {
	cp -a "$T/kernel" "$T/my own  kernel"
	watch_over "$HOUSE" "$T/my own  kernel"
	made -C "$HOUSE" tree LINUX="$T/my own  kernel"
	good
}

@test "a line break in a value is refused in one line" {
	made -C "$HOUSE" series SIGNOFF=$'A\nB <b@example.org>'
	refused 2 'a line break in the value of: SIGNOFF'
	lab series SIGNOFF=$'A\nB <b@example.org>'
	refused 2 'a line break in the value of: SIGNOFF$'
	lab tree LINUX=$'a\nb'
	refused 2 'a line break in the value of: LINUX$'
	assembled
}

@test "make works from another folder, by -f and by -C" {
	mv "$HOUSE" "$T/my house"
	HOUSE="$T/my house"
	watch_over "$HOUSE"
	cd /
	made -f "$HOUSE/Makefile" help
	good
	[[ $output == *"make run"* ]] || fail "no help"
	made -f "$HOUSE/Makefile" tree
	good
	made -C "$HOUSE" help
	good
	cd "$T"
	made -f "my house/Makefile" help
	good
}

# --- the environment ---------------------------------------------------------------

@test "make says which variables it takes from the environment" {
	run --separate-stderr with SERIES=none make --no-print-directory -C "$HOUSE" tree BASE=6.1
	good
	[[ $output == "SERIES=none from the environment"* ]] || fail "the output does not say so"
	[[ $output != *"BASE=6.1 from"* ]] || fail "a variable of the command line is listed"
	run --separate-stderr with ARCH=sparc make --no-print-directory -C "$HOUSE" tree
	refused 2 'ARCH=sparc is unknown'
	[[ $output == "ARCH=sparc from the environment"* ]] || fail "the output does not say so"
}

@test "variables of the environment that the lab uses internally have no effect" {
	lab tree TREE="$T/tree-mine" ARCHIVE="$T/none" LAB_TREE="$T/tree-mine" OUT=/x REPO=/x
	good
	[ ! -e "$T/tree-mine" ] || fail "the tree is elsewhere"
	grep -qx 'int one;' "$BUILD/tree-6.1/mm/memory.c"
}

@test "LAB_LOCKED=1 in the environment does not bypass the lock" {
	mkfifo "$T/slow.tar.xz"
	start run LAB_ARCHIVE="$T/slow.tar.xz"
	exec 8> "$T/slow.tar.xz"
	lab run LAB_LOCKED=1
	refused 2 'another run is at work'
	cat "$ARCHIVE" >&8
	exec 8>&-
	ended
	good
}

@test "the user's settings of git, make, compilers and kernels have no effect" {
	mkdir "$T/home" "$T/none"
	printf '[core]\n\tautocrlf = true\n\thooksPath = %s\n[diff]\n\tnoprefix = true\n' "$T/hooks" > "$T/home/.gitconfig"
	mkdir "$T/hooks"
	printf '#!/bin/sh\nexit 1\n' | tee "$T/hooks/post-checkout" > "$T/hooks/reference-transaction"
	chmod +x "$T"/hooks/*
	passes HOME="$T/home" GIT_OBJECT_DIRECTORY="$T/none" GIT_ALTERNATE_OBJECT_DIRECTORIES="$T/none" \
		GIT_COMMON_DIR="$T/none" GIT_DIR="$T/none" GIT_CONFIG_PARAMETERS="'core.bare=true'" GIT_CONFIG_COUNT=x \
		GIT_NAMESPACE=x LLVM=1 KCONFIG_CONFIG="$T/none/.config" KBUILD_OUTPUT="$T/none" CC=false \
		HOSTCC=false MAKEFLAGS=n MAKEFILES="$T/none/x" PYTHONPATH="$T/none" XZ_OPT=--nonsense TAR_OPTIONS=--nonsense
	! grep -q $'\r' "$BUILD/tree-6.1/mm/memory.c" || fail "DOS line ends"
	[ -z "$(ls -A "$T/none")" ] || fail "the lab wrote there"
}

# builds_with VARIABLE=VALUE...: a build from nothing, without the help of the cache.
builds_with() {
	rm -rf "$BUILD"/tree-6.1/.x86_64-lockdep
	passes CCACHE_RECACHE=1 "$@"
}

# The strays: a header that the kernel must not find; an assembler and a library of the
# compiler's own that break a build; an empty folder that must stay so. A library of
# LIBRARY_PATH comes after Debian's, so no test here can tell that it is looked for.
@test "the search paths of the user's compiler, linker and loader have no effect" {
	local stray=$T/stray library
	mkdir -p "$stray/empty"
	touch "$stray/stray.h"
	printf '#!/bin/sh\nexit 1\n' > "$stray/as"
	chmod +x "$stray/as"
	library=$(ldd "$(gcc -print-prog-name=cc1)" | awk '/libmpc/ { print $1 }')
	[ -n "$library" ] || fail "cc1 does not use libmpc any more: take another library"
	touch "$stray/$library"
	printf '#if __has_include(<stray.h>)\n#error the header was found\n#endif\n' >> "$HOUSE/kunit/mm/tests/mini_kunit.c"
	watch_over "$HOUSE"
	builds_with CPATH="$stray"
	builds_with C_INCLUDE_PATH="$stray"
	builds_with COMPILER_PATH="$stray"
	builds_with LD_LIBRARY_PATH="$stray"
	builds_with CCACHE_PREFIX="$stray/as"
	builds_with CCACHE_COMPILER="$stray/as"
	builds_with DEPENDENCIES_OUTPUT="$stray/empty/dependencies" SUNPRO_DEPENDENCIES="$stray/empty/sunpro"
	[ -z "$(ls -A "$stray/empty")" ] || fail "the compiler wrote $(ls -A "$stray/empty")"
}

@test "a TMPDIR that is missing or cannot be written to has no effect" {
	passes TMPDIR="$T/nowhere"
	lab series TMPDIR=/proc
	good
}

@test "without python3 in PATH: one line" {
	local file
	mkdir "$T/world"
	for file in /usr/bin/* /usr/sbin/*; do
		[[ ${file##*/} == python3* ]] || ln -sf "$file" "$T/world/"
	done
	run --separate-stderr env BUILD="$BUILD" LAB_ARCHIVE="$ARCHIVE" PATH="$BIN:$T/world" "$HOUSE/lab/make/run"
	refused 2 'python3 is not in PATH='
	passes
}

@test "an output that cannot be written to: one line of error, no traceback" {
	assembled
	run bash -c 'env BUILD="$1" LAB_ARCHIVE="$2" PATH="$3" "$4" 2>&1 > /dev/full' - "$BUILD" "$ARCHIVE" "$BIN:$PATH" "$HOUSE/lab/make/run"
	[ "$status" != 0 ] || fail "the run passed without its output"
	[ "${#lines[@]}" = 1 ] || fail "one line of error expected"
	[[ $output == *"annot write to standard output"* ]] || fail "the reason is not in the error"
	nobody_left
	passes
}

# --- LINUX= ------------------------------------------------------------------------

@test "LINUX= that is a git repository without a commit is refused" {
	git -C "$T/kernel" init -q
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	refused 2 'is a git repository without a commit: commit the kernel, or remove its .git$'
	rm -rf "$T/kernel/.git"
	echo "gitdir: $T/nowhere" > "$T/kernel/.git"
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	refused 2 'has a .git that git cannot read: fatal: '
	rm "$T/kernel/.git"
	watch_over "$HOUSE" "$T/kernel"
	lab tree LINUX="$T/kernel"
	good
}

@test "LINUX= with DOS line ends is refused" {
	cp -a "$T/kernel" "$T/dos"
	sed -i 's/$/\r/' "$T/dos/Makefile"
	watch_over "$HOUSE" "$T/dos"
	lab tree LINUX="$T/dos"
	refused 2 'has DOS line ends \(CRLF\): check it out without core.autocrlf$'
}

# --- the build folder --------------------------------------------------------------

@test "a BUILD that is not the lab's is refused, and nothing in it changes" {
	mkdir -p "$T/mine/check" "$T/home"
	echo thesis > "$T/mine/check/thesis.txt"
	watch_over "$HOUSE" "$T/mine" "$T/home" "$T/kernel"
	for target in tree run series clean distclean; do
		lab "$target" BUILD="$T/mine"
		refused 2 "BUILD=$T/mine holds files and was not made by the lab: give BUILD= a new or an empty folder$"
		lab "$target" BUILD="$HOUSE"
		refused 2 'holds the project itself'
	done
	lab distclean BUILD=/
	refused 2 'BUILD=/ is the root folder'
	lab distclean BUILD="$T"
	refused 2 'holds the project itself'
	lab tree BUILD="$HOUSE/lab/.."
	refused 2 'holds the project itself'
	lab tree BUILD="$HOUSE/mm/new"
	refused 2 "lies among the project's own files"
	lab tree HOME="$T/home" BUILD="$T/home"
	refused 2 'is your home folder'
	lab tree LINUX="$T/kernel" BUILD="$T/kernel/build"
	refused 2 'lies in LINUX=.*, which is never written to'
	ln -s "$HOUSE" "$T/link"
	lab distclean BUILD="$T/link"
	refused 2 'holds the project itself'
	lab tree BUILD="$T/new/folder"
	good
}

@test "an empty folder becomes the lab's, and so does a new disk" {
	mkdir -p "$T/empty/lost+found"
	lab tree BUILD="$T/empty"
	good
	lab distclean BUILD="$T/empty"
	good
	[ "$(ls -A "$T/empty")" = lost+found ] || fail "left: $(ls -A "$T/empty")"
}

@test "a BUILD that cannot be written to is refused in one line" {
	may_mount || skip "this user cannot mount a file system"
	assembled
	mkdir "$T/readonly"
	mount --bind "$BUILD" "$T/readonly"
	mount -o remount,ro,bind "$T/readonly"
	lab tree BUILD="$T/readonly"
	refused 2 "cannot write in BUILD=$T/readonly$"
}

@test "the build/ of an older lab is adopted, by the names of what it made" {
	mkdir -p "$HOUSE/build/my-notes" "$HOUSE/build/series-6.1-mine" "$HOUSE/build/6.1-my-x86_64-notes"
	mv "$BUILD/busybox-x86_64" "$HOUSE/build"
	rm -r "$BUILD"
	BUILD=$HOUSE/build
	watch_over "$HOUSE/lab" "$HOUSE/build/my-notes" "$HOUSE/build/series-6.1-mine"
	lab tree
	refused 2 'holds files and was not made by the lab'
	mv "$HOUSE/build" "$T/old"
	watch_over "$HOUSE/lab"
	lab tree
	good
	rm -r "$BUILD/.lab" "$BUILD/tmp" "$BUILD/assemble.log"
	cp -a "$T/old/." "$BUILD"
	watch_over "$HOUSE/lab" "$BUILD/my-notes" "$BUILD/series-6.1-mine"
	passes
	lab distclean
	good
	[ "$(names)" = ".lab 6.1-my-x86_64-notes my-notes series-6.1-mine" ] || fail "left: $(ls -A "$BUILD")"
}

@test "distclean removes what every target made, and names what it leaves" {
	cp "$HOUSE/configs/x86_64.qemu" "$HOUSE/configs/icount.qemu"
	watch_over "$HOUSE"
	passes
	lab run MACHINE=vtx
	lab run MACHINE=icount
	lab run SERIES=none FLAVOUR=plain
	lab tree LINUX="$T/kernel"
	lab series
	lab mutants
	lab cost
	lab matrix
	touch "$BUILD/notes"
	lab distclean
	good
	[[ $output == *"Your files are left there: notes" ]] || fail "the output does not say so"
	[ "$(names)" = ".lab notes" ] || fail "left: $(ls -A "$BUILD")"
	rm "$BUILD/notes"
	lab distclean
	good
	[ ! -e "$BUILD" ] || fail "left: $(ls -A "$BUILD")"
}

# distclean would not remove what a script makes and does not record.
@test "every name that a script makes in the build folder is recorded" {
	local name
	# shellcheck disable=SC2016 # the text of the scripts
	(cd "$HOUSE" && grep -rhoE '\$BUILD"?/[a-z][a-z0-9.]*' lab/make lab/stage lab/boot lab/settings.sh | sed 's,.*/,,' | sort -u) |
		while read -r name; do
			case $name in src | tree | tmp | series | apt | busybox) continue ;; esac
			grep -rqE "own ([^#]*[ /\"])?${name//./\\.}([\" ]|\$)" "$HOUSE/lab" || printf '%s\n' "$name"
		done > "$T/unrecorded"
	[ ! -s "$T/unrecorded" ] || fail "no 'own' for: $(xargs < "$T/unrecorded")"
}

@test "a file of the user's with a name that the lab needs is refused, and kept" {
	mkdir "$BUILD/series-6.1"
	echo precious > "$BUILD/series-6.1/file"
	watch_over "$HOUSE" "$BUILD/series-6.1"
	lab series
	refused 2 "$BUILD/series-6.1 was not made by the lab: move it away$"
	lab distclean
	good
}

# --- work in a tree ----------------------------------------------------------------

# commit_in TREE MESSAGE: commit an edit there.
commit_in() {
	echo 'int mine;' >> "$1/mm/memory.c"
	git -C "$1" -c user.name=u -c user.email=u@h commit -qam "$2"
}

@test "commits made by hand in a tree are refused, with advice, never dropped" {
	local tree=$BUILD/tree-6.1 mine target
	assembled
	commit_in "$tree" 'mine: the first'
	commit_in "$tree" 'mine: a second'
	mine=$(git -C "$tree" rev-parse HEAD)
	for target in tree run series; do
		lab $target
		refused 4 "tree-6.1 holds commits that are in no patch \([0-9a-f]+ mine: a second\): keep them with 'git -C $tree branch NAME $mine' or take them out with git format-patch, then 'git -C $tree checkout --detach tree-6.1'$"
	done
	# A changed series would move the tree.
	sed -i 's/^Why\./Because./' "$HOUSE/patches/linux-6.1/0002-two.patch"
	watch_over "$HOUSE"
	lab tree
	refused 4 'holds commits that are in no patch'
	for target in clean distclean; do
		lab $target
		refused 2 'holds commits that are in no patch'
	done
	[ "$(git -C "$tree" rev-parse HEAD)" = "$mine" ] || fail "the tree moved"
	# What the message suggests works: a branch keeps them. clean leaves it, and distclean
	# refuses to remove it.
	git -C "$tree" branch mine "$mine"
	assembled
	lab clean
	good
	[ "$(git --git-dir "$BUILD/src-6.1.git" rev-parse mine)" = "$mine" ] || fail "the branch is gone"
	lab distclean
	refused 2 'src-6.1.git has branches, tags or stashes of yours \(refs/heads/mine\): save them'
	git --git-dir "$BUILD/src-6.1.git" branch -qD mine
	lab distclean
	good
}

@test "commits on the tree's own branch are refused as well" {
	assembled
	git -C "$BUILD/tree-6.1" checkout -q tree-6.1
	commit_in "$BUILD/tree-6.1" 'mine: on the branch'
	lab tree
	refused 4 'holds commits that are in no patch \([0-9a-f]+ mine: on the branch\)'
	git -C "$BUILD/tree-6.1" checkout -q --detach HEAD~
	lab tree
	refused 4 'holds commits that are in no patch \([0-9a-f]+ mine: on the branch\)'
	git -C "$BUILD/tree-6.1" branch mine tree-6.1
	assembled
}

@test "a tmp in BUILD that is a link to a folder of the user's is refused" {
	assembled
	mkdir "$T/mine"
	touch "$T/mine/lab.notes"
	rm -rf "$BUILD/tmp"
	ln -s "$T/mine" "$BUILD/tmp"
	lab tree
	refused 2 "$BUILD/tmp is a link"
	[ -e "$T/mine/lab.notes" ] || fail "the file is lost"
}

@test "distclean keeps a branch of the user's, whatever its name" {
	local repo=$BUILD/src-6.1.git name
	assembled
	for name in tmp tree-fix; do
		git -C "$BUILD/tree-6.1" checkout -q -b "$name"
		commit_in "$BUILD/tree-6.1" "mine: on $name"
		lab distclean
		refused 2 "src-6.1.git has branches, tags or stashes of yours \(refs/heads/$name\): save them"
		git -C "$BUILD/tree-6.1" checkout -q --detach tree-6.1
		git --git-dir "$repo" branch -qD "$name"
	done
	lab distclean
	good
}

@test "commits on the branch of a tree that was removed, or on the base, are refused and kept" {
	local repo=$BUILD/src-6.1.git name mine advice
	assembled
	lab clean
	for name in tree-6.1 base; do
		git --git-dir "$repo" worktree add -q "$T/mine" "$name"
		commit_in "$T/mine" "mine: on $name"
		mine=$(git -C "$T/mine" rev-parse HEAD)
		git --git-dir "$repo" worktree remove "$T/mine"
		lab tree
		refused 4 "the branch $name of $repo holds commits that are in no patch: keep them with 'git -C $repo branch NAME $name', then"
		advice=${stderr##*, then \'}
		lab distclean
		refused 2 "src-6.1.git has branches, tags or stashes of yours \(refs/heads/$name\): save them"
		[ "$(git --git-dir "$repo" rev-parse "refs/heads/$name")" = "$mine" ] || fail "$name moved"
		# What the message suggests works.
		git --git-dir "$repo" branch mine "$name"
		eval "${advice%\'}"
		assembled
		lab clean
		git --git-dir "$repo" branch -qD mine
	done
}

@test "commits in the mutants' tree are refused as well" {
	lab tree LAB_TREE="$BUILD/tree-6.1-mutant"
	good
	commit_in "$BUILD/tree-6.1-mutant" 'mine: on a mutant'
	lab tree LAB_TREE="$BUILD/tree-6.1-mutant"
	refused 4 'tree-6.1-mutant holds commits that are in no patch'
	lab clean
	refused 2 'tree-6.1-mutant holds commits that are in no patch'
}

@test "a tree at an earlier commit of the lab's holds no work of the user's" {
	assembled
	git -C "$BUILD/tree-6.1" checkout -q --detach HEAD~2
	assembled
	sed -i 's/^Why\./Because./' "$HOUSE/patches/linux-6.1/0002-two.patch"
	watch_over "$HOUSE"
	assembled
	lab clean
	good
}

@test "clean refuses a tree with files that git ignores, as it does *.patch" {
	passes
	echo '*.patch' >> "$BUILD/src-6.1.git/info/exclude"
	echo mine > "$BUILD/tree-6.1/0001-mine.patch"
	lab clean
	refused 2 'tree-6.1 holds files that the lab did not make \(0001-mine.patch\): move them away$'
	lab distclean
	refused 2 '0001-mine.patch'
	rm "$BUILD/tree-6.1/0001-mine.patch"
	lab clean
	good
}

@test "distclean refuses to remove a stash or a work tree of the user's" {
	assembled
	echo 'int mine;' >> "$BUILD/tree-6.1/mm/memory.c"
	git -C "$BUILD/tree-6.1" -c user.name=u -c user.email=u@h stash -q
	lab distclean
	refused 2 'src-6.1.git has branches, tags or stashes of yours \(refs/stash\)'
	git -C "$BUILD/tree-6.1" stash drop -q
	git -C "$BUILD/tree-6.1" worktree add -q --detach "$T/mine"
	lab distclean
	refused 2 "src-6.1.git has a work tree of yours \($T/mine\)"
	git -C "$BUILD/tree-6.1" worktree remove "$T/mine"
	lab distclean
	good
}

# --- the mailed series -------------------------------------------------------------

@test "an edited series or cover letter is kept, an unedited one is replaced" {
	lab series
	good
	lab series
	good
	[[ $output != *kept* ]] && [ -z "$(compgen -G "$BUILD/series-*.kept-*")" ] || fail "kept without a reason"
	echo 'To: a@example.org' >> "$BUILD/series-6.1/0000-cover-letter.patch"
	lab series
	good
	[[ $output == *"What you changed in $BUILD/series-6.1 is kept in $BUILD/series-6.1.kept-"* ]] || fail "the output does not say so"
	grep -qx 'To: a@example.org' "$BUILD"/series-6.1.kept-*/0000-cover-letter.patch || fail "it is lost"
	touch "$BUILD/series-6.1/my-notes"
	lab distclean
	good
	[[ $output =~ "are left there: series-6.1 series-6.1.kept-"[0-9-]+$ ]] || fail "the output does not say so"
	[ -e "$BUILD/series-6.1/my-notes" ] || fail "it is lost"
}

# --- signals and locks -------------------------------------------------------------

# hung_up STAGE: close the terminal, and expect the run to end in this stage.
hung_up() {
	kill -HUP -- "-$started"
	ended
	interrupted "$1" 129
}

@test "a closed terminal ends a build, with a compiler that ignores signals" {
	assembled
	blocking ccache
	start run
	at_work "$T/reached"
	hung_up build
	rm "$BIN/ccache"
	passes
}

@test "a closed terminal ends a boot, with an emulator that ignores signals" {
	mv "$BIN/qemu-system-x86_64" "$T/qemu"
	blocking qemu-system-x86_64
	start run
	at_work "$T/reached"
	hung_up boot
	mv "$T/qemu" "$BIN/qemu-system-x86_64"
	passes
}

# signalled_at_start PROGRAM ARGUMENT...: run a program of lab/stage or lab/boot in which every
# process that is started sends SIGHUP to the program, before Popen() returns there.
signalled_at_start() {
	cat > "$T/at_start.py" <<-END
	import os, runpy, signal, subprocess, sys
	class Popen(subprocess.Popen):
	    def __init__(self, *words, **settings):
	        super().__init__(*words, **settings)
	        os.kill(os.getpid(), signal.SIGHUP)
	subprocess.Popen = Popen
	sys.path[:0] = ["$PROJECT/lab/stage", "$PROJECT/lab"]
	sys.argv.pop(0)
	runpy.run_path(sys.argv[0], run_name="__main__")
	END
	run --separate-stderr env --default-signal=HUP,INT LAB_TEST_MARK="$MARK" \
		timeout "$LIMIT" python3 -B "$T/at_start.py" "$@"
	[ "$status" = 129 ] || fail "status 129 expected"
	nobody_left
}

@test "a signal at the very start of a step ends what the step has started" {
	signalled_at_start "$PROJECT/lab/stage/run-step" 'a step' "$T/log" sleep 1000
}

@test "a second signal does not keep a step from ending what it has started" {
	cat > "$T/child" <<-'END'
	#!/bin/sh
	# Answers the end of the step by one more signal to it, and stays.
	trap 'kill -HUP $PPID' TERM
	kill -HUP $PPID
	while :; do read -r word < "$1"; done
	END
	chmod +x "$T/child"
	mkfifo "$T/never"
	run --separate-stderr env --default-signal=HUP,INT LAB_TEST_MARK="$MARK" \
		timeout "$LIMIT" python3 -B "$PROJECT/lab/stage/run-step" 'a step' "$T/log" "$T/child" "$T/never"
	[ "$status" = 129 ] && [ -z "$stderr" ] || fail "status 129 and no word expected"
	nobody_left
}

@test "a signal at the very start of a boot ends the emulator" {
	mkdir "$T/result"
	cat > "$T/result/run.json" <<-'END'
	{"label": "boot", "deadline": 60, "quiet_limit": 60, "cpus": 1, "kernel": "k", "initramfs": "i",
	 "append": [], "emulator": {"name": "QEMU", "command": ["sh", "-c", "sleep 1000"]}}
	END
	signalled_at_start "$PROJECT/lab/boot/launch.py" "$T/result"
}

@test "under nohup a closed terminal ends nothing" {
	mkfifo "$T/reached" "$T/go"
	printf '#!/bin/sh\n! mkdir %s 2>/dev/null || { echo here > %s; read -r word < %s; }\nexec %s "$@"\n' "$T/once" "$T/reached" "$T/go" \
		"$(type -P ccache)" > "$BIN/ccache"
	chmod +x "$BIN/ccache"
	assembled
	SIGNALS=--ignore-signal=HUP start run
	at_work "$T/reached"
	kill -HUP -- "-$started"
	rm "$BIN/ccache"
	echo on > "$T/go"
	ended
	good
}

# outlives COMMAND: kill the script alone, as the kernel does when it is out of memory. The
# command that it had started lives on and holds the lock.
outlives() {
	local pid
	blocking "$1"
	start run
	at_work "$T/reached"
	kill -KILL -- "-$started"
	ended
	lab tree
	refused 2 "another run is at work in $BUILD"
	for pid in $(marked); do
		kill -KILL "$pid" 2>/dev/null || :
	done
	nobody_left
	rm "$BIN/$1"
}

@test "the lock is held while a compiler of a killed run lives" {
	assembled
	outlives ccache
	passes
}

@test "the lock is held while an emulator of a killed run lives" {
	cp "$BIN/qemu-system-x86_64" "$T/qemu"
	outlives qemu-system-x86_64
	mv "$T/qemu" "$BIN/qemu-system-x86_64"
	passes
}

@test "Ctrl-C while apt fetches the guest's busybox" {
	rm -r "$BUILD/busybox-x86_64"
	sed -i /busybox/d "$BUILD/.lab"
	blocking apt-get
	start run
	at_work "$T/reached"
	ctrl_c
	interrupted initramfs
	[ ! -e "$BUILD/busybox-x86_64" ] || fail "half a busybox was left"
}

@test "Ctrl-C while apt installs a package" {
	[ "$(id -u)" = 0 ] || skip "only root runs apt"
	echo 'base lab-test-no-such-package' >> "$HOUSE/lab/data/packages"
	watch_over "$HOUSE"
	blocking apt-get
	start run
	at_work "$T/reached"
	ctrl_c
	interrupted packages
}

@test "locks that a killed git left are removed, and the output says so" {
	local gitdir lock
	assembled
	gitdir=$(git -C "$BUILD/tree-6.1" rev-parse --absolute-git-dir)
	for lock in "$gitdir/index.lock" "$gitdir/HEAD.lock" "$BUILD/src-6.1.git/refs/heads/tree-6.1.lock" \
		"$BUILD/src-6.1.git/packed-refs.lock" "$BUILD/src-6.1.git/shallow.lock" "$BUILD/src-6.1.git/config.lock"; do
		: > "$lock"
		sed -i 's/^Why\./Why, again./' "$HOUSE/patches/linux-6.1/0002-two.patch"
		watch_over "$HOUSE"
		assembled
		[[ $output == *"removed a lock that a killed git left: ${lock#"$BUILD"/}"* ]] || fail "the output does not name $lock"
		[ ! -e "$lock" ] || fail "left: $lock"
	done
}

@test "a work tree that git was making when it was killed is completed" {
	assembled
	rm -rf "$BUILD/tree-6.1"
	echo initializing > "$BUILD/src-6.1.git/worktrees/tree-6.1/locked"
	assembled
}

@test "the lock of a running git is not removed" {
	local gitdir
	assembled
	gitdir=$(git -C "$BUILD/tree-6.1" rev-parse --absolute-git-dir)
	: > "$gitdir/index.lock"
	mkfifo "$T/reached" "$T/never"
	(cd "$BUILD/tree-6.1" && LAB_TEST_MARK=$MARK exec git -c alias.wait="!echo > $T/reached; read -r word < $T/never" wait) 3>&- &
	at_work "$T/reached"
	lab tree
	refused 2 "git is at work in $BUILD \(src-6.1.git/worktrees/tree-6.1/index.lock\): wait for it$"
	[ -e "$gitdir/index.lock" ] || fail "it was removed"
	echo > "$T/never"
	wait
	assembled
}
