"""What the decorators need of a configured `mock_stages`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from fake_secrets.activation.opening import Activation
from fake_secrets.observe.remarks import Line

__all__ = ["Activator"]


class Activator(Protocol):
    """A configured `mock_stages` that decorates."""

    _options: dict[str, Any]
    _line: Line | None

    def _activation(self, options: Mapping[str, Any] | None = None, line: Line | None = None) -> Activation:
        """Return a context manager that activates a world."""
