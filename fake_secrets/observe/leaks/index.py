"""The index: finds the secret values of a world in text, however many there are.

A dict leads from the first eight characters to the forms of values that begin with them, by length and content. So
each character of a text costs one look, and where a form may begin, each length of such forms costs another, even
if a thousand values begin alike. A compiled alternation of all forms would try them one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fake_secrets.observe.leaks.fields import parts_of
from fake_secrets.observe.leaks.forms import Kind, forms_of, forms_of_bytes
from fake_secrets.observe.ledger import Ledger
from fake_secrets.service.state.model import StoredSecret
from fake_secrets.service.state.seeds import Seed
from fake_secrets.slotted import slotted

__all__ = ["Index", "Match", "Origin", "Reading"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_LONGEST_KEY = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a secret text was stored first.

    Args:
        secret: the secret's name; None for a password from GetRandomPassword that isn't stored in a secret yet.
        field: the text's place in the secret's JSON; None for the whole value.
        version: the version's id; None if there is no secret.
        length: the text's length.
    """

    secret: str | None
    field: str | None
    version: str | None
    length: int


@slotted
class _Form:
    """One form of a text."""

    content: str = field(repr=False)
    kind: Kind
    text: str | bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Match:
    """A secret text that was found, and its form."""

    origin: Origin
    kind: Kind


@slotted
class Reading:
    """How far a stream of text has been read: a value may come in several pieces.

    Args:
        tail: the last characters, with which the next form may begin.
        open: the forms that have begun, and how many of their characters were read.
        position: how many characters were read before the tail.
    """

    tail: str = field(default="", repr=False)
    open: list[tuple[_Form, int]] = field(default_factory=list, repr=False)
    position: int = 0


class Index:
    """The secret texts of a world, from its beginning, also of versions and secrets that are gone.

    It is read without a lock. Whatever two threads add at once is added once.

    Args:
        shortest: the length of the shortest texts that are secret.
        ledger: returns the world's ledger.
        passwords: returns the latest passwords that GetRandomPassword has made.
        everything: returns the secrets that are stored, with the seeds planted.
        seeds: the secrets that the world starts with. The ledger has them only after the first use of the world.
    """

    def __init__(
        self,
        shortest: int,
        ledger: Callable[[], Ledger],
        passwords: Callable[[], Iterable[str]],
        everything: Callable[[], list[StoredSecret]],
        seeds: Sequence[Seed],
    ) -> None:
        self.shortest = shortest
        self._ledger = ledger
        self._passwords = passwords
        self._everything = everything
        self._width = min(shortest, _LONGEST_KEY)
        self._forms: dict[str, dict[int, dict[str, _Form]]] = {}
        self._values: set[str | bytes] = set()
        self._origins: dict[str | bytes, Origin] = {}
        # What is found within a public text is no leak.
        self._public: set[str] = set()
        self._read: Ledger | None = None
        self._count = 0
        for seed in seeds:
            self._learn_seed(seed)

    def catch_up(self) -> None:
        """Learn what was stored since the last time. It costs the look at a number if nothing happened."""
        ledger = self._ledger()
        if ledger is not self._read:
            self._read, self._count = ledger, 0
        count = ledger.count
        if count == self._count:
            return
        entries = ledger.entries(self._count)
        secrets = {id(entry.secret): entry.secret for entry in entries if entry.secret}
        if ledger.dropped > self._count:
            secrets |= {id(secret): secret for secret in self._everything()}
        for secret in secrets.values():
            self._learn(secret)
        if any(entry.operation == "GetRandomPassword" for entry in entries):
            for password in list(self._passwords()):
                self._learn_text(password, None, None, None)
        self._count = count

    def read(self, text: str, reading: Reading | None = None) -> list[Match]:
        """Return the secret texts in a text, each once. What lies within another find isn't told.

        Args:
            text: the text.
            reading: how far its stream has been read; it is changed. None if the text stands alone.
        """
        ends = self._continue(text, reading) if reading is not None else []
        ends += self._begin(text, Reading() if reading is None else reading, is_all=reading is None)
        # The longest first of those that begin together: it has the others within.
        ends.sort(key=lambda end: (end[0], -end[1]))
        found, reached = dict[Match, None](), -1
        for _, last, form in ends:
            if last > reached:
                reached = last
                if form.text not in self._public:
                    found[Match(self._origins[form.text], form.kind)] = None
        return list(found)

    def _continue(self, text: str, reading: Reading) -> list[tuple[int, int, _Form]]:
        ended, still_open = [], []
        end = reading.position + len(reading.tail)
        for form, done in reading.open:
            rest = form.content[done : done + len(text)]
            if text.startswith(rest):
                if done + len(rest) == len(form.content):
                    ended.append((end - done, end + len(rest), form))
                else:
                    still_open.append((form, done + len(text)))
        reading.open = still_open
        return ended

    def _begin(self, text: str, reading: Reading, *, is_all: bool) -> list[tuple[int, int, _Form]]:
        found, width, forms, position = [], self._width, self._forms, reading.position
        joined = reading.tail + text
        last = max(0, len(joined) - width + 1)
        # A form begins at few places of a text, if at any. Finding these takes nearly all of the time.
        for start in [place for place in range(last) if joined[place : place + width] in forms]:
            alike = forms[joined[start : start + width]]
            # Another thread may add to them meanwhile.
            for length in tuple(alike):
                form = alike[length].get(joined[start : start + length])
                if form is not None:
                    found.append((position + start, position + start + length, form))
                elif not is_all and start + length > len(joined):
                    begun = joined[start:]
                    longer = tuple(alike[length].values())
                    reading.open += [(form, len(begun)) for form in longer if form.content.startswith(begun)]
        reading.tail, reading.position = joined[last:], position + last
        return found

    def _learn_seed(self, seed: Seed) -> None:
        self._make_public(seed.name)
        for version_id, value in seed.versions.items():
            self._learn_value(seed.name, version_id, value)

    def _learn(self, secret: StoredSecret) -> None:
        self._make_public(secret.name)
        self._make_public(secret.arn)
        for version in [*list(secret.removed.values()), *list(secret.versions.values())]:
            self._learn_value(secret.name, version.id, version.value)

    def _learn_value(self, secret: str, version_id: str, value: str | bytes | None) -> None:
        if value is None or value in self._values:
            return
        parts = parts_of(value)
        for public in parts.public:
            self._make_public(public)
        for place, found in parts.secret:
            self._learn_text(found, secret, place, version_id)
        self._values.add(value)

    def _learn_text(
        self, found: str | bytes, secret: str | None, place: str | None, version_id: str | None
    ) -> None:
        # A line end at the end of a value is easily lost.
        text = found.strip() if isinstance(found, str) else found
        # A text of one character over and over is what masks look like.
        if len(text) < self.shortest or len(set(text)) == 1:
            return
        known = self._origins.get(text)
        if known is None or (known.secret is None and secret is not None):
            self._origins[text] = Origin(secret, place, version_id, len(text))
        if known is None:
            forms = forms_of(text) if isinstance(text, str) else forms_of_bytes(text)
            for content, kind in forms.items():
                self._add(_Form(content, kind, text))

    def _make_public(self, text: str) -> None:
        if text not in self._public:
            self._public.add(text)
            if len(text) >= self._width:
                self._add(_Form(text, "plain", text), is_public=True)

    def _add(self, form: _Form, *, is_public: bool = False) -> None:
        content = form.content
        alike = self._forms.setdefault(content[: self._width], {}).setdefault(len(content), {})
        # What is public stays so, even if it is a form of something secret.
        if is_public or content not in alike:
            alike[content] = form
