// The people who get a certificate: a spreadsheet is dropped, its columns are shown and can be changed, and each
// row is seen before anything exists.

import { call, send } from "./api.js";
import { choices, el, fill, labelled, say } from "./dom.js";
import * as findings from "./findings.js";
import { createRows } from "./rows.js";
import { createRun } from "./run.js";
import { t } from "./texts.js";
import { createUnsaved } from "./unsaved.js";

/** @typedef {import("./api.js").Finding} Finding */
/** @typedef {{ header: string, use: string, why: string | null, samples: string[] }} Column */
/** @typedef {{ place: string | null, name: string, username: string | null, course: string, findings: Finding[] | null }} Row */
/** @typedef {{ file: string, reading: number, form?: string, columns: Column[], targets?: string[], rows: Row[], total?: number,
 *   leftOut?: number, findings: Finding[], warnings: Finding[] }} ReadPeople */

/** How a file can be read otherwise. */
const OPTIONS = /** @type {const} */ (["sheet", "header", "encoding", "delimiter", "dates"]);

/** The choice of a column for which nothing is chosen. */
const UNDECIDED = "?";

/** Pictures, also those that are not read: another file is a table. */
const PICTURE = /\.(jpe?g|png|webp|gif|hei[cf]|avif|tiff?|bmp|svg)$/i;

/** @param {{ site: () => import("./api.js").SiteState, unsaved: import("./unsaved.js").Unsaved }} with_ */
export function createPeople({ site, unsaved }) {
  let people = 0;
  /** @type {ReadPeople | null} */
  let read = null;
  /** What was chosen for columns of this file, by their places; of the others nothing.
   * @type {(string | null)[]} */
  let uses = [];
  /** How often the file was read: only the answer to the last call is shown, and can be issued. */
  let calls = 0;

  const course = /** @type {HTMLSelectElement} */ (el("select", { id: "people-course", onchange: () => reread() }));
  const specimen = el("input", { type: "checkbox", id: "specimen", onchange: () => reread() });
  const names = el("input", { type: "checkbox", onchange: () => { uses = []; void reread(); } });
  const options = Object.fromEntries(OPTIONS.map((name) => [name, el("input", { id: `option-${name}`, autocomplete: "off", onchange: () => { uses = []; void reread(); } })]));
  const input = el("input", { type: "file", id: "people-file", accept: ".csv,.tsv,.txt,.xlsx,.ods,.jpg,.jpeg,.png,.webp,.gif", multiple: true, onchange: () => void takeAll([...(input.files ?? [])]) });
  const drop = el("label", { class: "drop", id: "people-drop" },
    el("span", { class: "button" }, t("choose_file")), el("span", { class: "quiet" }, t("drop_hint")), input);
  const told = el("div", { class: "stack", "aria-live": "polite" });
  const columns = el("section", { class: "columns", hidden: true });
  const rows = createRows();
  const run = createRun({ people: () => ({ people, reading: read?.reading ?? 0 }), changed: (status) => rows.show(status), isReadOnly: () => site().readOnly, isSaved: () => notice.check() });
  const notice = createUnsaved(unsaved);
  const more = el("details", {}, el("summary", {}, t("read_otherwise")),
    el("div", { class: "row" }, OPTIONS.map((name) => labelled(t(`option_${name}`), /** @type {HTMLElement} */ (options[name]), "few")),
      el("label", { class: "tick" }, names, t("list_of_names"))));
  const element = el("div", { class: "people" },
    el("h1", {}, t("tab_people")),
    el("section", { class: "source" },
      el("div", { class: "row" }, labelled(t("course"), course), el("label", { class: "tick" }, specimen, t("as_specimens"))),
      drop, more, told),
    columns, notice.element, run.element, rows.element);

  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    void takeAll([...(event.dataTransfer?.files ?? [])]);
  });

  /**
   * Pictures are photos, which a column of the table names; another file is the table.
   * @param {File[]} files
   */
  async function takeAll(files) {
    const isPhoto = (/** @type {File} */ file) => file.type.startsWith("image/") || PICTURE.test(file.name);
    const photos = files.filter(isPhoto);
    const [table] = files.filter((file) => !isPhoto(file));
    /** @type {string[]} */
    const names = [];
    /** @type {HTMLElement[]} */
    const wrong = [];
    // A picture that is not taken keeps neither the others nor the table away.
    for (const photo of photos) {
      try {
        names.push((await send("picture", `photos/${photo.name}`, photo)).name);
      } catch (error) {
        wrong.push(el("div", { class: "notice bad photo-refused" }, el("p", {}, el("strong", {}, el("bdi", {}, photo.name))), findings.refusal(error, null)));
      }
    }
    if (table) await take(table);
    else if (names.length > 0) await reread();
    if (names.length > 0) {
      told.append(el("p", { class: "small", id: "photos-added" }, `${t("saved")}: `, names.map((name) => el("bdi", { class: "code" }, `${name} `))));
    }
    told.append(...wrong);
    input.value = "";
  }

  /** @param {File} file */
  async function take(file) {
    uses = [];
    try {
      const taken = await send("people", file.name, file);
      people = taken.people;
      if (taken.before) again(taken.before);
      await reread();
    } catch (error) {
      refused(error);
    }
  }

  /**
   * Sets what was chosen when the same file was read before.
   * @param {Record<string, string | number | boolean | null>} before
   */
  function again(before) {
    for (const name of OPTIONS) /** @type {HTMLInputElement} */ (options[name]).value = String(before[name] ?? "");
    names.checked = before["is_list_of_names"] === true;
    specimen.checked = before["is_specimen"] === true;
    if (site().courses.some((it) => it.id === before["course"])) course.value = String(before["course"]);
  }

  async function reread() {
    if (!people) return;
    const wish = {
      people, uses, course: course.value || undefined, is_specimen: specimen.checked, is_list_of_names: names.checked,
      sheet: value("sheet"), encoding: value("encoding"), delimiter: value("delimiter"), dates: value("dates"),
      header: value("header") ? Number(value("header")) : undefined,
    };
    const own = ++calls;
    // The rows on the page are not those of this choice: they cannot be issued any more.
    run.wait();
    try {
      const answer = /** @type {ReadPeople} */ (await call("people/read", wish));
      if (own !== calls) return;
      read = answer;
      show(read);
    } catch (error) {
      if (own === calls) refused(error);
    }
  }

  /** @param {string} name */
  function value(name) {
    return options[name]?.value.trim() || undefined;
  }

  /** @param {unknown} error */
  function refused(error) {
    fill(told, findings.refusal(error, null));
    columns.hidden = true;
    rows.set(0, 0, []);
    run.ready(0);
  }

  /** @param {ReadPeople} shown */
  function show(shown) {
    const { file, form, total = 0, rows: all } = shown;
    const faulty = all.filter((row) => row.findings).length;
    fill(told,
      el("p", {}, el("strong", {}, el("bdi", {}, file)), form && [" · ", el("bdi", { lang: "en" }, form)]),
      shown.findings.length > 0 && el("div", { class: "notice bad" }, findings.list(shown.findings, null)),
      shown.warnings.length > 0 && el("div", { class: "notice warn" }, findings.list(shown.warnings, null)),
      total > 0 && el("p", { id: "people-count" }, t("people_count", { count: total }), faulty > 0 && ` · ${t("faulty_count", { count: faulty })}`));
    if (shown.findings.length > 0 && shown.columns.length === 0) more.open = true;
    columns.hidden = shown.columns.length === 0;
    fill(columns, el("h2", {}, t("columns")), table(shown));
    rows.set(people, shown.reading, all);
    run.ready(shown.findings.length === 0 ? total : 0);
    say(t("people_count", { count: total }));
  }

  /** @param {ReadPeople} shown */
  function table(shown) {
    const targets = shown.targets ?? [];
    return el("table", {},
      el("thead", {}, el("tr", {}, [t("column"), t("read_as"), t("first_values")].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, shown.columns.map((column, at) => {
        const select = /** @type {HTMLSelectElement} */ (el("select", { "aria-label": t("column_is", { column: column.header }), onchange: () => {
          const isUndecided = select.value === UNDECIDED;
          uses = shown.columns.map((_, other) => (other === at ? (isUndecided ? null : select.value) : uses[other] ?? null));
          void reread();
        } }));
        // It is to be seen whether a column that is not known was left out by choice.
        const isUnknown = column.samples.length > 0 && (column.why === "unknown" || column.why === "no_header");
        const undecided = /** @type {[string, string][]} */ (isUnknown ? [[UNDECIDED, t(`why_${column.why}`)]] : []);
        choices(select, [...undecided, ["", t("not_read")], ...targets.map((it) => /** @type {[string, string]} */ ([it, target(it)]))], isUnknown ? UNDECIDED : column.use);
        return el("tr", {},
          el("th", { scope: "row" }, el("bdi", {}, column.header || t("no_header"))),
          el("td", {}, select, column.why && el("span", { class: "quiet small" }, ` ${t(`why_${column.why}`)}`)),
          el("td", { class: "quiet" }, el("bdi", {}, column.samples.join(" · "))));
      })));
  }

  /** @param {string} name */
  function target(name) {
    return name.startsWith("extra.") ? name.slice(6) : t(`field_${name}`);
  }

  /** Lists the courses that the site has by now. */
  function list() {
    const known = site().courses;
    const first = known.length === 1 ? known[0]?.id ?? "" : "";
    const chosen = known.some((it) => it.id === course.value) ? course.value : first;
    choices(course, [["", t("named_in_a_column")], ...known.map((it) => /** @type {[string, string]} */ ([it.id, it.title]))], chosen);
  }

  return {
    element,
    opened() {
      list();
      notice.refresh();
      void run.opened();
    },
    /** The site changed: what the file means may have, too. */
    changed() {
      list();
      if (people && !run.isGoing()) void reread();
    },
  };
}
