/** Collects the output of a tool as lines. A carriage return ends a line too, because progress bars use it. */
export interface OutputReader {
  readonly add: (chunk: string) => void;
  /** The last line that a person should see; empty while there is none. */
  readonly current: () => string;
  /** The last 200 complete lines and the unfinished line, the oldest first. */
  readonly tail: () => readonly string[];
}

const KEPT_LINES = 200;
const SHOWN_LENGTH = 100;

/**
 * Creates the reader of one tool's output. `summarize` shortens a line for people; it returns null for a line that is
 * left out.
 */
export function createOutputReader(summarize: (line: string) => string | null = (line) => line): OutputReader {
  const lines: string[] = [];
  let unfinished = "";
  let current = "";
  return {
    add: (chunk) => {
      const parts = (unfinished + chunk).split(/[\r\n]+/);
      unfinished = parts.pop() ?? "";
      for (const part of parts) {
        const line = withoutControls(part);
        if (line.trim() === "") continue;
        lines.push(line);
        const summary = summarize(shortenProgressBar(line.trim()));
        if (summary !== null) current = cut(summary);
      }
      lines.splice(0, lines.length - KEPT_LINES);
    },
    current: () => current,
    tail: () => (unfinished.trim() === "" ? lines : [...lines, withoutControls(unfinished)]),
  };
}

/** Shortens tqdm's "Loading weights:  12%|█▏        | 32/272 [00:00<00:04]" to "Loading weights 12%". */
function shortenProgressBar(line: string): string {
  const [, label, percent] = /^(.*?):?\s+(\d+%)\|/.exec(line) ?? [];
  return label === undefined ? line : `${label.replace(/\.+$/, "")} ${percent}`;
}

function cut(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH - 1)}…`;
}

function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and cursor movements are removed
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}
