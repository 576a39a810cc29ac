"""pyproject.toml, requirements.lock and environment.yml say one thing, once; what make sets up from them is whole."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lib import paths
from lib.publish import environment

PROJECT = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((paths.ROOT / "environment.yml").read_text())
MAKEFILE = (paths.ROOT / "Makefile").read_text()
LOCK = (paths.ROOT / "requirements.lock").read_text()
ENTRIES = re.findall(r"^(\S(?:.*\\\n)*.*)$", LOCK, re.M)  # a requirement with its hashes
CARD = ["jax", "flax", "optax", "numpy", "matplotlib", "seaborn", "papermill", "nbconvert", "pytest"]


def locked() -> dict[str, list[str]]:
    """Versions of every package in the lock, by name."""
    versions = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, re.M):
        versions.setdefault(name, []).append(version)
    return versions


@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_every_dependency_is_locked_at_a_version_that_fits(line):
    wanted = Requirement(line)
    versions = locked()[wanted.name]
    assert len(versions) == 1, "one set of versions for Python 3.11 to 3.13"
    assert wanted.specifier.contains(versions[0])


def test_every_locked_requirement_has_a_hash_and_none_an_address():
    assert len(ENTRIES) == sum(map(len, locked().values()))
    assert all("--hash=sha256:" in entry for entry in ENTRIES)
    assert not re.search(r"https?:|file:|index|find-links| @ |-e ", LOCK)


def test_conda_takes_python_and_make_and_nothing_else_and_all_want_the_same_python():
    *packages, pip = CONDA["dependencies"]
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]
    assert packages == [f"python {PROJECT['requires-python']}", "make", "pip"]
    assert pip == {"pip": ["-r requirements.lock"]}
    assert CONDA["name"] == PROJECT["name"]
    oldest, newest = environment.OLDEST, environment.NEWEST
    asked = SpecifierSet(f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}")
    assert asked == SpecifierSet(PROJECT["requires-python"])
    assert f"--python-version {oldest[0]}.{oldest[1]} " in MAKEFILE


def imported() -> set[str]:
    """Top-level names that the code imports, and the modules that the Makefile runs."""
    names = set(re.findall(r"-m (\w+)", MAKEFILE))
    for path in [*paths.ROOT.glob("lib/**/*.py"), *paths.ROOT.glob("tests/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("name", CARD)
def test_every_dependency_on_the_card_is_used(name):
    assert name in imported()
    assert name in {Requirement(line).name for line in PROJECT["dependencies"]}


def test_no_file_holds_the_address_of_a_package_index_or_of_a_machine():
    folders = ("lib", "tests", "notebooks", "data", ".ci")
    written = [*paths.ROOT.glob("*"), *(path for folder in folders for path in (paths.ROOT / folder).rglob("*"))]
    texts = {".py", ".toml", ".yml", ".lock", ".md", ".ipynb", ".csv", ""}
    pattern = re.compile(r"pypi\.org|pythonhosted|/(?:home|Users|root|work)/\w")
    for path in written:
        if path.is_file() and path.suffix in texts and path.name != ".git":
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert not found or path.samefile(__file__), f"{path}: {found}"


# ---- setting up, with commands that only pretend


STAMP = Path(".venv/.superposition-paper")
VENV = ["-m venv .venv"]
INSTALLS = [
    "-m pip install --quiet --require-hashes -r /dev/stdin --no-deps",
    "-m uv pip install --quiet --require-hashes -r requirements.lock --python .venv/bin/python",
    "-c import sysconfig; print(sysconfig.get_path('purelib'))",
]


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """A folder to set up in, and what is called there, each time with what it was given to read."""
    called = []

    def run(command, input="", **_):
        folder, what = Path(".venv"), command[2]
        called.append((" ".join(command[1:]), input))
        assert not STAMP.exists(), "it comes last"
        if what == "venv":
            (folder / "bin").mkdir(parents=True, exist_ok=True)
            for name in ("bin/python", "pyvenv.cfg", "pip"):
                (folder / name).touch()
        return subprocess.CompletedProcess(command, what == run.fails, ".venv\n" if "sysconfig" in what else "")

    run.fails = None
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setattr(environment, "has_pip", lambda python: (Path(python).parents[1] / "pip").exists())
    monkeypatch.setattr(subprocess, "run", run)
    (tmp_path / "requirements.lock").write_text(LOCK)
    return run, called


def set_up(called: list) -> list[str]:
    """What setting up calls; it leaves the stamp, and an environment that finds this folder's code."""
    called.clear()
    environment.main(str(STAMP))
    assert STAMP.read_text() == Path(".venv/superposition-paper.pth").read_text() == f"{Path.cwd()}\n"
    return [command for command, _ in called]


def test_set_up_installs_what_is_locked_by_its_hashes(commands):
    called = commands[1]
    assert set_up(called) == VENV + INSTALLS
    (uv,) = (entry for entry in ENTRIES if entry.startswith("uv=="))
    assert called[1][1] == f"{uv}\n"


def test_set_up_takes_an_environment_that_works_and_clears_one_that_was_left_half_way(commands, monkeypatch):
    called = commands[1]
    Path(".venv").mkdir()
    assert set_up(called) == VENV + INSTALLS, "what is no environment is not emptied"
    assert set_up(called) == INSTALLS
    Path(".venv/pip").unlink()
    assert set_up(called) == ["-m venv --clear .venv"] + INSTALLS
    monkeypatch.setenv("CONDA_PREFIX", ".venv")
    assert set_up(called) == INSTALLS, "conda's is used as it is"


@pytest.mark.parametrize("fails", ["venv", "pip", "uv"])
def test_a_step_that_fails_is_one_line_and_is_done_again(commands, fails):
    run, called = commands
    set_up(called)
    Path(".venv/pip").unlink()
    run.fails = fails
    with pytest.raises(SystemExit, match="^could not .* run make again$"):
        environment.main(str(STAMP))
    assert not STAMP.exists()
    run.fails = None
    assert set_up(called)[-3:] == INSTALLS


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ((sys, "version_info", (3, 10, 9)), "is not Python 3.11 to 3.13: .* make PYTHON=python3.12 test$"),
        ((sys, "version_info", (3, 14, 0)), "is not Python 3.11 to 3.13"),
        ((environment.importlib.util, "find_spec", "venv".__eq__), r"cannot make environments: .*python3-venv\)$"),
        ((environment.os, "environ", {"CONDA_PREFIX": ".venv"}), "^this conda .* has no pip: conda install pip$"),
    ],
)
def test_what_cannot_be_set_up_is_one_line(commands, monkeypatch, setting, says):
    with monkeypatch.context() as patch:
        patch.setattr(*setting)
        with pytest.raises(SystemExit, match=says) as end:
            environment.main(str(STAMP), "test")
    assert "\n" not in end.value.code and not commands[1] and not Path(".venv").exists()


def test_whether_a_python_has_pip_and_one_that_is_too_old_can_read_what_says_so(tmp_path):
    assert environment.has_pip(sys.executable) and not environment.has_pip(str(tmp_path / "no-such-python"))
    ast.parse(Path(environment.__file__).read_text(), feature_version=(3, 6))
