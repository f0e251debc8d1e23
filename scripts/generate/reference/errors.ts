import {
  type DescEnum,
  type DescEnumValue,
  type DescExtension,
  type DescFile,
  type DescMethod,
  getExtension,
  hasExtension,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { errorDomain } from "../../../src/contract/api-error.ts";
import { descriptionOf } from "../describe/description.ts";
import { sendersOf, statusOfError } from "../describe/error-list.ts";
import type { Json } from "../describe/json.ts";
import { asObject } from "../openapi/validation-rules.ts";

import { code, fenced } from "./markdown.ts";
import { headingOf } from "./names.ts";
import { comment, type PageContext } from "./types.ts";

/** The enum of error reasons and the option that gives each its code and metadata. */
export type ErrorReasons = { readonly enumeration: DescEnum; readonly option: DescExtension };

type Reason = { readonly code: string; readonly metadata: readonly string[] };

/** Finds the enum whose values have an option `reason_spec`. */
export function errorReasonsOf(files: readonly DescFile[]): ErrorReasons | undefined {
  const option = files.flatMap((file) => file.extensions).find(({ name }) => name === "reason_spec");
  const enumeration =
    option &&
    files.flatMap((file) => file.enums).find(({ values }) => values.some((each) => hasSpec(each, option)));
  return option && enumeration && { enumeration, option };
}

/** Returns the section of the error reasons: one heading for each, so that a reason can be linked. */
export function errorSection(
  reasons: ErrorReasons,
  methods: readonly DescMethod[],
  context: PageContext,
): string[] {
  const { enumeration, option } = reasons;
  const known = enumeration.values.filter((value) => hasSpec(value, option));
  return [
    `## ${headingOf(enumeration)}`,
    ...comment(descriptionOf(enumeration), context),
    "Over REST, an error has Google's form. Over gRPC, Connect and gRPC-Web, its details are the same messages.",
    ...known
      .filter((value) => specOf(value, option).metadata.length > 0)
      .slice(0, 1)
      .map((value) => fenced(exampleOf(value.name, specOf(value, option)), "json")),
    ...known.flatMap((value) => reasonSection(value, specOf(value, option), methods, context)),
  ];
}

/** Whether errors can have a reason. */
export function hasSpec({ proto }: DescEnumValue, option: DescExtension): boolean {
  return proto.options !== undefined && hasExtension(proto.options, option);
}

/** Returns the code and the metadata of a reason. */
export function specOf({ proto }: DescEnumValue, option: DescExtension): Reason {
  const spec = proto.options && getExtension(proto.options, option);
  const json = option.message && asObject(toJson(option.message, spec as Message) as Json);
  if (json === undefined) {
    throw new Error(`${option} is not a message`);
  }
  return { code: String(json.code), metadata: Array.isArray(json.metadata) ? json.metadata.map(String) : [] };
}

function reasonSection(
  value: DescEnumValue,
  { code: name, metadata }: Reason,
  methods: readonly DescMethod[],
  context: PageContext,
): string[] {
  const senders = sendersOf(value.name, methods);
  const facts = [
    `number ${value.number}`,
    `code ${code(name)}`,
    `HTTP status ${statusOfError(name, value.name)}`,
    ...(metadata.length === 0 ? [] : [`metadata ${metadata.map(code).join(", ")}`]),
  ];
  const sentBy =
    senders.length === 0
      ? "No method lists it."
      : senders.length === methods.length
        ? "Sent by every method."
        : `Sent by ${senders.map((rpc) => context.links.prose(rpc.name, context.page)).join(", ")}.`;
  return [`### ${value.name}`, ...comment(descriptionOf(value), context), `${facts.join(" · ")}. ${sentBy}`];
}

/** Returns the body of an error over REST. */
export function exampleOf(reason: string, { code: status, metadata }: Reason): string {
  const info = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason,
    domain: errorDomain,
    metadata: Object.fromEntries(metadata.map((key) => [key, "…"])),
  };
  return JSON.stringify(
    { error: { code: statusOfError(status, reason), message: "…", status, details: [info] } },
    null,
    2,
  );
}
