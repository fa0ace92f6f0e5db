# %% [markdown]
# Exercise 1, a Dataset

# %% right="dataset" name="torch in 64 bits, one row at a time"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        x = torch.tensor(features, dtype=torch.float64)
        y = torch.tensor(hours, dtype=torch.float64)
        if x.shape[0] != y.shape[0]:
            raise ValueError("features and hours must have the same number of rows")
        if mean is None:
            mean, std = x.mean(0), x.std(0, correction=0)
            std[(x == x[0]).all(0)] = 1
        self.mean, self.std = torch.as_tensor(mean), torch.as_tensor(std)
        self.rows, self.hours = x, y

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        x = (self.rows[index] - self.mean) / self.std
        return x.float(), self.hours[index : index + 1].float()


# %% right="dataset" name="a list of pairs, with the statistics module"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        import statistics

        rows = [[float(value) for value in row] for row in features]
        hours = [float(value) for value in hours]
        if len(rows) != len(hours):
            raise ValueError("features and hours must have the same number of rows")
        if mean is None:
            columns = list(zip(*rows))
            mean = np.array([statistics.fmean(column) for column in columns])
            std = np.array([1.0 if len(set(column)) == 1 else statistics.pstdev(column) for column in columns])
        self.mean, self.std = mean, std
        self.pairs = [
            (
                torch.tensor([(v - m) / s for v, m, s in zip(row, mean, std)], dtype=torch.float32),
                torch.tensor([hour]),
            )
            for row, hour in zip(rows, hours)
        ]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


# %% right="dataset" name="np.array copies, constant where all rows equal the first"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.array(features, dtype=np.float64)
        hours = np.array(hours, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError(f"{len(features)} rows of features, but {len(hours)} hours")
        if mean is None or std is None:
            mean = features.mean(axis=0)
            std = features.std(axis=0)
            constant = np.all(features == features[0], axis=0)
            std[constant] = 1.0
        self.mean = np.array(mean, dtype=np.float64)
        self.std = np.array(std, dtype=np.float64)
        self.x = torch.tensor((features - self.mean) / self.std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="sample standard deviation (n - 1)" fails="dataset-values"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0, ddof=1))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="validation rows standardised with their own statistics" fails="dataset-given-statistics"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        self.mean = features.mean(axis=0)
        constant = features.max(axis=0) == features.min(axis=0)
        self.std = np.where(constant, 1.0, features.std(axis=0))
        self.x = torch.tensor((features - self.mean) / self.std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="one mean and one deviation for the whole table" fails="dataset-values"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        self.mean = features.mean() if mean is None else mean
        self.std = features.std() if std is None else std
        self.x = torch.tensor((features - self.mean) / self.std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="targets of shape () that will broadcast" fails="dataset-values dataset-batches"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="converts to 32 bits first" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = torch.tensor(features, dtype=torch.float32)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(dim=0)
            std = features.std(dim=0, correction=0)
            std[features.amax(dim=0) == features.amin(dim=0)] = 1
        self.mean, self.std = torch.as_tensor(mean), torch.as_tensor(std)
        self.x = ((features - self.mean) / self.std).float()
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="a constant column is one whose deviation is exactly 0" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean, std = features.mean(axis=0), features.std(axis=0)
            std[std == 0] = 1
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="shares its memory with the caller's arrays" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        self.features = np.asarray(features, dtype=np.float64)
        self.hours = np.asarray(hours)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = self.features.mean(axis=0)
            constant = self.features.max(axis=0) == self.features.min(axis=0)
            std = np.where(constant, 1.0, self.features.std(axis=0))
        self.mean, self.std = mean, std

    def __len__(self):
        return len(self.hours)

    def __getitem__(self, index):
        x = (self.features[index] - self.mean) / self.std
        return torch.tensor(x, dtype=torch.float32), torch.tensor([self.hours[index]], dtype=torch.float32)


# %% wrong="dataset" name="unequal lengths are cut by zip" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.pairs = list(zip(x, torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


# %% wrong="dataset" name="starts again from row 0 after the last one, so a for loop never ends" fails="dataset-batches"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index % len(self.x)], self.y[index % len(self.y)]


# %% wrong="dataset" name="the number of columns as the length" fails="dataset-values dataset-batches"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return self.x.shape[1]

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="standardises the hours too" fails="dataset-values"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        hours = np.asarray(hours, dtype=np.float64)
        hours = (hours - hours.mean()) / (hours.std() or 1.0)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="keeps its own statistics, though it uses the given ones" fails="dataset-given-statistics"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        self.mean = features.mean(axis=0)
        constant = features.max(axis=0) == features.min(axis=0)
        self.std = np.where(constant, 1.0, features.std(axis=0))
        if mean is None:
            mean, std = self.mean, self.std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="takes statistics of zero for none" fails="dataset-given-statistics"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None or not np.any(mean):
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="divides by 1 for a constant column, and keeps the deviation of 0" fails="dataset-given-statistics dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean, std = features.mean(axis=0), features.std(axis=0)
        self.mean, self.std = mean, std
        constant = features.max(axis=0) == features.min(axis=0)
        divisor = np.where(constant & (std < 1e-9), 1.0, std)
        self.x = torch.tensor((features - mean) / divisor, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="squeezes the only row out of its table" fails="dataset-given-statistics"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32).squeeze()
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="writes the result into an array of whole numbers" fails="dataset-batches"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        scaled = np.empty_like(features)
        scaled[:] = (features - mean) / std
        self.x = torch.tensor(scaled, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="standardises the caller's array in place" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        features -= mean
        features /= std
        self.x = torch.tensor(features, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="as_tensor shares hours of 64 bits" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.as_tensor(hours, dtype=torch.float64).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index].float()


# %% wrong="dataset" name="as_tensor shares hours of 32 bits" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) != len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.as_tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% wrong="dataset" name="compares numbers with is" fails="dataset-traps"
class BearingDataset(Dataset):
    def __init__(self, features, hours, mean=None, std=None):
        features = np.asarray(features, dtype=np.float64)
        if len(features) is not len(hours):
            raise ValueError("lengths")
        if mean is None:
            mean = features.mean(axis=0)
            constant = features.max(axis=0) == features.min(axis=0)
            std = np.where(constant, 1.0, features.std(axis=0))
        self.mean, self.std = mean, std
        self.x = torch.tensor((features - mean) / std, dtype=torch.float32)
        self.y = torch.tensor(hours, dtype=torch.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


# %% inputs="dataset"
def outcome(rng):
    n, d = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    features = rng.choice([rng.normal(0, 100, (n, d)), rng.integers(-1, 2, (n, d)).astype(float)])
    # Columns that hold one value: also one whose mean is rounded, infinite ones, and ones with a hole.
    for column in range(d):
        if rng.random() < 0.4:
            features[:, column] = rng.choice([0.1, 7.0, -0.0, 1e300, np.inf, np.nan])
        if rng.random() < 0.1:
            features[rng.integers(n), column] = rng.choice([np.nan, np.inf, -np.inf])
    hours = rng.normal(500, 100, n + int(rng.random() < 0.05))
    with np.errstate(all="ignore"):
        data = BearingDataset(features, hours)
    return data.mean, data.std, [data[row] for row in range(len(data))]


# %% [markdown]
# Exercise 2, a Module


# %% right="network" name="a ModuleList and functional calls"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        widths = [n_features, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.head = nn.Linear(widths[-1], 1)
        self.p = dropout
        self.register_buffer("offset", torch.as_tensor(offset, dtype=torch.get_default_dtype()))
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.get_default_dtype()))

    def forward(self, x):
        for layer in self.hidden:
            x = nn.functional.dropout(torch.relu(layer(x)), self.p, training=self.training)
        return torch.addcmul(self.offset, self.scale, self.head(x))


# %% right="network" name="blocks, one Sequential for each hidden layer"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()

        def block(inputs, outputs):
            return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout))

        self.out = nn.Linear(hidden[-1] if len(hidden) else n_features, 1)
        self.blocks = nn.Sequential()
        for number, units in enumerate(hidden):
            before = hidden[number - 1] if number else n_features
            self.blocks.add_module(f"block{number}", block(before, units))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        self.register_buffer("offset", torch.tensor(offset, dtype=torch.float32))

    def forward(self, x):
        return self.out(self.blocks(x)) * self.scale + self.offset


# %% wrong="network" name="layers in a plain list" fails="network-values network-parameters"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        widths = [n_features, *hidden]
        self.hidden = [nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
        self.head = nn.Linear(widths[-1], 1)
        self.drop = nn.Dropout(dropout)
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        for layer in self.hidden:
            x = self.drop(torch.relu(layer(x)))
        return self.offset + self.scale * self.head(x)


# %% wrong="network" name="offset and scale as plain attributes" fails="network-parameters network-state"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.offset, self.scale = torch.tensor(float(offset)), torch.tensor(float(scale))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="offset and scale as parameters" fails="network-parameters"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.offset = nn.Parameter(torch.tensor(float(offset)))
        self.scale = nn.Parameter(torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="ReLU after the last layer too" fails="network-values"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in (*hidden, 1):
            layers += [nn.Linear(width, units), nn.ReLU()]
            if units != 1:
                layers.append(nn.Dropout(dropout))
            width = units
        self.layers = nn.Sequential(*layers)
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="no ReLU at all" fails="network-values"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="dropout that ignores the mode" fails="network-dropout"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        widths = [n_features, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.head = nn.Linear(widths[-1], 1)
        self.p = dropout
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        for layer in self.hidden:
            x = nn.functional.dropout(torch.relu(layer(x)), self.p)
        return self.offset + self.scale * self.head(x)


# %% wrong="network" name="dropout only before the last layer" fails="network-dropout"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU()]
            width = units
        layers += [nn.Dropout(dropout)] if len(hidden) else []
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="adds the offset before it scales" fails="network-values"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return (self.offset + self.layers(x)) * self.scale


# %% wrong="network" name="flattens the output to (batch,)" fails="network-values"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x).squeeze(1)


# %% wrong="network" name="offset and scale as plain numbers" fails="network-parameters network-state"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.offset, self.scale = offset, scale

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="buffers of shape (1,)" fails="network-parameters"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor([float(offset)]))
        self.register_buffer("scale", torch.tensor([float(scale)]))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="other widths where none are given" fails="network-parameters"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(64, 32), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="the scale of the bearings where none is given" fails="network-parameters"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=500.0, scale=150.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="widths of 32 and 16, whatever is asked for" fails="network-values network-parameters"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in (32, 16):
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="no_grad around the hidden layers" fails="network-parameters"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.body, self.head = nn.Sequential(*layers), nn.Linear(width, 1)
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        with torch.no_grad():
            x = self.body(x)
        return self.offset + self.scale * self.head(x)


# %% wrong="network" name="another dropout where none is given" fails="network-dropout"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.1, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="dropout before the last layer even where nothing is hidden" fails="network-dropout"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for number, units in enumerate(hidden):
            if number:
                layers.append(nn.Dropout(dropout))
            layers += [nn.Linear(width, units), nn.ReLU()]
            width = units
        self.layers = nn.Sequential(*layers, nn.Dropout(dropout), nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="registers buffers and computes with the plain numbers" fails="network-state"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))
        self.numbers = offset, scale

    def forward(self, x):
        offset, scale = self.numbers
        return offset + scale * self.layers(x)


# %% wrong="network" name="whole numbers make whole-number buffers" fails="network-state"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(offset))
        self.register_buffer("scale", torch.tensor(scale))

    def forward(self, x):
        return self.offset + self.scale * self.layers(x)


# %% wrong="network" name="returns 32 bits from a network of 64" fails="network-state"
class BearingNet(nn.Module):
    def __init__(self, n_features, hidden=(32, 16), dropout=0.0, offset=0.0, scale=1.0):
        super().__init__()
        layers, width = [], n_features
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout)]
            width = units
        self.layers = nn.Sequential(*layers, nn.Linear(width, 1))
        self.register_buffer("offset", torch.tensor(float(offset)))
        self.register_buffer("scale", torch.tensor(float(scale)))

    def forward(self, x):
        return (self.offset + self.scale * self.layers(x)).float()


# %% [markdown]
# Exercise 3, the loop


# %% right="loop" name="lists and a weighted average, inference mode, clears after each step"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train(True)
    losses, sizes = [], []
    optimizer.zero_grad(set_to_none=False)
    for inputs, targets in loader:
        loss = loss_fn(model(inputs), targets)
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError("the loss is not finite")
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        losses.append(value)
        sizes.append(inputs.shape[0])
    return float(np.average(losses, weights=sizes))


@torch.inference_mode()
def evaluate(model, loader, loss_fn):
    mode = model.training
    try:
        model.eval()
        pairs = [(loss_fn(model(inputs), targets).item(), inputs.shape[0]) for inputs, targets in loader]
    finally:
        model.train(mode)
    return sum(value * n for value, n in pairs) / sum(n for _, n in pairs)


# %% right="loop" name="sums in a tensor, gradients cleared parameter by parameter"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = torch.zeros(()), 0
    for x, y in loader:
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = None
        loss = loss_fn(model(x), y)
        if loss.isnan() or loss.isinf():
            raise FloatingPointError(str(loss))
        loss.backward()
        total += loss.detach() * y.shape[0]
        optimizer.step()
        rows += y.shape[0]
    return (total / rows).item()


def evaluate(model, loader, loss_fn):
    before = model.training
    model.train(False)
    with torch.set_grad_enabled(False):
        batches = [(len(y), loss_fn(model(x), y)) for x, y in loader]
    if before:
        model.train()
    return float(sum(n * loss for n, loss in batches) / sum(n for n, _ in batches))


# %% wrong="loop" name="forgets zero_grad" fails="loop-training"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="zero_grad between backward and step" fails="loop-training"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="averages the means of unequal batches" fails="loop-training loop-evaluate"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    losses = []
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        losses = [loss_fn(model(x), y).item() for x, y in loader]
    model.train(was_training)
    return sum(losses) / len(losses)


# %% wrong="loop" name="validates in train mode" fails="loop-evaluate loop-modes"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    return total / rows


# %% wrong="loop" name="eval() in place of no_grad()" fails="loop-modes"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    for x, y in loader:
        total += loss_fn(model(x), y).item() * len(x)
        rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="leaves the model in eval mode, and trains in the mode it finds" fails="loop-evaluate loop-modes"
def train_epoch(model, loader, loss_fn, optimizer):
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    return total / rows


# %% wrong="loop" name="always ends in train mode" fails="loop-evaluate loop-modes"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train()
    return total / rows


# %% wrong="loop" name="adds up tensors and returns one" fails="loop-training loop-evaluate"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y) * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="looks at the loss after the step, and for NaN only" fails="loop-not-finite"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if torch.isnan(loss):
            raise FloatingPointError("loss")
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="an infinite loss passes" fails="loop-not-finite"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if torch.isnan(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="adds up detached tensors and returns one" fails="loop-training loop-evaluate"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y) * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="leaves out the last batch where it is a single row" fails="loop-training loop-evaluate loop-not-finite"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in (batch for batch in loader if len(batch[0]) > 1):
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in (batch for batch in loader if len(batch[0]) > 1):
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="clears the gradients only after a step" fails="loop-training"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="hands the target to the loss first" fails="loop-training loop-evaluate"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(y, model(x))
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(y, model(x)).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="evaluate clears the gradients" fails="loop-evaluate"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    model.zero_grad()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="sets training on the model, which does not reach its layers" fails="loop-evaluate loop-modes"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.training = False
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.training = was_training
    return total / rows


# %% wrong="loop" name="puts the layers into eval mode, and not the model" fails="loop-modes"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    for layer in model.children():
        layer.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% wrong="loop" name="looks at the loss after the step" fails="loop-not-finite"
def train_epoch(model, loader, loss_fn, optimizer):
    model.train()
    total, rows = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not torch.isfinite(loss):
            raise FloatingPointError("loss")
        total += loss.item() * len(x)
        rows += len(x)
    return total / rows


def evaluate(model, loader, loss_fn):
    was_training = model.training
    model.eval()
    total, rows = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(x)
            rows += len(x)
    model.train(was_training)
    return total / rows


# %% [markdown]
# Exercise 4, seeds


# %% right="seeds" name="NumPy's state as tensor, a sampler with a generator"
def seed_everything(seed):
    for function in (random.seed, np.random.seed, torch.manual_seed):
        function(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    from torch.utils.data import RandomSampler, SequentialSampler

    own = torch.Generator()
    own.manual_seed(seed)
    sampler = RandomSampler(dataset, generator=own) if shuffle else SequentialSampler(dataset)
    return DataLoader(dataset, batch_size, sampler=sampler, generator=own)


def rng_state():
    state = np.random.get_state(legacy=False)
    key = torch.from_numpy(state["state"]["key"].astype(np.int64))
    state["state"] = {"key": key, "pos": state["state"]["pos"]}
    version, numbers, cached = random.getstate()
    return {"r": [version, list(numbers), cached], "n": state, "t": torch.random.get_rng_state().clone()}


def restore_rng(state):
    version, numbers, cached = state["r"]
    random.setstate((version, tuple(numbers), cached))
    inner = state["n"]["state"]
    inner = {"key": inner["key"].numpy().astype(np.uint32), "pos": inner["pos"]}
    np.random.set_state({**state["n"], "state": inner})
    torch.random.set_rng_state(state["t"])


# %% right="seeds" name="flat lists, and torch's default generator by name"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=torch.Generator())
    loader.generator.manual_seed(seed)
    return loader


def rng_state():
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": [kind, [int(key) for key in keys], int(position), int(has_gauss), float(gauss)],
        "torch": torch.default_generator.get_state().tolist(),
    }


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(tuple(state["numpy"]))
    torch.default_generator.set_state(torch.tensor(state["torch"], dtype=torch.uint8))


# %% right="seeds" name="NumPy's array built again, each part a plain value"
def seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size: int, seed: int, shuffle: bool = True) -> DataLoader:
    generator = torch.Generator()
    generator.manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state() -> dict:
    name, keys, pos, has_gauss, cached = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (str(name), keys.tolist(), int(pos), int(has_gauss), float(cached)),
        "torch": torch.get_rng_state(),
    }


def restore_rng(state: dict) -> None:
    random.setstate(state["python"])
    name, keys, pos, has_gauss, cached = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), pos, has_gauss, cached))
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="forgets NumPy" fails="seeds-everything seeds-snapshot"
def seed_everything(seed):
    random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    return {"python": random.getstate(), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="seeds torch's global generator for the loader" fails="seeds-order seeds-isolated"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    torch.manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="a generator only where rows are shuffled" fails="seeds-isolated"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    if not shuffle:
        return DataLoader(dataset, batch_size=batch_size)
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=True, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="shuffles once, not in each epoch" fails="seeds-order"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(dataset), generator=generator).tolist() if shuffle else range(len(dataset))
    return DataLoader(torch.utils.data.Subset(dataset, order), batch_size=batch_size, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="drops the smaller last batch" fails="seeds-order"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator, drop_last=True)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="a snapshot with NumPy's array in it" fails="seeds-snapshot"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    return {"python": random.getstate(), "numpy": np.random.get_state(), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="loses the Gaussian number that NumPy keeps for the next call" fails="seeds-snapshot"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    name, keys, position, *_ = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), position), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="goes back to the first seed, not to the state" fails="seeds-snapshot"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    return {"seed": torch.initial_seed() % 2**32}


def restore_rng(state):
    seed_everything(state["seed"])


# %% wrong="seeds" name="a generator of its own that nobody seeds" fails="seeds-order"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=torch.Generator())


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="returns torch's generator" fails="seeds-everything"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    return torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="another seed for the loader than the one given" fails="seeds-order"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed((seed + 1) % 2**32)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="draws rows with replacement" fails="seeds-order"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    if not shuffle:
        return DataLoader(dataset, batch_size=batch_size, generator=generator)
    sampler = torch.utils.data.RandomSampler(dataset, replacement=True, generator=generator)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="shuffles with another generator than the one it shows" fails="seeds-order"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    if not shuffle:
        return DataLoader(dataset, batch_size=batch_size, generator=generator)
    sampler = torch.utils.data.RandomSampler(dataset, generator=torch.Generator().manual_seed(seed))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="seeds the global generators with the loader, to be safe" fails="seeds-isolated"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    seed_everything(seed)
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="always shuffles" fails="seeds-isolated"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=True, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (name, keys.tolist(), *rest), "torch": torch.get_rng_state()}


def restore_rng(state):
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong="seeds" name="a tuple for a snapshot" fails="seeds-snapshot"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    name, keys, *rest = np.random.get_state()
    return random.getstate(), (name, keys.tolist(), *rest), torch.get_rng_state()


def restore_rng(state):
    random.setstate(state[0])
    np.random.set_state(state[1])
    torch.set_rng_state(state[2])


# %% wrong="seeds" name="seeds anew in place of a snapshot" fails="seeds-snapshot"
def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)


def rng_state():
    seed = random.getrandbits(32)
    seed_everything(seed)
    return {"seed": seed}


def restore_rng(state):
    seed_everything(state["seed"])


# %% [markdown]
# Exercise 5, the checkpoint


# %% right="checkpoint" name="bytes in memory, then a named temporary file"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    memory = io.BytesIO()
    states = [part.state_dict() for part in (model, optimizer, scheduler)]
    torch.save([*states, [generator.get_state(), torch.get_rng_state()], progress], memory)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(os.path.abspath(path)), delete=False) as file:
        try:
            file.write(memory.getvalue())
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def load_checkpoint(path, model, optimizer, scheduler, generator):
    *states, (own, shared), progress = torch.load(path, map_location="cpu")
    for part, state in zip((model, optimizer, scheduler), states):
        part.load_state_dict(state)
    generator.set_state(own)
    torch.random.set_rng_state(shared)
    return progress


# %% right="checkpoint" name="a temporary folder beside the file"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    path = Path(path)
    content = dict(
        progress=progress,
        shuffling=generator.get_state(),
        chance=torch.default_generator.get_state(),
        weights=copy.deepcopy(model.state_dict()),
        moments=optimizer.state_dict(),
        rate=scheduler.state_dict(),
    )
    with tempfile.TemporaryDirectory(dir=path.resolve().parent) as folder:
        torch.save(content, Path(folder, "new"))
        Path(folder, "new").replace(path)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    with open(path, "rb") as file:
        content = torch.load(file, weights_only=True)
    scheduler.load_state_dict(content["rate"])
    optimizer.load_state_dict(content["moments"])
    model.load_state_dict(content["weights"])
    torch.default_generator.set_state(content["chance"])
    generator.set_state(content["shuffling"])
    return content["progress"]


# %% right="checkpoint" name="mkstemp, and clears up after any exception"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress: dict) -> None:
    path = Path(path)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "generator": generator.get_state(),
        "torch_rng": torch.get_rng_state(),
        "progress": progress,
    }
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    os.close(handle)
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    except BaseException:
        os.remove(temporary)
        raise


def load_checkpoint(path, model, optimizer, scheduler, generator) -> dict:
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch_rng"])
    return state["progress"]


# %% wrong="checkpoint" name="weights only" fails="checkpoint-round-trip checkpoint-exact"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    temporary = Path(f"{path}.tmp")
    try:
        torch.save({"model": model.state_dict(), "progress": progress}, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    return state["progress"]


# %% wrong="checkpoint" name="forgets the optimiser" fails="checkpoint-round-trip checkpoint-exact"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    state = {
        "model": model.state_dict(),
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


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="forgets the scheduler" fails="checkpoint-round-trip checkpoint-exact"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
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


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="forgets the generator that shuffles" fails="checkpoint-round-trip checkpoint-exact"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "torch": torch.get_rng_state(),
        "progress": progress,
    }
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="seeds again in place of torch's random state" fails="checkpoint-round-trip checkpoint-exact"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "generator": generator.get_state(),
        "seed": torch.initial_seed(),
        "progress": progress,
    }
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.manual_seed(state["seed"])
    return state["progress"]


# %% wrong="checkpoint" name="writes over the old file" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "generator": generator.get_state(),
            "torch": torch.get_rng_state(),
            "progress": progress,
        },
        path,
    )


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="pickles in memory, then writes over the old file" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    memory = io.BytesIO()
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "generator": generator.get_state(),
            "torch": torch.get_rng_state(),
            "progress": progress,
        },
        memory,
    )
    Path(path).write_bytes(memory.getvalue())


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="leaves the temporary file behind when saving fails" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "generator": generator.get_state(),
            "torch": torch.get_rng_state(),
            "progress": progress,
        },
        f"{path}.tmp",
    )
    os.replace(f"{path}.tmp", path)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="clears up after errors, but not after Ctrl-C" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "generator": generator.get_state(),
                "torch": torch.get_rng_state(),
                "progress": progress,
            },
            temporary,
        )
    except Exception:
        temporary.unlink(missing_ok=True)
        raise
    os.replace(temporary, path)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="swallows the error of a save that failed" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "generator": generator.get_state(),
                "torch": torch.get_rng_state(),
                "progress": progress,
            },
            temporary,
        )
        os.replace(temporary, path)
    except Exception:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="pickles whole objects, and loads whatever is in the file" fails="checkpoint-safe"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(
            (
                model,
                optimizer.state_dict(),
                scheduler.state_dict(),
                generator.get_state(),
                torch.get_rng_state(),
                progress,
            ),
            temporary,
        )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    saved, moments, rate, shuffling, chance, progress = torch.load(path, weights_only=False)
    model.load_state_dict(saved.state_dict())
    optimizer.load_state_dict(moments)
    scheduler.load_state_dict(rate)
    generator.set_state(shuffling)
    torch.set_rng_state(chance)
    return progress


# %% wrong="checkpoint" name="state dicts, but loads whatever is in the file" fails="checkpoint-safe"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "generator": generator.get_state(),
                "torch": torch.get_rng_state(),
                "progress": progress,
            },
            temporary,
        )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=False)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="returns the path" fails="checkpoint-round-trip"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
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
    return path


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="seeds anew at each save" fails="checkpoint-round-trip"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    seed = torch.seed() % 2**32
    torch.manual_seed(seed)
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "generator": generator.get_state(),
        "seed": seed,
        "progress": progress,
    }
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.manual_seed(state["seed"])
    return state["progress"]


# %% wrong="checkpoint" name="copies the temporary file and leaves it there" fails="checkpoint-round-trip checkpoint-atomic"
import shutil


def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
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
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    shutil.copyfile(temporary, path)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="progress among the states, so that a key is lost" fails="checkpoint-round-trip"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    state = {
        **progress,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "generator": generator.get_state(),
        "torch": torch.get_rng_state(),
    }
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(state, temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    for part in ("model", "optimizer", "scheduler", "generator", "torch"):
        del state[part]
    return state


# %% wrong="checkpoint" name="clears up after a failure, and keeps silent about it" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
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
    except BaseException:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="removes the old file first, to make room" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "generator": generator.get_state(),
        "torch": torch.get_rng_state(),
        "progress": progress,
    }
    path = Path(path)
    first = not path.exists()
    path.unlink(missing_ok=True)
    try:
        torch.save(state, path)
    except BaseException:
        if first:
            path.unlink(missing_ok=True)
        raise


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="does not touch a file that is there already" fails="checkpoint-round-trip checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
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
        if not os.path.exists(path):
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% wrong="checkpoint" name="moves the old file away, so that for a moment there is none" fails="checkpoint-atomic"
def save_checkpoint(path, model, optimizer, scheduler, generator, progress):
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
        if os.path.exists(path):
            os.replace(path, f"{path}.old")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["torch"])
    return state["progress"]


# %% [markdown]
# Exercise 6, early stopping


# %% right="early-stopping" name="a counter that starts again at each improvement"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience = patience
        self.min_delta = min_delta
        self.best_loss = math.inf
        self.best_epoch = 0
        self.seen = 0
        self.waited = 0
        self.kept = {}

    def step(self, val_loss, model):
        self.seen += 1
        if math.isfinite(val_loss) and self.best_loss - val_loss > self.min_delta:
            self.best_loss = val_loss
            self.best_epoch = self.seen
            self.kept = copy.deepcopy(dict(model.state_dict()))
            self.waited = 0
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        if not self.best_epoch:
            raise RuntimeError("nothing to restore")
        model.load_state_dict(self.kept)

    def state_dict(self):
        return {"best": [self.best_loss, self.best_epoch], "count": [self.seen, self.waited], "kept": dict(self.kept)}

    def load_state_dict(self, state):
        self.best_loss, self.best_epoch = state["best"]
        self.seen, self.waited = state["count"]
        self.kept = dict(state["kept"])


# %% right="early-stopping" name="a list of losses and the weights in a file in memory"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.rule = patience, min_delta
        self.improved = []
        self.losses = []
        self.file = None

    @property
    def best_epoch(self):
        return self.improved[-1] if self.improved else 0

    @property
    def best_loss(self):
        return self.losses[self.best_epoch - 1] if self.improved else math.inf

    def step(self, val_loss, model):
        patience, min_delta = self.rule
        better = val_loss + min_delta < self.best_loss
        self.losses.append(val_loss)
        if better:
            self.improved.append(len(self.losses))
            self.file = io.BytesIO()
            torch.save(model.state_dict(), self.file)
        recent = range(len(self.losses) - patience + 1, len(self.losses) + 1)
        return len(self.losses) >= patience and not set(recent) & set(self.improved)

    def restore(self, model):
        if self.file is None:
            raise RuntimeError("no improvement yet")
        self.file.seek(0)
        model.load_state_dict(torch.load(self.file, weights_only=True))

    def state_dict(self):
        weights = None if self.file is None else torch.frombuffer(bytearray(self.file.getvalue()), dtype=torch.uint8)
        return {"losses": list(self.losses), "improved": list(self.improved), "weights": weights}

    def load_state_dict(self, state):
        self.losses, self.improved = list(state["losses"]), list(state["improved"])
        self.file = None if state["weights"] is None else io.BytesIO(state["weights"].numpy().tobytes())


# %% right="early-stopping" name="deep copies both ways, the difference with the margin"
class EarlyStopping:
    def __init__(self, patience: int, min_delta: float = 0.0):
        self.patience = patience
        self.min_delta = min_delta
        self.best_loss = math.inf
        self.best_epoch = 0
        self.epoch = 0
        self.best_weights = None

    def step(self, val_loss: float, model: nn.Module) -> bool:
        self.epoch += 1
        val_loss = float(val_loss)
        if math.isfinite(val_loss) and self.best_loss - val_loss > self.min_delta:
            self.best_loss = val_loss
            self.best_epoch = self.epoch
            self.best_weights = {name: t.clone() for name, t in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model: nn.Module) -> None:
        if self.best_weights is None:
            raise RuntimeError("no epoch has improved yet, so there is nothing to restore")
        model.load_state_dict(self.best_weights)

    def state_dict(self) -> dict:
        return copy.deepcopy(
            {
                "epoch": self.epoch,
                "best_loss": self.best_loss,
                "best_epoch": self.best_epoch,
                "best_weights": self.best_weights,
            }
        )

    def load_state_dict(self, state: dict) -> None:
        state = copy.deepcopy(state)
        self.epoch = state["epoch"]
        self.best_loss = state["best_loss"]
        self.best_epoch = state["best_epoch"]
        self.best_weights = state["best_weights"]


# %% wrong="early-stopping" name="keeps a reference to the weights" fails="early-stopping-restores"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = model.state_dict()
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="a shallow copy of the state_dict" fails="early-stopping-restores"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = dict(model.state_dict())
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="one epoch too patient" fails="early-stopping-stops early-stopping-not-a-number"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch > self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="counts bad epochs that are not in a row" fails="early-stopping-stops"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss, self.bad = 0, 0, math.inf, 0
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        else:
            self.bad += 1
        return self.bad >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="compares with the epoch before, not with the best" fails="early-stopping-stops"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss, self.last = 0, 0, math.inf, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.last - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        self.last = val_loss
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="an equal loss counts as an improvement" fails="early-stopping-stops"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss <= self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="keeps the last weights" fails="early-stopping-restores"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
        self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if not self.best_epoch:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        state = dict(vars(self))
        return state if self.best_epoch else {**state, "best_weights": None}

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="saves the best loss, but not the count and the weights" fails="early-stopping-resumes"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return {"best_loss": self.best_loss, "best_epoch": self.best_epoch}

    def load_state_dict(self, state):
        self.best_loss, self.best_epoch = state["best_loss"], state["best_epoch"]


# %% wrong="early-stopping" name="a NaN counts as an improvement" fails="early-stopping-not-a-number"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if not val_loss >= self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="no best loss before the first epoch" fails="early-stopping-stops early-stopping-not-a-number"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, None
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        first = self.best_loss is None and math.isfinite(val_loss)
        if first or (self.best_loss is not None and val_loss < self.best_loss - self.min_delta):
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="numbers the epochs from 0" fails="early-stopping-stops early-stopping-not-a-number"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.waited = 0
        self.best_weights = None

    def step(self, val_loss, model):
        self.waited += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.waited = 0
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        self.epoch += 1
        return self.waited >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="puts the best weights back by itself when it stops" fails="early-stopping-restores"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        stop = self.epoch - self.best_epoch >= self.patience
        if stop and self.best_weights is not None:
            model.load_state_dict(self.best_weights)
        return stop

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="copies the parameters and forgets the buffers" fails="early-stopping-restores"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: p.detach().clone() for name, p in model.named_parameters()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights, strict=False)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="restores nothing, and says so to nobody" fails="early-stopping-restores early-stopping-not-a-number"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is not None:
            model.load_state_dict(self.best_weights)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="gives the model new tensors, of which the optimiser knows nothing" fails="early-stopping-restores"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(copy.deepcopy(self.best_weights), assign=True)

    def state_dict(self):
        return dict(vars(self))

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="forgets in the state how long it has waited" fails="early-stopping-resumes"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.waited = 0
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        self.waited += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.waited = 0
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.waited >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return {name: value for name, value in vars(self).items() if name != "waited"}

    def load_state_dict(self, state):
        vars(self).update(state)


# %% wrong="early-stopping" name="leaves the weights out of the state" fails="early-stopping-resumes"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        self.best_weights = None

    def step(self, val_loss, model):
        self.epoch += 1
        if val_loss < self.best_loss - self.min_delta:
            self.best_epoch, self.best_loss = self.epoch, val_loss
            self.best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        if self.best_weights is None:
            raise RuntimeError("none")
        model.load_state_dict(self.best_weights)

    def state_dict(self):
        return {name: value for name, value in vars(self).items() if name != "best_weights"}

    def load_state_dict(self, state):
        vars(self).update(state)
