"""Folders that others write into: removing them, whatever is in them, and clearing what killed processes left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from systems import on_linux

from autograder.execution import folders
from autograder.execution.temporary import TemporaryFolder, clear_left, temporary_folder

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks on folders")


@on_linux
def test_a_folder_is_removed_however_deep_it_is_and_whatever_its_permissions(tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    (base / "link").symlink_to(tmp_path / "outside")
    closed = base / "closed"
    (closed / "inner").mkdir(parents=True)
    (closed / "inner" / "file").touch()
    (closed / "inner" / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(closed / "pipe")
    with open(os.path.join(os.fsencode(base), b"\xff"), "w"):
        pass
    closed.chmod(0)
    deep = os.open(base, os.O_RDONLY)
    for _ in range(1500):  # deeper than any path is long
        os.mkdir("deeper", dir_fd=deep)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = inner
    os.close(deep)
    folders.remove(str(base))
    assert sorted(os.listdir(tmp_path)) == ["outside"]
    assert os.listdir(tmp_path / "outside") == ["kept"]


@on_linux
def test_what_has_come_is_removed_and_what_was_there_stays(tmp_path):
    (tmp_path / "old" / "older").mkdir(parents=True)
    (tmp_path / "old" / "file").touch()
    known = folders.listing((str(tmp_path),))
    (tmp_path / "old" / "older" / "new").mkdir()
    (tmp_path / "old" / "older" / "new" / "file").touch()
    (tmp_path / "new").touch()
    (tmp_path / "link").symlink_to("old")
    folders.remove_new((str(tmp_path),), known)
    assert folders.listing((str(tmp_path),)) == known
    assert os.listdir(tmp_path / "old" / "older") == []


@on_linux
@pytest.mark.parametrize("how", ["all", "what has come"])
def test_nothing_outside_is_removed_when_a_folder_becomes_a_link_after_it_was_seen(tmp_path, monkeypatch, how):
    base, outside = tmp_path / "base", tmp_path / "outside"
    (base / "folder").mkdir(parents=True)
    outside.mkdir()
    (outside / "kept").touch()
    known = folders.listing((str(base),))
    scandir = os.scandir

    @contextlib.contextmanager
    def swapping(folder: object) -> Iterator[list[os.DirEntry]]:
        with scandir(folder) as entries:
            seen = list(entries)
        for entry in seen:
            if entry.name == "folder" and entry.is_dir(follow_symlinks=False):
                (base / "folder").rename(tmp_path / "aside")
                (base / "folder").symlink_to(outside)
        yield seen

    monkeypatch.setattr(folders.os, "scandir", swapping)
    if how == "all":
        folders.remove(str(base))
    else:
        folders.remove_new((str(base),), known)
    monkeypatch.undo()
    assert os.listdir(outside) == ["kept"]


def test_a_temporary_folder_is_there_as_long_as_it_is_used(open_temp):
    with temporary_folder("mle-mine-") as first, temporary_folder("mle-mine-") as second:
        assert first != second
        Path(first, "file").touch()
        clear_left("mle-mine-")
        assert sorted(map(str, open_temp.iterdir())) == sorted([first, second])
    assert list(open_temp.iterdir()) == []


@posix
def test_folders_of_killed_processes_are_cleared_and_no_others(open_temp):
    make = ("import sys, time; from autograder.execution.temporary import TemporaryFolder\n"
            "folder = TemporaryFolder('mle-mine-'); open(folder.path + '/file', 'w').close()\n"
            "print(folder.path, flush=True); time.sleep(300)")
    killed, living = (subprocess.Popen([sys.executable, "-c", make], stdout=subprocess.PIPE, text=True)
                      for _ in range(2))
    left, held = (process.stdout.readline().strip() for process in (killed, living))
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    own = TemporaryFolder("mle-mine-")
    for other in ("mle-others", "mle-others/mle-mine-inner"):
        (open_temp / other).mkdir()
    (open_temp / "mle-mine-file").touch()
    (open_temp / "mle-mine-link").symlink_to(open_temp / "mle-others")
    try:
        clear_left("mle-mine-")
        assert not os.path.exists(left)
        assert os.path.exists(f"{held}/file")
        assert os.path.exists(own.path)
        assert (open_temp / "mle-others" / "mle-mine-inner").exists()
        assert (open_temp / "mle-mine-file").exists() and (open_temp / "mle-mine-link").is_symlink()
    finally:
        own.remove()
        living.kill()
        for process in (killed, living):
            process.communicate()


@on_linux
def test_what_is_mounted_in_a_folder_is_neither_listed_nor_touched():
    mounted = [entry.path for entry in os.scandir("/dev") if os.path.ismount(entry.path)]
    assert mounted
    listed = folders.listing(("/dev",))
    assert set(mounted) <= listed
    assert not [path for path in listed for mount in mounted if path.startswith(f"{mount}/")]
