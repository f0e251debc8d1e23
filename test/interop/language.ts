import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** How a program is started. */
export type Command = {
  command: string;
  args: string[];
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string>;
};

export type BuildContext = {
  /** A fresh temporary folder; nothing is written into the repository. */
  workDir: string;
  /** Tells people what is going on. */
  log(line: string): void;
};

/** A language with the libraries that the suite uses in it. */
export type Language = {
  /** As the table shows it: "Go: grpc-go 1.82.0". Versions are read from lock or manifest files, not typed twice. */
  readonly name: string;
  /** What its program must report on, such as `grpc` or `connect json`. Absent: whatever it does, but something. */
  readonly protocols?: readonly string[];
  /** Returns why it cannot run here ("go is not installed"), or undefined. */
  missing(): string | undefined;
  /** Generates code from the contract and builds. Returns how to run the program. */
  build(context: BuildContext): Promise<Command>;
};

/** A language as `--only` names it: by its folder. One folder may use several libraries, each on its own. */
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
