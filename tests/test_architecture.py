"""The house rules that a machine can check: who imports whom, what stands at the top, what no file may hold."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.version import VERSION

ROOT = Path(__file__).parents[1]

# A package may import only packages of a smaller number; equal numbers are siblings and do not import each other.
RANKS = {
    "app": 6,
    "pages": 6,
    "core.ui": 5,
    "core.lessons": 4,
    "core.figures": 3,
    "core.stages": 3,
    "core.pipeline": 3,
    "core.statistics": 3,
    "core.policies": 2,
    "core.world": 2,
    "core.objectives": 1,
    "core.records": 1,
    "core.lm_records": 1,
    "core.wording": 1,
    "core.version": 1,
}
LEAVES = ("core.records", "core.lm_records", "core.wording", "core.version")
STREAMLIT_ALLOWED = ("app", "pages", "core.ui")
TOP_LEVEL = {
    "app.py", "pages", "core", "assets", "static", "tests", "README.md", "LICENSE", "requirements.txt",
    "requirements-dev.txt", "pyproject.toml", ".streamlit", ".ci", ".gitignore",
}  # fmt: skip
LONGEST = 400
# Files that may be longer, each with its reason. Empty: there are none.
LONG_FILES: dict[str, str] = {}
TORCH_PAGE = "https://download.pytorch.org/whl/cpu/torch/"
TEXT_SUFFIXES = {".py", ".toml", ".txt", ".md", ".js", ".html", ".css", ".yml", ".yaml", ".cfg", ".sh", ""}


def _files() -> tuple[Path, ...]:
    """Every file of the project; outside a git checkout, everything but hidden folders of tools and caches."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    if any(listed):
        return tuple(ROOT / name for name in listed if name and (ROOT / name).is_file())
    tools = {".venv", ".git", ".pytest_cache", ".ruff_cache", ".hypothesis", "__pycache__"}
    return tuple(p for p in sorted(ROOT.rglob("*")) if p.is_file() and not tools & set(p.relative_to(ROOT).parts))


FILES = _files()
PYTHON = tuple(path for path in FILES if path.suffix == ".py")
OURS = tuple(p for p in PYTHON if p.relative_to(ROOT).parts[0] in ("app.py", "pages", "core"))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _package(module: str) -> str | None:
    """The entry of RANKS that a module belongs to."""
    return next((name for name in RANKS if module == name or module.startswith(name + ".")), None)


def _imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, with relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".") if is_package else module.split(".")[:-1]
                parents = parts[: len(parts) - node.level + 1]
                base = ".".join([*parents, base]).strip(".")
            for alias in node.names:
                # `from core import records` imports the module core.records.
                yield f"{base}.{alias.name}" if base in ("", "core") else base


def _imports_of(path: Path) -> tuple[str, ...]:
    return tuple(_imports(ast.parse(path.read_text(encoding="utf-8")), _module(path), path.name == "__init__.py"))


def _broken_directions(module: str, imported: tuple[str, ...]) -> list[str]:
    home = _package(module)
    if home is None:
        return [] if module == "core" and not imported else [f"{module} has no place in the layout"]
    wrong = []
    for name in imported:
        if name.split(".")[0] not in ("core", "pages", "app", "tests"):
            continue
        target = _package(name)
        if target is None:
            wrong.append(f"{module} imports {name}, which has no place in the layout")
        elif target != home and RANKS[target] >= RANKS[home]:
            wrong.append(f"{module} imports {name}")
    return wrong


@pytest.mark.parametrize("path", OURS, ids=_module)
def test_imports_point_one_way(path):
    assert not _broken_directions(_module(path), _imports_of(path))


@pytest.mark.parametrize("path", OURS, ids=_module)
def test_only_the_screen_imports_streamlit(path):
    uses = [name for name in _imports_of(path) if name.split(".")[0] == "streamlit"]
    assert not uses or _package(_module(path)) in STREAMLIT_ALLOWED


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaves_import_nothing_of_core(leaf):
    path = ROOT / (leaf.replace(".", "/") + ".py")
    assert [name for name in _imports_of(path) if name.split(".")[0] == "core"] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.world.facts", "from core.policies.tokenizer import Tokenizer"),
        ("core.policies.tabular", "import core.world.facts"),
        ("core.figures.chart", "def f():\n    from core.stages import whiteboard"),
        ("core.objectives.kl", "from core import records"),
        ("core.stages.ppo", "from ..lessons import param"),
        ("core.records", "from core.objectives.kl import k1"),
        ("core.lessons.param", "from core.ui import shell"),
        ("core.ui.shell", "import pages.home"),
        ("core.new_thing", "import math"),
    ],
)
def test_the_rule_notices_a_wrong_import(module, source):
    assert _broken_directions(module, tuple(_imports(ast.parse(source), module, is_package=False)))


def test_no_import_is_resolved_by_name_at_run_time():
    """`importlib.import_module("core.…")` would pass by the rule above."""
    calls = [str(p) for p in OURS if re.search(r"import_module\(|__import__\(", p.read_text(encoding="utf-8"))]
    assert calls == []


def test_top_level_is_fixed():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} <= TOP_LEVEL


def test_app_is_thin():
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) < 40


@pytest.mark.parametrize("path", PYTHON, ids=_module)
def test_files_stay_small(path):
    name = path.relative_to(ROOT).as_posix()
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST or name in LONG_FILES


def test_long_files_are_still_long():
    """An exception that is no longer needed is taken off the list."""
    assert all(len((ROOT / name).read_text(encoding="utf-8").splitlines()) > LONGEST for name in LONG_FILES)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "pyproject.toml"])
def test_nothing_is_installed_from_another_address(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    addresses = set(re.findall(r"\w+://\S+", text))
    assert addresses == ({TORCH_PAGE} if name == "requirements.txt" else set())
    assert not re.search(r"index-url|trusted-host|^\s*-i\b", text, flags=re.MULTILINE)


def test_requirements_pin_every_package():
    lines = [
        line.split(";")[0].strip()
        for name in ("requirements.txt", "requirements-dev.txt")
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith(("-", "#"))
    ]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+]+", line)] == []


def _foreign_words() -> re.Pattern[str]:
    # Put together here, so that this file does not hold the words itself.
    hosts = ["py" + "pi.", "python" + "hosted.", "conda." + "anaconda", "registry." + "npm", "files." + "pyth"]
    paths = ["/" + folder + "/" for folder in ("work", "root", "home", "Users")]
    return re.compile("|".join([*map(re.escape, hosts), *(rf"(?<![\w.~}}]){re.escape(path)}\w" for path in paths)]))


def test_no_file_names_a_registry_or_a_machine():
    found = _foreign_words()
    texts = [p for p in FILES if p.suffix in TEXT_SUFFIXES and "reference/cases" not in p.as_posix()]
    assert len(texts) > 100
    hits = []
    for path in texts:
        match = found.search(path.read_text(encoding="utf-8", errors="replace"))
        if match:
            hits.append(f"{path.relative_to(ROOT)}: {match.group()}")
    assert hits == []


def test_the_version_is_one():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert version == VERSION


def test_nothing_heavy_or_generated_is_committed():
    names = {path.relative_to(ROOT).as_posix() for path in FILES}
    assert "static/plotly.min.js" not in names
    assert not {"uv.lock", "Pipfile", "environment.yml"} & names, (
        "Community Cloud would read these instead of requirements.txt"
    )
    assert [n for n in names if (ROOT / n).stat().st_size > 6_000_000] == []
