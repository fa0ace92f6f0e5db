# %% [markdown]
# Exercise 1, an honest split

# %% right="split" name="loops over the rows"
def split_loans(loans, cutoff, outcome_days=365):
    from datetime import timedelta

    cutoff = pd.Timestamp(cutoff)
    rows = list(zip(loans["customer_id"], loans["applied"]))
    train = [i for i, (_, day) in enumerate(rows) if day + timedelta(days=outcome_days) <= cutoff]
    known = {rows[i][0] for i in train}
    test = [i for i, (customer, day) in enumerate(rows) if day >= cutoff and customer not in known]
    if train == [] or test == []:
        raise ValueError("an empty side")
    return train, test

# %% right="split" name="query on a copy with a plain index"
def split_loans(loans, cutoff, outcome_days=365):
    frame = loans[["customer_id", "applied"]].reset_index(drop=True)
    age = pd.Timestamp(cutoff) - frame["applied"]
    train = frame[age >= pd.Timedelta(days=outcome_days)]
    test = frame[age <= pd.Timedelta(0)]
    test = test[~test["customer_id"].isin(train["customer_id"])]
    if train.empty or test.empty:
        raise ValueError("nothing to train on, or nothing to test on")
    return train.index.to_numpy(), test.index.to_numpy()

# %% right="split" name="the first day of each customer, with groupby"
def split_loans(loans, cutoff, outcome_days=365):
    limit = pd.Timestamp(cutoff) - pd.Timedelta(days=outcome_days)
    days = loans["applied"].to_numpy()
    first = pd.Series(days).groupby(loans["customer_id"].to_numpy()).transform("min")
    train = np.nonzero(days <= limit.to_datetime64())[0]
    test = np.nonzero((days >= pd.Timestamp(cutoff).to_datetime64()) & (first > limit).to_numpy())[0]
    if min(train.size, test.size) == 0:
        raise ValueError
    return train, test

# %% wrong="split" name="takes every loan before the cutoff for training" fails="split-by-hand split-book"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] < cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="forgets the customers" fails="split-by-hand split-book"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="removes customers with any loan before the cutoff" fails="split-by-hand split-book"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[~later])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="returns masks" fails="split-by-hand"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = known, later & stranger
    if not train.any() or not test.any():
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="returns index labels" fails="split-by-hand split-book"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = loans.index[known], loans.index[later & stranger]
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="the day of the cutoff is not in the test" fails="split-by-hand"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] > cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="the last day of the outcome is not over" fails="split-by-hand"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) < cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="no error for an empty side" fails="split-empty"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    return train, test

# %% wrong="split" name="sorts the table by day first" fails="split-by-hand split-book"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    loans = loans.sort_values("applied", kind="stable")
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="puts helper columns into the caller's table" fails="split-by-hand"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    loans["known"] = known
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="always 365 days" fails="split-by-hand"
def split_loans(loans, cutoff, outcome_days=365):
    cutoff = pd.Timestamp(cutoff)
    known = (loans["applied"] + pd.Timedelta(days=365) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="only an empty test is an error" fails="split-empty"
def split_loans(loans, cutoff, outcome_days=365):
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="looks for empty sides before it takes the known customers out" fails="split-empty"
def split_loans(loans, cutoff, outcome_days=365):
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if not known.any() or not later.any():
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% wrong="split" name="a cutoff on the day of the last loan is refused" fails="split-empty"
def split_loans(loans, cutoff, outcome_days=365):
    known = (loans["applied"] + pd.Timedelta(days=outcome_days) <= cutoff).to_numpy()
    later = (loans["applied"] >= cutoff).to_numpy()
    customers = loans["customer_id"].to_numpy()
    stranger = ~np.isin(customers, customers[known])
    train, test = np.flatnonzero(known), np.flatnonzero(later & stranger)
    if loans["applied"].max() <= pd.Timestamp(cutoff):
        raise ValueError("no loan after the cutoff")
    if not len(train) or not len(test):
        raise ValueError(f"{len(train)} training rows and {len(test)} test rows at the cutoff {cutoff}")
    return train, test

# %% [markdown]
# Exercise 2, a ColumnTransformer

# %% right="preparer" name="an imputer that adds its own flags, with the scaler in between"
def make_preparer(numeric, categorical, min_count):
    from sklearn.pipeline import FeatureUnion, Pipeline

    filled = Pipeline([("fill", SimpleImputer(strategy="median", keep_empty_features=True)), ("scale", StandardScaler())])
    numbers = FeatureUnion([("filled", filled), ("gaps", MissingIndicator(features="all", sparse=False))])
    words = Pipeline(
        [
            ("fill", SimpleImputer(strategy="constant", fill_value="(missing)")),
            ("encode", OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist")),
        ]
    )
    return ColumnTransformer([("n", numbers, list(numeric)), ("w", words, list(categorical))], sparse_threshold=0)

# %% right="preparer" name="words first, gaps flagged by a function"
def make_preparer(numeric, categorical, min_count):
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import FunctionTransformer

    def gaps(frame):
        return frame.isna().to_numpy().astype(float)

    encoder = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    fill = SimpleImputer(strategy="median", keep_empty_features=True)
    return make_column_transformer(
        (encoder, categorical),
        (FunctionTransformer(gaps), numeric),
        (make_pipeline(fill, StandardScaler()), numeric),
        remainder="drop",
    )

# %% right="preparer" name="a transformer of its own, with pandas"
def make_preparer(numeric, categorical, min_count):
    class Preparer(TransformerMixin, BaseEstimator):
        def __init__(self, numeric, categorical, min_count):
            self.numeric, self.categorical, self.min_count = numeric, categorical, min_count

        def fit(self, X, y=None):
            self.median_ = X[self.numeric].median().fillna(0.0)
            filled = X[self.numeric].fillna(self.median_)
            self.mean_, std = filled.mean(), filled.std(ddof=0)
            self.std_ = std.where(filled.max() > filled.min(), 1.0)
            self.levels_ = {}
            for name in self.categorical:
                counts = X[name].astype(object).where(X[name].notna(), "?").value_counts()
                common = counts.index[counts >= self.min_count]
                self.levels_[name] = list(common), len(common) < len(counts)
            return self

        def transform(self, X):
            numbers = X[self.numeric]
            parts = [((numbers.fillna(self.median_) - self.mean_) / self.std_).to_numpy(), numbers.isna().to_numpy()]
            for name, (common, rare) in self.levels_.items():
                words = X[name].astype(object).where(X[name].notna(), "?")
                parts += [(words == level).to_numpy()[:, None] for level in common]
                if rare:
                    parts.append(~words.isin(common).to_numpy()[:, None])
            return np.hstack(parts).astype(float)

    return Preparer(numeric, categorical, min_count)

# %% wrong="preparer" name="fills gaps with the mean" fails="preparer-numbers"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="mean", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="no flags for gaps" fails="preparer-numbers preparer-book preparer-gaps"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="flags only the columns that had gaps in training" fails="preparer-numbers preparer-gaps"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(error_on_new=False), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="unknown levels get zeros everywhere" fails="preparer-levels"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="unknown levels raise" fails="preparer-levels"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="every rare level has its own column" fails="preparer-levels preparer-book"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="missing words become the most frequent word" fails="preparer-levels"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False))
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="leaves the other columns in" fails="preparer-book preparer-numbers"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ],
        remainder="passthrough",
    )

# %% wrong="preparer" name="returns a sparse matrix" fails="preparer-levels"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist")
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ],
        sparse_threshold=1.0,
    )

# %% wrong="preparer" name="scales before it fills" fails="preparer-numbers"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(StandardScaler(), SimpleImputer(strategy="median", keep_empty_features=True))
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="does not scale" fails="preparer-numbers"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True))
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="scales the flags, too" fails="preparer-numbers"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", make_pipeline(MissingIndicator(features="all"), StandardScaler()), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="drops a column that is empty in training" fails="preparer-gaps"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="rare means at most min_count" fails="preparer-levels"
def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count + 1, handle_unknown="infrequent_if_exist", sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    )

# %% wrong="preparer" name="one encoder shared by all preparers" fails="preparer-book"
SHARED = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
THE_PREPARER = {}


def make_preparer(numeric, categorical, min_count):
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    words = OneHotEncoder(min_frequency=min_count, handle_unknown="infrequent_if_exist", sparse_output=False)
    THE_PREPARER.setdefault('it', ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("gaps", MissingIndicator(features="all"), numeric),
            ("words", words, categorical),
        ]
    ))
    return THE_PREPARER['it']

# %% wrong="preparer" name="a shared column even where no level is rare" fails="preparer-levels preparer-gaps"
def make_preparer(numeric, categorical, min_count):
    class Preparer(TransformerMixin, BaseEstimator):
        def __init__(self, numeric, categorical, min_count):
            self.numeric, self.categorical, self.min_count = numeric, categorical, min_count

        def fit(self, X, y=None):
            self.median_ = X[self.numeric].median().fillna(0.0)
            filled = X[self.numeric].fillna(self.median_)
            self.mean_, std = filled.mean(), filled.std(ddof=0)
            self.std_ = std.where(filled.max() > filled.min(), 1.0)
            self.levels_ = {}
            for name in self.categorical:
                counts = X[name].astype(object).where(X[name].notna(), "?").value_counts()
                common = counts.index[counts >= self.min_count]
                self.levels_[name] = list(common)
            return self

        def transform(self, X):
            numbers = X[self.numeric]
            parts = [((numbers.fillna(self.median_) - self.mean_) / self.std_).to_numpy(), numbers.isna().to_numpy()]
            for name, common in self.levels_.items():
                words = X[name].astype(object).where(X[name].notna(), "?")
                parts += [(words == level).to_numpy()[:, None] for level in common]
                parts.append(~words.isin(common).to_numpy()[:, None])
            return np.hstack(parts).astype(float)

    return Preparer(numeric, categorical, min_count)

# %% wrong="preparer" name="fills gaps with the median of the rows at hand" fails="preparer-numbers preparer-book"
def make_preparer(numeric, categorical, min_count):
    class Preparer(TransformerMixin, BaseEstimator):
        def __init__(self, numeric, categorical, min_count):
            self.numeric, self.categorical, self.min_count = numeric, categorical, min_count

        def fit(self, X, y=None):
            self.median_ = X[self.numeric].median().fillna(0.0)
            filled = X[self.numeric].fillna(self.median_)
            self.mean_, std = filled.mean(), filled.std(ddof=0)
            self.std_ = std.where(filled.max() > filled.min(), 1.0)
            self.levels_ = {}
            for name in self.categorical:
                counts = X[name].astype(object).where(X[name].notna(), "?").value_counts()
                common = counts.index[counts >= self.min_count]
                self.levels_[name] = list(common), len(common) < len(counts)
            return self

        def transform(self, X):
            numbers = X[self.numeric]
            filled = numbers.fillna(numbers.median()).fillna(self.median_)
            parts = [((filled - self.mean_) / self.std_).to_numpy(), numbers.isna().to_numpy()]
            for name, (common, rare) in self.levels_.items():
                words = X[name].astype(object).where(X[name].notna(), "?")
                parts += [(words == level).to_numpy()[:, None] for level in common]
                if rare:
                    parts.append(~words.isin(common).to_numpy()[:, None])
            return np.hstack(parts).astype(float)

    return Preparer(numeric, categorical, min_count)

# %% [markdown]
# Exercise 3, cross-validation by customer

# %% right="folds" name="cross_val_predict, and plain loops"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y, customers = np.asarray(y), np.asarray(customers)
    splits = list(GroupKFold(n_folds, shuffle=True, random_state=seed).split(X, y, customers))
    probability = cross_val_predict(model, X, y, cv=splits, method="predict_proba")
    fold = np.zeros(len(y), dtype=int)
    for number, (_, test) in enumerate(splits):
        fold[test] = number
    return probability[:, 1], fold


def compare_folds(loss_a, loss_b, fold):
    by_fold = {}
    for a, b, number in zip(loss_a, loss_b, fold):
        by_fold.setdefault(int(number), []).append(float(a) - float(b))
    means = [sum(values) / len(values) for values in by_fold.values()]
    mean = sum(means) / len(means)
    variance = sum((value - mean) ** 2 for value in means) / (len(means) - 1)
    return mean, (variance / len(means)) ** 0.5

# %% right="folds" name="KFold over the different customers, scipy's standard error"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    customers, y = pd.Series(np.asarray(customers)), np.asarray(y)
    names = customers.unique()
    probability, fold = np.full(len(y), np.nan), np.full(len(y), -1)
    for number, (_, mine) in enumerate(KFold(n_folds, shuffle=True, random_state=seed).split(names)):
        test = customers.isin(names[mine]).to_numpy()
        fitted = clone(model).fit(X[~test], y[~test])
        probability[test] = fitted.predict_proba(X[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    from scipy.stats import sem

    table = pd.DataFrame({"a": loss_a, "b": loss_b}).groupby(np.asarray(fold)).mean()
    differences = table["a"] - table["b"]
    return differences.mean(), sem(differences)

# %% right="folds" name="deals the customers like cards"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    import copy
    import random

    customers = list(customers)
    names = sorted(set(customers), key=str)
    if len(names) < n_folds:
        raise ValueError("fewer customers than folds")
    random.Random(seed).shuffle(names)
    card = {name: place % n_folds for place, name in enumerate(names)}
    fold = np.array([card[customer] for customer in customers])
    probability = np.zeros(len(fold))
    y = np.array(list(y))
    for number in range(n_folds):
        rows = np.flatnonzero(fold != number)
        fitted = copy.deepcopy(model).fit(X.iloc[rows], y[rows])
        default = list(fitted.classes_).index(1)
        probability[fold == number] = fitted.predict_proba(X.loc[fold == number])[:, default]
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra, fold = np.subtract(loss_a, loss_b), np.asarray(fold)
    means = np.array([extra[fold == number].mean() for number in np.unique(fold)])
    return means.mean(), means.std(ddof=1) / len(means) ** 0.5

# %% wrong="folds" name="deals rows" fails="folds-honest folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = KFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="fits the model that was passed in" fails="folds-honest"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = model.fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="trains on all rows" fails="folds-honest folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X, y)
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="trains on the fold and predicts the others" fails="folds-honest"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (test, train) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="the probability of paying back" fails="folds-honest folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 0]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="yes or no in place of a probability" fails="folds-honest folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict(X.iloc[test])
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="results in the order of the folds" fails="folds-honest"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    order = np.argsort(fold, kind="stable")
    return probability[order], fold[order]


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="no shuffling" fails="folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="always the same seed" fails="folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=0)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="no seed at all" fails="folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=None)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="picks outcomes by label" fails="folds-honest"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = pd.Series(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y.reindex(train).fillna(0))
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="mean over the rows" fails="folds-compare"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(extra.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="standard deviation in place of the standard error" fails="folds-compare"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1))

# %% wrong="folds" name="deviation that divides by n" fails="folds-compare"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=0) / np.sqrt(len(differences)))

# %% wrong="folds" name="two separate standard errors added up" fails="folds-compare"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    table = pd.DataFrame({"a": loss_a, "b": loss_b}).groupby(np.asarray(fold)).mean()
    error = np.sqrt((table.var(ddof=1) / len(table)).sum())
    return float(table["a"].mean() - table["b"].mean()), float(error)

# %% wrong="folds" name="b minus a" fails="folds-compare"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, y, np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_b, dtype=float) - np.asarray(loss_a, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="folds numbered from 1" fails="folds-honest folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, groups=np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number + 1
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="trains on one loan of each customer" fails="folds-honest"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y, customers = np.asarray(y), np.asarray(customers)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, groups=customers)):
        train = train[np.unique(customers[train], return_index=True)[1]]
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="each customer draws a fold" fails="folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y, customers = np.asarray(y), np.asarray(customers)
    names = np.unique(customers)
    if len(names) < n_folds:
        raise ValueError("fewer customers than folds")
    card = dict(zip(names, np.random.default_rng(seed).integers(n_folds, size=len(names))))
    fold = np.array([card[customer] for customer in customers])
    probability = np.empty(len(X))
    for number in range(n_folds):
        test = fold == number
        probability[test] = clone(model).fit(X[~test], y[~test]).predict_proba(X[test])[:, 1]
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="no error for fewer customers than folds" fails="folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=0):
    y, customers = np.asarray(y), np.asarray(customers)
    names = np.unique(customers)
    card = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % n_folds))
    fold = np.array([card[customer] for customer in customers])
    probability = np.empty(len(X))
    for number in range(n_folds):
        test = fold == number
        probability[test] = clone(model).fit(X[~test], y[~test]).predict_proba(X[test])[:, 1]
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% wrong="folds" name="other folds with each call unless a seed is given" fails="folds-dealt"
def out_of_fold(model, X, y, customers, n_folds=5, seed=None):
    y = np.asarray(y)
    probability, fold = np.empty(len(X)), np.empty(len(X), dtype=int)
    dealer = GroupKFold(n_folds, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(dealer.split(X, groups=np.asarray(customers))):
        copy = clone(model).fit(X.iloc[train], y[train])
        probability[test] = copy.predict_proba(X.iloc[test])[:, 1]
        fold[test] = number
    return probability, fold


def compare_folds(loss_a, loss_b, fold):
    extra = np.asarray(loss_a, dtype=float) - np.asarray(loss_b, dtype=float)
    differences = pd.Series(extra).groupby(np.asarray(fold)).mean()
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))

# %% [markdown]
# Exercise 4, metrics with a price

# %% right="metrics" name="the limit from the costs, masks, and loops over the bins"
def refuse(probability, cost_default, cost_refusal):
    p = np.array(probability, dtype=float)
    if np.isnan(p).any() or p.min() < 0 or p.max() > 1:
        raise ValueError("not a probability")
    cost_default, cost_refusal = np.asarray(cost_default, dtype=float), np.asarray(cost_refusal, dtype=float)
    return p > cost_refusal / (cost_refusal + cost_default)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    y, no = np.array(defaulted, dtype=int), np.array(refused, dtype=int)
    return np.mean(y * (1 - no) * np.asarray(cost_default) + (1 - y) * no * np.asarray(cost_refusal))


def calibration_table(defaulted, probability, n_bins=10):
    y, p = np.array(defaulted), np.array(probability, dtype=float)
    edges = np.linspace(0, 1, n_bins + 1)
    rows = []
    for k in range(n_bins):
        inside = (p >= edges[k]) & ((p < edges[k + 1]) | (k == n_bins - 1))
        if inside.any():
            rows.append({"loans": inside.sum(), "predicted": p[inside].mean(), "observed": y[inside].mean()})
    return pd.DataFrame(rows)

# %% right="metrics" name="plain Python, and pd.cut"
def refuse(probability, cost_default, cost_refusal):
    n = len(probability)
    defaults, refusals = np.broadcast_to(cost_default, n), np.broadcast_to(cost_refusal, n)
    decisions = []
    for p, d, r in zip(probability, defaults, refusals):
        if not 0 <= p <= 1:
            raise ValueError(f"{p} is no probability")
        decisions.append(p * d > (1 - p) * r)
    return np.array(decisions, dtype=bool)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    n = len(defaulted)
    total = 0.0
    for y, no, d, r in zip(defaulted, refused, np.broadcast_to(cost_default, n), np.broadcast_to(cost_refusal, n)):
        if y and not no:
            total += d
        elif no and not y:
            total += r
    return total / n


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"predicted": probability, "observed": defaulted})
    edges = np.linspace(0, 1, n_bins + 1)
    edges[-1] = np.inf
    groups = frame.groupby(pd.cut(frame["predicted"], edges, right=False, labels=False))
    return groups.agg(loans=("observed", "size"), predicted=("predicted", "mean"), observed=("observed", "mean"))

# %% wrong="metrics" name="refuses above 0.5" fails="metrics-refuse"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability + 0 * np.asarray(cost_default) > 0.5


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="the limit is the quotient of the two costs" fails="metrics-refuse"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability > np.asarray(cost_refusal) / np.asarray(cost_default)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="costs swapped" fails="metrics-refuse"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_refusal) > (1 - probability) * np.asarray(cost_default)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="True means grant" fails="metrics-refuse"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) <= (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="lets NaN through" fails="metrics-refuse"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if np.any((probability < 0) | (probability > 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="refuses at a tie" fails="metrics-refuse"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) >= (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="a default costs even when it was refused" fails="metrics-cost"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="every refusal costs" fails="metrics-cost"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="the sum" fails="metrics-cost"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.sum())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="the mean over the wrong decisions" fails="metrics-cost"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses[losses > 0].mean() if losses.any() else 0.0)


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="bins with the same number of loans" fails="metrics-calibration"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(pd.qcut(frame["predicted"], n_bins, labels=False, duplicates="drop"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="keeps empty bins" fails="metrics-calibration"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    table = table.reindex(range(n_bins)).fillna({"loans": 0})
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="the middle of the bin as predicted" fails="metrics-calibration"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    table["predicted"] = (table.index + 0.5) / n_bins
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="an edge belongs to the bin below" fails="metrics-calibration"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.searchsorted(inner_edges, frame["predicted"], side="left"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="a probability of 1 has a bin of its own" fails="metrics-calibration"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted) == 1, np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    inner_edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    groups = frame.groupby(np.floor(frame["predicted"] * n_bins))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]].reset_index(drop=True)

# %% wrong="metrics" name="0 and 1 in place of False and True" fails="metrics-refuse"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    refused = probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)
    return refused.astype(int)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted, dtype=bool), np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    lower_edges = np.linspace(0, 1, n_bins + 1)[:-1]
    groups = frame.groupby(np.searchsorted(lower_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    return table[["loans", "predicted", "observed"]]

# %% wrong="metrics" name="a last row for all loans" fails="metrics-calibration"
def refuse(probability, cost_default, cost_refusal):
    probability = np.asarray(probability, dtype=float)
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is missing, or not between 0 and 1")
    return probability * np.asarray(cost_default) > (1 - probability) * np.asarray(cost_refusal)


def cost_per_loan(defaulted, refused, cost_default, cost_refusal):
    defaulted, refused = np.asarray(defaulted, dtype=bool), np.asarray(refused, dtype=bool)
    losses = np.where(defaulted & ~refused, cost_default, 0) + np.where(refused & ~defaulted, cost_refusal, 0)
    return float(losses.mean())


def calibration_table(defaulted, probability, n_bins=10):
    frame = pd.DataFrame({"observed": np.asarray(defaulted), "predicted": np.asarray(probability, dtype=float)})
    lower_edges = np.linspace(0, 1, n_bins + 1)[:-1]
    groups = frame.groupby(np.searchsorted(lower_edges, frame["predicted"], side="right"))
    table = groups.mean()
    table["loans"] = groups.size()
    table.loc["all"] = [frame["observed"].mean(), frame["predicted"].mean(), len(frame)]
    return table[["loans", "predicted", "observed"]]

# %% [markdown]
# Exercise 5, a custom transformer

# %% right="clipper" name="nanquantile, empty columns mended afterwards"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    def __init__(self, lower=0.01, upper=0.99):
        self.lower, self.upper = lower, upper

    def fit(self, X, y=None):
        import warnings

        X = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        if not (0 <= self.lower and self.lower <= self.upper and self.upper <= 1):
            raise ValueError("quantiles")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            limits = np.nanquantile(X, [self.lower, self.upper], axis=0)
        self.lower_ = np.nan_to_num(limits[0], nan=-np.inf)
        self.upper_ = np.nan_to_num(limits[1], nan=np.inf)
        return self

    def transform(self, X):
        check_is_fitted(self, "upper_")
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return np.minimum(np.maximum(X, self.lower_), self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% right="clipper" name="pandas inside"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def _table(self, X, reset):
        return pd.DataFrame(validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=reset))

    def fit(self, X, y=None):
        if np.isnan([self.lower, self.upper]).any() or self.lower < 0 or self.upper > 1 or self.lower > self.upper:
            raise ValueError(f"lower={self.lower}, upper={self.upper}")
        table = self._table(X, reset=True)
        self.lower_ = table.quantile(self.lower).fillna(-np.inf).to_numpy()
        self.upper_ = table.quantile(self.upper).fillna(np.inf).to_numpy()
        return self

    def transform(self, X):
        check_is_fitted(self)
        table = self._table(X, reset=False)
        return table.clip(pd.Series(self.lower_), pd.Series(self.upper_), axis=1).to_numpy()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="limits from the rows that are transformed" fails="clipper-values"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, np.nanquantile(X, self.lower, axis=0), np.nanquantile(X, self.upper, axis=0))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="fit returns nothing" fails="clipper-values clipper-contract"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return None

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="checks the settings in __init__" fails="clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        if not 0 <= lower <= upper <= 1:
            raise ValueError("quantiles")
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="never checks the settings" fails="clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="stores the settings under other names" fails="clipper-contract"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.low = lower
        self.up = upper

    def fit(self, X, y=None):
        if not 0 <= self.low <= self.up <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.low} and {self.up}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.low) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.up) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="takes a transform before fit" fails="clipper-contract"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        if not hasattr(self, "lower_"):
            return np.asarray(X, dtype=float)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="forgets the tag" fails="clipper-contract"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        return tags

# %% wrong="clipper" name="drops outliers to NaN" fails="clipper-values"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.where((X < self.lower_) | (X > self.upper_), np.nan, X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="one pair of limits for the whole table" fails="clipper-values"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.full(X.shape[1], np.nanquantile(X, self.lower))
        self.upper_ = np.full(X.shape[1], np.nanquantile(X, self.upper))
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="nearest value in place of a straight line" fails="clipper-values"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower, method="nearest") if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper, method="nearest") if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="fills gaps with 0 before it learns" fails="clipper-gaps"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        X = np.nan_to_num(X)
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="NaN as the limits of an empty column" fails="clipper-gaps"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else np.nan for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.nan for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="lets infinity in" fails="clipper-gaps"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite=False)
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite=False, reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="works on the caller's array" fails="clipper-values clipper-contract"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_, out=X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="plain numpy, no validation" fails="clipper-contract clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = np.asarray(X, dtype=float)
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = np.asarray(X, dtype=float)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="transform learns the columns anew" fails="clipper-contract clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="quantiles 0 and 1 mean no limit" fails="clipper-values clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        if self.lower == 0:
            self.lower_[:] = -np.inf
        if self.upper == 1:
            self.upper_[:] = np.inf
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="gaps become a limit" fails="clipper-gaps"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.fmin(np.fmax(X, self.lower_), self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="takes infinity for a gap" fails="clipper-gaps"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite=False)
        known = [column[np.isfinite(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="lets infinity in after the training" fails="clipper-gaps"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite=False, reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="settings in percent" fails="clipper-values clipper-contract"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=1, upper=99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 100:
            raise ValueError(f"expected 0 <= lower <= upper <= 100, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.percentile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.percentile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="forgets check_is_fitted" fails="clipper-contract"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="leaves wrong settings to np.quantile" fails="clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if self.lower > self.upper:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="settings compared one by one, with NaN in between" fails="clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if self.lower < 0 or self.upper > 1 or self.lower > self.upper:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="empty limits in __init__" fails="clipper-contract clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper
        self.lower_ = self.upper_ = None

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="fit uses what __init__ noted down" fails="clipper-contract clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper
        self.quantiles = lower, upper

    def fit(self, X, y=None):
        lower, upper = self.quantiles
        if not 0 <= lower <= upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {lower} and {upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% wrong="clipper" name="learns only once" fails="clipper-settings"
class QuantileClipper(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):

    def __init__(self, lower=0.01, upper=0.99):
        self.lower = lower
        self.upper = upper

    def fit(self, X, y=None):
        if not 0 <= self.lower <= self.upper <= 1:
            raise ValueError(f"expected 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan")
        if hasattr(self, "upper_"):
            return self
        known = [column[~np.isnan(column)] for column in X.T]
        self.lower_ = np.array([np.quantile(values, self.lower) if len(values) else -np.inf for values in known])
        self.upper_ = np.array([np.quantile(values, self.upper) if len(values) else np.inf for values in known])
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=float, ensure_all_finite="allow-nan", reset=False)
        return np.clip(X, self.lower_, self.upper_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

# %% inputs="clipper"
def outcome(rng):
    n, d = int(rng.integers(1, 7)), int(rng.integers(1, 4))
    train = rng.choice([rng.normal(0, 100, (n, d)), rng.integers(-2, 3, (n, d)).astype(float)])
    # Values equal to a limit, gaps, and columns without any value.
    later = np.vstack([train, rng.integers(-4, 5, (3, d)), rng.normal(0, 300, (2, d))])
    later[rng.random(later.shape) < 0.2] = np.nan
    train[rng.random((n, d)) < rng.choice([0.0, 0.3, 1.0])] = np.nan
    lower, upper = np.sort(rng.choice([0.0, 0.01, 0.25, 0.5, 0.75, 1.0], 2))
    clipper = QuantileClipper(lower, upper).fit(train)
    # -0.0 becomes 0.0.
    return clipper.lower_ + 0.0, clipper.upper_ + 0.0, clipper.transform(later + 0.0) + 0.0


# %% [markdown]
# Exercise 6, a baseline and a model that beats it

# %% right="baseline" name="loops, and a clipped logistic regression"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    known = sorted(x for x in past_column if x == x)
    edges = [np.quantile(known, k / n_bands) for k in range(1, n_bands)]
    rate = sum(past_defaulted) / len(past_defaulted)
    table = {}

    def band(x):
        return sum(edge <= x for edge in edges) if x == x else None

    for x, y in zip(past_column, past_defaulted):
        table.setdefault(band(x), []).append(y)
    found = [table.get(band(x), []) for x in new_column]
    return np.array([(sum(outcomes) + 10 * rate) / (len(outcomes) + 10) for outcomes in found])


class Clip(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.limits_ = X.quantile(0.03), X.quantile(0.97)
        return self

    def transform(self, X):
        return X.clip(*self.limits_, axis=1)


def make_credit_model():
    columns = ["burden", "bureau", "years"]
    numbers = make_pipeline(Clip(), SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = OneHotEncoder(min_frequency=30, handle_unknown="infrequent_if_exist")
    return make_pipeline(
        ColumnTransformer([("numbers", numbers, columns), ("words", words, ["trade", "purpose"])]),
        LogisticRegression(C=1.0, max_iter=1000),
    )

# %% right="baseline" name="pandas bands, and small boosted trees"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column = pd.Series(np.asarray(past_column, dtype=float))
    new_column = pd.Series(np.asarray(new_column, dtype=float))
    past_defaulted = pd.Series(np.asarray(past_defaulted))
    edges = past_column.quantile([k / n_bands for k in range(1, n_bands)]).to_numpy()

    def bands(column):
        return column.map(lambda value: -1 if np.isnan(value) else int((edges <= value).sum()))

    groups = past_defaulted.groupby(bands(past_column))
    rate = past_defaulted.mean()
    rates = (groups.sum() + 10 * rate) / (groups.size() + 10)
    return bands(new_column).map(rates).fillna(rate).to_numpy()


def make_credit_model():
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.preprocessing import OrdinalEncoder

    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    return make_pipeline(
        ColumnTransformer([("n", "passthrough", ["burden", "bureau", "years"]), ("w", words, ["trade", "purpose"])]),
        HistGradientBoostingClassifier(
            max_iter=120, learning_rate=0.06, max_leaf_nodes=4, min_samples_leaf=30, early_stopping=False, random_state=0
        ),
    )

# %% right="baseline" name="binned columns"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.percentile(known, 100 * np.linspace(0, 1, n_bands + 1)[1:-1])

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    from sklearn.preprocessing import FunctionTransformer

    def facts(frame):
        out = pd.DataFrame(index=frame.index)
        out["burden"] = frame["burden"].clip(upper=0.6).fillna(0.1)
        out["no burden"] = frame["burden"].isna()
        out["bureau"] = frame["bureau"].fillna(600) / 100
        out["no bureau"] = frame["bureau"].isna()
        out["young"] = 1 / (1 + frame["years"])
        out["gap"] = frame["purpose"] == "cash gap"
        out["no purpose"] = frame["purpose"].isna()
        for trade in ("food", "transport", "care", "software", "building", "retail"):
            out[trade] = frame["trade"] == trade
        return out.astype(float)

    return make_pipeline(FunctionTransformer(facts), StandardScaler(), LogisticRegression())

# %% wrong="baseline" name="no smoothing" fails="baseline-rule"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = defaults / np.maximum(rows, 1)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="smooths with one half" fails="baseline-rule"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 5) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="the rate of the rows without gaps" fails="baseline-rule"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted[~np.isnan(past_column)].mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="edges from the new values" fails="baseline-rule"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = new_column[~np.isnan(new_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="bands of equal width" fails="baseline-rule"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.linspace(known.min(), known.max(), n_bands + 1)[1:-1]

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="gaps go to the best band" fails="baseline-rule"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands - 1, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="a value on an edge goes down" fails="baseline-rule"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="left"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="uses the reminders" fails="baseline-robust baseline-gap"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years", "reminders"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="balanced classes" fails="baseline-gap"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000, class_weight="balanced"))

# %% wrong="baseline" name="the dummy" fails="baseline-gap"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    return DummyClassifier(strategy="prior")

# %% wrong="baseline" name="boosting as it comes" fails="baseline-gap"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.preprocessing import OrdinalEncoder

    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    return make_pipeline(
        ColumnTransformer([("n", "passthrough", NUMERIC), ("w", words, CATEGORICAL)]),
        HistGradientBoostingClassifier(random_state=0),
    )

# %% wrong="baseline" name="only three numbers, and no word about gaps" fails="baseline-gap"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_pipeline(ColumnTransformer([("n", numbers, ["burden", "bureau", "years"])]), LogisticRegression())

# %% wrong="baseline" name="unknown words raise" fails="baseline-robust"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="uses the number of the customer" fails="baseline-robust"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years", "customer_id"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="cannot bear a gap" fails="baseline-robust baseline-gap"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = curves
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, LogisticRegression(max_iter=2000))

# %% wrong="baseline" name="the same fitted model for everybody" fails="baseline-robust"
ONE = []


def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    ONE.append(make_pipeline(preparer, LogisticRegression(max_iter=2000)))
    return ONE[0]

# %% wrong="baseline" name="certain of everything" fails="baseline-gap"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False)
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )

    class Certain(LogisticRegression):
        def predict_proba(self, X):
            refused = super().predict_proba(X)[:, 1] > 1 / 6
            return np.column_stack([~refused, refused]).astype(float)

    return make_pipeline(preparer, Certain(max_iter=2000))

# %% wrong="baseline" name="a straight line, whose probabilities leave 0 to 1" fails="baseline-robust"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    from sklearn.linear_model import Ridge

    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist")
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )

    class Straight(Ridge):
        def predict_proba(self, X):
            p = self.predict(X)
            return np.column_stack([1 - p, p])

    return make_pipeline(preparer, Straight())

# %% wrong="baseline" name="a forest that grows otherwise each time" fails="baseline-robust"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    from sklearn.ensemble import RandomForestClassifier

    curves = SplineTransformer(n_knots=5, knots="quantile", extrapolation="constant")
    numbers = make_pipeline(SimpleImputer(strategy="median"), curves)
    words = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist")
    preparer = ColumnTransformer(
        [
            ("numbers", numbers, ["burden", "bureau", "years"]),
            ("gaps", MissingIndicator(features="all"), ["burden", "bureau"]),
            ("words", words, ["trade", "purpose"]),
        ]
    )
    return make_pipeline(preparer, RandomForestClassifier(50, min_samples_leaf=10))

# %% wrong="baseline" name="no probability for a word that is new" fails="baseline-robust"
def band_rule(past_column, past_defaulted, new_column, n_bands=5):
    past_column, new_column = np.asarray(past_column, dtype=float), np.asarray(new_column, dtype=float)
    past_defaulted = np.asarray(past_defaulted)
    known = past_column[~np.isnan(past_column)]
    edges = np.quantile(known, np.arange(1, n_bands) / n_bands)

    def band(values):
        return np.where(np.isnan(values), n_bands, np.searchsorted(edges, values, side="right"))

    rows = np.bincount(band(past_column), minlength=n_bands + 1)
    defaults = np.bincount(band(past_column), weights=past_defaulted, minlength=n_bands + 1)
    rates = (defaults + 10 * past_defaulted.mean()) / (rows + 10)
    return rates[band(new_column)]


def make_credit_model():
    class ByWord(BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.array([0, 1])
            self.rates_ = y.groupby(X["trade"]).mean()
            return self

        def predict_proba(self, X):
            p = X["trade"].map(self.rates_).to_numpy()
            return np.column_stack([1 - p, p])

    return ByWord()
