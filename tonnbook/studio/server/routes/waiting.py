"""What is answered while a task is not done, and how a call waits for its end."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi.responses import JSONResponse

from tonnbook.models.mixing import Processing
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.worker import Task


def unfinished(task: Task[Any], what: str, state: str) -> JSONResponse | None:
    """Return the 202 of a task that still runs, None for one that is done; raises HttpError 500 for one that failed."""
    if task.running:
        stage = task.stage
        message = f"{what} is being made: {stage}"
        body = Processing(status=state, message=message, progress=round(task.progress, 4), stage=stage)
        return JSONResponse(body.to_wire(), 202)
    if task.failure is not None:
        raise HttpError(500, task.failure)
    return None


async def end_of(task: Task[Any]) -> None:
    """Wait for the end of a task without a thread; the task goes on if the client, and with it this wait, goes away."""
    ended = asyncio.wrap_future(task.future)
    await asyncio.wait([ended])
    if not ended.cancelled():
        ended.exception()  # asked for, or asyncio complains that nobody did
