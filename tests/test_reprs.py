"""No repr of ours shows a secret value."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import fake_secrets

SECRET_FIELDS = {
    "content",
    "errors",
    "members",
    "new_value",
    "rotation_token",
    "secret_binary",
    "secret_string",
    "value",
}
# These hold redacted values, or facts of botocore's model.
HARMLESS = {"Entry", "Shape"}


def dataclasses_of_the_package():
    for found in pkgutil.walk_packages(fake_secrets.__path__, "fake_secrets."):
        if found.name not in {"fake_secrets.__main__", "fake_secrets.hook.aio"}:
            module = importlib.import_module(found.name)
            for _, kind in inspect.getmembers(module, inspect.isclass):
                if (
                    dataclasses.is_dataclass(kind)
                    and kind.__module__ == module.__name__
                    and kind.__name__ not in HARMLESS
                ):
                    yield kind


@pytest.mark.parametrize("kind", list(dataclasses_of_the_package()), ids=lambda kind: kind.__qualname__)
def test_the_repr_leaves_out_fields_that_may_hold_secret_values(kind):
    shown = {field.name for field in dataclasses.fields(kind) if field.repr}
    assert not shown & SECRET_FIELDS
