"""The units: their commands exist, systemd accepts them, and they are confined."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from .commands import parsed
from .conftest import Installed

PROGRAM = "/opt/preflight/bin/preflight"
SERVICES = ("preflight.service", "preflight-once.service")
HARDENED = {
    "DynamicUser": "yes",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "UMask": "0077",
    "LimitCORE": "0",
}
WORST_EXPOSURE = 2.0


def settings(unit: Path) -> dict[str, list[str]]:
    """Every setting of the unit with its values, continued lines joined. No key is in two sections of ours."""
    lines = unit.read_text().replace("\\\n", " ").splitlines()
    pairs = [line.split("=", 1) for line in lines if re.match(r"[A-Z]\w*=", line)]
    return {key: [value for other, value in pairs if other == key] for key, _ in pairs}


def words(unit: Path) -> list[str]:
    """The command line of the unit, as the program gets it."""
    [line] = settings(unit)["ExecStart"]
    return shlex.split(line.replace("%%", "%"))


@pytest.mark.parametrize("name", SERVICES)
def test_the_command_exists_with_its_flags(deploy: Path, name: str) -> None:
    program, *rest = words(deploy / "systemd" / name)
    assert program == PROGRAM
    assert parsed(rest)


@pytest.mark.parametrize("name", SERVICES)
def test_no_credentials_stand_on_a_command_line_or_in_a_unit(deploy: Path, name: str) -> None:
    unit = settings(deploy / "systemd" / name)
    [credential] = unit["LoadCredential"]
    assert f"PREFLIGHT_PROXY_PASSWORD_FILE=%d/{credential.partition(':')[0]}" in unit["Environment"]
    assert not any(value.startswith("PREFLIGHT_PROXY_PASSWORD=") for value in unit["Environment"])
    assert not any("@" in word for word in words(deploy / "systemd" / name))


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_confined(deploy: Path, name: str) -> None:
    unit = settings(deploy / "systemd" / name)
    assert {key: unit.get(key) for key in HARDENED} == {key: [value] for key, value in HARDENED.items()}
    assert unit["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


@pytest.mark.parametrize("name", SERVICES)
def test_it_sees_what_tells_whether_its_own_host_is_cut_off(deploy: Path, name: str) -> None:
    """`ProcSubset=pid` hides /proc/net (measured), and a host without a network would then page for the proxy."""
    assert settings(deploy / "systemd" / name).get("ProcSubset", ["all"]) == ["all"]


def test_both_services_are_confined_alike(deploy: Path) -> None:
    probe, once = ((deploy / "systemd" / name).read_text() for name in SERVICES)
    part = probe[probe.index("# What it may do") : probe.index("\n[Install]")].strip()
    assert part == once[once.index("# What it may do") :].strip()


def test_the_probe_is_watched_and_reloaded(deploy: Path) -> None:
    unit = settings(deploy / "systemd" / "preflight.service")
    assert unit["Type"] == ["notify"]
    assert unit["WatchdogSec"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == ["2"]


def test_the_two_services_share_no_state(deploy: Path) -> None:
    probe, once = (settings(deploy / "systemd" / name)["StateDirectory"] for name in SERVICES)
    assert probe != once


def test_a_failed_verdict_is_a_failed_unit_and_somebody_is_told(deploy: Path) -> None:
    once = settings(deploy / "systemd" / "preflight-once.service")
    assert once["Type"] == ["oneshot"]
    assert "SuccessExitStatus" not in once
    for name in SERVICES:
        [hook] = settings(deploy / "systemd" / name)["OnFailure"]
        assert (deploy / "systemd" / hook.replace("%N", "")).exists()


def test_the_timer_starts_a_unit_that_is_there(deploy: Path) -> None:
    timer = settings(deploy / "systemd" / "preflight-once.timer")
    assert [(deploy / "systemd" / unit).exists() for unit in timer["Unit"]] == [True]
    assert timer["Persistent"] == ["true"]
    assert timer["RandomizedDelaySec"]


def test_the_interpreter_can_live_without_writable_code_and_netlink() -> None:
    """MemoryDenyWriteExecute= and RestrictAddressFamilies= as the kernel does them, on everything of ours that has machine code in it."""
    done = subprocess.run([sys.executable, "-c", CONFINED], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == NOT_HERE:
        pytest.skip("this kernel cannot refuse writable code (PR_SET_MDWE: Linux 6.3)")
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


NOT_HERE = 77
CONFINED = f"""
import ctypes, mmap, sys
if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0):
    sys.exit({NOT_HERE})
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    sys.exit("writable code was allowed")
except PermissionError:
    pass
import asyncio, socket, sqlite3, ssl
import cryptography.x509, h11, httpx, msgspec, yaml, dns.resolver
import preflight.cli, preflight.session
ssl.create_default_context()
sqlite3.connect(":memory:").execute("select 1")
socket.getaddrinfo("localhost", 80)
asyncio.run(asyncio.sleep(0))
print("alive")
"""


@pytest.fixture
def units(deploy: Path, tmp_path: Path) -> Sequence[Path]:
    """The units, with a program that is there: systemd asks whether it is."""
    stub = tmp_path / "preflight"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    made = []
    for unit in sorted((deploy / "systemd").iterdir()):
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text().replace(PROGRAM, str(stub)))
        made.append(copy)
    return made


@pytest.mark.interop
def test_systemd_accepts_the_units(units: Sequence[Path], installed: Installed) -> None:
    verify = [installed("systemd-analyze"), "verify", "--recursive-errors=yes", "--man=no", *map(str, units)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.interop
def test_systemd_refuses_a_unit_that_is_wrong(units: Sequence[Path], installed: Installed) -> None:
    """What a typo looks like: without this, the test above might look at nothing."""
    broken = next(unit for unit in units if unit.name == "preflight.service")
    broken.write_text(broken.read_text().replace("ProtectSystem=strict", "ProtectSytem=strict"))
    done = subprocess.run([installed("systemd-analyze"), "verify", "--man=no", str(broken)], capture_output=True, text=True, check=False)
    assert "ProtectSytem" in done.stderr


@pytest.mark.interop
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_calls_it_little_exposed(units: Sequence[Path], installed: Installed, name: str) -> None:
    [unit] = [str(unit) for unit in units if unit.name == name]
    done = subprocess.run([installed("systemd-analyze"), "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= WORST_EXPOSURE


@pytest.mark.interop
def test_the_timer_names_moments_that_come(deploy: Path, installed: Installed) -> None:
    [when] = settings(deploy / "systemd" / "preflight-once.timer")["OnCalendar"]
    done = subprocess.run([installed("systemd-analyze"), "calendar", when], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
