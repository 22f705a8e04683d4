"""The page in a real browser: it asks for nothing, fits a phone, sorts, copies and prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from getflags.bench.report.page import page
from tests import browser
from tests.browser import Tab
from tests.rawserver import RawServer
from tests.report_kit import PAIRS, book, matrix

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.PROGRAM is None, reason="no Chromium is installed"),
]

LONG = "<script>document.title='owned'</script>" + "x" * 300
CELLS = "document.querySelector('table.sortable:not(.knees)')"
#: The smallest contrast of any text that is to be seen, as WCAG 2 defines it, and where.
CONTRAST = """(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => parts(color).slice(0, 3).map((part) => part / 255)
    .map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, place) => sum + x * [0.2126, 0.7152, 0.0722][place], 0);
  const paper = (one) => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (parts(color)[3] !== 0) return color;
    }
  };
  let worst = [99, "nothing"];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || one.closest("script, .unseen, svg style")) continue;
    const style = getComputedStyle(one);
    const ink = light(one.closest("svg") ? style.fill : style.color);
    const [low, high] = [ink, light(paper(one))].sort((a, b) => a - b);
    const found = (high + 0.05) / (low + 0.05);
    if (found < worst[0]) worst = [found, texts.currentNode.data];
  }
  return worst;
})()"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    """Run one browser for all tests here; they load the page anew."""
    with browser.tab() as found:
        yield found


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a page of two servers, one of which has a name that wants to be more than that."""
    rows = list(matrix(rounds=2, pairs=PAIRS[:2], servers=("DELAY", "ERROR"), levels=(1, 8, 16)))
    for one in rows:
        if one["server"] == "ERROR":
            one |= {"server": LONG, "errors": {LONG: 1}, "command": f"getflags {LONG}"}
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page(book(rows)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(tab: Tab, url: str) -> Tab:
    """Return the tab with the page as most see it at first."""
    tab.resize(1280)
    tab.prefer("light")
    tab.requests.clear()
    tab.complaints.clear()
    tab.open(url)
    return tab


def column(tab: Tab, number: int) -> list[str]:
    found: list[str] = tab.run(
        f"[...{CELLS}.tBodies[0].rows].map((row) => row.cells[{number}].textContent)"
    )
    return found


def test_it_asks_for_nothing_and_complains_of_nothing(opened: Tab, url: str) -> None:
    assert opened.requests == [url]
    assert opened.complaints == []
    assert opened.run("document.title").startswith("How many at a time? ")
    assert opened.run("document.scripts.length") == 1


def test_even_a_script_inside_it_could_not_reach_the_network(opened: Tab) -> None:
    with RawServer({}) as server:
        one, other = server.url("/x"), server.url("/y")
        told = opened.run(
            f"fetch('{one}').then(() => 'reached', () => 'refused').then((told) => "
            f"new Promise((done) => {{ const image = new Image(); "
            f"image.onload = image.onerror = () => done(told); image.src = '{other}' }}))"
        )
        assert told == "refused"
        assert server.heads == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_the_page_is_never_wider_than_the_screen(opened: Tab, width: int) -> None:
    opened.resize(width)
    opened.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert opened.run("document.documentElement.scrollWidth") <= width
    assert opened.run(f"{CELLS}.closest('.scroll').clientWidth") <= width
    if width < 768:
        box = opened.run(f"(({{scrollWidth, clientWidth}}) => [scrollWidth, clientWidth])"
                         f"({CELLS}.closest('.scroll'))")  # fmt: skip
        assert box[0] > box[1], "a table scrolls in its box"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(opened: Tab, scheme: str) -> None:
    opened.prefer(scheme)
    opened.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    worst, where = opened.run(CONTRAST)
    assert worst >= 4.5, where
    assert where != "nothing"


def test_dark_is_dark_in_page_and_drawings(opened: Tab) -> None:
    colors: list[list[Any]] = []
    for scheme in ("light", "dark"):
        opened.prefer(scheme)
        colors.append(
            opened.run(
                "[['html', 'backgroundColor'], ['body', 'color'], ['figure svg text', 'fill'], "
                "['figure svg [style*=s0]', 'stroke'], ['.legend svg [style*=s0]', 'stroke']]"
                ".map(([name, key]) => getComputedStyle(document.querySelector(name))[key])"
            )
        )
    light, dark = colors
    assert all(one != other for one, other in zip(light, dark, strict=True))
    assert light[0] == "rgb(255, 255, 255)"


def test_a_click_sorts_up_and_another_one_down(opened: Tab) -> None:
    head = f"{CELLS}.tHead.rows[0].cells[2]"
    before = column(opened, 2)
    opened.click(f"{head}.firstChild")
    rates = [float(text.split()[0].replace(",", "")) for text in column(opened, 2)]
    assert rates == sorted(rates)
    assert column(opened, 2) != before
    assert opened.run(f"{head}.getAttribute('aria-sort')") == "ascending"
    opened.click(f"{head}.firstChild")
    assert column(opened, 2)[0].split()[0] == f"{rates[-1]:.3g}"
    assert opened.run(f"{head}.getAttribute('aria-sort')") == "descending"
    opened.click(f"{CELLS}.tHead.rows[0].cells[0].firstChild")
    assert column(opened, 0) == sorted(column(opened, 0))
    assert opened.run(f"{head}.getAttribute('aria-sort')") is None


def test_what_nobody_knows_sorts_last_both_ways(opened: Tab, tmp_path: Path) -> None:
    rows = list(matrix(rounds=1, pairs=PAIRS[:1], servers=("DELAY",), levels=(1, 2, 4)))
    for one in rows:
        one["peak"] = None if one["level"] == 2 else one["level"]
    target = tmp_path / "page.html"
    target.write_text(page(book(rows)), encoding="utf-8")
    opened.open(target.as_uri())
    seen = []
    for _ in range(2):
        opened.click(f"{CELLS}.tHead.rows[0].cells[10].firstChild")
        seen.append(column(opened, 10))
    assert seen == [["1", "4", "-"], ["4", "1", "-"]]


@pytest.mark.parametrize("key", ["Enter", " "])
def test_the_keyboard_sorts_too(opened: Tab, key: str) -> None:
    opened.run(f"{CELLS}.closest('.scroll').focus()")
    for _ in range(2):
        opened.press("Tab")
    assert opened.run("document.activeElement.textContent") == "at a time"
    assert opened.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    opened.press(key)
    levels = [int(text.split()[0]) for text in column(opened, 1)]
    assert levels == sorted(levels) != [1, 8, 16, 1, 8, 16]
    opened.press(key)
    assert [int(text.split()[0]) for text in column(opened, 1)] == levels[::-1]


def test_a_command_is_copied_letter_for_letter(opened: Tab) -> None:
    opened.call(
        "Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"]
    )
    opened.click("document.querySelectorAll('summary')[1]")
    opened.click("document.querySelectorAll('.commands')[1].querySelector('button')")
    copied = opened.run(
        "(async () => { while (!document.getElementById('status').textContent) "
        "await new Promise(requestAnimationFrame); return navigator.clipboard.readText(); })()"
    )
    assert copied == f"getflags {LONG}"
    assert opened.run("document.getElementById('status').textContent") == "Copied."


def test_without_leave_to_copy_the_command_is_marked(opened: Tab) -> None:
    opened.call("Browser.resetPermissions")
    opened.run("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    opened.click("document.querySelector('summary')")
    opened.click("document.querySelector('.commands button')")
    assert opened.run("getSelection().toString()") == opened.run(
        "document.querySelector('.commands code').textContent"
    )
    assert opened.run("document.getElementById('status').textContent") == "Marked"


def test_paper_is_light_without_controls_and_wide_enough(opened: Tab) -> None:
    printed = opened.paper()
    assert re.search(rb"/MediaBox \[0 0 59[45]\.?\d* 84[12]\.?\d*\]", printed), "A4"
    opened.prefer("dark", media="print")
    opened.resize(688)  # A4 without its margins
    assert opened.run("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert opened.run(
        "[...document.querySelectorAll('.commands button, details')]"
        ".every((one) => getComputedStyle(one).display === 'none')"
    )
    assert opened.run(f"getComputedStyle({CELLS}.querySelector('button'), '::after').content") in {
        "none",
        "normal",
    }
    assert opened.run(f"{CELLS}.getBoundingClientRect().right") <= 688


def test_it_lacks_nothing_but_buttons_without_its_script(opened: Tab, url: str) -> None:
    opened.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        opened.open(url)
        assert opened.run("document.querySelectorAll('button').length") == 0
        assert opened.run("document.querySelectorAll('.commands code').length") == 7
        assert len(column(opened, 0)) == 6
    finally:
        opened.call("Emulation.setScriptExecutionDisabled", value=False)
