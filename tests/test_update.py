"""`mle update`: a newer lesson comes in, and nothing that is the learner's is lost."""

from __future__ import annotations

import errno
import json
import shutil
from collections import Counter
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.utils import compute_checksum

from autograder.authoring import build, content_id
from autograder.errors import MleError
from autograder.learner import Workspace
from autograder.learner import update as update_module
from autograder.learner.merge import is_as_handed_out, merge
from autograder.learner.update import update

MEANS, LOOPS = "1-1-means", "1-2-loops"


@pytest.fixture
def workspace(mini) -> Workspace:
    space = Workspace(mini)
    for lesson in mini.lesson_ids:
        space.add(lesson)
    return space


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read(workspace: Workspace, lesson: str = MEANS) -> NotebookNode:
    return nbformat.read(workspace.notebook(lesson), as_version=4)


def change(workspace: Workspace, edit, lesson: str = MEANS) -> None:
    notebook = read(workspace, lesson)
    edit(notebook)
    nbformat.write(notebook, workspace.notebook(lesson))


def rewrite(workspace: Workspace, *edits: tuple[str, str], lesson: str = MEANS) -> None:
    """A newer version of the lesson: its source changed, and built anew."""
    path = workspace.course.sources / lesson / "lesson.py"
    source = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in source
        source = source.replace(old, new, 1)
    path.write_text(source, encoding="utf-8")
    build(workspace.course, [lesson])


def without(source: str, exercise: str) -> str:
    """The cells of an exercise in the lesson's source, which begin with its marker and end before the next one's."""
    start = source.index(f'# %% exercise="{exercise}"')
    return source[start:source.index('# %% [markdown] essay="memo"', start)]


def by_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {cell.id: cell for cell in notebook.cells}


# --- a lesson that is written anew


def test_answers_notes_and_outputs_move_into_the_newer_version(workspace):
    def work(notebook: NotebookNode) -> None:
        cells = by_id(notebook)
        cells["mean"].source = "def mean(values):\n    return 1  # mine"
        cells["mean"].outputs, cells["mean"].execution_count = [new_output("stream", text="ran")], 7
        cells["memo"].source = "My essay."
        notebook.cells.insert(notebook.cells.index(cells["mean"]) + 1, new_code_cell("helper = 1", id="own-cell"))
        notebook.cells.append(new_markdown_cell("my last note", id="last-note"))

    change(workspace, work)
    before = contents(workspace.folder(MEANS))
    rewrite(workspace, ("Two means, and a paragraph", "Three means, and a paragraph"),
            ('"""The arithmetic mean of a non-empty list."""', '"""The arithmetic mean."""'),
            ("# ## Exercise 1", "# ## Exercise 1\n# Read this first.\n\n# %% [markdown]\n# Another new paragraph."))
    done = update(workspace, MEANS)
    notebook = read(workspace)
    cells = by_id(notebook)
    assert cells["mean"].source == "def mean(values):\n    return 1  # mine"
    assert cells["mean"].outputs[0].text == "ran" and cells["mean"].execution_count == 7
    assert cells["memo"].source == "My essay."
    order = [cell.id for cell in notebook.cells]
    assert order.index("own-cell") == order.index("mean") + 1
    assert order[-1] == "last-note"
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "Another new paragraph." in text and "Three means" in text and "Two means" not in text
    assert (done.merged.answers, done.merged.begun_anew, done.merged.orphans) == (("mean", "memo"), ("mean",), ())
    assert contents(done.backup) == before
    assert update(workspace, MEANS).backup is None


def test_an_untouched_exercise_is_the_newer_one(workspace):
    rewrite(workspace, ('"""The arithmetic mean of a non-empty list."""', '"""The arithmetic mean."""'))
    update(workspace, MEANS)
    assert by_id(read(workspace))["mean"] == by_id(
        nbformat.read(workspace.course.notebooks / MEANS / f"{MEANS}.ipynb", as_version=4))["mean"]
    assert contents(workspace.folder(MEANS)) == contents(workspace.course.notebooks / MEANS)


def test_the_answer_to_an_exercise_that_is_gone_stands_at_the_end_and_comes_back_with_it(workspace):
    change(workspace, lambda notebook: by_id(notebook)["geometric"].update(source="geometric = mine"))
    source = (workspace.course.sources / MEANS / "lesson.py").read_text(encoding="utf-8")
    (workspace.course.sources / MEANS / "answers.py").unlink()
    rewrite(workspace, (without(source, "geometric"), ""))
    done = update(workspace, MEANS)
    assert done.merged.orphans == ("geometric",)
    *_, note, last = read(workspace).cells
    assert "`geometric`, which this lesson no longer has" in note.source
    assert (last.source, "nbgrader" in last.metadata) == ("geometric = mine", False)
    assert update(workspace, MEANS).backup is None

    rewrite(workspace, ('# %% [markdown] essay="memo"', without(source, "geometric") + '# %% [markdown] essay="memo"'))
    assert update(workspace, MEANS).merged.answers == ("geometric",)
    assert by_id(read(workspace))["geometric"].source == "geometric = mine"


def test_an_ordinary_cell_that_the_learner_changed_stays_as_they_have_it(workspace):
    def work(notebook: NotebookNode) -> None:
        next(cell for cell in notebook.cells if cell.source.startswith("print(")).source = "print('tried it out')"
        next(cell for cell in notebook.cells if cell.source.startswith("# Means")).source = "# Means\nMy notes."

    change(workspace, work)
    rewrite(workspace, ('print("an example that runs")', 'print("another example")'))
    update(workspace, MEANS)
    said = [cell.source for cell in read(workspace).cells]
    assert said[0] == "# Means\nMy notes."
    assert said.count("print('tried it out')") == said.count('print("another example")') == 1


def test_what_only_the_lesson_may_change_is_the_lessons_again(workspace):
    change(workspace, lambda notebook: by_id(notebook)["given-setup"].update(source="import os"))
    rewrite(workspace, ("Two means", "Three means"))
    done = update(workspace, MEANS)
    assert done.merged.restored == ("given-setup",)
    assert by_id(read(workspace))["given-setup"].source == "import math"
    assert b"import os" in contents(done.backup)[f"{MEANS}.ipynb"]


def test_a_copied_exercise_and_cells_without_ids_lose_nothing(workspace):
    def work(notebook: NotebookNode) -> None:
        for cell in notebook.cells:
            del cell["id"]
        notebook.nbformat_minor = 4
        mean = next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "mean")
        mean.source = "first = 1"
        notebook.cells.insert(notebook.cells.index(mean) + 1, deepcopy(mean) | {"source": "second = 2"})

    notebook = read(workspace)
    work(notebook)
    workspace.notebook(MEANS).write_text(json.dumps(notebook), encoding="utf-8")
    rewrite(workspace, ("Two means", "Three means"))
    update(workspace, MEANS)
    after = read(workspace)
    assert by_id(after)["mean"].source == "first = 1"
    assert [cell.source for cell in after.cells].count("second = 2") == 1
    assert sum(cell.source == "# Means" for cell in after.cells) <= 1
    assert len({cell.id for cell in after.cells}) == len(after.cells)


# --- nothing to do, and nothing that can be done


@pytest.mark.slow
def test_an_up_to_date_lesson_is_not_touched_whatever_the_learner_did_to_it(workspace, mle):
    def work(notebook: NotebookNode) -> None:
        notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("print(")]
        by_id(notebook)["mean"].source = "mine"
        notebook.cells.append(new_code_cell("own"))

    change(workspace, work)
    (workspace.folder(LOOPS) / "table.py").write_text("ROWS = [1]", encoding="utf-8")
    before = contents(workspace.root)
    said = mle("update", cwd=workspace.course.root)
    assert (said.returncode, said.stdout) == (0, "1-1-means: up to date.\n1-2-loops: up to date.\n")
    assert contents(workspace.root) == before


@pytest.mark.parametrize(("damage", "says"), [
    (lambda path: path.write_bytes(path.read_bytes()[:-99]), "not valid JSON"),
    (lambda path: path.write_bytes(b""), "is empty"),
    (lambda path: path.unlink(), "There is no notebook"),
])
def test_a_notebook_that_cannot_be_read_is_a_clear_error_and_nothing_is_touched(damage, says, workspace):
    rewrite(workspace, ("Two means", "Three means"))
    damage(workspace.notebook(MEANS))
    before = contents(workspace.root)
    with pytest.raises(MleError, match=says):
        update(workspace, MEANS)
    assert contents(workspace.root) == before


def test_a_notebook_with_broken_parts_is_brought_up_to_date_without_them(workspace):
    change(workspace, lambda notebook: by_id(notebook)["mean"].update(source="mine"))
    data = json.loads(workspace.notebook(MEANS).read_bytes())
    data["cells"].insert(2, 5)
    workspace.notebook(MEANS).write_text(json.dumps(data), encoding="utf-8")
    rewrite(workspace, ("Two means", "Three means"))
    update(workspace, MEANS)
    assert by_id(read(workspace))["mean"].source == "mine"


def test_mle_update_without_a_copy_says_what_to_do(mini, mle):
    said = mle("update", cwd=mini.root)
    assert said.returncode == 1
    assert "`mle start` puts the newest there" in said.stderr


# --- files beside the notebook


def ship(workspace: Workspace, name: str, text: str | None) -> None:
    """A newer version of the lesson LOOPS as far as one of its files goes."""
    path = workspace.course.notebooks / LOOPS / name
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")


def test_a_file_is_replaced_unless_the_learner_changed_it(workspace):
    ship(workspace, "table.py", "ROWS = [6]")
    ship(workspace, "more.py", "x = 1")
    done = update(workspace, LOOPS)
    assert (done.files.new, done.files.replaced, done.files.beside, done.merged) == (
        ("more.py",), ("table.py",), {}, None)
    assert (workspace.folder(LOOPS) / "table.py").read_text(encoding="utf-8") == "ROWS = [6]"
    assert (done.backup / "table.py").read_text(encoding="utf-8") != "ROWS = [6]"
    assert update(workspace, LOOPS).backup is None


def test_a_changed_file_stays_and_each_newer_one_is_laid_beside_it_once(workspace):
    own = workspace.folder(LOOPS) / "table.py"
    own.write_text("mine", encoding="utf-8")
    for text, beside in (("newer", "table (new version).py"), ("newest", "table (new version 2).py")):
        ship(workspace, "table.py", text)
        assert update(workspace, LOOPS).files.beside == {"table.py": beside}
        assert (own.with_name(beside).read_text(encoding="utf-8"), own.read_text(encoding="utf-8")) == (text, "mine")
        assert update(workspace, LOOPS).backup is None


def test_a_lesson_is_outdated_until_it_is_updated_whatever_the_learner_changes(workspace):
    (workspace.folder(LOOPS) / "table.py").write_text("mine", encoding="utf-8")
    workspace.notebook(MEANS).unlink()
    assert workspace.outdated() == ()
    ship(workspace, "table.py", "newer")
    assert workspace.outdated() == (LOOPS,)
    update(workspace, LOOPS)
    assert workspace.outdated() == ()


def test_where_nothing_is_known_of_what_was_handed_out_every_difference_counts_as_the_learners(workspace):
    shutil.rmtree(workspace.records)
    ship(workspace, "table.py", "newer")
    assert update(workspace, LOOPS).files.beside == {"table.py": "table (new version).py"}


def test_a_file_that_the_lesson_no_longer_has_goes_unless_it_was_changed(workspace):
    ship(workspace, "gone.py", "x = 1")
    ship(workspace, "changed.py", "x = 1")
    update(workspace, LOOPS)
    (workspace.folder(LOOPS) / "changed.py").write_text("mine", encoding="utf-8")
    (workspace.folder(LOOPS) / "own.py").write_text("mine", encoding="utf-8")
    for name in ("gone.py", "changed.py"):
        ship(workspace, name, None)
    assert update(workspace, LOOPS).files.gone == ("gone.py",)
    assert {"changed.py", "own.py"} <= contents(workspace.folder(LOOPS)).keys()


def test_a_full_disk_leaves_everything_as_it_was(workspace, monkeypatch):
    change(workspace, lambda notebook: by_id(notebook)["table"].update(source="mine"), LOOPS)
    ship(workspace, "table.py", "newer")
    ship(workspace, "more.py", "x = 1")
    rewrite(workspace, ("# # Loops", "# # Loops\n# New words."), lesson=LOOPS)
    ship(workspace, "table.py", "newer")
    before = contents(workspace.root)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(update_module, "write_atomically", full)
        with pytest.raises(OSError, match="No space left"):
            update(workspace, LOOPS)
    assert contents(workspace.root) == before
    assert update(workspace, LOOPS).files.replaced == ("table.py",)


# --- whatever a newer version looks like


def test_every_cell_of_every_lesson_says_that_it_is_as_it_was_handed_out(repository):
    for path in sorted(repository.notebooks.glob("*/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        assert [cell.id for cell in notebook.cells if not is_as_handed_out(cell)] == []
        assert not merge(notebook, notebook).differs
        for cell in notebook.cells:
            cell.source += " "
        assert [cell.id for cell in notebook.cells if is_as_handed_out(cell)] == []


def lesson_cell(kind: str, name: str, version: int) -> NotebookNode:
    """A cell as `mle build` writes it."""
    if kind == "prose":
        text = f"text {name}, version {version}"
        return new_markdown_cell(text, id=content_id("markdown", text))
    make = new_markdown_cell if kind == "essay" else new_code_cell
    cell = make(f"# {kind} {name}, version {version}", id=name)
    cell.metadata.update({"mle": {"kind": kind}, "nbgrader": {
        "grade_id": name, "solution": kind in {"exercise", "essay"}, "grade": kind in {"check", "essay"},
        "locked": kind in {"check", "given"}, "points": 1}})
    cell.metadata["nbgrader"]["checksum"] = compute_checksum(cell)
    return cell


KINDS = {"e1": "exercise", "e2": "exercise", "e3": "exercise", "w1": "essay", "c1": "check", "g1": "given",
         "p1": "prose", "p2": "prose", "p3": "prose", "p4": "prose"}
VERSIONS = st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 2)), unique_by=lambda entry: entry[0])
TEXTS = st.text(min_size=1, max_size=12)


def lesson(version: list[tuple[str, int]]) -> NotebookNode:
    return new_notebook(cells=[lesson_cell(KINDS[name], name, number) for name, number in version],
                        metadata={"mle": {"lesson": "x"}})


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(st.data(), VERSIONS, st.lists(VERSIONS, min_size=1, max_size=3))
def test_no_answer_and_no_cell_of_the_learners_is_ever_lost(data, handed_out, newer_versions):
    own = lesson(handed_out)
    answers = {}
    for cell in own.cells:
        if cell.metadata.get("mle", {}).get("kind") in {"exercise", "essay"} and data.draw(st.booleans()):
            cell.source = answers[cell.id] = f"answer to {cell.id}: {data.draw(TEXTS)}"
    notes = {}
    for number in range(data.draw(st.integers(0, 4))):
        position = data.draw(st.integers(0, len(own.cells)))
        notes[f"note-{number}"] = text = f"note {number}: {data.draw(TEXTS)}"
        own.cells.insert(position, new_markdown_cell(text, id=f"note-{number}"))
    for cell in own.cells:
        if cell.id.startswith("markdown-") and data.draw(st.booleans()):
            notes[cell.id] = cell.source = f"changed {cell.id}: {data.draw(TEXTS)}"
            break

    copies = []
    for number, cell in enumerate(list(own.cells)):
        if cell.id in answers and data.draw(st.booleans()):
            # Copied in JupyterLab it has another id, copied in the file the same; first or second is as it comes.
            copies.append(f"copy {number} of {cell.id}")
            identity = data.draw(st.sampled_from([cell.id, f"copy-{number}"]))
            position = data.draw(st.integers(own.cells.index(cell) + 1, len(own.cells)))
            own.cells.insert(position, nbformat.from_dict({**cell, "source": copies[-1], "id": identity}))

    for version in newer_versions:
        newer = lesson(version)
        count = Counter(cell.id for cell in own.cells)
        followed = {cell.id: before.id for before, cell in zip(own.cells, own.cells[1:], strict=False)
                    if count[before.id] == 1}
        merged = merge(own, newer)
        own = merged.notebook
        nbformat.validate(own)
        cells = by_id(own)
        assert len(cells) == len(own.cells)
        in_it = [name for name, _ in version]
        for name, text in answers.items():
            assert cells[name].source == text
            assert ("nbgrader" in cells[name].metadata) == (name in in_it)
        for name, text in notes.items():
            assert cells[name].source == text
        assert {cell.source for cell in own.cells} >= set(copies)
        # The lesson's cells are all there, in its order, as it has them where they are its own.
        ids = [cell.id for cell in newer.cells]
        assert [cell.id for cell in own.cells if cell.id in ids] == ids
        for cell in newer.cells:
            if cell.id not in answers.keys() | notes.keys():
                assert cells[cell.id].source == cell.source
        # A note stays behind the cell that it followed.
        order = [cell.id for cell in own.cells]
        for note, before in followed.items():
            if note.startswith("note-") and before in ids:
                assert order.index(note) == order.index(before) + 1
        # Every answer that is not the lesson's any more stands behind everything else.
        left = [name for name in answers if name not in in_it]
        if left and merged.orphans:
            last = max(order.index(name) for name in ids) if ids else -1
            assert all(order.index(name) > last for name in merged.orphans)
        assert not merge(own, newer).differs
