"""The separation calls, as roex-python 1.6.0 speaks them: handlers that read, ask the desk, and answer."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.separation import SeparateStatus, SeparationRequest, SeparationTask, StemsAnswer, StemsQuery
from tonnbook.studio.server.openapi import described
from tonnbook.studio.server.request_body import read, require_key, server_state

router = APIRouter(dependencies=[Depends(require_key)])


@router.post("/separate", **described("Take a mix apart", SeparationTask, SeparationRequest, busy=True))
async def separate(request: Request) -> JSONResponse:
    """The stems add up to the mix. Classical separation, a rough guide and not isolation; demucs where it is installed. Live: 75 credits."""
    task_id = server_state(request).separation.start(await read(request, SeparationRequest))
    return JSONResponse(SeparationTask(task_id=task_id, message="the separation has been started").to_wire())


@router.get("/separatestatus/{task_id}", **described("Ask how far a separation is", SeparateStatus, task=True))
async def separate_status(request: Request, task_id: str) -> JSONResponse:
    """ "processing", "complete" or "failed", always with 200."""
    return JSONResponse(server_state(request).separation.status(task_id).to_wire())


@router.post("/retrievestems", **described("Get the stems", StemsAnswer, StemsQuery, waits=True, task=True))
async def retrieve_stems(request: Request) -> JSONResponse:
    """202 while they are being made."""
    query = await read(request, StemsQuery)
    service = server_state(request).separation
    answer = service.answer(query.task_id)
    if answer is None:
        waiting = service.status(query.task_id).to_wire()
        return JSONResponse(waiting, 202)
    return JSONResponse(answer.to_wire())
