// A warning of the process (leaked listener, deprecation) fails the test that caused it.
process.on("warning", (warning) => {
  throw warning;
});
