"""What a lesson offers, read off the notebook that learners receive.

Its source says the same, but takes seconds to read for a whole course, and a learner's kit does not have it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from autograder.course import Course
from autograder.errors import MleError


@dataclass(frozen=True)
class Task:
    """An exercise or an essay.

    Attributes:
        minutes: as planned.
    """

    id: str
    points: float
    minutes: int
    skills: tuple[str, ...]


@dataclass(frozen=True)
class Outline:
    """One lesson.

    Attributes:
        minutes: as planned for the whole lesson.
        essays: what a person has to read; their points are not in `points`.
        extras: the packages that it needs beyond the first set-up.
    """

    id: str
    title: str
    minutes: int
    exercises: tuple[Task, ...]
    essays: tuple[Task, ...]
    extras: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        return sum(exercise.points for exercise in self.exercises)


def outline(course: Course, lesson_id: str) -> Outline:
    """One lesson.

    Raises:
        MleError: it was never built, or its notebook is damaged.
    """
    path = course.notebooks / lesson_id / f"{lesson_id}.ipynb"
    try:
        notebook = json.loads(path.read_bytes())
        about = notebook["metadata"]["mle"]
        tasks: dict[str, list[Task]] = {"exercise": [], "essay": []}
        for cell in notebook["cells"]:
            mle, nbgrader = cell["metadata"].get("mle", {}), cell["metadata"].get("nbgrader", {})
            if mle.get("kind") in tasks:
                points = mle["points"] if mle["kind"] == "exercise" else nbgrader["points"]
                tasks[mle["kind"]].append(Task(nbgrader["grade_id"], points, mle["minutes"], tuple(mle["skills"])))
        return Outline(lesson_id, about["title"], about["minutes"], tuple(tasks["exercise"]), tuple(tasks["essay"]),
                       tuple(about["extras"]))
    except FileNotFoundError:
        raise MleError(f"The lesson {lesson_id} has no notebook in {path.parent}. Run `mle build "
                       f"{lesson_id}`.") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MleError(f"{path} is not a notebook that `mle build` wrote ({error!r}). Run `mle build {lesson_id}` to "
                       "write it again.") from None


def outlines(course: Course) -> tuple[Outline, ...]:
    """Every lesson of the syllabus, in teaching order.

    Raises:
        MleError: one was never built, or its notebook is damaged.
    """
    return tuple(outline(course, lesson_id) for lesson_id in course.lesson_ids)
