"""Are the lessons' own checks good: do they accept what is right and reject what is wrong."""

from autograder.quality.audit import AuditOutcome, audit_cohort, audit_notebook
from autograder.quality.proof import LessonProof, NamedAssert, NamedMutant
from autograder.quality.twin_proof import Proven, prove_twins
from autograder.quality.variants import read_notebook, rounds, with_answers
from autograder.quality.verify import verify

__all__ = [
    "AuditOutcome",
    "LessonProof",
    "NamedAssert",
    "NamedMutant",
    "Proven",
    "audit_cohort",
    "audit_notebook",
    "prove_twins",
    "read_notebook",
    "rounds",
    "verify",
    "with_answers",
]
