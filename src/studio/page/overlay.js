// What stands on the page: laid over its picture for a pointer, which has to hit it where it stands, and as a list for
// the keyboard and for screen readers. Each text leads to the line that it comes from.

import { el } from "./dom.js";
import { isText, placeText } from "./findings.js";
import { t } from "./texts.js";

/** @typedef {import("./api.js").Outline} Outline */
/** @typedef {import("./api.js").Finding} Finding */

/**
 * Puts an element at a box of the page, in points.
 * @param {HTMLElement} element
 * @param {number[]} box
 * @param {{ width: number, height: number }} page
 */
function put(element, box, page) {
  const [x = 0, y = 0, width = 0, height = 0] = box;
  const { style } = element;
  style.left = `${(x / page.width) * 100}%`;
  style.top = `${(y / page.height) * 100}%`;
  style.width = `${(width / page.width) * 100}%`;
  style.height = `${(height / page.height) * 100}%`;
}

/**
 * The spots of a page: the larger ones below the smaller ones, so that each can be reached.
 * @param {Outline[]} outlines
 * @param {{ width: number, height: number }} page
 * @param {{ ink: boolean, findings: Finding[], go: (file: string, line: number) => void }} options
 * @returns {HTMLElement[]}
 */
export function spots(outlines, page, { ink, findings, go }) {
  /** @param {Outline} it */
  const area = (it) => (it.slot[2] ?? 0) * (it.slot[3] ?? 0);
  const sorted = [...outlines].sort((one, other) => area(other) - area(one));
  return sorted.flatMap((outline) => {
    const { place, name, slot } = outline;
    const isFaulty = findings.some((it) => it.message.includes(name) || isSame(it, outline));
    const spot = el("button", {
      type: "button",
      class: isFaulty ? "spot faulty" : "spot",
      title: place ? `${name} (${placeText(place)})` : name,
      tabindex: "-1",
      disabled: !place || !isText(place),
      "data-role": outline.label,
      onclick: () => { if (place) go(place.file, place.line ?? 1); },
    });
    put(spot, slot, page);
    if (!ink || !outline.ink) return [spot];
    const mark = el("span", { class: "ink" });
    put(mark, outline.ink, page);
    return [mark, spot];
  });
}

/**
 * The texts of the page in their order, as a list.
 * @param {Outline[]} outlines
 * @param {(file: string, line: number) => void} go
 */
export function texts(outlines, go) {
  return el("ul", { class: "texts" }, outlines.map(({ name, place }) => {
    if (!place || !isText(place)) return el("li", { class: "quiet" }, el("bdi", {}, name));
    const at = placeText(place);
    return el("li", {}, el("button", { type: "button", class: "plain", title: at, onclick: () => go(place.file, place.line ?? 1) },
      t("spot_at", { name, place: at })));
  }));
}

/**
 * Whether a finding and an outline have the same place.
 * @param {Finding} finding
 * @param {Outline} outline
 */
function isSame(finding, outline) {
  const [one, other] = [finding.place, outline.place];
  return Boolean(one && other && one.line && one.file === other.file && one.line === other.line
    && finding.severity === "error");
}
