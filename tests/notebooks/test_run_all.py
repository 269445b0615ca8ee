"""Run All as JupyterLab does it: every cell is sent at once, and the kernel works through the queue.

With the old nest_asyncio this is where cells are lost (jupyter: "cannot enter context"); nbclient, which sends one cell after
the other, does not see it.
"""

import queue
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

CELLS = [
    "import asyncio, warnings\nfrom pathlib import Path\nimport tonnbook as tb\nwarnings.simplefilter('error')",
    "local = tb.offline()\nprint(repr(local).split(' at ')[0])",
    """
tracks = [tb.MixTrack(source=Path(p), instrument='OTHER_GROUP1') for p in PATHS]
job = local.tonn.preview_mix(tb.MixRequest(tracks=tracks, style='POP'))""",
    """
async def main():
    preview = await job
    await asyncio.sleep(0.05)
    return preview.task_id == job.task_id
print('nested', tb.run(main()))""",
    "print('after it')",
    "preview = await job\nprint('awaited', preview.mix.path.exists())",
    "print('unchanged program', asyncio.run(main()))",
    "await asyncio.sleep(0.05)\nprint('top-level await')",
    "final = await local.tonn.final_mix(preview, {'bass': tb.TrackEffects(gain_db=-2)})\nprint('final', final.mix.name)",
    "print('again', tb.run(main()), job.result(timeout=1) is preview)",
    "local.close()\nprint('end')",
]
PRINTED = [
    "<Services local studio",
    "nested True",
    "after it",
    "awaited True",
    "unchanged program True",
    "top-level await",
    "final mix.wav",
    "again True True",
    "end",
]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlockingKernelClient]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run_all(kernel: BlockingKernelClient, cells: list[str], seconds: float) -> tuple[list[str | None], list[str]]:
    """Send all cells at once; return how each ended (None: never) and what they printed."""
    sent = [kernel.execute(cell) for cell in cells]
    ended: dict[str, str] = {}
    until = time.monotonic() + seconds
    while not set(sent) <= set(ended) and time.monotonic() < until:
        try:
            reply = kernel.get_shell_msg(timeout=0.5)
        except queue.Empty:
            continue
        ended[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    return [ended.get(cell) for cell in sent], list(_printed(kernel))


def _printed(kernel: BlockingKernelClient) -> Iterator[str]:
    while True:
        try:
            message: Any = kernel.get_iopub_msg(timeout=0.5)
        except queue.Empty:
            return
        content = message["content"]
        if message["msg_type"] == "stream":
            yield from content["text"].splitlines()
        elif message["msg_type"] == "error":
            yield f"{content['ename']}: {content['evalue']}"


def test_run_all_with_nested_loops_loses_no_cell(kernel: BlockingKernelClient, excerpts: Mapping[str, Path]) -> None:
    paths = [str(excerpts["bass"]), str(excerpts["vocal"])]
    ended, printed = run_all(kernel, [f"PATHS = {paths!r}", *CELLS], seconds=90)
    assert printed == PRINTED
    assert ended == ["ok"] * (len(CELLS) + 1)
