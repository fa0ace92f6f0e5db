"""docs/scaling.md: its commands, run as written; its configuration files, held against what they configure."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import gradebooks
import pytest
import yaml
from click.testing import CliRunner
from postgresql import PASSWORD, Server
from walkthroughs import LESSON, ROOT, page, small_kit, steps

from autograder.cli import main
from autograder.cli.app import mle as mle_verbs
from autograder.demo import sample_submissions
from autograder.grading import GradingCourse
from autograder.setup.extras import known_extras

pytestmark = pytest.mark.slow

FILES = ROOT / "docs" / "scaling"
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="starts Debian's server, and the engine needs Linux")


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    course = small_kit(tmp_path / "kit")
    import nbformat

    for student, notebook in list(sample_submissions(course, LESSON).items())[:3]:
        folder = course.root / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{LESSON}.ipynb")
    return course.root


@ON_LINUX
def test_every_command_works_as_it_is_written(kit, monkeypatch, capsys, tmp_path):
    from distributed import LocalCluster

    server = Server()
    monkeypatch.chdir(kit)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    before = GradingCourse(kit)
    before.register([LESSON])
    try:
        server.database("course")
        with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None,
                          local_directory=str(tmp_path)) as cluster:
            own = {"mle@db.example.org": f"grader@127.0.0.1:{server.port}", "tcp://10.0.0.5:8786":
                   cluster.scheduler_address}
            for name, text in steps(page("scaling.md")):
                for said, meant in own.items():
                    text = text.replace(said, meant)
                if name:
                    (kit / name).write_text(text, encoding="utf-8")
                    continue
                assert text.startswith("./mle ")
                with pytest.raises(SystemExit) as ended:
                    main(shlex.split(text)[1:])
                out, err = capsys.readouterr()
                assert ended.value.code == 0, (text, out, err)
        course = GradingCourse(kit)
        assert course.gradebook.file is None and len(course.scores()) == 3
        assert len(gradebooks.rows(course.gradebook)["graded"]) == 3
        assert (kit / "grades.csv").read_text().count("\n") == 4 and before.scores() == []
    finally:
        server.remove()


def test_the_commands_within_sentences_and_what_it_names_are_there():
    text = page("scaling.md")
    for name in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (ROOT / "docs" / name).exists(), name
    for command in re.findall(r"`(?:\.venv/bin/)?(dask [^`]+)`", text):
        _holds(shlex.split(command))
    for verb in re.findall(r"`(?:\./)?mle ([\w-]+)", text):
        assert verb in mle_verbs.commands, verb


# --- the configuration files


def test_the_objects_for_kubernetes_fit_its_schemas_and_each_other():
    import kubernetes_validate

    objects = list(yaml.safe_load_all((FILES / "kubernetes.yaml").read_text()))
    for one in objects:
        kubernetes_validate.validate(one, "1.33", strict=True)
    kinds = {one["kind"]: one for one in objects}
    assert sorted(kinds) == ["Deployment", "Job", "NetworkPolicy", "Service"] and len(objects) == 5
    pods = [one["spec"]["template"] for one in objects if "template" in one["spec"]]
    for one in objects:
        if one["kind"] == "Deployment":
            wanted, labels = one["spec"]["selector"]["matchLabels"], one["spec"]["template"]["metadata"]["labels"]
            assert wanted.items() <= labels.items()
    chosen = [pod for pod in pods if kinds["Service"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()]
    assert len(chosen) == 1, "the service leads to the scheduler, and to nothing else"
    port = kinds["Service"]["spec"]["ports"][0]["targetPort"]
    assert port == chosen[0]["spec"]["containers"][0]["ports"][0]["containerPort"]
    lets_in = kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    assert all(lets_in.items() <= pod["metadata"]["labels"].items() for pod in pods)
    for pod in pods:
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", ())}
        for container in pod["spec"]["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", ())} == volumes
            _holds(container["command"])
            for part in container["command"]:
                if "://" in part:
                    assert part == f"tcp://{kinds['Service']['metadata']['name']}:{port}"


def test_the_image_has_the_extras_that_there_are():
    text = (FILES / "Containerfile").read_text()
    extras = re.search(r'"/kit\[([^]]+)\]"', text).group(1).split(",")
    assert set(extras) == known_extras().keys() - {"test", "verify"}
    assert re.search(r"^FROM docker\.io/library/python:3\.1[123]-", text, re.MULTILINE)


def _holds(command: list[str]) -> None:
    """That a command is one there is, with options it has."""
    program, verb, *rest = command
    if program == "dask":
        from distributed.cli.dask_scheduler import main as scheduler
        from distributed.cli.dask_worker import main as worker

        there = {"scheduler": scheduler, "worker": worker}[verb]
    else:
        assert program == "mle"
        there = mle_verbs.commands[verb]
    there.make_context(verb, list(rest), resilient_parsing=False)


@ON_LINUX
def test_the_batch_script_grades_a_course_with_real_processes(kit, tmp_path):
    (kit / ".venv").symlink_to(Path(sys.executable).parents[1])
    programs = tmp_path / "programs"
    programs.mkdir()
    # What Slurm's does on each node, here on this one.
    (programs / "srun").write_text('#!/bin/sh\nexec "$@"\n')
    (programs / "srun").chmod(0o755)
    shutil.copy(FILES / "slurm.sh", tmp_path)
    done = subprocess.run(
        ["bash", tmp_path / "slurm.sh", LESSON, "--regrade"], cwd=kit, capture_output=True, text=True, timeout=300,
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "SLURM_CPUS_PER_TASK": "2"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 graded" in done.stdout and len(GradingCourse(kit).scores()) == 3
    assert not list(kit.glob(".dask*")) and not list(kit.glob(".mle*"))


def test_the_batch_script_says_what_a_batch_system_reads():
    lines = (FILES / "slurm.sh").read_text().splitlines()
    asked = dict(line.removeprefix("#SBATCH --").split("=") for line in lines if line.startswith("#SBATCH"))
    assert {"nodes", "ntasks-per-node", "cpus-per-task", "mem", "time"} <= asked.keys()
    assert subprocess.run(["bash", "-n", FILES / "slurm.sh"]).returncode == 0
    assert CliRunner().invoke(mle_verbs, ["grade", "--help"]).exit_code == 0
