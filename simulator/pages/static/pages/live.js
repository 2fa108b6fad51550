// A grading that runs: results arrive as events, the one status region and the title keep up.
const status = document.getElementById("status");
const SPEAK_EVERY = 5000;
let spokenAt = 0;
let waiting = null;

function speak(text) {
  clearTimeout(waiting);
  const pause = spokenAt + SPEAK_EVERY - Date.now();
  if (pause > 0) {
    waiting = setTimeout(() => speak(text), pause);
    return;
  }
  spokenAt = Date.now();
  status.textContent = text;
}

function count(live) {
  const done = live.querySelectorAll(".live-results [data-check]").length;
  const total = Math.max(Number(live.dataset.total), done);
  const line = `${done}/${total} ${live.dataset.textDone}`;
  live.querySelector("[data-live-line]").textContent = `${line}.`;
  document.title = `${done}/${total}, ${live.dataset.title}`;
  speak(line);
}

document.addEventListener("htmx:sseBeforeMessage", (event) => {
  // After a lost connection the stream begins anew: what is here already stays as it is.
  const incoming = new DOMParser().parseFromString(event.detail.data ?? "", "text/html").querySelector("[data-check]");
  const live = document.getElementById("live");
  if (incoming && live?.querySelector(`.live-results [data-check="${CSS.escape(incoming.dataset.check)}"]`)) event.preventDefault();
});

document.addEventListener("htmx:sseMessage", (event) => {
  const live = document.getElementById("live");
  if (event.detail.type === "verdict") {
    const verdict = document.querySelector("[data-verdict]");
    if (!verdict) return;
    clearTimeout(waiting);
    status.textContent = verdict.dataset.verdict;
    document.title = verdict.dataset.title;
    if (verdict.dataset.report && !document.querySelector("[data-workspace]")) location.replace(verdict.dataset.report);
  } else if (live) {
    count(live);
  }
});

document.addEventListener("htmx:sseError", () => {
  const live = document.getElementById("live");
  if (live) live.querySelector("[data-live-line]").textContent = live.dataset.textLost;
});
