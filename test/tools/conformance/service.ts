import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
  type Message,
} from "@bufbuild/protobuf";
import { type Any, anyPack, anyUnpack, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";

import { requestedError } from "../../../src/contract/api-error.ts";

// Messages of connectrpc/conformance/v1/service.proto. Its descriptors are read at run time, so nothing is generated.
type Header = { readonly name: string; readonly value: readonly string[] };
type ErrorDefinition = {
  readonly code: number;
  readonly message?: string;
  readonly details: readonly Any[];
};
type Definition = {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
  readonly responseDelayMs: number;
};
type UnaryDefinition = Definition & {
  readonly response:
    | { readonly case: "responseData"; readonly value: Uint8Array }
    | { readonly case: "error"; readonly value: ErrorDefinition }
    | { readonly case: undefined };
};
type StreamDefinition = Definition & {
  readonly responseData: readonly Uint8Array[];
  readonly error?: ErrorDefinition;
};
type Request<D> = Message & { readonly responseDefinition?: D };
type StreamRequest = Request<StreamDefinition> & { readonly fullDuplex?: boolean };

const packageName = "connectrpc.conformance.v1";

/** Reads the descriptors that `buf build` wrote. */
export function readDescriptors(path: string): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
}

/** Returns a message of connectrpc.conformance.v1. */
export function messageOf(registry: FileRegistry, name: string): DescMessage {
  const found = registry.getMessage(`${packageName}.${name}`);
  if (found === undefined) {
    throw new Error(`connectconformance has no message ${name}`);
  }
  return found;
}

/** Returns the routes of the service that connectconformance calls: it answers as each request says. */
export function conformanceRoutes(registry: FileRegistry): (router: ConnectRouter) => void {
  const infoType = messageOf(registry, "ConformancePayload.RequestInfo");

  function packed(requests: readonly Message[]) {
    return requests.map((request) => anyPack(registry.getMessage(request.$typeName) as DescMessage, request));
  }

  function infoOf(requests: readonly Message[], context: HandlerContext): Message {
    const timeoutMs = context.timeoutMs();
    const query = [...new URL(context.url).searchParams].map(([name, value]) => ({ name, value: [value] }));
    return create(infoType, {
      requestHeaders: [...context.requestHeader].map(([name, value]) => ({ name, value: [value] })),
      requests: packed(requests),
      ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.max(0, Math.round(timeoutMs))) }),
      ...(context.requestMethod === "GET" && { connectGetInfo: { queryParams: query } }),
    });
  }

  function errorOf(definition: ErrorDefinition, info: Message | undefined): ConnectError {
    const error = new ConnectError(definition.message ?? "", definition.code as Code);
    for (const detail of definition.details) {
      const value = anyUnpack(detail, registry) as Message;
      error.details.push({ desc: registry.getMessage(value.$typeName) as DescMessage, value });
    }
    if (info !== undefined) {
      error.details.push({ desc: infoType, value: info });
    }
    return requestedError(error);
  }

  async function answerOne(
    definition: UnaryDefinition | undefined,
    requests: readonly Message[],
    context: HandlerContext,
  ) {
    const requestInfo = infoOf(requests, context);
    if (definition === undefined) {
      return { payload: { requestInfo } };
    }
    setMetadata(definition, context);
    await setTimeout(definition.responseDelayMs);
    const { response } = definition;
    if (response.case === "error") {
      throw errorOf(response.value, requestInfo);
    }
    return { payload: { requestInfo, ...(response.case !== undefined && { data: response.value }) } };
  }

  /** Sends what is left of a stream, from response `sent` on. The first response or the error has the request. */
  async function* answerRest(
    definition: StreamDefinition,
    requests: readonly Message[],
    context: HandlerContext,
    sent = 0,
  ) {
    let info = sent === 0 ? infoOf(requests, context) : undefined;
    for (const data of definition.responseData.slice(sent)) {
      await setTimeout(definition.responseDelayMs);
      yield { payload: { data, ...(info && { requestInfo: info }) } };
      info = undefined;
    }
    if (definition.error !== undefined) {
      throw errorOf(definition.error, info);
    }
  }

  const implementation = {
    unary: (request: Request<UnaryDefinition>, context: HandlerContext) =>
      answerOne(request.responseDefinition, [request], context),

    idempotentUnary: (request: Request<UnaryDefinition>, context: HandlerContext) =>
      answerOne(request.responseDefinition, [request], context),

    async clientStream(requests: AsyncIterable<Request<UnaryDefinition>>, context: HandlerContext) {
      const all = await Array.fromAsync(requests);
      return answerOne(all[0]?.responseDefinition, all, context);
    },

    async *serverStream(request: StreamRequest, context: HandlerContext) {
      if (request.responseDefinition !== undefined) {
        setMetadata(request.responseDefinition, context);
        yield* answerRest(request.responseDefinition, [request], context);
      }
    },

    async *bidiStream(requests: AsyncIterable<StreamRequest>, context: HandlerContext) {
      let first: StreamRequest | undefined;
      let unanswered: StreamRequest[] = [];
      let sent = 0;
      for await (const request of requests) {
        unanswered.push(request);
        if (first === undefined) {
          first = request;
          if (request.responseDefinition !== undefined) {
            setMetadata(request.responseDefinition, context);
          }
        }
        if (first.fullDuplex) {
          const { responseDelayMs = 0, responseData = [] } = first.responseDefinition ?? {};
          if (sent >= responseData.length) {
            break;
          }
          await setTimeout(responseDelayMs);
          const requestInfo =
            sent === 0 ? infoOf(unanswered, context) : create(infoType, { requests: packed(unanswered) });
          yield { payload: { data: responseData[sent], requestInfo } };
          sent += 1;
          unanswered = [];
        }
      }
      if (first?.responseDefinition !== undefined) {
        yield* answerRest(first.responseDefinition, unanswered, context, sent);
      }
    },
  };
  const service = registry.getService(`${packageName}.ConformanceService`) as DescService;
  // Without generated code, the types of the methods are unknown.
  return (router) => router.service(service, implementation as never);
}

function setMetadata({ responseHeaders, responseTrailers }: Definition, context: HandlerContext): void {
  for (const [headers, target] of [
    [responseHeaders, context.responseHeader],
    [responseTrailers, context.responseTrailer],
  ] as const) {
    for (const { name, value } of headers) {
      for (const each of value) {
        target.append(name, each);
      }
    }
  }
}
