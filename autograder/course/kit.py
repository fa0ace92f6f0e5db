"""A learner's kit: a course without sources, solutions and what runs only at grading. `mle release` makes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import MleError

KIT = "kit.json"
_SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Kit:
    """What a kit says of itself.

    Attributes:
        version: the package's, and a digest of everything in the kit.
        at_grading: by lesson, the ids of its checks of which a part runs at grading and is not in the kit.
    """

    version: str
    at_grading: dict[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        """The text of its file."""
        return json.dumps({"schema_version": _SCHEMA_VERSION, "version": self.version,
                           "at_grading": self.at_grading}, indent=1) + "\n"


def read_kit(root: Path) -> Kit | None:
    """What makes a folder a learner's kit; None if it is none.

    Raises:
        MleError: the file is damaged.
    """
    try:
        data = json.loads((root / KIT).read_text(encoding="utf-8"))
        return Kit(str(data["version"]), {str(lesson): tuple(map(str, checks))
                                          for lesson, checks in data["at_grading"].items()})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MleError(f"{root / KIT} is damaged ({error!r}). Unpack the kit again over this folder; your folder work "
                       "stays as it is.") from None
