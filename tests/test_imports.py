"""Who may import whom (the table in .github/ARCHITECTURE.md), that no modules import each other, and what `import tonnbook` loads.

All imports count: also those inside a function, and those under TYPE_CHECKING.
"""

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tonnbook"

FEATURE = {"errors", "models", "dsp", "audio_files", "studio.runtime", "studio.measure"}
MAY_IMPORT = {
    "errors": set(),
    "models": {"errors"},
    "dsp": set(),
    "audio_files": {"errors"},
    "sound_files": {"errors"},  # folders, lists, mappings and archives are read in one place, for widgets and clients
    "clients": {
        "errors",
        "models",
        "sound_files",
        "audio_files",
    },  # a downloaded sound is opened before it counts as one
    "studio.runtime": {"errors", "models", "studio.measure.progress"},
    "studio.measure": {"errors", "models", "dsp", "audio_files"},
    "studio.mixing": FEATURE | {"studio.mastering"},
    "studio.mastering": FEATURE,
    "studio.analysis": FEATURE,
    "studio.enhancement": FEATURE | {"studio.analysis", "studio.mastering", "studio.separation"},
    "studio.cleanup": FEATURE,
    "studio.separation": FEATURE,
    "studio.recombination": FEATURE | {"studio.mixing", "studio.mastering", "studio.separation"},
    "studio.composition": FEATURE,
    "studio.server": {"errors", "models", "dsp", "audio_files", "studio"},
    "plots": {"errors", "models", "dsp", "audio_files"},
    "widgets": {
        "errors",
        "models",
        "dsp",
        "audio_files",
        "sound_files",
        "clients.jobs",
        "default_clients",  # the forms' button sends with the local studio, which only `services` knows
        "demo",  # forms offer the demo's files
    },
    "exercises": {"errors", "models", "dsp", "audio_files", "demo", "planted_faults", "clients", "plots", "widgets"},
    "default_clients": set(),
    "services": {"errors", "models", "clients", "studio", "default_clients"},
    "demo": {"errors", "models", "audio_files", "planted_faults", "studio.composition.composer"},
    "planted_faults": {"dsp"},
    "album_program": {"errors", "models", "clients", "services"},
    "app_program": set(),
    "__main__": {"errors", "album_program", "app_program", "studio.server"},
}
"""Packages and modules of ours by what they may import of ours, beside themselves."""

OUTSIDE = {
    "errors": set(),
    "models": {"pydantic", "pydantic_core"},
    "dsp": {"numpy", "scipy", "soxr"},
    "audio_files": {"numpy", "soundfile", "soxr"},
    "sound_files": set(),
    "clients": {"requests", "urllib3", "pydantic", "filelock"},
    "plots": {"numpy", "matplotlib", "PIL"},  # PIL comes with matplotlib
    "demo": set(),
    "planted_faults": {"numpy"},
}
NEVER = [("widgets", "requests"), ("clients", "IPython"), ("studio", "requests"), ("studio", "IPython")]
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


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def imports(module: str) -> frozenset[str]:
    """Return the full names of everything that a module imports; of `from package import module`, the module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.add(inner if inner in MODULES else str(node.module))
    return frozenset(names)


def modules_of(package: str) -> list[str]:
    found = [name for name in MODULES if f"{name}.".startswith(f"tonnbook.{package}.")]
    assert found, f"no such package: {package}"
    return found


def _is_in(name: str, packages: set[str]) -> bool:
    return any(f"{name}.".startswith(f"tonnbook.{package}.") for package in packages)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_the_table_allows(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    offences = [
        f"{module} imports {name}"
        for module in modules_of(package)
        for name in imports(module)
        if name.startswith("tonnbook.") and not _is_in(name, allowed)
    ]
    assert offences == []


def test_the_table_names_every_module() -> None:
    packages = set(MAY_IMPORT)
    left = [name for name in MODULES if name not in {"tonnbook", "tonnbook.studio"} and not _is_in(name, packages)]
    assert left == []


@pytest.mark.parametrize("package", OUTSIDE)
def test_a_package_imports_only_these_libraries(package: str) -> None:
    allowed = OUTSIDE[package] | sys.stdlib_module_names | {"tonnbook"}
    offences = [
        f"{module} imports {name}"
        for module in modules_of(package)
        for name in imports(module)
        if name.partition(".")[0] not in allowed
    ]
    assert offences == []


@pytest.mark.parametrize(("package", "never"), NEVER)
def test_a_package_never_imports_this_library(package: str, never: str) -> None:
    assert [m for m in modules_of(package) if any(n.partition(".")[0] == never for n in imports(m))] == []


def test_no_modules_import_each_other() -> None:
    """`tonnbook/__init__.py` is left out: it names everything for type checkers."""
    graph = {module: imports(module) & (MODULES.keys() - {"tonnbook"}) for module in MODULES if module != "tonnbook"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


def test_importing_tonnbook_loads_nothing_heavy() -> None:
    code = f"import sys, tonnbook; print([m for m in {HEAVY} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
