import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { create } from "@bufbuild/protobuf";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { PlanStatusService } from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { listenAndReport } from "./report.ts";

// All its protocols over HTTP/1.1, or with `http2` over cleartext HTTP/2. No token, validation, log or store.
const handler = connectNodeAdapter({
  routes: (router) => {
    router.service(PlanStatusService, {
      createUserPlanStatus({ parent, userKey, planStatus = create(PlanStatusSchema) }) {
        planStatus.name = `${parent}/planStatuses/${userKey}`;
        return planStatus;
      },
    });
  },
});
listenAndReport(process.argv[2] === "http2" ? createHttp2Server(handler) : createServer(handler));
