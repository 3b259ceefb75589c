import type { Config } from "../config/config.ts";
import { applyMassPolicy } from "../label/mass.ts";
import type { Judge } from "./outcome.ts";
import { swapBack } from "./outcome.ts";

/** Creates what turns a reading into probabilities under a config: softmax over the labels, the mass policy, swapped back. */
export function createJudge({ mass, prior }: Pick<Config, "mass" | "prior">): Judge {
  return (reading, order) => {
    const { probabilities, note } = applyMassPolicy(reading, mass, swapBack(prior, order));
    return { probabilities: swapBack(probabilities, order), note };
  };
}
