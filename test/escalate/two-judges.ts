import { softmax } from "../../src/classes.ts";
import type { LabelledJudges } from "../../src/escalate/fit.ts";
import { drawUniform, seededGenerator } from "../../src/numbers/random.ts";
import type { PerClass } from "../../src/types.ts";
import { withTie } from "../helpers/matrix.ts";

/** Standard deviations, nats: of the error of each judge; and whether the large one says the opposite of what it sees. */
export interface TwoJudges {
  readonly small: number;
  readonly large: number;
  readonly reversed?: boolean;
}

/** Labelled rows that two judges saw with normal errors, in both orders; two rows have one prompt. */
export function simulateLabelled(
  { small, large, reversed = false }: TwoJudges,
  rows: number,
  seed: number,
): LabelledJudges {
  const generator = seededGenerator(seed);
  const uniform = (): number => drawUniform(generator) || 1e-12;
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const three = (sd: number): PerClass => [sd * normal(), sd * normal(), sd * normal()];
  const plus = (one: PerClass, other: PerClass): PerClass => [
    one[0] + other[0],
    one[1] + other[1],
    (one[2] ?? 0) + (other[2] ?? 0),
  ];
  const truth: number[] = [];
  const readings = [0, 1].map(() => ({ ab: [] as number[], ba: [] as number[] }));
  for (let row = 0; row < rows; row += 1) {
    const logits = three(1.5);
    const [a, b] = softmax(logits);
    const u = uniform();
    truth.push(...(u < a ? [1, 0, 0] : u < a + b ? [0, 1, 0] : [0, 0, 1]));
    for (const [judge, error] of [small, large].entries()) {
      const own = plus(logits, three(error));
      const sign = judge === 1 && reversed ? -1 : 1;
      const [ab, ba] = [plus(own, three(0.5)), plus(own, three(0.5))].map((seen) => seen.map((x) => sign * x)) as [
        number[],
        number[],
      ];
      readings[judge]?.ab.push(...ab);
      readings[judge]?.ba.push(ba[1] as number, ba[0] as number, ba[2] as number);
    }
  }
  const of = (judge: number) => ({ ab: withTie(readings[judge]?.ab ?? []), ba: withTie(readings[judge]?.ba ?? []) });
  return {
    readings: [of(0), of(1)],
    truth: withTie(truth),
    groups: Uint32Array.from({ length: rows }, (_, row) => Math.floor(row / 2)),
  };
}
