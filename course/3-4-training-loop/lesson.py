# ---
# title: A training loop that resumes exactly
# builds: a training loop that continues from a checkpoint, bit for bit, as if nothing had happened
# module: 3
# minutes: 210
# prerequisites: [1-2-python-toolkit]
# skills: [load-data, build-networks, train-networks, reproduce-results, save-checkpoints, control-overfitting]
# extras: [module-3]
# seed: 7
# limits: {cell_seconds: 20, notebook_seconds: 60, memory_mb: 2048, output_kb: 512}
# ---

# %% [markdown]
# # A training loop that resumes exactly
#
# You can kill it at any moment and start it again, and it ends with the same weights, bit for bit, as if nobody had
# touched it. You need not know PyTorch: the lesson starts with tensors. Take it in two sittings; a good place for the
# break is marked.

# %% [markdown]
# ## Why it matters
#
# A car-parts plant has 300 milling machines. Once a year somebody measures each spindle bearing, and your model says
# how many hours the bearing has left. Planners order spare parts by that number.
#
# The model is retrained at night on rented computers that are cheap because the owner may take them back at any
# moment. Last Tuesday one vanished in the middle of training. The job went on from its last checkpoint, the error
# looked fine, the model went live. On Friday an auditor asked the team to reproduce that model. They could not:
# training without an interruption gave other weights and, for nine machines, another decision. The checkpoint held
# the weights, and the weights are less than half of what decides how a training goes on.
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
from practice import first_difference, full_state, once_solved, weights_of

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
        "legend.frameon": False,
    }
)
BLUE, ORANGE, GREEN, GREY = "#0060a8", "#c8500a", "#13795b", "#555555"

# %% [markdown]
# ## The data, and the best error anybody can reach
#
# The bearings are made up. The file `bearings.py` beside this notebook holds the recipe: it draws four readings for
# each bearing (vibration, temperature, load, speed), computes its mean remaining life with a fixed formula, and adds
# random noise with a standard deviation of 40 hours.
#
# So you know something that you never know about real data: the **noise floor**. Even a model that knew the formula
# would be wrong by about 40 hours on new bearings. We measure errors as a **root-mean-square error** (RMSE): square the
# errors, take their mean, take the root. It is in hours, like the target.
#
# There are three sets of bearings. The **training** set changes the weights. The **validation** set decides things
# while you work, such as when to stop. The **test** set is looked at once, at the end.

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

# %% [markdown]
# Between the straight line and the floor lie more than 35 hours. A neural network can win most of them.
#
# ## Tensors
#
# PyTorch computes with **tensors**: arrays like NumPy's, which can also live on a GPU and remember how they were
# computed. Two things cause most beginners' bugs.
#
# *The type of the numbers.* NumPy uses 64-bit floats, networks use 32-bit ones, which hold about seven decimal
# digits: large numbers with small differences, such as time stamps, lose the differences. So compute in 64 bits, and
# convert last.
#
# *The shape.* A network that predicts one number for each of three bearings returns shape `(3, 1)`. If the targets
# have shape `(3,)`, a subtraction does not fail: it **broadcasts** both to `(3, 3)` and compares every prediction
# with every target. Training runs, and the model learns nonsense. In this lesson targets have shape `(n, 1)`, always.

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
# of the column, divide by its standard deviation. Mean and deviation belong to the *training* rows, and validation
# rows and tomorrow's bearing are standardised with the same numbers. With their own, ten worn bearings would look like
# ten average ones.

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
# - `features` has shape `(n, d)`, `hours` shape `(n,)`: NumPy arrays or nested lists, of floats or integers, n ≥ 1.
#   If they do not have the same number of rows, raise `ValueError`.
# - `len(data)` is n. `data[i]` is the pair `(x, y)` of row i: `x` the standardised features, `y` the hours as they are;
#   both float32 tensors, of shapes `(d,)` and `(1,)`. An index of n or more raises `IndexError`, which is how
#   `for x, y in data` finds its end (a tensor does it for you).
# - Standardised means `(features - mean) / std`, column by column. `mean` and `std` come together, as arrays of shape
#   `(d,)`, and are used as they are. Where they are not given, compute them; `std` divides by n and not by n - 1, and
#   is 1 for a column with the same value in every row, so that nothing is divided by 0. (Compare the values: rounding
#   can make the deviation of such a column 1e-17.)
# - `data.mean` and `data.std` are the statistics that you used, in 64 bits: arrays or tensors of shape `(d,)`.
# - Compute in 64 bits, convert to float32 last: a column may hold time stamps around 1.7e9 that differ by seconds.
# - Leave the arguments as they are, and copy: when somebody changes the arrays later, the dataset does not change.
#
# The checks allow a difference of 1e-5 in standardised features.


# %% exercise="dataset" difficulty=2 minutes=20 skills="load-data"
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
    features = [[1.0, 10.0], [2.0, 30.0], [6.0, 50.0]]
    data = BearingDataset(np.array(features), np.array([100.0, 200.0, 400.0]))
    assert len(data) == 3, f"len(data) is {len(data)} for 3 rows, expected 3"
    # By hand: the columns have means 3 and 30 and standard deviations sqrt(14 / 3) and sqrt(800 / 3).
    expected = [([-0.92582, -1.224745], 100.0), ([-0.46291, 0.0], 200.0), ([1.38873, 1.224745], 400.0)]
    for i, (want_x, want_y) in enumerate(expected):
        x, y = data[i]
        for name, got, shape in [("x", x, (2,)), ("y", y, (1,))]:
            kind = (got.dtype, tuple(got.shape)) if torch.is_tensor(got) else type(got).__name__
            want = torch.float32, shape
            assert kind == want, f"{name} of data[{i}] is of type and shape {kind}, expected a tensor: {want}"
        sample = np.allclose(x * math.sqrt(3 / 2), want_x, atol=1e-4)
        think = "Does your standard deviation divide by n - 1?" if sample else "One mean for each column (axis=0)?"
        assert np.allclose(x, want_x, rtol=0, atol=1e-5), (
            f"x of data[{i}] for features {features} is {x.tolist()}, expected {want_x}. {think}"
        )
        assert y.item() == want_y, f"y of data[{i}] is {y.item()}, expected the hours unchanged: {want_y}"


check_dataset_values()

# %% check="dataset-given-statistics" points=2 hidden="one single row with given statistics, and statistics of zero and one"
def check_dataset_given_statistics():
    rows = [[4.0, 100.0], [8.0, 300.0]]
    given = {"mean": np.array([2.0, 500.0]), "std": np.array([4.0, 100.0])}
    data = BearingDataset(np.array(rows), np.array([1.0, 2.0]), **given)
    got = [data[i][0].tolist() for i in range(2)]
    own = np.allclose(got, [[-1.0, -1.0], [1.0, 1.0]], atol=1e-5)
    think = " These rows must not be standardised with their own mean." if own else ""
    assert np.allclose(got, [[0.5, -4.0], [1.5, -2.0]], rtol=0, atol=1e-5), (
        f"rows {rows} with mean=[2, 500], std=[4, 100] became {got}, expected [[0.5, -4.0], [1.5, -2.0]].{think}"
    )
    for name, want in given.items():
        kept = np.asarray(getattr(data, name))
        assert kept.shape == (2,) and np.allclose(kept, want), f"data.{name} is {kept}, expected the given {want}"
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
    assert np.allclose(single[0][0], [3.0, 0.0, -0.25], rtol=0, atol=1e-6) and single[0][1].tolist() == [9.0]
    raw = BearingDataset(np.array([[3.0], [3.0], [3.0]]), np.ones(3), mean=np.zeros(1), std=np.ones(1))
    assert np.allclose([x.item() for x, _ in practice.rows_of(raw)], 3.0, rtol=0, atol=1e-5)


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
    x = np.array([x.tolist() for x, _ in practice.rows_of(data)])
    means, deviations = x.mean(axis=0), x.std(axis=0)
    assert np.allclose(means, 0, atol=1e-5) and np.allclose(deviations, 1, atol=1e-5), (
        f"features in a list of integers: the columns have means {means.round(3).tolist()}, expected 0, "
        f"and standard deviations {deviations.round(3).tolist()}, expected 1"
    )


check_dataset_batches()


# %% check="dataset-traps" points=2 hidden="a column that holds 0.1 in every row, many rows, time stamps, and whether the arrays or the dataset change with each other"
def check_dataset_traps():
    for rows, hours in [(3, 2), (2, 3)]:
        refused = practice.raises(ValueError, BearingDataset, np.zeros((rows, 2)), np.zeros(hours))
        assert refused, f"{rows} rows of features with {hours} hours were accepted, expected ValueError"
    data = BearingDataset(np.array([[5.0, 1.0], [5.0, 3.0]]), np.array([1.0, 2.0]))
    got = [data[i][0][0].item() for i in range(2)]
    assert np.allclose(got, 0, atol=1e-5), (
        f"the first column of features [[5, 1], [5, 3]] became {got}, expected [0, 0]. What do you divide it by?"
    )


check_dataset_traps()


### BEGIN HIDDEN TESTS
def check_dataset_rounding():
    for n in (3, 7, 12, 30, 1100):
        data = BearingDataset(np.column_stack([np.full(n, 0.1), np.arange(n)]), np.zeros(n))
        assert max(abs(x[0].item()) for x, _ in practice.rows_of(data)) < 1e-5 and np.asarray(data.std)[0] == 1
    steps = np.array([[0.0], [1.0], [2.0], [3.0]])
    for stamps in (1.7e9 + steps, (1.6e7 + steps).astype(np.float32)):
        got = np.array([x.item() for x, _ in practice.rows_of(BearingDataset(stamps, np.zeros(4)))])
        assert got[3] > 1 and np.allclose(got / got[3], [-1, -1 / 3, 1 / 3, 1], rtol=0, atol=1e-5)
    features, hours = np.array([[1.0, 2.0], [3.0, 6.0]]), np.array([5.0, 6.0])
    data = BearingDataset(features, hours)
    before = [(x.tolist(), y.tolist()) for x, y in practice.rows_of(data)]
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
# Try it on the bearings:

# %%
with once_solved("exercise 1"):
    train_data = BearingDataset(train_x, train_hours)
    valid_data = BearingDataset(valid_x, valid_hours, mean=train_data.mean, std=train_data.std)
    print("first training row:  ", train_data[0])
    columns = torch.stack([valid_data[i][0] for i in range(len(valid_data))])
    print("validation column means, near 0 but not 0:", [round(m, 2) for m in columns.mean(dim=0).tolist()])

# %% [markdown]
# ## Gradients
#
# Training changes each weight a little in the direction that lowers the loss. The direction comes from the
# **gradient**: the derivative of the loss with respect to each weight. A tensor with `requires_grad=True` records what
# you do with it; `loss.backward()` walks the record backwards (the chain rule) and puts the derivative into `.grad`.
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
# - **Buffers** belong to the model but are not trained, such as a fixed scale: `self.register_buffer(name, tensor)`
#   makes one, `self.name` reads it.
# - A plain number or tensor, and layers in a plain Python list, are **not in the books**: never trained, never saved.
#
# For layers that you collect in a list there are two containers. `nn.Sequential(*layers)` is one module that runs its
# input through all of them; `nn.ModuleList(layers)` only enters them in the books, and you call them one by one.
# `model.state_dict()` lists parameters and buffers by name; it is what a checkpoint saves.


# %%
class Books(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [nn.Linear(2, 3), nn.ReLU()]
        layers.append(nn.Linear(3, 1))
        self.body = nn.Sequential(*layers)  # self.body(x) runs x through all three
        self.register_buffer("limit", torch.tensor(150.0))  # shape ()
        self.forgotten = torch.tensor(600.0)
        self.also_forgotten = [nn.Linear(2, 2)]


print("parameters:", [name for name, _ in Books().named_parameters()])
print("state_dict:", list(Books().state_dict()))

# %% [markdown]
# **Dropout** is a layer that sets each number to 0 with probability p during training (and multiplies the others by
# 1 / (1 - p), so that the mean stays). A network that cannot rely on any single number overfits less.
#
# **Batch normalisation** is a layer that standardises with the statistics of the batch during training, and keeps a
# running mean of them in a buffer for later.
#
# At prediction time dropout must do nothing, and batch normalisation must use its running mean. So a Module has two
# **modes**. `model.train()` and `model.eval()` set them, `model.training` is `True` or `False`, and
# `model.train(False)` is another way to write `model.eval()`. The mode changes how such layers behave, and nothing
# else: `eval()` does not switch off gradients.

# %%
torch.manual_seed(0)
dropout = nn.Dropout(0.5)
print("train:", dropout.train()(torch.ones(8)).tolist())
print("eval: ", dropout.eval()(torch.ones(8)).tolist(), " dropout.training:", dropout.training)

# %% [markdown]
# ## Exercise 2 · A Module
#
# Targets around 500 hours are awkward for a fresh network, which returns numbers around 0. Teams rescale the targets,
# and some day somebody forgets to scale the predictions back. Your network carries the scale inside, and its output is
# in hours.
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


# %% exercise="network" difficulty=2 minutes=30 skills="build-networks"
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
    got = float(net.offset), float(net.scale)
    assert got == (0.0, 1.0), f"BearingNet(4) has offset and scale {got}, expected (0.0, 1.0)"
    net = BearingNet(4, hidden=(5, 3), offset=600.0, scale=150.0)
    shapes = sorted(tuple(p.shape) for p in net.parameters())
    expected = [(1,), (1, 3), (3,), (3, 5), (5,), (5, 4)]
    assert shapes == expected, (
        f"hidden=(5, 3) has parameters of shapes {shapes}, expected {expected}. offset and scale are not parameters."
    )
    state = net.state_dict()
    for name in ("offset", "scale"):
        assert name in state, f"state_dict() has {sorted(state)} and no {name!r}: register_buffer enters it there"
        shape = tuple(state[name].shape)
        assert shape == (), f"the buffer {name!r} has shape {shape}, expected (), as torch.tensor(5.0) has"
    net(torch.ones(64, 4)).sum().backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None]
    assert not idle, f"after a backward pass {idle} have no gradient: forward does not use them"


check_network_parameters()


# %% check="network-dropout" points=2 hidden="how often dropout strikes, in the first layer and in the last one"
def check_network_dropout():
    torch.manual_seed(0)
    x = torch.randn(50, 4)
    net = BearingNet(4, hidden=(8, 8), dropout=0.5).eval()
    assert torch.equal(net(x), net(x)), (
        "in eval mode two calls with dropout=0.5 differ, expected the same. Is the dropout layer in the books, so that "
        "eval() reaches it?"
    )
    net.train()
    assert not torch.equal(net(x), net(x)), "in train mode two calls with dropout=0.5 are the same, expected others"
    net = BearingNet(4, hidden=(8, 8))
    same = torch.equal(net.train()(x), net.eval()(x))
    assert same, "with the default dropout=0.0 train and eval mode predict other numbers, expected the same"
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
    zero = (net(torch.ones(800, 1)) == 0).float().mean().item()
    assert abs(zero - dropout) < 0.08, (hidden, dropout, zero)


check_network_dropout_rate((1, 60), 0.3)
check_network_dropout_rate((60, 1), 0.3)
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
    net.double()
    assert net.offset.dtype == net.scale.dtype == torch.float64
    wide = net(x.double())
    assert wide.dtype == torch.float64 and torch.allclose(wide.float(), narrow, rtol=1e-4)


check_network_state_types()
### END HIDDEN TESTS

# %% [markdown] hint="network"
# Collect the layers in a Python list while you walk through `hidden`, remembering the width that came before. Then
# hand the list to `nn.Sequential(*layers)`, as in the class `Books`.

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
# Four lines are the heart of every training in PyTorch. An **optimiser** holds the parameters and changes them from
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
# Two further things: a broken sensor can send a NaN ("not a number"), and one
# NaN in one batch makes the loss NaN, then all gradients, then all weights: after one step the model is gone. So look
# at the loss before you use it; `math.isfinite(number)` is `False` for NaN and for both infinities. And validation must
# not touch anything: no dropout, no gradients, no change of mode.

# %%
batch_losses, batch_rows = [1.0, 1.0, 4.0], [32, 32, 2]
print("mean of the batches:", np.mean(batch_losses))
print("mean of the rows:   ", round(np.average(batch_losses, weights=batch_rows), 3))

poisoned = nn.Linear(1, 1)
optimizer = torch.optim.SGD(poisoned.parameters(), lr=0.1)
nn.functional.mse_loss(poisoned(torch.tensor([[1.0], [float("nan")]])), torch.zeros(2, 1)).backward()
optimizer.step()
print("one NaN in one row, one step later: weight", poisoned.weight.item(), " bias", poisoned.bias.item())
print("finite:", math.isfinite(poisoned.weight.item()), math.isfinite(math.inf), math.isfinite(3.5))

# %% [markdown]
# ## Exercise 3 · The loop
#
# Write two functions. In both, `loader` is any iterable of `(x, y)` batches (a DataLoader, a list, or a generator), and
# you go through it once. There is at least one batch, none is empty, and the first dimension of `x` counts its rows.
# `loss_fn(prediction, target)` returns the mean loss of a batch as a tensor; keep that order of arguments.
#
# `train_epoch(model, loader, loss_fn, optimizer)` puts the model into train mode and takes one optimiser step for
# each batch.
# - It returns the mean loss over all rows as a Python float, where the loss of a batch is the one before its step.
# - Gradients that exist before the call, or from an earlier batch, have no influence.
# - If the loss of a batch is NaN or infinite, it raises `FloatingPointError`, before this batch changes any weight.
#   (The prediction may have spoilt the running mean of a batch normalisation already; leave that.)
#
# `evaluate(model, loader, loss_fn)` returns the mean loss over all rows as a Python float.
# - The model is in eval mode while it predicts, and afterwards `model.training` is what it was before. (In the checks
#   all layers of a model are in the same mode.)
# - Gradients are not recorded while it predicts, and it changes neither weights, nor existing gradients, nor the
#   statistics of a batch normalisation layer.
#
# The checks allow a relative difference of 1e-4.


# %% exercise="loop" difficulty=3 minutes=25 skills="train-networks"
def train_epoch(model, loader, loss_fn, optimizer) -> float:
    """Train for one epoch; return the mean loss over all rows."""
    ### BEGIN SOLUTION
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not math.isfinite(loss.item()):
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
    stale = np.allclose(weights, line_by_hand(batches, lr=0.02, keep_gradients=True)[:2], rtol=1e-4)
    think = "Do gradients of the last batch stay in?" if stale else "One step for each batch?"
    assert np.allclose(weights, (w, b), rtol=1e-4), (
        f"after batches of 3, 3 and 1 rows weight and bias are {np.round(weights, 4).tolist()}, "
        f"by hand {[round(w, 4), round(b, 4)]}. {think}"
    )
    mean = np.average(losses, weights=[3, 3, 1])
    unweighted = np.isclose(got, np.mean(losses), rtol=1e-4)
    think = " This is the mean of the batch means: rows in a small batch count too much." if unweighted else ""
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
    train_epoch(net, (batch for batch in loader), nn.functional.mse_loss, optimizer)
    w, b, _ = line_by_hand(batches, lr=0.05, momentum=0.9)
    assert np.allclose((net.weight.item(), net.bias.item()), (w, b), rtol=1e-4)

    def signed(prediction, target):
        return (prediction - 2 * target).mean()

    # Here d loss / dw = mean(x) and d loss / db = 1.
    net, loader = line_to_train(batches[:1])
    train_epoch(net, loader, signed, torch.optim.SGD(net.parameters(), lr=0.1))
    assert np.allclose((net.weight.item(), net.bias.item()), (0.5 + 0.05, -0.25 - 0.1), rtol=1e-4)


check_loop_training_more()
### END HIDDEN TESTS


# %% check="loop-evaluate" points=2 hidden="an evaluation in eval mode, gradients from before, batches that come from a generator, and a loss that is not symmetric"
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
    unweighted = np.isclose(got, (14 / 3 + 100) / 2)
    think = " This is the mean of the batch means." if unweighted else " Is dropout off, as in eval mode?"
    assert np.isclose(got, 28.5, rtol=1e-4), (
        f"squared errors 1, 4, 9 and, in a second batch, 100: evaluate returned {got:.4f}, expected 28.5.{think}"
    )
    assert net.training, "a model that was in train mode is in eval mode after evaluate, expected train mode"


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
    assert np.isclose(got, (-1 - 1 - 8) / 3, rtol=1e-4)
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
# Note `model.training` before you call `model.eval()`, and hand it to `model.train(...)` at the end. For the third
# rule of `train_epoch` you need `math.isfinite` and the number in the loss.

# %% [markdown] hint="loop"
# ```python
# for x, y in loader:
#     loss = loss_fn(model(x), y)
#     if not math.isfinite(loss.item()):
#         raise FloatingPointError("the loss is not finite")
#     ...  # zero_grad, backward, step
#     total += loss.item() * len(x)
#     rows += len(x)
# ```
# `evaluate` needs only the first and the last two lines of this loop, inside `with torch.no_grad():`.

# %% [markdown]
# **A good place for a break**: you are half-way.
#
# ## Where chance comes in
#
# Run the same training twice and you get two models, unless you fix every source of chance:
#
# | source | draws for | seed it | read and set its state |
# |---|---|---|---|
# | Python's `random` | your code, some libraries | `random.seed(7)` | `random.getstate()`, `random.setstate(state)` |
# | NumPy's `np.random` | your code, some libraries | `np.random.seed(7)` | `np.random.get_state()`, `np.random.set_state(state)` |
# | torch's global generator | first weights, dropout, a DataLoader without its own generator | `torch.manual_seed(7)` | `torch.get_rng_state()`, `torch.set_rng_state(state)` |
# | your own: `g = torch.Generator()` | what you use it for | `g.manual_seed(7)` | `g.get_state()`, `g.set_state(state)` |
#
# A generator is a machine with a **state**. Each draw returns a number and moves the state on, and equal states give
# equal numbers from then on. So you can do two things: **seed** at the beginning, which sets the state from a number,
# and take a **snapshot** of the state in the middle in order to continue from there later.

# %%
np.random.seed(7)
state = np.random.get_state()
print("two draws:         ", np.random.rand(2))
np.random.set_state(state)
print("from the same state:", np.random.rand(2))

own = torch.Generator().manual_seed(7)  # manual_seed returns the generator
loader = DataLoader(TensorDataset(torch.arange(6)), batch_size=6, shuffle=True, generator=own)
for full_pass in range(2):
    print("shuffled by a generator of its own:", [batch.tolist() for (batch,) in loader])

# %% [markdown]
# Sharing one generator is the trap. A DataLoader without its own draws a number from torch's global generator each time
# you start a pass, even if it does not shuffle. Look at what this does:

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
# draws from that one only, and disturbs nothing else.
#
# ## Exercise 4 · Seeds
#
# Write four functions.
#
# - `seed_everything(seed)` seeds Python's `random`, NumPy's global generator (`np.random.seed`) and torch's global
#   generator, each with exactly `seed`, an integer from 0 to `2**32 - 1`. It returns nothing.
# - `make_loader(dataset, batch_size, seed, shuffle=True)` returns a `DataLoader` over all rows; the last batch may be
#   smaller. It has its own `torch.Generator` as `loader.generator`, seeded with exactly `seed`. With `shuffle=True`
#   each full pass has a new order, and the orders of passes 1, 2, 3 and so on depend on nothing but `seed` and the
#   number of rows. With `shuffle=False` the rows come in order. In neither case does making the loader, or going
#   through it, change torch's global generator.
# - `rng_state()` returns a snapshot of the three global generators (Python, NumPy, torch), without changing them.
# - `restore_rng(state)` puts all three back, so that the next draws are those that came after the snapshot, also
#   from `random.gauss` and `np.random.normal`. (These make two numbers at a time and keep one for the next call, in
#   the state.) A snapshot can be restored any number of times.
#
# The snapshot is a dict that survives `torch.save` and `torch.load(..., weights_only=True)`: it holds only dicts,
# lists, tuples, strings, plain numbers, `None` and torch tensors. A NumPy array is refused there, so turn it into a
# list or a tensor; the set functions take lists and plain numbers.


# %% exercise="seeds" difficulty=3 minutes=30 skills="reproduce-results"
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
        own = torch.Generator().manual_seed(seed)
        for name, got, want in [
            ("random.random()", random.random(), random.Random(seed).random()),
            ("np.random.random()", np.random.random(), np.random.RandomState(seed).random()),
            ("torch.rand(1)", torch.rand(1).item(), torch.rand(1, generator=own).item()),
        ]:
            assert got == want, f"after seed_everything({seed}) the first {name} is {got}, not {want}: is it seeded?"


check_seeds_everything()

# %% check="seeds-order" points=2 hidden="one single row, batches larger than the data, and a seed of 0"
def check_seeds_order(n, batch_size, seed):
    dataset = TensorDataset(torch.arange(n))
    sizes = [min(batch_size, n - start) for start in range(0, n, batch_size)]

    def three_passes(seed, disturb=False):
        call = f"make_loader, {n} rows, batch_size={batch_size}, seed={seed}"
        loader = make_loader(dataset, batch_size, seed)
        own = isinstance(loader, DataLoader) and isinstance(loader.generator, torch.Generator)
        assert own, f"{call}: expected a DataLoader with a torch.Generator of its own as loader.generator"
        got = loader.generator.initial_seed()
        assert got == seed, f"{call}: loader.generator was seeded with {got}, expected {seed}"
        orders, start = [], loader.generator.get_state()
        for number in range(4):
            if disturb:
                torch.manual_seed(number)
            if number == 3:
                loader.generator.set_state(start)
            batches = [batch.tolist() for (batch,) in loader]
            got = [len(batch) for batch in batches]
            assert got == sizes, f"{call}: batches of {got} rows, expected {sizes}"
            orders.append(sum(batches, []))
            assert sorted(orders[-1]) == list(range(n)), f"{call}: a pass gave rows {orders[-1]}, expected each once"
        assert orders.pop() == orders[0], (
            f"{call}: loader.generator got its first state back, and the next pass has another order than the first"
        )
        return orders

    first = three_passes(seed)
    assert first == three_passes(seed, disturb=True), (
        f"two loaders with seed={seed} gave other orders when other code used torch's global generator. Who shuffles?"
    )
    if n > 10:
        assert first[0] != first[1] != first[2] != first[0], "the order is the same in two passes, expected a new one"


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
            f"make_loader(..., shuffle={shuffle}) changed torch's global generator, the one torch.manual_seed seeds"
        )
        rows = [row for (batch,) in loader for row in batch.tolist()]
        assert torch.equal(made, torch.get_rng_state()), (
            f"a pass with shuffle={shuffle} changed torch's global generator: the loader needs its own"
        )
        assert (rows == list(range(10))) == (not shuffle), f"shuffle={shuffle}: the rows came as {rows}"


check_seeds_isolated()


# %% check="seeds-snapshot" points=3 hidden="Gaussian numbers in odd counts, and a snapshot that went through a file and is restored twice"
def check_seeds_snapshot():
    import random

    def seed_and_draw():
        random.seed(1), np.random.seed(2), torch.manual_seed(3)
        draws()

    def draws():
        return {
            "random.random()": [random.random(), random.randint(0, 9**9)],
            "np.random.random()": [float(np.random.random()), int(np.random.randint(9**9))],
            "torch.rand(1)": [torch.rand(1).item(), torch.rand(1).item()],
        }

    seed_and_draw()
    expected = draws()
    seed_and_draw()
    state = rng_state()
    assert isinstance(state, dict), f"rng_state() returned {type(state).__name__}, expected a dict"
    after = draws()
    assert after == expected, "rng_state() changed what is drawn afterwards, expected it only to look"
    draws()
    restore_rng(state)
    for name, got in draws().items():
        want = after[name]
        assert got == want, f"{name} after restore_rng: {got}, expected {want} as right after the snapshot"
    practice.through_file(state, "the snapshot")


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
        state = practice.through_file(rng_state(), "the snapshot")
        first, second = draws(), draws()
        for _ in range(2):
            random.seed(9), np.random.seed(9), torch.manual_seed(9)
            restore_rng(state)
            assert draws() == first and draws() == second


check_seeds_snapshot_gaussian()
### END HIDDEN TESTS

# %% [markdown] hint="seeds"
# Everything you call stands in the table and in the cell below it. Hand the generator to the loader in both cases: one
# that does not shuffle draws a number, too.

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
# A **scheduler** lowers the learning rate while the training goes on. You build it on the optimiser and call its
# `step` once after each epoch:

# %%
optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)  # every 2 epochs, halve the rate
for epoch in range(1, 6):
    print(f"epoch {epoch}: learning rate {scheduler.get_last_lr()[0]}")
    optimizer.step()  # here: all the batches of the epoch
    scheduler.step()

# %% [markdown]
# Now you kill a training after epoch 4 and start it again in a new process. What must the new process know? The
# weights, of course. But Adam also holds two running means for each weight. The scheduler counts epochs. The generators
# are in some state. None of this is in the weights.
#
# The next cell tries it with a small training from `practice.py` (dropout, Adam, a scheduler, shuffled batches). It
# trains 12 epochs in one go. Then it kills the training after epoch 4 and goes on in two ways that people use: with the
# weights only; and with weights, optimiser and scheduler, but fresh random states.

# %%
KILLED, EPOCHS = 4, 12


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

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
left.plot(range(1, EPOCHS + 1), whole.history, color=GREY, lw=5, alpha=0.45, label="not interrupted")
resumed = {"weights only": ["model"], "all but random states": ["model", "optimizer", "scheduler"]}
for (label, parts), style, color in zip(resumed.items(), ["-s", "-^"], [ORANGE, BLUE]):
    run = practice.new_run(seed=99)  # a new process: nothing is left of the old one
    for part in parts:
        getattr(run, part).load_state_dict(killed[part])
    run.history = list(killed["history"])
    gap = (train_on(run) - whole_path).abs().amax(dim=1)
    left.plot(range(KILLED + 1, EPOCHS + 1), run.history[KILLED:], style, color=color, ms=3.5, label=label)
    right.plot(range(KILLED, EPOCHS + 1), gap, style, color=color, ms=3.5, label=label)
    print(f"{label:22} largest difference in a weight after epoch {EPOCHS}: {gap[-1]:.4f}")
left.set(xlabel="epoch", ylabel="training loss", ylim=(0, 0.45), title="The loss hardly tells")
right.set(xlabel="epoch", ylabel="largest difference in a weight", title="The weights do")
for ax in (left, right):
    ax.set_xticks(range(0, EPOCHS + 1, KILLED))
    ax.locator_params(axis="y", nbins=5)
left.legend()
plt.show()

# %% [markdown]
# Both resumed trainings look healthy, which is why this mistake lives so long. They are other trainings.
#
# ## Writing a file that is always whole
#
# A job that is killed may be writing its checkpoint. If it writes over the old file, the old one is destroyed and the
# new one is half there. The remedy is an **atomic** replacement: write a temporary file in the same folder, and when it
# is complete call `os.replace(temporary, path)`. The operating system swaps the name in one step, so at `path` there is
# the old checkpoint or the new one, and never a half. (This holds when the process is killed. Against a power cut the
# file must also be forced to the disk before the swap, with `os.fsync`.)
#
# If saving fails, the temporary file must go. `except Exception` does not see Ctrl-C: `KeyboardInterrupt` is no
# `Exception`, so that programs can be stopped. `finally` runs in every case.
#
# ## Reading a file that may be hostile
#
# `torch.save` uses **pickle**, Python's format for objects, and a pickle can name any function to be called when it
# is loaded: a checkpoint from a stranger can run code on your machine. `torch.load(path, weights_only=True)` (the
# default since PyTorch 2.6) reads only tensors and plain values, and refuses the rest with `pickle.UnpicklingError`. So
# a good checkpoint holds state dicts, states and plain values: never the model, or a generator, itself.

# %%
with tempfile.TemporaryDirectory() as folder:
    torch.save(nn.Linear(2, 1).state_dict(), Path(folder, "state.pt"))
    torch.save(nn.Linear(2, 1), Path(folder, "object.pt"))
    print("state dict:", torch.load(Path(folder, "state.pt"), weights_only=True))
    try:
        torch.load(Path(folder, "object.pt"), weights_only=True)
    except pickle.UnpicklingError as error:
        print("model object: UnpicklingError:", str(error).split(".")[0])

print("\nwhat Adam remembers of its first parameter:")
for name, value in killed["optimizer"]["state"][0].items():
    print(f"  {name:11} shape {tuple(value.shape)}")
print("what the scheduler remembers:", {key: killed["scheduler"][key] for key in ("last_epoch", "_last_lr")})

# %% [markdown]
# ## Exercise 5 · The checkpoint
#
# Write two functions. `model`, `optimizer` and `scheduler` have `state_dict()` and `load_state_dict(...)`.
# `generator` is the `torch.Generator` that shuffles. The trainings in the checks draw from this generator and from
# torch's global one, and from no other.
#
# `save_checkpoint(path, model, optimizer, scheduler, generator, progress)` writes one file, `path` (a `str` or a
# `Path` into a folder that exists), and returns nothing.
# - It saves everything that decides how the training goes on, and `progress`: a dict of whatever else the caller
#   wants back (the history, the epoch, your snapshot from exercise 4). It holds dicts, lists, tuples, strings,
#   numbers, `None` and tensors.
# - `torch.load(path, weights_only=True)` can read the file.
# - A file that is already at `path` is replaced by an atomic swap. If saving fails, by an error or by Ctrl-C, the
#   exception goes on to the caller, the old file is still there, unchanged, and the folder holds no new file.
# - Saving changes nothing in the running training; random states included.
#
# `load_checkpoint(path, model, optimizer, scheduler, generator)` is called in a new process, with new objects of the
# same kind. It puts all states back, torch's global generator included, and returns `progress`. It refuses a file
# that holds anything but tensors and plain values, without running code from it: let the error of `torch.load` pass.
#
# Afterwards the training continues **bit for bit**: six epochs in one go, and three, save, load into new objects,
# three more, end with the same states and the same history. The checks compare with `==`.


# %% exercise="checkpoint" difficulty=4 minutes=35 skills="save-checkpoints reproduce-results"
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


# %% check="checkpoint-round-trip" points=2 hidden="a progress with nested values, and an empty one"
def check_checkpoint_round_trip():
    with tempfile.TemporaryDirectory() as folder:
        for path in (Path(folder, "one.pt"), str(Path(folder, "two.pt"))):
            run = practice.new_run(seed=3)
            practice.train(run, 1)
            before = practice.full_state(run)
            returned = practice.save(save_checkpoint, path, run, history=list(run.history))
            assert returned is None, f"save_checkpoint returned {returned!r}, expected nothing"
            assert Path(path).exists(), f"save_checkpoint({path!r}, ...) wrote no file there"
            saved = practice.full_state(run)
            changed = practice.first_difference(saved, before)
            assert not changed, f"save_checkpoint changed the running training: {changed}"
            new = practice.new_run(seed=4)
            new.history = practice.load(load_checkpoint, path, new)["history"]
            found = practice.first_difference(practice.full_state(new), saved)
            assert not found, f"saved and loaded into new objects, this differs: {found}. Is it saved, and put back?"
        names = sorted(os.listdir(folder))
        assert names == ["one.pt", "two.pt"], (
            f"after saving one.pt and two.pt the folder holds {names}. Does a temporary file stay behind?"
        )


check_checkpoint_round_trip()


### BEGIN HIDDEN TESTS
def check_checkpoint_progress():
    run = practice.new_run(seed=5)
    practice.train(run, 1)
    nested = {"best": (1, 2.5), "none": None, "a": [math.inf], "rng": {"x": torch.arange(3)}, "model": "m"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.pt")
        for content in ({"epoch": 0}, nested, {}):
            practice.save(save_checkpoint, path, run, **content)
            got = practice.load(load_checkpoint, path, run)
            assert type(got) is dict and practice.first_difference(got, content) == ""


check_checkpoint_progress()
### END HIDDEN TESTS


# %% check="checkpoint-exact" points=4 hidden="SGD with momentum and batch normalisation, and other epochs to be killed in"
def check_checkpoint_exact(kind, epochs, killed_after):
    import random

    run = practice.new_run(seed=0, kind=kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.pt")
        practice.train(run, killed_after)
        practice.save(save_checkpoint, path, run, history=list(run.history))
        practice.train(run, epochs - killed_after)
        whole = practice.full_state(run)
        random.seed(1), np.random.seed(1)
        second = practice.new_run(seed=1000, kind=kind)
        second.history = list(practice.load(load_checkpoint, path, second)["history"])
    practice.train(second, epochs - killed_after)
    found = practice.first_difference(practice.full_state(second), whole)
    assert not found, (
        f"{epochs} epochs in one go, and {killed_after} + save + load + {epochs - killed_after}, differ in {found}; "
        f"losses {[round(x, 4) for x in second.history]}, expected {[round(x, 4) for x in whole['history']]}. "
        "Momentum, scheduler, dropout's generator and the shuffling must continue too."
    )


check_checkpoint_exact("adam", 6, 3)
### BEGIN HIDDEN TESTS
check_checkpoint_exact("momentum", 3, 1)
check_checkpoint_exact("adam", 5, 4)
### END HIDDEN TESTS


# %% check="checkpoint-atomic" points=3 hidden="Ctrl-C while it saves, a first save that fails, and a second save, with a second name of the old file"
class Unsaveable:
    """An object on which pickling stops with an error, as writing does on a full disk."""

    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        raise self.error


def check_checkpoint_interrupted(error, earlier_save):
    run, name = practice.new_run(seed=2), type(error).__name__
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.pt")
        if earlier_save:
            practice.save(save_checkpoint, path, run, epoch=1)
        old = path.read_bytes() if earlier_save else None
        raised = practice.raises(type(error), practice.save, save_checkpoint, path, run, broken=Unsaveable(error))
        assert raised, f"{name} inside torch.save did not reach the caller of save_checkpoint"
        names = os.listdir(folder)
        assert names == (["run.pt"] if earlier_save else []), (
            f"after a save that failed the folder holds {names}. Who clears up the temporary file?"
        )
        assert not earlier_save or path.read_bytes() == old, (
            "a save that failed destroyed the old checkpoint. Write a temporary file first, then os.replace."
        )


check_checkpoint_interrupted(OSError("disk full"), earlier_save=True)


### BEGIN HIDDEN TESTS
def check_checkpoint_swapped():
    run = practice.new_run(seed=2)
    with tempfile.TemporaryDirectory() as folder:
        path, same_file = Path(folder, "run.pt"), Path(folder, "second-name-of-the-old-file")
        practice.save(save_checkpoint, path, run, epoch=1)
        os.link(path, same_file)
        old = same_file.read_bytes()
        practice.save(save_checkpoint, path, run, epoch=2)
        assert same_file.read_bytes() == old  # written over, the old file would have changed under this name too
        assert practice.load(load_checkpoint, path, run) == {"epoch": 2}
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
    parts = run.model, run.optimizer, run.scheduler, run.generator
    with tempfile.TemporaryDirectory() as folder:
        path, trap = Path(folder, "run.pt"), os.path.join(folder, "trap")
        practice.save(save_checkpoint, path, run, epoch=1)
        refused = practice.raises(pickle.UnpicklingError, torch.load, path, weights_only=True)
        assert not refused, "torch.load(path, weights_only=True) refused your file. Save state dicts, not objects."
        # A file of yours with a trap in its progress, as an attacker could have left it on the disk.
        practice.save(save_checkpoint, path, run, epoch=Trojan(trap))
        refused = practice.raises(pickle.UnpicklingError, load_checkpoint, path, *parts)
        assert refused and not os.path.exists(trap), (
            "load_checkpoint ran code that was hidden in a checkpoint, or let it pass, expected pickle.UnpicklingError"
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
# Now the same experiment with your checkpoint. The difference should be exactly 0.

# %%
with once_solved("exercise 5"), tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "run.pt")
    run = practice.new_run(seed=0)
    practice.train(run, KILLED)
    practice.save(save_checkpoint, path, run, history=run.history)
    run = practice.new_run(seed=99)
    run.history = practice.load(load_checkpoint, path, run)["history"]
    gap = (train_on(run) - whole_path).abs().amax(dim=1)
    print("largest difference in a weight after epoch", EPOCHS, "with your checkpoint:", gap[-1].item())
    print("first difference in all states:", first_difference(full_state(run), full_state(whole)) or "none")

# %% [markdown]
# ## When to stop
#
# A network with thousands of weights can learn a few hundred bearings by heart, noise and all. Then the training error
# falls far below the noise floor, which no honest model can do, and the validation error rises. That is
# **overfitting**. The next cell shows it with a given network and only 60 bearings.
#
# **Early stopping** watches the validation loss. It remembers the best value and the weights that reached it, and
# stops when `patience` epochs in a row brought nothing better. Waiting matters, because the validation loss jumps up
# and down. At the end the *best* weights are put back: the last ones are `patience` epochs past the best.


# %%
def as_tensors(x, hours):
    x = (x - train_x.mean(axis=0)) / train_x.std(axis=0)
    return torch.tensor(x, dtype=torch.float32), torch.tensor((hours - 500) / 150, dtype=torch.float32).reshape(-1, 1)


torch.manual_seed(0)
x, y = as_tensors(train_x[:60], train_hours[:60])
check_x, check_y = as_tensors(valid_x, valid_hours)
net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
train_curve, valid_curve = [], []
for epoch in range(40):
    for batch in torch.randperm(len(x)).split(30):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x[batch]), y[batch]).backward()
        optimizer.step()
    with torch.no_grad():
        train_curve.append(150 * nn.functional.mse_loss(net(x), y).sqrt().item())
        valid_curve.append(150 * nn.functional.mse_loss(net(check_x), check_y).sqrt().item())

best = int(np.argmin(valid_curve)) + 1
fig, ax = plt.subplots(figsize=(5.6, 3.4))
epochs = range(1, len(train_curve) + 1)
ax.plot(epochs, train_curve, color=BLUE, label="training")
ax.plot(epochs, valid_curve, color=ORANGE, label="validation")
ax.axhline(NOISE_HOURS, color=GREY, ls="--", lw=1.2, label="noise floor")
ax.plot(best, valid_curve[best - 1], "o", color=GREEN, ms=9, label="best epoch")
ax.set(xlabel="epoch", ylabel="RMSE (h)", ylim=(10, 90), title="Below the floor, the network learns noise by heart")
ax.locator_params(nbins=5)
ax.legend(loc="upper right", ncols=2)
plt.show()
print(f"best epoch {best}: training {train_curve[best - 1]:.1f} h, validation {valid_curve[best - 1]:.1f} h")
print(f"epoch 40:      training {train_curve[-1]:.1f} h, validation {valid_curve[-1]:.1f} h")

# %% [markdown]
# One trap waits in "remembers the weights". `model.state_dict()` does not copy: its tensors *are* the weights, and
# the optimiser changes them in place. If you keep the dict, you keep the newest weights.

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
#   on infinity. NaN and infinity are never an improvement. (Rounding plays no part in the checks: you may subtract
#   `min_delta` on either side of the comparison.) `step` returns `True` if the last `patience` calls (or
#   more) all brought no improvement, else `False`, and keeps to that rule if it is called after a `True`.
# - `best_loss` is the loss of the last improvement (`math.inf` before the first), `best_epoch` its number, counted
#   from 1 (0 before the first).
# - At each improvement it copies the weights and buffers of the model. `restore(model)` puts those of the best epoch
#   back into the model, as often as you like; if there was no improvement yet, it raises `RuntimeError`.
# - `state_dict()` returns a dict of everything it must remember, the best weights included, of tensors and plain
#   values, ready for a checkpoint; later steps do not change that dict. `load_state_dict(state)` on a new
#   `EarlyStopping` with the same `patience` and `min_delta` goes on as if nothing had happened, `restore` included.


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
def check_early_stopping_stops(losses, patience, min_delta, best_epochs, stops):
    """best_epochs: what best_epoch must be after each loss. stops: the epochs in which step must return True."""
    call = f"EarlyStopping({patience})" if min_delta is None else f"EarlyStopping({patience}, min_delta={min_delta})"
    stopper = EarlyStopping(patience) if min_delta is None else EarlyStopping(patience, min_delta=min_delta)
    start = stopper.best_loss, stopper.best_epoch
    assert start == (math.inf, 0), f"{call} starts with best_loss, best_epoch = {start}, expected (inf, 0)"
    for epoch, best_epoch in enumerate(best_epochs, start=1):
        stop, want = stopper.step(losses[epoch - 1], nn.Linear(1, 1)), epoch in stops
        seen = f"{call} after losses {losses[:epoch]}"
        assert stop in (True, False) and bool(stop) == want, (
            f"{seen} returned {stop!r}, expected {want}. How many epochs in a row did not improve?"
        )
        got, want = (stopper.best_loss, stopper.best_epoch), (losses[best_epoch - 1], best_epoch)
        assert got == want, f"{seen} has best_loss, best_epoch = {got}, expected {want}"


check_early_stopping_stops([5.0, 4.0, 4.5, 4.25, 3.0, 3.5, 3.25, 3.125], 3, None, [1, 2, 2, 2, 5, 5, 5, 5], [8])
check_early_stopping_stops([2.0, 1.0, 1.0, 1.0], 2, None, [1, 2, 2, 2], [4])
check_early_stopping_stops([4.0, 3.75, 3.5, 3.25, 3.0], 2, 0.5, [1, 1, 1, 4, 4], [3])


### BEGIN HIDDEN TESTS
def stops_by_hand(losses, patience, min_delta):
    """Return the best epoch after each loss and the epochs to stop in, from a list of the epochs that improved."""
    improved, best_epochs, stops = [], [], []
    for epoch, loss in enumerate(losses, start=1):
        if loss < (losses[improved[-1] - 1] if improved else math.inf) - min_delta:
            improved.append(epoch)
        best_epochs.append(improved[-1])
        if epoch >= patience and not set(range(epoch - patience + 1, epoch + 1)) & set(improved):
            stops.append(epoch)
    return best_epochs, stops


for losses, patience, min_delta in [
    ([3.0, 2.0, 2.5, 1.0, 1.5, 0.5, 0.75], 1, 0.0),
    ([1.0, 2.0, 3.0, 0.5, 0.75, 0.75, 0.75, 0.25, 0.5], 2, 0.0),
    ([1.0, 0.75, 0.5, 0.25, 0.0, -0.25, -0.75, -0.5], 1, 0.25),
    ([8.0, 7.5, 7.0, 6.5, 6.25, 7.0, 7.0, 7.0, 5.0], 3, 1.0),
    ([0.0, -1.0, -2.0, -1.5, -1.75, -3.0], 4, 0.0),
    ([float(v) for v in np.random.default_rng(5).integers(0, 12, 60)], 5, 2.0),
]:
    check_early_stopping_stops(losses, patience, min_delta, *stops_by_hand(losses, patience, min_delta))
### END HIDDEN TESTS


# %% check="early-stopping-restores" points=3 hidden="batch normalisation, and training that goes on after restoring"
def check_early_stopping_restores():
    model = nn.Linear(1, 1, bias=False)
    stopper = EarlyStopping(patience=2)
    for weight, loss in [(10.0, 5.0), (20.0, 2.0), (30.0, 3.0), (40.0, 4.0)]:
        nn.init.constant_(model.weight, weight)
        stopper.step(loss, model)
        got = model.weight.item()
        assert got == weight, f"step changed the model's weight from {weight} to {got}"
    stopper.restore(model)
    got = model.weight.item()
    think = " Did you keep the state_dict itself? Its tensors change with the model." if got == 40.0 else ""
    assert got == 20.0, (
        f"weights 10, 20, 30, 40 with losses 5, 2, 3, 4: restore gave weight {got}, expected 20, the best.{think}"
    )
    raised = practice.raises(RuntimeError, EarlyStopping(patience=1).restore, model)
    assert raised, "restore before any improvement raised nothing, expected RuntimeError"


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
    learn()
    assert not torch.equal(model[0].weight, states[1]["0.weight"])


check_early_stopping_restores_buffers()
### END HIDDEN TESTS


# %% check="early-stopping-not-a-number" points=1
def check_early_stopping_not_a_number():
    model = nn.Linear(1, 1)
    nan, inf = math.nan, math.inf
    for losses, patience, stops, best in [
        ([3.0, 4.0, 4.0, 2.0], 2, [False, False, True, False], (2.0, 4)),
        ([nan, nan], 2, [False, True], (inf, 0)),
        ([inf, inf, 4.0], 2, [False, True, False], (4.0, 3)),
        ([3.0, nan, 2.0, nan, nan], 2, [False, False, False, False, True], (2.0, 3)),
    ]:
        stopper = EarlyStopping(patience)
        got = [bool(stopper.step(loss, model)) for loss in losses]
        odd = not all(map(math.isfinite, losses))
        think = "NaN and inf are no improvement." if odd else "How many epochs in a row did not improve?"
        assert got == stops, f"EarlyStopping({patience}) with losses {losses} returned {got}, expected {stops}. {think}"
        got = stopper.best_loss, stopper.best_epoch
        assert got == best, f"after losses {losses} best_loss, best_epoch = {got}, expected {best}"
    stopper = EarlyStopping(1)
    stopper.step(nan, model)
    raised = practice.raises(RuntimeError, stopper.restore, model)
    assert raised, "restore after nothing but NaN raised nothing, expected RuntimeError"


check_early_stopping_not_a_number()


# %% check="early-stopping-resumes" points=2 hidden="a state from before the first epoch, and a state that is kept while the training goes on"
def check_early_stopping_resumes(losses, cut, patience, min_delta):
    """Split a sequence in two, with a file between; compare with the sequence in one go."""

    def steps(stopper, first, last):
        """Take some of the losses; before each the model's only weight is set to the number of the epoch."""
        model, stops = nn.Linear(1, 1, bias=False), []
        for epoch in range(first, last):
            nn.init.constant_(model.weight, epoch)
            stops.append(bool(stopper.step(losses[epoch], model)))
        return stops

    def outcome(stopper):
        model = nn.Linear(1, 1, bias=False)
        lost = practice.raises(RuntimeError, stopper.restore, model)
        weight = "RuntimeError" if lost else model.weight.item()
        return {"best_loss": stopper.best_loss, "best_epoch": stopper.best_epoch, "the restored weight": weight}

    whole, first, second = (EarlyStopping(patience, min_delta) for _ in range(3))
    expected = steps(whole, 0, len(losses))
    steps(first, 0, cut)
    state = first.state_dict()
    for _ in range(3):  # the first training goes on for a while, until the machine vanishes
        first.step(-100.0, nn.Linear(1, 1, bias=False))
    second.load_state_dict(practice.through_file(state, "state_dict()"))
    got = steps(second, cut, len(losses))
    call = f"EarlyStopping({patience}, {min_delta}) with losses {losses}, saved and loaded after {cut} of them:"
    assert got == expected[cut:], (
        f"{call} returned {got}, in one go {expected[cut:]}. Is the count in the state, and does it stay as it was?"
    )
    want = outcome(whole)
    for name, value in outcome(second).items():
        assert value == want[name], f"{call} {name} is {value}, in one go {want[name]}. Is it in the state?"


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
# This is the night job of the plant, from your own parts. It trains until early stopping says so, and saves a
# checkpoint every 5 epochs. The next cell runs it twice: once in one go, and once killed after epoch 6, with everything
# built anew from other seeds before it resumes from epoch 5. Then it asks whether the two models are the same, and
# looks at the test set for the first time.


# %%
def night_job(checkpoint, seed, resume=False, killed_after=None, max_epochs=40):
    """Train the bearing model; return the model, the stopper and the history of (training, validation) RMSE."""
    seed_everything(seed)
    train_data = BearingDataset(train_x, train_hours)
    valid_data = BearingDataset(valid_x, valid_hours, mean=train_data.mean, std=train_data.std)
    train_loader = make_loader(train_data, 50, seed=seed)
    valid_loader = make_loader(valid_data, 150, seed=seed, shuffle=False)
    model = BearingNet(4, hidden=(64, 64), dropout=0.05, offset=train_hours.mean(), scale=train_hours.std())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.5)
    stopper, history = EarlyStopping(patience=4), []
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
        if len(history) % 5 == 0:
            progress = {"history": history, "stopper": stopper.state_dict(), "rng": rng_state()}
            save_checkpoint(checkpoint, *parts, progress)
        if len(history) == killed_after:
            return None
    stopper.restore(model)
    return model, stopper, history


with once_solved("all six exercises"), tempfile.TemporaryDirectory() as folder:
    model, stopper, history = night_job(Path(folder, "whole.pt"), seed=7)
    night_job(Path(folder, "killed.pt"), seed=7, killed_after=6)
    resumed, _, resumed_history = night_job(Path(folder, "killed.pt"), seed=12345, resume=True)

    differs = first_difference(dict(resumed.state_dict()), dict(model.state_dict()))
    differs = differs or first_difference(resumed_history, history)
    print("first difference between the two models and histories:", differs or "none")
    best, last = stopper.best_epoch, len(history)
    for name, epoch in [("first", 1), ("best", best), ("last", last)]:
        training, validation = history[epoch - 1]
        print(f"{name:5} epoch {epoch:2}: training {training:5.1f} h, validation {validation:5.1f} h")
    train_data = BearingDataset(train_x, train_hours)
    test_data = BearingDataset(test_x, test_hours, mean=train_data.mean, std=train_data.std)
    test_loss = evaluate(model, make_loader(test_data, 250, seed=0, shuffle=False), nn.functional.mse_loss)
    print(f"test RMSE of a straight line   {rmse(with_ones(test_x) @ line, test_hours):.1f} h")
    print(f"test RMSE of your model        {math.sqrt(test_loss):.1f} h")
    print(f"test RMSE of the true formula  {rmse(true_hours(test_x), test_hours):.1f} h")

# %% [markdown]
# (The training error may lie above the validation error: it is measured with dropout, and while the weights still
# improve.)
#
# The remaining gap to the floor is the price of having only 300 bearings. More data would close it; a longer training
# would not.
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
# The night's work is lost. With the atomic swap, the checkpoint before it would be there.
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
# with a few epochs on a few rows, belongs in the tests of every training job.
#
# **The changed network.** A colleague widens a layer and resumes from an old file:

# %%
try:
    nn.Linear(4, 32).load_state_dict(nn.Linear(4, 16).state_dict())
except RuntimeError as error:
    print("RuntimeError:", str(error).splitlines()[1].strip())

old, renamed = nn.Sequential(), nn.Sequential()
old.add_module("first", nn.Linear(4, 16))
renamed.add_module("body", nn.Linear(4, 16))
print("strict=False, another name:", renamed.load_state_dict(old.state_dict(), strict=False))
print("same weights:", torch.equal(old.first.weight, renamed.body.weight))

# %% [markdown]
# The first failure is the good kind: loud and at once. Another shape raises even with `strict=False`. But that option
# skips names that are missing or unknown: the renamed layer kept its random weights, and nothing was raised. Leave it
# alone, and save the arguments of the network in `progress`.
#
# ## On a GPU
#
# Floating-point numbers are rounded after each addition, so a sum depends on the order. On one CPU thread the order is
# always the same. On a GPU thousands of threads add at once, and the order may change from run to run.
#
# None of this is graded. If you train on a GPU, these things change:
#
# - Move the model first (`model.to("cuda")`), then build the optimiser, and move each batch (`x.to("cuda")`).
# - Load with `torch.load(path, map_location="cpu", weights_only=True)`. `load_state_dict` copies the numbers to where
#   the model is, and the random states must stay on the CPU: `torch.set_rng_state` refuses a tensor on the GPU.
# - Each GPU has a generator of its own, and dropout draws from it there. Add `torch.cuda.get_rng_state_all()` to the
#   checkpoint.
# - `torch.use_deterministic_algorithms(True)` picks operations with a fixed order and raises `RuntimeError` where there
#   is none; leave `torch.backends.cudnn.benchmark` at `False`. Both cost speed.
# - Bit for bit holds on the same kind of machine with the same PyTorch and, on a CPU, the same number of threads.

# %%
numbers = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
order = torch.randperm(100_000, generator=torch.Generator().manual_seed(1))
print("the same numbers, added in two orders:", numbers.sum().item(), numbers[order].sum().item())
print("this machine computes on:", "cuda" if torch.cuda.is_available() else "cpu")

# %% [markdown]
# ## Recap
#
# You can now write a PyTorch training loop, say what state it consists of, and prove that it resumes exactly. This is
# what a job advertisement means by reproducible training, or training that survives interruptions.
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
# 2. No. The network has learnt the noise of the training bearings by heart.
# 3. `eval()` changes what layers such as dropout and batch normalisation compute; `no_grad()` stops the recording for
#    `backward`, which saves time and memory.
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
# - *Adam: A Method for Stochastic Optimization*, by Diederik Kingma and Jimmy Ba
