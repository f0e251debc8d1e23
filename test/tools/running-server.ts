import { execFile } from "node:child_process";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, startServe } from "../support/program.ts";

/** A running `mdps serve`. */
export type RunningServer = {
  readonly url: string;
  readonly host: string;
  /** May push for operator 65001. */
  readonly token: string;
};

/** Starts `mdps serve` with its own data for the running test. */
export async function runServer(...args: string[]): Promise<RunningServer> {
  const directory = await dataDirectory();
  const { url } = await startServe(directory, args);
  return { url, host: new URL(url).host, token: await printToken(directory) };
}

/** The output and exit code of a tool. */
export type Printed = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs a tool, by default for at most a minute. */
export function runTool(
  program: string,
  args: readonly string[],
  input = "",
  timeout = 60_000,
): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== "number") {
          reject(error);
        } else {
          resolve({ exitCode: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
        }
      },
    );
    child.stdin?.end(input);
  });
}

/** Returns a valid status as JSON. */
export function statusJson(): object {
  const now = Date.now();
  return {
    languageCode: "en-US",
    updateTime: new Date(now).toISOString(),
    expireTime: new Date(now + 86_400_000).toISOString(),
    plans: [
      {
        planId: "acme-199",
        planCategory: "POSTPAID",
        planModules: [{ moduleName: "Data", description: "2 GB", byteBalance: { quotaBytes: "2147483648" } }],
      },
    ],
  };
}

/** All services, in the order of reflection. */
export const serviceNames = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "mobiledataplansharing.serving.v1.PlanServingService",
  "mobiledataplansharing.v1.PlanGroupService",
  "mobiledataplansharing.v1.PlanStatusService",
];

/** The method that tools call. */
export const createMethod = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";

/** Returns a valid request of `createMethod`. */
export function createRequest(userKey: string): string {
  return JSON.stringify({
    parent: "operators/65001",
    clientId: "youtube",
    userKey,
    planStatus: statusJson(),
  });
}
