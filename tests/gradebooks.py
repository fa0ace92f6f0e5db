"""What a gradebook says, in a form in which two of them can be compared, whatever database they are in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from autograder.grading import Store

# Without ids, which are random.
_QUERIES = {
    "grades": "select sa.student_id, a.name, c.name, g.auto_score, g.manual_score, g.extra_credit, "
              "g.needs_manual_grade from grade g join base_cell c on g.cell_id = c.id join submitted_notebook sn on "
              "g.notebook_id = sn.id join submitted_assignment sa on sn.assignment_id = sa.id join assignment a on "
              "sa.assignment_id = a.id",
    "comments": "select sa.student_id, c.name, k.auto_comment, k.manual_comment from comment k join base_cell c on "
                "k.cell_id = c.id join submitted_notebook sn on k.notebook_id = sn.id join submitted_assignment sa on "
                "sn.assignment_id = sa.id",
    "submissions": "select sa.student_id, a.name, sa.timestamp, sn.late_submission_penalty, sn.flagged from "
                   "submitted_assignment sa join assignment a on sa.assignment_id = a.id join submitted_notebook sn on "
                   "sn.assignment_id = sa.id",
    "students": "select id, first_name, last_name, email from student",
    "schema": "select * from alembic_version",
    "graded": "select student, lesson, digest from mle_graded",
    "essays": "select student, lesson, essay, digest from mle_essay",
}


def rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that grading writes, sorted. Truth values and times are the same whether a database has such types."""
    with store.connection() as connection:
        there = inspect(connection).get_table_names()
        return {name: sorted((tuple(_plain(name, place, value) for place, value in enumerate(row))
                              for row in connection.execute(text(query))), key=repr)
                for name, query in _QUERIES.items() if query.rpartition(" from ")[2] in there or " join " in query}


def _plain(name: str, place: int, value: object) -> object:
    if name == "submissions" and place == 2 and value is not None:
        return str(value).removesuffix(".000000")
    return bool(value) if (name, place) in {("grades", 6), ("submissions", 4)} else value


def files(root: Path) -> dict[str, str]:
    """Every graded file, without what was measured."""
    found = {}
    for path in sorted((root / "autograded").rglob("*")):
        if path.is_file():
            text = path.read_text()
            if path.name == "result.json":
                text = json.dumps(_without_measurements(json.loads(text)))
            found[path.relative_to(root).as_posix()] = text
    return found


def _without_measurements(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_measurements(one) for key, one in value.items()
                if key not in {"seconds", "peak_memory_mb"}}
    return [_without_measurements(one) for one in value] if isinstance(value, list) else value
