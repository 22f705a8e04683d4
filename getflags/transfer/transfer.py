"""One file's journey, decided without doing any of it (sans-IO).

Facts go in: a head arrived, bytes arrived, the response ended, the connection broke, the file is
in place. Decisions come out: two facts answer at once (is the body wanted, is it time to tell of
progress), and after each the shell reads three attributes::

    ask       the request to make now, or None
    complete  the file is whole and checked: put it in place
    later     when to begin again, or None: this try has failed and another one may not
    outcome   how it ended, or None while under way

Never two of them are set at once, but for ``complete``, which stays when the outcome is there.

Redirects, retries and checks live here, once, for every engine and every client. Nothing here may
know a library, a socket, a file, a clock or a thread; a decision is tested by calling methods.
"""

from __future__ import annotations

from getflags.core.errors import Disconnected, Excess, Fault, NotSaved
from getflags.core.models import (
    DownloadOptions,
    OnDisk,
    Outcome,
    PartialFile,
    ResumeRecord,
    Status,
    Target,
)
from getflags.core.response_head import (
    Head,
    content_length,
    describe,
    is_chunked,
    location,
    modified,
)
from getflags.transfer import ranges, retry, status_code
from getflags.transfer.request import Request, Route
from getflags.transfer.retry import Later
from getflags.transfer.status_code import Kind, matches, standing_file

PROGRESS_STEP = 256 * 1024  # bytes between two progress events: cheap, and often enough to see


class Transfer:
    """The decisions for one target. Feed facts in the order in which they happen."""

    def __init__(self, target: Target, rules: DownloadOptions) -> None:
        self.ask: Request | None = None
        self.complete = False
        self.later: Later | None = None
        self.outcome: Outcome | None = None
        self.received = 0  # bytes of the body under way
        self.expected: int | None = None  # its announced length
        self.modified: int | None = None  # its Last-Modified, in seconds since 1970
        self.target = target
        self.deadline = retry.Deadline(rules.max_time)
        self.floor = retry.MinimumSpeed(rules.speed_limit, rules.speed_time)
        self.rules = rules
        self.fresh = True  # nothing has been tried yet
        self._on_disk: OnDisk | None = None
        self._kept: PartialFile | None = None  # what the request under way asks for the rest of
        self._head: Head | None = None  # of the response whose body is the file
        self._going_on: ResumeRecord | None = (
            None  # what the file is known by that a part belongs to
        )
        self.worthless = False  # what has come is of no use to a later run
        self.strained = False  # the server has shown that there may be too many at a time
        self._code: int | None = None
        self._tries = self._requests = self._reported = 0
        self._freshened = self._answered = self._wants_body = False  # by a head, until its end
        self._delimited = True
        self._route = Route(target.url, rules)

    def begin(self, on_disk: OnDisk | None = None, kept: PartialFile | None = None) -> None:
        """Begin a try; take what stands under the final name, and what an earlier try has left.

        Every try begins at the URL that was typed: a redirect may lead elsewhere the next time.
        """
        self._on_disk = on_disk if matches(self.target.checksum, on_disk) else None
        self._kept = kept
        self.later, self.fresh, self.strained = None, False, False
        self._tries += 1
        self._route.begin()
        if self.target.flaw:
            self._fail(self.target.flaw)
        elif standing := standing_file(self.rules.exists, self.target.checksum, on_disk):
            status, reason, size = standing
            self._end(status, reason, size=size)
        else:
            self._request()

    def give_up_if_late(self, then: float) -> None:
        """End it where another try, to begin at ``then``, would come too late."""
        if self.later and self.deadline.over(then):
            reason, self.later = self.later.reason, None
            self._fail(f"{reason}; and no time is left for another try", worthless=False)

    def head_arrived(self, head: Head) -> bool:
        """Take a response's head; return whether its body is wanted.

        Where it is not, the shell hangs up unread: a redirect's body may be endless.
        """
        self._code = head.status
        self._wants_body = False
        self._answered = True
        try:
            kind = status_code.kind(head.status)
            if self._kept and head.status in ranges.STATUSES:
                self._go_on(self._kept, head)
            elif kind is Kind.ELSEWHERE:
                self._route.follow(location(head))
                self._request()
            elif kind is Kind.FILE:
                self.expected = content_length(head)
                retry.check_size(self.expected or 0, self.rules)
                self.received = self._reported = 0  # from the beginning, whatever was asked for
                self.modified = modified(head)
                self._head, self._going_on = head, None
                # Without either, the body ends where the connection does, and one that was cut
                # looks whole (RFC 9112 section 6.3, rule 8).
                self._delimited = self.expected is not None or is_chunked(head)
                self._wants_body = True
            else:
                self._refuse(kind, head)
        except Fault as fault:
            self._fail(str(fault))
        return self._wants_body

    def bytes_arrived(self, count: int) -> bool:
        """Count a piece of the body, in bytes; return whether it is time to tell of progress.

        Raises Excess, which is a fault like any other that the wire has to end with.
        """
        self.received += count
        retry.check_size(self.received, self.rules)
        if self.received - self._reported < PROGRESS_STEP:
            return False
        self._reported = self.received
        return True

    @property
    def note(self) -> ResumeRecord | None:
        """What to know the file by that is coming; looked at for long ones only."""
        return self._going_on or (self._head and ranges.note(self._head, self.expected))

    @property
    def size(self) -> int | None:
        """How many bytes the file has now; None where the response at hand is not the file's."""
        return self.received if self._answered and self._wants_body else None

    def response_ended(self, digest: str | None) -> None:
        """Take the end of a response; ``digest`` is the hash of what was written, in hex."""
        answered, self._answered = self._answered, False
        if not (answered and self._wants_body):
            return
        expected, checksum = self.expected, self.target.checksum
        if expected is not None and self.received < expected:
            self._try_again(f"incomplete: {self.received:,} of {expected:,} bytes came")
        elif expected is not None and self.received > expected:
            self._fail(f"too long: {self.received:,} of {expected:,} bytes came")
        elif self._going_on and self._going_on.total != self.received:
            self._ask_for_more(PartialFile(self.received, self._going_on))
        elif checksum and digest != checksum.hexdigest:
            self._fail(f"checksum mismatch: {checksum.algorithm} expected "
                       f"{checksum.hexdigest}, got {digest}")  # fmt: skip
        else:
            self.ask = None
            self.complete = True

    def broke(self, fault: Fault) -> None:
        """Take a fault. An idle connection that the server had closed is worth one fresh try.

        Where the head had been answered already, only the hanging up went wrong.
        """
        answered, self._answered = self._answered, False
        if answered and not self._wants_body:
            return
        if isinstance(fault, Disconnected) and fault.stale and not self._freshened:
            self._freshened = True
            self._requests += 1
        elif answered and isinstance(fault, Disconnected):
            of = "" if self.expected is None else f" of {self.expected:,}"
            self._try_again(f"incomplete: {self.received:,}{of} bytes came ({fault})", cut=True)
        elif retry.may_pass(fault):
            self._try_again(str(fault), cut=isinstance(fault, Disconnected))
        else:
            self._fail(str(fault), worthless=isinstance(fault, Excess))

    def installed(self) -> None:
        """Take it that the file stands under its final name."""
        unsized = not self._delimited and self.target.checksum is None
        self._end(Status.OK, size=self.received, unsized=unsized)

    def not_saved(self, why: NotSaved) -> None:
        """Take it that the disk refused."""
        self._fail(f"cannot save: {why}")

    def result(self) -> Outcome:
        """Return the outcome. Raises RuntimeError while the transfer is under way."""
        if self.outcome is None:
            raise RuntimeError("the transfer has not ended")
        return self.outcome

    def _request(self) -> None:
        since = self._on_disk.modified if self._on_disk else None  # ``refresh`` asks all the same
        self.ask = self._route.ask(self._kept, since)
        self._requests += 1
        self._freshened = False
        self.received = self._reported = self._kept.size if self._kept else 0
        self.expected = None
        self.floor.begin()

    def _go_on(self, kept: PartialFile, head: Head) -> None:
        """Take a part if it is exactly the rest of what there is; when in doubt, all again."""
        part = ranges.rest(head, kept) if head.status == 206 else None  # noqa: PLR2004 - else 416
        if part is None:
            self._kept = None
            self._request()
        else:
            self.expected = part.end
            self._going_on = kept.record._replace(total=part.total)
            self._wants_body = self._delimited = True

    def _ask_for_more(self, kept: PartialFile) -> None:
        """Ask for what a part has left out, if it has brought us any further."""
        if self._kept and kept.size > self._kept.size and self._requests < ranges.MOST_PARTS:
            self._kept = kept
            self._request()
        else:
            self._fail(f"incomplete: {kept.size:,} of {kept.record.total:,} bytes came")

    def _refuse(self, kind: Kind, head: Head) -> None:
        if kind is Kind.MISSING:
            self._end(Status.NOT_FOUND, describe(head.status))
        elif kind is Kind.UNCHANGED and self._on_disk:
            self._end(Status.PRESENT, "not changed since", size=self._on_disk.size)
        elif kind is Kind.LATER:
            self._try_again(describe(head.status), *status_code.wait(head, self._route.url))
        else:
            self._fail(status_code.complaint(head.status))

    def _try_again(
        self, reason: str, seconds: float | None = None, origin: str = "", *, cut: bool = False
    ) -> None:
        """Begin again later, where a try is left."""
        self.strained = cut or (self._answered and self._code in status_code.PAUSES)
        if self._tries > self.rules.retries:
            tries = f" ({self._tries} tries)" if self._tries > 1 else ""
            self._fail(reason + tries, worthless=False)
            return
        if seconds is None:
            seconds = retry.backoff(self._tries, f"{self.rules.salt} {self._route.url}")
        self.ask, self.later = None, Later(seconds, reason, origin)

    def _fail(self, reason: str, *, worthless: bool = True) -> None:
        self._end(Status.FAILED, reason)
        self.worthless = worthless

    def _end(
        self, status: Status, reason: str = "", *, size: int = 0, unsized: bool = False
    ) -> None:
        self.ask, self.worthless = None, True
        self.outcome = Outcome(
            self.target, status, reason, self._code, size, self._requests, unsized
        )
