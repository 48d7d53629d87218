"""The note on CreateSecret if the secret was there before a test joined the world of something wider."""

import boto3
import pytest

from fake_secrets import SecretExistsError, current, mock_stages
from fake_secrets.observe.remarks import users_line


def note_on_creating(name):
    """Return the notes on the refusal of CreateSecret."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    with pytest.raises(client.exceptions.ResourceExistsException) as refused:
        client.create_secret(Name=name, SecretString="x")
    return getattr(refused.value, "__notes__", [])


def told(name, line):
    return [
        (
            f"fake_secrets: {name!r} was created before this code joined the world that was opened at "
            f"{line.filename}:{line.number}. Without arguments, mock_stages and the fixture fake_secrets join a "
            "world that is active already; mock_stages({}) opens an empty one of its own."
        )
    ]


def test_a_secret_of_the_wider_world_is_explained_with_the_line_that_opened_it():
    line = users_line()
    with mock_stages() as outer:
        outer.add("app/db", "s3cret")
        with mock_stages():
            assert note_on_creating("app/db") == told("app/db", line._replace(number=line.number + 1))


def test_a_seed_that_is_planted_late_is_explained_too():
    line = users_line()
    with mock_stages({"app/db": "s3cret"}), mock_stages():
        assert note_on_creating("app/db") == told("app/db", line._replace(number=line.number + 1))


def test_a_secret_that_was_created_after_joining_has_no_note():
    with mock_stages(), mock_stages() as joined:
        joined.add("app/db", "s3cret")
        assert note_on_creating("app/db") == []


def test_a_secret_of_a_world_that_nobody_joined_has_no_note():
    with mock_stages({"app/db": "s3cret"}):
        assert note_on_creating("app/db") == []


def test_after_a_reset_there_is_no_note():
    with mock_stages() as outer, mock_stages():
        outer.reset()
        outer.add("app/db", "s3cret")
        assert note_on_creating("app/db") == []


def test_an_empty_mapping_opens_a_world_of_its_own():
    with mock_stages({"app/db": "s3cret"}), mock_stages({}) as own:
        assert len(own) == 0
        boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name="app/db", SecretString="x")


class TestADecoratedTestWithFixtures:
    @pytest.fixture(autouse=True)
    def _made(self, fake_secrets):
        fake_secrets.add("app/db", "s3cret")

    @mock_stages
    def test_has_no_note_on_a_secret_of_its_own_fixture(self):
        assert note_on_creating("app/db") == []


def test_the_line_of_a_decorated_session_fixture_is_that_of_its_decorator(pytester):
    pytester.makepyfile(
        test_a="""
        import boto3
        import pytest
        from fake_secrets import current, mock_stages

        @pytest.fixture(scope="session", autouse=True)
        @mock_stages
        def shared():
            current().add("app/db", "s3cret")
            yield

        def test_creates(secretsmanager):
            secretsmanager.create_secret(Name="app/db", SecretString="x")
        """
    )
    ran = pytester.runpytest_subprocess("-q")
    ran.stdout.fnmatch_lines(
        ["*fake_secrets: 'app/db' was created before this code joined the world that was opened at *test_a.py:6.*"]
    )


def test_a_name_that_is_taken_in_a_joined_world_is_explained_when_it_is_added():
    with mock_stages() as outer:
        outer.add("app/db", "s3cret")
        with mock_stages() as joined, pytest.raises(SecretExistsError) as taken:
            joined.add("app/db", "s3cret")
    (note,) = taken.value.__notes__
    assert note.startswith("fake_secrets: 'app/db' was created before this code joined the world that was opened ")


def test_a_name_that_was_added_since_joining_is_not():
    with mock_stages() as outer, mock_stages() as joined:
        outer.add("app/db", "s3cret")
        with pytest.raises(SecretExistsError) as taken:
            joined.add("app/db", "s3cret")
    assert not hasattr(taken.value, "__notes__")


def test_the_world_that_a_test_joins_is_the_outer_one():
    with mock_stages() as outer, mock_stages():
        assert current() is outer
