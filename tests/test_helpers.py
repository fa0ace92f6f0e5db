"""What checks find as the lesson made it: which of a lesson's functions that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.grading import KeyCell
from autograder.grading.helpers import Helpers, helpers_of


def cell(kind: str, source: str, identity: str = "") -> KeyCell:
    return KeyCell(id=identity or kind, kind=kind, cell_type="code", source=source, metadata={}, visible=source,
                   parts=(source,) if kind == "check" else ())


def names(*cells: KeyCell, files: Path, ours: bool = True) -> set[str]:
    return {name for of_cell in helpers_of(cells, files, ours).names.values() for name in of_cell}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "rig.py").write_text("import gauge, json\n\n\ndef near(one, two):\n    return True\n")
    (tmp_path / "gauge.py").write_text("def read():\n    return 1\n")
    (tmp_path / "unused.py").write_text("")
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "__init__.py").write_text("")
    return tmp_path


def test_modules_are_those_of_the_lessons_files_that_are_imported_by_itself_or_by_one_another(files):
    given, check = cell("given", "%matplotlib inline\nimport os, rig as r"), cell("check", "from kit.parts import a")
    assert helpers_of([given, check], files, True).modules == ("gauge", "kit", "rig")


def test_names_are_those_that_checks_need_and_what_those_need(files):
    given = cell("given", "from rig import near, far\nimport os\nlimit = 3\n\ndef inner():\n    return limit\n\n"
                          "def outer():\n    return inner()\n\nclass Error(Exception):\n    pass\n\n"
                          "def for_learners():\n    return 1")
    check = cell("check", "assert near(outer(), limit) and os\ntry:\n    answer()\nexcept Error:\n    pass")
    assert names(given, check, files=files) == {"near", "outer", "inner", "Error", "limit"}


def test_what_an_exercise_or_a_check_makes_itself_is_nobodys_helper(files):
    given = cell("given", "def better():\n    return 0\n\ndef local():\n    return 0\n\ndef kept():\n    return 0")
    stub = cell("exercise", "def better():\n    raise NotImplementedError")
    check = cell("check", "def local():\n    return 1\nassert better() == local() == kept()")
    assert names(given, stub, check, files=files) == {"kept"}


def test_each_name_belongs_to_the_cell_that_makes_it(files):
    cells = [cell("given", "def one(): pass", "a"), cell("given", "print(1)", "b"),
             cell("given", "def two(): pass", "c"), cell("check", "one(), two()")]
    assert helpers_of(cells, files, True).names == {"a": ("one",), "c": ("two",)}


def test_each_check_finds_what_it_needs_itself(files):
    given = cell("given", "def one():\n    return two()\n\ndef two():\n    pass\n\ndef three():\n    pass", "g")
    checks = [cell("check", "one()", "a"), cell("check", "three()", "b"), cell("check", "assert answer()", "c")]
    found = helpers_of([given, *checks], files, True)
    assert found.needed == {"a": ("one", "two"), "b": ("three",)}


def test_a_name_is_a_helper_however_it_is_bound_and_again_where_it_is_bound_again(files):
    cells = [cell("given", "try:\n    from rig import near\nexcept ImportError:\n    near = None\n"
                           "close = lambda a, b: near(a, b)", "a"),
             cell("given", "close = print(close) or close", "b"), cell("check", "assert close(1, 1)")]
    found = helpers_of(cells, files, True).names
    assert set(found["a"]) == {"near", "close"} and found["b"] == ("close",)


def test_other_peoples_courses_have_none_and_what_is_no_python_gives_none(files):
    given, check = cell("given", "import rig\n\ndef one():\n    pass"), cell("check", "one(), rig")
    assert helpers_of([given, check], files, False) == helpers_of([given, check], None, True) == Helpers()
    assert helpers_of([cell("given", "def one(:"), check], files, True) == Helpers()


def test_a_file_that_is_no_python_imports_nothing(files):
    (files / "rig.py").write_text("import gauge, (")
    assert helpers_of([cell("given", "import rig")], files, True).modules == ("rig",)


def test_a_file_in_another_encoding_is_read_as_far_as_can_be(files):
    (files / "rig.py").write_bytes("# -*- coding: latin-1 -*-\nimport gauge\nunit = 'µm'\n".encode("latin-1"))
    assert helpers_of([cell("given", "import rig")], files, True).modules == ("gauge", "rig")
