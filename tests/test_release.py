"""A learner's kit: everything a learner needs to work alone, and nothing that only a grader may see."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import nbformat
import pytest

from autograder.authoring import kit as making
from autograder.authoring import make_kit
from autograder.cli import main
from autograder.course import Course, has_code, split_check
from autograder.errors import MleError
from autograder.grading import Key, grade_notebook, read_submission
from autograder.grading.collect import collect
from autograder.grading.hand_in import read_pack
from autograder.learner import Progress, Workspace, next_step, outlines
from autograder.learner.check import check_lesson
from autograder.quality import with_answers
from autograder.reports.check_page import check_page

ROOT = Path(__file__).resolve().parents[1]
MEANS, LOOPS = "1-1-means", "1-2-loops"
# What a line may be that stands in many a program.
TOO_SHORT = 16


def unpacked(archive: Path, target: Path) -> Path:
    """What a learner has who unpacks the zip."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(target)
    return target / "mle-kit"


@pytest.fixture
def kit(mini: Course, tmp_path: Path) -> Course:
    """The mini course as a learner has it."""
    made = make_kit(mini, mini.lesson_ids, ROOT, tmp_path / "release")
    return Course(unpacked(made.archive, tmp_path / "a learner's folder"))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., CompletedProcess[str]]:
    """The command line, in this process."""
    def run(*arguments: str, cwd: Path) -> CompletedProcess[str]:
        monkeypatch.setenv("PATH", os.environ["PATH"])
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.chdir(cwd)
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        said = capsys.readouterr()
        return CompletedProcess(arguments, stop.value.code, said.out, said.err)

    return run


def solutions(mini: Course, lesson: str) -> dict[str, str]:
    notebook = nbformat.read(mini.solutions / lesson / f"{lesson}.ipynb", as_version=4)
    return {cell.id: cell.source for cell in notebook.cells}


def write(kit: Course, lesson: str, answers: dict[str, str]) -> Workspace:
    """Puts answers into the learner's copy."""
    workspace = Workspace(kit)
    workspace.add(lesson)
    path = workspace.notebook(lesson)
    nbformat.write(with_answers(nbformat.read(path, as_version=4), answers), path)
    return workspace


# --- what is in it


@pytest.fixture(scope="module")
def real(repository: Course, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file of the zip that learners of the shipped course receive."""
    with pytest.MonkeyPatch.context() as patch:
        # Whether its files are as generated is what `mle build --check` says, in a test of its own.
        patch.setattr(making, "check", lambda *_: [])
        made = make_kit(repository, repository.lesson_ids, ROOT, tmp_path_factory.mktemp("release"))
    with zipfile.ZipFile(made.archive) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {path.relative_to(made.folder).as_posix() for path in made.folder.rglob("*") if path.is_file()} == {
        name.removeprefix("mle-kit/") for name in files}
    return files


def secret_and_open(repository: Course) -> tuple[set[str], str]:
    """Lines of solutions, hidden tests, rubrics and other answers; and all that a learner may see."""
    secret, shown = set(), set()
    for lesson_id in repository.lesson_ids:
        lesson = repository.lesson(lesson_id)
        for cell in lesson.cells:
            visible, hidden = split_check(cell.source) if cell.kind == "check" else (cell.source, "")
            if cell.kind in {"exercise", "essay"}:
                visible, hidden = _outside_and_inside(cell.source)
            elif cell.kind == "rubric":
                visible, hidden = "", cell.source
            shown.update(map(str.strip, visible.split("\n")))
            secret.update(map(str.strip, hidden.split("\n")))
        for answer in repository.answers(lesson):
            secret.update(map(str.strip, answer.source.split("\n")))
        beside = [lesson.path.parent / "files", *(repository.sources / name for name in lesson.shared)]
        for path in (file for one in beside for file in (one.rglob("*") if one.is_dir() else [one])):
            if path.is_file():
                shown.update(map(str.strip, path.read_text(encoding="utf-8", errors="ignore").split("\n")))
    for path in (*(ROOT / "autograder").rglob("*.py"), ROOT / "pyproject.toml", ROOT / "mle"):
        shown.update(map(str.strip, path.read_text(encoding="utf-8").split("\n")))
    # A line of a program that writes programs may look as JSON writes a line that is no secret.
    return ({line for line in secret - shown if len(line) >= TOO_SHORT},
            "\n".join([*shown, *(json.dumps(f"{line}\n") for line in shown)]))


def occurring(lines: set[str], data: bytes) -> set[str]:
    """Those lines that are somewhere in the data: as they are, or as JSON writes them, letters escaped or not."""
    forms = {text.encode(): line for line in lines
             for text in (line, json.dumps(line)[1:-1], json.dumps(line, ensure_ascii=False)[1:-1])}
    # One pass for what all of them begin with: to look for each would be as many passes.
    begins = {form[:TOO_SHORT] for form in forms}
    met = {piece for place in range(len(data)) if (piece := data[place:place + TOO_SHORT]) in begins}
    return {line for form, line in forms.items() if form[:TOO_SHORT] in met and form in data}


def _outside_and_inside(source: str) -> tuple[str, str]:
    outside, inside, within = [], [], False
    for line in source.split("\n"):
        if "### " in line and "SOLUTION" in line:
            within = "BEGIN" in line
        else:
            (inside if within else outside).append(line)
    return "\n".join(outside), "\n".join(inside)


@pytest.mark.slow
def test_no_byte_of_the_shipped_kit_tells_a_solution_a_hidden_test_or_a_rubric(real, repository):
    secret, shown = secret_and_open(repository)
    assert len(secret) > 100 * len(repository.lesson_ids)
    everything = b"\0".join(real.values())
    assert [line for line in sorted(occurring(secret, everything)) if line not in shown] == []
    line = max(secret, key=len)  # it would be found
    assert occurring({line}, everything[:10**6] + json.dumps(line).encode() + everything[10**6:]) == {line}
    for marker in (b"BEGIN HIDDEN" + b" TESTS\\n", b"### BEGIN SOL" + b"UTION\\n"):
        assert not [name for name, data in real.items() if name.endswith(".ipynb") and marker in data]


@pytest.mark.slow
def test_the_shipped_kit_has_no_file_of_authors_and_graders(real, repository):
    names = {name.removeprefix("mle-kit/") for name in real}
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders <= {"autograder", "course", "docs", "notebooks"}
    assert {name for name in names if name.startswith(("course/", "docs/"))} <= {
        "course/syllabus.toml", "course/skills.toml", "course/role.toml", "docs/learner.md"}
    assert {name for name in names if "/" not in name} == {
        "mle", "pyproject.toml", "requirements.lock", "environment.yml", "LICENSE", "LICENSE-lessons", "README.md",
        "kit.json"}
    assert not {Path(name).name for name in names} & {"answers.py", "lesson.py", "judged.toml"}
    # All of the package is there, with what is no Python.
    tracked = subprocess.run(["git", "ls-files", "autograder"], cwd=ROOT, capture_output=True, text=True)
    assert set(tracked.stdout.split()) <= names
    assert {name.split("/")[1] for name in names if name.startswith("notebooks/")} == set(repository.lesson_ids)


def test_nothing_of_a_cohort_gets_into_it(mini, tmp_path):
    for name in ("submitted/ada/1-1-means/a.ipynb", "autograded/x", "feedback/x", "work/mine.txt", "gradebook.db",
                 "roster.csv", "grading.toml", "exchange/inbound/x", ".venv/x", "report.html", "grades.csv",
                 f"course/{MEANS}/notes.txt"):
        (mini.root / name).parent.mkdir(parents=True, exist_ok=True)
        (mini.root / name).write_text("SECRET OF A COHORT")
    made = make_kit(mini, mini.lesson_ids, ROOT, mini.root / "release")
    with zipfile.ZipFile(made.archive) as archive:
        assert not [name for name in archive.namelist() if b"SECRET OF A COHORT" in archive.read(name)]
    again = make_kit(mini, mini.lesson_ids, ROOT, mini.root / "release")
    assert (again.new, again.version, again.files) == (False, made.version, made.files)


def test_the_same_content_is_the_same_version_and_another_has_another_name(mini, tmp_path):
    one, other = (make_kit(mini, mini.lesson_ids, ROOT, tmp_path / name) for name in ("one", "other"))
    assert (one.version, one.archive.name) == (other.version, other.archive.name)
    assert one.version in one.archive.name
    less = make_kit(mini, [LOOPS], ROOT, tmp_path / "one")
    assert less.version != one.version
    assert Course(less.folder).lesson_ids == (LOOPS,)
    assert not (less.folder / "notebooks" / MEANS).exists()
    with zipfile.ZipFile(one.archive) as archive:
        assert archive.getinfo("mle-kit/mle").external_attr >> 16 & 0o111
        assert {name.split("/")[0] for name in archive.namelist()} == {"mle-kit"}
    if sys.platform != "win32":
        assert os.access(one.folder / "mle", os.X_OK)


# --- making it


def test_files_that_are_not_what_the_sources_say_are_not_handed_out(mini, here):
    source = mini.sources / MEANS / "lesson.py"
    source.write_text(source.read_text(encoding="utf-8").replace("Two means", "Three means"), encoding="utf-8")
    done = here("release", cwd=mini.root)
    assert done.returncode == 1
    assert f"solutions/{MEANS}/{MEANS}.ipynb" in done.stderr and "Run `mle build`" in done.stderr
    assert not (mini.root / "release").exists()
    done = here("release", LOOPS, cwd=mini.root)  # this one is as it should be
    assert done.returncode == 0 and "with 1 lesson" in done.stdout
    assert "was there already" in here("release", LOOPS, cwd=mini.root).stdout


def test_a_kit_is_not_made_from_a_kit_nor_without_a_checkout(kit, mini, tmp_path):
    with pytest.raises(MleError, match="is a learner's kit itself"):
        make_kit(kit, kit.lesson_ids, ROOT, tmp_path / "again")
    with pytest.raises(MleError, match="is no checkout"):
        make_kit(mini, mini.lesson_ids, tmp_path, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_full_disk_leaves_nothing_half_made(mini, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "_write_zip", full)
    with pytest.raises(OSError, match="No space left"):
        make_kit(mini, mini.lesson_ids, ROOT, tmp_path / "release")
    monkeypatch.undo()
    made = make_kit(mini, mini.lesson_ids, ROOT, tmp_path / "release")
    assert sorted(path.name for path in (tmp_path / "release").iterdir()) == [made.folder.name, made.archive.name]


# --- working with it


@pytest.mark.slow
def test_a_learner_works_with_the_kit_alone(kit, mini, mle, here):
    """With the kit's own package: Python finds it in the folder it is started in."""
    answers = solutions(mini, MEANS)
    write(kit, MEANS, {"mean": answers["mean"], "geometric": answers["geometric"]})
    done = mle("check", MEANS, cwd=kit.root)
    assert done.returncode == 0, done.stderr
    assert f"{MEANS}: 3 of 6 points, 3 more if the checks at grading pass" in done.stdout
    assert "3 checks run here, 2 more at grading." in done.stdout
    assert "1 check passed here, 1 more at grading" in done.stdout
    assert "6 of 6" not in done.stdout and "all checks passed" not in done.stdout
    done = here("progress", cwd=kit.root)
    assert "6/6" in done.stdout and "are counted here as passed until then" in done.stdout
    assert f"mle start {LOOPS}" in done.stdout
    assert "are counted here as passed until then" in (kit.root / "work" / "Progress.html").read_text(encoding="utf-8")
    done = here("submit", MEANS, cwd=kit.root)
    assert done.returncode == 0, done.stderr
    # What it packed is a hand-in for the full course, where every check runs.
    (mini.root / "roster.csv").write_text("id\nada\n")
    archive, = (kit.root / "work" / "submissions").iterdir()
    assert read_pack(archive).receipt.kit_version == kit.kit.version
    collect(mini.root, mini.lesson_ids, [archive], student="ada")
    key = Key.load(mini.solutions / MEANS)
    handed_in = read_submission(mini.root / "submitted" / "ada" / MEANS / f"{MEANS}.ipynb", key)
    assert grade_notebook(key, handed_in).result.earned == 6
    assert "up to date" in here("update", cwd=kit.root).stdout
    assert "Your copy is kept in" in here("reset", MEANS, cwd=kit.root).stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_the_kit_opens_jupyterlab_on_the_learners_own_copies(kit):
    process = subprocess.Popen([sys.executable, "-m", "autograder", "start", MEANS, "--no-browser"], cwd=kit.root,
                               text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
    try:
        address = next(line.strip() for line in process.stdout if line.strip().startswith("http"))
        server, token = address.split("lab/tree/")[0], address.partition("?token=")[2]
        with urllib.request.urlopen(f"{server}api/contents/{MEANS}/{MEANS}.ipynb?content=0&token={token}") as answer:
            assert json.load(answer)["writable"] is True
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    assert (kit.root / "work" / "Start here.ipynb").exists()


@pytest.mark.parametrize("verb", [["grade"], ["demo"], ["verify"], ["build", "--check"], ["test"], ["release"],
                                  ["collect"], ["export", "--to", "csv"], ["report"], ["lock"], ["init-course"]])
def test_verbs_that_need_the_full_course_say_so(verb, kit, here):
    done = here(*verb, cwd=kit.root)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"`mle {verb[0]}` needs the full course, and this is a learner's kit" in done.stderr
    assert "start, check, progress" in done.stderr


def test_help_lists_only_what_works_there(kit, here):
    said = here("--help", cwd=kit.root).stdout
    assert "  check " in said and "  doctor " in said
    assert "  grade " not in said and "Instructors" not in said


# --- points, where a part of the checks is missing


def test_nothing_is_promised_for_an_exercise_that_is_not_done(kit, mini, tmp_path):
    answers = solutions(mini, MEANS)
    # Not attempted; and a cell that stops: its hidden check alone is no reason for hope.
    workspace = write(kit, MEANS, {"mean": answers["mean"].replace("return", "retrun")})
    checked = check_lesson(workspace, Progress(tmp_path / "a"), MEANS)
    assert (checked.result.earned, checked.result.pending) == (0, 0)
    # The visible check fails, and the one that is not here is open.
    workspace.reset(MEANS)
    write(kit, MEANS, {"mean": "def mean(values):\n    return 1"})
    checked = check_lesson(workspace, Progress(tmp_path / "b"), MEANS)
    mean, geometric = checked.result.exercises
    assert (mean.earned, mean.pending, mean.solved) == (0, 1, False)
    assert (geometric.earned, geometric.pending, geometric.attempted) == (0, 0, False)
    assert checked.hints["mean"].number == 1


def test_what_is_solved_as_far_as_it_is_here_lets_a_learner_go_on(kit, mini, tmp_path):
    answers = solutions(mini, MEANS)
    workspace = write(kit, MEANS, {"mean": answers["mean"], "geometric": answers["geometric"]})
    progress = Progress(tmp_path / "p")
    checked = check_lesson(workspace, progress, MEANS)
    assert (checked.result.earned, checked.result.pending) == (3, 3)
    assert all(exercise.solved for exercise in checked.result.exercises)
    assert checked.hints == {}
    assert progress.lessons[MEANS].exercises["mean"].tries == 0
    assert next_step(kit, outlines(kit), progress).lesson.id == LOOPS
    page = check_page(checked)
    assert "3 of 6 points, 3 more if the checks at grading pass" in page
    assert "3 checks run here, 2 more at grading." in page


def test_the_full_course_tells_nothing_of_later_checks(mini, tmp_path):
    answers = solutions(mini, MEANS)
    workspace = write(mini, MEANS, {"mean": answers["mean"], "geometric": answers["geometric"]})
    checked = check_lesson(workspace, Progress(tmp_path / "p"), MEANS)
    assert (checked.result.earned, checked.result.pending, checked.further) == (6, 0, {})
    assert "at grading" not in check_page(checked)


def test_the_kit_counts_checks_as_the_lesson_announces_them(real, repository):
    kit = json.loads(real["mle-kit/kit.json"])
    for lesson_id in repository.lesson_ids:
        notebook = nbformat.read(io.BytesIO(real[f"mle-kit/notebooks/{lesson_id}/{lesson_id}.ipynb"]), as_version=4)
        announced = {cell.metadata.mle.exercise: cell.source for cell in notebook.cells
                     if cell.metadata.get("mle", {}).get("kind") == "about" and " at grading" in cell.source}
        checks = [cell for cell in notebook.cells if cell.metadata.get("mle", {}).get("kind") == "check"]
        for exercise, text in announced.items():
            here = sum(has_code(cell.source) for cell in checks if cell.metadata.mle.exercise == exercise)
            more = sum(cell.metadata.nbgrader.grade_id.removeprefix("check-") in kit["at_grading"][lesson_id]
                       for cell in checks if cell.metadata.mle.exercise == exercise)
            assert f"{here} check{'' if here == 1 else 's'} here, {more or 'none'} more at grading" in text


def test_a_damaged_kit_says_what_to_do(kit, here):
    (kit.root / "kit.json").write_text("{")
    done = here("check", MEANS, cwd=kit.root)
    assert done.returncode == 1 and "Unpack the kit again over this folder" in done.stderr


def test_a_kits_files_bear_the_time_of_its_making(mini, tmp_path):
    """Else Python would go on with what it has compiled of an older kit, where a file has kept its size."""
    made = make_kit(mini, mini.lesson_ids, ROOT, tmp_path / "release")
    with zipfile.ZipFile(made.archive) as archive:
        age = datetime.now() - datetime(*archive.getinfo("mle-kit/autograder/errors.py").date_time)
    assert age < timedelta(hours=1)


def test_a_newer_kit_unpacked_over_an_older_one_keeps_the_work(kit, mini, tmp_path):
    workspace = write(kit, MEANS, {"mean": "mine = 1"})
    made = make_kit(mini, [MEANS], ROOT, tmp_path / "newer")
    shutil.copytree(made.folder, kit.root, dirs_exist_ok=True)
    assert Course(kit.root).lesson_ids == (MEANS,)
    assert "mine = 1" in workspace.notebook(MEANS).read_text(encoding="utf-8")
