"""Managed policies of AWS that rotation functions usually have, and managed policies that a user gives.

Source: AWS managed policy reference; B.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_secrets.policies.refusals import refusal, unknown_name

__all__ = ["AWS_MANAGED", "ManagedPolicies"]

_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


def _allowing(*actions: str, sid: str = "") -> dict[str, Any]:
    """Return a document that allows actions on everything."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{"Sid": sid, **statement} if sid else statement]}


_SECRETS_MANAGER = [
    {
        "Sid": "BasePermissions",
        "Effect": "Allow",
        "Action": [
            "secretsmanager:*",
            "cloudformation:CreateChangeSet",
            "cloudformation:DescribeChangeSet",
            "cloudformation:DescribeStackResource",
            "cloudformation:DescribeStacks",
            "cloudformation:ExecuteChangeSet",
            "docdb-elastic:GetCluster",
            "docdb-elastic:ListClusters",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "kms:DescribeKey",
            "kms:ListAliases",
            "kms:ListKeys",
            "lambda:ListFunctions",
            "rds:DescribeDBClusters",
            "rds:DescribeDBInstances",
            "redshift:DescribeClusters",
            "redshift-serverless:ListWorkgroups",
            "redshift-serverless:GetNamespace",
            "tag:GetResources",
        ],
        "Resource": "*",
    },
    {
        "Sid": "LambdaPermissions",
        "Effect": "Allow",
        "Action": [
            "lambda:AddPermission",
            "lambda:CreateFunction",
            "lambda:GetFunction",
            "lambda:InvokeFunction",
            "lambda:UpdateFunctionConfiguration",
        ],
        "Resource": "arn:aws:lambda:*:*:function:SecretsManager*",
    },
    {
        "Sid": "SARPermissions",
        "Effect": "Allow",
        "Action": ["serverlessrepo:CreateCloudFormationChangeSet", "serverlessrepo:GetApplication"],
        "Resource": "arn:aws:serverlessrepo:*:*:applications/SecretsManager*",
    },
    {
        "Sid": "S3Permissions",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [
            "arn:aws:s3:::awsserverlessrepo-changesets*",
            "arn:aws:s3:::secrets-manager-rotation-apps-*/*",
        ],
    },
    {
        "Sid": "CloudFormationTagOnCreate",
        "Effect": "Allow",
        "Action": ["cloudformation:TagResource", "cloudformation:UntagResource"],
        "Resource": "*",
        "Condition": {"StringEquals": {"cloudformation:CreateAction": ["CreateChangeSet", "ExecuteChangeSet"]}},
    },
]

# Of the partition `aws`, by the end of their ARN. Other partitions may have other texts.
AWS_MANAGED: Mapping[str, Mapping[str, Any]] = {
    "AdministratorAccess": _allowing("*"),
    "service-role/AWSLambdaBasicExecutionRole": _allowing(*_LOGS),
    "service-role/AWSLambdaVPCAccessExecutionRole": _allowing(
        *_LOGS,
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
        sid="AWSLambdaVPCAccessExecutionPermissions",
    ),
    "SecretsManagerReadWrite": {"Version": "2012-10-17", "Statement": _SECRETS_MANAGER},
    "AWSXRayDaemonWriteAccess": _allowing(
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:GetSamplingStatisticSummaries",
        sid="AWSXRayDaemonWriteAccess",
    ),
}


class ManagedPolicies:
    """Managed policies that a template attaches but doesn't have.

    Args:
        given: ARN or name to document, from the user.
    """

    def __init__(self, given: Mapping[str, Mapping[str, Any]]) -> None:
        self._given = given
        self._used: set[str] = set()
        self._asked: list[str] = []

    def find(self, arn: str) -> Mapping[str, Any] | None:
        """Return the document of a managed policy, or None if it isn't known."""
        self._asked.append(arn)
        path = arn.partition(":policy/")[2]
        for name in (arn, path, path.rpartition("/")[2]):
            if name in self._given:
                self._used.add(name)
                return self._given[name]
        return AWS_MANAGED.get(path) if arn.startswith("arn:aws:iam::aws:") else None

    def fix_for(self, arn: str) -> str:
        """Return what to do about a managed policy that isn't known."""
        others = ", ".join(repr(name) for name in self._given if name not in self._used)
        instead = f", instead of {others}" if others else ""
        return f'Pass managed_policies={{"{arn}": ...}} with its document{instead}.'

    def check_all_used(self, source: str) -> None:
        """Check that every document that the user gives is of a policy that was looked for.

        Args:
            source: the template's file.

        Raises:
            PolicyError: one isn't.
        """
        for name in self._given:
            if name not in self._used:
                hint = unknown_name(name, set(self._asked), "Its managed policies that aren't in the template are")
                problem = f"the role has no managed policy {name!r}, which managed_policies names"
                raise refusal(source, "", problem, hint)
