"""The forms in which a least policy is written: JSON, a template of CloudFormation, or Terraform's language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fake_secrets.arns import partition_of
from fake_secrets.iam.least_policy import Need, document_for

__all__ = ["FORMATS", "written"]

_RESOURCE = "LeastPolicy"
_DATA = "least_policy"
_WIDTH = 100  # of a line of JSON, with the comma


@dataclass(frozen=True, slots=True)
class _Format:
    """One form.

    Args:
        region: what stands for the region in which the policy is used, if none is given; None for the tests' own.
        partition: what stands for the partition of that region.
        account: what stands for the account.
        text_of: returns the text, given the document.
    """

    region: str | None
    partition: str | None
    account: str | None
    text_of: Callable[[Mapping[str, Any]], str]


def written(needs: Sequence[Need], form: str, region: str | None, account: str | None) -> str:
    """Return the least policy for some needs as text.

    Args:
        needs: what the calls of one caller needed.
        form: one of `FORMATS`.
        region: the region in which the policy is used. By default it is that of the tests in JSON, and in other
            forms that of the deployment.
        account: the account in which it is used, by default as for the region.
    """
    chosen = FORMATS[form]
    document = document_for(
        needs,
        region=region or chosen.region,
        partition=partition_of(region) if region else chosen.partition,
        account=account or chosen.account,
    )
    return chosen.text_of(document)


def _json(document: Any) -> str:
    return _laid_out(document, "", 0) + "\n"


def _laid_out(value: Any, margin: str, used: int) -> str:
    """Return a value as JSON. An object or a list is on one line if it fits there, else each member has its own.

    Args:
        value: the value.
        margin: the spaces before the line on which it begins.
        used: how many characters of that line are in use already.
    """
    line = json.dumps(value)
    if used + len(line) < _WIDTH or not isinstance(value, dict | list):
        return line
    inner = margin + "  "
    keys = [f"{json.dumps(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    members = value.values() if isinstance(value, dict) else value
    laid_out = (
        f"{inner}{key}{_laid_out(one, inner, len(inner) + len(key))}"
        for key, one in zip(keys, members, strict=True)
    )
    return "\n".join([line[0], ",\n".join(laid_out), f"{margin}{line[-1]}"])


def _cloudformation(document: Mapping[str, Any]) -> str:
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": _substituted(document)}}
    return _json({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {_RESOURCE: policy}})


def _substituted(value: Any) -> Any:
    """Return a part of a document in which each text with a pseudo parameter is filled in by CloudFormation."""
    if isinstance(value, Mapping):
        return {key: _substituted(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_substituted(one) for one in value]
    return {"Fn::Sub": value} if "${" in value else value


def _terraform(document: Mapping[str, Any]) -> str:
    statements = "\n\n".join("\n".join(_statement(one)) for one in document["Statement"])
    body = f'data "aws_iam_policy_document" "{_DATA}" {{\n{statements}\n}}\n'
    sources = [f'data "{source}" "current" {{}}\n' for source in _SOURCES if f"data.{source}." in body]
    return "".join([*sources, "\n" if sources else "", body])


_SOURCES = ("aws_caller_identity", "aws_partition", "aws_region")


def _statement(statement: Mapping[str, Any]) -> Iterator[str]:
    yield "  statement {"
    yield f"    sid = {_quoted(statement['Sid'])}"
    yield f"\n    actions = {_listed(statement['Action'])}"
    yield f"\n    resources = {_listed(statement['Resource'])}"
    for test, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield "\n    condition {"
            yield f"      test     = {_quoted(test)}"
            yield f"      variable = {_quoted(key)}"
            yield f"      values   = [{', '.join(map(_quoted, values if isinstance(values, list) else [values]))}]"
            yield "    }"
    yield "  }"


def _listed(values: Sequence[str]) -> str:
    return "[\n" + "".join(f"      {_quoted(value)},\n" for value in values) + "    ]"


def _quoted(text: str) -> str:
    # The only dollar signs are those of the data sources.
    return json.dumps(text, ensure_ascii=False).replace("%{", "%%{")


FORMATS: Mapping[str, _Format] = {
    "json": _Format(None, None, None, _json),
    "cloudformation": _Format("${AWS::Region}", "${AWS::Partition}", "${AWS::AccountId}", _cloudformation),
    "terraform": _Format(
        # Version 5 of the AWS provider has no `region` here, and version 6 warns of `name`.
        "${data.aws_region.current.id}",
        "${data.aws_partition.current.partition}",
        "${data.aws_caller_identity.current.account_id}",
        _terraform,
    ),
}
