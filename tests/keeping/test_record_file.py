"""A file of records: who may open it, with which mode, and what a failed write leaves."""

import errno
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fake_secrets.keeping import drafts, lines, record_file
from fake_secrets.keeping.locking import lock
from fake_secrets.keeping.record_file import RecordFile
from fake_secrets.keeping.state_file_error import StateFileError

FIRST = {"settings": {"lead": 0.0}}
SECOND = {"settings": {"lead": 1.0}}
THIRD = {"settings": {"lead": 2.0}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "world.state"


@pytest.fixture
def file(path):
    file = RecordFile(path)
    yield file
    file.close()


def changes_in(path):
    return lines.read(Path(path).read_bytes()).changes


def mode_of(path):
    return stat.S_IMODE(Path(path).stat().st_mode)


def write(path, *changes):
    file = RecordFile(path)
    file.rewrite(changes[0])
    for change in changes[1:]:
        file.append(change)
    file.close()


def test_changes_are_read_in_the_order_in_which_they_were_written(path):
    write(path, [FIRST], [SECOND, FIRST], [THIRD])
    file = RecordFile(path)
    file.close()
    assert file.changes == [[FIRST], [SECOND, FIRST], [THIRD]]


def test_a_file_that_is_written_anew_has_only_the_last_state(path, file):
    file.rewrite([FIRST])
    file.append([SECOND])
    file.rewrite([THIRD])
    assert changes_in(path) == [[THIRD]]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_user_may_read_the_file_from_the_first_moment_on(path, umask, monkeypatch):
    modes = []
    write_genuinely = record_file._write

    def looking(descriptor, content, position):
        modes.extend(mode_of(one) for one in path.parent.iterdir())
        write_genuinely(descriptor, content, position)

    monkeypatch.setattr(record_file, "_write", looking)
    before = os.umask(umask)
    try:
        file = RecordFile(path)
        modes.append(mode_of(path))
        file.rewrite([FIRST])
        file.append([SECOND])
        file.close()
    finally:
        os.umask(before)
    assert {*modes, mode_of(path)} == {0o600}


def test_others_may_no_longer_read_a_file_that_they_could_once_it_is_written(path):
    write(path, [FIRST])
    path.chmod(0o644)
    file = RecordFile(path)
    file.rewrite([SECOND])
    file.close()
    assert mode_of(path) == 0o600


def test_an_empty_file_counts_as_a_new_one(path):
    path.touch()
    file = RecordFile(path)
    file.close()
    assert (file.changes, path.exists()) == ([], True)


def test_a_new_file_that_nothing_was_written_to_is_deleted(path):
    RecordFile(path).close()
    assert not path.exists()


def test_a_symbolic_link_stays_one(path, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(path)
    write(link, [FIRST], [SECOND])
    assert link.is_symlink()
    assert changes_in(path) == [[FIRST], [SECOND]]


def test_no_other_file_is_left_behind(path):
    write(path, [FIRST], [SECOND])
    assert [one.name for one in path.parent.iterdir()] == ["world.state"]


def test_what_a_kill_has_left_of_a_new_file_is_removed(path):
    left = drafts.name_for(str(path))
    left.write_bytes(lines.HEADING + b"half of a state")
    write(path, [FIRST])
    assert changes_in(path) == [[FIRST]]
    assert not left.exists()


@pytest.mark.parametrize("name", ["world.state-new", ".world.state.draft", ".world.state.0123456789abcdef.draft"])
def test_a_file_of_somebody_else_stays_whatever_its_name(path, name):
    other = path.with_name(name)
    other.write_bytes(b"somebody's own")
    write(path, [FIRST], [SECOND])
    assert other.read_bytes() == b"somebody's own"


def test_the_draft_of_another_file_stays(path):
    other = drafts.name_for(str(path.with_name("other.state")))
    other.write_bytes(lines.HEADING)
    write(path, [FIRST])
    assert other.exists()


def test_a_draft_that_is_being_written_stays(path):
    left = drafts.name_for(str(path))
    with left.open("wb") as file:
        assert lock(file.fileno())
        write(path, [FIRST])
        assert left.exists()


def test_a_change_that_was_cut_off_is_told_of(path):
    write(path, [FIRST], [SECOND])
    path.write_bytes(path.read_bytes()[:-5])
    file = RecordFile(path)
    file.close()
    assert file.was_cut_off


DAMAGED = {
    "foreign": b"DB_PASSWORD=hunter2\n",
    "newer": b"# fake_secrets state file, format 2. It holds secret values in clear text.\n",
    "cut off": lines.HEADING + lines.lines_of([FIRST])[0][:-1],
    "damaged": (lines.HEADING + lines.lines_of([FIRST])[0]).replace(b"lead", b"load"),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_file_that_is_refused_stays_as_it_is(path, content):
    path.write_bytes(content)
    path.chmod(0o644)
    before = path.stat()
    with pytest.raises(StateFileError):
        RecordFile(path)
    after = path.stat()
    assert path.read_bytes() == content
    assert (after.st_mode, after.st_mtime_ns, after.st_ino) == (before.st_mode, before.st_mtime_ns, before.st_ino)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def refusal_of(path):
    with pytest.raises(StateFileError) as refused:
        RecordFile(path)
    return str(refused.value)


def test_a_refusal_is_a_sentence_that_names_the_file(path):
    path.write_bytes(DAMAGED["foreign"])
    assert refusal_of(path) == (
        f"the state file {str(path)!r} isn't a state file of fake_secrets, or its first line is damaged"
    )


def test_a_file_in_a_directory_that_does_not_exist_is_refused(tmp_path):
    path = tmp_path / "nowhere" / "world.state"
    assert refusal_of(path) == f"the state file {str(path)!r} can't be opened: No such file or directory"


def test_a_directory_is_refused(tmp_path):
    assert refusal_of(tmp_path) == f"the state file {str(tmp_path)!r} can't be opened: Is a directory"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_named_pipe_is_refused_without_waiting_for_its_other_end(path):
    os.mkfifo(path)
    assert refusal_of(path) == f"the state file {str(path)!r} isn't a regular file"


def test_a_device_is_refused():
    assert refusal_of(os.devnull) == f"the state file {os.devnull!r} isn't a regular file"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may do everything")
def test_a_file_that_the_user_may_not_write_is_refused(path):
    write(path, [FIRST])
    path.chmod(0o400)
    assert refusal_of(path) == f"the state file {str(path)!r} can't be opened: Permission denied"


def test_a_file_that_is_open_is_refused(path, file):
    assert refusal_of(path) == f"the state file {str(path)!r} is in use by another server"


def test_a_file_that_was_written_anew_since_is_refused_too(path, file):
    file.rewrite([FIRST])
    assert refusal_of(path) == f"the state file {str(path)!r} is in use by another server"


def test_a_file_that_was_closed_can_be_opened_again(path):
    write(path, [FIRST])
    write(path, [SECOND])
    assert changes_in(path) == [[SECOND]]


OPEN_AND_WAIT = """
import sys
from fake_secrets.keeping.record_file import RecordFile
file = RecordFile(sys.argv[1])
file.rewrite([{"settings": {}}])
print("open", flush=True)
sys.stdin.read()
"""


def test_a_process_that_is_killed_holds_the_file_no_longer(path):
    command = [sys.executable, "-c", OPEN_AND_WAIT, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "open\n"
        refusal = refusal_of(path)
        process.kill()
        process.wait(20)
    assert refusal.endswith("is in use by another server")
    write(path, [SECOND])


def fail_in_the_middle(monkeypatch, after, number=errno.ENOSPC):
    """Let the disk be full after a number of bytes."""
    genuine, left = os.write, [after]

    def writing(descriptor, content):
        if not left[0]:
            raise OSError(number, os.strerror(number))
        written = genuine(descriptor, bytes(content)[: left[0]])
        left[0] -= written
        return written

    monkeypatch.setattr(record_file.os, "write", writing)


@pytest.mark.parametrize("after", [0, 1, 30])
def test_a_change_that_can_not_be_written_whole_is_not_in_the_file(path, file, after, monkeypatch):
    file.rewrite([FIRST])
    with monkeypatch.context() as patched:
        fail_in_the_middle(patched, after)
        with pytest.raises(OSError, match="No space left on device"):
            file.append([SECOND])
    assert changes_in(path) == [[FIRST]]


@pytest.mark.parametrize("after", [1, 30])
def test_what_follows_a_change_that_could_not_be_written_is_right(path, file, after, monkeypatch):
    file.rewrite([FIRST])
    with monkeypatch.context() as patched:
        fail_in_the_middle(patched, after)
        with pytest.raises(OSError, match="No space left"):
            file.append([SECOND])
    file.append([THIRD])
    assert changes_in(path) == [[FIRST], [THIRD]]


def test_what_follows_a_change_that_was_cut_off_by_a_kill_is_right(path):
    write(path, [FIRST], [SECOND])
    path.write_bytes(path.read_bytes()[:-5])
    file = RecordFile(path)
    file.append([THIRD])
    file.close()
    assert changes_in(path) == [[FIRST], [THIRD]]


@pytest.mark.parametrize("after", [0, 1, 100])
def test_a_file_that_can_not_be_written_anew_stays_as_it_is(path, file, after, monkeypatch):
    file.rewrite([FIRST])
    file.append([SECOND])
    before = path.read_bytes()
    fail_in_the_middle(monkeypatch, after)
    with pytest.raises(OSError, match="No space left on device"):
        file.rewrite([THIRD])
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_file_is_long_once_it_has_grown_much(file):
    file.rewrite([FIRST])
    large = {"secrets": {"0": {"secret": {"description": "x" * 600_000}}}}
    lengths = []
    for _ in range(2):
        file.append([large])
        lengths.append(file.is_long())
    file.put_off()
    file.append([large])
    lengths.append(file.is_long())
    assert lengths == [False, True, False]


def test_a_large_file_is_not_written_anew_with_each_change(file):
    large = {"secrets": {"0": {"secret": {"description": "x" * 1_200_000}}}}
    file.rewrite([large])
    file.append([FIRST])
    assert not file.is_long()


def test_a_file_that_was_deleted_is_made_again(path, file):
    file.rewrite([FIRST])
    path.unlink()
    assert file.is_gone()
    file.rewrite([SECOND])
    assert changes_in(path) == [[SECOND]]


def test_another_file_in_its_place_is_never_written_over(path, file):
    file.rewrite([FIRST])
    path.unlink()
    path.write_text("mine")
    assert file.is_gone()
    with pytest.raises(OSError, match=re.escape("another file is in its place")):
        file.rewrite([SECOND])
    assert path.read_text() == "mine"


def test_what_another_program_has_written_to_it_stays(path, file):
    file.rewrite([FIRST])
    with path.open("a") as others:
        others.write("mine")
    with pytest.raises(OSError, match="another program has changed it"):
        file.append([SECOND])
    assert path.read_text().endswith("mine")
