"""Every copy of botocore is served: reloaded, imported again or vendored, before a world and inside it."""

import copy
import importlib
import importlib.util
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import botocore
import pytest

from fake_secrets import mock_stages
from fake_secrets.hook.copies import Copies

PRELUDE = """
    import gc, importlib, sys, weakref
    import botocore.client, botocore.endpoint, botocore.session
    import fake_secrets
    from fake_secrets import mock_stages

    KEYS = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}

    def client_of(package="botocore"):
        session = importlib.import_module(f"{package}.session").Session()
        return session.create_client("secretsmanager", **KEYS)

    def is_read(client):
        value = client.get_secret_value(SecretId="app/db")["SecretString"]
        try:
            client.get_secret_value(SecretId="none")
        except client.exceptions.ResourceNotFoundException:
            return value == "s3cret"

    def reload():
        for name in "botocore.client", "botocore.endpoint", "botocore.httpsession", "botocore.signers":
            importlib.reload(sys.modules[name])

    def import_again():
        for name in list(sys.modules):
            if name.partition(".")[0] == "botocore":
                del sys.modules[name]
        import botocore.session

    def touched(package="botocore"):
        # The methods that are still wrapped.
        of = {
            "client": ("BaseClient", "_make_api_call"),
            "endpoint": ("Endpoint", "make_request"),
            "httpsession": ("URLLib3Session", "_get_connection_manager"),
            "signers": ("RequestSigner", "_choose_signer"),
        }
        owners = [getattr(sys.modules[f"{package}.{name}"], owner) for name, (owner, _) in of.items()]
        methods = [vars(owner)[method] for owner, (_, method) in zip(owners, of.values())]
        return [method for method in methods if "fake_secrets" in method.__code__.co_filename]

    SEED = {"app/db": "s3cret"}
    old = client_of()
"""


def runs(source, folder, *options):
    """Run a program in a process of its own, and return whether it ended well."""
    program = textwrap.dedent(PRELUDE) + textwrap.dedent(source)
    done = subprocess.run(
        [sys.executable, *options, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return True


@pytest.fixture(scope="module")
def vendored(tmp_path_factory):
    """A folder with the package `company._vendor.botocore`, whose modules import each other by that name."""
    folder = tmp_path_factory.mktemp("vendored")
    home, original = folder / "company" / "_vendor" / "botocore", Path(botocore.__file__).parent
    for source in original.rglob("*.py"):
        module = home / source.relative_to(original)
        module.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text()
        text = re.sub(r"^(\s*)from botocore\b", r"\1from company._vendor.botocore", text, flags=re.MULTILINE)
        text = re.sub(
            r"^(\s*)import (botocore[\w.]+) as", r"\1import company._vendor.\2 as", text, flags=re.MULTILINE
        )
        text = re.sub(
            r"^(\s*)import (botocore[\w.]*)$",
            r"\1import company._vendor.\2; from company._vendor import botocore",
            text,
            flags=re.MULTILINE,
        )
        module.write_text(text)
    for name in ("company", "company/_vendor"):
        (folder / name / "__init__.py").touch()
    (home / "data").symlink_to(original / "data")
    (home / "cacert.pem").symlink_to(original / "cacert.pem")
    return folder


@pytest.mark.parametrize("change", ["reload", "import_again"])
class TestAnotherBotocore:
    @pytest.mark.slow
    def test_before_a_world(self, change, tmp_path):
        assert runs(
            f"""
            with mock_stages(SEED):
                assert is_read(old)
            {change}()
            new = client_of()
            with mock_stages(SEED):
                assert is_read(new) and is_read(old)
            assert touched() == []
            """,
            tmp_path,
        )

    @pytest.mark.slow
    def test_inside_a_world(self, change, tmp_path):
        assert runs(
            f"""
            with mock_stages(SEED):
                {change}()
                new = client_of()
                assert is_read(new) and is_read(old)
            assert touched() == []
            """,
            tmp_path,
        )

    @pytest.mark.slow
    def test_behind_the_guard(self, change, tmp_path):
        assert runs(
            f"""
            from fake_secrets.hook.guard import Guard
            guard = Guard(lambda: "the test")
            guard.put_up()
            {change}()
            try:
                client_of().get_secret_value(SecretId="app/db")
            except fake_secrets.OutsideWorldError:
                guard.take_down()
                assert touched() == []
            else:
                raise AssertionError("the call passed the guard")
            """,
            tmp_path,
        )

    @pytest.mark.slow
    def test_takes_part_in_a_rotation(self, change, tmp_path):
        assert runs(
            f"""
            steps = []
            with mock_stages(SEED) as fake:
                {change}()
                arn = fake.lambda_function(lambda event, _: steps.append(event["Step"]))
                client_of().rotate_secret(SecretId="app/db", RotationLambdaARN=arn)
            assert len(steps) == 4
            """,
            tmp_path,
        )


class TestAVendoredCopy:
    SOURCE = "client_of('company._vendor.botocore')"

    @pytest.mark.slow
    def test_from_before_the_first_world(self, vendored):
        assert runs(
            f"""
            client = {self.SOURCE}
            with mock_stages(SEED):
                assert is_read(client) and is_read(old)
            assert touched() == touched("company._vendor.botocore") == []
            """,
            vendored,
        )

    @pytest.mark.slow
    def test_imported_inside_a_world(self, vendored):
        assert runs(
            f"""
            with mock_stages(SEED):
                client = {self.SOURCE}
                assert is_read(client)
            with mock_stages(SEED):
                assert is_read(client)
            assert touched("company._vendor.botocore") == []
            """,
            vendored,
        )

    @pytest.mark.slow
    def test_imported_between_two_worlds(self, vendored):
        assert runs(
            f"""
            with mock_stages(SEED):
                assert is_read(old)
            client = {self.SOURCE}
            with mock_stages(SEED):
                assert is_read(client)
            """,
            vendored,
        )

    @pytest.mark.slow
    def test_without_credentials(self, vendored):
        assert runs(
            f"""
            KEYS = {{"region_name": "us-east-1"}}
            import os
            os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_SHARED_CREDENTIALS_FILE="none")
            client = {self.SOURCE}
            with mock_stages(SEED):
                assert is_read(client)
            """,
            vendored,
        )

    @pytest.mark.slow
    def test_behind_the_guard(self, vendored):
        assert runs(
            f"""
            from fake_secrets.hook.guard import Guard
            guard = Guard(lambda: "the test")
            guard.put_up()
            try:
                {self.SOURCE}.get_secret_value(SecretId="app/db")
            except fake_secrets.OutsideWorldError:
                guard.take_down()
            else:
                raise AssertionError("the call passed the guard")
            """,
            vendored,
        )


@pytest.mark.slow
def test_a_copy_that_went_out_of_use_is_collected(tmp_path):
    assert runs(
        """
        def is_collected(use):
            import_again()
            gone = weakref.ref(sys.modules["botocore.endpoint"].Endpoint)
            use()
            import_again()
            use()
            for _ in range(3):
                gc.collect()
            return gone() is None

        def use_in_a_world():
            with mock_stages(SEED):
                assert is_read(client_of())

        # Old releases of botocore keep themselves alive.
        assert is_collected(use_in_a_world) or not is_collected(client_of)
        """,
        tmp_path,
    )


@pytest.mark.slow
def test_a_vendored_copy_with_another_top_name_is_served(vendored):
    assert runs(
        """
        sys.path.insert(0, "company/_vendor")
        import company._vendor.botocore.client
        # As a package that renames botocore has it.
        sys.modules["acme_botocore.client"] = sys.modules.pop("company._vendor.botocore.client")
        sys.modules["acme_botocore.signers"] = sys.modules["company._vendor.botocore.signers"]
        sys.modules["acme_botocore.httpsession"] = sys.modules["company._vendor.botocore.httpsession"]
        from company._vendor.botocore.session import Session
        with mock_stages(SEED):
            assert is_read(Session().create_client("secretsmanager", **KEYS))
        """,
        vendored,
    )


OTHERS = """
    import types
    class Wrapper(botocore.client.BaseClient):
        pass
    module = types.ModuleType("company.botocore.client")
    module.BaseClient = Wrapper
    class Lazy(types.ModuleType):
        def __getattribute__(self, name):
            raise AssertionError("executed")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("company.botocore.client", "module"),
        ("aiobotocore.client", "None"),
        ("moto.core.botocore_stubber", "None"),
        ("company.botocore.endpoint", "Lazy('lazy')"),
        ("company.botocore.httpsession", "object()"),
    ],
)
def test_what_is_no_copy_is_left_alone(name, module, tmp_path):
    source = textwrap.dedent(OTHERS) + textwrap.dedent(
        f"""
        sys.modules[{name!r}] = {module}
        for _ in range(2):
            with mock_stages(SEED):
                assert is_read(old)
        assert touched() == []
        """
    )
    assert runs(source, tmp_path)


@pytest.mark.slow
def test_a_copy_that_came_in_by_no_import_is_served_in_the_next_world(vendored):
    assert runs(
        """
        with mock_stages(SEED):
            assert is_read(old)
        taken = list(sys.meta_path)
        sys.meta_path[:] = [finder for finder in taken if "fake_secrets" not in type(finder).__module__]
        client = client_of("company._vendor.botocore")
        with mock_stages(SEED):
            assert is_read(client)
        """,
        vendored,
    )


@pytest.mark.slow
def test_a_finder_that_was_put_before_ours_hides_nothing_from_the_next_world(tmp_path):
    assert runs(
        """
        import importlib.abc, importlib.machinery

        class First(importlib.abc.MetaPathFinder):
            def find_spec(self, *arguments):
                return importlib.machinery.PathFinder.find_spec(*arguments)

        sys.meta_path.insert(0, First())
        with mock_stages(SEED):
            import_again()
            assert is_read(client_of())
        """,
        tmp_path,
    )


@pytest.mark.slow
def test_all_hooks_are_taken_down_even_if_one_fails(tmp_path):
    assert runs(
        """
        from fake_secrets.hook import seams
        import os
        before = dict(os.environ)
        seams.DefaultSession.take_down, kept = (lambda self: 1 / 0), seams.DefaultSession.take_down
        try:
            with mock_stages(SEED):
                pass
        except ZeroDivisionError:
            pass
        seams.DefaultSession.take_down = kept
        assert touched() == []
        assert dict(os.environ) == before
        """,
        tmp_path,
    )


class TestTheFinder:
    """It leaves imports as they are."""

    @pytest.fixture
    def module(self, tmp_path, monkeypatch):
        """Import a module that has a class to wrap, and return it."""
        (tmp_path / "copies_of_today.py").write_text("class Owner:\n    def method(self):\n        return 1\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "copies_of_today", raising=False)

        def around(wrapped, _, args, kwargs):
            return 1 + wrapped(*args, **kwargs)

        copies = Copies({"copies_of_today": ("Owner", {"method": lambda: around})})
        copies.put_up()
        yield importlib.import_module("copies_of_today")
        copies.take_down()

    def test_a_module_is_wrapped_when_it_is_imported(self, module):
        assert module.Owner().method() == 2

    def test_a_module_keeps_its_loader_and_spec(self, module):
        found = importlib.util.find_spec("copies_of_today")
        assert type(module.__loader__) is type(module.__spec__.loader) is importlib.machinery.SourceFileLoader
        assert module.__spec__ is found
        assert module.__loader__.get_data(module.__file__).startswith(b"class Owner")

    def test_a_loader_can_be_copied(self, module):
        loader = importlib.util.find_spec("copies_of_today").loader
        assert type(copy.copy(loader)) is type(loader)

    def test_no_finder_of_ours_stays_after_the_last_world(self):
        with mock_stages():
            assert any(type(finder).__module__ == "fake_secrets.hook.copies" for finder in sys.meta_path)
        assert all(type(finder).__module__ != "fake_secrets.hook.copies" for finder in sys.meta_path)

    def test_a_module_that_is_reloaded_is_wrapped_again(self, module):
        old = module.Owner
        importlib.reload(module)
        assert module.Owner is not old
        assert (module.Owner().method(), old().method()) == (2, 2)

    def test_a_module_that_cannot_be_found_is_not_found(self, module, monkeypatch, tmp_path):
        (tmp_path / "copies_of_today.py").unlink()
        monkeypatch.delitem(sys.modules, "copies_of_today")
        importlib.invalidate_caches()
        with pytest.raises(ModuleNotFoundError, match="copies_of_today"):
            importlib.import_module("copies_of_today")
