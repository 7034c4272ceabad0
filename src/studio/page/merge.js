// Two changes of one text are taken together, if they are of different lines.

/** The most lines of a part that both changed that are compared. */
const MAX_LINES = 2_000;

/**
 * The text with the changes of both; `null` if they changed the same lines.
 * @param {string} base
 * @param {string} mine
 * @param {string} theirs
 * @returns {string | null}
 */
export function merge(base, mine, theirs) {
  if (mine === base || mine === theirs) return theirs;
  if (theirs === base) return mine;
  const lines = base.split("\n");
  const own = changes(lines, mine.split("\n"));
  const other = changes(lines, theirs.split("\n"));
  if (!own || !other) return null;
  const all = [...own, ...other].sort((one, two) => one.start - two.start || one.end - two.end);
  for (const [at, change] of all.entries()) {
    const next = all[at + 1];
    // Lines beside each other may be replaced, but where something is inserted, its order is not known.
    const isInserted = change.start === change.end || next?.start === next?.end;
    if (next && (next.start < change.end || (isInserted && next.start === change.end))) return null;
  }
  const merged = [];
  let at = 0;
  for (const { start, end, text } of all) {
    merged.push(...lines.slice(at, start), ...text);
    at = end;
  }
  return [...merged, ...lines.slice(at)].join("\n");
}

/**
 * Which lines were replaced by which.
 * @param {string[]} before
 * @param {string[]} after
 * @returns {{ start: number, end: number, text: string[] }[] | null}
 */
function changes(before, after) {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const [old, now] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  if (old.length > MAX_LINES || now.length > MAX_LINES) return null;
  // The longest common subsequence of what differs.
  const wide = now.length + 1;
  const length = new Uint16Array((old.length + 1) * wide);
  const get = (/** @type {number} */ one, /** @type {number} */ other) => length[one * wide + other] ?? 0;
  for (let one = old.length - 1; one >= 0; one -= 1) {
    for (let other = now.length - 1; other >= 0; other -= 1) {
      length[one * wide + other] = old[one] === now[other] ? get(one + 1, other + 1) + 1 : Math.max(get(one + 1, other), get(one, other + 1));
    }
  }
  const found = [];
  let [one, other] = [0, 0];
  while (one < old.length || other < now.length) {
    if (one < old.length && other < now.length && old[one] === now[other]) {
      one += 1;
      other += 1;
      continue;
    }
    const [start, from] = [one, other];
    while ((one < old.length || other < now.length) && !(one < old.length && other < now.length && old[one] === now[other])) {
      if (other >= now.length || (one < old.length && get(one + 1, other) >= get(one, other + 1))) one += 1;
      else other += 1;
    }
    found.push({ start: head + start, end: head + one, text: now.slice(from, other) });
  }
  return found;
}
