"""Who gets the new policy: a coin a unit that is fair, repeatable, and another for every salt."""

import hashlib

import numpy as np
import numpy.typing as npt

Booleans = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

_MIX = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
_LAST = np.uint64(31)


def keys(units: npt.ArrayLike) -> Keys:
    """A 64-bit key of each unit, from MD5 of its text: once, for any number of salts."""
    texts = [str(unit) for unit in np.asarray(units).tolist()]
    digests = b"".join(
        hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8] for text in texts
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def treated(units: Keys, *, salt: str, share: float = 0.5) -> Booleans:
    """Which units are treated, shape (n,): independent between salts, the same for the same salt.

    Key and salt are mixed by the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    Raises ValueError.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies between 0 and 1: {share}")
    seasoned = int.from_bytes(
        hashlib.md5(salt.encode(), usedforsecurity=False).digest()[:8], "little"
    )
    mixed = units ^ np.uint64(seasoned)
    for shift, factor in _MIX:
        mixed = (mixed ^ (mixed >> shift)) * factor
    mixed ^= mixed >> _LAST
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53 < share, dtype=np.bool_)
