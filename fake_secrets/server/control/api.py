"""The control API: checks the token, finds the action for a request, and answers in JSON."""

from __future__ import annotations

import hmac
import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets.errors import FakeSecretsError, SeedError
from fake_secrets.loopback import is_loopback
from fake_secrets.server.control import actions, page, showing
from fake_secrets.server.control.control_error import ControlError
from fake_secrets.server.control.error_words import status_of, words_of
from fake_secrets.server.json_answers import json_answer
from fake_secrets.server.messages import HttpAnswer, HttpRequest
from fake_secrets.server.router import CONTROL_PREFIX
from fake_secrets.service.state.json_seeds import without_twins

if TYPE_CHECKING:
    from fake_secrets.server.control.actions import Controlled

__all__ = ["TOKEN_HEADER", "ControlApi"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

TOKEN_HEADER = "X-Fake-Secrets-Token"  # noqa: S105 -- the name of a header

Action = Callable[["Controlled", dict[str, str], Any], Any]

# Each takes what is controlled, the parameters of the query, and the body.
ACTIONS: Mapping[str, Mapping[str, Action]] = {
    "calls": {"GET": showing.calls},
    "clock": {"GET": actions.read_clock, "POST": actions.move_clock},
    "faults": {"GET": actions.list_faults, "POST": actions.plan_fault, "DELETE": actions.clear_faults},
    "reset": {"POST": actions.reset},
    "rotate": {"POST": actions.rotate},
    "seed": {"POST": actions.seed},
    "timeline": {"GET": showing.timeline},
}

# What a query may have.
_PARAMETERS: Mapping[str, str] = {"calls": "secret_id", "timeline": "secret_id"}


class ControlApi:
    """Answers the requests under ``/_fake_secrets/``.

    Args:
        controlled: the world and its clock.
        token: what a request must have in the header ``X-Fake-Secrets-Token``.
    """

    def __init__(self, controlled: Controlled, token: str) -> None:
        self._controlled = controlled
        self._token = token.encode()

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        name = request.path.removeprefix(CONTROL_PREFIX)
        note = f"{request.method} {CONTROL_PREFIX}{name if name in ACTIONS else '...'}"
        if not is_loopback(request.peer):
            # Another address of this machine would do, but can't be told from one of another machine.
            return json_answer(403, {"error": "the control API answers over the loopback interface only"}, note)
        if request.method == "GET" and _is_page(name, request):
            return page.answer()
        try:
            status, content = 200, self._content(name, request)
        except ControlError as error:
            status, content = error.status, {"error": str(error)}
        except (FakeSecretsError, TypeError, ValueError, LookupError) as error:
            # Misuse of the handle, in words that show no secret value.
            status, content = status_of(error), {"error": words_of(error)}
        return json_answer(status, content, note)

    def _content(self, name: str, request: HttpRequest) -> Any:
        self._check_token(request)
        methods = ACTIONS.get(name)
        if methods is None:
            known = "".join(f"\n- {CONTROL_PREFIX}{one}" for one in ("health", *ACTIONS))
            msg = f"there is nothing under this path. There is:{known}"
            raise ControlError(msg, 404)
        action = methods.get(request.method)
        if action is None:
            msg = f"{CONTROL_PREFIX}{name} takes {' and '.join(methods)}"
            raise ControlError(msg, 405)
        body = _body_of(request)
        if body and request.method != "POST":
            msg = f"{request.method} takes no body"
            raise ControlError(msg)
        content = action(self._controlled, _query_of(name, request), body)
        if request.method != "GET" and self._controlled.fake_secrets._world.keep() is not None:
            msg = "it is done, but the state file can't be written; the server's log says why"
            raise ControlError(msg, 500)
        return content

    def _check_token(self, request: HttpRequest) -> None:
        given = request.headers.get(TOKEN_HEADER)
        if given is None:
            msg = f"send the token that the server has printed at its start, in the header {TOKEN_HEADER}"
            raise ControlError(msg, 401)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._token):
            msg = f"the token in {TOKEN_HEADER} isn't the one that the server has printed at its start"
            raise ControlError(msg, 403)


def _is_page(name: str, request: HttpRequest) -> bool:
    """Return whether a request is answered with the page, which has no data and asks for them with the token."""
    return name == "" or (name == "timeline" and "text/html" in request.headers.get("Accept", ""))


def _query_of(name: str, request: HttpRequest) -> dict[str, str]:
    pairs = urllib.parse.parse_qsl(request.query, keep_blank_values=True)
    known, given = _PARAMETERS.get(name), dict(pairs)
    unknown = sorted(given.keys() - {known})
    if unknown:
        there_is = "There are none" if known is None else f"The only one is {known}"
        msg = f"unknown parameters: {', '.join(map(repr, unknown))}. {there_is}"
        raise ControlError(msg)
    if len(pairs) > len(given):
        msg = f"the parameter {known} is given twice"
        raise ControlError(msg)
    return given


def _body_of(request: HttpRequest) -> Any:
    """Return the body as JSON; an empty one as an empty object.

    Raises:
        ControlError: if it isn't JSON.
    """
    if not request.body.strip():
        return {}
    try:
        return json.loads(request.body, object_pairs_hook=without_twins)
    except SeedError as error:
        msg = f"the body {error}"
        raise ControlError(msg) from None
    except (ValueError, RecursionError):
        msg = "the body isn't JSON"
        raise ControlError(msg) from None
