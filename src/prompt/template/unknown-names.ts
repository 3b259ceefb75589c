import type { JinjaNode } from "../jinja/library.ts";
import { isNode } from "../jinja/nodes.ts";

/** The shape of a value in a template: its fields (null: any field) and the shape of its items. */
export interface Shape {
  readonly fields: ReadonlyMap<string, Shape> | null;
  readonly item: Shape | null;
}

/** The shape of a value with any fields and any items. */
export const ANY: Shape = { fields: null, item: null };

/** The names that Jinja defines itself, except those that give another text at each rendering. */
const BUILT_IN: ReadonlyMap<string, Shape> = new Map(
  ["true", "false", "none", "True", "False", "None", "range", "namespace"].map((name) => [name, ANY]),
);

/** A name that is used where it is not defined, and the names that are defined there. */
export interface UnknownName {
  readonly name: string;
  readonly known: readonly string[];
}

type Scope = Map<string, Shape>;

/**
 * Finds every variable, and every field of a record, that a template uses although it is not defined, because Jinja
 * would render it as an empty text. Follows loops, `set`, macros, filters and tests.
 */
export function findUnknownNames(program: JinjaNode, variables: ReadonlyMap<string, Shape>): UnknownName[] {
  const unknown: UnknownName[] = [];
  visit(program, new Map([...BUILT_IN, ...variables]), unknown);
  return unknown;
}

function visit(node: unknown, scope: Scope, unknown: UnknownName[]): Shape {
  if (!isNode(node)) {
    for (const child of childrenOf(node)) visit(child, scope, unknown);
    return ANY;
  }
  switch (node.type) {
    case "Identifier":
      return visitName(String(node["value"]), scope, unknown);
    case "MemberExpression":
      return visitMember(node, scope, unknown);
    case "FilterExpression":
      return visitFilter(node, scope, unknown);
    case "FilterStatement":
      visitArguments(node["filter"], scope, unknown);
      visit(node["body"], scope, unknown);
      return ANY;
    case "TestExpression":
      visit(node["operand"], scope, unknown);
      return ANY;
    case "KeywordArgumentExpression":
      visit(node["value"], scope, unknown);
      return ANY;
    case "For":
      visitLoop(node, scope, unknown);
      return ANY;
    case "Set":
      visitSet(node, scope, unknown);
      return ANY;
    case "Macro":
      for (const name of namesOf(node["name"])) scope.set(name, ANY);
      visitBlock(node["args"], node["body"], scope, unknown);
      return ANY;
    case "CallStatement":
      visit(node["call"], scope, unknown);
      visitBlock(node["callerArgs"], node["body"], scope, unknown);
      return ANY;
    default:
      for (const [key, child] of Object.entries(node)) if (key !== "operator") visit(child, scope, unknown);
      return ANY;
  }
}

function visitName(name: string, scope: Scope, unknown: UnknownName[]): Shape {
  const shape = scope.get(name);
  if (shape !== undefined) return shape;
  unknown.push({ name, known: [...scope.keys()] });
  return ANY;
}

function visitMember(node: JinjaNode, scope: Scope, unknown: UnknownName[]): Shape {
  const object = visit(node["object"], scope, unknown);
  const property = node["property"];
  if (!isNode(property)) return ANY;
  if (node["computed"] === true) visit(property, scope, unknown);
  if (property.type === "SliceExpression") return object;
  const named = node["computed"] === true ? property.type === "StringLiteral" : property.type === "Identifier";
  if (!named) return object.item ?? ANY;
  const name = String(property["value"]);
  if (object.fields === null || METHODS_OF_RECORDS.has(name)) return ANY;
  const shape = object.fields.get(name);
  if (shape === undefined) unknown.push({ name, known: [...object.fields.keys()] });
  return shape ?? ANY;
}

const METHODS_OF_RECORDS: ReadonlySet<string> = new Set(["get", "items", "keys", "values"]);

function visitFilter(node: JinjaNode, scope: Scope, unknown: UnknownName[]): Shape {
  const operand = visit(node["operand"], scope, unknown);
  visitArguments(node["filter"], scope, unknown);
  const [filter] = namesOf(node["filter"]);
  if (filter === "first" || filter === "last") return operand.item ?? ANY;
  return filter === "list" || filter === "reverse" || filter === "sort" ? operand : ANY;
}

// The name of the filter itself is not a variable.
function visitArguments(filter: unknown, scope: Scope, unknown: UnknownName[]): void {
  if (isNode(filter) && filter.type === "CallExpression") visit(filter["args"], scope, unknown);
}

function visitLoop(node: JinjaNode, scope: Scope, unknown: UnknownName[]): void {
  const iterable = node["iterable"];
  const filtered = isNode(iterable) && iterable.type === "SelectExpression";
  const list = visit(filtered ? iterable["lhs"] : iterable, scope, unknown);
  const inner: Scope = new Map(scope);
  for (const name of namesOf(node["loopvar"])) inner.set(name, list.item ?? ANY);
  inner.set("loop", loopShape(list.item ?? ANY));
  if (filtered) visit(iterable["test"], inner, unknown);
  visit(node["body"], inner, unknown);
  visit(node["defaultBlock"], new Map(scope), unknown);
}

function visitSet(node: JinjaNode, scope: Scope, unknown: UnknownName[]): void {
  const value = visit(node["value"], scope, unknown);
  visit(node["body"], scope, unknown);
  const assignee = node["assignee"];
  // `set space.count = 1` changes an existing namespace, so its name must be defined.
  if (isNode(assignee) && assignee.type === "MemberExpression") visit(assignee["object"], scope, unknown);
  else
    for (const name of namesOf(assignee))
      scope.set(name, isNode(assignee) && assignee.type === "Identifier" ? value : ANY);
}

function visitBlock(parameters: unknown, body: unknown, scope: Scope, unknown: UnknownName[]): void {
  const inner: Scope = new Map(scope);
  for (const name of ["varargs", "kwargs", "caller"]) inner.set(name, ANY);
  for (const parameter of childrenOf(parameters)) {
    visit(isNode(parameter) && parameter.type === "Identifier" ? null : parameter, inner, unknown);
    for (const name of namesOf(isNode(parameter) && "key" in parameter ? parameter["key"] : parameter))
      inner.set(name, ANY);
  }
  visit(body, inner, unknown);
}

/** Makes the shape of the variable `loop` inside a loop over items of this shape. */
function loopShape(item: Shape): Shape {
  const plain = ["index", "index0", "revindex", "revindex0", "first", "last", "length"];
  return record({ ...Object.fromEntries(plain.map((name) => [name, ANY])), previtem: item, nextitem: item });
}

/** Makes the shape of a record with exactly these fields. */
export function record(fields: Readonly<Record<string, Shape>>): Shape {
  return { fields: new Map(Object.entries(fields)), item: null };
}

/** Lists the names in an identifier, in a tuple of identifiers, or in the function of a call. */
function namesOf(node: unknown): string[] {
  if (!isNode(node)) return [];
  if (node.type === "Identifier") return [String(node["value"])];
  if (node.type === "CallExpression") return namesOf(node["callee"]);
  return childrenOf(node["value"]).flatMap(namesOf);
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value instanceof Map ? [...value.entries()].flat() : [];
}
