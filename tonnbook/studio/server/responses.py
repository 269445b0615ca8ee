"""Responses that the routes share: an answer as JSON, the 202 of an unfinished task, the result of one that is waited for."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from fastapi.responses import JSONResponse

from tonnbook.errors import AudioError
from tonnbook.models.base import Answer
from tonnbook.models.mixing import Processing
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.worker import Task

A = TypeVar("A", bound=Answer)


def json_response(answer: Answer, status: int = 200) -> JSONResponse:
    """Return an answer in its wire spelling."""
    return JSONResponse(answer.to_wire(), status)


def unfinished(task: Task[Any], what: str, state: str) -> JSONResponse | None:
    """Return the 202 of a running task, with its progress and stage; None for one that is done.

    `what` names the result in the message, `state` is the `status` in the body. Raises HttpError 500 for a task that failed: see
    `raise_failure`.
    """
    if task.running:
        stage = task.stage
        message = f"{what} is being made: {stage}"
        return json_response(
            Processing(status=state, message=message, progress=round(task.progress, 4), stage=stage), 202
        )
    raise_failure(task)
    return None


def unfinished_status(task: Task[Any], status: Answer) -> JSONResponse | None:
    """Return the answer of a status call as the 202 of a running task; None for one that is done, or raises HttpError 500."""
    if task.running:
        return json_response(status, 202)
    raise_failure(task)
    return None


def raise_failure(task: Task[Any]) -> None:
    """Raise HttpError 500 with the reason if the task has failed.

    The wire notes allow a 200 for a failed task too, but roex-python 1.6.0 reads a 200 without results as an empty result at its
    first poll, and polls on to its last attempt (150 s) at a later one. A 500 ends it after three attempts (3 s), with the reason in
    its log.
    """
    if task.failure is not None:
        raise HttpError(500, task.failure)


async def wait_for_end(task: Task[Any]) -> None:
    """Wait until a task has ended, without occupying a thread. The task goes on if the client disconnects."""
    ended = asyncio.wrap_future(task.future)
    await asyncio.wait([ended])
    if not ended.cancelled():
        ended.exception()  # retrieve it: asyncio logs an exception that nobody has retrieved


async def result_response(task: Task[A]) -> JSONResponse:
    """Wait for a task and return its answer; raises HttpError 400 for a recording that cannot be used, else 500."""
    await wait_for_end(task)
    problem = None if task.future.cancelled() else task.future.exception()
    if isinstance(problem, HttpError):
        raise problem
    if isinstance(problem, AudioError):
        raise HttpError(400, str(task.failure))
    raise_failure(task)
    return json_response(task.future.result())
