"""Three correct versions of the package breadscore, mistakes to put into the first, and a run of tests on all of them.

The exercise on tests asks you to work from the description alone: better do not look in here before it is solved.
"""

from pathlib import Path

import workshop

CORRECT = {
    "plain": '''\
def wape(sold, forecast):
    if len(sold) != len(forecast):
        raise ValueError("the lists differ in length")
    if sum(sold) == 0:
        raise ValueError("nothing was sold")
    return sum(abs(s - f) for s, f in zip(sold, forecast)) / sum(sold)


def worst_shops(errors, k):
    if k < 0:
        raise ValueError("k is negative")
    return sorted(errors, key=lambda shop: (-errors[shop], shop))[:k]
''',
    "with NumPy and a heap": '''\
import heapq

import numpy as np


class ScoreError(ValueError):
    pass


def wape(sold, forecast):
    try:
        errors = np.abs(np.asarray(sold, dtype=float) - np.asarray(forecast, dtype=float))
    except ValueError:
        raise ScoreError("shapes") from None
    if len(sold) != len(forecast) or not np.any(sold):
        raise ScoreError(f"cannot score {len(sold)} and {len(forecast)} days")
    return (errors / np.sum(sold)).sum()


def worst_shops(errors, k):
    if k < 0:
        raise ScoreError(k)
    return [shop for _, shop in heapq.nsmallest(k, ((-error, shop) for shop, error in errors.items()))]
''',
    "step by step": '''\
def wape(sold, forecast):
    total = missed = 0.0
    days = list(zip(sold, forecast, strict=True))
    for s, f in reversed(days):
        total += s
        missed += max(s, f) - min(s, f)
    if not total:
        raise ValueError
    return 1 / total * missed


def worst_shops(errors, k):
    if k <= -1:
        raise ValueError("0 or more, please")
    left, found = dict(errors), []
    while left and len(found) < k:
        worst = min(left, key=lambda shop: (-left[shop], shop))
        found.append(worst)
        del left[worst]
    return found
''',
}


def mutant(*changes):
    """The first correct version with something replaced."""
    text = CORRECT["plain"]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


RESULT, ORDER = "sum(abs(s - f) for s, f in zip(sold, forecast)) / sum(sold)", "(-errors[shop], shop)"
COARSE = {
    "wape divides by the sum of the forecasts": mutant((RESULT, RESULT.replace("/ sum(sold)", "/ sum(forecast)"))),
    "wape lets errors up and down cancel": mutant((RESULT, "abs(sum(sold) - sum(forecast)) / sum(sold)")),
    "wape divides by the number of days": mutant((RESULT, RESULT.replace("/ sum(sold)", "/ len(sold)"))),
    "worst_shops has the best first": mutant((ORDER, "(errors[shop], shop)")),
    "worst_shops always returns all shops": mutant(("[:k]", "")),
    "worst_shops returns errors, not names": mutant(("return sorted(errors,", "return sorted(errors.values(),"),
                                                    (f"key=lambda shop: {ORDER}", "reverse=True")),
}
FINE = {
    "wape is the mean of each day's share": mutant(
        (RESULT, "sum(abs(s - f) / s for s, f in zip(sold, forecast) if s) / len(sold)")
    ),
    "wape squares the errors": mutant((RESULT, RESULT.replace("abs(s - f)", "(s - f) ** 2"))),
    "wape cuts the longer list off": mutant(("if len(sold) != len(forecast):", "if False:")),
    "wape is 0 if all of sold is 0": mutant(
        ("    if sum(sold) == 0:", "    if sold and sum(sold) == 0:\n        return 0.0\n    if sum(sold) == 0:")
    ),
    "worst_shops leaves equal errors in the order of the dictionary": mutant((ORDER, "-errors[shop]")),
    "worst_shops has equal errors in reverse alphabetical order": mutant(
        (f"key=lambda shop: {ORDER}", "key=lambda shop: (errors[shop], shop), reverse=True")
    ),
    "worst_shops takes a negative k": mutant(("if k < 0:", "if False:")),
    "worst_shops fails if there are fewer than k shops": mutant(("if k < 0:", "if k < 0 or k > len(errors):")),
}


def survivors_of(mutants):
    """Run test_breadscore.py on correct versions, which it must accept, and on mutants; return those that survive."""
    try:
        tests = Path("test_breadscore.py").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssertionError("there is no file test_breadscore.py: run the cell above, which writes it") from None
    if "raise NotImplementedError" in tests:
        raise NotImplementedError("write the tests first, and delete the line that raises NotImplementedError")
    try:
        for name, run in workshop.run_tests(tests, CORRECT).items():
            assert not run.problem, f"pytest could not run your file: {run.problem}"
            assert not run.failed, (
                f"on the correct version '{name}', the test {next(iter(run.failed))} fails: "
                f"{next(iter(run.failed.values()))}. Does the description promise what the test demands?"
            )
            assert run.passed and not run.skipped, (
                f"{len(run.passed)} tests passed and {len(run.skipped)} were skipped; expected at least one test, and "
                "none skipped"
            )
        return [name for name, run in workshop.run_tests(tests, mutants).items() if run.green]
    except WorkError as error:
        raise AssertionError(f"your tests ended without a result: {error}") from None
