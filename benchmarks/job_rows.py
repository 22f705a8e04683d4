"""The rows of ``make jobs``: what a tool left, held against the list, and the Markdown tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEAD = (
    "tool", "right", "wrong", "missing", "twice", "not listed", "exit code", "exit code true",
    "own report", "own report true", "requests", "refused",
)  # fmt: skip
KILLED = "killed"
HUNG = "none"


@dataclass(frozen=True, slots=True)
class Output:
    """What the output of a tool has: each count is one of names."""

    right: int
    wrong: int
    missing: int
    twice: int
    strange: int  # files that are not in the list

    @property
    def is_whole(self) -> bool:
        """Whether each file of the list is there once, and right."""
        return not (self.wrong or self.missing or self.twice)


def judge(
    found: Iterable[tuple[str, bytes]], listed: Sequence[str], contents: Mapping[str, bytes]
) -> Output:
    """Compare the files of an output with the names that are listed and the server's contents."""
    copies: dict[str, list[bytes]] = defaultdict(list)
    for name, content in found:
        copies[name].append(content)
    there = [copies[name] for name in listed if name in copies]
    right = sum(
        all(each == contents.get(name) for each in copies[name])
        for name in listed
        if name in copies
    )
    return Output(
        right, len(there) - right, len(listed) - len(there), sum(len(each) > 1 for each in there),
        len(copies.keys() - set(listed)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a tool in a situation.

    ``exits`` has an exit code for each run, KILLED, or HUNG if it was stopped at its time limit.
    """

    tool: str
    output: Output
    exits: Sequence[str]
    reported: int | None
    requests: int
    refused: int

    @property
    def exit_is_true(self) -> bool | None:
        """Whether the last exit code is 0 if and only if the output is whole; None without one."""
        last = self.exits[-1]
        return None if last == HUNG else (last == "0") == self.output.is_whole

    @property
    def report_is_true(self) -> bool | None:
        """Whether the tool tells the number of right files; None if it tells none."""
        return None if self.reported is None else self.reported == self.output.right

    def cells(self) -> list[str]:
        """Return the cells of the row."""
        out = self.output
        counts = (out.right, out.wrong, out.missing, out.twice, out.strange)
        return [
            self.tool, *map(_number, counts), ", then ".join(self.exits),
            _yes(self.exit_is_true), _number(self.reported), _yes(self.report_is_true),
            _number(self.requests), _number(self.refused),
        ]  # fmt: skip


def _number(count: int | None) -> str:
    return "none" if count is None else f"{count:,}"


def _yes(value: bool | None) -> str:  # noqa: FBT001 - the value of a cell
    return "-" if value is None else "yes" if value else "**no**"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown."""
    aligned = ["---", *["---:"] * 5, "---", "---", "---:", "---", "---:", "---:"]
    lines = [HEAD, aligned, *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
