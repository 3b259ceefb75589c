/* The options of all commands, which may stand before the name of a command; global-options.ts defines them. */
const WITH_VALUE = "--env-file";
const WITHOUT_VALUE: readonly string[] = ["-q", "--quiet", "-v", "--verbose"];

/** Returns the command line without the global options before the name of the command. */
export function withoutGlobalOptions(argv: readonly string[]): readonly string[] {
  const [first = "", , ...rest] = argv;
  if (first === WITH_VALUE) return withoutGlobalOptions(rest);
  const isGlobal = WITHOUT_VALUE.includes(first) || first.startsWith(`${WITH_VALUE}=`);
  return isGlobal ? withoutGlobalOptions(argv.slice(1)) : argv;
}
