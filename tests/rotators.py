"""A rotation function for tests."""

import boto3


class Rotator:
    """A rotation function as a user would write it, which a test can make misbehave.

    It uses the given client, and then it is idempotent: it gives no version a second value. Without a client
    it makes one in each step and isn't idempotent.
    """

    def __init__(self, client=None, *, fails_in=None, error=None, finishes=True):
        self.client = client
        self.events = []
        self.contexts = []
        self.fails_in = fails_in
        self.error = error or RuntimeError("the database is down")
        self.finishes = finishes

    def __call__(self, event, context):
        self.events.append(event)
        self.contexts.append(context)
        if event["Step"] == self.fails_in:
            raise self.error
        client = self.client or boto3.client("secretsmanager")
        arn, token = event["SecretId"], event["ClientRequestToken"]
        if event["Step"] == "createSecret":
            client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
            if not (self.client and self.has_value(arn, token)):
                password = client.get_random_password()["RandomPassword"]
                client.put_secret_value(
                    SecretId=arn, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
                )
        elif event["Step"] == "finishSecret" and self.finishes:
            stages = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
            (current,) = [version for version, labels in stages.items() if "AWSCURRENT" in labels]
            client.update_secret_version_stage(
                SecretId=arn,
                VersionStage="AWSCURRENT",
                MoveToVersionId=token,
                RemoveFromVersionId=current,
            )

    def has_value(self, arn, token):
        try:
            self.client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except self.client.exceptions.ResourceNotFoundException:
            return False
        return True

    @property
    def steps(self):
        return [event["Step"] for event in self.events]
