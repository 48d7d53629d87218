"""The table at the end of a check."""

import pytest

from fake_secrets import ContractReport, Violation
from fake_secrets.cli.result_table import table_of
from fake_secrets.cli.rotation_check import _is_coloured


def cause(name, severity="violation", **changes):
    where = changes.pop("where", "rotation.py:7")
    return Violation(name, severity, "", "plain.three-times", "", where, "", "", (), **changes)


REPORT = ContractReport(
    (cause("dead-current", others=("a", "b")), cause("leaked-value", allowed="in a test")),
    (cause("pending-label-left", "note", where=None),),
    ("plain.three-times",),
)


def test_each_cause_is_a_row():
    assert table_of(REPORT, is_coloured=False).splitlines() == [
        "cause               severity   scenarios  line",
        "dead-current        violation  3          rotation.py:7",
        "leaked-value        allowed    1          rotation.py:7",
        "pending-label-left  note       1          -",
    ]


def test_colours_change_no_column():
    coloured = table_of(REPORT, is_coloured=True)

    assert "\x1b[31mviolation\x1b[0m  3" in coloured
    for sequence in ("\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        coloured = coloured.replace(sequence, "")
    assert coloured == table_of(REPORT, is_coloured=False)


def test_without_a_cause_there_is_no_table():
    assert table_of(ContractReport((), (), ()), is_coloured=False) == ""


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_need_a_terminal_that_wants_them(monkeypatch, variables, is_coloured):
    class Stream:
        def __init__(self, is_terminal):
            self.isatty = lambda: is_terminal

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _is_coloured(Stream(is_terminal=True)) == is_coloured
    assert not _is_coloured(Stream(is_terminal=False))
