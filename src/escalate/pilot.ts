import type { Order } from "../types.ts";
import type { Pilot } from "./file.ts";

/** What the journal of a judge says of its engine. */
interface MeasuredJudge {
  /** Time of a prompt that the last forecast expected, ms. */
  readonly msPerRow: number | null;
  readonly longestStartUpSeconds: number | null;
  /** Prompt tokens of every answer; 0 for a row without one. */
  readonly orders: Readonly<Record<Order, { readonly tokens: Uint32Array }>>;
}

/** Collects what a run that both judges have answered measured of their engines. */
export function pilotOf([first, second]: readonly [MeasuredJudge, MeasuredJudge]): Pilot {
  const [one, other] = [tokensPerSecond(first), tokensPerSecond(second)];
  return {
    tokensPerSecond: one === null || other === null ? null : [one, other],
    startUpSeconds: second.longestStartUpSeconds,
  };
}

function tokensPerSecond({ msPerRow, orders }: MeasuredJudge): number | null {
  let [tokens, answers] = [0, 0];
  for (const order of [orders.ab, orders.ba]) {
    for (const count of order.tokens) {
      tokens += count;
      answers += Number(count > 0);
    }
  }
  return msPerRow === null || msPerRow === 0 || tokens === 0 ? null : (1_000 * tokens) / answers / msPerRow;
}
