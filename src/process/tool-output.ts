/** Reads a tool's output as it comes: complete lines, a carriage return ending one too, as progress bars have it. */
export interface Output {
  readonly add: (chunk: string) => void;
  /** The last line worth showing to a person. */
  readonly current: () => string;
  /** The last lines, newest last. */
  readonly tail: () => readonly string[];
}

const KEPT = 200;
const SHOWN_LENGTH = 100;

/** Creates the reader of one tool's output. */
export function createOutput(): Output {
  const lines: string[] = [];
  let open = "";
  let current = "";
  return {
    add: (chunk) => {
      const parts = (open + chunk).split(/[\r\n]+/);
      open = parts.pop() ?? "";
      for (const part of parts) {
        const line = withoutControls(part);
        if (line.trim() === "") continue;
        lines.push(line);
        current = summarize(line) ?? current;
      }
      lines.splice(0, lines.length - KEPT);
    },
    current: () => current,
    tail: () => (open.trim() === "" ? lines : [...lines, withoutControls(open)]),
  };
}

/** Shortens a line for the progress display; null for lines that say nothing of how far the tool is. */
function summarize(line: string): string | null {
  const text = line.trim();
  if (/^[+~-] \S+==|^[[{]|^Using |^Activate with/.test(text) || /warning/i.test(text)) return null;
  // uv says nothing while it compiles, which takes longer than all before when the network is fast.
  if (/^Installed \d{2,} packages/.test(text)) return `${text.replace(/ in .*$/, "")}, compiling them`;
  // A progress bar of tqdm: "Loading weights:  12%|█▏        | 32/272 [00:00<00:04]".
  const [, label, percent] = /^(.*?):?\s+(\d+%)\|/.exec(text) ?? [];
  const shown = label === undefined ? text : `${label.replace(/\.+$/, "")} ${percent}`;
  return shown.length <= SHOWN_LENGTH ? shown : `${shown.slice(0, SHOWN_LENGTH - 1)}…`;
}

function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and cursor movements are what is removed
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
}
