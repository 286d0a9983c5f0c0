# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The user's variables, checked, and the paths of all that the lab makes. Every script of
# the lab sources this file first. The variables that are set here are for those scripts:
# shellcheck disable=SC2034

set -euo pipefail
export LC_ALL=C
# If standard output is closed, the next file that is opened would take its number.
{ : 7>&1; } 2>/dev/null || {
	printf '%s: standard output is closed\n' "${LAB_NAME:-lab}" >&2
	exit 2
}

# The user's shell may export settings of kernel builds, git and compilers, and this script
# may run below the user's make. None of it must reach the lab's own builds.
unset "${!GIT_@}" "${!KBUILD_@}" "${!KCONFIG_@}" "${!LLVM@}" "${!PYTHON@}" "${!MAKE@}" MFLAGS \
	ARCH_FLAGS SRCARCH SUBARCH CROSS_COMPILE CONFIG_SHELL LOCALVERSION KERNELRELEASE \
	CC CPP CXX LD AR NM AS STRIP OBJCOPY OBJDUMP READELF PAHOLE HOSTCC HOSTCXX HOSTLD HOSTAR \
	CFLAGS CPPFLAGS CXXFLAGS LDFLAGS LDLIBS KCFLAGS KCPPFLAGS KAFLAGS HOSTCFLAGS HOSTLDFLAGS \
	USERCFLAGS USERLDFLAGS CFLAGS_KERNEL CFLAGS_MODULE EXTRA_CFLAGS CHECK CF \
	INSTALL_PATH INSTALL_MOD_PATH INSTALL_HDR_PATH CDPATH ENV BASH_ENV GREP_OPTIONS TAR_OPTIONS \
	XZ_OPT XZ_DEFAULTS POSIXLY_CORRECT
# Nor what gcc, the linker, pkg-config and ccache read for themselves: where they look for
# headers, libraries and programs, and which files they write beside the object. -nostdinc,
# which a kernel is compiled with, does not stop the first two.
unset CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH COMPILER_PATH GCC_EXEC_PREFIX \
	GCC_COMPARE_DEBUG DEPENDENCIES_OUTPUT SUNPRO_DEPENDENCIES GNUTARGET LDEMULATION \
	LD_LIBRARY_PATH LD_RUN_PATH "${!PKG_CONFIG@}" CCACHE_COMPILER CCACHE_COMPILERTYPE \
	CCACHE_PREFIX CCACHE_PREFIX_CPP
# Nor the user's git configuration. git must not collect garbage while the lab works.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_COUNT=2 \
	GIT_CONFIG_KEY_0=gc.auto GIT_CONFIG_VALUE_0=0 \
	GIT_CONFIG_KEY_1=safe.directory GIT_CONFIG_VALUE_1='*'
# Python writes no __pycache__ into the kernel's tree.
export PYTHONDONTWRITEBYTECODE=1

# bash runs these when the running step has ended. The step gets the signal as well, and
# ends all that it started.
trap 'exit 129' HUP
trap 'exit 143' TERM

# Exit classes. A script that exits with one of them has printed the reason in one line.
readonly BAD_INPUT=2 BAD_CONFIG=3 BAD_ASSEMBLY=4 BAD_BUILD=5 BAD_BOOT=6 BAD_TEST=7

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(dirname "$LAB")

# say WORD...: print a line to the user.
say() {
	printf '%s\n' "$*" 2>/dev/null || {
		printf '%s: cannot write to standard output\n' "${LAB_NAME:-lab}" >&2
		exit 2
	}
}

# die CLASS WORD...: print the reason in one line and exit with the class.
ERRORS=2
die() {
	local class=$1
	shift
	printf '%s: %s\n' "${LAB_NAME:-lab}" "$*" >&"$ERRORS"
	exit "$class"
}

# The Makefile lists the variables. No value may contain a line break.
read -ra VARIABLES < <(sed -n 's/^VARIABLES := //p' "$TOP/Makefile")
GIVEN=()
for variable in "${VARIABLES[@]}"; do
	[[ ${!variable:-} != *$'\n'* ]] || die $BAD_INPUT "a line break in the value of: $variable"
	[ -z "${!variable:-}" ] || GIVEN+=("$variable")
done

# one_of VARIABLE VALUE ALLOWED...: stop unless the value is one of those allowed.
one_of() {
	local name=$1 value=$2 allowed
	shift 2
	for allowed; do
		[ "$value" != "$allowed" ] || return 0
	done
	die $BAD_INPUT "$name=$value is unknown; choose one of: $*"
}

# known_bases: each folder of patches/ is a base.
known_bases() {
	local dir
	for dir in "$TOP"/patches/linux-*/; do
		basename "$dir" | sed 's/^linux-//'
	done
}

# known KIND: the names of the files in lab/data/KIND.
known() { (cd "$LAB/data/$1" && printf '%s\n' *); }

# run_python MODULE ARGUMENT...: run a Python program of the lab. boot.machine builds the
# emulator's command from the settings given here. They are not exported, because the parts
# of a gate would inherit them.
run_python() {
	TOP=$TOP ARCH=$ARCH CPU=$CPU QEMU_DIR=$QEMU_DIR machine_qemu=$machine_qemu \
		PYTHONPATH=$LAB python3 -B -m "$@"
}

# kernel_version MAKEFILE: "VERSION.PATCHLEVEL SUBLEVEL" of a kernel, or nothing.
kernel_version() {
	awk -F' *= *' '/^VERSION =/ { v = $2 } /^PATCHLEVEL =/ { p = $2 }
		/^SUBLEVEL =/ { s = $2 }
		END { if (v != "" && p != "" && s != "") print v "." p, s }' "$@"
}

BUILD=${BUILD:-$TOP/build}
MACHINE=${MACHINE:-qemu}
LENGTH=${LENGTH:-full}
QEMU=${QEMU:-7.2}
# Architectures, machines and versions of QEMU are files in lab/data. machine/qemu has the
# defaults of a machine.
mapfile -t ARCHES < <(known arch)
mapfile -t MACHINES < <(known machine)
mapfile -t QEMUS < <(known qemu | sort -V)
one_of MACHINE "$MACHINE" "${MACHINES[@]}"
one_of QEMU "$QEMU" "${QEMUS[@]}"
# shellcheck source=lab/data/machine/qemu
. "$LAB/data/machine/qemu"
# shellcheck source=lab/data/machine/vtx
. "$LAB/data/machine/$MACHINE"
# shellcheck source=lab/data/qemu/10.0
. "$LAB/data/qemu/$QEMU"
RUNS=$machine_runs
ARCH=${ARCH:-${machine_arch:-x86_64}}
FLAVOUR=${FLAVOUR:-$machine_flavour}
CPUS=${CPUS:-$machine_cpus}
SUITE=${SUITE:-$machine_suite}
# The CPU model. The architecture's .qemu file has the default.
CPU=${CPU:-}
SERIES=${SERIES:-full}
BUSTED=${BUSTED:-0}
SEED=${SEED:-}
STEPS=${STEPS:-}
LINUX=${LINUX:-}
MUTANTS=${MUTANTS:-$TOP/mutants}
# Globs of SUBJECT/NAME below MUTANTS, separated by blanks.
MUTANT=${MUTANT:-*}
BASE=${BASE:-}
# With fewer steps the suite does not meet each of its operations (STEPS_FOR_ALL there).
[[ -z $STEPS || $STEPS =~ ^[1-9][0-9]{3,8}$ && $STEPS -ge 2500 ]] ||
	die $BAD_INPUT "STEPS=$STEPS: a number from 2500 to 999999999 is needed"
# Limits in seconds: of the whole boot, and of silence on the console. A step takes up to
# 50 ms on a busy host.
DEADLINE=${DEADLINE:-$((900 + ${STEPS:-0} / 20))}
QUIET=${QUIET:-120}

mapfile -t BASES < <(known_bases)
[ -z "$BASE" ] || one_of BASE "$BASE" "${BASES[@]}"
one_of ARCH "$ARCH" "${ARCHES[@]}"
one_of LENGTH "$LENGTH" full short peers
mapfile -t FLAVOURS < <(awk '!/^#/ && NF { print $1 }' "$LAB/data/flavours")
one_of FLAVOUR "$FLAVOUR" "${FLAVOURS[@]}"
one_of SERIES "$SERIES" full none
one_of BUSTED "$BUSTED" 0 1
[ "$ARCH" = "${machine_arch:-$ARCH}" ] ||
	die $BAD_INPUT "MACHINE=$MACHINE is an $machine_arch machine: it has no ARCH=$ARCH"
if [ "$RUNS" = programs ]; then
	[ "$BUSTED" = 0 ] || die $BAD_INPUT "MACHINE=$MACHINE runs no suites: BUSTED=1 has nothing to plant there"
	[ -z "$CPU" ] || die $BAD_INPUT "MACHINE=$MACHINE has a fixed CPU: CPU=$CPU is for machines that run suites"
fi
[[ -z $CPU || $CPU =~ ^[A-Za-z0-9][A-Za-z0-9.,=+_-]*$ ]] ||
	die $BAD_INPUT "CPU=$CPU: a model is needed, as qemu-system-* -cpu help lists them"
[[ $CPUS =~ ^[1-8]$ ]] || die $BAD_INPUT "CPUS=$CPUS: a number from 1 to 8 is needed"
[ "$MACHINE" != icount ] || [ "$CPUS" = 1 ] ||
	die $BAD_INPUT "CPUS=$CPUS: MACHINE=icount has one CPU; x86 does not boot there with more"
[[ -z $SEED || $SEED =~ ^(0x[0-9a-fA-F]{1,16}|[0-9]{1,19})$ ]] ||
	die $BAD_INPUT "SEED=$SEED: a number is needed, decimal or 0x..., as a run printed it"
for limit in DEADLINE QUIET; do
	[[ ${!limit} =~ ^[1-9][0-9]*$ ]] || die $BAD_INPUT "$limit=${!limit}: whole seconds are needed"
done
[[ $SUITE =~ ^[][A-Za-z0-9_.*?-]+$ ]] ||
	die $BAD_INPUT "SUITE=$SUITE: a glob of suite or suite.case names is needed"

[[ $BUILD == /* ]] || BUILD=$PWD/$BUILD
# Those that make and the shell read when the kernel is built.
special=':%#$&;|<>(){}[]*?!\"'\''`'
if [[ $BUILD == *[[:space:]]* || $BUILD == *["$special"]* ]]; then
	die $BAD_INPUT "BUILD=$BUILD: the kernel's own Makefile takes no path with spaces or one of $special;" \
		"give BUILD= a folder without them"
fi

# The folder of a QEMU that is not installed.
QEMU_DIR=${qemu_suite:+$BUILD/qemu-$QEMU}

# LINUX= decides the base. A hash of its path tells its repository and trees from others.
SOURCE_ID=
if [ -n "$LINUX" ]; then
	[ -d "$LINUX" ] || die $BAD_INPUT "LINUX=$LINUX is not a folder"
	LINUX=$(cd "$LINUX" && pwd)
	[ -r "$LINUX/Makefile" ] && [ -r "$LINUX/Kbuild" ] ||
		die $BAD_INPUT "LINUX=$LINUX is not a kernel: it has no Makefile and Kbuild"
	! grep -q $'\r$' "$LINUX/Makefile" ||
		die $BAD_INPUT "LINUX=$LINUX has DOS line ends (CRLF): check it out without core.autocrlf"
	read -r version _ < <(kernel_version "$LINUX/Makefile") ||
		die $BAD_INPUT "LINUX=$LINUX is not a kernel: its Makefile names no version"
	[ -z "$BASE" ] || [ "$BASE" = "$version" ] ||
		die $BAD_INPUT "LINUX=$LINUX is Linux $version, not BASE=$BASE"
	BASE=$version
	[ -d "$TOP/patches/linux-$BASE" ] ||
		die $BAD_INPUT "LINUX=$LINUX is Linux $BASE; there is a series for: ${BASES[*]}"
	SOURCE_ID=$BASE-$(printf '%s' "$LINUX" | sha256sum | cut -c1-8)
fi
# shellcheck source=lab/build-folder.sh
. "$LAB/build-folder.sh"
adopt_build
BASE=${BASE:-6.1}
SOURCE_ID=${SOURCE_ID:-$BASE}

PATCHES=$TOP/patches/linux-$BASE
XFAIL=$PATCHES/xfail
SERIES_FILE=$PATCHES/series
# The lab's own patches for the machines that run KVM's programs.
AID_FILE=$LAB/vtx/series
TREE_ID=$SOURCE_ID
if [ "$SERIES" = none ]; then
	SERIES_FILE=$PATCHES/series.none
	XFAIL=$PATCHES/xfail.none
	AID_FILE=$LAB/vtx/series.none
	TREE_ID=$SOURCE_ID-none
fi

REPO=$BUILD/src-$SOURCE_ID.git
if [ "$RUNS" = suites ]; then
	AID_FILE=/dev/null
else
	[ "$BASE" = 6.1 ] || die $BAD_INPUT "MACHINE=$MACHINE has patches for Linux 6.1 only, not $BASE"
	XFAIL=$XFAIL.$MACHINE
	# A separate tree, so that make series never mails a patch of lab/vtx.
	TREE_ID=$TREE_ID-vtx
fi
# make mutants has a tree of its own.
TREE=$BUILD/tree-$TREE_ID
[[ ${LAB_TREE:-} != "$BUILD"/tree-* ]] || TREE=$LAB_TREE
# So does a prefix of the series; its folder has its steps and its expected failures.
if [[ ${LAB_PREFIX:-} == "$BUILD"/prefixes/* ]]; then
	SERIES_FILE=$LAB_PREFIX/series
	XFAIL=$LAB_PREFIX/xfail
fi
KIND=$ARCH-$FLAVOUR
[ "$BUSTED" = 0 ] || KIND=$KIND-busted
# The objects are in a folder of the tree, whose name git ignores. kbuild then refers to
# the sources as "..", so the cache works across trees.
OBJ=$TREE/.$KIND
OUT=$BUILD/${TREE##*/tree-}-$KIND
# Machines share kernels. Each has its own results.
case $MACHINE in
qemu | vtx) ;;
*) OUT=$OUT-$MACHINE ;;
esac

# need_space GIB: stop if the disk has less than this free.
need_space() {
	local free
	free=$(df --output=avail -k "$BUILD" | tail -n 1)
	[ "$free" -ge $(($1 * 1048576)) ] ||
		die $BAD_INPUT "$BUILD has $((free / 1024)) MiB free and this step needs $1 GiB: make room, or give BUILD= another disk"
}

# suites_only TARGET: stop if MACHINE= is not the default, for a target that has no other.
suites_only() {
	[ "$MACHINE" = qemu ] || die $BAD_INPUT "make $1 does not support MACHINE=$MACHINE; make run and make tree do"
}

# lab_version: the project's own, as git describes it.
lab_version() { git -C "$TOP" -c safe.directory="$TOP" describe --always --dirty --tags 2> /dev/null || echo unknown; }

# need_series: stop if this base has only the suites and no series that could be mailed.
need_series() { [ -r "$PATCHES/cover" ] || die $BAD_INPUT "there is no series for Linux $BASE, only the suites"; }

# compares_kernels ARCH...: prepare a target that runs the same suites on the base, on the
# series and on $UPSTREAM: install the packages, take the lock, make the folder $results.
compares_kernels() {
	[ "$SERIES" = full ] || die $BAD_INPUT "make $LAB_NAME compares the series with its base: leave out SERIES=none"
	[ "$BUSTED" = 0 ] || die $BAD_INPUT "make $LAB_NAME boots no planted bugs: leave out BUSTED=1"
	need_series
	UPSTREAM=6.12
	mind_signals
	stage=packages
	"$LAB/stage/install-packages" base "$BASE" "$UPSTREAM" "$@"
	by_gate=0
	! lock_inherited || by_gate=1
	take_lock
	stage="the kernels"
	own "$LAB_NAME"
	results=$BUILD/$LAB_NAME/$(date +%Y%m%d-%H%M%S-$$)
	mkdir -p "$results"
}

# table_column RESULT SUITE VARIABLE=VALUE...: run the suite on one kernel, for a table.
table_column() {
	local result=$1 suite=$2 status=0
	shift 2
	env "$@" "$LAB/boot/build-and-boot" "$result" "$suite" "$(printf '%-9s %s' "$LAB_NAME" "${result##*/}")" || status=$?
	# The table shows failed cases. A stage that failed before the judge has printed its reason.
	[ $status = 0 ] || [ $status = $BAD_TEST ] && [ -e "$result/summary.json" ] || exit $status
}

# publish_table FILE: a table that the user has asked for goes from the results to docs/. A
# gate's stays there: the checkout must not change while its later parts run.
publish_table() {
	if [ "$by_gate" = 1 ]; then
		say "The table: $results/$1"
	else
		cp "$results/$1" "$TOP/docs/$1"
		say "docs/$1 is written; results: $results"
	fi
}

# disk_full LOG: did a step fail because the disk is full? A full disk may have kept the
# message out of the log.
disk_full() {
	grep -q 'No space left on device' "$1" ||
		[ "$(df --output=avail -k "$BUILD" | tail -n 1)" -lt 1024 ]
}

# stop_if_disk_full LOG
stop_if_disk_full() {
	! disk_full "$1" ||
		die $BAD_INPUT "the disk under $BUILD is full: make room and run the command again, or give BUILD= another disk"
}

# step LABEL LOG COMMAND...: run a long step (lab/stage/run-step). A signal and a full disk
# end the script. Any other failure is returned, for the caller to explain.
step() {
	local status=0
	"$LAB/stage/run-step" "$@" || status=$?
	[ $status -lt 129 ] || exit $status
	[ $status = 0 ] || stop_if_disk_full "$2"
	return $status
}

# mind_signals: for the script that the user runs, which keeps the name of its stage in
# $stage. On a signal the stage ends first; then this script says which one it was.
mind_signals() {
	stage=start
	trap leave EXIT
	trap 'exit 130' INT
}

leave() {
	local status=$? why=Interrupted
	# run-step's status when its output is full, or the reader of its output has gone.
	[ "$status" != 141 ] || why='Cannot write to standard output: ended'
	# The terminal may be gone.
	[ "$status" -lt 129 ] ||
		printf '%s during: %s. Nothing is lost; the same command continues from there.\n' "$why" "$stage" >&2 || :
	exit "$status"
}
