"""Reports: what a test did in each of its worlds, as text and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fake_secrets.observe.calls import Calls, calls_of
from fake_secrets.observe.ledger import SUCCEEDED, Ledger
from fake_secrets.observe.moments import Moment, moments_of
from fake_secrets.observe.pictures.page import page, section_of
from fake_secrets.observe.pictures.sheet import Sheet
from fake_secrets.observe.pictures.table import calls_table, escaped, scrolling
from fake_secrets.observe.pictures.text import text_of
from fake_secrets.service.state.model import StoredSecret

__all__ = ["Part", "page_of_parts", "part_of", "text_of_parts"]

_SEED = "(seed)"

# More than a reader looks at. The page shows all rows.
_SECRETS = 5
_ROWS = 30
_CALLS = 20


@dataclass(frozen=True, slots=True)
class Part:
    """What a test did in one world.

    Args:
        world: the world's account and region, in words.
        sheets: the timelines of the secrets that the test has touched, the latest first.
        calls: its calls.
    """

    world: str
    sheets: tuple[Sheet, ...]
    calls: Calls


def part_of(account_id: str, region: str, ledger: Ledger, since: int = 0) -> Part:
    """Return what has happened in a world.

    Args:
        account_id: the world's account.
        region: the world's region.
        ledger: its ledger.
        since: the ledger's count when the test began. A timeline begins with the labels as of then.
    """
    entries = ledger.entries(since)
    touched = {id(one.secret): one.secret for one in reversed(entries) if one.operation != _SEED and one.secret}
    return Part(
        f"world of account {account_id} in {region}",
        tuple(_sheet(secret, ledger, since) for secret in touched.values()),
        calls_of(entries, account_id, region),
    )


def text_of_parts(parts: Sequence[Part]) -> str:
    """Return what a test did, as text: the timelines of the latest secrets, and the latest calls."""
    shown = _telling(parts)
    return "\n\n".join(block for part in shown for block in _blocks(part, is_only=len(shown) == 1))


def page_of_parts(title: str, parts: Sequence[Part]) -> str:
    """Return what a test did, as a page.

    Args:
        title: the name of the test.
        parts: what it did in each world.
    """
    shown = _telling(parts)
    return page(title, [section for part in shown for section in _sections(part, is_only=len(shown) == 1)])


def _telling(parts: Sequence[Part]) -> Sequence[Part]:
    """Return the worlds in which something has happened; if there are none, the latest."""
    return [part for part in parts if part.sheets or part.calls] or parts[-1:]


def _blocks(part: Part, *, is_only: bool) -> Iterator[str]:
    if not is_only:
        yield f"== {part.world} =="
    for sheet in part.sheets[:_SECRETS]:
        yield text_of(sheet.latest(_ROWS))
    left_out = len(part.sheets) - _SECRETS
    if left_out > 0:
        yield f"{left_out} secret{'s' if left_out > 1 else ''} left out"
    yield "\n".join([_count(part), *([_latest(part.calls)] if part.calls else [])])


def _sections(part: Part, *, is_only: bool) -> Iterator[str]:
    if not is_only:
        yield f"<h2>{escaped(part.world)}</h2>\n"
    heading = "h2" if is_only else "h3"
    for sheet in part.sheets:
        yield section_of(sheet, heading)
    yield f"<section>\n<{heading}>calls</{heading}>\n"
    if part.calls:
        yield scrolling(calls_table(part.calls), f"calls in the {part.world}") + "\n"
    else:
        yield "<p>no calls</p>\n"
    yield "</section>\n"


def _latest(calls: Calls) -> str:
    return calls[-_CALLS:]._table(max(0, len(calls) - _CALLS))


def _count(part: Part) -> str:
    count = len(part.calls)
    if count > _CALLS:
        return f"the last {_CALLS} of {count} calls"
    return f"{count or 'no'} call{'' if count == 1 else 's'}"


def _sheet(secret: StoredSecret, ledger: Ledger, since: int) -> Sheet:
    entries, earlier = ledger.entries(since), ledger.entries(0)
    before = next((one for one in reversed(earlier[: -len(entries)]) if one.secret is secret), None)
    about = [one for one in entries if one.secret is secret]
    moments = moments_of(secret, about if before is None else [before, *about], ledger.events_about(secret))
    if before is not None:
        moments[0] = Moment("(before the test)", None, SUCCEEDED, moments[0].stages, moments[0].states)
    return Sheet(secret.name, tuple(secret.history.values()), tuple(moments), since >= ledger.dropped)
