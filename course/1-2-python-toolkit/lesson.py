# ---
# title: A Python toolkit for ML code
# builds: "seven small tools for every later project: a scaler, a checked configuration, a lazy batcher, a log reader that survives broken lines, a typed pipeline, a speed-up meter and a vectorised search"
# module: 1
# minutes: 285
# prerequisites: [1-1-job-market]
# skills: [write-functions, configure-experiments, stream-data, handle-errors, type-code, profile-code]
# seed: 12
# ---

# %% [markdown]
# # A Python toolkit for ML code

# %% [markdown]
# ## Why it matters on the job
#
# A company that delivers frozen food keeps a model that warns when the cooling unit of a truck is about to fail. The
# author of the training script has left, and you take it over. In your first week you find out four things.
#
# - A misspelt setting, `learning_rte`, was ignored without a word. Two weeks of experiments all ran with the same
#   learning rate.
# - The script reads the whole sensor log into memory. Since the fleet grew, the server kills it.
# - One broken line in that log stops the nightly run.
# - One step takes four hours, and nobody knows which part of it.
#
# None of these is a mistake in machine learning. Each is a mistake in ordinary Python, and this lesson gives you the
# tools that end them.
#
# You need what the first lesson taught: variables, functions, lists, dictionaries, sets, `for`, `if`, `1 if … else 0`,
# and texts such as `f"{share:.3f}"`. The rest is explained where it first comes up. Locked cells and code that draws
# pictures use more; you need not read them. Take the lesson in three or four sittings: good places for a pause are
# marked after exercises 2, 4 and 5.
#
# Run the cells from top to bottom with Shift+Enter. An exercise cell holds one or more lines
# `raise NotImplementedError(…)`: replace them with your code. The locked cells below it check what you wrote.

# %% given="setup"
import cProfile
import json
import math
import pstats
import time
import traceback
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from typing import Protocol, get_type_hints, runtime_checkable

import matplotlib.pyplot as plt
import numpy as np

# White behind every figure, so that the dark lettering can be read in a dark notebook as well.
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.figsize": (7, 3.6),
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
BLUE, ORANGE, GREEN, GREY = "#0060a8", "#c8500a", "#13795b", "#555555"


def once_solved(exercise, show):
    """Call `show`, and say so where the exercise that it uses is not finished."""
    try:
        show()
    except NotImplementedError:
        plt.close("all")
        print(f"Solve exercise {exercise} first, then run this cell again.")
    except Exception as error:
        plt.close("all")
        print(f"Something is not right yet: {error!r}")


def draw_box(axes, x, y, text, colour=BLUE):
    """Write a text in white into a coloured box around x, y."""
    style = {"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": "none"}
    axes.text(x, y, text, ha="center", va="center", color="white", bbox=style, zorder=3)


def draw_arrow(axes, start, end, text="", colour=GREY):
    """Draw an arrow from start to end, and a text above its middle."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0})
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    axes.annotate(text, middle, (0, 3), textcoords="offset points", ha="center", color=colour, fontsize=9)


def outcome_of(function, *args, **kwargs):
    """Call the function; return its result, or the exception that it raised."""
    try:
        return function(*args, **kwargs)
    except NotImplementedError:
        raise  # an exercise that has not been started yet
    except Exception as error:
        return error


def agree(got, expected, tolerance=1e-9):
    """Whether two sequences of numbers have the same length and differ nowhere by more than the tolerance."""
    try:
        got = [float(number) for number in got]
    except (TypeError, ValueError):
        return False
    return len(got) == len(expected) and all(abs(a - b) <= tolerance for a, b in zip(got, expected))


# %% [markdown]
# ## 1 · Functions you can trust
#
# You can trust a function when two things hold: the same inputs always give the same result, and the call changes
# nothing that you can see from outside. Such a function is called **pure**.
#
# Here is a function from the inherited script that breaks both promises; its `log` is a list of temperatures. Guess
# what the last two lines print, then run the cell.

# %%
def add_reading(celsius, log=[]):
    log.append(celsius)
    return log


truck_a = add_reading(-18.5)
truck_b = add_reading(-21.0)
print("truck A:", truck_a)
print("truck B:", truck_b)

# %% [markdown]
# Both trucks hold both readings. To see why, look at what a variable is. `=` copies nothing: it ties a **name** to an
# **object**, and several names can be tied to the same one. What you change through one name, the others show too. `is`
# asks whether two names are tied to the same object:

# %%
first = [-18.5]
second = first  # a second name for the same list
copied = list(first)  # a new list with the same items
second.append(-21.0)
print("first:", first, "  the same object as second:", first is second)
print("copied:", copied, "  the same object as first:", copied is first)

# %% [markdown]
# A default value is an object too, and Python makes it **once**, when it executes the `def` line. Each call without a
# `log` of its own gets this one list, and the function hands it back. On the right is what the author wanted:

# %%
def draw_names(axes, title, objects):
    """Draw the names on the left, the objects on the right, and an arrow from each name to its object."""
    different = list(dict.fromkeys(objects.values()))
    for row, (name, value) in enumerate(objects.items()):
        place = different.index(value) if len(different) > 1 else 1
        axes.text(0.36, -row, name, ha="right", va="center")
        draw_arrow(axes, (0.4, -row), (0.8 - 0.008 * len(value), -place))  # up to the left edge of the box
        draw_box(axes, 0.83, -place, value, ORANGE if len(different) == 1 else BLUE)
    axes.set(title=title, xlim=(0, 1), ylim=(-2.5, 0.5))
    axes.axis("off")


_, (left, right) = plt.subplots(1, 2, figsize=(9, 2.4))
shared = "[-18.5, -21.0]"
draw_names(left, "log=[]: three names, one list", {"default of log": shared, "truck_a": shared, "truck_b": shared})
wanted = {"default of log": "None", "truck_a": "[-18.5]", "truck_b": "[-21.0]"}
draw_names(right, "log=None: a new list for each call", wanted)
plt.tight_layout()
plt.show()

# %% [markdown]
# So use `None`, Python's value for *nothing here*, as the default, and make the list inside the function. And build a
# new list instead of changing the one you were given: `[*log, celsius]` is a new list with the items of `log` and one
# more.
#
# Another cure is for the reader of a call. Arguments without a name are matched to the parameters by their place, and
# in `train(rows, 32, True, False)` nobody can tell what `True` means. A lone `*` in the parameter list makes every
# parameter behind it **keyword-only**: the caller has to write its name.

# %%
def add_reading(celsius, *, log=None):
    """Return a new log that ends with the reading; the given log stays as it was."""
    if log is None:
        log = []
    return [*log, celsius]


morning = [-18.5]
print(add_reading(-21.0, log=morning), "and the old log is still", morning)
print("without the name:", outcome_of(add_reading, -21.0, morning))

# %% [markdown]
# `outcome_of` comes from the locked cell at the top. You give it a function, without brackets behind its name, and then
# the arguments. It calls the function and hands you what came back, even if that is an error, so that the notebook can
# show failures without stopping. The text in three quotation marks is a *docstring*: it tells people what the function
# does.
#
# A form that you will meet on every page from here on is the **list comprehension**. It builds a new list from the
# items of another. Read it from the word `for`:

# %%
temperatures = [-18.0, -12.0, -20.5]

above = []
for celsius in temperatures:
    above.append(celsius + 20)
print("with a loop:         ", above)
print("with a comprehension:", [celsius + 20 for celsius in temperatures])
print("only some items:     ", [celsius for celsius in temperatures if celsius < -15])

# %% [markdown]
# **Functions are values.** In the last lesson you gave `sorted` a function as its `key`, and just now you gave one to
# `outcome_of`. A function can also make another one and return it. The inner function remembers the variables that
# were around it, here `limit`, even after the outer one has ended. It is then called a **closure**.

# %%
def make_alarm(limit):
    """Return a function that tells which temperatures (°C) lie above the limit."""

    def alarm(temperatures):
        return [celsius > limit for celsius in temperatures]

    return alarm


frozen_goods = make_alarm(-15.0)
fresh_goods = make_alarm(8.0)
print("frozen:", frozen_goods([-18.0, -12.0]))
print("fresh: ", fresh_goods([-18.0, -12.0]))

# %% [markdown]
# `make_alarm` was called twice, so there are two functions `alarm`, each with a `limit` of its own.
#
# A function that is given nonsense should say so. `raise` ends the call at once with an error, also called an
# **exception**. It has a type, here `ValueError`, and a message:

# %%
def share_warm(temperatures):
    if not temperatures:  # an empty list counts as false, and so does 0
        raise ValueError("temperatures is empty, so there is no share")
    return len([celsius for celsius in temperatures if celsius > -15.0]) / len(temperatures)


print(share_warm([-18.0, -12.0]))
print("message only:     ", outcome_of(share_warm, []))
print("type and message: ", repr(outcome_of(share_warm, [])))

# %% [markdown]
# `repr(value)` is the text that shows a value to programmers: the type of an error, the quotation marks of a string.
#
# Back to closures. Their shape, *learn once, apply often*, is all over ML code. Many models want their inputs on one
# common scale, learned from the training data and kept for all later data. A scaler that looks for the smallest and
# largest number anew in each batch measures each with a different ruler, and a prediction then depends on which other
# rows are in its batch.
#
# This is what such a scaler does that has learned from temperatures between −20 °C and −16 °C:

# %%
_, axes = plt.subplots(figsize=(7, 3.2))
axes.axvspan(-20, -16, color=BLUE, alpha=0.1)
axes.plot([-22, -14], [-0.5, 1.5], color=BLUE)
axes.plot([-22, -20], [0, 0], "--", color=ORANGE)
axes.plot([-16, -14], [1, 1], "--", color=ORANGE)
axes.plot([-20, -16], [0, 1], "o", color=BLUE, markersize=8)
axes.text(-18, -0.42, "range of train", ha="center", color=BLUE)
axes.text(-15.3, 1.35, "clip=False", ha="right", color=BLUE)
axes.text(-14.1, 0.82, "clip=True", ha="right", color=ORANGE)
axes.set(xlabel="number given to scale (°C)", ylabel="what scale returns", title="make_scaler([-20.0, -16.0])")
axes.set_yticks([0, 0.5, 1], ["low = 0", "0.5", "high = 1"])
axes.grid(True, alpha=0.3)
plt.tight_layout()
plt.show()

# %% [markdown]
# ### Exercise 1 · A scaler that remembers its training data
#
# Write `make_scaler(train, *, low=0.0, high=1.0, clip=False)`. It learns from `train`, a list or tuple of numbers,
# and returns a function `scale(values)`. In the picture, `make_scaler([-20.0, -16.0])([-18.0])` is `[0.5]`: the first
# brackets call `make_scaler`, the second ones call what it returned.
#
# - `scale` takes a list of numbers and returns a new list of as many numbers. The smallest number of `train` becomes
#   `low`, the largest becomes `high`, and all others lie on the straight line through these two points. So a number
#   outside the range of `train` ends up outside `low` to `high`.
# - With `clip=True`, a result below `low` becomes `low`, and a result above `high` becomes `high`.
# - If all numbers in `train` are equal, every number becomes `low`.
# - An empty `train` raises a `ValueError` whose message contains the word `train`. If `low` is not smaller than
#   `high`, that is a `ValueError` whose message contains the word `low`. Both come from the call of `make_scaler`,
#   not later.
# - The function is pure: neither `train` nor `values` is changed, and a scaler stays the same when somebody changes
#   the list `train` afterwards.
#
# The checks compare numbers with a tolerance of 1e-9.

# %% exercise="make-scaler" difficulty=2 minutes=20 skills="write-functions"
def make_scaler(train, *, low=0.0, high=1.0, clip=False):
    """Return a function that maps numbers linearly so that the range of `train` becomes low to high.

    Args:
        train: the numbers to learn the range from, at least one.
        low: what the smallest number of `train` becomes.
        high: what the largest number of `train` becomes; above `low`.
        clip: whether results outside low to high are moved to the nearer of the two.

    Raises:
        ValueError: `train` is empty, or `low` is not smaller than `high`.
    """
    ### BEGIN SOLUTION
    if not train:
        raise ValueError("train is empty, so there is no range to learn")
    if low >= high:
        raise ValueError(f"low must be smaller than high, not {low} and {high}")
    start = min(train)
    span = max(train) - start
    slope = (high - low) / span if span else 0.0

    def scale(values):
        scaled = [low + slope * (value - start) for value in values]
        return [min(max(number, low), high) for number in scaled] if clip else scaled

    return scale
    ### END SOLUTION


# %% check="make-scaler-line" points=2
for train, options, values, expected in [
    ([10, 20, 15], {}, [10, 15, 20], [0.0, 0.5, 1.0]),
    ([-20.0, -16.0], {}, [-18.0, -20.0, -14.0, -21.0], [0.5, 0.0, 1.5, -0.25]),
    ([4, 0, 3], {"low": -1.0, "high": 1.0}, [0, 1, 2, 4, 5], [-1.0, -0.5, 0.0, 1.0, 1.5]),
    ((1, 3), {"low": 10, "high": 30}, [1, 2.5, 3, 0], [10, 25, 30, 0]),
]:
    got = outcome_of(lambda: make_scaler(train, **options)(values))
    given = "".join(f", {name}={value}" for name, value in options.items())
    think = " Does make_scaler end with return scale, without brackets behind it?" if isinstance(got, TypeError) else ""
    assert agree(got, expected), f"make_scaler({train}{given})({values}) gave {got!r}, expected {expected}.{think}"

# %% check="make-scaler-memory" points=1
train, values = [0.0, 10.0], [5.0]
scale = make_scaler(train)
other = make_scaler([0.0, 100.0], high=2.0)
got = outcome_of(scale, values)
assert agree(got, [0.5]), (
    f"make_scaler([0.0, 10.0])([5.0]) gave {got!r}, expected [0.5]. The range comes from train, whatever is in values."
)
assert train == [0.0, 10.0] and values == [5.0], (
    f"after make_scaler(train)(values), train is {train} and values is {values}; both must stay as they were"
)
train.append(1000.0)
got = outcome_of(scale, [0.0, 5.0, 10.0])
assert agree(got, [0.0, 0.5, 1.0]), (
    f"after train.append(1000.0) the old scaler turns [0.0, 5.0, 10.0] into {got!r}, expected [0.0, 0.5, 1.0]. "
    "Look at the range once, when make_scaler is called."
)
got = outcome_of(other, [0.0, 50.0, 100.0])
assert agree(got, [0.0, 1.0, 2.0]), (
    f"make_scaler([0.0, 10.0]), then make_scaler([0.0, 100.0], high=2.0): the second one turns [0.0, 50.0, 100.0] into "
    f"{got!r}, expected [0.0, 1.0, 2.0]. Each scaler has a range of its own."
)

# %% check="make-scaler-clip" points=1 hidden="clip=True together with low and high of its own"
scale = make_scaler([0, 4], clip=True)
got = outcome_of(scale, [-1, 0, 1, 4, 9])
assert agree(got, [0, 0, 0.25, 1, 1]), (
    f"make_scaler([0, 4], clip=True)([-1, 0, 1, 4, 9]) gave {got!r}, expected [0, 0, 0.25, 1, 1]"
)
### BEGIN HIDDEN TESTS
scale = make_scaler([2, 6], low=-3, high=5, clip=True)
assert agree(outcome_of(scale, [1, 2, 3, 5, 6, 7, 100]), [-3, -3, -1, 3, 5, 5, 5])
scale = make_scaler([2, 6], low=-3, high=5, clip=False)
assert agree(outcome_of(scale, [1, 3, 7]), [-5, -1, 7])
### END HIDDEN TESTS

# %% check="make-scaler-edges" points=2 hidden="all numbers in train equal, low above high, values empty"
got = outcome_of(make_scaler, [])
assert isinstance(got, ValueError) and "train" in str(got), (
    f"make_scaler([]) gave {got!r}, expected a ValueError with the word train in its message, "
    "from this call and not later"
)
got = outcome_of(make_scaler, [1, 2], low=1.0, high=1.0)
assert isinstance(got, ValueError) and "low" in str(got), (
    f"make_scaler([1, 2], low=1.0, high=1.0) gave {got!r}, expected a ValueError with the word low in its message, "
    "from this call and not later"
)
got = outcome_of(make_scaler, [1, 2], 0.5)
assert isinstance(got, TypeError), f"make_scaler([1, 2], 0.5) gave {got!r}, expected a TypeError: keep the lone *"
got = outcome_of(lambda: make_scaler([7.0])([7.0, 3.0]))
assert agree(got, [0, 0]), f"make_scaler([7.0])([7.0, 3.0]) gave {got!r}, expected [0, 0]: one number has no width"
### BEGIN HIDDEN TESTS
scale = outcome_of(make_scaler, [-4, -4, -4], low=2, high=3)
assert agree(outcome_of(scale, [-4, 0, 1e9]), [2, 2, 2])
got = outcome_of(make_scaler, [1, 2], low=5.0, high=-5.0)
assert isinstance(got, ValueError) and "low" in str(got)
assert agree(outcome_of(make_scaler([1, 2]), []), [])
### END HIDDEN TESTS

# %% [markdown] hint="make-scaler"
# Everything that depends on `train` belongs in the outer function: the two error checks, `min(train)` and
# `max(train)`. Everything that depends on `values` belongs in the inner function.

# %% [markdown] hint="make-scaler"
# A number that lies a fraction `f` of the way from the smallest to the largest becomes `low + f * (high - low)`. What
# is `f` for a number `value`, and for which `train` does its formula divide by zero?

# %% [markdown] hint="make-scaler"
# ```python
# start = min(train)
# span = max(train) - start
#
# def scale(values):
#     result = []
#     for value in values:
#         fraction = (value - start) / span if span else 0.0   # a span of 0 counts as false
#         number = low + fraction * (high - low)
#         ...                                # if clip: keep number between low and high
#         result.append(number)
#     return result
#
# return scale
# ```

# %% [markdown]
# Not graded: your scaler at work. Two sensors of one truck measure in different units. Your scaler learns from the
# first hour, the shaded part, and then runs on. (`once_solved` only prints a line while the exercise is open.)

# %%
def show_scaler():
    minutes = list(range(120))
    celsius = [-18 + math.sin(minute / 3) + max(0, minute - 70) / 10 for minute in minutes]
    current = [600 + 80 * math.cos(minute / 3) - 7 * max(0, minute - 70) for minute in minutes]
    _, panels = plt.subplots(1, 2, figsize=(9, 3.2))
    for numbers, colour, name in [(celsius, BLUE, "temperature"), (current, ORANGE, "current")]:
        scale = make_scaler(numbers[:60])
        panels[0].plot(minutes, numbers, color=colour, label=name)
        panels[1].plot(minutes, scale(numbers), color=colour, label=name)
    panels[0].set(title="as measured: °C and mA", xlabel="minute")
    panels[1].set(title="scaled: both can be compared", xlabel="minute")
    panels[1].set_yticks([0, 1])
    panels[1].grid(axis="y")
    for axes, place in zip(panels, ["center left", "upper left"]):
        axes.legend(frameon=False, loc=place)
        axes.axvspan(0, 60, color=GREY, alpha=0.12)
    plt.tight_layout()
    plt.show()


once_solved(1, show_scaler)

# %% [markdown]
# As measured, the temperature looks like a flat line. Scaled, both leave the range of the first hour at about the same
# time, in opposite directions: it gets warmer, and the compressor draws less and less current.
#
# ## 2 · One checked object for all settings
#
# The inherited script kept its settings in a dictionary. See what it does with a misspelt key:

# %%
settings = {"learning_rte": 0.5}
print("learning rate:", settings.get("learning_rate", 0.01))

# %% [markdown]
# No error: the default steps in, silently. We want an object that refuses a wrong name and a wrong value, and for that
# we need a **class**. A class is a plan for objects. Each object made from it has named values, its *attributes*, and
# functions of its own, its *methods*. You know methods already: in `text.lower()`, `lower` is a method of `text`.

# %%
class Door:
    """A door of a truck; it counts how often it was opened."""

    def __init__(self, place):
        self.place = place
        self.openings = 0

    def open(self, times=1):
        self.openings = self.openings + times


rear, side = Door("rear"), Door("side")
rear.open()
rear.open(times=3)
print(rear.place, rear.openings, "-", side.place, side.openings)
print("printed: ", rear)
print("equal:   ", Door("rear") == Door("rear"))

# %% [markdown]
# `Door("rear")` makes a new object and calls `__init__` on it, which gives it its attributes. Python calls methods with
# two underscores at both ends by itself, each on a certain occasion. In a method, `self` is the object in question:
# `rear.open(times=3)` runs `open` with `rear` as `self`.
#
# Not graded: write a method of your own. Give `Door` a method `reset(self)` that sets `openings` back to 0. It stands
# below `open`, moved to the right as far. Run the changed cell, then this one:

# %%
door = Door("roof")
door.open(times=5)
if hasattr(door, "reset"):  # whether the object has an attribute or a method of this name
    door.reset()
    print("openings after reset:", door.openings)
else:
    print("Door has no method reset yet")

# %% [markdown]
# Two things about `Door` are poor. The printed text says nothing about the door, and two doors with the same attributes
# count as different. A **dataclass** does better: you list its fields, and the decorator `@dataclass` writes `__init__`
# and the methods for printing and for `==`. (A *decorator*, a name with `@` above a `class` or `def`, takes what
# follows and returns an improved version.) `frozen=True` forbids changes after the object is made, and lets it serve as
# a dictionary key.
#
# What follows the colon of a field is its type, a note that Python does not check, and what follows `=` is its default.
# `tuple[str, ...]` means a tuple of any number of strings. A *tuple* is like a list, in round brackets, and cannot be
# changed: `("Hill", "Port")`. With one item it needs a comma, `("Hill",)`, and `tuple(items)` makes one from a list.

# %%
@dataclass(frozen=True)
class Trip:
    """One planned trip of a truck."""

    truck: str
    km: float = 0.0
    stops: tuple[str, ...] = ()

    def __post_init__(self):
        if self.km < 0:
            raise ValueError(f"km must be 0 or more, not {self.km}")

    @classmethod
    def from_text(cls, text):
        """Make a trip from text like 'T-17;420'."""
        truck, km = text.split(";")  # a list of two texts, taken apart
        return cls(truck=truck, km=float(km))

    def longer(self, km):
        """Return a new trip that is longer by so many kilometres."""
        return replace(self, km=self.km + km)


trip = Trip.from_text("T-17;420")
print(trip)
print("longer:        ", trip.longer(80))
print("equal:         ", trip == Trip("T-17", 420.0))
print("trip.km = 9.0: ", repr(outcome_of(setattr, trip, "km", 9.0)))
print("negative:      ", repr(outcome_of(trip.longer, -500)))
print("misspelt:      ", repr(outcome_of(Trip, trcuk="T-17")))
print("field names:   ", [field.name for field in dataclass_fields(Trip)])

# %% [markdown]
# Five things to take from this example:
#
# - `__post_init__` runs after the fields are set, so a `Trip` that breaks the rule never comes into being.
# - `@classmethod` makes `from_text` a *class method*: you call it on the class, `Trip.from_text(…)`, and it gets the
#   class as `cls`. It is another way to make an object; `cls(…)` is here the same as `Trip(…)`.
# - `replace(trip, km=500)` makes a **new** object, so `__post_init__` checks it too.
# - `setattr(trip, "km", 9.0)` does the same as `trip.km = 9.0`, as a function, so that `outcome_of` can call it.
# - `stops` is a tuple, not a list. A frozen object that holds a list can still be changed from inside, and cannot be
#   a dictionary key.
#
# One value slips through checks like `if self.km < 0`. It appears when a computation has no answer, such as
# infinity minus infinity, and it is called NaN, *not a number*. It is not smaller than, larger than or equal to
# anything, itself included:

# %%
nan = float("nan")
print("nan < 0 :", nan < 0)
print("nan >= 0:", nan >= 0)
print("a trip of nan km:", outcome_of(Trip, "T-17", nan))
print("0 <= nan <= 1, the other way round:", 0 <= nan <= 1)

# %% [markdown]
# So write down what must be **true**, and refuse everything else: `if not self.km >= 0: raise ...`. (`0 <= x <= 1`
# means `0 <= x and x <= 1`.) Not graded: change the rule in `Trip` like that, and run its cell and the last one again.
#
# Three last pieces. `isinstance` asks whether a value is of a certain type. One set minus another leaves the items that
# only the first one has. And two stars stand for *named arguments as a dictionary*, in both directions:

# %%
print("of type int:", isinstance(32, int), isinstance(32.0, int), isinstance("32", int))
print("only in the first:", {"km", "kmm", "truck"} - {"km", "truck", "stops"})


def collected(**settings):
    return settings


print("in a def, they collect:", collected(truck="T-17", km=420))
print("in a call, they unpack:", Trip(**{"truck": "T-17", "km": 420}))  # the same as Trip(truck="T-17", km=420)

# %% [markdown]
# ### Exercise 2 · A configuration that refuses nonsense
#
# Complete the three methods of `TrainConfig`.
#
# `__post_init__` raises a `ValueError` whose message contains the **name of the field** if a rule is broken:
#
# | field | rule |
# |---|---|
# | `learning_rate` | above 0 and at most 1 |
# | `batch_size` | of type `int` and at least 1; `32.0` and `"32"` are refused |
# | `dropout` | at least 0 and below 1 |
#
# NaN breaks the rules for `learning_rate` and `dropout`; these two are always numbers in the checks, and `batch_size`
# is never `True` or `False`, which Python counts as `int`. There is no rule for `features`. No check breaks two rules
# at once, or gives a broken value together with unknown keys.
#
# `TrainConfig.from_dict(settings)` makes a configuration from a dictionary, as it comes out of a JSON file.
#
# - A key that is missing keeps its default. The rules above hold here as well.
# - Keys that are not fields raise one `ValueError` whose message contains **every** such key. The keys in the checks
#   consist of letters and `_`.
# - JSON has no tuples: `features`, if it is there, is a list of strings, and becomes a tuple.
# - The dictionary itself is not changed.
#
# `config.override(**changes)` returns a new `TrainConfig` in which the named fields are changed, checked by the same
# rules; `config` stays as it is. `features` is given as a tuple here. A name that is no field raises a `TypeError` or a
# `ValueError`.

# %% exercise="train-config" difficulty=3 minutes=40 skills="configure-experiments"
@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training run; an object that breaks a rule cannot be made."""

    learning_rate: float = 0.01
    batch_size: int = 32
    dropout: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self):
        """Raise a ValueError that names the field if a rule is broken."""
        ### BEGIN SOLUTION
        if not 0 < self.learning_rate <= 1:
            raise ValueError(f"learning_rate must be above 0 and at most 1, not {self.learning_rate}")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError(f"batch_size must be a whole number of at least 1, not {self.batch_size!r}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {self.dropout}")
        ### END SOLUTION

    @classmethod
    def from_dict(cls, settings):
        """Make a configuration from a dictionary; raise a ValueError that names all unknown keys."""
        ### BEGIN SOLUTION
        unknown = set(settings) - {field.name for field in dataclass_fields(cls)}
        if unknown:
            raise ValueError(f"unknown settings: {sorted(unknown)}")
        return cls(**{**settings, "features": tuple(settings.get("features", ()))})
        ### END SOLUTION

    def override(self, **changes):
        """Return a new configuration with the named fields changed."""
        ### BEGIN SOLUTION
        return replace(self, **changes)
        ### END SOLUTION


# %% check="train-config-rules" points=2 hidden="values just outside and just inside the limits, NaN, values of another type"
for settings in [{}, {"learning_rate": 1}, {"batch_size": 1}, {"dropout": 0.0}, {"dropout": 0.99}]:
    got = outcome_of(TrainConfig, **settings)
    assert isinstance(got, TrainConfig), f"TrainConfig(**{settings}) gave {got!r}, but it keeps all the rules"
for name, value in [
    ("learning_rate", 0.0),
    ("learning_rate", 1.5),
    ("batch_size", 0),
    ("batch_size", "32"),
    ("dropout", 1.0),
    ("dropout", -0.1),
]:
    got = outcome_of(TrainConfig, **{name: value})
    assert isinstance(got, ValueError) and name in str(got), (
        f"TrainConfig({name}={value!r}) gave {got!r}, expected a ValueError with {name} in its message"
    )
got = outcome_of(TrainConfig, learning_rate=float("nan"))
assert isinstance(got, ValueError) and "learning_rate" in str(got), (
    f"TrainConfig(learning_rate=float('nan')) gave {got!r}, expected a ValueError with learning_rate in its message. "
    "Say what must be true, and put not before it."
)
### BEGIN HIDDEN TESTS
for name, values in {
    "learning_rate": [-0.01, 1.0000001, float("inf")],
    "batch_size": [-1, 32.0, 0.5, "many", None],
    "dropout": [1.0000001, -1e-9, float("nan"), 2],
}.items():
    for value in values:
        got = outcome_of(TrainConfig, **{name: value})
        assert isinstance(got, ValueError) and name in str(got)
for name, value in [("learning_rate", 1e-9), ("learning_rate", 0.9999), ("batch_size", 2), ("dropout", 0.5)]:
    got = outcome_of(TrainConfig, **{name: value})
    assert isinstance(got, TrainConfig) and getattr(got, name) == value
### END HIDDEN TESTS

# %% check="train-config-from-dict" points=2 hidden="other unknown keys, other fields, an empty dictionary, a broken rule, the dictionary afterwards"
got = outcome_of(TrainConfig.from_dict, {"learning_rate": 0.1, "features": ["celsius", "door"]})
expected = TrainConfig(learning_rate=0.1, features=("celsius", "door"))
assert got == expected, (
    f"TrainConfig.from_dict({{'learning_rate': 0.1, 'features': ['celsius', 'door']}}) gave {got!r}, "
    f"expected {expected}"
)
got = outcome_of(TrainConfig.from_dict, {"learning_rte": 0.1, "batch_size": 8, "epochs": 3})
assert isinstance(got, ValueError) and "learning_rte" in str(got) and "epochs" in str(got), (
    f"TrainConfig.from_dict({{'learning_rte': 0.1, 'batch_size': 8, 'epochs': 3}}) gave {got!r}, "
    "expected one ValueError with both learning_rte and epochs in its message"
)
### BEGIN HIDDEN TESTS
got = outcome_of(TrainConfig.from_dict, {"epoch": 3, "dropout": 0.1, "optimiser": "adam", "Dropout": 0.2})
assert isinstance(got, ValueError) and all(key in str(got) for key in ("epoch", "optimiser", "Dropout"))
assert outcome_of(TrainConfig.from_dict, {}) == TrainConfig()
assert outcome_of(TrainConfig.from_dict, {"batch_size": 64, "dropout": 0.25}) == TrainConfig(0.01, 64, 0.25, ())
assert isinstance(outcome_of(TrainConfig.from_dict, {"batch_size": 0}), ValueError)
settings = {"batch_size": 4, "features": ["celsius"]}
outcome_of(TrainConfig.from_dict, settings)
assert settings == {"batch_size": 4, "features": ["celsius"]}
### END HIDDEN TESTS

# %% check="train-config-override" points=1
base = TrainConfig(learning_rate=0.1, batch_size=16)
got = outcome_of(base.override, batch_size=64, dropout=0.5)
expected = TrainConfig(learning_rate=0.1, batch_size=64, dropout=0.5)
assert got == expected, (
    f"{base}.override(batch_size=64, dropout=0.5) gave {got!r}, expected {expected}. "
    "Make a new object: a frozen one cannot be changed."
)
assert base == TrainConfig(learning_rate=0.1, batch_size=16), f"override changed the old configuration to {base}"
got = outcome_of(base.override, learning_rate=-1)
assert isinstance(got, ValueError) and "learning_rate" in str(got), (
    f"override(learning_rate=-1) gave {got!r}, expected a ValueError with learning_rate in its message"
)
got = outcome_of(base.override, batchsize=64)
assert isinstance(got, (TypeError, ValueError)), (
    f"override(batchsize=64) gave {got!r}, expected a TypeError or a ValueError: there is no such field"
)

# %% check="train-config-frozen" points=1
config = TrainConfig(features=("celsius",))
got = outcome_of(setattr, config, "learning_rate", 0.5)
assert isinstance(got, AttributeError), (
    f"config.learning_rate = 0.5 gave {got!r}, expected an error: keep frozen=True, and do not write a __setattr__"
)
got = outcome_of(hash, config)
assert isinstance(got, int), f"hash(config) gave {got!r}, so the configuration cannot be a dictionary key"

# %% [markdown] hint="train-config"
# State each rule the positive way and put `not` before it. Test the type of `batch_size` before you compare, because
# `"32" < 1` is an error of its own.

# %% [markdown] hint="train-config"
# `set(settings)` is the set of the dictionary's keys, and `-` takes one set from another. The last line of the example
# with `Trip` lists field names. For the tuple, make a new dictionary first: `settings = dict(settings)`.

# %% [markdown] hint="train-config"
# ```python
# if not 0 < self.learning_rate <= 1:
#     raise ValueError(f"learning_rate must be above 0 and at most 1, not {self.learning_rate}")
# ```
# `from_dict` ends with `return cls(**settings)`. `override` is one line: see `longer` in the example.

# %% [markdown]
# Not graded: three settings files, as a colleague might send them. The second one is the mistake that cost two weeks.
# (`json.loads` makes a dictionary of such a text.)

# %%
def show_settings():
    for text in [
        '{"learning_rate": 0.1, "features": ["celsius", "door"]}',
        '{"learning_rte": 0.1}',
        '{"dropout": 1.5}',
    ]:
        print(repr(outcome_of(TrainConfig.from_dict, json.loads(text))))


once_solved(2, show_settings)

# %% [markdown]
# **A good place for a pause.** When you come back, run the cells from the top again: Python has forgotten every name in
# between.
#
# ## 3 · Data that does not fit in memory
#
# A `for` loop does not need a list. It asks for the **next** item until there is none. An object that can be asked in
# this way is an *iterator*, and anything that can give you one (a list, a file, a dictionary) is an *iterable*. Items
# that arrive one after the other are called a *stream*. Here is what `for` does, by hand:

# %%
iterator = iter([-18.5, -21.0])
print(next(iterator))
print(next(iterator))
print(repr(outcome_of(next, iterator)))  # for sees this exception, and ends the loop

# %% [markdown]
# A function with `yield` in it is the easiest way to make an iterator. Calling it runs **none** of its body: you get
# a *generator*. Each time somebody asks it for an item, it runs up to the next `yield`, hands out what stands behind
# it, and waits there with all its variables. When its body ends, so does the stream.

# %%
def read_sensor(readings):
    for celsius in readings:
        print(f"   reading {celsius}")
        yield celsius


def only_warm(readings, limit):
    for celsius in readings:
        if celsius > limit:
            yield celsius


warm = only_warm(read_sensor([-20.0, -11.0, -19.0, -9.0]), limit=-15.0)
print("nothing has been read yet")
print("first: ", next(warm))
print("second:", next(warm))

# %% [markdown]
# Look at the order of the lines, and follow it from top to bottom in the picture. Requests go to the right, items come
# back to the left:

# %%
events, asked = [], False
for celsius in [-20.0, -11.0, -19.0, -9.0]:
    if not asked:
        events.append((0, 1, "next", GREY))
    asked = celsius <= -15.0  # then only_warm drops the reading, and asks for another one
    events += [(1, 2, "next", GREY), (2, 1, f"{celsius}, dropped" if asked else celsius, ORANGE if asked else BLUE)]
    if not asked:
        events.append((1, 0, celsius, BLUE))

_, axes = plt.subplots(figsize=(7, 4.2))
for place, name in enumerate(["print(next(warm))", "only_warm", "read_sensor"]):
    axes.plot([place, place], [-0.4, len(events) + 0.4], color="#bbbbbb", zorder=0)
    draw_box(axes, place, -0.8, name)
for row, (start, end, text, colour) in enumerate(events, start=1):
    draw_arrow(axes, (start, row), (end, row), text, colour)
axes.set(xlim=(-0.4, 2.4), ylim=(len(events) + 0.6, -1.4))
axes.axis("off")
plt.show()

# %% [markdown]
# The second generator pulls on the first, one item at a time, and no list ever exists. Such a chain is **lazy**: it
# does only the work that somebody asks for.
#
# The next cell measures the most memory in use while readings are averaged, through a list and through a generator.
# (`lambda: f(x)` is a short way to write a function without a name and without parameters that returns `f(x)`. With
# `a, b = 1, 2` two names get their values at once. In numbers, `10_000` is 10000.)

# %%
def readings(count):
    for number in range(count):
        yield -18.0 + 0.001 * (number % 977)


def mean_of(stream):
    total, count = 0.0, 0
    for celsius in stream:
        total, count = total + celsius, count + 1
    return total / count


def peak_kib(call):
    """The most memory that `call()` has in use at one time, in KiB (1024 bytes); the smaller of two measurements."""
    peaks = []
    for _ in range(2):  # twice; _ is a name for a number that nobody needs
        tracemalloc.start()
        call()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return min(peaks) / 1024


counts = [10, 100, 1_000, 10_000]
as_list = [peak_kib(lambda: mean_of(list(readings(count)))) for count in counts]
as_stream = [peak_kib(lambda: mean_of(readings(count))) for count in counts]

figure, axes = plt.subplots()
axes.loglog(counts, as_list, "o-", color=ORANGE)
axes.loglog(counts, as_stream, "s-", color=BLUE)
axes.annotate("list of all readings", (counts[-2], as_list[-2]), (-8, 6), textcoords="offset points", ha="right")
axes.annotate("generator", (counts[-2], as_stream[-2]), (0, 8), textcoords="offset points", ha="center")
axes.set(xlabel="number of readings", ylabel="peak memory (KiB)", title="A stream needs no more memory for more data")
axes.minorticks_off()
axes.set_xticks(counts, [f"{count:,}" for count in counts])
axes.set_yticks([1, 10, 100], ["1", "10", "100"])
axes.grid(True, alpha=0.3)
plt.show()

# %% [markdown]
# The list grows with the data, the generator does not. (Both axes are logarithmic: each grid step is a factor of
# ten.) A comprehension in round brackets, `(celsius + 1 for celsius in stream)`, makes a generator too.
#
# Laziness has a trap. Because the body of a generator function waits for the first `next`, so does an error check in
# it. The error then appears far away from the call that caused it. (`enumerate(items)` gives pairs of a position,
# counted from 0, and an item; with `start=1` it counts from 1. `position % step` is the rest when you divide.)

# %%
def every(items, step):
    if step < 1:
        raise ValueError(f"step must be 1 or more, not {step}")
    for position, item in enumerate(items):
        if position % step == 0:
            yield item


stream = every([5, 6, 7, 8], step=0)
print("called, and no complaint:", stream)
print("complaint at the first next:", repr(outcome_of(next, stream)))


def every_checked(items, step):
    if step < 1:
        raise ValueError(f"step must be 1 or more, not {step}")

    def chosen():
        for position, item in enumerate(items):
            if position % step == 0:
                yield item

    return chosen()


print("checked at the call:", repr(outcome_of(every_checked, [5, 6, 7, 8], step=0)))
print("and it works:", list(every_checked([5, 6, 7, 8], step=2)))

# %% [markdown]
# `every_checked` has no `yield` of its own (that one belongs to `chosen`), so it is an ordinary function: it checks at
# once, then returns the generator. `chosen` needs no parameters, because it is a closure.
#
# ### Exercise 3 · Batches from a stream
#
# Models are trained on small groups of rows, called batches. Write `batches(items, size, *, drop_last=False)`. It
# returns an iterator of lists (tuples are fine too), each with `size` consecutive items, in order.
#
# - `items` is any iterable: a list, a generator, an open file, perhaps one that never ends. Its items may be
#   anything, also `None`, `0` or `""`.
# - If the number of items is not a multiple of `size`, the last batch is shorter. With `drop_last=True` a short last
#   batch is left out, and a full one stays. There is never an empty batch.
# - It is lazy. The call itself pulls no item from `items`, and once you have received *k* batches, at most *k* ·
#   `size` items have been pulled.
# - Each batch is an object of its own: it does not change when you ask for the next one.
# - `size` is a whole number. If it is below 1, the call raises a `ValueError`, before anybody asks for a batch.

# %% exercise="batches" difficulty=2 minutes=20 skills="stream-data"
def batches(items, size, *, drop_last=False):
    """Return an iterator over consecutive batches of `size` items, pulling no more items than needed.

    Args:
        items: any iterable, also an endless one.
        size: the number of items in a batch, at least 1.
        drop_last: whether to leave out a last batch with fewer than `size` items.

    Raises:
        ValueError: `size` is below 1; raised by the call itself.
    """
    ### BEGIN SOLUTION
    if size < 1:
        raise ValueError(f"size must be 1 or more, not {size}")

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
    ### END SOLUTION


# %% check="batches-values" points=2 hidden="other sizes, items from a generator, falsy items, and large batches"
from itertools import islice

for items, size, options, expected in [
    ([1, 2, 3, 4], 2, {}, [[1, 2], [3, 4]]),
    ([1, 2, 3, 4, 5], 2, {}, [[1, 2], [3, 4], [5]]),
    ([1, 2, 3, 4, 5], 2, {"drop_last": True}, [[1, 2], [3, 4]]),
    ([1, 2, 3, 4], 2, {"drop_last": True}, [[1, 2], [3, 4]]),
    ("abc", 1, {}, [["a"], ["b"], ["c"]]),
]:
    got = outcome_of(lambda: [list(batch) for batch in islice(batches(items, size, **options), 10)])
    given = "".join(f", {name}={value}" for name, value in options.items())
    think = " Does batches return a call of the inner function, with brackets?" if isinstance(got, TypeError) else ""
    assert got == expected, f"list(batches({items!r}, {size}{given})) gave {got!r}, expected {expected}.{think}"
### BEGIN HIDDEN TESTS
for count in range(8):
    for size in (1, 2, 3, 7, 8):
        for drop_last in (False, True):
            numbers = list(range(count))
            full = [numbers[i * size : i * size + size] for i in range(count // size)]
            rest = numbers[count - count % size :]
            expected = full if drop_last or not rest else [*full, rest]
            stream = (number for number in numbers)
            got = [list(batch) for batch in islice(batches(stream, size, drop_last=drop_last), 10)]
            assert got == expected
got = [list(batch) for batch in islice(batches([None, 0, "", False, 5, None], 4), 10)]
assert got == [[None, 0, "", False], [5, None]]
assert [len(batch) for batch in islice(batches(range(5000), 2000), 10)] == [2000, 2000, 1000]
### END HIDDEN TESTS

# %% check="batches-lazy" points=2 hidden="the items pulled after each batch, for several sizes"
from itertools import islice


def watched(count, pulled):
    for number in range(count):
        pulled.append(number)
        yield number


pulled = []
stream = batches(watched(1000, pulled), 3)
assert not pulled, f"batches(items, 3) pulled {len(pulled)} items before anybody asked for a batch, expected none"
got = outcome_of(lambda: [list(batch) for batch in islice(stream, 2)])
assert isinstance(got, list) and len(pulled) == 6, (
    f"asked for two batches of 3, batches gave {got!r} and pulled {len(pulled)} items, expected 6. "
    "A list of all items, or a look ahead, pulls too many."
)
### BEGIN HIDDEN TESTS
for size, drop_last in [(1, False), (1, True), (4, True), (25, False)]:
    pulled = []
    stream = iter(batches(watched(200, pulled), size, drop_last=drop_last))
    for number in range(1, 5):
        next(stream)
        assert len(pulled) == size * number
### END HIDDEN TESTS

# %% check="batches-size" points=1 hidden="other sizes below 1"
got = outcome_of(batches, [1, 2, 3], 0)
assert isinstance(got, ValueError), (
    f"batches([1, 2, 3], 0) gave {got!r}, expected a ValueError from this call. "
    "A function with yield in it runs nothing before the first next."
)
### BEGIN HIDDEN TESTS
assert isinstance(outcome_of(batches, [1, 2, 3], -1), ValueError)
### END HIDDEN TESTS

# %% check="batches-edges" points=1
from itertools import islice

kept = outcome_of(lambda: list(islice(batches([1, 2, 3, 4, 5], 2), 10)))
got = outcome_of(lambda: [list(batch) for batch in kept])
assert got == [[1, 2], [3, 4], [5]], (
    f"kept in a list, the batches of [1, 2, 3, 4, 5] by 2 are {kept!r}, expected [[1, 2], [3, 4], [5]]. "
    "Does a later batch reuse the object of an earlier one?"
)
got = outcome_of(lambda: list(islice(batches([], 3), 10)))
assert got == [], f"list(batches([], 3)) gave {got!r}, expected []"

# %% [markdown] hint="batches"
# Collect items in a list. When it holds `size` items, hand it out and start a **new** list. What is left in the list
# when the stream ends?

# %% [markdown] hint="batches"
# Put the loop with `yield` into an inner function without parameters, as `every_checked` does, and let the outer
# function check `size` and return the call of the inner one.

# %% [markdown] hint="batches"
# ```python
# def generate():
#     batch = []
#     for item in items:
#         batch.append(item)
#         if len(batch) == size:
#             yield batch
#             batch = []          # not batch.clear(): the reader still holds the old list
#     ...                         # the last, shorter batch
# ```

# %% [markdown]
# Not graded: batches from a stream of a million readings, of which only those that are needed are ever made. (`zip`
# goes through two iterables in step, here numbers and batches, and ends with the shorter one.)

# %%
def show_batches():
    for number, batch in zip(range(1, 4), batches(readings(1_000_000), 400)):
        print(f"batch {number}: {len(batch)} readings, mean {mean_of(batch):.3f}")


once_solved(3, show_batches)

# %% [markdown]
# ## 4 · Errors that keep their information
#
# Python runs the lines below `try:`. If one of them raises an exception of the type that stands behind `except`, Python
# leaves them at once and goes on with the lines below `except`. `as error` gives the exception a name there.

# %%
def to_number(text):
    return float(text)


def read_line(line):
    truck, text = line.split(";")
    return truck, to_number(text)


def nightly_run(lines):
    found = []
    for line in lines:
        try:
            found.append(read_line(line))
        except ValueError as error:
            print(f"skipped {line!r}: {error}")
            print("   it came through", [step.name for step in traceback.extract_tb(error.__traceback__)])
    return found


print(nightly_run(["T-17;-18.5", "T-02;n/a", "T-04;-21.0"]))

# %% [markdown]
# (In an f-string, `!r` shows a value as `repr` does.) The error was raised in `float`, and caught three functions
# further up. An exception looks for a matching `except` where it was raised, then in the function that called that one,
# and so on. What lies between is left at once: for the second line, `read_line` never returned anything.

# %%
_, axes = plt.subplots(figsize=(7, 3.6))
calls = ["nightly_run", "read_line", "to_number", "float"]
notes = ["has an except for it: caught, the loop goes on", "left at once", "left at once", "raises a ValueError"]
for row, (name, note) in enumerate(zip(calls, notes)):
    draw_box(axes, 0.2, -row, name, ORANGE if name == "float" else BLUE)
    axes.text(0.44, -row, note, va="center")
    if row:
        draw_arrow(axes, (0.15, -row + 0.75), (0.15, -row + 0.25))
        draw_arrow(axes, (0.25, -row + 0.25), (0.25, -row + 0.75), colour=ORANGE)
axes.text(0.12, -1.5, "calls", ha="right", va="center", color=GREY)
axes.text(0.28, -1.5, "the exception", va="center", color=ORANGE)
axes.set(xlim=(0, 1), ylim=(-3.4, 0.4), title="Calls lead down, an exception travels up")
axes.axis("off")
plt.show()

# %% [markdown]
# The list that `nightly_run` printed shows the same way, the outermost function first. (`float` is not in it, because
# it is not written in Python.) If no `except` matches, the program ends (in a notebook only the cell) and prints this
# way as a **traceback**. Read it from the bottom: the last line says what happened, and the lines above it where.
#
# Three rules keep exceptions useful.
#
# **Catch the narrowest type, around the fewest lines.** `except Exception` also catches your own typing mistakes.
#
# **Translate, and keep the cause.** `float("n/a")` says *could not convert string to float*. Your caller wants to
# know which sensor. Raise an error of your own type and write `from error`: the original stays attached as
# `__cause__`, and a traceback shows both.
#
# **Say what would help the person who reads it**: which file, which line, which value.
#
# Your own error type is a class. Behind its name, in brackets, stands the class that it builds on.

# %%
class SensorError(ValueError):
    """A sensor sent something that is not a temperature."""

    def __init__(self, sensor, text):
        super().__init__(f"sensor {sensor} sent {text!r}")
        self.sensor = sensor


def to_celsius(sensor, text):
    try:
        return float(text.removesuffix("C"))  # the text without a C at its end
    except ValueError as error:
        raise SensorError(sensor, text) from error


temperatures, problems = [], []
for text in ["-18.5C", "n/a", "-17C"]:
    try:
        temperatures.append(to_celsius("door-3", text))
    except SensorError as problem:
        problems.append(problem)
print("good: ", temperatures)
print("bad:  ", repr(problems[0]), "from", problems[0].sensor)
print("cause:", repr(problems[0].__cause__))

# %% [markdown]
# `class SensorError(ValueError)` means that a `SensorError` *is* a `ValueError` too, with all that a `ValueError` can
# do, so an `except ValueError` further up catches it as well. `super().__init__` calls the `__init__` of `ValueError`
# and passes the message on to it. What our `__init__` stores on `self` stays with the exception.
#
# The loop **collects** errors instead of stopping. Each has its cause because it was raised with `from` and then
# caught; for an error that is never raised, write `problem.__cause__ = error`.
#
# An `except` can name several types, and a bare `raise` in it sends the caught error on:

# %%
def to_km(record):
    try:
        return float(record["km"])
    except (KeyError, TypeError) as error:  # either of the two, and no ValueError
        print(f"   seen on its way: {error!r}")
        raise


for record in [{"km": "420"}, {}, {"km": None}, {"km": "far"}]:
    print(record, "gave", repr(outcome_of(to_km, record)))

# %% [markdown]
# The truck logs hold JSON. `json.loads` turns such a text into dictionaries (JSON calls them *objects*), lists, strings
# and numbers, and lets through more than you may want:

# %%
for text in ['{"unit": "T-17", "celsius": -18.4}', "17", '{"celsius": NaN}', "{oops"]:
    print(f"{text:36}", repr(outcome_of(json.loads, text)))  # :36 fills the text up to 36 places
print("17 as a dictionary:", repr(outcome_of(lambda: json.loads("17")["unit"])))
print("finite:", [math.isfinite(number) for number in (-18.4, float("inf"), float("nan"))])

# %% [markdown]
# `JSONDecodeError` is a kind of `ValueError`. Neither NaN nor infinity raises anything: `math.isfinite` finds both.
#
# A nightly run should survive a few broken lines and report them; if many are broken, it should stop. This error type
# carries the line number:

# %% given="record-error"
class RecordError(ValueError):
    """One line of a log is not a usable reading.

    Attributes:
        line_number: the line's number in the log; the first line is 1.
    """

    def __init__(self, line_number, reason):
        super().__init__(f"line {line_number}: {reason}")
        self.line_number = line_number


# %% [markdown]
# ### Exercise 4 · A reader that survives broken lines
#
# Write `read_readings(lines, *, max_bad=0)`. `lines` is any iterable of strings. Each should hold one JSON object,
# like `{"unit": "T-17", "celsius": -18.4}`. Return a pair: the readings and the problems.
#
# - **readings**: a list of pairs `(unit, celsius)` in the order of the lines, `celsius` as a `float`. Other keys of
#   the object do not matter. No check has a `unit` that is not a string, or `true` or `false` for `celsius`.
# - A line that is empty or holds only white space is skipped (`line.strip()` is the line without the white space at its
#   ends). It is not bad, but it counts for the line numbers.
# - A line is **bad** if `json.loads` raises a `ValueError` for it; or it is JSON but no object (such as `17` or
#   `[1, 2]`); or it lacks `unit` or `celsius`; or `float()` of its `celsius` raises a `ValueError`, a `TypeError` or
#   (a whole number too large for a float) an `OverflowError`; or that float is infinite or NaN. A text like `"-18.4"`
#   is fine, because `float()` takes it.
# - **problems**: a list with one `RecordError` for each bad line, in order. Word the reason as you like. Where
#   `json.loads` or `float` raised an error for the line, that error is the `__cause__` of the `RecordError`, whether it
#   is collected or raised. For other bad lines, a cause may be there or not.
# - `max_bad` is a whole number from 0. At the first bad line that is one more than it allows, raise the `RecordError`
#   of that line and pull no further line from `lines`. With the default 0, that is the first bad line.
# - An error that `lines` itself raises, such as an `OSError` from a failing disk, goes through to the caller
#   unchanged.

# %% exercise="read-readings" difficulty=4 minutes=40 skills="handle-errors"
def read_readings(lines, *, max_bad=0):
    """Read JSON lines into (unit, celsius) pairs and collect what is wrong with the others.

    Args:
        lines: any iterable of strings, one JSON object in each.
        max_bad: how many bad lines to put up with.

    Returns:
        A list of (unit, celsius) pairs and a list of RecordError objects, both in the order of the lines.

    Raises:
        RecordError: for the first bad line beyond `max_bad`.
    """
    ### BEGIN SOLUTION

    def parse(number, line):
        try:
            record = json.loads(line)
            unit, celsius = record["unit"], float(record["celsius"])
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise RecordError(number, f"{error!r}") from error
        if not math.isfinite(celsius):
            raise RecordError(number, f"celsius is {celsius}")
        return unit, celsius

    readings, problems = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            readings.append(parse(number, line))
        except RecordError as problem:
            if len(problems) == max_bad:
                raise
            problems.append(problem)
    return readings, problems
    ### END SOLUTION


# %% check="read-readings-good" points=2 hidden="other blank lines, extra keys, numbers as text, no lines at all"
lines = ['{"unit": "T-17", "celsius": -18.4}', '{"celsius": 3, "unit": "T-02", "door": "open"}']
got = outcome_of(read_readings, lines)
expected = ([("T-17", -18.4), ("T-02", 3.0)], [])
assert isinstance(got, (tuple, list)) and len(got) == 2, f"read_readings({lines}) gave {got!r}, expected {expected}"
pairs = [tuple(pair) for pair in got[0]]
assert (pairs, list(got[1])) == expected, f"read_readings({lines}) gave {got!r}, expected {expected}"
assert all(type(celsius) is float for _, celsius in pairs), f"celsius must be a float in every pair of {pairs}"
got = outcome_of(read_readings, ["", "  \n", lines[0]])
assert isinstance(got, (tuple, list)) and ([tuple(pair) for pair in got[0]], list(got[1])) == ([("T-17", -18.4)], []), (
    f"two blank lines and a good one gave {got!r}, expected the one reading and no problem"
)
### BEGIN HIDDEN TESTS
pairs, problems = read_readings(
    iter(["", '{"unit": "A", "celsius": "-18.5", "n": null}', "  \t\n", '  {"unit": "B", "celsius": 0}\n', "\n"])
)
assert [tuple(pair) for pair in pairs] == [("A", -18.5), ("B", 0.0)] and list(problems) == []
assert [list(part) for part in read_readings([])] == [[], []]
### END HIDDEN TESTS

# %% check="read-readings-bad" points=2 hidden="each kind of bad line from the task, mixed with blank lines and with good ones that are all the same"
for bad in [
    "{oops",
    "17",
    '{"celsius": -18.4}',
    '{"unit": "T-1", "celsius": "n/a"}',
    '{"unit": "T-1", "celsius": NaN}',
    '{"unit": "T-1", "celsius": Infinity}',
]:
    got = outcome_of(read_readings, ['{"unit": "A", "celsius": 1}', "", bad, '{"unit": "B", "celsius": 2}'], max_bad=1)
    call = f"read_readings([good line, '', {bad!r}, good line], max_bad=1)"
    assert isinstance(got, (tuple, list)), f"{call} gave {got!r}, expected two readings and one problem"
    pairs, problems = got
    assert [tuple(pair) for pair in pairs] == [("A", 1.0), ("B", 2.0)], (
        f"{call} gave the readings {pairs}, expected [('A', 1.0), ('B', 2.0)]"
    )
    assert len(problems) == 1 and isinstance(problems[0], RecordError), (
        f"{call} gave the problems {problems!r}, expected one RecordError"
    )
    assert problems[0].line_number == 3, (
        f"{call} gave line_number {problems[0].line_number!r}, expected 3: blank lines count"
    )
### BEGIN HIDDEN TESTS
bad_lines = [
    "not json",
    "null",
    "[1, 2]",
    '"text"',
    "-18.4",
    "{}",
    '{"unit": "A"}',
    '{"celsius": 1}',
    '{"unit": "A", "celsius": null}',
    '{"unit": "A", "celsius": [1]}',
    '{"unit": "A", "celsius": ""}',
    '{"unit": "A", "celsius": Infinity}',
    '{"unit": "A", "celsius": -1e999}',
    '{"unit": "A", "celsius": "nan"}',
    '{"unit": "A", "celsius": 1' + "0" * 400 + "}",
    '{"unit": "A", "celsius": 1} {"unit": "B", "celsius": 2}',
]
lines = []
for bad in bad_lines:
    lines += [bad, "   ", '{"unit": "ok", "celsius": 5}']
pairs, problems = read_readings(lines, max_bad=len(bad_lines))
assert [tuple(pair) for pair in pairs] == [("ok", 5.0)] * len(bad_lines)
assert [problem.line_number for problem in problems] == [1 + 3 * i for i in range(len(bad_lines))]
### END HIDDEN TESTS

# %% check="read-readings-cause" points=1
from json import JSONDecodeError

for bad, kind in [
    ("{oops", JSONDecodeError),
    ('{"unit": "A", "celsius": "warm"}', ValueError),
    ('{"unit": "A", "celsius": null}', TypeError),
]:
    problem = outcome_of(read_readings, [bad])
    assert isinstance(problem, RecordError), f"read_readings([{bad!r}]) gave {problem!r}, expected a RecordError raised"
    assert isinstance(problem.__cause__, kind), (
        f"the RecordError raised for {bad!r} has the cause {problem.__cause__!r}, expected the {kind.__name__} that "
        "json.loads or float raised. Write raise … from error."
    )
    got = outcome_of(read_readings, [bad], max_bad=1)
    cause = got[1][0].__cause__ if isinstance(got, (tuple, list)) and got[1] else got
    assert isinstance(cause, kind), (
        f"the RecordError collected for {bad!r} has the cause {cause!r}, expected a {kind.__name__}. "
        "Collect one that was raised with from and caught, or set its __cause__."
    )

# %% check="read-readings-limit" points=2 hidden="limits from 0 to a large one, and what is read after the limit; errors that come from lines itself"
pulled = []


def watched_log(count):
    for number in range(1, count + 1):
        pulled.append(number)
        yield "broken" if number % 2 == 0 else '{"unit": "A", "celsius": 1}'


got = outcome_of(read_readings, watched_log(4), max_bad=2)
assert isinstance(got, (tuple, list)) and len(got[1]) == 2, (
    f"two bad lines with max_bad=2 gave {got!r}, expected a result with two problems"
)
pulled.clear()
got = outcome_of(read_readings, watched_log(20), max_bad=2)
assert isinstance(got, RecordError) and got.line_number == 6, (
    f"with bad lines 2, 4, 6, … and max_bad=2, read_readings gave {got!r}, expected the RecordError of line 6 raised"
)
assert len(pulled) == 6, f"it gave up at line 6 and had pulled {len(pulled)} lines, expected 6"
### BEGIN HIDDEN TESTS
for limit in (0, 1, 5, 1200):
    pulled.clear()
    got = outcome_of(read_readings, watched_log(2 * limit + 50), max_bad=limit)
    assert isinstance(got, RecordError) and got.line_number == len(pulled) == 2 * limit + 2


def failing_disk(error):
    yield '{"unit": "A", "celsius": 1}'
    raise error


for failure in (OSError("disk"), ValueError("disk"), KeyError("disk")):
    assert outcome_of(read_readings, failing_disk(failure), max_bad=10) is failure
### END HIDDEN TESTS

# %% [markdown] hint="read-readings"
# Split the work. An inner function `parse(number, line)` returns one `(unit, celsius)` pair or raises a
# `RecordError`. The loop around it numbers the lines with `enumerate(lines, start=1)`, skips blank ones, and catches
# only `RecordError`.

# %% [markdown] hint="read-readings"
# You need not test every kind of bad line by hand. `17["unit"]` raises a `TypeError`, and a missing key raises a
# `KeyError`; list the types in one `except (ValueError, KeyError, TypeError, OverflowError) as error:`. Ask
# `math.isfinite(celsius)` outside that `try`, or the error you raise is caught and replaced.

# %% [markdown] hint="read-readings"
# ```python
# for number, line in enumerate(lines, start=1):
#     if not line.strip():
#         continue
#     try:
#         readings.append(parse(number, line))
#     except RecordError as problem:
#         if len(problems) == max_bad:
#             raise                      # the same RecordError, with its cause
#         problems.append(problem)
# ```

# %% [markdown]
# Not graded: a log of a thousand lines in which every 300th is cut off, as after a loss of power.

# %%
def show_reader():
    lines = [f'{{"unit": "T-17", "celsius": {-20 + number % 7}}}' for number in range(1, 1001)]  # {{ stands for one {
    for number in (300, 600, 900):
        lines[number - 1] = lines[number - 1][:15]
    found, problems = read_readings(lines, max_bad=5)
    print(len(found), "readings, and", len(problems), "problems:")
    for problem in problems:
        print("  ", problem)
    print("with max_bad=2:", repr(outcome_of(read_readings, lines, max_bad=2)))


once_solved(4, show_reader)

# %% [markdown]
# **A good place for a pause.** The hardest exercise is done. When you come back, run the cells from the top again.
#
# ## 5 · Types: a contract that tools can read
#
# A **type hint** says what is meant: for a parameter behind a colon, for the result behind `->`. `list[float]` is a
# list of floats. Python stores hints and does not enforce them:

# %%
def mean(column: list[float]) -> float:
    return sum(column) / len(column)


print(get_type_hints(mean))
print("a tuple of whole numbers:", mean((-18, -20)))
print("a string:", repr(outcome_of(mean, "-18.5")))

# %% [markdown]
# The tuple broke the contract and nothing happened; the string failed, but only inside `sum`. A type checker such as
# mypy reads a program without running it, and reports the calls `mean((-18, -20))` and `mean("-18.5")`.
#
# `str | None` means *a string or `None`*, `Sequence[float]` means *a list, a tuple, or anything else with a length
# and positions*, and a function that returns nothing has the result `None`. A `lambda` has no room for hints.
#
# A **Protocol** describes an object by what it can do: it lists methods with their hints, and nothing below them but a
# docstring. Any object with these methods fits; its class need not know that the protocol exists.
# `@runtime_checkable` lets `isinstance` ask whether the methods are there.

# %% given="transformer"
@runtime_checkable
class Transformer(Protocol):
    """Something that learns from one column of numbers and then changes columns."""

    def fit(self, column: list[float]) -> None:
        """Learn from a column."""

    def transform(self, column: list[float]) -> list[float]:
        """Return the changed column."""


# %%
class Center:
    """Shifts a column so that the mean of the fitted column becomes `target`."""

    def __init__(self, target: float) -> None:
        self.target = target
        self.fitted = False

    def fit(self, column: list[float]) -> None:
        self.shift = self.target - sum(column) / len(column)
        self.fitted = True

    def transform(self, column: list[float]) -> list[float]:
        return [value + self.shift for value in column]


center = Center(0.0)  # runs __init__ with target=0.0
center.fit([-20.0, -18.0, -16.0])
print("transformed:", center.transform([-18.0, -10.0]), " fitted:", center.fitted)
print("a Center is a Transformer:", isinstance(center, Transformer))
print("a list is a Transformer:  ", isinstance([1.0], Transformer))

# %% [markdown]
# `Center` does not mention `Transformer`, and it fits. Libraries such as scikit-learn accept your own steps this way.
#
# Transformers are often chained: what one returns, the next one gets. The picture shows a chain of two. In the upper
# row it is fitted, in the lower row it is used on later numbers. Each step learns from what the step before it returns,
# and it learns only in `fit`:

# %%
rows = {
    "fit": {0: "[10, 30, 20]", 1.5: "fit\nleast: 10", 3: "transform\n− 10", 4.5: "[0, 20, 10]", 6: "fit\nlargest: 20"},
    "transform": {0: "[10, 20, 50]", 3: "transform\n− 10", 4.5: "[0, 10, 40]", 7.5: "transform\n÷ 20", 9: "[0, .5, 2]"},
}
_, axes = plt.subplots(figsize=(11, 2.6))
for height, (method, stations) in zip((0, -1.4), rows.items()):
    axes.text(-0.8, height, method, ha="right", va="center", weight="bold")
    for place, text in stations.items():
        if text.startswith("["):
            axes.text(place, height, text, ha="center", va="center")
        else:
            draw_box(axes, place, height, text, GREEN if text.startswith("fit") else BLUE)
    for start, end in zip(stations, list(stations)[1:]):
        draw_arrow(axes, (start + 0.62, height), (end - 0.64, height))
axes.text(2.25, 0.75, "step 0: subtract the least", ha="center", color=GREY)
axes.text(6.75, 0.75, "step 1: divide by the largest", ha="center", color=GREY)
axes.set(xlim=(-1.9, 9.6), ylim=(-2, 1))
axes.axis("off")
plt.show()

# %% [markdown]
# ### Exercise 5 · A pipeline of transformers
#
# Complete the class `Pipeline`. It chains transformers, and has `fit` and `transform` itself, so that a pipeline can
# be a step of another pipeline. Attributes for its own use begin with an underscore, by custom: `self._steps`.
#
# - `Pipeline(steps)`: `steps` is a list or tuple of transformers, perhaps empty. If one is not a `Transformer`, raise
#   a `TypeError` whose message contains its position, counted from 0. The pipeline keeps its own copy of the
#   sequence: changes to the list afterwards have no effect.
# - `fit(column)` fits the first step on `column`, the second on what the first makes of `column`, and so on. Each
#   step is fitted exactly once per call; whether the last one also transforms then is up to you. It returns nothing.
# - `transform(column)` sends a column through all steps in order and returns the result. It fits nothing. Without
#   steps, the result holds the same numbers, in the same list or in a new one.
# - A pipeline is fitted when its last `fit` ran to the end; until then `transform` raises a `RuntimeError`. An error
#   that a step's `fit` or `transform` raises on the way goes on to the caller, and the pipeline is not fitted, even if
#   it was before.
# - `as_function()` is for readings that come one at a time, with `None` where a sensor was silent. It returns a
#   function of one parameter, `value`: a number gives the number that `transform` makes of the column `[value]`, and
#   `None` gives `None`. Annotate this inner function so that `get_type_hints` finds *a float or `None`* for `value`
#   and for the result. The checks call `as_function` on a fitted pipeline, and do not fit it again afterwards.

# %% exercise="pipeline" difficulty=3 minutes=30 skills="type-code"
class Pipeline:
    """A chain of transformers that is a transformer itself."""

    def __init__(self, steps: Sequence[Transformer]) -> None:
        """Keep the steps; raise a TypeError that names the position of one that is not a Transformer."""
        ### BEGIN SOLUTION
        for position, step in enumerate(steps):
            if not isinstance(step, Transformer):
                raise TypeError(f"step {position} has no fit and transform: {step!r}")
        self._steps = list(steps)
        self._fitted = False
        ### END SOLUTION

    def fit(self, column: list[float]) -> None:
        """Fit every step on what the steps before it make of the column."""
        ### BEGIN SOLUTION
        self._fitted = False
        for step in self._steps:
            step.fit(column)
            column = step.transform(column)
        self._fitted = True
        ### END SOLUTION

    def transform(self, column: list[float]) -> list[float]:
        """Send the column through all steps; raise a RuntimeError if the pipeline is not fitted."""
        ### BEGIN SOLUTION
        if not self._fitted:
            raise RuntimeError("call fit before transform")
        for step in self._steps:
            column = step.transform(column)
        return column
        ### END SOLUTION

    def as_function(self):
        """Return an annotated function that transforms one value, and turns None into None."""
        ### BEGIN SOLUTION

        def transform_one(value: float | None) -> float | None:
            return None if value is None else self.transform([value])[0]

        return transform_one
        ### END SOLUTION


# %% check="pipeline-values" points=2 hidden="three steps, a pipeline inside a pipeline, a second fit, a pipeline without steps"
class ShiftToZero:
    def fit(self, column):
        self.least = min(column)

    def transform(self, column):
        return [value - self.least for value in column]


class DivideByMax:
    def fit(self, column):
        self.most = max(column)

    def transform(self, column):
        return [value / self.most for value in column]


chain = Pipeline([ShiftToZero(), DivideByMax()])
chain.fit([10.0, 30.0, 20.0])
got = outcome_of(chain.transform, [10.0, 20.0, 50.0])
assert agree(got, [0.0, 0.5, 2.0]), (
    f"shift to zero, then divide by the largest, fitted on [10, 30, 20]: transform([10, 20, 50]) gave {got!r}, "
    "expected [0, 0.5, 2]. The second step learns from what the first one returns, and only in fit."
)


def through(steps, column, later):
    """What a new pipeline that was fitted on one column makes of a later one."""
    new = Pipeline(steps)
    new.fit(column)
    return new.transform(later)


got = outcome_of(through, (DivideByMax(), ShiftToZero()), [10.0, 40.0, 20.0], [10.0, 40.0])
assert agree(got, [0.0, 0.75]), (
    "a tuple of steps, divide by the largest, then shift to zero, fitted on [10, 40, 20]: transform([10, 40]) gave "
    f"{got!r}, expected [0, 0.75]"
)
### BEGIN HIDDEN TESTS
inner = Pipeline([DivideByMax(), ShiftToZero()])
chain = Pipeline([ShiftToZero(), inner, DivideByMax()])
chain.fit([2.0, 6.0, 4.0])
assert agree(chain.transform([2.0, 4.0, 6.0, 10.0]), [0.0, 0.5, 1.0, 2.0])
assert agree(inner.transform([4.0, 2.0]), [1.0, 0.5])
inner.fit([2.0, 8.0])
assert agree(inner.transform([8.0, 4.0]), [0.75, 0.25])
empty = Pipeline([])
empty.fit([1.0])
assert agree(empty.transform([3.0, -4.0]), [3.0, -4.0])
### END HIDDEN TESTS

# %% check="pipeline-calls" points=1 hidden="the calls that a step receives, and a list of steps that changes later"
class Recorder:
    def __init__(self):
        self.calls = []

    def fit(self, column):
        self.calls.append(("fit", list(column)))

    def transform(self, column):
        self.calls.append(("transform", list(column)))
        return [value + 1 for value in column]


first, second = Recorder(), Recorder()
chain = Pipeline([first, second])
result = chain.fit([1.0, 2.0])
got = [call for call in second.calls if call[0] == "fit"]
assert got == [("fit", [2.0, 3.0])], (
    f"fit([1, 2]) on two steps that each add 1 fitted the second one like this: {got}, expected once, with [2, 3]"
)
assert result is None, f"fit returned {result!r}, expected nothing"
### BEGIN HIDDEN TESTS
assert [call for call in first.calls if call[0] == "fit"] == [("fit", [1.0, 2.0])]
first.calls.clear()
second.calls.clear()
chain.transform([5.0])
assert first.calls == [("transform", [5.0])] and second.calls == [("transform", [6.0])]
steps = [Recorder(), Recorder()]
chain = Pipeline(steps)
steps.append(Recorder())
chain.fit([0.0])
assert agree(chain.transform([0.0]), [2.0])
### END HIDDEN TESTS

# %% check="pipeline-errors" points=2 hidden="a step that lacks one method, a later fit that fails, no steps and no fit"
class Doubler:
    def fit(self, column):
        self.share = 1 / len(column)

    def transform(self, column):
        return [2 * value for value in column]


class NoFit:
    def transform(self, column):
        return column

    def __repr__(self):
        return "<NoFit>"


got = outcome_of(Pipeline, [Doubler(), Doubler(), NoFit()])
assert isinstance(got, TypeError) and "2" in str(got), (
    f"Pipeline([good, good, step without fit]) gave {got!r}, expected a TypeError with the position 2 in its message"
)
got = outcome_of(Pipeline([Doubler()]).transform, [1.0])
assert isinstance(got, RuntimeError), f"transform before fit gave {got!r}, expected a RuntimeError"
chain = Pipeline([Doubler()])
got = outcome_of(chain.fit, [])
assert isinstance(got, ZeroDivisionError), f"a step's fit raised a ZeroDivisionError, and the pipeline's gave {got!r}"
got = outcome_of(chain.transform, [1.0])
assert isinstance(got, RuntimeError), f"transform after a fit that failed gave {got!r}, expected a RuntimeError"
### BEGIN HIDDEN TESTS
class NoTransform:
    def fit(self, column):
        pass

    def __repr__(self):
        return "<NoTransform>"


got = outcome_of(Pipeline, [NoTransform(), Doubler()])
assert isinstance(got, TypeError) and "0" in str(got)
assert isinstance(outcome_of(Pipeline([]).transform, [1.0]), RuntimeError)
chain = Pipeline([Doubler(), Doubler()])
chain.fit([1.0])
outcome_of(chain.fit, [])
assert isinstance(outcome_of(chain.transform, [1.0]), RuntimeError)
chain.fit([1.0])
assert agree(chain.transform([1.0]), [4.0])
### END HIDDEN TESTS

# %% check="pipeline-function" points=1 hidden="a fit that is not the identity, and the value 0"
class AddLeast:
    def fit(self, column):
        self.least = min(column)

    def transform(self, column):
        return [value + self.least for value in column]


chain = Pipeline([AddLeast()])
chain.fit([10.0, 20.0])
one = chain.as_function()
got = outcome_of(one, 5.0)
assert agree([got], [15.0]), f"a step adds 10: as_function()(5.0) gave {got!r}, expected 15.0, a number"
got = outcome_of(one, None)
assert got is None, f"as_function()(None) gave {got!r}, expected None"
### BEGIN HIDDEN TESTS
chain = Pipeline([AddLeast(), AddLeast()])
chain.fit([1.0, 3.0])
one = chain.as_function()
assert agree([one(0.0), one(0), one(-3)], [3.0, 3.0, 0.0])
### END HIDDEN TESTS

# %% check="pipeline-types" points=1
from typing import get_args

chain = Pipeline([])
chain.fit([1.0])
hints = outcome_of(get_type_hints, chain.as_function())
assert isinstance(hints, dict), f"get_type_hints of the function that as_function returned gave {hints!r}"
for name in ("value", "return"):
    hint = hints.get(name, "no hint")
    assert set(get_args(hint)) == {float, type(None)}, (
        f"the function that as_function returned has {hint if hint == 'no hint' else repr(hint)} for {name}, "
        "expected a float or None"
    )

# %% [markdown] hint="pipeline"
# Store two things in `__init__`: `list(steps)`, which is a copy, and the fact that nothing has been fitted yet. How
# must that fact change at the start of `fit`, and how at its end?

# %% [markdown] hint="pipeline"
# In `fit`, keep one variable that is the column so far. For each step: fit it on that variable, then replace the
# variable by what the step makes of it.

# %% [markdown] hint="pipeline"
# ```python
# for position, step in enumerate(steps):           # in __init__
#     if not isinstance(step, Transformer):
#         raise TypeError(f"step {position} has no fit and transform: {step!r}")
#
# for step in self._steps:                          # in fit
#     step.fit(column)
#     column = step.transform(column)
#
# def transform_one(value: float | None) -> ...:    # in as_function, as make_alarm does
# ```

# %% [markdown]
# Not graded: live readings through your pipeline, one at a time, with a sensor that is silent once.

# %%
def show_live():
    chain = Pipeline([Center(0.0), Center(100.0)])
    chain.fit([-20.0, -18.0, -16.0])
    live = chain.as_function()
    print([live(value) for value in [-18.0, None, -12.5]])


once_solved(5, show_live)

# %% [markdown]
# **A good place for a pause.** When you come back, run the cells from the top again.
#
# ## 6 · Measure before you change anything
#
# People guess badly where a program spends its time. Here is a slow part of the inherited script. It parses each line,
# leaves out repeated readings, and counts the warm ones. `strptime` reads a moment in time from a text. Which of the
# three small functions would you speed up? Decide, then run the cell: a **profiler** watches each call.

# %%
def parse_line(line):
    moment, celsius = line.split(",")
    return datetime.strptime(moment, "%Y-%m-%d %H:%M"), float(celsius)


def is_repeated(reading, seen):
    return reading in seen


def count_warm(readings):
    return sum(celsius > -15.0 for moment, celsius in readings)  # True counts as 1


def nightly_report(lines):
    seen = []
    for line in lines:
        reading = parse_line(line)
        if not is_repeated(reading, seen):
            seen.append(reading)
    return count_warm(seen)


midnight = datetime(2025, 3, 1)
log = [f"{midnight + timedelta(minutes=i):%Y-%m-%d %H:%M},{-20 + 6 * math.sin(i / 90):.1f}" for i in range(2600)]

profile = cProfile.Profile()
warm_minutes = profile.runcall(nightly_report, log)
report = pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(5)
print(f"{warm_minutes} warm minutes")

# %% [markdown]
# Read three columns: `ncalls`, how often the function was called; `tottime`, the seconds in the function itself;
# `cumtime`, the same including what it called. A file named by a long number is a cell of this notebook. Watching each
# call costs time itself, so take the shares from a profile, and not the seconds. Here is `cumtime` for the three
# functions that you chose from:

# %%
total_times = {"parse_line": 0.0, "is_repeated": 0.0, "count_warm": 0.0}
for (_, _, name), (_, _, _, total_time, _) in pstats.Stats(profile).stats.items():
    if name in total_times:
        total_times[name] += 1000 * total_time

_, axes = plt.subplots(figsize=(7, 2.2))
bars = axes.barh(list(total_times), list(total_times.values()), color=[BLUE, ORANGE, BLUE])
axes.bar_label(bars, fmt="%.1f", padding=3)
axes.invert_yaxis()
axes.margins(x=0.1)
axes.set(xlabel="time in the function and in what it calls (ms)", title="Where the time goes")
plt.tight_layout()
plt.show()

# %% [markdown]
# Parsing dates looks expensive, yet `is_repeated` takes longer, with a single line of code. `seen` is a list, and `in`
# walks through a list from the start: twice the lines, four times the work. A set looks an item up directly, however
# many it holds. (What can be a dictionary key can be in a set: numbers, texts, moments, tuples of them, but no lists.
# `time.perf_counter()` is a stopwatch that always runs: read it twice and subtract.)

# %%
def nightly_report_fast(lines):
    return count_warm(set(parse_line(line) for line in lines))


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


print("same result:", nightly_report(log) == nightly_report_fast(log))
slow = [seconds(lambda: nightly_report(log)) for _ in range(3)]
fast = [seconds(lambda: nightly_report_fast(log)) for _ in range(3)]
print("slow, ms:", [round(1000 * t, 1) for t in slow])
print("fast, ms:", [round(1000 * t, 1) for t in fast])

# %% [markdown]
# The same call takes a different time in every run, because other programs share the processor. Such disturbance only
# ever **adds** time. So the smallest of several measurements is the best estimate of what the code itself needs,
# better than the mean. The very first call often pays for things that happen once, such as filling a cache; do not
# time it.
#
# A fast version may add up its numbers in another order, and its results then differ in the sixteenth digit. So compare
# results *up to rounding*. `np.allclose` does that, with one weakness:

# %%
print("equal:   ", 0.1 + 0.2 == 0.3, "  close:", np.allclose(0.1 + 0.2, 0.3))
two, one = np.asarray([1.0, 1.0]), np.asarray([1.0])  # NumPy arrays, made of lists
print("shapes:  ", two.shape, one.shape, "  and a single number:", np.asarray(1.0).shape)
print("close:   ", np.allclose(two, one), "  same shape:", two.shape == one.shape)

# %% [markdown]
# A *shape* holds the number of items along each direction of an array. `np.allclose` repeats the shorter array until it
# fits, so a missing result can go unnoticed.
#
# ### Exercise 6 · A speed-up meter
#
# A speed-up means nothing if the fast version gives other results. Write
# `speed_up(slow, fast, *, repeat=5, clock=time.perf_counter)`. `slow` and `fast` are functions without parameters.
# Each returns a number, a list or tuple of numbers, or an array.
#
# 1. Call each of the two once, untimed, and compare the results. They agree if, as NumPy arrays, they have the same
#    shape and `np.allclose` is true for them (so NaN agrees with nothing). Otherwise raise a `ValueError`.
# 2. Then time `repeat` calls of each. Read the clock with `clock()` directly before and directly after each single
#    call, and nowhere else. So each function is called `repeat` + 1 times, and the clock is read 4 · `repeat` times.
# 3. Return the smallest time of `slow` divided by the smallest time of `fast`, which is never 0 in the checks.
#
# A `repeat` below 1 raises a `ValueError`, before or after the untimed calls.
#
# `clock` is a parameter so that the checks can pass in a clock of their own, and need not hope for a quiet processor.
# Their tolerance is 1e-9.

# %% exercise="speed-up" difficulty=2 minutes=20 skills="profile-code"
def speed_up(slow, fast, *, repeat=5, clock=time.perf_counter):
    """Return how many times faster `fast` runs than `slow`, after making sure that their results agree.

    Args:
        slow: a function without parameters.
        fast: another one that should return the same.
        repeat: how many calls of each to time; the smallest time counts.
        clock: a function that returns the present time in seconds.

    Raises:
        ValueError: the results differ in shape or value, or `repeat` is below 1.
    """
    ### BEGIN SOLUTION
    expected, got = np.asarray(slow()), np.asarray(fast())
    if expected.shape != got.shape or not np.allclose(expected, got):
        raise ValueError("slow and fast return different results")

    def best_time(function):
        times = []
        for _ in range(repeat):
            start = clock()
            function()
            times.append(clock() - start)
        return min(times)  # without any times, for a repeat below 1, min raises the ValueError

    return best_time(slow) / best_time(fast)
    ### END SOLUTION


# %% check="speed-up-ratio" points=2 hidden="other durations, a fast function that is really slower, and a call without repeat"
class FakeClock:
    """Stands still, except while one of its functions runs."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def function(self, durations, result=1.0):
        remaining = list(durations)

        def call():
            self.now += remaining.pop(0) if len(remaining) > 1 else remaining[0]
            return result

        return call


clock = FakeClock()
slow, fast = clock.function([90.0, 4.0, 3.0, 8.0, 6.0]), clock.function([0.01, 1.0, 0.5, 2.0, 1.5])
got = outcome_of(speed_up, slow, fast, repeat=4, clock=clock)
assert isinstance(got, (int, float)) and abs(got - 6) < 1e-9, (
    "slow took 90 s untimed, then 4, 3, 8, 6 s; fast took 0.01 s untimed, then 1, 0.5, 2, 1.5 s: "
    f"speed_up with repeat=4 gave {got!r}, expected 3 / 0.5 = 6, because the smallest time counts"
)
### BEGIN HIDDEN TESTS
clock = FakeClock()
got = speed_up(clock.function([1, 7, 2, 9]), clock.function([1, 8, 16, 4]), repeat=3, clock=clock)
assert abs(got - 0.5) < 1e-9
got = speed_up(clock.function([0, 9, 8, 7, 6, 5, 4]), clock.function([0, 9, 9, 9, 9, 1, 0.1]), clock=clock)
assert abs(got - 5) < 1e-9
### END HIDDEN TESTS

# %% check="speed-up-calls" points=1
events = []


def noted(name):
    def call():
        events.append(name)
        return events.count("clock") if name == "clock" else [1.0, 2.0]  # this clock counts its readings

    return call


for repeat in (1, 3):
    events.clear()
    outcome_of(speed_up, noted("slow"), noted("fast"), repeat=repeat, clock=noted("clock"))
    assert (events.count("slow"), events.count("fast")) == (repeat + 1, repeat + 1), (
        f"with repeat={repeat}, slow was called {events.count('slow')} times and fast {events.count('fast')} times, "
        f"expected {repeat + 1} each: one untimed call, then {repeat} timed"
    )
    first = [events.index("slow"), events.index("fast")]
    timed = [i for i, name in enumerate(events) if name != "clock" and i not in first]
    alone = all(events[i - 1 : i + 2 : 2] == ["clock", "clock"] for i in timed)
    assert alone and events.count("clock") == 4 * repeat, (
        f"with repeat={repeat}, this happened: {', '.join(events)}. Expected two readings of the clock for each timed "
        f"call, one directly before and one directly after it, {4 * repeat} in all."
    )

# %% check="speed-up-differ" points=2 hidden="results of other shapes, results that differ in one place, whole numbers and floats, repeat below 0"
def returns(result):
    return lambda: result


ticks = iter(range(10_000))
got = outcome_of(speed_up, returns([1.0, 2.0]), returns([1.0, 2.5]), clock=lambda: next(ticks))
assert isinstance(got, ValueError), (
    f"slow returns [1.0, 2.0] and fast returns [1.0, 2.5]: speed_up gave {got!r}, expected a ValueError"
)
got = outcome_of(speed_up, returns([1.0, 1.0]), returns([1.0]), clock=lambda: next(ticks))
assert isinstance(got, ValueError), (
    f"slow returns [1.0, 1.0] and fast returns [1.0]: speed_up gave {got!r}, expected a ValueError. "
    "np.allclose stretches the shorter one, so compare the shapes too."
)
got = outcome_of(speed_up, returns(1.0), returns(1.0), repeat=0, clock=lambda: next(ticks))
assert isinstance(got, ValueError), f"speed_up with repeat=0 gave {got!r}, expected a ValueError"
got = outcome_of(speed_up, returns([1.0, 2.0]), returns([1.0, 2.0 + 1e-12]), clock=lambda: next(ticks))
assert got == 1, (
    f"slow returns [1.0, 2.0] and fast returns [1.0, 2.000000000001]: speed_up gave {got!r}, expected 1, "
    "because rounding is no difference"
)
### BEGIN HIDDEN TESTS
for left, right in [
    ([1.0], [1.0, 1.0]),
    (1.0, [1.0]),
    ([[1.0, 2.0]], [1.0, 2.0]),
    (np.zeros((3, 2)), np.zeros((2, 3))),
    (np.arange(5), np.array([0, 1, 2, 3, 5])),
    (0.1, 0.2),
]:
    assert isinstance(outcome_of(speed_up, returns(left), returns(right), clock=lambda: next(ticks)), ValueError)
assert outcome_of(speed_up, returns(np.arange(3)), returns((0.0, 1.0, 2.0)), repeat=2, clock=lambda: next(ticks)) == 1
assert isinstance(outcome_of(speed_up, returns(1), returns(1), repeat=-1, clock=lambda: next(ticks)), ValueError)
### END HIDDEN TESTS

# %% [markdown] hint="speed-up"
# Timing one function and taking its smallest time happens twice, once for `slow` and once for `fast`. Write an inner
# function for it.

# %% [markdown] hint="speed-up"
# `np.asarray(result)` makes an array of a number, a list or an array, and an array has a `.shape`. Compare the shapes
# before you call `np.allclose`.

# %% [markdown] hint="speed-up"
# ```python
# def best_time(function):
#     times = []
#     for _ in range(repeat):
#         start = clock()
#         function()
#         times.append(clock() - start)
#     return min(times)
# ```

# %% [markdown]
# ## 7 · Let NumPy run the loop
#
# A Python loop decides at every step anew what `a - b` means, because `a` and `b` could be anything. A NumPy array
# holds numbers of one single type, so its loops run as compiled code. `array * 2` is one Python step, whatever the
# length. To *vectorise* is to write a computation as a few such steps. The type is the array's `dtype`. `np.asarray`
# makes an array of a list, of the `dtype` you ask for, and `points[:, 0]` is the first column of a table:

# %%
points = np.asarray([[3, 40], [300, 50]], dtype=float)
print("type", points.dtype, " shape", points.shape, " first column", points[:, 0])

small = np.array([3, 300], dtype=np.uint16)  # whole numbers from 0 to 65535
print("3 - 5 =", (small - 5)[0], " 300² =", (small**2)[1], " in uint16")

# %% [markdown]
# A small integer type wraps round without a word. Make floats of such numbers first.
#
# Two arrays of different shapes work together by **broadcasting**: compare the shapes from the right; two sizes fit
# if they are equal, or if one of them is 1 or missing, and then that side is repeated. `np.newaxis` in brackets inserts
# an axis of size 1. A method such as `mean(axis=1)` goes along axis 1, that is along each row, and this axis is gone
# afterwards.

# %%
temperatures = np.array([[-18.0, -20.0, -19.0], [-12.0, -16.0, -14.0]])  # 2 trucks × 3 hours: shape (2, 3)
per_truck = temperatures.mean(axis=1)  # shape (2,)
print("means:", per_truck)
print("minus the truck's mean:\n", temperatures - per_truck[:, np.newaxis])  # (2, 3) with (2, 1)

# Every pair at once: shape (3, 1) with shape (4,) gives shape (3, 4).
times, departures = np.array([8.0, 9.5, 11.0]), np.array([8.0, 9.0, 10.0, 11.0])
gaps = np.abs(times[:, np.newaxis] - departures)
print("gaps:\n", gaps)
print("nearest departure of each:", gaps.argmin(axis=1))

# %% [markdown]
# `argmin(axis=1)` gives the position of the smallest number in each row; among equals it takes the first. This is what
# happened to `times` and `departures`. The pale numbers exist only in thought: NumPy does not store the repetitions.

# %%
def draw_table(axes, left, table, solid, colour, title):
    """Draw a table of numbers from x = left on; cells that are not solid are pale."""
    axes.text(left + table.shape[1] / 2, 0.3, title, ha="center")
    for (row, column), number in np.ndenumerate(table):
        face, ink = (colour, "white") if solid[row, column] else ("#e4e4e4", GREY)
        axes.add_patch(plt.Rectangle((left + column, -row), 1, -1, facecolor=face, edgecolor="white", linewidth=2))
        axes.text(left + column + 0.5, -row - 0.5, f"{number:g}", ha="center", va="center", color=ink)


rows, columns = np.indices(gaps.shape)
_, axes = plt.subplots(figsize=(9, 2.4))
draw_table(axes, 0, times[:, np.newaxis] + 0 * gaps, columns == 0, BLUE, "times[:, np.newaxis]: (3, 1)")
draw_table(axes, 5, departures + 0 * gaps, rows == 0, GREEN, "departures: (4,)")
draw_table(axes, 10, gaps, gaps == gaps.min(axis=1)[:, np.newaxis], ORANGE, "gaps: (3, 4), smallest marked")
axes.text(4.5, -1.5, "−", ha="center", va="center", fontsize=16)
axes.text(9.5, -1.5, "→", ha="center", va="center", fontsize=16)
axes.set(xlim=(0, 14), ylim=(-3, 0.8))
axes.axis("off")
plt.show()

# %% [markdown]
# How much does this bring? The next cell averages each 50 neighbouring readings in three ways: the plain double loop;
# a single loop with a better idea (add the new reading, subtract the old one); and NumPy. (`total += x` means
# `total = total + x`. `values[size:]` holds the items from position `size` on, and `sums[:-size]` all but the last
# `size`.)
#
# The NumPy version puts a 0 before the readings, with `np.concatenate`, and forms running sums with `np.cumsum`: of 0,
# 5, 7, 9 they are 0, 5, 12, 21. The sum of neighbours is then the difference of two of them: 7 + 9 = 21 − 5.

# %%
def moving_mean_double_loop(values, size):
    result = []
    for start in range(len(values) - size + 1):
        total = 0.0
        for position in range(start, start + size):
            total += values[position]
        result.append(total / size)
    return result


def moving_mean_running(values, size):
    total = sum(values[:size])
    result = [total / size]
    for leaving, entering in zip(values, values[size:]):
        total += entering - leaving
        result.append(total / size)
    return result


def moving_mean_numpy(values, size):
    sums = np.cumsum(np.concatenate([[0.0], values]))
    return (sums[size:] - sums[:-size]) / size


counts = [100, 300, 1_000, 3_000]
methods = [
    ("double loop", moving_mean_double_loop, ORANGE, "o"),
    ("running total", moving_mean_running, GREEN, "^"),
    ("NumPy", moving_mean_numpy, BLUE, "s"),
]
generator = np.random.default_rng(12)
figure, axes = plt.subplots()
for name, method, colour, marker in methods:
    best = []
    for count in counts:
        data = generator.normal(-18.0, 2.0, count)
        data = data if method is moving_mean_numpy else data.tolist()
        best.append(1000 * min(seconds(lambda: method(data, 50)) for _ in range(3)))
    axes.loglog(counts, best, marker=marker, color=colour)
    axes.annotate(f"{name}: {best[-1]:.3g} ms", (counts[-1], best[-1]), (10, -4), textcoords="offset points")
axes.set(xlabel="number of readings", ylabel="best of 3 runs (ms)", title="Mean of 50 neighbours, three ways")
axes.minorticks_off()
axes.set_xlim(70, 40_000)  # room for the labels
axes.set_xticks(counts, [f"{count:,}" for count in counts])
axes.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
axes.grid(True, alpha=0.3)
plt.show()

# %% [markdown]
# Both axes are logarithmic again. NumPy's line is nearly flat on the left: a call of NumPy needs a microsecond or more
# before it computes anything, and this function makes several. So small arrays gain little, or even lose.
#
# Each factor has its own reason. From the double loop to the running total, a result takes two additions instead of
# 50: a better **algorithm**. From there to NumPy the number stays the same, and each one becomes cheaper: a better
# **machine** for it. Look for the first before the second.
#
# Now the step that takes four hours. For each delivery stop, the script looks for the nearest depot:

# %% given="nearest-depot-slow"
def nearest_depot_slow(stops, depots):
    """For each stop the position of the nearest depot, by plain loops."""
    nearest = []
    for stop_x, stop_y in stops:
        best, best_distance = 0, math.inf  # infinity: the first distance is smaller
        for position, (depot_x, depot_y) in enumerate(depots):
            distance = (stop_x - depot_x) ** 2 + (stop_y - depot_y) ** 2
            if distance < best_distance:
                best, best_distance = position, distance
        nearest.append(best)
    return nearest


# %% [markdown]
# ### Exercise 7 · The nearest depot, without the loop
#
# Write `nearest_depot(stops, depots)`, a vectorised version of `nearest_depot_slow`.
#
# - `stops` has one row (x, y) per stop, shape (n, 2); `depots` has one row per depot, shape (k, 2). Both may be NumPy
#   arrays of any integer or float type, or lists of pairs.
# - Return a one-dimensional NumPy array of n whole numbers: for each stop the position, counted from 0, of the depot
#   at the smallest straight-line distance. If several are equally near, take the one that comes first in `depots`.
# - For n = 0 (an array of shape (0, 2), never `[]`) the result has length 0. For k = 0 (the same shape), whatever n is,
#   raise a `ValueError` whose message contains the word `depots`. No coordinate is infinite or NaN.
# - The result must be right for small and unsigned integer types, and far from zero, such as at x = 5,000,000 m with
#   stop and depot a few centimetres apart. (Subtract, then square. The expanded formula *a*² − 2*ab* + *b*² takes a
#   small difference of huge numbers and loses it to rounding.)
# - A Python loop over the depots is allowed, one over the stops is not, be it a `for`, a comprehension or
#   `np.vectorize`. The check counts *Python instructions*, the small steps that Python cuts your code into: at most
#   twice as many for 1,000 stops as for 20.
#
# The inputs are not changed.

# %% exercise="nearest-depot" difficulty=3 minutes=20 skills="profile-code"
def nearest_depot(stops, depots):
    """Return for each stop the position of the nearest depot, without a Python loop over the stops.

    Args:
        stops: shape (n, 2), coordinates in metres.
        depots: shape (k, 2), coordinates in metres, k at least 1.

    Returns:
        A NumPy array of n whole numbers; the first depot among equally near ones.

    Raises:
        ValueError: there are no depots.
    """
    ### BEGIN SOLUTION
    stops, depots = np.asarray(stops, dtype=float), np.asarray(depots, dtype=float)
    if not len(depots):
        raise ValueError("depots is empty")
    (stop_x, stop_y), (depot_x, depot_y) = stops.T, depots.T
    squared = (stop_x[:, np.newaxis] - depot_x) ** 2 + (stop_y[:, np.newaxis] - depot_y) ** 2
    return squared.argmin(axis=1)
    ### END SOLUTION


# %% check="nearest-depot-values" points=2 hidden="many random stops and depots, the type of the result, the inputs afterwards"
depots = [[0, 0], [10, 0], [0, 10]]
for stops, expected in [
    ([[1, 1], [9, 1], [1, 8]], [0, 1, 2]),
    ([[100, 1]], [1]),
    (np.array([[5.0, 0.0], [0.0, 5.0], [5.0, 5.0], [-3.0, 40.0]]), [0, 0, 0, 2]),
]:
    got = outcome_of(nearest_depot, stops, depots)
    assert isinstance(got, np.ndarray) and got.shape == (len(expected),) and got.tolist() == expected, (
        f"nearest_depot({np.asarray(stops).tolist()}, {depots}) gave {got!r}, expected a NumPy array of {expected}"
    )
### BEGIN HIDDEN TESTS
for seed, count in enumerate((1, 2, 3, 8, 30)):
    draw = np.random.default_rng(seed)
    stops, depots = draw.uniform(-50, 50, (40, 2)), draw.uniform(-50, 50, (count, 2))
    kept_stops, kept_depots = stops.copy(), depots.copy()
    got = nearest_depot(stops, depots)
    assert got.shape == (40,) and np.issubdtype(got.dtype, np.integer)
    for stop, chosen in zip(stops, got):
        distances = [math.dist(stop, depot) for depot in depots]
        assert distances[int(chosen)] == min(distances)
    assert np.array_equal(stops, kept_stops) and np.array_equal(depots, kept_depots)
### END HIDDEN TESTS

# %% check="nearest-depot-edges" points=2 hidden="no stops and no depots, equally near depots, negative whole numbers of a small type"
got = outcome_of(nearest_depot, np.array([[1.0, 2.0]]), np.empty((0, 2)))
assert isinstance(got, ValueError) and "depots" in str(got), (
    f"nearest_depot with no depots gave {got!r}, expected a ValueError with the word depots in its message"
)
stops = np.array([[300, 0], [3, 0]], dtype=np.uint16)
depots = np.array([[0, 0], [100, 0], [5, 0]], dtype=np.uint16)
got = outcome_of(nearest_depot, stops, depots)
assert isinstance(got, np.ndarray) and got.tolist() == [1, 2], (
    f"as arrays of np.uint16, stops [[300, 0], [3, 0]] and depots [[0, 0], [100, 0], [5, 0]] gave {got!r}, "
    "expected [1, 2]. In that type, 300 squared is 24464."
)
got = outcome_of(nearest_depot, [[5e6, 5e6], [5e6 + 0.04, 5e6], [5e6 + 0.06, 5e6]], [[5e6, 5e6], [5e6 + 0.07, 5e6]])
assert isinstance(got, np.ndarray) and got.tolist() == [0, 1, 1], (
    f"stops at x = 5,000,000 plus 0, 0.04 and 0.06 and depots at x = 5,000,000 plus 0 and 0.07, all at y = 5,000,000: "
    f"got {got!r}, expected [0, 1, 1]. Are two huge squares subtracted somewhere, or is the type float32?"
)
got = outcome_of(nearest_depot, np.empty((0, 2)), [[1.0, 2.0], [3.0, 4.0]])
assert isinstance(got, np.ndarray) and got.shape == (0,), f"no stops, two depots: got {got!r}, expected length 0"
### BEGIN HIDDEN TESTS
assert isinstance(outcome_of(nearest_depot, np.empty((0, 2)), np.empty((0, 2))), ValueError)
got = nearest_depot([[0, 0], [2, 2]], [[9, 9], [0, 1], [1, 0], [-1, 0], [2, 2], [2, 2]])
assert got.tolist() == [1, 4]
got = nearest_depot(np.array([[-100, 0]], dtype=np.int8), np.array([[92, 0], [-100, 10]], dtype=np.int8))
assert got.tolist() == [1]
### END HIDDEN TESTS

# %% check="nearest-depot-steps" points=2
import sys


def python_steps(function, *args):
    """How many Python instructions a call executes, in the function and in all that it calls."""
    steps = 0

    def trace(frame, event, argument):
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = function(*args)
    finally:
        sys.settrace(before)
    return steps, result


draw = np.random.default_rng(3)
stops, depots = draw.uniform(0, 100, (1000, 2)), draw.uniform(0, 100, (4, 2))
python_steps(nearest_depot, stops[:20], depots)  # what happens only once, in a first call, does not count
few, _ = python_steps(nearest_depot, stops[:20], depots)
many, got = python_steps(nearest_depot, stops, depots)
expected = [min(range(4), key=lambda k: math.dist(stop, depots[k])) for stop in stops.tolist()]
assert isinstance(got, np.ndarray) and got.tolist() == expected, (
    "nearest_depot returned a wrong result for 1,000 stops and 4 depots"
)
assert many <= 2 * few, (
    f"nearest_depot executed {few} Python instructions for 20 stops and {many} for 1,000, expected at most {2 * few}. "
    "Something still runs once per stop: a for, a comprehension, np.vectorize or np.apply_along_axis."
)

# %% [markdown] hint="nearest-depot"
# An example in this section makes every pair of a time and a departure. Do the same twice, once with the x coordinates
# of stops and depots and once with the y coordinates.

# %% [markdown] hint="nearest-depot"
# With `np.newaxis`, the x coordinates of the stops get shape (n, 1); minus the k depots, that is a table of shape
# (n, k). The sum of the two squared tables holds the squared distances. You need no square root to find the smallest.

# %% [markdown] hint="nearest-depot"
# ```python
# stops = np.asarray(stops, dtype=float)         # floats can be negative, unsigned integers cannot
# depots = np.asarray(depots, dtype=float)
# across = stops[:, 0][:, np.newaxis] - depots[:, 0]
# along = ...                                    # the same for y
# squared = across**2 + along**2                 # shape (n, k)
# ...                                            # the position of the smallest in each row
# ```

# %% [markdown]
# Not graded: measure your last function with your meter, on this machine.

# %%
draw = np.random.default_rng(1)
many_stops, many_depots = draw.uniform(0, 1000, (1000, 2)), draw.uniform(0, 1000, (25, 2))
stop_list, depot_list = many_stops.tolist(), many_depots.tolist()


def show_gain():
    ratio = speed_up(
        lambda: nearest_depot_slow(stop_list, depot_list),
        lambda: nearest_depot(many_stops, many_depots),
        repeat=3,
    )
    print(f"1,000 stops, 25 depots: {ratio:.0f} times faster, same result")


once_solved("6 and 7", show_gain)

# %% [markdown]
# Speed has a price: a table of all pairs needs 8 bytes for each pair, so a million stops and a thousand depots need
# 8 GB for each table. In production, send the stops through in groups; your `batches` makes them.
#
# ## What can go wrong in production
#
# Each of these three failures ends without an error message.
#
# **The stream is used up.** Training goes over the data several times; one pass is an *epoch*. A generator runs once.
# The second epoch sees nothing, and finishes very fast:

# %%
stream = (celsius for celsius in [-18.0, -17.5, -18.5])
for epoch in (1, 2):
    rows = list(stream)
    print(f"epoch {epoch}: trained on {len(rows)} readings")


def open_stream():
    return (celsius for celsius in [-18.0, -17.5, -18.5])


print("with a new stream for each epoch:", [len(list(open_stream())) for epoch in (1, 2)])

# %% [markdown]
# The cure: pass on a function that opens the stream, not the stream.
#
# **The error that nobody sees.** The sensors get new firmware, and `celsius` is now called `temp_c`. A reader that
# ignores all errors reports success:

# %%
def read_quietly(lines):
    found = []
    for line in lines:
        try:
            found.append(json.loads(line)["celsius"])
        except Exception:
            pass
    return found


new_firmware = ['{"unit": "T-17", "temp_c": -9.2}'] * 10_000
print(f"nightly run finished, {len(read_quietly(new_firmware))} readings, 0 errors")

# %% [markdown]
# A truck at −9 °C is losing its load, and the dashboard is green. Your `read_readings` would have stopped the run and
# named the line. Count what you skip, and set a limit for it.
#
# **The shape that fits by accident.** Many models return predictions with shape (n, 1), and the true values have
# shape (n,). Broadcasting then compares every prediction with every truth, here in the RMSE (*root mean square error*,
# the root of the mean of the squared errors):

# %%
truth = np.array([-18.0, -19.0, -20.0])
predicted = np.array([[-18.1], [-19.1], [-20.1]])

error = truth - predicted
print("shape of the error:", error.shape, " RMSE:", round(float(np.sqrt((error**2).mean())), 3))


def rmse(truth, predicted):
    """Root mean square error of two arrays of the same shape."""
    if truth.shape != predicted.shape:
        raise ValueError(f"shapes differ: {truth.shape} and {predicted.shape}")
    return float(np.sqrt(((truth - predicted) ** 2).mean()))


print("checked:", repr(outcome_of(rmse, truth, predicted)))
print("right shapes:", round(rmse(truth, predicted[:, 0]), 3))

# %% [markdown]
# Every prediction is wrong by 0.1, and the first RMSE is more than ten times that. A function that takes two arrays
# should compare their shapes before it computes.

# %% [markdown]
# ## Recap
#
# | You can now | A job advertisement calls it |
# |---|---|
# | write pure functions, and functions that learn once and apply often | "clean, testable Python" |
# | keep settings in one object that refuses nonsense | "reproducible experiments" |
# | process data of any size in constant memory | "scalable data pipelines" |
# | survive bad data, count it, and stop at a limit | "robust production systems" |
# | describe interfaces with hints and protocols | "maintainable code in a team" |
# | find the slow part, replace it or let NumPy run its loop, and prove the gain | "performance optimisation" |
#
# **Test yourself.**
#
# 1. A colleague writes `def load(path, cache={})`. What happens on the second call, and when would you notice?
# 2. Your generator function checks its arguments in its first line. Why does a wrong call not fail where it is made?
# 3. You made a function three times faster, and the whole program takes as long as before. How can that be, and what
#    should you have run first?
#
# <details><summary>Answers</summary>
#
# 1. Both calls share one dictionary, made when `def` was executed. You notice when a result depends on what was
#    loaded before it, often only in a long-running service.
# 2. The call only makes the generator. Its body, first line included, runs at the first `next`. Check in an ordinary
#    function that returns the generator.
# 3. The function took a small share of the time to begin with. Run a profiler first; it shows the shares.
#
# </details>
#
# ## Take it further
#
# Nothing here is graded. An open file is an iterable of lines, so your reader takes it as it is; `with` closes the file
# at the end, also after an error: `with open("log.jsonl") as lines: readings, problems = read_readings(lines)`. With
# a network, install mypy, put `mean` and two wrong calls of it into a file `wrong.py`, and run `mypy wrong.py` in a
# terminal. And run the profiler on the slowest program of your own: was it where you thought?
#
# **Further reading.** *Fluent Python* by Luciano Ramalho (functions, iterators, protocols). *Effective Python* by Brett
# Slatkin (short items). *High Performance Python* by Micha Gorelick and Ian Ozsvald (profiling). *From Python to NumPy*
# by Nicolas P. Rougier (vectorising).
