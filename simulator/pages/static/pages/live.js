// A grading that runs: results arrive as events; the list of phases, the one status region and the
// title keep up. Without this script the page shows the same after a reload.
const status = document.getElementById("status");
const SPEAK_EVERY = 5000;
const ILL = ["failed", "error", "timeout", "limit", "partial", "skipped", "broken"];
const GLYPHS = { error: "failed", limit: "timeout", broken: "fault" };
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

function markPhases(live) {
  const started = live.querySelector("[data-started]")?.dataset.started;
  let ahead = true;
  for (const line of live.querySelectorAll("[data-live-phases] > li")) {
    const outcomes = [...live.querySelectorAll(`[data-live-results] [data-phase="${line.dataset.phase}"]`)].map((item) => item.dataset.outcome);
    const total = Math.max(Number(line.dataset.total), outcomes.length);
    line.querySelector(".num").textContent = `${outcomes.length}/${total}`;
    const running = line.dataset.phase === started && outcomes.length < total;
    if (running) ahead = false;
    const begun = running || outcomes.length > 0 || (started && ahead && line.dataset.phase === started);
    const worst = ILL.find((ill) => outcomes.includes(ill)) ?? "passed";
    line.className = begun ? "" : "waits";
    line.toggleAttribute("aria-current", running);
    if (running) line.setAttribute("aria-current", "step");
    if (begun) line.dataset.status = running ? "info" : GLYPHS[worst] ?? worst;
    else delete line.dataset.status;
  }
}

function keepUp(live) {
  markPhases(live);
  const done = live.querySelectorAll("[data-live-results] [data-check]").length;
  const total = Math.max(Number(live.dataset.total), done);
  const line = `${done}/${total} ${live.dataset.textDone}`;
  live.querySelector("[data-live-count]").textContent = `${line}.`;
  document.title = `${done}/${total}, ${live.dataset.title}`;
  speak(line);
}

function conclude() {
  const verdict = document.querySelector("[data-verdict]");
  if (!verdict) return;
  clearTimeout(waiting);
  status.textContent = verdict.dataset.verdict;
  document.title = `${verdict.dataset.title}: Simulator`;
  if (!document.querySelector("[data-workspace]")) location.replace(verdict.dataset.report);
}

document.addEventListener("htmx:sseBeforeMessage", (event) => {
  const live = document.getElementById("live");
  if (!live) return;
  if (event.detail.type === "restart") {
    live.querySelector("[data-live-results]").replaceChildren();
    live.querySelector("[data-live-line]").textContent = live.dataset.textAgain;
    keepUp(live);
    return;
  }
  // What the page was drawn with comes again with the stream: it stays as it is.
  const incoming = new DOMParser().parseFromString(event.detail.data ?? "", "text/html").querySelector("[data-check]");
  if (incoming && live.querySelector(`[data-live-results] [data-check="${CSS.escape(incoming.dataset.check)}"]`)) event.preventDefault();
});

document.addEventListener("htmx:sseMessage", () => {
  const live = document.getElementById("live");
  if (live) keepUp(live);
});

// The verdict takes the place of what was live, so its own event never gets here.
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.matches("[data-verdict]")) conclude();
});

document.addEventListener("htmx:sseError", () => {
  const live = document.getElementById("live");
  if (live) live.querySelector("[data-live-line]").textContent = live.dataset.textLost;
});
