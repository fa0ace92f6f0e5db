"""Gives random numbers that nobody seeded the same values in every run.

A learner who leaves out the seed is graded on the same numbers each time. The text of this file is also run inside
kernels, which may not find this package: it imports nothing of it.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def seed_all(seed: int) -> None:
    """Seeds Python, NumPy and PyTorch; libraries that are not loaded yet, as soon as they are.

    Not covered: `random.Random()`, `os.urandom`, `secrets` and `uuid`, which ask the system.
    """
    random.seed(seed)
    later: dict[str, Callable[[ModuleType], None]] = {}
    for name, sow in (("numpy", _numpy), ("torch", _torch)):
        if name in sys.modules:
            sow(seed, sys.modules[name])
        else:
            later[name] = lambda module, sow=sow: sow(seed, module)
    sys.meta_path.insert(0, _SeedOnImport(later))


def _numpy(seed: int, numpy: ModuleType) -> None:
    from numpy.random import bit_generator

    numpy.random.seed(seed)
    # What `default_rng()` without a seed takes its seed from.
    bit_generator.randbits = random.Random(seed).getrandbits


def _torch(seed: int, torch: ModuleType) -> None:
    torch.manual_seed(seed)


class _SeedOnImport:
    """Stands before Python's own finders and waits for some modules."""

    def __init__(self, later: dict[str, Callable[[ModuleType], None]]) -> None:
        self._later = later

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        sow = self._later.pop(name, None)
        spec = importlib.util.find_spec(name) if sow else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_sow(module: ModuleType) -> None:
            execute(module)
            sow(module)

        spec.loader.exec_module = execute_and_sow
        return spec
