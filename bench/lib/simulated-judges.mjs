// Simulates two judges that see the true logits with a common error and an error of their own. Half of the variance of the
// latter is shared by the rows of a prompt. Two templates of one model share much of their error.

import { softmax } from "../../dist/classes.js";
import { seededGenerator } from "../../dist/numbers/random.js";

/** Returns log loss of the first - log loss of the second, with probabilities clipped to [0.005, 0.99], and groups. */
export function simulateJudges({ seed, groups: count, meanGroup, errors, common = 0 }) {
  const generator = seededGenerator(seed);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const three = (scale) => [scale * normal(), scale * normal(), scale * normal()];
  const differences = [];
  const groups = [];
  for (let group = 0; group < count; group += 1) {
    const shared = errors.map((error) => three(error * Math.SQRT1_2));
    do {
      const logits = three(1);
      const truth = softmax(logits);
      const u = uniform();
      const winner = u < truth[0] ? 0 : u < truth[0] + truth[1] ? 1 : 2;
      const blurred = three(common).map((value, k) => value + logits[k]);
      const [first, second] = errors.map((error, judge) => {
        const own = three(error * Math.SQRT1_2);
        const seen = softmax(blurred.map((logit, k) => logit + own[k] + shared[judge][k]));
        return -Math.log(Math.min(0.99, Math.max(0.005, seen[winner])));
      });
      differences.push(first - second);
      groups.push(group);
    } while (uniform() > 1 / meanGroup);
  }
  return { differences: Float64Array.from(differences), groups: Uint32Array.from(groups) };
}
