// The slots of a layout as boxes on the page: dragged and resized by a pointer or by keys. The list of the slots, where
// the keyboard and screen readers come to them, takes the same keys.

import { el, fill, say } from "./dom.js";
import { moved, resized, rounded } from "./snap.js";
import { t } from "./texts.js";

/** @typedef {import("./snap.js").Area} Area */
/** @typedef {import("./snap.js").Paper} Paper */
/** @typedef {Area & { name: string }} Box */

const EDGES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
/** From how many pixels a slot is drawn to an edge. */
const REACH = 6;
/** How far a key moves, in millimetres: alone, with Shift, with Alt. */
const STEPS = { plain: 1, far: 10, fine: 0.1 };
const ARROWS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

/** Where a slot is, in words. @param {Box} box */
export const where = (box) => t("slot_is_at", { name: box.name, x: rounded(box.x), y: rounded(box.y), width: rounded(box.width), height: rounded(box.height) });

/**
 * @param {{ move: (boxes: Box[], cause: string) => void, chosen: (names: string[]) => void, grid: () => number }} with_
 *   `move` is given the boxes at their new places, many times while a pointer drags them
 */
export function createSlots({ move, chosen, grid }) {
  /** @type {Box[]} */
  let boxes = [];
  /** @type {Paper} */
  let paper = { width: 210, height: 297 };
  /** @type {string[]} */
  let names = [];
  let isDragged = false;
  const lines = el("div", { "aria-hidden": "true" });
  const list = el("div", {});
  const element = el("div", { class: "surface", role: "group", "aria-label": t("slots"), onpointerdown: (/** @type {Event} */ event) => { if (event.target === element || event.target === list) choose([]); } }, list, lines);

  /** The slots that are chosen, the first one first. */
  const picked = () => names.flatMap((name) => boxes.filter((it) => it.name === name));
  const others = () => boxes.filter((it) => !names.includes(it.name));
  const scale = () => (element.clientWidth || 1) / paper.width;

  /** @param {string[]} now */
  function choose(now) {
    names = now;
    draw();
    chosen(names);
  }

  function draw() {
    const known = new Map([...list.children].map((it) => [/** @type {HTMLElement} */ (it).dataset["slot"], /** @type {HTMLElement} */ (it)]));
    for (const box of boxes) {
      const button = known.get(box.name) ?? made(box.name);
      known.delete(box.name);
      const { style } = button;
      style.left = `${(box.x / paper.width) * 100}%`;
      style.top = `${(box.y / paper.height) * 100}%`;
      style.width = `${(box.width / paper.width) * 100}%`;
      style.height = `${(box.height / paper.height) * 100}%`;
      button.setAttribute("aria-label", where(box));
      button.setAttribute("aria-pressed", String(names.includes(box.name)));
      button.title = box.name;
      if (button.parentElement !== list) list.append(button);
    }
    for (const gone of known.values()) gone.remove();
  }

  /** @param {string} name */
  function made(name) {
    return el("button", { type: "button", class: "slotbox", "data-slot": name, tabindex: "-1", onkeydown: (/** @type {KeyboardEvent} */ event) => key(event, name), onpointerdown: (/** @type {PointerEvent} */ event) => grab(event, name), onclick: (/** @type {MouseEvent} */ event) => { if (event.detail === 0) pick(name, event.shiftKey); } },
      el("span", { class: "tag" }, name), EDGES.map((edges) => el("span", { class: `handle ${edges}`, "data-edges": edges })));
  }

  /**
   * @param {string} name
   * @param {boolean} isMore
   */
  function pick(name, isMore) {
    if (!isMore) choose([name]);
    else choose(names.includes(name) ? names.filter((it) => it !== name) : [...names, name]);
  }

  /**
   * Changes the boxes here at once, and tells it.
   * @param {Area[]} areas of the chosen slots, in their order
   * @param {string} cause
   */
  function put(areas, cause) {
    const changed = picked().map((box, at) => ({ ...box, ...areas[at] }));
    boxes = boxes.map((box) => changed.find((it) => it.name === box.name) ?? box);
    draw();
    move(changed, cause);
  }

  /**
   * @param {PointerEvent} event
   * @param {string} name
   */
  function grab(event, name) {
    if (event.button !== 0) return;
    const edges = /** @type {HTMLElement} */ (event.target).dataset["edges"] ?? "";
    if (event.shiftKey && !edges) { pick(name, true); return; }
    if (!names.includes(name) || edges) choose([name]);
    const button = /** @type {HTMLElement} */ (event.currentTarget);
    button.setPointerCapture(event.pointerId);
    const [fromX, fromY] = [event.clientX, event.clientY];
    const start = picked();
    const lead = start.find((it) => it.name === name);
    const cause = `drag ${name} ${event.timeStamp}`;
    isDragged = true;
    /** @param {PointerEvent} at */
    const drag = (at) => {
      if (!lead) return;
      const [dx, dy] = [(at.clientX - fromX) / scale(), (at.clientY - fromY) / scale()];
      const reach = at.altKey ? 0 : REACH / scale();
      const step = at.altKey ? 0.1 : grid();
      if (edges) {
        const wide = { ...lead };
        if (edges.includes("w")) { wide.x += Math.min(dx, lead.width - 1); wide.width -= Math.min(dx, lead.width - 1); }
        if (edges.includes("e")) wide.width = Math.max(1, lead.width + dx);
        if (edges.includes("n")) { wide.y += Math.min(dy, lead.height - 1); wide.height -= Math.min(dy, lead.height - 1); }
        if (edges.includes("s")) wide.height = Math.max(1, lead.height + dy);
        const { area, guides } = resized(wide, edges, others(), paper, reach, step);
        show(guides);
        put([area], cause);
      } else {
        const { area, guides } = moved({ ...lead, x: lead.x + dx, y: lead.y + dy }, others(), paper, reach, step);
        show(guides);
        const [byX, byY] = [area.x - lead.x, area.y - lead.y];
        put(start.map((it) => ({ ...it, x: rounded(it.x + byX), y: rounded(it.y + byY) })), cause);
      }
    };
    /** @param {boolean} isKept */
    const end = (isKept) => {
      button.removeEventListener("pointermove", drag);
      button.removeEventListener("pointerup", up);
      button.removeEventListener("pointercancel", cancel);
      document.removeEventListener("keydown", escape, true);
      isDragged = false;
      show([]);
      if (!isKept) put(start, cause);
      const now = boxes.find((it) => it.name === name);
      if (now) say(where(now));
    };
    const up = () => end(true);
    const cancel = () => end(false);
    /** @param {KeyboardEvent} pressed */
    const escape = (pressed) => { if (pressed.key === "Escape") { pressed.stopPropagation(); end(false); } };
    button.addEventListener("pointermove", drag);
    button.addEventListener("pointerup", up);
    button.addEventListener("pointercancel", cancel);
    document.addEventListener("keydown", escape, true);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string} name
   */
  function key(event, name) {
    const arrow = ARROWS[event.key];
    if (event.key === "Escape") choose([]);
    if (!arrow) return;
    event.preventDefault();
    if (!names.includes(name)) choose([name]);
    const step = event.altKey ? STEPS.fine : event.shiftKey ? STEPS.far : STEPS.plain;
    const [dx, dy] = [arrow[0] * step, arrow[1] * step];
    const isSize = event.ctrlKey || event.metaKey;
    put(picked().map((it) => (isSize
      ? { ...it, width: Math.max(1, rounded(it.width + dx)), height: Math.max(1, rounded(it.height + dy)) }
      : { ...it, x: rounded(it.x + dx), y: rounded(it.y + dy) })), `key ${names.join()}`);
    const now = boxes.find((it) => it.name === name);
    if (now) say(where(now));
  }

  /** @param {import("./snap.js").Guide[]} guides */
  function show(guides) {
    fill(lines, guides.map(({ axis, at }) => {
      const line = el("span", { class: `guide ${axis}` });
      if (axis === "x") line.style.left = `${(at / paper.width) * 100}%`;
      else line.style.top = `${(at / paper.height) * 100}%`;
      return line;
    }));
  }

  return {
    element,
    key,
    choose,
    put,
    picked,
    paper: () => paper,
    /**
     * Shows the slots as they are in the file; what is dragged stays where the pointer has it.
     * @param {Box[]} now
     * @param {Paper | null} size
     */
    set(now, size) {
      if (isDragged) return;
      boxes = now;
      paper = size ?? paper;
      const kept = names.filter((name) => now.some((it) => it.name === name));
      if (kept.length !== names.length) choose(kept);
      else draw();
    },
  };
}
