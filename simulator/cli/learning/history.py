"""A project's history in Git: every attempt a commit, the site's line beside the learner's own."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from simulator.cli.learning.trouble import Trouble
from simulator.cli.printing import Code

SITE: Final = "refs/remotes/site/main"
BRANCH: Final = "main"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A state of the project that the site knows."""

    message: str
    when: datetime
    files: Mapping[str, bytes]


class Git:
    """Git in one folder. Everything raises Trouble when Git refuses."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._program = shutil.which("git")

    @property
    def installed(self) -> bool:
        """Whether there is a Git at all."""
        return self._program is not None

    @property
    def there(self) -> bool:
        """Whether the folder is a repository of its own, and Git is installed."""
        return self.installed and (self.root / ".git").exists()

    def begin(self, ignored: Iterable[str]) -> None:
        """Make the folder a repository, in which what we put there is not the learner's work."""
        self._run("init", "--quiet", "--initial-branch", BRANCH)
        exclude = self.root / ".git" / "info" / "exclude"
        exclude.parent.mkdir(exist_ok=True)
        exclude.write_text("\n".join(ignored) + "\n", encoding="utf-8")

    def work(self) -> list[str]:
        """The files that are tracked, or could be."""
        listed = self._run("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return [path for path in dict.fromkeys(listed.split("\0")) if path]

    def add(self, entries: Iterable[Entry], *, author: str) -> bool:
        """Put what the site knows on the site's line; whether anything was new."""
        known = self._has(SITE)
        stream = b""
        for entry in entries:  # the first follows what is there, the others follow each other
            stream += _commit(entry, author=author, after=known and not stream)
        if stream:
            self._run("fast-import", "--quiet", "--force", stdin=stream)
        return bool(stream)

    def site_holds(self, files: Mapping[str, bytes]) -> bool:
        """Whether the site's line ends with exactly these files."""
        if not self._has(SITE):
            return False
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", SITE).split("\0")
        rows = (row.partition("\t") for row in listed if row)
        known = {path: facts.split(" ")[2] for facts, _, path in rows}
        return known == {path: _blob(content) for path, content in files.items()}

    def join(self) -> None:
        """Bring the site's line into the learner's own; their changes are never lost."""
        if not self._has("HEAD"):
            self._run("reset", "--quiet", "--hard", SITE)
            return
        if self._is_ancestor(SITE, "HEAD"):
            return
        if self._run("status", "--porcelain").strip():
            raise Trouble(
                "There is news on the site, and changes here that are not committed.",
                code=Code.USAGE,
                remedy='Commit them (git commit -am "…") or put them aside (git stash), then '
                "`sim pull` again.",
            )
        merged = self._try("merge", "--quiet", "--no-edit", *_unsigned("merge"), SITE)
        if merged.returncode:
            raise Trouble(
                "The site and this folder changed the same lines.",
                code=Code.USAGE,
                remedy="`git status` names the files; settle them and `git commit`, or "
                "`git merge --abort`.",
            )

    def keep(self, message: str) -> None:
        """Commit the work as it was handed in, and let the site's line know it."""
        self._run("add", "--all")
        if self._run("status", "--porcelain").strip():
            self._run("commit", "--quiet", "--no-verify", *_unsigned("commit"), "-m", message)
        self._run("update-ref", SITE, "HEAD")

    def version(self) -> str:
        """Git's version, in Git's words."""
        return self._run("--version").strip()

    def _has(self, name: str) -> bool:
        return self._try("rev-parse", "--quiet", "--verify", name).returncode == 0

    def _is_ancestor(self, one: str, other: str) -> bool:
        return self._try("merge-base", "--is-ancestor", one, other).returncode == 0

    def _run(self, *words: str, stdin: bytes = b"") -> str:
        done = self._try(*words, stdin=stdin)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise Trouble(
                f"git {words[0]} ended with {done.returncode}: {said[-300:]}",
                code=Code.USAGE,
                remedy="Mend the repository, or pull into a new folder.",
            )
        return done.stdout.decode(errors="surrogateescape")

    def _try(self, *words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        if self._program is None:
            raise Trouble("Git is not installed.", code=Code.USAGE, remedy="Install git.")
        identity = ["-c", "user.name=learner", "-c", "user.email=learner@localhost"]
        own = [] if self._named() else identity
        return subprocess.run(  # noqa: S603 - our own words
            [self._program, *own, *words],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            check=False,
        )

    def _named(self) -> bool:
        """Whether the learner told Git who they are; a commit needs a name."""
        asked = subprocess.run(  # noqa: S603 - our own words
            [self._program or "git", "config", "user.email"],
            cwd=self.root,
            capture_output=True,
            check=False,
        )
        return asked.returncode == 0


def _blob(content: bytes) -> str:
    """The name that Git gives to a file's content."""
    head = b"blob %d\0" % len(content)
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def _unsigned(command: str) -> tuple[str, ...]:
    """A commit that we make asks for no key."""
    return ("--no-gpg-sign",) if command in {"commit", "merge"} else ()


def _commit(entry: Entry, *, author: str, after: bool) -> bytes:
    """A commit as `git fast-import` reads it."""
    who = f"{author} <{author}@localhost> {int(entry.when.timestamp())} +0000"
    message = entry.message.encode()
    lines = [f"commit {SITE}", f"author {who}", f"committer {who}", f"data {len(message)}"]
    stream = "\n".join(lines).encode() + b"\n" + message + b"\n"
    if after:
        stream += f"from {SITE}^0\n".encode()
    stream += b"deleteall\n"
    for path, content in sorted(entry.files.items()):
        stream += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
    return stream + b"\n"
