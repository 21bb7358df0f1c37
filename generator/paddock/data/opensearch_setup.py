"""Brings OpenSearch to what a JSON document says: sign-in, users, roles, mappings, tenants, templates, retention.

Run it as often as you like: it sets what the document names, and deletes nothing. Exit codes: 0 done, 1 OpenSearch
refused something, 2 OpenSearch was not there in time, 3 the document or the environment lacks something.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

Json = Any
DONE, REFUSED, ABSENT, INCOMPLETE = 0, 1, 2, 3
SECURITY = "/_plugins/_security/api"
POLICIES = "/_plugins/_ism/policies"
# OpenSearch is starting, electing or too busy: the same request may go through later.
PASSING = {408, 429, 500, 502, 503, 504}
LONGEST_PAUSE = 30.0
CONFLICTS = 5
MAPPED = ("and_backend_roles", "backend_roles", "hosts", "users")
ALGORITHM, SERVICE = "AWS4-HMAC-SHA256", "es"


class Refused(Exception):
    """OpenSearch answered, and will not do it."""


class Absent(Exception):
    """OpenSearch did not answer in time."""


class Incomplete(Exception):
    """A password, or the pod's role, is not in the environment."""


class Client:
    """Requests to one OpenSearch, each tried a bounded number of times."""

    def __init__(self, config: Json, environment: Json, sleep: Callable[[float], None]) -> None:
        self.address = urlsplit(config["url"])
        self.attempts = int(config["attempts"])
        self.sleep = sleep
        self.region = config.get("region")
        self.keys: Json = None
        self.environment = environment
        self.tls = None
        if self.address.scheme == "https":
            self.tls = ssl.create_default_context(cafile=config.get("authority"))
        if self.tls is not None and "certificate" in config:
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
            content = b"" if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            if self.region:
                self.keys = self.keys or credentials(self.environment)
                moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
                headers |= signed(method, host, path, content, self.keys, self.region, moment)
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            return response.status, document(response.read())
        finally:
            connection.close()


def credentials(environment: Json) -> Json:
    """Keys of the pod's role, from the agent of EKS Pod Identity. Raises Incomplete where the pod has no role."""
    names = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise Incomplete(f"the pod has no role: {missing[0]} is not set")
    address = urlsplit(environment[names[0]])
    token = Path(environment[names[1]]).read_text(encoding="utf-8").strip()
    agent = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        agent.request("GET", address.path, headers={"Authorization": token})
        response = agent.getresponse()
        answer = document(response.read())
        if response.status != 200:
            raise http.client.HTTPException(f"EKS Pod Identity: {response.status} {reason(answer)}")
        return answer
    finally:
        agent.close()


def signed(method: str, host: str, target: str, content: bytes, keys: Json, region: str, moment: str) -> dict[str, str]:
    """Headers that sign a request to Amazon OpenSearch Service (AWS IAM user guide, "Create a signed AWS API request").

    `moment` is the time as YYYYMMDD'T'HHMMSS'Z'.
    """
    address = urlsplit(target)
    headers = {"host": host, "x-amz-date": moment}
    if keys.get("Token"):
        headers["x-amz-security-token"] = keys["Token"]
    query = sorted(parse_qsl(address.query, keep_blank_values=True))
    canonical = "\n".join(
        [
            method,
            quote(address.path, safe="/-_.~"),
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query),
            *(f"{name}:{value}" for name, value in sorted(headers.items())),
            "",
            ";".join(sorted(headers)),
            hashlib.sha256(content).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{region}/{SERVICE}/aws4_request"
    text = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{keys['SecretAccessKey']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    where = f"Credential={keys['AccessKeyId']}/{scope}, SignedHeaders={';'.join(sorted(headers))}"
    return {**headers, "Authorization": f"{ALGORITHM} {where}, Signature={signature}"}


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
    client = Client(config, environment, sleep)
    client.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=30s")
    # A domain of AWS has its own ways to sign in.
    if "securityConfig" in config:
        client.request("PUT", f"{SECURITY}/securityconfig/config", config["securityConfig"])
        yield "sign-in"
    for name, user in config.get("users", {}).items():
        client.request("PUT", f"{SECURITY}/internalusers/{quote(name)}", {"password": password(user, environment)})
        yield f"user {name}"
    # A mapping is refused whose role is not there.
    for kind, endpoint in (("roles", "roles"), ("tenants", "tenants"), ("roleMappings", "rolesmapping")):
        for name, body in config[kind].items():
            client.request("PUT", f"{SECURITY}/{endpoint}/{quote(name)}", body)
            yield f"{endpoint} {name}"
    for name, body in config.get("sharedRoleMappings", {}).items():
        share_role(client, name, body)
        yield f"rolesmapping {name}"
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


def share_role(client: Client, name: str, body: Json) -> None:
    """Adds to a mapping that others write too: whom they let in stays in."""
    path = f"{SECURITY}/rolesmapping/{quote(name)}"
    status, answer = client.request("GET", path, accept=frozenset({404}))
    found = answer.get(name, {}) if status == 200 else {}
    merged = {key: sorted({*found.get(key, []), *body.get(key, [])}) for key in MAPPED}
    client.request("PUT", path, {key: value for key, value in merged.items() if value})


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
