"""Which twins of a lesson's checks can be relied on: found out by running them, before any submission is audited.

A twin is proven if it fails for the solution and for every right answer, and if it passes when what is compared is
equal to everything, or at least to the changed value, and when its asserts are taken out: so nothing but its one
changed value makes it fail.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from nbformat import NotebookNode
from platformdirs import user_cache_path

from autograder.course import Answer, Limits
from autograder.execution import Job, RunRecord, Step, StepFact
from autograder.grading import Key, Runs, digest_of, environment_digest, job_of, restore, write_atomically
from autograder.quality.exercises import in_parallel
from autograder.quality.twins import PROBE, TURNS, Site, Twins, held_of, names_read
from autograder.quality.variants import read_notebook, rounds, with_answers

_SECONDS = 3600.0  # for all the twins of a lesson, one after the other
_KINDS = ("object", "array", "parts", "same")


@dataclass
class Proven:
    """What of a lesson's checks can be audited.

    Attributes:
        twins: of every check.
        sites: by check, the places of which twins are proven.
        tried: how many places there are.
        renamed: checks that can be run with other names of their own.
        asked: checks that still pass all right answers when their places are asked.
        answers: how many right answers they were proven with, the solution included.
        digest: of all that decides about what an audit finds, but for the submission.
    """

    twins: dict[str, Twins]
    sites: dict[str, tuple[Site, ...]] = field(default_factory=dict)
    tried: int = 0
    renamed: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    answers: int = 0
    digest: str = ""

    @property
    def usable(self) -> int:
        """How many twins there are."""
        return sum(map(len, self.sites.values()))


@dataclass(frozen=True)
class Test:
    """A changed check.

    Attributes:
        group: tests of one group run one after the other, in one process.
    """

    id: str
    exercise: str
    group: str
    source: str


def with_tests(job: Job, tests: Iterable[Test], limits: Limits) -> Job:
    """A job with these in place of its checks, each with the state that its exercise's checks see."""
    waiting: dict[str, list[Test]] = {}
    for test in tests:
        waiting.setdefault(test.exercise, []).append(test)
    helpers: dict[str, tuple[str, ...]] = {}
    for step in job.steps:
        if step.check:
            helpers[step.group] = helpers.get(step.group, ()) + step.helpers
    steps: list[Step] = []
    for step in job.steps:
        if not step.check:
            steps.append(step)
            continue
        steps += [Step(test.id, (test.source,), check=True, group=test.group, hidden_from=0,
                       helpers=helpers[step.group])
                  for test in waiting.pop(step.group, ())]
    return replace(job, steps=tuple(steps), limits=limits)


def prove_twins(key: Key, folder: Path, answers: tuple[Answer, ...], imports: tuple[str, ...], runner: Runs, jobs: int,
                tell: Callable[[str], None] = lambda text: None) -> Proven:
    """The proven twins of a lesson; kept in the user's cache folder while lesson, answers and libraries are the same.

    Args:
        folder: `solutions/LESSON`.
        answers: of answers.py; the wrong ones do not count.
        jobs: how many notebooks to run at a time.
        tell: called with a few words when there is something to prove.
    """
    right = tuple(answer for answer in answers if answer.right)
    proven = Proven({cell.check: Twins(cell) for cell in key.of_kind("check")}, answers=1 + len(right))
    proven.tried = sum(len(twins.sites) for twins in proven.twins.values())
    code = [path.read_text(encoding="utf-8") for path in (
        PROBE, *(PROBE.with_name(name) for name in ("twins.py", "twin_proof.py", "audit.py")))]
    parts = [key.digest, digest_of(key.files), environment_digest(), *code,
             *(answer.exercise + answer.source for answer in right)]
    proven.digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    path = user_cache_path("mle-path") / "twins" / f"{proven.digest}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        _recall(proven, json.loads(path.read_text(encoding="utf-8")))
        return proven
    tell(f"proving {proven.tried} twins")
    _Proof(key, read_notebook(folder), right, imports, runner, jobs, proven).prove()
    kept = {"renamed": sorted(proven.renamed), "asked": sorted(proven.asked),
            "sites": {check: [[site.number, site.side] for site in sites] for check, sites in proven.sites.items()}}
    with contextlib.suppress(OSError):  # without it they are proven again next time
        write_atomically(path, json.dumps(kept, indent=1) + "\n")
    return proven


def _recall(proven: Proven, kept: Mapping[str, object]) -> None:
    sites = {check: tuple(site for site in twins.sites if [site.number, site.side] in kept["sites"].get(check, ()))
             for check, twins in proven.twins.items()}
    proven.renamed, proven.asked, proven.sites = set(kept["renamed"]), set(kept["asked"]), sites


class _Proof:
    """Runs the twins against right answers, and leaves those standing that behave."""

    def __init__(self, key: Key, solution: NotebookNode, right: tuple[Answer, ...], imports: tuple[str, ...],
                 runner: Runs, jobs: int, proven: Proven) -> None:
        self._key, self._solution, self._imports = key, solution, imports
        self._runner, self._jobs, self._proven = runner, jobs, proven
        self._groups: list[dict[str, Answer]] = [{}, *rounds(right)]

    def prove(self) -> None:
        proven = self._proven
        readable = {check: twins for check, twins in proven.twins.items() if twins.readable}
        proven.renamed = set(readable)
        standing = {check: set(twins.sites) for check, twins in readable.items()}
        in_parallel(self._jobs, [partial(self._against, group, standing) for group in self._groups])
        self._drop_what_honest_answers_pass(standing)
        proven.sites = {check: tuple(sorted(sites)) for check, sites in standing.items()}

    def _against(self, group: dict[str, Answer], standing: dict[str, set[Site]]) -> None:
        """One notebook of right answers: which twins fail for it, and which checks pass with other names."""
        checks = [self._proven.twins[check] for check in standing if not group or
                  self._proven.twins[check].exercise in group]
        notebook = self._notebook(group)
        read = names_read_in(self._key, notebook)
        tests, of_site = [], {}
        for twins in checks:
            tests.append(_test(f"~names {twins.check}", twins, twins.renamed(read)))
            for site in twins.sites:
                where = f"{twins.check} {site.number}.{site.side}"
                of_site[where] = (twins.check, site)
                tests += [_test(f"~twin{turn} {where}", twins, twins.twin(site, turn=turn)) for turn in TURNS]
                if not group:
                    tests += [_test(f"~{kind} {where}", twins, twins.passed_by_anything(site, kind))
                              for kind in _KINDS]
                    tests.append(_test(f"~stripped {where}", twins, twins.stripped(site)))
        facts = self._run(notebook, tests)
        for twins in checks:
            if facts[f"~names {twins.check}"].status != "passed":
                self._proven.renamed.discard(twins.check)
        for where, (check, site) in of_site.items():
            sound = all(facts[f"~twin{turn} {where}"].status in {"failed", "error"} for turn in TURNS)
            if not group:
                sound = sound and facts[f"~stripped {where}"].status == "passed" and any(
                    facts[f"~{kind} {where}"].status == "passed" for kind in _KINDS)
            if not sound:
                standing[check].discard(site)

    def _drop_what_honest_answers_pass(self, standing: dict[str, set[Site]]) -> None:
        """Asks all places at once, as an audit does, until no right answer is suspected and none is disturbed."""
        self._proven.asked = set(standing)
        left = set(standing)
        while left:
            told = in_parallel(self._jobs, [partial(self._ask, group, standing, left) for group in self._groups])
            disturbed = {check for answers in told for check, held in answers if held is None}
            for check in disturbed:
                # Asking changes what the check itself finds; most often because an exception is kept for a while.
                exceptions = standing[check] - self._proven.twins[check].comparisons
                if exceptions:
                    standing[check] -= exceptions
                elif standing[check]:
                    standing[check].clear()
                else:
                    self._proven.asked.discard(check)
            suspected = {check: [site for answers in told for one, held in answers if one == check
                                 for site, _ in held or ()] for check in left - disturbed}
            for check, sites in suspected.items():
                standing[check] -= set(sites)
            left = {check for check in disturbed if check in self._proven.asked} | {
                check for check, sites in suspected.items() if sites}

    def _ask(self, group: dict[str, Answer], standing: dict[str, set[Site]],
             checks: set[str]) -> list[tuple[str, list[tuple[Site, int]] | None]]:
        """The checks that are not as they should be, with the places that held; None where the check did not run."""
        token = secrets.token_hex(6)
        chosen = [twins for check, twins in self._proven.twins.items() if check in checks and (
            not group or twins.exercise in group)]
        facts = self._run(self._notebook(group), [
            _test(f"~ask {twins.check}", twins, twins.asking(standing[twins.check], token)) for twins in chosen])
        found = []
        for twins in chosen:
            held = held_of(facts[f"~ask {twins.check}"].error[1], token, standing[twins.check])
            if held is None or held:
                found.append((twins.check, held))
        return found

    def _notebook(self, group: dict[str, Answer]) -> NotebookNode:
        answers = {answer.exercise: answer.source for answer in group.values()}
        return restore(self._key, with_answers(self._solution, answers)).notebook

    def _run(self, notebook: NotebookNode, tests: list[Test]) -> dict[str, StepFact]:
        if not tests:
            return {}
        limits = replace(self._key.limits, notebook_seconds=_SECONDS)
        job = replace(job_of(self._key, notebook), imports=self._imports)
        record: RunRecord = self._runner.run(with_tests(job, tests, limits))
        return record.facts


def names_read_in(key: Key, notebook: NotebookNode) -> frozenset[str]:
    """Names that a restored notebook's cells read, but for its checks."""
    checks = {cell.id for cell in key.of_kind("check")}
    return names_read(cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.id not in checks)


def _test(identity: str, twins: Twins, source: str) -> Test:
    return Test(identity, twins.exercise, f"~{twins.exercise}", source)
