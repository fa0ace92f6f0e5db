"""requirements.lock and environment.yml agree with pyproject.toml, and whoever changes one of them hears of it."""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder.setup import lock
from autograder.setup.environment import SetupError, read_project
from autograder.setup.pip_install import expected_packages

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
}


@pytest.fixture
def copy(tmp_path):
    """The three files in a folder of their own."""
    for name in ("pyproject.toml", "requirements.lock", "environment.yml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def locked() -> list[Requirement]:
    return lock.pins((ROOT / lock.LOCK).read_text(encoding="utf-8"))


def test_the_files_agree():
    assert lock.check(ROOT) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("pyproject.toml", '"rich>=14"', '"rich>=14.1"', "was not written for the dependencies"),
        ("pyproject.toml", '"rich>=14"', '"rich>=99"', "but pyproject.toml wants 'rich>=99'"),
        ("pyproject.toml", '"rich>=14"', '"rich>=14", "polars"', "does not pin polars"),
        ("pyproject.toml", '"torch==2.13.0"', '"torch==2.13.0", "tqdm"', "environment.yml differs"),
        ("requirements.lock", "torch==2.13.0", "torch==2.12.0", "pins torch==2.12.0"),
        ("requirements.lock", "torch==2.13.0", "torch==2.13.0+cpu", "does not pin one public version"),
        ("requirements.lock", "torch==2.13.0", "torch @ https://example.org/torch.whl", "does not pin one"),
        ("requirements.lock", "torch==2.13.0", "--extra-index-url https://example.org", "is not a requirement"),
        ("environment.yml", "- rich>=14", "- rich", "environment.yml differs"),
        ("environment.yml", "- -e .", "- -e . ", "environment.yml differs"),
    ],
)
def test_a_change_to_one_file_alone_is_noticed(copy, file, old, new, complaint):
    edit(copy / file, old, new)
    assert any(complaint in problem for problem in lock.check(copy))


@pytest.mark.parametrize("name", ["requirements.lock", "environment.yml"])
def test_a_missing_file_is_noticed(copy, name):
    (copy / name).unlink()
    assert [problem for problem in lock.check(copy) if name in problem]


def test_a_change_that_is_not_about_dependencies_needs_no_new_lock(copy):
    edit(copy / "pyproject.toml", "[build-system]", "[tool.else]\nkey = 1\n\n[build-system]")
    assert lock.check(copy) == []


def test_the_lock_names_no_place_of_one_machine():
    text = (ROOT / lock.LOCK).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--|@|(?m:^[^#]*[/\\])", text)


def direct(project: dict) -> set[str]:
    """Every requirement in pyproject.toml; an extra that takes in another one is none."""
    tables = [project["dependencies"], *project["optional-dependencies"].values()]
    return {need for table in tables for need in table if Requirement(need).name != project["name"]}


@pytest.mark.parametrize("python", ["3.11.9", "3.12.9", "3.13.9"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_and_python_has_one_version_of_each_direct_dependency(system, python):
    environment = default_environment() | SYSTEMS[system]
    environment |= {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    names = [canonicalize_name(pin.name) for pin in locked() if not pin.marker or pin.marker.evaluate(environment)]
    assert len(names) == len(set(names))
    assert {canonicalize_name(Requirement(need).name) for need in direct(read_project(ROOT))} <= set(names)


def test_everything_that_an_installed_kit_needs_is_in_the_lock():
    names = {canonicalize_name(pin.name) for pin in locked()}
    todo = [Requirement(need) for need in read_project(ROOT)["dependencies"]]
    seen = set()
    while todo:
        need = todo.pop()
        asked = (canonicalize_name(need.name), frozenset(need.extras))
        if asked in seen:
            continue
        seen.add(asked)
        for further in map(Requirement, metadata.requires(need.name) or []):
            extras = need.extras or {""}
            if not further.marker or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(further)
    assert len(seen) > 80
    assert {name for name, _ in seen} <= names


def test_the_estimate_for_progress_leaves_out_what_only_extras_need():
    core, with_torch = expected_packages(ROOT, []), expected_packages(ROOT, ["module-3"])
    assert {"jupyterlab", "tornado", "numpy"} <= core
    assert with_torch - core >= {"torch", "sympy", "mpmath"}
    assert "playwright" not in with_torch


def test_conda_gets_the_same_dependencies_under_the_same_lock():
    conda = yaml.safe_load((ROOT / lock.CONDA).read_text(encoding="utf-8"))
    project = read_project(ROOT)
    assert conda["dependencies"][:2] == [f"python {project['requires-python']}", "pip"]
    through_pip = conda["dependencies"][2]["pip"]
    assert through_pip[0] == "--constraint requirements.lock" and through_pip[-1] == "-e ."
    assert set(through_pip[1:-1]) == direct(project)


def test_dependencies_that_nothing_satisfies_leave_the_old_files_alone(copy):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    edit(copy / "pyproject.toml", '"rich>=14"', '"rich>=14", "rich<13"')
    before["pyproject.toml"] = (copy / "pyproject.toml").read_bytes()
    with pytest.raises(SetupError, match=r"(?s)Could not find versions.*rich"):
        lock.write(copy)
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


@pytest.mark.slow
def test_writing_anew_keeps_the_versions_that_still_fit(copy):
    before = (copy / lock.LOCK).read_bytes()
    edit(copy / lock.LOCK, "# Generated", "# Spoilt")
    lock.write(copy)
    assert (copy / lock.LOCK).read_bytes() == before
    assert lock.check(copy) == []
