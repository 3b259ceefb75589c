import { isRecord, malformed } from "./malformed.ts";

/** One model that a server lists. */
export interface ServedModel {
  /** The name that requests contain. */
  readonly id: string;
  /** The folder or registry name of the weights, of an adapter those of the adapter; null when the server gives none. */
  readonly root: string | null;
  /** The model that an adapter (LoRA) belongs to; null for a model of its own. */
  readonly parent: string | null;
  /** Context length in tokens; an adapter without one has that of its parent. Null when the server reports none. */
  readonly maxModelLen: number | null;
}

/** Reads the answer of /v1/models. Throws RequestError("malformed"). */
export function readModels(answer: unknown): readonly ServedModel[] {
  const data = isRecord(answer) ? answer["data"] : undefined;
  if (!Array.isArray(data)) throw malformed("to /v1/models holds no list", answer);
  const cards = data.map(readCard);
  return cards.map((card) => ({ ...card, maxModelLen: contextOf(card, cards) }));
}

function readCard(card: unknown): ServedModel {
  const id = isRecord(card) ? card["id"] : undefined;
  if (!isRecord(card) || typeof id !== "string") throw malformed("to /v1/models holds a model without a name", card);
  const length = card["max_model_len"];
  return {
    id,
    root: textOrNull(card["root"]),
    parent: textOrNull(card["parent"]),
    maxModelLen: typeof length === "number" && Number.isInteger(length) && length > 0 ? length : null,
  };
}

/** Follows the parents until a model has a context length; each model is visited once, so a circle of parents ends. */
function contextOf(card: ServedModel, cards: readonly ServedModel[]): number | null {
  const visited = new Set<ServedModel>();
  for (let model: ServedModel | undefined = card; model !== undefined && !visited.has(model); ) {
    if (model.maxModelLen !== null) return model.maxModelLen;
    visited.add(model);
    const { parent }: ServedModel = model;
    // An adapter may name its parent by the name of the weights instead of the name in the list.
    model = cards.find(({ id }) => id === parent) ?? cards.find(({ root }) => root !== null && root === parent);
  }
  return null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
