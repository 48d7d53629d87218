"""What a text with variables stands for is compiled once for each set of their values."""

import pytest

from fake_secrets.iam.patterns import matcher_of_pieces
from fake_secrets.iam.variable_patterns import VariablePattern
from fake_secrets.iam.variables import parts_of


class Compiler:
    """Compiles patterns, and notes each."""

    def __init__(self):
        self.compiled = []

    def __call__(self, pieces):
        self.compiled.append(pieces)
        return matcher_of_pieces(pieces)


@pytest.fixture
def compiler():
    return Compiler()


def test_the_same_values_are_compiled_once(compiler):
    pattern = VariablePattern(parts_of("${aws:username}/*"), compiler)
    for name in ("dev", "ops", "dev", "ops"):
        is_match = pattern.of({"aws:username": name})
        assert is_match(f"{name}/key")
        assert not is_match("other/key")
    assert len(compiler.compiled) == 2


@pytest.mark.slow
def test_many_patterns_do_not_displace_each_other(compiler):
    patterns = [VariablePattern(parts_of(f"${{aws:username}}*{number}"), compiler) for number in range(5_000)]
    for _ in range(2):
        assert sum(pattern.of({"aws:username": "dev"})("dev-4321") for pattern in patterns) == 4
    assert len(compiler.compiled) == 5_000


def test_a_pattern_remembers_few_sets_of_values(compiler):
    pattern = VariablePattern(parts_of("${aws:username}"), compiler)
    for number in [*range(1_000), *range(1_000)]:
        assert pattern.of({"aws:username": f"user{number}"})(f"user{number}")
    assert len(compiler.compiled) == 2_000


@pytest.mark.parametrize("context", [{}, {"aws:username": ["dev"]}])
def test_a_variable_without_a_value_makes_no_pattern(context, compiler):
    assert VariablePattern(parts_of("${aws:username}"), compiler).of(context) is None
    assert compiler.compiled == []


def test_a_default_counts_as_the_value(compiler):
    assert VariablePattern(parts_of("${aws:username, 'dev'}"), compiler).of({})("dev")
