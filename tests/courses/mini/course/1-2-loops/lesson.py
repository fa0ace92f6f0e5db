# ---
# title: Loops
# builds: a loop that ends
# module: 1
# minutes: 10
# prerequisites: [1-1-means]
# skills: [average]
# ---

# %% [markdown]
# # Loops

# %% exercise="table" difficulty=1 minutes=3 skills="average"
from table import ROWS
### BEGIN SOLUTION
total = sum(ROWS)
### END SOLUTION

# %% check="table-total" points=1
assert total == 6, f"total is {total}, expected 6: the sum of ROWS"

# %% check="table-kind" points=1
assert isinstance(total, int), f"total is a {type(total).__name__}, expected an int"
