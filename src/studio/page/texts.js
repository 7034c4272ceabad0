// The texts of the page in the language of its reader.

/** @type {Record<string, string>} */
let texts = {};
/** Those of the language itself, without the English ones in place of what it lacks. @type {Record<string, string>} */
let own = {};
let language = "en";

const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];

/**
 * A text, with its values in place of `{name}`.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

/**
 * A text that the language of the page has of its own; English is said by the server, more exactly.
 * @param {string} key
 * @param {Record<string, string>} [values]
 */
export const known = (key, values) => (language !== "en" && Object.hasOwn(own, key) ? t(key, values) : null);

/**
 * Loads a language, or English if the page does not speak it.
 * @param {string[]} known
 * @param {string | null} wanted
 */
export async function load(known, wanted) {
  language = choose(known, wanted);
  texts = await (await fetch(`texts/en.json`)).json();
  own = language === "en" ? texts : await (await fetch(`texts/${language}.json`)).json();
  texts = { ...texts, ...own };
  document.documentElement.lang = language;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(language.split("-")[0] ?? "") ? "rtl" : "ltr";
  try { localStorage.setItem("language", language); } catch { /* a browser that keeps nothing */ }
}

/** The language that the page speaks now. */
export const spoken = () => language;

/** The own names of languages whose names browsers lack. */
const OWN_NAMES = { hy: "հայերեն", id: "Bahasa Indonesia", ka: "ქართული" };

/**
 * The name of a language, in the language of the page unless another one is named.
 * @param {string} tag
 * @param {string} [within]
 */
export function languageName(tag, within = language) {
  const own = within === tag && OWN_NAMES[/** @type {keyof typeof OWN_NAMES} */ (tag)];
  if (own) return own;
  try {
    return new Intl.DisplayNames([within], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/**
 * @param {string[]} known
 * @param {string | null} wanted
 */
function choose(known, wanted) {
  let kept = null;
  try { kept = localStorage.getItem("language"); } catch { /* as above */ }
  for (const tag of [wanted, kept, ...navigator.languages]) {
    if (!tag) continue;
    const own = known.find((it) => it.toLowerCase() === tag.toLowerCase())
      ?? known.find((it) => written(it) === written(tag));
    if (own) return own;
  }
  return "en";
}

/**
 * The language and the script of a tag: `zh-Hant` of `zh-TW`.
 * @param {string} tag
 */
function written(tag) {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    return `${language}-${script}`;
  } catch {
    return tag;
  }
}
