"""From a ranking of your gaps to a plan, and to the file that keeps it."""

import json
import tomllib
from datetime import date
from pathlib import Path

from market import TAUGHT

PLAN_FILE = "plan.json"


def course_skills(path="skills.toml"):
    """Return the skills of this course, from id to title, as its file skills.toml lists them."""
    with open(path, "rb") as file:
        return {skill["id"]: skill["title"] for skill in tomllib.load(file)["skill"]}


def make_plan(gaps, demand, levels, target, length=8):
    """Return a plan as a dictionary that fits into a JSON file.

    Args:
        gaps: pairs (skill, priority), the most urgent first.
        demand: the share of jobs that ask for a skill.
        levels: your level in each skill; a skill that is not in it counts as 0.
        target: the level that you want to reach.
        length: how many skills the plan takes on.
    """
    known = course_skills()
    steps = []
    for skill, priority in list(gaps)[:length]:
        lessons, ids = TAUGHT.get(skill, ([], []))
        steps.append(
            {
                "skill": skill,
                "demand": round(float(demand[skill]), 3),
                "level": levels.get(skill, 0),
                "target": target,
                "priority": round(float(priority), 3),
                "lessons": list(lessons),
                "course_skills": [skill_id for skill_id in ids if skill_id in known],
            }
        )
    return {"plan": 1, "made": date.today().isoformat(), "steps": steps}


def show_plan(plan):
    """Print a plan."""
    titles = course_skills()
    if not plan["steps"]:
        print("No gaps: you are at the target in every skill that these jobs ask for. Raise the target?")
    for number, step in enumerate(plan["steps"], start=1):
        word = "lesson " if len(step["lessons"]) == 1 else "lessons "
        where = word + ", ".join(step["lessons"]) if step["lessons"] else "not in this course: find another source"
        print(f"{number}. {step['skill']}: in {step['demand']:.0%} of the jobs, "
              f"you are at level {step['level']} of {step['target']}")
        print(f"      {where}")
        for skill_id in step["course_skills"]:
            print(f"        - {titles[skill_id]}")


def save_plan(plan, path=PLAN_FILE):
    """Write the plan beside the notebook, as text that people and programs can read."""
    Path(path).write_text(json.dumps(plan, indent=1) + "\n", encoding="utf-8")
