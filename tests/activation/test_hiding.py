"""A decorated TestCase whose setUpClass enters a world, too."""

import unittest

import pytest

from fake_secrets import FakeSecretsWarning, current, mock_stages

HIDDEN = (
    "^World of setUpClass hidden: <FakeSecrets 123456789012 us-east-1, secrets \\['shared'\\]>. The arguments of "
    "@mock_stages on .*TestShared open another world for each test. Decorate the class without arguments to "
    "join the world of setUpClass, or don't enter one there.$"
)


def class_with_a_world(seen):
    class TestShared(unittest.TestCase):
        @classmethod
        def setUpClass(cls):
            cls.enterClassContext(mock_stages({"shared": "x"}))

        def test(self):
            seen.append("shared" in current())

    return TestShared


def run(test_case):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(test_case).run(result)
    assert result.wasSuccessful(), result.errors + result.failures


def test_arguments_on_the_class_hide_its_world_and_that_is_told():
    seen = []
    with pytest.warns(FakeSecretsWarning, match=HIDDEN) as told:
        run(mock_stages({"own": "y"})(class_with_a_world(seen)))
    assert seen == [False]
    assert told[0].filename == __file__


@pytest.mark.parametrize("decorator", [lambda test_case: test_case, mock_stages, mock_stages()])
def test_a_class_without_arguments_joins_its_world_and_nothing_is_told(decorator):
    seen = []
    run(decorator(class_with_a_world(seen)))
    assert seen == [True]


def test_a_method_with_arguments_hides_the_world_on_purpose():
    seen = []
    test_case = class_with_a_world(seen)
    test_case.test = mock_stages({"own": "y"})(test_case.test)
    run(test_case)
    assert seen == [False]
