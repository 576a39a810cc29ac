"""The paper as a small site and as one PDF, from the notebooks as they ran.

    python -m lib.site          writes build/paper/

nbconvert turns a notebook into Markdown; pandoc makes of that a page, with equations as MathML, and of all pages
together, but for their code, what typst sets as a PDF. A page loads nothing but the style sheet and figures beside it.
"""

import base64
import csv
import importlib.util
import io
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from html import escape
from itertools import zip_longest
from pathlib import Path

import jinja2
import nbformat
import pypandoc
import yaml
from nbconvert.exporters import TemplateExporter
from PIL import Image

from lib import config, paths, readme, tables

TEMPLATE = Path(__file__).parent / "template"
MARKDOWN = "commonmark+attributes+gfm_auto_identifiers+pipe_tables+raw_attribute+raw_html+smart+tex_math_dollars"
FRONT_FIGURE = "01_feature_errors"
CARD = ["jax", "jaxlib", "flax", "optax", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "papermill", "nbconvert"]
CARD += ["pypandoc-binary", "typst"]  # the packages whose versions are told
SINCE = 315532800  # 1980, the date in the PDF: it has the same bytes whenever it is made


@dataclass(frozen=True)
class Page:
    """A page to be made. `name` becomes the file's, `number` is a chapter's, `reader` is pandoc's name of it."""

    name: str
    title: str
    text: str = ""
    number: str = ""
    source: str = ""
    reader: str = MARKDOWN


def build(home: Path, out: Path) -> list[Path]:
    """Writes the site of the paper at `home` to the folder `out`, `index.html` last; returns its pages.

    Raises:
        RuntimeError: pandoc warned of a text, or pandoc or typst could not read it.
    """
    (out / "figures").mkdir(parents=True, exist_ok=True)
    for old in [*out.glob("[0-9]*.html"), *out.glob("figures/*")]:
        old.unlink()
    shutil.copy(TEMPLATE / "style.css", out)
    notebooks = sorted((home / "notebooks").glob("[0-9]*.ipynb"))
    with ThreadPoolExecutor() as pool:
        chapters = list(pool.map(lambda number, path: _chapter(path, number, out), range(len(notebooks)), notebooks))
    about = _about(home, chapters)
    others = [
        Page("references", "References", _read(home / "data" / "references.bib"), reader="biblatex"),
        Page("made", "How this was made", _made(home)),
    ]
    front = Page("index", about["paper"])
    order = [front, *chapters, *others]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda page: _html(page, order, about), order[1:]))
    pdf = _pdf(order[1:], done, about, out)
    front = replace(front, text=_front(home, about, chapters, others, pdf))
    done.append(_html(front, order, about))
    pages = [out / f"{page.name}.html" for page in (*order[1:], front)]
    for path, html in zip(pages, done, strict=True):
        path.write_text(html, encoding="utf-8")
    return pages


def _about(home: Path, chapters: list[Page]) -> dict:
    """What CITATION.cff says of the paper, the abstract between its markers in README.md, and the one figure in front."""
    about = yaml.safe_load(_read(home / "CITATION.cff")) or {"title": "A paper", "authors": [{"name": "The contributors"}]}
    paper, _, subtitle = about["title"].partition(": ")
    works = [
        ", ".join([f"{_names(work['authors'])}. *{work['title']}*", *(str(work[key]) for key in ("year", "version") if key in work)])
        for work in (*about.get("references", []), about)
    ]
    abstract = re.search(r"<!-- abstract -->(.*?)<!-- /abstract -->", _read(home / "README.md"), re.S)
    figures = (re.search(rf'<figure id="fig-{FRONT_FIGURE}">.*?</figure>', page.text, re.S) for page in chapters)
    return {
        "paper": paper,
        "subtitle": subtitle,
        "authors": _names(about["authors"]),
        "abstract": _linked(abstract[1].strip()) if abstract else "",
        "message": about.get("message", ""),
        "works": works,
        "figure": next((found[0] for found in figures if found), ""),
    }


def _names(authors: list[dict]) -> str:
    return ", ".join(who.get("name") or f"{who['given-names']} {who['family-names']}" for who in authors)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _chapter(path: Path, number: int, out: Path) -> Page:
    """A notebook as a page; its pictures go to `out`."""
    nb = nbformat.read(path, 4)
    title, _, nb.cells[0].source = nb.cells[0].source.lstrip("# ").partition("\n")
    _figures(nb, number, path.stem, out)
    text, _ = TemplateExporter(template_file=str(TEMPLATE / "notebook.md.j2")).from_notebook_node(nb)
    return Page(path.stem, re.sub(r"[*`]", "", title), _linked(text), str(number), f"notebooks/{path.name}")


def _linked(text: str) -> str:
    """Links to notebooks, to the bibliography and to pages lead to pages beside this one."""
    text = re.sub(r"\]\((?:notebooks/)?(\d\d_\w+)\.ipynb", r"](\1.html", text.replace("](build/paper/", "]("))
    return re.sub(r"\]\(\.\./data/references\.bib#", "](references.html#ref-", text)


def _figures(nb, number: int, stem: str, out: Path) -> None:
    """Makes each picture and the caption below it one output: a numbered figure, in HTML."""
    count = 0
    for outputs in (cell.outputs for cell in nb.cells if cell.cell_type == "code"):
        for output, below in zip_longest(list(outputs), outputs[1:], fillvalue={}):
            if "image/png" not in output.get("data", {}):
                continue
            count += 1
            caption = below.get("data", {}).get("text/markdown", "")
            name, label = f"{stem}_{count}", f"Figure {number}.{count}."
            if named := re.match(r"\*\*Figure (\w+)\.\*\*\s*", caption):
                name, caption = named[1], caption[named.end() :]
                outputs.remove(below)
            picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))).convert("RGB")
            picture.save(out / "figures" / f"{name}.webp", lossless=True)  # the same pixels in a third of the bytes
            alt = output.metadata.get("image/png", {}).get("alt", caption)
            if alt == caption:  # which is read aloud, too: its first sentence will do
                alt = f"{label} {re.split(r'(?<=[.?!]) ', caption)[0]}".strip()
            size = f'width="{picture.width}" height="{picture.height}"'
            output.data = {
                "text/markdown": f'<figure id="fig-{name}">\n'
                f'<a href="figures/{name}.webp"><img src="figures/{name}.webp" alt="{escape(alt)}" {size}></a>\n'
                f"<figcaption>\n\n**{label}** {caption}\n\n</figcaption>\n</figure>\n"
            }


def _front(home: Path, about: dict, chapters: list[Page], others: list[Page], pdf: bool) -> str:
    """The title page."""
    claims = list(csv.DictReader(_read(home / "data" / "claims.csv").splitlines()))
    what = {row["id"]: row["definition"] for row in csv.DictReader(_read(home / "data" / "published.csv").splitlines())}
    section = {re.sub(r"\W", "_", page.name[3:]): page.name for page in chapters}
    made = readme.findings(home / "data") | readme.predictions(home / "data")
    rows = made.get("findings", [])
    for i, (row, claim) in enumerate(zip(rows[1:], claims, strict=True), 1):
        place = section.get(claim["section"].lower().replace("-", "_"))
        name = f"[{row[0]}]({place}.html)" if place else row[0]
        mean, _, span = row[2].partition(" (")
        small = [re.sub(r"([!-/:-@[-`{-~])", r"\\\1", text) for text in (what.get(claim["id"], ""), span.rstrip(")"))]
        rows[i] = (f"{name}<br><small>{small[0]}</small>", row[1], f"{mean}<br><small>{small[1]}</small>", *row[3:])
    chapter = {page.name[:2]: f"[{page.number}]({page.name}.html)" for page in chapters}
    made["predictions"] = [(chapter.get(row[0], row[0]), *row[1:]) for row in made.get("predictions", [])]
    return _filled(
        "front.md.j2",
        about=about,
        live=importlib.util.find_spec("lib.live") is not None,
        pdf=pdf,
        chapters=chapters,
        others=others,
        claims=claims,
        count=lambda column, value: sum(row.get(column) == value for row in claims),
        tables={name: readme.table(rows) for name, rows in made.items() if rows},
    )


def _made(home: Path) -> str:
    """The page of seeds, parameters, versions and times."""
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", _read(home / "requirements.lock"), re.M))
    known = config.parameters()
    times = readme.speed(home / "data").get("times")
    return _filled(
        "made.md.j2",
        seeds=known["seeds"].default,
        parameters=readme.table(
            [("parameter", "value", "meaning")]
            + [(f"`{name}`", f"{field.default}", field.metadata["meaning"]) for name, field in known.items()]
        ),
        versions=readme.table([("package", "version")] + [(name, locked[name]) for name in CARD if name in locked]),
        times=readme.table(times) if times else "",
    )


def _filled(template: str, **values) -> str:
    """A template of this folder with its values in place."""
    loader = jinja2.FileSystemLoader(TEMPLATE)
    return jinja2.Environment(loader=loader, trim_blocks=True, lstrip_blocks=True).get_template(template).render(**values)


def _html(page: Page, order: list[Page], about: dict) -> str:
    """A page as a reader gets it, between the page before it and the one after it."""
    place = [other.name for other in order].index(page.name)
    around = {"previous": order[place - 1] if place else None, "next": order[place + 1] if place + 1 < len(order) else None}
    words = {"title": page.title, "paper": about["paper"], "number": page.number, "source": page.source}
    for name, other in around.items():
        if other:
            words |= {f"{name}-name": other.name, f"{name}-title": other.title}
    options = ["--to=html5", "--mathml", "--template", TEMPLATE / "page.html"]
    options += ["--metadata=front"] if page.name == "index" else ["--toc", "--toc-depth=3"]
    options += [f"--metadata={name}:{value}" for name, value in words.items() if value]
    if page.reader != MARKDOWN:
        options.append("--citeproc")
    return tables.plain(_pandoc(page.name, page.text, f"--from={page.reader}", *options))


def _pandoc(name: str, text: str, *options) -> str:
    """What pandoc makes of a text, whose name a complaint will tell; a warning is an error."""
    command = [pypandoc.get_pandoc_path(), "--fail-if-warnings", "--wrap=preserve", *map(str, options)]
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()}")
    return done.stdout


def _pdf(pages: list[Page], done: list[str], about: dict, out: Path) -> bool:
    """Writes all pages but for their code as `out/paper.pdf`; says so where typst is missing. Returns whether it did."""
    try:
        import typst
    except ImportError:
        print("build/paper/paper.pdf is not made: the Python package typst is missing", file=sys.stderr)
        (out / "paper.pdf").unlink(missing_ok=True)
        return False
    text = ""
    for page, html in zip(pages, done, strict=True):
        body = re.search(r"<main.*?>(.*)</main>", html, re.S)[1]
        body = re.sub(r'<details class="code">.*?</details>|<p class="kicker">.*?</p>', "", body, flags=re.S)
        body = re.sub(r"(<h[1-6])[^>]*>", r"\1>", body).replace("<h1>", f'<h1 id="{page.name}">{page.number} ', 1)
        text += _in_one(body)
    cover = _pandoc("abstract", f"{about['abstract']}\n\n{about['figure']}", f"--from={MARKDOWN}", "--to=html5")
    words = [f"--metadata={name}:{about[name]}" for name in ("paper", "subtitle", "authors")]
    words.append("--variable=cover:" + _pandoc("abstract", _in_one(cover), "--from=html", "--to=typst"))
    source = _pandoc("paper.pdf", text, "--from=html", "--to=typst", "--template", TEMPLATE / "paper.typ", *words)
    (out / "paper.pdf").write_bytes(typst.compile(source.encode(), root=out, ignore_system_fonts=True, timestamp=SINCE))
    cover = (TEMPLATE / "cover.typ").read_bytes()  # a picture of the PDF's first pages, for README.md
    (out / "paper.png").write_bytes(typst.compile(cover, root=out, ignore_system_fonts=True, format="png", ppi=130))
    return True


def _in_one(html: str) -> str:
    """A part of a page as part of one document: links to other pages become links within, pictures as wide as the text."""
    html = re.sub(r' (?:width|height)="\d+"(?=[^<]*>)|<a href="figures/[^>]*>(?=<img)|(?<=">)</a>(?=\n<figcaption)', "", html)
    html = re.sub(r'<a href="(?:live|index)\.html[^>]*>(.*?)</a>', r"\1", html, flags=re.S)
    html = html.replace('href="references.html#', 'href="#').replace('href="#citation"', 'href="#references"')
    return re.sub(r'href="(\w+)\.html(?:#[^"]*)?"', r'href="#\1"', html)


if __name__ == "__main__":
    try:
        build(paths.ROOT, paths.BUILD / "paper")
    except RuntimeError as error:
        sys.exit(str(error))
