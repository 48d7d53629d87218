"""`fake_secrets.permissions`: what principals may do."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fake_secrets.arns import partition_of
from fake_secrets.errors import FakeSecretsWarning, FunctionClashError
from fake_secrets.iam.grants import Grant
from fake_secrets.iam.loading import boundary_of, load_policies, load_policy
from fake_secrets.iam.principals import principal_of, user_arn
from fake_secrets.observe.live import LiveView
from fake_secrets.observe.remarks import Line, users_line
from fake_secrets.observe.reminders import Reminding

if TYPE_CHECKING:
    from fake_secrets.iam.denials import Denial
    from fake_secrets.iam.loading import GivenPolicies, GivenPolicy
    from fake_secrets.observe.unused_permissions import UnusedPermission
    from fake_secrets.world.world import World

__all__ = ["Permissions", "give_default_caller", "give_for_good", "give_role", "grant_of"]

_HOW_TO_CALL = (
    "A client calls as a principal with fake_secrets.credentials(arn) or inside fake_secrets.as_principal(arn). A "
    "rotation function calls as the root of its account, unless it has a role: "
    "fake_secrets.lambda_function(handler, role=..., policy=...)."
)

__tracebackhide__ = True  # a traceback ends at the caller's mistake


class Permissions(LiveView):
    """What the principals of a world may do. Call it to say so: ``with fake_secrets.permissions(policy):``."""

    __slots__ = ("_world",)
    _INSTEAD = "what you need of it"

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def denials(self) -> list[Denial]:
        """The checks that policies have denied, in order: the latest 1,000 since the world began or was reset.

        Each has an `action`, a `resource`, a `principal`, AWS's `message`, and an `explanation`. They show what a
        function has caught, and the denied secrets of a batch.
        """
        return list(self._world.rulings.denials)

    def __call__(
        self,
        policy: GivenPolicies | None,
        *,
        principal: str | None = None,
        boundary: GivenPolicy | None = None,
        session_policy: GivenPolicies | None = None,
        tags: Mapping[str, str] | None = None,
        context: Mapping[str, str | Sequence[str]] | None = None,
    ) -> contextlib.AbstractContextManager[None]:
        """Say what a principal may do inside a `with` block.

        Each argument replaces what was said before; what isn't given stays. Every principal that nothing is said
        of may do everything that no resource policy denies.

        If others make calls inside the block, but not this principal, a `FakeSecretsWarning` points at this line.

        Args:
            policy: the principal's identity policies: a dict, JSON text, the path of a JSON file, what was read
                out of a template, or a list of these. An empty list is a principal without any policy. None leaves
                them as they are; if nothing was said of them yet, they allow everything.
            principal: the ARN of an IAM user, an IAM role or an STS session. What is said of a role holds for its
                sessions. By default, the caller of every client without credentials of its own. That caller is
                then the user ``fake-secrets`` of the world's account, and no longer its root, whom no policy
                binds.
            boundary: the principal's permissions boundary.
            session_policy: the session policies of a role's session.
            tags: the principal's tags, for conditions on ``aws:PrincipalTag/...``.
            context: condition keys whose values fake_secrets can't know, such as
                ``{"aws:SourceIp": "203.0.113.7"}``. They win over what it knows.

        Returns:
            The context manager. If it is dropped without being entered, a `FakeSecretsWarning` tells so.

        Raises:
            PolicyError: if a policy can't be read, or if IAM would refuse it.
            ValueError: if `principal` isn't the ARN of a principal, if it is a user and `session_policy` is given,
                if a policy is given to an account's root, whom none binds, or if there are two boundaries.
            TypeError: if an argument has a wrong type.
        """
        arn = _default_caller(self._world) if principal is None else principal_of(principal).arn
        is_bound = policy is not None or boundary is not None or session_policy is not None
        if arn.endswith(":root") and is_bound:
            msg = (
                f"{arn} is the root user of an account, whom no identity policy binds. Name a user or a role, or "
                "leave principal= out for the caller of the test's own clients."
            )
            raise ValueError(msg)
        if session_policy is not None and ":user/" in arn:
            msg = f"{arn} is a user, but only sessions have session policies. Name a role or a session."
            raise ValueError(msg)
        grant = grant_of(policy, boundary=boundary, session_policy=session_policy, tags=tags, context=context)
        return Reminding(
            _block(self._world, arn, grant, users_line()),
            "permissions was never entered, so it changed nothing. Use it in a `with` statement: "
            "`with fake_secrets.permissions(policy):`",
        )

    def least_policy(
        self,
        region: str | None = None,
        account: str | None = None,
        *,
        principal: str | None = None,
        function: str | None = None,
    ) -> dict[str, Any]:
        """Return the least identity policy that allows the calls that one caller has made so far.

        Each caller has a policy of its own. The calls that a rotation function makes in its steps are those of the
        function, and not of its principal. Calls that failed count too, unless they were malformed; requests of
        the handle's own, such as `rotate`, don't.

        A secret's ARN ends in ``-??????``, as its suffix is another one in production, unless the test has chosen
        the suffix (`add(..., arn_suffix=...)`). A condition narrows a statement if each of its calls has sent the
        member that it is about.

        Args:
            region: the region in which the policy is used, instead of the world's.
            account: the account in which it is used, twelve digits, instead of the world's.
            principal: the caller's ARN. A role's ARN stands for all its sessions.
            function: the name or the ARN of a rotation function. By default, the only caller that is no rotation
                function, or if there is none, the only rotation function.

        Returns:
            The policy document. If no call was made, it has no statement; IAM refuses such a policy.

        Raises:
            ValueError: if there are several callers and none is named, if that caller has made no call, or if
                `region` or `account` isn't one.
            TypeError: if `principal` or `function` isn't a str.
        """
        from fake_secrets.observe.least_privilege import least_policy_of  # noqa: PLC0415 -- few tests ask for it

        recording = self._world.recording()
        return least_policy_of(recording, region=region, account=account, principal=principal, function=function)

    def unused(
        self, policy: GivenPolicies, *, principal: str | None = None, function: str | None = None
    ) -> list[UnusedPermission]:
        """Return what a policy allows and no call so far needed.

        Only actions of Secrets Manager, KMS and Lambda are looked at, since nothing is known of other calls. Tags
        and context of callers are those that hold now, so call this inside of the block that gives them.

        Args:
            policy: the policy, or several, in any form that `permissions` takes.
            principal: the ARN of the caller whose calls count; by default all calls do.
            function: the name or the ARN of the rotation function whose calls count.

        Returns:
            An item for each statement that allows too much or can't be judged, with `statement`, the `actions` and
            the `resources` that no call needed, the `pairs` of them that calls needed, but not together, `wider`,
            the patterns that allow more than was needed, and `unjudged`, the condition keys without a known value.
            `print` shows it as a sentence.

        Raises:
            PolicyError: if the policy can't be read, or if IAM would refuse it.
            ValueError: if that caller has made no call, or if two callers are given.
            TypeError: if `policy` is no policy, or if `principal` or `function` isn't a str.
        """
        from fake_secrets.observe.unused_permissions import unused_in  # noqa: PLC0415 -- few tests ask for it

        return unused_in(load_policies(policy, "policy"), self._world.recording(), principal, function)


@contextlib.contextmanager
def _block(world: World, principal: str, given: Grant, line: Line) -> Iterator[None]:
    """Give a principal something inside a `with` block, and tell if only others made calls there."""
    grants = world.grants
    with grants.granting(principal, given):
        earlier = grants.consultations, grants.times_consulted(principal)
        yield
        if grants.consultations > earlier[0] and grants.times_consulted(principal) == earlier[1]:
            text = (
                f"permissions had no effect: {principal} made no call inside the block, but {grants.latest} did. "
                f"{_HOW_TO_CALL}"
            )
            world.remarks.add(FakeSecretsWarning, text, line)


def _look_at_default_caller(world: World, line: Line) -> None:
    """Tell if the argument `identity_policy` of `mock_stages` decided about no call, although there were calls."""
    grants = world.grants
    if grants.consultations and not grants.times_consulted(_default_caller(world)):
        text = (
            f"identity_policy had no effect: {_default_caller(world)} made no call, but {grants.latest} did. "
            f"{_HOW_TO_CALL}"
        )
        world.remarks.add(FakeSecretsWarning, text, line)


def give_default_caller(world: World, policy: GivenPolicies, line: Line) -> None:
    """Say what the default caller of a world may do, as long as the world is active.

    Args:
        world: the world.
        policy: the argument `identity_policy` of `mock_stages`.
        line: the line of the user's code that gives it.

    Raises:
        PolicyError: if a policy can't be read, or if IAM would refuse it.
        TypeError: if `policy` is no policy.
    """
    world.grants.give(_default_caller(world), grant_of(policy, name="identity_policy"))
    world.looks_at_the_end.append(functools.partial(_look_at_default_caller, world, line))


def give_for_good(world: World, policies: GivenPolicies, principal: str | None = None) -> None:
    """Say what a principal may do, as long as the world is active.

    Args:
        world: the world.
        policies: the identity policies.
        principal: the principal's ARN; None for the default caller.

    Raises:
        PolicyError: if a policy can't be read, or if IAM would refuse it.
        TypeError: if `policies` are none.
    """
    world.grants.give(principal or _default_caller(world), grant_of(policies))


def give_role(world: World, role: str, grant: Grant, *, is_shared: bool) -> None:
    """Say what the role of a function may do.

    Args:
        world: the world.
        role: the ARN of the role.
        grant: what it is given.
        is_shared: whether the test names the role, so that other functions may have it too.

    Raises:
        FunctionClashError: if another function has given the same role something else.
    """
    earlier = world.grants.given_for_good(role)
    if is_shared and earlier is not None and earlier != grant:
        msg = (
            f"another function has the role {role} with other policies. A role has the same policies for all of "
            "its functions: give them once, and leave policy= out elsewhere."
        )
        raise FunctionClashError(msg)
    world.grants.give(role, grant)


def grant_of(
    policy: GivenPolicies | None,
    *,
    name: str = "policy",
    boundary: GivenPolicy | None = None,
    session_policy: GivenPolicies | None = None,
    tags: Mapping[str, str] | None = None,
    context: Mapping[str, str | Sequence[str]] | None = None,
) -> Grant:
    """Return what a principal is given; see `Permissions.__call__`. `name` is the argument of the policies."""
    own_boundary = None if policy is None else boundary_of(policy)
    if own_boundary is not None and boundary is not None:
        msg = (
            f"boundary= is given, but {name} has a permissions boundary of its own, {own_boundary.name}. A "
            "principal has one boundary: leave boundary= out, or give the role's documents= alone."
        )
        raise ValueError(msg)
    return Grant(
        None if policy is None else load_policies(policy, name),
        own_boundary if boundary is None else load_policy(boundary, "boundary"),
        None if session_policy is None else load_policies(session_policy, "session_policy"),
        _texts(tags, "tags"),
        _values(context),
    )


def _default_caller(world: World) -> str:
    return user_arn(world.account_id, partition_of(world.region))


def _texts(given: object, argument: str) -> dict[str, str] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not all(isinstance(text, str) for pair in given.items() for text in pair):
        msg = f"{argument}= takes a mapping from str to str, such as {{'team': 'billing'}}"
        raise TypeError(msg)
    return dict(given)


def _values(given: object) -> dict[str, str | list[str]] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        msg = "context= takes a mapping from condition key to str or list of str"
        raise TypeError(msg)
    values: dict[str, str | list[str]] = {}
    for key, value in given.items():
        if not isinstance(key, str) or not (isinstance(value, str) or _is_list_of_texts(value)):
            msg = f"context={{{key!r}: ...}} isn't a condition key with a str or a list of str"
            raise TypeError(msg)
        values[key.lower()] = value if isinstance(value, str) else list(value)
    return values


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
