"""A world that is kept in a file goes on after a restart."""

import contextlib
import datetime
import errno
import http.client
import os
import random
import re
import subprocess
import sys

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config
from posting import post
from rotators import Rotator
from stored_states import plain, state_in, state_of

from fake_secrets import clock, mock_stages
from fake_secrets.keeping import lines, record_file
from fake_secrets.keeping.state_file import open_state
from fake_secrets.keeping.state_file_error import StateFileError

DAY = 86_400
NEW_TOKEN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "world.state"


@pytest.fixture
def client():
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client("secretsmanager", region_name="us-east-1", config=once)


@contextlib.contextmanager
def kept_world(path, secrets=None, **options):
    """Open a world that is kept in a file, as a server does; give its handle."""
    told = []
    state = open_state(path, tell=told.append)
    try:
        with mock_stages(secrets, rotation_errors="record", **options) as fake_secrets:
            state.attach(fake_secrets._world)
            yield fake_secrets
            state.close()
    finally:
        state.close()


def store_of(fake_secrets):
    return fake_secrets._world.store


def error_of(method, **members):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        method(**members)
    return refused.value.response["Error"]["Code"]


def test_a_world_has_its_secrets_after_a_restart(path, client):
    with kept_world(path):
        client.create_secret(Name="text", SecretString="hunter2", Tags=[{"Key": "team", "Value": "a"}])
        client.create_secret(Name="bytes", SecretBinary=b"\x00\xff")
        before = [client.describe_secret(SecretId=name) for name in ("text", "bytes")]
    with kept_world(path) as fake_secrets:
        after = [client.describe_secret(SecretId=name) for name in ("text", "bytes")]
        values = [secret.value() for secret in fake_secrets]
    for description in (*before, *after):
        del description["ResponseMetadata"]
    assert (after, values) == (before, ["hunter2", b"\x00\xff"])


def test_a_new_file_gets_the_seed(path):
    state = open_state(path)
    assert not state.has_contents
    state.close()
    with kept_world(path, {"app/db": "seeded"}) as fake_secrets:
        assert state_in(path.read_bytes()) == state_of(store_of(fake_secrets))


def test_the_seed_does_not_count_if_the_file_has_a_state(path, client):
    with kept_world(path, {"app/db": "old"}):
        client.put_secret_value(SecretId="app/db", SecretString="new")
        client.delete_secret(SecretId="app/db", ForceDeleteWithoutRecovery=True)
    state = open_state(path)
    assert state.has_contents
    state.close()
    with kept_world(path, {"app/db": "old", "app/cache": "other"}) as fake_secrets:
        assert list(fake_secrets) == []


def test_a_reset_goes_back_to_the_seed_and_writes_it(path, client):
    with kept_world(path, {"app/db": "old"}):
        client.create_secret(Name="more", SecretString="x")
    with kept_world(path, {"app/db": "seeded"}) as fake_secrets:
        fake_secrets.reset()
        after_reset = [secret.name for secret in fake_secrets]
        client.put_secret_value(SecretId="app/db", SecretString="changed")
    with kept_world(path) as fake_secrets:
        values = {secret.name: secret.value() for secret in fake_secrets}
    assert (after_reset, values) == (["app/db"], {"app/db": "changed"})


def test_secrets_that_the_handle_adds_are_written_at_once(path):
    with kept_world(path) as fake_secrets:
        fake_secrets.add("app/db", "old")
        assert list(state_in(path.read_bytes())) == [fake_secrets["app/db"].arn]


def test_a_world_that_was_moved_ahead_of_the_clock_goes_on_there(path):
    with kept_world(path) as fake_secrets:
        fake_secrets._world.pass_time(5 * 365 * DAY)
        before = clock.now()
    with kept_world(path):
        after = clock.now()
    assert 0 <= after - before < 100


def moved_to(path, year):
    """Serve a world that is set to a year before its file is loaded, and return the year that it has then."""
    state = open_state(path)
    with mock_stages() as fake_secrets:
        if year is not None:
            moment = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp()
            fake_secrets._world.pass_time(moment - clock.now())
        state.attach(fake_secrets._world)
        now = clock.utc(clock.now()).year
        state.close()
    return now


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ([2031, None], 2031),
        ([2031, 2031], 2031),
        ([2031, 2030], 2031),
        ([2031, 2033], 2033),
        ([2020, None], 2020),
        ([2020, 2020], 2020),
        ([None, 2033], 2033),
    ],
)
def test_a_clock_that_is_set_counts_only_if_it_is_ahead_of_the_file(path, years, expected):
    assert [moved_to(path, year) for year in years][-1] == expected


def test_a_deletion_that_falls_due_while_the_server_is_stopped_is_done(path, client):
    with kept_world(path, {"app/db": "x"}):
        client.delete_secret(SecretId="app/db", RecoveryWindowInDays=7)
    with kept_world(path) as fake_secrets:
        still_there = "app/db" in fake_secrets
        fake_secrets._world.pass_time(8 * DAY)
        assert error_of(client.describe_secret, SecretId="app/db") == "ResourceNotFoundException"
    assert still_there
    assert state_in(path.read_bytes()) == {}


def test_a_deletion_can_be_cancelled_after_a_restart(path, client):
    with kept_world(path, {"app/db": "x"}):
        client.delete_secret(SecretId="app/db")
    with kept_world(path) as fake_secrets:
        client.restore_secret(SecretId="app/db")
        assert fake_secrets["app/db"].value() == "x"


def test_a_schedule_goes_on_after_a_restart(path, client):
    with kept_world(path, {"app/db": "old"}) as fake_secrets:
        arn = fake_secrets.lambda_function(Rotator(), "rotate")
        rules = {"AutomaticallyAfterDays": 30}
        client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn, RotationRules=rules)
    with kept_world(path) as fake_secrets:
        fake_secrets.lambda_function(Rotator(), "rotate")
        due = fake_secrets.next_due()
        fake_secrets._world.pass_time(31 * DAY)
        client.list_secrets()
        assert [rotation.succeeded for rotation in fake_secrets.rotations] == [True]
    assert due is not None


def content_during(path, client, step, **members):
    """Rotate a secret, and return what the file has while the function is in a step."""
    seen = []

    class Looking(Rotator):
        def __call__(self, event, context):
            super().__call__(event, context)
            if event["Step"] == step:
                seen.append(path.read_bytes())

    with kept_world(path, {"app/db": "old"}) as fake_secrets:
        arn = fake_secrets.lambda_function(Looking(), "rotate")
        client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn, ClientRequestToken=NEW_TOKEN, **members)
    return seen[0]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["createSecret", "setSecret", "testSecret", "finishSecret"])
def test_a_rotation_that_was_running_at_a_kill_has_failed_and_can_be_attempted_again(path, client, step):
    path.write_bytes(content_during(path, client, step))
    with kept_world(path) as fake_secrets:
        fake_secrets.lambda_function(Rotator(boto3.client("secretsmanager")), "rotate")
        (broken_off,) = fake_secrets.rotations
        outcome = broken_off.outcome, str(broken_off.error)
        events = [record["eventName"] for record in fake_secrets.trail.service_events]
        broken_off.retry()
        assert broken_off.succeeded
    assert outcome == ("failed", "the server ended during the rotation")
    assert events == ["RotationFailed"]


def test_a_client_can_attempt_it_again(path, client):
    path.write_bytes(content_during(path, client, "createSecret"))
    with kept_world(path) as fake_secrets:
        fake_secrets.lambda_function(Rotator(boto3.client("secretsmanager")), "rotate")
        refusal = error_of(client.rotate_secret, SecretId="app/db", ClientRequestToken="2" * 32)
        current = client.get_secret_value(SecretId="app/db")["VersionId"]
    assert (refusal, current) == ("InvalidRequestException", NEW_TOKEN)


def test_it_is_attempted_again_by_itself_if_failed_rotations_are(path, client):
    seen = []

    class Looking(Rotator):
        def __call__(self, event, context):
            super().__call__(event, context)
            seen.append(path.read_bytes())

    with kept_world(path, {"app/db": "old"}) as fake_secrets:
        fake_secrets.retries.max_attempts, fake_secrets.retries.delay = 2, 60
        arn = fake_secrets.lambda_function(Looking(), "rotate")
        client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
    path.write_bytes(seen[0])
    with kept_world(path) as fake_secrets:
        fake_secrets.lambda_function(Rotator(boto3.client("secretsmanager")), "rotate")
        fake_secrets._world.pass_time(61)
        client.list_secrets()
        assert [rotation.succeeded for rotation in fake_secrets.rotations] == [True]


def test_a_test_of_a_function_that_was_running_at_a_kill_leaves_no_version(path, client):
    path.write_bytes(content_during(path, client, "testSecret", RotateImmediately=False))
    with kept_world(path) as fake_secrets:
        assert len(fake_secrets["app/db"].versions) == 1


def test_what_a_broken_off_rotation_has_become_is_written(path, client):
    path.write_bytes(content_during(path, client, "createSecret"))
    with kept_world(path) as fake_secrets:
        assert state_in(path.read_bytes()) == state_of(store_of(fake_secrets))


def test_replicas_follow_their_primary_after_a_restart(path, client):
    there = boto3.client("secretsmanager", region_name="eu-west-1")
    with kept_world(path):
        client.create_secret(Name="app/db", SecretString="old", AddReplicaRegions=[{"Region": "eu-west-1"}])
    with kept_world(path):
        client.put_secret_value(SecretId="app/db", SecretString="new")
        read = there.get_secret_value(SecretId="app/db")["SecretString"]
        refusal = error_of(there.put_secret_value, SecretId="app/db", SecretString="other")
    assert (read, refusal) == ("new", "InvalidParameterException")


def test_a_removed_version_is_told_from_one_that_never_was(path, client):
    with kept_world(path) as fake_secrets:
        fake_secrets.quotas.versions = 2
        first = client.create_secret(Name="app/db", SecretString="1")["VersionId"]
        client.put_secret_value(SecretId="app/db", SecretString="2")
        fake_secrets._world.pass_time(2 * DAY)
        client.put_secret_value(SecretId="app/db", SecretString="3")
        client.put_secret_value(SecretId="app/db", SecretString="4")
        before = error_of(client.get_secret_value, SecretId="app/db", VersionId=first)
    with kept_world(path):
        after = error_of(client.get_secret_value, SecretId="app/db", VersionId=first)
    assert before == after == "InvalidRequestException"


def test_quotas_retries_and_keys_are_kept(path, client):
    with kept_world(path, {"app/db": "x"}) as fake_secrets:
        fake_secrets.quotas.tags = 3
        fake_secrets.retries.max_attempts = 4
        fake_secrets.set_kms_key("alias/aws/secretsmanager", "disabled")
    with kept_world(path) as fake_secrets:
        refusal = error_of(client.get_secret_value, SecretId="app/db")
        assert (fake_secrets.quotas.tags, fake_secrets.retries.max_attempts) == (3, 4)
    assert refusal == "DecryptionFailure"


def test_calls_and_events_are_not_kept(path, client):
    with kept_world(path, {"app/db": "x"}):
        client.put_secret_value(SecretId="app/db", SecretString="y")
    with kept_world(path) as fake_secrets:
        assert (len(fake_secrets.calls), len(fake_secrets.trail)) == (0, 0)


def test_a_timeline_begins_with_the_labels_that_were_loaded(path, client):
    with kept_world(path, {"app/db": "x"}):
        client.put_secret_value(SecretId="app/db", SecretString="y")
    with kept_world(path) as fake_secrets:
        assert "(loaded)" in str(fake_secrets.timeline("app/db"))


def test_a_page_that_was_begun_before_a_restart_goes_on_after_it(path, client):
    with kept_world(path, {"one": "1", "two": "2", "three": "3"}):
        first = client.list_secrets(MaxResults=2)
    with kept_world(path):
        client.create_secret(Name="four", SecretString="4")
        second = client.list_secrets(MaxResults=2, NextToken=first["NextToken"])
    assert [secret["Name"] for secret in second["SecretList"]] == ["three", "four"]


def test_a_new_secret_never_gets_the_place_of_a_deleted_one(path, client):
    with kept_world(path, {"one": "1", "two": "2"}) as fake_secrets:
        before = store_of(fake_secrets).next_serial
        client.delete_secret(SecretId="two", ForceDeleteWithoutRecovery=True)
    with kept_world(path) as fake_secrets:
        assert store_of(fake_secrets).next_serial == before


def test_a_second_server_on_the_same_file_is_refused(path):
    with kept_world(path), pytest.raises(StateFileError, match="is in use by another server"):
        open_state(path)


SETTINGS = {"next_serial": 1, "quotas": {}, "retries": {}, "keys": {}, "lead": 0.0}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"secrets": {}},
        {"secrets": {"0": {"secret": {}}}, "settings": SETTINGS},
        {"secrets": {"zero": {}}, "settings": SETTINGS},
        {"secrets": [], "settings": SETTINGS},
    ],
)
def test_a_file_with_records_of_something_else_is_refused(path, record):
    content = lines.HEADING + lines.lines_of([record])[0]
    path.write_bytes(content)
    with pytest.raises(StateFileError, match="is damaged: it lacks what belongs to a state"):
        open_state(path)
    assert path.read_bytes() == content


def test_a_directory_in_which_nothing_can_be_written_is_refused_with_the_reason(path, monkeypatch):
    def failing(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    state = open_state(path)
    monkeypatch.setattr(record_file.os, "write", failing)
    told = re.escape(f"the state file {str(path)!r} can't be written: No space left on device")
    with mock_stages() as fake_secrets, pytest.raises(StateFileError, match=told):
        state.attach(fake_secrets._world)
    state.close()


@contextlib.contextmanager
def full_disk():
    def failing(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(record_file.os, "write", failing)
        yield


def attached(path, told, fake_secrets):
    state = open_state(path, tell=told.append)
    state.attach(fake_secrets._world)
    return state


@pytest.mark.fake_secrets({"app/db": "old"})
class TestADiskThatIsFull:
    @pytest.fixture
    def told(self):
        return []

    @pytest.fixture(autouse=True)
    def state(self, path, told, fake_secrets):
        state = attached(path, told, fake_secrets)
        yield state
        state.close()

    def test_a_call_whose_change_can_not_be_written_is_answered_with_500(self, client):
        with full_disk(), pytest.raises(botocore.exceptions.ClientError) as refused:
            client.put_secret_value(SecretId="app/db", SecretString="new")
        response = refused.value.response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert response["Error"]["Code"] == "InternalServiceError"

    def test_the_server_says_so_in_a_sentence(self, client, path, told):
        with full_disk():
            error_of(client.put_secret_value, SecretId="app/db", SecretString="new")
        why = "can't be written (No space left on device), so the call is answered with InternalServiceError"
        then = "the next call that succeeds writes what is missing"
        assert told == [f"the state file {str(path)!r} {why}; {then}"]

    def test_it_says_so_once_until_it_can_write_again(self, client, told):
        for _ in range(2):
            with full_disk():
                error_of(client.put_secret_value, SecretId="app/db", SecretString="new")
                error_of(client.get_secret_value, SecretId="app/db")
            client.get_secret_value(SecretId="app/db")
        assert len(told) == 2

    def test_the_next_call_writes_what_is_missing(self, client, path, fake_secrets):
        with full_disk():
            error_of(client.put_secret_value, SecretId="app/db", SecretString="new")
        missing = state_in(path.read_bytes()) != state_of(store_of(fake_secrets))
        client.get_secret_value(SecretId="app/db")
        assert missing
        assert state_in(path.read_bytes()) == state_of(store_of(fake_secrets))

    def test_a_read_shows_nothing_that_is_not_written(self, client):
        with full_disk():
            error_of(client.put_secret_value, SecretId="app/db", SecretString="new")
            assert error_of(client.get_secret_value, SecretId="app/db") == "InternalServiceError"

    def test_a_client_that_tries_again_succeeds_once_there_is_room(self, client, fake_secrets):
        given = {"SecretId": "app/db", "SecretString": "new", "ClientRequestToken": NEW_TOKEN}
        with full_disk():
            error_of(client.put_secret_value, **given)
        assert client.put_secret_value(**given)["VersionId"] == NEW_TOKEN
        assert fake_secrets["app/db"].value() == "new"

    def test_a_reset_that_can_not_be_written_is_written_with_the_next_call(self, client, path, fake_secrets):
        client.create_secret(Name="more", SecretString="x")
        with full_disk():
            fake_secrets.reset()
        client.list_secrets()
        assert state_in(path.read_bytes()) == state_of(store_of(fake_secrets))

    @pytest.mark.slow
    def test_a_rotation_whose_end_can_not_be_written_is_answered_with_500(self, client, fake_secrets):
        class Filling(Rotator):
            def __call__(self, event, context):
                super().__call__(event, context)
                if event["Step"] == "finishSecret":
                    disk.enter_context(full_disk())

        arn = fake_secrets.lambda_function(Filling(client), "rotate")
        with contextlib.ExitStack() as disk, fake_secrets.server() as url:
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
            disk.callback(connection.close)
            given = {"SecretId": "app/db", "RotationLambdaARN": arn, "ClientRequestToken": NEW_TOKEN}
            status, answer = post(connection, "RotateSecret", **given)
        assert (status, answer["__type"]) == (500, "InternalServiceError")

    def test_a_long_file_for_whose_shorter_form_there_is_no_room_stays_long(
        self, client, path, fake_secrets, monkeypatch
    ):
        def failing(_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(record_file, "_LEAST_LENGTH", 100)
        # Only a file that is written anew is synchronised.
        monkeypatch.setattr(record_file.os, "fsync", failing)
        for number in range(20):
            client.update_secret(SecretId="app/db", Description=str(number))
        assert len(lines.read(path.read_bytes()).changes) == 21
        assert state_in(path.read_bytes()) == state_of(store_of(fake_secrets))

    def test_a_long_file_is_written_anew(self, client, path, fake_secrets, monkeypatch):
        monkeypatch.setattr(record_file, "_LEAST_LENGTH", 100)
        for number in range(20):
            client.update_secret(SecretId="app/db", Description=str(number))
        assert len(lines.read(path.read_bytes()).changes) < 10
        assert state_in(path.read_bytes()) == state_of(store_of(fake_secrets))

    def test_the_file_is_written_whole_if_it_was_deleted(self, client, path, fake_secrets):
        path.unlink()
        client.put_secret_value(SecretId="app/db", SecretString="new")
        assert state_in(path.read_bytes()) == state_of(store_of(fake_secrets))


WITHOUT_STATE = """
import sys
from fake_secrets import mock_stages
with mock_stages({"app/db": "x"}) as fake_secrets:
    fake_secrets["app/db"].value()
print(sorted(name for name in sys.modules if name.startswith("fake_secrets.keeping")))
"""


@pytest.mark.slow
def test_a_world_that_is_not_kept_imports_nothing_of_this():
    ran = subprocess.run([sys.executable, "-c", WITHOUT_STATE], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_the_child_of_a_fork_has_a_copy_of_the_world_that_is_not_kept(path, client):
    with kept_world(path, {"app/db": "old"}) as fake_secrets:
        before = path.read_bytes()
        child = os.fork()
        if not child:
            try:
                client.put_secret_value(SecretId="app/db", SecretString="of the child")
                is_right = fake_secrets["app/db"].value() == "of the child"
                os._exit(0 if is_right else 1)
            finally:
                os._exit(2)
        _, status = os.waitpid(child, 0)
        assert (status, path.read_bytes()) == (0, before)
        client.put_secret_value(SecretId="app/db", SecretString="of the parent")
    with kept_world(path) as fake_secrets:
        assert fake_secrets["app/db"].value() == "of the parent"


@pytest.fixture
def written(path, client, monkeypatch):
    """A file with a seed, four changes and a rotation, and the states that it has had."""
    states, genuine = [], record_file.RecordFile.append

    def appending(file, records):
        genuine(file, records)
        states.append(state_in(path.read_bytes()))
        assert states[-1] == state_of(store_of(fake_secrets))

    monkeypatch.setattr(record_file.RecordFile, "append", appending)
    with kept_world(path, {"app/db": "old"}) as fake_secrets:
        states.append(state_in(path.read_bytes()))
        client.create_secret(Name="bytes", SecretBinary=b"\x00\xff", AddReplicaRegions=[{"Region": "eu-west-1"}])
        client.put_secret_value(SecretId="bytes", SecretString="é" * 200)
        arn = fake_secrets.lambda_function(Rotator(), "rotate")
        client.rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
        client.delete_secret(SecretId="app/db")
    return path.read_bytes(), states


def state_or_refusal(path, content):
    """Return what a damaged file is read as, or None if it is refused. It stays as it is."""
    path.write_bytes(content)
    try:
        state = open_state(path)
    except StateFileError as refusal:
        assert str(refusal).startswith(f"the state file {str(path)!r} is")
        return None
    else:
        read = {secret.arn: plain(secret) for secret in state._secrets}
        state.close()
        return read
    finally:
        assert path.read_bytes() == content


@pytest.mark.slow
def test_a_file_that_is_cut_off_is_refused_or_read_as_one_of_its_states(path, written):
    content, states = written
    lengths = {
        *range(1, len(content), 37),
        *(number for number, byte in enumerate(content, 1) if byte == ord("\n")),
    }
    read = [state_or_refusal(path, content[:length]) for length in sorted(lengths)]
    assert all(state is None or state in states for state in read)
    assert states[-1] in read


def test_a_file_with_a_changed_byte_is_refused_or_read_as_one_of_its_states(path, written):
    content, states = written
    chosen = random.Random(1)  # noqa: S311 -- repeatable
    for _ in range(300):
        damaged = bytearray(content)
        position = chosen.randrange(len(content))
        damaged[position] ^= chosen.randrange(1, 256)
        read = state_or_refusal(path, bytes(damaged))
        assert read is None or read in states
