"""Every name of python-socketio is here, and `install()` gives ours to those who import its own."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
import socketio

import sio_native

# What is sio_native's own. All else in `socketio.__all__` is passed on.
NATIVE = {
    "ASGIApp",
    "AsyncAioPikaManager",
    "AsyncManager",
    "AsyncNamespace",
    "AsyncRedisManager",
    "AsyncServer",
}

SUBMODULES = sorted(module.name for module in pkgutil.iter_modules(socketio.__path__))
NATIVE_SUBMODULES = {
    "asgi",
    "async_admin",
    "async_aiopika_manager",
    "async_manager",
    "async_namespace",
    "async_pubsub_manager",
    "async_redis_manager",
    "async_server",
    "base_manager",
    "base_namespace",
    "base_server",
    "exceptions",
    "msgpack_packet",
    "packet",
}
EXCEPTIONS = sorted(sio_native.exceptions.__all__)

# How a process can be without python-socketio: each has been seen.
ABSENT = {
    "blocked": """
import sys
sys.modules["socketio"] = sys.modules["engineio"] = None
""",
    "refused": """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("socketio", "engineio"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refuse())
""",
}


def run(script: str, folder: Path | None = None) -> str:
    """Run in a fresh interpreter; gives its output. The script's assertions are the test's."""
    environment = {**os.environ, "PYTHONPATH": str(folder)} if folder else None
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- names ---


@pytest.mark.parametrize("name", socketio.__all__)
def test_every_name_is_here_and_the_rest_is_passed_on(name: str) -> None:
    assert name in sio_native.__all__
    assert name in dir(sio_native)
    ours = getattr(sio_native, name)
    assert (ours is getattr(socketio, name)) == (name not in NATIVE)
    assert ours.__name__ == name


@pytest.mark.parametrize("name", SUBMODULES)
def test_every_submodule_is_here_with_its_names(name: str) -> None:
    ours = importlib.import_module(f"sio_native.{name}")
    theirs = importlib.import_module(f"socketio.{name}")
    assert getattr(sio_native, name) is ours
    assert (ours is theirs) == (name not in NATIVE_SUBMODULES)
    for public, value in vars(theirs).items():
        if getattr(value, "__module__", None) == theirs.__name__ and public[0] != "_":
            assert hasattr(ours, public), public


def test_what_a_package_passes_on_may_be_missing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socketio, "SimpleClient")
    monkeypatch.delitem(vars(sio_native), "SimpleClient", raising=False)
    with pytest.raises(ImportError, match="SimpleClient is not in socketio"):
        from sio_native import SimpleClient  # noqa: F401


def test_what_nobody_has_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'AsyncSever'"):
        sio_native.AsyncSever  # noqa: B018
    assert not hasattr(sio_native, "__path_of_nothing__")
    for name in ("async_namespace", "base_namespace"):
        with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
            importlib.import_module(f"sio_native.{name}").Nothing  # noqa: B018


def test_importing_takes_nothing_optional_along() -> None:
    run("""
import sys
import sio_native
sio_native.AsyncServer(), sio_native.exceptions.TimeoutError
for name in ("socketio", "engineio", "redis", "aio_pika", "msgpack", "aiohttp", "bidict"):
    assert name not in sys.modules, name
""")


# --- exceptions ---


@pytest.mark.parametrize(
    "imports",
    [
        "import sio_native, socketio",
        "import socketio, sio_native",
        "import sio_native; import socketio.exceptions",
        "import sio_native; from socketio import exceptions; import socketio",
        "import socketio.exceptions, sio_native",
    ],
)
def test_exceptions_are_the_same_whoever_comes_first(imports: str) -> None:
    run(f"""
import sys
{imports}
for name in {EXCEPTIONS}:
    ours, theirs = getattr(sio_native.exceptions, name), getattr(socketio.exceptions, name)
    assert ours is theirs, name
    assert ours.__module__ == "socketio.exceptions"
assert sys.modules["socketio.exceptions"] is socketio.exceptions
assert socketio.exceptions.__spec__.name == "socketio.exceptions"
assert socketio.client.exceptions is socketio.exceptions
from sio_native import upstream
early = upstream.exceptions("engineio")
import engineio
assert engineio.exceptions is early
""")


@pytest.mark.parametrize("absent", ABSENT)
def test_exceptions_are_there_without_python_socketio(absent: str) -> None:
    run(f"""{ABSENT[absent]}
from sio_native import exceptions
assert issubclass(exceptions.ConnectionRefusedError, exceptions.ConnectionError)
for name in {EXCEPTIONS}:
    assert issubclass(getattr(exceptions, name), exceptions.SocketIOError)
assert exceptions.TimeoutError.__module__ == "sio_native.exceptions"
""")


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ((), {"message": "Connection rejected by server"}),
        (("no",), {"message": "no"}),
        ((404,), {"message": "404"}),
        (("no", 1), {"message": "no", "data": 1}),
        (("no", 1, 2), {"message": "no", "data": (1, 2)}),
    ],
)
def test_refusals_without_python_socketio_are_as_with_it(
    arguments: tuple[object, ...], sent: dict[str, object]
) -> None:
    assert socketio.exceptions.ConnectionRefusedError(*arguments).error_args == sent
    run(f"""{ABSENT["blocked"]}
from sio_native.exceptions import ConnectionRefusedError
error = ConnectionRefusedError(*{arguments!r})
assert error.error_args == {sent!r} and error.args == {arguments!r}
""")


def test_a_folder_of_the_application_s_is_not_taken_for_python_socketio(tmp_path: Path) -> None:
    folder = tmp_path / "socketio"
    folder.mkdir()
    (folder / "__init__.py").write_text("mine = True\n")
    (folder / "exceptions.py").write_text("raise SystemError('this was none of your business')\n")
    run(
        """
import sio_native
assert sio_native.exceptions.TimeoutError.__module__ == "sio_native.exceptions"
assert "AsyncClient" not in dir(sio_native)
try:
    sio_native.AsyncClient
except ImportError as error:
    assert "is that python-socketio" in str(error), error
else:
    raise AssertionError
import socketio
assert socketio.mine
""",
        tmp_path,
    )


# --- without python-socketio ---


@pytest.mark.parametrize("absent", ABSENT)
def test_who_lacks_python_socketio_reads_which_name_needs_it(absent: str) -> None:
    run(f"""{ABSENT[absent]}
import sio_native
for find, name in (
    (lambda: sio_native.RedisManager, "socketio.RedisManager"),
    (lambda: sio_native.engineio.Client, "engineio.Client"),
    (lambda: __import__("sio_native.redis_manager"), "socketio.redis_manager"),
):
    try:
        find()
    except ImportError as error:
        assert str(error).startswith(name + " is a part of python-socketio"), error
        assert str(error).endswith("pip install sio-native[client]"), error
    else:
        raise AssertionError(name)
""")


@pytest.mark.parametrize("absent", ABSENT)
@pytest.mark.parametrize("installed", [False, True], ids=["plain", "installed"])
def test_without_python_socketio_the_extra_is_named(absent: str, installed: bool) -> None:
    output = run(f"""{ABSENT[absent]}
import sio_native
if {installed}:
    sio_native.install()
    import socketio
    assert socketio is sio_native
package = "socketio" if {installed} else "sio_native"
for statement in (
    f"import {{package}} as socketio; socketio.AsyncClient",
    f"from {{package}} import RedisManager",
    f"from {{package}} import redis_manager",
    f"from {{package}}.redis_manager import RedisManager",
    f"import {{package}}.server",
    f"from {{package}}.async_namespace import AsyncClientNamespace",
    f"from {{package}} import *",
):
    try:
        exec(statement, {{}})
    except ImportError as error:
        assert "pip install sio-native[client]" in str(error), (statement, error)
        print(statement)
    else:
        raise AssertionError(statement)
sio_native.AsyncServer()
from sio_native.packet import Packet
assert Packet(data=["a"]).encode() == '2["a"]'
dir(sio_native)
""")
    assert len(output.splitlines()) == 7


def test_a_missing_need_of_python_socketio_s_is_said_as_it_is() -> None:
    run("""
import sys
sys.modules["bidict"] = None
import sio_native
try:
    sio_native.Client
except ImportError as error:
    assert error.name == "bidict", error
else:
    raise AssertionError
""")


# --- install() ---

INSTALL = """
import sys
import sio_native
sio_native.install()
"""


def test_installed_names_are_the_same_objects() -> None:
    run(f"""{INSTALL}
import importlib
sio_native.install()  # once more changes nothing
import socketio, engineio
assert socketio is sio_native
assert engineio is sys.modules["sio_native.engineio"]
for name in {SUBMODULES}:
    try:
        ours = importlib.import_module("sio_native." + name)
    except ImportError:
        continue
    spec = ours.__spec__
    assert importlib.import_module("socketio." + name) is ours, name
    assert sys.modules["socketio." + name] is ours is getattr(socketio, name)
    assert ours.__spec__ is spec
from socketio.packet import Packet
assert Packet is sio_native.packet.Packet
from socketio.async_server import AsyncServer
from socketio import ASGIApp, exceptions
assert AsyncServer is sio_native.AsyncServer and ASGIApp is sio_native.ASGIApp
import socketio.exceptions as again
assert exceptions is again is sio_native.exceptions
try:
    import socketio.nothing
except ModuleNotFoundError as error:
    assert error.name == "socketio.nothing"
else:
    raise AssertionError
""")


def test_installed_exceptions_are_caught_by_both_names() -> None:
    run(f"""{INSTALL}
import pickle
import socketio
from sio_native import upstream
theirs = upstream.module("socketio")
assert theirs is not socketio
for name in {EXCEPTIONS}:
    assert getattr(socketio.exceptions, name) is getattr(theirs.exceptions, name)
error = pickle.loads(pickle.dumps(socketio.exceptions.TimeoutError("late")))
assert type(error) is theirs.exceptions.TimeoutError and error.args == ("late",)
assert pickle.loads(pickle.dumps(socketio.AsyncClient)) is theirs.AsyncClient
""")


THEIR_CODE = '''
"""As an application would have it: it knows of no sio_native."""
import socketio
from socketio import AsyncServer
from socketio.exceptions import ConnectionRefusedError
from socketio.packet import Packet

sio = AsyncServer(async_mode="asgi")
app = socketio.ASGIApp(sio)

class Chat(socketio.AsyncNamespace):
    def on_connect(self, sid, environ, auth):
        if not auth:
            raise ConnectionRefusedError("who are you?")

    async def on_hello(self, sid, data):
        await self.emit("hello", data, to=sid)
        return data

class Heard(socketio.AsyncClientNamespace):
    def on_hello(self, data):
        self.client.heard.set_result(data)

sio.register_namespace(Chat("/chat"))
'''


@pytest.mark.parametrize("before", ["", "sio_native.AsyncClient"], ids=["fresh", "client-in-use"])
def test_an_application_and_a_client_run_on_installed_names(tmp_path: Path, before: str) -> None:
    (tmp_path / "their_code.py").write_text(THEIR_CODE)
    run(
        f"""
import asyncio
import sio_native
{before}
sio_native.install()
import socketio
import their_code

async def main():
    host, port = their_code.sio.listen("127.0.0.1", 0)
    client = socketio.AsyncClient(reconnection=False)
    client.heard = asyncio.get_running_loop().create_future()
    client.register_namespace(their_code.Heard("/chat"))
    try:
        await client.connect(f"http://{{host}}:{{port}}", namespaces=["/chat"])
    except socketio.exceptions.ConnectionError as error:
        assert str(error).endswith("failed to connect: /chat"), error
    else:
        raise AssertionError("not refused")
    await client.connect(
        f"http://{{host}}:{{port}}", namespaces=["/chat"], auth={{"a": 1}}, wait_timeout=10
    )
    assert await client.call("hello", b"1", namespace="/chat") == b"1"
    assert await client.heard == b"1"
    await client.disconnect()
    await their_code.sio.shutdown()

asyncio.run(asyncio.wait_for(main(), 30))
assert type(their_code.sio).__module__ == "sio_native.async_server"
""",
        tmp_path,
    )


def test_what_python_socketio_imports_late_is_found_while_installed() -> None:
    """Its synchronous server looks for drivers by name, and its functions import their own."""
    run(f"""{INSTALL}
import socketio
server = socketio.Server(async_mode="threading")
assert server.eio._async["thread"].__module__ == "engineio.async_drivers.threading"
import engineio.async_drivers.threading
server.instrument(auth=False)
assert isinstance(server.eio, sio_native.upstream.module("engineio").Server)
""")


def test_whoever_imported_socketio_before_is_named(tmp_path: Path) -> None:
    (tmp_path / "early_module.py").write_text("import socketio\n")
    (tmp_path / "early_class.py").write_text("from socketio import AsyncServer as Server\n")
    (tmp_path / "early_client.py").write_text("from socketio import AsyncClient\n")
    run(
        """
import sys, warnings
import early_module, early_class, early_client
import sio_native
client = sio_native.AsyncClient
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    sio_native.install()
    sio_native.install()
[warning] = caught
assert warning.category is RuntimeWarning and warning.filename == "<string>"
assert "python-socketio in: early_class, early_module." in str(warning.message), warning
import socketio
assert socketio is sio_native and early_module.socketio is not sio_native
assert socketio.AsyncClient is client is early_client.AsyncClient
assert early_module.socketio.exceptions.TimeoutError is socketio.exceptions.TimeoutError
early_module.socketio.Server(async_mode="threading").instrument(auth=False)
""",
        tmp_path,
    )


def test_nobody_is_warned_who_has_not_imported_socketio() -> None:
    run("""
import warnings
import sio_native
sio_native.Client
warnings.simplefilter("error")
sio_native.install()
""")


@pytest.mark.parametrize("real_first", [False, True])
def test_uninstalling_gives_the_names_back(real_first: bool) -> None:
    run(f"""
import sys
import sio_native
if {real_first}:
    sio_native.Client
sio_native.uninstall()  # nothing to do
sio_native.install()
import socketio.packet, engineio
sio_native.uninstall()
assert "socketio.packet" not in sys.modules or {real_first}
import socketio, socketio.packet, socketio.exceptions, engineio.packet
assert socketio is not sio_native and socketio.packet is not sio_native.packet
assert socketio.__name__ == "socketio"
assert socketio.AsyncClient is sio_native.AsyncClient
assert socketio.exceptions.TimeoutError is sio_native.exceptions.TimeoutError
sio_native.install()
import socketio
assert socketio is sio_native
""")


def test_threads_that_import_at_once_get_the_same(tmp_path: Path) -> None:
    run(f"""{INSTALL}
import importlib, threading
names = {SUBMODULES} + ["nothing"]
found, start = [], threading.Barrier(8)

def load(first):
    start.wait()
    for name in names[first:] + names[:first]:
        for package in ("socketio.", "sio_native."):
            try:
                found.append((name, importlib.import_module(package + name)))
            except ImportError:
                pass

threads = [threading.Thread(target=load, args=(first * 4,)) for first in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(set(found)) == len(set(name for name, module in found)) > 20
""")


# --- types ---

USER_CODE = """
import sio_native as socketio
from sio_native import AsyncClient, AsyncRedisManager, AsyncServer, RedisManager
from sio_native.async_namespace import AsyncClientNamespace
from sio_native.packet import Packet
from sio_native.redis_manager import RedisManager as SameManager

sio: AsyncServer = socketio.AsyncNamespace("/").server
packet_class: type[Packet] = socketio.packet.Packet
client, publisher = AsyncClient(reconnection=False), RedisManager("redis://", write_only=True)
error: Exception = socketio.exceptions.ConnectionRefusedError("no", {"code": 1})
socketio.install()
socketio.AsyncSever  # type: ignore[attr-defined]


class NumbersForBytes(Packet):
    uses_binary_events = False

    @classmethod
    def reconstruct_binary(cls, data: object, attachments: list[bytes]) -> object:
        return super().reconstruct_binary(data, [list(each) for each in attachments])
"""


def test_users_names_have_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "user_code.py").write_text(USER_CODE)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "user_code.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
