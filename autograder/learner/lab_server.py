"""What JupyterLab's server does for the buttons above a lesson: grades the notebook in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

_checking: dict[Path, subprocess.Popen[str]] = {}


class CheckHandler(APIHandler):
    """`POST mle/check` with `{"path": notebook below the server's folder}`; answers `{"page": HTML of the result}`."""

    @web.authenticated
    async def post(self) -> None:
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        asked = (self.get_json_body() or {}).get("path")
        path = (root / str(asked)).resolve()
        if not isinstance(asked, str) or not path.is_relative_to(root) or path.suffix != ".ipynb":
            raise web.HTTPError(400, f"{asked!r} is no notebook below {root}.")
        if path in _checking:
            raise web.HTTPError(409, f"{path.name} is being checked already.")
        code, page, said = await asyncio.to_thread(_check, path, root)
        if not page:
            lines = said.strip().splitlines() or [f"mle check ended with status {code}."]
            raise web.HTTPError(500, lines[-1])
        self.finish({"page": page})


def _check(path: Path, root: Path) -> tuple[int, str, str]:
    """Runs `mle check` on a notebook; its exit status, the page it wrote, and what it printed."""
    with tempfile.TemporaryDirectory(prefix="mle-page-") as folder:
        page = Path(folder) / "check.html"
        process = subprocess.Popen([sys.executable, "-P", "-m", "autograder", "check", str(path), "--html", str(page)],
                                   cwd=root, text=True, encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        _checking[path] = process
        try:
            said, _ = process.communicate()
        finally:
            del _checking[path]
        return process.returncode, page.read_text(encoding="utf-8") if page.exists() else "", said


def _stop_all() -> None:
    for process in list(_checking.values()):
        with contextlib.suppress(OSError):
            process.terminate()


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """What the server calls when it starts."""
    import atexit

    atexit.register(_stop_all)
    server.web_app.add_handlers(
        ".*$", [(url_path_join(server.web_app.settings["base_url"], "mle", "check"), CheckHandler)])
