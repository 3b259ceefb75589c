/**
 * Computes the probability that at most `hits` of `trials` independent trials succeed, each with the probability `chance`,
 * strictly between 0 and 1. The terms are added as multiples of the largest, so that many trials do not underflow.
 */
export function binomialAtMost(hits: number, trials: number, chance: number): number {
  if (hits >= trials) return 1;
  const logs = new Float64Array(hits + 1);
  logs[0] = trials * Math.log1p(-chance);
  const odds = Math.log(chance) - Math.log1p(-chance);
  for (let k = 1; k <= hits; k += 1) logs[k] = (logs[k - 1] as number) + Math.log((trials - k + 1) / k) + odds;
  const largest = logs.reduce((most, log) => Math.max(most, log), Number.NEGATIVE_INFINITY);
  let total = 0;
  for (const log of logs) total += Math.exp(log - largest);
  return Math.min(1, total * Math.exp(largest));
}
