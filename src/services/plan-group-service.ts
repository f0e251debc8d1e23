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
import { createTimestampRules } from "../plans/timestamp-rules.ts";
import { authorizedSubject } from "./caller.ts";
import { planGroupRecord } from "./records.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { stored } from "./stored.ts";

/** Creates the pushing side for plan groups, which notify nobody and have no time rules. */
export function createPlanGroupService({ store, rules }: ServiceDeps): ServiceImpl<typeof PlanGroupService> {
  const timestampRules = createTimestampRules(PlanGroupSchema);
  return {
    async createPlanGroup(request, context) {
      const { asn } = authorizedSubject(request, context);
      const group = request.planGroup ?? create(PlanGroupSchema);
      const violations = [
        ...rules(CreatePlanGroupRequestSchema, request),
        ...timestampRules(group, "planGroup"),
      ];
      if (violations.length > 0 || asn === undefined) {
        throw invalidFields(violations);
      }
      group.name = resourceName(asn, "planGroups", request.planGroupId);
      const record = planGroupRecord(asn, request.planGroupId, group);
      const put = await stored(store.put(record));
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
      return group;
    },
  };
}
