# ---
# title: R, Julia, Java and C++ ported to Python
# builds: "four programs carried over from R, Julia, Java and C++ with every number intact, and a C++ function that you wrote, called from Python and timed"
# module: 1
# minutes: 310
# prerequisites: [1-2-python-toolkit]
# skills: [read-languages, call-native-code]
# seed: 15
# ---

# %% [markdown]
# # R, Julia, Java and C++ ported to Python

# %% [markdown]
# ## Why it matters on the job
#
# A maker of pumps for waterworks buys a smaller rival. With it come four programs that have watched 900 pumping
# stations for years, and that nobody at the firm can change any more:
#
# - an R script of a statistician, who has retired: it reads flow meters and reports leaks;
# - a Julia program from a university project: it finds worn teeth in gear wheels;
# - a Java class that turns the words of event logs into numbers for a model;
# - the C++ code inside the controllers, which counts sudden jumps of temperature.
#
# The models behind them were trained on the numbers that these programs print. If your Python versions print other
# numbers, the models are fed something they have never seen, and nobody gets an error message.
#
# To carry a program over to another language is to **port** it. You need not be able to write R, Julia, Java or C++
# for that. You have to *read* them, and to know where they look like Python and mean something else. There are six
# such places, and in this lesson each of them bites you once: **indexing from 1, recycling, integer division, integer
# overflow, value and reference, column-major order**.
#
# The lesson ends in the other direction: you write a small C++ function and call it from Python, because there it
# is a hundred times faster.
#
# You need functions, dictionaries and NumPy arrays, as the lesson on the Python toolkit taught them. You do **not**
# need R, Julia or Java on your computer, and a C++ compiler only helps. Good places for a pause are marked after
# exercises 3 and 4. The first cell only prepares: run it and go on.

# %% given="setup"
import ctypes
import math
import statistics
import struct
import time
from collections import Counter
from functools import cache
from itertools import cycle, pairwise

import matplotlib.pyplot as plt
import numpy as np

import native  # beside this notebook: compiles C++ and calls it
import rosetta  # beside this notebook: reads the old programs and what they answered

# White behind every figure, so that the dark lettering can be read in a dark notebook as well.
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.figsize": (7, 3.8),
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": "#dddddd",
        "legend.frameon": False,
    }
)
BLUE, ORANGE, GREEN, GREY = "#0060a8", "#c8500a", "#13795b", "#555555"


def outcome_of(function, *args, **kwargs):
    """Call the function; return its result, or the exception that it raised."""
    try:
        return function(*args, **kwargs)
    except NotImplementedError:
        raise  # an exercise that has not been started yet
    except Exception as error:
        return error


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


def alike(got, expected, tolerance=1e-9):
    """Whether results agree: dictionaries key by key, lists or arrays item by item, numbers within a tolerance."""
    try:
        if isinstance(expected, dict):
            return got.keys() == expected.keys() and all(alike(got[key], expected[key], tolerance) for key in expected)
        if isinstance(expected, (list, tuple, np.ndarray)):
            return len(got) == len(expected) and all(alike(a, b, tolerance) for a, b in zip(got, expected))
        return got == expected if isinstance(expected, str) else bool(abs(got - expected) <= tolerance)
    except (AttributeError, TypeError, KeyError, IndexError, ValueError):
        return False


# %% [markdown]
# ## 1 · How to port what you cannot run
#
# Three steps, in this order.
#
# 1. **Record.** Before the old program is switched off, run it on inputs that cover what it meets, and store what it
#    was given and what it answered. Such a record is called a **golden output**.
# 2. **Port**, as literally as you can, mistakes included.
# 3. **Compare.** Every golden output has to come out again. Only then improve, one change at a time, with the owner of
#    the program. Who ports and repairs in one go cannot tell a repair from a slip.
#
# Step 1 was done for you, with R 4.2.2, Julia 1.5.3, Java 17 and g++ 12.2. The programs lie in `programs/`, the records
# in `golden/`, with a note in `RECORDED.md` on how they were made.
#
# First, a phrase book. The four languages were asked the same small questions; Python answers here and now.

# %%
questions = [  # R, Julia, Java, C++, Python
    ("7 / 2", "7 / 2", "7 / 2", "seven / 2", "7 / 2"),
    ("-7 %/% 2", "-7 ÷ 2", "-7 / 2", "-seven / 2", "-7 // 2"),
    ("-7 %% 2", "-7 % 2", "-7 % 2", "-seven % 2", "-7 % 2"),
    ("round(2.5)", "round(2.5)", "Math.round(2.5)", "std::round(2.5)", "round(2.5)"),
    ("round(-2.5)", "round(-2.5)", "Math.round(-2.5)", "std::round(-2.5)", "round(-2.5)"),
    ("as.integer(-2.7)", "trunc(Int, -2.7)", "(int) -2.7", "static_cast<int>(-2.7)", "int(-2.7)"),
    ("2147483647L + 1L", "typemax(Int64) + 1", "2147483647 + 1", None, "2147483647 + 1"),
]
names = ["R", "julia", "java", "cpp"]
book = {name: rosetta.phrases(name) for name in names}

print(f"{'':20}{'R':>8}{'Julia':>22}{'Java':>13}{'C++':>12}{'Python':>13}")
for *lines, python in questions:
    answers = [book[name][line] if line else "undefined" for name, line in zip(names, lines)]
    print(f"{python:20}{answers[0]:>8}{answers[1]:>22}{answers[2]:>13}{answers[3]:>12}{eval(python)!s:>13}")

# %% [markdown]
# Read it row by row; the first column says how Python writes the question.
#
# - **Integer division.** In Java and C++, `/` between whole numbers gives a whole number: 7 / 2 is 3. And where one of
#   the two is negative, Java, C++ and Julia's `÷` cut *towards zero* (−3), while R and Python round *down* (−4). The
#   remainder follows: −1 there, 1 here.
# - **Rounding a half.** Three rules: to the even neighbour (R, Julia, Python), up (Java), away from zero (C++).
# - **Overflow.** Whole numbers of Java have 32 bits. One more than the largest is the smallest. In C++ that is
#   *undefined*: the compiler may do as it likes. R gives `NA`, its word for "missing". Julia's row asks about 64 bits,
#   because there that is the usual size. Python's whole numbers have no largest one.
#
# ## 2 · R: recycling, and counting from 1
#
# In R, every number is a **vector**, a row of numbers. `<-` assigns, `c(1, 2)` makes a vector, `1:5` is 1 to 5
# *inclusive*, and the first item has the index 1. What do you expect of these lines?

# %%
for line in ["c(10, 20, 30)[1]", "c(10, 20, 30)[2:3]", "c(10, 20, 30)[-1]", "1:6 + c(10, 20)", "1:5 + c(10, 20)"]:
    print(f"R> {line:22} {book['R'][line]}")

values = [10, 20, 30]
print("Python>", values[1], values[2:3], values[-1])
print("NumPy> ", repr(outcome_of(np.add, np.arange(1, 7), np.array([10, 20]))))
print("zip>   ", [a + b for a, b in zip(range(1, 7), [10, 20])])

# %% [markdown]
# The first bite: **indexing from 1**. The same brackets mean another item, and none of the three lines of Python
# fails. `[-1]` is the worst: in R it means *all but the first*, in Python *the last one*.
#
# The second bite: **recycling**. When R computes with two vectors, it begins the shorter one again, as often as it
# takes. If the lengths do not fit, it prints a warning and goes on. NumPy refuses, which is good. `zip` stops at the
# end of the shorter one and says nothing, which is not.
#
# With a table, recycling runs **down the columns**, and NumPy's broadcasting along the rows:

# %%
print("R>     matrix(1:9, nrow = 3)               ", book["R"]["matrix(1:9, nrow = 3)"])
print("R>     matrix(1:9, nrow = 3) - c(1, 2, 3)  ", book["R"]["matrix(1:9, nrow = 3) - c(1, 2, 3)"])
table = np.array([[1, 4, 7], [2, 5, 8], [3, 6, 9]])
naive, right = table - np.array([1, 2, 3]), table - np.array([1, 2, 3])[:, np.newaxis]
for name, result in [("table - [1, 2, 3]", naive), ("with a column", right)]:
    print(f"NumPy> {name:37}", " / ".join(" ".join(map(str, row)) for row in result.tolist()))

# %% [markdown]
# Both compute, neither complains, and for a square table even the shapes agree.
#
# Now the first program, the leak report:

# %%
rosetta.program("leak.R")

# %% [markdown]
# What you need to know of R to read it:
#
# | R | meaning |
# |---|---|
# | `x[-n]` | all but item n; so `excess[-length(excess)]` is all but the last |
# | `sd(x)` | standard deviation, of a *sample*: the sum of squares is divided by n − 1 |
# | `order(x, decreasing = TRUE)` | positions in x, from 1, of the largest, the next and so on; equal ones in order |
# | `x[1:k]` | the first k items |
# | `cut(x, c(-Inf, 0, 5, Inf), …)` | a label for each item: up to 0, above 0 up to 5, above 5; so 5 is `normal` |
# | `table(level)` | how many there are of each label, also where there are none |
# | `quantile(x, 0.9)` | the value that 90 % of x lie below: see the next paragraph |
# | `x[worst]` | the items of x at these positions |
# | `worst + 1` | the hours: rise 1 leads from hour 1 to hour 2, and belongs to the later one |
# | `list(hours = …)` | like a dictionary; the last line of a function is what it returns |
#
# Where 90 % falls between two values, a quantile can be computed in at least nine ways. In this one, R's type 7, the
# smallest value stands at 0 %, the largest at 100 %, and between neighbours runs a straight line. `np.quantile` does
# the same unless told otherwise. (`statistics.quantiles` does *not*; it needs `method="inclusive"`.)
#
# Here is a port by somebody in a hurry. It runs through, and look at it beside the golden output:

# %%
def leak_report_in_a_hurry(flow, usual, k):
    """The first two lines of the R function, word for word."""
    excess = [f - u for f, u in zip(flow, usual)]
    rise = excess[-1] - excess[-len(excess)]
    return {"excess": excess, "rise": rise}


given, answered = rosetta.golden("leak")[0]
print("given:     ", given)
print("in a hurry:", leak_report_in_a_hurry(**given))
print("R answered:", answered)

# %% [markdown]
# Of twelve hours, four are left, because the pattern has four numbers. And the rises have become one single number: the
# last excess minus the first.
#
# ### Exercise 1 · The leak report
#
# Write `leak_report(flow, usual, k)`, a port of `leak.R`.
#
# - `flow` and `usual` are lists or one-dimensional NumPy arrays of whole or other numbers; do not change them. `flow`
#   has at least three hours. `usual` has at least one number and at most as many as `flow`; where the lengths do not
#   fit, R's warning is not needed. `k` is a whole number of at least 1, and `flow` has more than k hours. The rises are
#   never all equal.
# - Return a dictionary with these keys:
#
# | key | value |
# |---|---|
# | `"hours"` | k positions in `flow`, **counted from 0** as Python does. (R counts from 1: its hour 6 is Python's 5) |
# | `"scores"` | their k scores |
# | `"limit"` | the quantile, a number |
# | `"levels"` | a dictionary with the three keys `"low"`, `"normal"`, `"high"` and their counts |
#
# Rows of numbers may be lists, tuples or arrays. Numbers may differ from R's by 1e-9.
#
# In all exercises: where a check shows an exception, call your function in a cell of your own, and Python shows the
# line.

# %% exercise="leak-report" difficulty=2 minutes=30 skills="read-languages"
def leak_report(flow, usual, k):
    """Report the k hours in which the flow rose most against what is usual; a port of leak.R.

    Args:
        flow: litres per second, one number for each hour.
        usual: the usual flow, a pattern that begins again when it ends.
        k: how many hours to report.

    Returns:
        A dictionary with hours (counted from 0), scores, limit and levels.
    """
    ### BEGIN SOLUTION
    flow, usual = np.asarray(flow, dtype=float), np.asarray(usual, dtype=float)
    excess = flow - np.resize(usual, len(flow))
    rise = excess[1:] - excess[:-1]
    score = (rise - rise.mean()) / rise.std(ddof=1)
    worst = np.argsort(-score, kind="stable")[:k]
    low, high = int((excess <= 0).sum()), int((excess > 5).sum())
    return {
        "hours": (worst + 1).tolist(),
        "scores": score[worst].tolist(),
        "limit": float(np.quantile(excess, 0.9)),
        "levels": {"low": low, "normal": len(excess) - low - high, "high": high},
    }
    ### END SOLUTION


# %% check="leak-report-hours" points=3 hidden="other recorded cases: patterns of one number and of full length, many equal scores, all hours asked for"
def check_leak_hours():
    for number, (given, answered) in enumerate(rosetta.golden("leak")):
        expected = {"hours": [hour - 1 for hour in answered["hours"]], "scores": answered["scores"]}
        got = outcome_of(leak_report, **given)
        part = {key: got.get(key) for key in expected} if isinstance(got, dict) else got
        assert alike(part, expected), (
            f"golden case number {number}, which is rosetta.golden('leak')[{number}]: "
            f"leak_report of {len(given['flow'])} hours beginning with {given['flow'][:4]}, a pattern of "
            f"{len(given['usual'])} beginning with {given['usual'][:4]} and k = {given['k']} gave {part!r}, and R "
            f"answered {expected} (hours counted from 0)"
        )


check_leak_hours()


### BEGIN HIDDEN TESTS
def check_leak_more_hours():
    for flow, usual, hours, scores in [
        ([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], [2], [5, 6, 8, 3, 9, 2, 10, 4, 7], [
            1.016001016001524, 1.016001016001524, 1.016001016001524, 0.76200076200114297, -0.25400025400038101,
            -0.50800050800076202, -0.50800050800076202, -0.76200076200114297, -1.7780017780026669]),
        ([6, 7, 3, 8, 10, 5], [1, 2, 3, 3, 5, 6], [4, 2], [1.3968783180839319, 0.27036354543559971]),
        ([2, 4, 2, 4, 2, 4, 3], [1.5, 1.5], [2, 4, 6, 7, 3], [
            0.8981462390204985, 0.8981462390204985, 0.8981462390204985, -0.57154760664940818, -1.0614455552060438]),
        ([-4, -1.5, -7.25, -3, -3], [1, 0.5], [4], [0.92745727187318039]),
    ]:
        got = leak_report(flow, usual, len(hours))
        assert alike(got["hours"], [hour - 1 for hour in hours]) and alike(got["scores"], scores)


check_leak_more_hours()
### END HIDDEN TESTS


# %% check="leak-report-limit" points=2 hidden="other recorded cases: values on the borders of the levels, and levels with no hour in them"
def check_leak_limit():
    for number, (given, answered) in enumerate(rosetta.golden("leak")):
        levels = dict(zip(["low", "normal", "high"], answered["levels"]))
        expected = {"limit": answered["limit"], "levels": levels}
        got = outcome_of(leak_report, **given)
        part = {key: got.get(key) for key in expected} if isinstance(got, dict) else got
        assert alike(part, expected), (
            f"golden case number {number}, which is rosetta.golden('leak')[{number}]: "
            f"leak_report of {len(given['flow'])} hours beginning with {given['flow'][:4]}, a pattern of "
            f"{len(given['usual'])} beginning with {given['usual'][:4]} and k = {given['k']} gave {part!r}, and R "
            f"answered {expected}"
        )


check_leak_limit()


### BEGIN HIDDEN TESTS
def check_leak_more_limits():
    for flow, usual, limit, levels in [
        ([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], [2], 4.2999999999999989, [3, 6, 1]),
        ([6, 7, 3, 8, 10, 5], [1, 2, 3, 3, 5, 6], 5, [2, 4, 0]),
        ([2, 4, 2, 4, 2, 4, 3], [1.5, 1.5], 2.5, [0, 7, 0]),
        ([-4, -1.5, -7.25, -3, -3], [1, 0.5], -2.6000000000000005, [5, 0, 0]),
    ]:
        got = leak_report(flow, usual, 1)
        assert alike(got["limit"], limit) and alike(got["levels"], dict(zip(["low", "normal", "high"], levels)))


check_leak_more_limits()
### END HIDDEN TESTS


# %% check="leak-report-inputs" points=1 hidden="whole numbers of a small unsigned type"
def check_leak_inputs():
    numbers, pattern = [4, 5, 9, 8, 4, 11, 9, 8], [4, 5.5, 9]
    flow, usual = list(numbers), list(pattern)
    as_lists = outcome_of(leak_report, flow, usual, 2)
    assert (flow, usual) == (numbers, pattern), f"leak_report changed its arguments to {flow} and {usual}"
    flow, usual = np.array(numbers, dtype=float), np.array(pattern)
    got = outcome_of(leak_report, flow, usual, 2)
    assert isinstance(as_lists, dict) and len(as_lists) == 4 and alike(got, as_lists), (
        f"with lists leak_report({numbers}, {pattern}, 2) gave {as_lists!r}, and with NumPy arrays of the same numbers "
        f"{got!r}"
    )
    assert flow.tolist() == numbers and usual.tolist() == pattern, (
        f"leak_report changed its arrays to {flow} and {usual}"
    )


check_leak_inputs()

### BEGIN HIDDEN TESTS
flow, usual = np.array([6, 7, 3, 8, 10, 5], dtype=np.uint8), np.array([1, 2, 3, 3, 5, 6], dtype=np.uint8)
assert alike(leak_report(flow, usual, 2), leak_report(flow.tolist(), usual.tolist(), 2))
### END HIDDEN TESTS

# %% [markdown] hint="leak-report"
# Port line by line, and print each line's result for the first golden case before you go on. The first line needs
# `usual` as long as `flow`: `np.resize` begins an array again when it ends, `itertools.cycle` does that for a loop, and
# `usual[i % len(usual)]` needs neither.

# %% [markdown] hint="leak-report"
# All but the first: `excess[1:]`. All but the last: `excess[:-1]`. A rise at position i lies between the hours i and
# i + 1, counted from 0. `np.std` divides by n, unless you write `ddof=1`. `np.argsort(x)[::-1]` turns the order of
# equal values round as well; sort `-score` instead, with `kind="stable"`.

# %% [markdown] hint="leak-report"
# ```python
# usual = np.resize(np.asarray(usual, dtype=float), len(flow))
# excess = np.asarray(flow, dtype=float) - usual
# rise = excess[1:] - excess[:-1]
# score = ...
# worst = np.argsort(-score, kind="stable")[:k]  # positions in rise
# low, high = (excess <= 0).sum(), ...
# ...
# ```

# %% [markdown]
# Not graded: three days of a real station, with your report. The pipe burst on the second afternoon.

# %%
def show_leak():
    given, _ = rosetta.golden("leak")[1]
    report = leak_report(**given)
    hours = np.arange(len(given["flow"]))
    _, axes = plt.subplots()
    axes.step(hours, np.resize(given["usual"], len(hours)), color=GREY, where="mid")
    axes.step(hours, given["flow"], color=BLUE, where="mid")
    worst = report["hours"][0]
    axes.scatter([worst], [given["flow"][worst]], color=ORANGE, zorder=3, s=60)
    axes.annotate(f"hour {worst}: score {report['scores'][0]:.1f}", (worst, given["flow"][worst]), (-125, -3),
                  textcoords="offset points", color=ORANGE)
    axes.annotate("measured", (60, 12), color=BLUE)
    axes.annotate("usual, recycled every 24 hours", (72, 1.6), color=GREY, ha="right")
    axes.set(xlabel="hour", ylabel="litres per second", title="A leak report", ylim=(0, 13.5))
    plt.show()


once_solved(1, show_leak)

# %% [markdown]
# ## 3 · Julia: column-major order, and what a slice is
#
# Julia looks much like Python. Indices begin at 1, `end` is the last one, blocks end with `end`. A dot before an
# operator means *for each item*: `.-=` subtracts item by item, `abs.(x)` takes each absolute value. By custom, a name
# with `!` at its end **changes its argument**.
#
# Memory has no rows and columns. It is one long strip, and a table has to be laid out along it. C, C++, Java and NumPy
# put row after row: **row-major**. R, Julia, Fortran and MATLAB put column after column: **column-major**. You see it
# as soon as a table is made of a strip, or a strip of a table:

# %%
strip = np.arange(1, 7)
print("Julia> reshape(1:6, 2, 3)           ", book["julia"]["reshape(1:6, 2, 3)"])
print("NumPy> strip.reshape(2, 3)          ", str(strip.reshape(2, 3).tolist()))
print("NumPy> ... reshape(2, 3, order='F') ", str(strip.reshape(2, 3, order="F").tolist()), " F as in Fortran")
print("NumPy> strip.reshape(3, 2).T        ", str(strip.reshape(3, 2).T.tolist()), " .T swaps rows and columns")


def draw_layout(axes, order, title):
    """A table of four rows and three columns, and the way of the memory through it."""
    position = np.arange(12).reshape(4, 3, order=order)
    axes.imshow(position, cmap="Blues", vmin=-4, vmax=26)
    way = sorted(np.ndindex(4, 3), key=lambda place: position[place])
    axes.plot([column for _, column in way], [row for row, _ in way], color=ORANGE)
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none"}
    for row, column in way:
        axes.annotate(f"[{position[row, column]}]", (column, row), ha="center", va="center", bbox=box)
    axes.set(xticks=range(3), yticks=range(4))
    axes.set_title(title, fontsize=11)
    axes.set_xticklabels(["turn 0", "turn 1", "turn 2"])
    axes.set_yticklabels([f"sample {i}" for i in range(4)])


_, (left, right) = plt.subplots(1, 2, figsize=(8.5, 4))
draw_layout(left, "C", "row-major: NumPy, C, C++, Java")
draw_layout(right, "F", "column-major: R, Julia, Fortran")
plt.tight_layout()
plt.show()

# %% [markdown]
# The numbers are positions in memory, and the line follows them. A sensor wrote twelve readings, four for each turn of
# a wheel. In Julia, `reshape(signal, 4, 3)` gives a column for each turn. The same words in NumPy, on the left, put
# sample 1 of turn 0 under `turn 1`. Every number is there, the shape is right, and the table is nonsense.
#
# The next bite is about **value and reference**. Does a name hold a copy of some numbers, or is it another name for
# the same numbers? (In Julia, `(…; …; a)` runs one thing after the other, and its value is the last one, here a.)

# %%
for line in ["(a = [1, 2, 3]; b = a; b[1] = 9; a)", "(a = [1, 2, 3]; b = a[1:2]; b[1] = 9; a)",
             "(a = [1, 2, 3]; b = view(a, 1:2); b[1] = 9; a)"]:  # fmt: skip
    print(f"Julia> {line:48} {book['julia'][line]}")

for kind in (list, np.array):
    a = kind([1, 2, 3])
    b = a[0:2]
    b[0] = 9
    print(f"Python> {kind.__name__:6} b = a[0:2]; b[0] = 9; a".ljust(55), *a)

# %% [markdown]
# `b = a` makes a second name, in Julia as in Python. But a **slice** is a copy in Julia and in Python's lists, and a
# *view* of the same numbers in NumPy. `array.copy()` makes a copy of them. The program:

# %%
rosetta.program("gear.jl")

# %% [markdown]
# | Julia | meaning |
# |---|---|
# | `÷`, `divrem(a, b)` | division cut towards zero; the pair of that and the remainder, which has the sign of a |
# | `1:turns` | 1 to turns, inclusive, in a loop as in brackets |
# | `view(signal, 1:n)` | the first n numbers, *not* copied, so that what is done to `x` is done to `signal` |
# | `x[:, 1]` | the first column, copied |
# | `argmax(x)` | where the largest item is: row and column; among equal ones the first **in memory** |
# | `Tuple(…)` | makes a tuple of it, so that two names can take row and column |
# | `return (turn = …)` | a tuple whose items have names |
# | `maximum(x, dims = 2)` | the largest of each row, as a table of one column; `vec` makes a strip of it |
#
# The lag between the worst sample and the mark is split into whole teeth and a rest. Python's `divmod` rounds down.
# `int(a / b)` cuts, but goes through a float: it is right as long as both numbers are below 2⁵³. Beyond that, divide
# `abs(a) // abs(b)` and put the sign back.

# %%
print("divmod(-7, 4) in Python:", divmod(-7, 4), "   Julia's divrem(-7, 4) is (-1, -3): -1 tooth and -3 samples")
print("cut towards zero:", int(-7 / 4), math.trunc(-7 / 4), "  the remainder that goes with it:", -7 - 4 * int(-7 / 4))


def worn_tooth_naive(signal, samples):
    """Word for word, with brackets moved from 1 to 0."""
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(samples, turns)
    first_turn = x[:, 0]
    for turn in range(turns):
        x[:, turn] -= first_turn
    return signal


given, answered = rosetta.golden("gear")[0]
print("signal:       ", given["signal"])
print("Julia left:   ", answered["signal"])
print("the naive one:", worn_tooth_naive(np.array(given["signal"]), given["samples"]).tolist())

# %% [markdown]
# Two bites in seven lines. The table is laid out the wrong way. And `first_turn` is a view: in its first step the loop
# subtracts the column from itself, after which `first_turn` is zero, and all later steps subtract nothing.
#
# ### Exercise 2 · The worn tooth
#
# Write `worn_tooth(signal, samples, mark, per_tooth)`, a port of `gear.jl`.
#
# - `signal` is a one-dimensional NumPy array of type float64 with at least one whole turn. It may be a view of a larger
#   array. It is **changed**, as in Julia: the first turn becomes zeros, each other turn its difference from the first,
#   and readings behind the last whole turn stay as they are.
# - `samples` and `per_tooth` are whole numbers of at least 1. `mark` is a position **counted from 0**, below `samples`.
# - Return a dictionary: `"turn"` and `"sample"` **counted from 0**; `"teeth"` and `"rest"`, as Julia's `divrem` gives
#   them for the lag (which is the same from 0 and from 1); and `"spread"`, as many numbers as a turn has samples (a
#   list, tuple or one-dimensional array).
# - Among equally large differences, report the same one as Julia.
#
# The tolerance is 1e-9.

# %% exercise="worn-tooth" difficulty=3 minutes=35 skills="read-languages"
def worn_tooth(signal, samples, mark, per_tooth):
    """Find where a worn tooth shows in a signal, which is changed; a port of gear.jl.

    Args:
        signal: readings, a float64 array; afterwards each turn holds its difference from the first one.
        samples: readings for each turn.
        mark: the sample at which the first tooth passes, counted from 0.
        per_tooth: samples for each tooth.

    Returns:
        A dictionary with turn and sample (counted from 0), teeth, rest and spread.
    """
    ### BEGIN SOLUTION
    turns = len(signal) // samples
    x = signal[: turns * samples].reshape(turns, samples)  # a row for each turn
    first_turn = x[0].copy()
    for row in x:
        row -= first_turn
    turn, sample = divmod(int(np.abs(x).argmax()), samples)
    lag = sample - mark
    teeth = int(lag / per_tooth)  # cut towards zero
    return {
        "turn": turn,
        "sample": sample,
        "teeth": teeth,
        "rest": lag - teeth * per_tooth,
        "spread": (x.max(axis=0) - x.min(axis=0)).tolist(),
    }
    ### END SOLUTION


# %% check="worn-tooth-result" points=2 hidden="other recorded cases: equal differences, one turn only, a larger reading behind the last turn"
def check_worn_tooth():
    for given, answered in rosetta.golden("gear"):
        expected = {"turn": answered["turn"] - 1, "sample": answered["sample"] - 1, "spread": answered["spread"]}
        arguments = np.array(given["signal"]), given["samples"], given["mark"] - 1, given["per_tooth"]
        got = outcome_of(worn_tooth, *arguments)
        part = {key: got.get(key) for key in expected} if isinstance(got, dict) else got
        assert alike(part, expected), (
            f"worn_tooth(array({given['signal']}), {arguments[1]}, {arguments[2]}, {arguments[3]}) gave {part!r}, and "
            f"Julia answered {expected} (turn and sample counted from 0)"
        )


check_worn_tooth()


### BEGIN HIDDEN TESTS
def check_worn_tooth_more():
    for signal, samples, turn, sample, spread in [
        ([3, 1, 2, 4, 0, 2, 4, 2, 1], 3, 2, 1, [1, 2, 1]),
        ([5, 6, 7, 8, 9], 5, 1, 1, [0, 0, 0, 0, 0]),
        ([1, 1, 1, 1, 1, 1, 1, -3, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 9, 70], 7, 3, 6, [4, 0, 1, 0, 0, 8, 8]),
        ([0, 0.5, 0, 0, 0, -0.5, 0, 0, 2, 0.5, 0, -2], 4, 3, 1, [2, 1, 0, 2]),
    ]:
        got = worn_tooth(np.array(signal, dtype=float), samples, 0, 2)
        assert alike(got["spread"], spread) and (got["turn"], got["sample"]) == (turn - 1, sample - 1)


check_worn_tooth_more()
### END HIDDEN TESTS


# %% check="worn-tooth-lag" points=2 hidden="other recorded cases: a lag of zero, whole teeth, lags before and behind the mark"
def check_worn_tooth_lag():
    for given, answered in rosetta.golden("gear"):
        mark = given["mark"] - 1
        got = outcome_of(worn_tooth, np.array(given["signal"]), given["samples"], mark, given["per_tooth"])
        part = (got.get("teeth"), got.get("rest")) if isinstance(got, dict) else got
        expected = answered["teeth"], answered["rest"]
        assert part == expected, (
            f"a lag of {answered['sample'] - given['mark']} samples with {given['per_tooth']} for each tooth: teeth "
            f"and rest are {part!r}, and Julia answered {expected}. Julia cuts towards zero, Python's // rounds down."
        )


check_worn_tooth_lag()

### BEGIN HIDDEN TESTS
early, late = [3, 1, 2, 4, 0, 2, 4, 2, 1], [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 9]  # worst samples: 1 and 7
for signal, samples, mark, per_tooth, expected in [
    (early, 3, 3, 2, (-1, 0)),
    (early, 3, 1, 5, (0, 0)),
    (early, 3, 2, 3, (0, -1)),
    (early, 3, 3, 1, (-2, 0)),
    (late, 7, 1, 4, (1, 2)),
    (late, 7, 1, 3, (2, 0)),
]:
    got = worn_tooth(np.array(signal, dtype=float), samples, mark - 1, per_tooth)
    assert (got["teeth"], got["rest"]) == expected
### END HIDDEN TESTS


# %% check="worn-tooth-signal" points=2 hidden="other recorded cases, among them readings behind the last turn, and every second reading of a larger array"
def check_worn_tooth_signal():
    for given, answered in rosetta.golden("gear"):
        signal = np.array(given["signal"])
        outcome_of(worn_tooth, signal, given["samples"], given["mark"] - 1, given["per_tooth"])
        assert alike(signal, answered["signal"]), (
            f"signal = array({given['signal']}); after worn_tooth(signal, {given['samples']}, …) it is "
            f"{signal.tolist()}, and Julia left {answered['signal']}"
        )


check_worn_tooth_signal()


### BEGIN HIDDEN TESTS
def check_worn_tooth_views():
    for signal, samples, expected in [
        ([3, 1, 2, 4, 0, 2, 4, 2, 1], 3, [0, 0, 0, 1, -1, 0, 1, 1, -1]),
        ([1, 1, 1, -3, 1, 2, 1, 9, 9, 7, 5], 3, [0, 0, 0, -4, 0, 1, 0, 8, 8, 7, 5]),
    ]:
        recording = np.zeros(2 * len(signal))
        recording[::2] = signal
        worn_tooth(recording[::2], samples, 0, 2)
        assert alike(recording[::2], expected) and not recording[1::2].any()


check_worn_tooth_views()
### END HIDDEN TESTS

# %% [markdown] hint="worn-tooth"
# A column for each turn in Julia's memory is a **row** for each turn in NumPy's. Make a table of shape
# (turns, samples), and swap the roles of rows and columns everywhere else.

# %% [markdown] hint="worn-tooth"
# `signal[: turns * samples].reshape(turns, samples)` is a view, so `-=` on it changes `signal`. (`reshape` copies only
# where it must. For one strip cut into rows it never must, even if the strip has gaps; for a table such as `x.T` it
# may.) Subtract a *copy* of its first row. `np.argmax` counts row after row and gives the position of the first largest
# item; `divmod(position, samples)` makes a turn and a sample of it.

# %% [markdown] hint="worn-tooth"
# ```python
# turns = len(signal) // samples
# x = signal[: turns * samples].reshape(turns, samples)
# first_turn = x[0].copy()
# ...                                      # subtract it from each row
# turn, sample = divmod(int(np.argmax(np.abs(x))), samples)
# teeth = int((sample - mark) / per_tooth)
# ...
# ```

# %% [markdown]
# ## 4 · Java: 32 bits, and not one more
#
# Java states a type for everything: `int` is a whole number of 32 bits, with values from −2³¹ to 2³¹ − 1. What does not
# fit is cut off: only the lowest 32 bits stay. Programs that mix bits rely on it, and one use of that is a **hash**: a
# number computed from a text, the same each time, that looks like chance.
#
# The class you will port uses the *hashing trick*: to make a row of numbers of fixed size out of words that nobody
# listed beforehand, let the hash of a word say which place in the row it counts for. No vocabulary has to be stored,
# and a new word needs no new column.

# %%
rosetta.program("EventFeatures.java")

# %% [markdown]
# | Java | meaning |
# |---|---|
# | `static int hash(String word)` | a function that takes a text and returns an `int` |
# | `int hash = hash(word);` | a variable with the name of the function; Java keeps the two apart, Python would not |
# | `word.charAt(i)` | character number i, from 0; in a computation it counts as its code, as `ord` gives it in Python |
# | `a ^ b` | bit by bit: 1 where the two differ; in Python the same |
# | `a >>> 15` | the 32 bits moved 15 places to the right; **zeros** come in on the left, also for a negative number |
# | `test ? a : b` | `a if test else b` |
# | `for (String word : words)` | `for word in words`; in `for (int i = 0; i < n; i++)`, i goes from 0 to n − 1 |
# | `new int[size]` | so many zeros |
# | `Math.floorMod(a, b)` | remainder after rounding down, like Python's `%` |
# | `a % b` | remainder after cutting towards zero: −7 % 2 is −1 |
#
# A negative number has no minus sign in memory. In 32 bits, −1 is stored as 2³² − 1, which is 32 ones; in general −n
# is stored as 2³² − n. So the same bits can be read with a sign or without:

# %% given="signed"
MASK = 0xFFFFFFFF  # 32 ones


def signed(number):
    """The lowest 32 bits of a whole number, read with a sign as Java reads an int."""
    bits = number & MASK  # & keeps the bits that both have: 0 to 2**32 - 1
    return bits - 2**32 if bits >= 2**31 else bits


# %%
for line, number in [("2147483647 + 1", 2147483647 + 1), ("31 * 2147483647", 31 * 2147483647)]:
    print(f"{line:17} Python {number:12}   its 32 bits with a sign {signed(number):12}   Java {book['java'][line]:>12}")
print("-8 >>> 1 in Java:", book["java"]["-8 >>> 1"], "  Python: -8 >> 1 is", -8 >> 1, "without sign", (-8 & MASK) >> 1)

hashes, longest = [7], [7]
for letter in "pressure":
    hashes.append(signed(31 * hashes[-1] + ord(letter)))
    longest.append(31 * longest[-1] + ord(letter))
_, axes = plt.subplots(figsize=(7, 3.2))
axes.axhspan(-(2**31), 2**31, color="#eeeeee")
axes.plot(longest, color=ORANGE, marker="o")
axes.plot(hashes, color=BLUE, marker="s")
axes.set_yscale("symlog", linthresh=1e6)
axes.set_yticks([-(10**9), 0, 10**9, 10**11, 10**13], ["−10⁹", "0", "10⁹", "10¹¹", "10¹³"])
axes.minorticks_off()
axes.set_xticks(range(9), ["7", *(f"+ {letter}" for letter in "pressure")])
axes.annotate("Python: grows on", (7.3, 2e12), color=ORANGE, ha="right")
axes.annotate("Java: stays in 32 bits (grey)", (5.2, -2e7), color=BLUE, ha="right")
axes.set(title="31 · hash + letter, letter by letter", ylabel="hash (logarithmic,\nup and down from 0)")
plt.tight_layout()
plt.show()

# %% [markdown]
# Up to the fifth letter, the two agree: a test with short words, such as `ok`, passes. That is what makes **integer
# overflow** nasty. `signed` is given, and you may use it. NumPy's `np.int32` cuts off too, single numbers with a
# warning, arrays in silence.
#
# And the program has a mistake. The author wanted +1 for odd hashes. But for a negative odd hash, `hash % 2` is −1 in
# Java, not 1, so it gets −1. The models were trained with that. You port it as it is.
#
# One more trap: a Java `char` has 16 bits. Characters with codes above 65,535, such as the spanner 🔧, are stored as
# **two** chars. (So Java calls the length of that text 2.) The encoding UTF-16 says which:

# %%
for text in ("é", "🔧"):
    data = text.encode("utf-16-le")  # two bytes for each char, the lower one first
    chars = struct.unpack(f"<{len(data) // 2}H", data)
    print(text, "Python:", [ord(letter) for letter in text], "  Java:", list(chars))


def features_naive(words, size):
    """Word for word."""
    sums = [0] * size
    for word in words:
        value = 7
        for letter in word:
            value = 31 * value + ord(letter)
        value ^= value >> 15
        sums[value % size] += 1 if value % 2 == 1 else -1
    return [100 * number // len(words) for number in sums]


for given, answered in rosetta.golden("events"):
    print("naive:", features_naive(**given), "  Java:", answered["features"])

# %% [markdown]
# `struct.unpack` reads bytes as numbers: `<` the lower byte first, `H` whole numbers of 16 bits without a sign.
#
# ### Exercise 3 · Words to numbers
#
# Write two functions, ports of those in `EventFeatures.java`.
#
# - `event_hash(word)` takes a text, perhaps empty, and returns the whole number that Java's `hash` returns, with its
#   sign. The text may hold any characters, also those that are two chars in Java, but never one half of such a pair
#   alone (as `"\ud83d"`, which `encode` refuses).
# - `event_features(words, size)` takes a list of at least one text and a whole number of at least 1, and returns
#   `size` whole numbers (as a list, tuple or array), as Java's `features` does. There are at most a million texts, so
#   `100 * sums[i]` does not overflow.

# %% exercise="event-features" difficulty=4 minutes=35 skills="read-languages"
def event_hash(word):
    """Return the hash of a text, a whole number from -2**31 to 2**31 - 1; a port of EventFeatures.hash."""
    ### BEGIN SOLUTION
    data = word.encode("utf-16-le")
    bits = 7
    for char in struct.unpack(f"<{len(data) // 2}H", data):
        bits = 31 * bits + char & MASK
    return signed(bits ^ bits >> 15)
    ### END SOLUTION


def event_features(words, size):
    """Turn a list of words into `size` whole numbers; a port of EventFeatures.features."""
    ### BEGIN SOLUTION
    sums = [0] * size
    for word in words:
        value = event_hash(word)
        sums[value % size] += 1 if math.fmod(value, 2) > 0 else -1
    return [int(100 * number / len(words)) for number in sums]
    ### END SOLUTION


# %% check="event-features-hash" points=2 hidden="other recorded words: empty, long, with characters that are two chars in Java"
def check_event_hash():
    for given, answered in rosetta.golden("events"):
        for word, expected in zip(given["words"], answered["hashes"]):
            got = outcome_of(event_hash, word)
            assert not isinstance(got, Exception) and got == expected, (
                f"event_hash({word!r}) gave {got!r}, and Java answered {expected}"
            )


check_event_hash()

### BEGIN HIDDEN TESTS
for word, expected in {
    "": 7, "a": 314, "the quick brown fox jumps over the lazy dog": -665835601, "leak at joint 14": 1589514989,
    "🔧": 1779431, "🔧 worn": 395052059, "pumpe äöü": 1352913830, "\uffff": 65754, "reset controller": -359642057,
}.items():  # fmt: skip
    assert event_hash(word) == expected
### END HIDDEN TESTS


# %% check="event-features-rows" points=3 hidden="other recorded rows: sizes of one and of a prime number, shares that are no whole per cents"
def check_event_features():
    for given, answered in rosetta.golden("events"):
        words, size, expected = given["words"], given["size"], answered["features"]
        got = outcome_of(event_features, words, size)
        assert not isinstance(got, Exception) and alike(got, expected), (
            f"event_features({words}, {size}) gave {got!r}, and Java answered {expected}. The hashes are "
            f"{answered['hashes']}."
        )


check_event_features()

### BEGIN HIDDEN TESTS
for words, expected in [
    (["", "a", "the quick brown fox jumps over the lazy dog"], [0, 33, -66]),
    (["🔧", "🔧 worn", "pumpe äöü", "\uffff"], [0, 0, -25, 25, 0, 0, 0]),
    ([f"alarm {number}" for number in range(9)], [-100]),
    (3 * ["leak"] + 4 * ["leak at joint 14"] + 6 * ["reset controller"], [0, -46, -23, 0, 0, 30]),
]:
    assert alike(event_features(words, len(expected)), expected)
### END HIDDEN TESTS

# %% [markdown] hint="event-features"
# Inside `event_hash`, keep the bits *without* a sign, by `& MASK` after each step. Then `>>` brings in zeros, as `>>>`
# does in Java. Put the sign back at the very end, with `signed`.

# %% [markdown] hint="event-features"
# Python's `%` is Java's `Math.floorMod`. For Java's `hash % 2 == 1`, ask: which hashes give 1? Only positive odd ones.
# And `100 * sums[i] / words.length` cuts towards zero: −200 / 3 is −66. `int(a / b)` cuts, too.

# %% [markdown] hint="event-features"
# ```python
# def event_hash(word):
#     data = word.encode("utf-16-le")
#     bits = 7
#     for char in ...:                     # as in the cell with the spanner
#         bits = (31 * bits + char) & MASK
#     ...                                  # Java's last line; the sign comes back here
# ```
#
# In `event_features`: `sign = 1 if value > 0 and value % 2 == 1 else -1`.

# %% [markdown]
# *A good place for a pause.*
#
# ## 5 · C++: copies unless you say otherwise
#
# C++ states types, as Java does. Its types say how many bits they have and whether there is a sign: `std::uint32_t` is
# a whole number *without* a sign of 32 bits, from 0 to 2³² − 1, and `std::uint8_t` goes from 0 to 255. These wrap
# round, by rule: after the largest comes 0. For an `int`, which has a sign, overflow is undefined; a compiler may
# assume that it never happens.

# %%
for line in ["empty.size() - 1", "late - early", "static_cast<int>(static_cast<std::uint8_t>(255 + 1))",
             "(by_value(channel), channel.alarms)", "(by_reference(channel), channel.alarms)"]:  # fmt: skip
    print(f"C++> {line:55} {book['cpp'][line]}")

# %% [markdown]
# - `std::` stands before names of the standard library.
# - The size of an empty list minus one: sizes have no sign, so it is 18 quintillion. A loop up to there does not end
#   well.
# - A timer of 32 bits said 4,294,967,290 early and 10 late. It has passed zero in between, and the *difference* is
#   right all the same: 16. Controllers rely on it.
# - `static_cast<T>(x)` makes a `T` of x. 256 does not fit into a `std::uint8_t`, so 0 is left.
# - Then **value and reference**. In `(f(channel), channel.alarms)`, the comma does the first thing, forgets what it
#   gave, and gives the second. Both functions add 1 to the alarms. The first one takes `Channel channel`, gets a copy,
#   and the caller's object stays at 0. The second one takes `Channel& channel`: `&` makes a **reference**, a second
#   name for the caller's object.
#
# In C++, `=` copies an object with all its fields, in Python it never does. The program:

# %%
rosetta.program("watchdog.cpp")

# %% [markdown]
# | C++ | meaning |
# |---|---|
# | `struct Channel { … }` | a class with these fields and first values |
# | `std::vector<int>` | a list of `int` |
# | `const std::vector<int>& raw` | taken by reference (not copied), and not to be changed |
# | `std::vector<Channel> state(channels)` | a list of so many new channels |
# | `std::size_t` | a whole number without a sign, as sizes are |
# | `for (start; while; step) { … }` | `++row` adds 1 |
# | `Channel& now = state[c];` | a reference: `now` is a second name for item c |
# | `Channel before = now;` | no `&`: a new object |
# | `now.level += … / 4` | whole numbers: cut towards zero |
# | `raw[row * channels + c]` | a table in row-major order, read from its strip |
# | `a && b`, `std::abs(x)` | `a and b`, `abs(x)` |
#
# Here is a port, word for word. Watch the alarms:

# %%
class NaiveChannel:
    def __init__(self):
        self.level, self.ms, self.alarms = 0, 0, 0


def watch_naive(ms, raw, channels):
    state = [NaiveChannel() for _ in range(channels)]
    for row in range(len(ms)):
        for c in range(channels):
            now = state[c]
            before = now
            now.level += (raw[row * channels + c] - now.level) // 4
            now.ms = ms[row]
            gap = now.ms - before.ms
            if gap <= 1000 and abs(now.level - before.level) >= 20:
                now.alarms += 1
    return {"levels": [c.level for c in state], "ms": [c.ms for c in state], "alarms": [c.alarms for c in state]}


for given, answered in rosetta.golden("watchdog"):
    print("naive:", watch_naive(**given))
    print("C++:  ", answered)

# %% [markdown]
# No alarm, ever. `before = now` copied the channel in C++. In Python it made a second name for the same one, so nothing
# ever differs from "before". A watchdog that never barks passes every test in which nothing happens. And the levels
# are off by one here and there, because `//` rounds down.
#
# ### Exercise 4 · The watchdog
#
# Write `watch(ms, raw, channels)`, a port of `watchdog.cpp`.
#
# - `ms` is a list of whole numbers from 0 to 2³² − 1, perhaps empty; the timer may pass zero at any row. `channels` is
#   a whole number of at least 1. `raw` is a list of `len(ms) * channels` whole numbers from −30,000 to 30,000.
# - Return a dictionary of three lists (tuples or arrays are fine) with a whole number for each channel, as they are
#   after the last row: `"levels"`, `"ms"`, `"alarms"`. The alarms are a `std::uint8_t`, so after 255 comes 0.
# - The two lists are not changed.

# %% exercise="watchdog" difficulty=3 minutes=30 skills="read-languages"
def watch(ms, raw, channels):
    """Follow the temperature of each channel and count its jumps; a port of watchdog.cpp.

    Args:
        ms: time of each row, from a timer of 32 bits.
        raw: readings, row after row, one for each channel.
        channels: how many there are.

    Returns:
        A dictionary with levels, ms and alarms, each a list with a whole number for each channel.
    """
    ### BEGIN SOLUTION
    levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
    for row, now in enumerate(ms):
        for c in range(channels):
            step = int((raw[row * channels + c] - levels[c]) / 4)
            gap = (now - times[c]) % 2**32
            levels[c] += step
            times[c] = now
            if gap <= 1000 and abs(step) >= 20:
                alarms[c] = (alarms[c] + 1) % 256
    return {"levels": levels, "ms": times, "alarms": alarms}
    ### END SOLUTION


# %% check="watchdog-levels" points=2 hidden="other recorded cases: no rows at all, many channels, negative levels"
def check_watchdog_levels():
    for given, answered in rosetta.golden("watchdog"):
        ms, raw, channels = given["ms"], given["raw"], given["channels"]
        kept = list(ms), list(raw)
        got = outcome_of(watch, ms, raw, channels)
        part = {key: got.get(key) for key in ("levels", "ms")} if isinstance(got, dict) else got
        expected = {key: answered[key] for key in ("levels", "ms")}
        assert alike(part, expected), f"watch({ms}, {raw}, {channels}) gave {part!r}, and C++ answered {expected}"
        assert (ms, raw) == kept, f"watch({kept[0]}, {kept[1]}, {channels}) changed its lists to {ms} and {raw}"


check_watchdog_levels()


### BEGIN HIDDEN TESTS
def check_watchdog_more():
    rows = [100, 80, -80, -79, 79, 300, 161, -300, -161, 1, -5, -6, -7, -8, -9, 0, 77, 78, -77, -78]
    late = [1001, 2001, 2002, 2002, 2**32 - 1]
    wrapped = [-83, 81, 5, 3, -3, -400, 400, -7, 800, -9, 200, -800]
    half = [900, 2**31 + 1000, 2**31 + 2000, 2**31 + 2000]
    rows_of_half = [79, -79, 80, -80, 400, -400, 400, -400, 120, -120, 120, -120, 203, -203, 198, -198]
    for ms, raw, channels, levels in [
        (late, [*rows, 999, -999, 5, 6, 7], 5, [288, -213, -24, -37, -8]),
        (half, rows_of_half, 4, [137, -137, 136, -136]),
        ([2**32 - 1, 0, 999, 2000], wrapped, 3, [64, 57, -106]),
        ([], [], 2, [0, 0]),
    ]:
        got = watch(ms, raw, channels)
        assert alike(got["levels"], levels) and alike(got["ms"], channels * (ms[-1:] or [0]))


check_watchdog_more()
### END HIDDEN TESTS


# %% check="watchdog-alarms" points=3 hidden="other recorded cases: times and steps on the limits, a timer that passes zero, 280 alarms"
def check_watchdog_alarms():
    for given, answered in rosetta.golden("watchdog"):
        ms, raw, channels = given["ms"], given["raw"], given["channels"]
        got = outcome_of(watch, ms, raw, channels)
        part = got.get("alarms") if isinstance(got, dict) else got
        assert alike(part, answered["alarms"]), (
            f"watch({ms}, {raw}, {channels}): the alarms are {part!r}, and C++ answered {answered['alarms']}. What is "
            "before, and what is a gap when the timer passes zero?"
        )


check_watchdog_alarms()


### BEGIN HIDDEN TESTS
def check_watchdog_more_alarms():
    rows = [100, 80, -80, -79, 79, 300, 161, -300, -161, 1, -5, -6, -7, -8, -9, 0, 77, 78, -77, -78]
    late = [1001, 2001, 2002, 2002, 2**32 - 1]
    wrapped = [-83, 81, 5, 3, -3, -400, 400, -7, 800, -9, 200, -800]
    half = [900, 2**31 + 1000, 2**31 + 2000, 2**31 + 2000]
    rows_of_half = [79, -79, 80, -80, 400, -400, 400, -400, 120, -120, 120, -120, 203, -203, 198, -198]
    for ms, raw, channels, alarms in [
        (late, [*rows, 999, -999, 5, 6, 7], 5, [2, 1, 3, 1, 1]),
        (half, rows_of_half, 4, [1, 1, 2, 2]),
        ([2**32 - 1, 0, 999, 2000], wrapped, 3, [1, 0, 2]),
        ([1000 * number for number in range(1, 281)], 140 * [4000, -4000], 1, [24]),
    ]:
        assert alike(watch(ms, raw, channels)["alarms"], alarms)


check_watchdog_more_alarms()
### END HIDDEN TESTS

# %% [markdown] hint="watchdog"
# `before` has to hold the old level and the old time as numbers of their own. You need no class: three lists, one for
# each field, will do. Work out the gap before you overwrite the time.

# %% [markdown] hint="watchdog"
# The difference of two times, in 32 bits without a sign, is `(new - old) % 2**32`. Alarms are counted modulo 256. For a
# division that cuts towards zero: `int(a / 4)` will do for numbers of this size.

# %% [markdown] hint="watchdog"
# ```python
# levels, times, alarms = [0] * channels, [0] * channels, [0] * channels
# for row in range(len(ms)):
#     for c in range(channels):
#         before = levels[c]
#         gap = (ms[row] - times[c]) % 2**32
#         levels[c] += ...
#         times[c] = ms[row]
#         ...                              # an alarm?
# ```

# %% [markdown]
# *Another good place for a pause.*
#
# ## 6 · The other direction: C++ called from Python
#
# NumPy is fast where one step works on many numbers at once. Some computations are not like that: each number needs
# the one before. An example is the running level of a sensor, level = level + share · (reading − level). That takes a
# loop, and loops are what Python is slow at.
#
# A **kernel** is the small inner part of a program in which the time goes, written for speed. You write it in C++; a
# **compiler** translates it to machine code, in a file called a **shared library** (`.so`, on Windows `.dll`);
# Python loads the library. The module `ctypes` of the standard library does that.

# %%
SMOOTH = r"""
#include <cstdint>

extern "C" double smooth(double* values, std::int64_t count, double share) {
    double level = 0.0;
    for (std::int64_t i = 0; i < count; ++i) {
        if (i == 0) {
            level = values[i];
        } else {
            level += share * (values[i] - level);
        }
        values[i] = level;
    }
    return level;
}
"""
library = native.load(SMOOTH, "smooth", native.smooth_stand_in)

# %% [markdown]
# If the cell says that there is no compiler: no harm. Wherever this lesson needs C++, a stand-in written in Python
# takes its place and says so. You can solve and hand in everything; only the speed of C++ you will not see. (To install
# one: Xcode's command line tools on macOS, the package `g++` on Linux, Visual Studio Build Tools on Windows, where
# JupyterLab then has to be started from their developer prompt.)
#
# How to read the source:
#
# - `#include <cstdint>` makes a part of the standard library known, here the type names such as `std::int64_t`.
# - `extern "C"` gives the function a plain name in the library. Without it, C++ adds the types to the name, and Python
#   does not find `smooth`.
# - `double` is a number of 64 bits, the same as Python's `float` and NumPy's `float64`.
# - `double* values` is a **pointer**: the address in memory of the first number. `values[i]` is number i from there.
#   The function cannot know how many there are, so `count` says it. A `const double*` points to numbers that are only
#   read.
#
# A library carries no note of the types that its functions take. `ctypes` assumes whole numbers of 32 bits, for the
# result as well, until you tell it. Four names of `ctypes` and NumPy:
#
# - `POINTER(c_double)` is the type of a pointer to doubles, `double*`. `array.ctypes.data_as(DOUBLES)` is the address
#   of the array's numbers, as such a pointer.
# - `library.smooth.argtypes` is the list of the types of the arguments, `restype` the type of the result. Both stay
#   with the function of this loaded library.

# %%
DOUBLES = ctypes.POINTER(ctypes.c_double)
readings = np.array([10.0, 20.0, 20.0, 0.0])
address = readings.ctypes.data_as(DOUBLES)
print("nothing declared:", repr(outcome_of(library.smooth, address, 4, 0.5)))
print("restype missing: ", library.smooth(address, 4, ctypes.c_double(0.0)), "instead of 10.0")

library.smooth.argtypes = [DOUBLES, ctypes.c_int64, ctypes.c_double]
library.smooth.restype = ctypes.c_double  # None for a function that returns nothing
readings = np.array([10.0, 20.0, 20.0, 0.0])
print("all declared:    ", library.smooth(readings.ctypes.data_as(DOUBLES), 4, 0.5), readings)

# %% [markdown]
# The first mistake is an error message: undeclared, `ctypes` does not take a Python float. `ctypes.c_double(0.0)` says
# what it is; with `argtypes`, `ctypes` does that for you. The second mistake is a number that means nothing. A whole
# number and a double come back in different places of the processor, and `ctypes` looked in the wrong one. (If it says
# 4, the count, that is a leftover of the loop.)
#
# And there are mistakes that no declaration prevents, because a pointer is only an address. What lies there, nobody
# checks:

# %%
def level_of(array, count):
    return library.smooth(array.ctypes.data_as(DOUBLES), count, 0.5)


table = np.array([[1.0, 10.0, 100.0], [2.0, 20.0, 200.0], [3.0, 30.0, 300.0]])
print("float32, read as float64:  ", level_of(np.array([10, 20, 20, 0], dtype=np.float32), 2))
print("the bytes turned round:    ", level_of(np.array([10, 20, 20, 0], dtype=">f8"), 4))
print("a column, pointer only:    ", level_of(table.copy()[:, 1], 3))
print("a column, put together:    ", level_of(np.asarray(table[:, 1], order="C"), 3), " as 10, 20, 30 must give")

# %% [markdown]
# A double has eight bytes. Nearly every computer stores the lowest one first, but NumPy can also hold arrays with the
# highest first, as some files have them: `dtype=">f8"`, or `table.astype(">f8")`. That is the **byte order**. And a
# column of a row-major table does not lie together in memory: its pointer leads to 10, 100, 2.
#
# `np.asarray(x, dtype=np.float64, order="C")` gives an array of that type, in this computer's byte order, whose
# numbers lie together in row-major order: x itself if it is one already, else a copy. (`C` as in the language C.) Keep
# it in a variable until the call is over: a bare address does not keep an array alive.
#
# Last, the mistake that hurts most. C++ does not check an index either. `values[count]` reads whatever lies behind the
# array; writing there damages something else, or ends the process at once, and in a notebook that is the kernel with
# all your variables. (JupyterLab then says that the kernel died; run the cells again.) So the checks call your C++ in
# a process apart, where a crash costs nothing.
#
# ### A distance for curves
#
# When a pump starts, its current draws a curve. Curves of the same fault look alike, but one is slower at the
# beginning, another one at the end. To compare them sample by sample is unfair. **Dynamic time warping** pairs the
# samples so that both curves only run forward, one may wait for the other, and the differences are as small as
# possible. (The next cell is locked. Read it: you will port it.)

# %% given="warp"
def warp_slow(query, curve, penalty):
    """The warping distance of two curves, by plain loops: the smallest sum of costs over all ways to pair them.

    A way begins with the first samples of both, ends with the last of both, and in each step moves on by one sample in
    both, or only in one of them; the other one waits, which costs the penalty. A pair costs the absolute difference.
    """
    row = [0.0] + [math.inf] * len(curve)  # row[j]: the best sum for the samples of query so far and j of curve
    for value in query:
        above, row = row, [math.inf]
        for j, other in enumerate(curve):
            best = min(above[j], above[j + 1] + penalty, row[j] + penalty)
            row.append(best + abs(value - other))
    return row[-1]


# %% given="warp-tools"
# Two tools, which you need not read: one for the timing at the end, one for the next figure.
def warp_numpy(query, curves, penalty):
    """The same for many curves at once: each step works on one sample of all curves."""
    curves = np.asarray(curves, dtype=float)
    row = np.full((curves.shape[1] + 1, len(curves)), math.inf)
    row[0] = 0.0
    for value in query:
        above, row = row, np.full_like(row, math.inf)
        for j, others in enumerate(curves.T):
            best = np.minimum(above[j], np.minimum(above[j + 1], row[j]) + penalty)
            row[j + 1] = best + np.abs(value - others)
    return row[-1]


def pairs_of(query, curve, penalty):
    """The pairs of samples on a best way, from the last to the first."""
    i, j = len(query), len(curve)
    while i and j:
        yield i - 1, j - 1
        ways = [(i - 1, j - 1, 0.0), (i - 1, j, penalty), (i, j - 1, penalty)]
        ways = [way for way in ways if (way[0] > 0) == (way[1] > 0)]
        i, j, _ = min(ways, key=lambda way: warp_slow(query[: way[0]], curve[: way[1]], penalty) + way[2])


# %%
phase = np.linspace(0, 1, 20)
first, second = np.exp(-(((phase - 0.35) / 0.12) ** 2)), np.exp(-(((phase - 0.6) / 0.16) ** 2))
_, axes = plt.subplots(figsize=(7, 4))
for i, j in pairs_of(first.tolist(), second.tolist(), 0.01):
    axes.plot([i, j], [first[i] + 2.4, second[j]], color="#bbbbbb", linewidth=1)
axes.plot(first + 2.4, color=BLUE, marker="o", markersize=4)
axes.plot(second, color=ORANGE, marker="s", markersize=4)
axes.set(title="Two starts of a pump, and their pairs: in a fan, one curve waits", xlabel="sample", yticks=[])
axes.set_xticks(range(0, 20, 5))
plt.show()
print("sample by sample:", round(float(np.abs(first - second).sum()), 3))
print("warped:          ", round(warp_slow(first.tolist(), second.tolist(), 0.01), 3))

# %% [markdown]
# The table of best sums is filled from its first cell to its last, and each cell needs three that came before: no
# single NumPy expression does that. `warp_numpy` works on all curves at once, which helps when there are many.
#
# What you need to write C++: every statement ends with `;`, blocks stand in braces, every variable has a type.
# `std::vector<double> row(m + 1, 0.0);` makes a list of m + 1 zeros, `row[j]` is an item, and the memory is given
# back at the end of the block. `double* out` is an array of the caller's; you write into it. Of the standard library:
#
# | header | gives you |
# |---|---|
# | `<cstdint>` | `std::int64_t` |
# | `<vector>` | `std::vector` |
# | `<cmath>` | `std::abs` for numbers with a fraction (without `std::` it may be the one for whole numbers) |
# | `<algorithm>` | `std::min(a, b)`, of two numbers of the same type |
# | `<limits>` | `std::numeric_limits<double>::infinity()` |
#
# A compiler checks types and grammar before anything runs. Its first message is the one to read: it names the line.

# %%
LARGEST_SUM = r"""
#include <algorithm>
#include <cstdint>
#include <vector>

extern "C" double largest_sum(const double* values, std::int64_t count) {
    std::vector<double> sums(count + 1, 0.0);
    for (std::int64_t i = 0; i < count; ++i) {
        sums[i + 1] = std::max(sums[i], 0.0) + values[i]
    }
    return sums[count];
}
"""
print(outcome_of(native.build, LARGEST_SUM, "largest_sum"))

# %% [markdown]
# ### Exercise 5 · The kernel
#
# Write `kernel_source()`. It returns a text: C++ source with this function, which computes what `warp_slow` computes,
# for one query and k curves.
#
# ```cpp
# extern "C" void warp_distances(const double* query, std::int64_t n,
#                                const double* curves, std::int64_t k, std::int64_t m,
#                                double penalty, double* out)
# ```
#
# - `query` has n ≥ 1 samples. `curves` holds k ≥ 0 curves of m ≥ 1 samples each, as a table of k rows in **row-major
#   order**. `penalty` is 0 or more. No number is infinite or NaN.
# - `out` has room for k numbers; put the distance of the query and curve number c at `out[c]`.
# - Nothing outside these arrays is touched, and `query` and `curves` are not changed.
# - The source is C++17, complete with its `#include` lines. The tolerance is 1e-9.
#
# Begin with `return r"""` and end with `"""`; between them you are in C++. (The `r` keeps Python from interpreting
# backslashes.) Where no compiler is found, the checks say so and look only for `extern "C"` and the function's name
# in your text.

# %% given="kernel-results"
def kernel_results(cases):
    """What your kernel answers to cases (query, curves, penalty), in a process apart; None without a compiler."""
    source = kernel_source()
    assert isinstance(source, str), f"kernel_source() returned {source!r}, expected a text"
    try:
        return native.call_apart(source, [[list(query), list(curves), penalty] for query, curves, penalty in cases])
    except native.NoCompiler:
        print("NOT TESTED: no C++ compiler was found on this computer, so your kernel did not run.")
        assert 'extern "C"' in source and "warp_distances" in source, (
            'kernel_source() does not contain extern "C" and warp_distances'
        )
        return None
    except native.CompileError as error:
        raise AssertionError(f"the compiler refused kernel_source():\n{error}") from None


# %% exercise="warp-kernel" difficulty=4 minutes=55 skills="call-native-code read-languages"
def kernel_source():
    """Return C++ source that offers warp_distances."""
    ### BEGIN SOLUTION
    return r"""
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

extern "C" void warp_distances(const double* query, std::int64_t n,
                               const double* curves, std::int64_t k, std::int64_t m,
                               double penalty, double* out) {
    const double infinity = std::numeric_limits<double>::infinity();
    std::vector<double> row(m + 1);
    for (std::int64_t c = 0; c < k; ++c) {
        const double* curve = curves + c * m;  // where row c begins
        std::fill(row.begin(), row.end(), infinity);
        row[0] = 0.0;
        for (std::int64_t i = 0; i < n; ++i) {
            double corner = row[0];  // what stood at row[j] before this sample
            row[0] = infinity;
            for (std::int64_t j = 0; j < m; ++j) {
                const double above = row[j + 1];
                const double best = std::min(corner, std::min(above, row[j]) + penalty);
                row[j + 1] = best + std::abs(query[i] - curve[j]);
                corner = above;
            }
        }
        out[c] = row[m];
    }
}
"""
    ### END SOLUTION


# %% check="warp-kernel-values" points=4 hidden="many random curves, curves of one sample, no curves at all, the same call twice"
def cheapest(query, curve, penalty):
    """The warping distance from the end to the beginning: what the rest of the way costs from a pair on."""

    @cache
    def rest(i, j):
        here = abs(query[i] - curve[j])
        if (i, j) == (len(query) - 1, len(curve) - 1):
            return here
        ways = [(i + 1, j + 1, 0.0), (i + 1, j, penalty), (i, j + 1, penalty)]
        return here + min(rest(a, b) + cost for a, b, cost in ways if a < len(query) and b < len(curve))

    return rest(0, 0)


def check_kernel():
    cases = [
        ([1.0, 2.0, 4.0], [[1.0, 2.0, 4.0]], 0.0),
        ([1.0, 2.0, 4.0], [[1.0, 1.0, 2.0, 4.0], [4.0, 2.0, 1.0, 0.5]], 0.25),
        ([0.5], [[2.0, -1.75]], 3.0),
        ([0.0, 3.5, -1.25, 0.75], [[0.25, 3.0], [0.0, -0.5], [9.0, -9.5]], 0.5),
    ]
    for (query, curves, penalty), result in zip(cases, kernel_results(cases) or []):
        expected = [cheapest(query, curve, penalty) for curve in curves]
        got = result["distances"] and [float(number) for number in result["distances"]]
        written = got and ["(not written)" if number == native.GUARD else number for number in got]
        assert alike(got, expected), (
            f"query {query}, curves {curves}, penalty {penalty}: out is {written}, expected {expected}. "
            f"{result['ended']}"
        )


check_kernel()


### BEGIN HIDDEN TESTS
def check_kernel_random():
    draw, cases = np.random.default_rng(3), []
    for n, k, m in [(1, 1, 1), (5, 4, 1), (1, 3, 6), (7, 2, 5), (4, 6, 9), (12, 3, 12), (3, 0, 1), (6, 5, 6)]:
        query, curves = draw.normal(0, 1.5, n).tolist(), draw.normal(0, 1.5, (k, m)).tolist()
        cases.append((query, curves, float(draw.choice([0.0, 0.1, 0.7]))))
    cases.append(cases[-1])
    for (query, curves, penalty), result in zip(cases, kernel_results(cases) or []):
        expected = [cheapest(query, curve, penalty) for curve in curves]
        assert alike([float(number) for number in result["distances"]], expected)


check_kernel_random()
### END HIDDEN TESTS


# %% check="warp-kernel-memory" points=2
def check_kernel_memory():
    cases = [
        ([1.0, -2.0, 3.0], [[1.0, 0.5], [2.0, -0.5], [3.0, 0.25], [0.0, 0.0]], 0.5),
        ([1.0], [[0.5]], 0.0),
        ([0.25, 0.5], [], 1.0),
        ([float(i % 5) for i in range(40)], [[float(i % 7) for i in range(60)], [1.0] * 60], 0.25),
    ]
    for (query, curves, penalty), result in zip(cases, kernel_results(cases) or []):
        assert not result["harm"] and not result["ended"], (
            f"{len(query)} samples of query, {len(curves)} curves: {result['harm']}{result['ended']}"
        )


check_kernel_memory()

# %% [markdown] hint="warp-kernel"
# Port `warp_slow` line by line, with a loop over the curves around it. Curve c begins at `curves + c * m`, so its
# sample j is `curves[c * m + j]`. Use two vectors, `above` and `row`, of m + 1 numbers each.

# %% [markdown] hint="warp-kernel"
# Each curve begins anew: set `row` to infinity and `row[0]` to 0 inside the loop over the curves. In the loop over the
# samples of the query: `above = row;` copies all numbers (this is C++), then `row[0] = infinity;`.

# %% [markdown] hint="warp-kernel"
# ```cpp
# const double infinity = std::numeric_limits<double>::infinity();
# for (std::int64_t c = 0; c < k; ++c) {
#     std::vector<double> row(m + 1, infinity), above(m + 1);
#     row[0] = 0.0;
#     for (std::int64_t i = 0; i < n; ++i) {
#         above = row;
#         row[0] = infinity;
#         for (std::int64_t j = 0; j < m; ++j) {
#             double best = std::min(above[j], ...);
#             ...
#         }
#     }
#     out[c] = row[m];
# }
# ```

# %% [markdown]
# ### Exercise 6 · The wrapper
#
# Nobody should have to think of pointers when they want a distance. Write
# `warp_distances(library, query, curves, penalty=0.0)`. `library` is a loaded library that offers the function of
# exercise 5; its `argtypes` and `restype` are not declared yet.
#
# - `query` is a sequence of n ≥ 1 numbers. `curves` is a table of k ≥ 0 rows and m ≥ 1 columns. Each may be a list
#   (of lists), a tuple or a NumPy array, of any whole-number or float type, in any memory layout (such as `table.T` or
#   `table[:, ::2]`) and either byte order (such as `table.astype(">f8")`). `penalty` is a number.
# - Return a new NumPy array of type float64 with the k distances, computed by `library.warp_distances`. For k = 0 you
#   may call it or not.
# - Raise a `ValueError`, **without calling** the library, if `query` is not one-dimensional or is empty, if `curves` is
#   not two-dimensional (such as `[]`) or has no columns, or if `penalty` is negative or NaN.
# - `query` and `curves` are not changed.
#
# The checks hand in a stand-in in place of a library. It is called through `ctypes` exactly as C++ would be, and
# reports what arrived. So they work without a compiler, and do not depend on your exercise 5.

# %% exercise="warp-wrapper" difficulty=3 minutes=40 skills="call-native-code"
def warp_distances(library, query, curves, penalty=0.0):
    """Return the warping distances of a query to each of k curves, computed by a loaded library.

    Args:
        library: offers warp_distances, as described in exercise 5.
        query: n numbers.
        curves: k rows of m numbers.
        penalty: what it costs when one of the two curves waits.

    Returns:
        A float64 array of k distances.

    Raises:
        ValueError: query or curves have a wrong shape, or the penalty is negative or NaN.
    """
    ### BEGIN SOLUTION
    query, curves = (np.asarray(array, dtype=np.float64, order="C") for array in (query, curves))
    if query.ndim != 1 or not query.size:
        raise ValueError(f"query must be a row of at least one number, not of shape {query.shape}")
    if curves.ndim != 2 or not curves.shape[1]:
        raise ValueError(f"curves must be a table with at least one column, not of shape {curves.shape}")
    if not penalty >= 0:
        raise ValueError(f"penalty must be 0 or more, not {penalty}")
    doubles, size = ctypes.POINTER(ctypes.c_double), ctypes.c_int64
    function = library.warp_distances
    function.argtypes = [doubles, size, doubles, size, size, ctypes.c_double, doubles]
    function.restype = None
    out = np.empty(len(curves))
    pointers = [array.ctypes.data_as(doubles) for array in (query, curves, out)]
    function(pointers[0], len(query), pointers[1], *curves.shape, penalty, pointers[2])
    return out
    ### END SOLUTION


# %% check="warp-wrapper-values" points=2 hidden="other tables, a penalty that is a whole number, a table without rows, the type of the result"
def check_wrapper():
    for query, curves, penalty in [
        ([1.0, 2.0, 4.0], [[1.0, 1.0, 2.0, 4.0], [4.0, 2.0, 1.0, 0.5]], 0.25),
        (np.array([0.5, 0.25]), np.array([[2.0, -1.75, 3.0]]), 0.0),
    ]:
        library = native.warp_stand_in()
        expected = [float(warp_slow(query, curve, penalty)) for curve in curves]
        got = outcome_of(warp_distances, library, query, curves, penalty)
        good = isinstance(got, np.ndarray) and got.dtype == np.float64 and alike(got, expected)
        assert good, (
            f"warp_distances(library, {query!r}, {curves!r}, {penalty}) gave {got!r}, expected the float64 array "
            f"{expected}. In the library arrived: {library.calls or 'no call'} (None: a pointer that leads nowhere)"
        )


check_wrapper()


### BEGIN HIDDEN TESTS
def check_wrapper_more():
    for query, curves, options in [
        ([3, 1, 2], [[1, 2, 3, 4], [0, 0, 0, 1], [5, 1, 1, 5]], {"penalty": 2}),
        ([0.5], [[0.25]], {}),
        ([1.5, 2.5], [[1.0, 2.0, 9.0]], {}),
        (np.array([3.0, 7.0]), np.empty((0, 4)), {"penalty": 1.0}),
    ]:
        got = warp_distances(native.warp_stand_in(), query, curves, **options)
        assert isinstance(got, np.ndarray) and got.dtype == np.float64 and got.shape == (len(curves),)
        assert alike(got, [warp_slow(query, curve, options.get("penalty", 0.0)) for curve in curves])


check_wrapper_more()
### END HIDDEN TESTS


# %% check="warp-wrapper-layouts" points=2 hidden="other types, layouts and byte orders, for both arguments"
def check_wrapper_layouts():
    table = np.arange(24.0).reshape(4, 6) % 5
    for name, query, curves in [
        ("table.T", [1.0, 2.0], table.T),
        ("table[:, ::2]", [1.0, 2.0], table[:, ::2]),
        ("np.asfortranarray(table)", [0.0, 3.0], np.asfortranarray(table)),
        ("table of type int32", [0.0, 3.0], table.astype(np.int32)),
        ('table.astype(">f8")', [0.0, 3.0], table.astype(">f8")),
        ("table, and as query table[:, 1]", table[:, 1], table),
    ]:
        kept, library = (np.array(query), curves.copy()), native.warp_stand_in()
        expected = [warp_slow(kept[0].tolist(), row, 0.5) for row in curves.tolist()]
        got = outcome_of(warp_distances, library, query, curves, 0.5)
        assert alike(got, expected), (
            f"table = {table.tolist()}, curves: {name}. warp_distances gave {got!r}, expected {expected}. In the "
            f"library arrived: {library.calls or 'no call'}"
        )
        same = np.array_equal(kept[0], query) and np.array_equal(kept[1], curves)
        assert same, f"warp_distances with {name} changed its arguments"


check_wrapper_layouts()


### BEGIN HIDDEN TESTS
def check_wrapper_more_layouts():
    table = np.arange(30.0).reshape(5, 6)[::-1] * 7 % 9 - 3
    for query in (table[2, ::-2], table[1].astype(">f4"), table[:, 3].astype(np.int8), tuple(table[0].tolist())):
        for curves in (table[::2, ::-1], table.astype(">f8"), table.astype(np.float32).T, table.astype(">i2")):
            kept = np.array(query), curves.copy()
            expected = [warp_slow(kept[0].tolist(), row, 0.125) for row in curves.tolist()]
            assert alike(warp_distances(native.warp_stand_in(), query, curves, 0.125), expected)
            assert np.array_equal(kept[0], query) and np.array_equal(kept[1], curves)


check_wrapper_more_layouts()
### END HIDDEN TESTS


# %% check="warp-wrapper-refuses" points=2 hidden="other shapes, and NaN as penalty"
def check_wrapper_refuses():
    for query, curves, penalty in [
        ([], [[1.0, 2.0]], 0.0),
        ([[1.0, 2.0]], [[1.0, 2.0]], 0.0),
        ([1.0], [1.0, 2.0], 0.0),
        ([1.0], np.empty((3, 0)), 0.0),
        ([1.0], [[1.0, 2.0]], -0.5),
    ]:
        library = native.warp_stand_in()
        got = outcome_of(warp_distances, library, query, curves, penalty)
        assert isinstance(got, ValueError) and not library.calls, (
            f"warp_distances(library, {query}, {curves!r}, {penalty}) gave {got!r} and called the library "
            f"{len(library.calls)} times, expected a ValueError and no call"
        )


check_wrapper_refuses()

### BEGIN HIDDEN TESTS
for query, curves, penalty in [
    (2.0, [[1.0]], 0.0), ([1.0], 5.0, 0.0), ([1.0], [[[1.0, 2.0]]], 0.0), ([1.0], [], 0.0), ([1.0], [[1.0]], math.nan),
    ([], np.empty((0, 3)), 0.0), ([[]], [[1.0]], 0.0), ([1.0], [[1.0]], -1e-9), ([1.0], [[]], 0.0),
]:  # fmt: skip
    library = native.warp_stand_in()
    assert isinstance(outcome_of(warp_distances, library, query, curves, penalty), ValueError) and not library.calls
### END HIDDEN TESTS

# %% [markdown] hint="warp-wrapper"
# Four steps: make arrays of float64 that lie together; look at their shapes; declare; call.
# `np.asarray(x, dtype=np.float64, order="C")` does the first, and `array.ndim` and `array.shape` answer the second.

# %% [markdown] hint="warp-wrapper"
# The seven `argtypes` follow the seven parameters of the C++ function: a pointer, a whole number, a pointer, two whole
# numbers, a `ctypes.c_double`, a pointer. The result array is yours: `out = np.empty(k)`, and its pointer is the last
# argument. For NaN, state what must be true, and put `not` before it.

# %% [markdown] hint="warp-wrapper"
# ```python
# doubles = ctypes.POINTER(ctypes.c_double)
# function = library.warp_distances
# function.argtypes = [doubles, ctypes.c_int64, doubles, ctypes.c_int64, ctypes.c_int64, ctypes.c_double, doubles]
# function.restype = None
# query = np.asarray(query, dtype=np.float64, order="C")
# ...
# function(query.ctypes.data_as(doubles), len(query), ..., penalty, out.ctypes.data_as(doubles))
# ```

# %% [markdown]
# Not graded: measure. The same curves go through plain Python, through NumPy (all curves at once), and through your
# kernel with your wrapper. Each is timed five times, and the median counts. The results have to agree first, and the
# kernel is tried in a process apart before this notebook dares to load it.

# %%
def median_seconds(call, repeat=5):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def starts_of_pumps(count, samples, seed):
    """Curves of three states, each stretched and shifted a little: (curves, states)."""
    draw = np.random.default_rng(seed)
    states = np.arange(count) % 3
    phase = np.linspace(0, 1, samples) + draw.uniform(-0.12, 0.12, (count, 1))
    peaks = [np.exp(-(((phase - 0.5) / width) ** 2)) for width in (0.08, 0.16)]
    curves = np.where(states[:, None] == 0, peaks[0], np.where(states[:, None] == 1, peaks[1], 0.6 * sum(peaks)))
    return curves + draw.normal(0, 0.04, curves.shape), states


def show_speed():
    ways = ["Python", "NumPy", "C++"]
    source = kernel_source()
    try:
        [trial] = native.call_apart(source, [[[1.0, 2.0], [[1.0, 3.0, 2.0]], 0.1]])
        if trial["harm"] or trial["ended"] or not alike(float(trial["distances"][0]), 1.1):
            raise RuntimeError(f"exercise 5 is not right yet: {trial}")
    except native.NoCompiler:
        ways.remove("C++")
    library = native.load(source, "warp_distances", native.warp_stand_in)
    settings = [(20, 10), (20, 30), (20, 100), (5, 30), (100, 30), (400, 30)]  # curves, samples of each
    seconds = {}
    print("milliseconds (and how many times as fast as Python)")
    print(" " * 24 + "".join(f"{name:>19}" for name in ways))
    for count, size in settings:
        curves, _ = starts_of_pumps(count + 1, size, seed=1)
        query, lists = curves[0], curves[1:].tolist()
        calls = {
            "Python": lambda: [warp_slow(query.tolist(), curve, 0.05) for curve in lists],
            "NumPy": lambda: warp_numpy(query, curves[1:], 0.05),
            "C++": lambda: warp_distances(library, query, curves[1:], 0.05),
        }
        results = [np.asarray(calls[name]()) for name in ways]
        if not all(np.allclose(result, results[0]) for result in results):
            raise RuntimeError("the results differ")
        seconds[count, size] = {name: median_seconds(calls[name]) for name in ways}
        slow = seconds[count, size]["Python"]
        row = [f"{1000 * time:11.3f} ({slow / time:5.1f})" for time in seconds[count, size].values()]
        print(f"{count:3} curves, {size:3} samples:" + "".join(row))

    _, panels = plt.subplots(1, 2, figsize=(8.5, 4), sharey=True)
    looks = {"Python": (ORANGE, "o", 5), "NumPy": (GREEN, "^", 11), "C++": (BLUE, "s", 6)}
    for axes, part, place, label in [
        (panels[0], settings[:3], 1, "samples of each curve (20 curves)"),
        (panels[1], [settings[i] for i in (3, 1, 4, 5)], 0, "number of curves (30 samples)"),
    ]:
        sizes = [setting[place] for setting in part]
        for name in ways:
            colour, marker, size = looks[name]
            axes.loglog(sizes, [1000 * seconds[setting][name] for setting in part], color=colour, marker=marker,
                        markersize=size, markerfacecolor="none" if name == "NumPy" else colour, label=name)
        axes.set(xlabel=label)
        axes.minorticks_off()
        axes.set_xticks(sizes, map(str, sizes))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(True)
    panels[0].set(ylabel="median of 5 runs (ms)", title="Longer curves")
    panels[1].set(title="More curves")
    panels[0].legend()
    plt.tight_layout()
    plt.show()
    if "C++" not in ways:
        print("C++ was NOT MEASURED: there is no compiler here. Elsewhere it takes less than 1/100 of Python's time.")

    known, states = starts_of_pumps(12, 40, seed=2)
    new, truth = starts_of_pumps(12, 40, seed=3)
    warped = [states[warp_distances(library, curve, known, 0.05).argmin()] for curve in new]
    plain = [states[np.abs(known - curve).sum(axis=1).argmin()] for curve in new]
    print("states of 12 new curves, that of the nearest known curve taken:")
    print(f"  right with warping: {np.sum(warped == truth)} of 12, sample by sample: {np.sum(plain == truth)} of 12")


once_solved("5 and exercise 6", show_speed)

# %% [markdown]
# How large the gain is depends on your machine; nothing here is graded by it. Three things hold everywhere.
#
# - With more curves, Python and NumPy move apart: NumPy takes as many steps for 400 curves as for 5, and each does
#   more. With few curves, those steps cost as much as Python's, or more.
# - Longer curves bring NumPy nothing of the kind, as samples depend on those before. There C++ wins. (Where its line
#   is flat, the call costs more than the computation.)
# - The gain is bought: a compiler for every kind of computer, a build, and crashes in place of error messages. Measure
#   first, as the lesson on the toolkit showed, and move only the inner loop.
#
# In larger projects, the boundary is written with `pybind11` or `nanobind`, which check types for you, or there is
# none: Cython and Numba compile (a part of) Python itself.
#
# ## What can go wrong in production
#
# **A counter that is full.** In 2015 the American aviation authority told airlines to switch off the power of each
# Boeing 787 from time to time: after 248 days, a counter in the control units of its generators overflows, and they can
# all shut down at once. Count hundredths of a second in 32 bits with a sign:

# %%
print("full after", round(2**31 / 100 / 60 / 60 / 24, 2), "days")
ticks = np.array([2**31 - 2], dtype=np.int32)
for _ in range(3):
    print(f"ticks: {ticks[0]:11}   days since the start: {ticks[0] / 8_640_000:7.2f}")
    ticks += np.int32(1)

# %% [markdown]
# From the second line to the third, a hundredth of a second passes, and the clock jumps back by 497 days. NumPy arrays
# overflow in silence. Look at the `dtype` of every counter, and test the port with values *around* the limits, not with
# 1, 2, 3.
#
# **The wrong end first.** The two byte orders of exercise 6 have names: lowest byte first is *little-endian*, highest
# first *big-endian* (as in many network and file formats, and in Java's `DataOutputStream`). A raw file does not say
# which:

# %%
from_java = np.array([19.5, 20.0, 20.5], dtype=">f8").tobytes()
print("read as little-endian:", np.frombuffer(from_java, dtype="<f8"))
print("read as big-endian:   ", np.frombuffer(from_java, dtype=">f8"))
levels = np.array([1, 2, 300], dtype=">i2").tobytes()
print("whole numbers, wrong: ", np.frombuffer(levels, dtype="<i2"), " right:", np.frombuffer(levels, dtype=">i2"))

# %% [markdown]
# The first row is a row of tiny numbers next to zero. A model takes them without complaint, and so does a plot.
#
# **The weights that were turned.** A model is trained in R or Julia, and its table of weights is written to a raw file.
# The service reads it with NumPy. For a square table, nothing can notice:

# %%
weights = np.array([[0.5, 0.9, 0.0], [0.1, 0.4, 0.8], [0.3, 0.0, 0.2]])
raw = weights.tobytes(order="F")  # as R and Julia write it
read = np.frombuffer(raw).reshape(3, 3)
features = np.array([1.0, 0.5, 0.2])
print("scores in training:", features @ weights, " best:", (features @ weights).argmax())
print("scores in service: ", features @ read, " best:", (features @ read).argmax())
print("right, with order='F':", features @ np.frombuffer(raw).reshape(3, 3, order="F"))

# %% [markdown]
# One cure helps against the last two at once: **ship a golden output with the model**, one input row and the scores
# that belong to it, and compare them when the service starts. It costs a millisecond. Formats that state type, byte
# order and layout (such as `.npy`, Parquet, ONNX) prevent them from the beginning.

# %% [markdown]
# ## Recap
#
# | You can now | A job advertisement calls it |
# |---|---|
# | read R and Julia, and carry statistics over exactly | "productionise research code" |
# | read Java and C++, and keep overflow, cutting and copies | "feature parity between training and serving" |
# | prove a port with golden outputs | "regression testing" |
# | say how a table lies in memory | "efficient numerical code" |
# | write a C++ kernel, call it from Python, and measure it | "Python with C++ extensions" |
#
# | bite | where it bit you | look for |
# |---|---|---|
# | indexing from 1 | R, Julia | every bracket, every position that leaves a function |
# | recycling | R | operands of different length |
# | integer division | Julia, Java, C++ | `/` and `%` where something can be negative |
# | integer overflow | Java, C++ | products, hashes, counters, timers |
# | value and reference | Julia, C++ | `=`, slices, arguments |
# | column-major order | R, Julia | `reshape`, raw files, pointers |
#
# **Test yourself.**
#
# 1. A Java service computes `(low + high) / 2` for two array indices. It worked for years and now fails with a negative
#    index. What happened, and would a Python port show it?
# 2. You port `x[-1]` from R and `x[end]` from Julia. What do you write for each?
# 3. Your kernel gives right results for `table` and wrong ones for `table.T`, with no error. Why, and where do you cure
#    it?
#
# <details><summary>Answers</summary>
#
# 1. The sum overflowed 32 bits, as arrays grew beyond a billion items. Python's whole numbers do not overflow, so a
#    port in plain Python gives the right middle; one with `np.int32` arrays shows the same fault.
# 2. `x[1:]` for R (all but the first), `x[-1]` for Julia (the last).
# 3. `table.T` is a view of the same memory with rows and columns swapped; the kernel sees only the memory. Cure it in
#    the wrapper, with `np.asarray(table.T, dtype=np.float64, order="C")`.
#
# </details>
#
# ## Take it further, online
#
# Nothing here is graded. With a network, run the four programs yourself: install R, Julia, a Java development kit and a
# C++ compiler, and follow `golden/RECORDED.md`. Record a golden output for an input that you find nasty, and try your
# port on it. Then port `warp_slow` once more, to a language of your choice.
#
# **Further reading.** *Advanced R* by Hadley Wickham (vectors, subsetting, and when R copies). *Think Julia* by Ben
# Lauwens and Allen Downey. *Java Puzzlers* by Joshua Bloch and Neal Gafter (odd negative numbers, among other traps).
# *A Tour of C++* by Bjarne Stroustrup. *What Every Computer Scientist Should Know About Floating-Point Arithmetic* by
# David Goldberg.
