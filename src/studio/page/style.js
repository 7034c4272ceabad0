// The places and the looks of the slots that are chosen, as fields.

import { choices, el, fill, labelled } from "./dom.js";
import { t } from "./texts.js";

/** @typedef {import("./layout.js").Slot} Slot */
/** @typedef {import("./layout.js").Change} Change */

const PLACE = /** @type {const} */ (["x", "y", "width", "height"]);
/** What keys of a slot may be, besides texts and numbers. @type {Record<string, string[]>} */
const VALUES = {
  align: ["start", "center", "end", "left", "right"],
  vertical: ["top", "middle", "bottom"],
  case: ["upper", "as-written"],
  italic: ["true", "false"],
  weight: ["300", "400", "500", "600", "700"],
};
const STEPS = /** @type {Record<string, string>} */ ({ x: "0.1", y: "0.1", width: "0.1", height: "0.1", max: "0.5", min: "0.5", lines: "1", tracking: "0.01" });
const COLOURS = ["ink", "accent", "paper"];

/** @param {{ change: (changes: Change[], cause: string) => void }} with_ */
export function createStyle({ change }) {
  /** @type {Slot[]} */
  let slots = [];
  const element = el("div", { class: "fields narrow" });

  /**
   * @param {string} key
   * @param {string | null} value
   */
  function set(key, value) {
    change(slots.map((slot) => ({ slot: { slot: slot.name, key, value } })), `style ${key}`);
  }

  /**
   * @param {string} key
   * @param {string[]} faces
   * @param {boolean} isReadOnly
   */
  function field(key, faces, isReadOnly) {
    const value = slots[0]?.values[key] ?? null;
    if (key === "colour" || key === "fill") return colour(key, value, isReadOnly);
    const options = key === "face" ? faces : VALUES[key];
    if (options) {
      const select = /** @type {HTMLSelectElement} */ (el("select", { "data-key": key, disabled: isReadOnly, onchange: () => set(key, select.value || null) }));
      const own = value && !options.includes(value) ? [value] : [];
      choices(select, [["", t("value_unset")], ...[...options, ...own].map((it) => /** @type {[string, string]} */ ([it, word(it)]))], value ?? "");
      return labelled(t(`slot_${key}`), select);
    }
    const isText = key === "text" || key === "alt" || key === "picture";
    const input = el("input", { "data-key": key, type: isText ? "text" : "number", step: STEPS[key], value: value ?? "", disabled: isReadOnly || key === "picture", placeholder: isText ? "" : t("value_unset"), onchange: () => set(key, input.value.trim() || (isText ? "" : null)) });
    return labelled(t(`slot_${key}`), input);
  }

  /**
   * A colour of the theme, or one of its own.
   * @param {string} key
   * @param {string | null} value
   * @param {boolean} isReadOnly
   */
  function colour(key, value, isReadOnly) {
    const isOwn = value !== null && !COLOURS.includes(value);
    const own = el("input", { type: "color", "data-key": `${key}-own`, hidden: !isOwn, disabled: isReadOnly, value: isOwn ? value : "#333333", "aria-label": `${t(`slot_${key}`)}: ${t("value_own")}`, onchange: () => set(key, own.value) });
    const select = /** @type {HTMLSelectElement} */ (el("select", { "data-key": key, disabled: isReadOnly, onchange: () => {
      own.hidden = select.value !== "own";
      set(key, select.value === "own" ? own.value : select.value || null);
    } }));
    choices(select, [["", t("value_unset")], ...[...COLOURS, "own"].map((it) => /** @type {[string, string]} */ ([it, word(it)]))], isOwn ? "own" : value ?? "");
    return el("div", { class: "row tight" }, labelled(t(`slot_${key}`), select), own);
  }

  /** @param {string} value */
  function word(value) {
    const text = t(`value_${value}`);
    return text === `value_${value}` ? value : text;
  }

  return {
    element,
    /**
     * @param {Slot[]} now
     * @param {string[]} faces
     * @param {boolean} isReadOnly
     */
    show(now, faces, isReadOnly) {
      slots = now;
      const [first] = now;
      const keys = (first?.keys ?? []).filter((key) => now.every((it) => it.keys.includes(key)) && (now.length === 1 || key !== "text"));
      const place = now.length === 1 ? PLACE : [];
      fill(element,
        place.map((key) => {
          const input = el("input", { type: "number", step: STEPS[key], "data-key": key, value: String(first?.[key] ?? ""), disabled: isReadOnly, onchange: () => { if (input.value !== "") set(key, String(Number(input.value))); } });
          return labelled(t(`slot_${key}`), input);
        }),
        keys.map((key) => field(key, faces, isReadOnly)));
    },
    /** Shows where the slot is by now, and leaves the fields as they are. @param {Slot[]} now */
    refresh(now) {
      slots = now;
      const [first] = now;
      for (const key of PLACE) {
        const input = /** @type {HTMLInputElement | null} */ (element.querySelector(`[data-key="${key}"]`));
        if (input && first && input !== document.activeElement) input.value = String(first[key]);
      }
    },
  };
}
