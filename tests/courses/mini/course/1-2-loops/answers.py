# %% right="table" name="loop"
from table import ROWS
total = 0
for row in ROWS:
    total += row

# %% right="table" name="reads the file"
total = sum(map(int, open("table.py").read().split("[")[1].split("]")[0].split(",")))

# %% wrong="table" name="leaves out the last row" fails="table-total"
from table import ROWS
total = sum(ROWS[:-1])

# %% wrong="table" name="mean" fails="table-total table-kind"
from table import ROWS
total = sum(ROWS) / len(ROWS)

# %% wrong="table" name="float" fails="table-kind"
from table import ROWS
total = float(sum(ROWS))

# %% wrong="table" name="syntax error" fails="table-total table-kind"
from table import ROWS
total = sum(ROWS
