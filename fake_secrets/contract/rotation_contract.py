"""`RotationContract` is the contract as a class of tests, a test for each family."""

from __future__ import annotations

import unittest
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from fake_secrets.contract.checking import check_subject, is_of_scenario, names_in
from fake_secrets.contract.defaults import NAME
from fake_secrets.contract.earlier_tests import EarlierTests
from fake_secrets.contract.families import FAMILIES, family_of
from fake_secrets.contract.given_subject import subject_of
from fake_secrets.contract.report import ContractReport
from fake_secrets.contract.subject import Subject
from fake_secrets.contract.unjudged import DOUBLE_REFUSES
from fake_secrets.errors import ContractViolatedError, FakeSecretsWarning
from fake_secrets.suggestions import similar

if TYPE_CHECKING:
    from fake_secrets.iam.loading import GivenPolicies

__all__ = ["RotationContract"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

_NAMES = (
    "secret", "previous", "other_secrets", "service", "environment", "name", "region", "account_id", "tags",
    "schedule", "consumers", "allow", "timeout", "policy", "context",
    "kms_key_id",
)  # fmt: skip

# An attribute with one letter missing, doubled or wrong is at least so similar to the right one.
_SIMILAR = 0.85


class _Static(Protocol):
    """A rotation function as a `staticmethod`: mypy takes a `Callable` for a method, which has `self`."""

    def __call__(self, event: Any, context: Any, /) -> object:
        """Run a step."""


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

    handler: ClassVar[Callable[[Any, Any], object] | _Static | str]
    secret: ClassVar[Any]
    previous: ClassVar[Any] = None
    other_secrets: ClassVar[Mapping[str, Any] | None] = None
    service: ClassVar[Callable[[], object] | None] = None
    environment: ClassVar[Mapping[str, str] | None] = None
    name: ClassVar[str] = NAME
    region: ClassVar[str | None] = None
    account_id: ClassVar[str] = "123456789012"
    tags: ClassVar[Mapping[str, str] | None] = None
    schedule: ClassVar[int | str | None] = None
    consumers: ClassVar[Sequence[Callable[[], object] | str]] = ()
    allow: ClassVar[Mapping[str, str] | None] = None
    only: ClassVar[str | Sequence[str] | None] = None
    timeout: ClassVar[float] = 900
    policy: ClassVar[GivenPolicies | None] = None
    context: ClassVar[Mapping[str, str | Sequence[str]] | None] = None
    kms_key_id: ClassVar[str | None] = None

    # What pytest's `-k` has chosen among the scenarios of a family, and what it has spared.
    _chosen: Sequence[str] | None = None
    _spared: Sequence[str] = ()
    _report: ContractReport | None = None
    _earlier: ClassVar = EarlierTests()

    def __init_subclass__(cls, **options: Any) -> None:
        """Let a class remember what its tests have found."""
        super().__init_subclass__(**options)
        cls._earlier = EarlierTests()

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

    def test_permissions(self) -> None:
        """The role may do what AWS documents, or what `policy` says, and each permission is missing once."""
        self._check("permissions")

    def test_meanwhile(self) -> None:
        """Somebody puts a value, cancels the rotation or tampers with the pending value meanwhile."""
        self._check("meanwhile")

    def test_inputs(self) -> None:
        """Unknown steps and tokens, and values that aren't as expected."""
        self._check("inputs")

    def test_modes(self) -> None:
        """RotateImmediately=False, stale reads, and execution environments that are new or used already."""
        self._check("modes")

    def test_passwords(self) -> None:
        """The worst passwords that GetRandomPassword may return."""
        self._check("passwords")

    def test_limits(self) -> None:
        """Time that is nearly over, and credentials that grow more and more."""
        self._check("limits")

    def test_consumers(self) -> None:
        """Consumers read the secret at each moment of a rotation."""
        if not self._attribute("consumers"):
            msg = "consumers is empty"
            raise unittest.SkipTest(msg)
        self._check("consumers")

    def test_overlaps(self) -> None:
        """Two deliveries of a step overlap, and take turns at each call."""
        self._check("overlaps")

    def test_allow(self) -> None:
        """Each name in `allow` is found by some family."""
        self._once("test_allow", self._check_allow)

    def _check(self, family: str) -> None:
        """Run the test of a family."""
        self._once(f"test_{family}", lambda: self._check_family(family))

    def _once(self, test: str, check: Callable[[], object]) -> None:
        """Run a test.

        Raises:
            unittest.SkipTest: if another test has failed with the same error, because an attribute is wrong.
        """
        try:
            check()
        except (ContractViolatedError, unittest.SkipTest):
            raise
        except Exception as error:
            first = None if is_of_scenario(error) else self._earlier.error(error, test)
            if first is None:
                raise
            msg = f"{first} fails with the same {type(error).__name__}. Mend that first"
            raise unittest.SkipTest(msg) from None

    def _check_family(self, family: str) -> None:
        """Run a family, or those of its scenarios that were chosen.

        Raises:
            ContractViolatedError: if there is a violation that isn't allowed.
            unittest.SkipTest: if `only` names another family, or if the undisturbed rotation doesn't work, so that
                nothing else can be tried, or if the policies have a condition that nobody can decide.
        """
        subject, only = self._subject(), self._attribute("only")
        names = names_in(only) or [family]
        wanted = [name for name in names if not _is_elsewhere(name, family)]
        if not wanted:
            msg = f"only = {only!r} isn't in this family"
            raise unittest.SkipTest(msg)
        chosen = self._chosen or wanted
        # Once is enough, and each contract has this test.
        for doubt in subject.doubts if family == "plain" else ():
            warnings.warn(doubt, FakeSecretsWarning, stacklevel=3)
        self._report = report = check_subject(subject, chosen, without=self._spared)
        if subject.allow and chosen == [family] and not self._spared:
            self._earlier.keep(self._arguments(), family, report)
        if DOUBLE_REFUSES in report.left_out:
            warnings.warn(DOUBLE_REFUSES, FakeSecretsWarning, stacklevel=3)
        if not report._is_clean():
            raise ContractViolatedError(report.summary(), report._failure())
        untried = report.obstacle is not None or (family == "permissions" and not report.scenarios)
        if untried and report.left_out and family != "plain":
            raise unittest.SkipTest(report.left_out[0])

    def _check_allow(self) -> None:
        """Look for each name that is allowed, in one family after the other. Those that have run aren't run again.

        Raises:
            ContractViolatedError: if a name matches nothing.
            unittest.SkipTest: if nothing is allowed, if the undisturbed rotation doesn't work, so that nothing
                else can be tried, or if there are violations, which may hide what is allowed.
        """
        subject = self._subject()
        if not subject.allow:
            msg = "allow is empty"
            raise unittest.SkipTest(msg)
        wanted, found = set(subject.allow), list[str]()
        for family in FAMILIES:
            report = self._earlier.report(self._arguments(), family) or check_subject(subject, [family])
            wanted -= {one.name for one in (*report.violations, *report.notes)}
            if not wanted:
                return
            if report.obstacle is not None:
                raise unittest.SkipTest(report.left_out[0])
            found += [one.name for one in report.violations if one.allowed is None]
        if found:
            unused = ", ".join(name for name in subject.allow if name in wanted)
            msg = f"no scenario shows {unused}, but {', '.join(dict.fromkeys(found))} may hide that. Mend it first"
            raise unittest.SkipTest(msg)
        useless = [
            f"allow names {name!r}, which no scenario shows. Remove it."
            for name in subject.allow
            if name in wanted
        ]
        raise ContractViolatedError(useless[0], "\n".join(useless))

    def _subject(self) -> Subject:
        for needed in ("handler", "secret"):
            if not hasattr(self, needed):
                msg = (
                    f"{type(self).__name__} has no attribute {needed!r}. A rotation contract needs handler, the "
                    "rotation function, and secret, the value of AWSCURRENT."
                )
                raise TypeError(msg)
        _check_spelling(type(self))
        if self._attribute("consumers") and not type(self).consumers:
            name = type(self).__name__
            msg = f"{name}: a fixture sets consumers. Set it in the class, so that pytest collects its test."
            raise TypeError(msg)
        return subject_of(**self._arguments())

    def _arguments(self) -> dict[str, Any]:
        return {name: self._attribute(name) for name in ("handler", *_NAMES)}

    def _attribute(self, name: str) -> Any:
        """Return an attribute that a fixture has set on this object, or that of the class.

        Functions of the class aren't bound to this object, so that they need no `staticmethod`.
        """
        own = vars(self)
        return own[name] if name in own else getattr(type(self), name)


def _check_spelling(contract: type[RotationContract]) -> None:
    """Check that no attribute of a contract is misspelt.

    Raises:
        TypeError: if an attribute is nearly one of the arguments.
    """
    kinds = (kind for kind in contract.__mro__ if issubclass(kind, RotationContract))
    # A private name may be that of a fixture, which sets an attribute.
    public = (name for kind in kinds for name in vars(kind) if not name.startswith("_"))
    given = (name for name in public if not hasattr(RotationContract, name))
    for name in given:
        meant = similar(name, ("handler", *_NAMES), 1, _SIMILAR)
        if meant and name not in {"handler", "secret"}:
            msg = f"{contract.__name__} has an attribute {name!r}. Did you mean {meant[0]!r}?"
            raise TypeError(msg)


def _is_elsewhere(only: str, family: str) -> bool:
    """Return whether a scenario or family is another than a family, or in another one."""
    wanted = family_of(only) or only
    return wanted in FAMILIES and wanted != family
