import { z } from "zod";

/** Which model gave the answers of a run, as its server lists it. It stays the same when the server is started again. */
export interface ModelIdentity {
  /** The name in /v1/models; of a server that abtie starts, the model of the config, because abtie makes up the name in the list. */
  readonly id: string;
  /** The folder or registry name of the weights, of an adapter those of the adapter; null when the server gives none. */
  readonly root: string | null;
  /** The name that the answers bear; null when they bear none, or only the name that abtie made up. */
  readonly answersAs: string | null;
}

export const modelIdentitySchema: z.ZodType<ModelIdentity> = z.strictObject({
  id: z.string(),
  root: z.string().nullable(),
  answersAs: z.string().nullable(),
});

/** Gives the identity of the model that an engine serves. */
export function identityOf(
  {
    served,
    answersAs,
  }: {
    readonly served: { readonly id: string; readonly root: string | null };
    readonly answersAs: string | null;
  },
  config: { readonly kind: "spawn"; readonly model: string } | { readonly kind: "attach" },
): ModelIdentity {
  const { id, root } = served;
  if (config.kind === "attach") return { id, root, answersAs };
  const unlessMadeUp = (name: string | null): string | null => (name === id ? null : name);
  return { id: config.model, root: unlessMadeUp(root), answersAs: unlessMadeUp(answersAs) };
}

/** Decides whether two identities may be of the same model: the names are equal, and so is all else that both know. */
export function isSameModel(one: ModelIdentity, other: ModelIdentity): boolean {
  const agree = (a: string | null, b: string | null): boolean => a === null || b === null || a === b;
  return one.id === other.id && agree(one.root, other.root) && agree(one.answersAs, other.answersAs);
}

/** Adds to an identity what only another one of the same model knows. */
export function mergeIdentities(one: ModelIdentity, other: ModelIdentity): ModelIdentity {
  return { id: one.id, root: one.root ?? other.root, answersAs: one.answersAs ?? other.answersAs };
}

/** Names a model for a person, with its weights and the name in its answers where they differ from its name. */
export function describeModel({ id, root, answersAs }: ModelIdentity): string {
  const notes = [
    root === null || root === id ? null : `weights ${root}`,
    answersAs === null || answersAs === id ? null : `answers as ${answersAs}`,
  ].filter((note) => note !== null);
  return notes.length === 0 ? id : `${id} (${notes.join(", ")})`;
}
