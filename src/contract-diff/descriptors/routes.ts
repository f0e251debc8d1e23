import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { isSame, type JsonObject, listOf, objectOf, shown } from "../json.ts";
import type { Comparison } from "./comparison.ts";
import { type Contract, optionsOf } from "./contract.ts";

/** An HTTP method and path that call a method (`google.api.http`). */
type Route = {
  readonly method: DescMethod;
  readonly verb: string;
  readonly path: string;
  /** The path with what variables match in the place of their names: paths of the same shape are the same URLs. */
  readonly shape: string;
  /** Fields that get parts of the path, in its order. */
  readonly variables: readonly Variable[];
  readonly body: string;
  readonly responseBody: string;
};

type Variable = {
  readonly field: string;
  /** How many slashes of the path are before and after the part that the field gets. */
  readonly place: readonly [before: number, after: number];
};

const nameOf = ({ verb, path }: Route) => `${verb} ${path}`;
const fullName = ({ parent, name }: DescMethod) => `${parent.typeName}.${name}`;

/** Compares the REST API of two contracts: every URL still calls the same method with the same messages. */
export function compareRoutes(comparison: Comparison): void {
  const { report } = comparison;
  const routes = routesOf(comparison.old);
  const newRoutes = routesOf(comparison.now);
  const used = new Set<Route>();
  for (const route of routes) {
    const same = newRoutes.filter((each) => each.verb === route.verb && covers(each.shape, route.shape));
    const other = same.find((each) => isSameMethod(comparison, route, each)) ?? same[0];
    if (other !== undefined) {
      used.add(other);
      compareRoute(comparison, route, other);
    } else {
      reportRemoved(
        comparison,
        route,
        newRoutes.filter((each) => !routes.some((old) => isSameUrl(old, each))),
        used,
      );
    }
  }
  for (const route of newRoutes.filter((each) => !used.has(each))) {
    report("http-rule-added", nameOf(route), undefined, fullName(route.method));
  }
}

function reportRemoved(
  comparison: Comparison,
  route: Route,
  added: readonly Route[],
  used: Set<Route>,
): void {
  const candidates = added.filter((each) => !used.has(each) && isSameMethod(comparison, route, each));
  const moved =
    candidates.find(({ verb }) => verb === route.verb) ??
    candidates.find(({ shape }) => shape === route.shape);
  if (moved === undefined) {
    comparison.report("http-rule-removed", nameOf(route), fullName(route.method), undefined);
    return;
  }
  used.add(moved);
  const kind = moved.verb === route.verb ? "http-path" : "http-method";
  comparison.report(kind, fullName(route.method), nameOf(route), nameOf(moved));
  compareRoute(comparison, route, moved);
}

function compareRoute(comparison: Comparison, route: Route, other: Route): void {
  const { report } = comparison;
  const where = nameOf(route);
  if (!isSameMethod(comparison, route, other)) {
    report("http-target", where, fullName(route.method), fullName(other.method));
    return;
  }
  const isSameField = (before: string, after: string) =>
    before === after || numbersOf(route.method.input, before) === numbersOf(other.method.input, after);
  const isSameVariables =
    route.variables.length === other.variables.length &&
    route.variables.every(({ field, place }, index) => {
      const variable = other.variables[index] as Variable;
      return isSameField(field, variable.field) && isSame(place, variable.place);
    });
  if (!isSameVariables) {
    report("http-target", where, variablesText(route), variablesText(other));
  }
  if (!isSameField(route.body, other.body)) {
    report("http-body", where, `body ${JSON.stringify(route.body)}`, `body ${JSON.stringify(other.body)}`);
  }
  const [before, after] = [route.responseBody, other.responseBody];
  if (before !== after && numbersOf(route.method.output, before) !== numbersOf(other.method.output, after)) {
    report(
      "http-response-body",
      where,
      `response_body ${JSON.stringify(before)}`,
      `response_body ${JSON.stringify(after)}`,
    );
  }
}

/** Returns the numbers of a path of fields, which stay the same if fields are renamed. Names that are no fields stay. */
function numbersOf(message: DescMessage, path: string): string {
  let current: DescMessage | undefined = message;
  return path
    .split(".")
    .map((name) => {
      const field = current?.fields.find((each) => each.name === name);
      current = field?.message;
      return field?.number ?? JSON.stringify(name);
    })
    .join(".");
}

/** A renamed method is the same one as long as it takes and returns the same messages. */
function isSameMethod({ newNameOf }: Comparison, { method }: Route, { method: other }: Route): boolean {
  return (
    `${newNameOf(method.parent.typeName)}.${method.name}` === fullName(other) ||
    (newNameOf(method.input.typeName) === other.input.typeName &&
      newNameOf(method.output.typeName) === other.output.typeName)
  );
}

const isSameUrl = (one: Route, other: Route) => one.verb === other.verb && one.shape === other.shape;

/** Returns whether every path of one shape has another shape, too: `**` at the end matches any rest. */
function covers(shape: string, other: string): boolean {
  const [start, end] = [shape.slice(0, -2), shape.slice(-2)];
  return (
    shape === other || (end === "**" && other.startsWith(start) && /^[*/]+$/.test(other.slice(start.length)))
  );
}

function routesOf(contract: Contract): Route[] {
  const methods = contract.files.flatMap(({ services }) => services.flatMap(({ methods }) => methods));
  return methods.flatMap((method) => {
    const rule = optionsOf(contract, method)["[google.api.http]"];
    if (rule === undefined) {
      return [];
    }
    const first = objectOf(rule);
    return [first, ...listOf(first.additional_bindings).map(objectOf)].map((one) => routeOf(method, one));
  });
}

const slashesIn = (text: string) => text.split("/").length - 1;

const variablesText = ({ variables, path }: Route) =>
  `path fields ${variables.map(({ field }) => field).join(", ")} of ${path}`;

function routeOf(method: DescMethod, rule: JsonObject): Route {
  const custom = objectOf(rule.custom);
  const verb = ["get", "put", "post", "delete", "patch"].find((name) => rule[name] !== undefined);
  const path = shown(verb === undefined ? custom.path : rule[verb]) ?? "";
  const variables: Variable[] = [];
  const shape = path.replaceAll(
    /\{([^}=]+)(?:=([^}]*))?\}/g,
    (match: string, ...[name, pattern, offset]: [string, string | undefined, number]) => {
      const place = [slashesIn(path.slice(0, offset)), slashesIn(path.slice(offset + match.length))] as const;
      variables.push({ field: name.trim(), place });
      return pattern?.trim() ?? "*";
    },
  );
  return {
    ...{ method, path, shape, variables },
    verb: (verb ?? shown(custom.kind) ?? "").toUpperCase(),
    body: shown(rule.body) ?? "",
    responseBody: shown(rule.response_body) ?? "",
  };
}
