import { BoundedInterpreter, constant, node } from "./bounded-interpreter.ts";
import type { JinjaNode, Scope, Value } from "./library.ts";
import { LIMITS, LimitExceeded } from "./limits.ts";
import { filterName, isNode, type NodeOf } from "./nodes.ts";
import { isText } from "./values.ts";

/**
 * The bounded interpreter with what public chat templates use of Python and the library lacks: filters that select from
 * nothing give an empty list, dictionaries may have whole numbers as keys, and texts have `format` with plain fields.
 */
export class PythonInterpreter extends BoundedInterpreter {
  /** Dictionaries with whole numbers as keys. The library keeps the keys as texts. */
  readonly #numbered = new WeakSet<object>();

  override evaluate(statement: JinjaNode | undefined, scope: Scope): Value {
    switch (statement?.type) {
      case "FilterExpression":
        return this.#filter(statement as NodeOf<"FilterExpression">, scope);
      case "ObjectLiteral":
        return this.#dictionary(statement, scope);
      case "MemberExpression":
        return this.#member(statement as NodeOf<"MemberExpression">, scope);
      case "CallExpression":
        return this.#call(statement as NodeOf<"CallExpression">, scope);
      default:
        return super.evaluate(statement, scope);
    }
  }

  #filter(statement: NodeOf<"FilterExpression">, scope: Scope): Value {
    const operand = this.evaluate(statement.operand, scope);
    const name = filterName(statement.filter);
    if (isNothing(operand) && SELECTS.has(name)) return this.#list([], scope);
    if (name === "dictsort" && this.#numbered.has(operand)) return this.#sortedByNumber(operand, scope);
    return super.evaluate(node({ ...statement, operand: constant(operand) }), scope);
  }

  #sortedByNumber({ value }: Value, scope: Scope): Value {
    const entries = value instanceof Map ? [...(value as ReadonlyMap<string, Value>)] : [];
    const sorted = entries.toSorted(([one], [other]) => Number(one) - Number(other));
    const pairs = sorted.map(([key, item]) => {
      const number = node({ type: "IntegerLiteral", value: Number(key) });
      return node({ type: "ArrayLiteral", value: [number, constant(item)] });
    });
    return this.#list(pairs, scope);
  }

  #list(items: readonly object[], scope: Scope): Value {
    return super.evaluate(node({ type: "ArrayLiteral", value: items }), scope);
  }

  #dictionary(statement: JinjaNode, scope: Scope): Value {
    const entries = statement["value"] instanceof Map ? [...statement["value"]] : [];
    const numbered = entries.length > 0 && entries.every(([key]) => isNode(key) && key.type === "IntegerLiteral");
    if (!numbered) return super.evaluate(statement, scope);
    const value = new Map(
      entries.map(([key, item]) => [node({ type: "StringLiteral", value: String(key.value) }), item]),
    );
    const dictionary = super.evaluate(node({ ...statement, value }), scope);
    this.#numbered.add(dictionary);
    return dictionary;
  }

  #member(statement: NodeOf<"MemberExpression">, scope: Scope): Value {
    if (!statement.computed || statement.property.type === "SliceExpression") return super.evaluate(statement, scope);
    const object = this.evaluate(statement.object, scope);
    const given = { ...statement, object: constant(object) };
    if (!this.#numbered.has(object)) return super.evaluate(node(given), scope);
    const key = this.evaluate(statement.property, scope);
    const property = node({ type: "StringLiteral", value: String(key.value) });
    return super.evaluate(node({ ...given, property }), scope);
  }

  #call(statement: NodeOf<"CallExpression">, scope: Scope): Value {
    const { callee, args } = statement;
    if (callee.type !== "MemberExpression") return super.evaluate(statement, scope);
    const { object, property, computed } = callee as NodeOf<"MemberExpression">;
    if (computed || property["value"] !== "format") return super.evaluate(statement, scope);
    const text = this.evaluate(object, scope);
    if (!isText(text)) {
      return super.evaluate(node({ ...statement, callee: { ...callee, object: constant(text) } }), scope);
    }
    const values = args.map((argument) => this.evaluate(argument, scope));
    return super.evaluate(node({ type: "StringLiteral", value: formatText(text.value, values) }), scope);
  }
}

/** Filters that jinja2 lets go over nothing (None or an undefined name) as over an empty list. */
const SELECTS: ReadonlySet<string> = new Set(["map", "select", "reject", "selectattr", "rejectattr"]);

function isNothing({ type }: Value): boolean {
  return type === "NullValue" || type === "UndefinedValue";
}

/** Fills the fields {} and {0} of a text, as Python's `str.format`. Throws for any other field. */
function formatText(text: string, values: readonly Value[]): string {
  const longest = Math.max(0, ...values.map(({ value }) => (typeof value === "string" ? value.length : 32)));
  if (text.length * (1 + longest) > LIMITS.characters) {
    throw new LimitExceeded("its format() fills too many fields with too long texts; fill fewer.");
  }
  let next = 0;
  return text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (match, field: string | undefined) => {
    if (field === undefined) return match.slice(0, 1);
    const index = field === "" ? next++ : Number(field);
    const value = values[index];
    if (!/^\d*$/.test(field) || value === undefined) throw new Error(`"${text}".format(...): no value for {${field}}`);
    return asPython(value);
  });
}

function asPython({ type, value }: Value): string {
  if (type === "UndefinedValue") return "";
  if (type === "NullValue") return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new Error(`format() of a ${type} is not supported`);
}
