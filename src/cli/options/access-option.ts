import type { Command, Option } from "commander";
import { type Access, scopesOfAccess } from "../../auth/scopes.ts";

/** Creates the option `--access`. */
export function accessOption(command: Command, description: string): Option {
  return command
    .createOption("--access <access>", description)
    .choices(Object.keys(scopesOfAccess))
    .default("push" satisfies Access);
}
