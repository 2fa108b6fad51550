// The workspace: one editor, many files, drafts saved every few seconds with the revision seen.
const workspace = document.querySelector("[data-workspace]");
const textarea = document.getElementById("code");
const host = document.querySelector(".ace-host");
const form = document.querySelector("[data-editing]");
const words = workspace.dataset;
const conflict = document.getElementById("conflict");
const saveLine = document.querySelector("[data-save-line]");
const status = document.getElementById("status");
const SAVE_EVERY = 5000;
const MODES = { py: "python", sql: "sql", yaml: "yaml", yml: "yaml", md: "markdown", toml: "toml", json: "json", ini: "ini", cfg: "ini" };

const documents = new Map(); // path -> {path, saved, revision, session | text}
let open = null;
let editor = null;

const keptKey = (path) => `draft:${words.keep}:${path}`;
const address = (path) => `${words.files}/${path.split("/").map(encodeURIComponent).join("/")}`;
const token = () => form.querySelector("[name=csrfmiddlewaretoken]").value;
const textOf = (doc) => (doc.session ? doc.session.getValue() : doc.text);
const isDirty = (doc) => textOf(doc) !== doc.saved;

function modeOf(path) {
  const mode = MODES[path.split(".").pop()];
  return mode ? `ace/mode/${mode}` : "ace/mode/text";
}

function remember(path, text, revision) {
  const doc = { path, saved: text, revision, text };
  if (editor) {
    doc.session = ace.createEditSession(text, modeOf(path));
    doc.session.setUseWorker(false);
    doc.session.setUseSoftTabs(true);
    doc.session.setTabSize(4);
    doc.session.on("change", touched);
  }
  documents.set(path, doc);
  restore(doc);
  return doc;
}

function restore(doc) {
  const kept = localStorage.getItem(keptKey(doc.path));
  if (kept === null) return;
  if (kept !== doc.saved) {
    write(doc, kept);
    status.textContent = words.textRestored;
  } else localStorage.removeItem(keptKey(doc.path));
}

function write(doc, text) {
  doc.text = text;
  if (doc.session) doc.session.setValue(text);
  else if (doc === open) textarea.value = text;
}

function show(state, detail = "") {
  const now = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  const text = { saved: `${words.textSaved} ${now}`, dirty: words.textDirty, saving: words.textSaving, offline: words.textOffline, refused: `${words.textRefused} ${detail}` }[state];
  saveLine.textContent = text;
  saveLine.dataset.save = state;
  const mark = document.querySelector("[data-file-state]");
  mark.textContent = state === "saved" ? "" : text;
  mark.dataset.save = state;
}

function touched() {
  if (!open) return;
  if (!open.session) open.text = textarea.value;
  if (isDirty(open)) show("dirty");
}

async function save(doc) {
  if (!doc || !isDirty(doc) || doc.saving || conflict.open) return true;
  const text = textOf(doc);
  doc.saving = true;
  show("saving");
  try {
    const answer = await fetch(address(doc.path), { method: "PUT", body: text, headers: { "Content-Type": "text/plain; charset=utf-8", "If-Match": `"${doc.revision}"`, "X-CSRFToken": token() } });
    if (isEntrance(answer)) {
      keep(doc);
      signedOut();
      return false;
    }
    if (answer.status === 412) return await settle(doc);
    if (answer.status === 422) {
      show("refused", await answer.text());
      return false;
    }
    if (!answer.ok) throw new TypeError(`the site answered ${answer.status}`);
    doc.saved = text;
    doc.revision = Number(answer.headers.get("ETag").replaceAll(/\D/g, ""));
    localStorage.removeItem(keptKey(doc.path));
    show(isDirty(doc) ? "dirty" : "saved");
    return true;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    keep(doc); // no network: this browser keeps it
    show("offline");
    return false;
  } finally {
    doc.saving = false;
  }
}

function keep(doc) {
  localStorage.setItem(keptKey(doc.path), textOf(doc));
}

// A session that has ended answers everything with the way to sign in.
const ENTRANCE = "/accounts/";
const isEntrance = (answer) => answer.redirected && new URL(answer.url).pathname.startsWith(ENTRANCE);
const entrance = document.getElementById("signed-out");
function signedOut() {
  for (const doc of documents.values()) if (isDirty(doc)) keep(doc);
  show("offline");
  if (!entrance.open) entrance.showModal();
}
document.addEventListener("htmx:beforeSwap", (event) => {
  const address = event.detail.xhr?.responseURL;
  if (!address || !new URL(address).pathname.startsWith(ENTRANCE)) return;
  event.detail.shouldSwap = false;
  signedOut();
});

async function saveAll() {
  let all = true;
  for (const doc of documents.values()) all = (await save(doc)) && all;
  return all;
}

async function load(path) {
  const answer = await fetch(address(path), { headers: { Accept: "text/plain" } });
  if (!answer.ok) return null;
  return { text: await answer.text(), revision: Number(answer.headers.get("ETag").replaceAll(/\D/g, "")) };
}

// Someone else saved the file: three ways out, and nothing is lost until one is chosen.
async function settle(doc) {
  const theirs = await load(doc.path);
  for (const place of conflict.querySelectorAll("[data-conflict-path]")) place.textContent = doc.path;
  conflict.querySelector("[data-conflict-diff]").replaceChildren();
  conflict.showModal();
  return new Promise((resolve) => {
    conflict.onclick = async (event) => {
      const choice = event.target.closest("[data-choice]")?.dataset.choice;
      if (!choice) return;
      if (choice === "diff") {
        const body = new URLSearchParams({ path: doc.path, mine: textOf(doc) });
        const answer = await fetch(words.differences, { method: "POST", body, headers: { "X-CSRFToken": token() } });
        const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
        conflict.querySelector("[data-conflict-diff]").replaceChildren(...parsed.body.children);
        return;
      }
      if (theirs) doc.revision = theirs.revision;
      if (choice === "theirs" && theirs) {
        doc.saved = theirs.text;
        write(doc, theirs.text);
        localStorage.removeItem(keptKey(doc.path));
      } else doc.saved = theirs?.text ?? "";
      conflict.close();
      doc.saving = false;
      resolve(choice === "theirs" ? (show("saved"), true) : await save(doc));
    };
    conflict.oncancel = (event) => event.preventDefault();
  });
}

function present(doc, line) {
  open = doc;
  if (editor) {
    editor.setSession(doc.session);
    if (line) editor.gotoLine(line, 0, true);
  } else textarea.value = doc.text;
  document.querySelector("[data-open-path]").textContent = doc.path;
  for (const field of document.querySelectorAll("[data-reset-path], [data-open-field]")) field.value = doc.path;
  form.querySelector("[name=path]").value = doc.path;
  form.querySelector("[name=seen]").value = doc.revision;
  mark();
  touched();
}

function mark() {
  for (const link of document.querySelectorAll("[data-file-list] [data-file]")) {
    if (link.dataset.file === open?.path) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

async function choose(path, line) {
  await save(open);
  let doc = documents.get(path);
  if (!doc) {
    const loaded = await load(path);
    if (!loaded) return false;
    doc = remember(path, loaded.text, loaded.revision);
  }
  present(doc, line);
  const here = new URL(location);
  here.searchParams.set("file", path);
  here.searchParams.delete("line");
  history.replaceState(null, "", here);
  return true;
}

function startAce() {
  ace.config.set("useStrictCSP", true);
  ace.config.set("loadWorkerFromBlob", false);
  editor = ace.edit(host.querySelector("[data-ace]"), {
    enableKeyboardAccessibility: true,
    fontSize: 13,
    showPrintMargin: true,
    printMarginColumn: 99,
    scrollPastEnd: 0.3,
    useSoftTabs: true,
    theme: { cssClass: "ace-field", isDark: false, cssText: "" },
  });
  editor.textInput.getElement().setAttribute("aria-label", textarea.labels[0]?.textContent ?? "");
  editor.on("blur", () => save(open));
  const caret = document.querySelector("[data-caret]");
  editor.selection.on("changeCursor", () => caretAt(caret));
  editor.on("changeSession", () => { editor.selection.on("changeCursor", () => caretAt(caret)); caretAt(caret); });
  document.querySelector("[data-editor-hint]").hidden = false;
}

function caretAt(place) {
  const { row, column } = editor.getCursorPosition();
  place.textContent = `${row + 1}:${column + 1}`;
}

function start() {
  document.querySelector("[data-plain-save]")?.setAttribute("hidden", "");
  const path = form.querySelector("[name=path]").value;
  if (words.plain !== "1" && window.ace) {
    host.hidden = false;
    textarea.hidden = true;
    startAce();
  }
  const line = Number(new URL(location).searchParams.get("line"));
  present(remember(path, textarea.value, Number(textarea.dataset.revision)), line || undefined);
  if (!editor) {
    textarea.addEventListener("input", touched);
    textarea.addEventListener("blur", () => save(open));
  }
  setInterval(() => save(open), SAVE_EVERY);
  window.addEventListener("online", saveAll);
  window.addEventListener("beforeunload", (event) => { if (!entrance.open && [...documents.values()].some(isDirty)) event.preventDefault(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); save(open); });
}

if (textarea) start();

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-file]");
  if (!link || !textarea || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(link.dataset.file, Number(link.dataset.line) || undefined).then((done) => {
    if (!done) location.assign(link.href);
    else if (innerWidth < 1024) location.hash = "editor";
  });
});

// What is handed in is what is saved: save first.
document.addEventListener("htmx:confirm", (event) => {
  if (!event.target.matches("[data-saves-first]")) return;
  event.preventDefault();
  saveAll().then((saved) => {
    if (!saved) return;
    event.detail.issueRequest(true);
    if (innerWidth < 1024) location.hash = "report";
  });
});

document.addEventListener("htmx:afterSwap", () => { mark(); recall(); offerAsked(); });

// A question to the tables outlives a look at another tab.
const questionKey = (field) => `question:${words.keep}:${field.dataset.kept}`;
function recall() {
  for (const field of document.querySelectorAll("[data-kept]")) {
    field.value = sessionStorage.getItem(questionKey(field)) ?? field.value;
  }
}
recall();
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-kept]")) sessionStorage.setItem(questionKey(event.target), event.target.value);
});

// The last questions of this quest, to be asked once more.
const MOST_ASKED = 20;
const askedKey = `asked:${words.keep}`;
const asked = () => JSON.parse(localStorage.getItem(askedKey) ?? "[]");
function offerAsked() {
  const place = document.querySelector("[data-asked]");
  if (!place) return;
  const options = asked().map((query) => new Option(query.replaceAll(/\s+/g, " ").slice(0, 80), query));
  place.querySelector("select").replaceChildren(new Option("", ""), ...options);
  place.hidden = options.length === 0;
}
offerAsked();
document.addEventListener("htmx:beforeRequest", (event) => {
  const query = event.target.id === "ask" ? document.getElementById("sql-query").value.trim() : "";
  if (!query) return;
  localStorage.setItem(askedKey, JSON.stringify([query, ...asked().filter((each) => each !== query)].slice(0, MOST_ASKED)));
  offerAsked();
});
document.addEventListener("change", (event) => {
  if (event.target.id !== "asked" || !event.target.value) return;
  const field = document.getElementById("sql-query");
  field.value = event.target.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

const panes = [...document.querySelectorAll(".pane")];
document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "s") {
    event.preventDefault();
    saveAll();
  } else if (command && event.shiftKey && event.key === "Enter") {
    event.preventDefault();
    document.getElementById("hand-in").requestSubmit();
  } else if (command && event.key === "Enter") {
    event.preventDefault();
    const asking = document.activeElement?.form;
    if (asking?.id === "ask") asking.requestSubmit();
    else document.getElementById("try-out").requestSubmit();
  } else if (event.key === "F6") {
    event.preventDefault();
    const now = panes.findIndex((pane) => pane.contains(document.activeElement));
    const next = panes[(now + (event.shiftKey ? -1 : 1) + panes.length) % panes.length];
    if (next.id === "editor" && editor) editor.focus();
    else (next.querySelector(".in, textarea:not([hidden])") ?? next).focus();
  }
}, true);
