"""The simulation of benchmarks/growth.py, where what has to come out is known."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_PATH = Path(__file__).resolve().parents[1] / "benchmarks" / "growth.py"


@pytest.fixture(scope="module")
def growth():
    spec = importlib.util.spec_from_file_location("growth", _PATH)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["growth"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["growth"]


def test_where_writing_costs_nothing_the_cores_are_always_busy(growth):
    run = growth.simulate([2.0], cores=8, submissions=800, writer=growth.Writer(0.0, 0.0), most=100)
    assert run.seconds == pytest.approx(200.0) and run.cores_busy == pytest.approx(1.0) and run.writer_busy == 0


def test_where_writing_is_slow_it_sets_the_pace_and_batches_share_its_fixed_cost(growth):
    writer = growth.Writer(fixed=0.1, each=0.01)
    one = growth.simulate([1.0], cores=64, submissions=2000, writer=writer, most=1)
    many = growth.simulate([1.0], cores=64, submissions=2000, writer=writer, most=100)
    assert one.seconds == pytest.approx(2000 * 0.11, rel=0.02) and one.writer_busy > 0.98
    assert 0.9 < one.cores_busy * one.seconds * 64 / 2000 < 1.1, "each notebook is run once"
    assert 2000 / 64 < many.seconds < one.seconds / 4


def test_it_is_the_same_run_for_the_same_seed(growth):
    runs = [growth.simulate([0.5, 1.0, 4.0], 8, 300, growth.Writer(0.01, 0.005), 100, seed=seed) for seed in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]
