"""What is wrong with the arguments of a check is told by one clear exception."""

import functools
import re

import pytest

from fake_secrets import check_rotation
from fake_secrets.contract.catalogue import CATALOGUE
from fake_secrets.errors import FakeSecretsWarning


def handler(event, context):
    pass


async def coroutine_handler(event, context):
    pass


class Handler:
    def __call__(self, event, context):
        pass

    def method(self, event, context):
        pass


def check(function=handler, /, **arguments):
    return check_rotation(function, **{"secret": {"password": "the-old-password"}, "only": "plain", **arguments})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"secret": 7}, "secret= takes a dict, str or bytes, not int"),
        ({"secret": ["a"]}, "secret= takes a dict, str or bytes, not list"),
        ({"secret": {"a": object()}}, "the value of secret 'prod/rotated' isn't JSON.*"),
        ({"previous": 7}, "previous= takes a dict, str or bytes, not int"),
        ({"other_secrets": ["a"]}, "other_secrets= takes a dict, not list"),
        ({"other_secrets": {"a": 7}}, r"other_secrets\['a'\]= takes a dict, str or bytes, not int"),
        ({"environment": 7}, "environment= takes a dict, not int"),
        ({"environment": {"a": 7}}, "environment= takes a mapping from str to str"),
        ({"tags": 7}, "tags of secret 'prod/rotated' must be a mapping from tag key to tag value, both str"),
        ({"schedule": 1.5}, "schedule= takes a number of days or a schedule expression, not float"),
        ({"allow": ["dead-current"]}, "allow= takes a dict, not list"),
        ({"only": 7}, "only= takes the id of a scenario or the name of a family, or a list of them, not int"),
        (
            {"only": {"plain"}},
            "only= takes the id of a scenario or the name of a family, or a list of them, not set",
        ),
        (
            {"only": ["plain", 7]},
            "only= takes the id of a scenario or the name of a family, or a list of them, not a list with int",
        ),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else None,
)
def test_an_argument_of_a_wrong_type_is_refused(arguments, said):
    with pytest.raises(TypeError, match=f"^{said}$"):
        check(**arguments)


@pytest.mark.parametrize("key", ["AWSCURRENT", "AWSPREVIOUS", "AWSCURENT"])
@pytest.mark.parametrize(("argument", "label"), [("secret", "AWSCURRENT"), ("previous", "AWSPREVIOUS")])
def test_staging_labels_in_place_of_a_value_are_refused(argument, label, key):
    said = f"{argument}= takes the value of {label} alone, and '{key}' is a staging label, or nearly one."
    with pytest.raises(ValueError, match=f"^{said} .* AWSPREVIOUS as previous=") as raised:
        check(**{argument: {key: "the-old-password"}})
    assert "the-old-password" not in str(raised.value)


def test_json_whose_key_is_a_staging_label_is_a_value_if_it_is_a_text():
    assert check(secret='{"AWSCURRENT": "the-old-password"}').scenarios


@pytest.mark.parametrize("function", [handler, f"{__name__}:handler"], ids=["a function", "an import"])
def test_another_secret_whose_keys_look_like_staging_labels_is_warned_of_at_the_line_of_the_check(function):
    with pytest.warns(FakeSecretsWarning, match="^Staging labels written in another way: secret 'b' ") as told:
        check(function, other_secrets={"b": {"current": "x"}})
    assert [one.filename for one in told] == [__file__]


def test_an_object_in_place_of_a_service_class_is_refused():
    class FakeDatabase:
        pass

    with pytest.raises(TypeError, match=r"^service=FakeDatabase object can't be called. Pass the class, or "):
        check(service=FakeDatabase())


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (None, "a rotation function is called as handler\\(event, context\\); None can't be called"),
        ({"a": "x"}, "a rotation function is called as .*; a dict can't be called"),
        (coroutine_handler, r".*; coroutine_handler would have to be awaited.*asyncio\.run"),
        (Handler.method, r".*; Handler\.method takes \(self, event, context\)"),
        (lambda event: None, r".*; .*<lambda> takes \(event\)"),
        (Handler, r".*; Handler takes \(\)"),
    ],
)
def test_a_handler_that_cannot_be_called_with_event_and_context_is_refused(function, said):
    with pytest.raises(TypeError, match=f"^{said}$"):
        check(function)


def decorated(function):
    @functools.wraps(function)
    def wrapper(event, context):
        return function(event, context, "client")

    return wrapper


@pytest.mark.parametrize(
    "function",
    [
        handler,
        Handler(),
        Handler().method,
        functools.partial(lambda prefix, event, context: None, "x"),
        lambda *arguments: None,
        lambda event, context=None: None,
        decorated(lambda event, context, client: None),
    ],
)
def test_whatever_can_be_called_with_event_and_context_is_a_handler(function):
    assert [violation.name for violation in check(function).violations] == ["current-not-moved"]


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        (
            "no_such_module:lambda_handler",
            ImportError,
            "the rotation function's module 'no_such_module' can't be ",
        ),
        (
            "contract.fake_database:handler",
            ValueError,
            "module 'contract.fake_database' has no 'handler'. Functions ",
        ),
        ("lambda_handler", ValueError, "'lambda_handler' doesn't name a module and a function in it, as "),
    ],
)
def test_a_name_of_a_handler_that_cannot_be_imported_is_refused(name, kind, said):
    with pytest.raises(kind, match=f"^{said}"):
        check(name)


@pytest.mark.parametrize(
    "raises", ["raise SystemExit(3)", "raise GeneratorExit", "import pytest; pytest.skip('x')"]
)
def test_a_module_that_ends_its_import_in_whatever_way_is_refused(tmp_path, monkeypatch, raises):
    (tmp_path / "ends_its_import.py").write_text(f"{raises}\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ImportError, match="'ends_its_import' can't be imported: its import raised "):
        check("ends_its_import:lambda_handler")


def test_an_unknown_name_in_allow_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"^allow='ded-current' isn't a choice") as told:
        check(allow={"ded-current": "known"})
    question, *similar = str(told.value).split("\n- ")
    assert question == "allow='ded-current' isn't a choice; did you mean \"dead-current\"? Others like it:"
    assert 1 <= len(similar) <= 2


def test_a_name_in_allow_that_is_like_none_is_refused_with_all():
    with pytest.raises(ValueError, match=r"^allow='xyz' isn't a choice\. The choices are:") as told:
        check(allow={"xyz": "known"})
    assert '\n- "leaked-value"\n' in str(told.value)
    assert str(told.value).count("\n- ") == len(CATALOGUE)


@pytest.mark.parametrize("reason", ["", " ", None])
def test_allow_without_a_reason_is_refused(reason):
    with pytest.raises(ValueError, match=r"^allow=\{'dead-current': ...\} needs a reason: why is this deviation "):
        check(allow={"dead-current": reason})


@pytest.mark.parametrize("only", ["setSecret.klil-after-5", "kils", ""])
def test_an_unknown_scenario_is_refused(only):
    with pytest.raises(ValueError, match=rf"^there is no scenario {only!r}"):
        check(only=only)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("daily", "InvalidParameterException: Invalid schedule expression. 'daily' is neither rate"),
        ("rate(foo)", "InvalidParameterException: Invalid schedule expression. 'rate(foo)' is neither rate"),
        (
            "rate(2 hours)",
            "InvalidParameterException: Rate in hour should be least 4 and less than 24. The number ",
        ),
        (
            0,
            "ValidationException: 1 validation error detected: Value '0' at 'rotationRules.",
        ),
        (5000, "ValidationException: 1 validation error detected: Value '5000' at "),
        ("5000", "ValidationException: 1 validation error detected: Value '5000' at "),
    ],
)
def test_a_schedule_that_aws_refuses_is_refused_in_its_words(schedule, said):
    with pytest.raises(ValueError, match=f"^{re.escape(f'schedule={schedule!r} is refused by AWS: {said}')}"):
        check(schedule=schedule)


def generator_handler(event, context):
    yield event


class GeneratorHandler:
    def __call__(self, event, context):
        yield event


@pytest.mark.parametrize(
    ("function", "name"), [(generator_handler, "generator_handler"), (GeneratorHandler(), "GeneratorHandler")]
)
def test_a_generator_function_is_no_handler(function, name):
    with pytest.raises(TypeError, match=rf"; {name} is a generator function, and calling it runs nothing of it"):
        check(function)


def test_no_message_shows_a_secret_value():
    with pytest.raises(TypeError) as told:
        check(secret=["the-old-password"])
    assert "the-old-password" not in str(told.value)


def test_an_empty_list_of_scenarios_is_refused():
    with pytest.raises(ValueError, match=r"^only= is an empty list\. Leave it out to run every scenario$"):
        check(only=[])
