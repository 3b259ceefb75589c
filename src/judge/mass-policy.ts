import { mix, softmax } from "../classes.ts";
import type { PerClass, Reading } from "../types.ts";

/** The treatment of a reading when all labels together have little probability. */
export interface MassPolicy {
  /** The policy acts on a reading when its label mass (0 to 1) is below this number. */
  readonly minimum: number;
  /**
   * warn: the policy only adds a note. floor: it mixes the probabilities with the prior; the less mass, the more of the
   * prior. fallback: it replaces the probabilities by the prior.
   */
  readonly action: "warn" | "floor" | "fallback";
}

/** Probabilities after the policy, and the note of the policy; the note is null when the policy changed nothing. */
export interface Judged {
  readonly probabilities: PerClass;
  readonly note: string | null;
}

/**
 * Applies the policy for low label mass. "floor" gives w p + (1 - w) prior with w = mass / minimum, so that a row with
 * no mass gets the prior and a row at the minimum keeps the model's probabilities p.
 *
 * `prior` is in the order in which the answers were shown, as the reading is. An unknown mass changes nothing.
 */
export function applyMassPolicy(reading: Reading, policy: MassPolicy, prior: PerClass): Judged {
  const probabilities = softmax(reading.logProbs);
  const { mass } = reading;
  if (mass === null || mass >= policy.minimum) return { probabilities, note: null };
  const note = `label mass ${mass.toPrecision(3)} is below ${policy.minimum}`;
  switch (policy.action) {
    case "warn":
      return { probabilities, note };
    case "floor":
      return {
        probabilities: mix(probabilities, prior, mass / policy.minimum),
        note: `${note}: moved towards the prior`,
      };
    case "fallback":
      return { probabilities: prior, note: `${note}: prior used` };
    default:
      return policy.action satisfies never;
  }
}
