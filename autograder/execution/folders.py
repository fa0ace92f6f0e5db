"""A job's working directory: filling it from folders that others wrote, watching its size, and removing it.

Nothing here follows a link, recurses, or trusts a name: all of it may have been made to hurt.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat

_DEEPEST = 64
# Following no link, and waiting for nobody; Windows has neither word, nor pipes that lie in folders.
_CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

not_copied = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "*.ipynb", ".git", ".venv")


class Unfit(Exception):
    """A folder that cannot be laid out; its text says why, for the learner."""


def lay_out(work: str, folders: tuple[str, ...], most_bytes: int, most_files: int, links: bool = True) -> None:
    """Makes a folder and copies other folders' contents into it; what a later one has wins.

    Links stay links, or are left out, and are replaced, not followed, where a later folder has the same name. Pipes,
    sockets and devices are left out, and what cannot be read, and notebooks.

    Raises:
        Unfit: they are larger than a working directory may be.
    """
    os.makedirs(work)
    bytes_left, files_left = most_bytes, most_files
    for folder in folders:
        todo = [(folder, work, 0)]
        while todo:
            source, target, depth = todo.pop()
            try:
                entries = list(os.scandir(source))
            except OSError:
                continue
            ignored = not_copied(source, [entry.name for entry in entries])
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                if entry.name in ignored or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)
                                                 or (links and stat.S_ISLNK(mode))):
                    continue
                copy = os.path.join(target, entry.name)
                clear(copy, keep_folder=stat.S_ISDIR(mode))
                files_left -= 1
                if stat.S_ISDIR(mode):
                    if depth >= _DEEPEST:
                        raise Unfit(f"the files handed in lie more than {_DEEPEST} folders deep")
                    os.makedirs(copy, exist_ok=True)
                    todo.append((entry.path, copy, depth + 1))
                elif stat.S_ISLNK(mode):
                    os.symlink(os.readlink(entry.path), copy)
                else:
                    bytes_left -= _copy(entry.path, copy, bytes_left)
                if files_left < 0 or bytes_left < 0:
                    raise Unfit(f"the files handed in are more than {most_bytes >> 20} MiB or {most_files} files")


def read(path: str | os.PathLike[str], most_bytes: int) -> bytes:
    """A file's content, of a file that somebody handed in.

    Raises:
        OSError: it is a link, a pipe or the like, or longer.
    """
    with open(os.open(path, os.O_RDONLY | _CAREFULLY), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, "too long")
    return data


def remove(base: str, within: int | None = None) -> None:
    """Removes a folder and all in it, or a file, however deep it is and whatever its permissions are.

    Safe where somebody moves things about in it meanwhile: no path is followed, so nothing outside is reached.

    Args:
        within: a descriptor of the folder that it lies in.
    """
    with contextlib.suppress(NotADirectoryError, FileNotFoundError):
        top = _opened(base, within)
        try:
            todo = _emptied(top, top)
            while todo:
                name = todo.pop()
                with contextlib.suppress(OSError):
                    folder = _opened(name, top)
                    try:
                        todo += _emptied(folder, top)
                    finally:
                        os.close(folder)
                    os.rmdir(name, dir_fd=top)
        finally:
            os.close(top)
    with contextlib.suppress(OSError):
        os.rmdir(base, dir_fd=within)
    with contextlib.suppress(OSError):
        os.unlink(base, dir_fd=within)


def size_of(base: str, most_files: int) -> tuple[int, int]:
    """Bytes and entries below a folder, counted until there are more than `most_files`.

    Where names are so deep that no path leads there, more than `most_files` are reported.
    """
    size = files = 0
    todo = [base]
    while todo and files <= most_files:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    files += 1
                    with contextlib.suppress(FileNotFoundError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            todo.append(entry.path)
                    if files > most_files:
                        break
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return size, most_files + 1
    return size, files


def _copy(source: str, target: str, most_bytes: int) -> int:
    """Copies a file; returns its size, of which at most a little more than `most_bytes` was copied."""
    copied = 0
    try:
        # Not waiting for a writer, should it have become a pipe meanwhile.
        with open(os.open(source, os.O_RDONLY | _CAREFULLY), "rb") as old:
            if not stat.S_ISREG(os.fstat(old.fileno()).st_mode):
                return 0
            with open(target, "xb") as new:
                while part := old.read(1 << 20):
                    copied += len(part)
                    if copied > most_bytes:
                        return copied
                    new.write(part)
        shutil.copystat(source, target, follow_symlinks=False)
        os.chmod(target, stat.S_IMODE(os.stat(target).st_mode) & 0o777 | stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return most_bytes + 1
    return copied


def clear(path: str, keep_folder: bool = False) -> None:
    """Takes away what is in the place of something that is to be copied."""
    try:
        folder = stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return
    if not folder:
        os.unlink(path)
    elif not keep_folder:
        shutil.rmtree(path)


def _opened(name: str, within: int | None = None) -> int:
    """A descriptor of a folder, in which its owner then has every right. A link is no folder."""
    held = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=within)
    try:
        with contextlib.suppress(OSError):
            os.chmod(f"/proc/self/fd/{held}", 0o700)
        return os.open(f"/proc/self/fd/{held}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    finally:
        os.close(held)


def _emptied(folder: int, top: int) -> list[str]:
    """Empties a folder. The folders in it go up into `top`, so that no path gets long; returns their names there."""
    moved = []
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        with contextlib.suppress(OSError):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.name, dir_fd=folder)
                continue
            os.close(_opened(entry.name, folder))
            name = f".{secrets.token_hex(8)}"
            os.rename(entry.name, name, src_dir_fd=folder, dst_dir_fd=top)
            moved.append(name)
    return moved


def listing(roots: tuple[str, ...]) -> set[str]:
    """Every path below some folders; not what is mounted there, such as Python where it is installed below them."""
    found = set(roots)
    todo = [(root, os.lstat(root).st_dev) for root in roots if os.path.isdir(root)]
    while todo:
        folder, device = todo.pop()
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                found.add(entry.path)
                if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == device:
                    todo.append((entry.path, device))
    return found


def remove_new(roots: tuple[str, ...], known: set[str]) -> None:
    """Removes what has come since `known` was listed; safe as `remove` is."""
    for root in roots:
        with contextlib.suppress(OSError):
            folder = os.open(root, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                _remove_new(folder, root, known, _DEEPEST)
            finally:
                os.close(folder)


def _remove_new(folder: int, path: str, known: set[str], deepest: int) -> None:
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        with contextlib.suppress(OSError):
            if (there := os.path.join(path, entry.name)) not in known:
                remove(entry.name, folder)
            elif deepest and entry.is_dir(follow_symlinks=False):
                inner = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
                try:
                    if os.fstat(inner).st_dev == os.fstat(folder).st_dev:
                        _remove_new(inner, there, known, deepest - 1)
                finally:
                    os.close(inner)
