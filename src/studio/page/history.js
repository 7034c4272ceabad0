// What was changed, step by step, so that it can be undone and done again.

/** Changes of one cause within this time are one step; those of one drag are, however long it takes. */
const PAUSE = 700;
const MAX_STEPS = 200;

/** The history of one text. */
export class History {
  /** @type {string[]} */
  #before = [];
  /** @type {string[]} */
  #after = [];
  #last = 0;
  #cause = "";

  /**
   * Notes the text before a change.
   * @param {string} text
   * @param {string} cause what changes it
   */
  note(text, cause) {
    const now = Date.now();
    const isNear = now - this.#last < PAUSE || cause.startsWith("drag");
    const isSame = cause === this.#cause && isNear && this.#before.length > 0;
    this.#last = now;
    this.#cause = cause;
    this.#after = [];
    if (isSame) return;
    this.#before.push(text);
    if (this.#before.length > MAX_STEPS) this.#before.shift();
  }

  /** The text before the last step; `null` if there is none. @param {string} now */
  undo(now) {
    return this.#move(this.#before, this.#after, now);
  }

  /** The text after the step that was undone last. @param {string} now */
  redo(now) {
    return this.#move(this.#after, this.#before, now);
  }

  canUndo() {
    return this.#before.length > 0;
  }

  canRedo() {
    return this.#after.length > 0;
  }

  /**
   * @param {string[]} from
   * @param {string[]} to
   * @param {string} now
   */
  #move(from, to, now) {
    const text = from.pop();
    if (text === undefined) return null;
    to.push(now);
    this.#cause = "";
    return text;
  }
}
