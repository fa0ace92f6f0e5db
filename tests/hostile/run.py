"""Grades a folder of hostile submissions in a process of its own, as the user it is told to be, and says what is left.

python -m hostile.run LEVEL UID FOLDER, where FOLDER has `alone/` and `course/`; writes FOLDER/outcome/said.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

UNPRIVILEGED = 54_321


def read_places() -> list[Path]:
    """Where Python and this package lie."""
    import autograder

    return [Path(sys.base_prefix), Path(sys.prefix), Path(autograder.__file__).resolve().parents[1]]


def become(uid: int, needed: list[Path]) -> None:
    """As root: goes on as an ordinary user, who can reach `needed` even where a folder above is closed to others.

    That folder is covered, for this process and its children only, and what is needed shows through.
    """
    from autograder.execution import syscalls as sc

    closed = {}
    for path in needed:
        shut = [folder for folder in (path, *path.parents) if not folder.stat().st_mode & 0o1]
        if shut:
            closed[path] = shut[-1]
    if closed:
        sc.unshare(sc.CLONE_NEWNS)
        sc.mount("none", "/", "", sc.MS_REC | sc.MS_PRIVATE)
        held = {path: os.open(path, os.O_PATH) for path in closed}
        for folder in dict.fromkeys(closed.values()):
            sc.mount("cover", str(folder), "tmpfs", 0, "mode=755,size=1m")
        for path, descriptor in held.items():
            path.mkdir(parents=True, exist_ok=True)
            sc.mount(f"/proc/self/fd/{descriptor}", str(path), "", sc.MS_BIND | sc.MS_REC)
            os.close(descriptor)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    # Its own entries in /proc become its own only with this.
    sc.allow_inspection(True)


def withdraw() -> None:
    """As root: goes on in a process namespace, so that whoever breaks out of a jail can kill no more than this run.

    Not as its process 1, which signals from inside would not reach.
    """
    from autograder.execution import syscalls as sc

    try:
        sc.unshare(sc.CLONE_NEWNS | sc.CLONE_NEWPID)
    except OSError:  # in a container that may not
        return
    for number in (1, 2):
        child = os.fork()
        if child:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
        sc.die_with_parent()
        if number == 1:
            sc.mount("none", "/", "", sc.MS_REC | sc.MS_PRIVATE)
            sc.mount("proc", "/proc", "proc")


def main() -> None:
    level, uid, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    if os.getuid() == 0:
        withdraw()
    if uid != os.getuid():
        become(uid, read_places())
    os.environ |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary"), "PLANTED": "planted-secret",
                   "MPLCONFIGDIR": str(folder / "home")}
    tempfile.tempdir = None

    from autograder.execution import syscalls as sc
    from autograder.execution import usage
    from autograder.execution.engine import Engine
    from autograder.execution.jail import Level
    from autograder.execution.record import EngineError
    from autograder.grading import GradingCourse
    from autograder.grading.cohort import grade_cohort

    def ours(owner: int) -> bool:
        # Root's other processes make such things too; its jobs run as users far above every account.
        return owner >= 2**30 or owner == os.getuid() != 0

    def around() -> dict[str, list[str]]:
        mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines()
                  if str(folder) in line or "mle-jail" in line]
        segments = [line for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
                    if ours(int(line.split()[7]))]
        shared = [entry.name for entry in os.scandir("/dev/shm") if ours(entry.stat(follow_symlinks=False).st_uid)]
        return {"mounts": mounts, "temporary files": sorted(os.listdir(folder / "temporary")),
                "shared memory": shared, "descriptors": sorted(os.listdir("/proc/self/fd")), "segments": segments,
                "unfinished grading": sorted(path.name for path in (folder / "course").glob(".mle*"))}

    sc.adopt_orphans()
    before = around()
    said: dict[str, object] = {}
    bystander = subprocess.Popen(["sleep", "3600"], start_new_session=True)
    try:
        with Engine(Level(level)) as engine:
            grade_cohort(GradingCourse(folder / "alone"), ["1-1-means"], engine=engine, jobs=2)
            begun = time.monotonic()
            outcome = grade_cohort(GradingCourse(folder / "course"), ["1-1-means"], engine=engine, jobs=4)
            said = {"seconds": time.monotonic() - begun, "graded": outcome.graded,
                    "failures": {s.student: why for s, why in outcome.failures},
                    "attention": {s.student: why for s, why in outcome.attention}}
    except EngineError as error:
        said = {"unavailable": str(error)}
    said["bystander"] = bystander.poll()
    bystander.kill()
    bystander.wait()
    after = around()
    said["left"] = {name: sorted(set(after[name]) - set(before[name])) for name in before}
    said["left"]["processes"] = [Path(f"/proc/{pid}/cmdline").read_text() for pid in usage.descendants(os.getpid())
                                 if not usage.is_dead(pid)]
    (folder / "outcome" / "said.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
