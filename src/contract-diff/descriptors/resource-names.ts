import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { type JsonObject, lacking, listOf, objectOf, textsOf } from "../json.ts";
import type { Comparison } from "./comparison.ts";
import { optionsOf } from "./contract.ts";

/** Compares the resource names that a message has (`google.api.resource`). Forms may be added. */
export function compareResourceNames(comparison: Comparison, before: DescMessage, after: DescMessage): void {
  const resourceOf = (options: JsonObject) => objectOf(options["[google.api.resource]"]);
  const old = resourceOf(optionsOf(comparison.old, before));
  const now = resourceOf(optionsOf(comparison.now, after));
  compareResources(comparison, before.typeName, old, now);
}

/** Compares the resources that a file defines without messages (`google.api.resource_definition`). */
export function compareResourceDefinitions(comparison: Comparison, before: DescFile, after: DescFile): void {
  const definitions = (options: JsonObject) =>
    listOf(options["[google.api.resource_definition]"]).map(objectOf);
  const now = definitions(optionsOf(comparison.now, after));
  for (const old of definitions(optionsOf(comparison.old, before))) {
    const other = now.find(({ type }) => type === old.type) ?? {};
    compareResources(comparison, before.proto.name, old, other);
  }
}

function compareResources({ report }: Comparison, where: string, old: JsonObject, now: JsonObject): void {
  if (old.type !== undefined && old.type !== now.type) {
    report(
      "resource-name",
      where,
      `type ${old.type}`,
      now.type === undefined ? undefined : `type ${now.type}`,
    );
  }
  const patterns = lacking(old.pattern, now.pattern);
  if (patterns.length > 0) {
    report("resource-name", where, patterns.join(", "), textsOf(now.pattern).join(", "));
  }
}
