import { createServer } from "node:http";
import { create } from "@bufbuild/protobuf";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { contractCodecs } from "../../src/contract/contract-types.ts";
import { createTranscodingHandler } from "../../src/transcoding/index.ts";
import { listenAndReport } from "./report.ts";

// The library alone, with generated codecs: routes, reads the JSON into a message and writes it back. No authentication, rules or store.
const handler = createTranscodingHandler({
  codecs: contractCodecs,
  routes: (router) => {
    router.service(PlanStatusService, {
      createUserPlanStatus: ({ planStatus }) => planStatus ?? create(PlanStatusSchema),
    });
  },
});
const server = createServer(handler);
listenAndReport(server);
