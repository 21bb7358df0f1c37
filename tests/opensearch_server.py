"""A server on the loopback interface that behaves as OpenSearch does where the setup job asks it something.

What it refuses is what OpenSearch 3.6 refuses: bodies and orders are those of the documentation ("Index templates",
"Index State Management", "Security APIs"), conflicts those of the plugins' sources (index-management,
TransportIndexPolicyAction; security, EndpointValidator and RequestContentValidator).
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = Any
Answer = tuple[int, Json]

STATIC_ROLES = ("all_access", "kibana_server", "kibana_user", "readall")
SECURITY_KEYS = {
    "internalusers": {"password", "hash", "backend_roles", "attributes", "description", "opendistro_security_roles"},
    "roles": {"cluster_permissions", "index_permissions", "tenant_permissions", "description"},
    "rolesmapping": {"backend_roles", "and_backend_roles", "hosts", "users", "description"},
    "tenants": {"description"},
    "securityconfig": {"dynamic"},
}
WEAKEST_PASSWORD = 8


@dataclass
class Policy:
    """A stored policy and the numbers of its version."""

    body: Json
    sequence: int
    term: int = 1


@dataclass
class OpenSearch:
    """What a cluster holds. `indexes` are names with the policy that manages each, as it was when it was attached."""

    entities: dict[str, dict[str, Json]] = field(default_factory=lambda: {name: {} for name in SECURITY_KEYS})
    templates: dict[str, Json] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    indexes: dict[str, tuple[str, Json] | None] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    starting: int = 0
    """Requests that are still answered as a server answers that is not ready."""
    rivals: int = 0
    """Times that somebody else changes a policy between its being read and written."""
    sequence: int = 0

    def answer(self, method: str, target: str, body: Json) -> Answer:
        """Status and body of one request."""
        self.requests.append((method, target))
        if self.starting:
            self.starting -= 1
            return 503, "OpenSearch Security not initialized."
        parts = [unquote(one) for one in urlsplit(target).path.split("/")[1:]]
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        match method, parts:
            case "GET", ["_cluster", "health"]:
                return 200, {"status": "green", "timed_out": False}
            case "PUT", ["_plugins", "_security", "api", kind, name] if kind in SECURITY_KEYS:
                return self._security(kind, name, body)
            case "GET", ["_plugins", "_security", "api", kind, name] if kind in SECURITY_KEYS:
                found = self.entities[kind].get(name)
                if found is None:
                    return 404, {"status": "NOT_FOUND", "message": f"Resource '{name}' not found."}
                return 200, {name: {"hosts": [], "users": [], **found, "reserved": False, "hidden": False}}
            case "PUT", ["_index_template", name]:
                return self._template(name, body)
            case "GET", ["_plugins", "_ism", "policies", name]:
                return self._policy(name)
            case "PUT", ["_plugins", "_ism", "policies", name]:
                return self._put_policy(name, body, query)
            case "POST", ["_plugins", "_ism", ("add" | "change_policy") as verb, pattern]:
                return self._attach(verb, pattern, body)
        return 405, {"error": f"no handler found for uri [{target}] and method [{method}]"}

    def _security(self, kind: str, name: str, body: Json) -> Answer:
        if not isinstance(body, Mapping) or not body:
            return 400, {"status": "error", "reason": "Request body required for this action."}
        if unknown := sorted(body.keys() - SECURITY_KEYS[kind]):
            keys = {"keys": ", ".join(unknown)}
            return 400, {"status": "error", "reason": "Invalid configuration", "invalid_keys": keys}
        if kind == "rolesmapping":
            if name not in self.entities["roles"] and name not in STATIC_ROLES:
                return 404, {"status": "NOT_FOUND", "message": f"role '{name}' not found."}
            if not body.keys() & {"and_backend_roles", "backend_roles", "hosts", "users"}:
                return 400, {"status": "error", "reason": "Invalid configuration", "specify_one_of": {}}
        if kind == "internalusers" and len(body.get("password", "")) < WEAKEST_PASSWORD:
            return 400, {"status": "error", "reason": "Weak password"}
        created = name not in self.entities[kind]
        self.entities[kind][name] = body
        return (201, {"status": "CREATED"}) if created else (200, {"status": "OK"})

    def _template(self, name: str, body: Json) -> Answer:
        patterns = body.get("index_patterns")
        if not patterns:
            return 400, problem("action_request_validation_exception", "index patterns are missing")
        for other, stated in self.templates.items():
            same = stated.get("priority", 0) == body.get("priority", 0)
            if other != name and same and any_overlap(patterns, stated["index_patterns"]):
                text = f"index template [{name}] has index patterns {patterns} matching patterns from existing template"
                return 400, problem("illegal_argument_exception", text)
        self.templates[name] = body
        return 200, {"acknowledged": True}

    def _policy(self, name: str) -> Answer:
        found = self.policies.get(name)
        if found is None:
            return 404, problem("status_exception", "Policy not found")
        stored = {**found.body["policy"], "policy_id": name, "schema_version": 21}
        numbers = {"_seq_no": found.sequence, "_primary_term": found.term, "_version": 1}
        return 200, {"_id": name, **numbers, "policy": stored}

    def _put_policy(self, name: str, body: Json, query: Mapping[str, str]) -> Answer:
        if (refusal := invalid_policy(body)) is not None:
            return 400, refusal
        for other, stated in self.policies.items():
            for mine in body["policy"]["ism_template"]:
                for theirs in stated.body["policy"]["ism_template"]:
                    same = mine["priority"] == theirs["priority"]
                    if other != name and same and any_overlap(mine["index_patterns"], theirs["index_patterns"]):
                        text = f"New policy {name} has an ISM template matching existing policy templates"
                        return 400, problem("illegal_argument_exception", text)
        found = self.policies.get(name)
        if self.rivals and found is not None:
            self.rivals -= 1
            found.sequence = self._next()
        numbers = (query.get("if_seq_no"), query.get("if_primary_term"))
        if None in numbers:
            if found is not None:
                text = f"[{name}]: version conflict, document already exists (current version [1])"
                return 409, problem("version_conflict_engine_exception", text)
        elif found is None or numbers != (str(found.sequence), str(found.term)):
            text = f"[{name}]: version conflict, required seqNo [{numbers[0]}]"
            return 409, problem("version_conflict_engine_exception", text)
        self.policies[name] = Policy(body=body, sequence=self._next())
        return (201 if found is None else 200), {"_id": name, "_seq_no": self.sequence, "_primary_term": 1}

    def _next(self) -> int:
        self.sequence += 1
        return self.sequence

    def _attach(self, verb: str, pattern: str, body: Json) -> Answer:
        chosen = [name for name in self.indexes if fnmatchcase(name, pattern)]
        policy = self.policies.get(body["policy_id"])
        if policy is None:
            return 404, problem("status_exception", f"Could not find policy={body['policy_id']}")
        if not chosen:
            return 404, problem("index_not_found_exception", f"no such index [{pattern}]")
        wanted = [name for name in chosen if (self.indexes[name] is None) == (verb == "add")]
        for name in wanted:
            self.indexes[name] = (body["policy_id"], policy.body)
        failed = [{"index_name": name, "reason": "…"} for name in chosen if name not in wanted]
        return 200, {"updated_indices": len(wanted), "failures": bool(failed), "failed_indices": failed}


def problem(kind: str, reason: str) -> Json:
    """An error as OpenSearch writes it."""
    return {"error": {"type": kind, "reason": reason, "root_cause": []}, "status": 400}


def invalid_policy(body: Json) -> Json | None:
    """What is wrong with a policy: its states name each other, and it begins in one of them."""
    policy = body.get("policy")
    if not isinstance(policy, Mapping):
        return problem("parsing_exception", "Failed to parse object: expecting field with name [policy]")
    states = {one["name"] for one in policy["states"]}
    named = {policy["default_state"]} | {
        one["state_name"] for state in policy["states"] for one in state["transitions"]
    }
    if not named <= states:
        return problem("illegal_argument_exception", f"Policy has states {sorted(named - states)} that are not there")
    return None


def any_overlap(some: list[str], others: list[str]) -> bool:
    """Whether two lists of patterns, each with at most one * at its end, fit a common name."""
    return any(overlap(one, other) for one in some for other in others)


def overlap(one: str, other: str) -> bool:
    begin, beginning = one.removesuffix("*"), other.removesuffix("*")
    if one.endswith("*") and other.endswith("*"):
        return begin.startswith(beginning) or beginning.startswith(begin)
    return fnmatchcase(begin, other) or fnmatchcase(beginning, one)


def serve(cluster: OpenSearch, stop: Callable[[Callable[[], None]], None], *, tls: ssl.SSLContext | None = None) -> str:
    """The URL of a server for a cluster; `stop` gets what ends it."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            cluster.authorizations.append(self.headers.get("Authorization"))
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = cluster.answer(self.command, self.path, json.loads(content or b"null"))
            written = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _handle

        def handle(self) -> None:
            # A client that turns away from a certificate is no fault of the server's.
            with suppress(ssl.SSLError, ConnectionError):
                super().handle()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the tests ask the cluster what it was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    stop(end)
    return f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
