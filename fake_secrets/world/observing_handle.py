"""The part of the handle that shows what has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from fake_secrets.observe.trail import Subscriber, Trail
from fake_secrets.observe.view import Secret, secret_id_of
from fake_secrets.world.serving_handle import ServingHandle

# These are imported at their first use, because many tests don't look at what happened.
if TYPE_CHECKING:
    from fake_secrets.observe.calls import Calls
    from fake_secrets.observe.leaks.of_world import Leaks
    from fake_secrets.observe.timeline import Timeline

__all__ = ["ObservingHandle"]

__tracebackhide__ = True  # the arguments in our frames may hold secret values

SubscriberT = TypeVar("SubscriberT", bound=Subscriber)


class ObservingHandle(ServingHandle):
    """The part of `FakeSecrets` that shows what has happened."""

    __slots__ = ()

    @property
    def calls(self) -> Calls:
        """The calls that the world answered, in order. Secret values in them read ``***``.

        The list can be filtered: ``fake_secrets.calls.about("prod/db").of("PutSecretValue")``. `print` shows it
        as a table. A world keeps the latest 100,000 calls and other changes of secrets; `dropped_calls` counts the
        older ones.
        """
        from fake_secrets.observe.calls import calls_of  # noqa: PLC0415 -- as said above

        return calls_of(self._world.ledger.entries(), self._world.account_id, self._world.region)

    @property
    def dropped_calls(self) -> int:
        """How many of the oldest calls and other changes of secrets the world no longer keeps.

        It is 0 until there are more than 100,000.
        """
        return self._world.ledger.dropped

    @property
    def trail(self) -> Trail:
        """The events of rotations, deletions and label moves, as CloudTrail and EventBridge show them."""
        return self._world.trail

    @property
    def leaks(self) -> Leaks:
        """The secret values that were logged, printed, raised or otherwise shown while somebody watched, in order.

        Each is a `Leak`, which doesn't show the value. ``with fake_secrets.leaks.watching() as found:`` watches a
        block, and the ini option ``fake_secrets_leaks`` every test; without either, there are none.
        """
        return self._world.leaks

    def on_event(self, subscriber: SubscriberT) -> SubscriberT:
        """Call a function with every event from now on, as EventBridge would.

        The function is called after the call that caused the event. Events of a rotation are delivered
        after the whole rotation. An exception of the function comes out of the call, unless the call
        itself raises. Subscribers stay when the world is `reset`.

        Args:
            subscriber: called with one argument, the event: a dict in EventBridge's shape.

        Returns:
            The subscriber, so that the method also works as a decorator.

        Raises:
            TypeError: if `subscriber` can't be called or is a coroutine function.
        """
        self._world.deliveries.subscribe(subscriber)
        return subscriber

    def timeline(self, secret_id: str | Secret) -> Timeline:
        """Return the staging labels of a secret's versions over time, after each call about the secret.

        Args:
            secret_id: the secret's name, ARN or partial ARN, or a `Secret`. A secret that is permanently
                deleted is found by its name, its full ARN or its `Secret`.

        Returns:
            The timeline. `print` shows it as a table.

        Raises:
            UnknownSecretError: if there is no such secret and the world keeps no call about one.
            TypeError: if `secret_id` isn't a str or a `Secret`.
        """
        from fake_secrets.observe.timeline import timeline_of  # noqa: PLC0415 -- as said above

        ledger, wanted = self._world.ledger, secret_id_of(secret_id)
        if self._world.contents.has(wanted):
            secret = self._world.contents.secret(wanted)
        else:
            secret = ledger.latest(wanted) or self._world.contents.secret(wanted)
        return timeline_of(secret, ledger)
