"""Run the README's example and compare what it prints; check its links and commands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE, PRINTS = re.search(r"```python\n(.*?)```\nprints\n```\n(.*?)```", TEXT, re.DOTALL).groups()
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def numbers(text: str) -> list[float]:
    return [float(found) for found in NUMBER.findall(text)]


def test_the_example_prints_what_the_readme_says(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXAMPLE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert answer.stderr == ""
    assert NUMBER.split(answer.stdout) == NUMBER.split(PRINTS)
    # The last digit may differ between processors: their vector units round differently.
    assert numbers(answer.stdout) == pytest.approx(numbers(PRINTS), rel=0.02, abs=0.15)
    assert [path.name for path in tmp_path.iterdir()] == ["night_bus.wav"]


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?://)([^)#]+)\)", TEXT))
def test_each_link_into_the_project_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_binder_badge_opens_the_first_lesson() -> None:
    (path,) = re.findall(r"mybinder\.org/v2/gh/\S+?\?urlpath=lab/tree/([^)]+)", TEXT)
    assert (ROOT / path).exists()


def test_the_commands_are_those_of_start_py() -> None:
    commands = re.findall(r"python3 (\S+) (\w+)\n", TEXT)
    assert (
        {("start.py", "lab"), ("start.py", "test")}
        <= set(commands)
        <= {("start.py", n) for n in ("lab", "app", "test")}
    )
    listed = subprocess.run(
        [sys.executable, "start.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "{lab,app,test}" in listed.stdout
