import { expect, it } from "vitest";
import * as transcoding from "../../src/transcoding/index.ts";

it("exports what users of the library need, and nothing else", () => {
  expect(Object.keys(transcoding).sort()).toEqual([
    "PathTemplateError",
    "bindingsOfRule",
    "buildRouteTree",
    "codeOfHttpStatus",
    "compileRequestBinder",
    "createJsonChecker",
    "createRestTransport",
    "createTranscodingHandler",
    "expandRequest",
    "httpBindingsOf",
    "httpStatusOf",
    "malformedRequest",
    "parsePathTemplate",
    "pathFieldsKey",
    "readErrorBody",
    "statusNameOf",
    "writeErrorBody",
  ]);
});
