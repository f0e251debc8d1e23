import { isSame, type Json, type JsonObject, objectOf } from "../json.ts";
import { keywords, shownOrNothing } from "./keywords.ts";

/** Reports a breaking change: where it is, and what changed. */
export type ReportPlace = (where: string, what: string) => void;

/** The values of both documents at one place; undefined where a document has none. */
type Pair = { readonly before: Json; readonly after: Json };

/** The two documents to compare. */
export type Documents = { readonly before: JsonObject; readonly after: JsonObject };

/** A request must still be accepted by the server; a response must still be understood by clients. */
export type Direction = "request" | "response";

/** Compares two schemas and all they refer to. Each pair of named schemas is compared once per direction. */
export function createSchemaComparison(documents: Documents, report: ReportPlace) {
  const done = new Set<string>();

  function compare(path: string, { before, after }: Pair, direction: Direction): void {
    if (before === undefined || after === undefined) {
      if (!isSame(before, after)) {
        report(path, `was ${shownOrNothing(before)} and is ${shownOrNothing(after)}`);
      }
      return;
    }
    const [old, now] = [objectOf(before), objectOf(after)];
    compareOwn(path, old, now, direction);
    const names = [old.$ref, now.$ref].map((ref) => (typeof ref === "string" ? ref : undefined));
    const [oldName, newName] = names;
    if (oldName === undefined && newName === undefined) {
      return;
    }
    const key = `${oldName} ${newName} ${direction}`;
    if (done.has(key)) {
      return;
    }
    done.add(key);
    const where = newName === oldName ? (newName?.split("/").at(-1) ?? path) : path;
    compare(
      where,
      { before: target(documents.before, oldName) ?? old, after: target(documents.after, newName) ?? now },
      direction,
    );
  }

  function compareOwn(path: string, old: JsonObject, now: JsonObject, direction: Direction): void {
    for (const keyword of new Set([...Object.keys(old), ...Object.keys(now)])) {
      if (keyword === "$ref") {
        continue;
      }
      const [before, after] = [old[keyword], now[keyword]];
      if (keyword === "properties") {
        compareProperties(path, { before, after }, direction);
      } else if (keyword === "items") {
        compare(`${path}[]`, { before, after }, direction);
      } else if (isSame(before, after)) {
        // Unknown keywords are compared too.
      } else if (keywords[keyword] === undefined) {
        report(`${path}.${keyword}`, "was changed, and the keyword is not known");
      } else if (direction === "request") {
        keywords[keyword](`${path}.${keyword}`, before, after, report);
      } else if (keyword === "type" || keyword === "format") {
        keywords.format?.(`${path}.${keyword}`, before, after, report);
      }
    }
  }

  function compareProperties(path: string, { before, after }: Pair, direction: Direction): void {
    const now = objectOf(after);
    for (const [name, schema] of Object.entries(objectOf(before))) {
      if (now[name] === undefined) {
        report(`${path}.${name}`, "was removed or renamed");
      } else {
        compare(`${path}.${name}`, { before: schema, after: now[name] }, direction);
      }
    }
  }

  return compare;
}

/** Returns the schema that a local reference names. */
export function target(document: JsonObject, ref: Json): Json {
  if (typeof ref !== "string") {
    return undefined;
  }
  return ref
    .slice(2)
    .split("/")
    .reduce<Json>((value, key) => objectOf(value)[key], document);
}
