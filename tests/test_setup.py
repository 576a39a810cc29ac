"""pyproject.toml, requirements.lock, environment.yml and the Makefile say one thing, once."""

import ast
import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lib import paths

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


def test_every_locked_requirement_has_a_hash():
    assert len(ENTRIES) == sum(map(len, locked().values()))
    assert all("--hash=sha256:" in entry for entry in ENTRIES)


def test_the_lock_holds_no_address():
    assert not re.search(r"https?:|file:|index|find-links| @ |-e ", LOCK)


def test_conda_takes_python_and_make_and_nothing_else():
    *packages, pip = CONDA["dependencies"]
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]
    assert packages == [f"python {PROJECT['requires-python']}", "make", "pip"]
    assert pip == {"pip": ["-r requirements.lock"]}
    assert CONDA["name"] == PROJECT["name"]


def test_make_wants_the_same_python():
    lower, upper = re.search(r"\((\d+, \d+)\) <= sys.version_info < \((\d+, \d+)\)", MAKEFILE).groups()
    asked = SpecifierSet(f">={lower.replace(', ', '.')},<{upper.replace(', ', '.')}")
    assert asked == SpecifierSet(PROJECT["requires-python"])
    assert f"--python-version {lower.replace(', ', '.')} " in MAKEFILE


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
    pattern = re.compile(r"pypi\.org|pythonhosted|/(?:home|Users|root|work)/\w")
    for path in written:
        if path.suffix in {".py", ".toml", ".yml", ".lock", ".md", ".ipynb", ".csv", ""} and path.is_file():
            found = pattern.search(path.read_text(encoding="utf-8"))
            assert not found or path.samefile(__file__), f"{path}: {found}"
