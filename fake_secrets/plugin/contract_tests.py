"""Rotation contracts under pytest: scenarios are chosen by `-k`, and reports are shown without our own frames.

Nothing of the contract is imported here unless a module of tests has imported it.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeGuard

    from fake_secrets.contract.rotation_contract import RotationContract

__all__ = ["Contracts"]

_SECTION = "fake_secrets contract"

# A name in an expression of `-k`.
_NAME = re.compile(r"[\w:+\-.\[\]\\/]+")

# The attribute of a contract without which it has no such test.
_NEEDED = {"test_allow": "allow", "test_consumers": "consumers"}

_chosen = pytest.StashKey[tuple[list[str] | None, list[str]]]()


class Contracts:
    """The hooks for the tests of rotation contracts."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, collector: pytest.Collector, name: str) -> list[pytest.Item] | None:
        """Leave out the test of `allow` where nothing is allowed, and that of `consumers` where there are none."""
        kind = getattr(collector, "obj", None)
        attribute = _NEEDED.get(name)
        is_useless = attribute is not None and _is_contract(kind) and not getattr(kind, attribute)
        return [] if is_useless else None

    # Before pytest looks at the names itself.
    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: Sequence[pytest.Item]) -> None:
        """Give the ids of scenarios that `-k` names to the tests of their families, as names of these tests."""
        contracts = [item for item in items if _is_contract(getattr(item, "cls", None))]
        for item in contracts:
            _show_in_file_of_class(item)
        expression = config.getoption("keyword")
        if contracts and expression:
            _choose(contracts, expression)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Tell a test the scenarios that were chosen."""
        if _chosen in item.stash and isinstance(item, pytest.Function):
            item.instance._chosen, item.instance._spared = item.stash[_chosen]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Show what a contract has found."""
        report: Any = yield
        if report.when == "call" and _is_contract(getattr(item, "cls", None)):
            _show(report, item, call)
        return report  # type: ignore[no-any-return]


def _is_contract(kind: Any) -> TypeGuard[type[RotationContract]]:
    """Return whether something is a class of tests that checks a rotation function."""
    module = sys.modules.get("fake_secrets.contract.rotation_contract")
    return module is not None and isinstance(kind, type) and issubclass(kind, module.RotationContract)


def _show_in_file_of_class(item: pytest.Item) -> None:
    """Let reports and editors show the user's class as the place of a test that it inherits from us."""
    kind = item.getparent(pytest.Class)
    is_inherited = item.location[0] != item.nodeid.partition("::")[0]
    if kind is not None and is_inherited:
        _, number, _ = kind.reportinfo()
        item.location = item.nodeid.partition("::")[0], number, item.location[2]


def _choose(contracts: Iterable[pytest.Item], text: str) -> None:
    """Choose the scenarios that an expression of `-k` selects. Each counts like a test of its own."""
    named: dict[str, list[str]] = {}
    for name in dict.fromkeys(_NAME.findall(text)):
        family = _family_of(name)
        if family is not None:
            named.setdefault(f"test_{family}", []).append(name)
    if not named:
        return
    for item in contracts:
        ids = named.get(getattr(item, "originalname", item.name), [])
        selects = _selector(text, item) if ids else None
        if selects is None:
            continue
        if selects():
            item.stash[_chosen] = None, [one for one in ids if not selects(one)]
        else:
            # An expression may ask for several at once.
            chosen = [one for one in ids if selects(one)] or ids
            item.stash[_chosen] = chosen, []
            item.extra_keyword_matches.update(chosen)


def _family_of(name: str) -> str | None:
    """Return the family of a scenario by its id; None if the name isn't like an id."""
    from fake_secrets.contract.families import family_of
    from fake_secrets.service.rules.steps import STEPS

    # The test of the undisturbed rotation tells that there is no such scenario.
    return family_of(name) or ("plain" if name.partition(".")[0] in STEPS and "." in name else None)


def _selector(text: str, item: pytest.Item) -> Callable[..., bool] | None:
    """Return a function that tells whether `-k` selects a test if the test has some more names."""
    # pytest has no public way to ask that.
    from _pytest.mark import KeywordMatcher
    from _pytest.mark.expression import Expression

    try:
        expression = Expression.compile(text.lstrip())
    except Exception:  # noqa: BLE001 -- its class depends on the version of pytest, which tells what is wrong
        return None
    matches = KeywordMatcher.from_item(item)

    def selects(*more: str) -> bool:
        def has_name(name: str, /, **_: object) -> bool:
            return matches(name) or any(name.lower() in one.lower() for one in more)

        return expression.evaluate(has_name)

    return selects


def _show(report: Any, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Show the failure as the report of the contract, and the rest of that report as a section."""
    from fake_secrets.errors import ContractViolatedError

    found = getattr(getattr(item, "instance", None), "_report", None)
    error = None if call.excinfo is None else call.excinfo.value
    if isinstance(error, ContractViolatedError) and call.excinfo is not None:
        failure = call.excinfo.getrepr(style="value")
        report.longrepr = failure
        if failure.reprcrash is not None:
            path, number, _ = item.location
            failure.reprcrash.path, failure.reprcrash.lineno = path, (number or 0) + 1
            failure.reprcrash.message = error.summary
    elif report.skipped and isinstance(report.longrepr, tuple) and error is not None:
        path, number, _ = item.location
        report.longrepr = path, (number or 0) + 1, report.longrepr[2]
    remarks = "" if found is None else found._remarks()
    if remarks:
        report.sections.append((_SECTION, remarks))
