"""The recombination calls of the Tonn service, as roex-python 1.6.0 makes them."""

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
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import read
from tonnbook.studio.server.responses import json_response, unfinished_status
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["recombination"], dependencies=[Depends(require_key)])

_STEMS = {"musicalStyle": "POP", "stemJobId": "sf_…", "vocalGainDb": 1.5}
_QUERY = {"recombineTaskId": "rc_…"}


@router.post(
    "/recombine",
    **operation(
        "Mix and master a vocal and its backing",
        RecombinationTask,
        *(404, 429, 500, 507),
        body=RecombinationRequest,
        example=_STEMS,
    ),
)
async def recombine(request: Request) -> JSONResponse:
    """The stems of a separation, or two files. No credits until the master is retrieved."""
    order = server_state(request).recombination.start(await read(request, RecombinationRequest))
    return json_response(RecombinationTask(task_id=order.id, message="the recombination has been started"))


@router.get("/recombinestatus/{task_id}", **operation("Get the state of a recombination", RecombineStatus, 404, 500))
async def recombine_status(request: Request, task_id: str) -> JSONResponse:
    """ "processing", "complete" or "failed", always with 200."""
    service = server_state(request).recombination
    return json_response(service.status(service.find_order(task_id)))


@router.post(
    "/retrieverecombinepreview",
    **operation(
        "Get the preview of a recombination",
        RecombinePreviewAnswer,
        *(202, 404, 500),
        body=RecombinationQuery,
        example=_QUERY,
    ),
)
async def retrieve_preview(request: Request) -> JSONResponse:
    """202 until the preview is ready: 30 s of the master, as MP3. No credits."""
    query = await read(request, RecombinationQuery)
    service = server_state(request).recombination
    order = service.find_order(query.task_id)
    return unfinished_status(order.task, service.status(order)) or json_response(service.preview_answer(order))


@router.post(
    "/retrieverecombine",
    **operation(
        "Get the master of a recombination",
        RecombinationAnswer,
        *(202, 404, 500),
        body=RecombinationQuery,
        example=_QUERY,
    ),
)
async def retrieve_master(request: Request) -> JSONResponse:
    """202 until the master is ready. Live, this costs 250 credits, once per task."""
    query = await read(request, RecombinationQuery)
    service = server_state(request).recombination
    order = service.find_order(query.task_id)
    return unfinished_status(order.task, service.status(order)) or json_response(service.final_answer(order))
