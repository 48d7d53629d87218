"""The message for each kind of misuse, line by line, as pytest shows it."""

import json
import pathlib
import re
import subprocess
import sys

import boto3.session
import pytest
from valid_options import VALID

import fake_secrets
from fake_secrets import mock_stages

# pytest runs in-process below, and afterwards forgets the modules that it imported first. Importing these
# here keeps it from forgetting them, so they exist only once.
assert boto3.session
assert mock_stages

without_others = ("-p", "no:asyncio", "-p", "no:randomly", "-p", "no:hypothesispytest")

HEAD = """
import contextlib, functools
import boto3, pytest
from fake_secrets import current, mock_stages

stack = contextlib.ExitStack()

@pytest.fixture(autouse=True)
def leave():
    with stack:
        yield

def enter(*args, **kwargs):
    return stack.enter_context(mock_stages(*args, **kwargs))

def fake(secrets={"a": "x"}, **kwargs):
    return enter(secrets, random_seed=7, **kwargs)

@mock_stages
class Plain:
    def call(self):
        return current()

@pytest.fixture
def some_fixture():
    pass

def hidden(function):
    @functools.wraps(function)
    def call(*args):
        return function(*args)
    return call

def hiding(function):
    return lambda *args: function(*args)

async def coroutine():
    pass
def generator():
    yield
async def async_generator():
    yield

def handler(event, context):
    pass
def other_handler(event, context):
    pass
async def async_handler(event, context):
    pass
def failing_handler(event, context):
    raise RuntimeError
"""
CONFTEST = """
import json, pathlib

read = {}

def pytest_runtest_logreport(report):
    if report.when == "call":
        read[report.location[2]] = report.longreprtext

def pytest_collectreport(report):
    if report.failed:
        read[report.nodeid] = report.longreprtext

def pytest_sessionfinish():
    pathlib.Path("read.json").write_text(json.dumps(read))
"""

NO_NAME = "'no name' can't be a secret's name. Use 1 to 512 letters, digits and -/_+=.@!"
BELOW = "mock_stages can't decorate a pytest fixture: put it below @pytest.fixture, next to the function"
HIDDEN = (
    "mock_stages can't run this {} in a world: another decorator hides it. Put mock_stages below the other "
    "decorators, next to the function."
)
ADD = (
    "- name",
    "- value",
    "- labels",
    "- version_ids",
    "- arn_suffix",
    "- region",
    "- description",
    "- kms_key_id",
    "- tags",
    "- owning_service",
    "- resource_policy",
)
NO_WORLD = (
    "no fake_secrets world is active. Decorate the test with @mock_stages, use `with mock_stages():`, or use "
    "the fixture `fake_secrets`."
)
NEITHER = "mock_stages takes a function or class to decorate, or a mapping of secrets, not {}"
NO_PRINCIPAL = (
    "isn't the ARN of a principal, such as arn:aws:iam::123456789012:role/app or "
    "arn:aws:sts::123456789012:assumed-role/app/session"
)
NO_ENVIRONMENT = "environment= takes a mapping from str to str"
NO_TAGS = "tags of secret 'b' must be a mapping from tag key to tag value, both str"
ERRORS = (
    '- "raise": the error of a rotation function comes out of the call that ran it',
    '- "record": the error is only recorded, in Rotation.error',
)
KEY_STATES = (
    '- "enabled": calls that need the key succeed',
    '- "disabled": they fail with EncryptionFailure or DecryptionFailure',
    '- "denied": they fail with AccessDeniedException',
)
NO_ERRORS = ("ValueError", "errors='ignore' isn't a choice. The choices are:", *ERRORS)
UNKNOWN = (
    "no secret 'b' in this world. The world holds:",
    "- 'a'",
    "Seed it with mock_stages({'b': ...}) or fake_secrets.add('b', ...).",
)
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:rotate"

# Statement to the name of its exception and the lines of its message.
MISUSES = {
    "decorating and activating": {
        "mock_stages().stop()": (
            "NoActiveWorldError",
            "stop() was called on a mock_stages object that isn't active: call start() on it first",
        ),
        "world = mock_stages(); world.start(); world.stop(); world.stop()": (
            "NoActiveWorldError",
            "stop() was called on a mock_stages object that isn't active: call start() on it first",
        ),
        "current()": ("NoActiveWorldError", NO_WORLD),
        "Plain().call()": (
            "NoActiveWorldError",
            NO_WORLD,
            (
                "Plain is decorated, but outside of pytest only a unittest.TestCase opens a world for each of its "
                "tests."
            ),
        ),
        "mock_stages(regoin='eu-west-3')": (
            "TypeError",
            "mock_stages() got an unexpected keyword argument 'regoin'; did you mean 'region'? It takes:",
            *VALID,
        ),
        "mock_stages(secret={'a': 'x'})": (
            "TypeError",
            "mock_stages() got an unexpected keyword argument 'secret'; did you mean 'secrets'? It takes:",
            *VALID,
        ),
        "mock_stages(clock=None)": (
            "TypeError",
            "mock_stages() got an unexpected keyword argument 'clock'. It takes:",
            *VALID,
        ),
        "with mock_stages() as world: mock_stages().reset()": (
            "AttributeError",
            (
                "'MockStages' object has no attribute 'reset'. Entering it returns the handle, which has 'reset': "
                "with mock_stages() as fake_secrets:"
            ),
        ),
        "fake().get_secret_value(SecretId='a')": (
            "AttributeError",
            (
                "'FakeSecrets' object has no attribute 'get_secret_value'. It is an operation of the API: call it "
                "on a client, such as the fixture `secretsmanager`"
            ),
        ),
        "mock_stages({}, 'eu-west-3')": (
            "TypeError",
            "mock_stages() takes from 0 to 1 positional arguments but 2 were given",
        ),
        "mock_stages(7)": ("TypeError", NEITHER.format("int")),
        "mock_stages('a')": ("TypeError", NEITHER.format("str")),
        "mock_stages([('a', 'x')])": ("TypeError", NEITHER.format("list")),
        "mock_stages(secrets=['a'])": ("TypeError", NEITHER.format("list")),
        "mock_stages({})(7)": ("TypeError", NEITHER.format("int")),
        "mock_stages(property(len))": ("TypeError", NEITHER.format("property")),
        "mock_stages(some_fixture)": ("TypeError", BELOW),
        "mock_stages({})(some_fixture)": ("TypeError", BELOW),
        "mock_stages(hidden(generator))()": ("TypeError", HIDDEN.format("generator")),
        "mock_stages({})(hidden(coroutine))()": ("TypeError", HIDDEN.format("coroutine")),
        "mock_stages(hiding(coroutine))()": ("TypeError", HIDDEN.format("coroutine")),
        "mock_stages(hiding(async_generator))()": ("TypeError", HIDDEN.format("async_generator")),
        "mock_stages(contextlib.contextmanager(generator))()": ("TypeError", HIDDEN.format("generator")),
        "mock_stages(contextlib.asynccontextmanager(async_generator))()": (
            "TypeError",
            HIDDEN.format("async_generator"),
        ),
    },
    "options": {
        "enter(account_id='12345')": ("ValueError", "account_id='12345' isn't a string of twelve digits"),
        "enter(account_id=123456789012)": (
            "ValueError",
            "account_id=123456789012 isn't a string of twelve digits",
        ),
        "enter(account_id=None)": ("ValueError", "account_id=None isn't a string of twelve digits"),
        "enter(region='Paris, France')": (
            "ValueError",
            "region='Paris, France' isn't a region, such as 'us-east-1'",
        ),
        "enter(region='us-est-1')": (
            "ValueError",
            "region='us-est-1' isn't a region. Did you mean 'us-east-1' or 'us-west-1'?",
        ),
        "enter(region='mars')": ("ValueError", "region='mars' isn't a region, such as 'us-east-1'"),
        "enter(region='eu-west')": ("ValueError", "region='eu-west' isn't a region. Did you mean 'eu-west-1'?"),
        "enter(region='eu-wst')": ("ValueError", "region='eu-wst' isn't a region. Did you mean 'eu-west-1'?"),
        "enter(region='us-east-1a')": (
            "ValueError",
            "region='us-east-1a' isn't a region. Did you mean 'us-east-1'?",
        ),
        "enter({'a': {'CURRENT': 'x', 'AWSPREVIOUS': 'y'}})": (
            "SeedError",
            (
                "secret 'a' has AWSPREVIOUS without AWSCURRENT. On AWS, AWSPREVIOUS appears when AWSCURRENT "
                "moves. Did you mean 'AWSCURRENT' instead of 'CURRENT'?"
            ),
        ),
        "enter(region=5)": ("ValueError", "region=5 isn't a region, such as 'us-east-1'"),
        "enter(rotation='later')": (
            "ValueError",
            "rotation='later' isn't a choice. The choices are:",
            '- "inline": RotateSecret runs every step',
            '- "manual": the test runs each step with Rotation.step',
        ),
        "enter(rotation='Manuel')": (
            "ValueError",
            "rotation='Manuel' isn't a choice; did you mean \"manual\"? The choices are:",
            '- "inline": RotateSecret runs every step',
            '- "manual": the test runs each step with Rotation.step',
        ),
        "enter(rotation_errors='ignore')": (
            "ValueError",
            "rotation_errors='ignore' isn't a choice. The choices are:",
            *ERRORS,
        ),
        "enter(rotation_errors='recorded')": (
            "ValueError",
            "rotation_errors='recorded' isn't a choice; did you mean \"record\"? The choices are:",
            *ERRORS,
        ),
        "enter(rotation_errors=['raise'])": (
            "ValueError",
            "rotation_errors=['raise'] isn't a choice. The choices are:",
            *ERRORS,
        ),
        "enter(random_seed='7')": ("ValueError", "random_seed='7' isn't a whole number"),
        "enter(random_seed=True)": ("ValueError", "random_seed=True isn't a whole number"),
        "enter(['a'], region='eu-west-3')": (
            "TypeError",
            "secrets= takes a mapping from secret name to value, not list",
        ),
    },
    "seeds": {
        "enter({'no name': 'x'})": ("SeedError", NO_NAME),
        "enter({7: 'x'})": ("SeedError", "7 can't be a secret's name. Use 1 to 512 letters, digits and -/_+=.@!"),
        "enter({'a': 7})": ("TypeError", "the value of secret 'a' must be a str, bytes or a dict, not int"),
        "enter({'a': {'key': object()}})": (
            "TypeError",
            (
                "the value of secret 'a' isn't JSON. Its dict may hold strings, numbers, booleans, None, lists "
                "and dicts."
            ),
        ),
        "enter({'a': ''})": ("SeedError", "the value of secret 'a' has 0 bytes; AWS accepts 1 to 65536"),
        "enter({'a': 'x' * 65537})": (
            "SeedError",
            "the value of secret 'a' has 65537 bytes; AWS accepts 1 to 65536",
        ),
        "enter({'a': {'AWSPREVIOUS': 'x'}})": (
            "SeedError",
            (
                "secret 'a' has AWSPREVIOUS without AWSCURRENT. On AWS, AWSPREVIOUS appears when AWSCURRENT "
                "moves. Add AWSCURRENT."
            ),
        ),
        "enter({'a': {'AWSCURRENT': None}})": (
            "SeedError",
            "secret 'a' has no value under AWSCURRENT; only AWSPENDING can be on an empty version",
        ),
        "enter({'a': {'AWSCURRENT': 'x', '': 'y'}})": (
            "SeedError",
            "'' can't be a staging label. Use a string of 1 to 256 characters.",
        ),
        "enter({'a': dict.fromkeys(['AWSCURRENT', *map(str, range(20))], 'x')})": (
            "SeedError",
            "secret 'a' has 21 staging labels; AWS allows 20",
        ),
        "fake().add('a', 'y')": (
            "SecretExistsError",
            "secret 'a' already exists. Change it with a client, or use another name.",
        ),
        "fake(); boto3.client('secretsmanager').delete_secret(SecretId='a'); current().add('a')": (
            "SecretExistsError",
            (
                "secret 'a' already exists and is scheduled for deletion, so it keeps its name. Call "
                "restore_secret, delete it with ForceDeleteWithoutRecovery=True, or use another name."
            ),
        ),
        "fake().add('b', 'x', labels={'AWSCURRENT': 'y'})": (
            "SeedError",
            "secret 'b' has both a value and labels. Give one of them.",
        ),
        "fake().add('b', labels=['AWSCURRENT'])": (
            "TypeError",
            "labels= of secret 'b' must be a mapping with staging labels as keys, not list",
        ),
        "fake().add('b', 'x', version_ids='1')": (
            "TypeError",
            "version_ids= of secret 'b' must be a mapping with staging labels as keys, not str",
        ),
        "fake().add('b', 'x', version_ids={'AWSPENDING': '1' * 32})": (
            "SeedError",
            "version_ids= of secret 'b' names 'AWSPENDING', which isn't among its labels ['AWSCURRENT']",
        ),
        "fake().add('b', 'x', version_ids={'AWSCURRENT': '1'})": (
            "SeedError",
            "'1' can't be a version id. Use a string of 32 to 64 characters.",
        ),
        "two = {'AWSCURRENT': 'x', 'B': 'y'}; fake().add('b', two, version_ids=dict.fromkeys(two, '1' * 32))": (
            "SeedError",
            "labels of secret 'b' share version 11111111111111111111111111111111 but have different values",
        ),
        "enter({'a': {'AWSCURENT': 'x'}})": (
            "SeedError",
            "secret 'a' has the staging label 'AWSCURENT'. Did you mean 'AWSCURRENT'?",
        ),
        "enter({'a': {'AWSCURRENT': 'x', 'AWSPREVIUOS': 'y'}})": (
            "SeedError",
            "secret 'a' has the staging label 'AWSPREVIUOS'. Did you mean 'AWSPREVIOUS'?",
        ),
        "fake().add('b', labels={'AWSPENDNG': None})": (
            "SeedError",
            "secret 'b' has the staging label 'AWSPENDNG'. Did you mean 'AWSPENDING'?",
        ),
        "fake().add('b', labels={'mine': 'x'})": (
            "SeedError",
            (
                "secret 'b' has versions, but none with AWSCURRENT. On AWS, the first version gets AWSCURRENT, "
                "which then can only move. Add AWSCURRENT."
            ),
        ),
        "fake().add('b', 'x', arn_suffix='abc')": (
            "SeedError",
            "arn_suffix='abc' isn't six letters or digits, such as 'a1b2c3'",
        ),
        "fake().add('b', 'x', description=7)": ("TypeError", "description of secret 'b' must be a str, not int"),
        "fake().add('b', 'x', tags={'a': 7})": ("TypeError", NO_TAGS),
        "fake().add('b', 'x', tags=['a'])": ("TypeError", NO_TAGS),
        "fake().add('b', SecretString='x')": (
            "TypeError",
            "add() got an unexpected keyword argument 'SecretString'; did you mean 'value'? It takes:",
            *ADD,
        ),
        "fake().add('b', 'x', Tags={})": (
            "TypeError",
            "add() got an unexpected keyword argument 'Tags'; did you mean 'tags'? It takes:",
            *ADD,
        ),
        "fake().add('b', 'x', colour='red')": (
            "TypeError",
            "add() got an unexpected keyword argument 'colour'. It takes:",
            *ADD,
        ),
        "fake().add('b', 'x', region='nowhere')": (
            "ValueError",
            "region='nowhere' isn't a region, such as 'us-east-1'",
        ),
    },
    "the handle": {
        "fake()['b']": ("UnknownSecretError", *UNKNOWN),
        "fake().timeline('b')": ("UnknownSecretError", *UNKNOWN),
        "fake({})['b']": (
            "UnknownSecretError",
            "no secret 'b' in this world. The world holds no secrets.",
            UNKNOWN[-1],
        ),
        "fake()[7]": ("TypeError", "a secret ID is a str (a name or an ARN) or a Secret, not int"),
        "fake()['a'].value('AWSPENDING')": (
            "LookupError",
            "no version of secret 'a' has staging label 'AWSPENDING'. Its labels are:",
            "- AWSCURRENT",
        ),
        "fake({'a': None})['a'].value()": (
            "LookupError",
            "no version of secret 'a' has staging label 'AWSCURRENT'. Its labels are:",
            "- none",
        ),
        "fake().credentials('app')": ("ValueError", f"'app' {NO_PRINCIPAL}"),
        "stack.enter_context(fake().as_principal(7))": ("ValueError", f"7 {NO_PRINCIPAL}"),
        "fake().set_kms_key('alias/app', 'off')": (
            "ValueError",
            "state='off' isn't a choice. The choices are:",
            *KEY_STATES,
        ),
        "fake().set_kms_key('alias/app', 'disable')": (
            "ValueError",
            "state='disable' isn't a choice; did you mean \"disabled\"? The choices are:",
            *KEY_STATES,
        ),
        "fake().set_kms_key('', 'disabled')": (
            "ValueError",
            "key_id='' isn't a KMS key: use a key id, an alias, or the ARN of either",
        ),
        "fake().quotas.versions = 0": (
            "ValueError",
            "the quota 'versions' must be a whole number of at least 1, not 0",
        ),
        "fake().quotas.version = 3": (
            "AttributeError",
            "there is no quota 'version'. Choose one of:",
            "- secrets",
            "- versions",
            "- labels",
            "- tags",
            "- value_bytes",
            "- policy_characters",
        ),
    },
    "rotation": {
        "fake().rotate('b', handler)": ("UnknownSecretError", *UNKNOWN),
        "fake().rotate('a')": (
            "RequestRefusedError",
            (
                "RotateSecret was refused with InvalidRequestException: No Lambda rotation function ARN is "
                "associated with this secret."
            ),
            "Pass the rotation function: fake_secrets.rotate(secret_id, handler).",
        ),
        "fake().rotate('a', handler, token='short')": (
            "ValueError",
            "token='short' isn't a string of 32 to 64 characters",
        ),
        "fake().rotate('a', handler, errors='ignore')": NO_ERRORS,
        "fake().rotate('a', handler, errors='')": (
            "ValueError",
            "errors='' isn't a choice. The choices are:",
            *ERRORS,
        ),
        "fake().run_due(errors='ignore')": NO_ERRORS,
        "fake().rotate('a', handler, errors='record').retry(errors='ignore')": NO_ERRORS,
        "fake(rotation='manual').rotate('a', handler).step(errors='ignore')": NO_ERRORS,
        "fake().rotate('a', 'rotate-db')": (
            "ValueError",
            f"'rotate-db' isn't a Lambda ARN such as {LAMBDA}. Pass the function itself, or its ARN",
        ),
        "fake().rotate('a', 'app.rotation:handler')": (
            "ValueError",
            (
                f"'app.rotation:handler' isn't a Lambda ARN such as {LAMBDA}. Pass the function itself, after "
                "`from app.rotation import handler`"
            ),
        ),
        "fake().invoke('rotate-db', {})": (
            "ValueError",
            f"'rotate-db' isn't a Lambda ARN such as {LAMBDA}. Pass the function itself, or its ARN",
        ),
        "fake().lambda_function(None)": (
            "TypeError",
            (
                "a rotation function is called as handler(event, context); None stands for one that isn't run "
                "here, and it needs arn= or name="
            ),
        ),
        "fake().lambda_function(async_handler)": (
            "TypeError",
            (
                "a rotation function is called as handler(event, context); async_handler would have to "
                "be awaited. Call it from a plain function with asyncio.run"
            ),
        ),
        "fake().lambda_function(handler, environment={'LEVEL': 7})": ("TypeError", NO_ENVIRONMENT),
        "fake().lambda_function(handler, environment=['LEVEL'])": ("TypeError", f"{NO_ENVIRONMENT}, not list"),
        "fake().lambda_function(handler, 'rotate db')": (
            "ValueError",
            "'rotate db' can't be a Lambda function's name; a name has 1 to 64 letters, digits, - and _",
        ),
        "fake().lambda_function(handler, 7)": (
            "ValueError",
            "7 can't be a Lambda function's name; a name has 1 to 64 letters, digits, - and _",
        ),
        "fake().lambda_function(handler, arn='rotate-db')": (
            "ValueError",
            f"'rotate-db' isn't a Lambda ARN such as {LAMBDA}",
        ),
        "fake().lambda_function(handler, arn=7)": ("ValueError", f"7 isn't a Lambda ARN such as {LAMBDA}"),
        f"fake().lambda_function(handler, 'rotate', arn='{LAMBDA}')": (
            "ValueError",
            "lambda_function takes a name or an arn, not both",
        ),
        "fake(); [current().lambda_function(each, 'rotate') for each in (handler, other_handler)]": (
            "FunctionClashError",
            f"{LAMBDA} is taken by <function handler>.",
            (
                "Register <function other_handler> under a name of its own: "
                "fake_secrets.lambda_function(handler, name=...)."
            ),
        ),
        "fake(); [current().lambda_function(handler, 'rotate', timeout=each) for each in (1, 2)]": (
            "FunctionClashError",
            f"{LAMBDA} is taken by <function handler> with other options.",
            (
                "Register <function handler> under a name of its own: "
                "fake_secrets.lambda_function(handler, name=...)."
            ),
        ),
        "fake(rotation_errors='record'); [current().rotate('a', failing_handler) for _ in range(2)]": (
            "RequestRefusedError",
            (
                "RotateSecret was refused with InvalidRequestException: A previous rotation isn't complete. That "
                "rotation will be reattempted."
            ),
            (
                "The open rotation was attempted again: <Rotation of 'a', version ID: failed in createSecret with "
                "RuntimeError>."
            ),
            (
                "To go on, call retry() on it, or remove AWSPENDING from the pending version with "
                "update_secret_version_stage."
            ),
        ),
        "rotation = fake().rotate('a', handler, errors='record'); current().reset(); rotation.retry()": (
            "RotationNotOpenError",
            (
                "<Rotation of 'a', version ID: unfinished because AWSCURRENT isn't on the new version, though no "
                "step raised; finishSecret has to move it there with update_secret_version_stage, with 1 "
                "finding> can't be attempted: the world was reset, or has started very many rotations since."
            ),
        ),
    },
}
STATEMENTS = [statement for misuses in MISUSES.values() for statement in misuses]

# Modules whose decorators raise an exception on import.
MODULES = {
    "above_fixture": (
        """
        @mock_stages({"a": "x"})
        @pytest.fixture
        def world():
            yield
        """,
        ["TypeError", BELOW],
    ),
    "above_fixture_bare": (
        """
        @mock_stages
        @pytest.fixture(scope="module")
        def world():
            yield
        """,
        ["TypeError", BELOW],
    ),
    "secrets_as_pairs": (
        """
        @mock_stages([("a", "x")])
        def test():
            pass
        """,
        ["TypeError", NEITHER.format("list")],
    ),
    "misspelt": (
        """
        @mock_stages({"a": "x"}, regoin="eu-west-3")
        def test():
            pass
        """,
        [
            "TypeError",
            "mock_stages() got an unexpected keyword argument 'regoin'; did you mean 'region'? It takes:",
            *VALID,
        ],
    ),
    "asked_for_outside": ("fake = current()", ["NoActiveWorldError", NO_WORLD]),
}


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """The text that pytest shows, by statement or module. One run of pytest produces all of them."""
    folder = tmp_path_factory.mktemp("misuse")
    (folder / "conftest.py").write_text(CONFTEST)
    tests = [f"\ndef test_{number}():\n    {statement}\n" for number, statement in enumerate(STATEMENTS)]
    (folder / "test_statements.py").write_text(HEAD + "".join(tests))
    for name, (source, _) in MODULES.items():
        lines = "\n".join(line.removeprefix(" " * 8) for line in source.splitlines())
        (folder / f"test_{name}.py").write_text(
            f"import pytest\nfrom fake_secrets import current, mock_stages\n{lines}"
        )
    command = [sys.executable, "-m", "pytest", *without_others, "--continue-on-collection-errors", "--tb=short"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    texts = json.loads((folder / "read.json").read_text())
    return {
        **{statement: texts[f"test_{number}"] for number, statement in enumerate(STATEMENTS)},
        **{name: texts.get(f"test_{name}.py", "") for name in MODULES},
    }


# Text that differs between runs or Python versions, and its replacement.
UNSTABLE = {
    r" at 0x[0-9a-f]+>": ">",
    r"version [0-9a-f-]{36}": "version ID",
    r"\. Did you mean:? '[a-z_]+'\?$": "",
}


def lines_of(text):
    """Return the exception's name and the lines of its message, or nothing if there was no exception."""
    for pattern, stable in UNSTABLE.items():
        text = re.sub(pattern, stable, text, flags=re.MULTILINE)
    lines = [line.removeprefix("E").strip() for line in text.splitlines() if line.startswith("E ")]
    if not lines:
        return []
    kind, _, first = lines[0].partition(": ")
    return [kind.rpartition(".")[2], first, *lines[1:]]


class TestStatements:
    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_the_message_says_what_is_wrong(self, read, statement):
        (expected,) = [misuses[statement] for misuses in MISUSES.values() if statement in misuses]
        assert lines_of(read[statement]) == [*expected]

    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_the_traceback_shows_no_frame_of_the_package(self, read, statement):
        assert str(pathlib.Path(fake_secrets.__file__).parent) not in read[statement]

    @pytest.mark.parametrize("name", MODULES)
    def test_misuse_in_a_module_is_reported_at_collection(self, read, name):
        _, expected = MODULES[name]
        assert lines_of(read[name]) == expected


class TestMarker:
    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            ("regoin='eu-west-3'", "'regoin'"),
            ("regoin='eu-west-3', accountid='1'", "'regoin', 'accountid'"),
            ("{}, 'eu-west-3'", "more than one positional argument"),
            ("{}, 'eu-west-3', regoin=1", "'regoin', more than one positional argument"),
            ("{}, secrets={}", "'secrets' twice"),
            ("_lane='wire'", "'_lane'"),
        ],
    )
    @pytest.mark.parametrize("level", ["function", "class", "module"])
    def test_an_unknown_argument_is_an_error_of_its_test_that_lists_the_valid_ones(
        self, pytester, arguments, complaint, level
    ):
        marker = f"pytest.mark.fake_secrets({arguments})"
        at = {
            "function": f"class TestSuite:\n    @{marker}\n    def test(self): pass\n",
            "class": f"@{marker}\nclass TestSuite:\n    def test(self): pass\n",
            "module": f"pytestmark = {marker}\nclass TestSuite:\n    def test(self): pass\n",
        }
        pytester.makepyfile(test_marked=f"import pytest\n{at[level]}")
        ran = pytester.runpytest_inprocess(*without_others)
        ran.assert_outcomes(errors=1)
        said = f"test_marked.py::TestSuite::test: @pytest.mark.fake_secrets doesn't take {complaint}. It takes:"
        at = ran.outlines.index(said)
        assert ran.outlines[at + 1 : at + 1 + len(VALID)] == VALID

    def test_an_invalid_value_is_an_error_of_its_test(self, pytester):
        pytester.makepyfile(
            """
            import pytest

            @pytest.mark.fake_secrets(account_id="12")
            def test_account(): pass

            @pytest.mark.fake_secrets({"no name": "x"})
            def test_seed(): pass

            @pytest.mark.fake_secrets(["a"])
            def test_secrets(): pass

            def test_innocent(fake_secrets): pass
            """
        )
        ran = pytester.runpytest_inprocess(*without_others)
        ran.assert_outcomes(errors=3, passed=1)
        module = "test_an_invalid_value_is_an_error_of_its_test.py"
        assert [line for line in ran.outlines if line.startswith(f"{module}::")] == [
            f"{module}::test_account: account_id='12' isn't a string of twelve digits",
            f"{module}::test_seed: {NO_NAME}",
            f"{module}::test_secrets: secrets= takes a mapping from secret name to value, not list",
        ]


class TestIni:
    @pytest.mark.parametrize("state", ["on", "ERROR", ""])
    def test_an_invalid_guard_state_is_a_usage_error_that_lists_the_valid_ones(self, pytester, state):
        pytester.makeini(f"[pytest]\nfake_secrets_guard = {state}\n")
        ran = pytester.runpytest_inprocess(*without_others)
        assert ran.ret == pytest.ExitCode.USAGE_ERROR
        assert [line for line in ran.errlines if line] == [
            f"ERROR: fake_secrets_guard must be 'off' or 'error', not {state!r}"
        ]


class TestHiddenByOtherDecorators:
    """A decorator between mock_stages and a coroutine function, which hides that it is one."""

    def test_it_is_refused_instead_of_running_without_a_world(self, pytester):
        pytester.makepyfile(
            """
            import functools
            import pytest
            from fake_secrets import mock_stages

            def logged(function):
                @functools.wraps(function)
                def call(*args, **kwargs):
                    return function(*args, **kwargs)
                return call

            @mock_stages({"a": "x"})
            @logged
            async def helper():
                pass

            def test_helper():
                helper()
            """
        )
        ran = pytester.runpytest_inprocess(*without_others)
        ran.assert_outcomes(failed=1)
        ran.stdout.fnmatch_lines([f"E *TypeError: {HIDDEN.format('coroutine')}"])
