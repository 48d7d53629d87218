"""Child processes of every start method read and write the world of the test."""

import datetime
import multiprocessing
import os
import signal
import socket
import threading
import time

import boto3
import botocore
import botocore.config
import pytest
import served_children
from forked import in_a_fork

from fake_secrets import mock_stages

HAS_FORK = hasattr(os, "fork")
SPAWNING = ["spawn", pytest.param("forkserver", marks=pytest.mark.skipif(not HAS_FORK, reason="it has no fork"))]
# From Python 3.12 on, Python warns of a fork while there are threads.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@pytest.fixture
def world(fake_secrets):
    fake_secrets.add("prod/db", "old")
    return fake_secrets


@pytest.mark.slow
@pytest.mark.parametrize("method", SPAWNING)
def test_a_pool_reads_and_writes_it(world, method):
    with world.server(), multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(served_children.read_and_write, ["prod/db"]) == "old"
    assert world["prod/db"].value() == "old and new"


@pytest.mark.slow
@pytest.mark.parametrize("method", SPAWNING)
def test_an_executor_reads_and_writes_it(world, method):
    # From today's module: another test may have had it imported anew, and pickle compares.
    from concurrent.futures.process import ProcessPoolExecutor

    context = multiprocessing.get_context(method)
    with world.server(), ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(served_children.read_and_write, "prod/db").result() == "old"
    assert world["prod/db"].value() == "old and new"


@pytest.mark.skipif(not HAS_FORK, reason="this platform has no fork")
class TestForkserver:
    @pytest.mark.slow
    def test_one_that_runs_already_does_not_keep_its_environment(self, world):
        context = multiprocessing.get_context("forkserver")
        with context.Pool(1) as pool:
            pool.apply(os.getpid)
        with world.server(), context.Pool(1) as pool:
            assert pool.apply(served_children.read, ["prod/db"]) == "old"

    @pytest.mark.slow
    def test_each_server_gets_the_children_that_are_started_in_it(self, world):
        context = multiprocessing.get_context("forkserver")
        for _ in range(2):
            with world.server() as url, context.Pool(1) as pool:
                assert pool.apply(os.getenv, ["AWS_ENDPOINT_URL_SECRETS_MANAGER"]) == url

    @pytest.mark.slow
    def test_children_that_are_started_after_it_do_not_know_it(self, world):
        context = multiprocessing.get_context("forkserver")
        with world.server(), context.Pool(1) as pool:
            pool.apply(os.getpid)
        with context.Pool(1) as pool:
            assert pool.apply(os.getenv, ["AWS_ENDPOINT_URL_SECRETS_MANAGER"]) is None

    @pytest.mark.slow
    def test_a_pool_that_is_older_goes_on(self, world):
        with multiprocessing.get_context("forkserver").Pool(1) as pool:
            before = pool.apply(os.getpid)
            with world.server():
                assert pool.apply(os.getpid) == before
            assert pool.apply(os.getpid) == before

    def test_one_that_has_died_is_replaced(self, world):
        from multiprocessing import forkserver

        context = multiprocessing.get_context("forkserver")
        with context.Pool(1) as pool:
            pool.apply(os.getpid)
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
        os.waitid(os.P_PID, forkserver._forkserver._forkserver_pid, os.WEXITED | os.WNOWAIT)
        with world.server(), context.Pool(1) as pool:
            assert pool.apply(served_children.read, ["prod/db"]) == "old"

    def test_the_private_names_that_we_use_are_there(self):
        from multiprocessing import forkserver

        names = {"_lock", "_forkserver_pid", "_forkserver_alive_fd", "_forkserver_address"}
        assert names <= vars(forkserver._forkserver).keys()


@pytest.mark.skipif(not HAS_FORK, reason="this platform has no fork")
class TestFork:
    def test_a_pool_reads_and_writes_the_world_of_the_test(self, world):
        with world.server(), multiprocessing.get_context("fork").Pool(1) as pool:
            assert pool.apply(served_children.read_and_write, ["prod/db"]) == "old"
        assert world["prod/db"].value() == "old and new"

    def test_the_local_endpoints_of_the_parent_answer_and_run_on_after_the_child_has_left_them(self, world):
        def read_and_leave():
            answer = served_children.read_locally("prod/db")
            served.__exit__(None, None, None)
            return answer, (dict(os.environ), socket.socket.connect) == before

        before = dict(os.environ), socket.socket.connect
        served = world.local_endpoints()
        with served:
            for _ in range(2):
                assert in_a_fork(read_and_leave) == "('old', True)"
            assert served_children.read_locally("prod/db") == "old"

    @pytest.mark.parametrize("lane", ["fast", "wire"])
    def test_a_client_that_is_older_than_the_server_reaches_it(self, lane):
        with mock_stages({"prod/db": "old"}, _lane=lane) as world:
            client = served_children.client()
            client.get_secret_value(SecretId="prod/db")
            with world.server():
                in_a_fork(lambda: client.put_secret_value(SecretId="prod/db", SecretString="new"))
            assert world["prod/db"].value() == "new"
            assert [call.operation for call in world.calls] == ["GetSecretValue", "PutSecretValue"]

    def test_what_the_parent_writes_after_the_fork_is_read(self, world):
        with world.server(), multiprocessing.get_context("fork").Pool(1) as pool:
            pool.apply(os.getpid)
            served_children.write("prod/db", "written later")
            assert pool.apply(served_children.read, ["prod/db"]) == "written later"

    def test_a_refusal_is_that_of_the_world(self, world):
        with world.server():
            assert in_a_fork(served_children.read, "no/such").startswith("ResourceNotFoundException: ")

    def test_a_denial_is_that_of_the_world(self):
        nothing = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
        with mock_stages({"prod/db": "old"}, identity_policy=nothing) as world, world.server():
            assert "(AccessDeniedException)" in in_a_fork(served_children.read, "prod/db")

    @pytest.mark.slow
    def test_a_clients_read_time_out_holds(self, world):
        def sleeps(event, context):
            time.sleep(1)

        def rotates():
            config = botocore.config.Config(read_timeout=0.1, retries={"total_max_attempts": 1})
            client = boto3.client("secretsmanager", config=config)
            client.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn)

        arn = world.lambda_function(sleeps)
        with world.server():
            assert in_a_fork(rotates).startswith("ReadTimeoutError: ")

    def test_the_caller_is_the_one_of_the_child(self, world):
        caller = "arn:aws:iam::123456789012:role/reader"
        with world.server(), world.as_principal(caller):
            assert in_a_fork(served_children.read, "prod/db") == "old"
        assert world.calls[-1].principal == caller

    def test_a_child_may_act_as_a_principal(self, world):
        caller = "arn:aws:iam::123456789012:role/reader"

        def act():
            with world.as_principal(caller):
                return served_children.read("prod/db")

        with world.server():
            assert in_a_fork(act) == "old"
        assert world.calls[-1].principal == caller

    def test_an_account_id_as_a_key_is_the_account(self, world):
        def call():
            client = boto3.client("secretsmanager", aws_access_key_id="210987654321", aws_secret_access_key="x")
            client.create_secret(Name="theirs")

        with world.server():
            in_a_fork(call)
        assert world.calls[-1].principal == "arn:aws:iam::210987654321:root"

    def test_a_client_that_does_not_sign_is_answered_as_in_the_process(self, world):
        def call():
            config = botocore.config.Config(signature_version=botocore.UNSIGNED)
            return boto3.client("secretsmanager", config=config).get_secret_value(SecretId="prod/db")[
                "SecretString"
            ]

        with world.server():
            assert in_a_fork(call) == "old"

    def test_the_attempts_of_a_call_are_one_call(self, world):
        with world.server():
            fault = world.faults.fail("GetSecretValue", "InternalServiceError", calls=1)
            answer = in_a_fork(lambda: served_children.outcome("get_secret_value", 3, SecretId="prod/db"))
        assert (answer, fault.hits) == ("InternalServiceError", 3)

    def test_a_child_that_opens_a_world_is_answered_by_that(self, world):
        def call():
            with mock_stages({"prod/db": "its own"}):
                return served_children.read("prod/db")

        with world.server():
            assert in_a_fork(call) == "its own"
        assert len(world.calls) == 0

    def test_a_fork_of_the_fork_reaches_the_world(self, world):
        with world.server():
            assert in_a_fork(in_a_fork, served_children.read_and_write, "prod/db") == "old"
        assert world["prod/db"].value() == "old and new"

    def test_a_rotation_that_a_child_starts_runs_in_the_parent(self, world):
        processes = set()
        arn = world.lambda_function(lambda event, context: processes.add(os.getpid()))
        with world.server():
            in_a_fork(lambda: served_children.client().rotate_secret(SecretId="prod/db", RotationLambdaARN=arn))
        assert processes == {os.getpid()}

    def test_a_call_in_another_region_arrives_there(self, world):
        with world.server():
            assert in_a_fork(served_children.outcome_in, "eu-west-3", "prod/db") == "ResourceNotFoundException"
        assert world.calls[-1].region == "eu-west-3"

    def test_a_world_that_is_not_served_is_a_copy_as_ever(self, world):
        with world.server(), mock_stages({"prod/db": "inner"}) as inner:
            assert in_a_fork(served_children.read_and_write, "prod/db") == "inner"
            assert inner["prod/db"].value() == "inner"

    def test_events_are_delivered_by_the_parent_alone(self, world):
        processes = []
        world.on_event(lambda event: processes.append(os.getpid()))
        with world.server():
            in_a_fork(served_children.write, "prod/db", "new")
        assert set(processes) == {os.getpid()}

    def test_due_rotations_are_run_by_the_parent_alone(self, world, freezer_at_noon):
        processes = []
        arn = world.lambda_function(lambda event, context: processes.append(os.getpid()))
        client = served_children.client()
        client.rotate_secret(
            SecretId="prod/db", RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 1},
            RotateImmediately=False,
        )  # fmt: skip
        processes.clear()
        with world.server():
            freezer_at_noon.tick(datetime.timedelta(days=3))
            in_a_fork(served_children.read, "prod/db")
        assert processes
        assert set(processes) == {os.getpid()}

    def test_a_fault_hits_the_call_of_the_child(self, world):
        with world.server():
            fault = world.faults.fail("GetSecretValue", "InternalServiceError")
            answer = in_a_fork(lambda: served_children.outcome("get_secret_value", SecretId="prod/db"))
        assert (answer, fault.hits) == ("InternalServiceError", 1)

    def test_a_lost_answer_is_one_to_botocore(self, world):
        with world.server():
            world.faults.reset_connection("GetSecretValue")
            answer = in_a_fork(lambda: served_children.outcome("get_secret_value", SecretId="prod/db"))
        assert answer == "ConnectionClosedError"

    def test_a_call_after_the_server_has_gone_says_so(self, world):
        go_on, reader = multiprocessing.Event(), os.pipe()
        with world.server():
            child = os.fork()
            if not child:
                go_on.wait(20)
                try:
                    answer = served_children.read("prod/db")
                except BaseException as error:  # noqa: BLE001 -- the parent shows it
                    answer = f"{type(error).__name__}: {error}"
                os.write(reader[1], answer.encode())
                os._exit(0)
        go_on.set()
        os.close(reader[1])
        with os.fdopen(reader[0]) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        assert answer.startswith("NoActiveWorldError: GetSecretValue of a forked process")

    def test_the_child_has_no_thread_of_the_server(self, world):
        with world.server():
            assert in_a_fork(threading.active_count) == "1"

    def test_a_server_that_the_child_asks_for_is_that_of_the_parent(self, world):
        with world.server() as url:
            assert in_a_fork(lambda: world.server().__enter__()) == url

    def test_the_handle_of_the_child_shows_the_copy_of_the_fork(self, world):
        def in_child():
            served_children.write("prod/db", "new")
            return world["prod/db"].value()

        with world.server():
            assert in_a_fork(in_child) == "old"
        assert world["prod/db"].value() == "new"

    def test_a_child_that_leaves_the_block_leaves_the_server_to_the_parent(self, world):
        server = world.server()
        with server:
            in_a_fork(server.__exit__, None, None, None)
            assert in_a_fork(served_children.read, "prod/db") == "old"
