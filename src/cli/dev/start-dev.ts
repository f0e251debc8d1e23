import { access } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import packageJson from "../../../package.json" with { type: "json" };
import { defaultTokenSeconds, signAccessToken } from "../../auth/access-token.ts";
import { pushScope, readScope } from "../../auth/scopes.ts";
import { loadSigningKey } from "../../auth/signing-key.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import { parentOf } from "../../contract/resource-names.ts";
import { ScenarioError } from "../../emulator/scenarios/scenario.ts";
import type { EmulatorStart, LoadParts } from "../../emulator/scenarios/scenario-loader.ts";
import { type RunningEmulator, startEmulator } from "../../emulator/start-emulator.ts";
import { importFile } from "../../transfer/import-file.ts";
import { ImportError } from "../../transfer/import-records.ts";
import { replaceExport, requireReplaceable } from "../../transfer/replace-export.ts";
import { handleSignals } from "../handle-signals.ts";
import { readConfigOf } from "../options/read-config.ts";
import { readScenarioOption } from "../options/scenario-option.ts";
import { readIntrospectionSecret, readTls } from "../options/server-secrets.ts";
import { type ServerSettings, serverSettings } from "../options/server-settings.ts";
import { programLine } from "../program-line.ts";
import { print } from "../text/print.ts";
import { UsageError } from "../usage-error.ts";
import { banner } from "./banner.ts";
import { devDirectory, removeAtExit } from "./data-directory.ts";

/** Options of `mdps dev` besides settings. */
export type DevOptions = {
  persist?: true;
  import?: string;
  exportOnExit?: string;
  scenario?: string;
  operator: number;
  now?: Date;
  frozen?: true;
  anyToken?: true;
  exposeControl?: true;
  json?: true;
};

/** Starts the emulator and says where it is. Resolves when it is ready. */
export async function startDev(options: DevOptions, command: Command): Promise<void> {
  const directory = devDirectory();
  const resolved = await readConfigOf(command, directory.path);
  const settings = serverSettings(resolved.config);
  const isTemporary = directory.isTemporary && settings.dataDirectory === directory.path;
  requireSensible(options, settings, isTemporary);
  if (isTemporary) {
    removeAtExit(directory.path);
  }
  const store = options.persist ? `sqlite:${settings.dataDirectory}` : (settings.store ?? "memory:");
  const emulator = await start(options, resolved, { ...settings, store }).catch((error: unknown) => {
    throw error instanceof ScenarioError ? new UsageError(error.message) : error;
  });
  handleSignals(
    { ...emulator, reload: () => emulator.reloadTls(() => readTls(resolved)) },
    resolved.config.listen?.tlsCert !== undefined,
  );
  await announce(options, emulator, {
    store,
    data: settings.dataDirectory,
    isDefault: settings.dataDirectory === directory.path && !isTemporary,
    tlsCert: resolved.config.listen?.tlsCert,
  });
}

function requireSensible(
  { persist, import: file, exportOnExit }: DevOptions,
  settings: ServerSettings,
  isTemporary: boolean,
): void {
  if (settings.workers > 1) {
    throw new UsageError(
      `--workers (lifecycle.workers) is ${settings.workers}: the emulator has its clock, errors and journal in one process; leave it at 1, or run mdps serve`,
    );
  }
  if (file === "-") {
    throw new UsageError("--import must be a file, because each reset reads it again");
  }
  if (exportOnExit === "-") {
    throw new UsageError(
      "--export-on-exit must be a file, because standard output has the address of the emulator; mdps export - prints the records of a store",
    );
  }
  if (persist && settings.store !== undefined) {
    throw new UsageError(
      "--persist keeps the records in the data directory, and --store (storage.store) elsewhere: give one of the two",
    );
  }
  if (persist && isTemporary) {
    throw new UsageError(
      "--persist requires a data directory that can be written: pass --data DIRECTORY or set MDPS_DATA",
    );
  }
}

async function start(
  options: DevOptions,
  resolved: ResolvedConfig,
  settings: ServerSettings,
): Promise<RunningEmulator> {
  const { anyToken, exposeControl, exportOnExit, scenario } = options;
  if (exportOnExit !== undefined) {
    await requireReplaceable(exportOnExit);
  }
  return startEmulator({
    ...settings,
    tls: await readTls(resolved),
    introspectionSecret: await readIntrospectionSecret(resolved),
    version: packageJson.version,
    anyToken,
    exposeControl,
    start: {
      parent: parentOf(options.operator),
      clock: options.now || options.frozen ? clockAt(options) : undefined,
      scenario: scenario === undefined ? undefined : await readScenarioOption(scenario),
      load: (parts) => importRecords(options, parts),
    },
    stopped: async ({ store, rules }) => {
      if (exportOnExit !== undefined) {
        await replaceExport({ store, rules, file: exportOnExit });
      }
    },
  });
}

function clockAt({ now = new Date(), frozen }: DevOptions): EmulatorStart["clock"] {
  return { mode: frozen ? "frozen" : "shifted", ms: now.getTime() };
}

/** Stores the records of `--import`. The file that `--export-on-exit` will write need not exist yet. */
async function importRecords(options: DevOptions, { store, rules, clock }: LoadParts): Promise<void> {
  const { import: file, exportOnExit } = options;
  if (file === undefined) {
    return;
  }
  if (exportOnExit !== undefined && resolve(file) === resolve(exportOnExit) && !(await exists(file))) {
    return;
  }
  const { mismatch } = await importFile({ store, rules, file, nowMs: clock.now() }).catch(
    (error: unknown) => {
      throw error instanceof ImportError
        ? new UsageError(`--import: ${file}: ${error.message}. Fix the line`)
        : error;
    },
  );
  if (mismatch !== undefined) {
    throw new UsageError(`--import: ${mismatch}`);
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function announce(
  { json, operator, ...options }: DevOptions,
  emulator: RunningEmulator,
  {
    store,
    data,
    isDefault,
    tlsCert,
  }: { store: string; data: string; isDefault: boolean; tlsCert: string | undefined },
): Promise<void> {
  const { clock } = emulator.state;
  const anyToken = options.anyToken === true;
  const exposeControl = options.exposeControl === true;
  const token = await signAccessToken(
    await loadSigningKey(data),
    {
      account: "mdps-dev",
      asns: [operator],
      scopes: [pushScope, readScope],
      lifetimeSeconds: defaultTokenSeconds,
    },
    clock,
  );
  // A client of a wildcard address would send it as Host, which may not control the emulator.
  const url = emulator.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  const { adminUrl } = emulator;
  print(
    json,
    { url, ...(adminUrl && { admin: adminUrl }), operator, token, data, anyToken, exposeControl },
    banner({
      url,
      operator,
      token,
      program: programLine(),
      store,
      data: isDefault ? undefined : data,
      now: clock.mode === "real" ? undefined : new Date(clock.now()),
      anyToken,
      exposeControl,
      tlsCert,
    }),
  );
}
