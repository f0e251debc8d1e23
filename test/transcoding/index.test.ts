import { expect, it } from "vitest";
import * as transcoding from "../../src/transcoding/index.ts";

it("exports what users of the library need, and nothing else", () => {
  expect(Object.keys(transcoding).sort()).toMatchInlineSnapshot(`
    [
      "PathTemplateError",
      "bindingsOfRule",
      "buildRouteTree",
      "codeOfHttpStatus",
      "compileRequestBinder",
      "compileRequestExpander",
      "compileRouter",
      "createJsonArrayElements",
      "createJsonChecker",
      "createJsonLines",
      "createRestTransport",
      "createTranscodingHandler",
      "expandRequest",
      "httpBindingsOf",
      "httpStatusOf",
      "malformedRequest",
      "parseFieldSelection",
      "parsePathTemplate",
      "pathFieldsKey",
      "readErrorBody",
      "selectFields",
      "statusNameOf",
      "writeErrorBody",
    ]
  `);
});
