"""Reports: what a test did in each of its worlds, as text and as a page."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fake_secrets.observe.calls import Calls, calls_of
from fake_secrets.observe.entry import Entry
from fake_secrets.observe.ledger import SUCCEEDED, Ledger
from fake_secrets.observe.moments import Moment, moments_of
from fake_secrets.observe.pictures.page import ROWS, page, section_of
from fake_secrets.observe.pictures.sheet import Sheet
from fake_secrets.observe.pictures.table import calls_table, escaped, scrolling
from fake_secrets.observe.pictures.terminal import text_of
from fake_secrets.service.state.model import StoredSecret

if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial

__all__ = ["Part", "page_of_parts", "part_of", "text_of_parts"]

_SEED = "(seed)"
_DENIED = "why policies denied calls"
_NOTES = "notes on refused calls"


class _Shown(NamedTuple):
    """How much is shown: more would tell a reader nothing, and take long to draw."""

    secrets: int
    rows: int
    calls: int
    denials: int


_IN_TEXT = _Shown(secrets=5, rows=30, calls=20, denials=5)
_ON_PAGE = _Shown(secrets=50, rows=ROWS, calls=1_000, denials=50)
# The lines of an explanation that say what was denied, and the most telling reason.
_LINES = 2


@dataclass(frozen=True, slots=True)
class Part:
    """What a test did in one world, as far as a page shows it.

    Args:
        world: the world's account and region, in words.
        sheets: the timelines of the secrets that the test has touched, the latest first.
        secret_count: how many secrets it has touched.
        calls: its latest calls.
        call_count: how many calls it has made.
        denials: why policies denied its latest calls, each different explanation once.
        notes: what is told about its latest refused calls, each different note once.
    """

    world: str
    sheets: tuple[Sheet, ...]
    secret_count: int
    calls: Calls
    call_count: int
    denials: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def part_of(
    account_id: str,
    region: str,
    ledger: Ledger,
    since: int = 0,
    denials: Sequence[Denial] = (),
    *,
    told: Collection[str] = (),
) -> Part:
    """Return what has happened in a world.

    Args:
        account_id: the world's account.
        region: the world's region.
        ledger: its ledger.
        since: the ledger's count when the test began. A timeline begins with the labels as of then.
        denials: the latest checks that policies have denied in the world.
        told: the notes that the reader sees elsewhere.
    """
    entries = ledger.entries(since)
    touched = {id(one.secret): one.secret for one in reversed(entries) if one.operation != _SEED and one.secret}
    calls = [entry for entry in entries if entry.is_call]
    return Part(
        f"world of account {account_id} in {region}",
        tuple(_sheet(secret, ledger, since) for secret in itertools.islice(touched.values(), _ON_PAGE.secrets)),
        len(touched),
        calls_of(calls[-_ON_PAGE.calls :], account_id, region),
        len(calls),
        _reasons(denials, {entry.request.id for entry in calls}) if denials else (),
        _notes(ledger, calls, told) if ledger.notes else (),
    )


def _notes(ledger: Ledger, calls: Sequence[Entry], told: Collection[str]) -> tuple[str, ...]:
    """Return the notes on some calls, each after the operation."""
    operations = {entry.request.id: entry.request.operation for entry in calls}
    notes = (
        f"{operations[request_id]}: {note}"
        for request_id, note in ledger.notes
        if request_id in operations and note not in told
    )
    return tuple(dict.fromkeys(notes))


def _reasons(denials: Sequence[Denial], request_ids: Collection[str]) -> tuple[str, ...]:
    """Return why policies denied some requests, the latest last."""
    latest = [denied for denied in denials if denied.request_id in request_ids][-_ON_PAGE.denials :]
    reasons = ("\n".join(denied.explanation.splitlines()[:_LINES]) for denied in latest)
    return tuple(dict.fromkeys(reasons))


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
    for sheet in part.sheets[: _IN_TEXT.secrets]:
        yield text_of(sheet.latest(_IN_TEXT.rows))
    yield from _left_out(part, _IN_TEXT)
    calls = part.calls[-_IN_TEXT.calls :]
    count = _count(part, _IN_TEXT)
    yield f"{count}\n{calls._table(part.call_count - len(calls))}" if calls else count
    for heading, items in ((_DENIED, part.denials), (_NOTES, part.notes)):
        if items:
            told = [f"- {item}".replace("\n", "\n  ") for item in items[-_IN_TEXT.denials :]]
            yield "\n".join([heading, *told])


def _sections(part: Part, *, is_only: bool) -> Iterator[str]:
    if not is_only:
        yield f"<h2>{escaped(part.world)}</h2>\n"
    heading = "h2" if is_only else "h3"
    for sheet in part.sheets:
        yield section_of(sheet, heading)
    yield from (f"<p>{escaped(text)}</p>\n" for text in _left_out(part, _ON_PAGE))
    yield f"<section>\n<{heading}>{_count(part, _ON_PAGE)}</{heading}>\n"
    if part.calls:
        table = calls_table(part.calls, part.call_count - len(part.calls))
        yield scrolling(table, f"calls in the {part.world}") + "\n"
    yield "</section>\n"
    for title, told in ((_DENIED, part.denials), (_NOTES, part.notes)):
        if told:
            items = "".join(f"<li>{escaped(item).replace(chr(10), '<br>')}</li>\n" for item in told)
            yield f"<section>\n<{heading}>{title}</{heading}>\n<ul>\n{items}</ul>\n</section>\n"


def _left_out(part: Part, shown: _Shown) -> Iterator[str]:
    count = part.secret_count - shown.secrets
    if count > 0:
        yield f"{count} secret{'s' if count > 1 else ''} left out"


def _count(part: Part, shown: _Shown) -> str:
    count = part.call_count
    if count > shown.calls:
        return f"the last {shown.calls} of {count} calls"
    return f"{count or 'no'} call{'' if count == 1 else 's'}"


def _sheet(secret: StoredSecret, ledger: Ledger, since: int) -> Sheet:
    entries, everything = ledger.entries(since), ledger.entries()
    before = next((one for one in reversed(everything[: -len(entries)]) if one.secret is secret), None)
    rows = [*([] if before is None else [before]), *(one for one in entries if one.secret is secret)]
    kept = rows[-_ON_PAGE.rows :]
    moments = moments_of(secret, kept, ledger.events_about(secret))
    if kept[0] is before:
        moments[0] = Moment("(before the test)", None, SUCCEEDED, moments[0].stages, moments[0].states)
    versions = tuple(secret.history.values())
    return Sheet(secret.name, versions, tuple(moments), since >= ledger.dropped, len(rows) - len(kept))
