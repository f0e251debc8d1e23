import { type DescFile, getOption } from "@bufbuild/protobuf";
import { resource, resource_definition } from "#deps/google/api/resource_pb.js";

/** Returns the name patterns of all resources (`operators/{asn_id}/planStatuses/{user_key}`), split into segments. */
export function resourcePatternsOf(files: readonly DescFile[]): string[][] {
  return files
    .flatMap((file) => [
      ...getOption(file, resource_definition),
      ...file.messages.map((message) => getOption(message, resource)),
    ])
    .flatMap(({ pattern }) => pattern)
    .map((pattern) => pattern.split("/"));
}
