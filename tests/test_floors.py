"""Imports only run downwards, through the floors of the architecture."""

import ast
from pathlib import Path

import pytest

import fake_secrets

PACKAGE = Path(fake_secrets.__file__).parent

# Longest prefix wins.
FLOORS = {
    "fake_secrets.errors": 0,
    "fake_secrets.clock": 0,
    "fake_secrets.ids": 0,
    "fake_secrets.environment": 0,
    "fake_secrets.options": 0,
    "fake_secrets.service": 1,
    "fake_secrets.rotation": 2,
    "fake_secrets.observe": 2,
    "fake_secrets.principals": 3,
    "fake_secrets.deliveries": 3,
    "fake_secrets.due_work": 3,
    "fake_secrets.execution": 3,
    "fake_secrets.lookup": 3,
    "fake_secrets.rotations": 3,
    "fake_secrets.running": 3,
    "fake_secrets.world": 3,
    "fake_secrets.handle": 3,
    "fake_secrets.rotation_handle": 3,
    "fake_secrets.stack": 3,
    "fake_secrets.hook": 4,
    "fake_secrets.activation": 5,
    "fake_secrets.decoration": 5,
    "fake_secrets.mock": 5,
    "fake_secrets.plugin": 6,
    "fake_secrets.cli": 6,
    "fake_secrets.__main__": 6,
    # Lazy: its imports stand under TYPE_CHECKING.
    "fake_secrets": 7,
}
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)


def floor_of(module):
    parts = module.split(".")
    return next(
        FLOORS[name]
        for end in range(len(parts), 0, -1)
        if (name := ".".join(parts[:end])) in FLOORS and (end > 1 or len(parts) == 1)
    )


def imports_of(module):
    path = PACKAGE.parent.joinpath(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_its_own_floor_or_lower_ones(module):
    ours = {name for name in imports_of(module) if name.startswith("fake_secrets.")}
    too_high = {name for name in ours if floor_of(name) > floor_of(module)}

    assert not too_high, f"{module} imports upwards: {sorted(too_high)}"


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_each_other_without_circles(module):
    seen, wanted = set(), [name for name in imports_of(module) if name in MODULES]
    while wanted:
        name = wanted.pop()
        if name not in seen and name != "fake_secrets":
            seen.add(name)
            wanted += [found for found in imports_of(name) if found in MODULES]

    assert module not in seen


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("botocore", {"fake_secrets.hook", "fake_secrets.plugin", "fake_secrets.cli"}),
        ("wrapt", {"fake_secrets.decoration"}),
        ("pytest", {"fake_secrets.plugin"}),
    ],
)
def test_only_its_own_module_imports_a_dependency(package, allowed):
    importers = {m for m in MODULES if any(name.split(".")[0] == package for name in imports_of(m))}

    assert {m for m in importers if not any(m == a or m.startswith(f"{a}.") for a in allowed)} == set()
