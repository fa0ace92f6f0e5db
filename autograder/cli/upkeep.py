"""Verbs for the machine the kit runs on."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from autograder.cli.console import console, need_extras
from autograder.course import Course

_MARKS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}


@click.command()
def doctor() -> None:
    """Say what works on this machine, and how to cure what does not."""
    from autograder.execution import isolation
    from autograder.setup.doctor import Finding, diagnose
    from autograder.setup.extras import ROOT

    _, what, cure = isolation()
    findings = [*diagnose(ROOT),
                Finding("Isolation", "warn" if cure else "ok", what, cure)]
    for finding in findings:
        console.print(f"{_MARKS[finding.level]} {finding.name}: ", end="")
        console.print(finding.what, markup=False, soft_wrap=True)
        if finding.cure:
            console.print(f"     → {finding.cure}", markup=False, soft_wrap=True)
    if any(finding.level == "fail" for finding in findings):
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("module", nargs=-1, required=True)
def add(module: tuple[str, ...]) -> None:
    """Install what a MODULE needs beyond the first set-up, for example `mle add 3`."""
    from autograder.setup.extras import extra_name, install_extras, missing_extras

    extras = [extra_name(name) for name in module]
    if not missing_extras(extras):
        console.print(f"{', '.join(extras)}: already installed.", markup=False)
        return
    install_extras(extras, console)
    console.print(f"{', '.join(extras)}: installed.", markup=False)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST OPTIONS]...")
def test(arguments: tuple[str, ...]) -> None:
    """Run the whole test suite on all cores, fast tests first.

    Options go to pytest, which then runs as it is told and no more: one test at a time, unless they say otherwise.
    """
    from autograder.setup.extras import ROOT, install_extras

    course = Course(ROOT)
    install_extras(["test"], console)
    need_extras(course, course.lesson_ids)
    # In the order in which they were collected, and those of a group in one process.
    parallel = ("-n", str(os.cpu_count() or 1), "--dist", "loadgroup", "--no-loadscope-reorder")
    done = subprocess.run([sys.executable, "-m", "pytest", *(arguments or parallel)], cwd=ROOT)
    raise click.exceptions.Exit(done.returncode)


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Change nothing; fail if the files disagree.")
@click.option("--upgrade", is_flag=True, help="Take the newest version of everything.")
def lock(only_check: bool, upgrade: bool) -> None:
    """Write requirements.lock and environment.yml from pyproject.toml."""
    from autograder.setup import lock as locking
    from autograder.setup.extras import ROOT

    if only_check:
        problems = locking.check(ROOT)
        for problem in problems:
            console.print(problem, markup=False, soft_wrap=True)
        if problems:
            raise click.exceptions.Exit(1)
        console.print("requirements.lock and environment.yml agree with pyproject.toml.")
        return
    locking.write(ROOT, upgrade)
    console.print("Wrote requirements.lock and environment.yml.")
