import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import type { Language } from "../language.ts";

const { "@connectrpc/connect-node": connectNode } = packageJson.dependencies;
const { "@bufbuild/protobuf": protobuf } = packageJson.devDependencies;

/** The libraries of this project's client, without the client itself, with the generated code in `gen/`. */
export const language: Language = {
  name: `TypeScript, Node: connect-node ${connectNode}, protobuf-es ${protobuf}`,
  code: "npm package `gen/`",
  protocols: ["grpc", "grpc json", "grpc-web", "grpc-web json", "connect", "connect json"],
  missing: () => undefined,
  build: async () => ({ command: process.execPath, args: [join(import.meta.dirname, "main.ts")] }),
};
