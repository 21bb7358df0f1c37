"""`paddock bench`: a generated fleet, rendered cold, with the time of each phase, memory and objects a second.

Figures of one run compare with each other; machines are noisy, so ratios hold better than seconds."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from paddock import fleets, kubeconform, load, namespaces, process, render, source, tree
from paddock.analysis import object_links
from paddock.checks.whole_tree import WholeTree
from paddock.errors import OK, Fatal
from paddock.inputs import Inputs, combine
from paddock.kubernetes import ObjectSchemas
from paddock.model import Fleet
from paddock.pipeline import (
    Result,
    dated_problems,
    default_jobs,
    examiner,
    output_problems,
    relation_problems,
    spec_problems,
    text_problems,
    tree_problems,
)
from paddock.pipeline import run as run_pipeline
from paddock.templating import Templates
from paddock.units import cluster_units

STARTS = 10
DAY = "2026-11-01"
"""The day that the checks of dates are timed for."""


def run(*, size: str, jobs: int | None, compare: bool) -> int:
    """Measure and print."""
    chosen = jobs or default_jobs(fleets.SIZES[size])
    inputs, _ = combine(specs=fleets.fleet(size), own={})
    with tempfile.TemporaryDirectory(prefix="paddock-bench-") as name:
        folder = Path(name)
        result, seconds = _cold(inputs, folder / "rendered", chosen)
        count = sum(len(one) for one in result.objects.values())
        _line(f"fleet {size}: {fleets.SIZES[size]:,} workloads, {count:,} objects, {chosen} processes")
        _line(f"cold, everything validated and written   {seconds:8.2f} s   {count / seconds:8,.0f} objects/s")
        _line(f"peak memory of the main process          {_peak(resource.RUSAGE_SELF):8.0f} MB")
        if chosen > 1:
            _line(f"peak memory of the largest worker        {_peak(resource.RUSAGE_CHILDREN):8.0f} MB")
        _again(inputs, folder / "rendered", chosen)
        if compare:
            _kubeconform(result, inputs, folder, seconds)
    _phases(inputs, result, seconds)
    _start_up()
    return OK


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _cold(inputs: Inputs, output: Path, jobs: int) -> tuple[Result, float]:
    began = time.perf_counter()
    result = run_pipeline(inputs, jobs=jobs)
    if result.failed:
        first = result.diagnostics[0]
        raise Fatal(f"the generated fleet has findings: {first.id}: {first.message} ({first.location.path})")
    for name, files in result.trees.items():
        tree.write(output / name, files)
    return result, time.perf_counter() - began


def _again(inputs: Inputs, output: Path, jobs: int) -> None:
    began = time.perf_counter()
    result = run_pipeline(inputs, jobs=jobs)
    written = [tree.write(output / name, files) for name, files in result.trees.items()]
    changed = sum(one.added + one.changed + one.deleted for one in written)
    _line(f"a second run, {changed} files written            {time.perf_counter() - began:8.2f} s")


def _peak(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def _kubeconform(result: Result, inputs: Inputs, folder: Path, ours: float) -> None:
    """kubeconform alone, reading the same output with the same schemas."""
    program = kubeconform.find()
    if program is None:
        _line("kubeconform is not installed: no comparison")
        return
    objects = [one for refs in result.objects.values() for one in refs]
    kubeconform.write_schemas(folder / "schemas", ObjectSchemas("1.34", inputs.schemas), objects)
    (folder / "objects").mkdir()
    for number, one in enumerate(objects):
        (folder / "objects" / f"{number}.yaml").write_text(result.trees[one.environment][one.path])
    began = time.perf_counter()
    done = process.run(kubeconform.command(program, folder), cwd=folder, timeout=kubeconform.TIMEOUT)
    seconds = time.perf_counter() - began
    verdict = "all valid" if done.code == 0 else f"exit code {done.code}"
    _line(
        f"kubeconform alone on the same output     {seconds:8.2f} s   {verdict}; ours takes {ours / seconds:.2f} × that"
    )


def _phases(inputs: Inputs, result: Result, cold: float) -> None:
    """The same work in one process, phase after phase, to see where the time goes."""
    clock = _Clock()
    loaded = clock.time("load and resolve", lambda: load.load(inputs))
    assert loaded.fleet is not None
    fleet: Fleet = clock.time("namespaces", partial(namespaces.applied, loaded.fleet, loaded.catalogue))
    clock.time("checks of texts", lambda: text_problems(inputs))
    clock.time("checks of specs", lambda: spec_problems(fleet, loaded))
    clock.time("checks of dates", lambda: dated_problems(fleet, DAY))
    templates = Templates(inputs.templates)
    schemas = ObjectSchemas("1.34", inputs.schemas)
    checked = examiner(fleet)
    for environment in fleet.environments.values():
        for pending in cluster_units(fleet, environment, loaded.catalogue, inputs):
            units = clock.time("view-models", partial(list, pending.build()))
            for unit in units:
                for template in unit.templates:
                    text, _ = clock.time("render", partial(templates.render, template, unit.context))
                    for document in render.documents(text):
                        data, _ = clock.time("parse", partial(source.parse, document.encode(), template))
                        uri = schemas.uri(data["apiVersion"], data["kind"])
                        assert uri is not None
                        clock.time("validate", partial(schemas.faults, uri, data))
                        ref = render.reference(unit, template, data)
                        clock.time("checks of objects", partial(checked, ref, data))
                        clock.time("checks of relations", partial(object_links.of, data))
    objects = [one for refs in result.objects.values() for one in refs]
    clock.time("checks of output", lambda: output_problems(objects, result.trees, fleet))
    clock.time(
        "checks of relations",
        lambda: relation_problems(objects, result.trees, fleet, loaded.catalogue, inputs),
    )
    whole = WholeTree(
        objects=objects, trees=result.trees, fleet=fleet, catalogue=loaded.catalogue, schemas=inputs.schemas
    )
    clock.time("checks of trees", lambda: tree_problems(whole))
    _line("phases in one process, without Argo CD's own objects:")
    for name, seconds in clock.seconds.items():
        _line(f"  {name:<20} {seconds:8.2f} s")
    checks = sum(seconds for name, seconds in clock.seconds.items() if name.startswith("checks of "))
    _line(f"all checks together: {checks:.2f} s, {checks / cold:.0%} of the cold run")


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work and add its time to the phase."""
        began = time.perf_counter()
        value = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
        return value


def _start_up() -> None:
    """`paddock --help` against a bare interpreter, the quickest of ten each."""

    def quickest(arguments: list[str]) -> float:
        times = []
        for _ in range(STARTS):
            began = time.perf_counter()
            process.run([sys.executable, *arguments], cwd=Path.cwd(), timeout=60)
            times.append(time.perf_counter() - began)
        return min(times)

    bare = quickest(["-c", "pass"])
    own = quickest(["-m", "paddock", "--help"])
    _line(f"paddock --help {own * 1000:.0f} ms, a bare interpreter {bare * 1000:.0f} ms: {own / bare:.1f} ×")
