"""What the grader takes from a jail: rebuilt from known fields in known types, and no more of it than agreed."""

from __future__ import annotations

import json
from typing import Any

from autograder.execution.record import checked_output, truncation_note

_MOST_ERROR_TEXT = 10_000
_MOST_OUTPUTS = 1_000  # of one cell
_MOST_LINES = 200  # of a traceback, each of which may stand for many
_DEEPEST = 32


def most_message_bytes(most_output_bytes: int) -> int:
    """How long a message with the outputs of one cell may be: text takes up to six times its length in JSON."""
    return 8 * most_output_bytes + 2**20


def sound_text(text: Any, most: int = _MOST_ERROR_TEXT) -> str:
    """Text that any file can hold: half characters, which JSON can carry, are replaced."""
    text = text if isinstance(text, str) else ""
    return (text if len(text) <= most else text[:most] + " …").encode("utf-8", "replace").decode("utf-8")


class Outputs:
    """Takes in the outputs of one notebook.

    Args:
        most_bytes: of one cell; all cells together may have 32 times that.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most, self._left = most_bytes, 32 * most_bytes

    def take(self, outputs: Any) -> list[dict[str, Any]]:
        """Those that are valid nbformat, within the limits."""
        taken: list[dict[str, Any]] = []
        room = 2 * self._most
        for output in outputs[:_MOST_OUTPUTS] if isinstance(outputs, list) else []:
            sound = self._sound(output)
            if sound is None:
                continue
            size = len(json.dumps(sound))
            if size > min(room, self._left) and sound["output_type"] != "error":
                taken.append({"output_type": "stream", "name": "stderr", "text": truncation_note(self._most)})
                break
            room, self._left = room - size, self._left - size
            taken.append(sound)
        return taken

    def _sound(self, output: Any) -> dict[str, Any] | None:
        try:
            sound = checked_output(output)
        except TypeError:  # a list where a word belongs
            return None
        if sound is None:
            return None
        sound = _sound_json(sound, _DEEPEST)
        kind = sound["output_type"]
        if kind == "stream":
            sound["text"] = sound["text"][:2 * self._most]
        elif kind == "error":
            sound["ename"], sound["evalue"] = sound_text(sound["ename"], 200), sound_text(sound["evalue"])
            sound["traceback"] = [sound_text(line, self._most) for line in sound["traceback"][:_MOST_LINES]]
        elif kind == "execute_result" and (type(sound["execution_count"]) is not int or sound["execution_count"] < 0):
            sound["execution_count"] = None
        return sound


def _sound_line(text: Any) -> str:
    return text.encode("utf-8", "replace").decode("utf-8") if isinstance(text, str) else ""


def _sound_json(value: Any, depth: int) -> Any:
    if depth == 0:
        return None
    if isinstance(value, dict):
        return {_sound_line(key): _sound_json(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_sound_json(item, depth - 1) for item in value]
    return _sound_line(value) if isinstance(value, str) else value
