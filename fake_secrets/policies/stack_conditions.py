"""The conditions of a CloudFormation template, under which its resources and properties are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fake_secrets.policies.deployment import as_text
from fake_secrets.policies.effort import Effort
from fake_secrets.policies.refusals import refusal, unknown_name
from fake_secrets.policies.template import Template

__all__ = ["StackConditions"]


class StackConditions:
    """Evaluates conditions.

    Args:
        template: the template.
        effort: what bounds the work.
        evaluate: evaluates an operand at a place, to a value that is compared literally.
    """

    def __init__(self, template: Template, effort: Effort, evaluate: Callable[[Any, str], Any]) -> None:
        self._template = template
        self._effort = effort
        self._evaluate = evaluate
        self._known: dict[str, bool] = {}

    def holds(self, name: str, place: str) -> bool:
        """Return whether a condition holds.

        Args:
            name: its name.
            place: where it is asked for, for messages.

        Raises:
            PolicyError: there is no such condition, or it can't be evaluated.
        """
        conditions = self._template.conditions
        if name not in conditions:
            hint = unknown_name(name, conditions, "The conditions are")
            raise refusal(self._template.source, place, f"there is no condition {name!r}", hint)
        if name not in self._known:
            where = f"Conditions.{name}"
            with self._effort.elsewhere(where):
                self._known[name] = self._is_true(conditions[name], where)
        return self._known[name]

    def _is_true(self, expression: Any, place: str) -> bool:
        is_call = isinstance(expression, dict) and len(expression) == 1
        name, argument = next(iter(expression.items())) if is_call else ("", None)
        operands = argument if isinstance(argument, list) else []
        with self._effort.step(place):
            if name == "Condition":
                return self.holds(str(argument), place)
            if name == "Fn::Equals" and len(operands) == 2:  # noqa: PLR2004 -- two are compared
                first, second = (as_text(self._evaluate(operand, place)) for operand in operands)
                return bool(first == second)
            if name == "Fn::Not" and len(operands) == 1:
                return not self._is_true(operands[0], place)
            if name in {"Fn::And", "Fn::Or"} and operands:
                hold = (self._is_true(operand, place) for operand in operands)
                return all(hold) if name == "Fn::And" else any(hold)
        problem = "it isn't a condition of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition"
        raise refusal(self._template.source, place, problem)
