"""The guard blames the test that started a thread, not the one that runs when the thread calls."""

import concurrent.futures
import functools
import importlib.util
import textwrap
import threading

import pytest
from runs_of_pytest import PYTEST_ARGUMENTS

from fake_secrets.hook.guard import Guard

HEAD = """
    import concurrent.futures, contextlib, threading, boto3, pytest
    from fake_secrets import mock_stages
    client = boto3.client("secretsmanager", region_name="us-east-1")
    ended, called = threading.Event(), threading.Event()

    def late():
        assert ended.wait(30)
        try:
            client.get_secret_value(SecretId="db")
        finally:
            called.set()

    def quietly():
        with contextlib.suppress(Exception):
            late()
"""
NEXT = """
    def test_b():
        ended.set()
        assert called.wait(30)
"""


@pytest.fixture
def guarded(pytester):
    def guarded(*parts, arguments=(), run=pytester.runpytest_inprocess):
        pytester.makeini("[pytest]\nfake_secrets_guard = error\n")
        pytester.makepyfile(test_app="\n".join(map(textwrap.dedent, [HEAD, *parts])))
        return run(*PYTEST_ARGUMENTS, "--strict-config", *arguments)

    return guarded


def blames(ran, *, during="during test_app.py::test_b (call)", passed=2):
    ran.assert_outcomes(passed=passed)
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    what = (
        "GetSecretValue was called while no fake_secrets world was active, in a thread that "
        f"test_app.py::test_a started and that outlived the test. It called {during}."
    )
    advice = (
        "`fake_secrets_guard = error` stopped the call before it could reach AWS. Wait for the thread before the "
        "test and its world end, for example with join."
    )
    ran.stdout.fnmatch_lines(["* fake_secrets_guard *", what, advice])


FORMS = {
    "thread": "threading.Thread(target=late).start()",
    "thread that swallows the refusal": "threading.Thread(target=quietly).start()",
    "timer": "threading.Timer(0, late).start()",
    "thread of a thread": "threading.Thread(target=threading.Thread(target=late).start).start()",
    "task of a pool": "concurrent.futures.ThreadPoolExecutor().submit(late)",
    "thread of a task": "concurrent.futures.ThreadPoolExecutor().submit(threading.Thread(target=late).start)",
}


@pytest.mark.parametrize("statement", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("decorator", ["", "@mock_stages"], ids=["outside", "in a world"])
def test_the_test_that_left_the_thread_is_named_and_the_running_one_passes(guarded, statement, decorator):
    test = f"{decorator}\ndef test_a():\n    {statement}\n"
    blames(guarded(test, NEXT, arguments=["-W", "error"]))


def test_a_thread_that_a_fixture_of_the_test_left_is_the_tests(guarded):
    test = """
    @pytest.fixture
    def poller():
        threading.Thread(target=late).start()
    def test_a(poller):
        pass
    """
    blames(guarded(test, NEXT))


def test_a_thread_that_calls_after_the_last_test_is_reported(guarded, pytester):
    pytester.makeconftest(
        """
        import sys
        def pytest_runtest_logfinish():
            app = sys.modules["test_app"]
            app.ended.set()
            assert app.called.wait(30)
        """
    )
    ran = guarded("def test_a():\n    threading.Thread(target=late).start()\n")
    blames(ran, during="during code outside of the tests", passed=1)


def test_a_thread_that_calls_while_its_test_runs_fails_that_test(guarded):
    ran = guarded(
        """
    def test_a():
        threading.Thread(target=quietly).start()
        ended.set()
        assert called.wait(30)
    def test_b():
        pass
    """
    )
    ran.assert_outcomes(failed=1, passed=1)
    ran.stdout.fnmatch_lines(["E *GetSecretValue was called *, in test_app.py::test_a (call)."])


SHARED = {
    "fixture of the module": """
    @pytest.fixture(scope="module", autouse=True)
    def worker():
        threading.Thread(target=quietly).start()
    """,
    "set-up of the module": """
    def setup_module():
        threading.Thread(target=quietly).start()
    """,
    "import": """
    threading.Thread(target=quietly).start()
    """,
    "pool that the earlier test used": """
    pool = concurrent.futures.ThreadPoolExecutor(1)
    @pytest.fixture(autouse=True)
    def task(request):
        pool.submit(quietly if request.node.name == "test_b" else int).result
        yield
    """,
}


@pytest.mark.slow
@pytest.mark.parametrize("source", SHARED.values(), ids=SHARED)
def test_a_shared_thread_that_works_for_the_running_test_fails_that_test(guarded, source):
    ran = guarded(source, "def test_a():\n    pass\n", NEXT)
    ran.assert_outcomes(failed=1, passed=1)
    ran.stdout.fnmatch_lines(["E *GetSecretValue was called *, in test_app.py::test_b (call)."])


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist isn't installed")
def test_a_refusal_on_an_xdist_worker_fails_the_run(guarded, pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    ran = guarded(
        "with contextlib.suppress(Exception):\n    client.list_secrets()\n",
        "def test_a():\n    threading.Thread(target=late).start()\n",
        NEXT,
        arguments=["-n1"],
        run=functools.partial(pytester.runpytest_subprocess, timeout=60),
    )
    ran.stdout.fnmatch_lines(["ListSecrets was called while no *, in code outside of the tests."])
    blames(ran)


def test_the_guard_restores_what_it_wraps(guarded):
    before = threading.Thread.start, concurrent.futures.ThreadPoolExecutor.submit
    guarded("def test_a():\n    assert threading.Thread.start.__wrapped__\n").assert_outcomes(passed=1)
    assert (threading.Thread.start, concurrent.futures.ThreadPoolExecutor.submit) == before


@pytest.mark.slow
def test_without_the_guard_nothing_is_wrapped(pytester):
    pytester.makepyfile(
        "import threading\ndef test_plain():\n    assert not hasattr(threading.Thread.start, '__wrapped__')\n"
    )
    pytester.runpytest_subprocess(*PYTEST_ARGUMENTS).assert_outcomes(passed=1)


def test_threads_and_tasks_run_as_without_the_guard():
    guard = Guard(lambda: "a test")
    guard.put_up()
    try:
        ran = []
        thread = threading.Thread(target=ran.append, args=["thread"])
        thread.start()
        thread.join(30)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            assert pool.submit(divmod, 7, 2).result(30) == (3, 1)
            assert list(pool.map(str, [1, 2])) == ["1", "2"]
            with pytest.raises(TypeError, match="submit"):
                pool.submit()
        with pytest.raises(RuntimeError, match="once"):
            thread.start()
    finally:
        guard.take_down()
    assert ran == ["thread"]
