import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRestTransport } from "../../../src/transcoding/client/index.ts";
import { type Served, serve } from "../fixtures/serving.ts";
import { shelf } from "../fixtures/shelf.ts";

type Fields = Record<string, unknown>;
type Method = (input: never, options?: object) => Promise<Fields>;
type Stream = (input: never, options?: object) => AsyncIterable<Fields>;

/** Implementations of the methods. */
const methods: Record<string, (input: Fields) => unknown> = {
  WatchBooks: async function* ({ count }) {
    for (let pages = 1; pages <= (count as number); pages++) {
      yield { title: `Book ${pages} "[{,`, pages };
    }
    if (count === 3) {
      throw new Error("secret");
    }
  },
  ListTitles: ({ count }) => ({ titles: count === 0 ? [] : ["a", "b"] }),
  Download: ({ name }) => ({ contentType: "text/plain", data: Buffer.from(`of ${name}`) }),
  DownloadParts: async function* () {
    yield { contentType: "text/plain", data: Buffer.from("one ") };
    yield { data: Buffer.from("two") };
  },
  Upload: (input) => input,
};

describe("the REST transport against a transcoding handler", () => {
  let served: Served;
  let client: Record<string, Method & Stream>;

  beforeAll(async () => {
    served = await serve(
      {},
      {
        routes(router) {
          for (const method of shelf.methods) {
            router.rpc(method, ((input: Fields) => methods[method.name]?.(input) ?? {}) as never);
          }
        },
      },
    );
    const transport = createRestTransport({ baseUrl: `http://127.0.0.1:${served.port["HTTP/1.1"]}` });
    client = createClient(shelf, transport) as never;
  });
  afterAll(() => served.close());

  const call = (name: string, input: Fields) => (client[name] as Method)(input as never);
  const collect = async (name: string, input: Fields) => {
    const found: Fields[] = [];
    for await (const message of (client[name] as Stream)(input as never)) {
      found.push(message);
    }
    return found;
  };

  it.each([0, 1, 2, 500])("the client reads a stream of %i messages from the server", async (count) => {
    const found = await collect("watchBooks", { count });
    expect(found.map(({ pages }) => pages)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });

  it("the client raises the error of a stream after its messages", async () => {
    await expect(collect("watchBooks", { count: 3 })).rejects.toThrow("the server failed");
    expect(String(served.failures.pop())).toContain("secret");
  });

  it("the client reads a response that is one field", async () => {
    expect((await call("listTitles", { count: 1 })).titles).toEqual(["a", "b"]);
    expect((await call("listTitles", { count: 0 })).titles).toEqual([]);
  });

  it("the client sends and receives raw bytes, whole and in parts", async () => {
    expect(Buffer.from((await call("download", { name: "a b/ü" })).data as Uint8Array).toString()).toBe(
      "of a b/ü",
    );
    const parts = await collect("downloadParts", { name: "a" });
    expect(Buffer.concat(parts.map(({ data }) => data as Uint8Array)).toString()).toBe("one two");
    const data = Buffer.from([0, 255, 1]);
    const echoed = await call("upload", { name: "a", content: { contentType: "image/png", data } });
    expect(echoed).toMatchObject({ name: "a", content: { contentType: "image/png" } });
    expect(Buffer.from((echoed.content as { data: Uint8Array }).data)).toEqual(data);
  });
});
