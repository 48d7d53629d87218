"""Decorated methods that pytest takes apart: fixtures in classes, and the set-up of classes."""

import pytest
from runs_of_pytest import passes

FIXTURES = {
    "method that yields": """
        @pytest.fixture
        @mock_stages({"a": "x"})
        def value(self):
            yield list(current())
    """,
    "method that returns": """
        @pytest.fixture
        @mock_stages({"a": "x"})
        def value(self):
            return list(current())
    """,
    "bare method": """
        @pytest.fixture
        @mock_stages
        def value(self):
            current().add("a", "x")
            yield list(current())
    """,
    "class method below": """
        @pytest.fixture
        @mock_stages({"a": "x"})
        @classmethod
        def value(cls):
            yield list(current())
    """,
    "class method above": """
        @pytest.fixture
        @classmethod
        @mock_stages({"a": "x"})
        def value(cls):
            yield list(current())
    """,
    "static method": """
        @pytest.fixture
        @staticmethod
        @mock_stages({"a": "x"})
        def value():
            yield list(current())
    """,
}


@pytest.mark.parametrize("fixture", FIXTURES.values(), ids=FIXTURES)
def test_a_decorated_fixture_of_a_class_runs_in_its_world(run, fixture):
    passes(
        run(
            f"""
    import pytest
    from fake_secrets import current, mock_stages

    class TestIt:
        {fixture.strip()}

        def test_value(self, value):
            assert [secret.name for secret in value] == ["a"]
    """
        )
    )


def test_a_decorated_fixture_of_a_class_has_the_instance_of_its_test(run):
    passes(
        run(
            """
    import pytest
    from fake_secrets import current, mock_stages

    class TestIt:
        @pytest.fixture(autouse=True)
        @mock_stages({"a": "x"})
        def value(self):
            self.value = current()["a"].value()
            yield

        def test_value(self):
            assert self.value == "x"
            assert "a" in current()
    """
        )
    )


@pytest.mark.parametrize(
    "order", [("mock_stages({'a': 'x'})", "classmethod"), ("classmethod", "mock_stages({'a': 'x'})")]
)
def test_a_decorated_setup_class_runs_in_its_world(run, order):
    upper, lower = order
    passes(
        run(
            f"""
    from fake_secrets import current, mock_stages

    class TestIt:
        @{upper}
        @{lower}
        def setup_class(cls):
            cls.value = current()["a"].value()

        def test_value(self):
            assert self.value == "x"
    """
        )
    )
