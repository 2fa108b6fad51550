"""What is kept out of the code: secrets, addresses, paths, pasted values, loose versions."""

from graders.checking import Check
from graders.failures import Fail
from graders.production.making import Needs, is_looked_at, none_of, ready, spots
from graders.production.reading import Spot, addresses, leaks, requirements, shown
from graders.results import Severity
from graders.workspace import Workspace


def pinned(
    *,
    points: float,
    path: str = "requirements.txt",
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """Every requirement has one exact version.

    That is ``==``, or a commit or a hash for what has no version. Files that `path` refers to are
    read with it; a lock file (uv, Poetry, PDM, pip, conda) pins everything, and without `path` the
    dependencies of pyproject.toml are read. Reasons: not_pinned, no_requirements.

        fixed = production.pinned(points=2)
    """

    def judge(work: Workspace) -> None:
        told = requirements(work, path)
        if not told.there:
            work.text(path)  # its absence, or other bytes than text, is told as such
            raise Fail("no_requirements", {"path": path})
        if told.loose:
            first = told.loose[0][0]
            raise Fail(
                "not_pinned",
                {"path": first, "loose": len(told.loose), "total": told.total},
                locations=shown([Spot(path=where, line=line) for where, line in told.loose]),
            )

    return ready("pinned", judge, points=points, severity=severity, needs=needs)


def no_secrets(
    *,
    points: float,
    severity: Severity = Severity.BLOCKER,
    needs: Needs = (),
) -> Check:
    """No password, key or token is written out anywhere in the project.

    Looked for are files that hold nothing else (``.env``, private keys), tokens of the issuers
    that mark theirs, addresses with a password, and texts given to a name like ``password`` in
    Python outside ``tests/`` and in configuration. The value is never kept. Reason: secrets.

        secrets = production.no_secrets(points=0)
    """

    def judge(work: Workspace) -> None:
        named = spots(work, lambda facts: facts.secrets, package=False)
        none_of(list(dict.fromkeys([*leaks(work), *named])), "secrets")

    return ready("no_secrets", judge, points=points, severity=severity, needs=needs)


def no_absolute_paths(
    *,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """No path of one particular machine is written out in Python.

    Reason: absolute_paths.

        anywhere = production.no_absolute_paths(points=1)
    """

    def judge(work: Workspace) -> None:
        none_of(spots(work, lambda facts: facts.paths, package=False), "absolute_paths")

    return ready("no_absolute_paths", judge, points=points, severity=severity, needs=needs)


def configured(
    *,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """Addresses are configuration: no host, bucket or connection string is written out in Python.

    ``localhost`` and names without a dot may be a default that can be overridden (an argument, an
    option, a field, an environment variable); a field of a class like ``BaseSettings`` may default
    to anything. Reason: addresses.

        outside = production.configured(points=2)
    """

    def judge(work: Workspace) -> None:
        found = [
            Spot(path=path, line=line)
            for path, lines in addresses(work).items()
            if is_looked_at(work, path, package=True)
            for line in lines
        ]
        none_of(found, "addresses")

    return ready("configured", judge, points=points, severity=severity, needs=needs)


def binds_sql(
    *,
    points: float,
    severity: Severity = Severity.MAJOR,
    needs: Needs = (),
) -> Check:
    """SQL takes its values as bound parameters: nothing is pasted into its text.

    Reason: pasted_sql.

        bound = production.binds_sql(points=2)
    """

    def judge(work: Workspace) -> None:
        none_of(spots(work, lambda facts: facts.pasted_sql, package=False), "pasted_sql")

    return ready("binds_sql", judge, points=points, severity=severity, needs=needs)


def logs(
    *,
    points: float,
    severity: Severity = Severity.MINOR,
    needs: Needs = (),
) -> Check:
    """The package logs; it does not print.

    What a command says to whoever types it is no log: below ``if __name__ == "__main__"``, in the
    functions called there, and in ``__main__.py``. Reason: prints.

        logged = production.logs(points=1)
    """

    def judge(work: Workspace) -> None:
        found = spots(work, lambda facts: facts.prints, package=True)
        none_of([spot for spot in found if not spot.path.endswith("/__main__.py")], "prints")

    return ready("logs", judge, points=points, severity=severity, needs=needs)
