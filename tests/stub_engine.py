"""An engine that runs nothing, for tests of what is done with results and not of how they come about."""

from __future__ import annotations

from autograder.execution import Job, RunRecord, StepFact


class EveryCheckPasses:
    """Says of every cell that it ran through."""

    def run(self, job: Job) -> RunRecord:
        return RunRecord({step.id: StepFact(step.id, "passed") for step in job.steps})

    def imports_of(self, job: Job) -> tuple[str, ...]:
        return ()
