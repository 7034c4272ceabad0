// Texts that are typed and not saved, where certificates are issued: they are made of what is saved.

import { el } from "./dom.js";
import { t } from "./texts.js";

/** What of the editor other parts need. @typedef {{ has: () => boolean, save: () => Promise<void> }} Unsaved */

/**
 * A notice that is shown while something is not saved.
 * @param {Unsaved} unsaved
 */
export function createUnsaved(unsaved) {
  const button = el("button", { type: "button", class: "save-first", onclick: async () => {
    await unsaved.save();
    refresh();
  } }, t("save"));
  const element = el("div", { class: "notice warn unsaved", role: "alert", hidden: true }, el("p", {}, t("unsaved_hint")), button);

  /** Whether certificates can be issued: nothing waits to be saved. */
  function refresh() {
    element.hidden = !unsaved.has();
    return element.hidden;
  }

  return {
    element,
    refresh,
    /** As `refresh`, for a step that is refused: the button that mends it has the focus. */
    check() {
      if (!refresh()) button.focus();
      return element.hidden;
    },
  };
}
