"""Repair notes of a city's bus depot: made up by a small grammar, so that every answer is known.

The process
-----------
A note is about one repair. Its facts are drawn independently, except where a line says otherwise:

    bus          100 to 399
    came_in      a weekday; back is another weekday
    driver       one of NAMES; mechanic is another of them
    fault        a row of FAULTS, which holds the part, two symptoms, two states and two actions that fit together
    part_cost    40 to 990 euros in steps of ten; labour likewise, but never the same amount
    hours        one of HOURS

Each of the six sentences of SENTENCES (intake, symptom, repair, cost, duration, return) is told in one of several
ways. A sentence about the symptom comes before the one about the repair; apart from that the order is drawn. So the
part and the state can be guessed from the symptom, wherever it stands, and a name, a day or an amount cannot be
guessed at all. The grammar knows no plural ("the brake pads was worn"), as hurried people sometimes do not.

A question asks for one fact (QUESTIONS). When `complete` is false each sentence may be missing, and then a question
about its facts has no answer. `filler` adds sentences that say nothing about the repair, which makes a note long.
"""

import random
import re

NAMES = (
    "Nadia Omar Greta Pavel Lucia Tarek Ingrid Mateo Yusuf Clara Dmitri Aisha Henrik Rosa Samir Elena Jonas Priya "
    "Viktor Mina"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday".split()
HOURS = "one hour,two hours,three hours,four hours,five hours,six hours,seven hours,eight hours,nine hours".split(",")
LINES = "2 3 4 5 7 8 9 11 12 14 16 18 21 25 27 30".split()

# part | symptoms | states | actions
FAULTS = [
    tuple(tuple(cell.split("; ")) for cell in row.split(" | "))
    for row in """
brake pads | a squeal at every stop; a long way to stop | worn; thin | replaced; changed
brake disc | a pedal that shook; a grinding noise when braking | cracked; warped | replaced; ground
wheel bearing | a hum that rose with speed; a hot wheel | worn; dry | replaced; greased
steering rod | a pull to the left; play in the steering | bent; loose | straightened; replaced
air spring | a bus that leaned to one side; a hard ride | torn; leaking | patched; replaced
door motor | a rear door that opened slowly; a door that stayed shut | burnt; weak | rewound; replaced
door sensor | a door that closed on a bag; a door that opened again and again | dirty; blind | cleaned; adjusted
ramp hinge | a ramp that jammed; a ramp that would not fold | rusty; bent | oiled; straightened
heater fan | cold air in the cabin; frost on the inside of the glass | blocked; noisy | cleaned; replaced
window seal | rain on the seats; a whistle of wind | torn; brittle | glued; replaced
radiator hose | steam from the engine; green water on the road | leaking; split | clamped; replaced
water pump | an engine that ran hot; a red temperature lamp | leaking; seized | sealed; replaced
fuel filter | little power uphill; an engine that coughed | blocked; dirty | cleaned; changed
starter motor | an engine that would not start; a click when the key was turned | seized; burnt | rewound; replaced
alternator | a battery lamp that stayed on; lights that grew dim | weak; burnt | rewound; replaced
front lamp | a dark lane ahead; one light out in front | dark; broken | changed; wired
wiper arm | a scrape across the glass; a smear in the rain | bent; loose | tightened; straightened
ticket printer | no tickets for the passengers; paper stuck in the slot | jammed; empty | cleaned; refilled
line display | a wrong line above the glass; a blank display | frozen; dark | reset; rewired
cabin radio | no voice from the control room; a crackle in the speaker | dead; loose | rewired; reset
exhaust pipe | a roar under the floor; smoke in the mirror | rusty; split | welded; replaced
gearbox mount | a bang at every gear change; a jerk when starting off | cracked; loose | welded; tightened
seat frame | a loose seat in the back row; a seat that rocked | cracked; loose | welded; tightened
""".strip().splitlines()
]

SENTENCES = {
    "intake": [
        "Bus {bus} came in on {came_in}.",
        "On {came_in} bus {bus} came to the depot.",
        "Bus {bus} was brought in on {came_in}.",
        "Bus {bus} has stood in the depot since {came_in}.",
    ],
    "symptom": [
        "{driver} at the wheel reported {symptom}.",
        "{driver} drove it and noticed {symptom}.",
        "The driver, {driver}, complained of {symptom}.",
        "There was {symptom}, wrote the driver {driver}.",
    ],
    "repair": [
        "{mechanic} found that the {part} was {state} and {action} it.",
        "In the workshop {mechanic} {action} the {part}, which was {state}.",
        "The {part} was {state}, so the mechanic {mechanic} {action} it.",
        "The mechanic {mechanic} looked at the {part}: {state}. It was {action}.",
    ],
    "cost": [
        "The part cost {part_cost} and the labour {labour}.",
        "We paid {part_cost} for the part and {labour} for the labour.",
        "Labour came to {labour}, the part to {part_cost}.",
        "The bill says {labour} for labour and {part_cost} for the part.",
    ],
    "duration": [
        "The work took {hours}.",
        "It was done after {hours}.",
        "The bus stood over the pit for {hours}.",
    ],
    "return": [
        "It went back on line {line} on {back}.",
        "Since {back} it runs again on line {line}.",
        "It returned to line {line} on {back}.",
    ],
}

QUESTIONS = {
    "bus": ["Which bus came in?", "What is the number of the bus?"],
    "came_in": ["When did the bus come in?", "On which day was the bus brought in?"],
    "driver": ["Who drove the bus?", "Which driver reported the fault?"],
    "symptom": ["What did the driver notice?", "What was the complaint?"],
    "mechanic": ["Who repaired the bus?", "Which mechanic did the work?"],
    "part": ["Which part was faulty?", "What was repaired?"],
    "part_cost": ["How much did the part cost?", "What was paid for the part?"],
    "labour": ["How much did the labour cost?", "What was paid for the labour?"],
    "hours": ["How long did the repair take?", "How long was the work?"],
    "line": ["On which line does it run?", "Which line did it return to?"],
    "back": ["When did the bus go back?", "Since which day does it run again?"],
}

FILLER = [
    "The tyres were checked and all wheel nuts were tight.",
    "Oil and water were filled up to the mark.",
    "The floor was swept and the windows were washed.",
    "Horn, mirrors and belts were in order.",
    "The first aid box was complete.",
    "A sticker on the side was renewed.",
    "The hand rails and the stop buttons were wiped.",
    "No damage was seen on the roof or below the floor.",
    "The fire extinguisher is good until next year.",
    "The bus was parked in the yard and the keys were handed in.",
]


def write_note(rng: random.Random, complete: bool = True, filler: int = 0) -> tuple[str, dict]:
    """Return the text of a note and its facts: {name: (value, place of its first character)}."""
    came_in, back = rng.sample(DAYS, 2)
    driver, mechanic = rng.sample(NAMES, 2)
    part_cost, labour = rng.sample(range(40, 1000, 10), 2)
    parts, symptoms, states, actions = rng.choice(FAULTS)
    facts = {
        "bus": str(rng.randrange(100, 400)),
        "came_in": came_in,
        "back": back,
        "driver": driver,
        "mechanic": mechanic,
        "part": parts[0],
        "symptom": rng.choice(symptoms),
        "state": rng.choice(states),
        "action": rng.choice(actions),
        "part_cost": f"{part_cost} euros",
        "labour": f"{labour} euros",
        "hours": rng.choice(HOURS),
        "line": rng.choice(LINES),
    }
    roles = [role for role in SENTENCES if complete or rng.random() < 0.8]
    rng.shuffle(roles)
    if {"symptom", "repair"} <= set(roles) and roles.index("repair") < roles.index("symptom"):
        first, second = roles.index("repair"), roles.index("symptom")
        roles[first], roles[second] = "symptom", "repair"
    sentences = [rng.choice(SENTENCES[role]) for role in roles]
    for _ in range(filler):
        sentences.insert(rng.randrange(len(sentences) + 1), rng.choice(FILLER))

    text, known = "", {}
    for piece in re.split(r"(\{\w+\})", " ".join(sentences)):
        if piece.startswith("{"):
            name = piece[1:-1]
            known[name] = facts[name], len(text)
            piece = facts[name]
        text += piece
    return text, known


def write_notes(n: int, seed: int, complete: bool = True, filler: int = 0) -> list[tuple[str, dict]]:
    """Return n notes with their facts, the same ones for the same arguments."""
    rng = random.Random(seed)
    return [write_note(rng, complete, filler) for _ in range(n)]


def ask(rng: random.Random, facts: dict, names=tuple(QUESTIONS)) -> tuple[str, str, int]:
    """Return a question, its answer and the place of its first character; ("", -1) where the note does not say.

    names: the facts of which one is asked for.
    """
    name = rng.choice(names)
    return rng.choice(QUESTIONS[name]), *facts.get(name, ("", -1))
