"""The rotation functions that are registered with a world, by ARN."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from fake_secrets.arns import LAMBDA_ARN, PRINCIPAL_ARN, account_of, lambda_arn
from fake_secrets.errors import FunctionClashError
from fake_secrets.rotation.elsewhere import is_in_moto, name_of, qualifier_of

# Few tests have a rotation function, and that module is slow to import.
if TYPE_CHECKING:
    from fake_secrets.rotation.invocation import Handler, LambdaFunction

__all__ = ["Functions", "check_arn", "check_role", "default_name"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_MAX_NAME = 64
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_]+")
_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}", re.ASCII)


def check_arn(arn: object, hint: str = "") -> str:
    """Return the ARN of a Lambda function.

    Args:
        arn: the ARN.
        hint: the end of the error message.

    Raises:
        ValueError: if `arn` isn't one.
    """
    if not isinstance(arn, str) or not LAMBDA_ARN.fullmatch(arn):
        msg = f"{arn!r} isn't a Lambda ARN such as arn:aws:lambda:us-east-1:123456789012:function:rotate{hint}"
        raise ValueError(msg)
    return arn


class Functions:
    """Lambda functions that Secrets Manager may invoke.

    Args:
        region: the default region of functions that are registered without an ARN.
        account_id: their default account.
    """

    def __init__(self, region: str, account_id: str) -> None:
        self._region = region
        self._account_id = account_id
        self._functions: dict[str, LambdaFunction] = {}
        # The ARNs of functions that were registered without a handler, and their roles.
        self._declared: dict[str, str | None] = {}

    def __getitem__(self, arn: str) -> LambdaFunction:
        function = self._find(arn)
        if function is None:
            raise KeyError(arn)
        return function

    def is_registered(self, arn: str) -> bool:
        """Return whether AWS could invoke the function of this ARN, even if it isn't run here."""
        return self._find(arn) is not None or self.why_not_run(arn) is not None

    def why_not_run(self, arn: str) -> str | None:
        """Return why a function that AWS could invoke isn't run here; None if it is run, or if it is unknown."""
        if self._find(arn) is not None:
            return None
        if self.is_declared(arn):
            why = f"{arn} was registered without a handler"
        elif is_in_moto(arn):
            why = f"{arn} is in moto's Lambda, whose functions fake_secrets doesn't run"
        else:
            return None
        return (
            f"{why}; register it with fake_secrets.lambda_function(handler, arn=...), or make its calls yourself"
        )

    def is_declared(self, arn: str) -> bool:
        """Return whether the function of an ARN was registered without a handler."""
        return not self._declared.keys().isdisjoint(_covering(arn))

    def why_unknown(self, arn: object) -> str | None:
        """Return why the function of an ARN can't be invoked; None if it can."""
        if not isinstance(arn, str) or self._find(arn) is not None:
            return None
        not_run = self.why_not_run(arn)
        if not_run is not None:
            return not_run
        registered = "".join(f"\n- {known}" for known in self._functions) or "\n- none"
        return (
            f"no function is registered under {arn}. Registered functions:{registered}\n"
            "Register it with fake_secrets.lambda_function(handler, arn=...)."
        )

    def register(
        self,
        handler: Handler | None,
        name: str | None = None,
        *,
        arn: str | None = None,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
        role: str | None = None,
        needs_role: bool = False,
        region: str | None = None,
        account_id: str | None = None,
    ) -> str:
        """Register a handler as a Lambda function.

        Args:
            handler: called with event and context. With None, AWS could invoke the function, but it isn't run.
            name: the function's name; by default made from the handler's module and name.
            arn: the function's ARN, instead of a name.
            timeout: the function's time-out, in seconds; by default it has none.
            environment: the function's environment variables.
            role: the ARN of the role that the function runs with, if it has one.
            needs_role: whether the function has a role even if none is named: one that is named like itself.
            region: the function's region, if no ARN is given.
            account_id: the function's account, if no ARN is given.

        Returns:
            The function's ARN. The same handler always gets the same ARN.

        Raises:
            TypeError: if `handler` can't be called or is a coroutine function, if it is None and there is
                neither a name nor an ARN, or if `environment` doesn't map str to str.
            ValueError: if `name` or `arn` doesn't have Lambda's form, if both are given, if
                `timeout` isn't a number above 0 and at most 900, or if `role` is in another account.
            FunctionClashError: if another function has this name or ARN.
        """
        region, account_id = region or self._region, account_id or self._account_id
        named = name is not None or arn is not None
        if handler is None:
            arn = self._arn(handler, name, arn, region, account_id) if named else _refuse_nameless()
            return self._declare(arn, _role_of(arn, role, needs_role=needs_role))
        is_plain = not named and timeout is None and environment is None and role is None and not needs_role
        known = self._of_handler(handler, region, account_id) if is_plain else None
        if known is not None:
            return known
        variables: object = environment or {}
        if not isinstance(variables, Mapping):
            msg = f"environment= takes a mapping from str to str, not {type(variables).__name__}"
            raise TypeError(msg)
        arn = self._arn(handler, name, arn, region, account_id)
        role = _role_of(arn, role, needs_role=needs_role) or self._declared.get(arn)
        from fake_secrets.rotation.invocation import LambdaFunction  # noqa: PLC0415

        function = LambdaFunction(arn, handler, timeout, dict(variables), role)
        clashing = self._functions.setdefault(function.arn, function)
        if clashing != function:
            msg = (
                f"{function.arn} is taken by {clashing.handler!r}"
                f"{' with other options' if clashing.handler == handler else ''}.\n"
                f"Register {handler!r} under a name of its own: fake_secrets.lambda_function(handler, name=...)."
            )
            raise FunctionClashError(msg)
        return function.arn

    def principal_of(self, arn: str) -> str:
        """Return the ARN of the principal that the function of an ARN calls as, even if it isn't run here."""
        function = self._find(arn)
        if function is not None:
            return function.principal
        from fake_secrets.rotation.invocation import principal_with  # noqa: PLC0415

        roles = (self._declared[known] for known in _covering(arn) if known in self._declared)
        return principal_with(next(roles, None), arn)

    def role_of(self, arn: str) -> str:
        """Return the ARN of the role of a function that was registered with one."""
        function = self._find(arn)
        return str(self._declared[arn] if function is None else function.role)

    def _find(self, arn: str) -> LambdaFunction | None:
        """Return the function of an ARN, as it is when it is invoked by that ARN.

        A function that is registered without a qualifier has every version and alias. One that is registered
        with a version or an alias has no other, as Lambda's permissions are for one qualifier each.
        """
        found = next((self._functions[known] for known in _covering(arn) if known in self._functions), None)
        return found if found is None or found.arn == arn else dataclasses.replace(found, arn=arn)

    def _declare(self, arn: str, role: str | None) -> str:
        if arn in self._functions:
            msg = f"{arn} is taken by {self._functions[arn].handler!r}"
            raise FunctionClashError(msg)
        # Saying once more that a function exists doesn't take its role away.
        self._declared[arn] = role or self._declared.get(arn)
        return arn

    def _of_handler(self, handler: Handler, region: str, account_id: str) -> str | None:
        known = (function for function in self._functions.values() if function.handler == handler)
        place = (region, account_id)
        return next(
            (function.arn for function in known if (function.region, account_of(function.arn)) == place), None
        )

    def _arn(
        self, handler: Handler | None, name: str | None, arn: str | None, region: str, account_id: str
    ) -> str:
        if arn is not None:
            if name is not None:
                msg = "lambda_function takes a name or an arn, not both"
                raise ValueError(msg)
            return check_arn(arn)
        name = default_name(handler) if name is None else name
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            msg = f"{name!r} can't be a Lambda function's name; a name has 1 to 64 letters, digits, - and _"
            raise ValueError(msg)
        return lambda_arn(region, account_id, name)


def check_role(arn: object) -> str:
    """Return the ARN of an IAM role.

    Raises:
        ValueError: if `arn` isn't one.
    """
    if not isinstance(arn, str) or not PRINCIPAL_ARN.fullmatch(arn) or ":role/" not in arn:
        msg = f"role={arn!r} isn't the ARN of a role, such as arn:aws:iam::123456789012:role/rotation"
        raise ValueError(msg)
    return arn


def _role_of(function_arn: str, role: str | None, *, needs_role: bool) -> str | None:
    """Return the ARN of a function's role, which Lambda demands to be in the function's account."""
    account_id = account_of(function_arn)
    if role is None:
        partition = function_arn.split(":")[1]
        return f"arn:{partition}:iam::{account_id}:role/{name_of(function_arn)}" if needs_role else None
    if account_of(role) != account_id:
        msg = f"role={role!r} isn't in account {account_id}, as the function is: {function_arn}"
        raise ValueError(msg)
    return role


def _refuse_nameless() -> NoReturn:
    msg = (
        "a rotation function is called as handler(event, context); None stands for one that isn't run "
        "here, and it needs arn= or name="
    )
    raise TypeError(msg)


def _covering(arn: str) -> list[str]:
    """Return the ARNs under which the function of an ARN may be registered, the best first."""
    qualifier = qualifier_of(arn)
    return [arn, f"{arn}:$LATEST"] if qualifier is None else [arn, arn.removesuffix(f":{qualifier}")]


def default_name(handler: Handler | None) -> str:
    """Return the name of a Lambda function that is registered without one."""
    module = getattr(handler, "__module__", "")
    name = getattr(handler, "__qualname__", type(handler).__qualname__)
    return _NOT_IN_NAME.sub("-", f"{module}-{name}")[-_MAX_NAME:].strip("-")
