"""The errors that a service double says its methods may raise."""

import types

import pytest
from fake_database import FakeDatabase, double_of


class DemandingError(Exception):
    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code


class ImpossibleError(Exception):
    def __init__(self, code, reason):
        super().__init__()
        self.code = code

    def __str__(self):
        return str(self.code)


class TestErrors:
    def errors_of(self, errors):
        with double_of(types.SimpleNamespace(errors=errors)) as double:
            return double.errors

    def test_a_connection_error_is_the_default(self):
        with double_of(FakeDatabase()) as double:
            (make,) = double.errors
        assert type(make()) is ConnectionError
        assert str(make()) == "the connection was lost"

    def test_each_error_is_a_new_one(self):
        (make,) = self.errors_of((OSError,))
        assert make() is not make()

    @pytest.mark.parametrize("errors", [OSError, (OSError,), [OSError], OSError("refused")])
    def test_one_error_needs_no_tuple(self, errors):
        assert [type(make()) for make in self.errors_of(errors)] == [OSError]

    def test_an_exception_is_given_as_it_is_but_new(self):
        given = OSError(104, "reset")
        given.code = "08006"
        try:
            raise given
        except OSError:
            (make,) = self.errors_of((given,))
        made = make()
        assert made is not given
        assert (made.args, made.code, made.__traceback__) == ((104, "reset"), "08006", None)

    def test_an_exception_whose_class_wants_other_arguments_is_given_as_it_is(self):
        (make,) = self.errors_of((DemandingError(7, "gone"),))
        assert (str(make()), make().code) == ("7: gone", 7)

    def test_a_class_that_wants_no_arguments_is_made_without(self):
        class BareError(Exception):
            def __init__(self):
                super().__init__("bare")

        (make,) = self.errors_of((BareError,))
        assert str(make()) == "bare"

    def test_a_class_that_wants_other_arguments_is_made_without_its_constructor(self):
        (make,) = self.errors_of((DemandingError,))
        assert str(make()) == "the connection was lost"

    def test_a_class_that_cannot_be_made_is_refused_with_the_fix(self):
        with pytest.raises(TypeError, match=r"errors = \(ImpossibleError\(\.\.\.\),\)"):
            self.errors_of((ImpossibleError,))

    @pytest.mark.parametrize("errors", ["timeout", (int,), (KeyboardInterrupt,), None])
    def test_anything_else_is_refused(self, errors):
        with pytest.raises(TypeError, match=r"SimpleNamespace\.errors takes classes of exceptions"):
            self.errors_of(errors)

    def test_a_double_without_errors_of_its_own_may_have_none(self):
        assert self.errors_of(()) == ()
