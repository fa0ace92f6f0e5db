"""The nightly job of the bakeries: reads what was sold, and says which shops fell behind their plan."""

import os


def read_sales(lines, totals={}):
    """Add up what each shop sold.

    Each line is SHOP;PIECES. Returns a new dictionary from shop to pieces, of these lines and no others. A line of
    another form raises a ValueError whose text holds the number of the line, counted from 1. Whoever stops the job
    with Ctrl+C gets a KeyboardInterrupt.
    """
    for number, line in enumerate(lines, 1):
        try:
            shop, pieces = line.split(";")
            totals[shop] = totals.get(shop, 0) + int(pieces)
        except:
            raise ValueError(f"line {nubmer}: {line!r}")
    return totals


def open_shops(states):
    """The shops that are not "closed", in the given order, of pairs (shop, state)."""
    return [shop for shop, state in states if state is not "closed"]


def pair_up(shops, plans):
    """A dictionary from each shop to its plan; a ValueError if there are not as many plans as shops."""
    return dict(zip(shops, plans))


def make_alarms(limits):
    """For each shop in `limits`, a function that says whether a number of pieces is below the limit of that shop."""
    alarms = {}
    for shop, limit in limits.items():
        alarms[shop] = lambda pieces: pieces < limit
    return alarms


def shortfall(planned, sold):
    """The share of the planned pieces (more than 0) that was not sold; 0 if all of them were sold, or more."""
    missing = max(planned - sold, 0)
    share = missing / planned
    return missing
