"""A user's script. It is checked, not run: see ``test_user``."""

from typing import assert_type

import getflags


def failed(urls: list[str]) -> list[str]:
    """Return what could not be downloaded."""
    report = getflags.download(urls, engine="threads", retries=0)
    assert_type(report.exit_status, getflags.ExitStatus)
    assert_type(report.outcomes, list[getflags.Outcome])
    return [outcome.target.label for outcome in report.outcomes if outcome.failed]


async def fetch(urls: list[str]) -> None:
    """Fetch them, five at a time."""

    async def ask(url: str) -> bool:
        report = await getflags.adownload([url], retries=0)
        return report.exit_status is getflags.ExitStatus.OK

    async for found in getflags.as_completed_async(urls, ask, 5):
        assert_type(found, bool)
