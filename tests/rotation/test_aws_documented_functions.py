"""Rotation functions as AWS's documentation describes them (rotation-facts 1.7), unchanged in every mode."""

import abc
import datetime
import json
import os

import boto3
import pytest

# Not one finding: `pyproject.toml` ignores two kinds in other tests.
pytestmark = pytest.mark.filterwarnings("error::fake_secrets.RotationWarning")

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]
HOST = "db.internal"


class StepFailedError(Exception):
    """Raised by a rotation function to fail its step."""


def require(condition, otherwise):
    if not condition:
        raise StepFailedError(otherwise)


class Database:
    """A database with users, their passwords and their grants."""

    def __init__(self, **passwords):
        self.passwords = passwords
        self.grants = dict.fromkeys(passwords, frozenset({"read", "write"}))
        self.grants["admin"] = frozenset({"read", "write", "manage users"})

    def login(self, credentials):
        """Return a session for the credentials in a secret, or None if they are refused."""
        username = credentials["username"]
        known = credentials["host"] == HOST and username in self.passwords
        return Session(self, username) if known and self.passwords[username] == credentials["password"] else None


class Session:
    """The session of a user who is logged in."""

    def __init__(self, database, username):
        self.database = database
        self.username = username

    def set_password(self, username, password):
        assert username == self.username or "manage users" in self.database.grants[self.username]
        self.database.passwords[username] = password

    def create_user(self, username, password, *, like):
        assert "manage users" in self.database.grants[self.username]
        assert username not in self.database.passwords
        self.database.passwords[username] = password
        self.database.grants[username] = self.database.grants[like]


def identity_of(credentials):
    return credentials["username"], credentials["host"]


class DocumentedFunction(abc.ABC):
    """The part that all of AWS's rotation functions share: the guard, createSecret, testSecret, finishSecret."""

    def __init__(self, database):
        self.database = database
        self.client = None

    def __call__(self, event, context):
        steps = {
            "createSecret": self.create_secret,
            "setSecret": self.set_secret,
            "testSecret": self.test_secret,
            "finishSecret": self.finish_secret,
        }
        endpoint = os.environ["SECRETS_MANAGER_ENDPOINT"]
        self.client = self.client or boto3.client("secretsmanager", endpoint_url=endpoint)
        arn, token = event["SecretId"], event["ClientRequestToken"]
        if self.has_to_be_rotated(arn, token):
            steps[event["Step"]](arn, token)

    def has_to_be_rotated(self, arn, token):
        described = self.client.describe_secret(SecretId=arn)
        require(described.get("RotationEnabled", True), "rotation is off")
        versions = described["VersionIdsToStages"]
        require(token in versions, "no such version")
        if "AWSCURRENT" in versions[token]:
            return False
        require("AWSPENDING" in versions[token], "the version isn't pending")
        return True

    def read(self, arn, label, **version):
        answer = self.client.get_secret_value(SecretId=arn, VersionStage=label, **version)
        return json.loads(answer["SecretString"])

    def pending(self, arn, token):
        return self.read(arn, "AWSPENDING", VersionId=token)

    def create_secret(self, arn, token):
        current = self.read(arn, "AWSCURRENT")
        try:
            self.pending(arn, token)
        except self.client.exceptions.ResourceNotFoundException:
            excluded = os.environ.get("EXCLUDE_CHARACTERS", "/@\"'\\")
            password = self.client.get_random_password(ExcludeCharacters=excluded)["RandomPassword"]
            new = {**current, "username": self.username_after(current["username"]), "password": password}
            self.client.put_secret_value(
                SecretId=arn,
                ClientRequestToken=token,
                SecretString=json.dumps(new),
                VersionStages=["AWSPENDING"],
            )

    @abc.abstractmethod
    def username_after(self, username):
        """Return the user whose password is new."""

    @abc.abstractmethod
    def set_secret(self, arn, token):
        """Change the database."""

    def test_secret(self, arn, token):
        require(self.database.login(self.pending(arn, token)), "the database refuses the pending password")

    def finish_secret(self, arn, token):
        versions = self.client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        (current,) = (version for version, labels in versions.items() if "AWSCURRENT" in labels)
        if current != token:
            self.client.update_secret_version_stage(
                SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
            )


class SingleUser(DocumentedFunction):
    """Changes the password of one user, as that user."""

    def username_after(self, username):
        return username

    def set_secret(self, arn, token):
        pending, current = self.pending(arn, token), self.read(arn, "AWSCURRENT")
        try:
            previous = self.read(arn, "AWSPREVIOUS")
        except self.client.exceptions.ResourceNotFoundException:
            previous = None
        if self.database.login(pending):
            return
        require(identity_of(pending) == identity_of(current), "another user or host")
        session = self.database.login(current)
        if session is None and previous is not None:
            require(identity_of(pending) == identity_of(previous), "another user or host")
            session = self.database.login(previous)
        require(session, "the database refuses every password that is stored")
        session.set_password(pending["username"], pending["password"])


class AlternatingUsers(DocumentedFunction):
    """Changes the password of the user whose turn it is, as a superuser."""

    def username_after(self, username):
        return username.removesuffix("_clone") if username.endswith("_clone") else f"{username}_clone"

    def set_secret(self, arn, token):
        pending, current = self.pending(arn, token), self.read(arn, "AWSCURRENT")
        if self.database.login(pending):
            return
        turn = {**current, "username": self.username_after(current["username"])}
        require(identity_of(pending) == identity_of(turn), "another user or host")
        require(self.database.login(current), "the database refuses the current password")
        superuser = self.read(current["masterarn"], "AWSCURRENT")
        require(superuser["host"] == current["host"], "another host")
        session = self.database.login(superuser)
        require(session, "the database refuses the superuser")
        username, password = pending["username"], pending["password"]
        if username in self.database.passwords:
            session.set_password(username, password)
        else:
            session.create_user(username, password, like=current["username"])


def step_through(rotation):
    """Run a started rotation step by step."""
    for step in STEPS:
        assert rotation.next_step == step
        rotation.step()
    assert rotation.next_step is None


class World:
    """A secret, its database and its rotation function, and a way to rotate it once."""

    def __init__(self, mode, fake_secrets, secretsmanager, clock):
        self.mode = mode
        self.fake_secrets = fake_secrets
        self.client = secretsmanager
        self.clock = clock
        self.database = Database(app="first", admin="super")
        superuser = fake_secrets.add("prod/admin", {"host": HOST, "username": "admin", "password": "super"})
        value = {"host": HOST, "username": "app", "password": "first", "masterarn": superuser.arn}
        self.secret = fake_secrets.add("prod/db", value)

    def use(self, function):
        self.function = function
        self.arn = self.fake_secrets.lambda_function(function)
        if self.mode.startswith("scheduled"):
            self.rotate_secret(RotationRules={"AutomaticallyAfterDays": 7}, RotateImmediately=False)

    def rotate_secret(self, **request):
        self.client.rotate_secret(SecretId="prod/db", RotationLambdaARN=self.arn, **request)

    def rotate(self):
        """Rotate once."""
        if self.mode == "inline, by the handle":
            self.fake_secrets.rotate("prod/db", self.function)
        elif self.mode == "inline, by RotateSecret":
            self.rotate_secret()
        elif self.mode == "manual":
            self.rotate_secret()
            step_through(self.fake_secrets.rotations[-1])
        else:
            self.pass_the_window()

    def pass_the_window(self):
        window_ends = self.client.describe_secret(SecretId="prod/db")["NextRotationDate"]
        self.clock.move_to(window_ends + datetime.timedelta(seconds=1))
        if self.mode == "scheduled, at the next call":
            self.client.list_secrets()
        else:
            self.fake_secrets.run_due()

    def rotate_three_times(self):
        """Rotate, and yield after each rotation."""
        for number in range(1, 4):
            self.rotate()
            yield number

    def accepts(self, label):
        """Return whether the database accepts the value under a staging label."""
        return self.database.login(self.secret.value(label)) is not None


MODES = [
    "inline, by the handle",
    "inline, by RotateSecret",
    pytest.param("manual", marks=pytest.mark.fake_secrets(rotation="manual")),
    "scheduled, at the next call",
    "scheduled, by run_due",
]
in_each_mode = pytest.mark.parametrize("mode", MODES)
step_by_step = pytest.mark.parametrize("mode", MODES[2:3])
by_the_handle = pytest.mark.parametrize("mode", MODES[:1])


@pytest.fixture
def world(mode, fake_secrets, secretsmanager, freezer_at_noon):
    return World(mode, fake_secrets, secretsmanager, freezer_at_noon)


@in_each_mode
@pytest.mark.parametrize("function", [SingleUser, AlternatingUsers])
class TestThreeRotationsInARow:
    @pytest.fixture(autouse=True)
    def _function(self, world, function):
        world.use(function(world.database))

    def test_each_rotation_succeeds(self, world):
        succeeded = [world.fake_secrets.rotations[-1].succeeded for _ in world.rotate_three_times()]
        assert succeeded == [True] * 3

    def test_each_rotation_takes_one_attempt(self, world):
        for _ in world.rotate_three_times():
            pass
        rotations = [rotation for rotation in world.fake_secrets.rotations if not rotation.is_test]
        assert [(rotation.steps, rotation.attempts) for rotation in rotations] == [(STEPS, 1)] * 3

    def test_the_database_accepts_the_current_password_after_each_rotation(self, world):
        assert [world.accepts("AWSCURRENT") for _ in world.rotate_three_times()] == [True] * 3

    def test_each_rotation_makes_a_different_password(self, world):
        passwords = [world.secret.value()["password"] for _ in world.rotate_three_times()]
        assert len({"first", *passwords}) == 4

    def test_each_rotation_moves_the_labels_by_one_version(self, world):
        before = world.secret.stages["AWSCURRENT"]
        for _ in world.rotate_three_times():
            token = world.fake_secrets.rotations[-1].token
            assert world.secret.stages == {"AWSCURRENT": token, "AWSPENDING": token, "AWSPREVIOUS": before}
            before = token

    def test_each_rotation_adds_one_version(self, world):
        assert [len(world.secret.versions) for _ in world.rotate_three_times()] == [2, 3, 4]


@in_each_mode
class TestASingleUser:
    @pytest.fixture(autouse=True)
    def _function(self, world):
        world.use(SingleUser(world.database))

    def test_the_previous_password_is_no_longer_accepted(self, world):
        assert [world.accepts("AWSPREVIOUS") for _ in world.rotate_three_times()] == [False] * 3

    def test_no_other_user_is_created(self, world):
        for _ in world.rotate_three_times():
            pass
        assert world.database.passwords.keys() == {"app", "admin"}


@in_each_mode
class TestAlternatingUsers:
    @pytest.fixture(autouse=True)
    def _function(self, world):
        world.use(AlternatingUsers(world.database))

    def test_the_database_accepts_the_stored_passwords_of_both_users(self, world):
        accepted = [
            (world.accepts("AWSCURRENT"), world.accepts("AWSPREVIOUS")) for _ in world.rotate_three_times()
        ]
        assert accepted == [(True, True)] * 3

    def test_the_users_take_turns(self, world):
        users = [world.secret.value()["username"] for _ in world.rotate_three_times()]
        assert users == ["app_clone", "app", "app_clone"]

    def test_both_users_have_the_same_grants(self, world):
        for _ in world.rotate_three_times():
            pass
        assert world.database.grants["app_clone"] == world.database.grants["app"]

    def test_the_superusers_secret_is_unchanged(self, world):
        for _ in world.rotate_three_times():
            pass
        superuser = world.fake_secrets["prod/admin"]
        assert [version.value()["password"] for version in superuser.versions] == ["super"]


@step_by_step
class TestBetweenTheSteps:
    @pytest.fixture
    def begin(self, world):
        """Start the second rotation, so that there is a previous version, and return it."""

        def begin(function):
            world.use(function(world.database))
            world.rotate()
            world.rotate_secret()
            return world.fake_secrets.rotations[-1]

        return begin

    def seen(self, world, rotation, label):
        """Return for each step, from createSecret on, whether the database accepts a label's value after it."""
        return {step: rotation.step() and world.accepts(label) for step in STEPS}

    def test_a_single_users_pending_password_is_accepted_from_set_secret_on(self, world, begin):
        seen = self.seen(world, begin(SingleUser), "AWSPENDING")
        assert seen == {"createSecret": False, "setSecret": True, "testSecret": True, "finishSecret": True}

    def test_a_single_users_current_password_is_refused_between_set_secret_and_finish_secret(self, world, begin):
        seen = self.seen(world, begin(SingleUser), "AWSCURRENT")
        assert seen == {"createSecret": True, "setSecret": False, "testSecret": False, "finishSecret": True}

    def test_the_current_password_of_alternating_users_is_always_accepted(self, world, begin):
        assert self.seen(world, begin(AlternatingUsers), "AWSCURRENT") == dict.fromkeys(STEPS, True)

    @pytest.mark.parametrize("function", [SingleUser, AlternatingUsers])
    def test_current_moves_with_finish_secret(self, world, begin, function):
        rotation = begin(function)
        moved = {step: rotation.step() and world.secret.stages["AWSCURRENT"] == rotation.token for step in STEPS}
        assert moved == {"createSecret": False, "setSecret": False, "testSecret": False, "finishSecret": True}

    @pytest.mark.parametrize("function", [SingleUser, AlternatingUsers])
    def test_repeating_the_steps_after_the_rotation_changes_nothing(self, world, begin, function):
        rotation = begin(function)
        step_through(rotation)
        before = world.secret.versions, dict(world.database.passwords)
        for step in STEPS:
            event = {"SecretId": world.secret.arn, "ClientRequestToken": rotation.token, "Step": step}
            world.function(event, None)
        assert (world.secret.versions, world.database.passwords) == before

    @pytest.mark.parametrize("function", [SingleUser, AlternatingUsers])
    def test_the_guard_raises_if_rotation_was_cancelled_between_steps(self, world, begin, function):
        rotation = begin(function)
        rotation.step()
        world.client.cancel_rotate_secret(SecretId="prod/db")
        with pytest.raises(StepFailedError, match="rotation is off"):
            rotation.step()

    @pytest.mark.parametrize("function", [SingleUser, AlternatingUsers])
    def test_the_guard_raises_if_another_value_became_current_between_steps(self, world, begin, function):
        rotation = begin(function)
        rotation.step()
        world.client.put_secret_value(SecretId="prod/db", SecretString=json.dumps(world.secret.value()))
        # The pending version has no label any more, so DescribeSecret doesn't list it.
        with pytest.raises(StepFailedError, match="no such version"):
            rotation.step()


@by_the_handle
class TestRecovery:
    @pytest.mark.parametrize("function", [SingleUser, AlternatingUsers])
    @pytest.mark.parametrize("step", STEPS[:3])
    def test_a_retry_completes_a_rotation_that_failed_after_a_steps_work(self, world, function, step):
        documented = function(world.database)
        steps = []

        def breaks_off_once(event, context):
            documented(event, context)
            steps.append(event["Step"])
            if steps[-1] == step and steps.count(step) == 1:
                raise ConnectionError

        rotation = world.fake_secrets.rotate("prod/db", breaks_off_once, errors="record")
        assert rotation.failed_step == step
        rotation.retry()
        assert (rotation.succeeded, world.accepts("AWSCURRENT")) == (True, True)

    def test_a_single_user_whose_password_was_restored_logs_in_with_the_previous_one(self, world):
        world.use(SingleUser(world.database))
        world.rotate()
        world.database.passwords["app"] = "first"
        world.rotate()
        assert world.accepts("AWSCURRENT")


def documented_policy(world, function, without=None):
    """Return the permissions that AWS documents for a rotation function, less one action."""
    on_secret = ["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"]
    resources = dict.fromkeys(on_secret, world.secret.arn) | {"GetRandomPassword": "*"}
    if function is AlternatingUsers:
        resources["GetSecretValue"] = [world.secret.arn, world.fake_secrets["prod/admin"].arn]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": f"secretsmanager:{action}", "Resource": resource}
            for action, resource in resources.items()
            if action != without
        ],
    }


@by_the_handle
@pytest.mark.parametrize("function", [SingleUser, AlternatingUsers])
class TestTheDocumentedPermissions:
    def test_they_suffice(self, world, function):
        world.function = function(world.database)
        world.fake_secrets.lambda_function(world.function, policy=documented_policy(world, function))
        for _ in world.rotate_three_times():
            assert world.accepts("AWSCURRENT")

    @pytest.mark.parametrize(
        ("action", "step"),
        [
            ("DescribeSecret", "createSecret"),
            ("GetSecretValue", "createSecret"),
            ("GetRandomPassword", "createSecret"),
            ("PutSecretValue", "createSecret"),
            ("UpdateSecretVersionStage", "finishSecret"),
        ],
    )
    def test_each_one_less_is_denied_to_the_step_that_needs_it(self, world, function, action, step):
        documented = function(world.database)
        less = documented_policy(world, function, without=action)
        world.fake_secrets.lambda_function(documented, policy=less)
        rotation = world.fake_secrets.rotate("prod/db", documented, errors="record")
        assert (rotation.failed_step, rotation.error.response["Error"]["Code"]) == (step, "AccessDeniedException")
        assert f"perform: secretsmanager:{action} " in str(rotation.error)

    def test_the_superusers_secret_is_needed_by_alternating_users_only(self, world, function):
        documented = function(world.database)
        world.fake_secrets.lambda_function(documented, policy=documented_policy(world, SingleUser))
        rotation = world.fake_secrets.rotate("prod/db", documented, errors="record")
        assert rotation.failed_step == {SingleUser: None, AlternatingUsers: "setSecret"}[function]
