"""Leaks of secret values: where they are found, of what, and in which form."""

import asyncio
import base64
import contextlib
import datetime
import html
import io
import json
import logging
import re
import sys
import threading
import traceback
import urllib.parse
import warnings
from pathlib import Path
from unittest import mock
from xml.sax import saxutils

import boto3
import pytest

from fake_secrets import FakeSecretsWarning, Leak, mock_stages

PASSWORD = "Pa55'word\"with/quotes+&"
LOGIN = {"username": "application", "password": PASSWORD, "host": "db.example.com", "port": 5432}

logger = logging.getLogger("the_app")
HERE = Path(__file__).name


def here():
    """Return the line of the caller, as `Leak.where` shows it."""
    frame = sys._getframe(1)
    return place_of(frame.f_code, frame.f_lineno)


def place_of(code, number):
    """Return a line of a function as `Leak.where` shows it."""
    path = Path(code.co_filename)
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return f"{path}:{number}"


def refuse(text, cause=None):
    raise RuntimeError(text) from cause


def lower_escapes(quoted):
    """Return percent-encoded text as many other languages write it."""
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quoted)


def leaks_of(found):
    return [(leak.place, leak.secret, leak.field, leak.form) for leak in found]


@pytest.fixture
def db(fake_secrets):
    return fake_secrets.add("prod/db", LOGIN)


@pytest.fixture
def watched(db, fake_secrets):
    """The leaks of a test that is watched as a whole."""
    with fake_secrets.leaks.watching() as found:
        yield found


class TestWithoutWatching:
    def test_nothing_is_found(self, fake_secrets, db):
        print(PASSWORD)
        assert fake_secrets.leaks == []
        assert not fake_secrets.leaks
        assert str(fake_secrets.leaks) == "no leaks"

    def test_nothing_of_the_process_is_changed(self, fake_secrets, db):
        before = seams()
        assert not fake_secrets.leaks
        assert seams() == before

    def test_what_a_block_has_found_stays_in_the_sequence_of_the_world(self, fake_secrets, db):
        with fake_secrets.leaks.watching() as found:
            print(PASSWORD)
        print(PASSWORD)
        assert list(fake_secrets.leaks) == found
        assert len(found) == 1

    def test_a_block_that_is_never_entered_is_told_of(self, fake_secrets):
        with pytest.warns(FakeSecretsWarning, match=r"leaks\.watching was never entered"):
            fake_secrets.leaks.watching()


class TestLogging:
    def test_a_message_with_its_arguments(self, watched, db):
        where, _ = here(), logger.warning("cannot connect with %r", PASSWORD)
        assert watched == [
            Leak("log", where, "prod/db", "password", db.stages["AWSCURRENT"], "repr", None),
        ]

    @pytest.mark.parametrize("number", [logging.DEBUG, logging.INFO, logging.CRITICAL])
    def test_every_level_that_is_enabled(self, watched, caplog, number):
        caplog.set_level(logging.DEBUG)
        logger.log(number, PASSWORD)
        assert leaks_of(watched) == [("log", "prod/db", "password", "plain")]

    def test_a_level_that_is_not_enabled_leaks_nothing(self, watched, caplog):
        caplog.set_level(logging.WARNING)
        logger.info(PASSWORD)
        assert not watched

    def test_a_logger_without_handlers_that_does_not_propagate(self, watched, monkeypatch):
        alone = logging.getLogger("the_app.alone")
        monkeypatch.setattr(alone, "propagate", False)
        alone.warning(PASSWORD)
        assert [leak.place for leak in watched] == ["log"]

    def test_a_handler_that_writes_to_stderr_tells_it_no_second_time(self, watched, monkeypatch):
        monkeypatch.setattr(logger, "handlers", [logging.StreamHandler(sys.stderr)])
        logger.warning(PASSWORD)
        assert [leak.place for leak in watched] == ["log"]

    def test_a_formatter_that_adds_a_value_is_found_where_the_handler_writes_it(self, watched, monkeypatch):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(f"{PASSWORD} %(message)s"))
        monkeypatch.setattr(logger, "handlers", [handler])
        logger.warning("hello")
        assert [leak.place for leak in watched] == ["stderr"]

    def test_an_exception_with_its_causes_and_notes(self, watched):
        try:
            refuse("no", ValueError(PASSWORD))
        except RuntimeError:
            logger.exception("failed")
        assert [leak.place for leak in watched] == ["log"]

    def test_the_source_lines_of_a_traceback_are_no_leak(self, watched):
        try:
            int("Pa55'word\"with/quotes+&"[:2])
        except ValueError:
            logger.exception("failed")
        assert not watched

    @pytest.mark.parametrize("extra", [PASSWORD, {"deep": [PASSWORD]}, PASSWORD.encode()])
    def test_what_extra_adds(self, watched, extra):
        logger.warning("hello", extra={"login": extra})
        assert [leak.field for leak in watched] == ["password"]

    def test_a_filter_of_the_logger_that_redacts_counts(self, watched, monkeypatch):
        def redact(record):
            record.msg, record.args = record.getMessage().replace(PASSWORD, "***"), ()
            return True

        monkeypatch.setattr(logger, "filters", [redact])
        logger.warning("login %s", PASSWORD)
        assert not watched

    def test_arguments_that_do_not_fit_raise_nothing_new(self, watched, monkeypatch, capsys):
        monkeypatch.setattr(logging, "raiseExceptions", False)
        logger.warning("%d", PASSWORD)
        assert not watched

    def test_a_str_method_that_raises_or_logs_is_the_users_affair(self, watched, monkeypatch):
        monkeypatch.setattr(logging, "raiseExceptions", False)

        class Odd:
            def __str__(self):
                logger.warning("asked")
                raise RuntimeError

        logger.warning("%s", Odd())
        logger.warning("%s", PASSWORD)
        assert len(watched) == 1

    def test_botocore_may_log_bodies_at_debug(self, fake_secrets, db, caplog, capsys):
        caplog.set_level(logging.DEBUG)
        botocore = logging.getLogger("botocore")
        handler = logging.StreamHandler(sys.stderr)
        botocore.addHandler(handler)
        try:
            with fake_secrets.leaks.watching() as found:
                boto3.client("secretsmanager", region_name="us-east-1").get_secret_value(SecretId="prod/db")
                logging.getLogger("urllib3.connectionpool").debug(PASSWORD)
        finally:
            botocore.removeHandler(handler)
        assert "with/quotes" in capsys.readouterr().err
        assert not found

    def test_botocore_above_debug_is_looked_at(self, watched):
        logging.getLogger("botocore.hooks").warning(PASSWORD)
        assert len(watched) == 1

    def test_the_line_is_that_which_logging_names(self, watched):
        def log(text):
            logger.warning(text, stacklevel=2)

        where, _ = here(), log(PASSWORD)
        assert [leak.where for leak in watched] == [where]


class TestStreams:
    @pytest.mark.parametrize("name", ["stdout", "stderr"])
    def test_print(self, watched, name):
        where, _ = here(), print("login", PASSWORD, file=getattr(sys, name))
        assert [(leak.place, leak.where) for leak in watched] == [(name, where)]

    def test_write_and_writelines(self, watched):
        sys.stdout.write(PASSWORD)
        sys.stdout.writelines(["a", PASSWORD])
        assert len(watched) == 2

    def test_a_value_in_several_pieces(self, watched):
        print(PASSWORD[:3], PASSWORD[3:10], PASSWORD[10:], sep="")
        for character in PASSWORD:
            sys.stderr.write(character)
        json.dump({"login": PASSWORD}, sys.stdout)
        assert [leak.place for leak in watched] == ["stdout", "stderr", "stdout"]

    def test_pieces_with_something_between_them_are_no_leak(self, watched):
        print(PASSWORD[:10], "...", PASSWORD[10:])
        assert not watched

    def test_threads_do_not_disturb_each_others_pieces(self, watched):
        barrier = threading.Barrier(2, timeout=5)

        def write():
            for character in PASSWORD:
                barrier.wait()
                sys.stdout.write(character)

        threads = [threading.Thread(target=write) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        assert [leak.place for leak in watched] == ["stdout"]

    def test_capsys_gets_what_was_printed(self, watched, capsys):
        print(PASSWORD)
        assert capsys.readouterr().out == f"{PASSWORD}\n"
        assert len(watched) == 1

    def test_capfd(self, watched, capfd):
        print(PASSWORD)
        assert capfd.readouterr().out == f"{PASSWORD}\n"
        assert len(watched) == 1

    def test_a_stream_that_comes_in_the_middle(self, watched):
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            print(PASSWORD)
        assert stream.getvalue() == f"{PASSWORD}\n"
        assert len(watched) == 1

    def test_a_stream_that_somebody_has_kept(self, fake_secrets, db):
        kept = sys.stdout
        with fake_secrets.leaks.watching() as found, contextlib.redirect_stdout(io.StringIO()):
            print(PASSWORD, file=kept)
        assert len(found) == 1

    def test_a_stream_keeps_all_it_can_do(self, watched):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-16")
        with contextlib.redirect_stdout(stream):
            assert print("x") is None
            assert sys.stdout.write("abc") == 3
            assert (sys.stdout.encoding, sys.stdout.isatty()) == ("utf-16", False)
            assert sys.stdout.buffer is stream.buffer

    def test_a_mock_of_a_stream_stays_one(self, watched):
        with mock.patch("sys.stdout") as stream:
            print(PASSWORD, end="")
            stream.write.assert_any_call(PASSWORD)
        assert isinstance(stream.write, mock.Mock)

    @pytest.mark.parametrize("stream", [None, object()])
    def test_something_that_is_no_stream_is_left_alone(self, watched, monkeypatch, stream):
        monkeypatch.setattr(sys, "stdout", stream)

    def test_a_traceback_on_stderr(self, watched):
        try:
            refuse(PASSWORD)
        except RuntimeError:
            traceback.print_exc()
        assert [leak.place for leak in watched] == ["stderr"]

    def test_an_error_of_the_stream_comes_out_as_ever(self, watched):
        closed = io.StringIO()
        closed.close()
        with contextlib.redirect_stdout(closed), pytest.raises(ValueError, match="closed file"):
            print("x")


class TestWarnings:
    @pytest.mark.parametrize("action", ["ignore", "always", "default"])
    def test_shown_or_ignored(self, watched, action):
        with warnings.catch_warnings(record=True):
            warnings.simplefilter(action)
            where, _ = here(), warnings.warn(f"bad login {PASSWORD}", stacklevel=1)
        assert [(leak.place, leak.where) for leak in watched] == [("warning", where)]

    def test_an_error_that_a_filter_makes_of_it(self, watched):
        with pytest.raises(UserWarning):
            warnings.warn(PASSWORD, stacklevel=1)
        assert [leak.place for leak in watched] == ["warning"]

    def test_warn_explicit_and_an_instance(self, watched):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.warn_explicit(UserWarning(PASSWORD), None, "x.py", 1)
        assert [leak.place for leak in watched] == ["warning"]

    def test_code_that_has_imported_warn_before(self, fake_secrets, db):
        from warnings import warn

        with fake_secrets.leaks.watching() as found, pytest.warns(match="Pa55"):
            warn(PASSWORD, stacklevel=1)
        assert [leak.place for leak in found] == ["warning"]

    @pytest.mark.parametrize("level", [-1, 0, 1, 2, 3])
    def test_a_warning_names_the_same_line_as_ever(self, fake_secrets, level):
        def outer():
            inner()

        def inner():
            warnings.warn("hello", stacklevel=level)

        lines = []
        for block in (contextlib.nullcontext(), fake_secrets.leaks.watching()):
            with block, pytest.warns(match="hello") as told:
                outer()
            lines.append((told[0].filename, told[0].lineno))
        assert lines[0] == lines[1]

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="new in Python 3.12")
    @pytest.mark.parametrize("level", [1, 2, 3])
    @pytest.mark.parametrize("prefix", [__file__, __file__[:-1], str(Path(__file__).parent), "elsewhere"])
    def test_skipped_files_are_skipped_as_ever(self, fake_secrets, level, prefix):
        def outer():
            warnings.warn("hello", stacklevel=level, skip_file_prefixes=(prefix,))

        lines = []
        for block in (contextlib.nullcontext(), fake_secrets.leaks.watching()):
            with block, pytest.warns(match="hello") as told:
                outer()
            lines.append((told[0].filename, told[0].lineno))
        assert lines[0] == lines[1]


class TestExceptions:
    def test_one_that_leaves_the_block(self, fake_secrets, db):
        with pytest.raises(RuntimeError), fake_secrets.leaks.watching() as found:
            refuse(f"login failed: {PASSWORD}")
        assert leaks_of(found) == [("exception", "prod/db", "password", "plain")]
        assert found[0].where == place_of(refuse.__code__, refuse.__code__.co_firstlineno + 1)

    def test_one_that_leaves_a_world_within_the_block(self, fake_secrets, db):
        with fake_secrets.leaks.watching() as found, pytest.raises(RuntimeError), mock_stages({"other": "x"}):
            refuse(PASSWORD)
        assert len(found) == 1

    def test_its_notes(self, fake_secrets, db):
        error = ValueError("no")
        error.add_note(PASSWORD)
        with pytest.raises(ValueError, match="no"), fake_secrets.leaks.watching() as found:
            raise error
        assert [leak.place for leak in found] == ["exception"]

    def test_its_cause(self, fake_secrets, db):
        with pytest.raises(RuntimeError), fake_secrets.leaks.watching() as found:
            refuse("no", ValueError(PASSWORD))
        assert [leak.place for leak in found] == ["exception"]

    def test_its_context(self, fake_secrets, db):
        with pytest.raises(RuntimeError), fake_secrets.leaks.watching() as found:
            try:
                refuse(PASSWORD)
            finally:
                raise RuntimeError
        assert [leak.place for leak in found] == ["exception"]

    def test_a_context_that_from_none_hides_is_no_leak(self, fake_secrets, db):
        with pytest.raises(RuntimeError), fake_secrets.leaks.watching() as found:
            try:
                refuse(PASSWORD)
            except RuntimeError:
                raise RuntimeError from None
        assert not found

    def test_the_members_of_a_group(self, fake_secrets, db):
        group = ExceptionGroup("several", [ValueError(PASSWORD), OSError("no")])
        with pytest.raises(ExceptionGroup), fake_secrets.leaks.watching() as found:
            raise group
        assert [leak.place for leak in found] == ["exception"]

    def test_one_that_the_code_handles_is_no_leak(self, watched):
        with contextlib.suppress(ValueError):
            raise ValueError(PASSWORD)
        assert not watched

    def test_a_subscriber(self, fake_secrets, watched, secretsmanager):
        @fake_secrets.on_event
        def subscriber(event):
            raise RuntimeError(PASSWORD)

        with pytest.raises(RuntimeError):
            secretsmanager.put_secret_value(SecretId="prod/db", SecretString="another value")
        assert [leak.place for leak in watched] == ["exception"]


@pytest.mark.filterwarnings("ignore::fake_secrets.RotationWarning")
class TestRotationFunctions:
    def test_what_it_returns(self, fake_secrets, watched, secretsmanager):
        def handler(event, context):
            return (
                secretsmanager.get_secret_value(SecretId=event["SecretId"])
                if event["Step"] == "testSecret"
                else None
            )

        fake_secrets.rotate("prod/db", handler)
        whole = Leak(
            "result",
            place_of(handler.__code__, handler.__code__.co_firstlineno),
            "prod/db",
            None,
            fake_secrets["prod/db"].stages["AWSCURRENT"],
            "repr",
            "testSecret",
        )
        assert watched == [whole]

    def test_what_it_raises_once(self, fake_secrets, db):
        def handler(event, context):
            refuse(f"cannot set {PASSWORD}")

        with pytest.raises(RuntimeError), fake_secrets.leaks.watching() as found:
            fake_secrets.rotate("prod/db", handler)
        assert [(leak.place, leak.step) for leak in found] == [("exception", "createSecret")]

    def test_what_it_raises_if_that_is_only_recorded(self, fake_secrets, watched):
        def handler(event, context):
            raise RuntimeError(PASSWORD)

        fake_secrets.rotate("prod/db", handler, errors="record")
        assert [leak.place for leak in watched] == ["exception"]

    def test_what_it_logs_and_prints_with_the_step(self, fake_secrets, watched):
        def handler(event, context):
            if event["Step"] == "setSecret":
                logger.warning(PASSWORD)
            if event["Step"] == "testSecret":
                print(PASSWORD)

        fake_secrets.rotate("prod/db", handler)
        assert [(leak.place, leak.step) for leak in watched] == [("log", "setSecret"), ("stdout", "testSecret")]

    def test_a_value_that_it_has_just_made(self, fake_secrets, watched, secretsmanager):
        def handler(event, context):
            if event["Step"] == "createSecret":
                new = secretsmanager.get_random_password()["RandomPassword"]
                print(new)
                secretsmanager.put_secret_value(
                    SecretId=event["SecretId"],
                    ClientRequestToken=event["ClientRequestToken"],
                    SecretString=json.dumps({**LOGIN, "password": new}),
                    VersionStages=["AWSPENDING"],
                )
                print(new)

        rotation = fake_secrets.rotate("prod/db", handler)
        before, after = watched
        assert (before.secret, before.field, before.version) == (None, None, None)
        assert (after.secret, after.field, after.version) == ("prod/db", "password", rotation.token)
        assert (before.step, after.step) == ("createSecret", "createSecret")
        said = "a password from GetRandomPassword that wasn't stored in a secret yet, during createSecret"
        assert str(before) == f"stdout at {before.where}: {said}"

    def test_a_password_that_is_never_stored(self, fake_secrets, secretsmanager):
        made = [secretsmanager.get_random_password()["RandomPassword"] for _ in range(3)]
        for password in made:
            with fake_secrets.leaks.watching() as found:
                logger.warning(base64.b64encode(password.encode()).decode())
            assert leaks_of(found) == [("log", None, None, "base64")]

    def test_a_short_password_is_no_secret(self, watched, secretsmanager):
        print(secretsmanager.get_random_password(PasswordLength=7)["RandomPassword"])
        assert not watched

    @pytest.mark.slow
    def test_the_latest_thousand_passwords_are_known(self, fake_secrets, watched, secretsmanager):
        first, second = (secretsmanager.get_random_password()["RandomPassword"] for _ in range(2))
        for _ in range(999):
            secretsmanager.get_random_password()
        print(first)
        assert not watched
        print(second)
        assert [leak.secret for leak in watched] == [None]

    def test_a_password_from_before_a_reset(self, fake_secrets, watched, secretsmanager):
        password = secretsmanager.get_random_password()["RandomPassword"]
        print("looked at once")
        fake_secrets.reset()
        print(password)
        assert [leak.secret for leak in watched] == [None]

    def test_a_password_that_becomes_a_user_name_is_public(self, fake_secrets, watched, secretsmanager):
        name = secretsmanager.get_random_password()["RandomPassword"]
        fake_secrets.add("prod/admin", {"username": name, "password": PASSWORD})
        print(name)
        assert not watched

    def test_an_invocation(self, fake_secrets, watched):
        arn = fake_secrets.lambda_function(lambda event, context: {"body": PASSWORD}, "echo")
        fake_secrets.invoke(arn, {})
        assert [(leak.place, leak.step) for leak in watched] == [("result", None)]


class TestValues:
    def find(self, fake_secrets, text, **options):
        with fake_secrets.leaks.watching(**options) as found:
            print(text)
        return [(leak.secret, leak.field, leak.form) for leak in found]

    def test_a_whole_value_and_not_its_fields_too(self, fake_secrets, db):
        assert self.find(fake_secrets, json.dumps(LOGIN)) == [("prod/db", None, "plain")]

    def test_the_members_of_a_json_that_is_written_anew(self, fake_secrets, db):
        assert self.find(fake_secrets, json.dumps(LOGIN, indent=2)) == [("prod/db", "password", "json")]
        assert self.find(fake_secrets, str(LOGIN)) == [("prod/db", "password", "repr")]

    def test_members_at_any_depth(self, fake_secrets):
        value = {"users": [{"name": "a", "key": "first-key-1"}, {"name": "b", "key": "second-key-2"}]}
        fake_secrets.add("keys", value)
        assert self.find(fake_secrets, "second-key-2") == [("keys", "users[1].key", "plain")]

    @pytest.mark.parametrize(
        "value", ["plain-value", '"plain-value"', b"plain-value", '["plain-value"]', "plain-value\n"]
    )
    def test_values_that_are_no_json_object(self, fake_secrets, value):
        fake_secrets.add("key", value)
        assert [form for _, _, form in self.find(fake_secrets, "plain-value")] == ["plain"]

    def test_bytes_that_are_no_text(self, fake_secrets):
        content = bytes(range(200, 240))
        fake_secrets.add("key", content)
        assert self.find(fake_secrets, content) == [("key", None, "repr")]
        assert self.find(fake_secrets, base64.b64encode(content).decode()) == [("key", None, "base64")]

    @pytest.mark.parametrize(
        "public",
        [
            LOGIN["username"],
            LOGIN["host"],
            "password username",
            "a log line about prod/db",
            "5432",
        ],
    )
    def test_what_is_no_secret(self, fake_secrets, db, public):
        assert self.find(fake_secrets, public) == []

    def test_arns(self, fake_secrets, db):
        fake_secrets.add("replica", {"masterarn": db.arn, "password": "some-password", "topic": f"{db.arn}:x"})
        assert self.find(fake_secrets, f"{db.arn} {db.arn}:x {fake_secrets['replica'].arn}") == []

    def test_a_value_without_any_secret_in_it(self, fake_secrets):
        value = json.dumps({"username": "application", "host": "db.example.com", "port": 5432})
        fake_secrets.add("settings", value)
        assert self.find(fake_secrets, value) == []

    @pytest.mark.parametrize(
        ("value", "password", "field"),
        [
            ({"database": {"host": "h", "password": "nested-password"}}, "nested-password", "database.password"),
            ({"user": {"name": "u", "password": "user-password"}}, "user-password", "user.password"),
            ({"user": [{"password": "first-in-list"}]}, "first-in-list", "user[0].password"),
            ({"host": [["db.example.com", {"key": "deep-in-lists"}]]}, "deep-in-lists", "host[0][1].key"),
            ({"engine": {"user": {"pass": "two-levels-below"}}}, "two-levels-below", "engine.user.pass"),
        ],
    )
    def test_a_secret_below_a_public_name(self, fake_secrets, value, password, field):
        fake_secrets.add("nested", value)
        assert self.find(fake_secrets, f"login with {password}") == [("nested", field, "plain")]
        assert self.find(fake_secrets, json.dumps(value)) == [("nested", None, "plain")]

    @pytest.mark.parametrize(
        "value",
        [
            {"host": "db-one.example.com"},
            {"host": ["db-one.example.com", "db-two.example.com"]},
            {"host": [["db-one.example.com"]]},
            {"database": {"host": "db-one.example.com", "port": 5432}},
        ],
    )
    def test_public_members_and_lists_of_them_at_any_depth(self, fake_secrets, value):
        fake_secrets.add("settings", value)
        assert self.find(fake_secrets, f"connecting to db-one.example.com with {json.dumps(value)}") == []

    def test_a_value_that_is_public_elsewhere(self, fake_secrets):
        fake_secrets.add("one", {"username": "postgres", "password": "postgres"})
        fake_secrets.add("billing-key", "billing-key")
        fake_secrets.add("three", {"password": "password"})
        fake_secrets.add("four", {"password": "db.example"})
        fake_secrets.add("five", {"host": "db.example.com", "password": "other-value"})
        assert self.find(fake_secrets, "postgres billing-key password db.example.com ") == []

    def test_masks(self, fake_secrets):
        fake_secrets.add("key", {"password": "********"})
        assert self.find(fake_secrets, "login with ********") == []

    def test_short_values_if_asked(self, fake_secrets):
        fake_secrets.add("pin", {"pin": "a7Q2"})
        assert self.find(fake_secrets, "a7Q2") == []
        assert self.find(fake_secrets, "a7Q2", shortest=5) == []
        assert self.find(fake_secrets, "a7Q2", shortest=4) == [("pin", "pin", "plain")]
        assert self.find(fake_secrets, "a7Q2") == []

    def test_only_long_values_if_asked(self, fake_secrets, db):
        assert self.find(fake_secrets, PASSWORD, shortest=len(PASSWORD) + 1) == []
        assert fake_secrets.leaks == []

    @pytest.mark.parametrize("shortest", [0, -1, True, "8", 8.0, None])
    def test_a_length_that_is_none(self, fake_secrets, shortest):
        with pytest.raises(ValueError, match="whole number above 0"):
            fake_secrets.leaks.watching(shortest=shortest)

    @pytest.mark.parametrize(
        ("form", "written"),
        [
            ("base64", base64.b64encode(PASSWORD.encode()).decode()),
            ("base64", base64.urlsafe_b64encode(PASSWORD.encode()).decode().rstrip("=")),
            ("base64", "Basic " + base64.b64encode(f"application:{PASSWORD}".encode()).decode()),
            ("base64", base64.b64encode(f"a:{PASSWORD}:tail".encode()).decode()),
            ("base64", base64.b64encode(f"ab:{PASSWORD}:t".encode()).decode()),
            ("url", urllib.parse.quote(PASSWORD)),
            ("url", urllib.parse.quote(PASSWORD, safe="")),
            ("url", urllib.parse.quote_plus(f"a b {PASSWORD}")),
            ("url", f"postgresql://app:{urllib.parse.quote_plus(PASSWORD)}@db/app"),
            ("url", f"postgresql://app:{lower_escapes(urllib.parse.quote_plus(PASSWORD))}@db/app"),
            ("url", lower_escapes(urllib.parse.quote(PASSWORD))),
            ("json", json.dumps({"a": PASSWORD})),
            ("json", json.dumps({"a": PASSWORD}).replace("/", "\\/")),
            ("repr", repr([PASSWORD])),
            ("repr", repr(PASSWORD.encode())),
        ],
    )
    def test_the_forms_of_a_value(self, fake_secrets, db, form, written):
        assert self.find(fake_secrets, written) == [("prod/db", "password", form)]

    @pytest.mark.parametrize(
        "written",
        [
            html.escape("T>z<\"q'&4xK"),
            html.escape("T>z<\"q'&4xK", quote=False),
            saxutils.quoteattr("T>z<\"q'&4xK"),
            "T&gt;z&lt;&#34;q&#39;&amp;4xK",
            "<pw>T&gt;z&lt;&quot;q&apos;&amp;4xK</pw>",
        ],
    )
    def test_a_value_in_markup(self, fake_secrets, written):
        fake_secrets.add("key", {"key": "T>z<\"q'&4xK"})
        assert self.find(fake_secrets, written) == [("key", "key", "html")]

    @pytest.mark.parametrize(
        "text", ["gr\u00fc\u00dfe aus k\u00f6ln", "\U0001f512 locked \U0001f512", "tab\there\u2028 and"]
    )
    def test_text_beyond_ascii(self, fake_secrets, text):
        fake_secrets.add("key", {"key": text})
        for written in (text, json.dumps(text), repr(text), ascii(text.encode()), urllib.parse.quote(text)):
            assert len(self.find(fake_secrets, written)) == 1, written

    def test_bytes_with_percent_escapes_in_lower_case(self, fake_secrets):
        content = bytes(range(200, 240))
        fake_secrets.add("key", content)
        assert self.find(fake_secrets, lower_escapes(urllib.parse.quote(content))) == [("key", None, "url")]

    def test_escaped_slashes_beyond_ascii(self, fake_secrets):
        fake_secrets.add("key", "gr\u00fc\u00dfe/k\u00f6ln")
        for written in (json.dumps("gr\u00fc\u00dfe/k\u00f6ln"), '"gr\u00fc\u00dfe/k\u00f6ln"'):
            assert self.find(fake_secrets, written.replace("/", "\\/")) == [("key", None, "json")]

    def test_a_json_secret_within_json(self, fake_secrets, db):
        assert self.find(fake_secrets, json.dumps({"SecretString": json.dumps(LOGIN)})) == [
            ("prod/db", None, "json")
        ]

    def test_versions_that_are_gone(self, fake_secrets, secretsmanager, freezer_at_noon):
        fake_secrets.add("key", "the-first-value")
        fake_secrets.quotas.versions = 2
        first = fake_secrets["key"].stages["AWSCURRENT"]
        for number in range(4):
            freezer_at_noon.tick(datetime.timedelta(days=2))
            secretsmanager.put_secret_value(SecretId="key", SecretString=f"value-number-{number}")
        assert first not in [version.id for version in fake_secrets["key"].versions]
        with fake_secrets.leaks.watching() as found:
            print("the-first-value")
        assert [leak.version for leak in found] == [first]

    def test_secrets_that_are_gone(self, fake_secrets, secretsmanager, db):
        secretsmanager.delete_secret(SecretId="prod/db", ForceDeleteWithoutRecovery=True)
        assert "prod/db" not in fake_secrets
        assert len(self.find(fake_secrets, PASSWORD)) == 1

    def test_values_from_before_a_reset(self, fake_secrets):
        fake_secrets.add("key", "before-the-reset")
        with fake_secrets.leaks.watching() as found:
            fake_secrets.add("other", "right-before-the-reset")
            print("before-the-reset")
            fake_secrets.add("another", "straight-before-it")
            fake_secrets.reset()
            print("straight-before-it")
            fake_secrets.add("key", "after-the-reset")
            print("after-the-reset")
        assert [leak.secret for leak in found] == ["key", "another", "key"]

    def test_more_calls_than_the_ledger_keeps(self, monkeypatch):
        monkeypatch.setattr("fake_secrets.observe.ledger.KEPT", 2)
        with mock_stages({"key": "value-of-the-key"}) as world:
            for number in range(5):
                world.add(f"other-{number}", f"value-of-other-{number}")
            assert world.dropped_calls
            assert len(self.find(world, "value-of-the-key")) == 1

    def test_values_that_begin_alike(self, fake_secrets):
        for number in range(20):
            fake_secrets.add(
                f"key-{number}", {"username": "application", "key": f"begins-alike-{number}-{'x' * number}"}
            )
        assert self.find(fake_secrets, "begins-alike-7-xxxxxxx") == [("key-7", "key", "plain")]
        with fake_secrets.leaks.watching() as found:
            for character in "begins-alike-11-xxxxxxxxxxx begins-alike-0- ":
                print(character, end="")
        assert [leak.secret for leak in found][-1] == "key-0"
        assert "key-11" in [leak.secret for leak in found]

    def test_a_value_of_one_character_if_asked(self, fake_secrets):
        fake_secrets.add("key", "ab")
        assert self.find(fake_secrets, "a-b") == []
        assert self.find(fake_secrets, "cab", shortest=1) == [("key", None, "plain")]

    def test_a_text_full_of_a_value_takes_no_time(self, fake_secrets, db):
        assert len(self.find(fake_secrets, PASSWORD * 10_000)) == 1

    def test_a_reset_keeps_what_was_found(self, fake_secrets, watched):
        print(PASSWORD)
        fake_secrets.reset()
        assert len(fake_secrets.leaks) == 1

    def test_seeds_that_nobody_has_read(self):
        with mock_stages({"key": "value-of-the-key"}) as world:
            assert self.find(world, "value-of-the-key") == [("key", None, "plain")]

    def test_watching_leaves_the_dates_of_seeds_to_the_first_use(self, freezer_at_noon):
        with mock_stages({"key": "value-of-the-key"}) as world, world.leaks.watching() as found:
            print("value-of-the-key")
            freezer_at_noon.tick(60)
            created = boto3.client("secretsmanager", "us-east-1").describe_secret(SecretId="key")["CreatedDate"]
            assert created == datetime.datetime.now(datetime.UTC)
            assert [leak.version for leak in found] == [world["key"].stages["AWSCURRENT"]]

    def test_every_account_and_region(self, fake_secrets, secretsmanager):
        elsewhere = boto3.client(
            "secretsmanager", "eu-west-3", aws_access_key_id="9" * 12, aws_secret_access_key="x"
        )
        elsewhere.create_secret(Name="far", SecretString="far-away-value")
        assert self.find(fake_secrets, "far-away-value") == [("far", None, "plain")]

    def test_the_first_version_of_the_first_secret_with_a_value_is_named(self, fake_secrets, secretsmanager):
        fake_secrets.add("one", "the-same-value")
        fake_secrets.add("two", "the-same-value")
        first = fake_secrets["one"].stages["AWSCURRENT"]
        secretsmanager.put_secret_value(SecretId="one", SecretString="the-same-value")
        with fake_secrets.leaks.watching() as found:
            print("the-same-value")
        assert [(leak.secret, leak.version) for leak in found] == [("one", first)]

    def test_several_in_one_text(self, fake_secrets):
        fake_secrets.add("one", "value-of-one")
        fake_secrets.add("two", "value-of-two")
        assert self.find(fake_secrets, "value-of-two value-of-one value-of-two") == [
            ("two", None, "plain"),
            ("one", None, "plain"),
        ]

    def test_a_managed_rotation(self, fake_secrets, secretsmanager):
        fake_secrets.add("rds!db", LOGIN, owning_service="rds")
        fake_secrets.managed_rotation("rds!db", lambda current: {**current, "password": "made-by-rds"})
        with fake_secrets.leaks.watching() as found:
            fake_secrets.rotate("rds!db")
            print("made-by-rds")
        assert [leak.place for leak in found] == ["stdout"]


class TestWorlds:
    def test_a_block_watches_its_own_world_only(self):
        with (
            mock_stages({"one": "value-of-one"}, region="eu-west-1") as one,
            mock_stages({"two": "value-of-two"}, region="eu-west-3") as two,
        ):
            assert (len(one), len(two)) == (1, 1)
            with one.leaks.watching() as of_one, two.leaks.watching() as of_two:
                print("value-of-one")
                print("value-of-two")
        assert [leak.secret for leak in of_one] == ["one"]
        assert [leak.secret for leak in of_two] == ["two"]
        assert list(one.leaks) == of_one

    def test_blocks_leave_in_any_order(self, fake_secrets, db):
        before = seams()
        first, second = fake_secrets.leaks.watching(), fake_secrets.leaks.watching()
        of_first, of_second = first.__enter__(), second.__enter__()
        print(PASSWORD)
        first.__exit__(None, None, None)
        print("again", PASSWORD)
        second.__exit__(None, None, None)
        print("unseen", PASSWORD)
        assert (len(of_first), len(of_second)) == (1, 2)
        assert seams() == before

    def test_a_block_that_is_entered_twice_watches_until_the_outer_one_ends(self, fake_secrets, db):
        before, block = seams(), fake_secrets.leaks.watching()
        with block as outer:
            with block as inner:
                print(PASSWORD)
            print("after the inner one", PASSWORD)
            with block:
                print("again", PASSWORD)
        print("unseen", PASSWORD)
        assert inner is outer
        assert len(outer) == 3
        assert seams() == before

    def test_a_block_that_is_entered_anew_finds_anew(self, fake_secrets, db):
        block = fake_secrets.leaks.watching()
        with block as first:
            print(PASSWORD)
        print("unseen", PASSWORD)
        with block as second:
            pass
        assert (len(first), len(second)) == (1, 0)
        with block as third:
            print("again", PASSWORD)
        assert (len(first), len(second), len(third)) == (1, 0, 1)

    def test_an_exception_that_leaves_an_inner_entering_ends_only_that(self, fake_secrets, db):
        block = fake_secrets.leaks.watching()
        with block as found:
            with contextlib.suppress(RuntimeError), block:
                refuse(PASSWORD)
            print(PASSWORD)
        assert [leak.place for leak in found] == ["exception", "stdout"]

    def test_other_blocks_go_on_while_one_is_entered_twice(self, fake_secrets, db):
        twice = fake_secrets.leaks.watching()
        with twice, fake_secrets.leaks.watching() as other, twice:
            pass
        assert other == []
        with fake_secrets.leaks.watching() as other:
            with twice, twice:
                pass
            print(PASSWORD)
        assert len(other) == 1

    def test_a_loop_is_one_leak(self, watched):
        for _ in range(10):
            print(PASSWORD)
        assert len(watched) == 1

    @pytest.mark.slow
    def test_a_thousand_leaks_are_kept(self, fake_secrets):
        with fake_secrets.leaks.watching() as found:
            for number in range(1010):
                fake_secrets.add(f"key-{number}", f"value-{number}-of-many")
            print(*(f"value-{number}-of-many" for number in range(1010)))
        assert len(found) == 1000

    def test_a_task(self, fake_secrets, watched):
        async def leak():
            print(PASSWORD)

        asyncio.run(leak())
        assert len(watched) == 1


class TestTheSequence:
    def test_it_is_one(self, watched):
        print(PASSWORD)
        print(json.dumps(LOGIN))
        first, second = watched
        assert (watched[0], watched[-1], watched[:1]) == (first, second, [first])
        assert first in watched
        assert watched.index(second) == 1
        assert watched == [first, second] == list(watched)
        assert watched != [first]
        assert watched != "leaks"
        assert bool(watched)

    def test_it_reads_well(self, watched, db):
        print(base64.b64encode(PASSWORD.encode()).decode())
        version = db.stages["AWSCURRENT"]
        line = (
            f"stdout at {watched[0].where}: the field 'password' of secret 'prod/db', version {version}, "
            "in the form 'base64'"
        )
        assert str(watched[0]) == line
        assert str(watched) == f"1 leak:\n- {line}"
        assert repr(watched) == f"<1 leak:\n- {line}>"
        assert HERE in watched[0].where

    def test_no_value_shows(self, fake_secrets, watched, secretsmanager):
        def handler(event, context):
            logger.warning("%s", PASSWORD)
            return PASSWORD

        with contextlib.suppress(Exception):
            fake_secrets.rotate("prod/db", handler, errors="record")
        print(PASSWORD, PASSWORD.encode(), urllib.parse.quote(PASSWORD))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.warn(PASSWORD, stacklevel=1)
        assert len(watched) > 3
        shown = f"{watched} {watched!r} {watched[:]} {fake_secrets.leaks!r} {vars_of(fake_secrets)}"
        assert "Pa55" not in shown


def vars_of(fake_secrets):
    """Return the reprs of everything inside that a debugger could show."""
    leaks = fake_secrets.leaks
    index = leaks._current_index()
    forms = [form for alike in index._forms.values() for some in alike.values() for form in some.values()]
    return repr([leaks, leaks._blocks, index, forms])


def seams():
    """Return what watching changes."""
    return (
        vars(logging.Logger)["callHandlers"],
        warnings.warn,
        warnings.warn_explicit,
        warnings._showwarnmsg,
        type(sys),
        vars(sys.stdout).get("write"),
        vars(sys.stderr).get("write"),
    )
