"""Reads authored files: `lesson.py` and `answers.py` in the grammar that CONTRIBUTING.md describes."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.course.model import Answer, Cell, Lesson, Limits
from autograder.errors import SourceError, nearest

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MARKER = re.compile(r"# ?%%(\s|$)")
# What somebody meant as a marker, but jupytext takes for a comment.
_NEARLY_MARKER = re.compile(r"\s*#\s*%%+(\[|\w+=)")
# How jupytext, saving from JupyterLab, writes a line that only IPython understands.
_COMMENTED_MAGIC = re.compile(r"# ((%%?|!)[A-Za-z])")
# str.splitlines, which jupytext uses, ends a line at each of these; Python and editors do not. NUL is no text at all.
_CONTROLS = re.compile("[\0\v\f\x1c-\x1e\x85\u2028\u2029]")
# Not `comment_magics`: it would turn a comment like "# copy the list" into a shell command.
_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
# nbformat allows 64 characters in a cell id; the built notebooks put one of these before some ids.
_PREFIXES = ("about-", "check-", "given-", "rubric-")
_LONGEST_ID = 50

# Which keys stand beside the one that names the kind: required ones, then optional ones.
_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "given": (set(), set()),
    "exercise": ({"difficulty", "minutes", "skills"}, set()),
    "check": ({"points"}, {"hidden"}),
    "hint": (set(), set()),
    "essay": ({"points", "minutes", "skills"}, {"difficulty"}),
    "rubric": (set(), set()),
}
_ANSWER_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "right": ({"name"}, set()),
    "wrong": ({"name", "fails"}, set()),
    "inputs": (set(), set()),
}
_MARKDOWN_ONLY = {"hint", "essay", "rubric"}
_CODE_ONLY = {"exercise", "check"}
_HEADER_REQUIRED = {"title", "builds", "module", "minutes", "prerequisites", "skills"}
_HEADER_OPTIONAL = {"extras", "services", "shared", "seed", "limits"}


@dataclass(frozen=True)
class _RawCell:
    """A cell as jupytext read it, with the line its marker stands on and the line its source begins on."""

    cell_type: str
    source: str
    keys: dict[str, Any]
    line: int
    first: int


def read_lesson(path: Path) -> Lesson:
    """Reads a lesson's source.

    Args:
        path: `course/LESSON/lesson.py`; the folder's name is the lesson's id.

    Raises:
        SourceError: the file is missing or breaks the grammar.
    """
    header, raw_cells = _read_py_percent(path)
    known = _parse_header(path, header)
    cells = list(_lesson_cells(path, raw_cells))
    _check_whole(path, cells)
    return Lesson(id=path.parent.name, path=path, cells=tuple(cells), **known)


def read_answers(path: Path, lesson: Lesson) -> tuple[Answer, ...]:
    """Reads the right and wrong answers that go with a lesson; an absent file means none.

    Raises:
        SourceError: the file breaks the grammar, or names an exercise or check the lesson lacks.
    """
    if not path.exists():
        return ()
    _, raw_cells = _read_py_percent(path)
    exercises = [cell.id for cell in lesson.exercises]
    answers = []
    seen: dict[tuple[str, str], int] = {}
    for raw in raw_cells:
        if not raw.keys:
            continue  # prose between the answers, for the author
        kind = _kind(path, raw, _ANSWER_KEYS)
        exercise = _text(path, raw, kind)
        if raw.cell_type != "code":
            raise SourceError(path, raw.line, "an answer is code: take out '[markdown]'")
        if exercise not in exercises:
            raise SourceError(path, raw.line, f"no exercise '{exercise}' in the lesson. {nearest(exercise, exercises)}")
        if kind == "inputs":
            continue
        name = _text(path, raw, "name")
        if (exercise, name) in seen:
            raise SourceError(path, raw.line, f"'{exercise}' has an answer named '{name}' on line "
                                              f"{seen[exercise, name]} already; give this one a name of its own")
        seen[exercise, name] = raw.line
        fails = tuple(_text(path, raw, "fails").split()) if kind == "wrong" else ()
        checks = [cell.id for cell in lesson.checks(exercise)]
        for check in fails:
            if check not in checks:
                raise SourceError(path, raw.line, f"fails=\"{check}\" names no check of exercise '{exercise}'. "
                                                  f"{nearest(check, checks)}")
        if kind == "right":  # a wrong one may be wrong in that, too
            _check_python(path, raw, raw.source)
        answers.append(Answer(exercise, name, kind == "right", raw.source, raw.line, fails))
    return tuple(answers)


def read_inputs(path: Path, lesson: Lesson) -> dict[str, str]:
    """What generates inputs, by exercise: the cells `inputs="…"` of a lesson's answers.

    Raises:
        SourceError: the file breaks the grammar, or an exercise has two of them, or one has no `outcome(rng)`.
    """
    read_answers(path, lesson)
    found: dict[str, str] = {}
    for raw in _read_py_percent(path)[1] if path.exists() else []:
        if "inputs" in raw.keys:
            exercise = _text(path, raw, "inputs")
            if exercise in found:
                raise SourceError(path, raw.line, f"there are inputs for '{exercise}' further up already")
            _check_python(path, raw, raw.source)
            if not re.search(r"^def outcome\(\w+\):", raw.source, re.MULTILINE):
                raise SourceError(path, raw.line, f"the inputs for '{exercise}' must define outcome(rng)")
            found[exercise] = raw.source
    return found


def header_line(path: Path, key: str) -> int:
    """The line of a lesson on which its header names `key`, else the first."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return next((number for number, line in enumerate(lines, 1) if re.match(f"# ?{re.escape(str(key))} *:", line)), 1)


def split_check(source: str) -> tuple[str, str]:
    """A check's visible part and its hidden part, either of which may be empty of code."""
    visible, hidden, inside = [], [], False
    for line in source.split("\n"):
        if line.strip() == BEGIN_HIDDEN:
            inside = True
        elif line.strip() == END_HIDDEN:
            inside = False
        else:
            (hidden if inside else visible).append(line)
    return "\n".join(visible).strip("\n"), "\n".join(hidden).strip("\n")


def has_code(source: str) -> bool:
    """Whether any line is more than blank or a comment."""
    return any(line.strip() and not line.strip().startswith("#") for line in source.split("\n"))


# --- reading ----------------------------------------------------------------------------------------------------


def _read_py_percent(path: Path) -> tuple[dict[str, Any], list[_RawCell]]:
    import jupytext  # half a second: not for commands that read no lesson

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourceError(path, None, "there is no such file; a lesson's folder needs a lesson.py") from None
    except (UnicodeDecodeError, OSError) as error:
        raise SourceError(path, None, f"cannot be read ({error}); save it as UTF-8 text") from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    for number, line in enumerate(text.split("\n"), start=1):
        if found := _CONTROLS.search(line):
            raise SourceError(path, number, f"the control character {found[0]!r} stands in this line; take it out, or "
                                            "write it as an escape in a string")
    try:
        starts = list(_cell_starts(path, text))
        notebook = jupytext.reads(text, fmt=_FORMAT)
    except SourceError:
        raise
    except Exception as error:  # jupytext lets yaml's and its own parsing errors through
        raise SourceError(path, 1, f"jupytext cannot read this file: {error}") from error
    cells = list(notebook.cells)
    header: dict[str, Any] = {}
    if cells and cells[0].cell_type == "raw" and cells[0].source.startswith("---"):
        header = _yaml(path, cells.pop(0).source.strip("-\n"))
    lines = text.split("\n")
    raw = []
    for cell, line in zip(cells, starts, strict=True):
        if not _MARKER.match(lines[line - 1]):
            if not cell.source.strip():
                continue  # blank lines above the first marker
            _refuse_marker(path, line, lines[line - 1])
        keys = {k: v for k, v in cell.metadata.items() if k not in {"lines_to_next_cell", "cell_marker"}}
        if "language" in keys:
            raise SourceError(path, line, f"a cell in {keys['language']} is not a lesson cell; start it with the "
                                          "magic on its own first line below '# %%'")
        # A text in three quotes begins below them.
        quotes = len(cell.metadata.get("cell_marker", "")) in {3, 4}
        source = (_uncommented_magics(cell.source) if cell.cell_type == "code" else cell.source).rstrip("\n")
        raw.append(_RawCell(cell.cell_type, source, keys, line, line + 1 + quotes))
    for number, line in _unquoted(lines):
        if _NEARLY_MARKER.match(line):
            _refuse_marker(path, number, line)
    return header, raw


def _cell_starts(path: Path, text: str) -> Iterator[int]:
    """The line every cell starts on, from jupytext's own reader, so that the two cannot disagree."""
    from jupytext.cell_reader import DoublePercentScriptCellReader
    from jupytext.header import header_to_metadata_and_cell

    lines = text.splitlines()
    position = header_to_metadata_and_cell(lines, "#", "", ".py")[-1]
    while position < len(lines):
        yield position + 1
        try:
            position += DoublePercentScriptCellReader(_FORMAT, "python").read(lines[position:])[1]
        except Exception as error:  # nbformat's, about keys that mean something to Jupyter
            raise SourceError(path, position + 1, f"no cell of a notebook can be like that: "
                                                  f"{str(error).splitlines()[0]}") from None


def _refuse_marker(path: Path, number: int, line: str) -> None:
    if "%%" in line:
        raise SourceError(path, number, f"'{line.strip()}' is not quite a cell marker: write '# %%' at the left "
                                        "margin, then a space, then the keys")
    raise SourceError(path, number, "every cell needs a '# %%' marker: there is code or text before the first one")


def _uncommented_magics(source: str) -> str:
    lines = source.split("\n")
    for number, line in _unquoted(lines):
        if _COMMENTED_MAGIC.match(line):
            lines[number - 1] = line[2:]
    return "\n".join(lines)


def _unquoted(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that do not begin inside a string, numbered from 1."""
    from jupytext.stringparser import StringParser

    parser = StringParser("python")
    for number, line in enumerate(lines, start=1):
        if not parser.is_quoted():
            yield number, line
        parser.read_line(line)


def _yaml(path: Path, text: str) -> dict[str, Any]:
    import yaml

    try:
        header = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = error.problem_mark.line + 2 if getattr(error, "problem_mark", None) else 1
        raise SourceError(path, line, f"the header is not valid YAML: {getattr(error, 'problem', error)}") from None
    except ValueError as error:  # a date that no calendar has
        raise SourceError(path, 1, f"the header is not valid YAML: {error}") from None
    if not isinstance(header, dict):
        raise SourceError(path, 1, "the header must consist of 'key: value' lines")
    return header


# --- header -----------------------------------------------------------------------------------------------------


def _parse_header(path: Path, header: dict[str, Any]) -> dict[str, Any]:
    def line_of(key: str) -> int:
        return header_line(path, key)

    header = {key: value for key, value in header.items() if key not in {"jupyter", "jupytext"}}
    for key in header:
        if key not in _HEADER_REQUIRED | _HEADER_OPTIONAL:
            raise SourceError(path, line_of(key), f"unknown key '{key}' in the header. "
                                                  f"{nearest(str(key), sorted(_HEADER_REQUIRED | _HEADER_OPTIONAL))}")
    for key in sorted(_HEADER_REQUIRED - set(header)):
        raise SourceError(path, 1, f"the header lacks '{key}'")
    for key in ("title", "builds"):
        if not isinstance(header[key], str) or not header[key].strip():
            raise SourceError(path, line_of(key), f"'{key}' must be text")
    # NumPy takes no larger seed.
    for key, least, most in (("module", 1, 1000), ("minutes", 1, 10_000), ("seed", 0, 2**32 - 1)):
        value = header.get(key, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise SourceError(path, line_of(key), f"'{key}' must be a whole number from {least} to {most}, "
                                                  f"not {value!r}")
    for key in ("prerequisites", "skills", "extras", "shared"):
        value = header.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SourceError(path, line_of(key), f"'{key}' must be a list like [one, two]")
        header[key] = tuple(value)
    if not isinstance(header.get("services", False), bool):
        raise SourceError(path, line_of("services"), "'services' must be true or false")
    if not header["skills"]:
        raise SourceError(path, line_of("skills"), "a lesson teaches at least one skill")
    _check_shared(path, line_of("shared"), header["shared"])
    header["limits"] = _parse_limits(path, line_of("limits"), header.get("limits", {}))
    return header


def _check_shared(path: Path, line: int, shared: tuple[str, ...]) -> None:
    course = path.parent.parent
    taken = {file.name for file in path.parent.glob("files/*")} | {f"{path.parent.name}.ipynb"}
    for name in shared:
        inside = PurePosixPath(name)
        # A file, or two parts of which none is a way out: no lesson's folder, and nothing outside course/.
        file = len(inside.parts) == 1 and (course / inside).is_file()
        if not (file or len(inside.parts) == 2) or inside.is_absolute() or ".." in inside.parts or "\\" in name:
            raise SourceError(path, line, f"shared '{name}' must name a file of course/, like skills.toml, or what "
                                          "lies in a folder of course/, like checkpoints/tiny-bert")
        if not (course / inside).exists():
            raise SourceError(path, line, f"there is no course/{name} to share")
        if inside.name in taken:
            raise SourceError(path, line, f"shared '{name}': something else called {inside.name} lies beside the "
                                          "notebook already")
        taken.add(inside.name)


def _parse_limits(path: Path, line: int, limits: Any) -> Limits:
    names = [field.name for field in fields(Limits)]
    if not isinstance(limits, dict):
        raise SourceError(path, line, "'limits' must look like {cell_seconds: 20, memory_mb: 2048}")
    for key, value in limits.items():
        if key not in names:
            raise SourceError(path, line, f"unknown limit '{key}'. {nearest(str(key), names)}")
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < float("inf"):
            raise SourceError(path, line, f"limit '{key}' must be a number above zero, not {value!r}")
    return Limits(**limits)


# --- cells ------------------------------------------------------------------------------------------------------


def _lesson_cells(path: Path, raw_cells: list[_RawCell]) -> Iterator[Cell]:
    exercise: Cell | None = None
    for raw in raw_cells:
        if not raw.keys:
            _refuse_stray_regions(path, raw)
            if raw.cell_type == "raw":
                raise SourceError(path, raw.line, "raw cells have no use in a lesson; make it code or markdown")
            if raw.cell_type == "code":
                _check_python(path, raw, raw.source)
            yield Cell("code" if raw.cell_type == "code" else "prose", raw.cell_type, raw.source, raw.line)
            continue
        kind = _kind(path, raw, _KEYS)
        identity = _text(path, raw, kind)
        if kind in _MARKDOWN_ONLY and raw.cell_type != "markdown":
            raise SourceError(path, raw.line, f"a {kind} is prose: write '# %% [markdown] {kind}=\"{identity}\"'")
        if kind in _CODE_ONLY and raw.cell_type != "code":
            raise SourceError(path, raw.line, f"a {kind} is code: take out '[markdown]'")
        if not _ID.fullmatch(identity) or len(identity) > _LONGEST_ID:
            raise SourceError(path, raw.line, f"the id '{identity}' must consist of lower-case letters, digits and "
                                              f"single hyphens, {_LONGEST_ID} characters at most")
        if kind in {"exercise", "essay"} and identity.startswith(_PREFIXES):
            raise SourceError(path, raw.line, f"the id '{identity}' must not begin with {', '.join(_PREFIXES)}: "
                                              "built notebooks use these")
        owner = ""
        if kind == "check":
            owner = _owning_exercise(path, raw, identity, exercise)
            _check_hidden_region(path, raw, identity)
        elif kind in {"hint", "rubric"}:
            owner = identity
        if kind in {"exercise", "essay"}:
            _check_solution_region(path, raw, identity, required=kind == "exercise")
        else:
            _refuse_regions(path, raw, (BEGIN_SOLUTION, END_SOLUTION), "a solution belongs in an exercise or essay")
        if kind == "given" and raw.cell_type == "code":
            _check_python(path, raw, raw.source)
        if kind != "check":
            _refuse_regions(path, raw, (BEGIN_HIDDEN, END_HIDDEN), "hidden tests belong in a check")
        cell = Cell(
            kind=kind, cell_type=raw.cell_type, source=raw.source, line=raw.line, id=identity, owner=owner,
            points=_number(path, raw, "points", above=0, whole=False),
            hidden=raw.keys.get("hidden", ""),
            difficulty=_number(path, raw, "difficulty", above=0, most=5),
            minutes=_number(path, raw, "minutes", above=0),
            skills=tuple(str(raw.keys.get("skills", "")).split()),
        )
        if kind == "exercise":
            exercise = cell
        if kind in {"exercise", "essay"} and not cell.skills:
            raise SourceError(path, raw.line, f"{kind} '{identity}' names no skill")
        yield cell


def _kind(path: Path, raw: _RawCell, grammar: dict[str, tuple[set[str], set[str]]]) -> str:
    for key in ("incorrectly_encoded_metadata", "title"):  # where jupytext puts what it could not take apart
        if key in raw.keys:
            raise SourceError(path, raw.line, f"'{raw.keys[key]}' in the cell marker is not of the form key=\"text\" "
                                              f"or key=2. {nearest(str(raw.keys[key]).split('=')[0], grammar)}")
    kinds = [key for key in raw.keys if key in grammar]
    if not kinds:
        key = next(iter(raw.keys))
        raise SourceError(path, raw.line, f"unknown key '{key}' in the cell marker. {nearest(key, grammar)}")
    if len(kinds) > 1:
        raise SourceError(path, raw.line, f"a cell is one thing: this marker says both {' and '.join(kinds)}")
    kind = kinds[0]
    required, optional = grammar[kind]
    for key in raw.keys:
        if key not in {kind} | required | optional:
            raise SourceError(path, raw.line, f"unknown key '{key}' beside {kind}. "
                                              f"{nearest(key, sorted(required | optional) or [kind])}")
    for key in sorted(required - set(raw.keys)):
        raise SourceError(path, raw.line, f"{kind} '{raw.keys[kind]}' lacks '{key}'")
    return kind


def _text(path: Path, raw: _RawCell, key: str) -> str:
    value = raw.keys[key]
    if not isinstance(value, str) or not value.strip():
        raise SourceError(path, raw.line, f"'{key}' must be text in double quotes, like {key}=\"rmse\"")
    return value


def _number(path: Path, raw: _RawCell, key: str, above: float, most: float = 10_000, whole: bool = True) -> Any:
    value = raw.keys.get(key, 0)
    if key not in raw.keys:
        return value
    kinds = int if whole else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or not above < value <= most:
        what = "a whole number" if whole else "a number"
        raise SourceError(path, raw.line, f"'{key}' must be {what} above {above} and at most {most:g}, not {value!r}")
    return value


def _owning_exercise(path: Path, raw: _RawCell, identity: str, exercise: Cell | None) -> str:
    if exercise is None:
        raise SourceError(path, raw.line, f"check '{identity}' has no exercise before it")
    if identity != exercise.id and not identity.startswith(exercise.id + "-"):
        raise SourceError(path, raw.line, f"check '{identity}' stands below exercise '{exercise.id}' (line "
                                          f"{exercise.line}), so its id must be '{exercise.id}' or begin with "
                                          f"'{exercise.id}-'; move it or rename it")
    return exercise.id


# --- regions ----------------------------------------------------------------------------------------------------


def _region_lines(path: Path, raw: _RawCell, begin: str, end: str) -> list[tuple[int, int]]:
    """The regions of a cell as pairs of line offsets, refusing unpaired and nested delimiters."""
    regions, start = [], None
    for offset, line in enumerate(raw.source.split("\n")):
        stripped = line.strip()
        if stripped == begin:
            if start is not None:
                raise SourceError(path, raw.first + offset, f"'{begin}' inside another one: '{end}' is missing")
            start = offset
        elif stripped == end:
            if start is None:
                raise SourceError(path, raw.first + offset, f"'{end}' without '{begin}' before it")
            regions.append((start, offset))
            start = None
        elif begin.lstrip("# ") in line or end.lstrip("# ") in line:
            raise SourceError(path, raw.first + offset, f"write the delimiter alone on its line, exactly as "
                                                           f"'{begin}' or '{end}'")
    if start is not None:
        raise SourceError(path, raw.first + start, f"'{begin}' is never closed: '{end}' is missing")
    return regions


def _check_solution_region(path: Path, raw: _RawCell, identity: str, required: bool) -> None:
    regions = _region_lines(path, raw, BEGIN_SOLUTION, END_SOLUTION)
    if required and not regions:
        raise SourceError(path, raw.line, f"exercise '{identity}' has no '{BEGIN_SOLUTION}' … '{END_SOLUTION}'")
    if raw.cell_type == "code":
        _check_python(path, raw, raw.source)


def _check_hidden_region(path: Path, raw: _RawCell, identity: str) -> None:
    regions = _region_lines(path, raw, BEGIN_HIDDEN, END_HIDDEN)
    message = raw.keys.get("hidden")
    if len(regions) > 1:
        raise SourceError(path, raw.line, f"check '{identity}' has more than one hidden region; one is enough")
    if regions and not (isinstance(message, str) and message.strip()):
        raise SourceError(path, raw.line, f"check '{identity}' has hidden tests, so it needs hidden=\"what they try\": "
                                          "the one thing a learner is told when they fail")
    if message is not None and not regions:
        raise SourceError(path, raw.line, f"check '{identity}' says hidden=… but has no '{BEGIN_HIDDEN}'")
    _check_python(path, raw, raw.source)
    visible, hidden = split_check(raw.source)
    if regions and not has_code(hidden):
        raise SourceError(path, raw.line, f"the hidden region of check '{identity}' has no code in it")
    if not has_code(visible) and not has_code(hidden):
        raise SourceError(path, raw.line, f"check '{identity}' has no code in it")
    for part in (visible, hidden):
        # The two parts run one after the other, so that a failure is known to come from the hidden one.
        try:
            _check_python(path, raw, part)
        except SourceError:
            raise SourceError(path, raw.first + regions[0][0], "the hidden region must stand at the left margin, as "
                                                               "statements of its own") from None


def _refuse_stray_regions(path: Path, raw: _RawCell) -> None:
    _refuse_regions(path, raw, (BEGIN_SOLUTION, END_SOLUTION), "a solution belongs in an exercise or essay")
    _refuse_regions(path, raw, (BEGIN_HIDDEN, END_HIDDEN), "hidden tests belong in a check")


def _refuse_regions(path: Path, raw: _RawCell, delimiters: tuple[str, str], why: str) -> None:
    for offset, line in enumerate(raw.source.split("\n")):
        # The words alone count too: nbgrader looks for them anywhere in a line.
        if any(delimiter.lstrip("# ") in line for delimiter in delimiters):
            raise SourceError(path, raw.first + offset, f"'{line.strip()}' outside its place: {why}")


def _check_python(path: Path, raw: _RawCell, source: str) -> None:
    # Lines that IPython alone understands are blanked, so that what is left can be parsed.
    plain = "\n".join("pass" if line[:1] in {"%", "!"} else line for line in source.split("\n"))
    try:
        _compile(plain)
    except SyntaxError as error:
        if _is_ipython(source):
            return
        raise SourceError(path, raw.first - 1 + (error.lineno or 1), f"not valid Python: {error.msg}") from None


def _is_ipython(source: str) -> bool:
    """Whether it is valid after all, written in what IPython adds to Python: `files = !ls`, `%%bash`, `print?`."""
    from IPython.core.inputtransformer2 import TransformerManager, cell_magic

    transformer = TransformerManager()
    transformer.cleanup_transforms = [cell_magic]  # not the one that takes out a wrong indentation
    try:
        _compile(transformer.transform_cell(source))
    except SyntaxError:
        return False
    return True


def _compile(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they would name lines of the cell as if they were lines of the file
        compile(source, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


# --- the lesson as a whole --------------------------------------------------------------------------------------


def _check_whole(path: Path, cells: list[Cell]) -> None:
    seen: dict[tuple[str, str], int] = {}
    # An exercise, an essay and a given cell share one namespace; a check's id may equal its exercise's.
    for cell in cells:
        if cell.kind in {"exercise", "essay", "given", "check", "rubric"}:
            space = cell.kind if cell.kind in {"check", "given", "rubric"} else "answer"
            if (space, cell.id) in seen:
                raise SourceError(path, cell.line, f"the id '{cell.id}' is taken by the cell on line "
                                                   f"{seen[space, cell.id]}; ids are unique")
            seen[space, cell.id] = cell.line
    exercises = {cell.id for cell in cells if cell.kind == "exercise"}
    essays = {cell.id for cell in cells if cell.kind == "essay"}
    checked = {cell.owner for cell in cells if cell.kind == "check"}
    for cell in cells:
        if cell.kind == "hint" and cell.owner not in exercises:
            raise SourceError(path, cell.line, f"hint for an unknown exercise '{cell.owner}'. "
                                               f"{nearest(cell.owner, exercises)}")
        if cell.kind == "rubric" and cell.owner not in essays:
            raise SourceError(path, cell.line, f"rubric for an unknown essay '{cell.owner}'. "
                                               f"{nearest(cell.owner, essays)}")
        if cell.kind == "exercise" and cell.id not in checked:
            raise SourceError(path, cell.line, f"exercise '{cell.id}' has no check, so nobody can earn its points")
    if not cells:
        raise SourceError(path, None, "the lesson has no cells")


