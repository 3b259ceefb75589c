import type { RunState } from "./state/run-state.ts";

/** Name of the decision in a journal that tells which engine answers. */
export const SERVED_MODEL = "served-model";

/** The figures of that decision. */
export type ServedModel = {
  /** As the server names it. */
  readonly model: string;
  readonly version: string | null;
  /** How label probabilities are asked for. */
  readonly method: string;
};

/** The engine that answered last, and its model as the server names it; null when none was ever asked. */
export function servedBy({ decisions }: Pick<RunState, "decisions">): {
  readonly model: string;
  readonly version: string | null;
  readonly method: string | null;
} | null {
  const figures = decisions.findLast((decision) => decision.name === SERVED_MODEL)?.figures;
  if (figures === undefined) return null;
  const text = (key: string): string | null => (typeof figures[key] === "string" ? figures[key] : null);
  return { model: text("model") ?? "", version: text("version"), method: text("method") };
}
