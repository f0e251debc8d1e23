import type { DescFile } from "@bufbuild/protobuf";
import { isSame, shown } from "../json.ts";
import type { Comparison } from "./comparison.ts";
import { optionsOf } from "./contract.ts";
import { compareResourceDefinitions } from "./resource-names.ts";

/** File options that decide names, modules or the shape of generated code. Other options do not. */
const codeOptions = [
  ...["go_package", "java_package", "java_outer_classname", "java_multiple_files", "java_string_check_utf8"],
  ...["csharp_namespace", "objc_class_prefix", "swift_prefix", "ruby_package"],
  ...["php_namespace", "php_class_prefix", "php_metadata_namespace", "php_generic_services"],
  ...[
    "optimize_for",
    "cc_enable_arenas",
    "cc_generic_services",
    "java_generic_services",
    "py_generic_services",
  ],
];

/** Compares the options of a file that both contracts have. */
export function compareFiles(comparison: Comparison, before: DescFile, after: DescFile): void {
  const [old, now] = [optionsOf(comparison.old, before), optionsOf(comparison.now, after)];
  for (const name of codeOptions) {
    if (!isSame(old[name], now[name])) {
      const text = (value: string | undefined) => `${name} = ${value ?? "none"}`;
      comparison.report("code-option", before.proto.name, text(shown(old[name])), text(shown(now[name])));
    }
  }
  compareResourceDefinitions(comparison, before, after);
}
