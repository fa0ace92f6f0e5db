# %% [markdown]
# ## make-scaler

# %% right="make-scaler" name="numpy interpolation"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    numbers = np.array(train, dtype=float)
    if numbers.size == 0:
        raise ValueError("train holds no numbers")
    if not low < high:
        raise ValueError("low is not below high")
    least, most = numbers.min(), numbers.max()

    def scale(values):
        values = np.array(values, dtype=float)
        if least == most:
            return np.full(values.shape, float(low))
        if clip:
            return np.interp(values, [least, most], [low, high])
        return low + (high - low) * (values - least) / (most - least)

    return scale


# %% right="make-scaler" name="object that can be called"
class _Scaler:
    def __init__(self, least, most, low, high, clip):
        self.least, self.most, self.low, self.high, self.clip = least, most, low, high, clip

    def one(self, value):
        if self.least == self.most:
            return self.low
        share = (value - self.least) / (self.most - self.least)
        result = self.low * (1 - share) + self.high * share
        if self.clip and result < self.low:
            return self.low
        if self.clip and result > self.high:
            return self.high
        return result

    def __call__(self, values):
        return tuple(self.one(value) for value in values)


def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if len(train) == 0:
        raise ValueError("train must not be empty")
    if high <= low:
        raise ValueError("low must be below high")
    return _Scaler(min(train), max(train), low, high, clip)


# %% right="make-scaler" name="clips the input, not the result"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    ordered = sorted(train)
    if not ordered:
        raise ValueError("train: nothing in it")
    if high - low <= 0:
        raise ValueError("low and high are the wrong way round")
    least, most = ordered[0], ordered[-1]

    def scale(values):
        result = []
        for value in values:
            if clip:
                value = sorted([least, value, most])[1]
            result.append(low if least == most else low + (value - least) / (most - least) * (high - low))
        return result

    return scale


# %% right="make-scaler" name="a case of its own for equal numbers"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if len(train) == 0:
        raise ValueError("train is empty")
    if not low < high:
        raise ValueError(f"low must be smaller than high, got low={low} and high={high}")
    smallest, largest = min(train), max(train)

    def scale(values):
        if smallest == largest:
            return [low for _ in values]
        scaled = [low + (high - low) * (value - smallest) / (largest - smallest) for value in values]
        if clip:
            scaled = [min(max(number, low), high) for number in scaled]
        return scaled

    return scale


# %% wrong="make-scaler" name="takes the range from each new list" fails="make-scaler-line make-scaler-memory"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")

    def scale(values):
        if not values:
            return []
        start, span = min(values), max(values) - min(values)
        return [low + (high - low) * (value - start) / span if span else low for value in values]

    return scale


# %% wrong="make-scaler" name="looks at train again in every call" fails="make-scaler-memory"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")

    def scale(values):
        start, span = min(train), max(train) - min(train)
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="divides by zero for equal numbers" fails="make-scaler-edges"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    start, span = min(train), max(train) - min(train)

    def scale(values):
        scaled = [low + (high - low) * (value - start) / span for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="clips to 0 and 1 instead of low and high" fails="make-scaler-clip"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    start, span = min(train), max(train) - min(train)

    def scale(values):
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, 0.0), 1.0) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="checks only when scale is called" fails="make-scaler-edges"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    train = list(train)

    def scale(values):
        if not train:
            raise ValueError("train is empty")
        if low >= high:
            raise ValueError("low must be smaller than high")
        start, span = min(train), max(train) - min(train)
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="sorts the caller's list" fails="make-scaler-memory"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    ordered = sorted(train)
    start, span = ordered[0], ordered[-1] - ordered[0]

    def scale(values):
        for position, value in enumerate(values):
            values[position] = low + (high - low) * (value - start) / span if span else low
        if clip:
            values[:] = [min(max(number, low), high) for number in values]
        return values

    return scale


# %% wrong="make-scaler" name="keyword-only star removed" fails="make-scaler-edges"
def make_scaler(train, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    start, span = min(train), max(train) - min(train)

    def scale(values):
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="a mutable default keeps the first range for all later scalers" fails="make-scaler-line make-scaler-memory"
def make_scaler(train, *, low=0.0, high=1.0, clip=False, learned=[]):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    if not learned:
        learned += [min(train), max(train) - min(train)]
    start, span = learned

    def scale(values):
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="clips although nobody asked for it" fails="make-scaler-line make-scaler-clip"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    start, span = min(train), max(train) - min(train)

    def scale(values):
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, low), high) for number in scaled]

    return scale


# %% wrong="make-scaler" name="equal numbers become 0 instead of low" fails="make-scaler-edges"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    start, span = min(train), max(train) - min(train)

    def scale(values):
        scaled = [low + (high - low) * (value - start) / span if span else 0.0 for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="refuses a single number" fails="make-scaler-edges"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if len(train) < 2:
        raise ValueError("one number in train has no range")
    if low >= high:
        raise ValueError("low must be smaller than high")
    start, span = min(train), max(train) - min(train)

    def scale(values):
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% wrong="make-scaler" name="refuses an empty list of values too" fails="make-scaler-edges"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    if not train:
        raise ValueError("train is empty")
    if low >= high:
        raise ValueError("low must be smaller than high")
    start, span = min(train), max(train) - min(train)

    def scale(values):
        if not values:
            raise ValueError("values is empty")
        scaled = [low + (high - low) * (value - start) / span if span else low for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale


# %% inputs="make-scaler"
def outcome(rng):
    numbers = rng.choice([rng.integers(-5, 6, 8).astype(float), rng.normal(0, 100, 8), np.full(8, 3.0)])
    train = numbers[: rng.integers(0, 9)].tolist()
    low = float(rng.integers(-3, 4)) + 0.0
    high = low + float(rng.integers(-1, 5)) / 2
    # The ends of the range are among the values: there a result equals low or high.
    values = [*train, *rng.integers(-8, 9, 5).astype(float).tolist()]
    scale = make_scaler(train, low=low, high=high, clip=bool(rng.integers(2)))
    return [float(number) for number in scale(values)], scale([]), train


# %% [markdown]
# ## train-config

# %% right="train-config" name="collects all problems"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        rules = {
            "learning_rate": self.learning_rate > 0 and self.learning_rate <= 1,
            "batch_size": type(self.batch_size) is int and self.batch_size > 0,
            "dropout": self.dropout >= 0 and self.dropout < 1,
        }
        broken = [name for name, kept in rules.items() if not kept]
        if broken:
            raise ValueError("check " + " and ".join(broken))

    @classmethod
    def from_dict(cls, settings):
        settings = dict(settings)
        unknown = [key for key in settings if key not in cls.__dataclass_fields__]
        if unknown:
            raise ValueError(", ".join(unknown))
        if "features" in settings:
            settings["features"] = tuple(settings["features"])
        return cls(**settings)

    def override(self, **changes):
        return type(self).from_dict({**vars(self), **changes})


# %% right="train-config" name="makes features a tuple in __post_init__"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if math.isnan(self.learning_rate) or self.learning_rate <= 0 or self.learning_rate > 1:
            raise ValueError(f"bad learning_rate {self.learning_rate}")
        try:
            small = self.batch_size < 1
        except TypeError as error:
            raise ValueError("batch_size is not a number") from error
        if small or not isinstance(self.batch_size, int):
            raise ValueError("batch_size must be an int of at least 1")
        if math.isnan(self.dropout) or self.dropout < 0 or self.dropout >= 1:
            raise ValueError(f"bad dropout {self.dropout}")
        object.__setattr__(self, "features", tuple(self.features))

    @classmethod
    def from_dict(cls, settings):
        known = {"learning_rate", "batch_size", "dropout", "features"}
        if not settings.keys() <= known:
            raise ValueError(f"unknown: {settings.keys() - known}")
        return cls(**settings)

    def override(self, **changes):
        return TrainConfig(
            learning_rate=changes.pop("learning_rate", self.learning_rate),
            batch_size=changes.pop("batch_size", self.batch_size),
            dropout=changes.pop("dropout", self.dropout),
            features=changes.pop("features", self.features),
            **changes,
        )


# %% right="train-config" name="copies the settings, and turns only a list into a tuple"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError(f"learning_rate must be above 0 and at most 1, not {self.learning_rate}")
        if type(self.batch_size) is not int or self.batch_size < 1:
            raise ValueError(f"batch_size must be an int of at least 1, not {self.batch_size!r}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {self.dropout}")

    @classmethod
    def from_dict(cls, settings):
        known = {field.name for field in dataclass_fields(cls)}
        unknown = [key for key in settings if key not in known]
        if unknown:
            raise ValueError(f"unknown settings: {unknown}")
        arguments = dict(settings)
        if isinstance(arguments.get("features"), list):
            arguments["features"] = tuple(arguments["features"])
        return cls(**arguments)

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="NaN slips through" fails="train-config-rules"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if self.learning_rate <= 0 or self.learning_rate > 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if self.dropout < 0 or self.dropout >= 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="drops unknown keys" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        known = {key: value for key, value in settings.items() if key in cls.__dataclass_fields__}
        return cls(**{**known, "features": tuple(known.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="names only the first unknown key" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        for key in settings:
            if key not in cls.__dataclass_fields__:
                raise ValueError(f"unknown setting {key}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="takes features out of the caller's dictionary" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        features = tuple(settings.pop("features", ()))
        return cls(features=features, **settings)

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="keeps the list from JSON" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**settings)

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="override changes the object itself" fails="train-config-override"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        for name, value in changes.items():
            object.__setattr__(self, name, value)
        self.__post_init__()
        return self


# %% wrong="train-config" name="override checks nothing" fails="train-config-override"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        new = object.__new__(type(self))
        new.__dict__.update({**self.__dict__, **changes})
        return new


# %% wrong="train-config" name="not frozen, so that assignment works" fails="train-config-frozen"
@dataclass
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="NaN slips through where the rate is compared from both sides" fails="train-config-rules"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if self.learning_rate <= 0 or self.learning_rate > 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="a smallest rate of its own in place of 0" fails="train-config-rules"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 1e-6 <= self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="corrects misspelt keys by itself" fails="train-config-from-dict"
import difflib

@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        found = {}
        for key, value in settings.items():
            close = difflib.get_close_matches(key, cls.__dataclass_fields__, n=1, cutoff=0.9)
            found[close[0] if close else key] = value
        unknown = set(found) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**found, "features": tuple(found.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="forgives capital letters in keys" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        settings = {key.lower(): value for key, value in settings.items()}
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="refuses an empty dictionary" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        if not settings:
            raise ValueError("no settings")
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="takes the fields over one by one and forgets dropout" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(
            learning_rate=settings.get("learning_rate", cls.learning_rate),
            batch_size=settings.get("batch_size", cls.batch_size),
            features=tuple(settings.get("features", ())),
        )

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="`or` puts the default in place of a 0" fails="train-config-from-dict"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(
            learning_rate=settings.get("learning_rate") or cls.learning_rate,
            batch_size=settings.get("batch_size") or cls.batch_size,
            dropout=settings.get("dropout") or cls.dropout,
            features=tuple(settings.get("features") or cls.features),
        )

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="override starts from the defaults" fails="train-config-override"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return TrainConfig(**changes)


# %% wrong="train-config" name="override knows the names and checks no values" fails="train-config-override"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        new = object.__new__(type(self))
        for name, value in {**vars(self), **changes}.items():
            if name not in vars(self):
                raise TypeError(name)
            object.__setattr__(new, name, value)
        return new


# %% wrong="train-config" name="override passes over names that it does not know" fails="train-config-override"
@dataclass(frozen=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **{name: value for name, value in changes.items() if hasattr(self, name)})


# %% wrong="train-config" name="has a hash, but is not frozen" fails="train-config-frozen"
@dataclass(unsafe_hash=True)
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% wrong="train-config" name="freezes itself, and so has no hash" fails="train-config-frozen"
@dataclass
class TrainConfig:
    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __setattr__(self, name, value):
        if name in vars(self):
            raise AttributeError(f"{name} is fixed")
        super().__setattr__(name, value)

    def __post_init__(self):
        if not 0 < self.learning_rate <= 1:
            raise ValueError("learning_rate")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError("batch_size")
        if not 0 <= self.dropout < 1:
            raise ValueError("dropout")

    @classmethod
    def from_dict(cls, settings):
        unknown = set(settings) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown: {unknown}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})

    def override(self, **changes):
        return replace(self, **changes)


# %% [markdown]
# ## batches

# %% right="batches" name="islice until nothing comes"
from itertools import islice


def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size is below 1")
    stream = iter(items)

    def pieces():
        while batch := tuple(islice(stream, size)):
            if drop_last and len(batch) < size:
                return
            yield batch

    return pieces()


# %% right="batches" name="iterator class"
class _Batches:
    def __init__(self, items, size, drop_last):
        self.stream, self.size, self.drop_last = iter(items), size, drop_last

    def __iter__(self):
        return self

    def __next__(self):
        batch = []
        while len(batch) < self.size:
            try:
                batch.append(next(self.stream))
            except StopIteration:
                if not batch or self.drop_last:
                    raise
                break
        return batch


def batches(items, size, *, drop_last=False):
    if not size >= 1:
        raise ValueError(size)
    return _Batches(items, size, drop_last)


# %% wrong="batches" name="makes a list of everything first" fails="batches-lazy"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")
    items = list(items)
    stop = len(items) - len(items) % size if drop_last else len(items)
    return iter([items[start : min(start + size, stop)] for start in range(0, stop, size)])


# %% wrong="batches" name="checks size inside the generator" fails="batches-size"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch and not drop_last:
        yield batch


# %% wrong="batches" name="clears the batch it handed out" fails="batches-edges"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch.clear()
        if batch and not drop_last:
            yield batch

    return generate()


# %% wrong="batches" name="a generator function that clears its batch" fails="batches-size batches-edges"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be at least 1")
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch.clear()
    if batch and not drop_last:
        yield batch


# %% wrong="batches" name="forgets the short last batch" fails="batches-values batches-edges"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []

    return generate()


# %% wrong="batches" name="drops the last batch even when it is full" fails="batches-values"
from itertools import islice


def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        stream = iter(items)
        batch = list(islice(stream, size))
        while batch:
            following = list(islice(stream, size))
            if following or not drop_last:
                yield batch
            batch = following

    return generate()


# %% wrong="batches" name="stops at the first falsy item" fails="batches-values"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")
    stream = iter(items)

    def generate():
        batch = []
        while item := next(stream, None):
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
        if batch and not drop_last:
            yield batch

    return generate()


# %% wrong="batches" name="looks one item ahead" fails="batches-lazy"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        for item in items:
            if len(batch) == size:
                yield batch
                batch = []
            batch.append(item)
        if batch and (len(batch) == size or not drop_last):
            yield batch

    return generate()


# %% wrong="batches" name="an empty batch at the end" fails="batches-values batches-edges"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
        if not drop_last:
            yield batch

    return generate()


# %% wrong="batches" name="hands out the first batch before it looks whether it is empty" fails="batches-values batches-edges"
from itertools import islice


def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        stream = iter(items)
        batch = list(islice(stream, size))
        yield batch
        while len(batch) == size:
            batch = list(islice(stream, size))
            if len(batch) == size or (batch and not drop_last):
                yield batch

    return generate()


# %% wrong="batches" name="takes None for the end" fails="batches-values"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        stream = iter(items)
        while (item := next(stream, None)) is not None:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
        if batch and not drop_last:
            yield batch

    return generate()


# %% wrong="batches" name="compares numbers with is" fails="batches-values"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        for item in items:
            batch.append(item)
            if len(batch) is size:
                yield batch
                batch = []
        if batch and not drop_last:
            yield batch

    return generate()


# %% wrong="batches" name="pulls the first item to see whether there is one" fails="batches-lazy"
from itertools import chain


def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    stream = iter(items)
    start = list(next(zip(stream), ()))

    def generate():
        batch = []
        for item in chain(start, stream):
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
        if batch and not drop_last:
            yield batch

    return generate()


# %% wrong="batches" name="looks ahead only where a last batch may be dropped" fails="batches-lazy"
def batches(items, size, *, drop_last=False):
    if size < 1:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        for item in items:
            if drop_last and len(batch) == size:
                yield batch
                batch = []
            batch.append(item)
            if not drop_last and len(batch) == size:
                yield batch
                batch = []
        if len(batch) == size or (batch and not drop_last):
            yield batch

    return generate()


# %% wrong="batches" name="refuses 0 and lets negative sizes pass" fails="batches-size"
def batches(items, size, *, drop_last=False):
    if size == 0:
        raise ValueError("size must be 1 or more")

    def generate():
        batch = []
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch = []
        if batch and not drop_last:
            yield batch

    return generate()


# %% inputs="batches"
def outcome(rng):
    count, size = int(rng.integers(0, 12)), int(rng.integers(-1, 8))
    if rng.random() < 0.2:
        count, size = int(rng.integers(0, 1500)), int(rng.integers(1, 700))
    pulled = []

    def watched():
        for number in range(count):
            pulled.append(number)
            yield number

    stream = batches(watched(), size, drop_last=bool(rng.integers(2)))
    return [(list(batch), len(pulled)) for batch in stream], len(pulled)


# %% [markdown]
# ## read-readings

# %% right="read-readings" name="one loop, cause set by hand"
def read_readings(lines, *, max_bad=0):
    good, bad = [], []
    number = 0
    for line in lines:
        number += 1
        if line.isspace() or line == "":
            continue
        problem, cause = None, None
        try:
            record = json.loads(line)
        except ValueError as error:
            problem, cause = "not JSON", error
        if problem is None and not isinstance(record, dict):
            problem = "not an object"
        if problem is None and not {"unit", "celsius"} <= record.keys():
            problem = "a key is missing"
        if problem is None:
            try:
                celsius = float(record["celsius"])
                if math.isnan(celsius) or math.isinf(celsius):
                    problem = "not finite"
            except (ValueError, TypeError, ArithmeticError) as error:
                problem, cause = "not a number", error
        if problem is None:
            good.append((record["unit"], celsius))
            continue
        complaint = RecordError(number, problem)
        complaint.__cause__ = cause
        bad.append(complaint)
        if len(bad) > max_bad:
            raise complaint
    return good, bad


# %% right="read-readings" name="a class with methods, numbers counted by zip"
from itertools import count


class _Reader:
    def __init__(self, max_bad):
        self.left, self.readings, self.problems = max_bad, [], []

    def take(self, number, line):
        try:
            record = json.loads(line)
            pair = [record["unit"], float(record["celsius"])]
            if pair[1] - pair[1] != 0:
                raise ValueError(f"{pair[1]} is not finite")
        except (ValueError, LookupError, TypeError, OverflowError) as error:
            self.complain(RecordError(number, "unusable"), error)
        else:
            self.readings.append(pair)

    def complain(self, problem, error):
        try:
            raise problem from error
        except RecordError:
            self.left -= 1
            if self.left < 0:
                raise
            self.problems.append(problem)


def read_readings(lines, *, max_bad=0):
    reader = _Reader(max_bad)
    for number, line in zip(count(1), lines):
        if line.split():
            reader.take(number, line)
    return reader.readings, reader.problems


# %% right="read-readings" name="asks for each kind of bad line in turn"
def parse_reading(number, line):
    try:
        record = json.loads(line)
    except ValueError as error:
        raise RecordError(number, f"not valid JSON: {error}") from error
    if not isinstance(record, dict):
        raise RecordError(number, "not a JSON object")
    for key in ("unit", "celsius"):
        if key not in record:
            raise RecordError(number, f"{key} is missing")
    try:
        celsius = float(record["celsius"])
    except (ValueError, TypeError, OverflowError) as error:
        raise RecordError(number, f"celsius is not a number: {error}") from error
    if not math.isfinite(celsius):
        raise RecordError(number, f"celsius is {celsius}")
    return record["unit"], celsius


def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            readings.append(parse_reading(number, line))
        except RecordError as problem:
            if len(problems) >= max_bad:
                raise
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="blank lines are not counted" fails="read-readings-bad"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate((line for line in lines if line.strip()), start=1):
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="line numbers from 0" fails="read-readings-bad read-readings-limit"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="lets NaN and infinity through" fails="read-readings-bad"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            readings.append((record["unit"], float(record["celsius"])))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="loses the cause" fails="read-readings-cause"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, str(error))
            if len(problems) == max_bad:
                raise problem from None
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="reads to the end before it complains" fails="read-readings-limit"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(list(lines), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="gives up one bad line too early" fails="read-readings-bad read-readings-limit"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            problems.append(problem)
            if len(problems) >= max_bad:
                raise problem from error
    return readings, problems


# %% wrong="read-readings" name="catches errors of the disk as bad lines" fails="read-readings-limit"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    stream, number = iter(lines), 0
    while True:
        number += 1
        try:
            line = next(stream)
            if not line.strip():
                continue
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except StopIteration:
            return readings, problems
        except Exception as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)


# %% wrong="read-readings" name="expects only broken JSON and missing keys" fails="read-readings-bad read-readings-cause"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="a cause only for the error that is raised" fails="read-readings-cause"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="refuses NaN and forgets infinity" fails="read-readings-bad"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if celsius != celsius:
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="sorts the readings by truck" fails="read-readings-good"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return sorted(readings), problems


# %% wrong="read-readings" name="makes a float of texts only" fails="read-readings-good"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], record["celsius"]
            if isinstance(celsius, str):
                celsius = float(celsius)
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="takes an indented line for a blank one" fails="read-readings-good"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line or line[0].isspace():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="refuses a log without lines" fails="read-readings-good"
def read_readings(lines, *, max_bad=0):
    readings, problems, number = [], [], 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    if not number:
        raise ValueError("the log is empty")
    return readings, problems


# %% wrong="read-readings" name="leaves out repeated readings" fails="read-readings-bad"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            if (unit, celsius) not in readings:
                readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="collects the first error with a line number pinned to it" fails="read-readings-bad read-readings-cause"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            error.line_number = number
            problems.append(error)
    return readings, problems


# %% wrong="read-readings" name="leaves empty lines out before it counts" fails="read-readings-bad"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(filter(None, lines), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="takes null for a blank line" fails="read-readings-bad"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if record is None:
                continue
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="a cause only for the errors that are collected" fails="read-readings-cause"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) == max_bad:
                raise RecordError(number, "bad") from None
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="0 stands for no limit" fails="read-readings-cause read-readings-limit"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if max_bad and len(problems) == max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% wrong="read-readings" name="compares numbers with is" fails="read-readings-limit"
def read_readings(lines, *, max_bad=0):
    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
            if not math.isfinite(celsius):
                raise ValueError("not finite")
            readings.append((unit, celsius))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            problem = RecordError(number, "bad")
            problem.__cause__ = error
            if len(problems) is max_bad:
                raise problem from error
            problems.append(problem)
    return readings, problems


# %% inputs="read-readings"
def outcome(rng):
    kinds = [
        '{"unit": "A", "celsius": -18.4}',
        '{"celsius": "3", "unit": "B", "door": 1}',
        "",
        "  \t",
        "{oops",
        "17",
        "null",
        '{"unit": "A"}',
        '{"unit": "A", "celsius": NaN}',
        '{"unit": "A", "celsius": [1]}',
    ]
    lines = [kinds[number] for number in rng.integers(0, len(kinds), rng.integers(0, 30))]
    pulled = []

    def watched():
        for line in lines:
            pulled.append(line)
            yield line

    def told(problem):
        return str(problem), problem.line_number, repr(problem.__cause__)

    try:
        readings, problems = read_readings(watched(), max_bad=int(rng.integers(0, 8)))
    except RecordError as problem:
        return told(problem), len(pulled)
    return readings, [told(problem) for problem in problems], len(pulled)


# %% [markdown]
# ## pipeline

# %% right="pipeline" name="asks for the methods, folds with reduce"
from functools import reduce
from typing import List, Optional


class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position in range(len(steps)):
            if not (hasattr(steps[position], "fit") and hasattr(steps[position], "transform")):
                raise TypeError(f"no transformer at {position}")
        self.steps, self.ready = tuple(steps), False

    def fit(self, column: List[float]) -> None:
        def fit_one(data, step):
            step.fit(data)
            return step.transform(data)

        self.ready = False
        reduce(fit_one, self.steps, column)
        self.ready = True

    def transform(self, column: List[float]) -> List[float]:
        if self.ready:
            return reduce(lambda data, step: step.transform(data), self.steps, column)
        raise RuntimeError("not fitted")

    def as_function(self):
        def one(value: Optional[float]) -> Optional[float]:
            if value is not None:
                (value,) = self.transform([value])
            return value

        return one


# %% right="pipeline" name="recursive: first step and the rest"
class Pipeline:
    def __init__(self, steps: "Sequence[Transformer]") -> "None":
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"position {position}")
        self.all = [*steps]
        self.fitted = []

    def fit(self, column: "list[float]") -> "None":
        self.fitted, done = [], []
        data = list(column)
        for step in self.all:
            step.fit(data)
            data = step.transform(data)
            done.append(step)
        self.fitted = [done]

    def transform(self, column: "list[float]") -> "list[float]":
        if not self.fitted:
            raise RuntimeError("fit comes first")

        def through(steps, data):
            return through(steps[1:], steps[0].transform(data)) if steps else data

        return through(self.fitted[0], list(column))

    def as_function(self) -> "Callable[[float | None], float | None]":
        def one(value: "float | None") -> "float | None":
            if value is None:
                return None
            return self.transform([value]).pop()

        return one


# %% right="pipeline" name="hints set by hand"
class Pipeline:
    def __init__(self, steps):
        self.steps = []
        self.fitted = False
        for step in steps:
            if not isinstance(step, Transformer):
                raise TypeError(f"step {len(self.steps)} is not a Transformer: {step!r}")
            self.steps.append(step)

    def fit(self, column):
        self.fitted = False
        for step in self.steps:
            step.fit(column)
            column = step.transform(column)
        self.fitted = True

    def transform(self, column):
        if not self.fitted:
            raise RuntimeError("call fit before transform")
        column = list(column)
        for step in self.steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value):
            if value is not None:
                return self.transform([value])[0]

        one.__annotations__ = {"value": float | None, "return": None | float}
        return one


# %% right="pipeline" name="only fits the last step, and gives the function steps of its own"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        wrong = [position for position, step in enumerate(steps) if not isinstance(step, Transformer)]
        if wrong:
            raise TypeError(f"no transformers at {wrong}")
        self._steps = [*steps]
        self._ready = False

    def fit(self, column: list[float]) -> None:
        self._ready = False
        for step in self._steps[:-1]:
            step.fit(column)
            column = step.transform(column)
        if self._steps:
            self._steps[-1].fit(column)
        self._ready = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._ready:
            raise RuntimeError("fit the pipeline first")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        from copy import deepcopy

        now = deepcopy(self)

        def one(value: None | float) -> None | float:
            if value is None:
                return None
            return now.transform([value])[0]

        return one


# %% wrong="pipeline" name="fits every step on the original column" fails="pipeline-values pipeline-calls"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="fits again in transform" fails="pipeline-values pipeline-calls"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="keeps the caller's list" fails="pipeline-calls"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = steps, False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="counts as fitted before it is" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = True
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="trusts the type hint to refuse a wrong step" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="asks only for transform" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not hasattr(step, "transform"):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="no hints: a lambda has no room for them" fails="pipeline-types"
class Pipeline:
    def __init__(self, steps):
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column):
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column):
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        return lambda value: None if value is None else self.transform([value])[0]


# %% wrong="pipeline" name="an old fit still counts after a failed one" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="takes zero for a missing value" fails="pipeline-function"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return self.transform([value])[0] if value else None

        return one


# %% wrong="pipeline" name="returns the column instead of its number" fails="pipeline-function"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])

        return one


# %% wrong="pipeline" name="hints that forget None" fails="pipeline-types"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float) -> float:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="steps.copy(), which a tuple lacks" fails="pipeline-values"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = steps.copy(), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="a result only where there is a step" fails="pipeline-values"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for position, step in enumerate(self._steps):
            result = step.transform(result if position else column)
        return result

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="fits the third step on what the second makes of the original column" fails="pipeline-values"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        made = column
        for step in self._steps:
            step.fit(made)
            made = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="copies the steps too, not only the list" fails="pipeline-values pipeline-calls"
import copy


class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = copy.deepcopy(list(steps)), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="fits only once" fails="pipeline-values pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        if self._fitted:
            return
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="fit returns the pipeline, as in scikit-learn" fails="pipeline-calls"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> "Pipeline":
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True
        return self

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="starts again at the first step for each one" fails="pipeline-calls"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for count in range(len(self._steps)):
            made = column
            for step in self._steps[: count + 1]:
                step.fit(made)
                made = step.transform(made)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="without steps there is nothing to fit" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), not steps

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="asks only for fit" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not hasattr(step, "fit"):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="translates the error of a step" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            try:
                step.fit(column)
            except Exception as error:
                raise RuntimeError(f"{step!r} could not be fitted") from error
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="one failed fit locks it for good" fails="pipeline-errors"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False
        self._broken = False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            try:
                step.fit(column)
            except Exception:
                self._broken = True
                raise
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if self._broken or not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return one


# %% wrong="pipeline" name="sends None through the steps" fails="pipeline-function"
class Pipeline:
    def __init__(self, steps: Sequence[Transformer]) -> None:
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position}")
        self._steps, self._fitted = list(steps), False

    def fit(self, column: list[float]) -> None:
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True

    def transform(self, column: list[float]) -> list[float]:
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column

    def as_function(self):
        def one(value: float | None) -> float | None:
            return self.transform([value])[0]

        return one


# %% inputs="pipeline"
class _Line:
    """Subtracts the least and multiplies, or raises an error for a column without numbers."""

    def __init__(self, factor):
        self.factor = factor
        self.calls = []

    def fit(self, column):
        self.calls.append(("fit", list(column)))
        self.least = min(column)

    def transform(self, column):
        self.calls.append(("transform", list(column)))
        return [self.factor * (value - self.least) for value in column]


def outcome(rng):
    steps = [_Line(float(factor)) for factor in rng.normal(0, 2, rng.integers(0, 4))]
    wrong = rng.random() < 0.1
    chain = Pipeline([*steps, "no step"] if wrong else steps)
    column = rng.normal(-18, 5, rng.integers(0, 6)).tolist()
    if rng.random() < 0.9:
        chain.fit(column)
    one = chain.as_function()
    values = [None if rng.random() < 0.2 else float(value) for value in rng.normal(0, 9, 6)]
    return chain.transform(column), [one(value) for value in values], [step.calls for step in steps]


# %% [markdown]
# ## speed-up

# %% right="speed-up" name="timeit"
import timeit


def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if not repeat > 0:
        raise ValueError("repeat")
    results = [np.array(function()) for function in (slow, fast)]
    if np.shape(results[0]) != np.shape(results[1]) or not np.allclose(*results):
        raise ValueError("different results")
    slow_times, fast_times = (
        timeit.repeat(function, timer=clock, repeat=repeat, number=1) for function in (slow, fast)
    )
    return min(slow_times) / min(fast_times)


# %% right="speed-up" name="takes turns"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat <= 0:
        raise ValueError("repeat must be at least 1")
    left, right = slow(), fast()
    if np.shape(left) != np.shape(right):
        raise ValueError("shapes")
    if not np.allclose(right, left):
        raise ValueError("values")
    best = {"slow": math.inf, "fast": math.inf}
    for _ in range(repeat):
        before = clock()
        slow()
        after = clock()
        best["slow"] = min(best["slow"], after - before)
        before = clock()
        fast()
        after = clock()
        best["fast"] = min(best["fast"], after - before)
    return best["slow"] / best["fast"]


# %% wrong="speed-up" name="mean instead of smallest" fails="speed-up-ratio"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def mean_time(function):
        total = 0.0
        for _ in range(repeat):
            start = clock()
            function()
            total += clock() - start
        return total / repeat

    return mean_time(slow) / mean_time(fast)


# %% wrong="speed-up" name="the ratio upside down" fails="speed-up-ratio"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def best_time(function):
        times = []
        for _ in range(repeat):
            start = clock()
            function()
            times.append(clock() - start)
        return min(times)

    return best_time(fast) / best_time(slow)


# %% wrong="speed-up" name="times the first call too" fails="speed-up-ratio speed-up-calls"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")

    def measure(function):
        times = []
        for _ in range(repeat):
            start = clock()
            result = function()
            times.append(clock() - start)
        return min(times), np.asarray(result)

    (slow_time, expected), (fast_time, got) = measure(slow), measure(fast)
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")
    return slow_time / fast_time


# %% wrong="speed-up" name="one measurement around all calls" fails="speed-up-ratio speed-up-calls"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def total_time(function):
        start = clock()
        for _ in range(repeat):
            function()
        return clock() - start

    slow_time = total_time(slow)
    start = clock()
    for _ in range(repeat):
        fast()
        clock()
    return slow_time / (clock() - start)


# %% wrong="speed-up" name="reads the clock around the whole loop" fails="speed-up-ratio speed-up-calls"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def total_time(function):
        start = clock()
        for _ in range(repeat):
            function()
        return clock() - start

    return total_time(slow) / total_time(fast)


# %% wrong="speed-up" name="one reading ends one call and starts the next" fails="speed-up-calls"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")
    slow_times, fast_times = [], []
    before = clock()
    for _ in range(repeat):
        slow()
        between = clock()
        fast()
        after = clock()
        slow_times.append(between - before)
        fast_times.append(after - between)
        before = after
    return min(slow_times) / min(fast_times)


# %% wrong="speed-up" name="never compares the results" fails="speed-up-differ"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    slow(), fast()

    def best_time(function):
        times = []
        for _ in range(repeat):
            start = clock()
            function()
            times.append(clock() - start)
        return min(times)

    return best_time(slow) / best_time(fast)


# %% wrong="speed-up" name="demands equal bits" fails="speed-up-differ"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    if not np.array_equal(slow(), fast()):
        raise ValueError("different results")

    def best_time(function):
        times = []
        for _ in range(repeat):
            start = clock()
            function()
            times.append(clock() - start)
        return min(times)

    return best_time(slow) / best_time(fast)


# %% wrong="speed-up" name="lets broadcasting hide a wrong shape" fails="speed-up-differ"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    if not np.allclose(slow(), fast()):
        raise ValueError("different results")

    def best_time(function):
        times = []
        for _ in range(repeat):
            start = clock()
            function()
            times.append(clock() - start)
        return min(times)

    return best_time(slow) / best_time(fast)


# %% wrong="speed-up" name="ignores the clock it was given" fails="speed-up-ratio"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def best_time(function):
        times = []
        for _ in range(repeat):
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        return min(times)

    return best_time(slow) / best_time(fast)


# %% wrong="speed-up" name="another default for repeat" fails="speed-up-ratio"
def speed_up(slow, fast, *, repeat=3, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def best_time(function):
        best = math.inf
        for _ in range(repeat):
            start = clock()
            function()
            best = min(best, clock() - start)
        return best

    return best_time(slow) / best_time(fast)


# %% wrong="speed-up" name="refuses only a negative repeat" fails="speed-up-differ"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 0:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def best_time(function):
        best = math.inf
        for _ in range(repeat):
            start = clock()
            function()
            best = min(best, clock() - start)
        return best

    return best_time(slow) / best_time(fast)


# %% wrong="speed-up" name="refuses only a repeat of 0" fails="speed-up-differ"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if not repeat:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def best_time(function):
        best = math.inf
        for _ in range(repeat):
            start = clock()
            function()
            best = min(best, clock() - start)
        return best

    return best_time(slow) / best_time(fast)


# %% wrong="speed-up" name="compares the types of the numbers too" fails="speed-up-differ"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    if repeat < 1:
        raise ValueError("repeat must be 1 or more")
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.dtype != got.dtype or expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("different results")

    def best_time(function):
        best = math.inf
        for _ in range(repeat):
            start = clock()
            function()
            best = min(best, clock() - start)
        return best

    return best_time(slow) / best_time(fast)


# %% inputs="speed-up"
def outcome(rng):
    shapes = [(), (1,), (3,), (2, 3)]
    left = rng.normal(size=shapes[rng.integers(4)]) * 10.0 ** rng.integers(-10, 10)
    right = left if rng.random() < 0.8 else rng.normal(size=shapes[rng.integers(4)])
    # Differences far below, around and far above what np.allclose forgives.
    right = right * (1 + rng.normal() * 10.0 ** rng.integers(-9, 0)) + rng.normal() * 10.0 ** rng.integers(-12, -5)
    ticks = iter(np.cumsum(rng.integers(1, 9, 100)).tolist())
    calls = []

    def function(name, result):
        def call():
            calls.append(name)
            return result

        return call

    def clock():
        calls.append("clock")
        return next(ticks)

    repeat = int(rng.integers(-1, 6))
    ratio = outcome_of(speed_up, function("slow", left), function("fast", right), repeat=repeat, clock=clock)
    return ratio if isinstance(ratio, float) else type(ratio).__name__, calls


# %% [markdown]
# ## nearest-depot

# %% right="nearest-depot" name="norm of all pairs"
def nearest_depot(stops, depots):
    if len(depots) < 1:
        raise ValueError("depots must have a row")
    stops = np.array(stops, dtype=np.float64)
    depots = np.array(depots, dtype=np.float64)
    return np.argmin(np.linalg.norm(stops[:, None] - depots[None], axis=-1), axis=-1)


# %% right="nearest-depot" name="loop over the depots"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops).astype(float), np.asarray(depots).astype(float)
    if depots.shape[0] == 0:
        raise ValueError("no depots")
    nearest = np.zeros(len(stops), dtype=int)
    least = np.full(len(stops), np.inf)
    for position, (x, y) in enumerate(depots):
        distance = np.hypot(stops[:, 0] - x, stops[:, 1] - y)
        closer = distance < least
        nearest[closer] = position
        least[closer] = distance[closer]
    return nearest


# %% right="nearest-depot" name="one array of all pairs"
def nearest_depot(stops, depots):
    if np.shape(depots)[0] == 0:
        raise ValueError("depots has no rows")
    gaps = np.array(stops, dtype=float)[:, np.newaxis, :] - np.array(depots, dtype=float)
    return np.einsum("nkd,nkd->nk", gaps, gaps).argmin(axis=1)


# %% right="nearest-depot" name="table of differences, squared by column"
def nearest_depot(stops, depots):
    if len(depots) == 0:
        raise ValueError("there are no depots")
    stops = np.asarray(stops, dtype=np.float64).reshape(-1, 2)
    difference = stops[:, np.newaxis, :] - np.asarray(depots, dtype=np.float64)
    return (difference[:, :, 0] ** 2 + difference[:, :, 1] ** 2).argmin(axis=1)


# %% wrong="nearest-depot" name="loop over the stops" fails="nearest-depot-steps"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return np.array([((depots - stop) ** 2).sum(axis=1).argmin() for stop in stops], dtype=int)


# %% wrong="nearest-depot" name="np.vectorize, a loop in disguise" fails="nearest-depot-steps"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")

    def one(x, y):
        return ((depots[:, 0] - x) ** 2 + (depots[:, 1] - y) ** 2).argmin()

    return np.vectorize(one, otypes=[int])(stops[:, 0], stops[:, 1])


# %% wrong="nearest-depot" name="unsigned integers wrap around" fails="nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops), np.asarray(depots)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1)


# %% wrong="nearest-depot" name="expanded square far from zero" fails="nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    squares = (stops**2).sum(axis=1)[:, np.newaxis] - 2 * stops @ depots.T + (depots**2).sum(axis=1)
    return squares.argmin(axis=1)


# %% wrong="nearest-depot" name="nearest stop of each depot" fails="nearest-depot-values nearest-depot-steps"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=0)


# %% wrong="nearest-depot" name="streets at right angles instead of a straight line" fails="nearest-depot-values"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return np.abs(stops[:, np.newaxis, :] - depots).sum(axis=2).argmin(axis=1)


# %% wrong="nearest-depot" name="last among equals" fails="nearest-depot-values nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    gaps = ((stops[:, np.newaxis, :] - depots[::-1]) ** 2).sum(axis=2)
    return len(depots) - 1 - gaps.argmin(axis=1)


# %% wrong="nearest-depot" name="positions as floats" fails="nearest-depot-values"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1).astype(float)


# %% wrong="nearest-depot" name="moves the caller's arrays to the first depot" fails="nearest-depot-values"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    origin = depots[0].copy()
    stops -= origin
    depots -= origin
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1)


# %% wrong="nearest-depot" name="32-bit floats" fails="nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=np.float32), np.asarray(depots, dtype=np.float32)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1)


# %% wrong="nearest-depot" name="makes floats of 8-bit numbers only" fails="nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops), np.asarray(depots)
    if stops.dtype.itemsize == 1:
        stops, depots = stops.astype(float), depots.astype(float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1)


# %% wrong="nearest-depot" name="makes floats of unsigned numbers only" fails="nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops), np.asarray(depots)
    if stops.dtype.kind == "u":
        stops, depots = stops.astype(float), depots.astype(float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1)


# %% wrong="nearest-depot" name="refuses an empty list of stops" fails="nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    if len(stops) == 0:
        raise ValueError("stops is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1)


# %% wrong="nearest-depot" name="goes home before it looks at the depots" fails="nearest-depot-edges"
def nearest_depot(stops, depots):
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if len(stops) == 0:
        return np.zeros(0, dtype=int)
    if len(depots) == 0:
        raise ValueError("depots is empty")
    return ((stops[:, np.newaxis, :] - depots) ** 2).sum(axis=2).argmin(axis=1)
