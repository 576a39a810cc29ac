// Search, and what a linked word or reference says, shown beside it. Without this script the pages are whole.
const { entries, notes } = @index@;

const bar = document.querySelector(".bar nav");
const box = document.createElement("div");
box.className = "search";
box.setAttribute("role", "search");
box.innerHTML = `<input type="search" placeholder="Search" aria-label="Search the paper" autocomplete="off">
<p class="count" role="status"></p><ul hidden></ul>`;
bar.append(box);
const [input, count, list] = box.children;

// Where all words occur, those in a title first.
function found(words) {
  const score = ([, , title, text]) => {
    const [head, body] = [title.toLowerCase(), text.toLowerCase()];
    return words.every((word) => head.includes(word) || body.includes(word))
      ? 1 + 10 * words.filter((word) => head.includes(word)).length : 0;
  };
  return entries.map((entry) => [score(entry), entry]).filter(([points]) => points)
    .sort(([a], [b]) => b - a).map(([, entry]) => entry);
}

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = words.length ? found(words) : [];
  list.replaceChildren(...hits.slice(0, 12).map(([page, anchor, title, text]) => {
    const item = document.createElement("li"), link = document.createElement("a"), line = document.createElement("small");
    link.href = `${page}.html${anchor && "#" + anchor}`;
    link.textContent = title;
    const at = Math.max(0, text.toLowerCase().indexOf(words[0]) - 40);
    line.textContent = (at ? "…" : "") + text.slice(at, at + 120);
    link.append(line);
    item.append(link);
    return item;
  }));
  list.hidden = !hits.length;
  count.textContent = words.length ? (hits.length ? `${hits.length} found` : "Nothing found") : "";
}

input.addEventListener("input", search);
box.addEventListener("keydown", ({ key, target }) => {
  const links = [...list.querySelectorAll("a")], step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (key === "Escape") { input.value = ""; search(); input.focus(); }
  if (step) { ([input, ...links][links.indexOf(target) + 1 + step] ?? input).focus(); }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) { event.preventDefault(); input.focus(); }
});

// A note beside a link, while it is pointed at or has the focus.
const note = document.createElement("div");
note.className = "note";
note.id = "note";
note.setAttribute("role", "tooltip");
note.hidden = true;
document.body.append(note);

function show({ currentTarget: link }) {
  note.innerHTML = notes[link.getAttribute("href")];
  note.hidden = false;
  link.setAttribute("aria-describedby", "note");
  const place = link.getBoundingClientRect(), width = note.offsetWidth;
  const below = place.bottom + note.offsetHeight + 12 < innerHeight;
  note.style.left = `${Math.max(8, Math.min(place.left, document.documentElement.clientWidth - width - 8)) + scrollX}px`;
  note.style.top = `${(below ? place.bottom + 6 : place.top - note.offsetHeight - 6) + scrollY}px`;
}

function hide({ currentTarget: link }) {
  note.hidden = true;
  link.removeAttribute?.("aria-describedby");
}

for (const link of document.querySelectorAll("main a[href]")) {
  if (!(link.getAttribute("href") in notes)) continue;
  for (const event of ["mouseenter", "focus"]) link.addEventListener(event, show);
  for (const event of ["mouseleave", "blur"]) link.addEventListener(event, hide);
}
document.addEventListener("keydown", ({ key }) => { if (key === "Escape") note.hidden = true; });
