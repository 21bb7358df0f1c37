"""The dependencies of components as a graph, and its text, Mermaid and Graphviz forms. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paddock.catalogue import Component
from paddock.requirements import waves


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Components by wave and their edges, all sorted. `missing` are required but not among them."""

    title: str
    by_wave: Mapping[int, tuple[str, ...]]
    requires: tuple[tuple[str, str], ...]
    conflicts: tuple[tuple[str, str], ...]
    crds: Mapping[str, tuple[str, ...]]
    """CRDs by the component that owns them."""
    missing: tuple[str, ...]


def of(title: str, components: Mapping[str, Component]) -> Graph:
    """The graph of some components; a conflict is kept if both sides are among them, once, in the order of names."""
    by_wave: dict[int, list[str]] = {}
    for name, wave in waves(components).items():
        by_wave.setdefault(wave, []).append(name)
    requires = sorted((name, other) for name, one in components.items() for other in one.data["requires"])
    conflicts = {tuple(sorted((name, other))) for name, one in components.items() for other in one.data["conflicts"]}
    return Graph(
        title=title,
        by_wave={wave: tuple(sorted(names)) for wave, names in sorted(by_wave.items())},
        requires=tuple(requires),
        conflicts=tuple((one, two) for one, two in sorted(conflicts) if one in components and two in components),
        crds={name: tuple(sorted(one.data["crds"])) for name, one in sorted(components.items()) if one.data["crds"]},
        missing=tuple(sorted({other for _, other in requires} - components.keys())),
    )


def text(graph: Graph) -> str:
    """A tree: waves, in each its components, below each what it requires, conflicts with and owns."""
    lines = [graph.title]
    for wave, names in graph.by_wave.items():
        lines += ["", f"wave {wave}"]
        for name in names:
            last = name == names[-1]
            lines.append(f"{'└' if last else '├'}─ {name}")
            facts = _facts(graph, name)
            lines += [
                f"{' ' if last else '│'}  {'└' if number == len(facts) else '├'}─ {fact}"
                for number, fact in enumerate(facts, 1)
            ]
    return "\n".join(lines) + "\n"


def _facts(graph: Graph, name: str) -> list[str]:
    required = [other for one, other in graph.requires if one == name]
    against = [two if one == name else one for one, two in graph.conflicts if name in (one, two)]
    return [
        *(f"requires {one}{' (does not run here)' if one in graph.missing else ''}" for one in required),
        *(f"conflicts with {one}" for one in against),
        *(f"owns {one}" for one in graph.crds.get(name, ())),
    ]


def mermaid(graph: Graph) -> str:
    """A Mermaid flowchart: arrows lead to what is required, dotted lines join conflicts, CRDs hang on their owner."""
    lines = ["flowchart LR"]
    for wave, names in graph.by_wave.items():
        lines.append(f"  subgraph {json.dumps(f'wave {wave}')}")
        lines += [f'    {_id(name)}["{name}"]' for name in names]
        lines.append("  end")
    lines += [f'  {_id(name)}["{name} (does not run here)"]' for name in graph.missing]
    lines += [f"  {_id(one)} --> {_id(two)}" for one, two in graph.requires]
    lines += [f"  {_id(one)} -. conflicts .- {_id(two)}" for one, two in graph.conflicts]
    for owner, crds in graph.crds.items():
        lines += [f'  {_id(owner)} -- owns --> {_id(f"crd/{crd}")}(["{crd}"])' for crd in crds]
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    """A Mermaid id: its words such as `end` are reserved, and two names must not become one."""
    return "n_" + "".join(char if char.isascii() and char.isalnum() else f"_{ord(char):x}_" for char in name)


def dot(graph: Graph) -> str:
    """A Graphviz digraph of the same."""
    quote = json.dumps
    lines = ["digraph components {", "  rankdir=LR;", "  node [shape=box];"]
    for wave, names in graph.by_wave.items():
        lines.append(f"  subgraph {quote(f'cluster wave {wave}')} {{")
        lines.append(f"    label={quote(f'wave {wave}')};")
        lines += [f"    {quote(name)};" for name in names]
        lines.append("  }")
    lines += [
        f"  {quote(name)} [style=dashed, label={quote(name + ' (does not run here)')}];" for name in graph.missing
    ]
    lines += [f"  {quote(one)} -> {quote(two)};" for one, two in graph.requires]
    lines += [
        f'  {quote(one)} -> {quote(two)} [dir=none, style=dotted, label="conflicts"];' for one, two in graph.conflicts
    ]
    for owner, crds in graph.crds.items():
        for crd in crds:
            lines.append(f"  {quote(f'crd/{crd}')} [shape=ellipse, label={quote(crd)}];")
            lines.append(f'  {quote(owner)} -> {quote(f"crd/{crd}")} [label="owns"];')
    return "\n".join([*lines, "}"]) + "\n"


FORMATS: dict[str, Callable[[Graph], str]] = {"text": text, "mermaid": mermaid, "dot": dot}
