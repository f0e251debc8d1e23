import { useEffect } from "preact/hooks";
import { watchState } from "../emulator/emulator-state.ts";
import { hrefOf, pageNames, route } from "../ui/route.ts";
import { Page } from "./pages.tsx";
import { Shortcuts } from "./shortcuts.tsx";
import { StatusBar } from "./status-bar.tsx";
import { titleOf } from "./titles.ts";

/** The whole console: navigation, what is active in the emulator, and a page. */
export function App() {
  const { page } = route.value;
  useEffect(watchState, []);
  useEffect(() => {
    document.title = `${titleOf(page)} · Emulator`;
  }, [page]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <strong class="brand">Emulator</strong>
        <nav aria-label="Pages">
          {pageNames.map((name) => (
            <a key={name} href={hrefOf(name)} aria-current={page === name ? "page" : undefined}>
              {titleOf(name)}
            </a>
          ))}
        </nav>
        <StatusBar />
        <Shortcuts />
      </header>
      <main id="main" tabIndex={-1}>
        <Page name={page} />
      </main>
    </>
  );
}
