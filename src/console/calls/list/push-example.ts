import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { PlanStatusService } from "../../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { findExample } from "../../../examples/index.ts";
import { emulator } from "../../emulator/client.ts";
import { defaultOperator, operatorName } from "../../emulator/resource-names.ts";

const parent = operatorName(defaultOperator);
const userKey = "+14155550100";

/** Pushes a built-in example, or one that breaks several rules. Resolves for both, because the list shows the outcome. */
export async function pushExample(isValid: boolean, nowMs: number): Promise<void> {
  const { accessToken } = await emulator.createToken({ operators: [parent] });
  const headers = { authorization: `Bearer ${accessToken}` };
  const planStatus = fromJson(PlanStatusSchema, isValid ? valid(nowMs) : withMistakes(nowMs));
  const request = { parent, clientId: "mobiledataplan", userKey, planStatus };
  if (isValid) {
    const transport = createConnectTransport({ baseUrl: location.origin });
    await createClient(PlanStatusService, transport).createUserPlanStatus(request, { headers });
    return;
  }
  const transport = createGrpcWebTransport({ baseUrl: location.origin });
  // It is rejected, which is what it is for.
  await createClient(PlanStatusService, transport)
    .createUserPlanStatus(request, { headers })
    .catch(() => {});
}

function valid(nowMs: number): JsonObject {
  return findExample("low-quota")?.body(new Date(nowMs)) ?? {};
}

/** A status whose language is missing, which has expired, and whose module has a negative balance and no name. */
function withMistakes(nowMs: number): JsonObject {
  const day = 86_400_000;
  return {
    updateTime: new Date(nowMs).toISOString(),
    expireTime: new Date(nowMs - day).toISOString(),
    plans: [
      {
        planId: "acme-199",
        planName: "ACME Plan 199",
        planModules: [
          {
            description: "2 GB for everything",
            coarseBalanceLevel: "LOW_QUOTA",
            byteBalance: { quotaBytes: "2147483648", remainingBytes: "-1" },
          },
        ],
      },
    ],
  };
}
