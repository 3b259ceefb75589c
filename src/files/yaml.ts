import { type Document, LineCounter, parseDocument } from "yaml";

/** What is wrong with a YAML text, and where: the offset in the text. */
export interface YamlProblem {
  readonly offset: number;
  readonly message: string;
  /** True when the rest of the text can still be read, as when a key is given twice. */
  readonly readable: boolean;
}

/** A parsed YAML text. */
export interface Yaml {
  /** Null when the text is nested so deeply that it cannot be parsed. */
  readonly document: Document.Parsed | null;
  /** The parsed value; null when there is a problem after which the text cannot be read. */
  readonly value: unknown;
  readonly problems: readonly YamlProblem[];
  /** Returns line and column of an offset, counted from 1. */
  readonly positionOf: (offset: number) => { readonly line: number; readonly column: number };
}

/** Largest number of values that aliases may stand for. The values of a config are few. */
const MOST_ALIASES = 100;

/** Messages in place of those that speak to the programmer who calls the YAML library. */
const WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second document begins here (---); keep one document in the file",
};

/**
 * Parses a YAML text within bounds: aliases that multiply to many values, and nesting that no stack can hold, are
 * problems like every other error of the text.
 */
export function parseBoundedYaml(text: string): Yaml {
  const counter = new LineCounter();
  const positionOf = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const failed = (document: Document.Parsed | null, message: string): Yaml => ({
    document,
    value: null,
    problems: [{ offset: 0, message, readable: false }],
    positionOf,
  });
  let document: Document.Parsed | null = null;
  try {
    document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
    const problems = [...document.errors, ...document.warnings].map(({ pos, message, code }) => ({
      offset: pos[0],
      message: WORDS[code] ?? message,
      readable: code === "DUPLICATE_KEY",
    }));
    const value: unknown = problems.every(({ readable }) => readable)
      ? document.toJS({ maxAliasCount: MOST_ALIASES })
      : null;
    if (containsItself(value)) {
      return failed(document, "an alias (*name) stands for a value that contains the alias; write the value out");
    }
    return { document, value, problems, positionOf };
  } catch (error) {
    if (error instanceof ReferenceError) {
      return failed(document, `its aliases (*name) stand for more than ${MOST_ALIASES} values; write the values out`);
    }
    if (error instanceof RangeError) return failed(null, "it is nested too deeply; use fewer levels");
    throw error;
  }
}

/** Decides whether a value is a part of itself, as `a: &x {b: *x}` is. */
function containsItself(value: unknown, around = new Set<unknown>(), done = new Set<unknown>()): boolean {
  if (typeof value !== "object" || value === null || done.has(value)) return false;
  if (around.has(value)) return true;
  around.add(value);
  const found = Object.values(value).some((child) => containsItself(child, around, done));
  around.delete(value);
  done.add(value);
  return found;
}
