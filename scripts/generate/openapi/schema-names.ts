import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";

/** Returns the name of a type's component schema. */
export type SchemaNames = (type: DescMessage | DescEnum) => string;

/**
 * Creates names: the short name for types of the contract (`PlanStatus`), and the full name for imported types
 * (`google.type.Money`), so that the two never clash.
 */
export function createSchemaNames(files: readonly DescFile[]): SchemaNames {
  const takenBy = new Map<string, string>();
  return (type) => {
    if (!files.includes(type.file)) {
      return type.typeName;
    }
    const name = type.typeName.slice(type.file.proto.package.length + 1);
    const other = takenBy.get(name) ?? type.typeName;
    if (other !== type.typeName) {
      throw new Error(`schema name ${name} is used by both ${other} and ${type.typeName}`);
    }
    takenBy.set(name, type.typeName);
    return name;
  };
}

/** Returns a reference to a component schema. */
export function schemaReference(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
