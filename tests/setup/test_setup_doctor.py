"""`mle doctor`: what works is said to work, and whatever does not has a cure."""

from __future__ import annotations

import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from autograder.course import KIT
from autograder.setup import doctor
from autograder.setup.environment import Environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def active(monkeypatch):
    """The PATH as `mle` makes it."""
    scripts = Environment(ROOT, Path(sys.prefix)).scripts
    monkeypatch.setenv("PATH", os.pathsep.join([str(scripts), os.environ["PATH"]]))


@pytest.fixture
def quick_torch(monkeypatch, tmp_path_factory):
    """A stand-in for PyTorch, whose import takes seconds, where the test is about something else."""
    folder = tmp_path_factory.mktemp("torch")
    (folder / "torch.py").write_text("def ones(n): return n\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def found(name: str, root: Path = ROOT) -> doctor.Finding:
    return next(finding for finding in doctor.diagnose(root) if finding.name == name)


def test_on_a_machine_where_the_tests_run_nothing_fails(active):
    findings = doctor.diagnose(ROOT)
    assert [finding for finding in findings if finding.level == "fail"] == []
    assert {"Python", "Environment", "Packages", "module-3", "nbgrader", "alembic"} <= {
        finding.name for finding in findings
    }


def test_everything_that_does_not_work_has_a_cure_and_nothing_else_has(quick_torch, monkeypatch):
    monkeypatch.setenv("PATH", "")
    findings = doctor.diagnose(ROOT)
    assert [finding.name for finding in findings if (finding.level == "ok") == bool(finding.cure)] == []
    assert {finding.name for finding in findings if finding.level == "fail"} >= {"nbgrader", "alembic", "jupyter-lab"}


def test_learners_are_told_of_what_lessons_need_and_of_nothing_else(tmp_path, quick_torch):
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    here = {finding.name for finding in doctor.diagnose(tmp_path)}
    (tmp_path / KIT).write_text("{}")
    assert here - {finding.name for finding in doctor.diagnose(tmp_path)} == {"postgresql", "cluster", "verify", "test"}


def test_little_disk_space_is_noticed(active, quick_torch, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: usage(10**12, 10**12 - 10**9, 10**9))
    finding = found("Course folder")
    assert finding.level == "warn" and "1.0 GB free" in finding.what


@pytest.fixture
def copy(tmp_path):
    for name in ("pyproject.toml", "requirements.lock", "environment.yml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def test_a_package_that_is_missing_is_named(active, quick_torch, copy):
    edit(copy / "pyproject.toml", '"rich>=14"', '"rich>=14", "nobody-has-this"')
    findings = {finding.name: finding for finding in doctor.diagnose(copy)}
    assert findings["Packages"].level == "fail" and "nobody-has-this" in findings["Packages"].what
    assert findings["Lock"].level == "warn"


def test_a_version_off_the_lock_is_named(active, quick_torch, copy):
    edit(copy / "requirements.lock", "click==", "click==8.1.0 #")
    finding = found("Versions", copy)
    assert finding.level == "warn" and "click" in finding.what


def test_an_unsupported_python_is_a_failure(active, quick_torch, copy):
    edit(copy / "pyproject.toml", ">=3.11,<3.14", ">=3.99")
    assert found("Python", copy).level == "fail"


def test_a_pytorch_that_does_not_import_is_a_failure_and_not_a_crash(active, monkeypatch, tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "torch.py").write_text("raise ImportError('a library is missing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = found("PyTorch")
    assert finding.level == "fail" and "a library is missing" in finding.what
