"""The world that `fake-secrets serve` serves, with its clock, its state file and what listens for it."""

from __future__ import annotations

import contextlib
import os
import secrets
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fake_secrets.activation.serving import ServedWorld
from fake_secrets.cli.command_error import CommandError
from fake_secrets.cli.serve_exports import environment_of
from fake_secrets.cli.serve_log import DenialLog, Logged, RotationLog, at_present
from fake_secrets.environment import Overlay
from fake_secrets.errors import FakeSecretsError, FakeSecretsWarning, SeedError
from fake_secrets.keeping.state_file_error import StateFileError
from fake_secrets.loopback import is_loopback
from fake_secrets.mock import mock_stages
from fake_secrets.observe.words import cut, printable
from fake_secrets.server.control.actions import Controlled
from fake_secrets.server.control.api import ControlApi
from fake_secrets.server.front_end import FrontEnd
from fake_secrets.server.limits import Limits
from fake_secrets.server.listener import Listener, say_nothing
from fake_secrets.server.messages import Application
from fake_secrets.server.router import Router
from fake_secrets.server.served_clock import ServedClock
from fake_secrets.service.state.json_seeds import secrets_of_json
from fake_secrets.service.state.seed_forms import doubts
from fake_secrets.service.state.seeds import describe_seeds
from fake_secrets.world.attachments import attach

if TYPE_CHECKING:
    import argparse

    from fake_secrets.keeping.state_file import StateFile
    from fake_secrets.local_endpoints.settings import Helper
    from fake_secrets.service.state.model import StoredSecret
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["ServingWorld", "opened_world"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

# A name in a sentence takes no more columns.
_WIDTH = 200
# Whoever stops the server waits no longer for a rotation that is running.
_LIMITS = Limits(stop=0.7)


class ServingWorld:
    """A world that is served.

    Args:
        fake_secrets: the handle of the world.
        tell: called with each sentence for the user.
        log: called with each line of the log.
    """

    def __init__(self, fake_secrets: FakeSecrets, tell: Callable[[str], None], log: Callable[[str], None]) -> None:
        self.fake_secrets = fake_secrets
        self._tell = tell
        self._log: Callable[[str], None] = lambda line: log(at_present(line))
        self._token = secrets.token_urlsafe(24)
        self.denials = DenialLog(fake_secrets, self._log)
        self.rotations = RotationLog(fake_secrets, self._log)
        self.clock = ServedClock(fake_secrets, tell, self._look)

    def attach(self, functions: Mapping[str, str]) -> None:
        """Give secrets their rotation functions, now and when they are created later.

        Args:
            functions: from the names of secrets to the ARNs of functions.
        """
        world = self.fake_secrets._world
        attach(world, functions)
        with world._lock:
            missing = [
                f"the rotation function of {cut(secret.name, _WIDTH)!r}, {cut(arn, _WIDTH)}, isn't there, so its "
                "rotations fail. Give it with --function, as when the state file was made"
                for secret in world.contents.ready_store()
                if (arn := _function_of(secret)) is not None and not world.functions.is_registered(arn)
            ]
        for sentence in missing:
            self._tell(sentence)

    def warn_of(self, seed: Mapping[str, Any]) -> None:
        """Tell what is hardly meant in a seed as it is written."""
        for doubt in doubts(seed):
            self._tell(f"warning: {printable(doubt)}")

    def environment(self, url: str) -> dict[str, str | None]:
        """Return the variables with which a client asks this world."""
        return environment_of(url, self.fake_secrets.region, self._token, os.environ)

    @contextlib.contextmanager
    def listening(self, host: str, port: int, names: Sequence[str] = ()) -> Iterator[Listener]:
        """Take a port while a `with` block runs. Nothing is answered before the listener is started.

        In the block, the variables that clients read have the URL, so that rotation functions which hand them on,
        or which ask by themselves, find the server.

        Args:
            host: the address.
            port: the port; 0 takes a free one.
            names: other names by which clients may call the server.

        Raises:
            CommandError: if the port is taken, or the host isn't one of this machine.
        """
        try:
            listener = Listener(
                self._application(), host=host, port=port, names=names, log=self._log, limits=_LIMITS
            )
        except (OSError, UnicodeError) as error:
            where = f"{host}, port {port}" if port else host
            msg = f"can't listen on {where}: {getattr(error, 'strerror', None) or 'it is no host name'}"
            raise CommandError(msg) from None
        if not is_loopback(host):
            self._tell(
                f"warning: whoever reaches {host} can read every secret here, and run the rotation functions in "
                "this process. Leave out --host, so that only this machine can."
            )
        try:
            with Overlay(self.environment(listener.url)):
                yield listener
        finally:
            self.clock.stop()
            listener.stop()

    def local_endpoints(
        self, helper: Helper | None, port: int
    ) -> contextlib.AbstractContextManager[dict[str, str | None]]:
        """Listen as a local helper, too; see `serve_local_endpoints`."""
        # Imported late, because most servers have no helper.
        from fake_secrets.cli.serve_local_endpoints import local_endpoints

        return local_endpoints(self.fake_secrets._world, helper, port, log=self._log_of_helper, tell=self._tell)

    def _application(self) -> Application:
        controlled = Controlled(self.fake_secrets, self.clock, self._seed)
        served = ServedWorld(self.fake_secrets._world, self._tell_of)
        router = Router(FrontEnd(served), ControlApi(controlled, self._token))
        return Logged(router, self.denials, self.rotations)

    def _look(self) -> None:
        """Tell what the work that was due has led to."""
        self.denials.look()
        self.rotations.look()

    def _log_of_helper(self, line: str) -> None:
        self.denials.look()
        self._log(line)

    def _tell_of(self, error: BaseException) -> None:
        # Its text may hold a secret value.
        self._tell(f"a rotation function or fake_secrets raised {type(error).__name__}")

    def _seed(self, content: Any) -> list[str]:
        """Add the secrets of a JSON object, all or none, and return their names.

        Raises:
            SeedError: if one could not exist in AWS.
            SecretExistsError: if a name is taken.
        """
        world = self.fake_secrets._world
        try:
            given = secrets_of_json(content)
        except SeedError as error:
            msg = f"the seed {error}" if str(error).startswith("isn't") else str(error)
            raise SeedError(msg) from None
        world.contents.plant_all(describe_seeds(given, world.region, world.ids))
        self.warn_of(given)
        return list(given)


def _function_of(secret: StoredSecret) -> str | None:
    """Return the ARN of the function that rotates a secret from now on, if one does."""
    return secret.rotation.lambda_arn if secret.rotation is not None and secret.rotation.enabled else None


@contextlib.contextmanager
def opened_world(
    arguments: argparse.Namespace, seed: dict[str, Any], tell: Callable[[str], None]
) -> Iterator[ServingWorld]:
    """Open the world that the arguments describe, for a `with` block.

    Raises:
        CommandError: if an argument is wrong, or if the state file can't be used.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        # What they say of a test, such as that a policy had no effect, doesn't concern a server.
        warnings.simplefilter("ignore", FakeSecretsWarning)
        try:
            fake_secrets = stack.enter_context(
                mock_stages(
                    seed, region=arguments.region, account_id=arguments.account_id, rotation_errors="record"
                )
            )
            fake_secrets._world.keeps_time = True
            served = ServingWorld(fake_secrets, tell, say_nothing if arguments.quiet else tell)
            if arguments.clock is not None:
                served.clock.set(arguments.clock)
            has_contents = False
            if arguments.state is not None:
                from fake_secrets.keeping.state_file import open_state

                state = open_state(arguments.state, tell=tell)
                stack.callback(_close, state)
                has_contents = state.has_contents
                state.attach(fake_secrets._world)
            if not has_contents:
                served.warn_of(seed)
        except (FakeSecretsError, TypeError, ValueError) as error:
            raise CommandError(" ".join(str(error).replace("\n- ", " ").split())) from None
        yield served


def _close(state: StateFile) -> None:
    try:
        state.close()
    except StateFileError as error:
        raise CommandError(str(error)) from None
