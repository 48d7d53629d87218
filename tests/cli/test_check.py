"""`fake-secrets check` on functions that can be checked."""

import json
import sys

import pytest
from cli.rotation_folder import PLAIN, SECRET, forget

from fake_secrets.cli.main import main


def test_a_violation_ends_with_status_1_a_table_and_the_details(check):
    status, out, _ = check("--only", "createSecret.twice", function="faulty:lambda_handler")

    assert status == 1
    table, summary, details, *_ = out.split("\n\n")
    assert table.splitlines()[0].split() == ["cause", "severity", "scenarios", "line"]
    assert table.splitlines()[1].split()[:3] == ["create-not-repeatable", "violation", "1"]
    assert summary == "create-not-repeatable: the rotation function violates the contract. 1 scenario was tried."
    assert details.startswith("1. create-not-repeatable: createSecret fails when it is repeated")


@pytest.mark.slow
def test_several_families_and_scenarios_can_be_run_alone(check):
    status, _, err = check("--only", "repeats", "--only", "setSecret.kill-at-end")

    assert status == 0
    assert err.splitlines() == ["repeats: 7 scenarios", "kills: 1 scenario"]


def test_another_secret_whose_keys_look_like_staging_labels_is_warned_of_in_a_sentence(check):
    status, _, err = check("--only", "plain.three-times", "--other", 'admin={"current": "hunter2hunter2"}')

    assert status == 0
    assert err.splitlines()[0] == (
        "warning: Staging labels written in another way: secret 'admin' takes 'current' for keys of a JSON value. "
        "If you mean labels, write 'AWSCURRENT' instead of 'current'. If you mean JSON, give it as a str."
    )
    assert "FakeSecretsWarning" not in err


def test_a_deviation_that_is_allowed_is_no_violation(check):
    only = ["--only", "createSecret.twice"]
    status, out, _ = check(*only, "--allow", "create-not-repeatable=known", function="faulty:lambda_handler")

    assert status == 0
    assert out.splitlines()[1].split()[:2] == ["create-not-repeatable", "allowed"]
    assert "Allowed: known" in out


def test_what_only_a_service_shows_is_told_to_be_left_out(folder, check):
    (folder / "generic.py").write_text((folder / "rotation.py").read_text().replace("doubles", "stubs"))
    (folder / "stubs.py").write_text("def log_in(given): pass\ndef change(old, new): pass\n")
    status, out, _ = check("--only", "plain", function="generic:lambda_handler", service=None)

    forget("generic", "stubs")
    assert status == 0
    assert "There is no service double (--service), so" in out
    assert "mode.rotated-elsewhere and limit.credentials were left out,\nbecause there is no service double" in out


@pytest.mark.slow
def test_a_check_that_has_no_time_for_all_ends_with_status_3(check):
    status, out, _ = check("--seconds", "0.0001")

    assert status == 3
    assert out.startswith("No violation in 1 of ")
    assert "The time was up before all was tried" in out


def test_a_violation_counts_although_there_is_no_time_for_all(check):
    status, out, _ = check("--seconds", "0.0001", secret='{"password": "other"}')
    assert (status, out.split()[4]) == (1, "never-succeeds")


def test_the_current_folder_can_be_imported_from_while_the_check_runs_only(folder, check):
    path = sys.path[:]

    assert check("--only", "plain")[0] == 0
    assert sys.path == path


def test_variables_are_set_on_import_and_in_the_function(folder, check):
    source = (folder / "rotation.py").read_text()
    needed = source.replace('os.environ.get("REALM", "test")', 'os.environ["REALM"]')
    (folder / "rotation.py").write_text(
        needed.replace("    arn, token", '    assert os.environ["REALM"]\n    arn, token')
    )

    assert check("--env", "REALM=live", "--only", "plain")[0] == 0


def test_other_secrets_tags_name_region_and_schedule_are_those_of_the_secret(folder, check):
    source = (folder / "rotation.py").read_text()
    looks = (
        "    about = sm.describe_secret(SecretId=arn)\n"
        "    assert 50_000 < context.get_remaining_time_in_millis() <= 60_000\n"
        '    assert sm.meta.region_name == "us-west-2" and "us-west-2:123123123123" in arn, arn\n'
        '    assert about["Name"] == "db" and about["Tags"] == [{"Key": "team", "Value": "a=b"}]\n'
        '    assert about["RotationRules"] == {"AutomaticallyAfterDays": 7}\n'
        '    assert value_of("admin") == {"password": "admin-password"}\n'
    )
    (folder / "rotation.py").write_text(source.replace("    about = sm.describe_secret(SecretId=arn)\n", looks))
    (folder / "admin.json").write_text('{"password": "admin-password"}')

    status, out, _ = check(
        "--only", "plain", "--other", "admin=@admin.json", "--tag", "team=a=b", "--name", "db",
        "--region", "us-west-2", "--account", "123123123123", "--schedule", "7", "--timeout", "60",
    )  # fmt: skip
    assert status == 0, out


def test_a_consumer_is_called_while_the_secret_is_rotated(folder, check):
    (folder / "app.py").write_text("""\
import json, boto3

cached = []

def password():
    if not cached:
        answer = boto3.client("secretsmanager").get_secret_value(SecretId="prod/rotated")
        cached.append(json.loads(answer["SecretString"]))
    return cached[0]
""")
    status, out, _ = check("--consumer", "app:password", "--only", "consumers")

    forget("app")
    assert (status, out.splitlines()[1].split()[:2]) == (1, ["consumer-locked-out", "violation"])
    assert "--consumer app:password --only consumer.password" in out


@pytest.mark.parametrize("secret", [json.dumps(SECRET), "@secret.json", "@./secret.json"])
def test_the_secret_value_is_json_or_a_file(check, secret):
    assert check("--only", "plain", secret=secret)[0] == 0


def test_the_secret_value_can_come_from_the_standard_input(check, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(SECRET) + "\n"))
    assert check("--only", "plain", secret="@-")[0] == 0


def test_no_secret_value_is_shown_though_the_function_prints_it(check):
    status, out, err = check("--only", "createSecret.twice", function="leaky:lambda_handler")

    assert (status, "leaked-value" in out) == (1, True)
    assert "made" not in (out + err).split()
    assert "first-password" not in out + err


@pytest.mark.slow
def test_the_output_of_the_function_is_shown_on_request(folder, check):
    source = (folder / "rotation.py").read_text()
    (folder / "rotation.py").write_text(
        source.replace("    arn, token", "    print('step', event['Step'])\n    arn, token")
        + "print('imported')\n"
    )

    assert "step" not in check("--only", "createSecret.twice")[1]
    forget()
    _, out, _ = check("--only", "createSecret.twice", "--show-output")
    assert out.startswith("imported\nstep createSecret\n")


def test_a_replay_line_is_a_command_without_secret_values(check):
    arguments = ["--only", "createSecret.twice", "--env", "TOKEN=abc", "--previous", '{"password": "zzz"}']
    _, out, _ = check(*arguments, function="faulty:lambda_handler")

    lines = out.splitlines()
    (first,) = (at for at, line in enumerate(lines) if "Replay: " in line)
    assert [line.strip() for line in lines[first : first + 2]] == [
        "Replay: fake-secrets check faulty:lambda_handler --secret @secret.json --previous ... \\",
        "--env TOKEN=... --service doubles:Database --only createSecret.twice",
    ]


def test_help_names_the_options_and_the_exit_status(capsys):
    with pytest.raises(SystemExit) as exited:
        main(["check", "--help"])

    out = capsys.readouterr().out
    assert exited.value.code == 0
    assert "exit status: 0 if there is no violation" in out
    assert "--secret JSON|@FILE" in out


@pytest.mark.slow
def test_a_replay_names_whole_seconds_as_they_were_given(check):
    _, out, _ = check("--only", "repeats", "--timeout", "30", function="faulty:lambda_handler")

    assert "--timeout 30 " in " ".join(out.split())


@pytest.mark.slow
def test_the_policies_of_a_role_are_json_or_files(folder, check):
    actions = ["DescribeSecret", "Get*", "PutSecretValue", "UpdateSecretVersionStage"]
    for number, action in enumerate(actions):
        (folder / f"{number}.json").write_text(policy_of(action))
    only = ["--only", "permissions.given"]
    given = ["--policy", policy_of("DescribeSecret"), "--policy", "1.json", "--policy", "@2.json"]

    status, out, _ = check(*given, *only)
    told = " ".join(out.split())
    assert status == 1
    assert "finishSecret is denied secretsmanager:UpdateSecretVersionStage on prod/rotated." in told
    assert "createSecret is denied" not in told
    assert "--policy ... --policy 1.json --policy @2.json" in told
    assert check(*given, "--policy", "3.json", *only)[0] == 0


def test_the_value_of_a_condition_key_is_given_as_context(folder, check):
    given = ["--policy", policy_of("*", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})]

    assert check(*given, "--context", "aws:SourceIp=203.0.113.7", "--only", "permissions.given")[0] == 0


@pytest.mark.slow
def test_a_policy_for_another_region_and_account_is_told_with_the_options_to_give(folder, check):
    arn = "arn:aws:secretsmanager:ap-south-1:999999999999:secret:prod/rotated-??????"
    _, out, _ = check("--policy", policy_of("*", Resource=arn), "--only", "permissions.given")

    assert "give --region ap-south-1 and --account-id 999999999999." in " ".join(out.split())


def policy_of(action, **more):
    statement = {"Effect": "Allow", "Action": f"secretsmanager:{action}", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.slow
def test_a_policy_is_that_of_the_functions_role(folder, check):
    statement = {"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": "*"}
    (folder / "role.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}))

    status, out, _ = check("--policy", "role.json", "--only", "permissions.given")

    assert (status, out.splitlines()[1].split()[:2]) == (1, ["permission-missing", "violation"])
    assert "createSecret is denied secretsmanager:GetSecretValue" in " ".join(out.split())
    assert "--policy role.json --only permissions.given" in " ".join(out.split())


def test_a_module_may_read_secrets_when_it_is_imported(folder, check):
    source = (folder / "rotation.py").read_text()
    (folder / "rotation.py").write_text(
        source.replace(
            "REALM = ",
            "CONFIG = sm.get_secret_value(SecretId='prod/config')['SecretString']\n"
            "OWN = sm.get_secret_value(SecretId='prod/rotated')['SecretString']\n"
            "assert CONFIG == 'a text' and 'first-password-1' in OWN\nREALM = ",
        )
    )
    status, out, err = check("--other", 'prod/config="a text"', "--only", "plain")
    assert (status, err) == (0, f"plain: {PLAIN} scenarios\n"), out


@pytest.mark.parametrize("suffix", ["-AbCdEf", ""], ids=["a full ARN", "an ARN without its suffix"])
def test_another_secret_may_be_given_by_the_arn_that_the_function_asks_for(folder, check, suffix):
    arn = f"arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/admin{suffix}"
    source = (folder / "rotation.py").read_text()
    (folder / "rotation.py").write_text(
        source.replace(
            "REALM = ", f"assert sm.get_secret_value(SecretId='{arn}')['SecretString'] == 'a'\nREALM = "
        )
    )
    place = ("--region", "eu-central-1", "--account-id", "111122223333")
    status, out, err = check("--other", f'{arn}="a"', *place, "--only", "plain")
    assert (status, err) == (0, f"plain: {PLAIN} scenarios\n"), out


def test_advice_names_the_options_of_the_command(folder, check):
    source = (folder / "rotation.py").read_text()
    (folder / "rotation.py").write_text(source.replace('about["RotationEnabled"]', "value_of('prod/master')"))
    _, out, _ = check("--only", "plain")
    assert "If it needs another one, pass that by --other prod/master=JSON." in " ".join(out.split())

    (folder / "rotation.py").write_text(source.replace('about["RotationEnabled"]', "1 / 0"))
    forget("rotation")
    _, out, _ = check("--only", "plain")
    assert " pass --service, --env or --other." in " ".join(out.split())
