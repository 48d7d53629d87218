"""Rotation functions that belong to a secret from the start, without a call of RotateSecret that names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fake_secrets import clock

if TYPE_CHECKING:
    from fake_secrets.world.world import World

__all__ = ["attach"]


def attach(world: World, functions: Mapping[str, str]) -> None:
    """Give secrets their rotation functions, now or as soon as they are created, and after a reset, too.

    As after CancelRotateSecret, rotation is off until RotateSecret is called. A secret that has a function, and a
    replica, stay as they are.

    Args:
        world: the world.
        functions: from the names of secrets, in the world's account and region, to the ARNs of functions.
    """
    with world._lock:
        # Before the seed is planted.
        world.attached |= {(world.account_id, world.region, name): arn for name, arn in functions.items()}
        store, now = world.contents.ready_store(), clock.now()
        for name in functions:
            secret = store.named(world.account_id, world.region, name)
            if secret is None or secret.primary is not None or secret.rotation is not None:
                continue
            store.begin_write(now, secret)
            store.attach(secret)
            store.follow_up(secret, now)
        world.keep()
