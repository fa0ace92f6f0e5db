"""Made-up job advertisements. Nothing here was copied from a real advertisement, and no employer exists.

How an advertisement comes about, so that you can hold your estimates against the truth:

1. A job has a role: ML engineer (45 %), data scientist (40 %) or data engineer (15 %); an industry, drawn evenly; and
   a level: junior (25 %), experienced (45 %) or senior (30 %).
2. One job in five is advertised by an agency (AGENCY), the others by the employer.
3. Each skill is named with the probability that SHARES gives for the role, independently of the others. Agencies like
   fashionable words: for the skills in FASHION they name it with a probability that is higher by FASHION_EXTRA.
4. Each skill is written in one of its spellings, with upper and lower case and spaces as they come. One skill in
   twelve is named twice, in two spellings.
5. An agency posts the same job two to five times, an employer once, or (one in ten) twice. The posts are alike, and
   all posts are shuffled and numbered.
6. The yearly salary in euros is that of the role plus that of the level plus noise (standard deviation 6,000). Many
   well-paid jobs keep silent: a salary above 64,000 is printed with probability 0.15, any other with 0.65.

The numbers are inventions as well. They are plausible, and they say nothing about the labour market where you live.
"""

import random

import pandas as pd

from market import SPELLINGS

ROLES = {"ML engineer": 0.45, "data scientist": 0.40, "data engineer": 0.15}
LEVELS = {"Junior": 0.25, "": 0.45, "Senior": 0.30}
AGENCY = 0.2
FASHION = {"kubernetes", "language models"}
FASHION_EXTRA = 0.35

# The probability that an employer's advertisement names a skill: ML engineer, data scientist, data engineer.
SHARES = {
    "python": (0.94, 0.88, 0.80),
    "sql": (0.52, 0.78, 0.92),
    "git": (0.50, 0.28, 0.45),
    "testing": (0.42, 0.12, 0.30),
    "docker": (0.60, 0.16, 0.40),
    "kubernetes": (0.34, 0.06, 0.25),
    "cloud": (0.66, 0.38, 0.72),
    "rest apis": (0.46, 0.10, 0.20),
    "ci/cd": (0.44, 0.08, 0.38),
    "monitoring": (0.38, 0.12, 0.20),
    "experiment tracking": (0.30, 0.15, 0.02),
    "spark": (0.32, 0.24, 0.66),
    "pytorch": (0.52, 0.27, 0.03),
    "tensorflow": (0.32, 0.22, 0.02),
    "scikit-learn": (0.46, 0.56, 0.04),
    "pandas": (0.42, 0.60, 0.24),
    "statistics": (0.34, 0.76, 0.06),
    "a/b testing": (0.14, 0.46, 0.02),
    "data visualisation": (0.12, 0.60, 0.18),
    "communication": (0.46, 0.60, 0.40),
    "language models": (0.36, 0.26, 0.04),
    "computer vision": (0.22, 0.12, 0.01),
    "recommenders": (0.16, 0.14, 0.02),
    "forecasting": (0.10, 0.32, 0.02),
    "r": (0.04, 0.36, 0.02),
    "c++": (0.14, 0.02, 0.04),
    "java": (0.12, 0.04, 0.36),
}
SALARIES = {"ML engineer": 62_000, "data scientist": 57_000, "data engineer": 59_000}
RAISES = {"Junior": -12_000, "": 0, "Senior": 15_000}

_TITLES = {
    "ML engineer": ["Machine Learning Engineer", "ML Engineer", "Engineer, Machine Learning", "MLOps Engineer"],
    "data scientist": ["Data Scientist", "Data Scientist, Product", "Applied Data Scientist"],
    "data engineer": ["Data Engineer", "Data Platform Engineer"],
}
_DUTIES = {
    "ML engineer": [
        "You turn a model that works in a notebook into a service that works at night.",
        "You build the pipeline that trains our models again every week and refuses a worse one.",
        "You make predictions fast enough for the checkout, and you notice first when they go wrong.",
        "You and our data scientists share one code base; you keep it tested and releasable.",
    ],
    "data scientist": [
        "You find out which of our questions data can answer, and answer them.",
        "You design experiments with the product teams and tell them honestly what came out.",
        "You build first models, measure what they are worth, and hand the good ones to engineering.",
        "You explain to people who do not compute why the number moved.",
    ],
    "data engineer": [
        "You bring data from forty sources into one place, on time and complete.",
        "You own the tables that everybody else's work begins with.",
    ],
}
_INDUSTRIES = {
    "retail": ["Foods", "Outfitters", "Markets"],
    "logistics": ["Parcels", "Freight", "Cold Chain"],
    "finance": ["Savings", "Mutual", "Credit"],
    "health": ["Clinics", "Diagnostics", "Care"],
    "manufacturing": ["Castings", "Bearings", "Glassworks"],
    "energy": ["Grid", "Windworks", "Heating"],
}
_NAMES = ["Tallowbridge", "Amberfen", "Ninth Harbour", "Corriefield", "Brackenmoor", "Oystergate", "Pale Heron",
          "Quillstone", "Saltmarsh Lane", "Threemile", "Umberholt", "Wrenfold"]
_AGENCIES = ["Hirewell & Nobody", "Talent Lighthouse", "Perfect Fit Staffing"]
_OFFERS = ["Two days a week from home.", "Thirty days of holiday.", "A budget for books and courses.",
           "Part time is possible.", "A team that eats lunch together."]


def collect_ads(jobs=520, seed=11):
    """Return the advertisements for so many jobs as a list of dictionaries, in the order of their numbers.

    Keys: ad (its number), job (the number of the job, the same for all its posts), role, industry, employer, agency
    (True or False), text, skills (as written, separated by commas), named (the skills, cleaned; one named twice is
    here twice) and salary (euros a year, or None where it is not printed).
    """
    draw = random.Random(seed)
    posts = []
    for number in range(1, jobs + 1):
        job = _job(number, draw)
        times = draw.choice([2, 3, 4, 5]) if job["agency"] else 1 + (draw.random() < 0.1)
        posts += [dict(job) for _ in range(times)]
    draw.shuffle(posts)
    return [{"ad": number, **post} for number, post in enumerate(posts, start=1)]


def mentions_table(ads):
    """Return a table with one row for each skill that an advertisement names: columns ad and skill, cleaned."""
    rows = [(ad["ad"], skill) for ad in ads for skill in ad["named"]]
    return pd.DataFrame(rows, columns=["ad", "skill"])


def true_share(role, skill):
    """Return the share of all jobs of a role, beyond any sample, whose advertisement names the skill."""
    employer = SHARES[skill][list(ROLES).index(role)]
    return employer + AGENCY * (FASHION_EXTRA if skill in FASHION else 0.0)


def true_mean_salary(role):
    """Return the mean yearly salary in euros of all jobs of a role, printed or not."""
    return SALARIES[role] + sum(share * RAISES[level] for level, share in LEVELS.items())


def _job(number, draw):
    role = draw.choices(list(ROLES), list(ROLES.values()))[0]
    level = draw.choices(list(LEVELS), list(LEVELS.values()))[0]
    industry = draw.choice(list(_INDUSTRIES))
    agency = draw.random() < AGENCY
    employer = draw.choice(_AGENCIES) if agency else f"{draw.choice(_NAMES)} {draw.choice(_INDUSTRIES[industry])}"
    named = []
    for skill, shares in SHARES.items():
        extra = FASHION_EXTRA if agency and skill in FASHION else 0.0
        if draw.random() < shares[list(ROLES).index(role)] + extra:
            named += [skill, skill] if draw.random() < 1 / 12 else [skill]
    draw.shuffle(named)
    written, used = [], set()
    for skill in named:
        spelling = draw.choice([word for word in [skill, skill, *SPELLINGS[skill]] if word not in used])
        used.add(spelling)
        written.append(_as_typed(spelling, draw))
    skills = ",".join(written)
    pay = round(SALARIES[role] + RAISES[level] + draw.gauss(0, 6_000), -2)
    printed = draw.random() < (0.15 if pay > 64_000 else 0.65)
    title = f"{level} {draw.choice(_TITLES[role])}".strip()
    text = "\n".join(
        [
            f"{title}, {employer} ({industry})",
            *draw.sample(_DUTIES[role], 2),
            "Skills: " + (skills or "we train you"),
            draw.choice(_OFFERS) + (f" {pay:,.0f} euros a year." if printed else ""),
        ]
    )
    return {
        "job": number,
        "role": role,
        "industry": industry,
        "employer": employer,
        "agency": agency,
        "text": text,
        "skills": skills,
        "named": named,
        "salary": pay if printed else None,
    }


def _as_typed(spelling, draw):
    """A spelling as somebody in a hurry types it."""
    case = draw.choice([str.lower, str.title, str.title, str.upper])
    between = draw.choice([" ", " ", " ", "  "])
    before, behind = draw.choice(["", " ", " ", " ", "  "]), draw.choice(["", "", "", " "])
    return before + case(spelling).replace(" ", between) + behind
