import type { PageName } from "../ui/route.ts";

const titles: Readonly<Record<PageName, string>> = {
  calls: "Calls",
  subscribers: "Subscribers",
  playground: "Playground",
  controls: "Controls",
  reference: "Reference",
};

/** Returns what a page is called. */
export function titleOf(name: PageName): string {
  return titles[name];
}
