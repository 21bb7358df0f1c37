"""Costs as a table for people, as JSON (schemas/output/cost.schema.json) and as CSV. Exact until printed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from paddock.analysis.cost import NEVER_COUNTED, Missing
from paddock.analysis.money import CASES, HOURS_A_MONTH, Amount, total, usd
from paddock.report.table import aligned

Json = Any
SHOWN = 3
"""Subjects that the text names before "and N more"; JSON and CSV leave none out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A group with what it costs a month, and its budget where it has one (millionths of a dollar)."""

    environment: str
    name: str
    amount: Amount
    budget: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `paddock cost` prints."""

    by: str
    rows: Sequence[Row]
    missing: Sequence[Missing]
    hourly: bool = False
    as_of: str | None = None
    several: bool = True
    """Whether there is more than one environment to tell apart."""

    @property
    def unit(self) -> str:
        return "USD an hour" if self.hourly else "USD a month"

    def figure(self, micro: int) -> Fraction:
        """Millionths of a dollar in the report's unit."""
        return Fraction(micro, HOURS_A_MONTH) if self.hourly else Fraction(micro)


def text(report: Report) -> str:
    """A table with the total below it, then what is not counted."""
    budgets = any(row.budget is not None for row in report.rows)
    header = [report.by, *CASES, "share", *(["budget", "spent"] if budgets else [])]
    if report.several and report.by not in ("environment", "cluster"):
        header.insert(0, "environment")
    whole = total(row.amount for row in report.rows)
    body = [_cells(report, row, whole, header) for row in report.rows]
    last = Row(environment="", name="total", amount=whole)
    foot = _cells(report, last, whole, header)
    if header[0] == "environment" and len(header) > 1 and report.by != "environment":
        foot[0], foot[1] = "total", ""
    lines = [f"{report.unit}, {HOURS_A_MONTH} hours a month{f', as of {report.as_of}' if report.as_of else ''}", ""]
    lines += aligned([header, *body, foot], left=1 + (header[0] == "environment" and report.by != "environment"))
    return "\n".join([*lines, *_gaps(report.missing)]) + "\n"


def document(report: Report) -> str:
    """The JSON document: amounts are strings of dollars with six decimals, which add up; an hour's are rounded."""
    whole = total(row.amount for row in report.rows)
    found = {
        "version": 1,
        "by": report.by,
        "unit": report.unit,
        "hoursAMonth": HOURS_A_MONTH,
        "asOf": report.as_of,
        "rows": [
            {
                "environment": row.environment,
                "name": row.name,
                **_amounts(report, row.amount),
                "budget": None if row.budget is None else usd(report.figure(row.budget), 6),
            }
            for row in report.rows
        ],
        "total": _amounts(report, whole),
        "notCounted": [
            {
                "environment": one.environment,
                "cluster": one.cluster,
                "team": one.team or None,
                "subject": one.subject,
                "why": one.why,
            }
            for one in report.missing
        ],
        "neverCounted": list(NEVER_COUNTED),
    }
    return json.dumps(found, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def table(report: Report) -> str:
    """CSV: a line for each row, then one for each thing that is not counted, with empty amounts and the reason."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ("environment", report.by if report.by != "environment" else "name", *CASES, "budget", "notCounted")
    )
    for row in report.rows:
        amounts = _amounts(report, row.amount)
        budget = "" if row.budget is None else usd(report.figure(row.budget), 6)
        writer.writerow((row.environment, row.name, *(amounts[case] for case in CASES), budget, ""))
    for one in report.missing:
        writer.writerow((one.environment, f"{one.cluster}: {one.subject}", "", "", "", "", one.why))
    return stream.getvalue()


FORMATS: Mapping[str, Callable[[Report], str]] = {"text": text, "json": document, "csv": table}


def _amounts(report: Report, amount: Amount) -> dict[str, str]:
    return {case: usd(report.figure(amount[index]), 6) for index, case in enumerate(CASES)}


def _cells(report: Report, row: Row, whole: Amount, header: Sequence[str]) -> list[str]:
    cells = [row.environment] if header[0] == "environment" and report.by != "environment" else []
    places = 2 if report.hourly else 0
    cells += [row.name, *(f"{_thousands(usd(report.figure(row.amount[case]), places))}" for case in range(3))]
    cells.append(_percent(row.amount.expected, whole.expected))
    if "budget" in header:
        has = row.budget is not None
        cells.append(_thousands(usd(report.figure(row.budget or 0), places)) if has else "")
        cells.append(_spent(row.amount.expected, row.budget) if row.budget else "")
    return cells


def _percent(part: int, whole: int) -> str:
    """A part in percent, rounded; what is nearly nothing is no zero."""
    if not whole:
        return "-"
    percent = Fraction(part * 100, whole)
    return "<1%" if 0 < percent < 1 else f"{int(percent + Fraction(1, 2))}%"


def _spent(part: int, budget: int) -> str:
    """Percent of a budget, rounded down as the findings have it: 100% is all of it."""
    return f"{part * 100 // budget}%"


def _thousands(number: str) -> str:
    whole, dot, rest = number.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def _gaps(missing: Sequence[Missing]) -> Iterator[str]:
    """What is not counted, one line for each cluster and reason."""
    yield ""
    found: dict[tuple[str, str], list[str]] = {}
    for one in missing:
        found.setdefault((f"{one.environment}-{one.cluster}", one.why), []).append(one.subject)
    if found:
        yield "not counted, for want of a price or an assumption:"
    for (where, why), subjects in found.items():
        more = len(subjects) - SHOWN
        names = ", ".join(subjects[:SHOWN]) + (f" and {more} more" if more > 0 else "")
        yield f"  {where}: {names}: {why}"
    yield f"never counted: {', '.join(NEVER_COUNTED)}"
