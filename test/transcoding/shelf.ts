import { readFileSync } from "node:fs";
import type { DescMessage, DescService } from "@bufbuild/protobuf";
import { compile } from "../scripts/openapi/compile.ts";
import { found } from "./library.ts";

const name = "shelf/v1/shelf.proto";
const source = readFileSync(new URL("./shelf.proto", import.meta.url), "utf8");
const file = found(compile({ [name]: source }).files[0], name);

/** The service shelf.v1.Shelf: streams, raw bytes, answers that are one field. */
export const shelf: DescService = found(file.services[0], "Shelf");

/** The service shelf.v1.Talk, which cannot be served over REST. */
export const talk: DescService = found(file.services[1], "Talk");

/** shelf.v1.Book */
export const bookDesc: DescMessage = found(
  file.messages.find((each) => each.name === "Book"),
  "Book",
);
