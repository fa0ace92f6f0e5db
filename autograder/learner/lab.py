"""Starts JupyterLab on the learner's folder, set up to work without a network."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from autograder.errors import MleError

_SECONDS_TO_START = 60
_SECONDS_BETWEEN_LOOKS = 30
_SETTINGS = Path(__file__).with_name("jupyter")


class Lab:
    """A running JupyterLab.

    Attributes:
        url: where it is served, with its token.
    """

    def __init__(self, root: Path, page: str, browser: bool) -> None:
        """Starts it and waits until it serves.

        Args:
            root: the folder it shows.
            page: what it opens first, relative to `root`.
            browser: whether to open a browser window.

        Raises:
            MleError: it did not come up; its last words are in the message.
        """
        self._log = root / ".mle" / "jupyterlab.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            # Not with the learner's own modules in the place of those that it imports.
            sys.executable, "-P", "-m", "jupyterlab", f"--ServerApp.root_dir={root}",
            # `quote` leaves a letter's meaning alone but not a space, which the address may not contain.
            f"--LabApp.default_url=/lab/tree/{quote(page)}",
            # Which tabs were open belongs to this folder, not to every JupyterLab of the account.
            f"--LabApp.workspaces_dir={self._log.parent / 'workspaces'}",
        ]
        if not browser:
            command.append("--no-browser")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        # Settings of ours in front of the machine's, behind the learner's own.
        config = os.pathsep.join(filter(None, [str(_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")]))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=root, stdout=log, stderr=subprocess.STDOUT,
                                             stdin=subprocess.DEVNULL, env=os.environ | {"JUPYTER_CONFIG_PATH": config})
        try:
            self.url = f"{self._wait_until_serving()}lab/tree/{quote(page)}{self._token}"
        except BaseException:
            self.stop()
            raise

    def wait(self, look: Callable[[], None]) -> None:
        """Returns when JupyterLab has ended, by itself or from its own menu.

        Args:
            look: called every half minute meanwhile, and at the end.
        """
        try:
            while self._process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_SECONDS_BETWEEN_LOOKS)
                look()
        finally:
            look()

    def stop(self) -> None:
        """Ends it and its kernels."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _wait_until_serving(self) -> str:
        from jupyter_core.paths import jupyter_runtime_dir

        # The server writes this file, named after its process, once it listens.
        info = Path(jupyter_runtime_dir()) / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                server = json.loads(info.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                time.sleep(0.1)
                continue
            self._token = f"?token={server['token']}" if server.get("token") else ""
            return server["url"]
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        reason = said[-1].strip() if said else "it said nothing"
        raise MleError(f"JupyterLab did not start: {reason}. The whole log is in {self._log}; `mle doctor` looks for "
                       "the usual causes.")
