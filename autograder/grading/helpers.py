"""What checks call that the lesson gives: functions of its files, and of its cells that are not to be edited."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.grading.names import names_of, plain_python

if TYPE_CHECKING:
    from autograder.grading.key import KeyCell


@dataclass(frozen=True)
class Helpers:
    """What a check is to find as the lesson made it, whatever a learner's cells have done to it.

    Attributes:
        modules: files of the lesson that its cells or checks import.
        names: what given cells make and some check needs, by the cell's id.
        needed: of that, what each check needs, by the check's id.
    """

    modules: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def helpers_of(cells: Iterable[KeyCell], files: Path | None, ours: bool) -> Helpers:
    """The helpers of a lesson.

    Args:
        files: the lesson's own, which take the place of the learner's.
        ours: whether `mle build` wrote it. In other courses there are none: the learner may be asked to define anew
            what a cell gives, and a file may show something when it is imported.
    """
    if not ours or files is None:
        return Helpers()
    given = {cell.id: _tree(cell.source) for cell in cells if cell.kind == "given" and cell.cell_type == "code"}
    checks = {cell.id: "\n".join(cell.parts) for cell in cells if cell.kind == "check"}
    imported = {name for tree in (*given.values(), *map(_tree, checks.values())) for name in _imported(tree)}
    modules = _modules(imported, files)
    theirs = {name for cell in cells if cell.kind in {"exercise", "check"} for name in names_of(cell.source).given}
    made = {cell: _made(tree, modules) for cell, tree in given.items()}
    needs: dict[str, set[str]] = {}
    for name, needed in (pair for names in made.values() for pair in names.items()):
        if name not in theirs:
            needs.setdefault(name, set()).update(needed)
    needed = {check: tuple(sorted(_all_needed(set(names_of(source).needed), needs)))
              for check, source in checks.items()}
    wanted = {name for of_check in needed.values() for name in of_check}
    names = {cell: tuple(name for name in of_cell if name in wanted) for cell, of_cell in made.items()}
    return Helpers(modules, *({identity: found for identity, found in one.items() if found} for one in (names, needed)))


def _all_needed(names: set[str], needs: Mapping[str, set[str]]) -> set[str]:
    """Those of some names that have needs of their own, with all that those need."""
    found: set[str] = set()
    todo = names & needs.keys()
    while todo:
        found |= todo
        todo = {deeper for name in todo for deeper in needs[name] if deeper in needs} - found
    return found


def _tree(source: str) -> ast.Module:
    try:
        return ast.parse(plain_python(source))
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _modules(imported: set[str], files: Path) -> tuple[str, ...]:
    """Those that are files there, and what those files import of their kind."""
    found, todo = set(), imported
    while todo:
        paths = {name: path for name in todo for path in (files / f"{name}.py", files / name / "__init__.py")
                 if path.is_file()}
        found |= set(paths)
        texts = [path.read_text("utf-8", errors="replace") for path in paths.values()]
        todo = {name for text in texts for name in _imported(_tree(text))} - found
    return tuple(sorted(found))


def _imported(tree: ast.Module) -> set[str]:
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree)
              if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in names}


def _made(tree: ast.Module, modules: tuple[str, ...]) -> dict[str, set[str]]:
    """Names that a cell gives, each with those that its statements need; but for what it imports from elsewhere."""
    made: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and not _imported(ast.Module([node], [])) & set(modules):
            continue
        names = names_of(ast.unparse(node))
        for name in names.given:
            made.setdefault(name, set()).update(names.needed)
    return made
