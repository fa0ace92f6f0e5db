"""The figures of verification as pages: one table for the course, and one page for each lesson.

They are kept in `docs/check-quality.json`, from which the pages are written: so that verifying one lesson anew does not
lose what was measured of the others.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import Course, Lesson

if TYPE_CHECKING:
    from autograder.quality import LessonProof

_KEPT, _TABLE, _LESSONS = "check-quality.json", "check-quality.md", "lessons"
_PACKAGES = ("nbgrader", "cosmic-ray", "numpy", "pandas", "scikit-learn", "torch", "transformers", "optuna", "fastapi",
             "onnxruntime")
_LEFT_OUT = {"lesson", "messages", "problems", "flaky"}

_ABOUT = """\
# How good the checks are

A lesson's checks decide about points, so they are tested themselves. This page and those of the lessons are written by
`mle verify`; the figures are of the run that each row names.

"""
_METHOD = """
## How the figures were obtained

Another course can be measured in the same way: what is needed is its solutions, its tests, and the answers below.

- **Solved, untouched**: points, in nbgrader's gradebook, of the solution and of the notebook as it is handed out. The
  first has to be all there are, the second 0.
- **Right**: answers, written by hand, that solve an exercise in another way than the solution does. All checks of the
  exercise have to pass. At least two for each exercise.
- **Wrong**: answers with a misconception that has a name, each with the checks that have to reject it. Counted as
  rejected only if every one of *these* checks fails. At least four for each exercise.
- **Mutants**: the solution of an exercise with one small mistake put in by a program: every operator of cosmic-ray
  that changes a comparison, a sum, a number, a condition, a loop or an exception, and further ones for numerical code
  (a statement left out, a bound off by one, two arguments swapped, another axis, a copy not made, a block without its
  context manager). Killed if any check of the exercise fails. The mutants are not a sample: they are all that the
  operators make.
- **Equivalent**: mutants that were read and judged to be no mistake, by hand, with a reason. Each was given a
  thousand generated inputs beside the solution, and what came back had to be the same to the last bit. At most 5 % of
  a lesson's. **Score** leaves them out, **raw** does not.
- **Asserts noticed**: every assert of every check, visible or hidden, was taken out in turn, with the others left in.
  Noticed means that then some wrong answer passes a check that has to reject it, or some mutant survives that did
  not. An assert may go unnoticed because it has a twin: a visible one shows a learner the call, what came back and
  what was expected, and a hidden one behind it would have caught the same mistake. The lessons' pages list them all,
  with the reason it is kept where one is given.
- **Seeds**: the solution and every right answer, with that many seeds for random numbers and four orders of sets and
  dictionaries; a check that does not come out the same every time is named.
- **Seconds, MiB**: wall time and peak memory of the solution's run in the jail, as on the day of the run.
- **Trials a second**: right, wrong and mutated answers tried, on all cores. Each runs in a fork taken where the
  solution has reached the exercise.
"""


def publish(course: Course, proofs: Iterable[LessonProof], seeds: int) -> list[Path]:
    """Writes the figures of lessons and the pages of all; returns the files.

    Figures of lessons that have changed since, other than in their prose, are dropped.

    Args:
        proofs: of complete runs, with every mutant.
        seeds: with how many the lessons were run.
    """
    docs = course.root / "docs"
    kept = read_figures(docs / _KEPT)
    for proof in proofs:
        figures = {key: value for key, value in asdict(proof).items() if key not in _LEFT_OUT}
        kept[proof.lesson] = {
            "text": text_digest(course, course.lesson(proof.lesson)), "date": datetime.date.today().isoformat(),
            "proven": not proof.problems, "flaky": len(proof.flaky), "seeds": seeds, "score": proof.mutation_score,
            "trials_per_second": round(proof.trials_per_second, 1), "machine": _machine(), "versions": _versions(),
            **figures}
    kept = {lesson: kept[lesson] for lesson in course.lesson_ids
            if lesson in kept and kept[lesson]["text"] == text_digest(course, course.lesson(lesson))}
    written = {docs / _KEPT: json.dumps(kept, indent=1, ensure_ascii=False) + "\n", **pages(course, kept)}
    (docs / _LESSONS).mkdir(parents=True, exist_ok=True)
    for path in (docs / _LESSONS).glob("*.md"):
        if path not in written:
            path.unlink()
    for path, text in written.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return list(written)


def read_figures(path: Path) -> dict[str, dict[str, Any]]:
    """What is kept of each lesson; nothing where the file is missing."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def text_digest(course: Course, lesson: Lesson) -> str:
    """Of all that the figures of a lesson depend on: its code, its answers, its files; not its prose."""
    digest = hashlib.sha256()
    for cell in lesson.cells:
        if cell.cell_type == "code":
            digest.update(f"{cell.kind} {cell.id}\n{cell.source}\n".encode())
    folder = lesson.path.parent
    beside = [folder / "answers.py", folder / "judged.toml", *sorted((folder / "files").rglob("*"))]
    for name in lesson.shared:
        beside += [course.sources / name, *sorted((course.sources / name).rglob("*"))]
    for path in beside:
        if path.is_file() and "__pycache__" not in path.parts:
            # Line ends differ from system to system.
            digest.update(f"{path.name}\n".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def pages(course: Course, figures: dict[str, dict[str, Any]]) -> dict[Path, str]:
    """The text of each page, by its path."""
    docs = course.root / "docs"
    rows = ["| Lesson | Solved | Untouched | Right | Wrong | Mutants | Score | Raw | Asserts noticed | Flaky | "
            "Seconds | MiB | Run on |", "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for lesson, one in figures.items():
        rows.append(f"| [{lesson}]({_LESSONS}/{lesson}.md) | " + " | ".join(_values(one)) + f" | {one['date']} |")
    unmeasured = [lesson for lesson in course.lesson_ids if lesson not in figures]
    if unmeasured:
        rows += ["", f"No complete run on their present text: {', '.join(unmeasured)}."]
    found = {docs / _TABLE: _ABOUT + "\n".join(rows) + "\n" + _METHOD}
    for lesson_id, one in figures.items():
        found[docs / _LESSONS / f"{lesson_id}.md"] = _lesson_page(course.lesson(lesson_id), one)
    return found


def _values(one: dict[str, Any]) -> list[str]:
    return [f"{_number(one['solution'])}/{one['points']:g}", _number(one["untouched"]),
            f"{one['right_accepted']}/{one['right_total']}", f"{one['wrong_rejected']}/{one['wrong_total']}",
            f"{one['mutants_killed']}/{one['mutants_total']}", _percent(one["score"]),
            _percent(one["mutants_killed"] / one["mutants_total"] if one["mutants_total"] else 1),
            f"{one['asserts_noticed']}/{one['asserts_total']}", str(one["flaky"]), f"{one['seconds']:.1f}",
            f"{one['peak_memory_mb']:.0f}"]


def _lesson_page(lesson: Lesson, one: dict[str, Any]) -> str:
    lines = [f"# {lesson.title}", "", f"`{lesson.id}` · module {lesson.module} · {lesson.minutes} minutes · "
             f"{lesson.points:g} points", "", f"You build {lesson.builds}.", ""]
    if lesson.prerequisites:
        lines += [f"Before it: {', '.join(lesson.prerequisites)}.", ""]
    lines += ["| Exercise | Difficulty | Minutes | Points | Checks |", "|---|---|---|---|---|"]
    for cell in lesson.exercises:
        checks = lesson.checks(cell.id)
        lines.append(f"| {cell.id} | {cell.difficulty} | {cell.minutes} | {sum(check.points for check in checks):g} | "
                     f"{len(checks)} |")
    names = ("Points of the solution", "Points of the untouched notebook", "Right answers accepted",
             "Wrong answers rejected by the named check", "Mutants killed", "Mutation score, equivalents left out",
             "Mutation score, raw", "Asserts whose removal is noticed", f"Flaky checks, {one['seeds']} seeds",
             "Seconds of the solution", "Peak memory, MiB")
    lines += ["", "## How good its checks are", "",
              f"{'Proven' if one['proven'] else '**Falls short**'}, {one['date']}, {one['machine']}; "
              f"{', '.join(f'{name} {version}' for name, version in one['versions'].items())}.", "",
              "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in zip(names, _values(one), strict=True)),
              f"| Trials a second | {one['trials_per_second']:g} |", "",
              "[How these figures were obtained](../check-quality.md#how-the-figures-were-obtained)"]
    lines += _mutants("Mutants judged to be no mistake", one["equivalents"])
    lines += _mutants("Mutants that survive", one["survivors"])
    if one["unnoticed"]:
        lines += ["", "## Asserts whose removal nothing notices", "",
                  "| Line of lesson.py | Check | Assert | Kept because |", "|---|---|---|---|"]
        lines += [f"| {entry['line']} | {entry['check']} | {_code(entry['text'])} | {entry['reason'] or '–'} |"
                  for entry in one["unnoticed"]]
    return "\n".join(lines) + "\n"


def _mutants(title: str, mutants: list[dict[str, Any]]) -> list[str]:
    if not mutants:
        return []
    lines = ["", f"## {title}", ""]
    for mutant in mutants:
        reason = f": {mutant['reason']}" if mutant["reason"] else ""
        lines += [f"`lesson.py:{mutant['line']}`, {mutant['operator']}{reason}", "", "```diff", f"- {mutant['before']}",
                  f"+ {mutant['after']}", "```", ""]
    return lines[:-1]


def _code(text: str) -> str:
    """As code in a cell of a table, where a bar would end the cell."""
    return "`` " + text.replace("|", "\\|") + " ``"


def _number(points: float | None) -> str:
    return "–" if points is None else f"{points:g}"


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
