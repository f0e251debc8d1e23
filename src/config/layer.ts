import type { JsonValue } from "@bufbuild/protobuf";
import type { Setting } from "./settings.ts";

/** Where a value comes from. Later layers in this list override earlier ones. */
export type Source = {
  readonly layer: "default" | "file" | "environment" | "flag";
  /** Name of the file, variable or flag; `default` for a default. */
  readonly name: string;
};

/** The value of a setting, as JSON, and its source. */
export type SettingValue = { readonly setting: Setting; readonly value: JsonValue; readonly source: Source };

/** A problem with a value. */
export type Violation = {
  /** JSON path: `auth.jwtIssuers[0].audiences`. Empty for a problem with the source as a whole. */
  readonly path: string;
  readonly message: string;
};

/** A problem with a configuration. */
export type Problem = Violation & { readonly source: Source };

/** The values of one source, and the problems with them. */
export type Layer = { readonly values: readonly SettingValue[]; readonly problems: readonly Problem[] };
