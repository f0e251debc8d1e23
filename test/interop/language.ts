import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Command that starts a program. */
export type Command = {
  command: string;
  args: string[];
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string>;
};

export type BuildContext = {
  /** An empty temporary folder; builds write nothing into the repository. */
  workDir: string;
  /** Prints a progress message. */
  log(line: string): void;
};

export type ExampleContext = BuildContext & {
  /** The folder in which the program was built. */
  buildDir: string;
};

/** A language and its libraries. */
export type Language = {
  /** Name in the table, such as "Go: grpc-go 1.82.0". Versions come from lock or manifest files. */
  readonly name: string;
  /** Where the code of the contract comes from, such as "Java jar": how a user of the language would get it. */
  readonly code: string;
  /** Protocols that its program must report, such as `grpc` or `connect json`. Defaults to at least one. */
  readonly protocols?: readonly string[];
  /** Returns why it cannot run here, such as "Go is not installed", or undefined. */
  missing(): string | undefined;
  /** Gets the code of the contract and builds the program. Returns its command. */
  build(context: BuildContext): Promise<Command>;
  /**
   * Runs the tests of its folder in docs/examples/testing, which start the emulator. Rejects with the output if one fails.
   * Without it, there is no such folder, or another library of the language runs it.
   */
  testExample?(context: ExampleContext): Promise<void>;
};

/** A language with its folder, the name for `--only`. A folder may have several languages, one per library. */
export type FoundLanguage = { readonly folder: string; readonly language: Language };

/** Finds the languages: every folder here that has an `interop.ts`, which exports `language` or `languages`. */
export async function findLanguages(): Promise<FoundLanguage[]> {
  const folders = readdirSync(import.meta.dirname)
    .filter((folder) => existsSync(join(import.meta.dirname, folder, "interop.ts")))
    .toSorted();
  const found = await Promise.all(
    folders.map(async (folder) => {
      const exported: { language?: Language; languages?: readonly Language[] } = await import(
        `./${folder}/interop.ts`
      );
      const languages = exported.languages ?? (exported.language ? [exported.language] : []);
      if (languages.length === 0) {
        throw new Error(`test/interop/${folder}/interop.ts exports neither language nor languages`);
      }
      return languages.map((language) => ({ folder, language }));
    }),
  );
  return found.flat();
}
