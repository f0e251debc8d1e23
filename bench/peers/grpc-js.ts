import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import {
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
  PlanStatusService,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { checkRequest } from "../../src/plans/check-request.ts";
import { sharedContractRules } from "../../src/plans/contract-rules.ts";
import { reportToParent } from "./report.ts";

// gRPC with the messages of protobuf-es. No token, log or disk; with `checked` the rules of the server and a map of statuses.
const isChecked = process.argv[2] === "checked";
const statuses = new Map<string, Uint8Array>();
const method = {
  path: `/${PlanStatusService.typeName}/${PlanStatusService.method.createUserPlanStatus.name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: (message: CreateUserPlanStatusRequest) =>
    Buffer.from(toBinary(CreateUserPlanStatusRequestSchema, message)),
  requestDeserialize: (bytes: Buffer) => fromBinary(CreateUserPlanStatusRequestSchema, bytes),
  responseSerialize: (message: PlanStatus) => Buffer.from(toBinary(PlanStatusSchema, message)),
  responseDeserialize: (bytes: Buffer) => fromBinary(PlanStatusSchema, bytes),
};
const server = new Server();
server.addService(
  { create: method },
  {
    create(
      { request }: ServerUnaryCall<CreateUserPlanStatusRequest, PlanStatus>,
      answer: sendUnaryData<PlanStatus>,
    ) {
      const { parent, clientId, userKey } = request;
      const planStatus = request.planStatus as PlanStatus;
      if (isChecked) {
        const times = { nowMs: Date.now(), clockSkewMs: 60_000 };
        const { violations, notifications } = checkRequest(CreateUserPlanStatusRequestSchema, request, {
          rules: sharedContractRules(),
          times,
        });
        if (violations.length > 0) {
          answer({ code: status.INVALID_ARGUMENT, details: JSON.stringify(violations) });
          return;
        }
        planStatus.notifications = notifications;
      }
      planStatus.name = `${parent}/planStatuses/${userKey}`;
      if (isChecked) {
        statuses.set(`${parent}/${clientId}/${userKey}`, toBinary(PlanStatusSchema, planStatus));
      }
      answer(null, planStatus);
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) {
    throw error;
  }
  reportToParent(`http://127.0.0.1:${port}`);
});
