"""Fluent Bit: reads what containers write, knows the pod behind each line, and sends it where the owner's logs lie.

A team's lines get a tag of the team's own, so that each team has outputs to itself: a flood of one, or a log group of
one that is gone, holds up nobody else (charts.md 4.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddock import logs
from paddock.components import alerting, logging_rules
from paddock.components.fluent_bit_config import Section, Value, Variable, text
from paddock.components.opensearch_access import CA_FILE, HTTP_ISSUER, WRITER, endpoint
from paddock.components.remote_secrets import external_secret
from paddock.model import Cluster, Fleet, Json, Team

STATE = "/var/fluent-bit/state"
"""Folder of the node with positions and buffers; the add-on of CloudWatch keeps its own there, too."""
PASSWORD = "OPENSEARCH_PASSWORD"
SECRET = "fluent-bit-opensearch"
CERTIFICATE = "fluent-bit-opensearch-ca"
_FOLDER = "/fluent-bit/opensearch"
_PARSERS = "/fluent-bit/etc/conf/custom_parsers.conf"
_PODS = "kube.*"
_PYTHON = "python-traceback"
_RANK = r"^(?:\[[A-Za-z]+[0-9]+\]: ?)?"
"""What torchrun puts before each line of a rank: [rank3]: or [default3]:."""

Entries = tuple[tuple[str, Value], ...]


def view(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json], files: Mapping[str, str]) -> dict[str, Json]:
    """`config` (texts of the chart), `image`, `openSearch` (its Secret and CA; None where nothing goes there), `state`
    and `ruleGroups`."""
    environment = fleet.environments[cluster.environment]
    teams = environment.teams_on(cluster.name)
    sections = {
        "service": [_service(settings)],
        "inputs": [_tail(settings)],
        "filters": [*_filters(cluster, settings), *_by_team(teams)],
        "outputs": list(_outputs(fleet, cluster, teams, settings)),
        "customParsers": [_python_tracebacks()] if "python" in settings["multiline"] else [],
    }
    return {
        "config": {name: text(found) for name, found in sections.items()},
        "image": settings.get("image"),
        "openSearch": _opensearch_access(cluster, settings),
        "state": STATE,
        "ruleGroups": [alerting.group("fluent-bit", logging_rules.fluent_bit(), fleet)],
    }


def _service(settings: Mapping[str, Json]) -> Section:
    return Section(
        kind="SERVICE",
        entries=(
            ("Daemon", False),
            ("Flush", settings["flushSeconds"]),
            ("Grace", 30),
            ("Log_Level", settings["logLevel"]),
            ("Parsers_File", "/fluent-bit/etc/parsers.conf"),
            *((("Parsers_File", _PARSERS),) if "python" in settings["multiline"] else ()),
            ("HTTP_Server", True),
            ("HTTP_Listen", "0.0.0.0"),
            ("HTTP_Port", 2020),
            ("Health_Check", True),
            ("storage.path", f"{STATE}/storage"),
            ("storage.sync", "normal"),
            ("storage.max_chunks_up", 128),
            ("storage.backlog.mem_limit", settings["buffer"]["memory"]),
            ("storage.metrics", True),
        ),
    )


def _tail(settings: Mapping[str, Json]) -> Section:
    """Files of containers, each from its beginning and only once; those of Fluent Bit itself would feed themselves."""
    return Section(
        kind="INPUT",
        entries=(
            ("Name", "tail"),
            ("Tag", _PODS),
            ("Path", "/var/log/containers/*.log"),
            ("Exclude_Path", "/var/log/containers/fluent-bit-*_logging_*.log"),
            ("multiline.parser", "cri"),
            ("DB", f"{STATE}/containers.db"),
            ("DB.locking", True),
            ("Read_from_Head", True),
            ("Refresh_Interval", 5),
            ("Rotate_Wait", 30),
            ("Buffer_Chunk_Size", "64K"),
            ("Buffer_Max_Size", settings["longestLine"]),
            ("Skip_Long_Lines", True),
            ("storage.type", "filesystem"),
        ),
    )


def _filters(cluster: Cluster, settings: Mapping[str, Json]) -> Iterator[Section]:
    """Tracebacks first: the filter sends lines through the others once more when it has put them together (Fluent Bit
    manual, "Multiline")."""
    if settings["multiline"]:
        entries: Entries = (
            ("Name", "multiline"),
            ("Match", _PODS),
            ("multiline.key_content", "log"),
            ("multiline.parser", ", ".join(_PYTHON if one == "python" else one for one in settings["multiline"])),
            ("emitter_name", "tracebacks"),
            ("emitter_storage.type", "filesystem"),
        )
        yield Section(kind="FILTER", entries=entries)
    yield Section(kind="FILTER", entries=(*_kubernetes(settings), *_kubelet(settings)))
    owner = (("Record", f"cluster {cluster.identity}"), ("Record", f"environment {cluster.environment}"))
    # What the runtime's format says beside the line: the time once more, and whether the line was cut.
    runtime = (("Remove_key", "time"), ("Remove_key", "_p"))
    yield Section(kind="FILTER", entries=(("Name", "record_modifier"), ("Match", _PODS), *owner, *runtime))


def _python_tracebacks() -> Section:
    """Fluent Bit's own parser `python` ends at the carets that Python marks places with since 3.11, and gives the last
    line twice (seen with 5.1.1). This one also keeps exceptions together that were raised while handling others."""
    start = rf'"/{_RANK}Traceback \(most recent call last\):$/"'
    chained = rf'"/{_RANK}(?:During handling of the above|The above) exception/"'
    rules = (
        f'"start_state" {start} "traceback"',
        rf'"traceback" "/{_RANK}[ \t]/" "traceback"',
        rf'"traceback" "/{_RANK}[A-Za-z_][A-Za-z0-9_.]*(?::.*)?$/" "exception"',
        rf'"exception" "/{_RANK}$/" "between"',
        f'"between" {chained} "between"',
        rf'"between" "/{_RANK}$/" "between"',
        f'"between" {start} "traceback"',
    )
    entries: Entries = (
        ("Name", _PYTHON),
        ("Type", "regex"),
        ("Flush_timeout", 2000),
        *(("Rule", one) for one in rules),
    )
    return Section(kind="MULTILINE_PARSER", entries=entries)


def _kubernetes(settings: Mapping[str, Json]) -> Entries:
    return (
        ("Name", "kubernetes"),
        ("Match", _PODS),
        ("Merge_Log", True),
        # Under a key of its own: what programs call their fields cannot clash with ours, nor with each other's.
        ("Merge_Log_Key", "app"),
        ("Keep_Log", False),
        ("K8S-Logging.Parser", True),
        ("K8S-Logging.Exclude", settings["allowExclude"]),
        ("Labels", True),
        ("Annotations", False),
        ("Buffer_Size", 0),
    )


def _kubelet(settings: Mapping[str, Json]) -> Entries:
    """Pods from the node's kubelet instead of the API server, which a thousand nodes would ask (charts.md 4.5). It is
    reached by the node's address, so the pod needs no network of the host."""
    if not settings["useKubelet"]:
        return ()
    return (("Use_Kubelet", True), ("Kubelet_Host", Variable(name="NODE_IP")), ("Kubelet_Port", 10250))


def _by_team(teams: list[Team]) -> Iterator[Section]:
    """A team's namespace has the team's name. The line goes on under its new tag only."""
    if teams:
        rules = tuple(
            ("Rule", f"$kubernetes['namespace_name'] ^{team.name}$ team.{team.name}.$TAG false") for team in teams
        )
        emitter = (("Emitter_Name", "teams"), ("Emitter_Storage.type", "filesystem"))
        yield Section(kind="FILTER", entries=(("Name", "rewrite_tag"), ("Match", _PODS), *rules, *emitter))


def _outputs(fleet: Fleet, cluster: Cluster, teams: list[Team], settings: Mapping[str, Json]) -> Iterator[Section]:
    """Those of the platform, then each team's, in every sink."""
    sinks, environment = settings["sinks"], fleet.environments[cluster.environment]
    for team in (None, *teams):
        owner = team.name if team else logs.PLATFORM
        match = f"team.{owner}.*" if team else _PODS
        if "cloudWatch" in sinks:
            kept = logs.retention(environment, team)
            group = logs.log_group(cluster, owner, sinks["cloudWatch"])
            entries = (*_cloudwatch(cluster, owner, group, kept), ("Match", match), *_patience(settings))
            yield Section(kind="OUTPUT", entries=entries)
        if "openSearch" in sinks:
            entries = (*_opensearch(fleet, cluster, owner, settings), ("Match", match), *_patience(settings))
            yield Section(kind="OUTPUT", entries=entries)


def _cloudwatch(cluster: Cluster, owner: str, group: str, kept: int | None) -> Entries:
    """The inventory makes the groups, with their key and retention; of a cluster that somebody else made, nobody does,
    and Fluent Bit has to. A stream is a container's; where namespaces share a group it says which."""
    container = "$kubernetes['pod_name'].$kubernetes['container_name']"
    made_elsewhere = cluster.provisioner != "existing"
    retention: Entries = (("log_retention_days", kept),) if kept and not made_elsewhere else ()
    return (
        ("Name", "cloudwatch_logs"),
        ("Alias", f"cloudwatch.{owner}"),
        ("region", cluster.region),
        ("log_group_name", group),
        ("log_stream_prefix", "unknown."),
        ("log_stream_template", f"$kubernetes['namespace_name'].{container}" if owner == logs.PLATFORM else container),
        ("auto_create_group", not made_elsewhere),
        *retention,
    )


def _opensearch(fleet: Fleet, cluster: Cluster, owner: str, settings: Mapping[str, Json]) -> Entries:
    """Documents are only ever created, and a batch that is sent twice makes none twice (Generate_ID)."""
    sink = settings["sinks"]["openSearch"]
    where = _domain(cluster, sink["domain"]) if "domain" in sink else _component(fleet, cluster, settings)
    return (
        ("Name", "opensearch"),
        ("Alias", f"opensearch.{owner}"),
        ("tls", True),
        ("tls.verify", True),
        ("tls.verify_hostname", True),
        *where,
        ("Logstash_Format", True),
        ("Logstash_Prefix", logs.index(owner)),
        ("Logstash_Prefix_Separator", logs.SEPARATOR),
        ("Suppress_Type_Name", True),
        ("Replace_Dots", True),
        ("Generate_ID", True),
        ("Trace_Error", True),
        ("Buffer_Size", "512K"),
        ("compress", "gzip"),
    )


def _component(fleet: Fleet, cluster: Cluster, settings: Mapping[str, Json]) -> Entries:
    """Our own OpenSearch: a user with a password, and on the same cluster its own CA."""
    target = _target(cluster, settings)
    host, port = endpoint(fleet, cluster, target)
    authority: Entries = (("tls.ca_file", f"{_FOLDER}/{CA_FILE}"),) if target == cluster.name else ()
    return (
        ("Host", host),
        ("Port", port),
        *authority,
        ("HTTP_User", WRITER),
        ("HTTP_Passwd", Variable(name=PASSWORD)),
    )


def _domain(cluster: Cluster, domain: Mapping[str, Json]) -> Entries:
    """Amazon OpenSearch Service: requests are signed, so there is no password (charts.md 3.9)."""
    return (
        ("Host", domain["host"]),
        ("Port", 443),
        ("AWS_Auth", True),
        ("AWS_Region", domain.get("region", cluster.region)),
        ("AWS_Service_Name", "es"),
    )


def _patience(settings: Mapping[str, Json]) -> Entries:
    """How long and how much an output keeps for a sink that is away; the oldest goes first."""
    return (("Retry_Limit", settings["retries"]), ("storage.total_limit_size", settings["buffer"]["disk"]))


def _target(cluster: Cluster, settings: Mapping[str, Json]) -> str:
    return str(settings["sinks"]["openSearch"].get("cluster", cluster.name))


def _opensearch_access(cluster: Cluster, settings: Mapping[str, Json]) -> dict[str, Json] | None:
    """The Secret with the writing user's password, and the certificate that brings the CA of an OpenSearch on the same
    cluster; an Ingress has a public one, and so has a domain of AWS, which knows no password either."""
    if "domain" in settings["sinks"].get("openSearch", {"domain": None}):
        return None
    own = _target(cluster, settings) == cluster.name
    certificate = {"name": CERTIFICATE, "issuer": HTTP_ISSUER, "folder": _FOLDER, "file": CA_FILE} if own else None
    password = {PASSWORD: settings["sinks"]["openSearch"]["secret"]}
    return {"secret": external_secret(SECRET, password), "certificate": certificate}
