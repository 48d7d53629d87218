"""The pytest plugin: the fixtures, the marker and the guard.

Begin with `items`, which finds the tests that are marked or decorated and gives them the fixture. `fixtures`
defines the fixtures. `leaving` leaves the worlds that a test or a set-up has forgotten, and `left_open` says so.
`guarding` turns refusals of the guard into failures. `remarking` tells what worlds have to say about a test,
`unused` of planned faults that never happened, and `leaking` of secret values that a test shows. `outside`
explains failures of calls that were made outside of every world, and `regions` gives a region to clients that
are made there. `returning` warns of fixtures whose world is over too early. `reporting` shows what a test did in
its worlds when it fails. `contract_tests` chooses the scenarios of rotation contracts and shows their reports,
and `contract_pages` writes them as pages. `least_policies` writes the least policies for the calls of a run.
`choosing` and `folders` read options. No other room imports pytest.
"""

from __future__ import annotations

import pytest

from fake_secrets.faults.unused import STATES as UNUSED_STATES
from fake_secrets.plugin.choosing import choice
from fake_secrets.plugin.contract_pages import add_options as contract_pages_options
from fake_secrets.plugin.contract_pages import contract_pages
from fake_secrets.plugin.contract_tests import Contracts
from fake_secrets.plugin.fixtures import _fake_secrets_clients, fake_secrets, fake_secrets_server, secretsmanager
from fake_secrets.plugin.guarding import GUARD, Guarding
from fake_secrets.plugin.items import MARKER, pytest_collection_modifyitems
from fake_secrets.plugin.leaking import LEAKS, STATES, Leaking
from fake_secrets.plugin.least_policies import add_options as least_policies_options
from fake_secrets.plugin.least_policies import least_policies
from fake_secrets.plugin.leaving import Leaving
from fake_secrets.plugin.outside import Explaining
from fake_secrets.plugin.regions import REGION, set_default_region
from fake_secrets.plugin.remarking import Remarking
from fake_secrets.plugin.reporting import add_options, reporting
from fake_secrets.plugin.returning import Returning
from fake_secrets.plugin.unused import UNUSED_FAULTS, UnusedFaults

# pytest finds hooks and fixtures by their names here.
__all__ = [
    "MARKER",
    "_fake_secrets_clients",
    "fake_secrets",
    "fake_secrets_server",
    "pytest_collection_modifyitems",
    "secretsmanager",
]

_GUARD_STATES = ("off", "error")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addini(
        GUARD,
        "how to handle a Secrets Manager call that is made while no fake_secrets world is active: "
        "'off' lets it go to AWS, 'error' raises an exception and fails the test",
        default="off",
    )
    parser.addini(
        UNUSED_FAULTS,
        "how to handle a fault that a test has planned with fake_secrets.faults and that never happened: "
        "'error' fails the test, 'warn' gives a warning, 'ignore' says nothing",
        default="error",
    )
    parser.addini(
        REGION,
        "the AWS_DEFAULT_REGION of the run, if neither the environment nor the active profile gives a region: "
        "the region of clients that modules make on import",
        default="",
    )
    add_options(parser)
    contract_pages_options(parser)
    least_policies_options(parser)
    what_to_do = (
        "what to do about a test that logs, prints, raises or otherwise leaks a secret value: 'off' doesn't look "
        "for leaks, 'warn' gives a warning, 'error' fails the test"
    )
    parser.addini(LEAKS, what_to_do, default="off")
    parser.getgroup("fake_secrets").addoption(
        "--fake-secrets-leaks",
        dest=LEAKS,
        metavar="{" + ",".join(STATES) + "}",
        help=f"{what_to_do} (ini option {LEAKS})",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Give a region to the clients that are made on import, also by a conftest.py."""
    set_default_region(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and turn on the guard if the ini option asks for it."""
    state = choice(config, GUARD, _GUARD_STATES)
    config.pluginmanager.register(Leaving(), "fake_secrets_leaving")
    config.pluginmanager.register(Remarking(), "fake_secrets_remarking")
    config.pluginmanager.register(Explaining(), "fake_secrets_explaining")
    config.pluginmanager.register(Returning(), "fake_secrets_returning")
    config.pluginmanager.register(
        UnusedFaults(choice(config, UNUSED_FAULTS, UNUSED_STATES)), "fake_secrets_unused_faults"
    )
    config.pluginmanager.register(Contracts(), "fake_secrets_contracts")
    pages = contract_pages(config)
    if pages is not None:
        config.pluginmanager.register(pages, "fake_secrets_contract_pages")
    policies = least_policies(config)
    if policies is not None:
        config.pluginmanager.register(policies, "fake_secrets_least_policies")
    reports = reporting(config)
    if reports is not None:
        config.pluginmanager.register(reports, "fake_secrets_reporting")
    if state == "error":
        config.pluginmanager.register(Guarding(), "fake_secrets_guard")
    leaks = choice(config, LEAKS, STATES)
    if leaks != "off":
        config.pluginmanager.register(Leaking(is_error=leaks == "error"), "fake_secrets_leaking")
    config.addinivalue_line(
        "markers",
        "fake_secrets(secrets=None, *, region=None, account_id='123456789012', rotation='inline', "
        "rotation_errors='raise', identity_policy=None, random_seed=None): run the test in a fake_secrets world "
        "with these arguments of fake_secrets.mock_stages. If several markers apply, each argument comes from the "
        "closest marker that gives it.",
    )
