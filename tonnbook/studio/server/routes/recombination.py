"""The recombination calls, as roex-python 1.6.0 speaks them: handlers that read, ask the desk, and answer."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.recombination import (
    RecombineAnswer,
    RecombinePreviewAnswer,
    RecombineQuery,
    RecombineRequest,
    RecombineStatus,
    RecombineTask,
)
from tonnbook.studio.recombination.service import RecombineOrder
from tonnbook.studio.runtime.refusal import Refusal
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import key_holder, read, rooms

router = APIRouter(dependencies=[Depends(key_holder)])


@router.post(
    "/recombine", **described("Mix a voice and its backing", RecombineTask, RecombineRequest, task=True, busy=True)
)
async def recombine(request: Request) -> JSONResponse:
    """The stems of a separation, or two files: balanced for the style, and mastered. No credits until the master is retrieved."""
    order = rooms(request).recombination.open(await read(request, RecombineRequest))
    return JSONResponse(RecombineTask(task_id=order.id, message="the recombination has been started").to_wire())


@router.get("/recombinestatus/{task_id}", **described("Ask how far a recombination is", RecombineStatus, task=True))
async def recombine_status(request: Request, task_id: str) -> JSONResponse:
    """ "processing", "complete" or "failed", always with 200."""
    desk = rooms(request).recombination
    return JSONResponse(desk.status(desk.order(task_id)).to_wire())


@router.post(
    "/retrieverecombinepreview",
    **described("Get the preview of a recombination", RecombinePreviewAnswer, RecombineQuery, waits=True, task=True),
)
async def retrieve_preview(request: Request) -> JSONResponse:
    """202 while it is being made. 30 s of the master, as MP3. No credits."""
    query = await read(request, RecombineQuery)
    desk = rooms(request).recombination
    order = desk.order(query.task_id)
    return _unfinished(request, order) or JSONResponse(desk.preview_answer(order).to_wire())


@router.post(
    "/retrieverecombine",
    **described("Get the master of a recombination", RecombineAnswer, RecombineQuery, waits=True, task=True),
)
async def retrieve_master(request: Request) -> JSONResponse:
    """202 while it is being made. Live, this costs 250 credits, once for a task."""
    query = await read(request, RecombineQuery)
    desk = rooms(request).recombination
    order = desk.order(query.task_id)
    return _unfinished(request, order) or JSONResponse(desk.final_answer(order).to_wire())


def _unfinished(request: Request, order: RecombineOrder) -> JSONResponse | None:
    """Return the 202 of a task that still runs, None for one that is done; raises Refusal 500 for one that failed."""
    if order.task.running:
        return JSONResponse(rooms(request).recombination.status(order).to_wire(), 202)
    if order.task.failure is not None:
        raise Refusal(500, order.task.failure)
    return None
