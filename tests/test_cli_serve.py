"""``getflags serve``: the command line of the bundled servers."""

from __future__ import annotations

import signal
import subprocess
import urllib.request
from pathlib import Path

from tests.kit import ENVIRON, ROOT, command, run_main


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command("serve", "local", "--port", "0"), cwd=tmp_path, env=environ,
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        label, url = process.stdout.readline().split()
        with urllib.request.urlopen(f"{url}/br/br.gif", timeout=5) as answer:
            body = answer.read()
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
    assert label == "LOCAL"
    assert body == (ROOT / "servers" / "flags" / "br" / "br.gif").read_bytes()


def test_its_usage_errors_are_one_sentence(tmp_path: Path) -> None:
    done = run_main("serve", "MOON", cwd=tmp_path)
    assert done.returncode == 2
    assert "MOON" in done.stderr
    assert done.stderr.count("\n") == 1
