import type { HttpRequest, HttpResponse } from "../../server/http-handler.ts";
import type { CallFacts } from "../../server/telemetry/call-facts.ts";

/** A request and its answer, while the call runs. */
export type Exchange = {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** When its header had arrived, by the clock of the emulator. */
  readonly receivedAtMs: number;
  /** Name of the fault that was applied to the call, `faults/{fault}`. Set by what applies it. */
  fault: string | undefined;
};

const exchanges = new WeakMap<CallFacts, Exchange>();

/** Begins the exchange of a request that has arrived. */
export function beginExchange(
  call: CallFacts,
  begun: Pick<Exchange, "request" | "response" | "receivedAtMs">,
): Exchange {
  const exchange: Exchange = { ...begun, fault: undefined };
  exchanges.set(call, exchange);
  return exchange;
}

/** Returns the exchange of a call, from its arrival to its end. */
export function exchangeOf(call: CallFacts): Exchange | undefined {
  return exchanges.get(call);
}
