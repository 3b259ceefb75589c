import { type Columns, DEFAULT_COLUMNS } from "../types.ts";
import type { LabelPlan } from "./labels.ts";
import type { Layout } from "./layout.ts";

/**
 * Gives the columns of a layout as a config would name them, as far as their names are not the usual ones. What a config cannot
 * say is left out, because it is found again: dealt answers, a prompt of two columns, a score, several annotators.
 */
export function foundColumns(
  layout: Layout,
  { names, labelled }: { readonly names: readonly string[]; readonly labelled: boolean },
): Partial<Columns> {
  const nameAt = (index: number | null | undefined): string | undefined =>
    index === null || index === undefined ? undefined : names[index];
  const { id, prompt, responseA, responseB, dealt, labels } = layout;
  const texts = {
    id: nameAt(id),
    prompt: prompt.length === 1 ? nameAt(prompt[0]) : undefined,
    ...(dealt ? {} : { responseA: nameAt(responseA), responseB: nameAt(responseB) }),
  };
  const renamed = Object.entries(texts).filter(
    ([key, name]) => name !== undefined && name !== DEFAULT_COLUMNS[key as keyof typeof texts],
  );
  return { ...Object.fromEntries(renamed), ...(labelled ? foundLabels(labels, nameAt) : {}) };
}

function foundLabels(plan: LabelPlan, nameAt: (index: number | undefined) => string | undefined): Partial<Columns> {
  if (plan.from === "words") return { label: nameAt(plan.index) ?? null };
  if (plan.from !== "codes" || plan.indices.length !== 1) return {};
  return { label: nameAt(plan.indices[0]) ?? null, codes: plan.codes };
}
