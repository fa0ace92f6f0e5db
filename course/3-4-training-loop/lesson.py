# ---
# title: A training loop that resumes exactly
# builds: a training loop that continues from a checkpoint, bit for bit, as if nothing had happened
# module: 3
# minutes: 170
# prerequisites: [1-2-python-toolkit]
# skills: [load-data, build-networks, train-networks, reproduce-results, save-checkpoints, control-overfitting]
# extras: [module-3]
# seed: 7
# limits: {cell_seconds: 20, notebook_seconds: 60, memory_mb: 2048, output_kb: 512}
# ---

# %% [markdown]
# # A training loop that resumes exactly
#
# You can kill it after any epoch and start it again, and it ends with the same weights, bit for bit, as if nobody had
# touched it. You need no PyTorch for this lesson: it starts with tensors.

# %% [markdown]
# ## Why it matters
#
# A car-parts plant has 300 milling machines. Once a year somebody measures each spindle bearing, and your model says
# how many hours the bearing has left. Planners order spare parts by that number.
#
# The model is retrained at night on rented computers that are cheap because the owner may take them back at any
# moment. Last Tuesday one vanished in the middle of training. The job started again from its last checkpoint and
# finished, the error looked fine, the model went live. On Friday an auditor asked the team to reproduce that model.
# They could not: training without an interruption gave other weights and, for nine machines, another decision. The
# checkpoint held the weights, and the weights are less than half of what decides how a training goes on.
#
# You will find out what the rest is, and build a loop that saves all of it.

# %% given="setup"
import copy
import io
import math
import os
import pickle
import random
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import practice
from bearings import COLUMNS, NOISE_HOURS, inspected_bearings, true_hours
from practice import first_difference, full_state, once_solved

torch.set_num_threads(1)  # networks this small gain nothing from a second thread
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "axes.grid": True,
        "grid.color": "#dddddd",
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
BLUE, ORANGE, GREEN, GREY = "#0060a8", "#c8500a", "#13795b", "#555555"

# %% [markdown]
# ## The data, and the best error anybody can reach
#
# The bearings are made up. The file `bearings.py` beside this notebook holds the recipe: it draws four readings for each
# bearing (vibration, temperature, load, speed), computes its mean remaining life from them with a fixed formula, and
# adds random noise with a standard deviation of 40 hours. Open it and read its first lines.
#
# Because you know the recipe, you know something that you never know about real data: the **noise floor**. The noise
# is what the readings cannot tell, so even a model that knew the formula would be wrong by about 40 hours on new
# bearings. We measure errors as a **root-mean-square error** (RMSE): square the errors, take their mean, take the
# root. It is in hours, like the target.
#
# We use three sets of bearings. The **training** set changes the weights. The **validation** set decides things while
# you work, such as when to stop. The **test** set is looked at once, at the end.

# %%
train_x, train_hours = inspected_bearings(300, seed=1)
valid_x, valid_hours = inspected_bearings(150, seed=2)
test_x, test_hours = inspected_bearings(1000, seed=3)


def rmse(predicted, actual):
    return float(np.sqrt(np.mean((np.asarray(predicted) - np.asarray(actual)) ** 2)))


def with_ones(x):
    return np.column_stack([x, np.ones(len(x))])


line, *_ = np.linalg.lstsq(with_ones(train_x), train_hours)
print(COLUMNS)
print(train_x[:2].round(1), "->", train_hours[:2].round(), "hours")
print(f"always predict the mean   {rmse(np.full(1000, train_hours.mean()), test_hours):6.1f} h")
print(f"a straight line           {rmse(with_ones(test_x) @ line, test_hours):6.1f} h")
print(f"the true formula          {rmse(true_hours(test_x), test_hours):6.1f} h   <- the noise floor")

# %%
fig, ax = plt.subplots(figsize=(5.6, 4), layout="constrained")
ax.scatter(true_hours(valid_x), valid_hours, s=14, color=BLUE, alpha=0.7, label="one bearing")
ends = np.array([250, 1000])
ax.plot(ends, ends, color=GREY, label="true mean")
ax.fill_between(ends, ends - NOISE_HOURS, ends + NOISE_HOURS, color=ORANGE, alpha=0.25, label="± 40 h of noise")
ax.set(
    xlabel="mean life by the true formula (h)",
    ylabel="life that was measured (h)",
    title="Even the true formula misses by 40 hours",
)
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# Between the straight line and the floor lie more than 35 hours. A neural network can win most of them.
#
# ## Tensors
#
# PyTorch computes with **tensors**: arrays like NumPy's, which can also live on a GPU and remember how they were
# computed. Two of their properties cause most beginners' bugs.
#
# *The type of the numbers.* NumPy uses 64-bit floats, networks use 32-bit ones, which hold about seven decimal
# digits. Large numbers with small differences, such as time stamps, lose the differences on the way. So do sums and
# subtractions in 64 bits first, and convert last.
#
# *The shape.* A network that predicts one number for each of three bearings returns shape `(3, 1)`. If the targets
# have shape `(3,)`, a subtraction does not fail: it **broadcasts** both to `(3, 3)` and compares every prediction
# with every target. The loss is a number, training runs, and the model learns nonsense. In this lesson targets have
# shape `(n, 1)`, always.

# %%
seconds = np.array([1_700_000_000.0, 1_700_000_001.0, 1_700_000_002.0])
print("converted first:", (torch.tensor(seconds, dtype=torch.float32) - 1_700_000_000).tolist())
print("converted last: ", torch.tensor(seconds - 1_700_000_000, dtype=torch.float32).tolist())

prediction = torch.tensor([[1.0], [2.0], [3.0]])
target = torch.tensor([1.0, 2.0, 3.0])
error = prediction - target
print("\nperfect prediction, wrong shape:", tuple(error.shape), "mean square", (error**2).mean().item())
error = prediction - target.reshape(-1, 1)
print("perfect prediction, right shape:", tuple(error.shape), "mean square", (error**2).mean().item())

# %% [markdown]
# ## From rows to batches
#
# A **Dataset** answers two questions: how many rows are there (`len(data)`), and what is row i (`data[i]`, a pair of
# input and target)? A **DataLoader** asks a Dataset for rows, shuffles them if you want, and stacks them into
# **batches**. One pass over all batches is an **epoch**. The last batch is smaller where the rows do not divide
# evenly.
#
# Networks learn badly when one input runs to 3000 and another to 7, so inputs are **standardised**: subtract the mean
# of the column, divide by its standard deviation. Mean and deviation belong to the *training* rows. Validation rows
# and tomorrow's bearing are standardised with the same numbers: with their own, a bearing that vibrates more than all
# others would look average in a batch of such bearings.

# %%
pairs = TensorDataset(torch.arange(5.0).reshape(-1, 1), 10 * torch.arange(5.0).reshape(-1, 1))
print("row 2:", pairs[2])
for x, y in DataLoader(pairs, batch_size=2):
    print("batch:", x.flatten().tolist(), "->", y.flatten().tolist(), "   shape", tuple(x.shape))

# %% [markdown]
# ## Exercise 1 · A Dataset
#
# Complete `BearingDataset(features, hours, mean=None, std=None)`.
#
# - `features` has shape `(n, d)`, `hours` shape `(n,)`: NumPy arrays or nested lists, of floats or integers of any
#   width, n ≥ 1. If they do not have the same number of rows, raise `ValueError`.
# - `len(data)` is n. `data[i]` is the pair `(x, y)` of row i: `x` a float32 tensor of shape `(d,)` with the
#   standardised features, `y` a float32 tensor of shape `(1,)` with the hours, unchanged. An index of n or more
#   raises `IndexError`, so that `for x, y in data` ends.
# - Standardised means `(features - mean) / std`, column by column. When `mean` and `std` are given (both, as arrays
#   of shape `(d,)`), use them as they are. When they are not, compute them from `features`, with `std` dividing
#   by n and not by n - 1.
# - A column with the same value in every row gets the standard deviation 1, so that nothing is divided by zero.
#   Compare the values themselves: rounding can turn the computed deviation of such a column into 1e-17 instead of 0.
# - Keep the statistics that you used as attributes `data.mean` and `data.std`, of shape `(d,)`.
# - Compute in 64 bits, convert to float32 last: a column may hold time stamps around 1.7e9 that differ by seconds.
# - Leave the arguments as they are, and copy: when somebody changes the arrays later, the dataset does not change.
#
# The checks allow a difference of 1e-5 in standardised features.


# %% exercise="dataset" difficulty=2 minutes=15 skills="load-data"
class BearingDataset(Dataset):
    """Readings, standardised, with the hours that each bearing still lasted.

    features: shape (n, d); hours: shape (n,).
    mean, std: shape (d,), the statistics to standardise with; computed from features where they are not given.
    """

    def __init__(self, features, hours, mean=None, std=None):
        ### BEGIN SOLUTION
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("features and hours differ in length")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)
        ### END SOLUTION

    def __len__(self):
        """Return the number of rows."""
        ### BEGIN SOLUTION
        return len(self.y)
        ### END SOLUTION

    def __getitem__(self, index):
        """Return (x, y) of one row: float32 tensors of shapes (d,) and (1,)."""
        ### BEGIN SOLUTION
        return self.x[index], self.y[index]
        ### END SOLUTION


# %% check="dataset-values" points=2
def check_dataset_values():
    features = np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 50.0]])
    data = BearingDataset(features, np.array([100.0, 200.0, 400.0]))
    assert len(data) == 3, f"len(data) is {len(data)} for 3 rows, expected 3"
    # By hand: the columns have means 3 and 30 and standard deviations sqrt(14 / 3) and sqrt(800 / 3).
    expected_x = [[-0.92582, -1.224745], [-0.46291, 0.0], [1.38873, 1.224745]]
    for i, (want_x, want_y) in enumerate(zip(expected_x, [100.0, 200.0, 400.0])):
        x, y = data[i]
        assert torch.is_tensor(x) and torch.is_tensor(y), (
            f"data[{i}] holds {type(x).__name__} and {type(y).__name__}, expected two tensors"
        )
        assert x.dtype == y.dtype == torch.float32, (
            f"data[{i}] has types {x.dtype} and {y.dtype}, expected torch.float32 twice"
        )
        assert x.shape == (2,) and y.shape == (1,), (
            f"data[{i}] has shapes {tuple(x.shape)} and {tuple(y.shape)}, expected (2,) and (1,)"
        )
        close = np.allclose(x, want_x, rtol=0, atol=1e-5)
        sample = np.allclose(x * math.sqrt(3 / 2), want_x, atol=1e-4)
        think = "Does your standard deviation divide by n - 1?" if sample else "One mean for each column (axis=0)?"
        assert close, f"x of data[{i}] for features {features.tolist()} is {x.tolist()}, expected {want_x}. {think}"
        assert y.item() == want_y, f"y of data[{i}] is {y.item()}, expected the hours unchanged: {want_y}"


check_dataset_values()


# %% check="dataset-given-statistics" points=2 hidden="one single row with given statistics, and statistics of zero and one"
def check_dataset_given_statistics():
    rows = [[4.0, 100.0], [8.0, 300.0]]
    data = BearingDataset(
        np.array(rows), np.array([1.0, 2.0]), mean=np.array([2.0, 500.0]), std=np.array([4.0, 100.0])
    )
    got = [data[i][0].tolist() for i in range(2)]
    own = np.allclose(got, [[-1.0, -1.0], [1.0, 1.0]], atol=1e-5)
    think = " These rows must not be standardised with their own mean." if own else ""
    assert np.allclose(got, [[0.5, -4.0], [1.5, -2.0]], rtol=0, atol=1e-5), (
        f"rows {rows} with mean=[2, 500], std=[4, 100] became {got}, expected [[0.5, -4.0], [1.5, -2.0]].{think}"
    )
    for name, want in [("mean", [2.0, 500.0]), ("std", [4.0, 100.0])]:
        kept = np.asarray(getattr(data, name))
        assert kept.shape == (2,) and np.allclose(kept, want), (
            f"data.{name} is {kept.tolist()}, expected the given {want}"
        )
    own = BearingDataset(np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([1.0, 2.0]))
    kept = np.asarray(own.mean).tolist(), np.asarray(own.std).tolist()
    assert np.allclose(kept, [[2.0, 5.0], [1.0, 1.0]]), (
        f"features [[1, 5], [3, 5]] gave data.mean, data.std = {kept}, expected ([2, 5], [1, 1]): "
        "the second column is constant"
    )


check_dataset_given_statistics()


### BEGIN HIDDEN TESTS
def check_dataset_single_row():
    single = BearingDataset([[7.0, -1.0, 2.0]], [9.0], mean=np.array([1.0, -1.0, 4.0]), std=np.array([2.0, 3.0, 8.0]))
    assert len(single) == 1
    assert np.allclose(single[0][0], [3.0, 0.0, -0.25], rtol=0, atol=1e-6) and single[0][1].tolist() == [9.0]
    raw = BearingDataset(np.array([[3.0], [3.0], [3.0]]), np.ones(3), mean=np.zeros(1), std=np.ones(1))
    assert np.allclose([x.item() for x, _ in raw], 3.0, rtol=0, atol=1e-5)
    alone = BearingDataset(np.array([[3.0, 4.0]]), np.array([1.0]))
    assert alone[0][0].tolist() == [0.0, 0.0] and np.asarray(alone.std).tolist() == [1.0, 1.0]


check_dataset_single_row()
### END HIDDEN TESTS


# %% check="dataset-batches" points=1
def check_dataset_batches():
    data = BearingDataset([[1, 2, 3], [4, 5, 6], [7, 8, 10], [0, 0, 1], [3, 3, 3]], [10, 20, 30, 40, 50])
    shapes = [(tuple(x.shape), tuple(y.shape)) for x, y in DataLoader(data, batch_size=2)]
    expected = [((2, 3), (2, 1)), ((2, 3), (2, 1)), ((1, 3), (1, 1))]
    assert shapes == expected, (
        f"5 rows of 3 integers in batches of 2 came out with shapes {shapes}, expected {expected}"
    )
    rows = 0
    for x, y in data:
        rows += 1
        assert rows <= 5, "for x, y in data never ends for 5 rows: data[5] must raise IndexError"
    assert rows == 5, f"for x, y in data gave {rows} rows, expected 5"
    means = np.mean([x.tolist() for x, _ in data], axis=0)
    assert np.allclose(means, 0, atol=1e-5), (
        f"the standardised columns of a list of integers have means {means.tolist()}, expected 0"
    )


check_dataset_batches()


# %% check="dataset-traps" points=2 hidden="a column that holds 0.1 in every row, time stamps, and arrays that somebody changes later"
def check_dataset_traps():
    for features, hours in [(np.zeros((3, 2)), np.zeros(2)), (np.zeros((2, 2)), np.zeros(3))]:
        try:
            BearingDataset(features, hours)
        except ValueError:
            continue
        raise AssertionError(
            f"{len(features)} rows of features with {len(hours)} hours were accepted, expected ValueError"
        )
    data = BearingDataset(np.array([[5.0, 1.0], [5.0, 3.0]]), np.array([1.0, 2.0]))
    got = [x[0].item() for x, _ in data]
    assert np.allclose(got, 0, atol=1e-5), (
        f"the first column of features [[5, 1], [5, 3]] became {got}, expected [0, 0]. What do you divide it by?"
    )


check_dataset_traps()


### BEGIN HIDDEN TESTS
def check_dataset_rounding():
    for n in (3, 7, 12, 30):
        data = BearingDataset(np.column_stack([np.full(n, 0.1), np.arange(n)]), np.zeros(n))
        assert max(abs(x[0].item()) for x, _ in data) < 1e-5, n
        assert np.asarray(data.std)[0] == 1
    steps = np.array([[0.0], [1.0], [2.0], [3.0]])
    for stamps in (1.7e9 + steps, (1.6e7 + steps).astype(np.float32)):
        got = np.array([x.item() for x, _ in BearingDataset(stamps, np.zeros(4))])
        assert got[3] > 1 and np.allclose(got / got[3], [-1, -1 / 3, 1 / 3, 1], rtol=0, atol=1e-5)
    features, hours = np.array([[1.0, 2.0], [3.0, 6.0]]), np.array([5.0, 6.0])
    data = BearingDataset(features, hours)
    before = [(x.tolist(), y.tolist()) for x, y in data]
    assert features.tolist() == [[1.0, 2.0], [3.0, 6.0]] and hours.tolist() == [5.0, 6.0]
    features[:], hours[:] = 99.0, 99.0
    assert [(x.tolist(), y.tolist()) for x, y in data] == before
    ready = np.array([[1.0], [-1.0]], dtype=np.float32), np.array([5.0, 6.0], dtype=np.float32)
    data = BearingDataset(*ready, mean=np.zeros(1), std=np.ones(1))
    ready[0][:], ready[1][:] = 99.0, 99.0
    assert [(x.item(), y.item()) for x, y in data] == [(1.0, 5.0), (-1.0, 6.0)]


check_dataset_rounding()
### END HIDDEN TESTS

# %% [markdown] hint="dataset"
# Do all the work once in `__init__`, and keep two finished tensors there, of the shapes `(n, d)` and
# `(n, 1)`. The other two methods are then one line each. `torch.tensor(array)` copies; `torch.from_numpy(array)` shares
# the memory.

# %% [markdown] hint="dataset"
# `np.asarray(features, dtype=np.float64)` takes arrays and lists. `features.max(axis=0) == features.min(axis=0)`
# tells for each column whether it is constant, and `np.where(condition, a, b)` picks between two arrays.

# %% [markdown] hint="dataset"
# ```python
# if mean is None:
#     mean = features.mean(axis=0)
#     constant = features.max(axis=0) == features.min(axis=0)
#     std = np.where(constant, 1.0, features.std(axis=0))
# self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
# ```
# The targets are `torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)`. Add the comparison of lengths and the two
# attributes.

# %% [markdown]
# Try it on the bearings. The validation set takes the statistics of the training set.

# %%
with once_solved("exercise 1"):
    train_data = BearingDataset(train_x, train_hours)
    valid_data = BearingDataset(valid_x, valid_hours, mean=train_data.mean, std=train_data.std)
    print("first training row:  ", train_data[0])
    columns = torch.stack([x for x, _ in valid_data])
    print("validation column means, near 0 but not 0:", [round(m, 2) for m in columns.mean(dim=0).tolist()])

# %% [markdown]
# ## Gradients
#
# Training changes each weight a little in the direction that lowers the loss. The direction comes from the
# **gradient**: the derivative of the loss with respect to each weight. PyTorch computes it for you. A tensor with
# `requires_grad=True` records what you do with it; `loss.backward()` walks the record backwards (the chain rule) and
# puts the derivative into `.grad`.
#
# One habit of `.grad` needs care: `backward()` **adds** to it. What is left from the last step stays in, until you
# clear it.

# %%
w = torch.tensor(2.0, requires_grad=True)
loss = (3 * w - 12) ** 2  # by hand: derivative 2 * (3w - 12) * 3 = -36 at w = 2
loss.backward()
print("gradient:             ", w.grad.item())
((3 * w - 12) ** 2).backward()
print("a second backward adds:", w.grad.item())
with torch.no_grad():  # an update is not part of the computation, so nothing is recorded in here
    w -= 0.01 * -36
print(f"one step of 0.01 against it: w = {w.item():.2f}, loss = {((3 * w - 12) ** 2).item():.2f}, before it was 36")

# %% [markdown]
# ## Modules
#
# A network is a class that inherits from `nn.Module`. In `__init__` you create its layers as attributes, in `forward`
# you say how the input runs through them. `nn.Linear(4, 16)` multiplies by a matrix of 16 × 4 weights and adds 16
# biases; `nn.ReLU()` replaces negative numbers by 0. Without something like ReLU between them, two linear layers are
# only one linear layer.
#
# The Module keeps books on what you assign to it:
#
# - **Parameters** are trained. An optimiser gets them from `model.parameters()`.
# - **Buffers** belong to the model but are not trained, such as a fixed scale. `self.register_buffer(name, tensor)`.
# - A plain tensor attribute, and layers in a plain Python list, are **not in the books**: never trained, never saved.
#
# `model.state_dict()` lists parameters and buffers by name; it is what a checkpoint saves.


# %%
class Books(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.register_buffer("scale", torch.tensor(150.0))
        self.forgotten = torch.tensor(600.0)
        self.also_forgotten = [nn.Linear(2, 2)]


print("parameters:", [name for name, _ in Books().named_parameters()])
print("state_dict:", list(Books().state_dict()))

# %% [markdown]
# **Dropout** is a layer that sets each number to 0 with probability p during training (and multiplies the others by
# 1 / (1 - p), so that the mean stays). A network that cannot rely on any single number overfits less. At prediction
# time dropout must do nothing. A Module therefore has two modes: `model.train()` and `model.eval()`. They change how
# layers such as dropout behave, and nothing else; `eval()` does not switch off gradients. (Another such layer is batch
# normalisation: it standardises with the statistics of the batch in train mode and keeps a running mean of them in a
# buffer; in eval mode it uses the running mean.)

# %%
torch.manual_seed(0)
dropout = nn.Dropout(0.5)
print("train:", dropout.train()(torch.ones(8)).tolist())
print("eval: ", dropout.eval()(torch.ones(8)).tolist())

# %% [markdown]
# ## Exercise 2 · A Module
#
# Targets around 500 hours are awkward for a fresh network, which returns numbers around 0. Many teams rescale the
# targets, and some day somebody forgets to scale the predictions back. Your network carries the scale inside, and its
# output is in hours.
#
# Complete `BearingNet(n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0)`.
#
# - `hidden` is a sequence of widths. For each width comes a linear layer (`nn.Linear`, with bias), then ReLU, then
#   dropout with probability `dropout`. After the last one comes a linear layer to one number, without ReLU or
#   dropout. Where `hidden` is empty, only this last layer remains.
# - `forward(x)` takes shape `(batch, n_features)` and returns shape `(batch, 1)`: `offset + scale * z`, where z is
#   the output of the last layer.
# - The weights and biases of the linear layers are the only parameters.
# - `offset` and `scale` (numbers, whole or not) become floating-point buffers with these names and of shape `()`: in
#   `state_dict()`, not trained. A network that was made with other values takes them over in `load_state_dict`, and
#   `model.double()` converts them too.
#
# The checks set the weights themselves and compare with a computation in NumPy, within 1 part in 10,000.


# %% exercise="network" difficulty=2 minutes=20 skills="build-networks"
class BearingNet(nn.Module):
    """A fully connected network from readings to hours.

    hidden: the widths of the hidden layers. offset, scale: the output is offset + scale * (last layer), in hours.
    """

    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        ### BEGIN SOLUTION
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))
        ### END SOLUTION

    def forward(self, x):
        """Return the predicted hours, shape (batch, 1), for standardised readings of shape (batch, n_features)."""
        ### BEGIN SOLUTION
        return self.offset + self.scale * self.layers(x)
        ### END SOLUTION


# %% check="network-values" points=3 hidden="no hidden layer, one, and four, with other offsets and scales"
def check_network_values(n_features, hidden, offset, scale, batch):
    """Fill the network with known weights, find them again by shape, and compute its output in NumPy."""
    call = f"BearingNet({n_features}, hidden={hidden}, offset={offset}, scale={scale})"
    net = BearingNet(n_features, hidden=hidden, offset=offset, scale=scale).eval()
    numbers = np.random.default_rng(batch)
    with torch.no_grad():
        for p in net.parameters():
            if p.dim():
                p.copy_(torch.tensor(numbers.normal(size=tuple(p.shape))))
    by_shape = {tuple(p.shape): p.detach().double().numpy() for p in net.parameters()}
    x = numbers.normal(size=(batch, n_features))
    widths = [n_features, *hidden, 1]
    z = x
    for fan_in, fan_out in zip(widths[:-1], widths[1:]):
        found = (fan_out, fan_in) in by_shape and (fan_out,) in by_shape
        assert found, (
            f"{call}.parameters() has shapes {sorted(by_shape)}; a layer from {fan_in} to {fan_out} is missing. "
            "Are layers in a plain list?"
        )
        z = np.maximum(z, 0) if z is not x else z
        z = z @ by_shape[fan_out, fan_in].T + by_shape[fan_out,]
    expected = offset + scale * z
    got = net(torch.tensor(x, dtype=torch.float32))
    assert got.shape == (batch, 1), (
        f"{call} returned shape {tuple(got.shape)} for {batch} rows, expected ({batch}, 1)"
    )
    got = got.detach().double().numpy()
    think = "Linear, then ReLU, for each hidden layer?"
    if np.allclose(got, offset + scale * np.maximum(z, 0), rtol=1e-4):
        think = "Is there a ReLU after the last layer?"
    if np.allclose(got, (z + offset) * scale, rtol=1e-4):
        think = "Is it offset + scale * z, in this order?"
    assert np.allclose(got, expected, rtol=1e-4, atol=1e-3 * abs(scale)), (
        f"{call} with known weights returned {got.ravel()[:3].round(3).tolist()}, "
        f"expected {expected.ravel()[:3].round(3).tolist()}. {think}"
    )


check_network_values(4, (6, 3), 0.0, 1.0, 5)
check_network_values(4, (5, 3), 600.0, 150.0, 40)
### BEGIN HIDDEN TESTS
check_network_values(3, (), 20.0, -2.0, 4)
check_network_values(2, [7], -5.0, 0.5, 1)
check_network_values(6, [9, 7, 5, 3], 1.0, 10.0, 30)
### END HIDDEN TESTS


# %% check="network-parameters" points=2
def check_network_parameters():
    net = BearingNet(4)
    count = sum(p.numel() for p in net.parameters())
    assert count == 705, f"BearingNet(4) has {count} parameters, expected 4*32+32 + 32*16+16 + 16*1+1 = 705"
    assert (net.offset.item(), net.scale.item()) == (0.0, 1.0), (
        f"BearingNet(4) has offset {net.offset} and scale {net.scale}, expected 0 and 1"
    )
    net = BearingNet(4, hidden=(5, 3), offset=600.0, scale=150.0)
    shapes = sorted(tuple(p.shape) for p in net.parameters())
    expected = [(1,), (1, 3), (3,), (3, 5), (5,), (5, 4)]
    assert shapes == expected, (
        f"hidden=(5, 3) has parameters of shapes {shapes}, expected {expected}. offset and scale are not parameters."
    )
    state = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    for name in ("offset", "scale"):
        assert state.get(name) == (), (
            f"state_dict() has {sorted(state)}, expected {name!r} among them, with shape (): is it a buffer?"
        )
    torch.manual_seed(0)
    nn.functional.mse_loss(net(torch.randn(64, 4)), torch.randn(64, 1)).backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None]
    assert not idle, f"after a backward pass {idle} have no gradient: forward does not use them"


check_network_parameters()


# %% check="network-dropout" points=2 hidden="how often dropout strikes, in the first layer and in the last one"
def check_network_dropout():
    torch.manual_seed(0)
    x = torch.randn(50, 4)
    net = BearingNet(4, hidden=(8, 8), dropout=0.5).eval()
    assert torch.equal(net(x), net(x)), (
        "in eval mode two calls with dropout=0.5 differ, expected the same: dropout must know the mode"
    )
    net.train()
    assert not torch.equal(net(x), net(x)), (
        "in train mode two calls with dropout=0.5 are the same, expected different ones"
    )
    net = BearingNet(4, hidden=(8, 8)).train()
    assert torch.equal(net(x), net(x)), (
        "without the argument dropout (0.0) two calls in train mode differ, expected the same"
    )
    for hidden in [(), (8,), (8, 8)]:
        got = BearingNet(4, hidden=hidden, dropout=1.0, offset=10.0, scale=5.0).train()(x)
        same = torch.equal(got, got[:1].expand_as(got))
        assert same == bool(hidden), (
            f"hidden={hidden}, dropout=1.0: all rows {'are' if same else 'are not'} predicted the same. "
            "Dropout follows each hidden layer, and never the last one."
        )


check_network_dropout()


### BEGIN HIDDEN TESTS
def check_network_dropout_rate(hidden, dropout):
    """With weights 1 and biases 0 the output is 0 where the only unit of the narrow layer was dropped."""
    torch.manual_seed(1)
    net = BearingNet(1, hidden=hidden, dropout=dropout).train()
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(1.0 if p.dim() == 2 else 0.0)
    zero = (net(torch.ones(2000, 1)) == 0).float().mean().item()
    assert abs(zero - dropout) < 0.08, (hidden, dropout, zero)


check_network_dropout_rate((1, 200), 0.3)
check_network_dropout_rate((200, 1), 0.3)
check_network_dropout_rate((1,), 0.8)
### END HIDDEN TESTS


# %% check="network-state" points=1 hidden="64-bit numbers, and a scale given as a whole number"
def check_network_state():
    import copy

    torch.manual_seed(0)
    x = torch.randn(9, 4)
    trained = BearingNet(4, hidden=(5, 3), offset=600.5, scale=150.25).eval()
    fresh = BearingNet(4, hidden=(5, 3)).eval()
    fresh.load_state_dict(copy.deepcopy(trained.state_dict()))
    assert torch.equal(fresh(x), trained(x)), (
        f"a new BearingNet that loaded the state_dict of another one predicts {fresh(x)[0].item():.3f} for a row, "
        f"the other one {trained(x)[0].item():.3f}. Does forward use the buffers, and are they in the state_dict?"
    )


check_network_state()


### BEGIN HIDDEN TESTS
def check_network_state_types():
    torch.manual_seed(0)
    net = BearingNet(4, hidden=(5, 3), offset=600, scale=150).eval()
    x = torch.randn(9, 4)
    narrow = net(x)
    assert narrow.dtype == torch.float32
    net.double()
    assert net.offset.dtype == net.scale.dtype == torch.float64
    wide = net(x.double())
    assert wide.dtype == torch.float64 and torch.allclose(wide.float(), narrow, rtol=1e-4)
    other = BearingNet(4, hidden=(5, 3), offset=1, scale=2).eval()
    source = BearingNet(4, hidden=(5, 3), offset=0.5, scale=0.25).eval()
    other.load_state_dict(source.state_dict())
    assert torch.equal(other(x), source(x)) and other.offset.item() == 0.5


check_network_state_types()
### END HIDDEN TESTS

# %% [markdown] hint="network"
# Collect the layers in a Python list while you walk through `hidden`, remembering the width that came before. Then
# hand the list to something that enters it in the books: `nn.Sequential(*layers)` or `nn.ModuleList(layers)`.

# %% [markdown] hint="network"
# ```python
# width = n_features
# for units in hidden:
#     layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
#     width = units
# ```
# After the loop `width` is what the last linear layer gets as its input, also where `hidden` is empty.

# %% [markdown] hint="network"
# `self.register_buffer("scale", torch.tensor(float(scale)))` makes the buffer, `self.scale` reads it. In `forward`:
# `return self.offset + self.scale * self.layers(x)`, where `self.layers` is the `nn.Sequential`.

# %% [markdown]
# ## One training step
#
# Five lines are the heart of every training in PyTorch. An **optimiser** holds the parameters and changes them from
# their gradients: SGD takes a plain step, Adam keeps running means of each gradient and of its square and adapts the
# step for each parameter. The **learning rate** `lr` is the size of the step.

# %%
torch.manual_seed(0)
x = torch.linspace(-1, 1, 20).reshape(-1, 1)
y = 3 * x + 1
model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
for step in range(30):
    loss = nn.functional.mse_loss(model(x), y)  # forward: how wrong are we?
    optimizer.zero_grad()  # forget the gradients of the last step
    loss.backward()  # backward: a gradient for each parameter
    optimizer.step()  # change the parameters
    if step % 10 == 0 or step == 29:
        print(
            f"step {step:2}  loss {loss.item():8.5f}  weight {model.weight.item():.3f}  bias {model.bias.item():.3f}"
        )

# %% [markdown]
# ## What an epoch's loss is
#
# `loss.item()` is the number in the tensor. Adding up the tensors themselves would keep every batch's record of
# computations in memory.
#
# A loss such as `mse_loss` is the mean over one batch. The mean of those means is *not* the mean over the rows when
# the last batch is smaller: its few rows would count more than others. Multiply by the number of rows, add up, divide
# by all rows.
#
# Two further things belong to a loop that works at night. A broken sensor can send a NaN ("not a number"), and one
# NaN in one batch makes the loss NaN, then all gradients, then all weights: after one step the model is gone. So look
# at the loss before you use it. And validation must not touch anything: no dropout, no gradients, no change of mode.

# %%
batch_losses, batch_rows = [1.0, 1.0, 4.0], [32, 32, 2]
print("mean of the batches:", np.mean(batch_losses))
print("mean of the rows:   ", round(np.average(batch_losses, weights=batch_rows), 3))

poisoned = nn.Linear(1, 1)
optimizer = torch.optim.SGD(poisoned.parameters(), lr=0.1)
nn.functional.mse_loss(poisoned(torch.tensor([[1.0], [float("nan")]])), torch.zeros(2, 1)).backward()
optimizer.step()
print("one NaN in one row, one step later: weight", poisoned.weight.item(), " bias", poisoned.bias.item())

# %% [markdown]
# ## Exercise 3 · The loop
#
# Write two functions. In both, `loader` is any iterable of `(x, y)` batches, and you iterate over it once: it may be
# a DataLoader, a list, or a generator, so use nothing else of it. Each batch has at least one row, the first
# dimension of `x` counts the rows, and there is at least one batch. `loss_fn(prediction, target)` returns the mean
# loss of a batch as a tensor; keep that order of arguments.
#
# `train_epoch(model, loader, loss_fn, optimizer)` puts the model into train mode and takes one optimiser step for
# each batch.
# - It returns the mean loss over all rows as a Python float, where the loss of a batch is the one before its step.
# - Gradients that exist before the call, or from an earlier batch, have no influence.
# - If the loss of a batch is NaN or infinite, it raises `FloatingPointError`, before this batch changes any weight.
#
# `evaluate(model, loader, loss_fn)` returns the mean loss over all rows as a Python float.
# - The model is in eval mode while it predicts, and afterwards in the mode in which it was before (train or eval).
# - Gradients are not recorded while it predicts, and it changes neither weights, nor existing gradients, nor the
#   statistics of a batch normalisation layer.
#
# The checks allow a relative difference of 1e-4.


# %% exercise="loop" difficulty=3 minutes=20 skills="train-networks"
def train_epoch(model, loader, loss_fn, optimizer) -> float:
    """Train for one epoch; return the mean loss over all rows."""
    ### BEGIN SOLUTION
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("the loss is not finite")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows
    ### END SOLUTION


def evaluate(model, loader, loss_fn) -> float:
    """Return the mean loss over all rows, and leave the model as it was."""
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows
    ### END SOLUTION


# %% check="loop-training" points=3 hidden="momentum, gradients left over from before, batches that come from a generator, and a loss that is not symmetric"
def line_by_hand(batches, lr, momentum=0.0, keep_gradients=False):
    """SGD on y = w * x + b with the squared error, derivatives by hand; returns w, b and the losses of the batches."""
    w, b, vw, vb, gw, gb, losses = 0.5, -0.25, 0.0, 0.0, 0.0, 0.0, []
    for x, y in batches:
        error = w * np.array(x) + b - np.array(y)
        losses.append(np.mean(error**2))
        old = (gw, gb) if keep_gradients else (0.0, 0.0)
        gw, gb = old[0] + np.mean(2 * error * np.array(x)), old[1] + np.mean(2 * error)
        vw, vb = momentum * vw + gw, momentum * vb + gb
        w, b = w - lr * vw, b - lr * vb
    return float(w), float(b), losses


def line_to_train(batches):
    net = nn.Linear(1, 1)
    with torch.no_grad():
        net.weight.fill_(0.5)
        net.bias.fill_(-0.25)
    return net, [(torch.tensor(x).reshape(-1, 1), torch.tensor(y).reshape(-1, 1)) for x, y in batches]


def check_loop_training():
    batches = [([1.0, 2.0, 3.0], [2.0, 1.0, 4.0]), ([0.5, -1.0, 2.0], [1.0, 0.0, 2.0]), ([4.0], [-3.0])]
    w, b, losses = line_by_hand(batches, lr=0.02)
    net, loader = line_to_train(batches)
    got = train_epoch(net, loader, nn.functional.mse_loss, torch.optim.SGD(net.parameters(), lr=0.02))
    assert isinstance(got, float), (
        f"train_epoch returned {type(got).__name__}, expected a float. A tensor's number is loss.item()."
    )
    weights = [net.weight.item(), net.bias.item()]
    stale = line_by_hand(batches, lr=0.02, keep_gradients=True)[:2]
    think = (
        "Do gradients of the last batch stay in?"
        if np.allclose(weights, stale, rtol=1e-4)
        else "One step for each batch?"
    )
    assert np.allclose(weights, (w, b), rtol=1e-4), (
        f"after batches of 3, 3 and 1 rows weight and bias are {np.round(weights, 4).tolist()}, "
        f"by hand {[round(w, 4), round(b, 4)]}. {think}"
    )
    mean = np.average(losses, weights=[3, 3, 1])
    think = (
        " This is the mean of the batch means: rows in a small batch count too much."
        if np.isclose(got, np.mean(losses), rtol=1e-4)
        else ""
    )
    assert np.isclose(got, mean, rtol=1e-4), (
        f"batches of 3, 3 and 1 rows with losses {np.round(losses, 4).tolist()}: "
        f"returned {got:.6f}, expected {mean:.6f}.{think}"
    )


check_loop_training()


### BEGIN HIDDEN TESTS
def check_loop_training_more():
    batches = [([1.0, -2.0], [2.0, 1.0]), ([0.5], [3.0]), ([2.0, 1.0, 0.0, -1.0], [1.0, 2.0, 0.5, 0.0])]
    net, loader = line_to_train(batches)
    net.weight.grad, net.bias.grad = torch.full((1, 1), 50.0), torch.full((1,), -50.0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    got = train_epoch(net, (batch for batch in loader), nn.functional.mse_loss, optimizer)
    w, b, losses = line_by_hand(batches, lr=0.05, momentum=0.9)
    assert np.allclose((net.weight.item(), net.bias.item()), (w, b), rtol=1e-4)
    assert np.isclose(got, np.average(losses, weights=[2, 1, 4]), rtol=1e-4)

    def signed(prediction, target):
        return (prediction - 2 * target).mean()

    # Here d loss / dw = mean(x) and d loss / db = 1.
    net, loader = line_to_train(batches[:1])
    got = train_epoch(net, loader, signed, torch.optim.SGD(net.parameters(), lr=0.1))
    assert np.isclose(got, (0.25 - 4 - 1.25 - 2) / 2, rtol=1e-4)
    assert np.allclose((net.weight.item(), net.bias.item()), (0.5 + 0.05, -0.25 - 0.1), rtol=1e-4)


check_loop_training_more()
### END HIDDEN TESTS


# %% check="loop-evaluate" points=2 hidden="an evaluation in eval mode, gradients from before, and batches that come from a generator"
def check_loop_evaluate():
    net = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.9)).train()
    with torch.no_grad():
        net[0].weight.fill_(2.0)
        net[0].bias.fill_(1.0)
    # Errors by hand: 2x + 1 - y is 1, -2, 3 in the first batch and 10 in the second.
    loader = [
        (torch.tensor([[1.0], [0.0], [2.0]]), torch.tensor([[2.0], [3.0], [2.0]])),
        (torch.tensor([[5.0]]), torch.tensor([[1.0]])),
    ]
    got = evaluate(net, loader, nn.functional.mse_loss)
    assert isinstance(got, float), f"evaluate returned {type(got).__name__}, expected a float"
    think = (
        " This is the mean of the batch means."
        if np.isclose(got, (14 / 3 + 100) / 2)
        else " Is the model in eval mode, so that dropout does nothing?"
    )
    assert np.isclose(got, 28.5, rtol=1e-4), (
        f"squared errors 1, 4, 9 and, in a second batch, 100: evaluate returned {got:.4f}, expected 28.5.{think}"
    )
    assert net.training, "a model that was in train mode is in eval mode after evaluate, expected train mode"
    assert net[0].weight.item() == 2.0 and net[0].bias.item() == 1.0, "evaluate changed the weights"


check_loop_evaluate()


### BEGIN HIDDEN TESTS
def check_loop_evaluate_more():
    net = nn.Linear(1, 1).eval()
    with torch.no_grad():
        net.weight.fill_(1.0)
        net.bias.fill_(0.0)
    net.weight.grad = torch.full((1, 1), 7.0)

    def signed(prediction, target):
        return (prediction - 2 * target).mean()

    loader = [
        (torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [2.0]])),
        (torch.tensor([[4.0]]), torch.tensor([[6.0]])),
    ]
    got = evaluate(net, (batch for batch in loader), signed)
    assert isinstance(got, float) and np.isclose(got, (-1 - 1 - 8) / 3, rtol=1e-4)
    assert not net.training
    assert net.weight.grad.item() == 7.0 and net.bias.grad is None


check_loop_evaluate_more()
### END HIDDEN TESTS


# %% check="loop-modes" points=2
def check_loop_modes():
    class Witness(nn.Module):
        """A linear model that writes down in which state it was called."""

        def __init__(self):
            super().__init__()
            self.norm, self.line, self.seen = nn.BatchNorm1d(1), nn.Linear(1, 1), []

        def forward(self, x):
            self.seen.append((self.training, torch.is_grad_enabled()))
            return self.line(self.norm(x))

    torch.manual_seed(0)
    loader = [(torch.randn(4, 1) + 3, torch.randn(4, 1)) for _ in range(3)]
    for before in (True, False):
        net = Witness().train(before)
        evaluate(net, loader, nn.functional.mse_loss)
        assert not any(training for training, _ in net.seen), "evaluate predicted in train mode, expected eval mode"
        assert not any(recording for _, recording in net.seen), (
            "evaluate predicted while gradients were recorded, expected torch.no_grad()"
        )
        assert len(net.seen) == 3, f"evaluate called the model {len(net.seen)} times for 3 batches, expected 3"
        assert net.training == before, f"model.training was {before} before evaluate and is {net.training} after it"
        assert net.norm.running_mean.item() == 0, "evaluate changed the running mean of the batch normalisation"
        assert torch.is_grad_enabled(), "after evaluate gradients are switched off for the whole notebook"
        net.seen.clear()
        train_epoch(net, loader, nn.functional.mse_loss, torch.optim.SGD(net.parameters(), lr=0.01))
        modes = [training for training, _ in net.seen]
        assert modes == [True] * 3, (
            f"model.training was {before} before train_epoch, and {modes} in its 3 batches, expected train mode"
        )


check_loop_modes()


# %% check="loop-not-finite" points=2 hidden="an infinite loss in the first batch"
def check_loop_not_finite(bad, good_batches):
    net = nn.Linear(1, 1, bias=False)
    nn.init.constant_(net.weight, 0.5)
    batch = torch.tensor([[2.0]]), torch.tensor([[3.0]])
    broken = torch.tensor([[1.0], [1.0]]), torch.tensor([[bad], [0.0]])
    expected = 0.5
    for _ in range(good_batches):  # the derivative of (2w - 3)**2 is 4 * (2w - 3)
        expected -= 0.05 * 4 * (2 * expected - 3)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    try:
        got = train_epoch(net, [batch] * good_batches + [broken, batch], nn.functional.mse_loss, optimizer)
    except FloatingPointError:
        weight = net.weight.item()
        assert np.isclose(weight, expected, rtol=1e-4), (
            f"a target {bad} in batch {good_batches + 1}: FloatingPointError came, but the weight is {weight}, "
            f"expected {expected:.4f} as after batch {good_batches}. Check the loss before the step."
        )
    else:
        raise AssertionError(
            f"a target {bad} in batch {good_batches + 1}: train_epoch returned {got}, expected FloatingPointError"
        )


check_loop_not_finite(float("nan"), 1)
### BEGIN HIDDEN TESTS
check_loop_not_finite(float("inf"), 0)
check_loop_not_finite(float("-inf"), 1)
check_loop_not_finite(float("nan"), 0)
### END HIDDEN TESTS

# %% [markdown] hint="loop"
# Both functions have the same skeleton: `total` and `rows` start at 0, each batch adds to both, and the quotient is
# returned. The training step stands in the cell above.

# %% [markdown] hint="loop"
# `torch.isfinite(loss)` is false for NaN and for both infinities. `model.training` tells the mode, and
# `model.train(True)` or `model.train(False)` sets it, so you can note it first and set it back at the end.

# %% [markdown] hint="loop"
# ```python
# for x, y in loader:
#     loss = loss_fn(model(x), y)
#     if not torch.isfinite(loss):
#         raise FloatingPointError("the loss is not finite")
#     ...  # zero_grad, backward, step
#     total += loss.item() * len(x)
#     rows += len(x)
# ```
# `evaluate` needs only the first and the last two lines of this loop, inside `with torch.no_grad():`.

# %% [markdown]
# ## Where chance comes in
#
# Run the same training twice and you get two models, unless you fix every source of chance:
#
# | source | draws for |
# |---|---|
# | Python's `random` | your own code, some libraries |
# | NumPy's `np.random` | your own code, augmentation, some libraries |
# | torch's global generator | first weights, dropout, and a DataLoader without its own generator |
# | a generator of your own (`torch.Generator`, `np.random.default_rng`) | only what you use it for, such as the shuffling of one DataLoader |
#
# A generator is a machine with a **state**. Each draw returns a number and moves the state on. A **seed** sets the
# state; equal states give equal numbers for ever after. So you can do two things: seed at the beginning, and take a
# **snapshot** of the state in the middle in order to continue from there later.
#
# Sharing one generator is the trap. A DataLoader draws a number from torch's global generator each time you start an
# epoch, even if it does not shuffle. Look what this does:

# %%
rows = TensorDataset(torch.arange(6))


def dropped(validate: bool) -> list[float]:
    torch.manual_seed(1)
    if validate:
        for _ in DataLoader(rows, batch_size=3):  # only looks at the rows, in order
            pass
    return nn.functional.dropout(torch.ones(6), 0.5).tolist()


print("training draws this dropout mask:        ", dropped(validate=False))
print("after a look at the validation set first:", dropped(validate=True))

# %% [markdown]
# Somebody who validates every second epoch instead of every epoch gets another model. A loader with its own generator
# draws from that one only, and nothing else is disturbed.
#
# ## Exercise 4 · Seeds
#
# Write four functions.
#
# - `seed_everything(seed)` seeds Python's `random`, NumPy's global generator (`np.random.seed`) and torch's global
#   generator, each with exactly `seed`, an integer from 0 to `2**32 - 1`. It returns nothing.
# - `make_loader(dataset, batch_size, seed, shuffle=True)` returns a `DataLoader` over all rows; the last batch may be
#   smaller. It has its own `torch.Generator` as `loader.generator`, seeded with exactly `seed`. With `shuffle=True`
#   each epoch has a new order, and the orders of epoch 1, 2, 3 and so on depend on nothing but `seed` and the number
#   of rows. With `shuffle=False` the rows come in order. Neither making the loader nor going through it changes
#   torch's global generator, in both cases.
# - `rng_state()` returns a snapshot of the three global generators (Python, NumPy, torch), without changing them.
# - `restore_rng(state)` puts all three back, so that whatever is drawn next is what was drawn next after the
#   snapshot: numbers from `random.gauss` and `np.random.normal` too (they produce two numbers at a time and keep one
#   for the next call; the generators' own states know about it). A snapshot can be restored any number of times.
#
# The snapshot is a dict that survives `torch.save` and `torch.load(..., weights_only=True)`: it holds only dicts,
# lists, tuples, strings, numbers, `None` and torch tensors. A NumPy array is refused there, so turn it into a list or
# a tensor.


# %% exercise="seeds" difficulty=3 minutes=20 skills="reproduce-results"
def seed_everything(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch."""
    ### BEGIN SOLUTION
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    ### END SOLUTION


def make_loader(dataset, batch_size: int, seed: int, shuffle: bool = True) -> DataLoader:
    """Return a loader whose order depends on the seed alone, with its own generator."""
    ### BEGIN SOLUTION
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)
    ### END SOLUTION


def rng_state() -> dict:
    """Return a snapshot of the three global generators, made of plain values and tensors."""
    ### BEGIN SOLUTION
    name, keys, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }
    ### END SOLUTION


def restore_rng(state: dict) -> None:
    """Put the three global generators back to a snapshot."""
    ### BEGIN SOLUTION
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    ### END SOLUTION


# %% check="seeds-everything" points=1
def check_seeds_everything():
    import random

    for seed in (0, 1, 12345, 2**32 - 1):
        torch.rand(1), np.random.rand(), random.random()
        returned = seed_everything(seed)
        assert returned is None, f"seed_everything({seed}) returned {returned!r}, expected nothing"
        # Separate generators with the same seed say what must be drawn.
        for name, got, want in [
            ("random.random()", random.random(), random.Random(seed).random()),
            ("np.random.random()", np.random.random(), np.random.RandomState(seed).random()),
            (
                "torch.rand(1)",
                torch.rand(1).item(),
                torch.rand(1, generator=torch.Generator().manual_seed(seed)).item(),
            ),
        ]:
            assert got == want, (
                f"after seed_everything({seed}) the first {name} is {got}, expected {want}: is this generator seeded?"
            )


check_seeds_everything()


# %% check="seeds-order" points=2 hidden="one single row, batches larger than the data, and a seed of 0"
def check_seeds_order(n, batch_size, seed):
    dataset = TensorDataset(torch.arange(n))

    def orders(which_seed, disturb):
        loader = make_loader(dataset, batch_size, which_seed)
        epochs = []
        for _ in range(3):
            if disturb:
                torch.manual_seed(int(np.random.randint(1000)))
            batches = [batch.tolist() for (batch,) in loader]
            sizes = [len(batch) for batch in batches]
            expected = [min(batch_size, n - start) for start in range(0, n, batch_size)]
            assert sizes == expected, (
                f"make_loader, {n} rows, batch_size={batch_size}: batches of {sizes} rows, expected {expected}"
            )
            epochs.append(sum(batches, []))
            assert sorted(epochs[-1]) == list(range(n)), (
                f"make_loader: an epoch over {n} rows gave rows {epochs[-1]}, expected each row once"
            )
        return epochs

    first = orders(seed, disturb=False)
    again = orders(seed, disturb=True)
    assert first == again, (
        f"two loaders with seed={seed} gave other orders when other code drew from torch's global generator. "
        "Who shuffles?"
    )
    if n > 10:
        assert first[0] != list(range(n)), "make_loader(...) gives the rows in order, expected them shuffled"
        assert first[0] != first[1] != first[2] != first[0], (
            "make_loader gives the same order in every epoch, expected a new one"
        )
        assert orders(seed + 1, disturb=False)[0] != first[0], f"seeds {seed} and {seed + 1} give the same order"
    loader = make_loader(dataset, batch_size, seed)
    assert isinstance(loader, DataLoader) and isinstance(loader.generator, torch.Generator), (
        "expected a DataLoader with its own generator"
    )
    got = loader.generator.initial_seed()
    assert got == seed, f"make_loader(..., seed={seed}): the generator was seeded with {got}, expected {seed}"
    state = loader.generator.get_state()
    one = [batch.tolist() for (batch,) in loader]
    loader.generator.set_state(state)
    two = [batch.tolist() for (batch,) in loader]
    assert one == two, (
        "after loader.generator got its old state back, the next epoch has another order, expected the same"
    )


check_seeds_order(23, 5, seed=11)
### BEGIN HIDDEN TESTS
check_seeds_order(1, 4, seed=3)
check_seeds_order(12, 50, seed=0)
check_seeds_order(40, 8, seed=2**32 - 2)
### END HIDDEN TESTS


# %% check="seeds-isolated" points=2
def check_seeds_isolated():
    dataset = TensorDataset(torch.arange(10))
    for shuffle in (True, False):
        torch.manual_seed(5)
        before = torch.get_rng_state()
        loader = make_loader(dataset, 4, seed=3, shuffle=shuffle)
        made = torch.get_rng_state()
        assert torch.equal(before, made), (
            f"make_loader(..., shuffle={shuffle}) changed torch's global generator. "
            "torch.manual_seed seeds the global one."
        )
        rows = [row for (batch,) in loader for row in batch.tolist()]
        assert torch.equal(before, torch.get_rng_state()), (
            f"an epoch with shuffle={shuffle} changed torch's global generator. "
            "The loader needs its own, also if it does not shuffle."
        )
        assert (rows == list(range(10))) == (not shuffle), f"shuffle={shuffle}: the rows came as {rows}"


check_seeds_isolated()


# %% check="seeds-snapshot" points=3 hidden="Gaussian numbers in odd counts, and a snapshot that went through a file and is restored twice"
def check_seeds_snapshot():
    import random

    def draws():
        return [
            random.random(),
            float(np.random.random()),
            torch.rand(1).item(),
            random.randint(0, 9**9),
            int(np.random.randint(9**9)),
        ]

    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    draws()
    state = rng_state()
    assert isinstance(state, dict), f"rng_state() returned {type(state).__name__}, expected a dict"
    first = draws()
    # The same three generators, never touched by rng_state, say what must have been drawn.
    random.seed(1), np.random.seed(2), torch.manual_seed(3)
    draws()
    assert first == draws(), "rng_state() changed what is drawn afterwards, expected it only to look"
    draws(), draws()
    restore_rng(state)
    got = draws()
    for name, a, b in zip(["random.random()", "np.random.random()", "torch.rand(1)"], got, first):
        assert a == b, f"{name} after restore_rng is {a}, expected {b} as right after the snapshot"
    assert got == first, f"after restore_rng the draws are {got}, expected {first}"
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, weights_only=True)
    except pickle.UnpicklingError:
        raise AssertionError(
            "torch.load(..., weights_only=True) refused the snapshot. Does it hold a NumPy array or another object?"
        ) from None


check_seeds_snapshot()


### BEGIN HIDDEN TESTS
def check_seeds_snapshot_gaussian():
    import random

    def draws():
        return [
            random.gauss(0, 1),
            float(np.random.normal()),
            float(np.random.standard_normal()),
            torch.randn(3).tolist(),
            torch.randn(20).tolist(),
        ]

    for odd in (1, 3):
        seed = 40 + odd
        random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
        for _ in range(odd):
            random.gauss(0, 1), np.random.normal(), torch.randn(1)
        buffer = io.BytesIO()
        torch.save(rng_state(), buffer)
        first, second = draws(), draws()
        buffer.seek(0)
        state = torch.load(buffer, weights_only=True)
        for _ in range(2):
            random.seed(9), np.random.seed(9), torch.manual_seed(9)
            restore_rng(state)
            assert draws() == first and draws() == second


check_seeds_snapshot_gaussian()
### END HIDDEN TESTS

# %% [markdown] hint="seeds"
# Each of the three libraries has a pair of functions to read and set its state: `random.getstate` and
# `random.setstate`, `np.random.get_state` and `np.random.set_state`, `torch.get_rng_state` and `torch.set_rng_state`.
# A generator of your own is made by `torch.Generator()` and seeded by its method `manual_seed`, which returns it.

# %% [markdown] hint="seeds"
# Print `np.random.get_state()`: a tuple of a name, an array of 624 integers, and three numbers. Only the array is in
# the way. Its method `tolist()` gives a list that `np.random.set_state` takes back as it is; the three numbers are
# needed too.

# %% [markdown] hint="seeds"
# ```python
# name, keys, *rest = np.random.get_state()
# plain = (name, keys.tolist(), *rest)
# ```
# The loader is `DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)`, in both cases with
# the generator.

# %% [markdown]
# ## What a running training consists of
#
# You kill a training after epoch 8 and start it again in a new process. What must the new process know? The weights,
# of course. But Adam also holds two running means for each weight. The **scheduler** (which lowers the learning rate
# over time) counts epochs. The generators are in some state. Nothing of it is in the weights.
#
# The next cell tries it with a small given training (`practice.py`, 90 bearings; dropout, Adam, a scheduler, shuffled
# batches). It trains 24 epochs in one go. Then it kills the training after epoch 8 and goes on in two ways that
# people use: with the weights only; and with weights, optimiser and scheduler, but fresh random states.

# %%
KILLED, EPOCHS = 8, 24


def weights_of(run):
    return torch.cat([p.detach().flatten() for p in run.model.parameters()])


def train_on(run):
    """Train up to EPOCHS; return the weights after each epoch from KILLED on."""
    path = [weights_of(run)]
    while len(run.history) < EPOCHS:
        practice.train(run, 1)
        path.append(weights_of(run))
    return torch.stack(path)


whole = practice.new_run(seed=0)
practice.train(whole, KILLED)
killed = full_state(whole)
whole_path = train_on(whole)

wrong = {}
for label, parts in [("weights only", ["model"]), ("all but random states", ["model", "optimizer", "scheduler"])]:
    run = practice.new_run(seed=99)  # a new process: nothing is left of the old one
    for part in parts:
        getattr(run, part).load_state_dict(killed[part])
    run.history = list(killed["history"])
    wrong[label] = run.history, (train_on(run) - whole_path).abs().amax(dim=1)


def draw_resumes(resumed, title):
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.7), layout="constrained")
    epochs = np.arange(1, EPOCHS + 1)
    left.plot(epochs, whole.history, color=GREY, lw=5, alpha=0.45, label="not interrupted")
    for (label, (history, gap)), color, style in zip(resumed.items(), [ORANGE, BLUE, GREEN], ["-s", "-^", "-o"]):
        left.plot(epochs[KILLED:], history[KILLED:], style, color=color, ms=3.5, lw=1.3, label=label)
        right.plot(np.arange(KILLED, EPOCHS + 1), gap, style, color=color, ms=3.5, lw=1.3, label=label)
    for ax in (left, right):
        ax.axvline(KILLED, color="black", lw=1, ls=":")
        ax.set_xlabel("epoch")
    left.set(ylabel="training loss", ylim=(0, 0.45), title="The loss hardly tells")
    right.set(ylabel="largest difference in a weight", title="The weights do")
    left.legend(frameon=False, fontsize=9)
    right.legend(frameon=False, fontsize=9)
    fig.suptitle(title)
    plt.show()


draw_resumes(wrong, "Killed after epoch 8 (dotted line) and resumed with too little")
for label, (history, gap) in wrong.items():
    print(f"{label:22} largest difference in a weight after epoch {EPOCHS}: {gap[-1]:.4f}")

# %% [markdown]
# Both resumed trainings look healthy, which is why this mistake lives so long. They are other trainings.
#
# ## Writing a file that is always whole
#
# A machine that vanishes may vanish while it writes the checkpoint. If you write over the old file, the old one is
# destroyed and the new one is half there. The remedy is an **atomic** replacement: write a temporary file in the same
# folder, and when it is complete call `os.replace(temporary, path)`. The operating system swaps the name in one step.
# Whoever opens `path` finds the old checkpoint or the new one, and never a half.
#
# ## Reading a file that may be hostile
#
# `torch.save` uses **pickle**, Python's format for objects, and a pickle can name any function to be called when it
# is loaded. Whoever can put a checkpoint on your disk can run code on your machine.
# `torch.load(path, weights_only=True)` (the default since PyTorch 2.6) reads only tensors and plain values, and refuses the rest with
# `pickle.UnpicklingError`. So a good checkpoint holds state dicts and plain values: never the model object itself.

# %%
with tempfile.TemporaryDirectory() as folder:
    torch.save(nn.Linear(2, 1).state_dict(), Path(folder, "state.pt"))
    torch.save(nn.Linear(2, 1), Path(folder, "object.pt"))
    print("state dict:", torch.load(Path(folder, "state.pt"), weights_only=True))
    try:
        torch.load(Path(folder, "object.pt"), weights_only=True)
    except pickle.UnpicklingError as error:
        print("model object: UnpicklingError:", str(error).split(".")[0])

adam = practice.new_run(seed=0)
practice.train(adam, 1)
print("\nwhat Adam remembers of its first parameter:")
for name, value in adam.optimizer.state_dict()["state"][0].items():
    print(f"  {name:11} shape {tuple(value.shape)}")
print("what the scheduler remembers:", {k: adam.scheduler.state_dict()[k] for k in ("last_epoch", "_last_lr")})

# %% [markdown]
# ## Exercise 5 · The checkpoint
#
# Write two functions. `model`, `optimizer` and `scheduler` have `state_dict()` and `load_state_dict(...)`.
# `generator` is the `torch.Generator` that shuffles (`get_state()`, `set_state(...)`). The trainings in the checks
# draw from this generator and from torch's global one (`torch.get_rng_state()`, `torch.set_rng_state(...)`), and from
# no other.
#
# `save_checkpoint(path, model, optimizer, scheduler, generator, progress)` writes one file, `path` (a `str` or a
# `Path` into a folder that exists), and returns nothing.
# - It saves everything that decides how the training goes on, and `progress`: a dict of whatever else the caller
#   wants back (the history, the epoch, your snapshot from exercise 4). It holds dicts, lists, tuples, strings,
#   numbers, `None` and tensors.
# - `torch.load(path, weights_only=True)` can read the file.
# - A file that is already at `path` is replaced by an atomic swap, as above. If saving fails on the way, by an error
#   or by Ctrl-C (`KeyboardInterrupt`), the exception goes on to the caller, the old file is still there with its old
#   content, and the folder holds no new file.
# - Saving changes nothing in the running training; random states included.
#
# `load_checkpoint(path, model, optimizer, scheduler, generator)` is called in a new process, with new objects of the
# same kind. It puts all states back, torch's global generator included, and returns `progress`. It refuses a file
# that holds anything but tensors and plain values, without running code from it: let the error of `torch.load` pass.
#
# Afterwards the training continues **bit for bit**: six epochs in one go, and three, save, load into new objects,
# three more, end with identical weights, optimiser, scheduler, random states and history. The checks compare with
# `==`.


# %% exercise="checkpoint" difficulty=4 minutes=30 skills="save-checkpoints reproduce-results"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress: dict) -> None:
    """Write everything that the training needs to go on into one file, atomically."""
    ### BEGIN SOLUTION
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "generator": generator.get_state(),
        "torch": torch.get_rng_state(),
        "progress": progress,
    }
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    ### END SOLUTION


def load_checkpoint(path, model, optimizer, scheduler, generator) -> dict:
    """Put all states back from a file of save_checkpoint; return its progress."""
    ### BEGIN SOLUTION
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]
    ### END SOLUTION


# %% check="checkpoint-round-trip" points=2 hidden="a progress with nested values, and the training that goes on after saving"
def check_checkpoint_round_trip():
    with tempfile.TemporaryDirectory() as folder:
        for path in (Path(folder, "one.pt"), str(Path(folder, "two.pt"))):
            run = practice.new_run(seed=3)
            practice.train(run, 2)
            progress = {"epoch": 2, "history": list(run.history)}
            before = practice.full_state(run)
            returned = save_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator, progress)
            assert returned is None, f"save_checkpoint returned {returned!r}, expected nothing"
            assert Path(path).exists(), f"save_checkpoint({path!r}, ...) wrote no file there"
            changed = practice.first_difference(practice.full_state(run), before)
            assert not changed, f"save_checkpoint changed the running training: {changed}"
            new = practice.new_run(seed=4)
            new.history = load_checkpoint(path, new.model, new.optimizer, new.scheduler, new.generator)["history"]
            found = practice.first_difference(practice.full_state(new), before)
            assert not found, (
                f"after save_checkpoint and load_checkpoint into new objects this differs: {found}. "
                "Is it saved, and put back?"
            )
        names = sorted(os.listdir(folder))
        assert names == ["one.pt", "two.pt"], (
            f"after saving one.pt and two.pt the folder holds {names}. Does a temporary file stay behind?"
        )


check_checkpoint_round_trip()


### BEGIN HIDDEN TESTS
def check_checkpoint_progress():
    run = practice.new_run(seed=5)
    practice.train(run, 1)
    progress = {
        "best": (1, 2.5),
        "none": None,
        "names": ["a", "b"],
        "rng": {"x": torch.arange(3)},
        "model": "m",
        "inf": math.inf,
        "flag": True,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.pt")
        for content in ({"epoch": 0}, progress, {}):
            save_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator, content)
            got = load_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator)
            assert type(got) is dict and practice.first_difference(got, content) == ""
        assert os.listdir(folder) == ["run.pt"]
        # What is loaded is what was saved, also when the training has gone on in between.
        before = practice.full_state(run)
        save_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator, {"history": list(run.history)})
        practice.train(run, 2)
        run.history = load_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator)["history"]
        assert practice.first_difference(practice.full_state(run), before) == ""


check_checkpoint_progress()
### END HIDDEN TESTS


# %% check="checkpoint-exact" points=4 hidden="SGD with momentum and batch normalisation, and other epochs to be killed in"
def check_checkpoint_exact(kind, epochs, killed_after):
    import random

    whole = practice.new_run(seed=0, kind=kind)
    practice.train(whole, epochs)
    expected = practice.full_state(whole)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.pt")
        first = practice.new_run(seed=0, kind=kind)
        practice.train(first, killed_after)
        save_checkpoint(
            path, first.model, first.optimizer, first.scheduler, first.generator, {"history": first.history}
        )
        random.seed(1), np.random.seed(1)
        second = practice.new_run(seed=1000, kind=kind)
        torch.rand(17)
        second.history = list(
            load_checkpoint(path, second.model, second.optimizer, second.scheduler, second.generator)["history"]
        )
    practice.train(second, epochs - killed_after)
    found = practice.first_difference(practice.full_state(second), expected)
    assert not found, (
        f"{epochs} epochs in one go, and {killed_after} + save + load + {epochs - killed_after}, differ in {found}; "
        f"losses {[round(x, 4) for x in second.history]}, expected {[round(x, 4) for x in whole.history]}. "
        "Momentum, scheduler, dropout's generator and the shuffling must continue too."
    )


check_checkpoint_exact("adam", 6, 3)
### BEGIN HIDDEN TESTS
check_checkpoint_exact("momentum", 6, 3)
check_checkpoint_exact("adam", 7, 5)
check_checkpoint_exact("momentum", 5, 1)
### END HIDDEN TESTS


# %% check="checkpoint-atomic" points=3 hidden="Ctrl-C while it saves, a first save that fails, and whoever still holds the old file"
class Unsaveable:
    """An object on which pickling stops with an error, as writing does on a full disk."""

    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        raise self.error


def check_checkpoint_interrupted(error, earlier_save):
    run = practice.new_run(seed=2)
    practice.train(run, 1)
    parts = run.model, run.optimizer, run.scheduler, run.generator
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.pt")
        if earlier_save:
            save_checkpoint(path, *parts, {"epoch": 1})
        old = path.read_bytes() if earlier_save else None
        name = type(error).__name__
        try:
            save_checkpoint(path, *parts, {"epoch": 2, "broken": Unsaveable(error)})
        except type(error):
            pass
        else:
            raise AssertionError(
                f"save_checkpoint failed with {name} inside torch.save, but the exception did not reach the caller"
            )
        names = os.listdir(folder)
        assert names == (["run.pt"] if earlier_save else []), (
            f"after a save that failed the folder holds {names}. Who clears up the temporary file?"
        )
        if earlier_save:
            assert path.read_bytes() == old, (
                "a save that failed destroyed the old checkpoint. Write a temporary file first, then os.replace."
            )
            assert load_checkpoint(path, *parts) == {"epoch": 1}, (
                "after a save that failed the old checkpoint does not load"
            )


check_checkpoint_interrupted(OSError("disk full"), earlier_save=True)


### BEGIN HIDDEN TESTS
def check_checkpoint_swapped():
    run = practice.new_run(seed=2)
    parts = run.model, run.optimizer, run.scheduler, run.generator
    with tempfile.TemporaryDirectory() as folder:
        path, same_file = Path(folder, "run.pt"), Path(folder, "second-name-of-the-old-file")
        save_checkpoint(path, *parts, {"epoch": 1})
        os.link(path, same_file)
        old = same_file.read_bytes()
        practice.train(run, 1)
        save_checkpoint(path, *parts, {"epoch": 2})
        assert same_file.read_bytes() == old  # written over, the old file would have changed under this name too
        assert load_checkpoint(path, *parts) == {"epoch": 2}
        assert sorted(os.listdir(folder)) == ["run.pt", same_file.name]


check_checkpoint_interrupted(KeyboardInterrupt(), earlier_save=True)
check_checkpoint_interrupted(OSError("disk full"), earlier_save=False)
check_checkpoint_interrupted(KeyboardInterrupt(), earlier_save=False)
check_checkpoint_swapped()
### END HIDDEN TESTS


# %% check="checkpoint-safe" points=2
class Trojan:
    """An object whose pickle makes a folder when it is loaded."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def check_checkpoint_safe():
    run = practice.new_run(seed=2, kind="momentum")
    practice.train(run, 1)
    parts = run.model, run.optimizer, run.scheduler, run.generator
    with tempfile.TemporaryDirectory() as folder:
        path, trap = Path(folder, "run.pt"), os.path.join(folder, "trap")
        save_checkpoint(path, *parts, {"epoch": 1})
        try:
            torch.load(path, weights_only=True)
        except pickle.UnpicklingError:
            raise AssertionError(
                "torch.load(path, weights_only=True) refused your checkpoint. Save state dicts, not objects."
            ) from None
        assert load_checkpoint(path, *parts) == {"epoch": 1}, (
            "load_checkpoint did not return the progress {'epoch': 1}"
        )
        # A file of yours with a trap in its progress, as an attacker could have left it on the disk.
        save_checkpoint(path, *parts, {"epoch": Trojan(trap)})
        refused = False
        try:
            load_checkpoint(path, *parts)
        except pickle.UnpicklingError:
            refused = True
        did = "ran" if os.path.exists(trap) else "let pass"
        assert refused and did != "ran", (
            f"load_checkpoint {did} code that was hidden in a checkpoint, expected pickle.UnpicklingError"
        )


check_checkpoint_safe()

# %% [markdown] hint="checkpoint"
# Count what changes while the practice training runs: the model, the optimiser, the scheduler, the generator that
# shuffles, torch's global generator, and the progress. Six entries in a dict, and six things to put back.

# %% [markdown] hint="checkpoint"
# For the file: `temporary = Path(f"{path}.tmp")`, `torch.save(state, temporary)`, `os.replace(temporary, path)`. A
# `try` with `finally` clears up in every case, Ctrl-C included: `temporary.unlink(missing_ok=True)` is content if the
# temporary file is gone, as it is after a successful swap.

# %% [markdown] hint="checkpoint"
# ```python
# state = torch.load(path, weights_only=True)
# model.load_state_dict(state["model"])
# ...  # the same for optimizer and scheduler
# generator.set_state(state["generator"])
# torch.set_rng_state(state["torch"])
# return state["progress"]
# ```

# %% [markdown]
# Now the same experiment with your checkpoint. The third curve should lie on the uninterrupted one, at a difference
# of exactly 0.

# %%
with once_solved("exercise 5"), tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "run.pt")
    run = practice.new_run(seed=0)
    practice.train(run, KILLED)
    save_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator, {"history": run.history})
    run = practice.new_run(seed=99)
    run.history = load_checkpoint(path, run.model, run.optimizer, run.scheduler, run.generator)["history"]
    gap = (train_on(run) - whole_path).abs().amax(dim=1)
    draw_resumes({**wrong, "your checkpoint": (run.history, gap)}, "Killed after epoch 8 and resumed, three ways")
    print(
        "first difference to the training that was not interrupted:",
        first_difference(full_state(run), full_state(whole)) or "none",
    )

# %% [markdown]
# ## When to stop
#
# A network with thousands of weights can learn 300 bearings by heart, noise and all. Then the training error falls
# far below the noise floor, which no honest model can do, and the validation error rises. That is **overfitting**.
# The next cell trains a given network for 120 epochs and shows it.
#
# **Early stopping** watches the validation loss. It remembers the best value and the weights that reached it, and
# stops when `patience` epochs in a row brought nothing better. Waiting matters, because the validation loss jumps up
# and down. At the end the *best* weights are put back: the last ones are `patience` epochs past the best.


# %%
def as_tensors(x, hours):
    x = (x - train_x.mean(axis=0)) / train_x.std(axis=0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor((hours - 500) / 150, dtype=torch.float32).reshape(-1, 1)


torch.manual_seed(0)
x, y = as_tensors(train_x, train_hours)
check_x, check_y = as_tensors(valid_x, valid_hours)
net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=0.003)
train_curve, valid_curve = [], []
for epoch in range(120):
    for batch in torch.randperm(len(x)).split(32):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x[batch]), y[batch]).backward()
        optimizer.step()
    with torch.no_grad():
        train_curve.append(150 * nn.functional.mse_loss(net(x), y).sqrt().item())
        valid_curve.append(150 * nn.functional.mse_loss(net(check_x), check_y).sqrt().item())


def draw_curves(train_curve, valid_curve, best, stopped, title):
    fig, ax = plt.subplots(figsize=(7.4, 4), layout="constrained")
    epochs = np.arange(1, len(train_curve) + 1)
    ax.plot(epochs, train_curve, color=BLUE, lw=1.8, label="training")
    ax.plot(epochs, valid_curve, color=ORANGE, lw=1.8, label="validation")
    ax.axhline(NOISE_HOURS, color=GREY, ls="--", lw=1.2, label="noise floor")
    ax.plot(
        best,
        valid_curve[best - 1],
        "o",
        color=GREEN,
        ms=9,
        zorder=3,
        label=f"best: epoch {best}, {valid_curve[best - 1]:.1f} h",
    )
    if stopped:
        ax.axvline(stopped, color="black", ls=":", lw=1.2, label=f"stop: epoch {stopped}")
    ax.set(xlabel="epoch", ylabel="RMSE (h)", ylim=(20, 80), title=title)
    ax.legend(loc="upper right", frameon=False, fontsize=9, ncols=2)
    plt.show()


draw_curves(
    train_curve,
    valid_curve,
    int(np.argmin(valid_curve)) + 1,
    None,
    "Below the floor, the network learns noise by heart",
)
print(
    f"after epoch 120: training {train_curve[-1]:.1f} h, validation {valid_curve[-1]:.1f} h; "
    f"best validation {min(valid_curve):.1f} h"
)

# %% [markdown]
# One trap waits in "remembers the weights". `model.state_dict()` does not copy: its tensors *are* the weights, and
# the optimiser changes them in place. Whoever keeps the dict keeps the newest weights.

# %%
model = nn.Linear(1, 1, bias=False)
kept = model.state_dict()
copied = {name: tensor.clone() for name, tensor in model.state_dict().items()}
with torch.no_grad():
    model.weight.fill_(99.0)
print("kept:", kept["weight"].item(), "  copied:", round(copied["weight"].item(), 3))

# %% [markdown]
# ## Exercise 6 · Early stopping
#
# Complete `EarlyStopping(patience, min_delta=0.0)`; `patience` ≥ 1, `min_delta` ≥ 0.
#
# - `step(val_loss, model)` is called once after each epoch with that epoch's validation loss, a float. An epoch is an
#   **improvement** if its loss is smaller than the best one so far by *more than* `min_delta`; the first one improves
#   on infinity. NaN and infinity are never an improvement. `step` returns `True` if the last `patience` calls (or
#   more) all brought no improvement, else `False`, and keeps to that rule if it is called after a `True`.
# - `best_loss` is the loss of the last improvement (`math.inf` before the first), `best_epoch` its number, counted
#   from 1 (0 before the first).
# - At each improvement it copies the weights and buffers of the model. `restore(model)` puts those of the best epoch
#   back into the model, as often as you like; if there was no improvement yet, it raises `RuntimeError`.
# - `state_dict()` returns a dict of everything it must remember, of tensors and plain values, ready for a checkpoint;
#   later steps do not change that dict. `load_state_dict(state)` on a new `EarlyStopping` with the same `patience`
#   and `min_delta` goes on as if nothing had happened, `restore` included.


# %% exercise="early-stopping" difficulty=3 minutes=25 skills="control-overfitting"
class EarlyStopping:
    """Stop when the validation loss has not improved for `patience` epochs, and keep the best weights."""

    def __init__(self, patience: int, min_delta: float = 0.0):
        ### BEGIN SOLUTION
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None
        ### END SOLUTION

    def step(self, val_loss: float, model: nn.Module) -> bool:
        """Take in one epoch; return whether to stop."""
        ### BEGIN SOLUTION
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience
        ### END SOLUTION

    def restore(self, model: nn.Module) -> None:
        """Put the weights of the best epoch into the model."""
        ### BEGIN SOLUTION
        if self.best_weights is None:
            raise RuntimeError("no epoch has improved yet")
        model.load_state_dict(self.best_weights)
        ### END SOLUTION

    def state_dict(self) -> dict:
        """Return everything that must be remembered, as tensors and plain values."""
        ### BEGIN SOLUTION
        return dict(vars(self))
        ### END SOLUTION

    def load_state_dict(self, state: dict) -> None:
        """Go on from a state_dict."""
        ### BEGIN SOLUTION
        vars(self).update(state)
        ### END SOLUTION


# %% check="early-stopping-stops" points=3 hidden="other losses, patiences and margins, and calls after the first True"
def stops_by_hand(losses, patience, min_delta):
    """Return for each epoch (stop, best_loss, best_epoch), from a list of the epochs that improved."""
    improved, rows = [], []
    for epoch, loss in enumerate(losses, start=1):
        best = losses[improved[-1] - 1] if improved else math.inf
        if math.isfinite(loss) and best - loss > min_delta:
            improved.append(epoch)
        recent = range(epoch - patience + 1, epoch + 1)
        stop = epoch >= patience and not any(e in improved for e in recent)
        rows.append((stop, losses[improved[-1] - 1] if improved else math.inf, improved[-1] if improved else 0))
    return rows


def check_early_stopping_stops(losses, patience, min_delta=None):
    call = f"EarlyStopping({patience})" if min_delta is None else f"EarlyStopping({patience}, min_delta={min_delta})"
    stopper = EarlyStopping(patience) if min_delta is None else EarlyStopping(patience, min_delta=min_delta)
    start = stopper.best_loss, stopper.best_epoch
    assert start == (math.inf, 0), f"{call} starts with best_loss, best_epoch = {start}, expected (inf, 0)"
    model = nn.Linear(1, 1)
    for epoch, want in enumerate(stops_by_hand(losses, patience, min_delta or 0.0), start=1):
        stop = stopper.step(losses[epoch - 1], model)
        seen = f"{call} after losses {losses[:epoch]}"
        assert stop in (True, False) and bool(stop) == want[0], (
            f"{seen} returned {stop!r}, expected {want[0]}. How many epochs in a row did not improve?"
        )
        got = stopper.best_loss, stopper.best_epoch
        assert got == want[1:], f"{seen} has best_loss, best_epoch = {got}, expected {want[1:]}"


check_early_stopping_stops([5.0, 4.0, 4.5, 4.25, 3.0, 3.5, 3.25, 3.125], 3)
check_early_stopping_stops([2.0, 1.0, 1.0, 1.0], 2)
check_early_stopping_stops([4.0, 3.75, 3.5, 3.25, 3.0], 2, min_delta=0.5)
### BEGIN HIDDEN TESTS
check_early_stopping_stops([3.0, 2.0, 2.5, 1.0, 1.5, 0.5, 0.75], 1)
check_early_stopping_stops([1.0, 2.0, 3.0, 0.5, 0.75, 0.75, 0.75, 0.25, 0.5], 2)
check_early_stopping_stops([1.0, 0.75, 0.5, 0.25, 0.0, -0.25, -0.75, -0.5], 1, 0.25)
check_early_stopping_stops([8.0, 7.5, 7.0, 6.5, 6.25, 7.0, 7.0, 7.0, 5.0], 3, 1.0)
check_early_stopping_stops([0.0, -1.0, -2.0, -1.5, -1.75, -3.0], 4)
check_early_stopping_stops([float(v) for v in np.random.default_rng(5).integers(0, 12, 60)], 5, 2.0)
### END HIDDEN TESTS


# %% check="early-stopping-restores" points=3 hidden="batch normalisation, and training that goes on after restoring"
def check_early_stopping_restores():
    model = nn.Linear(1, 1, bias=False)
    stopper = EarlyStopping(patience=3)
    for weight, loss in [(10.0, 5.0), (20.0, 2.0), (30.0, 3.0), (40.0, 4.0)]:
        with torch.no_grad():
            model.weight.fill_(weight)
        stopper.step(loss, model)
        assert model.weight.item() == weight, (
            f"step changed the model's weight from {weight} to {model.weight.item()}"
        )
    stopper.restore(model)
    got = model.weight.item()
    think = (
        " Did you keep the state_dict itself? Its tensors change with the model: copy them." if got == 40.0 else ""
    )
    assert got == 20.0, (
        f"weights 10, 20, 30, 40 with losses 5, 2, 3, 4: restore gave weight {got}, expected 20, the best.{think}"
    )
    fresh = nn.Linear(1, 1, bias=False)
    try:
        EarlyStopping(patience=1).restore(fresh)
    except NotImplementedError:
        raise
    except RuntimeError:
        return
    raise AssertionError("restore before any improvement raised nothing, expected RuntimeError")


check_early_stopping_restores()


### BEGIN HIDDEN TESTS
def check_early_stopping_restores_buffers():
    import copy

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)

    def learn():
        optimizer.zero_grad()
        nn.functional.mse_loss(model.train()(torch.randn(8, 2) + 2), torch.randn(8, 1)).backward()
        optimizer.step()

    stopper = EarlyStopping(2)
    states = []
    for loss in (3.0, 1.0, 2.0):
        learn()
        stopper.step(loss, model)
        states.append(copy.deepcopy(model.state_dict()))
    for _ in range(2):
        learn()
        stopper.restore(model)
        assert practice.first_difference(dict(model.state_dict()), dict(states[1])) == ""
    assert all(p.requires_grad for p in model.parameters())
    learn()
    assert practice.first_difference(dict(model.state_dict()), dict(states[1])) != ""


check_early_stopping_restores_buffers()
### END HIDDEN TESTS


# %% check="early-stopping-not-a-number" points=1
def check_early_stopping_not_a_number():
    model = nn.Linear(1, 1)
    nan, inf = math.nan, math.inf
    for losses, patience, stops, best in [
        ([nan, nan], 2, [False, True], (inf, 0)),
        ([inf, inf, 4.0], 2, [False, True, False], (4.0, 3)),
        ([3.0, nan, 2.0, nan, nan], 2, [False, False, False, False, True], (2.0, 3)),
    ]:
        stopper = EarlyStopping(patience)
        got = [bool(stopper.step(loss, model)) for loss in losses]
        assert got == stops, (
            f"EarlyStopping({patience}) with losses {losses} returned {got}, expected {stops}: "
            "NaN and inf are no improvement"
        )
        got = stopper.best_loss, stopper.best_epoch
        assert got == best, (
            f"EarlyStopping({patience}) after losses {losses} has best_loss, best_epoch = {got}, expected {best}"
        )
    stopper = EarlyStopping(1)
    stopper.step(nan, model)
    try:
        stopper.restore(model)
    except NotImplementedError:
        raise
    except RuntimeError:
        return
    raise AssertionError("restore after nothing but NaN raised nothing, expected RuntimeError")


check_early_stopping_not_a_number()


# %% check="early-stopping-resumes" points=2 hidden="a state from before the first epoch, and a state that is kept while the training goes on"
def check_early_stopping_resumes(losses, cut, patience, min_delta):
    """Split a sequence in two, with a file between; compare with the sequence in one go."""

    def model_at(epoch):
        model = nn.Linear(1, 1, bias=False)
        nn.init.constant_(model.weight, epoch)
        return model

    whole, first, second = (EarlyStopping(patience, min_delta) for _ in range(3))
    expected = [bool(whole.step(loss, model_at(epoch))) for epoch, loss in enumerate(losses)]
    model = model_at(0)
    for epoch, loss in enumerate(losses[:cut]):
        nn.init.constant_(model.weight, epoch)
        first.step(loss, model)
    state, buffer = first.state_dict(), io.BytesIO()
    for _ in range(3):  # the first training goes on for a while, until the machine vanishes
        first.step(-100.0, model_at(99))
    torch.save(state, buffer)
    buffer.seek(0)
    try:
        second.load_state_dict(torch.load(buffer, weights_only=True))
    except pickle.UnpicklingError:
        raise AssertionError(
            "torch.load(..., weights_only=True) refused state_dict(): does it hold only tensors and plain values?"
        ) from None
    got = [bool(second.step(loss, model_at(epoch))) for epoch, loss in list(enumerate(losses))[cut:]]
    call = f"EarlyStopping({patience}, {min_delta}) with losses {losses}, saved and loaded after {cut} of them,"
    assert got == expected[cut:], (
        f"{call} then returned {got}, in one go it returned {expected[cut:]}. Is the count part of the state?"
    )
    best = second.best_loss, second.best_epoch
    assert best == (whole.best_loss, whole.best_epoch), (
        f"{call} has best_loss, best_epoch = {best}, in one go {(whole.best_loss, whole.best_epoch)}"
    )
    a, b = model_at(-1), model_at(-1)
    whole.restore(a), second.restore(b)
    assert torch.equal(a.weight, b.weight), (
        f"{call} restores weight {b.weight.item()}, in one go {a.weight.item()}: "
        "are the best weights part of the state?"
    )


check_early_stopping_resumes([5.0, 3.0, 4.0, 4.0, 4.0], 3, 3, 0.0)
### BEGIN HIDDEN TESTS
check_early_stopping_resumes([5.0, 3.0, 4.0, 2.0, 4.0, 4.0], 0, 2, 0.0)
check_early_stopping_resumes([5.0, 4.5, 4.5, 3.0, 2.5, 2.5, 2.5], 2, 2, 1.0)
check_early_stopping_resumes([5.0, 3.0, 4.0, 2.0, 4.0, 4.0], 4, 2, 0.0)
### END HIDDEN TESTS

# %% [markdown] hint="early-stopping"
# Count the epochs, and remember the number of the best one. Then "how many epochs without an improvement?" is a
# subtraction, and you need no second counter that somebody must set back to 0.

# %% [markdown] hint="early-stopping"
# `best_loss` starts at `math.inf`. The single comparison `val_loss < self.best_loss - self.min_delta` covers the
# first epoch, the margin, infinity, and NaN, because every comparison with NaN is false. Copy the weights with
# `.clone()` or `copy.deepcopy`.

# %% [markdown] hint="early-stopping"
# ```python
# self.epoch += 1
# if val_loss < self.best_loss - self.min_delta:
#     self.best_epoch, self.best_loss = self.epoch, val_loss
#     self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
# return self.epoch - self.best_epoch >= self.patience
# ```
# `state_dict` returns a dict with these four attributes, `load_state_dict` sets them. In `restore`,
# `best_weights is None` tells that there was no improvement yet.

# %% [markdown]
# ## All six together
#
# This is the night job of the plant, from your own parts. It trains until early stopping says so, saves a checkpoint
# after each epoch, and can be killed. The next cell runs it twice: once in one go, and once killed after epoch 9,
# with everything built anew from other seeds before it resumes. Then it asks whether the two models are the same,
# looks at the test set for the first time, and compares with the noise floor.


# %%
def night_job(checkpoint, seed, resume=False, killed_after=None, max_epochs=100):
    """Train the bearing model; return the model, the stopper and the history of (training, validation) RMSE."""
    seed_everything(seed)
    train_data = BearingDataset(train_x, train_hours)
    valid_data = BearingDataset(valid_x, valid_hours, mean=train_data.mean, std=train_data.std)
    train_loader = make_loader(train_data, 32, seed=seed)
    valid_loader = make_loader(valid_data, 150, seed=seed, shuffle=False)
    model = BearingNet(4, hidden=(64, 64), dropout=0.05, offset=train_hours.mean(), scale=train_hours.std())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.5)
    stopper, history = EarlyStopping(patience=12), []
    parts = model, optimizer, scheduler, train_loader.generator
    if resume:
        progress = load_checkpoint(checkpoint, *parts)
        history = progress["history"]
        stopper.load_state_dict(progress["stopper"])
        restore_rng(progress["rng"])
    stop = False
    while not stop and len(history) < max_epochs:
        training = train_epoch(model, train_loader, nn.functional.mse_loss, optimizer)
        validation = evaluate(model, valid_loader, nn.functional.mse_loss)
        scheduler.step()
        history.append((math.sqrt(training), math.sqrt(validation)))
        stop = stopper.step(validation, model)
        save_checkpoint(checkpoint, *parts, {"history": history, "stopper": stopper.state_dict(), "rng": rng_state()})
        if len(history) == killed_after:
            return None
    stopper.restore(model)
    return model, stopper, history


with once_solved("all six exercises"), tempfile.TemporaryDirectory() as folder:
    model, stopper, history = night_job(Path(folder, "whole.pt"), seed=7)
    night_job(Path(folder, "killed.pt"), seed=7, killed_after=9)
    resumed, _, resumed_history = night_job(Path(folder, "killed.pt"), seed=12345, resume=True)

    differs = first_difference(dict(resumed.state_dict()), dict(model.state_dict())) or first_difference(
        resumed_history, history
    )
    print("first difference between the two models and histories:", differs or "none")
    draw_curves(*map(list, zip(*history)), stopper.best_epoch, len(history), "The night job, from your own parts")
    train_data = BearingDataset(train_x, train_hours)
    test_data = BearingDataset(test_x, test_hours, mean=train_data.mean, std=train_data.std)
    test_error = math.sqrt(
        evaluate(model, make_loader(test_data, 250, seed=0, shuffle=False), nn.functional.mse_loss)
    )
    print(
        f"test RMSE: straight line {rmse(with_ones(test_x) @ line, test_hours):.1f} h, your model {test_error:.1f} h, "
        f"true formula {rmse(true_hours(test_x), test_hours):.1f} h"
    )

# %% [markdown]
# (Dropout is active while the training loss is measured, so the training curve here is a little higher than that of a
# network without it.)
#
# What is still missing to the floor is the price of having only 300 bearings. More data would buy it; a longer
# training would not.
#
# ## What goes wrong in production
#
# **The half checkpoint.** The machine vanished while `torch.save` wrote over the only checkpoint. In the morning the
# job tries to resume and this happens:

# %%
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "model.pt")
    torch.save(practice.new_run(seed=0).model.state_dict(), path)
    path.write_bytes(path.read_bytes()[:1000])  # all that reached the disk
    try:
        torch.load(path, weights_only=True)
    except RuntimeError as error:
        print("RuntimeError:", str(error).split(". This")[0])

# %% [markdown]
# The days of training in that file are lost. With the atomic swap, the checkpoint of the epoch before would be there.
# Many teams also keep the last few checkpoints under different names, in case a bad one is discovered late.
#
# **The harmless NumPy number.** Somebody adds `np.mean(losses)` to the progress. Saving works, every night. Loading
# fails, on the one night it is needed:

# %%
file = io.BytesIO()
torch.save({"epoch": 7, "loss": np.mean([0.5, 0.7])}, file)
file.seek(0)
try:
    torch.load(file, weights_only=True)
except pickle.UnpicklingError as error:
    print("UnpicklingError:", str(error).split(".")[0])
    print("the value was a", type(np.mean([0.5, 0.7])), "- float(...) makes it a plain number")

# %% [markdown]
# A backup that nobody has restored is a hope. Test the resume, not the save: the bit-for-bit check of exercise 5,
# with a few epochs on a few rows, belongs into the tests of every training job.
#
# **The changed network.** A colleague widens a layer and resumes from an old file:

# %%
try:
    nn.Linear(4, 32).load_state_dict(nn.Linear(4, 16).state_dict())
except RuntimeError as error:
    print("RuntimeError:", *[line.strip() for line in str(error).splitlines()[:2]])

# %% [markdown]
# This failure is the good kind: loud and at once. `strict=False` skips missing and unexpected names, and so turns
# the loud failure into a network with partly random weights. Save the arguments of the network in `progress` instead.
#
# ## On a GPU
#
# Floating-point numbers are rounded after each addition, so a sum depends on the order. On one CPU thread the order is
# always the same. On a GPU thousands of threads add at once, and for some operations the order changes from run to run.
#
# Nothing of this is graded. If you train on a GPU, these things change:
#
# - Move the model first (`model.to("cuda")`), then build the optimiser, and move each batch (`x.to("cuda")`).
# - Load with `torch.load(path, map_location="cpu", weights_only=True)`. `load_state_dict` copies the numbers to where
#   the model is, and the random states must stay on the CPU: `torch.set_rng_state` refuses a tensor on the GPU.
# - Each GPU has a generator of its own, and dropout draws from it there. Add `torch.cuda.get_rng_state_all()` to the
#   checkpoint.
# - `torch.use_deterministic_algorithms(True)` picks operations with a fixed order and raises `RuntimeError` where there
#   is none; leave `torch.backends.cudnn.benchmark` at `False`. Both cost speed. (Guides for older releases also set the
#   environment variable `CUBLAS_WORKSPACE_CONFIG`; the documentation of PyTorch 2.13 no longer asks for it.)
# - Bit for bit holds on the same kind of machine with the same PyTorch. Another GPU model, another release, or a CPU
#   in place of the GPU may round differently. On a CPU, another number of threads may, too.

# %%
numbers = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
order = torch.randperm(100_000, generator=torch.Generator().manual_seed(1))
print("the same numbers, added in two orders:", numbers.sum().item(), numbers[order].sum().item())
print("this machine computes on:", "cuda" if torch.cuda.is_available() else "cpu")

# %% [markdown]
# ## Recap
#
# You can now write a PyTorch training loop, say what state it consists of, and prove that it resumes exactly. Where a
# job asks for reproducible training, or for training that survives interruptions, this is the work that is meant.
#
# Three questions to test yourself (answers below):
#
# 1. A checkpoint holds weights, optimiser and scheduler. The network has no dropout. Which difference will you still
#    see after a resume?
# 2. The training RMSE is 22 hours and the noise floor is 40. Is that good news?
# 3. Why does `evaluate` need both `model.eval()` and `torch.no_grad()`?
#
# <details><summary>Answers</summary>
#
# 1. The batches come in another order, because the state of the shuffling generator is missing. The weights differ
#    from the first batch on.
# 2. No. Nobody can predict the noise of new bearings, so the network has learnt that of the training bearings by
#    heart.
# 3. `eval()` changes what layers such as dropout and batch normalisation compute; `no_grad()` stops the recording for
#    `backward`, which saves time and memory. Neither does the work of the other.
#
# </details>
#
# Further reading:
#
# - *Reproducibility* and *Serialization semantics*, two notes in the PyTorch documentation, by the PyTorch
#   contributors
# - *Deep Learning with PyTorch*, by Luca Antiga, Eli Stevens, Howard Huang and Thomas Viehmann
# - *Deep Learning*, chapters 7 and 8 (regularisation, optimisation), by Ian Goodfellow, Yoshua Bengio and Aaron
#   Courville
# - *Early Stopping — But When?*, by Lutz Prechelt
# - *Adam: A Method for Stochastic Optimization*, by Diederik Kingma and Jimmy Ba
