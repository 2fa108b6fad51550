// The frame of every page: colours without a reload, copy buttons.
const root = document.documentElement;

function post(form, data) {
  return fetch(form.action, { method: "POST", body: data, redirect: "manual" });
}

for (const form of document.querySelectorAll("[data-themes]")) {
  form.addEventListener("submit", (event) => {
    const theme = event.submitter?.value;
    if (!theme) return;
    event.preventDefault();
    const data = new FormData(form);
    data.set("theme", theme);
    if (theme === "system") root.removeAttribute("data-theme");
    else root.dataset.theme = theme;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    root.dispatchEvent(new CustomEvent("theme"));
    post(form, data);
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const before = button.textContent;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = document.body.dataset.copied;
  setTimeout(() => { button.textContent = before; }, 1500);
});

// A copy button needs the clipboard: it appears only where there is one.
if (!navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = true;

// Times come in UTC and are shown by the reader's clock.
const FORMATS = { long: { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }, short: { hour: "2-digit", minute: "2-digit" } };
function localise(within) {
  for (const time of within.querySelectorAll("time[data-local]")) {
    time.textContent = new Date(time.dateTime).toLocaleString(root.lang, FORMATS[time.dataset.local]);
    time.removeAttribute("data-local");
  }
}
localise(document);
document.addEventListener("htmx:afterSwap", () => localise(document));

// A filter that is ticked is applied; the button stays for those without scripts.
for (const form of document.querySelectorAll("[data-filter]")) {
  document.addEventListener("change", (event) => { if (event.target.form === form) form.requestSubmit(); });
}
