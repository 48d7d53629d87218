"""Managed policies of AWS that rotation functions usually have, and managed policies that a user gives.

Source: AWS managed policy reference; B.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["AWS_MANAGED", "ManagedPolicies"]

_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]


def _allowing(*actions: str, sid: str = "") -> dict[str, Any]:
    """Return a document that allows actions on everything."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{"Sid": sid, **statement} if sid else statement]}


# By the end of their ARN, after `policy/`.
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

    def find(self, arn: str) -> Mapping[str, Any] | None:
        """Return the document of a managed policy, or None if it isn't known."""
        path = arn.partition(":policy/")[2]
        for name in (arn, path, path.rpartition("/")[2]):
            if name in self._given:
                return self._given[name]
        is_of_aws = arn.split(":")[4:5] == ["aws"]
        return AWS_MANAGED.get(path) if is_of_aws else None
