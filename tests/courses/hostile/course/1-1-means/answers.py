# %% right="mean" name="statistics module"
import statistics

def mean(values):
    return statistics.fmean(values)

# %% right="mean" name="running mean"
def mean(values):
    result = 0.0
    for count, value in enumerate(values, start=1):
        result += (value - result) / count
    return result

# %% wrong="mean" name="divides by two" fails="mean-values"
def mean(values):
    return sum(values) / 2

# %% wrong="mean" name="special-cases the examples" fails="mean-edges"
def mean(values):
    return {(1, 2, 3): 2, (5,): 5}.get(tuple(values))

# %% wrong="mean" name="prints instead of returning" fails="mean-values mean-edges"
def mean(values):
    print(sum(values) / len(values))

# %% wrong="mean" name="forgets to divide" fails="mean-values"
def mean(values):
    return sum(values)

# %% right="geometric" name="logarithms"
def geometric(values):
    return math.exp(sum(math.log(v) for v in values) / len(values))

# %% right="geometric" name="statistics module"
import statistics

def geometric(values):
    return statistics.geometric_mean(values)

# %% wrong="geometric" name="arithmetic mean" fails="geometric geometric-edges"
def geometric(values):
    return sum(values) / len(values)

# %% wrong="geometric" name="square root whatever the length" fails="geometric-edges"
def geometric(values):
    return math.prod(values) ** 0.5

# %% wrong="geometric" name="product only" fails="geometric"
def geometric(values):
    return math.prod(values)

# %% wrong="geometric" name="misspelt name" fails="geometric geometric-edges"
def geometrc(values):
    return math.prod(values) ** (1 / len(values))
