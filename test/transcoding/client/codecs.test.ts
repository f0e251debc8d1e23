import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { type Codecs, createCodecs, type MessageCodec } from "../../../src/codec/index.ts";
import { contractCodecs } from "../../../src/contract/contract-types.ts";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";

const codec = contractCodecs.get(PlanStatusSchema) as MessageCodec<typeof PlanStatusSchema>;

/** Sends a status to an endpoint that returns its body. Returns the request and the answer. */
async function echo(codecs: Codecs, planStatus = create(PlanStatusSchema, { plans: [{ planId: "a" }] })) {
  const requests: Request[] = [];
  const transport = createRestTransport({
    baseUrl: "https://api.example",
    codecs,
    async fetch(input, init) {
      const request = new Request(input, init);
      requests.push(request.clone());
      return new Response(await request.text(), { headers: { "content-type": "application/json" } });
    },
  });
  const parent = "operators/65001";
  const answer = await createClient(PlanStatusService, transport).createPlanStatus({
    parent,
    userKey: "a/b",
    planStatus,
  });
  const [request] = requests as [Request];
  const { method, url, headers } = request;
  return { sent: { method, url, headers: [...headers], body: await request.text() }, answer };
}

describe("createRestTransport with codecs", () => {
  it("sends the same requests and returns the same messages as without", async () => {
    expect(await echo(contractCodecs)).toEqual(await echo(createCodecs()));
  });

  it("writes the body and reads the response with the codec", async () => {
    const used: string[] = [];
    const noting: typeof codec = {
      ...codec,
      writeJson(message) {
        used.push("write");
        return codec.writeJson(message);
      },
      readJson(json) {
        used.push("read");
        return codec.readJson(json);
      },
    };
    await echo(createCodecs([noting]));
    expect(used).toEqual(["write", "read"]);
  });

  it("reads fields that the contract does not know without the codec", async () => {
    const transport = createRestTransport({
      baseUrl: "https://api.example",
      codecs: contractCodecs,
      fetch: async () => Response.json({ languageCode: "en", ofTomorrow: { a: 1 } }),
    });
    const { languageCode } = await createClient(PlanStatusService, transport).createPlanStatus({
      parent: "operators/65001",
      userKey: "a",
      planStatus: {},
    });
    expect(languageCode).toBe("en");
  });
});
