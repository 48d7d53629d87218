"""Doctests and the items of other plugins run in worlds as tests do."""

import pytest
from runs_of_pytest import passes

MARKED_MODULE = '''
    import boto3, pytest
    pytestmark = pytest.mark.fake_secrets({"db": "x"}, region="eu-west-1")

    def names():
        """Return the names of all secrets.

        >>> names()
        ['db']
        >>> getfixture("fake_secrets").region
        'eu-west-1'
        """
        return [secret["Name"] for secret in boto3.client("secretsmanager").list_secrets()["SecretList"]]

    class Stored:
        """A stored value.

        >>> names()
        ['db']
        """

    def test_marked():
        assert names() == ["db"]
'''


class TestDoctests:
    def test_a_modules_marker_reaches_its_doctests(self, run):
        passes(run(MARKED_MODULE, "--doctest-modules"), 3)

    @pytest.mark.slow
    def test_each_doctest_has_a_world_of_its_own(self, run):
        passes(
            run(
                '''
                import pytest
                pytestmark = pytest.mark.fake_secrets

                def one():
                    """
                    >>> getfixture("secretsmanager").create_secret(Name="db")["Name"]
                    'db'
                    """

                def other():
                    """
                    >>> getfixture("secretsmanager").create_secret(Name="db")["Name"]
                    'db'
                    """
                ''',
                "--doctest-modules",
            ),
            2,
        )

    def test_a_doctest_of_an_unmarked_module_asks_for_the_fixture(self, run):
        passes(
            run(
                '''
                from fake_secrets import NoActiveWorldError, current

                def asking():
                    """
                    >>> getfixture("fake_secrets").add("db", "x").name
                    'db'
                    """

                def not_asking():
                    """
                    >>> current()
                    Traceback (most recent call last):
                    fake_secrets.errors.NoActiveWorldError: ...
                    """
                ''',
                "--doctest-modules",
                "--doctest-ignore-import-errors",
                "-o",
                "doctest_optionflags=ELLIPSIS",
            ),
            2,
        )

    def test_a_marker_that_a_conftest_adds_reaches_the_doctests_of_a_text_file(self, pytester, run):
        pytester.makeconftest(
            """
            import pytest
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.add_marker(pytest.mark.fake_secrets({"db": "x"}))
            """
        )
        pytester.maketxtfile(test_guide=">>> getfixture('fake_secrets')['db'].value()\n'x'\n")
        passes(run(""))

    def test_the_world_is_open_before_the_other_fixtures_of_a_doctest(self, pytester, run):
        pytester.makeconftest(
            """
            import pytest
            from fake_secrets import current
            @pytest.fixture(autouse=True)
            def seeded():
                assert current()["db"].value() == "x"
            """
        )
        passes(run(MARKED_MODULE, "--doctest-modules"), 3)

    def test_a_misused_marker_fails_the_doctest(self, run):
        ran = run(MARKED_MODULE.replace("region=", "regoin="), "--doctest-modules", "-k", "names")
        ran.assert_outcomes(errors=1)
        ran.stdout.fnmatch_lines(["*@pytest.mark.fake_secrets doesn't take 'regoin'. It takes:"])


class TestItemsOfOtherPlugins:
    # Such as Sybil's items, which have fixtures and are no functions.
    CONFTEST = """
        import boto3, pytest
        from _pytest.fixtures import TopRequest

        class Page(pytest.File):
            def collect(self):
                yield Example.from_parent(self, name="example")

        class Example(pytest.Item):
            def __init__(self, *arguments, **named):
                super().__init__(*arguments, **named)
                self.obj, self.funcargs = None, {}
                self._fixtureinfo = self.session._fixturemanager.getfixtureinfo(self, None, None)
                self.fixturenames = self._fixtureinfo.names_closure
                self._request = TopRequest(self, _ispytest=True)

            def setup(self):
                self._request._fillfixtures()

            def runtest(self):
                assert boto3.client("secretsmanager").get_secret_value(SecretId="db")["SecretString"] == "x"

        class WithoutFixtures(pytest.Item):
            def runtest(self):
                pass

        class Other(pytest.File):
            def collect(self):
                yield WithoutFixtures.from_parent(self, name="example")

        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".page":
                return Page.from_parent(parent, path=file_path)
            if file_path.suffix == ".other":
                return Other.from_parent(parent, path=file_path)

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.fake_secrets({"db": "x"}))
    """

    def test_a_marker_opens_a_world_for_an_item_that_has_fixtures(self, pytester, run):
        pytester.makeconftest(self.CONFTEST)
        pytester.makefile(".page", example="")
        passes(run("", "."))

    def test_a_marker_leaves_an_item_without_fixtures_alone(self, pytester, run):
        pytester.makeconftest(self.CONFTEST)
        pytester.makefile(".other", example="")
        passes(run("", "."))
