"""A button that sends a request, and what comes of it: the progress of the job and its result, displayed below the form.

On a server that charges for a call the button only asks; a second button, with the price in its text, sends. A press counts once.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from functools import partial
from threading import RLock, Thread
from time import monotonic
from typing import Any, ClassVar

import traitlets

from tonnbook import default_clients
from tonnbook.clients.jobs import Job
from tonnbook.errors import TonnbookError
from tonnbook.models.vocabulary import CREDITS
from tonnbook.widgets.forms.results import ResultView, view_of
from tonnbook.widgets.page import PageWidget

_DOUBLE_CLICK_S = 0.6


class Sender(PageWidget):
    """A form with a button that sends its request.

    `client` is what it sends with; without one, the client of the local studio, once `tb.offline()` has started it.
    """

    service: ClassVar[str] = "tonn"
    """The service of the call: tonn or beatoven."""
    call: ClassVar[str]
    """Name of the client's method that takes the request."""
    verb: ClassVar[str]
    """Text of the button."""
    price: ClassVar[str] = ""
    """The entry of the call in `vocabulary.CREDITS`, "" for a call that costs nothing."""

    sending: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """What the page displays: state ("idle", "asking", "running", "done", "failed"), verb and message; when asking, the number of the
    question and the cost."""

    def __init__(self, client: Any = None, **traits: Any) -> None:
        self._client = client
        self._job: Any = None
        self._result: Any = None
        self._sent: Mapping[str, str] = {}
        self._listeners: list[Callable[[Any], None]] = []
        self._sender_lock = RLock()
        self._asked, self._asked_at = 0, 0.0
        self._box: Any = None
        super().__init__(sending={"state": "idle", "verb": self.verb, "message": ""}, **traits)
        self.on_msg(self._on_sending_message)

    @property
    def client(self) -> Any:
        """The client that the form sends with; None if none was passed and the local studio has not been started."""
        return self._client or default_clients.default(self.service)

    @property
    def job(self) -> Any:
        """The job of the request that was sent last; None before."""
        return self._job

    @property
    def result(self) -> Any:
        """The result of the request that was sent last; None before it is there."""
        return self._result

    @property
    def sent(self) -> Mapping[str, str]:
        """The request that was sent last, as the form displays it: "json", "python" and "curl", with file names only. Empty before."""
        return self._sent

    def submit(self) -> Any:
        """Send the request, as the button does, and return its job. **May cost credits with a live client.**

        Raises pydantic.ValidationError for an invalid request, TonnbookError without a client.
        """
        with self._sender_lock:
            if self.client is None:
                raise TonnbookError(_NO_CLIENT)
            job = self._start(self.client)
            self._job, self._sent = job, dict(getattr(self, "code", {}))
            self._say("running", "")
        self._show_job(job)
        job.on_change(self._changed)
        if job.done:  # before the callback was there
            self._changed(job)
        return job

    def on_result(self, call: Callable[[Any], None]) -> None:
        """Have `call(result)` called for each result, in a thread of its own; at once for one that is there."""
        self._listeners.append(call)
        if self._result is not None:
            call(self._result)

    def then(self, make: Callable[..., Any], **options: Any) -> ResultView[Any]:
        """Return a place that displays `make(result, **options)` as soon as there is a result, and anew for each later one.

        >>> mix = tb.MixBuilder(stems)
        >>> console = mix.then(tb.Console, return_stems=True)
        """
        return ResultView(self, partial(make, **options))

    def _start(self, client: Any) -> Any:
        return getattr(client, self.call)(self.request)  # type: ignore[attr-defined]

    def _cost(self, client: Any) -> str:
        """Return what sending costs on the live service, "" for nothing."""
        return f"about {CREDITS[self.price]} credits" if self.price else ""

    def _fault(self) -> str:
        """Return why the request cannot be sent now, "" if it can."""
        raise NotImplementedError

    def _on_sending_message(self, _: object, message: dict[str, Any], __: list[memoryview]) -> None:
        match message.get("kind"):
            case "send":
                self._pressed()
            case "confirm" if message.get("question") == self._asked:
                self._confirmed()
            case "dismiss" if self.sending["state"] == "asking":
                self._say("idle", "")

    def _pressed(self) -> None:
        """Send, or ask first where that costs credits."""
        with self._sender_lock:
            if self.sending["state"] in ("running", "asking"):
                return
            try:
                fault = self._fault() or (_NO_CLIENT if self.client is None else "")
                cost = "" if fault or not getattr(self.client, "charges_credits", True) else self._cost(self.client)
            except TonnbookError as error:  # a live client without a key
                fault, cost = str(error), ""
            if fault:
                self._say("failed", fault)
            elif cost:
                self._asked, self._asked_at = self._asked + 1, monotonic()
                self._say("asking", f"This costs {cost} on the live service.", question=self._asked, cost=cost)
            else:
                self._send_or_say()

    def _confirmed(self) -> None:
        with self._sender_lock:
            if self.sending["state"] != "asking" or monotonic() - self._asked_at < _DOUBLE_CLICK_S:
                return
            self._say("running", "")  # a second press counts no more
        self._send_or_say()

    def _send_or_say(self) -> None:
        try:
            self.submit()
        except (TonnbookError, ValueError, TypeError) as error:
            self._say("failed", str(error))

    def _say(self, state: str, message: str, **more: Any) -> None:
        self.sending = {"state": state, "verb": self.verb, "message": message, **more}

    def _changed(self, job: Any) -> None:
        """Take the result of a job that has ended. It is displayed by a thread of its own: a player takes seconds to make."""
        with self._sender_lock:
            if not job.done or job is not self._job or self.sending["state"] != "running":
                return
            try:
                self._result = job.result(0)
            except TonnbookError as error:
                self._say("failed", str(error))
                return
            self._say("done", "")
        Thread(target=contextvars.copy_context().run, args=(self._notify, self._result), daemon=True).start()

    def _notify(self, result: Any) -> None:
        for call in list(self._listeners):  # first, because a player of long stems takes its time
            call(result)
        self._show_result(result)

    # ---- what is displayed below the form

    @property
    def box(self) -> Any:
        """The form with what comes of it below: what is displayed."""
        if self._box is None:
            from ipywidgets import VBox

            self._box = VBox([self])
        return self._box

    @property
    def view_id(self) -> str:
        """Id of the model that is displayed."""
        return str(self.box.model_id)

    def _show_job(self, job: Any) -> None:
        from tonnbook.widgets.jobs.album_table import AlbumTable
        from tonnbook.widgets.jobs.job_card import JobCard

        self.box.children = [self, JobCard(job) if isinstance(job, Job) else AlbumTable(job)]

    def _show_result(self, result: Any) -> None:
        self.box.children = [*self.box.children[:2], view_of(result)]


_NO_CLIENT = "Start the studio first: services = tb.offline(). Or pass a client to the form: client=services.tonn."
