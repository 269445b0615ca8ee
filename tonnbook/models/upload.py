"""/upload: a pair of signed links, one to write a file to and one to read it from (Tonn API, POST /upload)."""

from __future__ import annotations

from pydantic import Field

from tonnbook.models.base import Answer, Request


class UploadRequest(Request):
    """Ask for the links of one file."""

    filename: str = Field(min_length=1, max_length=255)
    content_type: str = Field(alias="contentType", pattern=r"^audio/[a-z0-9.+-]+$")


class UploadLinks(Answer):
    """Both links expire after one hour. They are secrets: the repr shows neither."""

    signed_url: str = Field(repr=False)
    """PUT the bytes here, with the same Content-Type that was asked for."""
    readable_url: str = Field(repr=False)
    """Name this link in later calls."""
    error: bool = False
    message: str = ""
    info: str = ""
