"""Who may include whom. The tables are in docs/architecture.md; the code must agree with them."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CPP = ROOT / "src" / "cpp"
PACKAGE = ROOT / "src" / "python" / "sio_native"

Graph = Mapping[str, Iterable[str]]


def table(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of docs/architecture.md, without its first rows."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    section = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def layers() -> dict[str, list[str]]:
    """Layer -> what it may include: layers, or `layer/file` for a single header."""
    return {names(row[0])[0]: names(row[1]) for row in table("Who may include whom")}


def libraries() -> dict[str, list[str]]:
    """Start of a library's include path -> starts of the only paths that may include it."""
    rows = table("Where libraries appear")
    return {library: names(row[1]) for row in rows for library in names(row[0])}


def sources() -> list[Path]:
    return sorted(path for path in CPP.rglob("*") if path.suffix in {".hpp", ".cpp"})


def includes(text: str) -> Iterator[tuple[str, str]]:
    """The bracket and the path of each `#include`."""
    yield from re.findall(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', text, re.MULTILINE)


def relative(path: Path) -> str:
    return path.relative_to(CPP).as_posix()


def allowed(layer: str, header: str) -> bool:
    permitted = layers()[layer]
    return header.split("/")[0] in {layer, *permitted} or header.removesuffix(".hpp") in permitted


def assert_no_cycle(graph: Graph) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " → ".join(reversed(error.args[1])))


def test_every_folder_is_a_layer_of_the_table_and_every_layer_a_folder() -> None:
    assert {path.parent.relative_to(CPP).parts[0] for path in sources()} == set(layers())


def test_the_table_of_layers_has_no_circle() -> None:
    assert_no_cycle({layer: [n.split("/")[0] for n in may] for layer, may in layers().items()})


def test_files_include_only_what_their_layer_may() -> None:
    wrong = [
        f"{relative(path)} includes {header}"
        for path in sources()
        for bracket, header in includes(path.read_text())
        if bracket == '"' and not allowed(path.relative_to(CPP).parts[0], header)
    ]
    assert not wrong


def test_project_includes_are_written_from_the_source_root() -> None:
    wrong = [
        f"{relative(path)} includes {header}"
        for path in sources()
        for bracket, header in includes(path.read_text())
        if bracket == '"' and not (CPP / header).is_file()
    ]
    assert not wrong


def test_libraries_appear_only_where_the_table_says() -> None:
    wrong = [
        f"{relative(path)} includes {header}"
        for path in sources()
        for _, header in includes(path.read_text())
        for library, homes in libraries().items()
        if header.startswith(library) and not relative(path).startswith(tuple(homes))
    ]
    assert not wrong


def test_headers_include_each_other_without_a_circle() -> None:
    assert_no_cycle(
        {
            relative(path): [h for bracket, h in includes(path.read_text()) if bracket == '"']
            for path in sources()
        }
    )


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """All that runs when the module is imported, or is called later; not `if TYPE_CHECKING`."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and is_type_checking(node):
            yield from statements(node.orelse)
            continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from statements([child])
            elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
                yield from statements(child.body)


def python_imports(tree: ast.Module, package: list[str], modules: set[str]) -> Iterator[str]:
    """The package's own modules that a module in `package` imports, by dotted name."""
    for node in statements(tree.body):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                dotted = f"{start}.{alias.name}"
                found.append(dotted if dotted in modules else start)
        yield from (name for name in found if name in modules)


def test_python_modules_import_each_other_without_a_circle() -> None:
    files = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        files[".".join(parts).removesuffix(".__init__")] = path
    assert "sio_native" in files
    modules = {*files, "sio_native._core"}  # the compiled one imports none of them
    graph = {}
    for name, path in files.items():
        package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
        graph[name] = list(python_imports(ast.parse(path.read_text()), package, modules))
    assert_no_cycle(graph)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from .b import x", {"p.b"}),
        ("from . import b, c", {"p.b", "p.c"}),
        ("from . import __version__", {"p"}),
        ("import p.b", {"p.b"}),
        ("def f():\n    from .b import x", {"p.b"}),
        ("try:\n    pass\nexcept ImportError:\n    from .b import x", {"p.b"}),
        ("if TYPE_CHECKING:\n    from .b import x\nelse:\n    from .c import x", {"p.c"}),
        ("import json", set()),
    ],
)
def test_an_import_is_found_wherever_it_can_run(source: str, expected: set[str]) -> None:
    found = python_imports(ast.parse(source), ["p"], {"p", "p.a", "p.b", "p.c"})
    assert set(found) == expected
