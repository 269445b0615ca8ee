"""The cluster example: several worker processes, the same bytes, and one of them killed in the middle."""

from __future__ import annotations

import json
import os
import runpy
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import distributed
import pytest

from tonnbook.clients.tonn import TonnClient
from tonnbook.studio.server.server import Studio

EXAMPLE = Path(__file__).parents[1] / "examples" / "master_on_a_cluster.py"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default"), pytest.mark.timeout(240)]


@pytest.fixture
def album(songs: Mapping[str, Path], tmp_path: Path) -> Path:
    entries = [{"trackURL": str(path), "musicalStyle": "POP", "desiredLoudness": "LOW"} for path in songs.values()]
    path = tmp_path / "album.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


@pytest.fixture
def cluster() -> Iterator[object]:
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as machines, distributed.Client(machines) as client:
        yield client


def kill_one(client: object, when: threading.Event) -> None:
    """Kill the first worker that is seen at work."""
    while not when.is_set():
        for address, keys in client.processing().items():  # type: ignore[attr-defined]
            if keys:
                pid = client.run(os.getpid, workers=[address])[address]  # type: ignore[attr-defined]
                time.sleep(0.5)
                os.kill(pid, signal.SIGKILL)
                when.set()
                return
        time.sleep(0.05)


def test_a_worker_that_is_killed_loses_nothing(cluster: object, album: Path, tmp_path: Path) -> None:
    killed = threading.Event()
    killer = threading.Thread(target=kill_one, args=(cluster, killed), daemon=True)
    killer.start()
    masters = runpy.run_path(str(EXAMPLE))["master_on"](cluster, album, tmp_path / "there")
    assert killed.is_set()
    assert (len(masters), masters.failed) == (4, {})
    with Studio() as studio:
        tonn = TonnClient(studio.url, studio.key)
        here = tonn.master_all(album, tmp_path / "here").result(120)
        tonn.close()
    for one, other in zip(masters, here, strict=True):
        assert one.master.path.read_bytes() == other.master.path.read_bytes()


def test_workers_can_master_whole_songs(cluster: object, album: Path, tmp_path: Path) -> None:
    """The other place for an executor: each worker sends its song to the server and fetches the master."""
    with Studio() as studio:
        tonn = TonnClient(studio.url, studio.key)
        there = tonn.master_all(album, tmp_path / "there", executor=cluster.get_executor()).result(120)  # type: ignore[attr-defined]
        here = tonn.master_all(album, tmp_path / "here").result(120)
        tonn.close()
    assert (len(there), there.failed) == (4, {})
    for one, other in zip(there, here, strict=True):
        assert one.master.path.read_bytes() == other.master.path.read_bytes()
