"""What the notebook of this lesson works with: real git repositories, wheels, test runs and a linter.

Whatever a function here puts on the disk lies in a temporary folder and is removed again, also when something fails.
Your own settings of git are neither read nor changed.
"""

from __future__ import annotations

import contextlib
import email
import gc
import io
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback
import types
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RUFF_RULES = "E4,E7,E9,F,B"


# --- temporary folders and programs ---------------------------------------------------------------------------------


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, which is removed when the block ends, whichever way it ends."""
    folder = Path(tempfile.mkdtemp(prefix="tested-package-")).resolve()
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder and all in it, also what is write-protected, as git's files are."""

    def again(function, path, _):
        with contextlib.suppress(OSError):
            os.chmod(path, stat.S_IWRITE | stat.S_IREAD | stat.S_IEXEC)
            function(path)

    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=again)
    else:
        shutil.rmtree(folder, onerror=again)


def run(*command: str, folder: Path, show: str = "", last: int = 0) -> str:
    """Run a program in a folder, print the command and what it printed, and return that.

    Args:
        command: the program and its arguments; "python" is the Python of this notebook.
        folder: in which it runs.
        show: what to print in place of the command.
        last: print only so many of the last lines.

    Raises:
        RuntimeError: the program ended with another status than 0.
    """
    print("$", show or _typed(command))
    program = [sys.executable, *command[1:]] if command[0] == "python" else list(command)
    environment = os.environ | {"PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1",
                                "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1",
                                "PIP_ROOT_USER_ACTION": "ignore", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(program, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", timeout=300)
    lines = done.stdout.strip().splitlines()
    print("\n".join(lines[-last:]))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {done.returncode}")
    return done.stdout


def _typed(arguments: tuple[str, ...]) -> str:
    """A command as one would type it: what holds a space stands in quotation marks."""
    return " ".join(argument if " " not in argument else f'"{argument}"' for argument in arguments)


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder, each given as its path, with slashes, and its text."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


# --- git ------------------------------------------------------------------------------------------------------------


class GitError(Exception):
    """Git ended with another status than 0; the text holds the command and what git wrote."""


class GitMissing(Exception):
    """There is no git on this machine."""


_NO_GIT = ("The program git is not installed on this machine, and this part of the lesson needs it. `mle doctor` says "
           "how to get it. The exercises on packages, tests and linting do not need git.")


class Repository:
    """A git repository in a temporary folder.

    Attributes:
        folder: a `pathlib.Path`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._minutes = 0

    def git(self, *arguments: str) -> str:
        """Run git with these arguments; return what it printed, without the line end at its end.

        Raises:
            GitError: git ended with another status than 0.
        """
        return self._run(list(arguments), None)

    def read(self, name: str) -> str:
        """The text of a file in the folder."""
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file in the folder."""
        write_files(self.folder, {name: text})

    def show(self, *arguments: str) -> None:
        """Print a git command and what git printed, also if it failed."""
        print("$ git", _typed(arguments))
        try:
            output = self.git(*arguments)
        except GitError as error:
            output = str(error).partition("\n")[2]
        if output:
            print(output)

    def _run(self, arguments: list[str], data: bytes | None) -> str:
        self._minutes += 1
        moment = f"{_moment(self._minutes)} +0000"
        nowhere = str(self.folder / ".git" / "nowhere")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {
            # Neither the machine's settings nor yours, which may sign, rename, or change line ends.
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1",
            "HOME": nowhere, "XDG_CONFIG_HOME": nowhere, "GIT_CEILING_DIRECTORIES": str(self.folder.parent),
            "GIT_AUTHOR_NAME": "Ada Baker", "GIT_AUTHOR_EMAIL": "ada@bakery.example", "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_NAME": "Ada Baker", "GIT_COMMITTER_EMAIL": "ada@bakery.example",
            "GIT_COMMITTER_DATE": moment,
            # No questions, no editor, no pager, English messages.
            "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": ":", "GIT_PAGER": "cat", "GIT_MERGE_AUTOEDIT": "no",
            "LC_ALL": "C",
        }
        settings = ("init.defaultBranch=main", "core.autocrlf=false", "commit.gpgSign=false", "tag.gpgSign=false",
                    "core.quotePath=false", "gc.auto=0", "maintenance.auto=false", "merge.conflictStyle=merge")
        command = ["git", *(part for setting in settings for part in ("-c", setting)), *arguments]
        source = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
        try:
            done = subprocess.run(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=60, **source)
        except FileNotFoundError:
            if shutil.which("git"):
                raise
            raise GitMissing(_NO_GIT) from None
        output = done.stdout.decode("utf-8", errors="replace").removesuffix("\n")
        if done.returncode:
            errors = done.stderr.decode("utf-8", errors="replace")
            told = "\n".join(text.strip() for text in (output, errors) if text.strip())
            raise GitError(f"git {' '.join(arguments)} ended with status {done.returncode}\n{told}")
        return output


def _moment(minutes: int) -> int:
    """Seconds since 1970, so many minutes after a Monday morning: the commits of every run have the same dates."""
    return 1_893_484_800 + 60 * minutes


@contextlib.contextmanager
def repository(history: list[dict] | None = None) -> Iterator[Repository]:
    """A new repository on the branch `main`, which is removed when the block ends.

    Args:
        history: what it holds, in the order in which it came about. A commit is a dictionary with `branch`, `message`
            and `files` (path and text; None takes a file out); `start`, where it begins a branch, is the one that it
            branches from; `merge` is a branch that it merges. A tag is a dictionary with `tag` and `branch`.

    Raises:
        GitMissing: there is no git on this machine.
    """
    with temporary_folder() as folder:
        repo = Repository(folder)
        repo.git("init", "--quiet", "--template=")
        if history:
            repo._run(["fast-import", "--quiet"], _stream(history))
            repo._minutes = len(history)
            repo.git("reset", "--hard", "--quiet")
        yield repo


def _stream(history: list[dict]) -> bytes:
    """A history as `git fast-import` reads it: all of it in one call of git, which is much faster than many."""
    parts: list[bytes] = []

    def data(text: str) -> None:
        parts.append(f"data {len(text.encode())}\n".encode() + text.encode() + b"\n")

    for minutes, step in enumerate(history):
        by = f"Ada Baker <ada@bakery.example> {_moment(minutes)} +0000\n"
        if "tag" in step:
            parts.append(f"tag {step['tag']}\nfrom refs/heads/{step['branch']}\ntagger {by}".encode())
            data(step["tag"])
            continue
        parts.append(f"commit refs/heads/{step['branch']}\ncommitter {by}".encode())
        data(step["message"])
        if "start" in step:
            parts.append(f"from refs/heads/{step['start']}\n".encode())
        if "merge" in step:
            parts.append(f"merge refs/heads/{step['merge']}\n".encode())
        for name, text in step.get("files", {}).items():
            if text is None:
                parts.append(f"D {name}\n".encode())
            else:
                parts.append(f"M 100644 inline {name}\n".encode())
                data(text)
        parts.append(b"\n")
    return b"".join(parts)


def draw_graph(repo: Repository, title: str) -> None:
    """Draw the commits of a repository as a graph: time runs to the right, each commit points to its parents."""
    import matplotlib.pyplot as plt

    lines = repo.git("log", "--all", "--date-order", "--reverse", "--format=%h\x1f%p\x1f%s\x1f%D").splitlines()
    commits = [line.split("\x1f") for line in lines]
    parents = {name: above.split() for name, above, _, _ in commits}
    place = {name: number for number, (name, *_) in enumerate(commits)}
    names = {name: [part.removeprefix("HEAD -> ") for part in marks.split(", ") if part]
             for name, _, _, marks in commits}
    tips = sorted(names, key=lambda name: ("main" not in names[name], not names[name], place[name]))
    lanes: dict[str, int] = {}
    free = 0
    for start in [*(tip for tip in tips if names[tip]), *(above[1] for above in parents.values() if len(above) > 1)]:
        name, taken = start, False
        while name and name not in lanes:
            lanes[name], taken = free, True
            name = (parents[name] or [""])[0]
        free += taken
    colours = ["#0060a8", "#c8500a", "#13795b", "#7a4fa3"]
    _, axes = plt.subplots(figsize=(1.4 * len(commits) + 0.8, 1.6 + 0.95 * free))
    for name, above, subject, _ in commits:
        x, y = place[name], -lanes[name]
        for parent in above.split():
            _draw_edge(axes, x, y, place[parent], -lanes[parent])
        colour = colours[lanes[name] % len(colours)]
        axes.scatter(x, y, s=190, color=colour, zorder=2)
        # On the main line the text stands above, for the lines to the branches run below.
        side, edge = (1, "bottom") if y == 0 else (-1, "top")
        text = f"{name}\n{_folded(subject)}"
        axes.annotate(text, (x, y), (0, 11 * side), textcoords="offset points", ha="center", va=edge, fontsize=8,
                      color="#222222", bbox={"boxstyle": "square,pad=0.1", "color": "white"}, zorder=2)
        start = 11 + 10.5 * (text.count("\n") + 1) + 9
        for number, mark in enumerate(names[name]):
            axes.annotate(mark, (x, y), (0, (start + 18 * number) * side), textcoords="offset points", ha="center",
                          va="center", fontsize=8.5, color="white", zorder=3,
                          bbox={"boxstyle": "round", "color": colour})
    axes.set(title=title, xlim=(-0.6, len(commits) - 0.4), ylim=(-free + 0.2 - 0.5 * (free > 1), 1.25))
    axes.axis("off")
    plt.tight_layout()
    plt.show()


def _draw_edge(axes, x: int, y: int, to_x: int, to_y: int) -> None:
    """An arrow from a commit to its parent, along the lane of the lower one of them."""
    bend = (to_x + 0.4, y) if y < to_y else (x - 0.4, to_y)
    if y != to_y:
        axes.plot(*zip((x, y), bend), color="#777777", linewidth=1, zorder=1)
    axes.annotate("", (to_x, to_y), (x, y) if y == to_y else bend, zorder=1,
                  arrowprops={"arrowstyle": "->", "color": "#777777", "shrinkA": 9 * (y == to_y), "shrinkB": 9})


def _folded(text: str) -> str:
    """A subject in lines of some 16 characters, three at most."""
    import textwrap

    return "\n".join(textwrap.wrap(text, 16, max_lines=3, placeholder=" …"))


# --- work in a process of its own -----------------------------------------------------------------------------------


class WorkError(Exception):
    """What was to be done in a process of its own failed; the text says why."""


def _in_process(task: str, *arguments: object, seconds: float = 60) -> object:
    """Call one of the functions at the end of this file in a process of its own; return what it returned.

    Where notebooks are graded on Linux, that process is a fork, which has its libraries loaded already. Elsewhere it
    is a fresh Python.

    Raises:
        WorkError: it raised an exception, ended by itself, or was not done in time.
    """
    with temporary_folder() as folder:
        (folder / "order.json").write_text(json.dumps([task, arguments]), encoding="utf-8")
        done = (_fork if _fork_is_safe() else _fresh)(folder, seconds)
        log = (folder / "log").read_text(encoding="utf-8", errors="replace").strip()
        if not done:
            raise WorkError(f"it was not done after {seconds:.0f} seconds, so it was ended. Does it run for ever?")
        try:
            return json.loads((folder / "result.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            raise WorkError("\n".join(log.splitlines()[-6:]) or "its process ended without a result") from None


def _fork_is_safe() -> bool:
    """Whether this process has one thread only: a fork would have none of the others, but the locks they hold."""
    try:
        return (sys.platform == "linux" and "ipykernel.kernelapp" not in sys.modules
                and len(os.listdir("/proc/self/task")) == 1)
    except OSError:
        return False


def _fork(folder: Path, seconds: float) -> bool:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setsid()
            log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
            for number in (1, 2):
                os.dup2(log, number)
            sys.stdin = open(os.devnull, encoding="utf-8")
            sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)
            _serve(folder)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            os._exit(code)
    deadline = time.monotonic() + seconds
    ended = False
    try:
        while not ended and time.monotonic() < deadline:
            ended = os.waitpid(child, os.WNOHANG)[0] != 0
            if not ended:
                time.sleep(0.002)
        return ended
    finally:
        if not ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _fresh(folder: Path, seconds: float) -> bool:
    with open(folder / "log", "wb") as log:
        try:
            subprocess.run([sys.executable, __file__, str(folder)], stdin=subprocess.DEVNULL, stdout=log,
                           stderr=subprocess.STDOUT, timeout=seconds, env=os.environ | {"PYTHONIOENCODING": "utf-8"})
        except subprocess.TimeoutExpired:
            return False
    return True


def _serve(folder: Path) -> None:
    """Do what the order says, in the process made for it."""
    sys.dont_write_bytecode = True
    task, arguments = json.loads((folder / "order.json").read_text(encoding="utf-8"))
    os.chdir(folder)
    result = {"pytest": _pytest, "wheel": _wheel, "use": _use}[task](folder, *arguments)
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


# --- packages -------------------------------------------------------------------------------------------------------


class BuildError(Exception):
    """A wheel could not be built; the text is the end of what the build said."""


@dataclass(frozen=True)
class Wheel:
    """A built wheel.

    Attributes:
        filename: such as "breadscore-1.0.0-py3-none-any.whl".
        content: the file's bytes.
    """

    filename: str
    content: bytes

    @property
    def names(self) -> list[str]:
        """The files in it, sorted."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return sorted(archive.namelist())

    def text(self, ending: str) -> str:
        """The text of the file whose name ends so; empty if there is none."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            for name in archive.namelist():
                if name.endswith(ending):
                    return archive.read(name).decode("utf-8")
        return ""

    @property
    def metadata(self) -> email.message.Message:
        """What the wheel says of itself: `metadata["Version"]`, `metadata.get_all("Requires-Dist")` and so on."""
        return email.message_from_string(self.text(".dist-info/METADATA"))

    def use(self, code: str) -> object:
        """Unpack the wheel, and run Python code with it in a process of its own; return what the code calls `result`.

        Raises:
            WorkError: the code failed; the text is the end of the traceback.
        """
        with temporary_folder() as folder:
            with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
                archive.extractall(folder)
            return _in_process("use", str(folder), code)


def build_wheel(files: dict[str, str]) -> Wheel:
    """Build a wheel of a project, given as paths and texts, as `python -m build --wheel --no-isolation` does.

    Raises:
        BuildError: that failed.
    """
    return _build(tuple(sorted(files.items())))


@cache
def _build(files: tuple[tuple[str, str], ...]) -> Wheel:
    with temporary_folder() as folder:
        try:
            name = _in_process("wheel", dict(files), str(folder))
        except WorkError as error:
            raise BuildError(str(error)) from None
        return Wheel(name, (folder / name).read_bytes())


# --- tests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TestRun:
    """What pytest said about one file of tests and one implementation.

    Attributes:
        passed, failed, skipped: names of tests; `failed` has the reason with each.
        problem: why the tests could not be run at all, else empty.
    """

    __test__ = False  # to pytest, this is no test

    passed: tuple[str, ...]
    failed: dict[str, str]
    skipped: tuple[str, ...]
    problem: str

    @property
    def green(self) -> bool:
        """Whether there is a test, and each one passed."""
        return bool(self.passed) and not (self.failed or self.skipped or self.problem)


def run_tests(tests: str, implementations: dict[str, str]) -> dict[str, TestRun]:
    """Run a file of tests with pytest against each implementation of the module `breadscore`.

    Args:
        tests: the text of the file.
        implementations: for each name, the text of breadscore.py.

    Raises:
        WorkError: the tests ended Python, or were not done in half a minute.
    """
    return dict(_run_tests(tests, tuple(implementations.items())))


@cache
def _run_tests(tests: str, implementations: tuple[tuple[str, str], ...]) -> dict[str, TestRun]:
    found = _in_process("pytest", tests, [text for _, text in implementations], seconds=30)
    return {name: TestRun(tuple(one["passed"]), one["failed"], tuple(one["skipped"]), one["problem"])
            for (name, _), one in zip(implementations, found, strict=True)}


# --- linting --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One thing that ruff has found."""

    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line:2}  {self.rule:5} {self.message}"


def lint(path: str | Path) -> list[Finding]:
    """Run `ruff check` on a file with the rules of this lesson; comments that silence it are ignored."""
    from ruff import find_ruff_bin

    done = subprocess.run(
        [find_ruff_bin(), "check", "--isolated", "--no-cache", "--select", RUFF_RULES, "--line-length", "120",
         "--target-version", "py311", "--ignore-noqa", "--output-format", "json", str(path)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode("utf-8", errors="replace"))
    return [Finding(one["location"]["row"], one["code"] or "", one["message"].partition("\n")[0])
            for one in json.loads(done.stdout)]


def load(path: str | Path) -> types.ModuleType:
    """Execute a file of Python and return the module that it makes, a new one each time."""
    module = types.ModuleType(Path(path).stem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        exec(compile(Path(path).read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    return module


# --- what is done in a process of its own ---------------------------------------------------------------------------


# Parts of pytest that no test of this lesson uses: a run is twice as fast without them.
_SLOW_PLUGINS = ("cacheprovider", "faulthandler", "unraisableexception", "threadexception", "junitxml", "pastebin",
                 "doctest", "debugging", "stepwise", "setuponly", "setupplan", "legacypath")


def _wheel(folder: Path, files: dict[str, str], target: str) -> str:
    project = folder / "project"
    project.mkdir()
    write_files(project, files)
    os.chdir(project)
    from setuptools import build_meta

    sys.argv = ["build"]
    return build_meta.build_wheel(target)


def _use(folder: Path, place: str, code: str) -> object:
    sys.path.insert(0, place)
    names: dict[str, object] = {}
    exec(code, names)
    return names.get("result")


def _pytest(folder: Path, tests: str, implementations: list[str]) -> list[dict]:
    import pytest

    class Watcher:
        def __init__(self) -> None:
            self.seen: dict[str, object] = {"passed": [], "failed": {}, "skipped": [], "problem": ""}

        def pytest_collectreport(self, report) -> None:
            if report.failed:
                self.seen["problem"] = str(report.longrepr).strip().splitlines()[-1]

        def pytest_runtest_logreport(self, report) -> None:
            name = report.nodeid.partition("::")[2]
            if report.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                self.seen["failed"][name] = (crash.message if crash else str(report.longrepr)).partition("\n")[0]
            elif report.skipped or hasattr(report, "wasxfail"):
                self.seen["skipped"].append(name)
            elif report.when == "call":
                self.seen["passed"].append(name)

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    suite = folder / "suite"
    write_files(suite, {"test_breadscore.py": tests, "pytest.ini": "[pytest]\n"})
    os.chdir(suite)
    before = list(sys.path)
    without = [part for plugin in _SLOW_PLUGINS for part in ("-p", f"no:{plugin}")]
    gc.freeze()  # pytest collects garbage after each run, and need not look at what was there before
    results = []
    for number, text in enumerate(implementations):
        place = folder / f"implementation-{number}"
        write_files(place, {"breadscore.py": text})
        sys.path[:] = [str(place), *before]
        for name in ("breadscore", "test_breadscore"):
            sys.modules.pop(name, None)
        watcher = Watcher()
        status = pytest.main(["-q", *without, "test_breadscore.py"], plugins=[watcher])
        if status not in (0, 1, 5) and not watcher.seen["problem"]:
            watcher.seen["problem"] = f"pytest ended with status {int(status)}"
        results.append(watcher.seen)
    return results


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
else:
    # Loaded here, so that forks need not.
    import pytest  # noqa: F401
    import setuptools.build_meta  # noqa: F401
