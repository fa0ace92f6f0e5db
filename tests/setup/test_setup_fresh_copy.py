"""The real kit in a fresh folder, installed for real: needs a package index and takes a minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_IN_A_CLONE = shutil.ignore_patterns(
    ".venv", ".git", "__pycache__", "*.egg-info", ".*_cache", "work", "submitted", "autograded", "feedback"
)


@pytest.mark.slow
def test_a_fresh_copy_sets_itself_up_once(tmp_path):
    root = tmp_path / "a fresh kit"
    shutil.copytree(ROOT, root, ignore=NOT_IN_A_CLONE)
    environ = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}

    def mle(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys._base_executable, str(root / "mle"), *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, encoding="utf-8", timeout=1200)

    first = mle("--version")
    assert first.returncode == 0, first.stderr
    assert "packages installed" in first.stderr

    stamp = root / ".venv/mle-setup.json"
    written = stamp.stat().st_mtime_ns
    (root / ".venv/mle-install.log").unlink()
    second = mle("--version")
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")
    assert stamp.stat().st_mtime_ns == written
    assert not (root / ".venv/mle-install.log").exists()
