"""The first error of an undisturbed rotation: what it says about the arguments of the check."""

from __future__ import annotations

from fake_secrets.contract.catalogue import DOUBLE_NOT_CALLED, UNLIKE_THE_DOUBLE, Advice
from fake_secrets.contract.moments import NOT_FOUND, Boundary, Delivery, chain_of, code_of, innermost_of
from fake_secrets.contract.swallowed_errors import advice_on_error
from fake_secrets.contract.trial import Trial

__all__ = ["advice_on", "advice_on_swallowed"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


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
        return _on_other_secret(other)
    if (variable := _variable(trial, failed)) is not None:
        return Advice(
            f"The function needs the environment variable {variable!r}, which isn't set.",
            f"Pass it by environment={{{variable!r}: ...}}.",
        )
    return DOUBLE_NOT_CALLED if _passes_by_double(trial, failed) else None


def advice_on_swallowed(trial: Trial) -> Advice | None:
    """Return what to say of an undisturbed rotation whose steps pass in vain; None if no call has failed in them.

    Args:
        trial: the trial.
    """
    failed = (one for delivery in trial.deliveries for one in delivery.boundaries if not one.has_succeeded)
    # A version without a value, which createSecret asks for, is no failure.
    first = next((one for one in failed if one.outcome != NOT_FOUND or _is_unknown(trial, one)), None)
    if first is None:
        return None
    if first.outcome == NOT_FOUND and (other := trial.shown(_secret_id(first))):
        return _on_other_secret(other)
    return advice_on_error(first)


def _on_other_secret(name: str) -> Advice:
    return Advice(
        f"The function reads the secret {name!r}, which the check doesn't have.",
        (
            "If the function means the secret that it rotates, let it use the event's SecretId, or check it with "
            f"name={name!r}. If it needs another one, pass that by other_secrets={{{name!r}: ...}}."
        ),
    )


def _other_secret(trial: Trial, failed: Delivery) -> str | None:
    """Return the SecretId of a secret that isn't there, if that is why a delivery has failed."""
    last = failed.last_failed
    if last is None or last.outcome != NOT_FOUND or not _is_unknown(trial, last):
        return None
    if all(code_of(error) != NOT_FOUND for error in chain_of(failed.error)):
        # The function has gone on, and fails for another reason.
        return None
    return trial.shown(_secret_id(last)) or None


def _is_unknown(trial: Trial, boundary: Boundary) -> bool:
    """Return whether a call of Secrets Manager is about a secret that the check doesn't have."""
    secret_id = _secret_id(boundary)
    known = (one for name in trial.subject.secrets for one in (name, trial.handle[name].arn))
    return boundary.place == "secretsmanager" and secret_id not in known


def _secret_id(boundary: Boundary) -> str:
    return str(boundary.members.get("SecretId", ""))


def _passes_by_double(trial: Trial, failed: Delivery) -> bool:
    """Return whether a function may have failed because it never called the service double."""
    boundaries = [boundary for delivery in trial.deliveries for boundary in delivery.boundaries]
    error = failed.error
    if trial.subject.service is None or error is None or any(one.is_of_service for one in boundaries):
        return False
    # A function that makes a value has just been told that there is none yet.
    if code_of(error) is not None or {code_of(one) for one in chain_of(error)} - {None, NOT_FOUND}:
        return False
    # Most functions don't need the service yet in createSecret, but an error of a driver tells that they do.
    return failed.step != "createSecret" or isinstance(error, OSError) or type(error).__module__ != "builtins"


def _variable(trial: Trial, failed: Delivery) -> str | None:
    """Return the name of a variable of the environment that isn't set, if that is why a delivery has failed."""
    error = failed.error
    raised = innermost_of(error) if isinstance(error, KeyError) else None
    # Another mapping may lack the value of a variable.
    if error is None or raised is None or raised.tb_frame.f_globals.get("__name__") != "os":
        return None
    name = error.args[0] if error.args else None
    return trial.shown(name) or None if isinstance(name, str) else None
