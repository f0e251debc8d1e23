import { X509Certificate } from "node:crypto";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ResolvedConfig } from "../config/resolve.ts";
import { CleartextError, rejectCleartext } from "../server/cleartext.ts";
import { parseCqlUrl } from "../store/cql/url.ts";
import { memoryIsForDev } from "../store/open-store.ts";
import { readIntrospectionSecret, readTls } from "./options/server-secrets.ts";
import { serverSettings } from "./options/server-settings.ts";
import { describeError } from "./text/describe-error.ts";
import { unreachableEntries } from "./unreachable-entries.ts";

/** Remaining validity of a certificate below which it is reported, in ms. */
const certificateWarningMs = 30 * 86_400_000;

/**
 * Checks the files, directories and addresses of a configuration without starting a server. Resolves with the problems
 * that prevent a start, and as warnings those that will do so soon, what a proxy in front of the
 * server requires, and entries that have no effect.
 */
export async function runPreflight(resolved: ResolvedConfig, now = new Date()) {
  const { host, allowCleartext, dataDirectory, store } = serverSettings(resolved.config);
  const tlsCert = resolved.config.listen?.tlsCert;
  const errors: string[] = [];
  const warnings = [...proxyWarnings(resolved), ...unreachableEntries(resolved.config)];
  const attempt = async <Result>(check: () => Result | Promise<Result>) => {
    try {
      return await check();
    } catch (error) {
      errors.push(
        error instanceof CleartextError ? `listen.host: ${describeError(error)}` : (error as Error).message,
      );
      return undefined;
    }
  };
  const tls = await attempt(() => readTls(resolved));
  if (tls) {
    const end = new Date(new X509Certificate(tls.cert).validTo);
    const certificate = `listen.tlsCert: the certificate in ${tlsCert}`;
    if (end <= now) {
      errors.push(`${certificate} expired on ${dayOf(end)}`);
    } else if (end.getTime() - now.getTime() < certificateWarningMs) {
      warnings.push(`${certificate} expires on ${dayOf(end)}`);
    }
  }
  if (tlsCert === undefined) {
    await attempt(() => rejectCleartext({ host, allowCleartext }));
  }
  await attempt(() => readIntrospectionSecret(resolved));
  await attempt(() => requireWritable("storage.data", dataDirectory));
  await attempt(() => requireStore(store));
  return { errors, warnings };
}

/** Returns what else must be set up for the proxy that a configuration implies. */
function proxyWarnings({ config: { auth, listen } }: ResolvedConfig): string[] {
  const paths = (auth?.publicUrls ?? []).filter((url) => new URL(url).pathname !== "/");
  return [
    ...paths.map(
      (url) =>
        `auth.publicUrls: a proxy must remove the path of ${url} from the requests that it passes on; gRPC libraries cannot send it`,
    ),
    ...(listen?.allowCleartext && listen.trustedProxies.length === 0
      ? [
          "listen.trustedProxies: no proxy is listed, so all clients of a proxy in front of the server have its address in the log and in limits",
        ]
      : []),
  ];
}

function requireStore(store: string | undefined): void {
  const [, scheme = ""] = /^([a-z]+):/.exec(store ?? "sqlite:") ?? [];
  if (scheme === "sqlite" && store !== undefined) {
    const path = store.slice("sqlite:".length);
    requireWritable("storage.store", path.endsWith(".sqlite") ? dirname(path) : path);
  } else if (scheme === "cql") {
    parseCqlUrl(store ?? "");
  } else if (scheme === "memory") {
    throw new Error(`storage.store: ${memoryIsForDev}`);
  } else if (!/^(sqlite|postgres|postgresql)$/.test(scheme)) {
    throw new Error("storage.store: must be sqlite:DIRECTORY, postgres://… or cql://…");
  }
}

/** Throws unless a directory, or the nearest existing parent in which it would be created, is writable. */
function requireWritable(path: string, directory: string): void {
  let existing = resolve(directory);
  while (!existsSync(existing) && dirname(existing) !== existing) {
    existing = dirname(existing);
  }
  if (!statSync(existing).isDirectory()) {
    throw new Error(`${path}: ${existing} is not a directory`);
  }
  try {
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`${path}: ${directory} cannot be written: ${(error as Error).message}`);
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
