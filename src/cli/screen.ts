import type { Effects, Progress } from "../effects.ts";
import { head } from "../report/markup/visible.ts";
import type { Clock, Level } from "../types.ts";

/**
 * Prints messages and progress on stderr. On a terminal, progress is one line that is replaced; in a file or pipe, it
 * is a sequence of plain lines.
 */
export interface Screen {
  /** Prints a text above the progress line. */
  readonly print: (text: string) => void;
  readonly log: (level: Level, text: string) => void;
  readonly progress: Effects["progress"];
  /** Removes the progress line. */
  readonly close: () => void;
}

/** Shortest time (ms) between two versions of the progress line, and between two plain lines of one step. */
const LIVE_MS = 100;
const PLAIN_MS = 10_000;
/** Erases the current line of the terminal. */
export const ERASE_LINE = "\r\u001b[2K";

/** Creates the screen. `columns` returns the terminal's width, or null when stderr is a file or a pipe. */
export function createScreen(options: {
  write: (text: string) => void;
  /** Makes a text harmless for a terminal. What the screen itself adds, colours and the erasing of a line, is not cleaned. */
  clean: (text: string) => string;
  /** Colours one word if the stream accepts colours. */
  paint: (format: "red" | "yellow", text: string) => string;
  columns: () => number | null;
  clock: Clock;
}): Screen {
  const { write, clean, paint, columns, clock } = options;
  let live = "";
  let shownAt = -Infinity;
  let step = "";
  let complete = false;

  const print = (text: string, prefix = ""): void => {
    write(`${live === "" ? "" : ERASE_LINE}${prefix}${clean(text)}\n${live}`);
  };
  const showLive = (text: string): void => {
    if (text === "") write(live === "" ? "" : ERASE_LINE);
    else write(`${ERASE_LINE}${text}`);
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
    const [longest, ...shorter] = textsOf(event);
    const texts = [oneLine(clean(longest)), ...shorter.map((text) => oneLine(clean(text)))] as const;
    if (width === null) write(`${texts[0]}\n`);
    else showLive(fitTo(width - 1, texts));
  };
  return {
    print: (text) => print(text),
    log: (level, text) => print(text, prefixOf(level, paint)),
    progress,
    close: () => showLive(""),
  };
}

function prefixOf(level: Level, paint: (format: "red" | "yellow", text: string) => string): string {
  switch (level) {
    case "info":
      return "";
    case "warn":
      return `${paint("yellow", "warning:")} `;
    case "error":
      return `${paint("red", "error:")} `;
    default:
      return level satisfies never;
  }
}

/** A line break would leave a part of the progress line on the screen. */
function oneLine(text: string): string {
  return text.replace(/[\n\t]/g, " ");
}

/** Lists the text of a progress event and its shorter versions, the longest first. */
function textsOf(event: Progress): readonly [string, ...string[]] {
  switch (event.stage) {
    case "step":
      return [event.text === "" ? `${event.name} ...` : `${event.name}: ${event.text}`];
    case "score":
      return [event.text, ...(event.shorter ?? [])];
    default:
      return event satisfies never;
  }
}

/** Chooses the longest text that fits the width. If none fits, cuts the shortest one. */
function fitTo(width: number, texts: readonly [string, ...string[]]): string {
  return cut(texts.find((text) => text.length <= width) ?? texts.at(-1) ?? "", width);
}

/** Cuts a line that would wrap. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `${head(text, Math.max(0, width - 1))}…`;
}
