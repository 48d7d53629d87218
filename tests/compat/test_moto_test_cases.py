"""`mock_stages` and moto's `mock_aws` on one TestCase: both start each test afresh, whichever is above."""

import copy
import inspect
import pickle
import subprocess
import sys
import types
import unittest
from unittest import mock

import pytest

pytest.importorskip("moto")

from fake_secrets import mock_stages

HEAD = """
import unittest
import boto3
from moto import mock_aws
from fake_secrets import current, mock_stages

# moto doesn't answer clients of a session that was made before its import, as the default session may have been.
session = boto3.Session("x", "x", region_name="us-east-1")
s3, secretsmanager = session.client("s3"), session.client("secretsmanager")

class Steps:
    def make(self):
        s3.create_bucket(Bucket="bucket")
        secretsmanager.create_secret(Name="of/test", SecretString="x")

    def look(self):
        self.assertEqual(s3.list_objects_v2(Bucket="bucket")["KeyCount"], 0)
        s3.put_object(Bucket="bucket", Key="of/test")
        self.assertEqual([secret.name for secret in current()], ["a", "of/test"])
"""
ORDERS = {"moto above": "@mock_aws\n@mock_stages({'a': 'x'})", "moto below": "@mock_stages({'a': 'x'})\n@mock_aws"}
CLASSES = """
{order}
class WithoutSetUp(Steps, unittest.TestCase):
    def test_1(self):
        self.make()
        self.look()

    def test_2(self):
        self.make()
        self.look()

{order}
class WithSetUp(Steps, unittest.TestCase):
    def setUp(self):
        self.make()

    def test_1(self):
        self.look()

    def test_2(self):
        self.look()

# moto wraps the methods of the class that it decorates only, so the base needs it too.
@mock_aws
class Base(Steps, unittest.TestCase):
    def setUp(self):
        self.make()

{order}
class WithInheritedSetUp(Base):
    def test_1(self):
        self.look()

    def test_2(self):
        self.look()

@mock_stages({{"a": "x"}})
class Mixin(Steps):
    pass

@mock_aws
class WithADecoratedMixin(Mixin, unittest.TestCase):
    def setUp(self):
        self.make()

    def test_1(self):
        self.look()

    def test_2(self):
        self.look()

# moto can't wrap methods that are coroutine functions.
{order}
class Asynchronous(Steps, unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.make()

    def test_1(self):
        self.look()

    def test_2(self):
        self.look()
"""
# Below its own decorator, moto would wrap this `run` itself.
OWN_RUN = """
{order}
class WithItsOwnRun(Steps, unittest.TestCase):
    def run(self, result=None):
        self.has_run = True
        return super().run(result)

    def setUp(self):
        self.make()

    def test_1(self):
        self.look()

    def test_2(self):
        self.assertTrue(self.has_run)
        self.look()
"""


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["unittest", "pytest"])
@pytest.mark.parametrize("order", ORDERS)
def test_moto_and_the_world_start_each_test_of_a_test_case_afresh(tmp_path, runner, order):
    classes = CLASSES + (OWN_RUN if order == "moto above" else "")
    (tmp_path / "test_both.py").write_text(HEAD + classes.format(order=ORDERS[order]))
    ran = subprocess.run(
        [sys.executable, "-m", runner, "test_both.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("order", ORDERS)
def test_moto_resets_before_each_set_up(order):
    names = {}
    exec(HEAD, names)  # noqa: S102
    exec(CLASSES.format(order=ORDERS[order]), names)  # noqa: S102
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(names["WithSetUp"])
    result = unittest.TestResult()
    suite.run(result)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])


@mock_stages({"a": "x"})
class Decorated(unittest.TestCase):
    def test(self):
        """Pass."""


@pytest.mark.parametrize("name", ["run", "debug"])
def test_a_decorated_test_case_shows_its_methods_as_functions(name):
    method, of_unittest = getattr(Decorated, name), getattr(unittest.TestCase, name)
    assert isinstance(method, types.FunctionType)
    assert inspect.signature(method) == inspect.signature(of_unittest)
    assert method.__doc__ == of_unittest.__doc__
    assert getattr(Decorated("test"), name).__func__ is method
    assert copy.copy(method) is method
    assert pickle.loads(pickle.dumps(method)) is method  # noqa: S301
    assert name in dir(Decorated)


def test_run_of_a_decorated_test_case_can_be_patched_and_is_put_back():
    before = vars(Decorated)["run"]
    with mock.patch.object(Decorated, "run") as patched:
        Decorated("test").run()
    patched.assert_called_once_with()
    assert vars(Decorated)["run"] is before


def test_an_instance_of_a_decorated_test_case_can_be_copied_and_pickled():
    case = Decorated("test")
    assert copy.deepcopy(case) == pickle.loads(pickle.dumps(case)) == case  # noqa: S301
