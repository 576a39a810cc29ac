"""The paper as pages: whole, linked, named for all readers, alone on the disk, and fit for any screen."""

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image, ImageChops
from test_paper import write

from lib import paths
from lib.publish import asked, site

NOTEBOOKS = sorted(path.stem for path in asked.NOTEBOOKS.glob("[0-9]*.ipynb"))
PAGES = ["index", *NOTEBOOKS, "references", "made"]
every = pytest.mark.parametrize("name", PAGES)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Path:
    """The folder of the site made from the notebooks as they are."""
    out = tmp_path_factory.mktemp("site")
    made = site.build(paths.ROOT, out)
    assert sorted(path.stem for path in made) == sorted(path.stem for path in out.glob("*.html")) == sorted(PAGES)
    assert made[-1].stem == "index", "what make looks at comes last"
    return out


@pytest.fixture(scope="module")
def soup(pages):
    read = {name: BeautifulSoup((pages / f"{name}.html").read_text(), "html.parser") for name in PAGES}
    return read.__getitem__


def ids(page) -> list[str]:
    return [tag["id"] for tag in page.find_all(id=True)]


@every
def test_a_page_can_be_read_aloud(soup, name):
    """Language, landmarks, one title, headings in order, named pictures, headed tables, no id twice."""
    page = soup(name)
    assert page.html["lang"] == "en" and page.title.text.strip()
    assert len(page.find_all("main")) == len(page.find_all("h1")) == 1
    assert all(nav.get("aria-label") for nav in page.find_all("nav"))
    levels = [int(tag.name[1]) for tag in page.find_all(re.compile(r"^h[1-6]$"))]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    assert all(len(image.get("alt", "")) > 20 for image in page.find_all("img"))
    for table in page("table"):
        head, *rows = table("tr")
        assert len(head("th", scope="col")) > 1 and head("td")[1:] == [], "one row of heads; a corner may be empty"
        assert rows and all(
            row.th["scope"] == "row" and len(row(["th", "td"])) == len(head(["th", "td"])) for row in rows
        )
        assert table.parent["role"] == "region" and table.parent["tabindex"] == "0" and not table(style=True)
        assert all(cell.text.strip() for cell in table("th"))
    assert len(ids(page)) == len(set(ids(page)))
    assert not page.find_all(["style", "script", "iframe"])


@every
def test_links_resolve_and_nothing_is_loaded_from_elsewhere(pages, soup, name):
    for tag in soup(name).find_all(["a", "img", "link"]):
        to = tag.get("href") or tag.get("src")
        if tag.name == "a" and to.startswith("http"):
            continue
        file, _, fragment = to.partition("#")
        if file not in ("data:,", "live.html"):  # the latter has a maker and tests of its own
            assert (pages / (file or f"{name}.html")).is_file(), to
        if fragment:
            assert fragment in ids(soup(file.removesuffix(".html") or name)), to
    assert not re.search(r"url\(|@import", (pages / "style.css").read_text())


@pytest.mark.parametrize("number", range(len(NOTEBOOKS)))
def test_a_chapter_is_its_notebook_with_the_code_folded_away(pages, soup, number):
    page, nb = soup(NOTEBOOKS[number]), nbformat.read(asked.NOTEBOOKS / f"{NOTEBOOKS[number]}.ipynb", 4)
    folded = [details.pre.text.strip() for details in page.find_all("details", open=False)]
    assert folded == [cell.source.strip() for cell in nb.cells if cell.cell_type == "code"]
    assert page.h1.text == nb.cells[0].source.splitlines()[0].removeprefix("# ")
    turn = page.footer.nav
    assert [link["href"] for link in turn("a")] == [f"{PAGES[number]}.html", f"{PAGES[number + 2]}.html"]
    labels = [figure.figcaption.strong.text for figure in page.find_all("figure")]
    assert labels == [f"Figure {number}.{i + 1}." for i in range(len(labels))]
    for image in page.find_all("img"):
        ours = Image.open(pages / image["src"]).convert("RGB")
        drawn = Image.open(paths.ROOT / "figures" / f"{Path(image['src']).stem}.png").convert("RGB")
        assert ImageChops.difference(ours, drawn).getbbox() is None
    assert sum(cell.source.count("$$") // 2 for cell in nb.cells) == len(page.find_all("math", display="block"))
    assert "$" not in re.sub(r"<code.*?</code>|<annotation.*?</annotation>", "", str(page), flags=re.S)


def test_the_title_page_leads_everywhere(soup):
    links = {tag["href"] for tag in soup("index").main.find_all("a")}
    assert links >= {f"{name}.html" for name in PAGES[1:]} | {"paper.pdf"}
    claims = (paths.ROOT / "data" / "claims.csv").read_text().splitlines()
    assert len(soup("index").find("table").tbody.find_all("tr")) == len(claims) - 1
    assert len(soup("index").find_all("img")) == 1


def test_the_paper_itself_has_no_banner(soup):
    assert not [name for name in PAGES if soup(name).find(class_="banner") or soup(name).select(".contents small")]


def test_all_of_it_weighs_little(pages):
    assert sum(path.stat().st_size for path in pages.rglob("*") if path.is_file()) < 10e6
    assert (pages / "paper.pdf").read_bytes().startswith(b"%PDF-")


@pytest.fixture
def home(tmp_path) -> Path:
    """A paper of one notebook that was never run."""
    write(tmp_path / "notebooks" / "01_one.ipynb", "print(1)")
    return tmp_path


def ran(home: Path, section: str, **given) -> None:
    """Leaves a section's parameters where `settle` leaves them."""
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / f"{section}.json").write_text(json.dumps(given))


def read(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(), "html.parser")


def test_a_notebook_that_was_not_run_makes_a_page_and_the_same_bytes_twice(home, tmp_path):
    ran(home, "01", p=0.02, steps=1000)
    for out in ("first", "second"):
        made = [path.stem for path in site.build(home, tmp_path / out)]
        assert made == ["01_one", "references", "made", "index"]
    files = {path.name: path.read_bytes() for path in (tmp_path / "first").glob("*.*")}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "second").glob("*.*")}
    assert b"print" in files["01_one.html"] and b"<table" not in files["index.html"]
    assert not any(b"banner" in files[name] for name in files if name.endswith(".html"))


def test_without_typst_one_line_says_so_and_the_pages_are_made(home, tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "typst", None)
    site.build(home, tmp_path)
    assert "typst is missing" in capfd.readouterr().err
    assert not (tmp_path / "paper.pdf").exists() and "paper.pdf" not in (tmp_path / "index.html").read_text()


def test_a_formula_that_cannot_be_read_is_an_error_that_names_its_page(home, tmp_path):
    path = home / "notebooks" / "01_one.ipynb"
    nb = nbformat.read(path, 4)
    nb.cells.append(nbformat.v4.new_markdown_cell(r"$$\nosuch{1}$$", id="formula"))
    nbformat.write(nb, path)
    with pytest.raises(RuntimeError, match="01_one: "):
        site.build(home, tmp_path)


@pytest.fixture
def run(tmp_path) -> Path:
    """A run of notebook 12 alone, which speaks of notebook 10."""
    path = write(tmp_path / "notebooks" / "12_sparsity.ipynb", "print(1)")
    nb = nbformat.read(path, 4)
    nb.cells[0].source += "\n\nSee [notebook 10](10_convergence.ipynb) and [the first](12_sparsity.ipynb)."
    nbformat.write(nb, path)
    ran(tmp_path, "12", features=100, neurons=10, steps=200, rival_seeds=16, grid=3, rates=[0.02, 0.1, 0.5, 1.0])
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "12_tipping.png").write_bytes(b"the run's own")
    return tmp_path


def test_a_run_of_one_notebook_makes_its_pages_beside_what_it_made(run):
    before = {path: path.read_bytes() for path in run.rglob("*.*")}
    made = site.build(run, run, paths.ROOT)
    assert made == site.build(run, run, paths.ROOT) and made[-1] == run / "index.html"
    assert [page.stem for page in made] == ["12_sparsity", "references", "made", "index"]
    assert before == {path: path.read_bytes() for path in before}
    for page in map(read, made):
        said = "Your run: steps = 200 (the paper has 1,000). Changed along with that: grid, rates."
        assert [banner.text for banner in page.find_all(class_="banner")] == [said]
        for link in page.find_all(href=re.compile(r"^[^#]+$")):
            to = link["href"].partition("#")[0]
            assert to == "data:," or to.startswith("http") or (run / to).is_file(), to
    assert not (run / "paper.pdf").exists()


def test_a_run_does_not_take_the_papers_results_for_its_own(run):
    *_, made, front = map(read, site.build(run, run, paths.ROOT))
    assert "superposition" in front.find(class_="abstract").text and "Citation" in front.text
    assert "published numbers" not in front.text and not front.find_all("table")
    assert [(item["value"], item.text) for item in front.select("ol.contents li")] == [("12", "Why?")]
    assert f"1 of the paper’s {len(NOTEBOOKS)} chapters" in front.text
    assert 'make paper PARAMS="steps=200"' in made.text
    assert ["steps", "200", "1,000"] in [[cell.text for cell in row(["th", "td"])][:3] for row in made("tr")]
    assert read(run / "12_sparsity.html").find(class_="kicker").text == "Chapter 12"
    claims = (paths.ROOT / "data" / "claims.csv").read_text()
    (run / "data" / "claims.csv").write_text(claims.replace(",64,", ",8,"))
    site.build(run, run, paths.ROOT)
    said = " ".join(read(run / "index.html").text.split())
    assert re.search(r"This run\. Of \d+ published numbers \d+ come out again in 8 networks", said)


BANNERS = [
    ({"p": 0.05, "steps": 200}, "p = 0.05 (the paper has 0.02), steps = 200 (1,000)."),
    ({"seeds": 8, "rival_seeds": 8}, "seeds = 8 (the paper has 64). Changed along with that: rival_seeds."),
    ({"features": 200, "sizes": [15]}, "features = 200 (the paper has 100), sizes = 15 (1, 2, 3, 4, 5)."),
    ({"drawn": [3, 1], "target": "identity"}, "drawn = 3, 1 (the paper has none), target = identity (relu)."),
    ({"powers": [2, 4]}, "powers = 2, 4 (the paper has 19 from 1.5 to 8)."),
    ({"p": 0.02}, "nothing here differs from the paper."),
]


@pytest.mark.parametrize("given, said", BANNERS)
def test_a_banner_tells_values_and_what_the_paper_has(given, said):
    assert site._banner(given, run=True) == f"Your run: {said}"
    assert site._banner(given, run=False) == ("" if "nothing" in said else f"Not run as the rest of the paper: {said}")


def test_a_chapter_with_parameters_of_its_own_is_marked(home, tmp_path):
    for name in ("02_two", "90_all"):
        write(home / "notebooks" / f"{name}.ipynb", "print(2)")
    rows = "| notebook | expected | verdict | measured |\n|---|---|---|---|\n| 02 | more | holds | 3 |"
    (home / "README.md").write_text(f"<!-- predictions -->\n{rows}\n<!-- /predictions -->")
    ran(home, "01", p=0.05, steps=1000)
    ran(home, "02", p=0.02)
    (home / "data" / "11_verdict.csv").write_text("prediction,verdict,evidence\nmore,fails,4")
    pages = {page.stem: read(page) for page in site.build(home, tmp_path / "out")}
    said = "Not run as the rest of the paper: p = 0.05 (the paper has 0.02)."
    assert [(name, one.text) for name in pages for one in pages[name](class_="banner")] == [("01_one", said)]
    assert [item.text for item in pages["index"].select(".contents li")][:3] == [f"Why?{said}", "Why?", "Why?"]
    assert "holds" in pages["index"].text and "fails" not in pages["index"].text, "as README says"
    ran(home, "02", p=0.05)  # then the sections agree, and what speaks for all of them is made from them
    pages = {page.stem: read(page) for page in site.build(home, tmp_path / "out")}
    assert [name for name in pages if pages[name].find(class_="banner")] == ["01_one", "02_two", "90_all"]


@pytest.fixture(scope="module")
def tab(browser):
    """A page of the browser, and what it complained of or asked of anybody else."""
    page, said = browser.new_context(offline=True).new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url))
    return page, said


COLOURS = "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
WIDE = """all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML.slice(0, 200))"""


@every
def test_a_page_opens_in_silence_and_fits(tab, pages, name):
    page, said = tab
    page.goto((pages / f"{name}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.eval_on_selector_all("img", "all => all.every(one => one.complete && one.naturalWidth > 0)")
    for width, scheme in ((360, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.eval_on_selector_all("main > *, main > figure *, nav, nav *, footer *", WIDE) == []
        colours = page.evaluate(COLOURS)
        ink, ground = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
        assert (ground - ink if scheme == "light" else ink - ground) > 500, "readable by day and by night"
    assert said == []


def test_code_opens_by_key_and_is_not_printed(tab, pages):
    page, _ = tab
    page.goto((pages / f"{NOTEBOOKS[0]}.html").as_uri())
    code = page.locator("details.code").first
    assert not code.locator("pre").is_visible()
    code.locator("summary").focus()
    page.keyboard.press("Enter")
    assert code.locator("pre").is_visible()
    page.emulate_media(media="print")
    assert page.locator("figure").first.is_visible()
    assert not code.is_visible() and not page.locator("nav.turn").is_visible()
