import { useEffect } from "preact/hooks";
import { watchState } from "../emulator/emulator-state.ts";
import { hrefOf, pageNames, route } from "../ui/route.ts";
import { Page } from "./pages.tsx";
import { StatusBar } from "./status-bar.tsx";

/** The whole console: navigation, what is active in the emulator, and a page. */
export function App() {
  useEffect(watchState, []);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <strong class="brand">Emulator</strong>
        <nav aria-label="Pages">
          {pageNames.map((name) => (
            <a key={name} href={hrefOf(name)} aria-current={route.value.page === name ? "page" : undefined}>
              {title(name)}
            </a>
          ))}
        </nav>
        <StatusBar />
      </header>
      <main id="main" tabIndex={-1}>
        <Page name={route.value.page} />
      </main>
    </>
  );
}

function title(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
