import { type DescMessage, type DescMethod, type DescService, getOption } from "@bufbuild/protobuf";
import { default_host } from "#deps/google/api/client_pb.js";
import { scopesOf } from "../../../src/auth/scopes.ts";
import type { MessageUse, MethodEntry, ServiceEntry } from "../../../src/console/contract/document.ts";
import { descriptionOf } from "../../generate/describe/description.ts";
import { byStatus, errorListOf } from "../../generate/describe/error-list.ts";
import { httpBindingsOf } from "../../generate/openapi/http-bindings.ts";
import { placesOf, splitComment } from "../../generate/reference/services.ts";
import { blocksIn, commentOf, type Scope } from "./comments.ts";
import type { EntryContext } from "./entry-context.ts";

/** Returns a service with its methods. */
export function serviceEntry(service: DescService, context: EntryContext): ServiceEntry {
  const host = getOption(service, default_host);
  return {
    kind: "service",
    fullName: service.typeName,
    name: service.name,
    package: service.file.proto.package,
    ...commentOf(descriptionOf(service), { names: context.names }),
    ...(service.deprecated && { deprecated: true }),
    ...(host !== "" && { host }),
    scopes: scopesOf(service),
    methods: service.methods.map((rpc) => methodEntry(rpc, context)),
  };
}

function methodEntry(rpc: DescMethod, { names, reasons }: EntryContext): MethodEntry {
  const scope: Scope = { names, message: rpc.input };
  const [text, example] = splitComment(descriptionOf(rpc) ?? "");
  const places = placesOf(rpc);
  const reasonName = (reason: string) => `${reasons?.enumeration.typeName}.${reason}`;
  return {
    kind: "method",
    fullName: `${rpc.parent.typeName}.${rpc.name}`,
    name: rpc.name,
    ...commentOf(text, scope),
    ...(rpc.deprecated && { deprecated: true }),
    routes: httpBindingsOf(rpc).map(({ httpMethod, template }) => `${httpMethod.toUpperCase()} ${template}`),
    path: `/${rpc.parent.typeName}/${rpc.name}`,
    request: {
      ...messageUse(rpc.input, isStream(rpc, "client")),
      ...(places && {
        places: Object.fromEntries(rpc.input.fields.map((field) => [field.name, places(field)])),
      }),
    },
    response: messageUse(rpc.output, isStream(rpc, "server")),
    errors: byStatus(errorListOf(rpc)).map((errors) => ({
      ...errors,
      reasons: errors.reasons.map(reasonName),
    })),
    example: blocksIn(example, scope),
  };
}

function messageUse({ typeName, file }: DescMessage, isStream: boolean): MessageUse {
  return { type: [{ text: typeName.slice(file.proto.package.length + 1), to: typeName }], isStream };
}

function isStream({ methodKind }: DescMethod, side: "client" | "server"): boolean {
  return methodKind === "bidi_streaming" || methodKind === `${side}_streaming`;
}
