"""Activation of a world: opens or joins one, and sets up its environment and hooks."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from fake_secrets import beside_moto, environment, hook
from fake_secrets.activation import forks, visits
from fake_secrets.environment import default_region, world_environment
from fake_secrets.errors import FakeSecretsWarning
from fake_secrets.ids import Ids
from fake_secrets.locks import free_shared
from fake_secrets.observe.leaks import gate
from fake_secrets.observe.remarks import Line, tell, users_line
from fake_secrets.options import DEFAULTS, check_options
from fake_secrets.rotation.scope import calls_belong_nowhere, calls_belong_to
from fake_secrets.service.state.seed_forms import doubts
from fake_secrets.service.state.seeds import describe_seeds
from fake_secrets.world import stack
from fake_secrets.world.handle import FakeSecrets
from fake_secrets.world.world import World, rotating_world

if TYPE_CHECKING:
    from fake_secrets.activation.running import Running

__all__ = ["Activation", "OwnWorld", "settle"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class OwnWorld:
    """The world that a `mock_stages` object opened. The same object joins it if entered again."""

    def __init__(self) -> None:
        self.opened: stack.Opened | None = None

    def forget(self) -> stack.Opened | None:
        """Return the world if it is still active, else forget it and return None."""
        if self.opened is not None and not stack.is_active(self.opened):
            self.opened = None
        return self.opened


class Activation:
    """One activation of a world: a context manager that is entered once.

    Args:
        own_world: the own world of the `mock_stages` object.
        options: the world's arguments, by name. If it is empty, the activation is bare.
        line: the line of the user's code that has made the `mock_stages` object or the marker, if it is known.
    """

    def __init__(self, own_world: OwnWorld, options: Mapping[str, Any], line: Line | None = None) -> None:
        self._own_world = own_world
        self._options = options
        self._line = line
        self._entry: stack.Entry | None = None
        self._calls: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        # How many mocks of moto were active when this was entered.
        self._mocks = 0

    def __enter__(self) -> FakeSecrets:
        """Activate a world and return its handle.

        Raises:
            SeedError, TypeError, ValueError: if an argument is wrong. Nothing is changed then.
        """
        try:
            forks.watch()
            self._mocks = beside_moto.active_mocks()
            self._entry = entry = stack.enter(self._world_to_join, self._open_new)
            if entry.opened.opener is self._own_world:
                # A decorated test whose fixture has opened its world: nobody else's is joined.
                entry.found = None
            hook.hold(entry)
            if self._options:
                self._own_world.opened = entry.opened
            visits.note(entry.opened)
            self._calls = _calls_to(entry.opened.world)
            self._calls.__enter__()
            return entry.opened.handle  # noqa: TRY300 -- an interrupt may come up to the last line
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, kind: object = None, error: BaseException | None = None, traceback: object = None) -> None:
        """Leave the world and restore everything that entering it changed. What was left already stays so.

        Raises:
            FakeSecretsWarning: if the world is over, it has something to say, and a filter makes that an error.
            UnusedFaultError: if the world is over and a planned fault never happened.
        """
        try:
            if error is not None:
                gate.saw_error(error)
            if beside_moto.is_loaded():
                self._look_at_the_order()
            self._leave()
        except BaseException:
            # An interrupt: complete what it has kept from being done.
            self._leave()
            raise
        if self._entry is not None and not stack.is_active(self._entry.opened):
            world = self._entry.opened.world
            try:
                tell(world.closing_remarks(), error)
            finally:
                world.faults.tell_unused(error)

    @property
    def opened(self) -> stack.Opened | None:
        """The world, or None before it is entered."""
        return None if self._entry is None else self._entry.opened

    def _open_new(self) -> stack.Opened:
        opened = _open(self._options, self._line)
        opened.opener, opened.line = self._own_world, self._line
        return opened

    def _look_at_the_order(self) -> None:
        """Have it told if this world and a mock of moto aren't left in the reverse order of entering."""
        variable = "AWS_ACCESS_KEY_ID"
        if self._entry is None or not self._entry.overlay.sets(variable):
            return
        overlay, mocks = self._entry.overlay, beside_moto.active_mocks()
        motos = beside_moto.ACCESS_KEY_ID
        # moto may be told to leave the variables alone. Then no order does harm.
        if mocks > self._mocks and overlay.left(variable) == motos:
            other = "was started after it and is still active"
        elif mocks < self._mocks and overlay.is_lowest and overlay.found(variable) == motos:
            other = "was started before it and has been stopped"
        else:
            other = ""
        if other:
            text = (
                f"Mocks left out of order: a world ends, but moto's mock {other}. So {variable} and other "
                "variables keep fake values. Leave first what was entered last."
            )
            self._entry.opened.world.remarks.add(FakeSecretsWarning, text, users_line())

    def _leave(self) -> None:
        self._calls.__exit__(None, None, None)
        if self._entry is not None:
            # The entry goes last, because it is what `settle` finds if this is interrupted.
            hook.release(self._entry)
            stack.leave(self._entry)
        self._own_world.forget()

    def _world_to_join(self) -> stack.Opened | None:
        if self._options:
            return self._own_world.forget()
        rotating = rotating_world()
        entry = stack.innermost_entry() if rotating is None else stack.entry_of(rotating)
        return None if entry is None else entry.opened


def settle(kept: Collection[stack.Entry | Running]) -> list[stack.Entry | Running]:
    """Leave all worlds and servers but some, and put back whatever an interrupt has kept from being put back.

    The caller makes no call and runs no rotation; other threads may.

    Args:
        kept: the entries and the servers that stay.

    Returns:
        The entries that have left, then the servers, the earliest first.
    """
    free_shared()
    hook.forget_call()
    calls_belong_nowhere()
    here = threading.current_thread()
    living = {thread.ident for thread in threading.enumerate() if thread is not here and thread.ident is not None}
    # Loaded only if a world was served.
    running = sys.modules.get("fake_secrets.activation.running")
    servers: list[Running] = [] if running is None else running.settle(kept)
    entries = [one for one in kept if isinstance(one, stack.Entry)]
    left = stack.settle(entries)
    environment.settle(
        [*stack.overlays(), *(one.overlay for one in kept if not isinstance(one, stack.Entry))], living
    )
    hook.settle(entries, living)
    for entry in entries:
        entry.opened.world.settle(living)
    gate.settle([entry.opened.world._leaks for entry in entries])
    return [*left, *servers]


def _open(options: Mapping[str, Any], line: Line | None) -> stack.Opened:
    check_options(options)
    region = options.get("region") or hook.region_of_default_session() or default_region()
    ids = Ids(options.get("random_seed"))
    world = World(
        region=region,
        account_id=options.get("account_id", DEFAULTS["account_id"]),
        seeds=describe_seeds(options.get("secrets"), region, ids),
        ids=ids,
        rotation=options.get("rotation", DEFAULTS["rotation"]),
        rotation_errors=options.get("rotation_errors", DEFAULTS["rotation_errors"]),
        lane=options.get("_lane", "fast"),
        while_running=hook.held,
        is_region=hook.is_region,
        serving=_serving,
        helping=_helping,
    )
    identity_policy = options.get("identity_policy")
    if identity_policy is not None:
        # Imported late: few tests give policies, and they are slow to import.
        from fake_secrets.world.permissions import give_default_caller  # noqa: PLC0415

        give_default_caller(world, identity_policy, line or users_line())
    for doubt in doubts(options.get("secrets") or {}):
        world.remarks.add(FakeSecretsWarning, doubt, line or users_line())
    return stack.Opened(world, FakeSecrets(world), world_environment(region))


def _serving(world: World, port: int) -> contextlib.AbstractContextManager[str]:
    # Imported late: few tests serve their world, and the HTTP server of the standard library is slow to import.
    from fake_secrets.activation.serving import Serving  # noqa: PLC0415

    return Serving(world, port)


def _helping(
    world: World, helper: Any, port: int | None, options: Mapping[str, Any]
) -> contextlib.AbstractContextManager[str]:
    # Imported late, as above.
    from fake_secrets.activation.local_serving import LocalServing  # noqa: PLC0415

    return LocalServing(world, helper, port, options)


def _calls_to(world: World) -> contextlib.AbstractContextManager[object]:
    """Return a context manager that sends a rotation function's calls to the world that it enters.

    Outside of rotation functions it changes no context variable, because the set-up and tear-down of
    an asynchronous fixture may run in different contexts.
    """
    is_elsewhere = rotating_world() not in {None, world}
    return calls_belong_to(None) if is_elsewhere else contextlib.nullcontext()
