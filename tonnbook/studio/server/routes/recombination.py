"""The recombination calls, as roex-python 1.6.0 speaks them: handlers that read, ask the desk, and answer."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.recombination import (
    RecombinationAnswer,
    RecombinationQuery,
    RecombinationRequest,
    RecombinationTask,
    RecombinePreviewAnswer,
    RecombineStatus,
)
from tonnbook.studio.recombination.service import RecombinationOrder
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import read, require_key, server_state

router = APIRouter(dependencies=[Depends(require_key)])


@router.post(
    "/recombine",
    **described("Mix a voice and its backing", RecombinationTask, RecombinationRequest, task=True, busy=True),
)
async def recombine(request: Request) -> JSONResponse:
    """The stems of a separation, or two files: balanced for the style, and mastered. No credits until the master is retrieved."""
    order = server_state(request).recombination.start(await read(request, RecombinationRequest))
    return JSONResponse(RecombinationTask(task_id=order.id, message="the recombination has been started").to_wire())


@router.get("/recombinestatus/{task_id}", **described("Ask how far a recombination is", RecombineStatus, task=True))
async def recombine_status(request: Request, task_id: str) -> JSONResponse:
    """ "processing", "complete" or "failed", always with 200."""
    service = server_state(request).recombination
    return JSONResponse(service.status(service.find_order(task_id)).to_wire())


@router.post(
    "/retrieverecombinepreview",
    **described(
        "Get the preview of a recombination", RecombinePreviewAnswer, RecombinationQuery, waits=True, task=True
    ),
)
async def retrieve_preview(request: Request) -> JSONResponse:
    """202 while it is being made. 30 s of the master, as MP3. No credits."""
    query = await read(request, RecombinationQuery)
    service = server_state(request).recombination
    order = service.find_order(query.task_id)
    return _unfinished(request, order) or JSONResponse(service.preview_answer(order).to_wire())


@router.post(
    "/retrieverecombine",
    **described("Get the master of a recombination", RecombinationAnswer, RecombinationQuery, waits=True, task=True),
)
async def retrieve_master(request: Request) -> JSONResponse:
    """202 while it is being made. Live, this costs 250 credits, once for a task."""
    query = await read(request, RecombinationQuery)
    service = server_state(request).recombination
    order = service.find_order(query.task_id)
    return _unfinished(request, order) or JSONResponse(service.final_answer(order).to_wire())


def _unfinished(request: Request, order: RecombinationOrder) -> JSONResponse | None:
    """Return the 202 of a task that still runs, None for one that is done; raises HttpError 500 for one that failed."""
    if order.task.running:
        return JSONResponse(server_state(request).recombination.status(order).to_wire(), 202)
    if order.task.failure is not None:
        raise HttpError(500, order.task.failure)
    return None
