"""The mastering calls of the Tonn service."""

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
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import read
from tonnbook.studio.server.responses import json_response, unfinished
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["mastering"], dependencies=[Depends(require_key)])

_SONG = {
    "trackData": [{"trackURL": "http://127.0.0.1:8765/files/…/song.wav"}],
    "musicalStyle": "POP",
    "desiredLoudness": "MEDIUM",
}
_QUERY = {"masteringTaskId": "…"}


@router.post(
    "/masteringpreview",
    **operation("Start a master", MasteringTask, 429, 507, body=MasteringRequest, example=_SONG),
)
async def mastering_preview(request: Request) -> JSONResponse:
    """One song. No credits. The webhook is called when the preview is ready or has failed."""
    order = server_state(request).mastering.start(await read(request, MasteringRequest))
    return json_response(MasteringTask(task_id=order.id, message="the master has been started"))


@router.post(
    "/retrievepreviewmaster",
    **operation("Get the preview of a master", PreviewMasterAnswer, 202, 404, 500, body=MasterQuery, example=_QUERY),
)
async def retrieve_preview_master(request: Request) -> JSONResponse:
    """202 until the preview is ready. It is 30 s of the finished master, at the loudness of the master. No credits."""
    query = await read(request, MasterQuery)
    service = server_state(request).mastering
    order = service.find_order(query.task_id)
    waiting = unfinished(order.task, "the preview", MasteringState.PREVIEW_PROCESSING)
    return waiting or json_response(service.preview_answer(order))


@router.post(
    "/retrievefinalmaster",
    **operation("Get the final master", FinalMasterAnswer, 202, 404, 500, body=MasterQuery, example=_QUERY),
)
async def retrieve_final_master(request: Request) -> JSONResponse:
    """202 until the master is ready. Live, this costs 220 credits; the ledger charges them once per task."""
    query = await read(request, MasterQuery)
    service = server_state(request).mastering
    order = service.find_order(query.task_id)
    waiting = unfinished(order.task, "the master", MasteringState.FINAL_PROCESSING)
    return waiting or json_response(service.final_answer(order))
