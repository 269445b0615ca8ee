"""Uploads to signed links, and downloads that are complete or absent."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
import unicodedata
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from tonnbook.clients.http import Http
from tonnbook.errors import AudioError, TonnbookError, UnexpectedAnswer, Unreachable
from tonnbook.models.files import RemoteFile, UploadLinks, UploadRequest
from tonnbook.models.mixing import file_name
from tonnbook.models.vocabulary import CONTENT_TYPES

LINK_LIFE_S = 50 * 60.0
"""How long an uploaded file's link is reused. It expires after 60 minutes, and the mix that reads it needs some of them."""

_CHUNK = 1 << 18
_OPENED = frozenset({".wav", ".mp3", ".flac", ".ogg", ".aiff", ".aif"})
_SOUNDS = _OPENED | {".aac", ".m4a"}


def check_upload(path: Path) -> str:
    """Return the content type that `path` is uploaded as; raise AudioError for a file that cannot be uploaded."""
    kind = CONTENT_TYPES.get(path.suffix.lower())
    if kind is None:
        accepted = ", ".join(ending.strip(".").upper() for ending in CONTENT_TYPES)
        raise AudioError(f"{path.name} cannot be uploaded: the service accepts {accepted}. Convert it first.")
    if path.is_dir():
        raise AudioError(f"{path.name} is a folder, not a file. Check the path.")
    if not path.is_file():
        raise AudioError(f"{path.name} does not exist in {path.absolute().parent}. Check the path.")
    if path.stat().st_size == 0:
        raise AudioError(f"{path.name} is empty. Export it again.")
    return kind


def check_type(content_type: str, name: str) -> None:
    """Raise Unreachable where a text or a JSON document was sent in place of the sound file `name`."""
    kind = content_type.partition(";")[0].strip().lower()
    if Path(name).suffix.lower() in _SOUNDS and (kind.startswith("text/") or kind.endswith(("json", "html", "xml"))):
        raise Unreachable(
            f"download of {name}: the answer is {kind} and no sound. Is a proxy or a login page in between? Try again."
        )


def check_sound(path: Path, name: str) -> None:
    """Raise Unreachable where the downloaded file `path`, to be called `name`, is no sound, or shorter than its header says."""
    if Path(name).suffix.lower() not in _OPENED:
        return
    from tonnbook import audio_files

    try:
        audio_files.info(path)
        return
    except AudioError:
        size = path.stat().st_size
    raise Unreachable(
        f"download of {name}: the {size} bytes that came are no complete sound file. Is a proxy or a login page in "
        "between? Try again."
    )


class _ProgressReader:
    """An open file that reports how far it has been read."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], None]) -> None:
        self._file, self._progress = file, progress
        self._size = os.fstat(file.fileno()).st_size

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._progress(self._file.tell())
        return block

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class Files:
    """The uploads and downloads of one client.

    Downloads are written to `folder`, each job's to a folder of its own; None writes them to a temporary folder that is removed
    at exit. `clock` returns seconds, for the age of links: the wall clock, because the links of a server expire
    while this machine sleeps, too.
    """

    def __init__(self, http: Http, folder: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._http = http
        self._folder = folder
        self._clock = clock
        self._uploading = threading.Lock()
        self._uploaded: dict[tuple[Path, str], tuple[float, str]] = {}
        self._originals: dict[str, Path] = {}
        self._reserving = threading.Lock()
        self._reserved: set[Path] = set()

    @property
    def folder(self) -> Path:
        """The folder of the downloads."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="tonnbook-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def upload(self, path: Path, progress: Callable[[int], None] = lambda sent: None) -> str:
        """Upload a file and return its link; the same content is not sent again for 50 minutes, while its link answers."""
        kind = check_upload(path)
        with self._uploading, path.open("rb") as file:
            key = (path.resolve(), hashlib.file_digest(file, "blake2b").hexdigest())
            created, link = self._uploaded.get(key, (0.0, ""))
            if link and 0.0 <= self._clock() - created < LINK_LIFE_S and self._answers(link, path.name):
                return link
            created = self._clock()
            links = self._request_links(path.name, kind)
            self._http.put(links.signed_url, _ProgressReader(file, progress), kind, f"upload of {path.name}")
            self._uploaded[key] = (created, links.readable_url)
            self._originals[links.readable_url] = path
        return links.readable_url

    def name_of(self, source: str | Path) -> str:
        """Return the file name of a source; for an upload its name on this machine, not the server's."""
        return file_name(self.original(source) or source)

    def original(self, source: str | Path) -> Path | None:
        """Return the file on this machine that a source is, or that was uploaded to it; None for another link."""
        return source if isinstance(source, Path) else self._originals.get(source)

    def new_folder(self, label: str) -> Path:
        """Return a folder for one job's files that no other job of this client uses; it is made with the first file."""
        plain = folder = self.folder / safe_name(label)
        n = 1
        with self._reserving:
            while folder in self._reserved or folder.exists():
                n += 1
                folder = plain.with_name(f"{plain.name}-{n}")
            self._reserved.add(folder)
        return folder

    def remote_file(self, link: str, stem: str, folder: Path, ending: str) -> RemoteFile:
        """Return the file behind `link`, which is downloaded to `folder` when it is first used.

        Its name is `stem` with the ending of the link, or `ending` where the link has none.
        """
        name = safe_name(stem) + (Path(file_name(link)).suffix.lower() or ending)
        return RemoteFile(name, _Download(self, link, folder / name))

    def download(self, link: str, to: Path) -> Path:
        """Download a link to the file `to`, completely or not at all; return `to`."""
        to.parent.mkdir(parents=True, exist_ok=True)
        part = to.with_name(f"{to.name}.{uuid4().hex[:8]}.part")
        try:
            self._http.retry(lambda: self._download_once(link, part, to.name))
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
        return to

    def _answers(self, link: str, name: str) -> bool:
        """Return whether the link of an uploaded file is still valid: a server that was started anew does not know it."""
        try:
            with self._http.open(link, f"link of {name}"):
                return True
        except TonnbookError:
            return False

    def _download_once(self, link: str, part: Path, name: str) -> None:
        with self._http.open(link, f"download of {name}") as response, part.open("wb") as file:
            check_type(response.headers.get("Content-Type", ""), name)
            for block in response.iter_content(_CHUNK):
                file.write(block)
            expected = response.headers.get("Content-Length", "")
        if expected.isdigit() and part.stat().st_size != int(expected):
            raise Unreachable(f"download of {name} broke off at {part.stat().st_size} of {expected} bytes. Try again.")
        check_sound(part, name)

    def _request_links(self, name: str, kind: str) -> UploadLinks:
        request = UploadRequest(filename=_short(name), content_type=kind)
        reply = self._http.retrieve("/upload", request.to_wire(), about_a_task=False)
        if reply.refusal:
            raise UnexpectedAnswer(f"/upload refused {name}: {reply.refusal}")
        return reply.read(UploadLinks)


class _Download:
    """Downloads one file to its path; for another path it copies the file where it has been downloaded already."""

    def __init__(self, files: Files, link: str, path: Path) -> None:
        self._files, self._link, self._path = files, link, path

    def __call__(self, to: Path | None) -> Path:
        target = to or self._path
        if target != self._path and self._path.exists():
            part = target.with_name(f"{target.name}.{uuid4().hex[:8]}.part")
            try:
                shutil.copyfile(self._path, part)
                return part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        return self._files.download(self._link, target)


_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
_LONGEST_NAME = 120
"""Bytes of a file name that are kept, so that an added suffix still fits into the 255 that file systems allow."""


def safe_name(name: str) -> str:
    """Return `name` as a valid file name on any system; a name that a server sent cannot lead out of its folder.

    Letters of every script are kept, with their marks, composed (NFC), and so is harmless punctuation.
    """
    composed = unicodedata.normalize("NFC", name)
    kept = "".join(
        "_" if _FORBIDDEN.match(c) or (unicodedata.category(c)[0] in "CZ" and c != " ") else c for c in composed
    )
    short = _cut(kept, _LONGEST_NAME).strip(" .") or "track"
    return f"_{short}" if _RESERVED.fullmatch(short) else short


def _cut(text: str, size: int) -> str:
    """Return the beginning of a text that fits into `size` bytes, without splitting a character."""
    if len(text.encode()) <= size:
        return text
    cut = text.encode()[:size].decode(errors="ignore")
    while cut and unicodedata.combining(text[len(cut)]):
        cut = cut[:-1]
    return cut


def _short(name: str) -> str:
    """Return a file name cut to a length that is safe in a link, where one letter may take nine characters."""
    path = Path(name)
    return f"{_cut(path.stem, _LONGEST_NAME)}{path.suffix}"
