"""The kit in a real browser: what a learner and an instructor see and click."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect
from postgresql import Server

from autograder.course import Course
from autograder.quality import read_notebook, with_answers

pytestmark = pytest.mark.browser

_SECONDS = 1000  # Playwright counts in milliseconds
_BEGUN = re.compile(r"\[(\*|\d+)\]:")
_NUMBERED = re.compile(r"\[\d+\]:")


@pytest.fixture
def page(browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60 * _SECONDS)
    yield page
    page.close()


@pytest.fixture
def own_copy(repository: Course, tmp_path: Path) -> Course:
    """The repository's course in a folder of its own, so that its `work/` is not somebody's."""
    for folder in ("course", "solutions", "notebooks"):
        shutil.copytree(repository.root / folder, tmp_path / folder)
    return Course(tmp_path)


@contextmanager
def started(course: Course, *arguments: str) -> Iterator[str]:
    """`mle start` as a learner runs it; yields the address it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "start", *arguments, "--no-browser"], cwd=course.root, text=True,
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        yield next(line.strip() for line in process.stdout if line.strip().startswith("http"))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def code_cell(page: Page, text: str) -> Locator:
    """The first code cell that holds some text."""
    return page.locator(".jp-Notebook .jp-CodeCell", has_text=text).first


def run(page: Page, cell: Locator) -> None:
    """Runs a cell as a learner does and waits for its number to appear."""
    prompt = cell.locator(".jp-InputPrompt")
    for _ in range(6):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            expect(prompt).to_have_text(_BEGUN, timeout=10 * _SECONDS)
            break
        except AssertionError:
            pass  # the page was not listening yet: a person would press again, too
    expect(prompt).to_have_text(_NUMBERED, timeout=60 * _SECONDS)


def press(page: Page, button: str) -> None:
    """A button of ours above the notebook."""
    page.locator(".jp-NotebookPanel:visible .jp-NotebookPanel-toolbar").get_by_text(button, exact=True).click()


def test_a_learner_answers_an_exercise_checks_the_lesson_and_sees_the_progress(own_copy, page):
    lesson = "1-2-python-toolkit"
    answers = {cell.id: cell.source for cell in read_notebook(own_copy.solutions / lesson).cells}
    exercise = own_copy.lesson(lesson).exercises[0]
    checks = [f"check-{check.id}" for check in own_copy.lesson(lesson).checks(exercise.id)]
    handed_out = {cell.id: cell.source for cell in read_notebook(own_copy.notebooks / lesson).cells}

    with started(own_copy, lesson) as address:
        page.goto(address)
        code_cell(page, handed_out["given-setup"].splitlines()[0]).wait_for()
        expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first).to_be_visible()
        run(page, code_cell(page, handed_out["given-setup"].splitlines()[0]))

        untouched = page.locator(f".jp-Notebook .jp-CodeCell:has-text('{exercise.source.splitlines()[0]}')").first
        untouched.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(answers[exercise.id])
        run(page, untouched)
        for check in checks:
            text = next(line for line in handed_out[check].splitlines() if line.strip())
            cell = code_cell(page, text.strip())
            run(page, cell)
            expect(cell.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
        press(page, "Check")  # saves, too
        points = sum(check.points for check in own_copy.lesson(lesson).checks(exercise.id))
        every = sum(check.points for check in own_copy.lesson(lesson).checks())
        results = page.locator(".mle-results")
        expect(results.get_by_role("heading", level=1)).to_have_text(f"{points:g} of {every:g} points",
                                                                     timeout=60 * _SECONDS)
        expect(results.locator("section.done")).to_have_count(1)
        expect(results.locator("section.done")).to_contain_text(f"{exercise.id} ✓ all checks passed")

    record = json.loads((own_copy.root / "work/.mle/progress.json").read_text())[lesson]["exercises"]
    assert record[exercise.id]["earned"] == record[exercise.id]["points"] > 0
    assert all(other["earned"] == 0 for name, other in record.items() if name != exercise.id)


def test_a_failed_check_is_told_beside_the_notebook_with_the_hint_one_click_away(mini, page):
    lesson = "1-1-means"
    answer = next(one for one in mini.answers(mini.lesson(lesson)) if not one.right)
    notebook = with_answers(read_notebook(mini.notebooks / lesson), {answer.exercise: answer.source})
    own = mini.root / "work" / lesson / f"{lesson}.ipynb"
    own.parent.mkdir(parents=True)
    nbformat.write(notebook, own)
    (own.parents[1] / "click.py").write_text("raise SystemExit('a file of the learner, called like ours')")
    with started(mini, lesson) as address:
        page.goto(address)
        code_cell(page, answer.source.splitlines()[0]).wait_for()
        press(page, "Check")
        section = page.locator(".mle-results section", has_text=answer.exercise)
        expect(section).to_contain_text("did not pass", timeout=60 * _SECONDS)
        expect(section.locator("dd").first).to_be_visible()
        hint = mini.lesson(lesson).hints(answer.exercise)[0].source.splitlines()[0]
        expect(section.get_by_text(hint)).to_be_hidden()
        section.get_by_text("Hint 1 of").click()
        expect(section.get_by_text(hint)).to_be_visible()
        section.get_by_role("link", name=f"Go to {answer.exercise}").click()
        expect(page.locator(".jp-Notebook .jp-mod-active")).to_contain_text(answer.source.splitlines()[0])
        # The server checks nothing outside the learner's folder.
        status = page.evaluate("""() => fetch("/mle/check", {method: "POST", body: JSON.stringify({path: "../x.ipynb"}),
            headers: {"X-XSRFToken": document.cookie.match(/_xsrf=([^;]+)/)[1]}}).then(answer => answer.status)""")
        assert status == 400


def test_the_start_page_leads_to_every_lesson_and_to_the_learners_progress(mini, page):
    with started(mini) as address:
        page.goto(address)
        page.get_by_role("heading", name="ML Engineer Path").wait_for()
        for lesson in mini.lesson_ids:
            page.get_by_role("tab", name="Start here.ipynb").click()
            page.get_by_role("link", name=mini.lesson(lesson).title).click()
            page.get_by_role("tab", name=f"{lesson}.ipynb").wait_for()
            page.locator(".jp-NotebookPanel:visible").get_by_role("heading", name=mini.lesson(lesson).title).wait_for()
        page.get_by_role("tab", name="Start here.ipynb").click()
        page.get_by_role("link", name="your progress").click()
        shown = page.frame_locator(".jp-HTMLViewer iframe")
        shown.get_by_role("heading", name="Your progress").wait_for()
        expect(shown.get_by_role("img")).to_have_attribute("aria-label", re.compile("Next is the lesson Means"))
        # Nothing asks a learner for anything that is not part of the lesson.
        assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0


@pytest.fixture(params=["file", "server"])
def gradebook(request: pytest.FixtureRequest) -> Iterator[str]:
    """What grading.toml says of the gradebook: nothing, or a database on a PostgreSQL server."""
    if request.param == "file":
        yield ""
        return
    server = Server()
    try:
        yield f'gradebook = "{server.database("formgrader")}"\n'
    finally:
        server.remove()


def test_an_instructor_generates_autogrades_marks_an_essay_and_exports(mini, page, mle, gradebook):
    root, lesson = mini.root, "1-1-means"
    (root / "grading.toml").write_text(gradebook)
    shutil.copy(Path(__file__).parents[1] / "nbgrader_config.py", root)
    essay = next(cell for cell in mini.lesson(lesson).cells if cell.kind == "essay")
    rubric = next(cell for cell in mini.lesson(lesson).cells if cell.kind == "rubric").source.splitlines()[0]
    handed_in = root / "submitted" / "ada" / lesson / f"{lesson}.ipynb"
    handed_in.parent.mkdir(parents=True)
    solved = {cell.id: cell.source for cell in read_notebook(mini.solutions / lesson).cells}
    notebook = with_answers(read_notebook(mini.notebooks / lesson),
                            {cell.id: solved[cell.id] for cell in mini.lesson(lesson).exercises}
                            | {essay.id: "The mean is pulled by one large value."})
    nbformat.write(notebook, handed_in)
    assert rubric not in handed_in.read_text()
    shutil.rmtree(mini.notebooks / lesson)

    with formgrader(root) as address:
        page.goto(f"{address}/lab?token=test")  # logs in; Formgrader's own pages do not keep the token
        page.locator("#main").wait_for()
        page.goto(f"{address}/formgrader/manage_assignments")
        page.locator("tr", has_text=lesson).locator("td.assign a").click()
        page.get_by_text("Successfully created the student version").wait_for()
        assert rubric not in (mini.notebooks / lesson / f"{lesson}.ipynb").read_text()

        page.goto(f"{address}/formgrader/manage_submissions/{lesson}")
        row = page.locator("tr", has_text="ada")
        row.wait_for()
        row.locator("td.autograde a").click()
        page.get_by_text("Successfully autograded").wait_for()

        page.goto(f"{address}/formgrader/gradebook/{lesson}/{lesson}")
        page.get_by_role("link", name="Submission #1").click()
        expect(page.get_by_text(rubric)).to_be_visible()
        expect(page.get_by_text("The mean is pulled by one large value.")).to_be_visible()
        points = page.locator(f"input.score#{essay.id}")
        with page.expect_response(lambda response: "/api/grade/" in response.url and response.request.method == "PUT"):
            points.fill("2.5")
            points.press("Tab")

    table = root / "grades.csv"
    done = mle("export", "--to", "csv", str(table), cwd=root)
    assert done.returncode == 0, done.stderr
    (row,) = csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())
    automatic = sum(check.points for check in mini.lesson(lesson).checks())
    assert {name: row[name] for name in ("id", "lesson", "automatic", "by_hand", "total")} == {
        "id": "ada", "lesson": lesson, "automatic": f"{automatic:g}", "by_hand": "2.5",
        "total": f"{automatic + 2.5:g}"}
    assert (root / "gradebook.db").exists() == (not gradebook)


@contextmanager
def formgrader(root: Path) -> Iterator[str]:
    """JupyterLab in a course's folder, as an instructor starts it; yields its address."""
    log = root / "lab.log"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token=test",
               "--ServerApp.port=0"]
    env = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=root, stdout=out, stderr=subprocess.STDOUT, env=env)
    try:
        for _ in range(600):
            lines = [line for line in log.read_text().splitlines() if "http://127.0.0.1" in line]
            if lines:
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield lines[0].split("http://")[1].split("/")[0].join(["http://", ""])
    finally:
        process.terminate()
        process.wait(30)
