"""A learner's own folder: nothing in it is overwritten, and what was earned is kept."""

from __future__ import annotations

import errno
import json
import shutil
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from autograder.errors import MleError
from autograder.execution import RunRecord, StepFact
from autograder.grading import CheckResult, ExerciseResult, Result, grade_notebook
from autograder.learner import Progress, Workspace
from autograder.learner import check as check_module
from autograder.learner import workspace as workspace_module
from autograder.learner.check import changed_lessons, check_lesson
from autograder.learner.start_here import write_start_here

MEANS, LOOPS = "1-1-means", "1-2-loops"


@pytest.fixture
def workspace(mini) -> Workspace:
    space = Workspace(mini)
    for lesson in mini.lesson_ids:
        space.add(lesson)
    return space


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- filling it


def test_a_lesson_comes_with_its_files(mini):
    space = Workspace(mini)
    assert {path.name for path in space.add(LOOPS)} == {"1-2-loops.ipynb", "table.py"}
    assert contents(space.folder(LOOPS)) == contents(mini.notebooks / LOOPS)
    assert space.lessons() == (LOOPS,)


def test_an_edited_file_is_never_overwritten_and_a_missing_one_is_added(workspace):
    workspace.notebook(LOOPS).write_text("mine", encoding="utf-8")
    (workspace.folder(LOOPS) / "own.txt").write_text("also mine", encoding="utf-8")
    (workspace.folder(LOOPS) / "table.py").unlink()
    assert workspace.add(LOOPS) == [workspace.folder(LOOPS) / "table.py"]
    assert workspace.add(LOOPS) == []
    assert contents(workspace.folder(LOOPS)) == {
        "1-2-loops.ipynb": b"mine", "own.txt": b"also mine",
        "table.py": (workspace.course.notebooks / LOOPS / "table.py").read_bytes()}


def test_a_folder_or_a_dead_link_in_a_files_place_is_left_alone(workspace):
    workspace.notebook(MEANS).unlink()
    workspace.notebook(MEANS).mkdir()
    (workspace.folder(LOOPS) / "table.py").unlink()
    (workspace.folder(LOOPS) / "table.py").symlink_to("nowhere.py")
    assert workspace.add(MEANS) == []
    assert workspace.add(LOOPS) == []
    assert workspace.notebook(MEANS).is_dir()
    assert (workspace.folder(LOOPS) / "table.py").is_symlink()


def test_a_lesson_that_was_never_built_is_a_clear_error(mini):
    shutil.rmtree(mini.notebooks / MEANS)
    with pytest.raises(MleError, match="Run `mle build 1-1-means`"):
        Workspace(mini).add(MEANS)
    assert not (mini.root / "work").exists()


def test_a_disk_that_fills_up_leaves_no_half_file(mini, monkeypatch):
    def half(source, target):
        Path(target).write_bytes(Path(source).read_bytes()[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(workspace_module.shutil, "copyfile", half)
        with pytest.raises(OSError, match="No space left"):
            Workspace(mini).add(MEANS)
    assert contents(mini.root / "work") == {}


def test_only_lessons_with_a_changed_answer_have_been_begun(workspace):
    assert changed_lessons(workspace) == ()
    (workspace.folder(LOOPS) / "own.txt").write_text("notes", encoding="utf-8")
    assert changed_lessons(workspace) == ()
    workspace.notebook(LOOPS).write_text("x", encoding="utf-8")
    assert changed_lessons(workspace) == (LOOPS,)


def test_a_notebook_that_was_only_opened_run_and_saved_has_not_been_begun(workspace):
    path = workspace.notebook(MEANS)
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.12.1"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = 1
    path.write_text(nbformat.writes(notebook, indent=4), encoding="utf-8")
    assert changed_lessons(workspace) == ()
    answer(workspace, "memo", "An essay is an answer too.")
    assert changed_lessons(workspace) == (MEANS,)


# --- finding the notebook that is meant


def test_a_lesson_or_the_path_of_its_copy_means_the_copy(workspace, monkeypatch):
    monkeypatch.chdir(workspace.course.root)
    own = workspace.notebook(MEANS)
    relative = f"work/{MEANS}/{MEANS}.ipynb"
    for name in (MEANS, f"{MEANS}.ipynb", f"means/../{MEANS}", f"work/{MEANS}", relative, str(own)):
        lesson_id, path = workspace.find(name)
        assert (lesson_id, path.resolve()) == (MEANS, own.resolve())


def test_the_path_of_another_notebook_means_that_notebook(workspace, tmp_path, monkeypatch):
    copies = [tmp_path / f"{MEANS}.ipynb", tmp_path / "my copy.ipynb", tmp_path / MEANS / f"{MEANS}.ipynb"]
    copies[-1].parent.mkdir()
    for copy in copies:
        shutil.copy(workspace.notebook(MEANS), copy)
        assert workspace.find(str(copy)) == (MEANS, copy)
    assert workspace.find(str(copies[-1].parent)) == (MEANS, copies[-1])
    monkeypatch.chdir(tmp_path)
    assert workspace.find("my copy.ipynb") == (MEANS, copies[1])


@pytest.mark.parametrize(("content", "says"), [(None, "There is no notebook at"), ("{}", "does not say which lesson")])
def test_a_path_that_leads_to_no_lesson_is_a_clear_error(content, says, workspace, tmp_path):
    path = tmp_path / "homework.ipynb"
    if content:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(MleError, match=says) as error:
        workspace.find(str(path))
    assert str(path) in str(error.value)


def test_a_notebook_elsewhere_is_graded_and_counts_for_nothing(workspace, tmp_path, monkeypatch):
    scripted(monkeypatch, {"check-mean-values": "failed"})
    answer(workspace, "mean", "an answer")
    elsewhere = tmp_path / f"{MEANS}.ipynb"
    shutil.copy(workspace.notebook(MEANS), elsewhere)
    checked = check_lesson(workspace, Progress(workspace.records), MEANS, elsewhere)
    assert (checked.counted, checked.notebook, checked.hints["mean"].number) == (False, elsewhere, 1)
    assert Progress(workspace.records).lessons == {}


# --- starting over


def test_a_reset_keeps_the_learners_copy_and_gives_a_fresh_one(workspace):
    workspace.notebook(MEANS).write_text("mine", encoding="utf-8")
    (workspace.folder(MEANS) / "own.txt").write_text("also mine", encoding="utf-8")
    backup = workspace.reset(MEANS)
    assert backup.parent == workspace.root / "backups"
    assert contents(backup) == {"1-1-means.ipynb": b"mine", "own.txt": b"also mine"}
    assert contents(workspace.folder(MEANS)) == contents(workspace.course.notebooks / MEANS)


def test_resets_within_the_same_second_keep_every_copy(workspace, monkeypatch):
    class Frozen(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 5, 1, 12, 0, 0)

    monkeypatch.setattr(workspace_module, "datetime", Frozen)
    backups = []
    for text in ("first", "second", "third"):
        workspace.notebook(MEANS).write_text(text, encoding="utf-8")
        backups.append(workspace.reset(MEANS))
    assert [(backup / "1-1-means.ipynb").read_text(encoding="utf-8") for backup in backups] == ["first", "second",
                                                                                                "third"]


def test_a_reset_without_a_copy_only_gives_a_fresh_one(mini):
    space = Workspace(mini)
    assert space.reset(MEANS) is None
    assert space.notebook(MEANS).is_file()
    assert not (space.root / "backups").exists()


def test_a_reset_to_a_lesson_that_was_never_built_moves_nothing(workspace):
    workspace.notebook(MEANS).write_text("mine", encoding="utf-8")
    shutil.rmtree(workspace.course.notebooks / MEANS)
    with pytest.raises(MleError, match="nothing to reset to"):
        workspace.reset(MEANS)
    assert contents(workspace.folder(MEANS)) == {"1-1-means.ipynb": b"mine"}


def test_a_reset_that_finds_the_disk_full_puts_the_learners_copy_back(workspace, monkeypatch):
    workspace.notebook(LOOPS).write_text("mine", encoding="utf-8")
    before = contents(workspace.root)
    real = shutil.copyfile

    def full(source, target):
        if Path(source).suffix == ".py":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(workspace_module.shutil, "copyfile", full)
        with pytest.raises(OSError, match="No space left"):
            workspace.reset(LOOPS)
    assert contents(workspace.root) == before


# --- the page to start from


def page_of(workspace: Workspace) -> nbformat.NotebookNode:
    return nbformat.read(write_start_here(workspace, Progress(workspace.records)), as_version=4)


def test_the_start_page_links_to_a_notebook_of_every_lesson(workspace):
    text = "\n".join(cell.source for cell in page_of(workspace).cells)
    links = [unquote(part.split(")")[0]) for part in text.split("](")[1:]]
    assert links == ["Progress.html", *(f"{lesson}/{lesson}.ipynb" for lesson in workspace.course.lesson_ids)]
    for link in links[1:]:  # `mle start` and `mle check` write the first
        assert (workspace.root / link).is_file()
    for lesson_id in workspace.course.lesson_ids:
        assert workspace.course.lesson(lesson_id).title in text


def test_the_start_page_is_refreshed_as_long_as_nobody_edited_it(workspace):
    page_of(workspace)
    Progress(workspace.records).record(result_of(2), {"mean": "an answer"})
    assert "2 of" in page_of(workspace).cells[1].source


def test_running_or_saving_the_start_page_is_no_edit(workspace):
    path = write_start_here(workspace, Progress(workspace.records))
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["widgets"] = {}
    path.write_text(nbformat.writes(notebook, indent=4), encoding="utf-8")
    Progress(workspace.records).record(result_of(2), {"mean": "an answer"})
    assert "2 of" in page_of(workspace).cells[1].source


@pytest.mark.parametrize("edit", ["notes", "damage"])
def test_an_edited_start_page_is_left_alone(edit, workspace):
    path = write_start_here(workspace, Progress(workspace.records))
    if edit == "notes":
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[0].source += "\nmy own notes"
        nbformat.write(notebook, path)
    else:
        path.write_bytes(b"{ not a notebook")
    mine = path.read_bytes()
    Progress(workspace.records).record(result_of(2), {"mean": "an answer"})
    write_start_here(workspace, Progress(workspace.records))
    assert path.read_bytes() == mine


def test_a_file_of_that_name_that_was_there_before_is_left_alone(mini):
    space = Workspace(mini)
    space.root.mkdir()
    (space.root / "Start here.ipynb").write_text("mine", encoding="utf-8")
    write_start_here(space, Progress(space.records))
    assert (space.root / "Start here.ipynb").read_text(encoding="utf-8") == "mine"


def test_a_deleted_start_page_comes_back(workspace):
    write_start_here(workspace, Progress(workspace.records)).unlink()
    assert page_of(workspace).cells


# --- what was earned


def result_of(earned: float, attempted: bool = True, lesson: str = MEANS, exercise: str = "mean") -> Result:
    checks = (CheckResult(f"{exercise}-a", 2, min(earned, 2), "passed" if earned >= 2 else "failed"),
              CheckResult(f"{exercise}-b", 1, max(earned - 2, 0), "passed" if earned > 2 else "failed"))
    return Result(lesson, "digest", (ExerciseResult(exercise, attempted, "", checks),))


def tries_after(folder: Path, *checks: tuple[float, str]) -> list[int]:
    """The count after each check; the record is read from disk anew every time."""
    return [Progress(folder).record(result_of(earned), {"mean": answer}).exercises["mean"].tries
            for earned, answer in checks]


def test_only_a_changed_answer_that_falls_short_is_a_try(tmp_path):
    assert tries_after(tmp_path, (0, "a"), (0, "a"), (2, "b"), (2, "b"), (3, "c"), (3, "c"), (0, "d")) == [
        1, 1, 2, 2, 2, 2, 3]


def test_an_untouched_exercise_is_no_try(tmp_path):
    entry = Progress(tmp_path).record(result_of(0, attempted=False), {"mean": "untouched"})
    assert entry.exercises["mean"].tries == 0


def test_the_best_result_is_kept_beside_the_last(tmp_path):
    for earned in (2, 3, 0):
        Progress(tmp_path).record(result_of(earned), {"mean": f"answer {earned}"})
    lesson = Progress(tmp_path).lessons[MEANS]
    assert (lesson.earned, lesson.best, lesson.points) == (0, 3, 3)
    assert len((tmp_path / "checks.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_what_is_written_is_what_is_read(tmp_path):
    record = Progress(tmp_path)
    record.record(result_of(2), {"mean": "größe"})
    record.record(result_of(3, lesson=LOOPS, exercise="table"), {})
    assert Progress(tmp_path).lessons == record.lessons
    assert Progress(tmp_path).set_aside is None


SOUND = {"earned": 1, "best": 1, "points": 3, "checked": "2026-01-01T00:00:00+00:00", "exercises": {}}


@pytest.mark.parametrize("damaged", [
    b"", b"{", b"[]", b"5", b"null", b"\xff\xfe\x00", b'{"1-1-means": 5}', b'{"1-1-means": {}}', b"[" * 100_000,
    *(json.dumps({MEANS: SOUND | change}).encode() for change in (
        {"best": "3"}, {"best": None}, {"points": []}, {"checked": 5}, {"more": 1}, {"exercises": []},
        {"exercises": {"mean": {"tries": "2"}}}, {"exercises": {"mean": {"tires": 2}}}, {"exercises": {"mean": 1}})),
], ids=range(18))
def test_a_damaged_record_is_set_aside_and_counting_starts_anew(damaged, tmp_path):
    (tmp_path / "progress.json").write_bytes(damaged)
    record = Progress(tmp_path)
    assert record.lessons == {}
    assert record.set_aside.read_bytes() == damaged
    record.record(result_of(3), {"mean": "an answer"})
    assert Progress(tmp_path).lessons[MEANS].best == 3
    assert Progress(tmp_path).set_aside is None


def test_two_damaged_records_in_the_same_second_are_both_kept(tmp_path):
    kept = set()
    for text in ("{", "["):
        (tmp_path / "progress.json").write_text(text, encoding="utf-8")
        kept.add(Progress(tmp_path).set_aside)
    assert sorted(path.read_text(encoding="utf-8") for path in kept) == ["[", "{"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_a_result_that_cannot_be_saved_is_still_known(tmp_path):
    (tmp_path / "checks.jsonl").symlink_to("/dev/full")
    record = Progress(tmp_path)
    assert record.record(result_of(2), {"mean": "an answer"}).exercises["mean"].tries == 1
    assert isinstance(record.unsaved, OSError)
    assert record.lessons[MEANS].best == 2


def test_a_line_that_a_full_disk_cut_short_spoils_no_other(tmp_path):
    log = tmp_path / "checks.jsonl"
    log.write_text('{"checked": "2026', encoding="utf-8")
    for _ in range(2):
        Progress(tmp_path).record(result_of(2), {})
    assert [json.loads(line)["lesson"] for line in log.read_text(encoding="utf-8").splitlines()[1:]] == [MEANS, MEANS]


# --- hints


def scripted(monkeypatch, statuses: dict[str, str]) -> None:
    """Lets checks end as told, without a kernel: what a hint depends on is the outcome alone."""
    def run(job):
        facts = {step.id: StepFact(step.id, statuses.get(step.id, "passed"), error=("AssertionError", "no"))
                 for step in job.steps}
        for fact in facts.values():
            if fact.status == "not_run":
                fact.error, fact.reason = ("", ""), "not run: the notebook ended"
        return RunRecord(facts)

    real = grade_notebook
    monkeypatch.setattr(check_module, "grade_notebook", lambda key, notebook, folder: real(key, notebook, folder, run))


def answer(workspace: Workspace, exercise: str, source: str) -> None:
    path = workspace.notebook(MEANS)
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == exercise).source = source
    nbformat.write(notebook, path)


def test_an_exercise_that_the_notebook_did_not_get_to_is_no_try_and_gets_no_hint(workspace, monkeypatch):
    answer(workspace, "mean", "an answer")

    def gone(*identities: str) -> None:
        scripted(monkeypatch, dict.fromkeys(identities, "not_run"))

    gone("mean", "check-mean-values", "check-mean-edges")
    checked = check_lesson(workspace, Progress(workspace.records), MEANS)
    assert (checked.hints, [e.id for e in checked.result.exercises if not e.ran]) == ({}, ["mean"])
    gone("check-mean-values", "check-mean-edges")
    checked = check_lesson(workspace, Progress(workspace.records), MEANS)
    assert (checked.hints, [e.id for e in checked.result.exercises if not e.ran]) == ({}, [])
    assert Progress(workspace.records).lessons[MEANS].exercises["mean"].tries == 0
    scripted(monkeypatch, {"check-mean-values": "failed"})
    assert hints_after(workspace) == {"mean": (1, 2)}
    assert Progress(workspace.records).lessons[MEANS].exercises["mean"].tries == 1


def hints_after(workspace: Workspace) -> dict[str, tuple[int, int]]:
    checked = check_lesson(workspace, Progress(workspace.records), MEANS)
    return {exercise: (hint.number, hint.total) for exercise, hint in checked.hints.items()}


def test_hints_go_on_to_the_next_with_every_new_answer_and_stop_at_the_last(workspace, monkeypatch):
    scripted(monkeypatch, {"check-mean-values": "failed", "check-geometric": "failed"})
    assert hints_after(workspace) == {}
    for source, expected in (("a", (1, 2)), ("a", (1, 2)), ("b", (2, 2)), ("c", (2, 2))):
        answer(workspace, "mean", source)
        assert hints_after(workspace) == {"mean": expected}, source


def test_a_solved_exercise_and_one_without_hints_get_no_hint(workspace, monkeypatch):
    scripted(monkeypatch, {"check-geometric": "failed"})
    answer(workspace, "mean", "an answer")
    answer(workspace, "geometric", "an answer")
    assert hints_after(workspace) == {}
