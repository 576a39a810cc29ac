"""The Makefile's promises, in a copy of the repository whose notebooks are tiny."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from test_paper import alive, files, wait, write

from lib import paths

ONE = """
import os, pathlib, time
from lib import paths
paths.output("data", "01_one.csv").write_text(f"seeds,{seeds}")
paths.output("figures", "01_one.svg").write_text("<svg/>")
if pathlib.Path("../build/wait").exists():
    pathlib.Path("../build/wait").write_text(str(os.getpid()))
    time.sleep(600)
"""
TWO = """
from lib import paths, store
from lib.config import Config
networks = store.networks(Config(features=4, neurons=2, steps=2, batch=4, seeds=2))
paths.output("data", "02_two.csv").write_text("two")
"""
SITE = """
from lib import paths
page = paths.BUILD / "paper" / "index.html"
page.parent.mkdir(parents=True, exist_ok=True)
page.write_text((paths.ROOT / "data" / "01_one.csv").read_text())
print("writing pages")
"""
FINDINGS = """
from lib import paths
found = (paths.home() / "data" / "01_one.csv").read_text()
paths.output("data", "claims.csv").write_text("id,published,mean,low,high,seeds,null,converged,reproduced,origin,future,verdict\\n" "x,1,1,1,1,2,,,reproduced,learned,,learned\\n")
"""


def settle(root: Path) -> None:
    """An environment in `root` that borrows the packages of this one, and counts as set up."""
    site = next((root / ".venv").glob("lib/python*/site-packages"))
    (site / "superposition-paper.pth").write_text(f"{root}\n{sysconfig.get_path('purelib')}\n")
    stamp, lock = root / ".venv" / ".superposition-paper", root / "requirements.lock"
    stamp.write_text(f"{root}\n")
    os.utime(stamp, ns=(lock.stat().st_mtime_ns,) * 2)


def make(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs make; what it says on both streams is in `.stdout`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONDA_")}
    return subprocess.run(
        ["make", *words], cwd=root, env=clean | environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def executed(done: subprocess.CompletedProcess) -> list[str]:
    """The notebooks that a call of make ran, in its order."""
    assert done.returncode == 0, done.stdout
    return [line.split()[0] for line in done.stdout.splitlines() if line[:1].isdigit()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A copy of the repository after its first `make paper`."""
    root = tmp_path_factory.mktemp("first") / "paper"
    shutil.copytree(paths.ROOT / "lib", root / "lib", ignore=shutil.ignore_patterns("__pycache__", "live.*"))
    (root / "lib" / "site.py").write_text(SITE)  # the real one takes seconds, and has tests of its own
    (root / "data").mkdir()
    for name in ("Makefile", "environment.yml", "pyproject.toml", "requirements.lock", "data/published.csv"):
        shutil.copy(paths.ROOT / name, root / name)
    (root / "README.md").write_text("<!-- findings -->\n<!-- /findings -->\n<!-- summary -->\n<!-- /summary -->\n")
    for name, code in {"01_one": ONE, "02_two": TWO, "90_findings": FINDINGS}.items():
        write(root / "notebooks" / f"{name}.ipynb", code)
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", root / ".venv"])
    settle(root)
    done = make(root, "paper")
    assert executed(done) == ["01_one", "02_two", "90_findings"]
    assert "computing train_ensemble" in done.stdout
    assert "| verdict |" in (root / "README.md").read_text()
    return root


@pytest.fixture
def root(finished, tmp_path) -> Path:
    """A finished paper of one's own."""
    shutil.copytree(finished, tmp_path / "paper", symlinks=True)
    settle(tmp_path / "paper")
    return tmp_path / "paper"


def edit(root: Path, name: str, before: str, after: str) -> None:
    """Changes the code of a notebook, as somebody in JupyterLab would."""
    path = root / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.source = cell.source.replace(before, after)
    nbformat.write(notebook, path)


def test_nothing_to_do_runs_nothing(root):
    before = files(root)
    assert executed(make(root, "paper")) == []
    assert files(root) == before


def test_a_changed_parameter_runs_its_notebook_and_the_findings_if_a_number_moved(root):
    edit(root, "01_one", "# networks", "# how many networks")
    assert executed(make(root, "paper")) == ["01_one"]
    edit(root, "01_one", "seeds = 2", "seeds = 3")
    assert executed(make(root, "paper")) == ["01_one", "90_findings"]
    assert (root / "data" / "01_one.csv").read_text() == "seeds,3"
    assert executed(make(root, "paper")) == []


def test_a_changed_plot_function_retrains_nothing(root):
    with open(next(root.glob("lib/plots*/*.py"), root / "lib" / "plots.py"), "a") as file:
        file.write("# a change\n")
    done = make(root, "-j2", "paper")
    assert sorted(executed(done)) == ["01_one", "02_two", "90_findings"]
    assert "computing" not in done.stdout


def test_pages_follow_the_notebooks_and_run_none(root):
    page = root / "build" / "paper" / "index.html"
    assert page.read_text() == "seeds,2"
    page.unlink()
    done = make(root, "site")
    assert executed(done) == [] and "writing pages" in done.stdout and page.exists()
    edit(root, "01_one", "seeds = 2", "seeds = 3")
    assert "writing pages" in make(root, "site").stdout, "the notebooks as they are"
    assert "writing pages" in make(root, "paper").stdout
    assert page.read_text() == "seeds,3"
    (root / "lib" / "site.py").touch()
    for words in ("paper", "site"):
        done = make(root, words)
        assert executed(done) == [] and ("writing pages" in done.stdout) == (words == "paper")


def test_a_lost_or_altered_output_is_made_again(root):
    before = files(root)
    (root / "figures" / "01_one.svg").unlink()
    assert executed(make(root, "paper")) == ["01_one"]
    (root / "data" / "01_one.csv").write_text("seeds,99")
    assert executed(make(root, "paper")) == ["01_one"]
    assert files(root) == before


def test_a_notebook_that_raises_fails_make_again_and_again(root):
    edit(root, "01_one", "time.sleep", "oops\ntime.sleep")
    edit(root, "01_one", "if pathlib", "raise ValueError('the fault')\nif pathlib")
    before = files(root)
    for _ in range(2):
        done = make(root, "paper")
        assert done.returncode != 0
        assert "01_one failed in cell [2]: ValueError: the fault" in done.stdout
        assert "Traceback" not in done.stdout
        assert files(root) == before


def test_other_parameters_go_to_build(root):
    before, page = files(root), (root / "README.md").read_bytes()
    words = "paper", "PARAMS=steps=7  seeds=3"
    assert executed(make(root, *words)) == ["01_one", "02_two", "90_findings"]
    assert executed(make(root, *words)) == []
    assert files(root) == before
    assert (root / "README.md").read_bytes() == page
    assert (root / "build/runs/seeds-3_steps-7/data/01_one.csv").read_text() == "seeds,3"
    assert executed(make(root, "paper")) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sedes=3", "did you mean 'seeds'"),
        ("seeds=-3", "seeds = -3 does not fit"),
        ("seeds=3;touch${IFS}hacked `touch hacked` ' \" | >hacked", "PARAMS="),
    ],
)
def test_parameters_that_do_not_fit_are_refused_before_anything_runs(root, words, message):
    before = files(root)
    done = make(root, "paper", f"PARAMS={words.replace('$', '$$')}")
    assert done.returncode != 0
    assert message in done.stdout
    assert "01_one" not in done.stdout and "Traceback" not in done.stdout
    assert files(root) == before
    assert not (root / "hacked").exists()


def test_killed_half_way_it_starts_again(root):
    edit(root, "01_one", "seeds = 2", "seeds = 4")
    before, flag = files(root), root / "build" / "wait"
    flag.touch()
    run = subprocess.Popen(["make", "paper"], cwd=root, start_new_session=True, stderr=subprocess.DEVNULL)
    wait(flag.read_text)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    kernel = int(flag.read_text())
    wait(lambda: not alive(kernel))
    assert files(root) == before
    flag.unlink()
    assert executed(make(root, "paper")) == ["01_one", "90_findings"]
    assert (root / "data" / "01_one.csv").read_text() == "seeds,4"
    assert not list(root.glob("build/stage/*"))


def test_clean_takes_only_what_can_be_made_again(root):
    before = files(root)
    assert make(root, "clean").returncode == 0
    assert not (root / "build").exists()
    assert (root / ".venv").exists() and files(root) == before


@pytest.mark.parametrize(
    ("environment", "used"),
    [
        ({}, ".venv"),
        ({"CONDA_DEFAULT_ENV": "base", "CONDA_PREFIX": "/conda"}, ".venv"),
        ({"CONDA_DEFAULT_ENV": "superposition-paper", "CONDA_PREFIX": "/conda/envs/sp"}, "/conda/envs/sp"),
    ],
)
def test_conda_is_used_only_in_our_own_environment(root, environment, used):
    done = make(root, "--eval=where: ; @echo $(VENV)", "where", **environment)
    assert done.stdout.strip() == used


def test_no_fitting_python_is_one_line(root):
    shutil.rmtree(root / ".venv")
    done = make(root, "test", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert "no-such-python is not Python 3.11 to 3.13" in done.stdout
    assert not (root / ".venv").exists()


def test_help_is_what_plain_make_says(root):
    assert make(root).stdout == make(root, "help").stdout
    assert "make paper" in make(root).stdout
