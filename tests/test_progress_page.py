"""The page of a learner's progress: what it says, that it needs nothing from elsewhere, and that all can read it."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from autograder.course import AREAS
from autograder.errors import MleError
from autograder.learner import (
    ExerciseProgress,
    LessonProgress,
    Plan,
    PlanStep,
    Progress,
    Workspace,
    next_step,
    outlines,
    skill_map,
)
from autograder.reports.progress_page import progress_page, write_progress_page

MEANS, LOOPS = "1-1-means", "1-2-loops"
WHEN = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def workspace(mini) -> Workspace:
    space = Workspace(mini)
    for lesson in mini.lesson_ids:
        space.add(lesson)
    return space


@pytest.fixture
def page(mini, tmp_path) -> Callable[..., BeautifulSoup]:
    """The page of somebody who has earned some points of some exercises: page(mean=3, geometric=1)."""
    def make(spent=None, plan=None, **earned: float) -> BeautifulSoup:
        progress, lessons = Progress(tmp_path), outlines(mini)
        for lesson in lessons:
            entries = {task.id: ExerciseProgress(earned[task.id], task.points, 1)
                       for task in lesson.exercises if task.id in earned}
            if entries:
                best = sum(entry.earned for entry in entries.values())
                progress.lessons[lesson.id] = LessonProgress(best, best, lesson.points, WHEN.isoformat(), "", entries)
        return BeautifulSoup(progress_page(lessons, progress, spent or {}, skill_map(mini, lessons, progress),
                                           next_step(mini, lessons, progress), plan, WHEN), "html.parser")

    return make


def says(element) -> str:
    return re.sub(r"\s+", " ", element.get_text(" ")).strip().replace(" ,", ",")


EVERYTHING = {"mean": 3, "geometric": 3, "table": 2}


# --- what it says


def test_it_says_points_lessons_skills_minutes_and_the_next_step(page):
    found = page({MEANS: 95.4}, mean=3, geometric=1)
    sums = {says(entry.dt): says(entry.dd) for entry in found.select("dl.sum div")}
    assert sums == {"points": "4 of 8", "lessons done": "0 of 2", "skills with evidence": "1 of 2",
                    "planned for all lessons": "30 min", "spent, at least": "1 h 35 min"}
    assert says(found.select_one(".next")).startswith("What to do next Means, exercise geometric mle start 1-1-means")
    rows = [[says(cell) for cell in row.find_all(["th", "td"])] for row in found.select("table")[0].select("tr")]
    assert rows[1][:5] == ["Means 1-1-means", "4 of 6", "begun", "20", "95"]
    assert rows[2][:5] == ["Loops 1-2-loops", "0 of 2", "", "10", ""]
    assert rows[3] == ["together", "4 of 8", "", "30", "95", ""]
    assert "longer than 30 minutes" in says(found)


def test_where_nothing_is_known_of_the_time_nothing_is_said_of_it(page):
    found = page()
    assert "spent, at least" not in says(found)
    assert "Minutes spent will stand here once" in says(found)


def test_every_skill_is_tied_to_the_role_and_every_exercise_to_a_skill(page, mini):
    (mini.sources / "role.toml").write_text("\n".join(
        f'[[part]]\narea = "{area}"\nasks = "Does {area}"' for area in AREAS), encoding="utf-8")
    found = page(mean=3, geometric=1)
    text = says(found.find(id="skills").parent)
    for part in ("The role: “Does mathematics.”", "The role: “Does monitoring.”", "1 of 3 exercises solved",
                 "mean solved, 3 of 3 points 1-1-means", "geometric begun, 1 of 3 points", "table open, 0 of 2 points",
                 "memo an essay, read by a person 1-1-means", "No lesson of this course teaches it yet."):
        assert part in text, part


def test_the_picture_says_in_words_what_it_shows_and_what_to_do_next(page):
    picture = page(mean=3, geometric=1).find(attrs={"role": "img"})
    assert "mathematics: 1 of 3 exercises solved" in picture["aria-label"]
    assert "monitoring: no exercise yet" in picture["aria-label"]
    assert "Next is the lesson Means, for mathematics." in picture["aria-label"]
    drawn = [text.get_text() for text in picture.find_all("text")]
    assert {"Next: Means", "▸ Mathematics · next", "1 of 3, 1 begun", "AutoML"} <= set(drawn)


def test_somebody_who_is_done_is_told_how_to_hand_in(page):
    found = page(**EVERYTHING)
    assert "You have earned every point" in says(found.select_one(".next"))
    assert "Every exercise of this course is solved." in found.find(attrs={"role": "img"})["aria-label"]


def test_a_plan_is_in_it(page):
    steps = (PlanStep("sql & <joins>", 0.625, 1, 2, (MEANS, "9-9-later")), PlanStep("spark", 0.25, 0, 2, ()))
    rows = [says(row) for row in page(plan=Plan("2026-03-01", steps)).select("table")[1].select("tbody tr")]
    assert rows == ["sql & <joins> 1 of 2 62 % 1-1-means, 9-9-later (to come)", "spark 0 of 2 25 % not in this course"]


# --- how it says it


@pytest.mark.parametrize("earned", [{}, {"mean": 3, "geometric": 1}, EVERYTHING], ids=["none", "some", "all"])
def test_it_needs_nothing_from_elsewhere_and_is_built_for_keyboard_and_screen_reader(earned, page):
    found = page({MEANS: 5}, **earned)
    text = str(found)
    assert not found.find_all(["script", "link", "img", "iframe", "object"])
    assert re.findall(r"(?:src|href)=\"(?!#)[^\"]*", text) == []
    assert not re.findall(r"@import|url\((?!#)|https?://(?!www\.w3\.org/)", text)
    assert len(found.find_all("h1")) == 1 and found.html["lang"] == "en" and found.title.string
    levels = [int(heading.name[1]) for heading in found.find_all(re.compile("^h[1-6]$"))]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for table in found.find_all("table"):
        assert says(table.caption)
        assert all(head.get("scope") in {"row", "col"} for head in table.find_all("th"))
        width = {len(row.find_all(["th", "td"])) for row in table.find_all("tr")}
        assert len(width) == 1
    ids = [element["id"] for element in found.find_all(id=True)]
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'aria-labelledby="([^"]*)"', text):
        assert reference in ids
    for scrolled in found.select(".scroll"):
        assert scrolled["tabindex"] == "0"
    assert all(picture["aria-hidden"] == "true" for picture in found.find_all("svg"))


def test_colours_of_the_picture_are_the_pages_own(page):
    picture = str(page(mean=3, geometric=1).find("svg"))
    assert re.findall(r"#[0-9a-fA-F]{6}\b", picture) == []
    assert {"currentColor", "var(--full)", "var(--part)"} <= set(re.findall(r"currentColor|var\(--\w+\)", picture))


def test_a_title_with_signs_of_html_and_of_mathematics_is_shown_as_it_is(page, mini):
    path = mini.notebooks / MEANS / f"{MEANS}.ipynb"
    notebook = json.loads(path.read_bytes())
    notebook["metadata"]["mle"]["title"] = "<i>$\\frac$ & co</i>"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    found = page()
    assert not found.find_all("i")
    assert "Next: <i>$\\frac$ & co</i>" in [text.get_text() for text in found.find_all("text")]
    assert "<i>$\\frac$ & co</i>" in says(found.select_one(".next"))


# --- where it lies


def test_it_is_written_anew_and_another_file_is_never_overwritten(workspace):
    path = write_progress_page(workspace, Progress(workspace.records))
    assert path == workspace.root / "Progress.html"
    first = path.read_text(encoding="utf-8")
    progress = Progress(workspace.records)
    progress.lessons[LOOPS] = LessonProgress(2, 2, 2, WHEN.isoformat())
    write_progress_page(workspace, progress)
    assert path.read_text(encoding="utf-8") != first
    path.write_text("<title>mine</title>", encoding="utf-8")
    with pytest.raises(MleError, match="is not a page that `mle progress` has written"):
        write_progress_page(workspace, progress)
    assert path.read_text(encoding="utf-8") == "<title>mine</title>"


def test_a_plan_that_cannot_be_read_keeps_nothing_back(workspace):
    (workspace.folder(MEANS) / "plan.json").write_text("{", encoding="utf-8")
    assert "Skill map" in write_progress_page(workspace, Progress(workspace.records)).read_text(encoding="utf-8")


@pytest.mark.parametrize("checked", ["", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_left_out(checked, workspace):
    progress = Progress(workspace.records)
    progress.lessons[LOOPS] = LessonProgress(2, 2, 2, checked)
    assert "2 of 2" in write_progress_page(workspace, progress).read_text(encoding="utf-8")


def test_the_start_page_links_to_it(workspace):
    from autograder.learner.start_here import PROGRESS_PAGE, write_start_here

    path = write_start_here(workspace, Progress(workspace.records))
    assert f"[your progress]({PROGRESS_PAGE})" in "".join(
        "".join(cell["source"]) for cell in json.loads(path.read_bytes())["cells"])
    assert write_progress_page(workspace, Progress(workspace.records)).name == PROGRESS_PAGE


@pytest.mark.slow
def test_mle_progress_writes_the_page_where_it_is_told_and_opens_it(workspace, tmp_path, mle):
    workspace.records.mkdir(exist_ok=True)
    with (workspace.records / "saves.jsonl").open("w", encoding="utf-8") as log:
        for minute in (0, 21):
            moment = datetime(2099, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
            log.write(json.dumps({"lesson": MEANS, "saved": moment.isoformat()}) + "\n")
    opened = tmp_path / "opened.txt"
    opener = tmp_path / "open.py"
    opener.write_text(f"import sys; open({str(opened)!r}, 'w').write(sys.argv[1])", encoding="utf-8")
    browser = {"BROWSER": f"{sys.executable} {opener} %s"}
    said = mle("progress", "--html", "mein Stand.html", cwd=workspace.course.root, env=browser)
    assert said.returncode == 0, said.stderr
    path = workspace.course.root / "mein Stand.html"
    assert str(path) in said.stdout
    assert "21 min" in path.read_text(encoding="utf-8")
    assert opened.read_text(encoding="utf-8") == path.as_uri()
    opened.unlink()
    said = mle("progress", "--html", "--no-browser", cwd=workspace.course.root, env=browser)
    assert (workspace.root / "Progress.html").is_file() and not opened.exists()
    (workspace.course.root / "notes.html").write_text("mine", encoding="utf-8")
    said = mle("progress", "--html", "notes.html", cwd=workspace.course.root)
    assert (said.returncode, said.stdout) == (1, "") and "is not a page that" in said.stderr


def test_the_terminal_says_minutes_and_evidence_and_loads_nothing_heavy(workspace):
    import subprocess

    code = ("import sys; from autograder.cli import _run; code = _run(['progress'], False); "
            "heavy = [name for name in ('matplotlib', 'jinja2', 'nbformat', 'nbgrader', 'IPython') "
            "if name in sys.modules]; print('loaded:', heavy); sys.exit(code)")
    said = subprocess.run([sys.executable, "-c", code], cwd=workspace.course.root, capture_output=True, text=True,
                          encoding="utf-8")
    assert "in exercises solved: mathematics 0 of 3" in " ".join(said.stdout.split())
    assert said.stdout.splitlines()[-1] == "loaded: []"
    assert Path(workspace.root / "Progress.html").exists() is False
