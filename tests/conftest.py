"""Every test starts without what an outer `make` or shell may have set, and JAX is strict."""

import os
import shutil

import jax
import pytest

from lib import paths

for name in "MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES PARAMS NOTEBOOK GPU SCHEDULER PAPER_HOME PAPER_STAGE".split():
    os.environ.pop(name, None)
jax.config.update("jax_enable_x64", False)  # float32, whatever a shell says
jax.config.update("jax_numpy_rank_promotion", "raise")  # arrays of unlike rank meet only where the code says how

(paths.BUILD / "ipython").mkdir(parents=True, exist_ok=True)  # where make points IPYTHONDIR; IPython wants it to exist

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = "sandbox first-run", "gpu quic background-networking component-update"  # what the browser goes without


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty paper."""
    monkeypatch.setenv("PAPER_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; tests of pages are skipped where there is none."""
    if not CHROMIUM:
        pytest.skip("no Chromium here: apt install chromium")
    from playwright.sync_api import sync_playwright

    flags = [f"--{way}-{name}" for way, names in zip(("no", "disable"), QUIET, strict=True) for name in names.split()]
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()
