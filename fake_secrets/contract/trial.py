"""A trial: one scenario's fresh world and service double, and the deliveries of the function in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fake_secrets.contract.conductor import Conductor
from fake_secrets.contract.consuming import Consumer, Consuming
from fake_secrets.contract.double import Double
from fake_secrets.contract.importing import plant
from fake_secrets.contract.invariants import Invariants
from fake_secrets.contract.invoking import Invocations
from fake_secrets.contract.moments import Boundary, Delivery
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.contract.passed_texts import shows_credential, shows_stored_value
from fake_secrets.contract.readings import Readings
from fake_secrets.contract.role_condition import function_named_in
from fake_secrets.contract.rotating import Rotating
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.values import Raw, leaves
from fake_secrets.contract.worst_passwords import mild_password
from fake_secrets.mock import mock_stages
from fake_secrets.rotation.functions import default_name
from fake_secrets.service.rules.stages import AWSCURRENT, AWSPREVIOUS

if TYPE_CHECKING:
    from fake_secrets.iam.grants import Grant
    from fake_secrets.observe.entry import RunningStep
    from fake_secrets.observe.leaks.found import Leak

__all__ = ["Trial"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_FUNCTION = "rotation-function"
# So much of an error's text is shown.
_SHOWN = 300
# Shorter values of environment variables are words of a message by chance.
_LONG_VARIABLE = 6


class NoService:
    """The double of a check without one: it offers nothing."""


class Trial(Rotating):
    """One scenario under way. It is a context manager: the world and the double live inside of its block.

    Args:
        check: the check that the scenario belongs to.
        scenario: the scenario's id.
        subject: what is checked; by default that of the check. Some scenarios have another secret.
        seed: makes ids and passwords.
        is_usual: whether the values are such as the service knows. Otherwise it isn't asked about them, and the
            invariants of a right value don't count.
        has_role: whether the function runs with a role, which may do nothing but what the scenario grants. Without
            one, it may do everything.

    `state` is that after the latest call. `by_hand` is the id of the version that somebody has put by hand, if
    somebody has. `Rotating` has the rotations.
    """

    def __init__(
        self,
        check: Check,
        scenario: str,
        *,
        subject: Subject | None = None,
        seed: int = 0,
        is_usual: bool = True,
        has_role: bool = False,
    ) -> None:
        super().__init__()
        self.check = check
        self.scenario = scenario
        self.subject = subject or check.subject
        self.conductor = Conductor(self)
        self.conductor.make_password = mild_password if check.has_mild_passwords else None
        self.invocations = Invocations(self)
        self.invariants = Invariants(self)
        self.by_hand: str | None = None
        self.leaks: Sequence[Leak] = ()
        self._seed = seed
        self._consuming: Consuming | None = None
        self._is_usual = is_usual
        self._has_role = has_role
        self.invariants.found.is_closed = not is_usual
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
            stack.enter_context(self.check.quiet(self.invocations.saw_output))
            self.handle = stack.enter_context(self._world())
            self.world = self.handle._world
            stack.callback(self.world.closing_remarks)
            self.check.time.begin(self.world.pass_time)
            self.service = Double(self.subject.service or NoService, self.conductor.around_service)
            self._plant()
            self.leaks = stack.enter_context(self.handle.leaks.watching())
            stack.enter_context(self.service)
            self.check.state.double = self.service.instance
            stack.enter_context(self.check.watching_clients(self.conductor.around_client))
            self.refresh()
            self.world.intervene(self.conductor)
            self._stack = stack.pop_all()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the world. What was found stays."""
        try:
            # An interrupt may have kept them from their own end. What is left of them would run without a world.
            for second in (self.invocations.overlap, self._consuming):
                if second is not None:
                    second.give_up()
            if error is None:
                self.invariants.look_at_leaks()
        finally:
            self._stack.__exit__(None, None, None)
            self.invocations.let_go()

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
        given = plant(handle, subject)
        self.arn = handle[subject.name].arn
        grant = subject.grant if self._has_role else None
        arn = None if grant is None else function_named_in(grant, subject.account_id)
        self._function = handle.lambda_function(
            self.invocations.handle,
            None if arn else _FUNCTION,
            arn=arn,
            environment=subject.environment,
            timeout=subject.timeout,
            policy=[] if self._has_role else None,
        )
        # Several functions may be checked in a run, each under the same name.
        self.world.function_name = default_name(subject.handler)
        known = {AWSCURRENT: "old", AWSPREVIOUS: "older"}
        self.readings = Readings(self.world, self.arn, self.service, is_usual=self._is_usual)
        held = self.readings.secret.labels
        self._roles = {held[label]: role for label, role in known.items() if label in given}

    @property
    def version_ids(self) -> list[str]:
        """The ids of all versions that the secret has, or had, in the order of creation."""
        return list(dict.fromkeys(self.readings.secret.history.values()))

    @property
    def values_of_others(self) -> dict[str, list[Raw]]:
        """The values that all other secrets have, or had during the trial, by the secret's name."""
        return self.readings.values_of_others()

    def refresh(self) -> None:
        """Take note of the state of the secret and the service."""
        self.state = self.readings.state()

    def granting(self, grant: Grant) -> contextlib.AbstractContextManager[None]:
        """Let the function's role do something for the length of a `with` block."""
        return self.world.grants.granting(self.world.functions.role_of(self._function), grant)

    def delivery_of(self, step: RunningStep) -> Delivery | None:
        """Return the delivery whose step runs, or None if it isn't one of this trial."""
        return self.invocations.of_step(step)

    @contextlib.contextmanager
    def consuming(self, consumers: Sequence[Consumer]) -> Iterator[Consuming]:
        """Call consumers at each boundary of what runs in a block."""
        self._consuming = consuming = Consuming(self, consumers)
        try:
            with consuming:
                yield consuming
        finally:
            self._consuming = None

    def note_other_call(self, step: RunningStep) -> None:
        """Take note of a call that isn't the function's."""
        if self._consuming is not None:
            self._consuming.note_call(step)

    def take_turns(self, delivery: Delivery) -> None:
        """Let another delivery go on instead, if the scenario wants that before the next call."""
        if self.invocations.overlap is not None:
            self.invocations.overlap.before_call(delivery)

    def look(self, boundary: Boundary, outcome: str, result: object) -> None:
        """Look at the state after a call, and at what must hold then."""
        boundary.outcome, boundary.result = outcome, result
        if boundary.is_of_service and result is not None:
            boundary.texts = frozenset(leaves(result))
        if not boundary.is_read:
            self.refresh()
        boundary.after = self.state
        self.invariants.after_call(boundary)
        if self._consuming is not None:
            self._consuming.after_call(boundary)

    def outage(self, variant: int) -> BaseException:
        """Return an error that the service raises if it can't be reached."""
        return self.service.errors[variant]()

    def accepted_roles(self) -> frozenset[str]:
        """Return the roles of the versions whose values the service accepts, with or without labels."""
        return frozenset(map(self.role, self.readings.accepted(self.state.values)))

    def shown(self, text: str) -> str:
        """Return a text of the user's on one line, or an empty one if it holds a secret value."""
        index = self.handle.leaks._current_index()
        line = " ".join(text.split())
        boundaries = (boundary for delivery in self.deliveries for boundary in delivery.boundaries)
        ids = [*self._roles, self.arn, self.subject.name]
        is_secret = bool(index.read(text) or index.read(line))
        stored = [*self.state.values.values()]
        is_secret = is_secret or shows_credential(text, boundaries, stored, ids)
        is_secret = is_secret or shows_stored_value(text, stored, self.check.changing_places)
        # A variable can hold a secret value, too.
        variables = self.subject.environment.values()
        is_secret = is_secret or any(len(one) >= _LONG_VARIABLE and one in text for one in variables)
        shown = "" if is_secret else line[:_SHOWN]
        # Lone surrogates can't be written to a file.
        return shown.encode("utf-8", "backslashreplace").decode()

    def is_id(self, leak: Leak) -> bool:
        """Return whether what was shown is the id of a version, which is no credential."""
        return self.readings.text_of(leak) in self._roles

    def note_logged_token(self) -> None:
        """Note whether a RotationToken was logged or printed."""
        tokens = self.invocations.rotation_tokens
        shown = next((one for one in self.invocations.shown if any(token in one.text for token in tokens)), None)
        if shown is not None:
            text = "The RotationToken of the event is in the output"
            self.invariants.find("rotation-token-logged", text, shown.line)

    def settle(self) -> None:
        """Let a service whose changes take effect later complete them."""
        self.service.settle()
        self.refresh()
