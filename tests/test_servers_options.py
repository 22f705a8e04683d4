"""The command-line options: accepted arguments, and error messages for the others."""

from pathlib import Path

import pytest

from servers.app.options import Server, Settings, UsageError, parse, printable
from servers.app.server_defaults import SERVER_DEFAULTS
from servers.faults.draws import Behaviour, RateLimit
from servers.faults.freeze import Freeze
from servers.faults.rules import parse as rule
from tests.messages import NO_FAULT, NO_SERVER


def ask(*words: str) -> Settings:
    return parse(words, "prog")


def behaviours(*words: str) -> dict[str, Behaviour]:
    return {each.label: each.behaviour for each in ask(*words).servers}


def test_no_words_are_all_three_sites() -> None:
    settings = ask()
    assert settings.servers == tuple(
        Server(label, site.port, strict=False, behaviour=site.behaviour)
        for label, site in SERVER_DEFAULTS.items()
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
        (["MARS"], f"'MARS' {NO_SERVER}: use LOCAL, DELAY, ERROR, or none for all"),
        ([""], f"'' {NO_SERVER}"),
        (["--port", "x"], "--port: 'x' is not a port number: use 0 to 65535"),
        (["--port", "65536"], "'65536' is not a port number"),
        (["--port", "-1"], "'-1' is not a port number"),
        (["--port", "٣"], "is not a port number"),
        (["--port", "65534"], "--port 65534 is too high for 3 servers on consecutive ports"),
        (["--port"], "--port: expected one argument"),
        (["--bind", ""], "'' is not an address"),
        (["--directory", "/no/such"], "--directory: '/no/such' is not an existing folder"),
        (["--directory", ""], "'' is not an existing folder"),
        (["--directory", "a\0b"], "is not an existing folder"),
        (["--directory", __file__], "is not an existing folder"),
        (["--seed", "x"], "--seed: 'x' is not a seed: use a whole number"),
        (["--delay", "5-1"], "--delay: '5-1' is not a delay: use MIN-MAX in seconds"),
        (["--delay", "-1"], "'-1' is not a delay"),
        (["--delay", "nan"], "'nan' is not a delay"),
        (["--delay", "1-inf"], "'1-inf' is not a delay"),
        (["--delay", "1-86401"], "the maximum is 86400"),
        (["--delay", ""], "'' is not a delay"),
        (["--error-rate", "1.5"], "--error-rate: '1.5' is not a rate: use a number from 0 to 1"),
        (["--error-rate", "-0.5"], "'-0.5' is not a rate"),
        (["--error-rate", "25%"], "'25%' is not a rate"),
        (["local", "delay", "--error-rate", "0.5"], "--error-rate needs the server ERROR"),
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


def test_options_that_say_what_goes_wrong() -> None:
    words = "--fail-first 2 --busy-above 20 --retry-after 3 --bandwidth 1M --slots 5"
    words += " --fault reset:rate=0.3"
    assert behaviours("local", *words.split())["LOCAL"] == Behaviour(
        rules=tuple(map(rule, ["error:first=2", "busy:above=20,retry-after=3", "reset:rate=0.3"])),
        bandwidth=2**20,
        slots=5,
    )
    assert behaviours("local", "--busy-above", "0")["LOCAL"].rules == (rule("busy:above=0"),)


def test_rate_limit(tmp_path: Path) -> None:
    limited = {"LOCAL": Behaviour(rate_limit=RateLimit(20, 5))}
    assert behaviours("local", "--rate-limit", "20", "--burst", "5") == limited
    assert behaviours("local", "--rate-limit", ".5")["LOCAL"].rate_limit == RateLimit(0.5, 0)
    file = tmp_path / "s.toml"
    file.write_text("rate-limit = 20\nburst = 5")
    assert behaviours("local", "--scenario", str(file)) == limited
    found = behaviours("local", "--scenario", str(file), "--rate-limit", "9")["LOCAL"]
    assert found.rate_limit == RateLimit(9, 0)


def test_freezes(tmp_path: Path) -> None:
    frozen = {"LOCAL": Behaviour(freeze=Freeze(10, 0.5))}
    assert behaviours("local", "--freeze-every", "10", "--freeze-for", ".5") == frozen
    file = tmp_path / "s.toml"
    file.write_text("freeze-every = 10\nfreeze-for = 0.5")
    assert behaviours("local", "--scenario", str(file)) == frozen
    words = ("--scenario", str(file), "--freeze-every", "2", "--freeze-for", "1")
    assert behaviours("local", *words)["LOCAL"].freeze == Freeze(2, 1)


def test_latency_stands_in_the_place_of_the_delay() -> None:
    found = behaviours("--latency", "lognormal:0.2,0.8")
    latency = (rule("latency:seconds=lognormal:0.2,0.8"),)
    assert found["DELAY"] == Behaviour(rules=latency)
    assert found["ERROR"] == Behaviour(error_rate=0.25, rules=latency)
    added = behaviours("delay", "--fault", "latency:seconds=fixed:1")["DELAY"]
    assert added == Behaviour((0.5, 5.0), rules=(rule("latency:seconds=fixed:1"),))


def test_faults_for_one_label() -> None:
    found = behaviours("--fault", "drip:label=error", "--fault", "reset")
    assert found["LOCAL"].rules == (rule("reset"),)
    assert found["ERROR"].rules == (rule("drip:label=error"), rule("reset"))


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """Return the path of a scenario file."""
    file = tmp_path / "s.toml"
    file.write_text('seed = 3\nbandwidth = 500\n[[rule]]\nfault = "drip"\nlabel = "ERROR"\n')
    return str(file)


def test_a_scenario_takes_the_place_of_defaults(scenario: str) -> None:
    assert ask("--scenario", scenario).seed == 3
    assert behaviours("--scenario", scenario) == {
        "LOCAL": Behaviour(bandwidth=500),
        "DELAY": Behaviour(bandwidth=500),
        "ERROR": Behaviour(rules=(rule("drip:label=ERROR"),), bandwidth=500),
    }


def test_options_stand_above_a_scenario(scenario: str) -> None:
    words = f"error --scenario {scenario} --seed 4 --bandwidth 9 --delay 1 --fault drip:size=5"
    assert ask(*words.split()).seed == 4
    assert behaviours(*words.split())["ERROR"] == Behaviour(
        (1.0, 1.0), 0.0, (rule("drip:size=5"), rule("drip:label=ERROR")), 9
    )


def test_a_replay_takes_the_place_of_everything_but_the_bandwidth(tmp_path: Path) -> None:
    file = tmp_path / "r"
    file.write_text("")
    settings = ask("--replay", str(file), "--record", "x", "--bandwidth", "9")
    assert {each.behaviour for each in settings.servers} == {Behaviour(bandwidth=9)}
    assert settings.replay
    assert settings.record == Path("x")
    for words in ("--delay 1", "--error-rate 1", "--latency fixed:1", "--fail-first 1",
                  "--busy-above 1", "--fault drip"):  # fmt: skip
        with pytest.raises(UsageError, match=r"--replay and --.* conflict: the recording already"):
            ask("--replay", str(file), *words.split())


def test_a_record_of_other_servers_is_none_to_replay(tmp_path: Path) -> None:
    file = tmp_path / "r"
    file.write_text('{"label": "ERROR", "path": "/a", "attempt": 1, "decision": {}}\n')
    assert ask("--replay", str(file)).replay
    assert ask("error", "--replay", str(file)).replay
    with pytest.raises(
        UsageError, match="--replay: the recording has no request to any of the started"
    ):
        ask("local", "delay", "--replay", str(file))


def test_tls() -> None:
    settings = ask("--tls", "--ca-out", "ca.pem")
    assert (settings.tls, settings.authority) == (True, Path("ca.pem"))
    assert (ask().tls, ask().authority, ask().record, ask().replay) == (False, None, None, None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--delay 1 --latency fixed:1", "--delay and --latency conflict"),
        ("--retry-after 1", "--retry-after requires --busy-above"),
        ("--burst 5", "--burst requires --rate-limit"),
        ("--freeze-every 5", "--freeze-every requires --freeze-for"),
        ("--freeze-for 5", "--freeze-for requires --freeze-every"),
        ("--freeze-every 5 --freeze-for 5", "has to be more than 0 and less than --freeze-every"),
        ("--freeze-every 5 --freeze-for 0", "has to be more than 0 and less than --freeze-every"),
        ("--freeze-every -5", "--freeze-every: '-5' is not a time: use seconds"),
        ("--rate-limit 5 --burst -1", "--burst: '-1' is not a count: use a whole number, at least"),
        ("--rate-limit 5 --burst 1.5", "--burst: '1.5' is not a count"),
        ("--rate-limit 0", "--rate-limit: '0' is not a request rate: use requests per second, "),
        ("--rate-limit -2", "--rate-limit: '-2' is not a request rate"),
        ("--rate-limit 20r/s", "--rate-limit: '20r/s' is not a request rate"),
        ("--rate-limit 1000000.1", "more than 0, at most 1000000"),
        ("--ca-out x", "--ca-out requires --tls"),
        ("--keep-requests", "--keep-requests requires --lifeline"),
        ("--tls-delay 1", "--tls-delay requires --tls"),
        ("--tls --tls-delay 3-1", "--tls-delay: '3-1' is not a delay: use MIN-MAX in seconds"),
        ("--latency 5", "--latency: '5' is not a latency: use fixed:SECONDS"),
        ("--fault x", f"--fault: 'x' {NO_FAULT}: use latency, error,"),
        ("--fault drip --fault drip:size=2", "--fault: only the first of the rules for drip"),
        ("local --fault drip:label=error", "label=ERROR names a server that is not started"),
        ("--fail-first 0", "--fail-first: '0' is not a count"),
        ("--busy-above x", "--busy-above: 'x' is not a count"),
        ("--slots 0", "--slots: "),
        ("--bandwidth 0", "--bandwidth: '0' is not a size"),
        ("--scenario /no/such", "--scenario: cannot read '/no/such': No such file"),
    ],
)
def test_refusals_of_what_goes_wrong(words: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(*words.split())
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()
