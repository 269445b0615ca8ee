"""`tonnbook app`: open "Your song" in the browser as a page without code, served by Voilà."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LESSON = "06_your_song.ipynb"
_PAGE = Path(__file__).with_name("app_page")


def add(commands: Any, lessons: Path | None) -> None:
    """Add the command to the program's parser; `lessons` is the folder of the lessons, None if there is none."""
    app = commands.add_parser(
        "app",
        help="mix and master your own recordings on a page without code",
        epilog="Other options are passed to Voilà.",
    )
    app.add_argument("--port", type=int, default=8866, help="port on 127.0.0.1 (default 8866)")
    app.add_argument("--dark", action="store_true", help="dark instead of light")
    app.add_argument("--no-browser", action="store_true", help="print the address instead of opening it in a browser")
    app.set_defaults(run=run, lessons=lessons, passes_on=True)


def run(chosen: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; return the exit status."""
    if find_spec("voila") is None:
        print("Voilà is not installed here. Install it with: pip install 'tonnbook[app]'", file=sys.stderr)
        return 1
    if chosen.lessons is None or not (chosen.lessons / LESSON).exists():
        print(f"This installation has no {LESSON}; clone the repository to get it", file=sys.stderr)
        return 1
    options = [
        "--Voila.ip=127.0.0.1",
        f"--port={chosen.port}",
        "--token",  # a new secret at each start: other users of this machine cannot open the page
        f"--theme={'dark' if chosen.dark else 'light'}",
        "--template=tonnbook",
        *(["--no-browser"] if chosen.no_browser else []),
        *chosen.jupyter,
    ]
    from voila.app import Voila

    others = filter(None, [os.environ.get("JUPYTER_PATH")])
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(_PAGE), *others])  # where the template is
    Voila.launch_instance([str(chosen.lessons / LESSON), *options])
    return 0
