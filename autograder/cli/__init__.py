"""The command `mle`: arguments, printing and exit codes; how anything is done is told elsewhere."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path

import click

from autograder.errors import MleError

_STOPPED = 130  # what a shell reports for a command ended by Ctrl-C


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
    try:
        from autograder.cli.app import mle

        # Off its standalone mode click does not raise Exit(1): it returns the 1.
        code = mle.main(args=arguments, prog_name="mle", standalone_mode=False) or 0
    except (KeyboardInterrupt, click.Abort):
        code = _fail("Stopped. Nothing is lost; run the same command again to go on.", debug, _STOPPED)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except MleError as error:
        code = _fail(str(error), debug, error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has gone (`mle progress | head`): nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
    except OSError as error:
        code = _fail(_explain(error), debug, 1)
    except Exception as error:
        code = _fail(f"Something went wrong inside mle itself: {type(error).__name__}: {error}. Nothing of yours was "
                     "changed half-way. Run the same command with --debug to see where, and report that.", debug, 1)
    sys.exit(code)


def _fail(message: str, debug: bool, code: int) -> int:
    if debug:
        traceback.print_exc()
    click.secho(message, err=True, fg="red" if sys.stderr.isatty() else None)
    return code


def _explain(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (f"The disk is full{where}. Free some space and run the same command again: files are written whole "
                "or not at all, so nothing of yours is damaged. `mle doctor` shows how much is free.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (f"Not allowed to write or read{where}: {error.strerror}. Check who owns that file or folder, or move "
                "the course to a folder of your own.")
    return f"The system refused{where}: {error.strerror or error}. Run the same command with --debug to see where."
