"""Recorded and documented behaviour of AWS, replayed through real clients."""

import pytest
from vectors import SCENARIOS, Player, operations_of

from fake_secrets.service.dispatch import OPERATIONS

SUPPORTED = [scenario for scenario in SCENARIOS if operations_of(scenario) <= OPERATIONS.keys()]


@pytest.mark.parametrize("scenario", SUPPORTED, ids=lambda scenario: scenario["name"])
def test_the_fake_behaves_like_aws(scenario, fake_secrets, freezer_at_noon):
    Player(fake_secrets, freezer_at_noon, scenario).play()
