"""A target, a server that does what it likes, and a model of the file between them.

Plays the shell's part for a ``Transfer``. Every byte that comes is known by the version of the file
that it is of, and by its place there, and after every step it is looked at what must never be.

Two limits are set to the server, for beyond them no client could know: who labels bytes labels them
truly (lengths may be lies); and where If-Range names another version than is served, a part says
what it is a part of.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from getflags.core.errors import Disconnected, Excess, Fault
from getflags.core.events import Progressed
from getflags.core.models import (
    Checksum,
    DownloadOptions,
    Fields,
    OnDisk,
    PartialFile,
    ResumeRecord,
    Status,
    Target,
)
from getflags.core.response_head import Head
from getflags.transfer.actions import Done, Install, Request, Wait
from getflags.transfer.body import PROGRESS_STEP
from getflags.transfer.parts.ranges import MAX_PARTS
from getflags.transfer.retry import PROGRESS
from getflags.transfer.state import State
from getflags.transfer.transfer import Transfer

HOME = "http://user:SECRET@h/a/f.gif"
LOGIN = b64encode(b"user:SECRET").decode()


# The file


class Version(NamedTuple):
    """One state of the file; ``known_by`` is what its server tells it from the others by."""

    size: int
    known_by: str = "tag"
    number: int = 0

    @property
    def fields(self) -> Fields:
        """Return what every head of it tells, by which a client might know it."""
        date = f"Sun, 06 Nov 1994 12:00:{self.number:02} GMT"
        return {
            "tag": (("etag", f'"{self.number}"'),),
            "weak tag": (("etag", 'W/"same"'),),
            "date": (("last-modified", date), ("date", "Sun, 06 Nov 1994 13:00:00 GMT")),
            "weak date": (("last-modified", date), ("date", date)),
            "coding": (("etag", '"same"'), ("content-encoding", f"x-{self.number}")),
            "size": (("etag", '"same"'),),
            "nothing": (),
        }[self.known_by]

    @property
    def validator(self) -> str | None:
        """Return what it may be asked for by; only what is strong."""
        strong = self.known_by not in {"nothing", "weak tag", "weak date"}
        return self.fields[0][1] if strong else None


class Disk:
    """The part file and its note; ``runs`` of its bytes are (version, from, to)."""

    def __init__(self) -> None:
        self.runs: list[tuple[Version, int, int]] = []
        self.note: ResumeRecord | None = None

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return sum(end - first for _, first, end in self.runs)

    def write(self, version: Version, first: int, count: int, at: int) -> None:
        """Write ``count`` bytes of a version, those from ``first`` on."""
        self.seek(at)
        if self.runs and self.runs[-1][0] == version and self.runs[-1][2] == first:
            first = self.runs.pop()[1]
            count += at - self.size
        self.runs.append((version, first, first + count))

    def seek(self, at: int) -> None:
        """Go to the end, or begin anew."""
        if at != self.size:
            assert at == 0, "a gap"
            self.cut(0)

    def cut(self, size: int) -> None:
        """Lose what is beyond a size."""
        if size < self.size:
            assert len(self.runs) == 1, "spliced"
            version, first, _ = self.runs.pop()
            if size:
                self.runs.append((version, first, first + size))
            else:
                self.note = None

    def kept(self) -> PartialFile | None:
        """Return what the save layer would."""
        if self.note and self.note.total is not None:
            self.cut(self.note.total - 1)
        if self.note is None or not self.runs:
            self.clear()
            return None
        return PartialFile(self.size, self.note)

    def clear(self) -> None:
        """Take both files away."""
        self.runs, self.note = [], None


# What servers do


class Whole(NamedTuple):
    """A 200; ``length`` is announced in place of the right one, or nothing is."""

    length: str | None = None
    framing: str = "length"
    status: int = 200


class Part(NamedTuple):
    """A 206 with ``size`` bytes from ``shift`` beside the place that was asked for.

    ``told`` is whether it names its validator where it need not. Where no part was asked for, all
    comes in chunks instead, unless this comes ``unasked``.
    """

    shift: int = 0
    size: int | None = None
    total: str | None = None
    label: str = "once"
    length: str | None = None
    told: bool = True
    unasked: bool = False


class Other(NamedTuple):
    """An answer without a body that anybody wants."""

    status: int
    fields: Fields = ()


class Honest(NamedTuple):
    """What a good server answers: the rest of the same version, or all of this one."""


Answer: TypeAlias = Whole | Part | Other | Honest | Fault


class Exchange(NamedTuple):
    """What becomes of one request: the answer, and how much of its body comes in which pieces.

    ``version`` is which one the file has by then. ``fault`` ends the body, or None in good order.
    ``lost`` bytes never reach the disk, for the batch that they waited in is not written any more.
    """

    answer: Answer
    version: int = 0
    share: float = 1.0
    piece: int = PROGRESS_STEP
    fault: Fault | None = None
    lost: int = 0


class World:
    """A target, what is on the disk of it, and a run that fetches it."""

    def __init__(
        self, versions: Sequence[Version], rules: DownloadOptions, checksum: Checksum | None
    ) -> None:
        self.versions = versions
        self.rules = rules
        self.serving = versions[0]
        self.disk = Disk()
        self.target = Target(0, HOME, "f", HOME, "d", "f.gif", checksum)
        self.honest = True  # about lengths
        self.vouched = True  # somebody said where the body ends
        self.transfer = Transfer(self.target, rules)
        self.asks = self.tries = self.hops = self.parts = 0
        self.safe = False  # on https already
        self.complete = False  # and in place
        self.now = 0.0

    def run(self, exchanges: Iterator[Exchange], there: OnDisk | None) -> None:
        """Do what the shell and the engine do for one target, from the beginning to its end."""
        self.transfer = Transfer(self.target, self.rules)
        self.asks = self.tries = self.parts = self.free = self.most = 0
        self.complete = False
        self.now = 0.0
        while self.transfer.state is not State.DONE:
            self.tries += 1
            self.hops, self.safe = 0, False
            self.transfer.begin(there, self.disk.kept(), self.now)
            exchange = self._try(exchanges)
            action = self.transfer.action
            if isinstance(action, Install):
                self._check_file()
                self.transfer.installed()
                self.complete = True
            elif isinstance(action, Wait):
                assert 0 <= action.seconds <= 60
                self.now += action.seconds
            self._leave(exchange)
        self._check_end()

    def _try(self, exchanges: Iterator[Exchange]) -> Exchange | None:
        exchange = None
        while isinstance(ask := self.transfer.action, Request):
            self._check_state()
            self._check_ask(ask)
            exchange = next(exchanges)
            self.asks += 1
            self._check_limits()
            self._exchange(ask, exchange)
        self._check_state()
        return exchange

    def _exchange(self, ask: Request, exchange: Exchange) -> None:
        answer = exchange.answer
        if isinstance(answer, Fault):
            self.transfer.failed(answer, self.now)
        elif isinstance(answer, Other):
            self.hops += answer.status in {301, 302, 303, 307, 308}
            assert not self.transfer.head_arrived(Head(answer.status, answer.fields))
            self._over(exchange.fault)
        else:
            version = self.serving = self.versions[exchange.version % len(self.versions)]
            if isinstance(answer, Honest):
                same = dict(ask.headers).get("if-range") == version.validator
                answer = Part(length="right") if same else Whole()
            if isinstance(answer, Whole):
                head, first, stop = self._whole(answer, version)
            elif answer.unasked or "if-range" in dict(ask.headers):
                head, first, stop = self._part(answer, version, ask)
            else:
                head, first, stop = self._whole(Whole(framing="chunked"), version)
            if self.transfer.head_arrived(head):
                self._body(exchange, version, first, stop)
            else:
                self._over(exchange.fault)

    def _whole(self, answer: Whole, version: Version) -> tuple[Head, int, int]:
        fields: Fields = version.fields
        framing = "length" if version.known_by == "size" else answer.framing
        if framing == "length":
            length = answer.length or str(version.size)
            self.honest = self.honest and length == str(version.size)
            fields += (("content-length", length),)
        elif framing == "chunked":
            fields += (("transfer-encoding", "chunked"),)
        self._framing = framing
        self.vouched = framing != "close"
        return Head(answer.status, fields), 0, version.size

    def _part(self, answer: Part, version: Version, ask: Request) -> tuple[Head, int, int]:
        asked = dict(ask.headers)
        begin = int(asked["range"].removeprefix("bytes=").rstrip("-")) if "if-range" in asked else 0
        first = max(0, min(begin + answer.shift, version.size - 1))
        stop = version.size if answer.size is None else min(first + answer.size, version.size)
        total = str(version.size)
        if version.known_by != "size" and answer.total:
            total = answer.total
            self.honest = self.honest and total == "*"
        fields: Fields = (("content-range", f"bytes {first}-{stop - 1}/{total}"),)
        fields = {"once": fields, "twice": fields * 2, "none": ()}.get(
            answer.label, (("content-range", answer.label),)
        )
        promised = asked.get("if-range") == version.validator is not None
        if answer.told or not promised or version.known_by in {"coding", "size"}:
            fields += version.fields
        if answer.length:
            length = str(stop - first) if answer.length == "right" else answer.length
            fields += (("content-length", length),)
        self._framing = "length"
        self.vouched = True
        return Head(206, fields), first, stop

    def _body(self, exchange: Exchange, version: Version, first: int, stop: int) -> None:
        transfer, disk = self.transfer, self.disk
        end = first + int((stop - first) * exchange.share)
        for place in range(first, end, exchange.piece):
            count = min(exchange.piece, end - place)
            try:
                at, progress = transfer.bytes_arrived(count, 0.0)
            except Excess as excess:
                transfer.failed(excess, self.now)
                return
            disk.write(version, place, count, at)
            if progress:
                if isinstance(progress.event, Progressed):
                    assert progress.event.received == disk.size
                elif progress.event:
                    assert progress.event.offset == at
                disk.note = progress.record or disk.note
        cut = self._framing == "chunked" and end < stop
        self._over(exchange.fault or (Disconnected("cut") if cut else None))

    def _over(self, fault: Fault | None) -> None:
        decided = self.transfer.action
        if fault:
            self.transfer.failed(fault, self.now)
        else:
            if self.transfer.size is not None:
                self.disk.seek(self.transfer.size)
            self.transfer.succeeded(self.now, self._digest())
        if isinstance(decided, Done):
            assert self.transfer.action is decided, "an end is an end"

    def _leave(self, exchange: Exchange | None) -> None:
        """Leave what a later try may go on with, as the save layer does."""
        disk = self.disk
        self.free += disk.size - self.most >= PROGRESS  # such a try does not count
        self.most = max(self.most, disk.size)
        action = self.transfer.action
        if isinstance(action, Done) and not action.keep_part:
            disk.clear()
        elif exchange:
            disk.cut(max(0, disk.size - exchange.lost))
        if disk.note is None:
            disk.clear()

    def _digest(self) -> str | None:
        if self.target.checksum is None:
            return None
        first = self.versions[0]
        whole = self.disk.runs == [(first, 0, first.size)] or (
            not first.size and not self.disk.runs
        )
        return "right" if whole else "wrong"

    # What always holds

    def _check_state(self) -> None:
        assert len(self.disk.runs) <= 1, "spliced"
        assert not self.disk.runs or self.disk.runs[0][1] == 0
        assert self.hops <= self.rules.max_redirs or self.transfer.state is not State.REQUESTED
        assert self.tries - self.free <= self.rules.retries + 1

    def _check_ask(self, ask: Request) -> None:
        """See that strangers hear no secret, and nobody a password in a URL."""
        named = [name.lower() for name, _ in ask.headers]
        assert len(set(named)) == len(named)
        said = repr(ask.headers)
        assert "SECRET" not in ask.url
        assert ask.url.startswith("https:") or not self.safe
        self.safe = ask.url.startswith("https:")
        if origin(ask.url) != origin(HOME):
            assert "SECRET" not in said
            assert LOGIN not in said
        else:
            assert ("authorization", f"Basic {LOGIN}") in ask.headers
        if "if-range" in named:  # else it may be the user who asks for a part
            self.parts += 1
            assert f"'bytes={self.disk.size}-'" in said
            assert self.disk.size > 0
            ((version, _, _),) = self.disk.runs
            assert dict(ask.headers)["if-range"] == version.validator, "known by another's"

    def _check_file(self) -> None:
        """See that what is to be put in place is one version, and all of it that was announced."""
        runs = self.disk.runs or [(self._empty_version(), 0, 0)]
        ((version, first, end),) = runs
        assert first == 0
        assert end == self.transfer.body.received
        if self.target.checksum or (self.honest and self.vouched):
            assert end == version.size, "cut short"
        if self.target.checksum:
            assert version == self.versions[0]

    def _empty_version(self) -> Version:
        """Return which version an empty file is of: by its checksum, else the one last served."""
        return self.versions[0] if self.target.checksum else self.serving

    def _check_end(self) -> None:
        action = self.transfer.action
        assert isinstance(action, Done)
        outcome = action.outcome
        assert outcome.requests == self.asks
        assert (outcome.status is Status.OK) == self.complete
        assert (outcome.reason == "") == self.complete
        assert outcome.unsized == (
            self.complete and not self.vouched and self.target.checksum is None
        )

    def _check_limits(self) -> None:
        """See that it ends: stale connections double requests, a wrong part costs one a try."""
        ways = self.tries * (self.rules.max_redirs + 2)
        assert self.parts <= 2 * (MAX_PARTS + ways)
        assert self.asks - self.parts <= 2 * ways


def origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
