"""What the first world of a process imports."""

import subprocess
import sys

IMPORTED = """
import sys
import botocore.session
before = set(sys.modules)
from fake_secrets import mock_stages
{then}
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("fake_secrets")))
"""


def imported_by(then):
    command = [sys.executable, "-c", IMPORTED.format(then=then)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split()


def test_a_world_imports_nothing_of_the_standard_library_that_botocore_does_not():
    # The first compares names of secrets, and takes no time to load. Newer versions of botocore import the others.
    known = {"unicodedata", "dataclasses", "contextvars", "_contextvars"}
    assert set(imported_by("with mock_stages({'db': 's3cret'}): pass")) <= known


def test_unittest_is_imported_only_for_a_class():
    assert "unittest" not in imported_by("@mock_stages\ndef test(): pass\ntest()")
    assert "unittest" in imported_by("@mock_stages\nclass Tests: pass")
