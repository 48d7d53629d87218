"""The role in each template suffices for the rotation function, and allows nothing that it doesn't need."""

import copy
import dataclasses
import importlib.util
from pathlib import Path

import accounts_api
import pytest
from rotate_api_password import lambda_handler

from fake_secrets import policies

FOLDER = Path(__file__).parent
NEEDED = {
    "DescribeSecret": "createSecret",
    "GetSecretValue": "createSecret",
    "GetRandomPassword": "createSecret",
    "PutSecretValue": "createSecret",
    "UpdateSecretVersionStage": "finishSecret",
}


def needs(module):
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"the template is read where {module} is installed")


def cloudformation():
    return policies.from_cloudformation(FOLDER / "rotation.yaml", role="RotationRole")


def sam():
    return policies.from_sam(FOLDER / "sam.yaml", role="RotationFunction")


def cdk():
    return policies.from_cdk(FOLDER / "Rotation.template.json", role="Rotation/Rotate")


def terraform():
    return policies.from_terraform(FOLDER / "plan.json", role="aws_iam_role.rotation")


TEMPLATES = [
    pytest.param(cloudformation, marks=needs("yaml")),
    pytest.param(sam, marks=[needs("yaml"), needs("samtranslator")]),
    cdk,
    terraform,
]


@pytest.fixture(params=TEMPLATES)
def role(request):
    return request.param()


@pytest.fixture
def rotate(fake_secrets, monkeypatch):
    """Return what rotates the secret with a role's policies."""
    monkeypatch.setitem(accounts_api.passwords, "app", "old")
    fake_secrets.add("prod/api", {"username": "app", "password": "old"})

    def rotate(role):
        function = fake_secrets.lambda_function(lambda_handler, "rotate-api-prod", policy=role)
        return fake_secrets.rotate("prod/api", function, errors="record")

    return rotate


def without(role, action):
    """Return the role's policies without one action."""
    documents = copy.deepcopy(role.documents)
    for document in documents.values():
        for statement in document["Statement"]:
            actions = statement["Action"]
            statement["Action"] = [
                one
                for one in ([actions] if isinstance(actions, str) else actions)
                if one != f"secretsmanager:{action}"
            ]
        document["Statement"] = [statement for statement in document["Statement"] if statement["Action"]]
    return dataclasses.replace(role, documents={name: one for name, one in documents.items() if one["Statement"]})


def test_it_suffices(role, rotate):
    assert rotate(role).succeeded


@pytest.mark.parametrize(("action", "step"), NEEDED.items())
def test_each_of_its_permissions_is_needed(role, rotate, action, step):
    rotation = rotate(without(role, action))
    assert rotation.failed_step == step
    assert f"is not authorized to perform: secretsmanager:{action} " in str(rotation.error)


def test_it_allows_no_other_secret(fake_secrets, role):
    fake_secrets.add("prod/other", {"username": "app", "password": "old"})
    fake_secrets.lambda_function(lambda_handler, "rotate-api-dev", policy=role)
    rotation = fake_secrets.rotate("prod/other", lambda_handler, errors="record")
    assert rotation.failed_step == "createSecret"
