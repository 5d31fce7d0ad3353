"""Chromium on a site of real records, served from a folder on this machine."""

import importlib.util
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn

import pytest

from reports.analysis.selection import Selection, select
from reports.output.build import write
from results.store.store import Store
from tests.inspected_memory import inspected_default, inspected_sequences, inspected_stream
from tests.reports.conftest import full

PUBLISHED = Path(__file__).parents[3] / "results" / "published"
REAL = "association"
MODELS = (
    "memnet",
    "memnet[hebbian=false]",
    "transformer",
    "lstm",
    "gru",
    "delta-rule",
    "gated-delta-rule",
    "mamba",
    "bigram",
    "token-memory",
)
"""Models whose published rows are on the site."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ABORTED = "net::ERR_ABORTED"
"""The error of a request that was pending when the page was left."""

HOSTILE = "<img src=x onerror=alert(1)>"


def hostile(selection: Selection) -> Selection:
    """Give a row a model's name that is markup, although no valid record has such a name."""
    *others, last = selection.entries
    for record in (*last.ok, *last.failed):
        vars(record)["cell"] = record.cell.model_copy(update={"model": HOSTILE})
    return replace(selection, entries=(*others, replace(last, model=HOSTILE, model_title=HOSTILE)))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten rows of a published benchmark, records of a task and a stream, three inspections."""
    published, store = (
        Store(PUBLISHED),
        Store.open(tmp_path_factory.mktemp("runs") / "store", create=True),
    )
    records, plan = full()
    for record in [
        *(one for one in published if one.cell.benchmark == REAL and one.cell.model in MODELS),
        *records,
    ]:
        store.write(record)
    real = next(one for one in published.manifests() if one.name == REAL)
    for manifest in [
        real.model_copy(update={"cells": tuple(one for one in real.cells if one.model in MODELS)}),
        plan,
    ]:
        store.write_manifest(manifest)
    root = write(hostile(select(store)), tmp_path_factory.mktemp("site")).parent
    inspected_sequences().save(root / "inspection")
    inspected_stream().save(root / "inspection-stream")
    inspected_default().save(root / "inspection-default")
    return root


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """Address of the site, with a trailing slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium.

    Without one the tests are skipped with a reason; with MEMNET_BROWSER=required (as in `make
    browser`) they fail.
    """
    if (
        importlib.util.find_spec("playwright") is None
        or importlib.util.find_spec("axe_playwright_python") is None
    ):
        _skip_or_fail(
            "playwright and axe-playwright-python are not installed: `make browser` sets them up"
        )
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        _skip_or_fail(
            f"there is no Chromium (looked for {', '.join(CHROMIUM)}): "
            "install one, or name it by CHROMIUM"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium's sandbox does not work as root; the pages are this site's own.
        chromium = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield chromium
        chromium.close()


def _skip_or_fail(reason: str) -> NoReturn:
    if os.environ.get("MEMNET_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page without errors, and without requests that fail or leave the site."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    opened.on(
        "dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss())
    )
    opened.on(
        "requestfailed",
        lambda request: (
            complaints.append(f"failed: {request.url}") if request.failure != ABORTED else None
        ),
    )
    opened.on(
        "response",
        lambda response: (
            complaints.append(f"{response.status}: {response.url}")
            if response.status >= 400
            else None
        ),
    )
    opened.on(
        "request",
        lambda request: (
            complaints.append(f"external: {request.url}") if not _own(request.url) else None
        ),
    )
    yield opened
    context.close()
    assert complaints == []


def _own(address: str) -> bool:
    return address.startswith(("http://127.0.0.1:", "file:///"))
