import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Returns the folder of the documented tests of a language that start the emulator. */
export const exampleFolder = (language: string) => join(root, "docs/examples/testing", language);

/** Returns the environment in which they start the emulator of this repository, with its keys below a folder. */
export function exampleEnv(folder: string): Record<string, string> {
  const data = join(folder, "emulator-data");
  const main = join(root, "src/cli/main.ts");
  return {
    MDPS_COMMAND: `${process.execPath} ${main} dev --port 0 --json --log-level error --data ${data}`,
    MDPS_ENDPOINT: "",
  };
}
