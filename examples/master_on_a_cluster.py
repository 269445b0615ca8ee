"""Master a catalogue on a cluster: the studio masters each song on a Dask worker; the files are the same as from one machine, byte for byte.

    pip install "tonnbook[cluster]"
    python examples/master_on_a_cluster.py album_mastering_payload.json final_masters

The studio uses any `concurrent.futures.Executor`; `Client.get_executor()` of `dask.distributed` is one. If a worker dies, Dask gives its
song to another worker, and a file gets its name only when it is complete. Workers on other machines must
see the studio's folder under the same path (`Studio(folder=...)` on a shared disk) and have the same tonnbook installed.

With the live service there is nothing to compute here, only songs to upload and to download: `master_all(album, executor=...)` runs these on
the workers, which must reach the server, and see the songs and the folder of the masters.
"""

from __future__ import annotations

import sys
from pathlib import Path

from distributed import Client, LocalCluster

from tonnbook.clients.tonn import TonnClient
from tonnbook.models.masters import Masters
from tonnbook.studio.server.server import Studio


def master_on(cluster: Client, album: Path, to: Path) -> Masters:
    """Master an album with the workers of a cluster; the result has the reasons of the songs that fail."""
    with Studio(executor=cluster.get_executor(retries=3)) as studio:
        tonn = TonnClient(studio.url, studio.key)
        try:
            return tonn.master_all(album, to, at_once=8).result()
        finally:
            tonn.close()


if __name__ == "__main__":
    with LocalCluster(threads_per_worker=1) as machines, Client(machines) as client:
        sys.stdout.write(f"{master_on(client, Path(sys.argv[1]), Path(sys.argv[2]))}\n")
