import { byteModule, invalid, module, parent } from "./build.ts";
import type { CaseInit } from "./case.ts";

// A low balance without a remaining amount: invalid in a status, valid in a group, which sends no notifications.
const planGroup = {
  dataPlans: [
    { planId: "acme-199", planModules: [byteModule(), module({ coarseBalanceLevel: "LOW_QUOTA" })] },
  ],
  responseStaleTime: "2099-12-31T00:00:00Z",
  lastUpdatedTime: "2026-01-01T00:00:00.500Z",
};

/** Pushes of plan groups. */
export const planGroups: readonly CaseInit[] = [
  {
    name: "a plan group",
    method: "CreatePlanGroup",
    request: { parent, planGroupId: "vector-group", planGroup },
    response: { ...planGroup, name: `${parent}/planGroups/vector-group` },
  },
  {
    name: "an absent plan group",
    method: "CreatePlanGroup",
    request: { parent, planGroupId: "vector-group-absent" },
    response: { name: `${parent}/planGroups/vector-group-absent` },
  },
  {
    name: "a plan group with another name and an id with slash and percent",
    method: "CreatePlanGroup",
    request: { parent, planGroupId: "g/r+o%up==", planGroup: { name: "mine" } },
    response: { name: `${parent}/planGroups/g%2Fr+o%25up==` },
  },
  {
    name: "a plan group without an id",
    method: "CreatePlanGroup",
    request: { parent, planGroup },
    error: invalid("planGroupId"),
  },
  {
    name: "a plan group with invalid plans",
    method: "CreatePlanGroup",
    request: {
      parent,
      planGroupId: "vector-group-rejected",
      planGroup: { dataPlans: [{ planId: "a", planState: "PLAN_STATE_UNSPECIFIED", planModules: [{}] }] },
    },
    error: invalid(
      "planGroup.dataPlans[0].planModules[0].description",
      "planGroup.dataPlans[0].planModules[0].moduleName",
      "planGroup.dataPlans[0].planModules[0]",
      "planGroup.dataPlans[0].planState",
    ),
  },
];
