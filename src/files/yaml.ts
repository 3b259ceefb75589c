import {
  type Document,
  type ErrorCode,
  isCollection,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";

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

/**
 * The words of a person for each kind of error. The library's own words speak of indicators, flow collections and
 * implicit keys.
 */
const WORDS: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "an alias (*name) can have no tag and no anchor; remove them",
  BAD_ALIAS:
    'the name of an alias (*name) or anchor (&name) is missing or ends in ":"; put a text with * or & in quotation marks',
  BAD_COLLECTION_TYPE: "a tag (!name) does not fit its value; remove the tag",
  BAD_DIRECTIVE: "a line that begins with % is no setting of YAML; remove it",
  BAD_DQ_ESCAPE:
    "a backslash in double quotation marks begins an unknown escape; double it, or use single quotation marks",
  BAD_INDENT: "a bracket that was opened is not closed, or a line is not indented as its list or mapping needs",
  BAD_PROP_ORDER: "a tag or anchor stands before its key; move it behind the colon",
  BAD_SCALAR_START: "a text begins with a character that means something else in YAML; put the text in quotation marks",
  BLOCK_AS_IMPLICIT_KEY:
    "a second colon, or a deeper line, follows a value on its line; put a text with a colon in quotation marks",
  BLOCK_IN_FLOW: "a list or mapping over several lines stands inside brackets; use brackets inside as well",
  DUPLICATE_KEY: "the key is given twice; keep one of them",
  IMPOSSIBLE: "the text cannot be read here",
  KEY_OVER_1024_CHARS: "a key has more than 1,024 characters; a colon may be in the wrong place",
  MISSING_CHAR: "a quotation mark, comma, colon, dash or space is missing here",
  MULTILINE_IMPLICIT_KEY: "a line without a colon is neither a key nor a part of the value before; write KEY: VALUE",
  MULTIPLE_ANCHORS: "a value has two anchors (&name); keep one",
  MULTIPLE_DOCS: "a second document begins here (---); keep one document in the file",
  MULTIPLE_TAGS: "a value has two tags (!name); keep one",
  NON_STRING_KEY: "a key is no text; put it in quotation marks",
  RESOURCE_EXHAUSTION: "it is nested too deeply; use fewer levels",
  TAB_AS_INDENT: "a line is indented with a tab; indent with spaces",
  TAG_RESOLVE_FAILED: "a tag (!name) is unknown; remove it, or put a text with ! in quotation marks",
  UNEXPECTED_TOKEN:
    "a character is not expected here; put a text with brackets, commas or quotation marks in quotation marks",
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
    const problems = problemsOf(document, text);
    const value: unknown = problems.every(({ readable }) => readable)
      ? document.toJS({ maxAliasCount: MOST_ALIASES })
      : null;
    if (containsItself(value)) {
      return failed(document, "an alias (*name) stands for a value that contains the alias; write the value out");
    }
    return { document, value, problems, positionOf };
  } catch (error) {
    if (error instanceof ReferenceError) {
      const unknown = /^Unresolved alias.*: (.+)$/.exec(error.message)?.[1];
      if (unknown !== undefined) {
        return failed(document, `the alias *${unknown} stands for nothing; put a text with * in quotation marks`);
      }
      return failed(document, `its aliases (*name) stand for more than ${MOST_ALIASES} values; write the values out`);
    }
    if (error instanceof RangeError) return failed(null, "it is nested too deeply; use fewer levels");
    throw error;
  }
}

/**
 * Lists what is wrong. Of errors after which the text cannot be read only the first counts, because the others follow from it, and
 * it is placed where a person would mend it.
 */
function problemsOf(document: Document.Parsed, text: string): readonly YamlProblem[] {
  const all: readonly YAMLError[] = [...document.errors, ...document.warnings];
  const twice = all.filter(({ code }) => code === "DUPLICATE_KEY");
  const [first, second] = all.filter(({ code }) => code !== "DUPLICATE_KEY");
  const repeated = twice.map(({ pos, code }) => ({ offset: pos[0], message: WORDS[code], readable: true }));
  if (first === undefined) return repeated;
  return [...repeated, { ...placed(first, second, { document, text }), readable: false }];
}

function placed(
  { code, pos: [offset] }: YAMLError,
  next: YAMLError | undefined,
  { document, text }: { readonly document: Document.Parsed; readonly text: string },
): Pick<YamlProblem, "offset" | "message"> {
  // The library takes a value and the deeper line below it together for a key.
  if (code === "BLOCK_AS_IMPLICIT_KEY" && next?.code === "MULTILINE_IMPLICIT_KEY" && next.pos[0] === offset) {
    const lines = text.slice(offset, next.pos[1]);
    const last = lines.slice(lines.lastIndexOf("\n") + 1);
    return { offset: next.pos[1] - last.trimStart().length, message: DEEPER_LINE };
  }
  const opened = code === "MISSING_CHAR" || code === "BAD_INDENT" ? openedBefore(document, offset) : null;
  return opened ?? { offset, message: WORDS[code] };
}

const DEEPER_LINE = "the line is indented deeper than the one before, which has a value already; indent it as that one";

/** Finds the quotation mark or bracket that was opened before an error and reaches up to it, the innermost one. */
function openedBefore(document: Document.Parsed, error: number): Pick<YamlProblem, "offset" | "message"> | null {
  let found: Pick<YamlProblem, "offset" | "message"> | null = null;
  visit(document, (_, node) => {
    const isQuoted = isScalar(node) && node.type?.startsWith("QUOTE") === true;
    if (!isQuoted && !(isCollection(node) && node.flow === true)) return;
    const [start, end] = node.range ?? [0, -1];
    if (start >= error || end < error - 1) return;
    const what = isQuoted ? "a quotation mark" : "a bracket";
    found = { offset: start, message: `${what} is opened here and not closed` };
  });
  return found;
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
