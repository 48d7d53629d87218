"""`RotationContract` as a class of tests, without the plugin's part in it."""

import itertools
import unittest
import warnings

import boto3
import pytest
from contract.gallery_modules import load

from fake_secrets import ContractViolatedError, RotationContract, check_rotation
from fake_secrets.contract import rotation_contract
from fake_secrets.contract.checking import check_subject
from fake_secrets.errors import FakeSecretsWarning

# pytest would collect a class with a name of this kind.
Contract = RotationContract


def handler(event, context):
    """Do nothing but move the label, in finishSecret."""
    client = boto3.client("secretsmanager")
    arn, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        value = client.get_random_password()["RandomPassword"]
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        old = [version for version, labels in versions.items() if "AWSCURRENT" in labels]
        removed = {"RemoveFromVersionId": old[0]} if old else {}
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, **removed
        )


class Plain(Contract):
    handler = handler
    secret = "the-old-password"


def test_a_plain_function_needs_no_staticmethod():
    Plain().test_plain()


def test_a_staticmethod_works_too():
    class Static(Contract):
        handler = staticmethod(handler)
        secret = "the-old-password"

    Static().test_plain()


def test_a_handler_is_imported_by_its_name():
    class Named(Plain):
        handler = f"{__name__}:handler"

    Named().test_plain()


def test_a_violation_is_raised_with_its_report():
    with pytest.raises(
        ContractViolatedError, match=r"^[\w-]+: the rotation function violates the contract"
    ) as told:
        Plain().test_repeats()

    assert str(told.value) == told.value.report
    assert told.value.report.partition("\n")[0] == told.value.summary
    assert "create-not-repeatable" in told.value.summary
    assert isinstance(told.value, AssertionError)


def test_an_allowed_violation_is_not_raised():
    class Allowed(Plain):
        allow = {"create-not-repeatable": "known"}

    Allowed().test_repeats()


@pytest.mark.parametrize("name", ["handler", "secret"])
def test_a_contract_without_a_handler_or_a_secret_is_refused(name):
    class Bare(Contract):
        pass

    setattr(Bare, {"handler": "secret", "secret": "handler"}[name], handler if name == "secret" else "x")
    with pytest.raises(TypeError, match=f"^Bare has no attribute '{name}'. A rotation contract needs handler, "):
        Bare().test_plain()


def test_a_secret_of_none_is_a_secret_without_a_value():
    class Empty(Plain):
        secret = None

    Empty().test_plain()


def test_a_subclass_of_a_subclass_takes_over_its_attributes():
    class Derived(Plain):
        name = "prod/other"

    class Again(Derived):
        tags = {"team": "a"}

    subject = Again()._subject()
    assert (subject.name, subject.tags, subject.secret) == ("prod/other", {"team": "a"}, "the-old-password")


def test_attributes_that_a_fixture_sets_on_the_test_count():
    test = Plain()
    test.secret = {"password": "another"}

    assert test._subject().secret == {"password": "another"}
    assert Plain()._subject().secret == "the-old-password"


def test_only_leaves_the_other_families_out():
    class Only(Plain):
        only = "setSecret.twice"

    Only().test_repeats()
    with pytest.raises(unittest.SkipTest, match=r"^only = 'setSecret.twice' isn't in this family$"):
        Only().test_kills()


def test_several_names_in_only_leave_the_families_out_that_have_none_of_them():
    class Only(Plain):
        only = ("setSecret.twice", "plain")

    repeats = Only()
    repeats.test_repeats()
    assert repeats._report.scenarios == ("setSecret.twice",)
    plain = Only()
    plain.test_plain()
    assert plain._report.scenarios[0] == "plain.three-times"
    with pytest.raises(unittest.SkipTest, match=r"^only = \('setSecret.twice', 'plain'\) isn't in this family$"):
        Only().test_kills()


def test_check_rotation_takes_several_scenarios_and_families():
    report = check_rotation(handler, secret="the-old-password", only=["createSecret.twice", "plain"])
    assert report.scenarios[0] == "createSecret.twice"
    assert {one.partition(".")[0] for one in report.scenarios[1:]} == {"plain"}


def test_an_unknown_only_is_refused_whichever_family_comes_first():
    for test in ("test_plain", "test_kills"):

        class Only(Plain):
            only = "setSecret.twcie"

        with pytest.raises(ValueError, match=r"^there is no scenario 'setSecret\.twcie'"):
            getattr(Only(), test)()


def test_the_test_of_allow_is_skipped_where_nothing_is_allowed():
    with pytest.raises(unittest.SkipTest, match=r"^allow is empty$"):
        Plain().test_allow()


@pytest.mark.long
def test_the_test_of_allow_says_nothing_while_a_violation_may_hide_what_is_allowed():
    exhibit = load("faulty", "create_never_looks")
    allow = {"dead-current": "known"}
    attributes = {"handler": staticmethod(exhibit.handler), **exhibit.arguments, "allow": allow}
    faulty = type("Faulty", (Contract,), attributes)

    reason = "^no scenario shows dead-current, but create-not-repeatable.* may hide that. Mend it first$"
    with pytest.raises(unittest.SkipTest, match=reason):
        faulty().test_allow()
    assert check_rotation(exhibit.handler, **exhibit.arguments, allow=allow).unused_allowances == ()


def test_the_test_of_allow_says_nothing_about_a_function_that_cannot_rotate():
    class Broken(Plain):
        allow = {"dead-current": "known"}

        @staticmethod
        def handler(event, context):
            raise KeyError

    with pytest.raises(unittest.SkipTest, match=r"^The function wasn't disturbed"):
        Broken().test_allow()


@pytest.mark.slow
def test_a_wrong_attribute_fails_one_test_and_the_others_are_skipped():
    class Wrong(Plain):
        schedule = "rate(1 da)"

    with pytest.raises(ValueError, match="is refused by AWS"):
        Wrong().test_kills()
    with pytest.raises(unittest.SkipTest, match=r"^test_kills fails with the same ValueError. Mend that first$"):
        Wrong().test_errors()
    with pytest.raises(ValueError, match="is refused by AWS"):
        Wrong().test_kills()


def test_a_double_that_cannot_be_made_fails_one_test_and_the_others_are_skipped():
    class Wrong(Plain):
        service = dict

    with pytest.raises(TypeError, match="the methods of a dict can't be wrapped"):
        Wrong().test_plain()
    with pytest.raises(unittest.SkipTest, match=r"^test_plain fails with the same TypeError. Mend that first$"):
        Wrong().test_errors()


def test_an_error_in_a_scenario_fails_each_test():
    exhibit, made = load("faulty", "create_never_looks"), itertools.count()

    def service():
        if next(made) % 2:
            msg = "no connection"
            raise LookupError(msg)
        return exhibit.arguments["service"]()

    attributes = {"handler": exhibit.handler, **exhibit.arguments, "service": service}
    broken = type("Broken", (Contract,), attributes)()

    for test in (broken.test_repeats, broken.test_inputs):
        with pytest.raises(LookupError, match="no connection"):
            test()


def test_the_test_of_allow_runs_no_family_again(monkeypatch):
    families = []

    def check(subject, only, **arguments):
        families.extend(only)
        return check_subject(subject, only, **arguments)

    monkeypatch.setattr(rotation_contract, "check_subject", check)

    class Allowed(Plain):
        allow = {"create-not-repeatable": "known"}

    Allowed().test_plain()
    Allowed().test_repeats()
    Allowed().test_allow()

    assert families == ["plain", "repeats"]


def test_the_test_of_allow_runs_the_families_that_have_not_run():
    class Allowed(Plain):
        allow = {"create-not-repeatable": "known"}

    Allowed().test_plain()
    Allowed().test_allow()


def test_it_works_as_a_test_case_of_unittest():
    class Case(Plain, unittest.TestCase):
        pass

    result = unittest.TestResult()
    suite = unittest.TestSuite(Case(name) for name in ("test_plain", "test_repeats", "test_allow"))
    suite.run(result)

    assert (result.testsRun, result.errors) == (3, [])
    assert [test.id().rpartition(".")[2] for test, _ in result.failures] == ["test_repeats"]
    assert [test.id().rpartition(".")[2] for test, _ in result.skipped] == ["test_allow"]


@pytest.mark.parametrize(("given", "meant"), [("services", "service"), ("enviroment", "environment")])
def test_an_attribute_that_is_misspelt_is_refused(given, meant):
    kind = type("Misspelt", (RotationContract,), {"handler": print, "secret": {"password": "x"}, given: None})

    with pytest.raises(TypeError, match=f"'{given}'. Did you mean '{meant}'"):
        kind().test_plain()


def test_a_private_fixture_may_have_the_name_of_what_it_sets():
    kind = type("Private", (RotationContract,), {"handler": print, "secret": {"password": "x"}, "_service": None})

    assert kind()._subject().service is None


def test_tests_and_attributes_of_the_users_own_are_left_alone():
    own = {"test_secret": lambda self: None, "sessions": [], "patience": 3, "setup_method": lambda self: None}
    kind = type("Own", (RotationContract,), {"handler": staticmethod(handler), "secret": "a text", **own})

    kind().test_plain()


def test_another_secret_whose_keys_look_like_staging_labels_is_warned_of_once():
    class Doubtful(RotationContract):
        handler = handler
        secret = "the-old-password"
        other_secrets = {"b": {"current": "x"}}

    said = "^Staging labels written in another way: secret 'b' takes 'current' for keys of a JSON value"
    with pytest.warns(FakeSecretsWarning, match=said) as told:
        Doubtful().test_plain()
    assert len(told) == 1
    with warnings.catch_warnings(action="error"):
        Doubtful().test_inputs()
