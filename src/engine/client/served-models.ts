import { isRecord } from "../../files/json-shape.ts";
import { malformed } from "./malformed.ts";

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
  /** The listed model whose context length that is: this one or a parent; null when the length is from another page or unknown. */
  readonly contextFrom: string | null;
}

/** Reads the answer of /v1/models. Throws RequestError("malformed"). */
export function readModels(answer: unknown): readonly ServedModel[] {
  const data = isRecord(answer) ? answer["data"] : undefined;
  if (!Array.isArray(data)) throw malformed("to /v1/models holds no list", answer);
  const cards = data.map(readCard);
  return cards.map((card) => {
    const source = contextSource(card, cards);
    return { ...card, maxModelLen: source?.maxModelLen ?? null, contextFrom: source?.id ?? null };
  });
}

type Card = Omit<ServedModel, "contextFrom">;

function readCard(card: unknown): Card {
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
function contextSource(card: Card, cards: readonly Card[]): Card | null {
  const visited = new Set<Card>();
  for (let model: Card | undefined = card; model !== undefined && !visited.has(model); ) {
    if (model.maxModelLen !== null) return model;
    visited.add(model);
    const { parent }: Card = model;
    // An adapter may name its parent by the name of the weights instead of the name in the list.
    model = cards.find(({ id }) => id === parent) ?? cards.find(({ root }) => root !== null && root === parent);
  }
  return null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
