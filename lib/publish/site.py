"""The paper as a small site and as one PDF, from the notebooks as they ran.

    python -m lib.publish.site                               writes build/paper/
    PAPER_HOME=build/runs/NAME python -m lib.publish.site    writes the pages of that run into its folder, and no PDF

A page loads nothing but the style sheet, one script and pictures beside it, and is whole without the script.
"""

import gzip
import re
import shutil
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import jinja2
import nbformat
import yaml

from lib import paths
from lib.experiments import parameters
from lib.experiments.parameters import KNOWN
from lib.publish import functions, pages, readme, search
from lib.publish.pages import TEMPLATES, Page

FRONT_FIGURE = "10_strip"
SINCE = 315532800  # 1980, the date in the PDF: it has the same bytes whenever it is made
JINJA = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True)
JINJA.globals |= {"short": readme.short, "escaped": pages.escaped}


def build(home: Path, out: Path, root: Path | None = None) -> list[Path]:
    """Writes the site of the paper at `home` to the folder `out`, `index.html` last; returns its pages.

    Args:
        root: where the paper is, if `home` is a run of it with other parameters, which has no PDF. Its title, abstract
            and references are the paper's, its chapters and numbers its own, and `out` may be its folder.
    """
    (out / "pictures").mkdir(parents=True, exist_ok=True)  # a run's own figures are in `figures`
    for old in [*out.glob("[0-9]*.html"), *out.glob("pictures/*")]:
        old.unlink()
    shutil.copy(TEMPLATES / "style.css", out)
    root, run = root or home, root not in (None, home)
    notebooks = [home / "notebooks" / path.name for path in sorted((root / "notebooks").glob("[0-9]*.ipynb"))]
    given, mixed = parameters.ran_with(home), not run and parameters.disagreement(home)
    whole = {name: value for values in given.values() for name, value in values.items()}
    given["90"] = {} if mixed else whole  # it speaks of all sections
    banners = [_banner(given.get(path.name[:2], {}), run) for path in notebooks]
    there = [number for number, path in enumerate(notebooks) if path.exists()]
    with ThreadPoolExecutor() as pool:
        chapters = list(pool.map(lambda at: pages.chapter(notebooks[at], at, banners[at], out), there))
    about = _about(home, root, [page for page in chapters if not (mixed and page.banner)])
    about |= {"run": run, "of": len(notebooks), "pdf": not run and find_spec("typst")}
    about["live"] = not run and find_spec("lib.publish.live")
    banner, works = _banner(whole, run) if run else "", readme.read(root / "data" / "references.bib")
    works = pages.pandoc("references", works, "--from=biblatex", "--citeproc", f"--to={pages.MARKDOWN}")
    others = [Page("glossary", "Words and numbers", _words(root, chapters), banner)]
    others.append(Page("references", "References", works, banner))
    others.append(Page("functions", "Functions", functions.text(paths.ROOT / "lib"), banner))
    others.append(Page("made", "How this was made", _made(home, root, whole if run else {}), banner))
    essays = [] if run else [pages.essay(path, out) for path in sorted((root / "notebooks").glob("*.md"))]
    front = Page("index", about["paper"], _front(home, root, about, chapters, essays + others), banner)
    made = [front, *essays, *chapters, *others]
    order = [(page.name, page.title) for page in made]
    if about["live"]:
        order.insert(2 + len(essays), ("live", "The network, live"))
    made.append(made.pop(0))
    with ThreadPoolExecutor() as pool:
        soups = list(pool.map(lambda page: pages.write(page, order, about["paper"], out), made))
    index = search.script({page.name: soup for page, soup in zip(made, soups, strict=True)})
    (out / "paper.js").write_text(index, encoding="utf-8")
    _downloads(home, [path for path in notebooks if path.exists()], out)
    if about["pdf"]:
        _pdf([page for page in made if page not in (front, *essays) and page.name != "functions"], about, out)
    elif not run:
        print("build/paper/paper.pdf is not made: the Python package typst is missing", file=sys.stderr)
        (out / "paper.pdf").unlink(missing_ok=True)
    return [out / f"{page.name}.html" for page in made]


def _downloads(home: Path, notebooks: list[Path], out: Path) -> None:
    """Notebooks without what they show, each table, packed, and all data in one archive."""
    (out / "downloads").mkdir(exist_ok=True)
    for path in notebooks:
        nb = nbformat.read(path, 4)
        for cell in nb.cells:
            cell |= {"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}
        nbformat.write(nb, out / "downloads" / path.name)
    with zipfile.ZipFile(out / "downloads" / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((home / "data").glob("*.*")):
            archive.writestr(zipfile.ZipInfo(f"data/{path.name}"), path.read_bytes(), zipfile.ZIP_DEFLATED)
    for path in (home / "data").glob("*.csv"):
        (out / "downloads" / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def _words(root: Path, chapters: list[Page]) -> str:
    """The glossary, and the published numbers by their plain names, each with the chapter that it belongs to."""
    _, _, words = readme.read(root / "data" / "glossary.md").partition("\n")
    section = {page.name[3:]: page for page in chapters}
    lines = []
    for row in readme.records(root / "data" / "published.csv"):
        place = section.get(row["section"].lower().replace("-", "_"))
        where = f" [Chapter {place.number}]({place.name}.html)." if place else ""
        value = " to ".join(filter(None, (row["published"], row["published_to"])))
        about = f"`{row['id']}`, published as {value}: {pages.escaped(row['definition'])}."
        lines.append(f"- **{pages.escaped(row['name'])}**{{#{row['id']}}} {about}{where}")
    return "\n".join([words, "## The published numbers", "", *lines])


def _banner(values: dict, run: bool) -> str:
    """How the parameters of a run, or of one chapter, differ from the paper's; nothing if a chapter's do not."""
    others = parameters.unlike(values)
    if not (run or others):
        return ""
    followed = parameters.followed(values)
    along = [name for name in others if name in followed]
    said = [f"{name} = {_shown(others[name])} ({_shown(KNOWN[name].default)})" for name in others if name not in along]
    said = ", ".join(said).replace(" (", " (the paper has ", 1) or "nothing here differs from the paper"
    also = f" Changed along with that: {', '.join(along)}." if along else ""
    return f"{'Your run' if run else 'Not run as the rest of the paper'}: {said}.{also}"


def _shown(value, most: int = 6) -> str:
    """A parameter's value for a reader; of a list that is longer than `most`, how many and from where to where."""
    if not isinstance(value, (list, tuple)):
        return value if isinstance(value, str) else f"{value:,}".removesuffix(".0")
    if len(value) > most:
        return f"{len(value)} from {_shown(min(value))} to {_shown(max(value))}"
    return ", ".join(map(_shown, value)) or "none"


def _about(home: Path, root: Path, chapters: list[Page]) -> dict:
    """What CITATION.cff says of the paper, the abstract that README.md has between its markers, and a figure."""
    about = {"title": "A paper", "authors": [{"name": "The contributors"}], "references": []}
    about |= yaml.safe_load(readme.read(root / "CITATION.cff")) or {}
    for work in (*about["references"], about):
        whole = [who.get("name") or f"{who['given-names']} {who['family-names']}" for who in work["authors"]]
        work["authors"] = ", ".join(whole)
    about["paper"], _, about["subtitle"] = about["title"].partition(": ")
    abstract = readme.between(readme.read(root / "README.md"), "abstract")
    if home != root:  # what came out is said of the run, or not at all
        abstract = f"**The paper.** {abstract.replace(readme.between(abstract, 'summary'), '')}"
        abstract += f"\n\n**This run.** {came}" if (came := readme.summary(home / "data")) else ""
    lines = (line for page in chapters for line in page.printed.splitlines() if f"{{#fig-{FRONT_FIGURE} " in line)
    return about | {"abstract": pages.linked(abstract), "figure": next(lines, "")}


def _front(home: Path, root: Path, about: dict, chapters: list[Page], others: list[Page]) -> str:
    """The title page."""
    expected = readme.tables(home / "data").get("predictions", "")
    if home == root:  # it says what README says, whatever a section was run with since
        expected = readme.between(readme.read(home / "README.md"), "predictions") or expected
    for page in chapters:
        expected = expected.replace(f"\n| {page.name[:2]} |", f"\n| [{page.number}]({page.name}.html) |")
    values = {"about": about, "chapters": chapters, "others": others, "expected": expected}
    values |= {
        "section": {page.name[3:]: page.name for page in chapters},
        "claims": readme.records(home / "data" / "claims.csv"),
    }
    published = readme.records(root / "data" / "published.csv")
    meant, names = ({row["id"]: row[column] for row in published} for column in ("definition", "name"))
    return JINJA.get_template("front.md.j2").render(values, meant=meant, names=names)


def _made(home: Path, root: Path, values: dict) -> str:
    """The page of seeds, parameters, versions and times; `values` are those of a run."""
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", readme.read(root / "requirements.lock"), re.M))
    others = parameters.unlike(values)
    followed = parameters.followed(values)
    given = {name: parameters.typed(value) for name, value in others.items() if name not in followed}
    about = {"run": values, "others": others, "given": given, "known": KNOWN, "shown": _shown, "locked": locked}
    return JINJA.get_template("made.md.j2").render(about, times=readme.tables(home / "data").get("times"))


def _pdf(order: list[Page], about: dict, out: Path) -> None:
    """Writes all pages but for their code as `out/paper.pdf`, and a picture of its first ones."""
    import typst  # which may be missing

    titles = [f"# {pages.escaped(f'{page.number} {page.title}'.strip())} {{#{page.name}}}" for page in order]
    texts = [f"{pages.escaped(page.banner)}\n\n{page.printed or page.text}\n\n" for page in order]
    text = "".join(f"{title}\n\n{text}" for title, text in zip(titles, texts, strict=True))
    cover = f"{about['abstract']}\n\n{about['figure']}".replace("](#citation)", "](#references)")
    words = [f"--metadata={name}:{about[name]}" for name in ("paper", "subtitle", "authors")]
    words += [f"--variable=cover:{pages.typst('abstract', cover)}", "--template", TEMPLATES / "paper.typ"]
    source = pages.typst("paper.pdf", text, *words).encode()
    (out / "paper.pdf").write_bytes(typst.compile(source, root=out, ignore_system_fonts=True, timestamp=SINCE))
    cover = (TEMPLATES / "cover.typ").read_bytes()  # a picture of the PDF's first pages, for README.md
    (out / "paper.png").write_bytes(typst.compile(cover, root=out, ignore_system_fonts=True, format="png", ppi=130))


if __name__ == "__main__":
    try:
        home = paths.home().resolve()
        build(home, paths.BUILD / "paper" if home == paths.ROOT else home, paths.ROOT)
    except RuntimeError as error:
        sys.exit(str(error))
