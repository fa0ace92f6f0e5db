"""What a learner's records amount to: lessons, skills, the next step, and minutes."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import MleError
from autograder.grading import CheckResult, ExerciseResult, Result
from autograder.learner import Progress, Workspace, minutes_spent, next_step, outline, outlines, skill_map
from autograder.learner.worktime import LONGEST_PAUSE, SaveWatch, time_between

MEANS, LOOPS = "1-1-means", "1-2-loops"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
POINTS = {MEANS: {"mean": 3, "geometric": 3}, LOOPS: {"table": 2}}


@pytest.fixture
def workspace(mini) -> Workspace:
    space = Workspace(mini)
    for lesson in mini.lesson_ids:
        space.add(lesson)
    return space


def checked(progress: Progress, lesson: str = MEANS, **earned: float) -> None:
    """Records a check of a lesson in which some exercises earned some points, and the others none."""
    exercises = tuple(ExerciseResult(exercise, exercise in earned, "", (
        CheckResult(exercise, points, earned.get(exercise, 0), "failed"),))
        for exercise, points in POINTS[lesson].items())
    progress.record(Result(lesson, "digest", exercises), {exercise: "an answer" for exercise in earned})


# --- lessons


def test_an_outline_says_what_the_source_says(repository):
    for lesson_id in repository.lesson_ids[:2]:
        lesson, read = repository.lesson(lesson_id), outline(repository, lesson_id)
        assert (read.id, read.title, read.minutes) == (lesson.id, lesson.title, lesson.minutes)
        assert read.points == sum(check.points for check in lesson.checks())
        assert [(task.id, task.points, task.minutes, task.skills) for task in read.exercises] == [
            (cell.id, sum(check.points for check in lesson.checks(cell.id)), cell.minutes, cell.skills)
            for cell in lesson.exercises]
        assert [(task.id, task.points) for task in read.essays] == [
            (cell.id, cell.points) for cell in lesson.cells if cell.kind == "essay"]


@pytest.mark.parametrize("damage", [None, b"", b"{}", b'{"metadata": {"mle": {}}, "cells": [5]}', b"[" * 100_000])
def test_a_lesson_that_was_not_built_is_a_clear_error(damage, mini):
    path = mini.notebooks / MEANS / f"{MEANS}.ipynb"
    path.unlink() if damage is None else path.write_bytes(damage)
    with pytest.raises(MleError, match="Run `mle build 1-1-means`"):
        outlines(mini)


# --- the next step


def test_the_next_step_is_the_first_exercise_with_points_left_in_the_first_such_lesson(mini, tmp_path):
    def following() -> tuple[str, str] | None:
        step = next_step(mini, outlines(mini), Progress(tmp_path))
        return step and (step.lesson.id, step.exercise)

    assert following() == (MEANS, "mean")
    checked(Progress(tmp_path), mean=3, geometric=1)
    assert following() == (MEANS, "geometric")
    checked(Progress(tmp_path), mean=3, geometric=3)
    assert following() == (LOOPS, "table")
    checked(Progress(tmp_path), LOOPS, table=2)
    assert following() is None


def test_a_lesson_whose_newer_version_has_more_points_comes_up_again(mini, tmp_path):
    checked(Progress(tmp_path), mean=3, geometric=3)
    path = mini.notebooks / MEANS / f"{MEANS}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "geometric").metadata["mle"]["points"] = 5
    nbformat.write(notebook, path)
    step = next_step(mini, outlines(mini), Progress(tmp_path))
    assert (step.lesson.id, step.exercise, step.areas) == (MEANS, "geometric", ("mathematics",))


# --- skills


def average(mini, progress: Progress) -> dict[str, str]:
    skills = {skill.skill.id: skill for area in skill_map(mini, outlines(mini), progress) for skill in area.skills}
    assert skills["explain"].essays == ((MEANS, "memo"),)
    return {evidence.exercise: evidence.state for evidence in skills["average"].exercises}


def test_an_exercise_is_evidence_once_it_has_earned_all_its_points_and_stays_so(mini, tmp_path):
    assert average(mini, Progress(tmp_path)) == {"mean": "open", "geometric": "open", "table": "open"}
    checked(Progress(tmp_path), mean=3, geometric=0)
    assert average(mini, Progress(tmp_path)) == {"mean": "earned", "geometric": "begun", "table": "open"}
    checked(Progress(tmp_path), mean=1, geometric=2)
    assert average(mini, Progress(tmp_path)) == {"mean": "earned", "geometric": "begun", "table": "open"}
    mathematics = next(area for area in skill_map(mini, outlines(mini), Progress(tmp_path))
                       if area.area == "mathematics")
    assert (mathematics.earned, len(mathematics.exercises), mathematics.skills[0].earned) == (1, 3, 1)


def test_a_record_of_before_the_best_of_each_exercise_was_kept_still_counts(mini, tmp_path):
    old = {"earned": 3, "points": 3, "tries": 0, "answer": "x"}
    (tmp_path / "progress.json").write_text(json.dumps({MEANS: {
        "earned": 3, "best": 3, "points": 6, "checked": "2026-05-01T12:00:00+00:00", "exercises": {"mean": old}}}))
    assert average(mini, Progress(tmp_path))["mean"] == "earned"


def test_an_exercise_that_shows_two_skills_of_an_area_is_counted_once(repository, tmp_path):
    areas = skill_map(repository, outlines(repository), Progress(tmp_path))
    programming = areas[0]
    assert (programming.area, programming.asks) == ("programming", repository.role["programming"])
    assert len(programming.exercises) < sum(len(skill.exercises) for skill in programming.skills)
    assert len(set(programming.exercises)) == len(programming.exercises)


# --- minutes


def recorded(workspace: Workspace, *moments: tuple[str, float], file: str = "saves.jsonl", key: str = "saved") -> None:
    """Writes moments, in minutes after noon, into a record."""
    workspace.records.mkdir(exist_ok=True)
    with (workspace.records / file).open("a", encoding="utf-8") as log:
        for lesson, minute in moments:
            log.write(json.dumps({"lesson": lesson, key: (NOON + timedelta(minutes=minute)).isoformat()}) + "\n")
    for lesson in POINTS:
        os.utime(workspace.notebook(lesson), (0, 0))


def spent(workspace: Workspace) -> dict[str, float]:
    return {lesson: round(minutes, 3) for lesson, minutes in minutes_spent(workspace).items()}


def test_nothing_is_known_before_two_moments_are(workspace):
    assert spent(workspace) == {}
    recorded(workspace, (MEANS, 0))
    assert spent(workspace) == {}


def test_time_between_two_moments_counts_for_what_was_saved_or_checked_at_its_end(workspace):
    recorded(workspace, (MEANS, 0), (MEANS, 10), (LOOPS, 20), (MEANS, 30))
    recorded(workspace, (MEANS, 12), file="checks.jsonl", key="checked")
    assert spent(workspace) == {MEANS: 22, LOOPS: 8}


def test_a_longer_pause_is_not_work(workspace):
    limit = LONGEST_PAUSE.total_seconds() / 60
    recorded(workspace, (MEANS, 0), (MEANS, limit), (MEANS, 2 * limit + 0.1), (MEANS, 2 * limit + 5.1))
    assert spent(workspace) == {MEANS: limit + 5}


def test_a_save_that_nobody_watched_is_read_off_the_file(workspace):
    recorded(workspace, (MEANS, 0))
    moment = (NOON + timedelta(minutes=7)).timestamp()
    for lesson in POINTS:
        os.utime(workspace.notebook(lesson), (moment, moment))
    assert spent(workspace) == {MEANS: 7}


def test_a_damaged_record_costs_only_its_damaged_lines(workspace):
    recorded(workspace, (MEANS, 0), (MEANS, 5), ("another-course", 7))
    with (workspace.records / "saves.jsonl").open("ab") as log:
        for line in (b"", b"{", b"[]", b"5", b'{"lesson": 5, "saved": "2026-05-01T12:00:00+00:00"}', b"\xff",
                     b'{"lesson": "1-1-means", "saved": "2026-05-01T12:00:00"}',
                     b'{"lesson": "1-1-means", "saved": 3}'):
            log.write(line + b"\n")
    assert spent(workspace) == {MEANS: 5}


@given(st.lists(st.tuples(st.sampled_from([MEANS, LOOPS]), st.integers(0, 500)), max_size=30))
def test_no_minute_is_counted_twice(moments):
    spent = time_between((NOON + timedelta(minutes=minute), lesson) for lesson, minute in moments)
    minutes = [minute for _, minute in moments] or [0]
    assert timedelta() <= sum(spent.values(), timedelta()) <= timedelta(minutes=max(minutes) - min(minutes))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file without an end")
def test_a_record_without_an_end_is_not_read(workspace):
    workspace.records.mkdir(exist_ok=True)
    (workspace.records / "checks.jsonl").symlink_to("/dev/full")
    recorded(workspace, (MEANS, 0), (MEANS, 5))
    assert spent(workspace) == {MEANS: 5}


def test_every_save_that_is_seen_is_noted_once(workspace):
    recorded(workspace)
    watch = SaveWatch(workspace)
    watch.look()
    for minute in (0, 2, 2, 5):
        moment = (NOON + timedelta(minutes=minute)).timestamp()
        os.utime(workspace.notebook(MEANS), (moment, moment))
        watch.look()
    assert spent(workspace) == {MEANS: 5}
    assert len((workspace.records / "saves.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_a_record_that_cannot_be_written_and_a_notebook_that_is_gone_stop_nobody(workspace):
    watch = SaveWatch(workspace)
    (workspace.records).mkdir(exist_ok=True)
    (workspace.records / "saves.jsonl").mkdir()
    os.utime(workspace.notebook(MEANS), (5, 5))
    workspace.notebook(LOOPS).unlink()
    watch.look()
    assert spent(workspace) == {}
