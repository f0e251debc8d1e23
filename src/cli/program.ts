import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { checkCommand } from "./check.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config.ts";
import { explain } from "./explain.ts";
import { exportCommand } from "./export.ts";
import { getCommand } from "./get.ts";
import { importCommand } from "./import.ts";
import { pushCommand } from "./push.ts";
import { serveCommand } from "./serve.ts";
import { serviceAccountCommand } from "./service-account.ts";
import { storeCommand } from "./store.ts";
import { tokenCommand } from "./token.ts";
import { validateCommand } from "./validate.ts";

const program = new Command("mdps")
  .description("server and tools for Google's Mobile Data Plan Sharing API")
  .version(packageJson.version)
  .addCommand(serveCommand())
  .addCommand(configCommand())
  .addCommand(validateCommand())
  .addCommand(pushCommand())
  .addCommand(getCommand())
  .addCommand(tokenCommand())
  .addCommand(serviceAccountCommand())
  .addCommand(storeCommand())
  .addCommand(exportCommand())
  .addCommand(importCommand())
  .addCommand(checkCommand())
  .addCommand(completionCommand())
  .showHelpAfterError("(add --help for what there is)");
for (const command of program.commands) {
  command.copyInheritedSettings(program);
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`mdps: ${explain(error)}`);
  process.exitCode = 1;
}
