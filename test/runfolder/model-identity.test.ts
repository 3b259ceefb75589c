import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  describeModel,
  identityOf,
  isSameModel,
  type ModelIdentity,
  mergeIdentities,
} from "../../src/runfolder/manifest/model-identity.ts";

const JUDGE: ModelIdentity = { id: "judge", root: "/models/judge", answersAs: "judge" };
const name = fc.constantFrom("one", "two");
const known = fc.option(name);
const identity: fc.Arbitrary<ModelIdentity> = fc.record({ id: name, root: known, answersAs: known });

describe("the identity of a model", () => {
  test.each<[string, Partial<ModelIdentity>, boolean]>([
    ["itself", {}, true],
    ["another name", { id: "other" }, false],
    ["other weights under the same name", { root: "/models/other" }, false],
    ["another name in the answers", { answersAs: "other" }, false],
    ["weights that the server does not give", { root: null }, true],
    ["answers without a name", { answersAs: null }, true],
  ])("is compared: %s", (_name, change, same) => {
    expect(isSameModel(JUDGE, { ...JUDGE, ...change })).toBe(same);
  });

  test("is compared alike in both directions, and what is merged is the same as both", () => {
    fc.assert(
      fc.property(identity, identity, (one, other) => {
        expect(isSameModel(one, other)).toBe(isSameModel(other, one));
        if (!isSameModel(one, other)) return;
        const merged = mergeIdentities(one, other);
        expect([isSameModel(merged, one), isSameModel(merged, other)]).toEqual([true, true]);
      }),
    );
  });

  test("of a server that abtie starts does not hold the name that abtie makes up", () => {
    const started = (made: string) =>
      identityOf({ served: { id: made, root: made }, answersAs: made }, { kind: "spawn", model: "/models/judge" });
    expect(started("abtie-00000001")).toEqual({ id: "/models/judge", root: null, answersAs: null });
    expect(started("abtie-00000001")).toEqual(started("abtie-00000002"));
    const attached = identityOf({ served: { id: "judge", root: "/m" }, answersAs: "gate/judge" }, { kind: "attach" });
    expect(attached).toEqual({ id: "judge", root: "/m", answersAs: "gate/judge" });
  });

  test("is described by what differs from its name", () => {
    expect(describeModel({ id: "judge", root: "judge", answersAs: "judge" })).toBe("judge");
    expect(describeModel({ id: "judge", root: "/m", answersAs: "gate/judge" })).toBe(
      "judge (weights /m, answers as gate/judge)",
    );
  });
});
