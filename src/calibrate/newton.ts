/** A convex function at one point: its value, its gradient, and its Hessian row by row. */
export interface Local {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
}

/**
 * Minimises a strictly convex, smooth function of a few parameters by Newton's method with backtracking (Boyd and Vandenberghe,
 * "Convex Optimization", algorithm 9.5). Ends with a full step when the expected decrease is at most 1e-12 of the value,
 * because the rounding error of a sum over many rows is about as large.
 */
export function minimiseConvex(locally: (point: Float64Array) => Local, start: Float64Array): Float64Array {
  let point = start;
  let here = locally(point);
  for (let iteration = 0; iteration < MOST_STEPS; iteration += 1) {
    const step = solvePositive(here.hessian, here.gradient);
    const gain = dot(step, here.gradient) / 2;
    if (gain <= 1e-12 * (1 + Math.abs(here.value))) return moved(point, step, 1);
    let size = 1;
    let next = moved(point, step, size);
    let there = locally(next);
    while (there.value > here.value - 0.5 * size * gain && size > 1e-9) {
      size /= 2;
      next = moved(point, step, size);
      there = locally(next);
    }
    point = next;
    here = there;
  }
  return point;
}

const MOST_STEPS = 100;

/** Solves a positive definite system by Cholesky's decomposition. */
function solvePositive(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const lower = new Float64Array(n * n);
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = at(matrix, row * n + column);
      for (let k = 0; k < column; k += 1) sum -= at(lower, row * n + k) * at(lower, column * n + k);
      lower[row * n + column] = row === column ? Math.sqrt(sum) : sum / at(lower, column * n + column);
    }
  }
  const solution = Float64Array.from(right);
  for (let row = 0; row < n; row += 1) {
    for (let k = 0; k < row; k += 1) solution[row] = at(solution, row) - at(lower, row * n + k) * at(solution, k);
    solution[row] = at(solution, row) / at(lower, row * n + row);
  }
  for (let row = n - 1; row >= 0; row -= 1) {
    for (let k = row + 1; k < n; k += 1) solution[row] = at(solution, row) - at(lower, k * n + row) * at(solution, k);
    solution[row] = at(solution, row) / at(lower, row * n + row);
  }
  return solution;
}

function moved(point: Float64Array, step: Float64Array, size: number): Float64Array {
  return point.map((value, k) => value - size * at(step, k));
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, k) => sum + value * at(other, k), 0);
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
