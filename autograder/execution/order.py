"""The order in which a process inside a jail may say things: whoever says anything else is not believed any more."""

from __future__ import annotations

from typing import Any

from autograder.execution.wire import Broken


class Order:
    """Follows what one process says.

    Args:
        steps: what it has been given to do, in order: ids of code to run, and `fork:GROUP` for a fork to take.
    """

    def __init__(self, steps: list[str]) -> None:
        self._left = list(reversed(steps))
        self._running = ""
        self._may_update = set(steps)
        self.ended = False

    def check(self, message: dict[str, Any]) -> None:
        """Takes note of a message.

        Raises:
            Broken: it is not this message's turn.
        """
        say, identity = message.get("say"), message.get("id")
        if self.ended:
            raise Broken
        if say == "start" and not self._running and self._left and self._left[-1] == identity:
            self._running = self._left.pop()
        elif say == "done" and self._running and self._running == identity:
            self._running = ""
            if message.get("exited"):
                self._left.clear()
        elif say == "fork" and not self._running and self._left and self._left[-1] == f"fork:{message.get('group')}":
            self._left.pop()
        elif say == "updated" and not self._running and not self._left and identity in self._may_update:
            self._may_update.remove(identity)
        elif say == "end" and not self._running and not self._left:
            self.ended = True
        else:
            raise Broken

    def more(self, steps: list[str]) -> None:
        """Gives it more to do, after its end."""
        self._left, self._running, self.ended = list(reversed(steps)), "", False
