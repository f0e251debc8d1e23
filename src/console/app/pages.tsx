import type { ComponentType, FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CallsPage } from "../calls/calls-page.tsx";
import type { PageName } from "../ui/route.ts";

/** Pages that are loaded when they are first opened. */
const loaders: Readonly<Record<Exclude<PageName, "calls">, () => Promise<ComponentType>>> = {
  subscribers: async () => (await import("../subscribers/subscribers-page.tsx")).SubscribersPage,
  playground: async () => (await import("../playground/playground-page.tsx")).PlaygroundPage,
  controls: async () => (await import("../controls/controls-page.tsx")).ControlsPage,
  reference: async () => (await import("../reference/reference-page.tsx")).ReferencePage,
};

const loaded = new Map<PageName, ComponentType>([["calls", CallsPage]]);

/** Shows a page, and loads it first if need be. */
export const Page: FunctionComponent<{ name: PageName }> = ({ name }) => {
  const [, setCount] = useState(0);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    setFailed(false);
    if (name === "calls" || loaded.has(name)) {
      return;
    }
    loaders[name]().then(
      (component) => {
        loaded.set(name, component);
        setCount(loaded.size);
      },
      () => setFailed(true),
    );
  }, [name]);
  const Loaded = loaded.get(name);
  if (Loaded) {
    return <Loaded />;
  }
  return failed ? (
    <p role="alert">This page could not be loaded: the emulator does not answer. Reload once it runs.</p>
  ) : (
    <p aria-busy="true">Loading…</p>
  );
};
