"""Reports that bus drivers send at the end of a shift: made up, and the label is known.

The process
-----------
Each report names one part that keeps people safe (SAFETY) and one that only makes the ride pleasant (COMFORT). A fair
coin decides which of the two is out of order; the other one is fine. The order of the two and the wording are drawn,
each equally likely. The label is 1 where the safety part is out of order ("keep the bus in"), else 0 ("let it out").

So both labels use the same words equally often: the words alone tell nothing, only which state belongs to which part.
"""

import random

SAFETY = ["brake disc", "wheel bearing", "steering rod", "front lamp", "door sensor", "wiper arm", "air spring"]
COMFORT = ["heater fan", "window seal", "ticket printer", "line display", "cabin radio", "seat frame", "ramp hinge"]
BROKEN = ["was cracked", "was worn", "was loose", "was bent", "was broken", "was leaking"]
FINE = ["was in order", "was checked and good", "was replaced", "was repaired", "was tight and good"]
JOINTS = ["{}, {}.", "{}; {}.", "{} and {}.", "{}. {}."]


def driver_reports(n: int, seed: int) -> tuple[list[str], list[int]]:
    """Return n reports and their labels: 1 to keep the bus in, 0 to let it out."""
    rng = random.Random(seed)
    texts, labels = [], []
    for _ in range(n):
        unsafe = rng.randrange(2)
        safety = f"the {rng.choice(SAFETY)} {rng.choice(BROKEN if unsafe else FINE)}"
        comfort = f"the {rng.choice(COMFORT)} {rng.choice(FINE if unsafe else BROKEN)}"
        parts = [safety, comfort]
        rng.shuffle(parts)
        joint = rng.choice(JOINTS)
        if ". " in joint:
            parts[1] = parts[1].capitalize()
        text = joint.format(*parts)
        texts.append(text[0].upper() + text[1:])
        labels.append(unsafe)
    return texts, labels


# Single complaints, written by hand: 1 for what endangers people, 0 for what only annoys them.
COMPLAINTS = [
    ("The brakes fade on long hills.", 1), ("The steering wheel turns without any effect.", 1),
    ("One of the tyres has a deep cut.", 1), ("There is a smell of burning near the engine.", 1),
    ("The emergency exit cannot be opened.", 1), ("The headlights went out in the tunnel.", 1),
    ("A wheel nut is missing.", 1), ("Fuel drips onto the hot exhaust.", 1),
    ("The doors opened while we were moving.", 1), ("The parking brake does not hold.", 1),
    ("The music in the cabin is too quiet.", 0), ("A seat cover is stained.", 0),
    ("The wifi for passengers is slow.", 0), ("The ticket machine ran out of paper.", 0),
    ("The air conditioning is too cold.", 0), ("Somebody wrote on the back of a seat.", 0),
    ("The advertising screen stays black.", 0), ("A cup holder is broken.", 0),
    ("The carpet smells of old coffee.", 0), ("The clock is five minutes fast.", 0),
]
NEW_COMPLAINTS = [
    ("The pedal goes down to the floor and the bus hardly slows.", 1), ("Smoke came out of the battery box.", 1),
    ("The indicators and the stop lights are dead.", 1), ("A passenger was caught in the closing door.", 1),
    ("The windscreen is cracked in front of the driver.", 1), ("The front axle makes the bus swerve.", 1),
    ("The fire extinguisher is gone.", 1), ("We could not stop at the crossing.", 1),
    ("The reading lamp in row four flickers.", 0), ("Chewing gum sticks under the table.", 0),
    ("The radio plays only one station.", 0), ("The curtains are dusty.", 0),
    ("The usb socket charges no phone.", 0), ("The route map on the wall is out of date.", 0),
    ("An armrest is scratched.", 0), ("The announcements are boring and too loud.", 0),
]
