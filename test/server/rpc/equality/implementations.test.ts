import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callers, type Implementation, type Served, serveBoth } from "./callers.ts";
import { result, scripted } from "./service.ts";

let served: Served;
beforeAll(async () => {
  served = await serveBoth();
});
afterAll(() => served.close());

const init = { padding: "x", sample: { int32: 1, stringList: ["a"] } } as never;

const answers: Readonly<Record<string, Implementation>> = {
  "an init object": () => init,
  "a promise of an init object": async () => init,
  "a message": () => create(result, init),
  "a promise of a message": async () => create(result, init),
  // biome-ignore lint/suspicious/noThenProperty: an implementation may return any thenable
  "a thenable": () => ({ then: (resolve: (value: unknown) => void) => resolve(init) }) as never,
};

describe.each(callers)("$name", (caller) => {
  it.each(Object.keys(answers))("sends the message of an implementation that returns %s", async (name) => {
    served.run = answers[name] as Implementation;
    const message = await served.call(caller);
    expect(message).toMatchObject({ padding: "x", sample: { int32: 1, int64: 0n, stringList: ["a"] } });
  });

  it("sends the error of an implementation that throws or rejects, with its details and metadata", async () => {
    for (const wrap of [
      (error: Error) => Promise.reject(error),
      (error: Error) => {
        throw error;
      },
    ]) {
      served.run = () => {
        const error = new ConnectError("no é", Code.FailedPrecondition, {
          "x-error": "a",
          "x-data-bin": "AP8",
        });
        error.details.push({ desc: result, value: init });
        return wrap(error);
      };
      const error = (await served.call(caller).catch((reason: unknown) => reason)) as ConnectError;
      expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "no é" });
      expect(error.metadata.get("x-error")).toBe("a");
      expect(error.metadata.get("x-data-bin")).toBe("AP8");
      expect(error.findDetails(result)).toMatchObject([{ padding: "x" }]);
    }
  });

  it("hides what an implementation throws that is no ConnectError", async () => {
    served.run = () => {
      throw new Error("secret");
    };
    const error = (await served.call(caller).catch((reason: unknown) => reason)) as ConnectError;
    expect(error.code).toBe(Code.Internal);
    expect(error.message).not.toContain("secret");
  });

  it("answers UNIMPLEMENTED for a method without an implementation", async () => {
    await expect(served.call(caller, {}, {}, "absent")).rejects.toMatchObject({
      code: Code.Unimplemented,
      rawMessage: "scripted.v1.Scripted.Absent is not implemented",
    });
  });

  it("calls methods of an instance of a class, with its `this`", async () => {
    class Service {
      readonly #padding = "of the instance";
      run() {
        return { padding: this.#padding };
      }
    }
    const classes = await serveBoth({ routes: (router) => router.service(scripted, new Service() as never) });
    try {
      expect(await classes.call(caller)).toMatchObject({ padding: "of the instance" });
      await expect(classes.call(caller, {}, {}, "absent")).rejects.toMatchObject({
        code: Code.Unimplemented,
      });
    } finally {
      await classes.close();
    }
  });

  it("serves a method that was registered on its own", async () => {
    const method = scripted.method.run as never;
    const one = await serveBoth({ routes: (router) => router.rpc(method, (() => init) as never) });
    try {
      expect(await one.call(caller)).toMatchObject({ padding: "x" });
    } finally {
      await one.close();
    }
  });
});
