# %% [markdown]
# ## normalise

# %% right="normalise" name="regular expression"
import re


def normalise(text, synonyms):
    cleaned = re.sub(r"\s+", " ", text).strip().lower()
    if cleaned in synonyms:
        return synonyms[cleaned]
    return cleaned


# %% right="normalise" name="word by word, with a loop"
def normalise(text, synonyms):
    cleaned = ""
    for word in text.split():
        if cleaned != "":
            cleaned = cleaned + " "
        cleaned = cleaned + word.lower()
    for spelling, skill in synonyms.items():
        if spelling == cleaned:
            return skill
    return cleaned


# %% right="normalise" name="replaces until nothing changes"
def normalise(text, synonyms):
    cleaned = text.lower().replace("\t", " ").replace("\n", " ").strip()
    while "  " in cleaned:
        cleaned = cleaned.replace("  ", " ")
    return {**{cleaned: cleaned}, **synonyms}[cleaned]


# %% wrong="normalise" name="trims the ends only" fails="normalise-case normalise-synonyms"
def normalise(text, synonyms):
    name = text.lower().strip()
    return synonyms.get(name, name)


# %% wrong="normalise" name="forgets lower case" fails="normalise-case normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.split())
    return synonyms.get(name, name)


# %% wrong="normalise" name="prints instead of returning" fails="normalise-case normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.lower().split())
    print(synonyms.get(name, name))


# %% wrong="normalise" name="no result for a name without a synonym" fails="normalise-case normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.lower().split())
    return synonyms.get(name)


# %% wrong="normalise" name="an error for a name without a synonym" fails="normalise-case normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.lower().split())
    return synonyms[name]


# %% wrong="normalise" name="takes all spaces away" fails="normalise-case normalise-synonyms"
def normalise(text, synonyms):
    name = "".join(text.lower().split())
    return synonyms.get(name, name)


# %% wrong="normalise" name="looks up before it cleans" fails="normalise-synonyms"
def normalise(text, synonyms):
    name = synonyms.get(text, text)
    return " ".join(name.lower().split())


# %% wrong="normalise" name="uses the lesson's synonyms, not those given" fails="normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.lower().split())
    return SYNONYMS.get(name, name)


# %% wrong="normalise" name="halves double spaces once" fails="normalise-case normalise-synonyms"
def normalise(text, synonyms):
    name = text.lower().strip().replace("  ", " ")
    return synonyms.get(name, name)


# %% wrong="normalise" name="treats spaces only, no tabs or ends of lines" fails="normalise-case"
def normalise(text, synonyms):
    name = " ".join(word for word in text.lower().split(" ") if word)
    return synonyms.get(name, name)


# %% wrong="normalise" name="replaces parts of names" fails="normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.lower().split())
    for spelling, skill in synonyms.items():
        if spelling in name:
            return skill
    return name


# %% wrong="normalise" name="notes new names in the dictionary" fails="normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.lower().split())
    return synonyms.setdefault(name, name)


# %% wrong="normalise" name="returns only cleaned text" fails="normalise-synonyms"
def normalise(text, synonyms):
    return " ".join(text.lower().split())


# %% wrong="normalise" name="makes the keys lower case too" fails="normalise-synonyms"
def normalise(text, synonyms):
    name = " ".join(text.lower().split())
    return {spelling.lower(): skill for spelling, skill in synonyms.items()}.get(name, name)


# %% [markdown]
# ## bootstrap

# %% right="bootstrap" name="one table of resamples"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    table = np.random.default_rng(seed).choice(values, size=(resamples, len(values)), replace=True)
    means = table.mean(axis=1)
    return np.quantile(means, [(1 - level) / 2, (1 + level) / 2])


# %% right="bootstrap" name="plain Python, sorted list"
import random


def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    draw = random.Random(seed)
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(resamples))
    skip = int(resamples * (1 - level) / 2)
    return means[skip], means[resamples - 1 - skip]


# %% right="bootstrap" name="random positions"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    array = np.array(values, dtype=float)
    rng = np.random.default_rng(seed)
    means = np.empty(resamples)
    for number in range(resamples):
        means[number] = array[rng.integers(0, array.size, array.size)].mean()
    return (float(np.percentile(means, 50 * (1 - level))), float(np.percentile(means, 100 - 50 * (1 - level))))


# %% right="bootstrap" name="counts of each value"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    n = len(values)
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    means = counts @ np.array(values, dtype=float) / n
    return [np.quantile(means, 0.5 - level / 2), np.quantile(means, 0.5 + level / 2)]


# %% wrong="bootstrap" name="cuts all that lies outside off each end" fails="bootstrap-ends bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [1 - level, level]))


# %% wrong="bootstrap" name="without replacement" fails="bootstrap-ends bootstrap-width bootstrap-seed"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values), replace=False).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="interval of the values, not of means" fails="bootstrap-ends bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    drawn = rng.choice(values, size=resamples)
    return tuple(np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="always 95 %" fails="bootstrap-ends bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [0.025, 0.975]))


# %% wrong="bootstrap" name="ten values in every resample" fails="bootstrap-ends bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=10).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="never more than thirty values" fails="bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=min(30, len(values))).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="generator inside the loop" fails="bootstrap-ends bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    means = []
    for _ in range(resamples):
        rng = np.random.default_rng(seed)
        means.append(rng.choice(values, size=len(values)).mean())
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="generator without the seed" fails="bootstrap-seed"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng()
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="always seed 0" fails="bootstrap-seed"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(0)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="medians instead of means" fails="bootstrap-ends bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    middles = [np.median(rng.choice(values, size=len(values))) for _ in range(resamples)]
    return tuple(np.quantile(middles, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="formula of the normal curve, no resampling" fails="bootstrap-ends bootstrap-seed"
from statistics import NormalDist


def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    spread = np.std(values) / math.sqrt(len(values))
    reach = NormalDist().inv_cdf((1 + level) / 2) * spread
    return np.mean(values) - reach, np.mean(values) + reach


# %% wrong="bootstrap" name="ignores the number of resamples" fails="bootstrap-edges"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(1000)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="swaps values in the caller's list" fails="bootstrap-seed"
import random


def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    draw = random.Random(seed)
    original = list(values)
    means = []
    for _ in range(resamples):
        for place in range(len(values)):
            values[place] = draw.choice(original)
        means.append(sum(values) / len(values))
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="sorts the caller's list" fails="bootstrap-seed"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    values.sort()
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="never more than fifty values" fails="bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=min(50, len(values))).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="returns the means" fails="bootstrap-ends"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]


# %% wrong="bootstrap" name="low and high the wrong way round" fails="bootstrap-ends bootstrap-width"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 + level) / 2, (1 - level) / 2]))


# %% wrong="bootstrap" name="one value left out of every resample" fails="bootstrap-ends bootstrap-edges"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values) - 1).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="whole numbers only" fails="bootstrap-seed bootstrap-edges"
def bootstrap_interval(values, level=0.9, resamples=100, seed=0):
    rng = np.random.default_rng(seed)
    means = [rng.choice(np.array(values, dtype=int), size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="refuses a list of one number" fails="bootstrap-edges"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    if len(values) < 2:
        raise ValueError("one number has no spread")
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% wrong="bootstrap" name="no interval for a list of one number" fails="bootstrap-edges"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    if len(values) == 1:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    return tuple(np.quantile(means, [(1 - level) / 2, (1 + level) / 2]))


# %% [markdown]
# ## market-claim

# %% right="market-claim" name="sets and lists, no pandas beyond the columns"
def check_claim(ads, mentions, skill, at_least):
    naming = {ad for ad, name in zip(mentions["ad"], mentions["skill"]) if name == skill}
    by_job = {}
    for ad, job, role in zip(ads["ad"], ads["job"], ads["role"]):
        by_job.setdefault(job, [role, 0])
        if ad in naming:
            by_job[job][1] = 1
    engineers = [names for role, names in by_job.values() if role == "ML engineer"]
    scientists = [names for role, names in by_job.values() if role == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "open"
    if at_least <= low:
        verdict = "supported"
    elif at_least > high:
        verdict = "contradicted"
    difference = sum(engineers) / len(engineers) - sum(scientists) / len(scientists)
    return {"verdict": verdict, "low": low, "high": high, "difference": difference}


# %% right="market-claim" name="merge and group"
def check_claim(ads, mentions, skill, at_least):
    ones = mentions.loc[mentions["skill"] == skill, ["ad"]].drop_duplicates().assign(named=1)
    table = ads.merge(ones, on="ad", how="left").fillna({"named": 0})
    jobs = table.groupby(["role", "job"])["named"].max()
    shares = jobs.groupby(level="role").mean()
    low, high = difference_interval(jobs["ML engineer"], jobs["data scientist"])
    verdict = "supported" if low >= at_least else ("contradicted" if high < at_least else "open")
    return dict(difference=shares["ML engineer"] - shares["data scientist"], low=low, high=high, verdict=verdict)


# %% right="market-claim" name="a function for one group"
def check_claim(ads, mentions, skill, at_least):
    def group(role):
        jobs = ads[ads["role"] == role].drop_duplicates(subset=["job"], keep="last")
        return jobs["ad"].isin(mentions.set_index("skill")["ad"].groupby(level=0).get_group(skill)).to_numpy()

    if not (mentions["skill"] == skill).any():
        return {"difference": 0.0, "low": 0.0, "high": 0.0, "verdict": "supported" if at_least <= 0 else "contradicted"}
    engineers, scientists = group("ML engineer"), group("data scientist")
    low, high = difference_interval(engineers, scientists)
    found = {"difference": float(engineers.mean() - scientists.mean()), "low": low, "high": high}
    found["verdict"] = ["open", "contradicted", "supported"][2 * (low >= at_least) or 1 * (high < at_least)]
    return found


# %% wrong="market-claim" name="counts advertisements instead of jobs" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    names_it = ads["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[ads["role"] == "ML engineer"], names_it[ads["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="loses jobs that name nothing" fails="market-claim-shares market-claim-interval market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    table = ads.drop_duplicates("job").merge(mentions, on="ad")
    table["hit"] = table["skill"] == skill
    jobs = table.groupby(["role", "job"])["hit"].max().reset_index()
    engineers, scientists = (jobs[jobs["role"] == role]["hit"] for role in ("ML engineer", "data scientist"))
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="counts mentions instead of jobs" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    table = jobs.merge(mentions[mentions["skill"] == skill], on="ad", how="left")
    names_it = table["skill"].notna()
    engineers, scientists = names_it[table["role"] == "ML engineer"], names_it[table["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="everybody who is no ML engineer is a data scientist" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] != "ML engineer"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="everybody who is no data scientist is an ML engineer" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] != "data scientist"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="scientists minus engineers" fails="market-claim-shares market-claim-interval market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(scientists, engineers)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": scientists.mean() - engineers.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="interval the wrong way round, difference right" fails="market-claim-interval market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(scientists, engineers)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="a skill that is part of another name" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"].str.contains(skill, regex=False)]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="judges by the difference alone" fails="market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    difference = engineers.mean() - scientists.mean()
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if difference >= at_least else "contradicted"
    return {"difference": difference, "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="not supported means contradicted" fails="market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="asks whether there is a difference at all" fails="market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low > 0 else "contradicted" if high < 0 else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="the limit itself is not enough" fails="market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low > at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="takes the claim for percent" fails="market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least / 100 else "contradicted" if high < at_least / 100 else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="rows of two tables side by side" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job").reset_index(drop=True)
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    roles = ads["role"].reset_index(drop=True)[: len(jobs)]
    engineers, scientists = names_it[roles == "ML engineer"], names_it[roles == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="drops reposts in the caller's table" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    ads.drop_duplicates("job", inplace=True)
    names_it = ads["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[ads["role"] == "ML engineer"], names_it[ads["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="notes the answer in the caller's table" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    mentions["hit"] = mentions["skill"] == skill
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["hit"]]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="chooses rows by their labels" fails="market-claim-shares"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    naming = set(mentions[mentions["skill"] == skill]["ad"])
    groups = {"ML engineer": [], "data scientist": [], "data engineer": []}
    for label in jobs.index:
        groups[jobs["role"][label]].append(jobs["ad"][label] in naming)
    engineers, scientists = np.array(groups["ML engineer"]), np.array(groups["data scientist"])
    low, high = difference_interval(engineers, scientists)
    verdict = "supported" if low >= at_least else "contradicted" if high < at_least else "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}


# %% wrong="market-claim" name="a pair instead of a dictionary" fails="market-claim-shares market-claim-interval market-claim-verdict"
def check_claim(ads, mentions, skill, at_least):
    jobs = ads.drop_duplicates("job")
    names_it = jobs["ad"].isin(mentions[mentions["skill"] == skill]["ad"])
    engineers, scientists = names_it[jobs["role"] == "ML engineer"], names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    return engineers.mean() - scientists.mean(), "supported" if low >= at_least else "open"


# %% [markdown]
# ## rank-gaps

# %% right="rank-gaps" name="lambda and a comprehension"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.get(skill, 0))) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (-pair[1], pair[0]))


# %% right="rank-gaps" name="sorts twice"
def rank_gaps(demand, levels, target=2):
    found = []
    for skill in sorted(demand):
        level = levels[skill] if skill in levels else 0
        priority = demand[skill] * (target - level)
        if priority > 0:
            found.append([skill, priority])
    found.sort(key=lambda pair: pair[1], reverse=True)
    return found


# %% right="rank-gaps" name="numbers first, turned round at the end"
def rank_gaps(demand, levels, target=2):
    ranked = []
    for skill, share in demand.items():
        if skill not in levels:
            gap = target
        elif levels[skill] < target:
            gap = target - levels[skill]
        else:
            continue
        if share:
            ranked.append((-gap * share, skill))
    ranked.sort()
    return [(skill, -number) for number, skill in ranked]


# %% right="rank-gaps" name="pandas"
def rank_gaps(demand, levels, target=2):
    table = pd.DataFrame({"skill": list(demand), "share": [float(share) for share in demand.values()]})
    mine = np.array([levels.get(skill, 0) for skill in table["skill"]])
    table["priority"] = table["share"] * (target - mine).clip(0)
    table = table[table["priority"] > 0].sort_values(["priority", "skill"], ascending=[False, True])
    return list(zip(table["skill"], table["priority"]))


# %% wrong="rank-gaps" name="lowest priority first" fails="rank-gaps-order"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.get(skill, 0))) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (pair[1], pair[0]))


# %% wrong="rank-gaps" name="equal ones from z to a" fails="rank-gaps-order rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.get(skill, 0))) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (pair[1], pair[0]), reverse=True)


# %% wrong="rank-gaps" name="equal ones as they come" fails="rank-gaps-order rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.get(skill, 0))) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: -pair[1])


# %% wrong="rank-gaps" name="ranks by demand, not by demand times gap" fails="rank-gaps-order"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share) for skill, share in demand.items() if levels.get(skill, 0) < target and share > 0]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="ranks by the gap alone" fails="rank-gaps-order rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, target - levels.get(skill, 0)) for skill in demand if levels.get(skill, 0) < target]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="keeps skills without a gap" fails="rank-gaps-edges rank-gaps-order"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.get(skill, 0))) for skill, share in demand.items()]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="negative gaps for what you know too well" fails="rank-gaps-edges rank-gaps-order"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * (target - levels.get(skill, 0))) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] != 0], key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="skills without a level are forgotten" fails="rank-gaps-order rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, demand[skill] * (target - levels[skill])) for skill in levels if skill in demand]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="an error for a skill without a level" fails="rank-gaps-order rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels[skill])) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="an error for a skill that is not in demand" fails="rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, demand[skill] * max(0, target - levels.get(skill, 0))) for skill in {*demand, *levels}]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="the target is always 2" fails="rank-gaps-order rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, 2 - levels.get(skill, 0))) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="skills without their priorities" fails="rank-gaps-order rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.get(skill, 0))) for skill, share in demand.items()]
    return [skill for skill, number in sorted(pairs, key=lambda pair: (-pair[1], pair[0])) if number > 0]


# %% wrong="rank-gaps" name="rounds the priorities" fails="rank-gaps-order"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, round(share * max(0, target - levels.get(skill, 0)), 1)) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="fills in levels in the caller's dictionary" fails="rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.setdefault(skill, 0))) for skill, share in demand.items()]
    return sorted([pair for pair in pairs if pair[1] > 0], key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="empties the caller's demand" fails="rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    found = []
    while demand:
        skill, share = demand.popitem()
        priority = share * max(0, target - levels.get(skill, 0))
        if priority > 0:
            found.append((skill, priority))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="counts a skill that no job asks for" fails="rank-gaps-edges rank-gaps-order"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * (target - levels.get(skill, 0))) for skill, share in demand.items()
             if levels.get(skill, 0) < target]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


# %% wrong="rank-gaps" name="a sentence when there is nothing to learn" fails="rank-gaps-edges"
def rank_gaps(demand, levels, target=2):
    pairs = [(skill, share * max(0, target - levels.get(skill, 0))) for skill, share in demand.items()]
    pairs = [pair for pair in pairs if pair[1] > 0]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0])) if pairs else "nothing to learn"
