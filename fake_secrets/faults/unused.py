"""Planned faults that never happened: by default, they fail the test.

The plugin turns this into warnings or off, as the ini option `fake_secrets_unused_faults` says.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from fake_secrets.errors import FakeSecretsWarning, UnusedFaultError

if TYPE_CHECKING:
    from fake_secrets.faults.planned import Fault

__all__ = ["STATES", "State", "Telling", "telling"]

__tracebackhide__ = True  # a traceback ends at the test

State = Literal["error", "warn", "ignore"]
STATES: tuple[str, ...] = get_args(State)


class Telling:
    """How tests are told of faults that never happened.

    `state` is "error", which fails the test, "warn" or "ignore".
    """

    def __init__(self) -> None:
        self.state = "error"

    def tell(self, faults: Sequence[Fault], error: BaseException | None = None) -> None:
        """Tell of faults that never happened.

        Args:
            faults: the faults.
            error: an exception that is raised in any case, if there is one. Then nothing is told: the test has
                failed already, and perhaps before the faults could happen.

        Raises:
            UnusedFaultError: if such faults are errors.
        """
        if not faults or error is not None or self.state == "ignore":
            return
        if self.state == "error":
            raise UnusedFaultError(_sentence(faults))
        for fault in faults:
            filename, number, module = fault._line
            warnings.warn_explicit(_sentence([fault]), FakeSecretsWarning, filename, number, module)


telling = Telling()


def _sentence(faults: Sequence[Fault]) -> str:
    if len(faults) == 1:
        what = f"a planned fault never happened: {_described(faults[0])}"
    else:
        listed = "".join(f"\n- {_described(fault)}" for fault in faults)
        what = f"{len(faults)} planned faults never happened:{listed}"
    return f"{what}\nIf a fault need not happen, plan it with optional=True."


def _described(fault: Fault) -> str:
    planned = f"{fault._in_words()}, planned at {_relative(fault._line.filename)}:{fault._line.number}"
    if fault._passed:
        return f"{planned}: after={fault._amount.after}, but only {_attempts(fault._passed)} matched"
    if fault._missed:
        return (
            f"{planned}: the selectors matched none of {_attempts(fault._missed)} of {fault._selection.operation}"
        )
    return planned


def _attempts(count: int) -> str:
    return f"{count} attempt{'s' * (count > 1)}"


def _relative(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
