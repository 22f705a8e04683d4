"""The HTML pages."""

import re

from servers.content.pages import flags_page, folder_page


def test_the_wall_shows_each_flag() -> None:
    page = flags_page("LOCAL", {"br": "Brazil", "ad": "Andorra <&>"})
    assert page.startswith("<!doctype html>")
    assert "<title>LOCAL: 2 flags</title>" in page
    assert re.findall(r'src="([^"]*)"', page) == ["/flags/ad/ad.gif", "/flags/br/br.gif"]
    assert "<b>AD</b> Andorra &lt;&amp;&gt;" in page


def test_pages_ask_for_nothing_from_elsewhere() -> None:
    page = flags_page("LOCAL", {"br": "Brazil"})
    assert "//" not in page.replace("<!doctype", "")
    assert "color-scheme: light dark" in page
    assert 'rel="icon" href="data:,"' in page


def test_the_first_page_links_the_ledger_and_the_documentation() -> None:
    for page in (flags_page("LOCAL", {"br": "Brazil"}), folder_page("/", ["a"])):
        links = re.findall(r'<nav><a href="([^"]*)".*<a href="([^"]*)"', page)
        assert links == [("/-/ledger", "/-/help")]
    assert "<nav>" not in folder_page("/sub", ["a"])


def test_links_in_a_list_work_from_any_depth() -> None:
    assert 'href="/a%20b"' in folder_page("/", ["a b"])
    assert 'href="/sub/a"' in folder_page("/sub", ["a"])
    assert 'href="/sub/a"' in folder_page("/sub/", ["a"])
    assert 'href="/sub/"' in folder_page("/", ["sub/"])


def test_names_cannot_break_out() -> None:
    page = folder_page('/"<x>', ["<script>", "q?#", "\udcff", "c\u00e9"])
    assert "<script>" not in page
    assert "<x>" not in page
    assert "%3Cscript%3E" in page
    assert "q%3F%23" in page
    assert "%FF" in page
    assert "\ufffd" in page
    assert ">c\u00e9<" in page
