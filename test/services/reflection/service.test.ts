import { connect } from "node:http2";
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as v1 from "#deps/grpc/reflection/v1/reflection_pb.js";
import * as v1alpha from "#deps/grpc/reflection/v1alpha/reflection_pb.js";
import { createReflectionRoutes } from "../../../src/services/reflection/service.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
});

type Question = v1.ServerReflectionRequest["messageRequest"];

const symbol = (value: string) => ({ case: "fileContainingSymbol", value }) as const;
const fileOf = (value: string) => ({ case: "fileByFilename", value }) as const;
const extension = (containingType: string, extensionNumber: number) =>
  ({ case: "fileContainingExtension", value: { containingType, extensionNumber } }) as Question;

/** Asks all questions on one stream, one after the other, and returns the answers. */
async function ask(...questions: Question[]) {
  const client = createClient(v1.ServerReflection, createGrpcTransport({ baseUrl: server.url }));
  async function* requests() {
    for (const messageRequest of questions) {
      yield { host: "h", messageRequest };
    }
  }
  const answers = await Array.fromAsync(client.serverReflectionInfo(requests()));
  expect(answers.map(({ validHost }) => validHost)).toEqual(questions.map(() => "h"));
  return answers.map(({ messageResponse }) => messageResponse);
}

/** Returns the files in an answer; fails if it has none. */
function filesIn(answer: Awaited<ReturnType<typeof ask>>[number] | undefined) {
  if (answer?.case !== "fileDescriptorResponse") {
    throw new Error(`expected files, got ${JSON.stringify(answer)}`);
  }
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

const namesIn = (answer: Parameters<typeof filesIn>[0]) => filesIn(answer).map(({ name }) => name);

const resources = "mobiledataplansharing/v1/resources.proto";

describe.each([
  ["v1", v1],
  ["v1alpha", v1alpha],
] as const)("reflection %s", (version, { ServerReflection }) => {
  it("reflection lists every service, including both versions of itself, without a token", async () => {
    const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: server.url }));
    async function* requests() {
      yield { host: "example.com", messageRequest: { case: "listServices", value: "*" } as const };
    }
    const [answer] = await Array.fromAsync(client.serverReflectionInfo(requests()));
    expect(answer).toMatchObject({
      $typeName: `grpc.reflection.${version}.ServerReflectionResponse`,
      validHost: "example.com",
      originalRequest: { host: "example.com", messageRequest: { case: "listServices", value: "*" } },
      messageResponse: {
        case: "listServicesResponse",
        value: {
          service: [
            { name: "grpc.health.v1.Health" },
            { name: "grpc.reflection.v1.ServerReflection" },
            { name: "grpc.reflection.v1alpha.ServerReflection" },
            { name: "mobiledataplansharing.serving.v1.PlanServingService" },
            { name: "mobiledataplansharing.v1.PlanGroupService" },
            { name: "mobiledataplansharing.v1.PlanStatusService" },
          ],
        },
      },
    });
  });
});

describe("reflection of files", () => {
  it.each([
    ["message", "mobiledataplansharing.v1.PlanStatus", resources],
    ["field", "mobiledataplansharing.v1.PlanStatus.plans", resources],
    ["oneof", "mobiledataplansharing.v1.PlanModule.balance", "mobiledataplansharing/v1/plans.proto"],
    ["enum", "mobiledataplansharing.v1.ErrorReason", "mobiledataplansharing/v1/errors.proto"],
    [
      "enum value, a sibling of its enum",
      "mobiledataplansharing.v1.FIELD_INVALID",
      "mobiledataplansharing/v1/errors.proto",
    ],
    ["extension", "mobiledataplansharing.v1.reason_spec", "mobiledataplansharing/v1/errors.proto"],
    ["service", "grpc.health.v1.Health", "grpc/health/v1/health.proto"],
    ["method", "grpc.health.v1.Health.Check", "grpc/health/v1/health.proto"],
    ["entry of a map", "grpc.health.v1.HealthListResponse.StatusesEntry", "grpc/health/v1/health.proto"],
    ["nested enum", "grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"],
    ["nested enum's value", "grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"],
    ["type of error details", "google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"],
  ])("reflection finds the file that declares: %s", async (_, name, file) => {
    const [answer] = await ask(symbol(name));
    expect(namesIn(answer)[0]).toBe(file);
  });

  it("reflection finds a file by its path and by an extension that it declares", async () => {
    const answers = await ask(
      fileOf("google/protobuf/descriptor.proto"),
      extension("google.protobuf.EnumValueOptions", 50650),
      extension("google.protobuf.MethodOptions", 72295728),
    );
    expect(answers.map((answer) => namesIn(answer)[0])).toEqual([
      "google/protobuf/descriptor.proto",
      "mobiledataplansharing/v1/errors.proto",
      "google/api/annotations.proto",
    ]);
  });

  it("reflection sends a file with all its imports", async () => {
    const [answer] = await ask(symbol("mobiledataplansharing.v1.PlanStatusService"));
    const file = filesIn(answer);
    const registry = createFileRegistry(
      create(FileDescriptorSetSchema, { file: file.toReversed().sort(byImports) }),
    );
    const method = registry.getService("mobiledataplansharing.v1.PlanStatusService")?.method
      .createUserPlanStatus;
    expect(method?.input.fields.map(({ jsonName }) => jsonName)).toEqual([
      "parent",
      "clientId",
      "userKey",
      "planStatus",
    ]);
    // Third-party options are unknown fields here and must be preserved.
    expect(method?.proto.options?.$unknown?.map(({ no }) => no)).toContain(72295728);

    function byImports(a: (typeof file)[number], b: (typeof file)[number]): number {
      return depthOf(a.name) - depthOf(b.name);
    }
    function depthOf(name: string): number {
      const found = file.find((one) => one.name === name);
      expect(found, `${name} is imported but not in the answer`).toBeDefined();
      return 1 + Math.max(0, ...(found?.dependency ?? []).map(depthOf));
    }
  });

  it("reflection sends a file once per stream, unless it is requested again", async () => {
    const status = symbol("mobiledataplansharing.v1.PlanStatusService");
    const group = symbol("mobiledataplansharing.v1.PlanGroupService");
    const [first, again, other, dependency] = await ask(status, status, group, fileOf(resources));
    expect(namesIn(first)).toContain(resources);
    expect(new Set(namesIn(first)).size).toBe(namesIn(first).length);
    expect(namesIn(again)).toEqual(["mobiledataplansharing/v1/plan_status_service.proto"]);
    expect(namesIn(other)[0]).toBe("mobiledataplansharing/v1/plan_group_service.proto");
    expect(namesIn(other).filter((name) => namesIn(first).includes(name))).toEqual([]);
    expect(namesIn(dependency)).toEqual([resources]);
    const [fresh] = await ask(group);
    expect(namesIn(fresh)).toContain("buf/validate/validate.proto");
  });

  it("reflection answers NOT_FOUND with what was not found, and the stream continues", async () => {
    const answers = await ask(
      symbol("mobiledataplansharing.v1.Nothing"),
      symbol("mobiledataplansharing.v1"),
      fileOf("mobiledataplansharing/v1/none.proto"),
      fileOf("mobiledataplansharing/config/v1/server_config.proto"),
      extension("google.protobuf.EnumValueOptions", 1),
      extension("no.Message", 1),
      { case: "allExtensionNumbersOfType", value: "no.Message" },
      fileOf(resources),
    );
    const last = answers.pop();
    expect(answers).toMatchObject(
      [
        "the symbol mobiledataplansharing.v1.Nothing",
        "the symbol mobiledataplansharing.v1",
        "the file mobiledataplansharing/v1/none.proto",
        "the file mobiledataplansharing/config/v1/server_config.proto",
        "the extension 1 of google.protobuf.EnumValueOptions",
        "the extension 1 of no.Message",
        "the message no.Message",
      ].map((what) => ({
        case: "errorResponse",
        value: { errorCode: Code.NotFound, errorMessage: `${what} does not exist on this server` },
      })),
    );
    expect(namesIn(last)[0]).toBe(resources);
  });
});

it("reflection returns the extension numbers of a message in ascending order, also if there are none", async () => {
  const answers = await ask(
    { case: "allExtensionNumbersOfType", value: "google.protobuf.ServiceOptions" },
    { case: "allExtensionNumbersOfType", value: "mobiledataplansharing.v1.PlanStatus" },
  );
  expect(answers).toMatchObject([
    { value: { baseTypeName: "google.protobuf.ServiceOptions", extensionNumber: [1049, 1050, 525000001] } },
    { value: { baseTypeName: "mobiledataplansharing.v1.PlanStatus", extensionNumber: [] } },
  ]);
});

describe("a reflection stream", () => {
  it("a reflection request without a question ends the stream with INVALID_ARGUMENT", async () => {
    await expect(ask({ case: undefined })).rejects.toMatchObject({ code: Code.InvalidArgument });
  });

  it("a reflection stream answers each question before the next one is asked", async () => {
    const client = createClient(v1.ServerReflection, createGrpcTransport({ baseUrl: server.url }));
    const asked: string[] = [];
    let goOn = () => {};
    async function* requests() {
      for (const value of ["grpc.health.v1.Health", "google.type.Money"]) {
        asked.push(value);
        yield { messageRequest: symbol(value) };
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
      }
    }
    const seen: string[][] = [];
    for await (const { originalRequest } of client.serverReflectionInfo(requests())) {
      seen.push([...asked]);
      expect(originalRequest?.messageRequest.value).toBe(asked.at(-1));
      goOn();
    }
    expect(seen).toEqual([["grpc.health.v1.Health"], ["grpc.health.v1.Health", "google.type.Money"]]);
  });

  it("reflection works over Connect and gRPC-Web", async () => {
    const baseUrl = server.url;
    for (const transport of [
      createConnectTransport({ baseUrl, httpVersion: "2" }),
      createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
    ]) {
      async function* requests() {
        yield { messageRequest: fileOf(resources) };
      }
      const answers = createClient(v1.ServerReflection, transport).serverReflectionInfo(requests());
      expect(await Array.fromAsync(answers)).toHaveLength(1);
    }
  });

  it("a silent reflection stream does not delay the shutdown", async () => {
    const own = await startTestServer({ graceMs: 20_000 });
    const { status, closed } = await openStream(own.url);
    await own.stop();
    expect(await status).toBe("0");
    await closed;
    await own[Symbol.asyncDispose]();
  }, 15_000);
});

describe("an idle reflection stream", () => {
  it("a reflection stream ends without an error idleMs after its last question", async () => {
    let rounds = 0;
    const run = conversation(5, async function* (question) {
      for (; rounds < 3; rounds++) {
        yield question;
      }
      await new Promise(() => {});
    });
    expect(await Array.fromAsync(run)).toHaveLength(3);
  });

  it("a reflection stream ends when the server starts to shut down", async () => {
    const stopping = new AbortController();
    const run = conversation(
      3_600_000,
      async function* (question) {
        yield question;
        stopping.abort();
        await new Promise(() => {});
      },
      stopping.signal,
    );
    expect(await Array.fromAsync(run)).toHaveLength(1);
  });

  it("a reflection stream fails with the error of its connection", async () => {
    // biome-ignore lint/correctness/useYield: it fails before the first question.
    const run = conversation(3_600_000, async function* () {
      throw new ConnectError("reset", Code.Canceled);
    });
    await expect(Array.fromAsync(run)).rejects.toThrow("reset");
  });
});

it("reflection is UNIMPLEMENTED when it is switched off", async () => {
  const own = await startTestServer({ reflection: false });
  const client = createClient(v1.ServerReflection, createGrpcTransport({ baseUrl: own.url }));
  async function* requests() {
    yield { messageRequest: fileOf(resources) };
  }
  const answers = Array.fromAsync(client.serverReflectionInfo(requests()));
  await expect(answers).rejects.toMatchObject({
    code: Code.Unimplemented,
    rawMessage: "unknown method: names of services and methods are case-sensitive",
  });
  await own[Symbol.asyncDispose]();
});

/** Runs the service with an idle timeout and a client that sends what `speak` yields. */
function conversation(
  idleMs: number,
  speak: (question: v1.ServerReflectionRequest) => AsyncIterable<v1.ServerReflectionRequest>,
  stopping = new AbortController().signal,
) {
  type Method = (requests: AsyncIterable<unknown>, context: unknown) => AsyncIterable<unknown>;
  const methods: Method[] = [];
  const router = {
    service: (_: unknown, { serverReflectionInfo }: { serverReflectionInfo: Method }) => {
      methods.push(serverReflectionInfo);
    },
  };
  createReflectionRoutes({ services: [], stopping, idleMs })(router as never);
  const question = create(v1.ServerReflectionRequestSchema, {
    messageRequest: { case: "listServices", value: "" },
  });
  const [first] = methods;
  if (first === undefined) {
    throw new Error("no method was registered");
  }
  return first(speak(question), { signal: new AbortController().signal });
}

/** Asks one question over HTTP/2, waits for the answer and then leaves the stream open. */
async function openStream(url: string) {
  const session = connect(url);
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const status = new Promise<unknown>((resolve) => {
    stream.on("trailers", (trailers) => resolve(trailers["grpc-status"]));
  });
  const closed = new Promise<void>((resolve) => session.on("close", resolve));
  const message = toBinary(
    v1.ServerReflectionRequestSchema,
    create(v1.ServerReflectionRequestSchema, { messageRequest: { case: "listServices", value: "" } }),
  );
  stream.write(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  await new Promise((resolve) => stream.once("data", resolve));
  stream.resume();
  return { status, closed };
}

it("a reflection stream answers without compression, also to clients that accept it", async () => {
  const session = connect(server.url);
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "content-type": "application/grpc",
    "grpc-accept-encoding": "gzip",
    te: "trailers",
  });
  const question = toBinary(
    v1.ServerReflectionRequestSchema,
    create(v1.ServerReflectionRequestSchema, {
      messageRequest: symbol("mobiledataplansharing.v1.PlanStatusService"),
    }),
  );
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, question.length]), question]));
  const answer = Buffer.concat(await stream.toArray());
  session.close();
  expect(answer.length).toBeGreaterThan(64 * 1024);
  expect(answer[0]).toBe(0);
  expect(answer.readUInt32BE(1)).toBe(answer.length - 5);
});

describe("what a question may cost", () => {
  it("rejects a question of more than 16 KiB with RESOURCE_EXHAUSTED", async () => {
    await expect(ask(symbol("a".repeat(16 * 1024)))).rejects.toMatchObject({ code: Code.ResourceExhausted });
    expect(await ask(symbol("a".repeat(15 * 1024)))).toMatchObject([{ case: "errorResponse" }]);
  });

  it("ends a stream with RESOURCE_EXHAUSTED after 1,000 questions", async () => {
    const client = createClient(v1.ServerReflection, createGrpcTransport({ baseUrl: server.url }));
    async function* questions() {
      for (let asked = 0; asked < 1_001; asked++) {
        yield create(v1.ServerReflectionRequestSchema, { messageRequest: symbol("x") });
      }
    }
    let answers = 0;
    const reading = (async () => {
      for await (const _ of client.serverReflectionInfo(questions())) {
        answers += 1;
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: Code.ResourceExhausted });
    expect(answers).toBe(1_000);
  });

  it("does not return unknown fields of a question", async () => {
    const client = createClient(v1.ServerReflection, createGrpcTransport({ baseUrl: server.url }));
    const question = create(v1.ServerReflectionRequestSchema, { messageRequest: symbol("x") });
    question.$unknown = Array(1_000).fill({ no: 99, wireType: 0, data: Uint8Array.of(0) });
    async function* requests() {
      yield question;
    }
    const [answer] = await Array.fromAsync(client.serverReflectionInfo(requests()));
    expect(answer?.originalRequest?.messageRequest.value).toBe("x");
    expect(answer?.originalRequest?.$unknown).toBeUndefined();
  });
});
