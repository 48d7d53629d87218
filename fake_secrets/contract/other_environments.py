"""Other execution environments of Lambda: what a function has kept isn't there."""

from __future__ import annotations

from collections.abc import Callable

from fake_secrets.contract.trial import Trial

__all__ = ["enters"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def enters(trial: Trial, environment: Callable[[], None]) -> bool:
    """Go on in another execution environment. Return whether that leaves the service alone.

    Args:
        trial: the trial.
        environment: gives the function the state that it has there. The service double may be a part of that.
    """
    trial.refresh()
    before = trial.state
    environment()
    trial.refresh()
    after = trial.state
    return (before.accepts, before.service) == (after.accepts, after.service)
