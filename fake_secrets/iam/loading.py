"""Policies as users give them: documents, JSON text, files, or what was read out of a template."""

from __future__ import annotations

import datetime
import functools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fake_secrets.errors import PolicyError
from fake_secrets.iam.effectless import check_effects
from fake_secrets.iam.identity_grammar import SYNTAX_ERROR, Kind, parse, shortened
from fake_secrets.iam.mistaken import FROM_TEMPLATES
from fake_secrets.iam.policy import Policy
from fake_secrets.iam.role_policies import RolePolicies

__all__ = ["GivenPolicies", "GivenPolicy", "boundary_of", "load_policies", "load_policy"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

# One policy: a document, its JSON text, or the path of a file with it.
GivenPolicy = Mapping[str, Any] | str | os.PathLike[str]
GivenPolicies = GivenPolicy | RolePolicies | Sequence[GivenPolicy | RolePolicies]

_ONE = "a policy is a dict, JSON text or the path of a JSON file"
# An object, or a list of objects, which is refused with a hint.
_IS_JSON = re.compile(r"\s*(?:\{|\[\s*\{)")
_TEMPLATE_FILES = frozenset({".yaml", ".yml", ".tf", ".tfstate", ".template"})


def load_policies(given: GivenPolicies, argument: str) -> tuple[Policy, ...]:
    """Return identity policies.

    Args:
        given: one or several policies.
        argument: what the user gave them as, such as ``identity_policy``, for messages.

    Raises:
        PolicyError: if a policy can't be read, if IAM would refuse it, or if a part of it can't have an effect.
        TypeError: if `given` is no policy.
    """
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes, bytearray)):
        named = ((one, f"{argument}[{index}]") for index, one in enumerate(given))
        return tuple(policy for one, name in named for policy in _each(one, name, argument))
    return tuple(_each(given, argument, argument))


def load_policy(given: GivenPolicy, argument: str) -> Policy:
    """Return the one policy that is given as a boundary; see `load_policies`."""
    return _loaded(given, argument, argument, "managed")


def boundary_of(given: GivenPolicies) -> Policy | None:
    """Return the boundary of a role's policies out of a template, if there is one.

    Raises:
        PolicyError: if there are several different ones, or if one can't be read; see `load_policies`.
    """
    each: Iterable[Any] = given if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
    boundaries = [
        _parsed(_text_of(one.boundary, one.role), f"{one.role}: PermissionsBoundary", "managed")
        for one in each
        if isinstance(one, RolePolicies) and one.boundary is not None
    ]
    if any(boundary != boundaries[0] for boundary in boundaries):
        names = ", ".join(boundary.name for boundary in boundaries)
        raise PolicyError(f"A principal has one permissions boundary, and these differ: {names}.")
    return boundaries[0] if boundaries else None


def _each(given: Any, name: str, argument: str) -> Iterator[Policy]:
    if isinstance(given, RolePolicies):
        for title, document in given.documents.items():
            full = f"{given.role}: {title}"
            yield _parsed(_text_of(document, full), full, "managed" if title in given.managed else "inline")
    else:
        yield _loaded(given, name, argument)


def _loaded(given: Any, name: str, argument: str, kind: Kind = "inline") -> Policy:
    if isinstance(given, Mapping):
        return _parsed(_text_of(given, name), name, kind)
    if isinstance(given, str) and _IS_JSON.match(given):
        return _parsed(given, name, kind)
    if isinstance(given, str) and not given.strip():
        raise PolicyError(f"{argument} is empty; {_ONE}")
    if isinstance(given, (str, os.PathLike)):
        path = os.fspath(given)
        if isinstance(path, str):
            return _of_file(path, argument, kind)
    documents = given.documents if isinstance(given, RolePolicies) else ()
    such = "".join(f", such as its documents[{title!r}]" for title in list(documents)[:1])
    raise TypeError(f"{argument} is of type {type(given).__name__}; {_ONE}{such}")


def _of_file(path: str, argument: str, kind: Kind) -> Policy:
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise PolicyError(f"{argument}: no such file {shortened(path)!r}; {_ONE}") from None
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: {SYNTAX_ERROR} The file isn't UTF-8.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PolicyError(f"{argument}: {shortened(path)!r} can't be read ({reason}); {_ONE}") from None
    if Path(path).suffix in _TEMPLATE_FILES and not text.lstrip().startswith("{"):
        raise PolicyError(f"{path}: {SYNTAX_ERROR} A policy's file is JSON. {FROM_TEMPLATES}")
    return _parsed(text, path, kind)


def _text_of(document: Mapping[str, Any] | None, name: str) -> str:
    try:
        return json.dumps(document, default=_as_json, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise PolicyError(f"{name}: {SYNTAX_ERROR} The document is nested too deeply.") from None
    except ValueError as error:
        raise PolicyError(f"{name}: {SYNTAX_ERROR} {error}.") from None
    except TypeError as error:
        raise TypeError(f"{name} has what JSON hasn't: {error}") from None


def _as_json(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime.date):
        # YAML makes a date of a Version that has no quotes.
        return value.isoformat()
    raise TypeError(f"a value of type {type(value).__name__}")


@functools.lru_cache(maxsize=256)
def _parsed(text: str, name: str, kind: Kind) -> Policy:
    policy = parse(text, name, kind)
    check_effects(policy)
    return policy
