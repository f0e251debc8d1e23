import { execFile } from "node:child_process";
import { dataDirectory } from "../support/data-directory.ts";
import { printToken, startServe } from "../support/program.ts";

/** `mdps serve`, as tools see it. */
export type RunningServer = {
  readonly url: string;
  readonly host: string;
  /** May push for operator 65001. */
  readonly token: string;
};

/** Starts `mdps serve`, with data of its own, for the running test. */
export async function runServer(...args: string[]): Promise<RunningServer> {
  const directory = await dataDirectory();
  const { url } = await startServe(directory, args);
  return { url, host: new URL(url).host, token: await printToken(directory) };
}

/** What a tool printed, and how it ended. */
export type Printed = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Runs a tool to its end; it must not take a minute. */
export function runTool(program: string, args: readonly string[], input = ""): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") {
        reject(error);
      } else {
        resolve({ exitCode: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
      }
    });
    child.stdin?.end(input);
  });
}

/** A status that the server takes, as JSON. */
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

/** Every service, as reflection lists it. */
export const serviceNames = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "mobiledataplansharing.serving.v1.PlanServingService",
  "mobiledataplansharing.v1.PlanGroupService",
  "mobiledataplansharing.v1.PlanStatusService",
];

/** The create that tools call. */
export const createMethod = "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus";

/** A request of it. */
export function createRequest(userKey: string): string {
  return JSON.stringify({
    parent: "operators/65001",
    clientId: "youtube",
    userKey,
    planStatus: statusJson(),
  });
}
