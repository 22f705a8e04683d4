"""Sentences that state the conclusions about a server.

Pure. A difference that its interval does not prove is marked as such, and a sentence warns of too
few rounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from getflags.bench.analysis.figures import Section, Series, Step
from getflags.bench.analysis.knee import NEAR
from getflags.bench.analysis.stats import FEWEST, differs
from getflags.bench.report.number_format import listed, share, significant, unit
from getflags.core.text import brief, counted, quoted

_MANY = 4  # other series; more of them are summarized, because the table lists them


def title(section: Section, sections: Sequence[Section]) -> str:
    """Return a section's title: its server, and the experiment if the server has several."""
    alone = sum(one.load == section.load for one in sections) == 1
    name = brief(section.load)
    return name if alone else f"{name}, experiment {brief(section.experiment)}"


def headline(section: Section) -> str:
    """Return the recommendation for this server."""
    server, lead = brief(section.load), section.lead
    if section.rate:
        return f"On {server}, {_latencies(section)}."
    if lead is None:
        arrived = any(cell.arrived for one in section.series for cell in one.cells)
        why = "no run was long enough for a steady state" if arrived else "nothing arrived"
        return f"On {server} no level can be recommended: {why}."
    return " ".join([f"On {server}, {_enough(lead)}", *_steps(lead), *_caveat(lead)])


def verdict(section: Section) -> str:
    """Return the recommendation for this server in a few words."""
    lead = section.lead
    if section.rate:
        return f"{_latencies(section)}."
    if lead is None:
        return "no level can be recommended."
    if len(lead.cells) > 1 and lead.level == lead.cells[-1].level:
        return f"{lead.level} at a time, or more."
    return f"{lead.level} at a time is enough."


def _latencies(section: Section) -> str:
    """Return the lowest and the highest p99 of an open loop, without a claim about the others."""
    known = sorted(
        (cell.latency["p99"], brief(f"{one.name} -m {cell.level}"))
        for one in section.series
        for cell in one.cells
        if "p99" in cell.latency
    )
    if not known:
        return "nothing arrived"
    name, factor = unit([value for value, _ in known])
    texts = [f"{significant(value * factor)} {name} ({cell})" for value, cell in known]
    return f"the p99 from the due time is {' to '.join(dict.fromkeys((texts[0], texts[-1])))}"


def _enough(lead: Series) -> str:
    goodput = lead.goodput
    got = f"{brief(lead.name)} gets {significant(goodput.middle if goodput else 0)} files a second"
    if len(lead.cells) == 1:
        return f"{got} at {lead.level} at a time, the only level that was measured."
    if lead.level == lead.cells[-1].level:
        return (
            f"{lead.level} at a time {_best(lead)}: {got}. That is the highest level that was "
            "measured, so more might bring more."
        )
    return f"{lead.level} at a time is enough: {got}."


def _best(lead: Series) -> str:
    """Return the phrase for a highest level that also has the most goodput."""
    proven = lead.below and differs(lead.below.ratio)
    return "does best" if proven else "did best (which may be chance)"


def _steps(lead: Series) -> list[str]:
    parts = []
    if lead.above:
        parts.append(f"{lead.above.level} brings {gain(lead.above)}")
    if lead.below:
        parts.append(f"{lead.below.level} brings {loss(lead.below)}")
    return [", ".join(parts) + "."] if parts else []


def gain(step: Step) -> str:
    """Return the gain of a level above the knee, as text."""
    ratio = step.ratio
    if differs(ratio):
        return share(ratio.middle)
    if ratio.rounds >= FEWEST:
        return "no more" if ratio.middle <= 1 / NEAR else "no proven gain"
    return "no more" if NEAR <= ratio.middle <= 1 / NEAR else loss(step)


def loss(step: Step) -> str:
    """Return the goodput of a level as a share of the knee's; it is marked unless it is proven."""
    text = share(step.ratio.middle)
    return text if differs(step.ratio) else f"{text} (may be chance)"


def _caveat(lead: Series) -> list[str]:
    if lead.knee is None or lead.knee.sure:
        return []
    fewest = min(cell.rounds - cell.empty for cell in lead.cells)
    rounds = counted(fewest, "round")
    return [f"Some of these figures come from {rounds}; to prove them, {FEWEST} are needed."]


def details(section: Section) -> list[str]:
    """Return sentences about the other engines and clients, and about failures."""
    return [*_others(section), *_silent(section), *_failed(section), *_empty(section)]


def _others(section: Section) -> list[str]:
    """Return the levels of the other series, and their comparison with the lead."""
    lead = section.lead
    others = [one for one in section.series if one.knee and one is not lead]
    if lead is None or not others:
        return []
    return [*_wanted(lead, [one for one in others if one.marked]), *_compared(lead, others)]


def _wanted(lead: Series, others: Sequence[Series]) -> list[str]:
    """Return sentences about the level that is enough for each series with more than one level."""
    levels = sorted({one.level for one in others})
    if not levels:
        return []
    names = {
        level: listed([brief(one.name) for one in others if one.level == level]) for level in levels
    }
    if levels == [lead.level]:
        all_of_them = names[lead.level] if len(others) <= _MANY else "the others"
        return [f"The same level is enough for {all_of_them}."]
    if len(others) <= _MANY:
        return [f"It is {', '.join(f'{level} for {names[level]}' for level in levels)}."]
    return [f"For the others it is between {levels[0]} and {levels[-1]}."]


def _compared(lead: Series, others: Sequence[Series]) -> list[str]:
    ratios = {one.name: one.against for one in others if one.against}
    surely = {name: ratio.middle for name, ratio in ratios.items() if differs(ratio)}
    equal = [brief(name) for name in ratios if name not in surely]
    parts = []
    if surely and len(surely) <= _MANY:
        parts += [f"{brief(name)} gets {share(ratio)}" for name, ratio in surely.items()]
    elif surely:
        shares = dict.fromkeys(map(share, (min(surely.values()), max(surely.values()))))
        parts.append(f"{len(surely)} others get {' to '.join(shares)}")
    if equal and len(equal) <= _MANY:
        parts.append(f"no difference can be claimed for {listed(equal)}")
    elif equal:
        parts.append(f"no difference can be claimed for {len(equal)} others")
    return (
        [f"Each at its own level, compared with {brief(lead.name)}: {'; '.join(parts)}."]
        if parts
        else []
    )


def _silent(section: Section) -> list[str]:
    silent = [brief(one.name) for one in section.series if not one.knee]
    if not silent or section.lead is None:
        return []
    parts = listed(silent) if len(silent) <= _MANY else f"{len(silent)} others"
    return [f"No level can be recommended for {parts}."]


def _failed(section: Section) -> list[str]:
    cells = [cell for one in section.series for cell in one.cells]
    asked, arrived = (sum(cell.asked for cell in cells), sum(cell.arrived for cell in cells))
    if asked <= arrived:
        return []
    reasons = sum((Counter(cell.errors) for cell in cells), Counter[str]())
    most = reasons.most_common(1)
    often = f", most often with {quoted(most[0][0])}" if most else ""
    return [f"{asked - arrived:,} of {asked:,} targets failed{often}."]


def _empty(section: Section) -> list[str]:
    empty = sum(cell.empty for one in section.series for cell in one.cells)
    if not empty:
        return []
    has, are = ("has", "is") if empty == 1 else ("have", "are")
    why = "nothing arrived, or there was no steady state"
    return [f"{counted(empty, 'run')} {has} no goodput and {are} left out: {why}."]
