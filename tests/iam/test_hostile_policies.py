"""Policies that are made to take long are decided, explained or refused in bounded time.

Each runs in a process of its own, which is ended if it takes a hundred times what it takes today.
"""

import subprocess
import sys
import textwrap

import pytest

SET_UP = """
import json
from fake_secrets.errors import PolicyError
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate
from fake_secrets.iam.explanation import explain
from fake_secrets.iam.loading import load_policies

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
USER = Caller("arn:aws:iam::123456789012:user/dev", "123456789012")
LONG = "a" * 2000

def decide(*statements, name=LONG, **context):
    each = [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"} | one for one in statements
    ]
    load_and_decide(json.dumps({"Version": "2012-10-17", "Statement": each}), name, context)

def load_and_decide(text, name=LONG, context=None):
    layers = Layers(load_policies(text, "policy"))
    check = Check("secretsmanager:GetSecretValue", ARN + name + "-AbCdEf", context or {})
    decision = evaluate(check, USER, layers)
    assert len(explain(check, USER, layers, decision)) < 10_000

def refuse(text):
    try:
        load_and_decide(text)
    except PolicyError as error:
        assert len(str(error)) < 2_000
    else:
        raise AssertionError

def condition(operator, value):
    return {"Condition": {operator: {"k:k": value}}}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        'decide(*[{"Resource": f"{ARN}a*{number}*y"} for number in range(900)])',
        'decide(*[condition("StringLike", f"*{number}*x") for number in range(750)], **{"k:k": LONG})',
        'decide(condition("StringNotLike", [f"*{number}*x" for number in range(12_000)]), **{"k:k": LONG})',
    ],
    ids=["resources", "conditions", "values"],
)
def test_many_statements_and_values(code):
    run(code)


@pytest.mark.slow
def test_patterns_of_many_wildcards():
    run(
        """
        decide({"Resource": ARN + "*a" * 500 + "*b"})
        decide({"Resource": ARN + "*a" * 60_000 + "*b"})
        decide({"Resource": ARN + "*?" * 5_000 + "*b"})
        decide({"Resource": ARN + ("*" + "?" * 900 + "x") * 100 + "*b"})
        decide({"Resource": ARN + ("*" + "a?" * 400 + "b") * 100 + "*b"})
        decide({"Action": "secretsmanager:" + "*e" * 10_000 + "*"})
        decide(condition("StringLike", "*a" * 5_000 + "b"), **{"k:k": "a" * 100_000})
        decide(condition("ArnLike", "*a:*a:*a:*a:*a:" + "*a" * 5_000 + "b"), **{"k:k": "a:" * 5 + "a" * 100_000})
        """
    )


@pytest.mark.slow
def test_long_texts():
    run(
        """
        decide({"Action": "secretsmanager:" + "a" * 130_000})
        decide({"Resource": "arn:aws:secretsmanager:" + ":" * 130_000})
        decide({"Resource": ARN + "${" * 65_000})
        decide({"Resource": ARN + "${aws:username}*" * 2_000}, **{"aws:username": "a"})
        decide(condition("StringLike", "${a:b" + " " * 100_000 + "}"), **{"k:k": "a"})
        decide(condition("NumericEquals", "1" * 130_000), **{"k:k": "1" * 200_000 + "x"})
        decide(condition("DateEquals", "2026"), **{"k:k": "2026-01-01T00:00:00." + "1" * 200_000 + "x"})
        """
    )


def test_what_is_refused():
    run(
        """
        def with_one(**elements):
            allow = {"Effect": "Allow", "Action": "a:B", "Resource": "*", **elements}
            return json.dumps({"Version": "2012-10-17", "Statement": allow})

        refuse("{" + " " * 10_000_000 + "a" * 10_000_000)
        refuse('{"Statement": ' + "[" * 130_000)
        refuse('{"Version":' + "[" * 900 + "]" * 900 + "}")
        refuse("{" + ",".join(f'"a{number}": 1' for number in range(9_000)) + ', "a1": 2}')
        refuse(with_one(Sid="a" * 130_000 + "!"))
        refuse(with_one(Action="a" * 130_000))
        refuse(with_one(Resource="arn:" + "*" * 130_000 + "!:x"))
        refuse(with_one(**condition("ForAnyValue:" * 10_000, "x")))
        refuse(with_one(**condition("NumericEquals", "1" * 130_000 + "x")))
        refuse(with_one(**condition("IpAddress", "1." * 65_000)))
        refuse(with_one(**condition("StringLike", "${a" + ", " * 50_000 + "}")))
        """
    )


def run(code):
    script = SET_UP + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
