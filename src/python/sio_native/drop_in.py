"""`install()`: sio_native under the names `socketio` and `engineio`."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from . import upstream

# Whose modules are imported when those of the real packages are asked for.
OURS = {"socketio": "sio_native", "engineio": "sio_native.engineio"}

# The classes of ours that differ from python-socketio's. Who has those already keeps them.
NATIVE = (
    "ASGIApp",
    "AsyncAioPikaManager",
    "AsyncManager",
    "AsyncNamespace",
    "AsyncRedisManager",
    "AsyncServer",
)


def install() -> None:
    """From now on `import socketio` and `import engineio` give sio_native, submodules included.

    For code that cannot be changed to `import sio_native as socketio`. Call it first thing in the
    program, before anything imports socketio. Modules that have done so keep what they have: a
    `RuntimeWarning` names them. What sio_native passes on of python-socketio, its clients and its
    synchronous server, works as before. May be called any number of times.
    """
    if _finder not in sys.meta_path:
        holders = _holders()
        upstream.hide()
        sys.meta_path.insert(0, _finder)
        if holders:
            warnings.warn(
                "socketio was imported before sio_native.install(), and remains python-socketio "
                f"in: {', '.join(holders)}. Install sio_native before they are imported",
                RuntimeWarning,
                stacklevel=2,
            )
    sys.modules["socketio"] = sys.modules["sio_native"]


def uninstall() -> None:
    """Undo `install()`, for what is imported from now on."""
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    for name in upstream.loaded():
        del sys.modules[name]
    upstream.show()


class _Finder(upstream.Finder):
    """Finds our module, the same that is imported by our own name, or else the real one.

    Without it Python would find our file by the other name, and load it a second time.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        package, dot, rest = fullname.partition(".")
        if package not in OURS:
            return None
        ours = OURS[package] + dot + rest
        if _exists(ours):
            return _alias(fullname, lambda: importlib.import_module(ours))
        # The package of a package is given: it has been imported.
        path = path if "." in rest else upstream.search_path(package)
        if upstream.search(fullname, path) is None:
            return None  # as for any module that is not there
        return _alias(fullname, lambda: upstream.module(fullname))


_finder = _Finder()


def _alias(name: str, find: Callable[[], ModuleType]) -> ModuleSpec:
    return ModuleSpec(name, upstream.Alias(find))


def _exists(name: str) -> bool:
    package = sys.modules.get(name.rpartition(".")[0])
    path = getattr(package, "__path__", None)
    return name in sys.modules or (path is not None and upstream.search(name, path) is not None)


def _holders() -> list[str]:
    """The modules that have python-socketio, or a class of it that we would replace."""
    package = sys.modules.get("socketio")
    real = [getattr(package, name, None) for name in NATIVE]
    real += [sys.modules[name] for name in upstream.loaded()]
    wanted = {id(each) for each in real if each is not None}
    return sorted(
        name
        for name, module in list(sys.modules.items())
        if type(module) is ModuleType  # others may do something when they are looked into
        and upstream.root_of(name) not in (*upstream.PACKAGES, "sio_native")
        and not name.startswith(upstream.PRIVATE)
        and any(id(value) in wanted for value in list(vars(module).values()))
    )
