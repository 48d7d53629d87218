"""Notes about a secret that a client doesn't find: where it is, what has become of it, or what was meant."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from fake_secrets.arns import account_of, region_of
from fake_secrets.beside_moto import name_of_secret
from fake_secrets.world import stack

if TYPE_CHECKING:
    from fake_secrets.hook.answers import Target
    from fake_secrets.world.misses import Place

__all__ = ["why_missed"]

# The endpoints of AWS, in any partition and VPC.
_OF_AWS = re.compile(r"//secretsmanager[.-]|\.amazonaws\.")
_REGION = "AWS_DEFAULT_REGION"
# Has the URL at which a world is served.
_SERVED = "AWS_ENDPOINT_URL_SECRETS_MANAGER"

__tracebackhide__ = True  # the arguments in our frames may hold secret values


def why_missed(secret_id: object, call: Target) -> str | None:
    """Return what the author of the test can do about a secret that a call didn't find.

    It is None if the call has found the secret, or if nothing is known.

    Args:
        secret_id: SecretId as sent.
        call: the call.
    """
    if not isinstance(secret_id, str):
        return None
    contents = call.world.contents
    asked = (call.world.principals.caller(call.identity, call.partition).account_id, call.region)
    if region_of(secret_id) in {None, call.region} and contents.has(secret_id, asked):
        return None
    places = contents.places_of(secret_id)
    if places and (account_of(secret_id) or asked[0], asked[1]) not in places:
        return _other_place(secret_id, asked, places, call.world.region)
    return (
        _other_world(secret_id, call)
        or _in_moto(secret_id)
        or contents.why_missed(secret_id, asked)
        or _other_endpoint(call)
        or (None if contents.names() else _empty(secret_id))
    )


def _empty(secret_id: str) -> str:
    if secret_id.startswith("arn:"):
        return "this world holds no secrets"
    return (
        f"this world holds no secrets. Seed it with mock_stages({{{secret_id!r}: ...}}) or "
        f"fake_secrets.add({secret_id!r}, ...)"
    )


def _other_place(secret_id: str, asked: Place, places: list[Place], worlds_region: str) -> str:
    listed = " and ".join(
        region if account_id == asked[0] else f"{region} of account {account_id} (use its ARN)"
        for account_id, region in sorted(places)
    )
    regions = sorted({region for _, region in places})
    note = f"{secret_id!r} is in {listed}; this client calls {asked[1]}"
    if asked[1] in regions:
        return note
    other_client = f"make the client with region_name={regions[0]!r}"
    if worlds_region not in regions:
        return f"{note}. To find it, {other_client}"
    changed = ""
    if os.environ.get(_REGION) == asked[1]:
        changed = f", and {_REGION} was changed to {asked[1]!r} after it was opened"
    return (
        f"{note}. The world's region is {worlds_region}{changed}: open it with mock_stages(region={asked[1]!r}), "
        f"give all tests that region by pytest's option fake_secrets_region, or {other_client}"
    )


def _other_world(secret_id: str, call: Target) -> str | None:
    """Return what is known if another active world has the secret."""
    others = {entry.opened.world for entry in stack.active()} - {call.world}
    if not any(other.contents.may_have(secret_id) for other in others):
        return None
    return (
        f"{secret_id!r} is in another active world. A world that is opened with arguments hides the outer one: "
        "seed the secret in the inner world too, or open it without arguments to join the outer one"
    )


def _other_endpoint(call: Target) -> str | None:
    """Return what is known if the client has an endpoint that isn't AWS's."""
    url = getattr(getattr(getattr(call, "client", None), "meta", None), "endpoint_url", None)
    if not isinstance(url, str) or _OF_AWS.search(url) or url == os.environ.get(_SERVED):
        return None
    return (
        f"this client's endpoint_url is {url!r}, but the world answers its calls as long as it is active. To call "
        "that server, call it while no world is active"
    )


def _in_moto(secret_id: str) -> str | None:
    """Return what is known if moto's Secrets Manager has the secret."""
    name = name_of_secret(secret_id)
    if name is None:
        return None
    return (
        f"moto has a secret {name!r}: it was created before this world was opened, or by another service of moto. "
        f"fake_secrets doesn't read moto's secrets. Create it while the world is open, or seed it with "
        f"mock_stages({{{name!r}: ...}})"
    )
