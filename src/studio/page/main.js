// The studio: what is open, and what belongs together.

import { call, listen } from "./api.js";
import { add, choices, el, fill, labelled } from "./dom.js";
import { createBegin } from "./begin.js";
import { createCourse } from "./course.js";
import { createEditor } from "./editor.js";
import { createLanguage } from "./language.js";
import { createLayout } from "./layout.js";
import { createPeople } from "./people.js";
import { createPreview } from "./preview.js";
import { createRegister } from "./register.js";
import { createStart } from "./start.js";
import { languageName, load, spoken, t } from "./texts.js";

/** @typedef {import("./api.js").SiteState} SiteState */

const TABS = /** @type {const} */ (["design", "people", "register"]);

/** @type {SiteState} */
let site;
/** @type {ReturnType<typeof createEditor> | null} */
let editor = null;
/** @type {ReturnType<typeof createPreview> | null} */
let preview = null;
/** @type {ReturnType<typeof createCourse> | null} */
let course = null;
/** @type {ReturnType<typeof createLanguage> | null} */
let language = null;
/** @type {ReturnType<typeof createLayout> | null} */
let layout = null;
/** @type {ReturnType<typeof createBegin> | null} */
let begin = null;
/** The course that is shown. */
let shownCourse = "";
/** @type {ReturnType<typeof createPeople> | null} */
let people = null;
/** @type {ReturnType<typeof createRegister> | null} */
let register = null;

const bar = /** @type {HTMLElement} */ (document.getElementById("bar"));
const main = /** @type {HTMLElement} */ (document.getElementById("main"));

/** The tab that the address names. */
const tab = () => TABS.find((it) => `#${it}` === location.hash) ?? "design";

function frame() {
  const speech = /** @type {HTMLSelectElement} */ (el("select", { id: "page-language", onchange: async () => {
    await load(site.languages, speech.value);
    build();
  } }));
  choices(speech, site.languages.map((tag) => [tag, languageName(tag, tag)]), spoken());
  fill(bar,
    el("span", { class: "site", title: site.folder }, el("bdi", {}, site.folder.split(/[\\/]/).pop() ?? "")),
    site.readOnly && el("span", { class: "badge" }, t("read_only")),
    site.isSite && el("nav", { "aria-label": t("parts") }, el("ul", {}, TABS.map((it) => el("li", {},
      el("button", { type: "button", "data-tab": it, "aria-current": it === tab() && "page", onclick: () => { location.hash = it; } }, t(`tab_${it}`)))))),
    el("span", { class: "badge", id: "offline", hidden: true }, t("offline")),
    el("div", { class: "language" }, labelled(t("page_language"), speech)));
  document.title = `${site.folder.split(/[\\/]/).pop() ?? ""} – Testamur`;
}

/** Makes the page anew: at the start, and in another language. */
function build() {
  if (!site.isSite) {
    frame();
    fill(main, createStart(site, (made) => { site = made; build(); }));
    return;
  }
  editor = createEditor({ typed: () => void preview?.request(), readOnly: () => site.readOnly });
  preview = createPreview({
    overlay: () => editor?.overlay() ?? {},
    go: (file, line) => { location.hash = "design"; void editor?.open(file, line); },
    found: (shown) => {
      editor?.mark([...shown.findings, ...(shown.warnings ?? [])]);
      language?.show(shown);
      course?.show(shown);
      layout?.show(shown);
      begin?.show(shown);
      shownCourse = shown.course ?? shownCourse;
    },
    laid: (sheet) => { if (layout && layout.surface.parentElement !== sheet) sheet.append(layout.surface); },
  });
  layout = createLayout({
    overlay: () => editor?.overlay() ?? {},
    text: async (file) => (await editor?.text(file)) ?? "",
    change: (file, text, cause) => editor?.change(file, text, cause),
    readOnly: () => site.readOnly,
    go: (file, line) => void editor?.open(file, line),
    edits: (isOn) => preview?.edit(isOn),
  });
  begin = createBegin({
    made: (name) => {
      layout?.open(name);
      preview?.layout(name);
      void editor?.list().then(() => editor?.open(`layouts/${name}/layout.yaml`, 1));
    },
    use: (name) => void course?.use(name).then(() => preview?.layout(undefined)),
    course: () => site.courses.find((it) => it.id === shownCourse)?.title ?? null,
    readOnly: () => site.readOnly,
    go: (file, line) => void editor?.open(file, line),
  });
  language = createLanguage({
    overlay: () => editor?.overlay() ?? {},
    go: (file, line) => void editor?.open(file, line),
    insert: (text) => editor?.insert(text),
    begin: (name, text) => {
      editor?.begin(name, text);
      preview?.language(name.split("/").pop()?.replace(/\.yaml$/, "") ?? "");
    },
    readOnly: () => site.readOnly,
  });
  course = createCourse({
    overlay: () => editor?.overlay() ?? {},
    text: async (file) => (await editor?.text(file)) ?? "",
    change: (file, text) => editor?.change(file, text),
    readOnly: () => site.readOnly,
  });
  editor.element.append(course.element, layout.element, begin.element, language.element, preview.list);
  const unsaved = { has: () => editor?.hasUnsaved() ?? false, save: async () => { await editor?.store(); } };
  people = createPeople({ site: () => site, unsaved });
  register = createRegister({ site: () => site, unsaved });
  preview.site(site);
  void editor.list().then(() => editor?.open("courses.yaml", 1));
  show();
  void preview.request();
}

function show() {
  frame();
  if (!editor || !preview || !people || !register) return;
  const parts = {
    design: () => [el("h1", { class: "unseen" }, t("tab_design")), el("div", { class: "bench" }, editor?.element, preview?.element)],
    people: () => [people?.element],
    register: () => [register?.element],
  };
  main.replaceChildren();
  add(main, parts[tab()]());
  if (tab() === "people") people.opened();
  if (tab() === "register") void register.opened();
}

/** @param {number} generation */
async function changed(generation) {
  if (!site || generation <= site.generation) return;
  const wasSite = site.isSite;
  site = await call("state");
  if (site.isSite !== wasSite) {
    build();
    return;
  }
  preview?.site(site);
  void preview?.request();
  people?.changed();
  await editor?.reload();
}

// A file beside the places for files is not opened in the place of the page.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());
window.addEventListener("hashchange", show);
document.addEventListener("keydown", (event) => {
  // A field undoes its own typing.
  const isField = event.target instanceof HTMLElement && /^(INPUT|SELECT)$/.test(event.target.tagName);
  if (tab() === "design" && !isField) editor?.key(event);
});
window.addEventListener("beforeunload", (event) => { if (editor?.hasUnsaved()) event.preventDefault(); });

site = await call("state");
await load(site.languages, new URLSearchParams(location.search).get("lang"));
build();
listen((generation) => void changed(generation), (isOpen) => {
  const badge = document.getElementById("offline");
  if (badge) badge.hidden = isOpen;
});
