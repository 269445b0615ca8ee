"""The command line program `tonnbook`.

tonnbook lab                open the lessons in JupyterLab
tonnbook app                mix and master your own recordings on a page without code
tonnbook studio --port N    run only the studio, for any client
tonnbook master album.json  master an album, in the local studio or, with --live, on the service
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_LESSON = "00_start_here.ipynb"

KEY = "TONNBOOK_KEY"
"""Environment variable with the key of `tonnbook studio`. An argument would show in the list of the machine's processes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit status."""
    parser = _parser()
    chosen, other = parser.parse_known_args(arguments)
    if other and not chosen.passes_on:
        parser.error(f"unrecognized arguments: {' '.join(other)}")
    chosen.jupyter = [option for option in other if option != "--"]
    return int(chosen.run(chosen))


def _parser() -> argparse.ArgumentParser:
    from tonnbook import __version__, album_program, app_program

    parser = argparse.ArgumentParser(prog="tonnbook", description="Mix, master and compose from a notebook.")
    parser.add_argument("--version", action="version", version=f"tonnbook {__version__}")
    parser.set_defaults(passes_on=False)
    commands = parser.add_subparsers(required=True, metavar="command")
    lab = commands.add_parser(
        "lab", help="open the lessons in JupyterLab", epilog="Other options are passed to JupyterLab."
    )
    lab.add_argument("--folder", type=Path, help="work on a copy of the lessons in this folder")
    lab.set_defaults(run=_lab, passes_on=True)
    app_program.add(commands, lessons_folder())
    studio = commands.add_parser("studio", help="run only the studio, for any client")
    studio.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1; 0 for a free one (default 8765)")
    studio.add_argument(
        "--key-file",
        type=Path,
        help=f"file with the key that clients must send (default: the environment variable {KEY}, else a random key)",
    )
    studio.add_argument(
        "--strict", action="store_true", help="refuse requests without a field that the live service requires"
    )
    studio.set_defaults(run=_studio)
    album_program.add(commands)
    return parser


def lessons_folder() -> Path | None:
    """Return the folder of the lessons: beside the package in a checkout, in the package when installed."""
    package = Path(__file__).resolve().parent
    return next((f for f in (package.parent / "notebooks", package / "notebooks") if (f / FIRST_LESSON).exists()), None)


def copy_lessons(lessons: Path, to: Path) -> Path:
    """Copy the lessons to the folder `to` without overwriting files; return `to`."""
    to.mkdir(parents=True, exist_ok=True)
    for lesson in sorted(lessons.glob("*.ipynb")):
        if not (to / lesson.name).exists():
            shutil.copyfile(lesson, to / lesson.name)
    return to.resolve()


def _lab(chosen: argparse.Namespace) -> int:
    if find_spec("jupyterlab") is None:
        print("JupyterLab is not installed here. Install it with: pip install 'tonnbook[lab]'", file=sys.stderr)
        return 1
    folder = lessons_folder()
    if folder is None:
        print("This installation has no lessons; clone the repository to get them", file=sys.stderr)
        return 1
    if chosen.folder or folder.parent == Path(__file__).resolve().parent:
        folder = copy_lessons(folder, chosen.folder or Path("tonnbook-lessons"))
    # Jupyter refuses to run as root, the user in many containers; it listens on loopback only, with a token.
    root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    options = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}"]
    command = [sys.executable, "-m", "jupyter", "lab", *root, *options, *chosen.jupyter]
    try:
        return subprocess.call(command, cwd=folder)
    except KeyboardInterrupt:
        return 0


def _studio_key(file: Path | None) -> tuple[str | None, str]:
    """Return the chosen key and where it is from; None if none was chosen. Raises OSError, or ValueError for an unusable key."""
    key, source = os.environ.get(KEY), f"that of the environment variable {KEY}"
    if file is not None:
        key, source = file.read_text(encoding="utf-8").strip(), f"that of the file {file}"
    if key is None:
        return None, ""
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError(f"{source} is empty, or has a space, a line break or a letter that is not ASCII")
    return key, source


def _studio(chosen: argparse.Namespace) -> int:
    from tonnbook.errors import TonnbookError
    from tonnbook.studio.server.server import Studio

    try:
        key, source = _studio_key(chosen.key_file)
    except (OSError, ValueError) as error:
        print(f"The studio has no usable key: {error}", file=sys.stderr)
        return 1
    try:
        studio = Studio(port=chosen.port, key=key, strict=chosen.strict).start()
    except (OSError, TonnbookError) as error:
        print(f"The studio could not start on port {chosen.port}: {error}", file=sys.stderr)
        return 1
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # also if a shell has made the process ignore Ctrl-C
        signal.signal(number, lambda *_: ended.set())
    with studio:
        print(f"tonnbook studio at {studio.url}", flush=True)
        print(f"health: curl {studio.url}/health    calls: {studio.url}/docs    Ctrl-C ends it", flush=True)
        print(f"key: {source or studio.key + f'    (choose your own with {KEY} or --key-file)'}", flush=True)
        while not ended.wait(1.0):  # with a timeout, because without one Windows does not notice the signal
            pass
    print("\nThe studio is closed.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
