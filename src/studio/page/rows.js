// The rows of a recipients file: who, what is wrong, what became of each, and the certificate of the one that is
// chosen.

import { Refused, call } from "./api.js";
import { el, fill } from "./dom.js";
import * as findings from "./findings.js";
import { t } from "./texts.js";

/** @typedef {import("./people.js").Row} Row */
/** @typedef {import("./run.js").RunStatus} RunStatus */

/** How many rows are shown at first. */
const STEP = 200;

export function createRows() {
  let people = 0;
  let reading = 0;
  /** @type {Row[]} */
  let rows = [];
  /** @type {RunStatus | null} */
  let status = null;
  let shown = STEP;
  let chosen = -1;

  const body = el("tbody", { id: "rows" });
  const table = el("table", {}, el("thead", {}, el("tr", {},
    [t("row"), t("name"), t("result")].map((text) => el("th", { scope: "col" }, text)))), body);
  const more = el("button", { type: "button", hidden: true, onclick: () => { shown += STEP; draw(); } }, t("more_rows"));
  const picture = el("div", { class: "picture", "aria-live": "polite" }, el("p", { class: "quiet" }, t("choose_row")));
  const element = el("section", { class: "rows", hidden: true, "aria-label": t("people") },
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("table_of_people") }, table, more), picture);

  function draw() {
    fill(body, rows.slice(0, shown).map((row, at) => {
      const end = status?.rows[at];
      const name = el("button", { type: "button", class: "plain", "aria-pressed": String(at === chosen), onclick: () => choose(at, true) }, el("bdi", {}, row.name || "–"));
      return el("tr", { class: end?.outcome ?? (row.findings ? "failed" : ""), "data-row": at },
        el("td", { class: "quiet small" }, row.place?.split(":").pop() ?? ""),
        el("td", {}, name),
        el("td", {}, result(row, end)));
    }));
    more.hidden = rows.length <= shown;
  }

  /**
   * @param {Row} row
   * @param {import("./run.js").RowEnd | null | undefined} end
   */
  function result(row, end) {
    if (end) {
      const word = el("span", { class: `outcome ${end.outcome}` }, t(`outcome_${end.outcome}`));
      const link = end.verifyUrl && el("span", {}, " ", el("a", { class: "code small", href: end.verifyUrl, target: "_blank", rel: "noreferrer" }, end.verifyUrl.replace(/^https?:\/\//, "")));
      const said = end.findings ? told(end.findings, "small") : end.message && el("span", { class: "small" }, " ", el("bdi", {}, end.message));
      return [word, link, said];
    }
    return row.findings ? told(row.findings, "outcome failed") : "";
  }

  /**
   * Findings in the cell of a row.
   * @param {import("./api.js").Finding[]} all
   * @param {string} kind
   */
  function told(all, kind) {
    return el("ul", {}, all.map((it) => el("li", {},
      el("bdi", { class: kind }, findings.isolated(findings.message(it))), " ", el("bdi", { class: "small quiet" }, findings.isolated(findings.help(it))))));
  }

  /**
   * Shows the certificate of a row.
   * @param {number} at
   * @param {boolean} isAsked whether the user asked for it
   */
  async function choose(at, isAsked) {
    chosen = at;
    draw();
    if (isAsked) /** @type {HTMLElement | null} */ (body.querySelector(`[data-row="${at}"] button`))?.focus();
    try {
      const preview = /** @type {import("./api.js").Preview} */ (await call("people/preview", { people, reading, row: at, pixels_per_inch: 96 }));
      if (at !== chosen) return;
      const name = rows[at]?.name ?? "";
      fill(picture,
        preview.pages.map(({ url }) => el("img", { src: url, alt: t("certificate_of", { name }) })),
        findings.list([...preview.findings, ...(preview.warnings ?? [])], null));
    } catch (error) {
      if (error instanceof Refused) fill(picture, findings.list(error.findings, null));
    }
  }

  return {
    element,
    /**
     * @param {number} number
     * @param {number} of the reading of the file that gave the rows
     * @param {Row[]} all
     */
    set(number, of, all) {
      people = number;
      reading = of;
      rows = all;
      status = null;
      chosen = -1;
      shown = STEP;
      element.hidden = all.length === 0;
      fill(picture, el("p", { class: "quiet" }, t("choose_row")));
      draw();
      if (all.length > 0) void choose(Math.max(0, all.findIndex((row) => !row.findings)), false);
    },
    /** @param {RunStatus} now */
    show(now) {
      if (now.total !== rows.length) return;
      status = now;
      const focused = document.activeElement?.closest("[data-row]")?.getAttribute("data-row");
      draw();
      if (focused) /** @type {HTMLElement | null} */ (body.querySelector(`[data-row="${focused}"] button`))?.focus();
    },
  };
}
