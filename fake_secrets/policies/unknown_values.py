"""What a template needs and only a deployment knows. All of it is told in one exception."""

from __future__ import annotations

from dataclasses import dataclass

from fake_secrets.errors import PolicyError

__all__ = ["UnknownValue", "UnknownValues", "UnknownValuesError"]

# The number of places that a message shows.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """One value that isn't known.

    Args:
        place: the resource and the path of the property that needs it.
        what: what it is.
        argument: the argument that the user can give it in, or an empty string if there is none.
        keys: what to give there.
    """

    place: str
    what: str
    argument: str = ""
    keys: tuple[str, ...] = ()


class UnknownValuesError(PolicyError):
    """Raised for values that only a deployment knows. The message says where they are needed, and what to pass.

    Args:
        source: the template's file.
        values: the values.
    """

    def __init__(self, source: str, values: tuple[UnknownValue, ...]) -> None:
        super().__init__(source, values)
        self.source = source
        self.values = values

    def __str__(self) -> str:
        first, *others = self.values
        if not others:
            needed = (
                f"{self.source}, {first.place}: its value isn't known before deployment. It needs {first.what}."
            )
        else:
            listed = "".join(f"\n- {one.place} needs {one.what}" for one in self.values[:_SHOWN])
            listed += "\n- ..." * (len(self.values) > _SHOWN)
            needed = f"{self.source}: {len(self.values)} values aren't known before deployment.{listed}"
        return f"{needed}\n{self._fix()}"

    def _fix(self) -> str:
        given = []
        for argument in ("arns", "parameters"):
            keys = dict.fromkeys(key for one in self.values if one.argument == argument for key in one.keys)
            if keys:
                pairs = ", ".join(f'"{key}": ...' for key in keys)
                given.append(f"{argument}={{{pairs}}}")
        sentences = [f"Pass {' and '.join(given)}."] if given else []
        if any(not one.argument for one in self.values):
            sentences.append("Replace what can't be evaluated in the template that you give.")
        return " ".join(sentences)


class UnknownValues:
    """Gathers the values that aren't known, so that the user hears of all of them at once.

    Evaluate each of several parts in a `with` block of it, and call `check` at the end.

    Args:
        source: the template's file.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._values: list[UnknownValue] = []

    def __enter__(self) -> None:
        """Begin a part."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if isinstance(error, UnknownValuesError):
            self._values += error.values
            return True
        return False

    def check(self) -> None:
        """Check that everything was known.

        Raises:
            UnknownValuesError: it wasn't.
        """
        if self._values:
            raise UnknownValuesError(self._source, tuple(dict.fromkeys(self._values)))
