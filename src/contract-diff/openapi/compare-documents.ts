import { isSame, type Json, type JsonObject, lacking, listOf, objectOf } from "../json.ts";
import { createSchemaComparison, type ReportPlace, target } from "./schemas.ts";

/**
 * Reports the changes between two OpenAPI documents that break a client of the first one: removed or changed paths, methods,
 * parameters and fields, newly required values, and tightened rules. Additions and loosened rules are not breaking.
 */
export function compareDocuments(before: JsonObject, after: JsonObject, report: ReportPlace): void {
  const compareSchemas = createSchemaComparison({ before, after }, report);
  const paths = objectOf(after.paths);
  for (const [path, methods] of Object.entries(objectOf(before.paths))) {
    const now = objectOf(paths[path]);
    for (const [method, operation] of Object.entries(objectOf(methods))) {
      const name = `${method.toUpperCase()} ${path}`;
      if (now[method] === undefined) {
        report(name, "was removed");
      } else {
        compareOperations(name, objectOf(operation), objectOf(now[method]));
      }
    }
  }

  function compareOperations(name: string, old: JsonObject, now: JsonObject): void {
    if (old.operationId !== now.operationId) {
      report(name, `its operationId was changed from ${old.operationId} to ${now.operationId}`);
    }
    compareHttpRules(name, objectOf(old["x-google-api-http"]), objectOf(now["x-google-api-http"]));
    compareParameters(name, parametersOf(old), parametersOf(now));
    compareBodies(name, objectOf(old.requestBody), objectOf(now.requestBody));
    compareResponses(name, objectOf(old.responses), objectOf(now.responses));
    const needed = securityOf(after, now);
    for (const one of securityOf(before, old)) {
      if (!needed.some((other) => isEnough(one, other))) {
        const had = Object.keys(one).length === 0 ? "no token" : JSON.stringify(one);
        report(name, `${had} no longer grants access`);
      }
    }
  }

  /** The paths are compared already. What is left is the method that is called, and where its messages are. */
  function compareHttpRules(name: string, old: JsonObject, now: JsonObject): void {
    for (const key of ["selector", "body", "responseBody"]) {
      if (!isSame(old[key], now[key])) {
        report(
          name,
          `the ${key} of its HTTP rule was changed from ${old[key] ?? "none"} to ${now[key] ?? "none"}`,
        );
      }
    }
  }

  function compareParameters(name: string, old: Map<string, JsonObject>, now: Map<string, JsonObject>): void {
    for (const [key, parameter] of old) {
      const other = now.get(key);
      if (other === undefined) {
        report(`${name} ${key}`, "was removed or renamed");
        continue;
      }
      if (other.required === true && parameter.required !== true) {
        report(`${name} ${key}`, "is required now");
      }
      // The rule of a resource name is beside the schema of its segment.
      const schemaOf = (one: JsonObject) => ({
        ...objectOf(one.schema),
        "x-resource-name": one["x-resource-name"],
      });
      compareSchemas(`${name} ${key}`, { before: schemaOf(parameter), after: schemaOf(other) }, "request");
    }
    for (const [key, parameter] of now) {
      if (parameter.required === true && !old.has(key)) {
        report(`${name} ${key}`, "is new, and required");
      }
    }
  }

  function compareBodies(name: string, old: JsonObject, now: JsonObject): void {
    if (now.required === true && old.required !== true) {
      report(`${name} body`, "is required now");
    }
    compareContent(`${name} body`, old.content, now.content, "request");
  }

  function compareResponses(name: string, old: JsonObject, now: JsonObject): void {
    const response = (document: JsonObject, value: Json) =>
      objectOf(target(document, objectOf(value).$ref) ?? value);
    for (const [status, value] of Object.entries(old)) {
      if (now[status] === undefined) {
        report(`${name} ${status}`, "was removed");
        continue;
      }
      const [one, other] = [response(before, value), response(after, now[status])];
      compareContent(`${name} ${status}`, one.content, other.content, "response");
    }
  }

  function compareContent(path: string, old: Json, now: Json, direction: "request" | "response"): void {
    for (const [mediaType, content] of Object.entries(objectOf(old))) {
      const other = objectOf(now)[mediaType];
      if (other === undefined) {
        report(path, `${mediaType} was removed`);
      } else {
        const schemas = { before: objectOf(content).schema, after: objectOf(other).schema };
        compareSchemas(path, schemas, direction);
      }
    }
  }
}

function parametersOf(operation: JsonObject): Map<string, JsonObject> {
  return new Map(
    listOf(operation.parameters)
      .map(objectOf)
      .map((one) => [`${one.in} parameter ${one.name}`, one]),
  );
}

/** Returns the alternatives that grant access: those of the operation, else those of the document, else no token. */
function securityOf(document: JsonObject, operation: JsonObject): JsonObject[] {
  const alternatives = listOf(operation.security ?? document.security).map(objectOf);
  return alternatives.length === 0 ? [{}] : alternatives;
}

/** Returns whether a caller with all scopes of one alternative also has those of the other. */
function isEnough(had: JsonObject, needed: JsonObject): boolean {
  return Object.entries(needed).every(
    ([scheme, scopes]) => had[scheme] !== undefined && lacking(scopes, had[scheme]).length === 0,
  );
}
