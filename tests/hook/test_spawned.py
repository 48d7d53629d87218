"""Processes that are started inside a world and aren't forks: they don't reach the world, and are told so.

Each scenario is a program of its own. A server on loopback stands for AWS where a request has to arrive.
"""

import subprocess
import sys
import textwrap

import pytest

METHODS = [
    "spawn",
    pytest.param("forkserver", marks=pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")),
]

PRELUDE = """
import http.server, json, multiprocessing, os, subprocess, sys, threading

import boto3

SECRETS = {"db": "s3cret"}


def client(**options):
    return boto3.client("secretsmanager", region_name="us-east-1", **options)


def value(**options):
    return client(**options).get_secret_value(SecretId="db")["SecretString"]


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def value_in_a_world():
    from fake_secrets import mock_stages

    with mock_stages(SECRETS):
        return value()


def refused():
    import fake_secrets.mock

    return outcome(value)


def current():
    import fake_secrets

    return outcome(fake_secrets.current)


def told_by_aws(url):
    return outcome(lambda: value(endpoint_url=url))


def ask_with_keys():
    import fake_secrets.mock
    import botocore.config

    # The name of AWS's host, but no way to it.
    config = botocore.config.Config(
        proxies={"https": "http://127.0.0.1:9"}, retries={"total_max_attempts": 1}, connect_timeout=2
    )
    keys = {"aws_access_key_id": "own", "aws_secret_access_key": "own"}
    return outcome(lambda: value(config=config, **keys))


class Aws(http.server.BaseHTTPRequestHandler):
    # It refuses a key that it doesn't know, in AWS's words.
    keys = []

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.keys.append(self.headers["Authorization"].partition("Credential=")[2].partition("/")[0])
        code, message = "UnrecognizedClientException", "The security token included in the request is invalid."
        body = json.dumps({"__type": code, "message": message}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Aws)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def in_child(method, function, *args):
    with multiprocessing.get_context(method).Pool(1) as pool:
        return pool.apply_async(function, args).get(40)
"""


MAIN = """

if __name__ == "__main__":
    from fake_secrets import mock_stages
"""


@pytest.fixture
def run(tmp_path):
    def run(scenario):
        program = tmp_path / "program.py"
        main = textwrap.indent(textwrap.dedent(scenario), "    ")
        program.write_text(f"{PRELUDE}{MAIN}{main}")
        done = subprocess.run(
            [sys.executable, program], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_world_that_is_opened_in_the_child_answers_there(run, method):
    lines = run(f"""
        with mock_stages({{"db": "of the parent"}}) as fake:
            print(in_child({method!r}, value_in_a_world))
            print(len(fake.calls))
    """)
    assert lines == ["s3cret", "0"]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_child_that_imports_us_is_told_before_a_request_is_sent(run, method):
    lines = run(f"""
        with mock_stages(SECRETS):
            print(in_child({method!r}, refused))
    """)
    assert lines == [
        (
            "NoActiveWorldError: GetSecretValue would send the fake credentials of a fake_secrets world to AWS. "
            "This process was started inside that world and inherited them, but the world doesn't reach it."
        ),
        (
            "Serve the world while the process runs: put `with fake_secrets.server():` around what starts it, or "
            "use the fixture `fake_secrets_server`. Or open a world here, too: `with mock_stages(...):`."
        ),
    ]


@pytest.mark.slow
def test_a_child_that_does_not_import_us_sends_the_fake_credentials(run):
    lines = run("""
        url = serve()
        with mock_stages(SECRETS):
            print(in_child("spawn", told_by_aws, url))
            print(Aws.keys)
    """)
    assert lines == [
        (
            "ClientError: An error occurred (UnrecognizedClientException) when calling the GetSecretValue "
            "operation: The security token included in the request is invalid."
        ),
        "['FAKESECRETSACCESSKEY']",
    ]


@pytest.mark.slow
def test_a_child_that_imports_us_may_call_another_endpoint_or_with_keys_of_its_own(run):
    lines = run("""
        url = serve()

        with mock_stages(SECRETS):
            command = "import program, fake_secrets.mock; print(program.told_by_aws(sys.argv[1]))"
            command = f"import sys; {command}"
            done = subprocess.run([sys.executable, "-c", command, url], capture_output=True, text=True, timeout=40)
            print(done.stdout.split("(")[1].split(")")[0], Aws.keys)
            print(in_child("spawn", ask_with_keys).split(":")[0])
    """)
    assert lines == ["UnrecognizedClientException ['FAKESECRETSACCESSKEY']", "ProxyConnectionError"]


@pytest.mark.slow
def test_a_program_runs_in_a_world_of_its_own(run):
    """A program that can't be changed is run by another one, which opens the world."""
    lines = run("""
        with open("app.py", "w") as file:
            print("import program; print(program.value())", file=file)
        with open("in_a_world.py", "w") as file:
            print("import runpy\\nfrom fake_secrets import mock_stages", file=file)
            print("with mock_stages({'db': 's3cret'}):", file=file)
            print("    runpy.run_path('app.py', run_name='__main__')", file=file)
        with mock_stages(SECRETS):
            done = subprocess.run([sys.executable, "in_a_world.py"], capture_output=True, text=True, timeout=40)
            print(done.stdout.strip() or done.stderr)
    """)
    assert lines == ["s3cret"]


@pytest.mark.slow
def test_current_says_why_there_is_no_world_in_a_child(run):
    lines = run("""
        with mock_stages(SECRETS):
            print(in_child("spawn", current))
    """)
    assert lines[-1].startswith("This process was started inside a world of another process")


def test_outside_of_every_world_nothing_is_wrapped(run):
    lines = run("""
        from botocore.endpoint import Endpoint

        print(Endpoint._send.__module__, hasattr(Endpoint._send, "__wrapped__"))
    """)
    assert lines == ["botocore.endpoint False"]
