"""The house keeps its plan: arrows run one way, modules stay small, and the linter has nothing to say."""

import ast
import subprocess
import sys
from pathlib import Path

from lib import paths

LIB = paths.ROOT / "lib"
LINES = {
    path.relative_to(paths.ROOT): path.read_text(encoding="utf-8").splitlines()
    for folder in (LIB, paths.ROOT / "tests")
    for path in sorted(folder.rglob("*.py"))
}
MODULES = [path for path in LINES if path.parts[0] == "lib"]
SCIENCE = ["theory", "measure", "baselines", "experiments"]  # each may import those before it
ALLOWED = {"core": set(), "plots": {"theory", "measure"}, "claims": {*SCIENCE, "plots"}}
ALLOWED |= {folder: set(SCIENCE[:place]) for place, folder in enumerate(SCIENCE)}
ALLOWED["publish"] = set(ALLOWED)


def folder(module: Path) -> str:
    """The folder of a module of lib; those at its top are the core."""
    return module.parts[1] if len(module.parts) > 2 else "core"


def imports(code: str) -> list[list[str]]:
    """Everything that a module imports, anywhere in it, as `["package", "module", "name"]`."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "lib's imports say whole names"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name.split(".") for name in names]


def reached(code: str) -> set[str]:
    """Folders of lib that a module imports from."""
    seconds = {[*name, "core"][1] for name in imports(code) if name[0] == "lib"}
    return {second if second in ALLOWED else "core" for second in seconds}


def test_an_arrow_is_seen_wherever_it_stands():
    code = (
        "import lib.plots.style\nfrom lib import publish, store\ndef f():\n    from lib.measure.weights import shares"
    )
    assert reached(code) == {"plots", "publish", "core", "measure"}
    assert reached("import numpy\nfrom os import path") == set()


def test_no_arrow_runs_back():
    assert {folder(module) for module in MODULES} == set(ALLOWED)
    back = {
        str(module): wrong
        for module in MODULES
        if (wrong := reached("\n".join(LINES[module])) - {"core", folder(module)} - ALLOWED[folder(module)])
    }
    assert back == {}


def test_modules_stay_small_and_the_core_is_thin():
    assert {str(module): len(LINES[module]) for module in MODULES if len(LINES[module]) > 250} == {}
    assert sum(len(LINES[module]) for module in MODULES if folder(module) == "core") <= 850


def test_no_line_is_wide():
    wide = [f"{path}:{n}" for path, lines in LINES.items() for n, line in enumerate(lines, 1) if len(line) > 120]
    assert wide == []


def test_set_up_needs_only_pythons_own_library():
    code = (LIB / "publish" / "environment.py").read_text(encoding="utf-8")
    assert {name for name, *_ in imports(code)} <= sys.stdlib_module_names


def test_the_linter_has_nothing_to_say():
    """`make lint`, with this Python and what is installed already."""
    command = ["make", "lint", f"RUN={sys.executable}", "SETUP="]
    done = subprocess.run(command, cwd=paths.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
