"""The format of a state file finds every damage."""

import pytest

from fake_secrets.keeping import lines

CHANGES = [
    [
        {"secrets": {"0": {"secret": {"name": "a"}}}},
        {"secrets": {"1": {"secret": {"name": "é"}}}},
        {"settings": {}},
    ],
    [{"settings": {"lead": 1.5}}],
    [{"secrets": {"0": None}}],
]


def content_of(changes):
    content, digest = lines.HEADING, None
    for change in changes:
        added, digest = lines.lines_of(change, digest)
        content += added
    return content


CONTENT = content_of(CHANGES)
STATES = [CHANGES[:count] for count in range(1, len(CHANGES) + 1)]


def changes_or_refusal(content):
    """Return the changes that are read, or None if the content is refused."""
    try:
        return lines.read(content).changes
    except lines.DamageError:
        return None


def test_what_was_written_is_read():
    found = lines.read(CONTENT)
    assert (found.changes, found.end) == (CHANGES, len(CONTENT))


def test_what_is_appended_after_reading_continues_the_file():
    found = lines.read(content_of(CHANGES[:2]))
    assert content_of(CHANGES[:2]) + lines.lines_of(CHANGES[2], found.digest)[0] == CONTENT


def test_a_file_that_is_cut_off_anywhere_is_refused_or_read_as_an_earlier_state():
    read = [changes_or_refusal(CONTENT[:length]) for length in range(len(CONTENT))]
    assert all(changes is None or changes in STATES for changes in read)
    assert [changes for changes in STATES if changes in read] == STATES[:2]


def test_a_change_of_several_records_counts_only_if_all_of_them_are_there():
    content = content_of([CHANGES[1], CHANGES[0]])
    last = content.rindex(b"\n", 0, -1) + 1
    found = lines.read(content[:last])
    assert (found.changes, found.end) == ([CHANGES[1]], len(content_of([CHANGES[1]])))


@pytest.mark.parametrize("bit", range(8))
def test_a_file_with_a_flipped_bit_is_refused_or_read_as_an_earlier_state(bit):
    for position in range(len(CONTENT)):
        damaged = bytearray(CONTENT)
        damaged[position] ^= 1 << bit
        changes = changes_or_refusal(bytes(damaged))
        # Without its end, the last line counts as cut off.
        assert changes is None or (changes == STATES[1] and position == len(CONTENT) - 1)


def test_a_line_that_is_missing_doubled_or_moved_is_refused():
    heading, *rest = CONTENT.splitlines(keepends=True)
    for number in range(len(rest) - 1):
        others = rest[:number] + rest[number + 1 :]
        for damaged in (others, [*others[:-1], rest[number], others[-1]], [*rest[: number + 1], *rest[number:]]):
            if damaged != rest:
                assert changes_or_refusal(heading + b"".join(damaged)) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{}\n", "isn't a state file of fake_secrets, or its first line is damaged"),
        (b"\x00" * 4096, "isn't a state file of fake_secrets, or its first line is damaged"),
        (
            b"SQLite format 3\x00" + b"\x01" * 84,
            "isn't a state file of fake_secrets, or its first line is damaged",
        ),
        (
            b"# fake_secrets state file, format 12. It holds roses.\n",
            "has format 12, which a newer fake_secrets has written; this one reads format 1",
        ),
        (b"# fake_secrets state file, format 0. It\n", "is damaged: its first line isn't as it was written"),
        (lines.HEADING[:30], "is damaged: its first line isn't as it was written"),
        (lines.HEADING, "is damaged: it ends before its first state is complete"),
        (CONTENT.replace(b'"a"', b'"b"'), "is damaged: line 2 isn't as it was written"),
        (CONTENT + b"\n", "is damaged: line 7 isn't as it was written"),
    ],
    ids=[
        "JSON",
        "zeros",
        "SQLite",
        "newer",
        "no format",
        "heading cut off",
        "heading only",
        "changed",
        "blank line",
    ],
)
def test_a_refusal_says_why(content, why):
    with pytest.raises(lines.DamageError) as refused:
        lines.read(content)
    assert str(refused.value) == why
