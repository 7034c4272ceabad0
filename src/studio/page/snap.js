// Where a slot that is moved comes to lie: at the edges and the middles of the others and of the paper, else on the grid.

/** @typedef {{ x: number, y: number, width: number, height: number }} Area */
/** @typedef {{ width: number, height: number }} Paper */
/** A line at which something was aligned. @typedef {{ axis: "x" | "y", at: number }} Guide */

/** Tenths of a millimetre. @param {number} value */
export const rounded = (value) => Math.round(value * 10) / 10;

/**
 * The places of one axis at which a slot is aligned.
 * @param {Area[]} others
 * @param {Paper} paper
 * @param {"x" | "y"} axis
 */
function targets(others, paper, axis) {
  const side = axis === "x" ? "width" : "height";
  const whole = paper[side];
  return [0, whole / 2, whole, ...others.flatMap((it) => [it[axis], it[axis] + it[side] / 2, it[axis] + it[side]])];
}

/**
 * How far a set of edges is to be moved so that one of them lies at a target, or the first on the grid.
 * @param {number[]} edges
 * @param {number[]} at
 * @param {number} reach
 * @param {number} grid
 * @returns {{ by: number, at: number | null }}
 */
function nearest(edges, at, reach, grid) {
  /** @type {{ by: number, at: number | null }} */
  let best = { by: Infinity, at: null };
  for (const edge of edges) {
    for (const target of at) {
      if (Math.abs(target - edge) < Math.abs(best.by)) best = { by: target - edge, at: target };
    }
  }
  if (Math.abs(best.by) <= reach) return best;
  const [first = 0] = edges;
  return { by: grid > 0 ? Math.round(first / grid) * grid - first : 0, at: null };
}

/**
 * A moved slot.
 * @param {Area} area
 * @param {Area[]} others
 * @param {Paper} paper
 * @param {number} reach
 * @param {number} grid
 * @returns {{ area: Area, guides: Guide[] }}
 */
export function moved(area, others, paper, reach, grid) {
  const across = nearest([area.x, area.x + area.width / 2, area.x + area.width], targets(others, paper, "x"), reach, grid);
  const down = nearest([area.y, area.y + area.height / 2, area.y + area.height], targets(others, paper, "y"), reach, grid);
  return { area: { ...area, x: rounded(area.x + across.by), y: rounded(area.y + down.by) }, guides: guides(across.at, down.at) };
}

/**
 * A slot of which some edges were moved: `n`, `e`, `s`, `w` in `edges`.
 * @param {Area} area
 * @param {string} edges
 * @param {Area[]} others
 * @param {Paper} paper
 * @param {number} reach
 * @param {number} grid
 * @returns {{ area: Area, guides: Guide[] }}
 */
export function resized(area, edges, others, paper, reach, grid) {
  let { x, y, width, height } = area;
  /** @param {"x" | "y"} axis @param {number} edge */
  const snap = (axis, edge) => nearest([edge], targets(others, paper, axis), reach, grid);
  /** @type {number | null} */
  let across = null;
  /** @type {number | null} */
  let down = null;
  if (edges.includes("w")) { const it = snap("x", x); across = it.at; x += it.by; width -= it.by; }
  if (edges.includes("e")) { const it = snap("x", x + width); across = it.at; width += it.by; }
  if (edges.includes("n")) { const it = snap("y", y); down = it.at; y += it.by; height -= it.by; }
  if (edges.includes("s")) { const it = snap("y", y + height); down = it.at; height += it.by; }
  const made = { x: rounded(x), y: rounded(y), width: Math.max(1, rounded(width)), height: Math.max(1, rounded(height)) };
  return { area: made, guides: guides(across, down) };
}

/**
 * @param {number | null} across
 * @param {number | null} down
 * @returns {Guide[]}
 */
function guides(across, down) {
  /** @type {Guide[]} */
  const found = [];
  if (across !== null) found.push({ axis: "x", at: across });
  if (down !== null) found.push({ axis: "y", at: down });
  return found;
}

/**
 * Slots aligned to the first of them, or one to the paper.
 * @param {Area[]} areas
 * @param {"left" | "center" | "right" | "top" | "middle" | "bottom"} how
 * @param {Paper} paper
 * @returns {Area[]}
 */
export function aligned(areas, how, paper) {
  const [first] = areas;
  if (!first) return [];
  const model = areas.length > 1 ? first : { x: 0, y: 0, ...paper };
  return areas.map((area) => {
    const made = { ...area };
    if (how === "left") made.x = model.x;
    if (how === "center") made.x = model.x + (model.width - area.width) / 2;
    if (how === "right") made.x = model.x + model.width - area.width;
    if (how === "top") made.y = model.y;
    if (how === "middle") made.y = model.y + (model.height - area.height) / 2;
    if (how === "bottom") made.y = model.y + model.height - area.height;
    return { ...made, x: rounded(made.x), y: rounded(made.y) };
  });
}
