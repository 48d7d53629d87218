"""Requests for the fuzzer, made from botocore's service model: right, nearly right and wrong.

Most requests use names, version ids, labels and functions that exist in the world of `test_fuzz`.
"""

import base64
import functools
import json
from dataclasses import dataclass

import botocore.loaders
import botocore.model
import hypothesis.strategies as st
from operation_tables import Table

from fake_secrets.service import dispatch

MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("secretsmanager", "service-2"), "secretsmanager"
)
OPERATIONS = sorted(set(dispatch.OPERATIONS) & set(MODEL.operation_names))

ACCOUNT, OTHER_ACCOUNT = "123456789012", "999999999999"
REGION, OTHER_REGION = "us-east-1", "eu-west-1"
SUFFIX = "s3EdEd"
# Every secret value contains it. Its length is a multiple of three, so that the base64 of a value that
# begins with the marker begins with the marker's base64.
MARKER = "never-show-this-value"
MARKERS = (MARKER, base64.b64encode(MARKER.encode()).decode())

SEEDED_NAMES = [
    "plain",
    "app/binary",
    "empty",
    "labelled",
    "crowded",
    "scheduled",
    "untagged",
    "tagged",
    "pending",
    "rotated",
    "named-a1b2c3",
    "watched",
    "replicated",
    "replaced",
    "shared",
    "managed",
    "disabled",
    "denied",
]
# Only if botocore knows replication to other accounts: a primary, one that has parted from its replica, and in the
# other account their replicas, and one whose primary hasn't associated it.
KNOWS_2026 = "AssociateCrossAccountReplica" in MODEL.operation_names
ACROSS_ACCOUNTS = ["paired", "parted"] if KNOWS_2026 else []
REPLICAS = ["paired-copy", "parted-copy", "pending-copy"] if KNOWS_2026 else []
SEEDED_NAMES += ACROSS_ACCOUNTS
SEEDED_ELSEWHERE = ["plain", "elsewhere"]
FRESH_NAMES = ["new", "new/One_2+=.@!-", "new-abc123", "n" * 512]
VERSION_IDS = [character * 32 for character in "1234"]
FRESH_VERSION_IDS = [character * length for character, length in (("a", 32), ("b", 36), ("c", 64), ("é", 40))]
LABELS = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "LIVE", "CANARY"]
FUNCTIONS = ["turns", "raises", "idles"]


def secret_arn(name, region=REGION, account=ACCOUNT, suffix=f"-{SUFFIX}"):
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}{suffix}"


def function_arn(name, region=REGION):
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


def replica_arn(name):
    """Return the ARN of a secret of the other account, without its suffix, which is random."""
    return secret_arn(name, account=OTHER_ACCOUNT, suffix="")


@dataclass(frozen=True)
class Earlier:
    """A member of an earlier response, such as NextToken. `spoilt` is how it is changed before use."""

    member: str
    which: int
    spoilt: str | None = None

    def __call__(self, answers):
        given = [answer[self.member] for answer in answers if self.member in answer]
        text = given[self.which % len(given)] if given else "none-was-given"
        if self.spoilt == "cut":
            return text[:-3]
        if self.spoilt == "moved":
            return base64.urlsafe_b64encode(json.dumps(_moved(text)).encode()).decode()
        return text


@dataclass(frozen=True)
class Fuzzed:
    """One request.

    Args:
        operation: the operation.
        members: the members to send, with `Earlier` for those taken from earlier responses.
        region: the region that the client calls.
        account: the caller's account.
        way: "validated" or "unvalidated" by botocore, or "written" as JSON without botocore.
        body: a body to send instead of the members, which needn't be a JSON object.
    """

    operation: str
    members: dict
    region: str
    way: str
    account: str = ACCOUNT
    body: bytes | None = None


def weighted(*choices):
    """Return a strategy that picks each choice about as often as its weight, and the first most often."""
    every = [strategy for weight, strategy in choices for _ in range(weight)]
    # Hypothesis likes bounds, so the first choice is at both of them.
    every.append(every[0])
    return st.integers(0, len(every) - 1).flatmap(every.__getitem__)


def _moved(token):
    """Return a token's content with another position, if it has a position."""
    try:
        content = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        return token
    return [[None, {}], *content[1:]] if isinstance(content, list) else content


WEIRD_TEXTS = [
    "",
    " ",
    "\0",
    "line\nbreak",
    "\ud800",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "e\u0301\u202e\uff41",
    "{}",
    "null",
    "%s{0}'\"\\",
    "AWSCURRENT ",
    "arn:",
    "\x7f\ufeff",
]
texts = st.text(max_size=12)
weird_texts = st.sampled_from(WEIRD_TEXTS) | texts

_known_ids = (
    [*SEEDED_NAMES, "elsewhere", *FRESH_NAMES[:2]]
    + [secret_arn(name) for name in SEEDED_NAMES]
    + [secret_arn(name, suffix="") for name in [*SEEDED_NAMES, "new"]]
    + [secret_arn(name, region=OTHER_REGION) for name in [*SEEDED_ELSEWHERE, "replicated"]]
    + [secret_arn("shared")] * 3
    + [*REPLICAS, *map(replica_arn, REPLICAS)]
)
_strange_ids = [
    secret_arn("plain", account=OTHER_ACCOUNT),
    secret_arn("plain", region="nowhere-1"),
    secret_arn("plain", suffix="-AbCdEf"),
    secret_arn("pla in"),
    secret_arn("plain\n"),
    secret_arn(""),
    f"plain-{SUFFIX}",
    "PLAIN",
    "not there",
    "not*there?",
    "nïcht/da",
    "arn:aws:secretsmanager",
    function_arn("turns"),
    "n" * 2048,
]
secret_ids = weighted(
    (12, st.sampled_from(_known_ids)),
    (2, st.builds(Earlier, st.just("ARN"), st.integers(0, 9), st.sampled_from([None, None, "cut"]))),
    (2, st.sampled_from(_strange_ids)),
)
secrets_of_others = weighted(
    (6, st.sampled_from(list(map(replica_arn, REPLICAS)) or [""])),
    (3, st.sampled_from([secret_arn(name) for name in ("plain", *ACROSS_ACCOUNTS)])),
    (1, st.sampled_from(_strange_ids)),
)
version_ids = weighted(
    (6, st.sampled_from([*VERSION_IDS, *FRESH_VERSION_IDS])),
    (1, st.builds(Earlier, st.just("VersionId"), st.just(0))),
)
fresh_version_ids = weighted((5, st.uuids().map(str)), (4, version_ids))
labels = weighted(
    (9, st.sampled_from(LABELS)), (1, st.sampled_from(["AWSSOMETHING", "lower", "\u00fcn\U0001f389", "full-7"]))
)
regions = st.sampled_from(
    [OTHER_REGION, "us-west-2", REGION, "ap-south-1", "nowhere-1", "cn-north-1", "us-east", "local"]
)
keys = st.sampled_from(
    [
        "",
        "alias/mine",
        "alias/disabled",
        "alias/denied",
        "alias/aws/secretsmanager",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        f"arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:alias/mine",
        "arn:aws:kms",
    ]
)
functions = weighted(
    (6, st.sampled_from([function_arn(name) for name in FUNCTIONS])),
    (
        1,
        st.sampled_from(
            [
                "",
                function_arn("turns", region=OTHER_REGION),
                function_arn("turns") + ":$LATEST",
                function_arn("missing"),
                secret_arn("plain"),
            ]
        ),
    ),
)


def policy(**changes):
    statement = {
        "Sid": "Readers",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        **changes,
    }
    given = {name: value for name, value in statement.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": given})


policies = st.sampled_from(
    [
        policy(),
        policy(Action=["secretsmanager:*"], Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:root", OTHER_ACCOUNT]}),
        policy(Effect="Deny", Principal="*"),
        policy(Principal="*"),
        policy(Principal={"AWS": "*"}, Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        policy(Principal={"Service": "lambda.amazonaws.com"}),
        policy(Principal={"Service": "nobody.example.org"}),
        policy(Principal={"AWS": "arn:aws:iam::1:role/short"}),
        policy(Principal={"AWS": [1, None, {}]}),
        policy(Principal={}),
        policy(Principal=None, NotPrincipal={"AWS": ACCOUNT}),
        policy(Principal=7),
        policy(Effect="Perhaps"),
        policy(Action=None),
        policy(Action={"a": []}),
        policy(Action=None, NotAction="secretsmanager:DeleteSecret"),
        policy(Resource=None),
        policy(Resource=[None]),
        policy(Condition={"Strange": {"aws:SourceVpc": []}}),
        policy(Condition=[]),
        policy(Condition={"StringEquals": {"aws:SourceArn": {"a": 1}}, "Bool": None}),
        policy(Sid=["a"]),
        policy(Unknown=1),
        json.dumps({"Version": "2012-10-17", "Statement": [json.loads(policy())["Statement"]] * 30}),
        json.dumps({"Version": "2012-10-17", "Statement": []}),
        json.dumps({"Version": 7, "Statement": ["no", 1, None]}),
        '{"Version": "2012-10-17"}',
        "[]",
        "{}",
        "null",
        "7",
        '"text"',
        "NaN",
        "not JSON",
        '{"Statement": {"Effect": "Allow", "Effect": "Deny"}}',
        "[" * 10_000,
        '{"Statement":' * 400 + "1" + "}" * 400,
    ]
)
tag_keys = weighted(
    (6, st.sampled_from(["team", "stage", "owner", "tag-7"])), (1, st.sampled_from(["aws:x", "Aws:x"]))
)
filter_values = st.sampled_from(
    ["", "!", "!!", "p", "!p", "plain", "app/", "team", "a word", "APPDb2", "+", "!" * 512, "-_/ "]
)
schedules = st.sampled_from(
    ["rate(10 days)", "rate(4 hours)", "cron(0 8 1 * ? *)", "rate(0 days)", "cron()", "now"]
)

# By member name. A list's elements have the list's name.
REFERENCES = {
    "SecretId": secret_ids,
    "SecretIdList": secret_ids,
    "CrossAccountReplicaARN": secrets_of_others,
    "CrossAccountPrimaryARN": secrets_of_others,
    "PolicyName": st.sampled_from(["default", "cross-account-replication", "other", "no name"]),
    "ReplicationRoleARN": st.sampled_from([f"arn:aws:iam::{ACCOUNT}:role/replicates", function_arn("turns")]),
    "Name": weighted((5, st.sampled_from(FRESH_NAMES)), (2, st.sampled_from(SEEDED_NAMES)), (1, weird_texts)),
    "ClientRequestToken": fresh_version_ids,
    "VersionId": version_ids,
    "RemoveFromVersionId": version_ids,
    "MoveToVersionId": version_ids,
    "VersionStage": labels,
    "VersionStages": labels,
    "RotationLambdaARN": functions,
    "KmsKeyId": keys,
    "NextToken": st.builds(
        Earlier, st.just("NextToken"), st.integers(0, 9), st.sampled_from([None, None, None, "cut", "moved"])
    ),
    "ResourcePolicy": policies,
    "Region": regions,
    "RemoveReplicaRegions": regions,
    "Key": tag_keys,
    "TagKeys": tag_keys,
    "Values": filter_values,
    "ScheduleExpression": schedules,
    "Duration": st.sampled_from(["1h", "3h", "24h", "25h", "0h"]),
    "RecoveryWindowInDays": st.sampled_from([7, 30, 14, 6, 31, 0, -1]),
    "PasswordLength": st.sampled_from([32, 4, 3, 1, 4096]),
    "MaxResults": st.sampled_from([1, 2, 3, 100]),
}
# How many requests in twenty have a member: many if few calls work without it, few if it often clashes
# with other members.
_SHARES = {
    "ClientRequestToken": 18,
    "SecretString": 13,
    "SecretBinary": 3,
    "NextToken": 3,
    "Filters": 3,
    "SecretIdList": 12,
    "MoveToVersionId": 15,
    "RemoveFromVersionId": 11,
    "RotationLambdaARN": 15,
    "RotateImmediately": 2,
    "ScheduleExpression": 2,
    "Duration": 1,
    "AutomaticallyAfterDays": 12,
    "Key": 18,
    "Value": 17,
    "Values": 18,
    "Region": 18,
}
_OPTIONAL_SHARE = 5
_REQUIRED_SHARE = 19
_OUT_OF = 20
_HUGE = 500

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from([2**63, -(2**64), 7.0, 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def values(shape, name):
    """Return a strategy for values of a shape: most are plausible, some are at its bounds, some are junk."""
    kind = shape.type_name
    if kind == "structure":
        return weighted((24, structures(shape)), (1, junk))
    if kind == "list":
        return weighted((24, lists(shape, name)), (1, junk))
    of_kind = {"string": _strings, "blob": _blobs, "boolean": _booleans, "integer": _numbers, "long": _numbers}[
        kind
    ]
    return weighted((24, of_kind(shape, name)), (1, junk))


@functools.cache
def _presence(share, is_required):
    """Return a strategy of booleans that shrinks to required members only."""
    likely = [is_required] * (share if is_required else _OUT_OF - share)
    rare = [not is_required] * (_OUT_OF - len(likely))
    return st.sampled_from([*likely[1:], *rare, likely[0]])


@st.composite
def structures(draw, shape):
    members = {}
    for name in shape.members:
        is_required = name in shape.required_members
        share = _REQUIRED_SHARE if is_required else _SHARES.get(name, _OPTIONAL_SHARE)
        if draw(_presence(share, is_required)):
            members[name] = draw(_VALUES[shape.name, name])
    return members


@st.composite
def lists(draw, shape, name):
    elements = _VALUES[shape.name, name]
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 50)
    if draw(_presence(18, is_required=True)):
        drawn = draw(st.lists(elements, min_size=max(low, 1), max_size=min(high, 4)))
        # AWS refuses a tag key that is given twice.
        return _distinct(drawn) if draw(_presence(14, is_required=True)) else drawn
    length = draw(st.sampled_from([low - 1, low, high, high + 1, _HUGE]))
    if draw(st.booleans()):
        return [draw(elements)] * length
    # Different elements, so that none is refused as a duplicate.
    return [_numbered(number, name) for number in range(length)]


def _distinct(elements):
    keys = [element.get("Key") if isinstance(element, dict) else element for element in elements]
    return list({repr(key): element for key, element in zip(keys, elements, strict=True)}.values())


def _numbered(number, name):
    if name == "Tags":
        return {"Key": f"tag-{number}", "Value": str(number)}
    return f"{name}-{number}"


def _strings(shape, name):
    metadata = shape.metadata
    if metadata.get("sensitive"):
        return _sensitive_strings(metadata)
    plausible = []
    if "enum" in metadata:
        plausible.append(st.sampled_from(metadata["enum"]))
    elif name in REFERENCES:
        plausible.append(REFERENCES[name])
    elif "pattern" in metadata:
        plausible.append(st.from_regex(metadata["pattern"], fullmatch=True))
    else:
        plausible.append(st.sampled_from(["some text", "Beschreibung \u00e4", "other"]) | weird_texts)
    return weighted((16, *plausible), (1, _at_bounds(metadata)), (1, weird_texts))


def _sensitive_strings(metadata):
    low, high = metadata.get("min", 0), metadata.get("max", 100)
    fitting = [MARKER.ljust(low, "x"), f"{MARKER}-2".ljust(low, "x"), MARKER.ljust(high, "x")]
    wrong = [
        "",
        MARKER[: low - 1],
        MARKER.ljust(high + 1, "x"),
        f"{MARKER}\0\ud800\U0001f389",
        f"{{'{MARKER}': 1}}",
    ]
    nested = st.sampled_from([[MARKER], {"SecretString": MARKER}, {MARKER: MARKER}])
    return weighted((16, st.sampled_from(fitting)), (3, st.sampled_from(wrong)), (1, nested))


def _at_bounds(metadata):
    low, high = metadata.get("min", 0), metadata.get("max", 3000)
    lengths = sorted({max(low - 1, 0), low, high, high + 1})
    return st.sampled_from([character * length for length in lengths for character in "x\u00e9\U0001f389"])


def _blobs(shape, name):
    marker, high = MARKER.encode(), shape.metadata.get("max", 100)
    fitting = [marker, b"%s\0\xff" % marker, marker.ljust(high, b"\0")]
    return weighted((8, st.sampled_from(fitting)), (1, st.sampled_from([b"", marker.ljust(high + 1), MARKER])))


def _booleans(shape, name):
    return st.booleans()


def _numbers(shape, name):
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 1000)
    plausible = REFERENCES.get(name, st.integers(low, high))
    return weighted((8, plausible), (1, st.sampled_from([low - 1, low, high, high + 1, 2**31, -(2**63)])))


def _strategies_within(shape, name, found):
    """Collect a strategy for each shape inside a shape, once: they are slow to make and recur often."""
    inner = {name: shape.member} if shape.type_name == "list" else getattr(shape, "members", {})
    for inner_name, inner_shape in inner.items():
        if (shape.name, inner_name) not in found:
            found[shape.name, inner_name] = values(inner_shape, inner_name)
            _strategies_within(inner_shape, inner_name, found)


_VALUES = {}
for _operation in OPERATIONS:
    _strategies_within(MODEL.operation_model(_operation).input_shape, _operation, _VALUES)

# Some are too deep for the parser's stack. Others can be parsed, but are too deep for later code.
_deep = [
    opening * depth + "1" + closing * depth
    for depth in (300, 600, 900, 5_000)
    for opening, closing in (("[", "]"), ('{"SecretId":', "}"))
]
BODIES = [
    b"",
    b"[]",
    b"null",
    b"7",
    b'"text"',
    b"{",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"{}garbage",
    b'{"SecretId": "plain", "SecretId": "empty"}',
    b'{"SecretId": null, "Name": [null], "Tags": [null, {"Key": null}]}',
    b'{"MaxResults": NaN, "PasswordLength": Infinity}',
    b'{"PasswordLength": 1e2, "RecoveryWindowInDays": 7.0}',
    b'{"PasswordLength": ' + b"9" * 4300 + b', "RecoveryWindowInDays": ' + b"9" * 4300 + b"}",
    b'{"SecretId": "plain", "MaxResults": ' + b"9" * 10_000 + b"}",
    b"[" * 100_000,
    *(deep.encode() for deep in _deep),
    *(f'{{"SecretId": "plain", "Unknown": [null, {deep}]}}'.encode() for deep in _deep),
]
_extra_members = st.sampled_from(
    [
        {"Unknown": None},
        {"secretId": "plain"},
        {"": {}},
        {"SecretString": MARKER},
        {"Other": {"SecretBinary": MARKER}},
    ]
)


def _good_requests():
    first, second, third, fourth = VERSION_IDS
    value, fresh = {"SecretString": MARKER}, {"ClientRequestToken": FRESH_VERSION_IDS[0]}
    plain, staged = {"SecretId": "plain"}, {"SecretId": "labelled"}
    return {
        "AssociateCrossAccountReplica": [
            {"SecretId": "paired", "CrossAccountReplicaARN": replica_arn("paired-copy")},
            {"SecretId": "parted", "CrossAccountReplicaARN": replica_arn("parted-copy")},
        ],
        "BatchGetSecretValue": [
            {"SecretIdList": ["plain", "app/binary", "scheduled", "empty", "not-there"]},
            {"Filters": [{"Key": "name", "Values": ["p", "!pl"]}], "MaxResults": 2},
        ],
        "CancelRotateSecret": [{"SecretId": "rotated"}],
        "CreateSecret": [
            {"Name": "new", **fresh, **value, "Tags": [{"Key": "team", "Value": ""}], "Description": "A new one"},
            {
                "Name": "new",
                **fresh,
                "SecretBinary": MARKER.encode(),
                "AddReplicaRegions": [{"Region": OTHER_REGION}],
            },
        ],
        "DeleteResourcePolicy": [{"SecretId": "watched"}],
        "DeleteSecret": [
            {**staged, "RecoveryWindowInDays": 7},
            {"SecretId": "scheduled", "ForceDeleteWithoutRecovery": True},
        ],
        "DescribeSecret": [{"SecretId": name} for name in SEEDED_NAMES],
        "DisassociateCrossAccountReplica": [
            {"SecretId": "paired", "CrossAccountReplicaARN": replica_arn("paired-copy")},
        ],
        "GetRandomPassword": [{"PasswordLength": 4}],
        "GetResourcePolicy": [{"SecretId": "watched"}],
        "GetSecretValue": [
            {"SecretId": "app/binary"},
            {**staged, "VersionId": second},
            {**staged, "VersionId": fourth, "VersionStage": "LIVE"},
        ],
        "ListResourcePolicies": [{"SecretId": "watched", "MaxResults": 1}],
        "ListSecretVersionIds": [{**staged, "MaxResults": 2, "IncludeDeprecated": True}],
        "ListSecrets": [
            {"MaxResults": 3, "IncludePlannedDeletion": True},
            {"Filters": [{"Key": "all", "Values": ["word"]}]},
        ],
        "PutResourcePolicy": [{**plain, "ResourcePolicy": policy(), "BlockPublicPolicy": True}],
        "PutSecretValue": [
            {**plain, **fresh, **value},
            {**staged, **fresh, **value, "VersionStages": ["AWSCURRENT", "LIVE"]},
            {"SecretId": "pending", "ClientRequestToken": fourth, **value, "VersionStages": ["AWSPENDING"]},
        ],
        "RemoveRegionsFromReplication": [{"SecretId": "replicated", "RemoveReplicaRegions": [OTHER_REGION]}],
        "ReplicateSecretToRegions": [
            {**staged, "AddReplicaRegions": [{"Region": OTHER_REGION}, {"Region": "us-west-2", "KmsKeyId": "k"}]},
            {**plain, "AddReplicaRegions": [{"Region": OTHER_REGION}], "ForceOverwriteReplicaSecret": True},
        ],
        "RestoreSecret": [{"SecretId": "scheduled"}],
        "RotateSecret": [
            {"SecretId": name, **fresh, "RotationLambdaARN": function_arn(function), "RotationRules": rules}
            for function in FUNCTIONS
            for name, rules in (("plain", {"AutomaticallyAfterDays": 30}), ("rotated", {}))
        ],
        "StopReplicationToReplica": [{"SecretId": "replicated"}],
        "TagResource": [{**plain, "Tags": [{"Key": "team", "Value": "b"}, {"Key": "stage", "Value": "c"}]}],
        "UntagResource": [{**plain, "TagKeys": ["team", "other"]}],
        "UpdateSecret": [{**plain, **fresh, **value, "Description": "", "KmsKeyId": "alias/mine"}],
        "UpdateSecretVersionStage": [
            {**staged, "VersionStage": "LIVE", "RemoveFromVersionId": fourth, "MoveToVersionId": first},
            {**staged, "VersionStage": "AWSCURRENT", "RemoveFromVersionId": third, "MoveToVersionId": first},
            {**staged, "VersionStage": "AWSPREVIOUS", "RemoveFromVersionId": first},
            {**staged, "VersionStage": "NEW", "MoveToVersionId": second},
        ],
        "ValidateResourcePolicy": [
            {**plain, "ResourcePolicy": policy()},
            {"ResourcePolicy": policy(Principal="*")},
        ],
    }


GOOD_REQUESTS = Table("_good_requests in tests/service/request_strategies.py", _good_requests())
# Operations that must be called in another region than the default.
REGIONS = {"StopReplicationToReplica": OTHER_REGION}


@st.composite
def requests(draw, operations=tuple(OPERATIONS)):
    operation = draw(st.sampled_from(operations))
    shape = MODEL.operation_model(operation).input_shape
    region = draw(st.sampled_from([REGIONS.get(operation, REGION)] * 7 + [OTHER_REGION]))
    way = draw(st.sampled_from(["validated", "unvalidated", "written"]))
    if way == "written" and draw(_presence(1, is_required=False)):
        return Fuzzed(operation, {}, region, way, body=draw(st.sampled_from(BODIES)))
    account = draw(st.sampled_from([ACCOUNT] * 7 + [OTHER_ACCOUNT]))
    if operation not in GOOD_REQUESTS or draw(st.booleans()):
        members = draw(structures(shape))
    else:
        members = dict(draw(st.sampled_from(GOOD_REQUESTS[operation])))
        if draw(st.booleans()):
            changed = draw(st.sampled_from(sorted(shape.members)))
            members[changed] = draw(_VALUES[shape.name, changed])
    if draw(_presence(1, is_required=False)):
        members |= draw(_extra_members)
    return Fuzzed(operation, members, region, way, account)


def resolve(value, answers):
    """Return a request's members with each `Earlier` replaced by its value from the earlier responses."""
    if isinstance(value, Earlier):
        return value(answers)
    if isinstance(value, dict):
        return {name: resolve(member, answers) for name, member in value.items()}
    return [resolve(item, answers) for item in value] if isinstance(value, list) else value


def as_json(members):
    """Return a request's body for members of any type."""
    return json.dumps(members, default=lambda blob: base64.b64encode(blob).decode()).encode()
