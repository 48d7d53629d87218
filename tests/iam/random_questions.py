"""Random questions for an evaluator: policies, callers and requests that meet each other often.

Every policy is one that IAM would store. Nearly everything is derived from what is asked: most actions, resources,
principals and values in a policy either match the request or miss it narrowly.
"""

from dataclasses import replace

from naive_evaluation import Question

HERE = "123456789012"
ELSEWHERE = "210987654321"
PREFIX = f"arn:aws:secretsmanager:us-east-1:{HERE}:secret:"

NAMES = ("app/db-AbCdEf", "app/db-prod-AbCdEf", "dev/key-AbCdEf", "a*b-AbCdEf", "a$b-AbCdEf")
ACTIONS_OF_SECRETS = (
    "GetSecretValue",
    "DescribeSecret",
    "TagResource",
    "CreateSecret",
    "UpdateSecretVersionStage",
)
ACTIONS_WITHOUT_RESOURCE = ("ListSecrets", "GetRandomPassword", "BatchGetSecretValue")
VERSIONS = ("2012-10-17",) * 6 + ("2008-10-17", None)

TEAMS = ("app", "dev", "ops", "*", "")
PRINCIPAL_ARNS = tuple(
    f"arn:aws:iam::{account}:{name}"
    for account in (HERE, ELSEWHERE)
    for name in ("role/app", "role/team/app", "user/dev")
)
DATES = ("2026", "2026-06", "2026-06-01", "2026-06-01T12:00Z", "2026-06-01T12:00:00Z", "2026-06-01T14:00:00+02:00")
TAG_KEYS = ("env", "Env", "team", "cost-a", "cost-b")
REGIONS = ("eu-west-1", "eu-central-1", "us-west-2")

SHORT_PATTERNS = (
    "arn:aws:secretsmanager:*",
    "arn:aws:secretsmanager:*:secret:app/*",
    "arn:aws:secretsmanager:*-??????",
    f"arn:aws:secretsmanager:*:{HERE}:*",
    f"arn:aws:secretsmanager:us-east-1:{ELSEWHERE}:*",
    "arn:aws:secretsmanager:us-east-1:${aws:PrincipalAccount}:secret:*",
)
# A field of an ARN as it is in the secret's, and otherwise.
FIELDS = (
    ("arn", "arn"),
    ("aws", "aws-cn"),
    ("secretsmanager", "ssm"),
    ("us-*", "eu-west-?"),
    ("1234567?9012", ELSEWHERE),
)


def callers_of(account):
    """Return every kind of caller."""
    iam, sts = f"arn:aws:iam::{account}:", f"arn:aws:sts::{account}:"
    rows = (
        (iam + "user/dev", None, None),
        (sts + "assumed-role/app/s1", iam + "role/app", None),
        (sts + "assumed-role/app/s1", iam + "role/team/app", None),
        (iam + "role/app", None, None),
        (sts + "federated-user/bob", None, iam + "user/bob"),
        (sts + "federated-user/bob", None, None),
        (iam + "root", None, None),
    )
    return [{"arn": arn, "account": account, "role": role, "parent": parent} for arn, role, parent in rows]


SERVICE = {"arn": "redshift.amazonaws.com", "account": HERE}
CALLERS = [*callers_of(HERE) * 2, *callers_of(ELSEWHERE), SERVICE]

# Condition key to the values that a request may bring, one of them, and then any number of them.
PRESENT = {
    "aws:ResourceTag/t": ("prod", "Prod", "stage", "p*", "", "app", "dev"),
    "aws:ResourceTag/n": ("7", "7.0", "9.5", "10", "-1", "many"),
    "aws:RequestTag/flag": ("true", "True", "false", "yes"),
    "aws:RequestTag/binary": ("QUJD", "QUJE"),
    "aws:PrincipalTag/team": TEAMS,
    "aws:username": ("dev", "app", "bob"),
    "aws:PrincipalArn": PRINCIPAL_ARNS,
    "aws:PrincipalAccount": (HERE, ELSEWHERE),
    "aws:SourceArn": (
        f"arn:aws:lambda:us-east-1:{HERE}:function:rotate:live",
        "arn:aws:s3:::bucket/a:b",
        "nowhere",
    ),
    "aws:SourceIp": ("203.0.113.7", "203.0.114.7", "2001:db8:1234::9", "10.1.2.3"),
    "aws:CurrentTime": ("2026-06-01T12:00:00Z", "2026-01-01T00:00:00Z", "2026-05-31T23:59:59Z"),
    "aws:EpochTime": ("1780315200", "1767225600"),
    "aws:SecureTransport": ("true", "false"),
    "secretsmanager:VersionStage": ("AWSCURRENT", "AWSPENDING"),
}
PRESENT_LISTS = {"aws:TagKeys": TAG_KEYS, "secretsmanager:AddReplicaRegions": REGIONS}

STRING_KEYS = ("aws:ResourceTag/t", "aws:PrincipalTag/team", "aws:username", "secretsmanager:VersionStage")
NUMBERS = ("7", "07.0", "9.5", "10", "100", "-1", 7, 10)
VARIABLES = (
    "${aws:PrincipalTag/team}",
    "${ AWS:principaltag/TEAM }",
    "${aws:PrincipalTag/team, 'dev'}",
    "${aws:PrincipalTag/team,'dev'}",
    "${aws:PrincipalTag/absent, 'app'}",
    "${aws:username}",
    "${aws:PrincipalTag/absent, '*'}",
    "${aws:username}${aws:PrincipalTag/team}",
    "${aws:TagKeys}",
    "${secretsmanager:VersionStage}",
)
CHARACTERS = ("${*}", "${?}", "${$}")
STRINGS = ("prod", "PROD", "pr*", "p?od", "*", "app", "dev", "AWSCURRENT", "awscurrent", "p${*}", "*${?}", "", "$")
ARNS = (
    *PRINCIPAL_ARNS,
    f"arn:aws:iam::{HERE}:role/*",
    "arn:*:iam::*:role/ap?",
    "arn:aws:iam::*",
    "arn:*:role/app",
    f"arn:aws:lambda:*:{HERE}:function:rot*",
    "arn:aws:s3:::bucket/*",
    f"arn:aws:iam::{HERE}:role/${{aws:PrincipalTag/team}}",
    f"arn:aws:iam::{HERE}:user/${{aws:username}}",
    "arn:aws:iam::${aws:PrincipalAccount}:role/app",
    "${aws:PrincipalArn}",
    "arn:aws:iam::*:${aws:PrincipalTag/absent, 'role'}/app",
)
NETWORKS = ("203.0.113.0/24", "203.0.113.7", "0.0.0.0/0", "::/0", "2001:DB8:1234::/48", "10.0.0.0/8")
MOMENTS = (*DATES, "2026-06-01T12:00:00.5Z", "2030-01-01T00:00:00Z", "1780315200", 1767225600)

# Of these, dense patterns are made.
PIECES = (*"aab**?/:$", "${*}", "${?}", "${$}", "${aws:username}", "${aws:Absent, 'a*'}")
MATCHING = {
    "aws:Name": ("StringLike", "StringNotLike", "StringEquals", "StringNotEqualsIgnoreCase"),
    "aws:SourceArn": ("ArnLike", "ArnNotEquals"),
}
# Operator to the keys that it is used on, and the values that policies have for it.
OPERATORS = {
    **dict.fromkeys(
        ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        (STRING_KEYS, STRINGS + VARIABLES),
    ),
    **dict.fromkeys(
        ("StringLike", "StringNotLike"), ((*STRING_KEYS, "aws:PrincipalArn"), STRINGS + VARIABLES + ARNS)
    ),
    **dict.fromkeys(
        [f"Numeric{relation}" for relation in ("Equals", "NotEquals", "LessThan", "LessThanEquals")]
        + [f"Numeric{relation}" for relation in ("GreaterThan", "GreaterThanEquals")],
        (("aws:ResourceTag/n", "aws:EpochTime"), NUMBERS),
    ),
    **dict.fromkeys(
        [f"Date{relation}" for relation in ("Equals", "NotEquals", "LessThan", "LessThanEquals")]
        + [f"Date{relation}" for relation in ("GreaterThan", "GreaterThanEquals")],
        (("aws:CurrentTime", "aws:EpochTime", "aws:ResourceTag/n"), MOMENTS),
    ),
    "Bool": (
        ("aws:SecureTransport", "aws:RequestTag/flag"),
        ("true", "false", "TRUE", True, False, "${aws:RequestTag/flag}"),
    ),
    "BinaryEquals": (("aws:RequestTag/binary",), ("QUJD", "QUJE")),
    **dict.fromkeys(("IpAddress", "NotIpAddress"), (("aws:SourceIp",), NETWORKS)),
    **dict.fromkeys(
        ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"), (("aws:PrincipalArn", "aws:SourceArn"), ARNS)
    ),
    "Null": ((*STRING_KEYS, "aws:SourceArn", "aws:TagKeys"), ("true", "false", True, False)),
}


def random_question(random):
    """Return a question. A `random.Random` decides about everything."""
    caller = random.choice(CALLERS)
    action, resource = asked(random)
    kind = caller["arn"].rpartition(":")[2].partition("/")[0]
    author = Author(random, action, resource, caller)
    question = Question(
        **caller,
        action=f"secretsmanager:{action}",
        resource=resource,
        context=context(random),
        identity=author.identity_policies(),
        resource_policies=tuple(author.policy(of_secret=True) for _ in range(random.choice((0, 1, 1, 2)))),
        boundary=author.policy() if random.random() < 0.25 else None,
        session=[author.policy()] if random.random() < 0.5 else None,
    )
    if kind in {"root", SERVICE["arn"]}:  # they can't have policies
        return replace(question, identity=[], boundary=None, session=None)
    return question if kind in {"assumed-role", "federated-user"} else replace(question, session=None)


def random_question_about_patterns(random):
    """Return a question that one dense pattern decides: as a Resource or a NotResource, or in a condition."""
    name = "".join(random.choices("aab/:$*", k=random.randrange(8))) + "-AbCdEf"
    pattern = "".join(random.choices(PIECES, k=random.randrange(9))) + random.choice(
        ("", "*", "-??????", "-AbCdEf")
    )
    arn = f"arn:aws:iam::{HERE}:"
    key, value, text = random.choice((("aws:SourceArn", arn + name, arn + pattern), ("aws:Name", name, pattern)))
    element = random.choice(
        (
            {"Resource": PREFIX + pattern},
            {"NotResource": PREFIX + pattern},
            {"Resource": "*", "Condition": {random.choice(MATCHING[key]): {key: text}}},
        )
    )
    statement = {"Effect": "Allow", "Action": "*", **element}
    return Question(
        **CALLERS[0],
        action="secretsmanager:GetSecretValue",
        resource=PREFIX + name,
        context={key: value, "aws:username": "".join(random.choices("ab*?:", k=random.randrange(3)))},
        identity=[{"Version": random.choice(("2012-10-17", "2012-10-17", "2008-10-17")), "Statement": statement}],
    )


def asked(random):
    """Return an action and the resource that it is checked on."""
    if random.random() < 0.1:
        return random.choice(ACTIONS_WITHOUT_RESOURCE), "*"
    return random.choice(ACTIONS_OF_SECRETS), PREFIX + random.choice(NAMES)


def context(random):
    """Return condition keys, each there in three of four requests."""
    present = {key: random.choice(values) for key, values in PRESENT.items() if random.random() < 0.75}
    for key, values in PRESENT_LISTS.items():
        if random.random() < 0.75:
            present[key] = random.sample(values, random.choice((0, 1, 1, 1, 2, 2, 3)))
    return present


class Author:
    """Writes policies with a request in mind."""

    def __init__(self, random, action, resource, caller):
        self.random = random
        self.action = action
        self.resource = resource
        self.caller = caller

    def identity_policies(self):
        if self.random.random() < 0.1 and ":federated-user/" not in self.caller["arn"]:
            return None
        return [self.policy() for _ in range(self.random.choice((0, 1, 1, 2)))]

    def policy(self, *, of_secret=False):
        statements = [self.statement(of_secret) for _ in range(self.random.choice((1, 1, 2, 3)))]
        version = self.random.choice(VERSIONS)
        policy = {"Statement": statements if len(statements) > 1 or self.random.random() < 0.9 else statements[0]}
        return policy if version is None else {"Version": version, **policy}

    def statement(self, of_secret):
        effect = self.random.choice(("Allow", "Allow", "Allow", "Allow", "Deny"))
        statement = {"Effect": effect}
        if of_secret:
            statement |= self.element("Principal", self.principal, negated=0.15)
        statement |= self.element("Action", self.action_pattern, negated=0.1)
        statement |= self.element("Resource", self.resource_pattern, negated=0.1)
        conditions = self.conditions()
        return statement | {"Condition": conditions} if conditions else statement

    def element(self, name, draw, negated):
        values = list(dict.fromkeys(draw() for _ in range(self.random.choice((1, 1, 1, 2)))))
        if name == "Principal":
            values = "*" if values == ["*"] and self.random.random() < 0.5 else self.principals(values)
        elif len(values) == 1 and self.random.random() < 0.5:
            values = values[0]
        return {("Not" if self.random.random() < negated else "") + name: values}

    def principals(self, values):
        if self.caller == SERVICE or self.random.random() < 0.1:
            return {"AWS": values, "Service": self.random.choice((SERVICE["arn"], "lambda.amazonaws.com"))}
        return {"AWS": values[0] if len(values) == 1 else values}

    def principal(self):
        account = self.random.choice((self.caller["account"],) * 5 + (HERE, ELSEWHERE))
        arns = [self.caller.get(part) for part in ("arn", "role", "parent")]
        near = [arn for arn in arns if arn and arn.startswith("arn:")] or ["*"]
        iam, sts = f"arn:aws:iam::{account}:", f"arn:aws:sts::{account}:"
        far = [iam + "user/Dev", iam + "role/app", iam + "role/other", iam + "role/team/app"]
        far += [sts + "assumed-role/app/s2", sts + "federated-user/eve", iam + "user/bob"]
        wide = ["*", "*", account, iam + "root"]
        return self.random.choice(self.random.choice((near, near, wide, far)))

    def action_pattern(self):
        if self.random.random() < 0.3:
            return self.random.choice(("*", "secretsmanager:*"))
        name = self.action
        at = self.random.randrange(len(name))
        near = (name, name, name.upper(), name[: at + 1] + "*", "*" + name[at:], name[:at] + "?" + name[at + 1 :])
        far = (name[:at] or "?", name + "?", "Get*", "Batch*", "ListSecrets", name[:at] + "[a-z]*", "?*")
        service = self.random.choice(("secretsmanager",) * 8 + ("SecretsManager", "s3"))
        return service + ":" + self.random.choice(near if self.random.random() < 0.7 else far)

    def resource_pattern(self):
        if self.random.random() < 0.35 or self.resource == "*":
            return "*" if self.random.random() < 0.9 else PREFIX + "*"
        name = self.resource.removeprefix(PREFIX)
        at = self.random.randrange(len(name))
        path = name.partition("/")[2]
        near = (
            name,
            name[:-6] + "??????",
            name[:at] + "*",
            "*" + name[at:],
            name[:at] + "?" + name[at + 1 :],
            "**",
        )
        far = (name[:-7], name[:-6] + "?????", name.upper(), "ops/*", name + "/*", "[ad]*", name.replace("p", "."))
        if self.random.random() < 0.3:
            text = self.random.choice((*VARIABLES, *VARIABLES, *CHARACTERS))
            return PREFIX + self.random.choice((f"{text}/{path}", f"{text}/*", f"a{text}b-??????", f"{text}*"))
        if self.random.random() < 0.2:
            return self.random.choice(SHORT_PATTERNS) if self.random.random() < 0.7 else self.other_fields(name)
        return PREFIX + self.random.choice(near if self.random.random() < 0.7 else far)

    def other_fields(self, name):
        fields = [self.random.choice((right, right, right, other)) for right, other in FIELDS]
        return ":".join(fields) + f":secret:{name}"

    def conditions(self):
        block = {}
        for _ in range(self.random.choice((0, 0, 1, 1, 1, 2))):
            operator, key, values = self.condition()
            block.setdefault(operator, {})[key] = values
        return block

    def condition(self):
        operator = self.random.choice(list(OPERATORS))
        keys, possible = OPERATORS[operator]
        key = self.random.choice(keys)
        prefix = self.random.choice(("",) * 4 + ("ForAnyValue:", "ForAllValues:"))
        # A plain operator on one of these keys is an open question, so that there are few of them.
        if operator.startswith("String") and self.random.random() < 0.3:
            key = self.random.choice(list(PRESENT_LISTS))
            possible = PRESENT_LISTS[key] + ("cost-*", "eu-*", "ENV", "*", "${aws:PrincipalTag/team}")
            prefix = self.random.choice(("ForAnyValue:",) * 8 + ("ForAllValues:",) * 8 + ("",))
        values = self.random.sample(possible, min(len(possible), self.random.choice((1, 1, 2, 3))))
        suffix = "IfExists" if operator != "Null" and self.random.random() < 0.3 else ""
        key = key.upper() if self.random.random() < 0.1 else key
        return prefix + operator + suffix, key, values[0] if len(values) == 1 else values
