"""The installed python-socketio and python-engineio: what sio_native has no version of its own of.

They are optional, and imported when something of theirs is first used. As long as the names
`socketio` and `engineio` are theirs, they are imported as any other package. After `hide()`, which
gives these names to us, they are kept and loaded under private names. The modules know themselves
by their public names all the same, so that `__module__`, and with it pickling, stays what it was.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder
else:  # that module would cost more than all of this one
    Loader = MetaPathFinder = object

PACKAGES = ("socketio", "engineio")
PRIVATE = "_sio_native_real_"

_hidden = False
_exceptions: dict[str, ModuleType] = {}  # loaded ahead of their packages, by public name


def module(name: str, wanted: str | None = None) -> ModuleType:
    """The real module of this name, as "socketio.client".

    Raises `ImportError`, with the extra to install, if the packages are not installed. It names
    what is `wanted`, or else the module.
    """
    try:
        # The package first: else threads that import modules of it could wait for each other.
        importlib.import_module(_current(root_of(name)))
        return importlib.import_module(_current(name))
    except ImportError as error:
        missing = (error.name or "").removeprefix(PRIVATE)
        if root_of(missing) not in PACKAGES:
            raise  # they are there, but something that they need is not
        raise ImportError(
            f"{wanted or name} is a part of python-socketio that sio_native only passes on, and "
            f"{missing} cannot be imported: pip install sio-native[client]",
            name=name,
        ) from error


def attribute(name: str, of: str = "socketio") -> Any:
    """What a real module has under this name. `ImportError` if there is no such thing."""
    found = module(of, f"{of}.{name}")
    try:
        return getattr(found, name)
    except AttributeError:
        place = getattr(found, "__file__", None)
        raise ImportError(
            f"{name} is not in {of} ({place}): is that python-socketio, and a recent one?", name=of
        ) from None


def become(alias: str, name: str) -> None:
    """Called by our module `alias` to be, for whoever imports it, the real module `name`."""
    sys.modules[alias] = module(name)


def is_installed() -> bool:
    """Can the real python-socketio be imported? It is looked for, not imported."""
    return search_path("socketio") is not None


def exceptions(package: str) -> ModuleType | None:
    """The real module of a package's exceptions; None if the package is not installed.

    The package, which takes a tenth of a second, is not imported for it. When somebody does, before
    or after, this very module is a part of it: there is only one of each exception.
    """
    name = f"{package}.exceptions"
    path = search_path(package)
    if path is None:
        return None
    if _current(package) not in sys.modules:
        spec = search(name, path)
        if spec is None or spec.loader is None:
            return None
        early = module_from_spec(spec)
        spec.loader.exec_module(early)
        if _current(name) not in sys.modules:  # on another thread
            _exceptions[name] = early
            return early
    return importlib.import_module(_current(name))


def hide() -> None:
    """Give up the names `socketio` and `engineio`; what has been imported keeps working."""
    global _hidden
    _hidden = True
    for name in loaded():
        sys.modules[PRIVATE + name] = sys.modules.pop(name)


def show() -> None:
    """Take the names back. The private ones stay: modules loaded under them still use them."""
    global _hidden
    _hidden = False
    for name in list(sys.modules):
        if name.startswith(PRIVATE):
            sys.modules[name.removeprefix(PRIVATE)] = sys.modules[name]


def loaded() -> list[str]:
    """All names in `sys.modules` that begin with `socketio` or `engineio`, whosever they are."""
    return [name for name in list(sys.modules) if root_of(name) in PACKAGES]


def root_of(name: str) -> str:
    return name.partition(".")[0]


def _current(name: str) -> str:
    return PRIVATE + name if _hidden else name


# --- finding them ---


class Finder(MetaPathFinder):
    """A finder of ours; those are passed over when the real packages are looked for.

    None may import anything: Python calls them with the lock of all imports.
    """


def search(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """What an import of this name would find without us. `path` is that of its package."""
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)  # an old finder may not have it
        if find_spec is None or isinstance(finder, Finder):
            continue
        try:
            spec: ModuleSpec | None = find_spec(name, path, None)
        except ImportError:  # a finder's way to forbid it
            return None
        if spec is not None:
            return spec
    return None


def search_path(package: str) -> Sequence[str] | None:
    """Where the modules of a real package are; None if it is not installed."""
    path: Sequence[str] | None
    if _current(package) in sys.modules:
        path = getattr(sys.modules[_current(package)], "__path__", None)
    else:
        spec = search(package, None)
        path = None if spec is None else spec.submodule_search_locations
    # The names are short: an application may have a folder of that name. It stays unread.
    if path is None or search(f"{package}.async_server", path) is None:
        return None
    return path


class _RealFinder(Finder):
    """Finds real modules by their private names, and exceptions that were loaded early by any."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        private = fullname.startswith(PRIVATE)
        name = fullname.removeprefix(PRIVATE)
        early = _exceptions.get(name)
        if not private and early is None:
            return None
        spec = search(name, path)
        if spec is None:
            return None
        if early is not None and early.__spec__ and early.__spec__.origin == spec.origin:
            return ModuleSpec(fullname, Alias(lambda: early))
        return _private_spec(fullname, spec) if private else None


class Alias(Loader):
    """Loads a module that exists under another name, as one that replaces itself when executed.

    `create_module` could return it too, but its `__spec__` would be overwritten.
    """

    def __init__(self, find: Callable[[], ModuleType]) -> None:
        self._find = find

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = self._find()


# --- loading them under private names ---


def _private_spec(fullname: str, public: ModuleSpec) -> ModuleSpec:
    spec = ModuleSpec(fullname, _PrivateLoader(public), origin=public.origin)
    spec.submodule_search_locations = public.submodule_search_locations
    spec.has_location = public.has_location
    return spec


class _PrivateLoader(Loader):
    """Executes a real module so that what it imports of the real packages has private names too."""

    def __init__(self, public: ModuleSpec) -> None:
        self._public = public

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        get_code = getattr(self._public.loader, "get_code", None)
        code = get_code(self._public.name) if get_code is not None else None
        if code is None:
            raise ImportError(f"{self._public.name} has no code to execute", name=module.__name__)
        # Python asks the builtins of the importing module how to import, also later, in functions.
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import}
        if self._public.submodule_search_locations is None:
            # For its classes and functions. A package keeps the name that it was found by: the
            # import system makes the names of its submodules of it.
            module.__name__ = self._public.name
        exec(code, module.__dict__)


def _import(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """The `__import__` of modules with private names. Relative imports are right as they are."""
    if level == 0 and root_of(name) in PACKAGES:
        name = PRIVATE + name
    return builtins.__import__(name, globals, locals, fromlist, level)


sys.meta_path.insert(0, _RealFinder())
