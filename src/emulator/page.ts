import { createHash } from "node:crypto";
import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { FieldViolation } from "../contract/field-violation.ts";

/** Most bytes of the items of a page: gRPC clients read messages of at most 4 MiB by default. */
export const maxPageBytes = 2 * 1024 * 1024;

/** A position in a list, and what the list was filtered by. */
const form = /^([0-9]{1,15})\.([A-Za-z0-9_-]{11})$/;

/** Returns the token of the page that continues at a number. `filters` are those of the request, in a fixed order. */
export function pageToken(number: number, filters: readonly unknown[]): string {
  return `${number}.${digestOf(filters)}`;
}

/**
 * Returns the number in a page token; undefined for an empty one. Adds a violation if it is not a token of a list with
 * these filters.
 */
export function numberOfPageToken(
  token: string,
  filters: readonly unknown[],
  violations: FieldViolation[],
): number | undefined {
  if (token === "") {
    return undefined;
  }
  const [, number, digest] = form.exec(token) ?? [];
  if (digest === digestOf(filters)) {
    return Number(number);
  }
  const description =
    digest === undefined
      ? "must be the nextPageToken of a previous page"
      : "belongs to another list or other filters: only pageSize may differ between the pages of a list";
  violations.push({ field: "pageToken", description });
  return undefined;
}

function digestOf(filters: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(filters)).digest("base64url").slice(0, 11);
}

/** Returns how many items a page of a list has at most. `asked` is the `page_size` of a valid request. */
export function pageSizeOf(asked: number): number {
  return asked === 0 ? 100 : Math.min(asked, 1_000);
}

/** Returns the first items, as many as a page has: at most `size`, and at least one if there is any. */
export function firstPage<Desc extends DescMessage>(
  desc: Desc,
  items: readonly MessageShape<Desc>[],
  size: number,
): MessageShape<Desc>[] {
  const page: MessageShape<Desc>[] = [];
  let bytes = 0;
  for (const item of items.slice(0, size)) {
    bytes += toBinary(desc, item).length;
    if (bytes > maxPageBytes && page.length > 0) {
      break;
    }
    page.push(item);
  }
  return page;
}
