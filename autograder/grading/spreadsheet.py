"""CSV files as spreadsheet programs and learning management systems write and read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import MleError

_SEPARATORS = ",;\t"
# What makes a spreadsheet program take a text for a formula and run it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Table:
    """The rows of a CSV file, and how it writes them.

    Attributes:
        separator: what stands between columns.
        mark: whether it begins with a byte-order mark, as for Excel.
    """

    rows: list[list[str]]
    separator: str = ","
    line_end: str = "\n"
    mark: bool = False

    @property
    def text(self) -> str:
        """The whole file."""
        return ("\ufeff" if self.mark else "") + table_text(self.rows, self.separator, self.line_end)


def read_table(path: Path) -> Table:
    """Reads a CSV file: in UTF-8 or, of older programs, Western European; with commas, semicolons or tabs.

    Raises:
        MleError: it cannot be read, or is no such file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MleError(f"{path} cannot be read: {error.strerror}. Check the path.") from None
    if b"\0" in data:
        raise MleError(f"{path} is no CSV file in UTF-8. Save it as 'CSV UTF-8' and try again.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise MleError(f"{path} is no CSV file ({error}). Save it as 'CSV UTF-8' and try again.") from None
    return Table(rows, separator, "\r\n" if b"\r\n" in data else "\n", data.startswith(b"\xef\xbb\xbf"))


def table_text(rows: Iterable[Iterable[object]], separator: str = ",", line_end: str = "\n") -> str:
    """Rows as the text of a CSV file."""
    lines = []
    for row in rows:
        # The writer quotes only those ends of lines that it writes itself, and other programs know both.
        line = io.StringIO(newline="")
        csv.writer(line, delimiter=separator, lineterminator="\r\n").writerow(row)
        lines.append(line.getvalue().removesuffix("\r\n") + line_end)
    return "".join(lines)


def defused(text: str) -> str:
    """A text that no spreadsheet program takes for a formula: with an apostrophe in front, where it would."""
    return f"'{text}" if text.startswith(_FORMULA) else text
