import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  GetPlanGroupRequestSchema,
  GetPlanStatusRequestSchema,
  GetUserPlanStatusRequestSchema,
  type PlanServingService,
} from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { UiCompatibility } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import { PlanGroupCodec, PlanStatusCodec } from "../../gen/mobiledataplansharing/v1/resources_codec.ts";
import type { PlanStatus } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { apiError, invalidFields } from "../contract/api-error.ts";
import type { Names } from "../contract/call-subject.ts";
import { type Collection, clientIds, parentOf } from "../contract/resource-names.ts";
import type { RecordKey } from "../store/plan-store.ts";
import { authorizedSubject } from "./authorize.ts";
import type { ServiceDependencies } from "./dependencies.ts";
import { mapStoreErrors } from "./store-errors.ts";

/** Creates the service that reads plan statuses and plan groups. */
export function createPlanServingService({
  store,
  rules,
}: ServiceDependencies): ServiceImpl<typeof PlanServingService> {
  return {
    async getUserPlanStatus(request, context) {
      const { asn } = requireValid(GetUserPlanStatusRequestSchema, request, context);
      const key = { kind: "planStatus", asn, id: request.userKey } as const;
      // A status for this client takes precedence over one for all clients.
      const status =
        (await readStatus({ ...key, clientId: request.clientId })) ??
        (await readStatus({ ...key, clientId: "" }));
      return requireReadable(status, request.includeUiIncompatible);
    },

    async getPlanStatus(request, context) {
      const { asn, id } = requireValid(GetPlanStatusRequestSchema, request, context, "planStatuses");
      const status = await readStatus({ kind: "planStatus", asn, clientId: "", id });
      if (status === undefined) {
        throw statusNotFound(await explainMissing(asn, id));
      }
      return requireReadable(status, request.includeUiIncompatible);
    },

    async getPlanGroup(request, context) {
      const { asn, id } = requireValid(GetPlanGroupRequestSchema, request, context, "planGroups");
      const bytes = await mapStoreErrors(store.get({ kind: "planGroup", asn, clientId: "", id }));
      if (bytes === undefined) {
        throw apiError(ErrorReason.PLAN_GROUP_NOT_FOUND, {
          message: "no such plan group is stored, or it is stale",
        });
      }
      return PlanGroupCodec.decode(bytes);
    },
  };

  /** Returns the operator and the resource id of a request. Throws unless the request is authorized and valid. */
  function requireValid(
    desc: DescMessage,
    request: Message & Names,
    context: HandlerContext,
    collection?: Collection,
  ): { asn: number; id: string } {
    const { asn, id = "" } = authorizedSubject(request, context, collection);
    const violations = rules(desc, request);
    if (violations.length > 0 || asn === undefined) {
      throw invalidFields(violations);
    }
    return { asn, id };
  }

  /**
   * Names the clients that have a status of their own: the name of such a status looks as if it could be read. Callers may
   * read these statuses too. The text has no user key, so that clients can log it. Undefined if no client has one.
   */
  async function explainMissing(asn: number, id: string): Promise<string | undefined> {
    const found = await Promise.all(
      clientIds.map((clientId) => store.get({ kind: "planStatus", asn, clientId, id })),
      // A store that fails now does not change the answer.
    ).catch(() => []);
    const clients = clientIds.filter((_, index) => found[index] !== undefined);
    const paths = clients.map(
      (clientId) => `${parentOf(asn)}/clients/${clientId}/users/{userKey}/planStatus`,
    );
    return clients.length === 0
      ? undefined
      : `no plan status for every client is stored, only for ${clients.join(" and ")}: read it with GetUserPlanStatus, at ${paths.join(" or ")}`;
  }

  async function readStatus(key: RecordKey): Promise<PlanStatus | undefined> {
    const bytes = await mapStoreErrors(store.get(key));
    return bytes && PlanStatusCodec.decode(bytes);
  }
}

function statusNotFound(message = "no plan status of this user is stored, or it has expired") {
  return apiError(ErrorReason.PLAN_STATUS_NOT_FOUND, { message });
}

function requireReadable(status: PlanStatus | undefined, includeUiIncompatible: boolean): PlanStatus {
  if (status === undefined) {
    throw statusNotFound();
  }
  if (status.uiCompatibility === UiCompatibility.UI_INCOMPATIBLE && !includeUiIncompatible) {
    throw apiError(ErrorReason.PLAN_STATUS_UI_INCOMPATIBLE, {
      message: "the plan status must not be shown to the user; set includeUiIncompatible to read it anyway",
    });
  }
  return status;
}
