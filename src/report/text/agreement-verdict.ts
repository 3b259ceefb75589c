import type { AgreementData, PairAgreement } from "../data/comparison-data.ts";
import { counted, fixed, percent, withRange } from "./number.ts";
import type { Verdict } from "./verdict.ts";

/**
 * States how far the variants of a comparison without labels agree, and what would show which of them is better. It
 * prefers no variant.
 */
export function agreementVerdict({ agreement, rows }: AgreementData): Verdict {
  return { tone: "mixed", sentence: sentence(agreement, rows), also: [NO_LABELS] };
}

function sentence(agreement: readonly PairAgreement[], rows: number): string {
  const [only, other] = agreement;
  if (only === undefined) return "There is nothing to compare.";
  if (other === undefined) {
    const { first, second, share } = only;
    return `${first} and ${second} give the same verdict on ${rate(share.value)} of ${counted(rows, "row")}.`;
  }
  const shares = agreement.map(({ share }) => share.value);
  const range = `${rate(Math.min(...shares))} to ${rate(Math.max(...shares))}`;
  return `Pairs of variants give the same verdict on ${range} of ${counted(rows, "row")}.`;
}

/** Describes the agreement of one pair, without a full stop. */
export function agreementSentence({ first, second, share, kappa }: PairAgreement): string {
  const beyond = kappa === null ? "" : `, kappa ${withRange(kappa, (value) => fixed(value, 3), 95)}`;
  return `${first} and ${second} give the same verdict on ${withRange(share, rate, 95)} of the rows${beyond}`;
}

const NO_LABELS =
  "Without labels nothing shows which variant is better. The command abtie sample, given the folder of this comparison, chooses " +
  "the rows that are most worth labelling.";

function rate(value: number): string {
  return percent(value, 1);
}
