import { readFileSync } from "node:fs";
import {
  create,
  createRegistry,
  type DescMessage,
  type DescService,
  type Message,
  type MessageInitShape,
  type Registry,
} from "@bufbuild/protobuf";
import { type Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { compile } from "../../../scripts/generate/openapi/compile.ts";
import { found } from "../../../transcoding/fixtures/library.ts";

const files = {
  "sample/v1/sample.proto": new URL("../../../transcoding/fixtures/sample.proto", import.meta.url),
  "scripted/v1/scripted.proto": new URL("./scripted.proto", import.meta.url),
};
const compiled = compile(
  Object.fromEntries(Object.entries(files).map(([name, url]) => [name, readFileSync(url, "utf8")])),
);

/** The types of scripted.proto and sample.proto. */
export const scriptedTypes: Registry = createRegistry(...compiled.files);

function messageNamed(name: string): DescMessage {
  return found(scriptedTypes.getMessage(name), name);
}

/** scripted.v1.Scripted */
export const scripted: DescService = found(scriptedTypes.getService("scripted.v1.Scripted"), "Scripted");
export const script = messageNamed("scripted.v1.Script");
export const result = messageNamed("scripted.v1.Result");
export const sample = messageNamed("sample.v1.Sample");
const inner = messageNamed("sample.v1.Inner");

export type Field = { readonly name: string; readonly value: string };
type Failure = {
  readonly code: number;
  readonly message: string;
  readonly metadata: readonly Field[];
  readonly details: readonly Message[];
};
export type Script = Message & {
  readonly sample?: Message;
  readonly padding: number;
  readonly responseHeaders: readonly Field[];
  readonly responseTrailers: readonly Field[];
  readonly failure?: Failure;
  readonly waits: boolean;
  readonly returnsAtOnce: boolean;
};

/** The header of a request that identifies it. */
export const caseHeader = "x-case";

const minuteMs = 60_000;

/**
 * Returns the routes of the scripted service, which does as each request says. `called` is called with the
 * {@link caseHeader} of each call that reaches the implementation.
 */
export function scriptedRoutes(called: (id: string | null) => void): (router: ConnectRouter) => void {
  function answer(request: Script, context: HandlerContext): MessageInitShape<DescMessage> | Promise<never> {
    called(context.requestHeader.get(caseHeader));
    for (const { name, value } of request.responseHeaders) {
      context.responseHeader.append(name, value);
    }
    for (const { name, value } of request.responseTrailers) {
      context.responseTrailer.append(name, value);
    }
    if (request.failure !== undefined) {
      throw errorOf(request.failure);
    }
    if (request.waits) {
      return aborted(context.signal);
    }
    const init = {
      sample: request.sample,
      // Does not compress to nothing, and is the same each time.
      padding: "0123456789".repeat(Math.ceil(request.padding / 10)).slice(0, request.padding),
      call: callOf(context),
    };
    return init as MessageInitShape<DescMessage>;
  }

  const implementation = (request: Script, context: HandlerContext) => {
    const output = answer(request, context);
    return request.returnsAtOnce ? output : Promise.resolve(output).then((init) => create(result, init));
  };
  return (router) =>
    // Without generated code, the types of the methods are unknown.
    router.service(scripted, { run: implementation, read: implementation } as never);
}

function errorOf({ code, message, metadata, details }: Failure): Error {
  if (code === 0) {
    return new Error(message);
  }
  const error = new ConnectError(message, code as Code);
  for (const { name, value } of metadata) {
    error.metadata.append(name, value);
  }
  error.details.push(...details.map((value) => ({ desc: inner, value: value as never })));
  return error;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) {
      onAbort();
    }
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function callOf(context: HandlerContext) {
  const timeoutMs = context.timeoutMs();
  return {
    method: context.method.name,
    protocolName: context.protocolName,
    requestMethod: context.requestMethod,
    url: context.url,
    requestHeaders: [...context.requestHeader].map(([name, value]) => ({ name, value })),
    ...(timeoutMs !== undefined && { minutesLeft: BigInt(Math.ceil(timeoutMs / minuteMs)) }),
  };
}
