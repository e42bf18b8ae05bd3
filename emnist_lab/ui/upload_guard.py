"""Files that browsers send, before Streamlit takes them into the server's memory.

Streamlit's widgets only tell a browser how large a file may be: its own address for uploads takes
any number of files from whoever has a page open, also where no page has a field for them.
"""

import re
import threading
from collections import Counter, OrderedDict

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from emnist_lab.server.rights import Rights

_ADDRESS = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+")
_MB = 2**20
_FORM = 2**16  # bytes that a form has around its file
_MOST = 2**30  # bytes of all visitors together
_UPLOADS = 2  # of the largest size that a session may have at once: one that replaces another
_MOST_SESSIONS = 10_000  # that are remembered

_largest: OrderedDict[str, int] = OrderedDict()  # session -> bytes of an upload


def allow(rights: Rights) -> None:
    """Take what the visitor of this session may upload; to be called in every run of a page.

    Parameters
    ----------
    rights : Rights
        Theirs.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    _largest[context.session_id] = rights.upload_mb * _MB if rights.uploads else 0
    _largest.move_to_end(context.session_id)
    if len(_largest) > _MOST_SESSIONS:
        _largest.popitem(last=False)


class UploadGuard:
    """An application whose uploads are refused where they are too many or too large.

    Parameters
    ----------
    app : ASGI application
        Streamlit's.
    """

    def __init__(self, app: ASGIApp):
        self._app = app
        self._coming: Counter[str] = Counter()  # session -> bytes that are on their way
        self._changed = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        found = scope["type"] == "http" and _ADDRESS.search(scope["path"])
        if not found or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        session, length = found[1], Headers(scope=scope).get("content-length", "")
        if not (length.isascii() and length.isdecimal() and len(length) < 16):
            await _refused(411, "An upload must say how large it is.")(scope, receive, send)
            return
        with self._changed:
            refused = self._refusal(session, int(length))
            if refused is None:
                self._coming[session] += int(length)
        if refused is not None:
            await refused(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            with self._changed:
                self._coming[session] -= int(length)
                self._coming += Counter()  # drops those that have come

    def _refusal(self, session: str, length: int) -> Response | None:
        largest = _largest.get(session, 0)
        if not largest:
            return _refused(403, "This server takes no files of visitors.")
        held = _held()
        if length > largest + _FORM:
            return _refused(413, f"A file may have {largest // _MB:,} MB here: choose another.")
        if held[session] + self._coming[session] + length > _UPLOADS * (largest + _FORM):
            return _refused(413, "Your other files are still held: take one away first.")
        if held.total() + self._coming.total() + length > _MOST:
            return _refused(503, "Others are uploading much at the moment: try again in a minute.")
        return None


def _held() -> Counter[str]:
    """Bytes that Streamlit holds of each session."""
    files = runtime.get_instance().uploaded_file_mgr.file_storage
    return Counter(
        {
            session: sum(len(one.data) for one in list(some.values()))
            for session, some in list(files.items())
        }
    )


def _refused(status: int, why: str) -> Response:
    return PlainTextResponse(why, status)
