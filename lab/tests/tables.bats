#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Where make matrix and make dma leave their tables. Each boot is replaced by its result.
#
# Each test is a subshell and changes its own copies of helper.bash's variables:
# shellcheck disable=SC2030,SC2031,SC2154

load mini.bash

setup() {
	new_house
	# The tables of the project must not pass for those of the test.
	mkdir -p "$HOUSE/docs"
	echo old | tee "$HOUSE/docs/matrix.md" > "$HOUSE/docs/dma-table.md"
	cat > "$HOUSE/lab/boot/build-and-boot" <<-'END'
	#!/bin/sh
	mkdir -p "$1"
	echo "# munmap: 1 DMA transfers, 0 of them faulted" > "$1/console"
	cat > "$1/summary.json" <<JSON
	{"run": {"version": "6.1.192"}, "suites": [{"name": "secondary_tlbs_matrix", "cases":
	 [{"name": "munmap_is_exact", "status": "passed", "reason": "", "messages": []}]}], "counted":
	 [{"operation": "munmap", "suite": "secondary_tlbs_matrix", "calls": 2, "pages": 32, "changed": 16}]}
	JSON
	END
	chmod +x "$HOUSE/lab/boot/build-and-boot"
	printf '%s\n' 'matrix 1 matrix' 'dma 1 dma' | tee "$HOUSE/lab/data/nightly" > "$HOUSE/lab/data/gate"
	# Its packages are no subject here.
	printf '#!/bin/sh\n' > "$HOUSE/lab/stage/install-packages"
	watch_over "$HOUSE"
}

@test "the user's make matrix and make dma write docs/" {
	local target file
	while read -r target file; do
		lab "$target"
		[ "$status" = 0 ] || fail "$target"
		[[ $output == *"docs/$file is written; results: "* ]] || fail "the output does not say so"
		cmp "$BUILD/$target"/*/"$file" "$HOUSE/docs/$file" || fail "$target left another table"
		! grep -qx old "$HOUSE/docs/$file" || fail "$target wrote nothing"
	done <<-END
	matrix matrix.md
	dma dma-table.md
	END
}

@test "a gate leaves the tables with its results, and the checkout as it is" {
	local gate said
	for gate in nightly check; do
		lab $gate
		[ "$status" = 0 ] || fail "$gate"
		untouched
		said=$(echo "$output" && cat "$BUILD/$gate"/*.log)
		[ -s "$(sed -n 's,^The table: \(.*/matrix.md\)$,\1,p' <<< "$said")" ] || fail "$gate: no matrix.md"
		[ -s "$(sed -n 's,^The table: \(.*/dma-table.md\)$,\1,p' <<< "$said")" ] || fail "$gate: no dma-table.md"
	done
}
