"""Draws the picture in how-to/pictures.md, by the code on that page: `python docs/draw_timeline.py`."""

from __future__ import annotations

import re
from pathlib import Path

from fake_secrets import mock_stages

HOW_TO = Path(__file__).parent / "how-to"
PICTURE = HOW_TO / "timeline.html"


def first_block(page: str) -> str:
    """Return the first block of Python on a page."""
    block = re.search(
        r"^```python\n(.*?)^```", (HOW_TO / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    if block is None:
        msg = f"{page} has no block of Python"
        raise ValueError(msg)
    return block[1]


def draw() -> str:
    """Return the picture: the same in each run."""
    names: dict[str, object] = {"print": str}
    with mock_stages(random_seed=1, region="us-east-1") as fake_secrets:
        names["fake_secrets"] = fake_secrets
        fake_secrets.add("prod/db", {"username": "app", "password": "old"})
        for page in ("index.md", "pictures.md"):
            exec(first_block(page), names)  # noqa: S102 -- these are our own pages
        return f"{fake_secrets.timeline('prod/db')._repr_html_()}\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8", newline="\n")
