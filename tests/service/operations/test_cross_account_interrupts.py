"""Wherever an interrupt comes, both accounts are as before the call or as after it, and agree."""

import pytest
from interrupts import Interrupt, points
from service_model import botocore_knows, needs_2026
from two_accounts import Pair, check_link

from fake_secrets import mock_stages

pytestmark = pytest.mark.skipif(not botocore_knows("CreateSecret", "CrossAccountPrimaryARN"), reason=needs_2026)


def let_go(pair):
    """Put a value while the replica is held back, and end that."""
    pair.fault.cancel()
    # What an interrupt has kept from being done is done now.
    pair.fault.cancel()


def hold_back(pair):
    pair.associate()
    pair.fault = pair.fake_secrets.faults.replication("InProgress")
    pair.put("two", ClientRequestToken="2" * 32)


CALLS = {
    "associate": (None, Pair.associate),
    "put": (Pair.associate, lambda pair: pair.put("two", ClientRequestToken="2" * 32)),
    "disassociate": (Pair.associate, Pair.disassociate),
    "stop": (Pair.associate, Pair.stop),
    "let go": (hold_back, let_go),
}


def picture_of(store):
    """Return what both sides hold and say of each other."""
    return [
        (
            secret.name,
            dict(secret.labels),
            {version.id: version.value for version in secret.versions.values()},
            secret.cross_account_replica and secret.cross_account_replica.status,
            secret.cross_account_primary and secret.cross_account_primary.status,
        )
        for secret in store
    ]


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_an_interrupted_call_has_happened_on_both_sides_or_on_neither(call):
    before, interrupted = CALLS[call]
    seen = set()

    def scene(interrupt):
        with mock_stages(random_seed=1) as fake_secrets:
            pair = Pair()
            pair.fake_secrets = fake_secrets
            if before is not None:
                before(pair)
            store = fake_secrets._world.store
            earlier = picture_of(store)
            with interrupt:
                interrupted(pair)
            for secret in store:
                check_link(secret)
            now = picture_of(store)
            if interrupt.place is None:
                seen.add(repr(now))
            else:
                assert repr(now) in {repr(earlier), *seen}

    for number in points(scene, 120):
        scene(Interrupt(number))
