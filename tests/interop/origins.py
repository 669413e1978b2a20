"""The internet that the page needs, as one nginx: each name answers as the real one does, with TLS 1.3 and in clear."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .authority import Authority, Leaf
from .process import Server, program, running

GOOGLE_NAMES = (
    "gkeconnect.googleapis.com",
    "gkehub.googleapis.com",
    "oauth2.googleapis.com",
    "storage.googleapis.com",
    "www.googleapis.com",
    "gcr.io",
    "k8s.gcr.io",
)
MIRROR = "us-west-1.ec2.archive.ubuntu.com"
EXPIRED = "expired.googleapis.com"
INCOMPLETE = "incomplete.googleapis.com"

_GOOGLE_404 = '{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}'
_UNAUTHORIZED = '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}'
_TOKEN = "lab-anonymous-token"
_IN_RELEASE = """-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Origin: Ubuntu
Label: Ubuntu
Suite: {suite}
Version: 22.04
Codename: jammy
Date: Thu, 21 Apr 2022 17:16:08 UTC
Architectures: amd64 arm64 armhf i386 ppc64el riscv64 s390x
Components: main restricted universe multiverse
Description: Ubuntu Jammy 22.04
SHA256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855                0 main/binary-amd64/Packages
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCgAdFiEElabenotarealsignature=
-----END PGP SIGNATURE-----
"""


@dataclass(frozen=True, slots=True)
class Registry:
    """One registry's front: where it sends for tokens, and the host that its blobs really come from, if another."""

    realm: str
    service: str
    blobs_from: str = ""


REGISTRIES: Mapping[str, Registry] = {
    "gcr.io": Registry("https://gcr.io/v2/token", "gcr.io"),
    "k8s.gcr.io": Registry("https://k8s.gcr.io/v2/token", "k8s.gcr.io"),
    "registry-1.docker.io": Registry("https://auth.docker.io/token", "registry.docker.io", "production.cloudflare.docker.com"),
    "quay.io": Registry("https://quay.io/v2/auth", "quay.io", "cdn01.quay.io"),
}

_CONFIG = """
user root;
daemon off;
worker_processes 1;
error_log {home}/nginx-error.log info;
pid {home}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  log_format lab '$host:$server_port $request_method $request_uri $status "$http_user_agent"';
  access_log {home}/nginx-access.log lab;
  default_type application/octet-stream;
  client_body_temp_path {home}/nginx-body;
  proxy_temp_path {home}/nginx-proxy;
  fastcgi_temp_path {home}/nginx-fastcgi;
  uwsgi_temp_path {home}/nginx-uwsgi;
  scgi_temp_path {home}/nginx-scgi;
  server_tokens off;
  keepalive_requests 100000;
  server_names_hash_bucket_size 128;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{ listen {address}:80 default_server; return 404; }}
  server {{ listen {address}:443 ssl default_server; ssl_reject_handshake on; }}
{servers}
}}
"""
_SERVER = """
  server {{
    server_name {name};
    listen {address}:80;
    listen {address}:443 ssl http2;
    ssl_certificate {leaf.chain};
    ssl_certificate_key {leaf.key};
{locations}
  }}
"""
_JSON = "default_type application/json; "
_GOOGLE = f"    location / {{ {_JSON}return 404 '{_GOOGLE_404}'; }}\n"
_ARCHIVE = """
    location / {{ default_type text/html; return 200 '<title>Index of /</title>'; }}
    location ~ ^/ubuntu/dists/(?<suite>[a-z-]+)/InRelease$ {{ alias {home}/InRelease.$suite; }}
"""
_BEARER = """
    location {path} {{
      default_type application/json;
      add_header Docker-Distribution-Api-Version registry/2.0 always;
      if ($http_authorization != "Bearer {token}") {{
        add_header WWW-Authenticate 'Bearer realm="{front.realm}",service="{front.service}"' always;
        add_header Docker-Distribution-Api-Version registry/2.0 always;
        return 401 '{unauthorized}';
      }}
      {then}
    }}
"""
_STORE = """
      rewrite ^/v2/.+/manifests/(?!sha256:)[^/]+$ /v2/lab/tiny/manifests/latest break;
      rewrite ^/v2/.+/(manifests|blobs)/(sha256:.+)$ /v2/lab/tiny/$1/$2 break;
      proxy_set_header Authorization "";
      proxy_set_header Host $host;
      proxy_pass http://{store};
"""


def _token(path: str) -> str:
    return f"""    location = {path} {{ {_JSON}return 200 '{{"token":"{_TOKEN}","expires_in":300}}'; }}\n"""


def _front(front: Registry, store: str) -> str:
    """The locations of one registry: ping, token (if its own), manifests and blobs out of the store."""
    serve = _STORE.format(store=store) if store else f"return 404 '{_GOOGLE_404}';"
    moved = f"return 302 https://{front.blobs_from}$request_uri;" if front.blobs_from else serve
    blanks = {"token": _TOKEN, "front": front, "unauthorized": _UNAUTHORIZED}
    return (
        f"    location / {{ {_JSON}return 404 '{_GOOGLE_404}'; }}\n"
        + _BEARER.format(path="= /v2/", then="return 200 '{}';", **blanks)
        + _BEARER.format(path="~ ^/v2/.+/manifests/", then=serve, **blanks)
        + _BEARER.format(path="~ ^/v2/.+/blobs/", then=moved, **blanks)
        + _token("/" + front.realm.split("/", 3)[3])
    )


def pages(home: Path, store: str) -> dict[str, str]:
    """Every name that exists, with the nginx locations that make it answer as the real one; `store` is a real registry's `address:port` or nothing."""
    download = f"    location /v2/ {{ {_STORE.format(store=store)} }}\n" if store else _GOOGLE
    known = dict.fromkeys((EXPIRED, INCOMPLETE, "*.googleapis.com"), _GOOGLE)
    known |= {name: _GOOGLE for name in GOOGLE_NAMES if name not in REGISTRIES}
    known |= {name: _front(front, store) for name, front in REGISTRIES.items()}
    known |= {front.blobs_from: download for front in REGISTRIES.values() if front.blobs_from}
    known |= dict.fromkeys(("*.ec2.archive.ubuntu.com", MIRROR, "archive.ubuntu.com", "security.ubuntu.com"), _ARCHIVE.format(home=home))
    known["auth.docker.io"] = _token("/token")
    known["docker.io"] = "    location / { return 301 https://www.docker.com/; }\n"
    known["registry.k8s.io"] = f"    location = /v2/ {{ {_JSON}add_header Docker-Distribution-Api-Version registry/2.0; return 200 '{{}}'; }}\n"
    return known


@contextlib.contextmanager
def origins(home: Path, address: str, authority: Authority, store: str = "", extra: Mapping[str, str] | None = None) -> Iterator[Server]:
    """All origins on ports 80 and 443 of one loopback address. `extra` adds names with their nginx locations."""
    for suite in ("jammy", "jammy-security"):
        (home / f"InRelease.{suite}").write_text(_IN_RELEASE.format(suite=suite))
    spoilt = {EXPIRED: authority.expired, INCOMPLETE: authority.incomplete}
    servers = ""
    for name, locations in {**pages(home, store), **(extra or {})}.items():
        leaf: Leaf = spoilt.get(name, authority.leaf)(name)
        servers += _SERVER.format(name=name, address=address, leaf=leaf, locations=locations)
    config = home / "nginx.conf"
    config.write_text(_CONFIG.format(home=home, address=address, servers=servers))
    with running("nginx", [program("nginx"), "-p", home, "-e", home / "nginx-error.log", "-c", config], home, address, 443) as server:
        yield server
