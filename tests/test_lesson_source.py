"""The grammar of `lesson.py` and `answers.py`: what it accepts, and where it says a mistake is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.course import (
    Course,
    Equivalent,
    Judged,
    Kept,
    has_code,
    read_answers,
    read_inputs,
    read_lesson,
    split_check,
)
from autograder.errors import SourceError

LESSON = '''# ---
# title: A lesson
# builds: something that stands
# module: 1
# minutes: 20
# prerequisites: []
# skills: [average, explain]
# limits: {cell_seconds: 3}
# ---

# %% [markdown]
# # A lesson

# %% given="setup"
import math

# %%
print("an example")

# %% exercise="mean" difficulty=1 minutes=3 skills="average"
def mean(values):
    ### BEGIN SOLUTION
    return sum(values) / len(values)
    ### END SOLUTION

# %% check="mean-values" points=2
assert mean([1, 2, 3]) == 2

# %% check="mean-edges" points=1 hidden="negative numbers"
assert mean([5]) == 5
### BEGIN HIDDEN TESTS
assert mean([-1, -3]) == -2
### END HIDDEN TESTS

# %% [markdown] hint="mean"
# Add, then divide.

# %% exercise="double" difficulty=2 minutes=5 skills="average"
def double(value):
    ### BEGIN SOLUTION
    return 2 * value
    ### END SOLUTION

# %% check="double" points=1.5
assert double(2) == 4

# %% [markdown] essay="memo" points=4 minutes=5 skills="explain"
# Write about means.

# %% [markdown] rubric="memo"
# Two points for an example.
'''

EXERCISE = '# %% exercise="mean" difficulty=1 minutes=3 skills="average"'
CHECK = '# %% check="mean-values" points=2'
EDGES = '# %% check="mean-edges" points=1 hidden="negative numbers"'
HINT = '# %% [markdown] hint="mean"'
ESSAY = '# %% [markdown] essay="memo" points=4 minutes=5 skills="explain"'
RUBRIC = '# %% [markdown] rubric="memo"'
HIDDEN = '### BEGIN HIDDEN TESTS\nassert mean([-1, -3]) == -2\n### END HIDDEN TESTS\n'
SOLUTION = '    ### BEGIN SOLUTION\n    return sum(values) / len(values)\n    ### END SOLUTION\n'


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "1-1-means" / "lesson.py"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def line_with(text: str, needle: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if needle in line)


# What is changed in the lesson, the line (by some text on it) the error must name, and what it must say.
MISTAKES = {
    # markers
    "unknown key": (CHECK, '# %% exam="mean-values" points=2', 'exam=', "unknown key 'exam'"),
    "misspelt key suggests the right one": (CHECK, '# %% chekc="mean-values" points=2', "chekc=", "'check'"),
    "unknown key beside a known one": (CHECK, CHECK + ' pionts=2', "pionts", "unknown key 'pionts' beside check"),
    "key without a value": (CHECK, "# %% check points=2", "# %% check points", "'check' in the cell marker"),
    "value without quotes": (CHECK, "# %% check=mean-values points=2", "check=mean", "'check=mean-values'"),
    "two kinds at once": (CHECK, CHECK + ' exercise="x"', 'exercise="x"', "a cell is one thing"),
    "words in a marker": ("# %%\nprint", "# %% An example\nprint", "# %% An example", "'An example'"),
    "tags": (CHECK, CHECK + ' tags=["a"]', "tags=", "unknown key 'tags'"),
    "no space in a marker": (CHECK, '# %%check="mean-values" points=2', "# %%check", "not quite a cell marker"),
    "no space before [markdown]": (HINT, '# %%[markdown] hint="mean"', "# %%[markdown]", "not quite a cell marker"),
    "indented marker": (CHECK, "    " + CHECK, CHECK, "not quite a cell marker"),
    "sub-cell marker": (CHECK, CHECK.replace("%%", "%%%"), "%%%", "not quite a cell marker"),
    "code before the first marker": ("# %% [markdown]\n# # A", "import os\n\n# %% [markdown]\n# # A", "import os",
                                     "before the first one"),
    "raw cell": ("# %%\nprint", "# %% [raw]\nprint", "[raw]", "raw cells have no use"),
    "check in prose": (CHECK, CHECK.replace("%%", "%% [markdown]"), "mean-values", "take out '[markdown]'"),
    "exercise in prose": (EXERCISE, EXERCISE.replace("%%", "%% [markdown]"), 'exercise="mean"', "[markdown]"),
    "hint in code": (HINT, '# %% hint="mean"', "hint=", "a hint is prose"),
    "essay in code": (ESSAY, ESSAY.replace("[markdown] ", ""), "essay=", "a essay is prose"),
    "rubric in code": (RUBRIC, RUBRIC.replace("[markdown] ", ""), "rubric=", "a rubric is prose"),
    # ids
    "capitals in an id": (CHECK, '# %% check="mean-Values" points=2', "mean-Values", "lower-case"),
    "underscore in an id": (CHECK, '# %% check="mean-the_values" points=2', "mean-the_values", "lower-case"),
    "two hyphens in an id": (CHECK, '# %% check="mean--values" points=2', "mean--values", "lower-case"),
    "space in an id": (CHECK, '# %% check="mean values" points=2', "mean values", "lower-case"),
    "id in other letters": (CHECK, '# %% check="mean-größe" points=2', "größe", "lower-case"),
    "id that is too long": (CHECK, f'# %% check="mean-{"x" * 46}" points=2', "xxxx", "50 characters at most"),
    "reserved id": (EXERCISE, EXERCISE.replace('"mean"', '"check-mean"'), "check-mean", "must not begin with"),
    "reserved id of an essay": (ESSAY, ESSAY.replace("memo", "about-me"), "about-me", "must not begin with"),
    "empty id": (CHECK, '# %% check="" points=2', 'check=""', "'check' must be text"),
    "number for an id": (CHECK, '# %% check=5 points=2', 'check=5', "'check' must be text"),
    "the same exercise twice": (
        HINT, f'{EXERCISE}\ndef mean(values):\n{SOLUTION}\n# %% check="mean-more" points=1\nassert 1\n\n{HINT}',
        35, "is taken by the cell on line 20"),
    "the same check twice": (EDGES, EDGES.replace("edges", "values"), 'hidden=', "is taken by the cell on line 26"),
    "the same given twice": ("# %%\nprint", '# %% given="setup"\nprint', 17, "is taken by the cell on line 14"),
    "an essay named like an exercise": ('essay="memo"', 'essay="mean"', 'essay="mean"', "is taken"),
    "two rubrics for one essay": ("# Two points for an example.", f"# Two points.\n\n{RUBRIC}\n# Again.", 53,
                                  "is taken"),
    # who belongs to whom
    "check without an exercise": ("# %%\nprint", '# %% check="other" points=1\nprint', "other",
                                  "no exercise before it"),
    "check under another exercise": (CHECK, '# %% check="double-values" points=2', "double-values",
                                     "stands below exercise 'mean' (line 20)"),
    "check whose id only begins alike": (CHECK, '# %% check="meanvalues" points=2', "meanvalues", "begin with 'mean-'"),
    "exercise without a check": ('# %% check="double" points=1.5\nassert double(2) == 4\n', "", 'exercise="double"',
                                 "has no check"),
    "hint for an unknown exercise": (HINT, HINT.replace("mean", "maen"), "maen", "Did you mean 'mean'?"),
    "rubric for an unknown essay": (RUBRIC, RUBRIC.replace("memo", "mome"), "mome", "Did you mean 'memo'?"),
    # numbers and texts
    "points missing": (CHECK, '# %% check="mean-values"', "mean-values", "check 'mean-values' lacks 'points'"),
    "points zero": (CHECK, '# %% check="mean-values" points=0', "points=0", "'points' must be a number above 0"),
    "points below zero": (CHECK, '# %% check="mean-values" points=-1', "points=-1",
                          "'points' must be a number above 0"),
    "points in quotes": (CHECK, '# %% check="mean-values" points="2"', 'points="2"', "'points' must be a number"),
    "points in words": (CHECK, '# %% check="mean-values" points=two', "points=two", "points=two"),
    "points true": (CHECK, '# %% check="mean-values" points=true', "points=true", "'points' must be a number"),
    "points without end": (CHECK, '# %% check="mean-values" points=1e999', "1e999", "'points' must be a number"),
    "points of an essay missing": (ESSAY, ESSAY.replace("points=4 ", ""), "essay=", "lacks 'points'"),
    "difficulty too high": (EXERCISE, EXERCISE.replace("difficulty=1", "difficulty=6"), "difficulty=6", "at most 5"),
    "difficulty zero": (EXERCISE, EXERCISE.replace("difficulty=1", "difficulty=0"), "difficulty=0", "above 0"),
    "difficulty in parts": (EXERCISE, EXERCISE.replace("difficulty=1", "difficulty=1.5"), "1.5", "a whole number"),
    "difficulty missing": (EXERCISE, EXERCISE.replace("difficulty=1 ", ""), 'exercise="mean"', "lacks 'difficulty'"),
    "minutes missing": (EXERCISE, EXERCISE.replace("minutes=3 ", ""), 'exercise="mean"', "lacks 'minutes'"),
    "minutes zero": (EXERCISE, EXERCISE.replace("minutes=3", "minutes=0"), "minutes=0", "'minutes' must be"),
    "skills missing": (EXERCISE, EXERCISE.replace(' skills="average"', ""), 'exercise="mean"', "lacks 'skills'"),
    "skills empty": (EXERCISE, EXERCISE.replace('"average"', '" "'), 'exercise="mean"', "names no skill"),
    # solutions and hidden tests
    "no solution": (SOLUTION, "    return sum(values) / len(values)\n", 'exercise="mean"',
                    "has no '### BEGIN SOLUTION'"),
    "END SOLUTION missing": (SOLUTION, SOLUTION.replace("    ### END SOLUTION\n", ""), "BEGIN SOLUTION",
                             "never closed"),
    "BEGIN SOLUTION missing": (SOLUTION, SOLUTION.replace("    ### BEGIN SOLUTION\n", ""), "END SOLUTION", "without"),
    "nested solutions": (SOLUTION, SOLUTION.replace("    return", "    ### BEGIN SOLUTION\n    return"),
                         23, "inside another one"),
    "misspelt delimiter": (SOLUTION, SOLUTION.replace("### BEGIN", "# BEGIN"), "# BEGIN SOLUTION", "exactly as"),
    "text after a delimiter": (SOLUTION, SOLUTION.replace("END SOLUTION", "END SOLUTION of it"), "of it", "exactly as"),
    "solution in a check": ("assert mean([1, 2, 3]) == 2", "### BEGIN SOLUTION\nassert 1\n### END SOLUTION",
                            27, "outside its place"),
    "solution in prose": ("# # A lesson", "# # A lesson\n#\n# ### BEGIN SOLUTION", "BEGIN SOLUTION",
                          "outside its place"),
    "solution in an example": ('print("an example")', 'print("an example")  ### BEGIN SOLUTION', "BEGIN SOLUTION",
                               "a solution belongs in an exercise or essay"),
    "hidden test in an example": ('print("an example")', '### BEGIN HIDDEN TESTS\nprint(1)\n### END HIDDEN TESTS',
                                  "BEGIN HIDDEN TESTS", "hidden tests belong in a check"),
    "hidden test in an exercise": (SOLUTION, SOLUTION + HIDDEN, "BEGIN HIDDEN TESTS", "hidden tests belong in a check"),
    "hidden test in a hint": ("# Add, then divide.", "# Add.\n# ### BEGIN HIDDEN TESTS", "# ### BEGIN HIDDEN TESTS",
                              "hidden tests belong in a check"),
    "hidden region in a block": (HIDDEN, "if True:\n    ### BEGIN HIDDEN TESTS\n    assert mean([-1, -3]) == -2\n"
                                         "    ### END HIDDEN TESTS\n", "BEGIN HIDDEN", "left margin"),
    "indented hidden region": (HIDDEN, "def check():\n    pass\n" + HIDDEN.replace("assert", "    assert"),
                               "BEGIN HIDDEN",
                               "left margin"),
    "hidden region of a loop": (HIDDEN, "for n in [1]:\n    pass\n" + HIDDEN.replace("assert", "else:\n    assert"),
                                "BEGIN HIDDEN", "left margin"),
    "END HIDDEN TESTS missing": (HIDDEN, HIDDEN.replace("### END HIDDEN TESTS\n", ""), "BEGIN HIDDEN", "never closed"),
    "two hidden regions": (HIDDEN, HIDDEN + HIDDEN, "hidden=", "more than one hidden region"),
    "hidden sentence without a region": (HIDDEN, "", "hidden=", "has no '### BEGIN HIDDEN TESTS'"),
    "hidden region without a sentence": (EDGES, EDGES.split(" hidden")[0], "mean-edges",
                                         'needs hidden="what they try"'),
    "hidden sentence empty": (EDGES, EDGES.replace("negative numbers", " "), "mean-edges", 'needs hidden='),
    "hidden sentence a number": (EDGES, EDGES.replace('"negative numbers"', "5"), "mean-edges", 'needs hidden='),
    "hidden region without code": (HIDDEN, "### BEGIN HIDDEN TESTS\n# later\n### END HIDDEN TESTS\n", "mean-edges",
                                   "no code in it"),
    "check without code": ("assert mean([1, 2, 3]) == 2", "# later", "mean-values", "no code in it"),
    # Python
    "syntax error in an exercise": ("    return sum(values)", "    return sum(values", "    return sum(values",
                                    "not valid"),
    "syntax error in a check": ("assert mean([1, 2, 3]) == 2", "x = 1\n\nassert mean([1] == = 2", "== = 2",
                                "not valid"),
    "syntax error in a hidden test": ("assert mean([-1, -3]) == -2", "assert = 2", "assert = 2", "not valid Python"),
    "syntax error in a given cell": ("import math", "import math\nimport 5", "import 5", "not valid Python"),
    "syntax error in an example": ('print("an example")', "# first\n\nprint('a)", "print('a)", "not valid Python"),
    "a control character": ("# Add, then divide.", "# Add, then\u2028divide.", "# Add, then", "control character"),
    "a NUL character": ("import math", "import math\0", "import math", "control character"),
    # header
    "unknown key in the header": ("# minutes: 20", "# minutse: 20", "minutse", "Did you mean 'minutes'?"),
    "number as a key in the header": ("# minutes: 20", "# 5: 20", "# 5", "unknown key '5'"),
    "title missing": ("# title: A lesson\n", "", "# ---", "the header lacks 'title'"),
    "skills missing in the header": ("# skills: [average, explain]\n", "", "# ---", "the header lacks 'skills'"),
    "title empty": ("title: A lesson", "title:", "title:", "'title' must be text"),
    "title a number": ("title: A lesson", "title: 5", "title:", "'title' must be text"),
    "module in words": ("module: 1", "module: one", "module:", "'module' must be a whole number"),
    "module true": ("module: 1", "module: true", "module:", "'module' must be a whole number"),
    "minutes of the lesson zero": ("minutes: 20", "minutes: 0", "minutes: 0", "'minutes' must be a whole number"),
    "seed too large for NumPy": ("# module: 1", "# module: 1\n# seed: 4294967296", "seed:", "'seed' must be"),
    "skills as one word": ("[average, explain]", "average", "skills:", "must be a list"),
    "no skills": ("[average, explain]", "[]", "skills:", "at least one skill"),
    "list of numbers": ("[average, explain]", "[1, 2]", "skills:", "must be a list"),
    "unknown limit": ("cell_seconds: 3", "cel_seconds: 3", "cel_seconds", "Did you mean 'cell_seconds'?"),
    "limit below zero": ("cell_seconds: 3", "cell_seconds: -3", "limits:", "above zero"),
    "limit without end": ("cell_seconds: 3", "cell_seconds: .inf", "limits:", "above zero"),
    "limit not a number": ("cell_seconds: 3", "memory_mb: .nan", "limits:", "above zero"),
    "limits as a list": ("{cell_seconds: 3}", "[3]", "limits:", "must look like"),
    "shared file that is not there": ("# module: 1", "# shared: [tools/none.py]\n# module: 1", "shared:",
                                      "there is no course/tools/none.py"),
    "shared way out of the course": ("# module: 1", "# shared: [../secret.txt]\n# module: 1", "shared:",
                                     "in a folder of course/"),
    "shared lesson": ("# module: 1", "# shared: [1-1-means]\n# module: 1", "shared:", "in a folder of course/"),
    "shared file with the lesson's own name": ("# module: 1", "# shared: [1-1-means/lesson.py, 1-1-means/lesson.py]\n"
                                               "# module: 1", "shared:", "lies beside the notebook already"),
    "broken YAML": ("title: A lesson", "title: [A lesson", "builds:", "not valid YAML"),
    "colon in the YAML": ("builds: something", "builds: something: a thing", "builds:", "not valid YAML"),
    "impossible date in the YAML": ("minutes: 20", "minutes: 2026-13-45", "# ---", "not valid YAML"),
    "header of another kind": (LESSON[:LESSON.index("# %%")], "# ---\n# just words\n# ---\n\n", "# ---",
                               "'key: value'"),
    "header never closed": ("# limits: {cell_seconds: 3}\n# ---\n", "# limits: {}\n", "# ---", "before the first one"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_lesson_is_one_error_that_names_file_and_line(mistake, tmp_path):
    old, new, where, says = MISTAKES[mistake]
    text = LESSON.replace(old, new, 1)
    assert text != LESSON
    path = write(tmp_path, text)
    line = where if isinstance(where, int) else line_with(text, where)
    with pytest.raises(SourceError) as raised:
        read_lesson(path)
    assert (raised.value.line, says in str(raised.value)) == (line, True), str(raised.value)
    assert str(raised.value).startswith(f"{path}:{line}: ")


def test_a_sound_lesson_is_read_cell_by_cell(tmp_path):
    lesson = read_lesson(write(tmp_path, LESSON))
    assert (lesson.id, lesson.title, lesson.module, lesson.minutes) == ("1-1-means", "A lesson", 1, 20)
    assert (lesson.limits.cell_seconds, lesson.limits.notebook_seconds, lesson.seed) == (3, 60, 0)
    assert [(cell.kind, cell.id, cell.line) for cell in lesson.cells] == [
        ("prose", "", 11), ("given", "setup", 14), ("code", "", 17), ("exercise", "mean", 20), ("check", "mean-values",
                                                                                                26),
        ("check", "mean-edges", 29), ("hint", "mean", 35), ("exercise", "double", 38), ("check", "double", 44),
        ("essay", "memo", 47), ("rubric", "memo", 50)]
    assert lesson.points == 8.5
    assert [check.owner for check in lesson.checks()] == ["mean", "mean", "double"]
    assert lesson.checks("mean")[1].hidden == "negative numbers"
    assert lesson.hints("mean")[0].source == "Add, then divide."


@pytest.mark.parametrize("disguise", [
    lambda text: text.replace("\n", "\r\n"),
    lambda text: "\ufeff" + text,
    lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    lambda text: text.replace("# %%", "#%%"),
    lambda text: text.rstrip("\n"),
    lambda text: text + "\n\n\n",
], ids=["CRLF", "BOM", "BOM and CRLF", "markers without a space", "no last line end", "blank lines at the end"])
def test_how_an_editor_saved_the_file_changes_nothing(disguise, tmp_path):
    plain = read_lesson(write(tmp_path, LESSON))
    assert read_lesson(write(tmp_path, disguise(LESSON))) == plain


def test_blank_lines_below_the_header_only_move_the_cells_down(tmp_path):
    plain = read_lesson(write(tmp_path, LESSON))
    moved = read_lesson(write(tmp_path, LESSON.replace("# ---\n\n# %%", "# ---\n\n\n\n# %%")))
    assert [cell.line for cell in moved.cells] == [cell.line + 2 for cell in plain.cells]
    assert [cell.source for cell in moved.cells] == [cell.source for cell in plain.cells]


def test_the_line_is_right_in_a_file_with_windows_line_ends(tmp_path):
    text = LESSON.replace("import math", "import 5").replace("\n", "\r\n")
    with pytest.raises(SourceError) as raised:
        read_lesson(write(tmp_path, text))
    assert raised.value.line == 15


def test_the_line_is_right_in_prose_between_three_quotes(tmp_path):
    text = LESSON.replace("# Add, then divide.", '"""\nAdd, then divide.\n### BEGIN SOLUTION\n"""')
    with pytest.raises(SourceError) as raised:
        read_lesson(write(tmp_path, text))
    assert raised.value.line == 38


def test_an_empty_file_lacks_its_header(tmp_path):
    with pytest.raises(SourceError, match=r"lesson\.py:1: the header lacks 'builds'"):
        read_lesson(write(tmp_path, ""))


def test_a_header_alone_is_no_lesson(tmp_path):
    with pytest.raises(SourceError, match="the lesson has no cells"):
        read_lesson(write(tmp_path, LESSON[:LESSON.index("# %%")]))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match="there is no such file") as raised:
        read_lesson(tmp_path / "1-1-means" / "lesson.py")
    assert str(tmp_path / "1-1-means" / "lesson.py") in str(raised.value)


def test_a_folder_in_the_place_of_the_file_is_one_clear_error(tmp_path):
    (tmp_path / "1-1-means" / "lesson.py").mkdir(parents=True)
    with pytest.raises(SourceError, match="cannot be read"):
        read_lesson(tmp_path / "1-1-means" / "lesson.py")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_that_is_not_utf_8_is_one_clear_error(encoding, tmp_path):
    with pytest.raises(SourceError, match="save it as UTF-8"):
        read_lesson(write(tmp_path, LESSON.replace("A lesson", "Größe"), encoding))


@pytest.mark.parametrize("code", [
    "%matplotlib inline", "%timeit -n1 mean([1])\nx = 1", "!ls", "%%time\nx = 1", "%%bash\nls -l | head", "files = !ls",
    "print?", "if True:\n    %time x = 1", "await something()", "# copy the list, then sort it\nx = 1", "# Why?\nx = 1",
    "# ls is a command\nx = 1", "# 100 % of them\nx = 1", "text = \'\'\'\n# %% exercise=\"no\"\n\'\'\'",
    "text = \'\'\'\n# %%check=\"no\" points=1\n%matplotlib inline\n\'\'\'", "x = 1  # %% not a marker", "'\\\\'",
    "# a 'quote that is not closed\nx = 1", "x = '# ---'", 'x = "\\u2028"',
])
def test_an_example_is_taken_as_it_stands(code, tmp_path):
    lesson = read_lesson(write(tmp_path, LESSON.replace('print("an example")', code)))
    assert [cell.source for cell in lesson.cells if cell.kind == "code"] == [code]
    assert len(lesson.cells) == 11


def test_magics_that_jupyterlab_saved_as_comments_are_magics_again(tmp_path):
    code = "# %matplotlib inline\n# !ls\nx = '''\n# %time\n'''"
    lesson = read_lesson(write(tmp_path, LESSON.replace('print("an example")', code)))
    assert lesson.cells[2].source == "%matplotlib inline\n!ls\nx = '''\n# %time\n'''"


def test_a_lesson_saved_again_by_jupytext_is_the_same_lesson(tmp_path):
    import jupytext

    text = LESSON.replace('print("an example")', "%matplotlib inline\nx = !ls\n# a comment\nprint?")
    once = read_lesson(write(tmp_path, text))
    form = {"extension": ".py", "format_name": "percent"}
    saved = jupytext.writes(jupytext.reads(text, fmt=form), fmt=form)
    again = read_lesson(write(tmp_path, saved))
    assert [(c.kind, c.id, c.points) for c in again.cells] == [(c.kind, c.id, c.points) for c in once.cells]
    assert (again.title, again.limits, again.points) == (once.title, once.limits, once.points)
    assert again.cells[2].source.startswith("%matplotlib inline\n")


# --- the course around a lesson


def course_with(folder: Path, lesson: str) -> Course:
    (folder / "course").mkdir()
    (folder / "course" / "syllabus.toml").write_text(
        '[[module]]\nnumber = 1\ntitle = "First"\nlessons = ["1-1-means"]\n', encoding="utf-8")
    (folder / "course" / "skills.toml").write_text("".join(
        f'[[skill]]\nid = "{name}"\ntitle = "{name}"\narea = "business"\n' for name in ("average", "explain", "spare")),
        encoding="utf-8")
    write(folder / "course", lesson)
    return Course(folder)


@pytest.mark.parametrize(("old", "new", "line", "says"), [
    ("[average, explain]", "[averaeg, explain]", 7, "unknown skill 'averaeg'. Did you mean 'average'?"),
    ('skills="average"\ndef mean', 'skills="averaeg"\ndef mean', 20, "unknown skill 'averaeg'"),
    ('skills="average"\ndef mean', 'skills="average spare"\ndef mean', 20, "'spare' is not among the header's"),
    ('minutes=5 skills="explain"', 'minutes=5 skills="spare"', 47, "'spare' is not among the header's"),
    ("module: 1", "module: 2", 4, "module 2, the syllabus 1"),
    ("prerequisites: []", "prerequisites: [1-1-maens]", 6, "unknown prerequisite '1-1-maens'. Did you mean"),
    ("prerequisites: []", "prerequisites: [1-1-means]", 6, "its own prerequisite"),
], ids=lambda value: str(value)[:40])
def test_a_lesson_that_disagrees_with_its_course_is_refused_at_its_line(old, new, line, says, tmp_path):
    course = course_with(tmp_path, LESSON.replace(old, new, 1))
    with pytest.raises(SourceError) as raised:
        course.lesson("1-1-means")
    assert (raised.value.line, says in str(raised.value)) == (line, True), str(raised.value)


# --- answers.py

ANSWERS = """# %% [markdown]
# Notes of the author.

# %% right="mean" name="statistics"
import statistics
def mean(values):
    return statistics.fmean(values)

# %% wrong="mean" name="sum" fails="mean-values mean-edges"
def mean(values):
    return sum(values)

# %% wrong="double" name="half a line" fails="double"
def double(value:
"""

ANSWER_MISTAKES = {
    "unknown exercise": ('right="mean"', 'right="maen"', 4, "no exercise 'maen' in the lesson. Did you mean 'mean'?"),
    "an essay is no exercise": ('right="mean"', 'right="memo"', 4, "no exercise 'memo'"),
    "unknown check": ("mean-values mean-edges", "mean-values mean-egdes", 9, 'fails="mean-egdes" names no check'),
    "check of another exercise": ("mean-values mean-edges", "double", 9, "names no check of exercise 'mean'"),
    "fails missing": (' fails="mean-values mean-edges"', "", 9, "wrong 'mean' lacks 'fails'"),
    "fails empty": ('fails="double"', 'fails=" "', 13, "'fails' must be text"),
    "fails on a right answer": ('name="statistics"', 'name="statistics" fails="mean-values"', 4, "unknown key 'fails'"),
    "name missing": (' name="sum"', "", 9, "lacks 'name'"),
    "name a number": ('name="sum"', "name=5", 9, "5 is not of type 'string'"),
    "the same name twice": ('name="sum"', 'name="statistics"', 9, "on line 4 already"),
    "syntax error in a right answer": ("import statistics", "import statistics as", 5, "not valid Python"),
    "unknown key": ('right="mean"', 'rigth="mean"', 4, "Did you mean 'right'?"),
    "key of a lesson": ('right="mean"', 'exercise="mean"', 4, "unknown key 'exercise'"),
    "answer in prose": ('%% right="mean"', '%% [markdown] right="mean"', 4, "an answer is code"),
    "both right and wrong": ('right="mean"', 'right="mean" wrong="mean"', 4, "a cell is one thing"),
    "code before the first marker": ("# %% [markdown]", "x = 1\n\n# %% [markdown]", 1, "before the first one"),
}


def answers_of(folder: Path, text: str):
    path = write(folder, LESSON)
    path.with_name("answers.py").write_text(text, encoding="utf-8")
    return read_answers(path.with_name("answers.py"), read_lesson(path))


@pytest.mark.parametrize("mistake", ANSWER_MISTAKES)
def test_a_mistake_in_the_answers_is_one_error_that_names_file_and_line(mistake, tmp_path):
    old, new, line, says = ANSWER_MISTAKES[mistake]
    text = ANSWERS.replace(old, new, 1)
    assert text != ANSWERS
    with pytest.raises(SourceError) as raised:
        answers_of(tmp_path, text)
    assert (raised.value.path.name, raised.value.line, says in str(raised.value)) == ("answers.py", line, True), \
        str(raised.value)


def test_answers_are_read_with_what_they_must_fail_and_may_be_wrong_in_their_syntax(tmp_path):
    answers = answers_of(tmp_path, ANSWERS)
    assert [(a.exercise, a.name, a.right, a.fails, a.line) for a in answers] == [
        ("mean", "statistics", True, (), 4), ("mean", "sum", False, ("mean-values", "mean-edges"), 9),
        ("double", "half a line", False, ("double",), 13)]
    assert answers[2].source == "def double(value:"


def test_a_lesson_without_answers_has_none(tmp_path):
    path = write(tmp_path, LESSON)
    assert read_answers(path.with_name("answers.py"), read_lesson(path)) == ()


INPUTS = """# %% inputs="mean"
def outcome(rng):
    return mean(rng.normal(size=3))
"""


def inputs_of(folder: Path, text: str):
    path = write(folder, LESSON)
    path.with_name("answers.py").write_text(text, encoding="utf-8")
    return read_inputs(path.with_name("answers.py"), read_lesson(path))


def test_inputs_stand_among_the_answers_and_are_none(tmp_path):
    assert inputs_of(tmp_path, ANSWERS + "\n" + INPUTS) == {"mean": INPUTS.split("\n", 1)[1].rstrip()}
    assert len(answers_of(tmp_path, ANSWERS + "\n" + INPUTS)) == 3
    assert inputs_of(tmp_path, ANSWERS) == {}


@pytest.mark.parametrize(("text", "line", "says"), [
    (INPUTS + "\n" + INPUTS, 5, "there are inputs for 'mean' further up already"),
    (INPUTS.replace("outcome", "output"), 1, "must define outcome(rng)"),
    (INPUTS.replace("rng):", "rng:"), 2, "not valid Python"),
    (INPUTS.replace('"mean"', '"maen"'), 1, "no exercise 'maen'"),
    (INPUTS.replace('"mean"', '"mean" name="x"'), 1, "unknown key 'name'"),
], ids=["twice", "another function", "broken", "no such exercise", "a name"])
def test_a_mistake_in_inputs_is_one_error_that_names_file_and_line(text, line, says, tmp_path):
    with pytest.raises(SourceError) as raised:
        inputs_of(tmp_path, text)
    assert (raised.value.line, says in str(raised.value)) == (line, True), str(raised.value)


# --- judged.toml

JUDGED = """[[equivalent]]
exercise = "mean"
before = "return a + b"
after = "return b + a"
reason = "a sum does not depend on the order"

[[kept]]
check = "mean-values"
asserts = ["assert mean([1, 2, 3]) == 2"]
reason = "shows the call"
"""


def judged_of(folder: Path, text: str) -> Judged:
    course = course_with(folder, LESSON)
    lesson = course.lesson("1-1-means")
    lesson.path.with_name("judged.toml").write_text(text, encoding="utf-8")
    return course.judged(lesson)


def test_what_an_author_judges_by_hand_is_read(tmp_path):
    judged = judged_of(tmp_path, JUDGED)
    assert judged.equivalents == (
        Equivalent("mean", "return a + b", "return b + a", "a sum does not depend on the order"),)
    assert judged.kept == (Kept("mean-values", ("assert mean([1, 2, 3]) == 2",), "shows the call"),)
    (tmp_path / "other").mkdir()
    assert judged_of(tmp_path / "other", "") == Judged()


@pytest.mark.parametrize(("old", "new", "says"), [
    ("[[equivalent]]", "[[equivalence]]", "unknown table 'equivalence'. Did you mean 'equivalent'?"),
    ("[[kept]]", "[kept]", "'kept' must be written [[kept]]"),
    ('"mean"', '"maen"', "[[equivalent]] number 1: the lesson has no exercise 'maen'. Did you mean 'mean'?"),
    ('"mean-values"', '"mean-valeus"', "[[kept]] number 1: the lesson has no check 'mean-valeus'"),
    ('reason = "shows the call"', "", "[[kept]] number 1: lacks the key 'reason'"),
    ('reason = "shows the call"', 'reason = " "', "[[kept]] number 1: 'reason' must be text"),
    ('reason = "shows the call"', 'reason = "shows"\nnote = "x"', "[[kept]] number 1: unknown key 'note'"),
    ('["assert mean([1, 2, 3]) == 2"]', '"assert"', "'asserts' must be a list"),
    ("[[kept]]", "[[kept", "not valid TOML"),
])
def test_a_mistake_in_what_is_judged_by_hand_is_one_error(old, new, says, tmp_path):
    with pytest.raises(SourceError) as raised:
        judged_of(tmp_path, JUDGED.replace(old, new, 1))
    assert (raised.value.path.name, says in str(raised.value)) == ("judged.toml", True), str(raised.value)


# --- any lesson at all

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
names = st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=3).map("-".join).filter(
    lambda name: not name.startswith(("about-", "check-", "given-", "rubric-")))
# Whatever a person may put in a text, but for what is refused, and tested above.
texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30).filter(
    lambda text: not re.search("(BEGIN|END) (SOLUTION|HIDDEN)", text))
lookalikes = st.sampled_from(["# %%", '# %% check="no" points=1', "### END", "# ---", "#%% x", "\\\\", "'", '"',
                              "# Why?",
                              "%matplotlib inline", "# %time", "größe = '# %%'", "\ud7ff\U0001f600", ""])


@st.composite
def code_cells(draw) -> str:
    """Valid Python: comments, strings in every kind of quotes, look-alikes of markers inside them."""
    lines = []
    for number in range(draw(st.integers(1, 4))):
        text = draw(st.one_of(texts, lookalikes))
        kind = draw(st.sampled_from(["literal", "triple", "comment", "blank"]))
        if kind == "literal":
            lines.append(f"v{number} = {text!r}")
        elif kind == "triple":
            inside = text.replace("\\", "/").replace('"', "'")
            lines += [f'v{number} = """start', inside, draw(lookalikes).replace("\\", "/").replace('"', "'"), 'end"""']
        elif kind == "comment":
            lines.append(f"#: {text}")
        else:
            lines += ["", f"v{number} = {number}"]
    return "\n".join(lines)


@st.composite
def prose_cells(draw) -> str:
    lines = draw(st.lists(st.one_of(texts, st.sampled_from(["- item", "`x`", "## title", "| a | b |"])), min_size=1,
                          max_size=4))
    # A line of prose that begins with two percent signs would be a marker.
    return "\n".join(line.strip().lstrip("%") or "text" for line in lines)


points = st.one_of(st.integers(1, 10_000), st.floats(0.25, 100).map(lambda value: round(value, 3)))


@st.composite
def lessons(draw) -> list[dict]:
    cells: list[dict] = []
    for exercise in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        cells.append(draw(st.sampled_from([{"kind": "prose"}, {"kind": "code"}, {"kind": "given",
                                                                                 "id": f"g-{exercise}"}])))
        cells.append({"kind": "exercise", "id": exercise, "difficulty": draw(st.integers(1, 5)),
                      "minutes": draw(st.integers(1, 300))})
        for number in range(draw(st.integers(1, 2))):
            hidden = draw(st.one_of(st.none(), texts.filter(str.strip)))
            cells.append({"kind": "check", "id": f"{exercise}-{number}", "points": draw(points), "hidden": hidden})
        cells.append({"kind": "hint", "id": exercise})
    for cell in cells:
        if cell["kind"] in {"prose", "hint"}:
            cell["source"] = draw(prose_cells())
        elif cell["kind"] == "exercise":
            cell["source"] = f"{draw(code_cells())}\n### BEGIN SOLUTION\n{draw(code_cells())}\n### END SOLUTION"
        elif cell.get("hidden"):
            cell["source"] = (f"{draw(code_cells())}\n### BEGIN HIDDEN TESTS\n{draw(code_cells())}\nassert True\n"
                              "### END HIDDEN TESTS")
        else:
            cell["source"] = f"{draw(code_cells())}\nassert True"
        cell["gap"] = draw(st.integers(1, 2))
    return cells


def as_text(cells: list[dict]) -> tuple[str, list[int]]:
    """The lesson as a person would type it, and the line every marker stands on."""
    lines = LESSON[:LESSON.index("# %%")].rstrip("\n").split("\n")
    markers = []
    for cell in cells:
        lines += [""] * cell["gap"]
        markers.append(len(lines) + 1)
        prose = cell["kind"] in {"prose", "hint"}
        keys = {} if cell["kind"] in {"prose", "code"} else {cell["kind"]: cell["id"]}
        keys |= {key: cell[key] for key in ("points", "difficulty", "minutes", "hidden") if cell.get(key)}
        keys |= {"skills": "average"} if cell["kind"] == "exercise" else {}
        lines.append(" ".join(["# %%", *(["[markdown]"] if prose else []),
                               *(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())]))
        lines += [f"# {line}".rstrip() if prose else line for line in cell["source"].split("\n")]
    return "\n".join(lines) + "\n", markers


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=lessons())
def test_every_lesson_is_read_as_it_was_written(cells, tmp_path):
    text, markers = as_text(cells)
    lesson = read_lesson(write(tmp_path, text))
    assert [cell.line for cell in lesson.cells] == markers
    assert [cell.kind for cell in lesson.cells] == [cell["kind"] for cell in cells]
    assert [cell.source for cell in lesson.cells] == [cell["source"] for cell in cells]
    for read, written in zip(lesson.cells, cells, strict=True):
        assert (read.id, read.points, read.hidden) == (
            written.get("id", ""), written.get("points", 0), written.get("hidden") or "")
        assert (read.difficulty, read.minutes) == (written.get("difficulty", 0), written.get("minutes", 0))


@settings(max_examples=60, deadline=None)
@given(visible=st.one_of(st.just(""), code_cells()), hidden=code_cells(), below=st.booleans())
def test_the_two_parts_of_a_check_come_apart_as_they_were_put_together(visible, hidden, below):
    region = f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    whole = "\n".join(part for part in ((region, visible) if below else (visible, region)) if part)
    assert split_check(whole) == (visible.strip("\n"), hidden.strip("\n"))


@pytest.mark.parametrize(("source", "code"), [
    ("", False), ("\n\n", False), ("# comment\n   # another", False), ("x = 1", True), ("# c\nx", True),
    ('"""text"""', True)])
def test_comments_and_blank_lines_are_no_code(source, code):
    assert has_code(source) is code
