"""The direction of imports, and that importing does nothing but define."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

FORBIDDEN = {"corpus": {"index", "qa"}, "index": {"qa"}, "qa": set[str]()}
"""What no module of a package may import; of the others, only what stands to the left of it."""

MODULES = sorted(path for package in FORBIDDEN for path in (ROOT / package).rglob("*.py"))
NAMES = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in MODULES]


def imported(source: str, module: str) -> Iterator[str]:
    """The modules that a module imports anywhere, also inside functions and only for types, relative or not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            origin = [*base, node.module] if node.module else base
            yield from (".".join([*origin, alias.name]) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("__import__", "import_module", "find_spec"):
            yield from (str(value.value) for value in node.args if isinstance(value, ast.Constant))


def test_imports_are_found_however_they_are_written() -> None:
    source = """
from __future__ import annotations
import a.b as c, d
from e import f
from . import g
from ..h import i
if TYPE_CHECKING:
    from j import k
def function():
    import l
    import_module("m")
"""
    assert set(imported(source, "x.y.z")) == {
        "__future__.annotations", "a.b", "d", "e.f", "x.y.g", "x.h.i", "j.k", "l", "m",
    }  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    packages = {found.partition(".")[0] for found in imported(path.read_text(encoding="utf-8"), name)}
    assert packages & FORBIDDEN[name.partition(".")[0]] == set()
    assert packages & {"tests", "benchmarks", "scripts"} == set()


def test_every_package_is_looked_at() -> None:
    assert len(MODULES) >= 20
    assert {"corpus.article", "index.search", "qa.app", "qa"} <= set(NAMES)


STRICT = """
import builtins, importlib, os, sys

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
def watch(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        raise SystemExit(f"{event} {arguments}")
    if event == "open" and arguments[0] != os.devnull:
        path, mode, flags = arguments
        if (mode and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITING):
            raise SystemExit(f"{module} writes {path}")
        if str(path).endswith((".toml", ".onnx", ".faiss", ".sqlite", "CURRENT", "manifest.json")):
            raise SystemExit(f"{module} reads {path}")
    if event in ("subprocess.Popen", "os.system", "os.fork", "os.mkdir", "sqlite3.connect"):
        raise SystemExit(f"{module}: {event} {arguments}")
    if event == "os.putenv" and arguments[0].startswith(b"IBIDEM"):
        raise SystemExit(f"{module} sets {arguments}")

def copied():  # by wsgiref, which takes a copy of all of it
    frame = sys._getframe()
    while frame and frame.f_globals.get("__name__") != "wsgiref.handlers":
        frame = frame.f_back
    return frame is not None

class Environment(type(os.environ)):
    def __getitem__(self, name):
        if name.startswith("IBIDEM") and not copied():
            raise SystemExit(f"{module} reads {name}")
        return super().__getitem__(name)

os.environ.__class__ = Environment
module = "before"
sys.addaudithook(watch)
for module in sys.argv[1:]:
    importlib.import_module(module)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def import_strictly(folder: Path, *modules: str) -> set[str]:
    """The top-level modules that are loaded once these are; fails if that wrote, connected or read a setting."""
    home, temporary = folder / "home", folder / "temporary"
    home.mkdir()
    temporary.mkdir()
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(home), "TMPDIR": str(temporary), "IBIDEM_PORT": "ten"}
    (folder / "ibidem.toml").write_text("this is not TOML")
    result = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", STRICT, *modules],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (0, "")
    # Native code, which tells no hook of what it opens, leaves nothing either.
    assert [str(path) for path in (*home.rglob("*"), *temporary.rglob("*"))] == []
    return set(result.stdout.split())


def test_importing_every_module_opens_writes_and_reads_nothing(tmp_path: Path) -> None:
    loaded = import_strictly(tmp_path, *NAMES)
    assert {"faiss", "tokenizers", "flask"} <= loaded
    assert loaded & {"torch", "transformers", "sentence_transformers", "onnxscript"} == set()


def test_the_command_line_loads_nothing_heavy_before_it_knows_the_command(tmp_path: Path) -> None:
    loaded = import_strictly(tmp_path, "qa.cli")
    assert "click" in loaded
    assert loaded & {"faiss", "onnxruntime", "tantivy", "tokenizers", "numpy", "torch", "flask", "gunicorn"} == set()


@pytest.mark.parametrize("folder", ["benchmarks", "scripts"])
def test_no_script_hides_a_module_of_python(folder: str) -> None:
    # What lies beside a script that is run by its path is found before Python's own.
    names = {path.stem for path in (ROOT / folder).glob("*.py")}
    assert names
    assert not names & sys.stdlib_module_names
