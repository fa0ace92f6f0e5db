"""The pages of figures: what they say, and that those in docs/ are of the lessons as they are."""

from __future__ import annotations

import json

from autograder.course import Course
from autograder.quality import LessonProof, NamedAssert, NamedMutant
from autograder.reports import publish
from autograder.reports.quality_pages import pages, read_figures, text_digest


def proof_of(lesson: str, **fields) -> LessonProof:
    proof = LessonProof(lesson, points=6, solution=6, untouched=0, right_accepted=4, right_total=4, wrong_rejected=8,
                        wrong_total=8, mutants_killed=38, mutants_total=41, asserts_noticed=5, asserts_total=7,
                        seconds=1.25, peak_memory_mb=150.4, trials=53, trial_seconds=10)
    proof.survivors = [NamedMutant("mean", "SwapArguments", 12, "min(a, b)", "min(b, a)")]
    proof.equivalents = [NamedMutant("mean", "NumberReplacer", 9, "x + 0", "x - 0", "nothing is added")]
    proof.unnoticed = [NamedAssert("mean-values", 30, "assert a | b, f'{a}'", "shows the call")]
    for name, value in fields.items():
        setattr(proof, name, value)
    return proof


def test_every_figure_stands_on_the_table_and_on_the_lessons_own_page(mini):
    publish(mini, [proof_of("1-1-means")], seeds=20)
    table = (mini.root / "docs" / "check-quality.md").read_text(encoding="utf-8")
    row = next(line for line in table.splitlines() if "1-1-means" in line)
    # 38 of 40 without the one that is equivalent.
    assert "| 6/6 | 0 | 4/4 | 8/8 | 38/41 | 95.0 % | 92.7 % | 5/7 | 0 | 1.2 | 150 |" in row
    page = (mini.root / "docs" / "lessons" / "1-1-means.md").read_text(encoding="utf-8")
    for text in ("Proven", "| Mutants killed | 38/41 |", "| Flaky checks, 20 seeds | 0 |", "| Trials a second | 5.3 |",
                 "`lesson.py:12`, SwapArguments", "- min(a, b)\n+ min(b, a)", "NumberReplacer: nothing is added",
                 "| 30 | mean-values | `` assert a \\| b, f'{a}' `` | shows the call |", "nbgrader", "Python"):
        assert text in page, text
    assert page.index("judged to be no mistake") < page.index("Mutants that survive")


def test_verifying_one_lesson_keeps_the_figures_of_the_others(mini):
    publish(mini, [proof_of("1-1-means"), proof_of("1-2-loops", problems=["flaky"], flaky=["loops"])], seeds=20)
    publish(mini, [proof_of("1-1-means", mutants_killed=40)], seeds=20)
    table = (mini.root / "docs" / "check-quality.md").read_text(encoding="utf-8")
    assert "40/41" in table and "38/41" in table
    assert "**Falls short**" in (mini.root / "docs" / "lessons" / "1-2-loops.md").read_text(encoding="utf-8")


def test_figures_of_an_older_text_are_dropped_and_the_lesson_is_named(mini):
    publish(mini, [proof_of("1-1-means"), proof_of("1-2-loops")], seeds=20)
    answers = mini.sources / "1-1-means" / "answers.py"
    answers.write_text(answers.read_text(encoding="utf-8") + "\n# one more\n", encoding="utf-8")
    publish(mini, [], seeds=20)
    table = (mini.root / "docs" / "check-quality.md").read_text(encoding="utf-8")
    assert "[1-2-loops]" in table and "[1-1-means]" not in table
    assert "No complete run on their present text: 1-1-means." in table
    assert not (mini.root / "docs" / "lessons" / "1-1-means.md").exists()


def test_the_page_of_a_lesson_that_is_gone_goes_too(mini):
    publish(mini, [proof_of("1-1-means")], seeds=20)
    path = mini.root / "docs" / "check-quality.json"
    path.write_text(json.dumps({"0-0-gone": {}} | json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    gone = mini.root / "docs" / "lessons" / "0-0-gone.md"
    gone.write_text("# Gone\n")
    publish(mini, [proof_of("1-2-loops")], seeds=20)
    assert not gone.exists()
    assert list(read_figures(path)) == ["1-1-means", "1-2-loops"]


def test_figures_are_of_a_lessons_code_and_not_of_its_prose(mini):
    path = mini.sources / "1-1-means" / "lesson.py"
    before = text_digest(mini, mini.lesson("1-1-means"))
    path.write_text(path.read_text(encoding="utf-8").replace("# # ", "# # About "), encoding="utf-8")
    assert text_digest(mini, Course(mini.root).lesson("1-1-means")) == before
    answers = path.with_name("answers.py")
    answers.write_text(answers.read_text(encoding="utf-8") + "\n# one more\n", encoding="utf-8")
    assert text_digest(mini, mini.lesson("1-1-means")) != before


def test_the_published_figures_are_of_the_lessons_as_they_are(repository):
    """A failure means: run `mle verify` on the lesson that is named, and commit what it writes."""
    figures = read_figures(repository.root / "docs" / "check-quality.json")
    assert [lesson for lesson, one in figures.items()
            if one["text"] != text_digest(repository, repository.lesson(lesson))] == []
    assert [lesson for lesson, one in figures.items() if not one["proven"]] == []
    for path, text in pages(repository, figures).items():
        assert path.read_text(encoding="utf-8") == text, path
