import { type RunningServer, type ServerOptions, startServer } from "../server/server.ts";
import { createEmulatorExtension, type ExtensionOptions } from "./emulator-extension.ts";
import { createEmulatorState, type EmulatorState, type StateOptions } from "./emulator-state.ts";

export type EmulatorOptions = Omit<ServerOptions, "clock" | "extension" | "worker"> &
  ExtensionOptions &
  StateOptions;

/** An emulator that accepts requests. */
export type RunningEmulator = RunningServer & {
  readonly state: EmulatorState;
};

/** Starts an emulator, by default with its records in memory. Rejects as `startServer` does. */
export async function startEmulator(
  options: EmulatorOptions,
  state: EmulatorState = createEmulatorState(options),
): Promise<RunningEmulator> {
  const server = await startServer({
    ...options,
    store: options.store ?? "memory:",
    clock: state.clock,
    extension: createEmulatorExtension(state, options),
  });
  return { ...server, state };
}
