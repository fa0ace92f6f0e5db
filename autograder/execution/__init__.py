"""Runs one notebook and returns facts; knows no scores, no students and no files of the course."""

from autograder.execution.choose import default_engine, imports_of, isolation, run, stop_all
from autograder.execution.record import EngineError, Job, RunRecord, Status, Step, StepFact

__all__ = [
    "EngineError", "Job", "RunRecord", "Status", "Step", "StepFact", "default_engine", "imports_of", "isolation", "run",
    "stop_all",
]
