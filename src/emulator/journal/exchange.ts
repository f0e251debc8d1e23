import type { HttpRequest, HttpResponse } from "../../server/http-handler.ts";
import type { CallFacts } from "../../server/telemetry/call-facts.ts";
import { type BodyCopy, copyBody } from "./body-copy.ts";
import type { SentNotification } from "./sent-notification.ts";

/** A request and its answer, while the call runs. */
export type Exchange = {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** When its header had arrived, by the clock of the emulator. */
  readonly receivedAtMs: number;
  /** What has arrived of its body. */
  readonly body: BodyCopy;
  /** The request message, once it has been read. */
  message: ReadMessage | undefined;
  /** The notifications of the push, once it has been stored. */
  sent: readonly Omit<SentNotification, "call">[];
  /** Name of the fault that was applied to the call, `faults/{fault}`. Set by what applies it. */
  fault: string | undefined;
  /** Whether the call is left out of the journal, because a reset has ended its delay. */
  isForgotten: boolean;
};

/** A request message in binary. */
export type ReadMessage = {
  readonly bytes: Uint8Array;
  /** Empty if the request has no client. */
  readonly clientId: string;
};

const exchanges = new WeakMap<CallFacts, Exchange>();

/** Begins the exchange of a request that has arrived. */
export function beginExchange(
  call: CallFacts,
  begun: Pick<Exchange, "request" | "response" | "receivedAtMs">,
): void {
  exchanges.set(call, {
    ...begun,
    body: copyBody(begun.request),
    message: undefined,
    sent: [],
    fault: undefined,
    isForgotten: false,
  });
}

/** Returns the exchange of a call, from its arrival to its end. */
export function exchangeOf(call: CallFacts): Exchange | undefined {
  return exchanges.get(call);
}
