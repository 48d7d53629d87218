"""The limits of every operation's members (api-facts 1.2), tested by a client that checks nothing itself."""

import botocore.exceptions
import botocore.loaders
import botocore.model
import pytest
from minimal_requests import ABOUT_A_SECRET, OTHERS, method_of, request_of
from operation_tables import check_table
from service_model import CALLABLE, expect

from fake_secrets import UnsupportedOperationError
from fake_secrets.service.dispatch import OPERATIONS

MODEL = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("secretsmanager", "service-2"), "secretsmanager"
)


# Shapes, the bounds of their lengths or numbers (api-facts 1.2), and how to make a value of a given size.
LIMITS = {
    "AddReplicaRegionListType": (1, None, [{"Region": "eu-west-1"}].__mul__),
    "AutomaticallyRotateAfterDaysType": (1, 1000, int),
    "ClientRequestTokenType": (32, 64, "x".__mul__),
    "DescriptionType": (None, 2048, "x".__mul__),
    "DurationType": (2, 3, lambda length: "h".rjust(length, "1")),
    "ExcludeCharactersType": (None, 4096, "x".__mul__),
    "ExternalSecretRotationMetadataItemKeyType": (1, 256, "x".__mul__),
    "ExternalSecretRotationMetadataItemValueType": (1, 2048, "x".__mul__),
    "FilterValueStringType": (None, 512, "x".__mul__),
    "FilterValuesStringList": (1, 10, ["x"].__mul__),
    "FiltersListType": (None, 10, [{"Key": "name", "Values": ["x"]}].__mul__),
    "KmsKeyIdType": (None, 2048, "x".__mul__),
    "MaxResultsBatchType": (1, 20, int),
    "MaxResultsType": (1, 100, int),
    "MedeaTypeType": (None, 256, "x".__mul__),
    "NameType": (1, 512, "x".__mul__),
    "NextTokenType": (1, 4096, "x".__mul__),
    "NonEmptyResourcePolicyType": (1, 20480, "x".__mul__),
    "PasswordLengthType": (1, 4096, int),
    "RegionType": (1, 128, lambda length: "-1".rjust(length, "a") if length else ""),
    "RemoveReplicaRegionListType": (1, None, ["eu-west-1"].__mul__),
    "ResourcePolicyNameType": (1, 64, "x".__mul__),
    "RoleARNType": (20, 2048, "x".__mul__),
    "RotationLambdaARNType": (None, 2048, "x".__mul__),
    "RotationTokenType": (36, 256, "x".__mul__),
    "ScheduleExpressionType": (1, 256, "x".__mul__),
    "SecretARNType": (20, 2048, "x".__mul__),
    "SecretBinaryType": (1, 65536, b"x".__mul__),
    "SecretIdListType": (1, 20, ["x"].__mul__),
    "SecretIdType": (1, 2048, "x".__mul__),
    "SecretStringType": (1, 65536, "x".__mul__),
    "SecretVersionIdType": (32, 64, "x".__mul__),
    "SecretVersionStageType": (1, 256, "x".__mul__),
    "SecretVersionStagesType": (1, 20, lambda length: [f"L{number}" for number in range(length)]),
    "TagKeyType": (1, 128, "x".__mul__),
    "TagValueType": (None, 256, "x".__mul__),
}
NUMBERS = {"AutomaticallyRotateAfterDaysType", "MaxResultsBatchType", "MaxResultsType", "PasswordLengthType"}
SENSITIVE = {"RotationTokenType", "SecretBinaryType", "SecretStringType"}
BAD_FORMS = {
    "DurationType": ["3m", "3 h"],
    "FilterValueStringType": ["a*", "p\u00e4ss", "a\n"],
    "RegionType": ["us-east", "US-EAST-1", "eu west-1"],
    "ResourcePolicyNameType": ["a b", "a/b"],
    "RotationTokenType": ["x" * 36 + "_"],
    "ScheduleExpressionType": ["rate(1 day)!", "rate(1_day)"],
}
ENUMS = {"FilterNameStringType", "ReplicaRestrictionType", "SortByType", "SortOrderType"}
# Shapes of these tables that the oldest supported botocore doesn't have.
NEWER_SHAPES = {
    "ExternalSecretRotationMetadataItemKeyType",
    "ExternalSecretRotationMetadataItemValueType",
    "MedeaTypeType",
    "ReplicaRestrictionType",
    "ResourcePolicyNameType",
    "RoleARNType",
    "SecretARNType",
    "SortByType",
}
REQUIRED = {
    **{operation: ["SecretId"] for operation in ABOUT_A_SECRET},
    "AssociateCrossAccountReplica": ["CrossAccountReplicaARN", "SecretId"],
    "DisassociateCrossAccountReplica": ["CrossAccountReplicaARN", "SecretId"],
    **{operation: [] for operation in OTHERS},
    "CreateSecret": ["Name"],
    "PutResourcePolicy": ["ResourcePolicy", "SecretId"],
    "RemoveRegionsFromReplication": ["RemoveReplicaRegions", "SecretId"],
    "ReplicateSecretToRegions": ["AddReplicaRegions", "SecretId"],
    "TagResource": ["SecretId", "Tags"],
    "UntagResource": ["SecretId", "TagKeys"],
    "UpdateSecretVersionStage": ["SecretId", "VersionStage"],
    "ValidateResourcePolicy": ["ResourcePolicy"],
}


def places_of(shape, path=()):
    """Yield each member below a shape: its path, with ``#`` for a list's first element, and its shape's name."""
    if path:
        yield path, shape.name
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from places_of(member, (*path, name))
    elif shape.type_name == "list":
        yield from places_of(shape.member, (*path, "#"))


PLACES = [
    (operation, path, shape)
    for operation in CALLABLE
    for path, shape in places_of(MODEL.operation_model(operation).input_shape)
]


def bounds_of(shape):
    """Return the lowest and the highest length or number, None for one that the model doesn't have."""
    metadata = MODEL.shape_for(shape).metadata
    return metadata.get("min") or None, metadata.get("max")


def has_changed(shape):
    """Say whether AWS has changed the limits of a shape since the table was written."""
    return bounds_of(shape) != LIMITS[shape][:2]


CHANGED = {shape for _, _, shape in PLACES if shape in LIMITS and has_changed(shape)}


def traits_of(shape):
    """Yield the tables above that have a shape, by what the model says of it."""
    described = MODEL.shape_for(shape)
    if any(bounds_of(shape)):
        yield "LIMITS"
        if described.type_name in {"integer", "long"}:
            yield "NUMBERS"
    for trait, table in (("pattern", "BAD_FORMS"), ("sensitive", "SENSITIVE"), ("enum", "ENUMS")):
        if described.metadata.get(trait):
            yield table


TRAITS = {shape: set(traits_of(shape)) for _, _, shape in PLACES}
TABLES = {"BAD_FORMS": BAD_FORMS, "ENUMS": ENUMS, "LIMITS": LIMITS, "NUMBERS": NUMBERS, "SENSITIVE": SENSITIVE}


def with_value_at(operation, path, value):
    for part in reversed(path):
        value = [value] if part == "#" else {part: value}
    return {**request_of(operation), **value}


def path_in_words(path):
    return ".".join("1.member" if part == "#" else part[0].lower() + part[1:] for part in path)


def around_limits(*, is_inside):
    """Return every member whose shape has limits, with a value at a limit or one beyond it."""
    return [
        pytest.param(
            operation,
            path,
            shape,
            LIMITS[shape][2](limit if is_inside else limit + beyond),
            f"{bound} than or equal to {limit}",
            id=f"{operation}-{path_in_words(path)}-{bound}",
        )
        for operation, path, shape in PLACES
        if shape in LIMITS and shape not in CHANGED
        for limit, beyond, bound in zip(LIMITS[shape][:2], (-1, 1), ("greater", "less"), strict=True)
        # No region's name has one character.
        if limit is not None and not (is_inside and (shape, limit) == ("RegionType", 1))
    ]


class TestLimits:
    def test_the_table_of_limits_is_the_models(self):
        lines = (f"{shape} has {bounds_of(shape)} instead of {LIMITS[shape][:2]}" for shape in sorted(CHANGED))
        expect(
            not CHANGED,
            "mend LIMITS in tests/service/test_request_shapes.py, which has the bounds of other shapes: "
            + ", ".join(lines),
        )

    @pytest.mark.parametrize("name", sorted(TABLES))
    def test_a_table_has_each_shape_that_the_model_has_for_it(self, name):
        modelled = {shape for shape, tables in TRAITS.items() if name in tables}
        lacking, odd = modelled - set(TABLES[name]), set(TABLES[name]) - modelled
        # An older botocore lacks the whole shape.
        odd -= NEWER_SHAPES - TRAITS.keys()
        described = ", ".join(f"{shape} {MODEL.shape_for(shape).metadata}" for shape in sorted(lacking))
        expect(
            not lacking,
            f"add an entry for each of these to {name} in tests/service/test_request_shapes.py: {described}",
        )
        expect(
            not odd,
            f"remove {', '.join(sorted(odd))} from {name} in tests/service/test_request_shapes.py, or add what an "
            "older botocore lacks to NEWER_SHAPES there",
        )

    @pytest.mark.parametrize(("operation", "path", "shape", "value", "bound"), around_limits(is_inside=False))
    def test_a_value_beyond_a_limit_is_refused(self, raw, refusal, operation, path, shape, value, bound):
        code, said = refusal(method_of(raw, operation), **with_value_at(operation, path, value))
        assert code == "ValidationException"
        noun = "value" if shape in NUMBERS else "length"
        assert said.startswith(f"{1 + said.count('; ')} validation error")
        assert f" at '{path_in_words(path)}' failed to satisfy constraint: Member must have {noun} {bound}" in said
        assert ("Value at " if shape in SENSITIVE else "Value '") in said
        assert shape not in SENSITIVE or "xx" not in said

    @pytest.mark.parametrize(("operation", "path", "shape", "value", "bound"), around_limits(is_inside=True))
    def test_a_value_at_a_limit_breaks_no_constraint(self, raw, operation, path, shape, value, bound):
        try:
            method_of(raw, operation)(**with_value_at(operation, path, value))
        except botocore.exceptions.ClientError as refused:
            assert "failed to satisfy constraint" not in str(refused)
        except UnsupportedOperationError:
            pass

    @pytest.mark.parametrize(
        ("operation", "path", "value"),
        [(operation, path, form) for operation, path, shape in PLACES for form in BAD_FORMS.get(shape, ())],
    )
    def test_a_value_of_another_form_is_refused(self, raw, refusal, operation, path, value):
        code, said = refusal(method_of(raw, operation), **with_value_at(operation, path, value))
        assert code == "ValidationException"
        constraint = "Member must satisfy regular expression pattern: "
        assert f" at '{path_in_words(path)}' failed to satisfy constraint: {constraint}" in said

    @pytest.mark.parametrize(
        ("operation", "path"), [(operation, path) for operation, path, shape in PLACES if shape in ENUMS]
    )
    def test_a_value_that_is_not_enumerated_is_refused(self, raw, refusal, operation, path):
        code, said = refusal(method_of(raw, operation), **with_value_at(operation, path, "x"))
        assert code == "ValidationException"
        constraint = "Member must satisfy enum value set: ["
        assert f" at '{path_in_words(path)}' failed to satisfy constraint: {constraint}" in said

    @pytest.mark.parametrize("operation", ["BatchGetSecretValue", "ListSecrets"])
    def test_an_unknown_filter_key_is_refused(self, raw, refusal, operation):
        filters = [{"Key": key, "Values": ["x"]} for key in ("all", "size")]
        code, said = refusal(method_of(raw, operation), Filters=filters)
        assert code == "ValidationException"
        assert said.startswith(
            "1 validation error detected: Value 'size' at 'filters.2.member.key' failed to satisfy constraint: "
            "Member must satisfy enum value set: ["
        )
        keys = {"all", "name", "tag-key", "description", "tag-value", "primary-region", "owning-service"}
        enumerated = set(said.partition("set: [")[2].removesuffix("]").split(", "))
        assert keys <= enumerated
        expect(enumerated == keys, f"there are new keys of filters: {sorted(enumerated - keys)}")


class TestRequiredMembers:
    def test_the_table_names_every_operation(self):
        where = "ABOUT_A_SECRET or OTHERS in tests/service/minimal_requests.py"
        check_table(REQUIRED, OPERATIONS, where, "its smallest request")

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_the_table_has_the_required_members_of_the_model(self, operation):
        expected = sorted(MODEL.operation_model(operation).input_shape.required_members)
        expect(
            REQUIRED.get(operation) == expected,
            f"set REQUIRED[{operation!r}] in tests/service/test_request_shapes.py to {expected}",
        )

    @pytest.mark.parametrize(
        ("operation", "member"),
        [(operation, member) for operation in CALLABLE for member in REQUIRED.get(operation, ())],
    )
    def test_a_missing_required_member_is_refused(self, raw, refusal, operation, member):
        members = request_of(operation)
        del members[member]
        assert refusal(method_of(raw, operation), **members) == (
            "ValidationException",
            (
                f"1 validation error detected: Value null at '{path_in_words([member])}' failed to satisfy "
                "constraint: Member must not be null"
            ),
        )

    @pytest.mark.parametrize("operation", CALLABLE)
    def test_nothing_else_is_required(self, raw, operation):
        needed = {name: value for name, value in request_of(operation).items() if name in REQUIRED[operation]}
        try:
            method_of(raw, operation)(**needed)
        except botocore.exceptions.ClientError as refused:
            assert "Member must not be null" not in str(refused)

    def test_all_missing_members_are_counted(self, raw, refusal):
        code, said = refusal(raw.tag_resource)
        assert code == "ValidationException"
        assert said.startswith("2 validation errors detected: Value null at '")
        assert all(f"Value null at '{path}' failed" in said for path in ("secretId", "tags"))


class TestOrder:
    def test_constraints_come_before_names_and_tokens(self, raw, refusal):
        code, said = refusal(raw.create_secret, Name="no name", Description="x" * 2049)
        assert (code, "'description' failed" in said) == ("ValidationException", True)
        code, said = refusal(raw.put_secret_value, SecretId="no name", SecretString="")
        assert (code, "'secretString' failed" in said) == ("ValidationException", True)

    def test_constraints_come_before_the_window(self, raw, refusal):
        code, said = refusal(raw.delete_secret, SecretId="", RecoveryWindowInDays=0)
        assert (code, "'secretId' failed" in said) == ("ValidationException", True)
