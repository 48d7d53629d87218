"""The rotation functions that are registered with a world, by ARN."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fake_secrets.arns import LAMBDA_ARN, account_of, lambda_arn
from fake_secrets.errors import FunctionClashError
from fake_secrets.rotation.invocation import Handler, LambdaFunction

__all__ = ["Functions", "check_arn"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_MAX_NAME = 64
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_]+")
_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}", re.ASCII)


def check_arn(arn: object) -> str:
    """Return the ARN of a Lambda function.

    Raises:
        ValueError: if `arn` isn't one.
    """
    if not isinstance(arn, str) or not LAMBDA_ARN.fullmatch(arn):
        msg = f"{arn!r} isn't a Lambda ARN such as arn:aws:lambda:us-east-1:123456789012:function:rotate"
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

    def __getitem__(self, arn: str) -> LambdaFunction:
        return self._functions[arn]

    def is_registered(self, arn: str) -> bool:
        """Return whether a function is registered under this ARN."""
        return arn in self._functions

    def why_unknown(self, arn: object) -> str | None:
        """Return why the function of an ARN can't be invoked; None if it can."""
        if not isinstance(arn, str) or arn in self._functions:
            return None
        registered = "".join(f"\n- {known}" for known in self._functions) or "\n- none"
        return (
            f"no function is registered under {arn}. Registered functions:{registered}\n"
            "Register it with fake_secrets.lambda_function(handler, arn=...)."
        )

    def register(
        self,
        handler: Handler,
        name: str | None = None,
        *,
        arn: str | None = None,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
        region: str | None = None,
        account_id: str | None = None,
    ) -> str:
        """Register a handler as a Lambda function.

        Args:
            handler: called with event and context.
            name: the function's name; by default made from the handler's module and name.
            arn: the function's ARN, instead of a name.
            timeout: the function's time-out, in seconds; by default it has none.
            environment: the function's environment variables.
            region: the function's region, if no ARN is given.
            account_id: the function's account, if no ARN is given.

        Returns:
            The function's ARN. The same handler always gets the same ARN.

        Raises:
            TypeError: if `handler` can't be called or is a coroutine function, or if `environment`
                doesn't map str to str.
            ValueError: if `name` or `arn` doesn't have Lambda's form, if both are given, or if
                `timeout` isn't a number above 0 and at most 900.
            FunctionClashError: if another function has this name or ARN.
        """
        region, account_id = region or self._region, account_id or self._account_id
        is_plain = name is None and arn is None and timeout is None and environment is None
        known = self._of_handler(handler, region, account_id) if is_plain else None
        if known is not None:
            return known
        variables: object = environment or {}
        if not isinstance(variables, Mapping):
            msg = f"environment= takes a mapping from str to str, not {type(variables).__name__}"
            raise TypeError(msg)
        function = LambdaFunction(
            self._arn(handler, name, arn, region, account_id),
            handler,
            timeout,
            dict(variables),
        )
        clashing = self._functions.setdefault(function.arn, function)
        if clashing != function:
            msg = (
                f"{function.arn} is taken by {clashing.handler!r}"
                f"{' with other options' if clashing.handler == handler else ''}.\n"
                f"Register {handler!r} under a name of its own: fake_secrets.lambda_function(handler, name=...)."
            )
            raise FunctionClashError(msg)
        return function.arn

    def _of_handler(self, handler: Handler, region: str, account_id: str) -> str | None:
        known = (function for function in self._functions.values() if function.handler == handler)
        place = (region, account_id)
        return next(
            (function.arn for function in known if (function.region, account_of(function.arn)) == place), None
        )

    def _arn(self, handler: Handler, name: str | None, arn: str | None, region: str, account_id: str) -> str:
        if arn is not None:
            if name is not None:
                msg = "lambda_function takes a name or an arn, not both"
                raise ValueError(msg)
            return check_arn(arn)
        name = _default_name(handler) if name is None else name
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            msg = f"{name!r} can't be a Lambda function's name; a name has 1 to 64 letters, digits, - and _"
            raise ValueError(msg)
        return lambda_arn(region, account_id, name)


def _default_name(handler: Handler) -> str:
    module = getattr(handler, "__module__", "")
    name = getattr(handler, "__qualname__", type(handler).__qualname__)
    return _NOT_IN_NAME.sub("-", f"{module}-{name}")[-_MAX_NAME:].strip("-")
