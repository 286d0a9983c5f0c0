# SPDX-License-Identifier: GPL-2.0-only
"""The suites and cases of a kernel, from the sources and the Kconfig fragments.

The C preprocessor expands the tables of rows, with the options of that kernel. It reads the
headers of kunit/ but not the kernel's, so KUNIT_CASE() is not expanded.
"""

import functools
import os
import re
import subprocess
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
TOP = LAB.parent
SUITE_LINE = re.compile(r'^# suite:[ \t]*(.*)$', re.M)
OPTION = re.compile(r'^CONFIG_(\w+)=(.+)$', re.M)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"].*$', re.M)
ARRAY = re.compile(r'struct kunit_case (\w+)\[\] = \{(.*?)\};', re.S)
CASE = re.compile(r'\bKUNIT_CASE\w*\(\s*(\w+)')
SUITE = re.compile(r'struct kunit_suite \w+ = \{(.*?)\};', re.S)
NAME = re.compile(r'\.name = "([^"]+)"')
CASES = re.compile(r'\.test_cases = (\w+)')
# What an architecture's Kconfig selects, and no fragment asks for.
SELECTED = {'x86_64': ('X86', 'X86_64', '64BIT'), 'arm64': ('ARM64', '64BIT'),
            'powerpc': ('PPC', 'PPC64', 'PPC_BOOK3S_64', '64BIT')}
# IS_ENABLED() of <linux/kconfig.h>.
PRELUDE = """
#define __ARG_PLACEHOLDER_1 0,
#define __take_second_arg(__ignored, val, ...) val
#define ___is_defined(val) ____is_defined(__ARG_PLACEHOLDER_##val)
#define ____is_defined(arg1_or_junk) __take_second_arg(arg1_or_junk 1, 0)
#define IS_ENABLED(option) ___is_defined(option)
"""


class UnknownKernel(Exception):
    """There is no such architecture, flavour or machine."""


@functools.cache
def fragments(arch, flavour='', machine=''):
    """The text of all fragments of this kernel."""
    wish = {'ARCH': arch, 'FLAVOUR': flavour, 'MACHINE': machine, 'SERIES': 'full',
            'LAB_NAME': 'settings'}
    done = subprocess.run([LAB / 'stage' / 'build', 'fragments'], env=os.environ | wish,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnknownKernel(done.stderr.strip().partition(': ')[2])
    return '\n'.join(Path(x).read_text(encoding='utf-8') for x in done.stdout.splitlines())


def header_of(path, kind, name):
    """The file of kunit/ that an #include of this file means, or None."""
    if kind == '<':
        places = [TOP / 'kunit' / 'include' / name]
    else:
        # Beside the file, or in a folder that its Makefile names.
        places = [path.parent / name, *sorted((TOP / 'kunit').rglob(name.rpartition('/')[2]))]
    return next((x.resolve() for x in places if x.is_file()), None)


def inlined(path, seen):
    """A source file with the headers of kunit/ in place of their #include, each once."""
    def header(match):
        found = header_of(path, *match.groups())
        if not found or found in seen:
            return ''
        seen.add(found)
        return inlined(found, seen)
    return INCLUDE.sub(header, path.read_text(encoding='utf-8'))


def preprocessed(path, arch, options):
    """What the compiler would see of it."""
    given = dict(OPTION.findall(options)) | dict.fromkeys(SELECTED.get(arch, ()), 'y')
    defines = [f'-DCONFIG_{name}=1' for name, value in given.items() if value == 'y']
    done = subprocess.run(['cpp', '-P', '-nostdinc', *defines, '-'], text=True, check=True,
                          input=PRELUDE + inlined(path, set()), capture_output=True)
    return done.stdout


def suites_of(text):
    """{suite: its cases} of a preprocessed file."""
    arrays = {name: CASE.findall(body) for name, body in ARRAY.findall(text)}
    found = {}
    for body in SUITE.findall(text):
        name, cases = NAME.search(body), CASES.search(body)
        if name and cases:
            found[name.group(1)] = arrays.get(cases.group(1), [])
    return found


@functools.cache
def of_kernel(arch, flavour='', machine=''):
    """{suite: its cases} of this kernel."""
    options = fragments(arch, flavour, machine)
    wanted = ' '.join(SUITE_LINE.findall(options)).split()
    found = {}
    for path in sorted((TOP / 'kunit').rglob('*.c')):
        if 'kunit_test_suite' in path.read_text(encoding='utf-8'):
            found |= suites_of(preprocessed(path, arch, options))
    return {suite: found.get(suite, []) for suite in wanted}


def names(arch, flavour='', machine=''):
    """All SUITE.CASE of this kernel."""
    return {f'{suite}.{case}' for suite, cases in of_kernel(arch, flavour, machine).items()
            for case in cases}
