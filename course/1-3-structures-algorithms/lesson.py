# ---
# title: The structures inside ML systems
# builds: "the five structures inside a search service: the best k of a stream, an inverted index, an execution plan for a pipeline, a nearest-neighbour index and a sketch of latency percentiles, each with its cost counted"
# module: 1
# minutes: 240
# prerequisites: [1-2-python-toolkit]
# skills: [choose-structures, order-pipelines, stream-data, handle-errors, measure-latency]
# seed: 13
# ---

# %% [markdown]
# # The structures inside ML systems

# %% [markdown]
# ## Why it matters on the job
#
# A wholesaler sells spare parts for farm machines. The team built a search service, tried it on 2,000 articles, and
# it was fast. Then the whole catalogue was loaded: 300,000 articles. It is harvest time, and this is what the
# customers and the night shift report:
#
# - To show ten results, the service sorts 300,000 scores, for every single request.
# - To find the articles with the word `gasket`, it reads 300,000 descriptions.
# - "Similar articles" computes 300,000 distances, and takes nine seconds.
# - Somebody added a step to the nightly pipeline. It now runs before the step whose result it needs.
# - The monitoring keeps every response time in a list. That list has filled the memory of the server.
#
# One of these programs runs things in a wrong order. The others are correct, and do too much work: how much grows
# with the data. In this lesson you learn to see that before the customers do, and you build the five structures that
# end it. The same five are inside search engines, recommenders, workflow schedulers, vector databases and monitoring
# systems.
#
# You need what the lesson on the Python toolkit taught: functions, classes, generators and exceptions. Your answers
# need nothing but Python's standard library. A good place for a pause is marked after exercise 3.

# %% given="setup"
import bisect
import heapq
import itertools
import math
import operator
import random
import sys
import tracemalloc
from collections import Counter, defaultdict, deque

import matplotlib.pyplot as plt

# White behind every figure, so that the dark lettering can be read in a dark notebook as well.
plt.rcParams.update(
    {
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.figsize": (7, 3.8),
        "axes.grid": True,
        "grid.color": "#dddddd",
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
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


def growth_plot(lines, title, ylabel, xlabel):
    """Draw one line for each (name, colour, marker, sizes, counts), with its name at the right end."""
    _, axes = plt.subplots()
    for name, colour, marker, sizes, counts in lines:
        axes.plot(sizes, counts, color=colour, marker=marker, markersize=4)
        axes.annotate(name, (sizes[-1], counts[-1]), (8, -3), textcoords="offset points", color=colour)
    axes.set(xscale="log", yscale="log", title=title, xlabel=xlabel, ylabel=ylabel)
    axes.minorticks_off()
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.yaxis.set_major_formatter("{x:,.0f}")
    plt.tight_layout()
    plt.show()


# %% [markdown]
# ## 1 · Count, do not time
#
# A stopwatch answers the wrong question. It says what a program needs today, on this machine, with these data. You
# want to know: **what happens with ten times the data?** For that, choose the operation that the work consists of (a
# comparison, a look at a document, a distance), and count how often it happens. A count is the same on every machine
# and in every run.
#
# The next cell holds the measuring instruments of this lesson. A `Counted` number behaves like a number in
# comparisons, and reports each one to a `Meter`. Python calls the method `__lt__` of an object when it meets `<`, and
# `__hash__` when it looks for the object in a set or a dictionary, so that is where the instrument sits.
# `CountedWord` is the same for strings. For work that is neither, `python_steps` counts the instructions that Python
# executes, and `memory_of` the bytes that stay in use. You need not understand how they are made, only what they
# count. All checks of cost in this lesson count in such a way. None of them uses a clock.

# %% given="instruments"
class Meter:
    """Counts operations."""

    def __init__(self):
        self.count = 0

    def tick(self):
        self.count += 1


def counting(operation):
    """Return a method that reports to the meter and then compares two values."""

    def compare(self, other):
        self.meter.tick()
        return operation(self.value, getattr(other, "value", other))

    return compare


class Counted:
    """A value that counts its comparisons and how often it is hashed. It can also be negated, and nothing else."""

    def __init__(self, value, meter):
        self.value, self.meter = value, meter

    __lt__, __le__ = counting(operator.lt), counting(operator.le)
    __gt__, __ge__ = counting(operator.gt), counting(operator.ge)
    __eq__, __ne__ = counting(operator.eq), counting(operator.ne)

    def __hash__(self):
        self.meter.tick()
        return hash(self.value)

    def __neg__(self):
        return Counted(-self.value, self.meter)

    def __repr__(self):
        return repr(self.value)


class CountedWord(str):
    """A string that counts its comparisons and how often it is hashed."""

    def __new__(cls, text, meter):
        word = super().__new__(cls, text)
        word.value, word.meter = str(text), meter
        return word

    __lt__, __le__ = counting(operator.lt), counting(operator.le)
    __gt__, __ge__ = counting(operator.gt), counting(operator.ge)
    __eq__, __ne__ = counting(operator.eq), counting(operator.ne)

    def __hash__(self):
        self.meter.tick()
        return hash(self.value)


def python_steps(function, *args):
    """Return how many Python instructions a call executes, in the function and all that it calls, and its result."""
    meter = Meter()

    def trace(frame, event, argument):
        frame.f_trace_opcodes = True
        if event == "opcode":
            meter.tick()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = outcome_of(function, *args)
    finally:
        sys.settrace(before)
    return meter.count, result


def memory_of(build):
    """Return how many bytes are still held by what `build()` returns, and that object."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = outcome_of(build)
        return tracemalloc.get_traced_memory()[0] - before, result
    finally:
        tracemalloc.stop()


# %% [markdown]
# Three ways to find out whether a list of article numbers holds one of them twice:

# %%
def any_twice_pairs(values):
    """Compare each with each."""
    return any(values[i] == values[j] for i in range(len(values)) for j in range(i))


def any_twice_sorted(values):
    """Sort, then compare neighbours."""
    ordered = sorted(values)
    return any(left == right for left, right in zip(ordered, ordered[1:]))


def any_twice_set(values):
    """Remember what has been seen."""
    return len(set(values)) < len(values)


def count_operations(method, size):
    meter = Meter()
    values = [Counted(number, meter) for number in random.Random(size).sample(range(10 * size), size)]
    method(values)
    return meter.count


sizes = [10, 20, 40, 80, 160, 320, 640]
methods = [
    ("each with each: n²/2", ORANGE, "o", any_twice_pairs),
    ("sort first: n log n", GREEN, "^", any_twice_sorted),
    ("a set: n", BLUE, "s", any_twice_set),
]
lines = [(name, colour, mark, sizes, [count_operations(f, n) for n in sizes]) for name, colour, mark, f in methods]
for name, *_, counts in lines:
    print(f"{name:22} {counts}")
growth_plot(lines, "Is a value there twice?", "operations counted", "number of values n")

# %% [markdown]
# Both axes are logarithmic: each step to the right multiplies. On such axes a power of n is a straight line, and its
# **slope is the exponent**: the orange line rises by a factor of four each time n doubles, the blue one by a factor
# of two.
#
# That pattern has a name, *order of growth*, written with a big O, which leaves out constant factors:
#
# | order | n doubles, work … | example | n = 1,000,000 at a million operations per second |
# |---|---|---|---|
# | O(1) | stays | look a key up in a dictionary | at once |
# | O(log n) | grows by one step | look a word up in a sorted list, by halving it | at once |
# | O(n) | doubles | read every item | 1 second |
# | O(n log n) | a little more than doubles | sort | 20 seconds |
# | O(n²) | quadruples | compare each with each | 12 days |
#
# log n means the logarithm to base 2: how often you can halve n until one is left. For a million, that is 20.
#
# Three rules cover most code. Loops one after the other **add**, and the largest wins. A loop inside a loop
# **multiplies**. And a line that looks like one operation may be a loop:

# %%
meter = Meter()
articles = [Counted(number, meter) for number in range(1000)]
as_list, as_set = list(articles), set(articles)
wanted = Counted(999, meter)

for name, collection in [("list", as_list), ("set", as_set)]:
    meter.count = 0
    found = wanted in collection
    print(f"`wanted in` a {name} of 1,000: {found}, {meter.count} operations")

# %% [markdown]
# `in` walks along a list, and jumps in a set. (A jump is one `hash`, which says where to look, and one `==`.) Also
# loops in disguise: `list.index`, `list.remove`, `list.pop(0)`, `list.insert(0, …)`, `min`, `sum`, and a slice.
#
# ## 2 · The best ten of a million
#
# To show ten results out of n, the service sorts all n: n log n comparisons. Most of that work puts losers in order.
# It is enough to hold the ten best so far, and to compare each newcomer with the **worst of these ten**. Nearly all
# newcomers lose at once: one comparison each.
#
# When one wins, the worst goes, and a new worst must be found. The structure that does this cheaply is the **heap**.
# It is a list seen as a tree: the children of position i are at 2i + 1 and 2i + 2. One rule holds everywhere: *no
# child is smaller than its parent*. So the smallest is always at position 0, and nothing else need be in order.
#
# A new value is put at the end, and climbs while it is smaller than its parent:

# %%
def push(heap, value):
    """Add a value to a heap."""
    heap.append(value)
    child = len(heap) - 1
    while child > 0:
        parent = (child - 1) // 2
        if heap[parent] <= heap[child]:
            break
        heap[parent], heap[child] = heap[child], heap[parent]
        child = parent


def draw_heap(axes, heap, highlighted, title):
    """The list as a tree: position i, its value inside, the rows from top to bottom."""
    place = {}
    for i, value in enumerate(heap):
        depth = (i + 1).bit_length() - 1
        place[i] = ((i + 1 - 2**depth + 0.5) / 2**depth, -depth)
        colour = ORANGE if i in highlighted else BLUE
        if i:
            axes.plot(*zip(place[i], place[(i - 1) // 2]), color="#aaaaaa", zorder=1)
        axes.scatter(*place[i], s=520, color=colour, zorder=2)
        axes.annotate(value, place[i], ha="center", va="center", color="white", weight="bold", zorder=3)
        axes.annotate(f"[{i}]", place[i], (15, 10), textcoords="offset points", color=GREY, fontsize=8)
    axes.set(title=title, xlim=(0, 1), ylim=(-3.5, 0.5))
    axes.axis("off")


heap = []
for score in [31, 58, 40, 77, 63, 52, 45, 90, 81]:
    push(heap, score)
_, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
draw_heap(left, heap, {4}, "before: the parent of [9] is at [4]")
push(heap, 35)
draw_heap(right, heap, {1, 4, 9}, "35 was put at [9] and climbed to [1]")
plt.tight_layout()
plt.show()
print("the list:", heap)

# %% [markdown]
# The tree of k values has about log₂ k rows, so a push costs at most that many comparisons. Taking out the smallest
# works the same way from the top: the last value is put at position 0, and sinks below its smaller child until the
# rule holds.
#
# You need not write this each time: `heapq` in the standard library does it, on an ordinary list.

# %%
heap = [31, 58, 40]
heapq.heapify(heap)  # make a heap of a list, in place
heapq.heappush(heap, 12)  # add
print("smallest:", heap[0])
print("given back:", heapq.heapreplace(heap, 70), " now smallest:", heap[0])  # take the smallest out, put 70 in
print("taken out:", heapq.heappop(heap), " left:", heap)

print("pairs are compared by their first part:", min([(0.9, "belt"), (0.7, "filter")]))
print("and, if that is equal, by their second:", repr(outcome_of(min, [(0.9, {"id": 1}), (0.9, {"id": 2})])))

# %% [markdown]
# The last line is a trap that works in every test and fails in production, on the first day on which two scores are
# equal. Cure: put a number that is never equal between score and item, such as a running count.
#
# ### Exercise 1 · The best k of a stream
#
# Complete the class `TopK`. It sees scored items one by one and can say at any time which k were best.
#
# - `TopK(k)`: k is a whole number; if it is below 1, raise a `ValueError`.
# - `add(score, item)` takes in one item. Higher scores are better.
# - `best()` returns a list of the pairs `(score, item)` with the k highest scores, best first; all of them, if fewer
#   than k have been added. Among equal scores, the item that was added **earlier** is better: it comes first, and it
#   stays when there is no room for both. `best()` may be called at any time, also in between, and changes nothing.
# - Items may be anything, also dictionaries, which cannot be compared. Scores may be numbers or `Counted`, which can
#   be compared and negated but not added. No score is NaN.
#
# What it may cost:
#
# (Two tuples are compared in two steps: are the first parts equal? If not, which is smaller? So comparing two tuples
# that begin with a score counts as two comparisons. The limits leave room for that.)
#
# - For 5,000 items in random order and k = 10: at most **3 comparisons of scores per item** for all calls of `add`.
# - For 1,000 items in any order and k = 100: at most **30 comparisons per item** for all calls of `add`.
# - A `TopK` holds on to at most **2·k + 10** items at any time; the others can be forgotten.

# %% exercise="topk" difficulty=2 minutes=25 skills="choose-structures stream-data"
class TopK:
    """The k best of all items added so far."""

    def __init__(self, k):
        """Raise a ValueError if k is below 1."""
        ### BEGIN SOLUTION
        if k < 1:
            raise ValueError(f"k must be 1 or more, not {k}")
        self._room = k  # for so many more items
        self._heap = []  # (score, minus its number, item): the worst of the best is at position 0
        self._numbers = itertools.count()
        ### END SOLUTION

    def add(self, score, item):
        """Take in one item."""
        ### BEGIN SOLUTION
        entry = (score, -next(self._numbers), item)
        if self._room:
            self._room -= 1
            heapq.heappush(self._heap, entry)
        elif score > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)
        ### END SOLUTION

    def best(self):
        """Return up to k pairs (score, item), best first, the earlier first among equal scores."""
        ### BEGIN SOLUTION
        return [(score, item) for score, _, item in sorted(self._heap, reverse=True)]
        ### END SOLUTION


# %% check="topk-values" points=2 hidden="many streams of random scores, read at the end and in between"
def check_topk_values():
    for k, scores, expected in [
        (2, [3, 9, 5, 1], [(9, "b"), (5, "c")]),
        (3, [0.1, 0.7, 0.4, 0.9, 0.2], [(0.9, "d"), (0.7, "b"), (0.4, "c")]),
        (1, [-5, -2, -9], [(-2, "b")]),
        (5, [1, 3, 2], [(3, "b"), (2, "c"), (1, "a")]),
        (4, [], []),
    ]:
        top = TopK(k)
        for score, item in zip(scores, "abcdefg"):
            top.add(score, item)
        got = outcome_of(top.best)
        assert isinstance(got, list) and [tuple(pair) for pair in got] == expected, (
            f"TopK({k}) got the scores {scores} for the items a, b, c, …; best() gave {got!r}, expected {expected}"
        )


check_topk_values()


### BEGIN HIDDEN TESTS
def check_topk_random():
    for seed in range(12):
        draw = random.Random(seed)
        k, top, seen = draw.randint(1, 8), None, []
        top = TopK(k)
        for number in range(60):
            score = draw.choice([draw.randint(-4, 4), draw.random()])
            top.add(score, number)
            seen.append((score, number))
            if number % 7 == 0 or number == 59:
                expected = sorted(seen, key=lambda pair: (-pair[0], pair[1]))[:k]
                assert [tuple(pair) for pair in top.best()] == expected


check_topk_random()
### END HIDDEN TESTS


# %% check="topk-ties" points=2 hidden="equal scores in many patterns"
def check_topk_ties():
    for k, scores, expected in [(2, [5, 5, 5], "ab"), (3, [1, 5, 1, 5, 1], "bda"), (2, [1, 1, 2], "ca")]:
        top = TopK(k)
        for score, item in zip(scores, "abcde"):
            top.add(score, item)
        got = outcome_of(top.best)
        assert isinstance(got, list) and "".join(item for _, item in got) == expected, (
            f"TopK({k}) got the scores {scores} for the items a, b, c, …; best() gave {got!r}, expected the items "
            f"{', '.join(expected)}: the earlier one is better among equals"
        )
    top, items = TopK(2), [{"id": number} for number in range(4)]
    got = outcome_of(lambda: [top.add(1.0, item) for item in items] and [item for _, item in top.best()])
    assert got == items[:2], (
        f"four dictionaries, each with score 1.0, and k = 2: best() gave {got!r}, expected the first two. "
        "Dictionaries cannot be compared."
    )


check_topk_ties()


### BEGIN HIDDEN TESTS
def check_topk_many_ties():
    for seed in range(10):
        draw = random.Random(seed)
        top, pairs = TopK(5), [(draw.randint(0, 3), number) for number in range(40)]
        for score, item in pairs:
            top.add(score, item)
        expected = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:5]
        assert [tuple(pair) for pair in top.best()] == expected


check_topk_many_ties()
### END HIDDEN TESTS


# %% check="topk-calls" points=1 hidden="a result that the caller changes, and k below 0"
def check_topk_calls():
    top = TopK(2)
    top.add(1, "a")
    top.add(3, "b")
    got = [[tuple(pair) for pair in top.best()] for _ in range(2)]
    top.add(2, "c")
    got.append([tuple(pair) for pair in top.best()])
    expected = [[(3, "b"), (1, "a")], [(3, "b"), (1, "a")], [(3, "b"), (2, "c")]]
    assert got == expected, (
        "k = 2: add(1, 'a'), add(3, 'b'), best(), best(), add(2, 'c'), best(): the three calls of best() gave "
        f"{got}, expected {expected}"
    )
    got = outcome_of(TopK, 0)
    assert isinstance(got, ValueError), f"TopK(0) gave {got!r}, expected a ValueError"


check_topk_calls()

### BEGIN HIDDEN TESTS
top = TopK(3)
for number in range(5):
    top.add(number, number)
top.best().clear()
top.add(10, 10)
assert [tuple(pair) for pair in top.best()] == [(10, 10), (4, 4), (3, 3)]
assert isinstance(outcome_of(TopK, -2), ValueError)
### END HIDDEN TESTS


# %% check="topk-comparisons" points=2
def check_topk_comparisons():
    def counted(k, scores):
        meter = Meter()
        top = TopK(k)
        for number, score in enumerate(scores):
            top.add(Counted(score, meter), number)
        return meter.count, [score.value for score, _ in top.best()]

    def shuffled(count):
        return random.Random(5).sample(range(10 * count), count)

    huge = [10**6 + number for number in range(50)]
    for k, scores, each, order in [
        (10, shuffled(5000), 3, "random order"),
        (100, list(range(1000)), 30, "rising order"),
        (100, list(range(1000, 0, -1)), 30, "falling order"),
        (100, [*huge, *range(950)], 30, "rising order after 50 huge ones"),
    ]:
        used, got = counted(k, scores)
        assert used <= each * len(scores), (
            f"{len(scores):,} scores in {order} with k = {k} took {used:,} comparisons in add, expected at most "
            f"{each * len(scores):,}. Do you sort, or look for the smallest, again and again?"
        )
        expected = sorted(scores, reverse=True)[:k]
        assert got == expected, f"{len(scores):,} scores in {order}, k = {k}: best() has the scores {got[:5]} …"


check_topk_comparisons()


# %% check="topk-memory" points=1
def check_topk_memory():
    class Article:
        alive = 0

        def __init__(self):
            Article.alive += 1

        def __del__(self):
            Article.alive -= 1

    for order, scores in [("random", random.Random(2).sample(range(2000), 600)), ("rising", range(600))]:
        top, most = TopK(20), 0
        for score in scores:
            top.add(score, Article())
            most = max(most, Article.alive)
        got = [score for score, _ in top.best()]
        expected = sorted(scores, reverse=True)[:20]
        assert most <= 50 and got == expected, (
            f"600 items in {order} order, k = 20: {most} of them were held at one time, expected at most 50; "
            f"best() has the scores {got}, expected {expected}"
        )
        del top


check_topk_memory()

# %% [markdown] hint="topk"
# Hold the k best in a heap, so that the **worst** of them is at position 0. Three cases: the heap has fewer than k
# entries; the newcomer beats the worst; it does not.

# %% [markdown] hint="topk"
# An entry `(score, number, item)` with a running number never compares two items. The heap throws out the smallest
# entry. Among equal scores the *latest* has to go first, so should the number rise or fall?

# %% [markdown] hint="topk"
# ```python
# def add(self, score, item):
#     self.added += 1
#     entry = (score, -self.added, item)
#     if len(self.heap) < self.k:
#         heapq.heappush(self.heap, entry)
#     elif score > ...:                        # the score of the worst of the best
#         heapq.heapreplace(self.heap, entry)
# ```
#
# `best()` sorts a copy, from large to small, and leaves the number out.

# %% [markdown]
# Not graded: the growth of your class beside a full sort.

# %%
def show_topk():
    sizes, sorting, yours = [100, 300, 1_000, 3_000, 8_000], [], []
    for size in sizes:
        meter = Meter()
        scores = [Counted(number, meter) for number in random.Random(size).sample(range(10 * size), size)]
        sorted(scores)
        sorting.append(meter.count)
        meter.count = 0
        top = TopK(10)
        for number, score in enumerate(scores):
            top.add(score, number)
        yours.append(meter.count)
    lines = [("sort all", ORANGE, "o", sizes, sorting), ("your TopK(10)", BLUE, "s", sizes, yours)]
    growth_plot(lines, "The ten best of n", "comparisons counted", "number of scores n")
    print(f"for {sizes[-1]:,} scores: sort {sorting[-1]:,}, yours {yours[-1]:,}, one each would be {sizes[-1]:,}")


once_solved(1, show_topk)

# %% [markdown]
# The lines part: n log n beside hardly more than n. In random order, the item number i beats the ten best so far with
# probability 10/i. Summed up, that makes only about 10 · ln(n/10) + 10 winners: 77 in 8,000, and 150 in ten million.
#
# ## 3 · An index: do the work before the question comes
#
# A service that reads all descriptions for each query does the same reading again and again. The back of a book shows
# the cure: a list of words, and for each the pages on which it stands. That is an **inverted index**: inverted,
# because a page leads to its words, and the index leads from a word to its pages. The entry of a word is called
# its **posting list**.

# %%
articles = {
    "A-100": "oil filter for tractor engine",
    "A-205": "head gasket for diesel engine",
    "B-017": "drive belt for combine",
    "B-350": "water pump gasket",
    "C-042": "diesel filter with gasket",
}


def words_of(text):
    """The words of a text, in small letters."""
    return text.lower().split()


postings = defaultdict(list)  # a dictionary that makes an empty list for a key that it does not have yet
for number, text in articles.items():
    for word in words_of(text):
        postings[word].append(number)

for word in ("gasket", "diesel", "for"):
    print(f"{word:8}", postings[word])

print(len(postings), "words; look for unicorn:", postings["unicorn"], "and then", len(postings), "words")
print(len(postings), "words; look for dragon: ", postings.get("dragon", []), "and then", len(postings), "words")

# %% [markdown]
# The last two lines show a trap: a `defaultdict` makes the missing list also for somebody who only looks. Asking with
# `get` changes nothing.
#
# A query of several words asks for the articles that stand in **all** their posting lists. For `diesel gasket for`,
# that is A-205. Lists differ wildly in length: `gasket` may have 900 entries and `for` 250,000. So begin with the
# **shortest**: nothing that it lacks can be in the result. For each of its entries, ask the others whether they have
# it too, and make sure that this question is a jump and not a walk.

# %%
meter = Meter()
numbers = [Counted(number, meter) for number in range(3000)]
rare, common = numbers[1000:1004], numbers  # two posting lists

ways = {
    "for each of the common, is it in the rare list?": lambda: [n for n in common if n in rare],
    "for each of the rare, is it in the common list?": lambda: [n for n in rare if n in common],
    "make a set of the common list, then ask it": lambda: (lambda found: [n for n in rare if n in found])(set(common)),
}
as_dict = dict.fromkeys(common)  # made once, before the query
ways["a dictionary that was there before"] = lambda: [n for n in rare if n in as_dict]
for name, way in ways.items():
    meter.count = 0
    assert len(way()) == 4
    print(f"{name:48} {meter.count:6,} operations")

# %% [markdown]
# The third way is a classic: the set would answer at once, but making it for each query costs a walk along the whole
# list.
#
# A dictionary is useful here for a second reason: it keeps its keys in the order in which they were put in, which a
# set does not.
#
# ### Exercise 2 · An inverted index
#
# Complete the class `InvertedIndex`.
#
# - `add(number, words)` puts an article in: `number` is any value that can be a dictionary key, `words` a list of
#   strings, in which a word may occur more than once. If an article with this number is already in, raise a
#   `ValueError`, and leave the index as it was.
# - `remove(number)` takes it out; `KeyError` if it is not in. Afterwards no search finds it, and it may be added
#   again, with other words. It then counts as added last.
# - `search(words)` returns a list of the numbers of all articles that contain **every** word of the list `words`,
#   each once, in the order in which they were added. A word that occurs twice in a query means the same as once. If a
#   word is in no article, or `words` is empty, the result is an empty list.
# - A search does not change the index, and the index does not change when somebody changes a list that was passed to
#   it or that it returned.
#
# What it may cost, in operations (comparisons and hashes of words and of numbers, together), with 1,000 articles:
#
# - `search`: at most **20 for each word of the query**, and in addition **10 for each pair of a word of the query and
#   an article with the rarest of these words**. For `diesel gasket`, with 4 articles that have the rarer word, that
#   is 20 · 2 + 10 · 2 · 4 = 120.
# - `remove`: at most **20 for each word of the article**.
#
# So neither may walk through all articles, or through all words.

# %% exercise="inverted-index" difficulty=2 minutes=25 skills="choose-structures"
class InvertedIndex:
    """Finds the articles that contain all words of a query, without reading any article."""

    def __init__(self):
        ### BEGIN SOLUTION
        self._postings = {}  # for each word a dictionary with the numbers of its articles as keys, in order
        self._words = {}  # for each number the set of its words
        ### END SOLUTION

    def add(self, number, words):
        """Put an article in; raise a ValueError if there is one with this number."""
        ### BEGIN SOLUTION
        if number in self._words:
            raise ValueError(f"article {number} is already in the index")
        self._words[number] = set(words)
        for word in self._words[number]:
            self._postings.setdefault(word, {})[number] = None
        ### END SOLUTION

    def remove(self, number):
        """Take an article out; raise a KeyError if there is none with this number."""
        ### BEGIN SOLUTION
        for word in self._words.pop(number):
            del self._postings[word][number]
        ### END SOLUTION

    def search(self, words):
        """Return the numbers of the articles that contain every word, in the order in which they were added."""
        ### BEGIN SOLUTION
        postings = [self._postings.get(word, {}) for word in words]
        rarest = min(postings, key=len, default={})
        return [number for number in rarest if all(number in others for others in postings)]
        ### END SOLUTION


# %% check="inverted-index-search" points=2 hidden="many random catalogues and queries"
def check_index_search():
    index = InvertedIndex()
    catalogue = {
        "B-2": ["oil", "filter", "for", "tractor"],
        "A-9": ["gasket", "for", "diesel", "engine"],
        "C-1": ["diesel", "filter", "for", "for", "truck"],
        "A-1": ["filter"],
    }
    for number, words in catalogue.items():
        index.add(number, words)
    for query, expected in [
        (["filter"], ["B-2", "C-1", "A-1"]),
        (["for", "diesel"], ["A-9", "C-1"]),
        (["diesel", "filter", "for"], ["C-1"]),
        (["for"], ["B-2", "A-9", "C-1"]),
        (["oil", "gasket"], []),
        (["filter", "filter"], ["B-2", "C-1", "A-1"]),
        (["filter", "unicorn"], []),
        ([], []),
        (["filter"], ["B-2", "C-1", "A-1"]),
    ]:
        got = outcome_of(index.search, query)
        assert got == expected, (
            f"search({query}) gave {got!r}, expected {expected}, in the order in which they were added. "
            f"The articles: {catalogue}"
        )


check_index_search()


### BEGIN HIDDEN TESTS
def check_index_random():
    for seed in range(10):
        draw = random.Random(seed)
        index, catalogue = InvertedIndex(), {}
        for number in draw.sample(range(1000), 30):
            catalogue[number] = draw.choices("abcdef", k=draw.randint(0, 6))
            index.add(number, catalogue[number])
        for _ in range(20):
            query = draw.choices("abcdefg", k=draw.randint(1, 4))
            expected = [number for number, words in catalogue.items() if set(query) <= set(words)]
            assert index.search(query) == expected


check_index_random()
### END HIDDEN TESTS


# %% check="inverted-index-changes" points=2 hidden="an article that comes back with other words, and many changes in random order"
def check_index_changes():
    index = InvertedIndex()
    for number, words in [("A", ["pump", "seal"]), ("B", ["pump"]), ("C", ["seal", "pump", "pump"])]:
        index.add(number, words)
    got = outcome_of(lambda: [index.remove("A"), index.search(["pump"])][1])
    assert got == ["B", "C"], (
        f"A, B and C contain 'pump'; after remove('A'), search(['pump']) gave {got!r}, expected ['B', 'C']"
    )
    for number in ("A", "Z"):
        got = outcome_of(index.remove, number)
        assert isinstance(got, KeyError), f"remove({number!r}) gave {got!r}, expected a KeyError: it is not in there"
    got = outcome_of(lambda: [index.add("A", ["pump"]), index.search(["pump"]), index.search(["seal"])][1:])
    assert got == [["B", "C", "A"], ["C"]], (
        f"A came back, now with the word 'pump' only: the searches for pump and for seal gave {got!r}, expected "
        "[['B', 'C', 'A'], ['C']]"
    )
    got = outcome_of(index.add, "B", ["hose"])
    assert isinstance(got, ValueError), f"add('B', …) while B is in gave {got!r}, expected a ValueError"
    for query, expected in [(["hose"], []), (["pump"], ["B", "C", "A"])]:
        got = outcome_of(index.search, query)
        assert got == expected, f"after an add that was refused, search({query}) gave {got!r}, expected {expected}"


check_index_changes()


### BEGIN HIDDEN TESTS
def check_index_many_changes():
    for seed in range(6):
        draw = random.Random(seed)
        index, catalogue = InvertedIndex(), {}
        for _ in range(80):
            number, words = draw.randint(0, 9), draw.choices("abcd", k=draw.randint(0, 4))
            if number in catalogue:
                index.remove(number)
                del catalogue[number]
            else:
                index.add(number, words)
                catalogue[number] = words
            query = draw.choices("abcd", k=draw.randint(1, 2))
            assert index.search(query) == [n for n, held in catalogue.items() if set(query) <= set(held)]


check_index_many_changes()
### END HIDDEN TESTS


# %% check="inverted-index-own" points=1
def check_index_own():
    index, words = InvertedIndex(), ["belt", "drive"]
    index.add("A", words)
    words[:] = ["chain"]
    got = outcome_of(
        lambda: [index.search(["belt"]), index.search(["chain"]), index.remove("A"), index.search(["belt"])]
    )
    assert got == [["A"], [], None, []], (
        f"words = ['belt', 'drive']; add('A', words); then words became ['chain']: search(['belt']), "
        f"search(['chain']), remove('A') and search(['belt']) gave {got!r}, expected [['A'], [], None, []]"
    )
    index, query = InvertedIndex(), ["belt"]
    index.add("B", ["belt"])
    found = outcome_of(index.search, query)
    assert isinstance(found, list) and query == ["belt"], (
        f"search(['belt']) gave {found!r} and left the query as {query}, expected a list and the query unchanged"
    )
    found.append("X")
    got = outcome_of(index.search, ["belt"])
    assert got == ["B"], f"after the caller changed the list that search had returned, search gave {got!r}, not ['B']"


check_index_own()


# %% check="inverted-index-cost" points=2
def counted_catalogue(meter):
    """An index of 1,000 articles: all have the word for, half of them steel, four gasket, each a word of its own."""
    index, numbers = InvertedIndex(), []
    for i in range(1000):
        words = ["for", f"part{i}"] + ["steel"] * (i % 2) + ["gasket"] * (i % 250 == 7)
        numbers.append(Counted(i, meter))
        index.add(numbers[-1], [CountedWord(word, meter) for word in words])
    return index, numbers


def check_index_cost():
    meter = Meter()
    index, numbers = counted_catalogue(meter)
    rare = [7, 257, 507, 757]
    for query, expected, articles_of_rarest in [
        (["for", "gasket"], rare, 4),
        (["gasket", "steel", "for"], rare, 4),
        (["for", "steel", "gasket", "for"], rare, 4),
        (["part10", "for"], [10], 1),
        (["for", "steel", "unicorn"], [], 0),
    ]:
        limit, meter.count = 20 * len(query) + 10 * len(query) * articles_of_rarest, 0
        got = index.search([CountedWord(word, meter) for word in query])
        used = meter.count
        assert used <= limit, (
            f"1,000 articles, search({query}): {articles_of_rarest} of them have the rarest word. It took {used:,} "
            f"operations, expected at most {limit}. What do you walk along, all articles or a long posting list?"
        )
        got = [getattr(number, "value", number) for number in got]
        assert got == expected, f"1,000 articles, search({query}) gave {got!r}, expected the numbers {expected}"


check_index_cost()


# %% check="inverted-index-remove-cost" points=1
def check_index_remove_cost():
    meter = Meter()
    index, numbers = InvertedIndex(), [Counted(i, meter) for i in range(1000)]
    for i, number in enumerate(numbers):
        words = ["for", f"part{i}", "steel"] + ["gasket"] * (i % 250 == 7)
        index.add(number, [CountedWord(word, meter) for word in words])
    for i, size in [(3, 3), (757, 4), (999, 3)]:
        meter.count = 0
        index.remove(numbers[i])
        assert meter.count <= 20 * size, (
            f"1,000 articles: remove of one with {size} words took {meter.count:,} operations, expected at most "
            f"{20 * size}. Does the index know which words an article has? Is a posting list searched from the start?"
        )
    got = [number.value for number in index.search(["gasket"])]
    assert got == [7, 257, 507], f"after the removal of 757, search(['gasket']) gave {got}, expected [7, 257, 507]"


check_index_remove_cost()

# %% [markdown] hint="inverted-index"
# Two dictionaries: one leads from a word to its articles, for `search`; the other leads from a number to its words,
# for `remove`, and it also says which articles are in.

# %% [markdown] hint="inverted-index"
# Let each posting list be a dictionary with article numbers as keys (the values do not matter): it keeps the order,
# `number in posting` is a jump, and so is `del posting[number]`.

# %% [markdown] hint="inverted-index"
# ```python
# def search(self, words):
#     postings = [self.postings.get(word, {}) for word in words]
#     if not postings:
#         return []
#     rarest = min(postings, key=len)
#     ...                     # the numbers in rarest that are in all postings
# ```
#
# `min(…, key=len)` compares lengths, not articles. `all(… for posting in postings)` is true if each one is.

# %% [markdown]
# Not graded: how the cost of one query grows with the catalogue, when its rarest word stays in four articles.

# %%
def show_index():
    sizes, reading, yours = [100, 200, 400, 800, 1600], [], []
    for size in sizes:
        meter = Meter()
        index, texts = InvertedIndex(), {}
        for number in range(size):
            words = ["for", f"part{number}"] + ["gasket"] * (number % (size // 4) == 0)
            texts[number] = [CountedWord(word, meter) for word in words]
            index.add(Counted(number, meter), texts[number])
        meter.count = 0
        read = [number for number, words in texts.items() if "gasket" in words and "for" in words]
        reading.append(meter.count)
        meter.count = 0
        assert len(index.search(["gasket", "for"])) == len(read)
        yours.append(max(meter.count, 1))
    lines = [("read all", ORANGE, "o", sizes, reading), ("your index", BLUE, "s", sizes, yours)]
    growth_plot(lines, "One query: gasket for", "operations counted", "number of articles n")


once_solved(2, show_index)

# %% [markdown]
# A flat line: the cost depends on the result, not on the catalogue. The price was paid before, once, in `add`, and in
# memory. An index is worth it when there are more questions than changes.
#
# ## 4 · What has to come first
#
# The nightly pipeline of the shop has steps, and a step *needs* the results of others. Such a picture of points and
# arrows is a **graph**. As long as no arrows lead round in a circle it is called a *directed acyclic graph*, a DAG,
# and its steps can be put into an order. The same problem is solved in build tools, in spreadsheets, in the backward
# pass of a neural network, and in every workflow scheduler.

# %%
nightly = {
    "publish": ["index", "similar"],
    "index": ["clean"],
    "similar": ["embed"],
    "embed": ["clean", "model"],
    "clean": ["load"],
    "model": [],
    "load": [],
}
place = {
    "load": (0, 1), "model": (0, 0), "clean": (1, 1), "index": (2, 1.4), "embed": (2, 0.3), "similar": (3, 0.3),
    "publish": (4, 1),
}  # fmt: skip
_, axes = plt.subplots(figsize=(8, 3))
for step, names in nightly.items():
    for name in names:
        style = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 24, "shrinkB": 24}
        axes.annotate("", place[step], place[name], arrowprops=style)
for step, (x, y) in place.items():
    box = {"boxstyle": "round,pad=0.4", "facecolor": BLUE, "edgecolor": "none"}
    axes.annotate(step, (x, y), ha="center", va="center", color="white", bbox=box)
for wave in range(5):
    axes.annotate(f"wave {wave}", (wave, 1.95), ha="center", color=GREY)
axes.set(xlim=(-0.5, 4.5), ylim=(-0.4, 2.2), title="An arrow leads to the step that needs the result")
axes.axis("off")
plt.show()

# %% [markdown]
# Put each step into a **wave**: wave 0 needs nothing, and every other step comes one wave after the latest of those
# it needs. The steps of one wave can run at the same time. If all steps take equally long, the number of waves
# says how long the night is at least, with however many machines.
#
# The obvious way: look through all steps for those whose needs are done; then look through all again; and so on.

# %%
def waves_by_looking(needs):
    done, result = set(), []
    while len(done) < len(needs):
        wave = [step for step in needs if step not in done and all(name in done for name in needs[step])]
        result.append(wave)
        done.update(wave)
    return result


def chain(length):
    """A pipeline in which every step needs the one before it, listed from the last to the first."""
    return {f"step{i}": [f"step{i - 1}"] if i else [] for i in reversed(range(length))}


print(waves_by_looking(nightly))
for length in (20, 40, 80):
    steps, _ = python_steps(waves_by_looking, chain(length))
    print(f"a chain of {length:3}: {steps:7,} Python instructions")

# %% [markdown]
# Twice the chain, four times the work: a loop in a loop. (`python_steps` comes from the cell with the instruments; it
# counts the instructions that Python executes.) And where two steps need each other, this function never ends.
#
# The better way, published by Arthur Kahn in 1962, **counts down**. For each step, note how many needs are still
# missing, and who is waiting for it. When a step is finished, go only to those who wait for it, and lower their count
# by one. A count that reaches 0 means: ready. So every arrow is looked at once, and the work is O(steps + arrows).

# %%
missing = {step: len(names) for step, names in nightly.items()}
waiting = {step: [] for step in nightly}
for step, names in nightly.items():
    for name in names:
        waiting[name].append(step)

print("missing:", missing)
print("waiting for clean:", waiting["clean"])
print("ready at once:", [step for step, count in missing.items() if count == 0])

# %% [markdown]
# If counts are left above 0 and nothing is ready, there is a circle. Not every step that is left lies *on* it, some
# just wait behind it. But every step that is left needs one that is left, if only itself. So go from one to the next:
# sooner or later you meet a step for the second time, and what you walked since the first time is a circle.
#
# ### Exercise 3 · Waves
#
# Write `waves(needs)`.
#
# - `needs` is a dictionary: for each step (a string) the list of the steps that it needs, none of them twice.
# - Return a list of waves, each a list of steps (tuples and sets are fine too). Wave 0 holds the steps that need
#   nothing. Every other step is in the wave directly after the latest of those that it needs. The order within a wave
#   does not matter. No steps, no waves: an empty list.
# - If some step needs one that is not a key of `needs`, raise a `ValueError` whose message contains the missing name,
#   even if there is a circle too.
# - If there is a circle, raise a `CycleError` (given below) with the steps of **one** circle, each once: every one
#   needs the next, and the last needs the first. Any circle will do, and it may begin anywhere. A step that needs
#   itself is a circle of one. No step that only waits behind the circle is in it.
# - `needs` is not changed.
#
# What it may cost: four times as many steps and arrows may take at most **six times** as many Python instructions. A
# chain of 1,200 steps must work; a function that calls itself once for each step of a chain stops with a
# `RecursionError`, as Python allows only about 1,000 calls inside each other.

# %% given="cycle-error"
class CycleError(ValueError):
    """Steps need each other in a circle.

    Attributes:
        cycle: the steps of the circle; each needs the next, and the last needs the first.
    """

    def __init__(self, cycle):
        self.cycle = list(cycle)
        super().__init__(" needs ".join([*self.cycle, *self.cycle[:1]]))


print(repr(CycleError(["clean", "embed", "index"])))

# %% exercise="waves" difficulty=4 minutes=35 skills="order-pipelines handle-errors"
def waves(needs):
    """Return the steps in waves: each step directly after the latest of those that it needs.

    Args:
        needs: for each step the list of the steps that it needs.

    Raises:
        ValueError: a step needs one that is not in `needs`; the message contains the missing name.
        CycleError: steps need each other in a circle; it carries the steps of one circle.
    """
    ### BEGIN SOLUTION
    unknown = [name for names in needs.values() for name in names if name not in needs]
    if unknown:
        raise ValueError(f"unknown steps: {unknown}")
    missing = {step: len(names) for step, names in needs.items()}
    waiting = {step: [] for step in needs}
    for step, names in needs.items():
        for name in names:
            waiting[name].append(step)

    result = []
    ready = [step for step in needs if not missing[step]]
    while ready:
        result.append(ready)
        ready = []
        for done in result[-1]:
            for step in waiting[done]:
                missing[step] -= 1
                if not missing[step]:
                    ready.append(step)

    left = [step for step in needs if missing[step]]
    if left:
        path = {}  # the steps in the order of the walk, each with its position
        step = left.pop()
        while step not in path:
            path[step] = len(path)
            step = next(name for name in needs[step] if missing[name])
        raise CycleError(list(path)[path[step] :])
    return result
    ### END SOLUTION


# %% check="waves-values" points=2 hidden="many random pipelines"
def check_waves_values():
    for needs, expected in [
        ({"train": ["clean"], "clean": ["load"], "load": []}, [["load"], ["clean"], ["train"]]),
        ({"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []}, [["a"], ["b", "c"], ["d"]]),
        ({"a": [], "b": ["a"], "c": ["b", "a"], "d": ["a", "c"]}, [["a"], ["b"], ["c"], ["d"]]),
        ({"x": [], "y": [], "z": ["y"]}, [["x", "y"], ["z"]]),
        ({"only": []}, [["only"]]),
        ({}, []),
    ]:
        kept = {step: list(names) for step, names in needs.items()}
        got = outcome_of(waves, needs)
        assert isinstance(got, (list, tuple)) and [sorted(wave) for wave in got] == expected, (
            f"waves({kept}) gave {got!r}, expected {expected}"
        )
        assert needs == kept, f"waves({kept}) changed its argument to {needs}"


check_waves_values()


### BEGIN HIDDEN TESTS
def check_waves_random():
    for seed in range(15):
        draw = random.Random(seed)
        names = [f"s{i}" for i in range(draw.randint(1, 25))]
        needs = {name: draw.sample(names[:i], draw.randint(0, min(i, 3))) for i, name in enumerate(names)}
        depth = {}
        for name in names:
            depth[name] = 1 + max((depth[other] for other in needs[name]), default=-1)
        shuffled = {name: needs[name] for name in draw.sample(names, len(names))}
        expected = [sorted(n for n in names if depth[n] == d) for d in range(max(depth.values()) + 1)]
        assert [sorted(wave) for wave in waves(shuffled)] == expected


check_waves_random()
### END HIDDEN TESTS


# %% check="waves-unknown" points=1 hidden="a missing name beside a circle"
def check_waves_unknown():
    needs = {"train": ["clean", "featurs"], "clean": [], "features": ["clean"]}
    got = outcome_of(waves, needs)
    assert isinstance(got, ValueError) and "featurs" in str(got), (
        f"waves({needs}) gave {got!r}, expected a ValueError with 'featurs' in its message"
    )


check_waves_unknown()

### BEGIN HIDDEN TESTS
got = outcome_of(waves, {"a": ["b"], "b": ["a"], "c": ["a", "elsewhere"]})
assert isinstance(got, ValueError) and "elsewhere" in str(got)
### END HIDDEN TESTS


# %% check="waves-circle" points=2 hidden="random pipelines with a circle, with steps before it, behind it and beside it"
def is_circle(needs, cycle):
    """Whether each step needs the next and the last the first, no step twice."""
    return (
        len(cycle) > 0
        and len(set(cycle)) == len(cycle)
        and all(step in needs and after in needs[step] for step, after in zip(cycle, [*cycle[1:], cycle[0]]))
    )


def check_waves_circle():
    for needs in [
        {"a": ["b"], "b": ["a"]},
        {"load": [], "clean": ["load", "model"], "model": ["features"], "features": ["clean"], "report": ["model"]},
        {"report": ["test"], "test": ["a"], "a": ["c"], "c": ["b"], "b": ["a", "load"], "load": []},
        {"loop": ["loop"], "other": []},
    ]:
        got = outcome_of(waves, needs)
        assert isinstance(got, CycleError) and is_circle(needs, got.cycle), (
            f"waves({needs}) gave {got!r} with the steps {getattr(got, 'cycle', None)}, expected a CycleError. In its "
            "cycle each step must need the next, the last the first, and none may be there twice."
        )


check_waves_circle()


### BEGIN HIDDEN TESTS
def check_waves_random_circles():
    for seed in range(15):
        draw = random.Random(seed)
        names = [f"s{i}" for i in range(20)]
        needs = {name: draw.sample(names[:i], draw.randint(0, min(i, 3))) for i, name in enumerate(names)}
        ring = draw.sample(names, draw.randint(2, 6))
        for step, after in zip(ring, [*ring[1:], ring[0]]):
            if after not in needs[step]:
                needs[step].append(after)
        shuffled = {name: needs[name] for name in draw.sample(names, len(names))}
        got = outcome_of(waves, shuffled)
        assert isinstance(got, CycleError) and is_circle(needs, got.cycle)


check_waves_random_circles()
### END HIDDEN TESTS


# %% check="waves-cost" points=1
def check_waves_cost():
    def line(size):
        return {f"step{i}": [f"step{i - 1}"] if i else [] for i in reversed(range(size))}

    def ladder(size):
        rungs = {"a0": [], "b0": []}
        for i in range(1, size):
            rungs[f"a{i}"] = [f"a{i - 1}", f"b{i - 1}"]
            rungs[f"b{i}"] = [f"b{i - 1}", f"a{i - 1}"]
        return dict(reversed(rungs.items()))

    def fan(size):
        return {"end": [f"step{i}" for i in range(size)], **{f"step{i}": ["start"] for i in range(size)}, "start": []}

    def steps_of(pipeline):
        """How many Python instructions waves executes; only the code of a check itself may trace."""
        meter = Meter()

        def trace(frame, event, argument):
            frame.f_trace_opcodes = True
            if event == "opcode":
                meter.tick()
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            waves(pipeline)
        finally:
            sys.settrace(before)
        return meter.count

    for name, make, small in [("a chain", line, 50), ("pairs, each of two", ladder, 3), ("a fan", fan, 50)]:
        few, many = steps_of(make(small)), steps_of(make(4 * small))
        assert many <= 6 * few, (
            f"{name}: {few:,} Python instructions for {len(make(small))} steps and {many:,} for "
            f"{len(make(4 * small))}, expected at most {6 * few:,}. Do you look through all steps for every wave, or "
            "at one step again and again?"
        )


check_waves_cost()


# %% check="waves-deep" points=1
def check_waves_deep():
    for size, ring in [(1200, []), (1200, ["step1199"])]:
        needs = {f"step{i}": [f"step{i - 1}"] if i else ring for i in reversed(range(size))}
        got = outcome_of(waves, needs)
        got = got.cycle if isinstance(got, CycleError) else got
        found = len(got) if isinstance(got, (list, tuple)) else got
        what = "steps in the circle of a CycleError" if ring else "waves"
        name = f"a chain of {size} steps{', closed to a circle,' * bool(ring)}"
        assert found == size, f"{name} gave {found!r}, expected {size} {what}"


check_waves_deep()

# %% [markdown] hint="waves"
# Build two dictionaries first: for each step how many of its needs are missing (at first: all of them), and for each
# step the list of those that wait for it. Then nobody needs to look through all steps again.

# %% [markdown] hint="waves"
# The first wave is every step with a count of 0. To get from a wave to the next one, go through its steps; for each,
# through those that wait for it; lower their counts; and collect the ones that reach 0.

# %% [markdown] hint="waves"
# For the circle: start at any step whose count is still above 0, and go to one of its needs whose count is above 0,
# until you meet a step that you have seen.
#
# ```python
# path = []
# while step not in path:                 # for long circles, a dictionary is the better path
#     path.append(step)
#     step = next(name for name in needs[step] if missing[name] > 0)
# raise CycleError(path[path.index(step):])
# ```

# %% [markdown]
# Not graded: the growth of both ways on a chain.

# %%
def show_waves():
    sizes = [10, 20, 40, 80, 160]
    lines = [
        (name, colour, mark, sizes, [python_steps(function, chain(size))[0] for size in sizes])
        for name, colour, mark, function in [
            ("look through all", ORANGE, "o", waves_by_looking),
            ("your waves", BLUE, "s", waves),
        ]
    ]
    waves(nightly)
    growth_plot(lines, "Waves of a chain", "Python instructions", "number of steps n")


once_solved(3, show_waves)

# %% [markdown]
# For short chains the simple way is no worse, and for a pipeline of seven steps nobody would notice the difference.
# That is how such code gets into production.
#
# **This is a good place for a pause.** The two exercises that are left do not use the first three.
#
# ## 5 · The nearest of many
#
# "Similar articles", recommendations, face recognition, and the retrieval that finds documents for a language model:
# all ask for the **nearest neighbour** of a query among n points, and the plain way measures n distances. A distance
# between two texts or two long vectors is expensive, so distances are what we count.
#
# A distance that deserves its name obeys the **triangle inequality**: a detour is never shorter than the direct way.
# This one rule lets you exclude points without measuring them. Suppose v is a fixed point and you know, from earlier,
# that x is 7 away from it. The query q is 1 away from v. Then q is at least 7 − 1 = 6 away from x. If you have
# already seen a point at distance 2, forget x. In general, the distance of q and x is at least |d(q, v) − d(v, x)|.
#
# A **vantage-point tree** uses it for half of all points at a time. Choose a point v, measure all others from it
# once, and take the middle distance r as a radius: the nearer half is inside, the other outside. (Halves by number: of
# points exactly on the radius, some are in one half and some in the other.)

# %%
draw = random.Random(4)
cloud = [(draw.uniform(-1.6, 1.6), draw.uniform(-1.1, 1.1)) for _ in range(90)]
vantage, radius = (0.0, 0.0), sorted(math.hypot(*point) for point in cloud)[45]
_, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True)
for axes, query, title in [
    (panels[0], (0.28, 0.1), "circles do not meet: skip the outside"),
    (panels[1], (1.12, -0.3), "circles cross: look at both"),
]:
    best = min(cloud, key=lambda point: math.dist(point, query))
    skipped = radius - math.hypot(*query) > math.dist(best, query)
    for x, y in cloud:
        outside = math.hypot(x, y) >= radius
        axes.scatter(x, y, s=14, color="#bbbbbb" if outside and skipped else GREEN if outside else BLUE)
    axes.add_patch(plt.Circle(vantage, radius, fill=False, color=BLUE, linewidth=1.5))
    axes.add_patch(plt.Circle(query, math.dist(best, query), fill=False, color=ORANGE, linewidth=1.5))
    axes.scatter(*query, marker="x", s=60, color=ORANGE, zorder=3)
    axes.annotate("q", query, (22, -4), textcoords="offset points", color=ORANGE, weight="bold")
    axes.scatter(*vantage, marker="+", s=90, color="black", zorder=3)
    axes.annotate("v", vantage, (-12, -12), textcoords="offset points", weight="bold")
    axes.set(title=title, aspect="equal")
    axes.axis("off")
plt.tight_layout()
plt.show()

# %% [markdown]
# The blue circle has the radius r; points inside it are blue, points outside green, and grey when they can be
# skipped. The orange one goes through the best point found so far, and only a point within it could be better. If it
# lies wholly inside the blue circle, everything outside is excluded, half of the points for the price of one
# distance. If it lies wholly outside, the inside is excluded. If the circles cross, both halves must be looked at. As
# a formula, with d the distance of q and v: a half on the other side of the blue line can only hold something as
# good if |d − r| is at most the best distance so far ("at most": an equally good one counts, too). Computed distances
# are rounded in their last digits, and so is this difference: a production index leaves a billionth of room.
#
# Do the same again in each half, with a vantage point of its own, and you get a tree. Search first the half that q is
# in: a good point found early shrinks the orange circle, and so excludes more.
#
# One more tool. A function that calls itself suits a tree, and halves can be halved only log₂ n times, so it stays
# shallow. Here is a tree of numbers, as nested tuples, and its sum. `largest` shows how all the calls of a search can
# share one "best so far": it belongs to the function around them, and `nonlocal` lets them change it.

# %%
def halve(numbers):
    """Return (first number, tree of one half, tree of the other half), or None for an empty list."""
    if not numbers:
        return None
    first, *rest = numbers
    middle = len(rest) // 2
    return first, halve(rest[:middle]), halve(rest[middle:])


def total(tree):
    if tree is None:
        return 0
    number, left, right = tree
    return number + total(left) + total(right)


def largest(tree):
    best = -math.inf

    def visit(tree):
        nonlocal best  # the name of the function around this one, not a new one in here
        if tree is not None:
            best = max(best, tree[0])
            visit(tree[1])
            visit(tree[2])

    visit(tree)
    return best


tree = halve([5, 1, 4, 2, 3])
print(tree, "sum:", total(tree), "largest:", largest(tree))

# %% [markdown]
# ### Exercise 4 · A nearest-neighbour index
#
# Complete the class `NearestIndex`.
#
# - `NearestIndex(points, distance)`: `points` is a list of any things, tuples of numbers or strings for example.
#   `distance(a, b)` returns a number and obeys the rules of a distance: never negative, 0 for equal points, the same
#   in both directions, and the triangle inequality. You know nothing else about it. No points is a `ValueError`.
# - `nearest(query)` returns the position in `points`, counted from 0, of a point with the smallest distance to
#   `query`. If several are equally near, it is the **first** of them. The answer is exact (the points of the checks are
#   such that rounding decides nothing), and always the same.
# - Points may be equal to each other, and the query may be one of them. `points` is not changed, and the checks do
#   not change it either.
#
# What it may cost, in calls of `distance`, with 600 points in a plane:
#
# - Making the index: at most **30 calls for each point**.
# - `nearest`: on average over 40 queries, at most **60 calls**.
#
# The points in the plane are spread at random, and so are the queries. Another check uses 500 article codes such as
# `C-0417`, with a distance that adds 50 to the difference of the numbers if the letters differ; there, `nearest` may
# take at most 60 calls on average, too. Any way of saving distances is welcome; a vantage-point tree is one of several.

# %% exercise="nearest" difficulty=4 minutes=40 skills="choose-structures"
class NearestIndex:
    """Finds the nearest of many points, with few calls of a distance that obeys the triangle inequality."""

    def __init__(self, points, distance):
        """Raise a ValueError if there are no points."""
        ### BEGIN SOLUTION
        if not points:
            raise ValueError("points is empty")

        def build(positions):
            """Return (vantage, radius, tree of the inside, tree of the outside), or None without positions."""
            if not positions:
                return None
            vantage, *others = positions
            apart = {i: distance(points[vantage], points[i]) for i in others}
            others.sort(key=apart.get)
            middle = len(others) // 2
            radius = apart[others[middle]] if others else math.inf
            return vantage, radius, build(others[:middle]), build(others[middle:])

        self._points, self._distance = points, distance
        self._tree = build(range(len(points)))
        ### END SOLUTION

    def nearest(self, query):
        """Return the position of the nearest point, the first one among equally near ones."""
        ### BEGIN SOLUTION
        best = (math.inf, None)  # distance and position

        def visit(tree):
            nonlocal best
            if tree is None:
                return
            vantage, radius, inside, outside = tree
            apart = self._distance(query, self._points[vantage])
            best = min(best, (apart, vantage))
            near, far = (inside, outside) if apart < radius else (outside, inside)
            visit(near)
            if abs(apart - radius) <= best[0]:
                visit(far)

        visit(self._tree)
        return best[1]
        ### END SOLUTION


# %% check="nearest-values" points=2 hidden="many random points and queries, in one, two and three dimensions"
def check_nearest_values():
    for points, queries, expected in [
        ([(0, 0), (10, 0), (0, 10)], [(1, 1), (9, 2), (2, 9), (100, 0)], [0, 1, 2, 1]),
        ([(5, 5)], [(5, 5), (-3, 80)], [0, 0]),
        ([(i, 0) for i in range(20)], [(3.2, 0), (18.6, 4), (-7, 1), (11, 0)], [3, 19, 0, 11]),
    ]:
        got = outcome_of(lambda: [*map(NearestIndex(points, math.dist).nearest, queries)])
        assert got == expected, f"points {points}: nearest of {queries} gave {got}, expected {expected}"


check_nearest_values()


### BEGIN HIDDEN TESTS
def check_nearest_random():
    for seed in range(24):
        draw = random.Random(seed)
        dimension, count = 1 + seed % 3, draw.choice([2, 3, 5, 17, 60])
        points = [tuple(draw.gauss(0, 1) for _ in range(dimension)) for _ in range(count)]
        index = NearestIndex(points, math.dist)
        for _ in range(8):
            query = tuple(draw.gauss(0, 1.5) for _ in range(dimension))
            assert index.nearest(query) == min(range(count), key=lambda i: math.dist(points[i], query))


check_nearest_random()
### END HIDDEN TESTS


# %% check="nearest-ties" points=2 hidden="whole numbers, where many points are equally near or equal, and no points at all"
def check_nearest_ties():
    def blocks(a, b):
        """How many blocks a taxi drives, in a town of squares."""
        return abs(a[0] - b[0]) + abs(a[1] - b[1])

    for points, query, expected in [
        ([(9, 9), (0, 1), (1, 0), (0, -1)], (0, 0), 1),
        ([(2, 0), (4, 0), (0, 0), (6, 0)], (3, 0), 0),
        ([(7, 7)] * 30, (1, 1), 0),
        ([(4, 0), (1, 1), (1, 1), (1, 1)], (1, 1), 1),
    ]:
        given = list(points)
        got = outcome_of(lambda: NearestIndex(given, blocks).nearest(query))
        assert (got, given) == (expected, points), (
            f"points {points}, distance in blocks: nearest({query}) gave {got!r}, expected {expected}, "
            f"the first of the nearest. The list of points is now {given}, and must not change."
        )
    got = outcome_of(NearestIndex, [], math.dist)
    assert isinstance(got, ValueError), f"NearestIndex([], math.dist) gave {got!r}, expected a ValueError"


check_nearest_ties()


### BEGIN HIDDEN TESTS
def check_nearest_random_ties():
    def blocks(a, b):
        return abs(a[0] - b[0]) + abs(a[1] - b[1])

    for seed in range(30):
        draw = random.Random(seed)
        size = draw.choice([2, 4, 8])
        points = [(draw.randint(0, size), draw.randint(0, size)) for _ in range(draw.randint(2, 40))]
        index = NearestIndex(list(points), blocks)
        for _ in range(8):
            query = draw.randint(-1, size + 1), draw.randint(-1, size + 1)
            assert index.nearest(query) == min(range(len(points)), key=lambda i: (blocks(points[i], query), i))


check_nearest_random_ties()
### END HIDDEN TESTS


# %% check="nearest-cost" points=2
def check_nearest_cost():
    draw = random.Random(11)
    points = [(draw.random(), draw.random()) for _ in range(600)]
    queries = [(draw.random(), draw.random()) for _ in range(40)]
    meter = Meter()

    def metered(a, b):
        meter.tick()
        return math.dist(a, b)

    index = NearestIndex(points, metered)
    assert meter.count <= 30 * 600, (
        f"600 points: making the index took {meter.count:,} calls of distance, expected at most {30 * 600:,}"
    )
    meter.count = 0
    got = [index.nearest(query) for query in queries]
    used = meter.count / len(queries)
    expected = [min(range(600), key=lambda i: math.dist(points[i], query)) for query in queries]
    assert got == expected, f"600 points in a plane, {len(queries)} queries: got {got}, expected {expected}"
    assert used <= 60, (
        f"600 points: nearest took {used:.1f} calls of distance on average, expected at most 60. Which half do you "
        "visit first, and is the other one ever left out?"
    )


check_nearest_cost()


# %% check="nearest-codes" points=2
def check_nearest_codes():
    meter = Meter()

    def codes_apart(a, b):
        """The difference of the numbers in two codes like 'C-0417', and 50 more if the letters differ."""
        meter.tick()
        return abs(int(a[2:]) - int(b[2:])) + 50 * (a[0] != b[0])

    draw = random.Random(6)

    def code():
        return f"{draw.choice('ABCD')}-{draw.randrange(3000):04}"

    codes, queries = [code() for _ in range(500)], [code() for _ in range(20)]
    index = outcome_of(NearestIndex, list(codes), codes_apart)
    meter.count = 0
    got = outcome_of(lambda: [index.nearest(query) for query in queries])
    used = meter.count / len(queries)
    expected = [min(range(500), key=lambda i: (codes_apart(codes[i], query), i)) for query in queries]
    assert got == expected, (
        f"500 codes like {codes[0]!r}, {len(queries)} queries: got {got!r}, expected {expected}. "
        "A point may be anything that distance accepts."
    )
    assert used <= 60, f"500 codes: nearest took {used:.1f} calls of distance on average, expected at most 60"


check_nearest_codes()

# %% [markdown] hint="nearest"
# Work with positions instead of points, so that you can return one. A tree is `None` for no positions, and otherwise
# holds four things: the position of the vantage point, the radius, the tree of the inside and the tree of the
# outside.

# %% [markdown] hint="nearest"
# To build: take the first position as vantage, measure the distances to the others, sort them by distance, and cut
# the list in the middle. The radius is the distance of the first one in the outer half. Cutting by number, and not by
# distance, keeps the halves equal even if all points are the same.

# %% [markdown] hint="nearest"
# The search, with a list of two things as the best so far:
#
# ```python
# def visit(tree):
#     if tree is None:
#         return
#     vantage, radius, inside, outside = tree
#     apart = self.distance(query, self.points[vantage])
#     ...                                # if (apart, vantage) is smaller than the best so far, keep it
#     near, far = (inside, outside) if apart < radius else (outside, inside)
#     visit(near)
#     if abs(apart - radius) <= ...:     # the best distance so far; <= because of equally near points
#         visit(far)
# ```

# %% [markdown]
# Not graded: your index in two dimensions, and in more. The data are points drawn evenly from a square, a cube, and
# so on.

# %%
def show_nearest():
    def calls_per_query(size, dimension):
        draw, meter = random.Random(size), Meter()

        def metered(a, b):
            meter.tick()
            return math.dist(a, b)

        def one():
            return tuple(draw.random() for _ in range(dimension))

        index = NearestIndex([one() for _ in range(size)], metered)
        meter.count = 0
        for _ in range(15):
            index.nearest(one())
        return meter.count / 15

    sizes = [50, 100, 200, 400, 800]
    lines = [("", GREY, "", sizes, sizes)]
    for dimension, colour, mark in [(12, ORANGE, "o"), (5, GREEN, "^"), (2, BLUE, "s")]:
        counts = [calls_per_query(size, dimension) for size in sizes]
        lines.append((f"{dimension} dimensions", colour, mark, sizes, counts))
    growth_plot(lines, "Your index (grey: measure them all)", "distances per query", "number of points n")


once_solved(4, show_nearest)

# %% [markdown]
# In two dimensions the blue line is nearly flat: twice the points cost a few distances more. In twelve, the index
# saves next to nothing. The reason is not the code. In many dimensions random points are all about equally far from
# each other, so the orange circle is as large as the blue one, and they always cross. This is called the **curse of
# dimensionality**.
#
# Real data suffer less, as they do not fill their space evenly. Where that is not enough, production systems give up
# exactness: vector databases find the nearest neighbour in, say, 98 of 100 cases for a hundredth of the distances.
# You can then choose how many to miss; measure it, with the exact answer for a few hundred queries as the reference.
#
# ## 6 · Percentiles of a stream
#
# A customer does not feel the average response time. The **95th percentile** (p95) is the time within which 95 of 100
# requests are answered, and contracts are written about it. In general, the *quantile* q (0.95 here) of n values is
# the value at position ⌊q · (n − 1)⌋ when they are sorted, counted from 0. The half-brackets mean: rounded down.
#
# For the exact one you have to keep all values. The service answers 800 requests a second, so a day has 69 million.
# And there are twelve servers. It is tempting to let each compute its own p95 and to average them:

# %% given="exact-quantile"
def quantile_of(values, q):
    """The exact quantile, from a sorted copy of all values."""
    return sorted(values)[math.floor(q * (len(values) - 1))]


# %%
draw = random.Random(1)
healthy = [[draw.lognormvariate(4.0, 0.4) for _ in range(2000)] for _ in range(11)]
broken = [draw.lognormvariate(6.5, 0.4) for _ in range(2000)]
servers = [*healthy, broken]

average = sum(quantile_of(times, 0.95) for times in servers) / len(servers)
together = quantile_of([time for times in servers for time in times], 0.95)
print(f"average of twelve p95: {average:6.0f} ms")
print(f"p95 of all requests:   {together:6.0f} ms")

# %% [markdown]
# One server in twelve is broken, so 8 of 100 customers wait, and the average of the percentiles reports less than
# half of what they feel. Percentiles cannot be averaged. What can be added is **counts**: how many requests took
# between 100 and 102 ms, on every server?
#
# So divide the time into buckets and count. Buckets of 1 ms each would be too coarse for a request of 2 ms and
# needlessly fine for one of 10 seconds. Let the edges grow by a constant **factor** instead. Then the error is a
# constant *share* of the value.
#
# With a factor γ (gamma), bucket number i holds the values above γ^(i−1) and up to γ^i. The number is the logarithm
# of the value to base γ, rounded up: `math.ceil(math.log(value) / math.log(gamma))`.

# %%
gamma = 1.5
_, axes = plt.subplots(figsize=(8, 2.6))
times = [2.1, 2.4, 5.5, 6.0, 6.3, 7.0, 16.0, 21.0, 45.0]
buckets = Counter(math.ceil(math.log(time) / math.log(gamma)) for time in times)
for number, count in sorted(buckets.items()):
    low, high = gamma ** (number - 1), gamma**number
    axes.bar(low, count, high - low, align="edge", color=BLUE, alpha=0.35, edgecolor=BLUE)
    axes.annotate(f"no. {number}", (math.sqrt(low * high), count), (0, 4), textcoords="offset points", ha="center")
axes.plot(times, [0.15] * len(times), "|", color=ORANGE, markersize=12, markeredgewidth=2)
axes.set(xscale="log", ylim=(0, 5), ylabel="requests", xlabel="response time (ms), logarithmic")
axes.set_title("Only the counts are kept; the values (orange) are forgotten")
axes.set_xticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
axes.minorticks_off()
plt.tight_layout()
plt.show()
print(dict(sorted(buckets.items())))

# %% [markdown]
# A quantile is found by counting: walk from the lowest bucket upwards, until the counts passed exceed the position
# that you look for. Answer with a value *in the middle* of that bucket, so that it is not far from either edge.
#
# How large may γ be, if the answer may be wrong by a share *a* of the true value, such as 0.01? Take γ = (1 + a)²,
# and answer γ^(i − 1/2), which is the upper edge divided by 1 + a, and the lower edge times 1 + a. Then the answer is
# at most by the factor 1 + a too high or too low. For a = 0.01, the buckets from 1 ms to one minute number 553. They
# suffice for a thousand requests or a billion.

# %%
accuracy = 0.01
gamma = (1 + accuracy) ** 2
for time in (0.37, 100.0, 101.2, 5432.1):
    number = math.ceil(math.log(time) / math.log(gamma))
    answer = gamma ** (number - 0.5)
    print(f"{time:8} ms is in bucket {number:4}; the answer {answer:8.2f} is wrong by {abs(answer - time) / time:.2%}")

# %% [markdown]
# ### Exercise 5 · A sketch of a distribution
#
# Complete the class `QuantileSketch`. (A *sketch* is a small summary of a large stream.)
#
# - `QuantileSketch(accuracy)`: the share by which an answer may be wrong. If it is not above 0 and below 1, raise a
#   `ValueError`.
# - `add(value)` takes in one value, an int or a float from 0 to 1e300. A value that is negative, infinite or NaN is a
#   `ValueError`, and does not count.
# - `quantile(q)` returns a number that differs from the exact quantile (at position `math.floor(q * (n - 1))` of the
#   n sorted values) by at most `accuracy` times that quantile. If the exact quantile is 0, the answer is 0. If q is
#   not between 0 and 1 (both are allowed), or nothing was added yet, raise a `ValueError`.
# - `merge(other)` takes in everything that another sketch (never itself) has seen, as if its values had been added
#   here. `other` does not change, neither now nor when this one changes later. If the two accuracies differ, raise a
#   `ValueError`, and change nothing.
#
# The checks add 1e-9 times the exact value to what you are allowed, for rounding. Values above 0 are at least 1e-6 in
# the checks.
#
# What it may cost: when 9,000 more values come in from the same range as before, the sketch grows by at most **30,000
# bytes**. (Nine thousand numbers need 72,000 bytes, packed as tightly as Python can.) Nor may the number of Python
# instructions of `quantile` more than double.

# %% exercise="quantile-sketch" difficulty=3 minutes=30 skills="stream-data measure-latency"
class QuantileSketch:
    """Quantiles of a stream, each wrong by at most a share `accuracy` of itself, in little memory."""

    def __init__(self, accuracy):
        """Raise a ValueError if accuracy is not above 0 and below 1."""
        ### BEGIN SOLUTION
        if not 0 < accuracy < 1:
            raise ValueError(f"accuracy must be above 0 and below 1, not {accuracy}")
        self.accuracy = accuracy
        self._gamma = (1 + accuracy) ** 2
        self._counts = Counter()  # how many values are in each bucket; 0 has a bucket of its own, below all others
        ### END SOLUTION

    def add(self, value):
        """Take in one value; raise a ValueError if it is negative, infinite or NaN."""
        ### BEGIN SOLUTION
        if not 0 <= value < math.inf:
            raise ValueError(f"a value must be a finite number of at least 0, not {value}")
        bucket = math.ceil(math.log(value) / math.log(self._gamma)) if value else -math.inf
        self._counts[bucket] += 1
        ### END SOLUTION

    def quantile(self, q):
        """Return the quantile q; raise a ValueError if q is not from 0 to 1, or if there are no values."""
        ### BEGIN SOLUTION
        if not 0 <= q <= 1:
            raise ValueError(f"q must be from 0 to 1, not {q}")
        position = math.floor(q * (self._counts.total() - 1))
        for bucket, count in sorted(self._counts.items()):
            position -= count
            if position < 0:
                return self._gamma ** (bucket - 0.5)  # for the bucket of 0, this is 0
        raise ValueError("no values yet")
        ### END SOLUTION

    def merge(self, other):
        """Take in all that another sketch has seen; raise a ValueError if its accuracy differs."""
        ### BEGIN SOLUTION
        if other.accuracy != self.accuracy:
            raise ValueError(f"accuracies differ: {self.accuracy} and {other.accuracy}")
        self._counts.update(other._counts)
        ### END SOLUTION


# %% check="quantile-sketch-values" points=2 hidden="many distributions, accuracies and quantiles"
def check_sketch_values():
    for accuracy, values in [
        (0.01, [100.0]),
        (0.01, [3, 1, 2]),
        (0.05, list(range(1, 101))),
        (0.01, [0.002, 5.0, 0.03, 80_000.0, 1.0, 700.0]),
    ]:
        sketch = QuantileSketch(accuracy)
        for value in values:
            sketch.add(value)
        for q in (0, 0.25, 0.5, 0.95, 1):
            got = outcome_of(sketch.quantile, q)
            expected = quantile_of(values, q)
            assert isinstance(got, (int, float)) and abs(got - expected) <= (accuracy + 1e-9) * expected, (
                f"QuantileSketch({accuracy}) with the values {str(values)[:60]}: quantile({q}) gave {got!r}, expected "
                f"{expected} give or take {accuracy * expected:.6g}"
            )


check_sketch_values()


### BEGIN HIDDEN TESTS
def check_sketch_random():
    for seed in range(12):
        draw = random.Random(seed)
        accuracy = draw.choice([0.001, 0.01, 0.1, 0.5])
        sources = [lambda: draw.lognormvariate(0, 3), lambda: draw.randint(0, 5), lambda: 10 ** draw.uniform(-6, 12)]
        values = [draw.choice(sources)() for _ in range(150)]
        values = [value for value in values if value == 0 or value >= 1e-6]
        sketch = QuantileSketch(accuracy)
        for value in values:
            sketch.add(value)
        for q in [0, 1, 0.5, *(draw.random() for _ in range(12))]:
            expected = quantile_of(values, q)
            assert abs(sketch.quantile(q) - expected) <= (accuracy + 1e-9) * expected


check_sketch_random()
### END HIDDEN TESTS


# %% check="quantile-sketch-zero" points=1 hidden="zeros among other values, and very small and very large values"
def check_sketch_zero():
    sketch = QuantileSketch(0.02)
    values, shares = (0, 0.0, 50, 0, 0.5), (0, 0.5, 0.75, 1)
    got = outcome_of(lambda: [sketch.add(value) for value in values] and [sketch.quantile(q) for q in shares])
    low, high = [0, 0, 0.49, 49], [0, 0, 0.51, 51]
    assert isinstance(got, list) and all(a <= number <= b for a, number, b in zip(low, got, high)), (
        f"added 0, 0.0, 50, 0, 0.5 with accuracy 0.02: the quantiles 0, 0.5, 0.75, 1 gave {got!r}, expected "
        "[0, 0, 0.5, 50], give or take 2 %. The logarithm of 0 does not exist."
    )


check_sketch_zero()

### BEGIN HIDDEN TESTS
sketch = QuantileSketch(0.01)
for value in (1e-6, 1e300, 0, 1):
    sketch.add(value)
for q, expected in [(0, 0), (0.34, 1e-6), (0.67, 1), (1, 1e300)]:
    assert abs(sketch.quantile(q) - expected) <= (0.01 + 1e-9) * expected
### END HIDDEN TESTS


# %% check="quantile-sketch-refuses" points=1 hidden="NaN and minus infinity, what a refused value leaves behind, an accuracy that is NaN or above 1"
def check_sketch_refuses():
    for accuracy in (0, 1, -0.5):
        got = outcome_of(QuantileSketch, accuracy)
        assert isinstance(got, ValueError), f"QuantileSketch({accuracy}) gave {got!r}, expected a ValueError"
    sketch = QuantileSketch(0.01)
    got = outcome_of(sketch.quantile, 0.5)
    assert isinstance(got, ValueError), f"quantile(0.5) of an empty sketch gave {got!r}, expected a ValueError"
    for value in (-1, float("inf")):
        got = outcome_of(sketch.add, value)
        assert isinstance(got, ValueError), f"add({value}) gave {got!r}, expected a ValueError"
    sketch.add(7)
    for q in (-0.1, 1.1):
        got = outcome_of(sketch.quantile, q)
        assert isinstance(got, ValueError), f"quantile({q}) gave {got!r}, expected a ValueError"


check_sketch_refuses()

### BEGIN HIDDEN TESTS
sketch = QuantileSketch(0.01)
for value in (math.nan, -math.inf, -1e-9, -3):
    assert isinstance(outcome_of(sketch.add, value), ValueError)
sketch.add(2)
sketch.add(8)
assert abs(sketch.quantile(0.5) - 2) <= 0.021 and abs(sketch.quantile(1) - 8) <= 0.081
assert isinstance(outcome_of(QuantileSketch, math.nan), ValueError)
assert isinstance(outcome_of(QuantileSketch, 1.5), ValueError)
### END HIDDEN TESTS


# %% check="quantile-sketch-merge" points=2 hidden="merging an empty sketch and into one, and later changes of either"
def sketch_of(values, accuracy=0.01):
    """A sketch into which the values were added."""
    sketch = QuantileSketch(accuracy)
    for value in values:
        sketch.add(value)
    return sketch


def near(got, expected, accuracy=0.01):
    """Whether an answer is a number within the accuracy."""
    return isinstance(got, (int, float)) and abs(got - expected) <= (accuracy + 1e-9) * expected


def check_sketch_merge():
    fast, slow = [10, 20, 30, 40, 50, 60, 70, 80], [500, 600, 700, 0]
    left, right = sketch_of(fast), sketch_of(slow, accuracy=float("0.01"))  # equal, but not the same object
    left.merge(right)
    for q in (0, 0.25, 0.5, 0.75, 0.95, 1):
        got, expected = outcome_of(left.quantile, q), quantile_of(fast + slow, q)
        assert near(got, expected), (
            f"a sketch of {fast}, merged with one of {slow}: quantile({q}) gave {got!r}, expected {expected} within 1 %"
        )
    got = outcome_of(right.quantile, 0)
    assert got == 0 and near(right.quantile(0.34), 500) and near(right.quantile(1), 700), (
        f"the sketch of {slow} changed when it was merged into another one"
    )
    got = outcome_of(left.merge, sketch_of([1, 1, 1], accuracy=0.02))
    middle = outcome_of(left.quantile, 0.5)
    assert isinstance(got, ValueError) and near(middle, 50), (
        f"a merge of accuracy 0.01 with 0.02 gave {got!r}, expected a ValueError; afterwards quantile(0.5) gave "
        f"{middle!r}, expected 50 within 1 %, as before"
    )


check_sketch_merge()


### BEGIN HIDDEN TESTS
def check_sketch_merge_edges():
    empty, some = sketch_of([]), sketch_of([4, 4, 9])
    some.merge(empty)
    empty.merge(some)
    for value in (100, 100, 100, 100):
        some.add(value)
    for value in (0.1, 0.1, 0.1, 0.1, 0.1):
        empty.add(value)
    for sketch, values in [(some, [4, 4, 9] + 4 * [100]), (empty, 5 * [0.1] + [4, 4, 9])]:
        assert all(near(sketch.quantile(q), quantile_of(values, q)) for q in (0, 0.3, 0.5, 0.6, 0.75, 0.9, 1))
    assert isinstance(outcome_of(sketch_of([1], accuracy=0.02).merge, sketch_of([1])), ValueError)


check_sketch_merge_edges()
### END HIDDEN TESTS


# %% check="quantile-sketch-cost" points=2
def check_sketch_cost():
    draw = random.Random(3)
    times = [draw.uniform(20, 400) for _ in range(12_000)]
    sketch = QuantileSketch(0.01)

    def feed(part):
        for value in part:
            sketch.add(value)

    def steps_of_quantile():
        """How many Python instructions quantile executes; only the code of a check itself may trace."""
        meter = Meter()

        def trace(frame, event, argument):
            frame.f_trace_opcodes = True
            if event == "opcode":
                meter.tick()
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            sketch.quantile(0.95)
        finally:
            sys.settrace(before)
        return meter.count

    feed(times[:3000])
    few = steps_of_quantile()
    grown, _ = memory_of(lambda: feed(times[3000:]))
    assert grown <= 30_000, (
        f"after 3,000 values, 9,000 more from the same range made the sketch grow by {grown:,} bytes, expected at most "
        "30,000. Keep counts, not values."
    )
    many = steps_of_quantile()
    assert many <= 2 * few, (
        f"quantile(0.95) took {few:,} Python instructions after 3,000 values, and {many:,} after 12,000, expected "
        f"at most {2 * few:,}"
    )
    got, expected = sketch.quantile(0.95), quantile_of(times, 0.95)
    assert abs(got - expected) <= 0.010001 * expected, (
        f"12,000 values: quantile(0.95) gave {got!r}, expected {expected:.3f} within 1 %"
    )


check_sketch_cost()

# %% [markdown] hint="quantile-sketch"
# Keep one dictionary from the number of a bucket to its count, and nothing else that grows. Zero gets a count of its
# own, or a bucket number below all others.

# %% [markdown] hint="quantile-sketch"
# Write the rules for arguments the way round that NaN fails: `if not 0 <= value < math.inf: raise …`. To merge, add
# the other's counts to your own, bucket by bucket. Do not keep the other's dictionary.

# %% [markdown] hint="quantile-sketch"
# ```python
# def quantile(self, q):
#     ...                                              # refuse a wrong q, and an empty sketch
#     position = math.floor(q * (total - 1))           # total: how many values were added
#     passed = 0
#     for bucket in sorted(self.counts):
#         passed += self.counts[bucket]
#         if passed > position:
#             return self.gamma ** (bucket - 0.5)
# ```

# %% [markdown]
# Not graded: twelve servers again, now with your sketches, and what they weigh.

# %%
def show_sketch():
    everything = QuantileSketch(0.01)
    for server_times in servers:
        one = QuantileSketch(0.01)
        for time in server_times:
            one.add(time)
        everything.merge(one)
    every_time = [time for server_times in servers for time in server_times]
    for q in (0.5, 0.9, 0.95, 0.99):
        print(f"p{100 * q:.0f}: exact {quantile_of(every_time, q):7.1f} ms   merged {everything.quantile(q):7.1f} ms")

    def sketch_first(size):
        sketch = QuantileSketch(0.01)
        for time in every_time[:size]:
            sketch.add(time)
        return sketch

    sizes = [100, 300, 1_000, 3_000, 10_000]
    kept = [memory_of(lambda n=n: [1.0 * time for time in every_time[:n]])[0] for n in sizes]
    yours = [memory_of(lambda n=n: sketch_first(n))[0] for n in sizes]
    lines = [("list of all values", ORANGE, "o", sizes, kept), ("your sketch", BLUE, "s", sizes, yours)]
    growth_plot(lines, "Memory", "bytes", "number of values n")


once_solved(5, show_sketch)

# %% [markdown]
# The sketch grows while it meets new buckets, and then no more. Monitoring systems store exactly this: counts in
# buckets, which can be added over servers, hours and regions.
#
# ## What can go wrong in production
#
# **A NaN in the scores.** A model divides by zero, and one score in a thousand is NaN, *not a number*. Every `<`, `>`
# and `==` with it is false, so nothing that relies on comparisons keeps its promise, and there is no error message:

# %%
scores = [0.2, math.nan, 0.9, 0.5, 0.7, 0.1]
print("the three best:        ", heapq.nlargest(3, scores))
print("the same, other order: ", heapq.nlargest(3, scores[::-1]))
print("maximum, in two orders:", max(scores), max(scores[1:]))


def usable(scores):
    """Yield the scores that are numbers, and count the others."""
    for score in scores:
        if math.isnan(score):
            usable.refused += 1
        else:
            yield score


usable.refused = 0
print("without NaN:           ", heapq.nlargest(3, usable(scores)), "refused:", usable.refused)

# %% [markdown]
# Stop NaN at the entrance, where it can be counted, as your `QuantileSketch` does.
#
# **Quadratic by accident.** A job must drop articles that it has seen. The code is short and clear, and it passes its
# test with 50 articles:

# %%
def without_repeats(numbers):
    seen = []
    for number in numbers:
        if number not in seen:  # a walk along a list
            seen.append(number)
    return seen


for size in (50, 100, 200, 400, 800):
    meter = Meter()
    numbers = [Counted(i, meter) for i in range(size)]
    without_repeats(numbers)
    walked, meter.count = meter.count, 0
    list(dict.fromkeys(numbers))  # the same result, from a dictionary
    print(f"{size:4} articles: {walked:8,} operations with a list, {meter.count:4,} with a dictionary")

# %% [markdown]
# With 300,000 articles, that is 45 billion comparisons, in a job that took a blink in the test. Before you put code
# live, count at two sizes. If twice the data cost four times the work, stop.
#
# **The average case is not what the customer sends.** A cost can be small for random inputs and large for special
# ones. Here is a search in a tree that is built without balance, by always hanging a smaller number to the left and a
# larger one to the right:

# %%
def depth_when_inserted(numbers):
    """The depth of an unbalanced search tree into which the numbers were inserted in this order."""
    children, depth = {}, 1
    for number in numbers[1:]:
        node, level = numbers[0], 1
        while (node, number > node) in children:
            node, level = children[node, number > node], level + 1
        children[node, number > node] = number
        depth = max(depth, level + 1)
    return depth


mixed = random.Random(0).sample(range(1000), 1000)
print("1,000 numbers in random order:", depth_when_inserted(mixed), "levels")
print("1,000 numbers in sorted order:", depth_when_inserted(sorted(mixed)), "levels")

# %% [markdown]
# Test data are often shuffled, and real data arrive sorted by date. Sorted, reversed, all equal, and one value
# repeated a million times are the four inputs to try first. Your vantage-point tree stays shallow for all of them,
# because it is cut by number.

# %% [markdown]
# ## Recap
#
# | You can now | A job advertisement calls it |
# |---|---|
# | count operations, and read an order of growth from a plot | "understands complexity and scalability" |
# | keep the best k of a stream with a heap | "ranking and recommendation systems" |
# | build, change and query an inverted index | "search and information retrieval" |
# | order a pipeline in waves, and name the circle in a broken one | "workflow orchestration (Airflow, Dagster)" |
# | find nearest neighbours with few distances, and say when that fails | "vector search, embeddings" |
# | estimate percentiles of an endless stream, over many servers | "observability, SLOs" |
#
# **In the standard library and beyond.** You now know what is inside these, and may use them: `heapq.nlargest`,
# `graphlib.TopologicalSorter` (a DAG in waves), `bisect` (search in a sorted list). For what they add in speed and
# scale, look at SQLite's full-text search and Lucene (inverted indexes), scikit-learn's `BallTree`, FAISS and HNSW
# (nearest neighbours), DDSketch and t-digest (quantiles).
#
# **Test yourself.**
#
# 1. A function needs 3 seconds for 10,000 rows and 12 seconds for 20,000. What do you expect for 1,000,000, and what
#    would you look for in the code?
# 2. You want the ten *smallest* of a stream. Which entry must be at position 0 of the heap, and how do you get that
#    from `heapq`, which always has the smallest there?
# 3. Two servers report a p99 of 100 ms and 300 ms. What is the p99 of both together?
#
# <details><summary>Answers</summary>
#
# 1. Twice the rows, four times the time: quadratic. A hundred times 10,000 rows cost 10,000 times 3 seconds, more
#    than eight hours. Look for a loop in a loop, and for `in`, `index`, `remove` or `pop(0)` on a list inside a loop.
# 2. The largest of the ten, as that is the one to throw out. Store the negative scores.
# 3. That cannot be known from the two numbers. With many requests it lies somewhere between them, but with a few not
#    even that is sure. You need the counts of both in buckets.
#
# </details>
#
# ## Take it further, online
#
# Nothing here is graded. With a network, download the text of a few books from Project Gutenberg, make an article of
# each paragraph, and put them into your `InvertedIndex`. How does the number of different words grow with the number
# of paragraphs? (Plot it on logarithmic axes.) Then install `faiss-cpu` or `hnswlib`, give it 100,000 random points
# of 100 dimensions, and measure which share of the true nearest neighbours it finds.
#
# **Further reading.** *Algorithms* by Robert Sedgewick and Kevin Wayne (heaps, graphs, search, with careful
# counting). *Introduction to Information Retrieval* by Christopher Manning, Prabhakar Raghavan and Hinrich Schütze
# (inverted indexes). *Algorithms and Data Structures for Massive Datasets* by Dzejla Medjedovic and Emin Tahirovic
# (sketches). *DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees* by Charles Masson,
# Jee Rim and Homin Lee.
