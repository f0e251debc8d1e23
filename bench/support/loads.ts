import { exampleStatus } from "../../src/cli/quick-start.ts";
import type { Load } from "./load.ts";

/** Users that the creates go to, in turn. */
const users = 100_000;
const userOf = (n: number) => `a%2Fb%2Bc${n % users}%3D%3D`;

/** A REST create of a prepaid plan with three modules, 1.5 KB of JSON. */
export function restCreate(token: string): Load {
  return {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(exampleStatus(new Date())),
    path: (n) => `/v1/operators/65001/clients/mobiledataplan/users/${userOf(n)}/planStatus`,
  };
}

/** The same status for one user over Connect with JSON. */
export function connectCreate(token: string): Load {
  const request = {
    parent: "operators/65001",
    clientId: "mobiledataplan",
    userKey: "a/b+c==",
    planStatus: exampleStatus(new Date()),
  };
  return {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(request),
    path: () => "/mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus",
  };
}

/** A REST read of what the creates stored. */
export function restRead(token: string): Load {
  return {
    method: "GET",
    headers: { authorization: `Bearer ${token}` },
    path: (n) => `/v1/operators/65001/clients/mobiledataplan/users/${userOf(n % 1_000)}/planStatus`,
  };
}
