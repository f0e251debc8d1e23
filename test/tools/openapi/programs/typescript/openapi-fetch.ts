// Calls a server with openapi-fetch and the types that openapi-typescript makes of openapi.json, and prints what its
// caller sees.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

function status(planModuleState?: Schemas["PlanState"]): Schemas["PlanStatus"] {
  const now = Date.now();
  return {
    languageCode: "en-US",
    updateTime: new Date(now).toISOString(),
    expireTime: new Date(now + 86_400_000).toISOString(),
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

function push(baseUrl: string, token: string, body: Schemas["PlanStatus"]) {
  const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${token}` } });
  const path = { asnId: "65001", clientId: "youtube", userKey: "a/b+c==" } as const;
  return client.POST("/v1/operators/{asnId}/clients/{clientId}/users/{userKey}/planStatus", {
    params: { path },
    body,
  });
}

async function failure(...call: Parameters<typeof push>): Promise<object> {
  const { error: body } = await push(...call);
  const details = body?.error.details ?? [];
  return {
    status: body?.error.code,
    message: body?.error.message,
    reason: details.find(({ reason }) => reason)?.reason,
    field: details.flatMap(({ fieldViolations }) => fieldViolations ?? [])[0]?.field,
  };
}

async function main(): Promise<void> {
  const { MDPS_ENDPOINT: url = "", MDPS_TOKEN: token = "", MDPS_STUB: stub = "" } = process.env;
  const { data } = await push(url, token, status());
  const results = {
    accepted: [data?.name, data?.plans?.[0]?.planModules?.[0]?.byteBalance?.quotaBytes],
    refused: await failure(url, token, status("EXPIRING_SOON")),
    unauthenticated: await failure(url, "nobody", status()),
    unknown: await failure(stub, token, status()),
  };
  console.log(JSON.stringify(results));
}

void main();
