import {
  createRegistry,
  type DescEnum,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
} from "@bufbuild/protobuf";
import type { ContractDocument, ContractType } from "../../../src/console/contract/document.ts";
import { type ErrorReasons, errorReasonsOf } from "../../generate/reference/errors.ts";
import { createNames, inReadingOrder, type Names, typesOf } from "../../generate/reference/names.ts";
import { serviceEntry } from "./service-entry.ts";
import { enumEntry, messageEntry } from "./type-entries.ts";

/** What every entry needs. */
export type EntryContext = {
  readonly registry: ReturnType<typeof createRegistry>;
  readonly names: Names;
  readonly methods: readonly DescMethod[];
  readonly reasons: ErrorReasons | undefined;
};

const ownPrefix = "mobiledataplansharing.";

/** Returns the contract with its comments: the packages of this project, and the types of Google that these use. */
export function contractDocument(registry: FileRegistry): ContractDocument {
  const all = [...registry.files];
  const files = inReadingOrder(all.filter(({ proto }) => proto.package.startsWith(ownPrefix)));
  const types = files.flatMap(typesOf);
  const services = files.flatMap((file) => file.services);
  const methods = services.flatMap((service) => service.methods);
  const foreign = foreignTypes([...types, ...methods.flatMap(({ input, output }) => [input, output])]);
  const context: EntryContext = {
    registry: createRegistry(...all),
    names: createNames(files),
    methods,
    reasons: errorReasonsOf(files),
  };
  const entryOf = (type: DescMessage | DescEnum): ContractType =>
    type.kind === "message" ? messageEntry(type, context) : enumEntry(type, context);
  const packages = new Set([
    ...files.map(({ proto }) => proto.package),
    ...foreign.map(({ file }) => file.proto.package),
  ]);
  return {
    packages: [...packages].map((name) => ({ name, isForeign: !name.startsWith(ownPrefix) })),
    types: [
      ...services.map((service) => serviceEntry(service, context)),
      ...types.map(entryOf),
      ...foreign.map(entryOf),
    ],
  };
}

/** Returns the types of Google that types use, and those that these use, by name. */
function foreignTypes(types: readonly (DescMessage | DescEnum)[]): (DescMessage | DescEnum)[] {
  const found = new Set(types);
  for (const type of found) {
    for (const field of type.kind === "message" ? type.fields : []) {
      const used = field.message ?? field.enum;
      if (used !== undefined) {
        found.add(used);
      }
    }
  }
  return [...found]
    .filter(({ typeName, file }) => !file.proto.package.startsWith(ownPrefix) && !isMapEntry(typeName, found))
    .toSorted((a, b) => a.typeName.localeCompare(b.typeName, "en"));
}

function isMapEntry(typeName: string, types: ReadonlySet<DescMessage | DescEnum>): boolean {
  return [...types].some(
    (type) => type.typeName === typeName && type.kind === "message" && type.proto.options?.mapEntry === true,
  );
}
