"""moto's mock_aws around, inside or beside our world: we answer secretsmanager, moto everything else."""

import contextlib
import os
import unittest
from unittest import mock

import boto3
import pytest

pytest.importorskip("moto")

import moto

from fake_secrets import FakeSecretsWarning, mock_stages

REGION = "us-east-1"
SEED = {"ours": "from our world"}
KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
ACCOUNT_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "SECRETS_MANAGER_ENDPOINT",
)

# The order of entering and leaving: M enters moto, W enters our world; the small letters leave them.
NESTED = {"around": "M W w m", "inside": "W M m w"}
BESIDE = {"beside, moto first": "M W m w", "beside, moto last": "W M w m"}


def orders(*kinds):
    cases = {name: order for kind in kinds for name, order in kind.items()}
    return pytest.mark.parametrize("order", list(cases.values()), ids=list(cases))


out_of_order = pytest.mark.filterwarnings("ignore:Mocks left out of order")


@pytest.fixture(autouse=True)
def surroundings():
    """Set a region and a default session, and restore both: an order that isn't nested may leave others."""
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION=REGION), mock.patch("boto3.DEFAULT_SESSION", None):
        yield


@pytest.fixture
def walk(lane):
    """Return a function that walks through an order and yields what is active after each step."""
    with contextlib.ExitStack() as clean_up:

        def walk(order):
            ours, motos = mock_stages(SEED, _lane=lane), moto.mock_aws()
            leaves = {"W": lambda: ours.__exit__(None, None, None), "M": motos.stop}
            active = {}
            clean_up.callback(lambda: [leave() for leave in active.values()])
            for step in order.split():
                if step == "W":
                    ours.__enter__()
                elif step == "M":
                    motos.start()
                if step.isupper():
                    active[step] = leaves[step]
                else:
                    active.pop(step.upper())()
                yield set(active)

        yield walk


def names(client):
    return [secret["Name"] for secret in client.list_secrets()["SecretList"]]


def client_of(service, **options):
    return boto3.client(service, region_name=REGION, **{**KEYS, **options})


def test_a_call_that_began_in_our_world_is_ours_even_if_the_world_is_left_meanwhile():
    with moto.mock_aws():
        world = mock_stages(SEED)
        world.start()
        client = client_of("secretsmanager")
        client.meta.events.register("before-sign.secrets-manager", lambda **_: world.stop())
        assert client.get_secret_value(SecretId="ours")["SecretString"] == "from our world"


def use_other_services(client_of):
    """Make calls that only moto answers."""
    assert client_of("sts").get_caller_identity()["Account"] == "123456789012"
    s3 = client_of("s3")
    s3.create_bucket(Bucket="a-bucket")
    s3.put_object(Bucket="a-bucket", Key="key", Body=b"content")
    assert s3.get_object(Bucket="a-bucket", Key="key")["Body"].read() == b"content"
    s3.delete_object(Bucket="a-bucket", Key="key")
    s3.delete_bucket(Bucket="a-bucket")
    assert client_of("dynamodb").list_tables()["TableNames"] == []


@out_of_order
@pytest.mark.slow
@orders(NESTED, BESIDE)
def test_we_answer_secretsmanager_and_moto_answers_the_rest(order, walk):
    for active in walk(order):
        if "W" in active:
            assert names(client_of("secretsmanager")) == ["ours"]
        if "M" in active:
            use_other_services(client_of)


@out_of_order
@pytest.mark.slow
@orders(NESTED, BESIDE)
def test_clients_made_before_both_are_answered_by_the_active_mock(order, walk):
    made_before = {service: client_of(service) for service in ("secretsmanager", "sts", "s3", "dynamodb")}
    for active in walk(order):
        if "W" in active:
            assert names(made_before["secretsmanager"]) == ["ours"]
        if "M" in active:
            use_other_services(made_before.__getitem__)


@pytest.mark.slow
@orders(NESTED)
def test_clients_of_the_default_session_need_no_credentials_of_their_own(order, walk):
    for active in walk(order):
        if "W" in active:
            assert names(boto3.client("secretsmanager")) == ["ours"]
        if "M" in active:
            use_other_services(boto3.client)


@out_of_order
@pytest.mark.slow
@orders(NESTED, BESIDE)
def test_motos_secretsmanager_answers_outside_our_world(order, walk):
    client = client_of("secretsmanager")
    seen = []
    for active in walk(order):
        if active == {"M"}:
            client.create_secret(Name=f"motos-{len(seen)}", SecretString="x")
        seen.append(names(client) if active else None)
    expected = {
        "M W w m": [["motos-0"], ["ours"], ["motos-0", "motos-2"], None],
        "W M m w": [["ours"], ["ours"], ["ours"], None],
        "M W m w": [["motos-0"], ["ours"], ["ours"], None],
        "W M w m": [["ours"], ["ours"], ["motos-2"], None],
    }
    assert seen == expected[order]


@pytest.mark.parametrize(
    ("order", "what"),
    [
        ("M W m w", "was started before it and has been stopped"),
        ("W M w m", "was started after it and is still active"),
    ],
    ids=["moto first", "moto last"],
)
def test_a_warning_tells_of_mocks_that_are_left_out_of_order(order, what, walk):
    with pytest.warns(FakeSecretsWarning) as warned:
        list(walk(order))
    assert [str(one.message) for one in warned] == [
        (
            f"Mocks left out of order: a world ends, but moto's mock {what}. So AWS_ACCESS_KEY_ID and other "
            "variables keep fake values. Leave first what was entered last."
        )
    ]


@orders(NESTED)
def test_no_warning_tells_of_nested_mocks_even_if_the_test_sets_the_key(order, walk, monkeypatch, recwarn):
    for active in walk(order):
        if len(active) == 2:
            os.environ["AWS_ACCESS_KEY_ID"] = "AKIAEXAMPLE"
    assert [one for one in recwarn if issubclass(one.category, FakeSecretsWarning)] == []


def test_no_warning_is_given_for_a_world_that_is_joined_inside_moto():
    with mock_stages(), moto.mock_aws(), mock_stages():
        assert names(client_of("secretsmanager")) == []


@pytest.mark.slow
def test_a_secret_of_our_world_is_not_written_to_moto(lane):
    client = client_of("secretsmanager")
    with moto.mock_aws():
        with mock_stages({}, _lane=lane):
            client.create_secret(Name="new", SecretString="x")
        assert names(client) == []


@pytest.mark.slow
def test_a_secret_of_moto_is_not_found_in_our_world(lane):
    client = client_of("secretsmanager")
    with moto.mock_aws():
        client.create_secret(Name="motos", SecretString="x")
        with (
            mock_stages({}, _lane=lane),
            pytest.raises(client.exceptions.ResourceNotFoundException),
        ):
            client.get_secret_value(SecretId="motos")
        assert client.get_secret_value(SecretId="motos")["SecretString"] == "x"


@pytest.mark.slow
@orders(NESTED)
def test_leaving_both_restores_the_environment_and_the_default_session(order, walk):
    boto3.setup_default_session()

    def look():
        return {name: os.environ.get(name) for name in ACCOUNT_VARIABLES}, boto3.DEFAULT_SESSION

    before = look()
    for active in walk(order):
        if active:
            boto3.client("secretsmanager")
    assert look() == before


@out_of_order
@pytest.mark.slow
@orders(BESIDE)
def test_leaving_both_in_any_order_restores_the_default_session(order, walk):
    boto3.setup_default_session()
    before = boto3.DEFAULT_SESSION
    for active in walk(order):
        if active:
            boto3.client("secretsmanager")
    assert boto3.DEFAULT_SESSION is before
    assert before._session._credentials is None


def test_a_rotation_function_can_use_other_services_of_moto(lane):
    def handler(event, context):
        client, table = boto3.client("secretsmanager"), boto3.client("dynamodb")
        secret_id, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            client.put_secret_value(
                SecretId=secret_id, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
            )
        if event["Step"] == "setSecret":
            value = client.get_secret_value(SecretId=secret_id, VersionId=token, VersionStage="AWSPENDING")
            table.put_item(
                TableName="users", Item={"name": {"S": "app"}, "password": {"S": value["SecretString"]}}
            )
        if event["Step"] == "testSecret":
            item = table.get_item(TableName="users", Key={"name": {"S": "app"}})["Item"]
            assert item["password"]["S"] == "new"
        if event["Step"] == "finishSecret":
            current = client.get_secret_value(SecretId=secret_id)["VersionId"]
            client.update_secret_version_stage(
                SecretId=secret_id,
                VersionStage="AWSCURRENT",
                MoveToVersionId=token,
                RemoveFromVersionId=current,
            )

    with moto.mock_aws(), mock_stages({"db": "old"}, _lane=lane) as fake:
        boto3.client("dynamodb").create_table(
            TableName="users",
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        assert fake.rotate("db", handler).succeeded
        assert fake["db"].value() == "new"


def use_both():
    assert names(boto3.client("secretsmanager")) == ["ours"]
    use_other_services(boto3.client)


@pytest.mark.slow
@moto.mock_aws
@mock_stages(SEED)
def test_decorated_by_moto_above_ours():
    use_both()


@pytest.mark.slow
@mock_stages(SEED)
@moto.mock_aws
def test_decorated_by_ours_above_motos():
    use_both()


@pytest.mark.slow
@pytest.mark.fake_secrets(SEED)
@moto.mock_aws
def test_marked_and_decorated_by_moto(secretsmanager):
    assert names(secretsmanager) == ["ours"]
    use_both()


@pytest.fixture
def mocked_by_moto():
    with moto.mock_aws():
        yield


@pytest.mark.slow
@pytest.mark.fake_secrets(SEED)
def test_a_moto_fixture_before_ours(mocked_by_moto, fake_secrets, secretsmanager):
    assert names(secretsmanager) == ["ours"]
    use_both()


@pytest.mark.slow
@pytest.mark.fake_secrets(SEED)
def test_a_moto_fixture_after_ours(fake_secrets, secretsmanager, mocked_by_moto):
    assert names(secretsmanager) == ["ours"]
    use_both()


@moto.mock_aws
@mock_stages(SEED)
class TestClassDecoratedByMotoAboveOurs(unittest.TestCase):
    def test_both_mocks_are_active(self):
        use_both()


@mock_stages(SEED)
@moto.mock_aws
class TestClassDecoratedByOursAboveMotos(unittest.TestCase):
    @pytest.mark.slow
    def test_both_mocks_are_active(self):
        use_both()


@mock_stages(SEED)
class TestClassDecoratedByOursWithMotoInSetUp(unittest.TestCase):
    def setUp(self):
        mocked = moto.mock_aws()
        mocked.start()
        self.addCleanup(mocked.stop)

    @pytest.mark.slow
    def test_both_mocks_are_active(self):
        use_both()


@pytest.mark.slow
@pytest.mark.asyncio
@mock_stages(SEED)
async def test_a_coroutine_function_decorated_by_ours_with_moto_inside():
    with moto.mock_aws():
        use_both()
