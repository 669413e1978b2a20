"""Where notices go: a webhook that takes CloudEvents, or whatever Apprise knows.

A URL holds tokens as often as not: it is in no output, and is called by its scheme and host.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import anyio
import httpx

from preflight.real.ahead import system_store
from preflight.real.daemon import in_daemon
from preflight.serve.notify.mailbox import Destination, NotTaken
from preflight.serve.notify.notice import Notice
from preflight.serve.notify.urls import APPRISE, WEB, named
from preflight.untrusted import Secret, neutral

SECONDS: Final = 15.0
"""For one attempt."""
LONGEST_WAIT: Final = 300.0
"""Seconds that a destination may ask to be left alone."""
_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_PLAIN: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def destinations(texts: tuple[str, ...], proxy: str | None, remark: Callable[[str], None]) -> tuple[Destination, ...]:
    """The destinations that `--notify` names, each reached through `proxy`, or directly. `remark` hears of files that others may read.

    Raises ValueError with a sentence; none repeats a URL.
    """
    through = _proxy(proxy, remark)
    return tuple(_destination(url, through) for text in texts for url in named(text, "--notify", remark))


class Webhook:
    """An HTTP endpoint that takes a CloudEvent by POST."""

    def __init__(self, url: Secret, proxy: Secret | None) -> None:
        self._url, self._proxy = url, proxy
        parts = httpx.URL(url.reveal())
        self.name = neutral(f"{parts.scheme}://{parts.netloc.decode('ascii').rpartition('@')[2]}")

    async def send(self, notice: Notice) -> None:
        """See Destination. Anything but 2xx is a refusal; a redirect is not followed, for it would take the event somewhere else."""
        body = json.dumps(notice.event(), ensure_ascii=False).encode("utf-8", "backslashreplace")
        proxy = self._proxy.reveal() if self._proxy else None
        try:
            with anyio.fail_after(SECONDS):
                store = await in_daemon(system_store, "trust")  # the system's, as it is now
                async with (
                    httpx.AsyncClient(trust_env=False, verify=store, proxy=proxy, timeout=SECONDS) as client,
                    client.stream("POST", self._url.reveal(), content=body, headers={"Content-Type": "application/cloudevents+json"}) as answer,
                ):
                    status, asked = answer.status_code, answer.headers.get("Retry-After")
        except TimeoutError:
            raise NotTaken("no answer in time", again=True) from None
        except httpx.HTTPError as error:
            raise NotTaken(type(error).__name__, again=True) from None
        if not 200 <= status < 300:  # noqa: PLR2004 - what RFC 9110 calls successful
            raise NotTaken(f"HTTP {status}", again=status in _LATER, wait=_wait(asked) if status in _LATER else None)


class Apprise:
    """A service that Apprise knows. Its library blocks, and goes its own way through the network."""

    def __init__(self, url: Secret) -> None:
        from apprise import Apprise as Library  # noqa: PLC0415 - an extra

        for name in ("apprise", "urllib3"):  # both log URLs, the latter those of answers that it cannot parse
            logger = logging.getLogger(name)
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
        self.name = f"{url.reveal().partition('://')[0].lower()}://"
        self._library: Any = Library()
        if not self._library.add(url.reveal()):
            raise ValueError(f"--notify: Apprise does not understand the {self.name} URL")

    async def send(self, notice: Notice) -> None:
        """See Destination."""
        taken = False
        with anyio.move_on_after(2 * SECONDS) as bound:
            taken = bool(await in_daemon(lambda: self._library.notify(title=notice.title, body="\n".join(notice.lines)), "apprise"))
        if not taken:
            raise NotTaken("no answer in time" if bound.cancelled_caught else "Apprise could not deliver it", again=not bound.cancelled_caught)


def _destination(url: Secret, proxy: Secret | None) -> Destination:
    scheme, _, rest = url.reveal().removeprefix(APPRISE).partition("://")
    if not rest:
        raise ValueError("--notify takes a URL, or @FILE")
    if scheme.lower() not in WEB or url.reveal().startswith(APPRISE):
        if find_spec("apprise") is None:
            raise ValueError(f"--notify {neutral(scheme)}:// needs Apprise: pip install 'preflight-connectivity[serve,apprise]'")
        if proxy:
            raise ValueError("--notify-proxy is for webhooks: Apprise cannot be told a proxy, and would go direct. Send a webhook through it instead")
        return Apprise(Secret(f"{scheme}://{rest}"))
    parts = _parsed(url, "--notify")
    if parts.scheme != "https" and parts.host not in _PLAIN:
        raise ValueError(f"--notify http://{neutral(parts.host)}: what is told goes over https, except to this host itself")
    return Webhook(url, proxy)


def _proxy(text: str | None, remark: Callable[[str], None]) -> Secret | None:
    if text is None or text == "none":
        return None
    urls = list(named(text, "--notify-proxy", remark)) if text.startswith("@") or text.partition("://")[0].lower() in WEB else []
    if len(urls) != 1 or _parsed(urls[0], "--notify-proxy").scheme not in WEB:
        raise ValueError("--notify-proxy takes one URL, http://HOST:PORT, or @FILE, or none")
    return urls[0]


def _parsed(url: Secret, flag: str) -> httpx.URL:
    try:
        parts = httpx.URL(url.reveal())
    except (httpx.InvalidURL, ValueError):
        parts = httpx.URL("")
    if not parts.host:
        raise ValueError(f"{flag}: that is no URL")
    return parts


def _wait(asked: str | None) -> float | None:
    """Seconds that `Retry-After` asks for; a date is left to our own patience."""
    return min(float(asked), LONGEST_WAIT) if asked and asked.isascii() and asked.isdecimal() else None
