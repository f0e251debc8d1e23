import { isConfidential } from "../../contract/loopback.ts";
import { literalOf } from "./literals.ts";
import { type RepeatableCall, type Snippet, whyNoMessage } from "./repeatable-call.ts";
import { tokenRequest } from "./shell.ts";

/** Returns the program with which the client of this package sends a call again, over the same protocol. */
export function typescriptSnippet(call: RepeatableCall): Snippet {
  const { origin, method, message, access, protocol } = call;
  if (method === undefined || message === undefined || protocol === undefined) {
    return { reason: call.unknown ?? whyNoMessage(call, "the client") };
  }
  const credentials = credentialLines(access);
  if (credentials === undefined) {
    return { reason: "The client always sends one bearer token, and the call did not." };
  }
  if (!isConfidential(new URL(origin))) {
    return {
      reason: `The client sends tokens over http to loopback addresses only. Open the console at a loopback address, or over https, instead of ${origin}.`,
    };
  }
  const schemas = [`${method.input.name}Schema`, `${method.output.name}Schema`];
  const lines = [
    `import { ${readerOf(message)}, toJsonString } from "@bufbuild/protobuf";`,
    'import { createPlanSharingClient, readError } from "mobile-data-plan-sharing/client";',
    ...importsOf([
      [schemas[0] as string, method.input.file.name],
      [schemas[1] as string, method.output.file.name],
    ]),
    "",
    `const endpoint = ${JSON.stringify(origin)};`,
    ...credentials,
    `const client = createPlanSharingClient({ endpoint, protocol: "${protocol}", token, retry: false });`,
    `const request = ${readerOf(message)}(${schemas[0]}, ${literalOf(message, "typescript") ?? JSON.stringify(message)});`,
    "try {",
    `  const answer = await client.${method.localName}(request);`,
    `  console.log(toJsonString(${schemas[1]}, answer, { prettySpaces: 2 }));`,
    "} catch (error) {",
    "  console.error(readError(error));",
    "}",
  ];
  return { text: `${lines.join("\n")}\n` };
}

function readerOf(message: string): string {
  return literalOf(message, "typescript") === undefined ? "fromJsonString" : "fromJson";
}

function importsOf(schemas: readonly (readonly [name: string, file: string])[]): string[] {
  const files = Map.groupBy(schemas, ([, file]) => file);
  return [...files].map(
    ([file, names]) =>
      `import { ${names.map(([name]) => name).join(", ")} } from "mobile-data-plan-sharing/gen/${file}_pb.js";`,
  );
}

/** Returns the lines that set `token`. Undefined for credentials that the client never sends. */
function credentialLines(access: RepeatableCall["access"]): string[] | undefined {
  if (access.kind === "headers") {
    const [value, another] = access.values;
    const token = another === undefined ? /^Bearer (.+)$/i.exec(value ?? "")?.[1] : undefined;
    return token === undefined ? undefined : [`const token = ${JSON.stringify(token)};`];
  }
  return [
    "// A token of the emulator. For another server, use one of its access tokens, or googleCredentials.",
    'const answered = await fetch(endpoint + "/emulator/v1/tokens", {',
    '  method: "POST",',
    '  headers: { "content-type": "application/json" },',
    `  body: JSON.stringify(${literalOf(JSON.stringify(tokenRequest(access)), "typescript")}),`,
    "});",
    "const { accessToken: token } = (await answered.json()) as { accessToken: string };",
  ];
}
