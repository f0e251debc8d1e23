import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import {
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
  PlanStatusService,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { type PlanStatus, PlanStatusSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { reportToParent } from "./report.ts";

// gRPC with the messages of protobuf-es. No token, validation, log or store.
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
      const status = request.planStatus as PlanStatus;
      status.name = `${request.parent}/planStatuses/${request.userKey}`;
      answer(null, status);
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) {
    throw error;
  }
  reportToParent(`http://127.0.0.1:${port}`);
});
