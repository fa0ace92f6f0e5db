"""Grading: what is put back before a run, what earns points, and what a learner never gets to see."""

from __future__ import annotations

import json
import re
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import compute_checksum
from traitlets.config import Config

from autograder.authoring import build
from autograder.course import Course, split_check
from autograder.execution import Job, RunRecord, StepFact, run
from autograder.grading import (
    GradingCourse,
    Key,
    UnreadableNotebook,
    configure_kit,
    grade_notebook,
    read_submission,
    restore,
)
from autograder.grading.reading import parse_notebook
from autograder.reports.feedback_page import write_feedback

LESSON = "1-1-means"
RIGHT = {
    "mean": "def mean(values):\n    return sum(values) / len(values)",
    "geometric": "def geometric(values):\n    return math.prod(values) ** (1 / len(values))",
}


@pytest.fixture
def key(mini: Course) -> Key:
    return Key.load(mini.solutions / LESSON)


@pytest.fixture
def handed_out(mini: Course) -> NotebookNode:
    return nbformat.read(mini.notebooks / LESSON / f"{LESSON}.ipynb", as_version=4)


def index(notebook: NotebookNode, identity: str) -> int:
    return next(i for i, cell in enumerate(notebook.cells) if cell.id == identity)


def cell(notebook: NotebookNode, identity: str) -> NotebookNode:
    return notebook.cells[index(notebook, identity)]


def answered(notebook: NotebookNode, **answers: str) -> NotebookNode:
    copy = deepcopy(notebook)
    for identity, source in answers.items():
        cell(copy, identity).source = source
    return copy


def recorded(**facts: StepFact):
    """An engine that runs nothing and says of every cell that it passed, but for some."""
    def execute(job: Job) -> RunRecord:
        return RunRecord({step.id: facts.get(step.id.replace("-", "_"),
                                             StepFact(step.id, "passed", len(step.parts) - 1,
                                                      [[] for _ in step.parts])) for step in job.steps})
    return execute


def kept(notebook: NotebookNode, key: Key) -> list[str]:
    """The lesson's fixed cells, in the order in which they stand."""
    return [cell.id for cell in notebook.cells if cell.id in key.ids]


def assert_sound(notebook: NotebookNode, key: Key) -> None:
    """The lesson's cells are there once, in order, with their text, and the notebook is valid."""
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    assert kept(notebook, key) == list(key.ids)
    for fixed in key.cells:
        found = cell(notebook, fixed.id)
        assert found.cell_type == fixed.cell_type
        if fixed.kind in {"given", "check"}:
            assert found.source == fixed.source
        elif fixed.kind == "rubric":
            assert found.source.startswith("**Rubric for ") and found.source.endswith(f"\n\n{fixed.source}")
        if "nbgrader" in fixed.metadata:
            assert found.metadata.nbgrader.grade_id == fixed.id
    assert [c.id for c in notebook.cells if "nbgrader" in c.metadata] == [
        fixed.id for fixed in key.cells if "nbgrader" in fixed.metadata]


# --- restoring ----------------------------------------------------------------------------------------------------


def test_an_intact_submission_is_left_as_it_is(key, handed_out):
    for notebook in (handed_out, answered(handed_out, **RIGHT, memo="Growth.")):
        restored = restore(key, notebook)
        assert restored.repairs == ()
        assert_sound(restored.notebook, key)
        rubrics = {fixed.id for fixed in key.of_kind("rubric")}
        assert [(c.id, c.cell_type) for c in restored.notebook.cells if c.id not in rubrics] == [
            (c.id, c.cell_type) for c in notebook.cells]
        assert cell(restored.notebook, "mean").source == cell(notebook, "mean").source


def test_restoring_twice_changes_nothing_more(key, handed_out):
    broken = answered(handed_out, **RIGHT)
    broken.cells.reverse()
    broken.cells.insert(2, deepcopy(cell(broken, "mean")))
    once = restore(key, broken).notebook
    twice = restore(key, once)
    assert twice.repairs == ()
    assert nbformat.writes(twice.notebook) == nbformat.writes(once)


def test_restoring_does_not_change_what_was_handed_in(key, handed_out):
    before = nbformat.writes(handed_out)
    handed_out.cells.reverse()
    reversed_text = nbformat.writes(handed_out)
    restored = restore(key, handed_out).notebook
    restored.cells[0].metadata["touched"] = True
    restored.metadata["mle"]["title"] = "touched"
    assert nbformat.writes(handed_out) == reversed_text
    handed_out.cells.reverse()
    assert nbformat.writes(handed_out) == before
    assert key.notebook_metadata["mle"]["title"] == "Means"


def edited(notebook: NotebookNode) -> None:
    cell(notebook, "check-mean-values").source = "pass"


def deleted(notebook: NotebookNode) -> None:
    del notebook.cells[index(notebook, "check-mean-values")]


def duplicated(notebook: NotebookNode) -> None:
    notebook.cells.append(deepcopy(cell(notebook, "check-mean-values")))


def reordered(notebook: NotebookNode) -> None:
    notebook.cells.insert(0, notebook.cells.pop(index(notebook, "check-mean-values")))


def made_markdown(notebook: NotebookNode) -> None:
    place = index(notebook, "check-mean-values")
    old = notebook.cells[place]
    notebook.cells[place] = new_markdown_cell(old.source, id=old.id, metadata=old.metadata)


def made_raw(notebook: NotebookNode) -> None:
    place = index(notebook, "check-mean-values")
    old = notebook.cells[place]
    notebook.cells[place] = new_raw_cell(old.source, id=old.id, metadata=old.metadata)


def given_deleted(notebook: NotebookNode) -> None:
    del notebook.cells[index(notebook, "given-setup")]


def given_edited(notebook: NotebookNode) -> None:
    cell(notebook, "given-setup").source = "math = None"


def hidden_edited_away(notebook: NotebookNode) -> None:
    cell(notebook, "check-mean-edges").source = ""


@pytest.mark.parametrize(("damage", "said"), [
    (edited, "'check-mean-values' had been changed"),
    (deleted, "'check-mean-values' was missing"),
    (duplicated, "second copy of the cell 'check-mean-values'"),
    (reordered, "another order"),
    (made_markdown, "'check-mean-values' had become markdown"),
    (made_raw, "'check-mean-values' had become raw"),
    (given_deleted, "'given-setup' was missing"),
    (given_edited, "'given-setup' had been changed"),
    (hidden_edited_away, "'check-mean-edges' had been changed"),
])
def test_a_damaged_fixed_cell_is_put_back_and_reported_once(key, handed_out, damage, said):
    notebook = answered(handed_out, **RIGHT)
    damage(notebook)
    restored = restore(key, notebook)
    assert_sound(restored.notebook, key)
    assert len(restored.repairs) == 1
    assert said in restored.repairs[0]
    assert cell(restored.notebook, "mean").source == RIGHT["mean"]


def test_cells_are_known_by_metadata_where_ids_were_lost(key, handed_out):
    notebook = answered(handed_out, **RIGHT)
    for number, one in enumerate(notebook.cells):
        one.id = f"other{number}"
    restored = restore(key, notebook)
    assert restored.repairs == ()
    assert_sound(restored.notebook, key)
    assert cell(restored.notebook, "mean").source == RIGHT["mean"]


def test_cells_are_known_by_id_where_metadata_was_lost(key, handed_out):
    notebook = answered(handed_out, **RIGHT)
    for one in notebook.cells:
        one.metadata = NotebookNode()
    restored = restore(key, notebook)
    assert restored.repairs == ()
    assert_sound(restored.notebook, key)
    assert cell(restored.notebook, "mean").source == RIGHT["mean"]


def test_a_learners_claim_to_more_points_is_ignored(key, handed_out):
    cell(handed_out, "check-mean-values").metadata.nbgrader.points = 1000
    cell(handed_out, "mean").metadata.nbgrader.grade = True
    handed_out.cells.append(new_code_cell("pass", metadata={"nbgrader": {
        "grade_id": "check-bonus", "grade": True, "points": 50, "solution": False, "locked": False, "task": False,
        "schema_version": 3}}))
    restored = restore(key, handed_out).notebook
    assert_sound(restored, key)
    assert cell(restored, "check-mean-values").metadata.nbgrader.points == 2
    assert grade_notebook(key, handed_out, execute=recorded()).result.points == 6


def test_learners_own_cells_stay_where_they_were(key, handed_out):
    notebook = answered(handed_out, **RIGHT)
    notebook.cells.insert(0, new_code_cell("first = 1"))
    notebook.cells.insert(index(notebook, "mean") + 1, new_code_cell("helper = 2"))
    notebook.cells.append(new_raw_cell("last"))
    restored = restore(key, notebook)
    assert restored.repairs == ()
    sources = [c.source for c in restored.notebook.cells]
    assert sources[0] == "first = 1"
    assert sources[sources.index(RIGHT["mean"]) + 1] == "helper = 2"
    assert (index(restored.notebook, "memo") < sources.index("last")
            and restored.notebook.cells[sources.index("last")].cell_type == "raw")


def test_every_copy_of_an_answer_is_run_in_order(key, handed_out):
    notebook = answered(handed_out, **RIGHT)
    copy = deepcopy(cell(notebook, "mean"))
    copy.source = "def mean(values): return 'second'"
    notebook.cells.insert(index(notebook, "mean") + 1, copy)
    restored = restore(key, notebook)
    assert_sound(restored.notebook, key)
    assert "'mean' was there more than once" in restored.repairs[0]
    sources = [c.source for c in restored.notebook.cells]
    assert sources.index(RIGHT["mean"]) + 1 == sources.index(copy.source)


def test_an_answer_turned_into_text_is_code_again(key, handed_out):
    place = index(handed_out, "mean")
    handed_out.cells[place] = new_markdown_cell(RIGHT["mean"], id="mean", metadata=handed_out.cells[place].metadata)
    restored = restore(key, handed_out)
    assert "'mean' had become markdown" in restored.repairs[0]
    found = cell(restored.notebook, "mean")
    assert (found.cell_type, found.source) == ("code", RIGHT["mean"])


def test_an_answer_typed_into_another_cell_after_the_answer_cell_was_deleted_counts(key, handed_out):
    handed_out.cells[index(handed_out, "mean")] = new_code_cell(RIGHT["mean"])
    restored = restore(key, handed_out)
    assert_sound(restored.notebook, key)
    assert restored.repairs == ("the answer cell 'mean' was missing",)
    sources = [c.source for c in restored.notebook.cells if c.cell_type == "code"]
    stub = next(fixed.source for fixed in key.cells if fixed.id == "mean")
    assert sources.index(stub) < sources.index(RIGHT["mean"]) < index(restored.notebook, "check-mean-values")


def test_an_untouched_essay_keeps_the_checksum_by_which_nbgrader_knows_it(key, handed_out):
    blank = cell(restore(key, handed_out).notebook, "memo")
    assert blank.metadata.nbgrader.checksum == compute_checksum(blank)
    written = cell(restore(key, answered(handed_out, memo="Growth.")).notebook, "memo")
    assert written.metadata.nbgrader.checksum == blank.metadata.nbgrader.checksum != compute_checksum(written)


def test_a_picture_pasted_into_an_essay_reaches_the_grader(key, handed_out):
    raw = json.loads(nbformat.writes(answered(handed_out, memo="![plot](attachment:plot.png)")))
    picture = {"plot.png": {"image/png": "aGVsbG8="}}
    next(c for c in raw["cells"] if c["id"] == "memo")["attachments"] = picture
    notebook = restore(key, parse_notebook(json.dumps(raw).encode(), "n", "")).notebook
    assert cell(notebook, "memo").attachments == picture
    nbformat.validate(notebook)


def test_ids_that_clash_with_the_lessons_or_with_one_another_are_replaced(key, handed_out):
    own = [new_code_cell(f"own = {i}", id=name) for i, name in enumerate(
        ["own-1", "own-0", "own-0", "own-2", "own-2", "own-30", "own-31"])]
    handed_out.cells = own + handed_out.cells + deepcopy(own)
    restored = restore(key, handed_out).notebook
    assert_sound(restored, key)
    assert [c.source for c in restored.cells if c.source.startswith("own =")] == [c.source for c in own] * 2


OPERATIONS = st.lists(st.tuples(
    st.sampled_from(["swap", "delete", "copy", "edit", "retype", "strip metadata", "strip id", "add", "steal id",
                     "steal grade id", "junk metadata"]),
    st.integers(0, 40), st.integers(0, 40)), max_size=25)


def damaged(notebook: NotebookNode, operations: list[tuple[str, int, int]], lesson_ids: tuple[str, ...]) -> None:
    for count, (what, first, second) in enumerate(operations):
        cells = notebook.cells
        if not cells and what != "add":
            continue
        a, b = (first % len(cells), second % len(cells)) if cells else (0, 0)
        if what == "swap":
            cells[a], cells[b] = cells[b], cells[a]
        elif what == "delete":
            del cells[a]
        elif what == "copy":
            cells.insert(b, deepcopy(cells[a]))
        elif what == "edit":
            cells[a].source = f"edited = {count}"
        elif what == "retype":
            cells[a].cell_type = {"code": "markdown", "markdown": "raw"}.get(cells[a].cell_type, "code")
        elif what == "strip metadata":
            cells[a].metadata = NotebookNode()
        elif what == "strip id":
            cells[a].id = f"own-{b}"
        elif what == "add":
            cells.insert(b, new_code_cell(f"added = {count}", id=f"own-{count}"))
        elif what == "steal id":
            cells[a].id = cells[b].id
        elif what == "steal grade id":
            cells[a].metadata = NotebookNode(nbgrader=NotebookNode(grade_id=lesson_ids[second % len(lesson_ids)]))
        elif what == "junk metadata":
            cells[a].metadata = nbformat.from_dict({"nbgrader": [1, {"grade_id": 2}], "mle": "x", "tags": None})


@pytest.fixture(scope="module")
def pristine(_built_mini: Path) -> tuple[Key, NotebookNode]:
    return (Key.load(_built_mini / "solutions" / LESSON),
            nbformat.read(_built_mini / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4))


@given(operations=OPERATIONS, through_file=st.booleans())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_done_to_a_notebook_it_is_restored_whole(pristine, operations, through_file):
    key, handed_out = pristine
    notebook = deepcopy(handed_out)
    damaged(notebook, operations, key.ids)
    if through_file:
        notebook = parse_notebook(json.dumps(notebook).encode(), "n", "")
    own = [c.source for c in notebook.cells if c.source.startswith(("edited =", "added ="))
           and c.cell_type == "code" and not _belongs_to_lesson(c, key)]
    restored = restore(key, notebook)
    assert_sound(restored.notebook, key)
    sources = [c.source for c in restored.notebook.cells]
    assert [source for source in own if source not in sources] == []
    again = restore(key, restored.notebook)
    assert again.repairs == ()
    assert [c.source for c in again.notebook.cells] == sources


def _belongs_to_lesson(one: NotebookNode, key: Key) -> bool:
    """Whether it stands in for a cell whose text is the lesson's own; then its text is not the learner's."""
    fixed = {c.id for c in key.cells if c.kind in {"given", "check", "rubric"}}
    nbgrader = one.metadata.get("nbgrader")
    return bool({nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None, one.id} & fixed)


# --- reading ------------------------------------------------------------------------------------------------------


def read(tmp_path: Path, key: Key, data: bytes) -> NotebookNode:
    path = tmp_path / "handed-in.ipynb"
    path.write_bytes(data)
    return read_submission(path, key)


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize(("data", "said"), [
    (b"", "is empty"),
    (b" \n\t ", "is empty"),
    (b'{"cells": [', "not valid JSON"),
    (b"\xff\xfe{\x00}\x00", "not UTF-8"),
    (b"\x89PNG\r\n", "not UTF-8"),
    (b"[]", "not a Jupyter notebook"),
    (b'"text"', "not a Jupyter notebook"),
    (b"null", "not a Jupyter notebook"),
    (b"{}", "not a Jupyter notebook"),
    (b'{"a": ' * 100_000, "not valid JSON"),
    (b'{"nbformat": 4}', "not a notebook"),
    (b'{"nbformat": 4, "cells": 7}', "not a notebook"),
    (b'{"nbformat": "four", "cells": []}', "not a notebook"),
    (b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', "not a notebook"),
    (b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [1]}', "not a notebook"),
    (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', "none of the cells"),
    (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": {"a": 1}}', "none of the cells"),
])
def test_what_is_no_notebook_of_the_lesson_is_one_clear_error_with_a_cure(tmp_path, key, data, said):
    with pytest.raises(UnreadableNotebook) as caught:
        read(tmp_path, key, data)
    message = str(caught.value)
    assert said in message
    assert "handed-in.ipynb" in message and f"mle reset {LESSON}" in message
    assert "\n" not in message and len(message) < 600


def test_missing_files_folders_and_giants_are_clear_errors(tmp_path, key):
    with pytest.raises(UnreadableNotebook, match="There is no notebook"):
        read_submission(tmp_path / "nothing.ipynb", key)
    with pytest.raises(UnreadableNotebook, match="cannot be read"):
        read_submission(tmp_path, key)
    with (tmp_path / "giant.ipynb").open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(UnreadableNotebook, match="65 MiB"):
        read_submission(tmp_path / "giant.ipynb", key)


def test_another_lessons_notebook_is_named(mini, key):
    with pytest.raises(UnreadableNotebook, match="lesson 1-2-loops, not of 1-1-means"):
        read_submission(mini.notebooks / "1-2-loops" / "1-2-loops.ipynb", key)


def as_v3(raw: dict) -> bytes:
    return nbformat.writes(nbformat.convert(nbformat.from_dict(raw), 3), version=3).encode()


def changed(**top: Any):
    return lambda raw: json.dumps(raw | top).encode()


def each_cell(change):
    def apply(raw: dict) -> bytes:
        raw["cells"] = [change(c) for c in raw["cells"]]
        return json.dumps(raw).encode()
    return apply


def with_extra(*cells: Any):
    def apply(raw: dict) -> bytes:
        raw["cells"] = [*cells, *raw["cells"]]
        return json.dumps(raw).encode()
    return apply


def without(*keys: str):
    return lambda c: {k: v for k, v in c.items() if k not in keys}


@pytest.mark.parametrize("saved", [
    pytest.param(lambda raw: json.dumps(raw).encode(), id="plain"),
    pytest.param(lambda raw: b"\xef\xbb\xbf" + json.dumps(raw).encode(), id="byte order mark"),
    pytest.param(as_v3, id="version 3"),
    pytest.param(lambda raw: each_cell(without("id"))(raw | {"nbformat_minor": 0}), id="4.0 without ids"),
    pytest.param(each_cell(without("id")), id="4.5 without ids"),
    pytest.param(each_cell(without("metadata")), id="no cell metadata"),
    pytest.param(each_cell(lambda c: c | {"metadata": [1]}), id="cell metadata of the wrong type"),
    pytest.param(each_cell(lambda c: c | {"source": c["source"].splitlines(keepends=True)}), id="sources as lists"),
    pytest.param(each_cell(lambda c: c | {"outputs": {"x": 1}, "execution_count": "many"}), id="junk outputs"),
    pytest.param(each_cell(lambda c: c | {"outputs": [None, 1, {"output_type": "??"}]}), id="junk in outputs"),
    pytest.param(each_cell(lambda c: c | {"attachments": [1]}), id="junk attachments"),
    pytest.param(each_cell(lambda c: c | {"metadata": c["metadata"] | nested(200)}), id="deep metadata"),
    pytest.param(changed(metadata=[]), id="metadata of the wrong type"),
    pytest.param(changed(metadata={}), id="no kernelspec"),
    pytest.param(changed(metadata={"mle": ["x"], "kernelspec": {"name": "no such kernel"}}), id="other kernelspec"),
    pytest.param(changed(nbformat_minor="five"), id="junk minor version"),
    pytest.param(lambda raw: json.dumps({k: v for k, v in raw.items() if k != "nbformat_minor"}).encode(),
                 id="no minor version"),
    pytest.param(with_extra(None, 7, "cell", [], {}), id="cells that are none"),
    pytest.param(with_extra({"cell_type": ["code"], "source": 7}, {"cell_type": "code", "source": [1, "x"]},
                            {"cell_type": "code", "id": 5, "source": "1"},
                            {"cell_type": "code", "id": "", "source": ""},
                            {"cell_type": "heading", "level": 1, "source": "old"},
                            {"cell_type": "code", "id": "ö" * 100, "source": ""}), id="cells of wrong types"),
    pytest.param(with_extra({"cell_type": "code", "source": "'\ud800'"}), id="half a character"),
])
def test_a_notebook_is_read_however_it_was_saved(tmp_path, key, handed_out, saved):
    raw = json.loads(json.dumps(answered(handed_out, **RIGHT)))
    data = saved(raw)
    notebook = read(tmp_path, key, data)
    restored = restore(key, notebook)
    assert_sound(restored.notebook, key)
    assert cell(restored.notebook, "mean").source == RIGHT["mean"]
    nbformat.writes(restored.notebook).encode("utf-8")
    graded = grade_notebook(key, notebook, execute=recorded())
    assert nbformat.writes(graded.notebook) == nbformat.writes(
        grade_notebook(key, read(tmp_path, key, data), execute=recorded()).notebook)


# --- scores -------------------------------------------------------------------------------------------------------


def test_points_come_from_what_was_seen_and_from_nothing_else(key, handed_out):
    notebook = answered(handed_out, **RIGHT)
    for status in ("failed", "error", "timeout", "not_run"):
        fact = StepFact("check-mean-values", status, 0, [[]], ("Error", "text"), "a reason")
        result = grade_notebook(key, notebook, execute=recorded(check_mean_values=fact)).result
        assert (result.earned, result.points, result.essay_points) == (4, 6, 4)
        check = result.checks["mean-values"]
        assert (check.status, check.earned, check.hidden) == (status, 0, False)
        assert check.message


def test_a_hidden_check_says_its_sentence_and_nothing_of_what_happened(key, handed_out):
    notebook = answered(handed_out, **RIGHT)
    for status in ("failed", "error"):
        fact = StepFact("check-mean-edges", status, 1, [[], []], ("AssertionError", "secret detail"))
        check = grade_notebook(key, notebook, execute=recorded(check_mean_edges=fact)).result.checks["mean-edges"]
        assert check.hidden
        assert check.message == "A check that runs only at grading did not pass. It tries: negative numbers."


def test_not_attempted_is_told_apart_from_wrong(key, handed_out):
    wrong = StepFact("check-mean-values", "failed", 0, [[]], ("AssertionError", "mean is off"))
    untouched = grade_notebook(key, handed_out, execute=recorded(check_mean_values=wrong)).result
    spaced = answered(handed_out, mean=cell(handed_out, "mean").source.replace("\n", "\n\n") + "\n")
    reformatted = grade_notebook(key, spaced, execute=recorded(check_mean_values=wrong)).result
    attempted = grade_notebook(key, answered(handed_out, mean="x"), execute=recorded(check_mean_values=wrong)).result
    for result in (untouched, reformatted):
        assert not result.exercises[0].attempted
        assert result.checks["mean-values"].message == "not attempted yet"
    assert attempted.exercises[0].attempted
    assert attempted.checks["mean-values"].message == "mean is off"


def test_messages_are_of_readable_length_and_without_colours(key, handed_out):
    fact = StepFact("check-mean-values", "failed", 0, [[]], ("AssertionError", "\x1b[31mred\x1b[0m " + "long " * 1000))
    check = grade_notebook(key, answered(handed_out, **RIGHT), execute=recorded(check_mean_values=fact)).result.checks
    assert check["mean-values"].message.startswith("red long")
    assert len(check["mean-values"].message) <= 600


@pytest.mark.slow
def test_warnings_and_prints_cost_no_points_and_the_notebook_is_run_in_order(key, handed_out):
    noisy = answered(handed_out, mean=(
        "import warnings, sys\ndef mean(values):\n    warnings.warn('careful')\n    print('noise', file=sys.stderr)\n"
        "    print('noise')\n    display('noise')\n    return sum(values) / len(values)"), geometric=RIGHT["geometric"])
    graded = grade_notebook(key, noisy)
    assert (graded.result.earned, graded.result.points, graded.result.repairs) == (6, 6, ())
    assert {check.status for check in graded.result.checks.values()} == {"passed"}
    assert "careful" in str(cell(graded.notebook, "check-mean-values").outputs)
    assert cell(graded.notebook, "check-mean-edges").outputs == []
    nbformat.validate(graded.notebook)


@pytest.mark.slow
def test_checks_that_ran_keep_their_points_when_the_process_dies_later(key, handed_out):
    notebook = answered(handed_out, mean=RIGHT["mean"], geometric="import os\nos._exit(1)")
    result = grade_notebook(key, notebook).result
    assert (result.exercises[0].earned, result.exercises[1].earned) == (3, 0)
    assert {check.status for check in result.exercises[1].checks} == {"not_run"}
    assert all("Python process" in check.message for check in result.exercises[1].checks if not check.hidden)
    assert "Python process ended" in result.exercises[1].problem
    assert result.ended != "completed"


@pytest.mark.slow
def test_an_answer_that_hangs_costs_only_its_own_points(key, handed_out):
    notebook = answered(handed_out, mean="def mean(values):\n    while True: pass", geometric=RIGHT["geometric"])
    result = grade_notebook(key, notebook).result
    assert [exercise.earned for exercise in result.exercises] == [0, 3]
    assert [check.status for check in result.exercises[0].checks] == ["timeout", "timeout"]
    assert "longer than 3 s" in result.checks["mean-values"].message
    assert result.ended == "completed"


@pytest.mark.slow
def test_a_wrong_answer_is_explained_by_its_checks_and_a_broken_cell_by_its_error(key, handed_out):
    graded = grade_notebook(key, answered(handed_out, mean="def mean(values): return 0", geometric="1 / 0"))
    mean, geometric = graded.result.exercises
    assert mean.checks[0].message == "mean([1, 2, 3]) returned 0, expected 2"
    assert (mean.checks[0].status, mean.checks[0].hidden) == ("failed", False)
    assert (mean.checks[1].status, mean.checks[1].hidden) == ("failed", True)
    assert geometric.problem == "Your cell stopped with ZeroDivisionError: division by zero"
    assert geometric.checks[0].status == "error"
    assert graded.result.ended == "completed"


@pytest.mark.slow
def test_grading_the_same_bytes_twice_gives_the_same_record(tmp_path, key, handed_out):
    raw = json.loads(nbformat.writes(answered(handed_out, mean=(
        "import random\ndef mean(values):\n    print(random.random(), id)\n    assert {*'abc'} == 1, {*'abcdef'}\n"))))
    raw["cells"] = [{k: v for k, v in c.items() if k != "id"} for c in raw["cells"]]
    raw["cells"].insert(3, {"cell_type": "code", "source": "print(random.random() if 0 else {*'xyz'})"})
    records, notebooks = [], []
    for _ in range(2):
        graded = grade_notebook(key, read(tmp_path, key, json.dumps(raw).encode()))
        record = graded.result.to_dict()
        record.pop("seconds"), record.pop("peak_memory_mb")
        for exercise in record["exercises"]:
            for check in exercise["checks"]:
                check.pop("seconds")
        records.append(json.dumps(record))
        notebooks.append([(c.id, c.source) for c in graded.notebook.cells])
    assert records[0] == records[1]
    assert notebooks[0] == notebooks[1]


@pytest.mark.slow
def test_files_of_the_lesson_win_over_the_learners_and_the_learners_folder_is_not_changed(mini, tmp_path):
    key = Key.load(mini.solutions / "1-2-loops")
    folder = tmp_path / "work"
    shutil.copytree(mini.notebooks / "1-2-loops", folder)
    (folder / "table.py").write_text("ROWS = [6, 0, 0, 0]\nFAKE = 1\n")
    (folder / "mine.txt").write_text("6")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    notebook = answered(read_submission(folder / "1-2-loops.ipynb", key), table=(
        "import table\nassert not hasattr(table, 'FAKE')\ntotal = int(open('mine.txt').read())\n"
        "open('mine.txt', 'w').write('changed')"))
    result = grade_notebook(key, notebook, folder).result
    assert (result.exercises[0].problem, result.earned) == ("", 2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.slow
def test_cells_are_numbered_as_tracebacks_name_them_and_wrong_syntax_names_no_file(mini, key):
    notebook = read_submission(mini.notebooks / LESSON / f"{LESSON}.ipynb", key)
    graded = grade_notebook(key, answered(notebook, mean="def mean(values:", geometric="1 / 0"))
    problems = {exercise.id: exercise.problem for exercise in graded.result.exercises}
    assert re.fullmatch(r"Your cell stopped with SyntaxError: .* \(line 1 of the cell\)", problems["mean"])
    for cell in graded.notebook.cells:
        for output in cell.get("outputs", []):
            for number in re.findall(r"In\[(\d+)\]", re.sub(r"\x1b\[[0-9;]*m", "", str(output.get("traceback", "")))):
                assert cell.execution_count in (int(number), None), cell.id
    counts = {cell.id: cell.execution_count for cell in graded.notebook.cells if cell.cell_type == "code"}
    assert counts["mean"] and counts["geometric"] > counts["mean"]


# --- hidden tests stay hidden -------------------------------------------------------------------------------------

MARK = "PLANTED7391"
SPYING = """
saw = []
class Leaky(Exception):
    def __init__(self, values): self.values = values
    def __str__(self): return f"values {self.values} in {globals()}"
    __repr__ = __str__
get_ipython().events.register("pre_run_cell", lambda info: saw.append(info.raw_cell))
get_ipython().input_transformers_cleanup.append(lambda lines: saw.append(lines) or lines)
def mean(values):
    print("printed by the answer", values)
    display(values)
    import sys, warnings
    print(values, file=sys.stderr)
    warnings.warn(str(values))
    if values and values[0] < 0:
        raise Leaky(values)
    return sum(values) / len(values)
"""
LOOKING = """
import linecache, sys
print(In, Out, saw, globals())
print([entry for entry in linecache.cache.values()])
print([getattr(sys, name, None) for name in ("last_value", "last_exc", "last_traceback")])
%history
%tb
raise Leaky(saw)
"""


@pytest.fixture
def planted(mini: Course) -> Course:
    """The course with a mark in everything hidden of its first lesson."""
    path = mini.sources / LESSON / "lesson.py"
    text = path.read_text(encoding="utf-8")
    old = 'assert mean([-1, -3]) == -2, "secret detail of the hidden test"'
    assert old in text
    text = text.replace(old, f'expected_{MARK} = -2  # {MARK}\nprint("{MARK}")\n'
                             f'assert mean([-1, -3]) == expected_{MARK}, "{MARK}"')
    old = "assert abs(geometric([7]) - 7) < 1e-9"
    assert old in text
    path.write_text(text.replace(old, f'class Hidden{MARK}(float): pass\nassert geometric([Hidden{MARK}(7)]) == 7, '
                                      f'"{MARK}"'), encoding="utf-8")
    build(mini, [LESSON])
    return mini


@pytest.mark.slow
@pytest.mark.parametrize("geometric", [
    "def geometric(values):\n    return math.prod(values) ** (1 / len(values))",
    "def geometric(values):\n    raise Leaky(values)",
    "def geometric(values):\n    import os\n    if len(values) == 1: os._exit(0)\n    return 4 if 8 in values else 2",
], ids=["right", "raises", "dies"])
def test_nothing_a_learner_receives_holds_any_of_a_hidden_test(planted, geometric):
    key = Key.load(planted.solutions / LESSON)
    assert any(MARK in check.source for check in key.of_kind("check"))
    notebook = nbformat.read(planted.notebooks / LESSON / f"{LESSON}.ipynb", as_version=4)
    assert MARK not in nbformat.writes(notebook)
    notebook = answered(notebook, mean=SPYING, geometric=geometric, memo="Growth.")
    for place in range(len(notebook.cells), index(notebook, "check-mean-values"), -1):
        notebook.cells.insert(place, new_code_cell(LOOKING))
    folder = planted.root / "submitted" / "ada" / LESSON
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LESSON}.ipynb")
    grading = GradingCourse(planted.root)
    grading.register([LESSON])
    assert grading.autograde(LESSON, "ada") == ""
    config = Config()
    configure_kit(config, planted.root)
    nbgraders = NbGraderAPI(CourseDirectory(config=config, assignment_id=LESSON), config=config)
    for write in (lambda: nbgraders.generate_feedback(LESSON), lambda: write_feedback(grading, [LESSON])):
        write()
        files = [path for kind in ("autograded", "feedback") for path in (planted.root / kind).rglob("*")
                 if path.is_file()]
        assert {path.suffix for path in files} >= {".ipynb", ".json", ".html"}
        assert [str(path) for path in files if MARK in path.read_text(encoding="utf-8")] == []
        html = next(path for path in files if path.suffix == ".html").read_text(encoding="utf-8")
        assert "Two points for naming growth" not in html
        assert "It tries: negative numbers." in html
    result = grading.result(LESSON, "ada")
    assert [check["status"] for check in result["exercises"][0]["checks"]] == ["passed", "error"]
    autograded = nbformat.read(planted.root / "autograded" / "ada" / LESSON / f"{LESSON}.ipynb", as_version=4)
    outputs = str(cell(autograded, "check-mean-edges").outputs)
    assert "printed by the answer" not in outputs and "[-1, -3]" not in outputs
    assert split_check(cell(autograded, "check-mean-edges").source)[1] == ""


@pytest.mark.slow
def test_a_learners_own_check_shows_nothing_hidden_either(planted):
    key = Key.load(planted.solutions / LESSON)
    notebook = nbformat.read(planted.notebooks / LESSON / f"{LESSON}.ipynb", as_version=4)
    graded = grade_notebook(key, answered(notebook, mean=SPYING, geometric="def geometric(values): return 2"),
                            execute=run)
    assert MARK not in json.dumps(graded.result.to_dict())
    assert MARK not in nbformat.writes(graded.notebook)
    assert [check.hidden for check in graded.result.checks.values()] == [False, True, False, False]


def test_a_missing_lesson_is_a_clear_error(mini):
    from autograder.errors import MleError
    with pytest.raises(MleError, match="mle build 9-9-nothing"):
        Key.load(mini.solutions / "9-9-nothing")
    path = mini.solutions / LESSON / f"{LESSON}.ipynb"
    for content in ("{", "{}", nbformat.writes(new_notebook())):
        path.write_text(content)
        with pytest.raises(MleError, match=f"mle build {LESSON}"):
            Key.load(mini.solutions / LESSON)
