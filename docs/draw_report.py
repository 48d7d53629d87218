"""Draws the report in reference/contract-page.md, by the code on that page: `python docs/draw_report.py`."""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
import tempfile
from pathlib import Path

from fake_secrets import ContractReport, check_rotation

PAGE = Path(__file__).parent / "reference" / "contract-page.md"
REPORT = PAGE.with_suffix(".html")

_MODULE = "keys"


def source() -> str:
    """Return the rotation function on the page."""
    block = re.search(
        rf"^```python\n(# {_MODULE}\.py\n.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    if block is None:
        msg = f"{PAGE.name} has no block with {_MODULE}.py"
        raise ValueError(msg)
    return block[1]


def check() -> ContractReport:
    """Return the report of the function: the same in each run."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path(f"{_MODULE}.py").write_text(source(), encoding="utf-8")
        sys.path.insert(0, folder)
        try:
            keys = importlib.import_module(_MODULE)
            return check_rotation(
                keys.lambda_handler, secret={"key": "key-0-of-the-api"}, service=keys.Api, region="us-east-1"
            )
        finally:
            sys.path.remove(folder)
            sys.modules.pop(_MODULE, None)


def draw() -> str:
    """Return the content of the report's page."""
    return f"{check()._repr_html_()}\n"


if __name__ == "__main__":
    REPORT.write_text(draw(), encoding="utf-8", newline="\n")
