// What is wrong, each finding with its place, the line that it lies in, and what to do about it.

import { Refused } from "./api.js";
import { el } from "./dom.js";
import { known, t } from "./texts.js";

/** @typedef {import("./api.js").Finding} Finding */
/** @typedef {import("./api.js").Place} Place */

/** A place in words. @param {Place} place */
export const placeText = ({ file, line }) => (line ? `${file}:${line}` : file);

/** Whether a place lies in a file that can be opened here. @param {Place} place */
export const isText = ({ file }) => /\.(ya?ml|typ)$/.test(file);

/**
 * The findings of a call that was refused; a call that failed otherwise has none.
 * @param {unknown} error
 * @param {((file: string, line: number) => void) | null} go
 */
export const refusal = (error, go) => list(error instanceof Refused ? error.findings : [], go);

/**
 * A list of findings. `go` opens the place of one.
 * @param {Finding[]} findings
 * @param {((file: string, line: number) => void) | null} go
 */
export function list(findings, go) {
  return el("ul", { class: "findings" }, findings.map((finding) => el("li", { class: `finding ${finding.severity}` },
    el("p", { class: "message" },
      el("span", { class: "unseen" }, t(finding.severity === "error" ? "error" : "warning"), ": "),
      el("bdi", {}, isolated(message(finding)))),
    place(finding, go),
    excerpt(finding),
    finding.help && el("p", { class: "help" }, el("bdi", {}, isolated(help(finding)))),
  )));
}

/**
 * A text whose values, those in backticks and the dates, keep their own direction.
 * @param {string} text
 */
export const isolated = (text) => text.split(/(`[^`]*`|\b\d{4}-\d\d-\d\d\b)/).map((part, at) => (at % 2 ? el("bdi", {}, part) : part));

/** What is wrong, in the language of the page if it has a text for it. @param {Finding} finding */
export const message = (finding) => known(`finding_${finding.code}`, finding.values) ?? finding.message;

/** What to do about it, likewise. @param {Finding} finding */
export function help(finding) {
  const own = known(`help_${finding.code}`, finding.values);
  // What the program advises of names is said alike for all findings.
  const meant = /^did you mean (`[^`]*`)\?$/.exec(finding.help ?? "")?.[1];
  const names = /^known here: (`.*`)$/.exec(finding.help ?? "")?.[1];
  if (own === null && meant) return t("did_you_mean", { name: meant });
  if (own === null && names) return t("known_here", { names });
  return own ?? inStudio(finding.help ?? "");
}

/**
 * The advice of the program in the words of the page: its arguments are fields here.
 * @param {string} text
 */
const inStudio = (text) => text
  .replace(/to issue it all the same: --reissue\b/, `“${t("reissue")}”`)
  .replace(/[^,;.]*--replace\b/, `“${t("replace")}”`)
  .replace(/--encoding (\S+?)(?=[,\s]|$)/g, (_, name) => `${t("option_encoding")} \`${name}\``);

/**
 * @param {Finding} finding
 * @param {((file: string, line: number) => void) | null} go
 */
function place({ place: at }, go) {
  if (!at) return null;
  const text = placeText(at);
  if (!go || !isText(at)) return el("p", { class: "code quiet" }, text);
  return el("button", { type: "button", class: "plain", title: t("open_place"), onclick: () => go(at.file, at.line ?? 1) }, text);
}

/** @param {Finding} finding */
function excerpt({ place: at }) {
  if (!at?.excerpt) return null;
  const { text, column, width } = at.excerpt;
  const letters = [...text];
  return el("pre", { class: "excerpt", tabindex: "0", "aria-label": t("excerpt") },
    letters.slice(0, column).join(""),
    el("mark", {}, letters.slice(column, column + width).join("") || " "),
    letters.slice(column + width).join(""));
}
