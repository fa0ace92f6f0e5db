"""The zip that a learner hands in: packed with a receipt, and read again without trusting anything in it."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import stat
import tempfile
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from systems import on_linux

from autograder.errors import MleError
from autograder.grading import hand_in
from autograder.grading.hand_in import pack, read_pack, unpack
from autograder.grading.stored import digest_of

LESSON = "1-1-means"
WHEN = datetime(2026, 5, 1, 12, 30, 15, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A learner's copy with files of all kinds."""
    folder = tmp_path / "work" / LESSON
    for name, data in {f"{LESSON}.ipynb": b"{}", "größe und maß.csv": b"1;2\n", "plots/a.b": b"\0\xff",
                       "plots/a/b": b"", "plots/a.txt": b"x" * 5000}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def changed(source: Path, target: Path, change) -> Path:
    """A copy of a zip whose files went through `change`, a function of a dict."""
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    return zipped(target, files)


# --- there and back


def test_what_is_packed_is_what_is_unpacked_and_the_receipt_vouches_for_it(folder, tmp_path):
    packed = pack(folder, LESSON, tmp_path / "out", created=WHEN)
    with zipfile.ZipFile(packed.path) as archive:
        names = archive.namelist()
        receipt = json.loads(archive.read(f"{LESSON}/receipt.json"))
    assert names == [*sorted(f"{LESSON}/{name}" for name in contents(folder)), f"{LESSON}/receipt.json"]
    assert (receipt["schema_version"], receipt["lesson"], receipt["created"]) == (1, LESSON,
                                                                                 "2026-05-01T12:30:15+00:00")
    assert receipt["digest"] == digest_of(folder)
    assert receipt["files"].keys() == contents(folder).keys()
    read = read_pack(packed.path)
    assert (read.lesson, read.receipt, read.digest, read.problems) == (LESSON, packed.receipt, digest_of(folder), ())
    unpack(read, tmp_path / "submitted" / "ada" / LESSON)
    assert contents(tmp_path / "submitted" / "ada" / LESSON) == contents(folder)


# As a learner on any system may call a file, down to characters that zips of old kept in another way.
NAMES = st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8), min_size=1,
                 max_size=3).map("/".join)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=6))
def test_any_file_is_packed_whole_or_named_as_left_out(files):
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base, LESSON)
        folder.mkdir()
        (folder / f"{LESSON}.ipynb").write_bytes(b"{}")
        for name, data in files.items():
            path = folder / name
            try:
                path.resolve().relative_to(folder.resolve())
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            except (OSError, ValueError):
                continue
        packed = pack(folder, LESSON, Path(base, "out"))
        read = read_pack(packed.path)
        assert (read.problems, read.digest) == ((), packed.receipt.digest)
        unpack(read, Path(base, "there"))
        there, here = contents(Path(base, "there")), contents(folder)
        hidden = {name for name in here if any(part.startswith(".") or part in {"__MACOSX", "__pycache__", "Thumbs.db"}
                                               for part in name.split("/"))}
        assert there == {name: here[name] for name in here.keys() - packed.left_out.keys() - hidden}


def test_of_names_that_are_one_on_other_systems_one_is_packed_and_the_others_are_named(folder, tmp_path):
    for name in ("Data.csv", "data.csv", "Receipt.json", "plot", "Plot/x", f"{LESSON}.IPYNB", "desktop.ini"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
    if not (folder / "data.csv").read_bytes() == b"data.csv" != (folder / "Data.csv").read_bytes():
        return  # this system is one of those
    packed = pack(folder, LESSON, tmp_path / "out")
    assert packed.left_out.keys() == {"data.csv", "Receipt.json", "Plot/x", f"{LESSON}.IPYNB"}
    read = read_pack(packed.path)
    assert (read.problems, {"Data.csv", "plot", f"{LESSON}.ipynb"} - set(read.names)) == ((), set())


def test_caches_hidden_files_links_and_what_the_lesson_ships_unchanged_stay_out(folder, tmp_path):
    shipped = tmp_path / "notebooks" / LESSON
    for name in ("table.py", "data/rows.csv", f"{LESSON}.ipynb"):
        for base in (shipped, folder):
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_bytes(b"as shipped")
    (folder / "data/rows.csv").write_bytes(b"as the learner has it")
    for name in ("__pycache__/a.pyc", ".ipynb_checkpoints/b.ipynb", ".git/config", ".env", "plots/.DS_Store"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / "receipt.json").write_bytes(b"{}")
    (folder / "rooms").symlink_to(tmp_path, target_is_directory=True)
    (folder / "passwords.txt").symlink_to("/etc/passwd")
    packed = pack(folder, LESSON, tmp_path / "out", shipped=shipped)
    assert set(packed.left_out) == {"receipt.json", "rooms", "passwords.txt"}
    assert set(read_pack(packed.path).names) == {f"{LESSON}.ipynb", "data/rows.csv", "größe und maß.csv", "plots/a.b",
                                                 "plots/a/b", "plots/a.txt"}


def test_the_same_hand_in_at_the_same_moment_is_the_same_to_the_byte_and_overwrites_nothing(folder, tmp_path):
    first = pack(folder, LESSON, tmp_path / "out", created=WHEN).path
    before = first.read_bytes()
    os.utime(folder / f"{LESSON}.ipynb", (1, 1))
    second = pack(folder, LESSON, tmp_path / "out", created=WHEN).path
    assert first != second
    assert first.read_bytes() == second.read_bytes() == before
    assert not set('<>:"/\\|?*') & set(second.name)


# --- what cannot be packed


def test_a_folder_without_its_notebook_is_refused_and_leaves_nothing(folder, tmp_path):
    (folder / f"{LESSON}.ipynb").unlink()
    with pytest.raises(MleError, match="There is no notebook at"):
        pack(folder, LESSON, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_more_than_can_be_graded_is_refused_with_the_largest_files(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(hand_in, "MOST_MB", 1)
    (folder / "huge.bin").write_bytes(bytes(3 * 2**20))
    with pytest.raises(MleError, match=r"more than the 1 MiB .* huge\.bin \(3 MiB\)"):
        pack(folder, LESSON, tmp_path / "out")
    monkeypatch.setattr(hand_in, "MOST_FILES", 3)
    with pytest.raises(MleError, match="more than the 3 that can be graded"):
        pack(folder, LESSON, tmp_path / "out")


@on_linux
def test_a_disk_that_is_full_leaves_no_half_zip(folder, tmp_path, monkeypatch):
    def full(self, *_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space left"):
        pack(folder, LESSON, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


# --- what somebody else's program made of it


@pytest.mark.parametrize(("change", "says"), [
    (lambda files: files.update({f"{LESSON}/{LESSON}.ipynb": b"better"}), f"changed: {LESSON}.ipynb"),
    (lambda files: files.update({f"{LESSON}/more.py": b"x"}), r"added: more\.py"),
    (lambda files: files.pop(f"{LESSON}/plots/a.b"), r"missing: plots/a\.b"),
    (lambda files: files.pop(f"{LESSON}/receipt.json"), "has no receipt"),
    (lambda files: files.update({f"{LESSON}/receipt.json": b"{"}), "receipt cannot be read"),
    (lambda files: files.update({f"{LESSON}/receipt.json": b'{"lesson": 5}'}), "receipt cannot be read"),
    (lambda files: files.update({f"{LESSON}/receipt.json": json.dumps(
        json.loads(files[f"{LESSON}/receipt.json"]) | {"created": "2026-05-01T12:00:00"}).encode()}),
     "receipt cannot be read"),
    (lambda files: files.update({f"{LESSON}/receipt.json": json.dumps(
        json.loads(files[f"{LESSON}/receipt.json"]) | {"digest": "0"}).encode()}), "receipt itself was changed"),
])
def test_what_is_not_as_it_was_packed_is_pointed_out_and_read_all_the_same(change, says, folder, tmp_path):
    packed = pack(folder, LESSON, tmp_path / "out")
    read = read_pack(changed(packed.path, tmp_path / "other.zip", change))
    assert len(read.problems) == 1
    assert re.search(says, read.problems[0]), read.problems
    assert read.lesson == LESSON
    unpack(read, tmp_path / "there")
    assert digest_of(tmp_path / "there") == read.digest


def test_zipped_anew_by_hand_on_other_systems_it_is_still_the_same(folder, tmp_path):
    packed = pack(folder, LESSON, tmp_path / "out")

    def around(files: dict[str, bytes]) -> None:
        for name in list(files):
            files[f"Downloads/hand-in/{name}"] = files.pop(name)
        files["__MACOSX/Downloads/._x"] = b"x"
        files["Downloads/.DS_Store"] = b"x"
        files["Downloads/desktop.ini"] = b"x"

    def bare(files: dict[str, bytes]) -> None:
        for name in list(files):
            files[name.removeprefix(f"{LESSON}/")] = files.pop(name)

    def windows(files: dict[str, bytes]) -> None:
        for name in list(files):
            files[name.replace("/", "\\")] = files.pop(name)

    for number, change in enumerate((around, bare, windows)):
        read = read_pack(changed(packed.path, tmp_path / f"{number}.zip", change))
        assert (read.lesson, read.problems, read.digest) == (LESSON, (), packed.receipt.digest), change


def test_a_notebook_alone_in_a_zip_is_of_the_lesson_it_is_called_after(tmp_path):
    read = read_pack(zipped(tmp_path / "x.zip", {f"{LESSON}.ipynb": b"{}", "data.csv": b""}))
    assert (read.lesson, read.receipt) == (LESSON, None)


@pytest.mark.parametrize("name", ["../evil.py", f"{LESSON}/../../evil.py", "/etc/evil.py", "..\\evil.py",
                                  f"{LESSON}//evil.py", "\\\\server\\evil.py"])
def test_a_name_that_leads_out_of_its_folder_is_refused(name, tmp_path):
    path = zipped(tmp_path / "x.zip", {f"{LESSON}/{LESSON}.ipynb": b"{}", name: b"x"})
    with pytest.raises(MleError, match="leads out of its folder"):
        read_pack(path)


@pytest.mark.parametrize("name", ["C:evil.py", "nul.txt", "what?.py", "dot.", "line\nbreak"])
def test_a_name_that_some_system_does_not_take_is_left_out_and_pointed_out(name, tmp_path):
    read = read_pack(zipped(tmp_path / "x.zip", {f"{LESSON}/{LESSON}.ipynb": b"{}", f"{LESSON}/{name}": b"x"}))
    assert read.names == (f"{LESSON}.ipynb",)
    assert "It was left out." in read.problems[0]


def test_a_link_in_a_zip_is_left_out(tmp_path):
    path = tmp_path / "x.zip"
    link = zipfile.ZipInfo(f"{LESSON}/link")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{LESSON}/{LESSON}.ipynb", b"{}")
        archive.writestr(link, "/etc/passwd")
    assert read_pack(path).names == (f"{LESSON}.ipynb",)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("names", "says"), [
    (["a.py", "a.py"], "twice"), (["a.py", "A.py"], "twice"), (["a", "a/b"], "in a file"), ([], "no files")])
def test_names_that_no_folder_can_hold_are_refused(names, says, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    with pytest.raises(MleError, match=says):
        read_pack(path)


def test_a_zip_that_grows_beyond_bounds_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"{number}", bytes(2 * 2**20))
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(hand_in, "MOST_MB", 1)
    with pytest.raises(MleError, match="more than the 1 MiB"):
        read_pack(path)


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_no_more_is_unpacked_than_a_zip_says_there_is(how, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr(f"{LESSON}.ipynb", bytes(32 * 2**20))
    claims = path.read_bytes().replace((32 * 2**20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(claims)
    tracemalloc.start()
    try:
        with pytest.raises(MleError, match="few programs know" if how != zipfile.ZIP_DEFLATED else "is damaged"):
            read_pack(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [b"", b"PK", b"{}", b"PK\5\6" + bytes(18)])
def test_what_is_no_zip_is_refused(data, tmp_path):
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(MleError, match=r"is not a zip|holds no files"):
        read_pack(tmp_path / "x.zip")
    with pytest.raises(MleError, match="cannot be read"):
        read_pack(tmp_path / "missing.zip")


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_damaged_zip_is_read_or_refused_but_never_breaks_anything(data):
    base = io.BytesIO()
    with zipfile.ZipFile(base, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{LESSON}/{LESSON}.ipynb", b'{"cells": []}' * 20)
        archive.writestr(f"{LESSON}/receipt.json", b"{}")
    spoilt = bytearray(base.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.zip")
        path.write_bytes(spoilt[:data.draw(st.integers(1, len(spoilt)))])
        try:
            read_pack(path)
        except MleError as error:
            assert str(path) in str(error)


def test_a_zip_that_changes_while_it_is_read_is_not_unpacked(folder, tmp_path):
    packed = pack(folder, LESSON, tmp_path / "out")
    read = read_pack(packed.path)
    zipped(packed.path, {f"{LESSON}/other.ipynb": b"{}"})
    with pytest.raises(MleError, match="has changed"):
        unpack(read, tmp_path / "there")
    shutil.rmtree(tmp_path / "there")
