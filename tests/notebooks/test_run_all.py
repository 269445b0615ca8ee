"""Test Run All and Interrupt as JupyterLab does them: it sends all cells at once, while nbclient sends one after the other.

With the old nest_asyncio, Run All loses cells ("cannot enter context").
"""

import queue
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

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
    "print('after the nested loop')",
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
    "after the nested loop",
    "awaited True",
    "unchanged program True",
    "top-level await",
    "final mix.wav",
    "again True True",
    "end",
]


WAITING_JOB = """
from tonnbook.clients.jobs import Job, StillRunning
from tonnbook.clients.polling import JobPoller
gate = []
poller = JobPoller()
job = Job('preview mix', lambda job: lambda: 'the mix' if gate else StillRunning(), poller, task_id='t1', find_again='tonn.attach({!r})')
poller.start(job)
"""


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelManager]:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    client.stop_channels()
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(manager: KernelManager) -> Iterator[BlockingKernelClient]:
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    yield client
    client.stop_channels()


def run_all(kernel: BlockingKernelClient, cells: list[str], seconds: float) -> tuple[list[str | None], list[str]]:
    """Send all cells at once; return the status of each (None if it did not end) and the printed lines."""
    ended = replies(kernel, [kernel.execute(cell) for cell in cells], seconds)
    return ended, list(_printed(kernel))


def replies(kernel: BlockingKernelClient, sent: list[str], seconds: float) -> list[str | None]:
    """Wait until the cells that were sent have ended; return the status of each."""
    ended: dict[str, str] = {}
    deadline = time.monotonic() + seconds
    while not set(sent) <= set(ended) and time.monotonic() < deadline:
        try:
            reply = kernel.get_shell_msg(timeout=0.5)
        except queue.Empty:
            continue
        ended[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    return [ended.get(cell) for cell in sent]


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


def test_run_all_with_nested_event_loops_runs_every_cell(
    kernel: BlockingKernelClient, excerpts: Mapping[str, Path]
) -> None:
    paths = [str(excerpts["bass"]), str(excerpts["vocal"])]
    ended, printed = run_all(kernel, [f"PATHS = {paths!r}", *CELLS], seconds=90)
    assert printed == PRINTED
    assert ended == ["ok"] * (len(CELLS) + 1)


@pytest.mark.parametrize("wait", ["await job", "job.result()"])
def test_an_interrupted_cell_leaves_its_job_running(
    manager: KernelManager, kernel: BlockingKernelClient, wait: str
) -> None:
    assert run_all(kernel, [WAITING_JOB], seconds=30) == (["ok"], [])
    cell = kernel.execute(f"print('waiting')\n{wait}")
    while kernel.get_iopub_msg(timeout=10)["msg_type"] != "stream":
        pass
    time.sleep(0.3)
    manager.interrupt_kernel()
    assert replies(kernel, [cell], seconds=10) == ["error"]
    interrupted = list(_printed(kernel))
    assert interrupted in (["CancelledError: "], ["KeyboardInterrupt: "])
    ended, printed = run_all(kernel, ["print(job)", "gate.append(1)", "print(job.result(timeout=60))"], seconds=30)
    assert ended == ["ok", "ok", "ok"]
    assert printed == ["<Job preview mix t1: running>", "the mix"]
