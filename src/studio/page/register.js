// The register: certificates are found, revoked, and issued again under a corrected name.

import { call } from "./api.js";
import { choices, el, fill, labelled, say } from "./dom.js";
import * as findings from "./findings.js";
import { t } from "./texts.js";
import { createUnsaved } from "./unsaved.js";

/** @typedef {{ id: string, status: string, edition: number, name: string | null, username: string | null,
 *   course: string | null, issued: string | null, reason: string | null, verifyUrl: string | null }} Edition */

const STATUSES = ["valid", "specimen", "expired", "superseded", "revoked", "erased"];

/** @param {{ site: () => import("./api.js").SiteState, unsaved: import("./unsaved.js").Unsaved }} with_ */
export function createRegister({ site, unsaved }) {
  const notice = createUnsaved(unsaved);
  const text = el("input", { id: "find", type: "search", autocomplete: "off", oninput: later });
  const course = /** @type {HTMLSelectElement} */ (el("select", { id: "find-course", onchange: find }));
  const status = /** @type {HTMLSelectElement} */ (el("select", { id: "find-status", onchange: find }));
  const told = el("div", { role: "alert" });
  const count = el("p", { class: "quiet", role: "status", id: "found-count" });
  const list = el("tbody", { id: "found" });
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" });
  const element = el("div", { class: "people register" },
    el("h1", {}, t("tab_register")),
    el("div", { class: "row" }, labelled(t("find"), text), labelled(t("course"), course), labelled(t("status"), status)),
    notice.element, told, count,
    el("table", {}, el("thead", {}, el("tr", {}, [t("name"), t("course"), t("issued"), t("status"), t("change")].map((it) => el("th", { scope: "col" }, it)))), list),
    dialog);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function later() {
    clearTimeout(timer);
    timer = setTimeout(find, 150);
  }

  async function find() {
    try {
      const found = await call("find", { text: text.value, course: course.value || null, status: status.value || null });
      fill(told, found.findings.length > 0 && findings.list(found.findings, null));
      fill(count, t("found", { count: found.count }));
      fill(list, /** @type {Edition[]} */ (found.found).map(row));
    } catch (error) {
      fill(list);
      fill(told, findings.refusal(error, null));
    }
  }

  /** @param {Edition} edition */
  function row(edition) {
    const stands = edition.status === "valid" || edition.status === "specimen";
    const title = site().courses.find((it) => it.id === edition.course)?.title ?? edition.course;
    return el("tr", { "data-id": edition.id },
      el("td", {}, el("bdi", {}, edition.name ?? "–"), edition.username && el("span", { class: "quiet small" }, ` (${edition.username})`),
        edition.verifyUrl ? el("a", { class: "code small block", href: edition.verifyUrl, target: "_blank", rel: "noreferrer" }, edition.verifyUrl.replace(/^https?:\/\//, ""))
          : el("span", { class: "code small quiet block" }, edition.id)),
      el("td", {}, el("bdi", {}, title ?? "")),
      el("td", {}, edition.issued ?? ""),
      el("td", {}, el("span", { class: `outcome ${edition.status}` }, t(`status_${edition.status}`)), edition.reason && el("span", { class: "small" }, ` ${edition.reason}`)),
      el("td", {}, stands && !site().readOnly && el("div", { class: "row tight" },
        el("button", { type: "button", class: "correct", onclick: () => ask(edition, "correct") }, t("correct_name")),
        el("button", { type: "button", class: "danger revoke", onclick: () => ask(edition, "revoke") }, t("revoke")))));
  }

  /**
   * Asks for the reason of a revocation, or for the right name.
   * @param {Edition} edition
   * @param {"revoke" | "correct"} what
   */
  function ask(edition, what) {
    // The certificate with the right name is made of what is saved.
    if (what === "correct" && !notice.check()) return;
    const input = el("input", { id: "answer", required: true, value: what === "correct" ? edition.name ?? "" : "", maxlength: "500" });
    const wrong = el("div", { role: "alert" });
    const form = el("form", { class: "stack", onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        await call(what, { id: edition.id, [what === "revoke" ? "reason" : "name"]: input.value });
        dialog.close();
        say(t(what === "revoke" ? "status_revoked" : "outcome_issued"));
        await find();
      } catch (error) {
        fill(wrong, findings.refusal(error, null));
      }
    } },
    el("h2", { id: "dialog-title" }, t(what === "revoke" ? "revoke_of" : "correct_of", { name: edition.name ?? edition.id })),
    el("p", { class: "quiet" }, t(`${what}_hint`)),
    labelled(t(what === "revoke" ? "reason" : "right_name"), input), wrong,
    el("div", { class: "row" },
      el("button", { class: what === "revoke" ? "danger" : "main", id: "confirm" }, t(what === "revoke" ? "revoke" : "issue_corrected")),
      el("button", { type: "button", onclick: () => dialog.close() }, t("cancel"))));
    fill(dialog, form);
    dialog.showModal();
    input.focus();
  }

  return {
    element,
    async opened() {
      notice.refresh();
      choices(course, [["", t("all_courses")], ...site().courses.map((it) => /** @type {[string, string]} */ ([it.id, it.title]))], course.value);
      choices(status, [["", t("all_statuses")], ...STATUSES.map((it) => /** @type {[string, string]} */ ([it, t(`status_${it}`)]))], status.value);
      await find();
    },
  };
}
