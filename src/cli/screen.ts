import type { Effects, Progress } from "../effects.ts";
import { head } from "../report/markup/visible.ts";
import type { Clock, Level } from "../types.ts";
import type { Colour, Heading } from "./commands/context.ts";
import { wrapFields } from "./render/help-text.ts";

/**
 * Prints messages and progress on stderr. On a terminal, progress is one line that is replaced; in a file or pipe, it
 * is a sequence of plain lines.
 */
export interface Screen {
  /** Prints a text above the progress line, behind its coloured heading; on a terminal it is wrapped at words. */
  readonly print: (text: string, heading?: Heading) => void;
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
  paint: Paint;
  columns: () => number | null;
  clock: Clock;
}): Screen {
  const { write, clean, paint, columns, clock } = options;
  let live = "";
  let shownAt = -Infinity;
  let step = "";
  let complete = false;

  const print = (text: string, heading?: Heading): void => {
    const plain = heading?.text ?? "";
    const lines = `${plain}${plain === "" ? "" : " "}${clean(text)}`.split("\n");
    // The heading is coloured last, because colours take no columns.
    const shown = wrapFields(lines, columns()).slice(plain.length);
    const coloured = heading === undefined ? "" : paint(heading.colour, heading.text);
    write(`${live === "" ? "" : ERASE_LINE}${coloured}${shown}\n${live}`);
  };
  const showLive = (text: string): void => {
    if (text === "") write(live === "" ? "" : ERASE_LINE);
    else write(`${ERASE_LINE}${text}`);
    live = text;
  };
  const withBar = (bar: string, lineFor: (left: number) => string, width: number): string =>
    bar === "" ? lineFor(width) : `${paint("green", bar)} ${lineFor(width - bar.length - 1)}`;
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
    else showLive(withBar(barOf(event, width), (left) => fitTo(left, texts), width - 1));
  };
  return {
    print,
    log: (level, text) => print(text, HEADINGS[level]),
    progress,
    close: () => showLive(""),
  };
}

type Paint = (colour: Colour, text: string) => string;

const HEADINGS: Readonly<Record<Level, Heading | undefined>> = {
  debug: { colour: "gray", text: "debug:" },
  info: undefined,
  warn: { colour: "yellow", text: "warning:" },
  error: { colour: "red", text: "error:" },
};

/** Widths (characters) of the terminal from which on there is room for a bar of so many cells. */
const BARS: readonly (readonly [columns: number, cells: number])[] = [
  [120, 12],
  [60, 6],
];

/** Draws the share of the rows that are scored; empty on a narrow terminal and for a step without a count. */
function barOf(event: Progress, columns: number): string {
  const cells = BARS.find(([least]) => columns >= least)?.[1] ?? 0;
  if (event.stage !== "score" || cells === 0 || event.total === 0) return "";
  const full = Math.floor((cells * Math.min(event.done, event.total)) / event.total);
  return "█".repeat(full) + "░".repeat(cells - full);
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
