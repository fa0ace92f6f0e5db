# ---
# title: A tested, versioned package
# builds: a package as a team keeps it, with merged branches, tests that catch mistakes, linted code, a wheel, a release
# module: 1
# minutes: 300
# prerequisites: [1-2-python-toolkit]
# skills: [version-with-git, build-packages, write-tests, lint-code, release-software]
# seed: 14
# limits: {cell_seconds: 60, notebook_seconds: 180, memory_mb: 2048, output_kb: 512}
# ---

# %% [markdown]
# # A tested, versioned package

# %% [markdown]
# ## Why it matters on the job
#
# A chain of eighty bakeries forecasts each evening how many loaves every shop will sell. Four people work on the
# forecasts. The code that measures how good they are, thirty lines, lives in four notebooks: it was copied.
#
# - Two notebooks report different errors for the same week. One copy divides by the loaves sold, the other by the
#   loaves forecast.
# - A mistake was found in March and mended, in one of the four copies.
# - Somebody tidied the code up. Since then, a shop without sales has the error 0 and counts as the best of all.
# - "It worked last Tuesday." Nobody can get the code of last Tuesday back.
#
# The cure: there is one copy, with its history (**version control**). Other code installs it (**a package**). Tests
# fail when its behaviour changes (**testing**), a program looks for suspicious lines (**linting**), and what the shops
# run has a number (**a release**). Here you use each of the tools for real.
#
# You need functions, dictionaries, exceptions, and `with` as you have seen it; the rest is explained.
#
# **What this lesson does to your computer.** All repositories and builds live in temporary folders, which are removed
# when a cell ends, also when it fails. Your own git settings are neither read nor changed. Two files stay beside this
# notebook, both written by you: `test_breadscore.py` and `nightly.py`. Nothing is downloaded.
#
# Git is a program of its own. If it is missing, sections 1 and 5 say so when you run them, and their exercises cannot
# be solved until it is there; `mle doctor` in a terminal tells you how to get it.
#
# Run the next cell, and the checks below each exercise; nobody needs to read them. They hold helpers and tests.

# %% given="setup"
import contextlib
import re
import tomllib
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import suspects
import workshop
from suspects import RESULT, mutant, survivors_of
from workshop import BuildError, GitError, GitMissing, WorkError, draw_graph, repository, temporary_folder

# White behind every figure, so that the dark lettering can be read in a dark notebook as well.
plt.rcParams.update({"figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white"})
BLUE, ORANGE, GREEN, GREY = "#0060a8", "#c8500a", "#13795b", "#555555"


def outcome_of(function, *args, **kwargs):
    """Call the function; return its result, or the exception that it raised."""
    try:
        return function(*args, **kwargs)
    except (NotImplementedError, GitMissing):
        raise  # an exercise that has not been started yet, or that cannot be
    except Exception as error:
        return error


@contextlib.contextmanager
def example():
    """Run an example; where an exercise that it uses is not finished, or git is missing, say so and go on."""
    try:
        yield
    except NotImplementedError as error:
        plt.close("all")
        print(f"Not yet: {error or 'solve the exercise above first'}. Then run this cell again.")
    except GitMissing as error:
        print(error)
    except Exception as error:
        plt.close("all")
        print(f"Something is not right yet: {error!r}")


def snapshot(repo):
    """All that can be seen of a repository: branches and tags, what is checked out and changed, and the files."""
    refs = repo.git("for-each-ref", "--format=%(refname:short) %(objectname)").splitlines()
    files = {
        path.relative_to(repo.folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(repo.folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(repo.folder).parts
    }
    return {
        "refs": dict(line.split(" ") for line in refs),
        "status": repo.git("status", "--porcelain", "--branch").splitlines(),
        "merging": (repo.folder / ".git" / "MERGE_HEAD").exists(),
        "files": files,
    }


# %% [markdown]
# ## 1 · A history that cannot get lost
#
# **Git** is a program that keeps the history of a folder. A folder with such a history is a **repository**. Its unit
# is the **commit**: the state of all files at one moment, with a message, an author, a date, and a pointer to the
# commit before it, its **parent**. A commit is named by 40 hexadecimal digits, computed from all of that; the first
# seven are usually enough. Nothing in a commit can change without changing its name.
#
# A change goes through three places: you **edit** a file, **add** it to what the next commit will hold (the *stage*),
# and **commit**. In a terminal you would type `git add features.txt`. Here Python does it: `repository()`, from
# `workshop.py` beside this notebook, makes one in a temporary folder, and `repo.show(...)` runs git and prints.

# %%
with example(), repository() as repo:
    repo.write("features.txt", "rain\nweekday\n")
    repo.show("status", "--short")
    repo.show("add", "features.txt")
    repo.show("commit", "--message", "List the features of the forecast")

    repo.write("features.txt", "rain\nschool holiday\nweekday\n")
    repo.show("diff")
    repo.show("commit", "--all", "--message", "Add school holidays")
    repo.show("log", "--format=%h %an, %ad: %s", "--date=short")
    repo.show("show", "HEAD~1:features.txt")

# %% [markdown]
# Read it line by line. `??` marks a file that git does not know yet. `diff` shows what changed: a line that begins
# with `+` is new, one with `-` is gone. `commit --all` adds every changed file that git knows already, in one go.
# `HEAD` is the commit you are on, `HEAD~1` its parent: the last command got the earlier file back.
#
# On your own computer, git asks once who you are. You would type, in a terminal:
#
# ```
# git config --global user.name "Your Name"
# git config --global user.email you@example.com
# ```
#
# In this lesson everybody is called Ada Baker, so you need not do that now.
#
# ### Branches
#
# A **branch** is a name that points to a commit, and moves along when you commit on it. It costs 41 bytes, so teams
# make one for each change. `main` is the branch that holds what is good. `git switch --create holidays` begins a
# branch and goes there; `git switch main` goes back, and the files in the folder change accordingly.
#
# To **merge** a branch means to bring its changes into the one you are on. If both have moved on, git makes a commit
# with two parents. Below, `repo.git(...)` runs git like `repo.show(...)`, but returns what git printed (without the
# line end at its end) and shows nothing. `-m` is short for `--message`, `log -1` stops after the newest commit, `%p`
# stands for its parents, and `ls-files` names the files that git keeps.

# %%
with example(), repository() as repo:
    repo.write("features.txt", "rain\nweekday\n")
    repo.git("add", ".")
    repo.git("commit", "-m", "List features")
    repo.git("switch", "--create", "holidays")  # a new branch
    repo.write("holidays.csv", "2030-12-24\n2030-12-25\n")
    repo.git("add", ".")
    repo.git("commit", "-m", "Add dates of holidays")
    repo.git("switch", "main")
    repo.write("README.md", "Forecasts for eighty bakeries\n")
    repo.git("add", ".")
    repo.git("commit", "-m", "Add a README")
    repo.git("merge", "--no-ff", "-m", "Merge holidays", "holidays")
    print("parents of the merge:", repo.git("log", "-1", "--format=%p"))
    print("files on main:       ", repo.git("ls-files").split())
    draw_graph(repo, "Two lines of work, and a merge")

# %% [markdown]
# Each arrow points from a commit to its parent, back in time. The label `main` is on the merge: it moved along.
#
# If `main` has *not* moved on since the branch began, nothing has to be merged: git just moves `main` forward. That
# is called a **fast-forward**, and it leaves no trace that there was a branch. With `--no-ff`, git makes the commit
# with two parents even then, so that the history shows what came in together.
#
# ### Conflicts
#
# Git merges line by line. If both sides changed the same place, or places next to each other, it cannot know what
# you want. It stops, and asks. (When git ends with an error, and a conflict is one, `repo.git` raises a `GitError`.)

# %%
two_features = [
    {"branch": "main", "message": "List features", "files": {"features.txt": "rain\nweekday\n"}},
    {"branch": "oven", "start": "main", "message": "Oven", "files": {"features.txt": "rain\nweekday\noven size\n"}},
    {"branch": "main", "message": "Strikes", "files": {"features.txt": "rain\nweekday\nbus strike\n"}},
]

with example(), repository(two_features) as repo:
    print(outcome_of(repo.git, "merge", "--no-ff", "-m", "Merge oven", "oven"), "\n")
    repo.show("status", "--short")
    repo.show("diff", "--name-only", "--diff-filter=U")  # the names of the files in conflict, and nothing else
    print("\nfeatures.txt:")
    print(repo.read("features.txt"))

    repo.write("features.txt", "bus strike\noven size\nrain\nweekday\n")  # what we want
    repo.git("add", "features.txt")  # "this one is solved"
    repo.git("commit", "-m", "Merge oven")
    repo.show("log", "--oneline", "--graph")

# %% [markdown]
# `UU` marks a file in conflict. In the file, between `<<<<<<<` and `=======` stands the version of the branch you are
# on, between `=======` and `>>>>>>>` that of the branch you merge. These three are the **conflict markers**. You
# write what it should be, without markers, add the file, and commit. `git merge --abort` calls it all off instead:

# %%
with example(), repository(two_features) as repo:
    print("main before:", repo.git("rev-parse", "HEAD"))
    outcome_of(repo.git, "merge", "--no-ff", "-m", "Merge oven", "oven")
    repo.show("merge", "--abort")
    print("main after: ", repo.git("rev-parse", "HEAD"))
    print("not committed:", repo.git("status", "--short").splitlines())

# %% [markdown]
# ### Exercise 1 · Land a branch
#
# `features.txt` is in conflict every other day, and the answer is always the same: keep both. Write
# `land(repo, branch)`, the function that brings a finished branch into `main`.
#
# You may use `repo.git(...)`, `repo.read(name)`, `repo.write(name, text)` and `repo.folder` (a `Path`). When it is
# called, `main` is checked out, nothing is changed, and the branch exists. `features.txt` is there on both sides. If
# the merge fails, it is because of a conflict.
#
# - `land` merges the branch into `main` by a commit with two parents, also where a fast-forward would do: first the
#   old `main`, then the branch. The first line of its message is `Merge ` and the name of the branch.
# - If `features.txt` is the **only** file in conflict, it gets every line that is in `main`'s or in the branch's
#   version of it, each once, in the order of `sorted`, each ended by `"\n"`. (Features are only ever added.) If it is
#   not in conflict, it stays as git has merged it.
# - If **any other file** is in conflict, whether `features.txt` is too or not, raise a `MergeConflict` (it is in the
#   next cell) with the sorted names of all files in conflict, and leave the repository as it was before the call: the
#   same commits and branches, the same files, no merge under way. A file name may contain spaces, but no quotation
#   marks or backslashes.
# - After a merge, the branch is deleted (`git branch -d NAME`). If `main` holds all of the branch already, there is
#   nothing to merge and no new commit, and the branch is deleted, too.
# - In the end `main` is checked out and nothing is left uncommitted. Return the full name (40 digits) of the
#   commit that `main` points to: `git rev-parse HEAD` prints it.

# %% given="merge-conflict"
class MergeConflict(Exception):
    """Files are in conflict that a person has to look at.

    Attributes:
        files: their names, in a list.
    """

    def __init__(self, files):
        super().__init__(f"in conflict: {', '.join(files)}")
        self.files = files


# %% exercise="land" difficulty=3 minutes=50 skills="version-with-git"
def land(repo, branch):
    """Merge a branch into main, settle a conflict in features.txt, and delete the branch.

    Returns:
        The full name of the commit that main points to afterwards.

    Raises:
        MergeConflict: another file is in conflict; the repository is as it was.
    """
    ### BEGIN SOLUTION
    try:
        repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
    except GitError:
        files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
        if files != ["features.txt"]:
            repo.git("merge", "--abort")
            raise MergeConflict(sorted(files)) from None
        lines = repo.read("features.txt").splitlines()
        wanted = {line for line in lines if not line.startswith(("<<<<<<<", "=======", ">>>>>>>"))}
        repo.write("features.txt", "".join(f"{line}\n" for line in sorted(wanted)))
        repo.git("commit", "--all", "-m", f"Merge {branch}")
    repo.git("branch", "-d", branch)
    return repo.git("rev-parse", "HEAD")
    ### END SOLUTION


# %% check="land-merge" points=2 hidden="branches with several commits, and branches that stay"
def landed(history, branch, call, files, merged=True):
    """Land a branch of a repository with this history; compare everything with what it should be."""
    with repository(history) as repo:
        before = snapshot(repo)
        old, tip = before["refs"]["main"], before["refs"][branch]
        got = outcome_of(land, repo, branch)
        after = snapshot(repo)
        assert after["status"] == ["## main"] and after["files"] == files, (
            f"{call}: land gave {got!r}; afterwards `git status --short --branch` says {after['status']}, expected "
            f"['## main']: main checked out, and nothing left uncommitted; the files are {after['files']}, expected "
            f"{files}"
        )
        head = after["refs"]["main"]
        parents, message = repo.git("log", "-1", "--format=%P\x1f%s").split("\x1f")
        if merged:
            assert parents.split() == [old, tip], (
                f"{call}: the commit on main has {len(parents.split())} parent(s), expected two, first the old main "
                "and then the branch"
            )
            assert message == f"Merge {branch}", f"{call}: its message is {message!r}, expected 'Merge {branch}'"
        else:
            assert head == old, f"{call}: main has a new commit, expected none: there is nothing to merge"
        assert got == head, f"{call}: land returned {got!r}, expected {head!r}, the commit that main points to"
        kept = {name: commit for name, commit in before["refs"].items() if name not in ("main", branch)}
        assert after["refs"] == kept | {"main": head}, (
            f"{call}: afterwards the branches are {sorted(after['refs'])}, expected {sorted(kept | {'main': head})}"
        )


def check_land_merge():
    start = {"branch": "main", "message": "Start", "files": {"features.txt": "weekday\nrain\n", "README.md": "Bread\n"}}
    branch = {"branch": "oven", "start": "main", "message": "Oven", "files": {"ovens.csv": "Dock;4\n"}}
    moved = {"branch": "main", "message": "More", "files": {"README.md": "Bread and rolls\n"}}
    both = {"README.md": "Bread and rolls\n", "features.txt": "weekday\nrain\n", "ovens.csv": "Dock;4\n"}
    landed([start, branch, moved], "oven", "main and the branch changed different files", both)
    files = both | {"README.md": "Bread\n"}
    landed([start, branch], "oven", "main has not moved since the branch began (a fast-forward)", files)
    merge = {"branch": "main", "message": "By hand", "merge": "oven", "files": {"ovens.csv": "Dock;4\n"}}
    landed([start, branch, moved, merge], "oven", "main holds all of the branch already", both, merged=False)


check_land_merge()


### BEGIN HIDDEN TESTS
def check_land_more():
    names = "".join(f"feature {number:02}\n" for number in range(12))
    history = [
        {"branch": "main", "message": "Start", "files": {"features.txt": "zebra\n" + names}},
        {"branch": "fix/late-vans", "start": "main", "message": "One", "files": {"a.txt": "1\n"}},
        {"branch": "fix/late-vans", "message": "Two", "files": {"features.txt": "zebra\n" + names + "van\n"}},
        {"branch": "other", "start": "main", "message": "Elsewhere", "files": {"b.txt": "2\n"}},
        {"branch": "main", "message": "On main", "files": {"features.txt": "bus\nzebra\n" + names}},
    ]
    files = {"a.txt": "1\n", "features.txt": "bus\nzebra\n" + names + "van\n"}
    landed(history, "fix/late-vans", "a hidden history", files)


check_land_more()
### END HIDDEN TESTS


# %% check="land-conflict" points=3 hidden="several conflicts in features.txt, features added twice, other files"
def conflict_in_features(common, main, branch, call, more=None):
    """Land a branch that is in conflict with main in features.txt only; compare what it holds afterwards."""
    history = [
        {"branch": "main", "message": "Start", "files": {"features.txt": common, "shops.csv": "Dock\n"}},
        {"branch": "oven", "start": "main", "message": "Oven", "files": {"features.txt": branch, **(more or {})}},
        {"branch": "main", "message": "Strikes", "files": {"features.txt": main}},
    ]
    with repository(history) as repo:
        parents = repo.git("rev-parse", "main", "oven").split()
        got = outcome_of(land, repo, "oven")
        after = snapshot(repo)
        expected = "".join(f"{line}\n" for line in sorted({*main.splitlines(), *branch.splitlines()}))
        text = after["files"].get("features.txt")
        assert text == expected, (
            f"{call}: land returned {got!r}, and features.txt is {text!r}, expected {expected!r}"
        )
        head = repo.git("log", "-1", "--format=%H\x1f%P\x1f%s").split("\x1f")
        assert head[0] == got and head[1].split() == parents and head[2] == "Merge oven", (
            f"{call}: land returned {got!r}; main is at {head[0]} with the parents {head[1].split()} and the message "
            f"{head[2]!r}, expected {parents} and 'Merge oven'"
        )
        assert after["status"] == ["## main"] and list(after["refs"]) == ["main"], (
            f"{call}: afterwards `git status --short --branch` says {after['status']} and the branches are "
            f"{sorted(after['refs'])}, expected ['## main'] and ['main']"
        )
        for name, content in (more or {}).items():
            assert after["files"].get(name) == content, f"{call}: {name} is not as it is on the branch"


def check_land_conflict():
    conflict_in_features(
        "rain\nweekday\n", "rain\nweekday\nbus strike\n", "rain\nweekday\noven size\n", "each side added a feature"
    )


check_land_conflict()


### BEGIN HIDDEN TESTS
def check_land_conflicts():
    middle = "".join(f"n{number}\n" for number in range(9))
    others = {"new.txt": "kept\n", "shops.csv": "Quay\n"}
    conflict_in_features(middle, "b\n" + middle + "y\n", "a\n" + middle + "z\n", "a hidden conflict", others)
    conflict_in_features("m\n", "m\nsame\nz\n", "m\na\nsame\n", "a hidden conflict")
    conflict_in_features("m\n", "== old\nm\nZ\n", "< 5 km\nm\nÄpfel\n", "a hidden conflict")


check_land_conflicts()
### END HIDDEN TESTS


# %% check="land-refuses" points=3 hidden="two files in conflict, a name with a space, a file that one side deleted"
def conflict_elsewhere(main, branch, files, call):
    """Land a branch with a conflict that a person has to solve; nothing may have changed."""
    start = {"features.txt": "rain\n", "model.toml": "depth = 3\n", "shop list.csv": "Dock\n"}
    history = [
        {"branch": "main", "message": "Start", "files": start},
        {"branch": "oven", "start": "main", "message": "Oven", "files": branch},
        {"branch": "main", "message": "Main", "files": main},
    ]
    with repository(history) as repo:
        before = snapshot(repo)
        got = outcome_of(land, repo, "oven")
        after = snapshot(repo)
        assert isinstance(got, MergeConflict) and list(got.files) == files, (
            f"{call}: land gave {got!r} with the files {getattr(got, 'files', None)}, expected a MergeConflict with "
            f"{files}"
        )
        changed = [key for key in before if before[key] != after[key]]
        assert not changed, (
            f"{call}: after the MergeConflict the repository is not as it was: {changed[0]} was {before[changed[0]]} "
            f"and is {after[changed[0]]}"
        )


def check_land_refuses():
    four, six = {"model.toml": "depth = 4\n"}, {"model.toml": "depth = 6\n"}
    conflict_elsewhere(four, six, ["model.toml"], "both changed the same line of model.toml")
    conflict_elsewhere(
        {"features.txt": "rain\nbus\n", "model.toml": "depth = 4\n"},
        {"features.txt": "rain\noven\n", "model.toml": "depth = 6\n"},
        ["features.txt", "model.toml"],
        "model.toml and features.txt are in conflict",
    )


check_land_refuses()

### BEGIN HIDDEN TESTS
conflict_elsewhere(
    {"shop list.csv": "Dock\nQuay\n", "a.txt": "1\n"},
    {"shop list.csv": "Mill\n", "a.txt": "2\n"},
    ["a.txt", "shop list.csv"],
    "hidden",
)
conflict_elsewhere({"model.toml": None}, {"model.toml": "depth = 6\n", "new.txt": "x\n"}, ["model.toml"], "hidden")
### END HIDDEN TESTS

# %% [markdown] hint="land"
# Try the merge inside `try`. Where it works, you are nearly done. In `except GitError`, ask git which files are in
# conflict: one of the examples does. There are two cases: that is exactly `["features.txt"]`, or not.

# %% [markdown] hint="land"
# `git merge --abort` undoes a merge under way. For `features.txt`, you need not even parse the conflict: `git show
# main:features.txt` and `git show oven:features.txt` print both versions. Names stand one on a line: `splitlines`,
# not `split`. Deleting the branch and the return value are the same for all merges, so they stand after the `try`.

# %% [markdown] hint="land"
# ```python
# try:
#     repo.git("merge", "--no-ff", "-m", f"Merge {branch}", branch)
# except GitError:
#     files = repo.git("diff", "--name-only", "--diff-filter=U").splitlines()
#     if files != ["features.txt"]:
#         ...                                            # call it off
#         raise MergeConflict(sorted(files))
#     lines = {*repo.git("show", "main:features.txt").splitlines(), ...}
#     repo.write("features.txt", ...)
#     repo.git("add", "features.txt")
#     repo.git("commit", "-m", f"Merge {branch}")
# ```

# %% [markdown]
# Not graded: a morning in the team's repository. Which of the three branches cannot land, and why?

# %%
morning = [
    {"branch": "main", "message": "Start", "files": {"features.txt": "rain\n", "model.toml": "depth = 3\n"}},
    {"branch": "oven", "start": "main", "message": "Add oven size", "files": {"features.txt": "rain\noven size\n"}},
    {"branch": "deep", "start": "main", "message": "Deeper trees", "files": {"model.toml": "depth = 6\n"}},
    {"branch": "flat", "start": "main", "message": "Flat trees", "files": {"model.toml": "depth = 2\n"}},
    {"branch": "main", "message": "Add strikes", "files": {"features.txt": "rain\nbus strike\n"}},
]

with example(), repository(morning) as repo:
    for branch in ("oven", "deep", "flat"):
        try:
            print(f"{branch}: landed as {land(repo, branch)[:7]}")
        except MergeConflict as conflict:
            print(f"{branch}: {conflict}")
    draw_graph(repo, "A morning's work")

# %% [markdown]
# `flat` waits for a person: whether trees should be deep or flat is not for a program to decide.
#
# ## 2 · A package: install it, do not copy it
#
# You know `import numpy`. Your own code becomes importable in the same way, everywhere, once it is a **package**: a
# folder of modules, plus one file, `pyproject.toml`, that says what it is. `import loaf` runs the file `__init__.py`
# in the folder `loaf`, which makes the folder a package. From all that, a **build backend** makes a **wheel**: a zip
# archive with the modules and their description, which `pip` unpacks into place. A backend is itself a Python
# package; we use `setuptools`.
#
# Here is the smallest project that is worth copying. The modules lie below `src/`. That is on purpose: the folder of
# the project is often on Python's search path, `src` is not, so your tests see what is *installed*, and not what
# happens to lie around. Watch the true commands, the ones that you would type in a terminal:

# %%
LOAF = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "loaf"
version = "0.1.0"
description = "Weighs dough"
requires-python = ">=3.11"
dependencies = ["packaging>=24"]
""",
    "src/loaf/__init__.py": '"""Weighs dough."""\n\n\ndef dough(loaves):\n    return round(1.15 * loaves, 2)\n',
}

with example(), temporary_folder() as folder:
    workshop.write_files(folder, LOAF)
    workshop.run("python", "-m", "build", "--wheel", "--no-isolation", folder=folder, last=1)
    workshop.run(
        "python", "-m", "pip", "install", "--no-index", "--no-deps", "--target", "place",
        "dist/loaf-0.1.0-py3-none-any.whl",
        folder=folder, last=1,
    )  # fmt: skip
    workshop.run("python", "-c", "import loaf; print(loaf.dough(40))", folder=folder / "place")

# %% [markdown]
# On your own computer, `python -m pip install build` comes first. You would leave out `--no-isolation` (it keeps
# `build` from downloading a fresh setuptools), and `--no-index --no-deps --target place` (they keep pip off the
# network, and out of your Python). The file is written in **TOML**: a name in brackets begins a table, and below it
# stand `key = value` lines, with text in quotation marks.
#
# What is in that wheel? `workshop.build_wheel` builds in the same way, only quicker and without printing.

# %%
with example():
    wheel = workshop.build_wheel(LOAF)
    print(wheel.filename)
    print(*wheel.names, sep="\n")
    print("\nMETADATA:\n" + wheel.text("METADATA"))
    print(wheel.use("import loaf; result = loaf.dough(2)"), "from the unpacked wheel")

# %% [markdown]
# The name of the file says: package, version, *any* Python 3, no compiled parts, any system. `METADATA` is what pip
# reads: which Python, and which other packages (`Requires-Dist`) it has to install first.
#
# A few more things that a real project needs, and the tables where they go:
#
# | you want | in `pyproject.toml` |
# |---|---|
# | the README as the description | `readme = "README.md"` in `[project]` |
# | packages that only some need | `[project.optional-dependencies]`, with `docs = ["sphinx>=8"]` |
# | a command for the terminal | `[project.scripts]`, with `loaf = "loaf.app:run"` (module, colon, function) |
# | files that are not Python | `[tool.setuptools.package-data]`, with `"loaf.sub" = ["*.txt"]` (package, patterns) |
# | the version from the code | `dynamic = ["version"]` in `[project]` in place of `version`, and the table below |
#
# ```toml
# [tool.setuptools.dynamic]
# version = {attr = "loaf.__version__"}
# ```
#
# `pip install loaf[docs]` installs the optional ones. With the last line, the version stands in **one place**. Two
# places drift apart: sooner or later somebody changes one of them.
#
# Modules and packages below `src/` are found by themselves, and a package within a package too, if it has an
# `__init__.py`. Data files are **not**, and nothing warns you: everything works in your folder, and fails where the
# wheel is installed.
#
# Versions of what you depend on: a *package* names the oldest that works (`>=`), because it shares its place with
# others. An *application*, such as a service, pins the exact ones (`==`) in a file of its own.

# %% given="sources"
SOURCES = {
    "README.md": "# breadscore\n\nMeasures how good the forecasts of eighty bakeries are.\n",
    "src/breadscore/__init__.py": '''\
"""Scores for forecasts of sales."""

from breadscore.scores import wape, worst_shops

__version__ = "1.0.0"
__all__ = ["wape", "worst_shops"]
''',
    "src/breadscore/scores.py": '''\
"""The scores themselves."""

import numpy as np


def wape(sold, forecast):
    """The sum of all errors, as a share of all that was sold."""
    if len(sold) != len(forecast):
        raise ValueError(f"{len(sold)} days were sold, {len(forecast)} were forecast")
    if sum(sold) == 0:
        raise ValueError("nothing was sold")
    return float(np.abs(np.subtract(sold, forecast)).sum() / np.sum(sold))


def worst_shops(errors, k):
    """The k shops with the largest error, worst first."""
    if k < 0:
        raise ValueError(f"k is {k}")
    return sorted(errors, key=lambda shop: (-errors[shop], shop))[:k]
''',
    "src/breadscore/calendar/__init__.py": '''\
"""On which days the bakeries are closed."""

from importlib.resources import files


def closed_days():
    return files("breadscore.calendar").joinpath("closed.csv").read_text(encoding="utf-8").split()
''',
    "src/breadscore/calendar/closed.csv": "2030-01-01\n2030-12-25\n2030-12-26\n",
    "src/breadscore/terminal.py": '''\
"""The command `breadscore`."""

import sys

from breadscore import __version__, wape


def main(arguments=None):
    """Print the score of numbers given as SOLD:FORECAST, or the version."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:
        print(__version__)
        return
    pairs = [[float(number) for number in argument.split(":")] for argument in arguments]
    print(f"wape {wape(*zip(*pairs)):.3f}")
''',
    "tests/test_scores.py": '''\
from breadscore import wape


def test_no_error():
    assert wape([3, 4], [3, 4]) == 0
''',
}


def project_wheel(pyproject, changes=None):
    """The wheel of SOURCES with this pyproject.toml, with some files changed."""
    try:
        table = tomllib.loads(pyproject)
    except tomllib.TOMLDecodeError as error:
        raise AssertionError(f"PYPROJECT is not valid TOML: {error}") from None
    system = table.get("build-system", {})
    names = [Requirement(text).name for text in system.get("requires", [])]
    assert system.get("build-backend") == "setuptools.build_meta" and "setuptools" in names, (
        f"the table [build-system] is {system}, expected the build-backend 'setuptools.build_meta', and setuptools "
        "among what it requires"
    )
    try:
        return workshop.build_wheel(SOURCES | {"pyproject.toml": pyproject} | (changes or {}))
    except BuildError as error:
        raise AssertionError(f"the wheel could not be built; the build ended with\n{error}") from None

# %% [markdown]
# ### Exercise 2 · The project file
#
# `SOURCES`, in the cell above, is the project of the bakeries: paths and texts. You need not understand its code
# (`__all__` names what the package offers; `files(...)` finds a data file in it). One file is missing. Write the text
# of its `pyproject.toml`, as a Python string in the variable `PYPROJECT` (three quotation marks begin and end a text
# of several lines). A wheel is built of `SOURCES` together with it, by setuptools, and must be as follows.
#
# - The package is called `breadscore`, and has the README as its long description, and a `description` of your own.
# - Its version is that of `__version__` in `src/breadscore/__init__.py`. When somebody changes it there, and nowhere
#   else, the next wheel has the new version. (The version must not stand in `PYPROJECT`.)
# - The wheel holds the modules of `breadscore`, with the sub-package `calendar` and its data file, and no tests.
#   `closed_days()` works where the wheel is unpacked. A further `.csv` file beside that one would be in the wheel,
#   too.
# - It asks for Python 3.11 or newer, and for `numpy`, version 2.0 or **any** newer one.
#   `pip install breadscore[test]` would also install `pytest`, version 8 or any newer one; without `[test]`, `numpy`
#   is all that is installed.
# - There is a command `breadscore` for the terminal, which calls `main` in `src/breadscore/terminal.py`.
# - The table `[build-system]` names the backend `setuptools.build_meta`, and requires `setuptools` (from which
#   version on is up to you).

# %% exercise="package" difficulty=2 minutes=30 skills="build-packages"
# Set PYPROJECT to the text of pyproject.toml: PYPROJECT = """ ... """
### BEGIN SOLUTION
PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "breadscore"
dynamic = ["version"]
description = "Scores for forecasts of sales"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["numpy>=2.0"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.scripts]
breadscore = "breadscore.terminal:main"

[tool.setuptools.dynamic]
version = {attr = "breadscore.__version__"}

[tool.setuptools.package-data]
"breadscore.calendar" = ["*.csv"]
"""
### END SOLUTION


# %% check="package-builds" points=2 hidden="another data file beside the first one"
def check_package_builds():
    wheel = project_wheel(PYPROJECT)
    assert wheel.filename.startswith("breadscore-"), f"the wheel is {wheel.filename}, expected one of breadscore"
    got = [name for name in wheel.names if ".dist-info/" not in name]
    expected = sorted(name.removeprefix("src/") for name in SOURCES if name.startswith("src/"))
    assert got == expected, (
        f"the wheel holds {got}, expected {expected}: missing {sorted({*expected} - {*got})}, too many "
        f"{sorted({*got} - {*expected})}"
    )


check_package_builds()

### BEGIN HIDDEN TESTS
wheel = project_wheel(PYPROJECT, {"src/breadscore/calendar/half_days.csv": "2030-12-24\n"})
assert "breadscore/calendar/half_days.csv" in wheel.names
### END HIDDEN TESTS


# %% check="package-works" points=1
def check_package_works():
    code = (
        "import contextlib, importlib.metadata, io\n"
        "from breadscore import wape\n"
        "from breadscore.calendar import closed_days\n"
        "commands = [one for one in importlib.metadata.distribution('breadscore').entry_points\n"
        "            if one.group == 'console_scripts' and one.name == 'breadscore']\n"
        "printed = io.StringIO()\n"
        "with contextlib.redirect_stdout(printed):\n"
        "    for command in commands: command.load()(['10:13', '30:28'])\n"
        "result = [closed_days()[-1], wape([2, 2], [1, 3]), len(commands), printed.getvalue()]\n"
    )
    wheel = project_wheel(PYPROJECT)
    got, expected = outcome_of(wheel.use, code), ["2030-12-26", 0.5, 1, "wape 0.125\n"]
    assert got == expected, (
        f"with the unpacked wheel, closed_days()[-1], wape([2, 2], [1, 3]), the number of commands called breadscore "
        f"and what `breadscore 10:13 30:28` prints gave {str(got)}, expected {expected}"
    )


check_package_works()


# %% check="package-version" points=2 hidden="other versions"
def check_package_version(versions):
    """The wheel's version has to follow that in the code."""
    for version in versions:
        name = "src/breadscore/__init__.py"
        wheel = project_wheel(PYPROJECT, {name: SOURCES[name].replace("1.0.0", version)})
        got = wheel.metadata["Version"]
        assert got == version, (
            f"with __version__ = {version!r} in src/breadscore/__init__.py, the wheel has the version {got}. The "
            "version must come from there."
        )


check_package_version(["1.0.0", "1.2.3"])
### BEGIN HIDDEN TESTS
check_package_version(["2.10.0"])
### END HIDDEN TESTS


# %% check="package-metadata" points=2
def check_package_metadata():
    metadata = project_wheel(PYPROJECT).metadata
    python = SpecifierSet(metadata["Requires-Python"] or "")
    allowed = [version for version in ("3.9", "3.10.14", "3.11.0", "3.12.4", "3.13.1", "3.14.0") if version in python]
    assert allowed == ["3.11.0", "3.12.4", "3.13.1", "3.14.0"], (
        f"Requires-Python is {metadata['Requires-Python']!r}, which allows {allowed} of 3.9, 3.10.14, 3.11.0, 3.12.4, "
        "3.13.1 and 3.14.0, expected Python 3.11 or newer"
    )
    needed = [Requirement(text) for text in metadata.get_all("Requires-Dist") or []]
    for extra, expected in [("", ["numpy"]), ("test", ["numpy", "pytest"])]:
        chosen = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": extra})]
        got = sorted(one.name for one in chosen)
        what = "breadscore[test]" if extra else "breadscore"
        assert got == expected, f"pip install {what} would also install {got}, expected {expected}"
    for name, versions, expected in [
        ("numpy", ["1.26.4", "2.0.0", "2.4.1", "5.0"], ["2.0.0", "2.4.1", "5.0"]),
        ("pytest", ["7.4.4", "8.0.0", "9.1.0", "12.0"], ["8.0.0", "9.1.0", "12.0"]),
    ]:
        allowed = next(one.specifier for one in needed if one.name == name)
        got = [version for version in versions if version in allowed]
        assert got == expected, f"of {name} {versions}, {str(allowed)!r} allows {got}, expected {expected}"
    long, short = metadata.get_payload() or "", metadata["Summary"]
    assert "Measures how good the forecasts" in long and short, (
        f"the long description is {long!r} and the short one {short!r}, expected the README and one of your own"
    )


check_package_metadata()

# %% [markdown] hint="package"
# Begin with the file of `loaf`, change the name, and build. Then take the lines of the table above one by one.

# %% [markdown] hint="package"
# The keys `name`, `dynamic`, `description`, `readme`, `requires-python` and `dependencies` belong below `[project]`;
# all tables whose name begins with `[project.` or `[tool.` come after them. The module of the command is
# `breadscore.terminal`, its function is `main`.

# %% [markdown] hint="package"
# ```toml
# [project]
# name = "breadscore"
# dynamic = ["version"]
# dependencies = ["numpy>=2.0"]
# ...
#
# [project.optional-dependencies]
# test = ["pytest>=8"]
#
# [tool.setuptools.dynamic]
# version = {attr = "breadscore.__version__"}
#
# [tool.setuptools.package-data]
# "breadscore.calendar" = [...]          # a pattern for all of its csv files
# ```
# The build system and the script stand nearly word for word in the text.

# %% [markdown]
# This is a good place for a pause.
#
# ## 3 · Tests that catch mistakes
#
# A **test** is a function that calls your code and fails if the result is wrong. `pytest` is the tool that finds
# tests (in files called `test_….py`, functions called `test_…`), runs each one, and reports. A test fails if it
# raises an exception; `assert` raises one if what follows is false. The next cell writes a module and its tests into
# a folder, and runs pytest there as you would in a terminal. Each dot in its answer is a test that passed.

# %%
PRICES = '''\
def price(loaves):
    """The price of so many loaves, in euros: 3 each, and each one from the eleventh on 2.70."""
    return 3 * min(loaves, 10) + 2.7 * max(loaves - 10, 0)
'''

TESTS = '''\
import pytest
from prices import price


def test_a_few_loaves():
    assert price(2) == 6


@pytest.mark.parametrize("loaves, euros", [(0, 0), (10, 30), (11, 32.7), (13, 38.1)])
def test_discount_begins_at_eleven(loaves, euros):
    assert price(loaves) == pytest.approx(euros)


def test_loaves_are_needed():
    with pytest.raises(TypeError):
        price(None)
'''

with example(), temporary_folder() as folder:
    workshop.write_files(folder, {"prices.py": PRICES, "test_prices.py": TESTS})
    workshop.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_prices.py", folder=folder)
    print("2.7 * 3 is", 2.7 * 3)

# %% [markdown]
# Three tools to take from this:
#
# - `parametrize` runs one test with several inputs, and each counts as a test of its own.
# - `pytest.approx(x)` is equal to every number within a millionth of x (relative). Use it for all floats: the last
#   line shows why `==` is not good enough. Another correct program may add in another order, and differ in the last
#   digit.
# - `with pytest.raises(TypeError):` fails if the block does *not* raise a `TypeError` (or a subclass of it).
#
# **How good are these tests?** All of them pass, but that is no measure: a file with `assert True` passes as well.
# Put a mistake into the code on purpose, and look whether a test notices. Code with such a mistake is called a
# **mutant**; a test that fails on it **kills** it. A mutant that survives shows what nobody has tested.

# %%
price_mutants = {
    "correct": PRICES,
    "discount from 10 on": PRICES.replace("10", "9"),
    "no discount": PRICES.replace("2.7 *", "3 *"),
    "discount for all": PRICES.replace("3 * min", "2.7 * min"),
    "rounded to euros": PRICES.replace("return ", "return round(").rstrip() + ")\n",
    "free below two": PRICES.replace("return ", "return (loaves > 1) * (").rstrip() + ")\n",
}


def kill_table(runs, title, cases=True):
    """Draw which test passes and which fails on which implementation; all cases of one test together, if wanted."""

    def columns(names):
        return {name if cases else name.partition("[")[0] for name in names}

    tests = sorted({test for one in runs.values() for test in columns([*one.passed, *one.failed])})
    _, axes = plt.subplots(figsize=(4.5 + 0.36 * len(tests), 1.6 + 0.34 * len(runs)))
    for row, (name, one) in enumerate(runs.items()):
        for column, test in enumerate(tests):
            killed = test in columns(one.failed)
            axes.scatter(column, row, marker="X" if killed else "o", s=90, color=ORANGE if killed else "#bcd3e6")
    axes.set_yticks(range(len(runs)), [name if one.failed else f"{name} (all pass)" for name, one in runs.items()])
    labels = [test.removeprefix("test_") for test in tests]
    axes.set_xticks(range(len(tests)), labels, rotation=40, ha="right", fontsize=8)
    axes.set(title=title, xlim=(-0.6, len(tests) - 0.4), ylim=(len(runs) - 0.4, -0.6))
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    plt.tight_layout()
    plt.show()


with example():
    tests = TESTS.replace("from prices", "from breadscore")  # the workshop gives all modules this name
    kill_table(workshop.run_tests(tests, price_mutants), "A cross: this test fails")

# %% [markdown]
# Each row is one version of the code, each column a test; `[10-30]` is the case of 10 loaves and 30 euros. The
# correct one must have no cross. One mutant has no cross either: `free below two` gives one loaf away, and no test
# asks for the price of one.
#
# See where the crosses are: the cases of 11 and 13 kill the same mutants, so one number just above the border does.
# Mistakes live at **borders**: nothing, one, the last, one too many, equal ones. To write tests, take the description
# sentence by sentence, and ask of each: *which mistake would break just this sentence?*
#
# Two things make a test bad. It may **miss** mistakes. And it may fail on **correct** code, because it demands
# something that nobody promised: the last digit of a float, the exact wording of an error, a helper with a certain
# name. Here is another correct way to compute the price, which adds loaf by loaf, and what happens without `approx`:

# %%
LOAF_BY_LOAF = """\
def price(loaves):
    return sum(3 if loaf <= 10 else 2.7 for loaf in range(1, loaves + 1))
"""

with example():
    for text in (tests, tests.replace("pytest.approx(euros)", "euros")):
        print("failed:", workshop.run_tests(text, {"loaf by loaf": LOAF_BY_LOAF})["loaf by loaf"].failed)

# %% [markdown]
# A test that fails on correct code gets switched off, and the good ones with it.
#
# ### Exercise 3 · Tests that kill
#
# Write `test_breadscore.py`: tests for the two functions of the package, from this description. (You have met one
# version of the code in section 2. Others are correct too: test what stands here, not what that code happens to do.)
#
# `wape(sold, forecast)` takes two lists of numbers, one number per day, 0 or more each.
#
# - It returns the sum of the absolute errors |sold − forecast| over all days, divided by the sum of `sold`, as a
#   number that is not rounded (the millionth of `approx` is a good measure). Days on which nothing was sold count
#   like all others.
# - If one list is longer than the other, it raises a `ValueError`. So it does if nothing was sold at all, be it that
#   all of `sold` is 0, be it that both lists are empty.
# - It changes neither list.
#
# `worst_shops(errors, k)` takes a dictionary from the name of a shop to its error (0 or more), and a whole number.
#
# - It returns a list with the names of the k shops with the largest errors, the largest first; shops with equal
#   errors come in alphabetical order (names begin with a capital, the rest is small). A shop with error 0 is a shop
#   like all others. With k = 0, the list is empty.
# - If there are fewer than k shops, it returns all of them. If k is below 0, it raises a `ValueError`.
# - It does not change the dictionary.
#
# Here are three correct versions, on the same lists:

# %%
for name, text in suspects.CORRECT.items():
    code = {}
    exec(text, code)  # runs the text of a module; what it defines lands in the dictionary
    print(f"{name}:", code["wape"]([15, 20, 15], [11, 32, 29]))

# %% [markdown]
# How it is graded: your file is run by pytest against these three, which all of your tests have to pass, none
# skipped; a file without that earns nothing. Then it is run against mutants, and you are told which survive. The
# first check wants six coarse mistakes killed, and the second all of eight finer ones. The third adds, only at
# grading, eleven more that you do not see. Each breaks one sentence above. Test files need not be long: the solution
# has fewer than sixty lines. The data at the top may be used or not.
#
# `%%writefile NAME` must stay the very first line of the cell. Running the cell then writes the other lines into that
# file, and does not run them; after each edit, run the cell again, then the checks. Delete the line that raises
# `NotImplementedError`: as long as it is there, the checks say that nothing is written yet.

# %% exercise="write-tests" difficulty=3 minutes=45 skills="write-tests"
# %%writefile test_breadscore.py
import sys

import pytest

from breadscore import wape, worst_shops

SOLD, FORECAST = [10, 41, 0], [13, 31, 2]
ERRORS = {"Quay": 0.0, "Mill": 0.25, "Dock": 0.5, "Arch": 0.25}
MANY = sys.maxsize  # more than there are shops anywhere; any number above 4 would do as well

### BEGIN SOLUTION


def test_wape_is_the_sum_of_errors_over_the_sum_sold():
    assert wape(SOLD, FORECAST) == pytest.approx(15 / 51)


TWICE = [*FORECAST, *FORECAST]


@pytest.mark.parametrize("sold, forecast", [(SOLD, TWICE), (TWICE, SOLD), ([0 for _ in SOLD], FORECAST), ([], [])])
def test_wape_refuses(sold, forecast):
    with pytest.raises(ValueError):
        wape(sold, forecast)


def test_wape_changes_no_list():
    lists = list(SOLD), list(FORECAST)
    wape(*lists)
    assert lists == (SOLD, FORECAST)


@pytest.mark.parametrize(
    "k, expected",
    [(0, []), (1, ["Dock"]), (2, ["Dock", "Arch"]), (MANY, ["Dock", "Arch", "Mill", "Quay"])],
)
def test_worst_shops(k, expected):
    assert worst_shops(dict(ERRORS), k) == expected


def test_worst_shops_refuses_a_negative_number():
    with pytest.raises(ValueError):
        worst_shops(dict(ERRORS), -1)


def test_worst_shops_changes_nothing():
    errors = dict(ERRORS)
    worst_shops(errors, len(errors))
    assert errors == ERRORS


### END SOLUTION

# %% check="write-tests-coarse" points=2
left = survivors_of(suspects.COARSE)
assert not left, f"{len(left)} of {len(suspects.COARSE)} coarse mutants survive all your tests: {'; '.join(left)}"

# %% check="write-tests-fine" points=3
left = survivors_of(suspects.FINE)
assert not left, f"{len(left)} of {len(suspects.FINE)} finer mutants survive all your tests: {'; '.join(left)}"

# %% check="write-tests-hidden" points=3 hidden="eleven mutants: mind the borders, and what must stay as it is"
left = survivors_of({})  # your tests have to pass on the correct versions, here as well
### BEGIN HIDDEN TESTS
unseen = {
    "rounded": mutant((RESULT, f"round({RESULT}, 2)")),
    "days without sales are left out": mutant((RESULT, RESULT.replace("forecast))", "forecast) if s)"))),
    "a longer forecast": mutant(("len(sold) != len(forecast)", "len(sold) > len(forecast)")),
    "a longer list of sales": mutant(("len(sold) != len(forecast)", "len(sold) < len(forecast)")),
    "empty lists": mutant(("    if sum(sold) == 0:", "    if not sold:\n        return 0.0\n    if sum(sold) == 0:")),
    "forecast changed": mutant(
        ("    return sum", "    forecast[:] = [s + f for s, f in zip(sold, forecast)]\n    return sum"),
        ("abs(s - f) for", "abs(2 * s - f) for"),
    ),
    "sales changed": mutant(
        (f"    return {RESULT}", "    total = sum(sold)\n    sold[:] = [s - f for s, f in zip(sold, forecast)]\n"
                                 "    return sum(map(abs, sold)) / total")
    ),
    "dictionary changed": mutant(("    return sorted(errors", "    found = sorted(errors"),
                                 ("[:k]", "[:k]\n    for shop in found:\n        del errors[shop]\n    return found")),
    "-1 let through": mutant(("if k < 0:", "if k < -1:")),
    "none of none refused": mutant(("if k < 0:", "if k <= 0:")),
    "error 0 left out": mutant(("sorted(errors, ", "sorted((shop for shop in errors if errors[shop]), ")),
}
left = survivors_of(unseen)
assert not left
### END HIDDEN TESTS

# %% [markdown] hint="write-tests"
# One test per sentence is a good start. For `wape`, choose numbers for which every wrong formula gives another
# result: errors in both directions, days with different sales, a day without sales, a result that is not round. The
# data at the top are chosen that way.

# %% [markdown] hint="write-tests"
# For `worst_shops`, the tests with k = 0, 1, 2 and a very large k all have the same form: use `parametrize`. Equal
# errors matter when there is only room for one of them. To see whether an argument was changed, pass a copy
# (`list(SOLD)`, `dict(ERRORS)`) and compare it afterwards.

# %% [markdown] hint="write-tests"
# ```python
# def test_wape():
#     assert wape(SOLD, FORECAST) == pytest.approx(15 / 51)      # 3 + 10 + 2 of 10 + 41 + 0
#
#
# @pytest.mark.parametrize("sold, forecast", [([1, 2], [1]), ..., ([0, 0], [1, 2]), ([], [])])
# def test_wape_refuses(sold, forecast):
#     with pytest.raises(ValueError):
#         wape(sold, forecast)
#
#
# @pytest.mark.parametrize("k, expected", [(0, []), (1, ["Dock"]), (2, ["Dock", "Arch"]), ...])
# def test_worst_shops(k, expected):
#     assert worst_shops(ERRORS, k) == expected
# ```
# Then: `k = -1`, and two tests that nothing was changed.

# %% [markdown]
# Not graded: your own table, with all cases of a parametrized test in one column. A column without a cross is a test
# that none of these mutants needs.

# %%
with example():
    tests = Path("test_breadscore.py").read_text(encoding="utf-8")
    if "raise NotImplementedError" in tests:
        raise NotImplementedError("write the tests first, and delete the line that raises NotImplementedError")
    versions = {"correct": suspects.CORRECT["plain"]} | suspects.COARSE | suspects.FINE
    kill_table(workshop.run_tests(tests, versions), "Your tests", cases=False)

# %% [markdown]
# Tools make such mutants by the hundred (`mutmut` and `cosmic-ray` are two), and the checks of this course are tested
# in the same way.
#
# ## 4 · A reader that never gets tired
#
# A **linter** reads code without running it, and reports lines that are suspicious. It knows a few hundred patterns
# that have cost somebody a night. `ruff` is a fast one. In a terminal, you would write `ruff check`; which rules it
# applies stands in `pyproject.toml`, so that it is the same for the whole team:
#
# ```toml
# [tool.ruff.lint]
# select = ["E4", "E7", "E9", "F", "B"]    # imports, statements, syntax; names; likely bugs
# ```

# %%
with example(), temporary_folder() as folder:
    text = "import json\n\n\ndef mean(numbers):\n    total = sum(numbers)\n    return sum(nubmers) / len(numbers)\n"
    workshop.write_files(folder, {"mean.py": text})
    for finding in workshop.lint(folder / "mean.py"):
        print(finding)

# %% [markdown]
# Three findings, and two of them are one mistake: a misspelt name (F821), and therefore a variable that nobody uses
# (F841). Python itself says nothing until that line runs. If it is the line that reports an error, that may be in a
# year. The third (F401) is an import that nobody uses.
#
# Here is the nightly job of the bakeries. It has run for a month, and every test passed.

# %%
before = Path("nightly_before.py").read_text(encoding="utf-8")
print(before)
with example():
    for finding in workshop.lint("nightly_before.py"):
        print(finding)

# %% [markdown]
# Ten findings, and a good moment to guess: which of them does *what* harm? The next cell tries it. (B007, a loop
# variable that nobody uses, is the shadow of another one.)

# %%
job = workshop.load("nightly_before.py")

print("Monday: ", job.read_sales(["Dock;40", "Mill;25"]))
print("Tuesday:", job.read_sales(["Dock;30"]), " <- B006: the default value is made once, and remembers Monday")
print("a broken line:", repr(outcome_of(job.read_sales, ["Dock 30"])), " <- F821, inside the report of an error")
closed = tuple("Dock closed".split())
print("open:", job.open_shops([closed, ("Mill", "open")]), " <- F632: equal texts, but not the same object")
print("plans:", job.pair_up(["Dock", "Mill"], [40]), " <- B905: Mill is lost without a word")
alarms = job.make_alarms({"Dock": 50, "Mill": 10})
print("Dock sold 30, below its limit of 50:", alarms["Dock"](30), " <- B023: all alarms use the limit of the last shop")
print("sold 30 of 40:", job.shortfall(40, 30), " <- F841: the share is computed, and then forgotten")

# %% [markdown]
# The alarms (B023): `lambda pieces: pieces < limit` is a small function without a name. It looks `limit` up when it
# is *called*, and by then the loop has arrived at the last shop.
#
# Three findings are not shown. `except:` without a name (E722) also catches Ctrl+C and `SystemExit`, so the job
# cannot be stopped. `raise` inside `except` without `from` (B904) leaves a report in which the true cause looks like
# a second accident: write `raise ... from error` to name the cause, or `from None` to hide it. And the import (F401)
# is the one that does no harm: it only makes readers look for its use.
#
# ### Exercise 4 · Mend the nightly job
#
# Write `nightly.py`: the nightly job, mended. Copy the text of `nightly_before.py` from above (or open the file), and
# put it below the line `%%writefile nightly.py`.
#
# - `workshop.lint("nightly.py")` returns an empty list. It ignores all comments that silence a rule (`# noqa` and the
#   like): a smoke detector is not mended by taking the battery out.
# - The five functions keep their names and do what their docstrings say; the checks call `read_sales(lines)` with one
#   argument, the others with those they have. Where the old code does something else, the docstring is right; the
#   findings show you where. No function changes its arguments.
# - A line is "of another form" if it has not exactly one semicolon, or if `int` refuses what stands behind it. (`int`
#   takes `-3`, for pieces that came back, and these are added up like all others.)

# %% given="nightly"
def nightly():
    """The module nightly.py, after a look whether there is one."""
    try:
        text = Path("nightly.py").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssertionError("there is no file nightly.py: run the cell above, which writes it") from None
    if "raise NotImplementedError" in text:
        raise NotImplementedError("mend the file first, and delete the line that raises NotImplementedError")
    job = outcome_of(workshop.load, "nightly.py")
    assert not isinstance(job, Exception), f"nightly.py could not be imported: {job!r}"
    names = ("read_sales", "open_shops", "pair_up", "make_alarms", "shortfall")
    missing = [name for name in names if not callable(getattr(job, name, None))]
    assert not missing, f"nightly.py has no function {', '.join(missing)}"
    return job


# %% exercise="lint" difficulty=2 minutes=25 skills="lint-code"
# %%writefile nightly.py
### BEGIN SOLUTION
"""The nightly job of the bakeries: reads what was sold, and says which shops fell behind their plan."""


def read_sales(lines):
    """Add up what each shop sold.

    Each line is SHOP;PIECES. Returns a new dictionary from shop to pieces, of these lines and no others. A line of
    another form raises a ValueError whose text holds the number of the line, counted from 1. Whoever stops the job
    with Ctrl+C gets a KeyboardInterrupt.
    """
    totals = {}
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except ValueError as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return totals


def open_shops(states):
    """The shops that are not "closed", in the given order, of pairs (shop, state)."""
    return [shop for shop, state in states if state != "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan; a ValueError if there are not as many plans as shops."""
    return dict(zip(shops, plans, strict=True))


def make_alarms(limits):
    """For each shop in `limits`, a function that says whether a number of pieces is below the limit of that shop."""

    def below(limit):
        return lambda pieces: pieces < limit

    return {shop: below(limit) for shop, limit in limits.items()}


def shortfall(planned, sold):
    """The share of the planned pieces (more than 0) that was not sold; 0 if all of them were sold, or more."""
    return max([planned - sold, 0]) / planned


### END SOLUTION

# %% check="lint-clean" points=2
def check_lint_clean():
    job = nightly()
    found = workshop.lint("nightly.py")
    assert not found, f"ruff has {len(found)} finding(s) in nightly.py: {'; '.join(map(str, found[:3]))}"
    got = outcome_of(lambda: [job.read_sales(["A;1"]), job.open_shops([("A", "open")]), job.pair_up(["A"], [1]),
                              list(job.make_alarms({"A": 1})), job.shortfall(4, 4)])
    expected = [{"A": 1}, ["A"], {"A": 1}, ["A"], 0]
    assert got == expected, f"one simple call of each of the five functions gave {got!r}, expected {expected}"


check_lint_clean()


# %% check="lint-sales" points=3 hidden="a job that is stopped, several broken lines, many days"
def check_lint_sales():
    job = nightly()
    days = (["Dock;40", "Mill;25", "Dock;2"], {"Dock": 42, "Mill": 25}), (["Dock;30"], {"Dock": 30}), ([], {})
    for lines, expected in days:
        got = outcome_of(job.read_sales, lines)
        assert got == expected, f"read_sales({lines}) gave {got!r}, expected {expected}, whatever was read before"
    for lines, number in [(["Dock;40", "Mill 25"], 2), (["Dock;many"], 1)]:
        got = outcome_of(job.read_sales, lines)
        assert isinstance(got, ValueError) and str(number) in str(got).replace("25", ""), (
            f"read_sales({lines}) gave {got!r}, expected a ValueError with the number {number} of the broken line"
        )


check_lint_sales()


### BEGIN HIDDEN TESTS
def check_lint_sales_more():
    class Stopped(str):
        def __eq__(self, other):
            raise KeyboardInterrupt

        split = strip = partition = rpartition = rsplit = count = __contains__ = __iter__ = __eq__
        __hash__ = str.__hash__

        def split(self, *args, **kwargs):
            raise KeyboardInterrupt

        strip = partition = rpartition = rsplit = count = __contains__ = __iter__ = split

    job = nightly()
    try:
        stopped = job.read_sales(["Dock;1", Stopped("Dock;2")])
    except KeyboardInterrupt:
        stopped = True
    except Exception:
        stopped = False
    assert stopped is True
    for broken in ("", "Dock", "Dock;1;2", "Dock;1.5", ";"):
        got = outcome_of(job.read_sales, ["Dock;1"] * 6 + [broken])
        assert isinstance(got, ValueError) and "7" in str(got)
    first = job.read_sales(["Dock;1"])
    job.read_sales(["Dock;5"])
    assert first == {"Dock": 1}
    assert job.read_sales(iter(["Dock;-3", "Quay;0", "Dock;10"])) == {"Dock": 7, "Quay": 0}


check_lint_sales_more()
### END HIDDEN TESTS


# %% check="lint-others" points=3 hidden="longer and shorter lists, many alarms, shares of a plan"
def check_lint_others():
    job = nightly()
    closed = "".join(["clo", "sed"])  # equal to "closed", but another object
    got = outcome_of(job.open_shops, [("Quay", "open"), ("Dock", closed), ("Arch", "late")])
    assert got == ["Quay", "Arch"], (
        f"open_shops of Quay (open), Dock (closed) and Arch (late) gave {got!r}, expected ['Quay', 'Arch']"
    )
    got = outcome_of(job.pair_up, ["Dock", "Mill"], [40])
    assert isinstance(got, ValueError), f"pair_up(['Dock', 'Mill'], [40]) gave {got!r}, expected a ValueError"
    alarms = job.make_alarms({"Dock": 50, "Mill": 10})
    got = outcome_of(lambda: [alarms["Dock"](30), alarms["Dock"](50), alarms["Mill"](30), alarms["Mill"](9)])
    assert got == [True, False, False, True], (
        f"limits Dock 50, Mill 10: the alarms for Dock at 30 and 50 and Mill at 30 and 9 gave {got!r}, expected "
        "[True, False, False, True]"
    )
    got = outcome_of(lambda: [job.shortfall(40, 30), job.shortfall(40, 50)])
    assert got == [0.25, 0], f"shortfall(40, 30) and shortfall(40, 50) gave {got!r}, expected [0.25, 0]"


check_lint_others()


### BEGIN HIDDEN TESTS
def check_lint_others_more():
    job = nightly()
    assert job.open_shops([]) == [] and job.open_shops([("B", "Closed"), ("A", ""), ("C", "closed")]) == ["B", "A"]
    assert isinstance(outcome_of(job.pair_up, ["Dock"], [40, 50]), ValueError) and job.pair_up([], []) == {}
    assert job.pair_up(["Dock", "Mill"], [40, 0]) == {"Dock": 40, "Mill": 0}
    limits = {number: number / 2 for number in range(6)}
    alarms = job.make_alarms(limits)
    got = [sorted(limits), sorted(alarms), *(alarms[number](1) for number in range(6))]
    assert got == [[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], False, False, False, True, True, True]
    cases = [((10, 0), 1), ((10, 9), 0.1), ((3, 2), 1 / 3), ((1, 1), 0), ((1, 900), 0), ((8, 2), 0.75)]
    assert all(abs(job.shortfall(*given) - expected) < 1e-12 for given, expected in cases)


check_lint_others_more()
### END HIDDEN TESTS

# %% [markdown] hint="lint"
# Take the findings from the top. For each, ask what the author wanted, not how to make the message go away: F841 does
# not mean that the line should be deleted.

# %% [markdown] hint="lint"
# `zip` takes `strict=True` or `strict=False`: what does the docstring want? Texts are compared with `==` and `!=`.
# Which exception do `line.split(";")` with too few parts and `int("many")` raise? Catch that one.

# %% [markdown] hint="lint"
# A function that is made in a loop looks up `limit` when it is *called*, and by then the loop is over. Give each its
# own:
# ```python
# def below(limit):
#     return lambda pieces: pieces < limit
# ```
# and `alarms[shop] = below(limit)`. In `read_sales`, make the dictionary inside the function, and write
# `except ValueError as error:` and `raise ValueError(...) from error`.

# %% [markdown]
# A linter finds suspicious *lines*. It does not know what a function is for: had `shortfall` divided by `sold`, it
# would have said nothing. Tests find that. You want both, run by a machine at each change; lesson 6-3 sets that up.
#
# ## 5 · A release: a number that means something
#
# The bakeries install version 1.4.2. You have mended something, and added something. What do you call the result, and
# how does everybody know what is in it? Most projects follow **semantic versioning**. A version has three numbers,
# MAJOR.MINOR.PATCH, and the change decides which one rises:
#
# | what changed for those who use the package | rises | 1.4.2 becomes |
# |---|---|---|
# | something that worked before has to be called otherwise (*breaking*) | MAJOR | 2.0.0 |
# | something new, and all that worked before still works | MINOR | 1.5.0 |
# | a mistake was mended | PATCH | 1.4.3 |
#
# The numbers to the right of the one that rises become 0. The largest change decides: ten mended mistakes and one new
# function make one MINOR step. Versions are numbers, not text:

# %%
print("as text:   ", max("1.9.0", "1.10.0"))
print("as numbers:", max((1, 9, 0), (1, 10, 0)))

# %% [markdown]
# To know what changed, many teams begin the first line of a commit's message with its kind: `fix: …`, `feat: …` (a
# feature), with a `!` for what breaks (`feat!: …`, `fix!: …`), and other words for what users do not notice
# (`docs: …`, `test: …`). From such messages a program can write the **changelog**, the list of changes that people
# read.
#
# A release is then a commit with the new number and the changelog, and a **tag** on it: a name that, unlike a branch,
# never moves. An *annotated* tag (`git tag -a NAME -m MESSAGE`) also keeps who made it and when. Whoever wants
# exactly what the shops run asks git for the tag.

# %%
released = [
    {"branch": "main", "message": "Begin", "files": {"scores.py": "# version one\n"}},
    {"branch": "main", "message": "Release 1.0.0", "files": {"CHANGELOG.md": "# Changelog\n\n## 1.0.0\n"}},
    {"branch": "main", "message": "fix: count days without sales", "files": {"scores.py": "# mended\n"}},
    {"branch": "main", "message": "docs: thank bakers\n\nfix: not of this kind.", "files": {"README.md": "Thanks\n"}},
]

with example(), repository(released) as repo:
    repo.show("tag", "-a", "v1.0.0", "-m", "Release 1.0.0", "HEAD~2")
    repo.show("log", "--format=%s", "v1.0.0..HEAD")  # first lines of what came after the tag, newest first
    repo.show("log", "--format=%s", "--reverse", "v1.0.0..HEAD")
    repo.show("cat-file", "-t", "v1.0.0")
    repo.show("tag", "--list")
    repo.show("tag", "--list", "v1.0.1")  # nothing: there is no such tag
    repo.show("show", "v1.0.0:scores.py")
    repo.show("branch", "--show-current")
    repo.write("scores.py", "# half done\n")
    repo.write("notes.txt", "mine\n")
    repo.show("status", "--porcelain")
    draw_graph(repo, "A tag stays, a branch moves on")

# %% [markdown]
# `A..B` means: all commits that you reach from B by going from parent to parent, and not from A, also those that came
# in by a merge. `cat-file -t` says what a name points to: a `tag` if it is an annotated one, and for any other tag a
# `commit`. (With a server, `git push --follow-tags` sends commits and tags there.)
#
# The last command is the one that saves releases. `status --porcelain` prints a line for each file that is changed
# (`M`), added (`A`), deleted (`D`) or unknown to git (`??`), and nothing at all if the folder is exactly what was
# committed. Built from a folder that is not clean, a wheel holds code that is in no commit: nobody can ever build it
# again, or say what is in it.
#
# And this is what a changelog looks like, after the release of 1.5.0. The newest section stands on top:

# %%
print("# Changelog\n\n## 1.5.0\n\n- count empty days\n- name the worst shops\n\n## 1.4.2\n\n- round once, at the end")

# %% [markdown]
# One more tool, for taking texts apart. String methods will do for the exercise: `startswith`, `split`, and
# `partition`, which cuts at the first place. A **regular expression** is shorter: a pattern, in which `(shop|oven)`
# means one of the two words, `s?` an `s` or nothing, and `.+` as many characters of one line as fit, at least one.
# `re.search` looks for it anywhere in a text, `re.fullmatch` wants all of the text to be like that; where nothing
# fits, they return `None`. `[1]` is what the first pair of parentheses held, `groups()` what all of them did.

# %%
print("ovens: 4: two are new".partition(": "))
print(re.search('street = "(.+)"', 'shop = "Dock"\nstreet = "Quay 7"\n')[1])
for text in ("ovens: 4: two are new", "shop: Mill", "workshop: closed", "shop:Mill"):
    found = re.fullmatch("(shop|oven)(s?): (.+)", text)
    print(f"{text!r}:", found.groups() if found else None)

# %% [markdown]
# ### Exercise 5 · A release that cannot go out half done
#
# Write `release(repo)`. It releases what is on `main`, and returns the new version as text, such as `"1.5.0"`.
#
# The repository has a file `src/breadscore/__init__.py` with a line `__version__ = "1.4.2"` (the word `__version__`
# stands nowhere else in it), a tag `v1.4.2` on the commit of that release, and a file `CHANGELOG.md`. (Any other
# version is possible: three whole numbers, each maybe of several digits. There may be other tags as well, older and
# newer, which mean nothing here.) The next cell holds the error that you raise, and a name for that file.

# %% given="release-error"
class ReleaseError(Exception):
    """Something stands in the way of a release; nothing was changed."""


VERSION_FILE = "src/breadscore/__init__.py"


def released_history(version, messages, source=None, changelog="", more=()):
    """A repository with a release of this version, and commits with these messages after it."""
    source = source or f'"""Scores."""\n\n__version__ = "{version}"\n'
    start = {VERSION_FILE: source, "CHANGELOG.md": f"# Changelog\n\n{changelog}"}
    return [
        {"branch": "main", "message": "feat: long before", "files": {"old.py": "1\n"}},
        {"branch": "main", "message": f"Release {version}", "files": start},
        {"tag": f"v{version}", "branch": "main"},
        *({"branch": "main", "message": text, "files": {"work.py": f"{n}\n"}} for n, text in enumerate(messages)),
        *more,
    ]


# %% [markdown]
# This is what `release` does:
#
# 1. If a file is changed, added or unknown to git, or if another branch than `main` is checked out, raise a
#    `ReleaseError`.
# 2. Look at the first lines of all commits since the tag of the version in the file (`v1.4.2`), also merged ones.
#    (`%s` prints them: where a message goes on, an empty line comes first.) What counts is one of `fix: TEXT`,
#    `feat: TEXT`, `fix!: TEXT` and `feat!: TEXT`: the word, then a colon and a space. All others do not count. If
#    none counts, there is nothing to release: raise a `ReleaseError`.
# 3. The new version: with a `!`, MAJOR rises; else, with a `feat`, MINOR; else PATCH. What stands to the right
#    becomes 0. If there is a tag of the new version already, raise a `ReleaseError`.
# 4. Write it into the line `__version__ = "…"`. Nothing else in that file changes, even if the old number stands
#    there, too.
# 5. `CHANGELOG.md` begins with the line `# Changelog` and an empty line. After these two comes the new section: `## `
#    and the version, an empty line, one line `- TEXT` for each commit that counts, **oldest first** (as
#    `git log --reverse` has them), and an empty line. The rest of the file stays as it was.
# 6. Commit these two files with the message `Release 1.5.0`, and put an annotated tag `v1.5.0` with that message on
#    it.
#
# After a `ReleaseError` the repository is as it was before: the same commits, tags and files.


# %% exercise="release" difficulty=3 minutes=60 skills="release-software version-with-git"
def release(repo):
    """Release what is on main: version, changelog, commit and tag.

    Returns:
        The new version, such as "1.5.0".

    Raises:
        ReleaseError: the folder is not clean, main is not checked out, there is nothing to release, or there is a
            tag of the new version already.
    """
    ### BEGIN SOLUTION
    if repo.git("status", "--porcelain"):
        raise ReleaseError("something is not committed")
    if repo.git("branch", "--show-current") != "main":
        raise ReleaseError("main is not checked out")
    source = repo.read(VERSION_FILE)
    old = re.search(r'^__version__ = "(.+)"', source, re.MULTILINE)[1]
    subjects = repo.git("log", "--reverse", "--format=%s", f"v{old}..HEAD").splitlines()
    found = [re.fullmatch("(fix|feat)(!?): (.+)", subject) for subject in subjects]
    counting = [match.groups() for match in found if match]
    if not counting:
        raise ReleaseError(f"nothing to release since {old}")
    kinds, breaking, notes = zip(*counting)
    major, minor, patch = map(int, old.split("."))
    if any(breaking):
        new = f"{major + 1}.0.0"
    elif "feat" in kinds:
        new = f"{major}.{minor + 1}.0"
    else:
        new = f"{major}.{minor}.{patch + 1}"
    if repo.git("tag", "--list", f"v{new}"):
        raise ReleaseError(f"there is a tag v{new} already")
    title, _, older = repo.read("CHANGELOG.md").partition("\n\n")
    section = "".join(f"- {note}\n" for note in notes)
    repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
    repo.write("CHANGELOG.md", f"{title}\n\n## {new}\n\n{section}\n{older}")
    repo.git("commit", "--all", "-m", f"Release {new}")
    repo.git("tag", "-a", f"v{new}", "-m", f"Release {new}")
    return new
    ### END SOLUTION


# %% check="release-version" points=3 hidden="long numbers, mixed kinds, changes that came by a merge, other messages"
def check_versions(cases):
    for version, messages, expected, more in cases:
        call = f"version {version}, then commits {messages}"
        with repository(released_history(version, messages, more=more)) as repo:
            got = outcome_of(release, repo)
            assert got == expected, f"{call}: release returned {got!r}, expected {expected!r}"
            text = repo.read(VERSION_FILE)
            assert text == f'"""Scores."""\n\n__version__ = "{expected}"\n', (
                f"{call}: {VERSION_FILE} is {text!r} afterwards, expected the version {expected} in it"
            )


check_versions(
    [
        ("1.4.2", ["fix: round late", "docs: tidy"], "1.4.3", ()),
        ("1.4.2", ["fix: a", "feat: coverage", "fix: b"], "1.5.0", ()),
        ("1.4.2", ["feat!: wape wants lists", "feat: x"], "2.0.0", ()),
    ]
)

### BEGIN HIDDEN TESTS
side = [
    {"branch": "side", "start": "main", "message": "feat: from the side", "files": {"side.py": "1\n"}},
    {"branch": "main", "message": "Merge side", "merge": "side", "files": {"side.py": "1\n"}},
]
others = ["fix: a", "Merge: none", "feature: none", "a feat: none", "feat none", "feat:none", "!: none"]
check_versions(
    [
        ("9.19.109", ["feat: a", "fix!: b"], "10.0.0", ()),
        ("4.19.9", ["fix: more than feat: and feat!: can tell"], "4.19.10", ()),
        ("0.9.3", ["feat: a", "fix: b"], "0.10.0", ()),
        ("3.0.1", others, "3.0.2", ()),
        ("3.0.1", ["fix: a\n\nfeat!: only in the body"], "3.0.2", side[:1]),
        ("3.0.1", ["fix: a"], "3.1.0", side),
    ]
)
### END HIDDEN TESTS


# %% check="release-changelog" points=2 hidden="the old number elsewhere, several older sections, texts with colons"
def check_changelog(version, messages, source, changelog, new_source, new_changelog):
    with repository(released_history(version, messages, source, changelog)) as repo:
        got = outcome_of(release, repo)
        call = f"version {version}, then commits {messages}: release returned {got!r}"
        text = repo.read("CHANGELOG.md")
        assert text == new_changelog, f"{call}; CHANGELOG.md is {text!r}, expected {new_changelog!r}"
        text = repo.read(VERSION_FILE)
        assert text == new_source, f"{call}; {VERSION_FILE} is {text!r}, expected {new_source!r}"


check_changelog(
    "1.4.2",
    ["fix: count empty days", "test: more borders", "feat: name the worst shops"],
    '__version__ = "1.4.2"\n',
    "## 1.4.2\n\n- older\n",
    '__version__ = "1.5.0"\n',
    "# Changelog\n\n## 1.5.0\n\n- count empty days\n- name the worst shops\n\n## 1.4.2\n\n- older\n",
)

### BEGIN HIDDEN TESTS
older = "## 1.0.0\n\n- z\n- a\n\n## 0.9.0\n\n- # Changelog\n\nText.\n"
check_changelog(
    "1.0.0",
    ["fix: b: c", "fix: a"],
    '"""Reads what 1.0.0 wrote."""\n\nOLDEST = "1.0.0"\n__version__ = "1.0.0"\nOTHER = ("1.0.0", "x")\n',
    older,
    '"""Reads what 1.0.0 wrote."""\n\nOLDEST = "1.0.0"\n__version__ = "1.0.1"\nOTHER = ("1.0.0", "x")\n',
    "# Changelog\n\n## 1.0.1\n\n- b: c\n- a\n\n" + older,
)
last = "# Changelog\n\n## 3.0.0\n\n- x\n\n"
check_changelog("2.1.0", ["feat!: x"], '__version__ = "2.1.0"\n', "", '__version__ = "3.0.0"\n', last)
### END HIDDEN TESTS


# %% check="release-tag" points=2 hidden="other tags, older and newer"
def check_release_tag(history, expected):
    with repository(history) as repo:
        before = snapshot(repo)
        got = outcome_of(release, repo)
        after = snapshot(repo)
        tag = f"v{expected}"
        assert got == expected and tag in after["refs"], (
            f"release returned {got!r}, and the tags and branches are {sorted(after['refs'])}, expected {expected!r} "
            f"and the tag {tag}"
        )
        kind = repo.git("cat-file", "-t", tag)
        assert kind == "tag", f"{tag} points straight at a {kind}, so it is not annotated"
        main, parent, subject = repo.git("log", "-1", "--format=%H\x1f%P\x1f%s", "main").split("\x1f")
        tagged = repo.git("rev-parse", f"{tag}^{{commit}}")
        message = repo.git("tag", "--format=%(subject)", "--list", tag)
        assert tagged == main, f"{tag} is not on the commit that main points to: is it made after that commit?"
        assert subject == message == f"Release {expected}", (
            f"the messages of the commit and the tag are {subject!r} and {message!r}, expected 'Release {expected}'"
        )
        assert parent == before["refs"]["main"], "main has moved by another number of commits than one"
        refs = before["refs"] | {"main": main, tag: after["refs"][tag]}
        assert after["status"] == ["## main"] and after["refs"] == refs, (
            f"afterwards `git status` says {after['status']}, and the tags and branches are {sorted(after['refs'])}; "
            f"expected ['## main'] and {sorted(refs)}, the old ones where they were"
        )


check_release_tag(released_history("1.4.2", ["feat: coverage"]), "1.5.0")

### BEGIN HIDDEN TESTS
history = released_history("1.9.0", ["fix: a", "test: b"])
history.insert(1, {"tag": "v1.10.0", "branch": "main"})
history.insert(2, {"branch": "main", "message": "feat!: before", "files": {"old.py": "2\n"}})
history.insert(6, {"tag": "nightly", "branch": "main"})
history.insert(7, {"tag": "v1.9.10", "branch": "main"})
history.append({"branch": "idea", "start": "main", "message": "feat!: an idea", "files": {"idea.py": "1\n"}})
check_release_tag(history, "1.9.1")
### END HIDDEN TESTS


# %% check="release-refuses" points=3 hidden="a staged file, a deleted one, another branch, no change that counts"
def check_refused(messages, disturb, call):
    """Release what must not be released; nothing may have changed."""
    with repository(released_history("1.4.2", messages)) as repo:
        disturb(repo)
        before = snapshot(repo)
        got = outcome_of(release, repo)
        after = snapshot(repo)
        assert isinstance(got, ReleaseError), f"{call}: release gave {got!r}, expected a ReleaseError"
        changed = [key for key in before if before[key] != after[key]]
        assert not changed, (
            f"{call}: after the ReleaseError the repository is not as it was: {changed[0]} was {before[changed[0]]} "
            f"and is {after[changed[0]]}"
        )


check_refused(["fix: a"], lambda repo: repo.write("work.py", "half done\n"), "work.py was changed and not committed")
check_refused(["fix: a"], lambda repo: repo.write("notes.txt", "mine\n"), "a file notes.txt that git does not know")
check_refused(["fix: a"], lambda repo: repo.git("switch", "-q", "-c", "idea"), "the branch idea is checked out")
check_refused(["docs: a", "Tidy up"], lambda repo: None, "since the last release only 'docs: a' and 'Tidy up'")
check_refused([], lambda repo: None, "no commit since the last release")
check_refused(["fix: a"], lambda repo: repo.git("tag", "v1.4.3"), "there is a tag v1.4.3 already, on another commit")

### BEGIN HIDDEN TESTS
check_refused(["fix: a"], lambda repo: (repo.write("new.py", "1\n"), repo.git("add", "new.py")), "hidden")
check_refused(["feat: a"], lambda repo: (repo.folder / "old.py").unlink(), "hidden")
check_refused(["feat: a"], lambda repo: repo.git("switch", "-q", "-c", "main-2"), "hidden")
check_refused(["feature: a", "Fixed: b", "feat a"], lambda repo: None, "hidden")
### END HIDDEN TESTS

# %% [markdown] hint="release"
# Do all that can fail before the first file is written: both looks at the repository, the first lines, the new
# version and its tag. Then "nothing changed" costs nothing. The examples above show each git command that you need.

# %% [markdown] hint="release"
# `re.search('__version__ = "(.+)"', text)[1]` is the old version. `re.fullmatch("(fix|feat)(!?): (.+)", subject)` is
# `None` for a first line that does not count; otherwise its groups are the word, `"!"` or `""`, and the text. For the
# changelog, `text.partition("\n\n")` cuts at the first empty line.

# %% [markdown] hint="release"
# ```python
# major, minor, patch = (int(part) for part in old.split("."))
# if any(mark == "!" for _, mark, _ in counting):
#     new = f"{major + 1}.0.0"
# elif ...:
# ...
# repo.write(VERSION_FILE, source.replace(f'__version__ = "{old}"', f'__version__ = "{new}"'))
# repo.write("CHANGELOG.md", f"{title}\n\n## {new}\n\n{section}\n{older}")
# repo.git("commit", "--all", "-m", f"Release {new}")
# repo.git("tag", ...)
# ```

# %% [markdown]
# Not graded: everything together. A branch lands, a release is cut, and the wheel is built **from the tag**, not from
# the folder: `git archive` hands out the files of a commit. Then the wheel has to say the same version as the tag.

# %%
with example(), repository() as repo, temporary_folder() as place:
    workshop.write_files(repo.folder, SOURCES | {"pyproject.toml": PYPROJECT, "CHANGELOG.md": "# Changelog\n\n"})
    workshop.write_files(repo.folder, {"features.txt": "rain\n"})
    repo.git("add", ".")
    repo.git("commit", "-m", "Release 1.0.0")
    repo.git("tag", "-a", "v1.0.0", "-m", "Release 1.0.0")
    repo.git("switch", "--create", "readme")
    repo.write("README.md", "# breadscore\n\nScores for eighty bakeries and one mill.\n")
    repo.git("commit", "--all", "-m", "fix: count the mill")
    repo.git("switch", "main")
    land(repo, "readme")
    version = release(repo)
    draw_graph(repo, "From a branch to a release")

    repo.git("archive", "--format=zip", "--output", str(place / "source.zip"), f"v{version}")
    with zipfile.ZipFile(place / "source.zip") as archive:
        archive.extractall(place / "source")
    workshop.run("python", "-m", "build", "--wheel", "--no-isolation", folder=place / "source", last=1)
    [wheel] = (place / "source" / "dist").glob("*.whl")
    workshop.run(
        "python", "-m", "pip", "install", "--no-index", "--no-deps", "--target", "installed", str(wheel),
        folder=place, show=f"python -m pip install --no-index --no-deps --target installed {wheel.name}", last=1,
    )  # fmt: skip
    installed = workshop.run(
        "python", "-c", "import breadscore; print(breadscore.__version__)", folder=place / "installed"
    ).strip()
    print("tag", f"v{version}", "- wheel", wheel.name, "- installed", installed)
    assert version == installed and f"-{version}-" in wheel.name

# %% [markdown]
# ## What can go wrong in production
#
# **The data file that was not packed.** It works in your folder and in your tests, and fails on the machine where the
# wheel is installed. Here is the project of exercise 2 with a project file of a few lines, none of them on package
# data:

# %%
FORGETFUL = (
    '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n'
    '[project]\nname = "breadscore"\nversion = "1.0.0"\n'
)

with example():
    wheel = workshop.build_wheel(SOURCES | {"pyproject.toml": FORGETFUL})
    try:
        wheel.use("from breadscore.calendar import closed_days; result = closed_days()")
    except WorkError as error:
        print(str(error).splitlines()[-1])

# %% [markdown]
# The build said nothing. The cure is to test what you ship: install the wheel somewhere clean, and run the tests
# there.
#
# **A merge without a conflict, and wrong all the same.** Git compares lines, not meaning. One branch renames a
# function, and another one, at the same time, adds a call of the old name in another file. Each branch is correct by
# itself:

# %%
crossing = [
    {"branch": "main", "message": "Start", "files": {"scores.py": "def error(a, b):\n    return abs(a - b)\n"}},
    {
        "branch": "rename",
        "start": "main",
        "message": "Rename",
        "files": {"scores.py": "def miss(a, b):\n    return abs(a - b)\n"},
    },
    {"branch": "main", "message": "Report", "files": {"report.py": "import scores\nprint(scores.error(3, 5))\n"}},
]

with example(), repository(crossing) as repo:
    repo.show("merge", "--no-ff", "-m", "Merge rename", "rename")
    with contextlib.suppress(RuntimeError):
        workshop.run("python", "report.py", folder=repo.folder, last=1)

# %% [markdown]
# No conflict, and `main` is broken. Only tests that run **on the merged state** see it. That is why teams let a
# server merge, test, and only then move `main`.
#
# **A secret in the history.** Somebody commits a password, notices, deletes the file (`git rm`), and commits again.
# `log -S TEXT` finds the commits that brought a text in, or took it out:

# %%
with example(), repository() as repo:
    repo.write("settings.py", 'PASSWORD = "rye-and-wheat"\n')
    repo.git("add", ".")
    repo.git("commit", "-m", "Add settings")
    repo.git("rm", "settings.py")
    repo.git("commit", "-m", "Remove the password")
    print("files now:", repo.git("ls-files").split())
    repo.show("log", "-S", "rye-and-wheat", "--oneline")
    repo.show("show", "HEAD~1:settings.py")

# %% [markdown]
# A history keeps everything; that is its purpose. A secret that was ever pushed counts as known: make a new one, at
# once. Keep secrets, data and model weights out of the repository; a file `.gitignore` names what git is not to see.

# %% [markdown]
# ## Recap
#
# | You can now | A job advertisement calls it |
# |---|---|
# | commit, branch, merge, solve conflicts, and read a history | "Git, working in a team" |
# | make a package that installs and declares what it needs | "Python packaging" |
# | write tests, and measure them by the mistakes they catch | "test automation, code quality" |
# | read a linter's findings as bugs, and mend them | "clean code, code reviews, CI" |
# | release by number, with a changelog and a tag | "release management, semantic versioning" |
#
# **Test yourself.**
#
# 1. You merge a branch, and git reports a fast-forward. How many parents has the newest commit, and what would
#    `--no-ff` have changed?
# 2. All 200 tests pass, and every line of the code is run by one of them. A colleague changes a `<` to `<=`, and all
#    tests still pass. What do you know about the tests?
# 3. Since 2.3.1 you have mended two mistakes, added a function, and removed a parameter that nobody should have used.
#    What is the next version?
#
# <details><summary>Answers</summary>
#
# 1. Usually one: `main` just points to the branch's last commit now. With `--no-ff` there would be a merge commit
#    with two parents, and the history would show what came in together.
# 2. That the border is untested: no test uses the value for which `<` and `<=` differ. That a line is *run* does not
#    mean that its result is *checked*.
# 3. 3.0.0. Somebody may use the parameter, and the largest change decides.
#
# </details>
#
# ## Take it further
#
# Nothing here is graded. Make a folder of your own a repository: in a terminal, `git init`, then `git add` and
# `git commit`, and set your name as shown in section 1. Online: put it on GitHub or GitLab, and let its server run
# `ruff check` and `pytest` at each push. Install `mutmut` and let it loose on a module that you think is well tested.
#
# **Further reading.** *Pro Git* by Scott Chacon and Ben Straub (all of git, free to read). *Python Packaging User
# Guide* by the Python Packaging Authority. *Python Testing with pytest* by Brian Okken. *Semantic Versioning 2.0.0*
# by Tom Preston-Werner. *Software Engineering at Google* by Titus Winters, Tom Manshreck and Hyrum Wright (why teams
# do all this).
