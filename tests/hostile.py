"""Hostile specs: a repository's specs with a few seeded faults, some of them legal under the schemas.

The schemas say which fields there are and which values they take, so that many mutations get past them and meet the
code behind: that is where a value nobody thought of does harm.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from paddock import emit, layout, source
from paddock.overlay import merge
from paddock.schema import URI, SchemaSet

Json = Any
Path = tuple[str | int, ...]

ODD: tuple[Json, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.1, 1e-300, 1e300, "", " ", "x", "x" * 5000,
    "é\u2028\U0001f600", "\x07", "a\nb", "yes", "012", "1e3", "~", "{{ x }}", "${x}", "$(x)", "../../x",
    "no-such-thing", "null", [], {}, [[]], [None], {"": ""}, {"x": {}}, ["x", "x"], {"<<": 1}, {"a" * 300: 1},
)  # fmt: skip
"""Values of every type, for any place."""

TEXTS = (
    "0", "1", "0m", "1m", "0.000000000000000000000001", "99999999999999999999999999999999",
    "9999999999999999999999999999Ei", "1n", "0.5", "1.0Gi", "0h", "0s", "1s", "99999999999999h", "9999999999999h9m",
    "999999999999999s", "0000-00-00", "0000-01-01", "0001-01-01", "9999-12-31", "2026-02-29", "2027-13-01",
    "1970-01-01", "0 0 30 2 *", "0 0 31 4 *", "* * * * *", "*/0 * * * *", "60 24 32 13 8", "0-59/7 1,2,3 L * MON-FRI",
    "5-1 * * * *", "0 0 1 1 7", "*/99999999999 * * * *", "@daily x x x x", "-1 * * * *", "Europe/Nowhere", "UTC",
    "EST", "posixrules", "localtime", "Factory", "a", "no-such-thing", "a" * 63, "a-" * 30 + "a", "10.0.0.0/8",
    "0.0.0.0/0", "255.255.255.255/32", "10.0.0.1/8", "999.1.1.1/99", "::/0", "000000000000", "999999999999",
    "arn:aws:iam::000000000000:role/x", "https://", "https://x", "https://[::1", "us-gov-west-1", "xx-nowhere-9",
    "1.0", "1.99", "999.999", "0.0.0", "v99999999.0.0", "p5.48xlarge", "z9.metal", "sha256:" + "0" * 64,
    "example.com/a", "env", "30d", "9999d", "0d",
)  # fmt: skip
"""Texts that a pattern may let through."""


class Hostile:
    """A repository to mutate. `mutated(seed)` is the same for the same seed, on every machine."""

    def __init__(self, specs: Mapping[str, bytes], schemas: SchemaSet) -> None:
        self.specs = dict(specs)
        self.set = schemas
        self.schemas = schemas.documents
        self.parsed = {path: source.parse(content, path)[0] for path, content in specs.items()}
        self.texts = sorted({one for data in self.parsed.values() for one in _strings(data)} | set(TEXTS))

    def mutated(self, seed: int) -> dict[str, bytes]:
        """The specs with one to four faults in one to three files."""
        chooser = random.Random(seed)
        changed: dict[str, bytes] = {}
        for path in chooser.sample(sorted(self.specs), min(len(self.specs), chooser.choice((1, 1, 1, 2, 3)))):
            if chooser.random() < 0.04:
                changed[path] = _broken(self.specs[path], chooser)
                continue
            data = copy.deepcopy(self.parsed[path])
            at = layout.spec_path(path)
            uri = f"{URI}schemas/specs/{at.kind.lower()}.schema.json" if at else ""
            base = self.parsed.get(f"environments/base/{path.split('/', 2)[2]}") if path.count("/") > 2 else None
            legal = chooser.random() < 0.8
            for _ in range(chooser.choice((1, 1, 2, 3))):
                data = self._legal_once(data, base, uri, chooser) if legal else self._once(data, uri, chooser)
            changed[path] = _written(data)
        return {**self.specs, **changed}

    def _legal_once(self, data: Json, base: Json, uri: str, chooser: random.Random) -> Json:
        """A mutation that the schema of the kind allows, if one is found soon."""
        for _ in range(8):
            found = self._once(copy.deepcopy(data), uri, chooser)
            if self.set.is_valid(uri, merge(base, found)[0] if base else found):
                return found
        return data

    def _once(self, data: Json, uri: str, chooser: random.Random) -> Json:
        if not isinstance(data, dict) or not isinstance(data.get("spec"), dict):
            return chooser.choice(ODD)
        at: Path
        if chooser.random() < 0.06:
            at = chooser.choice(list(_places(data, ())))
        else:
            places = [("spec", *one) for one in _places(data["spec"], ())] or [("spec",)]
            at = chooser.choice(places)
        schema = self.schemas.get(uri, True)
        there = self._below(schema, uri, at)
        kind = chooser.random()
        if kind < 0.12:
            return _without(data, at)
        if kind < 0.22:
            return _put(data, at, chooser.choice(ODD))
        if kind < 0.30:
            return _renamed(
                data, at, chooser.choice(("x", "no-such-thing", "a" * 63, "", "0", "é", *_siblings(data, at)))
            )
        if kind < 0.38:
            return _doubled(data, at)
        if kind < 0.45:
            return _put(data, at, chooser.choice(self.texts))
        if kind < 0.75 and there:
            return _put(data, at, self.generated(chooser.choice(there), chooser, 4))
        fields = self._fields(schema, uri, data, at)
        if not fields:
            return _put(data, at, self._near(_get(data, at), there, chooser))
        place, name, inner = chooser.choice(fields)
        return _put(data, (*place, name), self.generated(inner, chooser, 4))

    def _near(self, value: Json, there: Sequence[tuple[Json, str]], chooser: random.Random) -> Json:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int | float):
            return chooser.choice((0, 1, -value, value * 1000, value + 1, value - 1, value / 3))
        if isinstance(value, str) and there:
            return self._text(there[0][0], there[0][1], chooser)
        return chooser.choice(ODD)

    def _below(self, schema: Json, uri: str, at: Path) -> list[tuple[Json, str]]:
        """The schemas of a place, each with the document that its references are in."""
        found = [(schema, uri)]
        for step in at:
            found = [inner for one, base in found for inner in self._step(one, base, step)]
        return found

    def _step(self, schema: Json, uri: str, step: str | int) -> Iterator[tuple[Json, str]]:
        for part, base in self._parts(schema, uri):
            if isinstance(step, int):
                if isinstance(part.get("items"), dict):
                    yield part["items"], base
            elif step in part.get("properties", {}):
                yield part["properties"][step], base
            elif isinstance(part.get("additionalProperties"), dict):
                yield part["additionalProperties"], base

    def _parts(self, schema: Json, uri: str, depth: int = 12) -> Iterator[tuple[Json, str]]:
        if not isinstance(schema, dict) or not depth:
            return
        yield schema, uri
        if "$ref" in schema:
            yield from self._parts(*self._target(schema["$ref"], uri), depth - 1)
        for key in ("allOf", "oneOf", "anyOf"):
            for inner in schema.get(key, ()):
                yield from self._parts(inner, uri, depth - 1)
        for key in ("if", "then", "else"):
            yield from self._parts(schema.get(key), uri, depth - 1)

    def _target(self, reference: str, uri: str) -> tuple[Json, str]:
        document, _, pointer = reference.partition("#")
        base = uri.rpartition("/")[0] + "/" + document if document else uri
        while "/../" in base:
            base = re.sub(r"/[^/]+/\.\./", "/", base, count=1)
        node: Json = self.schemas.get(base, {})
        for step in pointer.split("/")[1:]:
            node = node.get(step, {}) if isinstance(node, dict) else {}
        return node, base

    def _fields(self, schema: Json, uri: str, data: Json, at: Path) -> list[tuple[Path, str, tuple[Json, str]]]:
        """Fields that a map around the place may have and has not."""
        found = []
        for length in range(1, len(at) + 1):
            node = _get(data, at[:length])
            if isinstance(node, dict):
                for one, base in self._below(schema, uri, at[:length]):
                    for part, inner_base in self._parts(one, base):
                        for name, inner in part.get("properties", {}).items():
                            if name not in node:
                                found.append((at[:length], name, (inner, inner_base)))
        return found

    def generated(self, at: tuple[Json, str], chooser: random.Random, depth: int) -> Json:
        """A value that a schema allows, mostly; at its edges, where it has some."""
        parts = list(self._parts(*at))
        of: dict[str, Json] = {}
        for part, _ in parts:
            of = {**part, **of}
        if "const" in of:
            return of["const"]
        if "enum" in of:
            return chooser.choice(of["enum"])
        kind = of.get("type")
        kind = chooser.choice(kind) if isinstance(kind, list) else kind
        if kind == "boolean":
            return chooser.random() < 0.5
        if kind in ("integer", "number"):
            low: Json = of.get("minimum", of.get("exclusiveMinimum", -1))
            high: Json = of.get("maximum", 10**12)
            edges = [low, low + 1, high, high - 1, (low + high) // 2, 0, 1]
            return chooser.choice(edges if kind == "integer" else [*edges, low + 0.001, 0.1, 1e-9])
        if kind == "array":
            items = [(part["items"], base) for part, base in parts if "items" in part]
            length = chooser.choice((0, 1, 1, 2, 3)) if depth else 0
            return [self.generated(items[0], chooser, depth - 1) for _ in range(length)] if items else []
        if kind == "object" or "properties" in of:
            return self._object(parts, of, chooser, depth)
        if kind == "string" or "pattern" in of:
            return self._text(*at, chooser)
        return chooser.choice(ODD)

    def _object(self, parts: Sequence[tuple[Json, str]], of: Json, chooser: random.Random, depth: int) -> Json:
        found: dict[str, Json] = {}
        if depth < 0:
            return found
        for part, base in parts:
            for name, inner in part.get("properties", {}).items():
                if name in of.get("required", ()) or chooser.random() < 0.3:
                    found.setdefault(name, self.generated((inner, base), chooser, depth - 1))
            inner = part.get("additionalProperties")
            if isinstance(inner, dict):
                for _ in range(chooser.choice((0, 1, 2))):
                    key = self._text(part.get("propertyNames", True), base, chooser)
                    found[key] = self.generated((inner, base), chooser, depth - 1)
        return found

    def _text(self, schema: Json, uri: str, chooser: random.Random) -> str:
        """A text of the platform or an odd one that the patterns allow; any where none does."""
        patterns = [part["pattern"] for part, _ in self._parts(schema, uri) if "pattern" in part]
        longest = min([part["maxLength"] for part, _ in self._parts(schema, uri) if "maxLength" in part], default=9999)
        legal = self._legal(tuple(patterns), longest)
        return chooser.choice(legal or self.texts)

    def _legal(self, patterns: tuple[str, ...], longest: int) -> Sequence[str]:
        return _matching(tuple(self.texts), patterns, longest)


@cache
def _matching(texts: tuple[str, ...], patterns: tuple[str, ...], longest: int) -> Sequence[str]:
    legal = [one for one in texts if len(one) <= longest and all(re.search(it, one) for it in patterns)]
    odd = [one for one in legal if one in TEXTS]
    return [*legal, *odd * max(1, len(legal) // max(1, len(odd)))]  # half of them odd


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _places(value: Json, at: Path) -> Iterator[Path]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield (*at, key)
        yield from _places(one, (*at, key))


def _get(data: Json, at: Path) -> Json:
    for step in at:
        data = data[step]
    return data


def _siblings(data: Json, at: Path) -> list[str]:
    above = _get(data, at[:-1])
    return list(above) if isinstance(above, dict) else []


def _put(data: Json, at: Path, value: Json) -> Json:
    _get(data, at[:-1])[at[-1]] = copy.deepcopy(value)
    return data


def _without(data: Json, at: Path) -> Json:
    del _get(data, at[:-1])[at[-1]]
    return data


def _renamed(data: Json, at: Path, name: str) -> Json:
    above = _get(data, at[:-1])
    if isinstance(above, dict):
        above[name] = above.pop(at[-1])
    return data


def _doubled(data: Json, at: Path) -> Json:
    """A second of the same: another item of a list, a key beside it in a map."""
    above = _get(data, at[:-1])
    one = copy.deepcopy(above[at[-1]])
    if isinstance(above, list):
        above.append(one)
    else:
        above[f"{at[-1]}-x"] = one
    return data


def _written(data: Json) -> bytes:
    try:
        return emit.document(data).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError):
        return repr(data).encode("utf-8", "surrogatepass")


def _broken(content: bytes, chooser: random.Random) -> bytes:
    """Bytes that may be no YAML any more."""
    at = chooser.randrange(len(content) + 1)
    piece = chooser.choice(
        (
            b"\x00",
            b"\xff",
            b"\t",
            b"\n",
            b"- ",
            b": ",
            b"{",
            b"&a [*a]",
            b"!!x ",
            b"'",
            b"%",
            b"---\n",
            b"\r",
            b"\xc2\x85",
        )
    )
    cut = chooser.choice((0, 0, 1, 40, len(content)))
    return content[:at] + piece * chooser.choice((1, 1, 3, 300)) + content[at + cut :]
