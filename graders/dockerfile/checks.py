"""The checks of a Dockerfile, each a line in an author's file."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from graders.checking import Check
from graders.dockerfile.reading import (
    DockerfileFacts,
    facts_of,
    is_allowed,
    is_ignored,
    is_pinned,
    name_of,
    refuse,
)
from graders.failures import Fail
from graders.production.making import Needs, ready
from graders.production.reading import Spot, run_tool, shown
from graders.results import Location, Severity
from graders.workspace import Workspace

PATH: Final = "Dockerfile"
ALLOWED: Final = (
    *("python", "docker.io/python", "docker.io/library/python", "debian", "ubuntu"),
    *("gcr.io/distroless/*", "mambaorg/micromamba", "ghcr.io/astral-sh/uv"),
)
IGNORED: Final = ("DL3008", "DL3018", "DL3059", "DL3042")
"""Rules of hadolint that are let through: apt and apk versions (see above), several RUN in a row,
pip's cache (it is a mount's with BuildKit, and some megabytes otherwise)."""

_FORMAT: Final = ("--format", "json", "--no-color", "--disable-ignore-pragma")
_SYNTAX: Final = "DL1000"  # hadolint's word for a text that is no Dockerfile
_ROOT: Final = {"", "root", "0"}
_NOT_ROOT_BY_ITSELF = re.compile(r"nonroot|micromamba")
_SYSTEM_USERS: Final = {"nobody", "www-data", "daemon", "nonroot", "mambauser"}
_MUST_STAY_OUT: Final = (".git", ".env")


class _Finding(BaseModel):
    model_config = ConfigDict(frozen=True)
    code: str
    level: str
    line: int


def linted(
    *,
    points: float,
    path: str = PATH,
    ignore: Sequence[str] = IGNORED,
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """Hadolint has no error or warning, its pragmas in the file aside; each costs a fifth.

    `ignore` lists the rules that do not count. Reasons: findings, not_a_dockerfile.
    """

    def judge(work: Workspace) -> None:
        facts_of(work, path)
        words = [word for rule in ignore for word in ("--ignore", rule)]
        finished, _ = run_tool(work, "hadolint", *_FORMAT, *words, f"work/{path}")
        try:
            found = TypeAdapter(list[_Finding]).validate_json(finished.stdout)
        except ValidationError:
            raise Fail("not_a_dockerfile", {"path": path}) from None
        bad = [one for one in found if one.level in ("error", "warning")]
        syntax = next((one for one in bad if one.code == _SYNTAX), None)
        if syntax:
            refuse(path, syntax.line)
        if bad:
            raise Fail(
                "findings",
                {"found": len(bad), "rules": ", ".join(dict.fromkeys(one.code for one in bad))},
                share=max(0.0, 1 - len(bad) / 5),
                locations=shown([Spot(path=path, line=one.line) for one in bad]),
            )

    return ready("dockerfile_lint", judge, points=points, severity=severity, needs=needs)


def base(
    *,
    points: float,
    path: str = PATH,
    allowed: Sequence[str] = ALLOWED,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """Every image is one of `allowed` (patterns of names without tags) and pinned.

    Pinned is a digest, or a tag with a version of at least two numbers or a release's name.
    Images that COPY takes files from count too. Reasons: base_not_allowed, base_not_pinned,
    not_a_dockerfile.
    """

    def judge(work: Workspace) -> None:
        found = [(line, image) for line, image in facts_of(work, path).bases if image != "scratch"]
        for reason, good in (
            ("base_not_allowed", lambda image: is_allowed(image, allowed)),
            ("base_not_pinned", is_pinned),
        ):
            bad = [(line, image) for line, image in found if not good(image)]
            if bad:
                raise Fail(
                    reason,
                    {"image": name_of(bad[0][1])[0], "found": len(bad)},
                    locations=shown([Spot(path=path, line=line) for line, _ in bad]),
                )

    return ready("dockerfile_base", judge, points=points, severity=severity, needs=needs)


def not_root(
    *,
    points: float,
    path: str = PATH,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """The last stage ends as a user that is not root, and that exists.

    A user by number needs no account. Reasons: runs_as_root, no_such_user, not_a_dockerfile.
    """

    def judge(work: Workspace) -> None:
        facts = facts_of(work, path)
        user = facts.user.partition(":")[0]
        place = (Location(path=path, line=facts.final),)
        if not user and _NOT_ROOT_BY_ITSELF.search(facts.last_base):
            return
        if user in _ROOT or user.startswith("$"):
            raise Fail("runs_as_root", {"path": path}, locations=place)
        if not (user.isdigit() or user in _SYSTEM_USERS or facts.made):
            raise Fail("no_such_user", {"user": user}, locations=place)

    return ready("dockerfile_user", judge, points=points, severity=severity, needs=needs)


def packages(
    *,
    points: float,
    path: str = PATH,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """What pip installs by name has an exact version; files of requirements are `pinned`'s.

    Reasons: packages_not_pinned, not_a_dockerfile.
    """
    return _lines_check(
        "dockerfile_packages",
        "packages_not_pinned",
        lambda facts: facts.loose,
        made=(path, points, severity, needs),
    )


def no_secrets(
    *,
    points: float,
    path: str = PATH,
    severity: Severity = Severity.BLOCKER,
    needs: Needs = (),
) -> Check:
    """No ARG or ENV is named like a secret, no file of secrets is copied, no address holds one.

    Build secrets are mounted (``RUN --mount=type=secret``), those of the running container come
    from where it runs. Reasons: secrets_in_image, not_a_dockerfile.
    """
    return _lines_check(
        "dockerfile_secrets",
        "secrets_in_image",
        lambda facts: facts.secrets,
        made=(path, points, severity, needs),
    )


def small_context(
    *,
    points: float,
    path: str = PATH,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """Either only what is needed is copied, or .dockerignore keeps history and secrets out.

    Reasons: copies_everything, ignores_too_little, not_a_dockerfile.
    """

    def judge(work: Workspace) -> None:
        facts = facts_of(work, path)
        if not facts.whole:
            return
        places = shown([Spot(path=path, line=line) for line in facts.whole])
        if not facts.ignored:
            raise Fail("copies_everything", {"path": path}, locations=places)
        if not all(is_ignored(name, facts.ignored) for name in _MUST_STAY_OUT):
            raise Fail("ignores_too_little", {}, share=0.5, locations=places)

    return ready("dockerfile_context", judge, points=points, severity=severity, needs=needs)


def healthcheck(
    *,
    points: float = 0,
    path: str = PATH,
    severity: Severity = Severity.NOTE,
    needs: Needs = (),
) -> Check:
    """A note where no HEALTHCHECK is said: some platforms ask by themselves, Docker does not.

    Reasons: no_healthcheck, not_a_dockerfile.
    """

    def judge(work: Workspace) -> None:
        facts = facts_of(work, path)
        if not facts.health:
            place = (Location(path=path, line=facts.final),)
            raise Fail("no_healthcheck", {}, locations=place)

    return ready("dockerfile_health", judge, points=points, severity=severity, needs=needs)


def _lines_check(
    name: str,
    reason: str,
    lines: Callable[[DockerfileFacts], list[int]],
    *,
    made: tuple[str, float, Severity, Needs],
) -> Check:
    path, points, severity, needs = made

    def judge(work: Workspace) -> None:
        found = lines(facts_of(work, path))
        if found:
            places = shown([Spot(path=path, line=line) for line in found])
            raise Fail(reason, {"found": len(found)}, locations=places)

    return ready(name, judge, points=points, severity=severity, needs=needs)
