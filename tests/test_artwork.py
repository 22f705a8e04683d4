"""The shipped flags: all there, light enough, told apart, and what the facts say.

What needs no drawing library is checked without one; the rest is skipped where Pillow is missing.
"""

import json
import statistics
from pathlib import Path
from typing import Any

import pytest

from artwork.facts.codes import CODES

FLAGS = Path(__file__).resolve().parent.parent / "servers" / "flags"
KILOBYTE = 1024
pytestmark = pytest.mark.slow


def gif_of(code: str) -> Path:
    return FLAGS / code.lower() / f"{code.lower()}.gif"


def decoded(path: Path) -> tuple[tuple[int, int], bytes]:
    image = pytest.importorskip("PIL.Image")
    with image.open(path) as picture:
        return picture.size, picture.convert("RGB").tobytes()


def test_there_are_194_codes_and_a_folder_for_each_and_no_other() -> None:
    assert len(CODES) == len(set(CODES)) == 194
    assert sorted(path.name for path in FLAGS.iterdir() if path.is_dir()) == sorted(
        map(str.lower, CODES)
    )


def test_a_folder_holds_the_flag_and_its_metadata_and_nothing_else() -> None:
    for code in CODES:
        names = {path.name for path in gif_of(code).parent.iterdir()}
        assert names == {gif_of(code).name, "metadata.json"}


def test_every_flag_is_described_by_the_facts() -> None:
    pytest.importorskip("PIL")
    from artwork.atlas import FLAGS as FACTS

    assert sorted(FACTS) == sorted(CODES)


def test_metadata_names_the_country() -> None:
    found = {}
    for code in CODES:
        text = (FLAGS / code.lower() / "metadata.json").read_text(encoding="utf-8")
        facts: dict[str, Any] = json.loads(text)
        assert facts["country"].strip(), code
        found[code] = facts["code"]
    assert found == {code: code for code in CODES}


def test_no_two_countries_share_a_name() -> None:
    names = {
        json.loads((FLAGS / c.lower() / "metadata.json").read_bytes())["country"] for c in CODES
    }
    assert len(names) == len(CODES)
    assert "Brazil" in names


def test_flags_weigh_what_flags_on_the_web_weigh() -> None:
    weights = [gif_of(code).stat().st_size for code in CODES]
    assert min(weights) >= 1 * KILOBYTE
    assert max(weights) <= 40 * KILOBYTE
    assert 7 * KILOBYTE <= statistics.median(weights) <= 13 * KILOBYTE


def test_weight_is_picture_and_not_padding() -> None:
    for code in CODES:
        content = gif_of(code).read_bytes()
        assert content.startswith(b"GIF8")
        assert content.endswith(b"\x00;")
        assert b"\x21\xfe" not in content[:1024], "a comment"


def test_every_gif_opens_in_the_proportions_of_its_flag() -> None:
    for code in CODES:
        (width, height), _ = decoded(gif_of(code))
        facts = json.loads((FLAGS / code.lower() / "metadata.json").read_bytes())
        tall, long = (float(side) for side in facts["proportions"].split(":"))
        assert width / height == pytest.approx(long / tall, rel=0.01), code


def test_all_flags_look_different() -> None:
    assert len({decoded(gif_of(code)) for code in CODES}) == len(CODES)


@pytest.mark.parametrize("code", ["BR", "NP", "US"])
def test_rendering_again_gives_the_pixels_that_are_shipped(code: str, tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    from artwork import render

    render.main([str(tmp_path), "--only", code])
    again = tmp_path / code.lower() / gif_of(code).name
    assert decoded(again) == decoded(gif_of(code))
    assert (again.parent / "metadata.json").read_bytes() == (
        gif_of(code).parent / "metadata.json"
    ).read_bytes()


def test_rendering_refuses_a_country_it_has_no_facts_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("PIL")
    from artwork import render

    with pytest.raises(SystemExit):
        render.main([str(tmp_path), "--only", "XX"])
    assert "invalid choice: 'XX'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
