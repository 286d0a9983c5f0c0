# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Loaded by the test files that work on the mini kernel of helper.bash. Each test gets a
# copy of the project and of the mini kernel, and leaves no process and no mount. A file
# that needs more defines its own setup() or setup_file() below.

load helper.bash

setup_file() { make_template; }

setup() { new_house; }

teardown() {
	end_started
	unmount
}
