"""The plan that a learner has made of their own gaps: a lesson's notebook saves it as `plan.json` beside itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from autograder.errors import MleError
from autograder.learner.workspace import Workspace

_FILE = "plan.json"


@dataclass(frozen=True)
class PlanStep:
    """A skill to learn.

    Attributes:
        demand: share of the advertisements that ask for it, 0 to 1.
        level, target: where the learner stands, and wants to stand.
        lessons: of this course, those that teach it; empty if none does.
    """

    skill: str
    demand: float
    level: float
    target: float
    lessons: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What to learn, the most urgent first.

    Attributes:
        made: an ISO date.
    """

    made: str
    steps: tuple[PlanStep, ...]


def find_plan(workspace: Workspace) -> Plan | None:
    """The plan in the learner's folder; None if none has been made.

    Raises:
        MleError: the file is no plan.
    """
    for lesson_id in workspace.course.lesson_ids:
        path = workspace.folder(lesson_id) / _FILE
        try:
            return _plan(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise MleError(f"Your plan {path} cannot be read: {error.strerror}.") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise MleError(f"{path} is no plan (any more). Open the notebook beside it and run the cell that saves "
                           "your plan, or delete the file.") from None
    return None


def _plan(data: dict[str, Any]) -> Plan:
    steps = tuple(PlanStep(str(step["skill"]), float(step["demand"]), float(step["level"]), float(step["target"]),
                           tuple(map(str, step["lessons"]))) for step in data["steps"])
    return Plan(str(data["made"]), steps)
