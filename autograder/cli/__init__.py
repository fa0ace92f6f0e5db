"""The command `mle`: arguments, printing and exit codes; how anything is done is told elsewhere."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from autograder.errors import MleError, Stopped


def main(arguments: list[str] | None = None) -> None:
    """Runs a command line and exits: 0 when all went well, another number and one paragraph when it did not."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    # nbgrader and the terminal in JupyterLab start programs by their bare names.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets a question mark instead of a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    with _signals_as_ctrl_c() as received:
        code = _run(arguments, debug)
    sys.exit(128 + received[0] if received else code)


def _run(arguments: list[str], debug: bool) -> int:
    """The exit code of a command line."""
    try:
        from autograder.cli.app import mle

        # Off its standalone mode click does not raise Exit(1): it returns the 1.
        return mle.main(args=arguments, prog_name="mle", standalone_mode=False) or 0
    except (KeyboardInterrupt, click.Abort):
        return _fail("Stopped. Nothing is lost; run the same command again to go on.", debug, Stopped.exit_code)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone (`mle progress | head`): nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except Exception as error:
        return _fail(_in_words(error), debug, error.exit_code if isinstance(error, MleError) else 1)


@contextmanager
def _signals_as_ctrl_c() -> Iterator[list[int]]:
    """Has `kill` and a closing terminal stop a command as Ctrl-C does, so that what it started ends with it.

    Yields:
        The signal that was received, if one was; more of them do not disturb the cleaning up.
    """
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if not received:
            received.append(number)
            raise KeyboardInterrupt

    names = ("SIGTERM", "SIGHUP")
    # What somebody chose to ignore (nohup) stays ignored.
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known if signal.getsignal(number) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(message: str, debug: bool, code: int) -> int:
    if debug:
        traceback.print_exc()
    click.secho(message, err=True, fg="red" if sys.stderr.isatty() else None)
    return code


def _in_words(error: Exception) -> str:
    """What went wrong and how to mend it, in one paragraph."""
    if _is_full_database(error):
        return _disk_full(" (gradebook.db)")
    if isinstance(error, MleError):
        return str(error)
    if isinstance(error, OSError):
        return _refusal(error)
    return (f"Something went wrong inside mle itself: {type(error).__name__}: {error}. Nothing of yours was changed "
            "half-way. Run the same command with --debug to see where, and report that.")


def _refusal(error: OSError) -> str:
    filename = error.filename2 or error.filename  # of a copy, the second is the one that was to be written
    where = f" ({filename})" if filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _disk_full(where)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (f"Not allowed to write or read{where}: {error.strerror}. Check who owns that file or folder, or move "
                "the course to a folder of your own.")
    return f"The system refused{where}: {error.strerror or error}. Run the same command with --debug to see where."


def _disk_full(where: str) -> str:
    return (f"The disk is full{where}. Free some space and run the same command again: your notebooks and the "
            "gradebook are changed as a whole or not at all. `mle doctor` shows how much is free.")


def _is_full_database(error: BaseException | None) -> bool:
    """Whether SQLite found no room behind this; nbgrader takes that for a database of an older version."""
    import sqlite3

    while error is not None:
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False
