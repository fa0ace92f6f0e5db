# ---
# title: Means
# builds: two kinds of mean
# module: 1
# minutes: 20
# prerequisites: []
# skills: [average, explain]
# seed: 3
# limits: {cell_seconds: 3, notebook_seconds: 20}
# ---

# %% [markdown]
# # Means
#
# Two means, and a paragraph about them.

# %% given="setup"
import math

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
assert mean([-1, -3]) == -2, "secret detail of the hidden test"
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
assert abs(got - 2) < 1e-9, f"geometric([1, 4]) returned {got!r}, expected 2"

# %% check="geometric-edges" points=2 hidden="a single number"
got = geometric([2, 8])
assert abs(got - 4) < 1e-9, f"geometric([2, 8]) returned {got!r}, expected 4"
### BEGIN HIDDEN TESTS
assert abs(geometric([7]) - 7) < 1e-9
### END HIDDEN TESTS

# %% [markdown] essay="memo" points=4 minutes=5 skills="explain"
# ### BEGIN SOLUTION
# The geometric mean suits rates of growth.
# ### END SOLUTION

# %% [markdown] rubric="memo"
# Two points for naming growth, two for an example.
