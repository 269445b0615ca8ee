"""Opening and closing the services of a notebook, and running a coroutine in a script or a notebook."""

import asyncio
import os
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tonnbook.errors import TonnbookError
from tonnbook.services import Services, live, offline, run


@pytest.fixture
def local() -> Iterator[Services]:
    """The services of this process, closed again afterwards."""
    running = offline()
    yield running
    running.close()


def script(code: str, *arguments: object, temporary: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own, with every warning an error; `temporary` is its folder for temporary files."""
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    env = os.environ | ({"TMPDIR": str(temporary), "TEMP": str(temporary)} if temporary else {})
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env)


def test_the_key_of_the_studio_is_random(local: Services) -> None:
    assert local.studio is not None
    assert len(local.studio.key) >= 32
    assert local.studio.key not in repr((local, local.studio, local.tonn, local.beatoven))


def test_there_is_one_studio_in_a_process(local: Services) -> None:
    assert offline() is local
    assert local.studio is not None
    assert local.inbox is not None
    assert local.tonn.url == local.studio.url
    assert "tonnbook local studio" in local.tonn.health()


def test_a_closed_one_is_started_anew(local: Services) -> None:
    local.close()
    local.close()
    again = offline()
    assert again is not local
    assert "tonnbook local studio" in again.tonn.health()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(local.tonn.url).port), timeout=1)
    again.close()


def test_downloads_go_to_the_given_folder(tmp_path: Path) -> None:
    with offline(tmp_path) as local:
        assert local.tonn.downloads == tmp_path
        assert offline(tmp_path) is offline() is local
        with pytest.raises(
            ValueError, match=r"is running already, with downloads in .*: close\(\) those services first"
        ):
            offline(tmp_path / "elsewhere")
    assert local.closed


def test_strict_services_refuse_what_the_live_service_refuses() -> None:
    with offline(strict=True) as local:
        assert local.studio is not None
        assert local.studio.strict
        assert offline() is local
    with offline() as local, pytest.raises(ValueError, match=r"is not strict: close\(\) those services first"):
        offline(strict=True)


def test_the_repr_of_services(local: Services) -> None:
    assert repr(local) == f"<Services local studio at {local.tonn.url}>"
    local.close()
    assert repr(local).endswith(", closed>")


LEFT_OPEN = """
import sys
import tonnbook as tb
local = tb.offline()
tracks = [tb.MixTrack(source=__import__("pathlib").Path(p), instrument="OTHER_GROUP1") for p in sys.argv[1:]]
job = local.tonn.preview_mix(tb.MixRequest(tracks=tracks, style="POP"))
print(local.tonn.downloads, local.tonn.url, len(list(local.tonn.downloads.parent.glob("tonnbook-*"))))
"""


def test_all_is_closed_at_exit_even_with_a_job_on_its_way(excerpts: Mapping[str, Path], tmp_path: Path) -> None:
    left = script(LEFT_OPEN, excerpts["bass"], excerpts["vocal"], temporary=tmp_path)
    assert (left.returncode, left.stderr) == (0, "")
    downloads, url, folders = left.stdout.split()
    assert Path(downloads).parent == tmp_path
    assert int(folders) == 2  # the downloads and the studio's files
    assert not list(tmp_path.glob("tonnbook-*"))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=1)


def test_live_needs_a_key_and_says_how_to_give_it() -> None:
    with pytest.raises(TonnbookError, match=r"no key for Tonn: set .*TONN_API_KEY.*tb\.offline\(\)"):
        live()


def test_live_takes_the_key_that_is_given_or_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONN_API_KEY", "key-of-the-environment\n")
    for found in (live(), live("key-that-was-given")):
        assert repr(found) == "<Services live at https://tonn.roexaudio.com>"
        assert (found.studio, found.inbox) == (None, None)
        assert not any(word in f"{found!r}{vars(found)}{vars(found.tonn)}" for word in ("environment", "given"))
        found.close()


def test_a_key_in_the_environment_does_not_choose_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONN_API_KEY", "key-of-the-environment")
    with offline() as local:
        assert urlsplit(local.tonn.url).hostname == "127.0.0.1"


def test_live_sends_the_given_webhook_address(tmp_path: Path) -> None:
    with live("some-key", webhook_url="https://tunnel.example/hook", folder=tmp_path) as found:
        assert found.inbox is not None
        assert found.inbox.url == "https://tunnel.example/hook"
        assert found.tonn.downloads == tmp_path


def test_the_studio_is_imported_only_when_it_is_used() -> None:
    code = (
        "import sys, tonnbook.services; print([m for m in ('fastapi', 'scipy', 'nest_asyncio2') if m in sys.modules])"
    )
    assert script(code).stdout.strip() == "[]"


async def _double(x: int) -> int:
    await asyncio.sleep(0)
    return 2 * x


def test_run_in_a_script_is_asyncio_run() -> None:
    assert run(_double(21)) == 42
    assert not hasattr(asyncio, "_nest_patched")
    with pytest.raises(LookupError, match="from inside"):
        run(_failing())


async def _failing() -> None:
    raise LookupError("from inside")


NESTED = """
import asyncio
from tonnbook.services import run

async def inner(x):
    await asyncio.sleep(0.01)
    return 2 * x

def program():
    return asyncio.run(inner(4))

async def notebook():
    first = run(inner(1))
    side = asyncio.ensure_future(inner(2))
    second = run(inner(3))
    return first, await side, second, program(), asyncio.get_running_loop().is_running()

print(asyncio.run(notebook()))
print(run(inner(5)))
"""


def test_run_inside_a_running_loop_lets_an_asyncio_program_run_unchanged() -> None:
    done = script(NESTED)
    assert (done.stdout, done.stderr) == ("(2, 4, 6, 8, True)\n10\n", "")


PATCHED_BEFORE = """
import asyncio, nest_asyncio2, warnings
from tonnbook.services import run

async def inner():
    return "done"

async def notebook():
    nest_asyncio2.apply()
    del asyncio._nest_asyncio2  # all that tells it from nest_asyncio 1.6, which sets the other marker only
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        print(run(inner()))
    print(*[f"{w.category.__name__}: {w.message} {w.filename}" for w in caught])

asyncio.run(notebook())
"""


def test_the_old_nest_asyncio_is_warned_about() -> None:
    done = script(PATCHED_BEFORE)
    assert done.stdout.startswith("done\nRuntimeWarning: asyncio has been patched by nest_asyncio 1.6")
    assert done.stdout.count("RuntimeWarning") == 1
    assert "<string>" in done.stdout
    assert done.stderr == ""


def test_run_leaves_no_loop_behind() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(_loop()).is_closed()


async def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
