"""`syllabus.toml`, `skills.toml`, and finding the course and its lessons."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import AREAS, Course
from autograder.errors import MleError, SourceError

SYLLABUS = '''[[module]]
number = 1
title = "First"
lessons = ["1-1-means", "1-2-loops"]

[[module]]
number = 2
title = "Second"
lessons = []
'''
SKILLS = '''[[skill]]
id = "average"
title = "Average numbers"
area = "mathematics"

[[skill]]
id = "explain"
title = "Explain a result"
area = "business"
'''


def course_of(folder: Path, syllabus: str | bytes = SYLLABUS, skills: str | bytes = SKILLS) -> Course:
    (folder / "course").mkdir(exist_ok=True)
    for name, text in (("syllabus.toml", syllabus), ("skills.toml", skills)):
        (folder / "course" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Course(folder)


def test_modules_and_lessons_keep_their_order(tmp_path):
    course = course_of(tmp_path)
    assert [(module.number, module.title, module.lessons) for module in course.modules] == [
        (1, "First", ("1-1-means", "1-2-loops")), (2, "Second", ())]
    assert course.lesson_ids == ("1-1-means", "1-2-loops")
    assert {skill.id: skill.area for skill in course.skills.values()} == {
        "average": "mathematics", "explain": "business"}


@pytest.mark.parametrize(("old", "new", "says"), [
    ("number = 2", "number = 3", "count from 1 without a gap: 2 is next"),
    ("number = 2", "number = 1", "count from 1 without a gap"),
    ("number = 1", "number = true", "'number' must be a whole number"),
    ("number = 1", 'number = "1"', "'number' must be a whole number"),
    ("number = 1", "number = 1.0", "'number' must be a whole number"),
    ("number = 1\n", "", "[[module]] number 1: lacks the key 'number'"),
    ("lessons = []", "lesson = []", "number 2: unknown key 'lesson'"),
    ('title = "First"', 'title = ""', "'title' must be text"),
    ('title = "First"', "title = 1", "'title' must be text"),
    ("lessons = []", 'lessons = "1-3-x"', "'lessons' must be a list"),
    ("lessons = []", "lessons = [1]", "must be named in lower-case"),
    ("lessons = []", 'lessons = [["1-3-x"]]', "must be named in lower-case"),
    ("lessons = []", 'lessons = ["../outside"]', "must be named in lower-case"),
    ("lessons = []", 'lessons = ["2-1 spaces"]', "must be named in lower-case"),
    ("lessons = []", 'lessons = ["2-1-Capital"]', "must be named in lower-case"),
    ("lessons = []", 'lessons = [""]', "must be named in lower-case"),
    ("lessons = []", 'lessons = ["1-2-loops"]', "lesson '1-2-loops' is listed twice"),
    ("lessons = []", "lessons = [", "not valid TOML"),
    (SYLLABUS, "", "there is no [[module]] in it"),
    (SYLLABUS, "module = []", "there is no [[module]] in it"),
    (SYLLABUS, "module = [1, 2]", "there is no [[module]] in it"),
    (SYLLABUS, "[module]\nnumber = 1", "there is no [[module]] in it"),
    ("[[module]]", "[[modul]]", "unknown table 'modul'"),
])
def test_a_wrong_syllabus_is_one_clear_error(old, new, says, tmp_path):
    syllabus = SYLLABUS.replace(old, new, 1)
    assert syllabus != SYLLABUS
    with pytest.raises(SourceError) as raised:
        _ = course_of(tmp_path, syllabus).modules
    assert says in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "course" / "syllabus.toml"))


@pytest.mark.parametrize(("old", "new", "says"), [
    ('area = "business"', 'area = "busines"',
     "skill 'explain' has the unknown area 'busines'. Did you mean 'business'?"),
    ('id = "explain"', 'id = "average"', "skill 'average' is listed twice"),
    ('id = "explain"\n', "", "number 2: lacks the key 'id'"),
    ('id = "explain"', "id = 5", "'id' must be text"),
    ('id = "explain"', 'id = ""', "'id' must be text"),
    ('id = "explain"', 'id = "explain"\nlevel = 2', "number 2: unknown key 'level'"),
    ('title = "Explain a result"', 'title = ["a"]', "'title' must be text"),
    (SKILLS, "skill = 5", "there is no [[skill]] in it"),
])
def test_wrong_skills_are_one_clear_error(old, new, says, tmp_path):
    skills = SKILLS.replace(old, new, 1)
    assert skills != SKILLS
    with pytest.raises(SourceError) as raised:
        _ = course_of(tmp_path, skills=skills).skills
    assert says in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / "course" / "skills.toml"))


@pytest.mark.parametrize("name", ["syllabus.toml", "skills.toml"])
def test_a_missing_file_a_folder_and_other_encodings_are_clear_errors(name, tmp_path):
    read = (lambda: Course(tmp_path).modules) if name == "syllabus.toml" else (lambda: Course(tmp_path).skills)
    course_of(tmp_path)
    path = tmp_path / "course" / name
    path.write_bytes('title = "Größe"'.encode("latin-1"))
    with pytest.raises(SourceError, match="not valid TOML"):
        read()
    path.unlink()
    with pytest.raises(SourceError, match="there is no such file"):
        read()
    path.mkdir()
    with pytest.raises(SourceError, match="not valid TOML"):
        read()


@pytest.mark.parametrize("name", [
    "1-1-means", "course/1-1-means", "work/1-1-means/", "./1-1-means", "work/1-1-means/1-1-means.ipynb",
    "1-1-means.ipynb", "/somewhere/else/1-1-means"])
def test_a_lesson_is_found_by_its_id_its_folder_and_its_notebook(name, tmp_path):
    assert course_of(tmp_path).resolve(name) == "1-1-means"


@pytest.mark.parametrize(("name", "says"), [
    ("1-1-maens", "Did you mean '1-1-means'?"),
    ("means", "Did you mean '1-1-means'?"),
    ("LOOPS", "Did you mean '1-2-loops'?"),
    ("zzz", "Known are: 1-1-means, 1-2-loops."),
    ("", "Known are: 1-1-means, 1-2-loops."),
    ("größe 💥", "Known are: 1-1-means, 1-2-loops."),
])
def test_an_unknown_lesson_gets_the_nearest_name_or_all_of_them(name, says, tmp_path):
    with pytest.raises(MleError) as raised:
        course_of(tmp_path).resolve(name)
    assert f"'{name}'" in str(raised.value)
    assert str(raised.value).endswith(says)


@pytest.mark.parametrize("inside", [".", "course", "course/1-1-means", "work/1-1-means/data"])
def test_the_course_is_found_from_any_folder_in_it(inside, tmp_path, monkeypatch):
    root = tmp_path / "a course — größe"
    root.mkdir()
    course_of(root)
    (root / inside).mkdir(parents=True, exist_ok=True)
    assert Course.find(root / inside) == Course(root.resolve())
    monkeypatch.chdir(root / inside)
    assert Course.find() == Course(root.resolve())


def test_outside_any_course_it_is_the_one_this_package_came_with(tmp_path, repository):
    assert Course.find(tmp_path) == repository


def test_a_lesson_folder_that_nobody_listed_is_an_error(mini):
    folder = mini.sources / "1-3-more"
    folder.mkdir()
    mini.check_folders()  # not a lesson yet
    (folder / "lesson.py").write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match="the folder course/1-3-more is not listed under any module"):
        mini.check_folders()


def test_a_listed_lesson_without_a_folder_is_an_error(tmp_path):
    with pytest.raises(SourceError, match=r"1-2-loops.lesson\.py: there is no such file"):
        course_of(tmp_path).lesson("1-2-loops")


def test_the_repositorys_own_syllabus_and_skills_are_sound_and_list_every_lesson_folder(repository):
    repository.check_folders()
    assert [module.number for module in repository.modules] == list(range(1, len(repository.modules) + 1))
    assert {skill.area for skill in repository.skills.values()} <= set(AREAS)
    folders = {path.parent.name for path in repository.sources.glob("*/lesson.py")}
    assert folders == set(repository.lesson_ids)
    for lesson_id in repository.lesson_ids:
        lesson = repository.lesson(lesson_id)
        assert repository.answers(lesson), f"{lesson_id} has no answers to test its checks with"
    assert tuple(repository.role) == AREAS


# --- the role


def role_of(folder: Path, *parts: tuple[str, str]) -> dict[str, str]:
    course = course_of(folder)
    (course.sources / "role.toml").write_text("\n".join(
        f'[[part]]\narea = "{area}"\nasks = "{asks}"' for area, asks in parts), encoding="utf-8")
    return course.role


def test_a_course_says_for_every_area_what_the_role_asks_for_or_for_none(tmp_path):
    assert course_of(tmp_path).role == {}
    assert role_of(tmp_path, *((area, f"does {area}") for area in AREAS))["automl"] == "does automl"


@pytest.mark.parametrize(("parts", "says"), [
    ([("cooking", "x")], "unknown area 'cooking'"),
    ([("automl", "x"), ("automl", "y")], "the area 'automl' is listed twice"),
    ([("automl", "x")], "the area 'programming' is missing"),
    ([("automl", "")], "'asks' must be text"),
])
def test_a_wrong_role_is_one_clear_error(parts, says, tmp_path):
    with pytest.raises(SourceError) as raised:
        role_of(tmp_path, *parts)
    assert says in str(raised.value)
    assert str(tmp_path / "course" / "role.toml") in str(raised.value)
