import { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { ErrorReason } from "../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { RequestGate } from "../../auth/request-gate.ts";
import { apiError } from "../../contract/api-error.ts";
import type { HttpRequest } from "../../server/http-handler.ts";
import { callFactsKey } from "../../server/telemetry/call-facts.ts";
import { parseRequestTarget } from "../../transcoding/index.ts";
import { exchangeOf } from "../journal/exchange.ts";
import { callerOf, refusalOf } from "./caller.ts";

/**
 * Creates the check of the callers of EmulatorService, who need no token. It rejects with EMULATOR_CONTROL_REFUSED before
 * the body is read. With `isExposed`, other machines may control the emulator.
 */
export function createControlGate(isExposed: boolean): RequestGate {
  return async function checkCaller({ values }) {
    const call = values.get(callFactsKey);
    const exchange = call && exchangeOf(call);
    if (exchange === undefined) {
      throw new Error("a call of the emulator has no exchange");
    }
    const message = refusalOf(callerOf(exchange.request), isExposed);
    if (message !== undefined) {
      throw apiError(ErrorReason.EMULATOR_CONTROL_REFUSED, { message });
    }
  };
}

/** The first segment of all paths of EmulatorService, over REST and over RPC. */
const firstSegments = new Set(["emulator", EmulatorService.typeName]);

/** Returns whether a request is for EmulatorService, by its path: over REST, in any encoding. */
export function isControlRequest({ url = "" }: Pick<HttpRequest, "url">): boolean {
  const [, first = ""] = parseRequestTarget(url).path.split("/", 2);
  try {
    return firstSegments.has(decodeURIComponent(first));
  } catch {
    return false;
  }
}
