"""What a learner hands in: sound, sloppy and hostile splits."""

import hashlib
import random


def by_hash(unit: object, salt: str) -> int:
    digest = hashlib.md5(f"{salt}:{unit}".encode(), usedforsecurity=False).hexdigest()
    return int(int(digest, 16) % 10_000 < 5_000)


def by_words(unit: object, salt: str) -> str:
    return "treatment" if by_hash(unit, salt) else "control"


def tilted(unit: object, salt: str) -> int:
    digest = hashlib.sha256(f"{salt}:{unit}".encode()).hexdigest()
    return int(int(digest, 16) % 100 < 53)


def by_parity(unit: object, salt: str) -> int:
    return int(str(unit)[-1:] in "13579bdf")


def by_python(unit: object, salt: str) -> int:
    return hash((unit, salt)) % 2


def by_coin(unit: object, salt: str) -> int:
    return random.randint(0, 1)  # noqa: S311 - as a learner would


def added_salt(unit: object, salt: str) -> int:
    digest = hashlib.md5(str(unit).encode(), usedforsecurity=False).hexdigest()
    return (int(digest, 16) + len(salt)) % 2


def half_related(unit: object, salt: str) -> int:
    return by_hash(unit, "always") if by_hash(unit, "which") else by_hash(unit, salt)


def nothing(unit: object, salt: str) -> None:
    return None
