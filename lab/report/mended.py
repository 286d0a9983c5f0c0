# SPDX-License-Identifier: GPL-2.0-only
"""Name the cases that passed although they were expected to fail, or permitted to skip.

usage: mended RESULT_DIR     (from lab/stage/prefix-boots)
"""
import json
import os
import re
import sys

import output


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(os.path.join(sys.argv[1], "summary.json"), encoding="utf-8") as file:
        found = json.load(file)
    for suite in found["suites"]:
        for case in suite["cases"]:
            if case["status"] == "xpass":
                print(f'{suite["name"]}.{case["name"]}')
    for reason in found["reasons"]:
        if reason["name"] == "stale-skip":
            # "FILE:LINE: SUITE.CASE may be skipped"
            print(re.match(r"\S+: (\S+) may be skipped", reason["text"]).group(1))
    return 0


if __name__ == "__main__":
    sys.exit(output.run("mended", main))
