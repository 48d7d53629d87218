"""What a test sees of leaks: `Leak`, and the sequence of those that were found."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from fake_secrets.observe.leaks.forms import Kind

__all__ = ["Found", "Leak", "Place"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

Place = Literal["log", "stdout", "stderr", "warning", "exception", "result"]

# More than a test reads. A loop that makes new values must not fill the memory.
_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret value that was found where it doesn't belong. It never shows the value itself.

    Args:
        place: where it was found: ``log``, ``stdout``, ``stderr``, ``warning``, ``exception``, or ``result`` for
            what a rotation function returned.
        where: the file and line of the code that leaked it, as ``file:line``. The file is relative to the current
            directory if it is in there.
        secret: the secret's name; None for a password from GetRandomPassword that wasn't stored in a secret yet.
        field: the member of the secret's JSON that has the value, such as ``password`` or ``users[0].key``; None
            for the whole value.
        version: the id of the version that the value was first stored in; None if there is no secret.
        form: how the value was written: ``plain``, ``base64``, ``url`` (percent-encoded), ``json`` (escaped as in
            JSON), ``repr`` (escaped as in Python) or ``html`` (escaped as in HTML and XML).
        step: the rotation step that was running; None outside of rotations.
    """

    place: Place
    where: str
    secret: str | None
    field: str | None
    version: str | None
    form: Kind
    step: str | None = None

    def __str__(self) -> str:
        part = "the value" if self.field is None else f"the field {self.field!r}"
        what = f"{part} of secret {self.secret!r}, version {self.version}"
        if self.secret is None:
            what = "a password from GetRandomPassword that wasn't stored in a secret yet"
        form = "" if self.form == "plain" else f", in the form {self.form!r}"
        step = "" if self.step is None else f", during {self.step}"
        return f"{self.place} at {self.where}: {what}{form}{step}"


class Found(Sequence[Leak]):
    """The leaks that were found, in order. A leak that repeats itself at the same line is there once.

    It compares equal to any sequence of the same leaks, and is false as long as there are none. The first thousand
    leaks are kept.
    """

    __slots__ = ("_leaks",)

    def __init__(self) -> None:
        self._leaks: list[Leak] = []

    @overload
    def __getitem__(self, index: int) -> Leak: ...

    @overload
    def __getitem__(self, index: slice) -> list[Leak]: ...

    def __getitem__(self, index: int | slice) -> Leak | list[Leak]:
        return self._leaks[index]

    def __iter__(self) -> Iterator[Leak]:
        return iter(list(self._leaks))

    def __len__(self) -> int:
        return len(self._leaks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        leaks = list(self)
        if not leaks:
            return "no leaks"
        listed = "".join(f"\n- {leak}" for leak in leaks)
        return f"{len(leaks)} leak{'s' * (len(leaks) > 1)}:{listed}"

    def _clear(self) -> None:
        """Forget the leaks."""
        self._leaks.clear()

    def _add(self, leak: Leak) -> bool:
        """Add a leak, and return whether it is a new one."""
        if len(self._leaks) >= _KEPT or self._has(leak):
            return False
        self._leaks.append(leak)
        return True

    def _has(self, leak: Leak) -> bool:
        # The exception of a rotation function is met again when it comes out of the test.
        is_late = leak.place == "exception" and leak.step is None
        return leak in self._leaks or (
            is_late and any(dataclasses.replace(known, step=None) == leak for known in self._leaks)
        )
