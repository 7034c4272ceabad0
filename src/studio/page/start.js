// The start in an empty folder: a form for a school.

import { Refused, call } from "./api.js";
import { el, fill, labelled } from "./dom.js";
import * as findings from "./findings.js";
import { spoken, t } from "./texts.js";

/**
 * @param {import("./api.js").SiteState} state
 * @param {(state: import("./api.js").SiteState) => void} made
 */
export function createStart(state, made) {
  const name = el("input", { id: "school", required: true, maxlength: "64", autocomplete: "organization" });
  const url = el("input", { id: "url", type: "url", placeholder: "https://certificates.example.org", autocomplete: "off" });
  const told = el("div", { role: "alert" });
  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    try {
      made(await call("new", { name: name.value, url: url.value.trim() || "none", language: spoken() }));
    } catch (error) {
      fill(told, error instanceof Refused ? findings.list(error.findings, null) : String(error));
    }
  }
  return el("section", { class: "start" },
    el("h1", {}, t("start_title")),
    el("p", { class: "quiet" }, t("start_folder"), " ", el("bdi", { class: "code" }, state.folder)),
    state.readOnly ? el("p", { class: "notice warn" }, t("read_only_hint"))
      : el("form", { onsubmit: submit },
        el("div", {}, labelled(t("school_name"), name), el("p", { class: "hint" }, t("school_name_hint"))),
        el("div", {}, labelled(t("school_url"), url), el("p", { class: "hint" }, t("school_url_hint"))),
        told,
        el("div", {}, el("button", { class: "main", id: "make" }, t("make_school")))));
}
