"""The part of `mle` that runs once a supported Python does: make `.venv` ready. Standard library only."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from autograder.setup import environment, pip_install
from autograder.setup.environment import Environment, SetupError
from autograder.setup.progress import ProgressLine


def prepare(
    root: str,
    supported: Iterable[tuple[int, int]],
    version: tuple[int, int] | None,
    stream: TextIO,
    as_it_is: bool = False,
) -> tuple[str, dict[str, str]]:
    """Make the checkout's `.venv` ready; where it is ready already, nothing is started or written.

    Args:
        supported: the versions of Python that an existing `.venv` may have.
        version: the one version it must have, if somebody asked for one.
        stream: where progress is shown.
        as_it_is: be content with a `.venv` whose packages are out of date.

    Returns:
        The path of its Python, and the environment variables for what is started there.

    Raises:
        SetupError: no disk space, no network, a read-only folder and the like, each with its cure.
    """
    env = Environment(Path(root))
    with explained(env.folder):
        if not env.is_ready(version) and not (as_it_is and env.python.exists()):
            line = ProgressLine(stream)
            with alone(env, line) as lock:
                # Asked again: somebody else may have set up while we waited for the lock.
                if not env.is_ready(version):
                    _set_up(env, [version] if version else supported, line, lock)
    return str(env.python), env.activated(os.environ)


def mend(
    root: str, supported: Iterable[tuple[int, int]], version: tuple[int, int] | None, stream: TextIO, refusal: OSError
) -> tuple[str, dict[str, str]]:
    """Make a `.venv` anew that `prepare` took for ready, and whose Python the system then refused to start.

    Args:
        refusal: what the system said.

    Returns:
        What `prepare` returns, whose other arguments these are.

    Raises:
        SetupError: it could not be made anew, or nothing is wrong with it.
    """
    env = Environment(Path(root))
    with explained(env.folder):
        if env.fault(supported) is None:
            raise refusal
        env.unstamp()
    return prepare(root, supported, version, stream)


def update(env: Environment, python: Path, extras: Iterable[str], line: ProgressLine, lock: int) -> None:
    """Install the checkout with these extras and all that were asked for earlier. The caller holds the lock.

    Raises:
        SetupError: pip failed.
    """
    began = time.monotonic()
    extras = env.extras().union(extras)
    env.drop_half_installed()
    env.begin_installing()
    try:
        count = pip_install.install(env, python, extras, line, lock)
    except BaseException:
        env.settle()
        raise
    env.stamp(extras)
    line.say(f"{count} package{'' if count == 1 else 's'} installed in {time.monotonic() - began:.0f} s.")


@contextmanager
def alone(env: Environment, line: ProgressLine) -> Iterator[int]:
    """Hold the environment's lock, as a file descriptor, so that two set-ups at once do not mix; waits for it.

    Whoever gets it finds no open question: what a killed set-up has left is settled first.
    """
    env.folder.mkdir(exist_ok=True)
    with (env.folder / environment.LOCK).open("a+") as file:
        while not _try_lock(file.fileno()):
            line.show("Another set-up is at work in this folder; waiting for it to finish.")
            time.sleep(0.3)
        if env.is_installing():
            env.settle()
        yield file.fileno()


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the system's own errors about files into a SetupError with a cure."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            cause, cure = pip_install.CAUSES[0][1:]
        elif error.errno == errno.EEXIST:
            cause, cure = f"{folder} is a file.", "Move it away and run the same command again."
        elif error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            cause = f"{error.filename or folder} cannot be written."
            cure = (
                "Close other programs that use this folder, such as JupyterLab, or copy the course to a folder that is "
                "yours, and run the command there."
            )
        else:
            cause, cure = f"{error}.", "Mend that and run the same command again."
        raise SetupError(f"Could not set up: {cause} {cure}") from error


def _set_up(env: Environment, supported: Iterable[tuple[int, int]], line: ProgressLine, lock: int) -> None:
    fresh = not (env.folder / "pyvenv.cfg").exists()
    fault = None if fresh else env.fault(supported)
    if fault:
        line.say(f"{env.folder} {fault}: making it anew.")
    elif fresh:
        line.say(f"First set-up: packages go into {env.folder} and nowhere else. It takes a minute or a few.")
    else:
        line.say(f"Installing what {env.folder} still lacks.")
    if fresh or fault:
        env.unstamp()
        env.make()
    update(env, env.python, (), line, lock)


def _try_lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network file systems have no locks: there the second set-up is not held back.
        return error.errno not in {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
    return True
