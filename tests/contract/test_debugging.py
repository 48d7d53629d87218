"""A scenario under a debugger: it stops there, and leaving it ends the check."""

import bdb
import pdb  # noqa: T100 -- a debugger is what this is about
import sys

import boto3
import pytest

from fake_secrets import check_rotation


def handler(event, context):
    """Stop in each step, and do nothing."""
    breakpoint()  # noqa: T100 -- a debugger is what this is about
    boto3.client("secretsmanager", region_name="us-east-1").describe_secret(SecretId=event["SecretId"])


def test_the_dry_run_before_a_scenario_does_not_stop(monkeypatch):
    seen = []
    monkeypatch.setattr(
        sys, "breakpointhook", lambda *a, **k: seen.append(sys._getframe(1).f_locals["event"]["Step"])
    )

    check_rotation(handler, secret={"password": "x"}, only="plain.three-times")

    assert seen[:4] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    assert len(seen) == 4


def test_the_debugger_is_put_back_after_the_dry_run():
    before = sys.breakpointhook, pdb.set_trace, sys.gettrace()
    check_rotation(lambda event, context: None, secret={"password": "x"}, only="plain.three-times")
    assert (sys.breakpointhook, pdb.set_trace, sys.gettrace()) == before


def test_leaving_the_debugger_ends_the_check(monkeypatch):
    def leave(*arguments, **options):
        raise bdb.BdbQuit

    monkeypatch.setattr(sys, "breakpointhook", leave)
    with pytest.raises(KeyboardInterrupt):
        check_rotation(handler, secret={"password": "x"}, only="plain.three-times")
