"""The separation calls of the Tonn service, as roex-python 1.6.0 makes them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.separation import SeparateStatus, SeparationRequest, SeparationTask, StemsAnswer, StemsQuery
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import read
from tonnbook.studio.server.responses import json_response, unfinished_status
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["separation"], dependencies=[Depends(require_key)])

_MIX = {"audioFileLocation": "http://127.0.0.1:8765/files/…/mix.wav", "separationMode": "all_stems"}
_QUERY = {"stemflowTaskId": "sf_…"}


@router.post(
    "/separate",
    **operation("Separate a mix into stems", SeparationTask, 429, 507, body=SeparationRequest, example=_MIX),
)
async def separate(request: Request) -> JSONResponse:
    """The stems add up to the mix. They are made by spectral masks, which is a rough guide and no isolation, or by demucs where it is
    installed. Live, this costs 75 credits."""
    order = server_state(request).separation.start(await read(request, SeparationRequest))
    return json_response(SeparationTask(task_id=order.id, message="the separation has been started"))


@router.get("/separatestatus/{task_id}", **operation("Get the state of a separation", SeparateStatus, 404, 500))
async def separate_status(request: Request, task_id: str) -> JSONResponse:
    """ "processing", "complete" or "failed", always with 200."""
    service = server_state(request).separation
    return json_response(service.status(service.find_order(task_id)))


@router.post(
    "/retrievestems", **operation("Get the stems", StemsAnswer, 202, 404, 500, body=StemsQuery, example=_QUERY)
)
async def retrieve_stems(request: Request) -> JSONResponse:
    """202 until the stems are ready."""
    query = await read(request, StemsQuery)
    service = server_state(request).separation
    order = service.find_order(query.task_id)
    return unfinished_status(order.task, service.status(order)) or json_response(service.answer(order))
