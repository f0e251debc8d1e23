import { X509Certificate } from "node:crypto";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ResolvedConfig } from "../config/resolve.ts";
import { CleartextError, rejectCleartext } from "../server/cleartext.ts";
import { parseCqlUrl } from "../store/cql/url.ts";
import { readIntrospectionSecret, readTls } from "./options/server-secrets.ts";
import { serverSettings } from "./options/server-settings.ts";
import { describeError } from "./text/describe-error.ts";

/** What a server would meet where its configuration points. */
export type PreflightReport = {
  /** What would keep it from starting. */
  readonly faults: readonly string[];
  /** What will before long. */
  readonly warnings: readonly string[];
};

/** How long before its end a certificate deserves a word. */
const soonMs = 30 * 86_400_000;

/** Looks at all that a configuration names outside itself, as far as it can be seen without starting a server. */
export async function runPreflight(resolved: ResolvedConfig, now = new Date()): Promise<PreflightReport> {
  const { host, allowCleartext, dataDirectory, store } = serverSettings(resolved.config);
  const faults: string[] = [];
  const warnings: string[] = [];
  const attempt = async <Result>(check: () => Result | Promise<Result>) => {
    try {
      return await check();
    } catch (error) {
      faults.push(
        error instanceof CleartextError ? `listen.host: ${describeError(error)}` : (error as Error).message,
      );
      return undefined;
    }
  };
  const tls = await attempt(() => readTls(resolved));
  if (tls) {
    const end = new Date(new X509Certificate(tls.cert).validTo);
    const file = resolved.config.listen?.tlsCert;
    if (end <= now) {
      faults.push(`listen.tlsCert: the certificate in ${file} expired on ${dayOf(end)}`);
    } else if (end.getTime() - now.getTime() < soonMs) {
      warnings.push(`listen.tlsCert: the certificate in ${file} expires on ${dayOf(end)}`);
    }
  }
  if (resolved.config.listen?.tlsCert === undefined) {
    await attempt(() => rejectCleartext({ host, allowCleartext }));
  }
  await attempt(() => readIntrospectionSecret(resolved));
  await attempt(() => requireWritable("storage.data", dataDirectory));
  await attempt(() => requireStore(store));
  return { faults, warnings };
}

function requireStore(store: string | undefined): void {
  const [, scheme = ""] = /^([a-z]+):/.exec(store ?? "sqlite:") ?? [];
  if (scheme === "sqlite" && store !== undefined) {
    const path = store.slice("sqlite:".length);
    requireWritable("storage.store", path.endsWith(".sqlite") ? dirname(path) : path);
  } else if (scheme === "cql") {
    parseCqlUrl(store ?? "");
  } else if (!/^(sqlite|postgres|postgresql)$/.test(scheme)) {
    throw new Error("storage.store: it must be sqlite:DIRECTORY, postgres://… or cql://…");
  }
}

/** The directory itself if it is there, else the nearest one above it, in which it would be made. */
function requireWritable(path: string, directory: string): void {
  let place = resolve(directory);
  while (!existsSync(place) && dirname(place) !== place) {
    place = dirname(place);
  }
  if (!statSync(place).isDirectory()) {
    throw new Error(`${path}: ${place} is no directory`);
  }
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`${path}: ${directory} cannot be written: ${(error as Error).message}`);
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
