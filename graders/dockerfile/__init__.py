"""Ready-made checks of a Dockerfile: read and linted in a room, built by nobody.

    from graders import dockerfile

    linted = dockerfile.linted(points=2)
    base = dockerfile.base(points=2)
    user = dockerfile.not_root(points=3)

Each answers a `Check` of the static phase with a fixed name, whose texts are in
``graders/messages/dockerfile.yaml``. The stage's runtime carries hadolint; our own reader takes a
Dockerfile apart as BuildKit does. A text that is no Dockerfile is told at its line, by each check.

| Check | It proves |
|---|---|
| `linted` | hadolint has no error or warning |
| `base` | every image it stands on or copies from is allowed, and of one version |
| `not_root` | the container's process is not root |
| `packages` | pip installs exact versions |
| `no_secrets` | no secret gets into a layer or into the image's history |
| `small_context` | data, history and secrets stay out of the build |
| `healthcheck` | a note where the image does not say how to ask it for its health |

Apt packages need no version: Debian's mirrors drop a version the day the next one comes, and a
pinned base pins what is in it.
"""

from graders.dockerfile.checks import (
    ALLOWED,
    IGNORED,
    PATH,
    base,
    healthcheck,
    linted,
    no_secrets,
    not_root,
    packages,
    small_context,
)

__all__ = [
    "ALLOWED",
    "IGNORED",
    "PATH",
    "base",
    "healthcheck",
    "linted",
    "no_secrets",
    "not_root",
    "packages",
    "small_context",
]
