// A form over the course that is shown. Each change is made in the text of its file, in place, and is then a change
// like any typed one: previewed at once, and saved with the file.

import { call, picture, send } from "./api.js";
import { el, fill, labelled } from "./dom.js";
import * as findings from "./findings.js";
import { languageName, t } from "./texts.js";

/** A value of a course; `owner` is its id, or that of the values for all courses.
 * @typedef {{ path: string[], value: string, owner: string }} Value */

/** What corrects the size and the place of a signature: its key, its usual value, and its step. */
const NUDGES = /** @type {const} */ ([["scale", "1", "0.05"], ["dx", "0", "0.5"], ["dy", "0", "0.5"]]);
const COLOURS = ["accent", "paper", "ink", "signature_ink"];

/**
 * @param {{ overlay: () => Record<string, string>, text: (file: string) => Promise<string>,
 *   change: (file: string, text: string) => void, readOnly: () => boolean }} with_
 */
export function createCourse({ overlay, text, change, readOnly }) {
  /** @type {string | undefined} */
  let course;
  let file = "";
  /** The numbers of the signatories that have a scan. */
  let scans = new Set();
  /** The values that the form shows. */
  let paths = new Set();
  const body = el("div", { class: "fields" });
  const told = el("div", { role: "alert" });
  const element = el("details", { class: "sentences", id: "course-form", ontoggle: () => void refresh() },
    el("summary", {}, t("course_form")), el("div", { class: "stack body" }, el("p", { class: "quiet small" }, t("course_form_hint")), body, told));

  async function refresh() {
    if (!element.open || !course) return;
    try {
      const form = await call("course/form", { course, overlay: overlay() });
      file = form.file;
      draw(form.values);
      fill(told);
    } catch (error) {
      fill(told, findings.refusal(error, null));
    }
  }

  /** @param {Value[]} values */
  function draw(values) {
    const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.dataset["path"] : null;
    paths = new Set(values.map((it) => it.path.join(".")));
    scans = new Set(values.filter((it) => it.path.at(-1) === "signature").map((it) => it.path[1] ?? ""));
    const owner = values.find((it) => it.path[0] === "signatories")?.owner ?? course ?? "";
    fill(body, values.map(field), !readOnly() && el("div", { class: "field" },
      el("button", { type: "button", id: "add-signatory", onclick: () => void addSignatory(owner) }, `+ ${t("key_signatories")}`)));
    if (focused) /** @type {HTMLElement | null} */ (body.querySelector(`[data-path="${CSS.escape(focused)}"]`))?.focus();
  }

  /** Adds a signatory without a name, which the page asks for. @param {string} owner */
  async function addSignatory(owner) {
    await edit(owner, ["signatories"], "", true);
    await refresh();
    const all = /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll('[data-path^="signatories."][data-path$=".name"]'));
    all[all.length - 1]?.focus();
  }

  /** @param {Value} value */
  function field(value) {
    const path = value.path.join(".");
    const name = [heading(value.path), value.owner === "defaults" && t("for_all_courses")].filter(Boolean).join(" · ");
    const isColour = path.startsWith("theme.") && COLOURS.includes(value.path[1] ?? "") && /^#[0-9a-f]{6}$/i.test(value.value);
    const input = el("input", { "data-path": path, value: value.value, disabled: readOnly(), type: isColour ? "color" : "text", onchange: () => void edit(value.owner, value.path, input.value) });
    const isScan = /^signatories\.\d+\.signature$/.test(path);
    const isName = /^signatories\.\d+\.name$/.test(path);
    return el("div", { class: "field" }, labelled(name, input), isScan && scan(value), isName && !readOnly() && [title(value), !scans.has(value.path[1] ?? "") && photo(value)]);
  }

  /** A place for the title of a signatory that has none yet. @param {Value} value the signatory's name */
  function title(value) {
    const path = [...value.path.slice(0, -1), "title"];
    const all = [...paths];
    if (all.some((it) => it === path.join(".") || it.startsWith(`${path.join(".")}.`))) return false;
    const input = el("input", { "data-path": path.join("."), onchange: () => { if (input.value) void edit(value.owner, path, input.value).then(refresh); } });
    return labelled(heading(path), input);
  }

  /** The scan of a signature: what is lifted from it. @param {Value} value */
  function scan(value) {
    const shown = el("img", { alt: t("lifted_ink"), class: "lifted", hidden: true });
    void picture("ink", { name: value.value }).then((address) => {
      shown.onload = () => URL.revokeObjectURL(address);
      shown.src = address;
      shown.hidden = false;
    }, () => undefined);
    return [shown, !readOnly() && photo(value), !readOnly() && nudges(value)];
  }

  /** Size and place of a signature, where the course says nothing of them yet. @param {Value} value */
  function nudges(value) {
    const missing = NUDGES.filter(([key]) => !paths.has([...value.path.slice(0, -1), key].join(".")));
    return el("div", { class: "row nudges" }, missing.map(([key, usual, step]) => {
      const input = el("input", { type: "number", step, placeholder: usual, onchange: () => void edit(value.owner, [...value.path.slice(0, -1), key], input.value) });
      return labelled(t(`nudge_${key}`), input, "few");
    }));
  }

  /** A place for a photo of a signature, whose ink is lifted. @param {Value} value of the same signatory */
  function photo(value) {
    const input = el("input", { type: "file", accept: ".png,.jpg,.jpeg,.webp,.svg", "aria-label": t("drop_scan"), onchange: () => { const [one] = input.files ?? []; if (one) void take(one); } });
    const place = el("label", { class: "drop small" }, el("span", { class: "quiet" }, t("drop_scan")), input);
    place.addEventListener("dragover", (event) => event.preventDefault());
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      const [one] = event.dataTransfer?.files ?? [];
      if (one) void take(one);
    });
    /** @param {File} one */
    async function take(one) {
      try {
        const name = one.name.toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^[-.]+/, "") || "scan.png";
        const added = await send("picture", `signatures/${name}`, one);
        await edit(value.owner, [...value.path.slice(0, -1), "signature"], added.name.replace(/^signatures\//, ""));
      } catch (error) {
        fill(told, findings.refusal(error, null));
      }
    }
    return place;
  }

  /**
   * @param {string} owner
   * @param {string[]} path
   * @param {string} value
   * @param {boolean} [isItem] whether a map with this name is added to the list at the path
   */
  async function edit(owner, path, value, isItem = false) {
    try {
      const before = await text(file);
      const edited = await call("course/edit", { file, text: before, course: owner, path, value, is_item: isItem });
      // The text may have changed meanwhile: then the change is made in what it is by now.
      if ((await text(file)) === before) change(file, edited.text);
      else await edit(owner, path, value, isItem);
    } catch (error) {
      fill(told, findings.refusal(error, null));
    }
  }

  /** The name of a value: its key in words, and its language. @param {string[]} path */
  function heading(path) {
    const parts = path.map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : part));
    const [first = "", ...rest] = parts;
    const words = rest.map((part) => (/^[a-z]{2,3}(-\w+)*$/.test(part) && part !== "ink" ? languageName(part) : part));
    const key = `key_${first}`;
    return [t(key) === key ? first : t(key), ...words].join(" · ");
  }

  return {
    element,
    /** @param {import("./api.js").Preview} preview */
    show(preview) {
      course = preview.course ?? course;
      void refresh();
    },
    /** Gives the course that is shown a layout. @param {string} layout */
    async use(layout) {
      if (!course) return;
      const form = await call("course/form", { course, overlay: overlay() });
      file = form.file;
      await edit(course, ["layout"], layout);
    },
  };
}
