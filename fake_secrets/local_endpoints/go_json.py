"""JSON as Go's standard library writes it: with escapes for what would mean something in HTML."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

from fake_secrets import clock

__all__ = ["go_date", "go_json"]

# Besides these, Go escapes what JSON demands.
_ESCAPED = re.compile("[<>&\u2028\u2029]")


def go_json(value: Any) -> str:
    """Return a value as JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def go_date(timestamp: float) -> str:
    """Return epoch seconds as RFC 3339 text, whose fraction has no zeros at its end."""
    moment = clock.utc(timestamp)
    rounded = moment.replace(tzinfo=None) + datetime.timedelta(microseconds=500)
    whole, _, fraction = rounded.isoformat(timespec="milliseconds").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
