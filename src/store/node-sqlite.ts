/**
 * Loads `node:sqlite`. Node 22 prints a warning in every thread that loads it, in the middle of logs that are JSON, so
 * exactly this warning is suppressed. Node 24 prints none.
 */
function load(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  process.emitWarning = (...args: unknown[]) => {
    const [warning, type] = args;
    if (type !== "ExperimentalWarning" || !String(warning).startsWith("SQLite is an experimental feature")) {
      Reflect.apply(emitWarning, process, args);
    }
  };
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

export const { DatabaseSync } = load();
export type DatabaseSync = InstanceType<typeof DatabaseSync>;
