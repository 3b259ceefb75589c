import fc from "fast-check";

// The same examples in every run, so that a red test means the change and not the dice; another seed looks elsewhere.
fc.configureGlobal({ seed: Number(process.env["ABTIE_TEST_SEED"] ?? 1) });

// A warning of the process (leaked listener, deprecation) fails the test that caused it.
process.on("warning", (warning) => {
  throw warning;
});
