"""The system's trust store, opened in a thread while Python is still loading modules: OpenSSL reads a bundle of CAs for as long as several walks take."""

from __future__ import annotations

import ssl
import threading


def system_store() -> ssl.SSLContext:
    """A context that trusts what the system trusts. `ssl.create_default_context` would also write session keys wherever SSLKEYLOGFILE says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    return context


class Ahead:
    """A context in the making. The thread is waited for at the end of the process: OpenSSL must not be torn down while it reads."""

    def __init__(self) -> None:
        self._made: list[ssl.SSLContext] = []
        self._thread = threading.Thread(target=self._make, name="trust")
        self._thread.start()

    def __call__(self) -> ssl.SSLContext:
        """The context, waited for. Raises ssl.SSLError or OSError where the store cannot be read."""
        self._thread.join()
        return self._made.pop() if self._made else system_store()

    def _make(self) -> None:
        try:
            self._made.append(system_store())
        except OSError:
            return  # whoever wants the context tries again, and is told
