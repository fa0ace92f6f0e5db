"""nbgrader's partial credit: a check whose last line is a number is worth that many points.

Of a check only this is believed: that it ran to its end, or with which exception it stopped. So its value travels as an
exception too, one that only this run knows the name of: a check that ends in a value raises it as its very last act.
"""

from __future__ import annotations

import ast
import math
import re
import secrets

from autograder.execution import RunRecord
from autograder.grading.key import KeyCell
from autograder.grading.names import plain_python

# As Python and NumPy write one.
_NUMBER = re.compile(r"(?:np\.\w+\()?([-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|inf|nan))\)?")


class PartialCredit:
    """What checks of one run give as their value."""

    def __init__(self) -> None:
        self._token = f"credit_{secrets.token_hex(8)}"

    def ask(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """The parts of a check, the last of them telling the value of its last line."""
        return (*parts[:-1], self._ask(parts[-1])) if parts else parts

    def _ask(self, source: str) -> str:
        try:
            plain = plain_python(source)
            last = (ast.parse(plain).body or [None])[-1]
        except (SyntaxError, ValueError):
            return source
        # As in a notebook, a semicolon at the end says that there is no value.
        if not isinstance(last, ast.Expr) or source.rstrip().endswith(";"):
            return source
        value = ast.get_source_segment(plain, last)
        lines = plain.encode().splitlines(keepends=True)
        before = b"".join(lines[:last.lineno - 1]) + lines[last.lineno - 1][:last.col_offset]
        # No name is used that the notebook could have given another meaning.
        return (f"{before.decode()}{self._token} = (\n{value}\n)\n"
                f"if {self._token} is not None: ({{}})[f'{self._token}={{{self._token}!r}}=']")

    def settle(self, record: RunRecord, checks: list[KeyCell]) -> dict[str, float]:
        """Turns those exceptions back into checks that passed.

        Returns:
            Per check that gave a number, that number.
        """
        values = {}
        for cell in checks:
            fact = record.facts[cell.id]
            name, text = fact.error
            if fact.status != "error" or name != "KeyError" or f"{self._token}=" not in text:
                continue
            fact.status, fact.error, fact.reason = "passed", ("", ""), ""
            said = text.partition(f"{self._token}=")[2].rpartition("=")[0]
            if fact.part < cell.hidden_from and fact.outputs:
                shown = [output for output in fact.outputs[-1] if output.get("output_type") != "error"]
                fact.outputs[-1] = [*shown, {"output_type": "execute_result", "data": {"text/plain": said},
                                             "metadata": {}, "execution_count": None}]
            number = _NUMBER.fullmatch(said)
            if number:
                values[cell.id] = float(number[1])
        return values


def points_for(value: float | None, points: float) -> tuple[float, str]:
    """Points for a check that passed, and what is wrong with the value it gave."""
    if value is None:
        return points, ""
    if math.isnan(value) or value < 0:
        return 0.0, f"The check gave {value:g} points: no points were given."
    if value > points:
        return points, f"The check gave {value:g} points, more than the {points:g} it is worth."
    return value, ""
