"""A learning platform on loopback: signs launches, hands out tokens, keeps grades, may be down."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from simulator.lti.models import Platform

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"


class FakePlatform:
    """What a platform says and what it was told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.scores: list[dict[str, Any]] = []
        self.tokens: dict[str, str] = {}
        self.down = False
        self.tool_keys: dict[str, Any] = {}
        self.members = [
            {"user_id": "u1", "name": "Ann Lee", "roles": [LEARNER], "email": "ann@example.org"},
            {"user_id": "u2", "name": "Bo Ek", "roles": [LEARNER], "status": "Inactive"},
            {"user_id": "t1", "name": "Ted Ox", "roles": [TEACHER]},
            {"user_id": "u3", "name": "Cy Po", "roles": [LEARNER]},
        ]

    def registered(self) -> Platform:
        """As our operator registers it."""
        return Platform.objects.create(
            name="Campus",
            issuer=self.address,
            client_id="tool",
            deployments=["d1"],
            login_url=f"{self.address}/authorize",
            token_url=f"{self.address}/token",
            keys_url=f"{self.address}/keys",
        )

    def launch(self, issued: str, *, user: str = "u1", role: str = LEARNER, **claims: Any) -> str:
        """A signed launch."""
        now = int(time.time())
        body = {
            "iss": self.address,
            "aud": "tool",
            "sub": user,
            "iat": now,
            "exp": now + 60,
            "nonce": issued,
            "name": "Ann Lee",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}deployment_id": "d1",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}roles": [role],
            f"{CLAIM}context": {"id": "c1", "title": "ML at Campus"},
            f"{CLAIM}resource_link": {"id": "r1"},
            f"{CLAIM}custom": {"quest": "toy", "stage": "features"},
            "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
                "lineitem": f"{self.address}/lines/1?type=x"
            },
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{self.address}/members"
            },
        }
        key = claims.pop("key", self.key)
        return jwt.encode(body | claims, key, algorithm="RS256", headers={"kid": "k1"})

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any, str]:
        """Status, JSON and a Link header."""
        parts = urlsplit(path)
        if self.down:
            return 503, {}, ""
        if parts.path == "/keys":
            key = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return 200, {"keys": [key | {"kid": "k1", "alg": "RS256", "use": "sig"}]}, ""
        if parts.path == "/token":
            return self._token(parse_qs(body.decode()))
        return self._service(method, parts, headers, body)

    def _service(
        self, method: str, parts: SplitResult, headers: Any, body: bytes
    ) -> tuple[int, Any, str]:
        scope = self.tokens.get(headers.get("Authorization", "").removeprefix("Bearer "), "")
        if parts.path == "/lines/1/scores" and method == "POST" and scope.endswith("/score"):
            assert parts.query == "type=x"
            assert headers["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
            self.scores.append(json.loads(body))
            return 200, {}, ""
        if parts.path == "/members" and scope.endswith("membership.readonly"):
            half = self.members[2:] if parts.query else self.members[:2]
            link = "" if parts.query else f'<{self.address}/members?page=2>; rel="next"'
            return 200, {"members": half}, link
        return 403, {}, ""

    def _token(self, form: dict[str, list[str]]) -> tuple[int, Any, str]:
        assertion = form["client_assertion"][0]
        kid = jwt.get_unverified_header(assertion)["kid"]
        (key,) = [one for one in self.tool_keys["keys"] if one["kid"] == kid]
        said = jwt.decode(
            assertion, jwt.PyJWK(key), algorithms=["RS256"], audience=f"{self.address}/token"
        )
        assert said["iss"] == said["sub"] == "tool"
        token = uuid.uuid4().hex
        self.tokens[token] = form["scope"][0]
        return 200, {"access_token": token, "expires_in": 60}, ""


@contextmanager
def fake_platform() -> Iterator[FakePlatform]:
    """A platform that answers on a free port until the block ends."""
    found: list[FakePlatform] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply("GET")

        def do_POST(self) -> None:
            self._reply("POST")

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

        def _reply(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, said, link = found[0].answer(method, self.path, self.headers, body)
            text = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if link:
                self.send_header("Link", link)
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.append(FakePlatform(f"http://127.0.0.1:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
