import type { DescEnum } from "@bufbuild/protobuf";
import {
  NotificationTypeSchema,
  UiCompatibilitySchema,
} from "../../../../gen/mobiledataplansharing/v1/enums_pb.ts";
import type { Plan } from "../../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import type { PlanGroup, PlanStatus } from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";

/** A field that is set and that no subscriber would see. */
export type NotShown = {
  /** Path in JSON, such as `plans[0].planId`. */
  readonly field: string;
  readonly value: string;
  /** Why it is not drawn. */
  readonly why: string;
};

const idOfOperator = "an id in the operator's systems";

/** Returns what is set in a status and not drawn. */
export function notShownOfStatus(status: PlanStatus): NotShown[] {
  const { planInfoPerClient, notifications, uiCompatibility } = status;
  const rate = planInfoPerClient?.youtube?.rateLimitedStreaming?.maxMediaRateKbps;
  const android = planInfoPerClient?.androidSystemInfo;
  const found: NotShown[] = [
    { field: "name", value: status.name, why: "name of the resource" },
    ...planIds(status.plans, "plans"),
    {
      field: "languageCode",
      value: status.languageCode,
      why: "sets the language and direction of the texts, and how amounts are written",
    },
    { field: "subscriberId", value: status.subscriberId, why: idOfOperator },
    {
      field: "uiCompatibility",
      value: uiCompatibility === 0 ? "" : nameIn(UiCompatibilitySchema, uiCompatibility),
      why: "says whether the status may be shown",
    },
    {
      field: "notifications",
      value: notifications.map((type) => nameIn(NotificationTypeSchema, type)).join(", "),
      why: "sent to the devices of the user by the last push",
    },
    {
      field: "planInfoPerClient.youtube.rateLimitedStreaming.maxMediaRateKbps",
      value: rate === undefined ? "" : `${rate} kbit/s`,
      why: "YouTube limits the bit rate of videos to it",
    },
    {
      field: "planInfoPerClient.androidSystemInfo",
      value: android === undefined ? "" : JSON.stringify(android),
      why: "read by the Android system",
    },
    { field: "cpidState", value: status.cpidState ?? "", why: "state of the user key" },
  ];
  return found.filter(({ value }) => value !== "");
}

/** Returns what is set in a group and not drawn. */
export function notShownOfGroup(group: PlanGroup): NotShown[] {
  const name = { field: "name", value: group.name, why: "name of the resource" };
  return [name, ...planIds(group.dataPlans, "dataPlans")].filter(({ value }) => value !== "");
}

/** A plan without a name is drawn with its id. */
function planIds(plans: readonly Plan[], list: string): NotShown[] {
  return plans.flatMap(({ planName, planId }, index) =>
    planName === "" ? [] : [{ field: `${list}[${index}].planId`, value: planId, why: idOfOperator }],
  );
}

function nameIn(desc: DescEnum, value: number): string {
  return desc.value[value]?.name ?? String(value);
}
