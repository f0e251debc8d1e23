import type { DescMessage } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import {
  type CreatePlanStatusRequest,
  CreatePlanStatusRequestSchema,
  type CreateUserPlanStatusRequest,
  CreateUserPlanStatusRequestSchema,
  type PlanStatusService,
} from "../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { apiError, invalidFields } from "../contract/api-error.ts";
import { formatInstant, type Instant, instantOf } from "../contract/instant.ts";
import { resourceName } from "../contract/resource-names.ts";
import { checkRequest } from "../plans/check-request.ts";
import { authorizedSubject } from "./authorize.ts";
import type { ServiceDependencies } from "./dependencies.ts";
import { setEncodedAnswer } from "./encoded-answer.ts";
import { planStatusRecord } from "./record-mapping.ts";
import { mapStoreErrors } from "./store-errors.ts";

/** A status that satisfies every rule, and therefore has the required fields. */
type ValidStatus = PlanStatus & { expireTime: Timestamp; updateTime: Timestamp };

type CreateRequest = CreatePlanStatusRequest | CreateUserPlanStatusRequest;

/** Creates the service that accepts plan statuses. */
export function createPlanStatusService(deps: ServiceDependencies): ServiceImpl<typeof PlanStatusService> {
  const { store, clock, clockSkewMs, rules, isReachable } = deps;

  return {
    createUserPlanStatus: (request, context) =>
      push(CreateUserPlanStatusRequestSchema, request, request.clientId, context),
    createPlanStatus: (request, context) => push(CreatePlanStatusRequestSchema, request, "", context),
  };

  async function push(
    desc: DescMessage,
    request: CreateRequest,
    clientId: string,
    context: HandlerContext,
  ): Promise<PlanStatus> {
    const subject = authorizedSubject(request, context);
    const { status, notifications } = requireValidStatus(desc, request);
    // The rules require a valid parent.
    const asn = subject.asn as number;
    if (notifications.length > 0 && isReachable?.(asn, request.userKey) === false) {
      throw unreachable();
    }
    // Nothing else uses the request: completing its status saves a copy.
    status.name = resourceName(asn, "planStatuses", request.userKey);
    status.notifications = notifications;
    const record = planStatusRecord(asn, clientId, request.userKey, status);
    const put = await mapStoreErrors(store.put(record));
    if (put.outcome === "stale") {
      throw staleStatus(instantOf(status.updateTime), put.storedUpdateTime);
    }
    setEncodedAnswer(context, status, record.value);
    return status;
  }

  /** Returns the status of a valid request and its notifications; throws INVALID_ARGUMENT with the violations. */
  function requireValidStatus(desc: DescMessage, request: CreateRequest) {
    const times = { nowMs: clock.now(), clockSkewMs };
    const { violations, notifications } = checkRequest(desc, request, { rules, times });
    if (violations.length > 0) {
      throw invalidFields(violations);
    }
    return { status: request.planStatus as ValidStatus, notifications };
  }
}

function unreachable() {
  return apiError(ErrorReason.DEVICE_NOT_REGISTERED, {
    message:
      "the push would notify, but no device has registered this user key at this host; nothing was stored. Fetch the user's current CPID, or push to the host that the device uses",
  });
}

function staleStatus(updateTime: Instant, storedUpdateTime: Instant) {
  const metadata = {
    updateTime: formatInstant(updateTime),
    storedUpdateTime: formatInstant(storedUpdateTime),
  };
  return apiError(ErrorReason.PLAN_STATUS_STALE, {
    message: `a newer status is already stored (updateTime ${metadata.storedUpdateTime}); the pushed one has ${metadata.updateTime}`,
    metadata,
  });
}
