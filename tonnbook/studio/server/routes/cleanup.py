"""The cleanup call of the Tonn service. A recording that cannot be used is answered 400, with the reason."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.models.cleanup import CleanupAnswer, CleanupRequest
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.request_body import read
from tonnbook.studio.server.responses import result_response
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["cleanup"], dependencies=[Depends(require_key)])

_EXAMPLE = {"audioFileLocation": "http://127.0.0.1:8765/files/…/vocal.wav", "soundSource": "VOCAL_GROUP"}


@router.post(
    "/audio-cleanup",
    **operation("Clean one recording", CleanupAnswer, 404, 429, 500, 507, body=CleanupRequest, example=_EXAMPLE),
)
async def audio_cleanup(request: Request) -> JSONResponse:
    """Remove noise, hum, clicks and bleed from one voice or instrument. Length, channels, sample rate and timing are kept.

    The answer comes when the cleanup is done: some seconds per minute of audio. Live, this costs 10 credits.
    """
    return await result_response(server_state(request).cleanup.start(await read(request, CleanupRequest)))
