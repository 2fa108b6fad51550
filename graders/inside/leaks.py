"""Find written-out secrets in any file: carried into a room, answers with places and no value."""

import re
from pathlib import Path

MOST = 200
LONGEST_LINE = 20_000  # of a line, what is looked at
LARGEST = 20_000_000

# What no honest text holds by chance: each begins as its issuer says, or is a private key.
_TOKENS = re.compile(
    rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    rb"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    rb"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    rb"|\bgithub_pat_[A-Za-z0-9_]{60,90}\b"
    rb"|\bglpat-[A-Za-z0-9_-]{20}\b"
    rb"|\bhf_[A-Za-z0-9]{34}\b"
    rb"|\bpypi-AgE[A-Za-z0-9_-]{50,200}"
    rb"|\bnpm_[A-Za-z0-9]{36}\b"
    rb"|\bsk-(?:proj-)?[A-Za-z0-9_-]{40,200}\b"
    rb"|\bsk_live_[A-Za-z0-9]{20,99}\b"
    rb"|\bAIza[0-9A-Za-z_-]{35}\b"
    rb"|\bxox[abprs]-[A-Za-z0-9-]{20,99}\b"
    rb"|\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"
    rb"|\b[a-z][a-z0-9+]{2,15}://[^\s:/@'\"]{1,64}:(?P<password>[^\s:/@'\"{}<$]{3,128})@"
)
_CONFIGURED = re.compile(
    rb"(?i)^\s*(?:-\s*|export\s+|ENV\s+|ARG\s+)?[\"']?(?:[A-Za-z0-9_.-]{0,60}[_.-])?"
    rb"(?:password|passwd|secret|secret_key|token|api_?key|private_key)[\"']?"
    rb"\s*[:=]\s*[\"']?(?P<password>[^\s\"'#,]{4,200})"
)
_CONFIGURATION = re.compile(
    r"(?i)(?:^|/)(?:[^/]*\.(?:ya?ml|toml|ini|cfg|conf|env|properties|json)"
    r"|(?:dockerfile|containerfile)[^/]*)$"
)
_FILES = re.compile(
    r"(?:^|/)(?:\.env(?:\.[a-z]+)?|id_rsa|id_ed25519|[^/]*\.(?:pem|p12|pfx|keystore)"
    r"|credentials\.json|\.pypirc|\.netrc)$"
)
_TEMPLATE = re.compile(r"(?:^|/)\.env\.(?:example|sample|template|dist)$")
_HARMLESS = re.compile(  # filled in elsewhere, or known to everybody
    rb"(?i)[$<{%\[(*].*|null|none|true|false|x{3,}|change[_-]?me|your[_-].*|.*[_-]here|example"
    rb"|postgres|password|passwd|secret|token|test|dummy|fake|placeholder|user|guest|!.*|/run/.*"
)


def leaks(folder: str) -> list[list[object]]:
    """The places that look like a secret: path below the folder, line."""
    root = Path(folder)
    found: list[list[object]] = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        if _TEMPLATE.search(name):
            continue
        if _FILES.search(name):
            found.append([name, 1])
            continue
        found += [[name, line] for line in _lines(name, path.read_bytes()[:LARGEST])]
    return found[:MOST]


def _lines(name: str, body: bytes) -> list[int]:
    configuration = bool(_CONFIGURATION.search(name))
    found = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        text = line[:LONGEST_LINE]
        matches = [*_TOKENS.finditer(text)]
        if configuration:
            matches += [*_CONFIGURED.finditer(text)]
        if any(not _is_harmless(match) for match in matches):
            found.append(number)
        if len(found) == MOST:
            break
    return found


def _is_harmless(match: re.Match[bytes]) -> bool:
    value = match["password"] if "password" in match.re.groupindex else None
    return value is not None and _HARMLESS.fullmatch(value) is not None
