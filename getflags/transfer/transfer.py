"""The state machine of one target's download, without I/O (sans-IO).

The shell reports events: a try begins, a response head arrives, bytes arrive, the response has
ended, the last action failed, the file is installed. ``begin``, ``succeeded`` and ``failed`` return
exactly one ``Action``: send a request, wait and try again, install the complete file, or end.
``Transfer._move`` is the only place where the state changes; the table in ``state`` lists the
transitions that are allowed.

Redirects, retries, resuming and checks are decided here, once, for every engine and HTTP client.
Nothing here may use an HTTP library, a socket, a file, a clock or a thread: the shell passes the
time in.
"""

from __future__ import annotations

from typing import cast

from getflags.core.errors import (
    Disconnected,
    Excess,
    Expired,
    Fault,
    NotPublic,
    NotSaved,
    Overlong,
)
from getflags.core.events import Progressed, Resumed
from getflags.core.models import (
    DownloadOptions,
    FetchRecord,
    Gap,
    OnDisk,
    Outcome,
    PartialFile,
    ResumeRecord,
    Status,
    Target,
)
from getflags.core.response_head import (
    Head,
    content_coding,
    content_length,
    describe,
    location,
    modified,
    retry_after,
)
from getflags.targets.filenames import from_server
from getflags.transfer import refresh, retry, status_code
from getflags.transfer import state as states
from getflags.transfer.actions import (
    Action,
    Done,
    Install,
    ProgressStep,
    Queue,
    Refusal,
    Request,
    Wait,
)
from getflags.transfer.body import Body, DecodedBody
from getflags.transfer.origin_state import FindOrigin, OriginState
from getflags.transfer.parts import ranges
from getflags.transfer.routes.request import Route
from getflags.transfer.state import State
from getflags.transfer.status_code import (
    GONE,
    Kind,
    existing_file,
    matches,
    mismatch,
    verified,
)

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    from getflags.transfer.parts.split import Interval, Split
    from getflags.transfer.routes.mirrors import Mirrors

#: Refusals of one target that count as its origin's, while that serves others; the next is its own.
_MAX_PASSED_OVER = 4


class Transfer:
    """The decisions for one target. Call the methods in the order in which the events occur."""

    action: Action  # the last decision
    split: Split | None = None  # the plan of a body that several connections receive
    _own: Interval  # what the transfer's own request receives of it
    _may_split = True
    _waited_for: frozenset[str] = frozenset()  # origins for whose turn this try has waited
    body: Body  # of the last response whose body was wanted
    _mirrors: Mirrors | None = None  # of a target that has several URLs

    def __init__(
        self,
        target: Target,
        options: DownloadOptions,
        find_origin: FindOrigin = lambda _: OriginState(),
    ) -> None:
        self.target = self.current = target  # ``current`` has the URL at which each try begins
        self.options = options
        self.state: State = states.NEW
        self._route = Route(target.url, options, target.headers, find_origin)
        if target.mirrors and not target.flaw:
            from getflags.transfer.routes.mirrors import Mirrors

            self._mirrors = Mirrors(target, options, find_origin)
        self._deadline: retry.Deadline | None = None
        if options.max_time is not None or options.deadline is not None:
            self._deadline = retry.Deadline(options.max_time, options.deadline)
        self._on_disk: OnDisk | None = None  # the file to refresh
        self._partial: PartialFile | None = None  # the part file whose rest is requested
        self._known: str | None = None  # the entity tag in If-None-Match
        self._record: FetchRecord | None = None  # of the response being received
        self._offset = 0  # the size of that file, until ``Resumed`` is emitted
        self._resumed = 0  # how much of the file an earlier run has left, in bytes
        self._modified: int | None = None  # the whole file's Last-Modified, in seconds since 1970
        self._saved_as = ""
        self._code: int | None = None
        self._tries = self._requests = 0
        self._forgiven = 0  # tries that do not count against the retries
        self._received = False  # a body in this try; in any one, for standard output
        self._kept = 0  # bytes of the body that were kept after an earlier try
        self._find_origin = find_origin
        self._now = 0.0  # when the present try began
        self._today: float | None = None  # the same, in seconds since 1970
        self.admitted = ""  # the last origin for whose turn the transfer has waited

    def begin(
        self,
        on_disk: OnDisk | None,
        partial: PartialFile | None,
        now: float,
        today: float | None = None,
    ) -> Action:
        """Begin a try, given the existing file and the part file of an earlier try.

        Every try begins at the target's own URL: a redirect may lead elsewhere the next time.
        ``today`` is in seconds since 1970; it replaces the Date of responses that have none.
        """
        if self._mirrors and self._mirrors.choose(partial, on_disk):
            return self._begin_at(self._mirrors)
        self._begin_try(on_disk, partial, now, today)
        checksum, exists = self.target.checksum, self.options.exists
        if self.target.flaw:
            self._fail(self.target.flaw)
        elif self.options.verify:
            self._end(*verified(checksum, on_disk))
        elif on_disk and (existing := existing_file(exists, checksum, on_disk)):
            self._end(*existing)
        elif refusal := self._find_origin(self.origin).closed_reason(now):
            self._give_up(refusal, keep_part=partial is not None)
        else:
            self._request(states.REQUESTED)
        if self._deadline:
            self._apply_deadline(self._deadline, now)
        return self.action

    def _begin_try(
        self,
        on_disk: OnDisk | None,
        partial: PartialFile | None,
        now: float,
        today: float | None,
    ) -> None:
        """Forget the last try, but for what it has left."""
        checksum = self.target.checksum
        self._on_disk = on_disk if on_disk and matches(checksum, on_disk) else None
        self._partial = partial
        # What has gone to standard output stays, so its record counts in all later tries.
        self._received = self._received and self.options.output is not None
        self._saved_as = on_disk.name if on_disk else ""
        if self.split is not None:
            self._may_split, self.split = self.split.open, None
        self._offset = partial.kept if partial else 0
        self._kept = max(self._kept, self._offset)
        self._now, self._today = now, today
        self._tries += 1
        if self._tries == 1:
            self._resumed = max(self._resumed, self._offset)
        self._route.begin()

    def head_arrived(self, head: Head) -> bool:
        """Handle a response head; return whether the body is wanted.

        If not, the connection is closed without reading the body: a redirect's body may be endless.
        """
        self._code = head.status
        origin = self._find_origin(self.reached)
        origin.answered = True
        credentials = self.options.credentials
        if credentials and credentials.cookies is not None:
            credentials.cookies.received(self._route.url, head.all("set-cookie"))
        if self._route.digest and head.status != status_code.UNAUTHORIZED:
            self._route.digest.accepted(origin)
        try:
            kind = status_code.kind(head.status)
            if self._partial and head.status in ranges.STATUSES:
                self._resume(self._partial, head)
            elif kind is Kind.FILE:
                self._receive(head)
            elif kind is Kind.REDIRECT:
                self._route.follow(location(head))
                self._follow()
            else:
                self._handle_other_status(kind, head)
        except Fault as fault:
            if retry.is_transient(fault, self.options, self._find_origin(self.reached)):
                self._retry(str(fault))
            else:  # the part file may be of use when the server is in order again
                keep_part = self._partial is not None and not isinstance(fault, Excess)
                self._give_up(str(fault), keep_part=keep_part)
        return self.state is states.RECEIVING

    def bytes_arrived(
        self, count: int, seconds: float, now: float = 0.0
    ) -> tuple[int, ProgressStep | None]:
        """Count a piece of the body, in bytes, and the seconds waited for it.

        Return its offset in the file, and a progress step if one is due. Raises TimedOut, Excess or
        Expired.
        """
        if self._deadline:
            self._deadline.check(now)
        body = self.body
        at = body.received
        due = body.arrived(count, seconds, now)
        event: Progressed | Resumed | None
        if self._offset and body.resumed:
            event = Resumed(self.target, self._offset, body.resumed.total)
            self._offset = 0
        elif due:
            claimed = body.claim_event(now)
            event = Progressed(self.target, body.received, body.expected) if claimed else None
        else:
            return at, None
        return at, ProgressStep(event, body.record)

    def begin_split(self) -> Interval | None:
        """Return what the transfer's own request receives of a split body; None to receive it all.

        A body is split if its size is known, if its parts can be requested with a strong validator,
        and if two parts of it are large enough.
        """
        body, options = self.body, self.options
        record, size = body.record, body.expected
        if self.split is not None or record is None or size is None or size != record.total:
            return self._own if self.split is not None else None
        allowed = options.max_filesize is None or size <= options.max_filesize
        if self._may_split and allowed and size - body.received >= 2 * options.min_split_size:
            from getflags.transfer.parts.split import Split

            self.split = Split(record, [Gap(body.received, size)], options)
            self._own = self.split.begin(body.received, size)
            return self._own
        return None

    def request_part(self, interval: Interval, now: float) -> Request:
        """Return the request of a further stream for its part of the body."""
        record = cast("ResumeRecord", self.body.record)
        gaps = (Gap(interval.start, interval.end),)
        self._requests += 1
        request = self._route.request(PartialFile(interval.start, record, gaps), None)
        return request._replace(time_left=self._deadline.left(now)) if self._deadline else request

    @property
    def size(self) -> int | None:
        """The file's current size in bytes; None unless its body is being received."""
        return self.body.received if self.state is states.RECEIVING else None

    @property
    def origin(self) -> str:
        """The origin at which each try begins; empty if the target cannot be requested."""
        return "" if self.target.flaw else self._route.origin

    @property
    def reached(self) -> str:
        """The origin to which the last request was sent; empty like ``origin``."""
        return "" if self.target.flaw else self._route.reached

    @property
    def redirected(self) -> bool:
        """Whether a redirect has been followed in this try."""
        return self._route.redirected

    def allowed(self, seconds: float, now: float) -> float:
        """Return how much of a wait the time limit of the target allows, in seconds."""
        return min(seconds, self._deadline.left(now)) if self._deadline else seconds

    def resumable(self) -> ResumeRecord | None:
        """Return the record with which a later try may resume the body of this one, if it can."""
        if not self._received or (isinstance(self.action, Done) and not self.action.keep_part):
            return None
        return self.body.record

    def succeeded(self, now: float, digest: str | None = None) -> Action:
        """Record that the response has ended.

        ``digest`` is the part file's, in hex; None if the target has no checksum.
        """
        if self.state is states.RECEIVING:
            self._check(digest)
        elif self.state not in {states.WAITING, states.DONE}:
            self._move(states.REQUESTED, self.action)
        if self._deadline:
            self._apply_deadline(self._deadline, now)
        return self.action

    def installed(self, existing: OnDisk | None = None, note: str = "", saved_as: str = "") -> None:
        """Record that the file has been installed.

        ``existing`` is a file that appeared during the download and was kept instead. ``note`` says
        what the file system refused; ``saved_as`` is as in ``Outcome``.
        """
        if existing and (kept := existing_file(self.options.exists, None, existing)):
            self._end(*kept)
        else:
            self._saved_as = saved_as
            unsized = not (self.body.delimited or self.target.checksum)
            self._end(Status.OK, "", self.body.received, unsized=unsized, note=note)

    def failed(self, error: Fault | NotSaved, now: float) -> Action:
        """Record that the last action failed: a request, or an operation on the disk.

        A request that failed because the server had closed an idle connection is sent once more. If
        the response head has led to a decision already, only closing the connection failed, and
        nothing changes.
        """
        if isinstance(error, NotSaved):
            self._fail(f"cannot {'read' if self.options.verify else 'save'}: {error}")
        elif self.state is states.DISCARDING:
            self._move(states.REQUESTED, self.action)
        elif self.state not in {states.WAITING, states.DONE}:
            self._request_failed(error)
        if self._deadline:
            self._apply_deadline(self._deadline, now)
        return self.action

    def _apply_deadline(self, deadline: retry.Deadline, now: float) -> None:
        """Add the remaining time to a request; fail if the next try would begin too late."""
        action = self.action
        if isinstance(action, Request):
            self.action = action._replace(time_left=deadline.left(now))
        elif isinstance(action, Wait) and deadline.over(now + action.seconds):
            reason = "no time left for another try"
            if not action.mirror:  # else the mirrors have recorded it for the URL that failed
                reason = f"{action.reason}; {reason}"
            self._fail(reason, keep_part=True, overloaded=action.overloaded)

    def _request(self, state: State) -> None:
        self._known = refresh.condition(
            self._on_disk, self.current.url, self._route.url, compressed=self.options.compressed
        )
        self._requests += 1
        self._move(state, self._route.request(self._partial, self._known))

    def _receive(self, head: Head) -> None:
        """Accept a response whose body is the whole file, even if only the rest was requested."""
        compressed = self.options.compressed
        coding = content_coding(head) if compressed else ""
        url, requested, found = self.current.url, self._route.url, self._on_disk
        if (
            found
            and not coding
            and refresh.is_current(found, head, url, requested, compressed=compressed)
        ):
            self._end(Status.PRESENT, "not modified", found.size)
            return
        expected = content_length(head)
        if coding:
            self.body = DecodedBody(head, self.options, None)
        else:
            if self.options.max_filesize is not None:
                retry.check_size(expected or 0, self.options)
            self.body = Body(head, self.options, expected)
        self._received = True
        self._offset = self._resumed = 0
        self._modified = None
        if self.split is not None:  # it was requested in parts, but this is another version
            self._may_split, self.split = False, None
        self._validate(head)
        self._move(states.RECEIVING, self.action)

    def _resume(self, partial: PartialFile, head: Head) -> None:
        """Accept a part if it is exactly the rest of the file, else request the whole file."""
        part = ranges.rest(head, partial) if head.status == 206 else None  # noqa: PLR2004 - else 416
        if part is None:
            self._may_split = self._may_split and not partial.gaps
            self._partial = self.split = None
            self._request(states.DISCARDING)
        else:
            record = partial.record._replace(total=part.total)
            end = part.end
            if partial.gaps:
                end = self._resume_split(partial, record, part.end)
            self.body = Body(head, self.options, end, partial.kept, record)
            self._received = True
            self._validate(head)
            self._resumed = min(self._resumed, partial.kept)
            self._move(states.RECEIVING, self.action)

    def _resume_split(self, partial: PartialFile, record: ResumeRecord, end: int) -> int:
        """Receive the bytes up to ``end`` of the first gap; return the size of the whole file."""
        if self.split is None:
            from getflags.transfer.parts.split import Split

            self.split = Split(record, partial.gaps, self.options, open=self._may_split)
        self._own = self.split.begin(partial.size, end)
        return cast("int", record.total)

    def _validate(self, head: Head) -> None:
        """Remember the date and the validators of the file that is received."""
        date = modified(head)
        self._modified = date or self._modified
        name = self._server_name(head) if self.options.server_names else None
        self._record = refresh.fetched(
            head, date, self.current.url, self._route.url, name, compressed=self.options.compressed
        )

    def _server_name(self, head: Head) -> str:
        """Return the name that the server gives the file, made safe; empty if it gives none.

        The rest of a file may come without its name (RFC 9110 section 15.3.7).
        """
        if self.target.named:
            return ""
        from getflags.targets.content_disposition import file_name  # most runs do not need it

        resumed = self.body.resumed
        name = from_server(file_name(head.all("content-disposition")))
        self.body.name = name or (resumed.name if resumed else "")
        return self.body.name

    def _follow(self) -> None:
        """Request the URL to which a redirect leads, or wait until its origin accepts requests."""
        reached = self.reached
        origin = self._find_origin(reached)
        if refusal := origin.closed_reason(self._now):
            self._give_up(refusal, keep_part=self._partial is not None)
        elif origin.limited and reached != self.origin and reached not in self._waited_for:
            self._tries -= 1
            self.admitted = reached
            self._waited_for |= {reached}
            self._move(states.WAITING, Queue(reached))
        else:
            self._request(states.DISCARDING)

    def _handle_other_status(self, kind: Kind, head: Head) -> None:
        digest = self._route.digest
        if digest and digest.answers(head):
            self._request(states.DISCARDING)
        elif kind is Kind.UNCHANGED and self._known and self._on_disk:
            self._end(Status.PRESENT, "not modified", self._on_disk.size)
        elif refusal := status_code.refusal(head, self._route.url, self._today):
            self._retry_later(refusal, describe(head.status))
        elif self._is_transient(kind, head):
            reason, pause = describe(head.status), self._pause(head)
            self._retry(reason, pause=pause, status=head.status)
        elif kind is Kind.MISSING:
            self._give_up(describe(head.status), missing=True)
        else:
            # The part file stays, unless the file is gone: a login or a signature has expired.
            reason, gone = status_code.complaint(head.status), head.status == GONE
            if head.status == status_code.UNAUTHORIZED:
                from getflags.transfer.authentication.digest import hint

                reason += hint(head, digest)
            self._give_up(reason, keep_part=self._partial is not None and not gone)

    def _is_transient(self, kind: Kind, head: Head) -> bool:
        if self.options.retry_all_errors and not (kind is Kind.MISSING and self.target.guessed):
            return True
        return (
            kind is Kind.TRANSIENT
            or status_code.is_pending(head)
            or head.status in self.options.retry_on
        )

    def _retry_later(self, refusal: Refusal, reason: str) -> None:
        """Try again when the origin accepts more requests, unless it asks for too long a wait.

        As long as the origin goes on serving others, the refusal does not count against the
        retries: it only says that the turn of this target has not come yet. But an origin with a
        limit does not pass over the same target each time.
        """
        origin = self._find_origin(refusal.origin)
        if refusal.pause is not None and refusal.pause > self.options.max_retry_after:
            origin.told(self.target.number, self._now + refusal.pause, reason)
            reason = self._too_long(reason, refusal.pause)
            self._give_up(reason, keep_part=self._partial is not None, overloaded=True)
            return
        route = self._route
        serving, route.served = origin.served > route.served, origin.served
        patient = self.options.retries > 0 and self._requests < ranges.MAX_PARTS
        forgiven = serving and patient and (refusal.explicit or origin.limited)
        if forgiven:
            route.passed_over += 1
            if route.passed_over > _MAX_PASSED_OVER:
                refusal, forgiven = refusal._replace(own=True), False
        self._retry(
            reason, pause=refusal.pause, refusal=refusal, overloaded=True, forgiven=forgiven
        )

    def _pause(self, head: Head) -> float | None:
        """Return the Retry-After that applies to this target only. Raises Fault if too long."""
        pause = retry_after(head, self._today)
        if pause is not None and pause > self.options.max_retry_after:
            raise Fault(self._too_long(describe(head.status), pause))
        return pause

    def _check(self, digest: str | None) -> None:
        """Decide whether the body that has ended makes the file complete."""
        body, checksum = self.body, self.target.checksum
        received, expected = body.received, body.expected
        if self.split is not None and (self.split.changed or self.split.gaps):
            self._continue_split(self.split)
        elif expected is not None and received < expected:
            self._retry(f"incomplete: {body} bytes received")
        elif body.resumed and body.resumed.total != received:
            self._request_rest(PartialFile(received, body.resumed))
        elif checksum and digest != checksum.hexdigest:
            self._fail_or_restart(mismatch(checksum, digest))
        else:
            self._move(states.INSTALLING, Install(self._modified, self._record))

    def _fail_or_restart(self, reason: str) -> None:
        """Fail for a wrong file; with ``retry_all_errors``, download the whole file again."""
        if self.options.retry_all_errors:
            self._retry(reason, keep_part=False)
        else:
            self._give_up(reason)

    def _continue_split(self, split: Split) -> None:
        """Request the first gap of a split file; the whole of it if it has changed meanwhile."""
        before = self._partial.kept if self._partial else 0
        if split.changed:
            self._partial = self.split = None
            self._may_split = False
            self._request(states.REQUESTED)
        elif self.body.received > before and self._requests < ranges.MAX_PARTS:
            self._partial = PartialFile(split.gaps[0].first, split.record, tuple(split.gaps))
            self._request(states.REQUESTED)
        else:
            self._retry(f"incomplete: {self.body} bytes received")

    def _request_rest(self, partial: PartialFile) -> None:
        """Request the bytes that are still missing, provided that the last part has added some."""
        old = self._partial
        if old and partial.size > old.size and self._requests < ranges.MAX_PARTS:
            self._partial = partial
            self._request(states.REQUESTED)
        else:
            total = partial.record.total
            self._fail_or_restart(f"incomplete: {partial.size:,} of {total:,} bytes received")

    def _request_failed(self, fault: Fault) -> None:
        """Decide what to do about a fault before the head or in the body."""
        cut, local = isinstance(fault, Disconnected), retry.is_local(fault)
        late = isinstance(fault, Expired) and self._deadline and self._deadline.ends_run
        reason = retry.DEADLINE_PASSED if late else str(fault)
        reason += f" (redirected to {self.reached})" if self.redirected else ""
        if isinstance(fault, NotPublic):
            self._requests -= 1  # it was not sent
        if isinstance(fault, Disconnected) and fault.stale and self.state is states.REQUESTED:
            self._requests += 1
            self._move(states.RESENT, self.action)
        elif cut and self.state is states.RECEIVING:
            self._retry(f"incomplete: {self.body} bytes received ({reason})", overloaded=True)
        elif retry.is_transient(fault, self.options, self._find_origin(self.reached)):
            self._retry(reason, overloaded=cut, elsewhere=not local)
        elif isinstance(fault, Overlong):
            self._fail_or_restart(reason)
        elif local:
            self._fail(reason, keep_part=True)
        else:
            self._give_up(reason, keep_part=not isinstance(fault, Excess))

    def _too_long(self, reason: str, pause: float) -> str:
        allowed = f"--max-retry-after is {self.options.max_retry_after:g}"
        return f"{reason}, for another {pause:,.0f} seconds ({allowed})"

    def _retry(
        self,
        reason: str,
        *,
        pause: float | None = None,
        refusal: Refusal | None = None,
        overloaded: bool = False,
        status: int | None = None,
        keep_part: bool = True,
        forgiven: bool = False,
        elsewhere: bool = True,
    ) -> None:
        """Wait and try again, if a try is left; the pause is by default an exponential backoff.

        ``status`` is the response's status code, if it is the reason. A ``forgiven`` try does not
        count against the retries. Unless the file has grown, the next mirror is tried if there is
        one. ``elsewhere`` is false for a failure that no mirror can change.
        """
        progressed = keep_part and self._progressed()
        missing = status_code.kind(status or 0) is Kind.MISSING
        wait = Wait(pause or 0.0, reason, refusal, overloaded, keep_part)
        kept = keep_part and status != GONE and not missing
        if self._mirrors and elsewhere and not progressed:
            if not self._next_mirror(
                self._mirrors, wait, missing=missing, transient=True, pause=pause, forgiven=forgiven
            ):
                self._fail(reason, missing=missing, keep_part=kept, overloaded=overloaded)
            return
        self._forgiven += progressed or forgiven
        if self._tries - self._forgiven > self.options.retries:
            tries = f" ({self._tries} tries)" if self._tries > 1 else ""
            self._fail(reason + tries, missing=missing, keep_part=kept, overloaded=overloaded)
            return
        if self._mirrors:
            self._mirrors.tried()
        if pause is None:
            wait = wait._replace(seconds=self._backoff(1 if progressed else self._tries))
        self._waited_for = frozenset({self.admitted})  # the next try begins with its turn
        self._move(states.WAITING, wait)

    def _backoff(self, tries: int) -> float:
        return retry.backoff(tries, f"{self.options.salt} {self._route.url}")

    def _next_mirror(
        self,
        mirrors: Mirrors,
        wait: Wait,
        *,
        missing: bool,
        transient: bool = False,
        pause: float | None = None,
        forgiven: bool = False,
    ) -> bool:
        """Wait for the next mirror, or for another round of them; return whether one is left.

        The next mirror of a round does not count against the retries; another round does. ``wait``
        says why the last mirror has failed. ``pause`` is the time in seconds for which it asked,
        and ``transient`` is whether its failure may pass.
        """
        has_part = wait.keep_part and bool(self._partial or self.resumable())
        mirrors.failed(
            wait.reason, pause=pause, missing=missing, transient=transient, has_part=has_part
        )
        if self.options.output is not None and self._received:
            mirrors.stay()  # what has been written can only be continued by the same server
        before, failed = mirrors.url, "" if mirrors.is_first else f"{mirrors.shown}: "
        seconds = mirrors.next_url()
        if seconds is not None:
            self._tries -= 1
        else:
            self._forgiven += forgiven
            if self._tries - self._forgiven <= self.options.retries:
                mirrors.next_round(self._backoff(self._tries))
                seconds = mirrors.next_url()
        if seconds is None:
            return False
        wait = wait._replace(seconds=seconds)
        if mirrors.url != before:
            self._switch(mirrors)
            wait = wait._replace(reason=failed + wait.reason, mirror=mirrors.shown)
        self._move(states.WAITING, wait)
        return True

    def _begin_at(self, mirrors: Mirrors) -> Action:
        """Begin with another mirror than the first, when its origin accepts a request."""
        self._switch(mirrors)
        self._move(states.WAITING, Queue(self.origin))
        return self.action

    def _switch(self, mirrors: Mirrors) -> None:
        """Begin the next try at another mirror, which cannot resume what the last one has sent."""
        self._route = mirrors.route()
        self.current = self.target._replace(url=mirrors.url, mirrors=())
        self.admitted, self._kept, self._modified = "", 0, None
        self._waited_for = frozenset()
        self._may_split, self.split = True, None

    def _progressed(self) -> bool:
        """Return whether this try has brought enough of the file not to count as a retry.

        A connection that breaks again and again is no reason to give up as long as the file grows.
        """
        if self.state is not states.RECEIVING or not self.body.record:
            return False
        before, self._kept = self._kept, max(self._kept, self.body.received)
        grown = self._kept - max(before, self.body.start) >= retry.PROGRESS
        return grown and self.options.retries > 0 and self._requests < ranges.MAX_PARTS

    def _give_up(
        self,
        reason: str,
        *,
        missing: bool = False,
        keep_part: bool = False,
        overloaded: bool = False,
    ) -> None:
        """Fail for good at this URL: try the next mirror if there is one, else end the target."""
        if self._mirrors:
            wait = Wait(0.0, reason, None, overloaded, keep_part)
            if self._next_mirror(self._mirrors, wait, missing=missing):
                return
        self._fail(reason, missing=missing, keep_part=keep_part, overloaded=overloaded)

    def _fail(
        self,
        reason: str,
        *,
        missing: bool = False,
        keep_part: bool = False,
        overloaded: bool = False,
    ) -> None:
        """End the target as failed or, if it is ``missing`` at all its servers, as not found."""
        if self._mirrors:
            reason = self._mirrors.summary(reason)
            missing = missing and self._mirrors.all_missing
        status = Status.NOT_FOUND if missing else Status.FAILED
        outcome = Outcome(self.target, status, reason, self._code, 0, self._requests)
        self._move(states.DONE, Done(outcome, keep_part, overloaded))

    def _end(
        self,
        status: Status,
        reason: str,
        size: int = 0,
        *,
        unsized: bool = False,
        note: str = "",
    ) -> None:
        resumed = self._resumed if status is Status.OK else 0
        outcome = Outcome(
            self.target, status, reason, self._code, size, self._requests, unsized, resumed, note,
            self._saved_as,
        )  # fmt: skip
        if self._mirrors and status is Status.OK and not self._mirrors.is_first:
            outcome = outcome._replace(mirror=self._mirrors.shown)
        self._move(states.DONE, Done(outcome))

    def _move(self, state: State, action: Action) -> None:
        """Change the state. Raises RuntimeError for a transition that is not in the table."""
        if state not in states.TRANSITIONS[self.state]:
            raise RuntimeError(f"a transfer cannot go from {self.state.name} to {state.name}")
        self.state, self.action = state, action
