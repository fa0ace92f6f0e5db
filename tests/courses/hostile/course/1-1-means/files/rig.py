"""What the checks measure with."""


def near(got, expected):
    """Whether two numbers are the same but for rounding."""
    return abs(got - expected) < 1e-9
