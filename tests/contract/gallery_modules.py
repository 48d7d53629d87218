"""The rotation functions of the gallery, and the arguments of their checks."""

import importlib
import pathlib
from dataclasses import dataclass
from types import ModuleType

from fake_secrets import mock_stages
from fake_secrets.contract.catalogue import CATALOGUE

_GALLERY = pathlib.Path(__file__).parent / "gallery"

_ARGUMENTS = (
    "secret",
    "previous",
    "other_secrets",
    "service",
    "environment",
    "name",
    "region",
    "account_id",
    "tags",
    "schedule",
    "consumers",
    "allow",
    "timeout",
    "policy",
)


@dataclass(frozen=True)
class Exhibit:
    """One rotation function.

    Args:
        name: the name of its module.
        module: its module.
    """

    name: str
    module: ModuleType

    @property
    def handler(self):
        return self.module.lambda_handler

    @property
    def arguments(self):
        """The arguments of its check, beside the function."""
        stated = vars(self.module)
        return {name: stated[name.upper()] for name in _ARGUMENTS if name.upper() in stated}

    @property
    def finds(self):
        """The stable name of what the contract says about it; None if it is correct."""
        return getattr(self.module, "FINDS", None)

    @property
    def is_violation(self):
        """Whether the bug is a violation. Otherwise it is a note."""
        return CATALOGUE[self.finds].severity == "violation"


def names(kind):
    """Return the names of all functions of a kind, "good" or "faulty"."""
    return sorted(path.stem for path in (_GALLERY / kind).glob("*.py"))


def load(kind, name):
    """Import a function. Many make a client at once, which needs a region."""
    with mock_stages():
        return Exhibit(name, importlib.import_module(f"contract.gallery.{kind}.{name}"))
