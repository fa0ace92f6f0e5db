"""A lesson's own files and functions while a submission runs: what is put back, and what honest work may do to them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.authoring import build
from autograder.course import Course
from autograder.execution import default_engine
from autograder.grading import Key, grade_notebook
from autograder.quality import read_notebook

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(sys.platform != "linux", reason="only Linux isolates submissions")]

LESSON = "1-1-rig"
HEADER = """# ---
# title: Rig
# builds: a measurement
# module: 1
# minutes: 20
# prerequisites: []
# skills: [measure]
# seed: 3
# limits: {cell_seconds: 10, notebook_seconds: 60, memory_mb: 600, disk_mb: 32, processes: 24, output_kb: 64}
# ---

# %% [markdown]
# # Rig

"""
RIG = '''"""What this lesson measures with."""

import enum
import functools
from contextlib import contextmanager
from dataclasses import dataclass

calls = 0
_loss = abs


class Meta(type):
    def __eq__(self, other):
        raise ValueError


class Odd(metaclass=Meta):
    __module__ = Meta


class Bad(Exception):
    pass


class Kind(enum.Enum):
    A = 1


@dataclass
class Point:
    x: int

    def moved(self):
        return Point(self.x + 1)


def near(got, expected):
    global calls
    calls += 1
    return abs(got - expected) < 1e-9


def use(function):
    global _loss
    _loss = function


def loss(value):
    return _loss(value)


@functools.lru_cache
def slow(value):
    return value


@contextmanager
def ready():
    yield 1
'''
BODY = """
# %% given="setup"
import rig
from rig import near


def summed(values):
    return sum(values)


class Model:
    def fit(self):
        raise NotImplementedError

# %% exercise="one" difficulty=1 minutes=3 skills="measure"
def one():
    ### BEGIN SOLUTION
    return rig.Point(1)
    ### END SOLUTION

# %% check="one" points=1
got = one()
assert isinstance(got, rig.Point) and got == rig.Point(1), f"{got!r}"
assert got.moved() == rig.Point(2)
assert near(rig.slow(1), 1)

# %% given="wrap"
def twice(values):
    return 2 * summed(values)


twice = print(end="") or twice

# %% exercise="two" difficulty=1 minutes=3 skills="measure"
def two(values):
    ### BEGIN SOLUTION
    return 2 * sum(values)
    ### END SOLUTION

# %% check="two" points=1
assert near(two([1, 2]), 6), "two"

# %% check="two-more" points=1 hidden="other numbers"
assert two([0, 1]) == twice([0, 1])
### BEGIN HIDDEN TESTS
assert near(two([5]), 10)
### END HIDDEN TESTS

# %% exercise="three" difficulty=1 minutes=3 skills="measure"
def three():
    ### BEGIN SOLUTION
    Model.fit = lambda self: 1
    rig.use(lambda value: 2 * value)
    return Model()
    ### END SOLUTION

# %% check="three" points=1
assert three().fit() == 1
assert rig.loss(2) == 4 and Model().fit() == 1
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("rig") / "course"
    shutil.copytree(Path(__file__).parent / "courses" / "hostile", root)
    shutil.rmtree(root / "course" / "1-1-means")
    lesson = root / "course" / LESSON
    (lesson / "files").mkdir(parents=True)
    (lesson / "files" / "rig.py").write_text(RIG)
    (lesson / "files" / "unused.py").write_text("import sys\nsys.exit('nobody runs this')\n")
    (lesson / "lesson.py").write_text(HEADER + BODY.lstrip())
    (lesson / "answers.py").write_text("")
    for name, old, new in (("syllabus.toml", "1-1-means", LESSON), ("skills.toml", "average", "measure")):
        path = root / "course" / name
        path.write_text(path.read_text().replace(old, new).partition('[[skill]]\nid = "explain"')[0])
    made = Course(root)
    build(made, made.lesson_ids)
    return made


Graded = Callable[..., dict[str, float]]


@pytest.fixture
def graded(course: Course) -> Graded:
    """Grades the solution with some cells changed: source by cell id, and cells of the learner's by the id before."""
    def grade(own: dict[str, str] | None = None, **answers: str) -> dict[str, float]:
        key = Key.load(course.solutions / LESSON)
        notebook = read_notebook(course.solutions / LESSON)
        for cell in list(notebook.cells):
            cell.source = answers.get(cell.id, cell.source)
            if source := (own or {}).get(cell.id):
                notebook.cells.insert(notebook.cells.index(cell), new_code_cell(source))
        result = grade_notebook(key, notebook, execute=default_engine().run).result
        return {check.id: check.earned for check in result.checks.values()}

    return grade


FULL = {"one": 1, "two": 1, "two-more": 1, "three": 1}
HONEST = {
    "as it is": ({}, {}),
    "a function of their own called like one that its check does not need": (
        {"one": "def summed(values, start):\n    return sum(values, start)\n\ndef one():\n"
                "    return rig.Point(summed([1], 0))"}, {"two": "assert summed([1], 2) == 3"}),
    "a variable called like one that a check needs": ({}, {"two": "near = True\nrig = 3\ntwice = None"}),
    "loaded again": ({}, {"one": "import importlib, sys\nimportlib.reload(rig)\nfrom rig import *"}),
    "loaded again, with an object of before": (
        {"one": "import importlib\nimportlib.reload(rig)\nkept = rig.Point(1)\n\ndef one():\n    return kept"}, {}),
    "thrown out and imported again": ({}, {"one": "import sys\ndel sys.modules['rig']\nimport rig"}),
    "imported under another name, before": ({}, {"given-setup": "import rig as helper\nfrom rig import Point as P",
                                                 "one": "assert P is rig.Point"}),
    "Python as it is": ({}, {"one": "assert 'unused' not in __import__('sys').modules and rig.calls == 0"}),
}


@pytest.mark.parametrize(("answers", "own"), HONEST.values(), ids=list(HONEST))
def test_honest_work_keeps_its_points(graded, answers, own):
    assert graded(own, **answers) == FULL


WRONG_TWO = {"two": "def two(values):\n    return 1"}
HOSTILE = {
    "functions": {"two": "rig.near = lambda *a: True\nnear = lambda *a: True\ntwice = lambda v: 1"},
    "their code": {"two": "near.__code__ = (lambda *a: True).__code__\nsummed.__code__ = (lambda v: 0.5).__code__"},
    "before they are imported": {"given-setup": "import rig\nrig.near = lambda *a: True"},
    "the module": {"given-setup": "import sys, types\nsys.modules['rig'] = types.ModuleType('rig')\n"
                                  "sys.modules['rig'].near = lambda *a: True\nsys.meta_path.pop(0)"},
    "the file": {"given-setup": "import os\nos.rename('rig.py', 'old.py')\n"
                                "open('rig.py', 'w').write(open('old.py').read() + 'near = lambda *a: True\\n')\n"
                                "import rig\nos.replace('old.py', 'rig.py')\ndel rig"},
    "what is called": {"two": "rig.abs = lambda x: 0"},
}


@pytest.mark.parametrize("own", HOSTILE.values(), ids=list(HOSTILE))
def test_what_was_changed_in_memory_earns_nothing(graded, own):
    got = graded(own, **WRONG_TWO)
    assert got["two"] == got["two-more"] == 0


STRANGE = {
    "cycle": "import functools\ntwice = functools.lru_cache(twice)\ntwice.__wrapped__ = twice",
    "no wrapped": "import functools\ntwice = functools.lru_cache(twice)\ndel twice.__wrapped__",
    "liar": "class Liar:\n    @property\n    def __class__(self):\n        raise SystemExit\n"
            "    def __call__(self, values):\n        return 2 * sum(values)\ntwice = Liar()",
    "no key": "class Meta(type):\n    def __eq__(self, other):\n        raise ValueError\n"
              "class twice(metaclass=Meta):\n    def __new__(cls, values):\n        return 2 * sum(values)",
    "long chain": "for _ in range(5000):\n    def outer(v, inner=twice):\n        return 2 * sum(v)\n"
                  "    outer.__wrapped__ = twice\n    twice = outer",
}


@pytest.mark.parametrize("source", STRANGE.values(), ids=list(STRANGE))
def test_strange_things_in_the_place_of_a_helper_stop_nothing(graded, source):
    # As if a cell of the lesson's had made them: the print that it calls is the learner's.
    lines = "\n    ".join(["global twice", *source.splitlines()])
    own = {"given-wrap": f"def print(end):\n    {lines}\n    return twice"}
    assert graded(own)["three"] == graded(own)["one"] == 1
