# SPDX-License-Identifier: GPL-2.0-only
"""The kernels that a table compares: their judged runs and their names."""

import json

KERNELS = ('base', 'upstream', 'series')


def load(folder):
    """The summary of a judged run, or None."""
    try:
        with open(folder / 'summary.json', encoding='utf-8') as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def label(kernel, found):
    """The heading of a kernel's column; found is its summary, or None."""
    if found is None:
        return kernel
    return found['run']['version'] + (' series' if kernel == 'series' else '')
