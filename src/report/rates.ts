import type { RequestPoint } from "./data.ts";

/** In ms. */
const INSTANT = 1e-3;

/**
 * Computes tokens per second in equal stretches of a run, from its begin on. The tokens of a request are spread evenly over
 * the time that it took; what lies after the last stretch counts to it. `width` is the length of a stretch in ms.
 */
export function tokenRates(requests: readonly RequestPoint[], width: number, stretches: number): number[] {
  const tokens = new Array<number>(stretches).fill(0);
  for (const request of requests) {
    // Even a request of no length has a moment in which its tokens lie.
    const end = Math.max(request.endMs, INSTANT);
    const begin = Math.max(0, end - Math.max(request.ms, INSTANT));
    const last = Math.min(stretches - 1, Math.floor(end / width));
    for (let bin = Math.min(last, Math.floor(begin / width)); bin <= last; bin += 1) {
      const until = bin === stretches - 1 ? end : Math.min(end, (bin + 1) * width);
      const overlap = Math.max(0, until - Math.max(begin, bin * width));
      tokens[bin] = (tokens[bin] ?? 0) + (request.tokens * overlap) / (end - begin);
    }
  }
  return tokens.map((value) => value / (width / 1000));
}
