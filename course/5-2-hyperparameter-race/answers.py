# %% [markdown]
# Exercise 1, a grid that fits the budget

# %% right="grid" name="one name after the other, geomspace and linspace"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = 1
    while floats and combinations * (k + 1) ** len(floats) <= budget:
        k += 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [math.sqrt(d.low * d.high) if d.log else (d.low + d.high) / 2]
        elif d.log:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% right="grid" name="recursion over the names, from the largest k downwards"
def grid_points(space, budget):
    def values(d, k):
        if isinstance(d, CategoricalDistribution):
            return list(d.choices)
        low, high = (math.log(d.low), math.log(d.high)) if d.log else (d.low, d.high)
        marks = [(low + high) / 2] if k == 1 else [low + i * (high - low) / (k - 1) for i in range(k)]
        return [math.exp(mark) for mark in marks] if d.log else marks

    def points(names, k):
        if not names:
            return [{}]
        rest = points(names[1:], k)
        return [{names[0]: value, **point} for value in values(space[names[0]], k) for point in rest]

    def size(k):
        return math.prod(len(d.choices) if isinstance(d, CategoricalDistribution) else k for d in space.values())

    for k in range(budget, 0, -1):
        if size(k) <= budget:
            return points(list(space), k)
    raise ValueError("the budget does not pay for one level")


# %% right="grid" name="a mesh of NumPy indices, the root corrected in whole numbers"
def grid_points(space, budget):
    names = list(space)
    d_floats = sum(isinstance(d, FloatDistribution) for d in space.values())
    others = math.prod([len(d.choices) for d in space.values() if isinstance(d, CategoricalDistribution)])
    if others > budget:
        raise ValueError(f"at least {others} points are needed")
    k = 1
    if d_floats:
        k = int(round((budget / others) ** (1 / d_floats))) + 1
        while others * k**d_floats > budget:
            k -= 1
    axes = []
    for name in names:
        d = space[name]
        if isinstance(d, CategoricalDistribution):
            axes.append(d.choices)
        else:
            shares = np.array([0.5]) if k == 1 else np.arange(k) / (k - 1)
            axes.append(10 ** (np.log10(d.low) + shares * np.log10(d.high / d.low)) if d.log else d.low + shares * (d.high - d.low))
    indices = np.indices([len(axis) for axis in axes]).reshape(len(axes), -1).T
    return [{name: axis[i] for name, axis, i in zip(names, axes, row)} for row in indices]


# %% wrong="grid" name="ignores the log scale" fails="grid-values grid-edges"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = 1
    while floats and combinations * (k + 1) ** len(floats) <= budget:
        k += 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [(d.low + d.high) / 2]
        elif False:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% wrong="grid" name="the root is rounded down by floating point" fails="grid-size"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = int((budget // combinations) ** (1 / len(floats))) if floats else 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [math.sqrt(d.low * d.high) if d.log else (d.low + d.high) / 2]
        elif d.log:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% wrong="grid" name="the budget is the number of levels of each hyperparameter" fails="grid-values grid-size"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = budget
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [math.sqrt(d.low * d.high) if d.log else (d.low + d.high) / 2]
        elif d.log:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% wrong="grid" name="the first grid that is larger than the budget" fails="grid-values grid-size"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = 1
    while floats and combinations * k ** len(floats) < budget:
        k += 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [math.sqrt(d.low * d.high) if d.log else (d.low + d.high) / 2]
        elif d.log:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% wrong="grid" name="forgets that choices multiply the grid" fails="grid-size"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = 1
    while floats and (k + 1) ** len(floats) <= budget:
        k += 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [math.sqrt(d.low * d.high) if d.log else (d.low + d.high) / 2]
        elif d.log:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% wrong="grid" name="cells' middles in place of the ends" fails="grid-values"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = 1
    while floats and combinations * (k + 1) ** len(floats) <= budget:
        k += 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [math.sqrt(d.low * d.high) if d.log else (d.low + d.high) / 2]
        elif d.log:
            values = [d.low * (d.high / d.low) ** ((i + 0.5) / k) for i in range(k)]
        else:
            values = [d.low + (d.high - d.low) * (i + 0.5) / k for i in range(k)]
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% wrong="grid" name="one level is the low end" fails="grid-edges"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    if combinations > budget:
        raise ValueError("too many choices")
    k = 1
    while floats and combinations * (k + 1) ** len(floats) <= budget:
        k += 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif d.log:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points


# %% wrong="grid" name="cuts off what the budget does not pay for" fails="grid-edges"
def grid_points(space, budget):
    floats = [name for name, d in space.items() if isinstance(d, FloatDistribution)]
    combinations = math.prod(len(d.choices) for name, d in space.items() if name not in floats)
    k = 1
    while floats and combinations * (k + 1) ** len(floats) <= budget:
        k += 1
    points = [{}]
    for name, d in space.items():
        if name not in floats:
            values = d.choices
        elif k == 1:
            values = [math.sqrt(d.low * d.high) if d.log else (d.low + d.high) / 2]
        elif d.log:
            values = np.geomspace(d.low, d.high, k).tolist()
        else:
            values = np.linspace(d.low, d.high, k).tolist()
        points = [{**point, name: value} for point in points for value in values]
    return points[:budget]


# %% wrong="grid" name="all axes move together, a diagonal in place of a grid" fails="grid-values grid-size"
def grid_points(space, budget):
    def values(d):
        if isinstance(d, CategoricalDistribution):
            return [d.choices[i % len(d.choices)] for i in range(budget)]
        return (np.geomspace if d.log else np.linspace)(d.low, d.high, budget).tolist()

    if any(isinstance(d, CategoricalDistribution) and len(d.choices) > budget for d in space.values()):
        raise ValueError("budget")
    columns = [values(d) for d in space.values()]
    return [dict(zip(space, row)) for row in zip(*columns)]


# %% [markdown]
# Exercise 2, random search

# %% right="random" name="if and elif, powers of ten"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% right="random" name="Optuna's RandomSampler, asked and told"
def random_search(objective, space, budget, seed):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        value = objective(trial.params.copy())
        study.tell(trial, state=TrialState.FAIL)
        history.append((dict(trial.params), value))
    return history


# %% right="random" name="whole columns at once"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    columns = {}
    for name, d in space.items():
        u = rng.random(budget)
        if isinstance(d, CategoricalDistribution):
            columns[name] = [d.choices[int(share * len(d.choices))] for share in u]
        elif isinstance(d, IntDistribution) and not d.log:
            columns[name] = [d.low + int(share * (d.high - d.low + 1)) for share in u]
        else:
            values = d.low * (d.high / d.low) ** u if d.log else d.low + u * (d.high - d.low)
            columns[name] = np.rint(values).astype(int).tolist() if isinstance(d, IntDistribution) else values.tolist()
    history = []
    for i in range(budget):
        point = {name: column[i] for name, column in columns.items()}
        history.append((point.copy(), objective(point)))
    return history


# %% right="random" name="the standard library's generator"
def random_search(objective, space, budget, seed):
    import random

    dice = random.Random(seed)

    def draw(d):
        if isinstance(d, CategoricalDistribution):
            return dice.choice(d.choices)
        if d.log:
            value = d.low * (d.high / d.low) ** dice.random()
            return int(round(value)) if isinstance(d, IntDistribution) else value
        return dice.randint(d.low, d.high) if isinstance(d, IntDistribution) else dice.uniform(d.low, d.high)

    points = [{name: draw(d) for name, d in space.items()} for _ in range(budget)]
    return [(point, objective({**point})) for point in points]


# %% wrong="random" name="draws on the plain scale" fails="random-distribution"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if False:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif False:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="the high end of whole numbers is never drawn" fails="random-distribution"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, max(d.high, d.low + 1)))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="whole numbers by rounding, so that the ends are half as likely" fails="random-distribution"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = round(rng.uniform(d.low, d.high))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="every hyperparameter from the same seed" fails="random-distribution"
def random_search(objective, space, budget, seed):
    history = []
    generators = {name: np.random.default_rng(seed) for name in space}
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            rng = generators[name]
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="a new generator for every point" fails="random-distribution random-seed"
def random_search(objective, space, budget, seed):
    history = []
    for _ in range(budget):
        rng = np.random.default_rng(seed)
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="seeds NumPy's global generator" fails="random-seed"
def random_search(objective, space, budget, seed):
    np.random.seed(seed % 2**32)
    rng = np.random
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.randint(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.randint(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="the seed is not used" fails="random-seed"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng()
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="always the same seed" fails="random-seed"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(42)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="hands its own dict to the objective" fails="random-history"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(point)
        history.append((point, value))
    return history


# %% wrong="random" name="choices through a NumPy array, which makes text of them" fails="random-history"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = rng.choice([str(c) if isinstance(c, str) else c for c in d.choices if c is not None])
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="whole numbers as floats" fails="random-history"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = float(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="random" name="keeps the improvements only" fails="random-history"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        if not history or value < history[-1][1]:
            history.append((point, value))
    return history


# %% wrong="random" name="returns the points sorted by their value" fails="random-history"
def random_search(objective, space, budget, seed):
    rng = np.random.default_rng(seed)
    history = []
    for _ in range(budget):
        point = {}
        for name, d in space.items():
            if isinstance(d, CategoricalDistribution):
                point[name] = d.choices[rng.integers(len(d.choices))]
            elif isinstance(d, IntDistribution):
                if d.log:
                    point[name] = round(math.exp(rng.uniform(math.log(d.low), math.log(d.high))))
                else:
                    point[name] = int(rng.integers(d.low, d.high + 1))
            elif d.log:
                point[name] = 10 ** rng.uniform(math.log10(d.low), math.log10(d.high))
            else:
                point[name] = rng.uniform(d.low, d.high)
        value = objective(dict(point))
        history.append((point, value))
    return sorted(history, key=lambda pair: -pair[1])


# %% [markdown]
# Exercise 3, Bayesian search

# %% right="tpe" name="study.optimize with suggest methods"
def tpe_search(objective, space, budget, seed, known=()):
    history = []

    def suggest(trial, name, d):
        if isinstance(d, CategoricalDistribution):
            return trial.suggest_categorical(name, d.choices)
        method = trial.suggest_int if isinstance(d, IntDistribution) else trial.suggest_float
        return method(name, d.low, d.high, log=d.log)

    def one(trial):
        point = {name: suggest(trial, name, d) for name, d in space.items()}
        value = objective(point.copy())
        history.append((point, value))
        return value if math.isfinite(value) else 1e6

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=8))
    for point in known:
        study.enqueue_trial(point)
    study.optimize(one, n_trials=budget)
    return history


# %% right="tpe" name="known points first, told with add_trial; independent TPE"
def tpe_search(objective, space, budget, seed, known=()):
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=False)
    study = optuna.create_study(sampler=sampler)
    history = []

    def measure(point):
        value = objective({**point})
        history.append((point, value))
        return value if math.isfinite(value) else float("inf")

    for point in list(known)[:budget]:
        point = dict(point)
        value = measure(point)
        study.add_trial(optuna.trial.create_trial(params=point, distributions=space, value=value))
    while len(history) < budget:
        trial = study.ask(space)
        study.tell(trial, measure(trial.params))
    return history


# %% right="tpe" name="no Optuna: narrowing steps around the best points"
def tpe_search(objective, space, budget, seed, known=()):
    rng = np.random.default_rng(seed)
    queue = [dict(point) for point in known]
    history = []

    def draw(d, centre, width):
        if isinstance(d, CategoricalDistribution):
            return centre if centre is not None and rng.random() > 0.2 else d.choices[rng.integers(len(d.choices))]
        low, high = (math.log(d.low), math.log(d.high)) if d.log else (d.low, d.high)
        if centre is None:
            value = rng.uniform(low, high)
        else:
            at = math.log(centre) if d.log else centre
            value = min(high, max(low, rng.normal(at, width * (high - low))))
        value = min(max(math.exp(value), d.low), d.high) if d.log else value
        return int(round(value)) if isinstance(d, IntDistribution) else float(value)

    for number in range(budget):
        finite = sorted((pair for pair in history if math.isfinite(pair[1])), key=lambda pair: pair[1])
        if queue:
            point = queue.pop(0)
        elif number < 12 or not finite:
            point = {name: draw(d, None, 0) for name, d in space.items()}
        else:
            centre = finite[rng.integers(min(3, len(finite)))][0]
            point = {name: draw(d, centre[name], 0.1) for name, d in space.items()}
        history.append((dict(point), objective(point)))
    return history


# %% wrong="tpe" name="maximises" fails="tpe-learns"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="random search under another name" fails="tpe-learns"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="asks, but never tells" fails="tpe-learns"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        history.append((point, value))
    return history


# %% wrong="tpe" name="tells a diverged trial as failed" fails="tpe-diverged"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        if math.isfinite(value):
            study.tell(trial, value)
        else:
            study.tell(trial, state=TrialState.FAIL)
        history.append((point, value))
    return history


# %% wrong="tpe" name="tells NaN, which Optuna files as failed" fails="tpe-diverged"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="a diverged training gets the value 0, the best of all" fails="tpe-diverged"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, 0.0 if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="puts infinity into the history in place of NaN" fails="tpe-diverged"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        value = value if math.isfinite(value) else math.inf
        study.tell(trial, value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="skips diverged trainings without counting them" fails="tpe-diverged"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    while len(history) < budget:
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        if math.isfinite(value):
            history.append((point, value))
    return history


# %% wrong="tpe" name="known points come on top of the budget" fails="tpe-known"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget + len(known)):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="ignores the known points" fails="tpe-known"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        pass
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="known points in reverse order" fails="tpe-known"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in reversed(known):
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="evaluates all known points, even more than the budget" fails="tpe-known"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(max(budget, len(known))):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="the sampler has no seed" fails="tpe-learns"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler())
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="every seed gives the same search" fails="tpe-learns"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="hands its own dict to the objective" fails="tpe-history"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(point)
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return history


# %% wrong="tpe" name="returns the best pair only" fails="tpe-history"
def tpe_search(objective, space, budget, seed, known=()):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    for point in known:
        study.enqueue_trial(point)
    history = []
    for _ in range(budget):
        trial = study.ask(space)
        point = dict(trial.params)
        value = objective(dict(point))
        study.tell(trial, math.inf if not math.isfinite(value) else value)
        history.append((point, value))
    return min(history, key=lambda pair: pair[1])


# %% [markdown]
# Exercise 4, a search that pays by the step

# %% right="pruning" name="one while loop and a state"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% right="pruning" name="study.optimize, TrialPruned and a counter"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    spent = 0

    def suggest(trial, name, d):
        if isinstance(d, CategoricalDistribution):
            return trial.suggest_categorical(name, d.choices)
        method = trial.suggest_int if isinstance(d, IntDistribution) else trial.suggest_float
        return method(name, d.low, d.high, log=d.log)

    def objective(trial):
        nonlocal spent
        training = start({name: suggest(trial, name, d) for name, d in space.items()})
        for step in range(1, max_steps + 1):
            spent += 1
            error = next(training)
            if math.isnan(error) or math.isinf(error):
                raise optuna.TrialPruned
            trial.report(error, step)
            if step < max_steps and trial.should_prune():
                raise optuna.TrialPruned
        return error

    study = optuna.create_study(sampler=sampler, pruner=pruner)
    while spent <= budget - max_steps:
        study.optimize(objective, n_trials=1)
    return study


# %% right="pruning" name="islice and a helper for one trial"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(sampler=sampler, pruner=pruner)

    def run(trial):
        """Return the errors of a trial, and whether it got to its end."""
        errors = []
        for error in itertools.islice(start(dict(trial.params)), max_steps):
            errors.append(error)
            if not np.isfinite(error):
                return errors, False
            trial.report(error, len(errors))
            if len(errors) < max_steps and trial.should_prune():
                return errors, False
        return errors, True

    left = budget
    while left >= max_steps:
        trial = study.ask(space)
        errors, finished = run(trial)
        left -= len(errors)
        if finished:
            study.tell(trial, errors[-1])
        else:
            study.tell(trial, state=TrialState.PRUNED)
    return study


# %% wrong="pruning" name="budget in trials, as if every trial had all its steps" fails="pruning-budget"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        spent += max_steps
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="begins a trial while anything is left, and overdraws the budget" fails="pruning-budget"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while spent < budget:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="one trial too few: the last steps that just suffice are not used" fails="pruning-budget pruning-runs"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent > max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="steps counted from 0" fails="pruning-runs"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step - 1)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="asks the pruner before it reports" fails="pruning-obeys"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
                trial.report(error, step)
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="asks the pruner after the last step, too" fails="pruning-obeys"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if trial.should_prune():
                    state = TrialState.PRUNED
                elif step == max_steps:
                    state = TrialState.COMPLETE
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="never asks the pruner" fails="pruning-obeys pruning-budget"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="a pruned trial is told as complete with its last error" fails="pruning-obeys"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if math.isfinite(error) else None, state=TrialState.COMPLETE if math.isfinite(error) else TrialState.PRUNED)
    return study


# %% wrong="pruning" name="a stopped trial is told as failed" fails="pruning-obeys pruning-diverged"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        if state == TrialState.PRUNED:
            state = TrialState.FAIL
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="the best error of a trial in place of the last" fails="pruning-runs"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state, lowest = 0, None, math.inf
        while state is None:
            error = next(training)
            step += 1
            lowest = min(lowest, error)
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, lowest if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="a diverged training goes on" fails="pruning-diverged"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            elif step == max_steps:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="reports NaN and infinity" fails="pruning-diverged"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            trial.report(error, step)
            if math.isfinite(error):
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="only NaN counts as diverged" fails="pruning-diverged"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if not math.isnan(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="maximises" fails="pruning-runs"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="forgets the sampler" fails="pruning-runs"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            spent += 1
            if math.isfinite(error):
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% wrong="pruning" name="a diverged step is not paid" fails="pruning-diverged"
def pruned_search(start, space, budget, max_steps, sampler, pruner):
    study = optuna.create_study(direction="minimize", sampler=sampler, pruner=pruner)
    spent = 0
    while budget - spent >= max_steps:
        trial = study.ask(space)
        training = start(trial.params)
        step, state = 0, None
        while state is None:
            error = next(training)
            step += 1
            if math.isfinite(error):
                spent += 1
                trial.report(error, step)
                if step == max_steps:
                    state = TrialState.COMPLETE
                elif trial.should_prune():
                    state = TrialState.PRUNED
            else:
                state = TrialState.PRUNED
        study.tell(trial, error if state == TrialState.COMPLETE else None, state=state)
    return study


# %% [markdown]
# Exercise 5, importance

# %% right="importance" name="fANOVA"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.FanovaImportanceEvaluator(n_trees=16, seed=0)
    )
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% right="importance" name="the impurity of a random forest"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.MeanDecreaseImpurityImportanceEvaluator(n_trees=24, seed=0)
    )
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% right="importance" name="no Optuna: variance of the means in ten bins"
def importances(history, space):
    kept = [(point, value) for point, value in history if np.isfinite(value)]
    if len(kept) < 20:
        raise ValueError("fewer than 20 usable points")
    values = np.array([value for _, value in kept], dtype=float)
    spread = {}
    for name, d in space.items():
        column = [point[name] for point, _ in kept]
        if all(item == column[0] for item in column):
            spread[name] = 0.0
            continue
        if isinstance(d, CategoricalDistribution):
            groups = [[i for i, item in enumerate(column) if item == choice] for choice in d.choices]
        else:
            groups = np.array_split(np.argsort(column, kind="stable"), 10)
        groups = [group for group in groups if len(group)]
        means = [values[group].mean() for group in groups]
        spread[name] = float(np.average((means - values.mean()) ** 2, weights=[len(group) for group in groups]))
    total = sum(spread.values())
    shares = {name: s / total for name, s in spread.items()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


# %% wrong="importance" name="equal shares for all" fails="importance-shares importance-constant"
def importances(history, space):
    if sum(math.isfinite(value) for _, value in history) < 20:
        raise ValueError("too few points")
    return {name: 1 / len(space) for name in space}


# %% wrong="importance" name="the smallest share first" fails="importance-shares"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    shares = {**shares, **{name: 0.0 for name in space if name not in varied}}
    return dict(sorted(shares.items(), key=lambda item: item[1]))


# %% wrong="importance" name="in the order of the space" fails="importance-shares"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {name: shares.get(name, 0.0) for name in space}


# %% wrong="importance" name="not normalised" fails="importance-shares"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study, normalize=False)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="absolute correlation, which misses a bowl" fails="importance-shares"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    values = [value for _, value in usable]
    shares = {}
    for name, d in space.items():
        column = [d.choices.index(p[name]) if isinstance(d, CategoricalDistribution) else p[name] for p, _ in usable]
        shares[name] = abs(float(np.corrcoef(column, values)[0, 1])) if len(set(column)) > 1 else 0.0
    total = sum(shares.values())
    return dict(sorted(((n, s / total) for n, s in shares.items()), key=lambda item: -item[1]))


# %% wrong="importance" name="lets a constant hyperparameter have a share" fails="importance-constant"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() }
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="what takes few values counts as constant" fails="importance-constant"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 2}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="leaves constant hyperparameters out of the answer" fails="importance-constant"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return dict(shares)


# %% wrong="importance" name="looks for constants among the diverged trainings, too" fails="importance-constant"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in history}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="a diverged training counts as a very high error" fails="importance-unusable"
def importances(history, space):
    usable = [(point, value if math.isfinite(value) else 1e3) for point, value in history]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="drops NaN, but keeps infinity as a large number" fails="importance-unusable"
def importances(history, space):
    usable = [(point, max(-1e6, min(1e6, value))) for point, value in history if not math.isnan(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="counts the points before it filters" fails="importance-unusable"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(history) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="refuses exactly twenty points" fails="importance-unusable"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) <= 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(study)
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% wrong="importance" name="an unseeded forest" fails="importance-unusable"
def importances(history, space):
    usable = [(point, value) for point, value in history if math.isfinite(value)]
    if len(usable) < 20:
        raise ValueError("too few points")
    varied = {name: d for name, d in space.items() if len({point[name] for point, _ in usable}) > 1}
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: point[name] for name in varied}, distributions=varied, value=float(value)
            )
            for point, value in usable
        ]
    )
    shares = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.MeanDecreaseImpurityImportanceEvaluator(n_trees=16)
    )
    return {**shares, **{name: 0.0 for name in space if name not in varied}}


# %% [markdown]
# Exercise 6, the meter and the race

# %% right="race" name="a meter with finally, and seeds in the outer loop"
class Meter:
    def __init__(self, objective, budget):
        self._objective, self._left, self._lowest = objective, budget, math.inf
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if self._left < 1:
            raise BudgetSpent
        self._left -= 1
        as_given = dict(point)
        try:
            value = self._objective(dict(point))
            if math.isfinite(value) and value < self._lowest:
                self._lowest, self.best_point = value, as_given
        finally:
            self.curve.append(self._lowest)
        return value


def race(searches, make_objective, budget, seeds):
    import contextlib

    meters = {name: [] for name in searches}
    for seed in seeds:
        for name in searches:
            meters[name].append(Meter(make_objective(seed), budget))
            with contextlib.suppress(BudgetSpent):
                searches[name](meters[name][-1], budget, seed)
    return meters


# %% right="race" name="remembers all calls and computes curve and best point from them"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget, self.calls = objective, budget, []

    def __call__(self, point):
        import copy

        if len(self.calls) >= self.budget:
            raise BudgetSpent
        entry = [copy.deepcopy(point), math.nan]
        self.calls.append(entry)
        value = self.objective(point)
        entry[1] = value if math.isfinite(value) else math.nan
        return value

    @property
    def curve(self):
        values = [math.inf if math.isnan(value) else value for _, value in self.calls]
        return list(itertools.accumulate(values, min))

    @property
    def best_point(self):
        finite = [entry for entry in self.calls if not math.isnan(entry[1])]
        return min(finite, key=lambda entry: entry[1])[0] if finite else None


def race(searches, make_objective, budget, seeds):
    def run(search, seed):
        meter = Meter(make_objective(seed), budget)
        try:
            search(meter, budget, seed)
        except BudgetSpent:
            return meter
        return meter

    return {name: [run(search, seed) for seed in seeds] for name, search in searches.items()}


# %% wrong="race" name="NaN becomes the best" fails="race-meter"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if not value >= before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="minus infinity becomes the best" fails="race-meter"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="of equal values the last is the best" fails="race-meter"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value <= before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="curve of all values, not of the lowest so far" fails="race-meter"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.best_point = kept
        self.curve[-1] = value
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="allows one evaluation too many" fails="race-meter"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) > self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="evaluates first, then refuses" fails="race-meter"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        value = self.objective(dict(point))
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="crashed trainings are free" fails="race-meter-errors"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        value = self.objective(point)
        self.curve.append(before)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="swallows a crash" fails="race-meter-errors race-errors"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        try:
            value = self.objective(point)
        except Exception:
            value = math.nan
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="keeps the caller's dict" fails="race-meter-errors"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = point
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="copies the point after the objective has changed it" fails="race-meter-errors"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = dict(point)
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="one objective for all searches of a seed" fails="race-fair"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    objectives = [make_objective(seed) for seed in seeds]
    for name, search in searches.items():
        results[name] = []
        for seed, objective in zip(seeds, objectives):
            meter = Meter(objective, budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="every run gets a seed of its own, so nothing is paired" fails="race-fair"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed + 1000 * len(results)), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="one meter for all seeds of a search" fails="race-fair"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        meter = Meter(make_objective(seeds[0]), budget * len(seeds))
        for seed in seeds:
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="swallows every error of a search" fails="race-errors"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except Exception:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="lets BudgetSpent escape" fails="race-fair"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            search(meter, budget, seed)
            results[name].append(meter)
    return results


# %% wrong="race" name="believes what the search returns" fails="race-fair"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                claim = search(meter, budget, seed)
                if isinstance(claim, tuple):
                    meter.best_point, meter.curve[-1] = claim
            except BudgetSpent:
                pass
            results[name].append(meter)
    return results


# %% wrong="race" name="a run that is stopped by the budget is left out" fails="race-fair"
class Meter:
    def __init__(self, objective, budget):
        self.objective, self.budget = objective, budget
        self.curve, self.best_point = [], None

    def __call__(self, point):
        if len(self.curve) == self.budget:
            raise BudgetSpent("the budget is spent")
        before = self.curve[-1] if self.curve else math.inf
        kept = dict(point)
        self.curve.append(before)
        value = self.objective(point)
        if math.isfinite(value) and value < before:
            self.curve[-1] = value
            self.best_point = kept
        return value



def race(searches, make_objective, budget, seeds):
    results = {}
    for name, search in searches.items():
        results[name] = []
        for seed in seeds:
            meter = Meter(make_objective(seed), budget)
            try:
                search(meter, budget, seed)
            except BudgetSpent:
                continue
            results[name].append(meter)
    return results


# %% [markdown]
# Exercise 7, the verdict

# %% right="verdict" name="lists and sums"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% right="verdict" name="SciPy's interval of the t distribution"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    pairs = np.array([first, second], dtype=float)  # raises ValueError for unequal lengths
    if pairs.ndim != 2 or pairs.shape[1] < 2 or not np.isfinite(pairs).all():
        raise ValueError("two or more finite pairs are needed")
    d = pairs[0] - pairs[1]
    error = stats.sem(d)
    low = high = d.mean()
    if error > 0:
        low, high = stats.t.interval(1 - (1 - level) / comparisons, len(d) - 1, loc=d.mean(), scale=error)
    text = {(True, False): "first is better", (False, True): "second is better"}.get((high < 0, low > 0))
    return Verdict(float(d.mean()), float(low), float(high), text or "no difference shown")


def verdicts(scores, level=0.95):
    result, names = {}, list(scores)
    for place, b in enumerate(names):
        for a in names[:place]:
            result[a, b] = verdict(scores[a], scores[b], len(names) * (len(names) - 1) / 2, level)
    return result


# %% right="verdict" name="SciPy's paired test, with the constant case apart"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = np.array(first, dtype=float), np.array(second, dtype=float)
    if first.shape != second.shape or first.size < 2:
        raise ValueError("pairs")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("not finite")
    d = first - second
    if np.ptp(d) == 0:
        low = high = d[0]
    else:
        interval = stats.ttest_rel(first, second).confidence_interval(1 - (1 - level) / comparisons)
        low, high = interval.low, interval.high
    text = "first is better" if high < 0 else "second is better" if low > 0 else "no difference shown"
    return Verdict(d.mean(), low, high, text)


def verdicts(scores, level=0.95):
    pairs = list(itertools.combinations(scores, 2))
    return {pair: verdict(scores[pair[0]], scores[pair[1]], len(pairs), level) for pair in pairs}


# %% wrong="verdict" name="the normal quantile in place of Student's t" fails="verdict-interval"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.norm.isf(risk / 2) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="unpaired: the two deviations are added" fails="verdict-interval verdict-text"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(np.var(first, ddof=1) + np.var(second, ddof=1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="the deviation divides by n" fails="verdict-interval"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / n)
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="forgets the root of n" fails="verdict-interval"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="a one-sided quantile" fails="verdict-interval"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="n degrees of freedom" fails="verdict-interval"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="the sign of the difference decides" fails="verdict-text"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if mean == 0:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="lower is worse" fails="verdict-text"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean > 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="second minus first" fails="verdict-interval"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [b - a for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean > 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="says 'equal' where nothing is shown" fails="verdict-text"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "both are equal"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="an interval that ends at 0 counts as a difference" fails="verdict-text"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low < 0 < high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="no correction for several comparisons" fails="verdict-interval verdict-pairs"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = 1 - level
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="the correction narrows the interval" fails="verdict-interval verdict-pairs"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) * comparisons / (comparisons if comparisons == 1 else 1)
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="verdicts forgets the correction" fails="verdict-pairs"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="corrects by the number of searches" fails="verdict-pairs"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) + 1
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="verdicts ignores the level" fails="verdict-pairs"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="both orders of each pair" fails="verdict-pairs"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names
        if a != b
    }


# %% wrong="verdict" name="cuts the longer list" fails="verdict-refuses"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    n = min(len(first), len(second))
    first, second = first[:n], second[:n]
    if n < 2:
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="leaves pairs with NaN out" fails="verdict-refuses"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second) or len(first) < 2:
        raise ValueError("pairs")
    kept = [(a, b) for a, b in zip(first, second) if math.isfinite(a) and math.isfinite(b)]
    first, second = [a for a, _ in kept], [b for _, b in kept]
    n = max(2, len(first))
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / n
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(n)
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }


# %% wrong="verdict" name="one seed is enough" fails="verdict-refuses"
class Verdict(NamedTuple):
    difference: float
    low: float
    high: float
    text: str


def verdict(first, second, comparisons=1, level=0.95):
    first, second = [float(v) for v in first], [float(v) for v in second]
    if len(first) != len(second):
        raise ValueError("pairs")
    if not all(map(math.isfinite, first + second)):
        raise ValueError("not finite")
    n = len(first)
    d = [a - b for a, b in zip(first, second)]
    mean = sum(d) / max(1, n)
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / max(1, n - 1))
    risk = (1 - level) / comparisons
    half = stats.t.isf(risk / 2, n - 1) * deviation / math.sqrt(max(1, n))
    low, high = mean - half, mean + half
    if low <= 0 <= high:
        text = "no difference shown"
    else:
        text = "first is better" if mean < 0 else "second is better"
    return Verdict(mean, low, high, text)



def verdicts(scores, level=0.95):
    names = list(scores)
    m = len(names) * (len(names) - 1) // 2
    return {
        (a, b): verdict(scores[a], scores[b], comparisons=m, level=level)
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    }
