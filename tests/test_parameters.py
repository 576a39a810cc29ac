"""What gives way to what, what is refused, and which sections ran with which parameters."""

import ast
import json
import re

import pytest

from lib import paths
from lib.config import CHUNK, Config, ConfigError, Measurement
from lib.experiments import parameters
from lib.experiments.parameters import KNOWN, NETWORKS, POWERS, RATES, WIDTHS, Study, reaching, settle, settled
from lib.publish import asked

BOTH = ("features", "neurons")
DEFAULTS = {name: field.default for name, field in KNOWN.items()}


def whole(**changes):
    """Every parameter at its default but for these, settled."""
    return settled(DEFAULTS | changes)


def test_the_papers_own_parameters_stay_as_they_are():
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in DEFAULTS.items()}
    assert whole() == settled(listed) == DEFAULTS


@pytest.mark.parametrize(
    "typed, gives_way",
    [
        ({"features": 20}, {"k_max": 20, "widths": (2, 6, 20)}),
        ({"features": 12, "neurons": 3}, {"k_max": 12, "favoured": 3, "sizes": (1, 2, 3), "widths": (1, 3, 12)}),
        ({"features": 2, "neurons": 1}, {"k_max": 2, "favoured": 1, "sizes": (1,), "widths": (1, 2)}),
        ({"features": 5}, {"neurons": 5, "k_max": 5, "favoured": 4, "sizes": (1, 2, 3, 4, 5)}),  # neurons not typed
        ({"neurons": 100}, {"favoured": 99}),
        ({"seeds": 1}, {"rival_seeds": 1}),
        ({"p": 0.1}, {"powers": (1.5, 2.0, 2.25, 4.0), "rates": (0.02, 0.1, 0.5, 1.0), "grid": 3}),
        ({"inputs": 512}, {"grid": 3, "widths": (10, 30, 100)}),
        ({"rival_seeds": 8}, {"grid": 3}),
        ({"powers": [2, 4]}, {"powers": (2.0, 4.0), "rates": RATES, "grid": 15}),  # the committed rows still serve
        ({"p": 0.1, "powers": [3], "grid": 5}, {"powers": (3.0,), "grid": 5, "rates": (0.02, 0.1, 0.5, 1.0)}),
        ({"longest": 100}, {"widths": WIDTHS, "powers": POWERS, "activations": NETWORKS}),
    ],
    ids=str,
)
def test_a_default_that_a_typed_value_makes_impossible_gives_way(typed, gives_way):
    values = whole(**typed)
    assert {name: values[name] for name in gives_way} == gives_way


@pytest.mark.parametrize(
    "typed, said",
    [
        ({"sedes": 8}, "^unknown parameter 'sedes'; .*seeds"),
        ({"seeds": "8"}, "^seeds = '8' does not fit"),
        ({"seeds": 8, "harmed": -0.1}, "^harmed = -0.1 "),
        ({"features": 9, "neurons": 11}, "^neurons = 11 does not fit: with features = 9 it must be at most that"),
        ({"features": 20, "k_max": 100}, "^k_max = 100 .*features = 20"),  # also a default, if it is typed
        ({"k_max": 101}, "^k_max = 101 .*features = 100 "),
        ({"features": 19, "k_max": 20}, "^k_max = 20 .*features = 19 "),
        ({"seeds": 4, "rival_seeds": 5}, "^rival_seeds = 5 .*seeds = 4 it must be at most"),
        ({"favoured": 100}, "^favoured = 100 .*features = 100 it must be below"),
        ({"features": 8, "drawn": [7, 8]}, r"^drawn = \[7, 8\] .*features = 8 it must be below"),
        ({"neurons": 3, "sizes": [2, 4]}, r"^sizes = \[2, 4\] .*neurons = 3 it must be at most"),
        ({"features": 12, "widths": [5, 13]}, r"^widths = \[5, 13\] .*features = 12 it must be at most"),
        ({"powers": 2}, r"^powers = 2 does not fit: .*must be a list, as in \[1.5, "),
        ({"samples": CHUNK + 1}, "multiple of 256"),
    ],
    ids=str,
)
def test_a_typed_value_that_does_not_fit_is_refused(typed, said):
    with pytest.raises(ConfigError, match=said) as caught:
        settled(DEFAULTS | typed, set(typed))
    assert "\n" not in str(caught.value)


def test_whatever_is_settled_is_legal_and_settled_again_stays():
    for typed in ({"features": 2}, {"features": 3, "neurons": 3}, {"seeds": 1}, dict.fromkeys(BOTH, 10_000)):
        values = whole(**typed)
        Config(**{name: values[name] for name in ("features", "neurons", "seeds", "favoured")})
        assert settled(values) == values
        assert 1 <= values["favoured"] < values["features"] and values["widths"] and values["sizes"]


def test_a_run_reaches_a_notebook_with_what_it_declares():
    names = ("features", "neurons", "k_max", "rival_seeds")
    assert reaching(names, {"features": 20, "p": 0.1}) == {"features": 20}
    assert reaching(("p", "rival_seeds"), {"seeds": 4}) == {"rival_seeds": 4}, "where there is no seeds to give way to"
    assert reaching(names, {"seeds": 64}) == {}
    with pytest.raises(ConfigError, match="^rival_seeds = 9 "):
        reaching(names, {"seeds": 4, "rival_seeds": 9})


TYPED = [("seeds", "8", 8), ("p", "2e-2", 0.02), ("target", "identity", "identity"), ("powers", "2,4.5", [2, 4.5])]
TYPED += [("powers", "3", [3]), ("activations", "abs,relu", ["abs", "relu"]), ("drawn", "", []), ("p", "1,2", "1,2")]


@pytest.mark.parametrize("name, text, value", TYPED)
def test_a_value_is_read_as_its_parameter_has_it_and_typed_back(name, text, value):
    read = asked.read(name, text)
    assert read == value and type(read) is type(value)
    assert asked.read(name, parameters.typed(read)) == read


# ---- beside a section's tables


def test_a_section_gets_what_it_declares_and_leaves_it_beside_its_tables(home, monkeypatch):
    shown = []
    monkeypatch.setattr(parameters, "display", lambda text: shown.append(text.data))
    given = {"features": 100, "neurons": 10, "seeds": 64, "k_max": 100, "rival_seeds": 16}
    assert settle("06", **given) == (Config(), Measurement(), Study()) and not shown
    assert json.loads((home / "data" / "06.json").read_text()) == given
    config, measured, study = settle("06", **given | {"features": 20, "seeds": 4, "neurons": 10})
    assert (config.features, config.seeds, measured.k_max, study.rival_seeds) == (20, 4, 20, 4)
    assert re.search(r"features=20, seeds=4, k_max=20, rival_seeds=4.* k_max, rival_seeds followed", shown[0])
    assert json.loads((home / "data" / "06.json").read_text())["k_max"] == 20


def test_sections_agree_or_one_line_says_where_they_do_not(home):
    def ran(section, **values):
        paths.output("data", f"{section}.json").write_text(json.dumps(values))

    assert parameters.disagreement(home) == ""
    for section in ("01", "02", "11"):
        ran(section, p=0.02, seeds=64)
    ran("12", powers=[1.5, 2.0], seeds=64)
    assert parameters.disagreement(home) == "", "only what both declare"
    ran("02", p=0.05, seeds=64)
    said = parameters.disagreement(home)
    assert said.startswith("section 02 ran with p = 0.05, others with 0.02: ") and "\n" not in said
    assert said.endswith('make paper PARAMS="p=0.05 powers=1.5,2.0"'), "and all that would make one run of it"


@pytest.mark.parametrize("given", [{"p": 0.05}, {"seeds": 8, "steps": 200}, {"features": 50}, {"seeds": 2}], ids=str)
def test_sections_of_one_run_agree_whatever_followed_by_itself(home, given):
    sections = {path.stem[:2]: dict.fromkeys(asked.cell(path)) for path in asked.NOTEBOOKS.glob("[01]*.ipynb")}
    for section, names in sections.items():
        values = settled({name: DEFAULTS[name] for name in names} | reaching(names, given))
        paths.output("data", f"{section}.json").write_text(json.dumps(values))
    assert parameters.disagreement(home) == ""
    paths.output("data", "11.json").write_text(json.dumps(values | {"rival_seeds": 3}))
    assert "section 11 ran with rival_seeds = 3" in parameters.disagreement(home)


CELL = """features = 12  # inputs; 2 to 10000
neurons = 10  # width
p = 1e-1  # probability — how often
target = "identity"  # "relu" or "identity"
powers = [2, 4]  # powers; see [1.5, 2.0]
drawn = [
    1, 2,
]  # features to draw"""


def test_a_parameters_cell_is_put_back_to_its_defaults():
    source = asked.restored(CELL)
    values = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(source).body}
    assert values == {name: list(v) if isinstance(v := DEFAULTS[name], tuple) else v for name in values}
    assert "features = 100  # inputs; 2 to 10000\nneurons = 10  # width\np = 0.02  # probability — how often" in source
    assert source.endswith("drawn = []  # features to draw") and "]  # powers; see [1.5, 2.0]" in source
    assert asked.restored(source) == source
