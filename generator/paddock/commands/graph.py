"""`paddock graph`: what components require, conflict with and own, of the catalogue or of one cluster."""

from __future__ import annotations

import sys

from paddock import graph
from paddock.commands.session import Session
from paddock.diagnostics import Severity
from paddock.errors import OK, USAGE, Fatal
from paddock.inputs import gather
from paddock.layout import ENVIRONMENTS
from paddock.load import Loaded, load
from paddock.locating import locate
from paddock.model import Cluster


def run(session: Session, *, cluster: str | None, form: str) -> int:
    """Print the graph; where a fault could make it wrong, the findings instead."""
    gathered, problems = gather(session.root)
    loaded = load(gathered, unread=frozenset(one.place.path for one in problems))
    errors = [one for one in (*problems, *loaded.problems) if one.severity is Severity.ERROR]
    chosen = None if cluster is None else _cluster(loaded, cluster)
    if cluster is None:
        faults = [one for one in errors if not one.place.path.startswith(ENVIRONMENTS + "/")]
    elif chosen is None:
        faults = errors
    else:
        files = chosen.origin.files()
        faults = [one for one in errors if one.place.path in files or not one.place.path.startswith(ENVIRONMENTS + "/")]
    if faults:
        return session.report(locate(faults, gathered), loaded.skipped)
    if cluster is not None and chosen is None:
        known = [one.identity for one in loaded.fleet.clusters()] if loaded.fleet else []
        raise Fatal(f'there is no cluster "{cluster}"', help=f"legal: {', '.join(known)}", code=USAGE)
    names = loaded.catalogue.keys() if chosen is None else chosen.components.keys()
    components = {name: loaded.catalogue[name] for name in names}
    title = f"catalogue: {len(names)} components" if chosen is None else f"{cluster}: {len(names)} components"
    sys.stdout.write(graph.FORMATS[form](graph.of(title, components)))
    return OK


def _cluster(loaded: Loaded, identity: str) -> Cluster | None:
    clusters = loaded.fleet.clusters() if loaded.fleet else []
    return next((one for one in clusters if one.identity == identity), None)
