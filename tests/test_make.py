"""The Makefile's promises, in a copy of the repository whose notebooks are tiny."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from test_run import alive, files, wait, write

from lib import paths

SETTLE = """
import json
from lib import paths
from lib.experiments import parameters
own = json.dumps(parameters.settled({"seeds": seeds, "steps": steps}))
"""
ONE = """
import os, pathlib, time
paths.output("data", "01.json").write_text(own)
paths.output("data", "01_one.csv").write_text(f"seeds,{seeds}")
paths.output("figures", "01_one.svg").write_text("<svg/>")
if pathlib.Path("../build/wait").exists():
    pathlib.Path("../build/wait").write_text(str(os.getpid()))
    time.sleep(600)
"""
TWO = """
from lib import store
from lib.config import Config
paths.output("data", "02.json").write_text(own)
networks = store.networks(Config(features=4, neurons=2, steps=2, batch=4, seeds=2))
paths.output("data", "02_two.csv").write_text("two")
"""
PLAN = "import sys; open(sys.argv[2], 'w').write('0')"
SITE = """
from lib import paths
page = (paths.BUILD / "paper" if paths.home() == paths.ROOT else paths.home()) / "index.html"
page.parent.mkdir(parents=True, exist_ok=True)
table = paths.home() / "data" / "01_one.csv"
page.write_text(table.read_text() if table.exists() else "")
print("writing pages")
"""
FINDINGS = """
from lib import paths
found = (paths.home() / "data" / "01_one.csv").read_text()
head = "id,published,mean,low,high,seeds,null,nearest,converged,reproduced,origin,future,verdict"
paths.output("data", "claims.csv").write_text(head + "\\nx,1,1,1,1,2,,,,like one network,learned,,learned\\n")
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
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONDA_")} | environment
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(["make", *words], cwd=root, env=clean, **pipes)


def executed(done: subprocess.CompletedProcess, fails: bool = False) -> list[str]:
    """The notebooks that a call of make ran, some at once."""
    assert (done.returncode != 0) == fails and "Traceback" not in done.stdout, done.stdout
    return sorted(re.findall(r"^(\d\d_\w+) +\d+ s", done.stdout, re.M))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A copy of the repository after its first `make paper`."""
    root = tmp_path_factory.mktemp("first") / "paper"
    shutil.copytree(paths.ROOT / "lib", root / "lib", ignore=shutil.ignore_patterns("__pycache__", "live.*"))
    slow = {"publish/site.py": SITE, "publish/plan.py": PLAN}  # the real ones take seconds, and have tests of their own
    slow |= dict.fromkeys(("plots/__init__.py", "claims/__init__.py", "experiments/sweep.py"), "")
    for name, code in slow.items():
        (root / "lib" / name).write_text(code)
    (root / "data").mkdir()
    for name in ("Makefile", "environment.yml", "pyproject.toml", "requirements.lock", "data/published.csv"):
        shutil.copy(paths.ROOT / name, root / name)
    (root / "README.md").write_text("<!-- findings -->\n<!-- /findings -->\n<!-- summary -->\n<!-- /summary -->\n")
    for name, code in {"01_one": SETTLE + ONE, "02_two": SETTLE + TWO, "90_findings": FINDINGS}.items():
        write(root / "notebooks" / f"{name}.ipynb", code)
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", root / ".venv"])
    settle(root)
    done = make(root, "paper")
    assert executed(done) == ["01_one", "02_two", "90_findings"]
    assert "this run takes about" in done.stdout
    assert [note["result"] for note in notes(root)] == ["train_ensemble"]
    assert "| verdict |" in (root / "README.md").read_text()
    return root


@pytest.fixture
def root(finished, tmp_path) -> Path:
    """A finished paper of one's own."""
    shutil.copytree(finished, tmp_path / "paper", symlinks=True)
    settle(tmp_path / "paper")
    return tmp_path / "paper"


def notes(root: Path) -> list[dict]:
    """What notebooks computed in the last run, as `lib.publish.progress` is told."""
    return [json.loads(line) for line in (root / "build" / "progress.jsonl").read_text().splitlines()]


def edit(root: Path, name: str, before: str, after: str) -> None:
    """Changes the code of a notebook, as somebody in JupyterLab would."""
    path = root / "notebooks" / f"{name}.ipynb"
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        cell.source = cell.source.replace(before, after)
    nbformat.write(notebook, path)


def test_only_what_changed_runs_and_the_findings_if_a_number_moved(root):
    before = files(root)
    assert executed(make(root, "paper")) == []
    (root / "figures" / "01_one.svg").unlink()
    assert executed(make(root, "paper")) == ["01_one"], "an output was lost"
    (root / "data" / "01_one.csv").write_text("seeds,99")
    assert executed(make(root, "paper")) == ["01_one"], "or altered"
    assert files(root) == before
    edit(root, "01_one", "# networks", "# how many networks")
    assert executed(make(root, "paper")) == ["01_one"]
    edit(root, "01_one", 'f"seeds,', 'f"networks,')
    assert executed(make(root, "paper")) == ["01_one", "90_findings"]
    assert (root / "data" / "01_one.csv").read_text() == "networks,2"
    (root / "lib" / "plots" / "__init__.py").write_text("# a change")
    assert executed(make(root, "-j2", "paper")) == ["01_one", "02_two", "90_findings"]
    assert notes(root) == [], "nothing was trained again"


def test_sections_that_disagree_are_up_to_date_and_the_findings_and_readme_as_they_were(root):
    before, readme = files(root), (root / "README.md").read_bytes()
    edit(root, "01_one", "seeds = 2", "seeds = 3")
    edit(root, "90_findings", "found =", "found  =")
    (root / "lib/publish/readme.py").touch()
    for ran in (["01_one"], []):
        done = make(root, "paper")
        assert executed(done) == ran and ("writing pages" in done.stdout) == bool(ran)
        assert done.stdout.count("findings and README are left as they were: section 0") == 1
        assert "make paper PARAMS=" in done.stdout
    assert (root / "data" / "01_one.csv").read_text() == (root / "build/paper/index.html").read_text() == "seeds,3"
    after = (root / "README.md").read_bytes(), (root / "data" / "claims.csv").read_bytes()
    assert after == (readme, before["data/claims.csv"])
    edit(root, "01_one", "seeds = 3", "seeds = 2")
    edit(root, "90_findings", "found  =", "found =")
    done = make(root, "paper")
    assert executed(done) == ["01_one", "90_findings"] and "left as they were" not in done.stdout
    assert files(root) == before


def test_restore_takes_parameters_back_and_no_other_edit(root):
    edit(root, "01_one", 'f"seeds,', 'f"networks,')
    assert executed(make(root, "restore")) == ["01_one", "02_two", "90_findings"]
    assert executed(make(root, "restore")) == []
    first, second = (nbformat.read(root / "notebooks" / f"{name}.ipynb", 4) for name in ("01_one", "02_two"))
    assert first.cells[1].source == second.cells[1].source == "seeds = 64  # networks\nsteps = 1000  # Adam steps"
    assert (root / "data" / "01_one.csv").read_text() == "networks,64"


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
    (root / "lib/publish/site.py").touch()
    for words in ("paper", "site"):
        done = make(root, words)
        assert executed(done) == [] and ("writing pages" in done.stdout) == (words == "paper")


def test_a_notebook_that_raises_stops_only_those_that_need_it(root):
    edit(root, "01_one", "if pathlib", "raise ValueError('the fault')\nif pathlib")
    edit(root, "02_two", '"two"', '"too"')
    before = files(root)
    for ran in (["01_one", "02_two"], ["01_one"]):
        done = make(root, "paper")
        assert executed(done, fails=True) == ran
        assert done.stdout.count("01_one failed in cell [2]: ValueError: the fault; nothing of it was changed") == 1
        assert "it is build/failed/01_one.ipynb\n90_findings was not run: it needs 01_one\n" in done.stdout
    assert {name for name, content in files(root).items() if content != before[name]} == {"data/02_two.csv"}
    edit(root, "01_one", "raise ValueError('the fault')\n", "")
    assert executed(make(root, "paper")) == ["01_one", "90_findings"]
    assert not list(root.glob("build/failed/*"))


def test_other_parameters_go_to_build(root):
    before, run = files(root) | {"README": (root / "README.md").read_bytes()}, root / "build/runs/seeds-3_steps-7"
    words = "paper", "PARAMS=steps=7  seeds=3"
    assert executed(make(root, *words, "NOTEBOOK=02")) == ["02_two"]
    assert [path.name for path in run.glob("notebooks/*")] == ["02_two.ipynb"]
    assert executed(make(root, *words)) == ["01_one", "90_findings"]
    assert executed(make(root, *words)) == executed(make(root, *words, "NOTEBOOK=01_one")) == []
    assert files(root) | {"README": (root / "README.md").read_bytes()} == before
    assert (run / "data/01_one.csv").read_text() == (run / "index.html").read_text() == "seeds,3"
    assert executed(make(root, "paper")) == []


def test_one_notebook_is_run_alone(root):
    for name in ("01_one", "02_two"):
        edit(root, name, "# networks", "# how many")
    assert executed(make(root, "paper", "NOTEBOOK=02_two")) == ["02_two"]
    done = make(root, "paper", "NOTEBOOK=2")
    assert executed(done, fails=True) == [] and "no notebook 2: there are 01_one 02_two 90_findings" in done.stdout
    assert executed(make(root, "paper")) == ["01_one"]
    before = files(root)
    assert make(root, "clean").returncode == 0 and not (root / "build").exists()
    assert (root / ".venv").exists() and files(root) == before, "only what can be made again"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "02_two: steps = 0 does not fit"),
        ("sedes=3", "did you mean 'seeds'"),
        ("seeds=-3", "seeds = -3 does not fit"),
        ("seeds=3;touch${IFS}hacked `touch hacked` ' \" | >hacked", "PARAMS="),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(root, words, message):
    (root / "notebooks" / "01_one.ipynb").touch()
    edit(root, "02_two", "steps = 5", "steps = 5" if words else "steps = 0")
    before = files(root)
    done = make(root, "paper", f"PARAMS={words.replace('$', '$$')}")
    assert executed(done, fails=True) == [] and message in done.stdout
    assert files(root) == before and not list(root.glob("build/runs/*")) and not (root / "hacked").exists()


def test_killed_half_way_it_starts_again(root):
    edit(root, "01_one", 'f"seeds,', 'f"networks,')
    before, flag = files(root), root / "build" / "wait"
    flag.touch()
    run = subprocess.Popen(["make", "paper"], cwd=root, start_new_session=True, stderr=subprocess.DEVNULL)
    wait(flag.read_text)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    wait(lambda: not alive(int(flag.read_text())))
    assert files(root) == before
    flag.unlink()
    assert executed(make(root, "paper")) == ["01_one", "90_findings"]
    assert (root / "data" / "01_one.csv").read_text() == "networks,2"
    assert not list(root.glob("build/stage/*"))


def test_set_up_is_done_again_where_it_must_be_and_conda_used_only_in_our_own_environment(root):
    """Where it was cut short, in a new place and for a new lock."""
    for name, used in {"": ".venv", "base": ".venv", "superposition-paper": "/conda"}.items():
        conda = {"CONDA_DEFAULT_ENV": name, "CONDA_PREFIX": "/conda"} if name else {}
        assert make(root, "--eval=where: ; @echo $(VENV)", "where", **conda).stdout.strip() == used
    stamp, question = root / ".venv" / ".superposition-paper", ["--question", ".venv/.superposition-paper"]
    for content in ("", f"{root.parent}\n", f"{root}\n"):
        stamp.write_text(content)
        assert make(root, *question).returncode == (content != f"{root}\n")
    os.utime(stamp, (0, 0))
    assert make(root, *question).returncode == 1


def test_help_needs_no_environment_and_no_fitting_python_is_one_line(root):
    shutil.rmtree(root / ".venv")
    done = make(root, "test", "PYTHON=no-such-python")
    assert done.returncode != 0 and done.stdout.count("\n") == 1
    assert "no-such-python is not Python 3.11 to 3.13" in done.stdout and "PYTHON=python3.12 test" in done.stdout
    assert "make paper" in make(root).stdout == make(root, "help").stdout and not (root / ".venv").exists()
