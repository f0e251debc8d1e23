import { once } from "node:events";
import { readFileSync } from "node:fs";
import { PassThroughClient } from "google-auth-library";
import { fallback, type GoogleError, protobuf } from "google-gax";
import { type Call, protoFile, type Report } from "./calls.ts";

type Stub = Record<string, (...args: unknown[]) => NodeJS.EventEmitter>;

/** Makes calls with the REST transport of google-gax, as Google's generated clients for Node do. */
export async function callWithGax(calls: readonly Call[]): Promise<readonly Report[]> {
  const auth = new PassThroughClient();
  // A client with other fields than the server: requests of the same fields are always of the right types.
  const source = readFileSync(protoFile, "utf8").replace(
    "string locale = 1;",
    "int32 locale = 1;\n  int32 nope = 3;",
  );
  const { root } = protobuf.parse(source);
  const service = root.lookupService("texts.v1.Texts");
  const { hostname, port } = new URL(calls[0]?.url ?? "");
  // Both options are parameters of each request: $alt=json;enum-encoding=int and $prettyPrint=0.
  const grpc = new fallback.GrpcClient({ auth, minifyJson: true, numericEnums: true } as never);
  const options = {
    protocol: "http",
    servicePath: hostname,
    port: Number(port),
    universeDomain: "googleapis.com",
  };
  const stub = (await grpc.createStub(service, options as never)) as unknown as Stub;
  const reports: Report[] = [];
  for (const { name, body, gzip } of calls) {
    const metadata = gzip ? {} : { "accept-encoding": ["identity"] };
    reports.push(await (body === "" ? readStream(stub, name, metadata) : create(stub, metadata)));
  }
  return reports;
}

async function readStream(stub: Stub, name: string, metadata: object): Promise<Report> {
  const messages: string[] = [];
  const stream = (stub.readTexts ?? (() => undefined as never))({ name: `texts/${name}` }, metadata, {});
  stream.on("data", ({ message }: { message: string }) => messages.push(message));
  try {
    await once(stream, "end");
    return { name, messages, error: "", code: 0, reason: "", violations: [] };
  } catch (error) {
    return { name, messages, ...describe(error as GoogleError) };
  }
}

async function create(stub: Stub, metadata: object): Promise<Report> {
  const error = await new Promise<GoogleError>((resolve) => {
    stub.createText?.({ text: { locale: 1, nope: 2 } }, metadata, {}, resolve);
  });
  return { name: "invalid", messages: [], ...describe(error) };
}

function describe(error: GoogleError) {
  const details = (error.statusDetails ?? []) as { fieldViolations?: { field: string }[] }[];
  return {
    error: error.message,
    code: error.httpStatusCode ?? 0,
    reason: error.reason ?? "",
    violations: details.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }) => field)),
  };
}
