"""Recorded and documented behaviour of AWS, replayed through real clients."""

import pytest
from service_model import needs_2026
from vectors import SCENARIOS, SCENARIOS_2026, Player, is_playable, operations_of

from fake_secrets import mock_stages
from fake_secrets.service.dispatch import OPERATIONS


def test_every_operation_of_a_scenario_is_faked():
    scenarios = [*SCENARIOS, *SCENARIOS_2026]
    assert set().union(*map(operations_of, scenarios)) <= OPERATIONS.keys()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_the_fake_behaves_like_aws(scenario, fake_secrets, freezer_at_noon):
    Player(fake_secrets, freezer_at_noon, scenario).play()


@pytest.mark.parametrize("lane", ["fast", "wire"])
@pytest.mark.parametrize("scenario", SCENARIOS_2026, ids=lambda scenario: scenario["name"])
def test_the_fake_behaves_as_the_api_of_2026_is_documented(scenario, lane, freezer_at_noon):
    if not is_playable(scenario):
        pytest.skip(needs_2026)
    with mock_stages(_lane=lane) as fake_secrets:
        Player(fake_secrets, freezer_at_noon, scenario).play()
