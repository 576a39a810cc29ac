"""Tables as a page wants them, whoever made them: pandas or pandoc."""

import re
from itertools import zip_longest


def plain(html: str) -> str:
    """Tables without a style of their own, that scroll inside the page and say which cells are heads."""
    html = re.sub(r"<style scoped.*?</style>|<colgroup>.*?</colgroup>", "", html, flags=re.S)
    return re.sub(r"<table.*?</table>", lambda found: _plain_table(found[0]), html, flags=re.S)


def _plain_table(table: str) -> str:
    table = re.sub(r' (?:style|border|class|halign|valign)="[^"]*"', "", table)
    rows = [re.findall(r"<t([hd])(.*?)>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr>.*?</tr>", table, re.S)]
    heads = len(re.findall(r"<tr>", table.partition("</thead>")[0]))
    if heads > 1 and not any(
        text for *_, text in rows[heads - 1][1:]
    ):  # pandas gives the index's name a row of its own
        rows[heads - 2][0] = rows.pop(heads - 1)[0]
        heads -= 1
    columns = zip_longest(*(row for row in rows[heads:]), fillvalue=("d", "", ""))
    numbers = [all(re.match(r"[-−+]?\d|–|$", text) for *_, text in column) for column in columns]
    numbers[:1] = [False]

    lines = []
    for i, row in enumerate(rows):
        cells = []
        for (kind, about, text), number in zip(row, numbers, strict=False):
            kind = "th" if kind == "h" and text else "td"
            scope = f' scope="{"col" if i < heads else "row"}"' if kind == "th" else ""
            cells.append(f"<{kind}{about}{scope}{' class=number' if number else ''}>{text}</{kind}>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    body = "\n".join(["<thead>", *lines[:heads], "</thead>", "<tbody>", *lines[heads:], "</tbody>"])
    return f'<div class="table" role="region" aria-label="Table" tabindex="0">\n<table>\n{body}\n</table>\n</div>'
