"""Check Binder's files: every dependency is pinned, and the scripts stop at the first error."""

import os
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LINES = [line for line in (ROOT / "binder/requirements.txt").read_text().splitlines() if not line.startswith("#")]
PINS = dict(line.split("==") for line in LINES)


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


@pytest.mark.parametrize("needed", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]])
def test_each_dependency_is_pinned_inside_its_range(needed: str) -> None:
    name = re.match(r"[\w-]+", needed).group()
    pinned = version(PINS[name])
    for sign, bound in re.findall(r"(>=|<|==)([\d.]+)", needed):
        satisfied = {">=": pinned >= version(bound), "<": pinned < version(bound), "==": pinned == version(bound)}
        assert satisfied[sign], f"{name} is pinned to {PINS[name]}, the project needs {needed}"


def test_python_is_pinned_to_a_supported_version() -> None:
    (minor,) = re.fullmatch(r"python-3\.(\d+)\n", (ROOT / "binder/runtime.txt").read_text()).groups()
    assert f"Programming Language :: Python :: 3.{minor}" in PROJECT["classifiers"]


def test_the_scripts_are_executable_and_stop_at_the_first_error() -> None:
    for name in ("postBuild", "start"):
        script = ROOT / "binder" / name
        assert os.access(script, os.X_OK)
        assert script.read_text().startswith("#!/bin/bash\n")
    assert "set -euxo pipefail" in (ROOT / "binder/postBuild").read_text()
    assert (ROOT / "binder/start").read_text().rstrip().endswith('exec "$@"')
