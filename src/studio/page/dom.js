// Elements, made without markup: no text of a file or a person is ever read as HTML.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Makes an element. A property that begins with `on` is a listener; `class`, `for`, `data-…` and `aria-…` are
 * attributes; `true` is an attribute without a value; everything else is a property or an attribute as well.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name === "value" || name === "checked" || name === "indeterminate") {
      Reflect.set(element, name, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  // A browser that fills in forms asks for a name of each field.
  if (/^(input|select|textarea)$/.test(tag) && !element.id) element.setAttribute("name", "field");
  add(element, children);
  return element;
}

/**
 * @param {Element} parent
 * @param {(Child | Child[])[]} children
 */
export function add(parent, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Replaces what is in an element.
 * @param {Element} parent
 * @param {...(Child | Child[])} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  add(parent, children);
}

/**
 * A select whose options are made anew without losing what is chosen.
 * @param {HTMLSelectElement} select
 * @param {[value: string, text: string][]} options
 * @param {string} value
 */
export function choices(select, options, value) {
  const same = select.options.length === options.length
    && options.every(([own, text], at) => select.options[at]?.value === own && select.options[at]?.text === text);
  if (!same) fill(select, options.map(([own, text]) => el("option", { value: own }, text)));
  select.value = value;
}

/**
 * A control with its name above it.
 * @param {string} name
 * @param {HTMLElement} control
 * @param {string} [kind] a class
 */
export function labelled(name, control, kind) {
  return el("label", { class: kind }, el("span", { class: "name" }, name), control);
}

/**
 * Says something to a screen reader.
 * @param {string} text
 */
export function say(text) {
  const said = document.getElementById("said");
  if (said && said.textContent !== text) said.textContent = text;
}
