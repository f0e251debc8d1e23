import type { JsonValue } from "@bufbuild/protobuf";
import type { Setting } from "./settings.ts";

/** Where a value comes from; a later kind in this list wins over an earlier one. */
export type Source = {
  readonly layer: "default" | "file" | "environment" | "flag";
  /** Name of the file, the variable or the flag; `default` for a default. */
  readonly name: string;
};

/** A value of a setting, as its JSON. */
export type Given = { readonly setting: Setting; readonly value: JsonValue; readonly source: Source };

/** What is wrong. */
export type Fault = {
  readonly source: Source;
  /** What it is about, in the spelling of JSON: `auth.jwtIssuers[0].audiences`. Empty for all of the source. */
  readonly path: string;
  readonly message: string;
};

/** All that one source gives, and what is wrong with it. */
export type Layer = { readonly given: readonly Given[]; readonly faults: readonly Fault[] };
