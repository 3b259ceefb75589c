import { expect, test } from "vitest";
import { defaultEscalation } from "../../src/escalate/model.ts";
import { createEscalator } from "../../src/job/escalator.ts";
import { fold } from "../../src/runfolder/state/fold.ts";
import { createRunState } from "../../src/runfolder/state/run-state.ts";
import { CLASSES } from "../../src/types.ts";
import { createVirtualClock } from "../helpers/virtual-clock.ts";
import { rowEvent } from "../runfolder/samples.ts";

test("plans no prompt again that ended without an answer", () => {
  const states = [createRunState(3, CLASSES), createRunState(3, CLASSES)] as const;
  for (const row of [0, 1, 2]) fold(states[0], rowEvent(row));
  const escalator = createEscalator({
    names: ["quick", "careful"],
    states,
    model: defaultEscalation(CLASSES),
    pilot: null,
    probabilitiesOf: () => [0.4, 0.3, 0.3],
    steps: [
      { judge: 1, order: "ab" },
      { judge: 1, order: "ba" },
    ],
    asksAll: true,
    sharing: "side-by-side",
    budget: () => null,
    startUpSeconds: null,
    firstStartUpSeconds: () => null,
    clock: createVirtualClock(),
  });
  const { chooser } = escalator.seats[1];
  const planned = () => new Set(chooser.rank().map(({ row, order }) => `${row} ${order}`));
  expect(planned().size).toBe(6);
  chooser.onTaken?.(0);
  chooser.onTaken?.(1);
  expect([...planned()].every((key) => key.startsWith("2"))).toBe(true);
  chooser.onEnded?.(0, "ab");
  fold(states[1], rowEvent(1));
  chooser.onEnded?.(1, "ab");
  expect(planned()).toEqual(new Set(["0 ba", "1 ba", "2 ab", "2 ba"]));
});
