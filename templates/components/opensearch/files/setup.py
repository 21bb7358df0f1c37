"""Brings OpenSearch to what a JSON document says: sign-in, users, roles, mappings, tenants, templates, retention.

Run it as often as you like: it sets what the document names, and deletes nothing. Exit codes: 0 done, 1 OpenSearch
refused something, 2 OpenSearch was not there in time, 3 the document or the environment lacks something.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

Json = Any
DONE, REFUSED, ABSENT, INCOMPLETE = 0, 1, 2, 3
SECURITY = "/_plugins/_security/api"
POLICIES = "/_plugins/_ism/policies"
# OpenSearch is starting, electing or too busy: the same request may go through later.
PASSING = {408, 429, 500, 502, 503, 504}
LONGEST_PAUSE = 30.0
CONFLICTS = 5


class Refused(Exception):
    """OpenSearch answered, and will not do it."""


class Absent(Exception):
    """OpenSearch did not answer in time."""


class Incomplete(Exception):
    """A password is not in the environment."""


class Client:
    """Requests to one OpenSearch, each tried a bounded number of times."""

    def __init__(self, config: Json, sleep: Callable[[float], None]) -> None:
        self.address = urlsplit(config["url"])
        self.attempts = int(config["attempts"])
        self.sleep = sleep
        self.tls = None
        if self.address.scheme == "https":
            self.tls = ssl.create_default_context(cafile=config["authority"])
            self.tls.load_cert_chain(config["certificate"], config["key"])

    def request(self, method: str, path: str, body: Json = None, *, accept: frozenset[int] = frozenset()) -> Json:
        """Status and document of the answer. Raises Refused for a status that is neither a success nor accepted."""
        status, answer = self._patiently(method, path, body)
        if 200 <= status < 300 or status in accept:
            return status, answer
        raise Refused(f"{method} {path}: {status} {reason(answer)}")

    def _patiently(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        problem = ""
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(min(2.0**attempt, LONGEST_PAUSE))
            try:
                status, answer = self._once(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                problem = f"{type(error).__name__}: {error}"
                continue
            if status not in PASSING:
                return status, answer
            problem = f"{status} {reason(answer)}"
        raise Absent(f"{method} {path}: {self.attempts} attempts, the last one: {problem}")

    def _once(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        host, port = self.address.hostname or "", self.address.port
        connection: http.client.HTTPConnection
        if self.tls is not None:
            connection = http.client.HTTPSConnection(host, port, timeout=60, context=self.tls)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=60)
        try:
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, document(response.read())
        finally:
            connection.close()


def document(content: bytes) -> Json:
    """The JSON of an answer, or its text: the security plugin answers in plain text while it is starting."""
    try:
        return json.loads(content or b"null")
    except ValueError:
        return content.decode(errors="replace")


def reason(answer: Json) -> str:
    """What an answer says of its own failure, on one line."""
    if isinstance(answer, dict) and "error" in answer:
        error = answer["error"]
        answer = error.get("reason", error) if isinstance(error, dict) else error
    elif isinstance(answer, dict):
        told = [value for name, value in answer.items() if name != "status"]
        answer = ", ".join(one if isinstance(one, str) else json.dumps(one) for one in told)
    return " ".join(str(answer).split())[:500]


def apply(config: Json, environment: Json, sleep: Callable[[float], None]) -> Iterator[str]:
    """Sets everything, in the order in which one thing needs another; says what was set."""
    client = Client(config, sleep)
    client.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=30s")
    client.request("PUT", f"{SECURITY}/securityconfig/config", config["securityConfig"])
    yield "sign-in"
    for name, user in config["users"].items():
        client.request("PUT", f"{SECURITY}/internalusers/{quote(name)}", {"password": password(user, environment)})
        yield f"user {name}"
    # A mapping is refused whose role is not there.
    for kind, endpoint in (("roles", "roles"), ("tenants", "tenants"), ("roleMappings", "rolesmapping")):
        for name, body in config[kind].items():
            client.request("PUT", f"{SECURITY}/{endpoint}/{quote(name)}", body)
            yield f"{endpoint} {name}"
    for name, body in config["indexTemplates"].items():
        client.request("PUT", f"/_index_template/{quote(name)}", body)
        yield f"index template {name}"
    for name, body in config["policies"].items():
        put_policy(client, name, body)
        yield f"policy {name}"


def password(user: Json, environment: Json) -> str:
    """The password of a user, from its variable."""
    found = environment.get(user["passwordVariable"])
    if not found:
        raise Incomplete(f"the variable {user['passwordVariable']} is not set")
    return str(found)


def put_policy(client: Client, name: str, body: Json) -> None:
    """A policy that exists is written over with the numbers of the version that was read, and indexes that are there
    already go over to it: of themselves they would keep the one they began with."""
    path = f"{POLICIES}/{quote(name)}"
    for _ in range(CONFLICTS):
        status, found = client.request("GET", path, accept=frozenset({404}))
        version = f"?if_seq_no={found['_seq_no']}&if_primary_term={found['_primary_term']}" if status == 200 else ""
        status, _answer = client.request("PUT", path + version, body, accept=frozenset({409}))
        if status != 409:
            break
    else:
        raise Refused(f"PUT {path}: {CONFLICTS} times somebody else had just changed it")
    for template in body["policy"]["ism_template"]:
        for pattern in template["index_patterns"]:
            # First those that began before there was a policy. Where no index fits there is nothing to do.
            for verb in ("add", "change_policy"):
                target = f"/_plugins/_ism/{verb}/{quote(pattern, safe='*')}"
                client.request("POST", target, {"policy_id": name}, accept=frozenset({404}))


def main(arguments: list[str], environment: Json, sleep: Callable[[float], None] = time.sleep) -> int:
    try:
        config = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        for line in apply(config, environment, sleep):
            sys.stdout.write(f"set {line}\n")
            sys.stdout.flush()
    except Refused as error:
        return fail(REFUSED, f"OpenSearch refused {error}")
    except Absent as error:
        return fail(ABSENT, f"OpenSearch is not there: {error}")
    except Incomplete as error:
        return fail(INCOMPLETE, str(error))
    except (IndexError, KeyError, OSError, ValueError) as error:
        return fail(INCOMPLETE, f"the document cannot be used: {type(error).__name__}: {error}")
    return DONE


def fail(code: int, text: str) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
