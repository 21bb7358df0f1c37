"""Properties of the whole way: any string survives or is refused, order and processes never show in the output."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml
import yaml12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from paddock import emit, load, pipeline, source
from paddock.kubernetes import ObjectSchemas
from paddock.model import Fleet
from paddock.render import Renderer
from paddock.units import workload_units
from repositories import ROOT, gathered, reference, run, small, with_spec

SERVICE = "environments/base/workloads/vision/api.yaml"
TRAINING = "environments/base/workloads/vision/train.yaml"


def readers(text: str) -> list[Any]:
    """A document as readers of YAML 1.1 and 1.2 understand it."""
    return [yaml.load(text, yaml.CSafeLoader), YAML(typ="safe", pure=True).load(text), yaml12.parse_yaml(text)]


class Rendered:
    """Renders the small repository's training workload with other strings, without reading the repository again."""

    def __init__(self) -> None:
        self.inputs = gathered(small())
        self.loaded = load.load(self.inputs)
        assert isinstance(self.loaded.fleet, Fleet)
        self.fleet = self.loaded.fleet
        self.environment = self.fleet.environments["dev"]
        self.cluster = self.environment.clusters["one"]
        self.renderer = Renderer(self.inputs.templates, self.loaded.schemas, self.inputs.schemas)

    def train_job(self, text: str) -> str | None:
        """The text of the run with `text` in every free string field; None where a finding refuses it."""
        from dataclasses import replace

        workload = self.environment.workloads["vision", "train"]
        data = {**workload.data, "command": [text], "args": [text, "x"], "env": {"VALUE": text}}
        data["annotations"] = {"example.com/note": text}
        changed = replace(workload, data=data)
        units = list(workload_units(self.fleet, self.environment, self.cluster, changed, self.inputs))
        from paddock.render import Rendered as Out

        result = Out()
        for unit in units:
            result.add(self.renderer._unit(unit, set(), lambda ref, data: ((), frozenset())))
        if result.problems:
            assert {one.id for one in result.problems} <= {"unrepresentable-value", "invalid-object"}
            return None
        return "\n---\n".join(
            result.files[one.path] for one in result.objects if one.kind in ("TrainJob", "TrainingRuntime")
        )


@pytest.fixture(scope="module")
def rendered() -> Rendered:
    return Rendered()


def strings_of(documents: str) -> list[Any]:
    """What the readers give for the fields that hold the text."""
    found = []
    for document in documents.split("\n---\n"):
        for data in readers(document):
            if data["kind"] == "TrainJob":
                trainer = data["spec"]["trainer"]
                env = {one["name"]: one.get("value") for one in trainer["env"]}
                found.append([trainer["command"], trainer["args"], env["VALUE"]])
            else:
                [job] = data["spec"]["template"]["spec"]["replicatedJobs"]
                found.append(job["template"]["spec"]["template"]["metadata"]["annotations"]["example.com/note"])
    return found


def expected(text: str) -> list[Any]:
    """The same for three readers of each of the two objects."""
    return sorted([[[text], [text, "x"], text]] * 3 + [text] * 3, key=str)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_any_string_survives_or_is_refused(rendered: Rendered, text: str) -> None:
    documents = rendered.train_job(text)
    if documents is None:
        return
    assert sorted(strings_of(documents), key=str) == expected(text)


def test_nearly_every_printable_string_is_accepted(rendered: Rendered) -> None:
    chooser = random.Random(1)
    alphabet = [
        chr(code) for code in (*range(0x20, 0x7F), *range(0xA1, 0x250), *range(0x400, 0x460), *range(0x4E00, 0x4E80))
    ]
    texts = ["".join(chooser.choices(alphabet, k=chooser.randint(1, 40))) for _ in range(300)]
    accepted = sum(rendered.train_job(text) is not None for text in texts)
    assert accepted >= 0.99 * len(texts)


@pytest.mark.parametrize(
    "text",
    ["yes", "012", "1e3", "~", "12:30", "*a", "a: b", "# x", "a\nb\n", "x" * 20000, "\x1b[2J", "{{ x }}", "$(X)"],
)
def test_strings_that_yaml_would_change(rendered: Rendered, text: str) -> None:
    documents = rendered.train_job(text)
    assert documents is not None
    assert sorted(strings_of(documents), key=str) == expected(text)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_strings_that_nothing_can_carry_are_refused(rendered: Rendered, text: str) -> None:
    assert rendered.train_job(text) is None


def shuffled(value: Any, chooser: random.Random) -> Any:
    """The same value with the keys of every map in another order."""
    if isinstance(value, dict):
        items = list(value.items())
        chooser.shuffle(items)
        return {key: shuffled(item, chooser) for key, item in items}
    if isinstance(value, list):
        return [shuffled(item, chooser) for item in value]
    return value


def test_the_order_of_keys_and_files_never_shows() -> None:
    chooser = random.Random(7)
    specs = {}
    for path, content in chooser.sample(list(reference().items()), len(reference())):
        data, problems = source.parse(content, path)
        assert not problems
        specs[path] = emit.document(shuffled(data, chooser)).encode()
    one, other = run(reference()), run(specs)
    assert not one.failed
    different = [
        path for name in one.trees for path in one.trees[name] if one.trees[name][path] != other.trees[name].get(path)
    ]
    assert not different
    assert one.trees == other.trees


def test_the_number_of_processes_never_shows() -> None:
    inputs = gathered(reference())
    one, two = pipeline.run(inputs, jobs=1), pipeline.run(inputs, jobs=2)
    assert one.trees == two.trees
    assert one.diagnostics == two.diagnostics


def test_problems_are_the_same_in_two_processes() -> None:
    specs = with_spec(small(), SERVICE, {"probes": {"liveness": {"httpGett": {"port": 8080}}}})
    specs = with_spec(specs, TRAINING, {"pool": "absent"})
    assert run(specs, jobs=1).diagnostics == run(specs, jobs=2).diagnostics


def test_every_core_schema_version_in_use_is_supported() -> None:
    from paddock.kubernetes import supported_versions

    assert {"1.32", "1.33", "1.34", "1.35", "1.36", "1.37"} <= set(supported_versions())
    assert ObjectSchemas("1.34", {}).uri("apps/v1", "Deployment") is not None
    assert (ROOT / "templates").is_dir()
