"""A rotation that a test starts by its handle: the answer to RotateSecret, and what to do if AWS refuses it."""

from __future__ import annotations

from collections.abc import Sequence

from fake_secrets.errors import RequestRefusedError, ServiceError, UnknownSecretError
from fake_secrets.options import RotationErrors
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.service.rules import stages
from fake_secrets.service.rules.stages import AWSPENDING
from fake_secrets.service.state.request_model import Request
from fake_secrets.world.world import World

__all__ = ["start"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def start(world: World, request: Request, claimed: list[Rotation], errors: RotationErrors | None) -> Rotation:
    """Start a rotation, and return it when it is over.

    Args:
        world: the world.
        request: the request for RotateSecret, with the secret's ARN and a token.
        claimed: the caller's own list of the rotations that it has claimed. It passes the list to
            `World.recover` if this raises.
        errors: "raise" or "record", instead of the world's `rotation_errors`.

    Raises:
        ValueError: if the token was used before.
        RequestRefusedError: if AWS would refuse the request.
        BaseException: as `World.follow_up` does.
    """
    arn, token = request.members["SecretId"], request.members["ClientRequestToken"]
    if world.has_due_work():
        world.do_due_work()
    secret = world.contents.secret(arn)
    # Checked first, because the call would store the configuration even so.
    if token in secret.versions and (secret.rotation is None or secret.rotation.open_token != token):
        raise _used(world, token, claimed)
    answer = world.answer(request, claimed)
    if answer.error is not None:
        refusal = RequestRefusedError(request.operation, answer.error.code, answer.error.message)
        world.follow_up(claimed, refusal)
        refusal.advice = _advice(world, arn, request.members.get("RotationLambdaARN"), claimed, answer.error)
        raise refusal
    rotation = world.runner.of(arn, token)
    if rotation is None or (not claimed and rotation.attempts):
        raise _used(world, token, claimed)
    world.follow_up(claimed, errors=errors)
    return rotation


def _used(world: World, token: str, claimed: list[Rotation]) -> ValueError:
    used = ValueError(
        f"token {token!r} was used before, so RotateSecret starts no rotation. Pass a new one, or none."
    )
    world.follow_up(claimed, used)
    return used


def _advice(
    world: World, arn: str, function_arn: str | None, attempted: Sequence[Rotation], refusal: ServiceError
) -> str:
    """Return what the author of the test can do after RotateSecret was refused."""
    if "No Lambda rotation function" in str(refusal):
        return "Pass the rotation function: fake_secrets.rotate(secret_id, handler)."
    unknown = world.functions.why_unknown(function_arn) if refusal.code == "AccessDeniedException" else None
    if unknown is not None:
        return unknown
    try:
        labels = world.contents.secret(arn).labels
    except UnknownSecretError:
        return ""
    again = "".join(f"The open rotation was attempted again: {rotation!r}.\n" for rotation in attempted)
    if not stages.is_rotation_open(labels):
        return again.rstrip()
    held_by = world.runner.of(arn, labels[AWSPENDING])
    retry = "" if held_by is None else f"call retry() on {'it' if again else repr(held_by)}, or "
    return f"{again}To go on, {retry}remove AWSPENDING from the pending version with update_secret_version_stage."
