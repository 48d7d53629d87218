"""What Ref and Fn::GetAtt give of each kind of resource, as far as it is known before deployment.

Where a template doesn't name a resource, AWS makes up its name, or a part of it: see `generated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fake_secrets.policies.generated import ANY, ONE

__all__ = [
    "KEYS",
    "KINDS",
    "OF_SECRET",
    "SECRET",
    "Kind",
    "generated_name",
    "name_in",
    "secret_name",
    "secret_suffix",
]

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 -- a type of resource
# AWS makes up the whole ID of a key. It is what Ref gives.
KEYS = {"AWS::KMS::Key", "AWS::KMS::ReplicaKey"}
# Ref of these gives the ARN of the secret that their property SecretId names.
OF_SECRET = {
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::SecretsManager::SecretTargetAttachment",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource.

    Args:
        arn: its ARN, with fields.
        name: the property that names it.
        ref: what Ref gives.
        arn_attribute: the attribute that is the ARN.
        is_lower: whether a name that AWS makes up is in lower case.
    """

    arn: str
    name: str
    ref: Literal["name", "arn", "url"] = "name"
    arn_attribute: str = "Arn"
    is_lower: bool = False


_REGIONAL = "arn:{partition}:%s:{region}:{account}:%s{name}"
_IAM = "arn:{partition}:iam::{account}:%s{path}{name}"

KINDS = {
    "AWS::CloudWatch::Alarm": Kind(_REGIONAL % ("cloudwatch", "alarm:"), "AlarmName"),
    "AWS::DynamoDB::GlobalTable": Kind(_REGIONAL % ("dynamodb", "table/"), "TableName"),
    "AWS::DynamoDB::Table": Kind(_REGIONAL % ("dynamodb", "table/"), "TableName"),
    "AWS::ECR::Repository": Kind(_REGIONAL % ("ecr", "repository/"), "RepositoryName", is_lower=True),
    "AWS::ECS::Cluster": Kind(_REGIONAL % ("ecs", "cluster/"), "ClusterName"),
    "AWS::Events::EventBus": Kind(_REGIONAL % ("events", "event-bus/"), "Name"),
    "AWS::Events::Rule": Kind(_REGIONAL % ("events", "rule/"), "Name"),
    "AWS::IAM::Group": Kind(_IAM % "group", "GroupName"),
    "AWS::IAM::ManagedPolicy": Kind(_IAM % "policy", "ManagedPolicyName", "arn", "PolicyArn"),
    "AWS::IAM::Role": Kind(_IAM % "role", "RoleName"),
    "AWS::IAM::User": Kind(_IAM % "user", "UserName"),
    "AWS::KMS::Alias": Kind(_REGIONAL % ("kms", ""), "AliasName"),
    "AWS::Kinesis::Stream": Kind(_REGIONAL % ("kinesis", "stream/"), "Name"),
    "AWS::KinesisFirehose::DeliveryStream": Kind(
        _REGIONAL % ("firehose", "deliverystream/"), "DeliveryStreamName"
    ),
    "AWS::Lambda::Function": Kind(_REGIONAL % ("lambda", "function:"), "FunctionName"),
    "AWS::Logs::LogGroup": Kind(_REGIONAL % ("logs", "log-group:") + ":*", "LogGroupName"),
    "AWS::RDS::DBCluster": Kind(
        _REGIONAL % ("rds", "cluster:"), "DBClusterIdentifier", arn_attribute="DBClusterArn", is_lower=True
    ),
    "AWS::RDS::DBInstance": Kind(
        _REGIONAL % ("rds", "db:"), "DBInstanceIdentifier", arn_attribute="DBInstanceArn", is_lower=True
    ),
    "AWS::S3::Bucket": Kind("arn:{partition}:s3:::{name}", "BucketName", is_lower=True),
    "AWS::SNS::Topic": Kind(_REGIONAL % ("sns", ""), "TopicName", "arn", "TopicArn"),
    "AWS::SQS::Queue": Kind(_REGIONAL % ("sqs", ""), "QueueName", "url"),
    "AWS::SSM::Parameter": Kind(_REGIONAL % ("ssm", "parameter/"), "Name"),
    "AWS::StepFunctions::StateMachine": Kind(_REGIONAL % ("states", "stateMachine:"), "StateMachineName", "arn"),
    SECRET: Kind(_REGIONAL % ("secretsmanager", "secret:"), "Name", "arn", "Id"),
}


def generated_name(kind: Kind, logical_id: str, stack: str | None) -> str:
    """Return the name that AWS makes up: stack, logical ID, and random characters whose number varies."""
    name = f"{stack or ANY}-{logical_id}-{ANY}"
    return name.lower() if kind.is_lower else name


def secret_name(logical_id: str) -> str:
    """Return the name that AWS makes up for a secret: its logical ID and twelve random characters."""
    return f"{logical_id}-{ONE * 12}"


def secret_suffix() -> str:
    """Return the end of a secret's ARN: a hyphen and six random characters."""
    return f"-{ONE * 6}"


def name_in(arn: str) -> str:
    """Return the name at the end of an ARN."""
    return arn.removesuffix(":*").rpartition(":")[2].rpartition("/")[2]
