import { type DescMessage, type DescMethod, type DescService, getOption } from "@bufbuild/protobuf";
import { default_host } from "#deps/google/api/client_pb.js";
import { scopesOf } from "../../../src/auth/scopes.ts";
import { descriptionOf } from "../describe/description.ts";
import { byStatus, errorListOf, type ListedErrors } from "../describe/error-list.ts";
import { type HttpBinding, httpBindingsOf } from "../openapi/http-bindings.ts";
import { parsePathTemplate } from "../openapi/path-template.ts";

import { code, table } from "./markdown.ts";
import { headingOf } from "./names.ts";
import { comment, messageSection, type PageContext, type PlaceOf } from "./types.ts";

/** Returns the sections of a service and its methods. */
export function serviceSection(service: DescService, context: PageContext): string[] {
  const host = getOption(service, default_host);
  return [
    `## ${headingOf(service)}`,
    ...comment(descriptionOf(service), context),
    table(
      ["", ""],
      [
        ["full name", code(service.typeName)],
        ...(host === "" ? [] : [["Google's host", code(host)]]),
        ["scope", scopesOf(service).map(code).join("\n")],
      ],
    ),
    table(
      ["method", "over REST"],
      service.methods.map((rpc) => [`[${rpc.name}](#${rpc.name.toLowerCase()})`, routesOf(rpc).join("\n")]),
    ),
    ...service.methods.flatMap((rpc) => methodSection(rpc, context)),
  ];
}

/** Returns the routes of a method, such as `GET /v1/{name=operators/*}`. */
export function routesOf(rpc: DescMethod): string[] {
  return httpBindingsOf(rpc).map(({ httpMethod, template }) =>
    code(`${httpMethod.toUpperCase()} ${template}`),
  );
}

function methodSection(rpc: DescMethod, context: PageContext): string[] {
  const errors = errorListOf(rpc);
  const [text, example] = splitComment(descriptionOf(rpc) ?? "");
  const routes = routesOf(rpc);
  return [
    `### ${rpc.name}`,
    ...(rpc.deprecated ? ["**Deprecated.**"] : []),
    ...comment(text, context),
    table(
      ["", ""],
      [
        ...(routes.length === 0 ? [] : [["over REST", routes.join("\n")]]),
        ["over Connect, gRPC and gRPC-Web", code(`/${rpc.parent.typeName}/${rpc.name}`)],
        ["request", `${context.links.to(rpc.input, context.page)}${streamed(rpc, "client")}`],
        ["response", `${context.links.to(rpc.output, context.page)}${streamed(rpc, "server")}`],
      ],
    ),
    ...(errors.length === 0 ? [] : ["**Errors**", errorTable(errors, context)]),
    ...(example === "" ? [] : ["**Example**", ...comment(example, context)]),
    ...(isRequestOf(rpc.input, rpc) ? messageSection(rpc.input, context, placesOf(rpc)) : []),
  ];
}

/** Whether a message is described with this method: its request, and that of no earlier method of the file. */
export function isRequestOf(message: DescMessage, rpc: DescMethod): boolean {
  const methods = message.file.services.flatMap((service) => service.methods);
  return methods.find(({ input }) => input === message) === rpc;
}

function streamed({ methodKind }: DescMethod, side: "client" | "server"): string {
  return methodKind === "bidi_streaming" || methodKind === `${side}_streaming` ? ", a stream" : "";
}

/** Splits a comment into its text and its example, without the list of errors, which has a table. */
export function splitComment(description: string): [text: string, example: string] {
  const withoutErrors = description.replace(/^Errors:\n\n(?:(?:- | {2}).*\n?)+/m, "");
  const [text = "", example = ""] = withoutErrors.split(/^Example:\n\n/m);
  return [text.trim(), example.trimEnd()];
}

function errorTable(errors: readonly ListedErrors[], { links, page }: PageContext): string {
  return table(
    ["HTTP status", "code", "reasons"],
    byStatus(errors).map(({ status, code: name, reasons }) => [
      String(status),
      name,
      reasons.map((reason) => links.toReason(reason, page)).join(", "),
    ]),
  );
}

/** Returns where a request over REST has a field: in the path, in the query or in the body. */
export function placesOf(rpc: DescMethod): PlaceOf | undefined {
  const [binding]: (HttpBinding | undefined)[] = httpBindingsOf(rpc);
  if (binding === undefined) {
    return undefined;
  }
  const { rule, template } = binding;
  const inPath = parsePathTemplate(template, []).parameters.map(({ field }) => field);
  return ({ name }) => {
    if (inPath.includes(name)) {
      return "path";
    }
    return rule.body === name ? "the body" : rule.body === "*" ? "body" : "query";
  };
}
