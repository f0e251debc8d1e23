import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { CreateUserPlanStatusRequestSchema } from "../../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { closestMatch, didYouMean } from "../../../contract/unknown-names/did-you-mean.ts";
import type { FieldMapping } from "./mapping.ts";

/** A field of a record with what is mapped to it and to the fields within it. */
export type FieldNode = {
  /** Path in a request, such as `planStatus.plans[0].planId`. */
  readonly path: string;
  readonly field: DescField;
  mapping?: FieldMapping;
  /** The fields of a message, by JSON name, or the items of a list, by number. */
  readonly children: Map<string, FieldNode>;
};

/** Fields of the request; all other paths are within its status. */
const ownFields = ["userKey", "user_key", "clientId", "client_id", "parent"];

/** Arranges mapped fields as the tree of a request. Adds to `problems` what is wrong with their paths. */
export function fieldTree(
  fields: Readonly<Record<string, FieldMapping>>,
  problems: string[],
): Map<string, FieldNode> {
  const roots = new Map<string, FieldNode>();
  for (const [path, mapping] of Object.entries(fields)) {
    const isOwn = ownFields.includes(path) || /^plan(?:S|_s)tatus\./.test(path);
    const segments = (isOwn ? path : `planStatus.${path}`).match(/[^.[\]]+|\[[^\]]*\]|\[|\]/g) ?? [];
    const node = addPath(roots, segments, path, problems);
    if (node?.mapping !== undefined) {
      problems.push(`${path}: is mapped twice`);
    } else if (node !== undefined) {
      node.mapping = mapping;
    }
  }
  for (const node of roots.values()) {
    checkNode(node, problems);
  }
  return roots;
}

function addPath(
  roots: Map<string, FieldNode>,
  segments: readonly string[],
  written: string,
  problems: string[],
): FieldNode | undefined {
  let siblings = roots;
  let message: DescMessage | undefined = CreateUserPlanStatusRequestSchema;
  let node: FieldNode | undefined;
  for (const [at, segment] of segments.entries()) {
    if (segment.startsWith("[")) {
      if (node?.field.fieldKind !== "list" || !/^\[(?:0|[1-9]\d{0,2})\]$/.test(segment)) {
        problems.push(`${written}: ${segment} must be the number of an item of a list, such as [0]`);
        return undefined;
      }
      node = childOf(siblings, segment, `${node.path}${segment}`, node.field);
    } else if (node?.field.fieldKind === "list" && !node.path.endsWith("]")) {
      const list = shownPath(node.path);
      const item = [`${list}[0]`, ...segments.slice(at)].join(".").replaceAll(".[", "[");
      problems.push(`${written}: ${list} is a list: map ${item}`);
      return undefined;
    } else {
      const field: DescField | undefined = message?.fields.find(
        ({ name, jsonName }) => name === segment || jsonName === segment,
      );
      if (field === undefined) {
        const names = message?.fields.map(({ jsonName }) => jsonName) ?? [];
        const where = message === undefined ? `${node?.path ?? ""}` : message.name;
        problems.push(
          `${written}: ${segment} is not a field of ${where}${didYouMean(closestMatch(segment, names))}`,
        );
        return undefined;
      }
      const parentPath: string = node === undefined ? "" : `${node.path}.`;
      node = childOf(siblings, field.jsonName, `${parentPath}${field.jsonName}`, field);
    }
    siblings = node.children;
    message =
      isLeaf(node) && node.field.message?.typeName !== "google.type.Money" ? undefined : node.field.message;
  }
  return node;
}

/** Returns a path as it is written in a mapping. */
function shownPath(path: string): string {
  return path.replace(/^planStatus\./, "");
}

function childOf(siblings: Map<string, FieldNode>, key: string, path: string, field: DescField): FieldNode {
  const found = siblings.get(key) ?? { path, field, children: new Map<string, FieldNode>() };
  siblings.set(key, found);
  return found;
}

/** Whether one cell can hold the value of a field. */
export function isLeaf({ field, path }: FieldNode): boolean {
  const isItem = path.endsWith("]");
  if (field.fieldKind === "map" || (field.fieldKind === "list" && !isItem)) {
    return false;
  }
  const type = field.message?.typeName;
  return type === undefined || type === "google.protobuf.Timestamp" || type === "google.type.Money";
}

function checkNode(node: FieldNode, problems: string[]): void {
  const { path, field, mapping, children } = node;
  const shown = shownPath(path);
  const isWhole = isLeaf(node) || (field.fieldKind === "list" && !path.endsWith("]"));
  if (mapping?.when !== undefined && isWhole) {
    problems.push(`${shown}.when: is for objects and items of lists`);
  }
  if (mapping !== undefined && mapping.when === undefined && !isLeaf(node)) {
    const example =
      field.fieldKind === "list" ? `${shown}[0]` : `${shown}.${field.message?.fields[0]?.jsonName ?? ""}`;
    problems.push(`${shown}: cannot be taken from one column; map fields within it, such as ${example}`);
  }
  if (field.fieldKind === "list" && !path.endsWith("]")) {
    for (let index = 0; index < children.size; index++) {
      if (!children.has(`[${index}]`)) {
        problems.push(`${shown}: has no item [${index}], but further ones`);
        break;
      }
    }
  }
  for (const child of children.values()) {
    checkNode(child, problems);
  }
}
