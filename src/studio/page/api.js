// The calls of the studio's own server. Addresses are relative: the token is a part of the page's address.

/**
 * @typedef {{ file: string, line: number | null, column: number | null,
 *   excerpt: { text: string, column: number, width: number } | null }} Place
 * @typedef {{ severity: "error" | "warning", kind: string, message: string, help: string | null,
 *   place: Place | null, code?: string, values?: Record<string, string> }} Finding
 * @typedef {{ page: number, label: string | null, name: string, slot: number[], ink: number[] | null,
 *   place: Place | null }} Outline
 * @typedef {{ url: string, width: number, height: number }} PagePicture
 * @typedef {{ pages: PagePicture[], findings: Finding[], warnings?: Finding[], outlines?: Outline[],
 *   generation: number, language?: string, layout?: string, course?: string, languages?: string[],
 *   papers?: string[], signatories?: number, maxSignatories?: number }} Preview
 * @typedef {{ course?: string, layout?: string, language?: string, paper?: string, name?: string,
 *   grade?: string, signatories?: number, pixels_per_inch?: number, overlay?: Record<string, string> }} Wish
 * @typedef {{ id: string, title: string, layout: string, language: string }} Course
 * @typedef {{ folder: string, isSite: boolean, readOnly: boolean, languages: string[], names: string[],
 *   generation: number, courses: Course[], layouts: string[], findings: Finding[] }} SiteState
 */

/** An answer that says what is wrong. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {any} body
   */
  constructor(status, body) {
    const findings = /** @type {Finding[]} */ (body?.findings ?? []);
    super(findings[0]?.message ?? body?.error ?? `HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.findings = findings;
  }
}

/**
 * @param {string} path
 * @param {BodyInit} body
 * @param {string} type
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response>}
 */
async function post(path, body, type, signal) {
  const answer = await fetch(`api/${path}`, {
    method: "POST", body, signal: signal ?? null, cache: "no-store", credentials: "omit", headers: { "Content-Type": type },
  });
  if (answer.ok) return answer;
  const text = await answer.text();
  let told;
  try { told = JSON.parse(text); } catch { told = { error: text.trim() }; }
  throw new Refused(answer.status, told);
}

/**
 * Calls an address with an object, and returns the object of its answer.
 * @param {string} path
 * @param {unknown} [wish]
 * @returns {Promise<any>}
 */
export async function call(path, wish = {}) {
  return (await post(path, JSON.stringify(wish), "application/json")).json();
}

/**
 * Sends a file.
 * @param {string} path
 * @param {string} name
 * @param {Blob} file
 * @returns {Promise<any>}
 */
export async function send(path, name, file) {
  const address = `${path}?name=${encodeURIComponent(name)}`;
  return (await post(address, file, "application/octet-stream")).json();
}

/**
 * Fetches a picture, and returns an address of it.
 * @param {string} path
 * @param {unknown} wish
 */
export async function picture(path, wish) {
  return URL.createObjectURL(await (await post(path, JSON.stringify(wish), "application/json")).blob());
}

/**
 * Fetches a file that the server makes, and hands it to the user.
 * @param {string} path
 * @param {unknown} wish
 * @param {string} name
 */
export async function download(path, wish, name) {
  const answer = await post(path, JSON.stringify(wish), "application/json");
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Listens for changes of the site.
 * @param {(generation: number) => void} changed
 * @param {(isOpen: boolean) => void} connected
 */
export function listen(changed, connected) {
  const source = new EventSource("api/events");
  source.addEventListener("changed", (event) => changed(Number(event.data)));
  source.addEventListener("open", () => connected(true));
  source.addEventListener("error", () => connected(false));
}
