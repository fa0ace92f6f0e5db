"""The cohort's page in a real browser: it asks no network for anything, and sorts by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder.reports.cohort_data import CheckSeen, Cohort, Record, Standing
from autograder.reports.cohort_findings import Findings, Pair
from autograder.reports.cohort_page import cohort_page
from autograder.reports.cohort_progress import Attention, LessonProgress, stopped_in
from autograder.reports.item_analysis import items_of
from autograder.reports.misconceptions import Met
from autograder.reports.similarity import Alike

pytestmark = pytest.mark.browser

LESSONS = ("1-1-means", "1-2-loops", "1-10-ends")
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1400, "height": 1000}


def findings() -> Findings:
    """A small cohort with something in every part of the page."""
    learners = {f"s{number:02}": f"Learner {number}" for number in range(40)}
    handed_in = {lesson: dict.fromkeys(list(learners)[:35 - 10 * place], datetime(2026, 3, 1, tzinfo=UTC))
                 for place, lesson in enumerate(LESSONS)}
    cohort = Cohort(learners, LESSONS, handed_in, {lesson: {who: Standing(3, 4, False, 0) for who in handed_in[lesson]}
                                                   for lesson in LESSONS})
    records = [Record("0" * 64, "0" * 64, "completed", (), tuple(
        CheckSeen(check, "e", True, "passed" if number % every else "failed", "no", False, 1, bool(number % every), 0.1)
        for check, every in (("first", 2), ("second", 3), ("third", 40)))) for number in range(40)]
    return Findings(
        cohort, stopped_in(cohort),
        progress=[LessonProgress(lesson, 35 - 10 * place, 30 - 15 * place, 0, 0, 1, (0.5, 0.25, None)[place],
                                 (0,) * 5 + (30 - 15 * place,) + (0,) * 4, 0) for place, lesson in enumerate(LESSONS)],
        attention=[Attention(LESSONS[0], ("the run did not get to its end",), ("s01", "s02", "s03", "s04"))],
        items=items_of(LESSONS[0], records), met=[Met(
            LESSONS[0], "e", "all", ("forgets to divide",), (("first", "no"),), tuple(list(learners)[:9]), 40)],
        pairs=[Pair(LESSONS[0], Alike("e", "s01", "s02", 40, 50, 90.0), "def mean(x): ...", "def m(y): ..."),
               Pair(LESSONS[1], Alike("e", "s05", "s03", 30, 30, 70.0), "x = 1\n" * 90, "y = 1")], all_pairs=2)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(cohort_page(findings(), "a course", datetime(2026, 3, 2, tzinfo=UTC)), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The page, opened from its file; that it asked for nothing else and complained of nothing is seen at the end."""
    page = browser.new_page(viewport=DESK)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    yield page
    assert asked == [file.as_uri()]
    assert said == []
    page.close()


def column(page: Page, table: str, number: int) -> list[str]:
    return page.locator(f"table:has(#{table}) tbody tr:first-child > :nth-child({number})").all_inner_texts()


def head(page: Page, table: str, name: str):
    return page.locator(f"table:has(#{table}) thead").get_by_role("columnheader", name=name)


def test_a_click_sorts_numbers_as_numbers_and_again_the_other_way_round(page):
    median = head(page, "t-progress", "Median")
    median.get_by_role("button").click()
    assert column(page, "t-progress", 4) == ["25 %", "50 %", "–"]  # what is not known stays last
    expect(median).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_role("status")).to_have_text("Sorted by Median, ascending.")
    median.get_by_role("button").click()
    assert column(page, "t-progress", 4) == ["50 %", "25 %", "–"]
    expect(median).to_have_attribute("aria-sort", "descending")
    head(page, "t-progress", "Lesson").get_by_role("button").click()
    assert column(page, "t-progress", 1) == list(LESSONS)  # 1-10 after 1-2
    expect(page.locator("table:has(#t-progress) [aria-sort]")).to_have_count(1)


def test_the_keyboard_sorts_skips_and_opens(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(20):  # past the scrolling parts to the first button
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "BUTTON":
            break
    page.keyboard.press("Tab")
    expect(head(page, "t-progress", "Handed in").get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    assert column(page, "t-progress", 2) == ["15", "25", "35"]
    page.keyboard.press("Space")
    assert column(page, "t-progress", 2) == ["35", "25", "15"]
    summary = page.locator("table:has(#t-pairs) summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("def mean(x): ...")).to_be_visible()
    expect(page.get_by_text("def m(y): ...")).to_be_visible()


def test_both_answers_move_with_their_pair(page):
    head(page, "t-pairs", "Pieces in common").get_by_role("button").click()
    assert column(page, "t-pairs", 5) == ["30", "40"]
    first = page.locator("table:has(#t-pairs) tbody").first
    first.locator("summary").click()
    expect(first.get_by_text("y = 1", exact=True)).to_be_visible()


def test_without_scripts_the_page_is_complete(browser, file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert column(page, "t-progress", 1) == list(LESSONS)
    expect(page.get_by_role("button")).to_have_count(0)
    page.locator("table:has(#t-met) summary").click()
    expect(page.get_by_text("Learner 0 (s00), Learner 1 (s01)")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_nothing_but_tables_and_pictures_scrolls_sideways(page, size):
    page.set_viewport_size(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.locator("table:has(#t-pairs) summary").nth(1).click()
    box = page.locator("table:has(#t-pairs) .both").nth(1).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= size["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(page, scheme):
    page.emulate_media(color_scheme=scheme)
    ratios = page.evaluate("""() => {
      const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255).map(
        part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4).reduce(
        (sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
      const behind = element => {
        for (let one = element; one; one = one.parentElement) {
          const colour = getComputedStyle(one).backgroundColor;
          if (!/, 0\\)$/.test(colour)) return colour;
        }
      };
      const texts = document.querySelectorAll("p, a, th, td, summary, figcaption, pre, button, h1, h2, svg text");
      return [...texts].map(one => {
        const style = getComputedStyle(one), colour = one.tagName === "text" ? style.fill : style.color;
        const [more, less] = [light(colour), light(behind(one))].sort((a, b) => b - a);
        return [(more + 0.05) / (less + 0.05), one.outerHTML.slice(0, 80)];
      });
    }""")
    assert len(ratios) > 100
    assert [one for one in ratios if one[0] < 4.5] == []  # WCAG 2.2, level AA


def test_in_print_everything_of_a_long_table_is_there(page):
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('.scroll').forEach(one => one.classList.add('tall'))")
    for place in page.locator(".scroll").all():
        assert place.evaluate("one => getComputedStyle(one).overflow") == "visible"
        assert place.evaluate("one => getComputedStyle(one).maxHeight") == "none"
    expect(page.locator("nav")).to_be_hidden()
