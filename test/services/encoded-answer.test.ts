import { connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext, Interceptor } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import {
  GetPlanGroupRequestSchema,
  PlanServingService,
} from "../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { type PlanGroup, PlanGroupSchema } from "../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createRpcHandler } from "../../src/server/rpc/handler.ts";
import { setEncodedAnswer } from "../../src/services/encoded-answer.ts";
import { startTestListener, type TestListener } from "../support/test-listener.ts";

const group = (name: string) => create(PlanGroupSchema, { name });
const bytesOf = (name: string) => Buffer.from(toBinary(PlanGroupSchema, group(name)));
const request = toBinary(GetPlanGroupRequestSchema, create(GetPlanGroupRequestSchema));
const frame = (bytes: Uint8Array) => Buffer.from(encodeEnvelope(0, bytes));

/** Tells bytes that differ from the message, so that answers show which of them was written. */
function answerOf(context: HandlerContext): PlanGroup {
  const answer = group("message");
  setEncodedAnswer(context, answer, bytesOf("bytes"));
  return answer;
}

type Options = Pick<Parameters<typeof createRpcHandler>[0], "interceptors" | "around"> & {
  binaryOptions?: { writeUnknownFields: boolean };
  answer?: (context: HandlerContext) => PlanGroup;
};

/** Starts a handler whose method tells bytes that differ from its message. */
function start({ binaryOptions, answer = answerOf, ...options }: Options = {}): Promise<TestListener> {
  const rpc = createRpcHandler({
    ...options,
    routes: (router) =>
      router.service(
        PlanServingService,
        { getPlanGroup: (_, context) => answer(context) },
        binaryOptions && { binaryOptions },
      ),
    requestGate: async () => {},
    readMaxBytes: 1_000,
    shutdownSignal: new AbortController().signal,
  });
  return startTestListener({}, { onRequest: rpc.handle });
}

const path = `/${PlanServingService.typeName}/GetPlanGroup`;

async function post({ url }: TestListener, type: string, body: Uint8Array<ArrayBuffer>): Promise<Buffer> {
  const response = await fetch(url + path, { method: "POST", headers: { "content-type": type }, body });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

async function overGrpc({ url }: TestListener): Promise<Buffer> {
  const session = connect(url);
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(frame(request));
  const chunks = await Array.fromAsync(stream as AsyncIterable<Buffer>);
  session.close();
  return Buffer.concat(chunks);
}

const binary: readonly [string, (listener: TestListener) => Promise<Buffer>, (bytes: Buffer) => Buffer][] = [
  ["Connect", (listener) => post(listener, "application/proto", request), (bytes) => bytes],
  [
    "a GET of Connect",
    async ({ url }) => {
      const response = await fetch(`${url}${path}?connect=v1&encoding=proto&base64=1&message=`);
      return Buffer.from(await response.arrayBuffer());
    },
    (bytes) => bytes,
  ],
  ["gRPC", overGrpc, frame],
  [
    "gRPC-Web",
    async (listener) => {
      const body = await post(listener, "application/grpc-web+proto", frame(request));
      return body.subarray(0, 5 + body.readUInt32BE(1));
    },
    frame,
  ],
];

describe.each(binary)("an answer over %s", (_, send, framed) => {
  const written = async (options?: Options) => {
    await using listener = await start(options);
    return await send(listener);
  };

  it("is what its method has encoded", async () => {
    expect(await written()).toEqual(framed(bytesOf("bytes")));
  });

  it("is encoded if the method tells nothing", async () => {
    expect(await written({ answer: () => group("message") })).toEqual(framed(bytesOf("message")));
  });

  it("is encoded if the method tells the bytes of another message", async () => {
    const answer = (context: HandlerContext) => {
      answerOf(context);
      return group("other");
    };
    expect(await written({ answer })).toEqual(framed(bytesOf("other")));
  });

  it("is encoded if an interceptor has changed the message", async () => {
    const rename: Interceptor = (next) => async (call) => {
      const response = await next(call);
      (response.message as PlanGroup).name = "changed";
      return response;
    };
    expect(await written({ interceptors: [rename] })).toEqual(framed(bytesOf("changed")));
  });

  it("is encoded if the method is wrapped and its answer replaced", async () => {
    const around: Options["around"] = (_, call) => async (message, context) => {
      await call(message, context);
      return group("replaced");
    };
    expect(await written({ around })).toEqual(framed(bytesOf("replaced")));
  });

  it("is encoded if its service has options for that", async () => {
    const binaryOptions = { writeUnknownFields: false };
    expect(await written({ binaryOptions })).toEqual(framed(bytesOf("message")));
  });
});

describe("an answer in JSON", () => {
  it("is written from the message", async () => {
    await using listener = await start();
    const answer = await post(listener, "application/json", Buffer.from("{}"));
    expect(JSON.parse(answer.toString())).toEqual({ name: "message" });
  });
});
