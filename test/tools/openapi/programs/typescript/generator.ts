// Calls a server with the TypeScript client that openapi-generator makes of openapi.json, and prints what its caller sees.
import {
  Configuration,
  ErrorResponseFromJSON,
  PlanState,
  type PlanStatus,
  PlanStatusServiceApi,
  ResponseError,
} from "./generated";

function status(planModuleState?: PlanState): PlanStatus {
  const now = Date.now();
  return {
    languageCode: "en-US",
    updateTime: new Date(now),
    expireTime: new Date(now + 86_400_000),
    plans: [
      {
        planId: "acme-199",
        planModules: [
          {
            moduleName: "Data",
            description: "2 GB",
            byteBalance: { quotaBytes: "9223372036854775807" },
            ...(planModuleState && { planModuleState }),
          },
        ],
      },
    ],
  };
}

function push(basePath: string, accessToken: string, planStatus: PlanStatus): Promise<PlanStatus> {
  const service = new PlanStatusServiceApi(new Configuration({ basePath, accessToken }));
  return service.planStatusServiceCreateUserPlanStatus({
    asnId: "65001",
    clientId: "youtube",
    userKey: "a/b+c==",
    planStatus,
  });
}

async function failure(...call: Parameters<typeof push>): Promise<object> {
  const thrown: unknown = await push(...call).catch((cause: unknown) => cause);
  if (!(thrown instanceof ResponseError)) {
    return { message: String(thrown) };
  }
  const { error } = ErrorResponseFromJSON(await thrown.response.json());
  const details = error.details ?? [];
  return {
    status: error.code,
    message: error.message,
    reason: details.find(({ reason }) => reason)?.reason,
    field: details.flatMap(({ fieldViolations }) => fieldViolations ?? [])[0]?.field,
  };
}

async function main(): Promise<void> {
  const { MDPS_ENDPOINT: url = "", MDPS_TOKEN: token = "", MDPS_STUB: stub = "" } = process.env;
  const stored = await push(url, token, status());
  const results = {
    accepted: [stored.name, stored.plans?.[0]?.planModules?.[0]?.byteBalance?.quotaBytes],
    refused: await failure(url, token, status(PlanState.ExpiringSoon)),
    unauthenticated: await failure(url, "nobody", status()),
    unknown: await failure(stub, token, status()),
  };
  console.log(JSON.stringify(results));
}

void main();
