"""The command line: what is accepted, and how the rest is refused."""

from pathlib import Path

import pytest

from servers import SITES
from servers.faults import Behaviour
from servers.options import Server, Settings, UsageError, parse, printable


def ask(*words: str) -> Settings:
    return parse(words, "prog")


def behaviours(*words: str) -> dict[str, Behaviour]:
    return {each.label: each.behaviour for each in ask(*words).servers}


def test_no_words_are_all_three_sites() -> None:
    settings = ask()
    assert settings.servers == tuple(
        Server(label, site.port, strict=False, behaviour=site.behaviour)
        for label, site in SITES.items()
    )
    assert (settings.bind, settings.directory, settings.lifeline) == ("127.0.0.1", None, False)


def test_seeds() -> None:
    assert ask().seed != ask().seed
    assert ask("--seed", "7").seed == 7
    assert ask("--seed", "-7").seed == -7


def test_labels_in_any_case_and_once() -> None:
    assert [each.label for each in ask("error", "--seed=7", "Local", "ERROR").servers] == [
        "ERROR",
        "LOCAL",
    ]


@pytest.mark.parametrize(
    ("words", "ports"),
    [
        (["error"], [8002]),
        (["--port", "9000"], [9000, 9001, 9002]),
        (["--port", "0"], [0, 0, 0]),
        (["error", "local", "--port=9000"], [9000, 9001]),
        (["local", "--port=65535"], [65535]),
    ],
)
def test_ports(words: list[str], ports: list[int]) -> None:
    servers = ask(*words).servers
    assert [each.port for each in servers] == ports
    assert all(each.strict is any("--port" in word for word in words) for each in servers)


@pytest.mark.parametrize(
    ("word", "delay"),
    [("0.5-5", (0.5, 5.0)), ("2", (2.0, 2.0)), (".5-1.", (0.5, 1.0)), ("0-86400", (0.0, 86400.0))],
)
def test_delay_applies_to_all(word: str, delay: tuple[float, float]) -> None:
    assert behaviours("--delay", word) == {
        "LOCAL": Behaviour(delay),
        "DELAY": Behaviour(delay),
        "ERROR": Behaviour(delay, 0.25),
    }


def test_no_delay_is_a_delay_too() -> None:
    assert behaviours("error", "--delay", "0") == {"ERROR": Behaviour((0.0, 0.0), 0.25)}


def test_error_rate_applies_to_error_or_to_the_one_there_is() -> None:
    rates = {label: each.error_rate for label, each in behaviours("--error-rate", "0.5").items()}
    assert rates == {"LOCAL": 0.0, "DELAY": 0.0, "ERROR": 0.5}
    assert behaviours("local", "--error-rate", "1") == {"LOCAL": Behaviour(error_rate=1.0)}
    assert behaviours("error", "--error-rate", "0")["ERROR"].error_rate == 0.0


def test_the_others(tmp_path: Path) -> None:
    settings = ask("--bind", "::1", "--directory", str(tmp_path), "--lifeline")
    assert (settings.bind, settings.directory, settings.lifeline) == ("::1", tmp_path, True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["MARS"], "'MARS' is no server: give LOCAL, DELAY, ERROR or nothing"),
        ([""], "'' is no server"),
        (["--port", "x"], "--port: 'x' is not a port: give 0 to 65535"),
        (["--port", "65536"], "'65536' is not a port"),
        (["--port", "-1"], "'-1' is not a port"),
        (["--port", "٣"], "is not a port"),
        (["--port", "65534"], "--port 65534 leaves no room for 3 servers"),
        (["--port"], "--port: expected one argument"),
        (["--bind", ""], "'' is not an address"),
        (["--directory", "/no/such"], "--directory: '/no/such' is not a folder that exists"),
        (["--directory", ""], "'' is not a folder"),
        (["--directory", "a\0b"], "is not a folder"),
        (["--directory", __file__], "is not a folder"),
        (["--seed", "x"], "--seed: 'x' is not a seed: give a whole number"),
        (["--delay", "5-1"], "--delay: '5-1' is not a delay: give MIN-MAX in seconds"),
        (["--delay", "-1"], "'-1' is not a delay"),
        (["--delay", "nan"], "'nan' is not a delay"),
        (["--delay", "1-inf"], "'1-inf' is not a delay"),
        (["--delay", "1-86401"], "at most 86400"),
        (["--delay", ""], "'' is not a delay"),
        (["--error-rate", "1.5"], "--error-rate: '1.5' is not a rate: give a number from 0 to 1"),
        (["--error-rate", "-0.5"], "'-0.5' is not a rate"),
        (["--error-rate", "25%"], "'25%' is not a rate"),
        (["local", "delay", "--error-rate", "0.5"], "--error-rate applies to ERROR"),
        (["--see", "7"], "unrecognized arguments: --see"),
        (["--x\x1b[31m\n"], r"unrecognized arguments: --x\x1b[31m\n"),
        (["\x1b[31m"], r"\x1b[31m"),
    ],
)
def test_refusals(words: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(*words)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        ask("--help")
    assert caught.value.code == 0
    assert "--lifeline" in capsys.readouterr().out


def test_printable() -> None:
    assert printable("aé ☕\t\x1b\u202e\udcff\\") == "aé ☕\\t\\x1b\\u202e\\udcff\\"
