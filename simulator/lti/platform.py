"""The one door to a platform: its keys, its tokens, its roster, its gradebook, by LTI 1.3.

Everything that a platform says is checked here; what leaves here is plain data. Addresses of a
platform's services must be on one of its own hosts: a launch cannot send us anywhere else.
"""

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from jwt.algorithms import RSAAlgorithm

from simulator.lti.models import Platform

CLAIM: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
GRADES: Final = "https://purl.imsglobal.org/spec/lti-ags/"
ROSTER: Final = "https://purl.imsglobal.org/spec/lti-nrps/"
SCORE: Final = f"{GRADES}scope/score"
MEMBERS: Final = f"{ROSTER}scope/contextmembership.readonly"
SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"
MEMBERS_TYPE: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
PATIENCE: Final = 10.0  # seconds
LIFE: Final = 300  # seconds that what we sign is good for
MOST_BYTES: Final = 5_000_000
MOST_PAGES: Final = 20
KEY_BITS: Final = 2048


class PlatformError(Exception):
    """The platform refused, did not answer, or said what cannot be; one sentence."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """Someone on a course's roster."""

    subject: str
    name: str
    email: str
    teaches: bool


@dataclass(frozen=True, kw_only=True)
class Score:
    """A grade as it is sent."""

    subject: str
    given: float
    completed: bool
    comment: str
    at: datetime


def keys() -> dict[str, list[dict[str, Any]]]:
    """Our public key, for platforms to fetch."""
    key = RSAAlgorithm.to_jwk(_key().public_key(), as_dict=True)
    return {"keys": [key | {"kid": _kid(), "use": "sig", "alg": "RS256"}]}


def read(platform: Platform, token: str) -> dict[str, Any]:
    """What a platform's signed message says. Raises PlatformError for any other."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        found: dict[str, Any] = jwt.decode(
            token,
            _key_of(platform, kid),
            algorithms=["RS256"],
            audience=platform.client_id,
            issuer=platform.issuer,
            leeway=30,
            options={"require": ["exp", "iat", "nonce", "sub"]},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise PlatformError(f"the launch is not signed as it should be: {error}") from None
    if found.get("azp", platform.client_id) != platform.client_id:
        raise PlatformError("the launch is meant for somebody else")
    if found.get(f"{CLAIM}version") != "1.3.0":
        raise PlatformError("the launch is not LTI 1.3")
    if found.get(f"{CLAIM}deployment_id") not in platform.deployments:
        raise PlatformError("this deployment is not registered here")
    return found


def sign(platform: Platform, claims: Mapping[str, Any]) -> str:
    """A message of ours to a platform."""
    now = int(time.time())
    facts = {
        "iss": platform.client_id,
        "aud": [platform.issuer],
        "iat": now,
        "exp": now + LIFE,
        "nonce": uuid.uuid4().hex,
    }
    return jwt.encode(facts | dict(claims), _key(), algorithm="RS256", headers={"kid": _kid()})


def send_score(platform: Platform, line_item: str, score: Score) -> None:
    """Write a grade into the platform's book. Raises PlatformError."""
    address = urlsplit(check_address(platform, line_item))
    where = address._replace(path=f"{address.path.rstrip('/')}/scores").geturl()
    body = {
        "userId": score.subject,
        "scoreGiven": score.given,
        "scoreMaximum": 100,
        "comment": score.comment,
        "timestamp": score.at.isoformat(timespec="milliseconds"),
        "activityProgress": "Completed" if score.completed else "InProgress",
        "gradingProgress": "FullyGraded",
    }
    headers = {"Authorization": f"Bearer {_token(platform, SCORE)}", "Content-Type": SCORE_TYPE}
    _ask(platform, "POST", where, json=body, headers=headers)


def roster(platform: Platform, address: str) -> Iterator[Member]:
    """Everyone in a course. Raises PlatformError."""
    headers = {"Authorization": f"Bearer {_token(platform, MEMBERS)}", "Accept": MEMBERS_TYPE}
    where: str | None = address
    for _ in range(MOST_PAGES):
        if where is None:
            return
        answer = _ask(platform, "GET", where, headers=headers)
        for one in _json(answer).get("members", []):
            if one.get("status", "Active") == "Active":
                yield Member(
                    subject=str(one["user_id"]),
                    name=str(one.get("name", "")),
                    email=str(one.get("email", "")),
                    teaches=teaches(one.get("roles", [])),
                )
        where = answer.links.get("next", {}).get("url")


def teaches(roles: list[str]) -> bool:
    """Whether roles make someone staff of the course."""
    return any(role.rsplit("#")[-1] in {"Instructor", "ContentDeveloper"} for role in roles)


def check_address(platform: Platform, address: str) -> str:
    """An address of a platform's service, on a host of its own. Raises PlatformError."""
    known = {
        urlsplit(one).netloc
        for one in (platform.login_url, platform.token_url, platform.keys_url, platform.issuer)
    }
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or parts.netloc not in known:
        raise PlatformError(f"{parts.netloc or address!r} is no host of {platform.name}")
    return address


def _token(platform: Platform, scope: str) -> str:
    now = int(time.time())
    assertion = jwt.encode(
        {
            "iss": platform.client_id,
            "sub": platform.client_id,
            "aud": platform.token_url,
            "iat": now,
            "exp": now + LIFE,
            "jti": uuid.uuid4().hex,
        },
        _key(),
        algorithm="RS256",
        headers={"kid": _kid()},
    )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": scope,
    }
    given = _json(_ask(platform, "POST", platform.token_url, data=form))
    return str(given.get("access_token", ""))


def _key_of(platform: Platform, kid: str | None) -> jwt.PyJWK:
    found = _json(_ask(platform, "GET", platform.keys_url)).get("keys", [])
    for one in found:
        if one.get("kid") == kid:
            return jwt.PyJWK(one)
    raise PlatformError("the launch is signed with a key that the platform does not show")


def _ask(platform: Platform, method: str, address: str, **facts: Any) -> httpx.Response:  # noqa: ANN401, as httpx has it
    check_address(platform, address)
    try:
        answer = httpx.request(method, address, timeout=PATIENCE, **facts)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise PlatformError(f"{platform.name} did not take it: {type(error).__name__}") from None
    if len(answer.content) > MOST_BYTES:
        raise PlatformError(f"{platform.name} said too much")
    return answer


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise PlatformError("the platform's answer is not JSON")
    return body


def _key() -> rsa.RSAPrivateKey:
    """Our own key: made once an installation, readable by its owner alone."""
    path = Path(settings.SIM_HOME) / "lti_key.pem"
    if not path.is_file():
        made = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        text = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = path.with_suffix(f".{uuid.uuid4().hex}")
        mine.touch(mode=0o600)
        mine.write_bytes(text)
        mine.replace(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key")
    return key


def _kid() -> str:
    numbers = _key().public_key().public_numbers()
    return f"{numbers.n:x}"[:16]
