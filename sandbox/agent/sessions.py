"""Does ahead, once a template, what every session of pytest begins with, whatever its tests are.

A session makes a configuration out of pytest's own plugins and looks through every name of each
of them, twice. That is more than half of the time that a small suite takes, and always the same.
"""

import functools
import importlib.metadata
import os
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

# Plugins of pytest that give tests nothing: no mark and no outcome is theirs, and no fixture but
# `cache` and `doctest_namespace`, which are of no use where nothing lasts and no text is a test.
UNUSED = (
    *("cacheprovider", "doctest", "faulthandler", "pastebin", "setuponly", "setupplan"),
    *("stepwise", "threadexception", "unraisableexception"),
)
PLUGINS = "pytest11"  # the group of entry points by which an installed plugin is found
WITHOUT_UNUSED = tuple(word for name in UNUSED for word in ("-p", f"no:{name}"))


class Listing:
    """A plugin that lists the others, at the end of a session that is rehearsed."""

    def __init__(self) -> None:
        self.plugins: list[object] = []

    def pytest_sessionfinish(self, session: Any) -> None:  # noqa: ANN401 - a runtime may have none
        """Remember who takes part in a session."""
        self.plugins = list(session.config.pluginmanager.get_plugins())


def get_ready(plugins: Iterable[object]) -> None:
    """Have the next session start from a configuration that is made now; `plugins` take part."""
    from _pytest import config  # noqa: PLC0415 - a runtime may have none

    for plugin in plugins:
        if _home(plugin).partition(".")[0] == "_pytest":
            _shorten(plugin)
    anew = config.get_config
    installed = any(point.group == PLUGINS for point in _entry_points())
    ready = {words: anew(list(words)) for words in ((), WITHOUT_UNUSED)}
    config.get_config = _handing_out(ready, anew, installed=installed)


def _handing_out(
    ready: dict[tuple[str, ...], Any], anew: Callable[..., Any], *, installed: bool
) -> Callable[..., Any]:
    """Make pytest's `get_config` that takes one that is ready, if it is like the one asked for."""

    @functools.wraps(anew)
    def get_config(
        args: Iterable[str] | None = None,
        plugins: Sequence[object] | None = None,
        *,
        prog: str | None = None,
    ) -> Any:  # noqa: ANN401 - pytest's own types are not to be had in every runtime
        words = tuple(args or ())
        config = ready.pop(_left_out(words), None)
        if config is None or "PYTEST_DEBUG" in os.environ:
            return anew(words, plugins, prog=prog)
        ready.clear()  # the other one has its names, too: another session begins from nothing
        given = {"args": words, "plugins": plugins, "dir": Path.cwd()}
        config.invocation_params = type(config).InvocationParams(**given)
        config._parser.prog = prog or Path(sys.argv[0]).name  # noqa: SLF001 - as it does itself
        if not (installed or _brings_packages(Path.cwd())):
            config.option.disable_plugin_autoload = True  # nothing is there; it reads all twice
        return config

    return get_config


def _entry_points() -> Iterator[importlib.metadata.EntryPoint]:
    for package in importlib.metadata.distributions():
        yield from package.entry_points


def _brings_packages(project: Path) -> bool:
    """Whether a project carries what an installed package leaves: a plugin may be named there."""
    above = list(os.scandir(project))
    below = [name for each in above if each.is_dir() for name in os.listdir(each.path)]  # noqa: PTH208 - quicker
    names = (*below, *(each.name for each in above))
    return any(name.endswith((".dist-info", ".egg-info")) for name in names)


def _left_out(words: Sequence[str]) -> tuple[str, ...]:
    """Give the words that leave plugins out: what is registered first depends on them alone."""
    found: list[str] = []
    for place, option in enumerate(words):
        name = words[place + 1] if place + 1 < len(words) else ""
        if option == "-p" and name.strip().startswith("no:"):
            found += (option, name)
        elif option.startswith("-pno:"):
            found.append(option)
    return tuple(found)


def _home(plugin: object) -> str:
    named = plugin if isinstance(plugin, types.ModuleType) else type(plugin)
    return str(named.__name__ if named is plugin else named.__module__)


def _shorten(plugin: object) -> None:
    """Have `dir` of a plugin of pytest's own tell what pytest looks for there: hooks, fixtures."""
    from _pytest.fixtures import FixtureFunctionDefinition  # noqa: PLC0415

    names = [
        name
        for name in dir(plugin)
        if name.startswith("pytest_")
        or isinstance(getattr(plugin, name, None), FixtureFunctionDefinition)
    ]
    if isinstance(plugin, types.ModuleType):
        setattr(plugin, "__dir__", lambda: list(names))  # noqa: B010 - PEP 562
    else:
        setattr(type(plugin), "__dir__", lambda _: list(names))  # noqa: B010
