import {
  type EmulatorOptions,
  type RunningEmulator,
  startEmulator,
} from "../../../src/emulator/start-emulator.ts";
import { makeDirectory, removeDirectory } from "../data-directory.ts";

/** A real emulator on a free port, with its own data directory. */
export type TestEmulator = RunningEmulator & {
  readonly port: number;
  readonly directory: string;
  /** Unexpected errors: no request may add to them. */
  readonly failures: unknown[];
  /** Stops the emulator and removes its data. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts an emulator. Use it with `await using`, or dispose of it in `afterAll`. */
export async function startTestEmulator(options: Partial<EmulatorOptions> = {}): Promise<TestEmulator> {
  const directory = await makeDirectory();
  const failures: unknown[] = [];
  const emulator = await startEmulator({
    host: "127.0.0.1",
    port: 0,
    dataDirectory: directory,
    ...options,
    // A slow test machine must not cause SERVER_OVERLOADED.
    limits: { maxEventLoopDelayMs: 0, ...options.limits },
    logFailure: (cause) => failures.push(cause),
  });
  return {
    ...emulator,
    port: Number(new URL(emulator.url).port),
    directory,
    failures,
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await removeDirectory(directory);
    },
  };
}
