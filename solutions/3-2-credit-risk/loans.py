"""Loans to small firms and how they ended: made up, and the true probability of default is known.

Each row is one loan as it stands in the lender's data warehouse today. A customer has one to six loans.

The columns
-----------
    loan_id, customer_id   names; they say nothing about the risk
    applied                the day of the application, 2019 to 2023
    amount, months         euros, and the number of monthly instalments
    burden                 instalment divided by monthly revenue; missing where the firm gave no revenue
    bureau                 the score of a credit bureau, the higher the better; missing for firms it does not know
    founded                the year in which the firm was founded, with a fraction for the day
    years                  age of the firm in years on the day of the application
    trade, purpose         text; purpose may be missing, and the trade "drone survey" appears in July 2022
    reminders              payment reminders sent up to today; on the day of the application there are none
    defaulted              1 if the loan was not paid back as agreed within 365 days, else 0

The process
-----------
    score = -4.5
          + 2.0 * (600 - bureau) / 100              0.8 where bureau is missing
          + 7.0 * min(burden, 0.6)                  1.5 where burden is missing
          + 2.0 * exp(-years / 2)
          + TRADES[trade] + PURPOSES[purpose]       0.5 where purpose is missing

    P(default) = 1 / (1 + exp(-(score + LUCK * u)))

where u is drawn once for each customer, from the standard normal distribution, and is the same for all of their loans.
It stands for what no column tells: discipline, health, a contract that was lost. Without u, the best that anybody can
say about a new customer is the mean of P(default) over all u. That is `true_probability`. In the long run no model has
a lower log loss than that probability, and no decisions cost less than those made with it.
"""

import numpy as np
import pandas as pd

NUMERIC = ["amount", "months", "burden", "bureau", "years"]
CATEGORICAL = ["trade", "purpose"]
DEFAULT_COST, REFUSAL_COST = 4000, 800  # euros: a default that was granted, a good customer who was refused
LUCK = 1.8
TRADES = {
    "building": 0.2,
    "transport": 0.4,
    "food": 0.8,
    "retail": 0.1,
    "care": -0.7,
    "software": -0.5,
    "farrier": -0.3,
    "locksmith": 0.3,
    "piano tuner": -0.4,
    "drone survey": 0.5,
}
TRADE_SHARES = [0.24, 0.18, 0.16, 0.16, 0.12, 0.11, 0.01, 0.01, 0.01]
PURPOSES = {"van": -0.4, "tools": -0.3, "stock": 0.2, "refit": 0.0, "cash gap": 1.0, "": 0.5}
PURPOSE_SHARES = [0.28, 0.26, 0.18, 0.12, 0.10, 0.06]
FIRST_DAY, LAST_DAY = pd.Timestamp("2019-01-01"), pd.Timestamp("2023-12-31")
DRONES_FROM = pd.Timestamp("2022-07-01")


def score(loans: pd.DataFrame) -> np.ndarray:
    """Return the score of the formula above, shape (n,)."""
    return (
        -4.5
        + (2.0 * (600 - loans["bureau"]) / 100).fillna(0.8)
        + (7.0 * loans["burden"].clip(upper=0.6)).fillna(1.5)
        + 2.0 * np.exp(-loans["years"] / 2)
        + loans["trade"].map(TRADES)
        + loans["purpose"].fillna("").map(PURPOSES)
    ).to_numpy(dtype=float)


def true_probability(loans: pd.DataFrame) -> np.ndarray:
    """Return the probability of default of a new customer with these columns, shape (n,)."""
    u, weights = np.polynomial.hermite_e.hermegauss(40)  # points and weights for a mean over a standard normal
    return 1 / (1 + np.exp(-(score(loans)[:, None] + LUCK * u))) @ (weights / weights.sum())


def loan_book(n_customers: int, seed: int) -> pd.DataFrame:
    """Return all loans of n customers, in the order of their applications."""
    rng = np.random.default_rng(seed)
    bureau = np.round(rng.normal(600, 70, n_customers).clip(320, 840))
    bureau[rng.random(n_customers) < 0.15] = np.nan
    revenue = np.exp(rng.normal(8.6, 1.0, n_customers))  # euros a month
    trade = rng.choice(list(TRADES)[:-1], n_customers, p=TRADE_SHARES)
    luck = rng.normal(size=n_customers)
    first = rng.integers(0, (LAST_DAY - FIRST_DAY).days + 1, n_customers)
    age = rng.exponential(6, n_customers)  # years, on the day of the first application
    flies = (rng.random(n_customers) < 0.06) & (FIRST_DAY + pd.to_timedelta(first, unit="D") >= DRONES_FROM)
    trade = np.where(flies, "drone survey", trade)

    who = np.repeat(np.arange(n_customers), rng.integers(1, 7, n_customers))
    pauses = pd.Series(rng.exponential(250, len(who)))
    pauses[~pd.Series(who).duplicated()] = 0.0
    days = first[who] + pauses.groupby(who).cumsum().to_numpy().astype(int)
    applied = FIRST_DAY + pd.to_timedelta(days, unit="D")
    n = len(who)
    amount = np.round(np.exp(rng.normal(9.0, 0.5, n)).clip(1000, 60000), -2)
    months = rng.choice([12, 24, 36, 48], n)
    burden = amount / months / (revenue[who] * np.exp(rng.normal(0, 0.1, n)))
    burden[rng.random(n) < 0.12] = np.nan
    purpose = rng.choice(list(PURPOSES), n, p=PURPOSE_SHARES)
    loans = pd.DataFrame(
        {
            "customer_id": who + 1000,
            "applied": applied,
            "amount": amount,
            "months": months,
            "burden": burden.round(4),
            "bureau": bureau[who],
            "founded": (2019 + first / 365 - age)[who].round(2),
            "years": (age[who] + (days - first[who]) / 365).round(2),
            "trade": trade[who],
            "purpose": pd.Series(purpose).where(purpose != ""),
        }
    )
    chance = 1 / (1 + np.exp(-(score(loans) + LUCK * luck[who])))
    defaulted = (rng.random(n) < chance).astype(int)
    loans["reminders"] = rng.poisson(np.where(defaulted == 1, 3.0, 0.4))
    loans["defaulted"] = defaulted
    loans = loans[applied <= LAST_DAY].sort_values("applied", kind="stable", ignore_index=True)
    loans.insert(0, "loan_id", np.arange(len(loans)) + 1)
    return loans


def as_applied(loans: pd.DataFrame) -> pd.DataFrame:
    """Return the loans as the lender saw them on the day of the application: no reminders yet, no outcome."""
    return loans.assign(reminders=0).drop(columns="defaulted")
