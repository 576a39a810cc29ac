"""lib.publish.run on throwaway notebooks: whole or not at all, the same bytes every time, one clear message."""

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from lib import paths
from lib.config import Config, ConfigError
from lib.publish import asked, kernel, progress, run

PARAMETERS = "seeds = 2  # networks\nsteps = 5  # Adam steps"
WRITES = """
import sys
from lib import paths
paths.output("data", "01_one.csv").write_text(f"seeds,{seeds}")
paths.output("figures", "01_one.svg").write_text("<svg/>")
print("to the reader", seeds)
print("to the terminal", file=sys.__stderr__, flush=True)
"""


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """Kernels without imports, which these notebooks do not need; test_make has them."""
    monkeypatch.setattr(kernel, "IMPORTS", ())


def write(path: Path, *cells: str, parameters: str = PARAMETERS) -> Path:
    """A notebook with a parameters cell and some code."""
    tagged = nbformat.v4.new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]})
    code = [nbformat.v4.new_code_cell(cell.strip(), id=f"cell-{i}") for i, cell in enumerate(cells)]
    text = nbformat.v4.new_markdown_cell("# Why?", id="title")
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[text, tagged, *code], metadata=kernel.KERNEL), path)
    return path


def files(home: Path) -> dict[str, bytes]:
    """All that is committed under `home`, by name."""
    found = [path for folder in ("notebooks", "data", "figures") for path in (home / folder).rglob("*")]
    return {str(path.relative_to(home)): path.read_bytes() for path in found if path.is_file()}


def test_a_run_lands_whole_and_the_same_twice(tmp_path, capfd):
    notebook = write(tmp_path / "notebooks" / "01_one.ipynb", WRITES)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "01_gone.png").write_bytes(b"no longer drawn")
    (tmp_path / "figures" / "02_other.png").write_bytes(b"another notebook's")
    kernel.run(notebook, {}, tmp_path)
    first = files(tmp_path)
    written = {"notebooks/01_one.ipynb", "data/01_one.csv", "figures/01_one.svg"}
    assert set(first) == written | {"figures/02_other.png"}
    assert "to the reader 2" in first["notebooks/01_one.ipynb"].decode()
    assert "to the terminal\\n" not in first["notebooks/01_one.ipynb"].decode()
    assert '"name": "stderr"' not in first["notebooks/01_one.ipynb"].decode()
    assert "to the terminal" in capfd.readouterr().err
    kernel.run(notebook, {}, tmp_path)
    assert files(tmp_path) == first


def test_other_parameters_go_elsewhere_the_same_twice(tmp_path):
    notebook = write(tmp_path / "notebooks" / "01_one.ipynb", WRITES)
    before, home = files(tmp_path), tmp_path / "build" / "runs" / "other"
    kernel.run(notebook, {"seeds": 3, "p": 0.5}, home)  # it declares no p, and is not given it
    assert files(tmp_path) == before
    first = files(home)
    assert first["data/01_one.csv"] == b"seeds,3"
    injected = [c for c in nbformat.reads(first["notebooks/01_one.ipynb"], 4).cells if "seeds = 3" in c.source]
    assert len(injected) == 1 and "p = 0.5" not in injected[0].source
    kernel.run(notebook, {"seeds": 3, "p": 0.5}, home)
    assert files(home) == first


def test_a_notebook_that_raises_fails_each_time_and_changes_nothing(tmp_path):
    notebook = write(tmp_path / "notebooks" / "01_one.ipynb", WRITES)
    kernel.run(notebook, {}, tmp_path)
    stamp = tmp_path / "stamps" / "01_one"
    assert stamp.exists()
    write(notebook, WRITES, "raise ValueError('the fault\\nin two lines')", "never")
    nb = nbformat.read(notebook, 4)
    nb.cells[-1].execution_count = 9  # as it ran once
    nbformat.write(nb, notebook)
    before = files(tmp_path)
    for _ in range(2):
        with pytest.raises(kernel.Failed) as failure:
            kernel.run(notebook, {}, tmp_path)
        said = str(failure.value)
        assert "01_one failed in cell [3]: ValueError: the fault in two lines;" in said
        assert len(said.splitlines()) == 1
        assert files(tmp_path) == before
        assert not stamp.exists()
    assert "the fault" in (tmp_path / "failed" / "01_one.ipynb").read_text()


def test_an_edit_made_meanwhile_is_kept(tmp_path):
    path = tmp_path / "notebooks" / "01_one.ipynb"
    edit = f"from pathlib import Path; Path({str(path)!r}).open('a').write(' ')"
    before = write(path, edit).read_bytes()
    with pytest.raises(kernel.Failed, match="edited while it ran"):
        kernel.run(path, {}, tmp_path)
    assert path.read_bytes() == before + b" "


def test_a_dead_kernel_is_one_message(tmp_path):
    notebook = write(tmp_path / "notebooks" / "01_one.ipynb", "import os; os._exit(1)")
    with pytest.raises(kernel.Failed, match="01_one failed: its kernel died"):
        kernel.run(notebook, {}, tmp_path)


def test_no_space_is_one_message_and_loses_nothing(tmp_path, monkeypatch, capsys):
    write(tmp_path / "notebooks" / "01_one.ipynb", WRITES)
    before = files(tmp_path)

    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(asked, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setenv("PAPER_HOME", str(tmp_path))
    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(run.signal, "signal", lambda *_: None)
    assert run.main("run", "01_one") == 1
    said = capsys.readouterr().err.strip()
    assert "No space left on device" in said and len(said.splitlines()) == 1
    assert files(tmp_path) == before
    assert not (tmp_path / "stamps" / "01_one").exists()


def test_sections_that_disagree_are_named_and_the_findings_wait(tmp_path, monkeypatch):
    """Until they agree: then the findings run."""
    monkeypatch.setattr(asked, "NOTEBOOKS", tmp_path / "notebooks")
    leaves = """import json; from lib import paths
paths.output("data", "{}.json").write_text(json.dumps({{"seeds": seeds}}))"""

    def update(seeds):
        for number, value in (("01", 2), ("02", seeds), ("90", 2)):
            write(asked.NOTEBOOKS / f"{number}_x.ipynb", leaves.format(number), parameters=f"seeds = {value}")
        (tmp_path / "stamps" / "02_x").unlink(missing_ok=True)
        assert run.update(["01_x", "02_x", "90_x"], {}, tmp_path) == 0

    update(3)
    said = (tmp_path / "stamps" / "mixed").read_text()
    assert "seeds = 3" in said and "left as they were" in said and not (tmp_path / "data" / "90.json").exists()
    update(2)
    assert not (tmp_path / "stamps" / "mixed").read_text() and (tmp_path / "data" / "90.json").exists()


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_told_to_stop_it_takes_its_kernels_with_it(tmp_path, signum, status):
    """Two notebooks run at once, a third waits."""
    names, there = ("01_one", "02_two", "03_three"), tmp_path / "notebooks"
    sleeps = (
        f"import os, pathlib, time; pathlib.Path({str(tmp_path)!r}, str(os.getpid()) + '.pid').touch(); time.sleep(600)"
    )
    for name in names:
        write(there / f"{name}.ipynb", sleeps)
    before = files(tmp_path)
    script = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # a shell may ignore it
    script += "import pathlib; from lib.publish import asked, kernel, run; kernel.IMPORTS, run.TOGETHER = (), 2; "
    script += f"asked.NOTEBOOKS = pathlib.Path({str(there)!r}); raise SystemExit(run.main('run', *{names}))"
    home = os.environ | {"PAPER_HOME": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", script], cwd=paths.ROOT, env=home)
    wait(lambda: len(list(tmp_path.glob("*.pid"))) == 2, patience=300)
    process.send_signal(signum)
    assert process.wait(60) == status
    wait(lambda: not any(alive(int(file.stem)) for file in tmp_path.glob("*.pid")))
    assert files(tmp_path) == before and len(list(tmp_path.glob("*.pid"))) == 2
    assert signum == signal.SIGKILL or not list(tmp_path.glob("stage/*"))


def alive(pid: int) -> bool:
    """Whether a process runs (one that ended and nobody asked about does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait(condition, patience: float = 60) -> None:
    """Waits until something holds."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_values_are_read_as_numbers_where_they_are_numbers():
    values = asked.parse(["seeds=8", "p=2e-2", "target=identity"])
    assert values == {"seeds": 8, "p": 0.02, "target": "identity"}
    assert [type(value) for value in values.values()] == [int, float, str]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["seed=8"], "did you mean 'seeds'"),
        (["seeds=0"], "^seeds = 0 does not fit"),
        (["seeds=8.5"], "^seeds = 8.5 does not fit"),
        (["steps=many"], "^steps = 'many' does not fit"),
        (["batch=64"], "no notebook has a parameter 'batch'"),
        (["seeds"], "given as PARAMS="),
        (["seeds=8", "seeds=9"], "given twice"),
        (["features=5"], "^02_two: neurons = 6 does not fit: with features = 5 it must be at most that"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, words, message):
    cells = {"01_one": PARAMETERS, "02_two": "neurons = 6\nfeatures = 3 * 4"}
    some = [write(tmp_path / f"{name}.ipynb", parameters=cell) for name, cell in cells.items()]
    with pytest.raises((asked.Refused, ConfigError), match=message) as refusal:
        asked.check(asked.parse(words), some)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_cell_that_does_not_fit_names_its_notebook(tmp_path):
    (tmp_path / "01_one.ipynb").write_text("<<<<<<< merge conflict\n")
    with pytest.raises(asked.Refused, match="is not a notebook"):
        asked.check({"seeds": 8}, [tmp_path / "01_one.ipynb"])
    second = write(tmp_path / "02_two.ipynb", parameters="neurons = 6\nfeatures = 2 + 1")
    for cell, message in (("steps = 0", "steps = 0 does not fit"), ("steps = 1 +", ".* SyntaxError")):
        with pytest.raises(asked.Refused, match=f"01_one: {message}"):
            asked.check({}, [write(tmp_path / "01_one.ipynb", parameters=cell), second])


def test_it_says_which_sections_a_parameter_reaches(tmp_path, capsys):
    cells = {"00_a": "steps = 5\nexponent = 4.0", "01_b": "steps = 5", "02_c": "steps = 5\npowers = [2.0]"}
    some = [write(tmp_path / f"{name}.ipynb", parameters=cell) for name, cell in cells.items()]
    assert asked.check({"exponent": 3, "steps": 7, "powers": [2]}, some)["00_a"] == {"steps": 7, "exponent": 3.0}
    assert capsys.readouterr().out == "exponent is a parameter of 00 only: elsewhere it changes nothing\n"
    asked.check({"steps": 7, "powers": [2]}, some[:1])
    assert capsys.readouterr().out == "powers is no parameter of 00: there it changes nothing\n"


def test_it_foresees_how_long_a_run_takes(tmp_path, monkeypatch, capfd):
    """From the work ahead, at the rate so far."""
    config, now, log, plan = Config(steps=100), [0.0], tmp_path / "log", tmp_path / "plan"
    one = progress.work([config])
    assert one == progress.work([config, config, dataclasses.replace(config, p=0.5)]) / 3 + progress.COMPILING * 2 / 3
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress, "BESIDE", one)
    log.touch()
    with progress.Progress(3, plan, log) as run:
        now[0] = 20
        run.end("00_a", 20)
        assert run.left() is None, "nothing is known of what is to be trained"
        plan.write_text(json.dumps(5 * one))
        assert run.left() == 20 * (3 + 5 - 1)
        note = {"result": "train_ensemble", "seconds": 50, "config": dataclasses.asdict(config)}
        log.write_text("\n".join([json.dumps(note), json.dumps({"result": "other", "seconds": 5}), "half a li"]))
        assert run.left() == 20 * (3 + 5 - 2) / 2
        wait(lambda: run.told)
    assert capfd.readouterr().out.splitlines() == ["00_a                   20 s", "  this run takes about 80 s"]
