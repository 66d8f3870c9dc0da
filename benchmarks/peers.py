"""The servers that are measured, and how each gets an environment of its own in build/bench/.

A peer whose tools or packages cannot be had is skipped, with one line that says so.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "benchmarks" / "peers"
BUILD = ROOT / "build" / "bench"
INSTALLED_WITHIN = 1200.0  # seconds; Rust compiles its dependencies
PROGRAMS = ROOT / "build" / os.environ.get("BENCH_PRESET", "release") / "benchmarks"
PYTHON_APP = str(SOURCES / "python" / "app.py")

ALL_OF_IT = frozenset({"websocket", "broadcast", "polling", "tick", "stream", "hold"})


class Unavailable(Exception):
    """Why a peer cannot be measured here, in one line."""


def call(command: list[str], cwd: Path, **environment: str) -> str:
    """Run a step of an installation; what it says on its standard output."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=INSTALLED_WITHIN,
        )
    except FileNotFoundError:
        raise Unavailable(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{command[0]} took more than {INSTALLED_WITHIN:.0f} s") from None
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Unavailable(f"`{' '.join(command)}`: {words[-1] if words else 'failed'}")
    return done.stdout


def need(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise Unavailable(f"{tool} is not installed")
    return found


def installed_once(name: str, sources: list[Path], install: Callable[[Path], None]) -> Path:
    """The peer's folder in build/bench/, made anew when a source has changed."""
    folder = BUILD / name
    stamp = folder / ".stamp"
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.name.encode() + source.read_bytes())
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        print(f"installing {name} …", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        install(folder)
        stamp.write_text(digest.hexdigest())
    return folder


def sources_of(name: str) -> list[Path]:
    return [path for path in (SOURCES / name).rglob("*") if path.is_file()]


# Each of these gives the start of the command, to which the port is appended, or for a peer that is
# no server the part that it measures.


def bare() -> list[str]:
    return [str(PROGRAMS / "bare_server")]


def parts() -> list[str]:
    return [str(PROGRAMS / "micro")]


def own_python(*arguments: str) -> list[str]:
    return [sys.executable, PYTHON_APP, "sio_native", *arguments]


def other_python(program: str, *arguments: str) -> list[str]:
    requirements = SOURCES / "python" / "requirements.txt"

    def install(folder: Path) -> None:
        call([sys.executable, "-m", "venv", "--clear", str(folder)], ROOT)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        call([*pip, "install", "--quiet", "-r", str(requirements)], ROOT)

    folder = installed_once("python", [requirements], install)
    return [str(folder / "bin" / "python"), str(SOURCES / "python" / program), *arguments]


def javascript(name: str) -> Path:
    npm = need("npm")
    sources = [*sources_of(name), SOURCES / "node" / "application.mjs"]

    def install(folder: Path) -> None:
        for source in sources:
            shutil.copy(source, folder)
        # No package's script need run: the native add-ons bring what they have built.
        call([npm, "ci", "--ignore-scripts", "--no-fund", "--no-audit"], folder)

    return installed_once(name, sources, install)


def node(program: str = "server.mjs") -> list[str]:
    return [need("node"), str(javascript("node") / program)]


def bun(program: str) -> list[str]:
    folder = javascript("bun")
    interpreters = sorted((folder / "node_modules" / "@oven").glob("bun-*/bin/bun"))
    for interpreter in interpreters:  # for this processor, and for older ones without AVX2
        try:
            call([str(interpreter), "--version"], folder)
        except (Unavailable, OSError):
            continue
        return [str(interpreter), str(folder / program)]
    raise Unavailable("the npm package has no bun for this machine")


def socketioxide() -> list[str]:
    cargo = need("cargo")

    def install(folder: Path) -> None:
        command = [cargo, "build", "--release", "--locked", "--target-dir", str(folder / "target")]
        call(command, SOURCES / "socketioxide")

    folder = installed_once("socketioxide", sources_of("socketioxide"), install)
    return [str(folder / "target" / "release" / "bench_socketioxide")]


def go() -> list[str]:
    compiler = need("go")

    def install(folder: Path) -> None:
        command = [compiler, "build", "-trimpath", "-buildvcs=false", "-o", str(folder / "server")]
        call([*command, "."], SOURCES / "go", GOFLAGS="-mod=readonly")

    return [str(installed_once("go", sources_of("go"), install) / "server")]


def socketio(door: str) -> list[str]:
    return other_python("app.py", "socketio", door)


@dataclass(frozen=True)
class Peer:
    title: str
    prepare: Callable[[], list[str]]
    has: frozenset[str] = ALL_OF_IT
    after_port: tuple[str, ...] = ()
    interval_flag: str | None = None  # else the interval follows the port
    environment: dict[str, str] = field(default_factory=dict)
    says_versions: bool = True
    dialect: str | None = None  # in which its editors share documents, if it has but one

    def command(self, port: int, ping_interval: float | None, *more: str) -> list[str]:
        interval = [] if ping_interval is None else [str(ping_interval)]
        if interval and self.interval_flag:
            interval.insert(0, self.interval_flag)
        return [*self.prepare(), str(port), *interval, *self.after_port, *more]

    def versions(self) -> dict[str, str]:
        """Of all that matters for its speed. Also the proof that it can be run at all."""
        if not self.says_versions:
            return {}
        command = [*self.prepare(), "0", *self.after_port]
        found: dict[str, str] = json.loads(call(command, ROOT))
        return found


def python_peer(
    title: str, prepare: Callable[[], list[str]], *after_port: str, also: Iterable[str] = ()
) -> Peer:
    return Peer(title, prepare, ALL_OF_IT | {"python", *also}, after_port, "--ping-interval")


PEERS = {
    "native-mounted": python_peer(
        "sio_native in FastAPI, uvicorn", lambda: own_python("fastapi"), also=("ydoc", "yjs")
    ),
    # Where a framework would hide what polling costs us and uvicorn.
    "native-uvicorn": Peer(
        "sio_native, uvicorn",
        lambda: own_python("uvicorn"),
        frozenset({"polling"}),
        interval_flag="--ping-interval",
    ),
    "native-own": python_peer(
        "sio_native, own port", lambda: own_python("own"), also=("ydoc", "yjs", "thousands")
    ),
    "native-own-2": python_peer(
        "sio_native, own port, 2 threads", lambda: own_python("own"), "--threads", "2"
    ),
    "python-uvicorn": python_peer("python-socketio, uvicorn", lambda: socketio("uvicorn")),
    "python-aiohttp": python_peer("python-socketio, aiohttp", lambda: socketio("aiohttp")),
    "python-granian": python_peer("python-socketio, granian", lambda: socketio("granian")),
    # The fastest of those that Open WebUI can be run on.
    "open-webui": Peer(
        "as Open WebUI, python-socketio, uvicorn", lambda: socketio("uvicorn"), frozenset({"ydoc"})
    ),
    "node": Peer("Node socket.io", node),
    "bun": Peer("Bun socket.io", lambda: bun("server.mjs")),
    "bun-publish": Peer(
        "Bun's own publish (uWebSockets)", lambda: bun("publish.mjs"), frozenset({"broadcast"})
    ),
    "socketioxide": Peer("socketioxide (Rust)", socketioxide),
    "go": Peer("zishang520/socket.io (Go)", go, environment={"GOMAXPROCS": "1"}),
    "bare": Peer(
        "bare epoll (the limit)",
        bare,
        frozenset({"websocket", "broadcast", "tick"}),
        says_versions=False,
    ),
    "y-socket.io": Peer("y-socket.io (Node)", lambda: node("y-socket-io.mjs"), frozenset({"yjs"})),
    "y-websocket": Peer(
        "y-websocket (Node)",
        lambda: node("y-websocket.mjs"),
        frozenset({"yjs"}),
        dialect="y-websocket",
    ),
    # Without a server.
    "native-parts": Peer(
        "sio_native, C++", parts, frozenset({"merge", "parts"}), says_versions=False
    ),
    "yjs": Peer("yjs (Node)", lambda: node("merge.mjs"), frozenset({"merge"})),
    "pycrdt": Peer("pycrdt", lambda: other_python("merge.py"), frozenset({"merge"})),
}
