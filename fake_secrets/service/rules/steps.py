"""The steps of a rotation, as AWS names them in the events that it sends to a rotation function."""

from __future__ import annotations

__all__ = ["STEPS"]

# Not the names in the newer pages of the user guide, such as create_secret [A: rotation-facts 0].
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
