import type { Command } from "commander";
import { newCommand } from "../options/new-command.ts";
import { collect, parser } from "../options/parse-options.ts";
import { jsonOption, print } from "../text/print.ts";
import { UsageError } from "../usage-error.ts";

type InitOptions = { store: string; replicas?: [dc: string, number: number][]; json?: true };

const parseReplicas = parser<[dc: string, number: number]>(
  "be a data center and its number of replicas, such as dc1=3",
  (text) => {
    const [, dc, number] = /^([\w-]+)=([1-9]\d?)$/.exec(text) ?? [];
    return dc === undefined ? undefined : [dc, Number(number)];
  },
);

/** `mdps store`: prepares a store for servers. */
export function storeCommand(): Command {
  return newCommand("store")
    .description("prepare a store")
    .addCommand(
      newCommand("init")
        .description("create the keyspace and tables of a CQL store; other stores do so when they are opened")
        .requiredOption("--store <url>", "URL of the store: cql://host1,host2/keyspace?dc=NAME")
        .option(
          "--replicas <dc=number>",
          "number of replicas in a data center; repeatable; by default 3 in that of the URL",
          collect(parseReplicas),
        )
        .option(...jsonOption)
        .addHelpText("after", "\nExample:\n  mdps store init --store 'cql://10.0.0.1,10.0.0.2/mdps?dc=dc1'")
        .action(init),
    )
    .addHelpText(
      "after",
      "\nExample:\n  mdps store init --store 'cql://10.0.0.1/mdps?dc=dc1' --replicas dc1=1",
    );
}

async function init({ store, replicas, json }: InitOptions): Promise<void> {
  if (!store.startsWith("cql:")) {
    throw new UsageError("--store: only cql:// stores need to be prepared");
  }
  // Loaded on demand because other commands do not need the driver.
  const { initCqlKeyspace } = await import("../../store/cql/schema.ts");
  await initCqlKeyspace({ url: store, ...(replicas && { replicas: Object.fromEntries(replicas) }) });
  print(json, { ready: true }, "keyspace and tables exist");
}
