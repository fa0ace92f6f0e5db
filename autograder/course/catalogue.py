"""The course as a whole: its folder, its syllabus and its skills."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.course.judged import Judged, read_judged
from autograder.course.kit import Kit, read_kit
from autograder.course.model import Answer, Lesson
from autograder.course.source import header_line, read_answers, read_inputs, read_lesson
from autograder.errors import MleError, SourceError, nearest

AREAS = (
    "programming", "mathematics", "frameworks", "pre-trained models",
    "automl", "deployment", "monitoring", "business",
)
_LESSON = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Module:
    """A module of the syllabus; `lessons` are ids in the order they are taught."""

    number: int
    title: str
    lessons: tuple[str, ...]


@dataclass(frozen=True)
class Skill:
    """Something a learner can show evidence for; `area` is one of AREAS."""

    id: str
    title: str
    area: str


@dataclass(frozen=True)
class Course:
    """A course folder: the one that holds `course/`, `solutions/` and `notebooks/`."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """The course that `start` (by default the working directory) lies in, else the one this package came with.

        Raises:
            MleError: neither is a course.
        """
        start = (start or Path.cwd()).resolve()
        own = Path(__file__).resolve().parents[2]
        for folder in (start, *start.parents, own):
            if (folder / "course" / "syllabus.toml").is_file():
                return cls(folder)
        raise MleError(f"No course here: neither {start} nor a folder above it has course/syllabus.toml. "
                       "Change to the course's folder and run the command again.")

    @property
    def sources(self) -> Path:
        return self.root / "course"

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @cached_property
    def kit(self) -> Kit | None:
        """What the folder says of itself where it is a learner's kit, which has notebooks but neither sources nor
        solutions.

        Raises:
            MleError: its file is damaged.
        """
        return read_kit(self.root)

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """The syllabus, validated.

        Raises:
            SourceError: the file is missing or wrong.
        """
        path = self.sources / "syllabus.toml"
        modules, seen = [], set()
        for entry in _tables(path, "module", {"number", "title", "lessons"}):
            if entry["number"] != len(modules) + 1:
                raise SourceError(path, None, f"module '{entry['title']}' has number {entry['number']!r}, but modules "
                                              f"count from 1 without a gap: {len(modules) + 1} is next")
            for lesson in entry["lessons"]:
                # It names folders, and an assignment of nbgrader.
                if not isinstance(lesson, str) or not _LESSON.fullmatch(lesson):
                    raise SourceError(path, None, f"the lesson {lesson!r} must be named in lower-case letters, digits "
                                                  "and single hyphens, like \"1-2-python-toolkit\"")
                if lesson in seen:
                    raise SourceError(path, None, f"lesson '{lesson}' is listed twice")
                seen.add(lesson)
            modules.append(Module(entry["number"], entry["title"], tuple(entry["lessons"])))
        return tuple(modules)

    @cached_property
    def skills(self) -> dict[str, Skill]:
        """The skills by id, validated.

        Raises:
            SourceError: the file is missing or wrong.
        """
        path = self.sources / "skills.toml"
        skills: dict[str, Skill] = {}
        for entry in _tables(path, "skill", {"id", "title", "area"}):
            skill = Skill(**entry)
            if skill.id in skills:
                raise SourceError(path, None, f"skill '{skill.id}' is listed twice")
            if skill.area not in AREAS:
                raise SourceError(path, None, f"skill '{skill.id}' has the unknown area '{skill.area}'. "
                                              f"{nearest(skill.area, AREAS)}")
            skills[skill.id] = skill
        return skills

    @cached_property
    def role(self) -> dict[str, str]:
        """What the role that the course prepares for asks for, one sentence for each area; empty if nobody wrote it.

        Raises:
            SourceError: the file is wrong.
        """
        path = self.sources / "role.toml"
        if not path.is_file():
            return {}
        role: dict[str, str] = {}
        for entry in _tables(path, "part", {"area", "asks"}):
            if entry["area"] not in AREAS:
                raise SourceError(path, None, f"unknown area '{entry['area']}'. {nearest(entry['area'], AREAS)}")
            if entry["area"] in role:
                raise SourceError(path, None, f"the area '{entry['area']}' is listed twice")
            role[entry["area"]] = entry["asks"]
        if missing := [area for area in AREAS if area not in role]:
            raise SourceError(path, None, f"the area '{missing[0]}' is missing")
        return role

    @cached_property
    def lesson_ids(self) -> tuple[str, ...]:
        """Every lesson of the syllabus, in teaching order."""
        return tuple(lesson for module in self.modules for lesson in module.lessons)

    def resolve(self, name: str) -> str:
        """The lesson id that `name` means: an id, or a path to its folder or notebook.

        Raises:
            MleError: no such lesson; the nearest is suggested.
        """
        for candidate in (name, Path(name).stem if name.endswith(".ipynb") else Path(name).name):
            if candidate in self.lesson_ids:
                return candidate
        raise MleError(f"No lesson is called '{name}'. {nearest(name, self.lesson_ids)}")

    def lesson(self, lesson_id: str) -> Lesson:
        """One lesson, read and held against syllabus and skills.

        Raises:
            SourceError: its source is wrong, or disagrees with the syllabus or the skills.
        """
        path = self.sources / self.resolve(lesson_id) / "lesson.py"
        lesson = read_lesson(path)
        module = next(m for m in self.modules if lesson.id in m.lessons)
        if lesson.module != module.number:
            raise SourceError(path, header_line(path, "module"), f"the header says module {lesson.module}, "
                                                                 f"the syllabus {module.number}")
        for prerequisite in lesson.prerequisites:
            line = header_line(path, "prerequisites")
            if prerequisite == lesson.id:
                raise SourceError(path, line, "a lesson cannot be its own prerequisite")
            if prerequisite not in self.lesson_ids:
                raise SourceError(path, line, f"unknown prerequisite '{prerequisite}'. "
                                              f"{nearest(prerequisite, self.lesson_ids)}")
        used = [(header_line(path, "skills"), skill) for skill in lesson.skills]
        used += [(cell.line, skill) for cell in lesson.cells for skill in cell.skills]
        for line, skill in used:
            if skill not in self.skills:
                raise SourceError(path, line, f"unknown skill '{skill}'. {nearest(skill, self.skills)}")
        for cell in lesson.cells:
            for skill in cell.skills:
                if skill not in lesson.skills:
                    raise SourceError(path, cell.line, f"skill '{skill}' is not among the header's skills")
        return lesson

    def answers(self, lesson: Lesson) -> tuple[Answer, ...]:
        """The right and wrong answers kept beside a lesson."""
        return read_answers(lesson.path.with_name("answers.py"), lesson)

    def inputs(self, lesson: Lesson) -> dict[str, str]:
        """By exercise, the source in a lesson's answers that generates inputs for it."""
        return read_inputs(lesson.path.with_name("answers.py"), lesson)

    def judged(self, lesson: Lesson) -> Judged:
        """What the author has judged by hand about a lesson's mutants and asserts."""
        return read_judged(lesson.path.with_name("judged.toml"), lesson)

    def check_folders(self) -> None:
        """Every lesson folder is in the syllabus.

        Raises:
            SourceError: a folder with a `lesson.py` is not listed.
        """
        for path in sorted(self.sources.glob("*/lesson.py")):
            if path.parent.name not in self.lesson_ids:
                raise SourceError(self.sources / "syllabus.toml", None,
                                  f"the folder course/{path.parent.name} is not listed under any module")


_WORDS = {int: "a whole number", list: "a list", str: "text"}


def _tables(path: Path, name: str, keys: set[str]) -> list[dict[str, Any]]:
    """The array of tables `name` of a TOML file, each with exactly `keys`, with plain types."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except FileNotFoundError:
        raise SourceError(path, None, "there is no such file; a course needs one") from None
    except (ValueError, OSError) as error:  # of TOML itself, of its encoding, of the folder in its place
        raise SourceError(path, None, f"not valid TOML: {error}") from None
    if unknown := set(data) - {name}:
        raise SourceError(path, None, f"unknown table '{sorted(unknown)[0]}'; only [[{name}]] is known")
    tables = data.get(name)
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise SourceError(path, None, f"there is no [[{name}]] in it")
    wanted = {"number": int, "lessons": list}
    for count, table in enumerate(tables, start=1):
        for key in sorted(set(table) ^ keys):
            problem = "unknown key" if key in table else "lacks the key"
            raise SourceError(path, None, f"[[{name}]] number {count}: {problem} '{key}'")
        for key, value in table.items():
            if not isinstance(value, wanted.get(key, str)) or isinstance(value, bool) or value == "":
                raise SourceError(path, None, f"[[{name}]] number {count}: '{key}' must be "
                                              f"{_WORDS[wanted.get(key, str)]}, not {value!r}")
    return tables
