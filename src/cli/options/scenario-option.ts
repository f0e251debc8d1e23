import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { buffer } from "node:stream/consumers";
import { isSystemError, messageOfFileError } from "../../contract/file-error.ts";
import { unknownScenario } from "../../emulator/scenarios/built-in/index.ts";
import { builtInSource, type NamedSource, textSource } from "../../emulator/scenarios/named-source.ts";
import { maxTextBytes } from "../../emulator/scenarios/source-text.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Returns a scenario that is built in, or that of a file. Whether its records are valid is checked when it is loaded.
 *
 * @throws UsageError if there is neither, and ScenarioError with all places at which a file is not YAML.
 */
export async function readScenarioOption(nameOrFile: string): Promise<NamedSource> {
  const builtIn = builtInSource(nameOrFile);
  if (builtIn !== undefined) {
    return builtIn;
  }
  const bytes = await readFileOf(nameOrFile);
  if (bytes.length <= maxTextBytes && !isUtf8(bytes)) {
    throw new UsageError(`--scenario ${nameOrFile}: must be UTF-8`);
  }
  return textSource(nameOrFile, bytes.toString());
}

/** Reads a file, or a little more than what is allowed of a longer one, which may be a pipe without end. */
async function readFileOf(file: string): Promise<Buffer> {
  try {
    return await buffer(createReadStream(file, { end: maxTextBytes }));
  } catch (error) {
    if (!isSystemError(error)) {
      throw error;
    }
    const isName = error.code === "ENOENT" && !/[./\\]/.test(file);
    throw new UsageError(
      `--scenario ${file}: ${isName ? `there is no such file; a name ${unknownScenario(file)}` : messageOfFileError(error)}`,
    );
  }
}
