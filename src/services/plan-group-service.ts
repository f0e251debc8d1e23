import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ErrorReason } from "../../gen/mobiledataplansharing/v1/errors_pb.ts";
import {
  CreatePlanGroupRequestSchema,
  type PlanGroupService,
} from "../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanGroupSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { apiError, invalidFields } from "../contract/api-error.ts";
import { formatInstant } from "../contract/instant.ts";
import { resourceName } from "../contract/resource-names.ts";
import { authorizedSubject } from "./authorize.ts";
import type { ServiceDependencies } from "./dependencies.ts";
import { setEncodedAnswer } from "./encoded-answer.ts";
import { planGroupRecord } from "./record-mapping.ts";
import { mapStoreErrors } from "./store-errors.ts";

/** Creates the service that accepts plan groups. They send no notifications and have no time rules. */
export function createPlanGroupService({
  store,
  rules,
}: ServiceDependencies): ServiceImpl<typeof PlanGroupService> {
  return {
    async createPlanGroup(request, context) {
      const { asn } = authorizedSubject(request, context);
      const group = request.planGroup ?? create(PlanGroupSchema);
      const violations = rules(CreatePlanGroupRequestSchema, request);
      if (violations.length > 0 || asn === undefined) {
        throw invalidFields(violations);
      }
      group.name = resourceName(asn, "planGroups", request.planGroupId);
      const record = planGroupRecord(asn, request.planGroupId, group);
      const put = await mapStoreErrors(store.put(record));
      if (put.outcome === "stale") {
        const storedLastUpdatedTime = formatInstant(put.storedUpdateTime);
        throw apiError(ErrorReason.PLAN_GROUP_STALE, {
          message: `a newer group is already stored (lastUpdatedTime ${storedLastUpdatedTime})`,
          metadata: {
            lastUpdatedTime: record.updateTime === undefined ? "" : formatInstant(record.updateTime),
            storedLastUpdatedTime,
          },
        });
      }
      setEncodedAnswer(context, group, record.value);
      return group;
    },
  };
}
