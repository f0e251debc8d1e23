import type { DescMethod } from "@bufbuild/protobuf";
import { CodeSchema } from "#deps/google/rpc/code_pb.js";
import { PlanServingService } from "../../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { type ErrorReason, ErrorReasonSchema } from "../../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanGroupService } from "../../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { specificationOf } from "../../../contract/api-error.ts";
import { statusNameOf } from "../../../transcoding/client/index.ts";

/** The services whose calls can go wrong. */
export const services = [PlanStatusService, PlanGroupService, PlanServingService] as const;

const methods: readonly DescMethod[] = services.flatMap((service): readonly DescMethod[] => service.methods);

/** Returns whether a method is a choice of the form: every method, those of a service, or one. */
export function isOffered(method: string): boolean {
  return method === "" || methods.some(({ name, parent }) => method === name || method === parent.typeName);
}

/** Returns whether a request of the chosen method, or of any method of the chosen service, names a client. */
export function namesClient(method: string): boolean {
  const chosen = methods.filter(
    ({ name, parent }) =>
      method === "" || [name, parent.typeName, `${parent.typeName}/${name}`].includes(method),
  );
  // Of a method that this page does not know, the emulator decides.
  return chosen.length === 0 || chosen.some(({ input }) => input.field.clientId !== undefined);
}

/** Returns the name of the code that errors of a reason have. */
export function codeOfReason(reason: string): string | undefined {
  const number = ErrorReasonSchema.values.find(({ name }) => name === reason)?.number;
  const specification = number === undefined ? undefined : specificationOf(number as ErrorReason);
  return specification && statusNameOf[specification.code];
}

/** The reasons that any method can fail with. The others are of the emulator's own methods, or never sent. */
const reasons = ErrorReasonSchema.values
  .map(({ name }) => name)
  .filter((name) => codeOfReason(name) !== undefined && !name.startsWith("EMULATOR_"));

/** Codes of errors without a reason. */
export const codes: readonly string[] = CodeSchema.values
  .filter(({ number }) => number !== 0)
  .map(({ name }) => name);

/** The reasons by their codes. */
export const reasonsByCode: readonly (readonly [code: string, reasons: readonly string[]])[] = codes
  .map((code) => [code, reasons.filter((reason) => codeOfReason(reason) === code)] as const)
  .filter(([, found]) => found.length > 0);

/** How a connection is cut, with what that means. */
export const cuts = [
  ["BEFORE_PROCESSING", "before processing: nothing is stored"],
  ["BEFORE_ANSWER", "after storing, without an answer"],
  ["WITHIN_ANSWER", "after half of the answer"],
] as const;
