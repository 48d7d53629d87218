"""The first error of an undisturbed rotation: what it says about the arguments of the check."""

from __future__ import annotations

from fake_secrets.contract.catalogue import UNLIKE_THE_DOUBLE, Advice
from fake_secrets.contract.moments import Delivery
from fake_secrets.contract.trial import Trial

__all__ = ["advice_on"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_NOT_FOUND = "ResourceNotFoundException"


def advice_on(trial: Trial, failed: Delivery) -> Advice | None:
    """Return what to say of an undisturbed rotation that fails; None if its error tells nothing special.

    Args:
        trial: the trial.
        failed: the delivery that has failed.
    """
    first = trial.deliveries[0].before
    if first is not None and first.is_refused:
        return UNLIKE_THE_DOUBLE
    if (other := _other_secret(trial, failed)) is not None:
        return Advice(
            f"The function reads the secret {other!r}, which the check doesn't have.",
            f"If the function needs it, pass it by other_secrets={{{other!r}: ...}}.",
        )
    if (variable := _variable(trial, failed)) is not None:
        return Advice(
            f"The function needs the environment variable {variable!r}, which isn't set.",
            f"Pass it by environment={{{variable!r}: ...}}.",
        )
    return None


def _other_secret(trial: Trial, failed: Delivery) -> str | None:
    """Return the SecretId of a secret that isn't there, if that is why a delivery has failed."""
    last = failed.last_failed
    if last is None or last.place != "secretsmanager" or last.outcome != _NOT_FOUND:
        return None
    secret_id = str(last.members.get("SecretId", ""))
    is_known = any(secret_id in {name, trial.handle[name].arn} for name in trial.subject.secrets)
    return None if is_known else trial.shown(secret_id) or None


def _variable(trial: Trial, failed: Delivery) -> str | None:
    """Return the name of a variable of the environment that isn't set, if that is why a delivery has failed."""
    error, line = failed.error, failed.line
    if not isinstance(error, KeyError) or line is None or "environ" not in line.text:
        return None
    name = error.args[0] if error.args else None
    return trial.shown(name) or None if isinstance(name, str) else None
