"""Collecting: from what Moodle, Canvas and nbgrader hand over, each hand-in to its person and lesson, nothing lost."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sqlite3
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.cli import main
from autograder.course import Course
from autograder.errors import MleError
from autograder.grading import parcel
from autograder.grading.collect import Collection, collect
from autograder.grading.hand_in import pack
from autograder.grading.lms_names import Owner, own_names, read_name
from autograder.grading.roster import Learner, Match, Roster, name_forms

MEANS, LOOPS = "1-1-means", "1-2-loops"
DAY, LATER = (2026, 3, 1, 10, 0, 0), (2026, 3, 2, 12, 0, 0)
ROSTER = """id,first_name,last_name,email,lms_user_id
ada,Ada,Lovelace,ada@example.org,17
juergen,Jürgen,Groß,juergen@example.org,18
li1,Li,Na,,21
li2,Na,Li,,22
obrien,Séan,O'Brien,,
"""


@pytest.fixture
def course(mini: Course) -> Course:
    (mini.root / "roster.csv").write_text(ROSTER, encoding="utf-8")
    return mini


@pytest.fixture
def mle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., CompletedProcess[str]]:
    """The command line, in this process: what is imported once need not be imported by every test."""
    def run(*arguments: object, cwd: Path) -> CompletedProcess[str]:
        monkeypatch.setenv("PATH", os.environ["PATH"])
        monkeypatch.chdir(cwd)
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return CompletedProcess(arguments, stop.value.code, said.out, said.err)

    return run


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "down loads"
    folder.mkdir()
    return folder


def notebook(course: Course, lesson: str = MEANS, says: str = "") -> bytes:
    """A learner's notebook; `says` makes it another one."""
    read = nbformat.read(course.notebooks / lesson / f"{lesson}.ipynb", as_version=4)
    read.cells.append(nbformat.v4.new_markdown_cell(says, id="own"))
    return nbformat.writes(read).encode()


def zipped(path: Path, files: dict[str, bytes], when: dict[str, tuple] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (when or {}).get(name, DAY)), data)
    return path


def run(course: Course, *paths: Path, **options) -> Collection:
    return collect(course.root, course.lesson_ids, paths, zone=UTC, **options)


def what(done: Collection) -> dict[tuple[str, str], str]:
    return {(one.student, one.lesson): one.what for one in done.collected}


def stored(course: Course, student: str, lesson: str = MEANS) -> str:
    """What a collected notebook says, which `notebook` had put there."""
    path = course.root / "submitted" / student / lesson / f"{lesson}.ipynb"
    return nbformat.read(path, as_version=4).cells[-1].source


def time_of(course: Course, student: str, lesson: str = MEANS) -> str:
    return (course.root / "submitted" / student / lesson / "timestamp.txt").read_text(encoding="utf-8")


def everything(course: Course) -> dict[str, bytes]:
    return {path.relative_to(course.root).as_posix(): path.read_bytes()
            for path in sorted((course.root / "submitted").rglob("*")) if path.is_file() and path.suffix != ".lock"}


# --- the layouts


@pytest.fixture
def moodle(course: Course, downloads: Path) -> dict[str, Path]:
    """One download in both of Moodle's layouts."""
    folders = {
        "Jürgen Groß_5551_assignsubmission_file_/sub/helper.py": b"x = 1",
        "Jürgen Groß_5551_assignsubmission_file_/1-1-means.ipynb": notebook(course, says="J"),
        "Ada Lovelace_5550_assignsubmission_file_/my answers.ipynb": notebook(course, says="A"),
    }
    flat = {name.replace("_/", "_").replace("sub/", ""): data for name, data in folders.items()}
    when = {"Jürgen Groß_5551_assignsubmission_file_/1-1-means.ipynb": LATER,
            "Jürgen Groß_5551_assignsubmission_file_1-1-means.ipynb": LATER}
    return {"folders": zipped(downloads / "folders.zip", folders, when),
            "flat": zipped(downloads / "flat.zip", flat, when)}


@pytest.mark.parametrize("layout", ["folders", "flat"])
def test_moodles_zip_goes_to_the_people_it_names(layout, moodle, course):
    done = run(course, moodle[layout])
    assert what(done) == {("ada", MEANS): "new", ("juergen", MEANS): "new"}
    assert (stored(course, "ada"), stored(course, "juergen")) == ("A", "J")
    assert time_of(course, "ada") == "2026-03-01 10:00:00 UTC\n"
    assert time_of(course, "juergen") == "2026-03-02 12:00:00 UTC\n"
    assert (done.unmatched, done.untimed) == ([], [])
    helper = {"folders": "sub/helper.py", "flat": "helper.py"}[layout]
    assert (course.root / "submitted/juergen" / MEANS / helper).read_bytes() == b"x = 1"


def test_an_unpacked_download_is_as_good_as_the_zip(moodle, course, downloads):
    with zipfile.ZipFile(moodle["folders"]) as archive:
        archive.extractall(downloads / "unpacked")
    assert what(run(course, downloads / "unpacked")) == {("ada", MEANS): "new", ("juergen", MEANS): "new"}


def test_the_time_of_the_download_is_not_taken_for_that_of_the_hand_in(course, downloads):
    """Newer Moodles write the zip as it is downloaded, and its files bear the times of that."""
    names = [f"{name}_{number}_assignsubmission_file_/a.ipynb"
             for number, name in enumerate(("Ada Lovelace", "Jürgen Groß", "Séan OBrien"), start=7)]
    path = zipped(downloads / "m.zip", dict.fromkeys(names, notebook(course)),
                  {name: (2026, 3, 9, 9, 30, 2 * second) for second, name in enumerate(names)})
    done = run(course, path)
    assert what(done) == {("ada", MEANS): "new", ("juergen", MEANS): "new", ("obrien", MEANS): "new"}
    assert sorted(done.untimed) == [("ada", MEANS), ("juergen", MEANS), ("obrien", MEANS)]
    assert not list((course.root / "submitted").rglob("timestamp.txt"))


def test_moodles_worksheet_says_when_hand_ins_came(course, downloads, mle):
    names = [f"{name}_assignsubmission_file/{MEANS}.ipynb" for name in ("Ada Lovelace_71", "Jürgen Groß_72")]
    path = zipped(downloads / "m.zip", dict.fromkeys(names, notebook(course)))
    assert sorted(run(course, path).untimed) == [("ada", MEANS), ("juergen", MEANS)]
    worksheet = downloads / "Grades.csv"
    worksheet.write_text('Identifier,Full name,Grade,Last modified (submission)\n'
                         'Participant 71,Ada Lovelace,,"Sunday, 1 March 2026, 11:05 AM"\n'
                         'Participant 72,Jürgen Groß,,-\n', encoding="utf-8")
    done = mle("collect", path, "--times", worksheet, "--timezone", "Europe/Berlin", cwd=course.root)
    assert done.returncode == 0 and "2 there already" in done.stdout
    assert time_of(course, "ada") == "2026-03-01 10:05:00 UTC\n"
    assert "juergen (1-1-means)" in done.stdout and "ada (1-1-means)" not in done.stdout
    worksheet.write_text("Identifier,Last modified (submission)\nParticipant 71,dimanche 1 mars 2026\n")
    done = mle("collect", path, "--times", worksheet, cwd=course.root)
    assert done.returncode == 1 and "set your language to English" in done.stderr
    worksheet.write_text("Kennung,Zuletzt\nTeilnehmer/in 71,x\n")
    assert "has no columns 'Identifier'" in mle("collect", path, "--times", worksheet, cwd=course.root).stderr


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows refuses of itself")
def test_a_folder_that_cannot_be_replaced_costs_that_hand_in_alone(course, downloads, monkeypatch):
    from autograder.grading import collect as collecting

    def place(root, student, *rest):
        if student == "ada":
            raise PermissionError(13, "Permission denied", "a folder")
        return real(root, student, *rest)

    real = collecting.place
    monkeypatch.setattr(collecting, "place", place)
    done = run(course, zipped(downloads / "c.zip", {"lovelaceada_17_1_a.ipynb": notebook(course),
                                                    "groß_18_2_a.ipynb": notebook(course)}))
    assert what(done) == {("juergen", MEANS): "new"}
    assert "a file in it is open" in done.unmatched[0].why


def test_a_zips_exact_time_counts_where_it_has_one(course, downloads):
    path = downloads / "m.zip"
    exact = datetime(2026, 3, 1, 7, 59, 59, tzinfo=UTC)
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("Jürgen Groß_1_assignsubmission_file_/a.ipynb", LATER)
        archive.writestr(info, notebook(course))
        info = zipfile.ZipInfo("Ada Lovelace_2_assignsubmission_file_/a.ipynb", LATER)
        info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(exact.timestamp()))
        archive.writestr(info, notebook(course))
    run(course, path)
    assert time_of(course, "ada") == "2026-03-01 07:59:59 UTC\n"


def test_canvas_zip_goes_by_number_and_says_who_is_late(course, downloads):
    done = run(course, zipped(downloads / "c.zip", {
        "lovelaceada_17_900_1-1-means.ipynb": notebook(course, says="old upload"),
        "lovelaceada_17_905_1-1-means-1.ipynb": notebook(course, says="new upload"),
        "lovelaceada_17_906_data.csv": b"1",
        # Somebody who has changed their name keeps their number.
        "newname_LATE_18_901_whatever.ipynb": notebook(course, says="J"),
        "obrienséan_99_902_1-2-loops.ipynb": notebook(course, LOOPS, "O"),
    }))
    assert what(done) == {("ada", MEANS): "new", ("juergen", MEANS): "new", ("obrien", LOOPS): "new"}
    assert (stored(course, "ada"), stored(course, "juergen")) == ("new upload", "J")
    assert (course.root / "submitted/ada" / MEANS / "data.csv").exists()
    assert done.late == [("juergen", MEANS)]
    assert sorted(done.untimed) == [("ada", MEANS), ("obrien", LOOPS)]
    assert any("1-1-means-1.ipynb was taken, not 1-1-means.ipynb" in note for note in done.notes)
    assert not list((course.root / "submitted").rglob("timestamp.txt"))


def test_two_uploads_of_one_name_are_both_seen(course, downloads):
    done = run(course, zipped(downloads / "c.zip", {
        "lovelaceada_17_900_a.ipynb": notebook(course, LOOPS, "loops"),
        "lovelaceada_17_905_a.ipynb": notebook(course, says="means"),
    }))
    assert what(done) == {("ada", MEANS): "new", ("ada", LOOPS): "new"}


def exchange(course: Course, folder: Path, student: str, when: str, says: str) -> None:
    hand_in = folder / f"{student}+{MEANS}+{when} UTC+Xy3_aA"
    hand_in.mkdir(parents=True)
    (hand_in / f"{MEANS}.ipynb").write_bytes(notebook(course, says=says))
    (hand_in / "timestamp.txt").write_text(f"{when} UTC", encoding="utf-8")
    (hand_in / "submission_secret.txt").write_text("s", encoding="utf-8")


@pytest.mark.skipif("sys.platform == 'win32'", reason="nbgrader's names have colons, and it has no exchange there")
def test_of_the_exchange_the_latest_hand_in_counts(course, mle):
    inbound = course.root / "exchange" / "inbound"
    exchange(course, inbound, "ada", "2026-03-01 10:00:00.123456", "first")
    exchange(course, inbound, "ada", "2026-03-03 10:00:00.123456", "third")
    exchange(course, inbound, "ada", "2026-03-02 10:00:00.123456", "second")
    exchange(course, inbound, "li1", "2026-03-02 10:00:00.123456", "L")
    exchange(course, inbound, "nobody", "2026-03-02 10:00:00.123456", "N")
    done = mle("collect", cwd=course.root)
    assert done.returncode == 1
    assert "ada, 1-1-means: new" in done.stdout and "2 new" in done.stdout
    assert "has nobody who has the id 'nobody'" in done.stdout
    assert stored(course, "ada") == "third"
    assert time_of(course, "ada") == "2026-03-03 10:00:00 UTC\n"
    # With which nbgrader gives feedback back.
    assert (course.root / "submitted/ada" / MEANS / "submission_secret.txt").exists()


# --- hand-ins of mle submit, and files on their own


@pytest.fixture
def packed(course: Course, downloads: Path) -> Path:
    """What `mle submit` writes."""
    work = course.root / "work" / MEANS
    work.mkdir(parents=True)
    (work / f"{MEANS}.ipynb").write_bytes(notebook(course, says="packed"))
    (work / "own.csv").write_bytes(b"1,2")
    return pack(work, MEANS, downloads / "packs", created=datetime(2026, 3, 1, 9, 0, tzinfo=UTC)).path


@pytest.mark.parametrize("name", ["Ada Lovelace_5550_assignsubmission_file_/{}", "lovelaceada_17_900_{}",
                                  "Ada Lovelace_5550_assignsubmission_file_{}", "outer/ada/{}", "{}"])
def test_a_pack_is_unpacked_wherever_it_lies(name, packed, course, downloads):
    path = zipped(downloads / "Lovelace Ada.zip", {name.format("1-1-means x.zip"): packed.read_bytes()})
    done = run(course, path)
    assert what(done) == {("ada", MEANS): "new"}, done.unmatched
    assert stored(course, "ada") == "packed"
    assert (course.root / "submitted/ada" / MEANS / "own.csv").read_bytes() == b"1,2"
    assert not list((course.root / "submitted").rglob("*.zip"))


@pytest.mark.parametrize("name", ["ada@example.org", "ada", "Lovelace, Ada", "ada/hand in", "jurgen gross",
                                  "Juergen_Gross - 1-1-means (2)"])
def test_a_file_is_whose_its_name_or_folder_says(name, packed, course, downloads):
    target = downloads / "mail" / f"{name}.zip"
    target.parent.mkdir(parents=True)
    shutil.copy(packed, target)
    assert list(what(run(course, downloads / "mail")).values()) == ["new"]
    assert stored(course, "juergen" if "gross" in name.lower() else "ada") == "packed"


def test_a_file_and_its_folder_that_name_two_people_are_nobodys(packed, course, downloads):
    (downloads / "ada").mkdir()
    shutil.copy(packed, downloads / "ada" / "Jürgen Groß 1-1-means.zip")
    done = run(course, downloads)
    assert [one.why for one in done.unmatched if "/" in one.file and "ada" in one.file] == [
        "'Jürgen Groß' and 'ada' may be more than one person: juergen, ada"]
    assert what(done) == {}


def test_a_hand_in_takes_nobody_elses_along(packed, course, downloads):
    for name, data in {"week1/ada.zip": packed.read_bytes(), "week1/li1/1-2-loops.ipynb": notebook(course, LOOPS),
                       "week2/juergen.ipynb": notebook(course), "week2/data/x.csv": b"1",
                       "week2/obrien/1-2-loops.ipynb": notebook(course, LOOPS)}.items():
        (downloads / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (downloads / "all" / name).write_bytes(data)
    done = run(course, downloads / "all")
    assert what(done) == {("ada", MEANS): "new", ("li1", LOOPS): "new", ("juergen", MEANS): "new",
                          ("obrien", LOOPS): "new"}
    assert (course.root / "submitted/juergen" / MEANS / "data/x.csv").exists()


@pytest.mark.parametrize(("names", "people"), [
    (["ada/1-1-means.ipynb", "bob/1-1-means.ipynb"], {"ada", "bob"}),
    (["ada/1-1-means.ipynb", "bob/1-2-loops.ipynb"], {"ada", "bob"}),
    (["ada/1-1-means/1-1-means.ipynb", "bob/1-1-means/1-1-means.ipynb"], {"ada", "bob"}),
    (["1-1-means.ipynb", "1-2-loops.ipynb"], {"week1"}),
    (["work/1-1-means/1-1-means.ipynb", "work/1-2-loops/1-2-loops.ipynb",
      "work/backups/1-1-means 2026-03-01 10.00.00/1-1-means.ipynb"], {"week1"}),
])
def test_a_zip_is_one_persons_only_if_its_notebooks_lie_together(names, people, course, downloads):
    (course.root / "roster.csv").unlink()
    path = zipped(downloads / "week1.zip", {
        name: notebook(course, LOOPS if "loops" in name else MEANS, says=name) for name in names})
    assert {student for student, _ in what(run(course, path))} == people


def test_a_pack_by_itself_is_whose_the_instructor_says(packed, course, mle):
    done = mle("collect", str(packed), cwd=course.root)
    assert done.returncode == 1 and "name the student with --student" in done.stdout
    done = mle("collect", str(packed), "--student", "adda", cwd=course.root)
    assert done.returncode == 1 and "Did you mean 'ada'?" in done.stderr
    done = mle("collect", str(packed), "--student", "ada", cwd=course.root)
    assert (done.returncode, stored(course, "ada")) == (0, "packed")


def test_a_changed_pack_and_an_impossible_receipt_are_pointed_out(course, downloads):
    work = course.root / "work" / MEANS
    work.mkdir(parents=True)
    (work / f"{MEANS}.ipynb").write_bytes(notebook(course))
    late = pack(work, MEANS, downloads, created=datetime(2026, 3, 9, tzinfo=UTC)).path
    files = {"Ada Lovelace_1_assignsubmission_file_/p.zip": late.read_bytes()}
    with zipfile.ZipFile(late, "a") as archive:
        archive.writestr(f"{MEANS}/added.py", b"1")
    files["Jürgen Groß_2_assignsubmission_file_/p.zip"] = late.read_bytes()
    done = run(course, zipped(downloads / "m.zip", files, {next(iter(files)): LATER}))
    assert any("ada" in note and "after it was handed in" in note for note in done.notes)
    assert any("juergen" in note and "added: added.py" in note for note in done.notes)
    assert time_of(course, "ada") == "2026-03-02 12:00:00 UTC\n"


def test_a_whole_work_folder_in_a_zip_is_every_lesson_in_it(course, downloads):
    files = {f"work/{lesson}/{lesson}.ipynb": notebook(course, lesson, lesson) for lesson in (MEANS, LOOPS)}
    files |= {f"work/{LOOPS}/table.py": b"ROWS = []", f"work/backups/{MEANS} x/{MEANS}.ipynb": notebook(course)}
    inner = zipped(downloads / "inner.zip", files).read_bytes()
    path = zipped(downloads / "m.zip", {"Ada Lovelace_1_assignsubmission_file_/work.zip": inner})
    assert what(run(course, path, lesson=LOOPS)) == {("ada", LOOPS): "new"}
    assert what(run(course, path)) == {("ada", LOOPS): "unchanged", ("ada", MEANS): "new"}
    assert stored(course, "ada") == MEANS
    assert sorted(p.name for p in (course.root / "submitted/ada" / MEANS).iterdir()) == [f"{MEANS}.ipynb"]
    assert (course.root / "submitted/ada" / LOOPS / "table.py").exists()


def test_a_notebook_that_does_not_say_its_lesson_needs_to_be_told(course, downloads):
    plain = nbformat.writes(nbformat.v4.new_notebook()).encode()
    path = zipped(downloads / "m.zip", {"Ada Lovelace_1_assignsubmission_file_/answers.ipynb": plain,
                                        "Li Na_2_assignsubmission_file_/my 1-2-loops final.ipynb": b"{broken"})
    (course.root / "roster.csv").write_text("id,first_name,last_name\nada,Ada,Lovelace\nli,Li,Na\n")
    done = run(course, path)
    assert what(done) == {("li", LOOPS): "new"}
    assert "name it with --lesson" in done.unmatched[0].why
    assert what(run(course, path, lesson=MEANS))["ada", MEANS] == "new"


# --- again, and in another order


def moodle_zip(course: Course, path: Path, when: tuple, says: str) -> Path:
    """Ada's hand-in, and another one so that the times count."""
    names = ("Jürgen Groß_2_assignsubmission_file_/a.ipynb", "Ada Lovelace_1_assignsubmission_file_/a.ipynb")
    return zipped(path, dict(zip(names, (notebook(course, LOOPS), notebook(course, says=says)), strict=True)),
                  {names[0]: (2027, 1, 1, 0, 0, 0), names[1]: when})


def test_the_second_run_changes_nothing_and_says_so(moodle, course, mle):
    assert mle("collect", str(moodle["flat"]), cwd=course.root).returncode == 0
    before = everything(course)
    done = mle("collect", str(moodle["flat"]), str(moodle["folders"]), cwd=course.root)
    assert done.returncode == 0
    assert "0 new, " in done.stdout
    done = mle("collect", str(moodle["flat"]), cwd=course.root)
    assert "Nothing has changed." in done.stdout and "2 there already" in done.stdout
    assert {n: d for n, d in everything(course).items() if "helper" not in n and not n.startswith("submitted/.")} == {
        n: d for n, d in before.items() if "helper" not in n}


def test_a_newer_hand_in_takes_an_older_ones_place_and_the_older_one_is_kept(course, downloads):
    old = moodle_zip(course, downloads / "old.zip", DAY, "old")
    new = moodle_zip(course, downloads / "new.zip", LATER, "new")
    run(course, old)
    assert what(run(course, new))["ada", MEANS] == "newer"
    assert (stored(course, "ada"), time_of(course, "ada")) == ("new", "2026-03-02 12:00:00 UTC\n")
    kept, = (course.root / "submitted/.replaced/ada" / MEANS).iterdir()
    assert nbformat.read(kept / f"{MEANS}.ipynb", as_version=4).cells[-1].source == "old"
    assert what(run(course, old))["ada", MEANS] == "older"
    assert stored(course, "ada") == "new"


@pytest.mark.parametrize("first", ["old", "new"])
def test_of_two_in_one_run_the_newer_one_counts(first, course, downloads):
    paths = {"old": moodle_zip(course, downloads / "old.zip", DAY, "old"),
             "new": moodle_zip(course, downloads / "new.zip", LATER, "new")}
    run(course, paths.pop(first), *paths.values())
    assert stored(course, "ada") == "new"
    assert not (course.root / "submitted" / ".replaced").exists()


def test_without_times_what_is_collected_later_is_newer_but_never_what_was_replaced(course, downloads):
    first = zipped(downloads / "1.zip", {"lovelaceada_17_1_a.ipynb": notebook(course, says="1")})
    second = zipped(downloads / "2.zip", {"lovelaceada_17_2_a.ipynb": notebook(course, says="2")})
    assert [what(run(course, path))["ada", MEANS] for path in (first, second, first, second)] == [
        "new", "newer", "older", "unchanged"]
    assert stored(course, "ada") == "2"


def test_a_dry_run_changes_nothing(moodle, course):
    before = sorted(path for path in course.root.rglob("*"))
    assert what(run(course, moodle["flat"], dry_run=True)) == {("ada", MEANS): "new", ("juergen", MEANS): "new"}
    assert sorted(path for path in course.root.rglob("*")) == before


def test_a_second_run_leaves_one_under_way_alone_and_clears_what_a_dead_one_left(moodle, course):
    left = course.root / "submitted" / ".mle-collect-left"
    left.mkdir(parents=True)

    def again(text: str, done: int, of: int) -> None:
        there = sorted((course.root / "submitted").glob(".mle-collect-*"))
        assert len(there) == 1 and left not in there
        with pytest.raises(MleError, match="Another `mle collect` is at work"):
            run(course, moodle["flat"])
        assert there[0].is_dir()

    assert what(run(course, moodle["folders"], tell=again)) == {("ada", MEANS): "new", ("juergen", MEANS): "new"}
    assert what(run(course, moodle["folders"])) == {("ada", MEANS): "unchanged", ("juergen", MEANS): "unchanged"}


def test_what_was_kept_is_no_submission_for_grading(course, downloads):
    from autograder.grading import find_submissions

    run(course, moodle_zip(course, downloads / "old.zip", DAY, "old"))
    run(course, moodle_zip(course, downloads / "new.zip", LATER, "new"))
    assert {(one.student, one.lesson) for one in find_submissions(course.root, course.lesson_ids)} == {
        ("ada", MEANS), ("juergen", LOOPS)}


# --- whose it is


def test_the_roster_is_entered_in_the_gradebook(moodle, course):
    assert run(course, moodle["flat"]).students == 5
    assert run(course, moodle["flat"]).students == 0
    with closing(sqlite3.connect(course.root / "gradebook.db")) as db:
        assert ("juergen", "Jürgen", "Groß", "juergen@example.org", "18") in db.execute(
            "select id, first_name, last_name, email, lms_user_id from student").fetchall()
        db.execute("update student set first_name = 'Ada Augusta', email = null where id = 'ada'")
        db.commit()
    assert run(course, moodle["flat"]).students == 1


def test_who_cannot_be_told_from_another_gets_nothing_and_is_listed(course, downloads, mle):
    path = zipped(downloads / "m.zip", {
        "Li Na_3_assignsubmission_file_/a.ipynb": notebook(course),  # Li Na, or Na Li?
        "=cmd()_4_assignsubmission_file_/a.ipynb": notebook(course),
        # Two people of one name, of whom the roster has one.
        "Ada Lovelace_5_assignsubmission_file_/a.ipynb": notebook(course, says="5"),
        "Lovelace Ada_6_assignsubmission_file_/a.ipynb": notebook(course, says="6"),
        "Séan OBrien_7_assignsubmission_file_/a.ipynb": notebook(course)})
    canvas = zipped(downloads / "c.zip", {
        "linali_22_1_a.ipynb": notebook(course, says="22"), "lovelaceada_99_2_a.ipynb": notebook(course),
        "anon_x7Yq2_3_a.ipynb": notebook(course)})
    done = mle("collect", str(path), str(canvas), cwd=course.root)
    assert done.returncode == 1, done.stderr
    for text in ("more than one person is called 'Li Na': li1, li2", "nobody who is called '=cmd()'",
                 "two people are called so there", "ada is called so, but has the lms_user_id 17 and not 99",
                 "download it again with names shown", "6 not collected; they stay where they are"):
        assert text in done.stdout
    collected = {path.parent.name for path in (course.root / "submitted").glob(f"*/{MEANS}")}
    assert collected == {"obrien", "li2"}
    with (course.root / "submitted" / "unmatched.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows if row["from"] == str(path)].count("Ada Lovelace (5)") == 1
    assert "'=cmd() (4)" in {row["name"] for row in rows}
    (course.root / "roster.csv").write_text(
        "id;first_name;last_name;lms_user_id;other_names\nada;Ada;Lovelace;5;\nab;;;6;Lovelace Ada\nli;;;;Li Na;\n"
        "ob;Sean;O’Brien;;\nx;;;;cmd()\n", encoding="cp1252")
    done = mle("collect", str(path), cwd=course.root)
    # Moodle's numbers are of one assignment, and not those that Canvas has for people.
    assert (done.returncode, done.stdout.count("more than one person is called")) == (1, 2)
    assert not (course.root / "submitted" / "ada").exists()
    with zipfile.ZipFile(path) as archive:
        archive.extractall(downloads / "unpacked")
    for number, student, name in ((5, "ada", "Ada Lovelace"), (6, "ab", "Lovelace Ada")):
        theirs = downloads / "unpacked" / f"{name}_{number}_assignsubmission_file_" / "a.ipynb"
        assert mle("collect", str(theirs), "--student", student, cwd=course.root).returncode == 0
        assert stored(course, student) == str(number)
    with (course.root / "submitted" / "unmatched.csv").open(encoding="utf-8", newline="") as file:
        assert {row["from"] for row in csv.DictReader(file)} == {str(path), str(canvas)}


def test_without_a_roster_one_is_made_that_the_next_run_reads(moodle, course, downloads, mle):
    (course.root / "roster.csv").unlink()
    canvas = zipped(downloads / "c.zip", {"müllerzoë_4_1_a.ipynb": notebook(course, LOOPS),
                                          "müllerzoë_5_2_a.ipynb": notebook(course, LOOPS)})
    done = mle("collect", str(moodle["flat"]), str(canvas), cwd=course.root)
    assert done.returncode == 0, done.stdout
    assert "There was no roster, so one was made of the names found" in done.stdout
    roster = Roster.read(course.root / "roster.csv")
    assert {one.id: (one.first_name, one.last_name, one.lms_user_id) for one in roster.learners} == {
        "ada-lovelace": ("Ada", "Lovelace", ""), "jurgen-gross": ("Jürgen", "Groß", ""),
        "mullerzoe": ("", "müllerzoë", "4"), "mullerzoe-5": ("", "müllerzoë", "5")}
    assert stored(course, "jurgen-gross") == "J"
    done = mle("collect", str(moodle["flat"]), str(canvas), cwd=course.root)
    assert (done.returncode, "Nothing has changed." in done.stdout) == (0, True)


@pytest.mark.parametrize(("text", "says"), [
    ("", "is empty"), ("name,mail\na,b\n", "has no column 'id'"), ("id\nada\nAda\n", "is there twice"),
    ("id,email\n,a@b\n", "the id '' is empty"), ("id\n../x\n", "cannot be the name of a folder"),
    ("id,lms_user_id\nada,17\nbob, 17\n", "'ada' and 'bob' have the same lms_user_id 17"),
    ("id\n=1+1\n", "begins like a formula"), ("id\ncon\n", "cannot be the name of a folder"),
    ("id\n" + "x" * 200, "longer than 128"), ("id\0", "no CSV file"),
])
def test_a_roster_that_is_none_says_why(text, says, course, moodle, mle):
    (course.root / "roster.csv").write_text(text, encoding="utf-8")
    done = mle("collect", str(moodle["flat"]), cwd=course.root)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert not (course.root / "submitted").exists()


# --- zips that are damaged, or meant to hurt


@pytest.mark.parametrize(("name", "says"), [
    ("../../evil.ipynb", "leads out"), ("/etc/evil.ipynb", "leads out"), ("C:\\evil.ipynb", "leads out"),
    ("a\\..\\..\\evil.ipynb", "leads out")])
def test_a_name_that_leads_out_of_the_zip_is_listed_and_goes_nowhere(name, says, course, downloads, tmp_path):
    path = zipped(downloads / "m.zip", {name: b"{}", "lovelaceada_17_1_a.ipynb": notebook(course)})
    done = run(course, path)
    assert what(done) == {("ada", MEANS): "new"}
    assert [says in one.why for one in done.unmatched] == [True]
    assert not [found for found in tmp_path.rglob("evil*")]


@pytest.mark.parametrize("name", ["C:evil.py", "sub/nul.txt", "what?.py"])
def test_a_name_that_some_system_does_not_take_is_listed_and_the_rest_is_collected(name, course, downloads):
    path = zipped(downloads / "m.zip", {f"Ada Lovelace_1_assignsubmission_file_/{name}": b"1",
                                        "Ada Lovelace_1_assignsubmission_file_/a.ipynb": notebook(course),
                                        f"li1+{MEANS}+2026-03-01 10:00:00 UTC/{MEANS}.ipynb": notebook(course)})
    done = run(course, path)
    assert what(done) == {("ada", MEANS): "new", ("li1", MEANS): "new"}
    assert ["cannot be written on every system" in one.why for one in done.unmatched] == [True]
    assert [file.name for file in (course.root / "submitted/ada" / MEANS).iterdir() if file.name != "timestamp.txt"
            ] == [f"{MEANS}.ipynb"]


def test_a_learners_zip_that_leads_out_is_not_unpacked(course, downloads, tmp_path):
    inner = zipped(downloads / "i.zip", {"../../../evil.py": b"1", f"{MEANS}.ipynb": notebook(course)}).read_bytes()
    done = run(course, zipped(downloads / "m.zip", {"lovelaceada_17_1_p.zip": inner}))
    assert "leads out of its folder" in done.unmatched[0].why
    assert not list(tmp_path.rglob("evil*"))


def locked(data: bytes) -> bytes:
    """The same zip with every entry marked as encrypted."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := changed.find(mark, start + 1)) >= 0:
            changed[start + place] |= 1
    return bytes(changed)


def test_locked_damaged_and_huge_zips_are_listed_and_the_rest_is_collected(course, downloads):
    inner = zipped(downloads / "i.zip", {f"{MEANS}.ipynb": notebook(course)}).read_bytes()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("big.bin", "w") as file:
            for _ in range(300):
                file.write(bytes(2**20))
        archive.writestr(f"{MEANS}.ipynb", notebook(course))
    (downloads / "none.zip").write_bytes(b"not a zip at all")
    whole = zipped(downloads / "locked.zip", {"lovelaceada_17_1_a.ipynb": notebook(course)})
    whole.write_bytes(locked(whole.read_bytes()))
    path = zipped(downloads / "c.zip", {
        "lovelaceada_17_1_p.zip": locked(inner), "groß_18_2_p.zip": inner[:-30], "x_21_3_p.zip": bomb.getvalue(),
        "nali_22_4_p.zip": inner})
    done = run(course, path, downloads / "none.zip", whole)
    assert what(done) == {("li2", MEANS): "new"}
    found = " ".join(one.why for one in done.unmatched)
    for text in ("locked with a password", "not a zip, or is damaged", "holds more than", "is no zip, or is damaged"):
        assert text in found
    assert len(done.unmatched) == 5


def test_zips_in_a_zip_have_no_more_room_than_one_alone(course, downloads, monkeypatch):
    monkeypatch.setattr(parcel, "MOST_MB", 1)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.ipynb", b"{}")
        archive.writestr("big", bytes(600 * 2**10))
    several = zipped(downloads / "i.zip", {f"{number}.zip": inner.getvalue() for number in range(2)}).read_bytes()
    lessons = io.BytesIO()
    with zipfile.ZipFile(lessons, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {f"{MEANS}.ipynb": notebook(course), f"{LOOPS}.ipynb": notebook(course, LOOPS),
                           "big": bytes(600 * 2**10)}.items():
            archive.writestr(name, data)
    done = run(course, zipped(downloads / "m.zip", {
        "Ada Lovelace_1_assignsubmission_file_/a.zip": several,
        "Jürgen Groß_2_assignsubmission_file_/a.zip": lessons.getvalue(),
        "Séan OBrien_3_assignsubmission_file_/a.ipynb": notebook(course)}))
    assert what(done) == {("obrien", MEANS): "new"}
    assert ["more than the 1 MiB" in one.why for one in done.unmatched] == [True, True]


def test_names_of_old_zip_programs_and_of_macs_are_understood(course, downloads):
    path = downloads / "m.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {"J#rgen Gro&_1_assignsubmission_file_/a.ipynb": notebook(course),
                           "__MACOSX/._a.ipynb": b"x", ".DS_Store": b"x"}.items():
            archive.writestr(zipfile.ZipInfo(name, DAY), data)
    dos = path.read_bytes().replace(b"J#rgen Gro&", b"J\x81rgen Gro\xe1")
    path.write_bytes(dos)
    assert what(run(course, path)) == {("juergen", MEANS): "new"}
    decomposed = unicodedata.normalize("NFD", "Jürgen Groß_1_assignsubmission_file_/1-2-loops.ipynb")
    path = zipped(downloads / "mac.zip", {"#" * len(decomposed.encode()): notebook(course, LOOPS)})
    path.write_bytes(path.read_bytes().replace(b"#" * len(decomposed.encode()), decomposed.encode()))
    assert what(run(course, path)) == {("juergen", LOOPS): "new"}


def test_a_learner_sets_no_time(course, downloads):
    inner = zipped(downloads / "i.zip", {f"{MEANS}.ipynb": notebook(course),
                                         "timestamp.txt": b"2020-01-01 00:00:00 UTC"}).read_bytes()
    run(course, zipped(downloads / "c.zip", {"lovelaceada_17_1_p.zip": inner, "lovelaceada_17_2_timestamp.txt": b"x"}))
    assert not (course.root / "submitted/ada" / MEANS / "timestamp.txt").exists()


def test_a_path_that_does_not_exist_is_told_before_anything_happens(course, moodle, mle):
    done = mle("collect", str(moodle["flat"]), "nowhere.zip", cwd=course.root)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no nowhere.zip" in done.stderr
    assert not (course.root / "submitted").exists()
    done = mle("collect", cwd=course.root)
    assert "There is nothing to collect" in done.stderr
    done = mle("collect", str(moodle["flat"]), "--timezone", "Mars/Base", cwd=course.root)
    assert "There is no time zone 'Mars/Base'" in done.stderr


# --- names


words = st.text(st.characters(categories=("Lu", "Ll", "Lo")), min_size=1, max_size=12)


@given(first=words, last=words, number=st.integers(1, 10**9))
def test_moodles_and_canvas_names_lead_back_to_the_person(first, last, number):
    roster = Roster([Learner("a", first, last), Learner("b", "Somebody", "Quite-Else9")])
    for path in (f"{first} {last}_{number}_assignsubmission_file_/x/a.ipynb",
                 f"{last} {first}_{number}_assignsubmission_file_a.ipynb"):
        owner = read_name(tuple(path.split("/"))).owner
        assert (owner.by, owner.number) == ("moodle", str(number))
        assert roster.find(owner).learner.id == "a"
    squeezed = "".join(c for c in f"{last}{first}".lower() if c.isalnum() or c == "_")
    for late in ("", "_LATE"):
        named = read_name((f"{squeezed}{late}_{number}_12_my_3_file.ipynb",))
        assert (named.owner.by, named.owner.number, named.upload, named.late) == ("canvas", str(number), 12, bool(late))
        assert named.parts == ("my_3_file.ipynb",)


@given(st.lists(words, min_size=1, max_size=4), st.randoms())
def test_the_order_accents_and_spelling_of_a_name_do_not_matter(parts, chance):
    shuffled = parts[:]
    chance.shuffle(shuffled)
    assert name_forms(" ".join(parts)) & name_forms("-".join(shuffled))
    assert name_forms(" ".join(parts)) & name_forms(unicodedata.normalize("NFD", " ".join(parts).upper().lower()))


@pytest.mark.parametrize(("one", "other", "same"), [
    ("Jürgen Groß", "JUERGEN GROSS", True), ("Jürgen Groß", "jurgen gross", True), ("Søren Ærø", "soren aero", True),
    ("Łukasz", "Lukasz", True), ("Séan O’Brien", "Sean OBrien", True),
    ("Jing Ang", "Jin Gang", False), ("Ann Lee", "Ann Leer", False), ("Anna", "Hanna", False)])
def test_which_names_are_the_same(one, other, same):
    assert bool(name_forms(one) & name_forms(other)) is same


@pytest.mark.parametrize(("path", "whose"), [
    ("Jing Ang_7_assignsubmission_file_/a.ipynb", None), ("jing ang.ipynb", None), ("jingang.ipynb", None),
    ("gangjin_8_9_a.ipynb", "jg"), ("雷李_7_assignsubmission_file_/a.ipynb", "lei")])
def test_where_one_name_ends_and_the_next_begins_counts_unless_canvas_wrote_them_as_one(path, whose):
    roster = Roster([Learner("jg", "Jin", "Gang"), Learner("lei", "李", "雷")])
    parts = tuple(path.split("/"))
    named = read_name(parts)
    match = roster.find(named.owner if named else Owner("person", own_names(parts, ())))
    assert (match.learner.id if match.learner else None) == whose


# What a spreadsheet program would take for a formula, whatever part of a name it stands in.
def test_a_roster_made_of_names_holds_no_formula(tmp_path):
    roster = Roster.of([Owner("moodle", ("Ada =HYPERLINK(1)",), "5"), Owner("moodle", ("Bea ＋1",), "6"),
                        Owner("exchange", ("=1+1",)), Owner("canvas", ("old",), "7"), Owner("canvas", ("new",), "7")])
    roster.write(tmp_path / "roster.csv")
    read = Roster.read(tmp_path / "roster.csv").learners
    assert [(one.id, one.last_name) for one in read] == [("ada-hyperlink-1", "HYPERLINK(1)"), ("bea-1", "1"),
                                                         ("new", "new")]
    assert roster.find(Owner("canvas", ("old",), "7")) == Match(read[-1])


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_name_of_a_file_is_too_odd(one, other):
    read_name((one, other))
    own_names((one, other), (MEANS, LOOPS))
    assert Roster([]).find(Owner("person", (one,))).learner is None


@given(st.lists(st.builds(Learner, id=st.from_regex(r"[a-z]{1,5}[0-9]{1,4}", fullmatch=True), first_name=words,
                          last_name=words, email=st.just("a,b@\"x"),
                          other_names=st.lists(words, max_size=2).map(tuple)),
                max_size=5, unique_by=lambda one: one.id))
def test_a_roster_is_read_as_it_was_written(tmp_path_factory, learners):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    Roster(learners).write(path)
    assert Roster.read(path).learners == tuple(learners)


def test_a_person_is_found_by_id_or_not_at_all():
    with pytest.raises(MleError, match="Did you mean 'ada'"):
        Roster([Learner("ada")]).by_id("adda")
