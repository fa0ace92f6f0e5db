"""What hostile and broken submissions try, one function for each, and what is claimed about it."""

from hostile import broken, cheating, escape, resources  # noqa: F401 - each registers its rows
from hostile.row import ROWS, Claim, Row

__all__ = ["ROWS", "Claim", "Row"]
