"""The actions of Secrets Manager, and the misspelt ones."""

import pytest

from fake_secrets.iam.actions import ACTIONS, meant_by
from fake_secrets.service.dispatch import OPERATIONS


def test_each_operation_has_an_action_of_its_name():
    assert set(ACTIONS) == set(OPERATIONS), "add the operation's action to iam/actions.py"


@pytest.mark.parametrize(
    "action",
    [
        *(f"secretsmanager:{name}" for name in ACTIONS),
        "secretsmanager:getsecretvalue",
        "SecretsManager:GetSecretValue",
        "secretsmanager:*",
        "secretsmanager:Get*",
        "secretsmanager:*Secret*",
        "secretsmanager:?etSecretValue",
        "secretsmanager:SomethingNewer",
        "secretsmanager:ListRotations",
        "ssm:GetSecretValues",
        "*:GetSecretValues",
        "*",
    ],
)
def test_an_action_that_there_is_or_that_resembles_none_is_no_mistake(action):
    assert meant_by(action) is None


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ("GetSecretvalues", "GetSecretValue"),
        ("GetSecretsValue", "GetSecretValue"),
        ("getsecretvalues", "GetSecretValue"),
        ("DeleteSecrets", "DeleteSecret"),
        ("UpdateSecretVersionStages", "UpdateSecretVersionStage"),
        ("ListSecretVersionIDss", "ListSecretVersionIds"),
        ("GetRandomPasword", "GetRandomPassword"),
        ("GetSecretVallue*", "GetSecretValue"),
    ],
)
def test_a_misspelt_action_is_told_from_a_newer_one(action, meant):
    assert meant_by(f"secretsmanager:{action}") == f"secretsmanager:{meant}"
