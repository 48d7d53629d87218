"""moto's own Secrets Manager beside us: notes on secrets that it has, and the guard, which lets it answer."""

import textwrap

import boto3
import pytest

pytest.importorskip("moto")

import moto

from fake_secrets import mock_stages

REGION = "us-east-1"
NOTE = (
    "fake_secrets: moto has a secret {0!r}: it was created before this world was opened, or by another service of "
    "moto. fake_secrets doesn't read moto's secrets. Create it while the world is open, or seed it with "
    "mock_stages({{{0!r}: ...}})"
)


@pytest.fixture
def beside_moto(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with moto.mock_aws():
        yield


def notes_on(secret_id):
    client = boto3.client("secretsmanager")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as missed:
        client.get_secret_value(SecretId=secret_id)
    return getattr(missed.value, "__notes__", [])


@pytest.mark.parametrize("form", ["name", "ARN", "partial ARN"])
def test_a_secret_that_was_made_under_moto_before_the_world_is_told(beside_moto, form):
    made = boto3.client("secretsmanager").create_secret(Name="prod/db", SecretString="x")
    asked = {"name": "prod/db", "ARN": made["ARN"], "partial ARN": made["ARN"][:-7]}[form]
    with mock_stages({"prod/bd": "x"}):
        assert notes_on(asked) == [NOTE.format("prod/db")]


@pytest.mark.slow
def test_the_secret_of_a_database_of_motos_is_told(beside_moto):
    with mock_stages():
        database = boto3.client("rds").create_db_instance(
            DBInstanceIdentifier="app",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            MasterUsername="app",
            ManageMasterUserPassword=True,
            AllocatedStorage=5,
        )["DBInstance"]
        arn = database["MasterUserSecret"]["SecretArn"]
        assert notes_on(arn) == [NOTE.format(arn.split(":")[-1][:-7])]


def test_a_secret_of_a_mock_that_is_over_is_not_told(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with moto.mock_aws():
        boto3.client("secretsmanager").create_secret(Name="api-token", SecretString="x")
    with mock_stages({"prod/db": "x"}):
        assert notes_on("api-token") == []


class TestTheGuard:
    """The guard lets pass what moto answers, and nothing else."""

    @pytest.fixture
    def run(self, pytester):
        def run(source):
            pytester.makeini("[pytest]\nfake_secrets_guard = error\n")
            head = 'import boto3, moto\n\ndef client():\n    return boto3.client("secretsmanager", "us-east-1")\n'
            pytester.makepyfile(head + textwrap.dedent(source))
            return pytester.runpytest_inprocess("-p", "no:asyncio", "-p", "no:randomly")

        return run

    def test_calls_that_moto_answers_pass(self, run):
        run(
            """
            @moto.mock_aws
            def test_it():
                client().create_secret(Name="d", SecretString="x")
                assert client().get_secret_value(SecretId="d")["SecretString"] == "x"
            """
        ).assert_outcomes(passed=1)

    def test_calls_after_moto_are_stopped(self, run):
        ran = run(
            """
            def test_it():
                with moto.mock_aws():
                    late = client()
                late.list_secrets()
            """
        )
        ran.assert_outcomes(failed=1)
        ran.stdout.fnmatch_lines(["E *ListSecrets was called while no fake_secrets world was active, in *"])

    def test_calls_that_moto_passes_through_to_aws_are_stopped(self, run):
        ran = run(
            """
            @moto.mock_aws(config={"core": {"passthrough": {"services": ["secretsmanager"]}}})
            def test_it():
                client().list_secrets()
            """
        )
        ran.assert_outcomes(failed=1)
        ran.stdout.fnmatch_lines(["E *ListSecrets was called while no fake_secrets world was active, in *"])
