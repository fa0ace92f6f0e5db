"""The result of a check as a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.errors import MleError
from autograder.grading import CheckResult, ExerciseResult, Result
from autograder.learner.check import Checked, Hint
from autograder.reports.check_page import check_page, write_check_page

SAYS = "mean([1, 2]) gave 2, expected 1.5: divide by the number of values"


def page_of(*exercises: ExerciseResult) -> str:
    hints = {"mean": Hint(2, ("first", "second *one*", "third"))}
    return check_page(Checked(Path("a.ipynb"), Result("1-1-means", "digest", exercises), hints, True))


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page.partition("<main")[2]).split())


def test_a_failed_check_shows_what_was_called_what_came_back_and_what_was_expected():
    checks = tuple(CheckResult(name, 2, 0, "failed", text) for name, text in
                   {"values": SAYS, "shape": "No <b>shape</b> at all."}.items())
    page = page_of(ExerciseResult("mean", True, "", checks))
    said = words(page)
    assert "0 of 4 points" in said and "2 of 2 checks did not pass" in said
    assert "call mean([1, 2]) got 2 expected 1.5: divide by the number of values" in said
    assert "No &lt;b&gt;shape&lt;/b&gt; at all." in page
    assert "http" not in page


def test_hints_are_there_up_to_the_next_one():
    page = page_of(ExerciseResult("mean", True, "", (CheckResult("values", 2, 0, "failed", SAYS),)))
    assert "Hint 2 of 3" in page and "<em>one</em>" in page and "third" not in page


def test_a_cell_that_stopped_is_told_once_and_not_by_every_check():
    checks = tuple(CheckResult(name, 2, 0, "error", "NameError: name 'mean' is not defined") for name in "ab")
    said = words(page_of(ExerciseResult("mean", True, "Your cell stopped with SyntaxError: x (line 1)", checks)))
    assert "your cell Your cell stopped with SyntaxError" in said and "NameError" not in said


def test_what_was_not_attempted_or_not_reached_is_no_failure():
    said = words(page_of(ExerciseResult("mean", False, "", (CheckResult("a", 2, 0, "failed", "not attempted yet"),)),
                         ExerciseResult("sum", True, "", (CheckResult("b", 1, 0, "not_run", "Not run."),), ran=False)))
    assert "mean not attempted yet" in said and "not run: the notebook ended before it" in said and "✗" not in said


def test_a_page_replaces_an_earlier_one_and_nothing_else(tmp_path):
    checked = Checked(Path("a.ipynb"), Result("1-1-means", "digest", ()), {}, True)
    path, notes = tmp_path / "check.html", tmp_path / "notes.md"
    for _ in range(2):
        write_check_page(path, checked)
    assert "0 of 0 points" in path.read_text()
    notes.write_text("precious")
    with pytest.raises(MleError, match=r"notes\.md is not a page of `mle check`"):
        write_check_page(notes, checked)
    with pytest.raises(MleError, match="There is no folder"):
        write_check_page(tmp_path / "nowhere" / "check.html", checked)
    assert notes.read_text() == "precious"
