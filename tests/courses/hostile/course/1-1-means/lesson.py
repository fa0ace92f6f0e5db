# ---
# title: Means
# builds: two kinds of mean
# module: 1
# minutes: 20
# prerequisites: []
# skills: [average, explain]
# seed: 3
# limits: {cell_seconds: 2, notebook_seconds: 24, memory_mb: 300, disk_mb: 32, processes: 24, output_kb: 64}
# ---

# %% [markdown]
# # Means
#
# Two means, and a paragraph about them.

# %% given="setup"
import math

import numpy as np
from rig import near


def summed(result):
    """The sum of an array."""
    return float(result.sum())

# %%
print("an example that runs")

# %% [markdown]
# ## Exercise 1
# Write `mean(values)`.

# %% exercise="mean" difficulty=1 minutes=3 skills="average"
def mean(values):
    """The arithmetic mean of a non-empty list."""
    ### BEGIN SOLUTION
    return sum(values) / len(values)
    ### END SOLUTION

# %% check="mean-values" points=2
for values, expected in [([1, 2, 3], 2), ([5], 5)]:
    got = mean(values)
    assert got == expected, f"mean({values}) returned {got!r}, expected {expected}"

# %% check="mean-edges" points=1 hidden="negative numbers"
### BEGIN HIDDEN TESTS
assert mean([-1, -3]) == -2, "never-shown-4711"
### END HIDDEN TESTS

# %% [markdown] hint="mean"
# Add, then divide.

# %% [markdown] hint="mean"
# `sum(values) / len(values)`

# %% exercise="geometric" difficulty=2 minutes=5 skills="average"
def geometric(values):
    """The geometric mean of positive numbers."""
    ### BEGIN SOLUTION
    return math.prod(values) ** (1 / len(values))
    ### END SOLUTION

# %% check="geometric" points=1
got = geometric([1, 4])
assert near(got, 2), f"geometric([1, 4]) returned {got!r}, expected 2"

# %% check="geometric-edges" points=2 hidden="a single number"
got = geometric([2, 8])
assert near(got, 4), f"geometric([2, 8]) returned {got!r}, expected 4"
### BEGIN HIDDEN TESTS
assert near(geometric([7]), 7)
### END HIDDEN TESTS

# %% exercise="spread" difficulty=2 minutes=5 skills="average"
def spread(values):
    """How far each value is from the mean, as an array."""
    ### BEGIN SOLUTION
    values = np.asarray(values, dtype=float)
    return values - values.mean()
    ### END SOLUTION

# %% check="spread-values" points=2 hidden="other numbers"
np.testing.assert_allclose(spread([1, 2, 6]), [-2, -1, 3])
### BEGIN HIDDEN TESTS
np.testing.assert_allclose(spread([0, 4]), [-2, 2])  # never-shown-4711
### END HIDDEN TESTS

# %% check="spread-mean" points=1
assert near(summed(spread([3, 4, 9])), 0)

# %% [markdown] essay="memo" points=4 minutes=5 skills="explain"
# ### BEGIN SOLUTION
# The geometric mean suits rates of growth.
# ### END SOLUTION

# %% [markdown] rubric="memo"
# Two points for naming growth, two for an example.
