"""A small training run to practise on, so that no exercise waits for another one."""

import contextlib
import copy
import io
import math
import pickle
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from bearings import inspected_bearings


@dataclass
class Run:
    """Everything that changes while a model trains, except torch's global random state."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    loader: DataLoader
    history: list[float] = field(default_factory=list)

    @property
    def generator(self) -> torch.Generator:
        """The generator that shuffles the rows."""
        return self.loader.generator


def new_run(seed: int, kind: str = "adam") -> Run:
    """Build an untrained run: 90 bearings in two batches, dropout, and a falling learning rate.

    `kind` is "adam" (Adam, the rate falls in steps) or "momentum" (SGD with momentum, the rate follows a cosine,
    and the network has a batch normalisation layer). Seeds torch's global generator.
    """
    torch.manual_seed(seed)
    features, hours = inspected_bearings(90, seed=5)
    x = torch.tensor((features - features.mean(axis=0)) / features.std(axis=0), dtype=torch.float32)
    y = torch.tensor((hours - 450) / 150, dtype=torch.float32).reshape(-1, 1)
    norm = [nn.BatchNorm1d(16)] if kind == "momentum" else []
    model = nn.Sequential(nn.Linear(4, 16), *norm, nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
    if kind == "momentum":
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
    else:
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.6)
    shuffling = torch.Generator().manual_seed(seed + 1)
    loader = DataLoader(TensorDataset(x, y), batch_size=45, shuffle=True, generator=shuffling)
    return Run(model, optimizer, scheduler, loader)


def train(run: Run, epochs: int) -> None:
    """Train for some epochs and append each epoch's mean squared error to `run.history`."""
    run.model.train()
    for _ in range(epochs):
        squared_error = 0.0
        for x, y in run.loader:
            run.optimizer.zero_grad()
            loss = nn.functional.mse_loss(run.model(x), y)
            loss.backward()
            run.optimizer.step()
            squared_error += loss.item() * len(x)
        run.scheduler.step()
        run.history.append(squared_error / len(run.loader.dataset))


def full_state(run: Run) -> dict:
    """Return a copy of everything that decides how the run goes on, and of its history."""
    return copy.deepcopy(
        {
            "model": run.model.state_dict(),
            "optimizer": run.optimizer.state_dict(),
            "scheduler": run.scheduler.state_dict(),
            "generator": run.generator.get_state(),
            "torch random state": torch.get_rng_state(),
            "history": run.history,
        }
    )


def first_difference(a, b, where: str = "") -> str:
    """Return where two nested containers first differ, bit for bit; "" where they are identical."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return "" if a.dtype == b.dtype and torch.equal(a, b) else where or "value"
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            return f"the keys of {where or 'the dict'}"
        pairs = [(a[key], b[key], f"{where}[{key!r}]" if where else str(key)) for key in a]
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            return f"the length of {where or 'the list'}"
        pairs = [(left, right, f"{where}[{i}]") for i, (left, right) in enumerate(zip(a, b, strict=True))]
    else:
        both_nan = isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)
        return "" if a == b or both_nan else where or "value"
    return next((found for pair in pairs if (found := first_difference(*pair))), "")


def weights_of(run: Run) -> torch.Tensor:
    """Return a copy of all weights and biases, in one row."""
    return torch.cat([p.detach().flatten() for p in run.model.parameters()])


@contextlib.contextmanager
def once_solved(*exercises: str):
    """Run a block that needs your answers; say which ones where they are still missing."""
    try:
        yield
    except NotImplementedError:
        print("This cell runs once you have solved:", ", ".join(exercises))


# What the checks share.


def raises(error, call, *arguments, **options) -> bool:
    """Return whether a call raises this error; NotImplementedError, a RuntimeError too, means "not attempted"."""
    try:
        call(*arguments, **options)
    except NotImplementedError:
        raise
    except error:
        return True
    return False


def rows_of(data) -> list:
    """Return the rows of a Dataset as a for loop gives them, and stop where the loop would never end."""
    rows = []
    for row in data:
        rows.append(row)
        n = len(data)
        assert len(rows) <= n, f"for x, y in data goes on after {n} rows: data[{n}] must raise IndexError"
    return rows


def through_file(state, name: str):
    """Return what comes back when a state is saved and loaded."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    try:
        return torch.load(file, weights_only=True)
    except pickle.UnpicklingError:
        raise AssertionError(
            f"torch.load(..., weights_only=True) refused {name}: does it hold a NumPy array or another object?"
        ) from None


def save(save_checkpoint, path, run: Run, **progress):
    """Call save_checkpoint with the parts of a run."""
    return save_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator, progress)


def load(load_checkpoint, path, run: Run):
    """Call load_checkpoint with the parts of a run."""
    try:
        return load_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator)
    except (AttributeError, TypeError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0].split(". ")[0].rstrip(".")
        raise AssertionError(
            f"load_checkpoint raised {type(error).__name__} ({reason}). Does the file hold what state_dict() and "
            "get_state() return, in place of the objects?"
        ) from None
