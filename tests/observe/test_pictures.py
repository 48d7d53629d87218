"""Timelines as text and as pages."""

import html.parser
import re
import unicodedata

import boto3
import pytest
from rotators import Rotator

from fake_secrets import mock_stages
from fake_secrets.observe.moments import Moment
from fake_secrets.observe.timeline import Timeline

V1 = "11111111-1111-4111-8111-111111111111"
V2 = "22222222-2222-4222-8222-222222222222"
# What a label may hold: anything of 1 to 256 characters.
NASTY = "<script>alert(1)</script>&\"' \n\x1b[31m\u202e\u200b\ud800 漢字 é"


def width(line):
    """The columns that a terminal needs."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def put(client, secret, *stages, token=None):
    arguments = {"ClientRequestToken": token} if token else {}
    client.put_secret_value(SecretId=secret, SecretString="y", VersionStages=list(stages), **arguments)


@pytest.fixture
def rotated(fake_secrets, secretsmanager):
    """The timeline of a rotation that succeeded."""
    fake_secrets.add("app/db", "x", version_ids={"AWSCURRENT": V1})
    fake_secrets.rotate("app/db", Rotator(secretsmanager), token=V2)
    return fake_secrets.timeline("app/db")


class TestText:
    def test_a_rotation_fits_into_80_columns(self, fake_secrets, secretsmanager):
        fake_secrets.add("app/db", "x", version_ids={"AWSCURRENT": V1})

        def function(event, context):
            if event["Step"] == "createSecret":
                with pytest.raises(secretsmanager.exceptions.ResourceNotFoundException):
                    secretsmanager.get_secret_value(SecretId="app/db", VersionId=V2, VersionStage="AWSPENDING")
                put(secretsmanager, "app/db", "AWSPENDING", token=V2)
            if event["Step"] == "finishSecret":
                secretsmanager.update_secret_version_stage(
                    SecretId="app/db", VersionStage="AWSCURRENT", MoveToVersionId=V2, RemoveFromVersionId=V1
                )

        fake_secrets.rotate("app/db", function, token=V2)
        assert str(fake_secrets.timeline("app/db")).splitlines() == [
            "staging labels of app/db",
            f"v1 = {V1}",
            f"v2 = {V2}",
            "",
            "   call                                    v1           v2",
            "0  (seed)                                  AWSCURRENT",
            "1  RotateSecret                            AWSCURRENT   AWSPENDING o",
            "2  createSecret: GetSecretValue            AWSCURRENT   AWSPENDING o",
            "     -> ResourceNotFoundException",
            "3  createSecret: PutSecretValue            AWSCURRENT   AWSPENDING",
            "4  setSecret: (no call)                    AWSCURRENT   AWSPENDING",
            "5  testSecret: (no call)                   AWSCURRENT   AWSPENDING",
            "6  finishSecret: UpdateSecretVersionStage  AWSPREVIOUS  AWSCURRENT AWSPENDING",
            "",
            "o  empty: a version without a value",
        ]

    def test_deprecated_empty_and_removed_versions_have_different_signs(self, freezer_at_noon):
        with mock_stages({"db": "0"}) as world:
            client = boto3.client("secretsmanager", "us-east-1")
            world.quotas.versions = 3
            for _ in "123":
                freezer_at_noon.tick(25 * 3600)
                put(client, "db", "AWSCURRENT")
            freezer_at_noon.tick(25 * 3600)
            world.rotate("db", lambda event, context: None, errors="record")
            text = str(world.timeline("db"))
        assert text.splitlines()[7:] == [
            "0  (seed)                   AWSCURRENT",
            "1  PutSecretValue           AWSPREVIOUS  AWSCURRENT",
        ]

    def test_versions_that_do_not_fit_beside_each_other_are_in_tables_below_each_other(self, fake_secrets):
        client = boto3.client("secretsmanager", "us-east-1")
        fake_secrets.add("db", "0")
        for _ in range(5):
            put(client, "db", "AWSCURRENT")
        tables = str(fake_secrets.timeline("db")).split("\n\n")
        assert tables[1:] == [
            "   call            v1           v2           v3           v4\n"
            "0  (seed)          AWSCURRENT\n"
            "1  PutSecretValue  AWSPREVIOUS  AWSCURRENT\n"
            "2  PutSecretValue  -            AWSPREVIOUS  AWSCURRENT\n"
            "3  PutSecretValue  -            -            AWSPREVIOUS  AWSCURRENT\n"
            "4  PutSecretValue  -            -            -            AWSPREVIOUS\n"
            "5  PutSecretValue  -            -            -            -",
            "   call            v5           v6\n"
            "4  PutSecretValue  AWSCURRENT\n"
            "5  PutSecretValue  AWSPREVIOUS  AWSCURRENT",
            "-  deprecated: a version without a label",
        ]
