"""The mixing desk: from requests to tasks, and from finished tasks to answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from tonnbook.models.effects import TrackEffects
from tonnbook.models.mixing import FinalMixAnswer, FinalMixRequest, MixRequest, PreviewMixAnswer
from tonnbook.models.vocabulary import TaskState
from tonnbook.studio.measure.progress import Progress
from tonnbook.studio.mixing.answers import Rendered, final_answer, links_of, preview_answer
from tonnbook.studio.mixing.checks import changes_of, check_final, check_mix
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.service import Service, ServiceContext, WebhookEvent
from tonnbook.studio.runtime.worker import Task

FAILURE_KEPT_S = 60.0
"""A failed final mix is answered from memory for so long: clients repeat a 500 by themselves, and to fail three times over
helps nobody. Asked for later, it is tried anew."""

_Key = tuple[object, ...]


@dataclass(frozen=True)
class Preview:
    """A preview mix that was asked for."""

    id: str
    request: MixRequest = field(repr=False)
    task: Task[Rendered]


@dataclass(frozen=True)
class Render:
    """A final mix that was asked for; `id` is its own, `task_id` the preview's."""

    id: str
    task_id: str
    task: Task[Rendered]


class MixService(Service[Preview]):
    """All mixes of one studio."""

    engine = "tonnbook.studio.mixing.work"
    what = "the mix"

    def __init__(self, context: ServiceContext) -> None:
        super().__init__(context)
        self._renders: dict[str, Render] = {}
        self._by_payload: dict[_Key, Render] = {}
        self._paid: set[_Key] = set()

    def open(self, request: MixRequest) -> Preview:
        """Start a preview mix; raises HttpError 400, 429 or 507."""
        check_mix(request, self._storage)
        self._storage.make_room()
        task_id = secrets.token_hex(12)
        task = self._start(
            task_id,
            request.webhook_url,
            lambda progress: self._mix_preview(task_id, request, progress),
            self._preview_event,
        )
        return self._keep(task_id, Preview(task_id, request, task))

    def final(self, preview: Preview, request: FinalMixRequest) -> Render:
        """Start the final mix of a finished preview, or return the one that the same payload started before.

        Raises HttpError 400, 404 if the preview's tracks had to make room, 429 or 507.
        """
        check_final(request, self._storage)
        changes = changes_of(preview.request, request)
        master = request.desired_loudness if request.create_master else None
        key = (
            preview.id,
            request.return_stems,
            request.sample_rate,
            request.create_master,
            master,
            frozenset(changes.items()),
        )
        with self._lock:
            known = self._by_payload.get(key)
        if known and not self._outdated(known):
            return known
        self._storage.make_room()
        self._present(preview.task)
        task = self._start(
            preview.id,
            request.webhook_url,
            lambda progress: self._mix_final(preview, request, changes, key, progress),
            self._final_event,
        )
        render = Render(secrets.token_hex(12), preview.id, task)
        with self._lock:
            self._renders[render.id] = self._by_payload[key] = render
        return render

    def render(self, render_id: str) -> Render:
        """Return a final mix that was started here; raises HttpError 404."""
        if found := self._renders.get(render_id):
            return found
        raise HttpError(404, "no such render here; ask for the final mix again")

    def preview_answer(self, preview: Preview, *, fx_settings: bool) -> PreviewMixAnswer:
        """Return the answer for a preview that is done; raises HttpError 404 if its files had to make room."""
        rendered = self._present(preview.task)
        if fx_settings:
            self._ledger.charge_once("fx_settings", preview.id)
        return preview_answer(rendered, self._storage, fx_settings=fx_settings)

    def final_answer(self, render: Render) -> FinalMixAnswer:
        """Return the answer for a final mix that is done; raises HttpError 404 if its files had to make room."""
        return final_answer(self._present(render.task), self._storage)

    def _outdated(self, render: Render) -> bool:
        task = render.task
        if task.failure is not None:
            return self._clock() - (task.ended_at or 0.0) > FAILURE_KEPT_S
        return not task.running and not self._storage.has(task.future.result().task_folder)

    # From here on in a task's own thread.

    def _mix_preview(self, task_id: str, request: MixRequest, progress: Progress) -> Rendered:
        from tonnbook.studio.mixing.work import make_preview

        rendered = make_preview(request, self._storage, self._worker, self._limits, progress)
        self._ledger.charge("mix_preview", task_id)
        return rendered

    def _mix_final(
        self,
        preview: Preview,
        request: FinalMixRequest,
        changes: Mapping[str, TrackEffects],
        key: _Key,
        progress: Progress,
    ) -> Rendered:
        from tonnbook.studio.mixing.work import make_final

        before = preview.task.future.result()
        rendered = make_final(before, request, changes, self._storage, self._worker, progress)
        with self._lock:
            paid = key in self._paid
            self._paid.add(key)
        if not paid:
            self._ledger.charge("final_mix", preview.id)
        return rendered

    def _preview_event(self, task: Task[Rendered]) -> WebhookEvent:
        if task.failure is not None:
            return TaskState.PREVIEW_ERROR, {}
        answer = preview_answer(task.future.result(), self._storage, fx_settings=False)
        return TaskState.PREVIEW_COMPLETED, links_of(answer)

    def _final_event(self, task: Task[Rendered]) -> WebhookEvent:
        if task.failure is not None:
            return TaskState.FINAL_ERROR, {}
        return TaskState.FINAL_COMPLETED, links_of(final_answer(task.future.result(), self._storage))
