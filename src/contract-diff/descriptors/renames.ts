import type { DescEnum, DescMessage, DescService } from "@bufbuild/protobuf";
import { type Contract, packagesOf, type Type, typesOf } from "./contract.ts";
import { typeTextOf } from "./describe-field.ts";

/** Names that changed while everything else stayed. */
export type Renames = {
  /** New names of packages. */
  readonly packages: ReadonlyMap<string, string>;
  /** New names of types, those in renamed packages too. */
  readonly types: ReadonlyMap<string, string>;
};

/**
 * Finds packages, messages, enums and services that have another name in the new contract: those whose name is gone, with
 * exactly one new type of the same package that has the same contents.
 */
export function findRenames(old: Contract, now: Contract): Renames {
  const packages = renamedPackages(old, now);
  const types = new Map<string, string>();
  for (const type of ownTypes(old)) {
    const renamed = packages.get(type.file.proto.package);
    if (renamed !== undefined) {
      types.set(type.typeName, `${renamed}.${relativeName(type)}`);
    }
  }
  const added = ownTypes(now).filter(({ typeName }) => old.registry.get(typeName) === undefined);
  for (const type of ownTypes(old)) {
    if (types.has(type.typeName) || now.registry.get(type.typeName) !== undefined) {
      continue;
    }
    const contents = contentsOf(type);
    const same = added.filter(
      (each) =>
        each.file.proto.package === type.file.proto.package &&
        contents !== undefined &&
        contents === contentsOf(each),
    );
    if (same.length === 1 && same[0] !== undefined) {
      types.set(type.typeName, same[0].typeName);
    }
  }
  return { packages, types };
}

const ownTypes = ({ files }: Contract) => files.flatMap(typesOf);

function relativeName({ typeName, file }: Type): string {
  return file.proto.package === "" ? typeName : typeName.slice(file.proto.package.length + 1);
}

function renamedPackages(old: Contract, now: Contract): Map<string, string> {
  const [before, after] = [packagesOf(old), packagesOf(now)];
  const namesIn = (contract: Contract, name: string) =>
    ownTypes(contract)
      .filter(({ file }) => file.proto.package === name)
      .map(relativeName)
      .toSorted()
      .join(" ");
  const added = after.filter((name) => !before.includes(name));
  const renames = new Map<string, string>();
  for (const name of before.filter((each) => !after.includes(each))) {
    const names = namesIn(old, name);
    const same = added.filter((each) => namesIn(now, each) === names);
    if (names !== "" && same.length === 1 && same[0] !== undefined) {
      renames.set(name, same[0]);
    }
  }
  return renames;
}

/** Returns what is in a type, without its name. Undefined for a type that is too small to be recognized. */
function contentsOf(type: Type): string | undefined {
  switch (type.kind) {
    case "message":
      return messageContents(type);
    case "enum":
      return enumContents(type);
    case "service":
      return serviceContents(type);
    default:
      return undefined;
  }
}

function messageContents(message: DescMessage): string | undefined {
  // Its own name may be in it, as a type of fields or a part of the names of nested types.
  const nameOf = (name: string) =>
    `${name}.`.startsWith(`${message.typeName}.`) ? name.slice(message.typeName.length) : name;
  const fields = message.fields.map((field) => `${field.number} ${field.name} ${typeTextOf(field, nameOf)}`);
  return fields.length === 0 ? undefined : `message ${fields.toSorted().join(", ")}`;
}

function enumContents({ values }: DescEnum): string {
  return `enum ${values
    .map(({ name, number }) => `${number} ${name}`)
    .toSorted()
    .join(", ")}`;
}

function serviceContents({ methods }: DescService): string | undefined {
  const texts = methods.map(({ name, input, output }) => `${name} ${input.typeName} ${output.typeName}`);
  return texts.length === 0 ? undefined : `service ${texts.toSorted().join(", ")}`;
}
