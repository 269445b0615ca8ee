"""The calls about one finished recording: handlers that read, ask the desk, wait and answer.

A recording that cannot be used is the request's fault and answered 400, with the reason; the studio's own failures are 500.
"""

from __future__ import annotations

from typing import TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.errors import AudioError
from tonnbook.models.analysis import AnalysisAnswer, AnalysisRequest
from tonnbook.models.base import Answer
from tonnbook.models.cleanup import CleanupAnswer, CleanupRequest
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.worker import Task
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import read, require_key, server_state
from tonnbook.studio.server.routes.waiting import end_of

A = TypeVar("A", bound=Answer)

router = APIRouter(dependencies=[Depends(require_key)])


@router.post(
    "/mixanalysis", **described("Say what is wrong with a track", AnalysisAnswer, AnalysisRequest, task=True, busy=True)
)
async def mix_analysis(request: Request) -> JSONResponse:
    """Answers when it is done: about 0.3 s per minute. What stands beside the payload, under `tonnbook`, is the studio's own.

    Live, this costs 10 credits.
    """
    return await _answered(server_state(request).analysis.start(await read(request, AnalysisRequest)))


@router.post("/audio-cleanup", **described("Clean one recording", CleanupAnswer, CleanupRequest, task=True, busy=True))
async def audio_cleanup(request: Request) -> JSONResponse:
    """One voice or instrument: noise, hum, clicks and bleed. Length, channels, rate and timing stay.

    Answers when it is done: some seconds per minute. Live, this costs 10 credits.
    """
    return await _answered(server_state(request).cleanup.start(await read(request, CleanupRequest)))


async def _answered(task: Task[A]) -> JSONResponse:
    """Wait for the end of a task and return its answer; raises HttpError 400 for a recording that cannot be used, or 500."""
    await end_of(task)
    if task.failure is not None:
        problem = None if task.future.cancelled() else task.future.exception()
        raise (
            problem
            if isinstance(problem, HttpError)
            else HttpError(400 if isinstance(problem, AudioError) else 500, task.failure)
        )
    return JSONResponse(task.future.result().to_wire())
