// The slots and the colours of the layout that is shown: a form, and the boxes on the page. Each change is made in the
// text of `layout.yaml`, in its place.

import { call } from "./api.js";
import { choices, el, fill, labelled, say } from "./dom.js";
import * as findings from "./findings.js";
import { aligned } from "./snap.js";
import { createSlots, where } from "./slots.js";
import { createStyle } from "./style.js";
import { t } from "./texts.js";

/** @typedef {import("./slots.js").Box & { line: number, keys: string[], values: Record<string, string | null> }} Slot */
/** @typedef {{ file: string, own: boolean, hasSlots: boolean, drawing: string, paper: import("./snap.js").Paper | null,
 *   faces: string[], theme: Record<string, string>, slots: Slot[], addable: string[] }} LayoutForm */
/** @typedef {{ slot: { slot: string, key: string, value: string | null } } | { theme: { key: string, value: string } }
 *   | { add: { slot: string, area: number[], text?: string } } | { remove: { slot: string } }} Change */

const PLACE = /** @type {const} */ (["x", "y", "width", "height"]);
const ALIGNS = /** @type {const} */ (["left", "center", "right", "top", "middle", "bottom"]);
const THEME = ["accent", "paper", "ink"];
/** By what a control of the form is known. */
const MARKS = ["id", "data-name", "data-theme", "data-align", "data-key"];
const GRIDS = ["0", "1", "2", "5", "10"];

/**
 * @param {{ overlay: () => Record<string, string>, text: (file: string) => Promise<string>,
 *   change: (file: string, text: string, cause: string) => void, readOnly: () => boolean,
 *   go: (file: string, line: number) => void, edits: (isOn: boolean) => void }} with_ `edits` is told whether the slots
 *   are to be moved on the page
 */
export function createLayout({ overlay, text, change, readOnly, go, edits }) {
  /** @type {import("./api.js").Preview | null} */
  let preview = null;
  let layout = "";
  /** @type {LayoutForm | null} */
  let form = null;
  /** What is to be changed, while a change is on its way. @type {{ changes: Change[], cause: string }[]} */
  let queue = [];
  /** Whether the last change was refused, which is told until one is made. */
  let isRefused = false;
  let isBusy = false;
  let isOn = false;
  /** The layout that was begun last, until it is shown. */
  let begun = "";

  const grid = /** @type {HTMLSelectElement} */ (el("select", { id: "grid" }));
  choices(grid, GRIDS.map((it) => [it, it === "0" ? "–" : it]), "1");
  const slots = createSlots({ move: (boxes, cause) => place(boxes, cause), chosen: () => draw(), grid: () => Number(grid.value) });
  const style = createStyle({ change: (changes, cause) => void apply(changes, cause) });
  const summary = el("summary", {});
  const body = el("div", { class: "stack body" });
  const told = el("div", { role: "alert" });
  const chosen = el("div", { class: "stack" });
  const toggle = el("button", { type: "button", id: "edit-slots", "aria-pressed": "false", onclick: () => turn(!isOn) }, t("edit_slots"));
  const add = /** @type {HTMLSelectElement} */ (el("select", { id: "add-slot", onchange: () => { if (add.value) create(add.value); } }));
  const tools = el("div", { class: "row tight wrap", role: "group", "aria-label": t("slot_align"), title: t("align_hint") }, ALIGNS.map((how) =>
    el("button", { type: "button", class: "icon", "data-align": how, title: t(`align_${how}`), "aria-label": t(`align_${how}`), onclick: () => slots.put(aligned(slots.picked(), how, slots.paper()), `align ${how}`) })));
  const element = el("details", { class: "sentences", id: "layout-form", ontoggle: () => void refresh() }, summary, body);

  /** @param {boolean} on */
  function turn(on) {
    isOn = on && Boolean(form?.hasSlots) && !readOnly();
    toggle.setAttribute("aria-pressed", String(isOn));
    edits(isOn);
  }

  async function refresh() {
    if ((!element.open && !isOn) || !layout) return;
    try {
      const read = /** @type {LayoutForm} */ (await call("layout/form", { layout, overlay: overlay() }));
      if (isBusy || queue.length > 0) return;
      form = read;
      slots.set(form.slots, form.paper);
      if (!form.hasSlots && isOn) turn(false);
      draw();
      if (!isRefused) fill(told);
    } catch (error) {
      fill(told, findings.refusal(error, go));
    }
  }

  /** Draws the form anew; what has the focus keeps it. */
  function draw() {
    if (!form) return;
    const focused = document.activeElement;
    const now = picked().map((it) => it.name).join();
    if (chosen.contains(focused) && chosen.dataset["slots"] === now) {
      style.refresh(picked());
      return;
    }
    const mark = body.contains(focused) ? MARKS.find((it) => focused?.hasAttribute(it)) : undefined;
    const value = mark ? focused?.getAttribute(mark) : null;
    redraw();
    chosen.dataset["slots"] = now;
    if (mark && value) /** @type {HTMLElement | null} */ (body.querySelector(`[${mark}="${CSS.escape(value)}"]`))?.focus();
  }

  function redraw() {
    if (!form) return;
    const colours = el("div", {}, el("h2", { class: "minor" }, t("theme_values")),
      el("div", { class: "row" }, THEME.map((key) => labelled(t(`theme_${key}`), el("input", { type: "color", "data-theme": key, disabled: readOnly(), value: form?.theme[key] ?? "#000000", onchange: (/** @type {Event} */ event) => void apply([{ theme: { key, value: /** @type {HTMLInputElement} */ (event.target).value } }], `theme ${key}`) })))),
      el("p", { class: "quiet small" }, t("theme_hint")));
    if (!form.hasSlots) {
      fill(body, el("p", { class: "quiet small" }, t("typst_layout", { file: form.drawing })), drawn(), colours, told);
      return;
    }
    choices(add, [["", t("add_slot")], ...form.addable.map((it) => /** @type {[string, string]} */ ([it, it])), ["text", t("own_text")]], "");
    fill(body,
      !readOnly() && el("div", { class: "row" }, toggle, labelled(t("grid"), grid, "few"), labelled(t("add_slot"), add)),
      el("p", { class: "quiet small" }, t("slots_hint")),
      el("div", { class: "row tight wrap", role: "group", "aria-label": t("slots") }, form.slots.map((slot) =>
        el("button", { type: "button", class: "plain code", "data-name": slot.name, "aria-pressed": String(picked().some((it) => it.name === slot.name)), "aria-label": where(slot), onkeydown: (/** @type {KeyboardEvent} */ event) => slots.key(event, slot.name), onclick: (/** @type {MouseEvent} */ event) => pick(slot.name, event.shiftKey), ondblclick: () => { if (form) go(form.file, slot.line); } }, slot.name))),
      chosen, colours, told);
    details();
  }

  /** The slots of a layout that Typst draws, where the proof measured them. */
  function drawn() {
    const millimetres = (/** @type {number | undefined} */ points) => Math.round(((points ?? 0) * 254) / 72) / 10;
    return el("ul", { class: "texts", "aria-label": t("slots") }, (preview?.outlines ?? []).filter((it) => it.label).map(({ name, slot }) =>
      el("li", { class: "quiet small" }, where({ name, x: millimetres(slot[0]), y: millimetres(slot[1]), width: millimetres(slot[2]), height: millimetres(slot[3]) }))));
  }

  /**
   * @param {string} name
   * @param {boolean} isMore
   */
  function pick(name, isMore) {
    const names = slots.picked().map((it) => it.name);
    slots.choose(isMore ? (names.includes(name) ? names.filter((it) => it !== name) : [...names, name]) : [name]);
  }

  function picked() {
    return slots.picked().flatMap((box) => (form?.slots ?? []).filter((it) => it.name === box.name).map((it) => ({ ...it, ...box })));
  }

  /** The form of the slots that are chosen. */
  function details() {
    const now = picked();
    const [first] = now;
    if (!first || !form) {
      fill(chosen, el("p", { class: "quiet" }, t("choose_slot")));
      return;
    }
    fill(chosen, el("h2", { class: "minor" }, now.length > 1 ? t("slots_chosen", { count: now.length }) : first.name),
      !readOnly() && tools, style.element,
      !readOnly() && el("div", { class: "row" }, el("button", { type: "button", class: "danger", id: "remove-slot", onclick: () => void apply(now.map(({ name }) => ({ remove: { slot: name } })), "remove") }, t("remove_slot"))));
    style.show(now, form.faces, readOnly());
  }

  /**
   * Moves slots: only what differs is written.
   * @param {import("./slots.js").Box[]} boxes
   * @param {string} cause
   */
  function place(boxes, cause) {
    style.refresh(picked());
    const changes = boxes.flatMap((box) => PLACE.map((key) => ({ slot: { slot: box.name, key, value: String(box[key]) } })));
    void apply(changes, cause);
  }

  /** @param {string} name */
  function create(name) {
    const { width, height } = slots.paper();
    const isText = name === "text";
    const used = (form?.slots ?? []).map((it) => it.name);
    let slot = name;
    for (let number = 2; isText && used.includes(slot); number += 1) slot = `text-${number}`;
    const side = Math.min(24, width / 4, height / 4);
    const [wide, tall] = name === "code" ? [side, side] : [width / 3, height / 12];
    const area = [(width - wide) / 2, (height - tall) / 2, wide, tall].map((it) => Math.round(it * 10) / 10);
    void apply([{ add: { slot, area, ...(isText ? { text: t("own_text") } : {}) } }], `add ${slot}`).then(() => slots.choose([slot]));
  }

  /**
   * Makes changes in the text; those that come while one is made are made after it, the last of a drag alone.
   * @param {Change[]} changes
   * @param {string} cause
   */
  async function apply(changes, cause) {
    if (!form || readOnly()) return;
    const last = queue.at(-1);
    if (last && last.cause === cause && /^(drag|key) /.test(cause)) last.changes = changes;
    else queue.push({ changes, cause });
    if (isBusy) return;
    isBusy = true;
    try {
      for (let now = queue.shift(); now; now = queue.shift()) {
        const { file } = form;
        const before = await text(file);
        const edited = await call("layout/edit", { file, text: before, changes: now.changes });
        // The text may have changed meanwhile: then the change is made in what it is by now.
        if ((await text(file)) === before) change(file, edited.text, now.cause);
        else queue.unshift(now);
      }
      isRefused = false;
      fill(told);
    } catch (error) {
      queue = [];
      isRefused = true;
      fill(told, findings.refusal(error, go));
      say(error instanceof Error ? error.message : "");
    } finally {
      isBusy = false;
    }
    await refresh();
  }

  return {
    element,
    surface: slots.element,
    /** @param {import("./api.js").Preview} shown */
    show(shown) {
      preview = shown;
      if (shown.layout && shown.layout !== layout) {
        layout = shown.layout;
        form = null;
        turn(false);
      }
      fill(summary, t("layout_panel", { layout }));
      void refresh().then(() => {
        if (layout !== begun || !form) return;
        begun = "";
        turn(true);
      });
    },
    /** Opens the form of a layout that was begun, and its slots on the page, as soon as it is shown. @param {string} name */
    open(name) {
      begun = name;
      element.open = true;
    },
  };
}
