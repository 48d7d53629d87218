"""The conductor: numbers the calls of the rotation function, and lets happen at them what a scenario plans."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from fake_secrets import clock
from fake_secrets.contract.disturbance import Disturbance
from fake_secrets.contract.double import Double, is_at_work
from fake_secrets.contract.moments import SUCCEEDED, Boundary, Delivery, Place, State, code_of
from fake_secrets.contract.ongoing_check import Check
from fake_secrets.errors import CommonError, FunctionCrash, ServiceError
from fake_secrets.faults.codes import COMMON, message_of, status_of
from fake_secrets.observe.entry import RunningStep, rotation_step
from fake_secrets.service.transport import Answer

if TYPE_CHECKING:
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.service.state.request_model import Request
    from fake_secrets.world.world import World

__all__ = ["Conductor"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_NEW_EACH_TIME = frozenset({"SecretString", "SecretBinary", "ClientRequestToken"})
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

# A call takes so long, in seconds of the function's clock. A loop that waits for a deadline ends.
_CALL_TAKES = 0.02
# So long before the function's time-out a slow call returns.
_LEFT = 1.0


class Stage(Protocol):
    """The part of a trial that the conductor needs."""

    check: Check
    world: World
    state: State
    service: Double

    @property
    def calls(self) -> int:
        """How many calls the function has made."""

    def delivery_of(self, step: RunningStep) -> Delivery | None:
        """Return the delivery whose step runs, or None if it isn't one of this trial."""

    def note_other_call(self, step: RunningStep) -> None:
        """Take note of a call that isn't the function's."""

    def take_turns(self, delivery: Delivery) -> None:
        """Let another delivery go on instead, if the scenario wants that before the next call."""

    def look(self, boundary: Boundary, outcome: str, result: object) -> None:
        """Look at the state after a call."""

    def outage(self, variant: int) -> BaseException:
        """Return an error that the service raises if it can't be reached."""


class Conductor:
    """Stands on the way of each call that the rotation function makes in one trial.

    Args:
        trial: the trial.

    `disturbance` is what is going to happen, if something is. `make_password` makes the passwords that
    GetRandomPassword returns, from the members of the request and from the password that it would return, if it
    isn't None.
    """

    needs_wire = False

    def __init__(self, trial: Stage) -> None:
        self._trial = trial
        self.disturbance: Disturbance | None = None
        self.make_password: Callable[[Mapping[str, Any], str], str] | None = None
        # The call of Secrets Manager that is under way, and its boundary. All its attempts have the same.
        self._call: object = None
        self._boundary: Boundary | None = None

    def answer(
        self,
        request: Request,
        call: object,
        claimed: list[Rotation],  # noqa: ARG002 -- a call starts no rotation that runs by itself here
        ask: Callable[[], Answer],
    ) -> Answer:
        """Answer an attempt of a call of Secrets Manager."""
        delivery = self._delivery()
        if delivery is None:
            # What the double asks, the function's role doesn't have to be allowed.
            request.is_handles = request.is_handles or is_at_work()
            return ask()
        if call is self._call and self._boundary is not None:
            return self._again(self._boundary, ask)
        # A function that tries again may do so with another value.
        key = repr(sorted((name, one) for name, one in request.members.items() if name not in _NEW_EACH_TIME))
        boundary = self._begin(delivery, "secretsmanager", request.operation, key, request.members)
        self._call, self._boundary = call, boundary
        plan = self._strike(delivery, boundary)
        if plan is not None and plan.happening == "stale":
            path = self._trial.world.faults.plan.path
            answer = path.read_stale(request, None) if path.was_written(request, None, None) else ask()
        elif plan is not None and plan.happening == "error":
            answer = _refusal(plan)
        else:
            answer = self._with_password(request, ask())
            if plan is not None and plan.happening == "lost":
                answer = _refusal(plan)
            elif plan is not None and plan.happening == "slow":
                self.use_up_time()
        self._look_at(boundary, answer)
        if plan is not None and plan.happening == "kill":
            raise self._kill(delivery, boundary)
        return answer

    def around_service(self, name: str, ask: Callable[[], object], arguments: object) -> object:
        """Let the rotation function call a method of the service double."""
        return self._around("service", name, arguments, ask, lambda plan: self._trial.outage(plan.variant))

    def around_client(self, client: Any, operation: str, ask: Callable[[], object], members: object) -> object:
        """Let the rotation function make a call of another AWS client."""
        from fake_secrets.hook.foreign import outage  # noqa: PLC0415 -- imports botocore

        name = f"{client.meta.service_model.service_name}.{operation}"
        # A double may answer the client.
        answered = functools.partial(self._trial.service.work, ask)
        return self._around("aws", name, members, answered, lambda _: outage(client, operation))

    def _around(
        self,
        place: Place,
        name: str,
        arguments: object,
        ask: Callable[[], object],
        outage: Callable[[Disturbance], BaseException],
    ) -> object:
        delivery = self._delivery()
        if delivery is None:
            return ask()
        if delivery.death is not None:
            raise delivery.death
        boundary = self._begin(delivery, place, name, _key_of(arguments), arguments)
        plan = self._strike(delivery, boundary)
        if plan is not None and plan.happening == "error":
            raise self._failed(boundary, outage(plan))
        try:
            result = ask()
        except BaseException as error:
            if plan is not None and plan.happening == "slow":
                self.use_up_time()
            self._failed(boundary, error)
            raise
        if plan is not None and plan.happening == "lost":
            raise self._failed(boundary, outage(plan))
        if plan is not None and plan.happening == "slow":
            self.use_up_time()
        self._trial.look(boundary, SUCCEEDED, result)
        if plan is not None and plan.happening == "kill":
            raise self._kill(delivery, boundary)
        return result

    def _delivery(self) -> Delivery | None:
        """Return the delivery that the call belongs to, or None if it isn't one of the function's."""
        step = rotation_step.get()
        if step is None or step.is_over or is_at_work():
            return None
        delivery = self._trial.delivery_of(step)
        if delivery is None:
            self._trial.note_other_call(step)
        return delivery

    def _begin(self, delivery: Delivery, place: Place, name: str, key: object, arguments: object) -> Boundary:
        self._trial.check.interruption.raise_again()
        self._trial.take_turns(delivery)
        self._trial.check.time.advance(_CALL_TAKES)
        line = self._trial.check.line_of(sys._getframe(2))
        number = len(delivery.boundaries) + 1
        boundary = Boundary(delivery.step, number, place, name, key, line, arguments, order=self._trial.calls + 1)
        delivery.boundaries.append(boundary)
        boundary.before = self._trial.state
        return boundary

    def _strike(self, delivery: Delivery, boundary: Boundary) -> Disturbance | None:
        """Return what happens to a call now, or None."""
        plan = self.disturbance
        if plan is None or plan.step != delivery.step:
            return None
        if plan.struck is None and plan.number == boundary.number:
            plan.struck = boundary
            if plan.action is not None:
                plan.action()
                boundary.before = self._trial.state
        elif not (plan.is_error and self._is_repetition(delivery, boundary, plan.struck)):
            return None
        if plan.happening == "before":
            return None
        boundary.mark = plan.mark
        return plan

    @staticmethod
    def _is_repetition(delivery: Delivery, boundary: Boundary, struck: Boundary | None) -> bool:
        """Return whether a call repeats the one that was struck, in the same delivery: the outage lasts."""
        return (
            struck in delivery.boundaries
            and struck is not None
            and (struck.place, struck.name, struck.key) == (boundary.place, boundary.name, boundary.key)
        )

    def _again(self, boundary: Boundary, ask: Callable[[], Answer]) -> Answer:
        """Answer another attempt that botocore makes of a call."""
        plan = self.disturbance
        if plan is not None and boundary.mark is not None and plan.is_error:
            return _refusal(plan)
        answer = ask()
        self._look_at(boundary, answer)
        return answer

    def use_up_time(self) -> None:
        """Let time pass until the time-out of the invocation that calls this is near."""
        step = rotation_step.get()
        if step is not None and step.deadline is not None:
            self._trial.check.time.advance(max(0.0, step.deadline - clock.now() - _LEFT))

    def _with_password(self, request: Request, answer: Answer) -> Answer:
        """Return an answer with the password that is planned, if it has one."""
        if self.make_password is None or request.operation != "GetRandomPassword" or answer.error is not None:
            return answer
        password = self.make_password(request.members, answer.content["RandomPassword"])
        # Leaks of it are looked for.
        self._trial.world.store.passwords.append(password)
        return Answer({"RandomPassword": password})

    def _look_at(self, boundary: Boundary, answer: Answer) -> None:
        outcome = SUCCEEDED if answer.error is None else answer.error.code
        self._trial.look(boundary, outcome, answer.content)

    def _failed(self, boundary: Boundary, error: BaseException) -> BaseException:
        boundary.error = error
        self._trial.look(boundary, code_of(error) or type(error).__name__, None)
        return error

    def _kill(self, delivery: Delivery, boundary: Boundary) -> BaseException:
        crash = FunctionCrash(f"planned by the rotation contract: after call {boundary.number}, {boundary.name}")
        return self.kill(delivery, crash)

    def let_go(self) -> None:
        """Let go of the latest call, whose client a later invocation can have then."""
        self._call, self._boundary = None, None

    @staticmethod
    def kill(delivery: Delivery, crash: FunctionCrash) -> FunctionCrash:
        """Mark a delivery as dead: each further call of it raises the crash again. Return the crash."""
        delivery.death = crash
        step = rotation_step.get()
        if step is not None:
            step.death = crash
        return crash


def _refusal(plan: Disturbance) -> Answer:
    code = plan.code or "InternalServiceError"
    kind = CommonError if code in COMMON else ServiceError
    return Answer({}, kind(code, message_of(code), status_of(code)))


def _key_of(arguments: object) -> object:
    try:
        # Another object of the same class has another address.
        return _ADDRESS.sub("", repr(arguments))
    except Exception:  # noqa: BLE001 -- a repr of the user's
        return id(arguments)
