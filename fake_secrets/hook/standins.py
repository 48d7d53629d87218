"""What our objects have in common that stand in for one of botocore's, of an HTTP library's or of Python's."""

from __future__ import annotations

from typing import Any

__all__ = ["StandIn"]


class StandIn:
    """Stands in for an object: what it doesn't do itself, the object does.

    Args:
        real: the object.
    """

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        # A copy in the making has no `_real` yet, and would ask for it for ever.
        if name == "_real":
            raise AttributeError(name)
        return getattr(self._real, name)
