"""A real browser without a window, driven over its DevTools protocol; for tests that look at pages.

The protocol runs over a pair of pipes, so that no library and no port is needed. What the browser
asks for, and what it complains of, is kept.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
#: The browser reads at 3 and writes at 4; the program that starts it puts our pipes there.
_PLACE = (
    "import fcntl, os, sys; "
    "ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]; "
    "os.dup2(ends[0], 3); os.dup2(ends[1], 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_KEYS = {"Enter": ("\r", 13), "Tab": ("", 9), " ": (" ", 32)}


class Tab:
    """A page that is open. ``requests`` are URLs, ``complaints`` what its console would show."""

    def __init__(self, writer: int, reader: BufferedReader) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._writer = writer
        self._reader = reader
        self._numbers = itertools.count(1)
        self._rest = b""
        self._loaded = False
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Message:
        """Have the browser do something; return what it answers."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self._session
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        answer = self._read(lambda found: found.get("id") == number)
        assert "error" not in answer, answer["error"]
        result: Message = answer["result"]
        return result

    def open(self, url: str) -> None:
        """Load a page; return when it and all it needs is there."""
        self._loaded = False
        self.call("Page.navigate", url=url)
        if not self._loaded:
            self._read(lambda found: found.get("method") == "Page.loadEventFired")

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; of a promise, what it was for."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True,
            userGesture=True,
        )  # fmt: skip
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def resize(self, width: int, height: int = 800) -> None:
        """Make the page so many CSS pixels wide."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def prefer(self, scheme: str, media: str = "") -> None:
        """Have the reader prefer ``light`` or ``dark``; ``media`` shows what is on paper, say."""
        preferred = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=preferred)

    def click(self, element: str) -> None:
        """Click on what an expression finds in the page."""
        box = self.run(
            f"(() => {{ const one = {element}; one.scrollIntoView({{block: 'center'}}); "
            "const box = one.getBoundingClientRect(); "
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left",
                clickCount=1,
            )  # fmt: skip

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        text, code = _KEYS[key]
        details = {
            "key": key,
            "code": key if key.strip() else "Space",
            "windowsVirtualKeyCode": code,
        }
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **details)
        self.call("Input.dispatchKeyEvent", type="keyUp", **details)

    def paper(self) -> bytes:
        """Return the page as it is printed: a PDF of A4."""
        answer = self.call("Page.printToPDF", preferCSSPageSize=True)
        return base64.b64decode(answer["data"])

    def _read(self, wanted: Callable[[Message], bool]) -> Message:
        while True:
            while b"\0" not in self._rest:
                piece = self._reader.read1(1 << 20)
                assert piece, "the browser has gone"
                self._rest += piece
            line, _, self._rest = self._rest.partition(b"\0")
            message: Message = json.loads(line)
            self._note(message)
            if wanted(message):
                return message

    def _note(self, message: Message) -> None:
        method, details = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Log.entryAdded":
            self.complaints.append(details["entry"]["text"])
        elif method in {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
            self.complaints.append(json.dumps(details))


@contextmanager
def tab() -> Iterator[Tab]:
    """Run a browser within the block."""
    to_it, ours = os.pipe()
    from_it, its = os.pipe()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        os.fdopen(from_it, "rb") as reader,
        os.fdopen(ours, "wb") as writer,
        _running(profile, to_it, its),
    ):
        found = Tab(writer.fileno(), reader)
        yield found
        found.call("Browser.close")


@contextmanager
def _running(profile: str, reads: int, writes: int) -> Iterator[None]:
    """Run the browser with those ends of pipes, which are its alone afterwards."""
    assert PROGRAM
    words = [
        PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", _PLACE, str(reads), str(writes), *words],
        pass_fds=(reads, writes), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(reads)
        os.close(writes)
        try:
            yield
            process.wait(20)
        finally:
            process.kill()
