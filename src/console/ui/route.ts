import { signal } from "@preact/signals";

/** The pages of the console, by the first segment of their addresses. */
export const pageNames = ["calls", "subscribers", "playground", "controls", "reference"] as const;

/** The name of a page in its address. */
export type PageName = (typeof pageNames)[number];

/**
 * A place in the console. It is kept in the fragment of the address, which browsers never send: user keys do not get into
 * logs.
 */
export type Route = {
  readonly page: PageName;
  /** What follows the page, such as the id of a call; decoded. */
  readonly segments: readonly string[];
  /** Filters and the like. */
  readonly query: URLSearchParams;
};

/** Reads a fragment such as `#/calls/12?code=OK`. Unknown pages are the first one. */
export function parseRoute(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#\/?/, "").split("?", 2);
  const [page = "", ...segments] = path.split("/").map(decoded);
  return {
    page: pageNames.find((name) => name === page) ?? "calls",
    segments: segments.filter((segment) => segment !== ""),
    query: new URLSearchParams(query),
  };
}

/** Returns the address of a place, for `href`. */
export function hrefOf(
  page: PageName,
  segments: readonly string[] = [],
  query: Readonly<Record<string, string>> = {},
): string {
  const path = [page, ...segments].map(encodeURIComponent).join("/");
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${path}${text && `?${text}`}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Where the console is. */
export const route = signal(parseRoute(location.hash));

addEventListener("hashchange", () => {
  route.value = parseRoute(location.hash);
});

/** Goes to another place. With `replace`, Back does not return to this one. */
export function goTo(href: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", href);
    route.value = parseRoute(href);
  } else {
    location.hash = href;
  }
}
