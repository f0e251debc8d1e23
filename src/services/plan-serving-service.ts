import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  GetPlanGroupRequestSchema,
  GetPlanStatusRequestSchema,
  GetUserPlanStatusRequestSchema,
  type PlanServingService,
} from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { UiCompatibility } from "../../gen/mobiledataplansharing/v1/enums_pb.ts";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import {
  PlanGroupSchema,
  type PlanStatus,
  PlanStatusSchema,
} from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { apiError, invalidFields } from "../contract/api-error.ts";
import type { Collection } from "../contract/resource-names.ts";
import type { RecordKey } from "../store/plan-store.ts";
import { authorizedSubject, type Names } from "./caller.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { stored } from "./stored.ts";

/** Creates the reading side. */
export function createPlanServingService({
  store,
  rules,
}: ServiceDeps): ServiceImpl<typeof PlanServingService> {
  return {
    async getUserPlanStatus(request, context) {
      const { asn } = accept(GetUserPlanStatusRequestSchema, request, context);
      const key = { kind: "planStatus", asn, id: request.userKey } as const;
      const found =
        (await readStatus({ ...key, clientId: request.clientId })) ??
        (await readStatus({ ...key, clientId: "" }));
      return show(found, request.includeUiIncompatible);
    },

    async getPlanStatus(request, context) {
      const { asn, id } = accept(GetPlanStatusRequestSchema, request, context, "planStatuses");
      const found = await readStatus({ kind: "planStatus", asn, clientId: "", id });
      return show(found, request.includeUiIncompatible);
    },

    async getPlanGroup(request, context) {
      const { asn, id } = accept(GetPlanGroupRequestSchema, request, context, "planGroups");
      const bytes = await stored(store.get({ kind: "planGroup", asn, clientId: "", id }));
      if (bytes === undefined) {
        throw apiError(ErrorReason.PLAN_GROUP_NOT_FOUND, {
          message: "no such plan group is stored, or it is stale",
        });
      }
      return fromBinary(PlanGroupSchema, bytes);
    },
  };

  /** Returns the operator and the resource of a request that the caller may make and that is valid; throws otherwise. */
  function accept<Desc extends DescMessage>(
    desc: Desc,
    request: MessageShape<Desc> & Names,
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

  async function readStatus(key: RecordKey): Promise<PlanStatus | undefined> {
    const bytes = await stored(store.get(key));
    return bytes && fromBinary(PlanStatusSchema, bytes);
  }
}

function show(status: PlanStatus | undefined, includeUiIncompatible: boolean): PlanStatus {
  if (status === undefined) {
    throw apiError(ErrorReason.PLAN_STATUS_NOT_FOUND, {
      message: "no plan status of this user is stored, or it has expired",
    });
  }
  if (status.uiCompatibility === UiCompatibility.UI_INCOMPATIBLE && !includeUiIncompatible) {
    throw apiError(ErrorReason.PLAN_STATUS_UI_INCOMPATIBLE, {
      message:
        "the plan status may not be shown to the user; set includeUiIncompatible to read it all the same",
    });
  }
  return status;
}
