"""botocore's model of Secrets Manager, and what to do if AWS has changed it since the tests were written."""

import functools
import hashlib
import json
import warnings

import botocore
import botocore.loaders
import botocore.model

from fake_secrets.service.dispatch import OPERATIONS

# Digests of the models without their documentation. CONTRIBUTING.md says what to do before you add one.
# The tests were written for these models: that of the oldest botocore that is supported, and that of 1.44.8.
KNOWN_MODELS = {"e0a5cb40ab573ab5", "d8bb9e25c1df64dc"}


@functools.cache
def description():
    return botocore.loaders.Loader().load_service_model("secretsmanager", "service-2")


@functools.cache
def model():
    return botocore.model.ServiceModel(description(), "secretsmanager")


def digest_of(described):
    """Return a digest of a model without its documentation."""

    def bare(node):
        if isinstance(node, dict):
            return {key: bare(value) for key, value in node.items() if key not in {"documentation", "examples"}}
        return [bare(item) for item in node] if isinstance(node, list) else node

    shown = {part: bare(described[part]) for part in ("operations", "shapes")}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def is_known(described=None):
    """Say whether the tests were written for the installed model."""
    return digest_of(described or description()) in KNOWN_MODELS


def expect(condition, message, *, known=None):
    """Assert what follows from the model, if the tests were written for it; else warn.

    A change that AWS makes is no fault of ours. An operation of ours that a table lacks is one: assert that.
    pytest shows the warning, and `nox -s newest` makes it an error by `-Werror::FutureWarning`.
    """
    if is_known() if known is None else known:
        assert condition, message
    elif not condition:
        msg = (
            f"AWS has changed the service model: {message.removesuffix('.')}. The digest of botocore "
            f"{botocore.__version__} is {digest_of(description())!r}; CONTRIBUTING.md says when to add it to "
            "KNOWN_MODELS in tests/service_model.py."
        )
        warnings.warn(msg, FutureWarning, stacklevel=2)


# Operations that the oldest supported botocore doesn't know. These came with botocore 1.44.2, in November 2026.
NEWER_OPERATIONS = frozenset(
    {"AssociateCrossAccountReplica", "DisassociateCrossAccountReplica", "ListResourcePolicies"}
)
# Those that the installed botocore, which may be an old one, can call.
CALLABLE = sorted(OPERATIONS.keys() & set(model().operation_names))

needs_2026 = "it needs botocore 1.44.2, which brought replication across accounts and policies by name"


def botocore_knows(operation, member):
    """Return whether the installed botocore, which may be an old one, knows a member of a request or an answer."""
    if operation not in model().operation_names:
        return False
    described = model().operation_model(operation)
    return any(
        shape is not None and member in shape.members for shape in (described.input_shape, described.output_shape)
    )
