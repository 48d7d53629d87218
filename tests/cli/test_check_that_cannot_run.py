"""`fake-secrets check` that can't run: status 2, one sentence on stderr that says why, and no secret value."""

import json
from pathlib import Path

import pytest
from cli.rotation_folder import forget

from fake_secrets.cli.main import main

HELP = "fake-secrets check --help"


@pytest.fixture
def refused(check):
    """Runs the command, and returns the one sentence that it ends with."""

    def refused(*arguments, **named):
        status, out, err = check(*arguments, **named)
        sentences = [line for line in err.splitlines() if line.startswith("fake-secrets check: ")]
        assert (status, out, len(sentences)) == (2, "", 1), err
        assert err.endswith(f"{sentences[0]}\n")
        assert "Traceback" not in err
        return sentences[0].removeprefix("fake-secrets check: ")

    return refused


class TestNames:
    def test_a_missing_module_is_named_with_a_similar_one(self, refused):
        assert refused(function="rotatoin:lambda_handler") == (
            "the handler can't be imported: there is no module 'rotatoin' in the current folder or among the "
            "installed packages; did you mean 'rotation'?"
        )

    def test_a_missing_module_of_a_package_is_named_with_a_similar_one(self, folder, refused):
        (folder / "package").mkdir()
        (folder / "package" / "__init__.py").touch()
        (folder / "package" / "rotate.py").touch()

        assert refused(function="package.rotat:lambda_handler") == (
            "the handler can't be imported: there is no module 'package.rotat' in the package 'package'; did you "
            "mean 'package.rotate'?"
        )
        forget("package")

    def test_a_missing_function_is_named_with_a_similar_one(self, refused):
        assert refused(function="rotation:lambda_handlr") == (
            "the handler can't be imported: module 'rotation' has no 'lambda_handlr'; did you mean "
            "'rotation:lambda_handler'?"
        )

    def test_if_no_function_is_similar_all_are_named(self, refused):
        assert refused(function="rotation:xyz") == (
            "the handler can't be imported: module 'rotation' has no 'xyz'. It defines lambda_handler, value_of, "
            "works."
        )

    def test_a_missing_class_of_the_service_is_named(self, refused):
        assert refused(service="doubles:DataBase") == (
            "the service can't be imported: module 'doubles' has no 'DataBase'; did you mean 'doubles:Database'?"
        )

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("rotation.lambda_handler", "rotation:lambda_handler"),
            ("src/rotation.py:lambda_handler", "src.rotation:lambda_handler"),
            ("./rotation.py", "rotation:lambda_handler"),
            ("rotation", "rotation:lambda_handler"),
        ],
    )
    def test_other_ways_of_writing_the_handler_are_corrected(self, refused, given, meant):
        assert refused(function=given) == (
            f"the handler is written as my_module:lambda_handler, not as {given!r}; did you mean {meant!r}?"
        )

    def test_what_cannot_be_called_is_no_rotation_function(self, refused):
        assert (
            refused(function="rotation:REALM")
            == "the handler, 'rotation:REALM', can't be called: its type is str."
        )

    def test_a_function_with_other_parameters_is_no_rotation_function(self, refused):
        assert refused(function="rotation:works") == (
            "a rotation function is called as handler(event, context); works takes (value)."
        )


class TestImports:
    @pytest.mark.parametrize(
        ("source", "sentence"),
        [
            (
                "import os\n\nHOST = os.environ['DB_HOST']\n",
                "KeyError at broken.py:3: 'DB_HOST'. Set the variable with --env DB_HOST=VALUE.",
            ),
            (
                "import nowhere_to_be_found\n",
                (
                    "ModuleNotFoundError at broken.py:1: No module named 'nowhere_to_be_found'. Install it, or "
                    "let a module nowhere_to_be_found.py in the current folder stand in for it."
                ),
            ),
            ("def f(:\n", "SyntaxError at broken.py:1: invalid syntax."),
            ("raise SystemExit(3)\n", "SystemExit at broken.py:1: 3."),
            ("raise GeneratorExit\n", "GeneratorExit at broken.py:1."),
            ("def g():\n    import rotation\n    assert not rotation\n\ng()\n", "AssertionError at broken.py:3."),
        ],
    )
    def test_an_error_is_named_with_its_place(self, folder, refused, source, sentence):
        (folder / "broken.py").write_text(source)

        assert refused(function="broken:lambda_handler") == (
            f"the handler can't be imported: the import of 'broken' raises {sentence}"
        )
        forget("broken")

    @pytest.mark.parametrize("option", ["--secret", "--previous"])
    def test_staging_labels_in_place_of_a_value_are_refused(self, refused, option):
        labels = '{"AWSCURENT": "hunter2hunter2"}'
        told = refused(
            *(["--previous", labels] if option == "--previous" else []),
            **({"secret": labels} if option == "--secret" else {}),
        )
        assert told.startswith(f"{option} takes the value of AWS")
        assert told.endswith(
            "and 'AWSCURENT' is a staging label, or nearly one. Give the value of AWSCURRENT as --secret, that of "
            "AWSPREVIOUS as --previous, and JSON with such a key as a str."
        )
        assert "hunter2hunter2" not in told

    def test_another_secret_of_another_place_is_refused_with_the_options_that_match(self, refused):
        arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/admin-AbCdEf"
        assert refused("--other", f'{arn}="hunter2hunter2"') == (
            f"--other {arn}=JSON is in region eu-central-1 and account 111122223333, but the contract's secret is "
            "in eu-west-1 and 123456789012: give --region eu-central-1 and --account-id 111122223333."
        )

    def test_another_secret_that_is_read_on_import_has_to_be_given(self, folder, refused):
        (folder / "broken.py").write_text(
            "import boto3\n\nboto3.client('secretsmanager').get_secret_value(SecretId='prod/config')\n"
        )

        shown = refused(function="broken:lambda_handler")
        forget("broken")
        assert "the import of 'broken' raises ResourceNotFoundException at broken.py:3: " in shown
        assert shown.endswith(". No secret 'prod/config' was given; give it with --other prod/config=JSON.")

    def test_another_secret_that_the_module_can_do_without_is_not_blamed_for_a_later_error(self, folder, refused):
        (folder / "broken.py").write_text(
            "import boto3\n\nclient = boto3.client('secretsmanager')\ntry:\n"
            "    client.get_secret_value(SecretId='optional')\n"
            "except client.exceptions.ResourceNotFoundException:\n"
            "    pass\nraise ValueError('something else')\n"
        )

        shown = refused(function="broken:lambda_handler")
        forget("broken")
        assert shown.endswith("raises ValueError at broken.py:8: something else.")

    def test_a_secret_value_that_is_read_like_a_secret_on_import_is_not_shown(self, folder, refused):
        (folder / "broken.py").write_text(
            "import boto3\n\nclient = boto3.client('secretsmanager')\n"
            "value = client.get_secret_value(SecretId='other')['SecretString']\n"
            "client.get_secret_value(SecretId=value)\n"
        )

        shown = refused("--other", 'other="hunter2hunter2"', function="broken:lambda_handler")
        forget("broken")
        assert "raises ResourceNotFoundException at broken.py:5" in shown
        assert "hunter2" not in shown

    @pytest.mark.parametrize("file", ["deployed.py", "deployed/__init__.py"])
    def test_a_module_in_the_folder_src_is_found_with_pythonpath(self, folder, refused, file):
        (folder / "src" / file).parent.mkdir(parents=True)
        (folder / "src" / file).write_text("")
        assert refused(function="deployed:lambda_handler").endswith(
            ". It is in the folder src: set PYTHONPATH=src."
        )

    def test_an_error_does_not_show_what_was_given_as_secret(self, folder, refused):
        (folder / "broken.py").write_text(
            "import os\nraise ValueError('bad key ' + os.environ['KEY'] + ' of old')\n"
        )

        shown = refused("--env", "KEY=k-9f8e7d6c", function="broken:f", secret='{"password": "old"}')
        forget("broken")
        assert shown.endswith("raises ValueError at broken.py:2: bad key *** of ***.")


class TestValues:
    @pytest.mark.parametrize("option", ["--secret", "--previous", "--other"])
    def test_a_value_that_is_no_json_is_not_shown(self, check, refused, option):
        bad = "{'password': 'hunter2'}"
        given = {"secret": bad} if option == "--secret" else {}
        arguments = {"--secret": [], "--other": [option, f"admin={bad}"]}.get(option, [option, bad])
        where = "--other admin" if option == "--other" else option

        assert refused(*arguments, **given) == (
            f"{where} isn't JSON: Expecting property name enclosed in double quotes at line 1, column 2. Any "
            "other text is written as a JSON string: '\"text\"'."
        )

    def test_the_ellipsis_of_a_replay_line_is_explained(self, refused):
        assert refused(secret="...") == (
            "--secret ... stands for a secret value, which the replay line of a report doesn't show. Write the "
            "value in its place, or give a file: @file."
        )

    def test_a_file_that_is_missing_or_no_json_is_named(self, folder, refused):
        (folder / "bad.json").write_text("hunter2")

        assert refused(secret="@nowhere.json") == "--secret @nowhere.json can't be read: there is no such file."
        assert refused(secret="@bad.json").startswith("--secret @bad.json isn't JSON: Expecting value at line 1")
        assert refused(secret="@.") == "--secret @. can't be read: Is a directory."

    def test_a_value_whose_quotes_the_shell_has_taken_is_not_shown(self, folder, capsys):
        # --secret {"username": "app", "password": "hunter2"}
        shell = ["check", "rotation:lambda_handler", "--secret", "{username:", "app,", "password:", "hunter2}"]

        assert main(shell) == 2
        assert capsys.readouterr().err == (
            "fake-secrets check: 3 arguments are too many; if a value has spaces or quotes, put it into single "
            "quotes.\n"
        )

    def test_a_value_in_place_of_the_handler_is_not_shown(self, refused):
        assert (
            refused(function='{"password": "hunter2"}') == "the handler isn't written as my_module:lambda_handler."
        )

    def test_a_misspelt_option_is_named_without_its_value(self, refused):
        assert refused("--secrt={hunter2") == "there is no option --secrt; see fake-secrets check --help."

    @pytest.mark.parametrize(
        ("option", "form"), [("--env", "NAME=VALUE"), ("--tag", "KEY=VALUE"), ("--allow", "NAME=REASON")]
    )
    def test_what_is_no_pair_is_not_shown(self, refused, option, form):
        assert refused(option, "hunter2") == f"{option} is written as {option} {form}."

    def test_a_name_that_is_given_twice_is_named(self, refused):
        assert refused("--env", "A=1", "--env", "A=2") == "--env gives 'A' twice."

    def test_seconds_are_a_positive_number(self, check):
        for text in ("0", "-1", "soon", "nan"):
            status, _, err = check(f"--seconds={text}")
            assert (status, err.splitlines()[-1]) == (
                2,
                f"fake-secrets check: argument --seconds: {text!r} isn't a number of seconds above 0; see {HELP}.",
            )

    def test_the_name_of_a_file_without_an_at_sign_is_corrected(self, refused):
        assert refused(secret="./secret.json") == (
            "--secret isn't JSON, but the name of a file. To read that, write --secret @./secret.json."
        )


class TestScenarios:
    def test_an_unknown_family_is_named_with_the_families(self, refused):
        assert refused("--only", "kilss") == (
            "--only names 'kilss', which is no scenario; there is the family kills."
        )

    def test_an_unknown_scenario_is_named_with_similar_ones(self, refused):
        assert refused("--only", "setSecret.kill-after-99") == (
            "--only: there is no scenario 'setSecret.kill-after-99'. Did you mean: "
            "setSecret.kill-after-5, setSecret.kill-after-4, testSecret.kill-after-4."
        )

    def test_an_unknown_deviation_is_named_with_similar_ones(self, refused):
        assert refused("--allow", "dead-curent=why") == (
            "--allow names 'dead-curent', which is no deviation; there is dead-current."
        )

    def test_an_allowance_needs_a_reason(self, refused):
        assert "needs a reason" in refused("--allow", "dead-current=")


class TestNothingTried:
    def test_a_function_that_cannot_rotate_was_not_tried_in_other_families(self, folder, check):
        (folder / "never.py").write_text("def handler(event, context):\n    raise RuntimeError\n")
        status, out, err = check("--only", "kills", function="never:handler")
        forget("never")

        assert status == 2
        assert out.startswith("never-succeeds: an undisturbed rotation doesn't work")
        assert err.splitlines()[-1] == (
            "fake-secrets check: the function wasn't disturbed, because an undisturbed rotation shows "
            "never-succeeds."
        )

    def test_a_family_without_a_scenario_shows_nothing(self, check):
        status, out, err = check("--only", "consumers", "--junit", "report.xml")

        assert (status, out) == (2, "No scenario was tried.\n")
        assert err.splitlines()[-1] == (
            "fake-secrets check: no scenario was tried, because there is none for this function in consumers."
        )
        assert "<error" in Path("report.xml").read_text()


class TestDoubles:
    def test_an_error_of_a_double_is_told_by_its_place(self, folder, refused):
        source = (folder / "doubles.py").read_text()
        (folder / "doubles.py").write_text(source.replace('["password"] == self', '["pasword"] == self'))

        sentence = refused()
        assert sentence.startswith("KeyError was raised at doubles.py:")
        assert ", raised when the check asked Database.accepts; its message isn't shown" in sentence

    @pytest.mark.parametrize("raises", ["pytest.skip('hunter2')", "pytest.fail('hunter2')", "sys.exit('hunter2')"])
    @pytest.mark.parametrize("method", ["accepts(self, value)", "__init__(self)"])
    def test_whatever_a_double_raises_is_told_without_its_message(self, folder, refused, method, raises):
        head = f"    def {method}:\n"
        source = (folder / "doubles.py").read_text().replace(head, f"{head}        {raises}\n")
        (folder / "doubles.py").write_text(f"import sys, pytest\n{source}")

        sentence = refused()
        assert " was raised at doubles.py:" in sentence
        assert "hunter2" not in sentence

    def test_neither_the_message_nor_a_note_of_such_an_error_is_shown(self, folder, refused):
        source = (folder / "doubles.py").read_text()
        raises = (
            "        error = ValueError('hunter2')\n"
            "        error.add_note('hunter3')\n"
            "        raise error\n        self.password"
        )
        (folder / "doubles.py").write_text(source.replace("        self.password", raises, 1))

        assert refused() == (
            "ValueError was raised at doubles.py:17; its message isn't shown, because it may hold a secret value. "
            "check_rotation in Python shows it."
        )

    def test_an_error_in_the_middle_is_told_with_its_scenario_and_what_was_found_before(self, folder, refused):
        source = (folder / "doubles.py").read_text()
        counts = (
            "        Database.made = getattr(Database, 'made', 0) + 1\n"
            "        if Database.made > 60:\n"
            "            {}['x']\n"
        )
        (folder / "doubles.py").write_text(
            source.replace("    def __init__(self):\n", f"    def __init__(self):\n{counts}")
        )

        sentence = refused()
        assert sentence.startswith("KeyError was raised at doubles.py:17, raised in the scenario ")
        assert ". Found before: nothing; its message isn't shown, because " in sentence

    def test_a_double_that_needs_arguments_is_no_service(self, folder, refused):
        source = (folder / "doubles.py").read_text()
        (folder / "doubles.py").write_text(source.replace("__init__(self)", "__init__(self, dsn)"))

        assert refused() == (
            "--service is called without arguments for each scenario, and Database takes (dsn). Write "
            "functools.partial(Database, ...) with the arguments."
        )

    def test_a_function_that_needs_arguments_is_no_service(self, refused):
        sentence = refused(service="json:loads")
        assert sentence.startswith("--service is called without arguments for each scenario, and loads takes (s, ")


class TestFiles:
    @pytest.mark.parametrize("option", ["--html", "--json", "--junit"])
    def test_a_file_in_no_folder_is_named_before_the_check(self, refused, option):
        assert (
            refused(option, "out/report") == f"{option} 'out/report' can't be written: there is no folder 'out'."
        )

    def test_a_folder_is_no_file(self, folder, refused):
        (folder / "out").mkdir()
        assert refused("--json", "out") == "--json 'out' can't be written: Is a directory."

    def test_two_reports_do_not_go_into_one_file(self, refused):
        assert refused("--json", "out", "--junit", "./out") == "--junit and --json name the same file, './out'."

    def test_nothing_is_written_if_the_check_cannot_run(self, folder, refused):
        (folder / "report.json").write_text("the last report")
        before = sorted(path.name for path in folder.iterdir())

        refused("--json", "report.json", "--junit", "report.xml", "--only", "createSecret.kill-after-99")
        assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == before
        assert (folder / "report.json").read_text() == "the last report"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_all_files_are_written_or_none(self, folder, check):
        (folder / "report.json").write_text("the last report")
        status, out, err = check("--json", "report.json", "--junit", "/dev/full", "--only", "createSecret.twice")

        assert (status, err.splitlines()[-1]) == (
            2, "fake-secrets check: --junit '/dev/full' can't be written: No space left on device."
        )  # fmt: skip
        assert "keeps the contract" in out
        assert (folder / "report.json").read_text() == "the last report"
        assert not list(folder.glob(".*"))

    def test_a_link_stays_a_link(self, folder, check):
        (folder / "real.json").write_text("")
        (folder / "link.json").symlink_to("real.json")

        assert check("--json", "link.json", "--only", "createSecret.twice")[0] == 0
        assert (folder / "link.json").is_symlink()
        assert json.loads((folder / "real.json").read_text())["passed"] is True


def test_a_schedule_that_aws_refuses_is_told_in_its_words(refused):
    assert refused("--schedule", "rate(foo)").startswith(
        "schedule='rate(foo)' is refused by AWS: InvalidParameterException: Invalid schedule expression. "
    )


def test_a_consumer_without_a_service_is_refused(refused):
    assert refused("--consumer", "rotation:works", service=None).startswith(
        "--consumer needs --service, because only a service double can tell"
    )


@pytest.mark.parametrize("option", ["--html", "--json", "--junit"])
def test_a_dash_is_no_file(refused, folder, option):
    assert (
        refused(option, "-") == f"{option} takes the name of a file; for the standard output, that is /dev/stdout."
    )
    assert not (folder / "-").exists()


def test_a_service_without_a_class_is_looked_for_in_its_module(refused):
    assert refused(service="doubles") == (
        "the service is written as my_module:FakeDatabase, not as 'doubles'; did you mean 'doubles:log_in' or "
        "'doubles:change' or 'doubles:Database'?"
    )


def test_a_module_with_the_ending_of_its_file_is_corrected(refused):
    assert refused(function="rotation.py:lambda_handler") == (
        "the handler can't be imported: a module is named without .py, as in 'rotation'."
    )


def test_objects_that_make_a_service_are_among_what_a_module_has(folder, refused):
    (folder / "partly.py").write_text(
        "from functools import partial\nfrom doubles import Database\ndb = partial(Database)\n"
    )

    assert refused(service="partly:nothing") == (
        "the service can't be imported: module 'partly' has no 'nothing'. It defines db."
    )
    forget("partly")


class TestPolicies:
    def test_a_missing_file_is_named(self, refused):
        assert refused("--policy", "@rle.json") == "--policy names 'rle.json', which is no file."
        assert refused("--policy", "rle.json") == "--policy names 'rle.json', which is no file."

    def test_a_policy_that_iam_refuses_is_told_with_its_message(self, folder, refused):
        (folder / "role.json").write_text('{"Statement": {"Effect": "Allow", "Action": "s3:*"}}')

        assert refused("--policy", "role.json") == (
            "role.json, statement 1: Policy statement must contain resources."
        )
