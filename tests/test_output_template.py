"""Templates of names: the fields, the folders and what a hostile URL makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.settings import OPTIONS
from getflags.core.urls import BadURL, clean
from getflags.targets.filenames import BadName, checked
from getflags.targets.output_template import (
    FIELDS,
    HOST_AND_FOLDERS,
    BadTemplate,
    OutputTemplate,
)
from tests.kit import ROOT


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://example.org/a/b.iso", "example.org/a/b.iso"),
        ("http://example.org:80/b", "example.org/b"),
        ("https://example.org:443/b", "example.org/b"),
        ("https://example.org:80/b", "example.org:80/b"),
        ("http://example.org:8080/", "example.org:8080/index.html"),
        ("http://me:secret@example.org/b", "example.org/b"),
        ("http://[::1]:8000/b", "::1:8000/b"),
        ("http://EXAMPLE.org/%41/", "example.org/A/index.html"),
        ("http://h/a/../../../b/./c", "h/b/c"),
        ("http://h/.../%20/c", "h/index.html/index.html/c"),
        ("http://h/.getflags-1/c", "h/_.getflags-1/c"),
        ("http://h?x=/y/z", "h/index.html"),
    ],
)
def test_folders_as_wget_makes_them(url: str, path: str) -> None:
    assert OutputTemplate(HOST_AND_FOLDERS).path(clean(url), 0) == path


def test_windows_has_no_colon_in_a_name() -> None:
    template = OutputTemplate(HOST_AND_FOLDERS)
    assert template.path("http://h:81/nul/b", 0, portable=True) == "h+81/_nul/b"


URL = "https://example.org:8443/a/b/data.tar.gz?x=1&y=2/3%2F4&token=SECRET&key=SECRET&X-Amz-Date=1&X-Amz-Signature=S"


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{scheme}/{host}/{path}", "https/example.org:8443/a/b/data.tar.gz"),
        ("{port}-{n}/{name}", "8443-7/data.tar.gz"),
        ("{dir}-{stem}-{query}{suffix}", "a/b-data.tar-x=1&y=2_3_4.gz"),
        ("{{{name}}}", "{data.tar.gz}"),
        ("all in one", "all in one"),
    ],
)
def test_the_fields_of_a_template(template: str, path: str) -> None:
    assert OutputTemplate(template).path(URL, 6) == path


def test_the_help_and_the_guide_name_all_fields() -> None:
    guide = (ROOT / "docs" / "how-to" / "folders.md").read_text(encoding="utf-8")
    for name in FIELDS:
        assert f"{{{name}}}" in OPTIONS["output_template"].meaning
        assert f"`{{{name}}}`" in guide


@pytest.mark.parametrize(
    ("template", "cut_dirs", "path"),
    [
        ("{dir}/{name}", 1, "b/data.tar.gz"),
        ("x/{path}", 2, "x/data.tar.gz"),
        ("{dir}/{name}", 3, "data.tar.gz"),
    ],
)
def test_folders_that_are_cut(template: str, cut_dirs: int, path: str) -> None:
    assert OutputTemplate(template, cut_dirs).path(URL, 0) == path


def test_fields_that_are_empty_leave_a_name() -> None:
    assert OutputTemplate("{query}/{dir}/{suffix}").path("http://h/", 0) == ".html"
    assert OutputTemplate("{query}").path("http://h/", 0) == "index.html"
    assert OutputTemplate(".{query}/{n}").path("http://h/?.", 0) == "index.html/1"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{nam}", "there is no field '{nam}'; did you mean {name}?"),
        ("{0.__class__}", "there is no field '{0.__class__}'; the fields are {scheme}, {host}, "),
        ("{}", "there is no field '{}'; "),
        ("{name!r}", "there is no field '{name!r}'; "),
        ("{name", "'{' has no counterpart; '{{' is literal"),
        ("{{name}", "'}' has no counterpart; '}}' is literal"),
        ("{a{name}}", "'{' has no counterpart; "),
        ("/{name}", "the name must be relative and stay inside the folder"),
        ("../{name}", "the name must be relative and stay inside the folder"),
        ("{host}/", "the name must be relative and stay inside the folder"),
        ("{name}\x1b", "the name contains characters that are not allowed"),
    ],
)
def test_templates_that_cannot_be(template: str, reason: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        OutputTemplate(template)
    assert str(caught.value).startswith(reason)


segments = st.sampled_from(["..", ".", "", "%2e%2e", "%2f", "%00", "%5c", "a", "%20", "x" * 300])
hostile = st.lists(segments, max_size=8).map("/".join)
templates = st.lists(
    st.sampled_from([*(f"{{{name}}}" for name in FIELDS), "/", ".", "-", "a", "{{", " "]),
    min_size=1,
    max_size=8,
).map("".join)


@settings(deadline=None)
@given(templates, hostile, hostile)
def test_no_path_leaves_the_folder(text: str, path: str, query: str) -> None:
    try:
        template = OutputTemplate(text)
        url = clean(f"http://h/{path}?{query}")
        found = template.path(url, 0)
    except (ValueError, BadURL, BadName):
        return
    assert checked(found) == found
    assert all(len(part.encode()) <= 240 for part in found.split("/"))
