"""`RotationContract` is the contract as a class of tests, a test for each family."""

from __future__ import annotations

import unittest
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from fake_secrets.contract.checking import check_rotation
from fake_secrets.contract.report import ContractReport
from fake_secrets.errors import ContractViolatedError

__all__ = ["RotationContract"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_NAMES = (
    "secret", "previous", "other_secrets", "service", "environment", "name", "region", "account_id", "tags",
    "schedule", "allow", "only",
)  # fmt: skip


class RotationContract:
    """The base class of a pytest class that checks a rotation function.

    Each test runs one family of scenarios. The attributes are the arguments of `check_rotation`; `handler` and
    `secret` are needed. ::

        class TestMyRotation(RotationContract):
            handler = staticmethod(lambda_handler)
            secret = {"username": "app", "password": "old"}
            service = FakeDatabase

    A test fails with a `ContractViolatedError` if its family shows a violation that `allow` doesn't name.
    """

    handler: ClassVar[Callable[[Any, Any], object] | str]
    secret: ClassVar[Any]
    previous: ClassVar[Any] = None
    other_secrets: ClassVar[Mapping[str, Any] | None] = None
    service: ClassVar[Callable[[], object] | None] = None
    environment: ClassVar[Mapping[str, str] | None] = None
    name: ClassVar[str] = "prod/rotated"
    region: ClassVar[str | None] = None
    account_id: ClassVar[str] = "123456789012"
    tags: ClassVar[Mapping[str, str] | None] = None
    schedule: ClassVar[int | str | None] = None
    allow: ClassVar[Mapping[str, str] | None] = None
    only: ClassVar[str | None] = None

    def test_plain(self) -> None:
        """Three rotations in a row that nothing disturbs."""
        self._check("plain")

    def test_repeats(self) -> None:
        """Steps that are delivered twice, once more later, and after the rotation has succeeded."""
        self._check("repeats")

    def test_errors(self) -> None:
        """Each call fails, before and after its effect."""
        self._check("errors")

    def test_kills(self) -> None:
        """The function dies after each call that has an effect, and between the steps."""
        self._check("kills")

    def test_meanwhile(self) -> None:
        """Somebody puts a value, cancels the rotation or tampers with the pending value meanwhile."""
        self._check("meanwhile")

    def test_inputs(self) -> None:
        """Unknown steps and tokens, and values that aren't as expected."""
        self._check("inputs")

    def test_modes(self) -> None:
        """RotateImmediately=False, and reads that don't see the last write yet."""
        self._check("modes")

    @classmethod
    def _arguments(cls) -> dict[str, Any]:
        for needed in ("handler", "secret"):
            if not hasattr(cls, needed):
                msg = (
                    f"{cls.__name__} has no attribute {needed!r}. A rotation contract needs handler, the rotation "
                    "function, and secret, the value of AWSCURRENT."
                )
                raise TypeError(msg)
        # From the class, where a plain function isn't bound to an instance.
        return {name: getattr(cls, name) for name in ("handler", *_NAMES)}

    @classmethod
    def _check(cls, family: str) -> None:
        """Run a family, or those of its scenarios that were chosen.

        Raises:
            ContractViolatedError: if there is a violation.
            unittest.SkipTest: if the undisturbed rotation doesn't work, so that nothing else can be tried.
        """
        arguments = cls._arguments()
        handler, only = arguments.pop("handler"), arguments.pop("only")
        if only is not None:
            family = only
        report = check_rotation(handler, only=family, **arguments)
        cls._judge(report, family)

    @staticmethod
    def _judge(report: ContractReport, family: str) -> None:
        if not report.passed:
            raise ContractViolatedError(report.summary(), str(report))
        if report.left_out and family != "plain":
            raise unittest.SkipTest(report.left_out[0])
