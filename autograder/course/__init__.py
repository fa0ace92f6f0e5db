"""The syllabus and its lessons as plain dataclasses; knows nothing of notebooks, grading or execution."""

from autograder.course.catalogue import AREAS, Course, Module, Skill
from autograder.course.judged import Equivalent, Judged, Kept
from autograder.course.kit import KIT, Kit
from autograder.course.model import Answer, Cell, Lesson, Limits
from autograder.course.source import has_code, read_answers, read_inputs, read_lesson, split_check

__all__ = [
    "AREAS", "KIT", "Answer", "Cell", "Course", "Equivalent", "Judged", "Kept", "Kit", "Lesson", "Limits", "Module",
    "Skill",
    "has_code", "read_answers", "read_inputs", "read_lesson", "split_check",
]
