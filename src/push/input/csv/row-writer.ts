import { type DescField, type DescMessage, getOption, hasOption, ScalarType } from "@bufbuild/protobuf";
import { field as fieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { CreateUserPlanStatusRequestSchema } from "../../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { PlanStatusSchema } from "../../../../gen/mobiledataplansharing/v1/resources_pb.ts";
import type { FieldViolation } from "../../../contract/field-violation.ts";
import { type CellReader, describe, Expected } from "./cell-reader.ts";
import type { Columns } from "./columns.ts";
import { type FieldNode, fieldTree, isLeaf } from "./fields.ts";
import type { FieldMapping, Mapping } from "./mapping.ts";
import { amountReader, integerReader } from "./numbers.ts";
import { timeReader } from "./times.ts";
import { userKeyReader } from "./user-key.ts";
import { type Zone, zoneOf } from "./zones.ts";

/** What is known about the records of a file beside its mapping. */
export type RowOptions = {
  /** Set if records may have no parent. */
  readonly parent?: string | undefined;
  /** Set if records may have no client. */
  readonly client?: string | undefined;
  /** Removes the `.0` of user keys. */
  readonly coerce?: boolean | undefined;
};

/** Turns rows into records. */
export type RowWriter = {
  /** Returns the JSON of the request of a row, and what is wrong with its cells. */
  write(cells: readonly string[]): { readonly json: string; readonly violations: readonly FieldViolation[] };
  /** Returns the column of a field of the request, such as `planStatus.title`, as it is shown in messages. */
  columnOf(path: string): string | undefined;
};

/** Returns the JSON text of a value; undefined if the cells have none. */
type Write = (cells: readonly string[]) => string | undefined;

type Compiled = {
  readonly write: Write;
  /** Whether the value comes from a column, or the value of a field within it does. */
  readonly hasColumn: boolean;
};

/** Compiles a mapping for the columns of a file. Adds everything that is wrong with it to `problems`. */
export function createRowWriter(
  mapping: Mapping,
  columns: Columns,
  options: RowOptions,
  problems: string[],
): RowWriter {
  const zone = mapping.timeZone === undefined ? undefined : zoneOf(mapping.timeZone);
  if (mapping.timeZone !== undefined && zone === undefined) {
    problems.push(`time zone ${mapping.timeZone}: must be an IANA name, such as Europe/Berlin, or an offset`);
  }
  const columnOf = new Map<string, string>();
  const compiler = {
    mapping,
    columns,
    zone,
    problems,
    columnOf,
    violations: [] as FieldViolation[],
    options,
  };
  const roots = fieldTree(mapping.fields, problems);
  checkRequired(roots, options, problems);
  const writeRequest = objectWriter(roots, compiler, true).write;
  const empty = mapping.empty === undefined ? undefined : new Set(mapping.empty);
  return {
    columnOf: (path) => columnOf.get(path),
    write(cells) {
      compiler.violations = [];
      const own = empty === undefined ? cells : cells.map((cell) => (empty.has(cell.trim()) ? "" : cell));
      const json = writeRequest(own) ?? "{}";
      return { json, violations: compiler.violations };
    },
  };
}

type Compiler = {
  readonly mapping: Mapping;
  readonly columns: Columns;
  readonly zone: Zone | undefined;
  readonly problems: string[];
  readonly columnOf: Map<string, string>;
  readonly options: RowOptions;
  /** Those of the current row. */
  violations: FieldViolation[];
};

function compile(node: FieldNode, compiler: Compiler): Compiled {
  if (node.field.fieldKind === "list" && !node.path.endsWith("]")) {
    return listWriter(node, compiler);
  }
  return isLeaf(node) && (node.mapping !== undefined || node.children.size === 0)
    ? leafWriter(node, compiler)
    : conditional(node, objectWriter(node.children, compiler, node.path === "planStatus"), compiler);
}

/** Leaves out an object if the column that it depends on is empty. */
function conditional({ path, mapping }: FieldNode, object: Compiled, { columns }: Compiler): Compiled {
  const index = mapping?.when === undefined ? undefined : columns.indexOf(mapping.when, path);
  return index === undefined
    ? object
    : {
        hasColumn: true,
        write: (cells) => ((cells[index] ?? "").trim() === "" ? undefined : object.write(cells)),
      };
}

/** An object is left out if all its columns are empty, so that constants alone make no object. */
function objectWriter(
  children: ReadonlyMap<string, FieldNode>,
  compiler: Compiler,
  isKept: boolean,
): Compiled {
  const members = [...children].map(([name, node]) => ({
    ...compile(node, compiler),
    key: `${JSON.stringify(name)}:`,
  }));
  const hasColumn = members.some((member) => member.hasColumn);
  return {
    hasColumn,
    write(cells) {
      let json = "{";
      let isFilled = isKept || !hasColumn;
      for (const { key, write, hasColumn: isColumn } of members) {
        const value = write(cells);
        if (value !== undefined) {
          json += json === "{" ? key + value : `,${key}${value}`;
          isFilled ||= isColumn;
        }
      }
      return isFilled ? `${json}}` : undefined;
    },
  };
}

function listWriter({ children }: FieldNode, compiler: Compiler): Compiled {
  const items = [...children.values()]
    .toSorted((one, other) => indexOf(one) - indexOf(other))
    .map((node) => compile(node, compiler));
  return {
    hasColumn: items.some(({ hasColumn }) => hasColumn),
    write(cells) {
      const values = items.map(({ write }) => write(cells)).filter((value) => value !== undefined);
      return values.length === 0 ? undefined : `[${values.join(",")}]`;
    },
  };
}

function indexOf({ path }: FieldNode): number {
  return Number(/\[(\d+)\]$/.exec(path)?.[1]);
}

const absent: Compiled = { write: () => undefined, hasColumn: false };

function leafWriter(node: FieldNode, compiler: Compiler): Compiled {
  const { path, mapping = {} } = node;
  const shown = path.replace(/^planStatus\./, "");
  const read = cellReader(node, mapping, compiler, shown);
  const isMoney = node.field.message?.typeName === "google.type.Money";
  const currency = isMoney ? currencyWriter(node, mapping, compiler, shown) : undefined;
  if (read === undefined) {
    return absent;
  }
  const finish = (value: string, cells: readonly string[]) => {
    const code = currency?.(cells);
    return isMoney ? `{${code === undefined ? "" : `"currencyCode":${code},`}${value}}` : value;
  };
  if (mapping.constant !== undefined) {
    const value = read(mapping.constant);
    if (value instanceof Expected) {
      compiler.problems.push(`${shown}: ${describe(value, JSON.stringify(mapping.constant))}`);
      return absent;
    }
    return { write: (cells) => finish(value, cells), hasColumn: false };
  }
  const index = compiler.columns.indexOf(mapping.column ?? "", shown);
  if (index === undefined) {
    return absent;
  }
  const column = compiler.columns.nameOf(index);
  compiler.columnOf.set(path, column);
  const values = mapping.values && new Map(Object.entries(mapping.values));
  return {
    hasColumn: true,
    write(cells) {
      let text = cells[index] ?? "";
      const replaced = values?.get(text.trim());
      if (text === "" || replaced === null || text.trim() === "") {
        return undefined;
      }
      text = replaced ?? text;
      const value = read(text);
      if (value instanceof Expected) {
        const description = describe(value, `${JSON.stringify(text)} (column ${column})`);
        compiler.violations.push({ field: path, description });
        // Not as it is: JSON takes texts that a cell may not have, such as 1.000 for 1. That of a user key is checked again.
        return JSON.stringify(path === "userKey" ? text : `invalid: ${text}`);
      }
      return finish(value, cells);
    },
  };
}

function currencyWriter(node: FieldNode, mapping: FieldMapping, compiler: Compiler, shown: string): Write {
  const child = node.children.get("currencyCode");
  if (child !== undefined && mapping.currency === undefined) {
    return compile(child, compiler).write;
  }
  if (mapping.currency === undefined) {
    compiler.problems.push(
      `${shown}: an amount requires a currency: currency: EUR, or ${shown}.currencyCode from a column or as a constant`,
    );
  }
  const code = JSON.stringify(mapping.currency);
  return () => code;
}

function cellReader(
  { field, path }: FieldNode,
  { unit, format }: FieldMapping,
  { mapping, zone, problems, options }: Compiler,
  shown: string,
): CellReader | undefined {
  const isTime = field.message?.typeName === "google.protobuf.Timestamp";
  const isInteger = integerTypes.includes(field.scalar as ScalarType);
  if (format !== undefined && !isTime) {
    problems.push(`${shown}.format: is for times`);
  }
  if (unit !== undefined && !isInteger) {
    problems.push(`${shown}.unit: is for whole numbers`);
  }
  if (isTime) {
    const read = timeReader({ zone, format, isEnd: isEndOfTime(field) });
    return orProblem(read, `${shown}.format`, problems);
  }
  if (isInteger) {
    const isText = field.scalar === ScalarType.INT64;
    const read = integerReader({ field: field.name, unit, decimal: mapping.decimal, isText });
    return orProblem(read, `${shown}.unit`, problems);
  }
  if (field.message !== undefined) {
    return amountReader(mapping.decimal);
  }
  return path === "userKey" ? userKeyReader(options.coerce === true) : (text) => JSON.stringify(text);
}

/** Types of the whole numbers of the contract. */
const integerTypes: readonly ScalarType[] = [ScalarType.INT64, ScalarType.INT32];

/** Whether a time says until when something holds: then a date alone includes its day. */
function isEndOfTime({ name }: DescField): boolean {
  return ["expire_time", "expiration_time", "valid_until"].includes(name);
}

function orProblem(read: CellReader | Expected, name: string, problems: string[]): CellReader | undefined {
  if (read instanceof Expected) {
    problems.push(`${name}: must be ${read.what}`);
    return undefined;
  }
  return read;
}

/** Adds the required fields that are not mapped, of the request and of each message of which a field is mapped. */
function checkRequired(
  roots: ReadonlyMap<string, FieldNode>,
  { parent, client }: RowOptions,
  problems: string[],
): void {
  const flags: Readonly<Record<string, string | undefined>> = { parent, clientId: client };
  const missing = missingIn(CreateUserPlanStatusRequestSchema, roots, "").filter(
    (path) => flags[path] === undefined,
  );
  if (missing.length > 0) {
    const listed = missing.map((path) => hints[path] ?? path).join(", ");
    problems.push(`required fields are not mapped: ${listed}`);
  }
}

const hints: Readonly<Record<string, string>> = {
  parent: "parent (or --operator)",
  clientId: "clientId (or --client)",
};

function missingIn(message: DescMessage, nodes: ReadonlyMap<string, FieldNode>, prefix: string): string[] {
  return message.fields.flatMap((field) => {
    const path = `${prefix}${field.jsonName}`;
    const node = nodes.get(field.jsonName);
    if (node === undefined) {
      if (field.jsonName === "planStatus") {
        return missingIn(PlanStatusSchema, new Map(), "");
      }
      return hasOption(field, fieldRules) && getOption(field, fieldRules).required ? [path] : [];
    }
    if (field.message === undefined || isLeaf(node)) {
      return [];
    }
    const inner = path === "planStatus" ? "" : path;
    const { message: type } = field;
    return field.fieldKind === "list"
      ? [...node.children].flatMap(([index, item]) => missingIn(type, item.children, `${inner}${index}.`))
      : missingIn(type, node.children, inner === "" ? "" : `${inner}.`);
  });
}
