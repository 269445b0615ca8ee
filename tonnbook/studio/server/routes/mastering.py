"""The mastering calls of the Tonn service: handlers that read, ask the desk, and answer."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.mastering import (
    FinalMasterAnswer,
    MasteringRequest,
    MasteringTask,
    MasterQuery,
    PreviewMasterAnswer,
)
from tonnbook.models.vocabulary import MasteringState
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import read, require_key, server_state
from tonnbook.studio.server.routes.waiting import unfinished

router = APIRouter(dependencies=[Depends(require_key)])


@router.post("/masteringpreview", **described("Start a master", MasteringTask, MasteringRequest, busy=True))
async def mastering_preview(request: Request) -> JSONResponse:
    """One song. No credits. The webhook is called when the preview is ready or has failed."""
    order = server_state(request).mastering.start(await read(request, MasteringRequest))
    return JSONResponse(MasteringTask(task_id=order.id, message="the master has been started").to_wire())


@router.post(
    "/retrievepreviewmaster",
    **described("Get the preview of a master", PreviewMasterAnswer, MasterQuery, waits=True, task=True),
)
async def retrieve_preview_master(request: Request) -> JSONResponse:
    """202 while it is being made. The preview is 30 s of the finished master, at its own loudness. No credits."""
    query = await read(request, MasterQuery)
    service = server_state(request).mastering
    order = service.find_order(query.task_id)
    waiting = unfinished(order.task, "the preview", MasteringState.PREVIEW_PROCESSING)
    return waiting or JSONResponse(service.preview_answer(order).to_wire())


@router.post(
    "/retrievefinalmaster",
    **described("Get the final master", FinalMasterAnswer, MasterQuery, waits=True, task=True),
)
async def retrieve_final_master(request: Request) -> JSONResponse:
    """202 while it is being made. Live, this costs 220 credits; the ledger enters them once for a task."""
    query = await read(request, MasterQuery)
    service = server_state(request).mastering
    order = service.find_order(query.task_id)
    waiting = unfinished(order.task, "the master", MasteringState.FINAL_PROCESSING)
    return waiting or JSONResponse(service.final_answer(order).to_wire())
