import type { Effects, Progress } from "../effects.ts";
import type { Clock, Level } from "../types.ts";

/** What talks to the person on stderr: one live line on a terminal, plain lines now and then elsewhere. */
export interface Screen {
  readonly say: (text: string) => void;
  readonly log: (level: Level, text: string) => void;
  readonly progress: Effects["progress"];
  readonly close: () => void;
}

/** Least time (ms) between two pictures of the live line, and between two plain lines of one step. */
const LIVE_MS = 100;
const PLAIN_MS = 10_000;
/** Takes the live line away. */
export const CLEAR = "\r\u001b[2K";

/** Creates the screen; `columns` gives the terminal's width, null when stderr is a file or a pipe. */
export function createScreen(options: {
  write: (text: string) => void;
  columns: () => number | null;
  clock: Clock;
}): Screen {
  const { write, columns, clock } = options;
  let live = "";
  let shownAt = -Infinity;
  let step = "";
  let complete = false;

  const say = (text: string): void => {
    write(`${live === "" ? "" : CLEAR}${text}\n${live}`);
  };
  const showLive = (text: string): void => {
    if (text === "") write(live === "" ? "" : CLEAR);
    else write(`${CLEAR}${text}`);
    live = text;
  };
  const progress = (event: Progress): void => {
    const name = event.stage === "step" ? event.name : "scoring";
    const now = clock.monotonic();
    const isNew = name !== step;
    step = name;
    const isLast = event.stage === "score" && event.done === event.total && !complete;
    complete = event.stage === "score" && event.done === event.total;
    if (!isNew && !isLast && now - shownAt < (columns() === null ? PLAIN_MS : LIVE_MS)) return;
    shownAt = now;
    const width = columns();
    if (width === null) write(`${formatProgress(event)}\n`);
    else showLive(narrowed(event, width - 1));
  };
  return {
    say,
    log: (level, text) => say(level === "info" ? text : `${level === "warn" ? "warning" : "error"}: ${text}`),
    progress,
    close: () => showLive(""),
  };
}

function formatProgress(event: Progress): string {
  if (event.stage === "step") return event.text === "" ? `${event.name} ...` : `${event.name}: ${event.text}`;
  return event.text;
}

/** The longest way to say it that fits. */
function narrowed(event: Progress, width: number): string {
  const all = [formatProgress(event), ...(event.stage === "score" ? (event.shorter ?? []) : [])];
  const fitting = all.find((text) => text.length <= width);
  return cut(fitting ?? all.at(-1) ?? "", width);
}

/** Control characters of a tool's output would move the cursor; a line longer than the screen would scroll. */
function cut(text: string, width: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to drop
  const plain = text.replace(/[\u0000-\u001f\u007f]/g, " ");
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`;
}
