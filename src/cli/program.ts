import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { defaultDirectoryAdvice } from "./options/data-directory.ts";
import { handleOutputErrors } from "./output-errors.ts";
import { describeError } from "./text/describe-error.ts";

/** The commands in the order of the help. Loaded lazily: loading all of them takes longer than running most of them. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./commands/serve.ts")).serveCommand(),
  dev: async () => (await import("./commands/dev.ts")).devCommand(),
  config: async () => (await import("./commands/config.ts")).configCommand(),
  example: async () => (await import("./commands/example.ts")).exampleCommand(),
  validate: async () => (await import("./commands/validate.ts")).validateCommand(),
  push: async () => (await import("./commands/push.ts")).pushCommand(),
  get: async () => (await import("./commands/get.ts")).getCommand(),
  token: async () => (await import("./commands/token.ts")).tokenCommand(),
  "service-account": async () => (await import("./commands/service-account.ts")).serviceAccountCommand(),
  store: async () => (await import("./commands/store.ts")).storeCommand(),
  export: async () => (await import("./commands/export.ts")).exportCommand(),
  import: async () => (await import("./commands/import.ts")).importCommand(),
  check: async () => (await import("./commands/check.ts")).checkCommand(),
  contract: async () => (await import("./commands/contract.ts")).contractCommand(),
  completion: async () => (await import("./commands/completion.ts")).completionCommand(),
};

const program = new Command("mdps")
  .description("server and tools for Google's Mobile Data Plan Sharing API")
  .version(packageJson.version)
  // Options belong to the command that they follow: `dev pull` and its parent `dev` both have --json.
  .enablePositionalOptions()
  .showHelpAfterError("(run with --help for usage)");
for (const load of neededCommands(process.argv[2])) {
  const command = await load();
  program.addCommand(command);
  command.copyInheritedSettings(program);
}

/** Returns the command with this name; all commands for --help and for a mistyped name. */
function neededCommands(name = ""): (() => Promise<Command>)[] {
  const load = name !== "completion" && Object.hasOwn(commands, name) ? commands[name] : undefined;
  return load === undefined ? Object.values(commands) : [load];
}

handleOutputErrors();

try {
  await program.parseAsync();
} catch (error) {
  const message = describeError(error);
  console.error(`mdps: ${message}${defaultDirectoryAdvice(message)}`);
  process.exitCode = 1;
}
