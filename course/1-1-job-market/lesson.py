# ---
# title: The job market, and your plan
# builds: "an analyser of job advertisements that checks claims about the market, and a plan of your own computed from your gaps"
# module: 1
# minutes: 210
# prerequisites: []
# skills: [clean-text-data, quantify-uncertainty, plan-learning]
# shared: [skills.toml]
# seed: 11
# ---

# %% [markdown]
# # The job market, and your plan
#
# You need no Python to begin: the lesson explains each piece before you use it. Before the first exercise lie ten to
# fifteen minutes of reading. If all of this is new to you, take the lesson in two or three sittings.

# %% [markdown]
# ## Why it matters on the job
#
# A parcel company has money for forty training days. Its head of data has read that "nine out of ten machine learning
# jobs ask for Kubernetes" and wants to spend all of it on that. Nobody knows where the number comes from. It is
# Tuesday, the decision falls on Friday, and you are asked: *is that so?*
#
# You do what people in this profession do with every claim. You get data, clean them, compute a number, say how far
# that number can be trusted, and only then decide. In this lesson you do that with eight hundred job advertisements. At
# the end you turn the same tools on yourself: which skill should *you* learn next?
#
# ### How a notebook works
#
# A notebook is made of *cells*. Some hold text, like this one. Others hold Python code. Click on the cell below and
# press **Shift+Enter**: the computer runs it, prints what it has to say below, and goes on to the next cell.

# %%
print("Forty training days, seven hours each:")
print(40 * 7)

# %% [markdown]
# `print(...)` shows something. A text stands in quotation marks, a number does not. Try it: change the 40 to a 30,
# and run the cell again. You cannot break anything. If a cell has a mistake in it, Python prints an *error*, whose last
# line says what it did not understand. That happens to everybody, every day.
#
# The advertisements are made up, and so are all numbers in them. That has an advantage: the recipe is in the file
# `job_ads.py` beside this notebook, so we can hold an estimate against the truth, which nobody can with a real market.
# It also means that **nothing in this lesson is a fact about the labour market where you live**. The method is what
# carries over; a section near the end says how to use it on real advertisements.
#
# Go through the cells one after the other, with Shift+Enter. The next one fetches the tools that the lesson uses. You
# need not read it, nor the code that draws the pictures.

# %% given="setup"
import itertools
import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import career_plan
from job_ads import ROLES, collect_ads, mentions_table, true_mean_salary, true_share
from market import SPELLINGS, SYNONYMS, TAUGHT
from practice import difference_interval, normalise_tip, once_solved, outcome_of, same_pairs, share_interval

# White behind every figure, so that the dark lettering can be read in a dark notebook as well.
plt.rcParams.update({"figure.facecolor": "white", "axes.facecolor": "white", "figure.figsize": (7, 3.6)})
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"

# %% [markdown]
# ## 1 · Clean words
#
# Here are two of the advertisements. Read what the two people are wanted for.

# %%
all_ads = collect_ads()  # a list of all of them
print(all_ads[31]["text"])  # square brackets pick something out: here, the text of one of them
print("-" * 40)
print(all_ads[32]["text"])

# %% [markdown]
# Both work with data and models, often in the same team. A **data scientist** mostly answers questions: what do the
# data say, is the effect real, is a model worth having? A **machine learning engineer** (ML engineer) mostly builds
# things that run: the model becomes a service that answers day and night, is tested, watched and trained again. In
# small companies one person does both.
#
# Now look at the skills. One advertisement writes `K8s`, the next one `KUBERNETES`, a third one ` Kubernetes  (K8s)`,
# and all mean the same. (The second one above even names one skill twice: `PYTORCH` and `Torch`.) For a computer these
# are different texts. Whoever counts without cleaning counts wrong, so **normalising** comes first: every way to write
# a thing becomes one.
#
# A text in Python has tools attached to it. You use one by writing a full stop and its name:

# %%
written = "  Machine   LEARNING "
print(written.lower())  # a copy in lower-case letters
print(written)  # is as it was
words = written.split()  # a list of its words; the white space between and around them is gone
print(words)
print("-".join(words))  # the words of a list, put together with - between them

# %% [markdown]
# What stands behind a `#` is a comment: it is for people, and Python skips it. `written` is a **variable**, a name for
# a value. The first line with `=` gave it that value; it does not print anything. The tools never change the text that
# they belong to, they make something new. If you need that later, give it a name with `=`, as for `words`.
#
# The tools can be chained. `written.lower().split()` takes the copy in lower case and splits that one.
#
# A **dictionary** holds pairs. You give it the first part of a pair, the *key*, and get the second part, the *value*.
# For a key that is not there, `get` returns what you name behind the comma:

# %%
capitals = {"france": "paris", "japan": "tokyo"}
print(capitals["france"])
print(capitals.get("japan", "I do not know"))
print(capitals.get("atlantis", "I do not know"))

# %% [markdown]
# Last piece: a **function** is a recipe with a name. `def` begins it, what it needs stands in brackets, its steps are
# moved four spaces to the right, and `return` ends it and hands back the result. You make a function once and then
# *call* it as often as you like. (`print` shows a value to people; `return` hands it to the code that called.)

# %%
def greeting(name, greetings):
    first_name = name.split()[0]  # [0] takes the first item of a list: Python counts from 0
    return greetings.get(first_name, "Hello") + ", " + first_name


print(greeting("Yuki Tanaka", {"Yuki": "Konnichiwa"}))
print(greeting("Ada Lovelace", {"Yuki": "Konnichiwa"}))

# %% [markdown]
# ### Exercise 1 · One name for each skill
#
# Write `normalise(text, synonyms)`. `text` is a skill as somebody typed it, `synonyms` a dictionary from other
# spellings to the name that we want. The function returns the clean name:
#
# 1. Turn all letters into lower case. Take away white space (spaces, tabs, ends of lines) at both ends; inside, each
#    stretch of white space becomes a single space.
# 2. If what you have now is a key of `synonyms`, return the value that belongs to it. If not, return what you have.
#
# So with `{"k8s": "kubernetes"}`, the text `" K8S "` becomes `"kubernetes"`, and `"Apache   Spark"` becomes
# `"apache spark"`. The dictionary is not changed.
#
# In the cell below, replace the line that begins with `raise` by your steps, keep the four spaces before each, and
# press Shift+Enter. Nothing happens yet: the function is only defined. Then run the cells below it, which check it. A
# check that has nothing to say is content. `NotImplementedError: not attempted yet` means that the line with `raise`
# is still there, or that you did not run its cell after you changed it. Below the checks you find hints.

# %% exercise="normalise" difficulty=1 minutes=10 skills="clean-text-data"
def normalise(text, synonyms):
    """Return the clean name of a skill.

    text: the skill as somebody typed it.
    synonyms: a dictionary from other spellings, in lower case, to the name that we want.
    """
    ### BEGIN SOLUTION
    name = " ".join(text.lower().split())
    return synonyms.get(name, name)
    ### END SOLUTION


# %% check="normalise-case" points=2 hidden="tabs and ends of lines, many spaces, letters with dots, a text of spaces only"
for text, expected in [
    ("python", "python"),
    ("Python", "python"),
    (" SQL  ", "sql"),
    ("Apache Spark", "apache spark"),
    ("  REST   apis", "rest apis"),
]:
    got = outcome_of(normalise, text, {})
    tip = normalise_tip(got, text)
    assert got == expected, f"normalise({text!r}, {{}}) gave {got!r}, expected {expected!r}.{tip}"
### BEGIN HIDDEN TESTS
for text, expected in [
    ("\tUnit\n tests ", "unit tests"),
    ("a  B     c\t\td", "a b c d"),
    ("CI/CD", "ci/cd"),
    ("ÜBERSETZUNG", "übersetzung"),
    ("C++", "c++"),
    ("   ", ""),
]:
    assert outcome_of(normalise, text, {}) == expected
### END HIDDEN TESTS

# %% check="normalise-synonyms" points=2 hidden="other synonyms, a name that holds a synonym as a part, the dictionary afterwards"
synonyms = {"k8s": "kubernetes", "google cloud": "cloud"}
for text, expected in [
    ("k8s", "kubernetes"),
    (" K8S ", "kubernetes"),
    ("Google   Cloud", "cloud"),
    ("Docker", "docker"),
    ("kubernetes", "kubernetes"),
]:
    got = outcome_of(normalise, text, synonyms)
    think = " Clean the text first, then look it up." if got in ("k8s", "google cloud") else normalise_tip(got, text)
    assert got == expected, f"normalise({text!r}, {synonyms}) gave {got!r}, expected {expected!r}.{think}"
### BEGIN HIDDEN TESTS
synonyms = {"r": "r language", "ML": "machine learning", "py torch": "pytorch", "ai": "artificial intelligence"}
kept = dict(synonyms)
for text, expected in [
    ("R", "r language"),
    ("docker", "docker"),
    ("Py  Torch", "pytorch"),
    ("email", "email"),
    ("ml", "ml"),
    ("Other Thing", "other thing"),
]:
    assert outcome_of(normalise, text, synonyms) == expected
assert synonyms == kept
### END HIDDEN TESTS

# %% [markdown] hint="normalise"
# Two lines are enough. The first cleans the text, and its three tools are all in the first example of this section:
# lower case, split into words, join the words. Which text do you put between the words? Keep the result: `name = …`.

# %% [markdown] hint="normalise"
# The second line looks the name up with `get`. Behind the comma stands what you want back when the name is not in the
# dictionary: the name itself.

# %% [markdown] hint="normalise"
# ```python
# name = " ".join(...)            # the words of the text in lower case
# return synonyms.get(name, ...)
# ```

# %% [markdown]
# How much does that matter? A `for` loop takes the items of a list one after the other; what is moved to the right is
# done for each. The next cell counts how Kubernetes is written in all advertisements.

# %%
counts = {}
for ad in all_ads:
    for written, skill in zip(ad["skills"].split(","), ad["named"]):  # as written, and as meant
        if skill == "kubernetes":
            counts[written.strip()] = counts.get(written.strip(), 0) + 1

print("Kubernetes is written in", len(counts), "ways, among them", list(counts)[:4])

spellings = ["kubernetes", *SPELLINGS["kubernetes"]]
by_spelling = [
    sum(count for written, count in counts.items() if written.lower().split() == spelling.split())
    for spelling in spellings
]
exact = counts.get("Kubernetes", 0)
figure, axes = plt.subplots(figsize=(7, 3))
labels = ["all of them, normalised", *spellings, 'exactly "Kubernetes"']
bars = axes.barh(labels, [sum(by_spelling), *by_spelling, exact], color=[BLUE, *[GREY] * len(spellings), ORANGE])
axes.bar_label(bars, padding=3)
axes.invert_yaxis()
axes.set(xlabel="times written in the advertisements", title="One skill, many spellings")
axes.spines[["top", "right"]].set_visible(False)
axes.margins(x=0.1)
figure.tight_layout()
plt.show()

# %% [markdown]
# The grey bars add up to the blue one. They count upper and lower case alike; the orange bar is the part of the grey
# `kubernetes` bar with exactly these letters. Whoever searches for the exact word finds a fraction. Normalising is also
# a *decision*: our table of synonyms, in `market.py`, puts AWS, Azure and Google Cloud together under `cloud`. For the
# question "do jobs ask for cloud skills" that is right, for "which cloud" it is wrong. Write such decisions down where
# others can read them.
#
# From here on, the lesson uses lists that it has cleaned itself. Whatever your `normalise` does, later exercises do
# not suffer.
#
# ## 2 · How far can you trust a number?
#
# A question is answered by data, once it is put as a number. Here is the head of data's claim: *which share of the ML
# engineer jobs ask for Kubernetes?* For each job we note a 1 if it does and a 0 if not. The mean of these is the share.

# %%
jobs_seen = set()  # a set holds everything at most once
asks = []
for ad in all_ads:
    if ad["role"] == "ML engineer" and ad["job"] not in jobs_seen:
        jobs_seen.add(ad["job"])
        asks.append(1 if "kubernetes" in ad["named"] else 0)

print("the first ten jobs:", asks[:10])  # from the start up to the tenth
print("jobs:", len(asks), "  of these ask:", sum(asks))
print(f"share: {np.mean(asks):.3f}")

# %% [markdown]
# `if` does what stands below it, moved to the right, only when its condition is true; `1 if … else 0` is 1 when the
# condition is true and 0 otherwise; `in` asks whether something is in a list or a set. In a text that begins with
# `f"`, Python puts the value of what stands in braces; `:.3f` means three digits behind the point, `:.1%` percent.
#
# We counted each *job* once. Agencies post the same job several times, and an advertisement seen four
# times is still one job.
#
# So it is about two in five, far from nine in ten. But these are only the jobs that we happened to collect. Had we
# looked a month later, there would be others, and another share. **How different could it be, by luck alone?** If the
# answer is "by 2 percentage points" (2 jobs in a hundred), the claim is dead. If it is "by 50", we know nothing.
#
# We cannot collect a second month by Friday. But our sample looks roughly like the market, so we can let it play the
# market's part: draw jobs from it at random, as many as it has, and put each back after it is drawn. Such a draw *with
# replacement* is called a **resample**. Some jobs are in it twice, some not at all, and its mean is a little off. Do
# that thousands of times, and you see how much means differ by luck. This is the **bootstrap**, named after people who
# pull themselves up by their own bootstraps.

# %%
rng = np.random.default_rng(3)  # a generator of random numbers; 3 is its seed
waiting_days = [2, 3, 3, 5, 21]
for _ in range(4):  # do it four times; _ is a name for a number that nobody needs
    again = rng.choice(waiting_days, size=5)  # five values, each drawn from the whole list
    print(again, " mean", again.mean())

# %% [markdown]
# `.mean()` is a tool of what `choice` returns. A list does not have it: for a list, write `np.mean(waiting_days)`.
#
# Which numbers "random" gives is decided by the **seed**: the same seed gives the same numbers in every run, so others
# can repeat what you did. Change the 3, and look. A generator is made once, before the loop. Made inside it, with the
# same seed each time, it would draw the same resample again and again.
#
# The picture shows thousands of resampled shares for Kubernetes.

# %%
shares = np.random.default_rng(5).binomial(len(asks), np.mean(asks), size=4000) / len(asks)
low, high = np.quantile(shares, [0.025, 0.975])

figure, axes = plt.subplots()
steps = np.arange(shares.min(), shares.max() + 2 / len(asks), 1 / len(asks)) - 0.5 / len(asks)
axes.hist(shares, bins=steps, color="#9cc4e0")
axes.axvspan(low, high, color=BLUE, alpha=0.12)
top = axes.get_ylim()[1]
for end, side in ((low, "right"), (high, "left")):
    axes.axvline(end, color=BLUE)
    axes.text(end, 0.93 * top, f"  {end:.3f}  ", ha=side, color=BLUE)
axes.axvline(np.mean(asks), color=ORANGE, linestyle="--")
axes.text(np.mean(asks), 1.02 * top, f"our share {np.mean(asks):.3f}", ha="center", color=ORANGE)
axes.set(xlabel="share that asks for Kubernetes, in a resample", ylabel="resamples", xlim=(0.3, 0.58))
axes.spines[["top", "right"]].set_visible(False)
figure.tight_layout()
plt.show()

# %% [markdown]
# The shaded part holds the middle 95 % of the resampled shares. Its two ends are called a **95 % bootstrap interval**.
# What lies outside is split evenly: of the 5 % that are left, half is below and half above, 2.5 % each. The point below
# which a given part of the values lies is a **quantile**:

# %%
numbers = list(range(0, 101))  # 0 to 100
print(np.quantile(numbers, 0.10))
print(np.quantile(numbers, [0.25, 0.75]))  # two at once: 50 % of the numbers lie between them


def shortest_and_longest(words):
    """Two results at once: the function returns a pair, and the call below takes it apart."""
    lengths = []  # an empty list
    for word in words:
        lengths.append(len(word))  # len counts letters, or the items of a list; append adds an item at the end
    return min(lengths), max(lengths)


short, long = shortest_and_longest(["salary", "job", "skill"])
print(short, long)

# %% [markdown]
# ### Exercise 2 · A bootstrap interval
#
# Write `bootstrap_interval(values, level, resamples, seed)`, which returns a bootstrap interval for the mean of the
# values as a pair `(low, high)`.
#
# - `values` is a list of at least one number. Draw `resamples` resamples: each has as many numbers as `values`, and
#   each number is drawn from all of `values`, at random and with replacement.
# - Take the mean of each resample.
# - `low` and `high` are two quantiles of these means. Between them lies the part `level` of the means, and what is left
#   is split evenly. For `level=0.9` they are the quantiles 0.05 and 0.95.
# - The random numbers come from one generator that is made with `seed`. The same seed gives the same result, another
#   seed other resamples.
# - `values` is not changed.
#
# What stands behind a parameter's name in the first line, as in `level=0.95`, is its default: it is used when the call
# does not say otherwise. The checks leave room for chance and for other ways to compute a quantile.

# %% exercise="bootstrap" difficulty=3 minutes=40 skills="quantify-uncertainty"
def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    """Return the two ends of a bootstrap interval for the mean of the values.

    values: a list of at least one number.
    level: the part of the resampled means between the ends, above 0 and below 1.
    resamples: how many resamples to draw, at least 1.
    seed: where the random numbers begin, a whole number.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(resamples):
        again = rng.choice(values, size=len(values))
        means.append(again.mean())
    outside = (1 - level) / 2
    low, high = np.quantile(means, [outside, 1 - outside])
    return low, high
    ### END SOLUTION


# %% check="bootstrap-ends" points=2
def check_bootstrap_ends():
    # Three numbers have only 27 resamples. Here the ends come from the list of all 27, without any chance.
    values = [0, 10, 50]
    means = sorted(sum(draw) / 3 for draw in itertools.product(values, repeat=3))
    for level in (0.8, 0.6):
        expected = means[int(27 * (1 - level) / 2)], means[int(27 * (1 + level) / 2)]
        got = outcome_of(bootstrap_interval, values, level, 1200, 4)
        call = f"bootstrap_interval({values}, level={level}, resamples=1200, seed=4)"
        assert isinstance(got, (tuple, list, np.ndarray)) and len(got) == 2, (
            f"{call} gave {repr(got)[:100]}, expected a pair of two numbers. None means that nothing was returned."
        )
        think = f" Has each resample 3 numbers? Do {50 * (1 - level):.0f} % of the means lie outside on each side?"
        if got[0] == got[1]:
            think = " All means are alike: is a generator made inside the loop, or is nothing put back?"
        assert np.allclose(got, expected, rtol=0, atol=1e-6), (
            f"{call} gave ({got[0]:.2f}, {got[1]:.2f}), expected ({expected[0]:.2f}, {expected[1]:.2f}).{think}"
        )


check_bootstrap_ends()


# %% check="bootstrap-width" points=2 hidden="other lists, longer and with negative numbers, and other levels"
def check_bootstrap_width():
    values = list(range(1, 41))
    # The theory of means: they spread like the values, divided by the square root of their number.
    spread = np.std(values) / math.sqrt(len(values))
    low, high = bootstrap_interval(values, 0.8, 1200, 1)
    for name, got, expected in [("low", low, 20.5 - 1.282 * spread), ("high", high, 20.5 + 1.282 * spread)]:
        assert abs(got - expected) < 0.25 * spread, (
            f"{name} of bootstrap_interval([1, 2, …, 40], level=0.8, resamples=1200, seed=1) is {got:.2f}, expected "
            f"about {expected:.2f}. Does each resample have 40 numbers, and do 10 % of the means lie outside each end?"
        )


check_bootstrap_width()


### BEGIN HIDDEN TESTS
def check_bootstrap_more():
    for values, level, width in [([-3.0, 1.0, 2.0] * 20, 0.4, 0.524), ([1] * 12 + [0] * 60, 0.9, 1.645)]:
        spread = np.std(values) / math.sqrt(len(values))
        expected = np.mean(values) - width * spread, np.mean(values) + width * spread
        room = 0.3 * spread + 0.5 / len(values)
        assert np.allclose(bootstrap_interval(values, level, 1200, 2), expected, rtol=0, atol=room)


check_bootstrap_more()
### END HIDDEN TESTS


# %% check="bootstrap-seed" points=1
def check_bootstrap_seed():
    values = [3.5, 1.0, 8.0, 2.5, 9.0, 4.0, 7.5]
    kept = list(values)
    first, second = (tuple(map(float, bootstrap_interval(values, 0.9, 50, 7))) for _ in range(2))
    assert first == second, (
        f"two calls of bootstrap_interval({kept}, 0.9, 50, seed=7) gave {first} and {second}, expected the same twice"
    )
    others = [tuple(bootstrap_interval(values, 0.9, 50, seed)) for seed in (8, 9, 10)]
    assert set(others) != {first}, f"the seeds 7, 8, 9 and 10 all gave {first}, expected other resamples for each seed"
    assert values == kept, f"after the calls, the list {kept} has become {values}; it must stay as it was"
    got, expected = bootstrap_interval(values), bootstrap_interval(values, 0.95, 2000, 0)
    assert tuple(got) == tuple(expected), "keep the defaults in the first line: level=0.95, resamples=2000, seed=0"


check_bootstrap_seed()


# %% check="bootstrap-edges" points=1 hidden="equal numbers"
def check_bootstrap_edges():
    got = bootstrap_interval([6.0], 0.95, 20, 0)
    assert np.allclose(got, [6.0, 6.0]), f"bootstrap_interval([6.0], 0.95, 20, 0) gave {got!r}, expected (6.0, 6.0)"
    low, high = bootstrap_interval([1.0, 2.0, 4.0, 8.0, 16.0], 0.9, 1, 0)
    assert abs(low - high) < 1e-9, (
        f"bootstrap_interval([1.0, 2.0, 4.0, 8.0, 16.0], 0.9, resamples=1, seed=0) gave ({low:.2f}, {high:.2f}), "
        "expected twice the same number: a single resample has a single mean. Are `resamples` of them drawn?"
    )


check_bootstrap_edges()


### BEGIN HIDDEN TESTS
def check_bootstrap_equal():
    assert np.allclose(bootstrap_interval([0.25] * 5, 0.5, 10, 1), [0.25, 0.25])


check_bootstrap_equal()
### END HIDDEN TESTS

# %% [markdown] hint="bootstrap"
# Four steps: make the generator; in a loop over `range(resamples)`, draw and append the mean of the draw to a list;
# compute how much lies outside on each side; take two quantiles of the list. Each step is in an example above.

# %% [markdown] hint="bootstrap"
# If the part `level` lies between the ends, the part `1 - level` lies outside. Half of it is below `low`. For 0.9,
# that half is 0.05. Where then is `high`?

# %% [markdown] hint="bootstrap"
# ```python
# rng = np.random.default_rng(seed)
# means = []
# for _ in range(resamples):
#     again = ...                       # as many values as the list has, see the example with waiting_days
#     means.append(again.mean())
# outside = ...
# low, high = np.quantile(means, [outside, ...])
# return low, high
# ```

# %% [markdown]
# Now ask the head of data's question with your own tool. The ends differ a little from those in the picture: that one
# has another seed and more resamples, and the ends of an interval are estimates too.

# %%
with once_solved("exercise 2"):
    low, high = bootstrap_interval(asks)
    print(f"Kubernetes is asked for in {np.mean(asks):.1%} of the jobs; 95 % interval {low:.1%} to {high:.1%}")
    print('"Nine out of ten" lies', "inside" if low <= 0.9 <= high else "far outside", "the interval.")

# %% [markdown]
# What does "95 %" promise? Not that *this* interval is right with 95 % certainty. It is a promise about the procedure:
# of many intervals from many samples, about 95 in 100 contain the true value. Here we know the truth, so we can look.
# The next cell asks fifty people to collect 100 jobs each.

# %%
truth = true_share("ML engineer", "kubernetes")
found = np.random.default_rng(2).binomial(100, truth, size=50)
intervals = [share_interval(ones, 100) for ones in found]

figure, axes = plt.subplots(figsize=(7, 3.4))
for place, (ones, (low, high)) in enumerate(zip(found, intervals), start=1):
    hit = low <= truth <= high
    axes.plot([place, place], [low, high], color=BLUE if hit else ORANGE, linewidth=2 if hit else 3.5)
    axes.plot(place, ones / 100, marker="o" if hit else "s", markersize=4, color=BLUE if hit else ORANGE)
axes.axhline(truth, color="black", linewidth=1)
axes.text(51.5, truth, f"truth\n{truth:.2f}", va="center")
misses = sum(not low <= truth <= high for low, high in intervals)
axes.set(xlabel="person", ylabel="share with Kubernetes", xlim=(0, 57))
axes.set_title(f"{misses} of 50 intervals miss the truth (thick, with a square)")
axes.spines[["top", "right"]].set_visible(False)
figure.tight_layout()
plt.show()

# %% [markdown]
# Three things to remember. You never know whether yours is one of the unlucky ones. If you look at fifty skills, a few
# of your intervals are wrong: do not pick the most surprising one and tell everybody. And a bootstrap knows only the
# values that it was given: if all of 20 jobs name Python, or none names Java, each resample is the same and the
# interval has width zero. That is not certainty, it is too few jobs.
#
# ## 3 · Two groups, one table
#
# Most claims about jobs compare: "engineers need this more than scientists". For that, a table is handier than lists.
# The library **pandas** is made for tables, and you will meet it again in this course. We try it on a small shop first.

# %%
towns = ["Hill", "Hill", "Port", "Port", "Port"]
customers = pd.DataFrame({"customer": [1, 2, 3, 4, 5], "town": towns, "age": [30, 41, 19, 65, 27]})
orders = pd.DataFrame({"customer": [2, 2, 2, 4, 1, 5], "item": ["tea", "tea", "cup", "cup", "cup", "cup"]})
print(customers)
print(orders)

# %% [markdown]
# A table is a `DataFrame`. Each row of `customers` is a customer, each row of `orders` an order, and `customer` ties
# the two together. Note that customer 3 has no order at all, and customer 2 bought tea twice. The numbers at the left
# edge are the *row labels*. Each stays with its row, whichever rows you choose; here they simply count from 0.
#
# Square brackets take a column. A comparison is made for each row and gives a column of `True` and `False`. Such a
# column can choose rows, and its mean is a share, because `True` counts as 1 and `False` as 0.

# %%
from_hill = customers["town"] == "Hill"
print(from_hill.tolist(), " share:", from_hill.mean())
print(customers[from_hill])

tea = orders[orders["item"] == "tea"]  # the rows of all orders of tea
buys_tea = customers["customer"].isin(tea["customer"])  # for each customer: is the number among those?
print("who buys tea:", buys_tea.tolist())
print("share among customers from Hill:", buys_tea[from_hill].mean())
print(customers.drop_duplicates("town"))  # only the first row for each town

# %% [markdown]
# `isin` asks for each customer once. That is what we want: customer 2 counts once although the tea was ordered twice,
# and customer 3 counts among those who do not buy tea. Whoever counts the rows of `orders` gets both wrong.
#
# `drop_duplicates` looks at one column and keeps the first row for each value in it. Here are the advertisements as
# tables:

# %%
ads = pd.DataFrame(all_ads)[["ad", "job", "role", "industry", "employer", "salary"]]
mentions = mentions_table(all_ads)
print(ads.head(4).to_string(index=False))  # the first four rows
print(mentions.head(4).to_string(index=False))
jobs = ads.drop_duplicates("job")
print(len(ads), "advertisements for", len(jobs), "jobs")
print(jobs["role"].value_counts().to_string())

# %% [markdown]
# The table `mentions` has a row for each time that an advertisement names a skill. The names are normalised.
#
# How much does it matter whether you count jobs or advertisements? In these data, agencies like fashionable words, and
# they post the same job up to five times. So the fashionable words come up too often.

# %%
k8s_ads = mentions[mentions["skill"] == "kubernetes"]["ad"]
for name, table in [("advertisements", ads), ("jobs", jobs)]:
    engineers = table[table["role"] == "ML engineer"]
    print(f"share of ML engineer {name} with Kubernetes: {engineers['ad'].isin(k8s_ads).mean():.3f}")
print(f"truth, from the recipe: {true_share('ML engineer', 'kubernetes'):.3f}")

# %% [markdown]
# More data from the same few sources are not more knowledge. Now all skills at once: how often do ML engineer jobs and
# data scientist jobs name each?

# %%
named_once = mentions.drop_duplicates().merge(jobs[["ad", "role"]], on="ad")
shares = named_once.groupby(["skill", "role"]).size().unstack(fill_value=0) / jobs["role"].value_counts()
shares = shares[["ML engineer", "data scientist"]].sort_values("ML engineer")

figure, axes = plt.subplots(figsize=(7, 6.4))
places = range(len(shares))
axes.hlines(places, shares.min(axis=1), shares.max(axis=1), color="#bbbbbb")
axes.plot(shares["ML engineer"], places, "o", color=BLUE)
axes.plot(shares["data scientist"], places, "s", color=ORANGE)
axes.set_yticks(places, shares.index)
axes.text(0.72, 3.6, "● ML engineer", color=BLUE)
axes.text(0.72, 2.4, "■ data scientist", color=ORANGE)
axes.set(xlabel="share of the jobs that name the skill", xlim=(0, 1), title="Two roles, one team (made-up market)")
axes.grid(axis="x", alpha=0.3)
axes.spines[["top", "right"]].set_visible(False)
figure.tight_layout()
plt.show()

# %% [markdown]
# A long line is a skill that separates the two roles. Containers (Docker), interfaces (REST APIs) and automatic
# delivery (CI/CD) are on the engineer's side; statistics, A/B tests (experiments with two variants) and dashboards are
# on the scientist's. A short line only means that both are asked about equally often: nearly always (Python), or
# rarely (recommenders).
#
# A difference has an interval as well: resample both groups, subtract the means, thousands of times. The function
# `difference_interval` from `practice.py` does that with 0s and 1s (or `False` and `True`):

# %%
low, high = difference_interval([1, 1, 1, 0, 1, 1, 1, 1], [0, 1, 0, 0, 0, 0, 0, 1])
print(f"7 of 8 against 2 of 8: the difference is {7 / 8 - 2 / 8}, its interval {low:.2f} to {high:.2f}")

# What to say depends on where the interval lies.
if low > 0:
    answer = "more often in the first group"
elif high < 0:
    answer = "less often in the first group"
else:
    answer = "the data do not say"
print({"first share": 7 / 8, "answer": answer})  # a new dictionary; its values may be of different kinds

# %% [markdown]
# When the condition of `if` is not true, `elif` (else, if) asks the next one, and `else` gets the rest. `<` means
# smaller, `>=` means larger or equal. Eight jobs in a group are few: see how wide the interval is.
#
# ### Exercise 3 · Check a claim about the market
#
# A claim has the form: *among ML engineer jobs, the share that names this skill is larger than among data scientist
# jobs, by at least so much*. Write `check_claim(ads, mentions, skill, at_least)`, which returns a dictionary.
#
# | key | value |
# |---|---|
# | `"difference"` | share among the ML engineer jobs minus share among the data scientist jobs |
# | `"low"`, `"high"` | what `difference_interval(engineers, scientists)` gives; leave its `level` and `seed` alone |
# | `"verdict"` | `"supported"` if `low >= at_least`; else `"contradicted"` if `high < at_least`; else `"open"` |
#
# - `ads` has a row for each advertisement, with the columns `ad`, `job` and `role`, perhaps more. The roles are
#   `"ML engineer"` and `"data scientist"`, at least one job of each; jobs of any other role do not count.
# - **Each job counts once**, however often it is posted. All posts of a job have the same role and the same skills.
# - `mentions` has the columns `ad` and `skill`. An advertisement names the skill if a row says so, with exactly that
#   name (`"r"` is not `"spark"`). Twice is no more than once, and a job that names nothing is a job as well.
# - Shares and `at_least` are parts of 1: `0.3` means 30 percentage points. The rows come in any order and with any
#   row labels. The tables are not changed. The checks allow a difference of 1e-9.

# %% exercise="market-claim" difficulty=3 minutes=50 skills="quantify-uncertainty"
def check_claim(ads, mentions, skill, at_least):
    """Return difference, low, high and verdict for a claim about two roles, as a dictionary.

    ads: a table with the columns ad, job and role, a row for each advertisement.
    mentions: a table with the columns ad and skill, a row for each time that a skill is named.
    skill: the skill that the claim is about.
    at_least: how much larger the share among ML engineer jobs is said to be, as a part of 1.
    """
    ### BEGIN SOLUTION
    jobs = ads.drop_duplicates("job")
    naming = mentions[mentions["skill"] == skill]
    names_it = jobs["ad"].isin(naming["ad"])
    engineers = names_it[jobs["role"] == "ML engineer"]
    scientists = names_it[jobs["role"] == "data scientist"]
    low, high = difference_interval(engineers, scientists)
    if low >= at_least:
        verdict = "supported"
    elif high < at_least:
        verdict = "contradicted"
    else:
        verdict = "open"
    return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}
    ### END SOLUTION


# %% check="market-claim-shares" points=2 hidden="a larger market, posts in any order, row labels that are no numbers, the tables afterwards"
def check_claim_shares():
    ads = pd.DataFrame(
        {
            "ad": [1, 2, 3, 4, 5, 6, 7, 8],
            "job": [10, 10, 10, 20, 30, 40, 50, 60],
            "role": ["ML engineer"] * 5 + ["data scientist"] * 2 + ["data engineer"],
        }
    )
    rows = [(1, "git"), (2, "git"), (3, "git"), (4, "sql"), (6, "git"), (6, "git"), (6, "sql"), (8, "git")]
    rows += [(4, "digit"), (5, "digit")]
    mentions = pd.DataFrame(rows, columns=["ad", "skill"])
    thoughts = {
        0.1: " Count each job once, not each post.",
        -0.667: " Jobs that name nothing count too.",
        -0.333: " Does job 60 count as a data scientist's, or job 40 twice?",
        0.0: " Does job 60 count as an ML engineer's?",
        0.167: " Engineers minus scientists.",
        0.5: " Exactly that name: digit is not git.",
    }
    for skill, expected in [("git", 1 / 3 - 1 / 2), ("sql", 1 / 3 - 1 / 2), ("docker", 0.0)]:
        got = outcome_of(check_claim, ads, mentions, skill, 0.1)
        assert isinstance(got, dict) and {"difference", "low", "high", "verdict"} <= set(got), (
            f"check_claim(ads, mentions, {skill!r}, 0.1) gave {got!r}, expected a dictionary with the keys difference, "
            "low, high and verdict"
        )
        think = thoughts.get(round(got["difference"], 3), "") if skill == "git" else ""
        assert abs(got["difference"] - expected) < 1e-9, (
            f"the difference for {skill!r} is {got['difference']:.3f}, expected {expected:.3f}.{think} ML engineer: "
            "job 10 (posted three times: git), 20 (sql, digit), 30 (digit). Data scientist: job 40 (git, git, sql), "
            "50 (nothing). Data engineer: job 60 (git)."
        )


check_claim_shares()


### BEGIN HIDDEN TESTS
def check_claim_market():
    draw = np.random.default_rng(6)
    ads, mentions, engineers, scientists = [], [], [], []
    for job in range(60):
        role = ["ML engineer", "data scientist", "ML engineer", "data scientist", "AI tutor", "web designer"][job % 6]
        names_it = bool(draw.random() < 0.5)
        group = {"ML engineer": engineers, "data scientist": scientists}.get(role, [])
        group.append(int(names_it))
        for _ in range(int(draw.integers(1, 5))):
            ads.append((1000 - len(ads), job, role))
            mentions += [(ads[-1][0], "r")] * (names_it * int(draw.integers(1, 3))) + [(ads[-1][0], "spark")]
    ads = pd.DataFrame(ads, columns=["ad", "job", "role"]).sample(frac=1, random_state=1)
    ads.index = [f"row {number % 40}" for number in range(len(ads))]
    mentions = pd.DataFrame(mentions, columns=["ad", "skill"]).sample(frac=1, random_state=2)
    kept = ads.copy(), mentions.copy()
    got = check_claim(ads, mentions, "r", 0.0)
    expected = sum(engineers) / len(engineers) - sum(scientists) / len(scientists)
    expected = [expected, *difference_interval(engineers, scientists)]
    assert np.allclose([got["difference"], got["low"], got["high"]], expected, rtol=0, atol=1e-9)
    assert ads.equals(kept[0]) and mentions.equals(kept[1])


check_claim_market()
### END HIDDEN TESTS


# %% check="market-claim-interval" points=2
def small_market(engineers, scientists):
    """Two tables in which each job is posted once; 1 or 0 says whether it names Docker."""
    groups = [("ML engineer", names_it) for names_it in engineers]
    groups += [("data scientist", names_it) for names_it in scientists]
    ads = pd.DataFrame([(n, n, role) for n, (role, _) in enumerate(groups)], columns=["ad", "job", "role"])
    rows = [(n, "docker") for n, (_, names_it) in enumerate(groups) if names_it]
    return ads, pd.DataFrame(rows, columns=["ad", "skill"])


def check_claim_interval():
    for engineers, scientists in [([1] * 30 + [0] * 20, [1] * 5 + [0] * 35), ([1, 0, 0, 0], [1, 1, 0])]:
        got = check_claim(*small_market(engineers, scientists), "docker", 0.2)
        expected = difference_interval(engineers, scientists)
        what = (
            f"{sum(engineers)} of {len(engineers)} ML engineer jobs and {sum(scientists)} of {len(scientists)} data "
            f"scientist jobs name Docker: low and high are"
        )
        assert np.allclose([got["low"], got["high"]], expected, rtol=0, atol=1e-9), (
            f"{what} {got['low']:.3f} and {got['high']:.3f}, expected {expected[0]:.3f} and {expected[1]:.3f}. "
            "Give difference_interval a 0 or 1 (or False or True) for each job, the engineers first."
        )


check_claim_interval()


# %% check="market-claim-verdict" points=2 hidden="limits of the interval that equal the claim, and negative claims"
def verdict_of(engineers, scientists, at_least):
    groups = [("ML engineer", names_it) for names_it in engineers]
    groups += [("data scientist", names_it) for names_it in scientists]
    ads = pd.DataFrame([(n, n, role) for n, (role, _) in enumerate(groups)], columns=["ad", "job", "role"])
    rows = [(n, "docker") for n, (_, names_it) in enumerate(groups) if names_it]
    got = outcome_of(check_claim, ads, pd.DataFrame(rows, columns=["ad", "skill"]), "docker", at_least)
    return got["verdict"] if isinstance(got, dict) and "verdict" in got else got


def check_claim_verdict():
    engineers, scientists = [1] * 60 + [0] * 40, [1] * 20 + [0] * 80
    low, high = difference_interval(engineers, scientists)
    for at_least, expected in [(0.1, "supported"), (low, "supported"), (0.42, "open"), (0.7, "contradicted")]:
        got = verdict_of(engineers, scientists, at_least)
        think = ": here `at_least` equals `low`, and `>=` includes that" if at_least == low else ""
        assert got == expected, (
            f"60 of 100 against 20 of 100, interval {low:.3f} to {high:.3f}: the verdict on a claim of at least "
            f"{at_least:.3f} is {got!r}, expected {expected!r}{think}"
        )


check_claim_verdict()


### BEGIN HIDDEN TESTS
def check_claim_limits():
    engineers, scientists = [1] * 6 + [0] * 14, [1] * 9 + [0] * 11
    low, high = difference_interval(engineers, scientists)
    for at_least, expected in [(low, "supported"), (high, "open"), (-0.9, "supported"), (0.5, "contradicted")]:
        assert verdict_of(engineers, scientists, at_least) == expected


check_claim_limits()
### END HIDDEN TESTS

# %% [markdown] hint="market-claim"
# Begin with a table in which each job has one row. Then make a column of `True` and `False`: does this advertisement
# name the skill? The example with the tea does just that for customers.

# %% [markdown] hint="market-claim"
# That column, chosen by `jobs["role"] == "ML engineer"`, is the group of the engineers. The other role gives the other
# group. Their means are the shares, and both go into `difference_interval` as they are.

# %% [markdown] hint="market-claim"
# ```python
# jobs = ads.drop_duplicates("job")
# naming = mentions[mentions["skill"] == skill]
# names_it = jobs["ad"].isin(...)
# engineers = names_it[jobs["role"] == "ML engineer"]
# scientists = ...
# low, high = difference_interval(engineers, scientists)
# if low >= at_least:
#     verdict = "supported"
# ...
# return {"difference": engineers.mean() - scientists.mean(), "low": low, "high": high, "verdict": verdict}
# ```

# %% [markdown]
# Five sentences that somebody might say at lunch. Write down your guess for each verdict before you run the cell.

# %%
claims = [
    ("Docker is what separates engineers: at least 30 points more", "docker", 0.30),
    ("engineers need statistics at least as often", "statistics", 0.0),
    ("Kubernetes, at least 25 points more", "kubernetes", 0.25),
    ("language models are an engineer's thing: at least 5 points more", "language models", 0.05),
    ("scientists can do without Python: engineers at least 15 points more", "python", 0.15),
]
with once_solved("exercise 3"):
    for words, skill, at_least in claims:
        found = check_claim(ads, mentions, skill, at_least)
        really = true_share("ML engineer", skill) - true_share("data scientist", skill)
        print(f"{words}\n    {found['difference']:+.3f}, interval {found['low']:+.3f} to {found['high']:+.3f}: "
              f"at least {at_least:.2f} is {found['verdict']}   (truth {really:+.3f})")

# %% [markdown]
# Look at Python: its interval ends just below the truth. That is one of the few that miss, live; the verdict is right
# all the same, and without the recipe nobody would notice.
#
# "Open" is a result, and an honest one. It does not mean that the claim is false; it means that these data cannot tell.
# People who hear "not supported" often understand "wrong", so say both halves: what you found, and what you cannot say.
#
# ## 4 · Your own gaps
#
# Now you are the subject. Skills that many jobs ask for and that you lack come first. The demand for a skill is its
# share among the jobs of the role that you aim for. Your level is a number from 0 to 3:
#
# | level | it means |
# |---|---|
# | 0 | never done |
# | 1 | done once or twice, with a tutorial or with help |
# | 2 | I can do it alone at work |
# | 3 | others ask me about it |
#
# Two more pieces of Python. A dictionary can be walked through in pairs, with `items()`. And `sorted` makes a sorted
# list; with `key=` you name a function that says what to sort by. A pair such as `(-3, "tea")` is compared by its first
# part, and by the second where the first ones are equal; the minus turns the order of numbers round.

# %%
prices = {"tea": 3, "cup": 8, "salt": 1, "jam": 3}
cheap = []
for item, price in prices.items():
    print(item, "costs", price)
    if price < 5:
        cheap.append((item, price))  # two pairs of brackets: what is appended is a pair
print(cheap)


def dearest_first(pair):
    item, price = pair
    return (-price, item)


print(sorted(prices.items(), key=dearest_first))
print(max(0, 2 - 3), max(0, 2 - 1))  # the larger of two numbers

# %% [markdown]
# A function that is defined inside another one works as well, moved to the right by four more spaces.
#
# ### Exercise 4 · Rank the gaps
#
# Write `rank_gaps(demand, levels, target)`. It returns a list of pairs `(skill, priority)`, the highest priority first.
#
# - `demand` is a dictionary from a skill to the share of jobs that ask for it, 0 to 1. `levels` is a dictionary from a
#   skill to your level. A skill that is not in `levels` has level 0; one that is only in `levels` is of no interest.
# - The **gap** is `target` minus your level, and 0 if you are above the target. The **priority** is demand times gap.
# - Skills with priority 0 are left out.
# - Skills with the same priority stand in the order of the alphabet (as `sorted` puts texts). Do not round: for Python,
#   `0.1 * 3` and `0.3` differ in the seventeenth digit, and no check depends on such a tie.
# - The dictionaries are not changed. If all gaps are closed, the list is empty.
#
# For `rank_gaps({"git": 0.5, "sql": 0.75, "r": 0.25}, {"sql": 2, "git": 1}, 2)` the result is
# `[("git", 0.5), ("r", 0.5)]`. The checks allow a difference of 1e-9 in a priority.

# %% exercise="rank-gaps" difficulty=2 minutes=25 skills="plan-learning"
def rank_gaps(demand, levels, target=2):
    """Return pairs (skill, priority), the most urgent first; skills without a gap or a demand are left out.

    demand: a dictionary from a skill to the share of jobs that ask for it.
    levels: a dictionary from a skill to your level, 0 to 3.
    target: the level that you want to reach.
    """
    ### BEGIN SOLUTION
    gaps = []
    for skill, share in demand.items():
        priority = share * (target - levels.get(skill, 0))
        if priority > 0:
            gaps.append((skill, priority))

    def most_urgent_first(pair):
        skill, priority = pair
        return (-priority, skill)

    return sorted(gaps, key=most_urgent_first)
    ### END SOLUTION


# %% check="rank-gaps-order" points=2 hidden="many skills and levels, and levels above the target"
def check_rank_gaps_order():
    for demand, levels, target, expected in [
        ({"git": 0.5, "sql": 0.75, "r": 0.25}, {"sql": 2, "git": 1}, 2, [("git", 0.5), ("r", 0.5)]),
        ({"sql": 0.25, "git": 0.75}, {"sql": 0, "git": 1}, 3, [("git", 1.5), ("sql", 0.75)]),
        ({"python": 0.9, "docker": 0.6, "spark": 0.3}, {}, 2, [("python", 1.8), ("docker", 1.2), ("spark", 0.6)]),
    ]:
        got = outcome_of(rank_gaps, demand, levels, target)
        assert same_pairs(got, expected), f"rank_gaps({demand}, {levels}, {target}) gave {got!r}, expected {expected}"


check_rank_gaps_order()


### BEGIN HIDDEN TESTS
def check_rank_gaps_many():
    draw = np.random.default_rng(8)
    for target in (1, 2, 3):
        skills = [f"skill {number}" for number in draw.permutation(30)]
        demand = {skill: float(draw.integers(0, 9)) / 8 for skill in skills}
        levels = {skill: int(draw.integers(0, 4)) for skill in skills[::2]}
        # Shares in eighths: the priorities are exact, and each possible one is looked for in turn.
        expected = []
        for eighths in range(8 * target, 0, -1):
            for skill in sorted(skills):
                if 8 * demand[skill] * (target - levels.get(skill, 0)) == eighths:
                    expected.append((skill, eighths / 8))
        assert same_pairs(rank_gaps(demand, levels, target), expected)


check_rank_gaps_many()
### END HIDDEN TESTS


# %% check="rank-gaps-edges" points=2 hidden="nothing to learn, skills that no job asks for, skills that are not in demand, the dictionaries afterwards"
def check_rank_gaps_edges():
    for demand, levels, expected, why in [
        ({"git": 0.5, "sql": 0.5}, {"git": 3, "sql": 1}, [("sql", 0.5)], "above the target there is no gap"),
        ({"git": 0.5, "sql": 0.5}, {"git": 2, "sql": 1}, [("sql", 0.5)], "at the target there is no gap"),
        ({"git": 0.5}, {"git": 1, "knitting": 0}, [("git", 0.5)], "no job asks for knitting"),
        ({"sql": 0.5, "git": 0.5, "r": 0.5}, {}, [("git", 1), ("r", 1), ("sql", 1)], "equal ones by the alphabet"),
    ]:
        got = outcome_of(rank_gaps, demand, levels, 2)
        assert same_pairs(got, expected), f"rank_gaps({demand}, {levels}, 2) gave {got!r}, expected {expected}: {why}"


check_rank_gaps_edges()


### BEGIN HIDDEN TESTS
def check_rank_gaps_nothing():
    assert same_pairs(rank_gaps({"git": 1.0, "sql": 0.4}, {"git": 2, "sql": 3}, 2), [])
    assert same_pairs(rank_gaps({"git": 0.0, "sql": 1.0}, {}, 1), [("sql", 1.0)])
    demand, levels = {"sql": 0.25, "git": 0.5}, {"git": 1, "piano": 3}
    assert same_pairs(rank_gaps(demand, levels), [("git", 0.5), ("sql", 0.5)])
    assert demand == {"sql": 0.25, "git": 0.5} and levels == {"git": 1, "piano": 3}


check_rank_gaps_nothing()
### END HIDDEN TESTS

# %% [markdown] hint="rank-gaps"
# Begin with an empty list. Walk through `demand.items()`, compute the gap of each skill (`levels.get` knows what to do
# with a skill that is missing), and append a pair if there is something to learn. Sort at the end.

# %% [markdown] hint="rank-gaps"
# For the order, `dearest_first` in the example does what you need: the larger number first, and equal ones by the
# alphabet.

# %% [markdown] hint="rank-gaps"
# ```python
# gaps = []
# for skill, share in demand.items():
#     priority = share * (target - levels.get(skill, 0))
#     if ...:                                   # is there anything to learn?
#         gaps.append((skill, priority))
#
# def most_urgent_first(pair):
#     ...
#
# return sorted(gaps, key=most_urgent_first)
# ```

# %% [markdown]
# ### Your plan
#
# Fill in **your** levels. Nobody else sees them; the plan stays in this folder. Be honest and quick: five seconds for
# each, and 0 for a name that you have never heard. Change the role if you aim for another one, and run the cell.

# %%
my_role = "ML engineer"  # or "data scientist", or "data engineer"
my_target = 2
my_levels = {
    "python": 0, "sql": 0, "git": 0, "testing": 0, "pandas": 0, "statistics": 0, "scikit-learn": 0,
    "pytorch": 0, "tensorflow": 0, "spark": 0, "language models": 0, "computer vision": 0, "recommenders": 0,
    "forecasting": 0, "a/b testing": 0, "data visualisation": 0, "communication": 0, "docker": 0, "kubernetes": 0,
    "cloud": 0, "rest apis": 0, "ci/cd": 0, "monitoring": 0, "experiment tracking": 0, "r": 0, "c++": 0, "java": 0,
}
unknown = [name for name in [my_role, *my_levels] if name not in ROLES and name not in TAUGHT]
if unknown:
    print("not known here, check the spelling:", unknown)
else:
    print("all", len(my_levels), "skills are known")

# %% [markdown]
# The next cell takes the demand from the advertisements, ranks your gaps with *your* function, looks up in `market.py`
# which lessons of this course teach each skill (the titles below them come from `skills.toml`), and saves the plan as
# the file `plan.json` beside this notebook. Type `mle progress` in a terminal, in the course's folder: it shows the
# plan below your points, and marks a lesson that your copy of the course does not have yet with *to come*. Run the
# cell again whenever you have learnt something: the plan changes with you.

# %%
my_jobs = jobs[jobs["role"] == my_role]
in_my_jobs = mentions[mentions["ad"].isin(my_jobs["ad"])].drop_duplicates()
demand = (in_my_jobs["skill"].value_counts() / len(my_jobs)).to_dict()

with once_solved("exercise 4"):
    gaps = rank_gaps(demand, my_levels, my_target)
    plan = career_plan.make_plan(gaps, demand, my_levels, my_target)
    if unknown:
        print("No plan yet: first put these names right in the cell above:", unknown)
    else:
        career_plan.show_plan(plan)
        if any(my_levels.values()):
            career_plan.save_plan(plan)
        else:
            print("Not saved: all your levels are still 0. You have written functions today: Python is at least at 1.")

# %% [markdown]
# Skills that this course does not teach are in the plan too, marked as such: a plan that leaves out what the seller
# does not sell is advertising. The picture shows all your gaps.

# %%
with once_solved("exercise 4"):
    gaps = rank_gaps(demand, my_levels, my_target)[:16]
    names, priorities = [skill for skill, _ in gaps], [priority for _, priority in gaps]
    if not gaps:
        print(f"Nothing to draw: no gap in what the {len(my_jobs)} jobs for the role {my_role!r} ask for.")
    else:
        colours = [BLUE if TAUGHT[skill][0] else ORANGE for skill in names]
        figure, axes = plt.subplots(figsize=(7, 4.6))
        axes.barh(names, priorities, color=colours)
        for place, skill in enumerate(names):
            low, high = share_interval(round(demand[skill] * len(my_jobs)), len(my_jobs))
            gap = my_target - my_levels.get(skill, 0)
            axes.plot([low * gap, high * gap], [place, place], color="black", linewidth=1)
        axes.invert_yaxis()
        axes.set(xlabel="priority = demand × gap; thin lines: 95 % intervals", title=f"My gaps for the role: {my_role}")
        axes.text(0.98, 0.10, "taught in this course", color=BLUE, ha="right", transform=axes.transAxes)
        axes.text(0.98, 0.04, "not in this course", color=ORANGE, ha="right", transform=axes.transAxes)
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        plt.show()

# %% [markdown]
# Look at the thin lines. Where two of them overlap widely, the order of these two skills is luck of the sample, so
# choose the one that you would rather learn. And the ranking knows nothing about order: statistics is easier after
# Python, a service is easier after a model. The lessons of this course are in an order that works; use the plan to
# decide where to go fast and where to go deep.
#
# ## What can go wrong in production
#
# **A narrow interval around a wrong number.** What does an ML engineer earn in our made-up market? Take the mean of the
# salaries that are printed, and an interval:

# %%
engineers = jobs[jobs["role"] == "ML engineer"]
printed = engineers["salary"].dropna().to_numpy()  # without the rows that have no number
draws = np.random.default_rng(1).choice(printed, size=(2000, len(printed))).mean(axis=1)
low, high = np.quantile(draws, [0.025, 0.975])
print(f"{len(printed)} of {len(engineers)} jobs print a salary")
print(f"mean of these: {printed.mean():,.0f} euros, 95 % interval {low:,.0f} to {high:,.0f}")
print(f"truth, over all jobs: {true_mean_salary('ML engineer'):,.0f} euros")

# %% [markdown]
# The truth lies far outside, and a thousand times more data would only make the interval narrower around the wrong
# number. In the recipe, well-paid jobs keep silent more often. A bootstrap measures the luck of the draw. It does not
# see who is **missing** from the data. Before you compute, ask: which rows never reached me, and are they different?
#
# **A search that finds everything.** Somebody counts the jobs that ask for the language R by looking for the letter in
# the text:

# %%
found = sum("r" in ad["skills"].lower() for ad in all_ads)
right = sum("r" in ad["named"] for ad in all_ads)
print(f"contains the letter r: {found} of {len(all_ads)}.   names the skill r: {right}")

# %% [markdown]
# No error, a number, a chart in the board meeting. Compare whole names, after normalising, and look at a few of the
# rows that you found.
#
# **A plan that chases the market.** Demand moves. A number from last spring, or from another country, is a number about
# last spring and another country. Write the date and the source of the data beside every share that you publish.

# %% [markdown]
# ## Take it online (not graded)
#
# Repeat this with real advertisements. Choose a job board whose terms allow it, and collect fifty to a hundred
# advertisements for one role **by hand**: two hours, well spent, because you read them. Do not copy texts; for each job
# note the date, the role, and the skills as written, one line each in a file `my_ads.csv`:
#
# ```
# job,role,skills
# 1,ML engineer,"Python, Docker, K8s"
# 2,data scientist,"R, statistics, SQL"
# ```
#
# and read it with
#
# ```python
# my_ads = pd.read_csv("my_ads.csv")
# named = [{normalise(skill, SYNONYMS) for skill in text.split(",")} for text in my_ads["skills"]]
# asks = [1 if "docker" in skills else 0 for skills in named]
# print(np.mean(asks), bootstrap_interval(asks))
# ```
#
# An interval of width zero, such as 1.0 to 1.0, means that you have too few jobs for this skill, not that you are sure.
# You will find spellings that `SYNONYMS` does not know. Add them: `SYNONYMS["new spelling"] = "the skill"`.

# %% [markdown]
# ## Recap
#
# | You can now | A job advertisement calls it |
# |---|---|
# | turn many spellings into one name, and say what that decision loses | "data cleaning" |
# | say how far a number can be trusted | "statistical reasoning" |
# | compare two groups in tables, each thing counted once | "pandas", "ad-hoc analysis" |
# | say *supported*, *contradicted* or *open*, and mean it | "data-driven decisions" |
# | tell an ML engineer's work from a data scientist's | "works across teams" |
#
# **Test yourself.**
#
# 1. You collect four times as many jobs. What happens to the width of the interval, and what to a mean of printed
#    salaries that is too low?
# 2. A colleague draws resamples *without* putting values back, as many as there are. What is the interval?
# 3. A claim says "at least 10 points more", and your interval is 4 to 18 points. What do you tell your boss?
#
# <details><summary>Answers</summary>
#
# 1. The interval becomes about half as wide (the spread of a mean falls with the square root of the number of values).
#    The mean stays just as wrong: more of the same data do not bring back the jobs that keep silent.
# 2. It has width zero: every resample is the whole list in another order, so all means are equal.
# 3. The share is higher among engineers: the whole interval is above zero. Whether it is by 10 points, these data
#    cannot say. Then say what it would take: four times as many jobs would about halve the interval. Even that may not
#    settle it: around 11, half the width is 7.5 to 14.5, and 10 is still inside.
#
# </details>
#
# **Further reading.** *An Introduction to the Bootstrap* by Bradley Efron and Robert Tibshirani (chapters 1 to 6).
# *Python for Data Analysis* by Wes McKinney (pandas, by the person who began it). *How to Lie with Statistics* by
# Darrell Huff (short, and still true about samples). *Think Python* by Allen Downey (Python from the beginning).
