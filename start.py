"""Set everything up and start: `python3 start.py lab` opens the lessons, `app` a page without code, `test` runs the tests.

Needs only Python 3.11 or later. Creates the virtual environment `.venv` beside this file, installs tonnbook and what the command
needs into it, and runs the command there. Later runs skip the installation.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENV = HERE / ".venv"
PYTHON = ENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NEEDS = {
    "lab": ["--editable", f"{HERE}[lab]"],
    "app": ["--editable", f"{HERE}[app]"],
    "test": ["--editable", f"{HERE}[lab]", "--group", f"{HERE / 'pyproject.toml'}:test"],
}

ALL_TESTS = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]
"""Arguments of pytest when none are given: run all tests in parallel. Those of `start.py test tests/dsp` replace them."""


def main() -> int:
    """Return the exit status of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=NEEDS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="arguments for JupyterLab, the app or pytest")
    arguments = parser.parse_args()
    missing = missing_requirement()
    if missing:
        print(missing, file=sys.stderr)
        return 1
    set_up(arguments.command)
    if arguments.command in ("lab", "app"):
        return run(PYTHON, "-m", "tonnbook", arguments.command, *arguments.rest)
    chromium = browser()
    if chromium is None:
        print("Chromium is not installed, so the browser tests will be skipped: apt-get install chromium", flush=True)
    else:
        os.environ["CHROMIUM"] = chromium
    return run(PYTHON, "-m", "pytest", *(arguments.rest or ALL_TESTS))


def missing_requirement() -> str:
    """Return a message that names what this machine lacks, or an empty string."""
    if sys.version_info < (3, 11):
        return f"tonnbook needs Python 3.11 or later; this is {sys.version.split()[0]}. Try: python3.12 start.py lab"
    if not PYTHON.exists() and importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return (
            f"This Python cannot create virtual environments. On Debian or Ubuntu: apt-get install python{version}-venv"
        )
    return ""


def set_up(command: str) -> None:
    """Create the environment and install what `command` needs, unless that was done for this version of pyproject.toml."""
    if not PYTHON.exists():
        print(f"Creating a virtual environment in {ENV} ...", flush=True)
        check(sys.executable, "-m", "venv", ENV)
        # dependency groups (PEP 735) need pip 25.1; Python 3.11 and 3.12 come with an older one
        check(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pip>=25.1")
    state = hashlib.sha256((HERE / "pyproject.toml").read_bytes()).hexdigest()
    stamp = ENV / f"tonnbook-{command}.stamp"
    if stamp.exists() and stamp.read_text() == state:
        return
    print(f"Installing what `{command}` needs; this takes a minute ...", flush=True)
    check(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDS[command])
    stamp.write_text(state)


def browser() -> str | None:
    """Return the path of the Chromium for the browser tests, or None."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def check(*command: object) -> None:
    """Run a step of the set-up; exit with a message if it fails."""
    status = run(*command)
    if status:
        sys.exit(f"This step failed: {' '.join(map(str, command))}")


def run(*command: object) -> int:
    """Run a command in this terminal and return its exit status; 130 after Ctrl-C."""
    try:
        return subprocess.call([str(part) for part in command], cwd=HERE)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
