// A run over all people: tried or issued, with its progress, a stop, and the files of what was issued.

import { Refused, call, download } from "./api.js";
import { el, fill, say } from "./dom.js";
import * as findings from "./findings.js";
import { t } from "./texts.js";

/** @typedef {{ outcome: string, message: string | null, findings: import("./api.js").Finding[] | null, verifyId: string | null, verifyUrl: string | null }} RowEnd */
/** @typedef {{ run: number, isTrial: boolean, total: number, done: number, counts: Record<string, number>,
 *   isFinished: boolean, isStopped: boolean, hasFiles: boolean, findings: import("./api.js").Finding[] | null,
 *   rows: (RowEnd | null)[] }} RunStatus */

const INTERVAL = 150;
const FILES = /** @type {const} */ ([["zip", "certificates.zip"], ["print.pdf", "certificates.pdf"], ["report.csv", "report.csv"]]);

/** @param {{ people: () => { people: number, reading: number }, changed: (status: RunStatus) => void, isReadOnly: () => boolean, isSaved: () => boolean }} with_ */
export function createRun({ people, changed, isReadOnly, isSaved }) {
  /** @type {RunStatus | null} */
  let status = null;
  let count = 0;

  const attempt = el("button", { type: "button", id: "try", onclick: () => begin("try") }, t("try_all"));
  const issue = el("button", { type: "button", class: "main", id: "issue", onclick: () => begin("issue") }, t("issue"));
  const replace = el("input", { type: "checkbox", id: "replace" });
  const reissue = el("input", { type: "checkbox", id: "reissue" });
  const halt = el("button", { type: "button", class: "danger", id: "stop", hidden: true, onclick: stop }, t("stop"));
  const bar = el("progress", { id: "progress", max: 1, value: 0, "aria-label": t("progress") });
  const said = el("p", { id: "run-said", role: "status" });
  const told = el("div", { role: "alert" });
  const files = el("div", { class: "row", id: "run-files", hidden: true }, FILES.map(([path, name]) =>
    el("button", { type: "button", "data-file": path, onclick: () => keep(path, name) }, t(`get_${path.replace(".", "_")}`))));
  const element = el("section", { class: "run", hidden: true, "aria-label": t("issue") },
    el("div", { class: "row" }, attempt, issue, halt,
      el("label", { class: "tick", title: t("replace_hint") }, replace, t("replace")),
      el("label", { class: "tick" }, reissue, t("reissue"))),
    bar, said, told, files);

  /** @param {"try" | "issue"} what */
  async function begin(what) {
    fill(told);
    if (!isSaved()) return;
    try {
      status = await call(what, { ...people(), ...(what === "issue" ? { replace: replace.checked, reissue: reissue.checked } : {}) });
      await follow();
    } catch (error) {
      if (error instanceof Refused) fill(told, findings.list(error.findings, null));
    }
  }

  async function follow() {
    while (status) {
      draw();
      changed(status);
      if (status.isFinished) break;
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      status = await call("run");
    }
  }

  async function stop() {
    halt.disabled = true;
    await call("stop");
    halt.disabled = false;
  }

  function draw() {
    const isGoing = status !== null && !status.isFinished;
    attempt.disabled = isGoing || count === 0;
    issue.disabled = isGoing || count === 0 || isReadOnly();
    halt.hidden = !isGoing;
    bar.hidden = status === null;
    files.hidden = isGoing || !status?.hasFiles;
    if (!status) return;
    bar.max = Math.max(1, status.total);
    bar.value = status.done;
    const counts = Object.entries(status.counts).map(([outcome, number]) => `${t(`outcome_${outcome}`)}: ${number}`);
    const head = t("done_of", { done: status.done, total: status.total });
    const isCut = status.isFinished && status.isStopped && status.done < status.total;
    const text = [head, ...counts, isCut && t("stopped_hint")].filter(Boolean).join(" · ");
    if (said.textContent !== text) said.textContent = text;
    if (isCut) issue.textContent = t("go_on");
    else issue.textContent = t("issue");
    if (status.findings) fill(told, findings.list(status.findings, null));
    if (status.isFinished) say(text);
  }

  /**
   * @param {string} path
   * @param {string} name
   */
  async function keep(path, name) {
    try {
      await download(`run/${path}`, {}, name);
    } catch (error) {
      if (error instanceof Refused) fill(told, findings.list(error.findings, null));
    }
  }

  return {
    element,
    isGoing: () => status !== null && !status.isFinished,
    /** The rows are read anew: until they are there nothing can be begun. */
    wait() {
      count = 0;
      draw();
    },
    /** @param {number} rows how many rows can be issued */
    ready(rows) {
      count = rows;
      if (status?.isFinished) status = null;
      fill(told);
      element.hidden = rows === 0 && status === null;
      issue.textContent = t("issue");
      draw();
    },
    async opened() {
      const last = await call("run");
      if (last && !status) {
        status = last;
        element.hidden = false;
        await follow();
      }
    },
  };
}
