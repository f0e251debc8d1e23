import type { createRegistry, DescMethod } from "@bufbuild/protobuf";
import type { ErrorReasons } from "../../generate/reference/errors.ts";
import type { Names } from "../../generate/reference/names.ts";

/** What every entry needs. */
export type EntryContext = {
  readonly registry: ReturnType<typeof createRegistry>;
  readonly names: Names;
  readonly methods: readonly DescMethod[];
  readonly reasons: ErrorReasons | undefined;
};
