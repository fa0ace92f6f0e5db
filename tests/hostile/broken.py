"""Notebooks that are damaged, edited, or strange."""

import io
import json
import zipfile
from copy import deepcopy

import nbformat

from hostile.row import RIGHT, Submission, row


@row("prevented", "restored", says="had been changed and was restored")
def check_cells_edited(s: Submission) -> None:
    for cell in s.notebook.cells:
        if cell.id.startswith("check-"):
            cell.source = "pass"


@row("prevented", "put back", earned=3, says="was missing and was put back")
def check_cells_deleted(s: Submission) -> None:
    s.do_right("mean")
    s.notebook.cells = [cell for cell in s.notebook.cells if not cell.id.startswith("check-")]


@row("prevented", "one of each is kept", earned=3, says="a second copy")
def check_cells_duplicated(s: Submission) -> None:
    s.do_right("mean")
    s.notebook.cells += [deepcopy(cell) for cell in s.notebook.cells if cell.id.startswith("check-")] * 3


@row("prevented", "put back in the lesson's order", earned=3, says="another order")
def check_cells_moved(s: Submission) -> None:
    s.do_right("mean")
    s.notebook.cells.sort(key=lambda cell: not cell.id.startswith("check-"))


@row("prevented", "made code again", earned=3, says="was made code again")
def check_cells_retyped(s: Submission) -> None:
    s.do_right("mean")
    for cell in s.notebook.cells:
        if cell.id.startswith("check-"):
            cell.cell_type = "markdown"
            cell.pop("outputs"), cell.pop("execution_count")


@row("prevented", "points come from the lesson, not from the notebook", earned=3)
def metadata_changed(s: Submission) -> None:
    s.do_right("mean")
    for cell in s.notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader |= {"points": 1000, "locked": False, "grade": True, "solution": True,
                                       "schema_version": 99, "checksum": "0"}
    s.notebook.metadata["mle"] = {"lesson": "1-1-means", "limits": {"cell_seconds": 10_000}, "seed": "x"}


@row("prevented", "a check is known by its grade id", earned=3)
def cell_ids_changed(s: Submission) -> None:
    s.do_right("mean")
    for number, cell in enumerate(s.notebook.cells):
        cell.id = f"changed-{number}"


@row("prevented", "a cell of the learner's that claims to be graded earns nothing", earned=3)
def a_check_of_its_own_that_claims_points(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("pass")
    s.notebook.cells[s.index("geometric") - 1].metadata = {"nbgrader": {
        "grade": True, "grade_id": "check-bonus", "locked": False, "points": 100, "schema_version": 3,
        "solution": False, "task": False}}


@row("prevented", "converted, and known by what is left", says="none of the cells|was missing")
def nbformat_3(s: Submission) -> None:
    s.do_right("mean")
    for cell in s.notebook.cells:
        cell.metadata.pop("mle", None)
    s.raw = nbformat.writes(nbformat.convert(s.notebook, 3), version=3).encode()
    data = json.loads(s.raw)
    for sheet in data["worksheets"]:
        for cell in sheet["cells"]:
            cell["metadata"] = {}
    s.raw = json.dumps(data).encode()


@row("prevented", "not needed", earned=3)
def no_kernelspec(s: Submission) -> None:
    s.do_right("mean")
    s.notebook.metadata.pop("kernelspec", None)
    s.notebook.metadata.pop("language_info", None)


@row("prevented", "not needed", earned=3)
def wrong_kernel_name(s: Submission) -> None:
    s.do_right("mean")
    s.notebook.metadata["kernelspec"] = {"name": "../../bin/sh", "display_name": "x", "language": "ruby"}


@row("prevented", "no points, and the reason", says="not UTF-8", flagged=True)
def invalid_utf_8(s: Submission) -> None:
    s.raw = nbformat.writes(s.notebook).encode("utf-16")


@row("prevented", "no points, and the reason", says="damaged or cut short", flagged=True)
def truncated_json(s: Submission) -> None:
    s.do_right("mean")
    s.raw = nbformat.writes(s.notebook).encode()[:-200]


@row("prevented", "no points, and the reason", says="is empty", flagged=True)
def an_empty_file(s: Submission) -> None:
    s.raw = b""


@row("prevented", "no points, and the reason", says="was not handed in", flagged=True)
def no_file_at_all(s: Submission) -> None:
    s.file("notes.txt", "I forgot")
    s.written = False


def _archive() -> bytes:
    """A hundred megabytes in a hundred kilobytes, and a name that leads out."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1-1-means.ipynb", bytes(100_000_000))
        archive.writestr("../../../planted", b"x")
    return packed.getvalue()


@row("prevented", "archives are not unpacked: no points, and the reason", says="was not handed in", flagged=True)
def an_archive_in_place_of_a_notebook(s: Submission) -> None:
    s.file("1-1-means.zip", _archive())
    s.written = False


@row("prevented", "archives are not unpacked: no points, and the reason", says="not UTF-8", flagged=True)
def an_archive_named_as_a_notebook(s: Submission) -> None:
    s.raw = _archive()


@row("not covered", "what a notebook displays stands in it as it is, and in feedback too: a page that shows it to "
     "others must not run scripts", earned=3, says="<script>")
def a_script_among_its_outputs(s: Submission) -> None:
    s.do_right("mean")
    s.own_cell("from IPython.display import HTML\nHTML('<script>document.title = 1</script>')")


@row("prevented", "no points, and the reason", says="not a file|cannot be read", flagged=True)
def a_folder_as_notebook(s: Submission) -> None:
    s.path.mkdir()
    s.written = False


@row("prevented", "graded like others", earned=3)
def a_file_of_fifty_megabytes(s: Submission) -> None:
    s.do_right("mean")
    s.notebook.cells[0].source += "\n" + "x" * 50_000_000


@row("prevented", "no points, and the reason", says="more than the 64 MiB", flagged=True)
def a_file_of_seventy_megabytes(s: Submission) -> None:
    s.raw = b" " * (70 * 2**20)


@row("prevented", "no points, and the reason", says="more pieces", flagged=True)
def thirty_million_empty_lists(s: Submission) -> None:
    s.raw = b'{"nbformat": 4, "cells": [' + b"[]," * 10_000_000 + b"[]]}"


@row("prevented", "no points, and the reason", says="not valid JSON|not a notebook", flagged=True)
def lists_in_lists_without_end(s: Submission) -> None:
    s.raw = b'{"nbformat": 4, "cells": ' + b"[" * 1_000_000


@row("prevented", "no points, and the reason", says="cells, more than", flagged=True)
def a_hundred_thousand_cells(s: Submission) -> None:
    s.raw = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "code", "id": f"c{n}", "source": "1", "metadata": {}, "outputs": [], "execution_count": None}
        for n in range(100_000)]}).encode()


@row("prevented", "no points, and the reason", says="not a notebook|none of the cells|not a Jupyter", flagged=True)
def json_of_the_wrong_shape(s: Submission) -> None:
    s.raw = json.dumps({"nbformat": 4, "cells": {"a": 1}, "metadata": []}).encode()


@row("prevented", "graded like others", earned=3, student="space and 'quotes' \"too\"")
def a_name_with_spaces_and_quotes(s: Submission) -> None:
    s.do_right("mean")
    s.file("a file with 'quotes' \"and\" $(touch planted).txt", "x")


@row("prevented", "graded like others", earned=3, student="Ünïcode-名前-😀")
def a_name_in_unicode(s: Submission) -> None:
    s.do_right("mean")
    s.file("名前.csv", "a,b\n")


@row("prevented", "a name is only a name", earned=3, student="..hidden..")
def a_name_with_dots(s: Submission) -> None:
    s.do_right("mean")
    s.file("..data/...", "x")


@row("prevented", "graded like others, or named as not entered", earned=3)
def file_names_that_are_no_text(s: Submission) -> None:
    import os

    s.do_right("mean")
    with open(os.path.join(os.fsencode(s.folder), b"\xff\xfe.csv"), "wb") as file:
        file.write(b"x")


@row("prevented", "they do not get in the way of what grading writes", earned=3)
def files_named_like_the_graders_own(s: Submission) -> None:
    s.do_right("mean")
    s.file("result.json/inside.txt", "x")
    s.file("table.py/inside.txt", "x")


@row("prevented", "they cannot stand in for a library", earned=3)
def modules_named_like_those_of_the_grader(s: Submission) -> None:
    s.do_right("mean")
    for name in ("numpy", "json", "autograder", "IPython", "sitecustomize", "math", "_pytest"):
        s.file(f"{name}.py", "raise SystemExit('planted')")
    s.file("autograder/__init__.py", "raise SystemExit('planted')")


@row("prevented", "no points, and the reason", says="more than|folders deep", flagged=True)
def more_files_than_a_hand_in_can_have(s: Submission) -> None:
    for number in range(10_500):
        (s.folder / f"{number}").touch()


@row("prevented", "no points, and the reason", says="folders deep", flagged=True)
def folders_too_deep(s: Submission) -> None:
    s.file("/".join(["d"] * 200) + "/file", "x")


@row("prevented", "every copy runs, as it would for the learner", earned=3, says="more than once")
def an_answer_given_twice(s: Submission) -> None:
    s.answer(mean="def mean(values):\n    return 0")
    again = deepcopy(s.cell("mean"))
    again.source = RIGHT["mean"]
    s.notebook.cells.insert(s.index("mean") + 1, again)
