"""A fake AWS Secrets Manager for tests, with real staging labels and real rotation.

PYTEST_DONT_REWRITE: a filter for `RotationWarning` in `pytest.ini` imports this package before pytest could.
"""

from __future__ import annotations

# Not from `typing`, which takes longer to import than the rest of this module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from fake_secrets import policies
    from fake_secrets.contract.checking import check_rotation
    from fake_secrets.contract.report import ContractReport
    from fake_secrets.contract.rotation_contract import RotationContract
    from fake_secrets.contract.violation import Violation
    from fake_secrets.errors import (
        ContractViolatedError,
        FakeSecretsError,
        FakeSecretsWarning,
        FaultError,
        FunctionClashError,
        FunctionCrash,
        NoActiveWorldError,
        OutsideWorldError,
        PolicyError,
        PortTakenError,
        RequestRefusedError,
        RotationFailedError,
        RotationNotOpenError,
        RotationWarning,
        SecretExistsError,
        SeedError,
        UnknownSecretError,
        UnsupportedOperationError,
        UnusedFaultError,
    )
    from fake_secrets.faults.planned import Fault
    from fake_secrets.mock import current, mock_stages
    from fake_secrets.observe.calls import Call
    from fake_secrets.observe.leaks.found import Leak
    from fake_secrets.observe.timeline import Timeline
    from fake_secrets.observe.trail import Event
    from fake_secrets.observe.view import Secret, Version
    from fake_secrets.rotation.rotation import Rotation
    from fake_secrets.world.handle import FakeSecrets

__all__ = [
    "Call",
    "ContractReport",
    "ContractViolatedError",
    "Event",
    "FakeSecrets",
    "FakeSecretsError",
    "FakeSecretsWarning",
    "Fault",
    "FaultError",
    "FunctionClashError",
    "FunctionCrash",
    "Leak",
    "NoActiveWorldError",
    "OutsideWorldError",
    "PolicyError",
    "PortTakenError",
    "RequestRefusedError",
    "Rotation",
    "RotationContract",
    "RotationFailedError",
    "RotationNotOpenError",
    "RotationWarning",
    "Secret",
    "SecretExistsError",
    "SeedError",
    "Timeline",
    "UnknownSecretError",
    "UnsupportedOperationError",
    "UnusedFaultError",
    "Version",
    "Violation",
    "__version__",
    "check_rotation",
    "current",
    "mock_stages",
    "policies",
]

__version__ = "0.2.0"

# The module that defines each name. The exceptions are in `errors`.
_HOMES = {
    "Call": "observe.calls",
    "ContractReport": "contract.report",
    "Event": "observe.trail",
    "FakeSecrets": "world.handle",
    "Fault": "faults.planned",
    "Leak": "observe.leaks.found",
    "Rotation": "rotation.rotation",
    "RotationContract": "contract.rotation_contract",
    "Secret": "observe.view",
    "Timeline": "observe.timeline",
    "Version": "observe.view",
    "Violation": "contract.violation",
    "check_rotation": "contract.checking",
    "current": "mock",
    "mock_stages": "mock",
}
# The public names that are modules.
_MODULES = {"policies"}


# To type checkers, a function here would make every name a valid one.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used, because botocore is slow to import."""
        import importlib  # noqa: PLC0415 -- takes as long to import as the rest of this module

        if name not in __all__:
            msg = (
                f"module {__name__!r} has no attribute {name!r}. Secrets and rotations are on the handle: use the "
                "fixture `fake_secrets`, or fake_secrets.current()."
            )
            raise AttributeError(msg)
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
