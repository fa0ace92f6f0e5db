"""The first run of `mle` in a fresh folder, the runs after it, and what changes in between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.slow


def started(kit, *arguments: str, **environ: str) -> dict:
    """What the started command found, after a run that must succeed."""
    result = kit.mle(*arguments, **environ)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_command_runs_in_the_new_environment(shared_kit):
    found = started(shared_kit, "check", "two words", "--debug")
    scripts = "Scripts" if os.name == "nt" else "bin"
    assert found["arguments"] == ["check", "two words", "--debug"]
    assert found["VIRTUAL_ENV"] == str(shared_kit.venv)
    assert os.path.dirname(found["python"]) == os.path.dirname(found["pip"]) == str(shared_kit.venv / scripts)


def test_the_exit_code_is_passed_on(shared_kit):
    assert shared_kit.mle("seven").returncode == 7


def test_a_second_run_installs_nothing_and_says_nothing(shared_kit):
    stamp, builds = shared_kit.stamp.stat().st_mtime_ns, shared_kit.builds()
    shared_kit.log.unlink(missing_ok=True)
    # Anything that pip tried would fail.
    result = shared_kit.mle("again", PIP_FIND_LINKS="/nowhere")
    assert (result.returncode, result.stderr) == (0, "")
    assert (shared_kit.stamp.stat().st_mtime_ns, shared_kit.builds()) == (stamp, builds)
    assert not shared_kit.log.exists()


def test_the_working_folder_cannot_replace_the_kit(shared_kit, tmp_path):
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder/__main__.py").write_text("raise SystemExit('the wrong one')")
    result = subprocess.run(shared_kit.command(), cwd=tmp_path, env=shared_kit.environ, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_progress_is_plain_text_where_there_is_no_terminal(kit):
    result = kit.mle()
    assert "\r" not in result.stderr and "\x1b" not in result.stderr
    assert "First set-up" in result.stderr
    assert "2 packages installed" in result.stderr.splitlines()[-1]


def test_extras_are_installed_recorded_and_kept_when_needs_change(kit):
    started(kit)
    added = kit.add("3")
    assert added.returncode == 0, added.stderr
    assert "Installing module-3." in added.stdout and "1 package installed" in added.stdout
    assert json.loads(kit.stamp.read_text())["extras"] == ["module-3"]
    assert installed_version(kit, "tiny-extra") == "1.5", "the lock pins 1.5 although 2.0 is there"

    assert kit.add("module-3").stdout == "", "what is there is not installed again"

    kit.edit("requirements.lock", "tiny-extra==1.5", "tiny-extra==2.0")
    assert "Installing what" in kit.mle().stderr
    assert installed_version(kit, "tiny-extra") == "2.0"
    assert json.loads(kit.stamp.read_text())["extras"] == ["module-3"]


def installed_version(kit, name: str) -> str:
    answer = subprocess.run(
        [started(kit)["python"], "-I", "-c", f"from importlib.metadata import version; print(version({name!r}))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def test_other_changes_to_pyproject_install_nothing(shared_kit):
    original = (shared_kit.root / "pyproject.toml").read_text()
    try:
        shared_kit.edit("pyproject.toml", "[build-system]", "[tool.something]\nelse = 1\n[build-system]")
        assert shared_kit.mle().stderr == ""
    finally:
        (shared_kit.root / "pyproject.toml").write_text(original)


def test_a_moved_folder_is_set_up_again_and_runs_its_own_code(kit):
    started(kit)
    moved = kit.root.with_name("moved")
    shutil.move(kit.root, moved)
    kit.root, kit.venv = moved, moved / ".venv"
    result = kit.mle()
    assert result.returncode == 0
    assert "was moved or copied" in result.stderr
    assert json.loads(result.stdout)["VIRTUAL_ENV"] == str(moved / ".venv")


def test_an_environment_that_was_cut_off_while_it_was_made_is_made_anew(kit):
    # What an interrupted `python -m venv` leaves: the folders and pyvenv.cfg, and no pip yet.
    subprocess.run([*kit.command()[:1], "-m", "venv", "--without-pip", kit.venv], check=True)
    result = kit.mle()
    assert result.returncode == 0, result.stderr
    assert "is not complete" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows copies the interpreter instead of linking to it")
def test_an_environment_whose_python_has_gone_is_made_anew(kit):
    started(kit)
    for link in (kit.venv / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python3.11")
    result = kit.mle()
    assert result.returncode == 0, result.stderr
    assert "has gone" in result.stderr


def test_packages_that_a_killed_pip_left_incomplete_are_installed_again(kit):
    started(kit)
    module = next(kit.venv.glob("**/tiny_core.py"))
    # pip was killed between two files of tiny-core: metadata is there, the module and INSTALLER are not.
    module.unlink()
    next(kit.venv.glob("**/tiny_core-1.0.dist-info/INSTALLER")).unlink()
    kit.stamp.unlink()
    started(kit)
    assert module.exists()


def test_two_first_runs_at_once_set_up_once(kit):
    runs = [kit.start(), kit.start()]
    assert [run.communicate(timeout=300) and run.returncode for run in runs] == [0, 0]
    assert kit.builds() == 1
