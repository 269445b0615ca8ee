"""Who may import whom (the table in .github/CONTRIBUTING.md), and what `import tonnbook` must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tonnbook"
ROOMS = [
    "errors",
    "models",
    "dsp",
    "audio_files",
    "clients",
    "studio",
    "plots",
    "widgets",
    "services",
    "demo",
    "planted_faults",
]
MAY_IMPORT = {
    "errors": set(),
    "models": {"errors"},
    "dsp": set(),
    "audio_files": {"errors"},
    "clients": {"errors", "models"},
    "studio": {"errors", "models", "dsp", "audio_files"},
    "plots": {"errors", "models", "dsp", "audio_files"},
    "widgets": {"errors", "models", "dsp", "audio_files", "clients.jobs", "clients.album.batch"},
    "services": {"errors", "models", "clients", "studio"},
    "demo": {"errors", "models", "audio_files", "planted_faults", "studio.composition.composer"},
    "planted_faults": {"dsp"},
}
OUTSIDE = {
    "errors": set(),
    "models": {"pydantic", "pydantic_core"},
    "dsp": {"numpy", "scipy", "soxr"},
    "audio_files": {"numpy", "soundfile", "soxr"},
    "clients": {"requests", "urllib3", "pydantic", "filelock"},
    "plots": {"numpy", "matplotlib", "PIL"},  # PIL comes with matplotlib
    "demo": set(),
    "planted_faults": {"numpy"},
}
HEAVY = [
    "scipy",
    "matplotlib",
    "fastapi",
    "uvicorn",
    "soundfile",
    "soxr",
    "IPython",
    "numpy",
    "anywidget",
    "ipywidgets",
]


def modules(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]


def imports(module: Path) -> set[str]:
    """Return what a module imports when it runs: imports for type checkers only do not count."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.name}: relative import"
            names |= {
                f"{node.module}.{alias.name}" if node.module == "tonnbook" else str(node.module) for alias in node.names
            }
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    files = modules(room)
    assert files, f"no such room: {room}"
    for module in files:
        for name in imports(module):
            top, _, rest = name.partition(".")
            if top == "tonnbook":
                allowed = {room, *MAY_IMPORT[room]}
                assert any(f"{rest}.".startswith(f"{a}.") for a in allowed), f"{module.name} imports tonnbook.{rest}"
            elif room in OUTSIDE and top not in sys.stdlib_module_names:
                assert top in OUTSIDE[room], f"{module.name} imports {name}"


@pytest.mark.parametrize(("room", "never"), [("widgets", "requests"), ("clients", "IPython"), ("studio", "requests")])
def test_what_a_room_never_imports(room: str, never: str) -> None:
    for module in modules(room):
        assert not any(name.split(".")[0] == never for name in imports(module)), module.name


def test_importing_tonnbook_loads_nothing_heavy() -> None:
    code = f"import sys, tonnbook; print([m for m in {HEAVY} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
