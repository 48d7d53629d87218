"""Measure decisions about permissions, by the number of statements, and what loading a policy takes.

Every figure is taken in each round, as time of the CPU. A ratio is the median of the ratios of all rounds, to
the decision by one statement in the same round.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from measuring import Budget, Report, describe_machine, quartiles

from fake_secrets.iam import identity_grammar
from fake_secrets.iam.evaluation import Caller, Check, Layers, evaluate
from fake_secrets.iam.explanation import explain

BASE = "one statement"
HEADER = ["figure", "median", f"ratio to {BASE} [quartiles]"]
BUDGETS = {"ten statements": Budget(15, "{:.3g} us")}
DECISIONS = 2_000
LOADED = 50
MICROSECONDS = 1_000

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
GET = "secretsmanager:GetSecretValue"
CONTEXT = {
    "secretsmanager:secretid": f"{ARN}prod/db-AbCdEf",
    "aws:resourcetag/env": "prod",
    "aws:resourcetag/team": "payments",
    "aws:principaltag/team": "payments",
    "aws:principalarn": "arn:aws:iam::123456789012:role/app",
    "aws:principalaccount": "123456789012",
    "aws:currenttime": "2026-06-01T12:00:00Z",
    "aws:securetransport": "true",
    "secretsmanager:versionstage": "AWSCURRENT",
}
CHECK = Check(GET, f"{ARN}prod/db-AbCdEf", CONTEXT)
CALLER = Caller("arn:aws:sts::123456789012:assumed-role/app/s1", "123456789012")


def granting(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": GET, "Resource": f"{ARN}prod/db-??????", **elements}


def of_ten(**elements: Any) -> list[dict[str, Any]]:
    """Return ten statements as functions have them, the last of which allows the call."""
    others = [
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
        {"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "arn:aws:logs:us-east-1:123456789012:*"},
        {"Effect": "Allow", "Action": ["ec2:CreateNetworkInterface", "ec2:Describe*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "secretsmanager:GetRandomPassword", "Resource": "*"},
        {"Effect": "Allow", "Action": ["secretsmanager:Get*", "secretsmanager:List*"], "Resource": f"{ARN}dev/*"},
        {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": f"{ARN}*/own-??????"},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:us-east-1:123456789012:key/*"},
        {"Effect": "Deny", "Action": "secretsmanager:Delete*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    return [*others, granting(**elements)]


CONDITIONS = {
    "StringEquals": {"aws:ResourceTag/env": "prod", "aws:ResourceTag/team": "${aws:PrincipalTag/team}"},
    "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a*"},
    "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
}
POLICIES: Mapping[str, list[dict[str, Any]]] = {
    BASE: [granting()],
    "ten statements": of_ten(),
    "ten statements, the last with four conditions": of_ten(Condition=CONDITIONS),
    "ten statements that all have conditions": [granting(Condition=CONDITIONS) for _ in range(9)] + [granting()],
    "ten statements with a variable in Resource": [
        granting(Resource=f"{ARN}${{aws:PrincipalTag/team}}/{number}-*") for number in range(9)
    ]
    + [granting()],
    "a hundred statements": [granting(Resource=f"{ARN}app-{number}/*") for number in range(99)] + [granting()],
}


def text_of(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def decision(statements: list[dict[str, Any]]) -> Callable[[], object]:
    layers = Layers(identity=[identity_grammar.parse(text_of(statements), "policy")])
    assert evaluate(CHECK, CALLER, layers).effect == "allowed"
    return lambda: evaluate(CHECK, CALLER, layers)


def explanation(statements: list[dict[str, Any]]) -> Callable[[], object]:
    layers = Layers(identity=[identity_grammar.parse(text_of(statements[:-1]), "policy")])
    decided = evaluate(CHECK, CALLER, layers)
    assert decided.effect == "implicit_deny"
    return lambda: explain(CHECK, CALLER, layers, decided)


def microseconds(call: Callable[[], object], times: int) -> float:
    gc.collect()
    start = time.process_time_ns()
    for _ in range(times):
        call()
    return (time.process_time_ns() - start) / times / MICROSECONDS


def report(rounds: int) -> Report:
    """Take every figure in each round, and return the table."""
    ten = text_of(POLICIES["ten statements"])
    figures = {name: (decision(statements), DECISIONS) for name, statements in POLICIES.items()}
    figures["loading ten statements"] = (lambda: identity_grammar.parse(ten, "policy").rules, LOADED)
    figures["explaining a denial by nine statements"] = (explanation(POLICIES["ten statements"]), LOADED)
    samples: dict[str, list[float]] = {name: [] for name in figures}
    for _ in range(rounds):
        for name, (call, times) in figures.items():
            samples[name].append(microseconds(call, times))
    medians = {name: statistics.median(taken) for name, taken in samples.items()}
    ratios = {name: quartiles(taken, samples[BASE]) for name, taken in samples.items()}
    rows = [[name, f"{medians[name]:.1f} us", str(ratios[name])] for name in figures]
    budgets = [budget.row(f"decision by {name}", medians[name]) for name, budget in BUDGETS.items()]
    return Report("Decisions about permissions", [HEADER, *rows], budgets)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what decisions about permissions cost.")
    parser.add_argument("--rounds", type=int, default=21, help="number of rounds (default: 21)")
    rounds = parser.parse_args().rounds
    print(describe_machine())
    report(rounds).print()


if __name__ == "__main__":
    main()
