/** What a package of generated code is built from, and where. */
export type PackageContext = {
  /** A folder with the contract's protos, its service configs, and `buf/validate`. */
  readonly protos: string;
  /** The version of the release, such as `1.2.3`. */
  readonly version: string;
  /** Where to write the package. */
  readonly folder: string;
  /** A temporary folder. */
  readonly workDir: string;
  /** Receives the output of tools. */
  log(line: string): void;
};
