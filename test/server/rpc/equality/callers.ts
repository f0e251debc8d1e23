import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type ConnectRouter,
  createClient,
  type HandlerContext,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { createRestTransport } from "../../../../src/transcoding/client/index.ts";
import { type result, type Script, scripted } from "./service.ts";
import { type HttpVersion, type Stack, type StackOptions, serveConnectNode, serveOurs } from "./stacks.ts";

/** Implements `Run` or `Read` of the scripted service. */
export type Implementation = (
  request: Script,
  context: HandlerContext,
) => MessageInitShape<typeof result> | Promise<MessageInitShape<typeof result>>;

/** A way of calling a server. */
export type Caller = {
  readonly name: string;
  readonly server: "this project" | "connect-node";
  readonly protocol: "connect" | "grpc" | "grpc-web" | "rest";
  readonly version: HttpVersion;
};

const ways: readonly (readonly [Caller["protocol"], HttpVersion])[] = [
  ["connect", "HTTP/1.1"],
  ["connect", "HTTP/2"],
  ["grpc", "HTTP/2"],
  ["grpc-web", "HTTP/1.1"],
  ["grpc-web", "HTTP/2"],
  ["rest", "HTTP/1.1"],
];

/** Every protocol of this project, and of connect-node, which has no REST. */
export const callers: readonly Caller[] = (["this project", "connect-node"] as const).flatMap((server) =>
  ways
    .filter(([protocol]) => server === "this project" || protocol !== "rest")
    .map(([protocol, version]) => ({
      name: `${server} over ${protocol} and ${version}`,
      server,
      protocol,
      version,
    })),
);

/** Both servers, with an implementation that a test may change. */
export type Served = {
  run: Implementation;
  /** Calls `Run`, or `Read`. Resolves to the fields of the result. */
  call(
    caller: Caller,
    request?: object,
    options?: CallOptions,
    method?: "run" | "read" | "absent",
  ): Promise<Message>;
  transport(caller: Caller): Transport;
  url(caller: Caller): string;
  close(): Promise<void>;
};

/** Serves the scripted service with both servers. Without routes, its methods are `run` of the result. */
export async function serveBoth(options: Partial<StackOptions> = {}): Promise<Served> {
  const implementation: Implementation = (request, context) => served.run(request, context);
  const routes = (router: ConnectRouter) =>
    router.service(scripted, { run: implementation, read: implementation } as never);
  const all = { routes, ...options };
  const stacks: Readonly<Record<Caller["server"], Stack>> = {
    "this project": await serveOurs(all),
    "connect-node": await serveConnectNode(all),
  };
  const transports = new Map<string, Transport>();
  const served: Served = {
    run: () => ({}),
    call(caller, request = {}, callOptions = {}, method = "run") {
      const client = createClient(scripted, served.transport(caller)) as unknown as Record<
        string,
        (request: object, options: CallOptions) => Promise<Message>
      >;
      return (client[method] as (typeof client)[string])(request, callOptions);
    },
    transport(caller) {
      const transport = transports.get(caller.name) ?? createTransport(caller, served.url(caller));
      transports.set(caller.name, transport);
      return transport;
    },
    url: ({ server, version }) => `http://127.0.0.1:${stacks[server].port[version]}`,
    async close() {
      await Promise.all(Object.values(stacks).map((stack) => stack.close()));
    },
  };
  return served;
}

function createTransport({ protocol, version }: Caller, baseUrl: string): Transport {
  const httpVersion = version === "HTTP/1.1" ? "1.1" : "2";
  switch (protocol) {
    case "connect":
      return createConnectTransport({ baseUrl, httpVersion, useHttpGet: true });
    case "grpc":
      return createGrpcTransport({ baseUrl });
    case "grpc-web":
      return createGrpcWebTransport({ baseUrl, httpVersion });
    case "rest":
      return createRestTransport({ baseUrl });
  }
}
