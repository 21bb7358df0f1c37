"""The second engine as verbs use it: chosen, found, run, and its count compared with ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock import kubeconform
from paddock.diagnostics import Place, Problem
from paddock.errors import Fatal
from paddock.layout import ENVIRONMENTS
from paddock.pipeline import Result

ENGINES = ("embedded", "auto", "kubeconform")


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """What the second engine said: `count` is None where it did not run, and `why` says why."""

    count: int | None = None
    why: str = ""
    problems: list[Problem] = field(default_factory=list)


def second_engine(engine: str, result: Result, schemas: Mapping[str, Any]) -> Second:
    """Run kubeconform where it is asked for; a count that differs from ours is a problem."""
    if engine == "embedded":
        return Second(why="not asked for")
    program = kubeconform.find()
    if program is None:
        if engine == "auto":
            return Second(why="not installed")
        raise Fatal("kubeconform is not installed", help="run make setup with Go, or use --engine embedded")
    objects = [one for refs in result.objects.values() for one in refs]
    verdict = kubeconform.verify(program, objects, result.trees, schemas)
    problems = list(verdict.problems)
    if verdict.count != len(objects):
        message = f"kubeconform saw {verdict.count} objects, {len(objects)} were rendered"
        problems.append(Problem(id="engine-count", message=message, place=Place(path=ENVIRONMENTS, line=1)))
    return Second(count=verdict.count, problems=problems)
