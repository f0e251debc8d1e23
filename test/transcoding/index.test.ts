import * as transcoding from "mobile-data-plan-sharing/transcoding";
import * as client from "mobile-data-plan-sharing/transcoding/client";
import { expect, it } from "vitest";

it("transcoding exports the names that users of the library need, and no others", () => {
  expect(Object.keys(transcoding).sort()).toMatchInlineSnapshot(`
    [
      "PathTemplateError",
      "codeOfHttpStatus",
      "compileRequestBinder",
      "compileRequestExpander",
      "compileRouter",
      "createBodyTextReader",
      "createCors",
      "createJsonReader",
      "createRestTransport",
      "createTranscodingHandler",
      "expandRequest",
      "httpBindingKey",
      "httpBindingsOf",
      "httpStatusOf",
      "isPreflight",
      "openStreamKey",
      "parseJsonDocument",
      "parsePathTemplate",
      "pathFieldsKey",
      "readErrorBody",
      "statusNameOf",
      "writeErrorBody",
    ]
  `);
});

it("transcoding exports everything that its browser entry exports", () => {
  expect(transcoding).toMatchObject(client);
});
