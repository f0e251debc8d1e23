#!/usr/bin/env node
/**
 * Buf and protoc plugin: writes codecs for the messages that protoc-gen-es generates, one module `*_codec` beside each `*_pb`.
 *
 *     plugins:
 *       - local: protoc-gen-es
 *         out: gen
 *         opt: [target=ts]
 *       - local: protoc-gen-es-codec
 *         out: gen
 *         strategy: all
 *         opt: [target=ts]
 *
 * Takes the options of protoc-gen-es about imports, and two of its own:
 *
 * - `max_items`: the limit of lists and maps that have no limit in buf.validate. Defaults to none.
 * - `runtime`: the module that generated code imports, a package or a path relative to the output folder. Defaults to
 *   `mobile-data-plan-sharing/codec/runtime`.
 *
 * With `strategy: all`, modules import the functions of each other. Otherwise a module has copies of the functions for
 * messages of other folders.
 */
import { createEcmaScriptPlugin, runNodeJs } from "@bufbuild/protoplugin";
import { generateCodecs } from "./generate.ts";

const runtimeOfPackage = "mobile-data-plan-sharing/codec/runtime";

runNodeJs(
  createEcmaScriptPlugin<{ runtime: string; maxItems: number | undefined }>({
    name: "protoc-gen-es-codec",
    version: "v1",
    parseOptions(given) {
      let runtime = runtimeOfPackage;
      let maxItems: number | undefined;
      for (const { key, value } of given) {
        if (key === "runtime") {
          if (value === "") {
            throw new Error(`expected a module, such as ${runtimeOfPackage}`);
          }
          runtime = value;
        } else if (key === "max_items") {
          if (!/^[1-9]\d*$/.test(value)) {
            throw new Error("expected a whole number of at least 1");
          }
          maxItems = Number(value);
        } else {
          throw new Error(
            "expected runtime=MODULE, max_items=NUMBER or an option of protoc-gen-es about imports",
          );
        }
      }
      return { runtime, maxItems };
    },
    generateTs(schema) {
      generateCodecs(schema, schema.options);
    },
  }),
);
