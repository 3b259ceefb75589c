import { AbtieError, messageOf } from "../../errors.ts";
import { lineOfFailure } from "./failure-line.ts";
import { createScope, type JinjaNode, parseJinja } from "./library.ts";
import { LIMITS, LimitExceeded } from "./limits.ts";
import { markPrinted, measureTree, namesIn } from "./nodes.ts";
import { plainWords } from "./plain-words.ts";
import { PythonInterpreter } from "./python-interpreter.ts";
import { findSyntaxProblem, lineAt } from "./syntax-problem.ts";

/** How messages speak of a Jinja text. */
export interface JinjaPlace {
  /** What the text is, for example "template" or "chat template". */
  readonly noun: string;
  /** Names a line of the text, counted from 1, for example "prompts/rules.jinja:12"; null: which line is not known. */
  readonly at: (line: number | null) => string;
  /** What to do when the text cannot be used, for example "correct it."; empty when this need not be said. */
  readonly remedy: string;
}

/** A Jinja text that was parsed. */
export interface Jinja {
  readonly program: JinjaNode;
  /**
   * Renders the text with these variables, besides the names that Jinja defines itself. The date is none of them. Throws
   * AbtieError("config") when the rendering fails, or when it exceeds a limit.
   */
  readonly render: (variables: Readonly<Record<string, unknown>>) => string;
}

/**
 * Compiles a Jinja text. Parsing and rendering are bounded by LIMITS in size and number of steps, not in time, so that
 * the same text and variables always give the same result. Throws AbtieError("config") with place and remedy when the
 * text is not valid Jinja, or is larger or nested deeper than the limits.
 */
export function compileJinja(source: string, place: JinjaPlace): Jinja {
  refuseLarge(source, place);
  const program = parse(source, place);
  markPrinted(program);
  // A value that is not named is left out, because the library makes objects of every part of it.
  const named = namesIn(program);
  const builtIn = createScope();
  for (const [name, value] of Object.entries(BUILT_IN)) builtIn.set(name, value);
  return {
    program,
    render: (variables) => {
      try {
        const scope = createScope(builtIn);
        let characters = 0;
        for (const [name, value] of Object.entries(variables)) {
          if (named.has(name)) scope.set(name, value);
          characters += countCharacters(value);
        }
        return String(new PythonInterpreter(scope, characters).run(program).value);
      } catch (error) {
        throw failed(error, source, place);
      }
    },
  };
}

/** Decides whether an error of `render` says that a limit was exceeded. */
export function isLimitExceeded(error: unknown): boolean {
  return error instanceof AbtieError && (error.cause instanceof LimitExceeded || error.cause instanceof RangeError);
}

function refuseLarge(source: string, place: JinjaPlace): void {
  const limit = (count: number): string => count.toLocaleString("en");
  if (source.length > LIMITS.source) {
    throw broken(`it has ${limit(source.length)} characters, and ${limit(LIMITS.source)} are allowed`, null, place);
  }
  let blanks = 0;
  for (const run of source.matchAll(/\s+/gu)) {
    blanks += run[0].length ** 2;
    if (blanks <= LIMITS.blanks) continue;
    throw broken("it has too many long runs of spaces or blank lines; delete them", lineAt(source, run.index), place);
  }
}

function parse(source: string, place: JinjaPlace): JinjaNode {
  let program: JinjaNode;
  try {
    program = parseJinja(source);
  } catch (error) {
    if (error instanceof RangeError) throw broken(NESTED, null, place, error);
    const found = findSyntaxProblem(source);
    throw broken(found?.problem ?? plainWords(messageOf(error)), found?.line ?? null, place, error);
  }
  if (measureTree(program).depth > LIMITS.depth) throw broken(NESTED, null, place);
  return program;
}

const NESTED = `it has more than ${LIMITS.depth} expressions or blocks inside one another; nest or chain fewer`;

function broken(problem: string, line: number | null, { noun, at, remedy }: JinjaPlace, cause?: unknown): AbtieError {
  const end = remedy === "" ? "" : `; ${remedy}`;
  return new AbtieError("config", `${at(line)}: the ${noun} is broken: ${problem}${end}`, { cause });
}

function failed(error: unknown, source: string, { noun, at, remedy }: JinjaPlace): AbtieError {
  const problem = describeFailure(error);
  // The message of an exceeded limit has a remedy of its own.
  const end = remedy === "" || error instanceof LimitExceeded ? "" : `; ${remedy}`;
  const line = lineOfFailure(source, messageOf(error));
  return new AbtieError("config", `${at(line)}: the ${noun} cannot be rendered: ${problem}${end}`, { cause: error });
}

function describeFailure(error: unknown): string {
  if (error instanceof RangeError) return "it nests its lists or calls too deeply, or makes too long a text";
  const message = plainWords(messageOf(error));
  // The library leaves a loop with an error that has no message.
  if (message === "") return '"break" or "continue" stands outside of a loop';
  return message.length <= LONGEST ? message : `${message.slice(0, LONGEST)}...`;
}

const LONGEST = 300;

const BUILT_IN: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  range: boundedRange,
  raise_exception: (message: unknown): never => {
    throw new Error(String(message));
  },
};

function boundedRange(...bounds: readonly unknown[]): number[] {
  const [first, second, step = 1] = bounds;
  const [from, to] = second === undefined ? [0, first] : [first, second];
  if (typeof from !== "number" || typeof to !== "number" || typeof step !== "number" || step === 0) {
    throw new Error("range() takes one to three numbers, and its step is not 0");
  }
  const count = Math.ceil((to - from) / step);
  if (count > LIMITS.range) {
    const limit = LIMITS.range.toLocaleString("en");
    throw new LimitExceeded(`range(${bounds.join(", ")}) has more than ${limit} elements; loop over turns instead.`);
  }
  return Array.from({ length: Math.max(0, count || 0) }, (_, i) => from + i * step);
}

function countCharacters(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + countCharacters(inner), 0);
}
