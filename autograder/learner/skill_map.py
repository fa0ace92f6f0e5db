"""What the learner's earned exercises are evidence for: skills, and through them the parts of the role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from autograder.course import AREAS, Course, Skill
from autograder.learner.outline import Outline
from autograder.learner.progress import ExerciseProgress, LessonProgress, Progress

State = Literal["earned", "begun", "open"]


@dataclass(frozen=True)
class Evidence:
    """An exercise.

    Attributes:
        earned: the points of its best check.
        state: `earned` with all its points, `begun` with some or after a try.
    """

    lesson: str
    exercise: str
    earned: float
    points: float
    state: State


@dataclass(frozen=True)
class SkillEvidence:
    """A skill, and the exercises that show it.

    Attributes:
        essays: that show it as well, as (lesson, essay): a person reads those.
    """

    skill: Skill
    exercises: tuple[Evidence, ...]
    essays: tuple[tuple[str, str], ...]

    @property
    def earned(self) -> int:
        return sum(exercise.state == "earned" for exercise in self.exercises)


@dataclass(frozen=True)
class AreaEvidence:
    """A part of the role.

    Attributes:
        asks: what the role asks for in it, as a sentence; empty if the course does not say.
    """

    area: str
    asks: str
    skills: tuple[SkillEvidence, ...]

    @property
    def exercises(self) -> tuple[Evidence, ...]:
        """Those of all its skills; one that shows several of them is there once."""
        return tuple(dict.fromkeys(exercise for skill in self.skills for exercise in skill.exercises))

    @property
    def earned(self) -> int:
        return sum(exercise.state == "earned" for exercise in self.exercises)


@dataclass(frozen=True)
class NextStep:
    """What to do next.

    Attributes:
        exercise: the first in it that had points left at its last check; empty if none had.
        areas: parts of the role that the lesson's open exercises are evidence for.
    """

    lesson: Outline
    exercise: str
    areas: tuple[str, ...]


def skill_map(course: Course, lessons: Iterable[Outline], progress: Progress) -> tuple[AreaEvidence, ...]:
    """Every part of the role with its skills, also those that no lesson teaches yet."""
    lessons = tuple(lessons)
    by_skill: dict[str, list[Evidence]] = {}
    essays: dict[str, list[tuple[str, str]]] = {}
    for lesson in lessons:
        for task in lesson.exercises:
            for skill in task.skills:
                by_skill.setdefault(skill, []).append(_evidence(lesson.id, task.id, task.points, progress))
        for task in lesson.essays:
            for skill in task.skills:
                essays.setdefault(skill, []).append((lesson.id, task.id))
    return tuple(AreaEvidence(area, course.role.get(area, ""), tuple(
        SkillEvidence(skill, tuple(by_skill.get(skill.id, ())), tuple(essays.get(skill.id, ())))
        for skill in course.skills.values() if skill.area == area)) for area in AREAS)


def next_step(course: Course, lessons: Iterable[Outline], progress: Progress) -> NextStep | None:
    """The first lesson, in teaching order, with points left, and where to go on in it; None when all are earned."""
    for lesson in lessons:
        record = progress.lessons.get(lesson.id, LessonProgress())
        if record.best >= lesson.points:
            continue
        # Of its last check: a solved exercise that was broken since has to be mended.
        left = [task for task in lesson.exercises
                if record.exercises.get(task.id, ExerciseProgress()).earned < task.points]
        areas = {course.skills[skill].area for task in left for skill in task.skills if skill in course.skills}
        return NextStep(lesson, left[0].id if left else "", tuple(area for area in AREAS if area in areas))
    return None


def _evidence(lesson: str, exercise: str, points: float, progress: Progress) -> Evidence:
    entry = progress.lessons.get(lesson, LessonProgress()).exercises.get(exercise, ExerciseProgress())
    best = min(entry.best, points)
    # Held against the points it had when it was checked: a newer version of the lesson takes nothing away.
    state: State = "earned" if 0 < entry.points <= entry.best else "begun" if best or entry.tries else "open"
    return Evidence(lesson, exercise, best, points, state)
