from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest
import requests
import uvicorn
from outside import Caller

from tonnbook.errors import TonnbookError
from tonnbook.studio.runtime.http_client import quiet_logging
from tonnbook.studio.server.server import Studio


def healthy(studio: Studio) -> bool:
    return requests.get(studio.url + "/health", timeout=60).status_code == 200


def test_it_answers_after_start() -> None:
    studio = Studio()
    with pytest.raises(TonnbookError, match="start"):
        _ = studio.url
    assert repr(studio) == "Studio(not started)"
    with studio.start() as same:
        assert same is studio
        assert same.start().url == studio.url
        assert studio.url.startswith("http://127.0.0.1:")
        assert healthy(studio)
        assert repr(studio) == f"Studio({studio.url})"


def test_close_stops_serving_and_deletes_all_files(tmp_path: Path) -> None:
    studio = Studio(folder=tmp_path).start()
    url = studio.url
    Caller(studio).upload(b"sound", "vocal.wav")
    assert len(list(tmp_path.iterdir())) == 1
    studio.close()
    studio.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/health", timeout=60)
    with pytest.raises(TonnbookError, match="closed"):
        studio.start()
    assert repr(studio) == "Studio(closed)"


def test_close_without_start() -> None:
    Studio().close()


def test_start_raises_when_serving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: uvicorn.Server, sockets: object = None) -> None:
        raise OSError("too many open files")

    monkeypatch.setattr(uvicorn.Server, "startup", fail)
    studio = Studio(folder=tmp_path)
    with pytest.raises(TonnbookError, match="could not start serving: too many open files"):
        studio.start()
    assert repr(studio) == "Studio(closed)"
    assert list(tmp_path.iterdir()) == []


def test_start_raises_when_the_server_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def end(self: uvicorn.Server, sockets: object = None) -> None:
        pass

    monkeypatch.setattr(uvicorn.Server, "serve", end)
    with pytest.raises(TonnbookError, match="could not start serving: the server ended"):
        Studio().start()


def test_two_studios_share_nothing(excerpts: Mapping[str, Path]) -> None:
    with Studio(key="one") as one, Studio(key="two") as two:
        first, second = Caller(one), Caller(two)
        link = first.upload(excerpts["bass"])
        assert one.url != two.url
        assert requests.get(link.replace(one.url, two.url), timeout=60).status_code == 404
        assert requests.get(two.url + "/studio/ledger", headers={"X-API-Key": "one"}, timeout=60).status_code == 401
        # a link of another studio is downloaded like any other link
        task_id = second.start([link, second.upload(excerpts["vocal"])])
        assert second.finished(task_id).status_code == 200
        assert [entry.call for entry in two.ledger.entries] == ["mix_preview"]
        assert one.ledger.entries == ()
        assert first.preview(task_id).status_code == 404
        one.close()
        assert healthy(two)


def test_a_chosen_port_and_a_port_in_use() -> None:
    with Studio() as studio:
        port = int(studio.url.rpartition(":")[2])
        second = Studio(port=port)
        with pytest.raises(OSError, match="in use"):
            second.start()
        second.close()
    with Studio(port=port) as again:
        assert again.url.endswith(f":{port}")


def test_it_listens_on_this_machine_only() -> None:
    with Studio() as studio:
        port = int(studio.url.rpartition(":")[2])
        sockets = psutil.Process().net_connections("tcp")
        assert {s.laddr.ip for s in sockets if s.status == "LISTEN" and s.laddr.port == port} == {"127.0.0.1"}


def test_signal_handlers_and_other_loggers_are_unchanged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    filters = list(logging.getLogger("uvicorn.error").filters)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with caplog.at_level(logging.DEBUG), Studio() as studio:
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
        healthy(studio)
        with socket.create_connection(("127.0.0.1", int(studio.url.rpartition(":")[2]))) as connection:
            connection.sendall(b"this is not HTTP\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
        logging.getLogger("uvicorn.error").info("another server")
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == ["another server"]
    assert logging.getLogger("uvicorn.access").propagate
    assert logging.getLogger("uvicorn.error").filters == filters
    assert capfd.readouterr() == ("", "")


def test_quiet_logging_ends_with_its_block_and_is_for_its_thread_only(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("some.server")
    with caplog.at_level(logging.DEBUG):
        with quiet_logging("some.server"):
            logger.info("with a signature")
            other = threading.Thread(target=logger.info, args=["from elsewhere"])
            other.start()
            other.join()
        logger.info("afterwards")
    assert caplog.messages == ["from elsewhere", "afterwards"]


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60)


def test_a_program_that_ends_closes_its_studio(tmp_path: Path) -> None:
    ended = run(
        "import sys, pathlib; from tonnbook.studio.server.server import Studio\n"
        f"studio = Studio(folder=pathlib.Path({str(tmp_path)!r})).start(); print(studio.url)"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("http://127.0.0.1:")
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_ends_does_not_wait_for_a_render(tmp_path: Path, excerpts: Mapping[str, Path]) -> None:
    ended = run(
        f"""
import pathlib, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from outside import Caller
from tonnbook.studio.server.server import Studio
caller = Caller(Studio(folder=pathlib.Path({str(tmp_path)!r})).start())
names = {[str(path) for path in excerpts.values()]!r}
for _ in range(6):
    task_id = caller.start([caller.upload(pathlib.Path(name)) for name in names], returnStems=True)
while caller.preview(task_id).json()["progress"] == 0 and caller.preview(task_id).json()["stage"].startswith("downloading"):
    pass
print("ending")
"""
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ending\n", "")
    assert list(tmp_path.iterdir()) == []


def test_it_works_with_nest_asyncio() -> None:
    ended = run(
        """
import asyncio
import nest_asyncio2, requests
from tonnbook.studio.server.server import Studio
first = Studio().start()

async def main():
    nest_asyncio2.apply()
    with Studio() as second:
        for studio in (first, second):
            print(asyncio.run(asyncio.to_thread(requests.get, studio.url + "/health")).status_code)

asyncio.run(main())
print(requests.get(first.url + "/health").status_code)
"""
    )
    assert (ended.stdout.split(), ended.stderr) == (["200", "200", "200"], "")
