"""Checks of a request before its task is started: links, webhook, disk space, and the number of unfinished tasks."""

from __future__ import annotations

from tonnbook.models.mixing import file_name
from tonnbook.studio.runtime.http_client import check_address
from tonnbook.studio.runtime.http_error import HttpError
from tonnbook.studio.runtime.limits import Limits
from tonnbook.studio.runtime.storage import Storage

MAX_NAME_BYTES = 200
"""Bytes of a source's file name: results are named after it, and file systems allow 255."""


def check_source(link: str, field: str, storage: Storage) -> None:
    """Raise HttpError 400 that names the request's field if no audio file can be downloaded from the link."""
    try:
        check_address(link)
    except ValueError as problem:
        raise HttpError(400, f"{field}: {problem}") from None
    name = file_name(link)
    if len(name.encode()) > MAX_NAME_BYTES or not name.isprintable() or name == "..":
        raise HttpError(400, f"{field}: the file name is too long or has unprintable characters; rename the file")
    if not storage.is_own_link(link):
        return
    try:
        uploaded = storage.file_by_url(link).path.exists()
    except HttpError as problem:
        raise HttpError(400, f"{field} ({name}): {problem}") from None
    if not uploaded:
        raise HttpError(400, f"{field} ({name}): nothing has been uploaded yet; PUT the file to its signed_url first")


def check_webhook(url: str, storage: Storage) -> None:
    """Raise HttpError 400 if the address of a webhook is not valid, or is the studio's own."""
    try:
        check_address(url)
    except ValueError as problem:
        raise HttpError(400, f"webhookURL: {problem}") from None
    if storage.is_own_link(url):
        raise HttpError(400, "webhookURL: is the studio itself; give the address of a server that receives webhooks")


def check_disk_space(storage: Storage, limits: Limits) -> None:
    """Delete old files; raise HttpError 507 if the studio's folder is still larger than its limit."""
    if not storage.delete_old():
        size = limits.folder_bytes / 2**30
        raise HttpError(
            507, f"the studio's folder is full ({size:.3g} GiB) with files of unfinished tasks; wait for them"
        )


def check_task_count(unfinished: int, limits: Limits) -> None:
    """Raise HttpError 429 if as many tasks wait or run as the studio accepts."""
    if unfinished >= limits.unfinished_tasks:
        text = f"{unfinished} tasks are waiting or running already; try again when one has ended"
        raise HttpError(429, text, {"Retry-After": "5"})
