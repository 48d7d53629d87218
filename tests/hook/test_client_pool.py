"""The pool of clients: a client that a function has dropped is given out again, and nobody can tell."""

import gc
import threading
from unittest.mock import Mock

import boto3
import botocore.config
import botocore.exceptions
import botocore.session
import botocore.stub
import pytest

from fake_secrets import mock_stages
from fake_secrets.hook import lessons
from fake_secrets.hook.client_pool import ClientPool
from fake_secrets.hook.clients import handlers_in
from fake_secrets.observe.entry import RunningStep

MODES = ["legacy", "standard", "adaptive"]
ORIGINAL = (
    botocore.session.Session.create_client,
    botocore.session.Session._register_builtin_handlers,
)


@pytest.fixture(scope="module")
def session():
    return boto3.Session()


@pytest.fixture
def pool(monkeypatch, session):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    with mock_stages({"db": "old"}), ClientPool() as pool:
        yield pool


@pytest.fixture
def delivery():
    with RunningStep("createSecret"):
        yield


def of_default_session(**kwargs):
    return boto3.client("secretsmanager", **kwargs)


def of_new_session(**kwargs):
    return boto3.Session().client("secretsmanager", **kwargs)


def in_mode(mode):
    return botocore.config.Config(retries={"mode": mode, "total_max_attempts": 2})


def dropped(client):
    """Return the id of a client that isn't held any more."""
    return id(client)


SESSIONS = pytest.mark.parametrize("make", [of_default_session, of_new_session])


class TestWhichClient:
    @SESSIONS
    def test_a_client_that_was_dropped_is_given_out_again(self, pool, delivery, make):
        first = dropped(make())
        assert id(make()) == first
        assert (pool.made, pool.reused) == (1, 1)

    @SESSIONS
    def test_two_clients_that_are_alive_are_never_the_same(self, pool, delivery, make):
        clients = [make() for _ in range(4)]
        assert len(set(map(id, clients))) == 4

    def test_a_client_whose_method_is_held_is_not_given_out(self, pool, delivery):
        get = of_default_session().get_secret_value
        assert of_default_session() is not get.__self__

    def test_a_client_whose_meta_is_held_is_not_given_out(self, pool, delivery):
        meta = of_default_session().meta
        assert of_default_session().meta is not meta

    def test_a_client_in_a_reference_cycle_is_not_given_out(self, pool, delivery):
        gc.disable()
        try:
            cycle = {"client": of_default_session()}
            cycle["self"] = cycle
            first = id(cycle["client"])
            del cycle
            assert id(of_default_session()) != first
        finally:
            gc.enable()

    @pytest.mark.slow
    def test_a_client_that_has_made_calls_and_paginated_is_given_out_again(self, pool, delivery):
        def use(client):
            client.get_secret_value(SecretId="db")
            list(client.get_paginator("list_secrets").paginate())
            try:
                client.describe_secret(SecretId="unknown")
            except client.exceptions.ResourceNotFoundException:
                return id(client)
            return None

        first = use(of_default_session())
        # The class of a paginator has references to itself and to the client's event handlers.
        gc.collect()
        assert use(of_default_session()) == first

    @pytest.mark.slow
    def test_a_function_that_makes_its_client_in_each_invocation_has_one(self, monkeypatch):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        with ClientPool() as pool:
            for _ in range(2):
                with mock_stages({"db": "old"}) as fake:
                    fake.rotate("db", rotate)
                    assert fake.rotate("db", rotate).succeeded
        assert (pool.made, pool.reused) == (1, 15)

    def test_clients_made_outside_of_a_delivery_are_new(self, pool):
        of_default_session()
        of_default_session()
        assert (pool.made, pool.reused) == (0, 0)

    def test_threads_get_different_clients(self, pool):
        barrier, clients = threading.Barrier(4), []

        def run():
            with RunningStep("createSecret"):
                for _ in range(20):
                    client = of_default_session()
                    barrier.wait(20)
                    clients.append(id(client))
                    barrier.wait(20)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        together = [clients[at : at + 4] for at in range(0, 80, 4)]
        assert len(together) == 20
        assert all(len(set(alive)) == 4 for alive in together)

    @pytest.mark.slow
    def test_the_pool_is_bounded(self, pool, delivery):
        held = [of_default_session() for _ in range(12)]
        held += [of_default_session(api_version="2017-10-17", region_name=f"eu-west-{n}") for n in range(20)]
        assert sum(map(len, pool._entries.values())) <= 16 * 8
        assert max(map(len, pool._entries.values())) <= 8
        assert len(pool._entries) <= 16


def rotate(event, context):
    client = boto3.client("secretsmanager")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        (current,) = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )


ARGUMENTS = [
    {"region_name": "eu-west-1"},
    {"endpoint_url": "https://other.example"},
    {"aws_access_key_id": "a", "aws_secret_access_key": "b"},
    {"aws_access_key_id": "a", "aws_secret_access_key": "c"},
    {"verify": False},
    {"use_ssl": False},
    {"config": botocore.config.Config(read_timeout=7)},
    {"config": in_mode("standard")},
    {"config": botocore.config.Config(signature_version=botocore.UNSIGNED)},
]


class TestAlike:
    @pytest.mark.parametrize("arguments", ARGUMENTS, ids="-".join)
    def test_other_arguments_make_another_client(self, pool, delivery, arguments):
        first = dropped(of_default_session())
        other = dropped(of_default_session(**arguments))
        assert other != first
        assert id(of_default_session(**arguments)) == other
        assert id(of_default_session()) == first

    def test_configs_are_compared_by_value(self, pool, delivery):
        first = dropped(of_default_session(config=in_mode("standard")))
        assert id(of_default_session(config=in_mode("standard"))) == first
        assert id(of_default_session(config=in_mode("adaptive"))) != first

    def test_arguments_by_position_are_the_same_as_by_name(self, pool, delivery):
        first = dropped(of_default_session(region_name="eu-west-1"))
        assert id(boto3.client("secretsmanager", "eu-west-1")) == first

    def test_another_environment_makes_another_client(self, pool, delivery, monkeypatch):
        first = dropped(of_default_session())
        monkeypatch.setenv("AWS_ENDPOINT_URL", "https://other.example")
        client = of_default_session()
        assert id(client) != first
        assert client.meta.endpoint_url == "https://other.example"

    @pytest.mark.slow
    def test_the_region_of_the_environment_counts(self, pool, delivery):
        of_new_session()
        # Undone inside of the world, which sets this variable itself.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
            assert of_new_session().meta.region_name == "ap-south-1"

    def test_the_settings_of_a_session_count(self, pool, delivery):
        of_new_session()
        session = boto3.Session(region_name="ap-south-1", aws_access_key_id="a", aws_secret_access_key="b")
        client = session.client("secretsmanager")
        assert client.meta.region_name == "ap-south-1"
        assert client._request_signer._credentials.access_key == "a"

    @pytest.mark.slow
    def test_the_default_config_of_a_session_counts(self, pool, delivery):
        of_new_session()
        session = botocore.session.Session()
        session.set_default_client_config(in_mode("adaptive"))
        assert session.create_client("secretsmanager").meta.config.retries["mode"] == "adaptive"

    @pytest.mark.slow
    def test_a_config_file_that_changes_counts(self, pool, delivery, monkeypatch, tmp_path):
        file = tmp_path / "config"
        monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
        file.write_text("[default]\nretry_mode = standard\n")
        assert of_new_session().meta.config.retries["mode"] == "standard"
        file.write_text("[default]\nretry_mode = adaptive\n")
        assert of_new_session().meta.config.retries["mode"] == "adaptive"

    def test_a_session_with_a_handler_of_the_users_makes_its_clients(self, pool, delivery):
        heard = []
        for _ in range(2):
            session = boto3.Session()
            session.events.register("before-call", lambda model, **_: heard.append(model.name))
            session.client("secretsmanager").list_secrets()
        assert heard == ["ListSecrets"] * 2
        assert pool.reused == 0

    def test_a_client_gets_back_the_key_that_an_invocation_has_changed(self, pool, delivery):
        client = of_new_session()
        key, first = client._request_signer._credentials.access_key, id(client)
        client._request_signer._credentials.access_key = "other"
        del client
        client = of_new_session()
        assert (id(client), client._request_signer._credentials.access_key) == (first, key)

    @pytest.mark.slow
    def test_credentials_that_are_refreshed_are_not_pooled(self, pool, delivery):
        for _ in range(2):
            session = botocore.session.Session()
            session._credentials = botocore.credentials.DeferredRefreshableCredentials(dict, "made-up")
            session.create_client("secretsmanager")
        assert pool.reused == 0

    def test_arguments_that_cannot_be_compared_are_not_pooled(self, pool, delivery):
        class Region(str):
            __slots__ = ()

        for _ in range(2):
            of_default_session(region_name=Region("us-east-1"))
        assert pool.reused == 0

    def test_wrong_arguments_are_refused_as_ever(self, pool, delivery):
        with pytest.raises(TypeError, match="no_such_argument"):
            of_default_session(no_such_argument=1)
        with pytest.raises(botocore.exceptions.UnknownServiceError):
            boto3.client("no-such-service")

    @pytest.mark.slow
    def test_a_subclass_of_the_session_makes_its_clients(self, pool, delivery):
        class Session(botocore.session.Session):
            pass

        for _ in range(2):
            Session().create_client("secretsmanager")
        assert (pool.made, pool.reused) == (0, 0)

    def test_a_resource_is_served_too(self, pool, delivery):
        first = dropped(boto3.resource("sqs").meta.client)
        assert id(boto3.resource("sqs").meta.client) == first

    def test_clients_of_one_session_raise_the_same_exceptions(self, pool, delivery):
        of_new_session()
        session = boto3.Session()
        one, other = session.client("secretsmanager"), session.client("secretsmanager")
        assert (pool.made, pool.reused) == (2, 1)
        with pytest.raises(one.exceptions.ResourceNotFoundException):
            other.get_secret_value(SecretId="unknown")
        with pytest.raises(other.exceptions.ResourceNotFoundException):
            one.get_secret_value(SecretId="unknown")


def listen(client):
    client.meta.events.register("before-call.secrets-manager.ListSecrets", lambda **_: None)


def listen_first(client):
    client.meta.events.register_first("before-call", lambda **_: None, unique_id="mine")


def stop_signing(client):
    client.meta.events.unregister("request-created.secrets-manager", client._request_signer.handler)


def use_up_retries(client):
    (handler, *_) = client.meta.events._emitter._handlers.prefix_search("needs-retry.secrets-manager")
    getattr(getattr(handler, "__self__", None), "_retry_quota", Mock())._quota.acquire(5)


def lower_the_rate(client):
    for part in lessons._parts_of(client._endpoint):
        if hasattr(part, "_fill_rate"):
            part.max_rate = 0.5
        if hasattr(part, "_measured_rate"):
            part._measured_rate = 7


def add_to_the_class(client):
    type(client).added = lambda self: None
    type(client).list_secrets = Mock()


def portrait_of(client):
    """Return all that may be changed of a client, in a form that holds nothing of it."""
    parts = {"client": client, "meta": client.meta, "config": client.meta.config, "signer": client._request_signer}
    looks = {
        name: {key: repr(value) for key, value in vars(part).items() if not key.startswith("_exceptions")}
        for name, part in parts.items()
    }
    emitter = client.meta.events._emitter
    handlers = [
        handler if isinstance(handler, str) else id(handler) for handler in handlers_in(emitter._handlers._root)
    ]
    retries = [lessons._state_of(part) for part in lessons._parts_of(client._endpoint)]
    # A limited rate is counted from the first call on.
    counted = {"_clock", "_last_timestamp"}
    numbers = [{key: value for key, value in state.items() if key not in counted} for state in retries]
    methods = {name: id(method) for name, method in vars(type(client)).items()}
    return looks, handlers, sorted(emitter._unique_id_handlers), numbers, methods


CHANGES = [
    listen,
    listen_first,
    stop_signing,
    use_up_retries,
    lower_the_rate,
    add_to_the_class,
    lambda client: setattr(client, "get_secret_value", Mock()),
    lambda client: setattr(client, "own", 1),
    lambda client: setattr(client.meta, "own", 1),
    lambda client: setattr(client.meta, "_endpoint_url", "https://other.example"),
    lambda client: setattr(client.meta.config, "read_timeout", 1),
    lambda client: client.meta.config.retries.update(mode="other"),
    lambda client: client.close(),
]


class TestAsNew:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("change", CHANGES)
    def test_what_was_changed_is_undone(self, pool, delivery, change, mode):
        client = of_default_session(config=in_mode(mode))
        portrait = portrait_of(client)
        client.list_secrets()
        change(client)
        first = dropped(client)
        del client
        again = of_default_session(config=in_mode(mode))
        assert id(again) == first
        assert portrait_of(again) == portrait
        assert again.list_secrets()["SecretList"][0]["Name"] == "db"

    def test_a_stubber_that_was_left_active_answers_no_other_client(self, pool, delivery):
        def stub(client):
            stubber = botocore.stub.Stubber(client)
            stubber.add_response("list_secrets", {"SecretList": []})
            stubber.activate()

        stub(of_default_session())
        assert len(of_default_session().list_secrets()["SecretList"]) == 1

    @pytest.mark.slow
    @pytest.mark.parametrize("mode", MODES)
    def test_errors_of_one_delivery_do_not_use_up_the_retries_of_the_next(self, mode):
        with ClientPool() as pool, mock_stages({"db": "old"}) as fake, RunningStep("createSecret"):
            fake.faults.fail("ListSecrets", "InternalServiceError", times=None)
            counts = []
            for _ in range(3):
                before = len(fake.calls)
                with pytest.raises(botocore.exceptions.ClientError):
                    of_default_session(config=in_mode(mode)).list_secrets()
                counts.append(len(fake.calls) - before)
                gc.collect()
        assert counts == [2, 2, 2]
        assert pool.made + pool.reused == 3

    def test_calls_still_take_the_fast_lane(self, pool, delivery):
        def lane(client):
            lanes = []
            client.meta.events.register("before-send", lambda **_: lanes.append("wire"), unique_id="seen")
            client.meta.events.unregister("before-send", unique_id="seen")
            client.list_secrets()
            listen(client)
            client.list_secrets()

        lane(of_default_session())
        client = of_default_session()
        client.list_secrets()
        names = [getattr(handler, "__module__", "") for handler in before_call_handlers(client)]
        assert names.count("fake_secrets.hook.calls") == 1

    def test_no_handler_of_ours_stays_after_the_world(self, monkeypatch):
        with ClientPool(), RunningStep("createSecret"):
            with mock_stages({"db": "old"}):
                listen(client := of_default_session())
                client.list_secrets()
                del client
                client = of_default_session()
                client.list_secrets()
            names = [getattr(handler, "__module__", "") for handler in before_call_handlers(client)]
            assert "fake_secrets.hook.calls" not in names


def before_call_handlers(client):
    return list(client.meta.events._emitter._handlers.prefix_search("before-call.secrets-manager.ListSecrets"))


class TestItsEnd:
    def test_botocore_is_as_before(self):
        with ClientPool():
            assert ORIGINAL[0] is not botocore.session.Session.create_client
        session = botocore.session.Session
        assert (session.create_client, session._register_builtin_handlers) == ORIGINAL

    def test_it_is_also_after_an_error(self):
        with pytest.raises(KeyboardInterrupt), ClientPool():
            raise KeyboardInterrupt
        assert botocore.session.Session.create_client is ORIGINAL[0]

    def test_pools_can_be_nested_and_end_in_any_order(self):
        outer, inner = ClientPool(), ClientPool()
        outer.__enter__()
        inner.__enter__()
        outer.__exit__()
        inner.__exit__()
        outer.__exit__()
        assert botocore.session.Session.create_client is ORIGINAL[0]

    def test_its_clients_are_forgotten(self, delivery):
        with mock_stages({"db": "old"}):
            with ClientPool() as pool:
                of_default_session()
            assert pool._entries == {}
            client = of_default_session()
            assert client.get_secret_value(SecretId="db")["SecretString"] == "old"


class TestNewSessions:
    @pytest.mark.slow
    def test_each_has_the_handlers_of_any_other(self, pool, delivery):
        def filled_by(register):
            session = botocore.session.Session(include_builtin_handlers=False)
            events = botocore.hooks.EventAliaser(botocore.hooks.HierarchicalEmitter())
            register(session, events)
            return events._emitter._handlers._root

        expected = filled_by(ORIGINAL[1])
        for _ in range(2):
            assert filled_by(botocore.session.Session._register_builtin_handlers) == expected

    def test_they_share_no_handlers(self, pool, delivery):
        botocore.session.Session()
        one, other = botocore.session.Session(), botocore.session.Session()
        one.register("before-call.x", lambda **_: None, unique_id="mine")
        assert "mine" not in other._events._emitter._unique_id_handlers
        assert one._events._emitter._handlers._root != other._events._emitter._handlers._root

    def test_handlers_that_are_added_for_all_of_them_are_heard(self, pool, delivery, monkeypatch):
        botocore.session.Session()
        heard = []

        def hear(**_):
            heard.append(1)

        added = [*botocore.handlers.BUILTIN_HANDLERS, ("before-call.secrets-manager", hear)]
        monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", added)
        of_new_session().list_secrets()
        assert heard == [1]

    def test_an_emitter_with_handlers_of_the_users_keeps_them(self, pool, delivery):
        botocore.session.Session()
        emitter = botocore.hooks.HierarchicalEmitter()
        emitter.register("before-call.x", print_nothing)
        session = botocore.session.Session(event_hooks=emitter)
        assert print_nothing in session._events._emitter._handlers.prefix_search("before-call.x")


def print_nothing(**_):
    pass
