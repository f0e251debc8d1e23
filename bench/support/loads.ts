import { exampleStatus } from "../../src/examples/index.ts";
import type { Load } from "./load.ts";

/** Number of users that the creates rotate through. */
const users = 100_000;
const userOf = (n: number) => `a%2Fb%2Bc${n % users}%3D%3D`;

/** Returns REST creates of a prepaid plan with three modules: 1.5 KB of JSON. */
export function restCreate(token: string): Load {
  return {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(exampleStatus(new Date())),
    path: (n) => `/v1/operators/65001/clients/mobiledataplan/users/${userOf(n)}/planStatus`,
  };
}

/** Returns creates of the same status for one user, over Connect with JSON. */
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

/** Returns REST reads of the statuses that the creates stored. */
export function restRead(token: string): Load {
  return {
    method: "GET",
    headers: { authorization: `Bearer ${token}` },
    path: (n) => `/v1/operators/65001/clients/mobiledataplan/users/${userOf(n % 1_000)}/planStatus`,
  };
}
