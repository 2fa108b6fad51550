"""A wrong setting is refused with a sentence that names it; a right one is read."""

from pathlib import Path

import pytest

from simulator import environment


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "eighty", "expected a port from 1 to 65535"),
        ("PORT", "70000", "expected a port from 1 to 65535"),
        ("SIM_DEBUG", "yes", "expected 0 or 1"),
        ("SIM_SECRET", "abcd", "expected at least 32 hexadecimal digits"),
        ("DATABASE_URL", "mysql://x", "expected an address that starts with sqlite, postgresql"),
        ("REDIS_URL", "localhost:6379", "expected an address that starts with redis"),
        ("SANDBOX_SHELL", "chroot", "expected one of auto, bubblewrap, docker"),
        ("SANDBOX_ROOMS", "tent", "expected one of auto, nested, container"),
        ("SANDBOX_RUNTIME", "--privileged", "expected the name of a runtime"),
        ("SANDBOX_DRAIN_SECONDS", "soon", "expected seconds from 0 to 3600"),
        ("SANDBOX_DRAIN_SECONDS", "nan", "expected seconds from 0 to 3600"),
        ("SIM_SCALE", "huge", "expected one of tiny, default, large"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    name: str, value: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(environment.Refused) as refused:
        environment.read({"SIM_HOME": str(tmp_path), name: value})
    assert str(refused.value).startswith(f"{name}={value!r}: ")
    assert expected in str(refused.value)
    assert "README.md" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"), [("SANDBOX_ROOMS", "container"), ("SANDBOX_RUNTIME", "runsc")]
)
def test_containers_are_refused_where_there_are_none(
    name: str, value: str, tmp_path: Path
) -> None:
    given = {"SIM_HOME": str(tmp_path), name: value}
    with pytest.raises(environment.Refused, match=f"{name}='{value}': only Docker"):
        environment.read({**given, "SANDBOX_SHELL": "bubblewrap"})
    environment.read({**given, "SANDBOX_SHELL": "auto"})


def test_an_empty_environment_is_the_embedded_default(tmp_path: Path) -> None:
    given = environment.read({"SIM_HOME": str(tmp_path)})
    assert given.port == 8000
    assert given.redis_url == f"unix://{tmp_path}/redis.sock"
    assert not given.debug


def test_secrets_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    first = environment.read({"SIM_HOME": str(tmp_path)})
    second = environment.read({"SIM_HOME": str(tmp_path)})
    assert first.secret == second.secret
    assert len(first.secret) >= 16
    assert first.secret_key != first.secret.hex()
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
