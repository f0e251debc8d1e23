import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { route } from "../ui/route.ts";

/** A part of the page with an address of its own, `#/controls/{id}`: there, it is scrolled to and its title focused. */
export function Section({
  id,
  title,
  aside,
  children,
}: {
  id: string;
  title: string;
  /** Shown beside the title. */
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const current = route.value;
  useEffect(() => {
    if (current.page === "controls" && current.segments[0] === id) {
      heading.current?.focus({ preventScroll: true });
      heading.current?.closest("section")?.scrollIntoView({ block: "start" });
    }
  }, [current, id]);
  return (
    <section class={`card stack section-${id}`} aria-labelledby={`section-${id}`}>
      <div class="row">
        <h2 id={`section-${id}`} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Says what an action did, also to screen readers. */
export function Outcome({ text }: { text: string | undefined }) {
  return (
    <p class="outcome" role="status">
      {text}
    </p>
  );
}
