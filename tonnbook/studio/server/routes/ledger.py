"""The studio's ledger: what all calls so far would have cost on the live services."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from tonnbook.studio.runtime.ledger import LedgerAnswer
from tonnbook.studio.server.access import require_key
from tonnbook.studio.server.openapi import operation
from tonnbook.studio.server.responses import json_response
from tonnbook.studio.server.state import server_state

router = APIRouter(tags=["ledger"], dependencies=[Depends(require_key)])


@router.get("/studio/ledger", **operation("Get what all calls so far would have cost live", LedgerAnswer))
async def get_ledger(request: Request) -> JSONResponse:
    """The studio's own call. The studio itself charges nothing."""
    return json_response(server_state(request).ledger.answer())
