import { parse, stringify } from "yaml";

/** The folders of `proto-deps/` by the module of the Buf registry that has their files, if the contract depends on it. */
const copies: Readonly<Record<string, string | undefined>> = {
  google: "buf.build/googleapis/googleapis",
  buf: "buf.build/bufbuild/protovalidate",
  // Health and reflection, which only the server has.
  grpc: undefined,
};

/**
 * Returns buf.local.yaml: buf.yaml with more modules. The copies in `proto-deps/` have the names of the dependencies, so
 * that buf does not ask the registry for them. `server-proto/` is in no release of the contract.
 */
export function localConfig(bufYaml: string): string {
  const config = parse(bufYaml);
  const deps = { ignore: ["proto-deps"] };
  config.modules.push({ path: "server-proto" });
  for (const [folder, name] of Object.entries(copies)) {
    config.modules.push({
      path: "proto-deps",
      ...(name && { name }),
      includes: [`proto-deps/${folder}`],
      lint: deps,
      breaking: deps,
    });
  }
  const head = "# Made of buf.yaml by scripts/prepare/prepare.ts, for builds without the Buf registry.\n";
  return head + stringify(config, { aliasDuplicateObjects: false });
}
