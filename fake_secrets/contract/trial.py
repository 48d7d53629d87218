"""A trial: one scenario's fresh world and service double, and the deliveries of the function in it."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fake_secrets.contract.conductor import Conductor, Disturbance
from fake_secrets.contract.double import Double
from fake_secrets.contract.frozen import Frozen
from fake_secrets.contract.invariants import Invariants
from fake_secrets.contract.moments import Boundary, Delivery, State
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.passed_texts import shows_credential
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.values import Credentials, Raw, form_of, leaves
from fake_secrets.errors import FunctionCrash, RotationNotOpenError
from fake_secrets.mock import mock_stages
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPREVIOUS
from fake_secrets.service.rules.steps import STEPS

if TYPE_CHECKING:
    from fake_secrets.observe.leaks.found import Leak
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.service.state.model import StoredSecret
    from fake_secrets.world.handle import FakeSecrets
    from fake_secrets.world.world import World

__all__ = ["Trial"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_FUNCTION = "rotation-function"
# AWS doesn't say how often it retries a rotation.
_RETRIES = 3
# Lambda's longest time-out, in seconds: a loop that waits for ever ends.
_TIMEOUT = 900
# Three minutes [C: rotation-facts 1.2].
_RETRIED_AFTER = 180.0
# So much of an error's text is shown.
_SHOWN = 300


class NoService:
    """The double of a check without one: it offers nothing."""


class Trial:
    """One scenario under way. It is a context manager: the world and the double live inside of its block.

    Args:
        check: the check that the scenario belongs to.
        scenario: the scenario's id.
        subject: what is checked; by default that of the check. Some scenarios have another secret.
        seed: makes ids and passwords.
        is_usual: whether the values are such as the service knows. Otherwise it isn't asked about them, and the
            invariants of a right value don't count.

    `deliveries` has what the function did. `state` is that after the latest call. `by_hand` is the id of the
    version that somebody has put by hand, if somebody has.
    """

    def __init__(
        self, check: Check, scenario: str, *, subject: Subject | None = None, seed: int = 0, is_usual: bool = True
    ) -> None:
        self.check = check
        self.scenario = scenario
        self.subject = subject or check.subject
        self.deliveries: list[Delivery] = []
        self.delivery: Delivery | None = None
        self.conductor = Conductor(self)
        self.invariants = Invariants(self)
        self.by_hand: str | None = None
        self.rotations: list[Rotation] = []
        self.kill_at_end: str | None = None
        self.refusal = ""
        self.keeps_texts = False
        self.leaks: Sequence[Leak] = ()
        self.calls_of_first_retry: int | None = None
        self._seed = seed
        self._is_usual = is_usual
        self.invariants.found.is_closed = not is_usual
        self._why: str | None = None
        self._roles: dict[str, str] = {}
        self._tokens: set[str] = set()
        # The versions with a value that the service may not be able to read.
        self._made_up: set[str] = set()
        self._credentials = Credentials()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Open the world, and make the double."""
        try:
            self._open()
            return self  # noqa: TRY300 -- an interrupt may come before it
        except BaseException:
            # An interrupt may come right after the world was opened.
            self._stack.close()
            raise

    def _open(self) -> None:
        with contextlib.ExitStack() as stack:
            self.check.begin_trial()
            stack.enter_context(self.check.quiet())
            self.handle: FakeSecrets = stack.enter_context(self._world())
            self.world: World = self.handle._world
            stack.callback(self.world.closing_remarks)
            self.check.time.begin(self.world.pass_time)
            self.service = Double(self.subject.service or NoService, self.conductor.around_service)
            self._plant()
            watched = stack.enter_context(self.handle.leaks.watching())
            self.leaks = watched
            stack.enter_context(self.service)
            stack.enter_context(self.check.watching_clients(self.conductor.around_client))
            self.state = self.now()
            self.world.intervene(self.conductor)
            self._stack = stack.pop_all()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the world. What was found stays."""
        self.delivery = None
        try:
            if error is None:
                self.invariants.look_at_leaks()
        finally:
            self._stack.__exit__(None, None, None)
            for delivery in self.deliveries:
                delivery.let_go()

    def _world(self) -> Any:
        return mock_stages(
            {},
            region=self.subject.region,
            account_id=self.subject.account_id,
            rotation="manual",
            rotation_errors="record",
            random_seed=self._seed,
        )

    def _plant(self) -> None:
        subject, handle = self.subject, self.handle
        labels = {AWSCURRENT: subject.secret, AWSPREVIOUS: subject.previous}
        given = {label: value for label, value in labels.items() if value is not None}
        handle.add(subject.name, labels=given or None, tags=subject.tags)
        for name, value in subject.other_secrets.items():
            handle.add(name, value)
        self.arn = handle[subject.name].arn
        self._function = handle.lambda_function(
            self._handle, _FUNCTION, environment=subject.environment, timeout=_TIMEOUT
        )
        known = {AWSCURRENT: "old", AWSPREVIOUS: "older"}
        self._roles = {self.secret.labels[label]: role for label, role in known.items() if label in given}

    @property
    def secret(self) -> StoredSecret:
        """The secret, as the service has it."""
        return self.world.contents.secret(self.arn)

    @property
    def rotation(self) -> Rotation:
        """The rotation that was started last."""
        return self.rotations[-1]

    @property
    def token(self) -> str:
        """The id of the version that the last rotation makes."""
        return self.rotation.token

    @property
    def calls(self) -> int:
        """How many calls the function has made."""
        return sum(len(delivery.boundaries) for delivery in self.deliveries)

    @property
    def last(self) -> Delivery:
        """The last delivery."""
        return self.deliveries[-1]

    def role(self, version_id: str) -> str:
        """Return what a version is called in reports."""
        return self._roles.get(version_id, "another")

    def request(self, operation: str, **members: Any) -> Any:
        """Make a call as somebody else. Return the response's members, or None if AWS refuses. See `refusal`."""
        claimed: list[Rotation] = []
        answer = self.world.answer(self.world.request(operation, members), claimed)
        self.refusal = "" if answer.error is None else f"{answer.error.code}: {answer.error.message}"
        return None if answer.error is not None else answer.content

    def start(self, **members: Any) -> Rotation | None:
        """Start a rotation, as RotateSecret does. Return None if AWS refuses it.

        Args:
            members: more members of the request.
        """
        token = self.world.ids.uuid()
        answer = self.request(
            "RotateSecret",
            SecretId=self.arn,
            ClientRequestToken=token,
            RotationLambdaARN=self._function,
            **({"RotationRules": self.subject.rules} if self.subject.rules else {}),
            **members,
        )
        rotation = None if answer is None else self.world.runner.of(self.arn, token)
        if rotation is None:
            return None
        self._roles[token] = "new" if not self.rotations else f"new {len(self.rotations) + 1}"
        self.rotations.append(rotation)
        self.state = self.now()
        self.invariants.begin_rotation()
        return rotation

    def step(self) -> Delivery:
        """Run the next step of the rotation, or the first step of another attempt."""
        self.rotation.step(errors="record")
        return self.last

    def run_to(self, step: str) -> bool:
        """Run the rotation up to the end of a step. Return whether all steps up to there have passed."""
        while self.step().has_passed:
            if self.last.step == step:
                return True
        return False

    def run_before(self, step: str) -> bool:
        """Run the steps before a step. Return whether they have passed."""
        at = STEPS.index(step)
        return at == 0 or self.run_to(STEPS[at - 1])

    def finish(self) -> bool:
        """Run the steps that are left. Return whether the rotation has succeeded."""
        with contextlib.suppress(RotationNotOpenError):
            while self.rotation.next_step is not None and self.step().has_passed:
                pass
        return self.rotation.succeeded

    def rotate(self) -> bool:
        """Start another rotation and run it. Return whether it has succeeded."""
        return self.start() is not None and self.finish()

    def recover(self) -> bool:
        """Retry a failed rotation from createSecret with the same token, as AWS does.

        Returns:
            Whether it has succeeded in the end.
        """
        self.calls_of_first_retry = None
        for _ in range(_RETRIES):
            plan = self.conductor.disturbance
            if plan is not None and plan.struck is not None:
                self.conductor.disturbance = None
            if self.rotation.succeeded:
                return True
            # AWS doesn't retry at once.
            self.check.time.advance(_RETRIED_AFTER)
            try:
                self.step()
            except RotationNotOpenError:
                return False
            if self.last.has_passed:
                self.finish()
            self.calls_of_first_retry = self.calls_of_first_retry or self.calls
        return self.rotation.succeeded

    def deliver(self, step: str, why: str) -> Delivery:
        """Deliver a step once more by hand.

        Args:
            step: the step.
            why: what for, in words.
        """
        self._why = why
        try:
            with contextlib.suppress(Exception):
                self.rotation.deliver(step)
        finally:
            self._why = None
        return self.last

    def invoke(self, event: Mapping[str, Any], why: str) -> Delivery:
        """Invoke the function with any event.

        Args:
            event: the event.
            why: what for, in words.
        """
        self._why = why
        try:
            with contextlib.suppress(Exception):
                self.handle.invoke(self._function, dict(event))
        finally:
            self._why = None
        return self.last

    def event(self, step: str, **members: str) -> dict[str, str]:
        """Return an event of the rotation, with some members changed."""
        return {"SecretId": self.arn, "ClientRequestToken": self.token, "Step": step, **members}

    def disturb(self, disturbance: Disturbance) -> None:
        """Let something happen at a call of the function."""
        self.conductor.disturbance = disturbance

    def put_by_hand(self, value: Any) -> None:
        """Put a value as somebody else, which makes it current."""
        token = self.world.ids.uuid()
        raw = _raw(value)
        member = {"SecretString": raw} if isinstance(raw, str) else {"SecretBinary": _base64(raw)}
        self._roles[token] = "by hand"
        self.by_hand = token
        self._made_up.add(token)
        self.request("PutSecretValue", SecretId=self.arn, ClientRequestToken=token, **member)
        self.state = self.now()

    def tamper(self, value: Any) -> None:
        """Replace the pending value in place, as no call can."""
        self._made_up.add(self.token)
        self.secret.versions[self.token].value = _raw(value)
        self.state = self.now()

    def value(self, version_id: str) -> Raw | None:
        """Return the value of a version, or None."""
        version = self.secret.versions.get(version_id)
        return None if version is None else version.value

    def now(self) -> State:
        """Return the state of the secret and the service."""
        secret, service = self.secret, self.service
        every = [*secret.removed.values(), *secret.versions.values()]
        values = {version.id: version.value for version in every if version.value is not None}
        if not self._is_usual:
            return State(secret.labels, values)
        labelled = set(secret.labels.values())
        accepts = {
            version_id: accepted
            for version_id in values
            if version_id in labelled - self._made_up
            and (accepted := self._is_accepted(values[version_id])) is not None
        }
        entries = service.accepted()
        if entries is None:
            return State(secret.labels, values, accepts)
        strangers = self._credentials.strangers(entries, [*values.values(), *self._values_of_others()])
        return State(secret.labels, values, accepts, strangers, len(entries), Frozen(entries))

    def _is_accepted(self, raw: Raw) -> bool | None:
        """Return whether the service accepts a value; None if it doesn't offer to tell."""
        try:
            return self.service.accepts(form_of(raw))
        except (LookupError, TypeError, ValueError, AttributeError):
            if not self.rotations:
                raise
            # The double reads the first value, so the function has stored one of another shape.
            return False

    def _values_of_others(self) -> Iterator[Raw]:
        """Yield the values that all other secrets have, or had during the trial."""
        for secret in self.world.store:
            if secret.arn != self.arn:
                for version in (*secret.removed.values(), *secret.versions.values()):
                    if version.value is not None:
                        yield version.value

    def look(self, boundary: Boundary, outcome: str, result: object) -> None:
        """Look at the state after a call, and at what must hold then."""
        boundary.outcome, boundary.result = outcome, result
        if self.keeps_texts and boundary.is_of_service:
            boundary.texts = frozenset(leaves(result))
        if not boundary.is_read:
            self.state = self.now()
        boundary.after = self.state
        self.invariants.after_call(boundary)

    def outage(self, variant: int) -> BaseException:
        """Return an error that the service raises if it can't be reached."""
        return self.service.errors[variant]()

    def accepted_roles(self) -> frozenset[str]:
        """Return the roles of the versions whose values the service accepts, with or without labels."""
        values = self.state.values
        accepted = (one for one in values if one not in self._made_up and self._is_accepted(values[one]))
        return frozenset(self.role(version_id) for version_id in accepted)

    def shown(self, text: str) -> str:
        """Return a text of the user's on one line, or an empty one if it holds a secret value."""
        index = self.handle.leaks._current_index()
        line = " ".join(text.split())
        boundaries = (boundary for delivery in self.deliveries for boundary in delivery.boundaries)
        ids = [*self._roles, self.arn, self.subject.name]
        is_secret = bool(index.read(text) or index.read(line))
        is_secret = is_secret or shows_credential(text, boundaries, self.state.values.values(), ids)
        return "" if is_secret else line[:_SHOWN]

    def is_id(self, leak: Leak) -> bool:
        """Return whether what was shown is the id of a version, which is no credential."""
        for secret in self.world.store:
            for version in (*secret.removed.values(), *secret.versions.values()):
                if (secret.name, version.id) == (leak.secret, leak.version) and version.value is not None:
                    form = form_of(version.value)
                    shown = form.get(leak.field) if isinstance(form, dict) else form
                    return isinstance(shown, str) and shown in self._roles
        return False

    def note_logged_token(self) -> None:
        """Note whether a RotationToken was logged or printed."""
        if self._tokens and any(token in self.check.output() for token in self._tokens):
            self.invariants.find("rotation-token-logged", "the RotationToken of the event is in the output")

    def settle(self) -> None:
        """Let a service whose changes take effect later complete them."""
        self.service.settle()
        self.state = self.now()

    def _handle(self, event: dict[str, Any], context: Any) -> object:
        """Call the rotation function. This is the handler that is registered."""
        if token := event.get("RotationToken"):
            self._tokens.add(token)
        delivery = Delivery(str(event.get("Step")), self.rotation.attempts or 1, self._why, before=self.state)
        outer, self.delivery = self.delivery, delivery
        self.deliveries.append(delivery)
        try:
            return self._living(delivery, self.subject.handler(event, context))
        except BaseException as error:
            if type(error).__module__ == "bdb":
                # Somebody has left the debugger, and wants the check to end.
                raise KeyboardInterrupt from error
            delivery.error = error
            failed = delivery.last_failed
            is_of_call = failed is not None and failed.error is error
            delivery.line = failed.line if failed is not None and is_of_call else self.check.line_raising(error)
            raise
        finally:
            delivery.is_over = True
            self.delivery = outer
            self.conductor.let_go()
            self.state = delivery.after = self.now()

    def _living(self, delivery: Delivery, result: object) -> object:
        """Return what the function has returned, unless it is dead.

        Raises:
            FunctionCrash: if it has caught its own death, or dies at its end.
        """
        if self.kill_at_end == delivery.step:
            self.kill_at_end = None
            raise self.conductor.kill(delivery, FunctionCrash("planned by the rotation contract: at its end"))
        if delivery.death is not None:
            raise delivery.death
        return result


def _raw(value: Any) -> Raw:
    return json.dumps(value) if isinstance(value, dict) else value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
