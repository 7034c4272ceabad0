// The certificate: its switches, its picture, and what is wrong with it.

import { Refused, call, download } from "./api.js";
import { choices, el, fill, labelled, say } from "./dom.js";
import * as findings from "./findings.js";
import { spots, texts } from "./overlay.js";
import { languageName, t } from "./texts.js";

/** @typedef {import("./api.js").Preview} Preview */
/** @typedef {import("./api.js").SiteState} SiteState */
/** @typedef {import("./api.js").Wish} Wish */

/** The width of a page on the screen: of the stage, or in CSS pixels for a point. */
const ZOOMS = ["fit", "0.75", "1", "1.5", "2", "3"];

/**
 * The view of a certificate.
 * @param {{ overlay: () => Record<string, string>, go: (file: string, line: number) => void,
 *   found: (shown: Preview) => void, laid: (sheet: Element) => void }} with_ `laid` is given the first page as it is shown
 */
export function createPreview({ overlay, go, found, laid }) {
  /** @type {Wish} */
  const wish = {};
  let zoom = "fit";
  const show = { slots: false, ink: false };
  /** @type {Preview | null} */
  let good = null;
  /** @type {Preview | null} */
  let last = null;
  let isBusy = false;
  let isWanted = false;
  /** @type {SiteState | null} */
  let site = null;

  const course = /** @type {HTMLSelectElement} */ (el("select", { id: "course", onchange: () => set({ course: course.value || undefined, language: undefined, layout: undefined, paper: undefined, signatories: undefined }) }));
  const layout = /** @type {HTMLSelectElement} */ (el("select", { id: "layout", onchange: () => set({ layout: layout.value || undefined, paper: undefined }) }));
  const language = /** @type {HTMLSelectElement} */ (el("select", { id: "language", onchange: () => set({ language: language.value }) }));
  const paper = /** @type {HTMLSelectElement} */ (el("select", { id: "paper", onchange: () => set({ paper: paper.value }) }));
  const name = el("input", { id: "name", list: "names", autocomplete: "off", oninput: () => set({ name: name.value.trim() || undefined }) });
  const names = el("datalist", { id: "names" });
  const grade = el("input", { id: "grade", autocomplete: "off", oninput: () => set({ grade: grade.value.trim() || undefined }) });
  const signatories = el("input", { id: "signatories", type: "number", min: "0", max: "12", oninput: () => set({ signatories: signatories.value === "" ? undefined : Number(signatories.value) }) });
  const magnify = /** @type {HTMLSelectElement} */ (el("select", { id: "zoom", onchange: () => { zoom = magnify.value; size(); request(); } }));
  const stage = el("div", { class: "stage", id: "stage", tabindex: "0", role: "region", "aria-label": t("certificate") });
  const read = el("div", { class: "body" });
  const list = el("details", { class: "sentences", id: "page-texts" }, el("summary", {}, t("page_texts")), read);
  const told = el("details", { class: "found", open: true, hidden: true }, el("summary", {}), el("div", {}));

  const slots = el("button", { type: "button", "aria-pressed": "false", onclick: () => toggle(slots, "slots") }, t("show_slots"));
  const ink = el("button", { type: "button", "aria-pressed": "false", onclick: () => toggle(ink, "ink") }, t("show_ink"));
  const pdf = el("button", { type: "button", onclick: () => keep("pdf") }, "PDF");
  const png = el("button", { type: "button", onclick: () => keep("png") }, "PNG");
  const strain = el("button", { type: "button", title: t("strain_hint"), onclick: next }, t("strain"));

  const element = el("section", { class: "view", "aria-label": t("preview") },
    el("div", { class: "switches" },
      labelled(t("course"), course, "course"), labelled(t("layout"), layout), labelled(t("language"), language),
      labelled(t("paper"), paper), labelled(t("name"), name), names, labelled(t("grade"), grade, "few"),
      labelled(t("signatories"), signatories, "few"),
      el("div", { class: "tools-line" }, strain, slots, ink,
        el("span", { class: "push" }), labelled(t("zoom"), magnify), pdf, png)),
    stage, told);

  /** @param {Partial<Wish>} change */
  function set(change) {
    Object.assign(wish, change);
    request();
  }

  /** The next of the names that strain a page. */
  function next() {
    const all = site?.names ?? [];
    const at = all.indexOf(name.value || all[0] || "");
    name.value = all[(at + 1) % all.length] ?? "";
    set({ name: name.value });
  }

  /**
   * @param {HTMLElement} button
   * @param {"slots" | "ink"} what
   */
  function toggle(button, what) {
    show[what] = !show[what];
    button.setAttribute("aria-pressed", String(show[what]));
    if (good) lay(good);
  }

  /** Asks for a new picture: at once, or as soon as the one before is there. */
  async function request() {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    while (isWanted) {
      isWanted = false;
      const asked = { ...wish, pixels_per_inch: resolution(), overlay: overlay() };
      try {
        await shown(await call("preview", asked));
      } catch (error) {
        if (error instanceof Refused) report(error.findings);
        else say(t("no_answer"));
      }
    }
    isBusy = false;
  }

  function resolution() {
    const scale = zoom === "fit" ? 1.4 : Number(zoom);
    return Math.round(Math.min(300, 72 * scale * Math.max(1, window.devicePixelRatio)));
  }

  /** @param {Preview} preview */
  async function shown(preview) {
    last = preview;
    report([...preview.findings, ...(preview.warnings ?? [])]);
    found(preview);
    stage.classList.toggle("stale", preview.pages.length === 0);
    element.dataset["generation"] = String(preview.generation);
    if (preview.pages.length === 0) return;
    // The picture is unpacked before it takes the place of the one before, so that nothing flickers.
    const images = preview.pages.map(({ url }) => el("img", { src: url, alt: t("picture_of_page") }));
    await Promise.all(images.map((image) => image.decode().catch(() => undefined)));
    good = preview;
    switches(preview);
    if (stage.childElementCount !== images.length || !stage.querySelector(".sheet")) {
      fill(stage, images.map((image) => el("div", { class: "sheet" }, image)));
    } else {
      images.forEach((image, at) => stage.children[at]?.querySelector("img")?.replaceWith(image));
    }
    size();
    lay(preview);
    stage.dataset["shown"] = String(Number(stage.dataset["shown"] ?? 0) + 1);
  }

  /** Lays the spots over the pages. @param {Preview} preview */
  function lay(preview) {
    stage.classList.toggle("slots", show.slots);
    preview.pages.forEach((page, at) => {
      const sheet = stage.children[at];
      if (!sheet) return;
      const outlines = (preview.outlines ?? []).filter((it) => it.page === at);
      const seen = el("div", { class: "spots", "aria-hidden": "true" });
      seen.append(...spots(outlines, page, { ink: show.ink, findings: preview.findings, go }));
      sheet.querySelector(".spots")?.remove();
      sheet.append(seen);
    });
    if (stage.firstElementChild) laid(stage.firstElementChild);
    const key = JSON.stringify((preview.outlines ?? []).map(({ name, place }) => [name, place?.file, place?.line]));
    if (read.dataset["shown"] === key) return;
    read.dataset["shown"] = key;
    fill(read, texts(preview.outlines ?? [], go));
  }

  function size() {
    (good?.pages ?? []).forEach(({ width, height }, at) => {
      const sheet = /** @type {HTMLElement | undefined} */ (stage.children[at]);
      if (!sheet) return;
      const room = stage.clientWidth - 48;
      const tall = (stage.clientHeight - 48) * (width / height);
      const wide = zoom === "fit" ? Math.max(240, Math.min(room, tall)) : width * Number(zoom) * (96 / 72);
      sheet.style.setProperty("--wide", `${wide}px`);
      sheet.style.setProperty("--ratio", `${width} / ${height}`);
    });
  }
  new ResizeObserver(size).observe(stage);

  /** @param {import("./api.js").Finding[]} all */
  function report(all) {
    const errors = all.filter((it) => it.severity === "error").length;
    const warnings = all.length - errors;
    const text = errors > 0 ? t("errors", { count: errors }) : t("warnings", { count: warnings });
    told.hidden = all.length === 0;
    const [summary, body] = told.children;
    if (!summary || !body) return;
    summary.className = errors > 0 ? "bad" : "warn";
    fill(summary, text);
    fill(body, findings.list(all, go));
    if (errors > 0) told.open = true;
    say(all.length > 0 ? text : t("page_is_sound"));
  }

  /** Shows in the switches what the page has. @param {Preview} preview */
  function switches(preview) {
    const none = t("as_the_course_says");
    choices(course, [["", t("sample_of_layout")], .../** @type {[string, string][]} */ ((site?.courses ?? []).map((it) => [it.id, it.title]))], preview.course && site?.courses.some((it) => it.id === preview.course) ? preview.course : "");
    choices(layout, [["", none], .../** @type {[string, string][]} */ ((site?.layouts ?? []).map((it) => [it, it]))], wish.layout ?? "");
    choices(language, (preview.languages ?? []).map((tag) => [tag, `${languageName(tag)} (${tag})`]), preview.language ?? "");
    choices(paper, (preview.papers ?? []).map((it) => [it, it]), wish.paper ?? preview.papers?.[0] ?? "");
    choices(magnify, ZOOMS.map((it) => [it, it === "fit" ? t("zoom_fit") : `${Number(it) * 100} %`]), zoom);
    signatories.placeholder = String(preview.signatories ?? "");
    signatories.max = String(preview.maxSignatories ?? 12);
  }

  /** @param {"pdf" | "png"} format */
  async function keep(format) {
    try {
      await download(`draft.${format}`, { ...wish, overlay: overlay() }, `draft.${format}`);
    } catch (error) {
      if (error instanceof Refused) report(error.findings);
    }
  }

  return {
    element,
    /** The texts of the page, as a list. */
    list,
    request,
    /** Shows a layout; none is that of the course. @param {string | undefined} name */
    layout(name) {
      set({ layout: name, paper: undefined });
    },
    /** Whether the slots are moved on the page, and its texts lead nowhere. @param {boolean} isOn */
    edit(isOn) {
      stage.classList.toggle("editing", isOn);
    },
    /** Shows another language. @param {string} tag */
    language(tag) {
      set({ language: tag });
    },
    /** @param {SiteState} state */
    site(state) {
      site = state;
      fill(names, state.names.map((it) => el("option", { value: it })));
      if (!wish.course && state.courses[0]) wish.course = state.courses[0].id;
      if (wish.course && !state.courses.some((it) => it.id === wish.course)) wish.course = state.courses[0]?.id;
      if (last) switches(last);
    },
  };
}
