import type { IncomingHttpHeaders } from "node:http";
import { canonicalAddress } from "../../contract/ip-address.ts";

/** Most elements of a list that are read: one for each proxy. */
const maxElements = 32;

/** Longest element of a list that is read, in characters: an address, or a few parameters of `Forwarded`. */
const maxElementLength = 512;

/**
 * Yields the addresses that proxies report, nearest first, up to the first one that is missing, unknown or malformed. If
 * a request has both `X-Forwarded-For` and `Forwarded`, only addresses are read in which both agree: most proxies write
 * one of them and pass the other on as the client sent it.
 */
export function* reportedAddresses(headers: IncomingHttpHeaders): Generator<string> {
  const lists = [
    { text: headers["x-forwarded-for"], read: addressOfNode },
    { text: headers.forwarded, read: addressOfForwarded },
  ].flatMap(({ text, read }) => (typeof text === "string" ? [elementsFromRight(text, read)] : []));
  while (lists.length > 0) {
    const [address, ...others] = lists.map((list) => list.next().value ?? undefined);
    if (address === undefined || others.some((other) => other !== address)) {
      return;
    }
    yield address;
  }
}

/** Yields what `read` returns for the elements of a list (RFC 9110 5.6.1), from the right, without splitting all of it. */
function* elementsFromRight<Value>(text: string, read: (element: string) => Value): Generator<Value> {
  for (let end = text.length, count = 0; end > 0 && count < maxElements; count += 1) {
    const comma = commaBefore(text, end);
    if (comma === undefined) {
      return;
    }
    const element = text.slice(comma + 1, end).trim();
    if (element !== "") {
      yield read(element);
    }
    end = comma;
  }
}

/**
 * Returns the last index before `end` of a comma that is not quoted, -1 if there is none, or undefined if the element is
 * too long. A quote that a client left open cannot reach the elements that proxies appended, which are read first.
 */
function commaBefore(text: string, end: number): number | undefined {
  let quoted = false;
  const last = Math.max(-1, end - 1 - maxElementLength);
  for (let at = end - 1; at > last; at -= 1) {
    if (text[at] === '"') {
      quoted = !quoted;
    } else if (text[at] === "," && !quoted) {
      return at;
    }
  }
  return last === -1 ? -1 : undefined;
}

/** Returns the address of `for` in an element of `Forwarded`; undefined if it has none, or more than one. */
function addressOfForwarded(element: string): string | undefined {
  const nodes = element.split(";").flatMap((pair) => {
    const [, name = "", quoted, token = ""] = /^([^=\s]+)=(?:"(.*)"|([^"\s]*))$/.exec(pair.trim()) ?? [];
    return name.toLowerCase() === "for" ? [quoted?.replace(/\\(.)/g, "$1") ?? token] : [];
  });
  const [node = ""] = nodes;
  // RFC 7239 6: an IPv6 address has brackets.
  return nodes.length === 1 && !/^[^[]*:.*:/.test(node) ? addressOfNode(node) : undefined;
}

/** Returns the address of `203.0.113.9`, `203.0.113.9:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`. */
function addressOfNode(node: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node) ?? [];
  const host = bracketed ?? plain ?? node;
  return bracketed !== undefined && !bracketed.includes(":") ? undefined : canonicalAddress(host);
}
