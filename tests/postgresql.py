"""A real PostgreSQL server for tests: made in a folder of its own, on a free port of this machine, with a password."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

USER, PASSWORD = "grader", "p@ss/w:rd"


def programs() -> Path:
    """The folder of PostgreSQL's server programs, the newest there are."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    assert installed, "PostgreSQL's server is needed for this test: apt-get install postgresql"
    return installed[-1].parent


class Server:
    """A server that can be stopped and started again."""

    def __init__(self) -> None:
        self._bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="mle-postgresql-", dir="/tmp"))
        # It refuses to run as root; Debian's package makes a user for it.
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run("initdb", "-D", self.folder / "data", "-U", USER, f"--pwfile={secret}", "-A", "scram-sha-256",
                  "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options, "-w", "start")

    def stop(self) -> None:
        """At once, as if the machine had been switched off."""
        self._run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, name: str, password: str = PASSWORD) -> str:
        from urllib.parse import quote

        return f"postgresql://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}/{name}"

    def wait_until_gone(self) -> None:
        for _ in range(200):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)

    def _run(self, program: str, *arguments: object) -> None:
        # Not with pipes: the server would hold them open.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run([str(self._bin / program), *map(str, arguments)], stdout=said, stderr=said,
                                  stdin=subprocess.DEVNULL, cwd="/", env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                                  **self._user)
            said.seek(0)
            assert done.returncode == 0, said.read()
