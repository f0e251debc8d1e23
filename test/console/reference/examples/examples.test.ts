import { fromJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PlanModuleSchema } from "../../../../gen/mobiledataplansharing/v1/plans_pb.ts";
import { createContract } from "../../../../src/console/contract/contract.ts";
import { exampleCommands } from "../../../../src/console/reference/examples/example-command.ts";
import { samplesOf } from "../../../../src/console/reference/examples/samples.ts";
import { examples } from "../../../../src/examples/index.ts";
import { builtContract } from "../../contract/built-contract.ts";

const contract = createContract(builtContract);
const now = new Date("2027-01-02T03:04:05Z");
const v1 = (name: string) => `mobiledataplansharing.v1.${name}`;

describe("the samples of a message", () => {
  it("are all examples of a plan status, as a whole", () => {
    const samples = samplesOf(v1("PlanStatus"), contract, now);
    expect(samples.map(({ example }) => example)).toEqual(
      examples.filter(({ kind }) => kind === "planStatus"),
    );
    expect(samples.every(({ isWhole }) => isWhole)).toBe(true);
  });

  it("are the parts of examples that have its type", () => {
    const samples = samplesOf(v1("PlanModule"), contract, now);
    expect(samples.length).toBeGreaterThan(5);
    expect(samples.some(({ isWhole }) => isWhole)).toBe(false);
    for (const { json } of samples) {
      expect(fromJson(PlanModuleSchema, json).description).not.toBe("");
    }
  });

  it("are found in maps and within messages of messages", () => {
    expect(samplesOf(v1("RateLimitedStreaming"), contract, now).map(({ json }) => json)).toEqual([
      { maxMediaRateKbps: 1500 },
    ]);
    expect(samplesOf(v1("Money"), contract, now)).toEqual([]);
    expect(samplesOf("google.type.Money", contract, now)[0]?.json).toMatchObject({ currencyCode: "USD" });
  });
});

describe("the example of a method as a command", () => {
  const target = { origin: "http://127.0.0.1:8080", now };
  const commandsOf = (name: string) => {
    const method = contract.find(name);
    const service = method?.kind === "method" && contract.parentOf(method);
    return method?.kind === "method" && service && service.kind === "service"
      ? exampleCommands(method, service, target)
      : [];
  };

  it("exists for every example of the contract", () => {
    const services = builtContract.types.filter((type) => type.kind === "service");
    const without = services.flatMap((service) =>
      service.methods.filter((method) => {
        const count = method.example.filter(({ kind }) => kind === "example").length;
        return exampleCommands(method, service, target).length !== count;
      }),
    );
    expect(services.length).toBeGreaterThan(3);
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it("controls the emulator without a token", () => {
    const [command] = commandsOf("mobiledataplansharing.emulator.v1.EmulatorService.AdvanceClock");
    expect(command).toContain("http://127.0.0.1:8080/emulator/v1/clock:advance");
    expect(command).toContain('"86400s"');
    expect(command).not.toContain("Authorization");
  });

  it("pushes with a token of the emulator, and with times of its clock", () => {
    const [command] = commandsOf(v1("PlanStatusService.CreateUserPlanStatus"));
    expect(command).toContain('-H "Authorization: Bearer $TOKEN"');
    expect(command).toContain('"updateTime": "2027-01-02T03:04:05Z"');
    expect(command).toContain('"expireTime": "2027-01-03T03:04:05Z"');
  });
});
