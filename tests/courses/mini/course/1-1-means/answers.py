# %% right="mean" name="statistics module"
import statistics

def mean(values):
    return statistics.fmean(values)

# %% wrong="mean" name="divides by two" fails="mean-values"
def mean(values):
    return sum(values) / 2

# %% wrong="mean" name="special-cases the examples" fails="mean-edges"
def mean(values):
    return {(1, 2, 3): 2, (5,): 5}.get(tuple(values))

# %% right="geometric" name="logarithms"
def geometric(values):
    return math.exp(sum(math.log(v) for v in values) / len(values))

# %% wrong="geometric" name="arithmetic mean" fails="geometric geometric-edges"
def geometric(values):
    return sum(values) / len(values)
