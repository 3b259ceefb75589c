import {
  Environment as UntypedEnvironment,
  Interpreter as UntypedInterpreter,
  Template as UntypedTemplate,
} from "@huggingface/jinja";

// TypeScript cannot resolve the library's declarations under "nodenext", so what abtie uses of it is declared here.

/** A node of the syntax tree. */
export interface JinjaNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A value while a template is rendered, for example of the type "StringValue". */
export interface Value {
  readonly type: string;
  readonly value: unknown;
}

/** The names that are defined at a place of a template. */
export interface Scope {
  readonly set: (name: string, value: unknown) => unknown;
}

/** The library's interpreter; `run` evaluates a whole tree, `evaluate` one node. */
export interface LibraryInterpreter {
  run(program: JinjaNode): Value;
  evaluate(node: JinjaNode | undefined, scope: Scope): Value;
}

export const Interpreter = UntypedInterpreter as unknown as new (scope: Scope) => LibraryInterpreter;

/** Makes the scope of a template, with no names but "namespace" and those of `outer`. */
export function createScope(outer?: Scope): Scope {
  return new (UntypedEnvironment as unknown as new (outer?: Scope) => Scope)(outer);
}

/** Parses a text; throws the library's errors. */
export function parseJinja(source: string): JinjaNode {
  return new (UntypedTemplate as unknown as new (source: string) => { readonly parsed: JinjaNode })(source).parsed;
}
