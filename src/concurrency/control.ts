import { decide } from "./decide.ts";
import { FREE, keepBelow } from "./headroom.ts";
import { type Answered, addAnswer, type Pace, startWindow } from "./interval.ts";
import { levelOf } from "./setting.ts";
import { type Control, type ControlOptions, lasting, moveTo, windowRows } from "./state.ts";

/** Starts with the first setting and nothing known. `now` is monotonic, ms. */
export function startControl(options: ControlOptions, now: number): Control {
  return {
    options,
    setting: options.start,
    phase: { kind: "search" },
    window: startWindow(now, windowRows(levelOf(options.start))),
    seen: [],
    rowTokens: null,
    rows: 0,
    pace: null,
    room: FREE,
  };
}

/** Takes a request that was answered into account; the setting may be another one afterwards. */
export function afterAnswer(control: Control, answered: Answered): Control {
  const { window, closed } = addAnswer(control.window, answered);
  const rows = control.rows + answered.rows;
  if (closed === null) return { ...control, window, rows };
  const rowTokens = control.rowTokens ?? closed.tokens / closed.rows;
  const measured = { ...control, window, rows, rowTokens, pace: closed };
  const { level, phase, seen, hurt } = decide(measured, speedOf(closed, rowTokens));
  const now = answered.finishedAt;
  const moved = moveTo(hurt === undefined ? measured : keepBelow(measured, hurt, now), level, now);
  return lasting({ ...moved, phase, seen });
}

/** The share of a row's mean tokens that is spent on a row whatever its length. */
const ROW_SHARE = 0.3;

function speedOf({ tokens, rows, ms }: Pace, rowTokens: number): number {
  return (tokens + ROW_SHARE * rowTokens * rows) / ms;
}
