"""Are the lessons' own checks good: do they accept what is right and reject what is wrong."""

from autograder.quality.proof import LessonProof, NamedAssert, NamedMutant
from autograder.quality.variants import read_notebook, rounds, with_answers
from autograder.quality.verify import verify

__all__ = ["LessonProof", "NamedAssert", "NamedMutant", "read_notebook", "rounds", "verify", "with_answers"]
