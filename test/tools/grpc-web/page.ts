/** Runs in the browser: calls with the official client, whose code generator writes descriptors like these. */
import {
  createRegistry,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { GrpcWebClientBase, type Metadata, MethodDescriptor, type RpcError, type Status } from "grpc-web";
import { Health } from "#deps/grpc/health/v1/health_pb.js";
import { EmulatorService } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_service_pb.ts";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";

export type Call = {
  /** Of the server. */
  readonly url: string;
  /** How the client sends and reads bodies; `text` is its default. */
  readonly format: "text" | "binary";
  /** Such as `package.Service`. */
  readonly service: string;
  /** Such as `Watch`. */
  readonly method: string;
  readonly request: object;
  readonly metadata?: Metadata;
};

/** What a caller sees of a unary call. */
export type Outcome = {
  readonly message?: unknown;
  readonly status?: Status;
  readonly metadata?: Metadata;
  readonly error?: Pick<RpcError, "code" | "message" | "metadata">;
};

/** What a caller has seen of a stream so far. */
export type Seen = { messages: unknown[]; status?: Status; error?: Outcome["error"]; hasEnded: boolean };

declare global {
  var callUnary: (call: Call) => Promise<Outcome>;
  /** Starts a stream, which is then in `seen`. */
  var openStream: (call: Call) => void;
  var seen: Seen;
  /** Cancels the last call. */
  var cancelCall: () => void;
}

const services = createRegistry(Health, EmulatorService, PlanStatusService);

function describeMethod({ service, method }: Call) {
  const found = services.getService(service)?.methods.find(({ name }) => name === method) as DescMethod;
  const descriptor = new MethodDescriptor<Message, Message>(
    `/${service}/${method}`,
    found.methodKind,
    Object as never,
    Object as never,
    (message: Message) => toBinary(found.input, message),
    (bytes: Uint8Array) => fromBinary(found.output, bytes),
  );
  return { ...found, descriptor };
}

const errorOf = ({ code, message, metadata }: RpcError) => ({ code, message, metadata });

globalThis.callUnary = async (call) => {
  const { input, output, descriptor } = describeMethod(call);
  const outcome: { status?: Status; metadata?: Metadata } = {};
  const client = new GrpcWebClientBase({
    format: call.format,
    unaryInterceptors: [
      {
        async intercept(request, invoker) {
          const response = await invoker(request);
          outcome.status = response.getStatus();
          outcome.metadata = response.getMetadata();
          return response;
        },
      },
    ],
  });
  const cancelling = new AbortController();
  globalThis.cancelCall = () => cancelling.abort();
  try {
    // The types of unaryCall lack its options.
    const parameters = [
      call.url + descriptor.getName(),
      fromJson(input, call.request as JsonValue),
      call.metadata ?? {},
      descriptor,
      { signal: cancelling.signal },
    ] as unknown as Parameters<typeof client.unaryCall<Message, Message>>;
    const message = await client.unaryCall(...parameters);
    return { ...outcome, message: toJson(output, message) };
  } catch (error) {
    return { error: errorOf(error as RpcError) };
  }
};

globalThis.openStream = (call) => {
  const { input, output, descriptor } = describeMethod(call);
  // The format is not set: it must be the default.
  const client = new GrpcWebClientBase(call.format === "text" ? {} : { format: call.format });
  const request = fromJson(input, call.request as JsonValue);
  const url = call.url + descriptor.getName();
  const stream = client.serverStreaming(url, request, call.metadata ?? {}, descriptor);
  const seen: Seen = { messages: [], hasEnded: false };
  globalThis.seen = seen;
  globalThis.cancelCall = () => stream.cancel();
  stream.on("data", (message) => seen.messages.push(toJson(output, message)));
  stream.on("status", (status) => {
    seen.status = status;
  });
  stream.on("error", (error) => {
    seen.error = errorOf(error);
  });
  stream.on("end", () => {
    seen.hasEnded = true;
  });
};
