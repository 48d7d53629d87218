"""The timeline of a secret: the staging labels of its versions after each call, and the steps of rotations."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fake_secrets.observe.ledger import Ledger
from fake_secrets.observe.moments import Moment, moments_of
from fake_secrets.service.state.model import StoredSecret

if TYPE_CHECKING:
    from fake_secrets.observe.pictures.sheet import Sheet

__all__ = ["Moment", "Timeline", "timeline_of"]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A secret's staging labels over time. `print` shows a table with a row for each call, in 80 columns.

    In a notebook, a timeline shows itself as a drawing and a table.

    Args:
        name: the secret's name.
        version_ids: the ids of all versions that the secret ever had, in the order of creation. The table
            calls them v1, v2 and so on.
        moments: the rows of the table, in order.
        is_whole: whether the world still keeps all of its calls. If not, the oldest rows may be missing.
    """

    name: str
    version_ids: tuple[str, ...]
    moments: tuple[Moment, ...]
    is_whole: bool = True

    def html(self) -> str:
        """Return the timeline as a page of HTML: a drawing and a table, which need no network and no script."""
        # Imported late, because few tests draw pictures.
        from fake_secrets.observe.pictures.page import page_of  # noqa: PLC0415

        return page_of(self._sheet())

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page of `html` to a file, in UTF-8.

        Args:
            path: the file's path. A file that is there already is replaced.

        Raises:
            OSError: if the file can't be written.
        """
        from pathlib import Path  # noqa: PLC0415

        Path(path).write_text(self.html(), encoding="utf-8", newline="\n")

    def __str__(self) -> str:
        from fake_secrets.observe.pictures.terminal import text_of  # noqa: PLC0415

        return text_of(self._sheet())

    def _repr_html_(self) -> str:
        """Return the timeline for a notebook, in a style that concerns nothing else on the notebook's page."""
        from fake_secrets.observe.pictures.page import fragment_of  # noqa: PLC0415

        return fragment_of(self._sheet())

    def _sheet(self) -> Sheet:
        from fake_secrets.observe.pictures.sheet import Sheet  # noqa: PLC0415

        return Sheet(self.name, self.version_ids, self.moments, self.is_whole)


def timeline_of(secret: StoredSecret, ledger: Ledger) -> Timeline:
    """Return the timeline of one secret.

    Args:
        secret: the secret.
        ledger: the ledger of its world.
    """
    moments = moments_of(secret, ledger.about(secret), ledger.events_about(secret))
    return Timeline(secret.name, tuple(secret.history.values()), tuple(moments), is_whole=not ledger.dropped)
