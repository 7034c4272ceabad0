// The editor of the site's text files. What is typed is previewed at once and written when it is saved; a file
// that another program changed meanwhile is shown, and neither of both texts is lost.

import { Refused, call } from "./api.js";
import { el, fill, labelled, say } from "./dom.js";
import { History } from "./history.js";
import { merge } from "./merge.js";
import { t } from "./texts.js";

/** @typedef {{ name: string, text: string, saved: string, version: string | null, own: boolean, history: History }} OpenFile */
/** @typedef {import("./api.js").Finding} Finding */

/** What is on the disk of a file that is not there: no text is this one. */
const UNWRITTEN = "\u0000";

/**
 * @param {{ typed: () => void, readOnly: () => boolean }} with_ `typed` is called after each change of a text
 */
export function createEditor({ typed, readOnly }) {
  /** The files that were opened, with what was typed into each. @type {Map<string, OpenFile>} */
  const files = new Map();
  /** @type {OpenFile | null} */
  let current = null;
  /** @type {{ name: string, own: boolean }[]} */
  let known = [];
  /** @type {Finding[]} */
  let findings = [];

  const select = /** @type {HTMLSelectElement} */ (el("select", { id: "file", onchange: () => open(select.value, 1) }));
  const lines = el("div", { class: "lines", "aria-hidden": "true" });
  const area = el("textarea", { id: "text", spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off", oninput: change, onscroll: () => { lines.scrollTop = area.scrollTop; }, onkeydown: key });
  const state = el("p", { class: "state", role: "status" });
  const save = el("button", { type: "button", class: "main", id: "save", onclick: () => store() }, t("save"));
  const revert = el("button", { type: "button", onclick: drop }, t("revert"));
  const undo = el("button", { type: "button", class: "icon", id: "undo", title: t("undo"), "aria-label": t("undo"), onclick: () => step("undo") }, "↶");
  const redo = el("button", { type: "button", class: "icon", id: "redo", title: t("redo"), "aria-label": t("redo"), onclick: () => step("redo") }, "↷");
  const conflict = el("div", { class: "conflict", role: "alert", hidden: true });
  const element = el("section", { class: "editor", "aria-label": t("files") },
    el("div", { class: "tools" }, labelled(t("file"), select), undo, redo, save, revert),
    state, el("div", { class: "text" }, lines, area), conflict);

  function change() {
    if (!current) return;
    current.history.note(current.text, "typing");
    current.text = area.value;
    refresh();
    typed();
  }

  /** Keys of the editor, which the page has too: true if it was one. @param {KeyboardEvent} event */
  function key(event) {
    const letter = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : "";
    if (letter === "s") void store();
    else if (letter === "z") step(event.shiftKey ? "redo" : "undo");
    else if (letter === "y") step("redo");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {"undo" | "redo"} way */
  function step(way) {
    if (!current || readOnly()) return;
    const text = current.history[way](current.text);
    if (text === null) return;
    current.text = text;
    put(text);
    refresh();
    say(t(way === "undo" ? "undone" : "redone"));
    typed();
  }

  /** Shows a text, with the cursor and the lines where they were. @param {string} text */
  function put(text) {
    const { scrollTop, selectionStart } = area;
    area.value = text;
    area.setSelectionRange(selectionStart, selectionStart);
    area.scrollTop = scrollTop;
  }

  /**
   * Opens a file, and puts the cursor on a line.
   * @param {string} name
   * @param {number} line
   */
  async function open(name, line) {
    try {
      if (!files.has(name)) {
        const read = await call("read", { name });
        files.set(name, { name, text: read.text, saved: read.text, version: read.version, own: read.own, history: new History() });
      }
    } catch (error) {
      fill(state, error instanceof Error ? error.message : String(error));
      state.className = "state bad";
      return;
    }
    current = files.get(name) ?? null;
    if (!current) return;
    conflict.hidden = true;
    area.value = current.text;
    refresh();
    const start = current.text.split("\n").slice(0, line - 1).reduce((sum, it) => sum + it.length + 1, 0);
    const end = current.text.indexOf("\n", start);
    if (line > 1) {
      area.focus();
      area.setSelectionRange(start, end < 0 ? current.text.length : end);
      const height = area.scrollHeight / Math.max(1, current.text.split("\n").length);
      area.scrollTop = Math.max(0, (line - 4) * height);
    }
  }

  function refresh() {
    const options = known.some((it) => it.name === current?.name) || !current ? known : [...known, current];
    const group = (/** @type {boolean} */ own) => options.filter((it) => it.own === own).map(({ name }) =>
      el("option", { value: name, selected: name === current?.name }, isDirty(name) ? `${name} •` : name));
    // Made anew only where something changed: each keystroke comes here.
    const listed = options.map(({ name, own }) => `${name} ${own} ${isDirty(name)}`).join("\n");
    if (select.dataset["listed"] !== listed) {
      select.dataset["listed"] = listed;
      fill(select, el("optgroup", { label: t("own_files") }, group(true)), el("optgroup", { label: t("built_in_files") }, group(false)));
    }
    if (!current) return;
    select.value = current.name;
    area.readOnly = readOnly();
    area.setAttribute("aria-label", t("text_of", { file: current.name }));
    const own = findings.filter((it) => it.place?.file === current?.name);
    const count = current.text.split("\n").length;
    const numbered = `${count} ${own.map((it) => `${it.place?.line} ${it.severity}`).join()}`;
    if (lines.dataset["numbered"] !== numbered) {
      lines.dataset["numbered"] = numbered;
      fill(lines, Array.from({ length: count }, (_, at) => {
        const found = own.find((it) => it.place?.line === at + 1);
        return el("span", { class: found && (found.severity === "error" ? "bad" : "warn") }, at + 1);
      }));
    }
    lines.scrollTop = area.scrollTop;
    const dirty = isDirty(current.name);
    save.disabled = readOnly() || ![...files.keys()].some(isDirty);
    revert.disabled = !dirty;
    undo.disabled = readOnly() || !current.history.canUndo();
    redo.disabled = readOnly() || !current.history.canRedo();
    state.className = dirty ? "state dirty" : "state";
    fill(state, dirty ? t("not_saved") : current.own ? t("saved") : t("built_in_hint"));
  }

  /** @param {string} name */
  function isDirty(name) {
    const file = files.get(name);
    return Boolean(file && file.text !== file.saved);
  }

  /** Saves all that was changed. */
  async function store() {
    const changed = [...files.values()].filter((file) => isDirty(file.name));
    if (changed.length === 0 || readOnly()) return;
    for (const file of changed) {
      const { name, text, version } = file;
      try {
        const saved = await call("save", { name, text, version });
        Object.assign(file, { saved: text, version: saved.version, own: true });
        say(t("saved"));
      } catch (error) {
        if (error instanceof Refused && error.body?.error === "conflict") {
          await open(name, 1);
          clash(file, error.body.text, error.body.version);
        } else {
          fill(state, error instanceof Error ? error.message : String(error));
          state.className = "state bad";
        }
        return;
      }
    }
    await list();
    typed();
  }

  /**
   * Shows what the file is by now, and lets the user choose.
   * @param {OpenFile} file
   * @param {string | null} text
   * @param {string | null} version
   */
  function clash(file, text, version) {
    conflict.hidden = false;
    const take = () => {
      Object.assign(file, { text: text ?? "", saved: text ?? "", version });
      conflict.hidden = true;
      void open(file.name, 1);
      typed();
    };
    const keep = () => {
      Object.assign(file, { saved: text ?? UNWRITTEN, version });
      conflict.hidden = true;
      void store();
    };
    fill(conflict, el("h2", { class: "minor" }, t("conflict")),
      el("p", {}, text === null ? t("conflict_gone") : t("conflict_changed", { file: file.name })),
      text !== null && el("pre", { tabindex: "0", "aria-label": t("text_on_disk") }, text),
      el("div", { class: "row" },
        el("button", { type: "button", onclick: take }, t("take_theirs")),
        el("button", { type: "button", onclick: keep }, t("keep_mine"))));
  }

  function drop() {
    if (!current) return;
    current.history.note(current.text, "revert");
    current.text = current.saved === UNWRITTEN ? "" : current.saved;
    area.value = current.text;
    refresh();
    typed();
  }

  async function list() {
    try { known = await call("files"); } catch { /* a site that cannot be opened keeps its list */ }
    refresh();
  }

  return {
    element,
    open,
    list,
    /** Opens a file that does not exist yet. @param {string} name @param {string} text */
    begin(name, text) {
      files.set(name, { name, text, saved: UNWRITTEN, version: null, own: true, history: new History() });
      void open(name, 1);
      typed();
    },
    /** The text of a file as it is here. @param {string} name */
    async text(name) {
      if (!files.has(name)) await open(name, 1);
      return files.get(name)?.text ?? "";
    },
    /** Changes the text of a file. @param {string} name @param {string} text @param {string} [cause] */
    change(name, text, cause = "form") {
      const file = files.get(name);
      if (!file || file.text === text) return;
      file.history.note(file.text, cause);
      file.text = text;
      if (file === current) put(text);
      else void open(name, 1);
      refresh();
      typed();
    },
    /** Puts a text where the cursor is. @param {string} text */
    insert(text) {
      if (!current || area.readOnly) return;
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.focus();
      change();
    },
    /** The texts that are not saved. @returns {Record<string, string>} */
    overlay() {
      const dirty = [...files.values()].filter((file) => file.text !== file.saved);
      return Object.fromEntries(dirty.map(({ name, text }) => [name, text]));
    },
    /** Marks the lines with findings. @param {Finding[]} found */
    mark(found) {
      findings = found;
      refresh();
    },
    /** Reads what another program saved; what was typed here stays. */
    async reload() {
      await Promise.all([...files.values()].map(async (file) => {
        try {
          const read = await call("read", { name: file.name });
          if (read.version === file.version) return;
          // Changes of other lines are taken together; of the same ones, both are shown.
          const both = merge(file.saved, file.text, read.text);
          if (both === null) {
            if (file === current) clash(file, read.text, read.version);
            return;
          }
          if (file.text !== file.saved) say(t("merged"));
          // What is undone is undone in what the file is by now.
          file.history = new History();
          Object.assign(file, { text: both, saved: read.text, version: read.version, own: read.own });
        } catch { /* the file is gone: saving says so */ }
      }));
      if (current && area.value !== current.text) put(current.text);
      await list();
    },
    key,
    store,
    hasUnsaved: () => [...files.keys()].some(isDirty),
  };
}
