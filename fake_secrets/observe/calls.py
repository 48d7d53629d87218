"""What a test sees of the calls that a world answered: `Call`, and `Calls`, a list that can be filtered."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, SupportsIndex, overload

from fake_secrets import clock
from fake_secrets.iam.principals import principal_of
from fake_secrets.observe.call_table import Row, table_of
from fake_secrets.observe.entry import Entry, rotation_step
from fake_secrets.observe.helpers import helper_of
from fake_secrets.observe.ledger import SUCCEEDED
from fake_secrets.observe.naming import Named, named_by, secrets_of
from fake_secrets.observe.view import Secret, secret_id_of
from fake_secrets.service.dispatch import OPERATIONS
from fake_secrets.service.rules.constraints import redact
from fake_secrets.service.rules.steps import STEPS
from fake_secrets.service.state.request_model import Request
from fake_secrets.suggestions import check_choice

__all__ = ["Call", "Calls", "call_of", "calls_of"]

__tracebackhide__ = True  # a traceback ends at the caller's mistake

_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a world answered.

    If a client repeats a call, as botocore does after some errors, each attempt that was answered is a call here.

    Args:
        operation: the API operation, such as ``GetSecretValue``.
        secret_id: the SecretId as sent, or the Name of CreateSecret; None if the request has neither.
        outcome: ``succeeded``, or AWS's error code, such as ``ResourceNotFoundException``. A call that
            the fake doesn't support has ``UnsupportedOperationError``.
        request: the members of the request as sent. Sensitive values read ``***``.
        step: the rotation step that made the call, such as ``createSecret``; None for any other call.
        time: when the call was answered, tz-aware UTC.
        attempt: which attempt of the client's call this is: 1, 2 and so on. An attempt that got no answer
            counts too, but isn't among the calls.
        principal: the ARN of the caller.
        account_id: the caller's account, twelve digits.
        region: the region that was called.
        rotation: the version id of the rotation whose step made the call; None for any other call.
        fault: the fault that a test had planned and that met the call; None if there was none.
        via: the local helper that made the call for the code under test: ``agent`` or ``extension``; None if the
            code made it itself.
    """

    operation: str
    secret_id: str | None
    outcome: str
    request: Mapping[str, Any]
    step: str | None
    time: datetime.datetime
    attempt: int
    principal: str
    account_id: str
    region: str
    rotation: str | None
    fault: str | None
    via: str | None = None
    _secrets: tuple[Named, ...] = field(default=(), repr=False, compare=False)


class Calls(list[Call]):
    """The calls that a world answered, in order: `fake_secrets.calls`.

    This is a list of `Call`, with methods that filter it. Each returns another such list, so filters can
    follow each other, and so does a slice. `print` shows a table.

    Args:
        calls: the calls.
        account_id: the account of secrets that a filter only names.
        region: their region.
    """

    __slots__ = ("_account_id", "_region")

    def __init__(self, calls: Iterable[Call], account_id: str, region: str) -> None:
        super().__init__(calls)
        self._account_id = account_id
        self._region = region

    def of(self, *operations: str) -> Calls:
        """Return the calls of an operation, or of one of several.

        Args:
            operations: the API operations, such as ``PutSecretValue``.

        Raises:
            ValueError: if there is no such operation.
            TypeError: if there is none at all.
        """
        if not operations:
            msg = 'calls.of takes at least one operation, such as calls.of("PutSecretValue")'
            raise TypeError(msg)
        known = dict.fromkeys([*OPERATIONS, *(call.operation for call in self)])
        for operation in operations:
            check_choice("operation", operation, known.keys())
        return self._where(lambda call: call.operation in operations)

    def about(self, secret_id: str | Secret) -> Calls:
        """Return the calls about a secret, however they named it, including those that didn't find it.

        Calls of BatchGetSecretValue are about all secrets that they read or ask for by their ids. Calls of
        ListSecrets are about none.

        Args:
            secret_id: the secret's name, ARN or partial ARN, or a `Secret`. A name, or a partial ARN, stands
                for all secrets that ever had it: with the ARN you tell a secret from a deleted one of the
                same name.

        Raises:
            TypeError: if `secret_id` isn't a str or a `Secret`.
        """
        wanted_id = secret_id_of(secret_id)
        if not isinstance(wanted_id, str):
            msg = f"a secret ID is a str (a name or an ARN) or a Secret, not {type(wanted_id).__name__}"
            raise TypeError(msg)
        wanted = named_by(wanted_id, self._account_id, self._region)
        return self._where(lambda call: any(wanted.may_be(secret) for secret in call._secrets))

    def in_step(self, step: str) -> Calls:
        """Return the calls that a rotation function made in a step.

        Args:
            step: the rotation step, such as ``createSecret``.

        Raises:
            ValueError: if there is no such step.
        """
        known = dict.fromkeys([*STEPS, *(call.step for call in self if call.step is not None)])
        check_choice("step", step, known.keys())
        return self._where(lambda call: call.step == step)

    def by(self, principal: str) -> Calls:
        """Return the calls of a caller.

        Args:
            principal: the ARN of a principal, or an account id, which stands for all principals of that account.

        Raises:
            ValueError: if `principal` is neither.
        """
        if isinstance(principal, str) and _ACCOUNT_ID.fullmatch(principal):
            return self._where(lambda call: call.account_id == principal)
        wanted = principal_of(principal).arn
        return self._where(lambda call: call.principal == wanted)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> Calls: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Call | Calls:
        """Return a call, or the calls of a slice."""
        if isinstance(index, slice):
            return Calls(super().__getitem__(index), self._account_id, self._region)
        return super().__getitem__(index)

    def __str__(self) -> str:
        return self._table()

    def _table(self, first: int = 0) -> str:
        """Return the calls as a table in which the first has some number."""
        return table_of(self._rows(), first)

    def _rows(self) -> list[Row]:
        are_several = len({call.principal for call in self}) > 1
        return [self._row(call, are_several=are_several) for call in self]

    def _row(self, call: Call, *, are_several: bool) -> Row:
        again = f", attempt {call.attempt}" if call.attempt > 1 else ""
        notes = [] if call.outcome == SUCCEEDED else [f"-> {call.outcome}"]
        if call.fault is not None:
            notes.append(f"planned: {call.fault}")
        if call.via is not None:
            notes.append(f"via the {call.via}")
        if are_several:
            notes.append(f"by {call.principal}")
        where = self._shown(call._secrets) or f"in {call.region}" * (call.region != self._region)
        return Row(call.time, call.step or "", f"{call.operation}{again}", where, notes)

    def _shown(self, secrets: Sequence[Named]) -> str:
        if len(secrets) > 1:
            return f"{len(secrets)} secrets"
        return "".join(
            secret.name + f" in {secret.region}" * (secret.region != self._region) for secret in secrets
        )

    def _where(self, holds: Callable[[Call], bool]) -> Calls:
        return Calls(filter(holds, self), self._account_id, self._region)


def calls_of(entries: Iterable[Entry], account_id: str, region: str) -> Calls:
    """Return the calls among the ledger's entries, in order.

    Args:
        entries: the entries.
        account_id: the world's account.
        region: the world's region.
    """
    return Calls((_call(entry) for entry in entries if entry.is_call), account_id, region)


def call_of(request: Request) -> Call:
    """Return an attempt that hasn't been answered yet, as a `Call` with an empty outcome."""
    if request.shape is not None:
        request = replace(request, members=redact(request.shape, request.members))
    running = rotation_step.get()
    step = rotation = None
    if running is not None and not running.is_over:
        step, rotation = running.name, running.rotation
    return _call(Entry(request, "", step, rotation, None, {}, 0, 0))


def _call(entry: Entry) -> Call:
    request = entry.request
    members = request.members
    return Call(
        operation=request.operation,
        secret_id=members.get("SecretId", members.get("Name")),
        outcome=entry.outcome,
        request=copy.deepcopy(members),
        step=entry.step,
        time=clock.utc(request.now),
        attempt=request.attempt,
        principal=request.principal,
        account_id=request.account_id,
        region=request.region,
        rotation=entry.rotation,
        fault=request.fault,
        via=helper_of(request.user_agent),
        _secrets=secrets_of(entry),
    )
