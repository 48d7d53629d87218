"""What the subject of a check has where nothing else is given. The command shows it without importing the rest."""

from typing import Final

__all__ = ["NAME"]

NAME: Final = "prod/rotated"
