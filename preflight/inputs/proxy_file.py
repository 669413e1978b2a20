"""What a proxy file declares: one JSON object with the string keys `httpProxy`, `httpsProxy` and `noProxy`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import msgspec

from preflight.inputs import placeholder
from preflight.inputs.files import TextFile, read
from preflight.inputs.json_text import read_json
from preflight.inputs.problem import InputError, Remarks, Where, did_you_mean
from preflight.inputs.proxy_url import ProxyUrl, read_proxy_url
from preflight.inputs.tree import Node
from preflight.model import Proxy
from preflight.route import NoProxy, Proxies
from preflight.untrusted import Secret

KEYS: Final = ("httpProxy", "httpsProxy", "noProxy")
KIND: Final = "proxy-config"
"""The kind of the check that reports the lints."""

_EXAMPLE: Final = '{"httpProxy": "http://HOST:PORT", "noProxy": "169.254.169.254,…"}'
_WORDS: Final = frozenset({"HOST", "PORT", "USER", "USERNAME", "PASSWORD", "PROXY"})
"""What documentation writes where a part of a proxy's URL belongs."""
_PART: Final = re.compile(r"\$\{[A-Za-z_]|(?:^|//)\$[A-Za-z_]|@\$[A-Za-z_][^@]*$|<[A-Za-z][A-Za-z0-9 _.-]*>")


class DeclaredUrl(msgspec.Struct, frozen=True):
    """A proxy and where it is declared."""

    proxy: Proxy
    where: Where


class ProxySettings(msgspec.Struct, frozen=True):
    """What one source declares about proxies."""

    label: str
    http: DeclaredUrl | None = None
    https: DeclaredUrl | None = None
    no_proxy: str = ""
    no_proxy_where: Where | None = None

    @property
    def pairs(self) -> tuple[tuple[Secret, Secret], ...]:
        """User name and password of each proxy that has a user name."""
        found = [url.proxy for url in (self.http, self.https) if url]
        return tuple((proxy.user, proxy.password or Secret("")) for proxy in found if proxy.user is not None)

    @property
    def proxies(self) -> Proxies:
        """The settings as the arithmetic of routes wants them."""
        return Proxies(self.http.proxy if self.http else None, self.https.proxy if self.https else None, NoProxy.parse(self.no_proxy))

    def with_password(self, password: Secret) -> ProxySettings:
        """The same, that password in every proxy that has a user name."""

        def changed(url: DeclaredUrl | None) -> DeclaredUrl | None:
            return msgspec.structs.replace(url, proxy=msgspec.structs.replace(url.proxy, password=password)) if url and url.proxy.user is not None else url

        return msgspec.structs.replace(self, http=changed(self.http), https=changed(self.https))


def read_proxy_file(path: Path, label: str, remarks: Remarks) -> ProxySettings | None:
    """The settings in that file, or None if there are none to be had; problems and lints go into `remarks`."""
    try:
        file = read(path, label)
    except InputError as error:
        remarks.problems += error.problems
        return None
    return parse_proxy_file(file, remarks)


def parse_proxy_file(file: TextFile, remarks: Remarks) -> ProxySettings | None:
    """The settings in the text of a proxy file, or None if it is not a JSON object."""
    root = read_json(file.text, file.label, remarks.problems)
    if root is None:
        return None
    if root.entries is None:
        remarks.problem("input.wrong-type", root.where, f"a proxy file is one JSON object, not {root.kind}", f"write {_EXAMPLE}")
        return None
    absent = [key for key in KEYS if key not in root.entries]
    for key, entry in root.entries.items():
        if key not in KEYS:
            remarks.problem("input.unknown-field", entry.where, "a proxy file has no such key", did_you_mean(key, absent or KEYS))
    texts = {key: node for key in KEYS if (node := _string(root, key, remarks))}
    if "httpProxy" not in root.entries:
        remarks.problem("input.missing-field", root.where, "`httpProxy` is missing", f"write {_EXAMPLE}")
    http, https = (_url(texts.get(key), key, remarks) for key in KEYS[:2])
    if file.exposed and any(url and url.proxy.password for url in (http, https)):
        message = f"{file.label} holds credentials and can be read by others on this host (mode {file.mode:04o})"
        remarks.lint(KIND, "input.permissions", Where(file.label), message, f"chmod 600 {file.label}")
    return ProxySettings(file.label, http, https, *_no_proxy(texts.get("noProxy"), remarks))


def _string(root: Node, key: str, remarks: Remarks) -> Node | None:
    node = root.get(key)
    if node is None or isinstance(node.scalar, str):
        return node
    hint = 'write the entries as one string: "a,b,c"' if key == "noProxy" and node.items is not None else "write a string"
    if key != "httpProxy" and node.empty:
        hint = "leave the key out"
    remarks.problem("input.wrong-type", node.where, f"`{key}` must be a string, not {node.kind}", hint)
    return None


def _url(node: Node | None, key: str, remarks: Remarks) -> DeclaredUrl | None:
    text = node.text if node else None
    if node is None or text is None:
        return None
    if placeholder.whole(text):
        hint = "write the proxy's URL, e.g. http://10.0.0.254:3128"
        remarks.problem("input.placeholder", node.where, f"`{key}` is still the placeholder `{text.strip()}`", hint)
        return None
    if _unfilled(text):
        hint = "write the proxy's own host, port and credentials into its URL"
        remarks.problem("input.placeholder", node.where, f"`{key}` (***) still holds a placeholder", hint)
        return None
    if _PART.search(text):
        hint = "variables are not substituted in a proxy file; write the URL out"
        remarks.problem("input.placeholder", node.where, f"`{key}` (***) still holds a placeholder", hint)
        return None
    url = read_proxy_url(text, node.where, f"`{key}`", remarks.problems)
    if url is None:
        return None
    lint_proxy_url(url, key, node.where, remarks)
    return DeclaredUrl(url.proxy, node.where)


def _unfilled(url: str) -> bool:
    """Whether a part of a proxy's URL is a word of the documentation. Of credentials only its very words count: a password may look like anything."""
    userinfo, _, place = (url.partition("://")[2] or url).rpartition("@")
    return any(word in _WORDS for word in userinfo.split(":")) or any(placeholder.whole(word) or word in _WORDS for word in place.split(":"))


def lint_proxy_url(url: ProxyUrl, key: str, where: Where, remarks: Remarks) -> None:
    """Note what is doubtful about a proxy URL that can be used."""
    if url.exposed:
        message = f"`{key}` sends credentials in clear text to {url.proxy.url}"
        hint = "let the proxy allow these subnets without credentials, or keep the way to it private"
        remarks.lint(KIND, "input.cleartext-credentials", where, message, hint)
    if url.proxy.scheme == "https":
        message = f"`{key}` speaks TLS to the proxy itself (https://); the product's examples all use http://"
        hint = "httpsProxy is the proxy *for* https, not a proxy over https: unless its port speaks TLS, write http://"
        remarks.lint(KIND, "input.https-proxy", where, message, hint)
    if not url.has_port:
        message = f"`{key}` names no port, so {url.proxy.port} is used"
        remarks.lint(KIND, "input.default-port", where, message, "write the port; proxies often listen on 3128 or 8080")
    if url.raw_at:
        message = f"`{key}` has more than one `@`; Go takes the last one as the end of the credentials, other clients may not"
        remarks.lint(KIND, "input.unescaped", where, message, "write the others as %40")


def _no_proxy(node: Node | None, remarks: Remarks) -> tuple[str, Where | None]:
    if node is None or node.text is None:
        return "", None
    for item in node.text.split(","):
        if placeholder.whole(item) or any(map(placeholder.whole, item.strip().split("."))):
            hint = "write the entries, e.g. 169.254.169.254,10.0.0.0/16, or leave `noProxy` out"
            remarks.problem("input.placeholder", node.where, f"`noProxy` still holds the placeholder `{item.strip()}`", hint)
    return node.text, node.where
