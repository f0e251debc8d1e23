import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";

/** Names the component schema of a type. */
export type SchemaNames = (type: DescMessage | DescEnum) => string;

/**
 * Types of the contract go by their short name (`PlanStatus`), as users know them; imported ones by their full
 * name (`google.type.Money`), so that they can never collide with ours.
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
      throw new Error(`schema name ${name}: taken by ${other} and ${type.typeName}`);
    }
    takenBy.set(name, type.typeName);
    return name;
  };
}

/** Points to a component schema. */
export function schemaReference(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}
