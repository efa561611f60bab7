// Makes the pages better where there is a script; they work without.

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const STYLE = "ibidem-style";

for (const element of all("[data-script]")) element.hidden = false;

// What is said to the reader, also by a screen reader.
let saying;
function say(text) {
  const toast = $(".toast");
  toast.textContent = text;
  clearTimeout(saying);
  saying = setTimeout(() => { toast.textContent = ""; }, 4000);
}

async function fetchJson(address, options) {
  const response = await fetch(address, { headers: { Accept: "application/json", ...options?.headers }, ...options });
  if (response.status === 204) return null;
  const found = await response.json();
  if (!response.ok) throw new Error(found.detail);
  return found;
}

const postJson = (address, value) => fetchJson(address, {
  method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json", Accept: "application/json" },
});

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    say(`That did not work: ${error.message}`);
  }
}

// A passage: one of an answer, or the one that is marked in an article or cited on a page.
const holder = (element) => element?.closest(".passage") ?? $("main");
const tool = (name, root) => $(`[data-${name}]`, root);

// The quote that a page shows: of what has changed, the archive's; of a passage of which a sentence is cited, that.
function shownQuote(root) {
  const marks = all(".text mark", root);
  if (!marks.length) {
    const quote = $("blockquote", root)?.cloneNode(true);
    if (!quote) return "";
    for (const word of all("del", quote)) word.remove();
    const { start, end } = quote.dataset;
    return start ? [...quote.textContent].slice(start, end).join("") : quote.textContent;
  }
  // The gaps between marked blocks belong to the quote.
  const range = document.createRange();
  range.setStartBefore(marks[0]);
  range.setEndAfter(marks.at(-1));
  return range.toString();
}

const cite = (root, style) => fetchJson(`/v1/citations${new URL(tool("cite", root).href).search}&cite=${style}`);
const chosenStyle = () => $("[data-style]")?.value ?? "plain";

async function copy(text, what) {
  // Browsers have the one only where the service is reached by https, or on the same machine.
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyBySelection(text);
  say(`${what} copied`);
}

function copyBySelection(text) {
  const field = document.createElement("textarea");
  const focused = document.activeElement;
  field.value = text;
  field.addEventListener("copy", (event) => {
    event.clipboardData.setData("text/plain", text);  // a field would change the ends of lines
    event.preventDefault();
  });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  if (!done) throw new Error("the browser did not allow it");
}

const copying = {
  quote: (root) => copy(shownQuote(root), "Quote"),
  citation: async (root) => copy((await cite(root, chosenStyle())).cited, `Citation (${chosenStyle()})`),
  cited: () => copy($("[data-cited]").textContent, "Citation"),
};

// Checks what this page shows, not what the service would show anew.
async function verify(root) {
  const { citation } = await cite(root, "plain");
  const { results: [check] } = await postJson("/v1/citations/verify", { ...citation, quote: shownQuote(root) });
  const status = $(".status", root);
  status.replaceChildren();
  const word = document.createElement("strong");
  word.className = check.status === "verified" ? "good" : "bad";
  word.textContent = `${check.status[0].toUpperCase()}${check.status.slice(1)}.`;
  status.append(word, ` ${check.explanation} (generation ${check.generation})`);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a");
  if (!button) return;
  const root = holder(button);
  if (button.dataset.copy) attempt(() => copying[button.dataset.copy](root));
  else if ("verify" in button.dataset) attempt(() => verify(root));
  else if ("help" in button.dataset) $("#help").showModal();
  else if ("permalink" in button.dataset && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    attempt(() => copy(button.href, "Link"));
  }
});

for (const select of all("[data-style]")) {
  const kept = localStorage.getItem(STYLE);
  if (kept && [...select.options].some((option) => option.value === kept)) select.value = kept;
  select.addEventListener("change", () => localStorage.setItem(STYLE, select.value));
}

// Feedback without leaving the page.
for (const form of all(".judge form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const kept = await fetchJson(form.action, { method: "POST", body: new FormData(form, event.submitter) });
      const thanks = document.createElement("p");
      const undo = document.createElement("button");
      undo.type = "button";
      undo.textContent = "Take it back";
      undo.addEventListener("click", () => attempt(async () => {
        await fetchJson(`/v1/feedback/${kept.id}`, { method: "DELETE" });
        thanks.replaceWith(form);
        say("Taken back");
      }));
      thanks.append(`Kept: ${event.submitter.textContent.toLowerCase()}. `, undo);
      form.replaceWith(thanks);
      undo.focus();
    });
  });
}

// Filters are applied as they are chosen; what is blank is not sent.
for (const box of all('.side input[type="checkbox"]')) box.addEventListener("change", () => send(box.form));

function send(form) {
  if (form.id === "ask" && !$("#question").value.trim()) return;
  form.requestSubmit();
}

for (const form of all("#ask, #browse")) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const name of new Set([...formData.keys()])) {
      const values = formData.getAll(name).filter((value) => value);
      formData.delete(name);
      for (const value of values) formData.append(name, value);
    }
  });
}

// A period, dragged over the histogram.
for (const chart of all("[data-bars]")) {
  const bars = all("a", chart);
  let first = -1;
  let last = -1;
  const at = (event) => {
    const box = chart.getBoundingClientRect();
    return Math.max(0, Math.min(bars.length - 1, Math.floor(((event.clientX - box.left) / box.width) * bars.length)));
  };
  const show = () => bars.forEach((bar, number) => {
    bar.classList.toggle("in", number >= Math.min(first, last) && number <= Math.max(first, last));
  });
  chart.addEventListener("pointerdown", (event) => {
    first = last = at(event);
    chart.setPointerCapture(event.pointerId);
    show();
  });
  chart.addEventListener("pointermove", (event) => {
    if (first < 0) return;
    last = at(event);
    show();
  });
  chart.addEventListener("pointerup", () => {
    if (first < 0) return;
    const [from, to] = [Math.min(first, last), Math.max(first, last)];
    first = -1;
    const fields = all(".period input", chart.closest("fieldset"));
    fields[0].value = bars[from].dataset.first;
    fields[1].value = bars[to].dataset.last;
    send(fields[0].form);
  });
  chart.addEventListener("pointercancel", () => { first = -1; });
  chart.addEventListener("click", (event) => event.preventDefault());
  chart.addEventListener("dragstart", (event) => event.preventDefault());
}

// What is selected in an article can be cited: places count code points of its text.
const article = $(".text[data-article]");
if (article) {
  const cited = $("[data-selection]");
  const length = (text) => [...text].length;

  // What of the selection is in the text: three clicks select up to the beginning of what follows.
  const selected = () => {
    const selection = getSelection();
    if (!selection.rangeCount || !selection.getRangeAt(0).intersectsNode(article)) return null;
    const [range, of] = [document.createRange(), selection.getRangeAt(0)];
    range.selectNodeContents(article);
    if (of.compareBoundaryPoints(Range.START_TO_START, range) > 0) range.setStart(of.startContainer, of.startOffset);
    if (of.compareBoundaryPoints(Range.END_TO_END, range) < 0) range.setEnd(of.endContainer, of.endOffset);
    return range;
  };
  const placeOf = (range) => {
    const before = document.createRange();
    before.setStart(article, 0);
    before.setEnd(range.startContainer, range.startOffset);
    const text = range.toString();
    const start = length(before.toString()) + length(text) - length(text.trimStart());
    return { start, end: start + length(text.trim()) };
  };

  document.addEventListener("selectionchange", () => {
    const range = selected();
    cited.hidden = !range || !range.toString().trim();
    if (cited.hidden) return;
    const place = { article_id: article.dataset.article, ...placeOf(range), sha256: article.dataset.sha256 };
    $("a", cited).href = `/cite?${new URLSearchParams(place)}`;
  });
  cited.addEventListener("pointerdown", (event) => event.preventDefault());  // or the selection would go
}

// The keyboard.
const passages = all(".passages > .passage");
function go(step) {
  const next = $(step > 0 ? "[data-later]" : "[data-earlier]");
  if (next) {
    next.click();
    return;
  }
  const nearest = $(".nearest");
  if (nearest) nearest.open = true;
  const number = passages.indexOf(document.activeElement?.closest(".passage"));
  const passage = passages[Math.max(0, Math.min(passages.length - 1, number < 0 ? 0 : number + step))];
  passage?.focus({ preventScroll: true });
  passage?.scrollIntoView({ block: "start" });
}

const keys = {
  "/": () => { $("#question").focus(); $("#question").select(); },
  j: () => go(1),
  k: () => go(-1),
  c: (root) => tool("cite", root) && attempt(() => copying.citation(root)),
  q: (root) => shownQuote(root) && attempt(() => copying.quote(root)),
  v: (root) => tool("cite", root) && attempt(() => verify(root)),
  "?": () => $("#help").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target;
  if (target.closest("input, textarea, select, dialog")) {
    if (event.key === "Escape" && target.id === "question") target.blur();
    return;
  }
  if (event.key === "Enter" && target.classList.contains("passage")) $("[data-open]", target).click();
  const key = keys[event.key];
  if (!key) return;
  event.preventDefault();
  const current = document.activeElement?.closest(".passage") ?? passages[0] ?? $("main");
  key(current);
});
