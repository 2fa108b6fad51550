// The desk with a keyboard: arrows in the heatmap, lines chosen for a comment, a dry run watched.
for (const table of document.querySelectorAll("table.heat")) {
  table.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const cell = event.target.closest("td, th");
    if (!step || !cell) return;
    let row = cell.parentElement;
    let place = cell.cellIndex;
    for (;;) {
      place += step[1];
      if (step[0] > 0) row = row.nextElementSibling;
      if (step[0] < 0) row = row.previousElementSibling;
      const next = row?.cells[place];
      if (!next) return;
      const link = next.querySelector("a");
      if (link) {
        event.preventDefault();
        link.focus();
        return;
      }
    }
  });
}

const form = document.querySelector("[data-comment]");
if (form) {
  let anchor = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    const line = Number(link.dataset.line);
    const path = link.closest("[data-path]").dataset.path;
    // With Shift, from the line chosen before to this one.
    const first = event.shiftKey && anchor?.path === path ? anchor.line : line;
    if (!event.shiftKey) anchor = { path, line };
    form.elements.path.value = path;
    form.elements.first.value = Math.min(first, line);
    form.elements.last.value = Math.max(first, line);
    form.elements.text.focus();
  });
  form.elements.entry?.addEventListener("change", (event) => {
    const chosen = event.target.selectedOptions[0];
    if (chosen?.dataset.text) form.elements.text.value = chosen.dataset.text;
  });
}

async function watch(part) {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!fresh || !fresh.hasAttribute("data-watch")) location.reload();
  else {
    part.replaceChildren(...fresh.childNodes);
    setTimeout(watch, 2000, part);
  }
}
for (const part of document.querySelectorAll("[data-watch]")) setTimeout(watch, 1500, part);
