"""State of one running studio, shared by all routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from fastapi import Request

from tonnbook.studio.analysis.service import AnalysisService
from tonnbook.studio.cleanup.service import CleanupService
from tonnbook.studio.composition.service import CompositionService
from tonnbook.studio.enhancement.service import EnhancementService
from tonnbook.studio.mastering.service import MasteringService
from tonnbook.studio.mixing.service import MixService
from tonnbook.studio.recombination.service import RecombinationService
from tonnbook.studio.runtime.ledger import Ledger
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.service import Service
from tonnbook.studio.runtime.storage import Storage
from tonnbook.studio.separation.service import SeparationService


@dataclass(frozen=True)
class ServerState:
    """Server state shared by all routes: the key, the storage and one service per feature."""

    key: str
    strict: bool
    """Whether a request without a field that the live service requires is refused."""
    storage: Storage
    mixing: MixService
    mastering: MasteringService
    analysis: AnalysisService
    cleanup: CleanupService
    enhancement: EnhancementService
    separation: SeparationService
    recombination: RecombinationService
    composition: CompositionService
    ledger: Ledger
    limits: Limits

    @property
    def services(self) -> tuple[Service[Any], ...]:
        """All services, in the order in which their engines are loaded."""
        return (
            self.mixing,
            self.mastering,
            self.analysis,
            self.cleanup,
            self.enhancement,
            self.separation,
            self.recombination,
            self.composition,
        )


def server_state(request: Request) -> ServerState:
    """Return the state of the studio that received this request."""
    return cast(ServerState, request.app.state.server_state)
