"""The house: every module is in a room, and imports only run downwards.

The table is one of rooms, not of modules. A room may import those below it; within a room, modules import
each other freely but without circles. Rooms on one floor don't know each other.
"""

import ast
import functools
import re
from pathlib import Path

import pytest

import fake_secrets

PACKAGE = Path(fake_secrets.__file__).parent

# From the ground up. A room is a package with all its modules, or a module at the package's top level.
FLOORS = (
    (
        "errors",
        "clock",
        "ids",
        "arns",
        "options",
        "environment",
        "locks",
        "suggestions",
        "slotted",
        "loopback",
        "beside_moto",
    ),
    ("iam",),
    ("service.rules", "policies"),
    ("service.state",),
    ("service.operations",),
    ("service",),
    ("observe",),
    ("rotation",),
    ("faults",),
    ("world",),
    ("hook", "server", "keeping"),
    ("local_endpoints",),
    ("server.control",),
    ("activation",),
    ("mock",),
    ("contract",),
    # The package itself is lazy: its imports stand under TYPE_CHECKING.
    ("",),
    ("plugin", "cli"),
    ("__main__",),
)
# The ground is one floor, whose modules may know each other.
GROUND = FLOORS[0]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)


def room_of(module):
    """Return the room of a module: the longest one in the table that its name begins with."""
    name = module.removeprefix("fake_secrets").removeprefix(".")
    parts = name.split(".")
    rooms = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((room for room in rooms if room in FLOOR_OF), None)


def imports_of(source, module):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.rsplit(".", node.level)[0] + "." if node.level else ""
            for alias in node.names:
                name = f"{package}{node.module or ''}".rstrip(".")
                full = f"{name}.{alias.name}"
                yield full if full in MODULES else name


def source_of(module):
    path = PACKAGE.parent.joinpath(*module.split("."))
    return (path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py").read_text()


@functools.cache
def own_imports_of(module):
    """Return the modules of the package that a module imports."""
    return [name for name in imports_of(source_of(module), module) if name in MODULES]


def wrong_imports(source, module):
    """Return what a module imports from a room that isn't below its own."""
    room = room_of(module)
    found = set()
    for name in imports_of(source, module):
        if name.split(".")[0] != "fake_secrets":
            continue
        other = room_of(name)
        is_neighbour = other == room or {room, other} <= set(GROUND)
        if not is_neighbour and FLOOR_OF[other] >= FLOOR_OF[room]:
            found.add(name)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_in_a_room_of_the_table(module):
    assert room_of(module) is not None, f"{module} is in no room: put it into one, or add its room to FLOORS"


def test_every_room_of_the_table_exists():
    rooms = {room_of(module) for module in MODULES}
    assert set(FLOOR_OF) - rooms == set()


def test_the_map_of_the_house_names_every_room():
    told = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = {room.partition(".")[0] for room in FLOOR_OF} - {"", "__main__"}
    assert [room for room in rooms if not re.search(rf"`{room}(`|/|\.py`)", told)] == []


def test_the_map_of_the_house_has_the_floors_of_the_rooms():
    told = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([^|]*) \|", told, re.MULTILINE)
    on_map = {room: int(floor) for floor, rooms in rows for room in re.findall(r"`([\w/.]+)`", rooms)}
    named = {room.removesuffix(".py").rstrip("/").replace("/", "."): floor for room, floor in on_map.items()}
    assert named == {room: floor for room, floor in FLOOR_OF.items() if room not in {"", "__main__"}}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_its_own_room_or_lower_ones(module):
    assert wrong_imports(source_of(module), module) == set()


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("from fake_secrets.world.world import World", "fake_secrets.rotation.runner"),
        ("import fake_secrets.world.stack", "fake_secrets.service.dispatch"),
        ("from fake_secrets.world import stack", "fake_secrets.clock"),
        (
            "def late():\n    from fake_secrets.service.state.store import Store",
            "fake_secrets.service.rules.stages",
        ),
        ("from fake_secrets.service import dispatch", "fake_secrets.service.operations.values"),
        ("from fake_secrets import mock_stages", "fake_secrets.hook.calls"),
        ("from fake_secrets.cli.main import main", "fake_secrets.plugin"),
        ("from ..world import stack", "fake_secrets.rotation.runner"),
    ],
)
def test_an_import_of_the_room_above_or_beside_is_found(statement, module):
    assert len(wrong_imports(statement, module)) == 1


@pytest.mark.parametrize("module", ["fake_secrets.helpers", "fake_secrets.extra.room", "fake_secrets.worlds"])
def test_a_module_that_the_table_does_not_name_is_found(module):
    assert room_of(module) is None


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_each_other_without_circles(module):
    seen, wanted = set(), list(own_imports_of(module))
    while wanted:
        name = wanted.pop()
        if name not in seen and name != "fake_secrets":
            seen.add(name)
            wanted += own_imports_of(name)

    assert module not in seen


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("botocore", {"fake_secrets.hook", "fake_secrets.plugin", "fake_secrets.cli"}),
        ("wrapt", {"fake_secrets.activation.decoration", "fake_secrets.contract.double_methods"}),
        ("pytest", {"fake_secrets.plugin"}),
    ],
)
def test_only_its_own_module_imports_a_dependency(package, allowed):
    importers = {m for m in MODULES if any(name.split(".")[0] == package for name in imports_of(source_of(m), m))}

    assert {m for m in importers if not any(m == a or m.startswith(f"{a}.") for a in allowed)} == set()


def test_no_two_modules_differ_by_an_s():
    names = [module.rsplit(".", 1)[-1] for module in MODULES]
    pairs = {(name, f"{name}s") for name in names if f"{name}s" in names}
    # The room of the ready service doubles has a public name.
    assert pairs - {("service", "services")} == set()


@pytest.mark.parametrize(
    "module",
    [module for module in MODULES if source_of(module) and (PACKAGE.parent / module.replace(".", "/")).is_dir()],
)
def test_a_room_says_what_it_is_for_and_where_to_begin(module):
    docstring = ast.get_docstring(ast.parse(source_of(module)))
    assert docstring
    assert module == "fake_secrets" or "Begin with `" in docstring


def test_the_folders_of_tests_are_the_rooms():
    tests = Path(__file__).parent
    folders = {".".join(path.parent.relative_to(tests).parts) for path in tests.rglob("test_*.py")}
    assert folders - {"", "clients", "compat"} <= set(FLOOR_OF), "a folder of tests has the name of its room"
    rooms_with_modules = {room for room in FLOOR_OF if (PACKAGE / room.replace(".", "/") / "__init__.py").exists()}
    assert rooms_with_modules - folders - {""} == set(), "these rooms have no folder of tests"


def test_no_two_files_of_tests_have_the_same_name():
    root = Path(__file__).parent
    names = [path.name for folder in (root, root.parent / "examples") for path in folder.rglob("test_*.py")]
    assert [name for name in set(names) if names.count(name) > 1] == []
