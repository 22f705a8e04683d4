"""The bundled flags."""

import json
from pathlib import Path

import pytest

from servers.content.flags import FLAGS, load
from tests.servers_kit import COUNTRIES, collection, gif


def test_files_and_names(tmp_path: Path) -> None:
    catalogue = collection(tmp_path)
    assert catalogue.countries == COUNTRIES
    assert len(catalogue.files) == 6
    flag = catalogue.files["/flags/br/br.gif"]
    assert (flag.content, flag.size, flag.content_type) == (gif("br"), 10_006, "image/gif")
    metadata = catalogue.files["/flags/br/metadata.json"]
    assert metadata.content_type == "application/json"
    assert isinstance(metadata.content, bytes)
    assert json.loads(metadata.content)["iso_cc"] == "BR"


def test_the_tag_depends_on_the_bytes_alone(tmp_path: Path) -> None:
    files = collection(tmp_path).files
    before = files["/flags/br/br.gif"]
    assert before.etag != files["/flags/ad/ad.gif"].etag
    (tmp_path / "br" / "br.gif").touch()
    (tmp_path / "ad" / "ad.gif").write_bytes(gif("br"))
    after = load(tmp_path).files
    assert after["/flags/br/br.gif"].etag == after["/flags/ad/ad.gif"].etag == before.etag


def test_strangers_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "br").mkdir()
    (tmp_path / "br" / "notes.txt").touch()
    (tmp_path / "README").touch()
    assert load(tmp_path) == ({}, {})


def test_a_broken_collection_is_noticed_at_once(tmp_path: Path) -> None:
    (tmp_path / "br").mkdir()
    (tmp_path / "br" / "metadata.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        load(tmp_path)


def test_the_bundled_collection_is_whole() -> None:
    """Every country has both files; the number of countries is not tested here."""
    catalogue = load()
    assert FLAGS.name == "flags"
    assert len(catalogue.files) == 2 * len(catalogue.countries)
