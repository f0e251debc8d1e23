import { create } from "@bufbuild/protobuf";
import { HttpRuleSchema } from "#deps/google/api/http_pb.js";
import { PlanServingService } from "../gen/mobiledataplansharing/serving/v1/plan_serving_service_pb.ts";
import { PlanGroupService } from "../gen/mobiledataplansharing/v1/plan_group_service_pb.ts";
import { PlanStatusService } from "../gen/mobiledataplansharing/v1/plan_status_service_pb.ts";
import { contractCodecs } from "../src/contract/contract-types.ts";
import { exampleStatus } from "../src/examples/index.ts";
import { bindingsOfRule, compileRequestBinder, compileRouter } from "../src/transcoding/index.ts";
import { median } from "./support/load.ts";
import { writeSection } from "./support/report.ts";

const rounds = 9;
const target = "/v1/operators/65001/clients/mobiledataplan/users/a%2Fb%2Bc%3D%3D/planStatus";
const text = JSON.stringify(exampleStatus(new Date()));
const body: unknown = JSON.parse(text);

const few = compileRouter([PlanStatusService, PlanGroupService]);
const many = compileRouter([PlanStatusService, PlanGroupService, PlanServingService], manyRules());
const found = few.match("POST", target);
if (found === undefined || "allowed" in found) {
  throw new Error(`${target} has no route`);
}
const binder = compileRequestBinder(found.binding, { codecs: contractCodecs });

/** Returns an HTTP rule that adds 997 routes, of the same depth as those of the API, to one method. */
function manyRules() {
  const [method] = PlanServingService.methods;
  const paths = Array.from(
    { length: 997 },
    (_, index) => `/v1/{parent=operators/*}/clients/{client_id}/kind${index}/{user_key}`,
  );
  const [first = "", ...others] = paths;
  const rule = create(HttpRuleSchema, {
    selector: `${PlanServingService.typeName}.${method?.name}`,
    pattern: { case: "get", value: first },
    additionalBindings: others.map((value) => ({ pattern: { case: "get" as const, value } })),
  });
  if (method === undefined || bindingsOfRule(method, rule).length !== 997) {
    throw new Error("the rule must have 997 bindings");
  }
  return [rule];
}

const cases = {
  "match 1 of 3 routes": () => few.match("POST", target),
  "match 1 of 1,002 routes": () => many.match("POST", target),
  "JSON.parse of the body": () => JSON.parse(text),
  "match and bind a create with a parsed body": () => {
    const match = few.match("POST", target);
    return match && "binding" in match && binder.bind({ captures: match.captures, query: "", body });
  },
};

/** Returns the CPU time of a call in microseconds, averaged over 50,000 calls. */
function cost(call: () => unknown): number {
  const calls = 50_000;
  const before = process.cpuUsage();
  for (let n = 0; n < calls; n++) {
    call();
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const costs = new Map(Object.keys(cases).map((name) => [name, [] as number[]]));
for (let round = 0; round <= rounds; round++) {
  for (const [name, call] of Object.entries(cases)) {
    const micros = cost(call);
    if (round > 0) {
      costs.get(name)?.push(micros);
    }
  }
}

const of = (name: keyof typeof cases) => costs.get(name) ?? [];
const ratio = (name: keyof typeof cases, to: keyof typeof cases) =>
  median(of(name).map((micros, round) => micros / (of(to)[round] ?? Number.NaN))).toFixed(2);
const row = (name: keyof typeof cases, to: keyof typeof cases) => [
  name,
  median(of(name)).toFixed(2),
  ratio(name, to),
  to,
];

writeSection("transcoding", [
  ["case", "µs", "ratio", "to"],
  row("match 1 of 3 routes", "match 1 of 3 routes"),
  row("match 1 of 1,002 routes", "match 1 of 3 routes"),
  row("JSON.parse of the body", "JSON.parse of the body"),
  row("match and bind a create with a parsed body", "JSON.parse of the body"),
]);
