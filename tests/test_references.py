"""The bibliography: it parses, each citation finds its entry under its name, and each entry is cited."""

import re

import nbformat
import pytest

from lib import paths
from lib.publish import asked

BIB = (paths.ROOT / "data" / "references.bib").read_text(encoding="utf-8")
ENTRY = re.compile(r"@(\w+)\{(\w+),\n((?:  \w+ *= \{(?:[^{}]|\{[^{}]*\})*\},\n)+)\}\n")
CITATION = re.compile(r"\[([^\]]*)\]\(\.\./data/references\.bib(?:#(\w*))?\)")


def entries():
    """Key to fields."""
    return {
        key: dict(re.findall(r"  (\w+) *= \{((?:[^{}]|\{[^{}]*\})*)\}", body)) for _, key, body in ENTRY.findall(BIB)
    }


def cited():
    """(notebook, text of the link, key) of every citation in the notebooks."""
    for path in sorted(asked.NOTEBOOKS.glob("[0-9]*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "markdown":
                yield from ((path.stem, " ".join(text.split()), key) for text, key in CITATION.findall(cell.source))


def label(fields):
    """Elhage et al. 2022, Kingma and Ba 2015, Welch 1974."""
    if fields["author"].startswith("{"):
        names = [fields["author"].strip("{}")]
    else:
        names = [name.split(",")[0] for name in re.split(r"\s+and\s+", fields["author"])]
    return f"{' and '.join(names) if len(names) < 3 else names[0] + ' et al.'} {fields['year']}"


def test_the_file_is_nothing_but_whole_entries():
    rest = "\n".join(line for line in ENTRY.sub("", BIB).splitlines() if not line.startswith("%"))
    assert not rest.strip(), rest
    assert len(entries()) == len(ENTRY.findall(BIB)) > 0, "no key twice"
    for key, fields in entries().items():
        assert {"author", "title", "year"} <= set(fields), key
        assert re.fullmatch(r"\d{4}", fields["year"]) and key.endswith(fields["year"]), key
        assert fields.keys() & {"url", "doi", "journal"}, f"{key}: where is it?"


def test_every_citation_finds_its_entry_under_its_name():
    known = entries()
    for notebook, text, key in cited():
        assert key in known, f"{notebook} cites {key!r}"
        assert text == label(known[key]), f"{notebook} calls {key} {text!r}"


@pytest.mark.parametrize("key", entries())
def test_every_entry_is_cited(key):
    assert key in {key for _, _, key in cited()}
