"""Every test starts without what an outer `make` or shell may have set."""

import os
import shutil

import pytest

for name in (
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "PARAMS",
    "NOTEBOOK",
    "GPU",
    "PAPER_HOME",
    "PAPER_STAGE",
):
    os.environ.pop(name, None)

from lib import paths

(paths.BUILD / "ipython").mkdir(parents=True, exist_ok=True)  # where make points IPYTHONDIR; IPython wants it to exist

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update".split()


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; tests of pages are skipped where there is none."""
    if not CHROMIUM:
        pytest.skip("no Chromium here: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()
