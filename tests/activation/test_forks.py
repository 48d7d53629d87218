"""Forks while other threads use the fake: the child is answered, by a copy of a whole world.

Each scenario runs in a process of its own, and prints what it saw. A child that hangs is killed by an alarm.
The short form forks 25 times while threads call. With FAKE_SECRETS_LONG=1 it forks 200 times.
"""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")

FORKS = 200 if os.environ.get("FAKE_SECRETS_LONG") else 25

PRELUDE = """
import multiprocessing, os, signal, sys, threading

import boto3
import botocore.client

from fake_secrets import mock_stages

client = boto3.client("secretsmanager", region_name="us-east-1")


def value(name="db"):
    return client.get_secret_value(SecretId=name)["SecretString"]


def put(text, name="db"):
    client.put_secret_value(SecretId=name, SecretString=text)


def start(function, *args):
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def fork(in_child):
    # Fork, and return what in_child returns there; a dead child gives the signal that killed it.
    read, write = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(10)
        try:
            answer = repr(in_child())
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(write, answer.encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    with open(read) as pipe:
        return pipe.read() if status == 0 else f"died of {status}"
"""


def run(scenario, timeout=60):
    """Run a scenario and return the lines that it prints."""
    script = PRELUDE + textwrap.dedent(scenario)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_the_fork_waits_for_the_call_in_flight():
    lines = run("""
        from fake_secrets.observe.ledger import Ledger

        record, is_inside, go_on = Ledger.record, threading.Event(), threading.Event()

        def slow(*args):
            is_inside.set()
            assert go_on.wait(10)
            record(*args)

        with mock_stages({"db": "old"}) as fake:
            # What is registered last comes first: the call ends only after the fork has begun.
            os.register_at_fork(before=go_on.set)
            Ledger.record = slow
            thread = start(put, "new")
            assert is_inside.wait(10)
            print(fork(lambda: ([call.operation for call in fake.calls], value())))
            thread.join(10)
            print(value())
    """)
    assert lines == ["(['PutSecretValue'], 'new')", "new"]


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["fast", "wire"])
def test_no_child_hangs_while_four_threads_call(lane):
    lines = run(f"""
        sys.setswitchinterval(1e-4)
        clients = [boto3.client("secretsmanager", region_name="us-east-1") for _ in range(5)]
        is_over = threading.Event()

        def work(number):
            turn = 0
            while not is_over.is_set():
                turn += 1
                clients[number].put_secret_value(SecretId=f"db/{{number}}", SecretString=str(turn))
                if turn % 50 == 0:
                    clients[number].delete_secret(SecretId=f"db/{{number}}", ForceDeleteWithoutRecovery=True)
                    clients[number].create_secret(Name=f"db/{{number}}", SecretString="0")

        def read():
            for secret in clients[4].list_secrets()["SecretList"]:
                answer = clients[4].get_secret_value(SecretId=secret["Name"])
                stages = clients[4].describe_secret(SecretId=secret["Name"])["VersionIdsToStages"]
                labels = sorted(label for labels in stages.values() for label in labels)
                assert labels in (["AWSCURRENT"], ["AWSCURRENT", "AWSPREVIOUS"]), labels
                assert "AWSCURRENT" in stages[answer["VersionId"]]
            clients[4].put_secret_value(SecretId="spare", SecretString="of a child")
            return "whole"

        with mock_stages({{"spare": "0", **{{f"db/{{number}}": "0" for number in range(4)}}}}, _lane="{lane}"):
            print(read())
            threads = [start(work, number) for number in range(4)]
            print({{fork(read) for _ in range({FORKS})}})
            is_over.set()
            for thread in threads:
                thread.join(10)
            print(len(clients[4].list_secret_version_ids(SecretId="spare")["Versions"]))
    """)
    assert lines == ["whole", "{\"'whole'\"}", "2"]


@pytest.mark.slow
def test_the_fork_does_not_wait_for_a_rotation_function():
    """In the child, that rotation has failed and can be attempted again. In the parent, it goes on."""
    lines = run("""
        is_inside, go_on, steps = threading.Event(), threading.Event(), []

        def handler(event, context):
            steps.append(event["Step"])
            if threading.current_thread() is thread and event["Step"] == "setSecret":
                is_inside.set()
                assert go_on.wait(10)
            if event["Step"] == "createSecret":
                token = event["ClientRequestToken"]
                client.put_secret_value(
                    SecretId="db", ClientRequestToken=token, SecretString=token, VersionStages=["AWSPENDING"]
                )

        def in_child():
            (rotation,) = fake.rotations
            print(rotation, flush=True)
            names = [record["eventName"] for record in fake.trail.service_events]
            steps.clear()
            return names, rotation.retry().outcome, len(steps), value()

        with mock_stages({"db": "old"}, rotation_errors="record") as fake:
            thread = threading.Thread(target=fake.rotate, args=("db", handler))
            thread.start()
            assert is_inside.wait(10)
            print(fork(in_child))
            go_on.set()
            thread.join(10)
            print(fake.rotations[0].outcome, fake.rotations[0].error, steps)
    """)
    shown, in_child, in_parent = lines
    assert shown.endswith(": failed in setSecret with RotationFailedError>")
    assert in_child == "(['RotationStarted', 'RotationFailed'], 'unfinished', 4, 'old')"
    assert in_parent == "unfinished None ['createSecret', 'setSecret', 'testSecret', 'finishSecret']"


@pytest.mark.slow
def test_rotations_that_are_due_fall_due_in_the_child_too():
    """A thread of the parent is running the first of them, at another time than the present."""
    lines = run("""
        import datetime

        import freezegun

        is_inside, go_on = threading.Event(), threading.Event()

        def handler(event, context):
            if threading.current_thread() is thread and not is_inside.is_set():
                is_inside.set()
                assert go_on.wait(10)

        def outcomes():
            return [rotation.outcome for rotation in fake.rotations if not rotation.is_test]

        def in_child():
            before, now = outcomes(), datetime.datetime.now()
            value("b")
            return before, str(now), outcomes(), fake.rotations[2].failed_step, str(fake.next_due())

        names = ["a", "b", "c"]
        thread = None
        frozen = freezegun.freeze_time("2026-01-01T12:00:00Z")
        with frozen as clock, mock_stages(dict.fromkeys(names, "0")) as fake:
            arn = fake.lambda_function(handler)
            for name in names:
                client.rotate_secret(
                    SecretId=name,
                    RotationLambdaARN=arn,
                    RotationRules={"AutomaticallyAfterDays": 1},
                    RotateImmediately=False,
                )
            clock.move_to("2026-01-02T12:00:00Z")
            thread = threading.Thread(target=value, args=("a",))
            thread.start()
            assert is_inside.wait(10)
            print(fork(in_child))
            go_on.set()
            thread.join(10)
            print(outcomes())
    """)
    assert lines == [
        (
            "(['failed'], '2026-01-02 12:00:00', ['failed', 'unfinished', 'unfinished'], None, "
            "'2026-01-03 00:00:00+00:00')"
        ),
        "['unfinished', 'unfinished', 'unfinished']",
    ]


def test_the_fork_does_not_wait_for_a_subscriber():
    """In the child, events are delivered again."""
    lines = run("""
        is_inside, go_on, seen = threading.Event(), threading.Event(), []

        def subscriber(event):
            seen.append(event["detail-type"])
            if threading.current_thread() is thread:
                is_inside.set()
                assert go_on.wait(10)

        def in_child():
            seen.clear()
            put("newer")
            return seen

        with mock_stages({"db": "old"}) as fake:
            fake.on_event(subscriber)
            thread = threading.Thread(target=put, args=("new",))
            thread.start()
            assert is_inside.wait(10)
            print(fork(in_child))
            go_on.set()
            thread.join(10)
    """)
    assert lines == ["['Secret Label Updated']"]


@pytest.mark.slow
def test_user_code_may_fork_inside_of_a_call_of_its_own():
    """The rotation function, the subscriber and the handler go on in both processes."""
    lines = run("""
        places = []

        def fork_here(place):
            if place not in places:
                places.append(place)
                print(place, fork(value), flush=True)

        def fork_and_go_on(place):
            # The child goes on, too, and ends the whole scenario.
            if place not in places:
                places.append(place)
                child = os.fork()
                if child:
                    assert os.waitpid(child, 0)[1] == 0

        def handler(event, context):
            token = event["ClientRequestToken"]
            if event["Step"] == "createSecret":
                fork_here("function")
                fork_and_go_on("function that goes on")
                client.put_secret_value(
                    SecretId="db", ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
                )
            elif event["Step"] == "finishSecret":
                versions = client.describe_secret(SecretId="db")["VersionIdsToStages"]
                current = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
                client.update_secret_version_stage(
                    SecretId="db", VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
                )

        method = vars(botocore.client.BaseClient)["_make_api_call"]
        with mock_stages({"db": "old"}) as fake:
            fake.on_event(lambda event: fork_here("subscriber"))
            client.meta.events.register(
                "provide-client-params.secrets-manager.PutSecretValue", lambda **_: fork_here("handler")
            )
            outcome = fake.rotate("db", handler).outcome
            print("end", outcome, value(), len(fake.trail), flush=True)
        print("restored", vars(botocore.client.BaseClient)["_make_api_call"] is method, flush=True)
    """)
    assert lines == [
        "function 'old'",
        # The child that goes on.
        "handler 'old'",
        "subscriber 'new'",
        "end succeeded new 3",
        "restored True",
        # The parent.
        "handler 'old'",
        "subscriber 'new'",
        "end succeeded new 3",
        "restored True",
    ]


@pytest.mark.slow
def test_a_signal_handler_may_fork_inside_of_our_own_code():
    """The forking thread holds our lock itself. Both processes go on with the call."""
    lines = run("""
        from fake_secrets.observe.ledger import Ledger

        record = Ledger.record

        def forks(*args):
            Ledger.record = record
            child = os.fork()
            if child:
                assert os.waitpid(child, 0)[1] == 0
            else:
                signal.alarm(10)
            record(*args)

        with mock_stages({"db": "old"}) as fake:
            Ledger.record = forks
            put("new")
            print(start(lambda: print(value(), flush=True)).join(10), len(fake.calls), flush=True)
    """)
    assert lines == ["new", "None 2"] * 2


@pytest.mark.slow
def test_a_world_that_is_left_in_the_child_leaves_nothing_behind():
    """At the fork, one thread is in a call, and one in a rotation function with its environment variables."""
    lines = run("""
        is_in_call, is_in_function, go_on = threading.Event(), threading.Event(), threading.Event()

        def handler(event, context):
            is_in_function.set()
            assert go_on.wait(10)

        def in_handler(**_):
            if threading.current_thread() is not threading.main_thread():
                is_in_call.set()
                assert go_on.wait(10)

        def in_child():
            seen = os.environ["AWS_LAMBDA_FUNCTION_NAME"], os.environ["AWS_ACCESS_KEY_ID"], value()
            world.__exit__(None, None, None)
            return seen, dict(os.environ) == before, vars(botocore.client.BaseClient)["_make_api_call"] is method

        before, method = dict(os.environ), vars(botocore.client.BaseClient)["_make_api_call"]
        world = mock_stages({"db": "old"}, rotation_errors="record")
        with world as fake:
            client.meta.events.register("provide-client-params.secrets-manager.ListSecrets", in_handler)
            threads = [start(client.list_secrets), start(fake.rotate, "db", handler)]
            assert is_in_call.wait(10) and is_in_function.wait(10)
            print(fork(in_child))
            go_on.set()
            for thread in threads:
                thread.join(10)
        print(dict(os.environ) == before, vars(botocore.client.BaseClient)["_make_api_call"] is method)
    """)
    name = "__main__-handler"
    assert lines == [f"(('{name}', 'FAKESECRETSACCESSKEY', 'old'), True, True)", "True True"]


@pytest.mark.slow
def test_every_way_to_fork_is_answered():
    lines = run("""
        import concurrent.futures, pty, subprocess

        context = multiprocessing.get_context("fork")

        def tell(queue):
            queue.put(value())

        def by_process():
            queue = context.SimpleQueue()
            process = context.Process(target=tell, args=(queue,))
            process.start()
            process.join(10)
            return queue.get()

        def by_pool():
            with context.Pool(1) as pool:
                return pool.apply_async(value).get(10)

        def by_executor():
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
                return pool.submit(value).result(10)

        def by_pty():
            child, terminal = pty.fork()
            if not child:
                os.write(1, value().encode())
                os._exit(0)
            answer = os.read(terminal, 100).decode()
            os.waitpid(child, 0)
            return answer

        def by_preexec():
            read, write = os.pipe()
            done = subprocess.run(
                ["true"], preexec_fn=lambda: os.write(write, value().encode()), pass_fds=[write], timeout=10
            )
            return os.read(read, 100).decode()

        is_over = threading.Event()

        def work():
            while not is_over.is_set():
                value()

        with mock_stages({"db": "old"}):
            thread = start(work)
            for way in (by_process, by_pool, by_executor, by_pty, by_preexec):
                print(way(), flush=True)
            is_over.set()
            thread.join(10)
    """)
    assert lines == ["old"] * 5


@pytest.mark.slow
def test_two_threads_fork_at_once():
    lines = run("""
        barrier, answers = threading.Barrier(2), []

        def forks():
            barrier.wait(10)
            for _ in range(10):
                answers.append(fork(value))

        with mock_stages({"db": "old"}):
            threads = [start(forks) for _ in range(2)]
            for thread in threads:
                thread.join(30)
            print(len(answers), set(answers), value())
    """)
    assert lines == ["20 {\"'old'\"} old"]


@pytest.mark.slow
def test_forks_are_watched_once_and_not_before_the_first_world():
    lines = run("""
        registered = []
        os.register_at_fork = lambda **hooks: registered.append(hooks)
        print(len(registered))
        for _ in range(3):
            with mock_stages():
                pass
        print(len(registered))
        from fake_secrets.activation import forks
        del os.register_at_fork
        forks._is_watching = False
        with mock_stages({"db": "old"}):
            print(value())
    """)
    assert lines == ["0", "1", "old"]
