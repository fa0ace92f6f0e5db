"""The `Start here` notebook: the modules with links to their lessons."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from autograder.course import Course
from autograder.grading import write_atomically
from autograder.learner.outline import outlines
from autograder.learner.progress import Progress
from autograder.learner.workspace import Workspace

NAME = "Start here.ipynb"
PROGRESS_PAGE = "Progress.html"

_INTRODUCTION = """# ML Engineer Path

Work through the lessons from top to bottom. Each is a notebook: read, run the cells with **Shift+Enter**, and write
your answers where it says so.

- The cells below an exercise check your answer at once. More checks run when you grade the whole lesson: press
  **Check** above its notebook, at the left.
- Stuck? Every exercise has hints below it. Open one at a time.
- A lesson went wrong beyond repair? `mle reset LESSON` keeps a copy of yours and gives you a fresh one.
- What you have earned, for which skills, and what comes next: [your progress](PROGRESS_PAGE). `mle progress` says it
  in a terminal.
- A lesson is done? `mle submit LESSON` packs it for handing in.
""".replace("PROGRESS_PAGE", PROGRESS_PAGE)


def write_start_here(workspace: Workspace, progress: Progress) -> Path:
    """Writes the page anew, unless the learner has made it their own by editing it."""
    path = workspace.root / NAME
    mark = workspace.records / "start-here.sha256"
    if path.exists() and (not mark.exists() or _sources(path) != mark.read_text(encoding="utf-8")):
        return path
    notebook = new_notebook(cells=[
        new_markdown_cell(_INTRODUCTION, id="introduction"),
        new_markdown_cell(_modules(workspace.course, progress), id="modules"),
    ], metadata={"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}})
    write_atomically(path, nbformat.writes(notebook))
    workspace.records.mkdir(parents=True, exist_ok=True)
    write_atomically(mark, _sources(path))
    return path


def _modules(course: Course, progress: Progress) -> str:
    lines = []
    lessons = {lesson.id: lesson for lesson in outlines(course)}
    for module in course.modules:
        lines.append(f"## Module {module.number} · {module.title}\n")
        for lesson_id in module.lessons:
            lesson, done = lessons[lesson_id], progress.lessons.get(lesson_id)
            state = f" · {done.best:g} of {lesson.points:g} points" if done else f" · {lesson.points:g} points"
            lines.append(f"- [{lesson.title}]({lesson_id}/{lesson_id}.ipynb) (`{lesson_id}`) · "
                         f"about {lesson.minutes} min{state}")
        if not module.lessons:
            lines.append("*No lessons yet.*")
        lines.append("")
    return "\n".join(lines)


def _sources(path: Path) -> str:
    """Digest of what the page says, so that running or saving it unchanged does not count as editing."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # unreadable: somebody changed it, and it is theirs
        return ""
    return hashlib.sha256("\0".join(cell.source for cell in cells).encode()).hexdigest()
