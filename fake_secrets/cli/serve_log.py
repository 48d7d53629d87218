"""The log of `fake-secrets serve`: a line for each request, denial and rotation, without secret values."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fake_secrets import clock
from fake_secrets.cli.loading import place_of
from fake_secrets.hook.requests import Sent, caller_of
from fake_secrets.observe.words import cut, printable
from fake_secrets.server.control.error_words import class_of
from fake_secrets.server.messages import Application, HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["DenialLog", "Logged", "RotationLog", "at_present"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_ItemT = TypeVar("_ItemT")

_WIDTH = 100
# Of so many rotations that have failed the log looks whether they are attempted again.
_MOST_OPEN = 10_000


def at_present(line: str) -> str:
    """Return a line of the log with the time of the machine before it."""
    now = datetime.datetime.fromtimestamp(clock.real_now(), tz=datetime.UTC)
    return f"{now:%H:%M:%S} {line}"


class Logged:
    """An application whose answers say what the log tells of them.

    Args:
        application: answers the requests.
        denials: tells what was denied meanwhile.
        rotations: tells of the rotations that requests have run.
    """

    def __init__(self, application: Application, denials: DenialLog, rotations: RotationLog) -> None:
        self._application = application
        self._denials = denials
        self._rotations = rotations

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request, and describe it in the note of the answer."""
        began = time.perf_counter()
        answer = self._application(request)
        milliseconds = (time.perf_counter() - began) * 1000
        self._denials.look()
        if _may_rotate(request):
            self._rotations.look()
        return dataclasses.replace(answer, note=f"{_described(request, answer)} {milliseconds:.1f} ms")


def _may_rotate(request: HttpRequest) -> bool:
    target = request.headers.get("X-Amz-Target", "")
    return target.endswith(".RotateSecret") or request.path.startswith("/_")


def _described(request: HttpRequest, answer: HttpAnswer) -> str:
    """Return what a request asked for, who asked, and how it was answered."""
    sent = Sent(request.path, request.headers, request.body)
    if sent.operation is None or request.method != "POST":
        asked = answer.note or f"{cut(request.method, _WIDTH)} {cut(request.path, _WIDTH)}"
    else:
        caller = caller_of(sent)
        by = "" if caller is None else f"by {caller}"
        asked = " ".join(filter(None, [cut(sent.operation, _WIDTH), _secret_of(request.body), by]))
    if answer.is_lost:
        return f"{asked} (no answer)"
    if answer.note.startswith("refused "):
        return answer.note
    return " ".join(filter(None, [asked, str(answer.status), _error_of(answer)]))


def _secret_of(body: bytes) -> str:
    """Return the secret that a request names, or how many it names."""
    members = _object_in(body)
    several = members.get("SecretIdList")
    if isinstance(several, list):
        return f"({len(several)} secrets)"
    named = members.get("SecretId", members.get("Name"))
    return cut(named, _WIDTH) if isinstance(named, str) else ""


def _error_of(answer: HttpAnswer) -> str:
    code = None if answer.status < 400 else _object_in(answer.body).get("__type")  # noqa: PLR2004 -- HTTP's
    return cut(code, _WIDTH) if isinstance(code, str) else ""


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _newer(every: Sequence[_ItemT], latest: _ItemT | None) -> list[_ItemT]:
    """Return those that have come after the latest one that was told, in order."""
    return list(itertools.takewhile(lambda one: one is not latest, reversed(every)))[::-1]


class DenialLog:
    """Tells what policies have denied, to whom, and what would allow it, as a test in the same process is told.

    Args:
        fake_secrets: the handle of the world.
        write: called with each line.
    """

    def __init__(self, fake_secrets: FakeSecrets, write: Callable[[str], None]) -> None:
        self._world = fake_secrets._world
        self._write = write
        self._latest: Denial | None = None

    def look(self) -> None:
        """Tell of the denials that are new."""
        if self._world.rulings.latest_denial is self._latest:
            return
        with self._world._lock:
            denials = self._world.rulings.denials
            new = _newer(denials, self._latest)
            self._latest = denials[-1] if denials else None
        for denial in new:
            self._write(printable(f"denied to {denial.principal}: {' '.join(denial.explanation.splitlines())}"))


class RotationLog:
    """Tells how rotations have ended.

    Args:
        fake_secrets: the handle of the world.
        write: called with each line.
    """

    def __init__(self, fake_secrets: FakeSecrets, write: Callable[[str], None]) -> None:
        self._world = fake_secrets._world
        self._write = write
        self._latest: Rotation | None = None
        # Those that may be attempted again, with what was told of them.
        self._open: dict[Rotation, tuple[int, str]] = {}

    def look(self) -> None:
        """Tell what is new about the rotations."""
        with self._world._lock:
            new = _newer(self._world.runner.all(), self._latest)
            self._latest = new[-1] if new else self._latest
            self._open |= dict.fromkeys(new, (0, ""))
            lines = [_told(rotation) for rotation in list(self._open) if self._has_news(rotation)]
        for line in lines:
            self._write(line)

    def _has_news(self, rotation: Rotation) -> bool:
        if rotation.ended_at is None:
            return False
        state, told = (rotation.attempts, rotation.outcome), self._open[rotation]
        if rotation.outcome in {"succeeded", "abandoned"} or len(self._open) > _MOST_OPEN:
            del self._open[rotation]
        else:
            self._open[rotation] = state
        return state != told


def _told(rotation: Rotation) -> str:
    """Return how a rotation has ended. The text of its error isn't shown: it may hold a secret value."""
    attempt = f", attempt {rotation.attempts}" if rotation.attempts > 1 else ""
    error = "" if rotation.error is None else f" in {rotation.failed_step}: {_named(rotation.error)}"
    findings = "".join(f"\n  {finding}" for finding in rotation.findings)
    return f"rotation of {cut(rotation.secret_name, _WIDTH)}{attempt}: {rotation.outcome}{error}{findings}"


def _named(error: BaseException) -> str:
    """Return the class of an error, and the line of the user's code that has raised it."""
    place = place_of(error)
    return f"{class_of(error)} at {place}" if place else class_of(error)
