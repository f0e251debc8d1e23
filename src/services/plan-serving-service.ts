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
import { asnOfParent, parseResourceName } from "../contract/resource-names.ts";
import type { RecordKey } from "../store/plan-store.ts";
import { authorize } from "./caller.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { stored } from "./stored.ts";

/** Creates the reading side. */
export function createPlanServingService({
  store,
  rules,
}: ServiceDeps): ServiceImpl<typeof PlanServingService> {
  return {
    async getUserPlanStatus(request, context) {
      const asn = accept(GetUserPlanStatusRequestSchema, request, asnOfParent(request.parent), context);
      const key = { kind: "planStatus", asn, id: request.userKey } as const;
      const found =
        (await readStatus({ ...key, clientId: request.clientId })) ??
        (await readStatus({ ...key, clientId: "" }));
      return show(found, request.includeUiIncompatible);
    },

    async getPlanStatus(request, context) {
      const name = parseResourceName(request.name, "planStatuses");
      const asn = accept(GetPlanStatusRequestSchema, request, name?.asn, context);
      const found = await readStatus({ kind: "planStatus", asn, clientId: "", id: name?.id ?? "" });
      return show(found, request.includeUiIncompatible);
    },

    async getPlanGroup(request, context) {
      const name = parseResourceName(request.name, "planGroups");
      const asn = accept(GetPlanGroupRequestSchema, request, name?.asn, context);
      const bytes = await stored(store.get({ kind: "planGroup", asn, clientId: "", id: name?.id ?? "" }));
      if (bytes === undefined) {
        throw apiError(ErrorReason.PLAN_GROUP_NOT_FOUND, {
          message: "no such plan group is stored, or it is stale",
        });
      }
      return fromBinary(PlanGroupSchema, bytes);
    },
  };

  /** Returns the operator of a request that may be answered; throws otherwise. */
  function accept<Desc extends DescMessage>(
    desc: Desc,
    request: MessageShape<Desc>,
    asn: number | undefined,
    context: HandlerContext,
  ): number {
    authorize(context, asn);
    const violations = rules(desc, request);
    if (violations.length > 0 || asn === undefined) {
      throw invalidFields(violations);
    }
    return asn;
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
