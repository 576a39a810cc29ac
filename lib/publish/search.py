"""What the site's script needs: an index of all pages, and what glossary and references say of each entry."""

import json
from collections.abc import Mapping

from bs4 import BeautifulSoup, Tag

from lib.publish.pages import TEMPLATES

HEADS = ["h1", "h2", "h3"]


def script(pages: Mapping[str, BeautifulSoup]) -> str:
    """The script `paper.js`, for pages by name."""
    found = {"entries": sum((entries(name, page) for name, page in pages.items()), []), "notes": notes(pages)}
    index = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return (TEMPLATES / "paper.js").read_text(encoding="utf-8").replace("@index@", index)


def entries(name: str, page: BeautifulSoup) -> list[list[str]]:
    """A page's sections: page, anchor, title and text of each. Terms of the glossary are sections; so are list items
    with an anchor, such as the published numbers."""
    title, found = page.h1.get_text(" ", strip=True), []
    for head in page.main(HEADS):
        own = head.get_text(" ", strip=True)
        found.append([name, head.get("id", ""), own if head.name == "h1" else f"{own} · {title}", _section(head)])
    for term in page.main.select("li > span[id]"):
        found.append([name, term["id"], f"{term.text} · {title}", _text(term.parent)])
    return found


def notes(pages: Mapping[str, BeautifulSoup]) -> dict[str, str]:
    """By link, the HTML that a reader sees beside it."""
    found = {}
    if "glossary" in pages:
        for head in pages["glossary"].main("h3"):
            paragraph = head.find_next_sibling("p")
            found[f"glossary.html#{head['id']}"] = f"<strong>{head.text}</strong> {_text(paragraph)}"
    if "references" in pages:
        for entry in pages["references"].select(".csl-entry"):
            found[f"references.html#{entry['id']}"] = _text(entry)
    return found


def _section(head: Tag) -> str:
    """The text below a heading, up to the next, without code."""
    parts = []
    for part in head.find_all_next():
        if part.name in HEADS or part.name == "footer":
            break
        if part.name in ("p", "li", "figcaption", "tr") and not part.find_parent(["p", "li", "figcaption", "tr"]):
            parts.append(_text(part))
    return " ".join(parts)


def _text(part: Tag) -> str:
    return " ".join(part.get_text(" ", strip=True).split())
