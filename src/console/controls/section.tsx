import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { route } from "../ui/route.ts";

type SectionProps = {
  id: string;
  title: string;
  /** Shown beside the title. */
  aside?: ComponentChildren;
  children: ComponentChildren;
};

/** A part of the page with an address of its own, `#/controls/{id}`: there, it is scrolled to and its title focused. */
export function Section({ id, title, aside, children }: SectionProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const current = route.value;
  useEffect(() => {
    if (current.page === "controls" && current.segments[0] === id) {
      heading.current?.focus({ preventScroll: true });
      heading.current?.closest("section")?.scrollIntoView({ block: "start" });
    }
  }, [current, id]);
  return (
    <section class="card stack" aria-labelledby={headingId(id)}>
      <div class="row">
        <h2 id={headingId(id)} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Moves the focus to the title of a section, if what had it is not on the page any more, such as a deleted row. */
export function keepFocusIn(id: string): void {
  requestAnimationFrame(() => {
    if (document.activeElement === null || document.activeElement === document.body) {
      document.getElementById(headingId(id))?.focus({ preventScroll: true });
    }
  });
}

function headingId(id: string): string {
  return `section-${id}`;
}

/** Says what an action did, also to screen readers. */
export function Outcome({ text }: { text: string | undefined }) {
  return (
    <p class="outcome" role="status">
      {text}
    </p>
  );
}
