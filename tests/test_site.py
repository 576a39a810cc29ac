"""The paper as pages: whole, linked, named for all readers, alone on the disk, and fit for any screen."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image, ImageChops
from test_paper import write

from lib import paper, paths, site

NOTEBOOKS = sorted(path.stem for path in paper.NOTEBOOKS.glob("[0-9]*.ipynb"))
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
    for table in page.find_all("table"):
        assert table.find_all("th", scope="col") and table.parent["tabindex"] == "0"
        assert len({len(row.find_all(["td", "th"])) for row in table.tbody.find_all("tr")}) == 1
        named = [[cell for cell in row.find_all(["td", "th"]) if cell.text.strip()] for row in table.thead.find_all("tr")]
        assert all(len(row) > 1 for row in named), "no row for the index's name alone"
        assert not table.find_all(style=True)
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
    page, nb = soup(NOTEBOOKS[number]), nbformat.read(paper.NOTEBOOKS / f"{NOTEBOOKS[number]}.ipynb", 4)
    folded = [details.pre.text.strip() for details in page.find_all("details", open=False)]
    assert folded == [cell.source.strip() for cell in nb.cells if cell.cell_type == "code"]
    assert page.h1.text == nb.cells[0].source.splitlines()[0].removeprefix("# ")
    turn = page.footer.nav
    assert turn.find(rel="prev")["href"] == f"{PAGES[number]}.html" and turn.find(rel="next")["href"] == f"{PAGES[number + 2]}.html"
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


def test_all_of_it_weighs_little(pages):
    assert sum(path.stat().st_size for path in pages.rglob("*") if path.is_file()) < 10e6
    assert (pages / "paper.pdf").read_bytes().startswith(b"%PDF-")


@pytest.fixture
def home(tmp_path) -> Path:
    """A paper of one notebook that was never run."""
    write(tmp_path / "notebooks" / "01_one.ipynb", "print(1)")
    return tmp_path


def test_a_notebook_that_was_not_run_makes_a_page_and_the_same_bytes_twice(home, tmp_path):
    for out in ("first", "second"):
        assert [path.name for path in site.build(home, tmp_path / out)] == [
            "01_one.html", "references.html", "made.html", "index.html"
        ]  # fmt: skip
    files = {path.name: path.read_bytes() for path in (tmp_path / "first").glob("*.*")}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "second").glob("*.*")}
    assert b"print" in files["01_one.html"] and b"<table" not in files["index.html"]


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


@pytest.fixture(scope="module")
def tab(browser):
    """A page of the browser, and what it complained of or asked of anybody else."""
    page, said = browser.new_context(offline=True).new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url))
    return page, said


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
        ink, ground = page.evaluate("(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))")
        ink, ground = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, ground))
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
    assert not code.is_visible() and not page.locator("nav.turn").is_visible() and page.locator("figure").first.is_visible()
