# SPDX-License-Identifier: GPL-2.0-only
"""Does a text tell one failure from others? The one rule for the texts of expected failures
and for the Words: and Splat: of mutants.
"""

import re

SHORTEST = 6	# characters
LINE = re.compile(r'\.[chS]:\d')	# the line numbers of a source file change
# What the failures of many cases say: KUnit's frame, and the sentences of the recorder and of
# the SMMU's commands. A text needs a word or a number beside these.
FRAME = re.compile(r'''
    (?:FAILED\ )?at\ [\w/.-]+\.[chS]\b
    | \b(?:EXPECTATION | ASSERTION | FAILED | Expected | at | to\ be | but | is | true | false
        | line | calls\ expected | these | came | not)\b
    ''', re.X)


def weak(text):
    """Why the text proves nothing, or None."""
    if LINE.search(text):
        return 'names a line of a source file'
    if len(text) < SHORTEST or not re.search(r'\w', FRAME.sub(' ', text)):
        return 'has no word or number of its own'
    return None
