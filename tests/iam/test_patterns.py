"""Patterns with IAM's wildcards."""

import fnmatch
import re

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fake_secrets.iam.patterns import joined, matcher_of, matcher_of_pieces, pieces_between_colons

# Few characters, so that texts often match. Some have a meaning in regular expressions.
TEXTS = st.text("ab.[-\n", max_size=8)
PATTERNS = st.text("ab.[-\n*?", max_size=8)


@given(TEXTS, PATTERNS)
def test_stars_and_question_marks_are_the_only_wildcards(text, pattern):
    expected = fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))
    assert matcher_of(pattern)(text) is expected


@pytest.mark.slow
@given(TEXTS, st.lists(st.tuples(PATTERNS, st.booleans()), max_size=4))
def test_pieces_match_as_one_pattern_in_which_fixed_pieces_have_no_wildcards(text, pieces):
    expression = "".join(
        "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) if is_pattern else re.escape(c) for c in piece)
        for piece, is_pattern in pieces
    )
    expected = re.fullmatch(expression, text, re.DOTALL) is not None
    assert matcher_of_pieces(tuple(pieces))(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("**", "x", True),
        ("?", "", False),
        ("a*", "a", True),
        ("a*b*c", "abbbc", True),
        ("a*bc*bc", "abc", False),
        ("a*bc*bc", "abcbc", True),
        ("a??", "ab", False),
        ("name-??????", "name-AbCdEf", True),
        ("name-??????", "name-prod-AbCdEf", False),
        ("*-??????", "name-AbCdEf", True),
        ("A", "a", False),
        ("*??*", "a", False),
        ("*??*", "ab", True),
        ("*?b?c*x", "-abbc-bbbc-x", True),
        ("*a?c*x", "abcx", True),
        ("*a?c*x", "aabcx", True),
        ("*a?cc*x", "abc-accx", False),
    ],
)
def test_the_whole_text_has_to_match(pattern, text, expected):
    assert matcher_of(pattern)(text) is expected


def test_joined_pieces_are_their_texts():
    assert joined([("a*", True), ("*", False)]) == "a**"


def test_pieces_are_split_at_their_colons():
    assert pieces_between_colons([("a:*", True), ("b:c", False), (":d", True)], 3) == [
        (("a", True),),
        (("*", True), ("b", False)),
        (("c", False), (":d", True)),
    ]
