"""The paper as pages: whole, linked, named for all readers, alone on the disk, and fit for any screen."""

import gzip
import json
import re
import sys
from pathlib import Path
from zipfile import ZipFile

import nbformat
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from PIL import Image, ImageChops
from test_run import write

from lib import paths
from lib.publish import asked, pages, site

NOTEBOOKS = sorted(path.stem for path in asked.NOTEBOOKS.glob("[0-9]*.ipynb"))
PAGES = ["index", "eight_pictures", *NOTEBOOKS, "glossary", "references", "functions", "made"]
ORDER = [*PAGES[:3], "live", *PAGES[3:]]
every = pytest.mark.parametrize("name", PAGES)


def read(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(), "html.parser")


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    """The folder of the site made from the notebooks as they are."""
    out = tmp_path_factory.mktemp("site")
    made = site.build(paths.ROOT, out)
    assert sorted(path.stem for path in made) == sorted(path.stem for path in out.glob("*.html")) == sorted(PAGES)
    assert made[-1].stem == "index", "what make looks at comes last"
    return out


@pytest.fixture(scope="module")
def soup(out):
    return {name: read(out / f"{name}.html") for name in PAGES}


@every
def test_a_page_can_be_read_aloud(soup, name):
    """Language, landmarks, one title, headings in order, named pictures, headed tables, no id twice."""
    page = soup[name]
    assert page.html["lang"] == "en" and page.title.text.strip()
    assert len(page("main")) == len(page("h1")) == 1 and all(nav.get("aria-label") for nav in page("nav"))
    levels = [int(tag.name[1]) for tag in page(re.compile(r"^h[1-6]$"))]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    assert all(len(image.get("alt", "")) > 20 for image in page("img"))
    for table in page("table"):
        head, *rows = ([cell.name for cell in row(["th", "td"])] for row in table("tr"))
        assert head[1:] and set(head[1:]) == {"th"} and len(table.thead("tr")) == 1, "a corner may be empty"
        assert rows and all(row == ["th"] + ["td"] * (len(head) - 1) for row in rows)
        assert {cell["scope"] for cell in table("th")} == {"col", "row"} and all(cell.text for cell in table("th"))
        assert table.parent["role"] == "region" and table.parent["tabindex"] == "0" and not table(style=True)
    named = [region["aria-label"] for region in page(role="region")]
    assert len(named) == len(set(named))
    ids = [tag["id"] for tag in page(id=True)]
    assert len(ids) == len(set(ids)) and not page(["style", "iframe"])
    assert [script["src"] for script in page("script")] == ["paper.js"]


@every
def test_links_resolve_and_nothing_is_loaded_from_elsewhere(out, soup, name):
    for tag in soup[name](["a", "img", "link"]):
        file, _, fragment = (tag.get("href") or tag["src"]).partition("#")
        if tag.name == "a" and file.startswith("http"):
            continue
        here = file in ("data:,", "live.html")  # the latter has a maker and tests of its own
        assert here or (out / (file or f"{name}.html")).is_file(), tag
        assert here or not fragment or soup[file.removesuffix(".html") or name].find(id=fragment), tag
    assert not re.search(r"url\(|@import", (out / "style.css").read_text())


@pytest.mark.parametrize("number", range(len(NOTEBOOKS)))
def test_a_chapter_is_its_notebook_with_the_code_folded_away(out, soup, number):
    page, nb = soup[NOTEBOOKS[number]], nbformat.read(asked.NOTEBOOKS / f"{NOTEBOOKS[number]}.ipynb", 4)
    folded = [details.pre.text.strip() for details in page("details", class_="code", open=False)]
    assert folded == [cell.source.strip() for cell in nb.cells if cell.cell_type == "code"]
    assert page.h1.text == nb.cells[0].source.splitlines()[0].removeprefix("# ")
    at = ORDER.index(NOTEBOOKS[number])
    assert [link["href"] for link in page.footer.nav("a")] == [f"{ORDER[at - 1]}.html", f"{ORDER[at + 1]}.html"]
    shown = [output.get("data", {}) for cell in nb.cells for output in cell.get("outputs", [])]
    assert len(page("table")) == sum("text/html" in data for data in shown)
    for link in page.select(".source a"):
        assert page.find(id=link["href"][1:]).find_parent("details", class_="code"), "the cell that drew it"
    assert len(page.select(".source")) == len(page("figure"))
    labels = [figure.figcaption.strong.text for figure in page("figure")]
    assert labels == [f"Figure {number}.{i + 1}." for i in range(sum("image/png" in data for data in shown))]
    for image in page("img"):
        ours = Image.open(out / image["src"]).convert("RGB")
        drawn = Image.open(paths.ROOT / "figures" / f"{Path(image['src']).stem}.png").convert("RGB")
        assert ImageChops.difference(ours, drawn).getbbox() is None and image.parent["href"] == image["src"]
    assert sum(cell.source.count("$$") // 2 for cell in nb.cells) == len(page("math", display="block"))
    assert "$" not in "".join(text for text in page.main(string=True) if not text.find_parent(["code", "annotation"]))


def test_the_title_page_leads_everywhere_and_all_of_it_weighs_little(out, soup):
    links = {tag["href"] for tag in soup["index"].main("a")}
    assert links >= {f"{name}.html" for name in PAGES[1:]} | {"paper.pdf"} and len(soup["index"]("img")) == 1
    names = pd.read_csv(paths.ROOT / "data" / "published.csv").name
    assert [row.a.text for row in soup["index"].table.tbody("tr")] == list(names)
    assert not [name for name in PAGES if soup[name].find(class_="banner") or soup[name].select(".contents small")]
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) < 12e6
    assert (out / "paper.pdf").read_bytes().startswith(b"%PDF-")


def test_downloads_are_the_notebooks_and_all_data(out):
    for name in NOTEBOOKS:
        ours, nb = (nbformat.read(folder / f"{name}.ipynb", 4) for folder in (out / "downloads", asked.NOTEBOOKS))
        assert [cell.source for cell in ours.cells] == [cell.source for cell in nb.cells]
        assert not any(cell.get("outputs") for cell in ours.cells)
    with ZipFile(out / "downloads" / "data.zip") as archive:
        for path in (paths.ROOT / "data").glob("*.*"):
            assert archive.read(f"data/{path.name}") == path.read_bytes()
    for path in (paths.ROOT / "data").glob("[0-9]*.csv"):
        (chapter,) = (name for name in NOTEBOOKS if name[:2] == path.name[:2])
        link = read(out / f"{chapter}.html").footer.find("a", href=f"downloads/{path.name}.gz")
        assert link.text == path.name and gzip.decompress((out / link["href"]).read_bytes()) == path.read_bytes()


def test_every_term_number_and_function_has_its_place(soup):
    numbers = pd.read_csv(paths.ROOT / "data" / "published.csv")
    assert [tag.text for tag in soup["glossary"].select("li > span[id]")] == list(numbers.name)
    assert soup["functions"].find(id="libtrain") and "train_ensemble(config: Config" in soup["functions"].text
    assert "site" not in [tag.text for tag in soup["functions"]("h2")]


def notebook(home: Path, name: str, text: str = "") -> None:
    """A notebook that was never run, with a text below its title."""
    path = write(home / "notebooks" / f"{name}.ipynb", "print(1)")
    nb = nbformat.read(path, 4)
    nb.cells[0].source += f"\n\n{text}"
    nbformat.write(nb, path)


def ran(home: Path, section: str, **given) -> None:
    """Leaves a section's parameters where `settle` leaves them."""
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / f"{section}.json").write_text(json.dumps(given))


def test_a_notebook_that_was_not_run_makes_a_page_and_the_same_bytes_twice(tmp_path, monkeypatch, capfd):
    notebook(tmp_path, "01_one")
    ran(tmp_path, "01", p=0.02, steps=1000)
    for out in ("first", "second"):
        made = [path.stem for path in site.build(tmp_path, tmp_path / out)]
        assert made == ["01_one", "glossary", "references", "functions", "made", "index"]
    files = {path.name: path.read_bytes() for path in (tmp_path / "first").glob("*.*")}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "second").glob("*.*")}
    assert {"paper.pdf", "paper.png"} < set(files) and b"<table" not in files["index.html"]
    assert not any(b"banner" in files[name] for name in files if name.endswith(".html"))
    monkeypatch.setitem(sys.modules, "typst", None)  # then one line says so, and the pages are made
    front = site.build(tmp_path, tmp_path / "second")[-1]
    assert "typst is missing" in capfd.readouterr().err and "paper.pdf" not in front.read_text()
    assert not (tmp_path / "second" / "paper.pdf").exists()


def test_a_table_of_pandas_becomes_plain_rows():
    rows = pd.DataFrame([["a*|b", ""]] * 2, index=[["i", "i"], [7, 8]], columns=[["x", "x"], ["low", "high"]])
    table = BeautifulSoup(rows.rename_axis(["one", "two"]).to_html(), "html.parser").table
    head, _, *rows = pages._pipe_table(table).splitlines()
    assert head == "| one | two | x, low | x, high |" and rows == [r"| i | 7 | a\*\|b |  |", r"| i | 8 | a\*\|b |  |"]


def test_print_has_no_code_and_its_links_lead_within(tmp_path):
    notebook(tmp_path, "01_one")
    page = pages.chapter(tmp_path / "notebooks" / "01_one.ipynb", 1, "", tmp_path)
    assert "print(1)" in page.text and "print" not in page.printed
    links = "[a](02_two.html#b) [*c*](live.html) [d](references.html#ref-e) [f](http://g.org/h.html)"
    within = '#link(<02_two>)[a] #emph[c] #link(<ref-e>)[d] #link("http://g.org/h.html")[f]'
    assert pages.typst("x", links).split() == within.split()


def test_a_formula_that_cannot_be_read_is_an_error_that_names_its_page(tmp_path):
    notebook(tmp_path, "01_one", r"$$\nosuch{1}$$")
    with pytest.raises(RuntimeError, match="01_one: "):
        site.build(tmp_path, tmp_path)


def test_a_run_of_one_notebook_makes_pages_of_its_own_beside_what_it_made(tmp_path):
    run = tmp_path
    notebook(run, "12_sparsity", "See [notebook 10](10_convergence.ipynb) and [the first](12_sparsity.ipynb).")
    ran(run, "12", features=100, neurons=10, steps=200, rival_seeds=16, grid=3, rates=[0.02, 0.1, 0.5, 1.0])
    (run / "figures").mkdir()
    (run / "figures" / "12_tipping.png").write_bytes(b"the run's own")
    before = {path: path.read_bytes() for path in run.rglob("*.*")}
    made = site.build(run, run, paths.ROOT)
    assert made == site.build(run, run, paths.ROOT) and not (run / "paper.pdf").exists()
    assert [page.relative_to(run).stem for page in made] == [
        "12_sparsity",
        "glossary",
        "references",
        "functions",
        "made",
        "index",
    ]
    assert before == {path: path.read_bytes() for path in before}
    for page in map(read, made):
        said = "Your run: steps = 200 (the paper has 1,000). Changed along with that: grid, rates."
        assert [banner.text for banner in page(class_="banner")] == [said]
        for link in page(href=re.compile(r"^[^#]+$")):
            to = link["href"].partition("#")[0]
            assert to == "data:," or to.startswith("http") or (run / to).is_file(), to
    chapter, _, _, _, made, front = map(read, made)
    assert "See notebook 10 and the first." in chapter.text and chapter.find(class_="kicker").text == "Chapter 12"
    assert "superposition" in front.find(class_="abstract").text and "Citation" in front.text
    assert "published numbers" not in front.text and not front("table")
    assert [(item["value"], item.text) for item in front.select("ol.contents li")] == [("12", "Why?")]
    assert f"1 of the paper’s {len(NOTEBOOKS)} chapters" in front.text
    assert 'make paper PARAMS="steps=200"' in made.text
    assert ["steps", "200", "1,000"] in [[cell.text for cell in row(["th", "td"])][:3] for row in made("tr")]
    claims = (paths.ROOT / "data" / "claims.csv").read_text()
    (run / "data" / "claims.csv").write_text(claims.replace(",64,", ",8,"))
    said = " ".join(read(site.build(run, run, paths.ROOT)[-1]).text.split())
    assert re.search(r"This run\. Of \d+ published numbers \d+ are like one network of ours \(8 trained\)", said)


BANNERS = [
    ({"p": 0.05, "steps": 200}, "p = 0.05 (the paper has 0.02), steps = 200 (1,000)."),
    ({"seeds": 8, "rival_seeds": 4}, "seeds = 8 (the paper has 64). Changed along with that: rival_seeds."),
    ({"features": 200, "sizes": [15]}, "features = 200 (the paper has 100), sizes = 15 (1, 2, 3, 4, 5)."),
    ({"drawn": [3, 1], "powers": [2, 4]}, "drawn = 3, 1 (the paper has none), powers = 2, 4 (19 from 1.5 to 8)."),
    ({"p": 0.02}, "nothing here differs from the paper."),
]


@pytest.mark.parametrize("given, said", BANNERS)
def test_a_banner_tells_values_and_what_the_paper_has(given, said):
    assert site._banner(given, run=True) == f"Your run: {said}"
    assert site._banner(given, run=False) == ("" if "nothing" in said else f"Not run as the rest of the paper: {said}")


def test_a_chapter_with_parameters_of_its_own_is_marked(tmp_path):
    home = tmp_path
    for name in ("01_one", "02_two", "90_all"):
        notebook(home, name)
    rows = "| notebook | expected | verdict | measured |\n|---|---|---|---|\n| 02 | more | holds | 3 |"
    (home / "README.md").write_text(f"<!-- predictions -->\n{rows}\n<!-- /predictions -->")
    ran(home, "01", p=0.05, steps=1000)
    ran(home, "02", p=0.02)
    (home / "data" / "11_verdict.csv").write_text("prediction,verdict,evidence\nmore,fails,4")
    made = {page.stem: read(page) for page in site.build(home, tmp_path / "out")}
    said = "Not run as the rest of the paper: p = 0.05 (the paper has 0.02)."
    assert [(name, one.text) for name in made for one in made[name](class_="banner")] == [("01_one", said)]
    assert [item.text for item in made["index"].select(".contents li")][:3] == [f"Why?{said}", "Why?", "Why?"]
    assert "holds" in made["index"].text and "fails" not in made["index"].text, "as README says"
    assert made["index"].table.a["href"] == "02_two.html"
    ran(home, "02", p=0.05)  # then the sections agree, and what speaks for all of them is made from them
    made = {page.stem: read(page) for page in site.build(home, tmp_path / "out")}
    assert [name for name in made if made[name].find(class_="banner")] == ["01_one", "02_two", "90_all"]


@pytest.fixture(scope="module")
def tab(browser):
    """A page of the browser, and what it complained of or asked of anybody else."""
    page, said = browser.new_context(offline=True).new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url))
    return page, said


COLOURS = "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
WIDE = "all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML)"


@every
def test_a_page_opens_in_silence_and_fits(tab, out, name):
    page, said = tab
    page.goto((out / f"{name}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.eval_on_selector_all("img", "all => all.every(one => one.complete && one.naturalWidth > 0)")
    for width, scheme in ((360, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.eval_on_selector_all("main > *, main > figure *, nav, nav *, footer *", WIDE) == []
        ink, ground = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in page.evaluate(COLOURS))
        assert (ground - ink if scheme == "light" else ink - ground) > 500, "readable by day and by night"
    assert said == []


@every
def test_axe_finds_nothing(tab, out, name):
    page, _ = tab
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 800})
    for scheme, rules in {"light": {}, "dark": {"runOnly": ["color-contrast"]}}.items():  # all else is the same in both
        page.emulate_media(color_scheme=scheme)
        page.goto((out / f"{name}.html").as_uri())
        found = Axe().run(page, options=rules).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_search_finds_numbers_by_plain_name_and_a_link_tells_what_it_leads_to(tab, out):
    page, _ = tab
    page.goto((out / f"{NOTEBOOKS[3]}.html").as_uri())
    for name in pd.read_csv(paths.ROOT / "data" / "published.csv").name:
        page.fill("[type=search]", name)
        first = page.locator(".search li a").first
        assert first.text_content().startswith(name) and "glossary.html#" in first.get_attribute("href")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary.html#*")
    page.goto((out / f"{NOTEBOOKS[3]}.html").as_uri())
    page.fill("[type=search]", "no such words")
    assert page.locator(".search ul").is_hidden() and page.locator(".search .count").text_content() == "Nothing found"
    page.goto((out / f"{NOTEBOOKS[9]}.html").as_uri())
    link = page.locator("main a[href^='references.html#']").first
    link.focus()
    note = page.locator(".note")
    assert note.is_visible() and re.search(r"(19|20)\d\d", note.text_content())
    page.keyboard.press("Escape")
    assert note.is_hidden()


def test_code_opens_by_key_and_is_not_printed(tab, out):
    page, _ = tab
    page.goto((out / f"{NOTEBOOKS[0]}.html").as_uri())
    code = page.locator("details.code").first
    assert not code.locator("pre").is_visible()
    code.locator("summary").focus()
    page.keyboard.press("Enter")
    assert code.locator("pre").is_visible()
    page.emulate_media(media="print")
    assert page.locator("figure").first.is_visible()
    assert not code.is_visible() and not page.locator("nav.turn").is_visible()
