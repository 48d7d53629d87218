"""The recorded and documented behaviour of AWS, played through real clients."""

import pytest
from vectors import SCENARIOS, Player, operations_of

from fake_secrets.service.dispatch import OPERATIONS

SUPPORTED = [scenario for scenario in SCENARIOS if operations_of(scenario) <= OPERATIONS.keys()]


@pytest.mark.parametrize("scenario", SUPPORTED, ids=lambda scenario: scenario["name"])
def test_aws_does_so(scenario, fake_secrets, freezer_at_noon):
    Player(fake_secrets, freezer_at_noon, scenario).play()
