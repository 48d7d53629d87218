"""The command `fake-secrets demo`, which runs the AWS CLI's examples of staging labels and a rotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_secrets.world.handle import FakeSecrets

__all__ = ["SUMMARY", "play"]

SUMMARY = "run the AWS CLI's examples of update-secret-version-stage, then a rotation"

REGION = "us-west-2"
NAME = "MyTestSecret"
FIRST = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
SECOND = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"
ROTATED = "a1b2c3d4-5678-90ab-cdef-EXAMPLE33333"

Stages = Mapping[str, set[str]]


class _Player:
    """Makes calls through a real botocore client, prints them, and checks the staging labels."""

    def __init__(self, fake_secrets: FakeSecrets) -> None:
        from botocore.session import Session

        self.fake_secrets = fake_secrets
        self.client: Any = Session().create_client("secretsmanager", region_name=REGION)
        self.is_right = True

    def title(self, text: str) -> None:
        print(f"\n{text}\n{'-' * len(text)}")

    def call(self, operation: str, **request: str) -> None:
        """Make a call for the secret, and print it as an AWS CLI command with its answer."""
        from botocore import xform_name

        options = [f"--{xform_name(name, '-')} {value}" for name, value in request.items()]
        command = f"aws secretsmanager {operation.replace('_', '-')} --secret-id {NAME}"
        print(" \\\n    ".join([f"$ {command}", *options]))
        answer = getattr(self.client, operation)(SecretId=NAME, **request)
        for member, value in answer.items():
            if member != "ResponseMetadata":
                print(f"  {member}: {value}")

    def check(self, expected: Stages) -> None:
        """Print the secret's versions with their labels, and check them."""
        print(f"$ aws secretsmanager list-secret-version-ids --secret-id {NAME}")
        versions = self.client.list_secret_version_ids(SecretId=NAME)["Versions"]
        for version in versions:
            print(f"  {version['VersionId']}  {', '.join(version['VersionStages'])}")
        found = {version["VersionId"]: set(version["VersionStages"]) for version in versions}
        if found == expected:
            print("  as on AWS")
        else:
            self.is_right = False
            print(f"  NOT as on AWS. AWS has: {expected}")


def play() -> int:
    """Run the demo and print it.

    Returns:
        The exit status: 0 if every state is as on AWS, else 1.
    """
    from fake_secrets.mock import mock_stages

    with mock_stages(region=REGION) as fake_secrets:
        fake_secrets.add(
            NAME,
            labels={"AWSCURRENT": "the current value", "AWSPREVIOUS": "the previous value"},
            version_ids={"AWSCURRENT": FIRST, "AWSPREVIOUS": SECOND},
            arn_suffix="a1b2c3",
        )
        player = _Player(fake_secrets)
        player.title(f"The secret {NAME}")
        player.check({FIRST: {"AWSCURRENT"}, SECOND: {"AWSPREVIOUS"}})
        _play_examples(player)
        _play_rotation(player)
        player.title("What happened")
        print(fake_secrets.timeline(NAME))
    print("\nEvery state is as on AWS." if player.is_right else "\nSome states are not as on AWS.")
    return 0 if player.is_right else 1


def _play_examples(player: _Player) -> None:
    player.title("Example 1: revert a secret to the previous version")
    player.call(
        "update_secret_version_stage",
        VersionStage="AWSCURRENT",
        MoveToVersionId=SECOND,
        RemoveFromVersionId=FIRST,
    )
    player.check({FIRST: {"AWSPREVIOUS"}, SECOND: {"AWSCURRENT"}})
    player.title("Example 2: add a staging label to a version")
    player.call("update_secret_version_stage", VersionStage="STAGINGLABEL1", MoveToVersionId=FIRST)
    player.check({FIRST: {"AWSPREVIOUS", "STAGINGLABEL1"}, SECOND: {"AWSCURRENT"}})
    player.title("Example 3: delete a staging label from a version")
    player.call("update_secret_version_stage", VersionStage="STAGINGLABEL1", RemoveFromVersionId=FIRST)
    player.check({FIRST: {"AWSPREVIOUS"}, SECOND: {"AWSCURRENT"}})


def _play_rotation(player: _Player) -> None:
    player.title("A rotation with a function of our own")
    arn = player.fake_secrets.lambda_function(_rotation_function(player.client), "rotate-my-test-secret")
    player.call("rotate_secret", RotationLambdaARN=arn, ClientRequestToken=ROTATED)
    print(f"  {player.fake_secrets.rotations[-1]!r}")
    player.check({SECOND: {"AWSPREVIOUS"}, ROTATED: {"AWSCURRENT", "AWSPENDING"}})
    player.is_right &= player.fake_secrets.rotations[-1].succeeded


def _rotation_function(client: Any) -> Callable[[dict[str, Any], Any], None]:
    """Return a rotation function for a protected service that accepts any password."""

    def create_secret(arn: str, token: str) -> None:
        password = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
        )

    def finish_secret(arn: str, token: str) -> None:
        stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        client.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )

    steps = {"createSecret": create_secret, "finishSecret": finish_secret}

    def handler(event: dict[str, Any], context: Any) -> None:
        remaining = context.get_remaining_time_in_millis() // 1000
        print(f"  {context.function_name} is invoked for {event['Step']}, with {remaining} s left")
        step = steps.get(event["Step"])
        if step is not None:
            step(event["SecretId"], event["ClientRequestToken"])

    return handler
