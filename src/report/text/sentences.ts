import type { PositionBias } from "../data/run-data.ts";
import { counted, percent, range, signed } from "./number.ts";

/** Describes the effect of swapping the two answers: flip rate and position bias. */
export function swapText({ rows, flipRate, towardFirst, towardSecond }: PositionBias): string {
  const ends = range(flipRate, (value) => percent(value, 1));
  const rate = `${percent(flipRate.value, 1)}${ends && ` (95\u00a0% ${ends})`}`;
  return (
    `Of ${counted(rows, "row")} scored in both orders, ${rate} change their verdict with the order (flip rate): ` +
    `${percent(towardFirst, 1)} towards the answer shown first, ${percent(towardSecond, 1)} towards the one shown second: ` +
    `position bias ${signed(towardFirst - towardSecond, 3)}.`
  );
}
