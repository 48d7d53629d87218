"""The patterns of moto's "getting started" page, with fake_secrets: without late imports or fake credentials.

pytest and unittest run the project below unchanged, without an AWS account.
"""

import os
import re
import subprocess
import sys

import pytest

# The client is created on import, before any test. With moto, this module must be imported inside the mock.
MODULE_UNDER_TEST = """
import boto3

client = boto3.client("secretsmanager", region_name="us-east-1")

class Model:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def save(self):
        client.create_secret(Name=self.name, SecretString=self.value)

def load(name):
    return client.get_secret_value(SecretId=name)["SecretString"]

def names():
    return [secret["Name"] for secret in client.list_secrets()["SecretList"]]
"""
HEAD = """
import unittest
import boto3, pytest
from fake_secrets import mock_stages
from my_module import Model, client, load, names
"""
PATTERNS = {
    "decorator": """
@mock_stages
def test_my_model_save():
    Model("steve", "is awesome").save()
    conn = boto3.client("secretsmanager", region_name="us-east-1")
    assert conn.get_secret_value(SecretId="steve")["SecretString"] == "is awesome"
    assert load("steve") == "is awesome"

@mock_stages
def test_the_next_test_starts_empty():
    assert names() == []
""",
    "decorator_with_seed": """
@mock_stages({"steve": "is awesome"})
def test_load():
    assert load("steve") == "is awesome"
""",
    "context_manager": """
def test_my_model_save():
    with mock_stages():
        Model("steve", "is awesome").save()
        assert load("steve") == "is awesome"

def test_seeded():
    with mock_stages({"steve": "is awesome"}) as fake_secrets:
        assert load("steve") == "is awesome"
        assert fake_secrets["steve"].value() == "is awesome"
""",
    "raw": """
def test_my_model_save():
    mock = mock_stages()
    mock.start()
    Model("steve", "is awesome").save()
    assert load("steve") == "is awesome"
    mock.stop()
""",
    "unittest_decorator": """
@mock_stages
class TestModel(unittest.TestCase):
    def setUp(self):
        Model("steve", "is awesome").save()

    def test_load(self):
        self.assertEqual(load("steve"), "is awesome")

    def test_set_up_runs_again(self):
        Model("other", "x").save()
        self.assertEqual(sorted(names()), ["other", "steve"])

    def test_nothing_is_left(self):
        self.assertEqual(names(), ["steve"])
""",
    "unittest_set_up": """
class TestModel(unittest.TestCase):
    mock = mock_stages({"steve": "is awesome"})

    def setUp(self):
        self.mock.start()

    def tearDown(self):
        self.mock.stop()

    def test_load(self):
        self.assertEqual(load("steve"), "is awesome")
        Model("other", "x").save()

    def test_nothing_stays(self):
        self.assertEqual(names(), ["steve"])
""",
    "unittest_cleanup": """
class TestModel(unittest.TestCase):
    def setUp(self):
        mock = mock_stages({"steve": "is awesome"})
        mock.start()
        self.addCleanup(mock.stop)

    def test_load(self):
        self.assertEqual(load("steve"), "is awesome")

class TestByContext(unittest.TestCase):
    def setUp(self):
        self.fake_secrets = self.enterContext(mock_stages({"steve": "is awesome"}))

    def test_load(self):
        self.assertEqual(load("steve"), self.fake_secrets["steve"].value())
""",
    "unittest_method": """
class TestModel(unittest.TestCase):
    @mock_stages({"steve": "is awesome"})
    def test_load(self):
        self.assertEqual(load("steve"), "is awesome")
""",
    "class_decorator": """
@mock_stages({"steve": "is awesome"})
class TestModel:
    def setup_method(self):
        Model("other", "x").save()

    def test_load(self):
        assert load("steve") == "is awesome"

    def test_set_up_runs_again(self):
        assert sorted(names()) == ["other", "steve"]
""",
    # In moto's README, this pattern needs a fixture `aws_credentials`.
    "fixtures": """
@pytest.fixture
def secrets():
    with mock_stages():
        yield boto3.client("secretsmanager", region_name="us-east-1")

@pytest.fixture
def steve(secrets):
    secrets.create_secret(Name="steve", SecretString="is awesome")

def test_load(steve):
    assert load("steve") == "is awesome"

def test_nothing_stays(secrets):
    assert names() == []
""",
    "fixtures_of_a_conftest": """
def test_load(everywhere):
    assert load("steve") == "is awesome"
    everywhere.add("other", "x")

def test_the_world_lasts_for_the_whole_module(everywhere):
    assert sorted(names()) == ["other", "steve"]

def test_one_of_its_own(everywhere, fake_secrets):
    assert fake_secrets is everywhere

@mock_stages({"mine": "x"})
def test_shadowed(everywhere):
    assert names() == ["mine"]
""",
    "fixtures_of_ours": """
def test_load(fake_secrets):
    fake_secrets.add("steve", "is awesome")
    assert load("steve") == "is awesome"

def test_client(secretsmanager):
    secretsmanager.create_secret(Name="steve", SecretString="is awesome")
    assert load("steve") == "is awesome"
""",
    "credentials": """
import os

@mock_stages
def test_fake_credentials_are_set_without_a_fixture():
    assert boto3.Session().get_credentials().access_key == os.environ["AWS_ACCESS_KEY_ID"]
    assert "FAKE" in os.environ["AWS_ACCESS_KEY_ID"]
    boto3.client("sts")

def test_fake_credentials_are_removed_afterwards():
    assert "AWS_ACCESS_KEY_ID" not in os.environ
""",
}
CONFTEST = """
import pytest
from fake_secrets import mock_stages

@pytest.fixture(scope="module")
def everywhere():
    with mock_stages({"steve": "is awesome"}) as fake_secrets:
        yield fake_secrets
"""
FOR_UNITTEST = [name for name in PATTERNS if name.startswith("unittest")]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "my_module.py").write_text(MODULE_UNDER_TEST)
    (folder / "conftest.py").write_text(CONFTEST)
    for name, source in PATTERNS.items():
        (folder / f"test_{name}.py").write_text(HEAD + source)
    return folder


def run(project, *arguments):
    """Run Python without any AWS variable in the environment, not even a region."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_CONFIG_FILE": "absent", "AWS_SHARED_CREDENTIALS_FILE": "absent"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def outcomes_in_pytest(project):
    arguments = ("-p", "no:asyncio", "-p", "no:randomly", "-p", "no:cacheprovider", "-v", "--tb=short")
    ran = run(project, "pytest", *arguments)
    outcomes = {name: [] for name in PATTERNS}
    for name, outcome in re.findall(r"^test_(\w+)\.py::\S+ ([A-Z]+)", ran.stdout, re.MULTILINE):
        outcomes[name].append(outcome)
    return outcomes, ran.stdout


@pytest.mark.parametrize("name", PATTERNS)
def test_the_pattern_passes_in_pytest(outcomes_in_pytest, name):
    outcomes, shown = outcomes_in_pytest
    assert set(outcomes[name]) == {"PASSED"}, shown
    assert len(outcomes[name]) == PATTERNS[name].count("def test_")


@pytest.mark.slow
def test_the_unittest_patterns_pass_in_unittest(project):
    ran = run(project, "unittest", *[f"test_{name}" for name in FOR_UNITTEST])
    tests = sum(PATTERNS[name].count("def test_") for name in FOR_UNITTEST)
    assert f"\nRan {tests} tests in " in ran.stderr
    assert ran.stderr.endswith("\nOK\n"), ran.stderr
