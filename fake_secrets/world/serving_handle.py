"""The part of the handle that serves its world to other processes."""

from __future__ import annotations

import contextlib
from typing import Literal

from fake_secrets.world.rotation_handle import RotationHandle

__all__ = ["ServingHandle"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values


class ServingHandle(RotationHandle):
    """The part of `FakeSecrets` that serves its world to other processes."""

    __slots__ = ()

    def server(self, *, port: int = 0) -> contextlib.AbstractContextManager[str]:
        """Serve this world over HTTP on the loopback interface, for processes that the test starts.

        While the server runs, the clients of child processes find it by their environment: the variables
        AWS_ENDPOINT_URL_SECRETS_MANAGER and SECRETS_MANAGER_ENDPOINT have its URL, AWS_REGION the world's
        region, and NO_PROXY ``127.0.0.1`` in addition. What a child's call meets in the test's own code, such as
        the error of a rotation function, is raised when the server is left.

        Args:
            port: the port; by default, and for 0, a free one.

        Returns:
            A context manager that returns the server's URL, such as ``http://127.0.0.1:51234``. If it is dropped
            without being entered, a `FakeSecretsWarning` tells so.

        Raises:
            PortTakenError: when the block is entered, if something else listens on the port.
            TypeError, ValueError: if `port` isn't a port.
        """
        return self._world.serving(self._world, port)

    def local_endpoints(
        self,
        helper: Literal["agent", "extension"] = "agent",
        *,
        port: int | None = None,
        ttl: int | None = None,
        cache_size: int | None = None,
        max_roles: int | None = None,
        max_conn: int | None = None,
        path_prefix: str | None = None,
        not_ready: int | None = None,
    ) -> contextlib.AbstractContextManager[str]:
        """Serve the secrets of this world as AWS's local helpers do on port 2773: ``GET /secretsmanager/get``.

        While the block runs, the environment variable PARAMETERS_SECRETS_EXTENSION_HTTP_PORT has the port. The
        token that requests need is the one that the world has in AWS_SESSION_TOKEN; for the agent, AWS_TOKEN comes
        first if it is set. The calls that the helper makes are among the `calls`; their `via` has its name.

        Args:
            helper: "agent", the default: the AWS Secrets Manager Agent, also known as AWS Workload Credentials
                Provider. "extension": the AWS Parameters and Secrets Lambda Extension.
            port: the port on which the helper listens, for other processes too. By default, and for 0, a free one,
                and connections that this process makes to port 2773 are redirected to it.
            ttl: for how many seconds a value is answered from the cache: 300 by default, at most 3600 for the
                agent and 300 for the extension. They pass by the test's clock.
            cache_size: how many values the cache keeps, 1000 by default.
            max_roles: agent only: how many roles it assumes for ``roleArn`` at most, 20 by default.
            max_conn: agent only: how many connections it has at most, 800 by default.
            path_prefix: agent only: what comes before the secret's name in a path, ``/v1/`` by default.
            not_ready: extension only: how many requests it refuses before it is ready, as it does while a function
                is still being initialised; 0 by default.

        What isn't given for the extension is taken from its variables, such as SECRETS_MANAGER_TTL, when the block
        is entered.

        Returns:
            A context manager that returns the URL, such as ``http://127.0.0.1:51234``. If it is dropped without
            being entered, a `FakeSecretsWarning` tells so.

        Raises:
            ValueError: if the helper doesn't take an argument or its value. When the block is entered: if the
                helper doesn't take the value of a variable, or no token can be read.
            TypeError: if an argument has the wrong type.
            PortTakenError: when the block is entered, if something else listens on `port`.
        """
        options = {
            "ttl": ttl,
            "cache_size": cache_size,
            "max_roles": max_roles,
            "max_conn": max_conn,
            "path_prefix": path_prefix,
            "not_ready": not_ready,
        }
        given = {name: value for name, value in options.items() if value is not None}
        return self._world.helping(self._world, helper, port, given)
