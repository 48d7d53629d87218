"""The state of a rotation function: each scenario finds it as it was before the first one."""

import collections
import functools
import importlib
import logging
import os
import random
import sys
import textwrap
import time
import types
import warnings

import boto3
import botocore.exceptions
import pytest

from fake_secrets import mock_stages
from fake_secrets.contract.function_state import FunctionState, loaded
from fake_secrets.hook.clients import SharedClient


class Project:
    """Modules of a user's, in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, **sources):
        for name, source in sources.items():
            path = self.folder.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            for package in list(path.parents)[: name.count("__")]:
                (package / "__init__.py").touch()
            path.write_text(textwrap.dedent(source))
        importlib.invalidate_caches()

    def load(self, source, **others):
        """Write a module with a handler, import it and return it."""
        self.write(rotator=source, **others)
        return importlib.import_module("rotator")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    yield Project(tmp_path)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


HANDLER = "def handler(event, context): pass\n"


def names(state):
    return {module.__name__ for module in state.modules}


def after(module, change):
    """Change something as a scenario does, and restore the state."""
    with FunctionState(module.handler) as state:
        change(module)
        state.restore()


class TestGlobals:
    def test_a_rebound_name_is_as_before(self, project):
        module = project.load(f"count = 1\n{HANDLER}")
        after(module, lambda module: setattr(module, "count", 2))
        assert module.count == 1

    def test_a_new_name_is_gone(self, project):
        module = project.load(HANDLER)
        after(module, lambda module: setattr(module, "client", object()))
        assert not hasattr(module, "client")

    def test_a_deleted_name_is_back(self, project):
        module = project.load(f"count = 1\n{HANDLER}")
        after(module, lambda module: delattr(module, "count"))
        assert module.count == 1

    def test_it_is_the_same_object_that_is_back(self, project):
        module = project.load(f"items = [1]\n{HANDLER}")
        items = module.items
        after(module, lambda module: setattr(module, "items", [1]))
        assert module.items is items

    @pytest.mark.parametrize(
        ("content", "change"),
        [
            ({"a": 1}, lambda found: found.update(b=2)),
            ({"a": 1}, lambda found: found.clear()),
            ({"a": 1, "b": 2}, lambda found: found.update(a=found.pop("a"))),
            ([1, 2], lambda found: found.append(3)),
            ([1, 2], lambda found: found.reverse()),
            ({1, 2}, lambda found: found.discard(1)),
            (collections.deque([1], maxlen=2), lambda found: found.extend([2, 3])),
            (bytearray(b"ab"), lambda found: found.append(1)),
            (collections.defaultdict(list), lambda found: found["a"].append(1)),
            (collections.Counter("aab"), lambda found: found.update("ab")),
            (collections.OrderedDict(a=1, b=2), lambda found: found.move_to_end("a")),
            (types.SimpleNamespace(a=1), lambda found: setattr(found, "a", 2)),
            ({"a": [{"b": {1}}]}, lambda found: found["a"][0]["b"].add(2)),
            (([1], frozenset()), lambda found: found[0].append(2)),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_the_content_of_containers_is_as_before(self, project, content, change):
        module = project.load(HANDLER)
        module.found, expected = content, repr(content)
        after(module, lambda module: change(module.found))
        assert module.found is content
        assert repr(content) == expected

    def test_containers_may_contain_themselves(self, project):
        module = project.load(f"items = [1]\nitems.append(items)\n{HANDLER}")
        after(module, lambda module: module.items.clear())
        assert module.items[0] == 1
        assert module.items[1] is module.items

    def test_no_comparison_of_the_users_is_called(self, project):
        module = project.load(
            f"""
            class Strict:
                def __eq__(self, other):
                    raise AssertionError
                __hash__ = object.__hash__
            items = [Strict(), Strict()]
            {HANDLER}"""
        )
        first = module.items[0]
        after(module, lambda module: module.items.reverse())
        assert module.items[0] is first


class TestObjects:
    SOURCE = f"""
        import dataclasses, enum, functools

        class Cache:
            entries = {{}}
            limit = 1
            def __init__(self):
                self.values = []
            @functools.lru_cache(maxsize=None)
            def slow(self):
                return object()
            @functools.cached_property
            def lazy(self):
                return object()

        class Slotted:
            __slots__ = ("full", "empty")
            def __init__(self):
                self.full = [1]

        @dataclasses.dataclass
        class Settings:
            names: list = dataclasses.field(default_factory=list)

        class Kind(enum.Enum):
            ONE = 1

        class Registry(dict):
            pass

        cache, slotted, settings, registry = Cache(), Slotted(), Settings(), Registry(a=1)
        {HANDLER}"""

    @pytest.fixture
    def module(self, project):
        return project.load(self.SOURCE)

    def test_attributes_of_instances_are_as_before(self, module):
        def change(module):
            module.cache.values.append(1)
            module.cache.added = 1
            module.settings.names = ["a"]

        after(module, change)
        assert vars(module.cache) == {"values": []}
        assert module.settings == module.Settings()

    def test_attributes_in_slots_are_as_before(self, module):
        def change(module):
            module.slotted.empty = 1
            module.slotted.full.append(2)
            del module.slotted.full

        after(module, change)
        assert module.slotted.full == [1]
        assert not hasattr(module.slotted, "empty")

    def test_attributes_of_classes_are_as_before(self, module):
        method = module.Cache.__init__

        def change(module):
            module.Cache.entries["a"] = 1
            module.Cache.limit = 2
            module.Cache.added = 1
            module.Cache.__init__ = lambda self: None

        after(module, change)
        assert module.Cache.entries == {}
        assert module.Cache.limit == 1
        assert not hasattr(module.Cache, "added")
        assert module.Cache.__init__ is method

    def test_the_content_of_a_class_of_their_own_that_is_a_dict_is_as_before(self, module):
        after(module, lambda module: module.registry.update(a=2, b=3))
        assert module.registry == {"a": 1}

    def test_an_enum_stays_one(self, module):
        after(module, lambda module: module.Kind(1))
        assert module.Kind(1) is module.Kind.ONE

    def test_cached_methods_and_properties_are_computed_again(self, module):
        with FunctionState(module.handler) as state:
            slow, lazy = module.cache.slow(), module.cache.lazy
            assert (module.cache.slow(), module.cache.lazy) == (slow, lazy)
            state.restore()
            assert module.cache.slow() is not slow
            assert module.cache.lazy is not lazy

    def test_objects_of_foreign_classes_are_not_touched(self, module):
        module.foreign = foreign = textwrap.TextWrapper(width=1)
        after(module, lambda module: setattr(module.foreign, "width", 2))
        assert foreign.width == 2

    def test_a_spared_class_and_its_instances_are_not_touched(self, module):
        with FunctionState(module.handler, spared=[module.Cache]) as state:
            module.cache.values.append(1)
            module.Cache.limit = 2
            state.restore()
            assert module.cache.values == [1]
            assert module.Cache.limit == 2

    def test_a_handler_that_is_an_object_is_as_before(self, project):
        module = project.load(
            """
            class Function:
                def __init__(self):
                    self.events = []
                def __call__(self, event, context):
                    self.events.append(event)
            """
        )
        handler = module.Function()
        with FunctionState(handler) as state:
            handler({}, None)
            state.restore()
            assert handler.events == []


class TestFunctions:
    @pytest.mark.slow
    def test_mutable_defaults_are_as_before(self, project):
        module = project.load(
            """
            def handler(event, context, seen=[], *, known={}):
                seen.append(event)
                known["a"] = 1
            """
        )
        after(module, lambda module: module.handler({}, None))
        assert module.handler.__defaults__ == ([],)
        assert module.handler.__kwdefaults__ == {"known": {}}

    def test_closures_are_as_before(self, project):
        module = project.load(
            """
            def make():
                count, seen = 0, []
                def handler(event, context):
                    nonlocal count
                    count += 1
                    seen.append(count)
                    return count, len(seen)
                return handler
            handler = make()
            """
        )
        with FunctionState(module.handler) as state:
            assert module.handler({}, None) == (1, 1)
            assert module.handler({}, None) == (2, 2)
            state.restore()
            assert module.handler({}, None) == (1, 1)

    def test_an_empty_cell_is_empty_again(self, project):
        module = project.load(
            """
            def make():
                def handler(event, context):
                    nonlocal late
                    late = 1
                def look():
                    return late
                if False:
                    late = None
                return handler, look
            handler, look = make()
            """
        )
        after(module, lambda module: module.handler({}, None))
        with pytest.raises(NameError):
            module.look()

    def test_attributes_of_functions_are_as_before(self, project):
        module = project.load(HANDLER)
        after(module, lambda module: setattr(module.handler, "client", 1))
        assert vars(module.handler) == {}

    @pytest.mark.parametrize("decorator", ["lru_cache", "lru_cache(maxsize=None)", "cache"])
    def test_caches_are_empty(self, project, decorator):
        module = project.load(
            f"""
            import functools
            @functools.{decorator}
            def client(name):
                return object()
            {HANDLER}"""
        )
        with FunctionState(module.handler) as state:
            first = module.client("a")
            assert module.client("a") is first
            state.restore()
            assert module.client("a") is not first

    def test_a_cached_function_of_another_library_is_emptied_only_if_the_cache_is_the_users(self, project):
        module = project.load(
            f"""
            import functools, fnmatch, textwrap
            dedent = functools.lru_cache(textwrap.dedent)
            foreign = fnmatch._compile_pattern
            {HANDLER}"""
        )

        def change(module):
            module.dedent("a")
            module.foreign("made_up_pattern")

        after(module, change)
        assert module.dedent.cache_info().currsize == 0
        assert module.foreign.cache_info().currsize > 0


class TestProcess:
    @pytest.fixture
    def state(self, project):
        with FunctionState(project.load(HANDLER).handler) as state:
            yield state

    def test_the_environment_is_as_before(self, state, monkeypatch):
        monkeypatch.setenv("KEPT", "1")
        monkeypatch.setenv("REMOVED", "1")
        other = FunctionState(*state._functions)
        other.begin()
        os.environ["ADDED"] = "1"
        os.environ["KEPT"] = "2"
        del os.environ["REMOVED"]
        other.end()
        assert os.environ["KEPT"] == "1"
        assert os.environ["REMOVED"] == "1"
        assert "ADDED" not in os.environ

    @pytest.mark.parametrize("name", [None, "rotator", "rotator.inner"])
    def test_loggers_are_as_before(self, project, name):
        logger = logging.getLogger(name)
        handlers, level = list(logger.handlers), logger.level
        with FunctionState(project.load(HANDLER).handler) as state:
            logger.setLevel(logging.CRITICAL)
            logger.addHandler(logging.NullHandler())
            logger.addFilter(lambda record: False)
            logger.propagate, logger.disabled = False, True
            logging.disable(logging.ERROR)
            state.restore()
            assert (logger.handlers, logger.level, logger.filters) == (handlers, level, [])
            assert (logger.propagate, logger.disabled) == (True, False)
            assert logging.root.manager.disable == logging.NOTSET

    def test_a_logger_that_is_made_in_a_scenario_is_as_new(self, state):
        logger = logging.getLogger("rotator.made_late")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(logging.NullHandler())
        state.restore()
        assert (logger.level, logger.handlers) == (logging.NOTSET, [])

    def test_a_logger_of_another_name_is_as_before_if_a_module_holds_it(self, project):
        module = project.load(f"import logging\nlogger = logging.getLogger('named otherwise')\n{HANDLER}")
        after(module, lambda module: module.logger.setLevel(logging.DEBUG))
        assert module.logger.level == logging.NOTSET

    def test_loggers_of_other_libraries_are_not_touched(self, state):
        logger = logging.getLogger("another.library")
        logger.setLevel(logging.CRITICAL)
        state.restore()
        assert logger.level == logging.CRITICAL
        logger.setLevel(logging.NOTSET)

    def test_log_messages_are_still_captured(self, state, caplog):
        logging.getLogger().handlers.clear()
        logging.getLogger().addHandler(caplog.handler)
        state.restore()
        logging.getLogger("rotator").error("seen")
        assert "seen" in caplog.text

    def test_random_numbers_are_the_same_again(self, project):
        module = project.load(f"import random\nown = random.Random(1)\n{HANDLER}")
        with FunctionState(module.handler) as state:
            first = (random.random(), module.own.random())  # noqa: S311 -- not for security
            state.restore()
            assert (random.random(), module.own.random()) == first  # noqa: S311

    def test_the_filters_of_warnings_are_as_before(self, state):
        before = list(warnings.filters)
        warnings.simplefilter("ignore")
        state.restore()
        assert list(warnings.filters) == before

    def test_the_path_and_the_folder_are_as_before(self, state, tmp_path):
        path, folder = list(sys.path), os.getcwd()  # noqa: PTH109 -- as a str
        sys.path.insert(0, "elsewhere")
        os.chdir(tmp_path)
        state.restore()
        assert (sys.path, os.getcwd()) == (path, folder)  # noqa: PTH109


class TestModules:
    def test_a_single_module_is_its_own(self, project):
        assert names(FunctionState(project.load(HANDLER).handler)) == {"rotator"}

    def test_imported_modules_of_the_folder_and_the_package_belong_to_it(self, project):
        project.write(
            app__database="connections = {}",
            app__deep__names="known = []",
            app__other="unused = 1",
            app__rotation=f"from app import database\nimport app.deep.names, json, boto3\n{HANDLER}",
        )
        state = FunctionState(importlib.import_module("app.rotation").handler)
        assert names(state) == {"app", "app.rotation", "app.database", "app.deep", "app.deep.names"}

    def test_a_module_beside_it_is_restored_too(self, project):
        module = project.load(f"import sibling\n{HANDLER}", sibling="items = []")
        after(module, lambda module: module.sibling.items.append(1))
        assert module.sibling.items == []

    def test_tests_beside_it_do_not_belong_to_it(self, project):
        module = project.load(HANDLER, test_rotator="results = []", conftest_="")
        importlib.import_module("test_rotator")
        assert names(FunctionState(module.handler)) == {"rotator"}

    def test_of_a_test_that_defines_the_handler_only_its_module_belongs_to_it(self, project):
        project.write(sibling="items = []", test_rotator=f"import sibling\n{HANDLER}")
        module = importlib.import_module("test_rotator")
        assert names(FunctionState(module.handler)) == {"test_rotator"}

    def test_what_a_class_of_tests_keeps_is_not_touched(self, project):
        project.write(
            test_rotator=f"""
            class TestRotation:
                results = []
            {HANDLER}"""
        )
        module = importlib.import_module("test_rotator")
        after(module, lambda module: module.TestRotation.results.append(1))
        assert module.TestRotation.results == [1]

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda handler: functools.partial(handler, more=1),
            lambda handler: functools.wraps(handler)(lambda event, _: handler(event, None)),
            lambda handler: lambda event, _: handler(event, None),
            lambda handler: types.MethodType(handler, {}),
            lambda handler: functools.partial(functools.lru_cache(handler)),
        ],
        ids=["partial", "wraps", "without wraps", "method", "cached"],
    )
    def test_the_module_is_found_through_what_wraps_the_handler(self, project, wrap):
        module = project.load("items = []\ndef handler(event, context=None, more=None): pass")
        wrapped = wrap(module.handler)
        with FunctionState(wrapped) as state:
            assert "rotator" in names(state)
            module.items.append(1)
            state.restore()
            assert module.items == []

    def test_the_module_is_found_through_decorators_of_powertools(self, project):
        pytest.importorskip("aws_lambda_powertools")
        module = project.load(
            """
            from aws_lambda_powertools import Logger
            logger = Logger(service="made up")
            seen = []
            @logger.inject_lambda_context
            def handler(event, context):
                seen.append(event)
            """
        )
        state = FunctionState(module.handler)
        assert names(state) == {"rotator"}

    def test_a_bound_method_leads_to_its_object(self, project):
        module = project.load(
            """
            class Function:
                count = 0
                def run(self, event, context):
                    self.count += 1
            """
        )
        function = module.Function()
        with FunctionState(function.run) as state:
            function.run({}, None)
            state.restore()
            assert function.count == 0

    def test_libraries_do_not_belong_to_it(self, project):
        module = project.load(f"import boto3, json, pytest, fake_secrets\n{HANDLER}")
        assert names(FunctionState(module.handler)) == {"rotator"}
        assert names(FunctionState(boto3.client)) == set()

    def test_a_module_that_a_scenario_imports_stays_and_is_as_after_its_import(self, project):
        module = project.load(
            """
            def handler(event, context):
                import late
                late.items.append(1)
                return len(late.items)
            """,
            late="items = []",
        )
        with FunctionState(module.handler) as state:
            assert module.handler({}, None) == 1
            late = sys.modules["late"]
            assert names(state) == {"rotator", "late"}
            state.restore()
            assert module.handler({}, None) == 1
            assert sys.modules["late"] is late

    def test_a_submodule_that_a_scenario_imports_is_known_to_its_package(self, project):
        project.write(
            app__rotation="""
            import app
            def handler(event, context):
                import app.late
                app.late.items.append(1)
            """,
            app__late="items = []",
        )
        module = importlib.import_module("app.rotation")
        with FunctionState(module.handler) as state:
            for _ in range(2):
                module.handler({}, None)
                assert module.app.late.items == [1]
                state.restore()

    def test_an_import_that_fails_in_a_scenario_fails_as_ever(self, project):
        module = project.load(HANDLER, broken="1 / 0")
        with FunctionState(module.handler):
            with pytest.raises(ZeroDivisionError):
                importlib.import_module("broken")
            assert "broken" not in sys.modules

    def test_nothing_watches_imports_after_the_end(self, project):
        before = list(sys.meta_path)
        with FunctionState(project.load(HANDLER).handler):
            assert sys.meta_path != before
        assert sys.meta_path == before

    def test_it_ends_after_an_error_too(self, project):
        module, before = project.load(f"count = 1\n{HANDLER}"), list(sys.meta_path)
        with pytest.raises(KeyboardInterrupt), FunctionState(module.handler):
            module.count = 2
            raise KeyboardInterrupt
        assert module.count == 1
        assert sys.meta_path == before


class TestClients:
    @pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
    def test_a_client_made_at_import_is_as_it_was(self, project, mode):
        module = project.load(
            f"""
            import boto3, botocore.config
            session = boto3.Session(region_name="us-east-1")
            config = botocore.config.Config(retries={{"mode": "{mode}", "total_max_attempts": 2}})
            client = session.client("secretsmanager", config=config)
            {HANDLER}"""
        )
        client, shared = module.client, SharedClient(module.client)
        with FunctionState(module.handler) as state:
            with mock_stages({"db": "old"}) as fake:
                fake.faults.fail("ListSecrets", "InternalServiceError", times=None)
                client.meta.events.register("before-call", lambda **_: None)
                client.added = 1
                with pytest.raises(botocore.exceptions.ClientError):
                    client.list_secrets()
            state.restore()
            assert module.client is client
            assert shared.is_as_new()
            with mock_stages({"db": "old"}):
                assert client.get_secret_value(SecretId="db")["SecretString"] == "old"

    def test_a_client_in_a_container_is_found(self, project):
        module = project.load(HANDLER)
        module.clients = {"a": [boto3.client("secretsmanager", region_name="us-east-1")]}
        after(module, lambda module: setattr(module.clients["a"][0], "added", 1))
        assert not hasattr(module.clients["a"][0], "added")

    def test_a_client_that_a_scenario_makes_is_dropped(self, project):
        module = project.load(
            """
            import boto3
            client = None
            def handler(event, context):
                global client
                client = client or boto3.client("secretsmanager", region_name="us-east-1")
            """
        )
        after(module, lambda module: module.handler({}, None))
        assert module.client is None


class TestTime:
    def test_restoring_a_usual_module_takes_far_less_than_a_millisecond(self, project):
        functions = "".join(f"def f{n}(a, b=[]): pass\n" for n in range(40))
        values = "".join(f"v{n} = {{'a': [{n}]}}\n" for n in range(40))
        module = project.load(
            f"import functools, json, logging\nlogger = logging.getLogger()\n{functions}{values}{HANDLER}"
        )
        with FunctionState(module.handler) as state:
            times = []
            for _ in range(20):
                start = time.perf_counter()
                state.restore()
                times.append(time.perf_counter() - start)
        assert min(times) < 0.001


class TestLoading:
    @pytest.fixture(autouse=True)
    def here(self, project, monkeypatch):
        monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in {"", str(project.folder)}])
        monkeypatch.chdir(project.folder)

    def test_it_is_imported_from_the_current_folder(self, project):
        project.write(app__rotation=HANDLER)
        assert loaded("app.rotation:handler").__module__ == "app.rotation"

    def test_a_function_in_a_class_is_found(self, project):
        project.write(rotator="class Function:\n    @staticmethod\n    def run(event, context): return 1")
        assert loaded("rotator:Function.run")({}, None) == 1

    def test_the_environment_is_set_during_the_import_only(self, project):
        project.write(rotator=f"import os\nlevel = os.environ['MADE_UP_LEVEL']\n{HANDLER}")
        assert loaded("rotator:handler", {"MADE_UP_LEVEL": "7"}).__globals__["level"] == "7"
        assert "MADE_UP_LEVEL" not in os.environ

    def test_its_siblings_can_be_imported_later(self, project):
        project.write(rotator="def handler(event, context):\n    import sibling\n    return 1", sibling="")
        assert loaded("rotator:handler")({}, None) == 1

    def test_an_unknown_module_is_told_with_where_it_was_looked_for(self, project):
        with pytest.raises(ImportError) as raised:
            loaded("no_such_module:handler")
        first, *others = str(raised.value).splitlines()
        assert first == (
            "the rotation function's module 'no_such_module' can't be imported: there is no module "
            "'no_such_module'. Modules are looked for in:"
        )
        assert f"- {project.folder}" in others

    def test_an_import_that_raises_is_told_with_its_error(self, project):
        project.write(rotator="import os\nos.environ['MADE_UP_LEVEL']")
        with pytest.raises(ImportError) as raised:
            loaded("rotator:handler")
        assert str(raised.value) == (
            "the rotation function's module 'rotator' can't be imported: its import raised KeyError: "
            "'MADE_UP_LEVEL'. If that is an environment variable, set it by environment="
        )
        assert isinstance(raised.value.__cause__, KeyError)

    def test_a_module_that_lacks_a_library_is_told_so(self, project):
        project.write(rotator="import no_such_library")
        with pytest.raises(
            ImportError, match="its import raised ModuleNotFoundError: No module named 'no_such_lib"
        ):
            loaded("rotator:handler")

    def test_an_unknown_function_is_told_with_those_there_are(self, project):
        project.write(rotator=f"{HANDLER}limit = 1\ndef _own(): pass")
        with pytest.raises(ValueError, match="has no 'lambda_handler'") as raised:
            loaded("rotator:lambda_handler")
        assert str(raised.value) == (
            "module 'rotator' has no 'lambda_handler'. Functions that it defines:\n- rotator:handler"
        )

    @pytest.mark.parametrize("name", ["", "rotator", "rotator.handler", "rotator:", ":handler", "a b:c", "a:b:c"])
    def test_another_form_of_name_is_refused(self, name):
        with pytest.raises(ValueError, match=r"as 'rotation\.function:lambda_handler' does"):
            loaded(name)

    def test_something_else_than_a_name_is_refused(self):
        with pytest.raises(TypeError, match="not list"):
            loaded(["rotator:handler"])

    def test_what_cannot_be_called_is_refused(self, project):
        project.write(rotator="limit = 1")
        with pytest.raises(TypeError, match="'rotator:limit' is of type int, which can't be called"):
            loaded("rotator:limit")
