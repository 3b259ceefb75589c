import type { JinjaNode } from "./library.ts";

/** The fields of the nodes that the bounded interpreter reads, by kind. */
export interface NodeKinds {
  readonly BinaryExpression: {
    readonly operator: { readonly value: string };
    readonly left: JinjaNode;
    readonly right: JinjaNode;
  };
  readonly FilterExpression: { readonly operand: JinjaNode; readonly filter: AppliedFilter };
  readonly FilterStatement: { readonly body: readonly JinjaNode[]; readonly filter: AppliedFilter };
  readonly CallExpression: { readonly callee: JinjaNode; readonly args: readonly JinjaNode[] };
  readonly CallStatement: { readonly call: { readonly callee: JinjaNode } };
  readonly MemberExpression: { readonly object: JinjaNode; readonly property: JinjaNode; readonly computed: boolean };
  readonly For: { readonly iterable: JinjaNode };
  readonly SelectExpression: { readonly lhs: JinjaNode };
  readonly SpreadExpression: { readonly argument: JinjaNode };
  readonly KeywordSpreadExpression: { readonly argument: JinjaNode };
  readonly KeywordArgumentExpression: { readonly key: { readonly value: string }; readonly value: JinjaNode };
}

/** A filter: its name, or its name with arguments. */
export type AppliedFilter =
  | { readonly type: "Identifier"; readonly value: string }
  | {
      readonly type: "CallExpression";
      readonly callee: { readonly value: string };
      readonly args: readonly JinjaNode[];
    };

/** Gives the name of a filter. */
export function filterName(filter: AppliedFilter): string {
  return filter.type === "CallExpression" ? filter.callee.value : filter.value;
}

/** A node of this kind. */
export type NodeOf<Kind extends keyof NodeKinds> = JinjaNode & NodeKinds[Kind];

/** The size of a syntax tree: number of its nodes, and number of nodes inside one another. */
export interface TreeSize {
  readonly nodes: number;
  readonly depth: number;
}

/** Measures a syntax tree without recursion, because a tree can be deeper than the stack. */
export function measureTree(root: unknown): TreeSize {
  let nodes = 0;
  let depth = 0;
  const open: { readonly value: unknown; readonly level: number }[] = [{ value: root, level: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const own = isNode(next.value) ? 1 : 0;
    const level = next.level + own;
    nodes += own;
    depth = Math.max(depth, level);
    for (const value of childrenOf(next.value)) open.push({ value, level });
  }
  return { nodes, depth };
}

/** Lists the names in a syntax tree: of variables, filters, fields and all else. */
export function namesIn(root: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  for (const node of nodesIn(root)) if (node.type === "Identifier") names.add(String(node["value"]));
  return names;
}

/** Marks an expression whose value is written into the output. A copy of the node has the mark too. */
export const PRINTED: unique symbol = Symbol("printed");

/** Marks the expressions whose values are written into the output: the `{{ ... }}` of all blocks. */
export function markPrinted(root: unknown): void {
  for (const node of nodesIn(root)) {
    for (const block of BLOCKS) {
      for (const child of childrenOf(node[block])) if (isNode(child)) Object.assign(child, { [PRINTED]: true });
    }
  }
}

/** Goes through a syntax tree without recursion, because a tree can be deeper than the stack. A part that is absent is undefined. */
function* nodesIn(root: unknown): Generator<JinjaNode> {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const next = open.pop();
    if (isNode(next)) yield next;
    for (const child of childrenOf(next)) open.push(child);
  }
}

const BLOCKS = ["body", "alternate", "defaultBlock"] as const;

/** Decides whether a value is a node of a syntax tree. */
export function isNode(value: unknown): value is JinjaNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.entries()].flat();
  return isNode(value) ? Object.values(value) : [];
}
