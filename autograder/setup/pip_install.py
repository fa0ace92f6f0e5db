"""Runs pip for a checkout, shows how far it is, and says in one paragraph why it failed. Standard library only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from autograder.setup.environment import Environment, SetupError, normalised, read_project
from autograder.setup.progress import ProgressLine

# What pip's output shows of a cause, the cause, and its cure. The first that is found in the log counts.
CAUSES = (
    (
        r"No space left on device|Errno 28\]|WinError 112\]|Disk quota exceeded",
        "the disk is full.",
        "The first set-up takes about 1 GB in this folder and as much again for downloads, PyTorch up to 6 GB more. "
        "Make room (temporary files count too) and run the same command again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "the package index's certificate could not be verified.",
        "Often a company's proxy is the reason: give pip its certificate with 'pip config set global.cert FILE'.",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|ConnectionResetError|"
        r"Temporary failure in name resolution|getaddrinfo failed|Network is unreachable|Connection refused|"
        r"Remote end closed connection|Read timed out|IncompleteRead|Connection broken",
        "the package index could not be reached.",
        "Check the network (behind a proxy, set the environment variable HTTPS_PROXY) and run the same command again; "
        "what was downloaded already is kept.",
    ),
    (
        r"LongPathsEnabled|Windows Long Path support",
        "a file's path is longer than Windows allows.",
        "Move the course to a folder with a short path, such as C:\\mle, or turn on Windows' long paths.",
    ),
    (
        # pip says no more when the index does not answer and PIP_RETRIES is 0.
        r"satisfies the requirement ([^\s(]+)[^\n]*\(from versions: none\)",
        "the package index has no {0} for this system and this Python, or could not be reached.",
        "Check the network and the index in your pip configuration ('pip config list') and run the same command again. "
        "If both are in order, try another Python from 3.11 to 3.13 (set MLE_PYTHON to its full path).",
    ),
    (
        r"No matching distribution found for ([^\s(]+)",
        "there is no build of {0} for this system and this Python.",
        "Try another Python from 3.11 to 3.13 (set MLE_PYTHON to its full path). Note that PyTorch no longer "
        "supports Macs with an Intel processor.",
    ),
    (
        r"ResolutionImpossible|conflicting dependencies",
        "pip found no packages that satisfy both pyproject.toml and requirements.lock.",
        "An index that cannot be reached looks the same to pip, so check the network first. Otherwise the index in "
        "your pip configuration ('pip config list') lacks one of them, or the two files contradict each other: get "
        "them back with 'git checkout requirements.lock pyproject.toml', or after a change to pyproject.toml write "
        "the lock anew with 'mle lock'.",
    ),
    (
        r"Permission denied|WinError (?:5|32)\]",
        "a file could not be written.",
        "Close other programs that use this folder, such as JupyterLab, and check that the folder is yours.",
    ),
)


def install(environment: Environment, python: Path, extras: Iterable[str], line: ProgressLine, inherit: int) -> int:
    """Install the checkout with these extras into the environment, under requirements.lock.

    The user's own pip configuration (mirrors, find-links, certificates) stays in force.

    Args:
        inherit: a file descriptor that pip keeps open (POSIX only), so that a lock on it lasts as long as pip.

    Returns:
        The number of packages that were installed.

    Raises:
        SetupError: pip failed; the message names the cause and the cure.
    """
    extras = sorted(extras)
    reading = _Reading(environment, expected_packages(environment.root, extras))
    command = [
        # -I: PYTHONPATH and the user's own site-packages must not pass for installed.
        *(python, "-I", "-X", "utf8", "-m", "pip", "install"),
        # --no-user undoes 'user = true' in a pip configuration, which fails in every virtual environment.
        *("--no-user", "--no-input", "--disable-pip-version-check"),
        *("-c", "requirements.lock", "-e", f".[{','.join(extras)}]" if extras else "."),
    ]
    keep = {"pass_fds": (inherit,)} if os.name != "nt" else {}
    # Into a file and not a pipe: it is there to read after a failure, and pip outlives us if we are killed.
    with environment.log.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            cwd=environment.root,
            env=environment.activated(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            **keep,
        )
    try:
        while (code := _wait(process, 0.2)) is None:
            line.show(reading.progress())
    except KeyboardInterrupt:
        _stop(process)
        raise
    if code < 0:
        raise SetupError(_killed(-code, environment.log))
    if code:
        raise SetupError(explain(environment.log))
    return reading.installed()


def expected_packages(root: Path, extras: Iterable[str]) -> set[str]:
    """Names of what the checkout with these extras needs, on any system: an estimate to measure progress against.

    It follows the "# via" notes of requirements.lock.
    """
    needed_by: dict[str, set[str]] = {}
    for line in (root / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if pin := re.match(r"([\w.-]+)==.*# via (.*)", line):
            needed_by.setdefault(normalised(pin[1]), set()).update(re.findall(r"[\w.-]+", pin[2]))
    project = read_project(root)
    tables = [project["dependencies"], *(project["optional-dependencies"].get(extra, []) for extra in extras)]
    needed = {normalised(re.match(r"[\w.-]+", need)[0]) for table in tables for need in table}
    while more := {name for name, by in needed_by.items() if by & needed} - needed:
        needed |= more
    return needed


def explain(log: Path) -> str:
    """Why pip failed, as one paragraph with the cure; where the cause is not a known one, also pip's last lines."""
    text = log.read_text(encoding="utf-8", errors="replace")
    for pattern, cause, cure in CAUSES:
        if found := re.search(pattern, text):
            cause = cause.format(*found.groups())
            return f"Could not install the packages: {cause} {cure} All that pip said is in {log}."
    tail = [line for line in text.splitlines() if line.strip()][-12:]
    return (
        "Could not install the packages. Mend what pip names and run the same command again. All that it said is in "
        f"{log}, which ends:" + "".join(f"\n    {line[:200]}" for line in tail)
    )


def _killed(number: int, log: Path) -> str:
    """Why pip ended by a signal; its log, which ends anywhere, does not know."""
    try:
        name = signal.Signals(number).name
    except ValueError:  # a real-time signal
        name = f"signal {number}"
    cause = (
        "Most often the system had run out of memory: close other programs"
        if name == "SIGKILL"
        else "Something outside ended it: find out what"
    )
    return (
        f"Could not install the packages: pip was ended by {name}. {cause}, and run the same command again; what was "
        f"downloaded already is kept. All that pip said is in {log}."
    )


class _Reading:
    """What pip's log, and the environment, tell about how far it is."""

    def __init__(self, environment: Environment, expected: set[str]) -> None:
        self._environment = environment
        self._there_before = environment.distributions()
        self._expected = len(expected - {name.rpartition("-")[0] for name in self._there_before})
        self._began = time.monotonic()

    def progress(self) -> str:
        text = self._environment.log.read_text(encoding="utf-8", errors="replace")
        seconds = f"{time.monotonic() - self._began:.0f} s"
        if collected := re.search(r"^Installing collected packages: (.*)", text, re.MULTILINE):
            total = collected[1].count(",") + 1
            return f"Installing packages: {min(self.installed(), total)} of {total}, {seconds}"
        found = len(set(re.findall(r"^Collecting ([\w.-]+)", text, re.MULTILINE)))
        fetched = re.findall(
            r"^ *(?:Downloading|Using cached) (\S+?)-\S+\.(?:whl|tar\.gz)(?: \((.*)\))?$", text, re.MULTILINE
        )
        large = f", now {fetched[-1][0]} ({fetched[-1][1]})" if fetched and "MB" in fetched[-1][1] else ""
        about = max(self._expected, found)
        return f"Getting packages: {found} found, {len(fetched)} fetched of about {about}{large}, {seconds}"

    def installed(self) -> int:
        return len(self._environment.distributions() - self._there_before)


def _wait(process: subprocess.Popen, seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def _stop(process: subprocess.Popen) -> None:
    """Ctrl-C on a terminal has reached pip as well; a signal sent to this process alone has not."""
    if _wait(process, 2) is None:
        process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)
        if _wait(process, 5) is None:
            process.kill()
            process.wait()
