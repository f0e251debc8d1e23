import { create, createRegistry, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import {
  AnySchema,
  anyPack,
  DurationSchema,
  ListValueSchema,
  StringValueSchema,
  StructSchema,
  TimestampSchema,
  ValueSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ErrorInfoSchema, HelpSchema, RetryInfoSchema } from "#deps/google/rpc/error_details_pb.js";
import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanGroupSchema } from "../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import { createPlanSharingClient, type PlanSharingProtocol } from "../../../src/client/index.ts";
import { contractTypes } from "../../../src/contract/contract-types.ts";
import { type Listener, listen } from "../../../src/server/connections/listener.ts";
import { createRpcHandler } from "../../../src/server/rpc/handler.ts";
import { createTranscodingHandler } from "../../../src/transcoding/index.ts";
import { parent, protocols } from "../../support/test-server.ts";
import { everything, libraryFile, messageOf } from "../../transcoding/fixtures/library.ts";

type Detail = ConnectError["details"][number];

const book = messageOf("Book");
const bookMessage = create(book, { name: "b/1" } as never);
const text = (value: string) => create(ValueSchema, { kind: { case: "stringValue", value } });
const info = create(ErrorInfoSchema, { reason: "LOST", domain: "library" });

/** A message of every kind: of google/rpc, of the contract, of the registry, and the well-known types. */
const messages: readonly [DescMessage, Message][] = [
  [ErrorInfoSchema, info],
  [RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: 2n } })],
  [PlanGroupSchema, create(PlanGroupSchema, { name: "operators/1/planGroups/a" })],
  [book, bookMessage],
  [DurationSchema, create(DurationSchema, { seconds: 1n, nanos: 5_000 })],
  [TimestampSchema, create(TimestampSchema, { seconds: 1n })],
  [StringValueSchema, create(StringValueSchema, { value: "計" })],
  [StructSchema, create(StructSchema, { fields: { a: text("b") } })],
  [ValueSchema, text("x")],
  [ListValueSchema, create(ListValueSchema, { values: [text("y")] })],
  [AnySchema, anyPack(book, bookMessage)],
];

/** The details of the error that the method raises, by the id of the request. */
const errors: Record<string, Detail[]> = {};
const outgoing = (desc: DescMessage, value: unknown) => ({ desc, value }) as never as Detail;
for (const [desc, message] of messages) {
  const { $typeName, ...fields } = message;
  errors[`message-${desc.typeName}`] = [outgoing(desc, message)];
  errors[`fields-${desc.typeName}`] = [outgoing(desc, fields)];
  errors[`bytes-${desc.typeName}`] = [{ type: desc.typeName, value: toBinary(desc, message) }];
}
const unknownBytes = new Uint8Array([0x0a, 1, 0x62]);
Object.assign(errors, {
  invalid: [
    outgoing(RetryInfoSchema, { retryDelay: { seconds: "soon" } }),
    outgoing(HelpSchema, { links: "text" }),
    outgoing(ErrorInfoSchema, info),
  ],
  broken: [{ type: "google.rpc.Help", value: new Uint8Array([255]) }, outgoing(ErrorInfoSchema, info)],
  unknown: [{ type: "acme.Unknown", value: unknownBytes }, outgoing(ErrorInfoSchema, info)],
  "unknown-json": [
    { type: "acme.Unknown", value: new Uint8Array(0), debug: { a: 1 } },
    { type: "library.v1.Book", value: new Uint8Array(0), debug: { name: "b/1" } },
    outgoing(ErrorInfoSchema, info),
  ],
  surrogate: [outgoing(ErrorInfoSchema, info)],
} satisfies Record<string, Detail[]>);

let listener: Listener;

beforeAll(async () => {
  const common = {
    routes: (router: ConnectRouter) => {
      router.service(PlanGroupService, {
        async createPlanGroup({ planGroupId }) {
          const [, protocol, id] = /^relay\.([a-z-]+)\.(.*)$/.exec(planGroupId) ?? [];
          if (id !== undefined) {
            throw await relayed(protocol as PlanSharingProtocol, id);
          }
          const message = planGroupId === "surrogate" ? "bad \ud83d" : "no such book";
          const error = new ConnectError(message, Code.NotFound);
          error.details = errors[planGroupId] ?? [];
          error.metadata.set("x-upstream", "1");
          throw error;
        },
      });
    },
    readMaxBytes: 1024,
    shutdownSignal: new AbortController().signal,
    requestGate: async () => {},
    interceptors: [],
    registry: createRegistry(contractTypes, libraryFile),
  };
  const rpc = createRpcHandler(common);
  const rest = createTranscodingHandler({ ...common, errorDomain: "library" });
  listener = await listen({ host: "127.0.0.1", port: 0 }, (request, response) => {
    (rpc.serves(request.url ?? "") ? rpc.handle : rest)(request, response);
  });
});
afterAll(() => listener.close(1_000));

/** Returns the error of another server, as a handler that calls it receives it. */
async function relayed(protocol: PlanSharingProtocol, planGroupId: string): Promise<unknown> {
  const client = createPlanSharingClient({ endpoint: listener.url, protocol, token: "x", retry: false });
  return client.createPlanGroup({ parent, planGroupId }).catch((cause: unknown) => cause);
}

async function errorOver(
  protocol: PlanSharingProtocol,
  planGroupId: string,
  registry = createRegistry(libraryFile),
) {
  const client = createPlanSharingClient({
    endpoint: listener.url,
    protocol,
    token: "x",
    retry: false,
    registry,
  });
  const error = ConnectError.from(
    await client.createPlanGroup({ parent, planGroupId }).catch((cause: unknown) => cause),
  );
  expect([error.code, error.rawMessage.slice(0, 3)]).toEqual([
    Code.NotFound,
    planGroupId === "surrogate" ? "bad" : "no ",
  ]);
  return error;
}

describe.each(protocols)("error details over %s", (protocol) => {
  it.each(messages.map(([desc, message]) => [desc.typeName, desc, message] as const))(
    `a detail of the type %s reaches the client over ${protocol}, however the error was made`,
    async (name, desc, message) => {
      for (const kind of ["message", "fields", "bytes"]) {
        const error = await errorOver(protocol, `${kind}-${name}`);
        expect(
          error.findDetails(desc).filter((each) => desc !== ErrorInfoSchema || "reason" in each)[0],
        ).toEqual(message);
      }
    },
  );

  it.each(
    protocols.flatMap((upstream) =>
      messages.map(([desc, message]) => [desc.typeName, upstream, desc, message] as const),
    ),
  )(
    `a detail of the type %s relayed from a server over %s reaches the client over ${protocol}`,
    async (...each) => {
      const [name, upstream, desc, message] = each;
      const error = await errorOver(protocol, `relay.${upstream}.message-${name}`);
      expect(error.findDetails(desc).at(0)).toEqual(message);
    },
  );

  it.each(protocols)(
    `an error relayed from %s to ${protocol} does not have the headers of the other server`,
    async (upstream) => {
      expect((await errorOver(protocol, "message-google.rpc.Help")).metadata.get("x-upstream")).toBe("1");
      const { metadata } = await errorOver(protocol, `relay.${upstream}.message-google.rpc.Help`);
      expect(metadata.get("x-upstream")).toBeNull();
    },
  );

  it(`an error over ${protocol} is sent without its invalid details`, async () => {
    const error = await errorOver(protocol, "invalid");
    expect(error.findDetails(ErrorInfoSchema)).toEqual([info]);
    expect(error.findDetails(HelpSchema)).toEqual([]);
  });

  it(`bytes over ${protocol} that do not parse do not break the error`, async () => {
    const error = await errorOver(protocol, "broken");
    expect(error.findDetails(ErrorInfoSchema)).toEqual([info]);
    expect(error.findDetails(HelpSchema)).toEqual([]);
  });

  it(`bytes of an unknown type ${protocol === "rest" ? "are left out" : "are carried"} over ${protocol}`, async () => {
    const error = await errorOver(protocol, "unknown");
    expect(error.findDetails(ErrorInfoSchema)).toEqual([info]);
    expect(error.details.filter((each) => "type" in each && each.type === "acme.Unknown")).toMatchObject(
      protocol === "rest" ? [] : [{ value: unknownBytes }],
    );
  });

  it(`JSON of an unknown type ${protocol === "rest" ? "is relayed" : "is left out, because it has no bytes,"} over ${protocol}`, async () => {
    const error = await errorOver(protocol, "unknown-json");
    expect(error.findDetails(book)).toEqual([bookMessage]);
    expect(error.details.filter((each) => "type" in each && each.type === "acme.Unknown")).toMatchObject(
      protocol === "rest" ? [{ debug: { a: 1 } }] : [],
    );
  });

  it(`an error over ${protocol} whose message is no valid Unicode is sent`, async () => {
    const error = await errorOver(protocol, "surrogate");
    expect(error.rawMessage).toBe("bad \ufffd");
    expect(error.findDetails(ErrorInfoSchema)).toEqual([info]);
  });

  it(`a client over ${protocol} without the types finds a detail by its schema`, async () => {
    const error = await errorOver(protocol, "message-library.v1.Book", createRegistry());
    expect(error.findDetails(book)).toEqual([bookMessage]);
    expect(error.findDetails(everything)).toEqual([]);
  });
});

describe("details over Connect", () => {
  async function detailsOf(planGroupId: string): Promise<unknown> {
    const response = await fetch(
      `${listener.url}/mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup`,
      {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ parent, planGroupId }),
      },
    );
    return ((await response.json()) as { details: unknown }).details;
  }
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

  it.each(["message", "fields", "bytes"])(
    "details from %s have base64 and their JSON as debug",
    async (kind) => {
      expect(await detailsOf(`${kind}-library.v1.Book`)).toEqual([
        { type: "library.v1.Book", value: base64(toBinary(book, bookMessage)), debug: { name: "b/1" } },
      ]);
      expect(await detailsOf(`${kind}-google.protobuf.Duration`)).toMatchObject([{ debug: "1.000005s" }]);
      expect(await detailsOf(`${kind}-google.protobuf.Any`)).toMatchObject([
        { debug: { "@type": "type.googleapis.com/library.v1.Book", name: "b/1" } },
      ]);
    },
  );

  it("details of an unknown type have base64 and no debug", async () => {
    const [detail] = (await detailsOf("unknown")) as unknown[];
    expect(detail).toEqual({ type: "acme.Unknown", value: base64(unknownBytes) });
  });
});
