/** How often a fault is tried: a few times in `npm test`, ABTIE_FAULT_ROUNDS (20) times when it is to be known. */
export function faultRounds(usual: number): number {
  const asked = Number(process.env["ABTIE_FAULT_ROUNDS"] ?? Number.NaN);
  return Number.isInteger(asked) && asked > 0 ? asked : usual;
}
