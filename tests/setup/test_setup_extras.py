"""Extras: which there are, which are installed, and what is said when they cannot be."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from rich.console import Console

from autograder.setup import extras
from autograder.setup.environment import SetupError

ROOT = Path(__file__).resolve().parents[2]
PROJECT = """\
[project]
optional-dependencies.here = ["packaging>=1", "nobody-has-this ; sys_platform == 'amiga'"]
optional-dependencies.absent = ["packaging>=1", "nobody-has-this"]
optional-dependencies.too-new = ["packaging>=9999"]
optional-dependencies.module-4 = ["mle-path[here]"]
optional-dependencies.module-5 = ["mle-path[here,absent]"]
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return tmp_path


def test_an_extra_is_there_when_all_that_this_machine_needs_of_it_is(root):
    assert extras.installed_extras(root) == {"here", "module-4"}
    assert extras.missing_extras(["absent", "here", "too-new", "module-5"], root) == ["absent", "too-new", "module-5"]


def test_a_build_for_the_cpu_satisfies_the_pin_of_the_public_version(root, monkeypatch):
    monkeypatch.setattr(extras.metadata, "version", lambda name: "2.13.0+cpu")
    assert extras.is_satisfied(Requirement("torch==2.13.0"), root)
    assert not extras.is_satisfied(Requirement("torch==2.13.1"), root)


@pytest.mark.parametrize("text", ["3", "module-3", "module 3", "Module_3", " 3 "])
def test_a_module_may_be_written_as_people_write_it(text):
    assert extras.extra_name(text) == "module-3"


def test_an_unknown_extra_is_answered_with_the_nearest(root):
    with pytest.raises(SetupError, match=r"no extra 'absend'. Did you mean 'absent'"):
        extras.install_extras(["absend"], Console(file=io.StringIO()), root)


def test_a_module_without_an_extra_is_not_answered_with_another_module(root):
    with pytest.raises(SetupError, match=r"no extra '1'.*needs nothing beyond the first set-up"):
        extras.extra_name("1", root)


def test_what_is_there_is_not_installed_again(root):
    said = io.StringIO()
    extras.install_extras(["here"], Console(file=said), root)
    assert said.getvalue() == ""


def test_without_a_checkout_the_extras_are_those_of_the_installed_kit(tmp_path):
    installed, listed = extras.known_extras(tmp_path), extras.known_extras(ROOT)
    for name, needs in installed.items():
        assert [Requirement(f"{need.name}{f'[{extra}]' if (extra := ','.join(need.extras)) else ''}{need.specifier}")
                for need in needs] == listed[name]
    assert "module-3" in installed


def test_outside_a_checkout_the_message_says_what_to_install(tmp_path, monkeypatch):
    shutil.copy(ROOT / "LICENSE", tmp_path)
    monkeypatch.setattr(extras, "is_satisfied", lambda need, root: False)
    with pytest.raises(SetupError, match=r"mle-path\[module-3\]"):
        extras.install_extras(["3"], Console(file=io.StringIO()), tmp_path)
