import { principalKey } from "../../auth/principal.ts";
import type { RequestGate } from "../../auth/request-gate.ts";

/** A set that contains every value. */
class Every<Value> extends Set<Value> {
  override has(): boolean {
    return true;
  }
}

const anyone = { account: "any-token", asns: new Every<number>(), scopes: new Every<string>() };

/** Accepts every call, with any token or none: its caller may act for every operator. */
export const acceptAnyToken: RequestGate = async ({ values }) => {
  values.set(principalKey, anyone);
};
