"""A visit to a served app without a browser: Streamlit's own messages over its websocket.

It sends what the frontend of Streamlit sends (`frontend/app/src/App.tsx` and
`frontend/connection/src/WebsocketConnection.tsx` of Streamlit), and understands as much of the
answers as a visit needs: elements, runs that ended, what reruns by itself, and errors.
"""

import asyncio
import contextlib
import gzip
import json
import re
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from typing import NamedTuple

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from ..errors import LabError

_OWNER = "emnist_lab_owner"  # the component that asks a browser for its number
_SUBPROTOCOLS = ["streamlit", "PLACEHOLDER_AUTH_TOKEN"]  # as of a browser without a cookie
_TRIGGERS = "$$STREAMLIT_INTERNAL_KEY_{}__events"
_LIMIT = 180.0  # seconds for an answer


class Shown(NamedTuple):
    """An element that a page shows.

    Attributes
    ----------
    kind : str
        Streamlit's name of it, such as ``"button"``.
    proto : message
        As Streamlit sent it.
    fragment : str
        Id of the fragment that it stands in; empty for none.
    """

    kind: str
    proto: object
    fragment: str


class Visit:
    """One session of a served app; an asynchronous context.

    Parameters
    ----------
    address : str
        Of the server, ``"http://127.0.0.1:8501"``.
    cookie : str, optional
        Sent with every request, as ``"lab_session=1"``, by which a proxy knows the session.

    Attributes
    ----------
    errors : list of str
        What pages reported as an error, and what wasn't answered.
    """

    def __init__(self, address: str, cookie: str = ""):
        self.errors: list[str] = []
        self._address = address
        self._headers = {"Cookie": cookie} if cookie else {}
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task | None = None
        self._shown: dict[tuple, tuple[int, Shown]] = {}  # path -> number of the run, element
        self._run, self._running = 0, frozenset()  # the newest run, and its fragments
        self._states: dict[str, WidgetState] = {}
        self._pages: dict[str, str] = {}
        self._page = self._query = ""
        self._turn, self._ended = asyncio.Lock(), asyncio.Event()
        self._timers: dict[str, asyncio.Task] = {}
        self._fetched: set[str] = set()

    async def __aenter__(self) -> "Visit":
        at = f"ws{self._address.removeprefix('http')}/_stcore/stream"
        try:
            self._socket = await connect(
                at, subprotocols=_SUBPROTOCOLS, max_size=None, open_timeout=_LIMIT, proxy=None,
                ping_interval=None, additional_headers=self._headers,
            )  # fmt: skip
        except (OSError, WebSocketException, TimeoutError) as error:
            raise LabError(f"{self._address} can't be visited ({error}): start the app.") from error
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_) -> None:
        tasks = [one for one in (self._reading, *self._timers.values()) if one is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def open(self, page: str, until: Callable[[Shown], bool], query: str = "") -> None:
        """Open a page, the first by its address and others by the navigation.

        Parameters
        ----------
        page : str
            Its name in the address; empty for Home.
        until : callable
            Whether an element is what a person waits for on the page.
        query : str
            Of the address.

        Raises
        ------
        LabError
            It isn't answered within three minutes.
        """
        self._query = query
        if self._pages:
            self._page = self._pages[page]
            await self._ask()
        else:
            await self._ask(page_name=page)
        await self._tell_number()
        await self.wait(until)
        await self._fetch_files()

    async def load(self) -> None:
        """Get the app's own files, as a browser does before it connects."""
        page = (await self._get("/")).decode()
        names = re.findall(r'(?:src|href)="\./(static/[^"]+)"', page)
        await asyncio.gather(*(self._get(f"/{name}") for name in dict.fromkeys(names)))

    async def wait(self, until: Callable[[Shown], bool]) -> None:
        """Wait until an element is there that a part brings which reruns by itself."""
        async with self._limit():
            while not any(map(until, self.shown())):
                self._ended.clear()
                await self._ended.wait()
                self._raise_if_lost()

    async def settle(self) -> None:
        """Wait until no part of the page reruns by itself any more."""
        async with self._limit():
            while self._timers or self._turn.locked():
                await asyncio.sleep(0.1)

    def shown(self) -> list[Shown]:
        """All elements of the page, in the order in which they came."""
        return [one for _, one in self._shown.values()]

    def find(self, wanted: Callable[[Shown], bool]) -> Shown:
        """First element that is wanted; raises `LabError` where there is none."""
        for one in self.shown():
            if wanted(one):
                return one
        raise LabError("The page doesn't show what the visit looks for: adapt the visit to it.")

    async def tell(self, shown: Shown, state: dict) -> None:
        """Send what a component keeps, as its ``setStateValue`` does.

        Parameters
        ----------
        shown : Shown
            A component.
        state : dict
            All that it keeps.
        """
        await self._change(shown, json_value=json.dumps(state))

    async def trigger(self, shown: Shown, event: str, value: object) -> None:
        """Send what happened in a component once, as its ``setTriggerValue`` does.

        Parameters
        ----------
        shown : Shown
            A component.
        event : str
        value : JSON value
        """
        what = json.dumps([{"event": event, "value": value}])
        await self._once(shown, _TRIGGERS.format(shown.proto.id), json_trigger_value=what)

    async def press(self, label: str) -> None:
        """Press the first button of a label."""
        shown = self.find(lambda one: one.kind == "button" and one.proto.label == label)
        await self._once(shown, shown.proto.id, trigger_value=True)

    async def slide_to_end(self) -> None:
        """Move the page's first slider with options to the last of them."""
        shown = self.find(lambda one: one.kind == "slider" and one.proto.options)
        state = WidgetState(id=shown.proto.id)
        state.string_array_value.data.append(shown.proto.options[-1])
        self._states[state.id] = state
        await self._ask(fragment_id=shown.fragment)
        await self._fetch_files()

    async def _change(self, shown: Shown, **value) -> None:
        self._states[shown.proto.id] = WidgetState(id=shown.proto.id, **value)
        await self._ask(fragment_id=shown.fragment)
        await self._fetch_files()

    async def _once(self, shown: Shown, key: str, **value) -> None:
        await self._ask(WidgetState(id=key, **value), fragment_id=shown.fragment)
        await self._fetch_files()

    async def _tell_number(self) -> None:
        """Be a browser with a number of its own, where the server wants to know."""
        asking = (one for one in self.shown() if is_component(one, _OWNER))
        shown = next(asking, None)
        if shown is not None and shown.proto.id not in self._states:
            await self.tell(shown, {"secret": secrets.token_hex(16)})

    async def _ask(self, once: WidgetState | None = None, **fields) -> None:
        """Have the server run, and wait for the end of the last run that comes of it."""
        message = BackMsg()
        asked = message.rerun_script
        asked.context_info.timezone = "UTC"
        asked.context_info.locale = "en"
        asked.context_info.url = self._address
        asked.page_script_hash = self._page
        async with self._turn, self._limit():
            asked.query_string = self._query
            asked.widget_states.widgets.extend(self._states.values())
            if once is not None:
                asked.widget_states.widgets.append(once)
            for name, value in fields.items():
                setattr(asked, name, value)
            self._ended.clear()
            try:
                await self._socket.send(message.SerializeToString())
            except WebSocketException as error:
                raise LabError("The server closed the connection: see its log.") from error
            await self._ended.wait()
        self._raise_if_lost()

    def _raise_if_lost(self) -> None:
        if self._reading.done():
            raise LabError("The server closed the connection: see its log.")

    @contextlib.asynccontextmanager
    async def _limit(self):
        try:
            async with asyncio.timeout(_LIMIT):
                yield
        except TimeoutError as error:
            raise LabError(
                f"The server gave no answer within {_LIMIT:.0f} s: ask it with fewer visits."
            ) from error

    async def _read(self) -> None:
        try:
            async for payload in self._socket:
                self._take(ForwardMsg.FromString(payload))
        except WebSocketException as error:
            self.errors.append(f"the connection was lost: {error}")
        finally:
            self._ended.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._show(tuple(message.metadata.delta_path), message.delta)
        elif kind == "new_session":
            self._begin(message)
        elif kind == "script_finished":
            if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._end()
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                self.errors.append("a page doesn't compile")
        elif kind == "navigation":
            self._pages = {
                one.url_pathname * (not one.is_default): one.page_script_hash
                for one in message.navigation.app_pages
            }
            self._page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            one = message.auto_rerun
            self._timers[one.fragment_id] = asyncio.create_task(
                self._rerun(one.fragment_id, one.interval)
            )
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._timers.pop(fragment, None)
        elif kind == "page_not_found":
            self.errors.append("a page wasn't found")

    def _begin(self, message: ForwardMsg) -> None:
        """A run begins; what it doesn't draw anew is shown until its end, as in a browser."""
        self._run += 1
        self._running = frozenset(message.metadata.run.fragment_ids)
        if not self._running:
            self._timers.clear()  # they end at their next look

    def _end(self) -> None:
        """A run has ended: what it didn't draw is gone, and so is the state of such widgets."""
        self._shown = {
            at: (run, one)
            for at, (run, one) in self._shown.items()
            if run == self._run or (self._running and one.fragment not in self._running)
        }
        if not self._running:
            ids = {getattr(one.proto, "id", "") for one in self.shown()}
            self._states = {key: one for key, one in self._states.items() if key in ids}
        self._ended.set()

    def _show(self, path: tuple, delta) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        kind = delta.new_element.WhichOneof("type")
        shown = Shown(kind, getattr(delta.new_element, kind), delta.fragment_id)
        self._shown[path] = self._run, shown
        if kind == "exception":
            self.errors.append(f"{shown.proto.type}: {shown.proto.message}")
        elif kind == "alert" and shown.proto.format == Alert.ERROR:
            self.errors.append(shown.proto.body)

    async def _rerun(self, fragment: str, interval: float) -> None:
        """Have a fragment run again and again, for as long as this is its newest timer."""
        mine = asyncio.current_task()
        try:
            while True:
                await asyncio.sleep(interval)
                if self._timers.get(fragment) is not mine:
                    return
                await self._ask(fragment_id=fragment, is_auto_rerun=True)
        except LabError as error:
            self.errors.append(str(error))

    async def _fetch_files(self) -> None:
        """Get the files that the page names, once each, as a browser's cache has it."""
        for url in set(_files(self.shown())) - self._fetched:
            self._fetched.add(url)
            await self._get(url)

    async def _get(self, url: str) -> bytes:
        try:
            whole = f"{self._address}/{url.lstrip('/')}"
            return await asyncio.to_thread(_read_url, whole, self._headers)
        except OSError as error:
            self.errors.append(f"{url} wasn't served: {error}")
            return b""


def _read_url(url: str, headers: dict[str, str]) -> bytes:
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip", **headers})
    with urllib.request.urlopen(asked, timeout=_LIMIT) as answer:
        content = answer.read()
        packed = answer.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(content) if packed and url.endswith("/") else content


def _files(shown) -> Iterator[str]:
    """Addresses on the server that elements name: pictures, and what components bring."""
    for one in shown:
        if one.kind == "imgs":
            yield from (image.url for image in one.proto.imgs if image.url.startswith("/"))
        elif one.kind == "bidi_component":
            yield from re.findall(r'"(/media/[^"]+)"', one.proto.json)


def is_component(shown: Shown, name: str, key: str = "") -> bool:
    """Whether an element is a component of that name, and its key begins with `key`."""
    return (
        shown.kind == "bidi_component"
        and shown.proto.component_name == name
        and (not key or f"-{key}" in shown.proto.id)
    )
