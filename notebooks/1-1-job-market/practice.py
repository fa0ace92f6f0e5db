"""Helpers of this lesson: what the example cells and the checks share. You need not read them."""

import contextlib

import numpy as np


@contextlib.contextmanager
def once_solved(*exercises):
    """Run a block that needs your answers; say which ones where they are missing, or not right yet."""
    try:
        yield
    except NotImplementedError:
        print("This cell runs once you have solved", " and ".join(exercises) + ".")
    except Exception as error:
        print(f"Something is not right yet in {' or '.join(exercises)}: {error!r}")


def outcome_of(function, *arguments, **options):
    """Call the function; return its result, or the exception that it raised."""
    try:
        return function(*arguments, **options)
    except NotImplementedError:
        raise  # an exercise that has not been started yet
    except Exception as error:
        return error


def normalise_tip(got, text):
    """Return a sentence that helps whoever got this from `normalise(text, ...)`, or an empty text."""
    if got is None:
        return " None means that nothing was returned: print only shows a value, return hands it back."
    if isinstance(got, KeyError):
        return " A name that is no key is not an error: use get, with the name itself behind the comma."
    if isinstance(got, list) or (isinstance(got, TypeError) and "list" in str(got)):
        return ' split makes a list of words; put them together again with " ".join(...).'
    if got == text:
        return " text.lower() leaves text as it is and makes a copy: keep it, as in name = text.lower()."
    return ""


def same_pairs(got, expected, tolerance=1e-9):
    """Return whether `got` holds the same pairs of a text and a number as `expected`, in the same order."""
    try:
        pairs = [(name, float(number)) for name, number in got]
    except (TypeError, ValueError):
        return False
    return [name for name, _ in pairs] == [name for name, _ in expected] and all(
        abs(number - wanted) <= tolerance for (_, number), (_, wanted) in zip(pairs, expected)
    )


def share_interval(ones, count, level=0.95, seed=0):
    """Return the ends of a bootstrap interval for a share: `ones` of `count` values are 1, the others 0.

    A resample of 0s and 1s is as good as tossing `count` unfair coins, so a computer can draw its sum at once.
    """
    shares = np.random.default_rng(seed).binomial(count, ones / count, size=4000) / count
    low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference_interval(first, second, level=0.95, seed=0):
    """Return the ends of a bootstrap interval for the mean of `first` minus the mean of `second`.

    Args:
        first, second: 0 or 1 (or False or True) for each job of a group; a list, an array or a column of a table.

    Raises:
        ValueError: a group is empty, or holds something else.
    """
    rng = np.random.default_rng(seed)
    means = []
    for name, group in (("first", first), ("second", second)):
        group = np.asarray(group, dtype=float)
        if group.ndim != 1 or not len(group) or not np.isin(group, (0.0, 1.0)).all():
            raise ValueError(f"{name} must hold a 0 or a 1 for each job, and at least one")
        means.append(rng.binomial(len(group), group.mean(), size=4000) / len(group))
    low, high = np.quantile(means[0] - means[1], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
