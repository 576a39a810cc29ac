"""The paper as a small site and as one PDF, from the notebooks as they ran.

    python -m lib.publish.site                               writes build/paper/
    PAPER_HOME=build/runs/NAME python -m lib.publish.site    writes the pages of that run into its folder, and no PDF

nbconvert turns a notebook into Markdown; pandoc makes of that a page, with equations as MathML, and of all pages
together, but for their code, what typst sets as a PDF. A page loads nothing but the style sheet and pictures beside it.
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

from lib import paths
from lib.config import ConfigError
from lib.experiments import parameters
from lib.experiments.parameters import KNOWN
from lib.publish import readme, tables

TEMPLATE = Path(__file__).parent / "templates"
MARKDOWN = "commonmark+attributes+gfm_auto_identifiers+pipe_tables+raw_attribute+raw_html+smart+tex_math_dollars"
FRONT_FIGURE = "01_feature_errors"
CARD = ["jax", "jaxlib", "flax", "optax", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "papermill", "nbconvert"]
CARD += ["pypandoc-binary", "typst"]  # the packages whose versions are told
SINCE = 315532800  # 1980, the date in the PDF: it has the same bytes whenever it is made


@dataclass(frozen=True)
class Page:
    """A page to be made. `name` becomes the file's, `number` is a chapter's, `reader` is pandoc's name of it.

    `banner` says how its parameters differ from the paper's.
    """

    name: str
    title: str
    text: str = ""
    number: str = ""
    source: str = ""
    reader: str = MARKDOWN
    banner: str = ""


def build(home: Path, out: Path, root: Path | None = None) -> list[Path]:
    """Writes the site of the paper at `home` to the folder `out`, `index.html` last; returns its pages.

    Args:
        root: where the paper is, if `home` is a run of it with other parameters. Its title, abstract and references
            are the paper's, its chapters and numbers those that it made. A run has no PDF, and `out` may be its own folder.

    Raises:
        RuntimeError: pandoc warned of a text, or pandoc or typst could not read it.
    """
    (out / "pictures").mkdir(parents=True, exist_ok=True)  # a run's own figures are in `figures`
    for old in [*out.glob("[0-9]*.html"), *out.glob("pictures/*")]:
        old.unlink()
    shutil.copy(TEMPLATE / "style.css", out)
    root, run = root or home, root not in (None, home)
    notebooks = [home / "notebooks" / path.name for path in sorted((root / "notebooks").glob("[0-9]*.ipynb"))]
    with ThreadPoolExecutor() as pool:
        there = [(path, number) for number, path in enumerate(notebooks) if path.exists()]
        chapters = list(pool.map(lambda at: _chapter(*at, out), there))
    given = parameters.ran_with(home)
    whole = {
        name: value for values in given.values() for name, value in values.items()
    }  # for what speaks of all sections
    given["90"] = whole if run or not parameters.disagreement(home) else {}
    chapters = [replace(page, banner=_banner(given.get(page.name[:2], {}), run)) for page in chapters]
    banner = _banner(whole, run) if run else ""
    about = _about(home, root, chapters) | {"run": run, "of": len(notebooks)}
    others = [
        Page("references", "References", _read(root / "data" / "references.bib"), reader="biblatex", banner=banner),
        Page("made", "How this was made", _made(home, root, whole if run else {}), banner=banner),
    ]
    front = Page("index", about["paper"], banner=banner)
    order = [front, *chapters, *others]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda page: _html(page, order, about), order[1:]))
    pdf = not run and _pdf(order[1:], done, about, out)
    front = replace(front, text=_front(home, root, about, chapters, others, pdf))
    done.append(_html(front, order, about))
    pages = [out / f"{page.name}.html" for page in (*order[1:], front)]
    for path, html in zip(pages, done, strict=True):
        path.write_text(html, encoding="utf-8")
    return pages


def _banner(values: dict, run: bool) -> str:
    """How the parameters of a run, or of one chapter, differ from the paper's; nothing if a chapter's do not."""
    others = parameters.unlike(values)
    if not (run or others):
        return ""
    along = [name for name in others if _went_along(name, values)]
    said = [
        f"{name} = {_shown(value)} ({_shown(KNOWN[name].default)})"
        for name, value in others.items()
        if name not in along
    ]
    said = ", ".join(said).replace(" (", " (the paper has ", 1) or "nothing here differs from the paper"
    also = f" Changed along with that: {', '.join(along)}." if along else ""
    return f"{'Your run' if run else 'Not run as the rest of the paper'}: {said}.{also}"


def _went_along(name: str, values: dict) -> bool:
    """Whether a parameter is what it is because its default gave way to the others."""
    try:
        settled = parameters.settled(values | {name: KNOWN[name].default})
    except ConfigError:
        return False
    return parameters.typed(settled[name]) == parameters.typed(values[name])


def _shown(value, most: int = 6) -> str:
    """A parameter's value for a reader; of a list that is longer than `most`, how many and from where to where."""
    if isinstance(value, (list, tuple)):
        whole = ", ".join(map(_shown, value)) or "none"
        return whole if len(value) <= most else f"{len(value)} from {_shown(min(value))} to {_shown(max(value))}"
    return value if isinstance(value, str) else f"{value:,}".removesuffix(".0")


def _about(home: Path, root: Path, chapters: list[Page]) -> dict:
    """What CITATION.cff says of the paper, the abstract between its markers in README.md, and the one figure in front."""
    about = yaml.safe_load(_read(root / "CITATION.cff")) or {
        "title": "A paper",
        "authors": [{"name": "The contributors"}],
    }
    paper, _, subtitle = about["title"].partition(": ")
    works = [
        ", ".join(
            [
                f"{_names(work['authors'])}. *{work['title']}*",
                *(str(work[key]) for key in ("year", "version") if key in work),
            ]
        )
        for work in (*about.get("references", []), about)
    ]
    abstract = re.search(r"<!-- abstract -->(.*?)<!-- /abstract -->", _read(root / "README.md"), re.S)
    abstract = _linked(abstract[1].strip()) if abstract else ""
    if home != root:  # what came out is said of the run, or not at all
        abstract = "**The paper.** " + re.sub("<!-- summary -->.*<!-- /summary -->", "", abstract, flags=re.S).strip()
        abstract += f"\n\n**This run.** {came}" if (came := readme.summary(home / "data")) else ""
    mixed = home == root and parameters.disagreement(home)
    agreed = (
        page for page in chapters if not (mixed and page.banner)
    )  # a tweaked chapter does not speak for the paper
    figures = (re.search(rf'<figure id="fig-{FRONT_FIGURE}">.*?</figure>', page.text, re.S) for page in agreed)
    return {
        "paper": paper,
        "subtitle": subtitle,
        "authors": _names(about["authors"]),
        "abstract": abstract,
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
            picture.save(out / "pictures" / f"{name}.webp", lossless=True)  # the same pixels in a third of the bytes
            alt = output.metadata.get("image/png", {}).get("alt", caption)
            if alt == caption:  # which is read aloud, too: its first sentence will do
                alt = f"{label} {re.split(r'(?<=[.?!]) ', caption)[0]}".strip()
            size = f'width="{picture.width}" height="{picture.height}"'
            output.data = {
                "text/markdown": f'<figure id="fig-{name}">\n'
                f'<a href="pictures/{name}.webp"><img src="pictures/{name}.webp" alt="{escape(alt)}" {size}></a>\n'
                f"<figcaption>\n\n**{label}** {caption}\n\n</figcaption>\n</figure>\n"
            }


def _front(home: Path, root: Path, about: dict, chapters: list[Page], others: list[Page], pdf: bool) -> str:
    """The title page."""
    claims = list(csv.DictReader(_read(home / "data" / "claims.csv").splitlines()))
    what = {row["id"]: row["definition"] for row in csv.DictReader(_read(root / "data" / "published.csv").splitlines())}
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
    if home == root:  # the title page says what README says, whatever a section was run with since
        made["predictions"] = _table(home / "README.md", "predictions") or made.get("predictions", [])
    made["predictions"] = [(chapter.get(row[0], row[0]), *row[1:]) for row in made.get("predictions", [])]
    return _filled(
        "front.md.j2",
        about=about,
        live=not about["run"] and importlib.util.find_spec("lib.publish.live") is not None,
        pdf=pdf,
        chapters=chapters,
        others=others,
        claims=claims,
        count=lambda column, value: sum(row.get(column) == value for row in claims),
        tables={name: readme.table(rows) for name, rows in made.items() if rows},
    )


def _table(page: Path, marker: str) -> readme.Rows:
    """The rows of a table that `lib.publish.readme` put between its markers; none if it is not there."""
    found = re.search(rf"<!-- {marker} -->\n(.*?)\n<!-- /{marker} -->", _read(page), re.S)
    rows = [tuple(line[2:-2].split(" | ")) for line in found[1].splitlines()] if found else []
    return rows[:1] + rows[2:]


def _made(home: Path, root: Path, values: dict) -> str:
    """The page of seeds, parameters, versions and times; `values` are those of a run."""
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", _read(root / "requirements.lock"), re.M))
    others = parameters.unlike(values)
    times = readme.speed(home / "data").get("times")
    rows = [("parameter", "value", "in the paper, if other", "meaning")]
    for name, field in KNOWN.items():
        value, papers = (_shown(value, 100) for value in (others.get(name, field.default), field.default))
        rows.append((f"`{name}`", value, papers if name in others else "", field.metadata["meaning"]))
    return _filled(
        "made.md.j2",
        seeds=others.get("seeds", KNOWN["seeds"].default),
        given=" ".join(
            f"{name}={parameters.typed(value)}" for name, value in others.items() if not _went_along(name, values)
        ),
        parameters=readme.table([row if values else (*row[:2], row[3]) for row in rows]),
        versions=readme.table([("package", "version")] + [(name, locked[name]) for name in CARD if name in locked]),
        times=readme.table(times) if times else "",
    )


def _filled(template: str, **values) -> str:
    """A template of this folder with its values in place."""
    loader = jinja2.FileSystemLoader(TEMPLATE)
    return (
        jinja2.Environment(loader=loader, trim_blocks=True, lstrip_blocks=True).get_template(template).render(**values)
    )


def _html(page: Page, order: list[Page], about: dict) -> str:
    """A page as a reader gets it, between the page before it and the one after it."""
    place = [other.name for other in order].index(page.name)
    around = {
        "previous": order[place - 1] if place else None,
        "next": order[place + 1] if place + 1 < len(order) else None,
    }
    words = {
        "title": page.title,
        "paper": about["paper"],
        "number": page.number,
        "source": page.source,
        "banner": page.banner,
    }
    for name, other in around.items():
        if other:
            words |= {f"{name}-name": other.name, f"{name}-title": other.title}
    options = ["--to=html5", "--mathml", "--template", TEMPLATE / "page.html"]
    options += ["--metadata=front"] if page.name == "index" else ["--toc", "--toc-depth=3"]
    options += [f"--metadata={name}:{value}" for name, value in words.items() if value]
    if page.reader != MARKDOWN:
        options.append("--citeproc")
    html = tables.plain(_pandoc(page.name, page.text, f"--from={page.reader}", *options))
    there = {"live", *(other.name for other in order)}  # a run may lack chapters: a link to one is left as its words
    return re.sub(r'<a href="(\w+)\.html[^>]*>(.*?)</a>', lambda a: a[0] if a[1] in there else a[2], html, flags=re.S)


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
    html = re.sub(
        r' (?:width|height)="\d+"(?=[^<]*>)|<a href="pictures/[^>]*>(?=<img)|(?<=">)</a>(?=\n<figcaption)', "", html
    )
    html = re.sub(r'<a href="(?:live|index)\.html[^>]*>(.*?)</a>', r"\1", html, flags=re.S)
    html = html.replace('href="references.html#', 'href="#').replace('href="#citation"', 'href="#references"')
    return re.sub(r'href="(\w+)\.html(?:#[^"]*)?"', r'href="#\1"', html)


if __name__ == "__main__":
    try:
        home = paths.home().resolve()
        build(home, paths.BUILD / "paper" if home == paths.ROOT else home, paths.ROOT)
    except RuntimeError as error:
        sys.exit(str(error))
