"""The ARNs of roles and of their sessions."""

import pytest

from fake_secrets.arns import ROLE_ARN, role_of_session


@pytest.mark.parametrize(
    ("session", "role"),
    [
        ("arn:aws:sts::123456789012:assumed-role/app/one", "arn:aws:iam::123456789012:role/app"),
        ("arn:aws-cn:sts::123456789012:assumed-role/app/a@b", "arn:aws-cn:iam::123456789012:role/app"),
        ("arn:aws:sts::123456789012:federated-user/app", None),
        ("arn:aws:iam::123456789012:role/path/app", None),
        ("arn:aws:iam::123456789012:user/assumed-role/app/one", None),
        ("arn:aws:iam::123456789012:root", None),
        ("secretsmanager.amazonaws.com", None),
    ],
)
def test_a_session_of_a_role_names_its_role(session, role):
    assert role_of_session(session) == role


def test_the_name_of_a_role_has_no_path():
    assert ROLE_ARN.fullmatch("arn:aws:iam::123456789012:role/app").groups() == ("aws", "123456789012", "app")
    assert ROLE_ARN.fullmatch("arn:aws:iam::123456789012:role/a/b/app")[3] == "app"
