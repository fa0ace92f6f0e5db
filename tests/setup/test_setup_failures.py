"""What can go wrong during set-up: one paragraph with the cure, an exit code, and a next run that works."""

from __future__ import annotations

import ast
import errno
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from autograder.setup.bootstrap import explained
from autograder.setup.environment import SetupError, read_project

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
UNREACHABLE = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}


def paragraph(result) -> str:
    """The message of a run that must fail in an orderly way."""
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def fake_python(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_mle_can_be_read_by_an_old_python():
    ast.parse((ROOT / "mle").read_text(encoding="utf-8"), feature_version=(3, 4))


def test_the_supported_versions_are_those_of_pyproject():
    listed = re.search(r"^SUPPORTED = (.*)$", (ROOT / "mle").read_text(), re.MULTILINE)[1]
    versions = ast.literal_eval(listed)
    (least, below) = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", read_project(ROOT)["requires-python"]).groups()
    assert versions == tuple((3, minor) for minor in range(int(least), int(below)))


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins for interpreters are shell scripts")
class TestPythons:
    """Finding a Python, in a kit that supports none but a made-up 3.99."""

    @pytest.fixture
    def kit(self, kit):
        kit.edit("mle", "SUPPORTED = ((3, 11), (3, 12), (3, 13))", "SUPPORTED = ((3, 99),)")
        return kit

    def test_without_a_supported_one_the_message_says_what_was_found_and_what_to_do(self, kit, tmp_path):
        fake_python(tmp_path / "bin", "python3", f"echo '3.6|CPython|True|{tmp_path}/bin/python3'")
        message = paragraph(kit.mle(PATH=str(tmp_path / "bin")))
        running = "Python {}.{} at".format(*sys.version_info)
        assert running in message and f"Python 3.6 at {tmp_path}/bin/python3" in message
        assert all(cure in message for cure in ("apt install", "brew install", "winget install", "MLE_PYTHON"))
        assert not kit.venv.exists()

    def test_a_supported_one_on_the_path_is_used_also_behind_a_broken_shim(self, kit, tmp_path):
        fake_python(tmp_path / "shims", "python3.99", "echo 'no such version' >&2; exit 127")
        good = tmp_path / "bin/python3.99"
        answer = f'if [ "$1" = -c ]; then echo "3.99|CPython|True|{good}"; else echo "took over: $@"; fi'
        fake_python(tmp_path / "bin", "python3.99", answer)
        result = kit.mle("progress", PATH=f"{tmp_path}/shims{os.pathsep}{tmp_path}/bin")
        assert result.stdout == f"took over: {kit.root}/mle progress\n"

    @pytest.mark.parametrize("kind", ["3.99|PyPy|True", "3.99|CPython|False"])
    def test_one_without_builds_of_the_packages_is_not_used(self, kit, tmp_path, kind):
        fake_python(tmp_path / "bin", "python3.99", f"echo '{kind}|{tmp_path}/bin/python3.99'")
        message = paragraph(kit.mle(PATH=str(tmp_path / "bin")))
        assert "PyPy 3.99 at" in message or "Python 3.99 (32-bit) at" in message

    def test_mle_python_is_taken_at_its_word(self, kit, tmp_path):
        assert "MLE_PYTHON names /nowhere/python" in paragraph(kit.mle(MLE_PYTHON="/nowhere/python"))
        assert "MLE_PYTHON names Python 3." in paragraph(kit.mle(MLE_PYTHON=sys.executable))


def test_a_python_without_ensurepip_is_told_how_to_get_it(kit, tmp_path):
    blocked = "import sys\nsys.modules['ensurepip'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(blocked)
    message = paragraph(kit.mle(PYTHONPATH=str(tmp_path)))
    assert re.search(r"sudo apt install python3\.\d+-venv", message)


def test_without_a_network_the_message_says_so_and_the_next_run_goes_on(kit):
    links = kit.environ.pop("PIP_FIND_LINKS")
    message = paragraph(kit.mle(**UNREACHABLE))
    assert "could not be reached" in message and "HTTPS_PROXY" in message
    assert str(kit.log) in message
    assert kit.mle(PIP_FIND_LINKS=links).returncode == 0


def test_an_index_that_does_not_answer_is_named_also_where_pip_does_not_try_again(kit):
    kit.environ.pop("PIP_FIND_LINKS")
    message = paragraph(kit.mle(**UNREACHABLE | {"PIP_RETRIES": "0"}))
    assert "An index that cannot be reached looks the same to pip" in message


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without signals")
def test_a_pip_that_was_killed_is_not_taken_for_one_that_failed(shared_copy):
    message = paragraph(shared_copy.mle(KIT_KILLS_PIP="1"))
    assert "pip was ended by SIGKILL" in message and "memory" in message and str(shared_copy.log) in message


# --- what was installed before outlives an installation that fails


OFFLINE = {"PIP_FIND_LINKS": "/nowhere"}


def works_offline(kit) -> None:
    result = kit.mle("again", **OFFLINE)
    assert (result.returncode, result.stderr) == (0, "")


def test_after_an_extra_that_could_not_be_fetched_everything_else_works_without_a_network(shared_kit):
    assert shared_kit.add("3", **OFFLINE).returncode == 1
    works_offline(shared_kit)


@pytest.mark.parametrize("stop", ["killed", "interrupted"])
@pytest.mark.skipif(os.name == "nt", reason="a single process cannot be sent Ctrl-C on Windows")
def test_a_pip_that_was_stopped_before_it_changed_anything_has_spoilt_nothing(shared_kit, stop):
    process = shared_kit.start_add("3", KIT_WAITS="1")
    shared_kit.wait_for_pip(process)
    if stop == "killed":
        shared_kit.kill(process)
    else:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    works_offline(shared_kit)


def test_a_pip_that_was_killed_while_it_added_packages_has_spoilt_nothing_else(shared_kit):
    half = next(shared_kit.venv.glob("**/tiny_core-1.0.dist-info")).with_name("tiny_extra-1.5.dist-info")
    half.mkdir()
    shared_kit.installing.touch()
    shared_kit.log.write_text("Installing collected packages: tiny-extra, mle-path\n")
    works_offline(shared_kit)
    assert not half.exists()


def test_a_pip_that_was_killed_while_it_replaced_packages_is_run_again(shared_kit):
    module = next(shared_kit.venv.glob("**/tiny_core.py"))
    module.unlink()
    next(shared_kit.venv.glob("**/tiny_core-1.0.dist-info/INSTALLER")).unlink()
    shared_kit.installing.touch()
    shared_kit.log.write_text("Installing collected packages: tiny-core, mle-path\n  Attempting uninstall: tiny-core\n")
    assert "could not" in paragraph(shared_kit.mle(**UNREACHABLE | OFFLINE)).lower()
    # That attempt changed nothing, and yet what the killed one spoilt is not forgotten.
    assert shared_kit.mle().returncode == 0
    assert module.exists()


def test_a_pip_that_finished_after_its_mle_was_killed_is_not_run_again(shared_kit):
    shared_kit.installing.touch()
    shared_kit.log.write_text("  Attempting uninstall: mle-path\nSuccessfully installed mle-path-0.1.0\n")
    works_offline(shared_kit)


# --- an environment that is there and cannot be used


def _not_a_program(python: Path) -> None:
    python.unlink()
    python.write_bytes(b"\x7fELF, but not for this machine")
    python.chmod(0o755)


def _not_executable(python: Path) -> None:
    python.unlink()
    python.write_text("")


@pytest.mark.skipif(os.name == "nt", reason="Windows copies the interpreter instead of linking to it")
@pytest.mark.parametrize("spoil", [_not_a_program, _not_executable])
def test_an_environment_whose_python_does_not_start_is_made_anew(shared_kit, spoil):
    spoil(shared_kit.venv / "bin" / "python")
    result = shared_kit.mle()
    assert result.returncode == 0, result.stderr
    assert "has a Python that does not start: making it anew" in result.stderr


@pytest.mark.parametrize(
    ("pip_says", "message_says"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("OSError: [WinError 112] There is not enough space on the disk", "the disk is full"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "pip config set global.cert"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build of torch==2.13.0 for this system"),
        (
            "ERROR: Could not find a version that satisfies the requirement x (from versions: none)\n"
            "ERROR: No matching distribution found for x",
            "no x for this system and this Python, or could not be reached",
        ),
        ("PermissionError: [Errno 13] Permission denied: 'site-packages/numpy'", "check that the folder is yours"),
        (
            "HINT: This error might have occurred since this system does not have Windows Long Path support",
            "short path",
        ),
        ("something that nobody has foreseen", "something that nobody has foreseen"),
    ],
)
def test_each_way_in_which_pip_fails_has_a_cure(shared_copy, pip_says, message_says):
    assert message_says in paragraph(shared_copy.mle(KIT_FAILS=pip_says))


@pytest.fixture
def shared_copy(shared_kit):
    """A kit that has been set up, and whose needs have changed since."""
    lock = shared_kit.root / "requirements.lock"
    original = lock.read_bytes()
    lock.write_bytes(original + b"tiny-other==1.0\n")
    yield shared_kit
    lock.write_bytes(original)
    assert shared_kit.mle().returncode == 0


def test_a_lock_that_contradicts_pyproject_is_named(kit):
    kit.edit("requirements.lock", "tiny-core==1.0", "tiny-core==3.0")
    assert "satisfy both pyproject.toml and requirements.lock" in paragraph(kit.mle())


def test_mle_lock_starts_although_the_old_lock_cannot_be_installed(shared_copy):
    result = shared_copy.mle("lock")
    assert (result.returncode, result.stderr) == (0, "")


def test_missing_or_broken_files_of_the_checkout_are_named(kit):
    (kit.root / "requirements.lock").unlink()
    assert "git checkout requirements.lock" in paragraph(kit.mle())
    (kit.root / "requirements.lock").touch()
    (kit.root / "pyproject.toml").write_text("[project")
    assert "git checkout pyproject.toml" in paragraph(kit.mle())


def test_a_file_in_the_way_is_named(kit):
    kit.venv.write_text("not a folder")
    assert f"{kit.venv} is a file" in paragraph(kit.mle())
    assert kit.venv.read_text() == "not a folder"


@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "cannot be written"), (errno.EIO, "Input/output error")],
)
def test_the_systems_own_errors_become_one_paragraph(tmp_path, code, says):
    with pytest.raises(SetupError, match=says), explained(tmp_path):
        raise OSError(code, os.strerror(code))


def test_debug_shows_the_traceback(kit):
    kit.venv.write_text("not a folder")
    assert "Traceback" in kit.mle("--debug").stderr


@pytest.mark.skipif(os.name == "nt", reason="a single process cannot be sent Ctrl-C on Windows")
def test_after_ctrl_c_during_the_installation_the_next_run_goes_on(kit):
    process = kit.start(KIT_WAITS="1")
    kit.wait_for_pip(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Stopped. Nothing is lost; run the same command again to go on."
    assert "Traceback" not in said
    assert kit.mle().returncode == 0
