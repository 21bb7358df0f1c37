"""Fluent Bit's configuration: strictly read, every key one that its plugin has, each line's way to its owner's place.

With a program `fluent-bit` on the PATH, or one that PADDOCK_FLUENT_BIT names, the program reads it too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from paddock import load, logs
from paddock.components import fluent_bit
from paddock.components.fluent_bit_config import Section, Variable, for_helm, text
from paddock.model import Cluster, Fleet
from repositories import gathered, reference

Json = Any

# Keys of Fluent Bit 5.1.1 by plugin, in lower case: the config_map of plugins/<plugin>, and for all of them those of
# src/flb_input.c, src/flb_filter.c, src/flb_output.c and src/flb_config.c (service_configs).
KEYS = {
    "SERVICE": {
        "daemon", "flush", "grace", "log_level", "parsers_file", "http_server", "http_listen", "http_port",
        "health_check", "storage.path", "storage.sync", "storage.max_chunks_up", "storage.backlog.mem_limit",
        "storage.metrics",
    },
    "INPUT": {"name", "tag", "alias", "storage.type", "mem_buf_limit"},
    "FILTER": {"name", "match", "alias"},
    "OUTPUT": {"name", "match", "alias", "host", "port", "retry_limit", "workers", "storage.total_limit_size"},
    "MULTILINE_PARSER": {"name", "type", "flush_timeout", "rule"},
    "tail": {
        "path", "exclude_path", "multiline.parser", "db", "db.locking", "read_from_head", "refresh_interval",
        "rotate_wait", "buffer_chunk_size", "buffer_max_size", "skip_long_lines",
    },
    "multiline": {"multiline.key_content", "multiline.parser", "emitter_name", "emitter_storage.type"},
    "kubernetes": {
        "merge_log", "merge_log_key", "keep_log", "k8s-logging.parser", "k8s-logging.exclude", "labels", "annotations",
        "buffer_size", "use_kubelet", "kubelet_host", "kubelet_port",
    },
    "record_modifier": {"record", "remove_key"},
    "rewrite_tag": {"rule", "emitter_name", "emitter_storage.type"},
    "cloudwatch_logs": {
        "region", "log_group_name", "log_stream_prefix", "log_stream_template", "auto_create_group",
        "log_retention_days",
    },
    "opensearch": {
        "tls", "tls.verify", "tls.verify_hostname", "tls.ca_file", "http_user", "http_passwd", "logstash_format",
        "logstash_prefix", "logstash_prefix_separator", "suppress_type_name", "replace_dots", "generate_id",
        "trace_error", "buffer_size", "compress", "aws_auth", "aws_region", "aws_service_name",
    },
}  # fmt: skip
REPEATED = {("rewrite_tag", "rule"), ("record_modifier", "record"), ("record_modifier", "remove_key")}
REPEATED |= {("", "parsers_file"), ("", "rule")}


@dataclass(frozen=True)
class Read:
    """A section as it was read: keys in lower case, in order."""

    kind: str
    entries: tuple[tuple[str, str], ...]

    def __getitem__(self, key: str) -> str:
        [found] = self.all(key)
        return found

    def all(self, key: str) -> list[str]:
        return [value for name, value in self.entries if name == key]

    @property
    def name(self) -> str:
        """The plugin."""
        return self["name"] if self.kind in ("INPUT", "FILTER", "OUTPUT") else ""


def read(written: str) -> list[Read]:
    """The sections of a classic configuration, by its format page and nothing beyond it: a header at the line's start,
    entries indented by four spaces, a key, one space, a value."""
    found: list[Read] = []
    for line in written.splitlines():
        if header := re.fullmatch(r"\[(SERVICE|INPUT|FILTER|OUTPUT|MULTILINE_PARSER)\]", line):
            found.append(Read(kind=header[1], entries=()))
        elif line:
            entry = re.fullmatch(r"    ([A-Za-z][A-Za-z0-9_.-]*) (\S(?:.*\S)?)", line)
            assert entry is not None, line
            assert entry[2][0] != "#"
            found[-1] = replace(found[-1], entries=(*found[-1].entries, (entry[1].lower(), entry[2])))
    return found


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    found = load.load(gathered(reference())).fleet
    assert found is not None
    return found


def collecting(fleet: Fleet) -> Iterator[Cluster]:
    yield from (one for one in fleet.clusters() if logs.FLUENT_BIT in one.components)


def config(fleet: Fleet, cluster: Cluster, **changes: Json) -> dict[str, str]:
    """Texts of the configuration on a cluster, with some settings changed."""
    settings = {**cluster.components[logs.FLUENT_BIT].settings, **changes}
    found: dict[str, str] = fluent_bit.view(fleet, cluster, settings, {})["config"]
    return found


def sections(fleet: Fleet, cluster: Cluster, **changes: Json) -> list[Read]:
    return [one for written in config(fleet, cluster, **changes).values() for one in read(written)]


def outputs(found: list[Read], name: str) -> dict[str, Read]:
    return {one["match"]: one for one in found if one.kind == "OUTPUT" and one.name == name}


def test_it_runs_on_every_cluster(fleet: Fleet) -> None:
    assert [one.identity for one in collecting(fleet)] == [one.identity for one in fleet.clusters()]


def test_every_key_is_one_of_its_plugin(fleet: Fleet) -> None:
    seen = set()
    for cluster in collecting(fleet):
        for one in sections(fleet, cluster):
            legal = KEYS[one.kind] | (KEYS[one.name] if one.name else set())
            names = [key for key, _ in one.entries]
            assert set(names) <= legal, one
            twice = {key for key in names if names.count(key) > 1}
            assert {(one.name, key) for key in twice} <= REPEATED
            seen.add(one.name)
    assert seen == {"", *(KEYS.keys() - {"SERVICE", "INPUT", "FILTER", "OUTPUT", "MULTILINE_PARSER"})}


def test_names_of_outputs_and_emitters_are_their_own(fleet: Fleet) -> None:
    for cluster in collecting(fleet):
        found = sections(fleet, cluster)
        for key in ("alias", "emitter_name"):
            names = [name for one in found for name in one.all(key)]
            assert len(names) == len(set(names)) > 0


def test_each_line_has_one_owner(fleet: Fleet) -> None:
    """A team's namespace, and none whose name only begins with it, becomes its tag; each tag has an output."""
    cluster = fleet.environments["prod"].clusters["serve-fra"]
    found = sections(fleet, cluster)
    [rewrite] = [one for one in found if one.name == "rewrite_tag"]
    rules = [rule.split() for rule in rewrite.all("rule")]
    teams = [team.name for team in fleet.environments["prod"].teams_on(cluster.name)]
    assert [key for key, *_ in rules] == ["$kubernetes['namespace_name']"] * len(teams)
    assert {keep for *_, keep in rules} == {"false"}, "a line that is kept would be sent twice"
    for namespace in (*teams, "data", "mapping-tools", "kube-system"):
        tags = [tag for _, pattern, tag, _ in rules if re.search(pattern, namespace)]
        assert tags == ([f"team.{namespace}.$TAG"] if namespace in teams else [])
    for sink in ("opensearch", "cloudwatch_logs"):
        assert list(outputs(found, sink)) == ["kube.*", *(f"team.{team}.*" for team in teams)]
        for team in teams:
            assert outputs(found, sink)[f"team.{team}.*"]["alias"].endswith(f".{team}")
    assert outputs(found, "opensearch")["team.mapping.*"]["logstash_prefix"] == "logs-mapping"
    group = outputs(found, "cloudwatch_logs")["team.mapping.*"]["log_group_name"]
    assert group == "/eks/av-prod-serve-fra/mapping"


def test_tracebacks_are_put_together_first(fleet: Fleet) -> None:
    """Behind another filter, the filter that sends lines round would have them filtered twice."""
    for cluster in collecting(fleet):
        filters = [one for one in sections(fleet, cluster) if one.kind == "FILTER"]
        assert filters[0].name == "multiline"
        assert filters[0]["multiline.parser"] == "python-traceback, go, java"
    assert "multiline" not in [one.name for one in sections(fleet, cluster, multiline=[])]


def test_nothing_waits_in_memory_only(fleet: Fleet) -> None:
    for cluster in collecting(fleet):
        for one in sections(fleet, cluster):
            if one.kind == "INPUT":
                assert one["storage.type"] == "filesystem"
                assert one["db"].startswith(fluent_bit.STATE)
            elif one.kind == "OUTPUT":
                assert one["storage.total_limit_size"]
                assert int(one["retry_limit"]) > 0
            for kind in one.all("emitter_storage.type"):
                assert kind == "filesystem"


def test_log_groups_are_made_by_whoever_makes_the_cluster(fleet: Fleet) -> None:
    """Only where nobody does, Fluent Bit makes them, with the retention of each owner."""
    cluster = fleet.environments["prod"].clusters["train-iad"]
    made = outputs(sections(fleet, cluster), "cloudwatch_logs")
    assert {one["auto_create_group"] for one in made.values()} == {"Off"}
    assert not any(one.all("log_retention_days") for one in made.values())
    existing = replace(cluster, data={**cluster.data, "eks": {**cluster.data["eks"], "provisioner": "existing"}})
    found = outputs(sections(fleet, existing), "cloudwatch_logs")
    assert {one["auto_create_group"] for one in found.values()} == {"On"}
    assert found["team.validation.*"].all("log_retention_days") == ["3653"]
    assert found["kube.*"].all("log_retention_days") == ["90"]
    assert found["team.mapping.*"].all("log_retention_days") == [], "on hold"


def test_another_cluster_s_opensearch_is_reached_by_its_entry(fleet: Fleet) -> None:
    cluster = fleet.environments["prod"].clusters["train-iad"]
    sinks = {"openSearch": {"cluster": "serve-fra", "secret": {"remoteKey": "opensearch/writer"}}}
    found = outputs(sections(fleet, cluster, sinks=sinks), "opensearch")["kube.*"]
    assert (found["host"], found["port"]) == ("opensearch.serve-fra.prod.ml.av.example.com", "443")
    assert found.all("tls.ca_file") == [], "a load balancer has a public certificate"
    settings = {**cluster.components[logs.FLUENT_BIT].settings, "sinks": sinks}
    access = fluent_bit.view(fleet, cluster, settings, {})["openSearch"]
    assert access["certificate"] is None


def test_a_domain_of_aws_wants_signatures_and_no_password(fleet: Fleet) -> None:
    cluster = fleet.environments["prod"].clusters["train-iad"]
    found = outputs(sections(fleet, cluster), "opensearch")["team.perception.*"]
    assert (found["host"], found["port"], found["aws_auth"]) == (
        "vpc-av-prod-training-logs-q3zfictionalexample4xk.us-east-1.es.amazonaws.com",
        "443",
        "On",
    )
    assert found["aws_region"] == "us-east-1"
    assert found.all("http_user") == found.all("http_passwd") == found.all("tls.ca_file") == []
    settings = cluster.components[logs.FLUENT_BIT].settings
    assert fluent_bit.view(fleet, cluster, settings, {})["openSearch"] is None
    sink = settings["sinks"]["openSearch"]
    other = {**sink, "domain": {**sink["domain"], "region": "us-west-2"}}
    assert (
        outputs(sections(fleet, cluster, sinks={"openSearch": other}), "opensearch")["kube.*"]["aws_region"]
        == "us-west-2"
    )


def test_passwords_are_variables(fleet: Fleet) -> None:
    for cluster in collecting(fleet):
        passwords = {value for one in sections(fleet, cluster) for value in one.all("http_passwd")}
        assert passwords <= {"${OPENSEARCH_PASSWORD}"}


@pytest.mark.parametrize("value", ["", " x", "x ", "a\nb", "a\rb", "${HOME}", "x${A}"])
def test_what_the_format_cannot_say_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot say"):
        text([Section(kind="INPUT", entries=(("Name", value),))])


def test_keys_and_variables_are_names() -> None:
    with pytest.raises(ValueError, match="no key"):
        text([Section(kind="INPUT", entries=(("Na me", "tail"),))])
    with pytest.raises(ValueError, match="no name of a variable"):
        text([Section(kind="INPUT", entries=(("Name", Variable(name="A}")),))])


def test_helm_gives_back_what_fluent_bit_is_to_read() -> None:
    """`{{ "{{" }}` is how Helm's documentation writes two braces; Helm's template language begins nowhere else."""
    written = for_helm("Regex {{x}} {{{y")
    assert written == 'Regex {{ "{{" }}x}} {{ "{{" }}{y'
    assert written.replace('{{ "{{" }}', "\0").count("{{") == 0


TRACEBACKS = """plain
Traceback (most recent call last):
  File "a.py", line 7, in f
    1/0
    ~^~
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 1, in <module>
    main()
  [Previous line repeated 3 more times]
torch.OutOfMemoryError: CUDA out of memory.
next
[rank3]: Traceback (most recent call last):
[rank3]:   File "train.py", line 7, in f
[rank3]:     step()
[rank3]: KeyboardInterrupt
{"level": "info"}
end
"""


def program() -> str | None:
    return os.environ.get("PADDOCK_FLUENT_BIT") or shutil.which("fluent-bit")


needs_program = pytest.mark.skipif(program() is None, reason="Fluent Bit is not installed")


def written(folder: Path, found: dict[str, str]) -> str:
    """A configuration as the pod has it, with its parsers in a folder of the test."""
    (folder / "parsers.conf").write_text("[PARSER]\n    Name json\n    Format json\n")
    (folder / "custom_parsers.conf").write_text(found["customParsers"])
    whole = "\n".join(found[name] for name in ("service", "inputs", "filters", "outputs"))
    return re.sub(r"/fluent-bit/etc/(conf/)?", f"{folder}/", whole)


@needs_program
def test_the_program_reads_it(fleet: Fleet, tmp_path: Path) -> None:
    for cluster in collecting(fleet):
        whole = written(tmp_path, config(fleet, cluster))
        assert dry_run(tmp_path, whole) == ""
        assert "unknown configuration property" in dry_run(tmp_path, whole.replace("Exclude_Path", "Exclude_Paths"))


def dry_run(folder: Path, whole: str) -> str:
    """What Fluent Bit has against a configuration."""
    path = folder / "fluent-bit.conf"
    path.write_text(whole)
    variables = {**os.environ, "NODE_IP": "192.0.2.1", "OPENSEARCH_PASSWORD": "x"}
    command = [program() or "", "--dry-run", "-c", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@needs_program
def test_the_program_puts_tracebacks_together(fleet: Fleet, tmp_path: Path) -> None:
    cluster = fleet.environments["prod"].clusters["serve-fra"]
    found = config(fleet, cluster)
    (tmp_path / "custom_parsers.conf").write_text(found["customParsers"])
    (tmp_path / "in.log").write_text(TRACEBACKS)
    multiline = found["filters"].split("\n\n")[0].replace("kube.*", "*")
    service = f"[SERVICE]\n    Flush 1\n    Parsers_File {tmp_path}/custom_parsers.conf\n"
    tail = f"[INPUT]\n    Name tail\n    Path {tmp_path}/in.log\n    Read_from_Head On\n"
    (tmp_path / "c.conf").write_text(
        f"{service}{tail}{multiline.replace('filesystem', 'memory')}\n[OUTPUT]\n    Name stdout\n    Match *\n"
        "    Format json_lines\n"
    )
    lines = []
    with subprocess.Popen(
        [program() or "", "-q", "-c", str(tmp_path / "c.conf")], stdout=subprocess.PIPE, text=True
    ) as it:
        assert it.stdout is not None
        for line in it.stdout:
            lines.append(json.loads(line)["log"])
            if lines[-1] == "end":
                break
        it.terminate()
    first, second = TRACEBACKS.index("Trace"), TRACEBACKS.index("next")
    third, fourth = TRACEBACKS.index("[rank3]"), TRACEBACKS.index("{")
    one, other = TRACEBACKS[first : second - 1], TRACEBACKS[third : fourth - 1]
    assert lines == ["plain", one, "next", other, '{"level": "info"}', "end"]
