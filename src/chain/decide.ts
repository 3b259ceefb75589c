/** The facts on which the output of a stage depends: by name, the value as a person reads it, or a hash. */
export type Inputs = Readonly<Record<string, string>>;

/** What is known of a stage before it is run: what it was or is being made of. */
export interface StageState {
  /** Inputs of the output that is there; null when there is none. */
  readonly done: Inputs | null;
  /** Why the finished output is not all that was asked for, for example "deadline"; null when it is. */
  readonly stopped: string | null;
  /** Inputs with which an unfinished output was begun; null when there is none. */
  readonly begun: Inputs | null;
}

/** What becomes of a stage. */
export type StageDecision =
  | { readonly kind: "done" }
  /** Nothing is there, or only what a stage that cannot continue has left. */
  | { readonly kind: "to do" }
  /** An unfinished output, or one that a deadline stopped, is there with the same inputs. */
  | { readonly kind: "continue" }
  /** What is there was made of other inputs: each change in words. */
  | { readonly kind: "changed"; readonly changes: readonly string[] };

/** Decides what becomes of a stage with these inputs. A stage that does not continue is begun anew after a kill. */
export function decideStage(
  { done, stopped, begun }: StageState,
  inputs: Inputs,
  { continues }: { readonly continues: boolean },
): StageDecision {
  const before = done ?? (continues ? begun : null);
  if (before === null) return { kind: "to do" };
  const changes = describeChanges(before, inputs);
  if (changes.length > 0) return { kind: "changed", changes };
  if (done !== null && stopped === null) return { kind: "done" };
  return continues ? { kind: "continue" } : { kind: "done" };
}

/** Names every input that differs, old value first: "learning_rate 0.0002 -> 0.0001". */
export function describeChanges(before: Inputs, now: Inputs): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} ${shown(before[name])} -> ${shown(now[name])}`);
}

const SHA256 = /^[0-9a-f]{64}$/;

/** A hash is known by its beginning. */
function shown(value: string | undefined): string {
  if (value === undefined) return "(not there)";
  return SHA256.test(value) ? value.slice(0, 12) : value;
}

/** Lists the values inside a setting, by their path: {"lora": {"r": 16}} becomes {"lora.r": "16"}. */
export function inputsOf(value: unknown, path = ""): Inputs {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return path === "" || value === undefined
      ? {}
      : { [path]: typeof value === "string" ? value : JSON.stringify(value) };
  }
  if (Array.isArray(value))
    return { [path]: value.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(", ") };
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) =>
      Object.entries(inputsOf(child, path === "" ? key : `${path}.${key}`)),
    ),
  );
}
