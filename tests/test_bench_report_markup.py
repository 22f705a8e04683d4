"""Nothing foreign becomes markup."""

from __future__ import annotations

from getflags.bench.report.markup import Markup, joined, tag


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "<b> & ", tag("i", "x")) == "<p>&lt;b&gt; &amp; <i>x</i></p>"
    assert joined("<", Markup("<br>"), '"') == '&lt;<br>"'
    assert joined() == ""


def test_attributes_cannot_be_left() -> None:
    found = tag("a", title="\"'><script>", class_="x", aria_label=None, hidden=True, open=False)
    assert found == '<a title="&quot;&#x27;&gt;&lt;script&gt;" class="x" hidden></a>'
    assert tag("td", data_value=0) == '<td data-value="0"></td>'


def test_some_elements_hold_nothing() -> None:
    assert tag("br") == "<br>"
