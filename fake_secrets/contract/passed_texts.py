"""The texts that a rotation function passes to calls and gets from them: a credential may be among them.

A credential that the service or the function makes is in no version before it is stored. If storing it fails, the
text of the error may show a credential that Secrets Manager has never seen.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from fake_secrets.contract.moments import Boundary
from fake_secrets.contract.values import form_of, is_identifier, leaves, secret_texts
from fake_secrets.service.rules.operation_kinds import STORING_ANEW, VALUES

__all__ = ["shows_credential", "shows_stored_value"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# Shorter texts are words of a message by chance.
_SHORTEST = 6
_SHORTEST_STORED = 4


def shows_credential(
    text: str, boundaries: Iterable[Boundary], known: Iterable[str | bytes], ids: Iterable[str]
) -> bool:
    """Return whether a text shows something that was passed on, and that may be a credential.

    Args:
        text: the text.
        boundaries: the calls that the function has made.
        known: values. What they have at places that name a user or a host may be shown.
        ids: version ids, ARNs and other texts that may be shown.
    """
    harmless = {*ids} | {
        one
        for raw in known
        if isinstance(form := form_of(raw), dict)
        for place, member in form.items()
        if is_identifier(str(place))
        for one in leaves(member)
    }
    return any(passed in text for passed in _passed(boundaries) if passed not in harmless)


def shows_stored_value(text: str, stored: Iterable[str | bytes], changing: Container[str] | None) -> bool:
    """Return whether a text shows a part of a stored value that may be a credential, even a short one.

    Args:
        text: the text.
        stored: the values.
        changing: the places of a value that change in a rotation; None if that isn't known.
    """
    for raw in stored:
        for place, part in secret_texts(form_of(raw)):
            does_change = not place or changing is None or place in changing
            if does_change and len(part) >= _SHORTEST_STORED and part in text:
                return True
    return False


def _parts_of(boundary: Boundary) -> object:
    """Return what may hold a credential. Of a request to Secrets Manager, that is the value alone."""
    if boundary.is_of_service:
        return boundary.arguments, boundary.result, boundary.texts
    return [boundary.members[name] for name in sorted(VALUES) if name in boundary.members]


def _passed(boundaries: Iterable[Boundary]) -> Iterator[str]:
    for boundary in boundaries:
        if boundary.is_of_service or boundary.name in STORING_ANEW:
            for leaf in leaves(_parts_of(boundary)):
                whole = leaf if isinstance(leaf, str) else leaf.decode(errors="replace")
                form = form_of(whole)
                for part in leaves(form):
                    if isinstance(part, str) and len(part) >= _SHORTEST:
                        yield part
