import { rowAt } from "../class-matrix.ts";
import { distance } from "../classes.ts";
import type { Dataset } from "../dataset/open-dataset.ts";
import { agreementOf } from "../metrics/agreement.ts";
import type { Disagreement, PairAgreement } from "../report/data/comparison-data.ts";
import { intervalOf } from "../report/data/from-metrics.ts";
import { short } from "../report/markup/visible.ts";
import type { Turn } from "../types.ts";
import { pairsOf } from "./interim-looks.ts";
import { groupsOf, type Measured, type MeasuredRows } from "./measure.ts";

/** Number of rows that are listed for each pair, and characters that are kept of each text. */
const LISTED = 10;
const EXCERPT = 700;

/** Measures the agreement of every pair of variants, and reads the rows on which they disagree most. */
export async function agreementOfPairs(
  variants: readonly Measured[],
  measured: MeasuredRows,
  dataset: Pick<Dataset, "read">,
): Promise<readonly PairAgreement[]> {
  const pairs: PairAgreement[] = [];
  for (const [one, other] of pairsOf(variants.length)) {
    const [first, second] = [variants[one], variants[other]];
    if (first === undefined || second === undefined) continue;
    const { share, shareInterval, kappa, verdicts, ...rest } = agreementOf(
      first.written,
      second.written,
      groupsOf(measured),
    );
    pairs.push({
      first: first.name,
      second: second.name,
      share: intervalOf(share, shareInterval),
      kappa: kappa === null ? null : intervalOf(kappa.value, kappa.interval),
      distance: rest.distance,
      verdicts,
      most: await readMost(first, second, measured, dataset),
    });
  }
  return pairs;
}

/** Reads the rows on which the probabilities of two variants differ most; rows without any difference are left out. */
async function readMost(
  first: Measured,
  second: Measured,
  { rows, file }: MeasuredRows,
  dataset: Pick<Dataset, "read">,
): Promise<readonly Disagreement[]> {
  const listed = Array.from(rows, (row, index) => {
    const [one, other] = [rowAt(first.written, index), rowAt(second.written, index)];
    return { row, first: one, second: other, distance: distance(one, other) };
  });
  const most = listed
    .filter((row) => row.distance > 0)
    .sort((one, other) => other.distance - one.distance)
    .slice(0, LISTED);
  return Promise.all(
    most.map(async ({ row, ...numbers }) => {
      const { prompts, responsesA, responsesB } = await dataset.read(row);
      const texts = { prompt: excerpt(prompts), responseA: excerpt(responsesA), responseB: excerpt(responsesB) };
      return { id: file.ids[row] ?? "", ...numbers, ...texts };
    }),
  );
}

function excerpt(turns: readonly Turn[]): string {
  return short(turns.filter((turn) => turn !== null).join("\n\n"), EXCERPT);
}
