"""`UploadBuilder`: the form of an upload, whose result is a link for each file."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, Self

from tonnbook.models.files import UploadRequest, Uploads
from tonnbook.models.mixing import file_name
from tonnbook.models.vocabulary import CONTENT_TYPES
from tonnbook.sound_files import Sounds
from tonnbook.widgets.forms.code_export import SERVICE, FormatSource
from tonnbook.widgets.forms.form_values import read_json
from tonnbook.widgets.forms.table_form import TableForm


class UploadBuilder(TableForm[Uploads]):
    """The form of an upload: files whose links other calls, other programs or other persons take for one hour. It costs nothing.

    Parameters
    ----------
    sounds
        A folder, a zip archive, a list, a mapping, a drop zone, or a single file.
    client
        What the button sends with; by default the local studio, once `tb.offline()` has started it.

    >>> upload = tb.UploadBuilder("stems")
    >>> upload.submit().result()["kick.wav"]                            # a link, which is a secret
    """

    model = Uploads
    endpoint = "/upload"
    call, verb = "upload_all", "Upload"
    rows = "files"

    def __init__(self, sounds: Sounds = (), *, client: Any = None) -> None:
        super().__init__("Upload", sounds, {}, client)

    def load(self, request: Uploads | str | Path) -> Self:
        """Fill the form from the requests that `to_json` returns, as text or as a file. Raises ValueError for other texts."""
        if isinstance(request, Uploads):
            return super().load(request)
        found = read_json(request)
        if not isinstance(found, list) or not all(isinstance(each, dict) and each.get("filename") for each in found):
            raise ValueError("not an upload: a JSON array is needed, of objects that have a filename")
        return super().load(json.dumps({"files": [{"source": each["filename"]} for each in found]}))

    def _new_row(self, name: str, source: str | Path) -> tuple[dict[str, Any], dict[str, str]]:
        return {}, {}

    def _json(self, request: Uploads, format_source: FormatSource) -> str:
        bodies = [body | {"filename": format_source(source)} for source, body in _bodies(request)]
        return json.dumps(bodies, indent=2, ensure_ascii=False)

    def _python(self, request: Uploads, format_source: FormatSource) -> str:
        files = ", ".join(repr(format_source(file.source)) for file in request.files)
        return f"import tonnbook as tb\n\nlinks = await tonn.upload_all([{files}])\n"

    def _curl(self, request: Uploads, format_source: FormatSource) -> str:
        commands = []
        for source, body in _bodies(request):
            commands.append(
                f"curl -X POST {SERVICE}/upload \\\n"
                '  -H "X-API-Key: $TONN_API_KEY" \\\n'
                '  -H "Content-Type: application/json" \\\n'
                f"  --data-binary @- <<'JSON'\n{json.dumps(body, ensure_ascii=False)}\nJSON\n"
                f"# then, with the signed_url of the answer:\n"
                f"# curl -X PUT -H 'Content-Type: {body['contentType']}' --upload-file {shlex.quote(format_source(source))} \"$SIGNED_URL\"\n"
            )
        return "\n".join(commands)


def _bodies(request: Uploads) -> list[tuple[Path, dict[str, Any]]]:
    """Return the body of the request of each file; a link needs none."""
    paths = [file.source for file in request.files if isinstance(file.source, Path)]
    kinds = {path: CONTENT_TYPES.get(path.suffix.lower(), "audio/wav") for path in paths}
    return [(path, UploadRequest(filename=file_name(path), content_type=kinds[path]).to_wire()) for path in paths]
