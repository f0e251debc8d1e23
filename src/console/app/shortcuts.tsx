import { useEffect, useRef } from "preact/hooks";
import { isTyping } from "../ui/is-typing.ts";
import { goTo, hrefOf, pageNames } from "../ui/route.ts";
import { titleOf } from "./titles.ts";

/** What each key does, for people. */
const keys: readonly (readonly [keys: string, effect: string])[] = [
  ["/", "Search on this page"],
  ...pageNames.map((name, index) => [`${index + 1}`, titleOf(name)] as const),
  ["j, k", "The next or previous call, in the list of calls"],
  ["Esc", "Leave the search, or close what is open; in the editor: leave it with Tab afterwards"],
  ["?", "These keys"],
];

/** Handles the keys that work on every page, and shows all keys in a dialog. */
export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const handle = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && isSearch(event.target)) {
        event.target.blur();
        return;
      }
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.defaultPrevented ||
        isTyping(event.target)
      ) {
        return;
      }
      if (press(event.key, dialog.current)) {
        event.preventDefault();
      }
    };
    document.addEventListener("keydown", handle);
    return () => document.removeEventListener("keydown", handle);
  }, []);
  return (
    <>
      <button type="button" class="quiet" aria-label="Keys" onClick={() => dialog.current?.showModal()}>
        ?
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <h2 id="keys-title">Keys</h2>
        <dl class="keys">
          {keys.map(([name, effect]) => (
            <div key={name}>
              <dt>
                <kbd>{name}</kbd>
              </dt>
              <dd>{effect}</dd>
            </div>
          ))}
        </dl>
        <p>
          <a href="/console/licenses.txt">Licenses of what this page is built from</a>
        </p>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </dialog>
    </>
  );
}

/** Returns whether a key did something. */
function press(key: string, dialog: HTMLDialogElement | null): boolean {
  const page = pageNames[Number(key) - 1];
  if (document.querySelector("dialog[open]") !== null) {
    return false;
  }
  if (page !== undefined) {
    goTo(hrefOf(page));
    return true;
  }
  if (key === "?") {
    dialog?.showModal();
    return true;
  }
  const search = document.querySelector<HTMLInputElement>("main [data-search]");
  if (key !== "/" || search === null) {
    return false;
  }
  search.focus();
  search.select();
  return true;
}

/** Escape leaves a search, so that the next key is one of the page. */
function isSearch(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && target.matches("[data-search]");
}
