import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { messageOfFileError } from "../contract/file-error.ts";
import { checkCommand } from "./commands/check.ts";
import { completionCommand } from "./commands/completion.ts";
import { configCommand } from "./commands/config.ts";
import { contractCommand } from "./commands/contract.ts";
import { devCommand } from "./commands/dev.ts";
import { exampleCommand } from "./commands/example.ts";
import { exportCommand } from "./commands/export.ts";
import { getCommand } from "./commands/get.ts";
import { importCommand } from "./commands/import.ts";
import { pushCommand } from "./commands/push.ts";
import { serveCommand } from "./commands/serve.ts";
import { serviceAccountCommand } from "./commands/service-account.ts";
import { storeCommand } from "./commands/store.ts";
import { tokenCommand } from "./commands/token.ts";
import { validateCommand } from "./commands/validate.ts";
import { defaultDirectoryAdvice } from "./options/data-directory.ts";
import { describeError } from "./text/describe-error.ts";

const program = new Command("mdps")
  .description("server and tools for Google's Mobile Data Plan Sharing API")
  .version(packageJson.version)
  // Options belong to the command that they follow: `dev pull` and its parent `dev` both have --json.
  .enablePositionalOptions()
  .addCommand(serveCommand())
  .addCommand(devCommand())
  .addCommand(configCommand())
  .addCommand(exampleCommand())
  .addCommand(validateCommand())
  .addCommand(pushCommand())
  .addCommand(getCommand())
  .addCommand(tokenCommand())
  .addCommand(serviceAccountCommand())
  .addCommand(storeCommand())
  .addCommand(exportCommand())
  .addCommand(importCommand())
  .addCommand(checkCommand())
  .addCommand(contractCommand())
  .addCommand(completionCommand())
  .showHelpAfterError("(run with --help for usage)");
for (const command of program.commands) {
  command.copyInheritedSettings(program);
}

// Without a listener, console.log loses its output on a full disk without an error, and other writers end in a stack
// trace. A server does not need its standard output, and a reader that has ended needs no message.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") {
    console.error(`mdps: standard output cannot be written: ${messageOfFileError(error)}`);
  }
  if (process.argv[2] !== "serve") {
    process.exit(1);
  }
});

try {
  await program.parseAsync();
} catch (error) {
  const message = describeError(error);
  console.error(`mdps: ${message}${defaultDirectoryAdvice(message)}`);
  process.exitCode = 1;
}
