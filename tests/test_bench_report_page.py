"""The page is whole, holds all it needs, and takes nothing foreign for markup."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from getflags.bench.report.page import page
from tests.report_kit import PAIRS, Row, book, curve, matrix, row

EVIL = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>$x &amp; \u202e\x1b[31m"
VOID = {"meta", "link", "br", "path", "use", "rect"}


class Reader(HTMLParser):
    """Reads a page, strictly: what is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that begins."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that holds nothing."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """See that what ends is what began last."""
        if tag not in VOID:
            assert self._open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of that name."""
        return [attributes for name, attributes in self.elements if name == tag]


def rows() -> list[Row]:
    return list(matrix(rounds=2, pairs=PAIRS[:2], levels=(1, 16)))


@pytest.fixture(scope="module")
def text() -> str:
    return page(book(rows()))


@pytest.fixture(scope="module")
def evil() -> str:
    values = {"server": EVIL, "engine": EVIL, "client": EVIL, "command": f"getflags '{EVIL}'"}
    found = curve({1: 1, 2: 2, 4: 2}, rounds=2, errors={EVIL: 3}, at=EVIL, getflags=EVIL,
                 experiment=EVIL, **values)  # fmt: skip
    return page(book([*found, row()]))


def test_each_server_has_a_section_with_headings_drawings_and_tables(text: str) -> None:
    found = Reader(text)
    assert Counter(name for name, _ in found.elements if name in {"h1", "h2"}) == {"h1": 1, "h2": 5}
    assert len(found.named("figure")) == 15
    assert all(one.get("aria-label") for one in found.named("svg") if one.get("role") == "img")
    assert len(found.named("table")) == 7, "knees and cells of three, and errors of one"
    assert len(found.named("caption")) == 7
    assert all(one.get("scope") for one in found.named("th"))
    assert [one["href"] for one in found.named("a")] == ["#s0", "#s1", "#s2"]
    ids = [one["id"] for _, one in found.elements if "id" in one]
    assert len(ids) == len(set(ids))
    labels = {one["aria-labelledby"] for one in found.named("section")}
    assert labels <= set(ids)


def test_it_says_what_to_do_and_how_to_do_it_again(text: str) -> None:
    assert "On LOCAL, " in text
    commands = re.findall(r"<li><code>(.*?)</code></li>", text)
    assert len(commands) == 3 * 2 * 2
    assert commands[0] == "getflags -s LOCAL -a -m 1 --engine asyncio --client curl"
    assert "2026-01-31T12:01:00Z to 2026-01-31T12:02:00Z" in text
    assert "<dd>24, and 12 warm-up runs</dd>" in text


@pytest.mark.parametrize("name", ["text", "evil"])
def test_nothing_is_asked_of_the_network(name: str, request: pytest.FixtureRequest) -> None:
    found = Reader(request.getfixturevalue(name))
    for _, attributes in found.elements:
        for key in ("src", "srcset", "action", "data", "poster", "formaction", "background"):
            assert key not in attributes
        for key in ("href", "xlink:href"):
            assert (attributes.get(key) or "#").startswith(("#", "data:,"))
        assert "url(" not in (attributes.get("style") or "")
        assert re.fullmatch(r"url\(#[\w-]+\)", attributes.get("clip-path") or "url(#x)")
    style = re.findall(r"<style>(.*?)</style>", request.getfixturevalue(name), re.DOTALL)
    assert len(style) == 1
    assert "@import" not in style[0]
    assert "url(" not in style[0]


def test_the_policy_allows_one_script_and_nothing_else(text: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (one["content"] for one in Reader(text).named("meta") if "http-equiv" in one)
    assert policy
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}';" in policy


def test_what_is_foreign_stays_text(evil: str) -> None:
    found = Reader(evil)
    assert len(found.named("script")) == 1
    assert found.named("img") == []
    assert not any(key.startswith("on") for _, one in found.elements for key in one)
    assert "\x1b" not in evil
    assert "\u202e" not in evil
    assert "&lt;script&gt;alert(1)" in evil


def test_several_experiments_are_told_apart(evil: str) -> None:
    assert "This file holds 2 experiments" in evil
    assert '<h2 id="s1">DELAY</h2>' in evil, "each server has one, so its name is enough"
    twice = page(book([row(), row(experiment="fedcba987654")]))
    assert ">DELAY, experiment 0123456789ab</h2>" in twice
    assert ">DELAY, experiment fedcba987654</h2>" in twice
    assert "experiments here" not in page(book([row()]))


def test_the_same_figures_make_the_same_page(text: str) -> None:
    assert page(book(rows())) == text


def test_what_cannot_be_drawn_is_left_out() -> None:
    found = Reader(page(book([row(steady_seconds=0, latency={}, cpu=0, seed=None)])))
    assert found.named("figure") == []
    assert len(found.named("table")) == 1
    single = Reader(page(book([row()])))
    assert len(single.named("figure")) == 5
    assert len(single.named("a")) == 0


def test_the_machine_and_the_software_are_told_where_they_are_known(text: str) -> None:
    assert "<dt>Machine</dt>" not in text
    known = {"cpu": "Z<80>", "memory": "7.8 GiB", "python": "CPython 3.11.7"}
    shown = page(book([row(environment=known)]))
    assert "<dt>Machine</dt><dd>cpu Z&lt;80&gt;; memory 7.8 GiB</dd>" in shown
    assert "<dt>Software</dt><dd>python CPython 3.11.7</dd>" in shown
