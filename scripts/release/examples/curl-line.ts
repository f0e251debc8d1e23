import {
  type DescField,
  type DescMessage,
  type DescMethod,
  fromJson,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";
import { PlanServingService } from "../../../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../../../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../../../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { expandRequest, httpBindingsOf } from "../../../src/transcoding/client/index.ts";
import { exampleOf, leastExampleOf } from "./example.ts";
import { readAt } from "./sample-values.ts";

/** Placeholder of the example in the text around it. */
const hole = "example";

const methods: readonly DescMethod[] = [PlanStatusService, PlanGroupService, PlanServingService].flatMap(
  (service) => service.methods,
);

/** The calls whose request contains a message, the shortest path first. */
const pushes: readonly DescMethod[] = [
  PlanStatusService.method.createPlanStatus,
  PlanGroupService.method.createPlanGroup,
];

/** Returns the curl command that sends the example of a message, `NAME.json`, or undefined if no call takes it. */
export function curlLine(desc: DescMessage): string | undefined {
  const called = methods.find(({ input }) => input.typeName === desc.typeName);
  if (called !== undefined) {
    // Connect takes a whole request; REST spreads it over path, query and body.
    return fileLine(desc, called, `/${called.parent.typeName}/${called.name}`);
  }
  for (const method of pushes) {
    const way = wayTo(desc, method.input);
    if (way !== undefined) {
      return pushLine(desc, method, way);
    }
  }
  return undefined;
}

function pushLine(desc: DescMessage, method: DescMethod, way: readonly DescField[]): string {
  const binding = httpBindingsOf(method.parent).find((each) => each.method === method);
  if (binding === undefined) {
    throw new Error(`${method}: has no google.api.http rule`);
  }
  const request = fromJson(method.input, holding(method.input, way, exampleOf(desc)));
  const expanded = expandRequest(binding, request);
  if ("problem" in expanded) {
    throw new Error(`${method}: ${expanded.problem}`);
  }
  const url = expanded.path + (expanded.query && `?${expanded.query}`);
  const inBody = binding.body === "*" ? way : way.slice(1);
  if (inBody.length === 0) {
    return fileLine(desc, method, url);
  }
  const fixed = binding.body === "*" ? leastBody(method, expanded.body as JsonObject) : leastOf(way[0]);
  const text = JSON.stringify(putHole(fixed, inBody)).replace(`"${hole}"`, "%s");
  if (text.includes("'") || text.split("%").length !== 2) {
    throw new Error(`${desc.typeName}: a shell would not print ${text} as it is`);
  }
  return `printf '${text}' "$(cat ${desc.name}.json)" | ${fresh()} | ${curl(method, url, "-")}`;
}

/** Returns the required fields of a body that is the whole request except the fields of the path. */
function leastBody(method: DescMethod, body: JsonObject): JsonObject {
  const least = leastExampleOf(method.input);
  return Object.fromEntries(Object.entries(least).filter(([name]) => name in body));
}

function leastOf(field: DescField | undefined): JsonObject {
  return field?.message === undefined ? {} : leastExampleOf(field.message);
}

/** Returns the request with its required fields, and a value at the end of the path. */
function holding(desc: DescMessage, way: readonly DescField[], value: JsonValue): JsonObject {
  const [field, ...rest] = way as [DescField, ...DescField[]];
  const inner =
    rest.length === 0 || field.message === undefined ? value : holding(field.message, rest, value);
  return { ...leastExampleOf(desc), [field.jsonName]: field.fieldKind === "list" ? [inner] : inner };
}

function putHole(json: JsonObject, way: readonly DescField[]): JsonObject {
  const [field, ...rest] = way as [DescField, ...DescField[]];
  const inner = rest.length === 0 ? hole : putHole(leastOf(field), rest);
  return { ...json, [field.jsonName]: field.fieldKind === "list" ? [inner] : inner };
}

/** Returns the shortest list of fields that leads from one message to another. */
function wayTo(target: DescMessage, from: DescMessage): readonly DescField[] | undefined {
  const seen = new Set<string>();
  let ways: (readonly DescField[])[] = [[]];
  while (ways.length > 0) {
    ways = ways.flatMap((way) => {
      const desc = way.at(-1)?.message ?? from;
      return desc.fields.filter(({ message }) => message !== undefined).map((field) => [...way, field]);
    });
    const found = ways.find((way) => way.at(-1)?.message?.typeName === target.typeName);
    if (found !== undefined) {
      return found;
    }
    ways = ways.filter((way) => {
      const typeName = way.at(-1)?.message?.typeName ?? "";
      return seen.size !== seen.add(typeName).size;
    });
  }
  return undefined;
}

/** Sends a file with its time replaced by the current time. */
function fileLine(desc: DescMessage, method: DescMethod, url: string): string {
  const file = `${desc.name}.json`;
  const hasTime = JSON.stringify(exampleOf(desc)).includes(readAt);
  return hasTime ? `${fresh(file)} | ${curl(method, url, "-")}` : curl(method, url, file);
}

/** Replaces the time in a file, or in standard input, by the current time. */
function fresh(file = ""): string {
  return `sed "s/${readAt}/$(date -u +%Y-%m-%dT%H:%M:%SZ)/"${file && ` ${file}`}`;
}

function curl(method: DescMethod, url: string, file: string): string {
  const token = method.parent.typeName === PlanServingService.typeName ? "READ_TOKEN" : "MDPS_TOKEN";
  return `curl -sS --fail-with-body "$MDPS_ENDPOINT${url}" -H "Authorization: Bearer $${token}" -H "Content-Type: application/json" -d @${file}`;
}
