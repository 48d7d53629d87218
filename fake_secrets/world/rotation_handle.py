"""What the handle of a world does about rotation."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from fake_secrets import clock
from fake_secrets.errors import RequestRefusedError, UnknownSecretError
from fake_secrets.observe.view import Secret, secret_id_of
from fake_secrets.options import RotationErrors, check_callable, check_rotation_errors
from fake_secrets.rotation.invocation import Handler
from fake_secrets.rotation.managed import NewValue
from fake_secrets.rotation.rotation import Rotation
from fake_secrets.service.rules import stages
from fake_secrets.service.rules.constraints import TOKEN_LENGTHS
from fake_secrets.service.rules.stages import AWSPENDING
from fake_secrets.service.state.retries import Retries
from fake_secrets.world.world import Answer, World

__all__ = ["RotationHandle"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class RotationHandle:
    """The part of `FakeSecrets` that is about rotation."""

    __slots__ = ("__weakref__", "_world")

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def rotations(self) -> list[Rotation]:
        """The rotations that were started, in order: the latest 100,000."""
        return self._world.runner.all()

    def lambda_function(
        self,
        handler: Handler,
        name: str | None = None,
        *,
        arn: str | None = None,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Register a rotation function, which RotateSecret can then invoke.

        Args:
            handler: the function, called in-process with event and context.
            name: its Lambda name; by default made from the handler's module and name.
            arn: its ARN, instead of a name.
            timeout: the function's time-out by the test's clock, seconds: no call takes effect
                after it, and the step fails. Without one the context counts down from 30, and
                nothing happens at the end.
            environment: environment variables that the function finds set.

        Returns:
            The ARN, for RotationLambdaARN; the same handler gives the same ARN.

        Raises:
            FunctionClashError: another function has that name or ARN.
            TypeError: the handler can't be called, or is a coroutine function.
            ValueError: name or ARN are not of Lambda's form, or both are given; or the time-out
                isn't above 0, or above 900.
        """
        return self._world.functions.register(handler, name, arn=arn, timeout=timeout, environment=environment)

    def rotate(
        self,
        secret_id: str | Secret,
        handler: Handler | None = None,
        *,
        token: str | None = None,
        errors: RotationErrors | None = None,
    ) -> Rotation:
        """Rotate a secret now, as RotateSecret does, and wait for the end.

        In a world with `rotation="manual"` it only begins: go on with `step` of what is returned.

        Args:
            secret_id: name, ARN or partial ARN, or a `Secret`.
            handler: the rotation function; by default the one that the secret is configured with.
            token: the new version's id, 32 to 64 characters; made up by default.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Returns:
            What the rotation came to.

        Raises:
            UnknownSecretError: there is no such secret.
            RequestRefusedError: AWS would refuse RotateSecret. A rotation that is open is attempted
                again all the same, with the function that it has.
            ValueError: the token isn't 32 to 64 characters, or was used before, or `errors` is
                neither of the two.
            BaseException: what the function raised, where errors are raised.
        """
        check_rotation_errors(errors or "raise")
        if token is not None and not (isinstance(token, str) and len(token) in TOKEN_LENGTHS):
            msg = f"token={token!r} isn't a string of 32 to 64 characters, as a ClientRequestToken is"
            raise ValueError(msg)
        members: dict[str, Any] = {
            "SecretId": self._world.secret(secret_id_of(secret_id)).arn,
            "ClientRequestToken": token or self._world.ids.uuid(),
        }
        request = self._world.request("RotateSecret", members)
        if handler is not None:
            members["RotationLambdaARN"] = self._world.functions.register(
                handler, region=request.region, account_id=request.account_id
            )
        world = self._world
        if world.has_due_work():
            world.do_due_work()
        answer = world.answer(request)
        arn = members["SecretId"]
        if answer.error is not None:
            refusal = RequestRefusedError(request.operation, answer.error.code, answer.error.message)
            world.follow_up(answer.rotations, refusal)
            refusal.advice = _advice(world, arn, answer)
            raise refusal
        rotation = world.runner.of(arn, members["ClientRequestToken"])
        if rotation is None or (not answer.rotations and rotation.attempts):
            msg = f"token {token} was used before: RotateSecret only answers again. Give another one, or none."
            used = ValueError(msg)
            world.follow_up((), used)
            raise used
        world.follow_up(answer.rotations, errors=errors)
        return rotation

    def run_due(
        self, until: datetime.datetime | None = None, *, errors: RotationErrors | None = None
    ) -> list[Rotation]:
        """Do what has fallen due by the clock: rotations by their schedules, and permanent deletions.

        The next call of a client does the same. Each rotation runs at the time that it is due:
        freezegun's or time-machine's clock is set to it, and set back afterwards; where neither
        rules, only the dates of the service are of that time.

        Args:
            until: do what falls due by then, tz-aware; by default by now. Later than now, the
                clock isn't moved afterwards.
            errors: "raise" or "record", instead of the world's `rotation_errors`.

        Returns:
            The rotations that were due and attempted, each once, in order; with `rotation="manual"`,
            those that were begun.

        Raises:
            ValueError: `until` has no time zone, or `errors` is neither of the two.
            BaseException: where errors are raised, the first that an attempt has come to, after all
                is done; a later attempt may have succeeded.
        """
        errors = errors or self._world.rotation_errors
        check_rotation_errors(errors)
        with self._world.telling():
            work = self._world.do_due_work(None if until is None else _timestamp(until))
        if work.errors and errors == "raise":
            raise work.errors[0]
        return list(work.rotations)

    def next_due(self) -> datetime.datetime | None:
        """Return when the next rotation falls due, tz-aware UTC; None where none ever does.

        That is the start of a window, or another attempt of a rotation that has failed.
        """
        due = self._world.next_due()
        return None if due is None else clock.utc(due)

    def managed_rotation(self, secret_id: str | Secret, new_value: NewValue) -> None:
        """Say how a secret is rotated that AWS or a partner manages, until `reset`.

        Without this, such a rotation makes a new ``password`` in a JSON value.

        Args:
            secret_id: name, ARN or partial ARN, or a `Secret`.
            new_value: called with the current value (a dict where it is a JSON object, else str or
                bytes), returns the new one (dict, str or bytes). What it raises fails the rotation.

        Raises:
            UnknownSecretError: there is no such secret.
            ValueError: nobody manages it: it has neither an owning service nor a Type.
            TypeError: `new_value` can't be called, or would have to be awaited.
        """
        check_callable(new_value, "managed_rotation takes a function from the current value to the new one")
        secret = self._world.secret(secret_id_of(secret_id))
        if not secret.is_managed:
            msg = (
                f"secret {secret.name!r} is managed by nobody: it is rotated by a function. One that is has an "
                "owning_service, or a Type that CreateSecret was given."
            )
            raise ValueError(msg)
        self._world.execution.manage(secret, new_value)

    @property
    def retries(self) -> Retries:
        """What becomes of a rotation that fails: ``fake_secrets.retries.max_attempts = 3``; as `quotas`."""
        return self._world.store.retries


def _timestamp(moment: datetime.datetime) -> float:
    if not isinstance(moment, datetime.datetime) or moment.tzinfo is None:
        msg = f"until={moment!r} isn't a datetime with a time zone, such as datetime(2027, 1, 1, tzinfo=UTC)"
        raise ValueError(msg)
    return moment.timestamp()


def _advice(world: World, arn: str, answer: Answer) -> str:
    """Return what to do where RotateSecret is refused."""
    if "No Lambda rotation function" in str(answer.error):
        return "Give rotate(secret_id, handler) the rotation function."
    try:
        labels = world.secret(arn).labels
    except UnknownSecretError:
        return ""
    again = "".join(f"It was attempted again now: {rotation!r}.\n" for rotation in answer.rotations)
    if not stages.is_rotation_open(labels):
        return again.rstrip()
    held_by = world.runner.of(arn, labels[AWSPENDING])
    retry = "" if held_by is None else "retry() it, or " if again else f"retry() {held_by!r}, or "
    return f"{again}To go on, {retry}remove AWSPENDING from that version with update_secret_version_stage."
