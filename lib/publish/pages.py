"""A page is one Markdown text with figures and pipe tables, a notebook's, too: pandoc makes HTML and typst of it."""

import base64
import io
import re
import subprocess
from html import escape
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import NamedTuple

import nbformat
import pypandoc
from bs4 import BeautifulSoup, Tag
from nbconvert.exporters import TemplateExporter
from PIL import Image

from lib.publish import readme

TEMPLATES = Path(__file__).parent / "templates"
MARKDOWN = "commonmark+attributes+fenced_divs+implicit_figures+pipe_tables+raw_html+smart+tex_math_dollars"
CAPTION = re.compile(r"\*\*Figure (\w+)\.\*\*\s*(.*)", re.S)
SCROLLS = {"class": "table", "role": "region", "aria-label": "Table", "tabindex": "0"}


class Page(NamedTuple):
    """A page to be made; `printed` is its text without code, `banner` how its parameters differ from the paper's.

    `tables` are the names of the files in `data` that its notebook wrote.
    """

    name: str
    title: str
    text: str
    banner: str = ""
    number: str = ""
    printed: str = ""
    tables: tuple[str, ...] = ()


def chapter(path: Path, number: int, banner: str, out: Path) -> Page:
    """A notebook as a page; its pictures go to `out`."""
    nb = nbformat.read(path, 4)
    title, _, nb.cells[0].source = nb.cells[0].source.lstrip("# ").partition("\n")
    _figures(nb, number, path.stem, out)
    for output in (output for cell in nb.cells for output in cell.get("outputs", [])):
        if table := BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser").table:
            output.data = {"text/markdown": _pipe_table(table)}
    template = TemplateExporter(template_file=str(TEMPLATES / "notebook.md.j2"))
    text, printed = (linked(template.from_notebook_node(nb, {"code": code})[0]) for code in (True, False))
    tables = tuple(sorted(table.name for table in (path.parents[1] / "data").glob(f"{path.stem[:2]}[_.]*csv")))
    return Page(path.stem, re.sub("[*`]", "", title), text, banner, str(number), printed, tables)


def essay(path: Path, out: Path) -> Page:
    """A text in Markdown as a page, with figures of the paper as chapters left them in `out`."""
    title, _, text = readme.read(path).lstrip("# ").partition("\n")

    def figure(mark: re.Match) -> str:
        caption, name = mark.groups()
        with Image.open(out / "pictures" / f"{name}.webp") as picture:
            width, height = picture.size
        return f'![{caption}](pictures/{name}.webp){{alt="{escape(caption)}" width={width} height={height}}}'

    return Page(path.stem, title, linked(re.sub(r"!\[(.*?)\]\(\.\./figures/(\w+)\.png\)", figure, text)))


def _figures(nb, number: int, stem: str, out: Path) -> None:
    """Makes each picture and the caption below it one output: a numbered figure."""
    count = 0
    for outputs in (cell.outputs for cell in nb.cells if cell.cell_type == "code"):
        for output, below in zip_longest(list(outputs), outputs[1:], fillvalue={}):
            if "image/png" not in output.get("data", {}):
                continue
            count += 1
            label, name, caption = f"Figure {number}.{count}.", f"{stem}_{count}", ""
            if named := CAPTION.match(below.get("data", {}).get("text/markdown", "")):
                name, caption = named.groups()
                outputs.remove(below)
            picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
            picture.save(out / "pictures" / f"{name}.webp", lossless=True)  # the same pixels in a third of the bytes
            alt = output.metadata.get("image/png", {}).get("alt", caption)
            if alt == caption:  # which is read aloud, too: its first sentence will do
                alt = f"{label} {re.split(r'(?<=[.?!]) ', caption)[0]}".strip()
            about = f'#fig-{name} alt="{escape(alt)}" width={picture.width} height={picture.height}'
            output.data = {"text/markdown": f"![**{label}** {caption}](pictures/{name}.webp){{{about}}}"}


def _pipe_table(table: Tag) -> str:
    """A table of pandas in Markdown; heads in several rows become one, "a, b"."""
    rows = []
    for row in table("tr"):
        cells = [escaped(cell.text) for cell in row(["th", "td"]) for _ in range(int(cell.get("colspan", 1)))]
        rows.append([*rows[-1][: len(rows[-1]) - len(cells)], *cells] if rows else cells)  # one head for several rows
    heads = len(table.thead("tr"))
    (*_, corner), *names = zip(*rows[:heads], strict=True)
    return readme.table([[corner, *(", ".join(filter(None, name)) for name in names)], *rows[heads:]])


def escaped(text: str) -> str:
    """A plain text in Markdown, on one line."""
    return re.sub(r"([!-/:-@[-`{-~])", r"\\\1", " ".join(text.split()))


def linked(text: str) -> str:
    """Links to notebooks, to the bibliography, to the glossary and to pages lead to pages beside this one."""
    text = re.sub(r"\]\((?:notebooks/)?(\d\d_\w+)\.ipynb", r"](\1.html", text)
    text = re.sub(r"\]\((?:\.\./)?build/paper/", "](", text)
    text = re.sub(r"\]\((?:\.\./)?data/glossary\.md", "](glossary.html", text)
    return re.sub(r"\]\((?:\.\./)?data/references\.bib#", "](references.html#ref-", text)


def pandoc(name: str, text: str, *options) -> str:
    """What pandoc makes of a text; a warning is a RuntimeError that says the text's name."""
    command = [pypandoc.get_pandoc_path(), "--fail-if-warnings", "--wrap=preserve", *map(str, options)]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()}")
    return done.stdout


def write(page: Page, order: list[tuple[str, str]], paper: str, out: Path) -> BeautifulSoup:
    """Writes a page as HTML, and returns it; a link to a page that is not there is left as its words.

    Args:
        order: names and titles of all pages, in which they are read, the title page first.
    """
    at = [name for name, _ in order].index(page.name)
    words = {name: getattr(page, name) for name in ("name", "title", "number", "banner")} | {"paper": paper}
    for side, beside in (("previous", order[:at][-1:]), ("next", order[at + 1 :][:1])):
        words |= {f"{side}-{what}": word for pair in beside for what, word in zip(("name", "title"), pair, strict=True)}
    options = ["--toc", "--toc-depth=3"] if at else ["--metadata=front"]
    options += [f"--metadata={name}:{value}" for name, value in words.items() if value] + ["--mathml"]
    options += [f"--variable=table:{name}" for name in page.tables]
    options += [f"--from={MARKDOWN}+gfm_auto_identifiers", f"--template={TEMPLATES / 'page.html'}"]
    soup = BeautifulSoup(pandoc(page.name, page.text, *options), "html.parser")
    for name, title in order:
        item, link = soup.new_tag("li"), soup.new_tag("a", href=f"{name}.html", string=title)
        link.attrs |= {"aria-current": "page"} if name == page.name else {}
        item.append(link)
        soup.find(class_="chapters").ol.append(item)
    _fold(soup)
    _sources(soup)
    there = {name for name, _ in order}
    for link in soup("a", href=re.compile(r"^\w+\.html")):
        if link["href"].partition(".html")[0] not in there:
            link.unwrap()
    for caption in soup("figcaption"):
        caption.attrs.pop("aria-hidden", None)  # it holds a link
    for block in soup("pre"):
        block["tabindex"] = "0"  # it may scroll
    for image in soup("img"):
        image.wrap(soup.new_tag("a", href=image["src"]))
    for number, table in enumerate(soup("table"), 1):
        table.wrap(soup.new_tag("div", attrs=SCROLLS | {"aria-label": f"Table {number}"}))
        for place, (head, *cells) in enumerate(zip(*(row(["th", "td"]) for row in table("tr")), strict=True)):
            number = place and all(re.match(r"[-−+]?\d|–|$", cell.text) for cell in cells)
            for cell in (head, *cells):  # an empty one is no head
                heads = {"scope": "col" if cell is head else "row"} if cell.text and (cell is head or not place) else {}
                cell.name = "th" if heads else "td"
                cell.attrs = heads | ({"class": "number"} if number else {})
    (out / f"{page.name}.html").write_text(str(soup), encoding="utf-8")
    return soup


def _fold(soup: BeautifulSoup) -> None:
    """What is for a referee opens with a click on its heading."""
    for heading in soup("h2", string=re.compile("^For a referee")):
        fold, summary = soup.new_tag("details", attrs={"class": "referee"}), soup.new_tag("summary")
        inside = takewhile(lambda one: getattr(one, "name", None) not in ("h1", "h2"), list(heading.next_siblings))
        heading.insert_before(fold)
        fold.append(summary)
        summary.append(heading)
        fold.extend(list(inside))


def _sources(soup: BeautifulSoup) -> None:
    """Each figure names the cell that drew it, which opens when one goes there."""
    for number, code in enumerate(soup("details", class_="code"), 1):
        code.pre["id"] = f"cell-{number}"
    for caption in soup("figcaption"):
        if not (code := caption.find_previous("details", class_="code")):
            continue  # on the title page
        source, link = soup.new_tag("p", attrs={"class": "source"}), soup.new_tag("a", href=f"#{code.pre['id']}")
        link.string = f"Drawn by cell {code.pre['id'].partition('-')[2]}"
        source.append(link)
        caption.append(source)


def typst(name: str, text: str, *options) -> str:
    """What typst reads, of a Markdown text whose links lead to other parts of one document."""
    text = re.sub(r"\[([^]]*)\]\((?:index|live)\.html[^)]*\)", r"\1", text).replace("](references.html#", "](#")
    return pandoc(name, re.sub(r"\]\((\w+)\.html[^)]*", r"](#\1", text), f"--from={MARKDOWN}", "--to=typst", *options)
