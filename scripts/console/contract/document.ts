import {
  createRegistry,
  type DescEnum,
  type DescMessage,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import type { ContractDocument, ContractType } from "../../../src/console/contract/document.ts";
import { errorReasonsOf } from "../../generate/reference/errors.ts";
import { createNames, inReadingOrder, typesOf } from "../../generate/reference/names.ts";
import type { EntryContext } from "./entry-context.ts";
import { serviceEntry } from "./service-entry.ts";
import { enumEntry, messageEntry } from "./type-entries.ts";

const ownPrefix = "mobiledataplansharing.";

/** What is in each package, in the order in which readers need them. */
const titles: Readonly<Record<string, string>> = {
  "mobiledataplansharing.v1": "Pushing: the API that Google publishes, and error reasons",
  "mobiledataplansharing.serving.v1": "Reading: an extension of this project",
  "mobiledataplansharing.emulator.v1": "Control of the emulator: an extension of this project",
  "google.protobuf": "Times, durations and JSON values",
  "google.rpc": "Codes of errors",
  "google.type": "Amounts of money",
};

/** Returns the contract with its comments: the packages of this project, and the types of Google that these use. */
export function contractDocument(registry: FileRegistry): ContractDocument {
  const all = [...registry.files];
  const files = inReadingOrder(all.filter(({ proto }) => proto.package.startsWith(ownPrefix)));
  const types = files.flatMap(typesOf);
  // Those that nobody should begin with are last.
  const isOld = ({ methods }: DescService) => methods.every(({ deprecated }) => deprecated);
  const services = files
    .flatMap((file) => file.services)
    .toSorted((a, b) => Number(isOld(a)) - Number(isOld(b)));
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
    packages: [...packages]
      .toSorted((a, b) => orderOf(a) - orderOf(b))
      .map((name) => ({
        name,
        title: titles[name] ?? "",
        isForeign: !name.startsWith(ownPrefix),
      })),
    types: [
      ...services.map((service) => serviceEntry(service, context)),
      ...types.map(entryOf),
      ...foreign.map(entryOf),
    ],
  };
}

function orderOf(packageName: string): number {
  const index = Object.keys(titles).indexOf(packageName);
  return index === -1 ? Number.POSITIVE_INFINITY : index;
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
