// The sentences of the language that is shown: where they come from, what is missing or doubted, the values that
// they can print, and the beginning of a new language.

import { call } from "./api.js";
import { choices, el, fill, labelled } from "./dom.js";
import * as findings from "./findings.js";
import { languageName, t } from "./texts.js";

/** @typedef {{ found: { key: string, file: string }[], lacking: string[], doubts: { file: string, line: number, text: string }[],
 *   findings: import("./api.js").Finding[] | null, warnings: import("./api.js").Finding[], variables: string[],
 *   filters: string[] }} Inspection */

/**
 * @param {{ overlay: () => Record<string, string>, go: (file: string, line: number) => void,
 *   insert: (text: string) => void, begin: (name: string, text: string) => void, readOnly: () => boolean }} with_
 */
export function createLanguage({ overlay, go, insert, begin, readOnly }) {
  /** @type {import("./api.js").Preview | null} */
  let shown = null;
  const summary = el("summary", {});
  const body = el("div", { class: "stack" });
  const tag = el("input", { id: "new-language", required: true, size: "8", autocomplete: "off" });
  const from = /** @type {HTMLSelectElement} */ (el("select", { id: "from-language" }));
  const told = el("div", { role: "alert" });
  const form = el("form", { class: "row", onsubmit: start }, labelled(t("new_language_tag"), tag), labelled(t("from_language"), from),
    el("button", {}, t("begin")));
  const element = el("details", { class: "sentences", hidden: true, ontoggle: () => void refresh() }, summary,
    el("div", { class: "stack body" }, body, el("h2", { class: "minor" }, t("new_language")), form, told));

  /** @param {Event} event */
  async function start(event) {
    event.preventDefault();
    fill(told);
    try {
      const { name, text } = await call("language/new", { language: tag.value.trim(), from: from.value });
      begin(name, text);
    } catch (error) {
      fill(told, findings.refusal(error, null));
    }
  }

  async function refresh() {
    if (!element.open || !shown?.layout || !shown.language) return;
    try {
      draw(await call("language", { layout: shown.layout, language: shown.language, overlay: overlay() }));
    } catch (error) {
      fill(body, findings.refusal(error, go));
    }
  }

  /** @param {Inspection} it */
  function draw(it) {
    const all = [...(it.findings ?? []), ...it.warnings];
    /** @param {string} text */
    const value = (text) => el("button", { type: "button", class: "plain code", disabled: readOnly(), onclick: () => insert(text) }, text);
    fill(body,
      it.lacking.length > 0 ? el("p", { class: "warn" }, `${t("missing")}: `, it.lacking.join(", ")) : el("p", { class: "quiet" }, t("none_missing")),
      it.doubts.length > 0 && el("div", {}, el("h2", { class: "minor" }, t("doubted")), el("ul", {}, it.doubts.map((doubt) => el("li", {},
        el("button", { type: "button", class: "plain", onclick: () => go(doubt.file, doubt.line) }, `${doubt.line}: ${doubt.text}`))))),
      all.length > 0 && findings.list(all, go),
      el("div", {}, el("p", { class: "quiet small" }, t("sentences_hint")), el("div", { class: "row tight wrap" }, it.found.map(({ key, file }) =>
        el("button", { type: "button", class: "plain code", title: file, onclick: () => go(file, 1) }, key)))),
      el("div", {}, el("h2", { class: "minor" }, t("insert")), el("div", { class: "row tight wrap" }, it.variables.map((name) => value(`{{ ${name} }}`)))),
      el("div", {}, el("h2", { class: "minor" }, t("filters")), el("div", { class: "row tight wrap" }, it.filters.map((name) => value(` | ${name}`)))));
  }

  return {
    element,
    /** @param {import("./api.js").Preview} preview */
    show(preview) {
      if (!preview.language) return;
      const isOther = shown?.language !== preview.language || shown?.layout !== preview.layout;
      shown = preview;
      element.hidden = false;
      fill(summary, t("sentences", { language: languageName(preview.language) }));
      choices(from, (preview.languages ?? []).map((it) => [it, languageName(it)]), from.value || "en");
      if (isOther || element.open) void refresh();
    },
  };
}
