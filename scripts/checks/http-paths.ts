/** Fails if two `google.api.http` rules of the contract can match the same request. */
import { globSync } from "node:fs";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { httpBindingsOf } from "../../src/transcoding/index.ts";
import { describeBinding, httpOverlaps } from "./http-overlaps.ts";

const root = join(import.meta.dirname, "../..");
const modules = await Promise.all(
  globSync("gen/**/*_pb.ts", { cwd: root }).map((path) => import(join(root, path)) as Promise<object>),
);
const services = modules.flatMap((exports) => Object.values(exports).filter(isService));
const bindings = services.flatMap((service) => httpBindingsOf(service));
if (bindings.length === 0) {
  throw new Error("gen/ has no google.api.http rule: there is nothing to check");
}
const overlaps = httpOverlaps(bindings);
for (const { one, other, path } of overlaps) {
  console.error(`both match ${path}:\n  ${describeBinding(one)}\n  ${describeBinding(other)}`);
}
if (overlaps.length > 0) {
  process.exitCode = 1;
} else {
  console.log(`${bindings.length} HTTP rules of ${services.length} services: no two match the same request`);
}

function isService(value: unknown): value is DescService {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "service";
}
