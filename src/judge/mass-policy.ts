import { softmax } from "../triple.ts";
import type { Reading, Triple } from "../types.ts";

/** The treatment of readings whose labels together have little probability. */
export interface MassPolicy {
  /** Label mass, 0 to 1, below which the policy acts. */
  readonly minimum: number;
  /**
   * warn: only adds a note. floor: moves towards the prior, the further the more mass is missing. fallback: uses the prior
   * instead.
   */
  readonly action: "warn" | "floor" | "fallback";
}

/** Probabilities after the policy, and its note; null where it did not act. */
export interface Judged {
  readonly probabilities: Triple;
  readonly note: string | null;
}

/**
 * Applies the policy for low label mass. "floor" gives w p + (1 - w) prior with w = mass / minimum, so that a row with no
 * mass has the prior and a row at the minimum has the model's probabilities p.
 *
 * `prior` is in the order in which the answers were shown, like the reading. An unknown mass changes nothing.
 */
export function applyMassPolicy(reading: Reading, policy: MassPolicy, prior: Triple): Judged {
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

function mix(one: Triple, other: Triple, weight: number): Triple {
  const at = (i: 0 | 1 | 2): number => weight * one[i] + (1 - weight) * other[i];
  return [at(0), at(1), at(2)];
}
