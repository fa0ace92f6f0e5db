"""The package's own shape: who may import whom, and that everything public says what it does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "autograder"
FILES = sorted(PACKAGE.rglob("*.py"))
# From top to bottom: a room imports only from those below it.
ROOMS = ("__main__", "cli", "demo", "reports", "learner", "quality", "grading", "authoring", "execution", "course",
         "setup", "errors")


def room(path: Path) -> str:
    """The room a file belongs to; the package's own `__init__` has none."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(path: Path) -> set[tuple[str, str]]:
    """What a file imports from this package, anywhere in it: pairs of room and name (empty for a whole module)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            modules = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for module, name in modules:
            if module == "autograder":
                found.add((name, ""))
            elif module.startswith("autograder."):
                found.add((module.split(".")[1], name))
    return found


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_every_room_has_its_place_in_the_order():
    assert {room(path) for path in FILES} - {""} <= set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_go_one_way_only(path):
    own = room(path)
    used = {name for name, _ in imports(path)} - {own}
    assert used <= set(ROOMS)
    below = set(ROOMS[ROOMS.index(own) + 1:]) if own else set()
    assert used <= below, f"{relative(path)} imports {sorted(used - below)}, which do not lie below it"


@pytest.mark.parametrize("path", [path for path in FILES if room(path) != "setup"], ids=relative)
def test_only_the_command_line_uses_the_set_up(path):
    assert room(path) == "cli" or "setup" not in {name for name, _ in imports(path)}


def test_execution_knows_nothing_of_a_course_but_limits():
    used = {pair for path in FILES if room(path) == "execution" for pair in imports(path)}
    assert {pair for pair in used if pair[0] not in {"execution", "errors"}} == {("course", "Limits")}


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_file_names_a_path_of_somebodys_machine(path):
    text = path.read_text(encoding="utf-8")
    # /home/learner is where a jailed notebook believes itself to be.
    assert re.findall(r"/home/(?!learner\b)\w+|/Users/\w+|/(?:root|work|workspace)/\w+|C:\\+Users", text) == []


def public(path: Path) -> list[tuple[str, ast.AST]]:
    """Modules, and the functions, classes and methods whose names do not begin with an underscore."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[tuple[str, ast.AST]] = [("module", tree)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found.append((node.name, node))
    return found


@pytest.mark.parametrize("path", [path for path in FILES if not path.name.endswith("_config.py")], ids=relative)
def test_public_functions_and_classes_say_what_they_do(path):
    assert [name for name, node in public(path) if not ast.get_docstring(node)] == []


def test_what_a_room_offers_exists():
    import importlib
    for name in ROOMS:
        if (PACKAGE / name / "__init__.py").is_file():
            module = importlib.import_module(f"autograder.{name}")
            offered = getattr(module, "__all__", [])
            assert [one for one in offered if not hasattr(module, one)] == []
            assert list(offered) == sorted(set(offered), key=list(offered).index)
