"""`paddock quota`: what each team asks for against what it was given, steadily and at most, as a table, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator

from paddock import accounts, demands
from paddock.analysis.quota_ledger import Line, ledger
from paddock.commands.session import Session
from paddock.diagnostics import Severity
from paddock.errors import OK, USAGE, Fatal
from paddock.layout import ENVIRONMENTS
from paddock.locating import locate
from paddock.model import Fleet
from paddock.report.table import aligned

_COLUMNS = ("cluster", "team", "account", "resource", "limit", "steady", "peak", "ratio")
_NAMES = 4
"""So many columns at the left are names, the others numbers."""


def run(session: Session, *, team: str | None) -> int:
    """Print the ledger; where a spec has a fault that could make it wrong, the findings instead."""
    loaded, gathered, problems = session.load()
    faults = [one for one in problems if one.severity is Severity.ERROR and _of_specs(one.place.path)]
    if loaded.fleet is None or faults:
        return session.report(locate(faults, gathered), loaded.skipped)
    known = sorted({name for one in loaded.fleet.environments.values() for name in one.teams})
    if team is not None and team not in known:
        raise Fatal(f'there is no team "{team}"', help=f"legal: {', '.join(known)}", code=USAGE)
    rows = [_row(line) for line in _lines(loaded.fleet, session.environments, team)]
    sys.stdout.write(_FORMATS[session.format](rows))
    return OK


def _of_specs(path: str) -> bool:
    return path.startswith(ENVIRONMENTS + "/")


def _lines(fleet: Fleet, environments: tuple[str, ...], team: str | None) -> Iterator[Line]:
    for environment in fleet.environments.values():
        if environments and environment.name not in environments:
            continue
        for cluster in environment.clusters.values():
            tree = accounts.kueue_tree(environment, cluster)
            for demand in demands.everyone(environment, cluster):
                if team in (None, demand.team.name):
                    yield from ledger(accounts.entries(demand, tree), accounts.limits(demand))


def _row(line: Line) -> dict[str, str]:
    """Quantities as Kubernetes writes them; the ratio with two digits, rounded up, empty where the limit is 0."""
    ratio = line.ratio
    return {
        "cluster": line.account.cluster,
        "team": line.account.team,
        "account": f"flavor {line.account.flavor}" if line.account.flavor else "ResourceQuota",
        "resource": line.resource,
        "limit": accounts.text(line.limit, line.resource),
        "steady": accounts.text(line.steady, line.resource),
        "peak": accounts.text(line.peak, line.resource),
        "ratio": "" if ratio is None else f"{-(-ratio.numerator * 100 // ratio.denominator) / 100:.2f}",
    }


def _table(rows: list[dict[str, str]]) -> str:
    """Names to the left, numbers to the right."""
    lines = aligned([_COLUMNS, *([row[name] for name in _COLUMNS] for row in rows)], left=_NAMES)
    return "".join(f"{line}\n" for line in lines)


def _json(rows: list[dict[str, str]]) -> str:
    """Quantities stay text, as Kubernetes has them; the ratio is a number, or null."""
    lines = [{**row, "ratio": float(row["ratio"]) if row["ratio"] else None} for row in rows]
    return json.dumps({"lines": lines}, indent=2) + "\n"


def _csv(rows: list[dict[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


_FORMATS = {"csv": _csv, "json": _json, "text": _table}
