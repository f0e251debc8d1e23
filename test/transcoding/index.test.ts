import * as transcoding from "mobile-data-plan-sharing/transcoding";
import * as client from "mobile-data-plan-sharing/transcoding/client";
import { expect, it } from "vitest";

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
      "createCors",
      "createElementScanner",
      "createJsonArrayElements",
      "createJsonChecker",
      "createJsonLines",
      "createJsonReader",
      "createRestTransport",
      "createTranscodingHandler",
      "encodeSegment",
      "expandRequest",
      "httpBindingsOf",
      "httpStatusOf",
      "isPreflight",
      "malformedRequest",
      "parseFieldSelection",
      "parseJsonDocument",
      "parsePathTemplate",
      "parseTimeoutHeader",
      "pathFieldsKey",
      "readErrorBody",
      "respondContent",
      "respondEmpty",
      "respondError",
      "selectFields",
      "statusNameOf",
      "writeErrorBody",
    ]
  `);
});

it("exports the client side alone for browsers, as a part of the whole", () => {
  expect(transcoding).toMatchObject(client);
});
