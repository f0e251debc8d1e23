/** Writes the tables of settings in docs/configuration.md from the comments of the contract. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describedServerConfig, settingsTables } from "./settings-tables.ts";

const file = join(import.meta.dirname, "../../docs/configuration.md");
const [before = "", after = ""] = readFileSync(file, "utf8").split(
  /(?<=<!-- settings -->\n)[\s\S]*(?=<!-- \/settings -->)/,
);
writeFileSync(file, `${before}\n${settingsTables(describedServerConfig())}\n\n${after}`);
