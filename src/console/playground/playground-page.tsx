/** The page of playground. */
export function PlaygroundPage() {
  return <h1>Playground</h1>;
}
