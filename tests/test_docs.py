"""What the pages say is so: commands, flags, files, tables, samples and the picture."""

from __future__ import annotations

import re
import shlex
import tomllib
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any

import pytest
import typer

from docs import picture
from preflight import checks, cli, codes, session
from preflight.demo import SCENARIOS
from preflight.model import Blame, CheckResult, Finding, Report, Status
from preflight.report import FORMATS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PAGES = [README, ARCHITECTURE, ROOT / "docs" / "operations.md", ROOT / "docs" / "writing-a-check.md"]
WITHOUT_PACKET = {"plan", "explain", "checks", "init", "schema"}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
INLINE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAMPLE = re.compile(r"<!-- (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?(?: m?s\b)?")


def ids(path: Path) -> str:
    return path.name


def said(page: Path) -> list[str]:
    """Every piece of code on the page, line by line."""
    text = page.read_text()
    prose = FENCED.sub("", text)
    return [*(line for _, block in FENCED.findall(text) for line in block.splitlines()), *INLINE.findall(prose)]


def commands(page: Path) -> list[list[str]]:
    """The words of every `preflight …` on the page, after the program's name."""
    lines = [line.strip().removeprefix("- run: ").removeprefix("- ").removeprefix("$ ") for line in said(page)]
    return [shlex.split(line, comments=True)[1:] for line in lines if re.match(r"preflight [-a-z]", line)]


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """The flags of each command; those of none are under the empty name."""
    root: Any = typer.main.get_command(cli.app)
    context: Any = root.make_context("preflight", ["--help"], resilient_parsing=True)
    named = {"": root, **{name: root.get_command(context, name) for name in root.list_commands(context)}}
    return {name: {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)} | {"--help", "-h"} for name, command in named.items()}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_exists_with_its_flags(page: Path, options: dict[str, set[str]]) -> None:
    for words in commands(page):
        command = next((word for word in words if not word.startswith("-")), "")
        assert command in options, words
        flags = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert flags <= options[command], words


def test_the_readme_shows_every_command(options: dict[str, set[str]]) -> None:
    shown = {words[0] for words in commands(README) if not words[0].startswith("-")}
    assert shown == set(options) - {""}


def test_every_flag_in_the_prose_exists(options: dict[str, set[str]]) -> None:
    flags = {word.partition("=")[0] for code in said(README) for word in code.split() if re.match(r"--[a-z]", word) and "curl" not in code}
    assert flags - set(chain(*options.values())) == set()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_code_on_the_page_is_in_the_table(page: Path) -> None:
    phases = {name.partition(".")[0] for name in codes.TABLE} - {"ok"}
    named = {code for code in said(page) if re.fullmatch(r"[a-z-]+\.[a-z0-9-]+", code) and code.partition(".")[0] in phases}
    assert {code for code in named if not code.endswith((".py", ".json"))} - set(codes.TABLE) == set()


def test_what_the_readme_lists_is_there() -> None:
    text = README.read_text()
    for name in ("wrong-password", "interception", "captive-portal", "yes-man"):
        assert f"`{name}`" in text
        assert name in SCENARIOS
    formats = re.search(r"the formats are (.*?)\. ", text)
    assert formats
    assert INLINE.findall(formats[1]) == list(FORMATS)
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {target for target in re.findall(r"\bmake (\w+)\b", text) if target != "and"} <= targets


def ended(*statuses: Status, strict: bool = False, interrupted_by: int | None = None) -> int:
    """The exit code of a run with these statuses."""
    results = tuple(
        CheckResult(f"check-{index}", "https", "core", "", True, (Finding("ok", status, Blame.NOBODY, ""),)) for index, status in enumerate(statuses)
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Report(results, (), (), now, 1.0, "1", "profile", "here", strict=strict, interrupted_by=interrupted_by).exit_code


def test_the_exit_codes_are_those_of_the_model() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \| (.+) \|$", README.read_text(), re.MULTILINE)
    told = {int(code): meaning for listed, meaning in rows for code in listed.split(",")}
    by_report = {
        "warnings are allowed": ended(Status.PASS, Status.WARN),
        "a required check failed": ended(Status.PASS, Status.ERROR, Status.FAIL),
        "could not be decided": ended(Status.PASS, Status.ERROR),
        "everything was skipped": ended(Status.SKIP),
        "usage or input error": cli.USAGE,
        "a bug": cli.BUG,
        "could not be written": session.UNWRITTEN,
        "SIGINT": ended(Status.PASS, interrupted_by=SIGINT),
        "SIGTERM": ended(Status.PASS, interrupted_by=SIGTERM),
    }
    assert set(told) == set(by_report.values())
    assert [words for words, code in by_report.items() if words not in told[code]] == []
    assert ended(Status.WARN, strict=True) == 1


def test_the_floors_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert "```text\n{}\n```".format("\n".join(layers)) in ARCHITECTURE.read_text()


def test_the_tree_is_whole() -> None:
    tree = FENCED.findall(ARCHITECTURE.read_text())[0][1]
    named = set(re.findall(r"^ {2}([\w.]+)/? ", tree, re.MULTILINE))
    there = {path.name for path in (ROOT / "preflight").iterdir() if path.name not in {"__pycache__", "__init__.py", "py.typed"}}
    assert named == there


def test_the_dependencies_are_those_that_are_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    listed = ARCHITECTURE.read_text().partition("## Dependencies")[2]
    assert sorted(re.findall(r"^\| ([a-z0-9-]+) \|", listed, re.MULTILINE)[1:]) == sorted(re.split(r"[<>=;!\s]", each)[0] for each in declared)


def test_every_file_that_the_architecture_names_exists() -> None:
    named = {code for code in said(ARCHITECTURE) if re.fullmatch(r"[\w/]+\.py", code)}
    places = [ROOT, ROOT / "preflight", ROOT / "preflight" / "real", ROOT / "preflight" / "codes"]
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []


def test_the_sample_check_is_the_one_that_is_tested() -> None:
    samples = dict(SAMPLE.findall((ROOT / "docs" / "writing-a-check.md").read_text()))
    assert set(samples) == {f"tests/plugin/{path.name}" for path in (ROOT / "tests" / "plugin").glob("*.*") if path.name != "conftest.py"}
    for name, text in samples.items():
        assert text == (ROOT / name).read_text(), name


def test_the_sample_kind_is_nobody_elses() -> None:
    assert "oidc-issuer" not in checks.KINDS


@pytest.fixture(scope="module")
def broken() -> Report:
    return picture.report()


def test_the_text_excerpt_is_a_real_one(broken: Report) -> None:
    excerpt = next(block for _, block in FENCED.findall(README.read_text()) if block.startswith("FAIL"))
    real = {NUMBER.sub("N", line) for line in FORMATS["text"](broken).splitlines()}
    assert [line for line in excerpt.splitlines() if NUMBER.sub("N", line) not in real] == []


def test_the_picture_is_of_a_real_report(broken: Report) -> None:
    drawn, kept = words_of(picture.drawn(broken)), words_of(picture.PICTURE.read_text())
    assert kept[:5] == drawn[:5]
    assert any("proxy.denied" in line for line in kept)
    assert not [url for url in re.findall(r"url\((?!#)[^)]*\)|href=\S+", picture.PICTURE.read_text()) if url]


def words_of(svg: str) -> list[str]:
    """The lines of the picture, numbers left out."""
    texts = [each.text or "" for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own
    return [NUMBER.sub("N", text.replace("\xa0", " ").strip()) for text in texts if text.strip()]
