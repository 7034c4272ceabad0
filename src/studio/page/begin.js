// The start of a layout: from a picture that is dropped, or as a copy of the one that is shown.

import { call, send } from "./api.js";
import { el, fill, labelled, say } from "./dom.js";
import * as findings from "./findings.js";
import { t } from "./texts.js";

/** @typedef {{ layout: string, findings: import("./api.js").Finding[] | null, notes: string[] }} Made */

/**
 * @param {{ made: (layout: string) => void, use: (layout: string) => void, course: () => string | null,
 *   readOnly: () => boolean, go: (file: string, line: number) => void }} with_ `course` is the title of the course that is
 *   shown
 */
export function createBegin({ made, use, course, readOnly, go }) {
  let layout = "";
  const input = el("input", { type: "file", id: "background", accept: ".png,.jpg,.jpeg,.svg,.pdf", onchange: () => { const [one] = input.files ?? []; if (one) void take(() => send("layout/new", one.name, one)); } });
  const drop = el("label", { class: "drop small", id: "background-drop" },
    el("span", { class: "button" }, t("choose_file")), el("span", { class: "quiet" }, t("drop_background")), input);
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    const [one] = event.dataTransfer?.files ?? [];
    if (one) void take(() => send("layout/new", one.name, one));
  });
  const name = el("input", { id: "copy-name", required: true, maxlength: "60", autocomplete: "off" });
  const copy = el("button", { id: "copy-layout" });
  const form = el("form", { class: "row wrap", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void take(() => call("layout/copy", { from: layout, name: name.value }));
  } }, labelled(t("layout_name"), name), copy);
  const told = el("div", { role: "alert" });
  const element = el("details", { class: "sentences", id: "new-layout" }, el("summary", {}, t("new_layout")),
    el("div", { class: "stack body" }, drop, form, told));

  /** @param {() => Promise<Made>} make */
  async function take(make) {
    try {
      const it = await make();
      input.value = "";
      const title = course();
      fill(told,
        el("p", {}, t("layout_made", { name: it.layout })),
        it.notes.length > 0 && el("ul", { class: "small quiet" }, it.notes.map((note) => el("li", {}, note))),
        title && el("button", { type: "button", id: "use-layout", onclick: () => { use(it.layout); } }, t("use_layout", { layout: it.layout, course: title })));
      say(t("layout_made", { name: it.layout }));
      made(it.layout);
    } catch (error) {
      fill(told, findings.refusal(error, go));
    }
  }

  return {
    element,
    /** @param {import("./api.js").Preview} preview */
    show(preview) {
      element.hidden = readOnly();
      layout = preview.layout ?? layout;
      fill(copy, t("copy_layout", { layout }));
    },
  };
}
